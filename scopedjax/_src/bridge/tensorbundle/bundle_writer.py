"""Writes tensor bundles.

Where each tensor goes is settled before the first byte is written (`data_writer` writes them). Whole tensors of
numbers, which is what nearly all savers save, have a `Layout`; strings and slices of partitioned variables are laid
out each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scopedjax._src.bridge.array_bytes import flat_bytes
from scopedjax._src.bridge.tensorbundle import bundle_files, element_types, string_tensors
from scopedjax._src.bridge.tensorbundle.bundle_layout import Signature, layout_of
from scopedjax._src.bridge.tensorbundle.checksum import masked
from scopedjax._src.bridge.tensorbundle.data_writer import runs_of, write_data
from scopedjax._src.bridge.tensorbundle.index_messages import entry_bytes, index_bytes, tensor_head, whole_entry
from scopedjax._src.bridge.tensorbundle.pieces import Tensor, gathered, strings_of
from scopedjax._src.bridge.tensorbundle.slice_keys import extents_of, slice_key


@dataclass(slots=True, eq=False)
class _Piece:
    """Bytes to write: a tensor, or a slice of a partitioned one.

    Attributes:
      key: Its key in the index.
      number: The number of its type.
      shape: Its shape.
      data: Its bytes.
      crc: The checksum of strings, which is not that of the bytes.
    """

    key: bytes
    number: int
    shape: tuple[int, ...]
    data: np.ndarray
    crc: int | None = None


def write_bundle(path: str, pieces: Iterable[tuple[str, str, Any]], compress: bool = False) -> None:
    """Writes a checkpoint of format V2 in one step: killed at any moment, the old one or the new one is there.

    Args:
      path: The checkpoint. What has the name is replaced.
      pieces: (name, slice or "", values): NumPy arrays of TensorFlow's types; strings as `bytes` or `str` objects.
      compress: Whether the index is compressed by snappy, as TensorFlow 1.1 did.

    Raises:
      InvalidArgumentError: A name comes twice, or slices do not fit together.
      TypeError: TensorFlow does not have the type of a value.
      OSError: It cannot be written; what was there before is still there.
    """
    pieces = list(pieces)
    arrays = [value if type(value) is np.ndarray else np.asarray(value) for _, _, value in pieces]
    signature = None if compress else _signature(pieces, arrays)
    if signature is None:
        given = [(name, spec, array) for (name, spec, _), array in zip(pieces, arrays, strict=True)]
        _write_pieces(path, given, compress)
        return
    layout = layout_of(signature)
    values = [arrays[number] for number in layout.order]
    checksums: list[int] = []
    bundle_files.write_files(
        path,
        1,
        lambda handles: checksums.extend(write_data(handles[0], values, layout.bounds, layout.runs)),
        lambda count: layout.index(checksums, count),
    )


def _signature(pieces: Sequence[tuple[str, str, Any]], arrays: Sequence[np.ndarray]) -> Signature | None:
    """What a layout needs to know of whole tensors of numbers; None if there are others among them."""
    names, kinds = tuple([name for name, _, _ in pieces]), tuple([array.dtype for array in arrays])
    if any(kind.kind in "OSU" or not kind.isnative for kind in set(kinds)) or any(spec for _, spec, _ in pieces):
        return None
    shapes = tuple([array.shape for array in arrays])
    return Signature(names, kinds, shapes) if len(set(names)) == len(names) else None


# -------------------------------------------------------------------------------------------- strings, slices, the rest


def _write_pieces(path: str, given: Iterable[tuple[str, str, np.ndarray]], compress: bool) -> None:
    made: list[_Piece] = []
    wholes: dict[bytes, bytes] = {}
    for name, tensor in gathered(given).items():
        made += _pieces(name, tensor)
        if tensor.parts[0][0] is not None:
            boxes = [extents_of(box) for box, _ in tensor.parts if box is not None]
            wholes[name.encode()] = whole_entry(tensor_head(tensor.number, tensor.shape), boxes)
    bounds: list[tuple[int, int]] = []
    end = 0
    for piece in made:
        bounds.append((end, end + len(piece.data)))
        end = bounds[-1][1]
    checksums: list[int] = []

    def index(count: int) -> bytes:
        entries = dict(wholes)
        for piece, (start, end), found in zip(made, bounds, checksums, strict=True):
            crc = masked(found if piece.crc is None else piece.crc)
            entries[piece.key] = entry_bytes(tensor_head(piece.number, piece.shape), 0, start, end - start, crc)
        return index_bytes(entries, count, compress)

    values = [piece.data for piece in made]
    bundle_files.write_files(
        path, 1, lambda handles: checksums.extend(write_data(handles[0], values, bounds, runs_of(bounds))), index
    )


def _pieces(name: str, tensor: Tensor) -> list[_Piece]:
    found: list[_Piece] = []
    for box, array in tensor.parts:
        key = name.encode() if box is None else slice_key(name, extents_of(box))
        if tensor.number == element_types.STRING:
            parts, crc = string_tensors.encode(strings_of(name, array))
            data = np.frombuffer(b"".join(parts), np.uint8)
            found.append(_Piece(key, tensor.number, array.shape, data, crc))
        else:
            found.append(_Piece(key, tensor.number, array.shape, flat_bytes(array)))
    return found
