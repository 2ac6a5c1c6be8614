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
from scopedjax._src.ops.array.filling import ones, ones_like, zeros_like
from scopedjax._src.ops.array.gathering import gather
from scopedjax._src.ops.array.joining import concat, tile
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.selection import unique
from scopedjax._src.ops.array.shapes import expand_dims, rank, reshape, shape
from scopedjax._src.ops.array.slicing import slice_
from scopedjax._src.ops.constant_value import constant_value_as_dims
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import where
from scopedjax._src.ops.math.reductions import reduce_prod
from scopedjax._src.ops.math.special import div_no_nan
from scopedjax._src.ops.nn.embedding import embedding_lookup, parts_of
from scopedjax._src.ops.sparse.arranging import sparse_reshape, sparse_retain
from scopedjax._src.ops.sparse.joining import sparse_fill_empty_rows
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


def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: Any,
    sparse_weights: Any = None,
    combiner: str | None = "mean",
    default_id: Any = None,
    name: str | None = None,
    partition_strategy: str = "div",
    max_norm: Any = None,
    allow_fast_lookup: bool = False,
) -> Tensor:
    """Combines table rows as `embedding_lookup_sparse`, where rows may be empty and ids wrong.

    Ids below zero and, unless the combiner is "sum", weights of zero or less are left out.

    Args:
      embedding_weights: Table `[rows, ...]`, list of its parts, or partitioned variable.
      sparse_ids: int64 SparseTensor `[d_0, ..., d_n]`: the last axis is combined.
      sparse_weights: Floating SparseTensor with the same places, or None for weights of one.
      combiner: "mean", "sum" or "sqrtn".
      default_id: What an empty row looks up; without it the result of an empty row is zero.
      name: Name scope; defaults to "embedding_lookup".
      partition_strategy: How ids belong to several parts: "div" or "mod".
      max_norm: Rows with a larger Euclidean norm are scaled down to it.
      allow_fast_lookup: Not used.

    Returns:
      Tensor `[d_0, ..., d_n-1, ...]`.

    Raises:
      ValueError: no parts of a table.

    >>> ids = tf.SparseTensor([[0, 0], [2, 0]], tf.constant([1, -1], tf.int64), [3, 2])
    >>> tf.Session().run(tf.nn.safe_embedding_lookup_sparse(tf.constant([[1.0], [2.0]]), ids)).tolist()
    [[2.0], [0.0], [0.0]]
    """
    if embedding_weights is None or (isinstance(embedding_weights, (list, tuple)) and not embedding_weights):
        raise ValueError(f"Missing embedding_weights {embedding_weights}.")
    with stacks.get_default_graph().name_scope(name or "embedding_lookup") as scope:
        original_shape = sparse_ids.dense_shape
        dims = sparse_ids.dense_shape.shape.as_list()
        axes = rank(original_shape) if dims[0] is None else dims[0] - 1
        rows = reduce_prod(slice_(original_shape, [0], [axes]))
        flat = cast([rows, gather(original_shape, axes)], dtypes.int64)
        ids = sparse_reshape(sparse_ids, flat)
        weights = None
        if sparse_weights is not None:
            weights = SparseTensor(ids.indices, sparse_weights.values, ids.dense_shape)
        ids, weights = _without_invalid(ids, weights)
        if combiner != "sum":
            ids, weights = _without_weightless(ids, weights)
        ids, empty = sparse_fill_empty_rows(ids, default_id or 0)
        if weights is not None:
            weights, _ = sparse_fill_empty_rows(weights, 1.0)
        result = embedding_lookup_sparse(
            embedding_weights,
            ids,
            weights,
            combiner=combiner,
            partition_strategy=partition_strategy,
            name=None if default_id is None else scope,
            max_norm=max_norm,
        )
        if default_id is None:
            widths = stack([1, shape(result)[1]])
            empty = tile(reshape(empty, [-1, 1]), widths)
            result = where(empty, zeros_like(result), result, name=scope)
        outer = slice_(cast(original_shape, dtypes.int32), [0], [axes])
        final = reshape(result, concat([outer, slice_(shape(result), [1], [-1])], 0))
        known = constant_value_as_dims(original_shape)
        if known is not None and result.dims is not None:
            final.set_shape([*known[:-1], *result.dims[1:]])
        return final


def _without_invalid(ids: SparseTensor, weights: SparseTensor | None) -> tuple[SparseTensor, SparseTensor | None]:
    valid = apply_op("GreaterEqual", ids.values, 0)
    if weights is not None:  # TF1 asks for a weight here too, of which every value is one
        valid = apply_op("LogicalAnd", valid, ones_like(ids.values, dtype=dtypes.bool))
    return _kept(ids, weights, valid)


def _without_weightless(ids: SparseTensor, weights: SparseTensor | None) -> tuple[SparseTensor, SparseTensor | None]:
    return (ids, weights) if weights is None else _kept(ids, weights, apply_op("Greater", weights.values, 0))


def _kept(ids: SparseTensor, weights: SparseTensor | None, valid: Tensor) -> tuple[SparseTensor, SparseTensor | None]:
    return sparse_retain(ids, valid), None if weights is None else sparse_retain(weights, valid)
