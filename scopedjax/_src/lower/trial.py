"""Tries a loop's body with made-up sizes: whether its variables keep their shapes.

    x [None, 3] -> concat([x, x], 0) -> [None, 3]        12 rows go in, 24 come out: the shape changes

Static shapes cannot tell two unknown sizes apart. So the body is evaluated abstractly, with one number for all sizes
that are not known.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.effects import effects_of, is_alias, is_handle, owner, regions_of, storage_key
from scopedjax._src.lower.loops import variables_of
from scopedjax._src.ops.control_flow.array_cells import Cells, as_traced
from scopedjax._src.ops.control_flow.array_nodes import STACK

_SIZE = 12


def keeps_shapes(op: Operation) -> bool | None:
    """Whether the variables of a loop have the same shapes after a step; None where that cannot be tried."""
    sure = _grows_by_declaration(op)
    try:
        with jax.enable_x64(True):
            return _try(op)
    except Exception:  # whatever a made-up size breaks: it says nothing about the loop
        return False if sure else None


def _grows_by_declaration(op: Operation) -> bool:
    """Whether the shape invariants leave a size open that the loop starts with.

    Of a way back in a file, which pops what the way there pushed, they say little.
    """
    _, body = regions_of(op)[:2]
    if any(inner.record is not None and inner.record.array == "pop" for inner in body.ops):
        return False
    for start, inside in zip(variables_of(op), body.parameters, strict=True):
        if start._dims is not None and inside._dims is None:
            return True
        if start._dims is not None and inside._dims is not None:
            for before, after in zip(start._dims, inside._dims, strict=True):
                if before is not None and after is None:
                    return True
    return False


def _try(op: Operation) -> bool | None:
    from scopedjax._src.lower.trace import Trace

    _, body = regions_of(op)[:2]
    starts = variables_of(op)
    if any(t._dims is None for t in starts):
        return None
    effects = effects_of(op)
    slots = {o: i for i, o in enumerate(effects.random)}
    state: dict[Any, Any] = {("rng", i): _struct((), np.uint64) for i in slots.values()}
    given: dict[Tensor, Any] = {}
    known: dict[Tensor, Any] = {}
    for tensor in body.captures:
        if is_handle(tensor):
            maker = owner(tensor).outputs[0]
            state[storage_key(maker.op)] = _made_up(maker._dims, maker.dtype)
        if not is_handle(tensor) or is_alias(tensor.op):
            value = tensor.op.attrs.get("value") if not tensor.op.inputs else None
            (known if isinstance(value, np.ndarray) else given)[tensor] = (
                value if isinstance(value, np.ndarray) else _made_up(tensor._dims, tensor.dtype)
            )
    stacks = _stacks(op)
    given.update({p: stacks.get(p) or _made_up(t._dims, t.dtype) for p, t in zip(body.parameters, starts, strict=True)})

    def step(given: dict[int, Any], state: list[Any]) -> list[Any]:
        values = {**known, **{t: given[i] for i, t in enumerate(tensors)}}
        rng = jnp.zeros((max(1, len(slots)), 3), jnp.uint64)
        trace = Trace("cpu", {}, dict(zip(keys, state, strict=True)), rng, slots)
        return [as_traced(v) for v in trace.region(body, values)]

    tensors, keys = list(given), list(state)
    results = jax.eval_shape(step, dict(enumerate(given.values())), list(state.values()))
    pairs = [(r, given[p]) for r, p in zip(results, body.parameters, strict=True) if not isinstance(r, Cells)]
    return all(r.shape == before.shape for r, before in pairs)


def _stacks(op: Operation) -> dict[Tensor, Cells]:
    """Returns the loop variables that are stacks of a file's loops, as arrays that only count."""
    found: dict[Tensor, Cells] = {}
    _, body = regions_of(op)[:2]
    for inner in body.ops:
        if inner.record is not None and inner.record.array == "write" and inner.inputs[0].op.attrs.get(STACK):
            kind = np.dtype(inner.attrs["T"].as_numpy_dtype)
            found[inner.inputs[-1]] = Cells(kind, 0, dynamic=True, counts=True).settled(None, None)
    return found


def _made_up(dims: Dims, dtype: DType) -> Any:
    if dims is None:
        raise ValueError("an unknown rank")
    return _struct(tuple(_SIZE if d is None else d for d in dims), dtype.base_dtype.as_numpy_dtype)


def _struct(shape: tuple[int, ...], dtype: Any) -> Any:
    return jax.ShapeDtypeStruct(shape, dtype)
