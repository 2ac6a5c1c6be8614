"""Writes tensor bundles.

Numbers go from the arrays' own memory to the file, in parts, by several threads that take the checksums on the way;
small tensors are put together first. Where each tensor goes is settled before the first byte is written.
"""

from __future__ import annotations

import functools
import io
import os
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scopedjax._src.bridge import chunk_files
from scopedjax._src.bridge.tensorbundle import bundle_files, element_types, string_tensors
from scopedjax._src.bridge.tensorbundle.block import put_varint
from scopedjax._src.bridge.tensorbundle.bundle_index import VERSION
from scopedjax._src.bridge.tensorbundle.checksum import combined, crc32c, masked
from scopedjax._src.bridge.tensorbundle.pieces import Tensor, flat_bytes, gathered, strings_of
from scopedjax._src.bridge.tensorbundle.slice_keys import Extents, extents_of, slice_key
from scopedjax._src.bridge.tensorbundle.table import TableWriter

_LARGE: Final = 1 << 18  # bytes from which a piece is written by itself
_PART: Final = 1 << 23  # bytes of a part of a large piece
_RUN: Final = 1 << 22  # bytes of small pieces that are put together for one write
_U64: Final = (1 << 64) - 1
_U32: Final = struct.Struct("<I")


@dataclass(slots=True, eq=False)
class _Piece:
    """Bytes to write: a tensor, or a slice of a partitioned one.

    Attributes:
      key: Its key in the index.
      number: The number of its type.
      shape: Its shape.
      data: Its bytes.
      offset: Where they go.
      crc: Their CRC-32C, once it is known.
    """

    key: bytes
    number: int
    shape: tuple[int, ...]
    data: Any
    offset: int = 0
    crc: int = 0


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
    tensors = gathered(pieces)
    made: list[_Piece] = []
    wholes: dict[bytes, bytes] = {}
    for name, tensor in tensors.items():
        made += _pieces(name, tensor)
        if tensor.parts[0][0] is not None:
            boxes = [extents_of(box) for box, _ in tensor.parts if box is not None]
            wholes[name.encode()] = whole_entry(tensor_head(tensor.number, tensor.shape), boxes)
    end = 0
    for piece in made:
        piece.offset = end
        end += len(piece.data)

    def index(count: int) -> bytes:
        entries = wholes | {piece.key: _entry(piece) for piece in made}
        return index_bytes(entries, count, compress)

    bundle_files.write_files(path, 1, lambda handles: _write_data(handles[0], made, end), index)


def index_bytes(entries: dict[bytes, bytes], count: int, compress: bool = False) -> bytes:
    """The content of an index file.

    Args:
      entries: The serialized entries by their keys.
      count: Number of data files.
      compress: Whether blocks are compressed.
    """
    file = io.BytesIO()
    table = TableWriter(file, compress)
    table.add(b"", _header(count))
    for key in sorted(entries):
        table.add(key, entries[key])
    table.finish()
    return file.getvalue()


def _header(count: int) -> bytes:
    """A serialized BundleHeaderProto for so many data files; little-endian goes without saying."""
    version = b"\x08" + put_varint(VERSION)
    return b"\x08" + put_varint(count) + _field(0x1A, version)


# --------------------------------------------------------------------------------------------------------- the entries


def _pieces(name: str, tensor: Tensor) -> list[_Piece]:
    found: list[_Piece] = []
    for box, array in tensor.parts:
        key = name.encode() if box is None else slice_key(name, extents_of(box))
        if tensor.number == element_types.STRING:
            parts, crc = string_tensors.encode(strings_of(name, array))
            data = np.frombuffer(b"".join(parts), np.uint8)
            found.append(_Piece(key, tensor.number, array.shape, data, crc=crc))
        else:
            found.append(_Piece(key, tensor.number, array.shape, flat_bytes(array)))
    return found


@functools.lru_cache(maxsize=1024)
def tensor_head(number: int, shape: tuple[int, ...]) -> bytes:
    """The first fields of an entry: type and shape."""
    dims = b"".join(_field(0x12, b"\x08" + put_varint(size) if size else b"") for size in shape)
    return b"\x08" + put_varint(number) + _field(0x12, dims)


def _field(tag: int, message: bytes) -> bytes:
    return bytes((tag,)) + put_varint(len(message)) + message


def entry_bytes(head: bytes, shard: int, offset: int, size: int, crc: int) -> bytes:
    """A serialized BundleEntryProto; like every proto of version 3 without the fields that are zero.

    Args:
      head: Its type and shape.
      shard: Number of the data file.
      offset: First byte there.
      size: Number of bytes.
      crc: Their masked CRC-32C.
    """
    if shard:
        head += b"\x18" + put_varint(shard)
    if offset:
        head += b"\x20" + put_varint(offset)
    if size:
        head += b"\x28" + put_varint(size)
    return head + b"\x35" + _U32.pack(crc) if crc else head


def _entry(piece: _Piece) -> bytes:
    return entry_bytes(tensor_head(piece.number, piece.shape), 0, piece.offset, len(piece.data), masked(piece.crc))


def whole_entry(head: bytes, slices: Iterable[Extents]) -> bytes:
    """The entry of a partitioned tensor, which says what slices there are.

    Args:
      head: Its type and shape.
      slices: The slices.
    """
    return head + b"".join(_field(0x3A, slice_message(extents)) for extents in slices)


def slice_message(extents: Extents) -> bytes:
    """A serialized TensorSliceProto: of each dimension the start unless it is zero, and the length."""
    return b"".join(
        _field(0x0A, (b"\x08" + put_varint(start & _U64) if start else b"") + b"\x10" + put_varint(length & _U64))
        for start, length in extents  # negative numbers, such as the length of a whole dimension, have 64 bits
    )


# ------------------------------------------------------------------------------------------------------------ the data


def _write_data(handle: int, pieces: list[_Piece], size: int) -> None:
    tasks: list[Callable[[], None]] = []
    checks: list[tuple[_Piece, list[int]]] = []
    run: list[_Piece] = []
    for piece in pieces:
        if len(piece.data) < _LARGE:
            if run and piece.offset - run[0].offset > _RUN or run and run[-1].offset + len(run[-1].data) < piece.offset:
                tasks.append(functools.partial(_write_run, handle, run))
                run = []
            run.append(piece)
            continue
        parts = [0] * -(-len(piece.data) // _PART)
        tasks += [functools.partial(_write_part, handle, piece, number, parts) for number in range(len(parts))]
        checks.append((piece, parts))
    if run:
        tasks.append(functools.partial(_write_run, handle, run))
    with chunk_files.workers(size) as work:
        for _ in work(lambda task: task(), tasks):
            pass
    for piece, parts in checks:
        if piece.number != element_types.STRING:
            piece.crc = _joined(parts, len(piece.data))


def _write_run(handle: int, run: list[_Piece]) -> None:
    for piece in run:
        if piece.number != element_types.STRING:
            piece.crc = crc32c(piece.data)
    _pwrite(handle, np.concatenate([piece.data for piece in run]).data, run[0].offset)


def _write_part(handle: int, piece: _Piece, number: int, parts: list[int]) -> None:
    start = number * _PART
    data = piece.data[start : start + _PART]
    parts[number] = crc32c(data)
    _pwrite(handle, data.data, piece.offset + start)


def _joined(parts: list[int], size: int) -> int:
    crc = parts[0]
    for number, part in enumerate(parts[1:], start=1):
        crc = combined(crc, part, min(_PART, size - number * _PART))
    return crc


def _pwrite(handle: int, data: memoryview, offset: int) -> None:
    while data:
        done = os.pwrite(handle, data, offset)
        offset += done
        data = data[done:]
