"""What an accumulator holds in a session: the sum of the gradients that came since the last one was taken.

    apply(step 3)   current step 3: added       apply(step 2)   late: left out
    take(2)         waits for two, gives their mean (or sum), and the current step becomes 4

Any number of threads apply; a taker waits without holding the lock.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from scopedjax._src.base import deadlines
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import CancelledError, DeadlineExceededError, InvalidArgumentError
from scopedjax._src.base.shapes import Dims, format_dims

Array = np.ndarray[Any, Any]


class Total:
    """What dense and sparse accumulators have in common.

    Args:
      dtype: dtype of the gradients.
      dims: Their shape, as far as it is known.
      reduction: "MEAN" or "SUM".
    """

    def __init__(self, dtype: DType, dims: Dims, reduction: str) -> None:
        self._kind = np.dtype(dtype.as_numpy_dtype)
        self._dims = dims
        self._mean = reduction == "MEAN"
        self._step = 0
        self._count = 0
        self._closed = False
        self._changed = threading.Condition()

    def _clear(self) -> None:
        raise NotImplementedError

    def _value(self) -> Any:
        raise NotImplementedError

    def _accepts(self, step: int) -> bool:
        """Whether a gradient of a step counts; under the lock."""
        return step >= self._step

    def count(self) -> int:
        """How many gradients there are now."""
        with self._changed:
            return self._count

    def set_step(self, step: int) -> None:
        """Sets the current step: gradients of earlier ones are left out from now on."""
        with self._changed:
            self._step = step

    def take(self, required: int) -> Any:
        """Waits for `required` gradients and gives their mean or sum; starts anew at the next step.

        Raises:
          InvalidArgumentError: `required` is not positive.
          CancelledError: the session was closed meanwhile.
        """
        if required <= 0:
            raise InvalidArgumentError(None, None, f"Argument num_required must be positive, but was {required}")
        with self._changed:
            if not self._changed.wait_for(lambda: self._closed or self._count >= required, deadlines.remaining()):
                raise DeadlineExceededError(None, None, "Timed out waiting for notification")
            if self._closed and self._count < required:
                raise CancelledError(None, None, "TakeGrad operation was cancelled")
            found = self._value()
            self._count = 0
            self._step += 1
            self._clear()
            return found

    def release(self) -> None:
        """Ends all that waits: the session is closed."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class DenseTotal(Total):
    """Gradients as arrays."""

    _sum: Array | None = None

    def apply(self, gradient: Array, step: int) -> None:
        """Adds a gradient, unless it is late.

        Raises:
          InvalidArgumentError: it has another shape.
        """
        with self._changed:
            if not self._accepts(step):
                return
            wanted = self._dims if self._sum is None else self._sum.shape
            if wanted is not None and not _fits(gradient.shape, wanted):
                raise InvalidArgumentError(
                    None, None, f"Shape mismatch: expected {format_dims(wanted)}, got {format_dims(gradient.shape)}"
                )
            self._dims = gradient.shape if self._dims is None else self._dims
            self._sum = np.array(gradient) if self._sum is None else self._sum + gradient
            self._count += 1
            self._changed.notify_all()

    def _clear(self) -> None:
        self._sum = None

    def _value(self) -> Array:
        assert self._sum is not None
        return (self._sum / self._count).astype(self._kind) if self._mean else self._sum


class SparseTotal(Total):
    """Gradients as rows with their indices; the mean of a row is over the gradients that have it."""

    _indices: tuple[int, ...] = ()
    _rows: tuple[Array, ...] = ()
    _times: tuple[int, ...] = ()
    _shape: tuple[int, ...] | None = None

    def apply(self, indices: Array, values: Array, shape: Array, step: int, has_shape: bool) -> None:
        """Adds a gradient, unless it is late.

        Raises:
          InvalidArgumentError: it has another shape, or indices that do not fit.
        """
        with self._changed:
            if not self._accepts(step):
                return
            self._check(indices, values, tuple(shape.tolist()) if has_shape else None)
            if has_shape:
                self._shape = tuple(shape.tolist())
            self._merge(indices.tolist(), [np.array(row) for row in values])
            self._count += 1
            self._changed.notify_all()

    def _check(self, indices: Array, values: Array, shape: tuple[int, ...] | None) -> None:
        if indices.ndim != 1:
            self._fail(f"Input indices should be vector but received shape: {format_dims(indices.shape)}")
        if not values.ndim:
            self._fail(f"Values cannot be 0-dimensional but received shape: {format_dims(values.shape)}")
        if len(values) != len(indices):
            self._fail(f"Expected {len(indices)} non-empty input values, got {len(values)}.")
        wanted = self._dims or ()
        for axis, (have, want) in enumerate(zip(shape or (), wanted, strict=False)):
            if want is not None and have != want:
                self._fail(f"Shape mismatch: expected shape dim {axis} to be {want}, got {have}")
        for axis, (have, want) in enumerate(zip(values.shape, wanted, strict=False)):
            if axis and want is not None and have != want:
                self._fail(f"Shape mismatch: expected values dim {axis} to be {want}, got {have}")
        limit = shape[0] if shape else wanted[0] if wanted else None
        for place, index in enumerate(indices.tolist()):
            if limit is not None and index >= limit:
                self._fail(
                    f"Shape mismatch: index of slice {place} exceeded limits of shape; index is {index} exceeded "
                    f"{limit}"
                )

    @staticmethod
    def _fail(message: str) -> None:
        raise InvalidArgumentError(None, None, message)

    def _merge(self, indices: Sequence[int], rows: Sequence[Array]) -> None:
        """Merges two runs of indices, each in order, into one."""
        old = list(zip(self._indices, self._rows, self._times, strict=True))
        new = [(index, row, 1) for index, row in zip(indices, rows, strict=True)]
        found: list[tuple[int, Array, int]] = []
        i = j = 0
        while i < len(old) and j < len(new):
            a, b = old[i], new[j]
            if a[0] == b[0]:
                found.append((a[0], a[1] + b[1], a[2] + 1))
                i, j = i + 1, j + 1
            elif a[0] < b[0]:
                found.append(a)
                i += 1
            else:
                found.append(b)
                j += 1
        found += [*old[i:], *new[j:]]
        self._indices, self._rows, self._times = map(tuple, zip(*found, strict=True)) if found else ((), (), ())

    def _clear(self) -> None:
        self._indices, self._rows, self._times = (), (), ()

    def _value(self) -> tuple[Array, Array, Array]:
        divisors = self._times if self._mean else (1,) * len(self._times)
        rows = [row / divisor for row, divisor in zip(self._rows, divisors, strict=True)]
        inner = tuple(size or 0 for size in (self._dims or (0,))[1:])
        values = np.stack(rows) if rows else np.zeros((0, *inner))
        shape = self._shape
        if shape is None:
            first = (self._dims or (None,))[0]
            shape = (-1 if first is None else first, *values.shape[1:])
        return np.asarray(self._indices, np.int64), values.astype(self._kind), np.asarray(shape, np.int64)


def _fits(shape: Sequence[int], wanted: Sequence[int | None]) -> bool:
    return len(shape) == len(wanted) and all(w is None or s == w for s, w in zip(shape, wanted, strict=True))
