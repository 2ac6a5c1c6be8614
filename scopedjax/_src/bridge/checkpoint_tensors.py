"""Tensors and slices of tensors in checkpoints, by name: what a Saver and the ops SaveV2 and RestoreV2 do with files.

    write_tensors(path, [("emb", "4 3 0,2:0,3", a), ("emb", "4 3 2,2:0,3", b), ("w", "", c)])     emb [4, 3], w
    read_tensors(path, Wanted([("emb", "4 3 2,2:0,3", tf.float32), ("w", "", None)]))             [b, c]

Writing makes a checkpoint of one of three formats; reading takes any kind that `lib.train.checkpoint_reader` knows.

    "orbax"            an Orbax folder (`orbax_checkpoint`): the default
    "tensorflow"       TensorFlow's own files, `.index` and `.data-*` (`tensorbundle`)
    "tensorflow-v1"    the one file that TensorFlow wrote before 1.0

Which one: what the program asked for (`Saver(write_version=...)`, which the nodes of the saver keep), else what the
environment variable SCOPEDJAX_CHECKPOINT_FORMAT says, else Orbax.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from scopedjax._src.base import dtypes, system_errors
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.bridge import orbax_checkpoint, staging
from scopedjax._src.bridge.tensorbundle import bundle_recall
from scopedjax._src.bridge.tensorbundle.bundle_reader import BundleReader
from scopedjax._src.bridge.tensorbundle.checkpoint_file import is_bundle, open_file, v1_files
from scopedjax._src.bridge.tensorbundle.tensor_file import cut
from scopedjax._src.lib.train import checkpoint_reader
from scopedjax._src.ops.files.slices import joined, parse_partial_name, parse_slice, partial_name

ORBAX: Final = "orbax"
TENSORFLOW: Final = "tensorflow"
TENSORFLOW_V1: Final = "tensorflow-v1"
FORMATS: Final = (ORBAX, TENSORFLOW, TENSORFLOW_V1)
VARIABLE: Final = "SCOPEDJAX_CHECKPOINT_FORMAT"

_DATA_TYPE_NAMES: Final = {"float16": "half", "float32": "float", "float64": "double"}


class Wanted:
    """What to read; whoever reads it again and again keeps it, for what is found out of it once.

    Args:
      tensors: (name, slice or "" for all, the dtype that it must have or None for any), each.

    Attributes:
      tensors: As given.
      names: Their names.
      whole: Whether no slices are among them.
      types: The number of each one's type, or None for any.
    """

    def __init__(self, tensors: Iterable[tuple[str, str, DType | None]]) -> None:
        self.tensors = list(tensors)
        self.names = tuple([name for name, _, _ in self.tensors])
        self.whole = not any(spec for _, spec, _ in self.tensors)
        self.types = [None if dtype is None else dtype.base_dtype.as_datatype_enum for _, _, dtype in self.tensors]
        self._right: list[np.dtype[Any]] | None = None

    def check(self, found: Sequence[np.ndarray]) -> None:
        """Makes sure that arrays have the dtypes that they must have.

        Raises:
          InvalidArgumentError: One has another.
        """
        kinds = [array.dtype for array in found]
        if kinds == self._right:
            return
        for (name, _, dtype), kind in zip(self.tensors, kinds, strict=True):
            if dtype is not None:
                _check_type(name, dtypes.as_dtype(kind).name, dtype)
        self._right = kinds


def default_format() -> str:
    """The format for checkpoints of which the program does not say it.

    Raises:
      ValueError: SCOPEDJAX_CHECKPOINT_FORMAT is none of `FORMATS`.
    """
    found = os.environ.get(VARIABLE) or ORBAX
    if found not in FORMATS:
        raise ValueError(f"{VARIABLE}={found!r} is no format of checkpoints; there are {', '.join(FORMATS)}")
    return found


def write_tensors(path: str, pieces: Iterable[tuple[str, str, Any]], format: str | None = None) -> None:
    """Saves tensors in one step: killed at any moment, the old checkpoint or the new one is there.

    Args:
      path: The checkpoint.
      pieces: (name, slice, values). In Orbax folders slices of one tensor are put together; TensorFlow's files keep
        slices as they are.
      format: One of `FORMATS`; None for the default.

    Raises:
      ValueError: The folder that is to hold it does not exist.
      tf.errors.OpError: It cannot be written, or slices do not fit together.
    """
    format = default_format() if format is None else format
    if format == ORBAX:
        orbax_checkpoint.write(path, joined(pieces))
        return
    path = os.fspath(path)
    if not path:
        raise ValueError("no path specified")
    pieces = list(pieces)
    for _, _, value in pieces:
        if type(value) is not np.ndarray and hasattr(value, "copy_to_host_async"):
            value.copy_to_host_async()
    with system_errors.as_tensorflow_errors(path):
        orbax_checkpoint.make_parent(path)
        if format == TENSORFLOW:
            from scopedjax._src.bridge.tensorbundle.bundle_writer import write_bundle

            write_bundle(path, pieces)
        elif format == TENSORFLOW_V1:
            from scopedjax._src.bridge.tensorbundle.slices_writer import write_slices

            write_slices(path, pieces)
        else:
            raise ValueError(f"{format!r} is no format of checkpoints; there are {', '.join(FORMATS)}")


def read_tensors(path: str, wanted: Wanted) -> list[np.ndarray]:
    """Reads tensors, and nothing else of the checkpoint.

    Args:
      path: The checkpoint.
      wanted: Which.

    Returns:
      An array each; small ones may be views of one buffer.

    Raises:
      tf.errors.NotFoundError: There is no such checkpoint, or it lacks a name ("Key v not found in checkpoint").
      tf.errors.InvalidArgumentError: A tensor has another dtype, or another shape than its slice tells.
      tf.errors.DataLossError: The checkpoint is damaged.
    """
    if orbax_checkpoint.is_checkpoint(path):
        found = _read_folder(path, wanted)
    elif is_bundle(path) or v1_files(path):
        return _read_file(path, wanted)
    else:
        found = _read_any(path, wanted)
    wanted.check(found)
    return found


def _read_file(path: str, wanted: Wanted) -> list[np.ndarray]:
    """`read_tensors` of one of TensorFlow's own files."""
    if wanted.whole:
        found = bundle_recall.read_again(path, wanted.names, wanted.types)
        if found is not None:
            return found
    with open_file(path) as file:
        for (name, _, dtype), number in zip(wanted.tensors, wanted.types, strict=True):  # before anything is read
            if dtype is not None and name in file and file.type_number(name) != number:
                _check_type(name, file.info(name).type_name, dtype)
        found = file.read_slices([(name, parse_slice(spec)) for name, spec, _ in wanted.tensors])
        if wanted.whole and isinstance(file, BundleReader):
            file.remember(wanted.names)
        return found


def _read_folder(path: str, wanted: Wanted) -> list[np.ndarray]:
    """`read_tensors` of an Orbax folder, types unchecked."""
    if not wanted.whole:
        return _read_any(path, wanted)
    found = orbax_checkpoint.read(path, wanted.names, shared=True)
    return [found[name] for name in wanted.names]


def _read_any(path: str, wanted: Wanted) -> list[np.ndarray]:
    """`read_tensors` of what a reader can read, types unchecked; slices may lie there each for itself."""
    boxes = [parse_slice(spec) for _, spec, _ in wanted.tensors]
    names = list(dict.fromkeys(wanted.names))
    reader = checkpoint_reader.open_checkpoint(path)
    for number, name in enumerate(names):
        if not reader.has_tensor(name):
            parts = [partial_name(name, spec) for other, spec, _ in wanted.tensors if other == name]
            if all(map(reader.has_tensor, parts)):
                names[number : number + 1] = parts
    found = reader.get_tensors(names)
    result: list[np.ndarray] = []
    for (name, spec, _), box in zip(wanted.tensors, boxes, strict=True):
        array = found.get(partial_name(name, spec)) if spec else None
        if array is None:
            array = found[name] if box is None else cut(name, found[name], box)
        result.append(array)
    return result


def _check_type(name: str, found: str, dtype: DType) -> None:
    wanted = dtype.base_dtype.name
    if found != wanted:
        raise InvalidArgumentError(
            None,
            None,
            f"tensor_name = {name}; expected dtype {_DATA_TYPE_NAMES.get(wanted, wanted)} does not equal original "
            f"dtype {_DATA_TYPE_NAMES.get(found, found)}",
        )


def merge_checkpoints(prefixes: Sequence[str], path: str, delete: bool = True) -> None:
    """Makes one checkpoint of several.

    Args:
      prefixes: The checkpoints.
      path: The one that takes their place.
      delete: Whether to delete them afterwards, and the folder that they lie in if nothing else is in it.

    Raises:
      tf.errors.OpError: One of them cannot be read, or the new one cannot be written.
    """
    if all(is_bundle(prefix) and not orbax_checkpoint.is_checkpoint(prefix) for prefix in prefixes):
        from scopedjax._src.bridge.tensorbundle.bundle_merge import merge_bundles

        with system_errors.as_tensorflow_errors(path):
            orbax_checkpoint.make_parent(path)
            merge_bundles(prefixes, path, delete)
    else:
        pieces: list[tuple[str, str, np.ndarray]] = []
        for prefix in prefixes:
            for name, array in orbax_checkpoint.read(prefix).items():
                pieces.append((*parse_partial_name(name), array))
        write_tensors(path, pieces, ORBAX)
    if not delete:
        return
    for prefix in prefixes:
        orbax_checkpoint.remove(prefix)
    # What is removed leaves a folder in the background, and a folder that is not empty stays.
    staging.settle()
    for folder in {os.path.dirname(prefix) for prefix in prefixes} - {os.path.dirname(path), ""}:
        if os.path.isdir(folder) and not os.listdir(folder):
            with system_errors.as_tensorflow_errors(folder):
                os.rmdir(folder)
