"""Poolings and their gradients against real TensorFlow: geometry, ties, padding, dtypes."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopedjax._src.ops.kernels import pooling
from tests.ops.kernels.comparison import arrays, check
from tests.oracle import real_tf

pytestmark = pytest.mark.oracle

WINDOWS = [
    # sizes, ksize, strides: tiling, not quite tiling, overlapping, gaps, many taps (one axis at a time), global
    ((8, 6), (2, 2), (2, 2)),
    ((9, 7), (2, 2), (2, 2)),
    ((9, 8), (3, 3), (2, 2)),
    ((7, 8), (3, 2), (1, 1)),
    ((11, 10), (2, 3), (4, 5)),
    ((11, 9), (5, 4), (2, 1)),
    ((12, 10), (6, 5), (6, 5)),
    ((7, 7), (7, 7), (1, 1)),
]


def _ties(shape, dtype=np.float32):
    """Few different values, so that nearly every window has ties."""
    return np.random.RandomState(3).randint(-1, 2, shape).astype(dtype)


@pytest.mark.parametrize("sizes,ksize,strides", WINDOWS)
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("kind", ["max", "max ties", "avg"])
def test_two_dimensions(sizes, ksize, strides, padding, kind):
    shape = (2, *sizes, 3)
    x = _ties(shape) if kind == "max ties" else arrays(shape)[0]
    ksize, strides = [1, *ksize, 1], [1, *strides, 1]
    name = "avg_pool" if kind == "avg" else "max_pool"
    check(
        lambda tf, x: getattr(tf.nn, name)(x, ksize, strides, padding),
        lambda x: getattr(pooling, name)(x, ksize, strides, padding),
        x,
    )


@pytest.mark.parametrize("ksize,strides", [((2, 2, 2), (2, 2, 2)), ((3, 2, 3), (2, 1, 1)), ((1, 2, 3), (1, 2, 2))])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("kind", ["max", "max ties", "avg"])
def test_three_dimensions(ksize, strides, padding, kind):
    shape = (2, 6, 5, 7, 2)
    x = _ties(shape) if kind == "max ties" else arrays(shape)[0]
    ksize, strides = [1, *ksize, 1], [1, *strides, 1]
    theirs, ours = ("avg_pool3d", "avg_pool") if kind == "avg" else ("max_pool3d", "max_pool3d")
    check(
        lambda tf, x: getattr(tf.nn, theirs)(x, ksize, strides, padding),
        lambda x: getattr(pooling, ours)(x, ksize, strides, padding),
        x,
    )


@pytest.mark.parametrize("kind", ["max", "avg"])
def test_channels_first(kind):
    # TensorFlow's plain CPU kernels have channels-last poolings alone.
    (x,) = arrays((2, 3, 9, 8))

    def theirs(tf, x):
        pool = getattr(tf.nn, f"{kind}_pool")
        return tf.transpose(pool(tf.transpose(x, [0, 2, 3, 1]), [1, 3, 2, 1], [1, 2, 1, 1], "SAME"), [0, 3, 1, 2])

    pool = getattr(pooling, f"{kind}_pool")
    check(theirs, lambda x: pool(x, [1, 1, 3, 2], [1, 1, 2, 1], "SAME", "NCHW"), x)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, jnp.bfloat16])
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_dtypes(dtype, kind):
    (x,) = arrays((2, 9, 8, 3), dtype=dtype)
    name = f"{kind}_pool"
    check(
        lambda tf, x: getattr(tf.nn, name)(x, 3, 2, "SAME"),
        lambda x: getattr(pooling, name)(x, [1, 3, 3, 1], [1, 2, 2, 1], "SAME"),
        x,
        slack=4,
    )


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8, np.int8])
def test_maximum_of_integers(dtype):
    x = np.random.RandomState(0).randint(0, 100, (2, 5, 7, 3)).astype(dtype)
    if dtype != np.uint8:
        x -= 50
    check(
        lambda tf, x: tf.cast(tf.nn.max_pool(tf.cast(x, tf.int64), 3, 2, "SAME"), x.dtype),
        lambda x: pooling.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], "SAME"),
        x,
        order=0,
    )


def test_channels_are_pooled_too():
    (x,) = arrays((2, 3, 4, 6))
    check(
        lambda tf, x: tf.nn.max_pool(x, [1, 1, 1, 3], [1, 1, 1, 3], "VALID"),
        lambda x: pooling.max_pool(x, [1, 1, 1, 3], [1, 1, 1, 3], "VALID"),
        x,
        order=0,  # TensorFlow has no gradient here
    )


def test_explicit_padding():
    (x,) = arrays((2, 6, 7, 3))
    pads = [[0, 0], [1, 2], [0, 1], [0, 0]]
    check(
        lambda tf, x: tf.nn.max_pool(x, 3, 2, pads),
        lambda x: pooling.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], pads),
        x - 10,  # all negative: a padding of zeros would win
    )


@pytest.mark.parametrize("fill", [np.nan, -np.inf, np.inf])
@pytest.mark.parametrize("ksize,stride,padding", [(2, 2, "VALID"), (3, 2, "SAME"), (2, 1, "SAME")])
def test_numbers_that_do_not_compare(fill, ksize, stride, padding):
    (x,) = arrays((2, 6, 6, 1))
    x[np.random.RandomState(1).rand(*x.shape) < 0.4] = fill
    x[0, :3] = fill
    check(
        lambda tf, x: tf.nn.max_pool(x, ksize, stride, padding),
        lambda x: pooling.max_pool(x, [1, ksize, ksize, 1], [1, stride, stride, 1], padding),
        x,
        order=int(not np.isnan(fill)),
    )


@pytest.mark.parametrize("name", ["max_pool", "avg_pool"])
@pytest.mark.parametrize("ksize,stride", [(2, 2), (3, 2), (5, 3)])
def test_second_order(name, ksize, stride):
    (x,) = arrays((2, 8, 9, 2), dtype=np.float64)
    check(
        lambda tf, x: getattr(tf.nn, name)(x, ksize, stride, "SAME") ** 2,
        lambda x: getattr(pooling, name)(x, [1, ksize, ksize, 1], [1, stride, stride, 1], "SAME") ** 2,
        x,
        order=2,
        slack=10,
    )


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("batch_too", [False, True])
def test_argmax(padding, batch_too):
    x = _ties((2, 7, 6, 3))
    check(
        lambda tf, x: list(
            tf.nn.max_pool_with_argmax(x, [1, 3, 2, 1], [1, 2, 2, 1], padding, include_batch_in_index=batch_too)
        ),
        lambda x: pooling.max_pool_with_argmax(x, [1, 3, 2, 1], [1, 2, 2, 1], padding, batch_too),
        x,
    )


@pytest.mark.parametrize("pool", [pooling.max_pool, pooling.avg_pool])
def test_empty_batch(pool):
    x = np.zeros((0, 6, 6, 2), np.float32)
    value, gradient = jax.value_and_grad(lambda x: pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME").sum())(x)
    assert value == 0 and gradient.shape == x.shape


def test_errors_are_tensorflows():
    tf = real_tf()
    x = np.zeros((1, 3, 3, 1), np.float32)
    with pytest.raises(ValueError, match="Negative dimension size caused by subtracting 4 from 3"):
        pooling.max_pool(x, [1, 4, 4, 1], [1, 1, 1, 1], "VALID")
    with (
        tf.Graph().as_default(),
        pytest.raises(ValueError, match="Negative dimension size caused by subtracting 4 from 3"),
    ):
        tf.nn.max_pool(x, 4, 1, "VALID")
    with pytest.raises(ValueError, match="rank"):
        pooling.avg_pool(x, [1, 2, 2], [1, 2, 2], "VALID")
