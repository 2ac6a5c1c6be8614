"""Writes gradient nodes of loops and branches as calls of functions; see `backward_functions` for what they do.

arguments of such a function    inputs of the forward node, gradients for its outputs, lists that it kept
results                         a gradient for each input; for an input that carries none, anything of its dtype
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.graph.backward_functions import Plan, Step, carrying
from scopedjax._src.graph.forward_functions import Writer
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.region_function import (
    BOOL,
    INT32,
    VARIANT,
    Body,
    RegionFunction,
    function_name_attr,
    kind_of,
    no_shapes,
    type_attr,
    types_attr,
)
from scopedjax._src.graph.tensor import Tensor


class BackwardWriter:
    """Writes gradient nodes.

    Args:
      library: Writes the nodes of functions and keeps these.
    """

    def __init__(self, library: Writer) -> None:
        self.library = library

    def body(self, op: Operation, plan: Plan) -> Any:
        """Returns the function of a gradient node, whose inputs end with what the forward node keeps."""
        forward = plan.op
        body = Body("", [*map(kind_of, op.inputs), *plan.extras])
        work = {"If": _IfBack, "WhileLoop": _WhileBack, "Scan": _ScanBack}[forward.type]
        found = work(self.library, body, plan, op).gradients()
        body.results(found, [kind_of(t) for t in op.outputs])
        return body.proto


class _Back:
    """The function of one gradient node."""

    def __init__(self, library: Writer, body: Body, plan: Plan, op: Operation) -> None:
        self.library = library
        self.body = body
        self.plan = plan
        self.op = op
        self.forward = plan.op
        inputs, outputs = len(plan.op.inputs), len(plan.op.outputs)
        self.inputs = [f"arg_{i}" for i in range(inputs)]
        self.cotangents = [f"arg_{inputs + i}" for i in range(outputs)]
        self.lists = [f"arg_{inputs + outputs + i}" for i in range(len(plan.extras))]

    def nothing(self, index: int) -> str:
        """Returns a place for the gradient of an input that has none."""
        tensor, result = self.forward.inputs[index], self.op.outputs[index]
        if tensor.dtype.name == "resource":
            return self.inputs[index] if result.dtype.name == "resource" else self.zeros(index)
        return self.zeros(index) if carrying([tensor]) else self.inputs[index]

    def zeros(self, index: int) -> str:
        """Adds zeros in the shape of an input, or of the variable that it is the handle of."""
        name, kind = f"zeros_{index}", type_attr(kind_of(self.op.outputs[index]))
        if self.forward.inputs[index].dtype.name != "resource":
            return f"{self.body.node(name, 'ZerosLike', [self.inputs[index]], T=kind)}:y:0"
        body = self.body
        body.node(f"{name}_shape", "VariableShape", [self.inputs[index]], out_type=type_attr(INT32))
        zero = body.const(f"{name}_int", 0)
        body.node(f"{name}_zero", "Cast", [zero], SrcT=type_attr(INT32), DstT=kind)
        inputs = [f"{name}_shape:output:0", f"{name}_zero:y:0"]
        return f"{body.node(name, 'Fill', inputs, T=kind, index_type=type_attr(INT32))}:output:0"

    def outside(self, step: Step) -> list[int]:
        """Returns the numbers of the inputs that a step takes from outside."""
        return [i for i, t in enumerate(self.forward.inputs) if step.of(t) in step.outside]

    def sums(self, step: Step, first: int) -> list[int]:
        """Returns the numbers of the inputs from outside, from `first` on, that have gradients."""
        inputs = self.forward.inputs
        return [i for i in range(first, len(inputs)) if inputs[i] not in inputs[first:i] and self._has(step, i)]

    def _has(self, step: Step, index: int) -> bool:
        return step.gradient(self.forward.inputs[index]) is not None

    def steps_back(self, function: RegionFunction, step: Step, lists: Sequence[str], given: Sequence[str]) -> list[str]:
        """Adds the way back through a step to a function; returns the places of the lists without their last items.

        Args:
          function: The function.
          step: The step.
          lists: Places of what the step saved.
          given: Places of the gradients for its results that carry some.
        """
        any_shape = function.const("scopedjax_any_shape", -1) if step.saved else ""
        for i, (key, kind) in enumerate(step.saved.items()):
            function.node(f"scopedjax_pop_{i}", "TensorListPopBack", [lists[i], any_shape],
                          element_dtype=type_attr(kind))  # fmt: skip
            function.places[key] = f"scopedjax_pop_{i}:tensor:0"
        wanted = [place for place, use in zip(given, step.view.extra["carries"], strict=True) if use]
        for tensor, place in zip(step.view.parameters, wanted, strict=False):
            function.places[tensor] = place
        for op in step.backward:
            self.library.add(function, op)
        return [f"scopedjax_pop_{i}:output_handle:0" for i in range(len(step.saved))]

    def summed(self, function: RegionFunction, step: Step, numbers: Sequence[int], first: int) -> list[str]:
        """Adds the gradients of a step for inputs from outside to the sums that are arguments from `first` on."""
        found = []
        for i, number in enumerate(numbers):
            gradient = step.gradient(self.forward.inputs[number])
            assert gradient is not None
            name = f"scopedjax_sum_{i}"
            function.node(name, "AddV2", [f"arg_{first + i}", function.place(gradient)], T=type_attr(kind_of(gradient)))
            found.append(f"{name}:z:0")
        return found

    def before(self, function: RegionFunction, step: Step, parameter: Tensor, after: str) -> str:
        """Returns the place of the gradient for a loop variable before a step; zeros if there is none."""
        gradient = step.gradient(parameter)
        if gradient is not None:
            return function.place(gradient)
        like = function.places.get(parameter, after)
        name = f"scopedjax_none_{after}"
        function.node(name, "ZerosLike", [like], T=type_attr(kind_of(parameter)))
        return f"{name}:y:0"

    def loop(self, name: str, inputs: Sequence[str], kinds: Sequence[int], turn: RegionFunction) -> None:
        """Adds a loop that goes on while its first variable, the number of steps left, is positive."""
        test = Body(self.library.fresh(f"{self.op.name}_cond"), kinds)
        test.node("more", "Greater", ["arg_0", test.const("zero", 0)], T=type_attr(INT32))
        test.results(["more:z:0"], [BOOL])
        self.library.functions[test.name] = test.proto
        self.library.functions[turn.name] = turn.proto
        self.body.node(name, "While", inputs, T=types_attr(kinds), output_shapes=no_shapes(), parallel_iterations=10,
                       cond=function_name_attr(test.name), body=function_name_attr(turn.name))  # fmt: skip

    def turn(self, step: Step, kinds: Sequence[int], first_outside: int) -> RegionFunction:
        """Returns the body of such a loop; what it takes from outside are its arguments from `first_outside` on."""
        turn = self.library.function(f"{self.op.name}_body", kinds, [])
        for i, number in enumerate(self.outside(step)):
            turn.places[step.of(self.forward.inputs[number])] = f"arg_{first_outside + i}"
        turn.node("scopedjax_left", "Sub", ["arg_0", turn.const("scopedjax_one", 1)], T=type_attr(INT32))
        return turn

    def gradients(self) -> list[str]:
        """Adds all nodes; returns the places of the results."""
        raise NotImplementedError


class _IfBack(_Back):
    def gradients(self) -> list[str]:
        steps = self.plan.steps
        count = len(self.forward.inputs)
        numbers = sorted({i for step in steps for i in self.sums(step, 1)})
        given = [*self.inputs[1:], *self.cotangents, *self.lists]
        kinds = [kind_of(t) for t in self.op.inputs[1:]] + list(self.plan.extras)
        names: list[str] = []
        for index, part in enumerate(("then", "else")):
            step = steps[min(index, len(steps) - 1)]
            arguments = [step.of(t) for t in self.forward.inputs[1:]]
            function = self.library.function(f"{self.op.name}_{part}", kinds, arguments)
            skipped = sum(len(s.saved) for s in steps[: steps.index(step)])
            first = count - 1 + len(self.cotangents)
            lists = [f"arg_{first + skipped + i}" for i in range(len(step.saved))]
            self.steps_back(function, step, lists, [f"arg_{count - 1 + i}" for i in range(len(self.cotangents))])
            places = [self._one(function, step, i) for i in numbers]
            function.results(places, [kind_of(self.op.outputs[i]) for i in numbers])
            self.library.functions[function.name] = function.proto
            names.append(function.name)
        if numbers:
            self.body.node("back", "If", [self.inputs[0], *given], Tcond=type_attr(kind_of(self.forward.inputs[0])),
                           Tin=types_attr(kinds), Tout=types_attr(kind_of(self.op.outputs[i]) for i in numbers),
                           then_branch=function_name_attr(names[0]), else_branch=function_name_attr(names[1]),
                           output_shapes=no_shapes())  # fmt: skip
        places = {number: f"back:output:{i}" for i, number in enumerate(numbers)}
        return [places[i] if i in places else self.nothing(i) for i in range(count)]

    def _one(self, function: RegionFunction, step: Step, number: int) -> str:
        """The gradient of a branch for an input, zeros where it has none."""
        gradient = step.gradient(self.forward.inputs[number])
        if gradient is not None:
            return function.place(gradient)
        inner = _Back(self.library, function, self.plan, self.op)
        inner.inputs = ["", *(f"arg_{i}" for i in range(len(self.inputs) - 1))]
        return inner.zeros(number)


class _WhileBack(_Back):
    def gradients(self) -> list[str]:
        (step,) = self.plan.steps
        forward = self.forward
        count = len(forward.outputs)
        moving = carrying(forward.outputs)
        numbers, outside = self.sums(step, count), self.outside(step)
        parts = (
            [INT32],
            [VARIANT] * len(step.saved),
            [kind_of(forward.outputs[i]) for i in moving],
            [kind_of(self.op.outputs[i]) for i in numbers],
            [kind_of(forward.inputs[i]) for i in outside],
        )
        kinds = [kind for part in parts for kind in part]
        lists, ways = 1, 1 + len(parts[1])
        sums, rest = ways + len(parts[2]), ways + len(parts[2]) + len(parts[3])
        turn = self.turn(step, kinds, rest)
        given = {number: f"arg_{ways + i}" for i, number in enumerate(moving)}
        left = self.steps_back(turn, step, [f"arg_{lists + i}" for i in range(len(step.saved))],
                               [given.get(i, "") for i in range(count)])  # fmt: skip
        new = [self.before(turn, step, step.region.parameters[i], given[i]) for i in moving]
        added = self.summed(turn, step, numbers, sums)
        kept = [f"arg_{rest + i}" for i in range(len(outside))]
        turn.results(["scopedjax_left:z:0", *left, *new, *added, *kept], kinds)
        inputs = [self.lists[-1], *self.lists[:-1], *(self.cotangents[i] for i in moving),
                  *(self.zeros(i) for i in numbers), *(self.inputs[i] for i in outside)]  # fmt: skip
        self.loop("back", inputs, kinds, turn)
        places = {number: f"back:output:{ways + i}" for i, number in enumerate(moving)}
        places.update({number: f"back:output:{sums + i}" for i, number in enumerate(numbers)})
        return [places[i] if i in places else self.nothing(i) for i in range(len(forward.inputs))]


class _ScanBack(_Back):
    """Goes back over the slices: the gradients for outputs are read from lists, those for sequences set in lists."""

    def gradients(self) -> list[str]:
        (step,) = self.plan.steps
        forward = self.forward
        states, sequences = len(forward.attrs["Tstate"]), len(forward.attrs["Tseq"])
        parameters = step.region.parameters
        moving = carrying(forward.outputs[:states])
        read = [states + i for i in carrying(forward.outputs[states:])]
        written = [i for i in range(sequences) if step.gradient(parameters[1 + i]) is not None]
        numbers, outside = self.sums(step, states + sequences), self.outside(step)
        parts = (
            [INT32],
            [VARIANT] * len(step.saved),
            [kind_of(forward.outputs[i]) for i in moving],
            [VARIANT] * len(read),
            [VARIANT] * len(written),
            [kind_of(self.op.outputs[i]) for i in numbers],
            [kind_of(forward.inputs[i]) for i in outside],
        )
        kinds = [kind for part in parts for kind in part]
        firsts = [sum(map(len, parts[:i])) for i in range(len(parts))]
        turn = self._turn(step, kinds, firsts, moving, read, written, numbers, outside)
        inputs = [self._count(), *self.lists, *(self.cotangents[i] for i in moving)]
        inputs.extend(self._listed(f"read_{i}", self.cotangents[i], kind_of(forward.outputs[i])) for i in read)
        inputs.extend(
            self._listed(f"written_{i}", self.inputs[states + i], kind_of(forward.inputs[states + i])) for i in written
        )
        inputs.extend(self.zeros(i) for i in numbers)
        inputs.extend(self.inputs[i] for i in outside)
        self.loop("back", inputs, kinds, turn)
        places = {number: f"back:output:{firsts[2] + i}" for i, number in enumerate(moving)}
        places.update({states + i: self._stacked(i, states, f"back:output:{firsts[4] + n}")
                       for n, i in enumerate(written)})  # fmt: skip
        places.update({number: f"back:output:{firsts[5] + i}" for i, number in enumerate(numbers)})
        return [places[i] if i in places else self.nothing(i) for i in range(len(forward.inputs))]

    def _turn(
        self,
        step: Step,
        kinds: Sequence[int],
        firsts: Sequence[int],
        moving: Sequence[int],
        read: Sequence[int],
        written: Sequence[int],
        numbers: Sequence[int],
        outside: Sequence[int],
    ) -> RegionFunction:
        forward = self.forward
        sequences = len(forward.attrs["Tseq"])
        parameters = step.region.parameters
        turn = self.turn(step, kinds, firsts[6])
        given = {number: f"arg_{firsts[2] + i}" for i, number in enumerate(moving)}
        any_shape = turn.const("scopedjax_element", -1)
        for i, number in enumerate(read):
            turn.node(f"scopedjax_read_{i}", "TensorListGetItem", [f"arg_{firsts[3] + i}", "scopedjax_left:z:0",
                      any_shape], element_dtype=type_attr(kind_of(forward.outputs[number])))  # fmt: skip
            given[number] = f"scopedjax_read_{i}:item:0"
        left = self.steps_back(turn, step, [f"arg_{firsts[1] + i}" for i in range(len(step.saved))],
                               [given.get(i, "") for i in range(len(forward.outputs))])  # fmt: skip
        new = [self.before(turn, step, parameters[1 + sequences + i], given[i]) for i in moving]
        slices = []
        for i, number in enumerate(written):
            gradient = step.gradient(parameters[1 + number])
            assert gradient is not None
            turn.node(f"scopedjax_set_{i}", "TensorListSetItem", [f"arg_{firsts[4] + i}", "scopedjax_left:z:0",
                      turn.place(gradient)], element_dtype=type_attr(kind_of(gradient)))  # fmt: skip
            slices.append(f"scopedjax_set_{i}:output_handle:0")
        added = self.summed(turn, step, numbers, firsts[5])
        same = [f"arg_{firsts[3] + i}" for i in range(len(read))]
        kept = [f"arg_{firsts[6] + i}" for i in range(len(outside))]
        turn.results(["scopedjax_left:z:0", *left, *new, *same, *slices, *added, *kept], kinds)
        return turn

    def _count(self) -> str:
        """Adds the number of steps."""
        first = len(self.forward.attrs["Tstate"])
        body = self.body
        body.node("sizes", "Shape", [self.inputs[first]], T=type_attr(kind_of(self.forward.inputs[first])))
        bounds = [body.const("begin", [0]), body.const("end", [1]), body.const("strides", [1])]
        body.node("count", "StridedSlice", ["sizes:output:0", *bounds], T=type_attr(INT32), Index=type_attr(INT32),
                  shrink_axis_mask=1)  # fmt: skip
        return "count:output:0"

    def _listed(self, name: str, place: str, kind: int) -> str:
        """Adds a list of the slices of a tensor."""
        body = self.body
        self._element_shape(name, place, kind)
        body.node(name, "TensorListFromTensor", [place, f"{name}_element:output:0"], element_dtype=type_attr(kind),
                  shape_type=type_attr(INT32))  # fmt: skip
        return f"{name}:output_handle:0"

    def _element_shape(self, name: str, place: str, kind: int) -> None:
        body = self.body
        body.node(f"{name}_shape", "Shape", [place], T=type_attr(kind))
        one, rest = body.const(f"{name}_one", [1]), body.const(f"{name}_rest", [-1])
        body.node(f"{name}_element", "Slice", [f"{name}_shape:output:0", one, rest], T=type_attr(INT32),
                  Index=type_attr(INT32))  # fmt: skip

    def _stacked(self, number: int, states: int, place: str) -> str:
        """Adds the tensor that a list of gradients for a sequence's slices makes."""
        kind = type_attr(kind_of(self.forward.inputs[states + number]))
        name = f"stacked_{number}"
        element = f"written_{number}_element:output:0"
        self.body.node(name, "TensorListStack", [place, element], element_dtype=kind, num_elements=-1)
        return f"{name}:tensor:0"
