"""Numbers that say what is in a tensor: smallest, largest, mean, standard deviation, how many are no numbers.

All are of the elements that are numbers (infinities among them); they are computed in float64, a piece at a time, so
that a large tensor is not copied. The standard deviation is that of the elements, not an estimate:
sqrt(mean((x - m)^2)).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scopedjax._src.cli.tensor_files import Array

_PIECE = 1 << 20  # elements


@dataclass(frozen=True)
class Statistics:
    """What is in a tensor.

    Attributes:
      minimum, maximum, mean, deviation: Of the elements that are numbers; None if there are none.
      nans: How many elements are none.
      infinite: How many are infinite.
    """

    minimum: float | None
    maximum: float | None
    mean: float | None
    deviation: float | None
    nans: int
    infinite: int


def statistics(array: Array) -> Statistics | None:
    """The statistics of a tensor; None for strings. Of complex numbers, those of their absolute values."""
    if array.dtype.names:
        array = array.view(array.dtype[0])  # a quantized type: its integers
    if array.dtype.hasobject or array.dtype.kind in "SU":
        return None
    low, high, total, count, infinite = math.inf, -math.inf, 0.0, 0, 0
    with np.errstate(all="ignore"):
        for piece in _pieces(array):
            low, high = min(low, float(piece.min())), max(high, float(piece.max()))
            total += float(piece.sum())
            count += piece.size
            infinite += int(np.isinf(piece).sum())
        nans = array.size - count
        if not count:
            return Statistics(None, None, None, None, nans, 0)
        mean = total / count
        squares = sum(float(np.square(piece - mean).sum()) for piece in _pieces(array))
    return Statistics(low, high, mean, math.sqrt(squares / count) if squares >= 0 else math.nan, nans, infinite)


def _pieces(array: Array) -> Iterator[np.ndarray]:
    """The elements that are numbers, as float64."""
    flat = array.reshape(-1)
    for start in range(0, flat.size, _PIECE):
        piece = flat[start : start + _PIECE]
        values = np.abs(piece).astype(np.float64) if piece.dtype.kind == "c" else piece.astype(np.float64)
        values = values[~np.isnan(values)]
        if values.size:
            yield values
