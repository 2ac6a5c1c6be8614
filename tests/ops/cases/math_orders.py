"""Rows of sorting, counting and repeating, and of the checks that programs make of their tensors."""

from __future__ import annotations

import numpy as np

from tests.ops.engine import INTS, WIDE_FLOATS, Case, In

COUNTS = np.array([1, 3, 1, 0, 7], np.int32)
COMPOSED = {"names": "composed of fewer nodes"}
GUARDED = {"names": "TF guards the node with a cond"}

ORDERS = [
    Case("sort", lambda tf, x: tf.sort(x), [(3, 4)], (*WIDE_FLOATS, *INTS), unknown=("partial", "unknown")),
    Case("sort_descending", lambda tf, x: tf.sort(x, direction="DESCENDING", name="s"), [(3, 4)], ("float32", "int32")),
    Case("sort_axis", lambda tf, x: tf.sort(x, axis=0), [(3, 4)], unknown=("partial", "unknown")),
    Case("sort_bad", lambda tf, x: tf.sort(x, direction="UP"), [(3,)], fails=True),
    Case("argsort", lambda tf, x: tf.argsort(x), [In((3, 4), -2, 2, steps=1)], ("float32", "int32")),
    Case("argsort_descending", lambda tf, x: tf.argsort(x, direction="DESCENDING"), [(5,)]),
    Case(
        "searchsorted", lambda tf, x: tf.searchsorted([1.0, 3.0, 3.0, 5.0], x), [np.array([0.0, 3, 4, 9])], grad=False
    ),
    Case(
        "searchsorted_right",
        lambda tf, s, x: tf.searchsorted(s, x, side="right", out_type=tf.int64),
        [np.array([[1, 3, 3], [2, 2, 9]], np.int32), np.array([[3, 0], [2, 5]], np.int32)],
    ),
    Case("bincount", lambda tf, x: tf.bincount(x), [COUNTS], unknown=("partial",)),
    Case("bincount_lengths", lambda tf, x: tf.bincount(x, minlength=3, maxlength=5), [COUNTS], unknown=("partial",)),
    Case(
        "bincount_weights", lambda tf, x, w: tf.bincount(x, weights=w), [COUNTS, (5,)], unknown=("partial",), grad=False
    ),
    Case(
        "histogram_fixed_width",
        lambda tf, x: tf.histogram_fixed_width(x, [0.0, 5.0], nbins=5),
        [np.array([-1.0, 0, 1.5, 2, 5, 15])],
        grad=False,
    ),
    Case("repeat", lambda tf, x: tf.repeat(x, 2), [(3, 2)], names=False, notes=COMPOSED, unknown=False),
    Case(
        "repeat_each",
        lambda tf, x: tf.repeat(x, [1, 0, 2], axis=0),
        [(3, 2)],
        names=False,
        unknown=False,
        notes={**COMPOSED, "shapes": "the number of rows is found when run"},
    ),
    Case(
        "repeat_axis",
        lambda tf, x: tf.repeat(x, 2, axis=1),
        [(3, 2)],
        names=False,
        unknown=False,
        notes={**COMPOSED, "shapes": "the number of columns is found when run"},
    ),
]


def _after(tf, check, x):
    with tf.control_dependencies([check]):
        return tf.identity(x)


def check(id, call, value=(2.0, 3.0), fails=False):
    return Case(
        id,
        lambda tf, x: _after(tf, call(tf, x), x),
        [np.array(value, np.float32)],
        names=False,
        notes=GUARDED,
        graphdef=False,
        fails=fails,
        unknown=False if fails else ("partial", "unknown"),
        jit=not fails,
    )


CHECKS = [
    check("assert_equal", lambda tf, x: tf.assert_equal(x, x + 0.0)),
    check("assert_equal_fails", lambda tf, x: tf.assert_equal(x, 2.0, message="not two"), fails=True),
    check("assert_none_equal", lambda tf, x: tf.assert_none_equal(x, 5.0)),
    check("assert_less", lambda tf, x: tf.assert_less(x, 9.0, name="small")),
    check("assert_less_fails", lambda tf, x: tf.assert_less(x, 3.0, data=["x", x], summarize=1), fails=True),
    check("assert_less_equal", lambda tf, x: tf.assert_less_equal(x, 3.0)),
    check("assert_greater", lambda tf, x: tf.assert_greater(x, 1.0)),
    check("assert_greater_equal_fails", lambda tf, x: tf.assert_greater_equal(x, 3.0), fails=True),
    check("assert_near", lambda tf, x: tf.assert_near(x, x * (1.0 + 1e-7))),
    check("assert_near_fails", lambda tf, x: tf.assert_near(x, 2.0, data=["far"]), fails=True),
    check("assert_positive", lambda tf, x: tf.assert_positive(x)),
    check("assert_positive_fails", lambda tf, x: tf.assert_positive(x - 2.0, message="bad"), fails=True),
    check("assert_negative", lambda tf, x: tf.assert_negative(-x)),
    check("assert_non_negative", lambda tf, x: tf.assert_non_negative(x - 2.0)),
    check("assert_non_positive_fails", lambda tf, x: tf.assert_non_positive(x), fails=True),
    check("assert_rank", lambda tf, x: tf.assert_rank(x, 1)),
    check("assert_rank_fails", lambda tf, x: tf.assert_rank(x, 2), fails=True),
    check("assert_rank_at_least_fails", lambda tf, x: tf.assert_rank_at_least(x, 2, message="m"), fails=True),
    check("assert_rank_in", lambda tf, x: tf.assert_rank_in(x, (0, 1))),
    check("assert_type_fails", lambda tf, x: tf.assert_type(x, tf.int32), fails=True),
    check("assert_integer_fails", lambda tf, x: tf.assert_integer(x), fails=True),
    check("assert_scalar_fails", lambda tf, x: tf.assert_scalar(x), fails=True),
    Case("assert_equal_static", lambda tf: _after(tf, tf.assert_equal(1, 1), 5)),
    Case("assert_equal_static_fails", lambda tf: tf.assert_equal(1, 2), fails=True),
    Case(
        "is_non_decreasing",
        lambda tf, x: [tf.is_non_decreasing(x), tf.is_strictly_increasing(x)],
        [np.array([1.0, 1, 2])],
        names=False,
        notes=COMPOSED,
        grad=False,
        graphdef=False,
    ),
]

CASES = [*ORDERS, *CHECKS]
