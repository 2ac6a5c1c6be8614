"""Sparse tensors in batches: the nodes, the shapes, the errors, and what the threads deliver, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.lib.train.input.test_pipelines import drain
from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle


def _row(tf: Any) -> Any:
    return tf.SparseTensor([[0], [2]], [1.0, 2.0], [3])


def _rows(tf: Any) -> Any:
    return tf.SparseTensor([[0, 0], [1, 2]], [1.0, 2.0], [2, 3])


def _unknown(tf: Any) -> Any:
    return tf.sparse_placeholder(tf.string)


GRAPHS: dict[str, Callable[[Any], Any]] = {
    "one": lambda tf: tf.train.batch([_row(tf), tf.constant(3)], 2),
    "alone": lambda tf: tf.train.shuffle_batch([_row(tf)], 2, 10, 2, allow_smaller_final_batch=True),
    "many": lambda tf: tf.train.batch([_rows(tf), tf.constant([3, 4])], 2, enqueue_many=True, num_threads=2),
    "kept": lambda tf: tf.train.maybe_batch({"b": _row(tf), "a": tf.constant(3)}, tf.placeholder(tf.bool, []), 2),
    "always": lambda tf: tf.train.maybe_batch([tf.constant(3), _row(tf), _row(tf)], True, 2),
    "of_many": lambda tf: tf.train.maybe_batch(
        [_rows(tf), tf.constant([3, 4])], tf.placeholder(tf.bool, [None]), 2, enqueue_many=True
    ),
    "joined": lambda tf: tf.train.shuffle_batch_join(
        [[_row(tf), tf.constant(3)], [_row(tf), tf.constant(4)], [_row(tf), tf.constant(5)]], 2, 10, 2
    ),
    "ranks": lambda tf: tf.train.batch_join([[_unknown(tf)], [_unknown(tf)]], 2),
    "some": lambda tf: tf.train.batch_join([[_row(tf)], [tf.sparse_placeholder(tf.float32)]], 2),
    "unknown": lambda tf: tf.train.batch([_unknown(tf)], 2, dynamic_pad=True),
}  # fmt: skip


def _described(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _described(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_described(value) for value in found]
    parts = [found.indices, found.values, found.dense_shape] if hasattr(found, "dense_shape") else [found]
    return [(t.name, t.dtype.name, str(t.shape)) for t in parts]


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs(name: str) -> None:
    def body(tf: Any) -> Any:
        found = GRAPHS[name](tf)
        maps = [
            (op.name, op.get_attr("shared_name"), sorted(dep.name for dep in op.control_inputs))
            for op in tf.get_default_graph().get_operations()
            if "TensorsMap" in op.type or "control_dependency" in op.name
            if "TensorsMap" in op.type
        ]
        waits = [
            (op.name, sorted(dep.name for dep in op.control_inputs))
            for op in tf.get_default_graph().get_operations()
            if "control_dependency" in op.name and "cond" not in op.name
        ]
        # Nodes inside a branch are of a structured node here.
        nodes = [node for node in graph_nodes(tf.get_default_graph()) if "cond" not in node[0]]
        return nodes, _described(found), [m for m in maps if "cond" not in m[0]], waits

    check_both(body)


def _numbers(tf: Any, count: int) -> Any:
    return tf.train.range_input_producer(count, num_epochs=1, shuffle=False).dequeue()


def _triangle(tf: Any, n: Any) -> Any:
    """Row n % 3 of a triangle: so many elements, at the places 0, 2, ... (few shapes: each is compiled anew)."""
    n = n % 3
    places = tf.cast(tf.range(n), tf.int64)[:, tf.newaxis] * 2
    return tf.SparseTensor(places, tf.range(n) * 10 + n, tf.cast(tf.stack([2 * n + 1]), tf.int64))


def test_what_a_batch_holds() -> None:
    def one(tf: Any) -> Any:
        n = _numbers(tf, 5)
        batch = tf.train.batch([_triangle(tf, n), n], 3, allow_smaller_final_batch=True)
        return drain(tf, batch)

    def many(tf: Any) -> Any:
        n = _numbers(tf, 4)
        whole = tf.SparseTensor([[0, 1], [2, 0], [2, 1]], tf.as_string(tf.stack([n, n + 1, n + 2])), [3, 2])
        keep = tf.stack([True, tf.equal(n % 2, 0), n > 1])
        return drain(tf, tf.train.maybe_batch([whole, tf.stack([n, n, n])], keep, 3, enqueue_many=True))

    def kept(tf: Any) -> Any:
        n = _numbers(tf, 6)
        batch = tf.train.maybe_batch({"n": n, "row": _triangle(tf, n)}, tf.equal(n % 2, 0), 2)
        return drain(tf, [batch["row"].values, batch["n"]])

    for body in (one, many, kept):
        assert check_both(body)


def test_shuffling_mixes_two_readers() -> None:
    def body(tf: Any) -> Any:
        lists = [[_triangle(tf, n), n] for n in (_numbers(tf, 3), _numbers(tf, 3) + 5)]
        found = drain(tf, tf.train.shuffle_batch_join(lists, 1, 20, 4, seed=1, allow_smaller_final_batch=True))
        return sorted((int(n[0]), row.indices.shape, row.dense_shape.tolist()) for row, n in found)

    assert len(check_both(body)) == 6


def test_mistakes() -> None:
    def mixed(tf: Any) -> Any:
        return tf.train.batch_join([[_row(tf), tf.constant(3)], [tf.constant(4.0), tf.constant(4)]], 2)

    def different_ranks(tf: Any) -> Any:
        row = tf.sparse_placeholder(tf.int32)
        handle = tf.raw_ops.AddSparseToTensorsMap(
            sparse_indices=row.indices, sparse_values=row.values, sparse_shape=row.dense_shape, shared_name="m"
        )
        take = tf.raw_ops.TakeManySparseFromTensorsMap(
            sparse_handles=tf.placeholder(tf.int64, [None], name="h"), dtype=tf.int32, shared_name="m"
        )
        with tf.Session() as session:
            handles = [session.run(handle, {row: (p, [1], s)}) for p, s in (([[0]], [2]), ([[0, 1]], [2, 2]))]
            session.run(take, {"h:0": handles})

    def taken_twice(tf: Any) -> Any:
        handle = tf.raw_ops.AddManySparseToTensorsMap(
            sparse_indices=[[0, 0]], sparse_values=[1], sparse_shape=[1, 1], shared_name="m"
        )
        take = tf.raw_ops.TakeManySparseFromTensorsMap(
            sparse_handles=tf.placeholder(tf.int64, [None], name="h"), dtype=tf.int32, shared_name="m"
        )
        with tf.Session() as session:
            handles = session.run(handle)
            assert session.run(take, {"h:0": handles})[1].tolist() == [1]
            session.run(take, {"h:0": handles})

    def a_vector(tf: Any) -> Any:
        many = tf.raw_ops.AddManySparseToTensorsMap(sparse_indices=[[0]], sparse_values=[1], sparse_shape=[1])
        tf.Session().run(many)

    def two_ranks(tf: Any) -> Any:
        return tf.train.batch_join([[_row(tf)], [_rows(tf)]], 2)

    check_both_raise(two_ranks, match="Inconsistent SparseTensors list")
    check_both_raise(mixed, match="Inconsistent SparseTensors list")
    check_both_raise(different_ranks, match="Inconsistent rank across SparseTensors")
    check_both_raise(taken_twice, match="Unable to find SparseTensor")
    check_both_raise(a_vector, match="Rank of input SparseTensor should be > 1, but saw rank: 1")
