"""Embeddings of sparse rows: each row of ids (and weights) becomes one combination of table rows.

    sp_ids   [[0, 2], [1]]      weights [[1, 3], [2]]      combiner "mean"
    result   [(1 * t[0] + 3 * t[2]) / 4,   t[1]]

How many rows come out is what the largest row index says: known only in the run, on the host.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones
from scopedjax._src.ops.array.gathering import gather
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.selection import unique
from scopedjax._src.ops.array.shapes import expand_dims, rank, reshape, shape
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.special import div_no_nan
from scopedjax._src.ops.nn.embedding import embedding_lookup, parts_of
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor

_SEGMENTS = {"sum": "SparseSegmentSum", "mean": "SparseSegmentMean", "sqrtn": "SparseSegmentSqrtN"}


def embedding_lookup_sparse(
    params: Any,
    sp_ids: Any,
    sp_weights: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    combiner: str | None = None,
    max_norm: Any = None,
    allow_fast_lookup: bool = False,
) -> Tensor:
    """Combines, for each sparse row, the table rows that its ids name.

    Args:
      params: Table `[rows, ...]`, list of its parts, or partitioned variable, as in `embedding_lookup`.
      sp_ids: int SparseTensor `[n, m]`; no row in between may be empty.
      sp_weights: Floating SparseTensor with the same places, or None for weights of one.
      partition_strategy: How ids belong to several parts: "mod" or "div".
      name: Node name; defaults to "embedding_lookup_sparse".
      combiner: "mean" (default): weighted sum over the sum of weights; "sum"; "sqrtn": over the root of the sum of
        squared weights.
      max_norm: Rows with a larger Euclidean norm are scaled down to it.
      allow_fast_lookup: Not used.

    Returns:
      Tensor `[n, ...]`.

    Raises:
      TypeError: `sp_ids` or `sp_weights` is no SparseTensor.
      ValueError: an unknown combiner, no parts.

    >>> ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([0, 2, 1]), [2, 2])
    >>> tf.Session().run(tf.nn.embedding_lookup_sparse(tf.constant([[1.0], [2.0], [3.0]]), ids, None)).tolist()
    [[2.0], [2.0]]
    """
    combiner = "mean" if combiner is None else combiner
    if combiner not in _SEGMENTS:
        raise ValueError(f"combiner must be one of 'mean', 'sqrtn' or 'sum', got {combiner}")
    parts = parts_of(params)
    if not isinstance(sp_ids, SparseTensor):
        raise TypeError(f"sp_ids must be SparseTensor, got {type(sp_ids)}")
    if sp_weights is not None:
        _check_weights(sp_ids, sp_weights)
    with stacks.get_default_graph().name_scope(name or "embedding_lookup_sparse") as scope:
        rows = sp_ids.indices[:, 0]
        if sp_weights is None and len(parts) == 1 and max_norm is None:
            return apply_op(_SEGMENTS[combiner], parts[0], sp_ids.values, rows, name=scope)
        ids, places = unique(sp_ids.values)
        found = embedding_lookup(parts, ids, partition_strategy=partition_strategy, max_norm=max_norm)
        if sp_weights is None:
            return apply_op(_SEGMENTS[combiner], found, places, rows, name=scope)
        rows = cast(rows, dtypes.int32)
        weights = _spread(sp_weights.values, gathered := gather(found, places))
        return _combined(gathered, weights, rows, combiner, scope)


def _check_weights(sp_ids: Any, sp_weights: Any) -> None:
    if not isinstance(sp_weights, SparseTensor):
        raise TypeError(f"sp_weights must be either None or SparseTensor, got {type(sp_weights)}")
    sp_ids.values.shape.assert_is_compatible_with(sp_weights.values.shape)
    sp_ids.indices.shape.assert_is_compatible_with(sp_weights.indices.shape)
    sp_ids.dense_shape.shape.assert_is_compatible_with(sp_weights.dense_shape.shape)


def _spread(weights: Tensor, rows: Tensor) -> Tensor:
    """The weights in a shape that broadcasts with the rows."""
    if weights.dtype.base_dtype is not rows.dtype.base_dtype:
        weights = cast(weights, rows.dtype.base_dtype)
    more = expand_dims(apply_op("Sub", rank(rows), 1, name="sub"), 0)
    sizes = shape(weights)
    return reshape(weights, concat([sizes, ones(more, dtype=dtypes.int32)], 0))


def _combined(rows: Tensor, weights: Tensor, segments: Tensor, combiner: str, scope: str) -> Tensor:
    weighted = apply_op("Mul", rows, weights, name="mul")
    if combiner == "sum":
        return apply_op("SegmentSum", weighted, segments, name=scope)
    total = apply_op("SegmentSum", weighted, segments)
    if combiner == "mean":
        return div_no_nan(total, apply_op("SegmentSum", weights, segments), name=scope)
    squares = apply_op("SegmentSum", apply_op("Pow", weights, 2), segments)
    return div_no_nan(total, apply_op("Sqrt", squares), name=scope)
