"""The public random functions against real TensorFlow: nodes, seeds, numbers of run after run, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scopedjax
from tests import oracle

pytestmark = pytest.mark.oracle

# A scaled number is `u * (high - low) + low`; XLA computes it in one step (fused), TensorFlow rounds in between.
SCALED = 3e-7

# What is recorded, and whether the result is scaled.
CALLS: dict[str, tuple[Callable[[Any], Any], bool]] = {
    "uniform": (lambda tf: tf.random_uniform([2, 3]), False),
    "uniform scalar": (lambda tf: tf.random_uniform([]), False),
    "uniform named": (lambda tf: tf.random_uniform((4,), 0, 1, name="u"), False),
    "uniform seeded": (lambda tf: tf.random_uniform([2, 3], seed=5, dtype="float64"), False),
    "uniform to five": (lambda tf: tf.random_uniform([40], 0, 5.0), False),
    "uniform from zero point": (lambda tf: tf.random_uniform([40], 0.0), False),
    "uniform range": (lambda tf: tf.random_uniform([40], -0.3, 1.7, seed=3), True),
    "uniform half": (lambda tf: tf.random_uniform([40], -1, None, tf.float16), True),
    "uniform bounds": (lambda tf: tf.random_uniform([2, 3], tf.constant([1.0, 2.0, 3.0]), [[4.0], [7.0]]), True),
    "uniform TensorShape": (lambda tf: tf.random_uniform(tf.TensorShape([2])), False),
    "integers": (lambda tf: tf.random_uniform([30], maxval=7, dtype=tf.int32), False),
    "integers64": (lambda tf: tf.random_uniform([30], -5, 10**12, tf.int64, seed=2), False),
    "integers tensor": (lambda tf: tf.random_uniform([30], tf.constant(3), tf.constant(8), tf.int32), False),
    "normal": (lambda tf: tf.random_normal([5, 7]), False),
    "normal array shape": (lambda tf: tf.random_normal(np.array([5, 7])), False),
    "normal int64 in shape": (lambda tf: tf.random_normal([tf.constant(2, tf.int64), 3]), False),
    "normal scaled": (lambda tf: tf.random_normal([40], 1.3, 0.7, seed=1), True),
    "normal broadcast": (lambda tf: tf.random_normal([2, 3], tf.ones([4, 1, 3]), 2.0), True),
    "normal float64": (lambda tf: tf.random_normal([9], dtype=tf.float64), False),
    "truncated": (lambda tf: tf.truncated_normal([50]), False),
    "truncated scaled": (lambda tf: tf.truncated_normal([50], -2.0, 0.3, name="t"), True),
    "shuffle": (lambda tf: tf.random_shuffle(tf.reshape(tf.range(12), [6, 2])), False),
    "shuffle seeded": (lambda tf: tf.random.shuffle(["a", "b", "c", "d"], seed=4, name="s"), False),
    "multinomial": (lambda tf: tf.multinomial(tf.constant([[0.0, 1.0, 2.0]] * 3), 6), False),
    "multinomial int32": (lambda tf: tf.multinomial([[0.5, 0.1]], 9, 3, "m", tf.int32), False),
    "categorical": (lambda tf: tf.random.categorical(tf.log([[0.2, 0.8]]), 5, dtype=tf.int32), False),
    "names of tf.random": (
        lambda tf: tf.random.uniform([3]) + tf.random.normal([3]) + tf.random.truncated_normal([3]),
        False,
    ),
}

SOME_SEED = pytest.mark.parametrize("graph_seed", [0, 1234])


def _nodes(tf: Any, build: Callable[[Any], Any], graph_seed: int | None) -> Any:
    if graph_seed is not None:
        tf.set_random_seed(graph_seed)
    built = build(tf)
    found = [(built.name, built.dtype, built.shape)]
    for op in tf.get_default_graph().get_operations():
        attrs = [op.get_attr(a) for a in ("seed", "seed2", "T", "dtype", "Tout") if a in op.node_def.attr]
        found.append((op.name, op.type, [t.name for t in op.inputs], attrs))
    return found


@pytest.mark.parametrize("graph_seed", [None, 0, 7])
@pytest.mark.parametrize("call", CALLS)
def test_nodes(call: str, graph_seed: int | None) -> None:
    oracle.check_both(_nodes, CALLS[call][0], graph_seed)


def _runs(tf: Any, build: Callable[[Any], Any], graph_seed: int) -> Any:
    tf.set_random_seed(graph_seed)
    tf.random_uniform([2])  # so that the op below is not the graph's first
    built = build(tf)
    results = []
    for _ in range(2):
        with tf.Session() as session:
            results.append([session.run(built) for _ in range(3)])
    return results


@pytest.mark.parametrize("call", CALLS)
def test_numbers_of_two_sessions(call: str) -> None:
    build, scaled = CALLS[call]
    rtol, atol = (SCALED, SCALED) if scaled else (None, 0.0)
    if call == "uniform half":
        rtol = atol = 1e-3
    ours = oracle.check_both(_runs, build, 42, rtol=rtol, atol=atol)
    np.testing.assert_array_equal(ours[0][0], ours[1][0])
    if np.size(ours[0][0]) > 4:
        assert not np.array_equal(ours[0][0], ours[0][1])


def test_one_run_draws_each_node_once() -> None:
    def body(tf: Any) -> Any:
        x = tf.random_uniform([4], seed=1)
        return tf.Session().run([x, x + 0.0, tf.identity(x)])

    a, b, c = oracle.check_both(body, rtol=0.0)
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(a, c)


def test_shapes_that_are_fed() -> None:
    def body(tf: Any) -> Any:
        n = tf.placeholder(tf.int32, [])
        drawn = tf.random_normal([n, 2], seed=3)
        with tf.Session() as session:
            return [drawn.shape, *(session.run(drawn, {n: size}) for size in (3, 1, 0, 5))]

    oracle.check_both(body, rtol=0.0)


def test_a_shuffle_of_what_is_fed() -> None:
    def body(tf: Any) -> Any:
        rows = tf.placeholder(tf.float32, [None, 2])
        shuffled = tf.random_shuffle(rows, seed=3)
        with tf.Session() as session:
            return [session.run(shuffled, {rows: np.arange(2.0 * n).reshape(n, 2)}) for n in (5, 1, 9, 4)]

    oracle.check_both(body, rtol=0.0)


def test_multinomial_of_what_is_fed() -> None:
    def body(tf: Any) -> Any:
        logits, samples = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.int32, [])
        drawn = tf.multinomial(logits, samples, seed=3)
        with tf.Session() as session:
            feeds = [{logits: np.ones([b, 3]), samples: n} for b, n in ((2, 5), (1, 1), (4, 2))]
            return [drawn.shape, *(session.run(drawn, feed) for feed in feeds)]

    oracle.check_both(body)


@pytest.mark.parametrize("fed", [False, True])
def test_random_crop(fed: bool) -> None:
    image = np.arange(6 * 7 * 3).reshape(6, 7, 3)

    def body(tf: Any) -> Any:
        value = tf.placeholder(tf.int32, [None, 7, None]) if fed else tf.constant(image, tf.int32)
        crop = tf.random_crop(value, [2, 3, 3], seed=1)
        with tf.Session() as session:
            return [crop.name, crop.shape, *(session.run(crop, {value: image}) for _ in range(4))]

    oracle.check_both(body)


def test_random_crop_that_does_not_fit() -> None:
    crop = lambda tf: tf.Session().run(tf.random_crop(tf.zeros([4, 6]), [2, 9], seed=1))
    oracle.check_both_raise(crop, match="Need value.shape >= size")


@SOME_SEED
def test_numbers_given_out_by_the_graph(graph_seed: int) -> None:
    def body(tf: Any) -> Any:
        before = tf.get_seed(None)
        tf.set_random_seed(graph_seed)
        first = [tf.get_seed(None), tf.get_seed(8), tf.get_seed(None)]
        tf.set_random_seed(5)
        return [before, *first, tf.get_seed(None), tf.get_default_graph().seed]

    oracle.check_both(body)


def test_a_graph_of_its_own_has_a_seed_of_its_own() -> None:
    def body(tf: Any) -> Any:
        tf.set_random_seed(3)
        with tf.Graph().as_default():
            inner = tf.get_seed(None)
        return inner, tf.get_seed(None)

    oracle.check_both(body)


def test_without_seeds_two_sessions_differ() -> None:
    tf = scopedjax
    with tf.Graph().as_default():
        drawn = [tf.random_uniform([8]), tf.random_uniform([8])]
        with tf.Session() as one, tf.Session() as other:
            found = [value.tobytes() for session in (one, one, other) for value in session.run(drawn)]
    assert len(set(found)) == len(found)


def test_gradient_does_not_pass() -> None:
    def body(tf: Any) -> Any:
        low = tf.constant(1.0)
        drawn = tf.random_uniform([3], low, 4.0, seed=1)
        return tf.Session().run(tf.gradients(drawn, low))

    oracle.check_both(body, rtol=1e-6)


ERRORS: dict[str, Callable[[Any], Any]] = {
    "no maxval": lambda tf: tf.random_uniform([2], dtype=tf.int32),
    "dtype": lambda tf: tf.random_uniform([2], dtype=tf.int8),
    "complex": lambda tf: tf.random_uniform([2], dtype=tf.complex64),
    "scalar shape": lambda tf: tf.random_normal(3),
    "negative size": lambda tf: tf.random_uniform([-2, 3]),
    "bounds of integers": lambda tf: tf.random_uniform([3], 0, [1, 2, 3], dtype=tf.int32),
    "broadcast": lambda tf: tf.random_normal([2, 3], tf.zeros([4])),
    "empty range": lambda tf: tf.Session().run(tf.random_uniform([2], 5, 3, dtype=tf.int32)),
    "empty range 64": lambda tf: tf.Session().run(tf.random_uniform([2], 5, 5, dtype=tf.int64)),
    "logits": lambda tf: tf.multinomial(tf.zeros([4]), 3),
    "samples": lambda tf: tf.multinomial(tf.zeros([4, 2]), [3]),
    "fed size": lambda tf: tf.Session().run(tf.random_uniform(tf.placeholder_with_default([-2], [1]))),
    "fed samples": lambda tf: tf.Session().run(tf.multinomial(tf.zeros([2, 3]), tf.placeholder_with_default(-2, []))),
    "no classes": lambda tf: tf.Session().run(tf.multinomial(np.zeros([2, 0]), 2)),
}


@pytest.mark.parametrize("error", ERRORS)
def test_errors(error: str) -> None:
    oracle.check_both_raise(ERRORS[error])


@pytest.mark.parametrize("seed", [1.5, "a"])
def test_a_seed_that_is_no_integer(seed: Any) -> None:
    with scopedjax.Graph().as_default(), pytest.raises(TypeError):
        scopedjax.random_uniform([2], seed=seed)
