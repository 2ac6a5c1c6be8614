"""Writes checkpoints of format V1, for programs of TensorFlow before 1.0.

One file, a table: under "" the list of tensors and slices, then the values of each slice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from scopedjax._src.base import errors
from scopedjax._src.bridge import orbax_checkpoint, staging
from scopedjax._src.bridge.tensorbundle import bundle_files, element_types, messages, proto_values
from scopedjax._src.bridge.tensorbundle.block import put_varint
from scopedjax._src.bridge.tensorbundle.pieces import Tensor, gathered, strings_of
from scopedjax._src.bridge.tensorbundle.slice_keys import WHOLE, Extents, extents_of, slice_key
from scopedjax._src.bridge.tensorbundle.table import TableWriter
from scopedjax._src.ops.files.slices import Slice

_MOST: Final = 1 << 31  # bytes of a protocol buffer
_VERSION: Final = 1


def write_slices(path: str, pieces: Iterable[tuple[str, str, Any]], compress: bool = False) -> None:
    """Writes a checkpoint of format V1 in one step: killed at any moment, the old one or the new one is there.

    Args:
      path: The file. What has the name is replaced.
      pieces: (name, slice or "", values): NumPy arrays; strings as `bytes` or `str` objects.
      compress: Whether blocks are compressed by snappy.

    Raises:
      InvalidArgumentError: A name comes twice, slices do not fit together, or one has 2 GB or more.
      UnimplementedError: A value is of a type that the format does not have (bfloat16, for one).
      TypeError: TensorFlow does not have the type of a value.
      OSError: It cannot be written; what was there before is still there.
    """
    tensors = gathered(pieces)
    entries: dict[bytes, tuple[str, Extents, int, np.ndarray]] = {}
    for name, tensor in tensors.items():
        for box, array in tensor.parts:
            extents = _extents(box, array)
            entries[slice_key(name, extents)] = name, extents, tensor.number, array
    staging.clean(staging.split(path)[0], orbax_checkpoint.KIND)
    file = staging.StagedFile(path)
    try:
        with open(file.handle, "wb", closefd=False) as out:
            table = TableWriter(out, compress)
            table.add(b"", _list_of(tensors))
            for key in sorted(entries):
                table.add(key, *_values(*entries[key]))
            table.finish()
        orbax_checkpoint.make_way(path)
        file.appear()
    except BaseException:
        file.discard()
        raise
    staging.later(file.settle)
    orbax_checkpoint.remove(path)
    bundle_files.remove(path)


def _extents(box: Slice | None, array: np.ndarray) -> Extents:
    return ((0, WHOLE),) * array.ndim if box is None else extents_of(box)


def _list_of(tensors: dict[str, Tensor]) -> bytes:
    """SavedTensorSlices with the list of tensors."""
    meta = messages.SavedTensorSliceMeta()
    meta.versions.producer = _VERSION
    for name, tensor in tensors.items():
        saved = meta.tensor.add(name=name, type=tensor.number)
        saved.shape.SetInParent()
        for size in tensor.shape:
            saved.shape.dim.add(size=size)
        for box, array in tensor.parts:
            _fill(saved.slice.add(), _extents(box, array))
    data = meta.SerializeToString()
    return b"\x0a" + put_varint(len(data)) + data


def _fill(proto: Any, extents: Extents) -> None:
    for start, length in extents:
        extent = proto.extent.add(start=start)
        if length != WHOLE:
            extent.length = length


def _values(name: str, extents: Extents, number: int, array: np.ndarray) -> list[Any]:
    """SavedTensorSlices with the values of a slice, in pieces."""
    flat: Any = np.ascontiguousarray(array.reshape(-1))
    if number == element_types.STRING:
        flat = np.empty(array.size, object)
        flat[:] = strings_of(name, array)
    type_name = element_types.type_name(number)
    try:
        values = proto_values.encode(flat, type_name)
    except ValueError:
        raise errors.UnimplementedError(
            None,
            None,
            f"{name} is of type {type_name}, for which TensorFlow's checkpoints of format V1 have no place. Save it "
            "with Saver(write_version=tf.train.SaverDef.V2).",
        ) from None
    size = sum(map(len, values))
    if size >= _MOST:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"Tensor slice is too large to serialize (conservative estimate: {size} bytes): {name}. Save it with "
            "Saver(write_version=tf.train.SaverDef.V2), or partition the variable.",
        )
    proto = messages.TensorSliceProto()
    _fill(proto, extents)
    box, text = proto.SerializeToString(), name.encode()
    head = b"".join(
        (b"\x0a", put_varint(len(text)), text, b"\x12", put_varint(len(box)), box, b"\x1a", put_varint(size))
    )
    return [b"\x12", put_varint(len(head) + size), head, *values]
