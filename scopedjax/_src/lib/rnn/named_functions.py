"""Activations and initializers that a cell was given by name, and the names of those that it was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scopedjax._src.ops.math.elementwise import exp, sigmoid, tanh
from scopedjax._src.ops.nn.activations import elu, relu, selu, silu, softplus, softsign
from scopedjax._src.ops.nn.softmax import softmax
from scopedjax._src.variables import initializers


def _linear(x: Any) -> Any:
    return x


_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": tanh,
    "sigmoid": sigmoid,
    "relu": relu,
    "elu": elu,
    "selu": selu,
    "softplus": softplus,
    "softsign": softsign,
    "softmax": softmax,
    "swish": silu,
    "exponential": exp,
    "linear": _linear,
}

_INITIALIZERS: dict[str, Callable[[], Any]] = {
    "zeros": initializers.Zeros,
    "ones": initializers.Ones,
    "glorot_uniform": initializers.GlorotUniform,
    "glorot_normal": initializers.GlorotNormal,
    "he_normal": initializers.he_normal,
    "he_uniform": initializers.he_uniform,
    "lecun_normal": initializers.lecun_normal,
    "lecun_uniform": initializers.lecun_uniform,
    "orthogonal": initializers.Orthogonal,
    "identity": initializers.Identity,
}


def activation(value: Any) -> Callable[[Any], Any]:
    """Returns a function for a name or a function; tanh where there is none.

    Raises:
      ValueError: no activation has the name.
      TypeError: neither a name nor a function.
    """
    if not value:
        return tanh
    if callable(value):
        return value
    if not isinstance(value, str):
        raise TypeError(f"Could not interpret activation function identifier: {value}")
    if value not in _ACTIVATIONS:
        raise ValueError(f"Unknown activation function: '{value}'. Known names: {', '.join(_ACTIVATIONS)}")
    return _ACTIVATIONS[value]


def activation_name(function: Callable[[Any], Any]) -> Any:
    """Returns the name of an activation, or the function itself where it has none."""
    return next((name for name, known in _ACTIVATIONS.items() if known is function), function)


def initializer(value: Any) -> Any:
    """Returns an initializer for a name or an initializer; None stays None.

    Raises:
      ValueError: no initializer has the name.
    """
    if not isinstance(value, str):
        return value
    if value not in _INITIALIZERS:
        raise ValueError(f"Unknown initializer: '{value}'. Known names: {', '.join(_INITIALIZERS)}")
    return _INITIALIZERS[value]()
