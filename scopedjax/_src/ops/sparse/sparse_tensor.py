"""`SparseTensor`: a tensor given by the places and the values of its elements that are not empty.

    [[0, 7, 0],      indices [[0, 1], [1, 2]]     one row an element, in row-major order
     [0, 0, 8]]      values  [7, 8]
                     dense_shape [2, 3]

It is three tensors and no node of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.constant_value import constant_value_as_dims
from scopedjax._src.ops.convert import convert_to_tensor


class SparseTensorValue(NamedTuple):
    """What a run gives for a `SparseTensor`, and what can be fed for one.

    Attributes:
      indices: int64 array `[n, rank]`.
      values: Array `[n]`.
      dense_shape: int64 array `[rank]`.
    """

    indices: Any
    values: Any
    dense_shape: Any


class SparseTensor:
    """A sparse tensor in a graph.

    Args:
      indices: int64 tensor `[n, rank]`: the places.
      values: Tensor `[n]`: what is there.
      dense_shape: int64 tensor `[rank]`.

    Raises:
      ValueError: the shapes do not fit each other.

    >>> sparse = tf.SparseTensor(indices=[[0, 1]], values=[7.0], dense_shape=[2, 3])
    >>> sparse.get_shape().as_list(), sparse.dtype
    ([2, 3], tf.float32)
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        with name_scope(None, "SparseTensor", [indices, values, dense_shape]):
            try:
                indices = convert_to_tensor(indices, name="indices", dtype=dtypes.int64)
            except ValueError as error:
                raise ValueError(f"indices: {error}") from error
            values = convert_to_tensor(values, name="values")
            dense_shape = convert_to_tensor(dense_shape, name="dense_shape", dtype=dtypes.int64)
        self._static_shape = TensorShape(constant_value_as_dims(dense_shape))
        self._indices, self._values, self._dense_shape = indices, values, dense_shape
        places = indices.shape.with_rank(2)
        numbers, sizes = values.shape.with_rank(1), dense_shape.shape.with_rank(1)
        places.dims[0].assert_is_compatible_with(numbers.dims[0])
        places.dims[1].assert_is_compatible_with(sizes.dims[0])

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        """A `SparseTensor` of constants.

        Args:
          sparse_tensor_value: `SparseTensorValue`, or a `SparseTensor`.

        Raises:
          TypeError: it is neither.
        """
        if not isinstance(sparse_tensor_value, SparseTensor | SparseTensorValue):
            raise TypeError(
                f"Argument sparse_tensor_value={sparse_tensor_value} must be neither a SparseTensor nor "
                f"SparseTensorValue: got {type(sparse_tensor_value).__name__}"
            )
        value = sparse_tensor_value
        return cls(value.indices, value.values, value.dense_shape)

    def _composite_parts(self) -> tuple[Tensor, Tensor, Tensor]:
        return self._indices, self._values, self._dense_shape

    @classmethod
    def _composite_like(cls, parts: Sequence[Any]) -> SparseTensor:
        return cls(*parts)

    @property
    def indices(self) -> Tensor:
        """The places: int64, `[n, rank]`."""
        return self._indices

    @property
    def values(self) -> Tensor:
        """What is there: `[n]`."""
        return self._values

    @property
    def dense_shape(self) -> Tensor:
        """The shape of the dense tensor: int64, `[rank]`."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """The static shape of the dense tensor, as far as it is known."""
        return self._static_shape

    def get_shape(self) -> TensorShape:
        """Returns the static shape of the dense tensor."""
        return self._static_shape

    def set_shape(self, shape: Any) -> None:
        """Adds to what is known of the dense tensor's shape; records nothing.

        Args:
          shape: TensorShape, or list of sizes and None.

        Raises:
          ValueError: it contradicts what is known.
        """
        self._static_shape = self._static_shape.merge_with(TensorShape(shape))

    def consumers(self) -> list[Operation]:
        """Returns the nodes that take one of the three tensors."""
        parts = (self._indices, self._values, self._dense_shape)
        return list(dict.fromkeys(op for part in parts for op in part.consumers()))

    @property
    def dtype(self) -> DType:
        """The type of the values."""
        return self._values.dtype

    @property
    def op(self) -> Operation:
        """The operation that makes the values."""
        return self._values.op

    @property
    def graph(self) -> Graph:
        """The graph of the three tensors."""
        return self._indices.graph

    def with_values(self, new_values: Any) -> SparseTensor:
        """The same places with other values.

        Args:
          new_values: Tensor `[n]`.
        """
        return SparseTensor(self._indices, new_values, self._dense_shape)

    def eval(self, feed_dict: Any = None, session: Any = None) -> SparseTensorValue:
        """Runs the three tensors.

        Args:
          feed_dict: What to feed.
          session: The session; by default the one whose `with` block is open.
        """
        from scopedjax._src.graph.stacks import get_default_session

        session = session or get_default_session()
        if session is None:
            raise ValueError(
                "Cannot evaluate tensor using `eval()`: No default session is registered. Use `with sess.as_default()` "
                "or pass an explicit session to `eval(session=sess)`"
            )
        return SparseTensorValue(*session.run([self._indices, self._values, self._dense_shape], feed_dict=feed_dict))

    def __repr__(self) -> str:
        return f"SparseTensor(indices={self._indices}, values={self._values}, dense_shape={self._dense_shape})"


def is_sparse(value: Any) -> bool:
    """Whether `value` is a `SparseTensor` or a `SparseTensorValue`."""
    return isinstance(value, SparseTensor | SparseTensorValue)


def as_sparse(value: Any) -> SparseTensor:
    """Returns a `SparseTensor`, made of constants where a `SparseTensorValue` is given.

    Raises:
      TypeError: `value` is neither.
    """
    if isinstance(value, SparseTensorValue):
        return SparseTensor.from_value(value)
    if not isinstance(value, SparseTensor):
        raise TypeError(f"Input must be a SparseTensor. Received: {value} of type {type(value).__name__}.")
    return value


def as_sparse_list(values: Any) -> list[SparseTensor]:
    """Returns a list of `SparseTensor`s.

    Raises:
      TypeError: it is no list, or holds something else.
    """
    if not isinstance(values, (list, tuple)) or isinstance(values, SparseTensorValue):
        raise TypeError("Inputs must be a list or tuple.")
    return [as_sparse(value) for value in values]


def convert_to_tensor_or_sparse_tensor(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Returns a sparse tensor as it is and converts everything else to a tensor.

    Args:
      value: `SparseTensor`, `SparseTensorValue`, or anything that `tf.convert_to_tensor` takes.
      dtype: The dtype that the result must have, or None.
      name: Node name of a constant.

    Returns:
      A `SparseTensor` or a Tensor.

    Raises:
      RuntimeError: a sparse tensor of another dtype.

    >>> tf.convert_to_tensor_or_sparse_tensor([1, 2]).shape.as_list()
    [2]
    """
    if isinstance(value, SparseTensorValue):
        value = SparseTensor.from_value(value)
    if not isinstance(value, SparseTensor):
        return convert_to_tensor(value, dtype=dtype, name=name)
    if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype):
        wanted = dtypes.as_dtype(dtype).name
        raise RuntimeError(f"Sparse dtype mismatch. Requested: {wanted},  Actual: {value.dtype.name}")
    return value
