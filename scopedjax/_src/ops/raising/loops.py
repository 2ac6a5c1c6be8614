"""A frame as a `WhileLoop` node with two regions; see `emission`.

Stores that the body changes become further loop variables. A stack is an array that grows: in the loop that pushes,
`extra["pushes"]` of the body's region says how often at most one step writes to each variable, and a `LoopBound` node
finds the size where nothing else tells it before the loop runs.

`tf.while_loop(maximum_iterations=n)` (and so `dynamic_rnn`) counts the steps in a variable of its own and compares that
with n. Where the condition holds such a comparison, n is noted in `extra["maximum"]`, as a recorded loop does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scopedjax._src.graph.attributes import FunctionAttr, to_attr_value
from scopedjax._src.graph.graphdef import FORWARD, REGIONS
from scopedjax._src.graph.tensor_proto import decode
from scopedjax._src.ops.raising.dataflow import Node, Source, Variable, refused, text_of
from scopedjax._src.ops.raising.layout import Looping, Place
from scopedjax._src.ops.raising.stores import POPS, PUSHES, State

if TYPE_CHECKING:
    from scopedjax._src.ops.raising.emission import Emission

_ONLY_ORDER = PUSHES | POPS | {"ControlTrigger"}


def write_loop(emission: Emission, item: Looping) -> None:
    """Writes a loop and all that is in it."""
    _Loop(emission, item).write()


class _Loop:
    def __init__(self, emission: Emission, item: Looping) -> None:
        self.emission = emission
        self.item = item
        self.variables = [v for v in item.frame.variables if not emission.stores.carries_handle(v.merge)]
        if emission.changed_in([item.condition]):
            raise refused(f"the condition of the loop '{item.frame.name}' changes a stack or a TensorArray")
        self.states = emission.changed_in([item.body])

    def write(self) -> None:
        """Writes the loop."""
        emission, item = self.emission, self.item
        starts = [emission.text(v.enter.inputs[0], item.outer) for v in self.variables]
        starts += [emission.now(state, item.outer) for state in self.states]
        dtypes = [emission.types.of((v.merge, 0)) for v in self.variables]
        dtypes += [emission.state_type(state) for state in self.states]
        own = self._condition_parameters(dtypes)
        inner = self._body_parameters(dtypes)
        for at, variable in enumerate(self.variables):
            emission.exits[variable] = emission.own(_output(item.name, at), item.outer, dtypes[at])
        emission.place(item.condition)
        emission.place(item.body)
        condition = item.frame.condition
        assert condition is not None
        results = [self._result(variable) for variable in self.variables]
        results += [emission.now(state, item.body) for state in self.states]
        regions = [
            emission.region(item.condition, [emission.text((condition, 0), item.condition)], own, item, {}),
            emission.region(item.body, results, inner, item, self._extra()),
        ]
        self._node(starts, dtypes, regions)
        for at, state in enumerate(self.states, len(self.variables)):
            emission.set(state, emission.own(_output(item.name, at), item.outer, dtypes[at]), item.outer)

    def _condition_parameters(self, dtypes: list[int]) -> list[str]:
        emission, place = self.emission, self.item.condition
        found = [
            emission.parameter(v.merge.name, dtype, place, v.merge)
            for v, dtype in zip(self.variables, dtypes, strict=False)
        ]
        for state, dtype in zip(self.states, dtypes[len(found) :], strict=True):
            found.append(self._state_parameter(state, dtype, place, "Merge"))
        return found

    def _body_parameters(self, dtypes: list[int]) -> list[str]:
        emission, place = self.emission, self.item.body
        found: list[str] = []
        for variable, dtype in zip(self.variables, dtypes, strict=False):
            name = emission.layout.new_name(f"{(variable.switches or [variable.merge])[0].name}/Value")
            text = emission.parameter(name, dtype, place, variable.merge)
            emission.inside[variable] = text
            found.append(text)
            for switch in variable.switches:
                both = to_attr_value([dtype, dtype], "list(type)")
                emission.named(switch, "IdentityN", [text, text], place, T=both)
        for variable in self.item.frame.variables:
            for switch in variable.switches if variable not in self.variables else ():
                emission.named(switch, "NoOp", [], place)
        for state, dtype in zip(self.states, dtypes[len(found) :], strict=True):
            found.append(self._state_parameter(state, dtype, place, "Value"))
        return found

    def _state_parameter(self, state: State, dtype: int, place: Place, kind: str) -> str:
        emission = self.emission
        base = f"{self.item.name}/{state.store.maker.name.rpartition('/')[2]}/{kind}"
        text = emission.parameter(emission.layout.new_name(base), dtype, place)
        emission.set(state, text, place)
        return text

    def _result(self, variable: Variable) -> str:
        """What a variable becomes: the parameter itself, if it stays as it is."""
        emission, body = self.emission, self.item.body
        following = variable.next
        if any(control.kind not in _ONLY_ORDER for control in following.controls):
            return emission.text_of_node(following, body)
        source = following.inputs[0]
        while source[0].kind == "Identity" and not source[0].controls:
            source = source[0].inputs[0]
        if source[0].variable is variable:
            return emission.text(source, body)
        return emission.text(following.inputs[0], body)

    # What is known of it ---------------------------------------------------------------------------------------------

    def _extra(self) -> dict[str, Any]:
        extra: dict[str, Any] = {}
        limit = self._limit()
        if limit is not None:
            text = self.emission.text(limit, self.item.outer)
            for place in (self.item.condition,):
                self.emission.captured.setdefault(place, {})[text] = None
            extra["maximum"] = FunctionAttr("tensor", (("name", text if ":" in text else f"{text}:0"),))
        pushes = [0] * len(self.variables) + [self._pushes(state) for state in self.states]
        if any(pushes):
            extra["pushes"] = tuple(pushes)
        return extra

    def _pushes(self, state: State) -> int:
        """How often one step writes to an array that this loop makes larger; -1 where that is not known."""
        if not self._grows_here(state):
            return 0
        if not state.store.is_stack:
            return -1
        count = 0
        for push in state.store.pushes():
            place: Place | None = self.emission.layout.place_of[push]
            assert place is not None
            if not self.item.body.holds(place):
                continue
            while place is not self.item.body:
                assert place is not None
                if isinstance(place.owner, Looping):
                    return -1
                place = place.outer
            count += 1
        return count

    def _limit(self) -> Source | None:
        """What the number of steps is compared with, beside other conditions."""
        condition = self.item.frame.condition
        assert condition is not None
        stack = [condition.inputs[0]]
        while stack:
            node, _ = stack.pop()
            if node.kind in ("LogicalAnd", "Identity"):
                stack.extend(reversed(node.inputs))  # what maximum_iterations adds stands first
            elif node.kind == "Less":
                (left, _), right = node.inputs
                limit = self.emission.behind(right)
                outside = self.emission.is_outside(limit, self.item)
                if left.kind == "Merge" and left.variable is not None and outside and _counts_steps(left.variable):
                    return limit
        return None

    # The node --------------------------------------------------------------------------------------------------------

    def _node(self, starts: list[str], dtypes: list[int], regions: list[FunctionAttr]) -> None:
        emission, item = self.emission, self.item
        inside = (item.condition, item.body)
        captured = list(dict.fromkeys(t for place in inside for t in emission.captured.get(place, {})))
        for text in captured:
            emission.taken(text, item.outer)
        types = {
            "T": to_attr_value(dtypes, "list(type)"),
            "Tin": to_attr_value([emission.dtype(text) for text in captured], "list(type)"),
        }
        waits = emission.outer_controls(inside, item.outer)
        for enter in item.frame.enters:
            waits += [f"^{name}" for name in emission.control_names(enter, item.outer)]
        controls = list(dict.fromkeys(waits))
        bounds: list[str] = []
        if self._grows():
            bounds = [emission.layout.new_name(f"{item.name}/LoopBound")]
            emission.add(
                "LoopBound", bounds[0], [*starts, *captured, *controls], item.outer, **types,
                f=to_attr_value(FunctionAttr("WhileLoop"), "func"), **{FORWARD: to_attr_value(item.name, "string")},
            )  # fmt: skip
        emission.add(
            "WhileLoop",
            item.name,
            [*starts, *captured, *bounds, *controls],
            item.outer,
            **types,
            Tbound=to_attr_value([3] * len(bounds), "list(type)"),
            cond=to_attr_value(FunctionAttr(item.condition.region), "func"),
            body=to_attr_value(FunctionAttr(item.body.region), "func"),
            output_shapes=to_attr_value([None] * len(dtypes), "list(shape)"),
            **{REGIONS: to_attr_value(regions, "list(func)")},
        )

    def _grows(self) -> bool:
        """Whether an array that it makes larger has no loop around this one inside its home."""
        return any(self._grows_here(state) for state in self.states)

    def _grows_here(self, state: State) -> bool:
        store = state.store
        if state.counts or store.array is not None:
            return False
        if not store.is_stack and not store.maker.proto.attr["dynamic_size"].b:
            return False
        place: Place | None = self.item.outer
        while place is not None and place is not state.home:
            if isinstance(place.owner, Looping):
                return False
            place = place.outer
        return True


def _counts_steps(variable: Variable) -> bool:
    """Whether a variable starts at 0 and grows by 1."""
    if _constant(variable.enter.inputs[0][0]) != 0:
        return False
    node = variable.next.inputs[0][0]
    while node.kind == "Identity":
        node = node.inputs[0][0]
    if node.kind not in ("Add", "AddV2") or _constant(node.inputs[1][0]) != 1:
        return False
    source = node.inputs[0]
    while source[0].kind == "Identity":
        source = source[0].inputs[0]
    return source[0].variable is variable


def _constant(node: Node) -> int | None:
    if node.kind != "Const":
        return None
    value = decode(node.proto.attr["value"].tensor, text_of((node, 0)))
    return int(value) if value.shape == () and value.dtype.kind == "i" else None


def _output(name: str, index: int) -> str:
    return f"{name}:{index}" if index else name
