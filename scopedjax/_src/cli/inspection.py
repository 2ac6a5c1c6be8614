"""`inspect`: what a checkpoint, an .npz or a .safetensors file holds."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import json
import math
from typing import Any

import numpy as np

from scopedjax._src.cli import selection
from scopedjax._src.cli.progress import progress
from scopedjax._src.cli.statistics import Statistics, statistics
from scopedjax._src.cli.tables import bytes_text, counted, shape_text, table, visible
from scopedjax._src.cli.tensor_files import Array, CommandError, TensorInfo, TensorSource, open_source

EXAMPLES = """\
examples:
  python -m scopedjax inspect /d/model-7                      names, dtypes, shapes, bytes, totals
  python -m scopedjax inspect /d/model.ckpt-7.index           any file of a checkpoint stands for it
  python -m scopedjax inspect /d                              the newest checkpoint of a folder
  python -m scopedjax inspect /d/model-7 --stats --exclude Adam
  python -m scopedjax inspect weights.npz --tensor dense/kernel
  python -m scopedjax inspect /d/model-7 --json | jq '.tensors[].name'
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument(
        "file", help="checkpoint (Orbax, TensorFlow), folder of checkpoints, SavedModel, .npz, .safetensors"
    )
    parser.add_argument(
        "--stats", action="store_true", help="read the values: smallest, largest, mean, deviation, NaNs"
    )
    parser.add_argument("--tensor", metavar="NAME", help="print the values of one tensor")
    parser.add_argument("--all", action="store_true", help="with --tensor: print every element, however many")
    parser.add_argument(
        "--sort", choices=("name", "size"), help="by name, or the largest first; default: as in the file"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    selection.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    with open_source(options.file) as source:
        if options.tensor is not None:
            _print_tensor(source, options.tensor, options.json, options.all)
            return 0
        names = selection.selected(source.tensors, options.select, options.exclude)
        if options.sort == "name":
            names.sort()
        elif options.sort == "size":
            names.sort(key=lambda name: (-(source.tensors[name].nbytes or 0), name))
        found = _statistics(source, names) if options.stats else {}
        print(_as_json(source, names, found) if options.json else _as_text(source, names, found))
    return 0


def _statistics(source: TensorSource, names: list[str]) -> dict[str, Statistics | None]:
    found: dict[str, Statistics | None] = {}
    with progress("reading", sum(source.tensors[name].nbytes or 0 for name in names)) as advance:
        for name, array in source.stream(names):
            found[name] = statistics(array)
            advance(array.nbytes)
    return found


# ------------------------------------------------------------------------------------------------------------ a file


def _as_text(source: TensorSource, names: list[str], found: dict[str, Statistics | None]) -> str:
    infos = [source.tensors[name] for name in names]
    head = ["name", "dtype", "shape", "bytes"]
    rows = [
        [visible(name), info.dtype, shape_text(info.shape), "" if info.nbytes is None else f"{info.nbytes:,}"]
        for name, info in zip(names, infos, strict=True)
    ]
    if found:
        head += ["min", "max", "mean", "std", "NaN", "inf"]
        rows = [row + _cells(found[name]) for row, name in zip(rows, names, strict=True)]
    lines = [f"{visible(source.path)}: {source.kind}", table([head, *rows], range(3, len(head))), _totals(infos)]
    return "\n".join(lines)


def _cells(found: Statistics | None) -> list[str]:
    if found is None:
        return [""] * 6
    numbers = (found.minimum, found.maximum, found.mean, found.deviation)
    return ["" if n is None else f"{n:.6g}" for n in numbers] + [str(found.nans or ""), str(found.infinite or "")]


def _totals(infos: list[TensorInfo]) -> str:
    count = sum(info.count for info in infos)
    lines = [
        f"{counted(len(infos), 'tensor')}, {counted(count, 'element')}, {bytes_text(sum(i.nbytes or 0 for i in infos))}"
    ]
    kinds = sorted({info.dtype for info in infos})
    if len(kinds) > 1:
        for kind in kinds:
            of_kind = [info for info in infos if info.dtype == kind]
            size = sum(info.nbytes or 0 for info in of_kind)
            size_text = bytes_text(size) if size or kind != "string" else "length not known before reading"
            lines.append(f"  {kind}: {counted(len(of_kind), 'tensor')}, {size_text}")
    return "\n".join(lines)


def _as_json(source: TensorSource, names: list[str], found: dict[str, Statistics | None]) -> str:
    tensors: list[dict[str, Any]] = []
    for name in names:
        info = source.tensors[name]
        entry: dict[str, Any] = {"name": name, "dtype": info.dtype, "shape": info.shape, "bytes": info.nbytes}
        if found:
            numbers = found[name]
            entry["stats"] = None if numbers is None else plain(dataclasses.asdict(numbers))
        tensors.append(entry)
    infos = [source.tensors[name] for name in names]
    totals = {
        "tensors": len(infos),
        "elements": sum(info.count for info in infos),
        "bytes": sum(info.nbytes or 0 for info in infos),
    }
    return json.dumps({"path": source.path, "kind": source.kind, "tensors": tensors, "totals": totals}, indent=2)


# ---------------------------------------------------------------------------------------------------------- a tensor


def _print_tensor(source: TensorSource, name: str, as_json: bool, everything: bool) -> None:
    if name not in source.tensors and name.removesuffix(":0") in source.tensors:
        name = name.removesuffix(":0")
    if name not in source.tensors:
        near = difflib.get_close_matches(name, source.tensors, n=3)
        hint = f"; it has {', '.join(near)}" if near else f"; it has {counted(len(source.tensors), 'tensor')}"
        raise CommandError(f"{source.path} has no tensor {name!r}{hint}")
    array = np.asarray(source.read([name])[name])
    info = source.tensors[name]
    if as_json:
        values = plain(array.view(array.dtype[0]).tolist() if array.dtype.names else _numbers(array).tolist())
        print(json.dumps({"name": name, "dtype": info.dtype, "shape": info.shape, "values": values}))
        return
    print(f"{visible(name)}: {info.dtype} {shape_text(info.shape)}")
    limit = max(array.size + 1, 1) if everything else 1000
    print(np.array2string(array, max_line_width=120, threshold=limit))


def _numbers(array: Array) -> Array:
    """Of types that Python has no numbers for (bfloat16, float8), the same values in float64."""
    return (
        array.astype(np.float64) if array.dtype.kind == "V" or array.dtype.name.startswith(("bf", "float8")) else array
    )


def plain(value: Any) -> Any:
    """A value as JSON can say it: no NaN, no bytes, no complex numbers."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    return value
