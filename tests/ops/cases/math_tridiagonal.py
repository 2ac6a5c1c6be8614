"""Rows of matrices with three diagonals."""

from __future__ import annotations

from typing import Any

from tests.ops.engine import COMPLEX, WIDE_FLOATS, Case, In

DIAGONALS = In((3, 4), 1.0, 2.0)
MANY = In((2, 3, 4), 1.0, 2.0)
TOL = {"float32": 1e-3, "float64": 1e-9, "complex64": 1e-3}
PLAIN: dict[str, Any] = {"tol": TOL, "names": False, "unknown": False}


def _solve(**options: Any) -> Any:
    return lambda tf, d, x: tf.linalg.tridiagonal_solve(d, x, **options)


def _product(tf: Any, d: Any, x: Any) -> Any:
    return tf.linalg.tridiagonal_matmul(d, x)


def _parts(tf: Any, function: str, d: Any, x: Any) -> Any:
    """The diagonals as a sequence."""
    return getattr(tf.linalg, function)([d[0], d[1], d[2]], x, diagonals_format="sequence")


def _matrix(tf: Any, function: str, d: Any, x: Any) -> Any:
    """The diagonals in a matrix; what lies outside them is not read."""
    matrix = tf.tile(d[:1], [4, 1]) + tf.linalg.diag(d[1]) * 5.0
    return getattr(tf.linalg, function)(matrix, x, diagonals_format="matrix")


SOLVE = [
    Case("solve_vector", _solve(), [DIAGONALS, (4,)], WIDE_FLOATS, tol=TOL, unknown=False),
    Case("solve", _solve(name="s"), [DIAGONALS, (4, 2)], (*WIDE_FLOATS, *COMPLEX), tol=TOL, grad=False, unknown=False),
    Case("solve_gradient", _solve(), [DIAGONALS, (4, 2)], ("float64",), **PLAIN),
    Case("solve_batch", _solve(), [MANY, (2, 4, 3)], ("float64",), **PLAIN),
    Case("solve_transposed", _solve(transpose_rhs=True), [DIAGONALS, (2, 4)], ("float64",), **PLAIN),
    Case("solve_conjugate", _solve(conjugate_rhs=True), [DIAGONALS, (4, 1)], ("complex128",), grad=False, **PLAIN),
    *(
        Case(
            f"{function}_{layout.__name__}",
            lambda tf, d, x, function=function, layout=layout: layout(tf, function, d, x),
            [DIAGONALS, (4, 2)],
            ("float64",),
            **PLAIN,
        )
        for function in ("tridiagonal_solve", "tridiagonal_matmul")
        for layout in (_parts, _matrix)
    ),
    Case("solve_format", _solve(diagonals_format="rows"), [DIAGONALS, (4, 2)], fails=True),
    Case("solve_sizes", _solve(), [DIAGONALS, (5, 2)], fails=True),
]

MATMUL = [
    Case("matmul", _product, [DIAGONALS, (4, 2)], (*WIDE_FLOATS, *COMPLEX), grad=False, **PLAIN),
    Case("matmul_batch", _product, [MANY, (2, 4, 3)], **PLAIN),
    Case("matmul_format", lambda tf, d, x: tf.linalg.tridiagonal_matmul(d, x, "rows"), [DIAGONALS, (4, 2)], fails=True),
]

CASES = [*SOLVE, *MATMUL]
