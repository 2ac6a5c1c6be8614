"""`Emission`: writes a laid out graph as a GraphDef with regions (see `graph.graphdef` for their form).

    while/Enter      Enter(x)            -> Identity(x)
    while/Merge      Merge(...)          -> Placeholder, the variable in the condition     region while/WhileLoop#0
    while/LoopCond   LoopCond(c)         -> Identity(c)                                    region while/WhileLoop#0
    while/Switch     Switch(Merge, ...)  -> IdentityN(v, v), v a new Placeholder           region while/WhileLoop#1
    while/Exit       Exit(Switch)        -> Identity(while/WhileLoop)
    cond/x/Switch    Switch(x, p)        -> IdentityN(x, x)
    cond/Merge       Merge(f, t)         -> Identity(cond/If)

Every node of the file keeps its name. One that takes `cond/x/Switch` or an Enter of a constant takes what stands
behind it, as all nodes of a region take what is outside as it is. Nodes that carry the handle of a store become
`NoOp`: stores are values here (see `stores`).

Invariants: a node's inputs belong to its own place or one around it; what a region takes from outside is an input of
its structured node.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.graph import protos
from scopedjax._src.graph.attributes import FunctionAttr, to_attr_value
from scopedjax._src.graph.graphdef import FORWARD, REGION, REGIONS
from scopedjax._src.ops.control_flow.array_nodes import STACK
from scopedjax._src.ops.raising import stores as kinds
from scopedjax._src.ops.raising.dataflow import Node, Source, Variable, literals_of, refused, text_of
from scopedjax._src.ops.raising.layout import Branching, Layout, Looping, Place
from scopedjax._src.ops.raising.stores import State, Store, Stores, touched
from scopedjax._src.ops.raising.types import Types

_FLOAT, _INT, _BOOL = 1, 3, 10
_FLOW: Final = "TensorArrayFlow"  # a number in the place of flows, which order nothing here
_KEPT: Final = ("_class", "_output_shapes")


class Emission:
    """Writes one graph.

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
        self.changed = touched(stores.all, layout)
        self.values: dict[Place, dict[State, str]] = {}  # what a state is now, by place
        self.owners: dict[str, Place] = {}  # where a new tensor lives
        self.captured: dict[Place, dict[str, None]] = {}
        self.handed: dict[tuple[Source, Place], str] = {}  # outputs of Ifs that hand out what their branches compute
        self.exits: dict[Variable, str] = {}
        self.inside: dict[Variable, str] = {}  # the variable as the body sees it
        self.clones: dict[tuple[Node, Place], str] = {}
        self.handles: dict[Store, str] = {}
        self.counted: dict[tuple[State, Place], str] = {}
        self.waits: dict[Node, list[tuple[str, Place]]] = {}  # structured nodes that a node waits for
        self.awaited: dict[Place, dict[str, None]] = {}  # what nodes of a region wait for outside of it
        self.flow = ""
        self._plan_crossings()

    def written(self) -> list[Any]:
        """Returns the NodeDefs."""
        self.place(self.layout.root)
        return self.nodes

    # Crossings -------------------------------------------------------------------------------------------------------

    def _plan_crossings(self) -> None:
        """Finds what later nodes need of what branches compute, and wait for in branches and loops."""
        for node in self.layout.flow.nodes.values():
            if node.kind == "Switch" and node.variable is not None:
                continue
            for index, source in enumerate(node.inputs):
                if not self.stores.carries_handle(node):
                    self._note_use(source, self._used_at(node, index))
            for control in node.controls:
                if control.kind:
                    self._note_wait(control, node)
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
        if not node.kind or self.stores.is_flow(source) or (node.variable is not None and node.kind != "Exit"):
            return
        made = self.layout.place_of[node]
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
        if node.variable is not None and node.kind != "Exit":
            return self.taken(self._variable(source, place), place)
        made = self.layout.place_of[node]
        if made.kind == "while_cond" and not made.holds(place):
            return self.taken(self._clone(source, place), place)
        text = text_of(source)
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
        if (node.kind, index) != ("Switch", 0):
            raise refused(f"{text_of(source)} is used outside of the loop '{variable.frame.name}'")
        return self.exits[variable]

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
                self.add("Identity", name, [self.text(node.inputs[0], body)], body, T=_BOOL)
            else:
                copy = self._copied(node, body, [self.text(s, body) for s in node.inputs], name)
                self.nodes.append(copy)
            for output, dtype in enumerate(self.types.all_of(node)):
                self.own(f"{name}:{output}" if output else name, body, dtype)
        return f"{name}:{index}" if index else name

    def _flow_text(self) -> str:
        if not self.flow:
            self.flow = self.constant(_FLOW, 0.0, _FLOAT, self.layout.root)
        return self.flow

    def text_of_node(self, node: Node, place: Place) -> str:
        """Returns the name of a node's first output."""
        self.types.known.setdefault(node.name, self.types.of((node, 0)))
        self.owners.setdefault(node.name, self.layout.place_of[node])
        return self.taken(node.name, place)

    def state_type(self, state: State) -> int:
        """Returns the dtype of a state."""
        return _INT if state.counts else _FLOAT

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

    # Places ----------------------------------------------------------------------------------------------------------

    def place(self, place: Place) -> None:
        """Writes what a place holds."""
        for item in place.row:
            if isinstance(item, Branching):
                self._if(item)
            elif isinstance(item, Looping):
                self._loop(item)
            else:
                self._node(item, place)

    def _node(self, node: Node, place: Place) -> None:
        if self.stores.carries_handle(node):
            self.named(node, "NoOp", [], place)
        elif node in self.stores.store_of:
            self._touch(node, place)
        elif node.kind == "Switch":
            text = self.text(node.inputs[0], place)
            dtype = self.dtype(text)
            self.named(node, "IdentityN", [text, text], place, T=to_attr_value([dtype, dtype], "list(type)"))
        elif node.kind == "Exit":
            source = self.behind(node.inputs[0])
            self.named(node, "Identity", [self.text(source, place)], place, T=self.types.of((node, 0)))
        elif node.kind in ("NextIteration", "LoopCond"):
            text = self.text(node.inputs[0], place)
            self.named(node, "Identity", [text], place, T=self.types.of((node, 0)))
        elif node.kind == "Merge":
            return  # its If writes it
        elif node.kind == "ControlTrigger":
            self.named(node, "NoOp", [], place)
        else:
            inputs = [self.text(source, place) for source in node.inputs]
            self.nodes.append(self._copied(node, place, inputs, node.name))

    def dtype(self, text: str) -> int:
        """Returns the dtype of a tensor that some node took."""
        return self.types.known.get(text, _FLOAT) % 100

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
                self.awaited.setdefault(around, {})[name] = None
        return list(found)

    # Stores ----------------------------------------------------------------------------------------------------------

    def now(self, state: State, place: Place) -> str:
        """Returns what a state is at this point of a place."""
        for around in place.around():
            found = self.values.get(around, {}).get(state)
            if found is not None:
                return self.taken(found, place)
            if around is state.home:
                break
        assert state.home is not None
        return self.taken(self._begin(state, state.home), place)

    def _begin(self, state: State, home: Place) -> str:
        store = state.store
        name = store.maker.name
        if state.counts:
            text = self.constant(f"{name}/Count", 0, _INT, home)
        elif store.is_stack:
            size = self.constant(f"{name}/Size", 0, _INT, home)
            text = self._array(store, f"{name}/Elements", [size], home)
        elif store.array is not None:
            made = self.layout.place_of[store.array.maker]
            if not made.holds(home):
                raise refused(
                    f"Node '{name}' (TensorArrayGradV3) takes a TensorArray, '{store.array.maker.name}', that a step "
                    "of a loop around made: gradients of arrays inside of loops inside of loops are not raised"
                )
            new = self.layout.new_name(f"{name}/Array")
            handle = self.taken(self._handle(store.array), home)
            node = self.add("TensorArrayGradV3", new, [handle, self.now(store.array.cells, home)], home)
            node.attr["source"].CopyFrom(store.maker.proto.attr["source"])
            self.handles[store] = self.own(new, home, 20)
            text = self.own(f"{new}:1", home, _FLOAT)
        else:
            raise refused(f"Node '{name}' (TensorArrayV3) is used before it is made")
        self.values.setdefault(home, {})[state] = text
        return text

    def _array(self, store: Store, name: str, inputs: list[str], place: Place) -> str:
        name = self.layout.new_name(name)
        dtype = store.maker.proto.attr["elem_type"].type
        node = self.add("TensorArrayV3", name, inputs, place, dtype=dtype)
        node.attr["dynamic_size"].b = True
        node.attr[STACK].b = True
        node.attr["element_shape"].shape.unknown_rank = True
        self.handles[store] = self.own(name, place, 20)
        return self.own(f"{name}:1", place, _FLOAT)

    def _handle(self, store: Store) -> str:
        if store not in self.handles:
            assert store.home is not None
            self._begin(store.cells, store.home)
        return self.handles[store]

    def set(self, state: State, text: str, place: Place) -> None:
        """Notes what a state is from now on."""
        self.values.setdefault(place, {})[state] = text

    def _touch(self, node: Node, place: Place) -> None:
        store = self.stores.store_of[node]
        if node.kind == kinds.ARRAY:
            self._named_copy(node, place, [self.text(s, place) for s in node.inputs])
            self.handles[store] = self.own(node.name, place, 20)
            self.set(store.cells, self.own(f"{node.name}:1", place, _FLOAT), place)
        elif node.kind in kinds.CLOSES:
            self.named(node, "NoOp", [], place)
        elif node.kind in kinds.PUSHES:
            self._push(node, store, place)
        elif node.kind in kinds.POPS:
            self._pop(node, store, place)
        else:
            cells = self.now(store.cells, place)
            given = [self.text(source, place) for source in node.inputs[1:-1]]
            self._named_copy(node, place, [self.taken(self._handle(store), place), *given, cells])
            if node.kind in kinds.WRITES:
                self.set(store.cells, self.own(node.name, place, _FLOAT), place)

    def _named_copy(self, node: Node, place: Place, inputs: list[str]) -> None:
        self.nodes.append(self._copied(node, place, inputs, node.name))

    def _push(self, node: Node, store: Store, place: Place) -> None:
        value = self.text(node.inputs[1], place)
        dtype = self.types.of((node, 0))
        self.named(node, "Identity", [value], place, T=dtype)
        if self.stores.is_flow(self.behind(node.inputs[1])):
            return
        cells, handle = self.now(store.cells, place), self.taken(self._handle(store), place)
        at = self._counted(store, place, 1)
        name = self.layout.new_name(f"{node.name}/Write")
        self.add("TensorArrayWriteV3", name, [handle, at, value, cells], place, T=dtype)
        self.set(store.cells, self.own(name, place, _FLOAT), place)

    def _pop(self, node: Node, store: Store, place: Place) -> None:
        dtype = self.types.of((node, 0))
        if self._holds_flows(store):
            self.named(node, "Identity", [self.taken(self._flow_text(), place)], place, T=dtype)
            return
        cells, handle = self.now(store.cells, place), self.taken(self._handle(store), place)
        at = self._counted(store, place, -1)
        self.named(node, "TensorArrayReadV3", [handle, at, cells], place, dtype=dtype)

    def _holds_flows(self, store: Store) -> bool:
        return any(self.stores.is_flow(self.behind(push.inputs[1])) for push in store.pushes())

    def _counted(self, store: Store, place: Place, step: int) -> str:
        """Returns where a push or a pop finds its element, and moves the count."""
        count = store.count
        assert count is not None
        known = self.counted.get((count, place))
        if known is not None and self._is_shared(count):
            return known
        before = self.now(count, place)
        prefix = store.maker.name
        one = self.constant(f"{prefix}/One", 1, _INT, place)
        name = self.layout.new_name(f"{prefix}/{'Next' if step > 0 else 'Last'}")
        self.add("AddV2" if step > 0 else "Sub", name, [before, one], place, T=_INT)
        after = self.own(name, place, _INT)
        self.set(count, after, place)
        found = self.counted[count, place] = before if step > 0 else after
        return found

    def _is_shared(self, count: State) -> bool:
        return sum(store.count is count for store in self.stores.all) > 1

    # Ifs -------------------------------------------------------------------------------------------------------------

    def _if(self, item: Branching) -> None:
        outer = item.outer
        condition = self.text(item.predicate, outer)
        changed = self.changed_in(item.branches)
        for state in changed:
            self.now(state, outer)
        results: list[list[str]] = [[], []]
        absent: list[list[int]] = [[], []]
        for way in (1, 0):
            self.place(item.branches[way])
        merges = [merge for merge in item.merges if not self.stores.carries_handle(merge)]
        dtypes = [self.types.of((merge, 0)) for merge in merges]
        for merge in merges:
            for index, source in enumerate(merge.inputs):
                way = self._way(merge, index)
                results[way].append(self.text(source, item.branches[way]))
        for merge in self._with_index(item):
            dtypes.append(_INT)
            for index in (0, 1):
                way = self._way(merge, index)
                results[way].append(self.constant(f"{merge.name}/Index", index, _INT, item.branches[way]))
        for source in item.handed_out:
            self._hand_out(source, item, results, absent, dtypes)
        for state in changed:
            dtypes.append(self.state_type(state))
            for way in (0, 1):
                results[way].append(self.now(state, item.branches[way]))
        self._write_if(item, condition, results, absent, dtypes)
        self._write_merges(item, changed)

    def changed_in(self, places: Iterable[Place]) -> list[State]:
        """Returns the states that some places change."""
        return list(dict.fromkeys(state for place in places for state in self.changed.get(place, ())))

    def _with_index(self, item: Branching) -> list[Node]:
        return [merge for merge in item.merges if merge in self.types.indexed]

    def _hand_out(
        self, source: Source, item: Branching, results: list[list[str]], absent: list[list[int]], dtypes: list[int]
    ) -> None:
        made = self.layout.place_of[source[0]]
        way = next(w for w in (0, 1) if item.branches[w].holds(made))
        dtype = self.types.of(source)
        for side in (0, 1):
            branch = item.branches[side]
            if side == way:
                results[side].append(self.text(source, branch))
            else:
                absent[side].append(len(results[side]))
                results[side].append(self.constant(f"{item.name}/Absent", 0, dtype % 100, branch))
        dtypes.append(dtype % 100)

    def _write_if(
        self, item: Branching, condition: str, results: list[list[str]], absent: list[list[int]], dtypes: list[int]
    ) -> None:
        for way in (0, 1):
            for text in results[way]:
                self.taken(text, item.branches[way])
        regions = [item.branches[1], item.branches[0]]
        captured = dict.fromkeys(text for region in regions for text in self.captured.get(region, {}))
        controls = dict.fromkeys(f"^{name}" for region in regions for name in self.awaited.get(region, {}))
        described = [
            self.region(place, results[way], (), item, {"absent": tuple(absent[way])} if absent[way] else {})
            for place, way in zip(regions, (1, 0), strict=True)
        ]
        self.add(
            "If",
            item.name,
            [condition, *(self.taken(text, item.outer) for text in captured), *controls],
            item.outer,
            Tcond=_BOOL,
            Tin=_types([self.dtype(text) for text in captured]),
            Tout=_types([dtype % 100 for dtype in dtypes]),
            then_branch=to_attr_value(FunctionAttr(regions[0].region), "func"),
            else_branch=to_attr_value(FunctionAttr(regions[1].region), "func"),
            output_shapes=to_attr_value([None] * len(dtypes), "list(shape)"),
            **{REGIONS: to_attr_value(described, "list(func)")},
        )
        for i, dtype in enumerate(dtypes):
            self.own(_output(item.name, i), item.outer, dtype % 100)

    def _write_merges(self, item: Branching, changed: list[State]) -> None:
        for merge in item.merges:
            if self.stores.carries_handle(merge):
                self.named(merge, "NoOp", [], item.outer)
        merges = [merge for merge in item.merges if not self.stores.carries_handle(merge)]
        at = len(merges)
        for i, merge in enumerate(merges):
            if merge in self.types.indexed:
                both = [_output(item.name, i), _output(item.name, at)]
                at += 1
                kinds_of_both = to_attr_value([self.types.of((merge, 0)) % 100, _INT], "list(type)")
                self.named(merge, "IdentityN", both, item.outer, T=kinds_of_both)
            else:
                self.named(merge, "Identity", [_output(item.name, i)], item.outer, T=self.types.of((merge, 0)) % 100)
        for source in item.handed_out:
            self.handed[source, item.outer] = _output(item.name, at)
            at += 1
        for state in changed:
            self.set(state, _output(item.name, at), item.outer)
            at += 1

    def region(
        self,
        place: Place,
        results: list[str],
        parameters: Iterable[str],
        owner: Branching | Looping,
        extra: dict[str, Any],
    ) -> FunctionAttr:
        """Describes a region."""
        inside = [n.name for n in owner.controls if place.holds(self.layout.place_of[n])]
        own = [name for name in inside if self.layout.place_of[self.layout.flow.nodes[name]] is place]
        deeper = [self._item_in(place, self.layout.flow.nodes[name]) for name in inside if name not in own]
        fields: dict[str, Any] = {
            "name": place.region.rpartition("#")[0] + f"/{place.kind}",
            "kind": place.kind,
            "captures": tuple(_full(text) for text in self.captured.get(place, {})),
            "controls": (),
            "results": tuple(_full(text) for text in results),
            "result_controls": tuple(dict.fromkeys((*own, *deeper))),
            "parameters": tuple(_full(text) for text in parameters),
        }
        for key, value in extra.items():
            fields[f"extra.{key}"] = to_attr_value(value)
        return FunctionAttr(place.region, tuple(fields.items()))

    def _item_in(self, place: Place, node: Node) -> str:
        """The structured node of a place in which a node lies."""
        at = self.layout.place_of[node]
        while at.outer is not place:
            assert at.outer is not None
            at = at.outer
        assert at.owner is not None
        return at.owner.name

    # Loops -----------------------------------------------------------------------------------------------------------

    def _loop(self, item: Looping) -> None:
        from scopedjax._src.ops.raising.loops import write_loop

        for enter in item.frame.enters:
            if self.stores.carries_handle(enter):
                self.named(enter, "NoOp", [], item.outer)
            else:
                text = self.text(enter.inputs[0], item.outer)
                self.named(enter, "Identity", [text], item.outer, T=self.types.of((enter, 0)) % 100)
        write_loop(self, item)


def _output(name: str, index: int) -> str:
    return f"{name}:{index}" if index else name


def _full(text: str) -> str:
    return text if ":" in text else f"{text}:0"


def _types(dtypes: list[int]) -> Any:
    return to_attr_value(dtypes, "list(type)")


def _attr(value: Any) -> Any:
    return to_attr_value(value % 100, "type") if isinstance(value, int) else value
