"""Gradients of types that work element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from scopedjax._src.graph.gradient_recipes.recipe import RECIPES, Recipe, recipe, simple
from scopedjax._src.graph.region_function import type_attr

_BOOL: Final = type_attr(10)

# The slope at x of functions of one argument.
_SLOPES: Final[dict[str, Callable[[Recipe], str]]] = {
    "Abs": lambda r: r.do("Sign", "x0"),
    "Acos": lambda r: r.do("Neg", _over_root(r, r.do("Sub", r.number(1), r.do("Square", "x0")))),
    "Acosh": lambda r: _over_root(r, r.do("Sub", r.do("Square", "x0"), r.number(1))),
    "Asin": lambda r: _over_root(r, r.do("Sub", r.number(1), r.do("Square", "x0"))),
    "Asinh": lambda r: _over_root(r, r.do("AddV2", r.do("Square", "x0"), r.number(1))),
    "Atan": lambda r: _over(r, r.do("AddV2", r.number(1), r.do("Square", "x0"))),
    "Atanh": lambda r: _over(r, r.do("Sub", r.number(1), r.do("Square", "x0"))),
    "Cos": lambda r: r.do("Neg", r.do("Sin", "x0")),
    "Cosh": lambda r: r.do("Sinh", "x0"),
    "Digamma": lambda r: r.do("Polygamma", r.do("OnesLike", "x0"), "x0"),
    "Erf": lambda r: r.times(r.do("Exp", r.do("Neg", r.do("Square", "x0"))), r.number(2 / np.sqrt(np.pi))),
    "Erfc": lambda r: r.times(r.do("Exp", r.do("Neg", r.do("Square", "x0"))), r.number(-2 / np.sqrt(np.pi))),
    "Erfinv": lambda r: r.times(r.do("Exp", r.do("Square", r.y())), r.number(np.sqrt(np.pi) / 2)),
    "Exp": lambda r: r.y(),
    "Expm1": lambda r: r.do("Exp", "x0"),
    "Lgamma": lambda r: r.do("Digamma", "x0"),
    "Log": lambda r: _over(r, "x0"),
    "Log1p": lambda r: _over(r, r.do("AddV2", "x0", r.number(1))),
    "Ndtri": lambda r: r.times(_bell(r), r.number(np.sqrt(2 * np.pi))),
    "Sin": lambda r: r.do("Cos", "x0"),
    "Sinh": lambda r: r.do("Cosh", "x0"),
    "Square": lambda r: r.times("x0", r.number(2)),
    "Tan": lambda r: _over(r, r.do("Square", r.do("Cos", "x0"))),
}  # fmt: skip


def _bell(r: Recipe) -> str:
    return r.do("Exp", r.times(r.do("Square", r.y()), r.number(0.5)))


def _over(r: Recipe, place: str) -> str:
    return r.do("Div", r.number(1), place)


def _over_root(r: Recipe, place: str) -> str:
    return _over(r, r.do("Sqrt", place))


@recipe(*_SLOPES)
def _unary(r: Recipe) -> list[str]:
    return [r.times("d0", r.conj(_SLOPES[r.forward.type](r)))]


@recipe("Sqrt", "Rsqrt", "Sigmoid", "Tanh", "Reciprocal", "Inv")
def _of_result(r: Recipe) -> list[str]:
    """TensorFlow has a type for these gradients, which takes the result."""
    name = "Reciprocal" if r.forward.type == "Inv" else r.forward.type
    return [r.do(f"{name}Grad", r.conj(r.y()), "d0")]


RECIPES.update(
    {
        "Elu": simple("EluGrad", ["d0", "y"], "T", "backprops"),
        "Selu": simple("SeluGrad", ["d0", "y"], "T", "backprops"),
        "Relu": simple("ReluGrad", ["d0", "x0"], "T", "backprops"),
        "Relu6": simple("Relu6Grad", ["d0", "x0"], "T", "backprops"),
        "LeakyRelu": simple("LeakyReluGrad", ["d0", "x0"], "T alpha", "backprops"),
        "Softplus": simple("SoftplusGrad", ["d0", "x0"], "T", "backprops"),
        "Softsign": simple("SoftsignGrad", ["d0", "x0"], "T", "backprops"),
        "Neg": simple("Neg", ["d0"], "T", "y"),
        "Conj": simple("Conj", ["d0"], "T", "output"),
        "EnsureShape": simple("Identity", ["d0"], "T", "output"),
    }
)


@recipe("Sign", "Floor", "Ceil", "Rint", "Round")
def _steps(r: Recipe) -> list[str]:
    return [r.zeros(0)]


@recipe("Cast")
def _cast(r: Recipe) -> list[str] | None:
    return [r.do("Cast", "d0", T=None, SrcT=r.attrs["DstT"], DstT=r.attrs["SrcT"])]


@recipe("Real")
def _real(r: Recipe) -> list[str]:
    kind = r.attrs["Tout"]
    zero = r.do("ZerosLike", "d0", T=kind)
    return [r.do("Complex", "d0", zero, T=kind, Tout=r.attrs["T"])]


@recipe("Imag")
def _imag(r: Recipe) -> list[str]:
    kind = r.attrs["Tout"]
    zero = r.do("ZerosLike", "d0", T=kind)
    return [r.do("Complex", zero, "d0", T=kind, Tout=r.attrs["T"])]


@recipe("ComplexAbs")
def _modulus(r: Recipe) -> list[str]:
    kind = r.attrs["Tout"]
    zero = r.do("ZerosLike", "d0", T=kind)
    return [r.times(r.do("Complex", "d0", zero, T=kind, Tout=r.attrs["T"]), r.do("Sign", "x0"))]


@recipe("Complex")
def _complex(r: Recipe) -> list[str]:
    kinds = {"T": r.attrs["Tout"], "Tout": r.attrs["T"]}
    return [r.fitted(0, r.do("Real", "d0", **kinds), 1), r.fitted(1, r.do("Imag", "d0", **kinds), 0)]


# -------------------------------------------------------------------------------------------------- two arguments

_Pair = Callable[[Recipe], tuple[str, str]]


def _product(r: Recipe) -> tuple[str, str]:
    return r.times("d0", r.conj("x1")), r.times("d0", r.conj("x0"))


def _quotient(r: Recipe) -> tuple[str, str]:
    x, y, op_type = r.conj("x0"), r.conj("x1"), r.forward.type
    second = r.do(op_type, r.do(op_type, r.do("Neg", x), y), y)
    return r.do(op_type, "d0", y), r.times("d0", second)


def _larger(r: Recipe) -> tuple[str, str]:
    """Where both are equal, the first gets all."""
    mask = r.do("GreaterEqual" if r.forward.type == "Maximum" else "LessEqual", "x0", "x1")
    zero = r.do("ZerosLike", "d0")
    return r.do("Select", mask, "d0", zero), r.do("Select", mask, zero, "d0")


def _power(r: Recipe) -> tuple[str, str]:
    x, y, z = r.conj("x0"), r.conj("x1"), r.conj(r.y())
    first = r.times("d0", y, r.do("Pow", x, r.do("Sub", y, r.number(1))))
    zero = r.do("ZerosLike", x)
    mask = r.do("NotEqual" if r.dtype.is_complex else "Greater", x, zero)
    safe = r.do("Select", mask, x, r.do("OnesLike", x))
    return first, r.times("d0", z, r.do("Select", mask, r.do("Log", safe), zero))


def _squared_difference(r: Recipe) -> tuple[str, str]:
    first = r.times("d0", r.do("Sub", "x0", "x1"), r.number(2))
    return first, r.do("Neg", first)


def _mul_no_nan(r: Recipe) -> tuple[str, str]:
    return r.do("MulNoNan", "d0", "x1"), r.do("MulNoNan", "x0", "d0")


def _not_zero(r: Recipe) -> str:
    mask = r.do("NotEqual", "x0", r.do("ZerosLike", "x0"))
    return r.do("Cast", mask, T=None, SrcT=_BOOL, DstT=r.kind)


def _xlogy(r: Recipe) -> tuple[str, str]:
    return r.times("d0", r.do("Xlogy", _not_zero(r), "x1")), r.times("d0", r.do("Xdivy", "x0", "x1"))


def _xlog1py(r: Recipe) -> tuple[str, str]:
    more = r.do("AddV2", "x1", r.number(1))
    return r.times("d0", r.do("Xlog1py", _not_zero(r), "x1")), r.times("d0", r.do("Xdivy", "x0", more))


def _xdivy(r: Recipe) -> tuple[str, str]:
    second = r.do("Xdivy", r.do("Neg", "x0"), r.do("Square", "x1"))
    return r.times("d0", r.do("Xdivy", _not_zero(r), "x1")), r.times("d0", second)


def _atan2(r: Recipe) -> tuple[str, str]:
    over = r.do("Div", "d0", r.do("AddV2", r.do("Square", "x0"), r.do("Square", "x1")))
    return r.times("x1", over), r.do("Neg", r.times("x0", over))


def _floor_mod(r: Recipe) -> tuple[str, str]:
    return "d0", r.do("Neg", r.times("d0", r.do("FloorDiv", "x0", "x1")))


_PAIRS: Final[dict[str, _Pair]] = {
    **dict.fromkeys(("Add", "AddV2"), lambda r: ("d0", "d0")),
    "Sub": lambda r: ("d0", r.do("Neg", "d0")),
    "Mul": _product,
    **dict.fromkeys(("Div", "RealDiv", "DivNoNan"), _quotient),
    **dict.fromkeys(("Maximum", "Minimum"), _larger),
    "Pow": _power,
    "SquaredDifference": _squared_difference,
    "MulNoNan": _mul_no_nan,
    "Xlogy": _xlogy,
    "Xlog1py": _xlog1py,
    "Xdivy": _xdivy,
    "Atan2": _atan2,
    "FloorMod": _floor_mod,
}


@recipe(*_PAIRS)
def _binary(r: Recipe) -> list[str] | None:
    if not r.dtype.is_floating and not r.dtype.is_complex:
        return None
    first, second = _PAIRS[r.forward.type](r)
    return [r.fitted(0, first, 1), r.fitted(1, second, 0)]


@recipe("ClipByValue")
def _clip(r: Recipe) -> list[str]:
    below, above = r.do("Less", "x0", "x1"), r.do("Greater", "x0", "x2")
    zero = r.do("ZerosLike", "d0")
    inside = r.do("Select", r.do("LogicalOr", below, above), zero, "d0")
    low, high = r.do("Select", below, "d0", zero), r.do("Select", above, "d0", zero)
    return [inside, r.fitted(1, low, 0), r.fitted(2, high, 0)]


@recipe("Select")
def _select(r: Recipe) -> list[str]:
    zero = r.do("ZerosLike", "d0")
    return [r.zeros(0), r.do("Select", "x0", "d0", zero), r.do("Select", "x0", zero, "d0")]


@recipe("SelectV2")
def _select_any_shape(r: Recipe) -> list[str]:
    zero = r.do("ZerosLike", "d0")
    found = [r.do("SelectV2", "x0", "d0", zero), r.do("SelectV2", "x0", zero, "d0")]
    whole = r.shape_of("d0")
    for i in (1, 2):
        name = r.node(f"axes_{i}", "BroadcastGradientArgs", [r.shape(i), whole], T=type_attr(3))
        summed = r.do("Sum", found[i - 1], f"{name}:r0:0", Tidx=type_attr(3), keep_dims=False)
        found[i - 1] = r.do("Reshape", summed, r.shape(i), Tshape=type_attr(3))
    return [r.zeros(0), *found]
