"""`tf.keras.activations`: the functions that a layer takes by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras.naming import Registry
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math import elementwise
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.clipping import clip_by_value
from scopedjax._src.ops.math.comparison import greater
from scopedjax._src.ops.math.reductions import reduce_max, reduce_sum
from scopedjax._src.ops.nn import activations as nn
from scopedjax._src.ops.nn.softmax import softmax as nn_softmax


def softmax(x: Any, axis: int = -1) -> Tensor:
    """Returns `exp(x) / sum(exp(x))` along an axis.

    Args:
      x: Floating tensor of rank 2 or more.
      axis: The axis.

    Raises:
      ValueError: the rank is 1.

    >>> tf.Session().run(tf.keras.activations.softmax(tf.constant([[0.0, 0.0]]))).tolist()
    [[0.5, 0.5]]
    """
    x = convert_to_tensor(x)
    rank = x.shape.ndims
    if rank == 2:
        return nn_softmax(x)
    if rank is not None and rank > 2:
        powers = elementwise.exp(x - reduce_max(x, axis=axis, keepdims=True))
        return powers / reduce_sum(powers, axis=axis, keepdims=True)
    raise ValueError("Cannot apply softmax to a tensor that is 1D")


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """Returns x where it is positive, and `alpha * (exp(x) - 1)` elsewhere.

    Args:
      x: Floating tensor.
      alpha: Slope at zero from below.

    >>> tf.Session().run(tf.keras.activations.elu(tf.constant([2.0]))).tolist()
    [2.0]
    """
    x = convert_to_tensor(x)
    below = nn.elu(x)
    return below if alpha == 1 else elementwise.maximum(x, 0.0) + alpha * elementwise.minimum(below, 0.0)


def selu(x: Any) -> Tensor:
    """Returns the scaled exponential linear unit of x.

    >>> tf.Session().run(tf.keras.activations.selu(tf.constant([0.0]))).tolist()
    [0.0]
    """
    return nn.selu(x)


def softplus(x: Any) -> Tensor:
    """Returns `log(1 + exp(x))`.

    >>> tf.keras.activations.softplus(tf.zeros([2])).shape.as_list()
    [2]
    """
    return nn.softplus(x)


def softsign(x: Any) -> Tensor:
    """Returns `x / (1 + |x|)`.

    >>> tf.Session().run(tf.keras.activations.softsign(tf.constant([1.0]))).tolist()
    [0.5]
    """
    return nn.softsign(x)


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0) -> Tensor:
    """Returns the rectified x, with a slope below, a ceiling and a threshold.

    Args:
      x: Floating tensor.
      alpha: Slope below the threshold.
      max_value: Largest result, or None.
      threshold: Where the rise begins; below it the result is `alpha * (x - threshold)`.

    >>> tf.Session().run(tf.keras.activations.relu(tf.constant([-2.0, 3.0, 9.0]), max_value=6.0)).tolist()
    [0.0, 3.0, 6.0]
    """
    x = convert_to_tensor(x)
    if alpha != 0 and max_value is None and threshold == 0:
        return nn.leaky_relu(x, alpha=alpha)
    below = None
    if alpha != 0:
        below = nn.relu(threshold - x) if threshold != 0 else nn.relu(-x)
    if threshold != 0:
        above = x * cast(greater(x, threshold), x.dtype)
    elif max_value == 6:
        above, max_value = nn.relu6(x), None
    else:
        above = nn.relu(x)
    if max_value is not None:
        above = clip_by_value(above, 0.0, max_value)
    return above if below is None else above - alpha * below


def tanh(x: Any) -> Tensor:
    """Returns the hyperbolic tangent.

    >>> tf.Session().run(tf.keras.activations.tanh(tf.constant([0.0]))).tolist()
    [0.0]
    """
    return elementwise.tanh(x)


def sigmoid(x: Any) -> Tensor:
    """Returns `1 / (1 + exp(-x))`.

    >>> tf.Session().run(tf.keras.activations.sigmoid(tf.constant([0.0]))).tolist()
    [0.5]
    """
    return elementwise.sigmoid(x)


def exponential(x: Any) -> Tensor:
    """Returns `exp(x)`.

    >>> tf.Session().run(tf.keras.activations.exponential(tf.constant([0.0]))).tolist()
    [1.0]
    """
    return elementwise.exp(x)


def hard_sigmoid(x: Any) -> Tensor:
    """Returns `0.2 x + 0.5`, kept between 0 and 1.

    >>> tf.Session().run(tf.keras.activations.hard_sigmoid(tf.constant([0.0, 9.0]))).tolist()
    [0.5, 1.0]
    """
    return clip_by_value(convert_to_tensor(x) * 0.2 + 0.5, 0.0, 1.0)


def linear(x: Any) -> Any:
    """Returns x.

    >>> tf.keras.activations.linear(3)
    3
    """
    return x


_NAMED: Registry = Registry("activation function", {
    f.__name__: f
    for f in (softmax, elu, selu, softplus, softsign, relu, tanh, sigmoid, exponential, hard_sigmoid, linear)
})  # fmt: skip


def get(identifier: Any) -> Callable[..., Any]:
    """Returns the activation of a name; a function is returned as it is, and `linear` for None.

    Raises:
      ValueError: no activation has the name.

    >>> tf.keras.activations.get("relu") is tf.keras.activations.relu
    True
    """
    return linear if identifier is None else _NAMED.get(identifier)


def serialize(activation: Any) -> str:
    """Returns the name of an activation.

    >>> tf.keras.activations.serialize(tf.keras.activations.relu)
    'relu'
    """
    return activation.__name__


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Returns the activation of a name, of `custom_objects` first.

    >>> tf.keras.activations.deserialize("tanh") is tf.keras.activations.tanh
    True
    """
    return _NAMED.get(name, custom_objects)
