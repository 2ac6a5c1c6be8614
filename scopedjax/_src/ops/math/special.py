"""Special functions (`erf`, `lgamma`, ...), tests for NaN and infinity, and products in which zero absorbs all.

Where TF1 gives no gradient for a parameter (the order of `polygamma`, the parameters of `betainc`), neither do these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import zeros_like
from scopedjax._src.ops.array.shapes import shape
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.elementwise import binary, quiet, times, unary
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, Gradient, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import broadcast, like

_F = dtypes.FLOATING
_FC = (*_F, *dtypes.COMPLEX)
_WIDE = (dtypes.float32, dtypes.float64)

# ---------------------------------------------------------------------------------------------------- one tensor


def _in_float32(function: Callable[..., Any]) -> Callable[..., Any]:
    """Half precision is computed in float32, as TF's kernels do."""

    def evaluate(*values: Any) -> Any:
        kind = values[0].dtype
        if jnp.dtype(kind).itemsize > 2:
            return function(*[jnp.asarray(v) for v in values])
        return function(*[jnp.asarray(v).astype(np.float32) for v in values]).astype(kind)

    return evaluate


def _ndtri(x: Any) -> Any:
    return jax.scipy.special.ndtri(x)


_UNARY: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("Erf", jax.lax.erf),
    ("Erfc", jax.lax.erfc),
    ("Erfinv", _in_float32(jax.lax.erf_inv)),
    ("Ndtri", _in_float32(_ndtri)),
    ("Lgamma", _in_float32(jax.lax.lgamma)),
    ("Digamma", _in_float32(jax.lax.digamma)),
    ("BesselI0", _in_float32(lambda x: jax.scipy.special.i0(x))),
    ("BesselI1", _in_float32(lambda x: jax.scipy.special.i1(x))),
    ("BesselI0e", _in_float32(jax.lax.bessel_i0e)),
    ("BesselI1e", _in_float32(jax.lax.bessel_i1e)),
)
for _type, _function in _UNARY:
    declare(
        f"{_type}(x: T) -> y: T",
        lambda x, _function=_function: _function(jnp.asarray(x)),
        shape=like(0),
        types={"T": _F},
    )

_TESTS: tuple[tuple[str, Callable[..., Any], Callable[..., Any]], ...] = (
    ("IsNan", jnp.isnan, np.isnan),
    ("IsInf", jnp.isinf, np.isinf),
    ("IsFinite", jnp.isfinite, np.isfinite),
)
for _type, _function, _rule in _TESTS:
    declare(
        f"{_type}(x: T) -> y: bool",
        lambda x, _function=_function: _function(x),
        shape=like(0),
        numpy=quiet(_rule),
        gradient=NO_GRADIENT,
        types={"T": _F},
    )

# The gradients of older GraphDefs, as functions of the result y and its gradient dy.
_OLD_GRADIENTS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("TanhGrad", lambda y, dy: dy * (1 - y * y)),
    ("SigmoidGrad", lambda y, dy: dy * y * (1 - y)),
    ("SqrtGrad", lambda y, dy: dy * 0.5 / y),
    ("RsqrtGrad", lambda y, dy: dy * -0.5 * y * y * y),
    ("ReciprocalGrad", lambda y, dy: -dy * y * y),
    ("InvGrad", lambda y, dy: -dy * y * y),
)
for _type, _function in _OLD_GRADIENTS:
    declare(
        f"{_type}(y: T, dy: T) -> z: T",
        lambda y, dy, _function=_function: _function(jnp.conj(y) if jnp.iscomplexobj(y) else jnp.asarray(y), dy),
        shape=like(0),
        types={"T": _FC},
    )

# --------------------------------------------------------------------------------------- two and three tensors


def _absorbing(value: Callable[..., Any], by_x: Callable[..., Any], by_y: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is 0 where one operand is 0, with derivatives that are so too."""

    @jax.custom_jvp
    def function(x: Any, y: Any) -> Any:
        return value(x, y)

    @function.defjvp
    def jvp(primals: Any, tangents: Any) -> Any:
        x, y = primals
        return value(x, y), by_x(x, y) * tangents[0] + by_y(x, y) * tangents[1]

    return function


def _or_zero(x: Any, result: Callable[[Any], Any]) -> Any:
    """`result(x)` where x is not 0, and 0 elsewhere."""
    is_zero = x == 0
    return jnp.where(is_zero, jnp.zeros((), x.dtype), result(jnp.where(is_zero, jnp.ones((), x.dtype), x)))


def _quotient(x: Any, y: Any) -> Any:
    return _or_zero(x, lambda x: x / y)


def _indicator(x: Any) -> Any:
    return (x != 0).astype(x.dtype)


_div_no_nan = _absorbing(
    lambda x, y: _or_zero(y, lambda y: x / y) + jnp.zeros_like(x),
    lambda x, y: _or_zero(y, lambda y: 1 / y),
    lambda x, y: _or_zero(y, lambda y: -x / y / y),
)
_mul_no_nan = _absorbing(lambda x, y: _or_zero(y, lambda y: x * y), lambda x, y: y, lambda x, y: x)
_xlogy = _absorbing(
    lambda x, y: _or_zero(x, lambda x: x * jnp.log(y)),
    lambda x, y: jnp.where(x == 0, jnp.zeros((), x.dtype), jnp.log(y)),
    _quotient,
)
_xlog1py = _absorbing(
    lambda x, y: _or_zero(x, lambda x: x * jnp.log1p(y)),
    lambda x, y: jnp.where(x == 0, jnp.zeros((), x.dtype), jnp.log1p(y)),
    lambda x, y: _quotient(x, y + 1),
)
_xdivy = _absorbing(
    _quotient,
    lambda x, y: jnp.where(x == 0, jnp.zeros((), x.dtype), 1 / y),
    lambda x, y: _or_zero(x, lambda x: -x / y / y),
)
_PRODUCTS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("DivNoNan", _div_no_nan),
    ("MulNoNan", _mul_no_nan),
    ("Xlogy", _xlogy),
    ("Xlog1py", _xlog1py),
    ("Xdivy", _xdivy),
)
for _type, _function in _PRODUCTS:
    declare(
        f"{_type}(x: T, y: T) -> z: T",
        lambda x, y, _function=_function: _function(jnp.asarray(x), jnp.asarray(y)),
        shape=broadcast,
        types={"T": _FC},
    )

for _type, _function, _types in (
    ("Igamma", _in_float32(lambda a, x: jax.lax.igamma(*jnp.broadcast_arrays(a, x))), _F),
    ("Igammac", _in_float32(lambda a, x: jax.lax.igammac(*jnp.broadcast_arrays(a, x))), _F),
    ("IgammaGradA", lambda a, x: jax.lax.igamma_grad_a(*jnp.broadcast_arrays(a, x)), _WIDE),
):
    declare(
        f"{_type}(a: T, x: T) -> z: T",
        lambda a, x, _function=_function: _function(a, x),
        shape=broadcast,
        types={"T": _types},
        gradient=NO_GRADIENT if _type == "IgammaGradA" else Gradient("jax"),
    )


def _summed_to(value: Any, tensor: Tensor) -> Tensor:
    """A gradient of broadcast shape, summed to the shape of the operand."""
    axes, _ = apply_op("BroadcastGradientArgs", shape(tensor), shape(value))
    return apply_op("Reshape", apply_op("Sum", value, axes), shape(tensor))


def _zeta_gradient(op: Operation, grad: Any) -> list[Any]:
    x, q = op.inputs
    slope = apply_op("Neg", apply_op("Mul", x, apply_op("Zeta", apply_op("AddV2", x, 1), q)))
    return [None, _summed_to(apply_op("Mul", grad, slope), q)]


def _polygamma_gradient(op: Operation, grad: Any) -> list[Any]:
    order, x = op.inputs
    slope = apply_op("Polygamma", apply_op("AddV2", order, 1), x)
    return [None, _summed_to(apply_op("Mul", grad, slope), x)]


declare(
    "Zeta(x: T, q: T) -> z: T",
    lambda x, q: jax.lax.zeta(*jnp.broadcast_arrays(x, q)),
    shape=broadcast,
    gradient=Gradient("function", _zeta_gradient),
    types={"T": _WIDE},
)
declare(
    "Polygamma(a: T, x: T) -> z: T",
    lambda a, x: jax.lax.polygamma(*jnp.broadcast_arrays(a, x)),
    shape=broadcast,
    gradient=Gradient("function", _polygamma_gradient),
    types={"T": _WIDE},
)


def _betainc_dims(c: ShapeContext) -> list[Dims]:
    dims: Dims = None
    for given in c.all_dims():
        if given == ():
            continue
        try:
            dims = merge_dims(dims, given)
        except ValueError as error:
            raise c.fail(str(error)) from None
    return [() if all(d == () for d in c.all_dims()) else dims]


def _betainc_gradient(op: Operation, grad: Any) -> list[Any]:
    a, b, x = op.inputs
    both = apply_op("AddV2", apply_op("Lgamma", a), apply_op("Lgamma", b))
    beta = apply_op("Sub", both, apply_op("Lgamma", apply_op("AddV2", a, b)))
    log_slope = apply_op("AddV2", xlog1py(b - 1, -x), xlogy(a - 1, x))  # type: ignore[operator]
    slope = apply_op("Exp", apply_op("Sub", log_slope, beta))
    return [None, None, _summed_to(apply_op("Mul", grad, slope), x)]


declare(
    "Betainc(a: T, b: T, x: T) -> z: T",
    lambda a, b, x: jax.scipy.special.betainc(*jnp.broadcast_arrays(a, b, x)),
    shape=_betainc_dims,
    gradient=Gradient("function", _betainc_gradient),
    types={"T": _WIDE},
)
declare(
    "NextAfter(x1: T, x2: T; T: type = float32) -> output: T",
    lambda x1, x2: jnp.nextafter(x1, x2),
    shape=broadcast,
    gradient=NOT_DIFFERENTIABLE,
    types={"T": _WIDE},
)

# -------------------------------------------------------------------------------------------- public functions


def _shown(call: str, value: str) -> str:
    return f">>> tf.Session().run({call}).tolist()\n    {value}"


_FLOAT = "floating"
erf = unary(
    "Erf",
    "erf",
    "the error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x",
    _shown("tf.erf([0.0])", "[0.0]"),
    _FLOAT,
)
erfc = unary("Erfc", "erfc", "1 - erf(x), exact for large x", _shown("tf.erfc([0.0])", "[1.0]"), _FLOAT)
lgamma = unary("Lgamma", "lgamma", "log(|Gamma(x)|)", _shown("tf.round(tf.lgamma([2.0, 1.0]))", "[0.0, 0.0]"), _FLOAT)
digamma = unary(
    "Digamma", "digamma", "the derivative of lgamma", _shown("tf.digamma([1.0]) + 0.5772157", "[...]"), _FLOAT
)


def _test(op_type: str, name: str, what: str, example: str) -> Callable[..., Tensor]:
    def function(x: Any, name: str | None = None) -> Tensor:
        return apply_op(op_type, x, name=name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Tells which elements are {what}.

    Args:
      x: Floating tensor.
      name: Node name; defaults to "{op_type}".

    Returns:
      Tensor of bool of the shape of `x`.

    >>> tf.Session().run(tf.{name}([1.0, np.inf, np.nan])).tolist()
    {example}
    """
    return function


is_nan = _test("IsNan", "is_nan", "NaN", "[False, False, True]")
is_inf = _test("IsInf", "is_inf", "infinite", "[False, True, False]")
is_finite = _test("IsFinite", "is_finite", "finite", "[True, False, False]")
xlogy = binary("Xlogy", "xlogy", "x * log(y), 0 where x is 0,", _shown("tf.math.xlogy([0.0], [0.0])", "[0.0]"), _FLOAT)


def igamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """Computes the lower regularized incomplete gamma function P(a, x), element by element.

    Args:
      a: Floating tensor.
      x: Tensor of the same dtype, whose shape broadcasts with that of `a`.
      name: Node name; defaults to "Igamma".

    Returns:
      Tensor of the dtype of `a`.

    >>> round(tf.Session().run(tf.igamma(1.0, 1.0)).item(), 4)
    0.6321
    """
    return apply_op("Igamma", a, x, name=name)


def igammac(a: Any, x: Any, name: str | None = None) -> Tensor:
    """Computes the upper regularized incomplete gamma function Q(a, x) = 1 - P(a, x), element by element.

    Args:
      a: Floating tensor.
      x: Tensor of the same dtype, whose shape broadcasts with that of `a`.
      name: Node name; defaults to "Igammac".

    Returns:
      Tensor of the dtype of `a`.

    >>> round(tf.Session().run(tf.igammac(1.0, 1.0)).item(), 4)
    0.3679
    """
    return apply_op("Igammac", a, x, name=name)


def zeta(x: Any, q: Any, name: str | None = None) -> Tensor:
    """Computes Hurwitz' zeta function, the sum of (q + n)^-x over n = 0, 1, ..., element by element.

    Args:
      x: Tensor, float32 or float64, above 1.
      q: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Node name; defaults to "Zeta".

    Returns:
      Tensor of the dtype of `x`.

    >>> round(tf.Session().run(tf.zeta(2.0, 1.0)).item(), 4)
    1.6449
    """
    return apply_op("Zeta", x, q, name=name)


def polygamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """Computes the derivative of order `a` of `digamma`, element by element.

    Args:
      a: Tensor, float32 or float64, of whole numbers.
      x: Tensor of the same dtype, whose shape broadcasts with that of `a`.
      name: Node name; defaults to "Polygamma".

    Returns:
      Tensor of the dtype of `a`.

    >>> round(tf.Session().run(tf.polygamma(1.0, 1.0)).item(), 4)
    1.6449
    """
    return apply_op("Polygamma", a, x, name=name)


def betainc(a: Any, b: Any, x: Any, name: str | None = None) -> Tensor:
    """Computes the regularized incomplete beta function I_x(a, b), element by element.

    Args:
      a: Tensor, float32 or float64.
      b: Tensor of the same dtype; shapes are equal, or scalar.
      x: Tensor of the same dtype, in [0, 1].
      name: Node name; defaults to "Betainc".

    Returns:
      Tensor of the dtype of `a`.

    >>> round(tf.Session().run(tf.betainc(1.0, 2.0, 0.5)).item(), 4)
    0.75
    """
    return apply_op("Betainc", a, b, x, name=name)


def nextafter(x1: Any, x2: Any, name: str | None = None) -> Tensor:
    """Returns the number next to `x1` in the direction of `x2`, element by element.

    Args:
      x1: Tensor, float32 or float64.
      x2: Tensor of the same dtype, whose shape broadcasts with that of `x1`.
      name: Node name; defaults to "NextAfter".

    Returns:
      Tensor of the dtype of `x1`.

    >>> tf.Session().run(tf.math.nextafter(1.0, 2.0)).item() > 1.0
    True
    """
    return apply_op("NextAfter", x1, x2, name=name)


def div_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes x / y, and 0 where y is 0, element by element.

    Args:
      x: Floating or complex tensor.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Node name; defaults to "div_no_nan".

    Returns:
      Tensor of the dtype of `x`.

    >>> tf.Session().run(tf.div_no_nan([3.0, 3.0], [2.0, 0.0])).tolist()
    [1.5, 0.0]
    """
    with stacks.get_default_graph().name_scope(name or "div_no_nan") as scope:
        return apply_op("DivNoNan", x, y, name=scope)


def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes x * y, and 0 where y is 0 even if x is NaN or infinite, element by element.

    Args:
      x: Floating or complex tensor.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Node name; defaults to "multiply_no_nan".

    Returns:
      Tensor of the dtype of `x`.

    >>> tf.Session().run(tf.math.multiply_no_nan([np.inf], [0.0])).tolist()
    [0.0]
    """
    with stacks.get_default_graph().name_scope(name or "multiply_no_nan") as scope:
        return apply_op("MulNoNan", x, y, name=scope)


def xlog1py(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes x * log1p(y), and 0 where x is 0, element by element.

    Args:
      x: Floating or complex tensor.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Name scope; defaults to "xlog1py".

    Returns:
      Tensor of the dtype of `x`.

    >>> tf.Session().run(tf.math.xlog1py([0.0], [-1.0])).tolist()
    [0.0]
    """
    with stacks.get_default_graph().name_scope(name or "xlog1py"):
        return apply_op("Xlog1py", x, y)


def xdivy(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes x / y, and 0 where x is 0, element by element.

    Args:
      x: Floating or complex tensor.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Name scope; defaults to "xdivy".

    Returns:
      Tensor of the dtype of `x`.

    >>> tf.Session().run(tf.math.xdivy([0.0], [0.0])).tolist()
    [0.0]
    """
    with stacks.get_default_graph().name_scope(name or "xdivy"):
        return apply_op("Xdivy", x, y)


def reciprocal_no_nan(x: Any, name: str | None = None) -> Tensor:
    """Computes 1 / x, and 0 where x is 0, element by element.

    Args:
      x: Floating or complex tensor.
      name: Node name; defaults to "reciprocal_no_nan".

    Returns:
      Tensor of the dtype of `x`.

    >>> tf.Session().run(tf.math.reciprocal_no_nan([2.0, 0.0])).tolist()
    [0.5, 0.0]
    """
    with stacks.get_default_graph().name_scope(name or "reciprocal_no_nan") as scope:
        x = convert_to_tensor(x, name="x")
        one = convert_to_tensor(1, dtype=x.dtype.base_dtype, name="one")
        return apply_op("DivNoNan", one, x, name=scope)


def _scoped(op_type: str, name: str, what: str, example: str) -> Callable[..., Tensor]:
    """A function that TF2 records inside a scope of its own name."""

    def function(x: Any, name: str | None = None) -> Tensor:
        with stacks.get_default_graph().name_scope(name or default_name):
            return apply_op(op_type, x)

    default_name = name
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Computes {what}, element by element.

    Args:
      x: Floating tensor.
      name: Name scope; defaults to "{name}".

    Returns:
      Tensor of the dtype and shape of `x`.

    {example}
    """
    return function


erfinv = _scoped("Erfinv", "erfinv", "the number whose erf is x", _shown("tf.math.erfinv([0.0])", "[0.0]"))
ndtri = _scoped("Ndtri", "ndtri", "the quantile x of the normal distribution", _shown("tf.math.ndtri([0.5])", "[0.0]"))
_BESSEL = "the modified Bessel function of order"
bessel_i0 = _scoped("BesselI0", "bessel_i0", f"{_BESSEL} 0", _shown("tf.round(tf.math.bessel_i0([0.0]))", "[1.0]"))
bessel_i1 = _scoped("BesselI1", "bessel_i1", f"{_BESSEL} 1", _shown("tf.math.bessel_i1([0.0])", "[0.0]"))
bessel_i0e = _scoped(
    "BesselI0e", "bessel_i0e", f"{_BESSEL} 0 times exp(-|x|)", _shown("tf.round(tf.math.bessel_i0e([0.0]))", "[1.0]")
)
bessel_i1e = _scoped(
    "BesselI1e", "bessel_i1e", f"{_BESSEL} 1 times exp(-|x|)", _shown("tf.math.bessel_i1e([0.0])", "[0.0]")
)


def erfcinv(x: Any, name: str | None = None) -> Tensor:
    """Computes the number whose erfc is x, element by element, as -ndtri(x / 2) / sqrt(2).

    Args:
      x: Floating tensor.
      name: Name scope; defaults to "erfcinv".

    Returns:
      Tensor of the dtype and shape of `x`.

    >>> abs(tf.Session().run(tf.math.erfcinv([1.0])).item())
    0.0
    """
    with stacks.get_default_graph().name_scope(name or "erfcinv"):
        x = convert_to_tensor(x, name="start")
        quantile = ndtri(times(0.5, x))
        return apply_op("Mul", apply_op("Neg", quantile), np.sqrt(0.5), name="mul")


def polyval(coeffs: Any, x: Any, name: str | None = None) -> Tensor:
    """Evaluates a polynomial by Horner's rule, element by element.

    Args:
      coeffs: List of tensors, the coefficient of the highest power first.
      x: Tensor.
      name: Name scope; defaults to "polyval".

    Returns:
      Tensor of the shape to which `x` and the coefficients broadcast.

    Raises:
      ValueError: `coeffs` is not a list.

    >>> tf.Session().run(tf.math.polyval([1.0, 0.0, 2.0], 3.0)).item()
    11.0
    """
    if not isinstance(coeffs, list):
        raise ValueError(f"Argument coeffs must be list type. Received type {type(coeffs)}.")
    with stacks.get_default_graph().name_scope(name or "polyval") as scope:
        x = convert_to_tensor(x, name="x")
        if not coeffs:
            return zeros_like(x, name=scope)
        factors = [convert_to_tensor(c, name=f"coeff_{i}") for i, c in enumerate(coeffs)]
        total = factors[0]
        for factor in factors[1:]:
            total = apply_op("AddV2", factor, apply_op("Mul", total, x, name="mul"), name="add")
        return total
