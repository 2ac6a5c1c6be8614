"""Programs with TF1's control flow: each records a graph and returns (fetches, feeds)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

X = np.float32([0.3, -0.5, 0.9])
ROWS = np.arange(6.0, dtype="f").reshape(3, 2) / 5 + 0.3

Found = tuple[list[Any], list[dict[Any, Any]]]


def _vector(tf: Any) -> Any:
    return tf.placeholder(tf.float32, [3], name="x")


def branches(tf: Any) -> Found:
    x = _vector(tf)
    y = tf.cond(x[0] > 0, lambda: tf.reduce_sum(x * x * 2.0), lambda: tf.reduce_sum(tf.tanh(x) + 1.0))
    return [y, *tf.gradients(y, [x])], [{x: X}, {x: -X}]


def branches_in_branches(tf: Any) -> Found:
    x = _vector(tf)
    inner = lambda: tf.cond(x[1] > 0, lambda: tf.sin(x), lambda: tf.exp(x) * x[1])
    y = tf.cond(x[0] > 0, inner, lambda: tf.tanh(x) + 1.0)
    z = tf.cond(x[2] > 0.5, lambda: y * x, lambda: tf.cos(y))
    feeds = [X, -X, X * np.float32([1, -1, 1]), X * np.float32([1, -1, -1])]
    return [y, z, *tf.gradients(z, [x])], [{x: v} for v in feeds]


def cases(tf: Any) -> Found:
    x = _vector(tf)
    with tf.control_dependencies([tf.Assert(x[0] > -1, [x], name="check")]):
        y = x * 2
    z = tf.case([(x[1] > 0, lambda: x), (x[2] > 0, lambda: x * 2)], default=lambda: x * 3)
    feeds = [X, X * np.float32([1, -1, 1]), X * np.float32([1, 1, -1]), X - 5]
    return [y, z, *tf.gradients(z, x)], [{x: v} for v in feeds]


def assignments_in_branches(tf: Any) -> Found:
    x = tf.placeholder(tf.float32, [], name="x")
    v = tf.Variable(1.0, name="v", use_resource=False)
    r = tf.Variable(1.0, name="r", use_resource=True)
    y = tf.cond(x > 0, lambda: tf.assign_add(v, x), lambda: tf.assign(v, x * 2))
    done = tf.cond(x > 0, lambda: tf.group(r.assign_add(y)), lambda: tf.no_op())
    with tf.control_dependencies([done]):
        after = r.read_value()
    return [y, done, after], [{x: 1.0}, {x: -1.0}, {x: 2.0}]


def loop(tf: Any) -> Found:
    x, w = _vector(tf), tf.constant(2.0)
    i, z = tf.while_loop(lambda i, z: i < 4, lambda i, z: (i + 1, tf.tanh(z) * w), [0, x])
    return [i, z, *tf.gradients(z, [x, w])], [{x: X}]


def loop_of_unknown_length(tf: Any) -> Found:
    x, w, n = _vector(tf), tf.constant(2.0), tf.placeholder(tf.int32, [])
    i, z = tf.while_loop(lambda i, z: i < n, lambda i, z: (i + 1, tf.tanh(z) * w), [0, x])
    return [i, z, *tf.gradients(z, [x, w])], [{x: X, n: 4}, {x: X, n: 0}, {x: X, n: 20}]


def branch_in_loop(tf: Any) -> Found:
    x, w = _vector(tf), tf.constant(2.0)
    step = lambda z: tf.cond(z[0] > 0, lambda: -tf.tanh(z) * w, lambda: z * z)
    _, z = tf.while_loop(lambda i, z: i < 4, lambda i, z: (i + 1, step(z)), [0, x])
    return [z, *tf.gradients(z, [x, w])], [{x: X}, {x: -X}]


def loops_in_loops(tf: Any) -> Found:
    x, w, n = _vector(tf), tf.constant(2.0), tf.placeholder(tf.int32, [])

    def inner(i: Any, z: Any) -> Any:
        return tf.while_loop(lambda j, q: j < i, lambda j, q: (j + 1, tf.tanh(q) * w), [0, z])[1]

    _, z = tf.while_loop(lambda i, z: i < n, lambda i, z: (i + 1, inner(i, z)), [0, x])
    return [z, *tf.gradients(z, [x, w])], [{x: X, n: 4}, {x: X, n: 1}]


def changing_shapes(tf: Any) -> Found:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    shapes = [tf.TensorShape([]), tf.TensorShape([None, 2])]
    body = lambda i, z: (i + 1, tf.concat([z, z * 2], 0))
    _, z = tf.while_loop(lambda i, z: i < 3, body, [0, x], shape_invariants=shapes)
    return [z, *tf.gradients(z, [x])], [{x: ROWS[:1]}]


def arrays(tf: Any) -> Found:
    x, n = _vector(tf), tf.placeholder(tf.int32, [])
    array = tf.TensorArray(tf.float32, 0, dynamic_size=True)
    body = lambda i, z, a: (i + 1, tf.sin(z), a.write(i, z * 2))
    _, z, array = tf.while_loop(lambda i, z, a: i < n, body, [0, x, array])
    stacked = array.stack()
    return [z, stacked, *tf.gradients(stacked, [x])], [{x: X, n: 4}]


def split_and_joined(tf: Any) -> Found:
    x = tf.placeholder(tf.float32, [3, 2], name="x")
    array = tf.TensorArray(tf.float32, 3).split(x, [1, 1, 1])
    out = tf.TensorArray(tf.float32, 3)
    body = lambda i, o: (i + 1, o.write(i, array.read(i) * tf.cast(i + 1, tf.float32)))
    _, out = tf.while_loop(lambda i, o: i < 3, body, [0, out])
    joined = out.concat()
    return [joined, *tf.gradients(joined * joined, [x])], [{x: ROWS}]


def maps_in_maps(tf: Any) -> Found:
    x, w = tf.placeholder(tf.float32, [3, 2], name="x"), tf.constant(2.0)
    z = tf.map_fn(lambda e: tf.map_fn(lambda q: tf.tanh(q) * w, e), x)
    return [z, *tf.gradients(z, [x, w])], [{x: ROWS}]


def scans(tf: Any) -> Found:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    z = tf.scan(lambda a, e: tf.sin(a) * e, x)
    y = tf.foldl(lambda a, e: a * e, z)
    return [z, y, *tf.gradients(y, [x])], [{x: ROWS}, {x: ROWS[:2]}]


def variables_in_loops(tf: Any) -> Found:
    n = tf.placeholder(tf.int32, [])
    v = tf.Variable(1.0, name="v", use_resource=True)

    def body(i: Any, a: Any) -> Any:
        with tf.control_dependencies([v.assign_add(2.0)]):
            return i + 1, a + v.read_value()

    return [*tf.while_loop(lambda i, a: i < n, body, [0, 0.0], parallel_iterations=1)], [{n: 3}, {n: 2}]


def recurrent(tf: Any) -> Found:
    x = tf.placeholder(tf.float32, [None, None, 3], name="x")
    lengths = tf.placeholder(tf.int32, [None])
    cell = tf.nn.rnn_cell.LSTMCell(4, initializer=tf.random_uniform_initializer(-0.5, 0.5, seed=3))
    outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, sequence_length=lengths)
    loss = tf.reduce_mean(outputs**2)
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    values = np.random.RandomState(0).randn(2, 5, 3).astype("f")
    return [loss, outputs, state[1], train], [{x: values, lengths: [5, 3]}] * 3


def recurrent_with_updates(tf: Any) -> Found:
    """Peepholes multiply a vector with rows; the gradients' own counter waits for the updates, which use the loop."""
    x = tf.placeholder(tf.float32, [None, 4, 3], name="x")
    cell = tf.nn.rnn_cell.LSTMCell(4, use_peepholes=True, initializer=tf.random_uniform_initializer(-0.5, 0.5, seed=3))
    _, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    mean = tf.get_variable("mean", [4], initializer=tf.zeros_initializer(), trainable=False, use_resource=False)
    loss = tf.reduce_mean((state.h - mean) ** 2)
    with tf.control_dependencies([loss]):  # or TensorFlow's threads race for what the loss sees
        update = tf.assign_sub(mean, (mean - tf.reduce_mean(state.h, 0)) * 0.1)
    with tf.control_dependencies([update]):
        train = tf.train.MomentumOptimizer(0.5, 0.9).minimize(loss)
    with tf.control_dependencies([train]):
        trained = [v.read_value() for v in tf.global_variables()]
    values = np.random.RandomState(0).randn(2, 4, 3).astype("f")
    return [train, *trained], [{x: values}] * 2 + [{x: values[:1]}]


def recurrent_in_a_branch(tf: Any) -> Found:
    x, p = tf.placeholder(tf.float32, [2, 3, 3], name="x"), tf.placeholder(tf.bool, [])
    cell = tf.nn.rnn_cell.GRUCell(4, kernel_initializer=tf.random_uniform_initializer(-0.5, 0.5, seed=3))
    out = tf.cond(p, lambda: tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)[0], lambda: tf.zeros([2, 3, 4]))
    loss = tf.reduce_mean((out - 1) ** 2)
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    values = np.random.RandomState(0).randn(2, 3, 3).astype("f")
    return [loss, train], [{x: values, p: True}, {x: values, p: False}, {x: values, p: True}]


PROGRAMS: dict[str, Callable[[Any], Found]] = {
    f.__name__: f
    for f in (
        branches, branches_in_branches, cases, assignments_in_branches, loop, loop_of_unknown_length, branch_in_loop,
        loops_in_loops, changing_shapes, arrays, split_and_joined, maps_in_maps, scans, variables_in_loops, recurrent,
        recurrent_with_updates, recurrent_in_a_branch,
    )
}  # fmt: skip
