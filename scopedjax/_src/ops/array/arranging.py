"""Rearranging elements: `reverse`, `reverse_sequence`, `roll`, and blocks moved between axes (`space_to_depth`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, merge_dim
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.joining import _known_pairs, _pairs
from scopedjax._src.ops.array.module import axis_within, holds_text, module_of
from scopedjax._src.ops.array.shapes import renamed_argument
from scopedjax._src.ops.array.slicing import known_entries
from scopedjax._src.ops.registry import LoweringContext, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like

# ------------------------------------------------------------------------------------------------------ reverse


def _reverse_dims(c: ShapeContext) -> list[Dims]:
    dims, axes = c.dims(0), c.const(1)
    if dims is not None and axes is not None:
        for axis in np.asarray(axes).reshape(-1):
            if not -len(dims) <= axis < len(dims):
                raise c.fail(f"'axis'[0] = {axis} is out of valid range [0, {len(dims) - 1}")
    return [dims]


def _reverse(tensor: Any, axis: Any) -> Any:
    axes = tuple(axis_within(a, tensor.ndim) for a in np.asarray(axis).reshape(-1))
    return module_of(tensor).flip(tensor, axes) if axes else tensor


declare(
    "ReverseV2(tensor: T, axis: Tidx; Tidx: type = int32) -> output: T",
    _reverse,
    shape=_reverse_dims,
    numpy=_reverse,
    static=("axis",),
    types={"Tidx": dtypes.INDEX},
    host=holds_text("T"),
)
declare(
    "Reverse(tensor: T, dims: bool) -> output: T",
    lambda tensor, dims: _reverse(tensor, np.flatnonzero(np.asarray(dims))),
    shape=like(0),
    numpy=lambda tensor, dims: _reverse(tensor, np.flatnonzero(np.asarray(dims))),
    static=("dims",),
    host=holds_text("T"),
)


def _reverse_sequence_dims(c: ShapeContext) -> list[Dims]:
    dims, lengths = c.dims(0), c.require_rank(1, 1)
    at, along = c.attr("batch_dim"), c.attr("seq_dim")
    if dims is None:
        return [None]
    for axis in (at, along):
        if not -len(dims) <= axis < len(dims):
            raise c.fail(f"batch_dim and seq_dim must be < input rank: {axis} for rank {len(dims)}")
    if at == along:
        raise c.fail("batch_dim == seq_dim")
    try:
        batch = merge_dim(dims[at], lengths[0])
    except ValueError as error:
        raise c.fail(str(error)) from None
    return [tuple(batch if i == at % len(dims) else d for i, d in enumerate(dims))]


def _checked_reverse_sequence(
    ctx: LoweringContext, input: Any, seq_lengths: Any, *, seq_dim: int, batch_dim: int
) -> Any:
    size = input.shape[axis_within(seq_dim, input.ndim)]
    ctx.require(
        1, seq_lengths, size + 1, "seq_lens({place}) > input.dims(" + f"{seq_dim}): {{found}} > {size}", low=None
    )
    ctx.refuse(seq_lengths < 0, seq_lengths, "seq_lens({place}) < 0: {found}")
    return _reverse_sequence(input, seq_lengths, seq_dim=seq_dim, batch_dim=batch_dim)


def _reverse_sequence(input: Any, seq_lengths: Any, *, seq_dim: int, batch_dim: int) -> Any:
    xp = module_of(input, seq_lengths)
    along, batch = axis_within(seq_dim, input.ndim), axis_within(batch_dim, input.ndim)
    places = np.arange(input.shape[along]).reshape([-1 if i == along else 1 for i in range(input.ndim)])
    lengths = xp.reshape(seq_lengths, [-1 if i == batch else 1 for i in range(input.ndim)])
    source = xp.where(places < lengths, lengths - 1 - places, places)
    return xp.take_along_axis(input, xp.broadcast_to(source, input.shape), along)


declare(
    "ReverseSequence(input: T, seq_lengths: Tlen; seq_dim: int, batch_dim: int = 0, Tlen: type = int64) -> output: T",
    _checked_reverse_sequence,
    guards=True,
    shape=_reverse_sequence_dims,
    numpy=_reverse_sequence,
    types={"Tlen": dtypes.INDEX},
    host=holds_text("T"),
)


def _roll(input: Any, shift: Any, axis: Any) -> Any:
    axes = [axis_within(a, input.ndim) for a in np.asarray(axis).reshape(-1)]
    shifts = module_of(shift).reshape(shift, (-1,))
    result = input
    for i, at in enumerate(axes):
        result = module_of(result, shifts).roll(result, shifts[i], at)
    return result


declare(
    "Roll(input: T, shift: Tshift, axis: Taxis) -> output: T",
    _roll,
    shape=like(0),
    numpy=_roll,
    static=("axis",),
    types={"Tshift": dtypes.INDEX, "Taxis": dtypes.INDEX},
    host=holds_text("T"),
)

# ---------------------------------------------------------------------------------------- blocks and channels


def _to_depth_dims(c: ShapeContext) -> list[Dims]:
    block, (n, h, w, d) = c.attr("block_size"), _as_nhwc(c)
    for size in (h, w):
        if size is not None and size % block:
            raise c.fail(f"Dimension size must be evenly divisible by {block} but is {size}")
    parts = (n, _over(h, block), _over(w, block), None if d is None else d * block * block)
    return [_as_given(c, parts)]


def _to_space_dims(c: ShapeContext) -> list[Dims]:
    block, (n, h, w, d) = c.attr("block_size"), _as_nhwc(c)
    if d is not None and d % (block * block):
        raise c.fail(f"Dimension size must be evenly divisible by {block * block} but is {d}")
    parts = (n, None if h is None else h * block, None if w is None else w * block, _over(d, block * block))
    return [_as_given(c, parts)]


def _over(size: int | None, by: int) -> int | None:
    return None if size is None else size // by


def _as_nhwc(c: ShapeContext) -> tuple[int | None, ...]:
    dims = c.require_rank(0, 4)
    return (dims[0], dims[2], dims[3], dims[1]) if c.attr("data_format") == "NCHW" else dims


def _as_given(c: ShapeContext, dims: tuple[int | None, ...]) -> Dims:
    return (dims[0], dims[3], dims[1], dims[2]) if c.attr("data_format") == "NCHW" else dims


def _space_to_depth(input: Any, *, block_size: int, data_format: str) -> Any:
    b = block_size
    if data_format == "NCHW":
        n, c, h, w = input.shape
        parts = input.reshape(n, c, h // b, b, w // b, b).transpose(0, 3, 5, 1, 2, 4)
        return parts.reshape(n, c * b * b, h // b, w // b)
    n, h, w, c = input.shape
    return input.reshape(n, h // b, b, w // b, b, c).transpose(0, 1, 3, 2, 4, 5).reshape(n, h // b, w // b, c * b * b)


def _depth_to_space(input: Any, *, block_size: int, data_format: str) -> Any:
    b = block_size
    if data_format == "NCHW":
        n, c, h, w = input.shape
        parts = input.reshape(n, b, b, c // (b * b), h, w).transpose(0, 3, 4, 1, 5, 2)
        return parts.reshape(n, c // (b * b), h * b, w * b)
    n, h, w, c = input.shape
    parts = input.reshape(n, h, w, b, b, c // (b * b)).transpose(0, 1, 3, 2, 4, 5)
    return parts.reshape(n, h * b, w * b, c // (b * b))


for _type, _function, _rule in (
    ("SpaceToDepth", _space_to_depth, _to_depth_dims),
    ("DepthToSpace", _depth_to_space, _to_space_dims),
):
    declare(f"{_type}(input: T; block_size: int, data_format: string = 'NHWC') -> output: T", _function, shape=_rule)


def _space_to_batch_dims(c: ShapeContext, sign: int) -> list[Dims]:
    dims, blocks, pairs = c.dims(0), known_entries(c.inputs[1]), _known_pairs(c.inputs[2])
    if dims is None:
        return [None]
    if blocks is None:
        return [(None,) * len(dims)]
    if len(dims) < len(blocks) + 1:
        raise c.fail(f"Shape must be at least rank {len(blocks) + 1} but is rank {len(dims)}")
    batch = dims[0]
    spatial: list[int | None] = []
    for i, block in enumerate(blocks):
        size, pair = dims[i + 1], (pairs[i] if pairs is not None else [None, None])
        batch = None if batch is None or block is None else (batch * block if sign > 0 else batch // block)
        if size is None or block is None or None in pair:
            spatial.append(None)
            continue
        padding = (pair[0] or 0) + (pair[1] or 0)
        if sign > 0 and (size + padding) % block:
            raise c.fail(f"padded_shape[{i}]={size + padding} is not divisible by block_shape[{i}]={block}")
        spatial.append((size + padding) // block if sign > 0 else size * block - padding)
    return [(batch, *spatial, *dims[len(blocks) + 1 :])]


def _space_to_batch(input: Any, block_shape: Any, paddings: Any) -> Any:
    blocks = [int(b) for b in np.asarray(block_shape).reshape(-1)]
    m = len(blocks)
    pairs = [(0, 0), *_pairs(paddings), *[(0, 0)] * (input.ndim - m - 1)]
    x = module_of(input).pad(input, pairs)
    sizes: list[int] = [x.shape[0]]
    for i, block in enumerate(blocks):
        sizes += [x.shape[i + 1] // block, block]
    rest = list(x.shape[m + 1 :])
    order = [2 * i + 2 for i in range(m)] + [0] + [2 * i + 1 for i in range(m)]
    order += list(range(2 * m + 1, 2 * m + 1 + len(rest)))
    parts = x.reshape(*sizes, *rest).transpose(order)
    spatial = [x.shape[i + 1] // b for i, b in enumerate(blocks)]
    return parts.reshape(x.shape[0] * int(np.prod(blocks, dtype=np.int64)), *spatial, *rest)


def _batch_to_space(input: Any, block_shape: Any, crops: Any) -> Any:
    blocks = [int(b) for b in np.asarray(block_shape).reshape(-1)]
    m = len(blocks)
    batch = input.shape[0] // int(np.prod(blocks, dtype=np.int64))
    spatial, rest = list(input.shape[1 : m + 1]), list(input.shape[m + 1 :])
    parts = input.reshape(*blocks, batch, *spatial, *rest)
    order = [m]
    for i in range(m):
        order += [m + 1 + i, i]
    order += list(range(2 * m + 1, 2 * m + 1 + len(rest)))
    whole = parts.transpose(order).reshape(batch, *[s * b for s, b in zip(spatial, blocks, strict=True)], *rest)
    cuts = [slice(None)]
    cuts += [slice(before, whole.shape[i + 1] - after) for i, (before, after) in enumerate(_pairs(crops))]
    return whole[tuple(cuts)]


declare(
    "SpaceToBatchND(input: T, block_shape: Tblock_shape, paddings: Tpaddings; Tblock_shape: type = int32, "
    "Tpaddings: type = int32) -> output: T",
    _space_to_batch,
    shape=lambda c: _space_to_batch_dims(c, 1),
    static=("block_shape", "paddings"),
    types={"Tblock_shape": dtypes.INDEX, "Tpaddings": dtypes.INDEX},
)
declare(
    "BatchToSpaceND(input: T, block_shape: Tblock_shape, crops: Tcrops; Tblock_shape: type = int32, "
    "Tcrops: type = int32) -> output: T",
    _batch_to_space,
    shape=lambda c: _space_to_batch_dims(c, -1),
    static=("block_shape", "crops"),
    types={"Tblock_shape": dtypes.INDEX, "Tcrops": dtypes.INDEX},
)


def _square(block_size: int) -> Any:
    return np.asarray([block_size, block_size])


declare(
    "SpaceToBatch(input: T, paddings: Tpaddings; Tpaddings: type = int32, block_size: int) -> output: T",
    lambda input, paddings, *, block_size: _space_to_batch(input, _square(block_size), paddings),
    static=("paddings",),
    types={"Tpaddings": dtypes.INDEX},
)
declare(
    "BatchToSpace(input: T, crops: Tidx; block_size: int, Tidx: type = int32) -> output: T",
    lambda input, crops, *, block_size: _batch_to_space(input, _square(block_size), crops),
    static=("crops",),
    types={"Tidx": dtypes.INDEX},
)

# -------------------------------------------------------------------------------------------- public functions


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """Reverses a tensor along axes.

    Args:
      tensor: Tensor.
      axis: 1-D integers: the axes.
      name: Node name; defaults to "ReverseV2".

    Returns:
      Tensor like `tensor`.

    >>> tf.Session().run(tf.reverse([1, 2, 3], [0])).tolist()
    [3, 2, 1]
    """
    return apply_op("ReverseV2", tensor, axis, name=name)


reverse_v2 = reverse


def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: Any = None,
    batch_axis: Any = None,
    name: str | None = None,
    seq_dim: Any = None,
    batch_dim: Any = None,
) -> Tensor:
    """Reverses the first `seq_lengths[i]` elements of each sequence of a batch.

    Args:
      input: Tensor.
      seq_lengths: 1-D integers, one for each sequence.
      seq_axis: The axis along which sequences run.
      batch_axis: The axis that counts sequences; 0 by default.
      name: Node name; defaults to "ReverseSequence".
      seq_dim: The older name of `seq_axis`.
      batch_dim: The older name of `batch_axis`.

    Returns:
      Tensor like `input`.

    >>> tf.Session().run(tf.reverse_sequence([[1, 2, 3], [4, 5, 6]], [2, 3], 1)).tolist()
    [[2, 1, 3], [6, 5, 4]]
    """
    along = renamed_argument("seq_axis", seq_axis, "seq_dim", seq_dim)
    batch = renamed_argument("batch_axis", batch_axis, "batch_dim", batch_dim)
    return apply_op("ReverseSequence", input, seq_lengths, seq_dim=along, batch_dim=batch or 0, name=name)


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """Moves the elements along axes; what leaves at one end comes in at the other.

    Args:
      input: Tensor.
      shift: Integer or list of integers: by how much.
      axis: Axis or list of axes.
      name: Node name; defaults to "Roll".

    Returns:
      Tensor like `input`.

    >>> tf.Session().run(tf.roll([0, 1, 2, 3, 4], 2, 0)).tolist()
    [3, 4, 0, 1, 2]
    """
    return apply_op("Roll", input, shift, axis, name=name)


def space_to_depth(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Moves blocks of the image plane into channels.

    Args:
      input: Tensor `[batch, height, width, depth]`, or `[batch, depth, height, width]` for "NCHW".
      block_size: Side of a block; divides height and width.
      name: Node name; defaults to "SpaceToDepth".
      data_format: "NHWC" or "NCHW".

    Returns:
      Tensor `[batch, height / block_size, width / block_size, depth * block_size^2]`.

    >>> tf.space_to_depth(tf.zeros([1, 4, 4, 3]), 2).shape.as_list()
    [1, 2, 2, 12]
    """
    return apply_op("SpaceToDepth", input, block_size=block_size, data_format=data_format, name=name)


def depth_to_space(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Moves channels into blocks of the image plane: the opposite of `space_to_depth`.

    Args:
      input: Tensor `[batch, height, width, depth]`, or `[batch, depth, height, width]` for "NCHW".
      block_size: Side of a block; its square divides depth.
      name: Node name; defaults to "DepthToSpace".
      data_format: "NHWC" or "NCHW".

    Returns:
      Tensor `[batch, height * block_size, width * block_size, depth / block_size^2]`.

    >>> tf.depth_to_space(tf.zeros([1, 2, 2, 12]), 2).shape.as_list()
    [1, 4, 4, 3]
    """
    return apply_op("DepthToSpace", input, block_size=block_size, data_format=data_format, name=name)


def space_to_batch_nd(input: Any, block_shape: Any, paddings: Any, name: str | None = None) -> Tensor:
    """Pads, cuts spatial axes into blocks, and moves the places inside a block into the batch.

    Args:
      input: Tensor `[batch, spatial..., rest...]` with M spatial axes.
      block_shape: M integers.
      paddings: Integers `[M, 2]`.
      name: Node name; defaults to "SpaceToBatchND".

    Returns:
      Tensor `[batch * prod(block_shape), padded spatial / block_shape..., rest...]`.

    >>> tf.space_to_batch_nd(tf.zeros([1, 4, 4, 3]), [2, 2], [[0, 0], [0, 0]]).shape.as_list()
    [4, 2, 2, 3]
    """
    return apply_op("SpaceToBatchND", input, block_shape, paddings, name=name)


def batch_to_space_nd(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Tensor:
    """Moves a part of the batch back into blocks of spatial axes, and crops: the opposite of `space_to_batch_nd`.

    Args:
      input: Tensor `[batch, spatial..., rest...]` with M spatial axes.
      block_shape: M integers.
      crops: Integers `[M, 2]`.
      name: Node name; defaults to "BatchToSpaceND".

    Returns:
      Tensor `[batch / prod(block_shape), spatial * block_shape - crops..., rest...]`.

    >>> tf.batch_to_space_nd(tf.zeros([4, 2, 2, 3]), [2, 2], [[0, 0], [0, 0]]).shape.as_list()
    [1, 4, 4, 3]
    """
    return apply_op("BatchToSpaceND", input, block_shape, crops, name=name)


def space_to_batch(
    input: Any, paddings: Any, block_size: Any = None, name: str | None = None, block_shape: Any = None
) -> Tensor:
    """Does what `space_to_batch_nd` does, for square blocks of an image.

    Args:
      input: Tensor `[batch, height, width, depth]`.
      paddings: Integers `[2, 2]`.
      block_size: Side of a block.
      name: Node name; defaults to "SpaceToBatchND".
      block_shape: Another name of `block_size`, which may be a list of sizes.

    Returns:
      Tensor.

    >>> tf.space_to_batch(tf.zeros([1, 4, 4, 3]), [[0, 0], [0, 0]], 2).shape.as_list()
    [4, 2, 2, 3]
    """
    block = renamed_argument("block_shape", block_shape, "block_size", block_size)
    return _of_images(space_to_batch_nd(input, _blocks(block), paddings, name))


def batch_to_space(input: Any, crops: Any, block_size: Any, name: str | None = None, block_shape: Any = None) -> Tensor:
    """Does what `batch_to_space_nd` does, for square blocks of an image.

    Args:
      input: Tensor `[batch, height, width, depth]`.
      crops: Integers `[2, 2]`.
      block_size: Side of a block.
      name: Node name; defaults to "BatchToSpaceND".
      block_shape: Another name of `block_size`, which may be a list of sizes.

    Returns:
      Tensor.

    >>> tf.batch_to_space(tf.zeros([4, 2, 2, 3]), [[0, 0], [0, 0]], 2).shape.as_list()
    [1, 4, 4, 3]
    """
    block = renamed_argument("block_shape", block_shape, "block_size", block_size)
    return _of_images(batch_to_space_nd(input, _blocks(block), crops, name))


def _of_images(result: Tensor) -> Tensor:
    result.set_shape(result.shape.with_rank(4))
    return result


def _blocks(block: Any) -> Any:
    return np.asarray([block, block], np.int64) if isinstance(block, (int, np.integer)) else block


def required_space_to_batch_paddings(
    input_shape: Any, block_shape: Any, base_paddings: Any = None, name: str | None = None
) -> tuple[Any, Any]:
    """Returns paddings that make sizes divisible by blocks, and the crops that undo them.

    Args:
      input_shape: Integers `[N]`, known or computed; N must be known.
      block_shape: Integers `[N]`.
      base_paddings: Integers `[N, 2]`: paddings wanted in any case; zeros by default.
      name: Name scope.

    Returns:
      `(paddings, crops)`, each int32 `[N, 2]`; constants where all that they come from is known.

    Raises:
      ValueError: N is not known, or the three disagree about it.

    >>> tf.Session().run(tf.required_space_to_batch_paddings([5], [2])[0]).tolist()
    [[0, 1]]
    """
    from scopedjax._src.graph import stacks
    from scopedjax._src.ops.array.filling import zeros
    from scopedjax._src.ops.convert import convert_to_tensor

    with stacks.get_default_graph().name_scope(name or "required_space_to_batch_paddings"):
        sizes = convert_to_tensor(input_shape, dtypes.int32, name="input_shape")
        blocks = convert_to_tensor(block_shape, dtypes.int32, name="block_shape")
        lengths = None if blocks.shape.ndims != 1 else blocks.shape.as_list()
        count = None if lengths is None else lengths[0]
        if count is None:
            raise ValueError(f"block_shape must be a vector of known length, but its shape is {blocks.shape}")
        if not count:
            return zeros([0, 2], dtypes.int32), zeros([0, 2], dtypes.int32)
        sizes.shape.assert_is_compatible_with([count])
        if base_paddings is None:
            base = zeros([count, 2], dtypes.int32)
        else:
            base = convert_to_tensor(base_paddings, dtypes.int32, name="base_paddings")
            base.shape.assert_is_compatible_with([count, 2])
        return _known_space_to_batch(sizes, blocks, base) or _computed_space_to_batch(sizes, blocks, base, count)


def _known_space_to_batch(sizes: Tensor, blocks: Tensor, base: Tensor) -> tuple[Tensor, Tensor] | None:
    from scopedjax._src.ops.constant import constant
    from scopedjax._src.ops.constant_value import constant_value

    size, block, pairs = (constant_value(t) for t in (sizes, blocks, base))
    if size is None or block is None or pairs is None:
        return None
    extra = np.asarray(-(size + pairs.sum(axis=1)) % block, np.int32)
    none = np.zeros_like(extra)
    ends = np.stack([pairs[:, 0], pairs[:, 1] + extra], axis=1)
    return constant(ends, name="paddings"), constant(np.stack([none, extra], axis=1), name="crops")


def _computed_space_to_batch(sizes: Any, blocks: Any, base: Any, count: int) -> tuple[Tensor, Tensor]:
    from scopedjax._src.ops.array.packing import stack

    before, after = base[:, 0], base[:, 1]
    extra = (blocks - (sizes + before + after) % blocks) % blocks
    ends = after + extra
    paddings = stack([[before[i], ends[i]] for i in range(count)], name="paddings")
    return paddings, stack([[0, extra[i]] for i in range(count)], name="crops")
