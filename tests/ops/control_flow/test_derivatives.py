"""Derivatives of loops: higher orders against the same steps written out, and open loops against plain JAX.

Real TensorFlow has no second derivative of a loop ("Second-order gradient for while loops not supported"), so there
the same steps are recorded one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.oracle import check_both


def _repeated(tf: Any, count: int, fed: bool, step: Callable[..., Any], start: list[Any]) -> tuple[list[Any], Any]:
    """`start` after `count` steps, and what to feed: a loop here, the steps written out in real TensorFlow."""
    if tf.__name__.startswith("tensorflow"):
        for i in range(count):
            start = step(i, *start)
        return start, {}
    n = tf.placeholder(tf.int32, []) if fed else count
    found = tf.while_loop(lambda i, *_: i < n, lambda i, *v: (i + 1, *step(i, *v)), [0, *start])
    return found[1:], {n: count} if fed else {}


@pytest.mark.oracle
@pytest.mark.parametrize(("count", "fed"), [(0, True), (3, True), (3, False)])
def test_second_derivative(count: int, fed: bool) -> None:
    def program(tf: Any) -> Any:
        x = tf.constant([0.7, -0.4])

        def step(i: Any, y: Any) -> list[Any]:
            return [tf.sin(y * 1.3) * x + 0.1 * y * y]

        (y,), feed = _repeated(tf, count, fed, step, [x * 1.0])
        first = tf.gradients(tf.reduce_sum(y * y), x)[0]
        second = tf.gradients(tf.reduce_sum(first * first), x)[0]
        return tf.Session().run([y, first, second], feed)

    check_both(program, rtol=1e-4, atol=1e-6)


@pytest.mark.oracle
def test_second_derivative_through_arrays() -> None:
    def program(tf: Any) -> Any:
        x = tf.constant([[0.7, -0.4], [0.2, 0.3], [0.5, 0.1]])
        if tf.__name__.startswith("tensorflow"):
            h, rows = tf.zeros([2]), []
            for row in tf.unstack(x):
                h = tf.tanh(h * 0.5 + row)
                rows.append(h * h)
            y, feed = tf.stack(rows), {}
        else:
            n = tf.placeholder(tf.int32, [])
            inputs = tf.TensorArray(tf.float32, 3).unstack(x)

            def step(i: Any, h: Any, out: Any) -> Any:
                h = tf.tanh(h * 0.5 + inputs.read(i))
                return i + 1, h, out.write(i, h * h)

            start = [0, tf.zeros([2]), tf.TensorArray(tf.float32, 3)]
            y, feed = tf.while_loop(lambda i, *_: i < n, step, start)[2].stack(), {n: 3}
        first = tf.gradients(tf.reduce_sum(y * y), x)[0]
        second = tf.gradients(tf.reduce_sum(first * first), x)[0]
        return tf.Session().run([y, first, second], feed)

    check_both(program, rtol=1e-4, atol=1e-6)


# --------------------------------------------------------------------------------------------- open loops, in JAX


def _looped(x: Any, w: Any, n: Any) -> Any:
    from scopedjax._src.ops.control_flow.open_loop import open_loop

    def step(c: list[Any], v: list[Any], s: list[Any]) -> tuple[list[Any], list[Any]]:
        y = jnp.sin(v[1] * c[0]) + 0.1 * v[1]
        return [v[0] + 1, y], [s[0].at[v[0] % 8].set(y * y), s[1] + y]

    start, sums = [jnp.int32(0), x], [jnp.zeros(8), jnp.zeros([])]
    (_, y), (a, t) = open_loop(lambda c, v: v[0] < c[1], step, [w, n], start, sums)
    return y + 0.3 * jnp.sum(a * jnp.arange(8.0)) + t


def _written_out(x: Any, w: Any, n: int) -> Any:
    y, t, a = x, 0.0, [0.0] * 8
    for i in range(n):
        y = jnp.sin(y * w) + 0.1 * y
        a[i % 8] = y * y
        t = t + y
    return y + 0.3 * sum(v * float(j) for j, v in enumerate(a)) + t


@pytest.mark.parametrize("slots", [4, 1024])
def test_trails_of_every_length(slots: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few slots: the trail is thinned many times, and stretches are longer than the second trail."""
    from scopedjax._src.ops.control_flow import open_loop

    monkeypatch.setattr(open_loop, "_MOST_SLOTS", slots)
    monkeypatch.setattr(open_loop, "_LEAST_SLOTS", 2)
    with jax.enable_x64(True):
        found = jax.jit(jax.value_and_grad(_looped, argnums=(0, 1)))
        x, w = jnp.float64(0.7), jnp.float64(1.3)
        for n in (0, 1, 3, 4, 5, 8, 9, 17, 40) if slots == 4 else (0, 1, 9):
            wanted = jax.value_and_grad(_written_out, argnums=(0, 1))(x, w, n)
            np.testing.assert_allclose(jax.tree.leaves(found(x, w, n)), jax.tree.leaves(wanted), rtol=1e-9)


def test_a_loop_without_a_gradient_keeps_no_trail() -> None:
    jaxpr = str(jax.make_jaxpr(_looped)(0.7, 1.3, 5))
    assert "f32[1024]" not in jaxpr and jaxpr.count("while[") == 1


@pytest.mark.oracle
def test_variables_that_the_loop_changes() -> None:
    """Each read is differentiated by the variable; an assignment hands nothing back, and is not made twice."""

    def program(tf: Any) -> Any:
        v = tf.Variable([0.75, -0.5], use_resource=True)
        u = tf.Variable([0.5, -0.5], use_resource=True)
        if tf.__name__.startswith("tensorflow"):
            shift, a, now, feed = tf.zeros([2]), v * 1.0, u * 1.0, {}
            for _ in range(3):
                shift += tf.stop_gradient(a * 0.1)
                now = u + shift
                a = tf.tanh(a + now)
        else:
            n = tf.placeholder(tf.int32, [])

            def body(i: Any, a: Any) -> Any:
                with tf.control_dependencies([u.assign_add(a * 0.1)]):
                    return i + 1, tf.tanh(a + u.read_value())

            a = tf.while_loop(lambda i, _: i < n, body, [0, v * 1.0], parallel_iterations=1)[1]
            with tf.control_dependencies([a]):
                now = u.read_value()
            feed = {n: 3}
        first = tf.gradients(tf.reduce_sum(a), [v, u])
        second = tf.gradients(tf.reduce_sum(tf.sin(first[0])), [v, u])
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return session.run([a, now, first, second], feed)

    check_both(program, rtol=1e-4, atol=1e-6)


@pytest.mark.oracle
def test_second_derivative_draws_the_same_numbers() -> None:
    def program(tf: Any) -> Any:
        tf.set_random_seed(1)
        x = tf.constant([0.5, -0.3])
        noise = lambda: tf.random_normal([2], seed=3)
        if tf.__name__.startswith("tensorflow"):
            y = tf.sin(x * noise())
        else:
            y = tf.while_loop(lambda i, a: i < 1, lambda i, a: (i + 1, tf.sin(a * noise())), [0, x])[1]
        first = tf.gradients(tf.reduce_sum(y), x)[0]
        second = tf.gradients(tf.reduce_sum(tf.sin(first)), x)[0]
        return tf.Session().run([y, first, second])

    check_both(program, rtol=1e-4, atol=1e-6)
