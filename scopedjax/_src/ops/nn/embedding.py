"""Embeddings: rows of a table by their index, from one table or from one that is cut into parts.

    one part          GatherV2, Identity;  the gradient stays IndexedSlices: only the rows touched are updated
    several, "mod"    id 7 of 3 parts is row 2 of part 1          several, "div"    ids in contiguous blocks

The ids are sorted to their parts (`DynamicPartition`), looked up, and put back in order (`ParallelDynamicStitch`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.gathering import gather
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.selection import dynamic_partition
from scopedjax._src.ops.array.shapes import reshape, shape, size
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.clipping import clip_by_norm
from scopedjax._src.ops.math.comparison import where
from scopedjax._src.ops.math.reductions import reduce_sum


def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: Any = None,
) -> Tensor:
    """Looks up rows of a table.

    Args:
      params: Tensor or variable `[rows, ...]`, a list of such (the parts of one table), or a partitioned variable.
      ids: Integer tensor: indices of rows.
      partition_strategy: How ids belong to several parts: "mod" or "div".
      name: Name scope; defaults to "embedding_lookup".
      validate_indices: Not used.
      max_norm: Rows with a larger Euclidean norm are scaled down to it.

    Returns:
      Tensor of shape `ids.shape + params.shape[1:]`.

    Raises:
      ValueError: no parts, or an unknown strategy.

    >>> table = tf.constant([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]])
    >>> tf.Session().run(tf.nn.embedding_lookup(table, [2, 0])).tolist()
    [[2.0, 2.5], [0.0, 0.5]]
    """
    parts = parts_of(params)
    with stacks.get_default_graph().name_scope(name or "embedding_lookup") as scope:
        parts = [p if _is_table(p) else convert_to_tensor(p, name="params") for p in parts]
        ids = convert_to_tensor(ids, name="ids")
        if len(parts) == 1:
            with stacks.get_default_graph().colocate_with(parts[0].op, ignore_existing=True):
                rows = gather(parts[0], ids, name=scope)
                return identity(_clipped(rows, ids, max_norm))
        return _from_parts(parts, ids, partition_strategy, max_norm, scope)


def parts_of(params: Any) -> list[Any]:
    """The parts of a table, in order.

    Raises:
      ValueError: there are none.
    """
    if params is None:
        raise ValueError("params must be specified")
    if isinstance(params, (list, tuple)) and not params:
        raise ValueError("Length of params is currently 0. Need at least one param.")
    if type(params).__name__ == "PartitionedVariable":
        return list(params)
    return list(params) if isinstance(params, (list, tuple)) else [params]


def _is_table(part: Any) -> bool:
    """Whether a part is a graph element already: a variable stays one, so that its own read is used."""
    return hasattr(part, "op") and hasattr(part, "dtype")


def _clipped(rows: Tensor, ids: Tensor, max_norm: Any) -> Tensor:
    if max_norm is None:
        return rows
    if ids.ndim is None or rows.ndim is None:
        axes: Any = tf_range(apply_op("Rank", ids), apply_op("Rank", rows))
    else:
        axes = list(range(ids.ndim, rows.ndim))
    return clip_by_norm(rows, max_norm, axes=axes)


def _from_parts(parts: Sequence[Any], ids: Tensor, strategy: str, max_norm: Any, scope: str) -> Tensor:
    graph = stacks.get_default_graph()
    flat = reshape(ids, [-1])
    places = tf_range(size(flat))
    owners, rows = _places_in_parts(parts, flat, strategy)
    if owners.dtype.base_dtype is not dtypes.int32:
        owners = cast(owners, dtypes.int32)
    rows_of = dynamic_partition(rows, owners, len(parts))
    places_of = dynamic_partition(places, owners, len(parts))
    found = []
    for part, index in zip(parts, rows_of, strict=True):
        with graph.colocate_with(part.op, ignore_existing=True):
            found.append(gather(part, index))
    merged = apply_op("ParallelDynamicStitch", places_of, found, name=scope)
    dims = _row_dims(parts)
    tail: Any = list(dims) if dims is not None and None not in dims else shape(parts[0])[1:]
    merged = reshape(merged, concat([shape(ids), tail], 0))
    if ids.dims is not None and dims is not None:
        merged.set_shape([*ids.dims, *dims])
    return _clipped(merged, ids, max_norm)


def _row_dims(parts: Sequence[Any]) -> Dims:
    """What the parts' static shapes say of a row."""
    dims: Dims = None
    for part in parts:
        own = tuple(part.get_shape().as_list()[1:]) if part.get_shape().ndims is not None else None
        dims = merge_dims(dims, own)
    return dims


def _places_in_parts(parts: Sequence[Any], ids: Tensor, strategy: str) -> tuple[Tensor, Tensor]:
    """(the part that each id belongs to, its row there)."""
    count = len(parts)
    if strategy == "mod":
        return apply_op("FloorMod", ids, count, name="mod"), apply_op("FloorDiv", ids, count, name="floordiv")
    if strategy != "div":
        raise ValueError(f"Unrecognized partition strategy: {strategy}.Must be one of either `mod` or `div`.")
    total = _total_rows(parts, ids)
    share = apply_op("FloorDiv", total, count, name="floordiv")
    extras = apply_op("FloorMod", total, count, name="mod")  # so many parts have one row more
    longer = apply_op("AddV2", share, 1, name="add")
    among_longer = apply_op("FloorDiv", ids, longer, name="floordiv")
    rest = apply_op("Sub", ids, extras, name="sub")
    among_shorter = apply_op("FloorDiv", rest, share, name="floordiv")
    owners = apply_op("Maximum", among_longer, among_shorter)
    is_longer = apply_op("Less", owners, extras)
    in_longer = apply_op("FloorMod", ids, apply_op("AddV2", share, 1, name="add"), name="mod")
    in_shorter = apply_op("FloorMod", apply_op("Sub", ids, extras, name="sub"), share, name="mod")
    return owners, where(is_longer, in_longer, in_shorter)


def _total_rows(parts: Sequence[Any], ids: Tensor) -> Tensor:
    sizes = [None if p.get_shape().ndims is None else p.get_shape().as_list()[0] for p in parts]
    if None not in sizes:
        return constant(sum(int(s or 0) for s in sizes), dtype=ids.dtype)
    counts = [shape(p)[0] if s is None else s for p, s in zip(parts, sizes, strict=True)]
    return reduce_sum(cast(stack(counts), ids.dtype))
