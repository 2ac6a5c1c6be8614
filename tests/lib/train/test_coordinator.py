"""Coordinator, LooperThread and queue runners against real TensorFlow's."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import check_both, check_both_raise


def stop_at_third(coord: Any, rounds: list[int]) -> None:
    with coord.stop_on_exception():
        while not coord.should_stop():
            rounds.append(1)
            if len(rounds) >= 3:
                coord.request_stop()


def orderly(tf: Any) -> Any:
    coord, rounds = tf.train.Coordinator(), []
    threads = [threading.Thread(target=stop_at_third, args=(coord, rounds)) for _ in range(1)]
    for t in threads:
        t.start()
    coord.join(threads)
    return len(rounds), coord.should_stop(), coord.joined, coord.wait_for_stop(0.01)


def end_of_data(tf: Any) -> Any:
    coord = tf.train.Coordinator()
    with coord.stop_on_exception():
        raise tf.errors.OutOfRangeError(None, None, "end")
    coord.join()
    return coord.should_stop(), coord.joined


def other_clean_types(tf: Any) -> Any:
    coord = tf.train.Coordinator(clean_stop_exception_types=(KeyError,))
    coord.request_stop(KeyError("k"))
    coord.join()
    coord.clear_stop()
    before = coord.should_stop(), coord.joined
    return before, coord.wait_for_stop(0.01)


def first_error_wins(tf: Any) -> Any:
    coord = tf.train.Coordinator()

    def work(error: Exception) -> None:
        with coord.stop_on_exception():
            raise error

    for error in (ValueError("first"), KeyError("second")):
        t = threading.Thread(target=work, args=(error,))
        coord.register_thread(t)
        t.start()
        t.join()
    coord.join()


def reported_by_hand(tf: Any) -> Any:
    coord = tf.train.Coordinator()
    try:
        raise RuntimeError("by hand")
    except RuntimeError as error:
        coord.request_stop(error)
    coord.raise_requested_exception()


def reported_as_info(tf: Any) -> Any:
    coord = tf.train.Coordinator()
    try:
        raise RuntimeError("with info")
    except RuntimeError:
        coord.request_stop(sys.exc_info())
    coord.join()


def after_the_join(tf: Any) -> Any:
    coord = tf.train.Coordinator()
    coord.request_stop()
    coord.join()
    try:
        raise ValueError("too late")
    except ValueError as error:
        coord.request_stop(error)


def stragglers(tf: Any) -> Any:
    coord, release = tf.train.Coordinator(), threading.Event()
    t = threading.Thread(target=release.wait, name="slow", daemon=True)
    t.start()
    coord.request_stop()
    try:
        coord.join([t], stop_grace_period_secs=0.05)
    finally:
        release.set()


def stragglers_ignored(tf: Any) -> Any:
    coord, release = tf.train.Coordinator(), threading.Event()
    t = threading.Thread(target=release.wait, name="slow", daemon=True)
    t.start()
    coord.request_stop()
    coord.join([t], stop_grace_period_secs=0.05, ignore_live_threads=True)
    release.set()
    return coord.joined


def looper(tf: Any) -> Any:
    coord, seen = tf.train.Coordinator(), []

    def count(step: int, *, limit: int) -> None:
        seen.append(step)
        if len(seen) == limit:
            coord.request_stop()

    thread = tf.train.LooperThread.loop(coord, None, count, args=(2,), kwargs={"limit": 4})
    coord.join()
    return seen, thread.daemon


def looper_with_interval(tf: Any) -> Any:
    coord, seen = tf.train.Coordinator(), []
    started = time.time()
    tf.train.LooperThread.loop(coord, 0.03, lambda: (seen.append(1), len(seen) == 3 and coord.request_stop()))
    coord.join()
    return len(seen), time.time() - started >= 0.055


def looper_subclass(tf: Any) -> Any:
    calls = []

    class Three(tf.train.LooperThread):  # type: ignore[name-defined,misc]
        def start_loop(self) -> None:
            calls.append("start")

        def run_loop(self) -> None:
            calls.append("run")
            if calls.count("run") == 3:
                coord.request_stop()

        def stop_loop(self) -> None:
            calls.append("stop")

    coord = tf.train.Coordinator()
    Three(coord, None).start()
    coord.join()
    return calls


def looper_error(tf: Any) -> Any:
    coord = tf.train.Coordinator()
    tf.train.LooperThread.loop(coord, None, lambda: 1 // 0)
    coord.join()


class Queue:
    """Stands for a queue: what a runner needs is a name and nodes that close it."""

    def __init__(self, tf: Any) -> None:
        self.name = "queue"
        self.closed = tf.Variable(0, name="closed")
        self._tf = tf

    def close(self, cancel_pending_enqueues: bool = False) -> Any:
        return self._tf.assign_add(self.closed, 100 if cancel_pending_enqueues else 1).op


def counted(tf: Any, coordinated: bool) -> Any:
    """Counts to a limit in two threads; `count_up_to` ends like a queue whose input has ended."""
    queue = Queue(tf)
    counters = [tf.Variable(0, name=f"c{i}") for i in range(2)]
    runner = tf.train.QueueRunner(queue, [c.count_up_to(5 + i).op for i, c in enumerate(counters)])
    tf.train.add_queue_runner(runner)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        coord = tf.train.Coordinator() if coordinated else None
        threads = tf.train.start_queue_runners(sess, coord)
        again = runner.create_threads(sess, coord) if coordinated else []
        for t in threads[:2]:
            t.join()
        while sess.run(queue.closed) < 1:
            time.sleep(0.01)
        if coord is not None:
            coord.request_stop()
            coord.join(threads)
        names = sorted(t.name for t in threads)
        return names, len(again) < 4, sess.run(counters), sess.run(queue.closed), runner.name, runner.exceptions_raised


PROGRAMS: list[Callable[[Any], Any]] = [
    orderly, end_of_data, other_clean_types, stragglers_ignored, looper, looper_with_interval, looper_subclass,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    check_both(program)


@pytest.mark.parametrize("coordinated", [False, True])
def test_queue_runner(coordinated: bool) -> None:
    check_both(counted, coordinated)


@pytest.mark.parametrize(
    "program",
    [
        first_error_wins, reported_by_hand, reported_as_info, after_the_join, stragglers, looper_error,
        lambda tf: tf.train.LooperThread(None, 1.0),
        lambda tf: tf.train.LooperThread(tf.train.Coordinator(), 1.0, args=(1,)),
        lambda tf: tf.train.QueueRunner(None, []),
        lambda tf: tf.train.QueueRunner(Queue(tf), [tf.no_op()], queue_closed_exception_types=ValueError),
        lambda tf: tf.train.start_queue_runners(),
        lambda tf: tf.train.start_queue_runners("no session"),
    ],
)  # fmt: skip
def test_error(program: Callable[[Any], Any]) -> None:
    check_both_raise(program)


def test_error_of_an_enqueue_node_reaches_join(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [])
    queue = Queue(tf)
    tf.train.add_queue_runner(tf.train.QueueRunner(queue, [tf.Variable(0.0).assign(x).op]))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        coord = tf.train.Coordinator()
        tf.train.start_queue_runners(sess, coord)
        with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value for placeholder"):
            coord.join()
        assert sess.run(queue.closed) == 100
