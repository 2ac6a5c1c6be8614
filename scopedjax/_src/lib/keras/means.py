"""Metrics that are means of functions: one number an example, the mean over all examples so far."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import losses, metrics
from scopedjax._src.lib.keras.metric import MeanMetricWrapper
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import equal
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.ops.nn.normalization import l2_normalize


def _same(y_true: Any, y_pred: Any) -> Tensor:
    return cast(equal(y_true, y_pred), "float32")


def _mean_of(title: str, function: Any, default_name: str, what: str) -> Any:
    """The class of a function without options."""

    def __init__(self: Any, name: str | None = default_name, dtype: Any = None) -> None:
        MeanMetricWrapper.__init__(self, function, name, dtype)

    doc = f"""The mean of {what}.

    Args:
      name: Name.
      dtype: Dtype of the result.

    >>> metric = tf.keras.metrics.{title}()
    >>> metric(tf.constant([[0.0, 1.0]]), tf.constant([[0.4, 0.6]])).shape.as_list()
    []
    """
    return type(title, (MeanMetricWrapper,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})


Accuracy: Any = _mean_of("Accuracy", _same, "accuracy", "whether predictions are equal to the truth")
CategoricalAccuracy: Any = _mean_of(
    "CategoricalAccuracy",
    metrics.categorical_accuracy,
    "categorical_accuracy",
    "whether the largest prediction is the right class, given in shares",
)
MeanSquaredError: Any = _mean_of("MeanSquaredError", losses.mean_squared_error, "mean_squared_error", "squared errors")
MeanAbsoluteError: Any = _mean_of(
    "MeanAbsoluteError", losses.mean_absolute_error, "mean_absolute_error", "absolute errors"
)
MeanAbsolutePercentageError: Any = _mean_of(
    "MeanAbsolutePercentageError",
    losses.mean_absolute_percentage_error,
    "mean_absolute_percentage_error",
    "absolute errors in percent of the truth",
)
MeanSquaredLogarithmicError: Any = _mean_of(
    "MeanSquaredLogarithmicError",
    losses.mean_squared_logarithmic_error,
    "mean_squared_logarithmic_error",
    "squared errors of logarithms",
)
Hinge: Any = _mean_of("Hinge", losses.hinge, "hinge", "hinge losses")
SquaredHinge: Any = _mean_of("SquaredHinge", losses.squared_hinge, "squared_hinge", "squared hinge losses")
CategoricalHinge: Any = _mean_of(
    "CategoricalHinge", losses.categorical_hinge, "categorical_hinge", "hinge losses over classes"
)
LogCoshError: Any = _mean_of("LogCoshError", losses.logcosh, "logcosh", "logarithms of the hyperbolic cosine of errors")
Poisson: Any = _mean_of("Poisson", losses.poisson, "poisson", "Poisson losses")
KLDivergence: Any = _mean_of(
    "KLDivergence", losses.kullback_leibler_divergence, "kullback_leibler_divergence", "Kullback-Leibler divergences"
)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """The mean of whether the largest prediction is the right class, given by its number.

    Args:
      name: Name.
      dtype: Dtype of the result.

    >>> float(tf.keras.backend.eval(tf.keras.metrics.SparseCategoricalAccuracy()([1], [[0.3, 0.7]])))
    1.0
    """

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(metrics.sparse_categorical_accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """The mean of whether predictions lie on the right side of a threshold.

    Args:
      name: Name.
      dtype: Dtype of the result.
      threshold: From where a prediction is a one.

    >>> float(tf.keras.backend.eval(tf.keras.metrics.BinaryAccuracy()([[1.0], [0.0]], [[0.7], [0.6]])))
    0.5
    """

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(metrics.binary_accuracy, name, dtype=dtype, threshold=threshold)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """The mean of whether the right class, given in shares, is among the largest predictions.

    Args:
      k: How many.
      name: Name.
      dtype: Dtype of the result.

    >>> float(tf.keras.backend.eval(tf.keras.metrics.TopKCategoricalAccuracy(k=1)([[0.0, 1.0]], [[0.3, 0.7]])))
    1.0
    """

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(metrics.top_k_categorical_accuracy, name, dtype=dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """The mean of whether the right class, given by its number, is among the largest predictions.

    Args:
      k: How many.
      name: Name.
      dtype: Dtype of the result.

    >>> float(tf.keras.backend.eval(tf.keras.metrics.SparseTopKCategoricalAccuracy(k=1)([1], [[0.3, 0.7]])))
    1.0
    """

    def __init__(self, k: int = 5, name: str = "sparse_top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(metrics.sparse_top_k_categorical_accuracy, name, dtype=dtype, k=k)


class CosineSimilarity(MeanMetricWrapper):
    """The mean of the cosines between truth and prediction.

    Args:
      name: Name.
      dtype: Dtype of the result.
      axis: Axis of the vectors.

    >>> round(float(tf.keras.backend.eval(tf.keras.metrics.CosineSimilarity()([[3.0, 4.0]], [[3.0, 4.0]]))), 4)
    1.0
    """

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(_cosines, name, dtype=dtype, axis=axis)


def _cosines(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    return reduce_sum(l2_normalize(y_true, axis) * l2_normalize(y_pred, axis), axis=axis)


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean of cross entropies between zeros and ones, and predictions.

    Args:
      name: Name.
      dtype: Dtype of the result.
      from_logits: Whether the predictions are logits, not probabilities.
      label_smoothing: Share of the truth that is spread over both classes.

    >>> round(float(tf.keras.backend.eval(tf.keras.metrics.BinaryCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]))), 4)
    0.6931
    """

    def __init__(
        self, name: str = "binary_crossentropy", dtype: Any = None, from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:  # fmt: skip
        super().__init__(losses.binary_crossentropy, name, dtype=dtype, from_logits=from_logits,
                         label_smoothing=label_smoothing)  # fmt: skip


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean of cross entropies between shares of classes and predictions.

    Args:
      name: Name.
      dtype: Dtype of the result.
      from_logits: Whether the predictions are logits, not probabilities.
      label_smoothing: Share of the truth that is spread over all classes.

    >>> round(float(tf.keras.backend.eval(tf.keras.metrics.CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]))), 4)
    0.6931
    """

    def __init__(
        self, name: str = "categorical_crossentropy", dtype: Any = None, from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:  # fmt: skip
        super().__init__(losses.categorical_crossentropy, name, dtype=dtype, from_logits=from_logits,
                         label_smoothing=label_smoothing)  # fmt: skip


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean of cross entropies between class numbers and predictions.

    Args:
      name: Name.
      dtype: Dtype of the result.
      from_logits: Whether the predictions are logits, not probabilities.
      axis: Axis of the classes.

    >>> round(float(tf.keras.backend.eval(tf.keras.metrics.SparseCategoricalCrossentropy()([1], [[0.5, 0.5]]))), 4)
    0.6931
    """

    def __init__(
        self, name: str = "sparse_categorical_crossentropy", dtype: Any = None, from_logits: bool = False,
        axis: int = -1,
    ) -> None:  # fmt: skip
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype=dtype, from_logits=from_logits, axis=axis)
