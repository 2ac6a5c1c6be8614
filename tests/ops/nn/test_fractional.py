"""Fractional pooling against TensorFlow: its own boundaries for given seeds, values, gradients, nodes, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle
X = np.random.RandomState(3).randint(0, 5, [2, 10, 9, 2])  # few values: equal ones do occur
POOLS = ("fractional_max_pool", "fractional_avg_pool")


def _pool(tf: Any, name: str, *args: Any, **options: Any) -> Any:
    return {"fractional_max_pool": tf.nn.fractional_max_pool, "fractional_avg_pool": tf.nn.fractional_avg_pool}[name](
        *args, **options
    )


@pytest.mark.parametrize("pseudo_random", [False, True])
@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("name", POOLS)
def test_values_and_gradients(name: str, overlapping: bool, pseudo_random: bool) -> None:
    def body(tf: Any) -> Any:
        x = tf.constant(X, tf.float32)
        options = {"pseudo_random": pseudo_random, "overlapping": overlapping, "deterministic": True}
        pooled = _pool(tf, name, x, [1.0, 1.44, 1.73, 1.0], seed=5, seed2=9, **options)
        gradient = tf.gradients(pooled.output * np.linspace(1, 2, 2, dtype=np.float32), x)[0]
        with tf.Session() as session:
            first, second = session.run([pooled, gradient]), session.run(pooled.output)
        types = [op.type for op in x.graph.get_operations() if op.type.startswith("Fractional")]
        return tuple(first[0]), first[1], second, pooled.output.shape, types

    check_both(body, rtol=1e-5)


@pytest.mark.parametrize(("size", "ratio"), [(10, 1.44), (10, 1.73), (7, 2.0), (7, 1.2), (5, 1.0), (9, 3.3), (64, 1.1)])
def test_boundaries(size: int, ratio: float) -> None:
    def body(tf: Any) -> Any:
        image, found = np.zeros([1, size, size, 1], np.float32), []
        for seeds in ((1, 2), (5, 9), (0, 3)):
            for pseudo_random in (False, True):
                found.append(
                    tf.nn.fractional_max_pool(image, [1.0, ratio, ratio, 1.0], pseudo_random, False, True, *seeds)[1:]
                )
        return tf.Session().run([tuple(pair) for pair in found])

    check_both(body)


@pytest.mark.parametrize("dtype", ["int32", "int64", "float64"])
@pytest.mark.parametrize("name", POOLS)
def test_dtypes(name: str, dtype: str) -> None:
    def body(tf: Any) -> Any:
        x = tf.constant((X - 2).astype(dtype))
        pooled = _pool(tf, name, x, [1.0, 1.4, 1.4, 1.0], deterministic=True, seed=3)
        return tf.Session().run(pooled.output)

    check_both(body)


def test_nodes_and_unknown_sizes() -> None:
    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [3, 6, 7, 2])
        pooled = tf.nn.fractional_avg_pool(x, [1.0, 1.4, 1.4, 1.0], name="p")
        gradient = tf.gradients(pooled.output, x)
        unknown = tf.placeholder(tf.float32, [None, None, 7, 2])
        other = tf.nn.fractional_max_pool(unknown, [1.0, 1.4, 1.4, 1.0])
        gradient += tf.gradients(other.output, unknown)
        return graph_nodes(x.graph), pooled.output.shape, other.output.shape, [g.shape for g in gradient]

    check_both(body)


def test_windows_are_drawn_anew_in_every_run() -> None:
    import scopedjax as tf

    with tf.Graph().as_default(), tf.Session() as session:
        pooled = tf.nn.fractional_max_pool(np.zeros([1, 60, 60, 1], np.float32), [1.0, 1.5, 1.5, 1.0])
        fixed = tf.nn.fractional_max_pool(np.zeros([1, 60, 60, 1], np.float32), [1.0, 1.4, 1.4, 1.0], True, False, True)
        runs = [session.run([pooled[1:], fixed[1:]]) for _ in range(3)]
    for (rows, columns), _ in runs:
        assert set(np.diff(rows)) <= {1, 2} and rows[-1] == columns[-1] == 60 and len(rows) == 41
    assert not np.array_equal(runs[0][0][0], runs[1][0][0])
    assert np.array_equal(runs[0][1], runs[1][1]) and np.array_equal(runs[1][1], runs[2][1])


@pytest.mark.parametrize(
    "options",
    [
        {"pooling_ratio": [1.0, 0.9, 1.0, 1.0]},
        {"pooling_ratio": [1.0, 1.4, 1.4, 1.0], "seed": 1},
        {"value": np.zeros([2, 3, 3], np.float32), "pooling_ratio": [1.0, 1.4, 1.4, 1.0]},
        {"pooling_ratio": [1.0, 1.2]},
    ],
)
def test_errors(options: Any) -> None:
    def body(tf: Any) -> Any:
        return tf.Session().run(tf.nn.fractional_max_pool(**{"value": X.astype(np.float32), **options}).output)

    check_both_raise(body)
