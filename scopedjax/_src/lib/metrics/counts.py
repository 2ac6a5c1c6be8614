"""Metrics of yes and no: counts of true and false positives and negatives, `precision` and `recall`."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph.recording import control_dependencies
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.metrics.streaming import documented, fitted, metric_variable, published
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.shapes import rank
from scopedjax._src.ops.control_flow.checks import assert_rank_in, assert_type
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import equal, where
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.variables.assignment import assign_add
from scopedjax._src.variables.scope import variable_scope


def _as_bools(labels: Any, predictions: Any, weights: Any) -> tuple[Tensor, Tensor, Any]:
    predictions = cast(predictions, dtypes.bool)
    predictions, labels, weights = fitted(predictions, cast(labels, dtypes.bool), weights)
    return labels, predictions, weights


def _counted(
    labels: Tensor,
    label: bool,
    predictions: Tensor,
    prediction: bool,
    weights: Any,
    metrics_collections: Any,
    updates_collections: Any,
) -> tuple[Tensor, Tensor]:
    """Gathers how many pairs are `(label, prediction)`, each with its weight."""
    hits = apply_op("LogicalAnd", equal(labels, label), equal(predictions, prediction))
    assert_type(hits, dtypes.bool)
    count = metric_variable([], dtypes.float32, "count")
    values = cast(hits, dtypes.float32)
    if weights is not None:
        with control_dependencies((assert_rank_in(weights, (0, rank(values))),)):
            weights = cast(weights, dtypes.float32)
            values = apply_op("Mul", values, weights)
    value = identity(count)
    update = assign_add(count, reduce_sum(values))
    return published(value, update, metrics_collections, updates_collections)


@documented("true_positives")
def true_positives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Counts the labels that are true and predicted to be.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Tensor of the same shape; anything but 0 is true.
      {shared}

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.true_positives([1, 1, 0, 1], [1, 0, 1, 0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    1.0
    """
    with variable_scope(name, "true_positives", (predictions, labels, weights)):
        labels, predictions, weights = _as_bools(labels, predictions, weights)
        return _counted(labels, True, predictions, True, weights, metrics_collections, updates_collections)


@documented("false_negatives")
def false_negatives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Counts the labels that are true and not predicted to be.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Tensor of the same shape; anything but 0 is true.
      {shared}

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.false_negatives([1, 1, 0, 1], [1, 0, 1, 0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    2.0
    """
    with variable_scope(name, "false_negatives", (predictions, labels, weights)):
        labels, predictions, weights = _as_bools(labels, predictions, weights)
        return _counted(labels, True, predictions, False, weights, metrics_collections, updates_collections)


@documented("false_positives")
def false_positives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Counts the labels that are false and predicted to be true.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Tensor of the same shape; anything but 0 is true.
      {shared}

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.false_positives([1, 1, 0, 1], [1, 0, 1, 0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    1.0
    """
    with variable_scope(name, "false_positives", (predictions, labels, weights)):
        labels, predictions, weights = _as_bools(labels, predictions, weights)
        return _counted(labels, False, predictions, True, weights, metrics_collections, updates_collections)


@documented("true_negatives")
def true_negatives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Counts the labels that are false and predicted to be.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Tensor of the same shape; anything but 0 is true.
      {shared}

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.true_negatives([1, 1, 0, 1], [1, 0, 1, 0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    0.0
    """
    with variable_scope(name, "true_negatives", (predictions, labels, weights)):
        labels, predictions, weights = _as_bools(labels, predictions, weights)
        return _counted(labels, False, predictions, False, weights, metrics_collections, updates_collections)


@documented("precision")
def precision(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes how much of what was predicted to be true is.

    `true_positives / (true_positives + false_positives)`, and 0 where there is none.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Tensor of the same shape; anything but 0 is true.
      {shared}

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.precision([1, 1, 0, 1], [1, 0, 1, 0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    0.5
    """
    with variable_scope(name, "precision", (predictions, labels, weights)):
        labels, predictions, weights = _as_bools(labels, predictions, weights)
        hits, new_hits = true_positives(labels, predictions, weights)
        others, new_others = false_positives(labels, predictions, weights)
        value = _share(hits, others, "value")
        update = _share(new_hits, new_others, "update_op")
        return published(value, update, metrics_collections, updates_collections)


@documented("recall")
def recall(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes how much of what is true was predicted to be.

    `true_positives / (true_positives + false_negatives)`, and 0 where there is none.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Tensor of the same shape; anything but 0 is true.
      {shared}

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.recall([1, 1, 0, 1], [1, 0, 1, 0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    0.33333334
    """
    with variable_scope(name, "recall", (predictions, labels, weights)):
        labels, predictions, weights = _as_bools(labels, predictions, weights)
        hits, new_hits = true_positives(labels, predictions, weights)
        others, new_others = false_negatives(labels, predictions, weights)
        value = _share(hits, others, "value")
        update = _share(new_hits, new_others, "update_op")
        return published(value, update, metrics_collections, updates_collections)


def _share(part: Tensor, rest: Tensor, name: str) -> Tensor:
    some = (part + rest) > 0
    return where(some, part / (part + rest), 0.0, name)
