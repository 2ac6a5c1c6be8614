"""Sparse tensors, element by element: with a dense tensor (`sparse * dense`), with each other, softmax of the rows.

    sparse {[0, 1]: 7, [1, 0]: 8}   *   dense [[1, 2], [3, 4]]   =   {[0, 1]: 14, [1, 0]: 24}

With a dense tensor the places stay as they are and only the values change, so all happens on the device. The dense
tensor is broadcast to the sparse one's shape, never the other way round. Maximum and minimum of two sparse tensors
have as many elements as places occur in either, which is known in the run only: those run on the host.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.gathering import gather_nd
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import Gradient, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.sparse.densify import invalid
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor

# -------------------------------------------------------------------------------------------- with a dense tensor


def _not_given(what: str) -> Gradient:
    """The gradient that TensorFlow registers and does not have."""

    def gradient(op: Operation, *grads: Any) -> list[Any]:
        raise NotImplementedError(f"Gradient for {what} is not implemented.")

    return Gradient("function", gradient)


def _values_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(0, 2)
    return [(c.require_rank(0, 2)[0],)]


def dense_at(dense: Any, places: Any, sizes: Any) -> Any:
    """The elements of a dense tensor, broadcast to a shape, at given places."""
    shape = tuple(int(s) for s in sizes)
    extra = len(shape) - dense.ndim
    if extra < 0 or any(d not in (1, s) for d, s in zip(dense.shape, shape[extra:], strict=True)):
        raise ValueError(
            "SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: "
            f"[{','.join(map(str, shape))}] vs. [{','.join(map(str, dense.shape))}]"
        )
    columns = tuple(places[:, i + extra] * (dense.shape[i] > 1) for i in range(dense.ndim))
    if not columns:
        return jnp.broadcast_to(dense, (places.shape[0],))
    return dense[columns]


def _divided(x: Any, y: Any) -> Any:
    if not jnp.issubdtype(x.dtype, jnp.integer):
        return x / y
    quotient = jnp.abs(x) // jnp.maximum(jnp.abs(y), 1)  # towards zero, as C divides
    return (jnp.sign(x) * jnp.sign(y) * quotient).astype(x.dtype)


def _with_dense(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def lowering(sp_indices: Any, sp_values: Any, sp_shape: Any, dense: Any) -> Any:
        values = jnp.asarray(sp_values)
        return function(values, dense_at(jnp.asarray(dense), jnp.asarray(sp_indices), sp_shape))

    return lowering


_CWISE: tuple[tuple[str, Callable[[Any, Any], Any], dict[str, Any]], ...] = (
    ("Mul", jnp.multiply, {}),
    ("Div", _divided, {}),
    ("Add", jnp.add, {"gradient": _not_given("SparseDenseCwiseAdd")}),
)
for _name, _function, _more in _CWISE:
    declare(
        f"SparseDenseCwise{_name}(sp_indices: int64, sp_values: T, sp_shape: int64, dense: T) -> output: T",
        _with_dense(_function),
        shape=_values_dims,
        static=("sp_shape",),
        types={"T": dtypes.NUMERIC},
        **_more,
    )


def _added_gradient(op: Operation, grad: Any) -> list[Any]:
    return [None, gather_nd(grad, op.inputs[0]), None, grad]


@defop(
    "SparseTensorDenseAdd(a_indices: Tindices, a_values: T, a_shape: Tindices, b: T) -> output: T",
    shape=lambda c: [c.dims(3)],
    static=("a_shape",),
    gradient=Gradient("function", _added_gradient),
    types={"T": dtypes.NUMERIC, "Tindices": dtypes.INDEX},
)
def _sparse_dense_add(a_indices: Any, a_values: Any, a_shape: Any, b: Any) -> Any:
    sizes, dense = [int(s) for s in a_shape], jnp.asarray(b)
    if len(sizes) != dense.ndim:
        raise ValueError(
            "Two operands have different ranks: "
            f"{len(sizes)} for a and {dense.ndim} for b, but a sparse and a dense tensor are added without broadcasting"
        )
    for i, (have, want) in enumerate(zip(sizes, dense.shape, strict=True)):
        if have != want:
            raise ValueError(f"Dimension {i} does not equal (no broadcasting is supported): sparse side {have} vs "
                             f"dense side {want}")  # fmt: skip
    places = jnp.asarray(a_indices)
    return dense.at[tuple(places[:, i] for i in range(dense.ndim))].add(jnp.asarray(a_values))


# ------------------------------------------------------------------------------------------------------ softmax


def _softmax_gradient(op: Operation, grad: Any) -> list[Any]:
    from scopedjax._src.ops.sparse.reductions import sparse_reduce_sum

    places, _, sizes = op.inputs
    outputs = op.outputs[0]
    total = -sparse_reduce_sum(SparseTensor(places, outputs * grad, sizes), [-1], keepdims=True)
    return [None, apply_op("SparseDenseCwiseAdd", places, grad, sizes, total) * outputs, None]


@defop(
    "SparseSoftmax(sp_indices: int64, sp_values: T, sp_shape: int64) -> output: T",
    shape=lambda c: [c.dims(1)],
    host=True,
    gradient=Gradient("function", _softmax_gradient),
    types={"T": (dtypes.float16, dtypes.float32, dtypes.float64)},
)
def _sparse_softmax(sp_indices: Any, sp_values: Any, sp_shape: Any) -> Any:
    if len(sp_shape) < 2:
        raise invalid(f"Input should have rank >= 2, but received shape: {' '.join(map(str, sp_shape))}")
    if not len(sp_values):
        return sp_values
    _, rows = np.unique(sp_indices[:, :-1], axis=0, return_inverse=True)
    rows = rows.reshape(-1)
    highest = np.full(rows.max() + 1, -np.inf, sp_values.dtype)
    np.maximum.at(highest, rows, sp_values)
    powers = np.exp(sp_values - highest[rows])
    totals = np.zeros(len(highest), sp_values.dtype)
    np.add.at(totals, rows, powers)
    return powers / totals[rows]


# ------------------------------------------------------------------------------------------- two sparse tensors


def _pair_dims(c: ShapeContext) -> list[Dims]:
    return [(None, None), (None,)]


def union_of_places(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The places that occur in either, in row-major order, and where those of `a` and of `b` are among them."""
    places, where = np.unique(np.concatenate([a, b]), axis=0, return_inverse=True)
    where = where.reshape(-1)
    return places, where[: len(a)], where[len(a) :]


def _of_two(function: Any) -> Callable[..., Any]:
    def lowering(
        a_indices: Any, a_values: Any, a_shape: Any, b_indices: Any, b_values: Any, b_shape: Any
    ) -> tuple[Any, Any]:
        if len(a_shape) != len(b_shape):
            raise invalid("Operands do not have the same ranks; got shapes: "
                          f"{np.array2string(a_shape)} and {np.array2string(b_shape)}")  # fmt: skip
        for i, (x, y) in enumerate(zip(a_shape, b_shape, strict=True)):
            if x != y:
                raise invalid(f"Operands' shapes do not match: got {x} and {y} for dimension {i}")
        places, at_a, at_b = union_of_places(a_indices, b_indices)
        left, right = np.zeros(len(places), a_values.dtype), np.zeros(len(places), b_values.dtype)
        left[at_a], right[at_b] = a_values, b_values
        return places, function(left, right)

    return lowering


for _name, _function, _types in (("Maximum", np.maximum, dtypes.REAL), ("Minimum", np.minimum, dtypes.NUMERIC)):
    declare(
        f"SparseSparse{_name}(a_indices: int64, a_values: T, a_shape: int64, b_indices: int64, b_values: T, "
        "b_shape: int64) -> output_indices: int64, output_values: T",
        _of_two(_function),
        shape=_pair_dims,
        host=True,
        gradient=_not_given(f"SparseSparse{_name}"),
        types={"T": _types},
    )

# -------------------------------------------------------------------------------------------- public functions


def sparse_dense_add(sparse: SparseTensor, dense: Any) -> Tensor:
    """The dense sum of a sparse and a dense tensor of the same shape."""
    return apply_op("SparseTensorDenseAdd", sparse.indices, sparse.values, sparse.dense_shape, dense)


def sparse_softmax(sp_input: SparseTensor, name: str | None = None) -> SparseTensor:
    """The softmax of each row (last dimension), over the elements that are there.

    Args:
      sp_input: Floating `SparseTensor` of at least two dimensions, in row-major order.
      name: Name scope; "SparseSoftmax" by default.

    Returns:
      `SparseTensor` with the same places.

    >>> sparse = tf.SparseTensor([[0, 0], [0, 2], [1, 1]], [1.0, 1.0, 5.0], [2, 3])
    >>> tf.Session().run(tf.sparse_softmax(sparse)).values.tolist()
    [0.5, 0.5, 1.0]
    """
    with stacks.get_default_graph().name_scope(name or "SparseSoftmax"):
        values = apply_op("SparseSoftmax", sp_input.indices, sp_input.values, sp_input.dense_shape)
        return SparseTensor(sp_input.indices, values, sp_input.dense_shape)


def _larger_or_smaller(op_type: str, name: str, what: str, example: str) -> Callable[..., SparseTensor]:
    def function(sp_a: Any, sp_b: Any, name: str | None = None) -> SparseTensor:
        with stacks.get_default_graph().name_scope(name or op_type) as scope:
            places, values = apply_op(
                op_type, sp_a.indices, sp_a.values, sp_a.dense_shape, sp_b.indices, sp_b.values, sp_b.dense_shape,
                name=scope,
            )  # fmt: skip
        return SparseTensor(places, values, sp_a.dense_shape)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""The {what} of two sparse tensors, element by element; a missing element counts as zero.

    Args:
      sp_a: `SparseTensor` of numbers.
      sp_b: `SparseTensor` of the same shape and dtype.
      name: Node name; "{op_type}" by default.

    Returns:
      `SparseTensor` with the places of both.

    Raises:
      InvalidArgumentError: when run, if the shapes differ.

    >>> a, b = tf.SparseTensor([[0], [1]], [1, -2], [4]), tf.SparseTensor([[1], [3]], [5, -6], [4])
    >>> tf.Session().run(tf.{name}(a, b)).values.tolist()
    {example}
    """
    return function


sparse_maximum = _larger_or_smaller("SparseSparseMaximum", "sparse_maximum", "larger", "[1, 5, 0]")
sparse_minimum = _larger_or_smaller("SparseSparseMinimum", "sparse_minimum", "smaller", "[0, -2, -6]")

# ----------------------------------------------------------------------------------------------------- operators

_WIDER = {
    dtypes.uint8: dtypes.float32,
    dtypes.int8: dtypes.float32,
    dtypes.uint16: dtypes.float32,
    dtypes.int16: dtypes.float32,
    dtypes.uint32: dtypes.float64,
    dtypes.int32: dtypes.float64,
    dtypes.uint64: dtypes.float64,
    dtypes.int64: dtypes.float64,
}


def _times(sparse: SparseTensor, dense: Tensor, scope: str) -> Tensor:
    return apply_op("SparseDenseCwiseMul", sparse.indices, sparse.values, sparse.dense_shape, dense, name=scope)


def _over(sparse: SparseTensor, dense: Tensor, scope: str) -> Tensor:
    values, wider = sparse.values, _WIDER.get(sparse.dtype.base_dtype)
    if wider is not None:  # numbers are divided as Python 3 does
        values, dense = apply_op("Cast", values, DstT=wider), apply_op("Cast", dense, DstT=wider)
    return apply_op("SparseDenseCwiseDiv", sparse.indices, values, sparse.dense_shape, dense, name=scope)


def _operator(name: str, function: Callable[[SparseTensor, Tensor, str], Tensor]) -> Callable[..., SparseTensor]:
    def operator(self: SparseTensor, other: Any) -> SparseTensor:
        with stacks.get_default_graph().name_scope(name) as scope:
            dense = convert_to_tensor(other, dtype=self.dtype.base_dtype, name="y")
            return SparseTensor(self.indices, function(self, dense, scope), self.dense_shape)

    return operator


for _name, _method in (
    ("__mul__", _operator("mul", _times)),
    ("__rmul__", _operator("mul", _times)),
    ("__truediv__", _operator("truediv", _over)),
):
    setattr(SparseTensor, _name, _method)
