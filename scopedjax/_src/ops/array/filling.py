"""Tensors made from a rule: zeros, ones, `fill`, `range`, `linspace`, `one_hot`, `eye`, `meshgrid`.

Small constants are `Const` nodes and large ones `Fill`, as in TF1: a GraphDef of `tf.zeros([10000, 10000])` stays
small.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims, fully_known, num_elements, to_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.module import holds_text, module_of
from scopedjax._src.ops.array.shapes import shape_in_scope, shape_internal
from scopedjax._src.ops.constant import constant, constant_node
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, Gradient, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like

# --------------------------------------------------------------------------------------------------------- ops


def _fill_dims(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    if dims is not None and len(dims) != 1:
        raise c.fail(f"Shape must be rank 1 but is rank {len(dims)}")
    if c.dims(1) not in (None, ()):
        raise c.fail(f"Shape must be rank 0 but is rank {len(c.dims(1) or ())}")
    return [c.shape_value(0)]


def _fill(dims: Any, value: Any) -> Any:
    return module_of(value).full(tuple(int(d) for d in np.asarray(dims)), value, dtype=value.dtype)


def _fill_gradient(op: Operation, grad: Any) -> list[Any]:
    return [None, apply_op("Sum", grad, apply_op("Range", 0, apply_op("Rank", grad), 1))]


declare(
    "Fill(dims: index_type, value: T; index_type: type = int32) -> output: T",
    _fill,
    shape=_fill_dims,
    numpy=_fill,
    static=("dims",),
    gradient=Gradient("function", _fill_gradient),
    types={"index_type": dtypes.INDEX},
    host=holds_text("T"),
)


def _zeros_like(x: Any) -> Any:
    if x.dtype == object:
        return np.full(x.shape, b"", object)
    return module_of(x).zeros(x.shape, x.dtype)


declare(
    "ZerosLike(x: T) -> y: T",
    _zeros_like,
    shape=like(0),
    numpy=_zeros_like,
    gradient=NOT_DIFFERENTIABLE,
    host=holds_text("T"),
)
declare(
    "OnesLike(x: T) -> y: T",
    lambda x: module_of(x).ones(x.shape, x.dtype),
    shape=like(0),
    numpy=lambda x: np.ones(x.shape, x.dtype),
    gradient=NOT_DIFFERENTIABLE,
    types={"T": (*dtypes.FLOATING, *dtypes.INTEGER, *dtypes.COMPLEX, dtypes.bool)},
)


def _range_size(start: Any, limit: Any, delta: Any) -> int:
    """How many numbers `start, start + delta, ...` come before `limit`.

    Raises:
      ValueError: `delta` is 0 or leads away from `limit`.
    """
    low, high, step = (np.asarray(v).item() for v in (start, limit, delta))
    if step == 0:
        raise ValueError("Requires delta != 0")
    if step > 0 and low > high:
        raise ValueError(f"Requires start <= limit when delta > 0: {low}/{high}")
    if step < 0 and low < high:
        raise ValueError(f"Requires start >= limit when delta < 0: {low}/{high}")
    if isinstance(low, int) and isinstance(high, int) and isinstance(step, int):
        return -((low - high) // step)
    return int(np.ceil(abs((high - low) / step)))


def _range_dims(c: ShapeContext) -> list[Dims]:
    for i in (0, 1, 2):
        if c.dims(i) not in (None, ()):
            raise c.fail(f"Shape must be rank 0 but is rank {len(c.dims(i) or ())}")
    values = [c.const(i) for i in (0, 1, 2)]
    if any(v is None for v in values):
        return [(None,)]
    try:
        return [(_range_size(*values),)]
    except ValueError as error:
        raise c.fail(str(error)) from None


def _range(start: Any, limit: Any, delta: Any) -> Any:
    count, dtype = _range_size(start, limit, delta), np.asarray(start).dtype
    if dtype.kind in "iu":
        return (int(start) + np.arange(count, dtype=np.int64) * int(delta)).astype(dtype)
    # TF adds delta up, one number after the other, in the dtype itself.
    values = np.full(count, delta, dtype)
    if count:
        values[0] = start
    return np.add.accumulate(values, dtype=dtype)


declare(
    "Range(start: Tidx, limit: Tidx, delta: Tidx; Tidx: type = int32) -> output: Tidx",
    _range,
    shape=_range_dims,
    numpy=_range,
    static=("start", "limit", "delta"),
    gradient=NOT_DIFFERENTIABLE,
    types={"Tidx": (*dtypes.FLOATING, *dtypes.SIGNED_INTEGER, dtypes.uint16, dtypes.uint32, dtypes.uint64)},
)


def _lin_space_dims(c: ShapeContext) -> list[Dims]:
    num = c.const(2)
    if num is None:
        return [(None,)]
    if int(num) <= 0:
        raise c.fail(f"Requires num > 0: {int(num)}")
    return [(int(num),)]


def _lin_space(start: Any, stop: Any, num: Any) -> Any:
    count = int(num)
    if count <= 0:
        raise ValueError(f"Requires num > 0: {count}")
    if count == 1:
        return jnp.reshape(start, (1,))
    step = (stop - start) / jnp.asarray(count - 1, start.dtype)
    values = start + step * jnp.arange(count, dtype=start.dtype)
    return values.at[-1].set(stop)


declare(
    "LinSpace(start: T, stop: T, num: Tidx; Tidx: type = int32) -> output: T",
    _lin_space,
    shape=_lin_space_dims,
    static=("num",),
    gradient=NOT_DIFFERENTIABLE,
    types={"T": dtypes.FLOATING, "Tidx": dtypes.INDEX},
)


def _one_hot_dims(c: ShapeContext) -> list[Dims]:
    dims, depth, axis = c.dims(0), c.const(1), c.attr("axis")
    if dims is None:
        return [None]
    if axis < -1 or axis > len(dims):
        raise c.fail(f"axis must be -1 or in [0, {len(dims) + 1}), but is {axis}")
    size = None if depth is None else int(depth)
    if size is not None and size < 0:
        raise c.fail(f"depth must be non-negative, got: {size}")
    at = len(dims) if axis == -1 else axis
    return [(*dims[:at], size, *dims[at:])]


def _one_hot(indices: Any, depth: Any, on_value: Any, off_value: Any, *, axis: int) -> Any:
    xp = module_of(indices, on_value, off_value)
    at = indices.ndim if axis == -1 else axis
    classes = np.arange(int(depth)).reshape((-1,) + (1,) * (indices.ndim - at))
    # Compared as int64: uint8 indices may be smaller than `depth`.
    return xp.where(xp.expand_dims(indices, at).astype(np.int64) == classes, on_value, off_value)


declare(
    "OneHot(indices: TI, depth: int32, on_value: T, off_value: T; axis: int = -1, TI: type = int64) -> output: T",
    _one_hot,
    shape=_one_hot_dims,
    numpy=_one_hot,
    static=("depth",),
    gradient=NOT_DIFFERENTIABLE,
    types={"TI": (dtypes.uint8, dtypes.int8, dtypes.int32, dtypes.int64)},
    host=holds_text("T"),
)

# -------------------------------------------------------------------------------------------- public functions

_SMALL = 1000  # from here on TF1 records a Fill instead of a Const


def _plain_zero(dtype: DType) -> Any:
    if dtype.is_bool:
        return False
    return "" if dtype is dtypes.string else 0


def _plain_one(dtype: DType) -> Any:
    return True if dtype.is_bool else 1


def _known_sizes(shape: Any) -> tuple[int, ...] | None:
    """A shape that is plainly numbers, or None."""
    if isinstance(shape, (list, tuple)) and any(isinstance(d, Tensor) for d in shape):
        return None
    try:
        dims = to_dims(shape)
    except TypeError:
        return None
    return None if dims is None or None in dims else tuple(int(d or 0) for d in dims)


def _filled(shape: Any, dtype: Any, name: str, value: Any) -> Tensor:
    wanted = dtypes.as_dtype(dtype).base_dtype
    with stacks.get_default_graph().name_scope(name) as scope:
        plain = value(wanted)
        if not isinstance(shape, Tensor):
            sizes = _known_sizes(shape)
            if sizes is None:
                shape = _converted_shape(shape)
            elif (num_elements(sizes) or 0) < _SMALL and not np.isscalar(shape):
                return constant_node(plain, wanted, sizes, scope)
            else:
                kind = dtypes.int32 if max(sizes, default=0) < 2**31 else dtypes.int64
                shape = constant_node(sizes, kind, None, "shape_as_tensor")
        if shape.ndim == 0:
            shape = apply_op("Reshape", shape, [-1])
        return apply_op("Fill", shape, constant(plain, dtype=wanted), name=scope)


def _converted_shape(shape: Any) -> Tensor:
    items = shape if isinstance(shape, (list, tuple)) else ()
    holds_int64 = any(isinstance(d, Tensor) and d.dtype.base_dtype is dtypes.int64 for d in items)
    return convert_to_tensor(shape, dtype=dtypes.int64 if holds_int64 else dtypes.int32)


def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None, layout: Any = None) -> Tensor:
    """Returns a tensor of zeros (False for bool, empty text for strings).

    Args:
      shape: List of sizes, integer tensor, or TensorShape.
      dtype: Dtype of the result.
      name: Node name; defaults to "zeros".
      layout: Not used.

    Returns:
      Tensor of the given shape.

    >>> tf.Session().run(tf.zeros([2, 2], tf.int32)).tolist()
    [[0, 0], [0, 0]]
    """
    return _filled(shape, dtype, name or "zeros", _plain_zero)


def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None, layout: Any = None) -> Tensor:
    """Returns a tensor of ones (True for bool).

    Args:
      shape: List of sizes, integer tensor, or TensorShape.
      dtype: Dtype of the result.
      name: Node name; defaults to "ones".
      layout: Not used.

    Returns:
      Tensor of the given shape.

    >>> tf.Session().run(tf.ones([3], tf.int64)).tolist()
    [1, 1, 1]
    """
    return _filled(shape, dtype, name or "ones", _plain_one)


def zeros_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Returns zeros of the shape of another tensor.

    Args:
      tensor: Tensor.
      dtype: Dtype of the result; that of `tensor` by default.
      name: Node name; defaults to "zeros_like".
      optimize: Whether a known static shape gives a constant.

    Returns:
      Tensor of the shape of `tensor`.

    >>> tf.Session().run(tf.zeros_like([[1, 2]])).tolist()
    [[0, 0]]
    """
    with stacks.get_default_graph().name_scope(name or "zeros_like") as scope:
        given = convert_to_tensor(tensor, name="tensor")
        wanted = given.dtype.base_dtype if dtype is None else dtypes.as_dtype(dtype).base_dtype
        if optimize and fully_known(given.dims):
            return zeros(given.shape, dtype=wanted, name=scope)
        if wanted is not given.dtype.base_dtype:
            return zeros(shape_internal(given, None, optimize=optimize), dtype=wanted, name=scope)
        return apply_op("ZerosLike", given, name=scope)


def ones_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Returns ones of the shape of another tensor.

    Args:
      tensor: Tensor.
      dtype: Dtype of the result; that of `tensor` by default.
      name: Node name; defaults to "ones_like".
      optimize: Whether a known static shape is used.

    Returns:
      Tensor of the shape of `tensor`.

    >>> tf.Session().run(tf.ones_like([[1.5, 2.0]])).tolist()
    [[1.0, 1.0]]
    """
    with stacks.get_default_graph().name_scope(name or "ones_like") as scope:
        given = convert_to_tensor(tensor, name="tensor")
        wanted = given.dtype.base_dtype if dtype is None else dtypes.as_dtype(dtype).base_dtype
        like_shape = shape_in_scope(given) if optimize else shape_internal(given, None, optimize=False)
        return ones(like_shape, dtype=wanted, name=scope)


def fill(dims: Any, value: Any, name: str | None = None, layout: Any = None) -> Tensor:
    """Returns a tensor with one value everywhere.

    Args:
      dims: 1-D integer tensor or list: the shape.
      value: Scalar.
      name: Node name; defaults to "Fill".
      layout: Not used.

    Returns:
      Tensor of shape `dims`.

    >>> tf.Session().run(tf.fill([2, 2], 9)).tolist()
    [[9, 9], [9, 9]]
    """
    return apply_op("Fill", dims, value, name=name)


_RANGE_ORDER = (dtypes.int32, dtypes.int64, dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Tensor:
    """Returns the numbers `start, start + delta, ...` below `limit`.

    Args:
      start: Scalar; with one positional argument it is the limit, and the numbers begin at 0.
      limit: Scalar, not reached.
      delta: Scalar step, negative to count down.
      dtype: Dtype of the result; by default the widest of the three.
      name: Node name.

    Returns:
      1-D tensor.

    >>> tf.Session().run(tf.range(3, 18, 6)).tolist()
    [3, 9, 15]
    """
    if limit is None:
        start, limit = 0, start
    with stacks.get_default_graph().name_scope(name or "range") as scope:
        wanted = None if dtype is None else dtypes.as_dtype(dtype)
        if isinstance(start, Tensor) and isinstance(limit, Tensor) and isinstance(delta, Tensor) and wanted is None:
            values = [start, limit, delta]
        else:
            names = zip((start, limit, delta), ("start", "limit", "delta"), strict=True)
            values = [v if isinstance(v, Tensor) else convert_to_tensor(v, dtype=wanted, name=n) for v, n in names]
        if wanted is None:
            kinds = [v.dtype.base_dtype for v in values]
            unknown = [k for k in kinds if k not in _RANGE_ORDER]
            if unknown and len(set(kinds)) > 1:
                raise TypeError(f"tf.range takes numbers of one kind, got {[k.name for k in kinds]}")
            wanted = kinds[0] if unknown else max(kinds, key=_RANGE_ORDER.index)
        values = [v if v.dtype.base_dtype is wanted else apply_op("Cast", v, DstT=wanted) for v in values]
        return apply_op("Range", *values, name=scope)


def linspace(start: Any, stop: Any, num: Any, name: str | None = None, axis: int = 0) -> Tensor:
    """Returns `num` evenly spaced numbers from `start` to `stop`, both included.

    Args:
      start: Floating tensor.
      stop: Tensor of the same dtype, whose shape broadcasts with that of `start`.
      num: Integer scalar, at least 1; 1 gives `start` alone.
      name: Node name; defaults to "LinSpace".
      axis: Where the numbers run, when `start` is not a scalar.

    Returns:
      Tensor `[num]`, or with `num` inserted into the shape of `start` at `axis`.

    >>> tf.Session().run(tf.linspace(10.0, 12.0, 3)).tolist()
    [10.0, 11.0, 12.0]
    """
    graph = stacks.get_default_graph()
    first = start if isinstance(start, Tensor) else np.asarray(start)
    last = stop if isinstance(stop, Tensor) else np.asarray(stop)
    if first.ndim in (0, None) and last.ndim in (0, None):
        # One node, as TF 1.15 records it; TF 2 spells out some seventy.
        return apply_op("LinSpace", start, stop, num, name=name)
    with graph.name_scope(name or "linspace") as scope:
        begin = convert_to_tensor(start, name="start")
        end = convert_to_tensor(stop, name="stop", dtype=begin.dtype)
        begin, end = apply_op("AddV2", begin, zeros_like(end)), apply_op("AddV2", end, zeros_like(begin))
        at = axis if axis >= 0 else (begin.ndim or 0) + 1 + axis
        fractions = apply_op("LinSpace", constant(0.0, begin.dtype), constant(1.0, begin.dtype), num)
        column = apply_op("Reshape", fractions, [-1] + [1] * ((begin.ndim or 0) - at))
        begin, end = apply_op("ExpandDims", begin, at), apply_op("ExpandDims", end, at)
        left = apply_op("Mul", begin, apply_op("Sub", constant(1.0, begin.dtype), column))
        return apply_op("AddV2", left, apply_op("Mul", end, column), name=scope)


lin_space = linspace


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """Returns a tensor that is `on_value` where an index points and `off_value` elsewhere.

    Args:
      indices: Integer tensor; an index outside `[0, depth)` gives no `on_value`.
      depth: Integer scalar: the size of the new axis.
      on_value: Scalar; 1 by default.
      off_value: Scalar; 0 by default.
      axis: Where the new axis goes; the last by default.
      dtype: Dtype of the result; that of `on_value`, or float32.
      name: Node name; defaults to "one_hot".

    Returns:
      Tensor with one axis more than `indices`.

    Raises:
      TypeError: the dtypes of `on_value`, `off_value` and `dtype` differ.

    >>> tf.Session().run(tf.one_hot([0, 2, -1], 3)).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """
    with stacks.get_default_graph().name_scope(name or "one_hot") as scope:
        wanted = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
        on, on_dtype = _converted_value(on_value, wanted)
        off, off_dtype = _converted_value(off_value, wanted)
        if on_dtype is not None or off_dtype is not None:
            for what, found in (("on_value", on_dtype), ("off_value", off_dtype)):
                if wanted is not None and found is not None and found is not wanted:
                    raise TypeError(f"dtype {found} of {what} does not match dtype parameter {wanted}")
            wanted = wanted or on_dtype or off_dtype
        wanted = wanted or dtypes.float32
        if on is None:
            on, on_dtype = convert_to_tensor(1, dtype=wanted, name="on_value"), wanted
        if off is None:
            off, off_dtype = convert_to_tensor(0, dtype=wanted, name="off_value"), wanted
        if on_dtype is not off_dtype:
            raise TypeError(f"dtype {on_dtype} of on_value does not match dtype {off_dtype} of off_value")
        return apply_op("OneHot", indices, depth, on, off, axis=-1 if axis is None else axis, name=scope)


def _converted_value(value: Any, dtype: DType | None) -> tuple[Tensor | None, DType | None]:
    if value is None:
        return None, None
    tensor = convert_to_tensor(value, dtype=None if isinstance(value, Tensor) else dtype)
    return tensor, tensor.dtype.base_dtype


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Returns identity matrices: ones on the main diagonal, zeros elsewhere.

    Args:
      num_rows: Integer or scalar tensor.
      num_columns: Integer or scalar tensor; `num_rows` by default.
      batch_shape: List of sizes or 1-D tensor put before the matrix axes.
      dtype: Dtype of the result.
      name: Node name; defaults to "eye".

    Returns:
      Tensor `batch_shape + [num_rows, num_columns]`.

    >>> tf.Session().run(tf.eye(2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    from scopedjax._src.ops.math.diagonals import matrix_diag, matrix_set_diag

    with stacks.get_default_graph().name_scope(name or "eye"):
        square = num_columns is None
        batch = [] if batch_shape is None else batch_shape
        columns = num_rows if square else num_columns
        if isinstance(num_rows, Tensor) or isinstance(columns, Tensor):
            size = apply_op("Minimum", num_rows, columns)
        else:
            columns, num_rows = int(columns), int(num_rows)
            size = min(num_rows, columns)
        if isinstance(size, int) and not isinstance(batch, Tensor):
            diagonal_shape, shape = [*batch, size], [*batch, num_rows, columns]
        else:
            batch = convert_to_tensor(batch, dtype=dtypes.int32, name="shape")
            diagonal_shape = apply_op("ConcatV2", [batch, [size]], 0, name="concat")
            shape = None if square else apply_op("ConcatV2", [batch, [num_rows, columns]], 0, name="concat")
        diagonal = ones(diagonal_shape, dtype=dtype)
        return matrix_diag(diagonal) if square else matrix_set_diag(zeros(shape, dtype=dtype), diagonal)


def meshgrid(*args: Any, **kwargs: Any) -> list[Tensor]:
    """Returns coordinates of a grid, one tensor an axis, from one vector an axis.

    Args:
      *args: N tensors, taken as vectors of sizes n1, n2, ...
      **kwargs: `indexing`: "xy" (default: the first two axes are swapped) or "ij"; `name`.

    Returns:
      List of N tensors of rank N.

    Raises:
      TypeError: another keyword.
      ValueError: `indexing` is something else.

    >>> x, y = tf.meshgrid([1, 2, 3], [4, 5])
    >>> tf.Session().run(y).tolist()
    [[4, 4, 4], [5, 5, 5]]
    """
    indexing = kwargs.pop("indexing", "xy")
    name = kwargs.pop("name", "meshgrid")
    if kwargs:
        raise TypeError(f"'{next(iter(kwargs))}' is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Argument `indexing` parameter must be either 'xy' or 'ij', got '{indexing}'")
    from scopedjax._src.ops.array.packing import stack
    from scopedjax._src.ops.array.shapes import reshape, size

    count = len(args)
    with stacks.get_default_graph().name_scope(name):
        columns = [
            reshape(stack(x), (*((1,) * i), -1, *((1,) * (count - i - 1)))) for i, x in enumerate(args)
        ]  # fmt: skip
        sizes = [size(x) for x in args]
        output_dtype = convert_to_tensor(args[0]).dtype.base_dtype
        if indexing == "xy" and count > 1:
            columns[0] = reshape(columns[0], (1, -1) + (1,) * (count - 2))
            columns[1] = reshape(columns[1], (-1, 1) + (1,) * (count - 2))
            sizes[0], sizes[1] = sizes[1], sizes[0]
        factor = ones(sizes, output_dtype)
        return [apply_op("Mul", column, factor, name="mul") for column in columns]
