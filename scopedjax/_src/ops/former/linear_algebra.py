"""Matrix types by their names from before TensorFlow 1.0, and MatrixSolveLs, SelfAdjointEig, CholeskyGrad.

BatchCholesky, BatchMatrixInverse... took batches when the types without "Batch" did not.
"""

from __future__ import annotations

from typing import Any, Final

import jax.numpy as jnp

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.derivatives.pullback import pulled_back
from scopedjax._src.ops.former import forms
from scopedjax._src.ops.math import diagonals
from scopedjax._src.ops.math.decompositions import adjoint_of
from scopedjax._src.ops.registry import NO_GRADIENT, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like
from scopedjax._src.ops.signal import transforms

PRESENT: Final = (diagonals, transforms)  # declare what is renamed here

_REAL: Final = {"T": (dtypes.float64, dtypes.float32)}
_COMPLEX: Final = {"T": (dtypes.float64, dtypes.float32, dtypes.complex64, dtypes.complex128)}
_ALL: Final = {"T": (dtypes.float64, dtypes.float32, dtypes.float16, dtypes.complex64, dtypes.complex128)}

for _types, _signature, _present in (
    (_REAL, "BatchCholesky(input: T) -> output: T", "Cholesky"),
    (_COMPLEX, "BatchMatrixDeterminant(input: T) -> output: T", "MatrixDeterminant"),
    (_REAL, "BatchMatrixInverse(input: T; adjoint: bool = False) -> output: T", "MatrixInverse"),
    (_REAL, "BatchMatrixSolve(matrix: T, rhs: T; adjoint: bool = False) -> output: T", "MatrixSolve"),
    (
        _REAL,
        "BatchMatrixTriangularSolve(matrix: T, rhs: T; lower: bool = True, adjoint: bool = False) -> output: T",
        "MatrixTriangularSolve",
    ),
    (_REAL, "BatchSelfAdjointEigV2(input: T; compute_v: bool = True) -> e: T, v: T", "SelfAdjointEigV2"),
    (
        _COMPLEX,
        "BatchSvd(input: T; compute_uv: bool = True, full_matrices: bool = False) -> s: T, u: T, v: T",
        "Svd",
    ),
    ({}, "BatchMatrixBandPart(input: T, num_lower: int64, num_upper: int64) -> band: T", "MatrixBandPart"),
    ({}, "BatchMatrixDiag(diagonal: T) -> output: T", "MatrixDiag"),
    ({}, "BatchMatrixDiagPart(input: T) -> diagonal: T", "MatrixDiagPart"),
    ({}, "BatchMatrixSetDiag(input: T, diagonal: T) -> output: T", "MatrixSetDiag"),
):
    forms.renamed(_signature, _present, types=_types)

for _name in ("FFT", "FFT2D", "FFT3D", "IFFT", "IFFT2D", "IFFT3D"):
    forms.renamed(f"Batch{_name}(input: complex64) -> output: complex64", _name, types={})


def _both_dims(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    if dims is None:
        return [None]
    rows = dims[-1]
    return [(*dims[:-2], None if rows is None else rows + 1, rows)]


def _eigen_pairs(ctx: Any, input: Any) -> Any:
    values, vectors = forms.of("SelfAdjointEigV2", ctx, [input])
    return jnp.concatenate([values[..., None, :], vectors], -2)


for _name in ("SelfAdjointEig", "BatchSelfAdjointEig"):
    declare(f"{_name}(input: T) -> output: T", _eigen_pairs, shape=_both_dims, types=_REAL, gradient=NO_GRADIENT)


def _cholesky_grad(l: Any, grad: Any) -> Any:
    input = jnp.matmul(l, adjoint_of(l))
    return pulled_back(None, "Cholesky", [input], [0], [grad])[0]


for _name in ("CholeskyGrad", "BatchCholeskyGrad"):
    declare(f"{_name}(l: T, grad: T) -> output: T", _cholesky_grad, shape=like(0), types=_REAL, gradient=NO_GRADIENT)


def _least_squares_dims(c: ShapeContext) -> list[Dims]:
    matrix, rhs = c.dims(0), c.dims(1)
    c.require_rank(2, 0)
    return [None if matrix is None or rhs is None else (*matrix[:-2], matrix[-1], rhs[-1])]


def _least_squares(matrix: Any, rhs: Any, l2_regularizer: Any, *, fast: bool) -> Any:
    """Solves by the normal equations, or without `fast` by a complete decomposition, which knows no regularizer."""
    matrix, rhs = jnp.asarray(matrix), jnp.asarray(rhs)
    if not fast:
        return jnp.matmul(jnp.linalg.pinv(matrix), rhs)
    wide = matrix.shape[-2] < matrix.shape[-1]
    back = adjoint_of(matrix)
    gram = jnp.matmul(matrix, back) if wide else jnp.matmul(back, matrix)
    gram = gram + jnp.asarray(l2_regularizer, gram.dtype) * jnp.eye(gram.shape[-1], dtype=gram.dtype)
    return jnp.matmul(back, jnp.linalg.solve(gram, rhs)) if wide else jnp.linalg.solve(gram, jnp.matmul(back, rhs))


for _name in ("MatrixSolveLs", "BatchMatrixSolveLs"):
    declare(
        f"{_name}(matrix: T, rhs: T, l2_regularizer: float64; fast: bool = True) -> output: T",
        _least_squares,
        shape=_least_squares_dims,
        types=_ALL if _name == "MatrixSolveLs" else _REAL,
    )
