"""Activations: one table of elementwise functions with their derivatives, and what is composed of them.

    row:      ("Relu6", lowering, dtypes)        record
    function: relu6 = _activation("Relu6", ...)  public

At a kink JAX's own rules share the gradient between both sides; TF1 gives all of it to one. Where they differ the
lowering carries TF1's derivative:

    Relu   0 at x = 0             Relu6   0 at x = 0 and at x = 6
    Elu, Selu, LeakyRelu          the slope of the side that holds x = 0
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.registry import declare, defop
from scopedjax._src.ops.shape_rules import like

# alpha and scale of Klambauer et al. 2017, "Self-Normalizing Neural Networks", to double precision.
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def _sloped(function: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`function` with the derivative `slope`, a mask or a number for each element."""

    @jax.custom_jvp
    def sloped(x: Any) -> Any:
        return function(x)

    @sloped.defjvp
    def jvp(primals: Any, tangents: Any) -> Any:
        (x,) = primals
        return sloped(x), tangents[0] * slope(x).astype(x.dtype)

    return sloped


def _relu6(x: Any) -> Any:
    return jnp.minimum(jnp.maximum(x, jnp.zeros((), x.dtype)), jnp.asarray(6, x.dtype))


def _elu(x: Any) -> Any:
    return jnp.where(x < 0, jnp.expm1(x), x)


def _elu_slope(x: Any) -> Any:
    return jnp.where(x < 0, jnp.exp(x), 1)


def _selu(x: Any) -> Any:
    return jnp.where(x < 0, (_SELU_SCALE * _SELU_ALPHA) * jnp.expm1(x), _SELU_SCALE * x)


def _selu_slope(x: Any) -> Any:
    return jnp.where(x < 0, (_SELU_SCALE * _SELU_ALPHA) * jnp.exp(x), _SELU_SCALE)


def _softsign(x: Any) -> Any:
    return x / (1 + jnp.abs(x))


def _softsign_slope(x: Any) -> Any:
    return 1 / jnp.square(1 + jnp.abs(x))


_ROWS: tuple[tuple[str, Callable[[Any], Any], tuple[DType, ...]], ...] = (
    ("Relu", _sloped(lambda x: jnp.maximum(x, jnp.zeros((), x.dtype)), lambda x: x > 0), dtypes.REAL),
    ("Relu6", _sloped(_relu6, lambda x: (x > 0) & (x < 6)), dtypes.REAL),
    ("Elu", _sloped(_elu, _elu_slope), dtypes.FLOATING),
    ("Selu", _sloped(_selu, _selu_slope), dtypes.FLOATING),
    ("Softplus", _sloped(lambda x: jax.nn.softplus(x), lambda x: jax.nn.sigmoid(x)), dtypes.FLOATING),
    ("Softsign", _sloped(_softsign, _softsign_slope), dtypes.FLOATING),
)


def _lowering(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda features: function(jnp.asarray(features))


for _type, _function, _types in _ROWS:
    declare(f"{_type}(features: T) -> activations: T", _lowering(_function), shape=like(0), types={"T": _types})


@defop(
    "LeakyRelu(features: T; alpha: float = 0.20000000298023224, T: type = float32) -> activations: T",
    shape=like(0),
    types={"T": dtypes.FLOATING},
)
def _leaky_relu(features: Any, *, alpha: float) -> Any:
    return jnp.where(features > 0, features, features * alpha)


# ---------------------------------------------------------------------------------------------- public functions


def _activation(
    op_type: str, name: str, formula: str, example: tuple[str, str], kinds: str = "floating"
) -> Callable[..., Tensor]:
    """Makes the public function of an activation, docstring included."""

    def function(features: Any, name: str | None = None) -> Tensor:
        return apply_op(op_type, features, name=name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Computes {formula}, element by element.

    Args:
      features: Tensor, {kinds}.
      name: Node name; defaults to "{op_type}".

    Returns:
      Tensor of the dtype and shape of `features`.

    Raises:
      TypeError: the dtype of `features` is another.

    >>> tf.Session().run(tf.nn.{name}({example[0]})).tolist()
    {example[1]}
    """
    return function


relu = _activation("Relu", "relu", "max(x, 0)", ("[-1.0, 2.0]", "[0.0, 2.0]"), "floating or integer")
elu = _activation("Elu", "elu", "exp(x) - 1 for x < 0, else x", ("[0.0, 2.0]", "[0.0, 2.0]"))
selu = _activation("Selu", "selu", "scale * x for x >= 0, else scale * alpha * (exp(x) - 1)", ("[0.0]", "[0.0]"))
softsign = _activation("Softsign", "softsign", "x / (1 + |x|)", ("[-1.0, 3.0]", "[-0.5, 0.75]"))
softplus = _activation("Softplus", "softplus", "log(1 + exp(x)) without overflow", ("[1000.0]", "[1000.0]"))


def relu6(features: Any, name: str | None = None) -> Tensor:
    """Computes min(max(x, 0), 6), element by element.

    Args:
      features: Tensor, floating or integer.
      name: Node name; defaults to "Relu6".

    Returns:
      Tensor of the dtype and shape of `features`.

    >>> tf.Session().run(tf.nn.relu6([-1.0, 2.0, 9.0])).tolist()
    [0.0, 2.0, 6.0]
    """
    with stacks.get_default_graph().name_scope(name or "Relu6") as scope:
        return apply_op("Relu6", convert_to_tensor(features, name="features"), name=scope)


def leaky_relu(features: Any, alpha: Any = 0.2, name: str | None = None) -> Tensor:
    """Computes x for x > 0, else alpha * x, element by element.

    Args:
      features: Tensor; integers are cast to float32.
      alpha: Slope below zero; a number, or a scalar tensor.
      name: Node name; defaults to "LeakyRelu".

    Returns:
      Floating tensor of the shape of `features`.

    >>> tf.Session().run(tf.nn.leaky_relu([-2.0, 2.0], alpha=0.5)).tolist()
    [-1.0, 2.0]
    """
    with stacks.get_default_graph().name_scope(name or "LeakyRelu") as scope:
        features = convert_to_tensor(features, name="features")
        if features.dtype.is_integer:
            features = cast(features, dtypes.float32)
        if isinstance(alpha, Tensor):
            return apply_op("Maximum", apply_op("Mul", alpha, features, name="mul"), features)
        return apply_op("LeakyRelu", features, alpha=alpha, name=scope)


def crelu(features: Any, name: str | None = None, axis: int = -1) -> Tensor:
    """Computes relu of x and of -x, one behind the other along an axis.

    Args:
      features: Floating tensor.
      name: Name scope; defaults to "CRelu".
      axis: Axis along which the two halves are joined.

    Returns:
      Tensor with twice the size along `axis`.

    >>> tf.Session().run(tf.nn.crelu([[-1.0, 2.0]])).tolist()
    [[0.0, 2.0, 1.0, 0.0]]
    """
    with stacks.get_default_graph().name_scope(name or "CRelu") as scope:
        features = convert_to_tensor(features, name="features")
        both = apply_op("ConcatV2", [features, apply_op("Neg", features)], axis, name=scope)
        return apply_op("Relu", both)


def swish(features: Any, beta: Any = 1.0) -> Tensor:
    """Computes x * sigmoid(beta * x), element by element (Ramachandran et al. 2017; SiLU for beta = 1).

    Args:
      features: Floating tensor.
      beta: Steepness: a number or a tensor.

    Returns:
      Tensor of the dtype and shape of `features`.

    >>> tf.Session().run(tf.nn.swish([0.0])).tolist()
    [0.0]
    """
    features = convert_to_tensor(features, name="features")
    beta = convert_to_tensor(beta, name="beta")
    beta = cast(beta, features.dtype)
    gate = apply_op("Sigmoid", apply_op("Mul", beta, features, name="mul"))
    product = apply_op("Mul", features, gate, name="mul")
    # TF1 wraps the formula in a function with its own gradient, which leaves these two nodes behind.
    return apply_op("IdentityN", [identity(product)])[0]


silu = swish
