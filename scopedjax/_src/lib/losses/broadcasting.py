"""Weights and the values that they weigh: which shapes fit, and weights in the shape of the values.

    values [B, T]     weights []  [B, T]  [B, 1]  [1, T]     fit
                      weights [B]  [T]  [1, B, T]            do not: a rank that differs is more often a slip than meant

Weights fit if they are a scalar, or have the rank of the values and in each dimension the size of the values or 1. The
rule is stricter than that of broadcasting. What is known of the shapes is checked when the graph is made; the rest by
an assertion over shapes alone, which is decided while a program is traced and costs nothing in a step.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.recording import control_dependencies, name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like, zeros_like
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import expand_dims, rank, shape, squeeze
from scopedjax._src.ops.array.slicing import slice_
from scopedjax._src.ops.control_flow.assertion import Assert
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.control_flow.grouping import no_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.comparison import equal
from scopedjax._src.ops.math.confusion import remove_squeezable_dimensions
from scopedjax._src.ops.math.reductions import reduce_all

_PROBLEM = "weights can not be broadcast to values."


def assert_broadcastable(weights: Any, values: Any) -> Operation:
    """Returns a node that fails where weights do not fit values.

    Args:
      weights: Tensor.
      values: Tensor.

    Raises:
      ValueError: what is known of the shapes shows that they do not fit.
    """
    with name_scope(None, "assert_broadcastable"):
        with name_scope(None, "weights") as scope:
            weights = convert_to_tensor(weights, name=scope)
            weights_shape, weights_rank = shape(weights, name="shape"), rank(weights, name="rank")
        with name_scope(None, "values") as scope:
            values = convert_to_tensor(values, name=scope)
            values_shape, values_rank = shape(values, name="shape"), rank(values, name="rank")
        if weights.ndim is not None and values.ndim is not None:
            if weights.ndim == 0:
                return no_op(name="static_scalar_check_success")
            _check_rank(weights, values)
            if None not in (*(weights.dims or ()), *(values.dims or ())):
                _check_sizes(weights, values)
                return no_op(name="static_dims_check_success")
        is_scalar = equal(0, weights_rank, name="is_scalar")
        fits = apply_op(
            "LogicalOr",
            is_scalar,
            _same_rank_and_sizes(weights_shape, weights_rank, values_shape, values_rank),
            name="is_valid_shape",
        )
        data = [_PROBLEM, "weights.shape=", weights.name, weights_shape, "values.shape=", values.name, values_shape]
        return Assert(fits, [*data, "is_scalar=", is_scalar], name="AssertGuard")


def _check_rank(weights: Tensor, values: Tensor) -> None:
    if weights.ndim != values.ndim:
        raise ValueError(
            f"{_PROBLEM} values.rank={values.ndim}. weights.rank={weights.ndim}. values.shape={values.shape}. "
            f"weights.shape={weights.shape}. Received weights={weights}, values={values}"
        )


def _check_sizes(weights: Tensor, values: Tensor) -> None:
    sizes, wanted = weights.shape.as_list(), values.shape.as_list()
    for axis, (size, value) in enumerate(zip(sizes, wanted, strict=True)):
        if size not in (1, value):
            raise ValueError(
                f"{_PROBLEM} Mismatch at dim {axis}. values.shape={wanted}, weights.shape={sizes}. Received "
                f"weights={weights}, values={values}"
            )


def _same_rank_and_sizes(sizes: Tensor, rank: Tensor, wanted: Tensor, wanted_rank: Tensor) -> Tensor:
    """Whether two shapes have one rank, and the first in each place the size of the second or 1."""
    with name_scope(None, "has_valid_nonscalar_shape"):
        same_rank = equal(wanted_rank, rank, name="is_same_rank")
        # Shapes of any two lengths can be compared once the second is as long as the first.
        padded = concat([wanted, zeros_like(sizes)], 0)
        fitted = slice_(padded, [0], expand_dims(rank, 0))
        fits = apply_op("LogicalOr", equal(sizes, 1), equal(sizes, fitted))
        return apply_op("LogicalAnd", same_rank, reduce_all(fits, axis=[0]))


def broadcast_weights(weights: Any, values: Any) -> Tensor:
    """Returns weights in the shape of values; they must fit as `assert_broadcastable` says.

    Args:
      weights: Tensor.
      values: Tensor.
    """
    with name_scope(None, "broadcast_weights") as scope:
        values = convert_to_tensor(values, name="values")
        weights = convert_to_tensor(weights, dtype=values.dtype.base_dtype, name="weights")
        dims = weights.dims
        if dims is not None and None not in dims and dims == values.dims:
            return weights
        with control_dependencies([assert_broadcastable(weights, values)]):
            return apply_op("Mul", weights, ones_like(values), name=scope)


def squeezed(
    labels: Any, predictions: Any, weights: Any = None, expected_rank_diff: int = 0
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Returns labels, predictions and weights without a last dimension of size 1 that one of them has too many.

    Args:
      labels: Tensor.
      predictions: Tensor.
      weights: Tensor or None.
      expected_rank_diff: By how much the rank of the predictions is to exceed that of the labels.
    """
    labels, predictions = remove_squeezable_dimensions(labels, predictions, expected_rank_diff)
    if weights is None:
        return labels, predictions, None
    weights = convert_to_tensor(weights)
    if weights.ndim == 0:
        return labels, predictions, weights
    if weights.ndim is not None and labels.ndim is not None:
        return labels, predictions, squeeze(weights, [-1]) if weights.ndim - labels.ndim == 1 else weights
    return labels, predictions, squeezed_if_longer(weights, labels)


def squeezed_if_longer(weights: Tensor, labels: Tensor) -> Tensor:
    """Returns weights without their last dimension where they have one more than the labels, found out in the run."""
    if weights.ndim is not None and weights.dims is not None and weights.dims[-1] not in (None, 1):
        return weights
    longer = equal(1, apply_op("Sub", rank(weights), rank(labels), name="sub"))
    return cond(longer, lambda: squeeze(weights, [-1]), lambda: weights)
