"""`convert_to_tensor_or_indexed_slices`: for values that may be sparse gradients."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices


def convert_to_tensor_or_indexed_slices(
    value: Any, dtype: Any = None, name: str | None = None
) -> Tensor | IndexedSlices:
    """Returns IndexedSlices as they are, and anything else as a tensor.

    Args:
      value: IndexedSlices, or what `tf.convert_to_tensor` takes.
      dtype: The dtype that the result must have, or None for the value's own.
      name: Name of the node, if one has to be recorded.

    Raises:
      ValueError: slices or a tensor of another dtype were given.

    >>> tf.convert_to_tensor_or_indexed_slices([1.0]).shape.as_list()
    [1]
    """
    if isinstance(value, IndexedSlices):
        if dtype is not None and as_dtype(dtype).base_dtype is not value.dtype.base_dtype:
            raise ValueError(
                f"Incompatible tensor conversion requested to `dtype` {as_dtype(dtype).name} for `value` ({value!s}) "
                f"with dtype {value.dtype.name}."
            )
        return value
    return convert_to_tensor(value, dtype=dtype, name=name)
