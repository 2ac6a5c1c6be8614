"""Average precision at k: the mean, over the labels found, of the precision at the place where each was found.

best classes of an example   2    0    5    labels {2, 5}
hit                          yes  no   yes
precision up to here         1/1  1/2  2/3   ->  (1/1 + 2/3) / min(number of labels, k)
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.losses.broadcasting import broadcast_weights
from scopedjax._src.lib.metrics.streaming import documented, metric_variable, published
from scopedjax._src.lib.metrics.top_k import at_k_name, count_hits, expanded_labels, number_of
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like, zeros_like
from scopedjax._src.ops.array.joining import concat, tile
from scopedjax._src.ops.array.shapes import expand_dims, shape
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import where_v2
from scopedjax._src.ops.math.reductions import cumsum, reduce_max, reduce_sum
from scopedjax._src.ops.nn.ranking import top_k
from scopedjax._src.ops.sparse.arranging import sparse_reshape, sparse_retain
from scopedjax._src.ops.sparse.joining import sparse_concat
from scopedjax._src.ops.sparse.sets import set_size
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor, SparseTensorValue
from scopedjax._src.variables.assignment import assign_add


@documented("average_precision_at_k, with the k given", "predictions without its last dimension")
def average_precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the mean over the examples of the average precision of the k best-scored classes.

    Args:
      labels: int64 Tensor or SparseTensor `[D1, ..., num_labels]`, or `[D1, ...]`: the true classes. Classes that have
        no score do not count.
      predictions: Floating tensor `[D1, ..., classes]`: a score for each class.
      k: How many of the best-scored classes are the prediction.
      {shared}

    Returns:
      (value, update): float64 scalars.

    Raises:
      ValueError: `k` is not positive, or the shapes do not fit.

    >>> scores = [[0.1, 0.2, 0.6, 0.1], [0.5, 0.1, 0.1, 0.3]]
    >>> value, update = tf.metrics.average_precision_at_k(tf.constant([[2], [3]], tf.int64), scores, k=2)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    0.75
    """
    if k < 1:
        raise ValueError(f"Invalid k={k}. `k` should be >= 1.")
    with name_scope(name, at_k_name("average_precision", k), (predictions, labels, weights)) as scope:
        _, ids = top_k(predictions, k)
        classes = cast(shape(predictions)[-1], dtypes.int64)
        labels = _without_unknown_classes(labels, classes)
        average = _average_precision(labels, ids, k)
        if weights is not None:
            weights = broadcast_weights(cast(weights, dtypes.float64), average)
            average = apply_op("Mul", average, weights)
        with name_scope(None, "max", (average,)) as most_scope:
            most = metric_variable([], dtypes.float64, most_scope)
            batch = number_of(average, "batch_max") if weights is None else reduce_sum(weights, name="batch_max")
            new_most = assign_add(most, batch, name="update")
        with name_scope(None, "total", (average,)) as total_scope:
            total = metric_variable([], dtypes.float64, total_scope)
            new_total = assign_add(total, reduce_sum(average, name="batch_total"), name="update")
        value = apply_op("DivNoNan", total, most, name="mean")
        update = apply_op("DivNoNan", new_total, new_most, name=scope)
        return published(value, update, metrics_collections, updates_collections)


@documented("average_precision_at_k, with the k given", "predictions without its last dimension")
def sparse_average_precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Former name of `tf.metrics.average_precision_at_k`.

    Args:
      labels: int64 Tensor or SparseTensor `[D1, ..., num_labels]`, or `[D1, ...]`: the true classes.
      predictions: Floating tensor `[D1, ..., classes]`: a score for each class.
      k: How many of the best-scored classes are the prediction.
      {shared}

    Returns:
      (value, update): float64 scalars.
    """
    return average_precision_at_k(labels, predictions, k, weights, metrics_collections, updates_collections, name)


def _without_unknown_classes(labels: Any, classes: Tensor) -> Any:
    """Labels without classes that have no score: taken out of sparse ones, -1 in dense ones."""
    if isinstance(labels, SparseTensorValue):
        labels = SparseTensor.from_value(labels)
    if isinstance(labels, SparseTensor):
        known = apply_op("LogicalAnd", labels.values >= 0, labels.values < classes)
        return sparse_retain(labels, known)
    labels = convert_to_tensor(labels)

    def replaced() -> Tensor:
        return where_v2(labels >= classes, -1 * ones_like(labels), labels)

    return cond(reduce_max(labels) >= classes, replaced, lambda: labels)


def _average_precision(labels: Any, ids: Tensor, k: int) -> Tensor:
    """The average precision of each example: float64, without the last dimension."""
    with name_scope(None, "average_precision", (ids, labels)) as scope:
        ids = cast(ids, dtypes.int64, name="predictions_idx")
        labels = expanded_labels(labels, ids)
        # Each place is a set of its own: one id, and all labels beside it.
        ids_per_k = expand_dims(ids, -1, name="predictions_idx_per_k")
        labels_per_k = _repeated(labels, k, "labels_per_k")
        hits = count_hits(labels_per_k, ids_per_k, "relevant_per_k")
        hits_so_far = cumsum(hits, axis=-1, name="tp_per_k")
        places_so_far = cumsum(ones_like(hits), axis=-1, name="retrieved_per_k")
        precision = apply_op("RealDiv", hits_so_far, places_so_far, name="precision_per_k")
        counted = apply_op("Mul", precision, hits, name="relevant_precision_per_k")
        total = reduce_sum(counted, axis=(-1,), name="precision_sum")
        return apply_op("RealDiv", total, cast(_number_of_labels(labels, k), dtypes.float64), name=scope)


def _number_of_labels(labels: Any, k: int) -> Tensor:
    with name_scope(None, "num_relevant", (labels,)) as scope:
        if isinstance(labels, SparseTensor):
            return apply_op("Minimum", set_size(labels), k, name=scope)
        number = reduce_sum(where_v2(labels >= 0, ones_like(labels), zeros_like(labels)), axis=-1)
        return apply_op("Minimum", number, k, name=scope)


def _repeated(labels: Any, times: int, name: str) -> Any:
    """Labels `[..., n]` as `[..., times, n]`."""
    with name_scope(name, "expand_and_tile", (labels,)) as scope:
        if isinstance(labels, SparseTensor):
            sizes = labels.dense_shape
            longer = concat([sizes[:-1], [1], sizes[-1:]], 0, name="expanded_shape")
            expanded = sparse_reshape(labels, longer, name="expand")
            if times == 1:
                return expanded
            axis = (sizes.dims or (1,))[0]
            return sparse_concat((axis or 1) - 1, [expanded] * times, name=scope)
        expanded = expand_dims(labels, -2, name="expand")
        if times == 1:
            return expanded
        ones = ones_like(shape(labels))
        multiples = concat([ones[:-1], [times], ones[:1]], 0, name="multiples")
        return tile(expanded, multiples, name=scope)
