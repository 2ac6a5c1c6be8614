"""Metrics that are a mean over the elements of all batches: `mean`, `accuracy`, the errors."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph.recording import control_dependencies
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.losses.broadcasting import broadcast_weights
from scopedjax._src.lib.metrics.streaming import documented, fitted, metric_variable, published, quotient
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like, zeros_like
from scopedjax._src.ops.array.shapes import size
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import equal, where
from scopedjax._src.ops.math.confusion import remove_squeezable_dimensions
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.variables.assignment import assign_add
from scopedjax._src.variables.scope import variable_scope


@documented("mean", "values")
def mean(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the weighted mean of all values of all batches.

    Args:
      values: Tensor of numbers.
      {shared}

    Returns:
      (value, update): float32 scalars; both give the mean up to now, the second after it has added a batch.

    Raises:
      ValueError: the shapes of values and weights do not fit.

    >>> value, update = tf.metrics.mean([1.0, 2.0, 6.0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update), sess.run(value))
    3.0 3.0
    """
    with variable_scope(name, "mean", (values, weights)):
        values = cast(values, dtypes.float32)
        total = metric_variable([], dtypes.float32, "total")
        count = metric_variable([], dtypes.float32, "count")
        if weights is None:
            number = cast(size(values), dtypes.float32)
        else:
            values, _, weights = fitted(values, weights=weights)
            weights = broadcast_weights(cast(weights, dtypes.float32), values)
            values = apply_op("Mul", values, weights)
            number = reduce_sum(weights)
        new_total = assign_add(total, reduce_sum(values))
        with control_dependencies([values]):
            new_count = assign_add(count, number)
        value = quotient(total, count, "value")
        update = quotient(new_total, new_count, "update_op")
        return published(value, update, metrics_collections, updates_collections)


@documented("mean", "values")
def mean_tensor(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the weighted mean over all batches for each element of a tensor.

    Args:
      values: Tensor of numbers, of a shape that is known and the same in all batches.
      {shared}

    Returns:
      (value, update): float32 tensors of the shape of `values`.

    Raises:
      ValueError: the shapes of values and weights do not fit.

    >>> x = tf.placeholder(tf.float32, [2])
    >>> value, update = tf.metrics.mean_tensor(x)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     for batch in ([1.0, 2.0], [3.0, 6.0]):
    ...         _ = sess.run(update, {x: batch})
    ...     print(sess.run(value).tolist())
    [2.0, 4.0]
    """
    with variable_scope(name, "mean", (values, weights)):
        values = cast(values, dtypes.float32)
        total = metric_variable(values.shape, dtypes.float32, "total_tensor")
        count = metric_variable(values.shape, dtypes.float32, "count_tensor")
        number = ones_like(values)
        if weights is not None:
            values, _, weights = fitted(values, weights=weights)
            weights = broadcast_weights(cast(weights, dtypes.float32), values)
            values = apply_op("Mul", values, weights)
            number = apply_op("Mul", number, weights)
        new_total = assign_add(total, values)
        with control_dependencies([values]):
            new_count = assign_add(count, number)
        value = quotient(total, count, "value")
        update = quotient(new_total, new_count, "update_op")
        return published(value, update, metrics_collections, updates_collections)


@documented("accuracy")
def accuracy(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes how often predictions equal labels.

    Args:
      labels: Tensor: what is true.
      predictions: Tensor of the same shape: what was predicted.
      {shared}

    Returns:
      (value, update): float32 scalars; both give the accuracy up to now, the second after it has added a batch.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.accuracy(labels=[1, 2, 3, 4], predictions=[1, 2, 3, 5])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    0.75
    """
    predictions, labels, weights = fitted(predictions, labels, weights)
    predictions.shape.assert_is_compatible_with(labels.shape)
    if labels.dtype != predictions.dtype:
        predictions = cast(predictions, labels.dtype)
    is_correct = cast(equal(predictions, labels), dtypes.float32)
    return mean(is_correct, weights, metrics_collections, updates_collections, name or "accuracy")


@documented("mean_absolute_error")
def mean_absolute_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the mean of `|predictions - labels|`.

    Args:
      labels: Tensor of numbers.
      predictions: Tensor of the same shape and dtype.
      {shared}

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.mean_absolute_error([1.0, 2.0], [2.0, 4.0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    1.5
    """
    predictions, labels, weights = fitted(predictions, labels, weights)
    errors = apply_op("Abs", predictions - labels)
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_absolute_error")


@documented("mean_cosine_distance")
def mean_cosine_distance(
    labels: Any,
    predictions: Any,
    dim: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the mean of `1 - sum(labels * predictions)` over an axis of unit vectors.

    Args:
      labels: Tensor, of length one along `dim`.
      predictions: Tensor of the same shape, of length one along `dim`.
      dim: The axis of the vectors.
      {shared}

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.mean_cosine_distance([[1.0, 0.0]], [[0.0, 1.0]], 1)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    1.0
    """
    predictions, labels, weights = fitted(predictions, labels, weights)
    predictions.shape.assert_is_compatible_with(labels.shape)
    likeness = reduce_sum(apply_op("Mul", predictions, labels), axis=[dim], keepdims=True)
    value, update = mean(likeness, weights, None, None, name or "mean_cosine_distance")
    value = apply_op("Sub", 1.0, value)
    update = apply_op("Sub", 1.0, update)
    return published(value, update, metrics_collections, updates_collections)


@documented("mean_relative_error")
def mean_relative_error(
    labels: Any,
    predictions: Any,
    normalizer: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the mean of `|labels - predictions| / normalizer`, 0 where the normalizer is.

    Args:
      labels: Tensor of numbers.
      predictions: Tensor of the same shape and dtype.
      normalizer: Tensor of the same shape: what the errors are relative to.
      {shared}

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.mean_relative_error([1.0, 2.0], [2.0, 4.0], [1.0, 2.0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    1.0
    """
    predictions, labels, weights = fitted(predictions, labels, weights)
    predictions, normalizer = remove_squeezable_dimensions(predictions, normalizer)
    predictions.shape.assert_is_compatible_with(normalizer.shape)
    errors = where(equal(normalizer, 0.0), zeros_like(labels), apply_op("Abs", labels - predictions) / normalizer)
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_relative_error")


@documented("mean_squared_error")
def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the mean of `(labels - predictions) ** 2`.

    Args:
      labels: Tensor of numbers.
      predictions: Tensor of the same shape and dtype.
      {shared}

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.mean_squared_error([1.0, 2.0], [2.0, 4.0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    2.5
    """
    predictions, labels, weights = fitted(predictions, labels, weights)
    predictions.shape.assert_is_compatible_with(labels.shape)
    errors = apply_op("SquaredDifference", labels, predictions)
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_squared_error")


@documented("root_mean_squared_error")
def root_mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the square root of the mean of `(labels - predictions) ** 2`.

    Args:
      labels: Tensor of numbers.
      predictions: Tensor of the same shape and dtype.
      {shared}

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes do not fit.

    >>> value, update = tf.metrics.root_mean_squared_error([1.0, 2.0], [4.0, 5.0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    3.0
    """
    predictions, labels, weights = fitted(predictions, labels, weights)
    predictions.shape.assert_is_compatible_with(labels.shape)
    value, update = mean_squared_error(labels, predictions, weights, None, None, name or "root_mean_squared_error")
    value = apply_op("Sqrt", value)
    update = apply_op("Sqrt", update)
    return published(value, update, metrics_collections, updates_collections)


@documented("percentage_below_threshold", "values")
def percentage_below(
    values: Any,
    threshold: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes the share of the values that are below a threshold, between 0 and 1.

    Args:
      values: Tensor of numbers.
      threshold: A number.
      {shared}

    Returns:
      (value, update): float32 scalars.

    Raises:
      ValueError: the shapes of values and weights do not fit.

    >>> value, update = tf.metrics.percentage_below([1.0, 2.0, 3.0, 4.0], 2.5)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    0.5
    """
    is_below = cast(apply_op("Less", values, threshold), dtypes.float32)
    return mean(is_below, weights, metrics_collections, updates_collections, name or "percentage_below_threshold")
