"""`Stores`: the stacks and TensorArrays of a graph, which its nodes reach through handles.

    f_acc = StackV2      forward loop:  StackPushV2(Enter(f_acc), while/Tanh)
                         backward loop: StackPopV2(Enter_1(f_acc))                  the same stack, as a side effect

TF1 keeps their contents behind a handle and orders reads and writes by flow tensors and control edges. Raised, the
contents are values: what a push or a write leaves is handed to the next node that touches the store, through branches
and around loops. For that it must be known which node means which store, so handles are followed back here to the node
that made them, through Enter, Switch, Merge, and through stacks of handles.

    stack    `count`, an int32, and `cells`, an array of dynamic size: a push writes at `count` and adds one, a pop
             subtracts one and reads there. Stacks that are pushed and popped once a step, by the same two loops,
             share one count.
    array    `cells`, the value of its flow tensor in this package (see `ops.control_flow.array_cells`)
    gradient of an array (`TensorArrayGradV3`): the same; all nodes with one array and one `source` mean one store

An array that a step of a loop makes is gone when the gradient of that step is taken; of it the size alone is needed
then. So where handles of arrays are pushed and popped, it is their sizes here.

Invariant: each store has one home, the innermost place around all nodes that touch it; it is made anew whenever that
place runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scopedjax._src.ops.raising.dataflow import Node, Source, refused
from scopedjax._src.ops.raising.layout import Layout, Place

STACKS: Final = frozenset(("Stack", "StackV2"))
PUSHES: Final = frozenset(("StackPush", "StackPushV2"))
POPS: Final = frozenset(("StackPop", "StackPopV2"))
CLOSES: Final = frozenset(("StackClose", "StackCloseV2", "TensorArrayCloseV3"))
WRITES: Final = frozenset(("TensorArrayWriteV3", "TensorArrayScatterV3", "TensorArraySplitV3"))
READS: Final = frozenset(("TensorArrayReadV3", "TensorArrayGatherV3", "TensorArrayConcatV3", "TensorArraySizeV3"))
ARRAY: Final = "TensorArrayV3"
GRADIENT: Final = "TensorArrayGradV3"
_USES: Final = PUSHES | POPS | CLOSES | WRITES | READS | {GRADIENT}
_ON_THE_WAY: Final = frozenset(("Enter", "Exit", "Identity", "Switch", "NextIteration"))
_HANDLES: Final = frozenset((7, 20, 107, 120))  # string and resource, and references to them


@dataclass(eq=False, slots=True)
class State:
    """A value that nodes hand on: the count of stacks, or the contents of a store."""

    name: str
    store: Store
    counts: bool = False
    home: Place | None = None


@dataclass(eq=False, slots=True)
class Store:
    """A stack or an array.

    Attributes:
      maker: The node that makes it; of a gradient, the first of them.
      array: The array of which it is the gradient.
      users: The nodes that read or write it.
      places: Where it is touched, users and makers.
      home: The innermost place around them.
      cells: Its contents.
      count: Of a stack, the number of its elements.
    """

    maker: Node
    array: Store | None = None
    users: list[Node] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    home: Place | None = None
    cells: State = None  # type: ignore[assignment]
    count: State | None = None

    @property
    def is_stack(self) -> bool:
        """Whether it is a stack."""
        return self.maker.kind in STACKS

    def pushes(self) -> list[Node]:
        """The nodes that push."""
        return [node for node in self.users if node.kind in PUSHES]

    def pops(self) -> list[Node]:
        """The nodes that pop."""
        return [node for node in self.users if node.kind in POPS]


class Stores:
    """The stores of a graph.

    Args:
      layout: The graph, with a place for each node.

    Raises:
      InvalidArgumentError: it cannot be told which store a node means.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.all: list[Store] = []
        self._of_maker: dict[Any, Store] = {}
        self._of: dict[Source, Store | None] = {}
        self.store_of: dict[Node, Store] = {}  # by node that uses it, or makes it
        users = [node for node in layout.flow.nodes.values() if node.kind in _USES]
        for node in layout.flow.nodes.values():
            if node.kind in STACKS or node.kind == ARRAY:
                self._made(node)
        for node in users:
            self._add_user(node)
        for store in self.all:
            store.home = _innermost(store.places)
            self._check_home(store)
        self._make_states()

    def _made(self, node: Node, array: Store | None = None, source: bytes = b"") -> Store:
        key = node if array is None else (array, source)
        store = self._of_maker.get(key)
        if store is None:
            store = self._of_maker[key] = Store(node, array)
            self.all.append(store)
            if array is None:
                store.places.append(self.layout.place_of[node])
                self.store_of[node] = store
        return store

    def _add_user(self, node: Node) -> None:
        if node.kind == GRADIENT:
            self.handle((node, 0))
            return
        store = self.handle(node.inputs[0]) if node.inputs else None
        if store is None:
            raise refused(
                f"Node '{node.name}' ({node.kind}): which {'stack' if 'Stack' in node.kind else 'TensorArray'} its "
                "handle means cannot be told from the graph"
            )
        self.store_of[node] = store
        if node.kind in CLOSES or self.carries_handle(node):
            return
        store.users.append(node)
        store.places.append(self.layout.place_of[node])

    # Handles ---------------------------------------------------------------------------------------------------------

    def handle(self, source: Source) -> Store | None:
        """Returns the store that a handle means, or None where it is no handle of one."""
        if source not in self._of:
            self._of[source] = None  # until it is known: a loop variable leads back to itself
            self._of[source] = self._followed(source)
        return self._of[source]

    def _followed(self, source: Source) -> Store | None:
        node, index = source
        if node.kind in STACKS or (node.kind == ARRAY and index == 0):
            return self._made(node)
        if node.kind == GRADIENT and index == 0:
            array = self.handle(node.inputs[0])
            if array is None:
                raise refused(f"Node '{node.name}' ({node.kind}): its handle means no TensorArray of the graph")
            store = self._made(node, array, node.proto.attr["source"].s)
            self.store_of[node] = store
            return store
        if node.kind in _ON_THE_WAY:
            return self.handle(node.inputs[0])
        if node.kind == "Merge":
            ways = [source for source in node.inputs if source[0].kind != "NextIteration"]
            found = {s for s in map(self.handle, ways) if s is not None}
            if len(found) > 1:
                raise refused(
                    f"Node '{node.name}' (Merge) joins handles of different stores: "
                    f"{', '.join(sorted(s.maker.name for s in found))}"
                )
            return found.pop() if found else None
        if node.kind in POPS:
            return self._pushed(node)
        return None

    def _pushed(self, pop: Node) -> Store | None:
        """The store whose handle a stack of handles holds."""
        stack = self.handle(pop.inputs[0])
        if stack is None or pop.proto.attr["elem_type"].type not in _HANDLES:
            return None
        for node in self.layout.flow.nodes.values():
            if node.kind in PUSHES and self.handle(node.inputs[0]) is stack:
                return self.handle(node.inputs[1])
        return None

    def carries_handle(self, node: Node) -> bool:
        """Whether a node does nothing but hand on the handle of a store."""
        if node.kind in PUSHES or node.kind in POPS:
            return self._handed(node) is not None and self.sized(node) is None
        if node.kind in STACKS or node.kind == GRADIENT:
            return True
        if node.kind not in _ON_THE_WAY and node.kind != "Merge":
            return False
        return self.handle((node, 0)) is not None

    def _handed(self, node: Node) -> Store | None:
        """The store whose handle a node pushes or pops."""
        return self.handle(node.inputs[1] if node.kind in PUSHES else (node, 0))

    def sized(self, node: Node) -> Store | None:
        """Returns the array whose handle a node pushes or pops: of such an array its size is what is needed back."""
        found = self._handed(node)
        return found if found is not None and found.maker.kind == ARRAY else None

    def popped(self, store: Store) -> Node | None:
        """Returns the node that took the handle of the array from a stack, of which a store is the gradient."""
        source: Source = (store.maker, 0)
        while source[0].kind in _ON_THE_WAY or source[0].kind == GRADIENT:
            source = source[0].inputs[0]
        return source[0] if source[0].kind in POPS else None

    def is_flow(self, source: Source) -> bool:
        """Whether a tensor is the flow of an array: what orders its users in TF1, and nothing else."""
        node, index = source
        if node.kind in WRITES:
            return True
        return index == 1 and node.kind in (ARRAY, GRADIENT)

    # States ----------------------------------------------------------------------------------------------------------

    def _check_home(self, store: Store) -> None:
        made = self.layout.place_of[store.maker]
        if store.is_stack:
            return
        if store.array is None and store.home is not made:
            far = next(n for n in store.users if not made.holds(self.layout.place_of[n]))
            raise refused(
                f"Node '{far.name}' ({far.kind}) uses the TensorArray '{store.maker.name}' outside of the branch or "
                "the step that made it"
            )

    def _make_states(self) -> None:
        shared: dict[Any, State] = {}
        for store in self.all:
            store.cells = State("cells", store, home=store.home)
            if not store.is_stack:
                continue
            key = self._rhythm(store)
            count = shared.get(key) if key is not None else None
            store.count = count or State("count", store, counts=True, home=store.home)
            if key is not None:
                shared.setdefault(key, store.count)

    def _rhythm(self, store: Store) -> Any:
        """What stacks have in common that are always equally high; None where that is not known."""
        pushes, pops = store.pushes(), store.pops()
        places = [self.layout.place_of[node] for node in (*pushes, *pops)]
        if len(pushes) != 1 or len(pops) > 1 or any(place.kind != "while" for place in places):
            return None
        return store.home, tuple(places)


def _innermost(places: Sequence[Place]) -> Place | None:
    """Returns the innermost place around some places, outside of the two regions of a loop."""
    if not places:
        return None
    found = places[0]
    for place in places[1:]:
        found = next(p for p in found.around() if p.holds(place))
    return found


def touched(stores: Iterable[Store], layout: Layout) -> dict[Place, dict[State, None]]:
    """Returns the states that what lies in a place changes, for each place inside their homes."""
    found: dict[Place, dict[State, None]] = {}
    for store in stores:
        for node in store.users:
            states: list[State] = []
            if node.kind in WRITES or node.kind in PUSHES:
                states.append(store.cells)
            if store.count is not None:
                states.append(store.count)
            for place in layout.place_of[node].around():
                if place is store.home:
                    break
                found.setdefault(place, {}).update(dict.fromkeys(states))
    return found
