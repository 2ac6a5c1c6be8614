"""Rows of special functions, of functions that spare a product from NaN, and of the remaining small conversions."""

from __future__ import annotations

import numpy as np

from tests.ops.cases.elementwise import LOOSE, binary, unary
from tests.ops.engine import FLOATS, WIDE_FLOATS, Case, In

# Rational approximations: TensorFlow's and ours take other ones.
NEAR = {"float32": 2e-5, "float64": 1e-10, "float16": 2e-2}
ZEROS = np.array([[0.0, 1.0, -2.0], [3.0, 0.0, -0.0]], np.float32)
WITH_NAN = np.array([[np.nan, np.inf, 2.0], [0.5, -np.inf, np.nan]], np.float32)

CASES = [
    unary("math.bessel_i0", WIDE_FLOATS, -4, 4, tol=NEAR),
    unary("math.bessel_i0e", WIDE_FLOATS, -4, 4, tol=NEAR),
    unary("math.bessel_i1", WIDE_FLOATS, -4, 4, tol=NEAR),
    unary("math.bessel_i1e", WIDE_FLOATS, -4, 4, tol=NEAR),
    unary("math.erfinv", WIDE_FLOATS, -0.95, 0.95, tol=NEAR),
    unary("math.erfcinv", WIDE_FLOATS, 0.05, 1.95, tol=NEAR),
    unary("math.ndtri", WIDE_FLOATS, 0.03, 0.97, tol=NEAR),
    unary("math.reciprocal_no_nan", FLOATS, 0.5, 3),
    Case("reciprocal_no_nan_of_zero", lambda tf, x: tf.math.reciprocal_no_nan(x), [ZEROS], FLOATS, grad=False),
    binary("math.multiply_no_nan", FLOATS),
    Case("multiply_by_zero", lambda tf, x, y: tf.math.multiply_no_nan(x, y), [WITH_NAN, ZEROS], FLOATS, grad=False),
    binary("math.nextafter", WIDE_FLOATS, grad=False),
    binary("math.xlog1py", FLOATS, 0.1, 2, tol=LOOSE),
    Case("xlog1py_of_zero", lambda tf, x: tf.math.xlog1py(x, tf.constant(-1.0, x.dtype)), [np.zeros(3, np.float32)]),
    Case("polyval", lambda tf, a, b, x: tf.math.polyval([a, b, a], x, name="p"), [(), (2, 1), (2, 3)], WIDE_FLOATS),
    Case("polyval_of_none", lambda tf, x: tf.math.polyval([], x), [(2,)]),
    Case("scalar_mul", lambda tf, x: tf.scalar_mul(2.5, x), [(2, 3)], FLOATS),
    Case("scalar_mul_of_tensor", lambda tf, a, x: tf.math.scalar_mul(a, x, name="s"), [(), (2, 3)]),
    Case("scalar_mul_of_vector", lambda tf, x: tf.scalar_mul([1.0, 2.0], x), [(2,)], fails=True),
    unary("to_bfloat16", ("float32",)),
    unary("to_complex64", ("float32",), grad=False),
    unary("to_complex128", ("float64",), grad=False),
    Case(
        "where_v2",
        lambda tf, x, y: tf.where_v2(tf.constant([[True], [False]]), x, y, name="w"),
        [(3,), (2, 3)],
        FLOATS,
    ),
    Case("where_v2_of_a_condition", lambda tf: tf.where_v2([[True, False], [False, True]]), jit=False),
    Case(
        "conv3d_backprop_filter",
        lambda tf, x, g: tf.nn.conv3d_backprop_filter(x, [2, 2, 2, 3, 4], g, [1, 1, 1, 1, 1], "VALID", name="b"),
        [(2, 4, 4, 4, 3), (2, 3, 3, 3, 4)],
    ),
    Case(
        "conv3d_backprop_filter_v2",
        lambda tf, x, g: tf.nn.conv3d_backprop_filter_v2(x, [2, 2, 2, 3, 4], g, [1, 2, 2, 2, 1], "SAME"),
        [(1, 4, 4, 4, 3), (1, 2, 2, 2, 4)],
    ),
    Case(
        "required_space_to_batch_paddings",
        lambda tf: tf.required_space_to_batch_paddings([5, 7], [2, 3], [[1, 0], [0, 2]], name="pads"),
    ),
    Case(
        "required_space_to_batch_paddings_of_tensors",
        lambda tf, n: tf.required_space_to_batch_paddings(n, [2, 3]),
        [In((2,), 3, 9, "int32")],
        unknown=False,
    ),
    Case(
        "strings_format",
        lambda tf, x, n: tf.strings.format("x={} n={}!", (x, n), name="f"),
        [In((2, 3), steps=4), In((4,), 0, 9, "int32")],
    ),
    Case("format_short", lambda tf, x: tf.strings.format("<%%>", x, "%%", summarize=2), [In((9,), 0, 5, "int32")]),
]  # fmt: skip
