"""Changing a part of a variable: `ScatterUpdate` and its kin, `ScatterNdUpdate` and its kin, `StridedSliceAssign`.

    ScatterAdd      ref[indices[i], ...] += updates[i, ...]         rows; the gradient of a gather ends here
    ScatterNdAdd    ref[indices[i, :]]   += updates[i, ...]         slices of the first k dimensions
    StridedSliceAssign   ref[begin:end:strides] = value             what `v[1:, 0].assign(x)` records

An index outside the variable stops the run, as in TensorFlow on a CPU: at once where it is known, else when the
compiled program has run (`ctx.require`). The program itself changes nothing there, and the other rows as it is told to.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.dtypes import FLOATING, INDEX, NUMERIC, VALUES, int16
from scopedjax._src.base.shapes import Dims, format_dims, merge_dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.ops.array.gathering import require_rows, require_slices
from scopedjax._src.ops.array.slicing import MASKS, strided_slice_of
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from scopedjax._src.ops.shape_context import ShapeContext

METHODS = {
    "Update": "set",
    "Add": "add",
    "Sub": "add",
    "Mul": "multiply",
    "Div": "divide",
    "Min": "min",
    "Max": "max",
}
_TYPES = {"Update": VALUES, "Min": FLOATING + INDEX, "Max": FLOATING + INDEX}  # the others: all numbers


def _is_text(op: Operation) -> bool:
    return op.inputs[0].dtype.base_dtype.name == "string"


def _without_negative(indices: Any, sizes: tuple[int, ...]) -> Any:
    """Indices `[..., k]` of the first k dimensions, those below zero moved to where they change nothing."""
    if isinstance(indices, np.ndarray):
        return indices
    return jnp.where(indices < 0, jnp.asarray(sizes, indices.dtype), indices)


def _changed(value: Any, at: tuple[Any, ...], updates: Any, how: str) -> Any:
    if isinstance(value, np.ndarray):  # texts: only assigned
        value = value.copy()
        value[tuple(np.asarray(i) for i in at)] = updates
        return value
    place = value.at[at]
    if how == "Div" and jnp.issubdtype(value.dtype, jnp.integer):
        return jax.lax.div(value, jnp.ones_like(value).at[at].multiply(updates, mode="drop"))
    return getattr(place, METHODS[how])(-updates if how == "Sub" else updates, mode="drop")


def rows_lowering(how: str) -> Any:
    def lower(ctx: Any, ref: Any, indices: Any, updates: Any) -> Any:
        value = ctx.read(ref)
        require_rows(ctx, 1, indices, value.shape[0])
        at = _without_negative(indices[..., None], value.shape[:1])[..., 0]
        library = np if isinstance(updates, np.ndarray) and updates.dtype == object else jnp
        ctx.write(ref, _changed(value, (at,), library.broadcast_to(updates, indices.shape + value.shape[1:]), how))
        return ref

    return lower


def slices_lowering(how: str) -> Any:
    def lower(ctx: Any, ref: Any, indices: Any, updates: Any) -> Any:
        value = ctx.read(ref)
        require_slices(ctx, 1, indices, value.shape)
        at = _without_negative(indices, value.shape[: indices.shape[-1]])
        ctx.write(ref, _changed(value, tuple(at[..., i] for i in range(at.shape[-1])), updates, how))
        return ref

    return lower


def rows_dims(c: ShapeContext) -> list[Dims]:
    ref, indices, updates = c.dims(0), c.dims(1), c.dims(2)
    if ref is not None and not ref:
        raise c.fail("Shape must be at least rank 1 but is rank 0")
    if None not in (ref, indices, updates) and updates:
        wanted = (*(indices or ()), *(ref or ())[1:])
        try:
            merge_dims(updates, wanted)
        except ValueError:
            raise c.fail(_unlike(updates, wanted)) from None
    return [ref]


def _unlike(updates: Any, wanted: Any) -> str:
    if len(updates) != len(wanted):
        return f"Shapes must be equal rank, but are {len(updates)} and {len(wanted)}"
    axis = next(i for i, (a, b) in enumerate(zip(updates, wanted, strict=True)) if None not in (a, b) and a != b)
    return (
        f"Dimension {axis} in both shapes must be equal, but are {updates[axis]} and {wanted[axis]}. "
        f"Shapes are {format_dims(updates)} and {format_dims(wanted)}."
    )


def slices_dims(c: ShapeContext) -> list[Dims]:
    ref, indices, updates = c.dims(0), c.dims(1), c.dims(2)
    if ref is None or indices is None or updates is None or not indices or indices[-1] is None:
        return [ref]
    depth = indices[-1]
    if depth > len(ref):
        return [ref]  # TF1 finds this when the node runs
    wanted = (*indices[:-1], *ref[depth:])
    try:
        merge_dims(updates, wanted)
    except ValueError:
        raise c.fail(_unlike(updates, wanted)) from None
    return [ref]


def _declare(op_type: str, lowering: Any, shape: Any, how: str) -> None:
    locking = how == "Update"
    declare(
        f"{op_type}(ref: Ref T, indices: Tindices, updates: T; use_locking: bool = {locking}) -> output_ref: Ref T",
        lowering,
        shape=shape,
        reads=("ref",),
        writes=("ref",),
        # TF1 registers nothing for three of them, which is an error on the way of a gradient.
        guards=True,
        gradient=NO_GRADIENT if op_type in ("ScatterUpdate", "ScatterMin", "ScatterMax") else NOT_DIFFERENTIABLE,
        host=_is_text,
        types={"T": _TYPES.get(how, NUMERIC), "Tindices": INDEX},
    )


for _how in METHODS:
    _declare(f"Scatter{_how}", rows_lowering(_how), rows_dims, _how)
for _how in ("Update", "Add", "Sub"):
    _declare(f"ScatterNd{_how}", slices_lowering(_how), slices_dims, _how)


def strided_slice_assign(
    ctx: Any,
    ref: Any,
    begin: Any,
    end: Any,
    strides: Any,
    value: Any,
    *,
    begin_mask: int,
    end_mask: int,
    ellipsis_mask: int,
    new_axis_mask: int,
    shrink_axis_mask: int,
) -> Any:
    """The slice of an array of places tells which elements to change, whatever the masks mean."""
    masks = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    whole = ctx.read(ref)
    places = strided_slice_of(ctx, np.arange(whole.size).reshape(whole.shape), begin, end, strides, masks)
    flat = whole.reshape(-1)
    if isinstance(whole, np.ndarray):
        flat = flat.copy()
        flat[np.asarray(places)] = value
        ctx.write(ref, flat.reshape(whole.shape))
    else:
        values = jnp.broadcast_to(value, places.shape)
        ctx.write(ref, flat.at[places].set(values).reshape(whole.shape))
    return ref


declare(
    f"StridedSliceAssign(ref: Ref T, begin: Index, end: Index, strides: Index, value: T; {MASKS}) -> output_ref: Ref T",
    strided_slice_assign,
    shape=lambda c: [c.dims(0)],
    reads=("ref",),
    writes=("ref",),
    gradient=NO_GRADIENT,
    host=_is_text,
    types={"Index": INDEX},
)
