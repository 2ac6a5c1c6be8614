"""Sparse tensors as whole behaviours: placeholders, feeds, fetches, and a graph convolution that trains."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle

PLACES, VALUES = [[0, 1], [1, 0], [1, 2]], [7.0, 8.0, 9.0]


@pytest.mark.parametrize("shape", [None, [2, 3], [None, 3]], ids=str)
@pytest.mark.parametrize("name", [None, "s"])
def test_placeholder(shape, name):
    def body(tf):
        x = tf.sparse_placeholder(tf.float32, shape, name)
        nodes = graph_nodes(tf.get_default_graph())
        return nodes, x.get_shape(), x.dtype, [t.name for t in (x.indices, x.values, x.dense_shape)], x.indices.shape

    check_both(body)


def test_feeds():
    def body(tf):
        x = tf.sparse_placeholder(tf.float32, name="s")
        total = tf.sparse_reduce_sum(x, 1)
        with tf.Session() as session:
            value = tf.SparseTensorValue(np.array(PLACES), np.array(VALUES, np.float32), np.array([2, 3]))
            return [
                session.run(total, {x: value}),
                session.run(total, {x: (PLACES, VALUES, [4, 3])}),
                tuple(session.run(x, {x: value})),
                session.run(total, {x.indices: PLACES, x.values: VALUES, x.dense_shape: [2, 5]}),
                tuple(x.eval({x: value}, session)),
            ]

    check_both(body)


def test_fetches_in_structures():
    def body(tf):
        x = tf.SparseTensor(PLACES, VALUES, [2, 3])
        with tf.Session() as session:
            found = session.run({"a": x, "b": [x.values, (x,)]})
            return tuple(found["a"]), found["b"][0], tuple(found["b"][1][0]), type(found["a"]).__name__

    check_both(body)


def test_consumers_and_values():
    def body(tf):
        x = tf.SparseTensor(PLACES, VALUES, [2, 3])
        y = tf.sparse_tensor_to_dense(x)
        z = x.with_values(tf.constant([1.0, 2.0, 3.0])) if hasattr(x, "with_values") else x
        with tf.Session() as session:
            return y.op.name, x.op.name, session.run([y, tf.sparse_tensor_to_dense(z)])

    check_both(body)


def test_conversion():
    def body(tf):
        value = tf.SparseTensorValue(np.array(PLACES), np.array(VALUES), np.array([2, 3]))
        x = tf.convert_to_tensor_or_sparse_tensor(value)
        same = tf.convert_to_tensor_or_sparse_tensor(x, tf.float64) is x
        dense = tf.convert_to_tensor_or_sparse_tensor([1, 2], name="d")
        return type(x).__name__, same, dense.name, graph_nodes(tf.get_default_graph()), tf.is_tensor(x)

    check_both(body)


def test_conversion_of_another_type():
    check_both_raise(
        lambda tf: tf.convert_to_tensor_or_sparse_tensor(tf.SparseTensor(PLACES, VALUES, [2, 3]), tf.int32)
    )


@pytest.mark.parametrize("places", [[[0, 1]], [[0, 1, 2]] * 3, [0, 1, 2]], ids=["count", "rank", "vector"])
def test_construction_refuses(places):
    check_both_raise(lambda tf: tf.SparseTensor(places, VALUES, [2, 3]))


def test_a_list_is_not_sparse():
    check_both_raise(lambda tf: tf.sparse_reorder([1, 2]), match="Input must be a SparseTensor")
    check_both_raise(lambda tf: tf.sparse_concat(0, tf.SparseTensor(PLACES, VALUES, [2, 3])))


def test_unknown_shapes_stay_unknown():
    def body(tf):
        x = tf.sparse_placeholder(tf.float32)
        y = tf.sparse_placeholder(tf.float32, [None, 3])
        results = [
            tf.sparse_reorder(x), tf.sparse_transpose(y), tf.sparse_reshape(y, [-1]), tf.sparse_add(x, x),
            tf.sparse_slice(y, [0, 0], [1, 1]), tf.sparse_concat(1, [y, y]), tf.sparse_fill_empty_rows(y, 0.0)[0],
        ]  # fmt: skip
        dense = [
            tf.sparse_tensor_to_dense(y), tf.sparse_reduce_sum(y, 0), tf.sparse_reduce_sum(x, 0),
            tf.sparse_tensor_dense_matmul(x, tf.ones([3, 2])), tf.sparse_tensor_dense_matmul(y, tf.ones([3, 2])),
        ]  # fmt: skip
        return [(r.get_shape(), r.indices.shape, r.values.shape) for r in results], [d.shape for d in dense]

    check_both(body)


def test_a_graph_convolution_trains():
    """Two layers of a graph convolution, as public programs write them, step by step."""
    rng = np.random.RandomState(0)
    features = rng.rand(5, 4).astype(np.float32) * (rng.rand(5, 4) < 0.5)
    places = np.argwhere(features)

    def body(tf):
        x, adjacency = tf.sparse_placeholder(tf.float32), tf.sparse_placeholder(tf.float32)
        w1 = tf.Variable(np.linspace(-1, 1, 12).reshape(4, 3).astype(np.float32))
        w2 = tf.Variable(np.linspace(1, -1, 6).reshape(3, 2).astype(np.float32))
        kept = tf.sparse_retain(x, tf.cast(tf.floor(x.values + 0.7), tf.bool)) * (1.0 / 0.7)
        hidden = tf.nn.relu(tf.sparse_tensor_dense_matmul(adjacency, tf.sparse_tensor_dense_matmul(kept, w1)))
        logits = tf.sparse_tensor_dense_matmul(adjacency, tf.matmul(hidden, w2))
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.eye(5, 2), logits=logits))
        train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
        ring = np.array([[i, j] for i in range(5) for j in sorted({(i - 1) % 5, i, (i + 1) % 5})])
        feed = {
            x: (places, features[tuple(places.T)], features.shape),
            adjacency: (ring, np.full(len(ring), 1 / 3, np.float32), (5, 5)),
        }
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return [session.run([loss, train], feed)[0] for _ in range(4)], session.run([w1, w2])

    check_both(body, rtol=1e-4)


def test_gradient_of_values_that_are_looked_up():
    """`embedding_lookup_sparse` of what `sparse_reshape`, `sparse_merge` and `sparse_fill_empty_rows` made."""

    def body(tf):
        table = tf.Variable(np.arange(12, dtype=np.float32).reshape(6, 2))
        ids = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], np.array([1, 5, 3], np.int64), [4, 2])
        filled, empty = tf.sparse_fill_empty_rows(ids, np.int64(0))
        found = tf.nn.embedding_lookup_sparse(table, filled, None, combiner="mean")
        again = tf.sparse_reshape(filled, [2, -1])
        gradient = tf.gradients(tf.reduce_sum(found * found), table)[0]
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return session.run([found, empty, tf.convert_to_tensor(gradient), again.indices, again.dense_shape])

    check_both(body)
