"""Sums of many tensors at once: `add_n`, `accumulate_n`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, as_shape, fully_known, merge_dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.registry import Gradient, declare
from scopedjax._src.ops.shape_context import ShapeContext


def _common_dims(c: ShapeContext) -> list[Dims]:
    dims: Dims = None
    for given in reversed(c.all_dims()):
        try:
            dims = merge_dims(given, dims)
        except ValueError as error:
            raise c.fail(f"{error}\n\tFrom merging shape 0 with other shapes.") from None
    return [dims]


def _total(inputs: list[Any]) -> Any:
    total = jnp.asarray(inputs[0])
    for value in inputs[1:]:
        total = total + value
    return total


def _to_each(op: Operation, grad: Any) -> list[Any]:
    return [grad] * len(op.inputs)


_TYPES = {"T": dtypes.NUMERIC}
declare(
    "AddN(inputs: N * T) -> sum: T",
    _total,
    shape=_common_dims,
    gradient=Gradient("function", _to_each),
    types={"T": (*dtypes.NUMERIC, dtypes.variant)},  # lists of tensors are added element by element
)
declare(
    "AccumulateNV2(inputs: N * T; shape: shape) -> sum: T",
    _total,
    shape=_common_dims,
    gradient=Gradient("function", _to_each),
    types=_TYPES,
)


def add_n(inputs: Any, name: str | None = None) -> Tensor:
    """Adds tensors of one shape.

    Args:
      inputs: List of tensors or IndexedSlices.
      name: Node name; defaults to "AddN".

    Returns:
      Tensor; the one input itself where there is only one and no name is given.

    Raises:
      ValueError: the list is empty, or the shapes differ.

    >>> tf.Session().run(tf.add_n([tf.constant([1, 2]), tf.constant([3, 4])])).tolist()
    [4, 6]
    """
    message = "Inputs must be an iterable of at least one Tensor/IndexedSlices with the same dtype and shape."
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise ValueError(message)
    try:
        tensors = [convert_to_tensor(v) for v in inputs]
    except (TypeError, ValueError) as error:
        raise ValueError(message) from error
    if len(tensors) == 1:
        if isinstance(inputs[0], IndexedSlices):
            return tensors[0] if name is None else apply_op("Identity", tensors[0], name=name)
        return tensors[0] if not name else apply_op("Identity", tensors[0], name=name)
    return apply_op("AddN", tensors, name=name)


def accumulate_n(inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None) -> Tensor:
    """Adds tensors of one shape; the same as `add_n`, with a check of shape and dtype.

    Args:
      inputs: List of tensors.
      shape: Static shape that they must have.
      tensor_dtype: Dtype that they must have.
      name: Node name; defaults to "AddN".

    Returns:
      Tensor.

    Raises:
      ValueError: the list is empty, or the shapes differ.
      TypeError: the dtypes differ.

    >>> tf.Session().run(tf.accumulate_n([tf.constant([1, 2]), tf.constant([3, 4])])).tolist()
    [4, 6]
    """
    if not inputs or not isinstance(inputs, (list, tuple)):
        raise ValueError("inputs must be a list of at least one Tensor/IndexedSlices with the same dtype and shape")
    tensors = [convert_to_tensor(v) for v in inputs]
    kind = tensors[0].dtype.base_dtype
    if any(t.dtype.base_dtype is not kind for t in tensors):
        raise TypeError("inputs must be a list of at least one Tensor/IndexedSlices with the same dtype and shape")
    if tensor_dtype is not None and dtypes.as_dtype(tensor_dtype) is not kind:
        raise TypeError(
            f"The `tensor_dtype` argument is {tensor_dtype}, but `input` is of type {kind}. These must be equal."
        )
    common = as_shape(shape)
    for tensor in tensors:
        common = common.merge_with(tensor.shape)
    if len(tensors) == 1 and name is None:
        return tensors[0]
    if len(tensors) == 1:
        return apply_op("Identity", tensors[0], name=name)
    result = apply_op("AddN", tensors, name=name)
    if fully_known(common._dims):
        result.set_shape(common)
    return result
