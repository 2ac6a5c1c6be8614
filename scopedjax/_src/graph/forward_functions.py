"""Loops and branches as functions of a file that TensorFlow runs.

    If, two regions         If {then_branch, else_branch}
    WhileLoop               While {cond, body}; what the regions take from outside goes round with the loop variables
    Scan                    a call of a function around a While, see `scan_function`

A node of which a gradient is taken also returns lists of what the way back needs, see `backward_functions`. A While
that does so takes the empty lists as inputs behind its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from scopedjax._src.graph.attributes import to_attr_value
from scopedjax._src.graph.backward_functions import Plan, Step
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.region_function import (
    INT32,
    VARIANT,
    Body,
    Key,
    RegionFunction,
    kind_of,
    needed,
    type_attr,
    types_attr,
)
from scopedjax._src.graph.scan_function import add_scan, empty_lists
from scopedjax._src.graph.tensor import Tensor

if TYPE_CHECKING:
    from scopedjax._src.graph.contexts import ControlFlowContext


class Writer(Protocol):
    """What writes nodes and keeps functions: a `Library`."""

    functions: dict[str, Any]

    def fresh(self, name: str) -> str:
        """Returns a name that no function has."""
        ...

    def add(self, function: RegionFunction, op: Operation) -> None:
        """Adds a node to a function."""
        ...

    def function(self, name: str, kinds: Sequence[int], arguments: Sequence[Tensor]) -> RegionFunction:
        """Returns a new function."""
        ...


class ForwardWriter:
    """Writes loops and branches.

    Args:
      library: Writes their nodes and keeps their functions.
    """

    def __init__(self, library: Writer) -> None:
        self.library = library

    def write(self, op: Operation, node: Any, plan: Plan | None) -> None:
        """Fills in the cleared NodeDef of a node with regions."""
        assert op._extra is not None
        regions = op._extra["regions"]
        {"If": self._if, "WhileLoop": self._while, "Scan": self._scan}[op.type](op, node, regions, plan)

    def _region(
        self,
        name: str,
        region: ControlFlowContext,
        kinds: Sequence[int],
        arguments: Sequence[Tensor],
        step: Step | None,
    ) -> RegionFunction:
        """Returns a function with the nodes of a region, or of its copy in a step."""
        if step is not None:
            function = self.library.function(name, kinds, [step.of(t) for t in arguments])
            ops = step.forward
        else:
            function = self.library.function(name, kinds, arguments)
            ops = needed(region, region.results, region.result_controls)
        for op in ops:
            self.library.add(function, op)
        function.keep((region if step is None else step.region).result_controls)
        return function

    def _keep(self, function: RegionFunction) -> str:
        self.library.functions[function.name] = function.proto
        return function.name

    # Branches --------------------------------------------------------------------------------------------------------

    def _if(self, op: Operation, node: Any, regions: Sequence[ControlFlowContext], plan: Plan | None) -> None:
        branches = (regions[0], regions[min(1, len(regions) - 1)])
        for index, (part, region) in enumerate(zip(("then", "else"), branches, strict=True)):
            step = None if plan is None else plan.steps[min(index, len(plan.steps) - 1)]
            function = self._region(
                f"{op.name}_{part}", region, [kind_of(t) for t in op.inputs[1:]], op.inputs[1:], step
            )
            lists = [] if plan is None else self._branch_lists(function, plan, step)
            results = region.results if step is None else step.region.results
            function.end(results, lists, [VARIANT] * len(lists))
            node.attr[f"{part}_branch"].func.name = self._keep(function)
        node.attr["Tcond"].type = kind_of(op.inputs[0])
        node.attr["Tin"].CopyFrom(types_attr(map(kind_of, op.inputs[1:])))
        more = [] if plan is None else plan.extras
        node.attr["Tout"].CopyFrom(types_attr([*map(kind_of, op.outputs), *more]))
        shapes = [*(t._dims for t in op.outputs), *(() for _ in more)]
        node.attr["output_shapes"].CopyFrom(to_attr_value(shapes, "list(shape)"))
        _fit_shapes(node, shapes if more else None)

    def _branch_lists(self, function: RegionFunction, plan: Plan, own: Step | None) -> list[str]:
        """Adds the lists of all branches; those of the others stay empty."""
        entries = [(step, key, kind) for step in plan.steps for key, kind in step.saved.items()]
        places = empty_lists(function, [kind for _, _, kind in entries])
        for i, (step, key, kind) in enumerate(entries):
            if step is own:
                places[i] = _pushed(function, i, places[i], key, kind)
        return places

    # Loops -----------------------------------------------------------------------------------------------------------

    def _while(self, op: Operation, node: Any, regions: Sequence[ControlFlowContext], plan: Plan | None) -> None:
        step = None if plan is None else plan.steps[0]
        saved = {} if step is None else step.saved
        rest = op.inputs[len(op.outputs) :]
        own = [kind_of(t) for t in op.inputs]
        more = [VARIANT] * len(saved) + ([INT32] if step is not None else [])
        condition, body = regions[:2]
        test = self._region(f"{op.name}_cond", condition, [*own, *more], [*condition.parameters, *rest], None)
        test.end(condition.results)
        parameters = body.parameters if step is None else step.region.parameters
        turn = self._region(f"{op.name}_body", body, [*own, *more], [*parameters, *rest], step)
        kept = [
            _pushed(turn, i, f"arg_{len(own) + i}", key, kind) for i, (key, kind) in enumerate(saved.items())
        ]  # fmt: skip
        if step is not None:
            turn.node("scopedjax_next", "AddV2", [f"arg_{len(own) + len(saved)}", turn.const("scopedjax_one", 1)],
                      T=type_attr(INT32))  # fmt: skip
            kept.append("scopedjax_next:z:0")
        results = body.results if step is None else step.region.results
        invariant = [f"arg_{len(op.outputs) + i}" for i in range(len(rest))]
        turn.end(results, [*invariant, *kept], [*map(kind_of, rest), *more])
        names = (self._keep(test), self._keep(turn))
        node.op = "While"
        node.attr["T"].CopyFrom(types_attr([*own, *more]))
        node.attr["cond"].func.name, node.attr["body"].func.name = names
        shapes = [*(t._dims for t in op.outputs), *(t._dims for t in rest), *(() for _ in more)]
        node.attr["output_shapes"].CopyFrom(to_attr_value(shapes, "list(shape)"))
        _fit_shapes(node, shapes)
        node.attr["parallel_iterations"].i = int(op.attrs.get("parallel_iterations", 10))

    @staticmethod
    def starts(body: Body, op: Operation, plan: Plan | None) -> list[str]:
        """Adds what a loop starts with besides its inputs: empty lists, and the number of steps; returns the places."""
        if plan is None or op.type != "WhileLoop":
            return []
        lists = empty_lists(body, list(plan.steps[0].saved.values()), f"{op.name}/")
        return [*lists, body.const(f"{op.name}/scopedjax_count", 0)]

    def _scan(self, op: Operation, node: Any, regions: Sequence[ControlFlowContext], plan: Plan | None) -> None:
        region = regions[0]
        step = None if plan is None else plan.steps[0]
        saved = {} if step is None else step.saved
        captured = op.inputs[len(op.attrs["Tstate"]) + len(op.attrs["Tseq"]) :]
        parameters = region.parameters if step is None else step.region.parameters
        arguments = [*parameters, *captured]
        turn = self._region(f"{op.name}_step", region, [kind_of(t) for t in arguments], arguments, step)
        results = region.results if step is None else step.region.results
        turn.end(results, [turn.place(key) for key in saved], list(saved.values()))
        name = self.library.fresh(op.name)
        functions = add_scan(op, self._keep(turn), name, self.library.fresh, list(saved.values()))
        self.library.functions.update(functions)
        self._call(op, node, name, [] if plan is None else plan.extras)

    @staticmethod
    def _call(op: Operation, node: Any, name: str, more: Sequence[int]) -> None:
        node.op = "StatefulPartitionedCall"
        node.attr["Tin"].CopyFrom(types_attr(map(kind_of, op.inputs)))
        node.attr["Tout"].CopyFrom(types_attr([*map(kind_of, op.outputs), *more]))
        node.attr["f"].func.name = name
        if more:
            _fit_shapes(node, [*(t._dims for t in op.outputs), *(() for _ in more)])


def _pushed(function: RegionFunction, index: int, place: str, key: Key, kind: int) -> str:
    """Adds what pushes a value on a list; returns the new list's place."""
    name = f"scopedjax_push_{index}"
    function.node(name, "TensorListPushBack", [place, function.place(key)], element_dtype=type_attr(kind))
    return f"{name}:output_handle:0"


def _fit_shapes(node: Any, shapes: Sequence[Any] | None) -> None:
    """Makes the shapes that a node notes as many as its outputs."""
    if shapes is not None and "_output_shapes" in node.attr:
        node.attr["_output_shapes"].CopyFrom(to_attr_value(list(shapes), "list(shape)"))
