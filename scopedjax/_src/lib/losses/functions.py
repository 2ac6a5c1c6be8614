"""The losses themselves: `tf.losses.mean_squared_error` and its kin.

Each computes the loss of every element and hands it to `compute_weighted_loss` with the weights.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph.recording import control_dependencies, name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.losses.broadcasting import assert_broadcastable, squeezed
from scopedjax._src.lib.losses.weighted import Reduction, add_loss, compute_weighted_loss, num_present
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like, zeros_like
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.identity import stop_gradient
from scopedjax._src.ops.array.shapes import rank, shape
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import where
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.ops.nn.activations import relu
from scopedjax._src.ops.nn.cross_entropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)

_LOSSES = GraphKeys.LOSSES
_USUAL = Reduction.SUM_BY_NONZERO_WEIGHTS


def _require(**given: Any) -> None:
    for name, value in given.items():
        if value is None:
            raise ValueError(f"Argument `{name}` must not be None.")


def _as_floats(labels: Any, predictions: Any) -> tuple[Tensor, Tensor]:
    """Both as float32 tensors of compatible shapes."""
    predictions = cast(predictions, dtypes.float32)
    labels = cast(labels, dtypes.float32)
    predictions.shape.assert_is_compatible_with(labels.shape)
    return labels, predictions


def absolute_difference(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _USUAL,
) -> Tensor:
    """Computes the loss `|predictions - labels|`.

    Args:
      labels: Tensor.
      predictions: Tensor of the same shape.
      weights: A number, or a tensor of the rank of `labels` whose dimensions are those of `labels` or 1.
      scope: Name scope; defaults to "absolute_difference".
      loss_collection: Collection that the loss is added to; None for none.
      reduction: One of `tf.losses.Reduction`.

    Returns:
      float32 scalar; with `Reduction.NONE` a tensor of the shape of `labels`.

    Raises:
      ValueError: the shapes do not fit, or `labels` or `predictions` is None.

    >>> float(tf.Session().run(tf.losses.absolute_difference([1.0, 2.0], [2.0, 4.0])))
    1.5
    """
    _require(labels=labels, predictions=predictions)
    with name_scope(scope, "absolute_difference", (predictions, labels, weights)) as scope:
        labels, predictions = _as_floats(labels, predictions)
        losses = apply_op("Abs", apply_op("Sub", predictions, labels))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


def cosine_distance(
    labels: Any,
    predictions: Any,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _USUAL,
    dim: int | None = None,
) -> Tensor:
    """Computes the loss `1 - sum(labels * predictions)` over an axis of unit vectors.

    Args:
      labels: Tensor, of length one along `axis`.
      predictions: Tensor of the same shape, of length one along `axis`.
      axis: The axis of the vectors.
      weights: A number, or a tensor of the rank of `labels` with sizes as `labels` or 1, and 1 in `axis`.
      scope: Name scope; defaults to "cosine_distance_loss".
      loss_collection: Collection that the loss is added to; None for none.
      reduction: One of `tf.losses.Reduction`.
      dim: The older name of `axis`.

    Returns:
      float32 scalar; with `Reduction.NONE` a tensor like `labels`, of size 1 in `axis`.

    Raises:
      ValueError: there is no axis, the shapes do not fit, or `labels` or `predictions` is None.

    >>> float(tf.Session().run(tf.losses.cosine_distance([[1.0, 0.0]], [[0.0, 1.0]], axis=1)))
    1.0
    """
    if dim is not None:
        if axis is not None:
            raise ValueError("Cannot specify both 'dim' and 'axis'.")
        axis = dim
    if axis is None:
        raise ValueError("You must specify argument `axis`.")
    _require(labels=labels, predictions=predictions)
    with name_scope(scope, "cosine_distance_loss", (predictions, labels, weights)) as scope:
        labels, predictions = _as_floats(labels, predictions)
        likeness = apply_op("Mul", predictions, labels)
        losses = 1 - reduce_sum(likeness, axis=(axis,), keepdims=True)
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _USUAL,
) -> Tensor:
    """Computes the loss `max(0, 1 - (2 * labels - 1) * logits)`.

    Args:
      labels: Tensor of zeros and ones.
      logits: Tensor of the same shape.
      weights: A number, or a tensor of the rank of `labels` whose dimensions are those of `labels` or 1.
      scope: Name scope; defaults to "hinge_loss".
      loss_collection: Collection that the loss is added to; None for none.
      reduction: One of `tf.losses.Reduction`.

    Returns:
      float32 scalar; with `Reduction.NONE` a tensor of the shape of `labels`.

    Raises:
      ValueError: the shapes do not fit, or `labels` or `logits` is None.

    >>> float(tf.Session().run(tf.losses.hinge_loss([0.0, 1.0], [0.5, 3.0])))
    0.75
    """
    _require(labels=labels, logits=logits)
    with name_scope(scope, "hinge_loss", (logits, labels, weights)) as scope:
        labels, logits = _as_floats(labels, logits)
        ones = ones_like(labels)
        signs = apply_op("Sub", 2 * labels, ones)
        losses = relu(apply_op("Sub", ones, apply_op("Mul", signs, logits)))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _USUAL,
) -> Tensor:
    """Computes Huber's loss: half the square of a small error, and linear beyond.

    For an error `e = |predictions - labels|` it is `e ** 2 / 2` up to `delta`, then `delta * e - delta ** 2 / 2`.

    Args:
      labels: Tensor.
      predictions: Tensor of the same shape.
      weights: A number, or a tensor of the rank of `labels` whose dimensions are those of `labels` or 1.
      delta: Where the loss becomes linear.
      scope: Name scope; defaults to "huber_loss".
      loss_collection: Collection that the loss is added to; None for none.
      reduction: One of `tf.losses.Reduction`.

    Returns:
      float32 scalar; with `Reduction.NONE` a tensor of the shape of `labels`.

    Raises:
      ValueError: the shapes do not fit, or `labels` or `predictions` is None.

    >>> float(tf.Session().run(tf.losses.huber_loss([0.0], [3.0])))
    2.5
    """
    _require(labels=labels, predictions=predictions)
    with name_scope(scope, "huber_loss", (predictions, labels, weights)) as scope:
        labels, predictions = _as_floats(labels, predictions)
        error = apply_op("Abs", apply_op("Sub", predictions, labels))
        small = apply_op("Minimum", error, delta)
        excess = apply_op("Sub", error, small)  # the same as max(error - delta, 0), without its gradient at the kink
        half = convert_to_tensor(0.5, dtype=small.dtype)
        square = apply_op("Mul", half, apply_op("Mul", small, small))
        losses = apply_op("AddV2", square, apply_op("Mul", delta, excess), name="Add")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _USUAL,
) -> Tensor:
    """Computes the cross entropy of labels and predicted probabilities, each element a decision of its own.

    `-labels * log(predictions + epsilon) - (1 - labels) * log(1 - predictions + epsilon)`

    Args:
      labels: Tensor between 0 and 1.
      predictions: Tensor of the same shape: probabilities.
      weights: A number, or a tensor of the rank of `labels` whose dimensions are those of `labels` or 1.
      epsilon: Keeps the logarithm finite.
      scope: Name scope; defaults to "log_loss".
      loss_collection: Collection that the loss is added to; None for none.
      reduction: One of `tf.losses.Reduction`.

    Returns:
      float32 scalar; with `Reduction.NONE` a tensor of the shape of `labels`.

    Raises:
      ValueError: the shapes do not fit, or `labels` or `predictions` is None.

    >>> round(float(tf.Session().run(tf.losses.log_loss([1.0], [0.5]))), 4)
    0.6931
    """
    _require(labels=labels, predictions=predictions)
    with name_scope(scope, "log_loss", (predictions, labels, weights)) as scope:
        labels, predictions = _as_floats(labels, predictions)
        positive = -apply_op("Mul", labels, apply_op("Log", predictions + epsilon))
        negative = apply_op("Mul", 1 - labels, apply_op("Log", 1 - predictions + epsilon))
        return compute_weighted_loss(positive - negative, weights, scope, loss_collection, reduction=reduction)


def mean_pairwise_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
) -> Tensor:
    """Computes the mean square of the differences between pairs of errors within each example.

    For the errors `e` of one example it is the mean of `(e[i] - e[j]) ** 2 / 2` over pairs `i != j`, times 2: constant
    offsets of an example cost nothing.

    Args:
      labels: Tensor `[batch, ...]`.
      predictions: Tensor of the same shape.
      weights: A number, or a tensor `[batch, 1, ...]` of the rank of `labels`.
      scope: Name scope; defaults to "mean_pairwise_squared_error".
      loss_collection: Collection that the loss is added to; None for none.

    Returns:
      float32 scalar: the sum over the examples.

    Raises:
      ValueError: the shapes do not fit, or `labels` or `predictions` is None.

    >>> float(tf.Session().run(tf.losses.mean_pairwise_squared_error([[0.0, 1.0]], [[5.0, 7.0]])))
    1.0
    """
    _require(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_pairwise_squared_error", (predictions, labels, weights)):
        weights = cast(weights, dtypes.float32)
        labels = cast(labels, dtypes.float32)
        with control_dependencies((assert_broadcastable(weights, labels),)):
            labels, predictions = _as_floats(labels, predictions)
            errors = apply_op("Sub", predictions, labels)
            axes = tf_range(1, rank(errors))
            squares = reduce_sum(apply_op("Square", errors), axis=axes, keepdims=True)
            count = num_present(errors, weights, per_batch=True)
            others = apply_op("Maximum", count - 1, 0)
            first = 2.0 * apply_op("DivNoNan", squares, others, name="value")
            sums = apply_op("Square", reduce_sum(errors, axis=axes, keepdims=True))
            pairs = apply_op("Maximum", apply_op("Mul", count, count - 1), 0)
            second = 2.0 * apply_op("DivNoNan", sums, pairs, name="value")
            loss = reduce_sum(apply_op("Mul", first - second, weights))
            any_present = reduce_sum(count) > 0
            mean = where(any_present, loss, zeros_like(loss), name="value")
            add_loss(mean, loss_collection)
            return mean


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _USUAL,
) -> Tensor:
    """Computes the loss `(predictions - labels) ** 2`.

    Args:
      labels: Tensor.
      predictions: Tensor of the same shape.
      weights: A number, or a tensor of the rank of `labels` whose dimensions are those of `labels` or 1.
      scope: Name scope; defaults to "mean_squared_error".
      loss_collection: Collection that the loss is added to; None for none.
      reduction: One of `tf.losses.Reduction`.

    Returns:
      float32 scalar; with `Reduction.NONE` a tensor of the shape of `labels`.

    Raises:
      ValueError: the shapes do not fit, or `labels` or `predictions` is None.

    >>> float(tf.Session().run(tf.losses.mean_squared_error([1.0, 2.0], [2.0, 4.0])))
    2.5
    """
    _require(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_squared_error", (predictions, labels, weights)) as scope:
        labels, predictions = _as_floats(labels, predictions)
        losses = apply_op("SquaredDifference", predictions, labels)
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: Any = 0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _USUAL,
) -> Tensor:
    """Computes the cross entropy of labels and `sigmoid(logits)`, each class a decision of its own.

    Args:
      multi_class_labels: Tensor `[batch, classes]` of numbers between 0 and 1.
      logits: Floating tensor of the same shape.
      weights: A number, or a tensor of the rank of `logits` whose dimensions are those of `logits` or 1.
      label_smoothing: If above 0, labels are drawn towards 1/2: `labels * (1 - s) + s / 2`.
      scope: Name scope; defaults to "sigmoid_cross_entropy_loss".
      loss_collection: Collection that the loss is added to; None for none.
      reduction: One of `tf.losses.Reduction`.

    Returns:
      Scalar of the dtype of `logits`; with `Reduction.NONE` a tensor of their shape.

    Raises:
      ValueError: the shapes do not fit, or labels or logits are None.

    >>> round(float(tf.Session().run(tf.losses.sigmoid_cross_entropy([[1.0]], [[0.0]]))), 4)
    0.6931
    """
    _require(multi_class_labels=multi_class_labels, logits=logits)
    with name_scope(scope, "sigmoid_cross_entropy_loss", (logits, multi_class_labels, weights)) as scope:
        logits = convert_to_tensor(logits)
        labels = cast(multi_class_labels, logits.dtype)
        logits.shape.assert_is_compatible_with(labels.shape)
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: Any = 0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _USUAL,
) -> Tensor:
    """Computes the cross entropy of labels and `softmax(logits)`; gradients flow to the logits alone.

    Args:
      onehot_labels: Tensor `[batch, classes]`: one in the place of the true class.
      logits: Floating tensor of the same shape.
      weights: A number, or a tensor `[batch]` or `[1]`.
      label_smoothing: If above 0, labels are drawn towards `1 / classes`: `labels * (1 - s) + s / classes`.
      scope: Name scope; defaults to "softmax_cross_entropy_loss".
      loss_collection: Collection that the loss is added to; None for none.
      reduction: One of `tf.losses.Reduction`.

    Returns:
      Scalar of the dtype of `logits`; with `Reduction.NONE` a tensor `[batch]`.

    Raises:
      ValueError: the shapes do not fit, or labels or logits are None.

    >>> round(float(tf.Session().run(tf.losses.softmax_cross_entropy([[0.0, 1.0]], [[0.0, 0.0]]))), 4)
    0.6931
    """
    _require(onehot_labels=onehot_labels, logits=logits)
    with name_scope(scope, "softmax_cross_entropy_loss", (logits, onehot_labels, weights)) as scope:
        logits = convert_to_tensor(logits)
        labels = cast(onehot_labels, logits.dtype)
        logits.shape.assert_is_compatible_with(labels.shape)
        if label_smoothing > 0:
            classes = cast(shape(labels)[1], logits.dtype)
            share = label_smoothing / classes
            labels = labels * (1.0 - label_smoothing) + share
        labels = stop_gradient(labels, name="labels_stop_gradient")
        losses = softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _USUAL,
) -> Tensor:
    """Computes the cross entropy of the true class and `softmax(logits)`.

    Args:
      labels: Integer tensor `[...]` or `[..., 1]`: the true classes.
      logits: Floating tensor `[..., classes]`.
      weights: A number, or a tensor of the shape of `labels`, with sizes of 1 where it shall broadcast.
      scope: Name scope; defaults to "sparse_softmax_cross_entropy_loss".
      loss_collection: Collection that the loss is added to; None for none.
      reduction: One of `tf.losses.Reduction`.

    Returns:
      Scalar of the dtype of `logits`; with `Reduction.NONE` a tensor of the shape of `labels`.

    Raises:
      ValueError: the shapes do not fit, or an argument is None.

    >>> round(float(tf.Session().run(tf.losses.sparse_softmax_cross_entropy([1], [[0.0, 0.0]]))), 4)
    0.6931
    """
    _require(labels=labels, logits=logits)
    with name_scope(scope, "sparse_softmax_cross_entropy_loss", (logits, labels, weights)) as scope:
        # A last dimension of size 1 of the labels (as data sets give them) is taken off.
        labels, logits, weights = squeezed(labels, logits, weights, expected_rank_diff=1)
        losses = sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)
