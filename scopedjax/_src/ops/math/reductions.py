"""Reductions over axes (`reduce_sum`, `reduce_mean`, ...), places of extremes (`argmax`), and running sums (`cumsum`).

    tf.reduce_mean(x)       x of known rank:   'Const' [0, 1]  and  'Mean'
                            of unknown rank:   'Rank', 'range', 'Mean'
    tf.reduce_mean(x, 1)                       'Mean/reduction_indices'  and  'Mean'

The axes steer the result's shape, so they are known when a program is traced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.module import axis_within
from scopedjax._src.ops.array.shapes import rank, renamed_argument, reshape
from scopedjax._src.ops.constant import constant_node
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like

_ORDERED = dtypes.REAL
_NUMBERS = dtypes.NUMERIC

# ------------------------------------------------------------------------------------------------- reductions


def _reduced_dims(c: ShapeContext) -> list[Dims]:
    dims, axes, keep = c.dims(0), c.const(1), c.attr("keep_dims")
    if dims is None:
        # All axes of whatever there is: `range(0, rank)` recorded for an unknown rank.
        return [() if not keep and _covers_all(c.inputs[1], c.inputs[0]) else None]
    if axes is None:
        return [(None,) * len(dims) if keep else None]
    gone: set[int] = set()
    for axis in np.asarray(axes).reshape(-1):
        if not -len(dims) <= axis < len(dims):
            raise c.fail(f"Invalid reduction dimension {axis} for input with {len(dims)} dimensions.")
        gone.add(int(axis) % len(dims))
    if keep:
        return [tuple(1 if i in gone else d for i, d in enumerate(dims))]
    return [tuple(d for i, d in enumerate(dims) if i not in gone)]


def _covers_all(axes: Tensor, input: Tensor) -> bool:
    op = axes.op
    if op.type != "Range" or op.inputs[1].op.type != "Rank":
        return False
    return op.inputs[1].op.inputs[0] is input


def axes_of(axes: Any, rank: int) -> tuple[int, ...]:
    """The axes of a reduction, from 0 on.

    Raises:
      ValueError: an axis is out of range or named twice.
    """
    found = tuple(axis_within(a, rank) for a in np.asarray(axes).reshape(-1))
    if len(set(found)) != len(found):
        raise ValueError("Invalid reduction arguments: Axes contains duplicate dimension")
    return found


def _mean(xp: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    if not np.issubdtype(x.dtype, np.integer):
        if xp is np and 0 in x.shape:  # NumPy would warn; the mean of nothing is NaN
            return np.full_like(np.sum(x, axis=axis, keepdims=keepdims), np.nan)
        return xp.mean(x, axis=axis, keepdims=keepdims).astype(x.dtype)
    total = xp.sum(x, axis=axis, keepdims=keepdims, dtype=np.int64)
    count = int(np.prod([x.shape[a] for a in axis], dtype=np.int64))
    quotient = abs(total) // max(count, 1)
    return (xp.sign(total) * quotient).astype(x.dtype)


def _sum(xp: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    return xp.sum(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


def _prod(xp: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    return xp.prod(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


def _lowest(dtype: Any, sign: int) -> Any:
    if np.issubdtype(dtype, np.integer):
        return np.iinfo(dtype).min if sign < 0 else np.iinfo(dtype).max
    return sign * np.inf


def _max(xp: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    return xp.max(x, axis=axis, keepdims=keepdims, initial=_lowest(x.dtype, -1) if 0 in x.shape else None)


def _min(xp: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    return xp.min(x, axis=axis, keepdims=keepdims, initial=_lowest(x.dtype, 1) if 0 in x.shape else None)


def _all(xp: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    return xp.all(x, axis=axis, keepdims=keepdims)


def _any(xp: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    return xp.any(x, axis=axis, keepdims=keepdims)


def _euclidean(xp: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    squares = xp.sum(xp.square(xp.abs(x)), axis=axis, keepdims=keepdims)
    return xp.sqrt(squares).astype(x.dtype)


def _with(xp: Any, compute: Callable[..., Any]) -> Callable[..., Any]:
    def function(input: Any, reduction_indices: Any, *, keep_dims: bool) -> Any:
        with np.errstate(all="ignore"):
            return compute(xp, input, axes_of(reduction_indices, input.ndim), keep_dims)

    return function


_REDUCTIONS: tuple[tuple[str, Callable[..., Any], tuple[DType, ...]], ...] = (
    ("Sum", _sum, _NUMBERS),
    ("Mean", _mean, _NUMBERS),
    ("Prod", _prod, _NUMBERS),
    ("Max", _max, _ORDERED),
    ("Min", _min, _ORDERED),
    ("EuclideanNorm", _euclidean, _NUMBERS),
)
_INDICES = "reduction_indices: Tidx; keep_dims: bool = False, Tidx: type = int32"
for _type, _compute, _types in _REDUCTIONS:
    declare(
        f"{_type}(input: T, {_INDICES}) -> output: T",
        _with(jnp, _compute),
        shape=_reduced_dims,
        numpy=_with(np, _compute),
        static=("reduction_indices",),
        types={"T": _types, "Tidx": dtypes.INDEX},
    )
for _type, _compute in (("All", _all), ("Any", _any)):
    declare(
        f"{_type}(input: bool, {_INDICES}) -> output: bool",
        _with(jnp, _compute),
        shape=_reduced_dims,
        numpy=_with(np, _compute),
        static=("reduction_indices",),
        gradient=NO_GRADIENT,
        types={"Tidx": dtypes.INDEX},
    )


def _reduction_axes(x: Any, axis: Any) -> Any:
    """The axes as an operand; where none are given, all of them."""
    if axis is not None:
        return axis
    if isinstance(x, Tensor) and x.ndim:  # of a scalar TF1 records the rank and the range
        return constant_node(np.arange(x.ndim, dtype=np.int32), dtypes.int32, None, "Const")
    return tf_range(0, rank(x))


def reduce_tensor(
    op_type: str,
    x: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """Records a reduction with the arguments that all `tf.reduce_...` functions share."""
    axis = renamed_argument("axis", axis, "reduction_indices", reduction_indices)
    keepdims = renamed_argument("keepdims", keepdims, "keep_dims", keep_dims)
    if type(x).__name__ == "IndexedSlices" or not isinstance(x, (Tensor, np.ndarray, list, tuple, int, float)):
        x = convert_to_tensor(x)
    axes = _reduction_axes(x, axis)
    return apply_op(op_type, x, axes, keep_dims=bool(keepdims), name=name)


_ARGUMENTS = """
    Args:
      input_tensor: {kinds}.
      axis: Axis or list of axes, counted from the end where negative; all axes by default.
      keepdims: Whether reduced axes stay, with size 1.
      name: Node name; defaults to "{op_type}".
      reduction_indices: The older name of `axis`.
      keep_dims: The older name of `keepdims`.

    Returns:
      Tensor of the dtype of `input_tensor`.

    Raises:
      ValueError: an axis is out of range, or an argument is given under both of its names.
"""


def _reduction(op_type: str, name: str, what: str, kinds: str, example: str, note: str = "") -> Callable[..., Tensor]:
    def function(
        input_tensor: Any,
        axis: Any = None,
        keepdims: Any = None,
        name: str | None = None,
        reduction_indices: Any = None,
        keep_dims: Any = None,
    ) -> Tensor:
        return reduce_tensor(op_type, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)

    function.__name__ = function.__qualname__ = name
    arguments = _ARGUMENTS.format(kinds=kinds, op_type=op_type)
    text = f"\n    {note}\n" if note else ""
    function.__doc__ = f"Computes {what} over axes.\n{text}{arguments}\n    {example}\n    "
    return function


def _shown(call: str, value: str) -> str:
    return f">>> tf.Session().run({call}).tolist()\n    {value}"


_ANY = "Tensor of numbers"
_REAL = "Tensor, floating or integer"
reduce_sum = _reduction(
    "Sum", "reduce_sum", "the sum", _ANY, _shown("tf.reduce_sum([[1, 2], [3, 4]], axis=1)", "[3, 7]")
)
reduce_mean = _reduction(
    "Mean",
    "reduce_mean",
    "the mean",
    _ANY,
    _shown("tf.reduce_mean([[1.0, 2.0], [3.0, 6.0]], 0)", "[2.0, 4.0]"),
    "The mean of integers is an integer, rounded towards zero: cast first.",
)
reduce_prod = _reduction(
    "Prod", "reduce_prod", "the product", _ANY, _shown("tf.reduce_prod([[1, 2], [3, 4]], axis=1)", "[2, 12]")
)
reduce_max = _reduction(
    "Max", "reduce_max", "the largest element", _REAL, _shown("tf.reduce_max([[1, 2], [3, 4]], axis=1)", "[2, 4]")
)
reduce_min = _reduction(
    "Min", "reduce_min", "the smallest element", _REAL, _shown("tf.reduce_min([[1, 2], [3, 4]], axis=1)", "[1, 3]")
)
reduce_all = _reduction(
    "All",
    "reduce_all",
    "whether all elements are true",
    "Tensor of bool",
    _shown("tf.reduce_all([[True, False], [True, True]], axis=1)", "[False, True]"),
)
reduce_any = _reduction(
    "Any",
    "reduce_any",
    "whether any element is true",
    "Tensor of bool",
    _shown("tf.reduce_any([[True, False], [False, False]], axis=1)", "[True, False]"),
)


def reduce_euclidean_norm(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """Computes the square root of the sum of squares over axes.

    Args:
      input_tensor: Tensor of numbers.
      axis: Axis or list of axes; all by default.
      keepdims: Whether reduced axes stay, with size 1.
      name: Node name; defaults to "EuclideanNorm".

    Returns:
      Tensor of the dtype of `input_tensor`.

    >>> tf.Session().run(tf.math.reduce_euclidean_norm([[3.0, 4.0]], 1)).tolist()
    [5.0]
    """
    return reduce_tensor("EuclideanNorm", input_tensor, axis, keepdims, name)


def reduce_logsumexp(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """Computes log(sum(exp(x))) over axes, without overflow: the largest element is taken out first.

    Args:
      input_tensor: Floating tensor.
      axis: Axis or list of axes; all by default.
      keepdims: Whether reduced axes stay, with size 1.
      name: Node name; defaults to "ReduceLogSumExp".
      reduction_indices: The older name of `axis`.
      keep_dims: The older name of `keepdims`.

    Returns:
      Tensor of the dtype of `input_tensor`.

    >>> round(tf.Session().run(tf.reduce_logsumexp([0.0, 0.0, 0.0])).item(), 4)
    1.0986
    """
    axis = renamed_argument("axis", axis, "reduction_indices", reduction_indices)
    keepdims = bool(renamed_argument("keepdims", keepdims, "keep_dims", keep_dims))
    with stacks.get_default_graph().name_scope(name or "ReduceLogSumExp") as scope:
        largest = reduce_max(input_tensor, axis=axis, keepdims=True)
        finite = apply_op("SelectV2", apply_op("IsFinite", largest), largest, 0)
        shift = apply_op("StopGradient", finite)
        shifted = apply_op("Exp", apply_op("Sub", input_tensor, shift))
        result = apply_op("Log", reduce_sum(shifted, axis=axis, keepdims=keepdims))
        if not keepdims:
            shift = reshape(shift, apply_op("Shape", result))
        return apply_op("AddV2", result, shift, name=scope)


def reduce_variance(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Computes the variance (mean squared distance from the mean) over axes.

    Args:
      input_tensor: Floating or complex tensor.
      axis: Axis or list of axes; all by default.
      keepdims: Whether reduced axes stay, with size 1.
      name: Name scope; defaults to "reduce_variance".

    Returns:
      Tensor; real for complex input.

    Raises:
      TypeError: `input_tensor` holds integers.

    >>> tf.Session().run(tf.math.reduce_variance([[1.0, 3.0]], 1)).tolist()
    [1.0]
    """
    with stacks.get_default_graph().name_scope(name or "reduce_variance"):
        x = convert_to_tensor(input_tensor)
        means = reduce_mean(x, axis=axis, keepdims=True)
        if means.dtype.is_integer:
            raise TypeError(f"Input must be either real or complex. Received integer type {means.dtype}.")
        distance = apply_op("Sub", x, means, name="sub")
        if distance.dtype.is_complex:
            conjugate = apply_op("Conj", distance)
            product = apply_op("Mul", conjugate, distance, name="mul")
            squared = apply_op("Real", product, Tout=distance.dtype.real_dtype)
        else:
            squared = apply_op("Square", distance)
        return reduce_mean(squared, axis=axis, keepdims=keepdims)


def reduce_std(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Computes the standard deviation over axes.

    Args:
      input_tensor: Floating or complex tensor.
      axis: Axis or list of axes; all by default.
      keepdims: Whether reduced axes stay, with size 1.
      name: Name scope; defaults to "reduce_std".

    Returns:
      Tensor; real for complex input.

    Raises:
      TypeError: `input_tensor` holds integers.

    >>> tf.Session().run(tf.math.reduce_std([[1.0, 3.0]], 1)).tolist()
    [1.0]
    """
    with stacks.get_default_graph().name_scope(name or "reduce_std"):
        x = convert_to_tensor(input_tensor)
        return apply_op("Sqrt", reduce_variance(x, axis=axis, keepdims=keepdims))


def count_nonzero(
    input_tensor: Any = None,
    axis: Any = None,
    keepdims: Any = None,
    dtype: Any = dtypes.int64,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
    input: Any = None,
) -> Tensor:
    """Counts the elements that are not zero (not empty, for strings) over axes.

    Args:
      input_tensor: Tensor.
      axis: Axis or list of axes; all by default.
      keepdims: Whether reduced axes stay, with size 1.
      dtype: Dtype of the counts.
      name: Name scope; defaults to "count_nonzero".
      reduction_indices: The older name of `axis`.
      keep_dims: The older name of `keepdims`.
      input: Another name of `input_tensor`.

    Returns:
      Tensor of `dtype`.

    >>> tf.Session().run(tf.count_nonzero([[0, 3], [4, 5]], 1)).tolist()
    [1, 2]
    """
    given = renamed_argument("input_tensor", input_tensor, "input", input)
    axis = renamed_argument("axis", axis, "reduction_indices", reduction_indices)
    keepdims = bool(renamed_argument("keepdims", keepdims, "keep_dims", keep_dims))
    wanted = dtypes.as_dtype(dtype)
    with stacks.get_default_graph().name_scope(name or "count_nonzero"):
        x = convert_to_tensor(given, name="input")
        if x.dtype.base_dtype is not dtypes.bool:
            empty = constant_node("" if x.dtype.base_dtype is dtypes.string else 0, x.dtype.base_dtype, None, "zeros")
            x = apply_op("NotEqual", x, empty)
        present = apply_op("Cast", x, DstT=dtypes.int64)
        count = reduce_sum(present, axis=axis, keepdims=keepdims)
        return count if wanted is dtypes.int64 else apply_op("Cast", count, DstT=wanted)


# --------------------------------------------------------------------------------------------- places of extremes


def _arg_dims(c: ShapeContext) -> list[Dims]:
    dims, axis = c.dims(0), c.const(1)
    if dims is None:
        return [None]
    if axis is None:
        return [(None,) * max(len(dims) - 1, 0)]
    if not dims:
        return [()]
    at = int(axis)
    if not -len(dims) <= at < len(dims):
        count = len(dims)
        where = f"[{-count}, {count}), where {count} is the number of dimensions in the input."
        raise c.fail(f"Dimension ({at}) must be in the range {where}")
    at %= len(dims)
    return [dims[:at] + dims[at + 1 :]]


def _arg(compute: Callable[..., Any]) -> Callable[..., Any]:
    def function(input: Any, dimension: Any, *, output_type: DType) -> Any:
        return compute(input, axis_within(dimension, input.ndim)).astype(output_type.as_numpy_dtype)

    return function


for _type, _functions in (("ArgMax", (jnp.argmax, np.argmax)), ("ArgMin", (jnp.argmin, np.argmin))):
    declare(
        f"{_type}(input: T, dimension: Tidx; Tidx: type = int32, output_type: type = int64) -> output: output_type",
        _arg(_functions[0]),
        shape=_arg_dims,
        numpy=_arg(_functions[1]),
        static=("dimension",),
        gradient=NOT_DIFFERENTIABLE,
        types={"T": (*_ORDERED, dtypes.bool)},
    )


def argmax(
    input: Any, axis: Any = None, name: str | None = None, dimension: Any = None, output_type: Any = dtypes.int64
) -> Tensor:
    """Returns the index of the largest element along an axis, the first of equal ones.

    Args:
      input: Tensor, floating or integer.
      axis: Integer; 0 by default.
      name: Node name; defaults to "ArgMax".
      dimension: The older name of `axis`.
      output_type: tf.int64 or tf.int32.

    Returns:
      Tensor with the axis gone.

    >>> tf.Session().run(tf.argmax([[1, 5, 2], [9, 0, 1]], 1)).tolist()
    [1, 0]
    """
    axis = renamed_argument("axis", axis, "dimension", dimension)
    return arg_max(input, 0 if axis is None else axis, output_type, name)


def argmin(
    input: Any, axis: Any = None, name: str | None = None, dimension: Any = None, output_type: Any = dtypes.int64
) -> Tensor:
    """Returns the index of the smallest element along an axis, the first of equal ones.

    Args:
      input: Tensor, floating or integer.
      axis: Integer; 0 by default.
      name: Node name; defaults to "ArgMin".
      dimension: The older name of `axis`.
      output_type: tf.int64 or tf.int32.

    Returns:
      Tensor with the axis gone.

    >>> tf.Session().run(tf.argmin([[1, 5, 2], [9, 0, 1]], 1)).tolist()
    [0, 1]
    """
    axis = renamed_argument("axis", axis, "dimension", dimension)
    return arg_min(input, 0 if axis is None else axis, output_type, name)


def arg_max(input: Any, dimension: Any, output_type: Any = dtypes.int64, name: str | None = None) -> Tensor:
    """Returns the index of the largest element along `dimension`; see `argmax`.

    Args:
      input: Tensor, floating or integer.
      dimension: Integer scalar.
      output_type: tf.int64 or tf.int32.
      name: Node name; defaults to "ArgMax".

    Returns:
      Tensor with the axis gone.

    >>> tf.Session().run(tf.arg_max([[1, 5, 2]], 1)).tolist()
    [1]
    """
    return apply_op("ArgMax", input, dimension, output_type=output_type, name=name)


def arg_min(input: Any, dimension: Any, output_type: Any = dtypes.int64, name: str | None = None) -> Tensor:
    """Returns the index of the smallest element along `dimension`; see `argmin`.

    Args:
      input: Tensor, floating or integer.
      dimension: Integer scalar.
      output_type: tf.int64 or tf.int32.
      name: Node name; defaults to "ArgMin".

    Returns:
      Tensor with the axis gone.

    >>> tf.Session().run(tf.arg_min([[1, 5, 2]], 1)).tolist()
    [0]
    """
    return apply_op("ArgMin", input, dimension, output_type=output_type, name=name)


# -------------------------------------------------------------------------------------------------- running sums


def _running(compute: Callable[..., Any], neutral: Any) -> Callable[..., Any]:
    def function(x: Any, axis: Any, *, exclusive: bool, reverse: bool) -> Any:
        at = axis_within(np.asarray(axis).reshape(-1)[0], x.ndim)
        x = jnp.asarray(x)
        if exclusive and x.shape[at]:
            start = jnp.full((*x.shape[:at], 1, *x.shape[at + 1 :]), neutral, x.dtype)
            kept = jax.lax.slice_in_dim(x, 1, None, axis=at) if reverse else jax.lax.slice_in_dim(x, 0, -1, axis=at)
            x = jnp.concatenate([kept, start] if reverse else [start, kept], at)
        return compute(x, at, reverse=reverse)

    return function


_RUNNING: tuple[tuple[str, Callable[..., Any], Any, tuple[DType, ...]], ...] = (
    ("Cumsum", jax.lax.cumsum, 0, _NUMBERS),
    ("Cumprod", jax.lax.cumprod, 1, _NUMBERS),
    ("CumulativeLogsumexp", jax.lax.cumlogsumexp, -np.inf, dtypes.FLOATING),
)
for _type, _function, _neutral, _types in _RUNNING:
    declare(
        f"{_type}(x: T, axis: Tidx; exclusive: bool = False, reverse: bool = False, Tidx: type = int32) -> out: T",
        _running(_function, _neutral),
        shape=like(0),
        static=("axis",),
        types={"T": _types, "Tidx": dtypes.INDEX},
    )


def _cumulative(op_type: str, name: str, what: str, example: str) -> Callable[..., Tensor]:
    def function(
        x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
    ) -> Tensor:
        with stacks.get_default_graph().name_scope(name or op_type) as scope:
            tensor = convert_to_tensor(x, name="x")
            return apply_op(op_type, tensor, axis, exclusive=exclusive, reverse=reverse, name=scope)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Computes the running {what} along an axis.

    Args:
      x: Tensor.
      axis: Integer scalar.
      exclusive: Whether an element itself is left out of its own result.
      reverse: Whether the last element comes first.
      name: Node name; defaults to "{op_type}".

    Returns:
      Tensor of the dtype and shape of `x`.

    {example}
    """
    return function


cumsum = _cumulative("Cumsum", "cumsum", "sum", _shown("tf.cumsum([1, 2, 3], exclusive=True)", "[0, 1, 3]"))
cumprod = _cumulative("Cumprod", "cumprod", "product", _shown("tf.cumprod([1, 2, 3], reverse=True)", "[6, 6, 3]"))
cumulative_logsumexp = _cumulative(
    "CumulativeLogsumexp",
    "cumulative_logsumexp",
    "log of the sum of exponentials",
    _shown("tf.math.cumulative_logsumexp([0.0])", "[0.0]"),
)
