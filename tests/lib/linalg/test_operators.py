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
    "toeplitz": lambda tf: tf.linalg.LinearOperatorToeplitz(VECTORS + np.array([4, 0, 0], np.float32), -VECTORS, True),
    "householder": lambda tf: tf.linalg.LinearOperatorHouseholder(VECTORS, is_non_singular=True),
    "update": lambda tf: tf.linalg.LinearOperatorLowRankUpdate(
        tf.linalg.LinearOperatorDiag(VECTORS**2 + 1, is_positive_definite=True), RHS[..., :2], VECTORS[:, :2] ** 2 + 1
    ),
    "positive_update": lambda tf: tf.linalg.LinearOperatorLowRankUpdate(
        tf.linalg.LinearOperatorFullMatrix(POSITIVE, is_self_adjoint=True, is_positive_definite=True), RHS[..., :1]
    ),
    "one_sided_update": lambda tf: tf.linalg.LinearOperatorLowRankUpdate(
        tf.linalg.LinearOperatorFullMatrix(MATRIX), RHS[..., :1], VECTORS[:, :1], RHS[..., 1:2]
    ),
    "composition": lambda tf: tf.linalg.LinearOperatorComposition(
        [tf.linalg.LinearOperatorFullMatrix(MATRIX), tf.linalg.LinearOperatorDiag(VECTORS + 3)]
    ),
    "adjoint": lambda tf: tf.linalg.LinearOperatorAdjoint(tf.linalg.LinearOperatorFullMatrix(MATRIX)),
    "inversion": lambda tf: tf.linalg.LinearOperatorInversion(tf.linalg.LinearOperatorFullMatrix(POSITIVE)),
    "blocks": lambda tf: tf.linalg.LinearOperatorBlockDiag(
        [tf.linalg.LinearOperatorFullMatrix(MATRIX[:, :2, :2]), tf.linalg.LinearOperatorDiag(VECTORS[:, :1] + 3)]
    ),
    "kronecker": lambda tf: tf.linalg.LinearOperatorKronecker(
        [tf.linalg.LinearOperatorFullMatrix([[2.0]]), tf.linalg.LinearOperatorFullMatrix(MATRIX)]
    ),
    "circulant": lambda tf: tf.linalg.LinearOperatorCirculant(VECTORS + 4, tf.float32, is_positive_definite=True),
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
            "diag_part": operator.diag_part(),
            "trace": operator.trace(),
            "determinant": operator.determinant(),
            "log_abs_determinant": operator.log_abs_determinant(),
            "add": operator.add_to_tensor(MATRIX),
            "adjoint_operator": operator.adjoint().to_dense(),
            "shape": operator.shape_tensor(),
            "batch": operator.batch_shape_tensor(),
            "rows": operator.range_dimension_tensor(),
            "columns": operator.domain_dimension_tensor(),
            "rank": operator.tensor_rank_tensor(),
        }
        found["solve"] = operator.solve(RHS)
        found["solve_adjoint"] = operator.solve(RHS, adjoint=True)
        found["solvevec"] = operator.solvevec(VECTORS)
        found["inverse"] = operator.inverse().to_dense()
        if operator.is_positive_definite and operator.is_self_adjoint:
            found["cholesky"] = operator.cholesky().to_dense()
        values = tf.Session().run(found)
        promises = [
            operator.name,
            operator.is_non_singular,
            operator.is_square,
            operator.is_self_adjoint,
            operator.is_positive_definite,
        ]
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
