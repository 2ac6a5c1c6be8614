"""The messages of an index file, serialized: a header, and for each tensor an entry that says where its bytes are.

They are put together here and not by a protobuf library because of their number: one for each variable of a save.
"""

from __future__ import annotations

import functools
import io
import struct
from collections.abc import Iterable
from typing import Final

from scopedjax._src.bridge.tensorbundle.block import put_varint
from scopedjax._src.bridge.tensorbundle.slice_keys import Extents
from scopedjax._src.bridge.tensorbundle.table import TableWriter

VERSION: Final = 1
"""The version of the format, as it stands in the header."""

_U64: Final = (1 << 64) - 1
_U32: Final = struct.Struct("<I")


def index_bytes(entries: dict[bytes, bytes], count: int, compress: bool = False) -> bytes:
    """The content of an index file.

    Args:
      entries: The serialized entries by their keys.
      count: Number of data files.
      compress: Whether blocks are compressed.
    """
    file = io.BytesIO()
    table = TableWriter(file, compress)
    table.add(b"", header(count))
    for key in sorted(entries):
        table.add(key, entries[key])
    table.finish()
    return file.getvalue()


def header(count: int) -> bytes:
    """A serialized BundleHeaderProto for so many data files; little-endian goes without saying."""
    version = b"\x08" + put_varint(VERSION)
    return b"\x08" + put_varint(count) + field(0x1A, version)


@functools.lru_cache(maxsize=1024)
def tensor_head(number: int, shape: tuple[int, ...]) -> bytes:
    """The first fields of an entry: type and shape."""
    dims = b"".join(field(0x12, b"\x08" + put_varint(size) if size else b"") for size in shape)
    return b"\x08" + put_varint(number) + field(0x12, dims)


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


def field(tag: int, message: bytes) -> bytes:
    """A field of a message that is a message itself, or text."""
    return bytes((tag,)) + put_varint(len(message)) + message


def whole_entry(head: bytes, slices: Iterable[Extents]) -> bytes:
    """The entry of a partitioned tensor, which says what slices there are.

    Args:
      head: Its type and shape.
      slices: The slices.
    """
    return head + b"".join(field(0x3A, slice_message(extents)) for extents in slices)


def slice_message(extents: Extents) -> bytes:
    """A serialized TensorSliceProto: of each dimension the start unless it is zero, and the length."""
    return b"".join(
        field(0x0A, (b"\x08" + put_varint(start & _U64) if start else b"") + b"\x10" + put_varint(length & _U64))
        for start, length in extents  # negative numbers, such as the length of a whole dimension, have 64 bits
    )
