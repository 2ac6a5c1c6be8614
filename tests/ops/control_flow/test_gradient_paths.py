"""Which gradients through branches and loops are None, which are zeros: as TensorFlow's, case by case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both

Case = Callable[[Any, list[Any], Any], Any]


def _two(tf: Any, w: list[Any], n: Any, step: Callable[[Any, Any], Any]) -> list[Any]:
    """A loop over two variables that start with w[2] and w[3]."""
    return tf.while_loop(lambda i, a, b: i < n, lambda i, a, b: (i + 1, *step(a, b)), [0, w[2] * 1.0, w[3] * 1.0])[1:]


def apart(tf: Any, w: list[Any], n: Any) -> Any:
    return _two(tf, w, n, lambda a, b: (a * w[0], b * w[1]))[0]


def other_feeds_this(tf: Any, w: list[Any], n: Any) -> Any:
    return _two(tf, w, n, lambda a, b: (a * w[0] + b, b * w[1]))[0]


def other_feeds_this_stopped(tf: Any, w: list[Any], n: Any) -> Any:
    return _two(tf, w, n, lambda a, b: (a * w[0] + tf.stop_gradient(b), b * w[1]))[0]


def this_feeds_other(tf: Any, w: list[Any], n: Any) -> Any:
    return _two(tf, w, n, lambda a, b: (a * w[0], b * w[1] + a))[0]


def step_stopped(tf: Any, w: list[Any], n: Any) -> Any:
    return _two(tf, w, n, lambda a, b: (tf.stop_gradient(a * w[0]), b * w[1]))[0]


def other_behind_a_stop(tf: Any, w: list[Any], n: Any) -> Any:
    a, b = _two(tf, w, n, lambda a, b: (a * w[0], b * w[1]))
    return a + tf.stop_gradient(b)


def all_behind_a_stop(tf: Any, w: list[Any], n: Any) -> Any:
    return tf.stop_gradient(_two(tf, w, n, lambda a, b: (a * w[0], b * w[1]))[0]) + w[0]


def captured_behind_a_stop(tf: Any, w: list[Any], n: Any) -> Any:
    return _two(tf, w, n, lambda a, b: (a * tf.stop_gradient(w[0]), b))[0]


def only_tested(tf: Any, w: list[Any], n: Any) -> Any:
    return tf.while_loop(lambda a: a < w[0] + 10.0, lambda a: a * w[1], [w[2] * 1.0])


def through_integers(tf: Any, w: list[Any], n: Any) -> Any:
    return tf.while_loop(
        lambda i, a: i < n, lambda i, a: (i + 1 + tf.cast(w[0] * 0.0, tf.int32), a * w[1]), [0, w[2] * 1.0]
    )[1]


def kept(tf: Any, w: list[Any], n: Any) -> Any:
    return _two(tf, w, n, lambda a, b: (a * b, b))[0]


def branch_in_a_loop(tf: Any, w: list[Any], n: Any) -> Any:
    return _two(tf, w, n, lambda a, b: tf.cond(n > 1, lambda: [a * w[0], b * w[1]], lambda: [a, b * w[2]]))[0]


def loop_in_a_branch(tf: Any, w: list[Any], n: Any) -> Any:
    return tf.cond(
        n > 1, lambda: tuple(_two(tf, w, n, lambda a, b: (a * w[0], b * w[1]))), lambda: (w[0] * 1.0, w[3] * 1.0)
    )[0]


def loop_in_a_loop(tf: Any, w: list[Any], n: Any) -> Any:
    def body(i: Any, a: Any, b: Any) -> Any:
        _, a, b = tf.while_loop(lambda i, a, b: i < n, lambda i, a, b: (i + 1, a * w[0], b * w[1]), [0, a, b])
        return i + 1, a, b * w[2]

    return tf.while_loop(lambda i, a, b: i < n, body, [0, 1.0, w[3] * 1.0])[1]


def outputs_of_a_branch(tf: Any, w: list[Any], n: Any) -> Any:
    return tf.cond(n > 1, lambda: [w[0] * 2.0, w[1] * 2.0], lambda: [w[2] * 1.0, w[3] * 1.0])[0]


def stop_in_a_branch(tf: Any, w: list[Any], n: Any) -> Any:
    return tf.cond(n > 1, lambda: [tf.stop_gradient(w[0]) * 2.0, w[1] * 2.0], lambda: [w[2] * 1.0, w[3] * 1.0])[0]


def mapped(tf: Any, w: list[Any], n: Any) -> Any:
    return tf.map_fn(lambda e: (e * w[0], e * w[1]), tf.stack([w[2], w[2]]), dtype=(tf.float32, tf.float32))[0]


def mapped_unused(tf: Any, w: list[Any], n: Any) -> Any:
    return tf.map_fn(lambda e: (w[0], e * w[1]), tf.stack([w[2], w[2]]), dtype=(tf.float32, tf.float32))[0]


def scanned(tf: Any, w: list[Any], n: Any) -> Any:
    start = (tf.constant(1.0), w[3] * 1.0)
    return tf.scan(lambda s, e: (s[0] * e * w[0], s[1] * w[1]), tf.stack([w[2], w[2]]), initializer=start)[0]


def arrays(tf: Any, w: list[Any], n: Any) -> Any:
    ta, tb = (tf.TensorArray(tf.float32, 3) for _ in range(2))
    return tf.while_loop(
        lambda i, *_: i < 3,
        lambda i, a, ta, tb: (i + 1, a * w[0], ta.write(i, a), tb.write(i, a * w[1])),
        [0, w[2] * 1.0, ta, tb],
    )[2].stack()


CASES: tuple[Case, ...] = (
    apart, other_feeds_this, other_feeds_this_stopped, this_feeds_other, step_stopped, other_behind_a_stop,
    all_behind_a_stop, captured_behind_a_stop, only_tested, through_integers, kept, branch_in_a_loop, loop_in_a_branch,
    loop_in_a_loop, outputs_of_a_branch, stop_in_a_branch, mapped, mapped_unused, scanned, arrays,
)  # fmt: skip


@pytest.mark.oracle
def test_none_and_zeros() -> None:
    def program(tf: Any) -> Any:
        w = [tf.Variable(float(i + 1), use_resource=i == 1) for i in range(4)]
        n = tf.constant(3)
        found = {case.__name__: tf.gradients(case(tf, w, n), w) for case in CASES}
        return {name: [g is None for g in grads] for name, grads in found.items()}

    check_both(program)


@pytest.mark.oracle
@pytest.mark.parametrize("case", [other_feeds_this_stopped, kept, branch_in_a_loop, loop_in_a_loop, scanned, arrays])
def test_values(case: Case) -> None:
    def program(tf: Any) -> Any:
        w = [tf.Variable(float(i + 1), use_resource=i == 1) for i in range(4)]
        grads = tf.gradients(case(tf, w, tf.constant(3)), w)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return session.run([g for g in grads if g is not None])

    check_both(program)


@pytest.mark.oracle
def test_optimizer_leaves_alone_what_does_not_reach_the_loss() -> None:
    """Adam moves a variable whose gradient is zero on by its momentum, and makes no slots for one that has none."""

    def program(tf: Any) -> Any:
        w = [tf.Variable(float(i + 1)) for i in range(4)]
        loss = tf.square(apart(tf, w, tf.constant(2)))
        optimizer = tf.train.AdamOptimizer(0.1)
        pairs = optimizer.compute_gradients(loss, w)
        train = optimizer.apply_gradients(pairs)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            session.run(train)
            return [g is None for g, _ in pairs], [v.name for v in tf.global_variables()], session.run(w)

    check_both(program)


@pytest.mark.oracle
def test_what_nothing_needs_is_not_taken() -> None:
    """A node of a body that nothing of the result needs does not make the loop wait for what it takes."""

    def program(tf: Any) -> Any:
        count = tf.Variable(0.0, use_resource=True)
        x = tf.placeholder_with_default(1.0, [])
        with tf.control_dependencies([count.assign_add(1.0)]):
            counted = tf.identity(x)

        def step(i: Any, v: Any) -> Any:
            tf.sin(counted)
            return i + 1, v * 2.0

        looped = tf.while_loop(lambda i, v: i < 3, step, [0, x])[1]
        chosen = tf.cond(x > 0.0, lambda: (tf.sin(counted), x)[1], lambda: (count.assign(9.0), -x)[1])
        mapped = tf.map_fn(lambda e: (tf.sin(counted), e * x)[1], tf.stack([x, x]))
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            values = session.run([looped, chosen, mapped])
            return values, session.run(count), [g is None for g in tf.gradients([looped, chosen], [counted, x])]

    check_both(program)


@pytest.mark.oracle
def test_names_in_bodies() -> None:
    def program(tf: Any) -> Any:
        x, seen = tf.constant(np.ones([3, 2], np.float32)), []

        def noted(tensor: Any) -> Any:
            seen.append(tensor.name)
            return tensor

        start = tf.zeros([2])
        tf.map_fn(lambda e: noted(tf.identity(noted(e + 1.0))), x)
        tf.map_fn(lambda e: (noted(tf.identity(e)), noted(e - 2.0)), x, dtype=(tf.float32, tf.float32))
        tf.scan(lambda a, e: noted(tf.identity(noted(a + noted(e + 1.0)))), x, initializer=start)
        tf.scan(lambda a, e: noted(tf.cast(noted(e >= 1.0), tf.float32) - noted(a)), x, start, reverse=True)
        tf.foldl(lambda a, e: noted(tf.identity(noted(a + noted(e + 1.0)))), x, initializer=start)
        tf.foldr(lambda a, e: noted(tf.cast(noted(e < 1.0), tf.float32) - noted(a)), x, initializer=start)
        return seen

    check_both(program)
