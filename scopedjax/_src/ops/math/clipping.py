"""Keeping numbers and norms within bounds: `clip_by_value`, `clip_by_norm`, `clip_by_global_norm`.

Rows (`IndexedSlices`), which gradients of embeddings are, are clipped as rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, broadcast_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import rank, size
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.elementwise import times
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.ops.registry import declare
from scopedjax._src.ops.shape_context import ShapeContext


def _clip_dims(c: ShapeContext) -> list[Dims]:
    t, low, high = c.all_dims()
    try:
        broadcast_dims(t, broadcast_dims(low, high))
    except ValueError as error:
        raise c.fail(str(error)) from None
    return [t]


@jax.custom_jvp
def _clip(t: Any, low: Any, high: Any) -> Any:
    return jnp.minimum(jnp.maximum(t, low), high)


@_clip.defjvp
def _clip_jvp(primals: Any, tangents: Any) -> Any:
    """At a bound the value itself takes the gradient; below it the lower bound does, above it the upper."""
    t, low, high = primals
    zero = jnp.zeros((), t.dtype)
    under, over = t < low, t > high
    inside = ~(under | over)
    parts = (
        jnp.where(inside, tangents[0], zero),
        jnp.where(under, tangents[1], zero),
        jnp.where(over, tangents[2], zero),
    )
    return _clip(t, low, high), parts[0] + parts[1] + parts[2]


declare(
    "ClipByValue(t: T, clip_value_min: T, clip_value_max: T) -> output: T",
    lambda t, clip_value_min, clip_value_max: _clip(t, clip_value_min, clip_value_max),
    shape=_clip_dims,
    numpy=lambda t, clip_value_min, clip_value_max: np.minimum(np.maximum(t, clip_value_min), clip_value_max),
    types={"T": dtypes.NUMERIC},
)


def _values_of(t: Any) -> Any:
    return t.values if isinstance(t, IndexedSlices) else t


def _as_given(t: Any, values: Tensor) -> Any:
    """The values as rows where `t` was rows."""
    return IndexedSlices(values, t.indices, t.dense_shape) if isinstance(t, IndexedSlices) else values


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """Replaces what is below a lower bound by it, and what is above an upper bound by that.

    Args:
      t: Tensor or IndexedSlices.
      clip_value_min: Lower bound; its shape broadcasts to that of `t`.
      clip_value_max: Upper bound; its shape broadcasts to that of `t`.
      name: Node name; defaults to "clip_by_value".

    Returns:
      Tensor or IndexedSlices like `t`.

    Raises:
      ValueError: the bounds would give the result another shape.

    >>> tf.Session().run(tf.clip_by_value([-5, 0, 5], -1, 1)).tolist()
    [-1, 0, 1]
    """
    with stacks.get_default_graph().name_scope(name or "clip_by_value") as scope:
        values = convert_to_tensor(_values_of(t), name="t")
        lowered = apply_op("Minimum", values, clip_value_max)
        values.shape.assert_is_compatible_with(lowered.shape)
        result = apply_op("Maximum", lowered, clip_value_min, name=scope)
        values.shape.assert_is_compatible_with(result.shape)
        return _as_given(t, result)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """Scales a tensor down where its Euclidean norm is above a bound.

    Args:
      t: Floating tensor or IndexedSlices.
      clip_norm: Scalar, the largest norm allowed.
      axes: Axes over which norms are taken; all by default.
      name: Node name; defaults to "clip_by_norm".

    Returns:
      Tensor or IndexedSlices like `t`: `t * clip_norm / max(norm, clip_norm)`.

    Raises:
      ValueError: the bound would give the result another shape.

    >>> tf.Session().run(tf.clip_by_norm([3.0, 4.0], 1.0)).round(2).tolist()
    [0.6..., 0.8...]
    """
    with stacks.get_default_graph().name_scope(name or "clip_by_norm") as scope:
        values = convert_to_tensor(_values_of(t), name="t")
        squares = reduce_sum(apply_op("Mul", values, values, name="mul"), axes, keepdims=True)
        positive = apply_op("Greater", squares, 0)
        # sqrt has no finite derivative at 0: the root is taken of a 1 there, and not used.
        safe = apply_op("Select", positive, squares, ones_like(squares))
        lengths = apply_op("Select", positive, apply_op("Sqrt", safe), squares)
        scaled = apply_op("Mul", values, clip_norm, name="mul")
        values.shape.assert_is_compatible_with(scaled.shape)
        divisor = apply_op("Maximum", lengths, clip_norm)
        with stacks.get_default_graph().name_scope("truediv") as inner:
            clipped = apply_op("RealDiv", scaled, divisor, name=inner)
        return _as_given(t, identity(clipped, name=scope))


def _check_list(t_list: Any) -> list[Any]:
    if not isinstance(t_list, Sequence) or isinstance(t_list, (str, bytes)):
        raise TypeError(f"`t_list` should be a sequence of tensors. Received {type(t_list)}.")
    return list(t_list)


def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """Computes the Euclidean norm of several tensors taken as one vector.

    Args:
      t_list: List of tensors, IndexedSlices, and None (left out).
      name: Name scope; defaults to "global_norm".

    Returns:
      Scalar.

    Raises:
      TypeError: `t_list` is not a list.

    >>> tf.Session().run(tf.global_norm([tf.constant([3.0]), tf.constant([4.0])])).item()
    5.0
    """
    given = _check_list(t_list)
    with stacks.get_default_graph().name_scope(name or "global_norm"):
        values = [None if t is None else convert_to_tensor(_values_of(t), name=f"t_{i}") for i, t in enumerate(given)]
        halves = []
        for value in values:
            if value is not None:
                with stacks.get_default_graph().colocate_with(value):
                    halves.append(apply_op("L2Loss", value))
        if not halves:
            return constant(0.0, name="global_norm")
        half = reduce_sum(stack(halves))
        two = constant(2.0, dtype=half.dtype.base_dtype)
        return apply_op("Sqrt", apply_op("Mul", half, two, name="mul"), name="global_norm")


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Tensor]:
    """Scales several tensors down together where their common norm is above a bound.

    Args:
      t_list: List of tensors, IndexedSlices, and None (kept).
      clip_norm: Scalar, the largest norm allowed.
      use_norm: The norm, where it is known already.
      name: Name scope; defaults to "clip_by_global_norm".

    Returns:
      `(list like t_list, the norm before clipping)`. Where the norm is not finite, all results are NaN.

    Raises:
      TypeError: `t_list` is not a list.

    >>> clipped, norm = tf.clip_by_global_norm([tf.constant([3.0]), tf.constant([4.0])], 2.5)
    >>> tf.Session().run(clipped[0]).tolist(), tf.Session().run(norm).item()
    ([1.5], 5.0)
    """
    given = _check_list(t_list)
    if use_norm is None:
        use_norm = global_norm(given, name)
    graph = stacks.get_default_graph()
    with graph.name_scope(name or "clip_by_global_norm") as scope:
        kind = use_norm.dtype.base_dtype
        inverse = _divided(1.0, use_norm)
        limit = _divided(constant(1.0, dtype=kind), clip_norm)
        ratio = times(clip_norm, apply_op("Minimum", inverse, limit))
        # inf - inf is NaN: a norm that is not finite shows in every result.
        poisoned = apply_op("AddV2", ratio, apply_op("Sub", use_norm, use_norm, name="sub"), name="add")
        clipped: list[Any] = []
        for i, t in enumerate(given):
            if t is None:
                clipped.append(None)
                continue
            values = convert_to_tensor(_values_of(t), name=f"t_{i}")
            with graph.colocate_with(values):
                scale = (
                    poisoned if poisoned.dtype.base_dtype is values.dtype.base_dtype else cast(poisoned, values.dtype)
                )
                scaled = apply_op("Mul", values, scale, name="mul")
                clipped.append(_as_given(t, identity(scaled, name=f"{scope[:-1].rpartition('/')[2]}/_{i}")))
    return clipped, use_norm


def _divided(x: Any, y: Any) -> Tensor:
    from scopedjax._src.ops.math.elementwise import truediv

    if not isinstance(x, Tensor):
        with stacks.get_default_graph().name_scope("truediv") as scope:
            x = convert_to_tensor(x, dtype=y.dtype.base_dtype, name="x")
            return truediv(x, y, name=scope)
    return truediv(x, y)


def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Tensor:
    """Scales a tensor down where its norm divided by its number of elements is above a bound.

    Args:
      t: Floating tensor.
      clip_norm: Scalar, the largest average norm allowed.
      name: Node name; defaults to "clip_by_average_norm".

    Returns:
      Tensor like `t`.

    >>> tf.Session().run(tf.clip_by_average_norm([3.0, 4.0], 1.25)).round(2).tolist()
    [1.5, 2.0]
    """
    with stacks.get_default_graph().name_scope(name or "clip_by_average_norm") as scope:
        tensor = convert_to_tensor(t, name="t")
        count = cast(size(tensor), dtypes.float32)
        squares = apply_op("Mul", tensor, tensor, name="mul")
        inverse = apply_op("Rsqrt", reduce_sum(squares, tf_range(0, rank(tensor))))
        scaled = apply_op("Mul", tensor, clip_norm, name="mul")
        average = apply_op("Mul", inverse, count, name="mul")
        limit = _divided(constant(1.0), clip_norm)
        result = apply_op("Mul", scaled, apply_op("Minimum", average, limit), name="mul")
        return identity(result, name=scope)
