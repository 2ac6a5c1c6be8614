"""Files that are nearly right: bytes of a good file, changed at random places by a seeded generator.

`SCOPEDJAX_FUZZ=100000 pytest -n 0 tests/cli/test_fuzz.py` tries that many files; without it a few hundred are tried.
"""

from __future__ import annotations

import os
import random
import struct

CASES = int(os.environ.get("SCOPEDJAX_FUZZ", "600"))

_NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 1 << 15, (1 << 16) - 1, 1 << 31, (1 << 32) - 1, 1 << 33, 1 << 62, (1 << 64) - 1]
_TEXTS = [b"0", b"-1", b"99999999999999999999", b"1e400", b"nan", b"{", b"}", b"[" * 50, b'"', b"\\", b"#", b"\x00"]


def mutated(data: bytes, rng: random.Random) -> bytes:
    """`data` after one to four changes."""
    result = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        rng.choice(_CHANGES)(result, rng)
    return bytes(result)


def _place(data: bytearray, rng: random.Random) -> int:
    return rng.randrange(len(data) + 1)


def _flip(data: bytearray, rng: random.Random) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _byte(data: bytearray, rng: random.Random) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.randrange(256)


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[_place(data, rng) :]


def _remove(data: bytearray, rng: random.Random) -> None:
    start = _place(data, rng)
    del data[start : start + rng.choice((1, 2, 8, 64, 512))]


def _repeat(data: bytearray, rng: random.Random) -> None:
    start = _place(data, rng)
    piece = data[start : start + rng.choice((1, 8, 64, 512))]
    data[start:start] = piece * rng.choice((1, 2, 20))


def _move(data: bytearray, rng: random.Random) -> None:
    start, end = _place(data, rng), _place(data, rng)
    data[end:end] = data[start : start + rng.choice((4, 32, 256))]


def _noise(data: bytearray, rng: random.Random) -> None:
    start = _place(data, rng)
    data[start : start + 16] = rng.randbytes(rng.choice((1, 4, 16)))


def _number(data: bytearray, rng: random.Random) -> None:
    """A number of four or eight bytes in place of what is there: lying lengths."""
    start, number = _place(data, rng), rng.choice(_NUMBERS)
    new = struct.pack("<Q", number) if rng.random() < 0.5 else struct.pack("<I", number & 0xFFFFFFFF)
    data[start : start + len(new)] = new


def _varint(data: bytearray, rng: random.Random) -> None:
    """A number as protocol buffers write it."""
    start, number = _place(data, rng), rng.choice(_NUMBERS)
    new = bytearray()
    while number >= 0x80:
        new.append(number & 0x7F | 0x80)
        number >>= 7
    new.append(number)
    data[start : start + rng.choice((1, len(new)))] = new


def _text(data: bytearray, rng: random.Random) -> None:
    start = _place(data, rng)
    data[start : start + rng.choice((0, 1, 4))] = rng.choice(_TEXTS)


_CHANGES = (_flip, _flip, _byte, _cut, _remove, _repeat, _move, _noise, _number, _varint, _text)
