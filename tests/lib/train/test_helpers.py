"""The small functions of tf.train against real TensorFlow: the global step, what hooks exchange, filtered batches."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.oracle import Raised, assert_same, both, check_both, check_both_raise

pytestmark = pytest.mark.oracle


def test_global_step() -> None:
    def body(tf: Any) -> Any:
        step = tf.train.get_or_create_global_step()
        tf.train.assert_global_step(step)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            before = tf.train.global_step(sess, step)
            sess.run(tf.assign_add(step, 7))
            return before, tf.train.global_step(sess, step), tf.train.global_step(sess, tf.train.get_global_step())

    check_both(body)


@pytest.mark.parametrize(
    ("make", "phrase"),
    [
        (lambda tf: tf.Variable(1.5, name="f"), "Existing \"global_step\" does not have integer type"),
        (lambda tf: tf.Variable([1, 2], name="v"), "Existing \"global_step\" is not scalar"),
        (lambda tf: tf.constant(3), "Existing \"global_step\" must be a Variable or Tensor"),
        (lambda tf: "global_step", "Existing \"global_step\" must be a Variable or Tensor"),
    ],
)  # fmt: skip
def test_what_is_no_global_step(make: Any, phrase: str) -> None:
    def body(tf: Any) -> Any:
        return tf.train.assert_global_step(make(tf))

    theirs, ours = both(body)
    assert_same(theirs, ours, phrase=phrase if isinstance(theirs, Raised) else None)


def test_what_hooks_exchange() -> None:
    def body(tf: Any) -> Any:
        values = tf.train.SessionRunValues(results=[1], options=None, run_metadata="m")
        arguments = tf.train.SessionRunArgs([1, 2], {"x": 3})
        return (
            values._fields,
            values.results,
            values.run_metadata,
            tuple(arguments),
            issubclass(tf.train.NanLossDuringTrainingError, RuntimeError),
            str(tf.train.NanLossDuringTrainingError()),
        )

    check_both(body)


def _batches(tf: Any, name: str, several: bool, keep: list[bool], **options: Any) -> Any:
    """What a batch with a filter gives of the numbers 0, 1, 2, ..., of which those pass that `keep` says in turn."""
    counter = tf.train.range_input_producer(12, shuffle=False, num_epochs=1).dequeue()
    flags = tf.gather(tf.constant(keep * 12), counter)
    one = [counter, tf.cast(counter, tf.float32) * 0.5]
    batch = getattr(tf.train, name)([one] if several else one, keep_input=flags, batch_size=3, **options)
    with tf.Session() as sess:
        sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coord)
        found: list[Any] = []
        try:
            while len(found) < 9:
                found.append(sess.run(batch))
        except tf.errors.OutOfRangeError:
            pass
        coord.request_stop()
        coord.join(threads)
    numbers = sorted(int(n) for ids, _ in found for n in ids)
    halves = all(np.array_equal(ids * 0.5, values) for ids, values in found)
    return [t.name for t in batch], [t.shape.as_list() for t in batch], len(found), numbers, halves


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("shuffled", [False, True])
def test_maybe_batch(shuffled: bool, several: bool) -> None:
    name = "maybe_" + ("shuffle_" if shuffled else "") + "batch" + ("_join" if several else "")
    assert name in ("maybe_batch", "maybe_shuffle_batch", "maybe_batch_join", "maybe_shuffle_batch_join")
    options = {"capacity": 20, "min_after_dequeue": 2, "seed": 1, "allow_smaller_final_batch": True} if shuffled else {}
    check_both(lambda tf: _batches(tf, name, several, [True, False, True], **options))


def test_sessions_are_made_by_creators() -> None:
    def body(tf: Any) -> Any:
        worker = tf.train.WorkerSessionCreator(tf.train.Scaffold(), master="")
        return (
            isinstance(worker, tf.train.SessionCreator),
            isinstance(tf.train.ChiefSessionCreator(), tf.train.SessionCreator),
        )

    check_both(body)
    check_both_raise(lambda tf: tf.train.SessionCreator(), match="abstract")


def test_a_server_of_one_process() -> None:
    def body(tf: Any) -> Any:
        server = tf.train.Server.create_local_server(start=False)
        with tf.Session() as sess:
            return type(server).__name__, sess.run(tf.constant(3))

    check_both(body)


def test_removing_a_checkpoint(tmp_path: Path) -> None:
    names = ["m-1.index", "m-1.data-00000-of-00001", "m-1.meta", "m-10.index", "m-2.meta"]

    def body(tf: Any) -> Any:
        folder = tmp_path / tf.__name__.partition(".")[0]
        folder.mkdir()
        for name in names:
            (folder / name).touch()
        tf.train.remove_checkpoint(str(folder / "m-1"))
        tf.train.remove_checkpoint(str(folder / "m-3"))
        return sorted(os.listdir(folder))

    check_both(body)
