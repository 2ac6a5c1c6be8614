"""`tf.assign` and its kin: functions that change a variable, or the handle of one."""

from __future__ import annotations

import builtins
from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like, range
from scopedjax._src.ops.array.shapes import expand_dims, reshape, shape
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.variables.resource_variable import ResourceVariable
from scopedjax._src.variables.variable import Variable


def _assigns_itself(ref: Any) -> bool:
    """Whether a variable has its own nodes for assignments: all but reference variables and their tensors."""
    return isinstance(ref, ResourceVariable) or not isinstance(ref, (Variable, Tensor))


def _handle(ref: Any) -> Any:
    """Returns the handle of a variable; anything else as it is."""
    return ref._ref() if isinstance(ref, Variable) else ref


def assign(
    ref: Any, value: Any, validate_shape: bool | None = None, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Gives a variable a new value.

    Args:
      ref: A variable.
      value: Tensor of the variable's dtype, and of its shape unless `validate_shape` is False.
      validate_shape: Whether the shapes must agree (True).
      use_locking: Accepted: an update is always whole.
      name: Node name.

    Returns:
      The variable's tensor, which holds the new value once the node has run.

    >>> v = tf.Variable(1.0)
    >>> with tf.Session() as sess:
    ...     sess.run(v.initializer)
    ...     print(sess.run(tf.assign(v, v + 1.0)))
    2.0
    """
    if _assigns_itself(ref):
        return ref.assign(value, name=name)
    return apply_op("Assign", _handle(ref), value, validate_shape=validate_shape, use_locking=use_locking, name=name)


def assign_add(ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None) -> Any:
    """Adds `value` to a variable; args and result as for `tf.assign`."""
    if _assigns_itself(ref):
        return ref.assign_add(value)
    return apply_op("AssignAdd", _handle(ref), value, use_locking=use_locking, name=name)


def assign_sub(ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None) -> Any:
    """Subtracts `value` from a variable; args and result as for `tf.assign`."""
    if _assigns_itself(ref):
        return ref.assign_sub(value)
    return apply_op("AssignSub", _handle(ref), value, use_locking=use_locking, name=name)


def _scatter(op_type: str, ref: Any, indices: Any, updates: Any, use_locking: bool, name: str | None) -> Any:
    if isinstance(ref, ResourceVariable):
        return ref._scattered(op_type, indices, updates, name)
    return apply_op(op_type, _handle(ref), indices, updates, use_locking=use_locking, name=name)


def scatter_update(ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None) -> Any:
    """Assigns rows: `ref[indices[i], ...] = updates[i, ...]`.

    Args:
      ref: A variable.
      indices: Integer tensor; a scalar names one row.
      updates: Tensor of shape `indices.shape + ref.shape[1:]`.
      use_locking: Accepted: an update is always whole.
      name: Node name.

    Returns:
      The variable's tensor.

    >>> v = tf.Variable([1.0, 2.0, 3.0])
    >>> with tf.Session() as sess:
    ...     sess.run(v.initializer)
    ...     print(sess.run(tf.scatter_update(v, [0, 2], [9.0, 8.0])).tolist())
    [9.0, 2.0, 8.0]
    """
    return _scatter("ScatterUpdate", ref, indices, updates, use_locking, name)


def scatter_add(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Adds to rows: `ref[indices[i], ...] += updates[i, ...]`; args as for `tf.scatter_update`."""
    return _scatter("ScatterAdd", ref, indices, updates, use_locking, name)


def scatter_sub(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Subtracts from rows: `ref[indices[i], ...] -= updates[i, ...]`; args as for `tf.scatter_update`."""
    return _scatter("ScatterSub", ref, indices, updates, use_locking, name)


def scatter_mul(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Multiplies rows: `ref[indices[i], ...] *= updates[i, ...]`; args as for `tf.scatter_update`."""
    return _scatter("ScatterMul", ref, indices, updates, use_locking, name)


def scatter_div(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Divides rows: `ref[indices[i], ...] /= updates[i, ...]`; args as for `tf.scatter_update`."""
    return _scatter("ScatterDiv", ref, indices, updates, use_locking, name)


def scatter_min(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Takes the minimum of rows and updates; args as for `tf.scatter_update`."""
    return _scatter("ScatterMin", ref, indices, updates, use_locking, name)


def scatter_max(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Takes the maximum of rows and updates; args as for `tf.scatter_update`."""
    return _scatter("ScatterMax", ref, indices, updates, use_locking, name)


def scatter_nd_update(ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None) -> Any:
    """Assigns slices: `ref[indices[i, :]] = updates[i, ...]`.

    Args:
      ref: A variable.
      indices: Integer tensor `[..., k]`; each row names a slice of the first k dimensions.
      updates: Tensor of shape `indices.shape[:-1] + ref.shape[k:]`.
      use_locking: Accepted: an update is always whole.
      name: Node name.
    """
    return _scatter("ScatterNdUpdate", ref, indices, updates, use_locking, name)


def scatter_nd_add(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Adds to slices; args as for `tf.scatter_nd_update`."""
    return _scatter("ScatterNdAdd", ref, indices, updates, use_locking, name)


def scatter_nd_sub(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Subtracts from slices; args as for `tf.scatter_nd_update`."""
    return _scatter("ScatterNdSub", ref, indices, updates, use_locking, name)


def batch_scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """Assigns rows in each batch: `ref[b..., indices[b..., i], ...] = updates[b..., i, ...]`.

    Args:
      ref: A variable.
      indices: Integer tensor whose leading dimensions are the batch.
      updates: Tensor of shape `indices.shape + ref.shape[indices.ndims:]`.
      use_locking: Accepted.
      name: Name scope.
    """
    graph = _handle(ref).graph
    with graph.name_scope(name):
        indices = convert_to_tensor(indices, name="indices")
        sizes, rank = shape(indices, out_type=indices.dtype), indices.ndim
        if rank is None:
            raise ValueError("tf.batch_scatter_update needs the rank of `indices`")
        full = expand_dims(indices, -1)
        # Every index is put after its place in the batch: [..., b0, b1, index].
        places = []
        for axis in builtins.range(rank - 1):
            size = sizes[axis]
            count = range(size, name="Range")
            along = reshape(count, [1] * axis + [size] + [1] * (rank - axis))
            places.append(along * ones_like(full))
        if places:
            full = apply_op("ConcatV2", [*places, full], -1, name="concat")
        return scatter_nd_update(ref, full, updates, use_locking)


def count_up_to(ref: Any, limit: int, name: str | None = None) -> Tensor:
    """Increments a scalar integer variable until it reaches `limit`.

    Args:
      ref: A variable of dtype int32 or int64.
      limit: The value at which OutOfRangeError is raised.
      name: Node name.

    Returns:
      The value before the increment.
    """
    if isinstance(ref, ResourceVariable):
        return ref.count_up_to(limit)
    return apply_op("CountUpTo", _handle(ref), limit=limit, name=name)
