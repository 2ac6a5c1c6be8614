"""Joining, splitting and repeating along axes: `concat`, `split`, `tile`, `pad`, and putting axes in another order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dimension, Dims, merge_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.module import axis_within, holds_text, is_known, module_of
from scopedjax._src.ops.array.shapes import rank
from scopedjax._src.ops.array.slicing import known_entries
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, LoweringContext, declare
from scopedjax._src.ops.shape_context import ShapeContext

# ------------------------------------------------------------------------------------------------------- concat


def _concat_dims(c: ShapeContext, axis_at: int, values: Sequence[Dims]) -> list[Dims]:
    axis = c.const(axis_at)
    ranks = {len(d) for d in values if d is not None}
    if len(ranks) > 1:
        first, other = sorted(ranks)
        raise c.fail(
            f"Shapes must be equal rank, but are {first} and {other}\n\tFrom merging shape 0 with other shapes."
        )
    if not ranks:
        return [None]
    count = ranks.pop()
    if axis is None:
        return [(None,) * count]
    at = int(axis)
    if not -count <= at < count or not count:
        raise c.fail(f"Shape must be at least rank {at + 1 if at >= 0 else -at} but is rank {count}")
    at %= count
    total: int | None = 0
    before: Dims = None
    after: Dims = None
    for dims in values:
        given = (None,) * count if dims is None else dims
        total = None if total is None or given[at] is None else total + (given[at] or 0)
        try:
            before, after = merge_dims(before, given[:at]), merge_dims(after, given[at + 1 :])
        except ValueError as error:
            raise c.fail(str(error)) from None
    return [(*(before or ()), total, *(after or ()))]


def _concat(values: list[Any], axis: Any) -> Any:
    at = axis_within(np.asarray(axis).reshape(-1)[0], values[0].ndim)
    return module_of(*values).concatenate(values, at)


def _concat_value(op: Operation, of: Callable[[Tensor], Dims]) -> Dims:
    """A shape vector that was joined from parts of which some are known in part."""
    found: list[int | None] = []
    for tensor in op.inputs[:-1]:
        part = of(tensor)
        if part is None:
            return None
        found.extend(part)
    return tuple(found)


declare(
    "ConcatV2(values: N * T, axis: Tidx; Tidx: type = int32) -> output: T",
    _concat,
    shape=lambda c: _concat_dims(c, len(c.inputs) - 1, c.all_dims()[:-1]),
    numpy=_concat,
    dims_value=_concat_value,
    static=("axis",),
    types={"Tidx": dtypes.INDEX},
    host=holds_text("T"),
)
declare(
    "Concat(concat_dim: int32, values: N * T) -> output: T",
    lambda concat_dim, values: _concat(values, concat_dim),
    shape=lambda c: _concat_dims(c, 0, c.all_dims()[1:]),
    numpy=lambda concat_dim, values: _concat(values, concat_dim),
    static=("concat_dim",),
    host=holds_text("T"),
)


def _concat_offset(concat_dim: Any, shape: list[Any]) -> list[Any]:
    at = axis_within(concat_dim, len(shape[0]))
    offsets: list[Any] = []
    total = 0
    for sizes in shape:
        offset = np.zeros_like(sizes)
        offset[at] = total
        total += int(sizes[at])
        offsets.append(offset)
    return offsets


declare(
    "ConcatOffset(concat_dim: int32, shape: N * shape_type; shape_type: type = int32) -> offset: N * shape_type",
    _concat_offset,
    shape=lambda c: c.all_dims()[1:],
    numpy=_concat_offset,
    static=("concat_dim", "shape"),
    gradient=NOT_DIFFERENTIABLE,
    types={"shape_type": dtypes.INDEX},
)

# -------------------------------------------------------------------------------------------------------- split


def _split_dims(c: ShapeContext) -> list[Dims]:
    axis, dims, num = c.const(0), c.dims(1), c.attr("num_split")
    if dims is None or axis is None:
        return [None if dims is None else (None,) * len(dims)] * num
    try:
        at = axis_within(axis, len(dims))
    except ValueError as error:
        raise c.fail(str(error)) from None
    total = dims[at]
    if total is not None and total % num:
        raise c.fail(
            f"Dimension size must be evenly divisible by {num} but is {total}\n\tNumber of ways to split should evenly "
            "divide the split dimension"
        )
    return [(*dims[:at], None if total is None else total // num, *dims[at + 1 :])] * num


def _split(split_dim: Any, value: Any, *, num_split: int) -> list[Any]:
    at = axis_within(split_dim, value.ndim)
    if value.shape[at] % num_split:
        raise ValueError(f"Number of ways to split should evenly divide the split dimension, but got split_dim {at} "
                         f"(size = {value.shape[at]}) and num_split {num_split}")  # fmt: skip
    return list(module_of(value).split(value, num_split, at))


declare(
    "Split(split_dim: int32, value: T; num_split: int) -> output: num_split * T",
    _split,
    shape=_split_dims,
    numpy=_split,
    static=("split_dim",),
    host=holds_text("T"),
)


def _split_sizes(sizes: Sequence[int | None], total: int | None) -> list[int | None]:
    """The sizes with a -1 replaced by what is left."""
    found = list(sizes)
    if -1 in found:
        rest = [s for s in found if s != -1]
        known = total is not None and None not in rest
        found[found.index(-1)] = (total or 0) - sum(s or 0 for s in rest) if known else None
    return found


def _split_v_dims(c: ShapeContext) -> list[Dims]:
    dims, axis, num = c.dims(0), c.const(2), c.attr("num_split")
    if dims is None or axis is None:
        return [None if dims is None else (None,) * len(dims)] * num
    try:
        at = axis_within(axis, len(dims))
    except ValueError as error:
        raise c.fail(str(error)) from None
    if num == 1:
        return [dims]
    sizes = known_entries(c.inputs[1]) or [None] * num
    parts = _split_sizes(sizes, dims[at])
    if dims[at] is not None and None not in parts and sum(p or 0 for p in parts) != dims[at]:
        raise c.fail(f"can't split axis of size {dims[at]} into pieces of size [{','.join(map(str, sizes))}]")
    return [(*dims[:at], part, *dims[at + 1 :]) for part in parts]


def _split_v(value: Any, size_splits: Any, split_dim: Any, *, num_split: int) -> list[Any]:
    at = axis_within(split_dim, value.ndim)
    sizes = [s or 0 for s in _split_sizes([int(s) for s in np.asarray(size_splits)], value.shape[at])]
    if sum(sizes) != value.shape[at]:
        raise ValueError(
            "Determined shape must either match input shape along split_dim exactly if fully specified, or be "
            "less than the size of the input along split_dim if not fully specified. "
            f"Got: {sum(sizes)} for {value.shape[at]}"
        )
    return list(module_of(value).split(value, np.cumsum(sizes)[:-1].tolist(), at))


declare(
    "SplitV(value: T, size_splits: Tlen, split_dim: int32; num_split: int, Tlen: type = int64) "
    "-> output: num_split * T",
    _split_v,
    shape=_split_v_dims,
    numpy=_split_v,
    static=("size_splits", "split_dim"),
    types={"Tlen": (dtypes.int8, *dtypes.INDEX)},
    host=holds_text("T"),
)

# --------------------------------------------------------------------------------------------------- tile and pad


def _tile_dims(c: ShapeContext) -> list[Dims]:
    dims, times = c.dims(0), known_entries(c.inputs[1])
    if dims is None:
        return [None if times is None else (None,) * len(times)]
    if times is not None and len(times) != len(dims):
        raise c.fail(f"Shape must be rank {len(times)} but is rank {len(dims)}")
    factors = times or [None] * len(dims)
    return [tuple(None if d is None or t is None else d * t for d, t in zip(dims, factors, strict=True))]


def _tile(input: Any, multiples: Any) -> Any:
    return module_of(input).tile(input, tuple(int(m) for m in np.asarray(multiples)))


declare(
    "Tile(input: T, multiples: Tmultiples; Tmultiples: type = int32) -> output: T",
    _tile,
    shape=_tile_dims,
    numpy=_tile,
    static=("multiples",),
    types={"Tmultiples": dtypes.INDEX},
    host=holds_text("T"),
)


def _known_pairs(tensor: Tensor) -> list[list[int | None]] | None:
    """The rows of a `[n, 2]` matrix as far as the graph tells them: of a list with tensors in it, a part."""
    value = constant_value(tensor)
    if value is not None:
        return [[int(v) for v in row] for row in np.asarray(value).reshape(-1, 2)]
    if tensor.op.type == "Pack" and tensor.ndim == 2:
        found = [known_entries(part) for part in tensor.op.inputs]
        if any(part is None for part in found):
            return None
        rows = [part or [] for part in found]
        return [list(row) for row in zip(*rows, strict=True)] if tensor.op.attrs["axis"] in (1, -1) else rows
    return None


def _pad_dims(c: ShapeContext) -> list[Dims]:
    dims, paddings = c.dims(0), c.dims(1)
    pairs = _known_pairs(c.inputs[1])
    count = next(
        (n for n in (len(dims) if dims is not None else None, paddings[0] if paddings else None) if n is not None), None
    )
    if count is None:
        return [None]
    given = (None,) * count if dims is None else dims
    if pairs is None:
        return [(None,) * count]
    if len(pairs) != count:
        raise c.fail(f"Shape must be rank {len(pairs)} but is rank {count}")
    found: list[int | None] = []
    for axis, (size, (before, after)) in enumerate(zip(given, pairs, strict=True)):
        if (before or 0) < 0 or (after or 0) < 0:
            raise c.fail(f"Paddings must be non-negative, but axis {axis} has {before} and {after}")
        found.append(None if size is None or before is None or after is None else size + before + after)
    return [tuple(found)]


def _pairs(paddings: Any) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in np.asarray(paddings).reshape(-1, 2)]


def _pad(input: Any, paddings: Any) -> Any:
    if is_known(input) and input.dtype == object:
        return np.pad(input, _pairs(paddings), constant_values=b"")
    return module_of(input).pad(input, _pairs(paddings))


def _pad_with(input: Any, paddings: Any, constant_values: Any) -> Any:
    if is_known(input, constant_values):
        return np.pad(input, _pairs(paddings), constant_values=constant_values)
    return jnp.pad(input, _pairs(paddings), constant_values=constant_values)


_PADDINGS = "paddings: Tpaddings"
declare(
    f"Pad(input: T, {_PADDINGS}; Tpaddings: type = int32) -> output: T",
    _pad,
    shape=_pad_dims,
    numpy=_pad,
    static=("paddings",),
    types={"Tpaddings": dtypes.INDEX},
    host=holds_text("T"),
)
declare(
    f"PadV2(input: T, {_PADDINGS}, constant_values: T; Tpaddings: type = int32) -> output: T",
    _pad_with,
    shape=_pad_dims,
    numpy=_pad_with,
    static=("paddings",),
    types={"Tpaddings": dtypes.INDEX},
    host=holds_text("T"),
)


def _mirror_pad(input: Any, paddings: Any, *, mode: str) -> Any:
    allowed = 0 if mode == "SYMMETRIC" else 1
    for size, pair in zip(input.shape, _pairs(paddings), strict=True):
        if max(pair) > size - allowed:
            raise ValueError(
                f"paddings must be no greater than the dimension size: {pair[0]}, {pair[1]} greater than {size}"
            )
    return module_of(input).pad(input, _pairs(paddings), mode=mode.lower())


declare(
    f"MirrorPad(input: T, {_PADDINGS}; Tpaddings: type = int32, mode: string) -> output: T",
    _mirror_pad,
    shape=_pad_dims,
    numpy=_mirror_pad,
    static=("paddings",),
    types={"Tpaddings": dtypes.INDEX},
    host=holds_text("T"),
)

# ----------------------------------------------------------------------------------------------------- transpose


def _transpose_dims(c: ShapeContext) -> list[Dims]:
    dims, perm, length = c.dims(0), c.const(1), c.dims(1)
    if dims is None:
        return [None if not length or length[0] is None else (None,) * length[0]]
    if length is not None and length and length[0] is not None and length[0] != len(dims):
        raise c.fail(f"Dimension must be {len(dims)} but is {length[0]}")
    if perm is None:
        return [(None,) * len(dims)]
    order = [int(p) for p in perm]
    if sorted(p % max(len(dims), 1) for p in order) != list(range(len(dims))):
        raise c.fail(f"perm dim {order[0]} is out of range of input rank {len(dims)}")
    return [tuple(dims[p] for p in order)]


def _transpose(x: Any, perm: Any) -> Any:
    return module_of(x).transpose(x, tuple(int(p) for p in np.asarray(perm)))


def _conjugate_transpose(x: Any, perm: Any) -> Any:
    return module_of(x).conj(_transpose(x, perm))


for _type, _function in (("Transpose", _transpose), ("ConjugateTranspose", _conjugate_transpose)):
    declare(
        f"{_type}(x: T, perm: Tperm; Tperm: type = int32) -> y: T",
        _function,
        shape=_transpose_dims,
        numpy=_function,
        static=("perm",),
        types={"Tperm": dtypes.INDEX},
        host=holds_text("T"),
    )


def _checked_inverted(ctx: LoweringContext, x: Any) -> Any:
    count = x.shape[0]
    known = is_known(x)
    places = np.arange(count, dtype=x.dtype)
    wrong = np.zeros(count, bool) if known and np.array_equal(np.sort(x), places) else (x < 0) | (x >= count)
    ctx.refuse(wrong, x, f"{{found}} is not between 0 and {count}")
    inverse = _inverted(x)
    ctx.refuse(module_of(x).take(inverse, x, mode="clip") != places, x, "{found} is duplicated in the input.")
    return inverse


def _inverted(x: Any) -> Any:
    if is_known(x):
        inverse = np.empty_like(x)
        inverse[x] = np.arange(x.shape[0], dtype=x.dtype)
        return inverse
    return jnp.zeros_like(x).at[x].set(jnp.arange(x.shape[0], dtype=x.dtype))


declare(
    "InvertPermutation(x: T; T: type = int32) -> y: T",
    _checked_inverted,
    guards=True,
    shape=lambda c: [c.require_rank(0, 1)],
    numpy=_inverted,
    gradient=NOT_DIFFERENTIABLE,
    types={"T": dtypes.INDEX},
)

# -------------------------------------------------------------------------------------------- public functions


def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """Joins tensors along an axis.

    Args:
      values: List of tensors of one dtype, whose shapes agree but for `axis`.
      axis: Integer scalar, counted from the end where negative.
      name: Node name.

    Returns:
      Tensor.

    Raises:
      ValueError: the shapes do not agree.

    >>> tf.Session().run(tf.concat([[[1], [2]], [[3], [4]]], 1)).tolist()
    [[1, 3], [2, 4]]
    """
    if not isinstance(values, (list, tuple)):
        values = [values]
    if len(values) == 1:
        with stacks.get_default_graph().name_scope(name or "concat"):
            place = convert_to_tensor(axis, dtype=dtypes.int32, name="concat_dim")
            if place.ndim not in (0, None):
                raise ValueError(f"Shape {place.shape} must have rank 0")
            return identity(values[0], name="concat")
    return apply_op("ConcatV2", list(values), axis, name=name)


def split(
    value: Any, num_or_size_splits: Any, axis: Any = 0, num: int | None = None, name: str = "split"
) -> list[Tensor]:
    """Splits a tensor along an axis.

    Args:
      value: Tensor.
      num_or_size_splits: Number of equal parts, or the list of the parts' sizes (one may be -1).
      axis: Integer scalar.
      num: Number of parts where it cannot be told from the static shape of `num_or_size_splits`.
      name: Node name.

    Returns:
      List of tensors.

    Raises:
      ValueError: the axis cannot be split so, or the number of parts is not known.

    >>> [t.shape.as_list() for t in tf.split(tf.zeros([5, 30]), [4, 15, 11], 1)]
    [[5, 4], [5, 15], [5, 11]]
    """
    if isinstance(num_or_size_splits, (int, np.integer, Dimension)):
        return apply_op("Split", axis, value, num_split=int(num_or_size_splits), name=name)
    sizes = convert_to_tensor(num_or_size_splits)
    if sizes.dims == ():
        raise ValueError(
            f"Rank-0 tensors are not supported as the num_or_size_splits argument to split. Argument provided: "
            f"{num_or_size_splits}"
        )
    if num is None:
        num = sizes.dims[0] if sizes.dims else None
        if num is None:
            raise ValueError(f"Cannot infer argument `num` from shape {num_or_size_splits}")
    return apply_op("SplitV", value, sizes, axis, num_split=num, name=name)


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """Repeats a tensor along its axes.

    Args:
      input: Tensor of rank R.
      multiples: R integers: how often along each axis.
      name: Node name; defaults to "Tile".

    Returns:
      Tensor of rank R.

    >>> tf.Session().run(tf.tile([1, 2], [2])).tolist()
    [1, 2, 1, 2]
    """
    return apply_op("Tile", input, multiples, name=name)


def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", name: str | None = None, constant_values: Any = 0
) -> Tensor:
    """Adds elements before and after a tensor along its axes.

    Args:
      tensor: Tensor of rank R.
      paddings: Integers `[R, 2]`: how many before and after, for each axis.
      mode: "CONSTANT", "REFLECT" (without the edge itself) or "SYMMETRIC" (with it), in any case of letters.
      name: Node name; defaults to "Pad", "PadV2" or "MirrorPad".
      constant_values: The value put there by "CONSTANT".

    Returns:
      Tensor of rank R.

    Raises:
      ValueError: another mode.

    >>> tf.Session().run(tf.pad([1, 2, 3], [[1, 2]], "REFLECT")).tolist()
    [2, 1, 2, 3, 2, 1]
    """
    how = mode.upper()
    if how == "CONSTANT":
        if not isinstance(constant_values, Tensor) and np.isscalar(constant_values) and constant_values == 0:
            return apply_op("Pad", tensor, paddings, name=name)
        return apply_op("PadV2", tensor, paddings, constant_values, name=name)
    if how in ("REFLECT", "SYMMETRIC"):
        return apply_op("MirrorPad", tensor, paddings, mode=how, name=name)
    raise ValueError(
        'Value of argument `mode` expected to be one of "CONSTANT", "REFLECT", or "SYMMETRIC". '
        f"Received `mode` = {mode}"
    )


def transpose(a: Any, perm: Any = None, name: str = "transpose", conjugate: bool = False) -> Tensor:
    """Puts the axes of a tensor in another order.

    Args:
      a: Tensor of rank R.
      perm: Permutation of the axes; reversed by default.
      name: Node name.
      conjugate: Whether complex values are conjugated.

    Returns:
      Tensor whose axis i is axis `perm[i]` of `a`.

    >>> tf.transpose(tf.zeros([2, 3, 4]), [1, 0, 2]).shape.as_list()
    [3, 2, 4]
    """
    with stacks.get_default_graph().name_scope(name or "transpose") as scope:
        tensor = convert_to_tensor(a, name="a")
        op_type = "ConjugateTranspose" if conjugate and tensor.dtype.is_complex else "Transpose"
        if perm is None:
            if tensor.ndim is not None:
                perm = np.arange(tensor.ndim, dtype=np.int32)[::-1]
            else:
                last = apply_op("Sub", rank(tensor), 1, name="sub")
                perm = apply_op("Range", last, -1, -1)
        return apply_op(op_type, tensor, perm, name=scope)


def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """Swaps the last two axes of a tensor.

    Args:
      a: Tensor of rank 2 or more.
      name: Name scope.
      conjugate: Whether complex values are conjugated.

    Returns:
      Tensor.

    Raises:
      ValueError: the rank is less than 2.

    >>> tf.matrix_transpose(tf.zeros([5, 2, 3])).shape.as_list()
    [5, 3, 2]
    """
    with stacks.get_default_graph().name_scope(name or "matrix_transpose"):
        tensor = convert_to_tensor(a, name="a")
        count = tensor.ndim
        if count is not None:
            if count < 2:
                raise ValueError(
                    "Argument `a` should be a (batch) matrix with rank >= 2.  "
                    f"Received `a` = {a} with shape: {tensor.shape}"
                )
            perm: Any = [*range(count - 2), count - 1, count - 2]
        else:
            total = rank(tensor)
            leading = apply_op("Range", 0, apply_op("Sub", total, 2, name="sub"), 1)
            swapped = [apply_op("Sub", total, 1, name="sub"), apply_op("Sub", total, 2, name="sub")]
            perm = concat((leading, swapped), 0)
        return transpose(tensor, perm=perm, conjugate=conjugate)


def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """Returns the permutation that undoes `x`: `y[x[i]] == i`.

    Args:
      x: 1-D integer tensor with the numbers 0 to n-1, each once.
      name: Node name; defaults to "InvertPermutation".

    Returns:
      Tensor like `x`.

    >>> tf.Session().run(tf.invert_permutation([3, 4, 0, 2, 1])).tolist()
    [2, 4, 3, 0, 1]
    """
    return apply_op("InvertPermutation", x, name=name)
