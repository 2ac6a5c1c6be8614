"""`convert`: the tensors of one file, renamed or not, as a file of another format."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.cli import renaming, selection
from scopedjax._src.cli.progress import Advance, progress
from scopedjax._src.cli.tables import bytes_text, counted, shape_text, visible
from scopedjax._src.cli.tensor_files import (
    SINK_NAMES,
    Array,
    CommandError,
    TensorInfo,
    TensorSink,
    TensorSource,
    open_sink,
    open_source,
)

EXAMPLES = """\
examples:
  python -m scopedjax convert model.ckpt-7 model-7.orbax                 TensorFlow to Orbax
  python -m scopedjax convert /d/model-7 weights.safetensors --exclude 'Adam|beta._power'
  python -m scopedjax convert /d/model-7 model.ckpt-7                    Orbax to TensorFlow
  python -m scopedjax convert old.ckpt new.ckpt --rename '(^|/)weights(/|$)=\\1kernel\\2' --rename '^net/='
  python -m scopedjax convert old.ckpt new.ckpt --rules rules.txt        one OLD=NEW a line
  python -m scopedjax convert /d/model-7 half.npz --dtype float16 --dtype 'moving_=float32'

The format of OUT follows from its name: .npz, .safetensors, .orbax, .ckpt or .ckpt-STEP (TensorFlow's V2); any other
name needs --to. Values are copied bit by bit unless --dtype asks for another type.

A renaming rule replaces every match of a Python regular expression, \\1 standing for its first group; each rule is
given what the rule before it made. `python -m scopedjax diff` prints rules in this form.
"""

_SHOWN: Final = 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("input", metavar="IN", help="what `inspect` takes")
    parser.add_argument("output", metavar="OUT", help="the file or checkpoint to write")
    parser.add_argument("--to", choices=SINK_NAMES, help="format of OUT, where its name does not tell it")
    parser.add_argument(
        "--rename", metavar="OLD=NEW", action="append", default=[], help="renaming rule; may be given several times"
    )
    parser.add_argument(
        "--rules", metavar="FILE", action="append", default=[], help="file of renaming rules, applied before --rename"
    )
    parser.add_argument(
        "--dtype",
        metavar="[REGEX=]DTYPE",
        action="append",
        default=[],
        help="floating-point tensors become DTYPE; with REGEX=, all tensors in whose (old) name REGEX is found do",
    )
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")
    parser.add_argument("--dry-run", action="store_true", help="only print what would be written")
    selection.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    sink = open_sink(options.output, options.to)
    rules = [rule for path in options.rules for rule in renaming.read_rules(path)]
    rules += [renaming.parse_rule(text) for text in options.rename]
    casts = [_parse_cast(text) for text in options.dtype]
    with open_source(options.input) as source:
        chosen = selection.selected(source.tensors, options.select, options.exclude)
        if not chosen:
            raise CommandError(f"{source.path} holds no tensors")
        names = renaming.renamed(chosen, rules)
        described = {new: _cast_info(source.tensors[old], old, casts) for old, new in names.items()}
        sink.check(described)
        if options.dry_run:
            _print_plan(source, names, described)
            return 0
        if sink.exists() and not options.force:
            raise CommandError(f"{sink.path} exists; --force replaces it")
        _write(source, sink, names, described)
        print(_summary(source, sink, names, described))
    return 0


def _write(
    source: TensorSource, sink: TensorSink, names: Mapping[str, str], described: Mapping[str, TensorInfo]
) -> None:
    old_names = {new: old for old, new in names.items()}
    order = sink.order(described)
    with progress("converting", sum(info.nbytes or 0 for info in described.values())) as advance:
        tensors = {new: described[new] for new in order}
        sink.write(tensors, _converted(source, [old_names[new] for new in order], names, described, advance))


def _converted(
    source: TensorSource,
    order: Sequence[str],
    names: Mapping[str, str],
    described: Mapping[str, TensorInfo],
    advance: Advance,
) -> Iterator[tuple[str, Array]]:
    """The tensors under their new names and in their new types."""
    for name, array in source.stream(order):
        info = described[names[name]]
        yield names[name], array if info.dtype == source.tensors[name].dtype else _cast(name, array, info.dtype)
        advance(info.nbytes or 0)


# -------------------------------------------------------------------------------------------------------------- types

_CastRule = tuple[re.Pattern[str] | None, dtypes.DType]


def _parse_cast(text: str) -> _CastRule:
    pattern, equals, name = text.rpartition("=")
    try:
        dtype = dtypes.as_dtype(name)
        if not dtype.is_numeric and not dtype.is_bool or dtype.is_quantized or dtype._is_ref_dtype:
            raise TypeError
        return re.compile(pattern) if equals else None, dtype
    except (TypeError, re.error) as error:
        raise CommandError(
            f"--dtype takes DTYPE or REGEX=DTYPE, a type of numbers such as float16; got {text!r}"
        ) from error


def _cast_info(info: TensorInfo, name: str, casts: Sequence[_CastRule]) -> TensorInfo:
    """What a tensor becomes; the last of several rules holds."""
    for pattern, dtype in reversed(casts):
        if pattern is None and _is_floating(info.dtype):
            return TensorInfo(dtype.name, info.shape)
        if pattern is not None and pattern.search(name):
            if not _is_number(info.dtype):
                raise CommandError(f"--dtype {pattern.pattern}={dtype.name}: {name} is of the type {info.dtype}")
            return TensorInfo(dtype.name, info.shape)
    return info


def _is_floating(dtype: str) -> bool:
    return dtype.startswith(("float", "bfloat"))


def _is_number(dtype: str) -> bool:
    return _is_floating(dtype) or dtype.startswith(("int", "uint", "complex", "bool"))


def _cast(name: str, array: Array, dtype: str) -> Array:
    if array.dtype.kind == "c" and not dtype.startswith("complex"):
        raise CommandError(f"--dtype: {name} is complex; as {dtype} it would lose its imaginary part")
    with np.errstate(all="ignore"):
        return array.astype(dtypes.as_dtype(dtype).as_numpy_dtype)


# ------------------------------------------------------------------------------------------------------------- output


def _print_plan(source: TensorSource, names: Mapping[str, str], described: Mapping[str, TensorInfo]) -> None:
    for old, new in names.items():
        changed = "" if old == new else f" -> {visible(new)}"
        before, after = source.tensors[old], described[new]
        dtype = after.dtype if before.dtype == after.dtype else f"{before.dtype} -> {after.dtype}"
        print(f"{visible(old)}{changed}  {dtype} {shape_text(after.shape)}")


def _summary(
    source: TensorSource, sink: TensorSink, names: Mapping[str, str], described: Mapping[str, TensorInfo]
) -> str:
    changed = [(old, new) for old, new in names.items() if old != new]
    lines = [f"{visible(old)} -> {visible(new)}" for old, new in changed[:_SHOWN]]
    if len(changed) > _SHOWN:
        lines.append(f"... and {counted(len(changed) - _SHOWN, 'more name')} changed")
    size = bytes_text(sum(info.nbytes or 0 for info in described.values()))
    left_out = len(source.tensors) - len(names)
    note = f"; {counted(left_out, 'tensor')} left out" if left_out else ""
    lines.append(f"{visible(os.fspath(sink.path))}: {counted(len(described), 'tensor')}, {size}{note}")
    return "\n".join(lines)
