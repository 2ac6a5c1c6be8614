"""Solving and decomposing matrices: `cholesky`, `matrix_inverse`, `matrix_solve`, `svd`, `self_adjoint_eig`, ...

All work on the last two axes of a tensor; XLA calls LAPACK or the GPU's solver library.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import jax
import jax.numpy as jnp

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, broadcast_dims, merge_dim
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.elementwise import times
from scopedjax._src.ops.math.linear_algebra import adjoint_of, matmul
from scopedjax._src.ops.registry import NO_GRADIENT, declare
from scopedjax._src.ops.shape_context import ShapeContext

_TYPES = {"T": (dtypes.float64, dtypes.float32, dtypes.float16, *dtypes.COMPLEX)}


def _square(c: ShapeContext) -> Dims:
    dims = c.dims(0)
    if dims is None:
        return None
    if len(dims) < 2:
        raise c.fail(f"Shape must be at least rank 2 but is rank {len(dims)}")
    try:
        side = merge_dim(dims[-2], dims[-1])
    except ValueError as error:
        raise c.fail(str(error)) from None
    return (*dims[:-2], side, side)


def _same_square(c: ShapeContext) -> list[Dims]:
    return [_square(c)]


def _batch_of_square(c: ShapeContext) -> list[Dims]:
    dims = _square(c)
    batch = None if dims is None else dims[:-2]
    return [batch] * len(c.record.signature.outputs)


def _solved_dims(c: ShapeContext) -> list[Dims]:
    matrix, rhs = _square(c), c.dims(1)
    if rhs is not None and len(rhs) < 2:
        raise c.fail(f"Shape must be at least rank 2 but is rank {len(rhs)}")
    if matrix is None or rhs is None:
        return [None]
    try:
        rows = merge_dim(matrix[-1], rhs[-2])
        batch = broadcast_dims(matrix[:-2], rhs[:-2])
    except ValueError as error:
        raise c.fail(str(error)) from None
    return [(*(batch or ()), rows, rhs[-1])]


def _mirrored(input: Any) -> Any:
    """The Hermitian matrix of which only the lower triangle is read."""
    return jnp.tril(input) + adjoint_of(jnp.tril(input, -1))


def _cholesky(input: Any) -> Any:
    # The value is that of the lower triangle; the gradient is shared by both triangles, as TF gives it.
    both = (input + adjoint_of(input)) / 2
    symmetric = both + jax.lax.stop_gradient(_mirrored(input) - both)
    return jnp.tril(jax.lax.linalg.cholesky(symmetric, symmetrize_input=False))


def _log_determinant(input: Any) -> tuple[Any, Any]:
    sign, value = jnp.linalg.slogdet(input)
    return sign, value.astype(input.dtype)


def _batched(matrix: Any, rhs: Any) -> tuple[Any, Any]:
    batch = jnp.broadcast_shapes(matrix.shape[:-2], rhs.shape[:-2])
    return jnp.broadcast_to(matrix, (*batch, *matrix.shape[-2:])), jnp.broadcast_to(rhs, (*batch, *rhs.shape[-2:]))


def _solve(matrix: Any, rhs: Any, *, adjoint: bool) -> Any:
    return jnp.linalg.solve(*_batched(adjoint_of(matrix) if adjoint else matrix, rhs))


def _triangular_solve(matrix: Any, rhs: Any, *, lower: bool, adjoint: bool) -> Any:
    a, b = _batched(jnp.asarray(matrix), jnp.asarray(rhs))
    return jax.lax.linalg.triangular_solve(
        a, b, left_side=True, lower=lower, transpose_a=adjoint, conjugate_a=adjoint and jnp.iscomplexobj(a)
    )


declare("Cholesky(input: T) -> output: T", _cholesky, shape=_same_square, types=_TYPES)
declare(
    "MatrixInverse(input: T; adjoint: bool = False) -> output: T",
    lambda input, *, adjoint: jnp.linalg.inv(adjoint_of(input) if adjoint else input),
    shape=_same_square,
    types=_TYPES,
)
declare(
    "MatrixDeterminant(input: T) -> output: T",
    lambda input: jnp.linalg.det(input),
    shape=_batch_of_square,
    types=_TYPES,
)
declare(
    "LogMatrixDeterminant(input: T) -> sign: T, log_abs_determinant: T",
    _log_determinant,
    shape=_batch_of_square,
    types=_TYPES,
)
declare("MatrixSolve(matrix: T, rhs: T; adjoint: bool = False) -> output: T", _solve, shape=_solved_dims, types=_TYPES)
declare(
    "MatrixTriangularSolve(matrix: T, rhs: T; lower: bool = True, adjoint: bool = False) -> output: T",
    _triangular_solve,
    shape=_solved_dims,
    types={"T": (dtypes.bfloat16, *_TYPES["T"])},
)


def _eigen_dims(c: ShapeContext) -> list[Dims]:
    dims = _square(c)
    if dims is None:
        return [None, None]
    return [dims[:-1], dims if c.attr("compute_v") else (0,)]


def _eigen(input: Any, *, compute_v: bool) -> tuple[Any, Any]:
    if not compute_v:
        return jnp.linalg.eigvalsh(_mirrored(input), symmetrize_input=False).astype(input.dtype), jnp.zeros(
            (0,), input.dtype
        )
    values, vectors = jnp.linalg.eigh(_mirrored(input), symmetrize_input=False)
    return values.astype(input.dtype), vectors


declare("SelfAdjointEigV2(input: T; compute_v: bool = True) -> e: T, v: T", _eigen, shape=_eigen_dims, types=_TYPES)


def _svd_dims(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    if dims is None:
        return [None, None, None]
    if len(dims) < 2:
        raise c.fail(f"Shape must be at least rank 2 but is rank {len(dims)}")
    m, n = dims[-2:]
    p = None if m is None or n is None else min(m, n)
    batch = dims[:-2]
    if not c.attr("compute_uv"):
        return [(*batch, p), (0,), (0,)]
    full = c.attr("full_matrices")
    return [(*batch, p), (*batch, m, m if full else p), (*batch, n, n if full else p)]


def _svd(input: Any, *, compute_uv: bool, full_matrices: bool) -> tuple[Any, Any, Any]:
    if not compute_uv:
        nothing = jnp.zeros((0,), input.dtype)
        return jnp.linalg.svd(input, compute_uv=False).astype(input.dtype), nothing, nothing
    u, s, vh = jnp.linalg.svd(input, full_matrices=full_matrices)
    return s.astype(input.dtype), u, adjoint_of(vh)


declare(
    "Svd(input: T; compute_uv: bool = True, full_matrices: bool = False) -> s: T, u: T, v: T",
    _svd,
    shape=_svd_dims,
    types=_TYPES,
)


def _qr_dims(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    if dims is None:
        return [None, None]
    m, n = dims[-2:]
    p = None if m is None or n is None else min(m, n)
    inner = m if c.attr("full_matrices") else p
    return [(*dims[:-2], m, inner), (*dims[:-2], inner, n)]


declare(
    "Qr(input: T; full_matrices: bool = False) -> q: T, r: T",
    lambda input, *, full_matrices: tuple(jnp.linalg.qr(input, mode="complete" if full_matrices else "reduced")),
    shape=_qr_dims,
    types=_TYPES,
)


def _lu(input: Any, *, output_idx_type: Any) -> tuple[Any, Any]:
    packed, _, permutation = jax.lax.linalg.lu(jnp.asarray(input))
    return packed, permutation.astype(output_idx_type.as_numpy_dtype)


declare(
    "Lu(input: T; output_idx_type: type = int32) -> lu: T, p: output_idx_type",
    _lu,
    shape=lambda c: [_square(c), None if c.dims(0) is None else (_square(c) or ())[:-1]],
    gradient=NO_GRADIENT,
    types=_TYPES,
)

# -------------------------------------------------------------------------------------------- public functions

_QrOutput = namedtuple("Qr", ["q", "r"])
_LuOutput = namedtuple("Lu", ["lu", "p"])
_LogDeterminantOutput = namedtuple("LogMatrixDeterminant", ["sign", "log_abs_determinant"])


def cholesky(input: Any, name: str | None = None) -> Tensor:
    """Computes the lower triangular L with L L^H = input, of symmetric positive definite matrices.

    Args:
      input: Tensor `[..., n, n]`; only the lower triangle is read.
      name: Node name; defaults to "Cholesky".

    Returns:
      Tensor `[..., n, n]`.

    >>> tf.Session().run(tf.cholesky([[4.0, 2.0], [2.0, 5.0]])).tolist()
    [[2.0, 0.0], [1.0, 2.0]]
    """
    return apply_op("Cholesky", input, name=name)


def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """Solves A X = rhs, given the Cholesky factor of A.

    Args:
      chol: Tensor `[..., n, n]`, as `cholesky` returns it.
      rhs: Tensor `[..., n, k]`.
      name: Name scope; defaults to "cholesky_solve".

    Returns:
      Tensor `[..., n, k]`.

    >>> tf.Session().run(tf.cholesky_solve([[2.0]], [[8.0]])).tolist()
    [[2.0]]
    """
    with stacks.get_default_graph().name_scope(name or "cholesky_solve"):
        half = apply_op("MatrixTriangularSolve", chol, rhs, adjoint=False, lower=True)
        return apply_op("MatrixTriangularSolve", chol, half, adjoint=True, lower=True)


def matrix_inverse(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """Inverts matrices.

    Args:
      input: Tensor `[..., n, n]`.
      adjoint: Whether the adjoint is inverted instead.
      name: Node name; defaults to "MatrixInverse".

    Returns:
      Tensor `[..., n, n]`; infinities where a matrix has no inverse.

    >>> tf.Session().run(tf.matrix_inverse([[2.0, 0.0], [0.0, 4.0]])).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return apply_op("MatrixInverse", input, adjoint=adjoint, name=name)


def matrix_determinant(input: Any, name: str | None = None) -> Tensor:
    """Computes the determinants of matrices.

    Args:
      input: Tensor `[..., n, n]`.
      name: Node name; defaults to "MatrixDeterminant".

    Returns:
      Tensor `[...]`.

    >>> tf.Session().run(tf.matrix_determinant([[2.0, 0.0], [0.0, 4.0]])).item()
    8.0
    """
    return apply_op("MatrixDeterminant", input, name=name)


def slogdet(input: Any, name: str | None = None) -> Any:
    """Computes the sign of determinants and the logarithm of their absolute value.

    Args:
      input: Tensor `[..., n, n]`.
      name: Node name; defaults to "LogMatrixDeterminant".

    Returns:
      `(sign, log_abs_determinant)`, each `[...]`.

    >>> tf.Session().run(tf.linalg.slogdet([[-1.0]]).sign).item()
    -1.0
    """
    return _LogDeterminantOutput(*apply_op("LogMatrixDeterminant", input, name=name))


def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """Computes the logarithm of the determinant of symmetric positive definite matrices.

    Args:
      matrix: Tensor `[..., n, n]`.
      name: Name scope; defaults to "logdet".

    Returns:
      Tensor `[...]`.

    >>> tf.Session().run(tf.linalg.logdet([[1.0]])).item()
    0.0
    """
    from scopedjax._src.ops.math.casting import real
    from scopedjax._src.ops.math.diagonals import matrix_diag_part
    from scopedjax._src.ops.math.reductions import reduce_sum

    with stacks.get_default_graph().name_scope(name or "logdet"):
        factor = cholesky(matrix)
        logs = apply_op("Log", real(matrix_diag_part(factor)))
        return times(2.0, reduce_sum(logs, axis=[-1]))


def matrix_solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """Solves matrix X = rhs.

    Args:
      matrix: Tensor `[..., n, n]`.
      rhs: Tensor `[..., n, k]`.
      adjoint: Whether the adjoint of `matrix` is used instead.
      name: Node name; defaults to "MatrixSolve".

    Returns:
      Tensor `[..., n, k]`.

    >>> tf.Session().run(tf.matrix_solve([[2.0]], [[8.0]])).tolist()
    [[4.0]]
    """
    return apply_op("MatrixSolve", matrix, rhs, adjoint=adjoint, name=name)


def matrix_triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """Solves matrix X = rhs for triangular matrices.

    Args:
      matrix: Tensor `[..., n, n]`; the other triangle is not read.
      rhs: Tensor `[..., n, k]`.
      lower: Whether the lower triangle is the one that counts.
      adjoint: Whether the adjoint of `matrix` is used instead.
      name: Name scope; defaults to "triangular_solve".

    Returns:
      Tensor `[..., n, k]`.

    >>> tf.Session().run(tf.matrix_triangular_solve([[2.0]], [[8.0]])).tolist()
    [[4.0]]
    """
    with stacks.get_default_graph().name_scope(name or "triangular_solve"):
        return apply_op("MatrixTriangularSolve", matrix, rhs, lower=lower, adjoint=adjoint)


def matrix_solve_ls(
    matrix: Any, rhs: Any, l2_regularizer: Any = 0.0, fast: bool = True, name: str | None = None
) -> Tensor:
    """Solves least squares problems: minimises |matrix X - rhs|^2 + l2_regularizer |X|^2.

    Args:
      matrix: Tensor `[..., m, n]`.
      rhs: Tensor `[..., m, k]`.
      l2_regularizer: Scalar.
      fast: Whether the normal equations are used (always here, for matrices of full rank).
      name: Name scope; defaults to "matrix_solve_ls".

    Returns:
      Tensor `[..., n, k]`.

    >>> tf.Session().run(tf.matrix_solve_ls([[2.0], [2.0]], [[4.0], [8.0]])).round(3).tolist()
    [[3.0]]
    """
    from scopedjax._src.ops.array.filling import eye
    from scopedjax._src.ops.array.shapes import shape
    from scopedjax._src.ops.array.slicing import subscript

    with stacks.get_default_graph().name_scope(name or "matrix_solve_ls"):
        matrix, rhs = convert_to_tensor(matrix, name="matrix"), convert_to_tensor(rhs, name="rhs")
        rows, columns = (matrix.dims or (None, None))[-2:]
        tall = rows is None or columns is None or rows >= columns
        gram = matmul(matrix, matrix, adjoint_a=True) if tall else matmul(matrix, matrix, adjoint_b=True)
        if not (isinstance(l2_regularizer, (int, float)) and l2_regularizer == 0):
            side = subscript(shape(gram), -1)
            ridge = apply_op("Mul", eye(side, dtype=matrix.dtype.base_dtype), l2_regularizer)
            gram = apply_op("AddV2", gram, ridge)
        factor = cholesky(gram)
        if tall:
            return cholesky_solve(factor, matmul(matrix, rhs, adjoint_a=True))
        return matmul(matrix, cholesky_solve(factor, rhs), adjoint_a=True)


def self_adjoint_eig(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Computes eigenvalues and eigenvectors of symmetric (Hermitian) matrices.

    Args:
      tensor: Tensor `[..., n, n]`; only the lower triangle is read.
      name: Node name; defaults to "SelfAdjointEigV2".

    Returns:
      `(e, v)`: eigenvalues `[..., n]`, ascending, and eigenvectors in the columns of `[..., n, n]`.

    >>> tf.Session().run(tf.self_adjoint_eig([[2.0, 0.0], [0.0, 1.0]])[0]).tolist()
    [1.0, 2.0]
    """
    return apply_op("SelfAdjointEigV2", tensor, compute_v=True, name=name)


def self_adjoint_eigvals(tensor: Any, name: str | None = None) -> Tensor:
    """Computes eigenvalues of symmetric (Hermitian) matrices.

    Args:
      tensor: Tensor `[..., n, n]`; only the lower triangle is read.
      name: Node name; defaults to "SelfAdjointEigV2".

    Returns:
      Tensor `[..., n]`, ascending.

    >>> tf.Session().run(tf.self_adjoint_eigvals([[2.0, 0.0], [0.0, 1.0]])).tolist()
    [1.0, 2.0]
    """
    return apply_op("SelfAdjointEigV2", tensor, compute_v=False, name=name)[0]


def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None) -> Any:
    """Computes singular value decompositions: tensor = u diag(s) v^H.

    Args:
      tensor: Tensor `[..., m, n]`.
      full_matrices: Whether u and v are square.
      compute_uv: Whether u and v are wanted.
      name: Node name; defaults to "Svd".

    Returns:
      `(s, u, v)`, or s alone: the singular values, descending.

    >>> tf.Session().run(tf.svd([[3.0, 0.0], [0.0, 4.0]], compute_uv=False)).tolist()
    [4.0, 3.0]
    """
    s, u, v = apply_op("Svd", tensor, compute_uv=compute_uv, full_matrices=full_matrices, name=name)
    return (s, u, v) if compute_uv else s


def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> Any:
    """Computes QR decompositions: input = q r with orthonormal q and upper triangular r.

    Args:
      input: Tensor `[..., m, n]`.
      full_matrices: Whether q is square.
      name: Node name; defaults to "Qr".

    Returns:
      `(q, r)`.

    >>> tf.qr(tf.ones([3, 2])).q.shape.as_list()
    [3, 2]
    """
    return _QrOutput(*apply_op("Qr", input, full_matrices=full_matrices, name=name))


def lu(input: Any, output_idx_type: Any = dtypes.int32, name: str | None = None) -> Any:
    """Computes LU decompositions with row exchanges.

    Args:
      input: Tensor `[..., n, n]`.
      output_idx_type: Dtype of the permutation: tf.int32 or tf.int64.
      name: Node name; defaults to "Lu".

    Returns:
      `(lu, p)`: both factors in one matrix, and the permutation of the rows.

    >>> tf.Session().run(tf.linalg.lu([[1.0, 0.0], [0.0, 2.0]]).p).tolist()
    [0, 1]
    """
    return _LuOutput(*apply_op("Lu", input, output_idx_type=output_idx_type, name=name))
