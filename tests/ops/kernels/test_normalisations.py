"""Batch and local response normalisation, and the softmax losses, against real TensorFlow."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopedjax._src.ops.kernels import fused_batch_norm as batch_norm
from scopedjax._src.ops.kernels import lrn, softmax_xent
from tests.ops.kernels.comparison import arrays, check
from tests.oracle import real_tf

pytestmark = pytest.mark.oracle


# ------------------------------------------------------------------------------------------------------- cross entropy


def _distributions(rows, classes, dtype=np.float32):
    labels = np.random.RandomState(1).rand(rows, classes)
    return (labels / labels.sum(1, keepdims=True)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, jnp.bfloat16])
def test_dense(dtype):
    (logits,) = arrays((5, 7), dtype=dtype)
    check(
        lambda tf, z, p: tf.nn.softmax_cross_entropy_with_logits_v2(labels=p, logits=z * 3),
        lambda z, p: softmax_xent.softmax_cross_entropy_with_logits(z * 3, p)[0],
        logits,
        _distributions(5, 7, dtype),
        slack=4,
    )


def test_dense_labels_need_not_add_up_to_one():
    logits, labels = arrays((4, 3), (4, 3))
    check(
        lambda tf, z, p: tf.nn.softmax_cross_entropy_with_logits_v2(labels=p, logits=z),
        lambda z, p: softmax_xent.softmax_cross_entropy_with_logits(z, p)[0],
        logits * 30,
        labels,
    )


def test_dense_broadcasts():
    logits, labels = arrays((4, 3), (1, 3))
    check(
        lambda tf, z: tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.constant(labels), logits=z),
        lambda z: softmax_xent.softmax_cross_entropy_with_logits(z, labels)[0],
        logits,
        order=0,  # their gradient raises, for want of the labels' shape
    )


def test_dense_second_order():
    (logits,) = arrays((4, 3), dtype=np.float64)
    labels = _distributions(4, 3, np.float64)
    check(
        lambda tf, z: tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.constant(labels), logits=z) ** 2,
        lambda z: softmax_xent.softmax_cross_entropy_with_logits(z, labels)[0] ** 2,
        logits,
        order=2,
    )


@pytest.mark.parametrize("row", [[1.0, -np.inf, 0.0], [np.inf, 1.0, 0.0], [np.nan, 1.0, 0.0], [1e30, -1e30, 0.0]])
def test_dense_at_the_edge(row):
    check(
        lambda tf, z, p: tf.nn.softmax_cross_entropy_with_logits_v2(labels=p, logits=z),
        lambda z, p: softmax_xent.softmax_cross_entropy_with_logits(z, p)[0],
        np.array([row, [1, 2, 3]], np.float32),
        np.array([[1, 0, 0], [0.2, 0.3, 0.5]], np.float32),
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_sparse(dtype, index):
    (logits,) = arrays((5, 7), dtype=dtype)
    check(
        lambda tf, z, i: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=i, logits=z * 3),
        lambda z, i: softmax_xent.sparse_softmax_cross_entropy_with_logits(z * 3, i)[0],
        logits,
        np.array([0, 6, 3, 3, 1], index),
        slack=4,
    )


@pytest.mark.parametrize("row", [[1.0, -np.inf, 0.0], [-np.inf, 1.0, 0.0], [np.inf, 1.0, 0.0], [1e30, -1e30, 0.0]])
def test_sparse_at_the_edge(row):
    check(
        lambda tf, z, i: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=i, logits=z),
        lambda z, i: softmax_xent.sparse_softmax_cross_entropy_with_logits(z, i)[0],
        np.array([row, row, row], np.float32),
        np.array([0, 1, 2], np.int32),
    )


def test_sparse_second_order():
    (logits,) = arrays((4, 3), dtype=np.float64)
    check(
        lambda tf, z, i: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=i, logits=z) ** 2,
        lambda z, i: softmax_xent.sparse_softmax_cross_entropy_with_logits(z, i)[0] ** 2,
        logits,
        np.array([0, 2, 1, 1]),
        order=2,
    )


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_out_of_range_spoils_its_row_alone(label):
    tf = real_tf()
    logits, labels = arrays((2, 3))[0], np.array([label, 1], np.int32)
    with tf.Graph().as_default(), tf.Session() as session:
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.placeholder_with_default(labels, [2]), logits=logits
        )
        with pytest.raises(tf.errors.InvalidArgumentError, match="outside the valid range"):
            session.run(loss)  # on a CPU; the kernel can but mark the row
    loss, backprop = softmax_xent.sparse_softmax_cross_entropy_with_logits(jnp.asarray(logits), jnp.asarray(labels))
    assert np.isnan(loss).tolist() == [True, False]
    assert np.isnan(backprop).tolist() == [[True] * 3, [False] * 3]


def test_backprop_is_the_gradient():
    (logits,) = arrays((4, 3))
    labels = _distributions(4, 3)

    def loss(z):
        return softmax_xent.softmax_cross_entropy_with_logits(z, labels)[0].sum()

    _, backprop = softmax_xent.softmax_cross_entropy_with_logits(jnp.asarray(logits), labels)
    np.testing.assert_allclose(backprop, jax.grad(loss)(logits), rtol=1e-6)


def test_shapes_are_checked():
    z = np.zeros((4, 3), np.float32)
    with pytest.raises(ValueError, match="equal batch"):
        softmax_xent.sparse_softmax_cross_entropy_with_logits(z, np.zeros(3, np.int32))
    with pytest.raises(ValueError, match="broadcast"):
        softmax_xent.softmax_cross_entropy_with_logits(z[0], z[0])


# ----------------------------------------------------------------------------------------- local response normalisation


@pytest.mark.parametrize("channels", [1, 5, 24, 140])
@pytest.mark.parametrize("radius,bias,alpha,beta", [(5, 1.0, 1.0, 0.5), (4, 1.0, 0.001 / 9, 0.75), (2, 2.0, 0.1, 1.0)])
def test_lrn(channels, radius, bias, alpha, beta):
    (x,) = arrays((2, 3, 2, channels))
    check(
        lambda tf, x: tf.nn.lrn(x, radius, bias, alpha, beta),
        lambda x: lrn.local_response_normalization(x, radius, bias, alpha, beta),
        x,
        slack=3,
    )


def test_lrn_any_power_and_half():
    (x,) = arrays((2, 3, 2, 9))
    check(lambda tf, x: tf.nn.lrn(x, beta=0.6), lambda x: lrn.local_response_normalization(x, beta=0.6), x, slack=3)
    x = x.astype(np.float16)
    check(lambda tf, x: tf.nn.lrn(x), lambda x: lrn.local_response_normalization(x), x, slack=8)


@pytest.mark.parametrize("channels", [9, 140])
def test_lrn_second_order_is_the_derivative(channels):
    # TensorFlow has no second derivative here, so finite differences of the first.
    with jax.enable_x64(True):
        x = jnp.asarray(arrays((2, 1, 1, channels), dtype=np.float64)[0])
        direction = jnp.asarray(arrays(x.shape, dtype=np.float64, seed=1)[0])

        def first(x):
            return jax.grad(lambda x: (lrn.local_response_normalization(x, 3, beta=0.75) ** 3).sum())(x)

        second = jax.jit(jax.grad(lambda x: (first(x) * direction).sum()))(x)
        step = 1e-5
        expected = (first(x + step * direction) - first(x - step * direction)) / (2 * step)
        # The Hessian is symmetric, so its product with `direction` is the same from either side.
        np.testing.assert_allclose(second, expected, rtol=1e-5, atol=1e-7)


# -------------------------------------------------------------------------------------------------- batch normalisation


def _batch(dtype=np.float32, shape=(3, 4, 5, 6)):
    (x,) = arrays(shape, dtype=np.float32)
    channels = shape[-1]
    scale, offset, mean = arrays((channels,), (channels,), (channels,), seed=1)
    variance = np.random.RandomState(2).rand(channels).astype(np.float32) + 0.5
    return (x * 2 + 1).astype(dtype), scale, offset, mean, variance


@pytest.mark.parametrize("dtype", [np.float32, np.float16, jnp.bfloat16])
@pytest.mark.parametrize("factor", [1.0, 0.25])
def test_training(dtype, factor):
    x, scale, offset, mean, variance = _batch(dtype)

    def theirs(tf, x, scale, offset):
        fused = tf.raw_ops.FusedBatchNormV3
        old = (tf.constant(mean), tf.constant(variance)) if factor != 1.0 else (tf.zeros([0]), tf.zeros([0]))
        result = fused(
            x=x, scale=scale, offset=offset, mean=old[0], variance=old[1], epsilon=0.01, exponential_avg_factor=factor
        )
        return list(result)[:5]

    def ours(x, scale, offset):
        result = batch_norm.fused_batch_norm(x, scale, offset, mean, variance, 0.01, factor)
        return list(result)[:5]

    check(theirs, ours, x, scale, offset, slack=10)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_inference(dtype):
    x, scale, offset, mean, variance = _batch(dtype)
    check(
        lambda tf, *a: list(tf.nn.fused_batch_norm(*a, epsilon=0.01, is_training=False)),
        lambda *a: list(batch_norm.fused_batch_norm(*a, epsilon=0.01, is_training=False))[:3],
        x,
        scale,
        offset,
        mean,
        variance,
        slack=10,
    )


@pytest.mark.parametrize("training", [True, False])
def test_channels_first(training):
    x, scale, offset, mean, variance = _batch()

    def theirs(tf, x, scale, offset):
        old = {} if training else {"mean": tf.constant(mean), "variance": tf.constant(variance)}
        y, *rest = tf.nn.fused_batch_norm(tf.transpose(x, [0, 2, 3, 1]), scale, offset, **old, is_training=training)
        return [tf.transpose(y, [0, 3, 1, 2]), *rest]

    def ours(x, scale, offset):
        return list(
            batch_norm.fused_batch_norm(
                x, scale, offset, mean, variance, 0.001, data_format="NCHW", is_training=training
            )
        )[:3]

    check(theirs, ours, np.ascontiguousarray(np.moveaxis(x, -1, 1)), scale, offset, slack=10)


def test_five_dimensions():
    x, scale, offset, _, _ = _batch(shape=(2, 3, 2, 4, 3))
    check(
        lambda tf, *a: list(tf.nn.fused_batch_norm(*a, data_format="NDHWC")),
        lambda *a: list(batch_norm.fused_batch_norm(*a, a[1], a[1], 0.001, data_format="NDHWC"))[:3],
        x,
        scale,
        offset,
        slack=10,
    )


def test_one_element_and_none():
    x, scale, offset, mean, variance = _batch(shape=(1, 1, 1, 4))
    check(
        lambda tf, x: list(tf.nn.fused_batch_norm(x, scale, offset)),
        lambda x: list(batch_norm.fused_batch_norm(x, scale, offset, mean, variance, 0.001))[:3],
        x,
        order=0,
    )
    check(
        lambda tf, x: list(tf.nn.fused_batch_norm(x, scale, offset)),
        lambda x: list(batch_norm.fused_batch_norm(x, scale, offset, mean, variance, 0.001))[:3],
        x[:0],
        order=0,
    )


@pytest.mark.parametrize("training", [True, False])
def test_second_order(training):
    # The kernel of TensorFlow has float32 alone; the looser tolerance is that of sums that nearly cancel.
    x, scale, offset, mean, variance = _batch()
    old = {} if training else {"mean": mean, "variance": variance}
    check(
        lambda tf, x, s, o: tf.nn.fused_batch_norm(x, s, o, **old, is_training=training)[0] ** 2,
        lambda x, s, o: batch_norm.fused_batch_norm(x, s, o, mean, variance, 0.001, is_training=training).y ** 2,
        x,
        scale,
        offset,
        order=2,
        slack=100,
    )


@pytest.mark.parametrize("training", [True, False])
def test_gradient_op(training):
    x, scale, _, _, _ = _batch()
    dy = arrays(x.shape, seed=5)[0]
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))

    def theirs(tf, dy, x, scale):
        result = tf.raw_ops.FusedBatchNormGradV3(
            y_backprop=dy,
            x=x,
            scale=scale,
            reserve_space_1=tf.constant(mean),
            reserve_space_2=tf.constant(variance),
            reserve_space_3=tf.constant(0.0),
            epsilon=0.01,
            is_training=training,
        )
        return list(result)[:3]

    def ours(dy, x, scale):
        return batch_norm.fused_batch_norm_grad(dy, x, scale, mean, variance, 0.01, is_training=training)

    check(theirs, ours, dy, x, scale, order=0, slack=10)
