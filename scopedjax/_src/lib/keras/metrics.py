"""`tf.keras.metrics`: functions of (y_true, y_pred) that give one number an example; `fit` shows their means."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import losses
from scopedjax._src.lib.keras.naming import Registry, serialized
from scopedjax._src.ops.array.shapes import reshape, squeeze
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import equal, greater
from scopedjax._src.ops.math.reductions import argmax, reduce_mean
from scopedjax._src.ops.nn.ranking import in_top_k


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """Returns the share of places where `y_pred > threshold` is `y_true`, over the last axis.

    Args:
      y_true: Zeros and ones, in the shape of `y_pred`.
      y_pred: Probabilities.
      threshold: From where a prediction is a one.

    >>> a, b = tf.constant([[1.0, 0.0]]), tf.constant([[0.7, 0.6]])
    >>> tf.Session().run(tf.keras.metrics.binary_accuracy(a, b)).tolist()
    [0.5]
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = cast(y_true, y_pred.dtype)
    return reduce_mean(cast(equal(y_true, cast(greater(y_pred, threshold), y_pred.dtype)), "float32"), axis=-1)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Returns whether the largest prediction is the right class.

    Args:
      y_true: Shares of classes, `[batch, classes]`.
      y_pred: Probabilities or logits, likewise.

    >>> a, b = tf.constant([[0.0, 1.0]]), tf.constant([[0.3, 0.7]])
    >>> tf.Session().run(tf.keras.metrics.categorical_accuracy(a, b)).tolist()
    [1.0]
    """
    return cast(equal(argmax(y_true, axis=-1), argmax(y_pred, axis=-1)), "float32")


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Returns whether the largest prediction is the right class.

    Args:
      y_true: Class numbers, `[batch]` or `[batch, 1]`.
      y_pred: Probabilities or logits, `[batch, classes]`.

    >>> tf.Session().run(tf.keras.metrics.sparse_categorical_accuracy([1], tf.constant([[0.3, 0.7]]))).tolist()
    [1.0]
    """
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    if y_true.shape.ndims is not None and y_true.shape.ndims == y_pred.shape.ndims:
        y_true = squeeze(y_true, [-1])
    return cast(equal(cast(y_true, "int64"), argmax(y_pred, axis=-1)), "float32")


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """Returns whether the right class is among the `k` largest predictions.

    Args:
      y_true: Shares of classes, `[batch, classes]`.
      y_pred: Probabilities or logits, likewise.
      k: How many.

    >>> a, b = tf.constant([[0.0, 1.0]]), tf.constant([[0.3, 0.7]])
    >>> tf.Session().run(tf.keras.metrics.top_k_categorical_accuracy(a, b, k=1)).tolist()
    [1.0]
    """
    return cast(in_top_k(y_pred, argmax(y_true, axis=-1), k), "float32")


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """Returns whether the right class is among the `k` largest predictions.

    Args:
      y_true: Class numbers, `[batch]` or `[batch, 1]`.
      y_pred: Probabilities or logits, `[batch, classes]`.
      k: How many.

    >>> b = tf.constant([[0.3, 0.7]])
    >>> tf.Session().run(tf.keras.metrics.sparse_top_k_categorical_accuracy([1], b, k=1)).tolist()
    [1.0]
    """
    return cast(in_top_k(y_pred, reshape(cast(y_true, "int32"), [-1]), k), "float32")


NAMED = Registry(
    "metric function",
    {
        **losses.NAMED,
        **{
            f.__name__: f
            for f in (
                binary_accuracy, categorical_accuracy, sparse_categorical_accuracy, top_k_categorical_accuracy,
                sparse_top_k_categorical_accuracy,
            )
        },
    },
)  # fmt: skip


def get(identifier: Any) -> Any:
    """Returns the metric of a name; a function is returned as it is.

    >>> tf.keras.metrics.get("mae") is tf.keras.losses.mae
    True
    """
    return NAMED.get(identifier)


def serialize(metric: Any) -> Any:
    """Returns the name of a metric function, or the class and config of a metric.

    >>> tf.keras.metrics.serialize(tf.keras.metrics.binary_accuracy)
    'binary_accuracy'
    """
    return serialized(metric)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Returns the metric of a name, of `custom_objects` first.

    >>> tf.keras.metrics.deserialize("mae") is tf.keras.losses.mae
    True
    """
    return NAMED.get(config, custom_objects)
