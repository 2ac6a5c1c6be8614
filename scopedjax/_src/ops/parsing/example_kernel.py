"""What `ParseExampleV2` computes: the features of serialized `Example`s as NumPy arrays.

The examples are parsed once, feature by feature; messages are those of TensorFlow's kernel, which begin with the name
of the example (when it is one of a batch), the key and the index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from google.protobuf.message import DecodeError

from scopedjax._src.base import dtypes, errors
from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.parsing.example_protos import Example

_KIND_OF_DTYPE: Final = {dtypes.float32: "float_list", dtypes.int64: "int64_list", dtypes.string: "bytes_list"}
_NAME_OF_KIND: Final = {"float_list": "float", "int64_list": "int64", "bytes_list": "string"}


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _shape_text(dims: Sequence[int | None]) -> str:
    return "[" + ",".join("?" if n is None else str(n) for n in dims) + "]"


def as_array(values: Any, dtype: DType) -> np.ndarray:
    """The values of one feature as a vector.

    Args:
      values: The repeated field of a feature's list.
      dtype: float32, int64 or string.
    """
    if dtype is dtypes.string:
        result = np.empty(len(values), object)
        result[:] = list(values)
        return result
    return np.fromiter(values, dtype.as_numpy_dtype, len(values))


@dataclass
class Batch:
    """Serialized examples, parsed.

    Attributes:
      features: For each example its features by name.
      names: For each example its name in messages.
      single: Whether it is one example without a batch dimension.
    """

    features: list[Any]
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
            raise _invalid(f"Expected len(names) == len(serialized), but got: {len(given)} vs. {serialized.size}")
        batch = cls([], given or ["<unknown>"] * serialized.size, serialized.ndim == 0)
        for at, data in enumerate(serialized.ravel()):
            try:
                batch.features.append(Example.FromString(data).features.feature)
            except DecodeError as error:
                raise _invalid(f"{batch._name(at)}Could not parse example input, value: '{data[:100]!r}'") from error
        return batch

    def _name(self, at: int) -> str:
        return "" if self.single else f"Name: {self.names[at]}, "

    def _place(self, at: int, key: str) -> str:
        return f"Key: {key}.  " if self.single else f"Name: {self.names[at]}, Key: {key}, Index: {at}.  "

    def _values(self, at: int, key: str, dtype: DType, mismatch: str) -> np.ndarray | None:
        """The values of a feature, or None where the example lacks it."""
        features = self.features[at]
        if key not in features:
            return None
        feature = features[key]
        kind = feature.WhichOneof("kind")
        if kind is None:
            return None
        if kind != _KIND_OF_DTYPE[dtype]:
            words = mismatch.format(_NAME_OF_KIND[kind], _NAME_OF_KIND[_KIND_OF_DTYPE[dtype]])
            raise _invalid(f"{self._place(at, key)}Data types don't match. {words}")
        return as_array(getattr(feature, kind).value, dtype)

    def sparse(self, key: str, dtype: DType) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One feature of any length as the parts of a sparse tensor.

        Args:
          key: Name of the feature.
          dtype: Its type.

        Returns:
          (indices, values, dense shape).

        Raises:
          InvalidArgumentError: an example holds another type.
        """
        rows = [self._values(i, key, dtype, "Expected type: {1}, Actual type: {0}") for i in range(len(self.features))]
        filled = [as_array([], dtype) if row is None else row for row in rows]
        lengths = np.array([len(row) for row in filled], np.int64)
        longest = int(lengths.max(initial=0))
        values = np.concatenate(filled) if filled else as_array([], dtype)
        within = np.concatenate([np.arange(n, dtype=np.int64) for n in lengths] or [np.zeros(0, np.int64)])
        if self.single:
            return within[:, None], values, np.array([longest], np.int64)
        indices = np.stack([np.repeat(np.arange(len(filled), dtype=np.int64), lengths), within], axis=1)
        return indices, values, np.array([len(filled), longest], np.int64)

    def dense(self, key: str, dims: Dims, default: np.ndarray) -> np.ndarray:
        """One feature as a dense array.

        Args:
          key: Name of the feature.
          dims: Shape of one example's values; None in front for any number of them.
          default: What stands for an absent feature; empty where it must be there; the padding where the number varies.

        Returns:
          Array `[batch, *dims]`, or `[*dims]` for a single example.

        Raises:
          InvalidArgumentError: a feature is absent, or holds another type or number of values.
        """
        dtype = as_dtype(object) if default.dtype == object else as_dtype(default.dtype)
        sizes = tuple(dims or ())
        varies = bool(sizes) and sizes[0] is None
        rows = [self._row(i, key, dtype, sizes, varies, default) for i in range(len(self.features))]
        if self.single:
            return rows[0]
        longest = max((len(row) for row in rows), default=0) if varies else None
        shape = (longest, *sizes[1:]) if varies else sizes
        result = np.empty((len(rows), *shape), default.dtype)  # type: ignore[arg-type]
        if varies:
            result[...] = default.item()
        for i, row in enumerate(rows):
            result[(i, slice(len(row))) if varies else (i, ...)] = row
        return result

    def _row(
        self, at: int, key: str, dtype: DType, dims: tuple[int | None, ...], varies: bool, default: np.ndarray
    ) -> np.ndarray:
        values = self._values(at, key, dtype, "Data type: {0} but expected type: {1}")
        if values is None:
            if varies:
                values = as_array([], dtype)
            elif default.size or 0 in dims:
                return default.reshape(dims)  # type: ignore[arg-type]
            else:
                raise _invalid(
                    f"{self._name(at)}Feature: {key} (data type: {_NAME_OF_KIND[_KIND_OF_DTYPE[dtype]]}) is required "
                    "but could not be found."
                )
        known = [n for n in dims if n is not None]
        stride = int(np.prod(known, dtype=np.int64))
        kind = _NAME_OF_KIND[_KIND_OF_DTYPE[dtype]]
        if varies and (len(values) % stride if stride else len(values)):
            raise _invalid(
                f"{self._place(at, key)}Number of {kind} values is not a multiple of stride length. Saw {len(values)} "
                f"values but output shape is: {_shape_text(dims)}"
            )
        if not varies and len(values) != stride:
            raise _invalid(
                f"{self._place(at, key)}Number of {kind} values != expected.  Values size: {len(values)} but output "
                f"shape: {_shape_text(dims)}"
            )
        return values.reshape((-1, *known)) if varies else values.reshape(dims)  # type: ignore[arg-type]
