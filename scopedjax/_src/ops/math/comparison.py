"""Comparing, logic, bits, and choosing element by element: `less`, `logical_and`, `bitwise_and`, `where`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, broadcast_dims, merge_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.module import holds_text, module_of
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.elementwise import binary, quiet
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import broadcast, like

_ORDERED: tuple[tuple[str, Callable[..., Any], Callable[..., Any]], ...] = (
    ("Less", jnp.less, np.less),
    ("LessEqual", jnp.less_equal, np.less_equal),
    ("Greater", jnp.greater, np.greater),
    ("GreaterEqual", jnp.greater_equal, np.greater_equal),
)
for _type, _function, _rule in _ORDERED:
    declare(
        f"{_type}(x: T, y: T) -> z: bool",
        lambda x, y, _function=_function: _function(x, y),
        shape=broadcast,
        numpy=quiet(_rule),
        gradient=NOT_DIFFERENTIABLE,
        types={"T": dtypes.REAL},
    )


def _equality_dims(c: ShapeContext) -> list[Dims]:
    if c.attr("incompatible_shape_error"):
        return broadcast(c)
    try:
        return [broadcast_dims(c.dims(0), c.dims(1))]
    except ValueError:
        return [()]


def _equality(differ: bool) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def evaluate(x: Any, y: Any, *, incompatible_shape_error: bool) -> Any:
        if not incompatible_shape_error:
            try:
                np.broadcast_shapes(x.shape, y.shape)
            except ValueError:
                return np.asarray(differ)
        xp = module_of(x, y)
        with np.errstate(all="ignore"):
            return xp.not_equal(x, y) if differ else xp.equal(x, y)

    def evaluate_text(x: Any, y: Any, *, incompatible_shape_error: bool) -> Any:
        result = evaluate(x, y, incompatible_shape_error=incompatible_shape_error)
        return np.asarray(result, np.bool_) if isinstance(result, np.ndarray) else result

    return evaluate_text, evaluate_text


for _type, _lowered in (("Equal", _equality(False)), ("NotEqual", _equality(True))):
    declare(
        f"{_type}(x: T, y: T; incompatible_shape_error: bool = True) -> z: bool",
        _lowered[0],
        shape=_equality_dims,
        numpy=_lowered[1],
        gradient=NOT_DIFFERENTIABLE,
        host=holds_text("T"),
    )
declare(
    "ApproximateEqual(x: T, y: T; tolerance: float = 1e-05) -> z: bool",
    lambda x, y, *, tolerance: jnp.abs(x - y) < jnp.asarray(tolerance, jnp.abs(x).dtype),
    shape=broadcast,
    gradient=NOT_DIFFERENTIABLE,
    types={"T": dtypes.NUMERIC},
)

_LOGIC: tuple[tuple[str, Callable[..., Any], Callable[..., Any]], ...] = (
    ("LogicalAnd", jnp.logical_and, np.logical_and),
    ("LogicalOr", jnp.logical_or, np.logical_or),
)
for _type, _function, _rule in _LOGIC:
    declare(
        f"{_type}(x: bool, y: bool) -> z: bool",
        lambda x, y, _function=_function: _function(x, y),
        shape=broadcast,
        numpy=quiet(_rule),
        gradient=NOT_DIFFERENTIABLE,
    )
declare(
    "LogicalNot(x: bool) -> y: bool",
    lambda x: jnp.logical_not(x),
    shape=like(0),
    numpy=quiet(np.logical_not),
    gradient=NOT_DIFFERENTIABLE,
)


def _left_shift(x: Any, y: Any) -> Any:
    return jnp.left_shift(x, _within_bits(x, y))


def _right_shift(x: Any, y: Any) -> Any:
    return jnp.right_shift(x, _within_bits(x, y))


def _within_bits(x: Any, y: Any) -> Any:
    """Shifts by less than nothing or more than all bits are taken as 0 and as the last bit, as TF's kernels do."""
    return jnp.clip(y, 0, np.iinfo(x.dtype).bits - 1)


_BITS: tuple[tuple[str, Callable[..., Any], Callable[..., Any] | None], ...] = (
    ("BitwiseAnd", jnp.bitwise_and, np.bitwise_and),
    ("BitwiseOr", jnp.bitwise_or, np.bitwise_or),
    ("BitwiseXor", jnp.bitwise_xor, np.bitwise_xor),
    ("LeftShift", _left_shift, None),
    ("RightShift", _right_shift, None),
)
for _type, _function, _rule in _BITS:
    declare(
        f"{_type}(x: T, y: T) -> z: T",
        lambda x, y, _function=_function: _function(x, y),
        shape=broadcast,
        numpy=None if _rule is None else quiet(_rule),
        gradient=NOT_DIFFERENTIABLE,
        types={"T": dtypes.INTEGER},
    )
declare(
    "Invert(x: T) -> y: T",
    lambda x: jnp.bitwise_not(x),
    shape=like(0),
    numpy=quiet(np.invert),
    gradient=NOT_DIFFERENTIABLE,
    types={"T": dtypes.INTEGER},
)
declare(
    "PopulationCount(x: T) -> y: uint8",
    lambda x: jax.lax.population_count(jnp.asarray(x)).astype(np.uint8),
    shape=like(0),
    gradient=NOT_DIFFERENTIABLE,
    types={"T": dtypes.INTEGER},
)


def _select_dims(c: ShapeContext) -> list[Dims]:
    condition, chosen, other = c.all_dims()
    try:
        dims = merge_dims(chosen, other)
    except ValueError as error:
        raise c.fail(str(error)) from None
    if condition is None or dims is None or condition == ():
        return [dims]
    try:
        if len(condition) == 1 and len(dims) > 1:  # a vector chooses rows
            merge_dims(condition, dims[:1])
        else:
            dims = merge_dims(condition, dims)
    except ValueError as error:
        raise c.fail(str(error)) from None
    return [dims]


def _select(condition: Any, t: Any, e: Any) -> Any:
    if condition.ndim == 1 and t.ndim > 1:
        condition = condition.reshape(condition.shape + (1,) * (t.ndim - 1))
    return module_of(condition, t, e).where(condition, t, e)


def _select_v2_dims(c: ShapeContext) -> list[Dims]:
    condition, chosen, other = c.all_dims()
    try:
        return [broadcast_dims(condition, broadcast_dims(chosen, other))]
    except ValueError as error:
        raise c.fail(str(error)) from None


def _select_v2(condition: Any, t: Any, e: Any) -> Any:
    return module_of(condition, t, e).where(condition, t, e)


_CHOICES: tuple[tuple[str, Callable[..., Any], Callable[..., Any]], ...] = (
    ("Select", _select_dims, _select),
    ("SelectV2", _select_v2_dims, _select_v2),
)
for _type, _shape, _function in _CHOICES:
    declare(
        f"{_type}(condition: bool, t: T, e: T) -> output: T",
        _function,
        shape=_shape,
        numpy=_function,
        host=holds_text("T"),
    )

# -------------------------------------------------------------------------------------------- public functions


def _shown(call: str, value: str) -> str:
    return f">>> tf.Session().run({call}).tolist()\n    {value}"


_REALS = "floating or integer"
less = binary("Less", "less", "whether x < y", _shown("tf.less([1, 2], 2)", "[True, False]"), _REALS, "bool")
less_equal = binary(
    "LessEqual", "less_equal", "whether x <= y", _shown("tf.less_equal([1, 3], 2)", "[True, False]"), _REALS, "bool"
)
greater = binary(
    "Greater", "greater", "whether x > y", _shown("tf.greater([1, 3], 2)", "[False, True]"), _REALS, "bool"
)
greater_equal = binary(
    "GreaterEqual",
    "greater_equal",
    "whether x >= y",
    _shown("tf.greater_equal([1, 2], 2)", "[False, True]"),
    _REALS,
    "bool",
)
logical_and = binary(
    "LogicalAnd",
    "logical_and",
    "x and y",
    _shown("tf.logical_and([True, False], True)", "[True, False]"),
    "bool",
    "bool",
)
logical_or = binary(
    "LogicalOr", "logical_or", "x or y", _shown("tf.logical_or([True, False], False)", "[True, False]"), "bool", "bool"
)
bitwise_and = binary(
    "BitwiseAnd",
    "bitwise_and",
    "the bits that x and y both have",
    _shown("tf.bitwise.bitwise_and(6, 3)", "2"),
    "integer",
)
bitwise_or = binary(
    "BitwiseOr", "bitwise_or", "the bits that x or y has", _shown("tf.bitwise.bitwise_or(6, 3)", "7"), "integer"
)
bitwise_xor = binary(
    "BitwiseXor",
    "bitwise_xor",
    "the bits that one of x and y has",
    _shown("tf.bitwise.bitwise_xor(6, 3)", "5"),
    "integer",
)
left_shift = binary(
    "LeftShift", "left_shift", "x shifted left by y bits", _shown("tf.bitwise.left_shift(3, 2)", "12"), "integer"
)
right_shift = binary(
    "RightShift", "right_shift", "x shifted right by y bits", _shown("tf.bitwise.right_shift(12, 2)", "3"), "integer"
)


def invert(x: Any, name: str | None = None) -> Tensor:
    """Flips all bits, element by element.

    Args:
      x: Integer tensor.
      name: Node name; defaults to "Invert".

    Returns:
      Tensor of the dtype and shape of `x`.

    >>> tf.Session().run(tf.bitwise.invert([0, 5])).tolist()
    [-1, -6]
    """
    return apply_op("Invert", x, name=name)


def population_count(x: Any, name: str | None = None) -> Tensor:
    """Counts the bits that are set, element by element.

    Args:
      x: Integer tensor.
      name: Node name; defaults to "PopulationCount".

    Returns:
      Tensor of uint8 of the shape of `x`.

    >>> apply = tf.constant([0, 7])
    >>> apply.shape.as_list()
    [2]
    """
    return apply_op("PopulationCount", x, name=name)


def equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes whether x == y, element by element.

    Args:
      x: Tensor of any dtype.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Node name; defaults to "Equal".

    Returns:
      Tensor of bool.

    >>> tf.Session().run(tf.equal([2, 4], 2)).tolist()
    [True, False]
    """
    return apply_op("Equal", x, y, name=name)


def not_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Computes whether x != y, element by element.

    Args:
      x: Tensor of any dtype.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      name: Node name; defaults to "NotEqual".

    Returns:
      Tensor of bool.

    >>> tf.Session().run(tf.not_equal([2, 4], 2)).tolist()
    [False, True]
    """
    return apply_op("NotEqual", x, y, name=name)


def approximate_equal(x: Any, y: Any, tolerance: float = 1e-05, name: str | None = None) -> Tensor:
    """Computes whether |x - y| < tolerance, element by element.

    Args:
      x: Tensor of numbers.
      y: Tensor of the same dtype and shape.
      tolerance: How far apart they may be.
      name: Node name; defaults to "ApproximateEqual".

    Returns:
      Tensor of bool.

    >>> tf.Session().run(tf.approximate_equal([1.0], [1.000001])).tolist()
    [True]
    """
    return apply_op("ApproximateEqual", x, y, tolerance=tolerance, name=name)


def logical_not(x: Any, name: str | None = None) -> Tensor:
    """Computes not x, element by element.

    Args:
      x: Tensor of bool.
      name: Node name; defaults to "LogicalNot".

    Returns:
      Tensor of bool.

    >>> tf.Session().run(tf.logical_not([True, False])).tolist()
    [False, True]
    """
    return apply_op("LogicalNot", x, name=name)


def logical_xor(x: Any, y: Any, name: str = "LogicalXor") -> Tensor:
    """Computes x xor y, element by element.

    Args:
      x: Tensor of bool.
      y: Tensor of bool, whose shape broadcasts with that of `x`.
      name: Name of the last of the nodes, (x or y) and not (x and y).

    Returns:
      Tensor of bool.

    >>> tf.Session().run(tf.logical_xor([True, False], [True, True])).tolist()
    [False, True]
    """
    either = apply_op("LogicalOr", x, y)
    return apply_op("LogicalAnd", either, apply_op("LogicalNot", apply_op("LogicalAnd", x, y)), name=name)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """Chooses from `x` where `condition` holds and from `y` elsewhere; alone, gives the places where it holds.

    Args:
      condition: Tensor of bool; a vector may choose rows of `x` and `y`.
      x: Tensor of the shape of `condition` (or whose rows it chooses).
      y: Tensor of the dtype and shape of `x`.
      name: Node name; defaults to "Select", or "Where" for one argument.

    Returns:
      Tensor like `x`; for one argument the int64 tensor `[number of true elements, rank of condition]`.

    Raises:
      ValueError: only one of `x` and `y` is given, or the shapes do not fit.

    >>> tf.Session().run(tf.where([True, False], [1, 2], [3, 4])).tolist()
    [1, 4]
    >>> tf.Session().run(tf.where([False, True])).tolist()
    [[1]]
    """
    return _where("Select", condition, x, y, name)


def where_v2(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """Chooses from `x` where `condition` holds and from `y` elsewhere; the three shapes broadcast.

    Args:
      condition: Tensor of bool.
      x: Tensor.
      y: Tensor of the dtype of `x`.
      name: Node name; defaults to "SelectV2", or "Where" for one argument.

    Returns:
      Tensor of the shape to which the three broadcast; for one argument, the places where `condition` holds.

    Raises:
      ValueError: only one of `x` and `y` is given, or the shapes do not broadcast.

    >>> tf.Session().run(tf.where_v2([True, False], 1, 0)).tolist()
    [1, 0]
    """
    return _where("SelectV2", condition, x, y, name)


def _where(op_type: str, condition: Any, x: Any, y: Any, name: str | None) -> Tensor:
    if x is None and y is None:
        with stacks.get_default_graph().name_scope(name or "Where") as scope:
            condition = convert_to_tensor(condition, preferred_dtype=dtypes.bool, name="condition")
            return apply_op("Where", condition, name=scope)
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    return apply_op(op_type, condition, x, y, name=name)
