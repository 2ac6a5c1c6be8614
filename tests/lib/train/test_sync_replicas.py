"""SyncReplicasOptimizer for one worker, and functions that run in another way: compared with TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import oracle

pytestmark = pytest.mark.oracle


def _trained(tf: Any, averaged: bool) -> Any:
    """Three steps; in TensorFlow without the wrapper, whose queues leave open what a step reads."""
    w = tf.Variable([4.0, -2.0], name="w")
    step = tf.train.get_or_create_global_step()
    average = tf.train.ExponentialMovingAverage(0.5) if averaged else None
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    hooks = []
    if tf.__name__ == "scopedjax":
        optimizer = tf.train.SyncReplicasOptimizer(optimizer, 1, 1, average, [w] if averaged else None)
        train = optimizer.minimize(tf.reduce_sum(w * w), global_step=step)
        hooks = [optimizer.make_session_run_hook(True)]
    else:
        train = optimizer.minimize(tf.reduce_sum(w * w), global_step=step)
        if average is not None:
            with tf.control_dependencies([train]):
                train = average.apply([w])
    values = []
    with tf.train.MonitoredTrainingSession(hooks=hooks) as session:
        for _ in range(3):
            session.run(train)
            values.append(session.run([w, step]))
        slot = optimizer.get_slot(w, "momentum")
        values.append(session.run([slot] + ([average.average(w)] if average else [])))
    return [values, optimizer.get_slot_names(), len(optimizer.variables())]


@pytest.mark.parametrize("averaged", [False, True])
def test_one_worker_trains(averaged: bool) -> None:
    oracle.check_both(_trained, averaged)


def test_the_order_of_calls() -> None:
    def body(tf: Any, what: str) -> Any:
        optimizer = tf.train.SyncReplicasOptimizer(tf.train.GradientDescentOptimizer(0.1), 1)
        w = tf.Variable(1.0)
        if what == "no step":
            return optimizer.minimize(w * w)
        if what == "no gradients":
            return optimizer.apply_gradients([])
        if what == "runner":
            return optimizer.get_chief_queue_runner()
        return optimizer.get_init_tokens_op()

    oracle.check_both_raise(body, "no step")
    oracle.check_both_raise(body, "no gradients")
    for what, match in (("runner", "apply_gradients()"), ("tokens", "apply_gradients()")):
        oracle.check_both_raise(body, what, match=match)


def test_more_workers_are_refused() -> None:
    tf = oracle.our_tf()
    with pytest.raises(ValueError, match="one worker"):
        tf.train.SyncReplicasOptimizer(tf.train.GradientDescentOptimizer(0.1), replicas_to_aggregate=4)


def test_vectorized_map() -> None:
    x = np.arange(6, dtype=np.float32).reshape(3, 2)

    def body(tf: Any) -> Any:
        t = tf.constant(x)
        both = tf.vectorized_map(lambda p: (p[0] * p[1], tf.cast(p[0], tf.int32)), (t, t + 1))
        squares = tf.vectorized_map(lambda row: tf.reduce_sum(row * row), t)
        with tf.Session() as session:
            return session.run([both, squares, tf.gradients(squares, t)])

    oracle.check_both(body)


def test_recompute_grad() -> None:
    def body(tf: Any) -> Any:
        x = tf.constant([0.5, 2.0])
        y = tf.recompute_grad(lambda a, b: tf.tanh(a) * b)(x, x * 2)
        with tf.Session() as session:
            return session.run([y, tf.gradients(y, x)[0]])

    oracle.check_both(body)


def test_convert_to_tensor_or_indexed_slices() -> None:
    def body(tf: Any) -> Any:
        convert = tf.convert_to_tensor_or_indexed_slices
        slices = tf.IndexedSlices(tf.constant([1.0]), tf.constant([0]))
        tensor = convert([1.0, 2.0], dtype=tf.float64, name="t")
        return [convert(slices) is slices, tensor.name, tensor.dtype, convert(tensor) is tensor]

    oracle.check_both(body)
    oracle.check_both_raise(
        lambda tf: tf.convert_to_tensor_or_indexed_slices(
            tf.IndexedSlices(tf.constant([1.0]), tf.constant([0])), dtype=tf.float64
        ),
        match="Incompatible tensor conversion requested to `dtype` float64",
    )


def test_messages_of_savers_and_clusters() -> None:
    def body(tf: Any) -> Any:
        saver = tf.train.SaverDef(filename_tensor_name="f:0", max_to_keep=3, version=tf.train.SaverDef.V2)
        cluster = tf.train.ClusterDef(job=[tf.train.JobDef(name="worker", tasks={0: "a:1"})])
        return [saver.SerializeToString(), cluster.SerializeToString(), tf.train.ClusterSpec(cluster).as_dict()]

    oracle.check_both(body)
