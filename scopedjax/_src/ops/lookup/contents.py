"""`Contents`: the keys and values of a lookup table in one session.

    {"emerson": 0, "lake": 1}      kind "fixed": filled once, asked after that
                                   kind "open":  keys come and go

A fixed table refuses to be asked before it is filled. It may be filled again with what it holds; a second value for a
key is an error. Threads that ask and fill at the same time wait for each other.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import FailedPreconditionError, InvalidArgumentError


def plain(array: Any) -> list[Any]:
    """The elements of an array as Python values, which are the keys of the dictionary."""
    return np.asarray(array).reshape(-1).tolist()


class Contents:
    """The keys and values of a table.

    Args:
      key_dtype: Dtype of the keys.
      value_dtype: Dtype of the values.
      value_shape: Shape of one value.
      fixed: Whether it is filled once and not changed afterwards.
      forbidden: Keys that the table may not hold, with the word for each.
    """

    def __init__(
        self,
        key_dtype: DType,
        value_dtype: DType,
        value_shape: tuple[int, ...] = (),
        fixed: bool = True,
        forbidden: dict[Any, str] | None = None,
    ) -> None:
        self.key_dtype, self.value_dtype = key_dtype, value_dtype
        self.value_shape = value_shape
        self._entries: dict[Any, Any] = {}
        self._filled = not fixed
        self._fixed = fixed
        self._forbidden = forbidden or {}
        self._lock = threading.Lock()

    def fill(self, keys: Any, values: Any) -> None:
        """Fills a fixed table, or replaces what an open one holds.

        Raises:
          FailedPreconditionError: a key has two values.
        """
        pairs = self._pairs(keys, values)
        with self._lock:
            entries = dict(self._entries) if self._fixed else {}
            for key, value in pairs:
                self._check_key(key)
                known = entries.setdefault(key, value)
                if self._fixed and known is not value and not np.array_equal(known, value):
                    raise FailedPreconditionError(
                        None, None,
                        f"HashTable has different value for same key. Key {_shown(key)} has {_shown(known)} and trying "
                        f"to add value {_shown(value)}",
                    )  # fmt: skip
                if not self._fixed:
                    entries[key] = value
            self._entries, self._filled = entries, True

    def insert(self, keys: Any, values: Any) -> None:
        """Adds keys to an open table, or gives them new values."""
        pairs = self._pairs(keys, values)
        with self._lock:
            for key, value in pairs:
                self._check_key(key)
                self._entries[key] = value

    def remove(self, keys: Any) -> None:
        """Takes keys out of an open table."""
        with self._lock:
            for key in plain(keys):
                self._entries.pop(key, None)

    def find(self, keys: Any, default: Any) -> np.ndarray:
        """The value of each key, `default` (one value, or one for each key) where the table does not have it."""
        array = np.asarray(keys)
        dtype = self.value_dtype.as_numpy_dtype
        single = np.shape(default) == self.value_shape
        with self._lock:
            self._check_filled()
            entries = self._entries
            result = np.empty((array.size, *self.value_shape), object if self.value_dtype.name == "string" else dtype)
            spares = None if single else np.asarray(default).reshape(array.size, *self.value_shape)
            for i, key in enumerate(plain(array)):
                value = entries.get(key)
                if value is None:
                    value = np.asarray(default)[()] if spares is None else spares[i]
                result[i] = value
        return result.reshape((*array.shape, *self.value_shape))

    def size(self) -> int:
        """How many keys it has."""
        with self._lock:
            self._check_filled()
            return len(self._entries)

    def export(self) -> tuple[np.ndarray, np.ndarray]:
        """All keys and all values."""
        with self._lock:
            self._check_filled()
            entries = list(self._entries.items())
        keys = np.empty(len(entries), _storage(self.key_dtype))
        values = np.empty((len(entries), *self.value_shape), _storage(self.value_dtype))
        for i, (key, value) in enumerate(entries):
            keys[i], values[i] = key, value
        return keys, values

    def _pairs(self, keys: Any, values: Any) -> list[tuple[Any, Any]]:
        flat = plain(keys)
        rows = np.asarray(values).reshape(len(flat), *self.value_shape)
        items = rows.tolist() if not self.value_shape else list(rows.copy())
        return list(zip(flat, items, strict=True))

    def _check_filled(self) -> None:
        if not self._filled:
            raise FailedPreconditionError(None, None, "Table not initialized. Run tf.tables_initializer() first.")

    def _check_key(self, key: Any) -> None:
        if key in self._forbidden:
            raise InvalidArgumentError(None, None, f"Using the {self._forbidden[key]} as a table key is not allowed")


def _storage(dtype: DType) -> Any:
    return object if dtype.name == "string" else dtype.as_numpy_dtype


def _shown(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
