"""From sparse to dense: `SparseToDense`, and the checks of places that other sparse ops share."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from scopedjax._src.base import dtypes, errors
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.registry import Gradient, defop
from scopedjax._src.ops.shape_rules import shape_from_input
from scopedjax._src.ops.sparse.accidental_hits import past_hits
from scopedjax._src.ops.sparse.sparse_tensor import as_sparse

_INDEX_TYPES: Final = (dtypes.int32, dtypes.int64)


def invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def row_text(row: Any) -> str:
    return "[" + ",".join(str(int(n)) for n in row) + "]"


def check_places(places: np.ndarray, sizes: np.ndarray) -> None:
    """TF's demands: inside the shape, in row-major order, none twice. Tells the first place that breaks one."""
    inside: np.ndarray = np.all((places >= 0) & (places < sizes), axis=1)
    step = places[1:] - places[:-1]
    # The first component in which two rows differ decides which one comes first.
    first = (step != 0).argmax(axis=1) if step.shape[1] else np.zeros(len(step), int)
    leading = step[np.arange(len(step)), first] if step.shape[1] else np.zeros(len(step), int)
    ordered = np.concatenate([[True], leading > 0]) if len(places) else np.ones(0, bool)
    wrong = np.flatnonzero(~(inside & ordered))
    if not len(wrong):
        return
    at = int(wrong[0])
    place = f"indices[{at}] = {row_text(places[at])}"
    if not inside[at]:
        raise invalid(f"{place} is out of bounds: need 0 <= index < {row_text(sizes)}")
    if leading[at - 1] < 0:
        raise invalid(f"{place} is out of order. Many sparse ops require sorted indices.")
    raise invalid(f"{place} is repeated")


def _dense_gradient(op: Any, grad: Any) -> list[Any]:
    from scopedjax._src.ops.array.gathering import gather_nd
    from scopedjax._src.ops.math.reductions import reduce_sum

    values = gather_nd(grad, op.inputs[0])
    return [None, None, values, reduce_sum(grad) - reduce_sum(values)]


@defop(
    "SparseToDense(sparse_indices: Tindices, output_shape: Tindices, sparse_values: T, default_value: T; "
    "validate_indices: bool = True) -> dense: T",
    shape=shape_from_input(1),
    host=True,
    types={"Tindices": _INDEX_TYPES},
    gradient=Gradient("function", _dense_gradient),
    shortcut=past_hits,
)
def _sparse_to_dense(
    sparse_indices: Any, output_shape: Any, sparse_values: Any, default_value: Any, *, validate_indices: bool
) -> Any:
    if sparse_indices.ndim > 2:
        raise invalid(f"sparse_indices should be a scalar, vector, or matrix, got shape {list(sparse_indices.shape)}")
    places = sparse_indices.reshape(-1, 1) if sparse_indices.ndim < 2 else sparse_indices
    count, rank = places.shape
    if output_shape.size != rank:
        raise invalid(f"output_shape has incorrect number of elements: {output_shape.size} should be: {rank}")
    if sparse_values.shape not in ((), (count,)):
        raise invalid(f"sparse_values has incorrect shape {row_text(sparse_values.shape)}, should be [] or [{count}]")
    if default_value.shape != ():
        raise invalid("default_value should be a scalar.")
    if validate_indices:
        check_places(places, output_shape)
    elif not ((places >= 0) & (places < output_shape)).all():
        raise invalid("Indices are not valid (out of bounds).")
    dense = np.full(tuple(output_shape), default_value[()], sparse_values.dtype)
    dense[tuple(places.T)] = sparse_values
    return dense


def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """A dense tensor with given values at given places.

    Args:
      sparse_indices: Integer tensor `[n, rank]`, or `[n]` or a number for a dense vector: the places.
      output_shape: Integer tensor `[rank]`.
      sparse_values: Tensor `[n]`, or one number for all places.
      default_value: What is elsewhere.
      validate_indices: Whether the places must be in order and none twice.
      name: Node name; "SparseToDense" by default.

    Returns:
      Tensor of shape `output_shape`.

    Raises:
      InvalidArgumentError: when run, if a place is outside, out of order or repeated.

    >>> with tf.Session() as session:
    ...     print(session.run(tf.sparse_to_dense([1, 3], [4], 1)))
    [0 1 0 1]
    """
    return apply_op(
        "SparseToDense",
        sparse_indices,
        output_shape,
        sparse_values,
        default_value,
        validate_indices=validate_indices,
        name=name,
    )


def sparse_tensor_to_dense(
    sp_input: Any, default_value: Any = None, validate_indices: bool = True, name: str | None = None
) -> Tensor:
    """The dense tensor that a sparse one stands for.

    Args:
      sp_input: A `SparseTensor`.
      default_value: What is at the other places; by default 0, or "" among strings.
      validate_indices: Whether the places must be in order and none twice.
      name: Node name; "SparseToDense" by default.

    Returns:
      Tensor of the sparse tensor's dtype and shape.

    Raises:
      TypeError: `sp_input` is no `SparseTensor`.
      InvalidArgumentError: when run, if a place is outside, out of order or repeated.

    >>> sparse = tf.SparseTensor([[0, 1], [1, 0]], [7, 8], [2, 2])
    >>> with tf.Session() as session:
    ...     print(session.run(tf.sparse_tensor_to_dense(sparse)))
    [[0 7]
     [8 0]]
    """
    sparse = as_sparse(sp_input)
    if default_value is None:
        empty = "" if sparse.dtype == dtypes.string else 0
        default_value = constant(empty, dtype=sparse.dtype, name="zeros")
    return sparse_to_dense(
        sparse.indices,
        sparse.dense_shape,
        sparse.values,
        default_value=default_value,
        validate_indices=validate_indices,
        name=name,
    )
