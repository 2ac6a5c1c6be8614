"""The bytes of arrays as they lie in files: little-endian, in C order; the arrays' own memory where that can be."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def flat_bytes(array: np.ndarray) -> np.ndarray:
    """The bytes of numbers: one dimension of uint8.

    No memoryview: Python's garbage collector counts those, and a thousand of them make it look through all objects of
    the program.
    """
    flat = np.ascontiguousarray(array.reshape(-1))
    if flat.dtype.byteorder == ">":
        flat = flat.astype(flat.dtype.newbyteorder("<"))
    return flat.view(np.uint8)


def joined_bytes(arrays: Iterable[np.ndarray]) -> np.ndarray:
    """The bytes of several arrays of numbers, one after the other: one dimension of uint8."""
    parts = [array if _is_joinable(array) else flat_bytes(array) for array in arrays]
    return np.frombuffer(b"".join(parts), np.uint8)  # type: ignore[arg-type]


def _is_joinable(array: np.ndarray) -> bool:
    """Whether an array's memory can be taken as it is: Python's buffers know the type."""
    kind = array.dtype
    return kind.kind in "biufc" and kind.isnative and array.flags.c_contiguous
