"""Tensors of strings in bundles: their lengths, a checksum of those, and the strings.

    length 0 | length 1 | ... | masked CRC-32C of the lengths | string 0 | string 1 | ...

The lengths are varints, but the checksum is that of the lengths as 32-bit numbers (64-bit where one is longer). The
checksum of the whole goes over these numbers, the first checksum and the strings.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from scopedjax._src.bridge.tensorbundle.block import put_varint, varint
from scopedjax._src.bridge.tensorbundle.checksum import crc32c, masked

_U32_MOST = 0xFFFFFFFF


def _length_bytes(lengths: Sequence[int], order: str) -> bytes:
    if all(length <= _U32_MOST for length in lengths):
        return np.array(lengths, f"{order}u4").tobytes()
    return b"".join(struct.pack(order + ("I" if length <= _U32_MOST else "Q"), length) for length in lengths)


def encode(items: Sequence[bytes]) -> tuple[list[bytes], int]:
    """The bytes of strings, in pieces, and their checksum (unmasked)."""
    lengths = [len(item) for item in items]
    crc = crc32c(_length_bytes(lengths, "<"))
    check = struct.pack("<I", masked(crc))
    text = b"".join(items)
    return [b"".join(map(put_varint, lengths)), check, text], crc32c(text, crc32c(check, crc))


def decode(data: bytes, shape: tuple[int, ...], count: int, order: str) -> tuple[np.ndarray, int]:
    """The strings in `data`, and its checksum (unmasked).

    Args:
      data: The bytes of the tensor.
      shape: Its shape.
      count: Its number of elements, which is at most `len(data)`.
      order: Byte order of the file, "<" or ">".

    Raises:
      ValueError: The lengths do not fit; their checksum is wrong.
    """
    lengths: list[int] = []
    place, end = 0, len(data)
    for _ in range(count):
        byte = data[place] if place < end else 0x80
        if byte < 0x80:
            place += 1
        else:
            byte, place = varint(data, place, end)
        lengths.append(byte)
    if end - place != 4 + sum(lengths):
        raise ValueError(f"the lengths of {count} strings do not fit into {end} bytes")
    crc = crc32c(_length_bytes(lengths, order))
    check = data[place : place + 4]
    (stored,) = struct.unpack(order + "I", check)
    if stored != masked(crc):
        raise ValueError(
            f"The length checksum does not match: stored {stored} vs. calculated on the restored bytes {masked(crc)}"
        )
    place += 4
    crc = crc32c(np.frombuffer(data, np.uint8, offset=place), crc32c(check, crc))
    result: np.ndarray[Any, Any] = np.empty(shape, object)
    flat = result.reshape(-1)
    for number, length in enumerate(lengths):
        flat[number] = data[place : place + length]
        place += length
    return result, crc
