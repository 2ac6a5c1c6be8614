"""Order and counts: `sort`, `argsort`, `searchsorted`, `bincount`, `histogram_fixed_width`, and `repeat`.

TF1 sorts with `TopKV2` of all elements, negated for ascending order, and so is it recorded here.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.joining import transpose
from scopedjax._src.ops.array.shapes import expand_dims, rank, reshape, shape, shape_in_scope, size
from scopedjax._src.ops.array.slicing import subscript
from scopedjax._src.ops.constant import constant, constant_node
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, LoweringContext, declare
from scopedjax._src.ops.shape_context import ShapeContext

# ------------------------------------------------------------------------------------------------- sort, argsort


def _top(values: Tensor, axis: int, which: int) -> Tensor:
    """All elements in descending order along an axis (0), or where they were (1)."""
    count = subscript(shape(values), axis)
    dimensions = rank(values)
    if axis == -1 or (values.ndim is not None and axis == values.ndim - 1):
        return apply_op("TopKV2", values, count)[which]
    if values.ndim is None:
        swap = _swap(dimensions, axis)
        return transpose(apply_op("TopKV2", transpose(values, swap), count)[which], swap)
    at = axis % values.ndim
    order = [*range(at), values.ndim - 1, *range(at + 1, values.ndim - 1), at]
    swap = constant_node(np.asarray(order, np.int32), dtypes.int32, None, "transposition")
    return transpose(apply_op("TopKV2", transpose(values, swap), count)[which], swap)


def _swap(dimensions: Tensor, axis: int) -> Tensor:
    """The transposition of an axis with the last one, for a tensor whose rank is known when the program runs."""
    at: Any = axis if axis >= 0 else axis + dimensions
    order = apply_op("Range", 0, dimensions, 1, name="range")
    places = [[at], [dimensions - 1]]
    return apply_op("TensorScatterUpdate", order, places, [dimensions - 1, at])


def _axis_value(axis: Any) -> int:
    value = constant_value(convert_to_tensor(axis, name="axis"))
    if value is None:
        raise ValueError("`axis` must be a constant")
    if value.ndim:
        raise ValueError("`axis` must be a scalar")
    return int(value)


def _flipped(values: Tensor) -> Tensor:
    """Numbers in the opposite order: negated, or taken from the largest where the smallest has no negative."""
    kind = values.dtype.base_dtype
    if not kind.is_integer:
        return apply_op("Neg", values)
    if kind.is_unsigned:
        return apply_op("Sub", constant(kind.max, dtype=kind), values, name="sub")
    return apply_op("Sub", apply_op("Neg", values), 1, name="sub")


def _sorted(values: Any, axis: Any, direction: str, which: int) -> Tensor:
    at = _axis_value(axis)
    values = convert_to_tensor(values, name="values")
    if direction == "DESCENDING":
        return _top(values, at, which)
    if direction != "ASCENDING":
        raise ValueError(
            f"Argument `direction` should be one of ASCENDING, DESCENDING. Received: direction={direction}"
        )
    return _top(_flipped(values), at, which)


def sort(values: Any, axis: Any = -1, direction: str = "ASCENDING", name: str | None = None) -> Tensor:
    """Sorts a tensor along an axis.

    Args:
      values: Tensor of numbers.
      axis: The axis; the last by default.
      direction: "ASCENDING" or "DESCENDING".
      name: Name scope; defaults to "sort".

    Returns:
      Tensor like `values`.

    Raises:
      ValueError: `direction` is something else, or the axis is not a constant.

    >>> tf.Session().run(tf.sort([3.0, 1.0, 2.0])).tolist()
    [1.0, 2.0, 3.0]
    """
    with stacks.get_default_graph().name_scope(name or "sort"):
        top = _sorted(values, axis, direction, 0)
        return top if direction == "DESCENDING" else _flipped(top)  # twice is the number itself


def argsort(
    values: Any, axis: Any = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Tensor:
    """Returns the indices that sort a tensor along an axis; equal elements keep their order.

    Args:
      values: Tensor of numbers.
      axis: The axis; the last by default.
      direction: "ASCENDING" or "DESCENDING".
      stable: Has no effect: the sort always is.
      name: Name scope; defaults to "argsort".

    Returns:
      Tensor of int32 of the shape of `values`.

    >>> tf.Session().run(tf.argsort([3.0, 1.0, 2.0])).tolist()
    [1, 2, 0]
    """
    with stacks.get_default_graph().name_scope(name or "argsort"):
        return _sorted(values, axis, direction, 1)


# -------------------------------------------------------------------------------------------------- searchsorted


def _bounds_of(side: str) -> Any:
    def lower(sorted_inputs: Any, values: Any, *, out_type: Any) -> Any:
        if side == "left":
            before = sorted_inputs[:, None, :] < values[:, :, None]
        else:
            before = sorted_inputs[:, None, :] <= values[:, :, None]
        return jnp.sum(before, axis=-1, dtype=out_type.as_numpy_dtype)

    return lower


def _values_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(0, 2)
    return [c.require_rank(1, 2)]


for _type, _side in (("LowerBound", "left"), ("UpperBound", "right")):
    declare(
        f"{_type}(sorted_inputs: T, values: T; out_type: type = int32) -> output: out_type",
        _bounds_of(_side),
        shape=_values_dims,
        gradient=NO_GRADIENT,
        types={"out_type": dtypes.INDEX},
    )


def searchsorted(
    sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = dtypes.int32, name: str | None = None
) -> Tensor:
    """Tells where numbers would have to be put into sorted sequences.

    Args:
      sorted_sequence: Tensor `[..., n]`, ascending along the last axis.
      values: Tensor `[..., m]` of the same dtype.
      side: "left" (before equal elements) or "right" (after them).
      out_type: tf.int32 or tf.int64.
      name: Node name; defaults to "LowerBound" or "UpperBound".

    Returns:
      Integer tensor of the shape of `values`.

    Raises:
      ValueError: `side` is something else.

    >>> tf.Session().run(tf.searchsorted([1, 3, 5], [0, 3, 9])).tolist()
    [0, 1, 3]
    """
    if side not in ("left", "right"):
        raise ValueError(f"Argument `side` must be either 'right' or 'left'. Received: side = '{side}'.")
    length = subscript(shape_in_scope(sorted_sequence), -1)
    count = subscript(shape_in_scope(values), -1)
    rows = reshape(sorted_sequence, [-1, length])
    wanted = reshape(values, [-1, count])
    found = apply_op("LowerBound" if side == "left" else "UpperBound", rows, wanted, out_type=out_type, name=name)
    return reshape(found, shape_in_scope(values))


# ------------------------------------------------------------------------------------------------------- counts


def _counted(values: Any, count: int, weights: Any, binary: bool, dtype: Any) -> Any:
    flat = jnp.reshape(jnp.asarray(values), (-1,))
    places = jnp.where((flat < 0) | (flat >= count), count, flat)
    bins = jnp.zeros((count,), dtype)
    if binary:
        return bins.at[places].max(jnp.ones((), dtype), mode="drop")
    amounts = jnp.ones((), dtype) if not weights.size else jnp.reshape(jnp.asarray(weights), (-1,))
    return bins.at[places].add(amounts, mode="drop")


def _dense_bincount(ctx: LoweringContext, input: Any, size: Any, weights: Any, *, binary_output: bool) -> Any:
    count = int(size)
    if not ctx.lies_within(ctx.op.inputs[0], 0, 1 << 62):
        ctx.refuse(input < 0, input, "Input arr must be non-negative!")
    if input.ndim != 2:
        return _counted(input, count, weights, binary_output, weights.dtype)
    rows = [
        _counted(row, count, weights[i] if weights.size else weights, binary_output, weights.dtype)
        for i, row in enumerate(input)
    ]
    return jnp.stack(rows) if rows else jnp.zeros((0, count), weights.dtype)


def _bincount_dims(c: ShapeContext) -> list[Dims]:
    dims, count = c.dims(0), c.const(1)
    bins = None if count is None else int(count)
    if dims is None:
        return [None]
    return [(dims[0], bins) if len(dims) == 2 else (bins,)]


_WEIGHTS = {"T": (dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64)}
declare(
    "DenseBincount(input: Tidx, size: Tidx, weights: T; binary_output: bool = False) -> output: T",
    _dense_bincount,
    shape=_bincount_dims,
    static=("size",),
    guards=True,
    gradient=NO_GRADIENT,
    types={**_WEIGHTS, "Tidx": dtypes.INDEX},
)
declare(
    "Bincount(arr: int32, size: int32, weights: T) -> bins: T",
    lambda arr, size, weights: _counted(arr, int(size), weights, False, weights.dtype),
    shape=lambda c: [(None if c.const(1) is None else int(c.const(1)),)],  # type: ignore[arg-type]
    static=("size",),
    gradient=NO_GRADIENT,
    types=_WEIGHTS,
)


def bincount(
    arr: Any, weights: Any = None, minlength: Any = None, maxlength: Any = None, dtype: Any = dtypes.int32
) -> Tensor:
    """Counts how often each of the numbers 0, 1, 2, ... occurs.

    Args:
      arr: Tensor of int32, none negative.
      weights: Tensor of the shape of `arr`: what each element counts; 1 by default.
      minlength: Smallest number of results.
      maxlength: Largest number of results; larger elements are left out.
      dtype: Dtype of the result where there are no weights.

    Returns:
      1-D tensor, as long as the largest element plus 1.

    >>> tf.Session().run(tf.bincount([1, 1, 3])).tolist()
    [0, 2, 0, 1]
    """
    with stacks.get_default_graph().name_scope("bincount"):
        arr = convert_to_tensor(arr, name="arr", dtype=dtypes.int32)
        not_empty = apply_op("Cast", apply_op("Greater", size(arr), 0), DstT=dtypes.int32)
        from scopedjax._src.ops.math.reductions import reduce_max

        count = apply_op("Mul", not_empty, apply_op("AddV2", reduce_max(arr), 1, name="add"), name="mul")
        if minlength is not None:
            count = apply_op("Maximum", convert_to_tensor(minlength, dtype=dtypes.int32, name="minlength"), count)
        if maxlength is not None:
            count = apply_op("Minimum", convert_to_tensor(maxlength, dtype=dtypes.int32, name="maxlength"), count)
        flat = reshape(arr, [-1])
        amounts = constant([], dtype=dtype) if weights is None else reshape(weights, [-1])
        return apply_op("DenseBincount", flat, count, amounts)


def _bin_of(values: Any, value_range: Any, nbins: Any) -> Any:
    low, high = value_range[0], value_range[1]
    step = (high - low) / jnp.asarray(int(nbins), values.dtype)
    return jnp.clip(jnp.floor((values - low) / step), 0, int(nbins) - 1)


def _histogram(values: Any, value_range: Any, nbins: Any, *, dtype: Any) -> Any:
    places = _bin_of(jnp.reshape(values, (-1,)), value_range, nbins).astype(np.int32)
    return jnp.zeros((int(nbins),), dtype.as_numpy_dtype).at[places].add(1)


declare(
    "HistogramFixedWidth(values: T, value_range: T, nbins: int32; dtype: type = int32) -> out: dtype",
    _histogram,
    shape=lambda c: [(None if c.const(2) is None else int(c.const(2)),)],  # type: ignore[arg-type]
    static=("nbins",),
    gradient=NOT_DIFFERENTIABLE,
    types={**_WEIGHTS, "dtype": dtypes.INDEX},
)


def histogram_fixed_width(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = dtypes.int32, name: str | None = None
) -> Tensor:
    """Counts how many elements fall into each of `nbins` equal parts of a range.

    Args:
      values: Tensor of numbers; what lies outside counts for the first or the last part.
      value_range: Tensor `[2]` of the same dtype: lower and upper end.
      nbins: Integer scalar.
      dtype: Dtype of the counts.
      name: Node name; defaults to "histogram_fixed_width".

    Returns:
      Tensor `[nbins]`.

    >>> tf.Session().run(tf.histogram_fixed_width([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], [0.0, 5.0], 5)).tolist()
    [2, 1, 1, 0, 2]
    """
    with stacks.get_default_graph().name_scope(name or "histogram_fixed_width") as scope:
        return apply_op("HistogramFixedWidth", values, value_range, nbins, dtype=dtype, name=scope)


# -------------------------------------------------------------------------------------------------------- repeat


def repeat(input: Any, repeats: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """Repeats each element along an axis.

    Args:
      input: Tensor.
      repeats: Integer, or one for each element along the axis.
      axis: The axis; the flattened tensor by default.
      name: Name scope; defaults to "Repeat".

    Returns:
      Tensor.

    >>> tf.Session().run(tf.repeat([1, 2], [2, 3])).tolist()
    [1, 1, 2, 2, 2]
    """
    if axis is None:
        input, axis = reshape(input, [-1]), 0
    with stacks.get_default_graph().name_scope(name or "Repeat"):
        data = convert_to_tensor(input, name="input")
        counts = convert_to_tensor(repeats, dtype=dtypes.int32, name="repeats")
        if data.ndim is None:
            raise ValueError("repeat needs a tensor of known rank; use set_shape on its operand")
        at = axis % data.ndim
        return _repeated_alike(data, counts, at) if counts.ndim == 0 else _repeated_each(data, counts, at)


def _repeated_alike(data: Tensor, count: Tensor, axis: int) -> Tensor:
    rank_after = (data.ndim or 0) + 1
    times = [count if i == axis + 1 else 1 for i in range(rank_after)]
    tiled = apply_op("Tile", expand_dims(data, axis + 1), times)
    sizes = shape(data)
    wanted = [subscript(sizes, i) for i in range(rank_after - 1)]
    wanted[axis] = apply_op("Mul", count, wanted[axis], name="mul")
    return reshape(tiled, wanted)


def _repeated_each(data: Tensor, counts: Tensor, axis: int) -> Tensor:
    from scopedjax._src.ops.array.filling import range as tf_range
    from scopedjax._src.ops.array.gathering import gather
    from scopedjax._src.ops.array.selection import boolean_mask, sequence_mask
    from scopedjax._src.ops.math.reductions import reduce_max

    length = subscript(shape(data), axis)
    counts = apply_op("BroadcastTo", reshape(counts, [-1]), [length])
    longest = apply_op("Maximum", 0, reduce_max(counts))
    places = apply_op("Tile", expand_dims(tf_range(length), 1), [1, longest])
    # By way of a reshape the gradient is a whole tensor, as TF gives it, not rows.
    return gather(reshape(data, shape(data)), boolean_mask(places, sequence_mask(counts, longest)), axis=axis)
