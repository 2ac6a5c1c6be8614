"""`Dataflow`: a GraphDef with TF1's control flow, read as what it is: a machine in which tensors can be dead.

    Switch(x, p)     hands x on at output 1 where p is true, at output 0 where it is not; the other one is dead
    Merge(a, b)      hands on the one that lives; any other node with a dead input is dead
    Enter, Exit      bring a value into and out of a *frame*, a loop that has its own count of steps
    NextIteration    hands a value to the next step; LoopCond is the condition that all Switches of a frame's loop
                     variables ask

Two things are found for every node here. Its *frame*, by following Enter and Exit. And its *literals*: the conditions
under which it lives, as pairs (predicate, which way), collected along all paths; a Merge of two nodes of which one
needs `p` and the other one not `p` needs neither:

    cond/mul/Switch:1 {(p, 1)}    cond/mul {(p, 1)} \\
                                                     Merge {}
    cond/Tanh/Switch:0 {(p, 0)}   cond/Tanh {(p, 0)} /

The body of a loop is what needs (LoopCond, 1). The nodes that LoopCond is computed from need nothing, and neither do
nodes that only use what comes from outside; of those all but the condition's own belong to the body too.

Invariants: without the edges from NextIteration to Merge there is no cycle; a node's inputs lie in its own frame;
every frame has one LoopCond. A graph that breaks one is refused with the node's name.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.graph import protos

CONTROL_FLOW: Final = frozenset(("Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond"))
_INPUT: Final = re.compile(r"^(?P<name>.+?)(?::(?P<index>\d{1,9}))?$")

Source = tuple["Node", int]  # an output of a node
Literal = tuple[Source, bool]  # a predicate, and the value that it must have


def refused(message: str) -> InvalidArgumentError:
    """Returns the error for control flow that cannot be."""
    return InvalidArgumentError(None, None, message)


@dataclass(eq=False, slots=True)
class Node:
    """A node of the file.

    Attributes:
      name: Its name.
      kind: Its op type, without "Ref" in front for control flow; "" for a node that is not in the file.
      proto: Its NodeDef.
      place: Its place in an order of dependencies.
      inputs: What it takes.
      controls: What it waits for.
      frame: The frame that it runs in.
      literals: What it needs beyond its frame's being entered.
      after: The frame whose last, dead step it belongs to, so that it really runs after that loop.
      variable: The loop variable that it serves.
    """

    name: str
    kind: str
    proto: Any
    place: int = 0
    inputs: list[Source] = field(default_factory=list)
    controls: list[Node] = field(default_factory=list)
    frame: Frame | None = None
    literals: frozenset[Literal] = frozenset()
    after: Frame | None = None
    variable: Variable | None = None

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"


@dataclass(eq=False, slots=True)
class Variable:
    """A loop variable: the nodes that serve it."""

    frame: Frame
    enter: Node
    merge: Node
    next: Node
    switches: list[Node] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Frame:
    """A loop, or (with the name "") what is in none.

    Attributes:
      name: Its frame name.
      outer: The frame around it.
      enters: Nodes that bring values in.
      condition: Its LoopCond.
      variables: Its loop variables.
      deciding: The nodes that its condition is computed from, in this frame and in frames inside it.
      literals: What the frame needs to be entered.
      place: That of its first node.
    """

    name: str
    outer: Frame | None
    enters: list[Node] = field(default_factory=list)
    condition: Node | None = None
    variables: list[Variable] = field(default_factory=list)
    deciding: set[Node] = field(default_factory=set)
    literals: frozenset[Literal] = frozenset()
    place: int = 0

    def inside(self, other: Frame) -> bool:
        """Whether it is another frame or lies inside it."""
        frame: Frame | None = self
        while frame is not None and frame is not other:
            frame = frame.outer
        return frame is other

    def implied(self) -> frozenset[Literal]:
        """What holds for all nodes in it, since it is entered under that condition."""
        found: frozenset[Literal] = frozenset()
        frame: Frame | None = self
        while frame is not None:
            found |= frame.literals
            frame = frame.outer
        return found

    @property
    def going(self) -> Literal:
        """The literal of its body."""
        assert self.condition is not None
        return (self.condition, 0), True


class Dataflow:
    """A GraphDef's nodes with their frames and literals.

    Args:
      proto: The GraphDef.

    Raises:
      InvalidArgumentError: its control flow is none.
    """

    def __init__(self, proto: Any) -> None:
        self.nodes: dict[str, Node] = {}
        self.absent: dict[str, Node] = {}
        self.root = Frame("", None)
        self.frames: list[Frame] = []
        self._read(proto)
        self._find_frames()
        self._find_variables()
        self._release_counts()
        for frame in self.frames:
            frame.deciding = _deciding(frame)
        self._find_literals()

    # Reading ---------------------------------------------------------------------------------------------------------

    def _read(self, proto: Any) -> None:
        for node in proto.node:
            if node.name in self.nodes:
                raise ValueError(f"Node '{node.name}' is not unique")
            kind = node.op.removeprefix("Ref")
            self.nodes[node.name] = Node(node.name, kind if kind in CONTROL_FLOW else node.op, node)
        for node in self.nodes.values():
            for text in node.proto.input:
                if text.startswith("^"):
                    node.controls.append(self._named(text[1:]))
                    continue
                match = _INPUT.match(text)
                if match is None:
                    raise ValueError(f"Node '{node.name}': an input has no name")
                node.inputs.append((self._named(match["name"]), int(match["index"] or 0)))
            _check_counts(node)

    def _named(self, name: str) -> Node:
        found = self.nodes.get(name)
        if found is None:  # perhaps input_map knows it; else the import says what is missing
            found = self.absent.setdefault(name, Node(name, "", None, frame=self.root))
        return found

    # Frames ----------------------------------------------------------------------------------------------------------

    def _find_frames(self) -> None:
        known: dict[tuple[Frame, str], Frame] = {}
        for node in _ordered(self.nodes.values(), _sources):
            around = self._frame_of_inputs(node)
            if node.kind == "Enter":
                name = node.proto.attr["frame_name"].s.decode(errors="replace")
                frame = known.get((around, name))
                if frame is None:
                    frame = known[around, name] = Frame(name, around, place=node.place)
                    self.frames.append(frame)
                frame.enters.append(node)
                node.frame = frame
            elif node.kind == "Exit":
                if around.outer is None:
                    raise refused(f"Node '{node.name}' (Exit) leaves a loop, but what it takes is in none")
                node.frame = around.outer
            else:
                node.frame = around

    def _frame_of_inputs(self, node: Node) -> Frame:
        found, giver = self.root, None
        for source in (*(n for n, _ in _forward_inputs(node)), *node.controls):
            frame = source.frame
            assert frame is not None
            if frame is found:
                giver = giver or source
            elif frame.inside(found):
                found, giver = frame, source
            elif not found.inside(frame):
                raise _frames_differ(node, source, giver)
        for source, _ in _forward_inputs(node):
            if source.frame is not found and source.kind:
                raise _frames_differ(node, source, giver)
        return found

    def _find_variables(self) -> None:
        for node in self.nodes.values():
            frame = node.frame
            assert frame is not None
            if node.kind == "LoopCond":
                if frame.outer is None:
                    raise refused(f"Node '{node.name}' (LoopCond) is in no loop")
                if frame.condition is not None:
                    raise refused(
                        f"Node '{node.name}' (LoopCond): the loop '{frame.name}' has another condition, "
                        f"'{frame.condition.name}'"
                    )
                frame.condition = node
            elif node.kind == "NextIteration" and frame.outer is None:
                raise refused(f"Node '{node.name}' (NextIteration) is in no loop")
            elif node.kind == "Merge" and any(n.kind in ("Enter", "NextIteration") for n, _ in node.inputs):
                self._add_variable(node, frame)
        for frame in self.frames:
            if frame.condition is None:
                raise refused(
                    f"Node '{frame.enters[0].name}' (Enter): the loop '{frame.name}' never ends, it has no LoopCond"
                )
        for node in self.nodes.values():
            self._note_service(node)

    def _release_counts(self) -> None:
        """Lets loops wait for nothing that comes after them.

        Gradients recorded under `tf.control_dependencies` count a loop's steps in that loop itself, and the counter
        waits for the updates of batch normalisation, say, which use what the loop gives: its zero, and in each step its
        addition, by way of a value that enters the loop for nothing else. TensorFlow runs each variable of a loop
        apart; here a loop runs as a whole.
        """
        users = _users(self.nodes.values())
        for frame in self.frames:
            after = _reached([n for n in users if n.kind == "Exit" and n.inputs[0][0].frame is frame], users)
            if after.isdisjoint(frame.enters):
                continue
            for enter in frame.enters:
                start = enter.inputs[0][0]
                if start.kind == "Const":
                    start.controls = [control for control in start.controls if control not in after]
            users = _users(self.nodes.values())
            after = _reached([n for n in users if n.kind == "Exit" and n.inputs[0][0].frame is frame], users)
            self._move_late([enter for enter in frame.enters if enter in after], frame)

    def _move_late(self, late: list[Node], frame: Frame) -> None:
        """Moves out of a loop what enters it after it has ended, if it is only waited for."""
        moved = set(late)
        growing = True
        while growing:
            more = {n for n in self.nodes.values() if n not in moved and any(s in moved for s, _ in n.inputs)}
            if any(node.kind in CONTROL_FLOW or node.frame is not frame for node in more):
                return  # its value counts: a cycle, which the order of the nodes finds
            moved |= more
            growing = bool(more)
        for node in late:
            plain = protos.NodeDef(name=node.name, op="Identity", input=list(node.proto.input))
            plain.attr["T"].CopyFrom(node.proto.attr["T"])
            node.kind, node.proto = "Identity", plain
        for node in moved:
            node.frame = frame.outer
            node.controls = [c for c in node.controls if c.frame is None or not c.frame.inside(frame)]
        for node in self.nodes.values():
            node.controls = [control for control in node.controls if control not in moved]
        frame.enters = [enter for enter in frame.enters if enter not in moved]

    def _add_variable(self, merge: Node, frame: Frame) -> None:
        kinds = sorted(n.kind for n, _ in merge.inputs)
        if kinds != ["Enter", "NextIteration"]:
            raise refused(
                f"Node '{merge.name}' (Merge) is to join what enters a loop with what the step before gave, but takes "
                f"{', '.join(f'{n.name} ({n.kind})' for n, _ in merge.inputs)}"
            )
        (enter, _), (following, _) = sorted(merge.inputs, key=lambda source: source[0].kind)
        if enter.frame is not frame or following.frame is not frame:
            raise _frames_differ(merge, following, enter)
        merge.variable = Variable(frame, enter, merge, following)
        frame.variables.append(merge.variable)
        enter.variable = following.variable = merge.variable

    @staticmethod
    def _note_service(node: Node) -> None:
        if node.kind == "NextIteration" and node.variable is None:
            raise refused(f"Node '{node.name}' (NextIteration) gives its value to no Merge")
        if node.kind == "Switch" and node.inputs[1][0].kind == "LoopCond":
            variable = node.inputs[0][0].variable
            if variable is None or node.inputs[0][0] is not variable.merge:
                return  # what else is switched by the condition is followed by its literals
            node.variable = variable
            variable.switches.append(node)

    # Literals --------------------------------------------------------------------------------------------------------

    def _find_literals(self) -> None:
        def sources(node: Node) -> Iterable[Node]:
            yield from _sources(node)
            if node.kind == "Exit":
                left = node.inputs[0][0].frame
                assert left is not None
                yield from left.enters if left.outer is not None else ()
            elif node.kind == "Merge" and node.variable is not None:
                yield from node.variable.frame.enters

        for node in _ordered(self.nodes.values(), sources):
            self._place(node)

    def _place(self, node: Node) -> None:
        found: frozenset[Literal] = frozenset()
        for control in node.controls:
            found |= control.literals if control.kind else frozenset()
        if node.kind == "Merge" and node.variable is None:
            found |= self._merged(node)
        else:
            for source in _forward_inputs(node):
                found |= literals_of(source)
        frame = node.frame
        assert frame is not None
        if node.kind == "ControlTrigger":  # it runs even where what it waits for is dead
            found = frozenset(literal for literal in found if literal[0][0].kind == "LoopCond")
        if node.kind == "Enter":
            outer = frame.outer
            assert outer is not None
            frame.place = node.place
            frame.literals |= _with_step(node, outer, found - outer.implied())
            node.literals = frozenset()
            return
        found -= frame.implied()
        if node.kind == "Exit":
            left = node.inputs[0][0].after or node.inputs[0][0].frame
            assert left is not None
            node.literals = _with_step(node, frame, left.literals)
            return
        behind = next((n.after for n, _ in node.inputs if n.after is not None), None)
        if frame.outer is not None and (behind is not None or (frame.going[0], False) in found):
            node.after, node.frame = frame, frame.outer
            # What it waits for may be nodes that run in every step, which are counted to the body.
            found = frozenset(literal for literal in found if literal[0] != frame.going[0])
            node.literals = _with_step(node, frame.outer, found | frame.literals)
            return
        node.literals = _with_step(node, frame, found)
        _check_not_both(node)

    @staticmethod
    def _merged(node: Node) -> frozenset[Literal]:
        if len(node.inputs) != 2:
            raise refused(f"Node '{node.name}' (Merge) joins {len(node.inputs)} values instead of the two of a cond")
        first, second = (literals_of(source) for source in node.inputs)
        common = first & second
        one, other = first - common, second - common
        if len(one) != 1 or len(other) != 1 or {(p, not way) for p, way in one} != other:
            raise refused(
                f"Node '{node.name}' (Merge) joins {text_of(node.inputs[0])} and {text_of(node.inputs[1])}, which are "
                "not the two sides of one Switch"
            )
        return common


def predicate(source: Source) -> Source:
    """Returns what a predicate is really computed by, behind nodes that hand it on."""
    while source[0].kind == "Identity" or (source[0].kind == "Enter" and source[0].variable is None):
        source = source[0].inputs[0]
    return source


def literals_of(source: Source) -> frozenset[Literal]:
    """Returns what an output of a node needs."""
    node, index = source
    if node.kind != "Switch" or node.after is not None:
        return node.literals
    return node.literals | {(predicate(node.inputs[1]), index == 1)}


def text_of(source: Source) -> str:
    """Returns the name of an output, as a NodeDef writes it."""
    return f"{source[0].name}:{source[1]}" if source[1] else source[0].name


def _with_step(node: Node, frame: Frame, found: frozenset[Literal]) -> frozenset[Literal]:
    """Adds that a loop goes on to what a node of its body needs."""
    if frame.outer is None or node in frame.deciding:
        return found
    if node.variable is not None and node.kind in ("Merge", "Switch") and node.variable.frame is frame:
        return found
    return found | {frame.going}


def _check_not_both(node: Node) -> None:
    ways = {p: way for p, way in node.literals}
    if len(ways) < len(node.literals):
        raise refused(f"Node '{node.name}' ({node.kind}) can never run: it needs both sides of one Switch")


def _forward_inputs(node: Node) -> Sequence[Source]:
    """Inputs without those from the step before."""
    if node.kind != "Merge":
        return node.inputs
    return [source for source in node.inputs if source[0].kind != "NextIteration"]


def _sources(node: Node) -> Iterable[Node]:
    for source, _ in _forward_inputs(node):
        yield source
    yield from node.controls


def _users(nodes: Iterable[Node]) -> dict[Node, list[Node]]:
    """Returns for each node those that use it or wait for it, within one step of a loop."""
    users: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in list(users):
        for source in _sources(node):
            if source in users:
                users[source].append(node)
    return users


def _reached(starts: Iterable[Node], users: dict[Node, list[Node]]) -> set[Node]:
    """Returns the nodes that use or wait for some nodes, these included."""
    reached: set[Node] = set()
    waiting = list(starts)
    while waiting:
        found = waiting.pop()
        if found not in reached:
            reached.add(found)
            waiting.extend(users[found])
    return reached


def _ordered(nodes: Iterable[Node], sources: Callable[[Node], Iterable[Node]]) -> list[Node]:
    """Returns nodes with what they depend on first, and notes their places."""
    everything = list(nodes)
    number = {node: i for i, node in enumerate(everything)}
    waiting: list[int] = []
    users: list[list[int]] = [[] for _ in everything]
    for i, node in enumerate(everything):
        wanted = {number[s] for s in sources(node) if s in number}
        waiting.append(len(wanted))
        for source in wanted:
            users[source].append(i)
    ready = [i for i, count in enumerate(waiting) if not count]
    order: list[Node] = []
    while ready:
        i = heapq.heappop(ready)
        everything[i].place = len(order)
        order.append(everything[i])
        for user in users[i]:
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, user)
    if len(order) < len(everything):
        names = [f"'{node.name}' ({node.kind})" for i, node in enumerate(everything) if waiting[i]]
        raise refused(f"{len(names)} nodes in a cycle that no NextIteration closes: {', '.join(names[:20])}")
    return order


def _deciding(frame: Frame) -> set[Node]:
    """Returns the nodes that a loop's condition is computed from."""
    assert frame.condition is not None
    found: set[Node] = set()
    stack: list[Node] = [frame.condition]
    while stack:
        node = stack.pop()
        own = node.frame
        assert own is not None
        if node in found or not own.inside(frame):
            continue
        found.add(node)
        if node.variable is not None and node.variable.frame is frame:
            continue
        stack.extend(source for source, _ in node.inputs)
        stack.extend(node.controls)
    return found


_COUNTS: Final = {"Switch": 2, "Enter": 1, "Exit": 1, "NextIteration": 1, "LoopCond": 1}


def _check_counts(node: Node) -> None:
    wanted = _COUNTS.get(node.kind)
    if wanted is not None and len(node.inputs) != wanted:
        raise refused(f"Node '{node.name}' ({node.kind}) has {len(node.inputs)} inputs instead of {wanted}")
    if node.kind == "Merge" and not node.inputs:
        raise refused(f"Node '{node.name}' (Merge) has no inputs")


def _frames_differ(node: Node, source: Node, other: Node | None) -> InvalidArgumentError:
    def told(item: Node | None) -> str:
        return "" if item is None or item.frame is None else f"{item.name} is in frame '{item.frame.name}'"

    return refused(f"The node '{node.name}' has inputs from different frames: {told(source)}, {told(other)}")
