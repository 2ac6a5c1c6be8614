"""ReluGrad, Relu6Grad, EluGrad, SeluGrad, LeakyReluGrad, SoftplusGrad, SoftsignGrad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import jax
import jax.numpy as jnp

from scopedjax._src.base import dtypes
from scopedjax._src.ops.registry import NO_GRADIENT, declare, defop
from scopedjax._src.ops.shape_rules import merged

# Klambauer et al., "Self-Normalizing Neural Networks", 2017.
_SCALE: Final = 1.0507009873554804934193349852946
_SCALE_ALPHA: Final = 1.7580993408473768599402175208123


def _zero(gradients: Any) -> Any:
    return jnp.zeros((), gradients.dtype)


def _relu(gradients: Any, features: Any) -> Any:
    return jnp.where(features > 0, gradients, _zero(gradients))


def _relu6(gradients: Any, features: Any) -> Any:
    return jnp.where((features > 0) & (features < 6), gradients, _zero(gradients))


def _elu(gradients: Any, outputs: Any) -> Any:
    return jnp.where(outputs < 0, (outputs + 1) * gradients, gradients)


def _selu(gradients: Any, outputs: Any) -> Any:
    return jnp.where(outputs < 0, (outputs + _SCALE_ALPHA) * gradients, gradients * _SCALE)


def _softplus(gradients: Any, features: Any) -> Any:
    return gradients * jax.nn.sigmoid(features)


def _softsign(gradients: Any, features: Any) -> Any:
    return gradients / jnp.square(1 + jnp.abs(features))


def _with_arrays(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda gradients, given: function(jnp.asarray(gradients), jnp.asarray(given))


for _type, _given, _function, _types in (
    ("ReluGrad", "features", _relu, dtypes.REAL),
    ("Relu6Grad", "features", _relu6, dtypes.REAL),
    ("EluGrad", "outputs", _elu, dtypes.FLOATING),
    ("SeluGrad", "outputs", _selu, dtypes.FLOATING),
    ("SoftplusGrad", "features", _softplus, dtypes.FLOATING),
    ("SoftsignGrad", "features", _softsign, dtypes.FLOATING),
):
    declare(
        f"{_type}(gradients: T, {_given}: T) -> backprops: T",
        _with_arrays(_function),
        shape=merged(),
        types={"T": _types},
        # The one of them of which TensorFlow has no derivative.
        **({"gradient": NO_GRADIENT} if _type == "SoftsignGrad" else {}),
    )


@defop(
    "LeakyReluGrad(gradients: T, features: T; alpha: float = 0.20000000298023224, T: type = float32) -> backprops: T",
    shape=merged(),
    types={"T": dtypes.FLOATING},
)
def _leaky_relu(gradients: Any, features: Any, *, alpha: float) -> Any:
    gradients = jnp.asarray(gradients)
    return jnp.where(jnp.asarray(features) > 0, gradients, gradients * alpha)
