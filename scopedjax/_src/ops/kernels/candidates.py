"""Drawing classes for a sampled softmax, with TensorFlow's numbers: on the device and, for given weights, on the host.

A sampler reads its random stream word by word, a 64-bit number (two words) or a float and an integer (two words) for
each class, and draws again while a class is there already when they are to be unique:

    stream    54  0  7  45  1  8  0  16 ...            7 unique classes after 8 tries
                                  ^ there already

How often a class is expected among `n` draws is `n * p`, and among unique ones that took `t` tries `1 - (1 - p)**t`.

On the device the draws are made a row at a time (`unique`): sorting brings equal ones together, and of equal ones the
first stays. TensorFlow also throws away 64-bit numbers that would favour small classes; the chance is `range / 2**64`,
and the device does without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.ops.random import philox, uniforms

BLOCKS_PER_SAMPLE = 512  # how far a run moves on in its stream, for each class drawn

Draw = Callable[[Any], Any]
"""`draw(words)`: an int64 class for each pair of words, `uint32[n, 2] -> int64[n]`."""


def uniform_draw(range_max: int) -> Draw:
    """Every class below `range_max` with the same chance."""

    def draw(words: Any) -> Any:
        whole = words[:, 0].astype(np.uint64) | (words[:, 1].astype(np.uint64) << np.uint64(32))
        return (whole % np.uint64(range_max)).astype(np.int64)

    return draw


def log_uniform_draw(range_max: int) -> Draw:
    """Class `k` with the chance `log((k + 2) / (k + 1)) / log(range_max + 1)`: small classes are frequent ones."""

    def draw(words: Any) -> Any:
        fraction = uniforms.uniform_float64(words[:, 0], words[:, 1])
        return (jnp.exp(fraction * np.log1p(range_max)).astype(np.int64) - 1) % range_max

    return draw


def many(draw: Draw, stream: tuple[Any, Any, Any], count: int) -> tuple[Any, Any]:
    """Draws `count` classes; returns them and the number of tries."""
    words = philox.words(jnp, *stream, 2 * count).reshape(count, 2)
    return draw(words), jnp.asarray(count, jnp.int32)


def unique(draw: Draw, stream: tuple[Any, Any, Any], count: int) -> tuple[Any, Any]:
    """Draws until `count` different classes are there; returns them in order, and the number of tries.

    Args:
      draw: Turns words into classes.
      stream: (seed, seed2, first block), traced.
      count: How many; not more than there are classes, or it never ends.
    """
    row = 2 * count + (count % 2)  # even: a row begins at the start of a block
    seed, seed2, block = stream
    blocks_a_row = np.uint64(2 * row // philox.WORDS_PER_BLOCK)
    places = jnp.arange(count + row, dtype=jnp.int32)

    def body(state: tuple[Any, Any, Any, Any]) -> tuple[Any, Any, Any, Any]:
        found, filled, tries, at = state
        drawn = draw(philox.words(jnp, seed, seed2, at, 2 * row).reshape(row, 2))
        free = -1 - jnp.arange(count, dtype=jnp.int64)  # no class, and no two equal
        line = jnp.concatenate([jnp.where(places[:count] < filled, found, free), drawn])
        order = jnp.argsort(line, stable=True)
        ordered = line[order]
        first = jnp.concatenate([jnp.ones(1, bool), ordered[1:] != ordered[:-1]])
        new = jnp.zeros(count + row, bool).at[order].set(first)[count:]
        place = filled + jnp.cumsum(new, dtype=jnp.int32) - 1
        target = jnp.where(new, place, count)  # what is beyond the end is dropped
        used = jnp.where(place[-1] >= count - 1, jnp.argmax(place >= count - 1).astype(jnp.int32) + 1, row)
        return (
            found.at[target].set(drawn, mode="drop"),
            jnp.minimum(place[-1] + 1, count),
            tries + used,
            at + blocks_a_row,
        )

    start = (jnp.zeros(count, jnp.int64), jnp.int32(0), jnp.int32(0), jnp.asarray(block, jnp.uint64))
    found, _, tries, _ = jax.lax.while_loop(lambda state: state[1] < count, body, start)
    return found, tries


def expected_count(xp: Any, chance: Any, count: int, tries: Any) -> Any:
    """How often a class of this chance is expected among `count` classes that took `tries` draws, as float32.

    TensorFlow computes it in single precision where as many draws as classes were made, and all in double otherwise.
    """
    chance = chance.astype(np.float32)
    often = chance * np.float32(count)
    wide = chance.astype(np.float64)
    at_least_once = -xp.expm1(xp.asarray(tries, np.float64) * xp.log1p(-wide))
    return xp.where(xp.asarray(tries) == count, often, at_least_once.astype(np.float32))


# ------------------------------------------------------------------------------------------------- on the host


class Words:
    """The words of a stream one by one, as Python numbers."""

    def __init__(self, stream: tuple[Any, Any, Any]) -> None:
        self._next = self._words(*(int(part) for part in stream))

    @staticmethod
    def _words(seed: int, seed2: int, block: int) -> Iterator[int]:
        while True:
            yield from philox.words(np, seed, seed2, block, 1024).tolist()
            block += 1024 // philox.WORDS_PER_BLOCK

    def fraction(self) -> np.float32:
        """A float32 in [0, 1)."""
        return uniforms.uniform_float32(np.asarray([next(self._next)], np.uint32))[0]

    def below(self, count: int) -> int:
        """An integer below `count`, each with exactly the same chance."""
        least = 0 if count & (count - 1) == 0 else (2**32 - 1) % count + 1
        while True:
            word = next(self._next)
            if word >= least:
                return word % count


class AliasTable:
    """Draws from given weights in constant time: each place holds a class, its share of the place, and another class.

    The method: A. J. Walker, "An efficient method for generating discrete random variables with general
    distributions" (1977). The order in which places are filled decides which numbers come out; it is TensorFlow's.
    """

    def __init__(self, weights: np.ndarray) -> None:
        count = len(weights)
        shares = weights.astype(np.float64) * count / float(weights.astype(np.float64).sum())
        self._other = list(range(count))
        low = [i for i in range(count) if shares[i] < 1.0]
        high = [i for i in range(count) if shares[i] >= 1.0]
        while low and high:
            small, large = low.pop(), high.pop()
            self._other[small] = large
            shares[large] -= 1.0 - shares[small]
            (low if shares[large] < 1.0 else high).append(large)
        shares[[*low, *high]] = 1.0
        self._share = shares.astype(np.float32)

    def draw(self, words: Words) -> int:
        """The next class."""
        fraction = words.fraction()
        at = words.below(len(self._other))
        return at if fraction < self._share[at] else self._other[at]


def draw_one_by_one(draw: Callable[[], int], count: int, only_once: bool) -> tuple[np.ndarray, int]:
    """Draws `count` classes on the host; returns them and the number of tries."""
    if not only_once:
        return np.asarray([draw() for _ in range(count)], np.int64), count
    found: dict[int, None] = {}
    tries = 0
    while len(found) < count:
        found[draw()] = None
        tries += 1
    return np.asarray(list(found), np.int64), tries
