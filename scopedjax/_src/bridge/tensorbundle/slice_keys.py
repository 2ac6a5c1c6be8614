"""The keys of slices in TensorFlow's tables: a name and a box as bytes that sort as they do.

    \\0 | name, then \\0\\1 | number of dimensions | start and length of each dimension

Numbers are "ordered codes": a natural number is its length and its bytes, the highest first; a signed number has as
many leading one bits (for a negative number zero bits) as it has bytes. Inside the name the bytes 00 and FF are
followed by FF and 00. A dimension that is whole has start 0 and length -1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scopedjax._src.ops.files.slices import Slice

WHOLE: Final = -1
"""The length of a dimension that is whole."""

Extents = tuple[tuple[int, int], ...]
"""(start, length) of each dimension; the length may be `WHOLE`."""


def slice_key(name: str, extents: Sequence[tuple[int, int]]) -> bytes:
    """The key of a slice of a tensor.

    Args:
      name: Name of the tensor.
      extents: Its (start, length), one for each dimension.

    >>> slice_key("emb", ((3, 2), (0, 3))).hex(" ")
    '00 65 6d 62 00 01 01 02 83 82 80 83'
    """
    text = name.encode().replace(b"\xff", b"\xff\x00").replace(b"\x00", b"\x00\xff")
    numbers = b"".join(_signed(number) for extent in extents for number in extent)
    return b"".join((_natural(0), text, b"\x00\x01", _natural(len(extents)), numbers))


def _natural(value: int) -> bytes:
    length = (value.bit_length() + 7) // 8
    return bytes((length,)) + value.to_bytes(length, "big")


def _signed(value: int) -> bytes:
    # A sign bit and `length` bits of prefix take `length + 1` of the bits; the rest hold the number.
    length = max(1, -(-((value if value >= 0 else ~value).bit_length() + 1) // 7))
    bits = value & ((1 << (8 * length)) - 1)
    header = ((1 << length) - 1) << (7 * length)  # the leading ones
    return (bits ^ header).to_bytes(length, "big")


def extents_of(box: Slice) -> Extents:
    """The extents of a box as TensorFlow writes them: numbers throughout, also where a dimension is whole."""
    return tuple(zip(box.start, box.size, strict=True))


def box_of(extents: Sequence[tuple[int, int]], full: tuple[int, ...]) -> Slice:
    """The box that extents mean in a tensor of a shape.

    Raises:
      ValueError: It leaves the tensor.
    """
    if len(extents) != len(full):
        raise ValueError(f"a slice of {len(extents)} dimensions in a tensor of {len(full)}")
    starts: list[int] = []
    sizes: list[int] = []
    for (start, length), size in zip(extents, full, strict=True):
        length = size - start if length == WHOLE else length
        if start < 0 or length < 0 or start + length > size:
            raise ValueError(f"a slice from {start}, {length} long, in a dimension of {size}")
        starts.append(start)
        sizes.append(length)
    return Slice(full, tuple(starts), tuple(sizes))
