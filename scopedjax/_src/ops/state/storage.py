"""Variables' storage and its assignment: `VariableV2`, `Assign`, `AssignAdd`, `AssignSub`, `IsVariableInitialized`.

A node of type `VariableV2` owns storage in each session. Its tensor is a handle (dtype `float32_ref`): a node that
takes it reads the value at the moment at which it runs. The assigning types return the handle, so `tf.assign(v, x)`
fetched or used gives what the variable holds then.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.dtypes import NUMERIC, int32, int64
from scopedjax._src.base.errors import InvalidArgumentError, OutOfRangeError
from scopedjax._src.base.shapes import Dims, compatible, format_dims, merge_dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import from_attr, scalar


def _is_text(op: Operation) -> bool:
    return any(t.dtype.base_dtype.name in ("string", "variant") for t in (*op.inputs, *op.outputs))


@defop(
    "VariableV2(; shape: shape, dtype: type, container: string = '', shared_name: string = '') -> ref: Ref dtype",
    shape=from_attr("shape"),
    gradient=NOT_DIFFERENTIABLE,
    owns_storage=True,
)
def _variable_v2(ctx: Any) -> Any:
    return ctx.handle()


@defop(
    "Variable(; shape: shape, dtype: type, container: string = '', shared_name: string = '') -> ref: Ref dtype",
    shape=lambda c: [c.attr("shape") or None],
    gradient=NOT_DIFFERENTIABLE,
    owns_storage=True,
)
def _variable(ctx: Any) -> Any:
    return ctx.handle()


@defop(
    "TemporaryVariable(; shape: shape, dtype: type, var_name: string = '') -> ref: Ref dtype",
    shape=from_attr("shape"),
    gradient=NO_GRADIENT,
    owns_storage=True,
)
def _temporary_variable(ctx: Any) -> Any:
    return ctx.handle()


def _assign_shape(c: ShapeContext) -> list[Dims]:
    if not c.attr("validate_shape"):
        return [c.dims(1)]
    return [merge_dims(c.dims(0), c.dims(1))]


@defop(
    "Assign(ref: Ref T, value: T; validate_shape: bool = True, use_locking: bool = True) -> output_ref: Ref T",
    shape=_assign_shape,
    writes=("ref",),
    host=_is_text,
    gradient=NOT_DIFFERENTIABLE,
)
def _assign(ctx: Any, ref: Any, value: Any, *, validate_shape: bool) -> Any:
    if validate_shape:
        dims = ctx.op.inputs[0]._dims
        if not compatible(dims, tuple(np.shape(value))):
            raise InvalidArgumentError(
                None, ctx.op,
                "Assign requires shapes of both tensors to match. "
                f"lhs shape= {format_dims(dims)} rhs shape= {format_dims(tuple(np.shape(value)))}\n\t "
                f"[[{{{{node {ctx.op.name}}}}}]] (made at {ctx.op.site})",
            )  # fmt: skip
    ctx.write(ref, value)
    return ref


def _update_shape(c: ShapeContext) -> list[Dims]:
    return [merge_dims(c.dims(0), c.dims(1))]


@defop(
    "AssignAdd(ref: Ref T, value: T; use_locking: bool = False) -> output_ref: Ref T",
    shape=_update_shape,
    reads=("ref",),
    writes=("ref",),
    gradient=NOT_DIFFERENTIABLE,
    types={"T": NUMERIC},
)
def _assign_add(ctx: Any, ref: Any, value: Any) -> Any:
    ctx.write(ref, jnp.add(ctx.read(ref), value))
    return ref


@defop(
    "AssignSub(ref: Ref T, value: T; use_locking: bool = False) -> output_ref: Ref T",
    shape=_update_shape,
    reads=("ref",),
    writes=("ref",),
    gradient=NOT_DIFFERENTIABLE,
    types={"T": NUMERIC},
)
def _assign_sub(ctx: Any, ref: Any, value: Any) -> Any:
    ctx.write(ref, jnp.subtract(ctx.read(ref), value))
    return ref


@defop(
    "IsVariableInitialized(ref: Ref dtype) -> is_initialized: bool",
    shape=scalar,
    checks=("ref",),
    gradient=NOT_DIFFERENTIABLE,
)
def _is_variable_initialized(ctx: Any, ref: Any) -> Any:
    return np.asarray(ctx.is_initialized(ref))


@defop(
    "CountUpTo(ref: Ref T; limit: int) -> output: T",
    shape=scalar,
    reads=("ref",),
    writes=("ref",),
    host=True,
    gradient=NO_GRADIENT,
    types={"T": (int32, int64)},
)
def _count_up_to(ctx: Any, ref: Any, *, limit: int) -> Any:
    value = np.asarray(ctx.read(ref))
    if value >= limit:
        raise OutOfRangeError(None, ctx.op, f"Reached limit of {limit}\n\t [[{{{{node {ctx.op.name}}}}}]]")
    ctx.write(ref, value + 1)
    return value


@defop(
    "DestroyTemporaryVariable(ref: Ref T; var_name: string) -> value: T",
    shape=lambda c: [c.dims(0)],
    reads=("ref",),
    gradient=NO_GRADIENT,
)
def _destroy_temporary_variable(ctx: Any, ref: Any) -> Any:
    return ctx.read(ref)
