"""Feeds: what the keys of a `feed_dict` stand for, and the conversion of values to what a tensor holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.state.session_tensors import TensorHandle
from scopedjax._src.runtime.fetches import feed_expansion


def feed_tensor(graph: Graph, key: Any) -> Tensor:
    """Returns the tensor that a key of a `feed_dict` stands for.

    Raises:
      TypeError: it stands for none.
      ValueError: the tensor may not be fed.
    """
    try:
        tensor = graph.as_graph_element(key, allow_tensor=True, allow_operation=False)
    except Exception as error:
        text = error.args[0] if isinstance(error, KeyError) and error.args else error
        raise TypeError(f"Cannot interpret feed_dict key as Tensor: {text}") from error
    if not graph.is_feedable(tensor):
        raise ValueError(f"Tensor {tensor.name} may not be fed.")
    return tensor


def expand_feeds(feed_dict: Mapping[Any, Any]) -> dict[Any, Any]:
    """Returns a feed in which keys that stand for several tensors are taken apart.

    A key may be a structure of tensors (`{lstm_state: (c, h)}`), or an object such as a SparseTensor.

    Raises:
      ValueError: key and value hold different numbers of elements, or a tensor is fed twice.
    """
    if all(isinstance(key, (Tensor, str)) for key in feed_dict):
        return dict(feed_dict)
    feed_dict = nest.flatten_dict_items(feed_dict)
    expanded: dict[Any, Any] = {}
    for key, value in feed_dict.items():
        expand = feed_expansion(key)
        expanded.update(expand(key, value) if expand is not None else [(key, value)])
    return expanded


def converter(tensor: Tensor) -> Callable[[Any], Any]:
    """Returns the function that makes a fed value into what `tensor` holds, checked against its static shape."""
    dtype = tensor.dtype.base_dtype
    if dtype.name == "string":
        return lambda value: _checked(
            tensor, value.value_for(tensor) if isinstance(value, TensorHandle) else _as_text(value)
        )
    if dtype.name in ("resource", "variant"):
        return lambda value: value
    numpy_type = np.dtype(dtype.as_numpy_dtype)
    dims = tensor._dims

    def convert(value: Any) -> Any:
        kind = type(value)
        if kind is not np.ndarray or value.dtype != numpy_type:
            if isinstance(value, jax.Array) and value.dtype == numpy_type:
                return _checked(tensor, value)
            value = value.value_for(tensor) if isinstance(value, TensorHandle) else _to_numpy(tensor, value, numpy_type)
        if value.shape != dims:
            _checked(tensor, value)
        return value

    return convert


def _to_numpy(tensor: Tensor, value: Any, numpy_type: np.dtype[Any]) -> np.ndarray:
    if isinstance(value, Tensor) or hasattr(value, "_as_graph_element"):
        raise TypeError(
            "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python scalars, strings, "
            f"lists, numpy ndarrays, or TensorHandles. For reference, the tensor object was {value} which was passed "
            f"to the feed with key {tensor}."
        )
    if type(value) is int and numpy_type.kind in "iu":
        limits = np.iinfo(numpy_type)
        if not limits.min <= value <= limits.max:
            raise TypeError(
                f"Type of feed value {value} with type {type(value)} is not compatible with Tensor type "
                f"{numpy_type.type}. Try explicitly setting the type of the feed tensor to a larger type (e.g. int64)."
            )
    try:
        return np.asarray(value, dtype=numpy_type)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{error} (feeding {tensor.name}, which holds {tensor.dtype.base_dtype.name})") from error


def _as_text(value: Any) -> np.ndarray:
    """Returns an object array of bytes."""
    array = np.asarray(value, dtype=object)
    if array.size and any(isinstance(item, str) for item in array.ravel()):
        flat = [item.encode() if isinstance(item, str) else item for item in array.ravel()]
        filled = np.empty(len(flat), object)
        filled[:] = flat
        array = filled.reshape(array.shape)
    for item in array.ravel():
        if not isinstance(item, bytes):
            raise TypeError(f"Unsupported object type {type(item).__name__}: a string tensor takes str or bytes.")
    return array


def _checked(tensor: Tensor, value: Any) -> Any:
    dims = tensor._dims
    if dims is None:
        return value
    shape = value.shape
    if len(shape) == len(dims) and all(d is None or d == s for d, s in zip(dims, shape, strict=True)):
        return value
    raise ValueError(
        f"Cannot feed value of shape {tuple(shape)!r} for Tensor {tensor.name}, "
        f"which has shape {str(tensor.get_shape())}"
    )
