"""The bit generator: known answers, one meaning in NumPy and JAX, and the place in the stream."""

from __future__ import annotations

from typing import Any

import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopedjax._src.ops.random import philox

SEEDS = st.integers(0, 2**64 - 1)

# (counter, key, block) of Philox4x32-10 as the authors publish them with their library Random123 (kat_vectors),
# least significant word first.
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def _words(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_known_answers(counter: str, key: str, expected: str) -> None:
    c, k = _words(counter), _words(key)
    got = philox.words(np, k[0] | k[1] << 32, c[2] | c[3] << 32, c[0] | c[1] << 32, 4)
    assert got.tolist() == _words(expected)


@jax.jit
def _traced(seed: Any, seed2: Any, block: Any) -> Any:
    return philox.words(jnp, seed, seed2, block, 10)


@hypothesis.given(SEEDS, SEEDS, SEEDS)
def test_numpy_and_traced_jax_agree(seed: int, seed2: int, block: int) -> None:
    ours = philox.words(np, seed, seed2, block, 10)
    assert ours.dtype == np.uint32
    assert ours.shape == (10,)
    with jax.enable_x64(True):
        traced = _traced(np.uint64(seed), np.uint64(seed2), np.uint64(block))
    np.testing.assert_array_equal(np.asarray(traced), ours)


@pytest.mark.parametrize("seeds", [(0, 0), (87654321, 7), (2**63 + 5, 2**64 - 1), (-1, -(2**62))])
def test_static_and_numpy_scalar_seeds_agree(seeds: tuple[int, int]) -> None:
    expected = philox.words(np, *seeds, 3, 9)
    with jax.enable_x64(True):
        static = jax.jit(lambda block: philox.words(jnp, *seeds, block, 9))(np.uint64(3))
        concrete = philox.words(jnp, *seeds, 3, 9)
    wrapped = [np.uint64(seed % 2**64) for seed in seeds]
    np.testing.assert_array_equal(np.asarray(static), expected)
    np.testing.assert_array_equal(np.asarray(concrete), expected)
    np.testing.assert_array_equal(philox.words(np, *wrapped, np.uint64(3), 9), expected)


def test_a_word_depends_on_its_place_alone() -> None:
    """However many words are asked for, in whatever pieces NumPy works, word i of the stream is the same."""
    n = 3 * 4 * 8192 + 5
    whole = philox.words(np, 5, 6, 7, n)
    np.testing.assert_array_equal(whole[:9], philox.words(np, 5, 6, 7, 9))
    np.testing.assert_array_equal(whole[4 * 20000 :][:50], philox.words(np, 5, 6, 20007, 50))
    with jax.enable_x64(True):
        np.testing.assert_array_equal(np.asarray(philox.words(jnp, 5, 6, 7, n)), whole)


def test_the_block_counter_wraps() -> None:
    end = philox.words(np, 1, 2, 2**64 - 1, 8)
    np.testing.assert_array_equal(end[4:], philox.words(np, 1, 2, 0, 4))


@pytest.mark.parametrize("xp", [np, jnp])
def test_no_words(xp: Any) -> None:
    with jax.enable_x64(True):
        assert philox.words(xp, 1, 2, 3, 0).shape == (0,)


def test_sequence_steps_by_stride() -> None:
    np.testing.assert_array_equal(philox.sequence(np, 5, 3, first=2, stride=256), [517, 773, 1029])


def test_without_64_bit_types_jax_is_refused() -> None:
    with jax.enable_x64(False), pytest.raises(TypeError, match="enable_x64"):
        philox.blocks(jnp, 1, 2, jnp.arange(3, dtype=jnp.uint32))


@pytest.mark.parametrize("parts", [2, 4])
def test_interleave(parts: int) -> None:
    columns = tuple(np.arange(6.0).reshape(2, 3) + 10 * i for i in range(parts))
    expected = np.stack(columns, axis=-1)
    np.testing.assert_array_equal(philox.interleave(np, columns), expected)
    np.testing.assert_array_equal(np.asarray(philox.interleave(jnp, tuple(map(jnp.asarray, columns)))), expected)
