"""Constants: the `Const` node, which carries its value as an attribute."""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import to_dims
from scopedjax._src.base.values import as_array
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.registry import BY_JAX, declare


def _const(*, value: np.ndarray) -> np.ndarray:
    return value


def _is_text(op: Operation) -> bool:
    return op.attrs["dtype"].name == "string"


_CONST = declare(
    "Const(; value: tensor, dtype: type) -> output: dtype",
    _const,
    shape=lambda c: [tuple(c.attr("value").shape)],
    numpy=_const,
    host=_is_text,
    gradient=BY_JAX,
)


def constant_node(value: Any, dtype: DType | None, shape: Any, name: str, verify_shape: bool = False) -> Tensor:
    """Records a `Const` node of the default graph; see `constant`."""
    array = as_array(value, dtype)
    if shape is not None:
        array = _fill(array, to_dims(shape), verify_shape, isinstance(value, np.ndarray | np.generic))
    found = dtype or as_dtype(array.dtype)
    graph = stacks.get_default_graph()
    op = graph.create_node("Const", name, (), (found,), (array.shape,), {"value": array, "dtype": found}, _CONST)
    return op.outputs[0]


def _fill(array: np.ndarray, dims: Any, verify_shape: bool, exact: bool) -> np.ndarray:
    """Spreads a value over a shape as TF1's `constant` does: the last element fills what is left.

    An empty shape takes nothing of a Python value (tf.zeros([2, 0]) is one), but refuses an array (`exact`).
    """
    if dims is None or None in dims:
        raise ValueError(f"a constant needs a fully defined shape, got {dims}")
    if verify_shape and array.shape != tuple(dims):
        raise TypeError(f"Expected Tensor's shape: {tuple(dims)}, but got {array.shape}.")
    size = int(np.prod(dims, dtype=np.int64))
    if array.size == size:
        return array.reshape(dims)
    if size == 0 and not exact:
        return np.empty(dims, array.dtype)
    if array.size > size:
        raise ValueError(
            f"Too many elements provided. Takes at most {size:d}, but got {array.size:d}. The value has shape "
            f"{array.shape}, the constant was asked to have shape {tuple(dims)}."
        )
    flat = np.empty(size, array.dtype)
    flat[: array.size] = array.ravel()
    flat[array.size :] = array.ravel()[-1] if array.size else b"" if array.dtype == object else 0
    return flat.reshape(dims)


def constant(
    value: Any, dtype: Any = None, shape: Any = None, name: str = "Const", verify_shape: bool = False
) -> Tensor:
    """Returns a tensor with a fixed value.

    Args:
      value: A number, string, array, or nest of lists.
      dtype: The dtype; by default the one of `value` (Python floats are float32, ints int32).
      shape: If given, `value` is reshaped to it, and a shorter one is filled up with its last element.
      name: Node name.
      verify_shape: Whether `value` must have the shape `shape` already.

    Raises:
      TypeError: the value does not fit the dtype, or `verify_shape` finds another shape.
      ValueError: the value has more elements than `shape`.

    >>> tf.Session().run(tf.constant(-1.0, shape=[2, 3])).tolist()
    [[-1.0, -1.0, -1.0], [-1.0, -1.0, -1.0]]
    """
    return constant_node(value, None if dtype is None else as_dtype(dtype), shape, name or "Const", verify_shape)
