"""Loops and branches with nodes that run in Python, or with gradients of their own; GraphDefs of loops."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle
BODIES: list[Callable[[Any], Any]] = []
_NUMBERS = itertools.count()


def body(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Adds a program that must give the same results on both sides."""
    BODIES.append(function)
    return function


def halved(tf: Any) -> Callable[[Any], Any]:
    """The identity with half its gradient."""

    @tf.custom_gradient
    def function(x: Any) -> Any:
        return tf.identity(x), lambda dy: dy * 0.5

    return function


@body
def python_function(tf: Any) -> Any:
    x = tf.constant(2.0)

    def step(i: Any, y: Any) -> Any:
        z = tf.py_func(lambda v: np.float32(v * 2), [y], tf.float32)
        z.set_shape([])
        return i + 1, z + y * x

    _, y = tf.while_loop(lambda i, y: i < 3, step, [0, 1.0])
    return tf.Session().run([y, *tf.gradients(y, x)])


@body
def assertion_holds(tf: Any) -> Any:
    x, n = tf.constant(2.0), tf.placeholder(tf.int32, [])
    v = tf.Variable(1.0)

    def step(i: Any, y: Any) -> Any:
        with tf.control_dependencies([tf.Assert(y < 100.0, [y]), v.assign_add(1.0)]):
            return i + 1, y * x

    _, y = tf.while_loop(lambda i, y: i < n, step, [0, 1.0])
    grad = tf.gradients(y, x)[0]
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    return [sess.run([y, grad], {n: k}) for k in (3, 0)], sess.run(v)


@body
def strings_that_grow(tf: Any) -> Any:
    n = tf.placeholder(tf.int32, [])
    _, t = tf.while_loop(
        lambda i, t: i < n,
        lambda i, t: (i + 1, tf.concat([t, [tf.as_string(i)]], 0)),
        [0, tf.constant(["a"])],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])],
    )
    sess = tf.Session()
    return [sess.run(t, {n: k}) for k in (3, 0)]


@body
def arrays_on_both_sides(tf: Any) -> Any:
    n = tf.placeholder(tf.int32, [])
    start = [0, tf.TensorArray(tf.float32, 0, dynamic_size=True), tf.TensorArray(tf.string, 5), tf.constant("")]

    def step(i: Any, numbers: Any, words: Any, s: Any) -> Any:
        s = tf.string_join([s, "x"])
        return i + 1, numbers.write(i, tf.cast(i, tf.float32) * 2.0), words.write(i, s), s

    _, numbers, words, s = tf.while_loop(lambda i, *_: i < n, step, start)
    return tf.Session().run([numbers.stack(), words.stack(), s], {n: 5})


@body
def float64_arrays(tf: Any) -> Any:
    x, n = tf.constant(1.0 / 3.0, tf.float64), tf.placeholder(tf.int32, [])

    def step(i: Any, out: Any) -> Any:
        with tf.control_dependencies([tf.Assert(i < 100, [i])]):
            return i + 1, out.write(i, x * tf.cast(i, tf.float64))

    _, out = tf.while_loop(lambda i, _: i < n, step, [0, tf.TensorArray(tf.float64, 0, dynamic_size=True)])
    y = out.stack()
    return tf.Session().run([y, *tf.gradients(tf.reduce_sum(y * y), x)], {n: 4})


@body
def masks_inside(tf: Any) -> Any:
    x = tf.constant([1.0, -2.0, 3.0, -4.0])
    _, t = tf.while_loop(
        lambda i, t: i < 3, lambda i, t: (i + 1, t + tf.reduce_sum(tf.boolean_mask(x, x > t))), [0, 0.0]
    )
    return tf.Session().run([t, *tf.gradients(t, x)])


@body
def dropout_on_the_host(tf: Any) -> Any:
    tf.set_random_seed(5)
    v = tf.Variable(np.full([3, 3], 0.5, np.float32))

    def step(i: Any, h: Any) -> Any:
        with tf.control_dependencies([tf.Assert(i < 100, [i])]):
            return i + 1, tf.nn.dropout(tf.tanh(tf.matmul(h, v)), 0.7)

    _, h = tf.while_loop(lambda i, h: i < 3, step, [0, tf.ones([2, 3])], parallel_iterations=1)
    loss = tf.reduce_sum(h * h)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    return [sess.run([loss, train])[0] for _ in range(2)], sess.run(v)


@body
def own_gradient_in_a_loop(tf: Any) -> Any:
    half, x, n = halved(tf), tf.constant(2.0), tf.placeholder(tf.int32, [])
    _, y = tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, half(y) * x), [0, 1.0])
    grad = tf.gradients(y, x)[0]
    sess = tf.Session()
    return [sess.run([y, grad], {n: k}) for k in (0, 1, 3)]


@body
def own_gradient_in_a_map(tf: Any) -> Any:
    half, x, w = halved(tf), tf.placeholder(tf.float32, [None]), tf.constant(3.0)
    y = tf.map_fn(lambda v: half(v * w) * v, x)
    z = tf.scan(lambda a, v: half(v * w) * a, x, initializer=1.5)
    return tf.Session().run([y, z, tf.gradients(y, [x, w]), tf.gradients(z, [x, w])], {x: [1.0, 2.0, 3.0]})


@body
def own_gradient_in_a_branch(tf: Any) -> Any:
    name = f"Tenfold{next(_NUMBERS)}{tf.__name__}"
    tf.RegisterGradient(name)(lambda op, grad: grad * 10.0)
    x = tf.placeholder(tf.float32, [])

    def branch() -> Any:
        with tf.get_default_graph().gradient_override_map({"Identity": name}):
            return tf.identity(x) * x

    y = tf.cond(x > 0.0, branch, lambda: x * 2.0)
    grad = tf.gradients(y, x)[0]
    sess = tf.Session()
    return [sess.run([y, grad], {x: v}) for v in (3.0, -1.0)]


@body
def assertion_in_a_branch(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [])

    def branch() -> Any:
        with tf.control_dependencies([tf.Assert(x < 10.0, [x])]):
            return x * x

    y = tf.cond(x > 0.0, branch, lambda: x * 2.0)
    grad = tf.gradients(y, x)[0]
    sess = tf.Session()
    return [sess.run([y, grad], {x: v}) for v in (3.0, -1.0)]


def _moved(tf: Any, record: Callable[[Any, Any], Any], counts: tuple[int, ...]) -> Any:
    """The value and the gradient of `record(x, n)` after its graph went through a GraphDef."""
    graph = tf.Graph()
    with graph.as_default():
        x, n = tf.placeholder(tf.float32, [], name="x"), tf.placeholder(tf.int32, [], name="n")
        y = record(x, n)
        tf.identity(y, name="y")
        tf.identity(tf.gradients(tf.reduce_sum(y), x)[0], name="grad")
    with tf.Graph().as_default():
        wanted = tf.import_graph_def(graph.as_graph_def(), return_elements=["y:0", "grad:0"], name="moved")
        sess = tf.Session()
        return [sess.run(wanted, {"moved/x:0": 1.5, "moved/n:0": k}) for k in counts]


@body
def moved_loop(tf: Any) -> Any:
    def record(x: Any, n: Any) -> Any:
        def step(i: Any, y: Any, out: Any) -> Any:
            return [i + 1, tf.cond(y > 3.0, lambda: y, lambda: y * x), out.write(i, y)]

        start = [0, 1.0, tf.TensorArray(tf.float32, 0, dynamic_size=True)]
        return tf.while_loop(lambda i, *_: i < n, step, start, maximum_iterations=20)[2].stack()

    return _moved(tf, record, (0, 3, 6))


@body
def moved_loop_of_the_host(tf: Any) -> Any:
    def record(x: Any, n: Any) -> Any:
        def step(i: Any, y: Any) -> Any:
            with tf.control_dependencies([tf.Assert(i < 100, [i])]):
                return i + 1, y * x

        return tf.while_loop(lambda i, y: i < n, step, [0, 1.0])[1]

    return _moved(tf, record, (0, 3))


@pytest.mark.parametrize("program", BODIES, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    check_both(program, rtol=1e-4, atol=1e-6)


def test_assertion_fails() -> None:
    def program(tf: Any) -> Any:
        def step(i: Any, y: Any) -> Any:
            with tf.control_dependencies([tf.Assert(y < 10.0, [y])]):
                return i + 1, y * 2.0

        return tf.Session().run(tf.while_loop(lambda i, y: i < 10, step, [0, 1.0]))

    check_both_raise(program)
