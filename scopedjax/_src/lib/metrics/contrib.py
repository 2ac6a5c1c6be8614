"""Metrics of contrib: those of `tf.metrics` under their former names, and `f1_score`.

Before they were in `tf.metrics`, the functions took the predictions first: `streaming_accuracy(predictions, labels)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.metrics import counts, curves, means
from scopedjax._src.lib.metrics.curves import even_thresholds
from scopedjax._src.lib.metrics.streaming import documented, published
from scopedjax._src.lib.metrics.thresholds import counts_at_thresholds
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import equal
from scopedjax._src.ops.math.reductions import reduce_max, reduce_mean, reduce_sum
from scopedjax._src.variables.scope import variable_scope

_TINY = 1e-7
_DOC = """Former name of `tf.metrics.{0}`, with the predictions first.

    Args:
      predictions: Tensor: what was predicted.
      labels: Tensor of the same shape: what is true.
      weights: Tensor of the rank of `labels` whose dimensions are those of `labels` or 1.
      metrics_collections: Collections that the value is added to.
      updates_collections: Collections that the update is added to.
      name: Scope of the variables and nodes.

    Returns:
      (value, update): see `tf.metrics.{0}`.
    """


def _former(function: Callable[..., Any]) -> Callable[..., Any]:
    def streaming(
        predictions: Any,
        labels: Any,
        weights: Any = None,
        metrics_collections: Any = None,
        updates_collections: Any = None,
        name: str | None = None,
    ) -> tuple[Tensor, Tensor]:
        return function(labels, predictions, weights, metrics_collections, updates_collections, name)

    streaming.__name__ = streaming.__qualname__ = f"streaming_{function.__name__}"
    streaming.__doc__ = _DOC.format(function.__name__)
    return streaming


streaming_accuracy = _former(means.accuracy)
streaming_mean_absolute_error = _former(means.mean_absolute_error)
streaming_mean_squared_error = _former(means.mean_squared_error)
streaming_root_mean_squared_error = _former(means.root_mean_squared_error)
streaming_precision = _former(counts.precision)
streaming_recall = _former(counts.recall)
streaming_true_positives = _former(counts.true_positives)
streaming_true_negatives = _former(counts.true_negatives)
streaming_false_positives = _former(counts.false_positives)
streaming_false_negatives = _former(counts.false_negatives)


@documented("mean", "values")
def streaming_mean(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Former name of `tf.metrics.mean`.

    Args:
      values: Tensor of numbers.
      {shared}

    Returns:
      (value, update): float32 scalars.
    """
    return means.mean(values, weights, metrics_collections, updates_collections, name)


@documented("auc")
def streaming_auc(
    predictions: Any,
    labels: Any,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    curve: str = "ROC",
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Former name of `tf.metrics.auc`, with the predictions first.

    Args:
      predictions: Floating tensor between 0 and 1.
      labels: Tensor of the same shape; anything but 0 is true.
      {shared}
      num_thresholds: How many thresholds, evenly between 0 and 1.
      curve: "ROC" or "PR".

    Returns:
      (value, update): float32 scalars.
    """
    return curves.auc(
        labels, predictions, weights, num_thresholds, metrics_collections, updates_collections, curve, name
    )


@documented("f1")
def f1_score(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the best harmonic mean of precision and recall that a threshold gives.

    `2 * precision * recall / (precision + recall)`, and the greatest over the thresholds.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Floating tensor of the same shape, between 0 and 1.
      {shared}
      num_thresholds: How many thresholds, evenly between 0 and 1.

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit.
      InvalidArgumentError: (when run) a prediction is not between 0 and 1.

    >>> value, update = tf.contrib.metrics.f1_score([0, 0, 1, 1], tf.constant([0.1, 0.4, 0.35, 0.8]))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(round(float(sess.run(update)), 3))
    0.8
    """
    with variable_scope(name, "f1", (labels, predictions, weights)):
        limits = even_thresholds(num_thresholds)
        wanted = ("true_positives", "false_positives", "false_negatives")
        values, updates = counts_at_thresholds(labels, predictions, limits, weights, wanted)
        return published(_best_f1(values), _best_f1(updates), metrics_collections, updates_collections)


def _best_f1(found: dict[str, Any]) -> Tensor:
    tp, fp, fn = (found[name] for name in ("true_positives", "false_positives", "false_negatives"))
    precision = tp / (_TINY + tp + fp)
    recall = tp / (_TINY + tp + fn)
    return reduce_max(2.0 * precision * recall / (precision + recall + _TINY))


def accuracy(predictions: Any, labels: Any, weights: Any = None, name: str | None = None) -> Tensor:
    """Computes how often predictions equal labels in one batch; nothing is gathered.

    Args:
      predictions: Tensor of integers, bools or strings.
      labels: Tensor of the same shape and dtype.
      weights: Tensor of the same shape, or a number; 1 by default.
      name: Name scope; defaults to "accuracy".

    Returns:
      float32 scalar.

    Raises:
      ValueError: the dtypes or shapes differ, or are floating.

    >>> float(tf.Session().run(tf.contrib.metrics.accuracy(tf.constant([1, 2]), tf.constant([1, 3]))))
    0.5
    """
    if not (labels.dtype.is_integer or labels.dtype in (dtypes.bool, dtypes.string)):
        raise ValueError(f"Labels should have bool, string, or integer dtype, not {labels.dtype!r}")
    if not labels.dtype.is_compatible_with(predictions.dtype):
        raise ValueError(
            f"Dtypes of predictions and labels should match. Given: predictions ({predictions.dtype!r}) and labels "
            f"({labels.dtype!r})"
        )
    with name_scope(name, "accuracy", [predictions, labels]):
        is_correct = cast(equal(predictions, labels), dtypes.float32)
        if weights is None:
            return reduce_mean(is_correct)
        weighted = is_correct * weights
        count = reduce_sum(weights + 0.0 * is_correct)
        return reduce_sum(weighted) / count
