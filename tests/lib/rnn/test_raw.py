"""`raw_rnn` against real TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle


def test_inputs_from_an_array() -> None:
    def program(tf: Any) -> Any:
        x, lengths = tf.placeholder(tf.float32, [None, 2, 3]), tf.constant([3, 5])
        array = tf.TensorArray(tf.float32, tf.shape(x)[0]).unstack(x)
        cell = tf.nn.rnn_cell.LSTMCell(4, initializer=tf.constant_initializer(0.1))

        def loop_fn(time: Any, output: Any, state: Any, _: Any) -> Any:
            if output is None:
                state = cell.zero_state(2, tf.float32)
            finished = time >= lengths
            following = tf.cond(tf.reduce_all(finished), lambda: tf.zeros([2, 3]), lambda: array.read(time))
            return finished, following, state, output, None

        emitted, state, loop_state = tf.nn.raw_rnn(cell, loop_fn)
        y = emitted.stack()
        variables = tf.trainable_variables()
        grads = tf.gradients(tf.reduce_sum(y * y), [*variables, x])
        sess = tf.Session()
        sess.run(tf.global_variables_initializer())
        fed = np.random.RandomState(0).randn(5, 2, 3).astype(np.float32)
        names = [v.name for v in variables]
        return sess.run([y, state, grads], {x: fed}), names, y.shape.as_list(), loop_state is None

    check_both(program, rtol=1e-4, atol=1e-6)


def test_own_output_and_loop_state() -> None:
    def program(tf: Any) -> Any:
        cell = tf.nn.rnn_cell.BasicRNNCell(3)

        def loop_fn(time: Any, output: Any, state: Any, kept: Any) -> Any:
            if output is None:
                start = tf.constant(0), tf.constant(1.0)
                return tf.zeros([2], tf.bool), tf.ones([2, 2]), cell.zero_state(2, tf.float32), tf.zeros([3, 2]), start
            emit = tf.tile(output[:, :, None], [1, 1, 2])
            return tf.fill([2], time >= 4), output[:, :2] + 1.0, state, emit, (kept[0] + 1, kept[1] * 2.0)

        with tf.variable_scope("d", initializer=tf.constant_initializer(0.3)):
            emitted, state, kept = tf.nn.raw_rnn(cell, loop_fn)
        sess = tf.Session()
        sess.run(tf.global_variables_initializer())
        return sess.run([emitted.stack(), state, kept])

    check_both(program, rtol=1e-5)


def test_loop_function_is_called() -> None:
    check_both_raise(lambda tf: tf.nn.raw_rnn(tf.nn.rnn_cell.BasicRNNCell(3), 1), match="must be a callable")
