"""Rows of reductions, places of extremes, running sums and segments."""

from __future__ import annotations

import numpy as np

from tests.ops.engine import ALL_INTS, COMPLEX, FLOATS, INTS, NUMBERS, WIDE_FLOATS, Case, In

ALL_FLOATS = (*FLOATS, "bfloat16")
SUMS = {"float16": 1e-2, "bfloat16": 8e-2}
IDS = np.array([0, 0, 1, 3], np.int32)
LOOSE_IDS = np.array([2, 0, 2, -1], np.int32)


def reduction(name, dtypes, inputs=(In((2, 3, 4)),), **options):
    def call(**arguments):
        return lambda tf, x: getattr(tf, name)(x, **arguments)

    rows = [
        Case(name, call(), inputs, dtypes, **options),
        Case(f"{name}_axis", call(axis=1), inputs, dtypes[:2], **options),
        Case(f"{name}_axes", call(axis=[0, -1], name="r"), inputs, dtypes[:1], **options),
        Case(f"{name}_keep", call(axis=-1, keepdims=True), inputs, dtypes[:1], **options),
        Case(f"{name}_keep_dims", call(reduction_indices=[0], keep_dims=True), inputs, dtypes[:1], **options),
        Case(f"{name}_no_axes", call(axis=[]), inputs, dtypes[:1], **options),
        Case(f"{name}_bad_axis", call(axis=3), inputs, dtypes[:1], fails=True),
    ]
    return rows


REDUCTIONS = [
    *reduction("reduce_sum", (*ALL_FLOATS, *ALL_INTS, *COMPLEX), tol=SUMS),
    *reduction("reduce_mean", (*ALL_FLOATS, *INTS, *COMPLEX), tol=SUMS),
    *reduction("reduce_max", (*ALL_FLOATS, *ALL_INTS)),
    *reduction("reduce_min", (*ALL_FLOATS, *ALL_INTS)),
    *reduction("reduce_prod", (*WIDE_FLOATS, *INTS), (In((2, 3, 4), 0.5, 1.5),)),
    *reduction("reduce_all", ("bool",)),
    *reduction("reduce_any", ("bool",)),
    *reduction("reduce_logsumexp", WIDE_FLOATS),
    *reduction("count_nonzero", ("int32", "float32"), (In((2, 3, 4), -1, 2, steps=1),), grad=False),
    Case("reduce_max_ties", lambda tf, x: tf.reduce_max(x, 1), [In((4, 5), steps=1)], WIDE_FLOATS),
    Case("reduce_min_ties", lambda tf, x: tf.reduce_min(x), [In((4, 5), steps=1)], WIDE_FLOATS),
    Case(
        "reduce_prod_zeros",
        lambda tf, x: tf.reduce_prod(x, 1),
        [np.array([[0.0, 2, 3], [0, 0, 3], [1, 2, 3]])],
        WIDE_FLOATS,
    ),
    Case("reduce_sum_list", lambda tf: tf.reduce_sum([1, 2, 3])),
    Case("reduce_mean_list", lambda tf: tf.reduce_mean([1.0, 2.0], 0)),
    Case("reduce_sum_both_names", lambda tf, x: tf.reduce_sum(x, axis=0, reduction_indices=0), [(2, 3)], fails=True),
    Case("reduce_sum_axis_tensor", lambda tf, x, a: tf.reduce_sum(x, a), [(2, 3), np.int32(1)], unknown=False),
    Case(
        "reduce_sum_empty",
        lambda tf, x: [tf.reduce_sum(x, 0), tf.reduce_max(x, 0), tf.reduce_prod(x, 0)],
        [(0, 3)],
        WIDE_FLOATS,
        grad=False,
    ),
    Case("reduce_mean_empty", lambda tf, x: tf.reduce_mean(x), [(0,)], grad=False),
    Case("reduce_mean_int", lambda tf, x: tf.reduce_mean(x, 0), [np.array([[7, -7], [2, -2]])], INTS),
    Case(
        "reduce_max_specials",
        lambda tf, x: [tf.reduce_max(x), tf.reduce_logsumexp(x)],
        [np.array([-np.inf, -np.inf])],
        grad=False,
    ),
    Case(
        "reduce_std",
        lambda tf, x: [tf.math.reduce_std(x), tf.math.reduce_variance(x, 1)],
        [(3, 4)],
        WIDE_FLOATS,
        tol=1e-4,
    ),
    Case("reduce_euclidean_norm", lambda tf, x: tf.math.reduce_euclidean_norm(x, 1), [(3, 4)], WIDE_FLOATS),
    Case("count_nonzero_text", lambda tf, x: tf.count_nonzero(x), [np.array([b"a", b"", b"b"], object)], ["string"]),
    Case(
        "count_nonzero_bool", lambda tf, x: tf.count_nonzero(x, 0, dtype=tf.int32), [In((4, 2), dtype="bool")], ["bool"]
    ),
]

PLACES = [
    Case("argmax", lambda tf, x: tf.argmax(x), [In((4, 5), steps=2)], NUMBERS),
    Case("argmax_axis", lambda tf, x: tf.argmax(x, 1, output_type=tf.int32, name="a"), [(4, 5)], NUMBERS),
    Case("argmax_dimension", lambda tf, x: tf.argmax(x, dimension=-1), [(4, 5)]),
    Case("argmin", lambda tf, x: tf.argmin(x, axis=-1), [In((4, 5), steps=2)], NUMBERS),
    Case("arg_max", lambda tf, x: [tf.arg_max(x, 1), tf.arg_min(x, 0)], [(4, 5)]),
    Case("argmax_bad", lambda tf, x: tf.argmax(x, 2), [(4, 5)], fails=True),
]

RUNNING = [
    Case("cumsum", lambda tf, x: tf.cumsum(x), [(4, 3)], (*WIDE_FLOATS, *INTS, "complex64")),
    Case("cumsum_axis", lambda tf, x: tf.cumsum(x, axis=-1, name="c"), [(4, 3)]),
    Case("cumsum_exclusive", lambda tf, x: tf.cumsum(x, exclusive=True), [(4, 3)], WIDE_FLOATS),
    Case("cumsum_reverse", lambda tf, x: tf.cumsum(x, 1, reverse=True), [(4, 3)], WIDE_FLOATS),
    Case("cumsum_both", lambda tf, x: tf.cumsum(x, 1, exclusive=True, reverse=True), [(4, 3)]),
    Case("cumprod", lambda tf, x: tf.cumprod(x, 1), [In((3, 4), 0.5, 1.5)], (*WIDE_FLOATS, *INTS)),
    Case("cumprod_both", lambda tf, x: tf.cumprod(x, exclusive=True, reverse=True), [In((3, 4), 0.5, 1.5)], tol=1e-4),
    Case("cumulative_logsumexp", lambda tf, x: tf.math.cumulative_logsumexp(x), [(4, 3)], WIDE_FLOATS, tol=1e-4),
]

SEGMENTS = [
    *(
        Case(
            f"segment_{name}",
            lambda tf, x, name=name: getattr(tf, f"segment_{name}")(x, IDS),
            [In((4, 2), 0.5, 2)],
            WIDE_FLOATS if name == "mean" else NUMBERS,
        )
        for name in ("sum", "mean", "prod", "max", "min")
    ),
    Case("segment_sum_computed", lambda tf, x, i: tf.segment_sum(x, i), [(4, 2), IDS]),
    Case("segment_max_ties", lambda tf, x: tf.segment_max(x, IDS), [In((4, 5), steps=1)]),
    Case("segment_sum_bad", lambda tf, x: tf.segment_sum(x, [1, 0, 1, 1]), [(4,)], fails=True),
    *(
        Case(
            f"unsorted_segment_{name}",
            lambda tf, x, name=name: getattr(tf, f"unsorted_segment_{name}")(x, LOOSE_IDS, 4),
            [In((4, 2), 0.5, 2)],
            NUMBERS,
            unknown=("partial", "unknown"),
        )
        for name in ("sum", "prod", "max", "min")
    ),
    Case(
        "unsorted_segment_prod_zeros",
        lambda tf, x: tf.unsorted_segment_prod(x, [0, 0, 1, 1, 1], 3),
        [np.array([0.0, 2, 0, 0, 3])],
    ),
    Case("unsorted_segment_max_ties", lambda tf, x: tf.unsorted_segment_max(x, LOOSE_IDS, 3), [In((4, 5), steps=1)]),
    Case(
        "unsorted_segment_sum_matrix",
        lambda tf, x, i: tf.unsorted_segment_sum(x, i, 3),
        [(2, 3, 2), np.array([[0, 1, 2], [2, 2, 0]], np.int64)],
    ),
    Case(
        "unsorted_segment_sum_computed",
        lambda tf, x, n: tf.unsorted_segment_sum(x, LOOSE_IDS, n),
        [(4, 2), np.int32(3)],
    ),
    Case(
        "unsorted_segment_mean",
        lambda tf, x: tf.unsorted_segment_mean(x, [2, 0, 2, 0], 4),
        [(4, 2)],
        WIDE_FLOATS,
        names=False,
        notes={"names": "composed of other nodes"},
        unknown=("partial",),
    ),
    Case(
        "unsorted_segment_sqrt_n",
        lambda tf, x: tf.unsorted_segment_sqrt_n(x, [2, 0, 2, 0], 4),
        [(4, 2)],
        WIDE_FLOATS,
        names=False,
        notes={"names": "composed of other nodes"},
        unknown=("partial",),
    ),
    *(
        Case(
            f"sparse_segment_{name}",
            lambda tf, x, name=name: getattr(tf, f"sparse_segment_{name}")(x, [0, 3, 1], [0, 0, 1]),
            [(4, 2)],
            WIDE_FLOATS,
        )
        for name in ("sum", "mean", "sqrt_n")
    ),
    *(
        Case(
            f"sparse_segment_{name}_counted",
            lambda tf, x, name=name: getattr(tf, f"sparse_segment_{name}")(x, [0, 3, 1], [0, 0, 2], num_segments=4),
            [(4, 2)],
            WIDE_FLOATS,
        )
        for name in ("sum", "mean", "sqrt_n")
    ),
]

CASES = [*REDUCTIONS, *PLACES, *RUNNING, *SEGMENTS]
