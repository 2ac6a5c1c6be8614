"""Resource variables: `VarHandleOp`, `ReadVariableOp`, `AssignVariableOp` and the other types that take a handle.

    v = VarHandleOp()             the handle; a scalar of dtype resource
    r = ReadVariableOp(v)         the value at the moment at which this node runs
    AssignVariableOp(v, x)        no output: what shall see the new value reads again, under a control dependency

A reference variable is read by each node that uses it; a resource variable by nodes of its own, so that the graph
says when. The storage is the same: a session keeps it under the name of the node that owns it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.dtypes import INDEX, NUMERIC, VALUES, int32, int64
from scopedjax._src.base.errors import OutOfRangeError
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.gathering import checked_gather_nd, gather_dims, gather_nd_dims, require_rows, take_rows
from scopedjax._src.ops.array.shapes import expand_dims, reshape, size
from scopedjax._src.ops.array.slicing import MASKS
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, Gradient, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import scalar
from scopedjax._src.ops.state import scatter
from scopedjax._src.ops.state.handles import StorageContext, stored_dims, stored_dtype


def _holds_text(op: Operation) -> bool:
    dtype = stored_dtype(op.inputs[0]) if op.inputs else None
    return dtype is not None and dtype.name in ("string", "variant")


@defop(
    "VarHandleOp(; container: string = '', shared_name: string = '', dtype: type, shape: shape) -> resource: resource",
    shape=scalar,
    gradient=NOT_DIFFERENTIABLE,
    owns_storage=True,
)
def _var_handle_op(ctx: Any) -> Any:
    return ctx.handle()


# ---------------------------------------------------------------------------------------------------------- reading


def _stored(c: ShapeContext) -> list[Dims]:
    return [stored_dims(c.inputs[0])]


@defop(
    "ReadVariableOp(resource: resource; dtype: type) -> value: dtype",
    shape=_stored,
    reads=("resource",),
    gradient=Gradient("function", lambda op, grad: [grad]),
    host=_holds_text,
)
def _read_variable_op(ctx: Any, resource: Any) -> Any:
    return ctx.read(resource)


@defop(
    "VarIsInitializedOp(resource: resource) -> is_initialized: bool",
    shape=scalar,
    checks=("resource",),
    gradient=NOT_DIFFERENTIABLE,
)
def _var_is_initialized_op(ctx: Any, resource: Any) -> Any:
    return np.asarray(ctx.is_initialized(resource))


def _rank_of_stored(c: ShapeContext) -> list[Dims]:
    dims = stored_dims(c.inputs[0])
    return [(None if dims is None else len(dims),)]


def _stored_shape(op: Operation) -> list[Any] | None:
    dims = stored_dims(op.inputs[0])
    if dims is None or None in dims:
        return [None]
    return [np.asarray(dims, op.attrs["out_type"].as_numpy_dtype)]


@defop(
    "VariableShape(input: resource; out_type: type = int32) -> output: out_type",
    shape=_rank_of_stored,
    reads=("input",),
    gradient=NOT_DIFFERENTIABLE,
    static_value=_stored_shape,
    types={"out_type": INDEX},
    host=_holds_text,
)
def _variable_shape(ctx: Any, input: Any, *, out_type: Any) -> Any:
    return np.asarray(np.shape(ctx.read(input)), out_type.as_numpy_dtype)


def variable_shape(handle: Tensor, out_type: Any = int32) -> Tensor:
    """Returns the shape of what a handle names, as a tensor: a constant where it is known now."""
    dims = stored_dims(handle)
    if dims is not None and None not in dims:
        return convert_to_tensor(np.asarray(dims, out_type.as_numpy_dtype), name="Const")
    return apply_op("VariableShape", handle, out_type=out_type)


def _rows_of(op: Operation, grad: Any) -> list[Any]:
    """A gather from a table updates the rows that it touched."""
    handle, indices = op.inputs
    dense_shape = variable_shape(handle)
    count = expand_dims(size(indices), 0)
    tail = apply_op("StridedSlice", dense_shape, [1], [0], [1], end_mask=1)
    values = reshape(convert_to_tensor(grad), apply_op("ConcatV2", [count, tail], 0))
    return [IndexedSlices(values, reshape(indices, count), dense_shape), None]


@defop(
    "ResourceGather(resource: resource, indices: Tindices; batch_dims: int = 0, validate_indices: bool = True, "
    "dtype: type) -> output: dtype",
    shape=lambda c: gather_dims(StorageContext.of(c)),
    reads=("resource",),
    gradient=Gradient("function", _rows_of),
    types={"Tindices": INDEX},
    host=_holds_text,
    guards=True,
)
def _resource_gather(ctx: Any, resource: Any, indices: Any) -> Any:
    value = ctx.read(resource)
    require_rows(ctx, 1, indices, value.shape[0])
    return take_rows(value, indices, 0)


def _slices_of(op: Operation, grad: Any) -> list[Any]:
    handle, indices = op.inputs
    return [apply_op("ScatterNd", indices, grad, variable_shape(handle, indices.dtype)), None]


@defop(
    "ResourceGatherNd(resource: resource, indices: Tindices; dtype: type) -> output: dtype",
    shape=lambda c: gather_nd_dims(StorageContext.of(c)),
    reads=("resource",),
    gradient=Gradient("function", _slices_of),
    types={"Tindices": INDEX},
    host=_holds_text,
    guards=True,
)
def _resource_gather_nd(ctx: Any, resource: Any, indices: Any) -> Any:
    return checked_gather_nd(ctx, ctx.read(resource), indices)


# -------------------------------------------------------------------------------------------------------- assigning


def _fits(c: ShapeContext) -> list[Dims]:
    if c.attrs.get("validate_shape", True):
        try:
            merge_dims(stored_dims(c.inputs[0]), c.dims(1))
        except ValueError as error:
            raise c.fail(str(error)) from None
    return []


@defop(
    "AssignVariableOp(resource: resource, value: dtype; validate_shape: bool = False)",
    shape=_fits,
    writes=("resource",),
    gradient=NO_GRADIENT,
    host=_holds_text,
)
def _assign_variable_op(ctx: Any, resource: Any, value: Any) -> None:
    ctx.write(resource, value)


def _declare_update(op_type: str, change: Callable[[Any, Any], Any]) -> None:
    def lower(ctx: Any, resource: Any, value: Any) -> None:
        ctx.write(resource, change(ctx.read(resource), value))

    declare(
        f"{op_type}(resource: resource, value: dtype)",
        lower,
        shape=_fits,
        reads=("resource",),
        writes=("resource",),
        gradient=NO_GRADIENT,
    )


_declare_update("AssignAddVariableOp", lambda old, value: old + value)
_declare_update("AssignSubVariableOp", lambda old, value: old - value)


def _checked_like(rule: Callable[[ShapeContext], Any]) -> Callable[[ShapeContext], list[Dims]]:
    """The checks of a rule for a reference, with what the handle names in its place; no output."""

    def check(c: ShapeContext) -> list[Dims]:
        rule(StorageContext.of(c))
        return []

    return check


def _declare_scatter(op_type: str, signature: str, lowering: Any, rule: Any, how: str) -> None:
    def lower(ctx: Any, resource: Any, indices: Any, updates: Any) -> None:
        lowering(ctx, resource, indices, updates)

    name = signature.partition(":")[0]
    declare(
        f"{op_type}({signature})",
        lower,
        shape=_checked_like(rule),
        reads=(name,),
        writes=(name,),
        gradient=NO_GRADIENT,
        host=_holds_text,
        guards=True,
        types={"dtype": VALUES if how == "Update" else NUMERIC, "Tindices": INDEX},
    )


_ROWS = "resource: resource, indices: Tindices, updates: dtype"
_SLICES = "ref: resource, indices: Tindices, updates: T; use_locking: bool = True"
for _how in scatter.METHODS:
    _declare_scatter(f"ResourceScatter{_how}", _ROWS, scatter.rows_lowering(_how), scatter.rows_dims, _how)
for _how in ("Update", "Add", "Sub", "Min", "Max"):
    _declare_scatter(f"ResourceScatterNd{_how}", _SLICES, scatter.slices_lowering(_how), scatter.slices_dims, _how)


def _strided_slice_assign(ctx: Any, ref: Any, begin: Any, end: Any, strides: Any, value: Any, **masks: int) -> None:
    scatter.strided_slice_assign(ctx, ref, begin, end, strides, value, **masks)


_record = declare(
    f"ResourceStridedSliceAssign(ref: resource, begin: Index, end: Index, strides: Index, value: T; {MASKS})",
    _strided_slice_assign,
    reads=("ref",),
    writes=("ref",),
    gradient=NO_GRADIENT,
    host=_holds_text,
    types={"Index": INDEX},
)
_record.wanted_attrs = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


@defop(
    "ResourceCountUpTo(resource: resource; limit: int, T: type) -> output: T",
    shape=scalar,
    reads=("resource",),
    writes=("resource",),
    host=True,
    gradient=NO_GRADIENT,
    types={"T": (int32, int64)},
)
def _resource_count_up_to(ctx: Any, resource: Any, *, limit: int) -> Any:
    value = np.asarray(ctx.read(resource))
    if value >= limit:
        raise OutOfRangeError(None, ctx.op, f"Reached limit of {limit}\n\t [[{{{{node {ctx.op.name}}}}}]]")
    ctx.write(resource, value + 1)
    return value
