"""What all streaming metrics share: local variables that gather, and a pair of tensors to read and to update them.

    value, update = tf.metrics.accuracy(labels, predictions)

    accuracy/total, accuracy/count      variables in LOCAL_VARIABLES and METRIC_VARIABLES, from zero
    accuracy/update_op                  adds a batch to them, and gives the metric up to now
    accuracy/value                      gives the metric up to now, and changes nothing

Run `tf.local_variables_initializer()` before the first batch, and again to begin anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph.recording import add_to_collections
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import zeros
from scopedjax._src.ops.array.shapes import expand_dims, rank, squeeze
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.comparison import equal
from scopedjax._src.ops.math.confusion import remove_squeezable_dimensions
from scopedjax._src.variables.kinds import VariableAggregation, VariableSynchronization
from scopedjax._src.variables.variable import Variable

_SHARED = """weights: Tensor of the rank of `{what}` whose dimensions are those of `{what}` or 1: what each element
        counts; 1 by default, and 0 leaves an element out.
      metrics_collections: Collections that the value is added to.
      updates_collections: Collections that the update is added to.
      name: Scope of the variables and nodes; defaults to "{name}"."""


def documented(name: str, what: str = "labels") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Fills the arguments that all metrics share into a docstring, where it says `{shared}`.

    Args:
      name: The default of the scope.
      what: The argument that the weights fit.
    """

    def fill(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__doc__ = (function.__doc__ or "").replace("{shared}", _SHARED.format(name=name, what=what))
        return function

    return fill


def metric_variable(shape: Any, dtype: dtypes.DType, name: str) -> Any:
    """Makes a variable of zeros that a metric gathers in.

    Args:
      shape: Its shape.
      dtype: Its dtype.
      name: Its name, within the open name scope.
    """
    return Variable(
        lambda: zeros(shape, dtype),
        trainable=False,
        collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES],
        synchronization=VariableSynchronization.ON_READ,
        aggregation=VariableAggregation.SUM,
        name=name,
    )


def published(value: Any, update: Any, metrics_collections: Any, updates_collections: Any) -> tuple[Any, Any]:
    """Returns the value and the update of a metric, having added them to collections.

    Args:
      value: Tensor.
      update: Tensor or Operation.
      metrics_collections: A collection, several, or None.
      updates_collections: A collection, several, or None.
    """
    if metrics_collections:
        add_to_collections(metrics_collections, value)
    if updates_collections:
        add_to_collections(updates_collections, update)
    return value, update


def fitted(predictions: Any, labels: Any = None, weights: Any = None) -> tuple[Tensor, Any, Any]:
    """Returns predictions, labels and weights in ranks that fit: a last dimension of size 1 is taken off or put on.

    Args:
      predictions: Tensor.
      labels: Tensor or None.
      weights: Tensor or None.

    Raises:
      ValueError: the shapes of labels and predictions are not compatible.
    """
    predictions = convert_to_tensor(predictions)
    if labels is not None:
        labels, predictions = remove_squeezable_dimensions(labels, predictions)
        predictions.shape.assert_is_compatible_with(labels.shape)
    if weights is None:
        return predictions, labels, None
    weights = convert_to_tensor(weights)
    return predictions, labels, _fitted_weights(weights, predictions)


def _fitted_weights(weights: Tensor, values: Tensor) -> Tensor:
    if weights.ndim == 0:
        return weights
    if weights.ndim is not None and values.ndim is not None:
        if weights.ndim - values.ndim == 1:
            return squeeze(weights, [-1])
        return expand_dims(weights, [-1]) if values.ndim - weights.ndim == 1 else weights
    weights_rank = rank(weights)
    excess = apply_op("Sub", weights_rank, rank(values), name="sub")
    may_squeeze = weights.dims is None or weights.dims[-1] in (None, 1)

    def longer() -> Tensor:
        return squeeze(weights, [-1]) if may_squeeze else weights

    def shorter() -> Any:
        return cond(equal(excess, -1), lambda: expand_dims(weights, [-1]), lambda: weights)

    return cond(equal(weights_rank, 0), lambda: weights, lambda: cond(equal(excess, 1), longer, shorter))


def quotient(total: Any, count: Any, name: str | None = None) -> Tensor:
    """Returns what was gathered divided by how much it was: 0 where that is 0 or less."""
    return apply_op("DivNoNan", total, apply_op("Maximum", count, 0), name=name or "div_no_nan")
