"""Rows of moments, normalisations, dropout, embeddings and rankings."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.engine import ALL_INTS, FLOATS, WIDE_FLOATS, Case, In

SUMS = {"float32": 1e-4, "float64": 1e-9, "float16": 1e-2}
IDS = np.array([2, 0, 2, 1], np.int32)
POSITIVE = In((3,), 0.5, 2)


def failing(label: str, call: Any, *inputs: Any) -> Case:
    """A row that fails on both sides."""
    return Case(label, call, list(inputs), fails=True)


MOMENTS = [
    Case("moments", lambda tf, x: tf.nn.moments(x, [0]), [(4, 3)], FLOATS, tol=SUMS, atol=1e-6),
    Case("moments_images", lambda tf, x: tf.nn.moments(x, [0, 1, 2]), [(2, 3, 4, 5)], FLOATS, tol=SUMS, atol=1e-5),
    Case("moments_keep", lambda tf, x: tf.nn.moments(x, axes=[1], keep_dims=True, name="m"), [(4, 3)], tol=SUMS),
    Case("moments_keepdims", lambda tf, x: tf.nn.moments(x, [-1], keepdims=True), [(4, 3)], tol=SUMS, atol=1e-6),
    Case(
        "weighted_moments",
        lambda tf, x, w: tf.nn.weighted_moments(x, [0], w),
        [(4, 3), In((4, 1), 0, 2)],
        WIDE_FLOATS,
        tol=SUMS,
        atol=1e-6,
    ),
    Case(
        "weighted_keep",
        lambda tf, x, w: tf.nn.weighted_moments(x, [0, 1], w, keepdims=True),
        [(4, 3), In((4, 3), 0, 2)],
        tol=SUMS,
        atol=1e-6,
    ),
    Case("sufficient", lambda tf, x: tf.nn.sufficient_statistics(x, [0])[:3], [(4, 3)], WIDE_FLOATS, tol=SUMS),
    Case(
        "sufficient_shift",
        lambda tf, x, s: tf.nn.sufficient_statistics(x, [0, 1], s, keep_dims=True)[:3],
        [(4, 3), ()],
        tol=SUMS,
    ),
    Case(
        "normalize_moments",
        lambda tf, c, m, v: tf.nn.normalize_moments(c, m, v, None),
        [In((), 1, 4), (3,), POSITIVE],
        WIDE_FLOATS,
    ),
    Case(
        "normalize_shift",
        lambda tf, c, m, v, s: tf.nn.normalize_moments(c, m, v, s),
        [In((), 1, 4), (3,), POSITIVE, (3,)],
        tol=SUMS,
    ),
]

BATCH = [
    Case(
        "batch_norm",
        lambda tf, *t: tf.nn.batch_normalization(*t, 1e-3),
        [(4, 3), (3,), POSITIVE, (3,), (3,)],
        WIDE_FLOATS,
        tol=SUMS,
    ),
    Case(
        "batch_norm_bare",
        lambda tf, x, m, v: tf.nn.batch_normalization(x, m, v, None, None, 1e-3, name="b"),
        [(2, 3, 4, 3), (3,), POSITIVE],
        tol=SUMS,
    ),
    Case(
        "batch_norm_half",
        lambda tf, x, m, v, o: tf.nn.batch_normalization(x, m, v, o, None, 1e-3),
        [
            In((4, 3), dtype="float16"),
            In((3,), dtype="float32"),
            In((3,), 0.5, 2, dtype="float32"),
            In((3,), dtype="float32"),
        ],
        ("float32",),
        tol=1e-2,
    ),
    Case(
        "global_norm",
        lambda tf, *t: tf.nn.batch_norm_with_global_normalization(*t, 1e-3, True),
        [(2, 3, 4, 3), (3,), POSITIVE, (3,), (3,)],
        tol=SUMS,
    ),
    Case(
        "fused_training",
        lambda tf, x, s, o: tf.nn.fused_batch_norm(x, s, o)[0],
        [(2, 3, 4, 3), (3,), (3,)],
        tol=SUMS,
        atol=1e-4,
    ),
    Case(
        "fused_outputs",
        lambda tf, x, s, o: tf.nn.fused_batch_norm(x, s, o, epsilon=1e-5, name="bn"),
        [(2, 3, 4, 3), (3,), (3,)],
        tol=SUMS,
        atol=1e-4,
        grad=False,
    ),
    Case(
        "fused_average",
        lambda tf, x, s, o, m, v: tf.nn.fused_batch_norm(x, s, o, m, v, exponential_avg_factor=0.25),
        [(2, 3, 4, 3), (3,), (3,), (3,), POSITIVE],
        tol=SUMS,
        atol=1e-4,
        grad=False,
    ),
    Case(
        "fused_inference",
        lambda tf, x, s, o, m, v: tf.nn.fused_batch_norm(x, s, o, m, v, is_training=False)[0],
        [(2, 3, 4, 3), (3,), (3,), (3,), POSITIVE],
        tol=SUMS,
        atol=1e-4,
        grad=(0, 1, 2),
    ),
    failing(
        "fused_missing",
        lambda tf, x, s, o: tf.nn.fused_batch_norm(x, s, o, is_training=False),
        (2, 3, 4, 3),
        (3,),
        (3,),
    ),
    failing("fused_channels", lambda tf, x, s, o: tf.nn.fused_batch_norm(x, s, o), (2, 3, 4, 3), (4,), (4,)),
    failing("fused_rank", lambda tf, x, s, o: tf.nn.fused_batch_norm(x, s, o), (2, 3), (3,), (3,)),
]

OTHERS = [
    Case("l2_normalize", lambda tf, x: tf.nn.l2_normalize(x, 1), [(3, 4)], WIDE_FLOATS, tol=SUMS),
    Case("l2_normalize_all", lambda tf, x: tf.nn.l2_normalize(x, name="n"), [(3, 4)], tol=SUMS, unknown=("partial",)),
    Case("l2_normalize_dim", lambda tf, x: tf.nn.l2_normalize(x, dim=[0, 1], epsilon=1e-3), [(3, 4)], tol=SUMS),
    Case("l2_normalize_zero", lambda tf, x: tf.nn.l2_normalize(x, 0), [np.zeros((3, 2), np.float32)]),
    Case(
        "l2_normalize_complex",
        lambda tf, x: tf.nn.l2_normalize(x, 1),
        [(3, 4)],
        ("complex64",),
        tol=1e-4,
        names=False,
        grad=False,
    ),
    Case("lrn", lambda tf, x: tf.nn.lrn(x), [(2, 3, 4, 13)], tol=SUMS),
    Case(
        "lrn_alexnet",
        lambda tf, x: tf.nn.lrn(x, 4, bias=1.0, alpha=0.001 / 9.0, beta=0.75, name="norm1"),
        [(2, 3, 4, 16)],
        tol=SUMS,
    ),
    failing("lrn_rank", lambda tf, x: tf.nn.lrn(x), (2, 3)),
    Case(
        "zero_fraction",
        lambda tf, x: tf.nn.zero_fraction(x),
        [In((5, 4), -3, 3)],
        ("int32", "int64"),
        names=False,
        graphdef=False,
    ),
    Case(
        "zero_fraction_float",
        lambda tf, x: tf.nn.zero_fraction(tf.nn.relu(x)),
        [(5, 4)],
        names=False,
        grad=False,
        graphdef=False,
    ),
]

DROPOUT = [
    Case("dropout", lambda tf, x: tf.nn.dropout(x, 0.7, seed=5), [(8, 9)], (*WIDE_FLOATS, "float16"), tol=SUMS),
    Case("dropout_rate", lambda tf, x: tf.nn.dropout(x, rate=0.25, seed=5, name="d"), [(8, 9)]),
    Case("dropout_tensor", lambda tf, x, p: tf.nn.dropout(x, p, seed=5), [(8, 9), In((), 0.3, 0.9)], grad=(0,)),
    Case(
        "dropout_rate_tensor", lambda tf, x, p: tf.nn.dropout(x, rate=p, seed=5), [(8, 9), In((), 0.3, 0.9)], grad=(0,)
    ),
    Case("dropout_noise", lambda tf, x: tf.nn.dropout(x, 0.5, noise_shape=[8, 1], seed=5), [(8, 9)]),
    Case(
        "dropout_noise_gap", lambda tf, x: tf.nn.dropout(x, 0.5, noise_shape=[None, 1], seed=5), [(8, 9)], unknown=False
    ),
    Case("dropout_nothing", lambda tf, x: tf.nn.dropout(x, 1.0), [(8, 9)]),
    failing("dropout_keep_range", lambda tf, x: tf.nn.dropout(x, 1.5), (3,)),
    failing("dropout_rate_range", lambda tf, x: tf.nn.dropout(x, rate=1.0), (3,)),
    failing("dropout_neither", lambda tf, x: tf.nn.dropout(x), (3,)),
    failing("dropout_both", lambda tf, x: tf.nn.dropout(x, 0.5, rate=0.5), (3,)),
    failing("dropout_text", lambda tf, x: tf.nn.dropout(x, rate="a"), (3,)),
    failing("dropout_int", lambda tf: tf.nn.dropout(tf.constant([1, 2]), 0.5)),
]

EMBEDDINGS = [
    Case("lookup", lambda tf, t: tf.nn.embedding_lookup(t, IDS), [(3, 4)], WIDE_FLOATS, notes={"gradients": "slices"}),
    Case(
        "lookup_ids",
        lambda tf, t, i: tf.nn.embedding_lookup(t, i, name="e"),
        [(3, 4), IDS.reshape(2, 2)],
        notes={"gradients": "slices"},
    ),
    Case(
        "lookup_int64",
        lambda tf, t, i: tf.nn.embedding_lookup(t, i),
        [(3, 4), IDS.astype(np.int64)],
        notes={"gradients": "slices"},
    ),
    Case(
        "lookup_norm",
        lambda tf, t, i: tf.nn.embedding_lookup(t, i, max_norm=1.0),
        [(3, 4), IDS],
        tol=SUMS,
        notes={"gradients": "slices"},
        unknown=("partial",),
    ),
    Case(
        "lookup_mod",
        lambda tf, a, b, i: tf.nn.embedding_lookup([a, b], i),
        [(2, 4), (2, 4), IDS],
        notes={"gradients": "slices"},
        unknown=False,
    ),
    Case(
        "lookup_div",
        lambda tf, a, b, i: tf.nn.embedding_lookup([a, b], i, partition_strategy="div"),
        [(2, 4), (1, 4), IDS],
        notes={"gradients": "slices"},
        unknown=False,
    ),
    Case(
        "lookup_parts_norm",
        lambda tf, a, b, i: tf.nn.embedding_lookup([a, b], i, max_norm=1.0),
        [(2, 4), (2, 4), IDS.reshape(2, 2)],
        notes={"gradients": "slices"},
        unknown=False,
        tol=SUMS,
    ),
    failing("lookup_none", lambda tf, i: tf.nn.embedding_lookup(None, i), IDS),
    failing("lookup_empty", lambda tf, i: tf.nn.embedding_lookup([], i), IDS),
    failing(
        "lookup_strategy",
        lambda tf, a, b, i: tf.nn.embedding_lookup([a, b], i, partition_strategy="x"),
        (2, 4),
        (2, 4),
        IDS,
    ),
]

TIED = In((4, 6), steps=2)
RANKING = [
    Case("top_k", lambda tf, x: tf.nn.top_k(x, 3), [TIED], WIDE_FLOATS),
    Case("top_one", lambda tf, x: tf.nn.top_k(x, name="t"), [(4, 6)]),
    Case("top_unsorted", lambda tf, x: tf.nn.top_k(x, 6, sorted=True).values, [(2, 4, 6)]),
    Case("top_int", lambda tf, x: tf.nn.top_k(x, 2), [In((4, 6), -5, 5)], ALL_INTS),
    failing("top_too_many", lambda tf, x: tf.nn.top_k(x, 7), (4, 6)),
    failing("top_scalar", lambda tf, x: tf.nn.top_k(x, 1), ()),
    Case("in_top_k", lambda tf, x, t: tf.nn.in_top_k(x, t, 2), [TIED, np.array([0, 5, 2, 3], np.int32)]),
    Case("in_top_k_range", lambda tf, x, t: tf.nn.in_top_k(x, t, 6, name="i"), [TIED, np.array([0, 6, -1, 3])]),
    Case(
        "in_top_k_infinite",
        lambda tf, x, t: tf.nn.in_top_k(x, t, 2),
        [
            np.array([[1.0, np.inf, 0.0], [np.nan, 1.0, 2.0], [3.0, 2.0, -np.inf], [1.0, 1.0, 1.0]], np.float32),
            np.array([0, 2, 1, 2], np.int32),
        ],
    ),
    failing("in_top_k_batch", lambda tf, x, t: tf.nn.in_top_k(x, t, 2), (4, 6), np.array([0, 1], np.int32)),
]

CASES = [*MOMENTS, *BATCH, *OTHERS, *DROPOUT, *EMBEDDINGS, *RANKING]


def _sparse_rows(tf: Any, kind: Any = None) -> Any:
    values = tf.constant([1.0, 3.0, 0.5, 2.0]) if kind == "weights" else tf.constant([2, 0, 1, 2])
    return tf.SparseTensor([[0, 0], [0, 1], [1, 0], [2, 1]], values, [3, 2])


CASES += [
    Case(
        f"sparse_{combiner}_{weighted}",
        lambda tf, t, c=combiner, w=weighted: tf.nn.embedding_lookup_sparse(
            t, _sparse_rows(tf), _sparse_rows(tf, "weights") if w else None, combiner=c, **({} if w else {"name": "e"})
        ),
        [(3, 4)],
        tol=SUMS,
        notes={"gradients": "slices"},
        unknown=("partial",),
        graphdef=False,
    )
    for combiner in ("sum", "mean", "sqrtn")
    for weighted in (False, True)
]
CASES += [
    Case(
        "sparse_parts",
        lambda tf, a, b: tf.nn.embedding_lookup_sparse([a, b], _sparse_rows(tf), None, combiner="sum"),
        [(2, 4), (1, 4)],
        notes={"gradients": "slices"},
        unknown=False,
        graphdef=False,
    ),
    failing(
        "sparse_combiner", lambda tf, t: tf.nn.embedding_lookup_sparse(t, _sparse_rows(tf), None, combiner="x"), (3, 4)
    ),
]
