"""Products of a sparse and a dense matrix, on the device.

    A = {[0, 1]: 7, [2, 0]: 8}      A @ B:   out[0] += 7 * B[1]      out[2] += 8 * B[0]

Each element of the sparse matrix adds one scaled row of the dense matrix to one row of the result, so the gradients
touch the elements of the sparse matrix only, as TensorFlow's do. A place outside the matrix counts for nothing.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.joining import transpose
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import LoweringContext, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.sparse.sparse_tensor import as_sparse, is_sparse


def _product_dims(c: ShapeContext) -> list[Dims]:
    if c.dims(2) is not None and c.require_rank(2, 1)[0] not in (None, 2):
        raise c.fail(f"Shape must be rank 2 but is rank {c.require_rank(2, 1)[0]}")
    b = c.require_rank(3, 2)
    a = c.shape_value(2) or (None, None)
    a = a[::-1] if c.attr("adjoint_a") else a
    b = b[::-1] if c.attr("adjoint_b") else b
    if None not in (a[1], b[0]) and a[1] != b[0]:
        raise c.fail(f"Dimensions must be equal, but are {a[1]} and {b[0]}")
    return [(a[0], b[1])]


@defop(
    "SparseTensorDenseMatMul(a_indices: Tindices, a_values: T, a_shape: int64, b: T; "
    "Tindices: type = int64, adjoint_a: bool = False, adjoint_b: bool = False) -> product: T",
    shape=_product_dims,
    static=("a_shape",),
    types={"Tindices": dtypes.INDEX},
    guards=True,
)
def _product(
    ctx: LoweringContext, a_indices: Any, a_values: Any, a_shape: Any, b: Any, *, adjoint_a: bool, adjoint_b: bool
) -> Any:
    places, values, dense = jnp.asarray(a_indices), jnp.asarray(a_values), jnp.asarray(b)
    rows, columns, sizes = places[:, 0], places[:, 1], (int(a_shape[0]), int(a_shape[1]))
    if adjoint_a:
        rows, columns, sizes, values = columns, rows, sizes[::-1], jnp.conj(values)
    if adjoint_b:
        dense = jnp.conj(dense.T)
    if sizes[1] != dense.shape[0]:
        raise ValueError(
            f"Cannot multiply A and B because inner dimension does not match: {sizes[1]} vs. {dense.shape[0]}.  "
            "Did you forget a transpose?  "
            f"Dimensions of A: [{sizes[0]}, {sizes[1]}).  Dimensions of B: {list(dense.shape)}"
        )
    if not ctx.lies_within(ctx.op.inputs[0], 0, min(sizes)):
        for letter, found, column, size in (
            ("k", columns, int(not adjoint_a), sizes[1]),
            ("m", rows, int(adjoint_a), sizes[0]),
        ):
            words = f"{letter} ({{found}}) from index[{{place}},{column}] out of bounds (>={size})"
            ctx.refuse((found < 0) | (found >= size), found, words)
    terms = values[:, None] * dense.at[columns].get(mode="fill", fill_value=0)
    return jnp.zeros((sizes[0], dense.shape[1]), dense.dtype).at[rows].add(terms, mode="drop")


def sparse_tensor_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Tensor:
    """The product of a sparse and a dense matrix.

    Args:
      sp_a: `SparseTensor` `[n, m]`; or a dense matrix, where `b` is the sparse one.
      b: Dense matrix `[m, k]` of the same dtype.
      adjoint_a: Whether to take the conjugate transpose of `sp_a`.
      adjoint_b: Whether to take the conjugate transpose of `b`.
      name: Name scope; "SparseTensorDenseMatMul" by default.

    Returns:
      Dense tensor `[n, k]`.

    Raises:
      ValueError: the inner sizes differ.
      TypeError: neither is sparse.

    >>> a = tf.SparseTensor([[0, 1], [2, 0]], [7.0, 8.0], [3, 2])
    >>> tf.Session().run(tf.sparse_tensor_dense_matmul(a, [[1.0], [2.0]])).tolist()
    [[14.0], [0.0], [8.0]]
    """
    if is_sparse(b):
        # x @ s  is the transpose of  s^T @ x^T, and the dense one is the second operand there.
        if adjoint_a != adjoint_b:
            return transpose(sparse_tensor_dense_matmul(b, sp_a, adjoint_a, adjoint_b))
        return transpose(sparse_tensor_dense_matmul(b, sp_a, adjoint_a=not adjoint_a, adjoint_b=not adjoint_b))
    sparse = as_sparse(sp_a)
    with stacks.get_default_graph().name_scope(name or "SparseTensorDenseMatMul"):
        dense = convert_to_tensor(b, name="b")
        return apply_op(
            "SparseTensorDenseMatMul",
            sparse.indices,
            sparse.values,
            sparse.dense_shape,
            dense,
            adjoint_a=adjoint_a,
            adjoint_b=adjoint_b,
        )


def sparse_matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The product of two dense matrices that hold many zeros; XLA multiplies them as they are.

    Args:
      a: float32 or bfloat16 matrix.
      b: float32 or bfloat16 matrix.
      transpose_a: Whether to transpose `a`.
      transpose_b: Whether to transpose `b`.
      a_is_sparse: Accepted; changes no number.
      b_is_sparse: Accepted; changes no number.
      name: Node name; "SparseMatMul" by default.

    Returns:
      float32 tensor.

    Raises:
      ValueError: the inner sizes differ.

    >>> tf.Session().run(tf.sparse_matmul([[1.0, 0.0]], [[2.0], [3.0]], a_is_sparse=True)).tolist()
    [[2.0]]
    """
    return apply_op(
        "SparseMatMul",
        a,
        b,
        transpose_a=transpose_a,
        transpose_b=transpose_b,
        a_is_sparse=a_is_sparse,
        b_is_sparse=b_is_sparse,
        name=name,
    )
