"""The tensors that TensorFlow 1's random ops draw: which words of the stream make which output.

Each function takes the namespace, a `Stream` (where this run begins to read) and what the op's inputs and attributes
say, and gives the tensor of that run. How the words are dealt out:

    random_uniform    float16, bfloat16, float32, int32: one word an output; float64, int64: two
    random_normal     half, float: a pair of words makes a pair of normals; float64: four words make a pair
    truncated_normal  groups of outputs (4, or 2 in float64) have 256 (128) blocks each, to draw from until full:

         group 0: blocks 0, 1, 2, ...     normals  0.3  -2.4  1.1   0.2 | -0.7 ...   ->   0.3  1.1  0.2  -0.7
         group 1: blocks 256, 257, ...    normals -1.9   0.5  0.1  -0.8 | ...        ->  -1.9  0.5  0.1  -0.8

    random_shuffle    one word a swap, the first n - 1 words of the stream
    multinomial       two words (one float64 uniform) a sample, row after row

Invariants.

* float16 and bfloat16 normals are float32 normals, rounded at the end: the rejection beyond 2 happens before.
* A group of truncated normals does not depend on its neighbours, so groups are computed together: a first pass over all
  groups with enough blocks for nearly every one, then a second over the few that are still short.
* `blocks_used` is how far a run moves the op's place; it exceeds what is read.

Limits. When TensorFlow splits a large batch of `multinomial` among threads, the threads read overlapping places, and
its numbers depend on how many there are. The ones here are those of a single thread (which small batches always
have).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from scopedjax._src.ops.random import boxmuller, uniforms
from scopedjax._src.ops.random.philox import (
    WORDS_PER_BLOCK,
    Array,
    Namespace,
    Stream,
    blocks,
    interleave,
    sequence,
    words,
)

__all__ = [
    "blocks_used",
    "multinomial",
    "normal",
    "permutation",
    "shuffle",
    "truncated_normal",
    "uniform",
    "uniform_int",
]

Shape = tuple[int, ...]
Block = tuple[Array, Array, Array, Array]

# TensorFlow reserves this many blocks for each output of the ops that fill a tensor.
_RESERVED = 256
_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
_FLOATS = (np.dtype(np.float16), _BFLOAT16, np.dtype(np.float32), np.dtype(np.float64))
_BOUND = 2.0
# NumPy draws in pieces of this many blocks, so that temporaries stay in cache.
_NUMPY_PIECE = 4096


def blocks_used(op: str, dtype: Any, shape: Shape) -> int:
    """How many blocks one run of a random op moves its place in the stream.

    Args:
      op: The op type: "RandomUniform", "RandomUniformInt", "RandomStandardNormal", "TruncatedNormal", "RandomShuffle",
        "Multinomial".
      dtype: The dtype of the output; today's ops use the same number for every dtype.
      shape: The shape of the output; "Multinomial": `(batch, num_samples)`.

    Returns:
      The number of blocks, a Python int; 0 when there is nothing to draw.

    Raises:
      ValueError: `op` is no random op of this module.

    >>> blocks_used("RandomUniform", "float32", (2, 3))
    1536
    >>> blocks_used("RandomShuffle", "int32", (10, 4))
    3
    """
    del dtype
    if op in ("RandomUniform", "RandomUniformInt", "RandomStandardNormal", "TruncatedNormal"):
        return _RESERVED * math.prod(shape)
    if op == "RandomShuffle":
        swaps = max(shape[0] - 1, 0) if shape and math.prod(shape) else 0
        return -(-swaps // WORDS_PER_BLOCK)
    if op == "Multinomial":
        batch, num_samples = shape
        whole_blocks = -(-num_samples // WORDS_PER_BLOCK) * WORDS_PER_BLOCK
        return 2 * _RESERVED * batch * whole_blocks
    raise ValueError(f"blocks_used: unknown random op type {op!r}")


def uniform(xp: Namespace, stream: Stream, shape: Shape, dtype: Any) -> Array:
    """Draws `RandomUniform`: floats in [0, 1).

    Args:
      xp: `numpy` or `jax.numpy` (then under `jax.enable_x64(True)`).
      stream: Where this run begins to read.
      shape: Shape of the result, Python ints.
      dtype: float16, bfloat16, float32 or float64.

    Returns:
      Array of `shape` and `dtype`, equal to TensorFlow's to the bit.

    >>> import numpy as np
    >>> uniform(np, Stream(87654321, 7), (2,), np.float32)
    array([0.48394096, 0.50620306], dtype=float32)
    """
    dtype = _float_dtype("uniform", dtype)
    if dtype == np.float64:
        return _fill(xp, stream, shape, 2, lambda block: _by_halves(xp, block, uniforms.uniform_float64))
    from_word = {
        np.dtype(np.float16): uniforms.uniform_float16,
        _BFLOAT16: uniforms.uniform_bfloat16,
        np.dtype(np.float32): uniforms.uniform_float32,
    }[dtype]
    return _fill(xp, stream, shape, 4, lambda block: from_word(interleave(xp, block)))


def uniform_int(xp: Namespace, stream: Stream, shape: Shape, dtype: Any, minval: Any, maxval: Any) -> Array:
    """Draws `RandomUniformInt`: integers in [minval, maxval), with TensorFlow's bias towards small ones (a remainder).

    Args:
      xp: `numpy` or `jax.numpy` (then under `jax.enable_x64(True)`).
      stream: Where this run begins to read.
      shape: Shape of the result, Python ints.
      dtype: int32 or int64.
      minval: Smallest value; scalar (may be traced).
      maxval: One more than the largest value; scalar (may be traced), greater than `minval` (the op checks it).

    Returns:
      Array of `shape` and `dtype`, equal to TensorFlow's to the bit.

    Raises:
      TypeError: `dtype` is neither int32 nor int64.
    """
    dtype = np.dtype(dtype)
    if dtype == np.int32:
        return _fill(
            xp, stream, shape, 4, lambda block: uniforms.uniform_int32(xp, interleave(xp, block), minval, maxval)
        )
    if dtype == np.int64:

        def from_words(first: Array, second: Array) -> Array:
            return uniforms.uniform_int64(xp, first, second, minval, maxval)

        return _fill(xp, stream, shape, 2, lambda block: _by_halves(xp, block, from_words))
    raise TypeError(f"uniform_int: dtype must be int32 or int64, got {dtype}")


def normal(xp: Namespace, stream: Stream, shape: Shape, dtype: Any) -> Array:
    """Draws `RandomStandardNormal`: normals of mean 0 and standard deviation 1.

    Args:
      xp: `numpy` or `jax.numpy` (then under `jax.enable_x64(True)`).
      stream: Where this run begins to read.
      shape: Shape of the result, Python ints.
      dtype: float16, bfloat16, float32 or float64.

    Returns:
      Array of `shape` and `dtype`; equal to TensorFlow's on a CPU to the bit (float64: to a few units in the
      last place).
    """
    dtype = _float_dtype("normal", dtype)
    per_block = 2 if dtype == np.float64 else 4
    return _fill(xp, stream, shape, per_block, lambda block: _normals(xp, block, dtype)).astype(dtype)


def truncated_normal(xp: Namespace, stream: Stream, shape: Shape, dtype: Any) -> Array:
    """Draws `TruncatedNormal`: standard normals, those outside (-2, 2) thrown away and drawn again.

    Args:
      xp: `numpy` or `jax.numpy` (then under `jax.enable_x64(True)`).
      stream: Where this run begins to read.
      shape: Shape of the result, Python ints.
      dtype: float16, bfloat16, float32 or float64.

    Returns:
      Array of `shape` and `dtype`; equal to TensorFlow's on a CPU to the bit (float64: to a few units in the
      last place).
    """
    dtype = _float_dtype("truncated_normal", dtype)
    size = math.prod(shape)
    if size == 0:
        return xp.zeros(shape, dtype)
    group = 2 if dtype == np.float64 else 4
    n_groups = -(-size // group)
    if xp is np:
        out = np.empty((n_groups, group), dtype)
        for first in range(0, n_groups, _NUMPY_PIECE):
            count = min(_NUMPY_PIECE, n_groups - first)
            out[first : first + count] = _truncated_groups(np, stream, first, count, group, dtype)
    else:
        out = _truncated_groups(xp, stream, 0, n_groups, group, dtype)
    return out.reshape(-1)[:size].reshape(shape).astype(dtype)


def permutation(xp: Namespace, stream: Stream, n: int) -> Array:
    """Draws the order in which `RandomShuffle` arranges `n` rows.

    Step `i` swaps place `i` with place `p[i]`, drawn from [i, n); no later step touches place `i`. The steps need not
    be taken in turn. What lies in a place `x` was put there by the last step `m` with `p[m] = x`, which took it from
    place `m`: follow these steps back to a place that no step has put anything into, where row and place are the same.

    Args:
      xp: `numpy` or `jax.numpy` (then under `jax.enable_x64(True)`).
      stream: Where this run begins to read.
      n: Number of rows, a Python int below 2**31.

    Returns:
      `int32[n]`: row `i` of the shuffled tensor is row `result[i]` of the original.

    >>> import numpy as np
    >>> permutation(np, Stream(87654321, 7), 5)
    array([2, 4, 3, 0, 1], dtype=int32)
    """
    step = xp.arange(n, dtype=np.int32)
    if n < 2:
        return step
    draws = xp.concatenate([words(xp, *stream, n - 1), xp.zeros(1, np.uint32)])
    place = step + (draws % (n - step).astype(np.uint32)).astype(np.int32)
    previous = _previous_with_same_value(xp, place)
    origin = _origins(xp, _last_with_value(xp, place))
    return xp.where(previous >= 0, xp.take(origin, previous, mode="clip"), place)


def shuffle(xp: Namespace, stream: Stream, value: Array) -> Array:
    """Draws `RandomShuffle`: the rows of `value` (along its first axis) in random order.

    Args:
      xp: `numpy` or `jax.numpy` (then under `jax.enable_x64(True)`).
      stream: Where this run begins to read.
      value: Array `[n, ...]`; a scalar is returned as it is.

    Returns:
      Array of the shape and dtype of `value`.
    """
    if value.ndim == 0 or math.prod(value.shape) == 0:
        return value
    return xp.take(value, permutation(xp, stream, value.shape[0]), axis=0, mode="clip")


def multinomial(xp: Namespace, stream: Stream, logits: Array, num_samples: int, output_dtype: Any = np.int64) -> Array:
    """Draws `Multinomial`: class indices by unnormalised log-probabilities.

    A sample is the first class at which the running sum of `exp(logit - max)` exceeds a uniform part of the total.
    Logits that are not finite count as probability zero; a row with none that is finite gives `classes`, out of range,
    as in TensorFlow.

    Args:
      xp: `numpy` or `jax.numpy` (then under `jax.enable_x64(True)`).
      stream: Where this run begins to read.
      logits: Floating-point array `[batch, classes]`.
      num_samples: Samples a row, a Python int.
      output_dtype: int32 or int64.

    Returns:
      Array `[batch, num_samples]` of `output_dtype`.
    """
    batch, classes = logits.shape
    if batch == 0 or num_samples == 0 or classes == 0:
        return xp.zeros((batch, num_samples), output_dtype)
    wide = logits.astype(np.float64)
    finite = xp.isfinite(wide)
    largest = xp.max(xp.where(finite, wide, -np.inf), axis=1, keepdims=True)
    shifted = xp.where(finite, wide - xp.where(xp.isfinite(largest), largest, 0.0), -np.inf)
    cumulative = xp.cumsum(xp.exp(shifted), axis=1)
    draws = uniform(xp, stream, (batch, num_samples), np.float64) * cumulative[:, -1:]
    if xp is np:
        rows = [np.searchsorted(c, d, side="right") for c, d in zip(cumulative, draws, strict=True)]
        return np.stack(rows).astype(output_dtype)
    import jax

    return jax.vmap(functools.partial(xp.searchsorted, side="right"))(cumulative, draws).astype(output_dtype)


def _float_dtype(name: str, dtype: Any) -> np.dtype[Any]:
    dtype = np.dtype(dtype)
    if dtype not in _FLOATS:
        raise TypeError(f"{name}: dtype must be float16, bfloat16, float32 or float64, got {dtype}")
    return dtype


def _fill(xp: Namespace, stream: Stream, shape: Shape, per_block: int, make: Callable[[Block], Array]) -> Array:
    """A tensor of `shape` whose outputs `per_block * i ...` are row `i` of `make(block i)`."""
    size = math.prod(shape)
    n_blocks = -(-size // per_block)
    if xp is not np:
        index = sequence(xp, stream.block, n_blocks)
        return make(blocks(xp, stream.seed, stream.seed2, index)).reshape(-1)[:size].reshape(shape)
    pieces = []
    for first in range(0, max(n_blocks, 1), _NUMPY_PIECE):
        index = sequence(np, stream.block, min(_NUMPY_PIECE, n_blocks - first), first=first)
        pieces.append(make(blocks(np, stream.seed, stream.seed2, index)))
    return np.concatenate(pieces).reshape(-1)[:size].reshape(shape)


def _by_halves(xp: Namespace, block: Block, make: Callable[[Array, Array], Array]) -> Array:
    """Outputs that take two words each: `make` of the first two words of a block and of the other two."""
    return interleave(xp, (make(block[0], block[1]), make(block[2], block[3])))


def _normals(xp: Namespace, block: Block, dtype: np.dtype[Any]) -> Array:
    """The normals of each block on a new last axis: two of float64, or four of float32 whatever else `dtype` is."""
    if dtype == np.float64:
        return boxmuller.normals_float64(xp, block)
    pairs = interleave(xp, block).reshape(-1, 2)
    return boxmuller.normals_float32(xp, pairs).reshape(*block[0].shape, WORDS_PER_BLOCK)


# How many blocks the two passes of a truncated normal draw for a group, by group size. One normal in 22 is rejected;
# too few are left after the first pass with probability 1e-5 (4 wanted of 8) and 1e-6 (2 of 6), and after the second
# (4 or 2 of 32) with less than 1e-36, which is never.
_FIRST_PASS = {4: 2, 2: 3}
_SECOND_PASS = {4: 8, 2: 16}


def _truncated_groups(xp: Namespace, stream: Stream, first: int, count: int, group: int, dtype: np.dtype[Any]) -> Array:
    """Groups `first` to `first + count` of a truncated normal, `[count, group]`, float32 or float64."""
    stride = _RESERVED * group // WORDS_PER_BLOCK
    starts = sequence(xp, stream.block, count, first=first, stride=stride)
    candidates = _computed_once(xp, starts, lambda: _candidates(xp, stream, starts, _FIRST_PASS[group], dtype))
    out, short = _accept_by_table(xp, candidates, group)

    def second_pass(start: Array) -> Array:
        many = _computed_once(xp, start, lambda: _candidates(xp, stream, start, _SECOND_PASS[group], dtype))
        return _accept_by_rank(xp, many[0], group)

    if xp is not np:
        return _complete(out, short, starts, second_pass)
    for row in np.nonzero(short)[0]:
        out[row] = second_pass(starts[row : row + 1])
    return out


def _candidates(xp: Namespace, stream: Stream, starts: Array, n_blocks: int, dtype: np.dtype[Any]) -> Array:
    """The normals of `n_blocks` consecutive blocks from each of `starts` on, `[len(starts), n]`."""
    index = starts[:, None] + xp.arange(n_blocks, dtype=np.uint64)
    return _normals(xp, blocks(xp, stream.seed, stream.seed2, index), dtype).reshape(starts.shape[0], -1)


@functools.cache
def _places_of_set_bits(width: int, group: int) -> np.ndarray:
    """Row `m` below `2**width`: the places of the first `group` set bits of `m` (0 where there are fewer)."""
    table = np.zeros((2**width, group), np.int32)
    for mask in range(2**width):
        places = [bit for bit in range(width) if mask >> bit & 1][:group]
        table[mask, : len(places)] = places
    return table


def _accept_by_table(xp: Namespace, candidates: Array, group: int) -> tuple[Array, Array]:
    """The first `group` accepted of a few candidates in each row, and which rows have too few.

    Which candidates are accepted is one small number, and the places to read follow from it by a table: a gather, where
    ranks and comparisons took ten times as long.
    """
    count, width = candidates.shape
    accepted = (xp.abs(candidates) < _BOUND).astype(np.int32)
    mask = sum(accepted[:, bit] << np.int32(bit) for bit in range(width))
    places = xp.take(xp.asarray(_places_of_set_bits(width, group)), mask, axis=0, mode="clip")
    rows = xp.arange(count, dtype=np.int64)[:, None] * width
    return xp.take(candidates.reshape(-1), rows + places, mode="clip"), xp.sum(accepted, axis=1) < group


def _accept_by_rank(xp: Namespace, candidates: Array, group: int) -> Array:
    """The first `group` accepted of the candidates `[n]`, for one row."""
    accepted = xp.abs(candidates) < _BOUND
    place = xp.arange(candidates.shape[0], dtype=np.int32)
    before = xp.sum(accepted[None, :] & (place[None, :] < place[:, None]), axis=1)
    chosen = accepted & (before == xp.arange(group, dtype=np.int32)[:, None])
    return xp.sum(xp.where(chosen, candidates, 0), axis=1)


def _complete(out: Array, short: Array, starts: Array, second_pass: Callable[[Array], Array]) -> Array:
    """Replaces the rows of `out` that are `short`, one a turn: there are about ten in a million.

    Row 0 is always replaced, most often by itself: to look for the first row before the loop would compile that search
    twice.
    """
    import jax
    import jax.numpy as jnp

    count = out.shape[0]
    rows = jnp.arange(count, dtype=np.int32)

    def turn(state: tuple[Array, Array]) -> tuple[Array, Array]:
        row, out = state
        start = jax.lax.dynamic_slice(starts, (row,), (1,))
        next_row = jnp.min(jnp.where(short & (rows > row), rows, np.int32(count)))
        return next_row, out.at[row].set(second_pass(start), mode="promise_in_bounds")

    return jax.lax.while_loop(lambda state: state[0] < count, turn, (jnp.int32(0), out))[1]


def _computed_once(xp: Namespace, starts: Array, make: Callable[[], Array]) -> Array:
    """`make()`, kept in memory: XLA may not fuse it into its readers, each of which would evaluate the blocks again.

    XLA's CPU backend drops an optimization barrier before it fuses, but not a loop whose number of turns it cannot
    know: here one, or two (which does no harm) for a start beyond 2**63.
    """
    if xp is np:
        return make()
    import jax

    last_turn = (starts[0] >> np.uint64(63)).astype(np.int32)
    result = jax.eval_shape(make)
    state = (np.int32(0), xp.zeros(result.shape, result.dtype))
    return jax.lax.while_loop(lambda state: state[0] <= last_turn, lambda state: (state[0] + 1, make()), state)[1]


def _previous_with_same_value(xp: Namespace, values: Array) -> Array:
    """For each index `i` the largest `m < i` with `values[m] == values[i]`, or -1; `int32[n]`."""
    step = xp.arange(values.shape[0], dtype=np.uint64)
    keys = xp.sort((values.astype(np.uint64) << np.uint64(32)) | step)
    order = (keys & np.uint64(0xFFFFFFFF)).astype(np.int32)
    value = (keys >> np.uint64(32)).astype(np.int32)
    before = xp.where(value[1:] == value[:-1], order[:-1], np.int32(-1))
    before = xp.concatenate([xp.full(1, -1, np.int32), before])
    if xp is not np:
        return xp.zeros_like(order).at[order].set(before, unique_indices=True, mode="promise_in_bounds")
    result = np.empty_like(order)
    result[order] = before
    return result


def _last_with_value(xp: Namespace, values: Array) -> Array:
    """For each `x` the largest `m < x` with `values[m] == x`, or `x` itself; values are never below their index."""
    step = xp.arange(values.shape[0], dtype=np.int32)
    found = xp.where(values > step, step, np.int32(-1))
    if xp is not np:
        last = xp.full(values.shape, -1, np.int32).at[values].max(found, mode="promise_in_bounds")
    else:
        last = np.full(values.shape, -1, np.int32)
        np.maximum.at(last, values, found)
    return xp.where(last >= 0, last, step)


def _origins(xp: Namespace, parents: Array) -> Array:
    """Follows each chain of `parents` to its end, twice as far in each turn."""
    if xp is np:
        while True:
            further = parents[parents]
            if np.array_equal(further, parents):
                return parents
            parents = further
    import jax

    def turn(state: tuple[Array, Array]) -> tuple[Array, Array]:
        parents, _ = state
        further = xp.take(parents, parents, mode="clip")
        return further, xp.any(further != parents)

    return jax.lax.while_loop(lambda state: state[1], turn, (parents, xp.asarray(True)))[0]
