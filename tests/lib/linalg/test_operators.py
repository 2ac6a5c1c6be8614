"""Linear operators against TensorFlow's: values of every method, shapes, promises, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle

RNG = np.random.RandomState(5)
MATRIX = (RNG.randn(2, 3, 3) + 3 * np.eye(3)).astype(np.float32)
POSITIVE = (MATRIX @ MATRIX.transpose(0, 2, 1)).astype(np.float32)
RHS = RNG.randn(2, 3, 4).astype(np.float32)
VECTORS = RNG.randn(2, 3).astype(np.float32)

MAKERS: dict[str, Callable[[Any], Any]] = {
    "full": lambda tf: tf.linalg.LinearOperatorFullMatrix(MATRIX),
    "positive": lambda tf: tf.linalg.LinearOperatorFullMatrix(
        POSITIVE, is_self_adjoint=True, is_positive_definite=True
    ),
    "triangular": lambda tf: tf.linalg.LinearOperatorLowerTriangular(MATRIX),
    "diagonal": lambda tf: tf.linalg.LinearOperatorDiag(VECTORS + 3, is_non_singular=True),
    "identity": lambda tf: tf.linalg.LinearOperatorIdentity(3, batch_shape=[2]),
    "scaled": lambda tf: tf.linalg.LinearOperatorScaledIdentity(3, np.array([2.0, 0.5], np.float32)),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_values_and_shapes(kind: str) -> None:
    def body(tf: Any) -> Any:
        operator = MAKERS[kind](tf)
        found = {
            "dense": operator.to_dense(),
            "matmul": operator.matmul(RHS),
            "adjoint": operator.matmul(RHS, adjoint=True),
            "adjoint_arg": operator.matmul(RHS.transpose(0, 2, 1), adjoint_arg=True),
            "matvec": operator.matvec(VECTORS),
            "solve": operator.solve(RHS),
            "solve_adjoint": operator.solve(RHS, adjoint=True),
            "solvevec": operator.solvevec(VECTORS),
            "diag_part": operator.diag_part(),
            "trace": operator.trace(),
            "determinant": operator.determinant(),
            "log_abs_determinant": operator.log_abs_determinant(),
            "add": operator.add_to_tensor(MATRIX),
            "adjoint_operator": operator.adjoint().to_dense(),
            "inverse": operator.inverse().to_dense(),
            "shape": operator.shape_tensor(),
            "batch": operator.batch_shape_tensor(),
            "rows": operator.range_dimension_tensor(),
            "columns": operator.domain_dimension_tensor(),
        }
        if operator.is_positive_definite and operator.is_self_adjoint:
            found["cholesky"] = operator.cholesky().to_dense()
        values = tf.Session().run(found)
        promises = [operator.is_square, operator.is_self_adjoint, operator.is_positive_definite]
        return values, promises, operator.shape, operator.batch_shape, operator.tensor_rank, operator.dtype

    check_both(body, rtol=2e-3, atol=1e-4)


def test_gradients_through_a_solution() -> None:
    def body(tf: Any) -> Any:
        lower = tf.constant(MATRIX)
        x = tf.linalg.LinearOperatorLowerTriangular(lower).solve(RHS)
        return tf.Session().run(tf.gradients(tf.reduce_sum(x**2), lower))

    check_both(body, rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize(
    "make",
    [
        lambda tf: tf.linalg.LinearOperatorDiag([1.0, 2.0], is_self_adjoint=False),
        lambda tf: tf.linalg.LinearOperatorDiag([1.0, 2.0], is_square=False),
        lambda tf: tf.linalg.LinearOperatorLowerTriangular([[1.0]], is_square=False),
        lambda tf: tf.linalg.LinearOperatorIdentity(3, is_non_singular=False),
        lambda tf: tf.linalg.LinearOperatorIdentity(-1),
        lambda tf: tf.linalg.LinearOperatorFullMatrix(MATRIX, is_non_singular=False).solve(RHS),
        lambda tf: tf.linalg.LinearOperatorFullMatrix(MATRIX[:, :2]).solve(RHS[:, :2]),
        lambda tf: tf.linalg.LinearOperatorFullMatrix(MATRIX).cholesky(),
        lambda tf: tf.linalg.LinearOperatorFullMatrix(MATRIX[:, :2]).inverse(),
    ],
)
def test_errors(make: Callable[[Any], Any]) -> None:
    check_both_raise(make)
