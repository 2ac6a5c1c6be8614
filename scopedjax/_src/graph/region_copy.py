"""A copy of a region in a graph of its own, into which nodes can be recorded without changing the graph it is from.

    graph                                               copy
    h0, w -> WhileLoop (region: Identity, MatMul, ...)  w (Placeholder)   region: Identity, MatMul, ...

What the region takes from outside stands in the copy as a placeholder of the same dtype and static shape, or, for the
handle of a variable or of an array, as a node like the one that makes it, so that what it names can be told.

Invariants: copied nodes keep their types, attributes, names, shapes and regions, and their order; the graph given is
not changed.
"""

from __future__ import annotations

from typing import Any, Final

from scopedjax._src.graph.call_functions import SITE, is_call
from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor

PLAN: Final = "backward_plan"  # key in Operation._extra of what `backward_functions` finds out
_OF_THE_GRAPH: Final = frozenset(("regions", "forward", PLAN, SITE))  # what a copy does not share


class RegionCopy:
    """A region, copied with all regions inside it.

    Args:
      region: The region.
      placeholder: The record of `Placeholder`.

    Attributes:
      graph: The graph of the copy.
      region: The copied region.
      tensors: The copy of each tensor that the region makes or takes from outside.
    """

    def __init__(self, region: ControlFlowContext, placeholder: Any) -> None:
        self.graph = Graph()
        self.placeholder = placeholder
        self.tensors: dict[Tensor, Tensor] = {}
        self.ops: dict[Operation, Operation] = {}
        self.contexts: dict[ControlFlowContext, ControlFlowContext] = {}
        for tensor in region.captures:
            self._outside(tensor)
        ops = sorted(_with_inner(region), key=lambda op: op._id)
        self.region = self._context(region)
        for op in ops:
            self._copy(op)
        self._complete(region)
        for op in ops:
            for inner in _regions(op):
                self._complete(inner)
        for op in ops:
            if is_call(op):
                new = self.ops[op]
                assert op._extra is not None and new._extra is not None
                new._extra[SITE] = op._extra[SITE].moved(new, self.ops, self.tensors)

    def _outside(self, tensor: Tensor) -> None:
        if tensor in self.tensors:
            return
        op = tensor.op
        if tensor.dtype.name == "resource" and op.record is not None:
            for source in op.inputs:
                self._outside(source)
            self._copy(op, inside=False)
            return
        name = self.graph.unique_name(op.name.replace(":", "_")) + "/"
        attrs = {"dtype": tensor.dtype.base_dtype, "shape": tensor._dims}
        new = self.graph.create_node(
            "Placeholder", name, (), [tensor.dtype.base_dtype], [tensor._dims], attrs, self.placeholder, site=op.site
        )
        self.tensors[tensor] = new.outputs[0]

    def _copy(self, op: Operation, inside: bool = True) -> Operation:
        self.graph._names.take(op.name)
        context = self._context(op.context) if inside and op.context is not None else None
        for tensor in op.inputs:
            if tensor not in self.tensors:
                self._outside(tensor)
        with self.graph.context(context):
            new = self.graph.create_node(
                op.type,
                f"{op.name}/",
                tuple(self.tensors[t] for t in op.inputs),
                [t.dtype for t in op.outputs],
                [t._dims for t in op.outputs],
                dict(op._attrs),
                op.record,
                site=op.site,
            )
        self.ops[op] = new
        self.tensors.update(zip(op.outputs, new.outputs, strict=True))
        controls = [self.ops[c] for c in op._control_inputs if inside and c in self.ops]
        if controls:
            new._add_control_inputs(controls)
        self._copy_extra(op, new)
        return new

    def _copy_extra(self, op: Operation, new: Operation) -> None:
        extra = op._extra or {}
        kept: dict[str, Any] = {k: v for k, v in extra.items() if k not in _OF_THE_GRAPH}
        if extra.get("regions"):
            kept["regions"] = tuple(self._context(region) for region in extra["regions"])
        forward = extra.get("forward")
        if forward is not None and forward in self.ops:
            kept["forward"] = self.ops[forward]
        new._extra = kept or None

    def _context(self, context: ControlFlowContext) -> ControlFlowContext:
        found = self.contexts.get(context)
        if found is None:
            outer = None if context.outer is None else self.contexts.get(context.outer)
            found = self.contexts[context] = ControlFlowContext(context.name, context.kind, outer)
        return found

    def _complete(self, context: ControlFlowContext) -> None:
        """Fills in what a copied region says of nodes that are copied only after it was opened."""
        new = self._context(context)
        for tensor in (*context.captures, *context.results, *context.parameters):
            if tensor not in self.tensors:
                self._outside(tensor)
        new.captures = dict.fromkeys(self.tensors[t] for t in context.captures)
        new.controls = dict.fromkeys(self.ops[c] for c in context.controls if c in self.ops)
        new.results = [self.tensors[t] for t in context.results]
        new.result_controls = [self.ops[c] for c in context.result_controls if c in self.ops]
        new.parameters = [self.tensors[t] for t in context.parameters]
        new.extra = {key: self._mapped(value) for key, value in context.extra.items()}

    def _mapped(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            self._outside(value)
            return self.tensors[value]
        if isinstance(value, Operation):
            return self.ops.get(value)
        if isinstance(value, (list, tuple)):
            return type(value)(self._mapped(item) for item in value)
        return value


def _regions(op: Operation) -> tuple[ControlFlowContext, ...]:
    return () if op._extra is None else op._extra.get("regions", ())


def _with_inner(region: ControlFlowContext) -> set[Operation]:
    found: set[Operation] = set()
    stack = [region]
    while stack:
        for op in stack.pop().ops:
            if op not in found:
                found.add(op)
                stack.extend(_regions(op))
    return found
