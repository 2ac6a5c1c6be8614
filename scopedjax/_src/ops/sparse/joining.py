"""Sparse tensors as sets of elements: sums, joins, cuts, and rows without elements, on the host.

    add      {[0]: 1, [2]: 3} + {[2]: 4}          = {[0]: 1, [2]: 7}
    concat   of [2, 3] and [2, 4] along axis 1    = [2, 7]: the second one's places move by 3
    slice    what lies in a box, counted from its corner

How many elements come out is known in the run only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, TensorShape, broadcast_dims, dimension_at_index, from_dims, merge_dim
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import renamed_argument, reshape
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, Gradient, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.sparse.densify import invalid, row_text
from scopedjax._src.ops.sparse.elementwise import sparse_dense_add, union_of_places
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor, as_sparse, as_sparse_list, is_sparse

# ---------------------------------------------------------------------------------------------------------- add


def _sum_dims(c: ShapeContext) -> list[Dims]:
    sizes = c.dims(2)
    return [(None, None if sizes is None else sizes[0]), (None,), sizes]


def _sum_gradient(op: Operation, *grads: Any) -> list[Any]:
    a, b = apply_op("SparseAddGrad", grads[1], op.inputs[0], op.inputs[3], op.outputs[0])
    a.set_shape(op.inputs[1].get_shape())
    b.set_shape(op.inputs[4].get_shape())
    return [None, a, None, None, b, None, None]


@defop(
    "SparseAdd(a_indices: int64, a_values: T, a_shape: int64, b_indices: int64, b_values: T, b_shape: int64, "
    "thresh: Treal) -> sum_indices: int64, sum_values: T, sum_shape: int64",
    shape=_sum_dims,
    host=True,
    gradient=Gradient("function", _sum_gradient),
    types={"T": dtypes.NUMERIC, "Treal": dtypes.REAL},
)
def _sum(
    a_indices: Any, a_values: Any, a_shape: Any, b_indices: Any, b_values: Any, b_shape: Any, thresh: Any
) -> tuple[Any, Any, Any]:
    if len(a_shape) != len(b_shape):
        raise invalid(f"Ranks of input tensors must match, but saw ranks: {len(a_shape)} and {len(b_shape)}")
    for i, (x, y) in enumerate(zip(a_shape, b_shape, strict=True)):
        if x != y:
            raise invalid(f"Input shapes must match: got {x} and {y} for dimension {i}")
    places, at_a, at_b = union_of_places(a_indices, b_indices)
    total = np.zeros(len(places), a_values.dtype)
    np.add.at(total, at_a, a_values)
    np.add.at(total, at_b, b_values)
    # Only where both have an element can they cancel; what one alone holds stays, however small.
    alone = np.bincount(np.concatenate([at_a, at_b]), minlength=len(places)) < 2
    kept = alone | (np.abs(total) >= thresh)
    return places[kept], total[kept], a_shape


@defop(
    "SparseAddGrad(backprop_val_grad: T, a_indices: int64, b_indices: int64, sum_indices: int64) "
    "-> a_val_grad: T, b_val_grad: T",
    shape=lambda c: [(c.require_rank(1, 2)[0],), (c.require_rank(2, 2)[0],)],
    host=True,
    gradient=NOT_DIFFERENTIABLE,
    types={"T": dtypes.NUMERIC},
)
def _sum_back(backprop_val_grad: Any, a_indices: Any, b_indices: Any, sum_indices: Any) -> tuple[Any, Any]:
    """The gradient of each element that is in the sum; what fell below the threshold gets none."""
    return (
        _found_at(a_indices, sum_indices, backprop_val_grad),
        _found_at(b_indices, sum_indices, backprop_val_grad),
    )


def _found_at(wanted: np.ndarray, places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The value at each wanted place, zero where there is none."""
    known = {tuple(place): i for i, place in enumerate(places.tolist())}
    rows = np.array([known.get(tuple(place), -1) for place in wanted.tolist()], np.int64)
    result = np.zeros(len(wanted), values.dtype)
    result[rows >= 0] = values[rows[rows >= 0]]
    return result


def sparse_add(a: Any, b: Any, threshold: Any = None, thresh: Any = None) -> Any:
    """The sum of two tensors of which at least one is sparse.

    Args:
      a: `SparseTensor` or dense tensor.
      b: `SparseTensor` or dense tensor of the same shape and dtype.
      threshold: Where both are sparse and have an element, a sum smaller in magnitude is left out; 0 keeps all.
      thresh: The older name of `threshold`.

    Returns:
      A `SparseTensor` where both are sparse, else a dense Tensor.

    Raises:
      TypeError: neither is sparse.
      InvalidArgumentError: when run, if the shapes differ.

    >>> a, b = tf.SparseTensor([[0], [2]], [1, 3], [4]), tf.SparseTensor([[2]], [4], [4])
    >>> tf.Session().run(tf.sparse_add(a, b)).values.tolist()
    [1, 7]
    """
    threshold = renamed_argument("threshold", threshold, "thresh", thresh)
    if not is_sparse(a) and not is_sparse(b):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    if not (is_sparse(a) and is_sparse(b)):
        sparse, dense = (a, b) if is_sparse(a) else (b, a)
        return sparse_dense_add(as_sparse(sparse) if not isinstance(sparse, SparseTensor) else sparse, dense)
    a, b = as_sparse(a), as_sparse(b)
    real = {"complex64": dtypes.float32, "complex128": dtypes.float64}.get(a.dtype.base_dtype.name, a.dtype.base_dtype)
    least = convert_to_tensor(0 if threshold is None else threshold, dtype=real, name="threshold")
    places, values, sizes = apply_op(
        "SparseAdd", a.indices, a.values, a.dense_shape, b.indices, b.values, b.dense_shape, least
    )
    a.shape.assert_is_compatible_with(b.shape)
    static = from_dims(broadcast_dims(_dims(a), _dims(b)))
    return SparseTensor(places, values, static.as_list() if static.is_fully_defined() else sizes)


def _dims(sparse: SparseTensor) -> Dims:
    return None if sparse.shape.ndims is None else tuple(sparse.shape.as_list())


# ------------------------------------------------------------------------------------------------------- concat


def _joined_dims(c: ShapeContext) -> list[Dims]:
    n = c.attr("N")
    count: int | None = 0
    width: int | None = None
    for i in range(n):
        rows, columns = c.require_rank(i, 2)
        count = None if count is None or rows is None else count + rows
        width = merge_dim(width, columns)
    return [(count, width), (count,), c.dims(2 * n)]


@defop(
    "SparseConcat(indices: N * int64, values: N * T, shapes: N * int64; concat_dim: int) -> output_indices: int64, "
    "output_values: T, output_shape: int64",
    shape=_joined_dims,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _joined(indices: Any, values: Any, shapes: Any, *, concat_dim: int) -> tuple[Any, Any, Any]:
    rank = len(shapes[0])
    axis = concat_dim + rank if concat_dim < 0 else concat_dim
    if not 0 <= axis < rank:
        raise invalid(f"Concat dimension must be in range [{-rank}, {rank}), got {concat_dim}")
    total = shapes[0].copy()
    total[axis] = 0
    moved: list[np.ndarray] = []
    for i, (places, sizes) in enumerate(zip(indices, shapes, strict=True)):
        if len(sizes) != rank:
            raise invalid(
                f"Ranks of all input tensors must match: expected {rank} but got {len(sizes)} at position {i}"
            )
        for d in range(rank):
            if d != axis and sizes[d] != total[d]:
                raise invalid(f"Input shapes must match: expected {total[d]} for dimension {d} but got {sizes[d]} at "
                              f"position {i}")  # fmt: skip
        shift = np.zeros(rank, np.int64)
        shift[axis] = total[axis]
        moved.append(places + shift)
        total[axis] += sizes[axis]
    places = np.concatenate(moved)
    order = np.lexsort(places.T[::-1])
    return places[order], np.concatenate(values)[order], total


def sparse_concat(
    axis: Any,
    sp_inputs: Any,
    name: str | None = None,
    expand_nonconcat_dim: bool = False,
    concat_dim: Any = None,
    expand_nonconcat_dims: Any = None,
) -> SparseTensor:
    """Joins sparse tensors along an axis.

    Args:
      axis: The axis, counted from the end where negative.
      sp_inputs: List of `SparseTensor`s of one dtype and rank.
      name: Node name; "SparseConcat" by default.
      expand_nonconcat_dim: Whether the other sizes may differ; the largest counts then.
      concat_dim: The older name of `axis`.
      expand_nonconcat_dims: The newer name of `expand_nonconcat_dim`.

    Returns:
      A `SparseTensor`.

    Raises:
      TypeError: `sp_inputs` is no list of `SparseTensor`s.
      InvalidArgumentError: when run, if the shapes do not fit.

    >>> a = tf.SparseTensor([[0, 1]], [7], [1, 2])
    >>> tf.Session().run(tf.sparse_concat(1, [a, a])).indices.tolist()
    [[0, 1], [0, 3]]
    """
    expand = expand_nonconcat_dim if expand_nonconcat_dims is None else expand_nonconcat_dims
    axis = renamed_argument("axis", axis, "concat_dim", concat_dim)
    inputs = as_sparse_list(sp_inputs)
    if len(inputs) == 1:
        return inputs[0]
    sizes: list[Any] = [s.dense_shape for s in inputs]
    if expand:
        sizes = _expanded(sizes, axis)
    places, values, whole = apply_op(
        "SparseConcat", [s.indices for s in inputs], [s.values for s in inputs], sizes, concat_dim=axis, name=name
    )
    static = _joined_shape([s.shape for s in inputs], axis, expand)
    if static is not None and all(s.shape.is_fully_defined() for s in inputs):
        whole = convert_to_tensor(static, dtype=dtypes.int64)
    result = SparseTensor(places, values, whole)
    result.set_shape(TensorShape(static))
    return result


def _expanded(sizes: list[Any], axis: int) -> list[Tensor]:
    """The shapes with the largest size in every dimension but the one that is joined."""
    from scopedjax._src.ops.math.reductions import reduce_max

    largest = reduce_max(concat([reshape(s, [1, -1]) for s in sizes], 0), 0)
    last = axis == -1
    return [
        concat([largest[:axis], s[-1:] if last else s[axis : axis + 1], [] if last else largest[axis + 1 :]], 0)
        for s in sizes
    ]


def _joined_shape(shapes: list[TensorShape], axis: int, expand: bool) -> list[Any] | None:
    if any(s.rank is None for s in shapes):
        return None
    ranges: list[list[Any]] = [[dimension_at_index(s, d).value for s in shapes] for d in range(shapes[0].rank or 0)]
    static = shapes[0].as_list()
    if expand:
        static = [None if None in sizes else max(sizes) for sizes in ranges]
    static[axis] = None if None in ranges[axis] else sum(ranges[axis])
    return static


# ------------------------------------------------------------------------------------------------ split, slice


def _piece_dims(c: ShapeContext) -> list[Dims]:
    sizes, n = c.dims(3), c.attr("num_split")
    width = None if sizes is None else sizes[0]
    return [*[(None, width)] * n, *[(None,)] * n, *[sizes] * n]


@defop(
    "SparseSplit(split_dim: int64, indices: int64, values: T, shape: int64; num_split: int) "
    "-> output_indices: num_split * int64, output_values: num_split * T, output_shape: num_split * int64",
    shape=_piece_dims,
    host=True,
    gradient=NO_GRADIENT,
)
def _pieces(split_dim: Any, indices: Any, values: Any, shape: Any, *, num_split: int) -> tuple[Any, Any, Any]:
    axis, rank = int(split_dim), len(shape)
    if not 0 <= axis < rank:
        raise invalid(f"Input split_dim should be between 0 and rank ({rank}), got {axis}")
    if not 1 <= num_split <= shape[axis]:
        raise invalid("Input num_split should be between 1 and the splitting dimension size "
                      f"({shape[axis]}), got {num_split}")  # fmt: skip
    # The first pieces are larger by one where the size does not divide.
    small, larger = divmod(int(shape[axis]), num_split)
    bounds = np.cumsum([0, *(small + (i < larger) for i in range(num_split))])
    found: list[tuple[Any, Any, Any]] = []
    for low, high in zip(bounds[:-1], bounds[1:], strict=True):
        corner, size = np.zeros(rank, np.int64), shape.copy()
        corner[axis], size[axis] = low, high - low
        found.append(_box(indices, values, corner, size))
    return [f[0] for f in found], [f[1] for f in found], [f[2] for f in found]


def _box(places: Any, values: Any, corner: Any, size: Any) -> tuple[Any, Any, Any]:
    inside = np.all((places >= corner) & (places < corner + size), axis=1)
    return places[inside] - corner, values[inside], size


def _slice_gradient(op: Operation, *grads: Any) -> list[Any]:
    back = apply_op("SparseSliceGrad", grads[1], op.inputs[0], op.inputs[3], op.outputs[0])
    back.set_shape(op.inputs[1].get_shape())
    return [None, back, None, None, None]


def _slice_dims(c: ShapeContext) -> list[Dims]:
    sizes = c.dims(2)
    return [(None, None if sizes is None else sizes[0]), (None,), sizes]


@defop(
    "SparseSlice(indices: int64, values: T, shape: int64, start: int64, size: int64) -> output_indices: int64, "
    "output_values: T, output_shape: int64",
    shape=_slice_dims,
    host=True,
    gradient=Gradient("function", _slice_gradient),
)
def _slice(indices: Any, values: Any, shape: Any, start: Any, size: Any) -> tuple[Any, Any, Any]:
    for what, given in (("start", start), ("size", size)):
        if len(given) != len(shape):
            raise invalid(f"Expected {what} to be a vector of length {len(shape)} but got length {len(given)}")
    return _box(indices, values, start, np.clip(shape - start, 0, size))


@defop(
    "SparseSliceGrad(backprop_val_grad: T, input_indices: int64, input_start: int64, output_indices: int64) "
    "-> val_grad: T",
    shape=lambda c: [(c.require_rank(1, 2)[0],)],
    host=True,
    gradient=NO_GRADIENT,
    types={"T": dtypes.NUMERIC},
)
def _slice_back(backprop_val_grad: Any, input_indices: Any, input_start: Any, output_indices: Any) -> Any:
    return _found_at(input_indices, output_indices + input_start, backprop_val_grad)


class KeywordRequired:
    """The default of an argument that nobody gives: what follows it is given by keyword."""

    def __repr__(self) -> str:
        return "KeywordRequired()"


def sparse_split(
    keyword_required: Any = KeywordRequired(),
    sp_input: Any = None,
    num_split: Any = None,
    axis: Any = None,
    name: str | None = None,
    split_dim: Any = None,
) -> list[SparseTensor]:
    """Cuts a sparse tensor into pieces along an axis; the first pieces are larger where the size does not divide.

    Args:
      keyword_required: Not to be given: the arguments that follow are given by keyword.
      sp_input: `SparseTensor`.
      num_split: How many pieces, a Python number.
      axis: The axis, from 0 on.
      name: Node name; "SparseSplit" by default.
      split_dim: The older name of `axis`.

    Returns:
      List of `num_split` `SparseTensor`s.

    Raises:
      ValueError: an argument is missing, or is given by position.
      InvalidArgumentError: when run, if there are fewer slices than pieces.

    >>> sparse = tf.SparseTensor([[0, 0], [0, 3]], [7, 8], [1, 4])
    >>> [p.values.tolist() for p in tf.Session().run(tf.sparse_split(sp_input=sparse, num_split=2, axis=1))]
    [[7], [8]]
    """
    if not isinstance(keyword_required, KeywordRequired):
        raise ValueError("Keyword arguments are required for this function.")
    axis = renamed_argument("axis", axis, "split_dim", split_dim)
    for what, given in (("sp_input", sp_input), ("num_split", num_split), ("axis", axis)):
        if given is None:
            raise ValueError(f"{what} is required")
    sparse = as_sparse(sp_input)
    parts = apply_op(
        "SparseSplit", axis, sparse.indices, sparse.values, sparse.dense_shape, num_split=num_split, name=name
    )
    return [SparseTensor(*part) for part in zip(*parts, strict=True)]


def sparse_slice(sp_input: Any, start: Any, size: Any, name: str | None = None) -> SparseTensor:
    """Cuts a box out of a sparse tensor; what reaches beyond the tensor is cut off.

    Args:
      sp_input: `SparseTensor`.
      start: int64 tensor `[rank]`: the corner.
      size: int64 tensor `[rank]`: the sizes.
      name: Name scope; "SparseSlice" by default.

    Returns:
      A `SparseTensor`.

    Raises:
      InvalidArgumentError: when run, if `start` or `size` has the wrong length.

    >>> sparse = tf.SparseTensor([[0, 0], [1, 2]], [7, 8], [2, 3])
    >>> tf.Session().run(tf.sparse_slice(sparse, [1, 1], [1, 2])).indices.tolist()
    [[0, 1]]
    """
    sparse = as_sparse(sp_input)
    start, size = convert_to_tensor(start, dtypes.int64), convert_to_tensor(size, dtypes.int64)
    with stacks.get_default_graph().name_scope(name or "SparseSlice") as scope:
        found = apply_op("SparseSlice", sparse.indices, sparse.values, sparse.dense_shape, start, size, name=scope)
        return SparseTensor(*found)


# --------------------------------------------------------------------------------------------- rows without elements


def _filled_dims(c: ShapeContext) -> list[Dims]:
    sizes = c.shape_value(2)
    width = c.require_rank(0, 2)[1]
    rows = None if not sizes else sizes[0]
    return [(None, width), (None,), (rows,), (c.require_rank(0, 2)[0],)]


def _fill_gradient(op: Operation, *grads: Any) -> list[Any]:
    values, default = apply_op("SparseFillEmptyRowsGrad", op.outputs[3], grads[1])
    return [None, values, None, default]


@defop(
    "SparseFillEmptyRows(indices: int64, values: T, dense_shape: int64, default_value: T) -> output_indices: int64, "
    "output_values: T, empty_row_indicator: bool, reverse_index_map: int64",
    shape=_filled_dims,
    host=True,
    gradient=Gradient("function", _fill_gradient),
)
def _filled(indices: Any, values: Any, dense_shape: Any, default_value: Any) -> tuple[Any, Any, Any, Any]:
    if not len(dense_shape):
        raise invalid("Dense shape cannot be empty.")
    rows = int(dense_shape[0])
    wrong = np.flatnonzero((indices[:, 0] < 0) | (indices[:, 0] >= rows))
    if len(wrong):
        at = int(wrong[0])
        raise invalid(f"indices({at}, 0) is invalid: {indices[at, 0]} >= {rows}")
    counts = np.bincount(indices[:, 0], minlength=rows)
    empty = counts == 0
    added = np.zeros((int(empty.sum()), indices.shape[1]), np.int64)
    added[:, 0] = np.flatnonzero(empty)
    places = np.concatenate([indices, added])
    order = np.argsort(places[:, 0], kind="stable")
    fill = np.full(len(added), default_value[()], values.dtype)
    back = np.empty(len(places), np.int64)
    back[order] = np.arange(len(places))
    return places[order], np.concatenate([values, fill])[order], empty, back[: len(indices)]


@defop(
    "SparseFillEmptyRowsGrad(reverse_index_map: int64, grad_values: T) -> d_values: T, d_default_value: T",
    shape=lambda c: [c.dims(0), ()],
    host=True,
    gradient=NO_GRADIENT,
)
def _filled_back(reverse_index_map: Any, grad_values: Any) -> tuple[Any, Any]:
    given = grad_values[reverse_index_map]
    added = np.ones(len(grad_values), bool)
    added[reverse_index_map] = False
    return given, grad_values[added].sum(dtype=grad_values.dtype)


def sparse_fill_empty_rows(sp_input: Any, default_value: Any, name: str | None = None) -> tuple[SparseTensor, Tensor]:
    """Gives each row without an element one, at its beginning.

    Args:
      sp_input: `SparseTensor` `[n, ...]`.
      default_value: Scalar of its dtype: the value of the new elements.
      name: Name scope; "SparseFillEmptyRows" by default.

    Returns:
      (`SparseTensor` of the same shape, bool tensor `[n]` that tells which rows were empty).

    Raises:
      TypeError: `sp_input` is no `SparseTensor`.
      InvalidArgumentError: when run, if a row number is out of range.

    >>> sparse = tf.SparseTensor([[0, 1]], [7], [2, 3])
    >>> filled, empty = tf.Session().run(tf.sparse_fill_empty_rows(sparse, 9))
    >>> filled.values.tolist(), empty.tolist()
    ([7, 9], [False, True])
    """
    sparse = as_sparse(sp_input)
    with stacks.get_default_graph().name_scope(name or "SparseFillEmptyRows"):
        default = convert_to_tensor(default_value, dtype=sparse.dtype.base_dtype)
        places, values, empty, _ = apply_op(
            "SparseFillEmptyRows", sparse.indices, sparse.values, sparse.dense_shape, default
        )
        return SparseTensor(places, values, sparse.dense_shape), empty


def check_inside(places: np.ndarray, sizes: np.ndarray) -> None:
    """Raises InvalidArgumentError for the first place outside a shape."""
    wrong = np.flatnonzero(np.any((places < 0) | (places >= sizes), axis=1))
    if len(wrong):
        at = int(wrong[0])
        raise invalid(f"indices[{at}] = {row_text(places[at])} is out of bounds: need 0 <= index < {row_text(sizes)}")
