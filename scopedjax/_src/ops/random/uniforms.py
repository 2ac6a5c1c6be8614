"""Uniform numbers in [0, 1) and integers in a range, from random words.

A floating-point uniform is made by filling the fraction of a number in [1, 2) with random bits and subtracting one,
which is exact: float16 gets 10 random bits, bfloat16 7, float32 23 and float64 52. That is why a float32 uniform of
TensorFlow is one of only 2**23 numbers, can be 0, and never 1.
"""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from scopedjax._src.ops.random.philox import Array, Namespace

__all__ = [
    "uniform_bfloat16",
    "uniform_float16",
    "uniform_float32",
    "uniform_float64",
    "uniform_int32",
    "uniform_int64",
]


def uniform_float16(words: Array) -> Array:
    """`uint32[...]` to `float16[...]` in [0, 1), from the low 10 bits."""
    bits = (words & np.uint32(0x3FF)) | np.uint32(0x3C00)
    return bits.astype(np.uint16).view(np.float16) - np.float16(1)


def uniform_bfloat16(words: Array) -> Array:
    """`uint32[...]` to `bfloat16[...]` in [0, 1), from the low 7 bits."""
    bits = (words & np.uint32(0x7F)) | np.uint32(0x3F80)
    return bits.astype(np.uint16).view(ml_dtypes.bfloat16) - ml_dtypes.bfloat16(1)


def uniform_float32(words: Array) -> Array:
    """`uint32[...]` to `float32[...]` in [0, 1), from the low 23 bits."""
    return ((words & np.uint32(0x7FFFFF)) | np.uint32(0x3F800000)).view(np.float32) - np.float32(1)


def uniform_float64(first: Array, second: Array) -> Array:
    """Two `uint32[...]` to `float64[...]` in [0, 1): 20 bits of `first` above the 32 of `second`."""
    high = (first & np.uint32(0xFFFFF)) | np.uint32(0x3FF00000)
    bits = (high.astype(np.uint64) << np.uint64(32)) | second.astype(np.uint64)
    return bits.view(np.float64) - 1.0


def uniform_int32(xp: Namespace, words: Array, minval: Any, maxval: Any) -> Array:
    """`uint32[...]` to `int32[...]`: `minval + word mod (maxval - minval)`."""
    return _into_range(xp, words, minval, maxval, np.int32, np.uint32)


def uniform_int64(xp: Namespace, first: Array, second: Array, minval: Any, maxval: Any) -> Array:
    """Two `uint32[...]` (the low half first) to `int64[...]`: `minval + both mod (maxval - minval)`."""
    both = first.astype(np.uint64) | (second.astype(np.uint64) << np.uint64(32))
    return _into_range(xp, both, minval, maxval, np.int64, np.uint64)


def _into_range(xp: Namespace, bits: Array, minval: Any, maxval: Any, signed: Any, unsigned: Any) -> Array:
    # The width of the range may not fit the signed type (-2**31 to 2**31 - 1): it is taken modulo 2**bits. One-element
    # arrays, because NumPy warns when a scalar wraps.
    low = xp.asarray(minval, dtype=signed).reshape(1).view(unsigned)
    high = xp.asarray(maxval, dtype=signed).reshape(1).view(unsigned)
    return (bits % (high - low) + low).view(signed)
