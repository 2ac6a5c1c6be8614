"""The bytes of arrays as they lie in files: little-endian, in C order; the arrays' own memory where that can be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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


def joined_bytes(arrays: Iterable[np.ndarray]) -> tuple[bytes, list[Any]]:
    """The bytes of several arrays of numbers, one after the other, and those of each as a buffer."""
    arrays = list(arrays)
    parts: list[Any] = arrays
    # An array's memory is taken as it is where Python's buffers know the type.
    if not all(kind.kind in "biufc" and kind.isnative for kind in {array.dtype for array in arrays}):
        parts = [flat_bytes(array) for array in arrays]
    try:
        return b"".join(parts), parts
    except TypeError:  # one of them is not contiguous
        parts = [flat_bytes(array) for array in arrays]
        return b"".join(parts), parts
