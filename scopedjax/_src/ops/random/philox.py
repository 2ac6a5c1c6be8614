"""The bit generator under every random op: Philox4x32-10, addressed the way TensorFlow 1 addresses it.

The idea. A random op owns no hidden state that must be advanced number by number. It owns a *place* in one huge table
that everybody can compute: the table of Philox blocks. A block is a function of a 64-bit key and a 128-bit counter and
holds four 32-bit words. TensorFlow takes the key from the first seed, half of the counter from the second seed, and
counts blocks in the other half::

         key = seed                    counter = seed2 : block
      +-------+-------+        +-------+-------+--------+--------+
      | low32 | high32|        | seed2 (high 64) | block (low 64) |
      +-------+-------+        +-------+-------+--------+--------+
              |                            |
              +----------> 10 rounds <-----+
                               |
              block 0: w0 w1 w2 w3 | block 1: w4 w5 w6 w7 | block 2: ...
                       `- outputs 0..3 -'    `- outputs 4..7 -'

A run of an op reads from its current block on and then moves that place forward by more than it can have read (256
blocks for each output, `distributions.blocks_used`), so the second run is as far from the first as if it were another
table. A session starts every op at block 0. Hence all that a session must remember of its random ops is one integer
each, and `Session.run` stays a pure function: (seed, seed2, block) in, numbers out.

Invariants.

* Word `i` of a stream depends on `(seed, seed2, block + i // 4)` alone: not on how many words are asked for, not on how
  work is split. Large tensors are therefore the same on one thread, on many, and on an accelerator.
* The code below is written once against an array namespace `xp`; `numpy` and `jax.numpy` give the same bits.
* The block counter is 64 bits wide and wraps; a carry into the half that holds `seed2` would take 2**56 outputs.
* Under `jax.numpy` the caller has 64-bit types on (`jax.enable_x64(True)`): the products of a round are 64 bits wide.

The generator: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 4.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["WORDS_PER_BLOCK", "Array", "Namespace", "Stream", "blocks", "interleave", "sequence", "words"]

Array = Any
"""A `numpy.ndarray` or a `jax.Array` (possibly traced), according to the namespace in use."""

Namespace = Any
"""The module `numpy` or the module `jax.numpy`."""

WORDS_PER_BLOCK = 4

_ROUNDS = 10
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL_STEPS = (0x9E3779B9, 0xBB67AE85)
_LOW = 0xFFFFFFFF
# NumPy works through a stream in pieces of this many blocks, so that the temporaries of a round stay in cache.
_NUMPY_PIECE = 8192


class Stream(NamedTuple):
    """A place in the table of Philox blocks: where one run of one random op begins to read.

    A named tuple, so that it is a pytree: under `jax.jit` any of the three may be traced (`uint64` scalars).

    Attributes:
      seed: The key; a Python int (static) or a 64-bit integer scalar.
      seed2: The upper half of the counter; likewise.
      block: The first block of this run; likewise.
    """

    seed: Any
    seed2: Any
    block: Any = 0


def words(xp: Namespace, seed: Any, seed2: Any, start_block: Any, n_words: int) -> Array:
    """Reads `n_words` consecutive 32-bit words of the stream `(seed, seed2)`, from the start of a block on.

    Args:
      xp: `numpy` or `jax.numpy` (then under `jax.enable_x64(True)`).
      seed: The key; Python int, or a 64-bit integer scalar (may be traced).
      seed2: The upper half of the counter; likewise.
      start_block: Index of the first block; Python int or `uint64` scalar (may be traced).
      n_words: How many words, a Python int.

    Returns:
      `uint32` array of shape `[n_words]`; block `start_block + i` gives its elements `4 i` to `4 i + 3`.

    >>> import numpy as np
    >>> words(np, 87654321, 7, 0, 3)
    array([1992159687, 3200305987,  237021325], dtype=uint32)
    """
    n_blocks = -(-n_words // WORDS_PER_BLOCK)
    if xp is not np:
        return _flat_words(xp, seed, seed2, sequence(xp, start_block, n_blocks))[:n_words]
    out = np.empty(n_blocks * WORDS_PER_BLOCK, np.uint32)
    for first in range(0, n_blocks, _NUMPY_PIECE):
        last = min(first + _NUMPY_PIECE, n_blocks)
        index = sequence(np, start_block, last - first, first=first)
        out[first * WORDS_PER_BLOCK : last * WORDS_PER_BLOCK] = _flat_words(np, seed, seed2, index)
    return out[:n_words]


def sequence(xp: Namespace, start_block: Any, count: int, first: int = 0, stride: int = 1) -> Array:
    """Block indices `start_block + stride * (first + i)` for `i` in `range(count)`, as `uint64[count]`."""
    base = _scalar64(xp, start_block) + np.uint64(first * stride)
    return xp.arange(count, dtype=np.uint64) * np.uint64(stride) + base


def blocks(xp: Namespace, seed: Any, seed2: Any, index: Array) -> tuple[Array, Array, Array, Array]:
    """Evaluates Philox4x32-10 at the blocks `index` of the stream `(seed, seed2)`.

    Args:
      xp: `numpy` or `jax.numpy` (then under `jax.enable_x64(True)`).
      seed: The key; Python int or 64-bit integer scalar.
      seed2: The upper half of the counter; likewise.
      index: `uint64` array of any shape: the lower half of the counter.

    Returns:
      The four words of each block, four `uint32` arrays of the shape of `index`.

    Raises:
      TypeError: `index` is not `uint64`; with `jax.numpy` that is how switched-off 64-bit types show.
    """
    if index.dtype != np.uint64:
        raise TypeError(
            f"philox.blocks: the block index must be uint64, got {index.dtype}; under jax.numpy run inside "
            "`with jax.enable_x64(True):`"
        )
    low2, high2 = _halves(xp, seed2)
    c0, c1 = _low(index), _high(index)
    c2, c3 = xp.broadcast_to(low2, index.shape), xp.broadcast_to(high2, index.shape)
    for key0, key1 in _round_keys(xp, seed):
        product0 = c0.astype(np.uint64) * np.uint64(_MULTIPLIERS[0])
        product1 = c2.astype(np.uint64) * np.uint64(_MULTIPLIERS[1])
        c0, c1, c2, c3 = (
            _high(product1) ^ c1 ^ key0,
            _low(product1),
            _high(product0) ^ c3 ^ key1,
            _low(product0),
        )
    return c0, c1, c2, c3


def interleave(xp: Namespace, parts: tuple[Array, ...]) -> Array:
    """Stacks equal arrays `[...]` along a new last axis, `[..., len(parts)]`; two or four of them.

    XLA fuses what computes the parts into the stacking. For a concatenation on a CPU that means a branch per element
    and four evaluations of each block (measured: 40 ms for 2**20 words); as a selection by lane the compiler sees the
    four lanes together and evaluates a block once, in vectors (4 ms).
    """
    if xp is np:
        return np.stack(parts, axis=-1)
    shape = (*parts[0].shape, len(parts))
    lane = xp.broadcast_to(xp.arange(len(parts), dtype=np.int32), shape)
    first, *rest = (xp.broadcast_to(part[..., None], shape) for part in parts)
    if len(rest) == 1:
        return xp.where(lane == 0, first, rest[0])
    second, third, fourth = rest
    return xp.where(lane < 2, xp.where(lane == 0, first, second), xp.where(lane == 2, third, fourth))


def _flat_words(xp: Namespace, seed: Any, seed2: Any, index: Array) -> Array:
    return interleave(xp, blocks(xp, seed, seed2, index)).reshape(-1)


def _low(x: Array) -> Array:
    return x.astype(np.uint32)


def _high(x: Array) -> Array:
    return (x >> np.uint64(32)).astype(np.uint32)


def _scalar64(xp: Namespace, value: Any) -> Array:
    """`value` modulo 2**64 as a `uint64` scalar; for NumPy, which warns when a scalar wraps, as `uint64[1]`."""
    if xp is np or isinstance(value, (int, np.integer)):
        value = np.uint64(int(value) & 0xFFFFFFFFFFFFFFFF)
    return xp.asarray(value).astype(np.uint64).reshape(1 if xp is np else ())


def _halves(xp: Namespace, value: Any) -> tuple[Array, Array]:
    whole = _scalar64(xp, value)
    return _low(whole), _high(whole)


def _round_keys(xp: Namespace, seed: Any) -> list[tuple[Array, Array]]:
    """The key of each round: both halves step along a Weyl sequence, modulo 2**32."""
    if xp is np or isinstance(seed, (int, np.integer)):
        low, high = int(seed) & _LOW, (int(seed) >> 32) & _LOW
        steps = range(_ROUNDS)
        return [
            (np.uint32((low + i * _WEYL_STEPS[0]) & _LOW), np.uint32((high + i * _WEYL_STEPS[1]) & _LOW)) for i in steps
        ]
    low, high = _halves(xp, seed)
    return [
        (low + np.uint32((i * _WEYL_STEPS[0]) & _LOW), high + np.uint32((i * _WEYL_STEPS[1]) & _LOW))
        for i in range(_ROUNDS)
    ]
