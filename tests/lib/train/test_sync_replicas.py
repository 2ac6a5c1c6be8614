"""SyncReplicasOptimizer, and functions that run in another way: compared with TensorFlow."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from tests import oracle

pytestmark = pytest.mark.oracle


def test_the_order_of_calls() -> None:
    def body(tf: Any, what: str) -> Any:
        optimizer = tf.train.SyncReplicasOptimizer(tf.train.GradientDescentOptimizer(0.1), 3, 2)
        w = tf.Variable(1.0)
        if what == "no step":
            return optimizer.minimize(w * w)
        if what == "no gradients":
            return optimizer.apply_gradients([])
        if what == "runner":
            return optimizer.get_chief_queue_runner()
        if what == "hook":
            return optimizer.make_session_run_hook(True).begin()
        if what == "few":
            optimizer.minimize(w * w, tf.train.get_or_create_global_step())
            return optimizer.get_init_tokens_op(0)
        return optimizer.get_init_tokens_op()

    for what in ("no step", "no gradients", "runner", "tokens", "hook", "few"):
        oracle.check_both_raise(body, what)


def _applied(tf: Any, averaged: bool) -> Any:
    """A graph with a dense variable, one whose gradient is sparse, and one without a gradient."""
    w, rows, apart = (tf.Variable(tf.ones([3, 2]), name=name) for name in ("w", "rows", "apart"))
    step = tf.train.get_or_create_global_step()
    average = tf.train.ExponentialMovingAverage(0.5) if averaged else None
    optimizer = tf.train.SyncReplicasOptimizer(tf.train.MomentumOptimizer(0.1, 0.9), 2, 3, average, [w])
    slices = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([2], tf.int64), tf.constant([3, 2], tf.int64))
    train = optimizer.apply_gradients([(tf.ones([3, 2]), w), (slices, rows), (None, apart)], step, name="train")
    return optimizer, train


@pytest.mark.parametrize("averaged", [False, True])
def test_the_nodes_are_tensorflows(averaged: bool) -> None:
    def body(tf: Any) -> Any:
        optimizer, train = _applied(tf, averaged)
        runner = optimizer.get_chief_queue_runner()
        graph = tf.get_default_graph()
        found: list[Any] = [train.name, train.dtype.name, runner.name, [op.name for op in runner.enqueue_ops]]
        found += [optimizer.local_step_init_op.name, optimizer.chief_init_op.name]
        found += [optimizer.ready_for_local_init_op.name, optimizer.get_slot_names()]
        found += [[v.name for v in vs] for vs in (tf.global_variables(), tf.local_variables(), optimizer.variables())]
        found += [optimizer.get_init_tokens_op(count).name for count in (-1, 4, 0)]
        owners = [
            op for op in graph.get_operations() if "accumulator" in op.name and not op.inputs and "/num" not in op.name
        ]
        found += [(op.name, op.type, op.get_attr("shared_name")) for op in owners]
        inside = ("sync_re", "sync_token", "Fill", "Assign", "NoOp")
        nodes = [node for node in oracle.graph_nodes(graph) if node[0].startswith(inside)]
        return [*found, nodes]

    oracle.check_both(body)


def _two_workers(tf: Any, optimizer: Any, train: Any, feeds: Any, fetches: Any, steps: int) -> Any:
    """Trains in two threads of one session, as the processes of a cluster would."""
    found: list[list[Any]] = [[], []]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(tf.local_variables_initializer())
        coord = tf.train.Coordinator()
        session.run(optimizer.chief_init_op)
        session.run(optimizer.get_init_tokens_op(0))  # so that a worker waits for its first step too
        chief = optimizer.get_chief_queue_runner().create_threads(session, coord=coord, daemon=True, start=True)

        together = threading.Barrier(2)  # else the faster one might give both gradients of a step

        def work(worker: int) -> None:
            for number in range(steps):
                together.wait(60)
                found[worker].append(int(session.run(train, feeds(worker, number))))

        workers = [threading.Thread(target=work, args=(worker,)) for worker in range(2)]
        for thread in workers:
            thread.start()
        for thread in workers:
            thread.join(60)
        assert not any(thread.is_alive() for thread in workers)
        values = session.run(fetches)
        if tf.__name__ == "scopedjax":
            coord.request_stop()
            coord.join(chief, stop_grace_period_secs=20)  # TensorFlow's chief waits until the session is closed
        return values, found


def test_two_workers_train_as_one() -> None:
    """The steps are those of one worker whose gradient is the mean of both; slots, sparse rows and averages too."""
    rng = np.random.default_rng(0)
    given = rng.normal(size=(2, 4, 3, 2)).astype(np.float32)

    def body(tf: Any) -> Any:
        w = tf.Variable(tf.ones([3, 2]), name="w")
        rows = tf.Variable(tf.ones([3, 2]), name="rows")
        x = tf.placeholder(tf.float32, [3, 2])
        step = tf.train.get_or_create_global_step()
        average = tf.train.ExponentialMovingAverage(0.5)
        optimizer = tf.train.SyncReplicasOptimizer(tf.train.MomentumOptimizer(0.1, 0.9), 2, 2, average, [w])
        loss = tf.reduce_sum(x * w) + tf.reduce_sum(tf.gather(rows, [0, 2]) * x[:2])
        train = optimizer.minimize(loss, global_step=step)
        fetches = [w, rows, step, optimizer.get_slot(w, "momentum"), average.average(w)]
        return _two_workers(tf, optimizer, train, lambda k, n: {x: given[k, n]}, fetches, 4)

    oracle.check_both(body)


def test_a_worker_gives_several_gradients_a_step() -> None:
    """With more gradients a step than workers: one worker alone gives both of a step, and late ones are left out."""

    def body(tf: Any) -> Any:
        w = tf.Variable([4.0, -2.0], name="w")
        step = tf.train.get_or_create_global_step()
        optimizer = tf.train.SyncReplicasOptimizer(tf.train.GradientDescentOptimizer(0.25), 2, 1)
        x = tf.placeholder(tf.float32, [2])
        train = optimizer.apply_gradients([(x, w)], step)
        with tf.Session() as session:
            session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            session.run(optimizer.chief_init_op)
            session.run(optimizer.get_init_tokens_op(4))
            chief = optimizer.get_chief_queue_runner().enqueue_ops[0]
            found = [session.run(train, {x: given}) for given in ([1.0, 0.0], [2.0, 1.0])]
            session.run(chief)
            found.append(session.run(w))
            session.run(train, {x: [50.0, 60.0]})  # its local step is that of the token: it comes too late
            for given in ([1.0, 2.0], [0.0, 1.0]):
                session.run(optimizer.local_step_init_op)
                found.append(session.run(train, {x: given}))
            session.run(chief)
            return [*found, session.run([w, step])]

    oracle.check_both(body)


def test_a_session_with_the_hook_ends_at_once() -> None:
    """The chief's thread waits for gradients; at the end of the session it is told that none will come."""
    tf = oracle.our_tf()
    with tf.Graph().as_default():
        optimizer = tf.train.SyncReplicasOptimizer(tf.train.GradientDescentOptimizer(0.5), 1)
        w, step = tf.Variable(4.0), tf.train.get_or_create_global_step()
        train = optimizer.minimize(w * w, global_step=step)
        begun = time.monotonic()
        with tf.train.MonitoredTrainingSession(hooks=[optimizer.make_session_run_hook(True, num_tokens=0)]) as session:
            assert session.run(train) == 1
            assert session.run(w) == 0.0
        assert time.monotonic() - begun < 60


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
