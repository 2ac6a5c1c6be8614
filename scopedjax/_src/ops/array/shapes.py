"""Asking for shapes and changing them: `shape`, `size`, `rank`, `reshape`, `expand_dims`, `squeeze`, `broadcast_to`.

    x: [?, 3]      tf.shape(x)  ->  node Shape, value [n, 3]; as far as it is known now: (None, 3)
    y: [2, 3]      tf.shape(y)  ->  a constant [2, 3], as TF1 does

While a program is traced every size is known, so shape arithmetic is done by NumPy then and leaves no trace in XLA.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, TensorShape, as_shape, broadcast_dims, from_dims, fully_known, num_elements
from scopedjax._src.base.shapes import merge_dims as _merge_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.module import axis_within, holds_text, module_of
from scopedjax._src.ops.constant import constant_node
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import scalar

# ------------------------------------------------------------------------------------------------------ asking


def _shape(input: Any, *, out_type: Any) -> Any:
    return np.asarray(input.shape, out_type.as_numpy_dtype)


def _shape_value(op: Operation) -> Sequence[Any] | None:
    dtype = op.attrs["out_type"].as_numpy_dtype
    return [np.asarray(t.dims, dtype) if fully_known(t.dims) else None for t in op.inputs]


def _rank_dims(c: ShapeContext) -> list[Dims]:
    return [(None,) if dims is None else (len(dims),) for dims in c.all_dims()]


declare(
    "Shape(input: T; out_type: type = int32) -> output: out_type",
    _shape,
    shape=_rank_dims,
    gradient=NOT_DIFFERENTIABLE,
    static_value=_shape_value,
    dims_value=lambda op, of: op.inputs[0].dims,
    host=holds_text("T"),
)
declare(
    "ShapeN(input: N * T; out_type: type = int32) -> output: N * out_type",
    lambda input, *, out_type: [_shape(v, out_type=out_type) for v in input],
    shape=_rank_dims,
    gradient=NOT_DIFFERENTIABLE,
    static_value=_shape_value,
    host=holds_text("T"),
)


def _size_value(op: Operation) -> Sequence[Any] | None:
    size = num_elements(op.inputs[0].dims)
    return None if size is None else [np.asarray(size, op.attrs["out_type"].as_numpy_dtype)]


declare(
    "Size(input: T; out_type: type = int32) -> output: out_type",
    lambda input, *, out_type: np.asarray(np.prod(input.shape, dtype=np.int64), out_type.as_numpy_dtype),
    shape=scalar,
    gradient=NOT_DIFFERENTIABLE,
    static_value=_size_value,
    host=holds_text("T"),
)


def _rank_value(op: Operation) -> Sequence[Any] | None:
    dims = op.inputs[0].dims
    return None if dims is None else [np.asarray(len(dims), np.int32)]


declare(
    "Rank(input: T) -> output: int32",
    lambda input: np.asarray(input.ndim, np.int32),
    shape=scalar,
    gradient=NOT_DIFFERENTIABLE,
    static_value=_rank_value,
    host=holds_text("T"),
)

# ---------------------------------------------------------------------------------------------------- changing


def _reshape_dims(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    wanted_dims = c.dims(1)
    if wanted_dims is not None and len(wanted_dims) != 1:
        raise c.fail(f"Shape must be rank 1 but is rank {len(wanted_dims)}")
    wanted = c.shape_value(1)
    if wanted is None:
        return [None]
    sizes = list(wanted)
    holes = [i for i, size in enumerate(sizes) if size is None]
    if len(holes) > 1 or dims is None:
        # One of several unknown sizes is still known to be 1 or more; TF keeps it unknown too.
        return [tuple(sizes)]
    total = num_elements(dims)
    known = int(np.prod([s for s in sizes if s is not None], dtype=np.int64))
    if not holes:
        _check_elements(c, dims, total, sizes, known)
        return [tuple(sizes)]
    if total is not None:
        if known and total % known:
            raise c.fail(f"Dimension size must be evenly divisible by {known} but is {total}")
        if known:
            sizes[holes[0]] = total // known
        return [tuple(sizes)]
    return [tuple(sizes)]


def _check_elements(c: ShapeContext, dims: tuple[int | None, ...], total: int | None, sizes: Any, known: int) -> None:
    if total is not None:
        if total != known:
            text = ",".join(map(str, sizes))
            raise c.fail(f"Cannot reshape a tensor with {total} elements to shape [{text}] ({known} elements)")
        return
    part = int(np.prod([d for d in dims if d is not None], dtype=np.int64))
    if part and known % part:
        raise c.fail(f"Dimension size must be evenly divisible by {part} but is {known}")


def _reshape_value(op: Operation, of: Callable[[Tensor], Dims]) -> Dims:
    """A shape vector reshaped to a vector: `tf.reshape(shape, [-1])` is the shape still."""
    if op.inputs[0].ndim == 1 and op.outputs and op.outputs[0].ndim == 1:
        return of(op.inputs[0])
    return None


def _reshape(tensor: Any, shape: Any) -> Any:
    sizes = tuple(int(s) for s in np.asarray(shape))
    if sizes.count(-1) > 1:
        first, second = [i for i, s in enumerate(sizes) if s == -1][:2]
        raise ValueError(f"Only one input size may be -1, not both {first} and {second}")
    _check_size(tensor, sizes)
    if 0 in tensor.shape:  # NumPy cannot tell the missing size of nothing; it is 0
        sizes = tuple(0 if s == -1 else s for s in sizes)
    return module_of(tensor).reshape(tensor, sizes)


def _check_size(tensor: Any, sizes: tuple[int, ...]) -> None:
    total = int(np.prod(tensor.shape, dtype=np.int64))
    known = int(np.prod([s for s in sizes if s != -1], dtype=np.int64))
    if -1 not in sizes and known != total:
        raise ValueError(
            f"Input to reshape is a tensor with {total} values, but the requested shape has {known}: "
            f"{list(tensor.shape)} to {list(sizes)}"
        )
    if -1 in sizes and known and total % known:
        raise ValueError(
            f"Input to reshape is a tensor with {total} values, but the requested shape requires a multiple of {known}"
            f": {list(tensor.shape)} to {list(sizes)}"
        )


declare(
    "Reshape(tensor: T, shape: Tshape; Tshape: type = int32) -> output: T",
    _reshape,
    shape=_reshape_dims,
    numpy=_reshape,
    dims_value=_reshape_value,
    static=("shape",),
    types={"Tshape": dtypes.INDEX},
    host=holds_text("T"),
)


def _expand_dims_rule(c: ShapeContext) -> list[Dims]:
    dims, dim = c.dims(0), c.const(1)
    if dims is None:
        return [None]
    if dim is None:
        return [(None,) * (len(dims) + 1)]
    axis = int(dim.reshape(-1)[0])
    if not -len(dims) - 1 <= axis <= len(dims):
        raise c.fail(f"dim {axis} not in the interval [{-len(dims) - 1}, {len(dims)}].")
    axis += len(dims) + 1 if axis < 0 else 0
    return [(*dims[:axis], 1, *dims[axis:])]


def _expand_dims(input: Any, dim: Any) -> Any:
    return module_of(input).expand_dims(input, int(np.asarray(dim).reshape(-1)[0]))


declare(
    "ExpandDims(input: T, dim: Tdim; Tdim: type = int32) -> output: T",
    _expand_dims,
    shape=_expand_dims_rule,
    numpy=_expand_dims,
    static=("dim",),
    types={"Tdim": dtypes.INDEX},
    host=holds_text("T"),
)


def _squeeze_dims_rule(c: ShapeContext) -> list[Dims]:
    dims, axes = c.dims(0), c.attr("squeeze_dims")
    if dims is None:
        return [None]
    if not axes:
        return [None] if None in dims else [tuple(d for d in dims if d != 1)]
    gone: set[int] = set()
    for axis in axes:
        if not -len(dims) <= axis < len(dims):
            raise c.fail(f"squeeze_dims[0] not in [{-len(dims)},{len(dims)})")
        at = axis % len(dims)
        if dims[at] not in (1, None):
            raise c.fail(f"Can not squeeze dim[{at}], expected a dimension of 1, got {dims[at]}")
        gone.add(at)
    return [tuple(d for i, d in enumerate(dims) if i not in gone)]


def _squeeze(input: Any, *, squeeze_dims: tuple[int, ...]) -> Any:
    axes = tuple(axis_within(a, input.ndim) for a in squeeze_dims) or None
    for axis in axes or ():
        if input.shape[axis] != 1:
            raise ValueError(f"Can not squeeze dim[{axis}], expected a dimension of 1, got {input.shape[axis]}")
    return module_of(input).squeeze(input, axes)


declare(
    "Squeeze(input: T; squeeze_dims: list(int) = []) -> output: T",
    _squeeze,
    shape=_squeeze_dims_rule,
    numpy=_squeeze,
    host=holds_text("T"),
)


def _broadcast_to_dims(c: ShapeContext) -> list[Dims]:
    wanted, dims = c.shape_value(1), c.dims(0)
    if wanted is None:
        return [None]
    if dims is not None:
        if len(dims) > len(wanted):
            raise c.fail(f"Rank of input ({len(dims)}) must be no greater than rank of output shape ({len(wanted)}).")
        for size, target in zip(reversed(dims), reversed(wanted), strict=False):
            if size not in (None, 1) and target is not None and size != target:
                raise c.fail(f"Dimensions must be equal, but are {size} and {target}")
    return [wanted]


def _broadcast_to(input: Any, shape: Any) -> Any:
    return module_of(input).broadcast_to(input, tuple(int(s) for s in np.asarray(shape)))


declare(
    "BroadcastTo(input: T, shape: Tidx; Tidx: type = int32) -> output: T",
    _broadcast_to,
    shape=_broadcast_to_dims,
    numpy=_broadcast_to,
    static=("shape",),
    types={"Tidx": dtypes.INDEX},
    host=holds_text("T"),
)


def _broadcast_args(s0: Any, s1: Any) -> Any:
    sizes = np.broadcast_shapes(tuple(int(s) for s in s0), tuple(int(s) for s in s1))
    return np.asarray(sizes, np.asarray(s0).dtype)


def _broadcast_args_dims(c: ShapeContext) -> list[Dims]:
    a, b = c.require_rank(0, 1), c.require_rank(1, 1)
    return [(None if a[0] is None or b[0] is None else max(a[0], b[0]),)]


declare(
    "BroadcastArgs(s0: T, s1: T; T: type = int32) -> r0: T",
    _broadcast_args,
    shape=_broadcast_args_dims,
    numpy=_broadcast_args,
    dims_value=lambda op, of: _try_broadcast(of(op.inputs[0]), of(op.inputs[1])),
    static=("s0", "s1"),
    gradient=NO_GRADIENT,
    types={"T": dtypes.INDEX},
)


def _try_broadcast(a: Dims, b: Dims) -> Dims:
    try:
        return broadcast_dims(a, b)
    except ValueError:
        return None


def _reduced_axes(s0: Any, s1: Any) -> tuple[Any, Any]:
    """The axes over which the gradient of each operand of a broadcast is summed."""
    rank = max(len(s0), len(s1))
    a, b = ([1] * (rank - len(s)) + [int(v) for v in s] for s in (s0, s1))
    dtype = np.asarray(s0).dtype
    left = [i for i in range(rank) if a[i] == 1 and (b[i] != 1 or i < rank - len(s0) or a[i] == b[i])]
    right = [i for i in range(rank) if b[i] == 1 and (a[i] != 1 or i < rank - len(s1) or a[i] == b[i])]
    if [int(v) for v in s0] == [int(v) for v in s1]:
        left = right = []
    return np.asarray(left, dtype), np.asarray(right, dtype)


declare(
    "BroadcastGradientArgs(s0: T, s1: T; T: type = int32) -> r0: T, r1: T",
    _reduced_axes,
    shape=lambda c: [(None,), (None,)],
    numpy=_reduced_axes,
    static=("s0", "s1"),
    gradient=NOT_DIFFERENTIABLE,
    types={"T": dtypes.INDEX},
)


def _ensure_dims(c: ShapeContext) -> list[Dims]:
    try:
        return [_merge_dims(c.attr("shape"), c.dims(0))]
    except ValueError as error:
        raise c.fail(str(error)) from None


def _ensure_shape(input: Any, *, shape: Dims) -> Any:
    if not from_dims(shape).is_compatible_with(input.shape):
        raise ValueError(
            f"Shape of tensor is not compatible with expected shape: "
            f"{list(input.shape)} does not fit {from_dims(shape)}"
        )
    return input


declare(
    "EnsureShape(input: T; shape: shape) -> output: T",
    _ensure_shape,
    shape=_ensure_dims,
    numpy=_ensure_shape,
    host=holds_text("T"),
)

# --------------------------------------------------------------------------------------------- public functions


def _sparse_shape(input: Any) -> Tensor | None:
    """The dense shape of a sparse tensor, None for other values."""
    if type(input).__name__ in ("SparseTensor", "SparseTensorValue"):
        return convert_to_tensor(input.dense_shape)
    return None


def shape(input: Any, name: str | None = None, out_type: Any = None) -> Tensor:
    """Returns the shape of a tensor as a 1-D integer tensor.

    Args:
      input: Tensor or SparseTensor of any dtype and rank R.
      name: Node name; defaults to "Shape".
      out_type: tf.int32 (default) or tf.int64.

    Returns:
      Tensor `[R]`. A constant where the static shape is fully known.

    >>> x = tf.placeholder(tf.float32, [None, 3])
    >>> tf.Session().run(tf.shape(x), {x: np.zeros([2, 3])}).tolist()
    [2, 3]
    """
    return shape_internal(input, name, optimize=True, out_type=out_type)


def shape_internal(input: Any, name: str | None, optimize: bool = True, out_type: Any = None) -> Tensor:
    """Returns the shape as `shape` does; a node even where it is known when `optimize` is off."""
    dtype = dtypes.int32 if out_type is None else dtypes.as_dtype(out_type)
    graph = stacks.get_default_graph()
    with graph.name_scope(name or "Shape") as scope:
        dense = _sparse_shape(input)
        if dense is not None:
            return dense if dense.dtype.base_dtype is dtype else apply_op("Cast", dense, DstT=dtype)
        tensor = convert_to_tensor(input)
        if optimize and fully_known(tensor.dims):
            return constant_node(np.asarray(tensor.dims, dtype.as_numpy_dtype), dtype, None, scope)
        return apply_op("Shape", tensor, out_type=dtype, name=scope)


def shape_in_scope(input: Any) -> Tensor:
    """Returns the shape as TF2 records it inside its own functions: a constant 'Shape/shape_as_tensor', or 'Shape'."""
    if isinstance(input, Tensor) and not fully_known(input.dims):
        return shape_internal(input, None)
    with stacks.get_default_graph().name_scope("Shape"):
        tensor = convert_to_tensor(input, name="Const")
        if fully_known(tensor.dims):
            return constant_node(np.asarray(tensor.dims, np.int32), dtypes.int32, None, "shape_as_tensor")
        return apply_op("Shape", tensor)


def shape_n(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> list[Tensor]:
    """Returns the shapes of several tensors of one dtype.

    Args:
      input: List of tensors.
      out_type: tf.int32 or tf.int64.
      name: Node name; defaults to "ShapeN".

    Returns:
      List of 1-D integer tensors.

    >>> [s.shape.as_list() for s in tf.shape_n([tf.ones([2, 3]), tf.ones([4])])]
    [[2], [1]]
    """
    return apply_op("ShapeN", input, out_type=out_type, name=name)


def size(input: Any, name: str | None = None, out_type: Any = None) -> Tensor:
    """Returns the number of elements of a tensor as an integer scalar.

    Args:
      input: Tensor or SparseTensor.
      name: Node name; defaults to "Size".
      out_type: tf.int32 (default) or tf.int64.

    Returns:
      Scalar; a constant where the static shape is fully known.

    >>> int(tf.Session().run(tf.size(tf.zeros([2, 3]))))
    6
    """
    dtype = dtypes.int32 if out_type is None else dtypes.as_dtype(out_type)
    with stacks.get_default_graph().name_scope(name or "Size") as scope:
        dense = _sparse_shape(input)
        if dense is not None:
            return apply_op("Prod", apply_op("Cast", dense, DstT=dtype), 0, name=scope)
        tensor = convert_to_tensor(input)
        count = num_elements(tensor.dims)
        if count is not None:
            return constant_node(np.asarray(count, dtype.as_numpy_dtype), dtype, None, scope)
        return apply_op("Size", tensor, out_type=dtype, name=scope)


def rank(input: Any, name: str | None = None) -> Tensor:
    """Returns the number of axes of a tensor as an int32 scalar.

    Args:
      input: Tensor or SparseTensor.
      name: Node name; defaults to "Rank".

    Returns:
      Scalar; a constant where the rank is known.

    >>> int(tf.Session().run(tf.rank(tf.zeros([2, 3]))))
    2
    """
    return rank_internal(input, name)


def rank_internal(input: Any, name: str | None, optimize: bool = True) -> Tensor:
    """Returns the rank as `rank` does; a node even where it is known when `optimize` is off."""
    with stacks.get_default_graph().name_scope(name or "Rank") as scope:
        dense = _sparse_shape(input)
        if dense is not None:
            return apply_op("Size", dense, out_type=dtypes.int32, name=scope)
        tensor = convert_to_tensor(input)
        if optimize and tensor.ndim is not None:
            return constant_node(np.asarray(tensor.ndim, np.int32), dtypes.int32, None, scope)
        return apply_op("Rank", tensor, name=scope)


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """Gives a tensor another shape with the same elements in the same order.

    Args:
      tensor: Tensor.
      shape: Integer tensor or list; one entry may be -1 and is computed from the others.
      name: Node name; defaults to "Reshape".

    Returns:
      Tensor of the dtype of `tensor`.

    Raises:
      ValueError: the number of elements does not fit.

    >>> tf.reshape(tf.zeros([2, 6]), [-1, 3]).shape.as_list()
    [4, 3]
    """
    result = apply_op("Reshape", tensor, shape, name=name)
    return result


def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """Inserts an axis of size 1.

    Args:
      input: Tensor of rank R.
      axis: Scalar in `[-R-1, R]`: where the new axis goes.
      name: Node name; defaults to "ExpandDims".
      dim: The older name of `axis`.

    Returns:
      Tensor of rank R+1.

    Raises:
      ValueError: `axis` is missing, given twice, or out of range.

    >>> tf.expand_dims(tf.zeros([2, 3]), -1).shape.as_list()
    [2, 3, 1]
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("Must specify an axis argument to tf.expand_dims()")
    return apply_op("ExpandDims", input, axis, name=name)


def squeeze(input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Tensor:
    """Removes axes of size 1.

    Args:
      input: Tensor.
      axis: Axis or list of axes to remove; all of size 1 where it is None.
      name: Node name; defaults to "Squeeze".
      squeeze_dims: The older name of `axis`.

    Returns:
      Tensor with the same elements and fewer axes.

    Raises:
      ValueError: an axis in `axis` does not have size 1.

    >>> tf.squeeze(tf.zeros([1, 2, 1]), [0]).shape.as_list()
    [2, 1]
    """
    axis = renamed_argument("axis", axis, "squeeze_dims", squeeze_dims)
    axes = [] if axis is None else axis
    return apply_op("Squeeze", input, squeeze_dims=[axes] if np.isscalar(axes) else axes, name=name)


def renamed_argument(new_name: str, new: Any, old_name: str, old: Any) -> Any:
    """Returns the value of an argument that has an older name too.

    Raises:
      ValueError: both were given.
    """
    if old is not None:
        if new is not None:
            raise ValueError(f"Cannot specify both '{old_name}' and '{new_name}'.")
        return old
    return new


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """Repeats a tensor along axes of size 1, and along new leading axes, to fill a shape.

    Args:
      input: Tensor whose shape broadcasts to `shape`.
      shape: 1-D integer tensor or list.
      name: Node name; defaults to "BroadcastTo".

    Returns:
      Tensor of the given shape.

    Raises:
      ValueError: `input` does not broadcast to `shape`.

    >>> tf.Session().run(tf.broadcast_to([1, 2], [2, 2])).tolist()
    [[1, 2], [1, 2]]
    """
    return apply_op("BroadcastTo", input, shape, name=name)


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """Returns the shape to which two shapes broadcast, as a tensor.

    Args:
      shape_x: 1-D integer tensor.
      shape_y: 1-D integer tensor.

    Returns:
      1-D integer tensor.

    >>> tf.Session().run(tf.broadcast_dynamic_shape([2, 1], [3])).tolist()
    [2, 3]
    """
    return apply_op("BroadcastArgs", shape_x, shape_y)


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """Returns the static shape to which two static shapes broadcast.

    Args:
      shape_x: TensorShape.
      shape_y: TensorShape.

    Returns:
      TensorShape.

    Raises:
      ValueError: they do not broadcast.

    >>> tf.broadcast_static_shape(tf.TensorShape([2, 1]), tf.TensorShape([3])).as_list()
    [2, 3]
    """
    a, b = as_shape(shape_x), as_shape(shape_y)
    try:
        return from_dims(broadcast_dims(a._dims, b._dims))
    except ValueError:
        raise ValueError(
            "Incompatible shapes for broadcasting. Two shapes are compatible if for each dimension pair they are "
            f"either equal or one of them is 1. Received: {a} and {b}."
        ) from None


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """Returns `x`, known to have a shape; when the program runs, another shape is an error.

    Args:
      x: Tensor.
      shape: Partly known shape.
      name: Node name; defaults to "EnsureShape".

    Returns:
      Tensor with the values of `x` and a static shape that has the knowledge of both.

    Raises:
      ValueError: the static shape of `x` contradicts `shape`.

    >>> tf.ensure_shape(tf.placeholder(tf.float32, [None, 3]), [2, None]).shape.as_list()
    [2, 3]
    """
    return apply_op("EnsureShape", x, shape=as_shape(shape), name=name)
