"""`Softmax` and `LogSoftmax`. The ops work along the last axis; another axis is moved there and back, node by node.

softmax(x, axis=0) of a matrix:   Rank, range, concat, transpose, Softmax, ..., transpose_1
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from scopedjax._src.base import dtypes
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.joining import concat, transpose
from scopedjax._src.ops.array.shapes import rank, renamed_argument
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import declare
from scopedjax._src.ops.shape_context import ShapeContext


def _at_least_vector(c: ShapeContext) -> list[Any]:
    dims = c.dims(0)
    if dims is not None and len(dims) < 1:
        raise c.fail(f"Shape must be at least rank 1 but is rank {len(dims)}")
    return [dims]


def _widened(function: Any) -> Any:
    """Half precision is summed in float32, as TensorFlow's kernels do."""

    def lower(logits: Any) -> Any:
        wide = jnp.asarray(logits, jnp.float32) if logits.dtype.itemsize == 2 else logits
        return function(wide, axis=-1).astype(logits.dtype)

    return lower


for _type, _function, _output in (
    ("Softmax", jax.nn.softmax, "softmax"),
    ("LogSoftmax", jax.nn.log_softmax, "logsoftmax"),
):
    declare(
        f"{_type}(logits: T) -> {_output}: T",
        _widened(_function),
        shape=_at_least_vector,
        types={"T": dtypes.FLOATING},
    )


def _swap_axes(x: Tensor, axis: Any, last: Tensor, name: str | None = None) -> Tensor:
    before = tf_range(axis)
    between = apply_op("AddV2", axis, 1, name="add") if isinstance(axis, Tensor) else axis + 1
    order = concat([before, [last], tf_range(between, last), [axis]], 0)
    return transpose(x, order, name=name or "transpose")


def _along_axis(op_type: str, logits: Any, axis: Any, name: str | None) -> Tensor:
    logits = convert_to_tensor(logits)
    ndims = logits.ndim
    if axis == -1 or ndims is not None and axis == ndims - 1:
        return apply_op(op_type, logits, name=name)
    if ndims is not None and not -ndims <= axis < ndims:
        raise InvalidArgumentError(
            None,
            None,
            f"`dim` must be in the range [-{ndims}, {ndims}) where {ndims} is the number of dimensions in the input. "
            f"Received: dim={axis}",
        )
    size = rank(logits)
    at = apply_op("AddV2", axis, size, name="add") if axis < 0 else axis
    input_rank = rank(logits)
    if ndims is None:
        raise TypeError(f"tf.nn.{op_type.lower()} along axis {axis} needs the static rank of {logits.name}")
    at = apply_op("FloorMod", at, ndims, name="mod") if isinstance(at, Tensor) else at % ndims
    moved = _swap_axes(logits, at, apply_op("Sub", input_rank, 1))
    output = apply_op(op_type, moved)
    back = _swap_axes(output, at, apply_op("Sub", input_rank, 1), name=name)
    back.set_shape(logits.shape)
    return back


def softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """Computes `exp(x) / sum(exp(x))` along an axis.

    Args:
      logits: Floating tensor.
      axis: Axis of the sum; the last by default.
      name: Node name; defaults to "Softmax".
      dim: The older name of `axis`.

    Returns:
      Tensor of the dtype and shape of `logits`.

    Raises:
      InvalidArgumentError: the axis is out of range.

    >>> tf.Session().run(tf.nn.softmax([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    return _along_axis("Softmax", logits, -1 if axis is None else axis, name)


def log_softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """Computes `x - log(sum(exp(x)))` along an axis.

    Args:
      logits: Floating tensor.
      axis: Axis of the sum; the last by default.
      name: Node name; defaults to "LogSoftmax".
      dim: The older name of `axis`.

    Returns:
      Tensor of the dtype and shape of `logits`.

    Raises:
      InvalidArgumentError: the axis is out of range.

    >>> tf.Session().run(tf.nn.log_softmax([[5.0]])).tolist()
    [[0.0]]
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    return _along_axis("LogSoftmax", logits, -1 if axis is None else axis, name)
