"""Gradients of loops and branches as functions that TensorFlow runs.

TensorFlow has no derivative of a While or an If that a file names. So a loop of which a gradient is taken is written in
a form that keeps what its gradient needs, and the gradient node is written as a call of a loop that goes back:

    here                        in a file
    h, i = WhileLoop(h0, i0, w) h, i, ..., lists, n = call{While, whose body pushes what the way back needs on lists}
    dh0, dw = SymbolicGradient  dh0, dw = call{While(n, lists, dh, dw = 0), whose body pops and goes back one step}
    y = If(p, x)                y, lists = If{a branch puts on its lists what its way back needs}
    dx = SymbolicGradient       dx = If(p, x, dy, lists){the way back through each branch}

The way back through one step is the gradient that `tf.gradients` records for the results of the region, in a copy of
it (`region_copy`), unless the region has it already (a view, see `ops.control_flow.region_gradient`). It is not
computed from the inputs again: what was random or read from a variable stays what it was. What it needs are

    saved     tensors that the step computed, its parameters among them: on lists
    outside   tensors that the region takes from outside: the same in every step
    sources   nodes without inputs (constants): written once more

Regions in regions go the same way: the lists of an inner loop are saved on a list of the outer one.

Invariant: the first outputs of a changed node are its own, so that nobody who uses them sees a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.region_copy import PLAN, RegionCopy
from scopedjax._src.graph.region_function import INT32, VARIANT, Key, kind_of, needed
from scopedjax._src.graph.tensor import Tensor

if TYPE_CHECKING:
    from scopedjax._src.graph.contexts import ControlFlowContext

GRADIENTS: Final = frozenset(("SymbolicGradient", "RegionGradient"))
Recorder = Callable[["ControlFlowContext", Any], "ControlFlowContext"]
_RECORDERS: list[tuple[Recorder, Callable[[], Any]]] = []


def register_recorder(record: Recorder, placeholder: Callable[[], Any]) -> None:
    """Tells how a region's gradient is recorded, which is known on a higher floor.

    Args:
      record: Function of a region and of the tensors from outside whose gradients are wanted, that returns a view.
      placeholder: Returns the record of `Placeholder`.
    """
    _RECORDERS[:] = [(record, placeholder)]


def structured_forward(op: Operation) -> Operation | None:
    """Returns the loop or the branch of which a node is the gradient, or None."""
    forward = None if op._extra is None or op.type not in GRADIENTS else op._extra.get("forward")
    if forward is None or forward._extra is None or not forward._extra.get("regions"):
        return None
    return forward


@dataclass(eq=False)
class Step:
    """The way back through one region.

    Attributes:
      region: The region, or its copy.
      view: Yields the gradients.
      copies: The copy of each tensor from outside.
      forward: Nodes of the way there, in order.
      backward: Nodes of the way back, in order.
      saved: What the way back needs of the way there, with its dtypes.
      outside: What it takes from outside.
      inner: Loops and branches inside that have gradients, with their plans.
    """

    region: ControlFlowContext
    view: ControlFlowContext
    copies: dict[Tensor, Tensor]
    forward: list[Operation] = field(default_factory=list)
    backward: list[Operation] = field(default_factory=list)
    saved: dict[Key, int] = field(default_factory=dict)
    outside: dict[Tensor, None] = field(default_factory=dict)
    inner: dict[Operation, Plan] = field(default_factory=dict)

    def of(self, tensor: Tensor) -> Tensor:
        """Returns what stands in the region for a tensor from outside."""
        return self.copies.get(tensor, tensor)

    def gradient(self, tensor: Tensor) -> Tensor | None:
        """Returns the gradient for a tensor of the region or from outside, if there is one."""
        sources = self.view.extra["sources"]
        return dict(zip(sources, self.view.results, strict=True)).get(self.of(tensor))

    def complete(self, plans: dict[Operation, Plan]) -> None:
        """Finds out what the way back needs."""
        region = self.region
        self.forward = needed(region, region.results, region.result_controls)
        there, own = set(self.forward), set(region.ops)
        back: set[Operation] = set()
        stack = [t.op for t in self.view.results]
        while stack:
            op = stack.pop()
            if op in own and op not in there and op not in back and not self._is_given(op):
                back.add(op)
                stack.extend(t.op for t in op.inputs)
                stack.extend(op.control_inputs)
        again = {t.op: None for t in self._used(back) if t.op in there and _is_source(t.op)}
        parameters = {t.op for t in region.parameters}
        again = {op: None for op in again if op not in parameters}
        self.backward = [op for op in region.ops if op in back or op in again]
        for tensor in self._used(back):
            if tensor.op in again or self._is_given(tensor.op) and tensor.op not in parameters:
                continue
            if tensor.op in there or tensor.op in parameters:
                self.saved.setdefault(tensor, kind_of(tensor))
            elif tensor.op not in back:
                self.outside.setdefault(tensor)
        for op in self.backward:
            forward = structured_forward(op)
            if forward is not None:
                self._save_lists(forward, forward in there, plans)
        self._save_shapes()

    def _save_lists(self, forward: Operation, there: bool, plans: dict[Operation, Plan]) -> None:
        """Saves what an inner loop or branch keeps for its own way back."""
        plan = self.inner[forward] = plan_of(forward, plans)
        for i, kind in enumerate(plan.extras if there else ()):
            self.saved.setdefault((forward, plan.first_extra + i), kind)

    def _save_shapes(self) -> None:
        """Saves loop variables that have no gradient: they get zeros, in shapes that may change from step to step."""
        for tensor in self.region.parameters:
            carries = tensor.dtype.is_floating or tensor.dtype.is_complex
            if carries and self.gradient(tensor) is None and (tensor._dims is None or None in tensor._dims):
                self.saved.setdefault(tensor, kind_of(tensor))

    def _is_given(self, op: Operation) -> bool:
        return any(op is t.op for t in (*self.region.parameters, *self.view.parameters))

    def _used(self, back: set[Operation]) -> list[Tensor]:
        found = [t for op in self.region.ops if op in back for t in op.inputs]
        return list(dict.fromkeys((*found, *self.view.results)))


@dataclass(eq=False)
class Plan:
    """What a loop or a branch keeps for its gradient.

    Attributes:
      op: The node.
      steps: The way back through its body, or through each of its branches.
      extras: The dtypes of the outputs that it has in the file besides.
    """

    op: Operation
    steps: list[Step]
    extras: list[int]

    @property
    def first_extra(self) -> int:
        """The number of the first output that the node has only in the file: a While's are as many as its inputs."""
        return len(self.op.inputs) if self.op.type == "WhileLoop" else len(self.op.outputs)

    def with_inner(self) -> dict[Operation, Plan]:
        """Returns the plan, and those of the regions inside, by node."""
        found: dict[Operation, Plan] = {self.op: self}
        for step in self.steps:
            for plan in step.inner.values():
                found.update(plan.with_inner())
        return found


class NoWayBack(Exception):
    """A gradient that TensorFlow cannot run; says why."""


def plan_of(op: Operation, plans: dict[Operation, Plan]) -> Plan:
    """Returns the plan of a node with regions, made once.

    Args:
      op: The node.
      plans: Plans that are known; the new ones are added.

    Raises:
      NoWayBack: there is none.
    """
    if op in plans:
        return plans[op]
    assert op._extra is not None
    wanted = op._extra.get("wanted")
    regions = op._extra["regions"]
    key = (None if wanted is None else frozenset(wanted), len(regions), *(len(r.ops) for r in regions))
    known = op._extra.get(PLAN)
    if known is None or known[0] != key:
        known = op._extra[PLAN] = (key, _planned(op, wanted, plans))
    plans.update(known[1].with_inner())
    return known[1]


def fits(op: Operation, forward: Operation) -> bool:
    """Whether a gradient node has an input for each input and output of its forward node; a file may say otherwise."""
    wanted = (*forward.inputs, *forward.outputs)
    if len(op.inputs) != len(wanted) or len(op.outputs) != len(forward.inputs):
        return False
    return all(kind_of(a) == kind_of(b) for a, b in zip(op.inputs, wanted, strict=True))


def _check(op: Operation, bodies: Sequence[ControlFlowContext], views: Sequence[ControlFlowContext]) -> None:
    """Raises NoWayBack for regions that do not fit their node."""
    assert op._extra is not None
    outputs, kinds = len(op.outputs), [region.kind for region in op._extra["regions"]]
    parameters, results = 0, outputs
    right = kinds[:2] == ["cond_true", "cond_false"]
    if op.type == "WhileLoop":
        parameters, right = outputs, kinds[:2] == ["while_cond", "while"]
    elif op.type == "Scan":
        states = len(op.attrs["Tstate"])
        parameters, right = 1 + len(op.attrs["Tseq"]) + states, kinds[:1] == ["while"]
    for region in bodies:
        right = right and len(region.parameters) == parameters and len(region.results) == results
    for view in views:
        right = right and len(view.extra.get("carries", ())) == results
        right = right and len(view.extra.get("sources", ())) == len(view.results)
    if not right:
        raise NoWayBack("its regions do not fit it")


def _planned(op: Operation, wanted: set[int] | None, plans: dict[Operation, Plan]) -> Plan:
    assert op._extra is not None
    regions = op._extra["regions"]
    bodies = [region for region in regions if region.kind not in ("while_cond", "view")]
    views = [region for region in regions if region.kind == "view"]
    _check(op, bodies, views)
    if any(region.extra.get("absent") for region in bodies):
        raise NoWayBack("a result of one of its branches is absent")
    chosen = None if wanted is None else {op.inputs[i] for i in wanted}
    steps = [_recorded(body, chosen) for body in bodies] if len(views) != len(bodies) else []
    steps = steps or [Step(body, view, {}) for body, view in zip(bodies, views, strict=True)]
    for step in steps:
        step.complete(plans)
    extras = [VARIANT for step in steps for _ in step.saved]
    if op.type == "WhileLoop":
        extras.append(INT32)  # how often it ran
    return Plan(op, steps, extras)


def _recorded(body: ControlFlowContext, wanted: set[Tensor] | None) -> Step:
    if not _RECORDERS:
        raise NoWayBack("gradients are not loaded")
    record, placeholder = _RECORDERS[0]
    copy = RegionCopy(body, placeholder())
    outside = None if wanted is None else {copy.tensors[t] for t in body.captures if t in wanted}
    try:
        view = record(copy.region, outside)
    except (LookupError, NotImplementedError) as error:
        raise NoWayBack(str(error)) from error
    return Step(copy.region, view, {t: copy.tensors[t] for t in body.captures})


def _is_source(op: Operation) -> bool:
    """Whether a node can be written once more: it has no inputs and does the same each time."""
    record = op.record
    return not op.inputs and record is not None and not (record.stateful or record.rng or record.owns_storage)


def carrying(tensors: Sequence[Tensor]) -> list[int]:
    """Returns the places of tensors that carry gradients."""
    return [i for i, t in enumerate(tensors) if t.dtype.is_floating or t.dtype.is_complex]
