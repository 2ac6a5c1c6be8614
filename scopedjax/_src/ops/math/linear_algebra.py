"""Matrix products and what is made of them: `matmul`, `tensordot`, `einsum`, `norm`, `trace`, `cross`.

Two matrices are multiplied by `MatMul`, stacks of them by `BatchMatMulV2`, as TF1 records them. The precision of float32
products is the backend's default, as in TensorFlow; `jax.default_matmul_precision` changes it.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, broadcast_dims, merge_dim
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import declare
from scopedjax._src.ops.shape_context import ShapeContext

_PRODUCT = (
    *dtypes.FLOATING, dtypes.int16, dtypes.int32, dtypes.int64, dtypes.uint8, dtypes.uint16, dtypes.uint32, dtypes.uint64,
    *dtypes.COMPLEX,
)  # fmt: skip

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
for _type in ("BatchMatMul", "BatchMatMulV2"):
    declare(
        f"{_type}(x: T, y: T; {_ADJOINTS}) -> output: T", _batch_matmul, shape=_batch_matmul_dims, types={"T": _PRODUCT}
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
        if _needs_stack(a) or _needs_stack(b) or output_type is not None and output_type != a.dtype.base_dtype:
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
