"""`Wires`: how nodes of a laid out graph get at their inputs when it is written with regions.

A node takes a tensor by its name if it lies in the node's own place or around it; the regions between the two then
capture it. Else it has to be brought there:

    from a branch to a later branch of the same predicate    handed out: a further output of the If
    the same, if only sizes and constants tell its value      computed once more, so that it can steer shapes there
    from a loop's condition to its body                       computed once more
    from a loop's last step to behind it                      the loop's output

And a node that waits for one inside a branch or a loop waits for the whole If or WhileLoop.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.graph import protos
from scopedjax._src.graph.attributes import to_attr_value
from scopedjax._src.graph.graphdef import REGION
from scopedjax._src.ops.raising import stores as kinds
from scopedjax._src.ops.raising.dataflow import CONTROL_FLOW, Node, Source, Variable, literals_of, refused, text_of
from scopedjax._src.ops.raising.layout import Branching, Layout, Looping, Place
from scopedjax._src.ops.raising.stores import Stores
from scopedjax._src.ops.raising.types import Types

FLOAT: Final = 1
INT: Final = 3
BOOL: Final = 10
RESOURCE: Final = 20
_LONG: Final = 9
_FLOW: Final = "TensorArrayFlow"  # a number in the place of flows, which order nothing here
_KEPT: Final = ("_class", "_output_shapes")
_SIZES: Final = frozenset(("Shape", "ShapeN", "Size", "Rank"))
_MOST_AGAIN: Final = 64  # nodes that are computed once more for one value


class Wires:
    """What tensors are called where.

    Args:
      layout: The graph.
      stores: Its stores.
      types: Dtypes of its tensors.
    """

    def __init__(self, layout: Layout, stores: Stores, types: Types) -> None:
        self.layout = layout
        self.stores = stores
        self.types = types
        self.nodes: list[Any] = []
        self.owners: dict[str, Place] = {}  # where a new tensor lives
        self.captured: dict[Place, dict[str, None]] = {}
        self.handed: dict[tuple[Source, Place], str] = {}  # outputs of Ifs that hand out what their branches compute
        self.exits: dict[Variable, str] = {}
        self.inside: dict[Variable, str] = {}  # the variable as the body sees it
        self.clones: dict[tuple[Node, Place], str] = {}
        self.waits: dict[Node, list[tuple[str, Place]]] = {}  # structured nodes that a node waits for
        self.awaited: dict[Place, dict[str, Place]] = {}  # what nodes of a region wait for outside of it
        self.flow = ""
        self._plan_crossings()

    # Crossings -------------------------------------------------------------------------------------------------------

    def _plan_crossings(self) -> None:
        """Finds what later nodes need of what branches compute, and wait for in branches and loops."""
        for node in self.layout.flow.nodes.values():
            if node.kind == "Switch" and node.variable is not None:
                continue
            for index, source in enumerate(node.inputs):
                if self.stores.handle(source) is not None:
                    array = self.stores.sized(node) if node.kind in kinds.PUSHES and index == 1 else None
                    if array is not None:
                        self._note_use(array.maker.inputs[0], self.layout.place_of[node])
                elif not self.stores.carries_handle(node):
                    self._note_use(source, self._used_at(node, index))
            for control in node.controls:
                if control.kind:
                    self._note_wait(control, node)
        for store in self.stores.all:
            if store.array is not None and self.stores.popped(store) is None and store.home is not None:
                self._note_use(store.array.maker.inputs[0], store.home)
        for branching in self._branchings(self.layout.root):
            self._note_use(branching.predicate, branching.outer)

    def _branchings(self, place: Place) -> Iterable[Branching]:
        for item in place.row:
            if isinstance(item, Branching):
                yield item
                inner: Iterable[Place] = item.branches
            elif isinstance(item, Looping):
                inner = (item.condition, item.body)
            else:
                continue
            for region in inner:
                yield from self._branchings(region)

    def _used_at(self, node: Node, index: int) -> Place:
        """Where a node takes an input."""
        branching = self.layout.branching_of.get(node)
        if branching is None:
            return self.layout.place_of[node]
        return branching.branches[self._way(node, index)]

    def _way(self, merge: Node, index: int) -> int:
        """The branch that an input of a Merge comes from."""
        key = self.layout.branching_of[merge].predicate
        return 1 if (key, True) in literals_of(merge.inputs[index]) else 0

    def _note_use(self, source: Source, used: Place) -> None:
        source = self.behind(source)
        node = source[0]
        if not node.kind or self.stores.is_flow(source):
            return
        made = self._made(source, used)
        if made is None:
            return
        if made.kind != "while_cond" and not made.holds(used) and self._is_told(source):
            for leaf in self._told_from(source):
                self._note_use(leaf, used)
            return
        while not made.holds(used):
            owner = made.owner
            if isinstance(owner, Branching):
                owner.handed_out[source] = None
            elif made.kind == "while_cond":
                return  # computed once more in the body
            else:
                raise refused(f"{text_of(source)} is computed in the loop '{made.frame.name}' and used behind it")
            assert made.outer is not None
            made = made.outer

    def _made(self, source: Source, used: Place) -> Place | None:
        """Where a tensor comes from; None for a variable that is used in its own loop."""
        node = source[0]
        if node.variable is None or node.kind == "Exit":
            return self.layout.place_of[node]
        looping = self.layout.looping_of[node.variable.frame]
        inside = looping.condition.holds(used) or looping.body.holds(used)
        return None if inside else looping.outer

    def _note_wait(self, control: Node, node: Node) -> None:
        made, used = self.layout.place_of[control], self.layout.place_of[node]
        last = None
        while not made.holds(used):
            last = made.owner
            assert last is not None and made.outer is not None
            if isinstance(last, Looping) and last.body.holds(used) or made.kind == "while_cond":
                return  # the condition has been computed by then anyhow
            last.controls[control] = None
            made = made.outer
        if last is not None and not (control.variable is not None and control.kind != "Exit"):
            self.waits.setdefault(node, []).append((last.name, made))

    # Sources ---------------------------------------------------------------------------------------------------------

    def behind(self, source: Source) -> Source:
        """Returns what stands behind nodes that hand on a value from outside."""
        while True:
            node, _ = source
            if node.kind == "Enter" and node.variable is None:
                source = node.inputs[0]
            elif node.kind == "Switch" and node.variable is None:
                source = node.inputs[0]
            else:
                return source

    def text(self, source: Source, place: Place) -> str:
        """Returns the name of a tensor as nodes of a place take it, and notes what regions take from outside."""
        source = self.behind(source)
        node, index = source
        if not node.kind:
            return text_of(source)
        if self.stores.is_flow(source):
            return self.taken(self._flow_text(), place)
        made = self._made(source, place)
        if made is None:
            return self.taken(self._variable(source, place), place)
        if made.kind == "while_cond" and not made.holds(place):
            return self.taken(self._clone(source, place), place)
        if not made.holds(place) and self._is_told(source):
            return self.taken(self._again(source, place), place)
        text = text_of(source) if node.variable is None or node.kind == "Exit" else self._behind_loop(source)
        for around in place.around():
            if around is made:
                break
            if (source, around) in self.handed:
                text = self.handed[source, around]
                break
        self.types.known.setdefault(text, self.types.of(source))
        self.owners.setdefault(text, made)
        return self.taken(text, place)

    def taken(self, text: str, place: Place) -> str:
        """Notes that a place takes a tensor; returns its name."""
        owner = self.owners.get(text, self.layout.root)
        for around in place.around():
            if around is owner:
                break
            if around.kind:
                self.captured.setdefault(around, {})[text] = None
        return text

    def _variable(self, source: Source, place: Place) -> str:
        node, index = source
        variable = node.variable
        assert variable is not None
        looping = self.layout.looping_of[variable.frame]
        if looping.condition.holds(place):
            if node.kind != "Merge" or index:
                raise refused(f"{text_of(source)} is used where the condition of '{variable.frame.name}' is computed")
            return node.name
        if looping.body.holds(place):
            if (node.kind, index) not in (("Merge", 0), ("Switch", 1)):
                raise refused(f"{text_of(source)} is used in the body of the loop '{variable.frame.name}'")
            return self.inside[variable]
        raise refused(f"{text_of(source)} is used outside of the loop '{variable.frame.name}'")

    def _behind_loop(self, source: Source) -> str:
        """What a variable is when its loop has ended."""
        node, index = source
        assert node.variable is not None
        if (node.kind, index) != ("Switch", 0):
            raise refused(f"{text_of(source)} is used outside of the loop '{node.variable.frame.name}'")
        return self.exits[node.variable]

    def _clone(self, source: Source, place: Place) -> str:
        """Computes in a body what the loop's condition computes too."""
        node, index = source
        made = self.layout.place_of[node]
        body = next(p for p in place.around() if isinstance(p.owner, Looping) and p.owner.condition is made)
        name = self.clones.get((node, body))
        if name is None:
            if self.layout.branching_of.get(node) or node.kind == "Exit":
                raise refused(f"'{node.name}' ({node.kind}) is computed for a condition, and the body uses it too")
            name = self.clones[node, body] = self.layout.new_name(f"{node.name}/again")
            if node.kind == "LoopCond":
                self.add("Identity", name, [self.text(node.inputs[0], body)], body, T=BOOL)
            else:
                copy = self._copied(node, body, [self.text(s, body) for s in node.inputs], name)
                self.nodes.append(copy)
            for output, dtype in enumerate(self.types.all_of(node)):
                self.own(f"{name}:{output}" if output else name, body, dtype)
        return f"{name}:{index}" if index else name

    def _is_told(self, source: Source) -> bool:
        """Whether constants and sizes alone tell a whole number, so that it may steer a shape."""
        stack, seen = [source], set()
        while stack:
            node, index = self.behind(stack.pop())
            if node in seen:
                continue
            seen.add(node)
            if node.kind == "Const" or node.kind in _SIZES:
                continue
            types = self.types.all_of(node) if node.kind and node.variable is None else ()
            whole = index < len(types) and types[index] in (INT, BOOL, _LONG)
            pure = whole and node.kind not in CONTROL_FLOW and self.types.is_pure(node)
            if not pure or not node.inputs or len(seen) > _MOST_AGAIN:
                return False
            stack.extend(node.inputs)
        return True

    def _told_from(self, source: Source) -> list[Source]:
        """Returns the tensors whose sizes tell a value."""
        stack, seen, found = [source], set(), []
        while stack:
            node, _ = self.behind(stack.pop())
            if node not in seen:
                seen.add(node)
                (found if node.kind in _SIZES else stack).extend(node.inputs)
        return found

    def _again(self, source: Source, place: Place) -> str:
        """Returns a value that is told by sizes, computed once more in a place that cannot see it."""
        node, index = self.behind(source)
        if self.layout.place_of[node].holds(place):
            return self.text((node, index), place)
        name = self.clones.get((node, place))
        if name is None:
            name = self.clones[node, place] = self.layout.new_name(f"{node.name}/again")
            get = self.text if node.kind in _SIZES else self._again
            copy = self._copied(node, place, [], name)
            copy.input[:] = [get(given, place) for given in node.inputs]
            self.nodes.append(copy)
            for output, dtype in enumerate(self.types.all_of(node)):
                self.own(f"{name}:{output}" if output else name, place, dtype)
        return f"{name}:{index}" if index else name

    def _flow_text(self) -> str:
        if not self.flow:
            self.flow = self.constant(_FLOW, 0.0, FLOAT, self.layout.root)
        return self.flow

    def text_of_node(self, node: Node, place: Place) -> str:
        """Returns the name of a node's first output."""
        self.types.known.setdefault(node.name, self.types.of((node, 0)))
        self.owners.setdefault(node.name, self.layout.place_of[node])
        return self.taken(node.name, place)

    def is_outside(self, source: Source, item: Looping) -> bool:
        """Whether a tensor comes from outside of a loop."""
        node = source[0]
        if not node.kind:
            return True
        if node.variable is not None and node.kind != "Exit":
            return not node.variable.frame.inside(item.frame)
        return self.layout.place_of[node].holds(item.outer)

    # New nodes -------------------------------------------------------------------------------------------------------

    def own(self, text: str, place: Place, dtype: int) -> str:
        """Notes where a new tensor lives; returns its name."""
        self.owners[text] = place
        self.types.known[text] = dtype
        return text

    def add(self, op: str, name: str, inputs: Iterable[str], place: Place, **attrs: Any) -> Any:
        """Writes a node; attributes that are whole numbers are dtypes."""
        node = protos.NodeDef(name=name, op=op)
        node.input.extend(inputs)
        for key, value in attrs.items():
            node.attr[key].CopyFrom(_attr(value))
        if place.region:
            node.attr[REGION].CopyFrom(to_attr_value(place.region, "string"))
        self.nodes.append(node)
        return node

    def constant(self, name: str, value: Any, dtype: int, place: Place) -> str:
        """Writes a constant and returns its name."""
        name = self.layout.new_name(name)
        kind = as_dtype(dtype).as_numpy_dtype
        array = np.zeros((), kind) if value == 0 else np.asarray(value, kind)
        self.add("Const", name, (), place, dtype=dtype, value=to_attr_value(array, "tensor"))
        return self.own(name, place, dtype)

    def parameter(self, name: str, dtype: int, place: Place, like: Node | None = None) -> str:
        """Writes the Placeholder of a region's parameter."""
        node = self.add("Placeholder", name, (), place, dtype=dtype, shape=to_attr_value(None, "shape"))
        shapes = like.proto.attr["_output_shapes"].list.shape if like is not None else ()
        if shapes:
            node.attr["shape"].shape.CopyFrom(shapes[0])
        return self.own(name, place, dtype)

    def dtype(self, text: str) -> int:
        """Returns the dtype of a tensor that some node took."""
        return self.types.known.get(text, FLOAT) % 100

    def _copied(self, node: Node, place: Place, inputs: list[str], name: str) -> Any:
        copy = protos.NodeDef()
        copy.CopyFrom(node.proto)
        copy.name = name
        del copy.input[:]
        copy.input.extend([*inputs, *self._controls(node, place)])
        if place.region:
            copy.attr[REGION].CopyFrom(to_attr_value(place.region, "string"))
        return copy

    def named(self, node: Node, op: str, inputs: list[str], place: Place, **attrs: Any) -> Any:
        """Writes what stands for a node of the file, under its name."""
        new = self.add(op, node.name, [*inputs, *self._controls(node, place)], place, **attrs)
        new.device = node.proto.device
        for key in _KEPT:
            if key in node.proto.attr and op != "NoOp":
                new.attr[key].CopyFrom(node.proto.attr[key])
        shapes = new.attr["_output_shapes"].list.shape if "_output_shapes" in new.attr else None
        if shapes is not None and op in ("Identity", "Placeholder"):
            del shapes[1:]
        return new

    def _controls(self, node: Node, place: Place) -> list[str]:
        return [f"^{name}" for name in self.control_names(node, place)]

    def control_names(self, node: Node, place: Place) -> list[str]:
        """Returns what a node waits for, and notes what regions wait for outside of them."""
        found: dict[str, Place] = {}
        for name, owner in self.waits.get(node, ()):
            found[name] = owner
        for control in node.controls:
            owner = self.layout.place_of[control] if control.kind else self.layout.root
            if owner.holds(place):
                found[control.name] = owner
        for name, owner in found.items():
            for around in place.around():
                if around is owner:
                    break
                self.awaited.setdefault(around, {})[name] = owner
        return [name for name, owner in found.items() if owner is place]

    def outer_controls(self, places: Iterable[Place], outer: Place) -> list[str]:
        """Returns what a structured node waits for: nodes beside it that nodes in its regions wait for."""
        return list(
            dict.fromkeys(
                f"^{name}" for place in places for name, owner in self.awaited.get(place, {}).items() if owner is outer
            )
        )


def _attr(value: Any) -> Any:
    return to_attr_value(value % 100, "type") if isinstance(value, int) else value
