"""Elementwise mathematics: one table of functions of one tensor, one of functions of two, and their public names.

    row:      "Neg": jnp.negative, dtypes, NumPy rule      record   lowering, shape rule, gradient
    function: negative = unary("Neg", "-x", ...)           public   docstring, node name

Gradients are JAX's rules for the lowering. Where TF1 decides otherwise (ties of `maximum`, `pow` of a negative base, a
function that is flat almost everywhere) the lowering says so with a `custom_jvp`, or the record says "no gradient".
Python operators are in `operators`, comparisons in `comparison`, casts in `casting`, special functions in `special`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from scopedjax._src.ops.shape_rules import broadcast, like

_F = dtypes.FLOATING
_FC = (*_F, *dtypes.COMPLEX)
_SIGNED = (*_F, *dtypes.SIGNED_INTEGER)
_SIGNED_C = (*_SIGNED, *dtypes.COMPLEX)
_REAL = dtypes.REAL
_ALL = dtypes.NUMERIC


def quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    """A NumPy function that does not warn of overflow or division by zero: shape arithmetic is done on any values."""

    def evaluate(*values: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*values)

    return evaluate


# --------------------------------------------------------------------------------------------- one tensor


def _reciprocal(x: Any) -> Any:
    return jax.lax.div(jnp.ones_like(x), x)


def _round(x: Any) -> Any:
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        return jax.lax.complex(jnp.round(x.real), jnp.round(x.imag))
    return jnp.round(x) if jnp.issubdtype(x.dtype, jnp.floating) else x


def _sign(x: Any) -> Any:
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        size = jnp.abs(x)
        return jnp.where(size == 0, jnp.zeros_like(x), x / jnp.where(size == 0, 1, size).astype(x.dtype))
    return jnp.sign(x)


@jax.custom_jvp
def _abs(x: Any) -> Any:
    return jnp.abs(x)


@_abs.defjvp
def _abs_jvp(primals: Any, tangents: Any) -> Any:
    # Zero at zero, as in TF, so that an L1 penalty leaves a weight of zero alone; JAX takes the slope from the right.
    return jnp.abs(primals[0]), tangents[0] * jnp.sign(primals[0])


@jax.custom_jvp
def _acosh_real(x: Any) -> Any:
    return jnp.arccosh(x)


@_acosh_real.defjvp
def _acosh_jvp(primals: Any, tangents: Any) -> Any:
    # TF writes the derivative with the result, 1 / sinh(y), which is exact near 1.
    y = jnp.arccosh(primals[0])
    return y, tangents[0] / jnp.sinh(y)


def _acosh(x: Any) -> Any:
    return jnp.arccosh(x) if jnp.issubdtype(x.dtype, jnp.complexfloating) else _acosh_real(x)


# type, lowering, dtypes, NumPy rule (for shape arithmetic)
_UNARY: tuple[tuple[str, Callable[..., Any], tuple[DType, ...], Any], ...] = (
    ("Neg", jnp.negative, _SIGNED_C, np.negative),
    ("Abs", _abs, _SIGNED, np.abs),
    ("Square", jnp.square, _ALL, np.square),
    ("Sqrt", jnp.sqrt, _FC, np.sqrt),
    ("Rsqrt", jax.lax.rsqrt, _FC, None),
    ("Exp", jnp.exp, _FC, np.exp),
    ("Expm1", jnp.expm1, _FC, None),
    ("Log", jnp.log, _FC, np.log),
    ("Log1p", jnp.log1p, _FC, None),
    ("Sin", jnp.sin, _FC, None),
    ("Cos", jnp.cos, _FC, None),
    ("Tan", jnp.tan, _FC, None),
    ("Asin", jnp.arcsin, _FC, None),
    ("Acos", jnp.arccos, _FC, None),
    ("Atan", jnp.arctan, _FC, None),
    ("Sinh", jnp.sinh, _FC, None),
    ("Cosh", jnp.cosh, _FC, None),
    ("Tanh", jnp.tanh, _FC, None),
    ("Asinh", jnp.arcsinh, _FC, None),
    ("Acosh", _acosh, _FC, None),
    ("Atanh", jnp.arctanh, _FC, None),
    ("Sigmoid", jax.lax.logistic, _FC, None),
    ("Reciprocal", _reciprocal, _SIGNED_C, None),
    ("Inv", _reciprocal, _SIGNED_C, None),
    ("Sign", _sign, _SIGNED_C, np.sign),
)
# Flat almost everywhere: TF1 gives no gradient, not zeros.
_STEPS: tuple[tuple[str, Callable[..., Any], tuple[DType, ...], Any], ...] = (
    ("Floor", jnp.floor, _F, np.floor),
    ("Ceil", jnp.ceil, _F, np.ceil),
    ("Round", _round, _SIGNED_C, np.round),
    ("Rint", jnp.rint, _F, np.rint),
)


def _declare_unary(op_type: str, lower: Callable[..., Any], types: tuple[DType, ...], rule: Any, **more: Any) -> None:
    numpy = None if rule is None else quiet(rule)
    declare(f"{op_type}(x: T) -> y: T", lambda x: lower(x), shape=like(0), numpy=numpy, types={"T": types}, **more)


for _row in _UNARY:
    _declare_unary(*_row)
for _row in _STEPS:
    _declare_unary(*_row, gradient=NOT_DIFFERENTIABLE)


# What maps zero to zero also takes a sparse tensor, and leaves its places as they are.
_KEEP_ZERO = {"Neg", "Square", "Sin", "Tan", "Asin", "Atan", "Tanh", "Asinh", "Atanh", "Sqrt", "Sign", "Erf"}


def unary(
    op_type: str, name: str, formula: str, example: str, kinds: str = "floating or complex"
) -> Callable[..., Tensor]:
    """Makes the public function of an op of one tensor, docstring included."""

    def function(x: Any, name: str | None = None) -> Any:
        if type(x).__name__ == "SparseTensor" and op_type in _KEEP_ZERO:
            return x.with_values(function(x.values, name=name))
        return apply_op(op_type, x, name=name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Computes {formula}, element by element.

    Args:
      x: Tensor, {kinds}.
      name: Node name; defaults to "{op_type}".

    Returns:
      Tensor of the dtype and shape of `x`.

    Raises:
      TypeError: the dtype of `x` is another.

    {example}
    """
    return function


def _shown(call: str, value: str) -> str:
    return f">>> tf.Session().run({call}).tolist()\n    {value}"


_NUMBERS = "floating, complex or a signed integer"
negative = unary("Neg", "negative", "-x", _shown("tf.negative([1, -2])", "[-1, 2]"), _NUMBERS)
square = unary("Square", "square", "x * x", _shown("tf.square([2.0, -3.0])", "[4.0, 9.0]"), "of any number type")
expm1 = unary("Expm1", "expm1", "exp(x) - 1, exact for small x,", _shown("tf.expm1([0.0])", "[0.0]"))
log = unary("Log", "log", "the natural logarithm of x", _shown("tf.log([1.0])", "[0.0]"))
log1p = unary("Log1p", "log1p", "log(1 + x), exact for small x,", _shown("tf.log1p([0.0])", "[0.0]"))
sin = unary("Sin", "sin", "the sine of x (in radians)", _shown("tf.sin([0.0])", "[0.0]"))
cos = unary("Cos", "cos", "the cosine of x (in radians)", _shown("tf.cos([0.0])", "[1.0]"))
tan = unary("Tan", "tan", "the tangent of x (in radians)", _shown("tf.tan([0.0])", "[0.0]"))
asin = unary("Asin", "asin", "the angle in [-pi/2, pi/2] whose sine is x", _shown("tf.asin([0.0])", "[0.0]"))
atan = unary("Atan", "atan", "the angle in (-pi/2, pi/2) whose tangent is x", _shown("tf.atan([0.0])", "[0.0]"))
acos = unary("Acos", "acos", "the angle in [0, pi] whose cosine is x", _shown("tf.acos([1.0])", "[0.0]"))
sinh = unary("Sinh", "sinh", "the hyperbolic sine of x", _shown("tf.sinh([0.0])", "[0.0]"))
cosh = unary("Cosh", "cosh", "the hyperbolic cosine of x", _shown("tf.cosh([0.0])", "[1.0]"))
tanh = unary("Tanh", "tanh", "the hyperbolic tangent of x", _shown("tf.tanh([0.0])", "[0.0]"))
asinh = unary("Asinh", "asinh", "the inverse hyperbolic sine of x", _shown("tf.asinh([0.0])", "[0.0]"))
acosh = unary("Acosh", "acosh", "the inverse hyperbolic cosine of x >= 1", _shown("tf.acosh([1.0])", "[0.0]"))
atanh = unary("Atanh", "atanh", "the inverse hyperbolic tangent of x in [-1, 1]", _shown("tf.atanh([0.0])", "[0.0]"))
reciprocal = unary("Reciprocal", "reciprocal", "1 / x", _shown("tf.reciprocal([4.0])", "[0.25]"), _NUMBERS)
rint = unary("Rint", "rint", "the integer nearest to x, halves to even,", _shown("tf.rint([0.5, 1.5])", "[0.0, 2.0]"))
sqrt = unary("Sqrt", "sqrt", "the square root of x", _shown("tf.sqrt([4.0])", "[2.0]"))
rsqrt = unary("Rsqrt", "rsqrt", "1 / sqrt(x)", _shown("tf.rsqrt([4.0])", "[0.5]"))
exp = unary("Exp", "exp", "e to the power x", _shown("tf.exp([0.0])", "[1.0]"))
sigmoid = unary("Sigmoid", "sigmoid", "1 / (1 + exp(-x))", _shown("tf.sigmoid([0.0])", "[0.5]"))
sign = unary(
    "Sign",
    "sign",
    "-1, 0 or 1 by the sign of x (x / |x| for complex x)",
    _shown("tf.sign([-2.0, 0.0])", "[-1.0, 0.0]"),
    _NUMBERS,
)
floor = unary("Floor", "floor", "the largest integer not above x", _shown("tf.floor([-1.5])", "[-2.0]"), "floating")
ceil = unary("Ceil", "ceil", "the smallest integer not below x", _shown("tf.ceil([-1.5])", "[-1.0]"), "floating")


def abs(x: Any, name: str | None = None) -> Any:
    """Computes the absolute value, element by element; of a complex number, its modulus.

    Args:
      x: Tensor: floating, a signed integer, or complex.
      name: Node name; defaults to "Abs".

    Returns:
      Tensor of the shape of `x`, with its dtype, or the real one of a complex dtype.

    >>> tf.Session().run(tf.abs([-1.5, 2.0])).tolist()
    [1.5, 2.0]
    """
    if type(x).__name__ == "SparseTensor":
        return x.with_values(abs(x.values, name))
    with stacks.get_default_graph().name_scope(name or "Abs") as scope:
        tensor = convert_to_tensor(x, name="x")
        if tensor.dtype.is_complex:
            return apply_op("ComplexAbs", tensor, Tout=tensor.dtype.base_dtype.real_dtype, name=scope)
        return apply_op("Abs", tensor, name=scope)


def round(x: Any, name: str | None = None) -> Tensor:
    """Rounds to the nearest integer, halves to the even one; integers are returned as they are.

    Args:
      x: Tensor of any number type.
      name: Node name; defaults to "Round".

    Returns:
      Tensor of the dtype and shape of `x`.

    >>> tf.Session().run(tf.round([0.9, 2.5, -4.5])).tolist()
    [1.0, 2.0, -4.0]
    """
    tensor = convert_to_tensor(x, name="x")
    return tensor if tensor.dtype.is_integer else apply_op("Round", tensor, name=name)


def log_sigmoid(x: Any, name: str | None = None) -> Tensor:
    """Computes log(sigmoid(x)) as -softplus(-x), element by element.

    Args:
      x: Floating tensor.
      name: Node name; defaults to "LogSigmoid".

    Returns:
      Tensor of the dtype and shape of `x`.

    >>> round(tf.Session().run(tf.log_sigmoid([0.0])).tolist()[0], 4)
    -0.6931
    """
    with stacks.get_default_graph().name_scope(name or "LogSigmoid") as scope:
        tensor = convert_to_tensor(x, name="x")
        return apply_op("Neg", apply_op("Softplus", apply_op("Neg", tensor)), name=scope)


# -------------------------------------------------------------------------------------------- two tensors


def truncated_quotient(x: Any, y: Any) -> Any:
    """NumPy's quotient of integers rounded towards zero, as C divides."""
    with np.errstate(all="ignore"):
        quotient = np.floor_divide(x, y)
        return quotient + ((quotient < 0) & (quotient * y != x)).astype(quotient.dtype)


def _is_integer(x: Any) -> bool:
    return jnp.issubdtype(x.dtype, jnp.integer)


def _divide(x: Any, y: Any) -> Any:
    if _is_integer(x):
        return jax.lax.div(*jnp.broadcast_arrays(x, y))
    return jnp.divide(x, y)


def _numpy_divide(x: Any, y: Any) -> Any:
    return truncated_quotient(x, y) if np.issubdtype(x.dtype, np.integer) else quiet(np.divide)(x, y)


def _floor_divide(x: Any, y: Any) -> Any:
    # floor(x / y): for floats it differs from Python's // where the quotient rounds up to an integer.
    return jnp.floor_divide(x, y) if _is_integer(x) else jnp.floor(jnp.divide(x, y))


def _numpy_floor_divide(x: Any, y: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.floor_divide(x, y) if np.issubdtype(x.dtype, np.integer) else np.floor(np.divide(x, y))


def _truncated_remainder(x: Any, y: Any) -> Any:
    return jax.lax.rem(*jnp.broadcast_arrays(x, y))


def _extreme(value: Callable[..., Any], wins: Callable[..., Any]) -> Callable[..., Any]:
    """`maximum` or `minimum`: of two equal numbers the first takes the whole gradient, as in TF1."""

    @jax.custom_jvp
    def function(x: Any, y: Any) -> Any:
        return value(x, y)

    @function.defjvp
    def jvp(primals: Any, tangents: Any) -> Any:
        x, y = primals
        first = wins(x, y)
        zero = jnp.zeros((), x.dtype)
        return value(x, y), jnp.where(first, tangents[0], zero) + jnp.where(first, zero, tangents[1])

    return function


@jax.custom_jvp
def _float_power(x: Any, y: Any) -> Any:
    return jnp.power(x, y)


@_float_power.defjvp
def _power_jvp(primals: Any, tangents: Any) -> Any:
    x, y = primals
    z = jnp.power(x, y)
    # The logarithm is taken as 0 where it has no real value.
    usable = (x != 0) if jnp.issubdtype(x.dtype, jnp.complexfloating) else (x > 0)
    log_x = jnp.where(usable, jnp.log(jnp.where(usable, x, jnp.ones_like(x))), jnp.zeros_like(x))
    return z, tangents[0] * (y * jnp.power(x, y - 1)) + tangents[1] * (z * log_x)


def _power(x: Any, y: Any) -> Any:
    if _is_integer(x):
        return jnp.power(x, y)
    if isinstance(y, (np.ndarray, np.generic)) and np.ndim(y) == 0 and float(np.real(y)) in (0.5, 1.0, 2.0, 3.0, -1.0):
        # The common exponents by the operation that they are.
        exponent = float(np.real(y))
        if np.imag(y) == 0:
            return jnp.sqrt(x) if exponent == 0.5 else jax.lax.integer_pow(jnp.asarray(x), int(exponent))
    return _float_power(x, y)


def _squared_difference(x: Any, y: Any) -> Any:
    difference = jnp.subtract(x, y)
    return jnp.conj(difference) * difference if jnp.iscomplexobj(difference) else difference * difference


# type, lowering, dtypes, NumPy rule
_BINARY: tuple[tuple[str, Callable[..., Any], tuple[DType, ...], Any], ...] = (
    ("AddV2", jnp.add, _ALL, np.add),
    ("Sub", jnp.subtract, _ALL, np.subtract),
    ("Mul", jnp.multiply, _ALL, np.multiply),
    ("RealDiv", _divide, _ALL, _numpy_divide),
    ("Div", _divide, _ALL, _numpy_divide),
    ("FloorMod", jnp.mod, (*dtypes.INTEGER, *_F), np.mod),
    ("Maximum", _extreme(jnp.maximum, jnp.greater_equal), _REAL, np.maximum),
    ("Minimum", _extreme(jnp.minimum, jnp.less_equal), _REAL, np.minimum),
    ("Pow", _power, _SIGNED_C, np.power),
    ("SquaredDifference", _squared_difference, (*_FC, dtypes.int32, dtypes.int64), None),
)
_BINARY_STEPS: tuple[tuple[str, Callable[..., Any], tuple[DType, ...], Any], ...] = (
    ("FloorDiv", _floor_divide, _ALL, _numpy_floor_divide),
    ("TruncateDiv", _divide, _ALL, _numpy_divide),
)


def _declare_binary(op_type: str, lower: Callable[..., Any], types: tuple[DType, ...], rule: Any, **more: Any) -> None:
    numpy = None if rule is None else quiet(rule)
    declare(
        f"{op_type}(x: T, y: T) -> z: T",
        lambda x, y: lower(x, y),
        shape=broadcast,
        numpy=numpy,
        types={"T": types},
        **more,
    )


for _row in _BINARY:
    _declare_binary(*_row)
for _row in _BINARY_STEPS:
    _declare_binary(*_row, gradient=NOT_DIFFERENTIABLE)
for _type in ("Mod", "TruncateMod"):
    _declare_binary(_type, _truncated_remainder, (dtypes.int32, dtypes.int64, *_F), np.fmod, gradient=NO_GRADIENT)


def _add(x: Any, y: Any) -> Any:
    return np.add(x, y) if x.dtype == object else jnp.add(x, y)  # texts are joined


declare(
    "Add(x: T, y: T) -> z: T",
    _add,
    shape=broadcast,
    numpy=quiet(np.add),
    host=lambda op: op.attrs["T"] is dtypes.string,
    types={"T": (*_F, dtypes.uint8, *dtypes.SIGNED_INTEGER, *dtypes.COMPLEX, dtypes.string)},
)
declare(
    "Atan2(y: T, x: T) -> z: T",
    lambda y, x: jnp.arctan2(y, x),
    shape=broadcast,
    types={"T": _F},
)


def binary(
    op_type: str, name: str, formula: str, example: str, kinds: str = "of any number type", result: str = ""
) -> Callable[..., Tensor]:
    """Makes the public function of an op of two tensors, docstring included."""

    def function(x: Any, y: Any, name: str | None = None) -> Tensor:
        return apply_op(op_type, x, y, name=name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Computes {formula}, element by element.

    Args:
      x: Tensor, {kinds}.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Node name; defaults to "{op_type}".

    Returns:
      Tensor of {result or "the dtype of `x`"}.

    Raises:
      TypeError: the dtypes differ, or are another.
      ValueError: the shapes do not broadcast.

    {example}
    """
    return function


_REALS = "floating or integer"
maximum = binary("Maximum", "maximum", "the larger of x and y", _shown("tf.maximum([1, 5], 3)", "[3, 5]"), _REALS)
minimum = binary("Minimum", "minimum", "the smaller of x and y", _shown("tf.minimum([1, 5], 3)", "[1, 3]"), _REALS)
squared_difference = binary(
    "SquaredDifference",
    "squared_difference",
    "(x - y) * (x - y)",
    _shown("tf.squared_difference([1.0], [3.0])", "[4.0]"),
)
floormod = binary(
    "FloorMod",
    "floormod",
    "the remainder of x / y that has the sign of y",
    _shown("tf.floormod([-5], 3)", "[1]"),
    _REALS,
)
mod = floormod
truncatemod = binary(
    "TruncateMod",
    "truncatemod",
    "the remainder of x / y that has the sign of x",
    _shown("tf.truncatemod([-5], 3)", "[-2]"),
    _REALS,  # fmt: skip
)
truncatediv = binary(
    "TruncateDiv", "truncatediv", "x / y, rounded towards zero for integers,", _shown("tf.truncatediv([-5], 3)", "[-1]")
)
floor_div = binary("FloorDiv", "floor_div", "x / y, rounded down", _shown("tf.floor_div([-5], 3)", "[-2]"))
realdiv = binary("RealDiv", "realdiv", "x / y", _shown("tf.realdiv([1.0], 4.0)", "[0.25]"))


def atan2(y: Any, x: Any, name: str | None = None) -> Tensor:
    """Computes the angle of the point (x, y), in (-pi, pi], element by element.

    Args:
      y: Floating tensor.
      x: Tensor of the same dtype, whose shape broadcasts with that of `y`.
      name: Node name; defaults to "Atan2".

    Returns:
      Tensor of angles in radians.

    >>> tf.Session().run(tf.atan2([0.0], [1.0])).tolist()
    [0.0]
    """
    return apply_op("Atan2", y, x, name=name)


def add(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes x + y, element by element; texts are joined.

    Args:
      x: Tensor of any number type, or of strings.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Node name; defaults to "Add".

    Returns:
      Tensor of the dtype of `x`.

    Raises:
      TypeError: the dtypes differ.
      ValueError: the shapes do not broadcast.

    >>> tf.Session().run(tf.add([1, 2], 10)).tolist()
    [11, 12]
    """
    with stacks.get_default_graph().name_scope(name or "Add") as scope:
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, dtype=None if isinstance(y, Tensor) else x.dtype.base_dtype, name="y")
        return apply_op("Add" if x.dtype.base_dtype is dtypes.string else "AddV2", x, y, name=scope)


def subtract(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes x - y, element by element.

    Args:
      x: Tensor of any number type.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Node name; defaults to "Sub".

    Returns:
      Tensor of the dtype of `x`.

    >>> tf.Session().run(tf.subtract([1, 2], 10)).tolist()
    [-9, -8]
    """
    return apply_op("Sub", x, y, name=name)


def multiply(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes x * y, element by element.

    Args:
      x: Tensor of any number type.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Node name; defaults to "Mul".

    Returns:
      Tensor of the dtype of `x`.

    >>> tf.Session().run(tf.multiply([1, 2], 10)).tolist()
    [10, 20]
    """
    return apply_op("Mul", x, y, name=name)


def pow(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes x to the power y, element by element.

    Args:
      x: Tensor: floating, complex or a signed integer.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`; not negative for integers.
      name: Node name; defaults to "Pow".

    Returns:
      Tensor of the dtype of `x`.

    >>> tf.Session().run(tf.pow([2, 3], [3, 2])).tolist()
    [8, 9]
    """
    with stacks.get_default_graph().name_scope(name or "Pow") as scope:
        return apply_op("Pow", x, y, name=scope)


# The dtype in which integers are divided by `/`.
_TRUE_DIVISION = {
    **dict.fromkeys((dtypes.uint8, dtypes.int8, dtypes.uint16, dtypes.int16), dtypes.float32),
    **dict.fromkeys((dtypes.int32, dtypes.int64, dtypes.uint32, dtypes.uint64), dtypes.float64),
}


def truediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes x / y, element by element; integers are divided as floats.

    Args:
      x: Tensor of any number type.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Node name; defaults to "truediv".

    Returns:
      Tensor of the dtype of `x`; float32 for integers of 8 and 16 bits, float64 for wider ones.

    Raises:
      TypeError: the dtypes differ.

    >>> tf.Session().run(tf.truediv([3, 4], 2)).tolist()
    [1.5, 2.0]
    """
    with stacks.get_default_graph().name_scope(name or "truediv") as scope:
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, dtype=None if isinstance(y, Tensor) else x.dtype.base_dtype, name="y")
        kind = x.dtype.base_dtype
        if kind is not y.dtype.base_dtype:
            raise TypeError(f"`x` and `y` must have the same dtype, got {x.dtype!r} != {y.dtype!r}.")
        if not kind.is_floating and not kind.is_complex:
            wanted = _TRUE_DIVISION.get(kind)
            if wanted is None:
                raise TypeError(
                    f"Invalid dtype {kind!r} in __truediv__. Expected one of "
                    f"{{{', '.join(repr(t) for t in _TRUE_DIVISION)}}}."
                )
            x, y = apply_op("Cast", x, DstT=wanted), apply_op("Cast", y, DstT=wanted)
        return apply_op("RealDiv", x, y, name=scope)


def div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes x / y as Python 2 did: integers are rounded down, element by element.

    Args:
      x: Tensor of any number type.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Node name; defaults to "div".

    Returns:
      Tensor of the dtype of `x`.

    >>> tf.Session().run(tf.div([7, -7], 2)).tolist()
    [3, -4]
    """
    with stacks.get_default_graph().name_scope(name or "div") as scope:
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, name="y", dtype=x.dtype.base_dtype)
        is_real = x.dtype.is_floating or x.dtype.is_complex
        return apply_op("RealDiv" if is_real else "FloorDiv", x, y, name=scope)


def divide(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes x / y as Python 3 does: integers are divided as floats, element by element.

    Args:
      x: Tensor of any number type.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Node name; defaults to "truediv".

    Returns:
      Tensor; see `truediv` for its dtype.

    >>> tf.Session().run(tf.divide([3, 4], 2)).tolist()
    [1.5, 2.0]
    """
    if name is None and not isinstance(x, Tensor) and not isinstance(y, Tensor):
        x = convert_to_tensor(x)
    return truediv(x, y, name)


def floordiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes x / y rounded down, element by element.

    Args:
      x: Tensor of any number type.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Node name; defaults to "floordiv".

    Returns:
      Tensor of the dtype of `x`.

    >>> tf.Session().run(tf.floordiv([7, -7], 2)).tolist()
    [3, -4]
    """
    with stacks.get_default_graph().name_scope(name or "floordiv") as scope:
        return apply_op("FloorDiv", x, y, name=scope)


def times(number: Any, tensor: Tensor) -> Tensor:
    """Computes `number * tensor` as Python's operator does: a plain number takes the tensor's dtype."""
    with stacks.get_default_graph().name_scope("mul") as scope:
        kind = None if isinstance(number, Tensor) else tensor.dtype.base_dtype
        return apply_op("Mul", convert_to_tensor(number, dtype=kind, name="x"), tensor, name=scope)


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """Computes scalar * x; rows (`IndexedSlices`) stay rows.

    Args:
      scalar: 0-D tensor or number.
      x: Tensor or IndexedSlices.
      name: Node name; defaults to "Mul".

    Returns:
      Tensor or IndexedSlices, as `x` is.

    Raises:
      ValueError: `scalar` is not 0-D.

    >>> tf.Session().run(tf.scalar_mul(2.0, tf.constant([1.0, 3.0]))).tolist()
    [2.0, 6.0]
    """
    kind = x.dtype.base_dtype if hasattr(x, "dtype") and isinstance(x.dtype, DType) else None
    factor = convert_to_tensor(scalar, dtype=kind, name="scalar")
    if factor.ndim != 0:
        raise ValueError(f"The input scalar must be a 0-D value. Received shape {factor.shape}.")
    if isinstance(x, IndexedSlices):
        return IndexedSlices(apply_op("Mul", factor, x.values, name=name), x.indices, x.dense_shape)
    return apply_op("Mul", factor, x, name=name)
