"""Which inputs of a branch or a loop get a gradient, and which get None: what happens inside decides, as in TF1.

    a, b = tf.while_loop(cond, lambda a, b: (a * w, b * u), [a0, b0])       gradients(a, [w, u, a0, b0])

    u never reaches a: its gradient is None, though one node, the loop, takes w and u and gives a and b

TF1 has no such node. Its loops and branches are plain nodes between the xs and the ys, so that three questions have an
answer for every tensor inside. Here they are asked of the regions of a structured node:

    carried     which outputs depend on an x, through tensors that carry gradients
    on a path   which inputs lead to outputs that lead to a y, over tensors that are carried
    given       which inputs a gradient is handed back to: a node without a gradient (`stop_gradient`) ends it

One rule is TF1's own: when a gradient enters a loop at all, every loop variable on a path starts with zeros where it
gets nothing. So what only such a variable takes has a gradient of zeros, not None, even behind a `stop_gradient`.
Branches have no such rule.

Invariant: tensors of a region are asked about only by the node whose region it is; what comes from outside is told by
that node's inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.effects import regions_of

Test = Callable[[Tensor], bool]


@dataclass(slots=True)
class _Form:
    """A structured node as loop variables and captures; a branch has no variables.

    Attributes:
      regions: The regions that compute its outputs.
      variables: For each variable: (index of its input, its parameter, its result, its output).
      slices: For each sequence of a `Scan`: (index of its input, the parameter that stands for a slice of it).
      outputs: For each output that is no variable: (the tensors inside that it is made of, the output).
      captured: Index of the first input that is a capture.
    """

    regions: list[ControlFlowContext]
    variables: list[tuple[int, Tensor, Tensor, Tensor]] = field(default_factory=list)
    slices: list[tuple[int, Tensor]] = field(default_factory=list)
    outputs: list[tuple[tuple[Tensor, ...], Tensor]] = field(default_factory=list)
    captured: int = 1


def is_opened(op: Operation) -> bool:
    """Whether a node is a branch or a loop that can be looked into."""
    return op.type in ("If", "WhileLoop", "Scan") and bool(regions_of(op))


def _form(op: Operation) -> _Form:
    regions = [region for region in regions_of(op) if region.kind != "view"]
    if op.type == "If":
        results = zip(*(region.results for region in regions), strict=True)
        return _Form(regions, outputs=list(zip(results, op.outputs, strict=True)))
    if op.type == "WhileLoop":
        body = regions[1]
        count = len(op.outputs)
        rows = zip(range(count), body.parameters, body.results, op.outputs, strict=True)
        return _Form([body], list(rows), captured=count)
    body = regions[0]
    states, sequences = len(op.attrs["Tstate"]), len(op.attrs["Tseq"])
    slices = [(states + i, body.parameters[1 + i]) for i in range(sequences)]
    own = body.parameters[1 + sequences :]
    rows = zip(range(states), own, body.results[:states], op.outputs[:states], strict=True)
    rest = zip(body.results[states:], op.outputs[states:], strict=True)
    return _Form([body], list(rows), slices, [((t,), o) for t, o in rest], states + sequences)


class GradientPaths:
    """The paths of one walk from ys to xs.

    Attributes:
      carried: The tensors that depend on an x, inside of regions too.
    """

    def __init__(self, carries: Test, hands_back: Callable[[Operation], bool]) -> None:
        """
        Args:
          carries: Whether a tensor is of a kind that carries gradients.
          hands_back: Whether a node hands back gradients.
        """
        self.carried: set[Tensor] = set()
        self._carries = carries
        self._hands_back = hands_back
        self._on_path: dict[Operation, set[Tensor]] = {}

    def spread(self, op: Operation) -> bool:
        """Notes what is carried of a node's outputs; returns whether any input was."""
        carried = self.carried
        if not any(t in carried for t in op.inputs):
            return False
        if not is_opened(op):
            carried.update(t for t in op.outputs if self._carries(t))
            return True
        form = _form(op)
        for i, parameter in form.slices:
            if op.inputs[i] in carried and self._carries(parameter):
                carried.add(parameter)
        for i, parameter, _, _ in form.variables:
            if op.inputs[i] in carried and self._carries(parameter):
                carried.add(parameter)
        while True:
            before = len(carried)
            for region in form.regions:
                for inner in region.ops:
                    self.spread(inner)
            carried.update(p for _, p, result, _ in form.variables if result in carried and self._carries(p))
            if len(carried) == before or not form.variables:
                break
        carried.update(o for _, p, _, o in form.variables if p in carried)
        carried.update(o for sources, o in form.outputs if self._carries(o) and any(t in carried for t in sources))
        return True

    def inputs_on_path(self, op: Operation, wanted: Collection[Tensor]) -> set[int]:
        """Returns the indices of the inputs of a node that lead to some of its outputs.

        Args:
          op: The node; `spread` has seen it.
          wanted: The outputs that lead to a y.
        """
        if not is_opened(op):
            return {i for i, t in enumerate(op.inputs) if t in self.carried and self._carries(t)}
        form = _form(op)
        path = {t for sources, o in form.outputs if o in wanted for t in sources if t in self.carried}
        path |= {p for _, p, _, o in form.variables if o in wanted and p in self.carried}
        while True:
            before = len(path)
            path.update(r for _, p, r, _ in form.variables if p in path and r in self.carried)
            for region in form.regions:
                for inner in reversed(region.ops):
                    self._lengthen(inner, path)
            if len(path) == before or not form.variables:
                break
        self._on_path[op] = path | set(wanted)
        return self._outer(op, form, path)

    def _lengthen(self, op: Operation, path: set[Tensor]) -> None:
        """Adds to a path what leads to a node on it."""
        wanted = [t for t in op.outputs if t in path]
        if wanted:
            path.update(op.inputs[i] for i in self.inputs_on_path(op, wanted))

    def _outer(self, op: Operation, form: _Form, inside: set[Tensor]) -> set[int]:
        """Returns the inputs of a node that stand for a set of tensors inside."""
        found = {i for i, p, _, _ in form.variables if p in inside and op.inputs[i] in self.carried}
        found |= {i for i, p in form.slices if p in inside}
        rest = enumerate(op.inputs[form.captured :], form.captured)
        return found | {i for i, t in rest if t in inside and t in self.carried}

    def inputs_given(self, op: Operation, given: Collection[Tensor]) -> set[int]:
        """Returns the indices of the inputs of a node that gradients are handed back to.

        Args:
          op: The node; `inputs_on_path` has seen it.
          given: The outputs that have a gradient.
        """
        if not is_opened(op):
            handed = self._hands_back(op)
            return {i for i, t in enumerate(op.inputs) if handed and t in self.carried and self._carries(t)}
        form, path = _form(op), self._on_path.get(op, set())
        entered = path if op.type != "If" else set(given)
        reached = {t for sources, o in form.outputs if o in entered for t in sources if t in self.carried}
        variables = {p for _, p, _, _ in form.variables if p in path}
        reached |= variables
        reached.update(r for _, p, r, _ in form.variables if p in path and r in self.carried)
        for region in form.regions:
            for inner in reversed(region.ops):
                some = [t for t in inner.outputs if t in reached and t in path]
                if some:
                    reached.update(inner.inputs[i] for i in self.inputs_given(inner, some))
        return self._outer(op, form, reached)
