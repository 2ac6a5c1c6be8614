"""Initial values are drawn ahead of the program, with the numbers that the program would draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scopedjax
from scopedjax._src.ops.random import ahead, distributions
from scopedjax._src.ops.random.philox import Stream
from tests import oracle

KERNELS = {
    "RandomUniform": distributions.uniform,
    "RandomStandardNormal": distributions.normal,
    "TruncatedNormal": distributions.truncated_normal,
}


@pytest.mark.parametrize("shape", [(7,), (), (0, 3), (130, 127), (3, 65536)], ids=str)
@pytest.mark.parametrize("op_type", KERNELS)
def test_pieces_join_to_the_stream(op_type: str, shape: tuple[int, ...]) -> None:
    stream = Stream(np.uint64(3), np.uint64(2**63 + 1), np.uint64(512))
    np.testing.assert_array_equal(
        ahead.draw(op_type, stream, shape, np.float32), KERNELS[op_type](np, stream, shape, np.float32)
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
@pytest.mark.parametrize("op_type", KERNELS)
def test_pieces_of_other_widths(op_type: str, dtype: Any) -> None:
    drawn = ahead.draw(op_type, Stream(1, 2, 3), (70_001,), dtype)
    assert drawn.dtype == dtype
    expected = KERNELS[op_type](np, Stream(1, 2, 3), (70_001,), dtype)
    # XLA's log, sin and cos in double precision differ from NumPy's by a unit in the last place.
    np.testing.assert_allclose(drawn, expected, rtol=1e-13 if dtype == np.float64 else 0)


def _truncated(tf: Any) -> Any:
    return tf.truncated_normal([40, 3], stddev=0.1, seed=3)


INITIAL: dict[str, Callable[[Any], Any]] = {
    "variable": lambda tf: tf.Variable(_truncated(tf)),
    "get_variable": lambda tf: tf.get_variable("v", [200, 100], initializer=tf.truncated_normal_initializer(seed=1)),
    "glorot": lambda tf: tf.get_variable("v", [20, 30], initializer=tf.glorot_uniform_initializer(seed=2)),
    "he": lambda tf: tf.get_variable("v", [20, 30], initializer=tf.variance_scaling_initializer(2.0, seed=2)),
    "large": lambda tf: tf.get_variable("v", [300, 301], initializer=tf.random_normal_initializer(1.0, 0.5, seed=2)),
    "float64": lambda tf: tf.Variable(tf.random_uniform([5], dtype=tf.float64, seed=1)),
}
IN_THE_PROGRAM: dict[str, Callable[[Any], Any]] = {
    "fetched": _truncated,
    "used in the model too": lambda tf: tf.Variable(w := _truncated(tf)) + tf.sin(w),
    "mask": lambda tf: tf.cast(tf.random_uniform([3], seed=2) > 0.5, tf.float32),
}


def _random_nodes(graph: Any) -> list[Any]:
    return [op for op in graph.get_operations() if op.type in KERNELS]


@pytest.mark.parametrize("call", INITIAL)
def test_initial_values_are_drawn_ahead(call: str) -> None:
    with scopedjax.Graph().as_default() as graph:
        INITIAL[call](scopedjax)
        (op,) = _random_nodes(graph)
        assert ahead.is_initial_value(op)
        assert op.record.is_host(op)


@pytest.mark.parametrize("call", IN_THE_PROGRAM)
def test_other_numbers_are_drawn_in_the_program(call: str) -> None:
    with scopedjax.Graph().as_default() as graph:
        IN_THE_PROGRAM[call](scopedjax)
        (op,) = _random_nodes(graph)
        assert not ahead.is_initial_value(op)


def test_what_a_graph_adds_later_counts() -> None:
    with scopedjax.Graph().as_default() as graph:
        drawn = _truncated(scopedjax)
        (op,) = _random_nodes(graph)
        assert not ahead.is_initial_value(op)
        scopedjax.Variable(drawn)
        assert ahead.is_initial_value(op)
        scopedjax.exp(drawn)
        assert not ahead.is_initial_value(op)


@pytest.mark.oracle
@pytest.mark.parametrize("call", INITIAL)
def test_numbers_of_initial_values(call: str) -> None:
    """The initializer run twice in a session, and in another session."""

    def body(tf: Any) -> Any:
        variable = INITIAL[call](tf)
        values = []
        for _ in range(2):
            with tf.Session() as session:
                for _ in range(2):
                    session.run(tf.global_variables_initializer())
                    values.append(session.run(variable))
        return values

    first, second, again, _ = oracle.check_both(body, rtol=3e-7, atol=1e-7)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)


@pytest.mark.oracle
def test_a_node_drawn_in_both_ways_goes_on_in_its_stream() -> None:
    """Fetched alone it is drawn in the program, as an initial value ahead of it: one stream."""

    def body(tf: Any) -> Any:
        drawn = tf.random_normal([6], seed=4)
        variable = tf.Variable(drawn)
        with tf.Session() as session:
            first = session.run(drawn)
            session.run(variable.initializer)
            return first, session.run(variable), session.run(drawn)

    oracle.check_both(body, rtol=3e-7, atol=1e-7)
