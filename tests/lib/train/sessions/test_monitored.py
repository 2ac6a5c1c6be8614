"""Monitored sessions: order of the hooks, resuming, threads, errors, event files, against real TensorFlow."""

from __future__ import annotations

import glob
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.compat.proto import event_pb2

from tests.oracle import check_both, check_both_raise, our_tf

pytestmark = pytest.mark.oracle


def counting(tf: Any) -> tuple[Any, Any, Any]:
    """A model of one weight: (train_op, loss, global step)."""
    step = tf.train.get_or_create_global_step()
    w = tf.get_variable("w", initializer=4.0)
    loss = tf.square(w - 1.0)
    tf.summary.scalar("loss", loss)
    return tf.train.MomentumOptimizer(0.1, 0.5).minimize(loss, global_step=step), loss, step


def recorder(tf: Any, events: list[Any], fetch: Any = None, feed: Any = None, stop_after: int | None = None) -> Any:
    """A hook that writes down what it is called with."""

    class Recorder(tf.train.SessionRunHook):
        runs = 0

        def begin(self) -> None:
            events.append(("begin", tf.get_default_graph().finalized))

        def after_create_session(self, session: Any, coord: Any) -> None:
            events.append(("created", coord.should_stop(), len(session.run(tf.get_collection("ready_op")[0]))))

        def before_run(self, run_context: Any) -> Any:
            original = run_context.original_args
            events.append(("before", type(original.fetches).__name__, original.feed_dict is None))
            return None if fetch is None else tf.train.SessionRunArgs(fetch, feed_dict=feed)

        def after_run(self, run_context: Any, run_values: Any) -> None:
            self.runs += 1
            events.append(("after", run_values.results, run_context.stop_requested))
            if self.runs == stop_after:
                run_context.request_stop()

        def end(self, session: Any) -> None:
            events.append(("end", session.run(tf.train.get_global_step())))

    return Recorder()


def test_order_of_hooks_and_extra_fetches() -> None:
    def body(tf: Any) -> Any:
        train, loss, step = counting(tf)
        x = tf.placeholder_with_default(1.0, [])
        events: list[Any] = []
        hooks = [recorder(tf, events, {"double": x * 2.0}, {x: 3.0}), recorder(tf, events, stop_after=3)]
        values = []
        with tf.train.MonitoredSession(hooks=hooks) as session:
            graph = session.graph
            finalized = graph.finalized
            while not session.should_stop():
                values.append(session.run([train, loss, {"x": x}]))
            after = [session.should_stop()]
        return events, values, finalized, graph.finalized, after

    check_both(body)


def test_ends() -> None:
    """An OutOfRangeError or StopIteration ends the block well; another error skips the hooks' end."""

    def body(tf: Any) -> Any:
        train, _, _ = counting(tf)
        found = []
        for error in (tf.errors.OutOfRangeError(None, None, "end"), StopIteration(), ValueError("bad")):
            events: list[Any] = []
            try:
                with tf.train.MonitoredSession(hooks=[recorder(tf, events)]) as session:
                    session.run(train)
                    raise error
            except ValueError as raised:
                found.append(str(raised))
            found.append([e[0] for e in events])
        session = tf.train.SingularMonitoredSession()
        session.run(train)
        session.close()
        try:
            session.close()
        except RuntimeError as raised:
            found.append(str(raised))
        return found, session.should_stop()

    check_both(body)


def test_run_after_the_stop_and_feeds_twice() -> None:
    def stopped(tf: Any) -> Any:
        train, _, _ = counting(tf)
        with tf.train.MonitoredSession(hooks=[tf.train.StopAtStepHook(last_step=1)]) as session:
            session.run(train)
            session.run(train)

    def twice(tf: Any) -> Any:
        x = tf.placeholder_with_default(1.0, [])
        tf.train.create_global_step()
        with tf.train.MonitoredSession(hooks=[tf.train.FeedFnHook(lambda: {x: 2.0})] * 2) as session:
            session.run(x)

    def user_too(tf: Any) -> Any:
        x = tf.placeholder_with_default(1.0, [])
        with tf.train.MonitoredSession(hooks=[tf.train.FeedFnHook(lambda: {x: 2.0})]) as session:
            session.run(x, {x: 3.0})

    check_both_raise(stopped, match="Run called even after should_stop requested.")
    check_both_raise(twice, match="Same tensor is fed by two hooks.")
    check_both_raise(user_too, match="Same tensor is fed by a SessionRunHook and user.")


def event_contents(folder: str) -> list[Any]:
    """What the event files of a folder hold, without times."""
    protos: Any = event_pb2
    found = []
    for path in sorted(glob.glob(os.path.join(folder, "events.out.*"))):
        for event in our_tf().train.summary_iterator(path):
            kind = event.WhichOneof("what")
            if kind == "summary":
                tags = [(v.tag, round(v.simple_value, 4) if "sec" not in v.tag else "") for v in event.summary.value]
                found.append((event.step, tags))
            elif kind == "session_log":
                found.append((event.step, protos.SessionLog.SessionStatus.Name(event.session_log.status)))
    return found


def test_training_that_resumes(tmp_path: Path) -> None:
    """Three processes' worth: the second goes on where the first ended, the third has nothing left to do."""
    losses: dict[str, Any] = {}

    def body(tf: Any) -> Any:
        folder = str(tmp_path / tf.__name__)
        found: list[Any] = []
        for last in (25, 40, 40):
            with tf.Graph().as_default():
                train, loss, step = counting(tf)
                hooks = [tf.train.StopAtStepHook(last_step=last), tf.train.NanTensorHook(loss)]
                with tf.train.MonitoredTrainingSession(
                    checkpoint_dir=folder,
                    hooks=hooks,
                    save_checkpoint_steps=10,
                    save_summaries_steps=8,
                    log_step_count_steps=10,
                ) as session:
                    start = session.run(step)
                    while not session.should_stop():
                        value = session.run([train, loss, step])[1]
                    found.append((start, value))
                if last == 25:
                    tf.summary.FileWriterCache.clear()
                    events = event_contents(folder)
                    # At which of two steps TensorFlow writes a summary is a race; here it is the exact one.
                    losses[tf.__name__] = [e for e in events if e[1][0][0] == "loss"]
                    found.append([e for e in events if e[1][0][0] != "loss"])
            found.append(tf.train.latest_checkpoint(folder).replace(folder, ""))
            state = tf.train.get_checkpoint_state(folder)
            found.append([p.replace(folder, "") for p in state.all_model_checkpoint_paths])
        return found, os.path.exists(os.path.join(folder, "graph.pbtxt"))

    check_both(body)
    assert [step for step, _ in losses.pop("scopedjax")] == [0, 8, 16, 24]
    assert len(losses.popitem()[1]) == 4


@contextmanager
def logged(tf: Any) -> Iterator[list[str]]:
    """The messages that are logged inside, by either namespace."""
    logger = logging.getLogger("tensorflow")
    texts: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            texts.append(record.getMessage())

    handler, level, propagate = Keep(), logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield texts
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


def _without_times(text: str) -> str:
    return text.split(" (")[0] if text.endswith("sec)") else text


def test_logging_tensors() -> None:
    def body(tf: Any) -> Any:
        train, loss, step = counting(tf)
        tf.identity(tf.constant([[1e-9, 1.5], [2.0, 3.25]]), name="table")
        tenth = tf.constant(0.1)
        hooks = [
            tf.train.LoggingTensorHook({"tenth": tenth, "t": "table"}, every_n_iter=2),
            tf.train.LoggingTensorHook(["table:0"], every_n_iter=100, at_end=True),
            tf.train.LoggingTensorHook([step], at_end=True, formatter=lambda values: f"steps {list(values.values())}"),
        ]
        with logged(tf) as texts, tf.train.MonitoredSession(hooks=hooks) as session:
            for _ in range(5):
                session.run(train)
        return [_without_times(t) for t in texts if "=" in t or "steps" in t]

    check_both(body)


def test_nan() -> None:
    def body(tf: Any, fail: bool) -> Any:
        x = tf.placeholder_with_default(1.0, [])
        loss = tf.log(x)
        with tf.train.MonitoredSession(hooks=[tf.train.NanTensorHook(loss, fail_on_nan_loss=fail)]) as session:
            session.run(loss)
            before = session.should_stop()
            session.run(loss, {x: -1.0})
            return before, session.should_stop()

    assert check_both(lambda tf: body(tf, False)) == (False, True)
    raised = check_both_raise(lambda tf: body(tf, True), match="NaN loss during training.")
    assert raised.type == "NanLossDuringTrainingError"


def test_stop_after_steps_final_ops_listeners(tmp_path: Path) -> None:
    def body(tf: Any) -> Any:
        folder = str(tmp_path / tf.__name__)
        train, loss, step = counting(tf)
        told: list[Any] = []

        class Listener(tf.train.CheckpointSaverListener):
            def begin(self) -> None:
                told.append("begin")

            def before_save(self, session: Any, global_step_value: int) -> None:
                told.append(("before", int(global_step_value)))

            def after_save(self, session: Any, global_step_value: int) -> Any:
                told.append(("after", int(global_step_value), os.path.exists(f"{folder}/m-{global_step_value}.meta")))
                return global_step_value >= 8

            def end(self, session: Any, global_step_value: int) -> None:
                told.append(("end", int(global_step_value)))

        final = tf.train.FinalOpsHook({"w": tf.global_variables()[1], "step": step})
        hooks = [
            tf.train.StopAtStepHook(num_steps=20),
            final,
            tf.train.CheckpointSaverHook(
                folder, save_steps=4, checkpoint_basename="m", listeners=[Listener()], saver=tf.train.Saver()
            ),
        ]
        with tf.train.MonitoredSession(hooks=hooks) as session:
            while not session.should_stop():
                session.run(train)
        return told, final.final_ops_values

    check_both(body)


def test_step_functions() -> None:
    def body(tf: Any) -> Any:
        train, loss, step = counting(tf)
        events: list[Any] = []
        found: list[Any] = []

        def step_fn(step_context: Any) -> Any:
            found.append(step_context.session.run(step))
            step_context.run_with_hooks(train)
            if len(found) == 3:
                step_context.request_stop()
            return len(found)

        with tf.train.MonitoredSession(hooks=[recorder(tf, events)]) as session:
            while not session.should_stop():
                found.append(session.run_step_fn(step_fn))
            try:
                session.run_step_fn(lambda other: None)
            except ValueError as error:
                found.append(str(error).split(" Got")[0])
        return found, [e[0] for e in events]

    check_both(body)


def test_scaffolds() -> None:
    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [])
        w = tf.get_variable("w", initializer=x)
        local = tf.Variable(7.0, collections=[tf.GraphKeys.LOCAL_VARIABLES])
        tf.train.create_global_step()
        order: list[Any] = []
        first = tf.train.Scaffold(
            init_feed_dict={x: 3.0}, init_fn=lambda scaffold, session: order.append(session.run(w))
        )
        second = tf.train.Scaffold(copy_from_scaffold=first)
        with tf.train.MonitoredSession(tf.train.ChiefSessionCreator(second)) as session:
            values = session.run([w, local])
        keys = [len(tf.get_collection(k)) for k in ("init_op", "ready_op", "local_init_op", "summary_op", "savers")]
        return values, order, keys, second.summary_op is None

    check_both(body)


@pytest.mark.parametrize(
    "make",
    [
        lambda tf: tf.train.StopAtStepHook(),
        lambda tf: tf.train.StopAtStepHook(1, 2),
        lambda tf: tf.train.LoggingTensorHook([]),
        lambda tf: tf.train.LoggingTensorHook([], 1, 2),
        lambda tf: tf.train.LoggingTensorHook([], 0),
        lambda tf: tf.train.CheckpointSaverHook("d"),
        lambda tf: tf.train.CheckpointSaverHook("d", 1, 2),
        lambda tf: tf.train.CheckpointSaverHook("d", 1, saver=1, scaffold=2),
        lambda tf: tf.train.SummarySaverHook(1),
        lambda tf: tf.train.StepCounterHook(None),
        lambda tf: tf.train.SecondOrStepTimer(),
        lambda tf: tf.train.SecondOrStepTimer(1, 2),
        lambda tf: tf.train.StopAtStepHook(1).begin(),
        lambda tf: tf.train.SummarySaverHook(1, summary_op=tf.constant("")).begin(),
        lambda tf: tf.train.Scaffold(copy_from_scaffold=1),
        lambda tf: tf.train.SessionManager(ready_for_local_init_op=1),
        lambda tf: [tf.get_variable("v", [1]), tf.train.SessionManager().prepare_session("")],
    ],
)
def test_refusals(make: Callable[[Any], Any]) -> None:
    check_both_raise(make)


def test_a_model_that_is_not_ready() -> None:
    def body(tf: Any) -> Any:
        tf.get_variable("v", [1])
        w = tf.get_variable("w", [1])
        manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables())
        session, ready = manager.recover_session("")
        values = [ready, len(session.run(tf.report_uninitialized_variables()))]
        return values, manager.prepare_session("", init_op=w.initializer)

    check_both_raise(body, match="Variables not initialized: v")


def test_recovery_from_an_aborted_run(tmp_path: Path) -> None:
    """AbortedError: a new session is made from the newest checkpoint, and the run is repeated."""

    def body(tf: Any) -> Any:
        train, _, step = counting(tf)
        events: list[Any] = []

        class Fails(tf.train.SessionRunHook):
            done = False

            def after_run(self, run_context: Any, run_values: Any) -> None:
                if not self.done and run_context.session.run(step) == 4:
                    type(self).done = True
                    raise tf.errors.AbortedError(None, None, "gone")

        folder = str(tmp_path / tf.__name__)
        steps = []
        with tf.train.MonitoredTrainingSession(
            checkpoint_dir=folder, save_checkpoint_steps=2, hooks=[Fails(), recorder(tf, events)]
        ) as session:
            for _ in range(5):
                session.run(train)
                steps.append(int(session.run(step)))
        return steps, [e[0] for e in events].count("created")

    check_both(body)


def test_queue_threads_belong_to_the_session() -> None:
    def body(tf: Any) -> Any:
        x = tf.train.batch([tf.train.range_input_producer(10, num_epochs=1, shuffle=False).dequeue()], 4)
        found = []
        with tf.train.MonitoredSession() as session:
            while not session.should_stop():
                found.append(session.run(x))
        return found

    assert [len(b) for b in check_both(body)] == [4, 4]


def test_a_thread_that_fails_is_told(tmp_path: Path) -> None:
    def body(tf: Any) -> Any:
        _, line = tf.TextLineReader().read(tf.train.string_input_producer([str(tmp_path / "none")]))
        x = tf.train.batch([line], 4)
        with tf.train.MonitoredSession() as session:
            session.run(x)

    check_both_raise(body, match="No such file or directory")


def test_waiting_for_a_step() -> None:
    def body(tf: Any) -> Any:
        _, _, step = counting(tf)
        move = tf.assign_add(step, 3)
        hook = tf.train.GlobalStepWaiterHook(3)
        with tf.train.MonitoredSession(hooks=[]) as session:
            session.run(move)
            hook._global_step_tensor = hook._global_step = step
            context = tf.train.SessionRunContext(tf.train.SessionRunArgs(None), session)
            hook._worker_is_started = False
            return hook.before_run(context), np.asarray(session.run(step))

    check_both(body)
