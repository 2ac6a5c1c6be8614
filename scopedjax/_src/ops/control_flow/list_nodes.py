"""TensorLists and Optionals: what TensorFlow 2 keeps the elements of its TensorArrays and the steps of its loops in.

    TensorListReserve(shape, n) -> list    TensorListSetItem(list, i, x) -> list    TensorListStack(list) -> [n, ...]

They come with graphs from files: a `tf.TensorArray` recorded with control flow v2, and the stacks by which a loop hands
its steps' values to its gradient. A list is a value of dtype variant, and its value here is `Cells`, as that of a
TensorArray's flow is (see `array_cells`). A stack (`EmptyTensorList`, `PushBack`, `PopBack`) is an array of dynamic
size. What it may come to hold must be known before a loop is entered: from `max_num_elements`, or from a count of the
loop's steps, which the import asks for where nothing is announced.

An Optional holds what one branch of an `If` leaves for its gradient, and nothing in the other branch: an array of one
element, or of none.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import UnimplementedError
from scopedjax._src.base.shapes import Dims, compatible
from scopedjax._src.graph.operation import Operation
from scopedjax._src.ops.control_flow.array_cells import NESTED, NOTHING, OPTIONAL, Cells, Known
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import scalar

_TYPED: Final = "element_dtype: type, shape_type: type"


def _is_text(op: Operation) -> bool:
    dtype = op.attrs.get("element_dtype")
    return dtype is not None and dtype.name == "string"


def _kind(element_dtype: DType) -> Any:
    """What `Cells` call the dtype of a list's elements."""
    return NESTED if element_dtype.name == "variant" else np.dtype(element_dtype.as_numpy_dtype)


def _element_dims(c: ShapeContext, index: int) -> Dims:
    value = c.const(index)
    if value is None or np.ndim(value) == 0:
        return None
    return tuple(None if d < 0 else int(d) for d in value)


def _known_shape(value: Any) -> tuple[int, ...] | None:
    """The shape of an element, where an input tells it wholly."""
    if not isinstance(value, (np.ndarray, np.generic)) or np.ndim(value) == 0:
        return None
    dims = tuple(int(d) for d in np.asarray(value))
    return dims if all(d >= 0 for d in dims) else None


def _shape_of_element(ctx: Any, value: Any, lead: int = 0) -> tuple[int, ...] | None:
    known = _known_shape(value)
    dims = ctx.op.outputs[-1]._dims
    if known is None and dims is not None and None not in dims[lead:]:
        return tuple(dims[lead:])
    return known


def _count_steers(op: Operation) -> tuple[str, ...]:
    """The length of another list is known while a program is traced, though not before; so is one that was pushed."""
    record = op.inputs[1].op.record
    return () if record is not None and record.array in ("size", "pop") else ("num_elements",)


# ------------------------------------------------------------------------------------------------------ making lists


@defop(
    f"TensorListReserve(element_shape: shape_type, num_elements: int32; {_TYPED}) -> handle: variant",
    shape=scalar,
    static=_count_steers,
    host=_is_text,
    gradient=NOT_DIFFERENTIABLE,
    array="make",
)
def _reserve(element_shape: Any, num_elements: Any, *, element_dtype: DType) -> Cells:
    if not isinstance(num_elements, (int, np.ndarray, np.generic)):
        raise UnimplementedError(
            None, None, "a TensorList whose length the program computes: feed the length, or take it from a shape"
        )
    kind, size, shape = _kind(element_dtype), int(num_elements), _known_shape(element_shape)
    if kind == np.dtype(object):
        return Cells(kind, size, items=(None,) * size)
    if kind == NESTED or shape is None:
        return Cells(kind, size)
    return Cells(kind, size, jnp.zeros((size, *shape), kind))


@defop(
    f"EmptyTensorList(element_shape: shape_type, max_num_elements: int32; {_TYPED}) -> handle: variant",
    shape=scalar,
    static=("max_num_elements",),
    host=_is_text,
    gradient=NOT_DIFFERENTIABLE,
    array="make",
)
def _empty(ctx: Any, element_shape: Any, max_num_elements: Any, *, element_dtype: DType) -> Cells:
    kind, most = _kind(element_dtype), int(max_num_elements)
    if kind == np.dtype(object):
        return Cells(kind, 0, items=(), dynamic=True)
    if ctx.counts_lists():
        return Cells(kind, 0, dynamic=True, counts=True).settled(None, None)
    if most < 0 and (room := ctx.list_room()) is not None:
        most = room
    return Cells(kind, 0, dynamic=True, bounded=most >= 0, room=max(most, 0), same=NOTHING)


@defop(
    "TensorListFromTensor(tensor: element_dtype, element_shape: shape_type) -> output_handle: variant",
    shape=scalar,
    host=_is_text,
    array="make",
)
def _from_tensor(tensor: Any, element_shape: Any) -> Cells:
    array = tensor if getattr(tensor, "dtype", None) == np.dtype(object) else jnp.asarray(tensor)
    if array.dtype == np.dtype(object):
        return Cells(array.dtype, array.shape[0], items=tuple(np.asarray(row, object) for row in array))
    return Cells(np.dtype(array.dtype), array.shape[0], array)


@defop(
    "TensorListScatterV2(tensor: element_dtype, indices: int32, element_shape: shape_type, num_elements: int32) "
    "-> output_handle: variant",
    shape=scalar,
    static=("num_elements",),
    host=_is_text,
    array="make",
)
def _scattered(tensor: Any, indices: Any, element_shape: Any, num_elements: Any) -> Cells:
    size = int(num_elements)
    if size < 0:
        if not isinstance(indices, (np.ndarray, np.generic)):
            raise UnimplementedError(None, None, "a TensorList as long as the largest of indices that are computed")
        size = int(np.max(indices, initial=-1)) + 1
    return Cells(np.dtype(tensor.dtype), size).scatter(indices, jnp.asarray(tensor))


# ----------------------------------------------------------------------------------------------------------- reading


@defop(
    "TensorListGetItem(input_handle: variant, index: int32, element_shape: Tshape; Tshape: type = int32, "
    "element_dtype: type) -> item: element_dtype",
    shape=lambda c: [_element_dims(c, 2)],
    host=_is_text,
    array="read",
)
def _get_item(ctx: Any, input_handle: Cells, index: Any, element_shape: Any) -> Any:
    return input_handle.read(index, _shape_of_element(ctx, element_shape))


def _stacked_dims(c: ShapeContext) -> Sequence[Dims]:
    dims, count = _element_dims(c, 1), c.attr("num_elements")
    return [None if dims is None else (None if count < 0 else count, *dims)]


@defop(
    "TensorListStack(input_handle: variant, element_shape: int32; element_dtype: type, num_elements: int = -1) "
    "-> tensor: element_dtype",
    shape=_stacked_dims,
    host=_is_text,
    array="read",
)
def _stack(ctx: Any, input_handle: Cells, element_shape: Any) -> Any:
    if not isinstance(input_handle.size, int):
        raise UnimplementedError(
            None, None, "all elements of a TensorList whose length a loop computed: give the loop maximum_iterations"
        )
    return input_handle.gather(np.arange(input_handle.size), _shape_of_element(ctx, element_shape, 1))


@defop(
    "TensorListGather(input_handle: variant, indices: int32, element_shape: int32; element_dtype: type) "
    "-> values: element_dtype",
    shape=lambda c: [None if (d := _element_dims(c, 2)) is None else (c.require_rank(1, 1)[0], *d)],
    host=_is_text,
    array="read",
)
def _gather(ctx: Any, input_handle: Cells, indices: Any, element_shape: Any) -> Any:
    return input_handle.gather(indices, _shape_of_element(ctx, element_shape, 1))


@defop(
    "TensorListConcatV2(input_handle: variant, element_shape: shape_type, leading_dims: int64; element_dtype: type, "
    "shape_type: type) -> tensor: element_dtype, lengths: int64",
    shape=lambda c: [None if (d := _element_dims(c, 1)) is None else (None, *d[1:]), (None,)],
    host=_is_text,
    array="read",
)
def _concat(input_handle: Cells, element_shape: Any, leading_dims: Any) -> Any:
    shape = _known_shape(element_shape)
    return input_handle.concat(shape)


@defop(
    "TensorListLength(input_handle: variant) -> length: int32",
    shape=scalar,
    gradient=NOT_DIFFERENTIABLE,
    stateful=True,  # so that a length that a loop computes is not taken for one that can be known beforehand
    array="size",
)
def _length(input_handle: Cells) -> Any:
    size = input_handle.size
    return np.int32(size) if isinstance(size, int) else size


@defop(
    "TensorListElementShape(input_handle: variant; shape_type: type) -> element_shape: shape_type",
    shape=lambda c: [None],
    gradient=NOT_DIFFERENTIABLE,
    array="size",
)
def _element_shape(input_handle: Cells, *, shape_type: DType) -> Any:
    kind = shape_type.as_numpy_dtype
    if input_handle.buffer is None:
        return np.asarray(-1, kind)
    return np.asarray(input_handle.buffer.shape[1:], kind)


# ----------------------------------------------------------------------------------------------------------- writing


@defop(
    "TensorListSetItem(input_handle: variant, index: int32, item: element_dtype; "
    "resize_if_index_out_of_bounds: bool = False) -> output_handle: variant",
    shape=scalar,
    host=_is_text,
    array="write",
)
def _set_item(input_handle: Cells, index: Any, item: Any) -> Cells:
    return input_handle.write(index, item)


@defop(
    "TensorListScatterIntoExistingList(input_handle: variant, tensor: element_dtype, indices: int32) "
    "-> output_handle: variant",
    shape=scalar,
    host=_is_text,
    array="write",
)
def _scatter_into(input_handle: Cells, tensor: Any, indices: Any) -> Cells:
    return input_handle.scatter(indices, jnp.asarray(tensor))


@defop(
    "TensorListSplit(tensor: element_dtype, element_shape: shape_type, lengths: int64; shape_type: type) "
    "-> output_handle: variant",
    shape=scalar,
    static=("lengths",),
    host=_is_text,
    array="make",
)
def _split(tensor: Any, element_shape: Any, lengths: Any) -> Cells:
    count = len(np.asarray(lengths))
    return Cells(np.dtype(tensor.dtype), count).split(jnp.asarray(tensor), np.asarray(lengths))


@defop(
    "TensorListResize(input_handle: variant, size: int32) -> output_handle: variant",
    shape=scalar,
    array="resize",
)
def _resize(ctx: Any, input_handle: Cells, size: Any) -> Cells:
    if input_handle.counts:
        return replace(input_handle, size=jnp.maximum(input_handle.size, jnp.asarray(size, jnp.int32)))
    if not isinstance(size, (int, np.ndarray, np.generic)) or not isinstance(input_handle.size, int):
        size = jnp.asarray(size, jnp.int32)
        words = "a TensorList becomes longer ({found}) than was foreseen"
        ctx.refuse(size > input_handle.capacity, size, words)
        return replace(input_handle, size=size)
    wanted = int(size)
    cells = input_handle.with_capacity(wanted)
    if cells.buffer is not None:
        return replace(cells, buffer=jax.tree_util.tree_map(lambda b: b[:wanted], cells.buffer), size=wanted)
    return replace(cells, size=wanted, items=None if cells.items is None else cells.items[:wanted])


@defop(
    "TensorListPushBack(input_handle: variant, tensor: element_dtype) -> output_handle: variant",
    shape=scalar,
    host=_is_text,
    array="push",
)
def _push(input_handle: Cells, tensor: Any) -> Cells:
    if input_handle.counts:
        return input_handle.counted_with(tensor)
    size = input_handle.size
    return input_handle.write(np.int32(size) if isinstance(size, int) else size, tensor)


@defop(
    "TensorListPopBack(input_handle: variant, element_shape: int32; element_dtype: type) "
    "-> output_handle: variant, tensor: element_dtype",
    shape=lambda c: [(), _element_dims(c, 1)],
    host=_is_text,
    array="pop",
)
def _pop(ctx: Any, input_handle: Cells, element_shape: Any) -> tuple[Cells, Any]:
    size = input_handle.size
    last = np.int32(size - 1) if isinstance(size, int) else size - 1
    item = input_handle.read(last, _shape_of_element(ctx, element_shape))
    items = input_handle.items
    return replace(input_handle, size=size - 1, items=None if items is None else items[:-1]), item


# --------------------------------------------------------------------------------------------------------- Optionals


@defop(
    "OptionalFromValue(components: Toutput_types...) -> optional: variant",
    shape=scalar,
    array="make",
)
def _optional(ctx: Any, components: list[Any]) -> Cells:
    if len(components) != 1:
        raise UnimplementedError(None, None, f"an Optional of {len(components)} components: one is what branches make")
    (value,) = components
    part = value if isinstance(value, Cells) else jnp.asarray(value)
    known = Known.of(value)
    return Cells(OPTIONAL, 1, {ctx.op.name: part}, same=() if known is None else ((ctx.op.name, known),))


@defop("OptionalNone() -> optional: variant", shape=scalar, gradient=NOT_DIFFERENTIABLE, array="make")
def _no_optional() -> Cells:
    return Cells(OPTIONAL, 0, {}, same=())


@defop(
    "OptionalHasValue(optional: variant) -> has_value: bool", shape=scalar, gradient=NOT_DIFFERENTIABLE, array="size"
)
def _has_value(optional: Cells) -> Any:
    return np.asarray(optional.size > 0) if isinstance(optional.size, int) else optional.size > 0


@defop(
    "OptionalGetValue(optional: variant; output_types: list(type), output_shapes: list(shape)) "
    "-> components: output_types...",
    shape=lambda c: list(c.attr("output_shapes")),
    gradient=NO_GRADIENT,
    array="read",
)
def _value(ctx: Any, optional: Cells) -> list[Any]:
    (dtype,), (dims,) = ctx.op.attrs["output_types"], ctx.op.attrs["output_shapes"]
    fitting = {k: v for k, v in optional.buffer.items() if _may_be(v, dtype, dims)}
    fitting = {k: v for k, v in fitting.items() if _is_of_branch(ctx.op, k)} or fitting
    known = dict(optional.same)
    if len(fitting) == 1 and (key := next(iter(fitting))) in known:
        return [known[key].value()]
    parts = list(fitting.values())
    if not parts:
        # Only a branch that is not taken asks for what the other branch has kept; its shape is all that matters.
        return [jnp.zeros(tuple(d or 0 for d in dims or ()), dtype.as_numpy_dtype)]
    if len(parts) > 1 and (dtype.name == "variant" or len({v.shape for v in parts}) > 1):
        raise UnimplementedError(None, None, f"an Optional that holds one of several things: {', '.join(fitting)}")
    return [functools.reduce(jnp.logical_or if dtype.name == "bool" else jnp.add, parts)]  # all but one are zeros


def _may_be(value: Any, dtype: DType, dims: Dims) -> bool:
    if isinstance(value, Cells) or dtype.name == "variant":
        return isinstance(value, Cells) and dtype.name == "variant"
    return value.dtype == dtype.as_numpy_dtype and compatible(value.shape, dims)


def _is_of_branch(op: Operation, maker: str) -> bool:
    """Whether an Optional was made in the branch of a cond to whose way back a node belongs."""
    made = op.graph.get_operation_by_name(maker).context
    return made is not None and op.context is not None and made.kind == op.context.kind
