"""Learning-rate schedules against real TensorFlow: the rate at each step, and the nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import Raised, assert_same, both, check_both_raise, graph_nodes

Schedule = Callable[[Any, Any], Any]

SCHEDULES: dict[str, Schedule] = {
    "exponential": lambda tf, g: tf.train.exponential_decay(0.1, g, 10, 0.9),
    "exponential_staircase": lambda tf, g: tf.train.exponential_decay(0.1, g, 4, 0.9, staircase=True),
    "exponential_float64": lambda tf, g: tf.train.exponential_decay(tf.constant(0.1, tf.float64), g, 10, 0.9, name="E"),
    "exponential_tensors": lambda tf, g: tf.train.exponential_decay(0.1, g, tf.constant(4.0), tf.constant(0.5)),
    "natural": lambda tf, g: tf.train.natural_exp_decay(0.1, g, 10, 0.5),
    "natural_staircase": lambda tf, g: tf.train.natural_exp_decay(0.1, g, 3, 0.5, True, "N"),
    "inverse": lambda tf, g: tf.train.inverse_time_decay(0.1, g, 10, 0.5),
    "inverse_staircase": lambda tf, g: tf.train.inverse_time_decay(0.1, g, 3, 0.5, True),
    "polynomial": lambda tf, g: tf.train.polynomial_decay(0.1, g, 10),
    "polynomial_cycle": lambda tf, g: tf.train.polynomial_decay(0.1, g, 4, 0.01, 2.0, cycle=True),
    "cosine": lambda tf, g: tf.train.cosine_decay(0.1, g, 6, 0.1),
    "cosine_named": lambda tf, g: tf.train.cosine_decay(0.1, g, 6, name="C"),
    "restarts": lambda tf, g: tf.train.cosine_decay_restarts(0.1, g, 3),
    "restarts_equal": lambda tf, g: tf.train.cosine_decay_restarts(0.1, g, 3, t_mul=1.0, m_mul=0.9, alpha=0.1),
    "linear_cosine": lambda tf, g: tf.train.linear_cosine_decay(0.1, g, 6),
    "linear_cosine_waves": lambda tf, g: tf.train.linear_cosine_decay(0.1, g, 6, 1.0, 0.2, 0.01),
    "noisy_linear_cosine": lambda tf, g: tf.train.noisy_linear_cosine_decay(0.1, g, 6),
    "piecewise": lambda tf, g: tf.train.piecewise_constant(g, [2, 5], [0.1, 0.01, 0.001]),
    "piecewise_one": lambda tf, g: tf.train.piecewise_constant(g, [5], [0.1, 0.01]),
    "piecewise_decay": lambda tf, g: tf.train.piecewise_constant_decay(g, [2, 5, 7], [1.0, 0.5, 0.2, 0.1], name="P"),
    "piecewise_integers": lambda tf, g: tf.train.piecewise_constant(g, [2, 5], [10, 20, 30]),
}


def rates(tf: Any, name: str, step_dtype: str) -> dict[str, Any]:
    """The rates of the first 13 steps."""
    tf.set_random_seed(3)
    if step_dtype == "variable":
        step = tf.Variable(0, name="step", trainable=False)
    else:
        step = tf.placeholder(getattr(tf, step_dtype), [], name="step")
    rate = SCHEDULES[name](tf, step)
    with tf.Session() as sess:
        found = [sess.run(rate, {step: i}) for i in range(13)]
    return {
        "rates": found,
        "name": rate.name,
        "dtype": rate.dtype,
        "shape": rate.shape,
        "nodes": [n for n in graph_nodes(tf.get_default_graph()) if not ("/cond/" in n[0] or "/case/" in n[0])],
    }


@pytest.mark.parametrize("step_dtype", ["variable", "int64"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule(name: str, step_dtype: str) -> None:
    theirs, ours = both(rates, name, step_dtype)
    assert not isinstance(theirs, Raised), theirs
    if not isinstance(ours, Raised) and name.startswith("piecewise"):
        # A selection has no use for the second comparison of each piece.
        for side in (theirs, ours):
            side["nodes"] = [n for n in side["nodes"] if n[1] not in ("Greater", "LessEqual", "LogicalAnd")]
    # XLA divides by a constant as multiplication by its inverse: 1 - 10 / 10 is then 1.5e-8.
    assert_same(theirs, ours, rtol=2e-6, atol=2e-9)


def boundaries_of_other_dtype(tf: Any) -> Any:
    return tf.train.piecewise_constant(tf.constant(1), [1.0, 2.0], [1.0, 2.0, 3.0])


def values_of_two_dtypes(tf: Any) -> Any:
    return tf.train.piecewise_constant(tf.constant(1), [1, 2], [1.0, 2, 3.0])


@pytest.mark.parametrize("program", [boundaries_of_other_dtype, values_of_two_dtypes])
def test_dtypes_that_differ(program: Callable[[Any], Any]) -> None:
    check_both_raise(program, match="same dtype")


@pytest.mark.parametrize("name", [n for n in SCHEDULES if not n.startswith("piecewise")])
def test_no_step(tf: Any, name: str) -> None:
    with pytest.raises(ValueError, match="global_step is required"):
        SCHEDULES[name](tf, None)


def test_as_many_values_as_pieces(tf: Any) -> None:
    with pytest.raises(ValueError, match="1 less than the length of values"):
        tf.train.piecewise_constant(tf.constant(1), [1, 2], [1.0, 2.0])
