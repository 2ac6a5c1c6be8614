"""Sparse tensors in another form: reordered, reshaped, transposed, with fewer elements, from and to dense ones."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, TensorShape, dimension_at_index
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import fill, ones, ones_like, zeros, zeros_like
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.gathering import gather, gather_nd
from scopedjax._src.ops.array.identity import identity, placeholder, placeholder_with_default
from scopedjax._src.ops.array.joining import concat, invert_permutation, transpose
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.selection import setdiff1d
from scopedjax._src.ops.array.shapes import expand_dims, rank, reshape, shape
from scopedjax._src.ops.array.slicing import slice_
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.constant_value import constant_value, constant_value_as_dims
from scopedjax._src.ops.control_flow.checks import assert_equal, assert_less_equal
from scopedjax._src.ops.control_flow.grouping import with_dependencies
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import not_equal, where_v2
from scopedjax._src.ops.math.reductions import reduce_max
from scopedjax._src.ops.registry import NO_GRADIENT, Gradient, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.sparse.densify import invalid, sparse_tensor_to_dense
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor, SparseTensorValue, as_sparse

# ------------------------------------------------------------------------------------------------------- order


def _reordered(c: ShapeContext) -> list[Dims]:
    return [c.dims(0), c.dims(1)]


def _order_gradient(op: Operation, *grads: Any) -> list[Any]:
    places, _, sizes = op.inputs
    numbers_ = tf_range(shape(places)[0])
    ordered = sparse_reorder(SparseTensor(places, numbers_, sizes))
    return [None, gather(grads[1], invert_permutation(ordered.values)), None]


@defop(
    "SparseReorder(input_indices: int64, input_values: T, input_shape: int64) -> output_indices: int64, "
    "output_values: T",
    shape=_reordered,
    host=True,
    gradient=Gradient("function", _order_gradient),
)
def _in_order(input_indices: Any, input_values: Any, input_shape: Any) -> Any:
    del input_shape
    order = np.lexsort(input_indices.T[::-1]) if input_indices.shape[1] else np.arange(len(input_indices))
    return input_indices[order], input_values[order]


def sparse_reorder(sp_input: Any, name: str | None = None) -> SparseTensor:
    """The same sparse tensor with its elements in row-major order.

    Args:
      sp_input: `SparseTensor`.
      name: Node name; "SparseReorder" by default.

    Returns:
      A `SparseTensor`.

    Raises:
      TypeError: `sp_input` is no `SparseTensor`.

    >>> tf.Session().run(tf.sparse_reorder(tf.SparseTensor([[2], [0]], [7, 8], [3]))).values.tolist()
    [8, 7]
    """
    sparse = as_sparse(sp_input)
    places, values = apply_op("SparseReorder", sparse.indices, sparse.values, sparse.dense_shape, name=name)
    if sparse.shape.is_fully_defined():
        return SparseTensor(places, values, sparse.shape.as_list())
    result = SparseTensor(places, values, identity(sparse.dense_shape))
    result.set_shape(sparse.shape)
    return result


# ----------------------------------------------------------------------------------------------------- reshape


def _reshaped_dims(c: ShapeContext) -> list[Dims]:
    count, width = c.require_rank(0, 2)[0], c.require_rank(2, 1)[0]
    return [(count, width), (width,)]


@defop(
    "SparseReshape(input_indices: int64, input_shape: int64, new_shape: int64) -> output_indices: int64, "
    "output_shape: int64",
    shape=_reshaped_dims,
    host=True,
    gradient=NO_GRADIENT,
)
def _reshaped(input_indices: Any, input_shape: Any, new_shape: Any) -> tuple[Any, Any]:
    sizes, total = new_shape.copy(), int(np.prod(input_shape))
    unknown = np.flatnonzero(sizes == -1)
    if len(unknown) > 1:
        raise invalid(f"only one output dimension may be -1, not both {unknown[0]} and {unknown[1]}")
    if (sizes < -1).any():
        at = int(np.flatnonzero(sizes < -1)[0])
        raise invalid(f"size {at} must be non-negative, not {sizes[at]}")
    if len(unknown):
        rest = int(np.prod(sizes[sizes != -1]))
        if rest <= 0:
            raise invalid("reshape cannot infer the missing input size for an empty tensor unless all specified "
                          "input sizes are non-zero")  # fmt: skip
        if total % rest:
            raise invalid(
                f"Input to reshape is a SparseTensor with {total} dense values, but the requested shape requires a "
                f"multiple of {rest}. input_shape={input_shape} output_shape={new_shape}"
            )
        sizes[unknown[0]] = total // rest
    if int(np.prod(sizes)) != total:
        raise invalid(f"Input to reshape is a tensor with {total} dense values, but the requested shape has "
                      f"{int(np.prod(sizes))}. input_shape={input_shape} output_shape={new_shape}")  # fmt: skip
    if not len(input_indices):
        return np.zeros((0, len(sizes)), np.int64), sizes
    flat: Any = np.ravel_multi_index(tuple(input_indices.T), tuple(input_shape))
    return np.stack(np.unravel_index(flat, tuple(sizes)), 1).reshape(len(flat), len(sizes)), sizes


def sparse_reshape(sp_input: Any, shape: Any, name: str | None = None) -> SparseTensor:
    """The same elements in another shape, counted in row-major order.

    Args:
      sp_input: `SparseTensor`.
      shape: Integer tensor or list: the new shape, with at most one -1 for what is left.
      name: Name scope; "SparseReshape" by default.

    Returns:
      A `SparseTensor`.

    Raises:
      ValueError: the sizes are known and do not fit.
      InvalidArgumentError: when run, if the sizes do not fit.

    >>> sparse = tf.SparseTensor([[0, 1], [1, 2]], [7, 8], [2, 3])
    >>> tf.Session().run(tf.sparse_reshape(sparse, [3, -1])).indices.tolist()
    [[0, 1], [2, 1]]
    """
    sparse = as_sparse(sp_input)
    wanted = cast(shape, dtypes.int64)
    with stacks.get_default_graph().name_scope(name or "SparseReshape") as scope:
        places, sizes = apply_op("SparseReshape", sparse.indices, sparse.dense_shape, wanted, name=scope)
        static = _known_reshape(sparse.shape, wanted)
        if static is not None:
            sizes = constant(static, dtype=dtypes.int64)
        return SparseTensor(places, identity(sparse.values), sizes)


def _known_reshape(old: TensorShape, wanted: Tensor) -> list[int] | None:
    """The new shape, where old and wanted are known; checks that the elements fit."""
    dims = constant_value_as_dims(wanted)
    if dims is None or not old.is_fully_defined():
        return None
    value = constant_value(wanted)
    if value is not None and (value == -1).sum() > 1:
        raise ValueError(f"At most one dimension can be inferred (-1). Found: {value}")
    total, rest = old.num_elements() or 0, int(np.prod([d for d in dims if d is not None], dtype=np.int64))
    missing = sum(d is None for d in dims)
    if missing > 1 or (missing and 0 in dims):
        return None
    found = [total // rest if d is None else d for d in dims]
    size = int(np.prod(found, dtype=np.int64))
    if size != total:
        raise ValueError(f"Cannot reshape a tensor with {total} elements to shape {list(dims)} ({size} elements).")
    return found


def sparse_expand_dims(sp_input: Any, axis: Any = None, name: str | None = None) -> SparseTensor:
    """Adds a dimension of size 1.

    Args:
      sp_input: `SparseTensor`.
      axis: Where, counted from the end where negative; the last by default.
      name: Name scope; "expand_dims" by default.

    Returns:
      A `SparseTensor`.

    Raises:
      TypeError: `axis` is no integer.

    >>> tf.Session().run(tf.sparse.expand_dims(tf.SparseTensor([[1]], [7], [3]), 0)).indices.tolist()
    [[0, 1]]
    """
    known = sp_input.dense_shape._dims
    count: Any = None if known is None else known[0]
    if count is None:
        count = shape(sp_input.dense_shape)[0]
    axis = -1 if axis is None else axis
    with stacks.get_default_graph().name_scope(name or "expand_dims"):
        if isinstance(axis, numbers.Integral):
            axis = convert_to_tensor(axis, name="axis", dtype=dtypes.int32)
        elif not isinstance(axis, Tensor):
            raise TypeError("axis must be an integer value in range [-rank(sp_input) - 1, rank(sp_input)]")
        axis = where_v2(axis >= 0, axis, axis + count + 1)
        rows = shape(sp_input.indices)[0]
        new = zeros([rows, 1], dtype=dtypes.int64)
        before = slice_(sp_input.indices, [0, 0], [-1, axis])
        after = slice_(sp_input.indices, [0, axis], [-1, -1])
        places = concat([before, new, after], axis=1)
        left = slice_(sp_input.dense_shape, [0], [axis])
        right = slice_(sp_input.dense_shape, [axis], [-1])
        one = convert_to_tensor([1], name="new_shape", dtype=dtypes.int64)
        return SparseTensor(places, sp_input.values, concat([left, one, right], axis=0))


def sparse_transpose(sp_input: Any, perm: Any = None, name: str | None = None) -> SparseTensor:
    """Puts the axes into another order.

    Args:
      sp_input: `SparseTensor`.
      perm: Integer list or tensor: which old axis each new one is; reversed by default.
      name: Name scope; "SparseTranspose" by default.

    Returns:
      A `SparseTensor` with its elements in row-major order.

    >>> sparse = tf.SparseTensor([[0, 2], [1, 0]], [7, 8], [2, 3])
    >>> tf.Session().run(tf.sparse_transpose(sparse)).indices.tolist()
    [[0, 1], [2, 0]]
    """
    with stacks.get_default_graph().name_scope(name or "SparseTranspose"):
        if perm is None:
            known = sp_input.shape.rank
            perm = (
                known - 1 - np.arange(known)
                if known is not None
                else apply_op("Sub", rank(sp_input), 1, name="sub") - tf_range(0, rank(sp_input), 1)
            )
        places = transpose(gather(transpose(sp_input.indices), perm))
        order = constant_value(convert_to_tensor(perm))
        if order is not None and sp_input.shape.is_fully_defined():
            old = sp_input.shape.as_list()
            sizes: Any = [old[p] for p in order]
        else:
            sizes = gather(sp_input.dense_shape, perm)
        return sparse_reorder(SparseTensor(places, sp_input.values, sizes))


# --------------------------------------------------------------------------------------------- fewer elements


def sparse_retain(sp_input: Any, to_retain: Any) -> SparseTensor:
    """Keeps some of the elements.

    Args:
      sp_input: `SparseTensor` of n elements.
      to_retain: bool tensor `[n]`: which to keep.

    Returns:
      A `SparseTensor` of the same shape.

    Raises:
      TypeError: `sp_input` is no `SparseTensor`.
      ValueError: `to_retain` has another length.

    >>> sparse = tf.SparseTensor([[0], [2]], [7, 8], [3])
    >>> tf.Session().run(tf.sparse_retain(sparse, [False, True])).values.tolist()
    [8]
    """
    sparse = as_sparse(sp_input)
    keep = convert_to_tensor(to_retain)
    keep.shape.assert_has_rank(1)
    if sparse.values.shape.dims is not None:
        sparse.values.shape.dims[0].assert_is_compatible_with(dimension_at_index(keep.shape, 0))
    kept = reshape(where_v2(keep), [-1])
    return SparseTensor(gather(sparse.indices, kept), gather(sparse.values, kept), identity(sparse.dense_shape))


def sparse_reset_shape(sp_input: Any, new_shape: Any = None) -> SparseTensor:
    """The same elements in a larger shape, or in the smallest that holds them.

    Args:
      sp_input: `SparseTensor`.
      new_shape: Integer tensor `[rank]`, nowhere smaller than the shape; by default the smallest that fits.

    Returns:
      A `SparseTensor`.

    Raises:
      ValueError: the shapes are known, and the new one is smaller.
      InvalidArgumentError: when run, if the new one is smaller.

    >>> sparse = tf.SparseTensor([[0, 1]], [7], [4, 4])
    >>> tf.Session().run(tf.sparse_reset_shape(sparse)).dense_shape.tolist()
    [1, 2]
    """
    sparse = as_sparse(sp_input)
    places, values, sizes = identity(sparse.indices), identity(sparse.values), identity(sparse.dense_shape)
    if new_shape is None:
        highest = reduce_max(places, axis=0)
        zero = constant(0, dtype=dtypes.int64)
        return SparseTensor(
            places, values, apply_op("Maximum", zero, apply_op("AddV2", highest, ones_like(sizes), name="Add"))
        )
    wanted = convert_to_tensor(new_shape)
    wanted.shape.assert_has_rank(1)
    wanted = cast(wanted, dtypes.int64)
    if wanted.shape.rank is not None:
        dimension_at_index(wanted.shape, 0).assert_is_compatible_with(dimension_at_index(sizes.shape, 0))
    known = constant_value(wanted)
    if known is not None and sparse.shape.is_fully_defined():
        old = np.array(sparse.shape.as_list())
        if not np.all(old <= known):
            raise ValueError(
                f"Requested new_shape should have dimension sizes >= sp_input.shape.  Found new_shape ({old}), "
                f"sp_input.shape ({known})."
            )
        return SparseTensor(places, values, known)
    wanted = with_dependencies([assert_equal(shape(sizes), shape(wanted))], wanted)
    return SparseTensor(places, values, with_dependencies([assert_less_equal(sizes, wanted)], wanted))


def sparse_mask(a: IndexedSlices, mask_indices: Any, name: str | None = None) -> IndexedSlices:
    """Leaves out slices of an `IndexedSlices`.

    Args:
      a: `IndexedSlices`.
      mask_indices: Integer tensor: the indices to leave out.
      name: Name scope; "sparse_mask" by default.

    Returns:
      `IndexedSlices` of the rest.

    >>> slices = tf.IndexedSlices(tf.constant([1.0, 2.0]), tf.constant([4, 6]))
    >>> tf.Session().run(tf.sparse_mask(slices, [4])).values.tolist()
    [2.0]
    """
    with stacks.get_default_graph().name_scope(name or "sparse_mask") as scope:
        indices, kept = setdiff1d(a.indices, mask_indices)
        return IndexedSlices(gather(a.values, kept, name=scope), indices, a.dense_shape)


# ------------------------------------------------------------------------------------------- from ids and values


def sparse_merge(
    sp_ids: Any, sp_values: Any, vocab_size: Any, name: str | None = None, already_sorted: bool = False
) -> SparseTensor:
    """Puts values at places that ids name: the last dimension of `sp_ids` becomes the ids themselves.

    Args:
      sp_ids: Integer `SparseTensor`, or a list of them for several last dimensions.
      sp_values: `SparseTensor` with the same places.
      vocab_size: How many ids there are, or a list for several.
      name: Name scope; "SparseMerge" by default.
      already_sorted: Whether the result is in row-major order as it stands.

    Returns:
      `SparseTensor` `[..., vocab_size]`.

    Raises:
      TypeError: an argument of another kind.
      ValueError: lists of different lengths.

    >>> ids, values = (tf.SparseTensor([[0, 0], [1, 0]], v, [2, 1]) for v in ([3, 0], [0.5, 0.7]))
    >>> tf.Session().run(tf.sparse_merge(ids, values, 4)).indices.tolist()
    [[0, 3], [1, 0]]
    """
    if isinstance(sp_ids, SparseTensor | SparseTensorValue):
        sp_ids = [sp_ids]
        if not isinstance(vocab_size, Tensor | numbers.Integral):
            raise TypeError(f"vocab_size has to be a Tensor or Python int. Found {type(vocab_size)}")
        vocab_size = [vocab_size]
    elif not isinstance(sp_ids, Iterable):
        raise TypeError(f"sp_ids has to be a SparseTensor or list thereof. Found {type(sp_ids)}")
    elif not isinstance(vocab_size, Iterable) or isinstance(vocab_size, Tensor):
        raise TypeError(f"vocab_size has to be a list of Tensors or Python ints. Found {type(vocab_size)}")
    ids, sizes = list(sp_ids), list(vocab_size)
    for size in sizes:
        if not isinstance(size, Tensor | numbers.Integral):
            raise TypeError(f"vocab_size has to be a list of Tensors or Python ints. Found {type(size)}")
    if len(ids) != len(sizes):
        raise ValueError("sp_ids and vocab_size have to have equal lengths.")
    with stacks.get_default_graph().name_scope(name or "SparseMerge"):
        ids, values = [as_sparse(i) for i in ids], as_sparse(sp_values)
        columns = [expand_dims(cast(i.values, dtypes.int64), axis=1) for i in ids]
        sizes = [cast(s, dtypes.int64) for s in sizes]
        places = concat([ids[0].indices[:, :-1], *columns], 1)
        whole = concat([ids[0].dense_shape[:-1], sizes], 0)
        result = SparseTensor(places, values.values, whole)
        if already_sorted:
            return result
        ordered = sparse_reorder(result)
        return SparseTensor(ordered.indices, ordered.values, whole)


def sparse_to_indicator(sp_input: Any, vocab_size: Any, name: str | None = None) -> Tensor:
    """Tells for each row which ids occur in it.

    Args:
      sp_input: Integer `SparseTensor` `[n, ...]` of ids.
      vocab_size: How many ids there are.
      name: Name scope; "SparseToIndicator" by default.

    Returns:
      bool tensor `[n, ..., vocab_size]`.

    Raises:
      TypeError: `sp_input` is no `SparseTensor`.

    >>> ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [2, 0, 1], [2, 2])
    >>> tf.Session().run(tf.sparse_to_indicator(ids, 3)).tolist()
    [[True, False, True], [False, True, False]]
    """
    sparse = as_sparse(sp_input)
    with stacks.get_default_graph().name_scope(name or "SparseToIndicator") as scope:
        count = shape(sparse.indices)[0]
        true = fill(expand_dims(count, 0), True)
        merged = sparse_merge(sparse, SparseTensor(sparse.indices, true, sparse.dense_shape), vocab_size, scope)
        return sparse_tensor_to_dense(merged, default_value=False, validate_indices=False, name=scope)


def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """The elements of a dense tensor that are not zero.

    Args:
      tensor: Dense tensor.
      name: Name scope; "dense_to_sparse" by default.

    Returns:
      A `SparseTensor` of the same shape.

    >>> tf.Session().run(tf.sparse.from_dense([[0, 7], [8, 0]])).indices.tolist()
    [[0, 1], [1, 0]]
    """
    with stacks.get_default_graph().name_scope(name or "dense_to_sparse"):
        dense = convert_to_tensor(tensor)
        places = where_v2(not_equal(dense, zeros_like(dense)))
        values = gather_nd(dense, places)
        return SparseTensor(places, values, shape(dense, out_type=dtypes.int64))


def sparse_eye(
    num_rows: Any, num_columns: Any = None, dtype: Any = dtypes.float32, name: str | None = None
) -> SparseTensor:
    """A sparse matrix with ones on its diagonal.

    Args:
      num_rows: Number of rows.
      num_columns: Number of columns; as many as rows by default.
      dtype: Dtype of the ones.
      name: Name scope; "eye" by default.

    Returns:
      A `SparseTensor`.

    >>> tf.Session().run(tf.sparse.eye(2, 3)).indices.tolist()
    [[0, 0], [1, 1]]
    """
    with stacks.get_default_graph().name_scope(name or "eye"):
        rows = _int64(num_rows, "num_rows")
        columns = rows if num_columns is None else _int64(num_columns, "num_columns")
        size = apply_op("Minimum", rows, columns)
        diagonal = tf_range(size, dtype=dtypes.int64)
        return SparseTensor(stack([diagonal, diagonal], axis=1), ones(size, dtype=dtype), [rows, columns])


def _int64(value: Any, name: str) -> Tensor:
    if isinstance(value, numbers.Integral):
        return convert_to_tensor(int(value), name=name, dtype=dtypes.int64)
    if isinstance(value, Tensor):
        return cast(value, dtypes.int64)
    raise TypeError(f"{name} must be an integer value.")


# ------------------------------------------------------------------------------------------------- placeholder


def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor that is fed: with a `SparseTensorValue`, or (indices, values, dense_shape).

    Args:
      dtype: Dtype of the values.
      shape: Static shape, with None for unknown sizes; None where not even the rank is known.
      name: Name in front of the three placeholders "indices", "values" and "shape".

    Returns:
      A `SparseTensor`.

    >>> x = tf.sparse_placeholder(tf.float32, [None, 3])
    >>> total = tf.sparse_reduce_sum(x)
    >>> tf.Session().run(total, {x: ([[0, 1], [1, 2]], [7.0, 8.0], [2, 3])})
    np.float32(15.0)
    """
    named = (lambda part: f"{name}/{part}") if name is not None else (lambda part: None)
    if shape is None:
        count: Any = None
        static: Any = TensorShape(None)
        sizes = placeholder(dtypes.int64, shape=[None], name=named("shape"))
    else:
        if isinstance(shape, Tensor):
            count = shape.shape[0]
            static = TensorShape(constant_value_as_dims(shape))
            default = shape
        else:
            dims = [getattr(d, "value", d) for d in shape]
            count = len(dims)
            static = TensorShape([None if d == -1 else d for d in dims])
            default = convert_to_tensor(
                [-1 if d is None else int(d) for d in dims], dtype=dtypes.int64, name=named("shape_default")
            )
        sizes = placeholder_with_default(default, shape=default.shape, name=named("shape"))
    values = placeholder(dtype, shape=[None], name=named("values"))
    places = placeholder(dtypes.int64, shape=[None, count], name=named("indices"))
    result = SparseTensor(places, values, sizes)
    result.set_shape(static)
    return result
