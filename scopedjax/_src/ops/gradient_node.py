"""`SymbolicGradient`: the node that `tf.gradients` records for a node whose rule JAX supplies.

TensorFlow has this type: its inputs are the inputs of a function and the gradients for its outputs, its outputs the
gradients for the inputs; the attribute `f` names the function, here the forward node's type with its attributes.
While a program is traced it calls the pullback that the forward node left (see `lower.trace`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.attributes import FunctionAttr
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import record_node
from scopedjax._src.ops.registry import defop, lookup
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.state.handles import is_resource, stored_dims, stored_dtype


def _shape(c: ShapeContext) -> list[Dims]:
    return [stored_dims(t) if is_resource(t) else t._dims for t in c.inputs[: len(c.attr("Tout"))]]


@defop("SymbolicGradient(input: Tin...; Tout: list(type), f: func) -> output: Tout...", shape=_shape, array="gradient")
def _symbolic_gradient(ctx: Any, values: list[Any], *, Tout: Sequence[DType]) -> Any:
    count = len(Tout)
    return ctx.pullback(values[:count], values[count:])


def gradient_node(forward: Operation, cotangents: Sequence[Tensor], name: str) -> list[Tensor]:
    """Records the gradient of `forward`.

    Args:
      forward: The node whose gradient it is.
      cotangents: The gradient for each of its outputs.
      name: Node name.

    Returns:
      The gradient for each of its inputs; for inputs that are not floating, zeros.
    """
    record = lookup("SymbolicGradient")
    assert record is not None
    graph = stacks.recording_graph(forward.graph)
    inputs = (*forward.inputs, *cotangents)
    attrs = {
        "Tin": tuple(t.dtype.base_dtype for t in inputs),
        "Tout": tuple((stored_dtype(t) if is_resource(t) else None) or t.dtype.base_dtype for t in forward.inputs),
        # A structured node's attributes are written when the graph is, which knows their kinds.
        "f": FunctionAttr(forward.type, () if forward.record.structured else tuple(sorted(forward.attrs.items()))),
        "_forward_op": forward.name,
    }
    op = record_node(graph, record, name, inputs, attrs)
    link_forward(op, forward)
    return op.outputs


def link_forward(op: Operation, forward: Operation) -> None:
    """Ties a gradient node to its forward node."""
    op._extra = {**(op._extra or {}), "forward": forward}
