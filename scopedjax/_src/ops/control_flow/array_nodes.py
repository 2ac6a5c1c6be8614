"""The nodes of TensorArrays: what `tf.TensorArray` records, and how each runs on `Cells`.

    TensorArrayV3(size) -> handle, flow        TensorArrayWriteV3(handle, index, value, flow) -> flow

The handle only says which node made the array; the elements travel with the flow (see `array_cells`). Arrays of
strings live on the host.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims, format_dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.control_flow.array_cells import NOTHING, Cells
from scopedjax._src.ops.control_flow.list_elements import taken_from
from scopedjax._src.ops.opdef import type_text
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_context import ShapeContext

STACK: Final = "_scopedjax_stack"  # attribute of the maker of an array that a file's loops use as a stack
_HANDLE = np.zeros([2], np.bool_)  # a value without meaning in the place of a handle


def _is_text(op: Operation) -> bool:
    """Whether the array holds strings."""
    dtype = op.attrs.get("dtype") or op.attrs.get("T")
    return dtype is not None and dtype.name == "string"


def maker_of(op: Operation) -> Operation:
    """Returns the node that made the array that a node works on."""
    return op.inputs[0].op


def elements_of(op: Operation) -> list[Tensor] | None:
    """Returns what is pushed on the stack or list that a node reads, or None where it reads none."""
    if op.inputs and op.inputs[0].dtype.name == "variant":
        return taken_from(op)
    if op.record is None or op.record.array != "read":
        return None
    maker = maker_of(op)
    if not maker.attrs.get(STACK):
        return None
    extra = maker._extra
    if extra is None or "elements" not in extra:
        _note_elements(op)
    assert maker._extra is not None
    return maker._extra["elements"]


def filled_by(op: Operation) -> list[Operation]:
    """Returns the loops that fill the stack that a node reads; of lists nothing is said."""
    is_list = bool(op.inputs) and op.inputs[0].dtype.name == "variant"
    return [] if is_list or elements_of(op) is None else list(maker_of(op)._extra["filled_by"])  # type: ignore[index]


def _note_elements(op: Operation) -> None:
    """Notes at each stack of a graph what is pushed on it, and by which loops."""
    ops = op.graph.get_operations()
    loops: dict[Any, Operation] = {}
    for maker in ops:
        for region in (maker._extra or {}).get("regions", ()):
            if region.kind == "while":
                loops[region] = maker
        if maker.attrs.get(STACK):
            maker._extra = {**(maker._extra or {}), "elements": [], "filled_by": {}}
    for write in ops:
        if write.record is None or write.record.array != "write" or not maker_of(write).attrs.get(STACK):
            continue
        extra = maker_of(write)._extra
        assert extra is not None
        extra["elements"].append(write.inputs[2])
        context = write.context
        while context is not None:
            if context in loops:
                extra["filled_by"][loops[context]] = None
            context = context.outer


def _flow(c: ShapeContext) -> list[Dims]:
    return [()]


def _handle_and_flow(c: ShapeContext) -> list[Dims]:
    return [(2,), ()]


def _element(c: ShapeContext) -> list[Dims]:
    return [None]


def _stacked(c: ShapeContext) -> list[Dims]:
    dims = c.attr("element_shape")
    if dims is None:
        return [None]
    return [(None, *dims)]


def _joined(c: ShapeContext) -> list[Dims]:
    dims = c.attr("element_shape_except0")
    return [None if dims is None else (None, *dims), (None,)]


def _static_index(op: Operation) -> tuple[str, ...]:
    """An array that grows is written at known indices, except inside loops, which settle its size beforehand."""
    grows = op.context is None and maker_of(op).attrs.get("dynamic_size")
    return ("index",) if grows else ()


def _static_indices(op: Operation) -> tuple[str, ...]:
    grows = op.context is None and maker_of(op).attrs.get("dynamic_size")
    return ("indices",) if grows else ()


@defop(
    "TensorArrayV3(size: int32; dtype: type, element_shape: shape = None, dynamic_size: bool = False, "
    "clear_after_read: bool = True, identical_element_shapes: bool = False, tensor_array_name: string = '') "
    "-> handle: resource, flow: float32",
    shape=_handle_and_flow,
    gradient=NOT_DIFFERENTIABLE,
    host=_is_text,
    static=("size",),
    stateful=True,
    array="make",
)
def _tensor_array(ctx: Any, size: Any, *, dtype: DType, element_shape: Dims, dynamic_size: bool) -> tuple[Any, Cells]:
    kind = np.dtype(dtype.as_numpy_dtype)
    same = NOTHING if ctx.op.attrs.get(STACK) else None
    cells = Cells(kind, int(size), dynamic=dynamic_size, same=same)
    if kind == np.dtype(object):
        cells = Cells(kind, int(size), items=(None,) * int(size), dynamic=dynamic_size)
    elif element_shape is not None and None not in element_shape:
        # An array whose elements have a known shape reads as zeros where it was not written.
        cells = Cells(kind, int(size), _zeros((int(size), *element_shape), kind), dynamic=dynamic_size)
    if same is None and kind != np.dtype(object) and _is_checked(ctx):
        ctx.begin_marks(int(size))
    return _HANDLE, cells


def _is_checked(ctx: Any) -> bool:
    """Whether what happens to elements is noted; see `lower.array_marks`. On the host it is not."""
    return hasattr(ctx, "begin_marks")


def _require_inside(ctx: Any, cells: Cells, index: Any, words: str, grows: bool = False) -> None:
    """Makes the run fail where an index that the program computes is outside the array."""
    if isinstance(index, (int, np.ndarray, np.generic)) or not _is_checked(ctx) or cells.counts:
        return
    size = cells.size if isinstance(cells.size, int) else None
    told = constant_value(maker_of(ctx.op).inputs[0]) if size is None else size
    words = words.replace("{size}", "smaller" if told is None else str(int(told)))
    most = np.iinfo(np.int32).max if grows or size is None else size
    if ctx.lies_within(ctx.op.inputs[1], 0, most):
        return
    ctx.refuse(index < 0 if grows else (index < 0) | (index >= cells.size), index, words)


def _check_shape(ctx: Any, cells: Cells, index: Any, shape: tuple[int, ...]) -> None:
    """Refuses an element of another shape than the array was made for, or than the first one has."""
    maker = maker_of(ctx.op)
    wanted = maker.attrs.get("element_shape")
    if maker.attrs.get("identical_element_shapes") and cells.buffer is not None and not cells.adds:
        wanted = tuple(cells.buffer.shape[1:])
    _check_fits(ctx, index, shape, wanted)


def _check_fits(ctx: Any, index: Any, shape: tuple[int, ...], wanted: Dims) -> None:
    fits = wanted is None or len(wanted) == len(shape)
    if fits and all(w in (None, n) for w, n in zip(wanted or (), shape, strict=False)):
        return
    at = f"index {int(index)}" if isinstance(index, (int, np.ndarray, np.generic)) else "an index"
    raise InvalidArgumentError(
        None,
        None,
        f"TensorArray {_name_of(ctx)}: Could not write to TensorArray {at} because the value shape is "
        f"{format_dims(shape)} which is incompatible with the TensorArray's inferred element shape: "
        f"{format_dims(wanted)} (consider setting infer_shape=False).",
    )


def _check_pieces(ctx: Any, cells: Cells, shapes: list[tuple[int, ...]]) -> None:
    """Refuses pieces of differing lengths where all elements are to have one shape."""
    if not cells.adds and shapes:
        _check_shape(ctx, cells, 0, shapes[0])
        if maker_of(ctx.op).attrs.get("identical_element_shapes"):
            for index, shape in enumerate(shapes):
                _check_fits(ctx, index, shape, shapes[0])


def _name_of(ctx: Any) -> str:
    maker = maker_of(ctx.op)
    name = maker.attrs.get("tensor_array_name") or maker.name
    return name.decode() if isinstance(name, bytes) else name


def _mark(ctx: Any, cells: Cells, indices: Any, written: bool) -> None:
    """Notes that elements were written or read."""
    if _is_checked(ctx) and not cells.adds and not cells.counts:
        ctx.mark(indices, written, cells.capacity)


def _zeros(shape: tuple[Any, ...], kind: Any) -> Any:
    return jnp.zeros(shape, kind)


@defop(
    "TensorArrayGradV3(handle: resource, flow_in: float32; source: string) -> grad_handle: resource, flow_out: float32",
    shape=_handle_and_flow,
    gradient=NOT_DIFFERENTIABLE,
    stateful=True,
    array="make",
)
def _array_grad(handle: Any, flow_in: Cells) -> tuple[Any, Cells]:
    return _HANDLE, replace(flow_in.zeros(), adds=True, dynamic=False)


def _check_dtype(cells: Cells, dtype: DType) -> None:
    if np.dtype(dtype.as_numpy_dtype) != cells.kind:
        raise InvalidArgumentError(
            None,
            None,
            f"TensorArray dtype is {type_text(as_dtype(cells.kind))} but Op is trying to write dtype "
            f"{type_text(dtype)}.",
        )


@defop(
    "TensorArrayWriteV3(handle: resource, index: int32, value: T, flow_in: float32) -> flow_out: float32",
    shape=_flow,
    host=_is_text,
    static=_static_index,
    array="write",
)
def _write(ctx: Any, handle: Any, index: Any, value: Any, flow_in: Cells, *, T: DType) -> Cells:
    _check_dtype(flow_in, T)
    words = "Tried to write to index {found} but array is not resizeable and size is: {size}"
    _require_inside(ctx, flow_in, index, f"TensorArray {_name_of(ctx)}: {words}", grows=flow_in.dynamic)
    _check_shape(ctx, flow_in, index, tuple(np.shape(value)))
    result = flow_in.write(index, value)
    _mark(ctx, result, index, written=True)
    return result


@defop(
    "TensorArrayReadV3(handle: resource, index: int32, flow_in: float32; dtype: type) -> value: dtype",
    shape=_element,
    host=_is_text,
    array="read",
)
def _read(ctx: Any, handle: Any, index: Any, flow_in: Cells) -> Any:
    _require_inside(ctx, flow_in, index, "Tried to read from index {found} but array size is: {size}")
    result = flow_in.read(index, _known_element(ctx))
    _mark(ctx, flow_in, index, written=False)
    return result


def _known_element(ctx: Any) -> Any:
    """The static shape of an element, where the array's maker or the reading node knows it."""
    op = ctx.op
    made = maker_of(op).attrs.get("element_shape")
    own = op.attrs.get("element_shape")
    read = op.outputs[0]._dims if op.type == "TensorArrayReadV3" else None
    return next((d for d in (own, made, read) if d is not None and None not in d), None)


@defop(
    "TensorArrayGatherV3(handle: resource, indices: int32, flow_in: float32; dtype: type, "
    "element_shape: shape = None) -> value: dtype",
    shape=_stacked,
    host=_is_text,
    array="read",
)
def _gather(ctx: Any, handle: Any, indices: Any, flow_in: Cells) -> Any:
    _require_inside(ctx, flow_in, indices, "Tried to read from index {found} but array size is: {size}")
    result = flow_in.gather(indices, _known_element(ctx))
    _mark(ctx, flow_in, indices, written=False)
    return result


@defop(
    "TensorArrayScatterV3(handle: resource, indices: int32, value: T, flow_in: float32) -> flow_out: float32",
    shape=_flow,
    host=_is_text,
    static=_static_indices,
    array="write",
)
def _scatter(ctx: Any, handle: Any, indices: Any, value: Any, flow_in: Cells, *, T: DType) -> Cells:
    _check_dtype(flow_in, T)
    words = "Max scatter index must be < array size ({found} vs. {size})"
    _require_inside(ctx, flow_in, indices, words, grows=flow_in.dynamic)
    result = flow_in.scatter(indices, value)
    _mark(ctx, result, indices, written=True)
    return result


@defop(
    "TensorArrayConcatV3(handle: resource, flow_in: float32; dtype: type, element_shape_except0: shape = None) "
    "-> value: dtype, lengths: int64",
    shape=_joined,
    host=_is_text,
    array="read",
)
def _concat(ctx: Any, handle: Any, flow_in: Cells, *, element_shape_except0: Dims) -> tuple[Any, Any]:
    tail = element_shape_except0
    result = flow_in.concat(None if tail is None else (0, *tail))
    _mark(ctx, flow_in, np.arange(flow_in.capacity), written=False)
    return result


@defop(
    "TensorArraySplitV3(handle: resource, value: T, lengths: int64, flow_in: float32) -> flow_out: float32",
    shape=_flow,
    host=_is_text,
    static=("lengths",),
    array="write",
)
def _split(ctx: Any, handle: Any, value: Any, lengths: Any, flow_in: Cells, *, T: DType) -> Cells:
    _check_dtype(flow_in, T)
    _check_pieces(ctx, flow_in, [(int(n), *np.shape(value)[1:]) for n in np.asarray(lengths)])
    result = flow_in.split(value, np.asarray(lengths))
    _mark(ctx, result, np.arange(len(lengths)), written=True)
    return result


@defop(
    "TensorArraySizeV3(handle: resource, flow_in: float32) -> size: int32",
    shape=lambda c: [()],
    gradient=NOT_DIFFERENTIABLE,
    host=lambda op: _is_text(maker_of(op)),
    stateful=True,  # so that a size that a loop computes is not taken for one that can be known beforehand
    array="size",
)
def _size(handle: Any, flow_in: Cells) -> Any:
    return np.int32(flow_in.size) if isinstance(flow_in.size, int) else flow_in.size


@defop("TensorArrayCloseV3(handle: resource)", gradient=NOT_DIFFERENTIABLE, stateful=True, array="close")
def _close(ctx: Any, handle: Any) -> tuple[()]:
    if _is_checked(ctx):
        ctx.close_marks()
    return ()
