"""Convolutions composed of several nodes: dilated ones by `SpaceToBatchND`, and those of one spatial dimension.

    convolution(x, w, "SAME", dilation_rate=[2, 2])
      SpaceToBatchND: every second pixel goes to an image of its own  ->  Conv2D  ->  BatchToSpaceND

TF1 records dilation so, and graphs that it wrote have these nodes. They need sizes that are known while the graph is
recorded; TF1 computes them in the graph where they are not. Here a convolution whose own attribute `dilations` says the
same takes their place then: the same numbers, fewer nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import expand_dims, renamed_argument, squeeze
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.nn.arguments import op_padding, per_dimension
from scopedjax._src.ops.nn.convolutions import conv2d, conv2d_transpose, conv3d, conv3d_transpose

Convolve = Callable[..., Tensor]


def with_space_to_batch(
    input: Tensor,
    rate: Any,
    padding: Any,
    convolve: Convolve,
    filter_shape: Tensor | Sequence[int | None] | None,
    data_format: str | None,
    taps: Dims,
) -> Tensor:
    """Applies a windowed op with its taps `rate` apart.

    Args:
      input: Tensor of rank N + 2.
      rate: N integers.
      padding: "SAME", "VALID" or pairs.
      convolve: `f(input, padding, dilations=None)`; dilations are one for each dimension.
      filter_shape: Static shape of the filter, recorded for SAME when it is not a tensor already; None for a pooling.
      data_format: Where the channels are; None for last.
      taps: Static shape of the filter.

    Returns:
      What `convolve` makes of a dilated window.
    """
    rates = [int(r) for r in np.asarray(rate).reshape(-1)]
    if min(rates) < 1:
        raise ValueError(f"`dilation_rate` must be positive. Received: dilation_rate={rates}")
    constant(np.asarray(rates, np.int32), dtype=dtypes.int32, name="dilation_rate")
    if max(rates) == 1:
        return convolve(input, padding)
    first = data_format is not None and data_format.startswith("NC")
    start = 2 if first else 1
    dims = input.dims
    sizes = [None] * len(rates) if dims is None else list(dims[start : start + len(rates)])
    if None in sizes or isinstance(padding, (list, tuple)) or taps is None or None in taps[: len(rates)]:
        return convolve(input, padding, per_dimension(rates, len(rates), first, "dilations"))
    before = _base_paddings(padding, rates, taps, filter_shape)
    pads, crops = _fitted(before, [int(n) for n in sizes if n is not None], rates, padding == "VALID")
    blocks, pads, crops = _for_leading_dims(rates, pads, crops, start)
    moved = apply_op("SpaceToBatchND", input, blocks, pads)
    result = convolve(moved, "VALID")
    return apply_op("BatchToSpaceND", result, blocks, crops)


def _base_paddings(
    padding: str, rates: Sequence[int], taps: Sequence[int | None], filter_shape: Any
) -> list[tuple[int, int]]:
    """What SAME puts before and behind each axis; recorded as TF1 records it."""
    if padding == "VALID":
        return [(0, 0)] * len(rates)
    if padding != "SAME":
        raise ValueError(f"Invalid padding method {padding!r}")
    if not isinstance(filter_shape, Tensor):
        constant(np.asarray(filter_shape, np.int32), name="filter_shape")
    extra = [(int(tap or 1) - 1) * rate for tap, rate in zip(taps, rates, strict=False)]
    pads = [(e // 2, e - e // 2) for e in extra]
    constant(np.asarray(pads, np.int32), name="stack")
    return pads


def _fitted(
    base: Sequence[tuple[int, int]], sizes: Sequence[int], rates: Sequence[int], valid: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Paddings that make the sizes divisible by the rates, and the crops that undo the surplus."""
    with stacks.get_default_graph().name_scope("required_space_to_batch_paddings"):
        constant(np.asarray(sizes, np.int32), name="input_shape")
        if valid:
            constant(np.asarray(base, np.int32), name="base_paddings")
        surplus = [-(n + low + high) % r for n, (low, high), r in zip(sizes, base, rates, strict=True)]
        pads = np.asarray([(low, high + s) for (low, high), s in zip(base, surplus, strict=True)], np.int32)
        crops = np.asarray([(0, s) for s in surplus], np.int32)
        constant(pads, name="paddings")
        constant(crops, name="crops")
    return pads, crops


def _for_leading_dims(
    rates: Sequence[int], pads: np.ndarray, crops: np.ndarray, start: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Blocks, paddings and crops from dimension 1 on, so that channels before the spatial dimensions are passed by."""
    none = np.zeros((start - 1, 2), np.int32)
    blocks = np.asarray([1] * (start - 1) + list(rates), np.int32)
    return blocks, np.concatenate([none, pads]), np.concatenate([none, crops])


# ---------------------------------------------------------------------------------------------- public functions


def convolution(
    input: Any,
    filter: Any,
    padding: Any,
    strides: Any = None,
    dilation_rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Computes a convolution in one, two or three dimensions, strided or dilated.

    Args:
      input: Floating tensor of rank N + 2, channels last, or first when `data_format` begins with "NC".
      filter: Tensor `[taps..., in_channels, out_channels]` of rank N + 2.
      padding: "SAME", "VALID", or pairs.
      strides: N integers; ones by default.
      dilation_rate: N integers; ones by default. Strides must be ones where these are not.
      name: Node name; defaults to "convolution".
      data_format: "NWC", "NHWC", "NDHWC" (default by N), or "NCW", "NCHW", "NCDHW".
      filters: The later name of `filter`.
      dilations: Another name of `dilation_rate`.

    Returns:
      Tensor of the rank of `input`.

    Raises:
      ValueError: shapes that do not fit; strides together with dilation.

    >>> x = tf.zeros([1, 9, 9, 3])
    >>> tf.nn.convolution(x, tf.zeros([3, 3, 3, 8]), "VALID", dilation_rate=[2, 2]).shape.as_list()
    [1, 5, 5, 8]
    """
    filter = renamed_argument("filter", filter, "filters", filters)
    rate = renamed_argument("dilation_rate", dilation_rate, "dilations", dilations)
    with stacks.get_default_graph().name_scope(name or "convolution") as scope:
        input = convert_to_tensor(input, name="input")
        filter = convert_to_tensor(filter, dtype=input.dtype, name="filter")
        count = _spatial_rank(input, filter)
        steps, rates = _steps_and_rates(strides, rate, count)
        convolve = _plain_convolution(filter, steps, count, data_format, scope)
        if max(rates) == 1:
            return convolve(input, padding)
        taps = filter.dims
        known = None if taps is None else list(taps[:count])
        return with_space_to_batch(input, rates, padding, convolve, known, data_format, taps)


def _spatial_rank(input: Tensor, filter: Tensor) -> int:
    count = filter.ndim - 2 if filter.ndim is not None else None if input.ndim is None else input.ndim - 2
    if count not in (1, 2, 3):
        raise ValueError(
            f"`num_spatial_dims` must be 1, 2, or 3. Received: num_spatial_dims={count} (input {input.shape}, "
            f"filter {filter.shape})."
        )
    return count


def _steps_and_rates(strides: Any, rate: Any, count: int) -> tuple[list[int], list[int]]:
    """Strides and dilation rates as `count` integers each.

    Raises:
      ValueError: both are more than one, or not that many.
    """
    found: list[list[int]] = []
    for label, value in (("strides", strides), ("dilation_rate", rate)):
        values = [1] * count if value is None else [int(v) for v in np.asarray(value).reshape(-1)]
        values = values * count if len(values) == 1 else values
        if len(values) != count:
            raise ValueError(f"`len({label})` should be {count}. Received: {label}={value} of length {len(values)}")
        if min(values) < 1:
            raise ValueError(f"all values of `{label}` must be positive. Received: {label}={value}")
        found.append(values)
    steps, rates = found
    if max(steps) > 1 and max(rates) > 1:
        raise ValueError(
            "`strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: "
            f"strides={np.asarray(steps)} and dilation_rate={np.asarray(rates)}"
        )
    return steps, rates


def _plain_convolution(filter: Tensor, strides: list[int], count: int, data_format: str | None, name: str) -> Convolve:
    """The convolution of `count` spatial dimensions as a function of input, padding and dilations."""

    def convolve(input: Tensor, padding: Any, dilations: Any = None) -> Tensor:
        if count == 1:
            return conv1d(input, filter, strides, padding, data_format=data_format, dilations=dilations, name=name)
        if count == 2:
            return conv2d(input, filter, strides, padding, True, data_format or "NHWC", dilations, name)
        return conv3d(input, filter, strides, padding, data_format or "NDHWC", dilations, name)

    return convolve


def atrous_conv2d(value: Any, filters: Any, rate: int, padding: Any, name: str | None = None) -> Tensor:
    """Computes a two-dimensional convolution whose taps are `rate` apart ("with holes").

    Args:
      value: Floating tensor `[batch, height, width, in_channels]`.
      filters: Tensor `[filter_height, filter_width, in_channels, out_channels]`.
      rate: Distance of the taps, at least 1.
      padding: "SAME" or "VALID".
      name: Node name; defaults to "convolution".

    Returns:
      Tensor `[batch, out_height, out_width, out_channels]`.

    Raises:
      ValueError: shapes that do not fit.

    >>> tf.nn.atrous_conv2d(tf.zeros([1, 9, 9, 3]), tf.zeros([3, 3, 3, 8]), 2, "SAME").shape.as_list()
    [1, 9, 9, 8]
    """
    return convolution(value, filters, padding, dilation_rate=np.broadcast_to(rate, (2,)), name=name)


def atrous_conv2d_transpose(
    value: Any, filters: Any, output_shape: Any, rate: int, padding: Any, name: str | None = None
) -> Tensor:
    """Computes the transpose of `atrous_conv2d`: its gradient for the input.

    Args:
      value: Floating tensor `[batch, height, width, in_channels]`.
      filters: Tensor `[filter_height, filter_width, out_channels, in_channels]`.
      output_shape: Shape of the result: list or int32 tensor of 4.
      rate: Distance of the taps, at least 1.
      padding: "SAME" or "VALID".
      name: Node name; defaults to "atrous_conv2d_transpose".

    Returns:
      Tensor of shape `output_shape`.

    Raises:
      ValueError: shapes that do not fit.

    >>> w = tf.zeros([3, 3, 8, 3])
    >>> tf.nn.atrous_conv2d_transpose(tf.zeros([1, 9, 9, 3]), w, [1, 9, 9, 8], 2, "SAME").shape.as_list()
    [1, 9, 9, 8]
    """
    if rate < 1:
        raise ValueError(f"`rate` cannot be less than one. Received: rate={rate}")
    with stacks.get_default_graph().name_scope(name or "atrous_conv2d_transpose"):
        value = convert_to_tensor(value, name="value")
        filters = convert_to_tensor(filters, name="filters")
        return conv2d_transpose(
            value, filters, output_shape, 1, padding, "NHWC", "Conv2DBackpropInput", dilations=[1, rate, rate, 1]
        )


def conv1d(
    value: Any = None,
    filters: Any = None,
    stride: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool | None = None,
    data_format: str | None = None,
    name: str | None = None,
    input: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Computes a one-dimensional convolution, as a two-dimensional one of height 1.

    Args:
      value: Floating tensor `[batch, width, in_channels]`, or `[batch, in_channels, width]` for NCW.
      filters: Tensor `[taps, in_channels, out_channels]`, same dtype.
      stride: Distance of the windows: an integer, or a list of 1 or 3.
      padding: "SAME", "VALID", or pairs.
      use_cudnn_on_gpu: Recorded; has no effect.
      data_format: "NWC" (default) or "NCW".
      name: Node name; defaults to "conv1d".
      input: The later name of `value`.
      dilations: Distance of the taps: an integer, or a list of 1 or 3.

    Returns:
      Tensor `[batch, out_width, out_channels]`, in `data_format`.

    Raises:
      ValueError: shapes, stride or padding that do not fit.

    >>> tf.nn.conv1d(tf.zeros([2, 10, 3]), tf.zeros([3, 3, 8]), 2, "SAME").shape.as_list()
    [2, 5, 8]
    """
    value = renamed_argument("input", input, "value", value)
    with stacks.get_default_graph().name_scope(name or "conv1d") as scope:
        op_format, at = _one_dimensional(data_format)
        strides = _with_height(per_dimension(stride, 1, at == 2, "stride"), at, 1)
        taps = _with_height(per_dimension(dilations, 1, at == 2, "dilations"), at, 1)
        images = expand_dims(value, at)
        result = conv2d(
            images,
            expand_dims(filters, 0),
            strides,
            _with_height(padding, at, [0, 0]) if isinstance(padding, (list, tuple)) else padding,
            use_cudnn_on_gpu is not False,
            op_format,
            taps,
            scope,
        )
        return squeeze(result, [at])


def _one_dimensional(data_format: str | None) -> tuple[str, int]:
    """The format of the two-dimensional op, and where the height goes."""
    if data_format in (None, "NHWC", "NWC"):
        return "NHWC", 1
    if data_format in ("NCHW", "NCW"):
        return "NCHW", 2
    raise ValueError(f"`data_format` must be 'NWC' or 'NCW'. Received: data_format={data_format}")


def _with_height(values: Any, at: int, one: Any) -> list[Any]:
    return [*values[:at], one, *values[at:]]


def conv1d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Computes the transpose of `conv1d`: its gradient for the input.

    Args:
      input: Floating tensor `[batch, width, in_channels]`, or `[batch, in_channels, width]` for NCW.
      filters: Tensor `[taps, out_channels, in_channels]`.
      output_shape: Shape of the result: list or int32 tensor of 3.
      strides: How many times wider the result is: an integer, or a list of 1 or 3.
      padding: "SAME" or "VALID".
      data_format: "NWC" or "NCW".
      dilations: Distance of the taps.
      name: Node name; defaults to "conv1d_transpose".

    Returns:
      Tensor of shape `output_shape`.

    >>> tf.nn.conv1d_transpose(tf.zeros([2, 5, 8]), tf.zeros([3, 4, 8]), [2, 10, 4], 2).shape.as_list()
    [2, 10, 4]
    """
    with stacks.get_default_graph().name_scope(name or "conv1d_transpose") as scope:
        op_format, at = _one_dimensional(data_format)
        steps = _with_height(per_dimension(strides, 1, at == 2, "strides"), at, 1)
        taps = _with_height(per_dimension(dilations, 1, at == 2, "dilations"), at, 1)
        images = expand_dims(input, at)
        filters = expand_dims(filters, 0)
        sizes = list(output_shape) if isinstance(output_shape, (list, tuple)) else output_shape
        shape = concat([sizes[:at], [1], sizes[at:]], 0)
        kind, explicit = op_padding(padding)
        result = apply_op(
            "Conv2DBackpropInput",
            shape,
            filters,
            images,
            strides=steps,
            padding=kind,
            explicit_paddings=explicit,
            data_format=op_format,
            dilations=taps,
            name=scope,
        )
        return squeeze(result, [at])


def conv_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Computes the transpose of a convolution of one, two or three dimensions, as `output_shape` tells.

    Args:
      input: Floating tensor `[batch, ..., in_channels]`, or in `data_format`.
      filters: Tensor `[..., out_channels, in_channels]`.
      output_shape: Shape of the result, of known length 3, 4 or 5.
      strides: How many times larger the result is: an integer or a list.
      padding: "SAME" or "VALID".
      data_format: Where the channels are; last by default.
      dilations: Distance of the taps.
      name: Node name; defaults to "conv_transpose".

    Returns:
      Tensor of shape `output_shape`.

    Raises:
      ValueError: `output_shape` has another length, or an unknown one.

    >>> tf.nn.conv_transpose(tf.zeros([2, 5, 8]), tf.zeros([3, 4, 8]), [2, 10, 4], 2).shape.as_list()
    [2, 10, 4]
    """
    with stacks.get_default_graph().name_scope(name or "conv_transpose") as scope:
        if isinstance(output_shape, Tensor):
            count = None if output_shape.dims is None else output_shape.dims[0]
        else:
            count = len(output_shape)
        if count is None:
            raise ValueError("`output_shape` must be a tensor or sized collection.")
        if count == 3:
            return conv1d_transpose(
                input, filters, output_shape, strides, padding, data_format or "NWC", dilations, scope
            )
        if count == 4:
            return conv2d_transpose(
                input, filters, output_shape, strides, padding, data_format or "NHWC", scope, dilations=dilations
            )
        if count == 5:
            return conv3d_transpose(
                input, filters, output_shape, strides, padding, data_format or "NDHWC", scope, dilations=dilations
            )
        raise ValueError(
            f"`output_shape` must be of length 3, 4 or 5. Received: output_shape={output_shape} of length {count}."
        )
