"""Tensors and slices of tensors in checkpoints, by name: what a Saver and the ops SaveV2 and RestoreV2 do with files.

    write_tensors(path, [("emb", "4 3 0,2:0,3", a), ("emb", "4 3 2,2:0,3", b), ("w", "", c)])     emb [4, 3], w
    read_tensors(path, [("emb", "4 3 2,2:0,3", tf.float32), ("w", "", None)])                     [b, c]

Writing makes an Orbax folder (`orbax_checkpoint`); reading takes any kind that `lib.train.checkpoint_reader` knows.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np

from scopedjax._src.base import dtypes, system_errors
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.bridge import orbax_checkpoint, staging
from scopedjax._src.lib.train import checkpoint_reader
from scopedjax._src.ops.files.slices import Slice, joined, parse_partial_name, parse_slice, partial_name

_DATA_TYPE_NAMES = {"float16": "half", "float32": "float", "float64": "double"}

Wanted = tuple[str, str, DType | None]
"""What to read: the name, the slice ("" for all), the dtype that it must have (None for any)."""


def write_tensors(path: str, pieces: Iterable[tuple[str, str, np.ndarray]]) -> None:
    """Saves tensors in one step: killed at any moment, the old checkpoint or the new one is there.

    Args:
      path: The checkpoint.
      pieces: (name, slice, values); slices of one tensor are put together.

    Raises:
      ValueError: The folder that is to hold it does not exist.
      tf.errors.OpError: It cannot be written, or slices do not fit together.
    """
    orbax_checkpoint.write(path, joined(pieces))


def read_tensors(path: str, wanted: Sequence[Wanted]) -> list[np.ndarray]:
    """Reads tensors, and nothing else of the checkpoint.

    Args:
      path: The checkpoint.
      wanted: Which.

    Returns:
      An array each.

    Raises:
      tf.errors.NotFoundError: There is no such checkpoint, or it lacks a name ("Key v not found in checkpoint").
      tf.errors.InvalidArgumentError: A tensor has another dtype, or another shape than its slice tells.
      tf.errors.DataLossError: The checkpoint is damaged.
    """
    slices = [parse_slice(spec) for _, spec, _ in wanted]
    found = _read(path, wanted)
    result: list[np.ndarray] = []
    for (name, spec, dtype), box in zip(wanted, slices, strict=True):
        array = found.get(partial_name(name, spec)) if spec else None
        if array is None:
            array = found[name]
            if box is not None:
                array = _cut(name, array, box)
        _check_dtype(name, array, dtype)
        result.append(array)
    return result


def _read(path: str, wanted: Sequence[Wanted]) -> dict[str, np.ndarray]:
    names = list(dict.fromkeys(name for name, _, _ in wanted))
    if all(not spec for _, spec, _ in wanted) and orbax_checkpoint.is_checkpoint(path):
        return orbax_checkpoint.read(path, names)  # reads the index once; a reader reads it to describe, and again
    reader = checkpoint_reader.open_checkpoint(path)
    for number, name in enumerate(names):
        if not reader.has_tensor(name):
            parts = [partial_name(name, spec) for other, spec, _ in wanted if other == name]
            if all(map(reader.has_tensor, parts)):
                names[number : number + 1] = parts
    return reader.get_tensors(names)


def _cut(name: str, array: np.ndarray, box: Slice) -> np.ndarray:
    if tuple(array.shape) != box.full:
        raise InvalidArgumentError(
            None,
            None,
            f"tensor_name = {name}; shape in shape_and_slice spec {_text(box.full)} does not match the shape stored in "
            f"checkpoint: {_text(array.shape)}",
        )
    return array[box.place].copy()  # so that slices of one array never share memory with each other


def _check_dtype(name: str, array: np.ndarray, dtype: DType | None) -> None:
    found = dtypes.as_dtype(array.dtype)
    if dtype is not None and found is not dtype.base_dtype:
        raise InvalidArgumentError(
            None,
            None,
            f"tensor_name = {name}; expected dtype {_type_name(dtype.base_dtype)} does not equal original dtype "
            f"{_type_name(found)}",
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
    pieces: list[tuple[str, str, np.ndarray]] = []
    for prefix in prefixes:
        for name, array in orbax_checkpoint.read(prefix).items():
            pieces.append((*parse_partial_name(name), array))
    write_tensors(path, pieces)
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


def _text(dims: Sequence[int]) -> str:
    return f"[{','.join(map(str, dims))}]"


def _type_name(dtype: DType) -> str:
    """The name in TensorFlow's C++ messages."""
    return _DATA_TYPE_NAMES.get(dtype.name, dtype.name)
