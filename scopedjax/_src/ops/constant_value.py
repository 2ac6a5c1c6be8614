"""What can be told about a tensor's value while the graph is recorded.

Shapes are often computed: `tf.reshape(x, [tf.shape(x)[0], -1])`. `constant_value` walks back over types that have a
NumPy rule to constants and known static shapes; `constant_value_as_dims` does the same for a vector that is a shape
of which only some entries are known. Both are bounded: large values are not folded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scopedjax._src.base.shapes import Dims, num_elements
from scopedjax._src.graph.tensor import Tensor

_MOST_ELEMENTS = 4096
_DEEPEST = 200


def constant_value(tensor: Tensor) -> np.ndarray | None:
    """Returns the value of `tensor` where it does not depend on anything that is known only at run time.

    The array is the graph's own where the tensor is a `Const`: do not write to it.
    """
    return _value(tensor, {}, 0)


def _value(tensor: Tensor, known: dict[Tensor, np.ndarray | None], depth: int) -> np.ndarray | None:
    op = tensor.op
    record = op.record
    if record is None or record.numpy is None and record.static_value is None:
        return None
    if not op.inputs:
        return record.evaluate_numpy(op, ())[tensor.value_index] if record.numpy is not None else None
    if tensor in known:
        return known[tensor]
    known[tensor] = None
    if depth > _DEEPEST:
        return None
    if record.static_value is not None:
        values: Sequence[np.ndarray | None] | None = record.static_value(op)
        if values is not None and values[tensor.value_index] is not None:
            known[tensor] = values[tensor.value_index]
            return known[tensor]
    if record.numpy is None or (num_elements(tensor._dims) or 0) > _MOST_ELEMENTS:
        return None
    inputs: list[np.ndarray] = []
    for item in op.inputs:
        value = _value(item, known, depth + 1)
        if value is None:
            return None
        inputs.append(value)
    result = record.evaluate_numpy(op, inputs)
    if result is not None:
        known[tensor] = np.asarray(result[tensor.value_index], tensor.dtype.base_dtype.as_numpy_dtype)
    return known[tensor]


def constant_value_as_dims(tensor: Tensor) -> Dims:
    """Returns an integer vector that is a shape as dims, with None for entries that are not known (or are -1).

    Returns None where not even its length is known.
    """
    value = constant_value(tensor)
    if value is not None:
        if value.ndim == 0:
            return None
        return tuple(int(v) if v >= 0 else None for v in value)
    record = tensor.op.record
    if record is not None and record.dims_value is not None:
        dims = record.dims_value(tensor.op, constant_value_as_dims)
        if dims is not None:
            return dims
    length = tensor._dims[0] if tensor._dims is not None and len(tensor._dims) == 1 else None
    return None if length is None else (None,) * length
