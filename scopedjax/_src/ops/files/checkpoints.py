"""The ops of checkpoints: SaveV2, RestoreV2 and those around them, as they stand in every saver's part of a graph.

    save/SaveV2      (prefix, names, slices, tensors...)    writes a checkpoint
    save/RestoreV2   (prefix, names, slices) -> tensors     reads one

They are run when a program runs a saver's nodes itself, as `freeze_graph` does with `save/restore_all`. `Saver.save`
and `Saver.restore` take from these nodes only what to save and restore (see `lib.train.saver_plan`) and go past them: a
program of a thousand assignments would have to be compiled first.

Which files SaveV2 writes, Orbax's or TensorFlow's own, its attribute `_checkpoint_format` tells, which a Saver with an
explicit `write_version` leaves there; without it SCOPEDJAX_CHECKPOINT_FORMAT and then Orbax. The types of TensorFlow
before 1.0 (Save, SaveSlices) write its format V1. All types that read take every format. The files themselves are the
bridge's matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.ops.files.slices import parse_slice
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import scalar

SAVING: Final[dict[str, int]] = {"SaveV2": 3, "SaveSlices": 3, "Save": 2}
"""The types that write tensors, each with the number of its first tensor among its inputs."""

FORMAT_ATTRIBUTE: Final = "_checkpoint_format"
"""The attribute of a SaveV2 node that names the format to write; names with an underscore are free in TensorFlow."""

_FORMER: Final = "tensorflow-v1"

RESTORING: Final[dict[str, int]] = {"RestoreV2": 3, "RestoreSlice": 3, "Restore": 2}
"""The types that read tensors, each with the number of its inputs: prefix, names, and perhaps slices."""


def _text(value: Any) -> str:
    item = np.asarray(value).item()
    return item.decode() if isinstance(item, bytes) else str(item)


def _texts(value: Any) -> list[str]:
    return [v.decode() if isinstance(v, bytes) else str(v) for v in np.asarray(value).ravel().tolist()]


def _check_counts(names: Sequence[str], slices: Sequence[str], count: int) -> None:
    if len(names) != count or len(slices) != count:
        raise InvalidArgumentError(
            None,
            None,
            f"Got {len(names)} tensor names and {len(slices)} shapes_and_slices, but expected {count} of each: one for "
            "each tensor",
        )


# -------------------------------------------------------------------------------------------------------------- saving


def format_of(node: Operation) -> str | None:
    """The format in which a node of `SAVING` writes checkpoints, or None for the default.

    Raises:
      InvalidArgumentError: Its attribute names no format (the graph came from a file).
    """
    if node.type != "SaveV2":
        return _FORMER
    found = node.attrs.get(FORMAT_ATTRIBUTE)
    name = found.decode(errors="replace") if isinstance(found, bytes) else found
    if name not in (None, "orbax", "tensorflow"):
        raise InvalidArgumentError(None, node, f"'{FORMAT_ATTRIBUTE}' of '{node.name}' is {name!r}, which is no format")
    return name


def _write(op: Operation, filename: Any, names: list[str], slices: list[str], tensors: Sequence[Any]) -> None:
    from scopedjax._src.bridge import checkpoint_tensors

    _check_counts(names, slices, len(tensors))
    pieces = zip(names, slices, (np.asarray(tensor) for tensor in tensors), strict=True)
    checkpoint_tensors.write_tensors(_text(filename), pieces, format_of(op))


@defop(
    "SaveV2(prefix: string, tensor_names: string, shape_and_slices: string, tensors: dtypes...)",
    host=True,
    stateful=True,
    gradient=NO_GRADIENT,
)
def _save_v2(ctx: Any, prefix: Any, tensor_names: Any, shape_and_slices: Any, tensors: Sequence[Any]) -> None:
    _write(ctx.op, prefix, _texts(tensor_names), _texts(shape_and_slices), tensors)


@defop(
    "SaveSlices(filename: string, tensor_names: string, shapes_and_slices: string, data: T...)",
    host=True,
    stateful=True,
    gradient=NO_GRADIENT,
)
def _save_slices(ctx: Any, filename: Any, tensor_names: Any, shapes_and_slices: Any, data: Sequence[Any]) -> None:
    _write(ctx.op, filename, _texts(tensor_names), _texts(shapes_and_slices), data)


@defop(
    "Save(filename: string, tensor_names: string, data: T...)",
    host=True,
    stateful=True,
    gradient=NO_GRADIENT,
)
def _save(ctx: Any, filename: Any, tensor_names: Any, data: Sequence[Any]) -> None:
    _write(ctx.op, filename, _texts(tensor_names), [""] * len(data), data)


# ------------------------------------------------------------------------------------------------------------ restoring


def _read(prefix: Any, names: list[str], slices: list[str], types: Sequence[DType]) -> list[np.ndarray]:
    from scopedjax._src.bridge import checkpoint_tensors

    _check_counts(names, slices, len(types))
    wanted = checkpoint_tensors.Wanted(zip(names, slices, types, strict=True))
    return checkpoint_tensors.read_tensors(_text(prefix), wanted)


def _sliced_dims(c: ShapeContext, index: int, count: int) -> list[Dims]:
    """The shapes that the slices tell, where they are known now."""
    specs = c.const(index)
    if specs is None or np.size(specs) != count:
        return [None] * count
    boxes = [parse_slice(spec) for spec in _texts(specs)]
    return [None if box is None else box.size for box in boxes]


@defop(
    "RestoreV2(prefix: string, tensor_names: string, shape_and_slices: string) -> tensors: dtypes...",
    shape=lambda c: _sliced_dims(c, 2, len(c.attr("dtypes"))),
    host=True,
    stateful=True,
    gradient=NO_GRADIENT,
)
def _restore_v2(ctx: Any, prefix: Any, tensor_names: Any, shape_and_slices: Any) -> list[np.ndarray]:
    return _read(prefix, _texts(tensor_names), _texts(shape_and_slices), _types(ctx.op))


@defop(
    "RestoreSlice(file_pattern: string, tensor_name: string, shape_and_slice: string; preferred_shard: int = -1) "
    "-> tensor: dt",
    shape=lambda c: _sliced_dims(c, 2, 1),
    host=True,
    stateful=True,
    gradient=NO_GRADIENT,
)
def _restore_slice(ctx: Any, file_pattern: Any, tensor_name: Any, shape_and_slice: Any) -> np.ndarray:
    return _read(file_pattern, [_text(tensor_name)], [_text(shape_and_slice)], _types(ctx.op))[0]


@defop(
    "Restore(file_pattern: string, tensor_name: string; preferred_shard: int = -1) -> tensor: dt",
    shape=lambda c: [None],
    host=True,
    stateful=True,
    gradient=NO_GRADIENT,
)
def _restore(ctx: Any, file_pattern: Any, tensor_name: Any) -> np.ndarray:
    return _read(file_pattern, [_text(tensor_name)], [""], _types(ctx.op))[0]


def _types(op: Operation) -> list[DType]:
    return [tensor.dtype.base_dtype for tensor in op.outputs]


# --------------------------------------------------------------------------------------------------------------- shards


@defop(
    "MergeV2Checkpoints(checkpoint_prefixes: string, destination_prefix: string; "
    "delete_old_dirs: bool = True, allow_missing_files: bool = False)",
    host=True,
    stateful=True,
    gradient=NO_GRADIENT,
)
def _merge(
    checkpoint_prefixes: Any, destination_prefix: Any, *, delete_old_dirs: bool, allow_missing_files: bool
) -> None:
    from scopedjax._src.bridge import checkpoint_tensors, orbax_checkpoint
    from scopedjax._src.bridge.tensorbundle.checkpoint_file import is_bundle

    prefixes = _texts(checkpoint_prefixes)
    if allow_missing_files:
        prefixes = [prefix for prefix in prefixes if orbax_checkpoint.is_checkpoint(prefix) or is_bundle(prefix)]
    checkpoint_tensors.merge_checkpoints(prefixes, _text(destination_prefix), delete_old_dirs)


@defop(
    "ShardedFilename(basename: string, shard: int32, num_shards: int32) -> filename: string",
    shape=scalar,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _sharded_filename(basename: Any, shard: Any, num_shards: Any) -> bytes:
    return f"{_text(basename)}-{int(shard):05d}-of-{int(num_shards):05d}".encode()


@defop(
    "ShardedFilespec(basename: string, num_shards: int32) -> filename: string",
    shape=scalar,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _sharded_filespec(basename: Any, num_shards: Any) -> bytes:
    return f"{_text(basename)}-?????-of-{int(num_shards):05d}".encode()
