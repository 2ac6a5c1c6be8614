"""`confusion_matrix`: how often each class was predicted for each class that was true."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like
from scopedjax._src.ops.array.gathering import scatter_nd
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import rank, squeeze
from scopedjax._src.ops.control_flow.checks import assert_less, assert_non_negative
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.control_flow.grouping import with_dependencies
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import equal
from scopedjax._src.ops.math.reductions import reduce_max


def remove_squeezable_dimensions(
    labels: Any, predictions: Any, expected_rank_diff: int = 0, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Returns labels and predictions without a last dimension of size 1 that one of them has too many.

    Args:
      labels: Tensor.
      predictions: Tensor.
      expected_rank_diff: By how much the rank of the predictions is to exceed that of the labels.
      name: Name scope; defaults to "remove_squeezable_dimensions".

    Returns:
      (labels, predictions).
    """
    with name_scope(name, "remove_squeezable_dimensions", [labels, predictions]):
        predictions, labels = convert_to_tensor(predictions), convert_to_tensor(labels)
        if predictions.ndim is not None and labels.ndim is not None:
            excess = predictions.ndim - labels.ndim - expected_rank_diff
            if excess == 1 and _may_end_in_one(predictions):
                predictions = squeeze(predictions, [-1])
            elif excess == -1 and _may_end_in_one(labels):
                labels = squeeze(labels, [-1])
            return labels, predictions
        difference = apply_op("Sub", rank(predictions), rank(labels), name="sub")
        if _may_end_in_one(predictions):
            predictions = _squeezed_if(equal(expected_rank_diff + 1, difference), predictions)
        if _may_end_in_one(labels):
            labels = _squeezed_if(equal(expected_rank_diff - 1, difference), labels)
        return labels, predictions


def _may_end_in_one(x: Tensor) -> bool:
    dims = x.dims
    return dims is None or (len(dims) > 0 and dims[-1] in (None, 1))


def _squeezed_if(condition: Tensor, x: Tensor) -> Tensor:
    return cond(condition, lambda: squeeze(x, [-1]), lambda: x)


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    dtype: Any = dtypes.int32,
    name: str | None = None,
    weights: Any = None,
) -> Tensor:
    """Counts the predictions by true and by predicted class.

    Args:
      labels: 1-D integer tensor: the true classes, from 0 on.
      predictions: 1-D integer tensor of the same length: the predicted classes.
      num_classes: Number of classes; by default one more than the greatest that occurs.
      dtype: Dtype of the result.
      name: Name scope; defaults to "confusion_matrix".
      weights: Tensor of the shape of `predictions`: what each prediction adds; 1 by default.

    Returns:
      Tensor `[num_classes, num_classes]` of `dtype`: rows are true classes, columns predicted ones.

    Raises:
      ValueError: the shapes of predictions and weights differ.
      InvalidArgumentError: (when run) a class is negative, or not below `num_classes`.

    >>> tf.Session().run(tf.confusion_matrix([0, 1, 1], [1, 1, 1])).tolist()
    [[0, 1], [0, 2]]
    """
    with name_scope(name, "confusion_matrix", (predictions, labels, num_classes, weights)) as scope:
        labels, predictions = remove_squeezable_dimensions(
            convert_to_tensor(labels, name="labels"), convert_to_tensor(predictions, name="predictions")
        )
        predictions, labels = cast(predictions, dtypes.int64), cast(labels, dtypes.int64)
        labels = _checked(assert_non_negative(labels, message="`labels` contains negative values"), labels)
        predictions = _checked(
            assert_non_negative(predictions, message="`predictions` contains negative values"), predictions
        )
        if num_classes is None:
            greatest = apply_op("Maximum", reduce_max(predictions), reduce_max(labels))
            num_classes = apply_op("AddV2", greatest, 1, name="add")
        else:
            limit = cast(num_classes, dtypes.int64)
            labels = _checked(assert_less(labels, limit, message="`labels` out of bound"), labels)
            predictions = _checked(assert_less(predictions, limit, message="`predictions` out of bound"), predictions)
        if weights is not None:
            weights = convert_to_tensor(weights, name="weights")
            predictions.shape.assert_is_compatible_with(weights.shape)
            weights = cast(weights, dtype)
        sizes = stack([num_classes, num_classes])
        places = stack([labels, predictions], axis=1)
        updates = ones_like(predictions, dtype) if weights is None else weights
        del scope
        return scatter_nd(places, updates, cast(sizes, dtypes.int64))


def _checked(check: Any, x: Tensor) -> Tensor:
    return with_dependencies([check], x)
