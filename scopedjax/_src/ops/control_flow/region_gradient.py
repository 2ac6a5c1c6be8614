"""`RegionGradient`: the gradient of a branch or a loop that runs on the host.

    forward node (WhileLoop on the host): regions  condition, body            kept while it ran: variables of each step
    this node:                            region   view of the body: for given gradients of the body's results, those
                                                   of its parameters and of what it takes from outside

A node that JAX traces as a whole gets its derivative from JAX. One that runs step by step on the host, or whose
regions hold nodes with gradients of their own (`tf.custom_gradient`, `gradient_override_map`), gets it from nodes that
`tf.gradients` records into its regions; a *view* is a region that yields these nodes. The steps are then gone back
one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jax
import numpy as np

from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.control_flow.array_cells import Cells, inexact_parts, resized, with_inexact_parts
from scopedjax._src.ops.registry import NO_GRADIENT, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.state.handles import is_resource, stored_dims

ON_HOST: Final = "_scopedjax_host"  # attribute of nodes that run on the host whatever their type says


def _shape(c: ShapeContext) -> list[Dims]:
    return [stored_dims(t) if is_resource(t) else t._dims for t in c.inputs[: len(c.attr("Tout"))]]


@defop(
    "RegionGradient(input: Tin...; Tout: list(type), f: func) -> output: Tout...",
    shape=_shape,
    array="gradient",
    host=True,
    stateful=True,
    gradient=NO_GRADIENT,
)
def _region_gradient(ctx: Any, values: list[Any], *, Tout: Sequence[Any]) -> list[Any]:
    inner = ctx.of_forward()
    op = inner.op
    given, cotangents = values[: len(op.inputs)], values[len(op.inputs) :]
    kinds = [region.kind for region in op._extra["regions"]]
    if kinds[0] == "while_cond":
        return _of_while(inner, given, cotangents)
    if kinds[0] == "cond_true":
        return _of_cond(inner, given, cotangents)
    return _of_scan(inner, given, cotangents)


class _Totals:
    """Gradients added up by tensor."""

    def __init__(self) -> None:
        self.parts: dict[Tensor, Any] = {}

    def add(self, tensor: Tensor, gradient: Any) -> None:
        """Adds to what a tensor got so far."""
        known = self.parts.get(tensor)
        self.parts[tensor] = gradient if known is None else _sum(known, gradient)

    def of(self, tensor: Tensor, value: Any) -> Any:
        """Returns the gradient for a tensor, zeros if it got none."""
        found = self.parts.get(tensor)
        return zeros_like(value) if found is None else found


def _sum(a: Any, b: Any) -> Any:
    if isinstance(a, Cells):
        with jax.enable_x64(True):  # host nodes run without
            return with_inexact_parts(a, [x + y for x, y in zip(inexact_parts(a), inexact_parts(b), strict=True)])
    return np.asarray(a) + np.asarray(b)


def zeros_like(value: Any) -> Any:
    """Returns zeros in the form of a value; for a handle, one zero that nobody uses."""
    if isinstance(value, Cells):
        with jax.enable_x64(True):
            return value.zeros()
    if isinstance(value, (np.ndarray, np.generic, jax.Array)):
        return np.zeros(np.shape(value), value.dtype) if value.dtype != object else value
    return np.zeros([], np.float32)


def _values(tensors: Sequence[Tensor], values: Sequence[Any]) -> dict[Tensor, Any]:
    """Values by tensor, without handles of variables."""
    kinds = (np.ndarray, np.generic, jax.Array, Cells)
    return {t: v for t, v in zip(tensors, values, strict=False) if isinstance(v, kinds)}


def _back_through(
    ctx: Any, index: int, given: dict[Tensor, Any], cotangents: Sequence[Any], streams: Any
) -> dict[Tensor, Any]:
    """Runs a view with the random numbers of the step that it belongs to; returns the gradients by tensor."""
    view = ctx.op._extra["regions"][index]
    if not view.results:
        return {}
    wanted = [c for c, use in zip(cotangents, view.extra["carries"], strict=True) if use]
    results = ctx.region(index, {**given, **dict(zip(view.parameters, wanted, strict=True))}, streams)
    return dict(zip(view.extra["sources"], results, strict=True))


def _of_while(ctx: Any, values: list[Any], cotangents: list[Any]) -> list[Any]:
    op = ctx.op
    _, body, _ = op._extra["regions"]
    count = len(op.outputs)
    captures = op.inputs[count:]
    known = _values(captures, values[count:])
    history = ctx.kept()
    if history is None:
        history = []
        op.record.lower_with(ctx.with_history(history), op, values)
    totals = _Totals()
    ways = list(cotangents)
    for step, streams in reversed(history):
        found = _back_through(ctx, 2, {**known, **dict(zip(body.parameters, step, strict=True))}, ways, streams)
        ways = [_fitting(found.pop(p, None), v) for p, v in zip(body.parameters, step, strict=True)]
        for tensor, gradient in found.items():
            totals.add(tensor, gradient)
    ways = [_fitting(w, v) for w, v in zip(ways, values[:count], strict=True)]
    return [*ways, *(totals.of(t, v) for t, v in zip(captures, values[count:], strict=True))]


def _fitting(gradient: Any, value: Any) -> Any:
    """A gradient in the form of its value: an array that grew since has more elements."""
    if gradient is None:
        return zeros_like(value)
    if not isinstance(value, Cells) or not isinstance(gradient, Cells):
        return gradient
    own, wanted = inexact_parts(gradient), inexact_parts(value)
    if len(own) != len(wanted):
        return zeros_like(value)
    with jax.enable_x64(True):
        return with_inexact_parts(value, [resized(g, w.shape[0]) for g, w in zip(own, wanted, strict=True)])


def _of_cond(ctx: Any, values: list[Any], cotangents: list[Any]) -> list[Any]:
    op = ctx.op
    captures = op.inputs[1:]
    taken = 0 if bool(np.asarray(values[0])) else 1
    history = ctx.kept()
    streams = history[-1] if history else ctx.streams()
    totals = _Totals()
    found = _back_through(ctx, 2 + taken, _values(captures, values[1:]), cotangents, streams)
    for tensor, gradient in found.items():
        totals.add(tensor, gradient)
    return [zeros_like(values[0]), *(totals.of(t, v) for t, v in zip(captures, values[1:], strict=True))]


def _of_scan(ctx: Any, values: list[Any], cotangents: list[Any]) -> list[Any]:
    op = ctx.op
    body, _ = op._extra["regions"]
    states, sequences = len(op.attrs["Tstate"]), len(op.attrs["Tseq"])
    captures = op.inputs[states + sequences :]
    known = _values(captures, values[states + sequences :])
    history = ctx.kept()
    if history is None:
        history = []
        op.record.lower_with(ctx.with_history(history), op, values)
    totals = _Totals()
    ways = list(cotangents[:states])
    slices = [[np.zeros(np.shape(s)[1:], s.dtype)] * len(s) for s in values[states : states + sequences]]
    for time, (step, streams) in reversed(list(enumerate(history))):
        outputs = [np.asarray(c)[time] for c in cotangents[states:]]
        given = {**known, **dict(zip(body.parameters, step, strict=True))}
        found = _back_through(ctx, 1, given, [*ways, *outputs], streams)
        for i, parameter in enumerate(body.parameters[1 : 1 + sequences]):
            if parameter in found:
                slices[i][time] = np.asarray(found.pop(parameter))
        ways = [
            _fitting(found.pop(p, None), v)
            for p, v in zip(body.parameters[1 + sequences :], step[1 + sequences :], strict=True)
        ]
        for tensor, gradient in found.items():
            totals.add(tensor, gradient)
    stacked = [np.stack(s) if s else zeros_like(v) for s, v in zip(slices, values[states:], strict=False)]
    return [*ways, *stacked, *(totals.of(t, v) for t, v in zip(captures, values[states + sequences :], strict=True))]
