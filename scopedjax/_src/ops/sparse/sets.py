"""Sets: the last dimension of a tensor holds one set for each place of the other dimensions.

    a [[1, 2, 2],      b [[2, 3],      intersection {2} {}    union {1, 2, 3} {4, 5, 6}
       [4, 4, 4]]         [5, 6]]      difference   {1} {4}   (a without b)

Results are sparse, since sets differ in size: the elements of each in ascending order, and as the last size that of the
largest. How many there are depends on the values, so the ops run on the host.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims, format_dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor, SparseTensorValue

_ELEMENTS = (dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64, dtypes.uint8, dtypes.uint16, dtypes.string)
_OPERATIONS: dict[str, Callable[[set[Any], set[Any]], set[Any]]] = {
    "a-b": lambda a, b: a - b,
    "b-a": lambda a, b: b - a,
    "intersection": lambda a, b: a & b,
    "union": lambda a, b: a | b,
}

Groups = dict[tuple[int, ...], set[Any]]


def _invalid(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, message)


def _dense_groups(values: np.ndarray) -> tuple[tuple[int, ...], Groups]:
    """The sizes of the dimensions before the last, and the set at each place that has elements."""
    if values.ndim < 2:
        raise _invalid(f"Input tensor has rank {values.ndim}, expected at least 2")
    outer = values.shape[:-1]
    rows = values.reshape(-1, values.shape[-1])
    return outer, {place: set(row.tolist()) for place, row in zip(np.ndindex(*outer), rows, strict=True)}


def _sparse_groups(
    indices: np.ndarray, values: np.ndarray, sizes: np.ndarray, validate: bool
) -> tuple[tuple[int, ...], Groups]:
    if validate:
        _check_order(indices, sizes)
    groups: Groups = {}
    for place, value in zip(indices[:, :-1].tolist(), values.tolist(), strict=True):
        groups.setdefault(tuple(place), set()).add(value)
    return tuple(sizes[:-1].tolist()), groups


def _check_order(indices: np.ndarray, sizes: np.ndarray) -> None:
    rows = indices.tolist()
    limits = sizes.tolist()
    for number, row in enumerate(rows):
        if any(not 0 <= index < limit for index, limit in zip(row, limits, strict=True)):
            raise _invalid(f"indices[{number}] = {_text(row)} is out of bounds: need 0 <= index < {_text(limits)}")
        if number and row < rows[number - 1]:
            raise _invalid(
                f"indices[{number}] = {_text(row)} is out of order. Many sparse ops require sorted indices.\n"
                "    Use `tf.sparse.reorder` to create a correctly ordered copy."
            )
        if number and row == rows[number - 1]:
            raise _invalid(f"indices[{number}] = {_text(row)} is repeated")


def _text(row: list[int]) -> str:
    return "[" + ",".join(map(str, row)) + "]"


def _combined(
    operation: str, dtype: Any, first: tuple[tuple[int, ...], Groups], second: tuple[tuple[int, ...], Groups]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    (outer, groups), (other, others) = first, second
    if outer != other:
        raise _invalid(f"Mismatched shapes {format_dims(outer)} vs {format_dims(other)}")
    places, elements = [], []
    largest = 0
    for place in sorted(groups.keys() | others.keys()):
        found = sorted(_OPERATIONS[operation](groups.get(place, set()), others.get(place, set())))
        largest = max(largest, len(found))
        places.extend((*place, i) for i in range(len(found)))
        elements.extend(found)
    return (
        np.array(places, np.int64).reshape(-1, len(outer) + 1),
        np.array(elements, dtype),
        np.array([*outer, largest], np.int64),
    )


def _rank_of(dims: Dims) -> int | None:
    return None if dims is None else len(dims)


def _result_dims(rank: int | None) -> list[Dims]:
    return [(None, rank), (None,), (rank,)]


def _dense_dims(c: ShapeContext) -> list[Dims]:
    first, second = c.dims(0), c.dims(1)
    for dims in (first, second):
        if dims is not None and len(dims) < 2:
            raise c.fail(f"Shape must be at least rank 2 but is rank {len(dims)}")
    if first is None or second is None:
        return _result_dims(_rank_of(first or second))
    if len(first) != len(second):
        raise c.fail(f"Shape must be rank {len(first)} but is rank {len(second)}")
    for axis, (a, b) in enumerate(zip(first[:-1], second[:-1], strict=True)):
        if None not in (a, b) and a != b:
            shapes = f"{format_dims(first[:-1])} and {format_dims(second[:-1])}"
            raise c.fail(f"Dimension {axis} in both shapes must be equal, but are {a} and {b}. Shapes are {shapes}.")
    return _result_dims(len(first))


def _width(c: ShapeContext, *inputs: int) -> int | None:
    """The rank of a sparse input, from the width of its indices or the length of its shape."""
    for index in inputs:
        dims = c.dims(index)
        if dims is not None and dims[-1] is not None:
            return dims[-1]
    return None


def _dense_dense(set1: Any, set2: Any, *, set_operation: str) -> Any:
    return _combined(set_operation, set1.dtype, _dense_groups(set1), _dense_groups(set2))


def _dense_sparse(
    set1: Any, set2_indices: Any, set2_values: Any, set2_shape: Any, *, set_operation: str, validate_indices: bool
) -> Any:
    second = _sparse_groups(set2_indices, set2_values, set2_shape, validate_indices)
    return _combined(set_operation, set1.dtype, _dense_groups(set1), second)


def _sparse_sparse(
    set1_indices: Any,
    set1_values: Any,
    set1_shape: Any,
    set2_indices: Any,
    set2_values: Any,
    set2_shape: Any,
    *,
    set_operation: str,
    validate_indices: bool,
) -> Any:
    first = _sparse_groups(set1_indices, set1_values, set1_shape, validate_indices)
    second = _sparse_groups(set2_indices, set2_values, set2_shape, validate_indices)
    return _combined(set_operation, set1_values.dtype, first, second)


_SET = "{0}_indices: int64, {0}_values: T, {0}_shape: int64"
_REST = (
    "set_operation: string, validate_indices: bool = True) "
    "-> result_indices: int64, result_values: T, result_shape: int64"
)
for _type, _inputs, _lower, _dims in (
    ("DenseToDenseSetOperation", "set1: T, set2: T", _dense_dense, _dense_dims),
    (
        "DenseToSparseSetOperation",
        f"set1: T, {_SET.format('set2')}",
        _dense_sparse,
        lambda c: _result_dims(_rank_of(c.dims(0)) or _width(c, 1, 3)),
    ),
    (
        "SparseToSparseSetOperation",
        f"{_SET.format('set1')}, {_SET.format('set2')}",
        _sparse_sparse,
        lambda c: _result_dims(_width(c, 0, 2, 3, 5)),
    ),
):
    declare(
        f"{_type}({_inputs}; {_REST}",
        _lower,
        shape=_dims,
        types={"T": _ELEMENTS},
        host=True,
        gradient=NOT_DIFFERENTIABLE,
    )


@defop(
    "SetSize(set_indices: int64, set_values: T, set_shape: int64; validate_indices: bool = True) -> size: int32",
    shape=lambda c: [None],
    types={"T": _ELEMENTS},
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _set_size(set_indices: Any, set_values: Any, set_shape: Any, *, validate_indices: bool) -> Any:
    outer, groups = _sparse_groups(set_indices, set_values, set_shape, validate_indices)
    sizes = np.zeros(outer, np.int32)
    for place, found in groups.items():
        sizes[place] = len(found)
    return sizes


# ---------------------------------------------------------------------------------------------- public functions


def _converted(given: Any, name: str) -> Any:
    if isinstance(given, SparseTensorValue):
        return SparseTensor.from_value(given)
    return given if isinstance(given, SparseTensor) else convert_to_tensor(given, name=name)


def set_size(a: Any, validate_indices: bool = True) -> Tensor:
    """Counts the elements of each set, those that are equal once.

    Args:
      a: SparseTensor of integers or strings: one set along its last dimension for each place of the others.
      validate_indices: Whether to check that the indices are in order and within the shape.

    Returns:
      int32 tensor of the shape of `a` without its last dimension.

    Raises:
      TypeError: `a` is not sparse.

    >>> sets = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [7, 7, 8], [2, 2])
    >>> tf.Session().run(tf.sets.size(sets)).tolist()
    [1, 1]
    """
    if isinstance(a, SparseTensorValue):
        a = SparseTensor.from_value(a)
    if not isinstance(a, SparseTensor):
        raise TypeError(f"Expected `SparseTensor`, got {a}.")
    if a.values.dtype.base_dtype not in _ELEMENTS:
        raise TypeError(f"Invalid dtype `{a.values.dtype}` not in supported dtypes: `{set(_ELEMENTS)}`")
    return apply_op("SetSize", a.indices, a.values, a.dense_shape, validate_indices=validate_indices)


def _set_operation(a: Any, b: Any, operation: str, validate_indices: bool) -> SparseTensor:
    a, b = _converted(a, "a"), _converted(b, "b")
    if b.dtype.base_dtype is not a.dtype.base_dtype:
        raise TypeError(f"Types don't match, {a.dtype} vs {b.dtype}.")
    if a.dtype.base_dtype not in _ELEMENTS:
        raise TypeError(f"Invalid dtype `{a.dtype}` not in supported dtypes: `{set(_ELEMENTS)}`")
    if isinstance(a, SparseTensor) and not isinstance(b, SparseTensor):
        a, b = b, a
        operation = {"a-b": "b-a", "b-a": "a-b"}.get(operation, operation)
    kinds = {True: "Sparse", False: "Dense"}
    op_type = f"{kinds[isinstance(a, SparseTensor)]}To{kinds[isinstance(b, SparseTensor)]}SetOperation"
    result = apply_op(op_type, *_parts(a), *_parts(b), set_operation=operation, validate_indices=validate_indices)
    return SparseTensor(*result)


def _parts(given: Any) -> tuple[Any, ...]:
    return (given.indices, given.values, given.dense_shape) if isinstance(given, SparseTensor) else (given,)


def set_intersection(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """Finds the elements that are in both of two sets, for each place of the dimensions before the last.

    Args:
      a: Tensor or SparseTensor of integers or strings.
      b: The same, of the same shape but for the last dimension.
      validate_indices: Whether to check that indices of sparse sets are in order and within the shape.

    Returns:
      SparseTensor: the elements of each set in ascending order.

    Raises:
      TypeError: the dtypes differ, or cannot be elements.

    >>> found = tf.sets.intersection([[1, 2, 2], [4, 5, 6]], [[2, 3], [6, 4]])
    >>> tf.Session().run(tf.sparse_tensor_to_dense(found)).tolist()
    [[2, 0], [4, 6]]
    """
    return _set_operation(a, b, "intersection", validate_indices)


def set_difference(a: Any, b: Any, aminusb: bool = True, validate_indices: bool = True) -> SparseTensor:
    """Finds the elements that are in one of two sets only, for each place of the dimensions before the last.

    Args:
      a: Tensor or SparseTensor of integers or strings.
      b: The same, of the same shape but for the last dimension.
      aminusb: Whether those of `a` that are not in `b` are wanted, or the opposite.
      validate_indices: Whether to check that indices of sparse sets are in order and within the shape.

    Returns:
      SparseTensor: the elements of each set in ascending order.

    Raises:
      TypeError: the dtypes differ, or cannot be elements.

    >>> found = tf.sets.difference([[1, 2, 2]], [[2, 3]])
    >>> tf.Session().run(found.values).tolist()
    [1]
    """
    return _set_operation(a, b, "a-b" if aminusb else "b-a", validate_indices)


def set_union(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """Finds the elements that are in either of two sets, for each place of the dimensions before the last.

    Args:
      a: Tensor or SparseTensor of integers or strings.
      b: The same, of the same shape but for the last dimension.
      validate_indices: Whether to check that indices of sparse sets are in order and within the shape.

    Returns:
      SparseTensor: the elements of each set in ascending order.

    Raises:
      TypeError: the dtypes differ, or cannot be elements.

    >>> found = tf.sets.union([[1, 2, 2]], [[2, 3]])
    >>> tf.Session().run(found.values).tolist()
    [1, 2, 3]
    """
    return _set_operation(a, b, "union", validate_indices)
