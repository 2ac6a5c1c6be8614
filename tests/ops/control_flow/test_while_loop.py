"""`tf.while_loop` against real TensorFlow: values, first gradients, names, shapes, errors, for every form of a loop."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import both, check_both, check_both_raise

pytestmark = pytest.mark.oracle
BODIES: list[Callable[[Any], Any]] = []
Pair = collections.namedtuple("Pair", "a b")


def body(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Adds a program that must give the same results on both sides."""
    BODIES.append(function)
    return function


def ready(tf: Any) -> Any:
    """A session with initialized variables."""
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


# ------------------------------------------------------------------------------------------------------- the count


@body
def fibonacci(tf: Any) -> Any:
    n = tf.placeholder(tf.int32, [])
    result = tf.while_loop(lambda i, a, b: i < n, lambda i, a, b: (i + 1, b, a + b), [0, 0, 1])
    with tf.Session() as sess:
        return [sess.run(result, {n: k}) for k in (0, 1, 2, 20)], [t.name for t in result]


@body
def power_by_a_fed_count(tf: Any) -> Any:
    n, x = tf.placeholder(tf.int32, []), tf.constant(1.1)
    i, y = tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y * x), [0, 1.0])
    grad = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        return [sess.run([i, y, grad], {n: k}) for k in (0, 1, 2, 5, 30)]


@body
def power_by_a_known_count(tf: Any) -> Any:
    x = tf.constant(1.1)
    found = [
        tf.while_loop(lambda i, y, n=n: i < n, lambda i, y: (i + 1, y * x), [0, 1.0])[1] for n in (0, 1, 7)
    ]  # fmt: skip
    return tf.Session().run([found, [tf.gradients(y + x, x) for y in found]])


@body
def newton(tf: Any) -> Any:
    a = tf.placeholder(tf.float64, [])
    (y,) = tf.while_loop(
        lambda y: tf.abs(y * y - a) > 1e-12,
        lambda y: [0.5 * (y + a / y)],
        [tf.constant(1.0, tf.float64)],
        return_same_structure=True,
    )
    grad = tf.gradients(y, a)[0]
    with tf.Session() as sess:
        return [sess.run([y, grad], {a: v}) for v in (1.0, 2.0, 9.0)]


@body
def maximum_iterations(tf: Any) -> Any:
    x, most = tf.placeholder(tf.float32, []), tf.placeholder(tf.int32, [])
    known = tf.while_loop(lambda i, x: x < 10.0, lambda i, x: [i + 1, x * 2.0], [0, x], maximum_iterations=5)
    single = tf.while_loop(lambda x: x < 10.0, lambda x: x * 2.0, [x], maximum_iterations=3)
    fed = tf.while_loop(lambda x: x < 10.0, lambda x: x * 2.0, [x], maximum_iterations=most)
    grads = [tf.gradients(y, x)[0] for y in (known[1], single, fed)]
    with tf.Session() as sess:
        found = [sess.run([known, single, fed, grads], {x: v, most: 4}) for v in (1.0, 0.1, 20.0)]
    return found, known[0].name, known[1].name, single.name


@body
def random_condition(tf: Any) -> Any:
    tf.set_random_seed(1)
    i = tf.while_loop(lambda i: tf.random_uniform([]) < 0.8, lambda i: i + 1, [0], parallel_iterations=1)
    sess = tf.Session()
    return [sess.run(i) for _ in range(4)]


@body
def int64_and_float64(tf: Any) -> Any:
    n = tf.placeholder(tf.int64, [])
    start = [tf.constant(0, tf.int64), tf.constant(0.0, tf.float64)]
    result = tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y + tf.cast(i, tf.float64)), start)
    return tf.Session().run(result, {n: 7})


# -------------------------------------------------------------------------------------------------------- structure


@body
def nested_structures(tf: Any) -> Any:
    start = (tf.constant(0), Pair(tf.constant(1), {"z": tf.constant(1), "a": [tf.constant(5)]}))

    def step(i: Any, p: Any) -> Any:
        return i + 1, Pair(p.b["z"], {"z": p.a + p.b["z"], "a": [p.b["a"][0] * 2]})

    return tf.Session().run(tf.while_loop(lambda i, p: i < 4, step, start))


@body
def what_is_returned(tf: Any) -> Any:
    def kind(value: Any) -> Any:
        return [kind(v) for v in value] if isinstance(value, list | tuple) else value.name

    one = tf.while_loop(lambda x: x < 9, lambda x: x * 2, [1])
    listed = tf.while_loop(lambda x: x < 9, lambda x: [x * 2], [1], return_same_structure=True)
    two = tf.while_loop(lambda x, y: x < 9, lambda x, y: (x * 2, y), [1, 2], name="named")
    return kind(one), type(listed).__name__, kind(listed), type(two).__name__, kind(two)


@body
def unchanged_variables(tf: Any) -> Any:
    x, n = tf.constant(2.0), tf.placeholder(tf.int32, [])
    _, a, b = tf.while_loop(lambda i, a, b: i < n, lambda i, a, b: (i + 1, a * b, b), [0, x, x * 3.0])
    grads = tf.gradients(a, x) + tf.gradients(b, x)
    with tf.Session() as sess:
        return [sess.run([a, b, *grads], {n: k}) for k in (0, 3)]


@body
def shapes_are_kept(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 3])
    _, kept = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.tanh(y)), [0, x])
    _, wide = tf.while_loop(
        lambda i, y: i < 3,
        lambda i, y: (i + 1, tf.tanh(y)),
        [0, tf.zeros([2, 3])],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 3])],
    )
    return kept.shape.as_list(), wide.shape.as_list(), tf.Session().run(wide)


# ------------------------------------------------------------------------------------------ what a body may hold


@body
def inner_loop(tf: Any) -> Any:
    x, n = tf.placeholder(tf.float32, []), tf.placeholder(tf.int32, [])

    def step(i: Any, y: Any) -> Any:
        _, z = tf.while_loop(lambda j, z: j < i + 1, lambda j, z: (j + 1, tf.sin(z) + x), [0, y])
        return i + 1, z * 0.9

    i, y = tf.while_loop(lambda i, y: i < n, step, [0, x])
    grad = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        return [sess.run([i, y, grad], {x: 0.7, n: k}) for k in (0, 1, 4)], y.name


@body
def inner_branch(tf: Any) -> Any:
    x, n = tf.placeholder(tf.float32, []), tf.placeholder(tf.int32, [])

    def step(i: Any, y: Any) -> Any:
        return i + 1, tf.cond(y > 1.0, lambda: y * x * 0.5, lambda: y + x)

    i, y = tf.while_loop(lambda i, y: i < n, step, [0, x])
    grad = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        return [sess.run([i, y, grad], {x: 0.7, n: k}) for k in (0, 1, 4, 9)]


@body
def inside_a_branch(tf: Any) -> Any:
    p, n, x = tf.placeholder(tf.bool, []), tf.placeholder(tf.int32, []), tf.constant(1.5)

    def loop() -> Any:
        return tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y * x), [0, x])[1]

    y = tf.cond(p, loop, lambda: x)
    with tf.Session() as sess:
        return [sess.run([y, *tf.gradients(y, x)], {p: q, n: 4}) for q in (True, False)]


@body
def gradients_inside(tf: Any) -> Any:
    x = tf.Variable(3.0)

    def step(i: Any, y: Any) -> Any:
        return i + 1, y - 0.1 * tf.gradients(y * y * x, y)[0]

    _, y = tf.while_loop(lambda i, y: i < 4, step, [0, 2.0])
    return ready(tf).run([y, *tf.gradients(y, x)])


@body
def assigned_variable(tf: Any) -> Any:
    v, n = tf.Variable(1.0), tf.placeholder(tf.int32, [])

    def step(i: Any) -> Any:
        with tf.control_dependencies([v.assign_add(2.0)]):
            return i + 1

    i = tf.while_loop(lambda i: i < n, step, [0])
    sess = ready(tf)
    return sess.run(i, {n: 3}), sess.run(v), sess.run(i, {n: 0}), sess.run(v)


@body
def variable_made_inside(tf: Any) -> Any:
    def step(i: Any, t: Any) -> Any:
        with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
            w = tf.get_variable("w", [2], initializer=tf.ones_initializer())
        return i + 1, t + w * t

    _, t = tf.while_loop(lambda i, t: i < 3, step, [0, tf.ones([2])])
    variables = tf.trainable_variables()
    return ready(tf).run([t, *tf.gradients(t, variables)]), variables[0].name


@body
def variable_read_inside(tf: Any) -> Any:
    v, n = tf.Variable(1.5), tf.placeholder(tf.int32, [])
    _, y = tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y * v.read_value()), [0, 1.0])
    return ready(tf).run([y, *tf.gradients(y, v)], {n: 3})


@body
def random_numbers(tf: Any) -> Any:
    tf.set_random_seed(3)
    n = tf.placeholder(tf.int32, [])
    _, t = tf.while_loop(
        lambda i, t: i < n, lambda i, t: (i + 1, t + tf.random_uniform([2])), [0, tf.zeros([2])], parallel_iterations=1
    )
    sess = tf.Session()
    return [sess.run(t, {n: k}) for k in (3, 2)]


@body
def embedding_inside(tf: Any) -> Any:
    v, n = tf.Variable(np.ones([4, 2], np.float32)), tf.placeholder(tf.int32, [])
    _, y = tf.while_loop(
        lambda i, y: i < n, lambda i, y: (i + 1, y * 1.1 + tf.nn.embedding_lookup(v, i % 4)), [0, tf.zeros([2])]
    )
    loss = tf.reduce_sum(y * y)
    step = tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss)
    sess = ready(tf)
    return [sess.run([loss, step], {n: k})[0] for k in (2, 3, 6)], sess.run(v)


# ---------------------------------------------------------------------------------------- shapes that values steer


@body
def slices_by_the_counter(tf: Any) -> Any:
    x = tf.constant(np.arange(10, dtype=np.float32))
    i, t = tf.while_loop(lambda i, t: i < 5, lambda i, t: (i + 1, t + tf.reduce_sum(x[:i] * t)), [0, 1.0])
    return tf.Session().run([i, t, *tf.gradients(t, x)])


@body
def state_that_grows_by_a_count(tf: Any) -> Any:
    n, x = tf.placeholder(tf.int32, []), tf.constant([2.0])
    _, h = tf.while_loop(
        lambda i, h: i < n,
        lambda i, h: (i + 1, tf.concat([h, h[-1:] * x], 0)),
        [0, tf.constant([1.0])],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])],
    )
    grad = tf.gradients(tf.reduce_sum(h), x)[0]
    with tf.Session() as sess:
        return [sess.run([h, grad], {n: k}) for k in (1, 2, 5)], h.shape.as_list()


@body
def state_that_grows_by_its_values(tf: Any) -> Any:
    most, x = tf.placeholder(tf.float32, []), tf.constant([2.0])
    h = tf.while_loop(
        lambda h: tf.reduce_max(tf.sin(h) + h) < most,
        lambda h: tf.concat([h, h[-1:] * x], 0),
        [tf.constant([1.0])],
        shape_invariants=[tf.TensorShape([None])],
    )
    grad = tf.gradients(tf.reduce_sum(h * h), x)[0]
    with tf.Session() as sess:
        return [sess.run([h, grad], {most: k}) for k in (1.0, 3.0, 50.0)]


@body
def greedy_decoding(tf: Any) -> Any:
    table = tf.Variable(np.random.RandomState(0).randn(6, 4).astype(np.float32))
    n = tf.placeholder(tf.int32, [])

    def step(i: Any, sequence: Any) -> Any:
        h = tf.reduce_mean(tf.gather(table, sequence), 1)
        following = tf.argmax(tf.matmul(h, table, transpose_b=True), 1, output_type=tf.int32)
        return i + 1, tf.concat([sequence, following[:, None]], 1)

    def more(i: Any, sequence: Any) -> Any:
        return tf.logical_and(i < n, tf.reduce_any(tf.not_equal(sequence[:, -1], 5)))

    shapes = [tf.TensorShape([]), tf.TensorShape([2, None])]
    _, found = tf.while_loop(more, step, [0, tf.constant([[1], [2]])], shape_invariants=shapes)
    sess = ready(tf)
    return [sess.run(found, {n: k}) for k in (3, 6)], found.shape.as_list()


@body
def trained_network_by_hand(tf: Any) -> Any:
    rng = np.random.RandomState(0)
    inputs, wanted = rng.randn(6, 4, 3).astype(np.float32), rng.randn(4, 2).astype(np.float32)
    x, length = tf.placeholder(tf.float32, [None, None, 3]), tf.placeholder(tf.int32, [])
    w = tf.Variable(rng.randn(5, 2).astype(np.float32) * 0.3)
    v = tf.Variable(np.ones([2, 2], np.float32) * 0.1)
    slices = tf.TensorArray(tf.float32, tf.shape(x)[0]).unstack(x)
    _, h = tf.while_loop(
        lambda i, h: i < length,
        lambda i, h: (i + 1, tf.tanh(tf.matmul(tf.concat([slices.read(i), h], 1), w))),
        [0, tf.zeros([tf.shape(x)[1], 2])],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])],
    )
    loss = tf.reduce_mean(tf.square(tf.matmul(h, v) - wanted))
    step = tf.train.AdamOptimizer(0.05).minimize(loss)
    sess = ready(tf)
    losses = [sess.run([loss, step], {x: inputs, length: n})[0] for n in (6, 6, 3, 0, 5, 6)]
    return losses, sess.run([w, v])


@pytest.mark.parametrize("program", BODIES, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    check_both(program, rtol=1e-4, atol=1e-6)


# ------------------------------------------------------------------------------------------------ names and errors

_MACHINERY = {"Enter", "Merge", "Switch", "NextIteration", "Exit", "LoopCond", "WhileLoop", "Placeholder", "If"}


def test_names_of_nodes() -> None:
    """Nodes that are no control flow have TensorFlow's names, types and order."""

    def program(tf: Any) -> Any:
        w = tf.Variable(1.0, name="w")

        def step(i: Any, y: Any) -> Any:
            with tf.name_scope("inner"):
                z = tf.tanh(y * w) + 1.0
            _, z = tf.while_loop(lambda j, z: j < 2, lambda j, z: [j + 1, z * 2.0], [0, z], maximum_iterations=9)
            return i + 1, tf.nn.relu(z)

        tf.while_loop(lambda i, y: tf.logical_and(i < 3, y < 100.0), step, [0, 1.0], name="outer")
        for _ in range(2):
            tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
        ops = [op for op in tf.get_default_graph().get_operations() if op.type not in _MACHINERY]
        return [(o.name, o.type) for o in ops if o.name.rpartition("/")[2].split("_")[0] not in ("Exit", "Identity")]

    check_both(program)


ERRORS: dict[str, tuple[Callable[[Any], Any], str | None]] = {
    "cond_not_callable": (lambda tf: tf.while_loop(1, lambda i: i, [0]), None),
    "body_not_callable": (lambda tf: tf.while_loop(lambda i: True, 1, [0]), None),
    "no_variables": (lambda tf: tf.while_loop(lambda: True, lambda: 1, []), None),
    "parallel_iterations": (lambda tf: tf.while_loop(lambda i: True, lambda i: i, [0], parallel_iterations=0), None),
    "cond_no_bool": (lambda tf: tf.while_loop(lambda i: i, lambda i: i + 1, [tf.constant(0)]), None),
    "cond_no_scalar": (
        lambda tf: tf.while_loop(lambda i: tf.constant([True]), lambda i: i + 1, [0]),
        "Shape must be rank 0 but is rank 1",
    ),
    "another_number": (
        lambda tf: tf.while_loop(lambda i, j: i < 3, lambda i, j: i + 1, [0, 1]),
        "The two structures don't have the same nested structure.",
    ),
    "another_shape": (
        lambda tf: tf.while_loop(lambda i, j: i < 3, lambda i, j: (i + 1, tf.concat([j, j], 0)), [0, tf.zeros([2])]),
        None,
    ),
    "bad_invariant": (
        lambda tf: tf.while_loop(lambda i: True, lambda i: i, [tf.zeros([2])], shape_invariants=[tf.TensorShape([3])]),
        None,
    ),
    "bad_maximum": (lambda tf: tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0], maximum_iterations=[3]), None),
    "none_returned": (lambda tf: tf.while_loop(lambda i: i < 3, lambda i: None, [0]), None),
}


@pytest.mark.parametrize("name", list(ERRORS))
def test_error(name: str) -> None:
    program, phrase = ERRORS[name]
    check_both_raise(program, match=phrase)


def test_inner_nodes_are_not_fetched() -> None:
    def program(tf: Any) -> Any:
        inner: list[Any] = []

        def step(i: Any) -> Any:
            inner.append(i * 2)
            return i + 1

        tf.while_loop(lambda i: i < 3, step, [0])
        return tf.Session().run(inner[0])

    for result in both(program):  # TensorFlow's own type, a ValueError, is not public
        assert "ValueError" in result.types and "has been marked as not fetchable" in result.message
