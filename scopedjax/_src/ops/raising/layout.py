"""`Layout`: which node runs in which branch or body, and which of them make one `If` or `WhileLoop`.

The nodes of a place (the graph outside of everything, a loop's body, a branch) are put in a row from last to first: a
node may come when all that use it are there. Nodes that hang on no further predicate go first. When none is left, the
nodes of one predicate are taken, as many as can come, with the Merges that join them: they make one `If`. Loops are
taken as a whole.

    forward cond (p) -> loss -> gradients (p)        row:  If(p), loss, If(p)

So the two sides of a predicate may become several Ifs, one after the other, with nodes between them; and a node lands
as late as it can, in the If that uses it. What an If computes and a later one of the same predicate needs (`cond/Tanh`
for its gradient) is *handed out*: it becomes a further output, which in the other branch is absent.

Invariant: an order of the row is an order of dependencies.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scopedjax._src.ops.raising.dataflow import Dataflow, Frame, Literal, Node, Source, literals_of, predicate, refused

Vertex = Node | Frame


@dataclass(eq=False, slots=True)
class Place:
    """What runs together: the whole graph, a branch, a condition or a body.

    Attributes:
      frame: The frame of its nodes.
      literals: What all of them need.
      kind: "", "cond_true", "cond_false", "while_cond" or "while".
      outer: The place around.
      owner: The If or the loop that it belongs to.
      row: What it holds, in order.
      region: Name of its region, "" outside of all.
    """

    frame: Frame
    literals: frozenset[Literal]
    kind: str = ""
    outer: Place | None = None
    owner: Branching | Looping | None = None
    row: list[Node | Branching | Looping] = field(default_factory=list)
    region: str = ""

    def holds(self, other: Place | None) -> bool:
        """Whether another place is this one or lies inside it."""
        while other is not None and other is not self:
            other = other.outer
        return other is self

    def around(self) -> Iterable[Place]:
        """Yields this place and those around it."""
        place: Place | None = self
        while place is not None:
            yield place
            place = place.outer


@dataclass(eq=False, slots=True)
class Branching:
    """An If.

    Attributes:
      predicate: Its condition.
      outer: Where it stands.
      name: Its name.
      merges: The Merges that are its results.
      branches: The branch taken where the predicate is false, and the other one.
      handed_out: What later nodes need of what its branches compute.
      controls: Nodes inside that nodes outside wait for, by branch.
    """

    predicate: Source
    outer: Place
    name: str
    merges: list[Node] = field(default_factory=list)
    branches: list[Place] = field(default_factory=list)
    handed_out: dict[Source, None] = field(default_factory=dict)
    controls: dict[Node, None] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Looping:
    """A WhileLoop."""

    frame: Frame
    outer: Place
    name: str
    condition: Place
    body: Place
    controls: dict[Node, None] = field(default_factory=dict)


class Layout:
    """Where each node of a graph runs.

    Args:
      flow: The graph.
      taken: Names that new nodes cannot have; names of the Ifs and loops are added.
    """

    def __init__(self, flow: Dataflow, taken: set[str]) -> None:
        self.flow = flow
        self.taken = taken
        self.place_of: dict[Node, Place] = {}
        self.branching_of: dict[Node, Branching] = {}  # of Merges
        self.looping_of: dict[Frame, Looping] = {}
        self._nodes_of: dict[Frame, list[Node]] = {frame: [] for frame in (flow.root, *flow.frames)}
        self._frames_of: dict[Frame, list[Frame]] = {frame: [] for frame in (flow.root, *flow.frames)}
        for node in flow.nodes.values():
            assert node.frame is not None
            self._nodes_of[node.frame].append(node)
        for frame in flow.frames:
            assert frame.outer is not None
            self._frames_of[frame.outer].append(frame)
        self.root = Place(flow.root, frozenset())
        self._arrange(self.root, [*self._nodes_of[flow.root], *self._frames_of[flow.root]])

    def new_name(self, wanted: str) -> str:
        """Returns a name that no node has."""
        name, count = wanted, 0
        while name in self.taken:
            count += 1
            name = f"{wanted}_{count}"
        self.taken.add(name)
        return name

    # Rows ------------------------------------------------------------------------------------------------------------

    def _arrange(self, place: Place, vertices: Sequence[Vertex]) -> None:
        sources = self._sources(place.frame, vertices)
        waiting = dict.fromkeys(vertices, 0)
        for found in sources.values():
            for source in found:
                waiting[source] += 1
        ready = _Ready(place, [v for v, count in waiting.items() if not count])
        row: list[Node | Branching | Looping] = []
        left = len(vertices)

        def done(vertex: Vertex) -> None:
            nonlocal left
            left -= 1
            for source in sources[vertex]:
                waiting[source] -= 1
                if not waiting[source]:
                    ready.add(source)

        while True:
            vertex = ready.plain()
            if vertex is not None:
                row.append(self._looping(vertex, place) if isinstance(vertex, Frame) else vertex)
                if isinstance(vertex, Node):
                    self.place_of[vertex] = place
                done(vertex)
                continue
            key = ready.predicate()
            if key is None:
                break
            merges: list[Node] = []
            inside: tuple[list[Vertex], list[Vertex]] = ([], [])
            while (vertex := ready.of(key)) is not None:
                literal = ready.literal(vertex)
                if literal is None:
                    assert isinstance(vertex, Node)
                    merges.append(vertex)
                    self.place_of[vertex] = place
                else:
                    inside[literal[1]].append(vertex)
                done(vertex)
            row.append(self._branching(key, place, merges, inside))
        if left:
            names = [v.name for v, count in waiting.items() if count]
            raise refused(f"the nodes {', '.join(names[:20])} depend on each other in a circle through a loop")
        place.row = row[::-1]

    def _sources(self, frame: Frame, vertices: Sequence[Vertex]) -> dict[Vertex, set[Vertex]]:
        """Returns what each vertex depends on, of the others."""
        among = set(vertices)
        found: dict[Vertex, set[Vertex]] = {}

        def vertex_of(node: Node) -> Vertex | None:
            at: Frame | None = node.frame
            if at is frame:
                return node
            while at is not None and at.outer is not frame:
                at = at.outer
            return at

        for vertex in vertices:
            nodes = [vertex] if isinstance(vertex, Node) else self._all_nodes(vertex)
            wanted = {vertex_of(source) for node in nodes for source in _needed(node)}
            found[vertex] = {v for v in wanted if v is not None and v is not vertex and v in among}
        return found

    def _all_nodes(self, frame: Frame) -> list[Node]:
        found = list(self._nodes_of[frame])
        for inner in self._frames_of[frame]:
            found.extend(self._all_nodes(inner))
        return found

    # Ifs and loops ---------------------------------------------------------------------------------------------------

    def _branching(
        self, key: Source, place: Place, merges: list[Node], inside: tuple[list[Vertex], list[Vertex]]
    ) -> Branching:
        name = self.new_name(f"{_scope(_namesake(key, merges, inside))}If")
        branching = Branching(key, place, name, merges[::-1])
        for merge in merges:
            self.branching_of[merge] = branching
        for way, kind in ((False, "cond_false"), (True, "cond_true")):
            literals = place.literals | {(key, way)}
            branch = Place(place.frame, literals, kind, place, branching, region=f"{name}#{0 if way else 1}")
            branching.branches.append(branch)
            self._arrange(branch, inside[way])
        return branching

    def _looping(self, frame: Frame, place: Place) -> Looping:
        name = self.new_name(f"{_scope(frame.name)}WhileLoop")
        condition = Place(frame, frozenset(), "while_cond", place, region=f"{name}#0")
        body = Place(frame, frozenset([frame.going]), "while", place, region=f"{name}#1")
        looping = self.looping_of[frame] = Looping(frame, place, name, condition, body)
        condition.owner = body.owner = looping
        nodes = [n for n in self._nodes_of[frame] if n.kind != "Enter"]
        service = {n for n in nodes if n.variable is not None and n.kind in ("Merge", "Switch")}
        for node in nodes:
            if node in service:
                self.place_of[node] = condition if node.kind == "Merge" else body
        for enter in frame.enters:
            self.place_of[enter] = place
        vertices: list[Vertex] = [n for n in nodes if n not in service]
        vertices += self._frames_of[frame]
        deciding = [v for v in vertices if frame.going not in v.literals]
        self._arrange(condition, deciding)
        self._arrange(body, [v for v in vertices if frame.going in v.literals])
        return looping


class _Ready:
    """The vertices that may come next, by the predicate that they hang on."""

    def __init__(self, place: Place, vertices: Iterable[Vertex]) -> None:
        self.place = place
        self._plain: list[tuple[int, int, Vertex]] = []
        self._of: dict[Source, list[tuple[int, int, Vertex]]] = {}
        self._count = 0
        for vertex in vertices:
            self.add(vertex)

    def literal(self, vertex: Vertex) -> Literal | None:
        """The outermost literal that a vertex needs beyond those of the place."""
        more = vertex.literals - self.place.literals
        return min(more, key=lambda literal: (literal[0][0].place, literal[0][1]), default=None)

    def add(self, vertex: Vertex) -> None:
        """Notes that a vertex may come."""
        literal = self.literal(vertex)
        heap = self._plain
        if literal is not None:
            heap = self._of.setdefault(literal[0], [])
        elif isinstance(vertex, Node) and vertex.kind == "Merge":
            heap = self._of.setdefault(merged_by(vertex), [])
        self._count += 1
        heapq.heappush(heap, (-vertex.place, self._count, vertex))

    def plain(self) -> Vertex | None:
        """Takes a vertex that hangs on no further predicate."""
        return heapq.heappop(self._plain)[2] if self._plain else None

    def predicate(self) -> Source | None:
        """Returns the predicate of the last vertex that may come."""
        filled = [(heap[0][:2], key) for key, heap in self._of.items() if heap]
        return min(filled, key=lambda entry: entry[0])[1] if filled else None

    def of(self, key: Source) -> Vertex | None:
        """Takes a vertex that hangs on a predicate."""
        heap = self._of.get(key)
        return heapq.heappop(heap)[2] if heap else None


def merged_by(merge: Node) -> Source:
    """Returns the predicate whose sides a Merge joins."""
    first, second = (literals_of(source) for source in merge.inputs)
    return next(iter(first - second))[0]


def _needed(node: Node) -> Iterable[Node]:
    """The nodes that must have run, in the same step."""
    for source, _ in node.inputs:
        if node.kind != "Merge" or source.kind != "NextIteration":
            yield source
    yield from node.controls
    for source, _ in node.inputs:
        if source.kind == "Switch":
            yield predicate(source.inputs[1])[0]


def _namesake(key: Source, merges: Sequence[Node], inside: tuple[list[Vertex], list[Vertex]]) -> str:
    """The node after whose scope an If is named."""
    if merges:
        return merges[-1].name
    first = (inside[1] or inside[0])[-1:]
    return first[0].name if first else key[0].name


def _scope(name: str) -> str:
    return f"{name.rpartition('/')[0]}/" if "/" in name else ""
