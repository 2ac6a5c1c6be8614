"""Moving averages against real TensorFlow: values, names, nodes, collections."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import Raised, assert_same, both, check_both, check_both_raise, graph_nodes

Make = Callable[[Any, Any, Any], tuple[Any, Callable[[], Any]]]


def averages(tf: Any) -> Any:
    """The module of `assign_moving_average`, which has no public page."""
    theirs = tf.__name__.startswith("tensorflow")
    return importlib.import_module(
        "tensorflow.python.training.moving_averages" if theirs else "scopedjax._src.lib.train.moving_averages"
    )


def watching(**options: Any) -> Make:
    """`ExponentialMovingAverage` of a variable and a tensor."""

    def make(tf: Any, w: Any, count: Any) -> tuple[Any, Callable[[], Any]]:
        given = {k: count if k == "num_updates" else v for k, v in options.items()}
        ema = tf.train.ExponentialMovingAverage(0.9, **given)
        doubled = tf.multiply(w, 2.0, name="doubled")
        step = ema.apply([w, doubled])

        def seen() -> Any:
            return {
                "step": step.name,
                "name": ema.name,
                "names": [ema.average_name(v) for v in (w, doubled, count)],
                "averages": [ema.average(v).name for v in (w, doubled)],
                "none": ema.average(count) is None,
                "restore": {k: v.name for k, v in ema.variables_to_restore().items()},
                "restore some": {k: v.name for k, v in ema.variables_to_restore([count]).items()},
            }

        return step, seen

    return make


def assigning(zero_debias: bool, times: int = 1, decay: Callable[[Any], Any] = lambda tf: 0.8) -> Make:
    """`assign_moving_average` on a variable of one's own."""

    def make(tf: Any, w: Any, count: Any) -> tuple[Any, Callable[[], Any]]:
        del count
        mean = tf.Variable([0.0, 0.0], name="mean", trainable=False)
        for i in range(times):
            step = averages(tf).assign_moving_average(mean, w * (i + 1.0), decay(tf), zero_debias=zero_debias)
        return step, lambda: step.name

    return make


def weighted(tf: Any, w: Any, count: Any) -> tuple[Any, Callable[[], Any]]:
    """`weighted_moving_average`."""
    del count
    mean = averages(tf).weighted_moving_average(w, 0.8, tf.abs(w))
    return mean, lambda: mean.name


CASES: dict[str, Make] = {
    "plain": watching(),
    "num_updates": watching(num_updates=True),
    "zero_debias": watching(zero_debias=True),
    "named": watching(num_updates=True, name="shadow"),
    "assign": assigning(False),
    "assign_debiased": assigning(True),
    "assign_by_tensor": assigning(True, decay=lambda tf: tf.constant(0.8)),
    "assign_twice": assigning(True, times=2),
    "weighted": weighted,
}


def program(tf: Any, name: str) -> dict[str, Any]:
    """Moves a variable and averages it, six times."""
    w = tf.Variable([1.0, 2.0], name="w")
    count = tf.Variable(0, name="count", trainable=False)
    move = tf.group(w.assign_add([0.5, -0.25]), count.assign_add(1))
    with tf.control_dependencies([move]):
        step, seen = CASES[name](tf, w, count)
    values = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(6):
            sess.run(step)
            values.append(sess.run(tf.global_variables()))
    return {
        "values": values,
        "seen": seen(),
        "global": [v.name for v in tf.global_variables()],
        "trainable": [v.name for v in tf.trainable_variables()],
        "averaged": [v.name for v in tf.moving_average_variables()],
        # a conditional reads the initial value; its inside is another structure here
        "nodes": [n for n in graph_nodes(tf.get_default_graph()) if "cond" not in n[0] and "IsVar" not in n[0]],
    }


@pytest.mark.parametrize("name", CASES)
def test_program(name: str) -> None:
    theirs, ours = both(program, name)
    assert not isinstance(theirs, Raised), theirs
    assert_same(theirs, ours)


def test_training_with_averages() -> None:
    """The usual program: train, average after each step, evaluate with the averages, go back."""

    def body(tf: Any) -> Any:
        w = tf.get_variable("w", initializer=[1.0, -3.0])
        step = tf.train.get_or_create_global_step()
        train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(w * w), global_step=step)
        ema = tf.train.ExponentialMovingAverage(0.99, step)
        with tf.control_dependencies([train]):
            both_steps = ema.apply()
        swap = tf.assign(w, ema.average(w))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            found = [[sess.run(both_steps), sess.run([w, ema.average(w), step])] for _ in range(5)]
            return found, sess.run(swap), sess.run(w)

    check_both(body)


def test_average_of_an_initial_value_that_needs_another_variable() -> None:
    def body(tf: Any) -> Any:
        first = tf.Variable([2.0, 3.0], name="first")
        second = tf.Variable(first.initialized_value() * 2.0, name="second")
        ema = tf.train.ExponentialMovingAverage(0.5)
        step = ema.apply([second])
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(step)
            return sess.run(ema.average(second))

    check_both(body)


def test_integers_have_no_average() -> None:
    check_both_raise(
        lambda tf: tf.train.ExponentialMovingAverage(0.9).apply([tf.Variable(1, name="i")]),
        match="The variables must be half, float, or double",
    )
