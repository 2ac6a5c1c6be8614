"""Convolutions and products that are one node with what stands before or behind them.

_FusedConv2D, _FusedMatMul                  Conv2D, MatMul with BiasAdd or FusedBatchNorm and an activation, as
                                            TensorFlow's optimizer of graphs writes them
FusedPadConv2D, FusedResizeAndPadConv2D     MirrorPad and ResizeBilinear before Conv2D, by the tool transform_graph
BatchNormWithGlobalNormalization            batch normalization before FusedBatchNorm, and the node of its gradient
Conv3DBackpropInput, Conv3DBackpropFilter   the forms that take an array of which only the shape counts
TileGrad                                    the sum over the copies that Tile made
MaxPoolV2                                   MaxPool whose window is an input
"""

from __future__ import annotations

from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.errors import UnimplementedError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.former import forms
from scopedjax._src.ops.registry import NO_GRADIENT, declare, defop, lookup
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like

_FLOATS: Final = {"T": (dtypes.float16, dtypes.float32, dtypes.float64)}
_ACTIVATIONS: Final = {"Relu", "Relu6", "Elu", "LeakyRelu"}
_ATTRS: Final = "strides: list(int), padding: string, data_format: string = 'NHWC', dilations: list(int) = [1, 1, 1, 1]"


def _finished(ctx: Any, value: Any, args: list[Any], attrs: dict[str, Any]) -> Any:
    """Applies what was fused behind a product, in order."""
    given = list(args)
    for kind in attrs["fused_ops"]:
        name = kind.decode() if isinstance(kind, bytes) else kind
        if name == "BiasAdd":
            value = forms.of("BiasAdd", ctx, [value, given.pop(0)], data_format=attrs.get("data_format", "NHWC"))
        elif name == "FusedBatchNorm":
            scale, offset, mean, variance = (given.pop(0) for _ in range(4))
            factor = scale * (1 / jnp.sqrt(jnp.asarray(variance) + np.asarray(attrs["epsilon"], value.dtype)))
            form = (-1, 1, 1) if attrs.get("data_format") == "NCHW" else (-1,)
            value = value * factor.reshape(form) + jnp.asarray(offset - mean * factor).reshape(form)
        elif name in _ACTIVATIONS:
            more = {"alpha": attrs["leakyrelu_alpha"]} if name == "LeakyRelu" else {}
            value = forms.of(name, ctx, [value], **more)
        else:
            raise UnimplementedError(
                None, ctx.op, f"'{name}' fused into a node of type {ctx.op.type} is not known here"
            )
    return value


def _like_conv(c: ShapeContext) -> list[Dims]:
    record = lookup("Conv2D")
    assert record is not None and record.shape is not None
    return list(record.shape(ShapeContext(c.record, c.name, c.inputs[:2], c.attrs)))


@defop(
    f"_FusedConv2D(input: T, filter: T, args: num_args * T; {_ATTRS}, explicit_paddings: list(int) = [], "
    "use_cudnn_on_gpu: bool = True, fused_ops: list(string) = [], epsilon: float = 0.0001, "
    "leakyrelu_alpha: float = 0.2) -> output: T",
    shape=_like_conv,
    types=_FLOATS,
    gradient=NO_GRADIENT,
)
def _fused_conv(ctx: Any, input: Any, filter: Any, args: list[Any]) -> Any:
    attrs = ctx.op.attrs
    names = ("strides", "padding", "data_format", "dilations", "explicit_paddings")
    value = forms.of("Conv2D", ctx, [input, filter], **{name: attrs[name] for name in names})
    return _finished(ctx, value, args, attrs)


def _like_product(c: ShapeContext) -> list[Dims]:
    a, b = c.require_rank(0, 2), c.require_rank(1, 2)
    return [(a[1] if c.attr("transpose_a") else a[0], b[0] if c.attr("transpose_b") else b[1])]


@defop(
    "_FusedMatMul(a: T, b: T, args: num_args * T; transpose_a: bool = False, transpose_b: bool = False, "
    "fused_ops: list(string) = [], epsilon: float = 0.0001, leakyrelu_alpha: float = 0.2) -> product: T",
    shape=_like_product,
    types=_FLOATS,
    gradient=NO_GRADIENT,
)
def _fused_product(ctx: Any, a: Any, b: Any, args: list[Any], *, transpose_a: bool, transpose_b: bool) -> Any:
    value = forms.of("MatMul", ctx, [a, b], transpose_a=transpose_a, transpose_b=transpose_b)
    return _finished(ctx, value, args, ctx.op.attrs)


@defop(
    "FusedPadConv2D(input: T, paddings: int32, filter: T; mode: string, strides: list(int), padding: string) "
    "-> output: T",
    static=("paddings",),
    types=_FLOATS,
    gradient=NO_GRADIENT,
)
def _padded_conv(ctx: Any, input: Any, paddings: Any, filter: Any, *, mode: str, strides: Any, padding: str) -> Any:
    padded = forms.of("MirrorPad", ctx, [input, paddings], mode=mode)
    return forms.of("Conv2D", ctx, [padded, filter], strides=strides, padding=padding)


@defop(
    "FusedResizeAndPadConv2D(input: T, size: int32, paddings: int32, filter: T; resize_align_corners: bool = False, "
    "mode: string, strides: list(int), padding: string) -> output: T",
    static=("size", "paddings"),
    types=_FLOATS,
    gradient=NO_GRADIENT,
)
def _resized_conv(
    ctx: Any, input: Any, size: Any, paddings: Any, filter: Any,
    *, resize_align_corners: bool, mode: str, strides: Any, padding: str,
) -> Any:  # fmt: skip
    resized = forms.of("ResizeBilinear", ctx, [input, size], align_corners=resize_align_corners)
    padded = forms.of("MirrorPad", ctx, [resized.astype(input.dtype), paddings], mode=mode)
    return forms.of("Conv2D", ctx, [padded, filter], strides=strides, padding=padding)


# ------------------------------------------------------------------------------------------------ normalization


@defop(
    "BatchNormWithGlobalNormalization(t: T, m: T, v: T, beta: T, gamma: T; variance_epsilon: float, "
    "scale_after_normalization: bool) -> result: T",
    shape=like(0),
    types={"T": dtypes.FLOATING},
)
def _normalized(
    t: Any, m: Any, v: Any, beta: Any, gamma: Any, *, variance_epsilon: float, scale_after_normalization: bool
) -> Any:
    t = jnp.asarray(t)
    factor = 1 / jnp.sqrt(jnp.asarray(v) + np.asarray(variance_epsilon, t.dtype))
    if scale_after_normalization:
        factor = factor * gamma
    return (t - m) * factor + beta


@defop(
    "BatchNormWithGlobalNormalizationGrad(t: T, m: T, v: T, gamma: T, backprop: T; variance_epsilon: float, "
    "scale_after_normalization: bool) -> dx: T, dm: T, dv: T, db: T, dg: T",
    shape=lambda c: [c.dims(0), c.dims(1), c.dims(1), c.dims(1), c.dims(1)],
    types={"T": dtypes.FLOATING},
    gradient=NO_GRADIENT,
)
def _normalized_grad(
    t: Any, m: Any, v: Any, gamma: Any, backprop: Any, *, variance_epsilon: float, scale_after_normalization: bool
) -> Any:
    t, g = jnp.asarray(t), jnp.asarray(backprop)
    inverse = 1 / jnp.sqrt(jnp.asarray(v) + np.asarray(variance_epsilon, t.dtype))
    factor = inverse * gamma if scale_after_normalization else inverse
    axes = (0, 1, 2)
    centered = jnp.sum(g * (t - m), axes)
    offset = jnp.sum(g, axes)
    dv = centered * -0.5 * inverse**3 * (gamma if scale_after_normalization else 1)
    scale = centered * inverse if scale_after_normalization else jnp.zeros_like(inverse)
    return g * factor, -offset * factor, dv, offset, scale


# ----------------------------------------------------------------------------------------------------- convolutions

_3D: Final = "strides: list(int), padding: string, dilations: list(int) = [1, 1, 1, 1, 1]"


@defop(f"Conv3DBackpropInput(input: T, filter: T, out_backprop: T; {_3D}) -> output: T", shape=like(0), types=_FLOATS)
def _conv3d_input(
    ctx: Any, input: Any, filter: Any, out_backprop: Any, *, strides: Any, padding: str, dilations: Any
) -> Any:
    values = [np.asarray(input.shape, np.int32), filter, out_backprop]
    attrs = {"strides": strides, "padding": padding, "dilations": dilations, "data_format": "NDHWC"}
    return forms.of("Conv3DBackpropInputV2", ctx, values, **attrs)


@defop(f"Conv3DBackpropFilter(input: T, filter: T, out_backprop: T; {_3D}) -> output: T", shape=like(1), types=_FLOATS)
def _conv3d_filter(
    ctx: Any, input: Any, filter: Any, out_backprop: Any, *, strides: Any, padding: str, dilations: Any
) -> Any:
    values = [input, np.asarray(filter.shape, np.int32), out_backprop]
    attrs = {"strides": strides, "padding": padding, "dilations": dilations, "data_format": "NDHWC"}
    return forms.of("Conv3DBackpropFilterV2", ctx, values, **attrs)


def _tile_dims(c: ShapeContext) -> list[Dims]:
    dims, counts = c.dims(0), c.const(1)
    if dims is None or counts is None:
        return [None if dims is None else (None,) * len(dims)]
    return [tuple(None if d is None else d // max(int(n), 1) for d, n in zip(dims, counts, strict=True))]


@defop("TileGrad(input: T, multiples: int32) -> output: T", shape=_tile_dims, static=("multiples",))
def _tile_grad(input: Any, multiples: Any) -> Any:
    sizes = [part for d, n in zip(input.shape, multiples, strict=True) for part in (int(n), d // int(n))]
    return jnp.sum(jnp.asarray(input).reshape(sizes), tuple(range(0, len(sizes), 2)))


def _pooled_dims(c: ShapeContext) -> list[Dims]:
    window, strides = c.const(1), c.const(2)
    record = lookup("MaxPool")
    assert record is not None and record.shape is not None
    if window is None or strides is None:
        return [(None,) * 4]
    sizes = {"ksize": tuple(map(int, window)), "strides": tuple(map(int, strides)), "explicit_paddings": ()}
    return list(record.shape(ShapeContext(c.record, c.name, c.inputs[:1], {**c.attrs, **sizes})))


def _pooled(ctx: Any, input: Any, ksize: Any, strides: Any, *, padding: str, data_format: str) -> Any:
    sizes = {"ksize": tuple(map(int, ksize)), "strides": tuple(map(int, strides))}
    return forms.of("MaxPool", ctx, [input], padding=padding, data_format=data_format, **sizes)


declare(
    "MaxPoolV2(input: T, ksize: int32, strides: int32; padding: string, data_format: string = 'NHWC', "
    "T: type = float32) -> output: T",
    _pooled,
    shape=_pooled_dims,
    static=("ksize", "strides"),
)
