"""Rows of the elementwise operations: unary and binary mathematics, comparison, logic, casts, operators."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.ops.engine import ALL_INTS, COMPLEX, FLOATS, INTS, NUMBERS, WIDE_FLOATS, Case, In

ALL_FLOATS = (*FLOATS, "bfloat16")
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 0.5, -2.5, 1.5, 1e-30, 3e30], np.float32)


def _of(name: str) -> Callable[..., Any]:
    """`tf.<name>`, looked up when the row runs."""
    return lambda tf, *tensors: operator.attrgetter(name)(tf)(*tensors)


def unary(name: str, dtypes: Sequence[str] = ALL_FLOATS, low: float = -2.0, high: float = 2.0, **options: Any) -> Case:
    """A row for a function of one tensor."""
    return Case(name, _of(name), [In((2, 3, 1), low, high)], dtypes, **options)


def binary(name: str, dtypes: Sequence[str] = FLOATS, low: float = -2.0, high: float = 2.0, **options: Any) -> Case:
    """A row for a function of two tensors that broadcast: [2, 3] with [2, 1]."""
    return Case(name, _of(name), [In((2, 3), low, high), In((2, 1), low, high)], dtypes, **options)


# Where the derivative is large, half precision has lost the digits before the op begins.
HALF = {"float16": 1e-2, "bfloat16": 6e-2}
LOOSE = {"float32": 1e-4, "float64": 1e-9, "float16": 1e-2, "bfloat16": 8e-2, "complex64": 1e-4, "complex128": 1e-9}

UNARY = [
    unary("abs", (*ALL_FLOATS, *INTS, "int8", "int16")),
    unary("negative", (*ALL_FLOATS, *INTS, *COMPLEX, "int8", "int16")),
    unary("sign", (*ALL_FLOATS, *INTS)),
    unary("square", (*ALL_FLOATS, *INTS, *COMPLEX)),
    unary("sqrt", (*ALL_FLOATS, *COMPLEX), 0.2, 4, tol=HALF),
    unary("rsqrt", (*ALL_FLOATS, *COMPLEX), 0.2, 4, tol=LOOSE),
    unary("exp", (*ALL_FLOATS, *COMPLEX), tol=HALF),
    unary("expm1", (*ALL_FLOATS, *COMPLEX), tol=HALF),
    unary("log", (*ALL_FLOATS, *COMPLEX), 0.2, 4, tol=HALF),
    unary("log1p", (*ALL_FLOATS, *COMPLEX), 0.2, 4, tol=HALF),
    unary("sin", (*ALL_FLOATS, *COMPLEX), tol=HALF),
    unary("cos", (*ALL_FLOATS, *COMPLEX), tol=HALF),
    unary("tan", (*FLOATS, *COMPLEX), -1, 1, tol=LOOSE),
    unary("asin", FLOATS, -0.9, 0.9, tol=LOOSE),
    unary("acos", FLOATS, -0.9, 0.9, tol=LOOSE),
    unary("atan", FLOATS, tol=HALF),
    unary("sinh", (*FLOATS, *COMPLEX), tol=LOOSE),
    unary("cosh", (*FLOATS, *COMPLEX), tol=LOOSE),
    unary("tanh", (*ALL_FLOATS, *COMPLEX), tol=LOOSE),
    unary("asinh", (*FLOATS, *COMPLEX), tol=LOOSE),
    unary("acosh", (*FLOATS, *COMPLEX), 1.2, 4, tol=LOOSE),
    unary("atanh", (*FLOATS, *COMPLEX), -0.9, 0.9, tol=LOOSE),
    unary("sigmoid", (*ALL_FLOATS, *COMPLEX), tol=LOOSE),
    unary("nn.sigmoid", FLOATS, tol=LOOSE),
    unary("log_sigmoid", FLOATS, tol=LOOSE),
    unary("reciprocal", (*ALL_FLOATS, *COMPLEX), 0.2, 4, tol=LOOSE),
    unary("ceil", ALL_FLOATS),
    unary("floor", ALL_FLOATS),
    unary("rint", WIDE_FLOATS),
    unary("erf", FLOATS, tol=LOOSE),
    unary("erfc", FLOATS, tol=LOOSE),
    unary("lgamma", WIDE_FLOATS, 0.2, 6, tol=LOOSE),
    unary("digamma", WIDE_FLOATS, 0.2, 6, tol=LOOSE),
    unary("identity", (*ALL_FLOATS, *ALL_INTS, *COMPLEX, "bool")),
    unary("stop_gradient"),
    unary("zeros_like", (*FLOATS, *ALL_INTS, *COMPLEX, "bool")),
    unary("ones_like", (*FLOATS, *ALL_INTS, *COMPLEX, "bool")),
    unary("is_nan", FLOATS),
    unary("is_inf", FLOATS),
    unary("is_finite", FLOATS),
    unary("conj", COMPLEX),
    unary("real", COMPLEX),
    unary("imag", COMPLEX),
    unary("angle", COMPLEX, tol=LOOSE),
    unary("logical_not", ("bool",)),
    unary("bitwise.invert", ALL_INTS),
    Case("round_ties", lambda tf, x: tf.round(x), [np.arange(-3.5, 4, 0.5)], FLOATS),
    Case("round_int", lambda tf, x: tf.round(x), [In((3,), -9, 9)], INTS),
    Case("rint_ties", lambda tf, x: tf.rint(x), [np.arange(-3.5, 4, 0.5)], WIDE_FLOATS),
]

# Infinities, NaN, both zeros: one row a function, values only where the derivative is not a number on either side.
SPECIALS = (
    [
        Case(f"{name}_special", _of(name), [SPECIAL], WIDE_FLOATS, grad=False, unknown=False, tol=LOOSE)
        for name in "abs sign square sqrt rsqrt exp expm1 log log1p tanh sigmoid reciprocal ceil floor round is_nan"
        " is_inf is_finite atan sinh".split()
    ]
    + [
        # In float64 TensorFlow 2.21 says that erf of infinity is NaN.
        Case("erf_special", _of("erf"), [SPECIAL], ["float32"], grad=False, unknown=False, tol=LOOSE),
    ]
    + [
        Case(
            f"{name}_special",
            lambda tf, a, name=name: getattr(tf, name)(a[:, None], a[None, :]),
            [SPECIAL],
            WIDE_FLOATS,
            grad=False,
            unknown=False,
            tol=LOOSE,
        )
        for name in "add multiply divide maximum minimum pow floordiv floormod atan2 equal less"
        " squared_difference".split()
    ]
)

BINARY = [
    binary("add", (*ALL_FLOATS, *ALL_INTS, *COMPLEX)),
    binary("subtract", (*ALL_FLOATS, *ALL_INTS, *COMPLEX)),
    binary("multiply", (*ALL_FLOATS, *ALL_INTS, *COMPLEX)),
    binary("divide", (*ALL_FLOATS, *COMPLEX), 0.5, 3, tol=LOOSE),
    binary("truediv", (*FLOATS, *ALL_INTS), 1, 9, tol=LOOSE),
    binary("realdiv", FLOATS, 0.5, 3, tol=LOOSE),
    binary("div", (*FLOATS, *INTS), 1, 9, tol=LOOSE),
    binary("div_no_nan", WIDE_FLOATS, -2, 2, tol=LOOSE),
    binary("maximum", (*FLOATS, *INTS)),
    binary("minimum", (*FLOATS, *INTS)),
    binary("pow", (*FLOATS, *INTS), 0.5, 3, tol=LOOSE),
    binary("squared_difference", (*FLOATS, *INTS)),
    binary("atan2", WIDE_FLOATS, 0.3, 2, tol=LOOSE),
    binary("less", NUMBERS),
    binary("less_equal", NUMBERS),
    binary("greater", NUMBERS),
    binary("greater_equal", NUMBERS),
    binary("logical_and", ("bool",)),
    binary("logical_or", ("bool",)),
    binary("logical_xor", ("bool",)),
    binary("bitwise.bitwise_and", ALL_INTS, 0, 100),
    binary("bitwise.bitwise_or", ALL_INTS, 0, 100),
    binary("bitwise.bitwise_xor", ALL_INTS, 0, 100),
    binary("bitwise.left_shift", INTS, 0, 6),
    binary("bitwise.right_shift", INTS, 0, 6),
    binary("math.xlogy", WIDE_FLOATS, 0.2, 3, tol=LOOSE),
    binary("math.xdivy", WIDE_FLOATS, 0.2, 3, tol=LOOSE),
    binary("complex", WIDE_FLOATS),
    binary("igamma", WIDE_FLOATS, 0.5, 4, tol=LOOSE, grad=(1,)),
    binary("igammac", WIDE_FLOATS, 0.5, 4, tol=LOOSE, grad=(1,)),
    binary("zeta", WIDE_FLOATS, 1.5, 4, tol=LOOSE, grad=(1,)),
    *(
        Case(name, _of(name), [In((3, 4), steps=2), In((4,), steps=2)], (*NUMBERS, "bool", "complex64"))
        for name in ("equal", "not_equal")
    ),
    *(
        Case(f"{name}_signs", _of(name), [np.array([7, -7, 7, -7, 6, 0]), np.array([3, 3, -3, -3, 3, 5])], INTS)
        for name in ("floordiv", "floormod", "mod", "truncatediv", "truncatemod", "floor_div")
    ),
    *(
        Case(f"{name}_float", _of(name), [np.array([7.5, -7.5, 7.5, -7.5]), np.array([3.0, 3, -3, -3])], WIDE_FLOATS)
        for name in ("floordiv", "floormod", "mod", "floor_div")
    ),
    Case("equal_strings", _of("equal"), [np.array([b"a", b"b"], object), np.array([b"a", b"c"], object)], ["string"]),
    Case("maximum_ties", _of("maximum"), [In((4, 4), steps=1), In((4, 4), steps=1)], WIDE_FLOATS),
    Case("minimum_ties", _of("minimum"), [In((4, 4), steps=1), In((4,), steps=1)], WIDE_FLOATS),
    Case("div_no_nan_zero", _of("div_no_nan"), [(3,), np.array([0.0, 1, 2])], WIDE_FLOATS),
    Case("add_bad_shapes", _of("add"), [(2, 3), (4,)], fails=True),
    Case("add_scalars", _of("add"), [(), ()], NUMBERS),
    Case("add_rank_up", _of("add"), [(2, 1, 3), (4, 1)], NUMBERS),
    Case("add_empty", _of("add"), [(0, 3), (3,)], NUMBERS),
]


def _named(symbol: str, call: Callable[[Any, Any], Any], dtypes: Sequence[str] = NUMBERS, **options: Any) -> list[Case]:
    """An overloaded operator: tensor with tensor, with a Python number on either side, with an array."""
    array = np.array([[1, 2, 3]], np.int64)
    low, high = options.pop("low", 1), options.pop("high", 5)
    return [
        Case(f"{symbol}_tensors", lambda tf, a, b: call(a, b), [In((2, 3), low, high), In((3,), low, high)], dtypes),
        Case(f"{symbol}_number", lambda tf, a: call(a, 2), [In((2, 3), low, high)], dtypes),
        Case(f"{symbol}_number_left", lambda tf, a: call(2, a), [In((2, 3), low, high)], dtypes),
        Case(
            f"{symbol}_array",
            lambda tf, a: call(a, array.astype(a.dtype.as_numpy_dtype)),
            [In((2, 3), low, high)],
            dtypes,
        ),
    ]


OPERATORS = [
    *_named("op_add", operator.add),
    *_named("op_sub", operator.sub),
    *_named("op_mul", operator.mul),
    *_named("op_truediv", operator.truediv),
    *_named("op_floordiv", operator.floordiv),
    *_named("op_mod", operator.mod),
    *_named("op_pow", operator.pow, low=1, high=3),
    *_named("op_lt", operator.lt),
    *_named("op_le", operator.le),
    *_named("op_gt", operator.gt),
    *_named("op_ge", operator.ge),
    Case("op_neg", lambda tf, a: -a, [(2, 3)], NUMBERS),
    Case("op_abs", lambda tf, a: abs(a), [(2, 3)], NUMBERS),
    Case("op_invert", lambda tf, a: ~a, [(2, 3)], ["bool"]),
    Case("op_and", lambda tf, a, b: a & b, [(2, 3), (3,)], ["bool"]),
    Case("op_or", lambda tf, a, b: a | b, [(2, 3), (3,)], ["bool"]),
    Case("op_xor", lambda tf, a, b: a ^ b, [(2, 3), (3,)], ["bool"]),
    Case("op_float_to_int", lambda tf, a: a + 1.5, [(2,)], ["int32"], fails=True),
    Case("op_mixed_dtypes", lambda tf, a: a + tf.cast(a, tf.float64), [(2,)], ["float32"], fails=True),
]

CAST_TYPES = (*FLOATS, "int32", "int64", "uint8", "bool", "complex64")

OTHERS = [
    *(
        Case(f"cast_to_{to}", lambda tf, a, to=to: tf.cast(a, to), [In((2, 3), 0, 5)], CAST_TYPES)
        for to in (*FLOATS, "bfloat16", *ALL_INTS, "bool", "complex128")
    ),
    *(
        Case(f"cast_to_{to}_negative", lambda tf, a, to=to: tf.cast(a, to), [np.array([-2.7, -0.5, 0.5, 2.7])], FLOATS)
        for to in INTS
    ),
    *(
        Case(name, _of(name), [In((3,), 0, 5)], ("float32", "int32"))
        for name in ("to_float", "to_double", "to_int32", "to_int64")
    ),
    Case("saturate_cast", lambda tf, a: tf.saturate_cast(a, tf.uint8), [In((6,), -300, 600)], ("float32", "int32")),
    Case("bitcast", lambda tf, a: tf.bitcast(a, tf.int32), [(2, 3)], ["float32"]),
    Case("add_n", lambda tf, *xs: tf.add_n(xs), [(2, 3)] * 3, NUMBERS),
    Case("add_n_one", lambda tf, x: tf.add_n([x]), [(2, 3)]),
    Case("add_n_bad", lambda tf, *xs: tf.add_n(xs), [(2, 3), (3, 2)], fails=True),
    Case("accumulate_n", lambda tf, *xs: tf.accumulate_n(xs), [(2, 3)] * 3, WIDE_FLOATS, unknown=("partial",)),
    Case("clip_by_value", lambda tf, x: tf.clip_by_value(x, -1, 1), [(3, 4)], NUMBERS),
    Case(
        "clip_by_value_tensors",
        lambda tf, x, a, b: tf.clip_by_value(x, a, b),
        [In((3, 4)), In((4,), -1.5, -0.5), In((), 0.5, 1.5)],
        WIDE_FLOATS,
    ),
    Case("clip_by_value_ties", lambda tf, x: tf.clip_by_value(x, -1.0, 1.0), [In((4, 4), steps=1)]),
    Case("polygamma", lambda tf, x: tf.polygamma(tf.ones_like(x) * 2, x), [In((4,), 0.5, 4)], WIDE_FLOATS, tol=LOOSE),
    Case(
        "betainc",
        lambda tf, a, b, x: tf.betainc(a, b, x),
        [In((4,), 0.5, 3), In((4,), 0.5, 3), In((4,), 0.1, 0.9)],
        WIDE_FLOATS,
        tol=LOOSE,
        grad=(2,),
    ),
    Case("where_select", lambda tf, c, a, b: tf.where(c, a, b), [In((2, 3), dtype="bool"), (2, 3), (2, 3)], NUMBERS),
    Case("where_rows", lambda tf, c, a, b: tf.where(c, a, b), [In((2,), dtype="bool"), (2, 3), (2, 3)], NUMBERS),
    Case(
        "where_bad",
        lambda tf, c, a, b: tf.where(c, a, b),
        [In((2, 3), dtype="bool"), (2, 3), (3, 2)],
        fails=True,
    ),
    Case("check_numerics", lambda tf, x: tf.check_numerics(x, "bad"), [(3,)], WIDE_FLOATS),
    Case(
        "check_numerics_nan", lambda tf, x: tf.check_numerics(x, "bad"), [SPECIAL], fails=True, unknown=False, jit=False
    ),
    Case("with_name", lambda tf, a, b: tf.add(a, b, name="sum_of"), [(2,), (2,)]),
    Case("in_scope", lambda tf, a: _scoped(tf, a), [(2,)]),
]


def _scoped(tf: Any, a: Any) -> Any:
    with tf.name_scope("outer"), tf.name_scope("inner"):
        return tf.exp(a) * tf.exp(a)


CASES = [*UNARY, *SPECIALS, *BINARY, *OPERATORS, *OTHERS]
