"""Every distribution against real TensorFlow: the same numbers, run after run, in NumPy and under `jax.jit`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from scopedjax._src.ops.random import boxmuller, distributions
from scopedjax._src.ops.random.philox import Stream
from tests import oracle
from tests.ops.random.streams import our_runs, seeds_of, their_runs

pytestmark = pytest.mark.oracle

NAMESPACES = pytest.mark.parametrize("xp", [np, jnp], ids=["np", "jnp"])
FLOATS = ("float16", "bfloat16", "float32", "float64")
SAMPLERS = {
    "RandomUniform": "random_uniform",
    "RandomStandardNormal": "random_normal",
    "TruncatedNormal": "truncated_normal",
}


def _check(xp: Any, build: Any, shape: tuple[int, ...], dtype: Any, inputs: Any = (), runs: int = 3) -> Any:
    """The oracle's runs of the node that `build` records against ours; exact, but for float64 normals."""
    op, theirs = their_runs(build, runs)
    ours = our_runs(xp, op.type, seeds_of(op), shape, dtype, inputs, runs)
    # log, sin and cos of the C library, NumPy and XLA differ by a unit in the last place in double precision.
    exact = op.type == "RandomUniform" or np.dtype(dtype) != np.float64
    oracle.assert_same(theirs, ours, rtol=0.0 if exact else 1e-13, atol=0.0 if exact else 1e-15)
    return ours


@NAMESPACES
@pytest.mark.parametrize("shape", [(5,), (2, 3, 7), (), (0,), (3, 0), (1001,)], ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("op_type", SAMPLERS)
def test_floats(op_type: str, dtype: str, shape: tuple[int, ...], xp: Any) -> None:
    _check(xp, lambda tf: getattr(tf, SAMPLERS[op_type])(shape, dtype=dtype, seed=7), shape, _np_dtype(dtype))


@pytest.mark.parametrize("seed", [0, 1, 123456789, 2**31 - 2, -5, 2**40 + 1])
@pytest.mark.parametrize("op_type", SAMPLERS)
def test_seeds(op_type: str, seed: int) -> None:
    _check(np, lambda tf: getattr(tf, SAMPLERS[op_type])([40], seed=seed), (40,), np.float32)


@NAMESPACES
@pytest.mark.parametrize("op_type", SAMPLERS)
def test_a_million(op_type: str, xp: Any) -> None:
    """Sizes that TensorFlow splits among threads, and in which some groups of a truncated normal need a second pass."""
    n = 1_000_003
    ours = _check(xp, lambda tf: getattr(tf, SAMPLERS[op_type])([n], seed=3), (n,), np.float32, runs=2)
    assert len(np.unique(ours[0])) > 500_000


@pytest.mark.parametrize("dtype", ["float16", "float64"])
@pytest.mark.parametrize("op_type", SAMPLERS)
def test_a_million_of_other_widths(op_type: str, dtype: str) -> None:
    n = 1_000_003
    _check(np, lambda tf: getattr(tf, SAMPLERS[op_type])([n], dtype=dtype, seed=3), (n,), _np_dtype(dtype), runs=1)


@NAMESPACES
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_truncated_normal_second_pass(dtype: str, xp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one block a group in the first pass, every sixth group comes from the second; the numbers stay the same."""
    build = lambda tf: tf.truncated_normal([403], dtype=dtype, seed=7)
    two_passes: list[int] = []
    by_rank = distributions._accept_by_rank
    monkeypatch.setattr(distributions, "_FIRST_PASS", {4: 1, 2: 1})
    monkeypatch.setattr(distributions, "_accept_by_rank", lambda *args: (two_passes.append(1), by_rank(*args))[1])
    _check(xp, build, (403,), _np_dtype(dtype))
    assert len(two_passes) > (20 if xp is np else 0)


@NAMESPACES
@pytest.mark.parametrize("shape", [(6,), (3, 5), (), (0,)], ids=str)
@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("int32", 0, 10),
        ("int32", -3, 1000),
        ("int32", -(2**31), 2**31 - 1),
        ("int64", 0, 7),
        ("int64", -3, 10**12),
        ("int64", -(2**63), 2**63 - 1),
    ],
)
def test_integers(dtype: str, low: int, high: int, shape: tuple[int, ...], xp: Any) -> None:
    build = lambda tf: tf.random_uniform(shape, low, high, dtype=dtype, seed=9)
    _check(xp, build, shape, _np_dtype(dtype), (low, high))


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_a_million_integers(dtype: str) -> None:
    n = 1_000_001
    _check(np, lambda tf: tf.random_uniform([n], 5, 99, dtype=dtype, seed=9), (n,), _np_dtype(dtype), (5, 99), runs=2)


def test_bounds_may_be_traced() -> None:
    with jax.enable_x64(True):
        draw = jax.jit(lambda low, high: distributions.uniform_int(jnp, Stream(1, 2), (50,), np.int32, low, high))
        ours = np.asarray(draw(np.int32(-4), np.int32(5)))
    np.testing.assert_array_equal(ours, distributions.uniform_int(np, Stream(1, 2), (50,), np.int32, -4, 5))
    assert ours.min() == -4
    assert ours.max() == 4


@NAMESPACES
@pytest.mark.parametrize("shape", [(1,), (2,), (5,), (9, 2), (6, 2, 3), (0,), (4, 0), (1000,)], ids=str)
def test_shuffle(shape: tuple[int, ...], xp: Any) -> None:
    value = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    _check(xp, lambda tf: tf.random_shuffle(value, seed=4), shape, np.int32, (value,))


def test_shuffle_many_rows() -> None:
    value = np.arange(70_001)
    ours = _check(np, lambda tf: tf.random_shuffle(value, seed=4), value.shape, np.int64, (value,))
    np.testing.assert_array_equal(np.sort(ours[0]), value)


def test_shuffle_a_scalar() -> None:
    _check(np, lambda tf: tf.random_shuffle(tf.constant(3.5), seed=4), (), np.float32, (np.float32(3.5),))


@NAMESPACES
@pytest.mark.parametrize("output_dtype", ["int32", "int64"])
@pytest.mark.parametrize(
    ("batch", "samples", "classes"), [(1, 10, 7), (3, 5, 4), (2, 4, 1), (20, 3, 100), (0, 3, 4), (2, 0, 4)]
)
def test_multinomial(batch: int, samples: int, classes: int, output_dtype: str, xp: Any) -> None:
    logits = np.random.RandomState(0).randn(batch, classes).astype(np.float32) * 2
    build = lambda tf: tf.multinomial(logits, samples, seed=5, output_dtype=output_dtype)
    _check(xp, build, (batch, samples), np.dtype(output_dtype), (logits, samples))


@NAMESPACES
@pytest.mark.parametrize("dtype", FLOATS)
def test_multinomial_logits(dtype: str, xp: Any) -> None:
    """Any float type; a class of probability zero is never drawn, a row without any gives a class out of range."""
    logits = np.array([[0.1, -np.inf, 3.0, -2.0], [np.nan, 1.0, np.inf, 1.0], [-np.inf] * 4], _np_dtype(dtype))
    ours = _check(xp, lambda tf: tf.multinomial(tf.constant(logits), 25, seed=5), (3, 25), np.int64, (logits, 25))
    assert 1 not in ours[0][0]
    assert set(ours[0][1]) == {1, 3}
    assert set(ours[0][2]) == {4}


def test_multinomial_large_batch() -> None:
    """One thread's numbers: see the limits in the essay of `distributions`."""
    logits = np.random.RandomState(1).randn(300, 200)
    _check(np, lambda tf: tf.multinomial(logits, 7, seed=5), (300, 7), np.int64, (logits, 7))


# Runs of one node with different sizes: how far it moved is seen by where the next run begins.
SIZES = [(3,), (1,), (0,), (10,), (2,), (17,), (4,)]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("op_type", SAMPLERS)
def test_blocks_used_by_floats(op_type: str, dtype: str) -> None:
    def build(tf: Any) -> Any:
        shape = tf.placeholder(tf.int32, [1])
        return shape, getattr(tf, SAMPLERS[op_type])(shape, dtype=dtype, seed=7)

    _check_places(build, SIZES, SIZES, _np_dtype(dtype))


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_blocks_used_by_integers(dtype: str) -> None:
    def build(tf: Any) -> Any:
        shape = tf.placeholder(tf.int32, [1])
        return shape, tf.random_uniform(shape, 0, 1000, dtype=dtype, seed=7)

    _check_places(build, SIZES, SIZES, _np_dtype(dtype), lambda shape: (0, 1000))


def test_blocks_used_by_shuffle() -> None:
    def build(tf: Any) -> Any:
        value = tf.placeholder(tf.int32)
        return value, tf.random_shuffle(value, seed=7)

    shapes = [(9,), (1,), (5, 2), (6, 0), (0, 3), (), (2,), (6,), (13, 1), (10,)]
    values = [np.arange(np.prod(shape), dtype=np.int32).reshape(shape) for shape in shapes]
    _check_places(
        build, values, shapes, np.int32, lambda shape: (np.arange(np.prod(shape), dtype=np.int32).reshape(shape),)
    )


def test_blocks_used_by_multinomial() -> None:
    logits = np.random.RandomState(0).randn(1, 5)

    def build(tf: Any) -> Any:
        samples = tf.placeholder(tf.int32, [])
        return samples, tf.multinomial(np.repeat(logits, 3, axis=0), samples, seed=7)

    samples = [5, 1, 0, 4, 10]
    inputs = lambda shape: (np.repeat(logits, 3, axis=0), shape[1])
    _check_places(build, samples, [(3, n) for n in samples], np.int64, inputs)


def _check_places(build: Any, feeds: Any, shapes: Any, dtype: Any, inputs: Any = lambda shape: ()) -> None:
    op, theirs = their_runs(build, feeds=feeds)
    block = 0
    for shape, expected in zip(shapes, theirs, strict=True):
        ours = _draw_at(op, block, shape, dtype, inputs(shape))
        oracle.assert_same(expected, ours, rtol=1e-13 if np.dtype(dtype) == np.float64 else 0.0)
        block += distributions.blocks_used(op.type, dtype, shape)


def _draw_at(op: Any, block: int, shape: Any, dtype: Any, inputs: Any) -> np.ndarray:
    from tests.ops.random.streams import draw

    return draw(np, op.type, Stream(*seeds_of(op), block), shape, dtype, inputs)


def test_normals_for_every_uniform_agree_in_jax_and_numpy() -> None:
    """log, sin and cos of all the 2**23 numbers that a uniform float32 can be: the same bits under XLA."""
    every = np.arange(2**23, dtype=np.uint32)
    pairs = np.stack([every, every], axis=-1)
    ours = np.concatenate([boxmuller.normals_float32(np, part) for part in np.split(pairs, 64)])
    with jax.enable_x64(True):
        traced = np.asarray(jax.jit(lambda words: boxmuller.normals_float32(jnp, words))(pairs))
    np.testing.assert_array_equal(ours, traced)
    assert np.isfinite(ours).all()


def test_unknown_op_and_dtype() -> None:
    with pytest.raises(ValueError, match="RandomDance"):
        distributions.blocks_used("RandomDance", np.float32, (3,))
    with pytest.raises(TypeError, match="int32"):
        distributions.uniform(np, Stream(1, 2), (3,), np.int32)
    with pytest.raises(TypeError, match="float32"):
        distributions.uniform_int(np, Stream(1, 2), (3,), np.float32, 0, 1)


def _np_dtype(name: str) -> np.dtype[Any]:
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)
