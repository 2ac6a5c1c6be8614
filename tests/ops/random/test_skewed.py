"""`tf.random_gamma` and `tf.random_poisson`: TensorFlow's numbers, run after run, and the gradient of gamma numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle

ALPHA = np.array([[0.1, 0.7, 1.0], [1.3, 5.0, 200.0]])
RATES = np.array([0.0, 0.3, 2.0, 9.99, 10.0, 37.5, 3000.0])


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_gamma_numbers(dtype: str) -> None:
    def body(tf: Any) -> Any:
        tf.set_random_seed(3)
        drawn = [
            tf.random_gamma([40, 2], ALPHA, dtype=dtype, seed=4),
            tf.random.gamma([5], 0.5, beta=[0.5, 3.0], dtype=dtype),
            tf.random_gamma([], 1.0, dtype=dtype),
            tf.random_gamma([2, 0], [1.0, 2.0], dtype=dtype),
        ]
        with tf.Session() as session:
            return [t.shape for t in drawn], session.run(drawn), session.run(drawn)

    check_both(body, rtol={"float32": 2e-6, "float16": 2e-3}[dtype])


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_poisson_numbers(dtype: str) -> None:
    def body(tf: Any) -> Any:
        tf.set_random_seed(3)
        drawn = [
            tf.random_poisson(RATES, [60], dtype=dtype, seed=4),
            tf.random.poisson(np.float32(1.5), [3, 2], dtype=dtype),
        ]
        with tf.Session() as session:
            return [t.shape for t in drawn], session.run(drawn), session.run(drawn)

    check_both(body, rtol=0.0)


def test_gamma_gradient() -> None:
    def body(tf: Any) -> Any:
        alpha, beta = tf.constant([0.3, 1.0, 4.0]), tf.constant([[1.0], [2.0]])
        drawn = tf.random_gamma([5], alpha, beta, seed=1)
        weights = tf.reshape(tf.cos(tf.range(30.0)), [5, 2, 3])
        with tf.Session() as session:
            return session.run(tf.gradients(drawn * weights, [alpha, beta]))

    check_both(body, rtol=2e-4, atol=1e-5)


def test_nodes() -> None:
    def body(tf: Any) -> Any:
        tf.random_gamma([3], [1.0, 2.0], beta=2.0, seed=1)
        tf.random_gamma(tf.constant([3]), tf.constant([1.0, 2.0]), name="own")
        tf.random_poisson([1.0, 2.0], [3])
        unknown = tf.random_gamma([2], tf.placeholder(tf.float32, [None, 3]))
        return graph_nodes(tf.get_default_graph()), unknown.shape

    check_both(body)


def test_parameters_out_of_range() -> None:
    def body(tf: Any) -> Any:
        drawn = tf.random_gamma([2], [-1.0, 2.0, 0.0], seed=1)
        with tf.Session() as session:
            return np.isnan(session.run(drawn))

    check_both(body)
    check_both_raise(lambda tf: tf.random_gamma([2], [1.0], dtype=tf.int32), match=None)
