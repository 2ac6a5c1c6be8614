"""Constants spread over a shape: empty shapes, empty values, the last element that fills the rest."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle import assert_same, both, check_both, graph_nodes


@pytest.mark.parametrize("shape", [[2, 0], [0], [0, 3], (0, 0), [1, 0, 5]])
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "string", "complex64", "float16"])
def test_zeros_and_ones_of_an_empty_shape(shape, dtype):
    def body(tf):
        tensors = [tf.zeros(shape, dtype)] if dtype == "string" else [tf.zeros(shape, dtype), tf.ones(shape, dtype)]
        return graph_nodes(tf.get_default_graph()), [t.shape for t in tensors], tf.Session().run(tensors)

    check_both(body)


@pytest.mark.parametrize("value", [0, 7, [1, 2], [], [[1], [2]], np.zeros([0, 2]), np.arange(6.0)])
@pytest.mark.parametrize("shape", [[2, 0], [0], [3], [2, 3], []], ids=str)
def test_a_constant_is_spread_over_its_shape(value, shape):
    def body(tf):
        return tf.Session().run(tf.constant(value, tf.float32, shape))

    theirs, ours = both(body)
    assert_same(theirs, ours)


def test_variables_of_an_empty_shape():
    def body(tf):
        v = tf.get_variable("v", [0, 3], initializer=tf.ones_initializer)
        w = tf.Variable(tf.zeros([4, 0]))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run([v, w, tf.matmul(w, v), tf.reduce_sum(v)])

    check_both(body)
