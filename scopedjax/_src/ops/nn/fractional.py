"""Fractional pooling: windows of two sizes in random order, so that an image shrinks by a factor such as 1.44.

    10 rows, ratio 1.44   ->   floor(10 / 1.44) = 6 windows of 1 or 2 rows     boundaries  0 1 3 4 6 8 10

How many windows there are is known when the graph is recorded; only the boundaries are drawn, by TensorFlow's own
procedure and numbers: either the window sizes are shuffled, or boundary `i` is `ceil(a (i + u))` with one random `u`
for all (`pseudo_random`; Graham, "Fractional max-pooling", 2015, section 2). All windows are gathered at the largest
size and masked, so one compiled program serves every draw.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.errors import InvalidArgumentError, UnimplementedError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.shapes import shape_internal
from scopedjax._src.ops.random import distributions
from scopedjax._src.ops.random.philox import WORDS_PER_BLOCK, Stream, words
from scopedjax._src.ops.random.seeds import is_drawn_anew
from scopedjax._src.ops.registry import NO_GRADIENT, Gradient, LoweringContext, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like, shape_from_input

_TYPES = {"T": (dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64)}
_ATTRS = (
    "pooling_ratio: list(float), pseudo_random: bool = False, overlapping: bool = False, deterministic: bool = False, "
    "seed: int = 0, seed2: int = 0"
)


# ----------------------------------------------------------------------------------------------------- boundaries


def _boundaries(xp: Any, stream: Stream, size: int, count: int, pseudo_random: bool) -> tuple[Any, int]:
    """The `count + 1` boundaries of one axis, and how many blocks of the stream they took."""
    least, more = divmod(size, count)
    if not more:
        return xp.arange(count + 1, dtype=np.int64) * least, 0
    if pseudo_random:
        step = size / count
        limit = min((least + 2) / step - 1, (size + 1 - least) / step - (count - 1))
        pair = words(xp, *stream, 2).astype(np.uint64)
        part = ((pair[0] & 0xFFFFF) << 32 | pair[1]).astype(np.float64) * 2.0**-52
        inner = xp.ceil(step * (xp.arange(1, count, dtype=np.float64) + part * limit)).astype(np.int64) - 1
        ends = xp.asarray([size], dtype=np.int64)
        return xp.concatenate([xp.zeros(1, np.int64), inner, ends]), 1
    sizes = xp.asarray(np.where(np.arange(count) < more, least + 1, least), dtype=np.int64)
    shuffled = distributions.shuffle(xp, stream, sizes)
    return xp.concatenate([xp.zeros(1, np.int64), xp.cumsum(shuffled)]), -(-count // WORDS_PER_BLOCK)


def _drawn(ctx: LoweringContext, dims: tuple[int, ...], ratio: tuple[float, ...], pseudo_random: bool) -> list[Any]:
    """Boundaries of the rows and of the columns, drawn one after the other from the node's stream."""
    attrs = ctx.op.attrs
    counts = [_pooled(dims[axis], ratio[axis]) for axis in (1, 2)]
    fixed = attrs["deterministic"] and not is_drawn_anew(attrs["seed"], attrs["seed2"])
    if fixed:
        xp, stream = np, Stream(attrs["seed"], attrs["seed2"], 0)
    else:
        taken = sum(-(-max(count, 2) // WORDS_PER_BLOCK) for count in counts)
        xp, stream = jnp, Stream(*ctx.random_row(0 if attrs["deterministic"] else taken))
    found = []
    for axis, count in zip((1, 2), counts, strict=True):
        sequence, used = _boundaries(xp, stream, dims[axis], count, pseudo_random)
        found.append(sequence)
        stream = Stream(stream.seed, stream.seed2, stream.block + (used if xp is np else np.uint64(used)))
    return found


def _pooled(size: int, ratio: float) -> int:
    # The attribute has 32 bits, and TensorFlow divides so.
    return math.floor(np.float32(size) / np.float32(ratio))


def _check(ctx: LoweringContext, value: Any, ratio: tuple[float, ...]) -> None:
    attrs = ctx.op.attrs
    if not attrs["deterministic"] and (attrs["seed"] or attrs["seed2"]):
        raise InvalidArgumentError(None, ctx.op, "Both seed and seed2 should be 0 if deterministic is false.")
    if ratio[0] != 1 or ratio[3] != 1:
        raise UnimplementedError(
            None, ctx.op, "Fractional pooling is not yet supported on the batch nor channel dimension."
        )
    for axis in (1, 2):
        if value.shape[axis] < ratio[axis]:
            raise InvalidArgumentError(
                None, ctx.op,
                f"Pooling ratio is higher than input dimension size for dimension {axis}. Input dim size: "
                f"{value.shape[axis]} pooling ratio: {ratio[axis]:g}",
            )  # fmt: skip


# --------------------------------------------------------------------------------------------------------- windows


class _Windows(NamedTuple):
    """Every window of an image: values `[N, rows, columns, elements, C]`, and which elements belong to it."""

    values: Any
    inside: Any


def _along(boundaries: Any, size: int, overlapping: bool) -> tuple[Any, Any]:
    """Indices `[windows, largest size]` of one axis, and which of them belong to the window."""
    count = len(boundaries) - 1
    largest = size // count + bool(size % count) + bool(overlapping)
    bounds = jnp.asarray(boundaries)
    index = bounds[:-1, None] + jnp.arange(largest)
    end = jnp.minimum(bounds[1:] + int(overlapping), size)
    return jnp.minimum(index, size - 1), index < end[:, None]


def _windows(x: Any, rows: Any, columns: Any, overlapping: bool) -> _Windows:
    row_index, in_row = _along(rows, x.shape[1], overlapping)
    column_index, in_column = _along(columns, x.shape[2], overlapping)
    found = x[:, row_index[:, None, :, None], column_index[None, :, None, :]]
    inside = in_row[:, None, :, None] & in_column[None, :, None, :]
    flat = (*inside.shape[:2], inside.shape[2] * inside.shape[3])
    return _Windows(found.reshape(x.shape[0], *flat, x.shape[3]), inside.reshape(*flat, 1))


def _largest(x: Any, rows: Any, columns: Any, overlapping: bool) -> Any:
    """The largest element of each window; of equal ones the first takes the gradient, as in TensorFlow."""
    values, inside = _windows(x, rows, columns, overlapping)
    kind = values.dtype
    lowest = -jnp.inf if jnp.issubdtype(kind, jnp.floating) else jnp.iinfo(kind).min
    place = jnp.argmax(jnp.where(inside, values, jnp.asarray(lowest, kind)), axis=3, keepdims=True)
    return jnp.take_along_axis(values, place, axis=3)[..., 0, :]


def _mean(x: Any, rows: Any, columns: Any, overlapping: bool) -> Any:
    """The mean of each window; of integers it is rounded towards zero."""
    values, inside = _windows(x, rows, columns, overlapping)
    total = jnp.sum(jnp.where(inside, values, jnp.zeros((), values.dtype)), axis=3, dtype=values.dtype)
    return jax.lax.div(total, jnp.broadcast_to(jnp.sum(inside, axis=2), total.shape).astype(values.dtype))


def _pulled_back(pool: Any, x: Any, rows: Any, columns: Any, overlapping: bool, grad: Any) -> Any:
    """The gradient for the image; JAX differentiates floating arrays only, TensorFlow hands back integers too."""
    kind = x.dtype
    wide = x if jnp.issubdtype(kind, jnp.floating) else x.astype(jnp.float64)
    _, back = jax.vjp(lambda image: pool(image, rows, columns, overlapping), wide)
    return back(grad.astype(wide.dtype))[0].astype(kind)


# ------------------------------------------------------------------------------------------------------------- ops


def _pooled_dims(c: ShapeContext) -> list[Dims]:
    ratio = c.attr("pooling_ratio")
    if len(ratio) < 4:
        raise ValueError(
            f"Attr 'pooling_ratio' of '{c.record.type}' Op passed list of length {len(ratio)} less than minimum 4."
        )
    dims = c.require_rank(0, 4)
    for value in ratio:
        if value < 1:
            raise c.fail(f"pooling_ratio cannot be smaller than 1, got: {value:g}")
    sizes = [None if d is None else _pooled(d, r) for d, r in zip(dims, ratio, strict=False)]
    return [tuple(sizes), *((None if size is None else size + 1,) for size in sizes[1:3])]


def _lowering(pool: Any) -> Any:
    def lower(
        ctx: LoweringContext, value: Any, *, pooling_ratio: Any, pseudo_random: bool, overlapping: bool
    ) -> tuple[Any, Any, Any]:
        x = jnp.asarray(value)
        ratio = tuple(float(r) for r in pooling_ratio)
        _check(ctx, x, ratio)
        rows, columns = _drawn(ctx, x.shape, ratio, pseudo_random)
        return pool(x, rows, columns, overlapping), jnp.asarray(rows), jnp.asarray(columns)

    return lower


def _max_gradient(op: Operation, grad: Any, *_: Any) -> list[Any]:
    return [
        apply_op(
            "FractionalMaxPoolGrad", op.inputs[0], op.outputs[0], grad, op.outputs[1], op.outputs[2],
            overlapping=op.attrs["overlapping"],
        )
    ]  # fmt: skip


def _avg_gradient(op: Operation, grad: Any, *_: Any) -> list[Any]:
    dims = op.inputs[0].dims
    known = dims is not None and None not in dims
    sizes = dims if known else shape_internal(op.inputs[0], None, out_type=dtypes.int64)
    return [
        apply_op(
            "FractionalAvgPoolGrad", sizes, grad, op.outputs[1], op.outputs[2], overlapping=op.attrs["overlapping"]
        )
    ]


for _type, _pool, _gradient in (
    ("FractionalMaxPool", _largest, _max_gradient),
    ("FractionalAvgPool", _mean, _avg_gradient),
):
    declare(
        f"{_type}(value: T; {_ATTRS}, T: type) -> output: T, row_pooling_sequence: int64, col_pooling_sequence: int64",
        _lowering(_pool),
        shape=_pooled_dims,
        rng=True,
        types=_TYPES,
        gradient=Gradient("function", _gradient),
    )


def _max_grad(
    orig_input: Any, orig_output: Any, out_backprop: Any, rows: Any, columns: Any, *, overlapping: bool
) -> Any:
    del orig_output
    return _pulled_back(_largest, jnp.asarray(orig_input), rows, columns, overlapping, jnp.asarray(out_backprop))


declare(
    "FractionalMaxPoolGrad(orig_input: T, orig_output: T, out_backprop: T, row_pooling_sequence: int64, "
    "col_pooling_sequence: int64; overlapping: bool = False, T: type) -> output: T",
    _max_grad,
    shape=like(0),
    types=_TYPES,
    gradient=NO_GRADIENT,
)


def _avg_grad(orig_input_tensor_shape: Any, out_backprop: Any, rows: Any, columns: Any, *, overlapping: bool) -> Any:
    grad = jnp.asarray(out_backprop)
    image = jnp.zeros(tuple(int(n) for n in orig_input_tensor_shape), grad.dtype)
    return _pulled_back(_mean, image, rows, columns, overlapping, grad)


declare(
    "FractionalAvgPoolGrad(orig_input_tensor_shape: int64, out_backprop: T, row_pooling_sequence: int64, "
    "col_pooling_sequence: int64; overlapping: bool = False, T: type) -> output: T",
    _avg_grad,
    shape=shape_from_input(0),
    static=("orig_input_tensor_shape",),
    types=_TYPES,
    gradient=NO_GRADIENT,
)


# ------------------------------------------------------------------------------------------------ public functions


class FractionalMaxPool(NamedTuple):
    """What `fractional_max_pool` returns."""

    output: Tensor
    row_pooling_sequence: Tensor
    col_pooling_sequence: Tensor


class FractionalAvgPool(NamedTuple):
    """What `fractional_avg_pool` returns."""

    output: Tensor
    row_pooling_sequence: Tensor
    col_pooling_sequence: Tensor


def fractional_max_pool(
    value: Any,
    pooling_ratio: Any,
    pseudo_random: bool = False,
    overlapping: bool = False,
    deterministic: bool = False,
    seed: int = 0,
    seed2: int = 0,
    name: str | None = None,
) -> FractionalMaxPool:
    """Takes the largest element of windows whose sizes are drawn, `pooling_ratio` on average.

    Args:
      value: Tensor `[batch, height, width, channels]` of float32, float64, int32 or int64.
      pooling_ratio: Four floats of at least 1, the first and the last of them 1.
      pseudo_random: Whether windows alternate evenly, from one random number, instead of in shuffled order.
      overlapping: Whether neighbouring windows share a row or column.
      deterministic: Whether all runs use the same windows; seeds are allowed only then.
      seed: Seed.
      seed2: Second seed.
      name: Node name; defaults to "FractionalMaxPool".

    Returns:
      Tuple `output` `[batch, height / ratio, width / ratio, channels]`, `row_pooling_sequence` and
      `col_pooling_sequence`: int64 tensors, the boundaries of the windows.

    Raises:
      ValueError: `value` is not of rank 4, or a ratio is below 1.
      InvalidArgumentError: (when run) there are seeds without `deterministic`.

    >>> x = tf.reshape(tf.range(36.0), [1, 6, 6, 1])
    >>> pooled = tf.nn.fractional_max_pool(x, [1.0, 1.5, 1.5, 1.0], deterministic=True, seed=1)
    >>> pooled.output.shape.as_list(), tf.Session().run(pooled.row_pooling_sequence).tolist()
    ([1, 4, 4, 1], [0, 2, 4, 5, 6])
    """
    return FractionalMaxPool(*apply_op(
        "FractionalMaxPool", value, pooling_ratio=pooling_ratio, pseudo_random=pseudo_random, overlapping=overlapping,
        deterministic=deterministic, seed=seed, seed2=seed2, name=name,
    ))  # fmt: skip


def fractional_avg_pool(
    value: Any,
    pooling_ratio: Any,
    pseudo_random: bool = False,
    overlapping: bool = False,
    deterministic: bool = False,
    seed: int = 0,
    seed2: int = 0,
    name: str | None = None,
) -> FractionalAvgPool:
    """Takes the mean of windows whose sizes are drawn, `pooling_ratio` on average; see `fractional_max_pool`.

    Args:
      value: Tensor `[batch, height, width, channels]` of float32, float64, int32 or int64.
      pooling_ratio: Four floats of at least 1, the first and the last of them 1.
      pseudo_random: Whether windows alternate evenly, from one random number, instead of in shuffled order.
      overlapping: Whether neighbouring windows share a row or column.
      deterministic: Whether all runs use the same windows; seeds are allowed only then.
      seed: Seed.
      seed2: Second seed.
      name: Node name; defaults to "FractionalAvgPool".

    Returns:
      Tuple `output` `[batch, height / ratio, width / ratio, channels]`, `row_pooling_sequence` and
      `col_pooling_sequence`: int64 tensors, the boundaries of the windows.

    Raises:
      ValueError: `value` is not of rank 4, or a ratio is below 1.
      InvalidArgumentError: (when run) there are seeds without `deterministic`.

    >>> x = tf.ones([1, 6, 6, 1])
    >>> tf.nn.fractional_avg_pool(x, [1.0, 1.5, 2.0, 1.0]).output.shape.as_list()
    [1, 4, 3, 1]
    """
    return FractionalAvgPool(*apply_op(
        "FractionalAvgPool", value, pooling_ratio=pooling_ratio, pseudo_random=pseudo_random, overlapping=overlapping,
        deterministic=deterministic, seed=seed, seed2=seed2, name=name,
    ))  # fmt: skip
