"""A picture of a graph: scopes as boxes, data flowing downwards.

    x ──> [conv1: 12 nodes] ──> [conv2: 12 nodes] ──> [dense: 8 nodes] ──> loss

A graph has thousands of nodes, so what is drawn are scopes: the graph is opened scope by scope, the fullest first, as
long as no more boxes come of it than were asked for. What is drawn is the computation proper: what inputs lead to, and
what that takes; gradients, initialisers and savers are left out. A scope that is entered twice may make a cycle; the
edge that closes it leads upwards.

Graphviz draws it, if its program `dot` is there; else matplotlib, with boxes on levels by the longest way from an
input, and each level sorted by where its neighbours are. `.dot` writes Graphviz's own text.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scopedjax._src.cli.graph_files import VARIABLE_TYPES, source_node
from scopedjax._src.cli.tables import visible
from scopedjax._src.cli.tensor_files import CommandError, replacing

_SUFFIXES: Final = (".png", ".svg", ".pdf", ".dot")
_HELPERS: Final = frozenset(("save", "report_uninitialized_variables", "init", "Initializer", "gradients"))
_SWEEPS: Final = 8
_SECONDS: Final = 120


@dataclass
class Boxes:
    """What is drawn.

    Attributes:
      sizes: The boxes, each with its number of nodes.
      kinds: For a box of one node its type, else "".
      edges: From box to box, with the number of tensors.
    """

    sizes: dict[str, int]
    kinds: dict[str, str]
    edges: Counter[tuple[str, str]]


def draw(graph: Any, path: str, most: int = 40) -> None:
    """Draws a GraphDef.

    Args:
      graph: The GraphDef.
      path: The file; its suffix says the format: .png, .svg, .pdf, .dot.
      most: The most boxes.

    Raises:
      CommandError: The suffix is none of those, or nothing here can draw.
    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in _SUFFIXES:
        raise CommandError(f"--picture takes a file that ends in {', '.join(_SUFFIXES)}; got {path!r}")
    if most < 1:
        raise CommandError(f"--boxes takes a number above 0, got {most}")
    boxes = collapsed(graph, most)
    if suffix == ".dot":
        with replacing(path) as file:
            file.write(dot_text(boxes).encode())
    elif shutil.which("dot"):
        _draw_by_graphviz(boxes, path, suffix[1:])
    else:
        _draw_by_matplotlib(boxes, path, suffix[1:])


# ------------------------------------------------------------------------------------------------------------- boxes


def collapsed(graph: Any, most: int) -> Boxes:
    """The scopes of a graph, opened until there would be more than `most` boxes."""
    nodes = {node.name: node for node in graph.node}
    links = [(source, node.name) for node in graph.node for source in map(source_node, node.input) if source in nodes]
    drawn = _drawn(nodes, links)
    members = {name: name for name in drawn}
    closed = _opened(drawn, most)
    for name in drawn:
        for scope in _scopes(name):
            if scope in closed:
                members[name] = scope
                break
    sizes = Counter(members.values())
    kinds = {box: nodes[box].op if box in nodes and sizes[box] == 1 else "" for box in sizes}
    edges = Counter(
        (members[a], members[b]) for a, b in links if a in members and b in members and members[a] != members[b]
    )
    return Boxes(dict(sizes), kinds, edges)


def _drawn(nodes: Mapping[str, Any], links: Iterable[tuple[str, str]]) -> list[str]:
    """The nodes of the computation proper; all of them, where that would leave nothing."""
    ordinary = {name for name in nodes if not _HELPERS.intersection(name.split("/"))}
    after: dict[str, list[str]] = defaultdict(list)
    before: dict[str, list[str]] = defaultdict(list)
    for source, target in links:
        if source in ordinary and target in ordinary:
            after[source].append(target)
            before[target].append(source)
    inputs = [name for name in ordinary if nodes[name].op.startswith("Placeholder")]
    if not inputs:
        inputs = [name for name in ordinary if nodes[name].op in VARIABLE_TYPES]
    kept = _reached(_reached(inputs, after), before)
    return [name for name in nodes if name in kept] or list(nodes)


def _reached(starts: Iterable[str], ways: Mapping[str, Sequence[str]]) -> set[str]:
    seen = set(starts)
    todo = list(seen)
    while todo:
        for name in ways.get(todo.pop(), ()):
            if name not in seen:
                seen.add(name)
                todo.append(name)
    return seen


def _scopes(name: str) -> list[str]:
    """The scopes of a node, outermost first; the node itself last, for a layer and its weights share a name."""
    parts = name.split("/")
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def _opened(names: Iterable[str], most: int) -> set[str]:
    """The scopes that stay closed."""
    children: dict[str, dict[str, int]] = defaultdict(Counter)
    for name in names:
        outer = ""
        for scope in _scopes(name):
            children[outer][scope] += 1
            outer = scope
    closed: dict[str, int] = dict(children[""])
    while True:
        for scope in sorted(closed, key=lambda scope: (-closed[scope], scope)):
            inside = children.get(scope, {})
            if inside and len(closed) - 1 + len(inside) <= most:
                del closed[scope]
                closed.update(inside)
                break
        else:
            return set(closed)


def _label(boxes: Boxes, box: str) -> str:
    size = boxes.sizes[box]
    return f"{visible(box)}\n{boxes.kinds[box] or f'{size} nodes'}"


# ----------------------------------------------------------------------------------------------------------- graphviz


def dot_text(boxes: Boxes) -> str:
    """The picture in Graphviz's language."""
    numbers = {box: f"b{number}" for number, box in enumerate(boxes.sizes)}
    lines = [
        "digraph graph_ {",
        '  node [shape=box, style="rounded,filled", fillcolor="#eef3fb", fontname="sans-serif"];',
    ]
    for box, number in numbers.items():
        label = _label(boxes, box).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        lines.append(f'  {number} [label="{label}"];')
    for (source, target), count in boxes.edges.items():
        note = f' [label="{count}"]' if count > 1 else ""
        lines.append(f"  {numbers[source]} -> {numbers[target]}{note};")
    return "\n".join([*lines, "}", ""])


def _draw_by_graphviz(boxes: Boxes, path: str, form: str) -> None:
    try:
        done = subprocess.run(
            ["dot", f"-T{form}"], input=dot_text(boxes).encode(), capture_output=True, timeout=_SECONDS, check=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise CommandError(f"Graphviz's `dot` cannot draw the graph: {error}") from error
    with replacing(path) as file:
        file.write(done.stdout)


# --------------------------------------------------------------------------------------------------------- matplotlib


def levels(boxes: Boxes) -> list[list[str]]:
    """The boxes by level: below all that they take values from, the cycles left aside; neighbours near each other."""
    before: dict[str, list[str]] = {box: [] for box in boxes.sizes}
    after: dict[str, list[str]] = {box: [] for box in boxes.sizes}
    for source, target in _without_cycles(boxes):
        before[target].append(source)
        after[source].append(target)
    level: dict[str, int] = {}
    waiting = {box: len(sources) for box, sources in before.items()}
    ready = [box for box, count in waiting.items() if not count]
    while ready:
        box = ready.pop()
        level[box] = max((level[source] + 1 for source in before[box]), default=0)
        for target in after[box]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    rows: list[list[str]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for box in boxes.sizes:
        rows[level[box]].append(box)
    _sort_rows(rows, before, after)
    return rows


def _without_cycles(boxes: Boxes) -> list[tuple[str, str]]:
    """The edges, without those that lead back to a box on the way from an input."""
    after: dict[str, list[str]] = {box: [] for box in boxes.sizes}
    for source, target in boxes.edges:
        after[source].append(target)
    state: dict[str, int] = {}  # 1: on the way, 2: done
    kept: list[tuple[str, str]] = []
    for start in boxes.sizes:
        stack = [(start, iter(after[start]))] if start not in state else []
        state.setdefault(start, 1)
        while stack:
            box, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                state[box] = 2
                stack.pop()
            elif state.get(target) != 1:
                kept.append((box, target))
                if target not in state:
                    state[target] = 1
                    stack.append((target, iter(after[target])))
    return kept


def _sort_rows(rows: list[list[str]], before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> None:
    """Puts each box where its neighbours are on average, down and up again."""
    place = {box: number - len(row) / 2 for row in rows for number, box in enumerate(row)}
    for sweep in range(_SWEEPS):
        neighbours = before if sweep % 2 == 0 else after
        for row in rows if sweep % 2 == 0 else reversed(rows):
            means = {
                box: sum(place[other] for other in neighbours[box]) / len(neighbours[box])
                if neighbours[box]
                else place[box]
                for box in row
            }
            row.sort(key=lambda box: means[box])
            place.update({box: number - len(row) / 2 for number, box in enumerate(row)})


def _draw_by_matplotlib(boxes: Boxes, path: str, form: str) -> None:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise CommandError(
            "A picture takes Graphviz's program `dot` or matplotlib (pip install matplotlib); a .dot file takes neither"
        ) from error
    rows = levels(boxes)
    width = max(map(len, rows), default=1)
    figure = Figure(figsize=(max(4.0, 2.6 * width), max(3.0, 1.1 * len(rows))))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(-width / 2 - 0.5, width / 2 + 0.5)
    axes.set_ylim(-len(rows) + 0.3, 0.7)
    place = {
        box: (number - (len(row) - 1) / 2, -depth) for depth, row in enumerate(rows) for number, box in enumerate(row)
    }
    for (source, target), count in boxes.edges.items():
        (x0, y0), (x1, y1) = place[source], place[target]
        bend = 0.25 if y1 >= y0 else 0.0  # what leads back goes round
        style = {"arrowstyle": "->", "color": "#7a8699", "lw": min(1 + count / 8, 3), "shrinkA": 16, "shrinkB": 16}
        style["connectionstyle"] = f"arc3,rad={bend}"
        axes.annotate("", (x1, y1), (x0, y0), arrowprops=style)
    frame = {"boxstyle": "round,pad=0.35", "fc": "#eef3fb", "ec": "#35507a"}
    for box, (x, y) in place.items():
        label = _label(boxes, box).replace("$", r"\$")
        axes.text(x, y, label, ha="center", va="center", fontsize=8, bbox=frame)
    with replacing(path) as file:
        figure.savefig(file, format=form, dpi=120)
