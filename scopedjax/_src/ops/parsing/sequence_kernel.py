"""What `ParseSequenceExampleV2` computes: context and feature lists of serialized `SequenceExample`s as NumPy arrays.

feature list   [[1, 2], [3]]        sparse: places (step, position in the step), behind the example's number
of 2 steps                          dense:  one row of `shape` a step, padded to the longest of the batch
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from google.protobuf.message import DecodeError

from scopedjax._src.base import dtypes, errors
from scopedjax._src.base.dtypes import DType
from scopedjax._src.ops.parsing.example_kernel import as_array
from scopedjax._src.ops.parsing.example_protos import SequenceExample

_KIND: Final = {dtypes.float32: "float_list", dtypes.int64: "int64_list", dtypes.string: "bytes_list"}
_WORD: Final = {dtypes.float32: "float", dtypes.int64: "int64", dtypes.string: "string"}


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _shape_text(dims: Sequence[Any]) -> str:
    return "[" + ",".join("?" if n is None else str(n) for n in dims) + "]"


@dataclass
class Batch:
    """Serialized sequence examples, parsed.

    Attributes:
      examples: The messages.
      names: For each its name in messages.
      single: Whether it is one example without a batch dimension.
    """

    examples: list[Any]
    names: list[str]
    single: bool

    @classmethod
    def of(cls, serialized: np.ndarray, names: np.ndarray) -> Batch:
        """Parses the bytes.

        Args:
          serialized: Bytes, without dimensions or in a vector.
          names: As many names, or none.

        Raises:
          InvalidArgumentError: an example is damaged.
        """
        given = [name.decode() for name in names.ravel()]
        if given and len(given) != serialized.size:
            raise _invalid(f"Expected len(debug_name) == len(serialized), but got: {len(given)} vs. {serialized.size}")
        batch = cls([], given or ["<unknown>"] * serialized.size, serialized.ndim == 0)
        for name, data in zip(batch.names, serialized.ravel(), strict=True):
            try:
                batch.examples.append(SequenceExample.FromString(data))
            except DecodeError as error:
                raise _invalid(f"Invalid protocol message input, example id: {name}") from error
        return batch

    def _values(self, feature: Any, dtype: DType, place: str) -> np.ndarray | None:
        """The values of a feature, None where it holds nothing."""
        kind = feature.WhichOneof("kind")
        if kind is None:
            return None
        if kind != _KIND[dtype]:
            raise _invalid(f"{place}.  Data types don't match. Expected type: {_WORD[dtype]}")
        return as_array(getattr(feature, kind).value, dtype)

    def _context(self, key: str, dtype: DType) -> list[np.ndarray | None]:
        found: list[np.ndarray | None] = []
        for name, example in zip(self.names, self.examples, strict=True):
            features = example.context.feature
            place = f"Name: {name}, Context feature: {key}"
            found.append(self._values(features[key], dtype, place) if key in features else None)
        return found

    def _steps(self, key: str, dtype: DType) -> list[list[np.ndarray | None] | None]:
        """For each example the values of each step; None where it lacks the list."""
        found: list[list[np.ndarray | None] | None] = []
        for name, example in zip(self.names, self.examples, strict=True):
            lists = example.feature_lists.feature_list
            if key not in lists:
                found.append(None)
                continue
            place = f"Name: {name}, Feature list: {key}, Index: "
            found.append([self._values(f, dtype, f"{place}{i}") for i, f in enumerate(lists[key].feature)])
        return found

    def context_sparse(self, key: str, dtype: DType) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One context feature of any length as (indices, values, dense shape)."""
        rows = [[row] for row in self._context(key, dtype)]
        indices, values, shape = self._sparse(rows, dtype)
        keep = [i for i in range(indices.shape[1]) if i != indices.shape[1] - 2]  # there are no steps
        return indices[:, keep], values, shape[keep]

    def list_sparse(self, key: str, dtype: DType) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One feature list as (indices, values, dense shape)."""
        return self._sparse([steps or [] for steps in self._steps(key, dtype)], dtype)

    def _sparse(self, rows: list[list[np.ndarray | None]], dtype: DType) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        places: list[tuple[int, int, int]] = []
        values: list[np.ndarray] = [as_array([], dtype)]
        for i, steps in enumerate(rows):
            for j, step in enumerate(steps):
                if step is not None:
                    places.extend((i, j, k) for k in range(len(step)))
                    values.append(step)
        longest = max((len(steps) for steps in rows), default=0)
        widest = max((len(step) for steps in rows for step in steps if step is not None), default=0)
        indices = np.array(places, np.int64).reshape(-1, 3)
        shape = np.array([len(rows), longest, widest], np.int64)
        first = 1 if self.single else 0
        return indices[:, first:], np.concatenate(values), shape[first:]

    def context_dense(self, key: str, dtype: DType, dims: tuple[int, ...], default: np.ndarray) -> np.ndarray:
        """One context feature as an array `[batch, *dims]`, or `[*dims]` for a single example."""
        size = int(np.prod(dims, dtype=np.int64))
        rows = self._context(key, dtype)
        given = [len(row) for row in rows if row is not None]
        most = max(given, default=size if default.size else 0)
        if most != size:
            raise _invalid(f"Inconsistent max number of elements for feature {key}: expected {size}, but found {most}")
        filled: list[np.ndarray] = []
        for name, row in zip(self.names, rows, strict=True):
            if row is None and not default.size and size:
                raise _invalid(f"Name: {name}, Context feature '{key}' is required but could not be found.")
            values = default.reshape(-1) if row is None else row
            if len(values) != size:
                raise _invalid(f"Name: {name}, Key: {key}.  Number of values != expected.  values size: {len(values)} "
                               f"but output shape: {_shape_text(dims)}")  # fmt: skip
            filled.append(values.reshape(dims))
        return filled[0] if self.single else np.stack(filled)

    def list_dense(
        self, key: str, dtype: DType, dims: tuple[int, ...], may_miss: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """One feature list as an array `[batch, longest, *dims]`, and how many steps each example has."""
        size = int(np.prod(dims, dtype=np.int64))
        rows: list[np.ndarray] = []
        for name, steps in zip(self.names, self._steps(key, dtype), strict=True):
            if steps is None and not may_miss:
                raise _invalid(
                    f"Name: {name}, Feature list '{key}' is required but could not be found.  Did you mean to include "
                    "it in feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?"
                )
            for i, step in enumerate(steps or []):
                if step is None:
                    raise _invalid(
                        f"Name: {name}, Key: {key}, Index: {i}.  Number of values != expected.  "
                        f"values size: 0 but output shape: {_shape_text(dims)}"
                    )
            values = np.concatenate([as_array([], dtype), *(s for s in steps or [] if s is not None)])
            if len(values) % size if size else len(values):
                raise _invalid(
                    f"Feature list '{key}' has an unexpected number of values.  Total values size: {len(values)} is "
                    f"not consistent with output shape: {_shape_text((None, *dims))}"
                )
            rows.append(values.reshape(-1, *dims))
        lengths = np.array([len(row) for row in rows], np.int64)
        if self.single:
            return rows[0], lengths[0]
        result = np.zeros(
            (len(rows), int(lengths.max(initial=0)), *dims), object if dtype is dtypes.string else dtype.as_numpy_dtype
        )
        if dtype is dtypes.string:
            result[...] = b""
        for i, row in enumerate(rows):
            result[i, : len(row)] = row
        return result, lengths
