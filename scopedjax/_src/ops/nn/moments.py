"""Means and variances over axes, as one pass (`moments`), weighted, or from sums (`sufficient_statistics`).

    moments(x, axes)                 mean, then the mean of (x - stop_gradient(mean)) ** 2
    normalize_moments(*sums)         mean and variance from the sums that several batches have in common

Half precision is widened to float32 and back.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import zeros_like
from scopedjax._src.ops.array.identity import stop_gradient
from scopedjax._src.ops.array.shapes import renamed_argument, shape, squeeze
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.reductions import reduce_mean, reduce_prod, reduce_sum
from scopedjax._src.ops.math.special import div_no_nan

Pair = tuple[Tensor, Tensor]


def moments(
    x: Any, axes: Any, shift: Any = None, name: str | None = None, keep_dims: Any = None, keepdims: Any = None
) -> Pair:
    """Computes the mean and the variance of `x` over axes.

    Args:
      x: Tensor.
      axes: List of axes, counted from the end where negative.
      shift: Not used.
      name: Name scope; defaults to "moments".
      keep_dims: Whether the axes stay, with size 1.
      keepdims: The later name of `keep_dims`.

    Returns:
      `(mean, variance)`; the variance is that of the whole (divided by the count).

    >>> mean, variance = tf.nn.moments(tf.constant([[1.0, 2.0], [3.0, 2.0]]), [0])
    >>> [v.tolist() for v in tf.Session().run([mean, variance])]
    [[2.0, 2.0], [1.0, 0.0]]
    """
    keep = renamed_argument("keepdims", keepdims, "keep_dims", keep_dims)
    with stacks.get_default_graph().name_scope(name or "moments"):
        x = convert_to_tensor(x)
        half = x.dtype.base_dtype is dtypes.float16
        wide = cast(x, dtypes.float32) if half else x
        mean = reduce_mean(wide, axes, keepdims=True, name="mean")
        deviation = apply_op("SquaredDifference", wide, stop_gradient(mean))
        variance = reduce_mean(deviation, axes, keepdims=True, name="variance")
        if not keep:
            mean, variance = squeeze(mean, axes), squeeze(variance, axes)
        if half:
            return cast(mean, dtypes.float16), cast(variance, dtypes.float16)
        return mean, variance


def weighted_moments(
    x: Any, axes: Any, frequency_weights: Any, name: str | None = None, keep_dims: Any = None, keepdims: Any = None
) -> Pair:
    """Computes the mean and the variance of `x` over axes, each element counted as often as its weight says.

    Args:
      x: Floating tensor.
      axes: List of axes.
      frequency_weights: Tensor that broadcasts with `x`.
      name: Name scope; defaults to "weighted_moments".
      keep_dims: Whether the axes stay, with size 1.
      keepdims: The later name of `keep_dims`.

    Returns:
      `(mean, variance)`; zeros where all weights are zero.

    >>> mean, _ = tf.nn.weighted_moments([1.0, 4.0], [0], [2.0, 1.0])
    >>> float(tf.Session().run(mean))
    2.0
    """
    keep = renamed_argument("keepdims", keepdims, "keep_dims", keep_dims)
    with stacks.get_default_graph().name_scope(name or "weighted_moments"):
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(frequency_weights, name="frequency_weights")
        half = x.dtype.base_dtype is dtypes.float16
        if half:
            x = cast(x, dtypes.float32)
        if weights.dtype.base_dtype is not x.dtype.base_dtype:
            weights = cast(weights, x.dtype)
        total = reduce_sum(apply_op("Mul", weights, x, name="mul"), axes, name="weighted_input_sum", keepdims=True)
        # Weights of size 1 along an axis count once for each element of x.
        spread = apply_op("AddV2", weights, zeros_like(x), name="add")
        count = reduce_sum(spread, axes, name="sum_of_weights", keepdims=True)
        mean = div_no_nan(total, count)
        deviation = apply_op("SquaredDifference", x, mean)
        squares = apply_op("Mul", weights, deviation, name="mul")
        variance = div_no_nan(reduce_sum(squares, axes, name="weighted_distsq", keepdims=True), count)
        if not keep:
            mean, variance = squeeze(mean, axes), squeeze(variance, axes)
        if half:
            return cast(mean, dtypes.float16), cast(variance, dtypes.float16)
        return mean, variance


def sufficient_statistics(
    x: Any, axes: Any, shift: Any = None, keep_dims: Any = None, name: str | None = None, keepdims: Any = None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Computes the sums from which `normalize_moments` makes mean and variance.

    Args:
      x: Floating tensor.
      axes: List of axes.
      shift: Number near the mean, subtracted first: keeps digits.
      keep_dims: Whether the axes stay, with size 1.
      name: Name scope; defaults to "sufficient_statistics".
      keepdims: The later name of `keep_dims`.

    Returns:
      `(count, sum of x - shift, sum of squares of x - shift, shift or None)`.

    >>> count, total, squares, _ = tf.nn.sufficient_statistics([1.0, 2.0, 3.0], [0])
    >>> [float(v) for v in tf.Session().run([count, total, squares])]
    [3.0, 6.0, 14.0]
    """
    keep = renamed_argument("keep_dims", keep_dims, "keepdims", keepdims)
    axes = sorted(set(axes))
    with stacks.get_default_graph().name_scope(name or "sufficient_statistics"):
        x = convert_to_tensor(x, name="x")
        count = _count(x, axes)
        if shift is None:
            part, squares = x, apply_op("Square", x)
        else:
            shift = convert_to_tensor(shift, name="shift")
            part = apply_op("Sub", x, shift)
            squares = apply_op("SquaredDifference", x, shift)
        total = reduce_sum(part, axes, keepdims=keep, name="mean_ss")
        return count, total, reduce_sum(squares, axes, keepdims=keep, name="var_ss"), shift


def _count(x: Tensor, axes: list[int]) -> Tensor:
    """How many elements of `x` are added up over `axes`, in its dtype."""
    dims = x.dims
    if dims is not None and all(dims[a] is not None for a in axes):
        return constant(float(math.prod(dims[a] or 0 for a in axes)), dtype=x.dtype)
    positive = [a + x.ndim if a < 0 and x.ndim is not None else a for a in axes]
    if x.ndim is not None:
        constant(np.asarray(x.ndim, np.int32), name="Rank")
    sizes = cast(shape(x), x.dtype)
    return reduce_prod(apply_op("GatherV2", sizes, positive, 0), name="count")


def normalize_moments(counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None) -> Pair:
    """Makes mean and variance from sums; see `sufficient_statistics`.

    Args:
      counts: Number of elements.
      mean_ss: Sum of the elements, minus the shift.
      variance_ss: Sum of their squares.
      shift: What was subtracted from each, or None.
      name: Name scope; defaults to "normalize".

    Returns:
      `(mean, variance)`.

    >>> mean, variance = tf.nn.normalize_moments(2.0, [4.0], [10.0], None)
    >>> [v.tolist() for v in tf.Session().run([mean, variance])]
    [[2.0], [1.0]]
    """
    with stacks.get_default_graph().name_scope(name or "normalize"):
        divisor = apply_op("Reciprocal", counts, name="divisor")
        if shift is None:
            mean = shifted = apply_op("Mul", mean_ss, divisor, name="mean")
        else:
            shifted = apply_op("Mul", mean_ss, divisor, name="shifted_mean")
            mean = apply_op("AddV2", shifted, shift, name="mean")
        scaled = apply_op("Mul", variance_ss, divisor)
        return mean, apply_op("Sub", scaled, apply_op("Square", shifted), name="variance")
