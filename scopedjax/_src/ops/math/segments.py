"""Reductions over groups of rows: `segment_sum`, `unsorted_segment_max`, `sparse_segment_mean`, ...

    data  [5, 1, 2, 7]    ids  [0, 0, 1, 1]    segment_sum -> [6, 9]

The unsorted forms are told how many groups there are. The sorted ones have as many as the last id says, which is only
known when the ids are there: those run on the host, between two compiled programs. An id below zero belongs to no
group.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones, zeros_like
from scopedjax._src.ops.array.gathering import gather
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import rank, reshape, shape, shape_internal
from scopedjax._src.ops.array.slicing import subscript
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import Gradient, LoweringContext, declare
from scopedjax._src.ops.shape_context import ShapeContext

_NUMBERS, _ORDERED = dtypes.NUMERIC, dtypes.REAL

# ------------------------------------------------------------------------------------------------------ unsorted


def _unsorted_dims(c: ShapeContext) -> list[Dims]:
    data, ids, count = c.dims(0), c.dims(1), c.const(2)
    if data is None or ids is None:
        return [None]
    try:
        merge_dims(data[: len(ids)], ids)
    except ValueError as error:
        raise c.fail(str(error)) from None
    if count is not None and int(count) < 0:
        raise c.fail(f"Dimension size, given by scalar input 2 must be non-negative but is {int(count)}")
    return [(None if count is None else int(count), *data[len(ids) :])]


def _rows(data: Any, ids: Any, count: int) -> tuple[Any, Any]:
    """The rows and their groups; a negative id is sent past the end, where scatters drop it."""
    rows = jnp.reshape(jnp.asarray(data), (-1, *data.shape[ids.ndim :])) if ids.ndim != 1 else jnp.asarray(data)
    flat = jnp.reshape(jnp.asarray(ids), (-1,))
    return rows, jnp.where(flat < 0, count, flat)


def summed(rows: Any, ids: Any, count: int) -> Any:
    """Sums of rows by group."""
    return jnp.zeros((count, *rows.shape[1:]), rows.dtype).at[ids].add(rows, mode="drop")


def _back(groups: Any, ids: Any) -> Any:
    """For each row the value of its group."""
    return groups.at[ids].get(mode="fill", fill_value=0)


def _lowest(dtype: Any, sign: int) -> Any:
    info = jnp.iinfo(dtype) if jnp.issubdtype(dtype, jnp.integer) else jnp.finfo(dtype)
    return info.min if sign < 0 else info.max


def _extreme(sign: int) -> Callable[..., Any]:
    """Largest (sign -1: from the lowest up) or smallest rows by group; equal ones share the gradient."""

    @partial(jax.custom_jvp, nondiff_argnums=(2,))
    def function(rows: Any, ids: Any, count: int) -> Any:
        start = jnp.full((count, *rows.shape[1:]), _lowest(rows.dtype, sign), rows.dtype).at[ids]
        return start.max(rows, mode="drop") if sign < 0 else start.min(rows, mode="drop")

    @function.defjvp
    def jvp(count: int, primals: Any, tangents: Any) -> Any:
        rows, ids = primals
        result = function(rows, ids, count)
        chosen = (rows == _back(result, ids)).astype(rows.dtype)
        share = chosen / jnp.maximum(_back(summed(chosen, ids, count), ids), 1)
        return result, summed(tangents[0] * share, ids, count)

    return function


@partial(jax.custom_jvp, nondiff_argnums=(2,))
def _multiplied(rows: Any, ids: Any, count: int) -> Any:
    return jnp.ones((count, *rows.shape[1:]), rows.dtype).at[ids].multiply(rows, mode="drop")


@_multiplied.defjvp
def _multiplied_jvp(count: int, primals: Any, tangents: Any) -> Any:
    """The derivative by one factor is the product of the others, also where a factor is zero."""
    rows, ids = primals
    result = _multiplied(rows, ids, count)
    is_zero = rows == 0
    safe = jnp.where(is_zero, jnp.ones_like(rows), rows)
    zeros = _back(summed(is_zero.astype(rows.dtype), ids, count), ids)
    others = _back(_multiplied(safe, ids, count), ids)
    alone = jnp.where(is_zero, jnp.where(zeros == 1, others, 0), jnp.where(zeros == 0, others / safe, 0))
    return result, summed(tangents[0] * alone.astype(rows.dtype), ids, count)


def _unsorted(compute: Callable[..., Any]) -> Callable[..., Any]:
    def function(ctx: LoweringContext, data: Any, segment_ids: Any, num_segments: Any) -> Any:
        count = int(num_segments)
        words = f"segment_ids{{at}} = {{found}} is out of range [0, {count})"
        ctx.require(1, jnp.asarray(segment_ids), count, words, low=None)
        rows, ids = _rows(data, segment_ids, count)
        return compute(rows, ids, count)

    return function


_UNSORTED: tuple[tuple[str, Callable[..., Any], tuple[DType, ...]], ...] = (
    ("Sum", summed, _NUMBERS),
    ("Max", _extreme(-1), _ORDERED),
    ("Min", _extreme(1), _ORDERED),
    ("Prod", _multiplied, _NUMBERS),
)
for _name, _compute, _types in _UNSORTED:
    declare(
        f"UnsortedSegment{_name}(data: T, segment_ids: Tindices, num_segments: Tnumsegments; "
        "Tnumsegments: type = int32) -> output: T",
        _unsorted(_compute),
        shape=_unsorted_dims,
        static=("num_segments",),
        guards=True,
        types={
            "T": _types,
            "Tindices": (dtypes.int16, *dtypes.INDEX) if _name == "Sum" else dtypes.INDEX,
            "Tnumsegments": dtypes.INDEX,
        },
    )

# -------------------------------------------------------------------------------------------------------- sorted


def _sorted_dims(c: ShapeContext) -> list[Dims]:
    data = c.dims(0)
    c.require_rank(1, 1)
    return [None if data is None else (None, *data[1:])]


def _check_sorted(ids: Any) -> int:
    if ids.size and (np.diff(ids) < 0).any():
        raise ValueError("segment ids are not increasing")
    if ids.size and ids[0] < 0:
        raise ValueError(
            f"Segment id {int(ids[0])} out of range [0, {int(ids[-1]) + 1}), possibly because 'segment_ids' input is "
            "not sorted."
        )
    return int(ids[-1]) + 1 if ids.size else 0


def _by_group(ufunc: Any, start: Callable[[Any], Any]) -> Callable[..., Any]:
    """Groups without rows hold 0, whatever the reduction."""

    def function(data: Any, segment_ids: Any) -> Any:
        count = _check_sorted(segment_ids)
        result = np.full((count, *data.shape[1:]), start(data.dtype), data.dtype)
        ufunc.at(result, segment_ids, data)
        present = np.zeros(count, np.bool_)
        present[segment_ids] = True
        result[~present] = 1 if ufunc is np.multiply else 0
        return result

    return function


def _averaged(data: Any, segment_ids: Any) -> Any:
    count = _check_sorted(segment_ids)
    total = np.zeros((count, *data.shape[1:]), data.dtype)
    np.add.at(total, segment_ids, data)
    sizes = np.maximum(np.bincount(segment_ids, minlength=count), 1).reshape((-1,) + (1,) * (data.ndim - 1))
    if np.issubdtype(data.dtype, np.integer):
        return (np.sign(total) * (np.abs(total) // sizes)).astype(data.dtype)
    return (total / sizes).astype(data.dtype)


def _sum_gradient(op: Operation, grad: Any) -> list[Any]:
    return [gather(grad, op.inputs[1]), None]


def _mean_gradient(op: Operation, grad: Any) -> list[Any]:
    data, ids = op.inputs
    count = concat([shape(ids), apply_op("Fill", apply_op("ExpandDims", apply_op("Sub", rank(data), 1), 0), 1)], 0)
    sizes = apply_op("SegmentSum", ones(count, dtype=grad.dtype), ids)
    return [gather(apply_op("RealDiv", grad, sizes), ids), None]


def _extreme_gradient(op: Operation, grad: Any) -> list[Any]:
    data, ids = op.inputs
    kind = grad.dtype.base_dtype
    chosen = apply_op("Equal", data, gather(op.outputs[0], ids))
    count = apply_op("SegmentSum", apply_op("Cast", chosen, DstT=kind), ids)
    share = gather(apply_op("RealDiv", grad, count), ids)
    return [apply_op("SelectV2", chosen, share, zeros_like(share)), None]


def _prod_gradient(op: Operation, grad: Any) -> list[Any]:
    data, ids = op.inputs
    is_zero = apply_op("Equal", data, 0)
    safe = apply_op("SelectV2", is_zero, apply_op("OnesLike", data), data)
    zeros = gather(apply_op("SegmentSum", apply_op("Cast", is_zero, DstT=dtypes.int32), ids), ids)
    others = gather(apply_op("SegmentProd", safe, ids), ids)
    nothing = zeros_like(data)
    with_zero = apply_op("SelectV2", apply_op("Equal", zeros, 1), others, nothing)
    without = apply_op("SelectV2", apply_op("Equal", zeros, 0), apply_op("RealDiv", others, safe), nothing)
    alone = apply_op("SelectV2", is_zero, with_zero, without)
    return [apply_op("Mul", gather(grad, ids), alone), None]


_SORTED: tuple[tuple[str, Callable[..., Any], Callable[..., Any], tuple[DType, ...]], ...] = (
    ("Sum", _by_group(np.add, lambda t: 0), _sum_gradient, _NUMBERS),
    ("Mean", _averaged, _mean_gradient, _NUMBERS),
    ("Prod", _by_group(np.multiply, lambda t: 1), _prod_gradient, _NUMBERS),
    ("Max", _by_group(np.maximum, lambda t: _lowest(t, -1)), _extreme_gradient, _ORDERED),
    ("Min", _by_group(np.minimum, lambda t: _lowest(t, 1)), _extreme_gradient, _ORDERED),
)
for _name, _lower, _gradient, _types in _SORTED:
    declare(
        f"Segment{_name}(data: T, segment_ids: Tindices) -> output: T",
        _lower,
        shape=_sorted_dims,
        host=True,
        gradient=Gradient("function", _gradient),
        types={"T": _types, "Tindices": dtypes.INDEX},
    )

# -------------------------------------------------------------------------------------------------------- sparse


def _scale(how: str, ids: Any, count: int, dtype: Any, xp: Any) -> Any:
    """What the sum of each group is divided by."""
    if xp is np:
        sizes = np.bincount(ids, minlength=count)
    else:
        sizes = summed(jnp.ones(ids.shape, jnp.int32), ids, count)
    sizes = xp.maximum(sizes, 1).astype(dtype)
    return xp.sqrt(sizes) if how == "SqrtN" else sizes


def _require_rows(ctx: LoweringContext, indices: Any, count: int) -> None:
    ctx.require(1, indices, count, f"Bad: indices{{at}} == {{found}} out of range [0, {count})")


def _sparse(how: str) -> Callable[..., Any]:
    def function(ctx: LoweringContext, data: Any, indices: Any, segment_ids: Any) -> Any:
        count = _check_sorted(segment_ids)
        _require_rows(ctx, indices, data.shape[0])
        total = np.zeros((count, *data.shape[1:]), data.dtype)
        np.add.at(total, segment_ids, data[indices])
        if how == "Sum":
            return total
        scale = _scale(how, segment_ids, count, data.dtype, np)
        return (total / scale.reshape((-1,) + (1,) * (data.ndim - 1))).astype(data.dtype)

    return function


def _sparse_counted(how: str) -> Callable[..., Any]:
    def function(ctx: LoweringContext, data: Any, indices: Any, segment_ids: Any, num_segments: Any) -> Any:
        count = int(num_segments)
        ids = jnp.asarray(segment_ids)
        _require_rows(ctx, jnp.asarray(indices), data.shape[0])
        total = summed(jnp.take(jnp.asarray(data), jnp.asarray(indices), axis=0), ids, count)
        if how == "Sum":
            return total
        scale = _scale(how, ids, count, data.dtype, jnp)
        return total / scale.reshape((-1,) + (1,) * (data.ndim - 1))

    return function


def _sparse_gradient(how: str) -> Callable[..., Any]:
    def function(op: Operation, grad: Any) -> list[Any]:
        data, indices, ids = op.inputs[:3]
        if how != "Sum":
            flat = apply_op("SegmentSum", apply_op("OnesLike", apply_op("Cast", ids, DstT=grad.dtype)), ids)
            scale = apply_op("Sqrt", flat) if how == "SqrtN" else flat
            scale = apply_op("Maximum", scale, apply_op("Cast", 1, DstT=grad.dtype))
            column = concat([shape(scale), apply_op("Fill", _more_axes(data), 1)], 0)
            grad = apply_op("RealDiv", grad, reshape(scale, column))
        rows = gather(grad, ids)
        size = subscript(shape_internal(data, None), 0)
        return [apply_op("UnsortedSegmentSum", rows, indices, size), None, None]

    return function


def _more_axes(data: Tensor) -> Tensor:
    return apply_op("ExpandDims", apply_op("Sub", rank(data), 1), 0)


def _sparse_dims(c: ShapeContext) -> list[Dims]:
    data = c.dims(0)
    ids = c.require_rank(1, 1)
    others = c.require_rank(2, 1)
    try:
        merge_dims(ids, others)
    except ValueError as error:
        raise c.fail(str(error)) from None
    count = c.const(3) if len(c.inputs) > 3 else None
    return [None if data is None else (None if count is None else int(count), *data[1:])]


_SPARSE_ATTRS = "Tidx: type = int32, Tsegmentids: type = int32, sparse_gradient: bool = False"
for _how in ("Sum", "Mean", "SqrtN"):
    _types = _ORDERED if _how == "Sum" else dtypes.FLOATING
    declare(
        f"SparseSegment{_how}(data: T, indices: Tidx, segment_ids: Tsegmentids; {_SPARSE_ATTRS}) -> output: T",
        _sparse(_how),
        shape=_sparse_dims,
        host=True,
        gradient=Gradient("function", _sparse_gradient(_how)),
        types={"T": _types},
    )
    declare(
        f"SparseSegment{_how}WithNumSegments(data: T, indices: Tidx, segment_ids: Tsegmentids, "
        f"num_segments: Tnumsegments; Tnumsegments: type = int32, {_SPARSE_ATTRS}) -> output: T",
        _sparse_counted(_how),
        shape=_sparse_dims,
        static=("num_segments",),
        types={"T": _types},
        guards=True,
    )

# -------------------------------------------------------------------------------------------- public functions


def _sorted_function(op_type: str, name: str, what: str, example: str) -> Callable[..., Tensor]:
    def function(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
        return apply_op(op_type, data, segment_ids, name=name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Computes the {what} of each group of consecutive rows.

    Args:
      data: Tensor `[n, ...]`.
      segment_ids: 1-D integer tensor `[n]`, ascending: the group of each row.
      name: Node name; defaults to "{op_type}".

    Returns:
      Tensor `[last id + 1, ...]`.

    Raises:
      InvalidArgumentError: (when run) the ids do not ascend.

    >>> tf.Session().run(tf.{name}([5, 1, 2, 7], [0, 0, 1, 1])).tolist()
    {example}
    """
    return function


segment_sum = _sorted_function("SegmentSum", "segment_sum", "sum", "[6, 9]")
segment_mean = _sorted_function("SegmentMean", "segment_mean", "mean", "[3, 4]")
segment_prod = _sorted_function("SegmentProd", "segment_prod", "product", "[5, 14]")
segment_max = _sorted_function("SegmentMax", "segment_max", "largest element", "[5, 7]")
segment_min = _sorted_function("SegmentMin", "segment_min", "smallest element", "[1, 2]")


def _unsorted_function(op_type: str, name: str, what: str, example: str) -> Callable[..., Tensor]:
    def function(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
        return apply_op(op_type, data, segment_ids, num_segments, name=name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Computes the {what} of each group of rows.

    Args:
      data: Tensor whose shape begins with that of `segment_ids`.
      segment_ids: Integer tensor: the group of each row; a negative one belongs to none.
      num_segments: Integer scalar: how many groups there are.
      name: Node name; defaults to "{op_type}".

    Returns:
      Tensor `[num_segments, ...]`.

    >>> tf.Session().run(tf.{name}([5, 1, 2, 7], [0, 1, 0, 1], 2)).tolist()
    {example}
    """
    return function


unsorted_segment_sum = _unsorted_function("UnsortedSegmentSum", "unsorted_segment_sum", "sum", "[7, 8]")
unsorted_segment_prod = _unsorted_function("UnsortedSegmentProd", "unsorted_segment_prod", "product", "[10, 7]")
unsorted_segment_max = _unsorted_function("UnsortedSegmentMax", "unsorted_segment_max", "largest element", "[5, 7]")
unsorted_segment_min = _unsorted_function("UnsortedSegmentMin", "unsorted_segment_min", "smallest element", "[2, 1]")


def _group_sizes(data: Tensor, ids: Tensor, count: Tensor) -> Tensor:
    """For each group its number of rows (at least 1), shaped to divide the result."""
    ids_shape = shape_internal(ids, None)
    sizes = apply_op("UnsortedSegmentSum", ones(ids_shape, dtype=data.dtype.base_dtype), ids, count)
    rest = apply_op("Sub", rank(data), rank(ids), name="sub")
    column = concat([apply_op("Reshape", count, [1]), ones(apply_op("Reshape", rest, [1]), dtype=dtypes.int32)], 0)
    return apply_op("Maximum", reshape(sizes, column), 1)


def unsorted_segment_mean(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """Computes the mean of each group of rows; 0 for a group without rows.

    Args:
      data: Floating tensor whose shape begins with that of `segment_ids`.
      segment_ids: Integer tensor: the group of each row.
      num_segments: Integer scalar: how many groups there are.
      name: Name scope; defaults to "UnsortedSegmentMean".

    Returns:
      Tensor `[num_segments, ...]`.

    >>> tf.Session().run(tf.unsorted_segment_mean([5.0, 1.0, 2.0], [0, 1, 0], 2)).tolist()
    [3.5, 1.0]
    """
    with stacks.get_default_graph().name_scope(name or "UnsortedSegmentMean"):
        data, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        count = convert_to_tensor(num_segments, dtype=dtypes.int32)
        sizes = _group_sizes(data, ids, count)
        return apply_op("RealDiv", apply_op("UnsortedSegmentSum", data, ids, count), sizes, name="truediv")


def unsorted_segment_sqrt_n(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """Computes the sum of each group of rows divided by the square root of its size.

    Args:
      data: Floating tensor whose shape begins with that of `segment_ids`.
      segment_ids: Integer tensor: the group of each row.
      num_segments: Integer scalar: how many groups there are.
      name: Name scope; defaults to "UnsortedSegmentSqrtN".

    Returns:
      Tensor `[num_segments, ...]`.

    >>> tf.Session().run(tf.unsorted_segment_sqrt_n([1.0] * 4, [0, 0, 0, 0], 1)).tolist()
    [2.0]
    """
    with stacks.get_default_graph().name_scope(name or "UnsortedSegmentSqrtN"):
        data, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        count = convert_to_tensor(num_segments, dtype=dtypes.int32)
        sizes = apply_op("Sqrt", _group_sizes(data, ids, count))
        return apply_op("RealDiv", apply_op("UnsortedSegmentSum", data, ids, count), sizes, name="truediv")


def _sparse_function(how: str, name: str, what: str) -> Callable[..., Tensor]:
    op_type = f"SparseSegment{how}"

    def function(
        data: Any,
        indices: Any,
        segment_ids: Any,
        name: str | None = None,
        num_segments: Any = None,
        sparse_gradient: bool = False,
    ) -> Tensor:
        attrs = {"sparse_gradient": sparse_gradient, "name": name}
        if num_segments is None:
            return apply_op(op_type, data, indices, segment_ids, **attrs)
        return apply_op(f"{op_type}WithNumSegments", data, indices, segment_ids, num_segments, **attrs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Computes the {what} of each group of picked rows, as `gather` and a segment reduction would.

    Args:
      data: Tensor `[rows, ...]`.
      indices: 1-D integer tensor: which rows are picked.
      segment_ids: 1-D integer tensor of the same length, ascending: the group of each.
      name: Node name; defaults to "{op_type}".
      num_segments: Integer scalar: how many groups there are; the last id tells where it is None.
      sparse_gradient: Not used.

    Returns:
      Tensor `[number of groups, ...]`.

    >>> tf.Session().run(tf.{name}([[1.0], [2.0], [4.0]], [0, 2], [0, 1])).tolist()
    [[1.0], [4.0]]
    """
    return function


sparse_segment_sum = _sparse_function("Sum", "sparse_segment_sum", "sum")
sparse_segment_mean = _sparse_function("Mean", "sparse_segment_mean", "mean")
sparse_segment_sqrt_n = _sparse_function("SqrtN", "sparse_segment_sqrt_n", "sum divided by the root of the size")
