"""Choosing elements by value: `where`, `boolean_mask`, `unique`, `dynamic_partition`, `setdiff1d`, `sequence_mask`.

How many elements are chosen is known only when the values are there, so these run on the host, between two compiled
programs; what follows them is compiled for the size that came out.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, compatible, from_dims, merge_dims, num_elements
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.gathering import gather
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import expand_dims, reshape, shape, squeeze
from scopedjax._src.ops.array.slicing import subscript
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import NO_GRADIENT, Gradient, declare
from scopedjax._src.ops.shape_context import ShapeContext

# -------------------------------------------------------------------------------------------------------- Where


def _places(input: Any) -> Any:
    return np.argwhere(input).astype(np.int64).reshape(-1, np.ndim(input))


declare(
    "Where(input: T; T: type = bool) -> index: int64",
    _places,
    shape=lambda c: [(None, None if c.dims(0) is None else len(c.dims(0) or ()))],
    numpy=_places,
    host=True,
    gradient=NO_GRADIENT,
)


def boolean_mask(tensor: Any, mask: Any, name: str = "boolean_mask", axis: Any = None) -> Tensor:
    """Keeps the elements of a tensor where a mask is true.

    Args:
      tensor: Tensor of rank N.
      mask: Tensor of bool of known rank K <= N; its shape is that of `tensor` from `axis` on.
      name: Name scope.
      axis: Where the mask begins; 0 by default.

    Returns:
      Tensor of rank N - K + 1: the axes of the mask become one.

    Raises:
      ValueError: the shapes do not fit.

    >>> tf.Session().run(tf.boolean_mask([0, 1, 2, 3], [True, False, True, False])).tolist()
    [0, 2]
    """
    with stacks.get_default_graph().name_scope(name):
        tensor = convert_to_tensor(tensor, name="tensor")
        mask = convert_to_tensor(mask, name="mask")
        known = constant_value(axis) if isinstance(axis, Tensor) else axis
        at = 0 if known is None else int(known)
        count = mask.ndim
        if count == 0:
            raise ValueError("mask cannot be scalar.")
        if count is None:
            raise ValueError(
                "Number of mask dimensions must be specified, even if some dimensions are None.  E.g. shape=[None] is "
                "ok, but shape=None is not."
            )
        dims = tensor.dims
        if dims is not None:
            at += len(dims) if at < 0 else 0
            if not compatible(dims[at : at + count], mask.dims):
                raise ValueError(f"Shapes {from_dims(dims[at : at + count])} and {mask.shape} are incompatible")
        flat = _flattened(tensor, at, count)
        places = squeeze(apply_op("Where", reshape(mask, [-1])), axis=[1])
        return gather(flat, places, axis=at)


def _flattened(tensor: Tensor, at: int, count: int) -> Tensor:
    """The tensor with the axes that the mask covers made one."""
    leading = apply_op("Prod", subscript(shape(tensor), slice(at, at + count)), [0])
    before = subscript(shape(tensor), slice(None, at))
    after = subscript(shape(tensor), slice(at + count, None))
    flat = reshape(tensor, concat([before, [leading], after], 0))
    if tensor.dims is not None:
        dims = tensor.dims
        flat.set_shape((*dims[:at], num_elements(dims[at : at + count]), *dims[at + count :]))
    return flat


# ------------------------------------------------------------------------------------------------------- unique


def _unique(x: Any, out: Any) -> tuple[Any, Any, Any]:
    """Different elements in order of first appearance, for each element its number there, and how often each occurs."""
    if x.dtype == object:
        numbers: dict[Any, int] = {}
        index = np.asarray([numbers.setdefault(v, len(numbers)) for v in x], out)
        counts = np.bincount(index, minlength=len(numbers)).astype(out)
        return np.asarray(list(numbers), object), index, counts
    values, first, inverse, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return values[order], place[inverse.reshape(-1)].astype(out), counts[order].astype(out)


def _unique_rows(x: Any, axis: Any, out: Any) -> tuple[Any, Any, Any]:
    axes = np.asarray(axis).reshape(-1)
    if not axes.size:
        if x.ndim != 1:
            raise ValueError("unique expects a 1D vector.")
        return _unique(x, out)
    moved = np.moveaxis(x, int(axes[0]), 0)
    rows = moved.reshape(moved.shape[0], -1)
    _, first, inverse, counts = np.unique(rows, axis=0, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    values = np.moveaxis(moved[first[order]], 0, int(axes[0]))
    return values, place[inverse.reshape(-1)].astype(out), counts[order].astype(out)


def _unique_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(0, 1)
    return [(None,), c.dims(0), (None,)][: len(c.record.signature.outputs)]


def _unique_rows_dims(c: ShapeContext) -> list[Dims]:
    dims, axis = c.dims(0), c.const(1)
    if dims is None or axis is None:
        return [None if dims is None else (None,) * len(dims), (None,), (None,)][: len(c.record.signature.outputs)]
    at = int(np.asarray(axis).reshape(-1)[0]) if np.asarray(axis).size else 0
    at += len(dims) if at < 0 else 0
    found: list[Dims] = [tuple(None if i == at else d for i, d in enumerate(dims)), (dims[at],), (None,)]
    return found[: len(c.record.signature.outputs)]


_OUT = {"out_idx": dtypes.INDEX}
declare(
    "Unique(x: T; out_idx: type = int32) -> y: T, idx: out_idx",
    lambda x, *, out_idx: _unique(x, out_idx.as_numpy_dtype)[:2],
    shape=_unique_dims,
    host=True,
    gradient=NO_GRADIENT,
    types=_OUT,
)
declare(
    "UniqueWithCounts(x: T; out_idx: type = int32) -> y: T, idx: out_idx, count: out_idx",
    lambda x, *, out_idx: _unique(x, out_idx.as_numpy_dtype),
    shape=_unique_dims,
    host=True,
    gradient=NO_GRADIENT,
    types=_OUT,
)
declare(
    "UniqueV2(x: T, axis: Taxis; Taxis: type = int64, out_idx: type = int32) -> y: T, idx: out_idx",
    lambda x, axis, *, out_idx: _unique_rows(x, axis, out_idx.as_numpy_dtype)[:2],
    shape=_unique_rows_dims,
    host=True,
    gradient=NO_GRADIENT,
    types=_OUT,
)
declare(
    "UniqueWithCountsV2(x: T, axis: Taxis; Taxis: type = int64, out_idx: type = int32) "
    "-> y: T, idx: out_idx, count: out_idx",
    lambda x, axis, *, out_idx: _unique_rows(x, axis, out_idx.as_numpy_dtype),
    shape=_unique_rows_dims,
    host=True,
    gradient=NO_GRADIENT,
    types=_OUT,
)

_UniqueOutput = namedtuple("Unique", ["y", "idx"])
_UniqueWithCountsOutput = namedtuple("UniqueWithCounts", ["y", "idx", "count"])
_ListDiffOutput = namedtuple("ListDiff", ["out", "idx"])


def unique(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    """Finds the different elements of a vector, in order of first appearance.

    Args:
      x: 1-D tensor.
      out_idx: Dtype of `idx`: tf.int32 or tf.int64.
      name: Node name; defaults to "Unique".

    Returns:
      `(y, idx)` with `x[i] == y[idx[i]]`.

    >>> y, idx = tf.unique([1, 1, 2, 4, 4])
    >>> tf.Session().run(y).tolist(), tf.Session().run(idx).tolist()
    ([1, 2, 4], [0, 0, 1, 2, 2])
    """
    return _UniqueOutput(*apply_op("Unique", x, out_idx=out_idx, name=name))


def unique_with_counts(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    """Finds the different elements of a vector, and how often each occurs.

    Args:
      x: 1-D tensor.
      out_idx: Dtype of `idx` and `count`: tf.int32 or tf.int64.
      name: Node name; defaults to "UniqueWithCounts".

    Returns:
      `(y, idx, count)` with `x[i] == y[idx[i]]`.

    >>> tf.Session().run(tf.unique_with_counts([1, 1, 2]).count).tolist()
    [2, 1]
    """
    return _UniqueWithCountsOutput(*apply_op("UniqueWithCounts", x, out_idx=out_idx, name=name))


def _list_diff(x: Any, y: Any, *, out_idx: Any) -> tuple[Any, Any]:
    kept = ~np.isin(x, y) if x.dtype != object else np.asarray([v not in set(y) for v in x], np.bool_)
    return x[kept], np.flatnonzero(kept).astype(out_idx.as_numpy_dtype)


declare(
    "ListDiff(x: T, y: T; out_idx: type = int32) -> out: T, idx: out_idx",
    _list_diff,
    shape=lambda c: [(None,), (None,)],
    host=True,
    gradient=NO_GRADIENT,
    types=_OUT,
)


def setdiff1d(x: Any, y: Any, index_dtype: Any = dtypes.int32, name: str | None = None) -> Any:
    """Finds the elements of `x` that are not in `y`, in the order of `x`.

    Args:
      x: 1-D tensor.
      y: 1-D tensor of the same dtype.
      index_dtype: Dtype of `idx`: tf.int32 or tf.int64.
      name: Node name; defaults to "ListDiff".

    Returns:
      `(out, idx)` with `out[i] == x[idx[i]]`.

    >>> tf.Session().run(tf.setdiff1d([1, 2, 3, 4], [2, 4]).out).tolist()
    [1, 3]
    """
    return _ListDiffOutput(*apply_op("ListDiff", x, y, out_idx=index_dtype, name=name))


# ------------------------------------------------------------------------------------- partition and stitch


def _partition_dims(c: ShapeContext) -> list[Dims]:
    data, partitions, count = c.dims(0), c.dims(1), c.attr("num_partitions")
    if data is None or partitions is None:
        return [None] * count
    try:
        merge_dims(data[: len(partitions)], partitions)
    except ValueError as error:
        raise c.fail(str(error)) from None
    return [(None, *data[len(partitions) :])] * count


def _dynamic_partition(data: Any, partitions: Any, *, num_partitions: int) -> list[Any]:
    rows = data.reshape(-1, *data.shape[partitions.ndim :])
    numbers = partitions.reshape(-1)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= num_partitions):
        at = int(np.flatnonzero((numbers < 0) | (numbers >= num_partitions))[0])
        raise ValueError(f"partitions[{at}] = {numbers[at]} is not in [0, {num_partitions})")
    return [rows[numbers == i] for i in range(num_partitions)]


def _partition_gradient(op: Operation, *grads: Any) -> list[Any]:
    from scopedjax._src.ops.array.filling import range as tf_range

    data, partitions = op.inputs
    prefix = shape(partitions)
    places = reshape(tf_range(apply_op("Prod", prefix, [0])), prefix)
    parts = apply_op("DynamicPartition", places, partitions, num_partitions=op.attrs["num_partitions"])
    stitched = apply_op("DynamicStitch", parts, list(grads))
    return [reshape(stitched, shape(data)), None]


declare(
    "DynamicPartition(data: T, partitions: int32; num_partitions: int) -> outputs: num_partitions * T",
    _dynamic_partition,
    shape=_partition_dims,
    numpy=_dynamic_partition,
    host=True,
    gradient=Gradient("function", _partition_gradient),
)


def _stitch_dims(c: ShapeContext) -> list[Dims]:
    count = c.attr("N")
    rest: Dims = None
    largest: int | None = 0
    for i in range(count):
        indices, data, value = c.dims(i), c.dims(count + i), c.const(i)
        if indices is not None and data is not None:
            try:
                merge_dims(indices, data[: len(indices)])
                rest = merge_dims(rest, data[len(indices) :])
            except ValueError as error:
                raise c.fail(str(error)) from None
        known = None if value is None or largest is None else int(np.max(value, initial=-1)) + 1
        largest = None if known is None else max(largest or 0, known)
    return [None if rest is None else (largest, *rest)]


def _dynamic_stitch(indices: list[Any], data: list[Any]) -> Any:
    size = max((int(np.max(i, initial=-1)) + 1 for i in indices), default=0)
    rest = data[0].shape[indices[0].ndim :]
    known = all(isinstance(d, np.ndarray) for d in data)
    merged = np.zeros((size, *rest), data[0].dtype) if known else jnp.zeros((size, *rest), data[0].dtype)
    for where, values in zip(indices, data, strict=True):
        places, rows = np.asarray(where).reshape(-1), values.reshape(-1, *rest)
        if isinstance(merged, np.ndarray):
            merged[places] = rows
        else:
            # Of equal indices the last wins; XLA's scatter promises no order.
            last = {int(p): i for i, p in enumerate(places)}
            merged = merged.at[np.asarray(list(last), np.int32)].set(rows[np.asarray(list(last.values()), np.int32)])
    return merged


def _stitch_gradient(op: Operation, grad: Any) -> list[Any]:
    count = op.attrs["N"]
    return [None] * count + [gather(grad, op.inputs[i]) for i in range(count)]


def _indices_are_computed(op: Operation) -> bool:
    """Where the indices are constants (an embedding split over parts), the size is known and XLA can do it."""
    return any(constant_value(t) is None for t in op.inputs[: op.attrs["N"]]) or op.attrs["T"] is dtypes.string


for _type in ("DynamicStitch", "ParallelDynamicStitch"):
    declare(
        f"{_type}(indices: N * int32, data: N * T) -> merged: T",
        _dynamic_stitch,
        shape=_stitch_dims,
        numpy=_dynamic_stitch,
        static=("indices",),
        host=_indices_are_computed,
        gradient=Gradient("function", _stitch_gradient),
    )


def dynamic_partition(data: Any, partitions: Any, num_partitions: int, name: str | None = None) -> list[Tensor]:
    """Deals the rows of a tensor out to several tensors.

    Args:
      data: Tensor.
      partitions: Tensor of int32 whose shape `data`'s shape begins with: for each row the number of its tensor.
      num_partitions: How many tensors.
      name: Node name; defaults to "DynamicPartition".

    Returns:
      List of `num_partitions` tensors.

    >>> parts = tf.dynamic_partition([10, 20, 30], [0, 1, 0], 2)
    >>> tf.Session().run(parts[0]).tolist()
    [10, 30]
    """
    return apply_op("DynamicPartition", data, partitions, num_partitions=num_partitions, name=name)


def dynamic_stitch(indices: Any, data: Any, name: str | None = None) -> Tensor:
    """Puts the rows of several tensors into one, each at its index; the opposite of `dynamic_partition`.

    Args:
      indices: List of tensors of int32.
      data: List of tensors whose shapes begin with those of `indices`.
      name: Node name; defaults to "DynamicStitch".

    Returns:
      Tensor with as many rows as the largest index tells; of equal indices the last wins.

    >>> tf.Session().run(tf.dynamic_stitch([[0, 2], [1]], [[10, 30], [20]])).tolist()
    [10, 20, 30]
    """
    return apply_op("DynamicStitch", indices, data, name=name)


# ------------------------------------------------------------------------------------------------ sequence_mask


def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = dtypes.bool, name: str | None = None) -> Tensor:
    """Marks the first `lengths[i]` places of each sequence.

    Args:
      lengths: Integer tensor.
      maxlen: Integer scalar: number of places; the largest length by default.
      dtype: Dtype of the result.
      name: Name scope; defaults to "SequenceMask".

    Returns:
      Tensor of shape `lengths.shape + [maxlen]`.

    Raises:
      ValueError: `maxlen` is not a scalar.

    >>> tf.Session().run(tf.sequence_mask([1, 3], 3)).tolist()
    [[True, False, False], [True, True, True]]
    """
    from scopedjax._src.ops.math.reductions import reduce_max

    with stacks.get_default_graph().name_scope(name or "SequenceMask"):
        lengths = convert_to_tensor(lengths)
        if maxlen is None:
            maxlen = reduce_max(lengths)
            maxlen = apply_op("Maximum", constant(0, maxlen.dtype.base_dtype), maxlen)
        else:
            maxlen = convert_to_tensor(maxlen)
        if maxlen.ndim not in (None, 0):
            raise ValueError(f"Argument `maxlen` must be scalar for sequence_mask, received `maxlen` = {maxlen}")
        kind = maxlen.dtype.base_dtype
        places = apply_op("Range", constant(0, kind), maxlen, constant(1, kind))
        column = apply_op("Cast", expand_dims(lengths, -1), DstT=kind)
        result = apply_op("Less", places, column)
        wanted = dtypes.as_dtype(dtype)
        return result if wanted is dtypes.bool else apply_op("Cast", result, DstT=wanted)
