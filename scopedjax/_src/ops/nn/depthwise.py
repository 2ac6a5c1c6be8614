"""Depthwise convolutions: every channel with filters of its own, and the separable convolution made of them.

DepthwiseConv2dNative    [h, w, c] with [kh, kw, c, m]  ->  [h, w, c * m]
separable_conv2d         the same, then a convolution [1, 1, c * m, out] that mixes the channels
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.shapes import renamed_argument, shape
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.kernels import depthwise, geometry
from scopedjax._src.ops.nn.arguments import check_window_attrs, op_padding
from scopedjax._src.ops.nn.convolutions import (
    EXPLICIT,
    FILTER_GRAD,
    FORMAT_2D,
    INPUT_GRAD,
    assembled,
    filter_grad_dims,
    filter_grad_lowering,
    forward_lowering,
    input_grad_dims,
    input_grad_lowering,
    spatial_dims,
)
from scopedjax._src.ops.nn.dilated import with_space_to_batch
from scopedjax._src.ops.registry import declare
from scopedjax._src.ops.shape_context import ShapeContext

_ATTRS = f"strides: list(int), padding: string, {EXPLICIT}{FORMAT_2D}"
_FLOATS = {"T": dtypes.FLOATING}


def _depthwise_dims(c: ShapeContext) -> list[Dims]:
    padding = check_window_attrs(c, 4)
    dims, taps = c.require_rank(0, 4), c.require_rank(1, 4)
    first = geometry.channels_first(c.attr("data_format"))
    channels, depth = dims[1 if first else -1], taps[2]
    if channels is not None and depth is not None and channels != depth:
        raise c.fail(f"Dimensions must be equal, but are {channels} and {depth}")
    merged = merge_dims((channels,), (depth,))
    depth = merged[0] if merged else None
    outputs = None if depth is None or taps[3] is None else depth * taps[3]
    axes = geometry.spatial_axes(4, c.attr("data_format"))
    return [assembled(first, dims[0], spatial_dims(c, dims, taps[:2], padding, axes), outputs)]


declare(
    f"DepthwiseConv2dNative(input: T, filter: T; {_ATTRS}) -> output: T",
    forward_lowering(depthwise.depthwise_conv2d),
    shape=_depthwise_dims,
    types=_FLOATS,
)
declare(
    f"DepthwiseConv2dNativeBackpropInput({INPUT_GRAD}; {_ATTRS}) -> output: T",
    input_grad_lowering(depthwise.depthwise_conv2d_backprop_input),
    shape=input_grad_dims(4, depthwise_filter=True),
    static=("input_sizes",),
    types=_FLOATS,
)
declare(
    f"DepthwiseConv2dNativeBackpropFilter({FILTER_GRAD}; {_ATTRS}) -> output: T",
    filter_grad_lowering(depthwise.depthwise_conv2d_backprop_filter),
    shape=filter_grad_dims(4),
    static=("filter_sizes",),
    types=_FLOATS,
)

# -------------------------------------------------------------------------------------------- public functions


def depthwise_conv2d_native(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = [1, 1, 1, 1],  # noqa: B006
    name: str | None = None,
) -> Tensor:
    """Computes a depthwise convolution: each channel with filters of its own.

    Args:
      input: Floating tensor `[batch, height, width, in_channels]`, or with channels first for NCHW.
      filter: Tensor `[filter_height, filter_width, in_channels, multiplier]`.
      strides: Distance of the windows: 4 integers in the order of `data_format`.
      padding: "SAME", "VALID" or pairs.
      data_format: "NHWC" or "NCHW".
      dilations: Distance of the taps, written as `strides` are.
      name: Node name; defaults to "DepthwiseConv2dNative".

    Returns:
      Tensor `[batch, out_height, out_width, in_channels * multiplier]`, in `data_format`.

    >>> x = tf.zeros([1, 8, 8, 3])
    >>> tf.nn.depthwise_conv2d_native(x, tf.zeros([3, 3, 3, 2]), [1, 2, 2, 1], "SAME").shape.as_list()
    [1, 4, 4, 6]
    """
    attrs = _depthwise_attrs(strides, padding, data_format, dilations)
    return apply_op("DepthwiseConv2dNative", input, filter, name=name, **attrs)


def _depthwise_attrs(strides: Any, padding: Any, data_format: str, dilations: Any) -> dict[str, Any]:
    kind, explicit = op_padding(padding)
    return {
        "strides": strides,
        "padding": kind,
        "explicit_paddings": explicit,
        "data_format": data_format,
        "dilations": dilations,
    }


def depthwise_conv2d_backprop_input(
    input_sizes: Any,
    filter: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = [1, 1, 1, 1],  # noqa: B006
    name: str | None = None,
) -> Tensor:
    """Computes the gradient of `depthwise_conv2d_native` with respect to its input.

    Args:
      input_sizes: Shape of the input: list or int32 tensor of 4.
      filter: As in `depthwise_conv2d_native`, like the rest.
      out_backprop: Gradient with respect to the result of the convolution.
      strides: Distance of the windows.
      padding: "SAME", "VALID" or pairs.
      data_format: "NHWC" or "NCHW".
      dilations: Distance of the taps.
      name: Node name; defaults to "DepthwiseConv2dNativeBackpropInput".

    Returns:
      Tensor of shape `input_sizes`.

    >>> w, dy = tf.zeros([3, 3, 3, 2]), tf.zeros([1, 8, 8, 6])
    >>> tf.nn.depthwise_conv2d_backprop_input([1, 8, 8, 3], w, dy, [1, 1, 1, 1], "SAME").shape.as_list()
    [1, 8, 8, 3]
    """
    attrs = _depthwise_attrs(strides, padding, data_format, dilations)
    op_type = "DepthwiseConv2dNativeBackpropInput"
    return apply_op(op_type, input_sizes, filter, out_backprop, name=name, **attrs)


def depthwise_conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = [1, 1, 1, 1],  # noqa: B006
    name: str | None = None,
) -> Tensor:
    """Computes the gradient of `depthwise_conv2d_native` with respect to its filter.

    Args:
      input: As in `depthwise_conv2d_native`, like the rest.
      filter_sizes: Shape of the filter: list or int32 tensor of 4.
      out_backprop: Gradient with respect to the result of the convolution.
      strides: Distance of the windows.
      padding: "SAME", "VALID" or pairs.
      data_format: "NHWC" or "NCHW".
      dilations: Distance of the taps.
      name: Node name; defaults to "DepthwiseConv2dNativeBackpropFilter".

    Returns:
      Tensor of shape `filter_sizes`.

    >>> x, dy = tf.zeros([1, 8, 8, 3]), tf.zeros([1, 8, 8, 6])
    >>> tf.nn.depthwise_conv2d_backprop_filter(x, [3, 3, 3, 2], dy, [1, 1, 1, 1], "SAME").shape.as_list()
    [3, 3, 3, 2]
    """
    attrs = _depthwise_attrs(strides, padding, data_format, dilations)
    op_type = "DepthwiseConv2dNativeBackpropFilter"
    return apply_op(op_type, input, filter_sizes, out_backprop, name=name, **attrs)


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """Computes a depthwise convolution, dilated if `rate` says so.

    Args:
      input: Floating tensor `[batch, height, width, in_channels]`, or with channels first for NCHW.
      filter: Tensor `[filter_height, filter_width, in_channels, multiplier]`.
      strides: Distance of the windows: 4 integers in the order of `data_format`; ones where `rate` is not.
      padding: "SAME", "VALID" or pairs.
      rate: Distance of the taps: 2 integers; ones by default.
      name: Name of the node; defaults to "depthwise".
      data_format: "NHWC" (default) or "NCHW".
      dilations: Another name of `rate`.

    Returns:
      Tensor `[batch, out_height, out_width, in_channels * multiplier]`, in `data_format`.

    Raises:
      ValueError: shapes, strides or padding that do not fit.

    >>> x = tf.zeros([1, 8, 8, 3])
    >>> tf.nn.depthwise_conv2d(x, tf.zeros([3, 3, 3, 2]), [1, 1, 1, 1], "SAME").shape.as_list()
    [1, 8, 8, 6]
    """
    rate = renamed_argument("dilations", dilations, "rate", rate)
    with stacks.get_default_graph().name_scope(name or "depthwise") as scope:
        input = convert_to_tensor(input, name="tensor_in")
        filter = convert_to_tensor(filter, name="filter_in")
        return _dilated(input, filter, strides, padding, [1, 1] if rate is None else rate, data_format, scope)


def _dilated(
    input: Tensor, filter: Tensor, strides: Any, padding: Any, rate: Any, data_format: str | None, name: str
) -> Tensor:
    def convolve(images: Tensor, pads: Any, taps: Any = None) -> Tensor:
        attrs = _depthwise_attrs(strides, pads, data_format or "NHWC", taps or [1, 1, 1, 1])
        return apply_op("DepthwiseConv2dNative", images, filter, name=name, **attrs)

    return with_space_to_batch(input, rate, padding, convolve, shape(filter), data_format, filter.dims)


def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """Computes a depthwise convolution followed by one of single elements that mixes the channels.

    Args:
      input: Floating tensor `[batch, height, width, in_channels]`, or with channels first for NCHW.
      depthwise_filter: Tensor `[filter_height, filter_width, in_channels, multiplier]`.
      pointwise_filter: Tensor `[1, 1, in_channels * multiplier, out_channels]`.
      strides: Distance of the windows: 4 integers in the order of `data_format`.
      padding: "SAME", "VALID" or pairs.
      rate: Distance of the taps: 2 integers; ones by default.
      name: Name of the node; defaults to "separable_conv2d".
      data_format: "NHWC" (default) or "NCHW".
      dilations: Another name of `rate`.

    Returns:
      Tensor `[batch, out_height, out_width, out_channels]`, in `data_format`.

    Raises:
      ValueError: shapes, strides or padding that do not fit.

    >>> x = tf.zeros([1, 8, 8, 3])
    >>> filters = tf.zeros([3, 3, 3, 2]), tf.zeros([1, 1, 6, 16])
    >>> tf.nn.separable_conv2d(x, *filters, [1, 1, 1, 1], "SAME").shape.as_list()
    [1, 8, 8, 16]
    """
    rate = renamed_argument("dilations", dilations, "rate", rate)
    with stacks.get_default_graph().name_scope(name or "separable_conv2d") as scope:
        input = convert_to_tensor(input, name="tensor_in")
        depthwise_filter = convert_to_tensor(depthwise_filter, name="depthwise_filter")
        pointwise_filter = convert_to_tensor(pointwise_filter, name="pointwise_filter")
        taps = pointwise_filter.dims
        if taps is not None:
            for size in taps[:2]:
                if size not in (None, 1):
                    raise ValueError(f"Dimensions {size} and 1 are not compatible")
        middle = _dilated(
            input, depthwise_filter, strides, padding, [1, 1] if rate is None else rate, data_format, "depthwise"
        )
        return apply_op(
            "Conv2D",
            middle,
            pointwise_filter,
            strides=[1, 1, 1, 1],
            padding="VALID",
            data_format=data_format or "NHWC",
            name=scope,
        )


depthwise_conv2d_native_backprop_input = depthwise_conv2d_backprop_input
depthwise_conv2d_native_backprop_filter = depthwise_conv2d_backprop_filter
