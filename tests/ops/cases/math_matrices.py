"""Rows of matrix products, contractions, diagonals, decompositions, norms and clipping."""

from __future__ import annotations

import numpy as np

from tests.ops.engine import COMPLEX, FLOATS, INTS, WIDE_FLOATS, Case, In

LOOSE = {"float32": 1e-4, "float64": 1e-9, "float16": 2e-2, "bfloat16": 8e-2, "complex64": 1e-4, "complex128": 1e-9}
SQUARE = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
TALL = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.3]])

WRONG_THERE = {"shapes": "TF takes an unknown size for -1 here and refuses, or tells 0"}

PRODUCTS = [
    Case(
        "matmul", lambda tf, a, b: tf.matmul(a, b), [(2, 3), (3, 4)], (*FLOATS, "bfloat16", *INTS, *COMPLEX), tol=LOOSE
    ),
    Case("matmul_transpose_a", lambda tf, a, b: tf.matmul(a, b, transpose_a=True), [(3, 2), (3, 4)], WIDE_FLOATS),
    Case(
        "matmul_transpose_b",
        lambda tf, a, b: tf.matmul(a, b, transpose_b=True, name="m"),
        [(2, 3), (4, 3)],
        WIDE_FLOATS,
    ),
    Case("matmul_transpose_both", lambda tf, a, b: tf.matmul(a, b, True, True), [(3, 2), (4, 3)]),
    Case(
        "matmul_adjoint",
        lambda tf, a, b: tf.matmul(a, b, adjoint_a=True),
        [(3, 2), (3, 4)],
        ("complex64", "float32"),
        tol=LOOSE,
    ),
    Case(
        "matmul_batch",
        lambda tf, a, b: tf.matmul(a, b),
        [(5, 2, 3), (5, 3, 4)],
        (*WIDE_FLOATS, "int32", "complex64"),
        tol=LOOSE,
    ),
    Case("matmul_batch_transpose", lambda tf, a, b: tf.matmul(a, b, transpose_b=True), [(5, 2, 3), (5, 4, 3)]),
    Case("matmul_batch_broadcast", lambda tf, a, b: tf.matmul(a, b), [(5, 2, 3), (3, 4)]),
    Case("matmul_sparse", lambda tf, a, b: tf.matmul(a, b, a_is_sparse=True), [(2, 3), (3, 4)]),
    Case("matmul_operator", lambda tf, a, b: a @ b, [(2, 3), (3, 4)]),
    Case("matmul_operator_array", lambda tf, a: np.eye(2, dtype=np.float32) @ a, [(2, 3)]),
    Case("matmul_list", lambda tf: tf.matmul([[1.0, 2.0]], [[3.0], [4.0]])),
    Case("matmul_bad", lambda tf, a, b: tf.matmul(a, b), [(2, 3), (2, 4)], fails=True),
    Case("matmul_bad_rank", lambda tf, a, b: tf.matmul(a, b), [(3,), (3,)], fails=True),
    Case("matmul_bad_batch", lambda tf, a, b: tf.matmul(a, b), [(5, 2, 3), (5, 2, 4)], fails=True),
    Case(
        "matmul_bad_flags",
        lambda tf, a, b: tf.matmul(a, b, transpose_a=True, adjoint_a=True),
        [(3, 2), (3, 4)],
        fails=True,
    ),
    Case("matvec", lambda tf, a, b: tf.linalg.matvec(a, b), [(2, 3), (3,)]),
    Case("adjoint", lambda tf, a: tf.linalg.adjoint(a), [(2, 3)], ("float32", "complex64")),
    Case("tensordot", lambda tf, a, b: tf.tensordot(a, b, 1), [(2, 3), (3, 4)], WIDE_FLOATS, unknown=("partial",)),
    Case(
        "tensordot_lists",
        lambda tf, a, b: tf.tensordot(a, b, [[1, 2], [0, 1]]),
        [(2, 3, 4), (3, 4, 5)],
        unknown=("partial",),
    ),
    Case(
        "tensordot_swapped", lambda tf, a, b: tf.tensordot(a, b, [[0], [1]], name="t"), [(3, 2), (4, 3)], unknown=False
    ),
    Case("tensordot_scalar", lambda tf, a, b: tf.tensordot(a, b, 2), [(2, 3), (2, 3)], unknown=("partial",)),
    Case(
        "tensordot_3d",
        lambda tf, a, b: tf.tensordot(a, b, [[2], [0]]),
        [(2, 3, 4), (4, 5)],
        unknown=("partial", "unknown"),
    ),
    Case("tensordot_bad", lambda tf, a, b: tf.tensordot(a, b, [[1], [0, 1]]), [(2, 3), (3, 4)], fails=True),
    Case("einsum", lambda tf, a, b: tf.einsum("ij,jk->ik", a, b), [(2, 3), (3, 4)], WIDE_FLOATS),
    Case("einsum_batch", lambda tf, a, b: tf.einsum("bij,bkj->bik", a, b, name="e"), [(5, 2, 3), (5, 4, 3)]),
    Case("einsum_implicit", lambda tf, a, b: tf.einsum("ij,jk", a, b), [(2, 3), (3, 4)]),
    Case("einsum_ellipsis", lambda tf, a: tf.einsum("...ij->...ji", a), [(5, 2, 3)]),
    Case("einsum_trace", lambda tf, a: tf.einsum("ii->i", a), [(3, 3)]),
    Case("einsum_sum", lambda tf, a: tf.einsum("ij->j", a), [(2, 3)]),
    Case("einsum_outer", lambda tf, a, b: tf.einsum("i,j->ij", a, b), [(2,), (3,)]),
    Case("einsum_bad", lambda tf, a, b: tf.einsum("ij,jk->ik", a, b), [(2, 3), (4, 5)], fails=True),
    Case("cross", lambda tf, a, b: tf.cross(a, b), [(4, 3), (4, 3)], WIDE_FLOATS),
    Case("trace", lambda tf, a: tf.trace(a), [(2, 3, 4)], (*WIDE_FLOATS, "int32")),
]

DIAGONALS = [
    Case("matrix_band_part", lambda tf, x: tf.matrix_band_part(x, -1, 0), [(2, 3, 4)], (*WIDE_FLOATS, "int32", "bool")),
    Case("matrix_band_part_upper", lambda tf, x: tf.matrix_band_part(x, 1, -1), [(4, 3)]),
    Case("matrix_band_part_computed", lambda tf, x, n: tf.matrix_band_part(x, n, n), [(4, 4), np.int64(1)]),
    Case("diag", lambda tf, x: tf.diag(x), [(3,)], ("float32", "int32", "complex64")),
    Case("diag_matrix", lambda tf, x: tf.diag(x), [(2, 3)]),
    Case("diag_part", lambda tf, x: tf.diag_part(x), [(2, 3, 2, 3)], ("float32", "int32")),
    Case("matrix_diag", lambda tf, x: tf.matrix_diag(x), [(2, 3)], ("float32", "int32", "bool")),
    Case("matrix_diag_k", lambda tf, x: tf.matrix_diag(x, k=1), [(2, 3)], notes=WRONG_THERE),
    Case(
        "matrix_diag_below",
        lambda tf, x: tf.matrix_diag(x, k=-1, num_rows=4, num_cols=5, padding_value=7.0),
        [(2, 3)],
        notes=WRONG_THERE,
    ),
    Case("matrix_diag_band", lambda tf, x: tf.matrix_diag(x, k=(-1, 1)), [(2, 3, 3)], notes=WRONG_THERE),
    *(
        Case(
            f"matrix_diag_align_{align}",
            lambda tf, x, align=align: tf.matrix_diag(x, k=(-1, 2), align=align),
            [(4, 4)],
            notes=WRONG_THERE,
        )
        for align in ("LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT")
    ),
    Case("matrix_diag_part", lambda tf, x: tf.matrix_diag_part(x), [(2, 3, 4)], ("float32", "int32")),
    Case("matrix_diag_part_k", lambda tf, x: tf.matrix_diag_part(x, k=-1), [(4, 3)]),
    *(
        Case(
            f"matrix_diag_part_{align}",
            lambda tf, x, align=align: tf.matrix_diag_part(x, k=(-2, 1), align=align),
            [(4, 3)],
        )
        for align in ("LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT")
    ),
    Case("matrix_set_diag", lambda tf, x, d: tf.matrix_set_diag(x, d), [(2, 3, 4), (2, 3)], ("float32", "int32")),
    Case(
        "matrix_set_diag_band",
        lambda tf, x, d: tf.matrix_set_diag(x, d, k=(-1, 0)),
        [(3, 4), (2, 3)],
        notes=WRONG_THERE,
    ),
]

DECOMPOSITIONS = [
    Case("cholesky", lambda tf, x: tf.cholesky(x), [SQUARE], WIDE_FLOATS, tol=LOOSE),
    Case(
        "cholesky_solve",
        lambda tf, x, b: tf.cholesky_solve(tf.cholesky(x), b),
        [SQUARE, (3, 2)],
        WIDE_FLOATS,
        tol=LOOSE,
    ),
    Case("matrix_inverse", lambda tf, x: tf.matrix_inverse(x), [SQUARE], WIDE_FLOATS, tol=LOOSE),
    Case(
        "matrix_inverse_adjoint", lambda tf, x: tf.matrix_inverse(x, adjoint=True), [(2, 3, 3)], ["float64"], tol=LOOSE
    ),
    Case("matrix_determinant", lambda tf, x: tf.matrix_determinant(x), [SQUARE], WIDE_FLOATS, tol=LOOSE),
    Case("slogdet", lambda tf, x: tf.linalg.slogdet(x)[1], [SQUARE], WIDE_FLOATS, tol=LOOSE),
    Case("logdet", lambda tf, x: tf.linalg.logdet(x), [SQUARE], WIDE_FLOATS, tol=LOOSE),
    Case("matrix_solve", lambda tf, a, b: tf.matrix_solve(a, b), [SQUARE, (3, 2)], WIDE_FLOATS, tol=LOOSE),
    Case("matrix_solve_adjoint", lambda tf, a, b: tf.matrix_solve(a, b, adjoint=True), [SQUARE, (3, 2)], ["float64"]),
    Case(
        "matrix_triangular_solve",
        lambda tf, a, b: tf.matrix_triangular_solve(a, b),
        [SQUARE, (3, 2)],
        WIDE_FLOATS,
        tol=LOOSE,
    ),
    Case(
        "matrix_triangular_solve_upper",
        lambda tf, a, b: tf.matrix_triangular_solve(a, b, lower=False, adjoint=True),
        [SQUARE, (3, 2)],
        ["float64"],
    ),
    Case(
        "matrix_solve_ls",
        lambda tf, a, b: tf.matrix_solve_ls(a, b),
        [TALL, (3, 2)],
        WIDE_FLOATS,
        tol=LOOSE,
        unknown=False,
    ),
    Case("self_adjoint_eig", lambda tf, x: tf.self_adjoint_eig(x)[0], [SQUARE], WIDE_FLOATS, tol=LOOSE),
    Case("self_adjoint_eigvals", lambda tf, x: tf.self_adjoint_eigvals(x), [SQUARE], WIDE_FLOATS, tol=LOOSE),
    Case("svd_values", lambda tf, x: tf.svd(x, compute_uv=False), [TALL], WIDE_FLOATS, tol=LOOSE),
    Case("svd_product", lambda tf, x: _recomposed(tf, x), [TALL], WIDE_FLOATS, tol=LOOSE, unknown=False),
    Case("qr", lambda tf, x: tf.abs(tf.qr(x)[1]), [TALL], WIDE_FLOATS, tol=LOOSE, grad=False),
    Case("lu", lambda tf, x: tf.linalg.lu(x), [SQUARE], WIDE_FLOATS, tol=LOOSE, grad=False),
]


def _recomposed(tf, x):
    s, u, v = tf.svd(x)
    return tf.matmul(u * s, v, transpose_b=True)


NORMS = [
    Case("norm", lambda tf, x: tf.norm(x), [(3, 4)], WIDE_FLOATS),
    Case("norm_axis", lambda tf, x: tf.norm(x, axis=1, name="n"), [(3, 4)]),
    Case("norm_keep", lambda tf, x: tf.norm(x, axis=-1, keepdims=True), [(3, 4)]),
    Case("norm_1", lambda tf, x: tf.norm(x, ord=1, axis=1), [(3, 4)]),
    Case("norm_inf", lambda tf, x: tf.norm(x, ord=np.inf), [(3, 4)]),
    Case("norm_3", lambda tf, x: tf.norm(x, ord=3, axis=0), [(3, 4)], tol=1e-4),
    Case("norm_fro", lambda tf, x: tf.norm(x, "fro", axis=[0, 1]), [(3, 4)]),
    Case("norm_matrix_1", lambda tf, x: tf.norm(x, 1, axis=[-2, -1]), [(2, 3, 4)]),
    Case("norm_matrix_inf", lambda tf, x: tf.norm(x, np.inf, axis=[-2, -1]), [(2, 3, 4)]),
    Case("norm_bad", lambda tf, x: tf.norm(x, "fro", axis=1), [(3, 4)], fails=True),
    Case("clip_by_norm", lambda tf, x: tf.clip_by_norm(x, 1.5), [(3, 4)], WIDE_FLOATS),
    Case("clip_by_norm_inside", lambda tf, x: tf.clip_by_norm(x, 100.0), [(3, 4)]),
    Case("clip_by_norm_zero", lambda tf, x: tf.clip_by_norm(x * 0.0, 1.0), [(3,)]),
    Case("clip_by_norm_axes", lambda tf, x: tf.clip_by_norm(x, 1.0, axes=[1], name="c"), [(3, 4)]),
    Case("global_norm", lambda tf, a, b: tf.global_norm([a, None, b]), [(3, 4), (2,)], WIDE_FLOATS),
    Case("clip_by_global_norm", lambda tf, a, b: tf.clip_by_global_norm([a, b], 1.5), [(3, 4), (2,)], WIDE_FLOATS),
    Case("clip_by_global_norm_inside", lambda tf, a: tf.clip_by_global_norm([a], 100.0)[0], [(3, 4)]),
    Case("clip_by_global_norm_none", lambda tf, a: tf.clip_by_global_norm([a, None], 1.0, name="c")[0][0], [(3, 4)]),
    Case(
        "clip_by_global_norm_given",
        lambda tf, a, n: tf.clip_by_global_norm([a], 1.0, use_norm=n)[0],
        [(3,), In((), 2, 3)],
    ),
    Case("clip_by_global_norm_bad", lambda tf, a: tf.clip_by_global_norm(5, 1.0), [(3,)], fails=True),
    Case("clip_by_average_norm", lambda tf, x: tf.clip_by_average_norm(x, 0.1), [(3, 4)], tol=1e-4),
    Case(
        "clip_by_global_norm_rows",
        lambda tf, x: _clipped_rows(tf, x),
        [(4, 3)],
        names=False,
        notes={"names": "gradients are recorded under other names"},
        graphdef=False,
        grad=False,
        unknown=False,
    ),
    Case(
        "assert_holds",
        lambda tf, x: _checked(tf, x, 10.0),
        [(3,)],
        names=False,
        graphdef=False,
        notes={"names": "TF guards the node with a cond"},
    ),
    *(
        Case(
            f"assert_text_{most}",
            lambda tf, most=most: tf.identity(_stopped(tf, most)),
            fails=True,
        )
        for most in (None, 5, -1)
    ),
    Case("assert_fails", lambda tf, x: _checked(tf, x, -10.0), [(3,)], fails=True),
]


def _clipped_rows(tf, x):
    grads = tf.gradients(tf.reduce_sum(tf.square(tf.gather(x, [0, 2, 0]))), [x])
    clipped, norm = tf.clip_by_global_norm(grads, 0.5)
    return [clipped[0].values, clipped[0].indices, norm]


def _stopped(tf, most):
    values = [1.5, "a", True, [1, 2], [[1, 2], [3, 4]], np.arange(8).reshape(2, 2, 2), [], np.float64(1 / 3), 1e20]
    with tf.control_dependencies([tf.Assert(tf.constant(1) > 2, values, summarize=most)]):
        return tf.constant(0)


def _checked(tf, x, bound):
    with tf.control_dependencies([tf.Assert(tf.reduce_all(x < bound), ["too large", x])]):
        return tf.identity(x)


CASES = [*PRODUCTS, *DIAGONALS, *DECOMPOSITIONS, *NORMS]
