"""Picking rows and elements by index: `gather`, `gather_nd`, and their opposites, `scatter_nd`, `tensor_scatter_...`.

The gradient of a gather along the first axis is a set of rows (`IndexedSlices`), not a tensor of the size of what was
gathered from: an embedding table of a million rows is updated in the few that a batch touched.

    rows = gather(table, ids)        gradient of table:  IndexedSlices(values=grad of rows, indices=ids)

An index outside the table stops the run, as in TensorFlow on a CPU: at once where it is known, else when the compiled
program has run (`ctx.require`). What the program itself reads there is zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.module import axis_within, holds_text, is_known
from scopedjax._src.ops.array.shapes import expand_dims, reshape, shape, size
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.registry import Gradient, LoweringContext, declare
from scopedjax._src.ops.shape_context import ShapeContext

# ------------------------------------------------------------------------------------------------------ gather


def gather_dims(c: ShapeContext) -> list[Dims]:
    params, indices = c.dims(0), c.dims(1)
    axis = c.const(2) if len(c.inputs) > 2 else np.asarray(0)
    batch = c.attrs.get("batch_dims", 0)
    if params is None or indices is None:
        return [None]
    if axis is None:
        return [(None,) * (len(params) + len(indices) - 1 - batch)]
    at = int(axis)
    if not -len(params) <= at < len(params):
        raise c.fail(f"Shape must be at least rank {at + 1 if at >= 0 else -at} but is rank {len(params)}")
    at %= len(params)
    batch += len(indices) if batch < 0 else 0
    if batch > at:
        raise c.fail(f"batch_dims ({batch}) must be <= axis ({at})")
    try:
        merged = merge_dims(params[:batch], indices[:batch]) or ()
    except ValueError as error:
        raise c.fail(str(error)) from None
    return [(*merged, *params[batch:at], *indices[batch:], *params[at + 1 :])]


def check_indices(indices: Any, count: int) -> None:
    """Raises ValueError where known indices are outside `[0, count)`."""
    if is_known(indices) and indices.size and (indices.min() < 0 or indices.max() >= count):
        at = np.argwhere((np.asarray(indices) < 0) | (np.asarray(indices) >= count))[0]
        place = f"[{','.join(map(str, at))}]" if len(at) else ""
        raise ValueError(f"indices{place} = {np.asarray(indices)[tuple(at)]} is not in [0, {count})")


def take_rows(params: Any, indices: Any, axis: int) -> Any:
    """The slices of `params` along `axis` that `indices` name; zeros for an index that is none."""
    check_indices(indices, params.shape[axis])
    if is_known(params, indices):
        return np.take(params, indices, axis)
    spec = (slice(None),) * axis + (jnp.asarray(indices),)
    return jnp.asarray(params).at[spec].get(mode="fill", fill_value=0, wrap_negative_indices=False)


def require_rows(ctx: LoweringContext, at: int, indices: Any, count: int) -> None:
    """Makes the run fail where input `at` holds an index outside `[0, count)`."""
    if is_known(indices):
        check_indices(indices, count)
    else:
        ctx.require(at, indices, count, f"indices{{at}} = {{found}} is not in [0, {count})")


def require_slices(ctx: LoweringContext, at: int, indices: Any, shape: Sequence[int], what: str = "shape") -> None:
    """Makes the run fail where input `at` holds, along its last axis, a place outside an array of a shape."""
    depth = indices.shape[-1]
    listed = ",".join(str(n) for n in shape)
    words = f"indices{{at}} = {{found}} does not index into {what} [{listed}]"
    if not is_known(indices):
        ctx.require_tuples(at, indices, tuple(shape[:depth]), words)
        return
    wrong = np.any((indices < 0) | (indices >= np.asarray(shape[:depth], np.int64)), axis=-1)
    if np.any(wrong):
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        found = f"[{', '.join(str(int(i)) for i in indices[place])}]"
        listed = f"[{','.join(map(str, place))}]" if place else ""
        raise ValueError(words.replace("{at}", listed).replace("{found}", found))


def _checked_gather(ctx: LoweringContext, params: Any, indices: Any, axis: Any, *, batch_dims: int) -> Any:
    at = axis_within(np.asarray(axis).reshape(-1)[0], params.ndim)
    require_rows(ctx, 1, indices, params.shape[at])
    return _gather(params, indices, axis, batch_dims=batch_dims)


def _gather(params: Any, indices: Any, axis: Any, *, batch_dims: int) -> Any:
    at = axis_within(np.asarray(axis).reshape(-1)[0], params.ndim)
    batch = batch_dims + (indices.ndim if batch_dims < 0 else 0)
    if not batch:
        return take_rows(params, indices, at)
    take: Callable[..., Any] = lambda p, i: take_rows(p, i, at - batch)
    for _ in range(batch):
        take = jax.vmap(take)
    return take(jnp.asarray(params), jnp.asarray(indices))


def _plain_gather(params: Any, indices: Any) -> Any:
    return take_rows(params, indices, 0)


def _checked_plain_gather(ctx: LoweringContext, params: Any, indices: Any) -> Any:
    require_rows(ctx, 1, indices, params.shape[0])
    return take_rows(params, indices, 0)


def _row_gradient(op: Operation, grad: Any) -> IndexedSlices:
    params, indices, *_ = op.inputs
    dense_shape = apply_op("Shape", params)
    count = expand_dims(size(indices), 0)
    tail = apply_op("StridedSlice", dense_shape, [1], [0], [1], end_mask=1)
    values = reshape(grad, apply_op("ConcatV2", [count, tail], 0))
    return IndexedSlices(values, reshape(indices, count), dense_shape)


def _gather_gradient(op: Operation, grad: Any) -> list[Any]:
    grad = convert_to_tensor(grad)
    inputs = list(op.inputs)
    rest: list[Any] = [None] * (len(inputs) - 1)
    axis = constant_value(inputs[2]) if rest[1:] else np.asarray(0)
    batch_dims = op.attrs.get("batch_dims", 0)
    if axis is not None and int(axis) == 0 and not batch_dims:
        return [_row_gradient(op, grad), *rest]
    params_shape = apply_op("Shape", inputs[0])
    return [apply_op("GatherGrad", params_shape, inputs[1], inputs[2], grad, batch_dims=batch_dims), *rest]


def _dense_gather_gradient(params_shape: Any, indices: Any, axis: Any, grad: Any, *, batch_dims: int) -> Any:
    zeros = jnp.zeros(tuple(int(s) for s in params_shape), grad.dtype)
    _, pullback = jax.vjp(lambda p: _gather(p, indices, axis, batch_dims=batch_dims), zeros)
    return pullback(grad)[0]


# Ours: what TF spells out with transposes and an UnsortedSegmentSum.
declare(
    "GatherGrad(params_shape: int32, indices: Tindices, axis: Taxis, grad: T; batch_dims: int = 0) -> output: T",
    _dense_gather_gradient,
    shape=lambda c: [c.shape_value(0)],
    static=("params_shape", "axis"),
)
declare(
    "GatherV2(params: Tparams, indices: Tindices, axis: Taxis; batch_dims: int = 0) -> output: Tparams",
    _checked_gather,
    shape=gather_dims,
    numpy=_gather,
    static=("axis",),
    gradient=Gradient("function", _gather_gradient),
    types={"Tindices": (dtypes.int16, *dtypes.INDEX), "Taxis": dtypes.INDEX},
    host=holds_text("Tparams"),
    guards=True,
)
declare(
    "Gather(params: Tparams, indices: Tindices; validate_indices: bool = True) -> output: Tparams",
    _checked_plain_gather,
    shape=gather_dims,
    numpy=_plain_gather,
    gradient=Gradient("function", _gather_gradient),
    types={"Tindices": dtypes.INDEX},
    host=holds_text("Tparams"),
    guards=True,
)

# ----------------------------------------------------------------------------------------------------- gather_nd


def gather_nd_dims(c: ShapeContext) -> list[Dims]:
    params, indices = c.dims(0), c.dims(1)
    if indices is None or params is None:
        return [None]
    if not indices:
        raise c.fail("Shape must be at least rank 1 but is rank 0")
    depth = indices[-1]
    if depth is None:
        return [None]
    if depth > len(params):
        raise c.fail(f"indices.shape[-1] must be <= params.rank, but saw indices shape {list(indices)}")
    return [(*indices[:-1], *params[depth:])]


def _index_tuple(indices: Any) -> tuple[Any, ...]:
    return tuple(indices[..., i] for i in range(indices.shape[-1]))


def checked_gather_nd(ctx: LoweringContext, params: Any, indices: Any) -> Any:
    require_slices(ctx, 1, indices, params.shape, "param shape")
    return _gather_nd(params, indices)


def _gather_nd(params: Any, indices: Any) -> Any:
    if is_known(params, indices):
        return (
            params[_index_tuple(indices)]
            if indices.shape[-1]
            else np.broadcast_to(params, (*indices.shape[:-1], *params.shape))
        )
    if not indices.shape[-1]:
        return jnp.broadcast_to(params, (*indices.shape[:-1], *params.shape))
    picked = jnp.asarray(params).at[_index_tuple(jnp.asarray(indices))]
    return picked.get(mode="fill", fill_value=0, wrap_negative_indices=False)


def _gather_nd_gradient(op: Operation, grad: Any) -> list[Any]:
    params, indices = op.inputs
    dense_shape = apply_op("Shape", params, out_type=indices.dtype)
    if indices.ndim == 2 and indices.dims is not None and indices.dims[-1] == 1:
        rows = apply_op("Squeeze", indices, squeeze_dims=[-1])
        return [IndexedSlices(convert_to_tensor(grad), rows, dense_shape), None]
    return [apply_op("ScatterNd", indices, grad, dense_shape), None]


_POLICY = "bad_indices_policy: string = ''"
declare(
    f"GatherNd(params: Tparams, indices: Tindices; {_POLICY}) -> output: Tparams",
    checked_gather_nd,
    shape=gather_nd_dims,
    numpy=_gather_nd,
    gradient=Gradient("function", _gather_nd_gradient),
    types={"Tindices": (dtypes.int16, *dtypes.INDEX)},
    host=holds_text("Tparams"),
    guards=True,
)

# -------------------------------------------------------------------------------------------------------- scatter


def _scatter_dims(c: ShapeContext) -> list[Dims]:
    return [c.shape_value(2)]


def _scatter_nd(ctx: LoweringContext, indices: Any, updates: Any, shape: Any) -> Any:
    zeros = jnp.zeros(tuple(int(s) for s in np.asarray(shape)), updates.dtype)
    return _scattered(ctx, 0, zeros, indices, updates, "add")


def _scattered(ctx: LoweringContext, at: int, target: Any, indices: Any, updates: Any, how: str) -> Any:
    require_slices(ctx, at, indices, target.shape)
    place = jnp.asarray(target).at[_index_tuple(jnp.asarray(indices))]
    return getattr(place, how)(updates, mode="drop", wrap_negative_indices=False)


declare(
    f"ScatterNd(indices: Tindices, updates: T, shape: Tindices; {_POLICY}) -> output: T",
    _scatter_nd,
    shape=_scatter_dims,
    static=("shape",),
    types={"Tindices": (dtypes.int16, *dtypes.INDEX)},
    guards=True,
)


def _tensor_scatter(how: str) -> Callable[..., Any]:
    return lambda ctx, tensor, indices, updates: _scattered(ctx, 1, tensor, indices, updates, how)


def _extreme_gradient(op: Operation, grad: Any) -> list[Any]:
    """The gradient goes to whatever has the extreme value, shared equally."""
    tensor, indices, updates = op.inputs
    result, kind = op.outputs[0], op.inputs[0].dtype.base_dtype
    kept = apply_op("Cast", apply_op("Equal", tensor, result), DstT=kind)
    chosen = apply_op("Cast", apply_op("Equal", updates, apply_op("GatherNd", result, indices)), DstT=kind)
    count = apply_op(
        "AddV2", kept, apply_op("ScatterNd", indices, chosen, apply_op("Shape", tensor, out_type=indices.dtype))
    )
    share = apply_op("RealDiv", grad, count)
    return [apply_op("Mul", share, kept), None, apply_op("Mul", apply_op("GatherNd", share, indices), chosen)]


_SCATTERS = {"Update": "set", "Add": "add", "Sub": "subtract", "Max": "max", "Min": "min"}
for _name, _how in _SCATTERS.items():
    declare(
        f"TensorScatter{_name}(tensor: T, indices: Tindices, updates: T; {_POLICY}) -> output: T",
        _tensor_scatter(_how),
        shape=lambda c: [c.dims(0)],
        types={"Tindices": (dtypes.int16, *dtypes.INDEX, dtypes.uint16) if _name == "Update" else dtypes.INDEX},
        guards=True,
        **({"gradient": Gradient("function", _extreme_gradient)} if _how in ("max", "min") else {}),
    )

# -------------------------------------------------------------------------------------------- public functions


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    name: str | None = None,
    axis: Any = None,
    batch_dims: int = 0,
) -> Tensor:
    """Picks slices of a tensor along an axis.

    Args:
      params: Tensor to pick from.
      indices: Integer tensor, values in `[0, params.shape[axis])`.
      validate_indices: Not used.
      name: Node name; defaults to "GatherV2".
      axis: The axis; `batch_dims` (0) by default.
      batch_dims: Number of leading axes that `params` and `indices` share.

    Returns:
      Tensor of shape `params.shape[:axis] + indices.shape[batch_dims:] + params.shape[axis + 1:]`.

    Raises:
      InvalidArgumentError: in the run, an index is outside the axis.

    >>> tf.Session().run(tf.gather([10, 20, 30], [2, 0])).tolist()
    [30, 10]
    """
    if axis is None:
        axis = batch_dims
    if not isinstance(axis, Tensor) and int(axis) == 0 and not isinstance(params, Tensor):
        reader = getattr(params, "sparse_read", None)
        if reader is not None and batch_dims == 0:
            return reader(indices, name=name)
    return apply_op("GatherV2", params, indices, axis, batch_dims=batch_dims, name=name)


def gather_nd(
    params: Any, indices: Any, name: str | None = None, batch_dims: int = 0, bad_indices_policy: str = ""
) -> Tensor:
    """Picks slices of a tensor by index tuples.

    Args:
      params: Tensor of rank R.
      indices: Integer tensor `[..., k]` with k <= R: the first k coordinates of each slice.
      name: Node name; defaults to "GatherNd".
      batch_dims: Number of leading axes that `params` and `indices` share.
      bad_indices_policy: Not used: an index outside stops the run.

    Returns:
      Tensor of shape `indices.shape[:-1] + params.shape[k:]`.

    >>> tf.Session().run(tf.gather_nd([[1, 2], [3, 4]], [[0, 0], [1, 1]])).tolist()
    [1, 4]
    """
    if batch_dims:
        return _batched_gather_nd(params, indices, batch_dims, name)
    reader = None if isinstance(params, Tensor) else getattr(params, "gather_nd", None)
    if reader is not None:  # a variable reads no more of itself than is asked for
        return reader(indices, name=name)
    return apply_op("GatherNd", params, indices, name=name)


def _batched_gather_nd(params: Any, indices: Any, batch_dims: int, name: str | None) -> Tensor:
    """Puts the batch coordinates before the given ones."""
    from scopedjax._src.graph import stacks
    from scopedjax._src.ops.array.filling import meshgrid, zeros
    from scopedjax._src.ops.array.filling import range as tf_range
    from scopedjax._src.ops.array.packing import stack

    with stacks.get_default_graph().name_scope(name or "BatchGatherNd"):
        params, indices = convert_to_tensor(params, name="params"), convert_to_tensor(indices, name="indices")
        sizes = shape(indices)
        kind = indices.dtype.base_dtype
        if batch_dims > (indices.ndim or 0) - 1:
            raise ValueError(f"batch_dims = {batch_dims} must be less than rank(`indices`) = {indices.ndim}.")
        grids = meshgrid(*[tf_range(sizes[i]) for i in range(batch_dims)], indexing="ij")  # type: ignore[index]
        inner = (indices.ndim or 0) - 1 - batch_dims
        columns = []
        for grid in grids:
            spread = reshape(grid, apply_op("ConcatV2", [shape(grid), [1] * inner], 0)) if inner else grid
            target = apply_op("StridedSlice", sizes, [0], [-1], [1], begin_mask=1)
            columns.append(apply_op("AddV2", spread, zeros(target, dtypes.int32)))
        prefix = (
            apply_op("Cast", stack(columns, axis=-1), DstT=kind) if kind is not dtypes.int32 else stack(columns, -1)
        )
        return apply_op("GatherNd", params, apply_op("ConcatV2", [prefix, indices], -1))


def batch_gather(params: Any, indices: Any, name: str | None = None) -> Tensor:
    """Picks slices along the last axis of `indices`, batch by batch.

    Args:
      params: Tensor `[A1, ..., AN, B1, ...]`.
      indices: Integer tensor `[A1, ..., A(N-1), C]`.
      name: Name scope; defaults to "BatchGather".

    Returns:
      Tensor `[A1, ..., A(N-1), C, B1, ...]`.

    >>> tf.Session().run(tf.batch_gather([[1, 2], [3, 4]], [[1], [0]])).tolist()
    [[2], [3]]
    """
    from scopedjax._src.graph import stacks

    with stacks.get_default_graph().name_scope(name or "BatchGather"):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        if indices.ndim is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        return gather(params, indices, axis=indices.ndim - 1, batch_dims=indices.ndim - 1)


def scatter_nd(indices: Any, updates: Any, shape: Any, bad_indices_policy: str = "", name: str | None = None) -> Tensor:
    """Puts slices into a tensor of zeros; what falls on the same place adds up.

    Args:
      indices: Integer tensor `[..., k]`: the first k coordinates of each slice.
      updates: Tensor of shape `indices.shape[:-1] + shape[k:]`.
      shape: 1-D tensor: shape of the result, of the dtype of `indices`.
      bad_indices_policy: Not used: an index outside stops the run.
      name: Node name; defaults to "ScatterNd".

    Returns:
      Tensor of shape `shape`.

    >>> tf.Session().run(tf.scatter_nd([[1], [3]], [5, 7], [5])).tolist()
    [0, 5, 0, 7, 0]
    """
    return apply_op("ScatterNd", indices, updates, shape, bad_indices_policy=bad_indices_policy, name=name)


def tensor_scatter_update(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """Returns a copy of a tensor with some slices replaced.

    Args:
      tensor: Tensor.
      indices: Integer tensor `[..., k]`: the first k coordinates of each slice.
      updates: Tensor of shape `indices.shape[:-1] + tensor.shape[k:]`.
      name: Node name; defaults to "TensorScatterUpdate".

    Returns:
      Tensor like `tensor`.

    >>> tf.Session().run(tf.tensor_scatter_update([1, 2, 3], [[1]], [9])).tolist()
    [1, 9, 3]
    """
    return apply_op("TensorScatterUpdate", tensor, indices, updates, name=name)


def _tensor_scatter_function(op_type: str, name: str, what: str, example: str) -> Callable[..., Tensor]:
    def function(
        tensor: Any, indices: Any, updates: Any, bad_indices_policy: str = "", name: str | None = None
    ) -> Tensor:
        return apply_op(op_type, tensor, indices, updates, bad_indices_policy=bad_indices_policy, name=name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Returns a copy of a tensor with some slices {what}.

    Args:
      tensor: Tensor.
      indices: Integer tensor `[..., k]`: the first k coordinates of each slice.
      updates: Tensor of shape `indices.shape[:-1] + tensor.shape[k:]`.
      bad_indices_policy: Not used: an index outside stops the run.
      name: Node name; defaults to "{op_type}".

    Returns:
      Tensor like `tensor`.

    >>> tf.Session().run(tf.{name}([1, 2, 3], [[1]], [9])).tolist()
    {example}
    """
    return function


tensor_scatter_add = _tensor_scatter_function("TensorScatterAdd", "tensor_scatter_add", "added to", "[1, 11, 3]")
tensor_scatter_sub = _tensor_scatter_function("TensorScatterSub", "tensor_scatter_sub", "subtracted from", "[1, -7, 3]")
tensor_scatter_max = _tensor_scatter_function(
    "TensorScatterMax", "tensor_scatter_nd_max", "raised to a lower bound", "[1, 9, 3]"
)
tensor_scatter_min = _tensor_scatter_function(
    "TensorScatterMin", "tensor_scatter_nd_min", "lowered to an upper bound", "[1, 2, 3]"
)
