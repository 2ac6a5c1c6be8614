"""Functions of whole matrices: exponential, logarithm, square root, pseudo-inverse, rank; and vectors of length one.

All work on the last two axes. Square root and logarithm go by SciPy's Schur method, on the host.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import jax.scipy.linalg as jsl
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import eye
from scopedjax._src.ops.array.joining import concat, matrix_transpose
from scopedjax._src.ops.array.shapes import expand_dims, reshape, shape
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import greater, where_v2
from scopedjax._src.ops.math.decompositions import matrix_solve, svd
from scopedjax._src.ops.math.elementwise import maximum
from scopedjax._src.ops.math.linear_algebra import adjoint, matmul, norm
from scopedjax._src.ops.math.reductions import reduce_max, reduce_sum
from scopedjax._src.ops.registry import NO_GRADIENT, Gradient, LoweringContext, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext

_COMPLEX = (dtypes.complex64, dtypes.complex128)
_NUMBERS = (dtypes.float64, dtypes.float32, dtypes.float16, *_COMPLEX)


def _square(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    if dims is None:
        return [None]
    if len(dims) < 2:
        raise c.fail(f"Shape must be at least rank 2 but is rank {len(dims)}")
    if None not in dims[-2:] and dims[-1] != dims[-2]:
        raise c.fail(f"Dimensions must be equal, but are {dims[-2]} and {dims[-1]}")
    side = dims[-1] if dims[-2] is None else dims[-2]
    return [(*dims[:-2], side, side)]


@defop("MatrixExponential(input: T) -> output: T", shape=_square, types={"T": _NUMBERS})
def _exponential(input: Any) -> Any:
    wide = jnp.asarray(input, jnp.float32) if input.dtype == np.float16 else jnp.asarray(input)
    return jsl.expm(wide).astype(input.dtype)


def _by_scipy(name: str) -> Callable[..., Any]:
    def lower(ctx: LoweringContext, input: np.ndarray) -> np.ndarray:
        import scipy.linalg

        if input.ndim < 2 or input.shape[-1] != input.shape[-2]:
            raise InvalidArgumentError(None, ctx.op, "Input matrix must be square.")
        function = getattr(scipy.linalg, name)
        flat = input.reshape(-1, *input.shape[-2:])
        wide = np.complex128 if input.dtype.kind == "c" else np.float64
        found = [function(matrix.astype(wide)) for matrix in flat]
        if input.dtype.kind != "c" and any(np.iscomplexobj(m) and np.abs(m.imag).max() > 1e-6 for m in found):
            raise InvalidArgumentError(None, ctx.op, f"the matrix has no real {name}; give a complex one")
        real = [m.real if input.dtype.kind != "c" else m for m in found]
        return np.asarray(real, input.dtype).reshape(input.shape)

    return lower


def _root_gradient(op: Operation, grad: Any) -> list[Any]:
    """With X X = A, the gradient G of A solves Sylvester's equation X* G + G X* = grad.

    Written out row by row it is one system of n * n unknowns: (X* (x) I + I (x) X*^T) vec(G) = vec(grad).
    """
    factor = adjoint(op.outputs[0])
    sizes = shape(factor)
    side = sizes[-1]
    same = eye(side, dtype=factor.dtype)

    def spread(matrix: Any, *axes: int) -> Any:
        for axis in axes:
            matrix = expand_dims(matrix, axis)
        return matrix

    left = spread(factor, -2, -1) * spread(same, -3, -2)  # [..., i, 1, k, 1] * [1, j, 1, l]
    right = spread(same, -2, -1) * spread(matrix_transpose(factor), -3, -2)
    squared = expand_dims(side * side, 0)
    batch = sizes[:-2]
    system = reshape(left + right, concat([batch, squared, squared], 0))
    solved = matrix_solve(system, reshape(grad, concat([batch, squared, [1]], 0)))
    return [reshape(solved, sizes)]


declare(
    "MatrixSquareRoot(input: T) -> output: T",
    _by_scipy("sqrtm"),
    shape=_square,
    host=True,
    gradient=Gradient("function", _root_gradient),
    types={"T": _NUMBERS},
)
declare(
    "MatrixLogarithm(input: T) -> output: T",
    _by_scipy("logm"),
    shape=_square,
    host=True,
    gradient=NO_GRADIENT,
    types={"T": _COMPLEX},
)


def expm(input: Any, name: str | None = None) -> Tensor:
    """Computes the exponential of matrices, `I + A + A A / 2! + ...`.

    The node is TensorFlow 1's `MatrixExponential`; TensorFlow 2 records its arithmetic instead.

    Args:
      input: Floating or complex tensor `[..., n, n]`.
      name: Node name; defaults to "MatrixExponential".

    Returns:
      Tensor of the shape and dtype of `input`.

    Raises:
      ValueError: the matrices are not square.

    >>> tf.Session().run(tf.linalg.expm([[0.0, 1.0], [0.0, 0.0]])).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    return apply_op("MatrixExponential", input, name=name)


def sqrtm(input: Any, name: str | None = None) -> Tensor:
    """Computes the square root of matrices: `sqrtm(A) @ sqrtm(A) = A`.

    Args:
      input: Floating or complex tensor `[..., n, n]`; invertible, with a root of its dtype.
      name: Node name; defaults to "MatrixSquareRoot".

    Returns:
      Tensor of the shape and dtype of `input`.

    Raises:
      ValueError: the matrices are not square.

    >>> tf.Session().run(tf.linalg.sqrtm([[4.0, 0.0], [0.0, 9.0]])).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    return apply_op("MatrixSquareRoot", input, name=name)


def logm(input: Any, name: str | None = None) -> Tensor:
    """Computes the logarithm of matrices, the inverse of `expm`.

    Args:
      input: Complex tensor `[..., n, n]`, invertible.
      name: Node name; defaults to "MatrixLogarithm".

    Returns:
      Tensor of the shape and dtype of `input`. It has no gradient.

    Raises:
      ValueError: the matrices are not square.

    >>> tf.linalg.logm(tf.eye(2, dtype=tf.complex64)).shape.as_list()
    [2, 2]
    """
    return apply_op("MatrixLogarithm", input, name=name)


def matrix_rank(a: Any, tol: Any = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """Counts the singular values above a threshold.

    Args:
      a: Floating tensor `[..., m, n]`.
      tol: The threshold; `eps * max(m, n) * largest` by default.
      validate_args: Not used.
      name: Name scope; defaults to "matrix_rank".

    Returns:
      int32 tensor `[...]`.

    >>> int(tf.Session().run(tf.linalg.matrix_rank([[1.0, 2.0], [2.0, 4.0]])))
    1
    """
    with stacks.get_default_graph().name_scope(name or "matrix_rank"):
        a = convert_to_tensor(a, _hint(a), name="a")
        values = svd(a, compute_uv=False)
        if tol is None:
            dims = a.shape.as_list()
            longer = reduce_max(shape(a)[-2:]) if None in dims[-2:] else np.int64(max(dims[-2:]))
            scale = float(np.finfo(a.dtype.as_numpy_dtype).eps) * cast(longer, a.dtype)
            tol = scale * reduce_max(values, -1, keepdims=True)
        return reduce_sum(cast(greater(values, tol), dtypes.int32), -1)


def _hint(value: Any) -> Any:
    """None for tensors, float32 for lists of Python numbers."""
    return None if hasattr(value, "dtype") else dtypes.float32


def pinv(a: Any, rcond: Any = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """Computes the pseudo-inverse of Moore and Penrose by singular values.

    Args:
      a: Floating tensor `[..., m, n]`.
      rcond: Singular values below this part of the largest count as zero; `10 max(m, n) eps` by default.
      validate_args: Not used.
      name: Name scope; defaults to "pinv".

    Returns:
      Tensor `[..., n, m]`.

    Raises:
      TypeError: `a` is not of a floating dtype.

    >>> tf.Session().run(tf.linalg.pinv([[2.0, 0.0], [0.0, 0.0]])).tolist()
    [[0.5, 0.0], [0.0, 0.0]]
    """
    with stacks.get_default_graph().name_scope(name or "pinv"):
        a = convert_to_tensor(a, name="a")
        if not a.dtype.is_floating:
            raise TypeError(f"Input `a` must have `float`-like `dtype` (saw {a.dtype.name}).")
        kind = a.dtype.as_numpy_dtype
        if rcond is None:
            dims = a.shape.as_list()
            longer: Any = (
                max(dims[-2:]) if None not in dims[-2:] else cast(maximum(shape(a)[-2], shape(a)[-1]), a.dtype)
            )
            rcond = longer * (10.0 * float(np.finfo(kind).eps))
        rcond = convert_to_tensor(rcond, dtype=a.dtype, name="rcond")
        values, left, right = svd(a, full_matrices=False, compute_uv=True)
        threshold = rcond * reduce_max(values, -1)
        kept = where_v2(greater(values, expand_dims(threshold, -1)), values, np.array(np.inf, kind))
        return matmul(right / expand_dims(kept, -2), left, adjoint_b=True)


def normalize(tensor: Any, ord: Any = "euclidean", axis: Any = None, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Divides a tensor by its norm.

    Args:
      tensor: Floating or complex tensor.
      ord: The norm; as in `tf.norm`.
      axis: Axis of the vectors, or two axes of matrices; the whole tensor by default.
      name: Name scope; defaults to "normalize".

    Returns:
      `(normalized, norm)`, the norm with axes of length 1.

    >>> tf.Session().run(tf.linalg.normalize([3.0, 4.0])[0]).round(3).tolist()
    [0.6000000238418579, 0.800000011920929]
    """
    with stacks.get_default_graph().name_scope(name or "normalize"):
        tensor = convert_to_tensor(tensor)
        length = norm(tensor, ord, axis, keepdims=True)
        length = cast(length, tensor.dtype)
        return tensor / length, length
