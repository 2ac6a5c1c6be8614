"""The gradient of a call: a call of the function that goes back, as TensorFlow records it.

    y = f(x)        StatefulPartitionedCall(x, w)                                          y
    gradients       StatefulPartitionedCall(x, w) -> y, h          PartitionedCall(dy, h)  dx, dw

The gradient of the body is recorded once, in a `FunctionGraph` around which the body lies: what it takes of the body's
tensors are its captures. They become further outputs of the call whose gradient is asked for, which hands them to the
function that goes back. So the forward pass is computed once, what was random stays what it was, and gradients of rows
stay `IndexedSlices`.

While a program is traced, the pullbacks of the body's nodes are kept for those of the other call (see `lower.trace`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.control_flow.function_call import Site, record_body, site_of
from scopedjax._src.ops.control_flow.function_graph import FunctionGraph
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices

Gradients = Callable[..., list[Any]]
Carries = Callable[[Tensor], bool]


def call_gradient(op: Operation, totals: Sequence[Any], gradients: Gradients, carries: Carries) -> list[Any]:
    """Records the gradient of a call.

    Args:
      op: The call.
      totals: The gradient for each of its outputs, or None.
      gradients: `tf.gradients`.
      carries: Whether a tensor carries gradients.

    Returns:
      The gradient for each of its inputs, or None.
    """
    site = site_of(op)
    given = tuple(i for i, total in enumerate(totals) if total is not None)
    way_back = _way_back(site, given, gradients, carries)
    site.refresh()
    captured = [site.tensor(t) for t in way_back.graph.captures]
    dense = [convert_to_tensor(totals[i]) for i in given]
    found = record_body(way_back.graph, way_back.name, dense, captured, site)
    return way_back.taken_apart(found.outputs)


class _WayBack:
    """The gradient of a body, and how its outputs make up the gradients for the inputs."""

    def __init__(self, graph: FunctionGraph, name: str) -> None:
        self.graph = graph
        self.name = name
        self.parts: list[int] = []  # by input: how many tensors its gradient consists of

    def set_results(self, found: Sequence[Any]) -> None:
        """Sets what the gradients for the inputs are."""
        for gradient in found:
            parts = _parts(gradient)
            self.parts.append(len(parts))
            self.graph.outputs.extend(apply_op("Identity", self.graph.inside(t)) for t in parts)

    def taken_apart(self, outputs: Sequence[Tensor]) -> list[Any]:
        """Returns the gradients for the inputs of a call, made of the outputs of a call of this."""
        left = iter(outputs)
        result: list[Any] = []
        for count in self.parts:
            parts = [next(left) for _ in range(count)]
            result.append(None if not parts else parts[0] if count == 1 else IndexedSlices(*parts))
        return result


def _parts(gradient: Any) -> list[Tensor]:
    if gradient is None:
        return []
    if isinstance(gradient, IndexedSlices):
        shape = [] if gradient.dense_shape is None else [gradient.dense_shape]
        return [gradient.values, gradient.indices, *shape]
    return [gradient]


def _way_back(site: Site, given: tuple[int, ...], gradients: Gradients, carries: Carries) -> _WayBack:
    body = site.graph
    ys = [site.outputs[i] for i in given]
    known = body.ways_back.get(tuple(ys))
    if known is not None:
        return known
    name = f"__backward_{body.name}"
    graph = FunctionGraph(name, body)
    found = _WayBack(graph, site.fresh_name(name))
    xs = [t if carries(t) else None for t in body.inputs]
    with graph.as_default():
        for y in ys:
            graph.arguments.append(apply_op("Placeholder", dtype=y.dtype.base_dtype, shape=y._dims))
        wanted = [x for x in xs if x is not None]
        results = iter(gradients(ys, wanted, grad_ys=list(graph.arguments)) if wanted else ())
        found.set_results([None if x is None else next(results) for x in xs])
    body.ways_back[tuple(ys)] = found
    return found
