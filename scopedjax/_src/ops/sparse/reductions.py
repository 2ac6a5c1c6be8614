"""Sums and maxima of sparse tensors over axes, dense or sparse again, on the host.

Only the elements that are there count: the maximum of a row whose elements are all negative is negative, although the
row has zeros where nothing is stored. A row without any element gives 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.gathering import gather_nd
from scopedjax._src.ops.array.selection import dynamic_stitch
from scopedjax._src.ops.array.shapes import rank, renamed_argument, reshape
from scopedjax._src.ops.constant import constant_node
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.registry import NO_GRADIENT, Gradient, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.sparse.densify import invalid
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor

_ATTRS = "keep_dims: bool = False"
_INPUTS = "input_indices: int64, input_values: T, input_shape: int64, reduction_axes: int32"


def _reduced_dims(c: ShapeContext) -> list[Dims]:
    sizes, axes = c.const(2), c.const(3)
    dims = None if sizes is None else [int(n) for n in sizes]
    if dims is None or axes is None:
        return [None]
    gone = {int(a) + len(dims) if a < 0 else int(a) for a in axes.reshape(-1)}
    if c.attr("keep_dims"):
        return [tuple(1 if i in gone else d for i, d in enumerate(dims))]
    return [tuple(d for i, d in enumerate(dims) if i not in gone)]


def _kept_axes(sizes: np.ndarray, axes: np.ndarray) -> list[int]:
    for axis in axes.reshape(-1):
        if not -len(sizes) <= axis < len(sizes):
            raise invalid(f"Invalid reduction dimension {axis}, for input with {len(sizes)} dimensions.")
    gone = {int(a) % len(sizes) for a in axes.reshape(-1)}
    return [i for i in range(len(sizes)) if i not in gone]


def _groups(ufunc: Any, places: Any, values: Any, kept: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The places along the kept axes at which something is, and what is there."""
    found, rows = np.unique(places[:, kept], axis=0, return_inverse=True)
    rows = rows.reshape(-1)
    order = np.argsort(rows, kind="stable")
    starts = np.searchsorted(rows[order], np.arange(len(found)))
    return found, ufunc.reduceat(values[order], starts).astype(values.dtype) if len(values) else values


def _dense(ufunc: Any) -> Callable[..., Any]:
    def lowering(
        input_indices: Any, input_values: Any, input_shape: Any, reduction_axes: Any, *, keep_dims: bool
    ) -> Any:
        kept = _kept_axes(input_shape, reduction_axes)
        places, values = _groups(ufunc, input_indices, input_values, kept)
        result = np.zeros(tuple(input_shape[kept]), input_values.dtype)
        if len(values):
            result[tuple(places.T)] = values if kept else values[0]
        if keep_dims:
            result = result.reshape([n if i in kept else 1 for i, n in enumerate(input_shape)])
        return result

    return lowering


def _sparse(ufunc: Any) -> Callable[..., Any]:
    def lowering(
        input_indices: Any, input_values: Any, input_shape: Any, reduction_axes: Any, *, keep_dims: bool
    ) -> tuple[Any, Any, Any]:
        kept = _kept_axes(input_shape, reduction_axes)
        places, values = _groups(ufunc, input_indices, input_values, kept)
        if not keep_dims:
            return places, values, input_shape[kept]
        whole = np.zeros((len(places), len(input_shape)), np.int64)
        whole[:, kept] = places
        return whole, values, np.array([n if i in kept else 1 for i, n in enumerate(input_shape)], np.int64)

    return lowering


def _sum_gradient(op: Operation, grad: Any) -> list[Any]:
    """Each element gets the gradient of the sum that it is part of."""
    sizes, axes = op.inputs[2], op.inputs[3]
    count = apply_op("Size", sizes)
    axes = apply_op("FloorMod", apply_op("AddV2", axes, count), count)
    kept = cast(dynamic_stitch([tf_range(count), axes], [cast(sizes, dtypes.int32), ones_like(axes)]), dtypes.int64)
    scale = apply_op("FloorDiv", sizes, kept)
    return [None, gather_nd(reshape(grad, kept), apply_op("FloorDiv", op.inputs[0], scale)), None, None]


for _name, _ufunc, _types in (("Sum", np.add, dtypes.NUMERIC), ("Max", np.maximum, dtypes.REAL)):
    declare(
        f"SparseReduce{_name}({_INPUTS}; {_ATTRS}) -> output: T",
        _dense(_ufunc),
        shape=_reduced_dims,
        host=True,
        gradient=Gradient("function", _sum_gradient) if _name == "Sum" else NO_GRADIENT,
        types={"T": _types},
    )
    declare(
        f"SparseReduce{_name}Sparse({_INPUTS}; {_ATTRS}) -> output_indices: int64, output_values: T, "
        "output_shape: int64",
        _sparse(_ufunc),
        shape=lambda c: [None, None, None],
        host=True,
        gradient=NO_GRADIENT,
        types={"T": _types},
    )


def _axes(sparse: SparseTensor, axis: Any) -> Any:
    if axis is not None:
        return axis
    count = sparse.dense_shape._dims
    if count is not None and count[0] is not None:
        return constant_node(np.arange(count[0], dtype=np.int32), dtypes.int32, None, "Const")
    return tf_range(0, rank(sparse))


_DOC = """The {what} of a sparse tensor over axes, as a {kind} tensor; elements that are not stored do not count.

    Args:
      sp_input: `SparseTensor` of numbers.
      axis: Axis or list of axes, counted from the end where negative; all axes by default.
      keepdims: Whether reduced axes stay, with size 1.
      reduction_axes: The older name of `axis`.
      keep_dims: The older name of `keepdims`.

    Returns:
      {returns}

    Raises:
      InvalidArgumentError: when run, if an axis is out of range.
      ValueError: an argument is given under both of its names.

    >>> sparse = tf.SparseTensor([[0, 0], [0, 2], [1, 1]], [1, 2, 3], [2, 3])
    >>> {example}
    """


def _reduction(op_type: str, name: str, what: str, example: str) -> Callable[..., Any]:
    sparse_result = op_type.endswith("Sparse")

    def function(
        sp_input: Any, axis: Any = None, keepdims: Any = None, reduction_axes: Any = None, keep_dims: Any = None
    ) -> Any:
        keepdims = renamed_argument("keepdims", keepdims, "keep_dims", keep_dims)
        axis = renamed_argument("axis", axis, "reduction_axes", reduction_axes)
        axes = _axes(sp_input, axis)
        result = apply_op(
            op_type, sp_input.indices, sp_input.values, sp_input.dense_shape, axes, keep_dims=bool(keepdims)
        )
        return SparseTensor(*result) if sparse_result else result

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _DOC.format(
        what=what,
        kind="sparse" if sparse_result else "dense",
        returns="A `SparseTensor`." if sparse_result else "Dense tensor of the same dtype.",
        example=example,
    )
    return function


def _shown(call: str, value: str) -> str:
    return f"tf.Session().run({call}).tolist()\n    {value}"


sparse_reduce_sum: Callable[..., Tensor] = _reduction(
    "SparseReduceSum", "sparse_reduce_sum", "sum", _shown("tf.sparse_reduce_sum(sparse, 1)", "[3, 3]")
)
sparse_reduce_max: Callable[..., Tensor] = _reduction(
    "SparseReduceMax", "sparse_reduce_max", "largest element", _shown("tf.sparse_reduce_max(sparse, 1)", "[2, 3]")
)
sparse_reduce_sum_sparse: Callable[..., SparseTensor] = _reduction(
    "SparseReduceSumSparse",
    "sparse_reduce_sum_sparse",
    "sum",
    _shown("tf.sparse_reduce_sum_sparse(sparse, 0).values", "[1, 3, 2]"),
)
sparse_reduce_max_sparse: Callable[..., SparseTensor] = _reduction(
    "SparseReduceMaxSparse",
    "sparse_reduce_max_sparse",
    "largest element",
    _shown("tf.sparse_reduce_max_sparse(sparse, 0).values", "[1, 3, 2]"),
)
