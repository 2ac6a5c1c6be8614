"""Metrics of scores between 0 and 1 that become yes or no at a threshold: counts, precision and recall at each.

A score above the threshold is a yes. All thresholds are counted at once: `[thresholds, elements]` comparisons, summed
over the elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph.recording import control_dependencies
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.losses.broadcasting import broadcast_weights
from scopedjax._src.lib.metrics.streaming import documented, fitted, metric_variable, published
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.joining import tile, transpose
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import expand_dims, reshape, shape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.control_flow.checks import assert_greater_equal, assert_less_equal
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import logical_not
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.variables.assignment import assign_add
from scopedjax._src.variables.scope import variable_scope

# The sign of the label and of the prediction that each count is about, in the order of TF1's variables.
_COUNTS = {
    "true_positives": (True, True),
    "false_negatives": (True, False),
    "true_negatives": (False, False),
    "false_positives": (False, True),
}
_TINY = 1e-7


def counts_at_thresholds(
    labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any = None, includes: Sequence[str] = ()
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Gathers true and false positives and negatives at each of several thresholds.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Floating tensor between 0 and 1.
      thresholds: Numbers.
      weights: Tensor that fits the predictions, or None.
      includes: Which counts are wanted, by the names of the variables; all by default.

    Returns:
      (values, updates): by name, `[len(thresholds)]` variables and the tensors that add a batch to them.
    """
    includes = includes or tuple(_COUNTS)
    checks = [
        assert_greater_equal(predictions, cast(0.0, dtype=predictions.dtype), message="predictions must be in [0, 1]"),
        assert_less_equal(predictions, cast(1.0, dtype=predictions.dtype), message="predictions must be in [0, 1]"),
    ]
    with control_dependencies(checks):
        predictions, labels, weights = fitted(cast(predictions, dtypes.float32), cast(labels, dtypes.bool), weights)
    number = len(thresholds)
    column = reshape(predictions, [-1, 1])
    row = reshape(cast(labels, dtype=dtypes.bool), [1, -1])
    elements = column.shape.as_list()[0]
    if elements is None:
        elements = shape(column)[0]
    limits = tile(expand_dims(constant(list(thresholds)), [1]), stack([1, elements]))
    predicted: dict[bool, Tensor] = {}
    predicted[True] = apply_op("Greater", tile(transpose(column), stack([number, 1])), limits)
    if "false_negatives" in includes or "true_negatives" in includes:
        predicted[False] = logical_not(predicted[True])
    true: dict[bool, Tensor] = {True: tile(row, [number, 1])}
    if "false_positives" in includes or "true_negatives" in includes:
        true[False] = logical_not(true[True])
    if weights is not None:
        weights = broadcast_weights(cast(weights, dtypes.float32), predictions)
        weights = tile(reshape(weights, [1, -1]), [number, 1])
        limits.shape.assert_is_compatible_with(weights.shape)
    values, updates = {}, {}
    for name, (label, prediction) in _COUNTS.items():
        if name in includes:
            values[name], updates[name] = _gathered(name, number, true[label], predicted[prediction], weights)
    return values, updates


def _gathered(name: str, number: int, true: Tensor, predicted: Tensor, weights: Any) -> tuple[Any, Tensor]:
    variable = metric_variable([number], dtypes.float32, name)
    hits = cast(apply_op("LogicalAnd", true, predicted), dtypes.float32)
    if weights is not None:
        hits = apply_op("Mul", hits, weights, name="mul")
    return variable, assign_add(variable, reduce_sum(hits, 1))


def _one_count(
    kind: str,
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any,
    metrics_collections: Any,
    updates_collections: Any,
    name: str | None,
) -> tuple[Tensor, Tensor]:
    with variable_scope(name, kind, (predictions, labels, weights)):
        values, updates = counts_at_thresholds(labels, predictions, thresholds, weights, (kind,))
        return published(identity(values[kind]), updates[kind], metrics_collections, updates_collections)


@documented("true_positives")
def true_positives_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Counts the labels that are true and predicted to be, for each of several thresholds.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Floating tensor of the same shape, between 0 and 1; above the threshold is a yes.
      thresholds: List of numbers.
      {shared}

    Returns:
      (value, update): float32 tensors `[len(thresholds)]`.

    Raises:
      ValueError: the shapes do not fit.
      InvalidArgumentError: (when run) a prediction is not between 0 and 1.

    >>> scores = tf.constant([0.9, 0.4, 0.6, 0.1])
    >>> value, update = tf.metrics.true_positives_at_thresholds([1, 1, 0, 0], scores, [0.3, 0.7])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update).tolist())
    [2.0, 1.0]
    """
    return _one_count(
        "true_positives", labels, predictions, thresholds, weights, metrics_collections, updates_collections, name
    )


@documented("false_negatives")
def false_negatives_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Counts the labels that are true and not predicted to be, for each of several thresholds.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Floating tensor of the same shape, between 0 and 1; above the threshold is a yes.
      thresholds: List of numbers.
      {shared}

    Returns:
      (value, update): float32 tensors `[len(thresholds)]`.

    Raises:
      ValueError: the shapes do not fit.
      InvalidArgumentError: (when run) a prediction is not between 0 and 1.

    >>> scores = tf.constant([0.9, 0.4, 0.6, 0.1])
    >>> value, update = tf.metrics.false_negatives_at_thresholds([1, 1, 0, 0], scores, [0.3, 0.7])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update).tolist())
    [0.0, 1.0]
    """
    return _one_count(
        "false_negatives", labels, predictions, thresholds, weights, metrics_collections, updates_collections, name
    )


@documented("false_positives")
def false_positives_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Counts the labels that are false and predicted to be true, for each of several thresholds.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Floating tensor of the same shape, between 0 and 1; above the threshold is a yes.
      thresholds: List of numbers.
      {shared}

    Returns:
      (value, update): float32 tensors `[len(thresholds)]`.

    Raises:
      ValueError: the shapes do not fit.
      InvalidArgumentError: (when run) a prediction is not between 0 and 1.

    >>> scores = tf.constant([0.9, 0.4, 0.6, 0.1])
    >>> value, update = tf.metrics.false_positives_at_thresholds([1, 1, 0, 0], scores, [0.3, 0.7])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update).tolist())
    [1.0, 0.0]
    """
    return _one_count(
        "false_positives", labels, predictions, thresholds, weights, metrics_collections, updates_collections, name
    )


@documented("true_negatives")
def true_negatives_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Counts the labels that are false and predicted to be, for each of several thresholds.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Floating tensor of the same shape, between 0 and 1; above the threshold is a yes.
      thresholds: List of numbers.
      {shared}

    Returns:
      (value, update): float32 tensors `[len(thresholds)]`.

    Raises:
      ValueError: the shapes do not fit.
      InvalidArgumentError: (when run) a prediction is not between 0 and 1.

    >>> scores = tf.constant([0.9, 0.4, 0.6, 0.1])
    >>> value, update = tf.metrics.true_negatives_at_thresholds([1, 1, 0, 0], scores, [0.3, 0.7])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update).tolist())
    [1.0, 2.0]
    """
    return _one_count(
        "true_negatives", labels, predictions, thresholds, weights, metrics_collections, updates_collections, name
    )


@documented("precision_at_thresholds")
def precision_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes how much of what was predicted to be true is, for each of several thresholds.

    `true_positives / (true_positives + false_positives + 1e-7)`

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Floating tensor of the same shape, between 0 and 1; above the threshold is a yes.
      thresholds: List of numbers.
      {shared}

    Returns:
      (value, update): float32 tensors `[len(thresholds)]`.

    Raises:
      ValueError: the shapes do not fit.
      InvalidArgumentError: (when run) a prediction is not between 0 and 1.

    >>> scores = tf.constant([0.9, 0.4, 0.6, 0.1])
    >>> value, update = tf.metrics.precision_at_thresholds([1, 1, 0, 0], scores, [0.3, 0.7])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update).round(3).tolist())
    [0.6669999957084656, 1.0]
    """
    with variable_scope(name, "precision_at_thresholds", (predictions, labels, weights)):
        values, updates = counts_at_thresholds(
            labels, predictions, thresholds, weights, ("true_positives", "false_positives")
        )
        value = _share(values["true_positives"], values["false_positives"], "precision_value")
        update = _share(updates["true_positives"], updates["false_positives"], "precision_update_op")
        return published(value, update, metrics_collections, updates_collections)


@documented("recall_at_thresholds")
def recall_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes how much of what is true was predicted to be, for each of several thresholds.

    `true_positives / (true_positives + false_negatives + 1e-7)`

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Floating tensor of the same shape, between 0 and 1; above the threshold is a yes.
      thresholds: List of numbers.
      {shared}

    Returns:
      (value, update): float32 tensors `[len(thresholds)]`.

    Raises:
      ValueError: the shapes do not fit.
      InvalidArgumentError: (when run) a prediction is not between 0 and 1.

    >>> scores = tf.constant([0.9, 0.4, 0.6, 0.1])
    >>> value, update = tf.metrics.recall_at_thresholds([1, 1, 0, 0], scores, [0.3, 0.7])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update).round(3).tolist())
    [1.0, 0.5]
    """
    with variable_scope(name, "recall_at_thresholds", (predictions, labels, weights)):
        values, updates = counts_at_thresholds(
            labels, predictions, thresholds, weights, ("true_positives", "false_negatives")
        )
        value = _share(values["true_positives"], values["false_negatives"], "recall_value")
        update = _share(updates["true_positives"], updates["false_negatives"], "recall_update_op")
        return published(value, update, metrics_collections, updates_collections)


def _share(part: Any, rest: Any, name: str) -> Tensor:
    return apply_op("RealDiv", part, _TINY + part + rest, name=name)
