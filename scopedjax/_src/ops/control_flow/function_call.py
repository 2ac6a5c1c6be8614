"""Calls of functions: `PartitionedCall`, and `StatefulPartitionedCall` where the body does more than compute.

    y = f(x)         StatefulPartitionedCall(x, w/read)   node of the graph, with TensorFlow's type, inputs and names
                       `-- region "call": MatMul(x, w/read) -> Identity      the body's nodes, once more, for this call

The body of a function is recorded once, in a `FunctionGraph`. A call has a copy of it as its region, in which the
arguments and captures are the very tensors that the call takes; so plans, gradients and effects see through it, and the
nodes become part of the program of the caller. The copies are no nodes of the graph: nobody finds them by name, and a
GraphDef has the function in its library instead, as TensorFlow's has.

Invariants: each call has copies of its own, so two calls of one function draw from streams of their own, which begin
alike, as in TensorFlow; a copy's inputs are copies or inputs of the call.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.attributes import FunctionAttr
from scopedjax._src.graph.call_functions import SITE, is_stateful
from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.control_flow.function_graph import FunctionGraph
from scopedjax._src.ops.convert import as_tensor
from scopedjax._src.ops.registry import defop, lookup
from scopedjax._src.ops.shape_context import ShapeContext, infer_dims

_KEPT: Final = ("gradient", "wanted")  # of Operation._extra, what a copy has as well
_COUNTER: Final = itertools.count()
_SIGNATURE: Final = (
    "(args: Tin...; Tout: list(type), f: func, config: string = '', config_proto: string = '', "
    "executor_type: string = '') -> output: Tout..."
)


def _shape(c: ShapeContext) -> list[Dims]:
    return [None] * len(c.attr("Tout"))


@defop("PartitionedCall" + _SIGNATURE, shape=_shape, structured=True)
def _call(ctx: Any, values: list[Any]) -> list[Any]:
    inputs = ctx.op.inputs
    # Copies of the body name a variable's storage themselves.
    given = {t: v for t, v in zip(inputs, values, strict=True) if t.dtype.name != "resource"}
    if not hasattr(ctx, "touched_state") and ctx.keeps_steps():  # a host stage
        ctx.history().append(ctx.streams())
    return ctx.region(0, given)


@defop("StatefulPartitionedCall" + _SIGNATURE, shape=_shape, structured=True, stateful=True)
def _stateful_call(ctx: Any, values: list[Any]) -> list[Any]:
    return _call(ctx, values)


class BodyCopy:
    """Copies nodes of a function's body.

    Args:
      graph: Where the copies belong.
      given: The tensor for each placeholder of the body.
      prefix: What is put before the names of copies in a region.
      region: The region of a call, whose nodes are not nodes of the graph; None for nodes that are.
      forwards: The copies of nodes of another body whose gradients are taken here.
    """

    def __init__(
        self,
        graph: Graph,
        given: dict[Tensor, Tensor],
        prefix: str = "",
        region: ControlFlowContext | None = None,
        forwards: Mapping[Operation, Operation] | None = None,
    ) -> None:
        self.graph = graph
        self.tensors = dict(given)
        self.prefix = prefix
        self.region = region
        self.forwards = forwards or {}
        self.ops: dict[Operation, Operation] = {}
        self.contexts: dict[ControlFlowContext, ControlFlowContext] = {}

    def add(self, targets: Iterable[Operation]) -> None:
        """Copies nodes and all that they need, as far as they were not copied yet."""
        found = sorted(self._needed(targets), key=lambda op: op._id)
        for op in found:
            self._copy(op)
        for op in found:
            for region in regions(op):
                self._complete(region)

    def _needed(self, targets: Iterable[Operation]) -> set[Operation]:
        stack, found = list(targets), set[Operation]()
        while stack:
            op = stack.pop()
            if op in found or op in self.ops or op.outputs and all(t in self.tensors for t in op.outputs):
                continue
            found.add(op)
            stack.extend(t.op for t in op.inputs)
            stack.extend(op._control_inputs)
            for region in regions(op):
                stack.extend(region.ops)
                stack.extend(t.op for t in (*region.results, *region.parameters))
            forward = (op._extra or {}).get("forward")
            if forward is not None and forward not in self.forwards:
                stack.append(forward)
        return found

    def _copy(self, op: Operation) -> None:
        inputs = tuple(self.tensors[t] for t in op.inputs)
        controls = [self.ops[c] for c in op._control_inputs if c in self.ops]
        dims = self._dims(op, inputs)
        types = [t.dtype for t in op.outputs]
        attrs = dict(op._attrs)
        forward = self._forward(op)
        if forward is not None:
            attrs["_forward_op"] = forward.name
        if self.region is None:
            name = self.graph.unique_name(op.name) + "/"
            with self.graph.control_dependencies(None):
                new = self.graph.create_node(op.type, name, inputs, types, dims, attrs, op.record, site=op.site)
        else:
            new = self._hidden(op, inputs, controls, types, dims, attrs)
        self.ops[op] = new
        self.tensors.update(zip(op.outputs, new.outputs, strict=True))
        extra: dict[str, Any] = {k: v for k, v in (op._extra or {}).items() if k in _KEPT}
        if regions(op):
            extra["regions"] = tuple(self._context(region) for region in regions(op))
        if forward is not None:
            extra["forward"] = forward
        new._extra = extra or None

    def _forward(self, op: Operation) -> Operation | None:
        """Returns the copy of the node of which a node is the gradient."""
        found = (op._extra or {}).get("forward")
        return None if found is None else self.forwards.get(found) or self.ops[found]

    def refresh(self, op: Operation, new: Operation) -> None:
        """Gives the copy of a node the regions that the node got since."""
        more = regions(op)[len(regions(new)) :]
        if more:
            assert new._extra is not None
            self.add(inner for region in more for inner in region.ops)
            for region in more:
                self._complete(region)
            new._extra["regions"] = (*regions(new), *(self._context(region) for region in more))
            new._attrs.update({k: v for k, v in op._attrs.items() if k not in new._attrs})

    def _hidden(
        self, op: Operation, inputs: tuple[Tensor, ...], controls: list[Operation], types: Any, dims: Any, attrs: Any
    ) -> Operation:
        graph = self.graph
        with graph._lock:
            new = Operation(
                graph, graph._next_id, op.type, f"{self.prefix}{op.name}", inputs, controls, types, dims, attrs,
                op.record, op.site,
            )  # fmt: skip
            graph._next_id += 1
        new.device = op.device
        new.context = self._context(op.context)
        assert new.context is not None
        new.context.add_op(new)
        return new

    @staticmethod
    def _dims(op: Operation, inputs: tuple[Tensor, ...]) -> list[Dims]:
        """Returns static shapes: what the body says, and what follows where this call knows more of its arguments."""
        known = [t._dims for t in op.outputs]
        if op.record is None or all(a._dims == b._dims for a, b in zip(inputs, op.inputs, strict=True)):
            return known
        if not any(d is None or None in d for d in known) or "forward" in (op._extra or {}):
            return known
        try:
            found = infer_dims(op.record, ShapeContext(op.record, op.name, inputs, op._attrs), len(known))
            return [merge_dims(a, b) for a, b in zip(known, found, strict=True)]
        except (TypeError, ValueError):
            return known  # the run says what does not fit

    def _context(self, context: ControlFlowContext | None) -> ControlFlowContext | None:
        if context is None:
            return self.region
        found = self.contexts.get(context)
        if found is None:
            found = ControlFlowContext(self.prefix + context.name, context.kind, self._context(context.outer))
            found.from_file = context.from_file
            self.contexts[context] = found
        return found

    def _complete(self, context: ControlFlowContext) -> None:
        new = self._context(context)
        assert new is not None
        new.captures = {**dict.fromkeys(self.tensors[t] for t in context.captures if t in self.tensors)}
        new.controls = dict.fromkeys(self.ops[c] for c in context.controls if c in self.ops)
        new.results = [self.tensors[t] for t in context.results]
        new.result_controls = [self.ops[c] for c in context.result_controls if c in self.ops]
        new.parameters = [self.tensors[t] for t in context.parameters]
        new.extra = {key: self._mapped(value) for key, value in context.extra.items()}

    def _mapped(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self.tensors.get(value, value)
        if isinstance(value, Operation):
            return self.ops.get(value, value)
        if isinstance(value, (list, tuple)):
            return type(value)(self._mapped(item) for item in value)
        return value


def regions(op: Operation) -> Sequence[ControlFlowContext]:
    """Returns the regions of a node."""
    return () if op._extra is None else op._extra.get("regions", ())


@dataclass(eq=False)
class Site:
    """A call and its body.

    Attributes:
      op: The call.
      graph: The body.
      name: What the function is called in a library.
      outputs: The tensors of the body that the call gives: what the function returns, and behind that what the way
        back needs.
      copy: The copies of the body's nodes.
      forward: The call of which it is the way back, or None.
      is_own: Whether no other call names the same function.
      backs: The calls that are the ways back of this one.
    """

    op: Operation
    graph: FunctionGraph
    name: str
    outputs: list[Tensor]
    copy: BodyCopy
    forward: Site | None = None
    is_own: bool = False
    backs: list[Site] = field(default_factory=list)

    @staticmethod
    def fresh_name(name: str, kind: str = "inference") -> str:
        """Returns a name for a function of a library, which no other function of the process has."""
        return f"__{kind}_{name}_{next(_COUNTER)}"

    def moved(self, op: Operation, ops: Mapping[Operation, Operation], tensors: Mapping[Tensor, Tensor]) -> Site:
        """Returns the same for a copy of the call.

        Args:
          op: The copy.
          ops: The copies of nodes, those of the region among them.
          tensors: The copies of tensors.
        """
        copy = BodyCopy(op.graph, {}, self.copy.prefix, regions(op)[0])
        copy.ops = {own: ops[new] for own, new in self.copy.ops.items() if new in ops}
        copy.tensors = {own: tensors[new] for own, new in self.copy.tensors.items() if new in tensors}
        forward = None
        if self.forward is not None and self.forward.op in ops:
            forward = site_of(ops[self.forward.op])
        site = Site(op, self.graph, self.name, list(self.outputs), copy, forward, self.is_own)
        if forward is not None:
            forward.backs.append(site)
        return site

    def rename(self) -> None:
        """Gives the call a function of its own, which returns more than that of other calls."""
        if not self.is_own:
            self.is_own = True
            self.name = self.fresh_name(self.graph.name, "forward")
            self.op._attrs["f"] = FunctionAttr(self.name, ())

    def tensor(self, tensor: Tensor) -> Tensor:
        """Returns what stands around the call for a tensor of the body; if need be, a further output of the call."""
        for own, given in zip(self.graph.inputs, self.op.inputs, strict=False):
            if own is tensor:
                return given
        if tensor not in self.outputs:
            self.rename()
            self.outputs.append(tensor)
            self.copy.add([tensor.op])
            _add_output(self.op, self.copy.tensors[tensor])
        return self.op.outputs[self.outputs.index(tensor)]

    def refresh(self) -> None:
        """Takes over what became of nodes of the body since they were copied: taking gradients changes some."""
        for op, new in list(self.copy.ops.items()):
            if len(op.outputs) > len(new.outputs):
                for tensor in regions(op)[0].results[len(new.outputs) :]:
                    self.copy.add([tensor.op])
                    _add_output(new, self.copy.tensors[tensor])
                self.copy.tensors.update(zip(op.outputs, new.outputs, strict=True))
            self.copy.refresh(op, new)


def _add_output(op: Operation, tensor: Tensor) -> None:
    """Lets a call give one more tensor of its region."""
    (region,) = regions(op)
    region.results.append(tensor)
    region.capture(tensor)
    new = Tensor(op, len(op.outputs), tensor.dtype.base_dtype, tensor._dims)
    op._outputs.append(new)
    op._attrs["Tout"] = (*op._attrs["Tout"], tensor.dtype.base_dtype)
    op.graph.mutated()


def site_of(op: Operation) -> Site:
    """Returns what a call of a function that was recorded here knows of its body."""
    assert op._extra is not None
    return op._extra[SITE]


def record_call(function: FunctionGraph, function_name: str, arguments: Sequence[Any]) -> Operation:
    """Records a call in the default graph.

    Args:
      function: The body.
      function_name: What the function is called in a library.
      arguments: A tensor for each argument.

    Returns:
      The call; its outputs are those of the body.
    """
    with stacks.get_default_graph().control_dependencies(function.control_captures):
        return record_body(function, function_name, [as_tensor(a) for a in arguments], list(function.captures))


def record_body(
    function: FunctionGraph,
    function_name: str,
    arguments: Sequence[Tensor],
    captured: Sequence[Tensor],
    forward: Site | None = None,
) -> Operation:
    """Records a call whose captures are given; `forward` is the call of which it is the way back."""
    graph = stacks.get_default_graph()
    tensors = (*arguments, *captured)
    kind = "StatefulPartitionedCall" if is_stateful(function.get_operations()) else "PartitionedCall"
    record = lookup(kind)
    assert record is not None
    attrs = {
        "Tin": tuple(t.dtype.base_dtype for t in tensors),
        "Tout": tuple(t.dtype.base_dtype for t in function.outputs),
        "f": FunctionAttr(function_name, ()),
        "config": "",
        "config_proto": "",
        "executor_type": "",
    }
    shapes = [t._dims for t in function.outputs]
    op = graph.create_node(kind, kind, tensors, attrs["Tout"], shapes, attrs, record)
    _give_body(op, function, function_name, forward)
    return op


def _give_body(op: Operation, function: FunctionGraph, name: str, forward: Site | None) -> None:
    """Gives a call its region."""
    region = ControlFlowContext(op.name, "call", op.context)
    forwards = {} if forward is None else forward.copy.ops
    copy = BodyCopy(op.graph, {}, f"{op.name}/", region, forwards)
    seen: set[Tensor] = set()
    for own, tensor in zip(function.inputs, op.inputs, strict=True):
        if tensor in seen and tensor.dtype.name != "resource":
            tensor = _another(op, tensor, region)  # a derivative for one of them is none for the other
        seen.add(tensor)
        copy.tensors[own] = tensor
    copy.add([*(t.op for t in function.outputs), *function.control_outputs])
    region.results = [copy.tensors[t] for t in function.outputs]
    for tensor in region.results:
        region.capture(tensor)
    region.result_controls = [copy.ops[c] for c in function.control_outputs if c in copy.ops]
    site = Site(op, function, name, list(function.outputs), copy, forward)
    op._extra = {"regions": (region,), SITE: site}
    if forward is not None:
        forward.backs.append(site)
        forward.rename()
    for tensor, own in zip(op.outputs, region.results, strict=True):
        tensor._dims = own._dims


def _another(op: Operation, tensor: Tensor, region: ControlFlowContext) -> Tensor:
    record = lookup("Identity")
    graph = op.graph
    dtype = tensor.dtype.base_dtype
    with graph._lock:
        new = Operation(
            graph, graph._next_id, "Identity", f"{op.name}/argument", (tensor,), [], [dtype], [tensor._dims],
            {"T": dtype}, record, op.site,
        )  # fmt: skip
        graph._next_id += 1
    new.context = region
    region.add_op(new)
    return new.outputs[0]
