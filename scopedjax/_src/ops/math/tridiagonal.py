"""Matrices with three diagonals: products and linear systems.

    compact                   sequence                          matrix
    [[u0 u1 u2  -]            ([u0 u1 u2 -], [d0 d1 d2 d3],     [[d0 u0  0  0]
     [d0 d1 d2 d3]             [- l1 l2 l3])                     [l1 d1 u1  0]
     [ - l1 l2 l3]]                                              [ 0 l2 d2 u2]
                                                                 [ 0  0 l3 d3]]

Upper, main, lower; the places marked `-` are not read.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.arranging import roll
from scopedjax._src.ops.array.joining import matrix_transpose
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import expand_dims, squeeze
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import conj
from scopedjax._src.ops.registry import defop
from scopedjax._src.ops.shape_context import ShapeContext

_TYPES = (dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128)


def _product_dims(c: ShapeContext) -> list[Dims]:
    return [c.dims(3)]


@defop(
    "TridiagonalMatMul(superdiag: T, maindiag: T, subdiag: T, rhs: T) -> output: T",
    shape=_product_dims,
    types={"T": _TYPES},
)
def _product(superdiag: Any, maindiag: Any, subdiag: Any, rhs: Any) -> Any:
    upper, main, lower = (jnp.swapaxes(jnp.asarray(d), -1, -2) for d in (superdiag, maindiag, subdiag))
    x = jnp.asarray(rhs)
    none = jnp.zeros_like(x[..., :1, :])
    below = jnp.concatenate([x[..., 1:, :], none], axis=-2)
    above = jnp.concatenate([none, x[..., :-1, :]], axis=-2)
    # The corners that are not read may hold anything, NaN too.
    upper = upper.at[..., -1, :].set(0)
    lower = lower.at[..., 0, :].set(0)
    return main * x + upper * below + lower * above


def _solve_dims(c: ShapeContext) -> list[Dims]:
    diagonals, right = c.dims(0), c.dims(1)
    if diagonals is not None:
        if len(diagonals) < 2:
            raise c.fail(f"Shape must be at least rank 2 but is rank {len(diagonals)}")
        if diagonals[-2] not in (None, 3):
            raise c.fail(f"Dimension must be 3 but is {diagonals[-2]}")
        if right is not None and None not in (right[-2], diagonals[-1]) and right[-2] != diagonals[-1]:
            sizes = f"{diagonals[-1]} and {right[-2]}"
            raise ValueError(f"Expected number of left-hand sided and right-hand sides to be equal, got {sizes}")
    return [right]


@defop(
    "TridiagonalSolve(diagonals: T, rhs: T; partial_pivoting: bool = True, perturb_singular: bool = False) "
    "-> output: T",
    shape=_solve_dims,
    types={"T": _TYPES},
)
def _solve(diagonals: Any, rhs: Any, *, partial_pivoting: bool, perturb_singular: bool) -> Any:
    rows, right = jnp.asarray(diagonals), jnp.asarray(rhs)
    upper, main, lower = rows[..., 0, :], rows[..., 1, :], rows[..., 2, :]
    # With pivoting rows are exchanged, which three diagonals cannot hold: the whole matrix is solved.
    return jnp.linalg.solve(_dense(upper, main, lower), right)


def _dense(upper: Any, main: Any, lower: Any) -> Any:
    size = main.shape[-1]
    place = np.arange(size)
    row, column = place[:, None], place[None, :]
    nothing = jnp.zeros((), main.dtype)
    matrix = jnp.where(row == column, main[..., :, None], nothing)
    matrix = jnp.where(row + 1 == column, upper[..., :, None], matrix)
    return jnp.where(row == column + 1, lower[..., :, None], matrix)


def _compact(diagonals: Any, layout: str, caller: str) -> Any:
    """The diagonals as one tensor `[..., 3, n]`."""
    if layout == "compact":
        return convert_to_tensor(diagonals, name="diagonals")
    if layout == "sequence":
        if not isinstance(diagonals, (tuple, list)) or len(diagonals) != 3:
            raise ValueError("Expected diagonals to be a sequence of length 3.")
        return stack([convert_to_tensor(d) for d in diagonals], axis=-2)
    if layout == "matrix":
        matrix = convert_to_tensor(diagonals, name="diagonals")
        dims = matrix.dims
        if dims is not None and len(dims) >= 2 and None not in dims[-2:] and dims[-1] != dims[-2]:
            raise ValueError(f"Expected last two dimensions of diagonals to be same, got {dims[-2]} and {dims[-1]}")
        return _of_matrix(matrix)
    raise ValueError(f"Unrecognized diagonals_format: {layout} ({caller})")


def _of_matrix(matrix: Tensor) -> Tensor:
    from scopedjax._src.ops.math.diagonals import matrix_diag_part

    main = matrix_diag_part(matrix)
    above, below = matrix_diag_part(roll(matrix, -1, -1)), matrix_diag_part(roll(matrix, 1, -1))
    return stack([above, main, below], axis=-2)


def tridiagonal_solve(
    diagonals: Any,
    rhs: Any,
    diagonals_format: str = "compact",
    transpose_rhs: bool = False,
    conjugate_rhs: bool = False,
    name: str | None = None,
    partial_pivoting: bool = True,
    perturb_singular: bool = False,
) -> Tensor:
    """Solves linear systems whose matrices have three diagonals.

    Args:
      diagonals: Floating or complex: tensor `[..., 3, n]` (compact: upper, main, lower), a sequence of three tensors
        `[..., n]`, or matrices `[..., n, n]`.
      rhs: Right-hand sides `[..., n, k]`, or `[..., n]` for one.
      diagonals_format: "compact", "sequence" or "matrix".
      transpose_rhs: Whether `rhs` is `[..., k, n]`.
      conjugate_rhs: Whether `rhs` is conjugated first.
      name: Node name; "TridiagonalSolve" by default.
      partial_pivoting: Accepted: rows are always exchanged, which is never less exact.
      perturb_singular: False: a singular matrix gives infinities.

    Returns:
      The solutions `[..., n, k]` (also with `transpose_rhs`), or `[..., n]`.

    Raises:
      ValueError: the format is unknown, a shape does not fit, or `perturb_singular` is asked for.

    >>> x = tf.linalg.tridiagonal_solve([[1.0, 0.0], [2.0, 2.0], [0.0, 1.0]], [4.0, 5.0])
    >>> print(tf.Session().run(x))
    [1. 2.]
    """
    if perturb_singular:
        raise ValueError("tridiagonal_solve: perturb_singular=True is not here; solve a matrix that is not singular")
    compact = _compact(diagonals, diagonals_format, "tridiagonal_solve")
    right = convert_to_tensor(rhs, name="rhs", dtype=compact.dtype)
    vector = compact.dims is not None and right.dims is not None and len(right.dims) == len(compact.dims) - 1
    if conjugate_rhs:
        right = conj(right)
    if vector:
        right = expand_dims(right, -1)
    elif transpose_rhs:
        right = matrix_transpose(right)
    found = apply_op("TridiagonalSolve", compact, right, partial_pivoting=partial_pivoting, name=name)
    return squeeze(found, -1) if vector else found


def tridiagonal_matmul(diagonals: Any, rhs: Any, diagonals_format: str = "compact", name: str | None = None) -> Tensor:
    """Multiplies matrices that have three diagonals by others.

    Args:
      diagonals: Floating or complex: tensor `[..., 3, n]` (compact: upper, main, lower), a sequence of three tensors
        `[..., n]`, or matrices `[..., n, n]`.
      rhs: Tensor `[..., n, k]`.
      diagonals_format: "compact", "sequence" or "matrix".
      name: Node name; "TridiagonalMatMul" by default.

    Returns:
      Tensor of the shape of `rhs`.

    Raises:
      ValueError: the format is unknown.

    >>> x = tf.linalg.tridiagonal_matmul([[1.0, 0.0], [2.0, 2.0], [0.0, 1.0]], [[1.0], [2.0]])
    >>> print(tf.Session().run(x).tolist())
    [[4.0], [5.0]]
    """
    compact = _compact(diagonals, diagonals_format, "tridiagonal_matmul")
    right = convert_to_tensor(rhs, name="rhs", dtype=compact.dtype)
    parts = [expand_dims(compact[..., i, :], -2) for i in range(3)]
    return apply_op("TridiagonalMatMul", *parts, right, name=name)
