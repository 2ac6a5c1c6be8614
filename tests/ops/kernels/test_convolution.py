"""Convolutions and their gradients against real TensorFlow, over many geometries, dtypes, and formulations."""

from __future__ import annotations

import itertools
import random

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopedjax._src.ops.kernels import convolution, depthwise
from tests.ops.kernels.comparison import arrays, check

pytestmark = pytest.mark.oracle

EXPLICIT = [[0, 0], [2, 1], [0, 3], [0, 0]]


def _sample(count, *axes):
    """A fixed choice of `count` among all combinations; every value of every axis occurs."""
    cases = list(itertools.product(*axes))
    random.Random(7).shuffle(cases)
    chosen = cases[:count]
    for i, axis in enumerate(axes):
        for value in axis:
            assert any(case[i] == value for case in chosen), (i, value)
    return chosen


# Sizes even and odd, strides beyond the kernel, one and many channels (which choose the formulation), batches that
# do not fall into equal blocks.
GEOMETRIES = _sample(
    40,
    [(8, 9), (11, 7)],
    [(3, 3), (5, 4), (2, 5), (1, 1), (7, 7)],
    [(1, 1), (2, 2), (3, 2), (4, 4)],
    ["SAME", "VALID", EXPLICIT],
    [(1, 4), (5, 3), (40, 2)],
)


@pytest.mark.parametrize("sizes,kernel,strides,padding,channels", GEOMETRIES)
def test_conv2d(sizes, kernel, strides, padding, channels):
    x, w = arrays((3, *sizes, channels[0]), (*kernel, *channels))
    strides = [1, *strides, 1]
    check(
        lambda tf, x, w: tf.nn.conv2d(x, w, strides, padding),
        lambda x, w: convolution.conv2d(x, w, strides, padding),
        x,
        w,
    )


@pytest.mark.parametrize("dilations,strides", [((2, 2), (1, 1)), ((2, 3), (1, 1)), ((2, 2), (2, 2)), ((2, 3), (4, 2))])
@pytest.mark.parametrize("padding", ["SAME", "VALID", EXPLICIT])
def test_dilation_with_and_without_strides(dilations, strides, padding):
    x, w = arrays((2, 13, 12, 3), (3, 4, 3, 30))
    here, strides = [1, *dilations, 1], [1, *strides, 1]
    check(
        lambda tf, x, w: tf.nn.conv2d(x, w, strides, padding, dilations=here),
        lambda x, w: convolution.conv2d(x, w, strides, padding, "NHWC", here),
        x,
        w,
        order=0,
    )

    def theirs(tf, x, w):
        # Their CPU kernels have no gradient under dilation: the same filter, with its zeros written out.
        for axis, rate in enumerate(dilations):
            spread = np.eye(w.shape[axis].value, dtype=w.dtype.as_numpy_dtype).repeat(rate, axis=0)
            spread[np.arange(len(spread)) % rate != 0] = 0
            spread = spread[: len(spread) - rate + 1]
            w = tf.tensordot(tf.constant(spread), w, [[1], [axis]])
            w = tf.transpose(w, [1, 0, 2, 3]) if axis else w
        return tf.nn.conv2d(x, w, strides, padding)

    check(theirs, lambda x, w: convolution.conv2d(x, w, strides, padding, "NHWC", here), x, w)


@pytest.mark.parametrize("stride,kernel", [(1, 3), (2, 4), (2, 1)])
def test_groups(stride, kernel):
    x, w = arrays((2, 9, 8, 6), (kernel, kernel, 2, 9))

    def theirs(tf, x, w):
        # Their CPU kernels have groups forward, but no filter gradient; each group alone is the definition.
        parts = zip(tf.split(x, 3, 3), tf.split(w, 3, 3))
        return tf.concat([tf.nn.conv2d(a, b, stride, "SAME") for a, b in parts], 3)

    strides = [1, stride, stride, 1]
    check(theirs, lambda x, w: convolution.conv2d(x, w, strides, "SAME"), x, w)
    check(
        lambda tf, x, w: tf.nn.conv2d(x, w, stride, "SAME"),
        lambda x, w: convolution.conv2d(x, w, strides, "SAME"),
        x,
        w,
        order=0,
    )


@pytest.mark.parametrize("padding", ["SAME", [[0, 0], [0, 0], [2, 1], [0, 3]]])
def test_channels_first(padding):
    x, w = arrays((2, 3, 9, 8), (3, 4, 3, 5))
    there = padding if padding == "SAME" else EXPLICIT

    def theirs(tf, x, w):
        y = tf.nn.conv2d(tf.transpose(x, [0, 2, 3, 1]), w, [1, 2, 1, 1], there)
        return tf.transpose(y, [0, 3, 1, 2])

    check(theirs, lambda x, w: convolution.conv2d(x, w, [1, 1, 2, 1], padding, "NCHW"), x, w)


def test_flat_explicit_padding_is_the_attributes():
    x, w = arrays((2, 9, 8, 3), (3, 4, 3, 5))
    flat = [0, 0, 2, 1, 0, 3, 0, 0]
    check(
        lambda tf, x, w: tf.nn.conv2d(x, w, [1, 2, 1, 1], EXPLICIT),
        lambda x, w: convolution.conv2d(x, w, [1, 2, 1, 1], flat),
        x,
        w,
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float16, jnp.bfloat16])
@pytest.mark.parametrize("stride", [1, 2])
def test_dtypes(dtype, stride):
    x, w = arrays((2, 9, 8, 8), (3, 3, 8, 9), dtype=dtype)
    check(
        lambda tf, x, w: tf.nn.conv2d(x, w, stride, "SAME"),
        lambda x, w: convolution.conv2d(x, w, [1, stride, stride, 1], "SAME"),
        x,
        w,
        slack=4,
    )


def test_int32():
    x = np.arange(2 * 5 * 4 * 3, dtype=np.int32).reshape(2, 5, 4, 3)
    w = np.arange(3 * 2 * 3 * 2, dtype=np.int32).reshape(3, 2, 3, 2)
    check(
        lambda tf, x, w: tf.nn.conv2d(x, w, 2, "SAME"),
        lambda x, w: convolution.conv2d(x, w, [1, 2, 2, 1], "SAME"),
        x,
        w,
        order=0,
    )


@pytest.mark.parametrize("stride,channels,kernel", [(1, 1, 3), (2, 3, 5), (2, 40, 3), (1, 30, 3), (3, 4, 1)])
def test_second_order(stride, channels, kernel):
    x, w = arrays((2, 7, 8, channels), (kernel, kernel, channels, 3), dtype=np.float64)
    check(
        lambda tf, x, w: tf.nn.conv2d(x, w, stride, "SAME") ** 2,
        lambda x, w: convolution.conv2d(x, w, [1, stride, stride, 1], "SAME") ** 2,
        x,
        w,
        order=2,
        slack=10,
    )


@pytest.mark.parametrize(
    "kernel,stride,size,padding", [(5, 2, 16, "SAME"), (4, 2, 18, "VALID"), (3, 3, 23, "SAME"), (2, 3, 24, "VALID")]
)
@pytest.mark.parametrize("channels", [(2, 3), (30, 20)])
def test_transposed(kernel, stride, size, padding, channels):
    from scopedjax._src.ops.kernels import geometry

    small = geometry.conv_output_dim(size, kernel, stride, padding)
    dy, w = arrays((2, small, small, channels[0]), (kernel, kernel, channels[1], channels[0]))
    shape, strides = [2, size, size, channels[1]], [1, stride, stride, 1]
    check(
        lambda tf, dy, w: tf.nn.conv2d_transpose(dy, w, shape, strides, padding),
        lambda dy, w: convolution.conv2d_backprop_input(shape, w, dy, strides, padding),
        dy,
        w,
    )


@pytest.mark.parametrize("kernel,stride", [(3, 1), (3, 2), (1, 2)])
def test_backprop_filter_and_its_gradient(kernel, stride):
    size = -(-9 // stride)
    x, dy = arrays((3, 9, 9, 4), (3, size, size, 5))
    shape, strides = [kernel, kernel, 4, 5], [1, stride, stride, 1]
    check(
        lambda tf, x, dy: tf.nn.conv2d_backprop_filter(x, shape, dy, strides, "SAME"),
        lambda x, dy: convolution.conv2d_backprop_filter(x, shape, dy, strides, "SAME"),
        x,
        dy,
    )


@pytest.mark.parametrize("stride,padding,channels", [(1, "SAME", 2), (2, "VALID", 3), (2, "SAME", 20)])
def test_conv3d(stride, padding, channels):
    x, w = arrays((2, 5, 6, 7, channels), (3, 2, 3, channels, 4))
    strides = [1, stride, stride, 1, 1]
    check(
        lambda tf, x, w: tf.nn.conv3d(x, w, strides=strides, padding=padding),
        lambda x, w: convolution.conv3d(x, w, strides, padding),
        x,
        w,
    )


def test_conv3d_transposed():
    dy, w = arrays((2, 3, 3, 4, 3), (3, 3, 3, 2, 3))
    shape, strides = [2, 5, 6, 7, 2], [1, 2, 2, 2, 1]
    check(
        lambda tf, dy, w: tf.nn.conv3d_transpose(dy, w, shape, strides, "SAME"),
        lambda dy, w: convolution.conv3d_backprop_input(shape, w, dy, strides, "SAME"),
        dy,
        w,
    )


@pytest.mark.parametrize("batch", [1, 7, 40])
def test_blocks_of_images_add_up(batch, monkeypatch):
    monkeypatch.setattr(convolution, "_BLOCK", 40_000)  # blocks of several sizes, with a remainder, on small arrays
    monkeypatch.setattr(convolution, "_FEW_POSITIONS", 128)
    x, w = arrays((batch, 9, 8, 6), (3, 3, 6, 5))
    check(
        lambda tf, x, w: tf.nn.conv2d(x, w, 1, "SAME"),
        lambda x, w: convolution.conv2d(x, w, [1, 1, 1, 1], "SAME"),
        x,
        w,
    )


@pytest.mark.parametrize("shape", [(0, 5, 5, 2), (2, 0, 5, 2)])
def test_empty(shape):
    x, w = arrays(shape, (3, 3, 2, 4))
    run = jax.jit(jax.value_and_grad(lambda x, w: convolution.conv2d(x, w, [1, 2, 2, 1], "SAME").sum(), (0, 1)))
    value, (dx, dw) = run(x, w)
    assert value == 0 and dx.shape == x.shape and dw.shape == w.shape and not dw.any()


@pytest.mark.parametrize("kernel,strides,padding,groups", [((3, 4), (2, 1), "SAME", 1), ((5, 5), (2, 2), EXPLICIT, 2)])
def test_the_platform_changes_speed_alone(kernel, strides, padding, groups):
    x, w = arrays((3, 9, 8, 6), (*kernel, 6 // groups, 4))

    def run(platform):
        def loss(x, w):
            return (convolution.conv2d(x, w, [1, *strides, 1], padding, platform=platform) ** 2).sum()

        return jax.jit(jax.value_and_grad(loss, (0, 1)))(x, w)

    for a, b in zip(jax.tree.leaves(run("gpu")), jax.tree.leaves(run("cpu"))):
        np.testing.assert_allclose(b, a, rtol=2e-5, atol=2e-5 * float(jnp.abs(a).max()))


def test_what_does_not_fit_is_refused():
    x, w = arrays((2, 4, 4, 3), (5, 5, 3, 2))
    with pytest.raises(ValueError, match="Negative dimension size caused by subtracting 5 from 4"):
        convolution.conv2d(x, w, [1, 1, 1, 1], "VALID")
    with pytest.raises(ValueError, match="multiple of the filter's 3"):
        convolution.conv2d(x[..., :2], w, [1, 1, 1, 1], "SAME")
    with pytest.raises(ValueError, match="batch and channel"):
        convolution.conv2d(x, w, [1, 1, 1, 2], "SAME")
    with pytest.raises(ValueError, match="Size of out_backprop"):
        convolution.conv2d_backprop_input([2, 8, 8, 3], w, np.zeros((2, 3, 4, 2), np.float32), [1, 2, 2, 1], "SAME")


# ------------------------------------------------------------------------------------------------------------ depthwise


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding,multiplier,batch", [("SAME", 1, 2), ("VALID", 2, 11), (EXPLICIT, 3, 1)])
def test_depthwise(stride, padding, multiplier, batch):
    x, w = arrays((batch, 9, 10, 3), (3, 4, 3, multiplier))
    strides = [1, stride, stride, 1]
    check(
        lambda tf, x, w: tf.nn.depthwise_conv2d_native(x, w, strides, padding),
        lambda x, w: depthwise.depthwise_conv2d(x, w, strides, padding),
        x,
        w,
    )


def test_depthwise_dilated():
    x, w = arrays((2, 9, 10, 3), (3, 2, 3, 2))
    check(
        lambda tf, x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME", rate=[2, 3]),
        lambda x, w: depthwise.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME", dilations=[1, 2, 3, 1]),
        x,
        w,
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float16, jnp.bfloat16])
def test_depthwise_dtypes(dtype):
    x, w = arrays((2, 9, 10, 3), (3, 3, 3, 2), dtype=dtype)
    check(
        lambda tf, x, w: tf.nn.depthwise_conv2d_native(x, w, [1, 1, 1, 1], "SAME"),
        lambda x, w: depthwise.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"),
        x,
        w,
        slack=6,
    )


def test_depthwise_second_order():
    x, w = arrays((2, 6, 7, 3), (3, 3, 3, 2), dtype=np.float64)
    check(
        lambda tf, x, w: tf.nn.depthwise_conv2d_native(x, w, [1, 2, 2, 1], "SAME") ** 2,
        lambda x, w: depthwise.depthwise_conv2d(x, w, [1, 2, 2, 1], "SAME") ** 2,
        x,
        w,
        order=2,
        slack=10,
    )


def test_depthwise_gradient_ops():
    x, w, dy = arrays((2, 9, 10, 3), (3, 3, 3, 2), (2, 5, 5, 6))
    strides = [1, 2, 2, 1]
    check(
        lambda tf, w, dy: tf.nn.depthwise_conv2d_native_backprop_input(x.shape, w, dy, strides, "SAME"),
        lambda w, dy: depthwise.depthwise_conv2d_backprop_input(x.shape, w, dy, strides, "SAME"),
        w,
        dy,
    )
    check(
        lambda tf, x, dy: tf.nn.depthwise_conv2d_native_backprop_filter(x, w.shape, dy, strides, "SAME"),
        lambda x, dy: depthwise.depthwise_conv2d_backprop_filter(x, w.shape, dy, strides, "SAME"),
        x,
        dy,
    )


def test_depthwise_with_very_many_taps_and_channels_first():
    x, w = arrays((1, 16, 15, 2), (14, 14, 2, 1))
    check(
        lambda tf, x, w: tf.transpose(tf.nn.depthwise_conv2d_native(x, w, [1, 1, 1, 1], "SAME"), [0, 3, 1, 2]),
        lambda x, w: depthwise.depthwise_conv2d(jnp.moveaxis(x, -1, 1), w, [1, 1, 1, 1], "SAME", "NCHW"),
        x,
        w,
    )
