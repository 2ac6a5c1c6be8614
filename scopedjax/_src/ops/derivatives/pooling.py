"""MaxPoolGrad, AvgPoolGrad and their kin of three dimensions, of two derivatives, and with places of the largest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.derivatives.pullback import pulled_back
from scopedjax._src.ops.nn.arguments import kernel_padding
from scopedjax._src.ops.registry import LoweringContext, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like, shape_from_input

_POOLED: Final = tuple(t for t in dtypes.REAL if t not in (dtypes.uint32, dtypes.uint64))
_HALF: Final = (dtypes.float16, dtypes.bfloat16, dtypes.float32)
_WINDOW: Final = "ksize: list(int), strides: list(int), padding: string"
_2D, _3D = "data_format: string = 'NHWC'", "data_format: string = 'NDHWC'"


def _integers(value: Any) -> tuple[int, ...]:
    return tuple(int(v) for v in np.asarray(value).ravel())


# ------------------------------------------------------------------------------------------------------ the largest


def _max_grad(ctx: LoweringContext, op_type: str, orig_input: Any, grad: Any, **window: Any) -> Any:
    x = jnp.asarray(orig_input)
    if jnp.issubdtype(x.dtype, jnp.floating):
        return pulled_back(ctx, op_type, [x], [0], [grad], **window)[0]
    # JAX differentiates floating arrays only; TensorFlow hands back integers too.
    found = pulled_back(ctx, op_type, [x.astype(jnp.float64)], [0], [grad], **window)[0]
    return found.astype(x.dtype)


@defop(
    f"MaxPoolGrad(orig_input: T, orig_output: T, grad: T; {_WINDOW}, explicit_paddings: list(int) = [], {_2D}, "
    "T: type = float32) -> output: T",
    shape=like(0),
    types={"T": _POOLED},
)
def _max_pool_grad(
    ctx: LoweringContext,
    orig_input: Any,
    orig_output: Any,
    grad: Any,
    *,
    ksize: Any,
    strides: Any,
    padding: str,
    explicit_paddings: Any,
    data_format: str,
) -> Any:
    window = {"ksize": ksize, "strides": strides, "padding": padding, "data_format": data_format}
    return _max_grad(ctx, "MaxPool", orig_input, grad, explicit_paddings=explicit_paddings, **window)


@defop(
    f"MaxPoolGradV2(orig_input: T, orig_output: T, grad: T, ksize: int32, strides: int32; padding: string, {_2D}, "
    "T: type = float32) -> output: T",
    shape=like(0),
    static=("ksize", "strides"),
    types={"T": _POOLED},
)
def _max_pool_grad_v2(
    ctx: LoweringContext,
    orig_input: Any,
    orig_output: Any,
    grad: Any,
    ksize: Any,
    strides: Any,
    *,
    padding: str,
    data_format: str,
) -> Any:
    window = {"ksize": _integers(ksize), "strides": _integers(strides), "padding": padding, "data_format": data_format}
    return _max_grad(ctx, "MaxPool", orig_input, grad, **window)


@defop(
    f"MaxPool3DGrad(orig_input: TInput, orig_output: TInput, grad: T; {_WINDOW}, {_3D}, T: type = float32, "
    "TInput: type = float32) -> output: T",
    shape=like(0),
    types={"T": _HALF, "TInput": _HALF},
)
def _max_pool3d_grad(
    ctx: LoweringContext,
    orig_input: Any,
    orig_output: Any,
    grad: Any,
    *,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str,
) -> Any:
    window = {"ksize": ksize, "strides": strides, "padding": padding, "data_format": data_format}
    return _max_grad(ctx, "MaxPool3D", orig_input, grad, **window).astype(jnp.asarray(grad).dtype)


# -------------------------------------------------------------------------------------- derivatives of derivatives


def _max_grad_grad(ctx: LoweringContext, x: Any, grad: Any, **window: Any) -> Any:
    """MaxPoolGrad is linear in what it hands back: the transpose picks from each window."""
    x, grad = jnp.asarray(x), jnp.asarray(grad)
    template = jax.eval_shape(lambda v: _pooled(ctx, v, window), x)

    def handed_back(g: Any) -> Any:
        return _max_grad(ctx, _type_of(x), x, g, **window)

    (found,) = jax.linear_transpose(handed_back, jax.ShapeDtypeStruct(template.shape, x.dtype))(grad.astype(x.dtype))
    return found


def _type_of(x: Any) -> str:
    return "MaxPool" if x.ndim == 4 else "MaxPool3D"


def _pooled(ctx: LoweringContext, x: Any, window: dict[str, Any]) -> Any:
    from scopedjax._src.ops.kernels import pooling

    pads = kernel_padding(window["padding"], ())
    kernel = pooling.max_pool if x.ndim == 4 else pooling.max_pool3d
    return kernel(x, window["ksize"], window["strides"], pads, window["data_format"], platform=ctx.platform)


def _grad_grad(
    ctx: LoweringContext,
    orig_input: Any,
    orig_output: Any,
    grad: Any,
    *,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str,
) -> Any:
    window = {"ksize": ksize, "strides": strides, "padding": padding, "data_format": data_format}
    return _max_grad_grad(ctx, orig_input, grad, **window)


for _type, _format, _types in (("MaxPoolGradGrad", _2D, _POOLED), ("MaxPool3DGradGrad", _3D, _POOLED)):
    declare(
        f"{_type}(orig_input: T, orig_output: T, grad: T; {_WINDOW}, {_format}) -> output: T",
        _grad_grad,
        shape=like(1),
        types={"T": tuple(t for t in _types if t.is_floating)},
    )


@defop(
    f"MaxPoolGradGradV2(orig_input: T, orig_output: T, grad: T, ksize: int32, strides: int32; padding: string, {_2D}) "
    "-> output: T",
    shape=like(1),
    static=("ksize", "strides"),
    types={"T": dtypes.FLOATING},
)
def _grad_grad_v2(
    ctx: LoweringContext,
    orig_input: Any,
    orig_output: Any,
    grad: Any,
    ksize: Any,
    strides: Any,
    *,
    padding: str,
    data_format: str,
) -> Any:
    window = {"ksize": _integers(ksize), "strides": _integers(strides), "padding": padding, "data_format": data_format}
    return _max_grad_grad(ctx, orig_input, grad, **window)


# ------------------------------------------------------------------------------------------------ with the places


def _flat_places(argmax: Any, shape: Sequence[int], include_batch: bool) -> Any:
    """Places in the whole array, of places that TensorFlow counts within each element of the batch."""
    places = jnp.asarray(argmax)
    if include_batch:
        return places
    size = int(np.prod(shape[1:]))
    return places + (jnp.arange(shape[0], dtype=places.dtype) * size).reshape(-1, 1, 1, 1)


_ARGMAX: Final = f"{_WINDOW}, include_batch_in_index: bool = False"


@defop(
    f"MaxPoolGradWithArgmax(input: T, grad: T, argmax: Targmax; {_ARGMAX}) -> output: T",
    shape=like(0),
    types={"T": _POOLED, "Targmax": dtypes.INDEX},
)
def _with_argmax(input: Any, grad: Any, argmax: Any, *, include_batch_in_index: bool) -> Any:
    shape = np.shape(input)
    grad = jnp.asarray(grad)
    flat = jnp.zeros(int(np.prod(shape)), grad.dtype)
    return flat.at[_flat_places(argmax, shape, include_batch_in_index)].add(grad).reshape(shape)


@defop(
    f"MaxPoolGradGradWithArgmax(input: T, grad: T, argmax: Targmax; {_ARGMAX}) -> output: T",
    shape=like(2),
    types={"T": _POOLED, "Targmax": dtypes.INDEX},
)
def _grad_with_argmax(input: Any, grad: Any, argmax: Any, *, include_batch_in_index: bool) -> Any:
    return jnp.asarray(grad).reshape(-1)[_flat_places(argmax, np.shape(input), include_batch_in_index)]


# --------------------------------------------------------------------------------------------------------- the mean


def _avg_dims(c: ShapeContext) -> Sequence[Dims]:
    rank = len(c.attr("ksize"))
    return [c.shape_value(0) or (None,) * rank] if c.const(0) is None else shape_from_input(0)(c)


def _declare_mean(op_type: str, forward: str, data_format: str, types: tuple[DType, ...]) -> None:
    def lower(
        ctx: LoweringContext,
        orig_input_shape: Any,
        grad: Any,
        *,
        ksize: Any,
        strides: Any,
        padding: str,
        data_format: str,
    ) -> Any:
        grad = jnp.asarray(grad)
        x = jnp.zeros(_integers(orig_input_shape), grad.dtype)
        window = {"ksize": ksize, "strides": strides, "padding": padding, "data_format": data_format}
        return pulled_back(ctx, forward, [x], [0], [grad], **window)[0]

    declare(
        f"{op_type}(orig_input_shape: int32, grad: T; {_WINDOW}, {data_format}) -> output: T",
        lower,
        shape=_avg_dims,
        static=("orig_input_shape",),
        types={"T": types},
    )


_declare_mean("AvgPoolGrad", "AvgPool", _2D, dtypes.FLOATING)
_declare_mean("AvgPool3DGrad", "AvgPool3D", _3D, dtypes.FLOATING)
