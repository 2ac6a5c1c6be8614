"""Matrix products and what is made of them: `matmul`, `tensordot`, `einsum`, `norm`, `trace`, `cross`.

Two matrices are multiplied by `MatMul`, stacks of them by `BatchMatMulV2`, as TF1 records them. The precision of
float32 products is the backend's default, as in TensorFlow; `jax.default_matmul_precision` changes it.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, broadcast_dims, fully_known, merge_dim, merge_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.shapes import renamed_argument, reshape, shape
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import declare
from scopedjax._src.ops.shape_context import ShapeContext

_PRODUCT = (
    *dtypes.FLOATING,
    *(t for t in dtypes.INTEGER if t is not dtypes.int8),
    *dtypes.COMPLEX,
)

# ------------------------------------------------------------------------------------------------------- MatMul


def _matmul_dims(c: ShapeContext) -> list[Dims]:
    a, b = c.require_rank(0, 2), c.require_rank(1, 2)
    rows, inner = (a[1], a[0]) if c.attr("transpose_a") else a
    other, columns = (b[1], b[0]) if c.attr("transpose_b") else b
    try:
        merge_dim(inner, other)
    except ValueError as error:
        raise c.fail(str(error)) from None
    return [(rows, columns)]


def product(a: Any, b: Any) -> Any:
    """`a @ b` on the last two axes."""
    return jnp.matmul(a, b)


def _matmul(a: Any, b: Any, *, transpose_a: bool, transpose_b: bool) -> Any:
    return product(a.T if transpose_a else a, b.T if transpose_b else b)


declare(
    "MatMul(a: T, b: T; transpose_a: bool = False, transpose_b: bool = False, grad_a: bool = False, "
    "grad_b: bool = False) -> product: T",
    _matmul,
    shape=_matmul_dims,
    types={"T": tuple(t for t in _PRODUCT if t is not dtypes.int16)},
)


def _sparse_matmul(
    a: Any, b: Any, *, transpose_a: bool, transpose_b: bool, a_is_sparse: bool, b_is_sparse: bool
) -> Any:
    wide = (jnp.asarray(a, np.float32), jnp.asarray(b, np.float32))
    return _matmul(*wide, transpose_a=transpose_a, transpose_b=transpose_b)


declare(
    "SparseMatMul(a: Ta, b: Tb; transpose_a: bool = False, transpose_b: bool = False, a_is_sparse: bool = False, "
    "b_is_sparse: bool = False, Ta: type = float32, Tb: type = float32) -> product: float32",
    _sparse_matmul,
    shape=_matmul_dims,
    types={"Ta": (dtypes.float32, dtypes.bfloat16), "Tb": (dtypes.float32, dtypes.bfloat16)},
)


def _batch_matmul_dims(c: ShapeContext) -> list[Dims]:
    a, b = c.dims(0), c.dims(1)
    for dims in (a, b):
        if dims is not None and len(dims) < 2:
            raise c.fail(f"Shape must be at least rank 2 but is rank {len(dims)}")
    if a is None or b is None:
        return [None]
    rows, inner = (a[-1], a[-2]) if c.attr("adj_x") else (a[-2], a[-1])
    other, columns = (b[-1], b[-2]) if c.attr("adj_y") else (b[-2], b[-1])
    try:
        merge_dim(inner, other)
        batch = broadcast_dims(a[:-2], b[:-2])
    except ValueError as error:
        raise c.fail(str(error)) from None
    return [(*(batch or ()), rows, columns)]


def adjoint_of(x: Any) -> Any:
    """The conjugate transpose of the last two axes."""
    swapped = jnp.swapaxes(x, -1, -2)
    return jnp.conj(swapped) if jnp.iscomplexobj(x) else swapped


def _batch_matmul(x: Any, y: Any, *, adj_x: bool, adj_y: bool) -> Any:
    return product(adjoint_of(x) if adj_x else x, adjoint_of(y) if adj_y else y)


_ADJOINTS = "adj_x: bool = False, adj_y: bool = False, grad_x: bool = False, grad_y: bool = False"
for _type, _kinds in {
    "BatchMatMul": (*dtypes.FLOATING, *dtypes.INDEX, *dtypes.COMPLEX),
    "BatchMatMulV2": _PRODUCT,
}.items():
    declare(
        f"{_type}(x: T, y: T; {_ADJOINTS}) -> output: T", _batch_matmul, shape=_batch_matmul_dims, types={"T": _kinds}
    )


def _mixed_batch_matmul(x: Any, y: Any, *, adj_x: bool, adj_y: bool, Tout: Any) -> Any:
    wanted = Tout.as_numpy_dtype
    return _batch_matmul(jnp.asarray(x).astype(wanted), jnp.asarray(y).astype(wanted), adj_x=adj_x, adj_y=adj_y)


declare(
    f"BatchMatMulV3(x: Ta, y: Tb; {_ADJOINTS}) -> output: Tout",
    _mixed_batch_matmul,
    shape=_batch_matmul_dims,
)


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    output_type: Any = None,
    grad_a: bool = False,
    grad_b: bool = False,
    name: str | None = None,
) -> Tensor:
    """Multiplies matrices, or stacks of matrices whose leading axes broadcast.

    Args:
      a: Tensor `[..., n, k]`.
      b: Tensor `[..., k, m]` of the same dtype.
      transpose_a: Whether the last two axes of `a` are swapped first.
      transpose_b: Whether those of `b` are.
      adjoint_a: Whether `a` is transposed and conjugated first.
      adjoint_b: Whether `b` is.
      a_is_sparse: Whether `a` holds many zeros; has no effect on the result.
      b_is_sparse: Whether `b` does.
      output_type: Dtype of the result, where it is not that of `a`.
      grad_a: Not used.
      grad_b: Not used.
      name: Node name; defaults to "MatMul".

    Returns:
      Tensor `[..., n, m]`.

    Raises:
      ValueError: the inner sizes differ, or an operand is both transposed and adjoint.
      TypeError: the dtypes differ.

    >>> tf.Session().run(tf.matmul([[1.0, 2.0]], [[3.0], [4.0]])).tolist()
    [[11.0]]
    """
    with stacks.get_default_graph().name_scope(name or "MatMul") as scope:
        if transpose_a and adjoint_a:
            raise ValueError(
                "Only one of `transpose_a` and `adjoint_a` can be True. Received `transpose_a`=True, `adjoint_a`=True."
            )
        if transpose_b and adjoint_b:
            raise ValueError(
                "Only one of `transpose_b` and `adjoint_b` can be True. Received `transpose_b`=True, `adjoint_b`=True."
            )
        a = convert_to_tensor(a, name="a")
        b = convert_to_tensor(b, dtype=None if isinstance(b, Tensor) else a.dtype.base_dtype, name="b")
        other_type = output_type is not None and output_type != a.dtype.base_dtype
        stacked = not (a_is_sparse or b_is_sparse) and (_needs_stack(a) or _needs_stack(b))
        if stacked or other_type:
            return _stacked(a, b, transpose_a, transpose_b, adjoint_a, adjoint_b, output_type, scope)
        # MatMul only transposes.
        if adjoint_a:
            a, transpose_a = _conjugated(a), True
        if adjoint_b:
            b, transpose_b = _conjugated(b), True
        flags = {"transpose_a": transpose_a, "transpose_b": transpose_b}
        sparse = (dtypes.float32, dtypes.bfloat16)
        if (a_is_sparse or b_is_sparse) and a.dtype.base_dtype in sparse and b.dtype.base_dtype in sparse:
            flags |= {"a_is_sparse": a_is_sparse, "b_is_sparse": b_is_sparse}
            result = apply_op("SparseMatMul", a, b, name=scope, **flags)
            both_short = a.dtype.base_dtype is b.dtype.base_dtype is dtypes.bfloat16
            return apply_op("Cast", result, DstT=dtypes.bfloat16) if both_short else result
        return apply_op("MatMul", a, b, name=scope, **flags)


def _needs_stack(tensor: Tensor) -> bool:
    return tensor.ndim is None or tensor.ndim > 2


def _conjugated(tensor: Tensor) -> Tensor:
    return apply_op("Conj", tensor) if tensor.dtype.is_complex else tensor


def _stacked(
    a: Tensor, b: Tensor, transpose_a: bool, transpose_b: bool, adj_a: bool, adj_b: bool, wanted: Any, scope: str
) -> Tensor:
    """BatchMatMulV2 knows adjoints only."""
    if transpose_a:
        a, adj_a = _conjugated(a), True
    if transpose_b:
        b, adj_b = _conjugated(b), True
    if wanted is None:
        return apply_op("BatchMatMulV2", a, b, adj_x=adj_a, adj_y=adj_b, name=scope)
    return apply_op("BatchMatMulV3", a, b, Tout=dtypes.as_dtype(wanted), adj_x=adj_a, adj_y=adj_b, name=scope)


# --------------------------------------------------------------------------------------------------------- einsum


def _einsum_dims(c: ShapeContext) -> list[Dims]:
    inputs, _, output = c.attr("equation").partition("->")
    sizes: dict[str, int | None] = {}
    spread: Dims = ()
    for labels, given in zip(inputs.split(","), c.all_dims(), strict=True):
        if given is None:
            spread = None if "..." in labels else spread
            continue
        head, dots, tail = labels.strip().partition("...")
        named = len(head) + len(tail)
        if len(given) < named or (not dots and len(given) != named):
            raise c.fail(f"Expected input to have rank {named} for '{labels}', but got rank {len(given)}")
        middle = given[len(head) : len(given) - len(tail)]
        try:
            spread = broadcast_dims(spread, middle)
            for label, size in zip(head + tail, given[: len(head)] + given[len(given) - len(tail) :], strict=True):
                sizes[label] = merge_dim(sizes.get(label), size)
        except ValueError as error:
            raise c.fail(str(error)) from None
    head, dots, tail = output.strip().partition("...")
    if dots and spread is None:
        return [None]
    return [(*(sizes.get(n) for n in head), *(spread or () if dots else ()), *(sizes.get(n) for n in tail))]


declare(
    "Einsum(inputs: N * T; equation: string) -> output: T",
    lambda inputs, *, equation: jnp.einsum(equation, *inputs),
    shape=_einsum_dims,
)


def _explicit(equation: str) -> str:
    """The equation with its right side written out: labels that occur once, in order of the alphabet."""
    equation = equation.replace(" ", "")
    if "->" in equation:
        return equation
    letters = equation.replace(",", "").replace("...", "")
    once = sorted(label for label in set(letters) if letters.count(label) == 1)
    return f"{equation}->{'...' if '...' in equation else ''}{''.join(once)}"


def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Tensor:
    """Sums products of tensors, as Einstein wrote them: `"ij,jk->ik"` is a matrix product.

    Args:
      equation: Labels of the axes of each input, separated by commas, "->", and the labels of the result.
      *inputs: The tensors.
      **kwargs: `name`: name scope, "einsum" by default; `optimize`: has no effect.

    Returns:
      Tensor with the axes that the right side names.

    Raises:
      TypeError: another keyword.
      ValueError: the shapes do not fit the equation.

    >>> tf.Session().run(tf.einsum("ij,j->i", [[1.0, 2.0]], [3.0, 4.0])).tolist()
    [11.0]
    """
    name = kwargs.pop("name", None)
    kwargs.pop("optimize", None)
    if kwargs:
        raise TypeError(
            f"Invalid keyword arguments for this function: {', '.join(sorted(kwargs))}. Expected: name, optimize."
        )
    with stacks.get_default_graph().name_scope(name or "einsum"):
        first = convert_to_tensor(inputs[0])
        tensors = [first, *(convert_to_tensor(v, dtype=first.dtype.base_dtype) for v in inputs[1:])]
        return apply_op("Einsum", tensors, equation=_explicit(equation))


# ------------------------------------------------------------------------------------------------------ tensordot


def _contracted(axes: Any, rank_a: int) -> tuple[list[int], list[int]]:
    if isinstance(axes, (int, np.integer)):
        if axes < 0:
            raise ValueError(f"`axes` must be at least 0. Received: {axes}.")
        if axes > rank_a:
            raise ValueError(
                f"`axes` must not be larger than the number of dimensions of tensor {rank_a}. Received {axes}."
            )
        return list(range(rank_a - axes, rank_a)), list(range(axes))
    if len(axes) != 2:
        raise ValueError(f"`axes` must be an integer or have length 2. Received {axes}.")
    a, b = ([int(x)] if isinstance(x, (int, np.integer)) else [int(v) for v in x] for x in axes)
    if len(a) != len(b):
        raise ValueError(f"Different number of contraction axes `a` and `b`, {len(a)} != {len(b)}.")
    return list(a), list(b)


def _as_matrix(tensor: Tensor, axes: list[int], flipped: bool) -> tuple[Any, Any, Dims]:
    """The tensor as a matrix with the contracted axes last (first when flipped), and the free sizes."""
    count = tensor.ndim or 0
    axes = [a + count if a < 0 else a for a in axes]
    free = [i for i in range(count) if i not in axes]
    order = axes + free if flipped else free + axes
    dims = tensor.dims or ()
    free_dims = tuple(dims[i] for i in free)
    if fully_known(dims):
        sizes = [int(np.prod([dims[i] or 0 for i in part], dtype=np.int64)) for part in (free, axes)]
        moved = tensor if order == list(range(count)) else _transposed(tensor, order)
        wanted = sizes[::-1] if flipped else sizes
        return (moved if list(moved.dims or ()) == wanted else reshape(moved, wanted)), list(free_dims), free_dims
    return _computed_matrix(tensor, axes, free, order, flipped, free_dims)


def _transposed(tensor: Tensor, order: list[int]) -> Tensor:
    from scopedjax._src.ops.array.joining import transpose

    return transpose(tensor, order)


def _computed_matrix(
    tensor: Tensor, axes: list[int], free: list[int], order: list[int], flipped: bool, free_dims: Dims
) -> tuple[Any, Any, Dims]:
    from scopedjax._src.ops.array.gathering import gather
    from scopedjax._src.ops.array.packing import stack
    from scopedjax._src.ops.constant import constant
    from scopedjax._src.ops.math.reductions import reduce_prod

    axes_tensor = constant(axes, dtype=dtypes.int32, shape=[len(axes)], name="axes")
    free_tensor = constant(free, dtype=dtypes.int32, shape=[len(free)], name="free")
    sizes = shape(tensor)
    free_sizes = gather(sizes, free_tensor)
    inner_sizes = gather(sizes, axes_tensor)
    free_count, inner_count = reduce_prod(free_sizes), reduce_prod(inner_sizes)
    parts = [axes_tensor, free_tensor] if flipped else [free_tensor, axes_tensor]
    perm = apply_op("ConcatV2", parts, 0, name="concat")
    wanted = stack([inner_count, free_count] if flipped else [free_count, inner_count])
    return reshape(_transposed(tensor, perm), wanted), free_sizes, free_dims  # type: ignore[arg-type]


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """Sums products over pairs of axes.

    Args:
      a: Floating tensor.
      b: Tensor of the same dtype.
      axes: N for the last N axes of `a` and the first N of `b`, or two lists of axes.
      name: Node name; defaults to "Tensordot".

    Returns:
      Tensor with the free axes of `a`, then those of `b`.

    Raises:
      ValueError: the axes do not fit.

    >>> tf.tensordot(tf.zeros([2, 3, 4]), tf.zeros([3, 4, 5]), 2).shape.as_list()
    [2, 5]
    """
    with stacks.get_default_graph().name_scope(name or "Tensordot") as scope:
        a = convert_to_tensor(a, name="a")
        b = convert_to_tensor(b, dtype=None if isinstance(b, Tensor) else a.dtype.base_dtype, name="b")
        if a.ndim is None or b.ndim is None or isinstance(axes, Tensor):
            raise ValueError("tensordot needs tensors of known rank and known axes; use set_shape on its operands")
        axes_a, axes_b = _contracted(axes, a.ndim)
        left, free_a, dims_a = _as_matrix(a, axes_a, flipped=False)
        right, free_b, dims_b = _as_matrix(b, axes_b, flipped=True)
        product_matrix = matmul(left, right)
        if isinstance(free_a, list) and isinstance(free_b, list):
            wanted = [*free_a, *free_b]
            if list(product_matrix.dims or ()) == wanted:
                return product_matrix
            return reshape(product_matrix, wanted, name=scope)
        parts = [_sizes_tensor(free_a), _sizes_tensor(free_b)]
        result = reshape(product_matrix, apply_op("ConcatV2", parts, 0, name="concat"), name=scope)
        result.set_shape((*(dims_a or ()), *(dims_b or ())))
        return result


def _sizes_tensor(sizes: Any) -> Tensor:
    return convert_to_tensor(sizes, dtype=dtypes.int32)


# --------------------------------------------------------------------------------------------- vectors and norms


def _cross_dims(c: ShapeContext) -> list[Dims]:
    try:
        dims = merge_dims(c.dims(0), c.dims(1))
    except ValueError as error:
        raise c.fail(str(error)) from None
    if dims and dims[-1] not in (3, None):
        raise c.fail(f"Dimension must be 3 but is {dims[-1]}")
    return [dims]


declare(
    "Cross(a: T, b: T) -> product: T",
    lambda a, b: jnp.cross(a, b),
    shape=_cross_dims,
    types={"T": dtypes.REAL},
)


def cross(a: Any, b: Any, name: str | None = None) -> Tensor:
    """Computes cross products of vectors of three elements.

    Args:
      a: Tensor `[..., 3]`.
      b: Tensor of the same dtype and shape.
      name: Node name; defaults to "Cross".

    Returns:
      Tensor `[..., 3]`.

    >>> tf.Session().run(tf.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])).tolist()
    [0.0, 0.0, 1.0]
    """
    return apply_op("Cross", a, b, name=name)


def matvec(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """Multiplies matrices by vectors.

    Args:
      a: Tensor `[..., n, m]`.
      b: Tensor `[..., m]` of the same dtype.
      transpose_a: Whether `a` is transposed first.
      adjoint_a: Whether `a` is transposed and conjugated first.
      a_is_sparse: Has no effect on the result.
      b_is_sparse: Has no effect on the result.
      name: Name scope; defaults to "MatVec".

    Returns:
      Tensor `[..., n]`.

    >>> tf.Session().run(tf.linalg.matvec([[1.0, 2.0]], [3.0, 4.0])).tolist()
    [11.0]
    """
    with stacks.get_default_graph().name_scope(name or "MatVec"):
        column = apply_op("ExpandDims", b, -1)
        result = matmul(a, column, transpose_a, False, adjoint_a, False, a_is_sparse, b_is_sparse)
        return apply_op("Squeeze", result, squeeze_dims=[-1])


def adjoint(matrix: Any, name: str | None = None) -> Tensor:
    """Transposes the last two axes and conjugates.

    Args:
      matrix: Tensor `[..., n, m]`.
      name: Name scope; defaults to "adjoint".

    Returns:
      Tensor `[..., m, n]`.

    >>> tf.linalg.adjoint(tf.zeros([2, 3])).shape.as_list()
    [3, 2]
    """
    from scopedjax._src.ops.array.joining import matrix_transpose

    with stacks.get_default_graph().name_scope(name or "adjoint"):
        return matrix_transpose(convert_to_tensor(matrix, name="matrix"), conjugate=True)


def trace(x: Any, name: str | None = None) -> Tensor:
    """Sums the main diagonal of matrices.

    Args:
      x: Tensor `[..., n, m]`.
      name: Node name; defaults to "Trace".

    Returns:
      Tensor `[...]`.

    >>> tf.Session().run(tf.trace([[1, 2], [3, 4]])).item()
    5
    """
    from scopedjax._src.ops.math.diagonals import matrix_diag_part
    from scopedjax._src.ops.math.reductions import reduce_sum

    with stacks.get_default_graph().name_scope(name or "Trace") as scope:
        return reduce_sum(matrix_diag_part(convert_to_tensor(x, name="x")), [-1], name=scope)


def _matrix_norm_axes(axis: Any) -> Any:
    """The axes of a matrix norm as a tuple, or None for a vector norm."""
    if isinstance(axis, (list, tuple, np.ndarray)):
        axes = tuple(int(a) for a in axis)
        if len(axes) != 2:
            raise ValueError(f"'axis' must be None, an integer, or a tuple of 2 unique integers, got {axis}")
        if axes[0] == axes[1]:
            raise ValueError(f"'axis' must be None, an integer, or a tuple of 2 unique integers, got {axis}")
        return axes
    return None


def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    keep_dims: Any = None,
) -> Tensor:
    """Computes a norm of vectors or matrices.

    Args:
      tensor: Floating or complex tensor.
      ord: "euclidean", "fro", 1, 2, np.inf, or any positive number (for vectors).
      axis: None for the norm of all elements, an integer for vectors, two integers for matrices.
      keepdims: Whether the axes stay, with size 1.
      name: Name scope; defaults to "norm".
      keep_dims: The older name of `keepdims`.

    Returns:
      Tensor of the real dtype of `tensor`.

    Raises:
      ValueError: `ord` or `axis` is something else.

    >>> tf.Session().run(tf.norm([3.0, 4.0])).item()
    5.0
    """
    keepdims = bool(renamed_argument("keepdims", keepdims, "keep_dims", keep_dims))
    axes = _matrix_norm_axes(axis)
    allowed: list[Any] = ["euclidean", "fro", 1, 2, np.inf] if axes else ["euclidean", 1, 2, np.inf]
    if ord not in allowed and (axes or isinstance(ord, str) or ord <= 0):
        which = f"matrix norm in {allowed}" if axes else "vector norm"
        raise ValueError(f"'ord' must be a supported {which}, got {ord}")
    with stacks.get_default_graph().name_scope(name or "norm"):
        x = convert_to_tensor(tensor)
        result = _norm_with_axes(x, ord, axis if axes is None else axes, bool(axes))
        if not keepdims:
            if axis is None:
                return apply_op("Squeeze", result)
            return apply_op("Squeeze", result, squeeze_dims=list(axes) if axes else [int(axis)])
        return result


def _norm_with_axes(x: Tensor, ord: Any, axis: Any, of_matrix: bool) -> Tensor:
    from scopedjax._src.ops.math.elementwise import abs as absolute
    from scopedjax._src.ops.math.reductions import reduce_max, reduce_sum

    if ord in ("euclidean", "fro") or (ord == 2 and not of_matrix):
        conjugate = _conjugated(x)
        squares = reduce_sum(apply_op("Mul", x, conjugate, name="mul"), axis, keepdims=True)
        root = apply_op("Sqrt", squares)
        return apply_op("Real", root, Tout=root.dtype.real_dtype) if root.dtype.is_complex else root
    if ord == 2:
        from scopedjax._src.ops.array.joining import transpose
        from scopedjax._src.ops.math.decompositions import svd

        count = x.ndim or 0
        order = [i for i in range(count) if i not in {a % count for a in axis}] + [a % count for a in axis]
        values = svd(transpose(x, order), compute_uv=False)
        largest = reduce_max(values, axis=-1, keepdims=True)
        back = apply_op("ExpandDims", largest, -1)
        return transpose(back, np.argsort(order).astype(np.int32))
    sizes = absolute(x)
    if ord == 1:
        total = reduce_sum(sizes, axis if not of_matrix else axis[0], keepdims=True)
        return reduce_max(total, axis=axis[1], keepdims=True) if of_matrix else total
    if np.isinf(ord):
        if not of_matrix:
            return reduce_max(sizes, axis, keepdims=True)
        return reduce_max(reduce_sum(sizes, axis[1], keepdims=True), axis=axis[0], keepdims=True)
    powers = reduce_sum(apply_op("Pow", sizes, ord), axis, keepdims=True)
    return apply_op("Pow", powers, 1.0 / ord)
