"""`tf.keras.losses`: functions of (y_true, y_pred) that give one number an example, and their class forms.

A class form weighs and averages over everything; a function leaves the batch axis, as `compile` wants it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import state
from scopedjax._src.lib.keras.naming import Registry, serialized
from scopedjax._src.ops.array.shapes import reshape
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math import elementwise as el
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.clipping import clip_by_value
from scopedjax._src.ops.math.comparison import equal, logical_or
from scopedjax._src.ops.math.reductions import reduce_all, reduce_max, reduce_mean, reduce_sum
from scopedjax._src.ops.nn.activations import softplus
from scopedjax._src.ops.nn.cross_entropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from scopedjax._src.ops.nn.normalization import l2_normalize

Loss2 = Callable[..., Tensor]


def _both(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    y_pred = convert_to_tensor(y_pred)
    return cast(y_true, y_pred.dtype), y_pred


def _documented(what: str, formula: str, more: str = "") -> Callable[[Loss2], Loss2]:
    def decorate(function: Loss2) -> Loss2:
        function.__doc__ = f"""Returns the {what}, `{formula}`, over the last axis.

    Args:
      y_true: What is right, in the shape of `y_pred`.
      y_pred: The predictions, `[batch, ..., size]`.{more}

    Returns:
      Tensor `[batch, ...]`.

    >>> tf.keras.losses.{function.__name__}(tf.ones([2, 3]), 0.5 * tf.ones([2, 3])).shape.as_list()
    [2]
    """
        return function

    return decorate


_ENTROPY = """
      from_logits: Whether the predictions are logits, not probabilities.
      label_smoothing: Share of the truth that is spread over all classes."""


@_documented("mean squared error", "mean((y_pred - y_true)^2)")
def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    return reduce_mean(el.squared_difference(y_pred, y_true), axis=-1)


@_documented("mean absolute error", "mean(|y_pred - y_true|)")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    return reduce_mean(el.abs(y_pred - y_true), axis=-1)


@_documented("mean absolute percentage error", "100 mean(|(y_true - y_pred) / y_true|)")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    return 100.0 * reduce_mean(el.abs((y_true - y_pred) / el.maximum(el.abs(y_true), state.epsilon())), axis=-1)


@_documented("mean squared logarithmic error", "mean((log(y_pred + 1) - log(y_true + 1))^2)")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    a, b = (el.log(el.maximum(y, state.epsilon()) + 1.0) for y in (y_pred, y_true))
    return reduce_mean(el.squared_difference(a, b), axis=-1)


def _signs(y_true: Tensor) -> Tensor:
    """Labels 0 and 1 as -1 and 1; others as they are."""
    binary = reduce_all(logical_or(equal(y_true, 0.0), equal(y_true, 1.0)))
    return cond(binary, lambda: 2.0 * y_true - 1.0, lambda: y_true + 0.0)


@_documented("hinge loss", "mean(max(1 - y_true y_pred, 0))")
def hinge(y_true: Any, y_pred: Any) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    return reduce_mean(el.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


@_documented("squared hinge loss", "mean(max(1 - y_true y_pred, 0)^2)")
def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    return reduce_mean(el.square(el.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


@_documented("categorical hinge loss", "max(0, max((1 - y_true) y_pred) - sum(y_true y_pred) + 1)")
def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    positive = reduce_sum(y_true * y_pred, axis=-1)
    negative = reduce_max((1.0 - y_true) * y_pred, axis=-1)
    return el.maximum(0.0, negative - positive + 1.0)


@_documented("mean logarithm of the hyperbolic cosine", "mean(log(cosh(y_pred - y_true)))")
def logcosh(y_true: Any, y_pred: Any) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    x = y_pred - y_true
    return reduce_mean(x + softplus(-2.0 * x) - math.log(2.0), axis=-1)


def categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    if label_smoothing:
        classes = cast(shape_of(y_true)[1], y_pred.dtype)
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / classes
    if from_logits:
        return softmax_cross_entropy_with_logits_v2(labels=y_true, logits=y_pred)
    logits = _logits_behind(y_pred, "Softmax")
    if logits is not None:
        return softmax_cross_entropy_with_logits_v2(labels=y_true, logits=logits)
    shares = y_pred / reduce_sum(y_pred, axis=-1, keepdims=True)
    tiny = state.epsilon()
    return -reduce_sum(y_true * el.log(clip_by_value(shares, tiny, 1.0 - tiny)), axis=-1)


def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, axis: int = -1) -> Tensor:
    """Returns the cross entropy of class numbers, `-log(y_pred[y_true])`.

    Args:
      y_true: Class numbers, `[batch, ...]` or `[batch, ..., 1]`.
      y_pred: Probabilities, `[batch, ..., classes]`.
      from_logits: Whether the predictions are logits, not probabilities.
      axis: The axis of the classes: the last.

    Returns:
      Tensor `[batch, ...]`.

    >>> tf.keras.losses.sparse_categorical_crossentropy([0, 1], tf.ones([2, 3]) / 3.0).shape.as_list()
    [2]
    """
    y_pred = convert_to_tensor(y_pred)
    rank = y_pred.shape.ndims
    if axis not in (-1, (rank or 0) - 1):
        raise NotImplementedError("sparse_categorical_crossentropy takes classes on the last axis; transpose y_pred")
    if not from_logits:
        found = _logits_behind(y_pred, "Softmax")
        tiny = state.epsilon()
        y_pred = el.log(clip_by_value(y_pred, tiny, 1.0 - tiny)) if found is None else found
    labels = cast(y_true, "int64")
    dims = y_pred.shape.as_list()
    flat = reshape(labels, [-1])
    logits = reshape(y_pred, [-1, dims[-1]])
    losses = sparse_softmax_cross_entropy_with_logits(labels=flat, logits=logits)
    return losses if rank is None or rank <= 2 else reshape(losses, shape_of(y_pred)[:-1])


def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    logits = y_pred if from_logits else _logits_behind(y_pred, "Sigmoid")
    if logits is not None:
        return reduce_mean(sigmoid_cross_entropy_with_logits(labels=y_true, logits=logits), axis=-1)
    tiny = state.epsilon()
    shares = clip_by_value(y_pred, tiny, 1.0 - tiny)
    entropy = y_true * el.log(shares + tiny) + (1.0 - y_true) * el.log(1.0 - shares + tiny)
    return reduce_mean(-entropy, axis=-1)


_documented("cross entropy of the shares of classes", "-sum(y_true log(y_pred))", _ENTROPY)(categorical_crossentropy)
_documented("binary cross entropy", "-mean(y_true log(y_pred) + (1 - y_true) log(1 - y_pred))", _ENTROPY)(
    binary_crossentropy
)


def _logits_behind(y_pred: Tensor, op_type: str) -> Tensor | None:
    """The logits of a tensor that is a softmax or sigmoid itself: the entropy of logits is exact where p underflows."""
    op = y_pred.op
    while op.type == "Identity":
        op = op.inputs[0].op
    return op.inputs[0] if op.type == op_type else None


@_documented("Kullback-Leibler divergence", "sum(y_true log(y_true / y_pred))")
def kullback_leibler_divergence(y_true: Any, y_pred: Any) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    a, b = (clip_by_value(y, state.epsilon(), 1.0) for y in (y_true, y_pred))
    return reduce_sum(a * el.log(a / b), axis=-1)


@_documented("Poisson loss", "mean(y_pred - y_true log(y_pred))")
def poisson(y_true: Any, y_pred: Any) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    return reduce_mean(y_pred - y_true * el.log(y_pred + state.epsilon()), axis=-1)


@_documented("cosine of the angle", "sum(y_true y_pred) / (|y_true| |y_pred|)", "\n      axis: The axis.")
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    return reduce_sum(l2_normalize(y_true, axis=axis) * l2_normalize(y_pred, axis=axis), axis=axis)


def _huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    y_true, y_pred = _both(y_true, y_pred)
    error = el.abs(y_pred - y_true)
    near = el.minimum(error, delta)
    return 0.5 * near * near + delta * (error - near)


# ------------------------------------------------------------------------------------------------------ class forms


class Loss:
    """A loss with a way to reduce it.

    Args:
      reduction: "auto" or "sum_over_batch_size" (the mean), "sum", or "none".
      name: Name.

    >>> class Distance(tf.keras.losses.Loss):
    ...     def call(self, y_true, y_pred):
    ...         return tf.abs(y_true - y_pred)
    >>> tf.Session().run(Distance()(tf.ones([2]), tf.zeros([2])))
    np.float32(1.0)
    """

    def __init__(self, reduction: str = "auto", name: str | None = None) -> None:
        if reduction not in ("auto", "none", "sum", "sum_over_batch_size"):
            raise ValueError(f"Invalid Reduction Key {reduction}.")
        self.reduction = reduction
        self.name = name

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the losses; a subclass says how."""
        raise NotImplementedError("Must be implemented in subclasses.")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Returns the reduced loss, each example weighed."""
        losses = self.call(y_true, y_pred)
        if sample_weight is not None:
            losses = losses * _as_wide(cast(sample_weight, losses.dtype), losses)
        if self.reduction == "none":
            return losses
        return reduce_sum(losses) if self.reduction == "sum" else reduce_mean(losses)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes it from again."""
        return {"reduction": self.reduction, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes a loss from what `get_config` returned."""
        return cls(**config)


def _as_wide(weights: Any, losses: Tensor) -> Any:
    """Weights `[batch]` or `[batch, 1]` in a shape that broadcasts with the losses."""
    rank, wanted = weights.shape.ndims, losses.shape.ndims
    if rank is None or wanted is None or rank == wanted:
        return weights
    if rank == wanted + 1:
        return reshape(weights, shape_of(weights)[:-1])
    for _ in range(wanted - rank):
        weights = weights[..., None]
    return weights


def _class_form(function: Any, default_name: str, title: str = "") -> Any:
    """The class of a loss function without options."""

    def __init__(self: Any, reduction: str = "auto", name: str = default_name) -> None:
        Loss.__init__(self, reduction, name)

    def call(self: Any, y_true: Any, y_pred: Any) -> Any:
        return function(y_true, y_pred)

    title = title or "".join(part.capitalize() for part in default_name.split("_"))
    doc = f"""The mean of `{default_name}`; see the function.

    Args:
      reduction: "auto" or "sum_over_batch_size" (the mean), "sum", or "none".
      name: Name.

    >>> tf.keras.losses.{title}()(tf.constant([[0.0, 1.0]]), tf.constant([[0.4, 0.6]])).shape.as_list()
    []
    """
    return type(title, (Loss,), {"__init__": __init__, "call": call, "__doc__": doc, "__module__": __name__})


MeanSquaredError: Any = _class_form(mean_squared_error, "mean_squared_error")
MeanAbsoluteError: Any = _class_form(mean_absolute_error, "mean_absolute_error")
Hinge: Any = _class_form(hinge, "hinge")
MeanAbsolutePercentageError: Any = _class_form(mean_absolute_percentage_error, "mean_absolute_percentage_error")
MeanSquaredLogarithmicError: Any = _class_form(mean_squared_logarithmic_error, "mean_squared_logarithmic_error")
SquaredHinge: Any = _class_form(squared_hinge, "squared_hinge")
CategoricalHinge: Any = _class_form(categorical_hinge, "categorical_hinge")
Poisson: Any = _class_form(poisson, "poisson")
LogCosh: Any = _class_form(logcosh, "logcosh", "LogCosh")
KLDivergence: Any = _class_form(kullback_leibler_divergence, "kullback_leibler_divergence", "KLDivergence")


class _Entropy(Loss):
    """What cross entropies share."""

    _function: Any = None

    def __init__(self, from_logits: bool, label_smoothing: float, reduction: str, name: str) -> None:
        super().__init__(reduction, name)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the entropies."""
        return type(self)._function(y_true, y_pred, self.from_logits, self.label_smoothing)


class BinaryCrossentropy(_Entropy):
    """The mean of `binary_crossentropy`; see the function.

    Args:
      from_logits: Whether the predictions are logits, not probabilities.
      label_smoothing: Share of the truth that is spread over both classes.
      reduction: "auto" or "sum_over_batch_size" (the mean), "sum", or "none".
      name: Name.

    >>> tf.keras.losses.BinaryCrossentropy()(tf.constant([[0.0, 1.0]]), tf.constant([[0.4, 0.6]])).shape.as_list()
    []
    """

    _function = staticmethod(binary_crossentropy)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0,
        reduction: str = "auto",
        name: str = "binary_crossentropy",
    ) -> None:
        super().__init__(from_logits, label_smoothing, reduction, name)


class CategoricalCrossentropy(_Entropy):
    """The mean of `categorical_crossentropy`; see the function.

    Args:
      from_logits: Whether the predictions are logits, not probabilities.
      label_smoothing: Share of the truth that is spread over all classes.
      reduction: "auto" or "sum_over_batch_size" (the mean), "sum", or "none".
      name: Name.

    >>> tf.keras.losses.CategoricalCrossentropy()(tf.constant([[0.0, 1.0]]), tf.constant([[0.4, 0.6]])).shape.as_list()
    []
    """

    _function = staticmethod(categorical_crossentropy)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0,
        reduction: str = "auto",
        name: str = "categorical_crossentropy",
    ) -> None:
        super().__init__(from_logits, label_smoothing, reduction, name)


class SparseCategoricalCrossentropy(Loss):
    """The mean of `sparse_categorical_crossentropy`; see the function.

    Args:
      from_logits: Whether the predictions are logits, not probabilities.
      reduction: "auto" or "sum_over_batch_size" (the mean), "sum", or "none".
      name: Name.

    >>> tf.keras.losses.SparseCategoricalCrossentropy()(tf.constant([1]), tf.constant([[0.4, 0.6]])).shape.as_list()
    []
    """

    def __init__(
        self, from_logits: bool = False, reduction: str = "auto", name: str = "sparse_categorical_crossentropy"
    ) -> None:
        super().__init__(reduction, name)
        self.from_logits = from_logits

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the entropies."""
        return sparse_categorical_crossentropy(y_true, y_pred, self.from_logits)


class CosineSimilarity(Loss):
    """The mean of cosines between truth and prediction, with the sign that TensorFlow 1.15 gives it: larger is nearer.

    Args:
      axis: Axis of the vectors.
      reduction: "auto" or "sum_over_batch_size" (the mean), "sum", or "none".
      name: Name.

    >>> tf.keras.losses.CosineSimilarity()(tf.constant([[0.0, 1.0]]), tf.constant([[0.4, 0.6]])).shape.as_list()
    []
    """

    def __init__(self, axis: int = -1, reduction: str = "auto", name: str = "cosine_similarity") -> None:
        super().__init__(reduction, name)
        self.axis = axis

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the losses."""
        return cosine_similarity(y_true, y_pred, self.axis)


class Huber(Loss):
    """The mean of squares near zero and absolute values beyond `delta`.

    Args:
      delta: Where the square ends.
      reduction: "auto" or "sum_over_batch_size" (the mean), "sum", or "none".
      name: Name.

    >>> tf.keras.losses.Huber()(tf.constant([[0.0, 1.0]]), tf.constant([[0.4, 0.6]])).shape.as_list()
    []
    """

    def __init__(self, delta: float = 1.0, reduction: str = "auto", name: str = "huber_loss") -> None:
        super().__init__(reduction, name)
        self.delta = delta

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the losses."""
        return _huber(y_true, y_pred, self.delta)


mse = mean_squared_error
mae = mean_absolute_error
mape = mean_absolute_percentage_error
msle = mean_squared_logarithmic_error
kld = kullback_leibler_divergence
cosine_proximity = cosine_similarity

NAMED: dict[str, Any] = {
    f.__name__: f
    for f in (
        mean_squared_error, mean_absolute_error, mean_absolute_percentage_error, mean_squared_logarithmic_error, hinge,
        squared_hinge, categorical_hinge, logcosh, categorical_crossentropy, sparse_categorical_crossentropy,
        binary_crossentropy, kullback_leibler_divergence, poisson, cosine_similarity,
    )
}  # fmt: skip
NAMED |= {"mse": mse, "MSE": mse, "mae": mae, "MAE": mae, "mape": mape, "MAPE": mape, "msle": msle, "MSLE": msle,
          "kld": kld, "KLD": kld, "cosine_proximity": cosine_similarity}  # fmt: skip
_CLASSES = (
    MeanSquaredError, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredLogarithmicError, Hinge, SquaredHinge,
    CategoricalHinge, Poisson, LogCosh, KLDivergence, BinaryCrossentropy, CategoricalCrossentropy,
    SparseCategoricalCrossentropy, CosineSimilarity, Huber,
)  # fmt: skip
_NAMED = Registry("loss function", NAMED | {c.__name__: c for c in _CLASSES})


def get(identifier: Any) -> Any:
    """Returns the loss of a name; a function or an object is returned as it is.

    >>> tf.keras.losses.get("mse") is tf.keras.losses.mean_squared_error
    True
    """
    return _NAMED.get(identifier)


def serialize(loss: Any) -> Any:
    """Returns the name of a loss function.

    >>> tf.keras.losses.serialize(tf.keras.losses.mse)
    'mean_squared_error'
    """
    return serialized(loss)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Returns the loss of a name, of `custom_objects` first.

    >>> tf.keras.losses.deserialize("mse") is tf.keras.losses.mse
    True
    """
    return _NAMED.get(name, custom_objects)
