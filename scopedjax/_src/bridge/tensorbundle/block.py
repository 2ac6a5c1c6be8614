"""A block of a table: sorted entries, each key without what it shares with the key before it.

    shared | unshared | length | the rest of the key | value        three varints, then bytes; for each entry
    restart 0 | restart 1 | ... | number of restarts                 uint32 each: where keys are whole

This is LevelDB's documented block format, in which TensorFlow keeps its tables.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from scopedjax._src.bridge.tensorbundle.damage import data_loss

_RESTART_INTERVAL: Final = 16
_U32: Final = struct.Struct("<I")

Data = bytes | memoryview


class KeyBudget:
    """How many bytes of keys a table may unfold to: a few bytes of a hostile file can repeat a long key each.

    Args:
      file_size: Bytes of the file.
    """

    def __init__(self, file_size: int) -> None:
        self.left = (1 << 26) + 64 * file_size


def varint(data: Data, place: int, end: int) -> tuple[int, int]:
    """Reads a number of seven bits a byte, the lowest first.

    Args:
      data: The bytes.
      place: Where it begins.
      end: Where it must have ended.

    Returns:
      (the number, the place behind it).

    Raises:
      ValueError: It is cut off, or longer than ten bytes.
    """
    value = shift = 0
    while place < end and shift < 70:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
    raise ValueError("a number is cut off or too long")


def put_varint(value: int) -> bytes:
    """The number as the files hold it; `varint` undoes it."""
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def entries(data: Data, path: str, offset: int, budget: KeyBudget) -> Iterator[tuple[bytes, Data, int]]:
    """Yields (key, value, place of the value in the block) of a block.

    Args:
      data: The block, uncompressed and checked.
      path: The file, for messages.
      offset: Where the block begins in the file, for messages.
      budget: What is left for keys.

    Raises:
      DataLossError: The block breaks the format.
    """
    end = _entries_end(data, path, offset)
    key, place = b"", 0
    while place < end:
        start = place
        try:
            shared, unshared, length = data[place], data[place + 1], data[place + 2]
            place += 3
            if shared | unshared | length > 0x7F:  # one of them has more than one byte
                shared, place = varint(data, start, end)
                unshared, place = varint(data, place, end)
                length, place = varint(data, place, end)
        except (ValueError, IndexError):
            raise data_loss(path, offset + start, "an entry of the table has lengths that are cut off") from None
        value_at = place + unshared
        if shared > len(key) or value_at + length > end:
            raise data_loss(path, offset + start, "an entry of the table is longer than its block")
        budget.left -= shared + unshared
        if budget.left < 0:
            raise data_loss(path, offset + start, "the keys of the table repeat one another beyond all measure")
        key = key[:shared] + bytes(data[place:value_at])
        place = value_at + length
        yield key, data[value_at:place], value_at


def _entries_end(data: Data, path: str, offset: int) -> int:
    """Where the entries of a block end and the restarts begin."""
    if len(data) < 4:
        raise data_loss(path, offset, "a block of the table is too short")
    (restarts,) = _U32.unpack_from(data, len(data) - 4)
    end = len(data) - 4 - 4 * restarts
    if end < 0:
        raise data_loss(path, offset, f"a block of {len(data)} bytes cannot have {restarts} restarts")
    return end


class BlockBuilder:
    """Makes a block of entries that are added in the order of their keys."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._restarts: list[int] = [0]
        self._count = 0
        self._key = b""
        self.size = 0

    def __len__(self) -> int:
        return self._count

    def add(self, key: bytes, *value: bytes) -> None:
        """Adds an entry.

        Args:
          key: Greater than the keys before it.
          value: Its value, in pieces.
        """
        shared = 0
        if self._count % _RESTART_INTERVAL:
            shared = _common_prefix(self._key, key)
        elif self._count:
            self._restarts.append(self.size)
        length = sum(map(len, value))
        rest = key[shared:]
        head = put_varint(shared) + put_varint(len(rest)) + put_varint(length) + rest
        self._parts += [head, *value]
        self.size += len(head) + length
        self._key = key
        self._count += 1

    def finish(self) -> list[bytes]:
        """The block, in pieces; the builder is empty afterwards."""
        restarts = self._restarts
        parts = [*self._parts, struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))]
        self.__init__()
        return parts


def _common_prefix(one: bytes, other: bytes) -> int:
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return length
    # The first difference is the highest bit that differs.
    bits = (int.from_bytes(one[:length], "big") ^ int.from_bytes(other[:length], "big")).bit_length()
    return length - (bits + 7) // 8
