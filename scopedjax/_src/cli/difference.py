"""`diff`: what a checkpoint lacks, has too much, or has otherwise than a graph or another checkpoint, and what to do.

    checkpoint   <->  graph         what would `Saver.restore` say?
    checkpoint   <->  checkpoint    what changed? with --values the numbers too
    graph        <->  graph         do they take the same checkpoints?

The first file is taken for the one that may be converted: what the second has and it lacks is *missing*, what it has
besides is *unexpected*. Where only the first is a graph, the two change places.
"""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scopedjax._src.cli import graph_files, renaming, selection
from scopedjax._src.cli.progress import progress
from scopedjax._src.cli.tables import counted, shape_text, table, visible
from scopedjax._src.cli.tensor_files import Array, CommandError, TensorSource, open_source, replacing
from scopedjax._src.lib.train.rename_suggestions import Shape, Suggestion, suggest_renames

EXAMPLES = """\
examples:
  python -m scopedjax diff /d/model.ckpt-7 graph.meta             why does restoring fail?
  python -m scopedjax diff /d/model.ckpt-7 frozen_graph.pb
  python -m scopedjax diff /d/model-7 /d/model-8 --values         which values changed?
  python -m scopedjax diff a.npz b.safetensors --values --rtol 1e-5 --atol 1e-8
  python -m scopedjax diff old.ckpt graph.meta --write-rules rules.txt
  python -m scopedjax convert old.ckpt new.ckpt --rules rules.txt

The exit status is 0 if there are no differences, 1 if there are, 2 if something went wrong.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("first", metavar="A", help="checkpoint (what `inspect` takes)")
    parser.add_argument("second", metavar="B", help="graph (.meta, .pb, .pbtxt, SavedModel) or checkpoint")
    parser.add_argument("--values", action="store_true", help="compare the values too (two checkpoints)")
    parser.add_argument("--rtol", type=float, default=0.0, help="values may differ by this part of B's; default 0")
    parser.add_argument("--atol", type=float, default=0.0, help="values may differ by this; default 0: bit for bit")
    parser.add_argument("--no-suggestions", action="store_true", help="do not look for renamed tensors")
    parser.add_argument("--write-rules", metavar="FILE", help="write the suggested renames, for `convert --rules`")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing; the exit status tells")
    selection.add_options(parser)


@dataclass
class Side:
    """One of the two files.

    Attributes:
      path: Where it is.
      kind: What it is, in words.
      tensors: For each name the dtype and the shape.
      source: Reads the values; None for a graph.
    """

    path: str
    kind: str
    tensors: dict[str, tuple[str, Shape]]
    source: TensorSource | None = None


@dataclass
class Difference:
    """How the values of a tensor differ.

    Attributes:
      count: Elements that differ.
      size: All elements.
      largest: The largest absolute difference; None for strings and where one side is no number.
      where: The first element that differs.
    """

    count: int
    size: int
    largest: float | None
    where: tuple[int, ...]


@dataclass
class Report:
    """All differences."""

    first: Side
    second: Side
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    values: dict[str, Difference] = field(default_factory=dict)
    suggestions: list[Suggestion] = field(default_factory=list)
    rules: list[renaming.Rule] = field(default_factory=list)

    @property
    def differ(self) -> bool:
        """Whether there are differences."""
        return bool(self.missing or self.unexpected or self.shapes or self.types or self.values)


def run(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    first, second = _open(options.first), _open(options.second)
    try:
        if first.source is None and second.source is not None:
            first, second = second, first
        for side in (first, second):
            chosen = selection.selected(side.tensors, options.select, options.exclude)
            side.tensors = {name: side.tensors[name] for name in chosen}
        report = compared(first, second)
        if options.values:
            _compare_values(report, options.rtol, options.atol)
        if not options.no_suggestions:
            _suggest(report)
    finally:
        for side in (first, second):
            if side.source is not None:
                side.source.close()
    if options.write_rules is not None:
        _write_rules(report, options.write_rules)
    if options.json:
        print(json.dumps(_as_json(report), indent=2))
    elif not options.quiet:
        print(_as_text(report))
    return int(report.differ)


def _open(path: str) -> Side:
    if graph_files.is_graph(path):
        file = graph_files.read_graph(path)
        return Side(file.path, file.kind, dict(graph_files.saved_tensors(file)))
    source = open_source(path)
    tensors: dict[str, tuple[str, Shape]] = {name: (info.dtype, info.shape) for name, info in source.tensors.items()}
    return Side(source.path, source.kind, tensors, source)


def compared(first: Side, second: Side) -> Report:
    """Compares names, shapes and dtypes."""
    report = Report(first, second)
    report.missing = [name for name in second.tensors if name not in first.tensors]
    report.unexpected = [name for name in first.tensors if name not in second.tensors]
    for name, (dtype, shape) in first.tensors.items():
        if name in second.tensors:
            other_dtype, other_shape = second.tensors[name]
            if not _shapes_agree(shape, other_shape):
                report.shapes.append(name)
            if dtype != other_dtype:
                report.types.append(name)
    return report


def _shapes_agree(first: Shape, second: Shape) -> bool:
    if first is None or second is None:
        return True
    return len(first) == len(second) and all(
        a is None or b is None or a == b for a, b in zip(first, second, strict=True)
    )


# ------------------------------------------------------------------------------------------------------------- values


def _compare_values(report: Report, rtol: float, atol: float) -> None:
    first, second = report.first.source, report.second.source
    if first is None or second is None:
        raise CommandError("--values compares two checkpoints, and one of these is a graph")
    unlike = {*report.shapes, *report.types}
    names = [name for name in report.first.tensors if name in report.second.tensors and name not in unlike]
    with progress("comparing", sum(first.tensors[name].nbytes or 0 for name in names)) as advance:
        pairs = zip(first.stream(names), second.stream(names), strict=True)
        for (name, ours), (_, theirs) in pairs:
            difference = value_difference(ours, theirs, rtol, atol)
            if difference is not None:
                report.values[name] = difference
            advance(ours.nbytes)


def value_difference(first: Array, second: Array, rtol: float, atol: float) -> Difference | None:
    """How two arrays of one dtype and shape differ; None if they agree.

    Without tolerances they must be equal, NaN being equal to NaN; else |A - B| <= atol + rtol |B|.
    """
    if first.dtype.names:
        first, second = first.view(first.dtype[0]), second.view(second.dtype[0])
    unequal = np.asarray(first != second)
    if first.dtype.kind not in "OSUiub":
        unequal &= ~(np.isnan(first) & np.isnan(second))
    numbers = first.dtype.kind not in "OSU"
    if numbers and (rtol or atol):
        wide = np.complex128 if first.dtype.kind == "c" else np.float64
        with np.errstate(all="ignore"):
            close = np.abs(first.astype(wide) - second.astype(wide)) <= atol + rtol * np.abs(second.astype(wide))
        unequal &= ~close
    count = int(np.count_nonzero(unequal))
    if not count:
        return None
    where = tuple(int(i) for i in np.unravel_index(int(np.argmax(unequal)), unequal.shape))
    largest = None
    if numbers:
        wide = np.complex128 if first.dtype.kind == "c" else np.float64
        with np.errstate(all="ignore"):
            gaps = np.abs(first[unequal].astype(wide) - second[unequal].astype(wide))
        largest = None if bool(np.isnan(gaps).any()) else float(gaps.max())
    return Difference(count, int(unequal.size), largest, where)


# -------------------------------------------------------------------------------------------------------- suggestions


def _suggest(report: Report) -> None:
    report.suggestions = suggest_renames(report.second.tensors, report.first.tensors)
    pairs = {s.found: s.wanted for s in report.suggestions if not s.copies}
    report.rules = renaming.rules_for(pairs, report.first.tensors)


def _write_rules(report: Report, path: str) -> None:
    lines = [f"# {visible(report.first.path)} as {visible(report.second.path)} names it\n"]
    lines += [f"{rule.text}\n" for rule in report.rules]
    with replacing(path) as file:
        file.write("".join(lines).encode())


# ------------------------------------------------------------------------------------------------------------- output


def _as_text(report: Report) -> str:
    first, second = report.first, report.second
    lines = [
        f"A: {visible(first.path)} ({first.kind}), {counted(len(first.tensors), 'tensor')}",
        f"B: {visible(second.path)} ({second.kind}), {counted(len(second.tensors), 'tensor')}",
    ]
    lines += _section("missing in A", [_described(name, second) for name in report.missing])
    lines += _section("unexpected in A", [_described(name, first) for name in report.unexpected])
    for title, names, part in (("shapes that differ", report.shapes, 1), ("dtypes that differ", report.types, 0)):
        rows = [
            [visible(name), f"A: {_shown(first.tensors[name][part])}", f"B: {_shown(second.tensors[name][part])}"]
            for name in names
        ]
        lines += _section(title, rows)
    lines += _section("values that differ", [_value_row(name, found) for name, found in report.values.items()])
    rows = [[f"{visible(s.found)} -> {visible(s.wanted)}", f"({s.reason})"] for s in report.suggestions]
    lines += _section("suggested renames", rows)
    if report.rules:
        lines += ["rules for `python -m scopedjax convert`:"]
        lines += [f"  --rename {shlex.quote(rule.text)}" for rule in report.rules]
    if not report.differ:
        lines.append("no differences")
    return "\n".join(lines)


def _section(title: str, rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"{title} ({len(rows)}):", table(rows, indent="  ")] if rows else []


def _shown(part: Any) -> str:
    return part if isinstance(part, str) else shape_text(part)


def _described(name: str, side: Side) -> list[str]:
    dtype, shape = side.tensors[name]
    return [visible(name), dtype, shape_text(shape)]


def _value_row(name: str, found: Difference) -> list[str]:
    largest = "" if found.largest is None else f"by up to {found.largest:.6g}"
    return [visible(name), f"{found.count:,} of {found.size:,}", largest, f"first at {list(found.where)}"]


def _as_json(report: Report) -> Mapping[str, Any]:
    def side(one: Side) -> dict[str, Any]:
        return {"path": one.path, "kind": one.kind, "tensors": len(one.tensors)}

    def pair(name: str, part: int) -> dict[str, Any]:
        return {"name": name, "a": report.first.tensors[name][part], "b": report.second.tensors[name][part]}

    return {
        "a": side(report.first),
        "b": side(report.second),
        "differ": report.differ,
        "missing": report.missing,
        "unexpected": report.unexpected,
        "shapes": [pair(name, 1) for name in report.shapes],
        "dtypes": [pair(name, 0) for name in report.types],
        "values": [
            {"name": n, "count": d.count, "size": d.size, "largest": _number(d.largest), "first": d.where}
            for n, d in report.values.items()
        ],
        "suggestions": [
            {"found": s.found, "wanted": s.wanted, "reason": s.reason, "copies": s.copies} for s in report.suggestions
        ],
        "rules": [rule.text for rule in report.rules],
    }


def _number(value: float | None) -> float | str | None:
    return value if value is None or np.isfinite(value) else str(value)
