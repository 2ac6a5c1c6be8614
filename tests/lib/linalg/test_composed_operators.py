"""Operators made of others, circulant and complex ones: what their forms add to tests of all operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle

RNG = np.random.RandomState(6)
A = (RNG.randn(2, 2) + 3 * np.eye(2)).astype(np.float32)
B = (RNG.randn(5, 3, 3) + 3 * np.eye(3)).astype(np.float32)
WIDE = RNG.randn(2, 3).astype(np.float32)
COMPLEX = (RNG.randn(3, 3) + 1j * RNG.randn(3, 3) + 3 * np.eye(3)).astype(np.complex64)
EYE = np.eye(3, dtype=np.float32)
PROMISES = {"is_non_singular": True, "is_self_adjoint": True, "is_positive_definite": True}


def _full(tf: Any, matrix: Any, **hints: Any) -> Any:
    return tf.linalg.LinearOperatorFullMatrix(matrix, **hints)


def _everything(tf: Any, operator: Any, x: Any, square: bool = True) -> Any:
    found = [operator.to_dense(), operator.matmul(x), operator.diag_part(), operator.trace(), operator.shape_tensor()]
    found.append(operator.add_to_tensor(tf.ones_like(operator.to_dense())))
    if square:
        found += [operator.matmul(x, adjoint=True), operator.solve(x), operator.solve(x, adjoint=True)]
        found += [operator.determinant(), operator.log_abs_determinant()]
        found += [operator.inverse().matmul(x), operator.adjoint().matmul(x), operator.adjoint().determinant()]
        found += [operator.adjoint().diag_part(), operator.inverse().determinant(), operator.inverse().to_dense()]
    promises = [operator.is_square, operator.is_self_adjoint, operator.is_positive_definite, operator.is_non_singular]
    return tf.Session().run(found), promises, operator.name, operator.shape, operator.batch_shape


SQUARE: dict[str, Callable[[Any], Any]] = {
    "kronecker": lambda tf: tf.linalg.LinearOperatorKronecker([_full(tf, A), _full(tf, B)]),
    "kronecker of three": lambda tf: tf.linalg.LinearOperatorKronecker(
        [_full(tf, A), tf.linalg.LinearOperatorDiag([2.0, 3.0]), _full(tf, A.T)]
    ),
    "blocks": lambda tf: tf.linalg.LinearOperatorBlockDiag([_full(tf, A), _full(tf, B)]),
    "composition": lambda tf: tf.linalg.LinearOperatorComposition(
        [_full(tf, EYE), _full(tf, B), tf.linalg.LinearOperatorDiag([2.0, 3.0, 4.0])]
    ),
    "complex": lambda tf: tf.linalg.LinearOperatorComposition(
        [_full(tf, COMPLEX), tf.linalg.LinearOperatorAdjoint(_full(tf, COMPLEX))]
    ),
    "complex toeplitz": lambda tf: tf.linalg.LinearOperatorToeplitz(COMPLEX[0], COMPLEX[1]),
    "complex householder": lambda tf: tf.linalg.LinearOperatorHouseholder(COMPLEX[0]),
    "complex update": lambda tf: tf.linalg.LinearOperatorLowRankUpdate(
        _full(tf, COMPLEX), COMPLEX[:, :1], COMPLEX[0, :1], COMPLEX[:, 1:2]
    ),
    "circulant": lambda tf: tf.linalg.LinearOperatorCirculant(COMPLEX[:2]),
    "circulant 2": lambda tf: tf.linalg.LinearOperatorCirculant2D(WIDE**2 + 1, tf.float32),
    "circulant 2 complex": lambda tf: tf.linalg.LinearOperatorCirculant2D(COMPLEX),
    "circulant 3": lambda tf: tf.linalg.LinearOperatorCirculant3D(np.abs(B[:2, :2]) + 1, tf.complex64),
}


@pytest.mark.parametrize("kind", SQUARE)
def test_square(kind: str) -> None:
    def body(tf: Any) -> Any:
        operator = SQUARE[kind](tf)
        size = operator.shape.as_list()[-1]
        x = np.linspace(-1, 2, 2 * size).reshape(size, 2).astype(operator.dtype.as_numpy_dtype)
        return _everything(tf, operator, np.broadcast_to(x, [*operator.batch_shape.as_list(), size, 2]))

    check_both(body, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize(
    "make",
    [
        lambda tf: tf.linalg.LinearOperatorKronecker([_full(tf, A), _full(tf, WIDE)]),
        lambda tf: tf.linalg.LinearOperatorComposition([_full(tf, A), _full(tf, WIDE)]),
        lambda tf: tf.linalg.LinearOperatorZeros(2, 3, is_square=False, is_self_adjoint=False),
        lambda tf: tf.linalg.LinearOperatorAdjoint(_full(tf, WIDE.T)),
    ],
)
def test_not_square(make: Callable[[Any], Any]) -> None:
    def body(tf: Any) -> Any:
        operator = make(tf)
        size = operator.shape.as_list()[-1]
        return _everything(tf, operator, np.linspace(-1, 2, size).reshape(size, 1).astype(np.float32), square=False)

    check_both(body, rtol=1e-4, atol=1e-5)


def test_shapes_that_a_run_tells() -> None:
    def body(tf: Any) -> Any:
        p = tf.placeholder(tf.float32, [None, None])
        operators = [
            tf.linalg.LinearOperatorBlockDiag([_full(tf, p, is_square=True), _full(tf, A)]),
            tf.linalg.LinearOperatorComposition([_full(tf, p), _full(tf, p)]),
            tf.linalg.LinearOperatorToeplitz(p[0], p[1]),
            tf.linalg.LinearOperatorCirculant2D(p, tf.float32),
        ]
        found = []
        for operator in operators:
            x = tf.ones(tf.stack([operator.shape_tensor()[-1], 2]))
            found.append([operator.to_dense(), operator.matmul(x), operator.shape_tensor(), operator.diag_part()])
        return tf.Session().run(found, {p: B[0]}), [operator.shape for operator in operators]

    check_both(body, rtol=1e-4, atol=1e-4)


def test_kronecker_products_of_sizes_that_a_run_tells() -> None:
    """TensorFlow 2.21 fails to record these; NumPy has them."""
    import scopedjax as tf

    with tf.Graph().as_default(), tf.Session() as session:
        p = tf.placeholder(tf.float32, [None, None])
        operator = tf.linalg.LinearOperatorKronecker([_full(tf, p), _full(tf, A)])
        found = [operator.to_dense(), operator.matmul(tf.ones([6, 2])), operator.diag_part(), operator.determinant()]
        values = session.run(found, {p: B[0]})
    dense = np.kron(B[0], A)
    expected = [dense, dense @ np.ones([6, 2]), np.diag(dense), np.linalg.det(dense)]
    for value, wanted in zip(values, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4)


def test_blocks_that_are_not_square() -> None:
    def make(tf: Any) -> Any:
        return tf.linalg.LinearOperatorBlockDiag([_full(tf, A), _full(tf, WIDE)], is_square=False)

    x = np.ones([5, 2], np.float32)
    check_both(lambda tf: tf.Session().run([make(tf).to_dense(), make(tf).matmul(x)]), rtol=1e-5)
    check_both_raise(lambda tf: make(tf).diag_part())


def test_products_of_operators() -> None:
    def body(tf: Any) -> Any:
        a, b = _full(tf, A, is_non_singular=True), _full(tf, WIDE)
        found = [a.matmul(b), a @ b, a.solve(b), b.matmul(a, adjoint=True), a.matmul(b, adjoint_arg=False)]
        return tf.Session().run([f.to_dense() for f in found]), [f.shape for f in found]

    check_both(body, rtol=1e-4, atol=1e-5)


def test_blocks_one_by_one() -> None:
    def body(tf: Any) -> Any:
        operator = tf.linalg.LinearOperatorBlockDiag([_full(tf, A), _full(tf, EYE * 2)])
        x = [np.ones([2, 1], np.float32), np.ones([3, 1], np.float32)]
        return tf.Session().run([operator.matmul(x), operator.solve(x), operator.matmul(x, adjoint=True)])

    check_both(body, rtol=1e-4)


def test_circulant_itself() -> None:
    def body(tf: Any) -> Any:
        one = tf.linalg.LinearOperatorCirculant([1.0, 2.0, 4.0], tf.float32)
        two = tf.linalg.LinearOperatorCirculant2D(WIDE)
        kernels = [one.convolution_kernel(), two.convolution_kernel(), two.block_shape_tensor()]
        return tf.Session().run(kernels), one.block_depth, two.block_depth, one.block_shape, two.block_shape

    check_both(body, rtol=1e-4, atol=1e-5)


def test_gradients() -> None:
    def body(tf: Any) -> Any:
        a, v = tf.constant(A), tf.constant(WIDE[0] + 3.0)
        x = np.ones([6, 1], np.float32)
        kronecker = tf.linalg.LinearOperatorKronecker([_full(tf, a), tf.linalg.LinearOperatorDiag(v)])
        values = [kronecker.solve(x), kronecker.log_abs_determinant(), kronecker.matmul(x)]
        values.append(tf.linalg.LinearOperatorToeplitz(v, v).matmul(x[:3]))
        values.append(tf.linalg.LinearOperatorHouseholder(v).matmul(x[:3]))
        base = tf.linalg.LinearOperatorDiag(v, is_positive_definite=True)
        values.append(tf.linalg.LinearOperatorLowRankUpdate(base, v[:, None]).log_abs_determinant())
        values.append(tf.linalg.LinearOperatorCirculant(v, tf.float32).solve(x[:3]))
        return tf.Session().run([[tf.gradients(y**2, w)[0] for w in (a, v) if tf.gradients(y, w)[0] is not None]
                                 for y in values])  # fmt: skip

    check_both(body, rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize(
    "make",
    [
        lambda tf: tf.linalg.LinearOperatorComposition([_full(tf, EYE, **PROMISES), _full(tf, EYE, **PROMISES)]),
        lambda tf: tf.linalg.LinearOperatorKronecker([_full(tf, EYE, **PROMISES)] * 2),
        lambda tf: tf.linalg.LinearOperatorBlockDiag([_full(tf, EYE, **PROMISES)] * 2),
        lambda tf: tf.linalg.LinearOperatorBlockDiag([_full(tf, EYE), _full(tf, EYE[:2])]),
        lambda tf: tf.linalg.LinearOperatorAdjoint(_full(tf, EYE, is_non_singular=True)),
        lambda tf: tf.linalg.LinearOperatorInversion(_full(tf, EYE, is_self_adjoint=True), name="mine"),
        *(
            lambda tf, base=base, update=update: tf.linalg.LinearOperatorLowRankUpdate(
                _full(tf, EYE, **base), EYE[:, :1], **update
            )
            for base in ({}, {"is_self_adjoint": True}, {"is_self_adjoint": True, "is_positive_definite": True})
            for update in (
                {},
                {"diag_update": [2.0]},
                {"diag_update": [2.0], "is_diag_update_positive": True},
                {"v": EYE[:, :1]},
            )
        ),
    ],
)
def test_promises(make: Callable[[Any], Any]) -> None:
    def body(tf: Any) -> Any:
        o = make(tf)
        return o.name, o.is_square, o.is_non_singular, o.is_self_adjoint, o.is_positive_definite

    check_both(body)


@pytest.mark.parametrize(
    "make",
    [
        lambda tf: tf.linalg.LinearOperatorComposition([]),
        lambda tf: tf.linalg.LinearOperatorComposition([_full(tf, EYE), _full(tf, EYE.astype(np.float64))]),
        lambda tf: tf.linalg.LinearOperatorComposition([_full(tf, EYE), _full(tf, A)]).shape,
        lambda tf: tf.linalg.LinearOperatorComposition([_full(tf, EYE, **PROMISES)], is_non_singular=False),
        lambda tf: tf.linalg.LinearOperatorInversion(_full(tf, EYE, is_non_singular=False)),
        lambda tf: tf.linalg.LinearOperatorInversion(_full(tf, WIDE)),
        lambda tf: tf.linalg.LinearOperatorHouseholder([1.0, 2.0], is_self_adjoint=False),
        lambda tf: tf.linalg.LinearOperatorHouseholder([1.0, 2.0], is_positive_definite=True),
        lambda tf: tf.linalg.LinearOperatorZeros(3, 2),
        lambda tf: tf.linalg.LinearOperatorZeros(3, is_non_singular=True),
        lambda tf: tf.linalg.LinearOperatorZeros(3, is_positive_definite=True),
        lambda tf: tf.linalg.LinearOperatorZeros(3).solve(EYE),
        lambda tf: tf.linalg.LinearOperatorToeplitz([1.0, 2.0], [1.0, 2.0], is_square=False),
        lambda tf: tf.linalg.LinearOperatorCirculant([1.0, 2.0], is_self_adjoint=False),
        lambda tf: tf.linalg.LinearOperatorCirculant([1.0, 2.0], is_square=False),
        lambda tf: tf.linalg.LinearOperatorCirculant2D([1.0]),
        lambda tf: tf.linalg.LinearOperatorLowRankUpdate(
            _full(tf, EYE, **PROMISES), EYE[:, :1], is_positive_definite=False
        ),
        lambda tf: _full(tf, EYE).matmul(_full(tf, A)),
    ],
)
def test_errors(make: Callable[[Any], Any]) -> None:
    check_both_raise(make, match=None)


@pytest.mark.parametrize("spectrum", [[1.0, 2.0, 2.0], [1.0, 2.0, 5.0]])
def test_hermitian_spectra(spectrum: list[float]) -> None:
    """TensorFlow 2.21 fails to record this check for numbers of 32 bits, so NumPy says which kernels are real."""
    import scopedjax as tf

    real = bool(np.allclose(np.fft.ifft(spectrum).imag, 0))
    with tf.Graph().as_default(), tf.Session() as session:
        check = tf.linalg.LinearOperatorCirculant(spectrum).assert_hermitian_spectrum()
        if real:
            session.run(check)
        else:
            with pytest.raises(tf.errors.InvalidArgumentError, match="Hermitian"):
                session.run(check)
