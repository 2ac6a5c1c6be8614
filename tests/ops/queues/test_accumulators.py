"""Accumulators of gradients against TensorFlow: what they give, leave out and refuse, and that a taker waits."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle
A, B = np.array([1, 2], np.float32), np.array([3, 4], np.float32)


@pytest.mark.parametrize("reduction", ["MEAN", "SUM"])
@pytest.mark.parametrize("shape", [[2], None])
def test_dense(reduction: str, shape: Any) -> None:
    def body(tf: Any) -> Any:
        total = tf.ConditionalAccumulator(tf.float32, shape=shape, name="total", reduction_type=reduction)
        first, late = total.apply_grad(A, local_step=0), total.apply_grad(B, local_step=5)
        count, take, step = total.num_accumulated(), total.take_grad(2), total.set_global_step(3)
        with tf.Session() as session:
            session.run(first)
            session.run(late)
            found = [session.run(count), session.run(take), session.run(count)]
            session.run(first)  # a step behind now
            found.append(session.run(count))
            session.run([step])
            session.run(late)
            found.append(session.run(count))
        return found, total.name, total.dtype, take.shape, graph_nodes(take.graph)

    check_both(body)


@pytest.mark.parametrize("reduction", ["MEAN", "SUM"])
def test_sparse(reduction: str) -> None:
    def body(tf: Any) -> Any:
        total = tf.SparseConditionalAccumulator(tf.float32, shape=[4, 2], name="total", reduction_type=reduction)
        rows = np.array([[1, 2], [3, 4]], np.float32)
        first = total.apply_indexed_slices_grad(tf.IndexedSlices(rows, np.array([0, 2])), local_step=2)
        second = total.apply_grad(np.array([0, 3]), rows + 1, grad_shape=[4, 2], local_step=2)
        take, slices, count = total.take_grad(2), total.take_indexed_slices_grad(1), total.num_accumulated()
        with tf.Session() as session:
            session.run(first)
            session.run(second)
            found = [session.run(count), tuple(session.run(take)), session.run(count)]
            session.run(second)
            value = session.run(slices)
            session.run(total.set_global_step(9))
            session.run(second)
            found.append(session.run(count))
        return found, value.indices, value.values, value.dense_shape, graph_nodes(count.graph)

    check_both(body)


def test_a_taker_waits_for_other_threads() -> None:
    def body(tf: Any) -> Any:
        total = tf.ConditionalAccumulator(tf.float32, shape=[2])
        put, take = total.apply_grad(A), total.take_grad(3)
        with tf.Session() as session:
            threads = [threading.Thread(target=session.run, args=(put,)) for _ in range(3)]
            for thread in threads:
                thread.start()
            value = session.run(take)
            for thread in threads:
                thread.join()
            return value, session.run(total.num_accumulated())

    check_both(body)


def test_a_taker_that_waits_in_vain() -> None:
    def body(tf: Any) -> Any:
        take = tf.ConditionalAccumulator(tf.float32, shape=[2]).take_grad(1)
        with tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=200)) as session:
            session.run(take)

    check_both_raise(body, match=False)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "make",
    [
        lambda tf: tf.ConditionalAccumulator(tf.float32, reduction_type="XX"),
        lambda tf: tf.ConditionalAccumulator(tf.float32, shape=[2]).apply_grad(np.ones([3], np.float32)),
        lambda tf: tf.Session().run(tf.ConditionalAccumulator(tf.float32, shape=[2]).take_grad(0)),
        *(
            lambda tf, given=given: tf.Session().run(
                tf.SparseConditionalAccumulator(tf.float32, shape=[4, 2]).apply_grad(*given)
            )
            for given in (
                (np.array([0]), np.ones([1, 3], np.float32)),
                (np.array([9]), np.ones([1, 2], np.float32)),
                (np.array([[0]]), np.ones([1, 2], np.float32)),
                (np.array([0]), np.ones([1, 2], np.float32), [3, 2]),
            )
        ),
    ],
)
def test_errors(make: Any) -> None:
    check_both_raise(make)
