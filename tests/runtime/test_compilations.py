"""What is compiled, and when: once for each combination of shapes, never twice, and one warning when they vary."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
import pytest

_COMPILED: list[str] = []


@pytest.fixture(scope="module", autouse=True)
def _listener() -> None:
    """Counts what JAX hands to XLA; there is no public way to take a listener away, so it serves the whole process."""

    def heard(name: str, seconds: float, **more: Any) -> None:
        if name == "/jax/core/compile/backend_compile_duration":
            _COMPILED.append(name)

    jax.monitoring.register_event_duration_secs_listener(heard)


@pytest.fixture
def compiled() -> Iterator[list[str]]:
    _COMPILED.clear()
    yield _COMPILED


def _model(tf: Any) -> tuple[Any, Any, Any]:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.get_variable("w", [3, 2], initializer=tf.ones_initializer())
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + tf.random_normal(tf.stack([tf.shape(x)[0], 2]), seed=1)))
    return x, loss, tf.train.AdamOptimizer(0.1).minimize(loss)


def test_a_second_run_compiles_nothing(tf: Any, compiled: list[str]) -> None:
    x, loss, train = _model(tf)
    batch = np.ones((4, 3), np.float32)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run([loss, train], {x: batch})
        assert compiled
        compiled.clear()
        for _ in range(3):
            sess.run([loss, train], {x: batch})
        assert compiled == []


def test_host_steps_and_computed_shapes_compile_nothing_more(tf: Any, compiled: list[str]) -> None:
    x = tf.placeholder(tf.float32, [None])
    kept = tf.boolean_mask(x, x > 0)
    text = tf.py_func(lambda v: v * 2, [tf.reduce_sum(kept)], tf.float32)
    result = tf.while_loop(lambda v: v < 100, lambda v: v * 2, [text])
    with tf.Session() as sess:
        sess.run(result, {x: np.array([1, -1, 2], np.float32)})
        compiled.clear()
        sess.run(result, {x: np.array([3, -1, 2], np.float32)})
        assert compiled == []


def test_one_compilation_a_shape_and_one_warning(tf: Any, compiled: list[str]) -> None:
    x, loss, train = _model(tf)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run([loss, train], {x: np.ones((1, 3), np.float32)})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            counts = []
            for batch in (*range(2, 11), *range(2, 11)):
                compiled.clear()
                sess.run([loss, train], {x: np.ones((batch, 3), np.float32)})
                counts.append(len(compiled))
    assert counts == [1] * 9 + [0] * 9
    said = [w for w in caught if "programs were compiled" in str(w.message)]
    assert len(said) == 1
    message = str(said[0].message)
    assert "the shape of 'x:0'" in message and "Feed batches of one size" in message and "[1, 3], [2, 3]" in message
    assert said[0].filename == __file__


def test_a_value_that_steers_shapes(tf: Any) -> None:
    n = tf.placeholder(tf.int32, [], name="n")
    total = tf.reduce_sum(tf.ones([n, 2]))
    with tf.Session() as sess, pytest.warns(UserWarning, match=r"the value of 'n:0'.* varies: 1, 2, 3, 4"):
        assert [sess.run(total, {n: i}) for i in range(1, 10)] == [2.0 * i for i in range(1, 10)]


def test_a_smaller_last_batch_is_no_reason(tf: Any) -> None:
    x, loss, train = _model(tf)
    with tf.Session() as sess, warnings.catch_warnings():
        warnings.simplefilter("error")
        sess.run(tf.global_variables_initializer())
        for _ in range(4):
            for batch in (8, 8, 3):
                sess.run([loss, train], {x: np.ones((batch, 3), np.float32)})
