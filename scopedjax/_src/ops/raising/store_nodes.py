"""`StoreNodes`: stacks and TensorArrays as values, in the nodes that touch them (see `stores`).

StackPushV2(f_acc, x)    f_acc/One, f_acc/Next = count + 1
<push> = Identity(x)
<push>/Write = TensorArrayWriteV3(f_acc/Elements, count, x, cells)
StackPopV2(f_acc)        f_acc/Last = count - 1
<pop> = TensorArrayReadV3(f_acc/Elements, f_acc/Last, cells)
"""

from __future__ import annotations

from collections.abc import Iterable

from scopedjax._src.ops.control_flow.array_nodes import STACK
from scopedjax._src.ops.raising import stores as kinds
from scopedjax._src.ops.raising.dataflow import Node, Source, refused
from scopedjax._src.ops.raising.layout import Layout, Place
from scopedjax._src.ops.raising.stores import State, Store, Stores, touched
from scopedjax._src.ops.raising.types import Types
from scopedjax._src.ops.raising.wires import FLOAT, INT, RESOURCE, Wires


class StoreNodes(Wires):
    """What stores hold at each point, and the nodes that change that."""

    def __init__(self, layout: Layout, stores: Stores, types: Types) -> None:
        super().__init__(layout, stores, types)
        self.changed = touched(stores.all, layout)
        self.values: dict[Place, dict[State, str]] = {}  # what a state is now, by place
        self.handles: dict[Store, str] = {}
        self.counted: dict[tuple[State, Place], str] = {}

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
            text = self.constant(f"{name}/Count", 0, INT, home)
        elif store.is_stack:
            size = self.constant(f"{name}/Size", 0, INT, home)
            text = self._array(store, f"{name}/Elements", [size], home)
        elif store.array is not None:
            handle, flow = self._array_of(store, home)
            new = self.layout.new_name(f"{name}/Array")
            node = self.add("TensorArrayGradV3", new, [handle, flow], home)
            node.attr["source"].CopyFrom(store.maker.proto.attr["source"])
            self.handles[store] = self.own(new, home, 20)
            text = self.own(f"{new}:1", home, FLOAT)
        else:
            raise refused(f"Node '{name}' (TensorArrayV3) is used before it is made")
        self.values.setdefault(home, {})[state] = text
        return text

    def _array_of(self, store: Store, home: Place) -> tuple[str, str]:
        """Returns handle and contents of an array, or of one that is like it and visible where its gradient is made."""
        array = store.array
        assert array is not None
        if self.layout.place_of[array.maker].holds(home):
            return self.taken(self._handle(array), home), self.now(array.cells, home)
        pop = self.stores.popped(store)
        size = array.maker.inputs[0] if pop is None else (pop, 0)
        name = self.layout.new_name(f"{store.maker.name}/Like")
        node = self.add("TensorArrayV3", name, [self.text(size, home)], home)
        for key in ("dtype", "element_shape", "identical_element_shapes"):
            if key in array.maker.proto.attr:
                node.attr[key].CopyFrom(array.maker.proto.attr[key])
        return self.own(name, home, 20), self.own(f"{name}:1", home, FLOAT)

    def _array(self, store: Store, name: str, inputs: list[str], place: Place) -> str:
        name = self.layout.new_name(name)
        holds_sizes = any(self.stores.sized(push) is not None for push in store.pushes())
        dtype = INT if holds_sizes else store.maker.proto.attr["elem_type"].type
        node = self.add("TensorArrayV3", name, inputs, place, dtype=dtype)
        node.attr["dynamic_size"].b = True
        node.attr[STACK].b = True
        node.attr["element_shape"].shape.unknown_rank = True
        self.handles[store] = self.own(name, place, 20)
        return self.own(f"{name}:1", place, FLOAT)

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
            self.set(store.cells, self.own(f"{node.name}:1", place, FLOAT), place)
        elif node.kind in kinds.CLOSES:
            self.named(node, "NoOp", [], place)
        elif node.kind == "TensorArraySizeV3" and (size := self._fixed_size(store)) is not None:
            self.named(node, "Identity", [self.text(size, place)], place, T=INT)
        elif node.kind in kinds.PUSHES:
            self._push(node, store, place)
        elif node.kind in kinds.POPS:
            self._pop(node, store, place)
        else:
            cells = self.now(store.cells, place)
            given = [self.text(source, place) for source in node.inputs[1:-1]]
            self._named_copy(node, place, [self.taken(self._handle(store), place), *given, cells])
            if node.kind in kinds.WRITES:
                self.set(store.cells, self.own(node.name, place, FLOAT), place)

    def _fixed_size(self, store: Store) -> Source | None:
        """Returns the size that an array was made with, if that cannot change; it may steer shapes then."""
        maker = (store.array or store).maker
        made = self.layout.place_of[maker]
        fixed = maker.kind == kinds.ARRAY and not maker.proto.attr["dynamic_size"].b
        return maker.inputs[0] if fixed and made.holds(store.home) else None

    def _named_copy(self, node: Node, place: Place, inputs: list[str]) -> None:
        self.nodes.append(self._copied(node, place, inputs, node.name))

    def _push(self, node: Node, store: Store, place: Place) -> None:
        array = self.stores.sized(node)
        pushed = node.inputs[1] if array is None else array.maker.inputs[0]
        value = self.text(pushed, place)
        dtype = self.types.of((node, 0)) if array is None else INT
        self.named(node, "Identity", [value], place, T=dtype)
        if self.stores.is_flow(self.behind(node.inputs[1])):
            return
        cells, handle = self.now(store.cells, place), self.taken(self._handle(store), place)
        at = self._counted(store, place, 1)
        name = self.layout.new_name(f"{node.name}/Write")
        self.add("TensorArrayWriteV3", name, [handle, at, value, cells], place, T=dtype)
        self.set(store.cells, self.own(name, place, FLOAT), place)

    def _pop(self, node: Node, store: Store, place: Place) -> None:
        dtype = self.types.of((node, 0)) if self.stores.sized(node) is None else INT
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
        one = self.constant(f"{prefix}/One", 1, INT, place)
        name = self.layout.new_name(f"{prefix}/{'Next' if step > 0 else 'Last'}")
        self.add("AddV2" if step > 0 else "Sub", name, [before, one], place, T=INT)
        after = self.own(name, place, INT)
        self.set(count, after, place)
        found = self.counted[count, place] = before if step > 0 else after
        return found

    def _is_shared(self, count: State) -> bool:
        return sum(store.count is count for store in self.stores.all) > 1

    def state_type(self, state: State) -> int:
        """Returns the dtype of a state."""
        return INT if state.counts else FLOAT

    def changed_in(self, places: Iterable[Place]) -> list[State]:
        """Returns the states that some places change."""
        return list(dict.fromkeys(state for place in places for state in self.changed.get(place, ())))
