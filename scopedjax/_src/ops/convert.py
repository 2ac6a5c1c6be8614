"""`convert_to_tensor`: how a Python value, an array, a variable, or a list with tensors in it becomes a tensor.

Types from higher floors (variables, sparse tensors) register how they convert; the first registered function that
matches and does not answer `NotImplemented` wins, by ascending priority, as in TF1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.tensor import Tensor

Conversion = Callable[..., Any]
_CONVERSIONS: list[tuple[int, int, Any, Conversion]] = []


def register_tensor_conversion_function(base_type: Any, conversion_func: Conversion, priority: int = 100) -> None:
    """Registers how objects of `base_type` become tensors.

    Args:
      base_type: A type or a tuple of types.
      conversion_func: `f(value, dtype=None, name=None, as_ref=False)`, returning a Tensor or NotImplemented.
      priority: Functions with a lower number are tried first.

    Raises:
      TypeError: `base_type` is not a type, or the function is not callable.
    """
    kinds = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(t, type) for t in kinds):
        raise TypeError("Argument `base_type` must be a type or a tuple of types.")
    if not callable(conversion_func):
        raise TypeError(f"Argument `conversion_func` must be callable. Received {conversion_func}.")
    _CONVERSIONS.append((priority, len(_CONVERSIONS), base_type, conversion_func))
    _CONVERSIONS.sort(key=lambda entry: entry[:2])


def graph_of(value: Any) -> Graph | None:
    """Returns the graph of a tensor, a variable, or another graph element; None for a plain value."""
    if isinstance(value, Tensor):
        return value.op.graph
    if isinstance(value, (int, float, str, bytes, np.ndarray, np.generic, list, tuple, dict)) or value is None:
        return None
    graph = getattr(value, "graph", None)
    return graph if isinstance(graph, Graph) else None


def infer_dtype(value: Any) -> DType | None:
    """Returns the dtype that `value` would have as a tensor, or None where it would have none."""
    dtype = getattr(value, "dtype", None)
    if isinstance(dtype, DType):
        return dtype.base_dtype
    from scopedjax._src.base.values import as_array

    try:
        return as_dtype(as_array(value).dtype)
    except (TypeError, ValueError):
        return None


def convert_to_tensor(
    value: Any,
    dtype: Any = None,
    name: str | None = None,
    preferred_dtype: Any = None,
    dtype_hint: Any = None,
) -> Tensor:
    """Returns `value` as a tensor of the default graph; a tensor is returned as it is.

    Args:
      value: Tensor, variable, array, number, string, or a nest of lists of these.
      dtype: The dtype that the tensor must have, or None for the value's own.
      name: Name of the node, if one has to be recorded.
      preferred_dtype: Taken where `dtype` is None and the value allows it.
      dtype_hint: The newer name of `preferred_dtype`.

    Raises:
      TypeError: no conversion is known.
      ValueError: a tensor of another dtype was given.

    >>> tf.convert_to_tensor([1, 2]).dtype, tf.convert_to_tensor(1, preferred_dtype=tf.float64).dtype
    (tf.int32, tf.float64)
    """
    return as_tensor(value, dtype, name, preferred_dtype if dtype_hint is None else dtype_hint)


def as_tensor(
    value: Any,
    dtype: Any = None,
    name: str | None = None,
    preferred_dtype: Any = None,
    as_ref: bool = False,
) -> Tensor:
    """Does what `convert_to_tensor` does; with `as_ref` a variable gives its handle, to be assigned to."""
    wanted = None if dtype is None else as_dtype(dtype).base_dtype
    if isinstance(value, Tensor):
        if wanted is not None and value.dtype.base_dtype is not wanted:
            raise ValueError(
                f"Tensor conversion requested dtype {wanted.name} for Tensor with dtype {value.dtype.base_dtype.name}: "
                f"{value!r}"
            )
        return value
    preferred = None if preferred_dtype is None else as_dtype(preferred_dtype).base_dtype
    for _, _, base_type, function in _CONVERSIONS:
        if not isinstance(value, base_type):
            continue
        if wanted is None and preferred is not None:
            try:
                result = function(value, dtype=preferred, name=name, as_ref=as_ref)
            except (TypeError, ValueError):
                result = NotImplemented
            if result is not NotImplemented:
                return result
        result = function(value, dtype=wanted, name=name, as_ref=as_ref)
        if result is NotImplemented:
            continue
        if wanted is not None and result.dtype.base_dtype is not wanted:
            raise RuntimeError(
                f"Conversion function for type {base_type} returned incompatible dtype: requested = {wanted.name}, "
                f"actual = {result.dtype.base_dtype.name}"
            )
        return result
    return _convert_plain(value, wanted, preferred, name)


def _convert_plain(value: Any, wanted: DType | None, preferred: DType | None, name: str | None) -> Tensor:
    from scopedjax._src.ops.constant import constant_node

    if isinstance(value, (list, tuple)) and _holds_tensor(value):
        from scopedjax._src.ops.array.packing import pack_nested

        return pack_nested(value, wanted, name or "packed")
    if wanted is None and preferred is not None:
        try:
            return constant_node(value, preferred, None, name or "Const")
        except (TypeError, ValueError):
            pass
    if value is None:
        raise ValueError("None values not supported.")
    return constant_node(value, wanted, None, name or "Const")


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_tensor(item) for item in value)
    return isinstance(value, Tensor) or graph_of(value) is not None
