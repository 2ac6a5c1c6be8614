"""Protocol buffers as bytes: the fields of a message, and packed numbers as arrays.

Only for the values in V1 files: a tensor of a hundred million numbers is one packed field, which a protobuf library
would turn into as many Python objects.

    field: varint (number << 3 | kind), then    kind 0: a varint    1: 8 bytes    2: varint length, bytes    5: 4 bytes
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from scopedjax._src.bridge.tensorbundle.block import varint

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED: Final = {FIXED64: 8, FIXED32: 4}
_LONGEST: Final = 10  # bytes of a varint


def fields(data: memoryview) -> Iterator[tuple[int, int, int, int]]:
    """Yields (number, kind, first byte, end) of each field of a message: where its value lies in `data`.

    Raises:
      ValueError: It is no message.
    """
    place, end = 0, len(data)
    while place < end:
        tag, place = varint(data, place, end)
        number, kind = tag >> 3, tag & 7
        start = place
        if kind == VARINT:
            _, place = varint(data, place, end)
        elif kind == BYTES:
            length, start = varint(data, place, end)
            place = start + length
        elif kind in _FIXED:
            place += _FIXED[kind]
        else:
            raise ValueError(f"a field of the unknown kind {kind}")
        if not number or place > end:
            raise ValueError("a field is longer than its message")
        yield number, kind, start, place


def submessage(data: memoryview, number: int) -> tuple[memoryview, int] | None:
    """The message in a field, and where it begins in `data`; None if there is no such field.

    Raises:
      ValueError: `data` is no message.
    """
    found = None
    for field, kind, start, end in fields(data):
        if field == number and kind == BYTES:
            found = data[start:end], start
    return found


def numbers(data: memoryview, number: int, kind: int, dtype: Any) -> np.ndarray:
    """The numbers in a repeated field, packed or not, as an array.

    Args:
      data: The message.
      number: The field.
      kind: How one number is written.
      dtype: Type of the array: for varints an integer type, into which they are cut.

    Raises:
      ValueError: `data` is no message, or the field does not hold such numbers.
    """
    parts: list[np.ndarray] = []
    for field, found, start, end in fields(data):
        if field != number:
            continue
        if found not in (kind, BYTES):
            raise ValueError(f"field {number} is of kind {found}")
        raw = np.frombuffer(data[start:end], np.uint8)
        if kind == VARINT:
            parts.append(_varints(raw).astype(dtype))
        else:
            if len(raw) % _FIXED[kind]:
                raise ValueError(f"field {number} ends inside a number")
            parts.append(raw.view(dtype))
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, dtype)


def _varints(raw: np.ndarray) -> np.ndarray:
    """Packed varints as unsigned 64-bit integers."""
    last = raw < 0x80
    if last.all():
        return raw
    if not last[-1]:
        raise ValueError("a number is cut off")
    ends = np.flatnonzero(last)
    starts = np.concatenate([np.zeros(1, ends.dtype), ends[:-1] + 1])
    lengths = ends - starts + 1
    longest = int(lengths.max())
    if longest > _LONGEST:
        raise ValueError("a number is too long")
    result = np.zeros(len(ends), np.uint64)
    for digit in range(longest):
        has = lengths > digit
        result[has] |= (raw[starts[has] + digit].astype(np.uint64) & np.uint64(0x7F)) << np.uint64(7 * digit)
    return result


def put_varints(values: np.ndarray) -> bytes:
    """Integers as packed varints: negative ones as 64-bit numbers, ten bytes each.

    Args:
      values: An array of integers of one dimension.
    """
    wide = values.astype(np.int64).view(np.uint64) if values.dtype.kind == "i" else values.astype(np.uint64)
    if not wide.size or wide.max() < 0x80:
        return wide.astype(np.uint8).tobytes()
    digits = np.empty((len(wide), _LONGEST), np.uint8)
    lengths = np.ones(len(wide), np.int64)
    for digit in range(_LONGEST):
        rest = wide >> np.uint64(7 * digit) if digit < 9 else wide >> np.uint64(63)
        digits[:, digit] = (rest & np.uint64(0x7F)).astype(np.uint8) | np.uint8(0x80)
        if digit:
            lengths[rest > 0] = digit + 1
    columns = np.arange(_LONGEST)
    digits[np.arange(len(wide)), lengths - 1] &= 0x7F
    return digits[columns < lengths[:, None]].tobytes()
