"""Convolutions as TensorFlow's ops have them: two- and three-dimensional, and both of their gradients.

    Conv2D                  y = conv(x, w)
    Conv2DBackpropInput     dx for a dy; with other names for the arguments, `conv2d_transpose`
    Conv2DBackpropFilter    dw for a dy

The arithmetic, and what makes it quick, is in `kernels`; here are shapes, attributes and public functions. Depthwise
convolutions are in `depthwise`, what is composed of several nodes (dilated, one-dimensional) in `dilated`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.shapes import renamed_argument
from scopedjax._src.ops.kernels import convolution, geometry
from scopedjax._src.ops.nn.arguments import check_window_attrs, kernel_padding, op_padding, per_dimension
from scopedjax._src.ops.registry import LoweringContext, declare
from scopedjax._src.ops.shape_context import ShapeContext

# ------------------------------------------------------------------------------------------------------ shapes


def _check_depths(c: ShapeContext, channels: int | None, depth: int | None, outputs: int | None) -> None:
    if channels is None or depth is None:
        return
    if depth == 0 or channels % depth:
        raise c.fail(f"Depth of input ({channels}) is not a multiple of input depth of filter ({depth})")
    groups = channels // depth
    if outputs is not None and groups and outputs % groups:
        raise c.fail(f"Depth of output ({outputs}) is not a multiple of the number of groups ({groups})")


def spatial_dims(
    c: ShapeContext,
    dims: Sequence[int | None],
    taps: Sequence[int | None],
    padding: geometry.Padding,
    axes: Sequence[int],
) -> list[int | None]:
    rank = len(dims)
    strides, dilations = c.attr("strides"), c.attrs.get("dilations") or (1,) * rank
    for name, value in (("strides", strides), ("dilations", dilations)):
        if len(value) != rank:
            raise c.fail(
                f"{c.record.type} requires the {name} attribute to contain {rank} values, but got: {len(value)}"
            )
        if min(value) < 1:
            raise c.fail(f"{name.capitalize()} must be positive, but got: {list(value)}")
    try:
        pads = geometry.axis_paddings(padding, rank)
        if any(pads[i] not in ("SAME", "VALID", (0, 0)) for i in range(rank) if i not in axes):
            raise ValueError("Nonzero explicit padding in the batch or depth dimensions is not supported")
        return [
            geometry.conv_output_dim(dims[axis], tap, strides[axis], pads[axis], dilations[axis])
            for axis, tap in zip(axes, taps, strict=True)
        ]
    except ValueError as error:
        raise c.fail(_first_sentence(error)) from None


def _first_sentence(error: ValueError) -> str:
    return str(error).split(": the window")[0]


def assembled(first: bool, batch: int | None, spatial: Sequence[int | None], channels: int | None) -> Dims:
    return (batch, channels, *spatial) if first else (batch, *spatial, channels)


def _conv_dims(rank: int) -> Callable[[ShapeContext], list[Dims]]:
    def rule(c: ShapeContext) -> list[Dims]:
        padding = check_window_attrs(c, rank)
        dims, taps = c.require_rank(0, rank), c.require_rank(1, rank)
        first = geometry.channels_first(c.attr("data_format"))
        _check_depths(c, dims[1 if first else -1], taps[-2], taps[-1])
        axes = geometry.spatial_axes(rank, c.attr("data_format"))
        return [assembled(first, dims[0], spatial_dims(c, dims, taps[:-2], padding, axes), taps[-1])]

    return rule


def _given_dims(c: ShapeContext, index: int, rank: int) -> tuple[int | None, ...]:
    """The shape that an input holds as its value."""
    c.require_rank(index, 1)
    dims = c.shape_value(index)
    if dims is None:
        return (None,) * rank
    if len(dims) != rank:
        raise c.fail(
            f"{c.record.type} requires {c.record.signature.inputs[index].name} to contain {rank} values or "
            f"{rank - 2} values, but got: {len(dims)}"
        )
    return dims


def input_grad_dims(rank: int, depthwise_filter: bool = False) -> Callable[[ShapeContext], list[Dims]]:
    def rule(c: ShapeContext) -> list[Dims]:
        check_window_attrs(c, rank)
        dims, taps, grads = _given_dims(c, 0, rank), c.require_rank(1, rank), c.require_rank(2, rank)
        at = 1 if geometry.channels_first(c.attr("data_format")) else rank - 1
        made, wanted = grads[at], taps[-1]
        if depthwise_filter:
            wanted = None if taps[-1] is None or taps[-2] is None else taps[-1] * taps[-2]
        if made is not None and wanted is not None and made != wanted:
            raise c.fail(f"Dimensions must be equal, but are {made} and {wanted}")
        # TF 1.15 goes by `input_sizes`, TF 2 takes the batch from the gradient: whichever is known.
        batch = grads[0] if dims[0] is None else dims[0]
        return [(batch, *dims[1:])]

    return rule


def filter_grad_dims(rank: int) -> Callable[[ShapeContext], list[Dims]]:
    def rule(c: ShapeContext) -> list[Dims]:
        check_window_attrs(c, rank)
        c.require_rank(0, rank)
        c.require_rank(2, rank)
        return [_given_dims(c, 1, rank)]

    return rule


# --------------------------------------------------------------------------------------------------- lowerings


def forward_lowering(kernel: Callable[..., Any]) -> Callable[..., Any]:
    def lower(
        ctx: LoweringContext,
        input: Any,
        filter: Any,
        *,
        strides: Any,
        padding: str,
        explicit_paddings: Any = (),
        data_format: str,
        dilations: Any,
    ) -> Any:
        pads = kernel_padding(padding, explicit_paddings)
        return kernel(
            jnp.asarray(input), jnp.asarray(filter), strides, pads, data_format, dilations, platform=ctx.platform
        )

    return lower


def input_grad_lowering(kernel: Callable[..., Any]) -> Callable[..., Any]:
    def lower(
        ctx: LoweringContext,
        input_sizes: Any,
        filter: Any,
        out_backprop: Any,
        *,
        strides: Any,
        padding: str,
        explicit_paddings: Any = (),
        data_format: str,
        dilations: Any,
    ) -> Any:
        sizes = tuple(int(n) for n in np.asarray(input_sizes))
        pads = kernel_padding(padding, explicit_paddings)
        arrays = jnp.asarray(filter), jnp.asarray(out_backprop)
        return kernel(sizes, *arrays, strides, pads, data_format, dilations, platform=ctx.platform)

    return lower


def filter_grad_lowering(kernel: Callable[..., Any]) -> Callable[..., Any]:
    def lower(
        ctx: LoweringContext,
        input: Any,
        filter_sizes: Any,
        out_backprop: Any,
        *,
        strides: Any,
        padding: str,
        explicit_paddings: Any = (),
        data_format: str,
        dilations: Any,
    ) -> Any:
        sizes = tuple(int(n) for n in np.asarray(filter_sizes))
        pads = kernel_padding(padding, explicit_paddings)
        images, grads = jnp.asarray(input), jnp.asarray(out_backprop)
        return kernel(images, sizes, grads, strides, pads, data_format, dilations, platform=ctx.platform)

    return lower


_CUDNN = "use_cudnn_on_gpu: bool = True, "
EXPLICIT = "explicit_paddings: list(int) = [], "
FORMAT_2D = "data_format: string = 'NHWC', dilations: list(int) = [1, 1, 1, 1]"
_FORMAT_3D = "data_format: string = 'NDHWC', dilations: list(int) = [1, 1, 1, 1, 1]"
_ATTRS_2D = f"strides: list(int), {_CUDNN}padding: string, {EXPLICIT}{FORMAT_2D}"
_ATTRS_3D = f"strides: list(int), padding: string, {_FORMAT_3D}"
INPUT_GRAD = "input_sizes: int32, filter: T, out_backprop: T"
FILTER_GRAD = "input: T, filter_sizes: int32, out_backprop: T"
FLOATS = {"T": dtypes.FLOATING}

declare(
    f"Conv2D(input: T, filter: T; {_ATTRS_2D}) -> output: T",
    forward_lowering(convolution.conv2d),
    shape=_conv_dims(4),
    types={"T": (*dtypes.FLOATING, dtypes.int32)},
)
declare(
    f"Conv2DBackpropInput({INPUT_GRAD}; {_ATTRS_2D}) -> output: T",
    input_grad_lowering(convolution.conv2d_backprop_input),
    shape=input_grad_dims(4),
    static=("input_sizes",),
    types={"T": (*dtypes.FLOATING, dtypes.int32)},
)
declare(
    f"Conv2DBackpropFilter({FILTER_GRAD}; {_ATTRS_2D}) -> output: T",
    filter_grad_lowering(convolution.conv2d_backprop_filter),
    shape=filter_grad_dims(4),
    static=("filter_sizes",),
    types=FLOATS,
)
declare(
    f"Conv3D(input: T, filter: T; {_ATTRS_3D}) -> output: T",
    forward_lowering(convolution.conv3d),
    shape=_conv_dims(5),
    types=FLOATS,
)
declare(
    f"Conv3DBackpropInputV2(input_sizes: Tshape, filter: T, out_backprop: T; {_ATTRS_3D}, Tshape: type = int32) "
    "-> output: T",
    input_grad_lowering(convolution.conv3d_backprop_input),
    shape=input_grad_dims(5),
    static=("input_sizes",),
    types={**FLOATS, "Tshape": dtypes.INDEX},
)
declare(
    f"Conv3DBackpropFilterV2({FILTER_GRAD}; {_ATTRS_3D}) -> output: T",
    filter_grad_lowering(convolution.conv3d_backprop_filter),
    shape=filter_grad_dims(5),
    static=("filter_sizes",),
    types=FLOATS,
)

# -------------------------------------------------------------------------------------------- public functions


def _attrs_2d(strides: Any, padding: Any, data_format: str | None, dilations: Any) -> dict[str, Any]:
    """The attributes that all two-dimensional convolutions share."""
    data_format = "NHWC" if data_format is None else data_format
    kind, explicit = op_padding(padding)
    first = data_format == "NCHW"
    return {
        "strides": per_dimension(strides, 2, first, "strides"),
        "padding": kind,
        "explicit_paddings": explicit,
        "data_format": data_format,
        "dilations": per_dimension(dilations, 2, first, "dilations"),
    }


def conv2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = [1, 1, 1, 1],  # noqa: B006  (TF1's default, never written to)
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Computes a two-dimensional convolution: at each place the sum of the window times the filter.

    Args:
      input: Floating tensor `[batch, height, width, in_channels]`, or `[batch, in_channels, height, width]` for NCHW.
      filter: Tensor `[filter_height, filter_width, in_channels / groups, out_channels]`, same dtype.
      strides: Distance of the windows: an integer, or a list of 1, 2 or 4 in the order of `data_format`.
      padding: "SAME", "VALID", or a list of pairs `[before, after]`, one for each dimension.
      use_cudnn_on_gpu: Recorded; has no effect.
      data_format: "NHWC" or "NCHW".
      dilations: Distance of the taps of a window, written as `strides` are.
      name: Node name; defaults to "Conv2D".
      filters: The later name of `filter`.

    Returns:
      Tensor `[batch, out_height, out_width, out_channels]`, in `data_format`: `ceil(size / stride)` for SAME,
      `ceil((size - (taps - 1) * dilation) / stride)` for VALID.

    Raises:
      ValueError: shapes, strides or padding that do not fit.

    >>> x = tf.placeholder(tf.float32, [None, 28, 28, 1])
    >>> tf.nn.conv2d(x, tf.zeros([5, 5, 1, 32]), [1, 2, 2, 1], "SAME").shape.as_list()
    [None, 14, 14, 32]
    """
    filter = renamed_argument("filter", filter, "filters", filters)
    attrs = _attrs_2d(strides, padding, data_format, dilations)
    return apply_op("Conv2D", input, filter, use_cudnn_on_gpu=use_cudnn_on_gpu, name=name, **attrs)


def conv2d_backprop_input(
    input_sizes: Any,
    filter: Any = None,
    out_backprop: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = [1, 1, 1, 1],  # noqa: B006
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Computes the gradient of `conv2d` with respect to its input.

    Args:
      input_sizes: Shape of the input of the convolution: list or int32 tensor of 4.
      filter: As in `conv2d`, like the rest.
      out_backprop: Gradient with respect to the result of the convolution.
      strides: Distance of the windows.
      padding: "SAME", "VALID" or pairs.
      use_cudnn_on_gpu: Recorded; has no effect.
      data_format: "NHWC" or "NCHW".
      dilations: Distance of the taps.
      name: Node name; defaults to "Conv2DBackpropInput".
      filters: The later name of `filter`.

    Returns:
      Tensor of shape `input_sizes`.

    >>> g = tf.nn.conv2d_backprop_input([1, 4, 4, 2], tf.zeros([3, 3, 2, 5]), tf.zeros([1, 4, 4, 5]), 1, "SAME")
    >>> g.shape.as_list()
    [1, 4, 4, 2]
    """
    filter = renamed_argument("filter", filter, "filters", filters)
    attrs = _attrs_2d(strides, padding, data_format, dilations)
    return apply_op(
        "Conv2DBackpropInput",
        input_sizes,
        filter,
        out_backprop,
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        name=name,
        **attrs,
    )


def conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = [1, 1, 1, 1],  # noqa: B006
    name: str | None = None,
) -> Tensor:
    """Computes the gradient of `conv2d` with respect to its filter.

    Args:
      input: As in `conv2d`, like the rest.
      filter_sizes: Shape of the filter: list or int32 tensor of 4.
      out_backprop: Gradient with respect to the result of the convolution.
      strides: Distance of the windows.
      padding: "SAME", "VALID" or pairs.
      use_cudnn_on_gpu: Recorded; has no effect.
      data_format: "NHWC" or "NCHW".
      dilations: Distance of the taps.
      name: Node name; defaults to "Conv2DBackpropFilter".

    Returns:
      Tensor of shape `filter_sizes`.

    >>> g = tf.nn.conv2d_backprop_filter(tf.zeros([1, 4, 4, 2]), [3, 3, 2, 5], tf.zeros([1, 4, 4, 5]), 1, "SAME")
    >>> g.shape.as_list()
    [3, 3, 2, 5]
    """
    attrs = _attrs_2d(strides, padding, data_format, dilations)
    return apply_op(
        "Conv2DBackpropFilter",
        input,
        filter_sizes,
        out_backprop,
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        name=name,
        **attrs,
    )


def conv2d_transpose(
    value: Any = None,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Computes the transposed convolution ("deconvolution"): the gradient of `conv2d` for its input.

    Args:
      value: Floating tensor `[batch, height, width, in_channels]`, or with channels first for NCHW.
      filter: Tensor `[filter_height, filter_width, out_channels, in_channels]`, same dtype.
      output_shape: Shape of the result: list or int32 tensor of 4. `conv2d` of that shape must give that of `value`.
      strides: How many times larger the result is: an integer, or a list of 1, 2 or 4.
      padding: "SAME", "VALID" or pairs.
      data_format: "NHWC" or "NCHW".
      name: Node name; defaults to "conv2d_transpose".
      input: The later name of `value`.
      filters: The later name of `filter`.
      dilations: Distance of the taps.

    Returns:
      Tensor of shape `output_shape`.

    Raises:
      ValueError: shapes that do not fit.

    >>> x = tf.zeros([2, 7, 7, 64])
    >>> tf.nn.conv2d_transpose(x, tf.zeros([5, 5, 32, 64]), [2, 14, 14, 32], [1, 2, 2, 1]).shape.as_list()
    [2, 14, 14, 32]
    """
    value = renamed_argument("input", input, "value", value)
    filter = renamed_argument("filters", filters, "filter", filter)
    with stacks.get_default_graph().name_scope(name or "conv2d_transpose") as scope:
        attrs = _attrs_2d(strides, padding, data_format, dilations)
        return apply_op("Conv2DBackpropInput", output_shape, filter, value, name=scope, **attrs)


def _attrs_3d(strides: Any, padding: Any, data_format: str | None, dilations: Any) -> dict[str, Any]:
    data_format = "NDHWC" if data_format is None else data_format
    first = data_format == "NCDHW"
    return {
        "strides": per_dimension(strides, 3, first, "strides"),
        "padding": padding,
        "data_format": data_format,
        "dilations": per_dimension(dilations, 3, first, "dilations"),
    }


def conv3d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str = "NDHWC",
    dilations: Any = [1, 1, 1, 1, 1],  # noqa: B006
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Computes a three-dimensional convolution.

    Args:
      input: Floating tensor `[batch, depth, height, width, in_channels]`, or with channels first for NCDHW.
      filter: Tensor `[filter_depth, filter_height, filter_width, in_channels / groups, out_channels]`.
      strides: Distance of the windows: 5 integers in the order of `data_format`.
      padding: "SAME" or "VALID".
      data_format: "NDHWC" or "NCDHW".
      dilations: Distance of the taps, written as `strides` are.
      name: Node name; defaults to "Conv3D".
      filters: The later name of `filter`.

    Returns:
      Tensor `[batch, out_depth, out_height, out_width, out_channels]`, in `data_format`.

    Raises:
      ValueError: shapes, strides or padding that do not fit.

    >>> x = tf.zeros([1, 4, 8, 8, 3])
    >>> tf.nn.conv3d(x, tf.zeros([3, 3, 3, 3, 6]), [1, 1, 2, 2, 1], "SAME").shape.as_list()
    [1, 4, 4, 4, 6]
    """
    filter = renamed_argument("filter", filter, "filters", filters)
    attrs = _attrs_3d(strides, padding, data_format, dilations)
    return apply_op("Conv3D", input, filter, name=name, **attrs)


def conv3d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NDHWC",
    dilations: Any = [1, 1, 1, 1, 1],  # noqa: B006
    name: str | None = None,
) -> Tensor:
    """Computes the gradient of `conv3d` with respect to its filter.

    Args:
      input: As in `conv3d`, like the rest.
      filter_sizes: Shape of the filter: list or int32 tensor of 5.
      out_backprop: Gradient with respect to the result of the convolution.
      strides: Distance of the windows: 5 integers.
      padding: "SAME" or "VALID".
      data_format: "NDHWC" or "NCDHW".
      dilations: Distance of the taps.
      name: Node name; defaults to "Conv3DBackpropFilterV2".

    Returns:
      Tensor of shape `filter_sizes`.

    >>> x, dy = tf.zeros([1, 4, 4, 4, 2]), tf.zeros([1, 4, 4, 4, 5])
    >>> tf.nn.conv3d_backprop_filter(x, [3, 3, 3, 2, 5], dy, [1] * 5, "SAME").shape.as_list()
    [3, 3, 3, 2, 5]
    """
    attrs = _attrs_3d(strides, padding, data_format, dilations)
    return apply_op("Conv3DBackpropFilterV2", input, filter_sizes, out_backprop, name=name, **attrs)


conv3d_backprop_filter_v2 = conv3d_backprop_filter


def conv3d_transpose(
    value: Any,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str = "NDHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Computes the transposed three-dimensional convolution: the gradient of `conv3d` for its input.

    Args:
      value: Floating tensor `[batch, depth, height, width, in_channels]`, or with channels first for NCDHW.
      filter: Tensor `[filter_depth, filter_height, filter_width, out_channels, in_channels]`.
      output_shape: Shape of the result: list or integer tensor of 5.
      strides: How many times larger the result is: an integer, or a list of 1, 3 or 5.
      padding: "SAME" or "VALID".
      data_format: "NDHWC" or "NCDHW".
      name: Node name; defaults to "conv3d_transpose".
      input: The later name of `value`.
      filters: The later name of `filter`.
      dilations: Distance of the taps.

    Returns:
      Tensor of shape `output_shape`.

    >>> x = tf.zeros([1, 2, 4, 4, 6])
    >>> tf.nn.conv3d_transpose(x, tf.zeros([3, 3, 3, 2, 6]), [1, 4, 8, 8, 2], 2).shape.as_list()
    [1, 4, 8, 8, 2]
    """
    filter = renamed_argument("filters", filters, "filter", filter)
    value = renamed_argument("input", input, "value", value)
    with stacks.get_default_graph().name_scope(name or "conv3d_transpose") as scope:
        attrs = _attrs_3d(strides, padding, data_format, dilations)
        return apply_op("Conv3DBackpropInputV2", output_shape, filter, value, name=scope, **attrs)
