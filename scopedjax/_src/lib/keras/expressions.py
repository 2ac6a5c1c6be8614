"""`tf.keras.backend`: Keras' names of operations on tensors."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import activations, losses, state
from scopedjax._src.ops.array import identity as special
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math import comparison, elementwise, reductions
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.clipping import clip_by_value
from scopedjax._src.ops.math.reductions import reduce_all, reduce_any
from scopedjax._src.ops.nn import activations as nn
from scopedjax._src.ops.nn import normalization, ranking
from scopedjax._src.ops.nn.cross_entropy import sigmoid_cross_entropy_with_logits
from scopedjax._src.ops.nn.dropout import dropout as new_dropout
from scopedjax._src.ops.nn.softmax import softmax as new_softmax


def _each(function: Any, values: Any) -> Any:
    if isinstance(values, (list, tuple)) and [v for v in values if isinstance(v, Tensor)]:
        return [function(v) for v in values]
    return function(convert_to_tensor(values))


def _dropped(x: Any, level: Any, noise_shape: Any, seed: Any) -> Tensor:
    return new_dropout(x, rate=level, noise_shape=noise_shape, seed=seed)


def _binary_entropy(target: Any, output: Any, from_logits: bool) -> Tensor:
    output = convert_to_tensor(output)
    target = cast(target, output.dtype)
    if from_logits:
        return sigmoid_cross_entropy_with_logits(labels=target, logits=output)
    tiny = state.epsilon()
    output = clip_by_value(output, tiny, 1.0 - tiny)
    return -(target * elementwise.log(output + tiny) + (1.0 - target) * elementwise.log(1.0 - output + tiny))


def all(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """Returns whether all elements are true, over axes.

    Args:
      x: Tensor or array.
      axis: The axis, or axes.
      keepdims: Whether the axes stay, with size one.

    >>> tf.keras.backend.eval(tf.keras.backend.all([True, False])).tolist()
    False
    """
    return reduce_all(cast(x, "bool"), axis=axis, keepdims=keepdims)


def any(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """Returns whether any element is true, over axes.

    Args:
      x: Tensor or array.
      axis: The axis, or axes.
      keepdims: Whether the axes stay, with size one.

    >>> tf.keras.backend.eval(tf.keras.backend.any([True, False])).tolist()
    True
    """
    return reduce_any(cast(x, "bool"), axis=axis, keepdims=keepdims)


def argmax(x: Any, axis: Any = -1) -> Any:
    """Returns the places of the largest elements along an axis.

    Args:
      x: Tensor or array.
      axis: The axis, or axes.

    >>> tf.keras.backend.eval(tf.keras.backend.argmax([1.0, 3.0])).tolist()
    1
    """
    return reductions.argmax(x, axis=axis)


def argmin(x: Any, axis: Any = -1) -> Any:
    """Returns the places of the smallest elements along an axis.

    Args:
      x: Tensor or array.
      axis: The axis, or axes.

    >>> tf.keras.backend.eval(tf.keras.backend.argmin([1.0, 3.0])).tolist()
    0
    """
    return reductions.argmin(x, axis=axis)


def cumsum(x: Any, axis: Any = 0) -> Any:
    """Returns sums of all elements up to each one.

    Args:
      x: Tensor or array.
      axis: The axis, or axes.

    >>> tf.keras.backend.eval(tf.keras.backend.cumsum([1.0, 3.0])).tolist()
    [1.0, 4.0]
    """
    return reductions.cumsum(x, axis=axis)


def cumprod(x: Any, axis: Any = 0) -> Any:
    """Returns products of all elements up to each one.

    Args:
      x: Tensor or array.
      axis: The axis, or axes.

    >>> tf.keras.backend.eval(tf.keras.backend.cumprod([2.0, 3.0])).tolist()
    [2.0, 6.0]
    """
    return reductions.cumprod(x, axis=axis)


def equal(x: Any, y: Any) -> Any:
    """Returns whether elements are equal.

    Args:
      x: Tensor or array.
      y: The other tensor.

    >>> tf.keras.backend.eval(tf.keras.backend.equal([1, 2], [1, 3])).tolist()
    [True, False]
    """
    return comparison.equal(x, y)


def not_equal(x: Any, y: Any) -> Any:
    """Returns whether elements differ.

    Args:
      x: Tensor or array.
      y: The other tensor.

    >>> tf.keras.backend.eval(tf.keras.backend.not_equal([1, 2], [1, 3])).tolist()
    [False, True]
    """
    return comparison.not_equal(x, y)


def greater(x: Any, y: Any) -> Any:
    """Returns whether elements of x are greater.

    Args:
      x: Tensor or array.
      y: The other tensor.

    >>> tf.keras.backend.eval(tf.keras.backend.greater([1, 4], [1, 3])).tolist()
    [False, True]
    """
    return comparison.greater(x, y)


def greater_equal(x: Any, y: Any) -> Any:
    """Returns whether elements of x are greater or equal.

    Args:
      x: Tensor or array.
      y: The other tensor.

    >>> tf.keras.backend.eval(tf.keras.backend.greater_equal([1, 2], [1, 3])).tolist()
    [True, False]
    """
    return comparison.greater_equal(x, y)


def less(x: Any, y: Any) -> Any:
    """Returns whether elements of x are less.

    Args:
      x: Tensor or array.
      y: The other tensor.

    >>> tf.keras.backend.eval(tf.keras.backend.less([1, 2], [1, 3])).tolist()
    [False, True]
    """
    return comparison.less(x, y)


def less_equal(x: Any, y: Any) -> Any:
    """Returns whether elements of x are less or equal.

    Args:
      x: Tensor or array.
      y: The other tensor.

    >>> tf.keras.backend.eval(tf.keras.backend.less_equal([1, 4], [1, 3])).tolist()
    [True, False]
    """
    return comparison.less_equal(x, y)


def relu(x: Any, alpha: Any = 0.0, max_value: Any = None, threshold: Any = 0) -> Any:
    """Returns x where it is positive, `alpha * x` elsewhere, at most `max_value`.

    Args:
      x: Tensor or array.
      alpha: Factor where x is negative.
      max_value: The largest result, or None.
      threshold: From where x counts as positive.

    >>> tf.keras.backend.eval(tf.keras.backend.relu([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    return activations.relu(x, alpha, max_value, threshold)


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """Returns x where it is positive, `alpha * (exp(x) - 1)` elsewhere.

    Args:
      x: Tensor or array.
      alpha: Factor where x is negative.

    >>> tf.keras.backend.eval(tf.keras.backend.elu([0.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    return activations.elu(x, alpha)


def softmax(x: Any, axis: Any = -1) -> Any:
    """Returns shares: exponentials by their sum.

    Args:
      x: Tensor or array.
      axis: The axis, or axes.

    >>> tf.keras.backend.eval(tf.keras.backend.softmax([1.0, 1.0])).tolist()
    [0.5, 0.5]
    """
    return new_softmax(x, axis=axis)


def softplus(x: Any) -> Any:
    """Returns `log(exp(x) + 1)`.

    Args:
      x: Tensor or array.

    >>> tf.keras.backend.eval(tf.keras.backend.softplus([100.0])).tolist()
    [100.0]
    """
    return nn.softplus(x)


def softsign(x: Any) -> Any:
    """Returns `x / (|x| + 1)`.

    Args:
      x: Tensor or array.

    >>> tf.keras.backend.eval(tf.keras.backend.softsign([1.0])).tolist()
    [0.5]
    """
    return nn.softsign(x)


def sigmoid(x: Any) -> Any:
    """Returns `1 / (1 + exp(-x))`.

    Args:
      x: Tensor or array.

    >>> tf.keras.backend.eval(tf.keras.backend.sigmoid([0.0])).tolist()
    [0.5]
    """
    return elementwise.sigmoid(x)


def hard_sigmoid(x: Any) -> Any:
    """Returns `0.2 x + 0.5` between zero and one.

    Args:
      x: Tensor or array.

    >>> tf.keras.backend.eval(tf.keras.backend.hard_sigmoid([0.0, 9.0])).tolist()
    [0.5, 1.0]
    """
    return activations.hard_sigmoid(x)


def tanh(x: Any) -> Any:
    """Returns the hyperbolic tangent.

    Args:
      x: Tensor or array.

    >>> tf.keras.backend.eval(tf.keras.backend.tanh([0.0])).tolist()
    [0.0]
    """
    return elementwise.tanh(x)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """Returns x by its norm.

    Args:
      x: Tensor or array.
      axis: The axis, or axes.

    >>> tf.keras.backend.eval(tf.keras.backend.l2_normalize([0.0, 2.0])).tolist()
    [0.0, 1.0]
    """
    return normalization.l2_normalize(x, axis=axis)


def in_top_k(predictions: Any, targets: Any, k: Any) -> Any:
    """Returns whether the class of each example is among its `k` largest predictions.

    Args:
      predictions: `[batch, classes]`.
      targets: Class numbers `[batch]`.
      k: How many.

    >>> tf.keras.backend.eval(tf.keras.backend.in_top_k([[0.1, 0.9]], [1], 1)).tolist()
    [True]
    """
    return ranking.in_top_k(predictions, targets, k)


def dropout(x: Any, level: Any, noise_shape: Any = None, seed: Any = None) -> Any:
    """Returns x with a share of `level` set to zero at random and the rest scaled up.

    Args:
      x: Tensor or array.
      level: Share to drop.
      noise_shape: Shape of the random numbers; broadcasts.
      seed: Seed of the random numbers.

    >>> tf.keras.backend.eval(tf.keras.backend.dropout([1.0], 0.0)).tolist()
    [1.0]
    """
    return _dropped(x, level, noise_shape, seed)


def stop_gradient(variables: Any) -> Any:
    """Returns tensors that are constants to gradients.

    Args:
      variables: Tensor, or list of them.

    >>> tf.keras.backend.eval(tf.keras.backend.stop_gradient([1.0])).tolist()
    [1.0]
    """
    return _each(special.stop_gradient, variables)


def binary_crossentropy(target: Any, output: Any, from_logits: Any = False) -> Any:
    """Returns cross entropies element by element.

    Args:
      target: The truth.
      output: Predictions.
      from_logits: Whether predictions are logits.

    >>> tf.keras.backend.eval(tf.keras.backend.binary_crossentropy([1.0], [100.0], from_logits=True)).tolist()
    [0.0]
    """
    return _binary_entropy(target, output, from_logits)


def categorical_crossentropy(target: Any, output: Any, from_logits: Any = False, axis: Any = -1) -> Any:
    """Returns cross entropies of shares of classes.

    Args:
      target: The truth.
      output: Predictions.
      from_logits: Whether predictions are logits.
      axis: The axis, or axes.

    >>> found = tf.keras.backend.categorical_crossentropy([[1.0, 0.0]], [[0.5, 0.5]])
    >>> tf.keras.backend.eval(found).round(4).tolist()
    [0.6930999755859375]
    """
    if axis != -1:
        raise NotImplementedError(f"categorical_crossentropy takes classes on the last axis, not on {axis}: transpose")
    return losses.categorical_crossentropy(target, convert_to_tensor(output), from_logits, 0)


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: Any = False, axis: Any = -1) -> Any:
    """Returns cross entropies of class numbers.

    Args:
      target: The truth.
      output: Predictions.
      from_logits: Whether predictions are logits.
      axis: The axis, or axes.

    >>> found = tf.keras.backend.sparse_categorical_crossentropy([0], [[9.0, -99.0]], from_logits=True)
    >>> tf.keras.backend.eval(found).tolist()
    [0.0]
    """
    return losses.sparse_categorical_crossentropy(target, convert_to_tensor(output), from_logits, axis)
