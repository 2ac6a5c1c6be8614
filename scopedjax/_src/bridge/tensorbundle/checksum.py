"""CRC-32C of large data: in parts by several threads, put together afterwards; and its masked form.

A CRC is linear over the bits: that of `a + b` follows from those of `a` and `b` and the length of `b`, since appending
`n` zero bytes is a fixed 32 x 32 matrix over GF(2), the n-th power of the one for a single byte (found by squaring).
The polynomial is Castagnoli's, 0x82F63B78 with the bits reversed (RFC 3720, appendix B.4).
"""

from __future__ import annotations

import functools
from typing import Final

import google_crc32c
import numpy as np

_POLYNOMIAL: Final = 0x82F63B78
_MASK_DELTA: Final = 0xA282EAD8
_WORD: Final = 0xFFFFFFFF

_Matrix = tuple[int, ...]
"""32 columns: what each bit of a CRC becomes."""


def crc32c(data: bytes | np.ndarray, before: int = 0) -> int:
    """The CRC-32C of data; Python's lock is released meanwhile.

    Args:
      data: The bytes; an array must be contiguous.
      before: CRC-32C of what comes before.
    """
    return google_crc32c.extend(before, data) if before else google_crc32c.value(data)


def masked(crc: int) -> int:
    """The form in which files hold a CRC-32C: turned and shifted, so that data which holds CRCs has a good one too."""
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & _WORD


def masked_all(crcs: np.ndarray) -> np.ndarray:
    """`masked` of each of several numbers, uint32."""
    return ((crcs >> np.uint32(15)) | (crcs << np.uint32(17))) + np.uint32(_MASK_DELTA)


def combined(first: int, second: int, length: int) -> int:
    """The CRC-32C of two pieces of data, one after the other.

    Args:
      first: That of the first.
      second: That of the second.
      length: Bytes of the second.

    >>> combined(crc32c(b"123"), crc32c(b"456789"), 6) == crc32c(b"123456789")
    True
    """
    return _times(_zero_bytes(length), first) ^ second


def _times(matrix: _Matrix, crc: int) -> int:
    result = 0
    for column in matrix:
        if crc & 1:
            result ^= column
        crc >>= 1
        if not crc:
            break
    return result


def _squared(matrix: _Matrix) -> _Matrix:
    return tuple(_times(matrix, column) for column in matrix)


@functools.lru_cache(maxsize=64)
def _zero_bytes(length: int) -> _Matrix:
    """What `length` zero bytes do to a CRC."""
    power: _Matrix = (_POLYNOMIAL, *(1 << bit for bit in range(31)))  # one zero bit
    for _ in range(3):
        power = _squared(power)
    result: _Matrix = tuple(1 << bit for bit in range(32))
    while length:
        if length & 1:
            result = tuple(_times(power, column) for column in result)
        length >>= 1
        if length:
            power = _squared(power)
    return result
