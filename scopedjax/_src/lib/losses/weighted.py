"""Weighted losses: how the losses of the elements become one number, and where that number is kept.

    losses [B, T], weights [B, 1]   ->   sum(losses * weights) / number of elements whose weight is not 0

`Reduction` names the ways. Each loss enters the collection `GraphKeys.LOSSES`, from which `get_total_loss` sums up.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph.recording import add_to_collection, control_dependencies, get_collection, name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.losses.broadcasting import assert_broadcastable, broadcast_weights
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like, zeros_like
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.shapes import rank, size
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.accumulation import add_n
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import equal, where
from scopedjax._src.ops.math.reductions import reduce_sum


class Reduction:
    """How the weighted losses of the elements become one number.

    Attributes:
      NONE: Not at all; the loss keeps its shape.
      SUM: Their sum.
      SUM_OVER_BATCH_SIZE: Their sum, divided by the number of elements.
      MEAN: Their sum, divided by the sum of the weights.
      SUM_OVER_NONZERO_WEIGHTS: Former name of `SUM_BY_NONZERO_WEIGHTS`.
      SUM_BY_NONZERO_WEIGHTS: Their sum, divided by the number of elements whose weight is not 0.

    >>> tf.losses.Reduction.SUM
    'weighted_sum'
    """

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """Returns all of them."""
        return (
            cls.NONE,
            cls.SUM,
            cls.MEAN,
            cls.SUM_OVER_BATCH_SIZE,
            cls.SUM_OVER_NONZERO_WEIGHTS,
            cls.SUM_BY_NONZERO_WEIGHTS,
        )

    @classmethod
    def validate(cls, key: str) -> None:
        """Checks that `key` is one of them.

        Args:
          key: What is to be checked.

        Raises:
          ValueError: it is not.
        """
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}. Key should be one of {cls.all()}.")


def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """Weighs losses, reduces them to one number and adds that to a collection.

    Args:
      losses: Tensor: the loss of each element.
      weights: A number, or a tensor of the rank of `losses` whose dimensions are those of `losses` or 1.
      scope: Name scope; defaults to "weighted_loss".
      loss_collection: Collection that the loss is added to; None for none.
      reduction: One of `Reduction`.

    Returns:
      Scalar of the dtype of `losses`; with `Reduction.NONE` a tensor of the shape of `losses`.

    Raises:
      ValueError: the shapes of losses and weights do not fit, or `reduction` is no reduction.

    >>> loss = tf.losses.compute_weighted_loss([1.0, 2.0, 6.0], weights=[1.0, 1.0, 0.0])
    >>> float(tf.Session().run(loss))
    1.5
    """
    Reduction.validate(reduction)
    with name_scope(scope, "weighted_loss", (losses, weights)):
        return _weighted(losses, weights, loss_collection, reduction)


def _weighted(losses: Any, weights: Any, loss_collection: str | None, reduction: str) -> Tensor:
    with control_dependencies((assert_broadcastable(weights, losses),)):
        losses = convert_to_tensor(losses)
        given = losses.dtype.base_dtype
        losses = cast(losses, dtypes.float32)
        weights = cast(weights, dtypes.float32)
        losses = apply_op("Mul", losses, weights)
        loss = losses
        if reduction != Reduction.NONE:
            loss = reduce_sum(losses)
            if reduction == Reduction.MEAN:
                loss = _safe_mean(loss, reduce_sum(apply_op("Mul", ones_like(losses), weights, name="mul")))
            elif reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
                loss = _safe_mean(loss, num_present(losses, weights))
            elif reduction == Reduction.SUM_OVER_BATCH_SIZE:
                loss = _safe_mean(loss, _num_elements(losses))
        loss = cast(loss, given)
        add_loss(loss, loss_collection)
        return loss


def _safe_mean(losses: Tensor, count: Tensor) -> Tensor:
    """The sum divided by a count; 0 where the count is."""
    return apply_op("DivNoNan", reduce_sum(losses), count, name="value")


def _num_elements(losses: Tensor) -> Tensor:
    with name_scope(None, "num_elements") as scope:
        return cast(size(losses, name=scope), dtype=losses.dtype)


def num_present(losses: Tensor, weights: Any, per_batch: bool = False) -> Tensor:
    """Returns how many elements of `losses` have a weight other than 0.

    Args:
      losses: Tensor `[batch, ...]`.
      weights: Weights that fit them.
      per_batch: Whether to count for each entry of the first dimension: shape `[batch, 1, ...]` instead of a scalar.
    """
    with name_scope(None, "num_present", (losses, weights)) as scope:
        weights = cast(weights, dtypes.float32)
        absent = equal(weights, 0.0)
        present = where(absent, zeros_like(weights), ones_like(weights))
        present = broadcast_weights(present, losses)
        if per_batch:
            return reduce_sum(present, axis=tf_range(1, rank(present)), keepdims=True, name=scope)
        return reduce_sum(present, name=scope)


def add_loss(loss: Tensor, loss_collection: str | None = GraphKeys.LOSSES) -> None:
    """Adds a loss of one's own to the collection that `get_total_loss` sums up.

    Args:
      loss: Scalar tensor.
      loss_collection: The collection; None for none.

    >>> tf.losses.add_loss(tf.constant(2.0))
    >>> len(tf.losses.get_losses())
    1
    """
    if loss_collection:
        add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: str = GraphKeys.LOSSES) -> list[Any]:
    """Returns the losses of a collection.

    Args:
      scope: Regular expression that the names must match from their beginning; None for all.
      loss_collection: The collection.

    >>> tf.losses.get_losses()
    []
    """
    return get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """Returns what the regularizers of variables and layers have added.

    Args:
      scope: Regular expression that the names must match from their beginning; None for all.

    >>> _ = tf.get_variable("w", [2], regularizer=tf.nn.l2_loss)
    >>> [loss.name for loss in tf.losses.get_regularization_losses()]
    ['w/Regularizer/L2Loss:0']
    """
    return get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(scope: str | None = None, name: str = "total_regularization_loss") -> Tensor:
    """Returns the sum of the regularization losses; the constant 0 where there are none.

    Args:
      scope: Regular expression that the names must match from their beginning; None for all.
      name: Node name of the sum.

    >>> float(tf.Session().run(tf.losses.get_regularization_loss()))
    0.0
    """
    losses = get_regularization_losses(scope)
    return add_n(losses, name=name) if losses else constant(0.0)


def get_total_loss(
    add_regularization_losses: bool = True, name: str = "total_loss", scope: str | None = None
) -> Tensor:
    """Returns the sum of all losses of the collection `GraphKeys.LOSSES`, and of the regularization losses.

    Args:
      add_regularization_losses: Whether the regularization losses are part of it.
      name: Node name of the sum.
      scope: Regular expression that the names must match from their beginning; None for all.

    Raises:
      ValueError: there is no loss.

    >>> tf.losses.add_loss(tf.constant(2.0))
    >>> tf.losses.add_loss(tf.constant(3.0))
    >>> float(tf.Session().run(tf.losses.get_total_loss()))
    5.0
    """
    losses = get_losses(scope)
    if add_regularization_losses:
        losses = losses + get_regularization_losses(scope)
    return add_n(losses, name=name)
