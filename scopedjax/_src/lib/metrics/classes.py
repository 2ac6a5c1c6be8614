"""Metrics of several classes: `mean_iou` and `mean_per_class_accuracy`."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.metrics.streaming import documented, metric_variable, published, quotient
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones, ones_like
from scopedjax._src.ops.array.shapes import reshape, size
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import equal, not_equal, where
from scopedjax._src.ops.math.confusion import confusion_matrix
from scopedjax._src.ops.math.diagonals import diag_part
from scopedjax._src.ops.math.reductions import reduce_mean, reduce_sum
from scopedjax._src.variables.assignment import assign_add, scatter_add
from scopedjax._src.variables.scope import variable_scope


def _flat(x: Tensor) -> Tensor:
    return reshape(x, [-1]) if x.shape.ndims is not None and x.shape.ndims > 1 else x


@documented("mean_iou")
def mean_iou(
    labels: Any,
    predictions: Any,
    num_classes: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the mean over the classes of intersection over union.

    That of one class is `true_positives / (true_positives + false_positives + false_negatives)`; classes that occur
    neither in labels nor in predictions do not count.

    Args:
      labels: Integer tensor: the true classes.
      predictions: Integer tensor of the same shape: the predicted classes.
      num_classes: How many classes there are.
      {shared}

    Returns:
      (value, update): a float32 scalar, and the confusion matrix `[num_classes, num_classes]` with the batch added.

    Raises:
      ValueError: the shapes do not fit.
      InvalidArgumentError: (when run) a class is out of range.

    >>> value, update = tf.metrics.mean_iou([0, 0, 1, 1], [0, 1, 1, 1], 2)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     _ = sess.run(update)
    ...     print(round(float(sess.run(value)), 4))
    0.5833
    """
    with variable_scope(name, "mean_iou", (predictions, labels, weights)):
        predictions, labels = convert_to_tensor(predictions), convert_to_tensor(labels)
        predictions.shape.assert_is_compatible_with(labels.shape)
        matrix, update = _streaming_confusion_matrix(labels, predictions, num_classes, weights)
        value = _mean_of_classes(matrix, "mean_iou")
        return published(value, update, metrics_collections, updates_collections)


def _streaming_confusion_matrix(labels: Any, predictions: Any, num_classes: int, weights: Any) -> tuple[Any, Tensor]:
    matrix = metric_variable([num_classes, num_classes], dtypes.float64, "total_confusion_matrix")
    predictions, labels = cast(predictions, dtypes.int64), cast(labels, dtypes.int64)
    classes = cast(num_classes, dtypes.int64)
    predictions, labels = _flat(predictions), _flat(labels)
    if weights is not None:
        weights = _flat(convert_to_tensor(weights))
    batch = confusion_matrix(labels, predictions, classes, weights=weights, dtype=dtypes.float64)
    return matrix, assign_add(matrix, batch)


def _mean_of_classes(matrix: Any, name: str) -> Tensor:
    predicted = cast(reduce_sum(matrix, 0), dtypes.float32)
    true = cast(reduce_sum(matrix, 1), dtypes.float32)
    both = cast(diag_part(matrix), dtypes.float32)
    either = predicted + true - both
    occurring = reduce_sum(cast(not_equal(either, 0), dtype=dtypes.float32))
    either = where(either > 0, either, ones_like(either))
    shares = both / either
    some = occurring > 0
    return where(some, reduce_sum(shares, name=name) / occurring, 0.0)


@documented("mean_accuracy")
def mean_per_class_accuracy(
    labels: Any,
    predictions: Any,
    num_classes: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the mean over the classes of how often a label of the class was predicted.

    Args:
      labels: Integer tensor: the true classes.
      predictions: Tensor of the same shape: the predicted classes.
      num_classes: How many classes there are.
      {shared}

    Returns:
      (value, update): a float32 scalar, and the accuracy of each class, `[num_classes]`, with the batch added.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.mean_per_class_accuracy([0, 0, 1, 1], [0, 1, 1, 1], 2)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update).tolist(), sess.run(value))
    [0.5, 1.0] 0.75
    """
    with variable_scope(name, "mean_accuracy", (predictions, labels, weights)):
        labels = _flat(cast(labels, dtypes.int64))
        predictions = _flat(convert_to_tensor(predictions))
        predictions.shape.assert_is_compatible_with(labels.shape)
        total = metric_variable([num_classes], dtypes.float32, "total")
        count = metric_variable([num_classes], dtypes.float32, "count")
        number = ones([size(labels)], dtypes.float32)
        if labels.dtype != predictions.dtype:
            predictions = cast(predictions, labels.dtype)
        is_correct = cast(equal(predictions, labels), dtypes.float32)
        if weights is not None:
            weights = cast(_flat(convert_to_tensor(weights)), dtypes.float32)
            is_correct = apply_op("Mul", is_correct, weights, name="mul")
            number = apply_op("Mul", number, weights, name="mul")
        new_total = scatter_add(total, labels, number)
        new_count = scatter_add(count, labels, is_correct)
        value = reduce_mean(quotient(count, total), name="mean_accuracy")
        update = quotient(new_count, new_total, "update_op")
        return published(value, update, metrics_collections, updates_collections)
