"""Cutting pieces out: `x[...]`, `strided_slice`, `slice`.

    x[1:, None, ..., i]     becomes one StridedSlice node; what each entry means is written in bit masks

      entry        begin end stride   mask
      1:             1    0    1      end_mask (no upper bound)
      None           0    0    1      new_axis_mask
      ...            0    0    1      ellipsis_mask
      i              i   i+1   1      shrink_axis_mask (the axis goes away)

Where an output size depends on a bound, the bound must be known when the program is traced; an index that only chooses
(`x[i]` in a loop) is a value like any other. `_static_bounds` decides which of the two a node is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dimension, Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.module import holds_text
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.constant import constant, constant_node
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import declare
from scopedjax._src.ops.shape_context import ShapeContext

MASKS = (
    "begin_mask: int = 0, end_mask: int = 0, ellipsis_mask: int = 0, new_axis_mask: int = 0, shrink_axis_mask: int = 0"
)


def known_entries(tensor: Tensor) -> list[int | None] | None:
    """The entries of an integer vector as far as the graph tells them; None where not even the length is known."""
    value = constant_value(tensor)
    if value is not None:
        return [int(v) for v in np.asarray(value).reshape(-1)]
    op = tensor.op
    if op.type == "Pack" and tensor.ndim == 1:
        entries = [constant_value(t) for t in op.inputs]
        return [None if e is None else int(e) for e in entries]
    if op.type == "ConcatV2":
        parts = [known_entries(t) for t in op.inputs[:-1]]
        return None if any(p is None for p in parts) else [e for p in parts for e in p or ()]
    if op.type in ("Identity", "Cast"):
        return known_entries(op.inputs[0])
    if tensor.dims is None or len(tensor.dims) != 1 or tensor.dims[0] is None:
        return None
    return [None for _ in range(tensor.dims[0])]


@dataclass(frozen=True, slots=True)
class Masks:
    """The five masks of a StridedSlice."""

    begin: int
    end: int
    ellipsis: int
    new_axis: int
    shrink: int

    @classmethod
    def of(cls, attrs: dict[str, Any]) -> Masks:
        """Reads the masks from a node's attributes."""
        return cls(*(attrs[f"{name}_mask"] for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")))


@dataclass(frozen=True, slots=True)
class Entry:
    """What happens to one axis: `kind` is "slice", "index", "new" or "all"; `at` is its place in the bounds."""

    kind: str
    at: int = -1
    has_begin: bool = False
    has_end: bool = False


def entries_of(masks: Masks, count: int, rank: int) -> list[Entry]:
    """The entries in order, the ellipsis (or what is missing at the end) written out as whole axes.

    Raises:
      ValueError: there are more entries than axes.
    """
    consuming = sum(1 for i in range(count) if not (masks.ellipsis | masks.new_axis) >> i & 1)
    # A new axis after the ellipsis is a new axis still; the ellipsis itself consumes what is left.
    ellipsis = [i for i in range(count) if masks.ellipsis >> i & 1]
    if len(ellipsis) > 1:
        raise ValueError("Multiple ellipses in slice spec not allowed")
    if consuming > rank:
        raise ValueError(f"Index out of range using input dim {rank}; input has only {rank} dims")
    entries: list[Entry] = []
    for i in range(count):
        if masks.ellipsis >> i & 1:
            entries.extend([Entry("all")] * (rank - consuming))
        elif masks.new_axis >> i & 1:
            entries.append(Entry("new", i))
        elif masks.shrink >> i & 1:
            entries.append(Entry("index", i))
        else:
            entries.append(Entry("slice", i, not masks.begin >> i & 1, not masks.end >> i & 1))
    if not ellipsis:
        entries.extend([Entry("all")] * (rank - consuming))
    return entries


def _static_bounds(op: Operation) -> tuple[str, ...]:
    """Names of the bounds that steer the output's shape: none where each is known, open, or only an index."""
    masks = Masks.of(op.attrs)
    begin, end, strides = (known_entries(t) for t in op.inputs[1:])
    if begin is None or end is None or strides is None:
        return ("begin", "end", "strides")
    for i in range(len(begin)):
        if (masks.ellipsis | masks.new_axis | masks.shrink) >> i & 1:
            continue
        needs = [strides[i]]
        needs += [] if masks.begin >> i & 1 else [begin[i]]
        needs += [] if masks.end >> i & 1 else [end[i]]
        if None in needs:
            return ("begin", "end", "strides")
    return ()


def _slice_dims(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    masks = Masks.of(c.attrs)
    begin, end, strides = (known_entries(t) for t in c.inputs[1:])
    count = next((len(v) for v in (begin, end, strides) if v is not None), None)
    if count is None or strides is None:
        # Without the strides (they could be negative) TF tells nothing.
        return [None]
    if None in strides:
        return [None]
    unknown: list[int | None] = [None] * count
    if dims is None:
        return [_dims_of_unknown(masks, count)]
    try:
        entries = entries_of(masks, count, len(dims))
        return [_sliced_dims(dims, entries, begin or unknown, end or unknown, strides)]
    except ValueError as error:
        raise c.fail(str(error)) from None


def _dims_of_unknown(masks: Masks, count: int) -> Dims:
    """The result's rank is that of the entries only where no axis is left over; that is not known here."""
    return None


def _sliced_dims(
    dims: tuple[int | None, ...], entries: list[Entry], begin: list[int | None], end: list[int | None], strides: Any
) -> tuple[int | None, ...]:
    result: list[int | None] = []
    axis = 0
    for entry in entries:
        if entry.kind == "new":
            result.append(1)
            continue
        size = dims[axis]
        axis += 1
        if entry.kind == "all":
            result.append(size)
        elif entry.kind == "index":
            if strides[entry.at] <= 0:
                raise ValueError("only stride 1 allowed on non-range indexing.")
            check_index(begin[entry.at], size, axis - 1)
        else:
            result.append(_slice_size(size, entry, begin[entry.at], end[entry.at], strides[entry.at]))
    return tuple(result)


def check_index(index: int | None, size: int | None, axis: int) -> None:
    """Raises ValueError where a known index is outside a known size."""
    if index is not None and size is not None and not -size <= index < size:
        raise ValueError(f"slice index {index} of dimension {axis} out of bounds.")


def _slice_size(size: int | None, entry: Entry, begin: int | None, end: int | None, stride: int) -> int | None:
    if stride == 0:
        raise ValueError(f"strides[{entry.at}] must be non-zero")
    if (entry.has_begin and begin is None) or (entry.has_end and end is None):
        return None
    low = begin if entry.has_begin else None
    high = end if entry.has_end else None
    if size is not None:
        return len(range(*slice(low, high, stride).indices(size)))
    return None


def _strided_slice(
    ctx: Any,
    input: Any,
    begin: Any,
    end: Any,
    strides: Any,
    *,
    begin_mask: int,
    end_mask: int,
    ellipsis_mask: int,
    new_axis_mask: int,
    shrink_axis_mask: int,
) -> Any:
    masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    low = _bounds(ctx, 1, begin)
    _require_inside(ctx, masks, low, input.shape)
    return _cut(input, masks, low, _bounds(ctx, 2, end), _bounds(ctx, 3, strides))


def _require_inside(ctx: Any, masks: Masks, begin: list[Any], shape: tuple[int, ...]) -> None:
    """Makes the run fail where a computed index is outside its axis."""
    if all(isinstance(low, int) for low in begin):
        return
    axis = 0
    source = ctx.op.inputs[1]
    for entry in entries_of(masks, len(begin), len(shape)):
        if entry.kind == "new":
            continue
        low, size = (begin[entry.at] if entry.kind == "index" else 0), shape[axis]
        single = source.op.inputs[entry.at] if source.op.type == "Pack" else source
        if not isinstance(low, int) and not ctx.lies_within(single, -size, size):
            wrapped = jnp.where(low < 0, low + size, low)
            words = f"slice index {{found}} of dimension {axis} out of bounds."
            ctx.refuse((wrapped < 0) | (wrapped >= size), wrapped, words)
        axis += 1


def strided_slice_of(ctx: Any, input: Any, begin: Any, end: Any, strides: Any, masks: tuple[int, ...]) -> Any:
    """Cuts `input` as a StridedSlice would, for a node whose inputs 1 to 3 are the bounds."""
    bounds = (_bounds(ctx, i, values) for i, values in enumerate((begin, end, strides), 1))
    return _cut(input, Masks(*masks), *bounds)


def _bounds(ctx: Any, index: int, values: Any) -> list[Any]:
    """Bounds as numbers where they are known, else as values of the program."""
    if isinstance(values, np.ndarray):
        return [int(v) for v in values]
    known = known_entries(ctx.op.inputs[index]) or [None] * values.shape[0]
    return [values[i] if entry is None else entry for i, entry in enumerate(known)]


def _cut(input: Any, masks: Masks, begin: list[Any], end: list[Any], strides: list[Any]) -> Any:
    selectors: list[Any] = []
    computed: list[tuple[int, Any]] = []
    axis = 0
    for entry in entries_of(masks, len(begin), input.ndim):
        if entry.kind == "new":
            selectors.append(None)
            continue
        size = input.shape[axis]
        if entry.kind == "all":
            selectors.append(slice(None))
        elif entry.kind == "slice":
            low = begin[entry.at] if entry.has_begin else None
            high = end[entry.at] if entry.has_end else None
            selectors.append(slice(low, high, strides[entry.at]))
        elif isinstance(begin[entry.at], int):
            check_index(begin[entry.at], size, axis)
            selectors.append(begin[entry.at])
        else:
            computed.append((axis, begin[entry.at]))
            selectors.append(0)
        axis += 1
    for at, index in computed:
        input = _at_computed_index(input, at, index)
    result = input[tuple(selectors)]
    return result if isinstance(input, np.ndarray) else jnp.asarray(result)


def _at_computed_index(input: Any, axis: int, index: Any) -> Any:
    size = input.shape[axis]
    wrapped = jnp.where(index < 0, index + size, index)
    return jax.lax.dynamic_slice_in_dim(jnp.asarray(input), wrapped, 1, axis)


def _numpy_strided_slice(
    input: Any,
    begin: Any,
    end: Any,
    strides: Any,
    *,
    begin_mask: int,
    end_mask: int,
    ellipsis_mask: int,
    new_axis_mask: int,
    shrink_axis_mask: int,
) -> Any:
    masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    lists = ([int(v) for v in np.asarray(bound)] for bound in (begin, end, strides))
    return np.asarray(_cut(input, masks, *lists))


def _slice_of_shape(op: Operation, of: Any) -> Dims:
    """`tf.shape(x)[1:]`: a part of a shape vector of which some entries are known."""
    masks = Masks.of(op.attrs)
    begin, end, strides = (known_entries(t) for t in op.inputs[1:])
    dims = of(op.inputs[0])
    if dims is None or begin is None or end is None or strides is None or len(begin) != 1 or masks.shrink:
        return None
    if masks.ellipsis or masks.new_axis or None in (*begin, *end, *strides):
        return None
    low = None if masks.begin else begin[0]
    return dims[slice(low, None if masks.end else end[0], strides[0])]


def _entry_of_shape(op: Operation) -> list[Any] | None:
    """`tf.shape(x)[1]` where that size is known though others are not."""
    from scopedjax._src.ops.constant_value import constant_value_as_dims

    masks = Masks.of(op.attrs)
    source = op.inputs[0]
    if masks.shrink != 1 or masks.ellipsis or masks.new_axis or source.ndim != 1 or not source.dtype.is_integer:
        return None
    begin = known_entries(op.inputs[1])
    if begin is None or len(begin) != 1 or begin[0] is None:
        return None
    dims = constant_value_as_dims(source)
    if dims is None or not -len(dims) <= begin[0] < len(dims):
        return None
    size = dims[begin[0]]
    return None if size is None else [np.asarray(size, source.dtype.as_numpy_dtype)]


declare(
    f"StridedSlice(input: T, begin: Index, end: Index, strides: Index; {MASKS}) -> output: T",
    _strided_slice,
    guards=True,
    shape=_slice_dims,
    numpy=_numpy_strided_slice,
    dims_value=_slice_of_shape,
    static_value=_entry_of_shape,
    static=_static_bounds,
    types={"Index": (dtypes.int16, *dtypes.INDEX)},
    host=holds_text("T"),
)


def _strided_slice_grad(
    shape: Any,
    begin: Any,
    end: Any,
    strides: Any,
    dy: Any,
    *,
    begin_mask: int,
    end_mask: int,
    ellipsis_mask: int,
    new_axis_mask: int,
    shrink_axis_mask: int,
) -> Any:
    masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    lists = [
        [int(v) for v in bound] if isinstance(bound, np.ndarray) else [bound[i] for i in range(bound.shape[0])]
        for bound in (begin, end, strides)
    ]
    zeros = jnp.zeros(tuple(int(s) for s in shape), dy.dtype)
    _, pullback = jax.vjp(lambda x: _cut(x, masks, *lists), zeros)
    return pullback(dy)[0]


def _static_bounds_of_gradient(op: Operation) -> tuple[str, ...]:
    """What must be known of the bounds: the index that a loop's way back takes from a list need not be."""
    every = ("shape", "begin", "end", "strides")
    masks = Masks.of(op.attrs)
    sizes = [t._dims for t in op.inputs]
    counts = {dims[0] for dims in sizes[1:4] if dims is not None and len(dims) == 1}
    rank = None if sizes[0] is None or len(sizes[0]) != 1 else sizes[0][0]
    count = next((c for c in counts if c is not None), None)
    if masks.ellipsis or masks.new_axis or count is None or rank is None:
        return every
    slices = [e for e in entries_of(masks, count, rank) if e.kind == "slice"]
    needed = {"shape": True, "strides": True}
    needed["begin"] = any(e.has_begin for e in slices)
    needed["end"] = any(e.has_end for e in slices)
    return tuple(name for name in every if needed[name])


declare(
    f"StridedSliceGrad(shape: Index, begin: Index, end: Index, strides: Index, dy: T; {MASKS}) -> output: T",
    _strided_slice_grad,
    shape=lambda c: [c.shape_value(0)],
    static=_static_bounds_of_gradient,
    types={"Index": dtypes.INDEX},
)

# ------------------------------------------------------------------------------------------------------- Slice


def _plain_slice_dims(c: ShapeContext) -> list[Dims]:
    begin, size, dims = known_entries(c.inputs[1]), known_entries(c.inputs[2]), c.dims(0)
    count = next((len(v) for v in (size, begin, dims) if v is not None), None)
    if count is None:
        return [None]
    if dims is not None and len(dims) != count:
        raise c.fail(f"Shape must be rank {count} but is rank {len(dims)}")
    result: list[int | None] = []
    for i in range(count):
        axis = None if dims is None else dims[i]
        start, length = (begin[i] if begin else None), (size[i] if size else None)
        if length == -1:
            result.append(None if axis is None or start is None else axis - start)
            if axis is not None and start is not None and start > axis:
                raise c.fail(f"Expected begin[{i}] in [0, {axis}], but got {start}")
        else:
            result.append(length)
    return [tuple(result)]


def _static_slice(op: Operation) -> tuple[str, ...]:
    begin, size = known_entries(op.inputs[1]), known_entries(op.inputs[2])
    if begin is None or size is None:
        return ("begin", "size")
    rest_from_computed = any(s == -1 and b is None for b, s in zip(begin, size, strict=True))
    return ("begin", "size") if rest_from_computed else ("size",)


def _plain_slice(ctx: Any, input: Any, begin: Any, size: Any) -> Any:
    starts = _bounds(ctx, 1, begin)
    lengths = [int(s) for s in np.asarray(size)]
    sizes = [input.shape[i] - starts[i] if n == -1 else n for i, n in enumerate(lengths)]
    if all(isinstance(s, int) for s in starts):
        for i, (start, length) in enumerate(zip(starts, sizes, strict=True)):
            if not 0 <= start <= input.shape[i]:
                raise ValueError(f"Expected begin[{i}] in [0, {input.shape[i]}], but got {start}")
            if start + length > input.shape[i]:
                raise ValueError(f"Expected size[{i}] in [0, {input.shape[i] - start}], but got {length}")
        return input[tuple(slice(b, b + n) for b, n in zip(starts, sizes, strict=True))]
    _require_slice_inside(ctx, starts, sizes, input.shape)
    return jax.lax.dynamic_slice(jnp.asarray(input), [jnp.asarray(s, jnp.int64) for s in starts], sizes)


def _require_slice_inside(ctx: Any, starts: list[Any], sizes: list[int], shape: tuple[int, ...]) -> None:
    """Makes the run fail where a slice reaches out of the tensor."""
    source = ctx.op.inputs[1]
    for i, (start, length, size) in enumerate(zip(starts, sizes, shape, strict=True)):
        single = source.op.inputs[i] if source.op.type == "Pack" else source
        if isinstance(start, int) and 0 <= start <= size - length:
            continue
        if isinstance(start, int) or not ctx.lies_within(single, 0, size - length + 1):
            start = jnp.asarray(start)
            wrong = (start < 0) | (start > size)
            ctx.refuse(wrong, start, f"Expected begin[{i}] in [0, {size}], but got {{found}}")
            wrong = start + length > size
            ctx.refuse(wrong, size - start, f"Expected size[{i}] in [0, {{found}}], but got {length}")


def _numpy_slice(input: Any, begin: Any, size: Any) -> Any:
    parts = []
    for start, length, axis in zip(np.asarray(begin), np.asarray(size), input.shape, strict=True):
        parts.append(slice(int(start), axis if length == -1 else int(start) + int(length)))
    return input[tuple(parts)]


def _slice_of_vector(op: Operation, of: Any) -> Dims:
    begin, size, dims = known_entries(op.inputs[1]), known_entries(op.inputs[2]), of(op.inputs[0])
    if dims is None or begin is None or size is None or len(begin) != 1 or None in (begin[0], size[0]):
        return None
    return dims[begin[0] :] if size[0] == -1 else dims[begin[0] : (begin[0] or 0) + (size[0] or 0)]


declare(
    "Slice(input: T, begin: Index, size: Index) -> output: T",
    _plain_slice,
    guards=True,
    shape=_plain_slice_dims,
    numpy=_numpy_slice,
    dims_value=_slice_of_vector,
    static=_static_slice,
    types={"Index": dtypes.INDEX},
    host=holds_text("T"),
)

# -------------------------------------------------------------------------------------------- public functions


def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """Cuts out a block.

    Args:
      input_: Tensor of rank R.
      begin: R integers: where the block begins.
      size: R integers: its sizes; -1 is all that remains.
      name: Node name; defaults to "Slice".

    Returns:
      Tensor of rank R.

    >>> tf.Session().run(tf.slice([[1, 2, 3], [4, 5, 6]], [0, 1], [-1, 2])).tolist()
    [[2, 3], [5, 6]]
    """
    return apply_op("Slice", input_, begin, size, name=name)


slice_.__name__ = slice_.__qualname__ = "slice"


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """Cuts out a block with steps; `x[begin:end:strides]` is written in brackets more easily.

    Args:
      input_: Tensor.
      begin: Where each axis begins.
      end: Where it ends (not included).
      strides: Steps; ones by default.
      begin_mask: Bit i set: `begin[i]` is ignored.
      end_mask: Bit i set: `end[i]` is ignored.
      ellipsis_mask: Bit i set: entry i stands for all axes not named.
      new_axis_mask: Bit i set: entry i is a new axis of size 1.
      shrink_axis_mask: Bit i set: entry i is an index, and the axis goes away.
      var: Not used.
      name: Node name; defaults to "StridedSlice".

    Returns:
      Tensor of the dtype of `input_`.

    >>> tf.Session().run(tf.strided_slice([1, 2, 3, 4], [0], [4], [2])).tolist()
    [1, 3]
    """
    if strides is None:
        from scopedjax._src.ops.array.filling import ones_like

        strides = ones_like(begin)
    return apply_op(
        "StridedSlice",
        input_,
        begin,
        end,
        strides,
        name=name,
        begin_mask=begin_mask,
        end_mask=end_mask,
        ellipsis_mask=ellipsis_mask,
        new_axis_mask=new_axis_mask,
        shrink_axis_mask=shrink_axis_mask,
    )


def _check_bound(value: Any) -> None:
    if isinstance(value, (int, np.integer, Dimension)) and not isinstance(value, (bool, np.bool_)):
        return
    if isinstance(value, Tensor) and value.dtype.is_integer and value.ndim in (0, None):
        return
    kind = getattr(value, "dtype", None)
    if kind is not None and not isinstance(value, (Tensor, np.ndarray)) and getattr(kind, "is_integer", False):
        return  # a variable
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "iu":
        return
    raise TypeError(
        "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 tensors are "
        f"valid indices, got {value!r}"
    )


class _Subscript:
    """Collects begin, end, strides and masks from the entries of `x[...]`."""

    def __init__(self) -> None:
        self.begin: list[Any] = []
        self.end: list[Any] = []
        self.strides: list[Any] = []
        self.masks: dict[str, int] = dict.fromkeys(
            ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0
        )

    def _put(self, begin: Any, end: Any, stride: Any, *masks: str) -> None:
        bit = 1 << len(self.begin)
        for mask in masks:
            self.masks[mask] |= bit
        self.begin.append(begin)
        self.end.append(end)
        self.strides.append(stride)

    def add(self, entry: Any) -> None:
        """Takes one entry of the brackets."""
        if isinstance(entry, slice):
            self._add_slice(entry)
        elif entry is Ellipsis:
            self._put(0, 0, 1, "ellipsis_mask")
        elif entry is None:
            self._put(0, 0, 1, "new_axis_mask")
        else:
            _check_bound(entry)
            entry = _plain(entry)
            stride: Any = 1
            end = entry + 1
            if isinstance(entry, Tensor) and entry.dtype.base_dtype is dtypes.int64:
                stride = constant(1, dtype=dtypes.int64)
            self._put(entry, end, stride, "shrink_axis_mask")

    def _add_slice(self, entry: slice) -> None:
        bounds = [entry.start, entry.stop, entry.step]
        for bound in bounds:
            if bound is not None:
                _check_bound(bound)
        masks = [m for m, b in zip(("begin_mask", "end_mask"), bounds, strict=False) if b is None]
        kinds = [b.dtype.base_dtype for b in bounds if isinstance(b, Tensor)]
        filled: list[Any] = []
        for bound, default in zip(bounds, (0, 0, 1), strict=True):
            if bound is not None:
                filled.append(_plain(bound))
            else:
                filled.append(constant(default, dtype=kinds[0]) if kinds else default)
        self._put(*filled, *masks)


def _plain(bound: Any) -> Any:
    if isinstance(bound, Dimension):
        return int(bound)
    if isinstance(bound, (np.integer, np.ndarray)):
        return int(bound)
    return bound if isinstance(bound, (Tensor, int)) else convert_to_tensor(bound)


def _is_mask(key: Any) -> bool:
    if isinstance(key, bool):
        return True
    if isinstance(key, Tensor):
        return key.dtype.base_dtype is dtypes.bool
    return isinstance(key, np.ndarray) and key.dtype == np.bool_


def subscript(tensor: Any, key: Any, var: Any = None) -> Tensor:
    """Returns `tensor[key]`: slices, indices, `...`, `tf.newaxis`, scalar integer tensors, or a mask of bool.

    Args:
      tensor: Tensor or variable.
      key: What stands in the brackets.
      var: Not used.

    Returns:
      Tensor.

    Raises:
      TypeError: an entry is nothing of that kind.
      ValueError: an index is outside the static shape.
    """
    if _is_mask(key):
        from scopedjax._src.ops.array.selection import boolean_mask

        return boolean_mask(tensor, key)
    spec = _Subscript()
    for entry in key if isinstance(key, (list, tuple)) else (key,):
        spec.add(entry)
    with stacks.get_default_graph().name_scope("strided_slice") as scope:
        if spec.begin:
            begin, end, strides = stack(spec.begin), stack(spec.end), stack(spec.strides)
            kinds = {t.dtype.base_dtype for t in (begin, end, strides)}
            if dtypes.int64 in kinds and len(kinds) > 1:
                begin, end, strides = (
                    t if t.dtype.base_dtype is dtypes.int64 else apply_op("Cast", t, DstT=dtypes.int64, name="cast")
                    for t in (begin, end, strides)
                )
        else:
            begin = end = strides = constant_node([], dtypes.int32, None, "Const")
        return apply_op("StridedSlice", tensor, begin, end, strides, name=scope, **spec.masks)
