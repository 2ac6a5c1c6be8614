"""Supervisor: sessions, resuming, its threads, errors, against real TensorFlow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.lib.train.sessions.test_monitored import counting
from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle


def test_training_that_resumes(tmp_path: Path) -> None:
    def body(tf: Any) -> Any:
        folder = str(tmp_path / tf.__name__)
        found: list[Any] = []
        for last in (3, 7):
            with tf.Graph().as_default() as graph:
                train, loss, step = counting(tf)
                sv = tf.train.Supervisor(logdir=folder, save_model_secs=0, save_summaries_secs=0, global_step=step)
                found.append((graph.finalized, sv.is_chief, sv.save_path.replace(folder, ""), sv.summary_op.op.type))
                with sv.managed_session() as session:
                    found.append(session.run(step))
                    while not sv.should_stop():
                        value, now = session.run([train, loss, step])[1:], session.run(step)
                        if now >= last:
                            sv.saver.save(session, sv.save_path, global_step=step)
                            sv.request_stop()
                    found.append((now, value[0]))
                found.append(tf.train.latest_checkpoint(folder).replace(folder, ""))
        return found, os.path.exists(os.path.join(folder, "graph.pbtxt"))

    check_both(body)


def test_its_threads_save_and_summarize(tmp_path: Path) -> None:
    def body(tf: Any) -> Any:
        folder = str(tmp_path / tf.__name__)
        train, _, step = counting(tf)
        sv = tf.train.Supervisor(logdir=folder, save_model_secs=0.05, save_summaries_secs=0.05, global_step=step)
        with sv.managed_session() as session:
            session.run(train)
            while tf.train.latest_checkpoint(folder) is None:
                sv.coord.wait_for_stop(0.05)
            called: list[int] = []
            sv.loop(None, lambda: (called.append(1), sv.request_stop()))
            sv.wait_for_stop()
        names = sorted({name.split(".")[0] for name in os.listdir(folder) if "ckpt" not in name})
        return names, len(called) >= 1, sv.should_stop()

    check_both(body)


def test_queue_runners_and_the_end_of_data() -> None:
    def body(tf: Any) -> Any:
        x = tf.train.batch([tf.train.range_input_producer(9, num_epochs=1, shuffle=False).dequeue()], 4)
        sv = tf.train.Supervisor()
        found = []
        with sv.managed_session() as session:
            while not sv.should_stop():
                found.append(session.run(x))
        return found

    check_both(body)


def test_errors() -> None:
    def fails(tf: Any) -> Any:
        counting(tf)
        with tf.train.Supervisor().managed_session():
            raise ValueError("in the middle")

    def not_ready(tf: Any) -> Any:
        tf.get_variable("v", [1])
        tf.train.Supervisor(init_op=None, local_init_op=None).prepare_or_wait_for_session()

    def no_chief(tf: Any) -> Any:
        with tf.device("/job:ps"):
            tf.get_variable("v", [1])
        tf.train.Supervisor(is_chief=False).start_standard_services(tf.Session())

    def no_device(tf: Any) -> Any:
        tf.get_variable("v", [1])
        tf.train.Supervisor(is_chief=False)

    check_both_raise(fails, match="in the middle")
    check_both_raise(no_device, match="all Variables must have their device set")
    check_both_raise(not_ready, match="Model is not initialized and no init_op")
    check_both_raise(no_chief, match="Only chief supervisor can start standard services")
    check_both_raise(lambda tf: tf.train.Supervisor().summary_computed(None, None), match="requires a summary writer")


def test_a_loop_that_is_aborted_begins_again() -> None:
    def body(tf: Any) -> Any:
        train, _, step = counting(tf)
        sv = tf.train.Supervisor(global_step=step)
        seen: list[Any] = []

        def one(session: Any, limit: int, *, note: Any) -> None:
            session.run(train)
            note(int(session.run(step)))
            if len(seen) == 3:
                raise tf.errors.AbortedError(None, None, "gone")
            if len(seen) >= limit:
                sv.request_stop()

        tf.train.basic_train_loop(sv, one, args=[5], kwargs={"note": seen.append})
        return seen

    assert check_both(body) == [1, 2, 3, 1, 2]
