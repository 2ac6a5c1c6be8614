"""Rows of the convolutions: one, two and three dimensions, transposed, depthwise, separable, dilated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.engine import WIDE_FLOATS, Case, In

# TensorFlow adds up a window in another order than XLA does.
SUMS = {"float32": 1e-4, "float64": 1e-10, "float16": 1e-2}
ATOL = 1e-5


def row(label: str, call: Callable[..., Any], *inputs: Any, dtypes: Any = ("float32",), **options: Any) -> Case:
    """A row with the tolerance of sums."""
    return Case(label, call, list(inputs), dtypes, tol=SUMS, atol=ATOL, **options)


def conv2d(*args: Any, **options: Any) -> Callable[..., Any]:
    """`tf.nn.conv2d` with these arguments behind input and filter."""
    return lambda tf, x, w: tf.nn.conv2d(x, w, *args, **options)


def failing(label: str, call: Callable[..., Any], *inputs: Any) -> Case:
    """A row that fails on both sides."""
    return Case(label, call, list(inputs), fails=True)


X, W = (2, 7, 6, 3), (3, 3, 3, 4)
NCHW = {"notes": {}, "grad": False}

TWO = [
    row("conv2d_same", conv2d([1, 1, 1, 1], "SAME"), X, W, dtypes=WIDE_FLOATS),
    row("conv2d_half", conv2d([1, 1, 1, 1], "SAME"), X, W, dtypes=("float16",), grad=False),
    row("conv2d_valid", conv2d([1, 1, 1, 1], "VALID", name="c"), X, W, dtypes=WIDE_FLOATS),
    row("conv2d_stride", conv2d([1, 2, 2, 1], "SAME"), X, W, dtypes=WIDE_FLOATS),
    row("conv2d_stride_valid", conv2d([1, 3, 2, 1], "VALID"), X, W, dtypes=WIDE_FLOATS),
    row("conv2d_int_stride", conv2d(2, "SAME"), X, W),
    row("conv2d_two_strides", conv2d([2, 1], "VALID"), X, W),
    row("conv2d_explicit", conv2d(1, [[0, 0], [1, 2], [0, 1], [0, 0]]), X, W, dtypes=WIDE_FLOATS),
    row("conv2d_dilated", conv2d(1, "SAME", dilations=[1, 2, 2, 1]), X, W, grad=False),
    row("conv2d_even", conv2d([1, 2, 2, 1], "SAME"), (2, 8, 8, 3), (4, 2, 3, 5), dtypes=WIDE_FLOATS),
    row("conv2d_pointwise", conv2d(1, "SAME"), X, (1, 1, 3, 4), dtypes=WIDE_FLOATS),
    row("conv2d_pointwise_stride", conv2d(2, "SAME"), X, (1, 1, 3, 4), dtypes=WIDE_FLOATS),
    row("conv2d_whole", conv2d(1, "VALID"), X, (7, 6, 3, 4), dtypes=WIDE_FLOATS),
    row("conv2d_large", conv2d([1, 4, 4, 1], "SAME"), (2, 19, 17, 3), (8, 8, 3, 5)),
    row("conv2d_filters", lambda tf, x, w: tf.nn.conv2d(x, filters=w, strides=1, padding="SAME"), X, W),
    row("conv2d_no_strides", lambda tf, x, w: tf.nn.conv2d(x, w, padding="SAME"), X, W),
    failing("conv2d_depth", conv2d(1, "SAME"), (2, 5, 5, 4), W),
    failing("conv2d_rank", conv2d(1, "SAME"), (5, 5, 3), W),
    failing("conv2d_filter_rank", conv2d(1, "SAME"), X, (3, 3, 3)),
    failing("conv2d_small", conv2d(1, "VALID"), (2, 2, 2, 3), W),
    failing("conv2d_padding", conv2d(1, "BAD"), X, W),
    failing("conv2d_padding_none", conv2d(1, "EXPLICIT"), X, W),
    failing("conv2d_padding_pairs", conv2d(1, [[1, 1], [1, 1], [1, 1], [0, 0]]), X, W),
    failing("conv2d_padding_size", conv2d(1, [[1, 1], [1, 1]]), X, W),
    failing("conv2d_strides", conv2d([1, 1, 1], "SAME"), X, W),
    failing("conv2d_format", conv2d(1, "SAME", data_format="XX"), X, W),
    Case("conv2d_dtypes", conv2d(1, "SAME"), [In(X, dtype="float64"), In(W, dtype="float32")], fails=True),
]


def transposed(shape: Any, *args: Any, **options: Any) -> Callable[..., Any]:
    """`tf.nn.conv2d_transpose` to `shape`."""
    return lambda tf, x, w: tf.nn.conv2d_transpose(x, w, shape, *args, **options)


V, U = (2, 4, 5, 3), (3, 3, 4, 3)
BATCH = {"shapes": "TF 1.15 takes the batch from output_shape, and programs rely on it; TF 2 from the input alone"}

TRANSPOSED = [
    row("transpose", transposed([2, 8, 10, 4], [1, 2, 2, 1]), V, U, dtypes=WIDE_FLOATS, notes=BATCH),
    row("transpose_odd", transposed([2, 7, 9, 4], [1, 2, 2, 1], name="up"), V, U, notes=BATCH),
    row("transpose_valid", transposed([2, 9, 11, 4], 2, "VALID"), V, U, dtypes=WIDE_FLOATS, notes=BATCH),
    row("transpose_large", transposed([2, 16, 20, 4], 4), V, (5, 5, 4, 3), notes=BATCH),
    row("transpose_one", transposed([2, 4, 5, 4], 1), V, U, notes=BATCH),
    row(
        "transpose_dynamic",
        lambda tf, x, w: tf.nn.conv2d_transpose(x, w, tf.stack([tf.shape(x)[0], 8, 10, 4]), [1, 2, 2, 1]),
        V,
        U,
    ),
    failing("transpose_depth", transposed([2, 8, 10, 4], 2), V, (3, 3, 4, 5)),
    failing("transpose_rank", transposed([8, 10, 4], 2), V, U),
    row(
        "backprop_input",
        lambda tf, w, g: tf.nn.conv2d_backprop_input([2, 7, 6, 3], w, g, [1, 2, 2, 1], "SAME"),
        W,
        (2, 4, 3, 4),
        dtypes=WIDE_FLOATS,
        notes=BATCH,
    ),
    row(
        "backprop_filter",
        lambda tf, x, g: tf.nn.conv2d_backprop_filter(x, [3, 3, 3, 4], g, [1, 2, 2, 1], "SAME"),
        X,
        (2, 4, 3, 4),
        dtypes=WIDE_FLOATS,
    ),
]

DEPTHWISE = [
    row(
        "depthwise",
        lambda tf, x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"),
        X,
        (3, 3, 3, 2),
        dtypes=WIDE_FLOATS,
    ),
    row("depthwise_stride", lambda tf, x, w: tf.nn.depthwise_conv2d(x, w, [1, 2, 2, 1], "VALID"), X, (3, 3, 3, 2)),
    row(
        "depthwise_rate",
        lambda tf, x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME", rate=[2, 2]),
        X,
        (3, 3, 3, 2),
        unknown=False,
    ),
    row(
        "depthwise_native", lambda tf, x, w: tf.nn.depthwise_conv2d_native(x, w, [1, 1, 1, 1], "SAME"), X, (3, 3, 3, 1)
    ),
    row(
        "depthwise_input",
        lambda tf, w, g: tf.nn.depthwise_conv2d_native_backprop_input([2, 7, 6, 3], w, g, [1, 1, 1, 1], "SAME"),
        (3, 3, 3, 2),
        (2, 7, 6, 6),
        notes=BATCH,
    ),
    row(
        "depthwise_filter",
        lambda tf, x, g: tf.nn.depthwise_conv2d_native_backprop_filter(x, [3, 3, 3, 2], g, [1, 1, 1, 1], "SAME"),
        X,
        (2, 7, 6, 6),
    ),
    failing("depthwise_depth", lambda tf, x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"), X, (3, 3, 4, 2)),
    row(
        "separable",
        lambda tf, x, d, p: tf.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "SAME"),
        X,
        (3, 3, 3, 2),
        (1, 1, 6, 4),
        dtypes=WIDE_FLOATS,
    ),
    row(
        "separable_rate",
        lambda tf, x, d, p: tf.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "VALID", rate=[2, 1], name="s"),
        X,
        (3, 3, 3, 2),
        (1, 1, 6, 4),
    ),
    failing(
        "separable_depth",
        lambda tf, x, d, p: tf.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "SAME"),
        X,
        (3, 3, 3, 2),
        (1, 1, 5, 4),
    ),
    failing(
        "separable_pointwise",
        lambda tf, x, d, p: tf.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "SAME"),
        X,
        (3, 3, 3, 2),
        (2, 1, 6, 4),
    ),
]

DILATED = [
    row("atrous", lambda tf, x, w: tf.nn.atrous_conv2d(x, w, 2, "SAME"), X, W, dtypes=WIDE_FLOATS, unknown=False),
    row("atrous_valid", lambda tf, x, w: tf.nn.atrous_conv2d(x, w, 2, "VALID", name="a"), X, (2, 3, 3, 4)),
    row("atrous_one", lambda tf, x, w: tf.nn.atrous_conv2d(x, w, 1, "SAME"), X, W),
    row(
        "atrous_transpose",
        lambda tf, x, w: tf.nn.atrous_conv2d_transpose(x, w, [2, 4, 5, 4], 2, "SAME"),
        V,
        U,
        names=False,
        notes=BATCH,
        unknown=False,
        graphdef=False,
    ),
    row("convolution", lambda tf, x, w: tf.nn.convolution(x, w, "SAME"), X, W),
    row("convolution_strides", lambda tf, x, w: tf.nn.convolution(x, w, "VALID", strides=[2, 1]), X, W),
    row(
        "convolution_dilated",
        lambda tf, x, w: tf.nn.convolution(x, w, "SAME", dilation_rate=[2, 3]),
        X,
        W,
        unknown=False,
    ),
    row("convolution_1d", lambda tf, x, w: tf.nn.convolution(x, w, "SAME", strides=[2]), (2, 7, 3), (3, 3, 4)),
    row("convolution_3d", lambda tf, x, w: tf.nn.convolution(x, w, "VALID"), (2, 4, 5, 4, 3), (2, 3, 2, 3, 4)),
    failing("convolution_both", lambda tf, x, w: tf.nn.convolution(x, w, "SAME", [2, 2], [2, 2]), X, W),
    failing("convolution_rank", lambda tf, x, w: tf.nn.convolution(x, w, "SAME"), (2, 7), W),
]

ONE_AND_THREE = [
    row("conv1d", lambda tf, x, w: tf.nn.conv1d(x, w, 1, "SAME"), (2, 7, 3), (3, 3, 4), dtypes=WIDE_FLOATS),
    row(
        "conv1d_stride", lambda tf, x, w: tf.nn.conv1d(x, w, stride=2, padding="VALID", name="c"), (2, 7, 3), (3, 3, 4)
    ),
    row(
        "conv1d_transpose",
        lambda tf, x, w: tf.nn.conv1d_transpose(x, w, [2, 14, 4], 2),
        (2, 7, 3),
        (3, 4, 3),
        notes=BATCH,
    ),
    failing("conv1d_depth", lambda tf, x, w: tf.nn.conv1d(x, w, 1, "SAME"), (2, 7, 3), (3, 2, 4)),
    row(
        "conv3d",
        lambda tf, x, w: tf.nn.conv3d(x, w, [1, 1, 1, 1, 1], "SAME"),
        (2, 4, 5, 4, 3),
        (3, 3, 2, 3, 4),
        dtypes=WIDE_FLOATS,
    ),
    row(
        "conv3d_stride",
        lambda tf, x, w: tf.nn.conv3d(x, w, [1, 2, 1, 2, 1], "VALID", name="v"),
        (2, 4, 5, 4, 3),
        (2, 3, 2, 3, 4),
    ),
    row(
        "conv3d_transpose",
        lambda tf, x, w: tf.nn.conv3d_transpose(x, w, [2, 4, 6, 4, 4], [1, 2, 2, 2, 1]),
        (2, 2, 3, 2, 3),
        (3, 3, 3, 4, 3),
    ),
    failing(
        "conv3d_depth", lambda tf, x, w: tf.nn.conv3d(x, w, [1, 1, 1, 1, 1], "SAME"), (2, 4, 5, 4, 2), (3, 3, 2, 3, 4)
    ),
]

SHAPES_ONLY = [
    # TensorFlow's CPU has no kernels for channels first: shapes of the graph only.
    Case(
        label,
        lambda tf, x, w, call=call: tf.shape(tf.zeros(call(tf, x, w).get_shape().as_list())),
        [(2, 3, 7, 6), W],
        names=False,
        unknown=False,
        graphdef=False,
        grad=False,
    )
    for label, call in (
        ("nchw", conv2d([1, 1, 2, 2], "SAME", data_format="NCHW")),
        ("nchw_list", conv2d([2, 1], "VALID", data_format="NCHW")),
        (
            "nchw_transpose",
            lambda tf, x, w: tf.nn.conv2d_transpose(
                x, np.zeros([3, 3, 4, 3], np.float32), [2, 4, 14, 12], 2, data_format="NCHW"
            ),
        ),
        ("nchw_convolution", lambda tf, x, w: tf.nn.convolution(x, w, "SAME", strides=[2, 2], data_format="NCHW")),
    )
]

CASES = [*TWO, *TRANSPOSED, *DEPTHWISE, *DILATED, *ONE_AND_THREE, *SHAPES_ONLY]
