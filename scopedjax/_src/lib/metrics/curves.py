"""Metrics of a whole curve over thresholds: `auc`, `sensitivity_at_specificity`, `specificity_at_sensitivity`.

    score > threshold is a yes        ROC: true positive rate over false positive rate
    thresholds 0-, 1/199, ..., 1+     PR: precision over recall

The curve is known at the thresholds only; between them the area is that of trapezoids, or what `summation_method` says.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.metrics.streaming import documented, published, quotient
from scopedjax._src.lib.metrics.thresholds import counts_at_thresholds
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import equal, where
from scopedjax._src.ops.math.reductions import argmax, argmin, cumsum, reduce_min, reduce_sum
from scopedjax._src.variables.scope import variable_scope

_BEYOND = 1e-7  # how far the outermost thresholds lie outside of [0, 1]
_TINY = 1e-6
_POINT_TINY = 1e-7
Counts = dict[str, Any]


def even_thresholds(number: int) -> list[float]:
    """Returns thresholds evenly between 0 and 1, the outermost ones just beyond."""
    inner = [(i + 1) * 1.0 / (number - 1) for i in range(number - 2)]
    return [0.0 - _BEYOND, *inner, 1.0 + _BEYOND]


@documented("auc")
def auc(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    curve: str = "ROC",
    name: str | None = None,
    summation_method: str = "trapezoidal",
    thresholds: Sequence[float] | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the area under a curve, approximately: it is known at `num_thresholds` points.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Floating tensor of the same shape, between 0 and 1.
      {shared}
      num_thresholds: How many thresholds, evenly between 0 and 1.
      curve: "ROC" (true positive rate over false positive rate) or "PR" (precision over recall).
      summation_method: "trapezoidal", "careful_interpolation" (for PR, where trapezoids are wrong), "minoring" or
        "majoring" (the area is surely more, or less).
      thresholds: List of numbers to take instead of even ones; just below 0 and just above 1 are added.

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit, or `curve` or `summation_method` is unknown.
      InvalidArgumentError: (when run) a prediction is not between 0 and 1.

    >>> value, update = tf.metrics.auc([0, 0, 1, 1], tf.constant([0.1, 0.4, 0.35, 0.8]))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(round(float(sess.run(update)), 3))
    0.75
    """
    with variable_scope(name, "auc", (labels, predictions, weights)):
        if curve not in ("ROC", "PR"):
            raise ValueError(f"Curve must be either ROC or PR. Curve {curve} is unknown.")
        if thresholds is None:
            limits = even_thresholds(num_thresholds)
        else:
            limits = [0.0 - _BEYOND, *sorted(thresholds), 1.0 + _BEYOND]
        values, updates = counts_at_thresholds(labels, predictions, limits, weights)
        value = _area(values, curve, summation_method, "value")
        update = _area(updates, curve, summation_method, "update_op")
        return published(value, update, metrics_collections, updates_collections)


def _area(counts: Counts, curve: str, method: str, name: str) -> Tensor:
    if curve == "PR":
        if method == "careful_interpolation":
            return _interpolated_area(counts)
        if method == "trapezoidal":
            warnings.warn(
                "Trapezoidal rule is known to produce incorrect PR-AUCs; please switch to "
                '"careful_interpolation" instead.',
                stacklevel=4,
            )
    tp, fn = counts["true_positives"], counts["false_negatives"]
    tn, fp = counts["true_negatives"], counts["false_positives"]
    recall = (tp + _TINY) / (tp + fn + _TINY)
    if curve == "ROC":
        x, y = fp / (fp + tn + _TINY), recall
    else:
        x, y = recall, (tp + _TINY) / (tp + fp + _TINY)
    if method in ("trapezoidal", "careful_interpolation"):
        widths = x[:-1] - x[1:]
        return reduce_sum(apply_op("Mul", widths, (y[:-1] + y[1:]) / 2.0), name=name)
    if method not in ("minoring", "majoring"):
        raise ValueError(
            f"Invalid summation_method: {method} summation_method should be 'trapezoidal', 'careful_interpolation', "
            "'minoring', or 'majoring'."
        )
    widths = x[:-1] - x[1:]
    heights = apply_op("Minimum" if method == "minoring" else "Maximum", y[:-1], y[1:])
    return reduce_sum(apply_op("Mul", widths, heights), name=name)


def _interpolated_area(counts: Counts) -> Tensor:
    """The area under precision over recall where true and false positives grow linearly between two thresholds.

    With `p = tp + fp` and `tp = slope * p + intercept` between two points, the area is the integral of `tp / p` over
    `tp`, divided by the number of positives (Davis and Goadrich, ICML 2006).
    """
    tp, fp, fn = counts["true_positives"], counts["false_positives"], counts["false_negatives"]
    growth = tp[:-1] - tp[1:]
    p = tp + fp
    slope = quotient(growth, p[:-1] - p[1:], "prec_slope")
    intercept = tp[1:] - apply_op("Mul", slope, p[1:])
    both = apply_op("LogicalAnd", p[:-1] > 0, p[1:] > 0)
    ratio = where(both, quotient(p[:-1], p[1:], "recall_relative_ratio"), ones_like(p[1:]))
    pieces = slope * (growth + intercept * apply_op("Log", ratio))
    return reduce_sum(quotient(pieces, tp[1:] + fn[1:], "pr_auc_increment"), name="interpolate_pr_auc")


@documented("sensitivity_at_specificity")
def sensitivity_at_specificity(
    labels: Any,
    predictions: Any,
    specificity: float,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the true positive rate at the threshold whose true negative rate is nearest to a given one.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Floating tensor of the same shape, between 0 and 1.
      specificity: The true negative rate that is wanted, between 0 and 1.
      {shared}
      num_thresholds: How many thresholds, evenly between 0 and 1.

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit, or `specificity` is not between 0 and 1.
      InvalidArgumentError: (when run) a prediction is not between 0 and 1.

    >>> scores = tf.constant([0.1, 0.4, 0.35, 0.8])
    >>> value, update = tf.metrics.sensitivity_at_specificity([0, 0, 1, 1], scores, 0.9)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(round(float(sess.run(update)), 3))
    0.5
    """
    if specificity < 0 or specificity > 1:
        raise ValueError(f"`specificity` must be in the range [0, 1]. Currently, `specificity` got {specificity}.")
    with variable_scope(name, "sensitivity_at_specificity", (predictions, labels, weights)):
        limits = even_thresholds(num_thresholds)
        values, updates = counts_at_thresholds(labels, predictions, limits, weights)
        value = _sensitivity(values, specificity, "value")
        update = _sensitivity(updates, specificity, "update_op")
        return published(value, update, metrics_collections, updates_collections)


def _sensitivity(counts: Counts, specificity: float, name: str) -> Tensor:
    tn, fp = counts["true_negatives"], counts["false_positives"]
    reached = tn / (tn + fp + _POINT_TINY)
    at = cast(argmin(apply_op("Abs", reached - specificity), 0), dtypes.int32)
    tp, fn = counts["true_positives"], counts["false_negatives"]
    return apply_op("RealDiv", tp[at], tp[at] + fn[at] + _POINT_TINY, name=name)


@documented("specificity_at_sensitivity")
def specificity_at_sensitivity(
    labels: Any,
    predictions: Any,
    sensitivity: float,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the true negative rate at the threshold whose true positive rate is nearest to a given one.

    Args:
      labels: Tensor; anything but 0 is true.
      predictions: Floating tensor of the same shape, between 0 and 1.
      sensitivity: The true positive rate that is wanted, between 0 and 1.
      {shared}
      num_thresholds: How many thresholds, evenly between 0 and 1.

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit, or `sensitivity` is not between 0 and 1.
      InvalidArgumentError: (when run) a prediction is not between 0 and 1.

    >>> scores = tf.constant([0.1, 0.4, 0.35, 0.8])
    >>> value, update = tf.metrics.specificity_at_sensitivity([0, 0, 1, 1], scores, 1.0)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(round(float(sess.run(update)), 3))
    0.5
    """
    if sensitivity < 0 or sensitivity > 1:
        raise ValueError(f"`sensitivity` must be in the range [0, 1]. Currently, `sensitivity` is {sensitivity}.")
    with variable_scope(name, "specificity_at_sensitivity", (predictions, labels, weights)):
        limits = even_thresholds(num_thresholds)
        values, updates = counts_at_thresholds(labels, predictions, limits, weights)
        value = _specificity(values, sensitivity, "value")
        update = _specificity(updates, sensitivity, "update_op")
        return published(value, update, metrics_collections, updates_collections)


def _specificity(counts: Counts, sensitivity: float, name: str) -> Tensor:
    tp, fn = counts["true_positives"], counts["false_negatives"]
    reached = tp / (tp + fn + _POINT_TINY)
    nearest = reduce_min(apply_op("Abs", reached - sensitivity))
    # Of several thresholds that are as near, the highest: there the count of those met so far is greatest first.
    is_nearest = equal(apply_op("Abs", reached - sensitivity), nearest)
    at = cast(argmax(cumsum(cast(is_nearest, dtypes.int64)), 0), dtypes.int32)
    tn, fp = counts["true_negatives"], counts["false_positives"]
    return apply_op("RealDiv", tn[at], tn[at] + fp[at] + _POINT_TINY, name=name)
