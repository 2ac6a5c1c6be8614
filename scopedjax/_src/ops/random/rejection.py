"""Gamma and Poisson numbers from the stream: methods that draw and reject, each output from blocks of its own.

Output `i` of a node begins at block `256 i` and reads on until a draw is accepted, be that soon or late:

    output 0: blocks 0, 1, 2, ...        normals of block 0: n0 n1 (n1 is taken first), uniforms of block 1: u0 u1, ...
    output 1: blocks 256, 257, ...

A block gives two normals or two uniforms of double precision. They are taken from the end: the second one first.

Gamma: Marsaglia and Tsang, "A simple method for generating gamma variables" (ACM TOMS 26, 2000). With `d = alpha - 1/3`
and `c = 1 / (3 sqrt(d))` a normal `x` becomes `d (1 + c x)^3`, accepted with a probability above 0.95. Below alpha = 1
that of `alpha + 1` is drawn and multiplied by `u ** (1 / alpha)`; at 1 it is an exponential, `-log(1 - u)`.

Poisson: below a rate of 10 uniforms are multiplied until they fall below `exp(-rate)` (Knuth); from there on the
transformed rejection PTRS (Hörmann, "The transformed rejection method for generating Poisson random variables", 1993).

All outputs are drawn together: one turn of a loop is one draw of each that has none accepted yet.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln

from scopedjax._src.ops.random import boxmuller
from scopedjax._src.ops.random.philox import Array, Stream, blocks
from scopedjax._src.ops.random.uniforms import uniform_float64

__all__ = ["BLOCKS_PER_OUTPUT", "gamma", "poisson"]

BLOCKS_PER_OUTPUT = 256
_KNUTH_BELOW = 10.0


class _Reader(NamedTuple):
    """Where each output reads: its next block, and the uniforms of a block that it has not taken yet."""

    block: Array  # uint64[n]
    uniforms: Array  # float64[n, 2]
    left: Array  # int32[n]


def _reader(stream: Stream, outputs: int) -> _Reader:
    first = jnp.asarray(stream.block).astype(np.uint64)
    starts = first + jnp.arange(outputs, dtype=np.uint64) * np.uint64(BLOCKS_PER_OUTPUT)
    return _Reader(starts, jnp.zeros((outputs, 2), np.float64), jnp.zeros(outputs, np.int32))


def _words(stream: Stream, block: Array) -> Any:
    return blocks(jnp, stream.seed, stream.seed2, block)


def _uniform(stream: Stream, reader: _Reader, wanted: Array) -> tuple[Array, _Reader]:
    """A uniform for each output that wants one, and where they read on."""
    fresh = wanted & (reader.left == 0)
    words = _words(stream, reader.block)
    drawn = jnp.stack([uniform_float64(words[0], words[1]), uniform_float64(words[2], words[3])], axis=-1)
    pair = jnp.where(fresh[:, None], drawn, reader.uniforms)
    left = jnp.where(fresh, np.int32(2), reader.left)
    taken = jnp.where(left == 2, pair[:, 1], pair[:, 0])
    left = left - wanted.astype(np.int32)
    return taken, _Reader(reader.block + fresh.astype(np.uint64), pair, left)


def gamma(stream: Stream, alpha: Array, samples: int) -> Array:
    """Draws `RandomGamma`.

    Args:
      stream: Where this run begins to read.
      alpha: float64 `[n]`: the shapes of the distributions, of scale 1.
      samples: How many numbers of each.

    Returns:
      float64 `[samples, n]`; NaN where alpha is below -2/3.
    """
    count = alpha.shape[0]
    outputs = samples * count
    if outputs == 0:
        return jnp.zeros((samples, count), np.float64)
    each = jnp.repeat(alpha, samples)  # the samples of one alpha lie together in the stream
    exponential = each == 1.0
    boosted = each < 1.0
    d = each + jnp.where(boosted, 2.0 / 3, -1.0 / 3)
    c = 1.0 / 3 / jnp.sqrt(d)
    reader = _reader(stream, outputs)
    start = (
        reader,
        jnp.zeros((outputs, 2), np.float64),
        jnp.zeros(outputs, np.int32),
        exponential | ~(d > 0),
        jnp.full(outputs, np.nan),
    )

    def turn(state: Any) -> Any:
        reader, pair, left, done, result = state
        fresh = ~done & (left == 0)
        pair = jnp.where(fresh[:, None], boxmuller.normals_float64(jnp, _words(stream, reader.block)), pair)
        reader = reader._replace(block=reader.block + fresh.astype(np.uint64))
        left = jnp.where(fresh, np.int32(2), left)
        x = jnp.where(left == 2, pair[:, 1], pair[:, 0])
        left = left - (~done).astype(np.int32)
        v = 1.0 + c * x
        possible = ~done & (v > 0)
        v = v * v * v
        u, reader = _uniform(stream, reader, possible)
        surely = u < 1 - 0.0331 * (x * x) * (x * x)  # spares the logarithms; the constant is the paper's
        accepted = possible & (surely | (jnp.log(u) < 0.5 * x * x + d * (1 - v + jnp.log(jnp.where(v > 0, v, 1.0)))))
        return reader, pair, left, done | accepted, jnp.where(accepted, d * v, result)

    reader, _, _, _, result = jax.lax.while_loop(lambda state: ~jnp.all(state[3]), turn, start)
    last, _ = _uniform(stream, reader, exponential | boosted)
    result = jnp.where(boosted, result * last ** (1.0 / each), result)
    result = jnp.where(exponential, -jnp.log1p(-last), result)
    return result.reshape(count, samples).T


def poisson(stream: Stream, rate: Array, samples: int) -> Array:
    """Draws `RandomPoissonV2`.

    Args:
      stream: Where this run begins to read.
      rate: float64 `[n]`.
      samples: How many numbers of each.

    Returns:
      float64 `[samples, n]` of whole numbers; NaN where a rate is not a finite number.
    """
    count = rate.shape[0]
    outputs = samples * count
    if outputs == 0:
        return jnp.zeros((samples, count), np.float64)
    each = jnp.repeat(rate, samples)
    small = each < _KNUTH_BELOW
    start = (_reader(stream, outputs), jnp.zeros(outputs), jnp.ones(outputs), ~jnp.isfinite(each),
             jnp.full(outputs, np.nan))  # fmt: skip

    def turn(state: Any) -> Any:
        reader, number, product, done, result = state
        u, reader = _uniform(stream, reader, ~done)
        product = product * u
        fallen = small & (product <= jnp.exp(-each))
        second, reader = _uniform(stream, reader, ~done & ~small)
        accepted, k = _transformed_rejection(each, u, second)
        accepted = ~done & jnp.where(small, fallen, accepted)
        result = jnp.where(accepted, jnp.where(small, number, k), result)
        return reader, number + 1, product, done | accepted, result

    result = jax.lax.while_loop(lambda state: ~jnp.all(state[3]), turn, start)[4]
    return result.reshape(count, samples).T


def _transformed_rejection(rate: Array, u: Array, v: Array) -> tuple[Array, Array]:
    """One draw of PTRS from two uniforms: whether it is accepted, and the number."""
    rate = jnp.maximum(rate, _KNUTH_BELOW)
    b = 0.931 + 2.53 * jnp.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    u = u - 0.5
    shifted = 0.5 - jnp.abs(u)
    k = jnp.floor((2 * a / shifted + b) * u + rate + 0.43)
    quickly = (shifted >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
    never = (k < 0) | ((shifted < 0.013) & (v > shifted))
    s = jnp.log(v * inverse_alpha / (a / (shifted * shifted) + b))
    t = -rate + k * jnp.log(rate) - gammaln(jnp.maximum(k, 0) + 1)
    return quickly | (~never & (s <= t)), k
