"""Metrics of the k best-scored classes of each example: precision, recall and average precision at k.

labels [D1, ..., num_labels]     the true classes of each example: a set, dense or sparse
predictions [D1, ..., classes]   scores, of which the k greatest are the prediction: a set of k

true positives = size(prediction and labels)        false positives = size(prediction without labels)
                                                    false negatives = size(labels without prediction)
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph.recording import control_dependencies, name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.losses.broadcasting import assert_broadcastable
from scopedjax._src.lib.metrics.streaming import documented, metric_variable, published
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import fill, ones
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.selection import dynamic_stitch
from scopedjax._src.ops.array.shapes import expand_dims, rank, reshape, shape, size
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import equal
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.ops.nn.ranking import top_k
from scopedjax._src.ops.sparse.arranging import sparse_reshape, sparse_retain
from scopedjax._src.ops.sparse.sets import set_difference, set_intersection, set_size
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor, SparseTensorValue
from scopedjax._src.variables.assignment import assign_add


def at_k_name(name: str, k: int | None = None, class_id: int | None = None) -> str:
    """Returns the default name of a metric at k, such as 'precision_at_5_class2'."""
    name = f"{name}_at_k" if k is None else f"{name}_at_{k}"
    return name if class_id is None else f"{name}_class{class_id}"


def expanded_labels(labels: Any, predictions: Any) -> Any:
    """Returns labels in the rank of the predictions: one label an example may come without a dimension of its own.

    Args:
      labels: Tensor or SparseTensor.
      predictions: Tensor.

    Raises:
      ValueError: the ranks do not fit.
    """
    with name_scope(None, "expand_labels", (labels, predictions)) as scope:
        if isinstance(labels, SparseTensorValue):
            labels = SparseTensor.from_value(labels)
        predictions = convert_to_tensor(predictions)
        if isinstance(labels, SparseTensor):
            return _expanded_sparse(labels, predictions, scope)
        labels = convert_to_tensor(labels)
        if labels.ndim is not None and predictions.ndim is not None:
            if predictions.ndim == labels.ndim:
                return labels
            if predictions.ndim == labels.ndim + 1:
                return expand_dims(labels, -1, name=scope)
            raise ValueError(f"Unexpected labels shape {labels.shape} for predictions shape {predictions.shape}.")
        shorter = equal(rank(predictions), rank(labels) + 1)
        return cond(shorter, lambda: expand_dims(labels, -1, name=scope), lambda: labels)


def _expanded_sparse(labels: SparseTensor, predictions: Tensor, scope: str) -> SparseTensor:
    width = labels.dense_shape.dims
    if width is not None and width[0] is not None and predictions.ndim is not None:
        if predictions.ndim != width[0] + 1:
            return labels
        return sparse_reshape(labels, concat([labels.dense_shape, [1]], 0), name=scope)
    raise ValueError(
        f"metrics at k: the rank of sparse labels {labels} and of predictions {predictions} must be known when the "
        "graph is made; set the static shape of both (`labels.dense_shape.set_shape([2])`)"
    )


def _of_class(ids: Any, selected: int) -> Any:
    """Sets of class ids with all but one class taken out."""
    if isinstance(ids, SparseTensor):
        return sparse_retain(ids, equal(ids.values, selected))
    sizes = shape(ids, out_type=dtypes.int64)
    last = reshape(size(sizes) - 1, [1])
    number = size(sizes)
    axes = (last + number) % number
    replaced = shape(axes)
    outer = dynamic_stitch([tf_range(number), axes], [sizes, ones(replaced, dtypes.int64)])
    return set_intersection(fill(outer, cast(selected, dtypes.int64)), ids)


def _counted(kind: str, labels: Any, ids: Any, class_id: int | None, weights: Any, name: str | None = None) -> Tensor:
    """How many ids of each example are hits, false, or missing: float64, without the last dimension."""
    with name_scope(name, f"{kind}s", (ids, labels, weights)):
        if class_id is not None:
            ids, labels = _of_class(ids, class_id), _of_class(labels, class_id)
        if kind == "true_positive":
            found = set_intersection(ids, labels)
        else:
            found = set_difference(ids, labels, aminusb=kind == "false_positive")
        count = cast(set_size(found), dtypes.float64)
        if weights is not None:
            with control_dependencies((assert_broadcastable(weights, count),)):
                count = apply_op("Mul", count, cast(weights, dtypes.float64))
        return count


def gathered(kind: str, labels: Any, ids: Any, k: int | None, class_id: int | None, weights: Any) -> tuple[Any, Tensor]:
    """Gathers the counts of all batches in a variable; returns it and its update."""
    with name_scope(None, at_k_name(kind, k, class_id), (ids, labels, weights)) as scope:
        count = _counted(kind, labels, ids, class_id, weights)
        total = cast(reduce_sum(count), dtypes.float64)
        variable = metric_variable([], dtypes.float64, scope)
        return variable, assign_add(variable, total, name="update")


def _share_at_top_k(
    metric: str,
    other: str,
    labels: Any,
    predictions_idx: Any,
    k: int | None,
    class_id: int | None,
    weights: Any,
    metrics_collections: Any,
    updates_collections: Any,
    name: str | None,
) -> tuple[Tensor, Tensor]:
    with name_scope(name, at_k_name(metric, k, class_id), (predictions_idx, labels, weights)) as scope:
        labels = expanded_labels(labels, predictions_idx)
        ids = cast(predictions_idx, dtypes.int64)
        hits, new_hits = gathered("true_positive", labels, ids, k, class_id, weights)
        rest, new_rest = gathered(other, labels, ids, k, class_id, weights)
        value = apply_op("RealDiv", hits, apply_op("AddV2", hits, rest, name="Add"), name=scope)
        both = apply_op("AddV2", new_hits, new_rest, name="Add")
        update = apply_op("RealDiv", new_hits, both, name="update")
        return published(value, update, metrics_collections, updates_collections)


@documented("precision_at_k, with the k given", "predictions_idx without its last dimension")
def precision_at_top_k(
    labels: Any,
    predictions_idx: Any,
    k: int | None = None,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes how many of k predicted classes are among the labels.

    Args:
      labels: int64 Tensor or SparseTensor `[D1, ..., num_labels]`, or `[D1, ...]`: the true classes.
      predictions_idx: Integer tensor `[D1, ..., k]`: the predicted classes.
      k: For the name only.
      class_id: A class to look at alone; None for all.
      {shared}

    Returns:
      (value, update): float64 scalars; NaN where nothing was predicted.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.precision_at_top_k(tf.constant([[2]], tf.int64), [[1, 2]], k=2)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    0.5
    """
    return _share_at_top_k(
        "precision", "false_positive", labels, predictions_idx, k, class_id, weights, metrics_collections,
        updates_collections, name,
    )  # fmt: skip


@documented("precision_at_k, with the k given", "predictions without its last dimension")
def precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes how many of the k best-scored classes are among the labels.

    Args:
      labels: int64 Tensor or SparseTensor `[D1, ..., num_labels]`, or `[D1, ...]`: the true classes.
      predictions: Floating tensor `[D1, ..., classes]`: a score for each class.
      k: How many of the best-scored classes are the prediction.
      class_id: A class to look at alone; None for all.
      {shared}

    Returns:
      (value, update): float64 scalars; NaN where nothing was predicted.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.precision_at_k(tf.constant([[2]], tf.int64), [[0.1, 0.3, 0.6]], k=2)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    0.5
    """
    with name_scope(name, at_k_name("precision", k, class_id), (predictions, labels, weights)) as scope:
        _, best = top_k(predictions, k)
        return precision_at_top_k(
            labels, best, k, class_id, weights, metrics_collections, updates_collections, name=scope
        )


@documented("precision_at_k, with the k given", "predictions without its last dimension")
def sparse_precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Former name of `tf.metrics.precision_at_k`.

    Args:
      labels: int64 Tensor or SparseTensor `[D1, ..., num_labels]`, or `[D1, ...]`: the true classes.
      predictions: Floating tensor `[D1, ..., classes]`: a score for each class.
      k: How many of the best-scored classes are the prediction.
      class_id: A class to look at alone; None for all.
      {shared}

    Returns:
      (value, update): float64 scalars.
    """
    return precision_at_k(labels, predictions, k, class_id, weights, metrics_collections, updates_collections, name)


@documented("recall_at_k, with the k given", "predictions_idx without its last dimension")
def recall_at_top_k(
    labels: Any,
    predictions_idx: Any,
    k: int | None = None,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes how many of the labels are among k predicted classes.

    Args:
      labels: int64 Tensor or SparseTensor `[D1, ..., num_labels]`, or `[D1, ...]`: the true classes.
      predictions_idx: Integer tensor `[D1, ..., k]`: the predicted classes.
      k: For the name only.
      class_id: A class to look at alone; None for all.
      {shared}

    Returns:
      (value, update): float64 scalars; NaN where there are no labels.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.recall_at_top_k(tf.constant([[2]], tf.int64), [[1, 2]], k=2)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    1.0
    """
    return _share_at_top_k(
        "recall", "false_negative", labels, predictions_idx, k, class_id, weights, metrics_collections,
        updates_collections, name,
    )  # fmt: skip


@documented("recall_at_k, with the k given", "predictions without its last dimension")
def recall_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes how many of the labels are among the k best-scored classes.

    Args:
      labels: int64 Tensor or SparseTensor `[D1, ..., num_labels]`, or `[D1, ...]`: the true classes.
      predictions: Floating tensor `[D1, ..., classes]`: a score for each class.
      k: How many of the best-scored classes are the prediction.
      class_id: A class to look at alone; None for all.
      {shared}

    Returns:
      (value, update): float64 scalars; NaN where there are no labels.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.recall_at_k(tf.constant([[2]], tf.int64), [[0.1, 0.3, 0.6]], k=2)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    1.0
    """
    with name_scope(name, at_k_name("recall", k, class_id), (predictions, labels, weights)) as scope:
        _, best = top_k(predictions, k)
        return recall_at_top_k(labels, best, k, class_id, weights, metrics_collections, updates_collections, name=scope)


def count_hits(labels: Any, ids: Any, name: str) -> Tensor:
    """Returns how many ids of each example are among its labels, under a name: float64."""
    return _counted("true_positive", labels, ids, None, None, name)


def number_of(values: Tensor, name: str) -> Tensor:
    """Returns the number of elements as a float64 scalar."""
    return cast(size(values, name=name), dtypes.float64)
