"""`IndexedSlices`: some rows of a tensor; what the gradient of a gather is.

A gradient of an embedding touches a few rows. Kept as (values, indices) down to the optimizer's update it costs those
rows only; as a dense tensor it would cost the whole table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.convert import register_tensor_conversion_function


class IndexedSlicesValue(NamedTuple):
    """What an `IndexedSlices` is fetched as, and may be fed: NumPy arrays."""

    values: Any
    indices: Any
    dense_shape: Any


class IndexedSlices:
    """A sparse representation of a tensor by slices of it.

    The dense tensor has `dense[indices[i], ...] == values[i, ...]` (rows that occur twice add up), and zeros elsewhere.

    Args:
      values: Tensor `[n, ...]`.
      indices: Integer tensor `[n]`.
      dense_shape: 1-D integer tensor, or None.

    >>> s = tf.IndexedSlices(tf.constant([[1., 2.]]), tf.constant([3]), tf.constant([5, 2]))
    >>> s.values.shape.as_list(), s.indices.shape.as_list()
    ([1, 2], [1])
    """

    def __init__(self, values: Tensor, indices: Tensor, dense_shape: Tensor | None = None) -> None:
        self._values = values
        self._indices = indices
        self._dense_shape = dense_shape

    def _composite_parts(self) -> tuple[Tensor, ...]:
        parts = self._values, self._indices, self._dense_shape
        return parts if parts[2] is not None else parts[:2]  # type: ignore[return-value]

    @classmethod
    def _composite_like(cls, parts: Sequence[Any]) -> IndexedSlices:
        return cls(*parts)

    @property
    def values(self) -> Tensor:
        """The rows."""
        return self._values

    @property
    def indices(self) -> Tensor:
        """Which rows they are."""
        return self._indices

    @property
    def dense_shape(self) -> Tensor | None:
        """The shape of the whole tensor, or None."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """The static shape of the whole tensor, as far as it is known."""
        from scopedjax._src.ops.constant_value import constant_value_as_dims

        return TensorShape(None if self._dense_shape is None else constant_value_as_dims(self._dense_shape))

    def get_shape(self) -> TensorShape:
        """Returns the static shape of the whole tensor."""
        return self.shape

    @property
    def name(self) -> str:
        """The name of the values."""
        return self._values.name

    @property
    def device(self) -> str:
        """The device of the values."""
        return self._values.device

    @property
    def op(self) -> Any:
        """The node that makes the values."""
        return self._values.op

    @property
    def dtype(self) -> Any:
        """The dtype of the values."""
        return self._values.dtype

    @property
    def graph(self) -> Graph:
        """The graph of the values."""
        return self._values.graph

    def consumers(self) -> list[Any]:
        """Returns the nodes that take the values."""
        return self._values.consumers()

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self._values, self._indices, self._dense_shape)  # type: ignore[operator]

    def __str__(self) -> str:
        shape = "" if self._dense_shape is None else f", dense_shape={self._dense_shape}"
        return f"IndexedSlices(indices={self._indices}, values={self._values}{shape})"

    __repr__ = __str__


def _to_dense(value: IndexedSlices, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    from scopedjax._src.ops.apply import apply_op

    if dtype is not None and value.dtype.base_dtype is not dtype:
        raise ValueError(
            f"Tensor conversion requested dtype {dtype.name} for IndexedSlices with dtype {value.dtype.name}"
        )
    if value.dense_shape is None:
        raise ValueError(
            "Tensor conversion requested for IndexedSlices for which the dense shape is unknown: "
            f"{value}. Give it a dense_shape."
        )
    size = apply_op("StridedSlice", value.dense_shape, [0], [1], [1], shrink_axis_mask=1)
    return apply_op("UnsortedSegmentSum", value.values, value.indices, size, name=name)


register_tensor_conversion_function(IndexedSlices, _to_dense)
