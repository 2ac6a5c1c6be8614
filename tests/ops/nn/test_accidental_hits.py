"""Sampled losses without accidental hits: one program, with TensorFlow's numbers; the hits where asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scopedjax as ours
from scopedjax._src.lower.plan import make_plan
from tests.oracle import check_both, check_both_raise


def _loss(tf: Any, num_true: int, sampled: list[int], kind: Any, name: str = "sampled_softmax_loss") -> Any:
    """(placeholder of labels, loss, table): a loss whose sampled classes are given."""
    rng = np.random.RandomState(0)
    labels = tf.placeholder(tf.int64, [None, num_true])
    table = tf.Variable(rng.randn(9, 4).astype(kind))
    biases, inputs = tf.constant(rng.randn(9).astype(kind)), tf.constant(rng.randn(3, 4).astype(kind))
    expected = [tf.constant(np.linspace(0.1, 0.9, 3 * num_true, dtype=kind).reshape(3, num_true)),
                tf.constant(np.linspace(0.2, 0.8, len(sampled), dtype=kind))]  # fmt: skip
    values = (tf.constant(sampled, tf.int64), *expected)
    loss = getattr(tf.nn, name)(
        table, biases, labels, inputs, len(sampled), 9, num_true, values, remove_accidental_hits=True
    )
    return labels, loss, table


LABELS = {1: [[3], [0], [8]], 2: [[3, 5], [5, 5], [8, 1]]}


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("num_true", "sampled", "kind"),
    [(1, [3, 3, 7, 0], np.float32), (2, [5, 3, 5, 8, 2], np.float32), (2, [5, 1, 1], np.float64)],
)
def test_values_and_gradients(num_true: int, sampled: list[int], kind: Any) -> None:
    def program(tf: Any) -> Any:
        found = []
        for name in ("sampled_softmax_loss", "nce_loss"):
            labels, loss, table = _loss(tf, num_true, sampled, kind, name)
            grad = tf.convert_to_tensor(tf.gradients(loss, table)[0])
            with tf.Session() as session:
                session.run(tf.global_variables_initializer())
                found.append(session.run([loss, grad], {labels: LABELS[num_true]}))
        return found

    check_both(program, rtol=1e-5, atol=1e-6)


@pytest.mark.oracle
def test_many_classes_are_sampled() -> None:
    sampled = np.random.RandomState(1).randint(0, 9, 700).tolist()

    def program(tf: Any) -> Any:
        labels, loss, _ = _loss(tf, 2, sampled, np.float32)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return session.run(loss, {labels: LABELS[2]})

    check_both(program, rtol=1e-5)


@pytest.mark.oracle
def test_what_lies_between_is_fetched_and_fed() -> None:
    def program(tf: Any) -> Any:
        labels, loss, _ = _loss(tf, 2, [5, 3, 5, 8, 2], np.float32)
        graph = tf.get_default_graph()
        hits = [t for o in graph.get_operations() if o.type == "ComputeAccidentalHits" for t in o.outputs]
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            seen = session.run([loss, *hits], {labels: LABELS[2]})
            fed = session.run(loss, {labels: LABELS[2], hits[2]: np.full(len(seen[1]), -1.0, np.float32)})
            return [o.type for o in graph.get_operations()].count("SparseToDense"), seen, fed

    check_both(program, rtol=1e-5)


@pytest.mark.oracle
def test_wrong_number_of_labels() -> None:
    def program(tf: Any) -> Any:
        labels, sampled = tf.placeholder(tf.int64), tf.constant([1, 2], tf.int64)
        rows, columns, weights = tf.nn.compute_accidental_hits(labels, sampled, 1)
        places = tf.concat([tf.reshape(rows, [-1, 1]), tf.reshape(tf.cast(columns, tf.int32), [-1, 1])], 1)
        sizes = tf.concat([tf.shape(labels)[:1], tf.expand_dims(2, 0)], 0)
        mask = tf.sparse_to_dense(places, sizes, weights, 0.0, validate_indices=False)
        return tf.Session().run(mask, {labels: [[1, 2], [3, 4], [5, 6]]})

    check_both_raise(program, match="must be a batch_size * num_true matrix")


def test_one_program() -> None:
    """The default path is one device stage, in a graph that was read back from a file too."""
    labels = ours.placeholder(ours.int32, [None, 1], name="labels")
    inputs = ours.placeholder(ours.float32, [None, 4])
    table = ours.get_variable("table", [9, 4])
    loss = ours.nn.sampled_softmax_loss(table, ours.zeros([9]), labels, inputs, 3, 9)
    train = ours.train.GradientDescentOptimizer(0.1).minimize(loss)
    fetched = ours.reduce_mean(loss, name="mean")
    assert [s.device for s in make_plan([fetched], [train], [labels, inputs]).stages] == [True]
    with ours.Graph().as_default() as other:
        ours.import_graph_def(train.graph.as_graph_def(), name="")
        wanted = [other.get_tensor_by_name(t.name) for t in (fetched, labels, inputs)]
        assert [s.device for s in make_plan(wanted[:1], [], wanted[1:]).stages] == [True]
