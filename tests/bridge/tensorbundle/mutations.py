"""Damages files as accidents and strangers do: cut off, flipped bits, lengths that lie, also under a right checksum."""

from __future__ import annotations

import random
import struct

from scopedjax._src.bridge.tensorbundle.block import put_varint, varint
from scopedjax._src.bridge.tensorbundle.checksum import crc32c, masked

_FOOTER = 48
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 1 << 31, (1 << 31) - 1, (1 << 32) - 1, 1 << 62, (1 << 63) - 1)


def damaged(data: bytes, chance: random.Random) -> bytes:
    """`data` with one to four accidents, of which the checksums know nothing."""
    for _ in range(chance.randint(1, 4)):
        data = _accident(bytearray(data), chance)
    return data


def forged(data: bytes, chance: random.Random) -> bytes:
    """A table with accidents inside its blocks, whose checksums are made right again: what an attacker would write."""
    blocks = _blocks(data)
    if not blocks:
        return damaged(data, chance)
    first, size = chance.choice(blocks)
    body = bytearray(data[first : first + size + 1])
    for _ in range(chance.randint(1, 3)):
        body = bytearray(_accident(body, chance, keep_length=True))
    if chance.random() < 0.9:
        body[-1] = data[first + size]  # mostly the same compression
    return data[:first] + bytes(body) + struct.pack("<I", masked(crc32c(bytes(body)))) + data[first + size + 5 :]


def _accident(data: bytearray, chance: random.Random, keep_length: bool = False) -> bytes:
    if not data:
        return bytes(data)
    place = chance.randrange(len(data))
    kind = chance.randrange(5 if keep_length else 8)
    if kind == 0:
        data[place] ^= 1 << chance.randrange(8)
    elif kind == 1:
        data[place] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    elif kind == 2:
        number = put_varint(chance.choice(_EXTREMES))[: len(data) - place]
        data[place : place + len(number)] = number
    elif kind == 3:
        number = struct.pack("<Q", chance.choice(_EXTREMES))[: min(chance.choice((4, 8)), len(data) - place)]
        data[place : place + len(number)] = number
    elif kind == 4:
        length = min(chance.randrange(1, 40), len(data) - place)
        source = chance.randrange(len(data) - length + 1)
        data[place : place + length] = data[source : source + length]
    elif kind == 5:
        del data[place:]
    elif kind == 6:
        del data[place : place + chance.randrange(1, 30)]
    else:
        data[place:place] = chance.randbytes(chance.randrange(1, 30))
    return bytes(data)


def _blocks(data: bytes) -> list[tuple[int, int]]:
    """Where the blocks of an undamaged table begin, and how long they are."""
    if len(data) < _FOOTER:
        return []
    footer, place, found = data[-_FOOTER:], 0, []
    for _ in range(2):
        first, place = varint(footer, place, _FOOTER)
        size, place = varint(footer, place, _FOOTER)
        found.append((first, size))
    return [(0, found[0][0] - 5), *found] if found[0][0] > 5 else found
