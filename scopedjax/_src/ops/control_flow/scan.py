"""`Scan`: one region run once for each slice of its inputs along axis 0, handing a state from step to step.

    sequences [time, ...] ---+                      region "while", run for t = 0, 1, ..., time - 1:
    state ------------------ Scan --> final state     parameters: t, slice of each sequence at t, state
    captured: kernel, bias --+    +-> outputs         results:    new state, outputs of the step
                                      [time, ...]

The recurrent networks of TF1 are loops whose number of steps is the size of an axis. That size is known while a
program is traced, so the loop becomes `lax.scan`, of which JAX knows the derivative; no TensorArray is recorded.
Variables that the region writes and the streams of its random nodes travel with the state, so that the loop hands on
what a step left behind.

Invariants: the state has the same shapes and dtypes in every step; every sequence has the same size of axis 0, which
may be zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.base.shapes import Dims, TensorShape
from scopedjax._src.graph.attributes import FunctionAttr
from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op, record_node
from scopedjax._src.ops.control_flow.array_cells import as_traced
from scopedjax._src.ops.registry import defop, lookup
from scopedjax._src.ops.shape_context import ShapeContext

COUNTERS: Final = ("Less", "Less_1", "LogicalAnd", "add")
BACKWARD: Final = ("Less", "GreaterEqual", "LogicalAnd", "add")
FOLDED_BACKWARD: Final = ("Less", "Greater", "LogicalAnd", "add", "sub")

Step = Callable[[Tensor, list[Tensor], list[Tensor]], tuple[Sequence[Tensor], Sequence[Tensor]]]


def _shape(c: ShapeContext) -> list[Dims]:
    return list(c.attr("output_shapes"))


@defop(
    "Scan(state: Tstate..., sequence: Tseq..., captured: Tin...; body: func, Tout: list(type), "
    "output_shapes: list(shape) = []) -> final: Tstate..., output: Tout...",
    shape=_shape,
    structured=True,
)
def _scan(ctx: Any, state: list[Any], sequence: list[Any], captured: list[Any]) -> tuple[list[Any], list[Any]]:
    sizes = {np.shape(s)[0] for s in sequence}
    if len(sizes) != 1:
        raise ValueError(f"the sequences differ in their number of steps: {sorted(sizes)}")
    inputs = ctx.op.inputs[len(state) + len(sequence) :]
    given = dict(zip(inputs, captured, strict=True))
    if not hasattr(ctx, "touched_state"):  # a host stage: the region holds a node that runs in Python
        return _scan_on_host(ctx, state, sequence, given)
    return _scan_on_device(ctx, state, sequence, given)


def _scan_on_device(
    ctx: Any, state: list[Any], sequence: list[Any], given: dict[Tensor, Any]
) -> tuple[list[Any], list[Any]]:
    parameters = ctx.op._extra["regions"][0].parameters
    touched, written = ctx.touched_state()
    ctx.note_range(parameters[0], 0, max(np.shape(sequence[0])[0] - 1, 0))

    def step(carry: tuple[Any, list[Any], list[Any]], slices: list[Any]) -> tuple[Any, list[Any]]:
        time, values, changing = carry
        inside = {**given, **dict(zip(parameters, (time, *slices, *values), strict=True))}
        now = {**touched, **dict(zip(written, changing, strict=True))}
        results, left = ctx.with_state(now, lambda: [as_traced(v) for v in ctx.region(0, inside)])
        new, outputs = results[: len(state)], results[len(state) :]
        return (time + 1, new, [jnp.asarray(left[key]) for key in written]), outputs

    start = (jnp.zeros([], jnp.int32), [jnp.asarray(v) for v in state], [jnp.asarray(touched[k]) for k in written])
    (_, final, changes), outputs = jax.lax.scan(step, start, [jnp.asarray(s) for s in sequence])
    ctx.commit(dict(zip(written, changes, strict=True)))
    return final, outputs


def _scan_on_host(
    ctx: Any, state: list[Any], sequence: list[Any], given: dict[Tensor, Any]
) -> tuple[list[Any], list[Any]]:
    op = ctx.op
    parameters = op._extra["regions"][0].parameters
    known = {t: v for t, v in given.items() if isinstance(v, (np.ndarray, np.generic))}  # not handles of variables
    collected: list[list[Any]] = [[] for _ in op.outputs[len(state) :]]
    history = ctx.history() if ctx.keeps_steps() else None
    for time in range(len(sequence[0])):
        slices = [np.asarray(s[time]) for s in sequence]
        if history is not None:
            history.append(([np.int32(time), *slices, *state], ctx.streams()))
        results = ctx.region(0, {**known, **dict(zip(parameters, (np.int32(time), *slices, *state), strict=True))})
        state, outputs = list(results[: len(state)]), results[len(state) :]
        for item, output in zip(collected, outputs, strict=True):
            item.append(np.asarray(output))
    return state, [
        np.stack(item) if item else _nothing(t) for item, t in zip(collected, op.outputs[len(state) :], strict=True)
    ]


def _nothing(tensor: Tensor) -> np.ndarray:
    """The output of no steps at all."""
    return np.zeros([0, *(d or 0 for d in (tensor._dims or (0,))[1:])], tensor.dtype.as_numpy_dtype)


def scan(
    step: Step,
    state: Sequence[Tensor],
    sequences: Sequence[Tensor],
    name: str,
    arrays: int = 1,
    state_first: bool = False,
    counters: Sequence[str] = COUNTERS,
) -> tuple[list[Tensor], ...]:
    """Records a loop over axis 0 of `sequences`.

    Args:
      step: Function `(time, slices, state) -> (outputs, new state)`: `time` is a scalar int32 tensor, `slices` has one
        tensor for each sequence. It is called once, to record the region.
      state: Tensors before the first step.
      sequences: At least one tensor of shape `[time, ...]`.
      name: Name scope of the loop. Nodes in it are called as TF1 called those of its loops.
      arrays: How many TensorArrays TF1's loop carries.
      state_first: Whether it carries them after the state.
      counters: Names in the loop that TF1's own nodes have, those that count.

    Returns:
      (final state, outputs): the outputs of all steps have shape `[time, ...]`.

    Raises:
      ValueError: a new state has another dtype, or a shape that the loop did not start with.
    """
    graph = sequences[0].graph
    with graph.name_scope(name) as scope:
        region = ControlFlowContext(scope.rstrip("/"), "while", graph.scopes.context)
        with graph.context(region):
            time, slices, inside = _parameters(state, sequences, arrays, state_first, counters)
            region.parameters = [time, *slices, *inside]
            outputs, new = step(time, slices, inside)
            for before, after in zip(state, new, strict=True):
                _check_invariant(before, after)
        region.results = [*new, *outputs]
        for tensor in region.results:
            region.capture(tensor)
        region.close()
        return _scan_node(region, state, sequences, len(outputs))


def _parameters(
    state: Sequence[Tensor], sequences: Sequence[Tensor], arrays: int, state_first: bool, counters: Sequence[str]
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Records what stands for the values of a step, under names beside which TF1 gave those of its counters."""
    graph = sequences[0].graph
    for taken in counters:
        graph.unique_name(taken)
    names = [graph.unique_name("Identity") + "/" for _ in range(2 + arrays + len(state))]
    own = names[2:] if state_first else names[2 + arrays :]
    time = apply_op("Placeholder", dtype=as_dtype("int32"), shape=(), name=names[1])
    inside = [
        apply_op("Placeholder", dtype=t.dtype.base_dtype, shape=t._dims, name=name)
        for t, name in zip(state, own, strict=False)
    ]
    slices = [
        apply_op("Placeholder", dtype=t.dtype.base_dtype, shape=_without_first(t._dims), name="TensorArrayReadV3")
        for t in sequences
    ]
    return time, slices, inside


def _without_first(dims: Dims) -> Dims:
    return None if dims is None else dims[1:]


def _check_invariant(before: Tensor, after: Tensor) -> None:
    if before.dtype.base_dtype is not after.dtype.base_dtype:
        raise ValueError(
            f"Input tensor '{before.name}' enters the loop with type {before.dtype.base_dtype.name}, but has type "
            f"{after.dtype.base_dtype.name} after one iteration: a loop keeps the dtypes of its state"
        )
    if before._dims is None:
        return
    same = after._dims is not None and len(after._dims) == len(before._dims)
    if not same or any(b is not None and a != b for b, a in zip(before._dims, after._dims or (), strict=True)):
        raise ValueError(
            f"Input tensor '{before.name}' enters the loop with shape {TensorShape(before._dims)}, but has shape "
            f"{TensorShape(after._dims)} after one iteration. To allow the shape to vary across iterations, use the "
            "`shape_invariants` argument of tf.while_loop to specify a less-specific shape."
        )


def _scan_node(
    region: ControlFlowContext, state: Sequence[Tensor], sequences: Sequence[Tensor], count: int
) -> tuple[list[Tensor], list[Tensor]]:
    record = lookup("Scan")
    assert record is not None
    graph = sequences[0].graph
    outputs = region.results[len(state) :]
    steps = next((t._dims[0] for t in sequences if t._dims is not None and t._dims[0] is not None), None)
    shapes = [t._dims for t in state]
    shapes.extend(None if t._dims is None else (steps, *t._dims) for t in outputs)
    attrs = {
        "Tstate": tuple(t.dtype.base_dtype for t in state),
        "Tseq": tuple(t.dtype.base_dtype for t in sequences),
        "Tin": tuple(t.dtype.base_dtype for t in region.captures),
        "Tout": tuple(t.dtype.base_dtype for t in outputs),
        "body": FunctionAttr(region.name, ()),
        "output_shapes": tuple(shapes),
    }
    with graph.control_dependencies(list(region.controls)):
        op = record_node(graph, record, "Scan", (*state, *sequences, *region.captures), attrs)
    op._extra = {**(op._extra or {}), "regions": (region,)}
    final = [apply_op("Identity", t, name=f"Exit_{2 + count + i}") for i, t in enumerate(op.outputs[: len(state)])]
    return final, list(op.outputs[len(state) :])
