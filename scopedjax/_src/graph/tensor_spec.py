"""`TensorSpec`: what a tensor must look like, without a tensor."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape, as_shape
from scopedjax._src.graph.tensor import Tensor


class TensorSpec:
    """A shape, a dtype and perhaps a name.

    Args:
      shape: TensorShape, or a list with None for free sizes, or None for any shape.
      dtype: DType.
      name: Name, or None.

    >>> tf.TensorSpec([None, 3], tf.float32).is_compatible_with(tf.zeros([2, 3]))
    True
    """

    __slots__ = ("_dtype", "_name", "_shape")

    def __init__(self, shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> None:
        self._shape = as_shape(shape)
        self._dtype = dtypes.as_dtype(dtype)
        self._name = name

    @classmethod
    def from_spec(cls, spec: Any, name: str | None = None) -> TensorSpec:
        """Returns the spec with another name.

        Args:
          spec: Anything with a shape, a dtype and a name.
          name: The name; that of `spec` by default.

        >>> tf.TensorSpec.from_spec(tf.TensorSpec([2], name="a"), "b").name
        'b'
        """
        return cls(spec.shape, spec.dtype, name or spec.name)

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """Returns the spec that a tensor has.

        Args:
          tensor: Tensor.
          name: The name; that of the node by default.

        Raises:
          ValueError: `tensor` is not a tensor.

        >>> tf.TensorSpec.from_tensor(tf.zeros([2, 3], name="z"))
        TensorSpec(shape=(2, 3), dtype=tf.float32, name='z')
        """
        if not isinstance(tensor, Tensor):
            raise ValueError(f"`tensor` should be a tf.Tensor, but got type {type(tensor)}.")
        return cls(tensor.shape, tensor.dtype, name or tensor.op.name)

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return self._shape

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype."""
        return self._dtype

    @property
    def name(self) -> str | None:
        """The name, or None."""
        return self._name

    def is_compatible_with(self, spec_or_tensor: Any) -> bool:
        """Returns whether a tensor, or a tensor of another spec, may stand for one of this spec.

        Args:
          spec_or_tensor: Anything with a shape and a dtype.
        """
        shape, dtype = getattr(spec_or_tensor, "shape", None), getattr(spec_or_tensor, "dtype", None)
        if dtype is None:
            return False
        return self._dtype.is_compatible_with(dtype) and self._shape.is_compatible_with(shape)

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TensorSpec):
            return NotImplemented
        same = self._dtype == other._dtype and self._name == other._name
        return same and _dims(self._shape) == _dims(other._shape)

    def __hash__(self) -> int:
        return hash((_dims(self._shape), self._dtype))


def _dims(shape: TensorShape) -> tuple[int | None, ...] | None:
    return None if shape.ndims is None else tuple(shape.as_list())
