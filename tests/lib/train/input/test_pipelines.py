"""Producers and batches: nodes, shapes, runners, errors, and what the threads deliver, against real TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle


def _tensors(found: Any) -> Any:
    if isinstance(found, dict):
        return {k: _tensors(v) for k, v in found.items()}
    if isinstance(found, list):
        return [_tensors(v) for v in found]
    return (found.name, found.dtype.name, str(found.shape)) if hasattr(found, "shape") else found.name


GRAPHS: dict[str, Callable[[Any], Any]] = {
    "strings": lambda tf: tf.train.string_input_producer(["a", "b"], seed=3),
    "epochs": lambda tf: tf.train.string_input_producer(["a"], num_epochs=2, shuffle=False, name="names"),
    "placeholder": lambda tf: tf.train.string_input_producer(tf.placeholder(tf.string, [None]), capacity=7),
    "range": lambda tf: tf.train.range_input_producer(5, shuffle=False, seed=1),
    "slices": lambda tf: tf.train.slice_input_producer([tf.range(4), tf.zeros([4, 2])], num_epochs=1),
    "rows": lambda tf: tf.train.input_producer(tf.zeros([3, 2]), element_shape=[2], summary_name="sn"),
    "batch": lambda tf: tf.train.batch([tf.constant(1.0), tf.constant(["a"])], 3),
    "padded": lambda tf: tf.train.batch(
        {"y": tf.constant(1.0), "x": tf.placeholder(tf.int32, [None])},
        3,
        num_threads=2,
        dynamic_pad=True,
        allow_smaller_final_batch=True,
    ),
    "dict_of_one": lambda tf: tf.train.batch({"x": tf.constant(1.0)}, 3, name="b"),
    "many": lambda tf: tf.train.batch([tf.zeros([4, 2])], 3, enqueue_many=True, capacity=7, shapes=[[2]]),
    "shuffled": lambda tf: tf.train.shuffle_batch([tf.constant(1.0)], 3, 10, 5, seed=4),
    "joined": lambda tf: tf.train.batch_join([[tf.constant(1.0), [1]], [tf.constant(2.0), [3]]], 3),
    "joined_shuffled": lambda tf: tf.train.shuffle_batch_join([[1.0], [2.0]], 3, 10, 5, allow_smaller_final_batch=True),
    "kept": lambda tf: tf.train.maybe_batch([tf.zeros([3])], tf.placeholder(tf.bool, [3]), 3, enqueue_many=True),
    "limit": lambda tf: tf.train.limit_epochs(tf.constant(1), 2),
    "no_limit": lambda tf: tf.train.limit_epochs(tf.constant(1)),
    "files": lambda tf: tf.train.match_filenames_once("/nowhere/*.py"),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs(name: str) -> None:
    def body(tf: Any) -> Any:
        found = GRAPHS[name](tf)
        runners = [(r.name, [o.name for o in r.enqueue_ops], r.close_op.name, r.cancel_op.name)
                   for r in tf.get_collection("queue_runners")]  # fmt: skip
        others = [[v.name for v in tf.get_collection(k)] for k in ("summaries", "local_variables", "variables")]
        return graph_nodes(tf.get_default_graph()), _tensors(found), runners, others

    check_both(body)


MISTAKES: list[Callable[[Any], Any]] = [
    lambda tf: tf.train.string_input_producer([]),
    lambda tf: tf.train.batch([], 2),
    lambda tf: tf.train.batch([tf.placeholder(tf.int32)], 2),
    lambda tf: tf.train.slice_input_producer([]),
    lambda tf: tf.train.batch_join([], 2),
    lambda tf: tf.train.limit_epochs(tf.constant(1), 0),
    lambda tf: tf.train.input_producer(tf.constant(1)),
    lambda tf: tf.train.batch_join([[1], [1.0]], 2),
    lambda tf: tf.train.input_producer(tf.placeholder(tf.int32)),
    lambda tf: tf.train.shuffle_batch([1], 2, 10, 10),
    lambda tf: tf.train.batch([tf.placeholder(tf.int32, [None])], 2),
    lambda tf: tf.train.maybe_batch([1], [True], 2),
]


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes(number: int) -> None:
    check_both_raise(MISTAKES[number])


def drain(tf: Any, fetch: Any, most: int = 1000) -> list[Any]:
    """All that a pipeline gives until its end, the way that TF1 scripts read it."""
    found: list[Any] = []
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess=session, coord=coord)
        try:
            while not coord.should_stop() and len(found) < most:
                found.append(session.run(fetch))
        except tf.errors.OutOfRangeError:
            pass
        finally:
            coord.request_stop()
        coord.join(threads)
        assert not any(thread.is_alive() for thread in threads)
    return found


def test_order_of_one_thread_is_the_inputs() -> None:
    def body(tf: Any) -> Any:
        rows = tf.train.slice_input_producer([tf.range(10), tf.reshape(tf.range(20.0), [10, 2])], 2, shuffle=False)
        return drain(tf, tf.train.batch(rows, 6, allow_smaller_final_batch=True))

    assert [len(batch[0]) for batch in check_both(body)] == [6, 6, 6, 2]


def test_seeded_shuffling_is_tensorflows() -> None:
    """The order of the names, a new one each epoch, follows from the seed."""

    def body(tf: Any) -> Any:
        numbers = tf.train.range_input_producer(12, num_epochs=3, seed=5)
        return drain(tf, numbers.dequeue())

    check_both(body)


def test_padding_and_leaving_out() -> None:
    def body(tf: Any) -> Any:
        n = tf.train.range_input_producer(7, num_epochs=1, shuffle=False).dequeue()
        return drain(tf, tf.train.batch([n, tf.range(n)], 3, dynamic_pad=True, allow_smaller_final_batch=True))

    def kept(tf: Any) -> Any:
        n = tf.train.range_input_producer(9, num_epochs=1, shuffle=False).dequeue()
        return drain(tf, tf.train.maybe_batch([n], tf.equal(n % 2, 0), 2, allow_smaller_final_batch=True))

    def kept_of_many(tf: Any) -> Any:
        n = tf.train.range_input_producer(3, num_epochs=1, shuffle=False).dequeue()
        many = tf.range(4) + 10 * n
        return drain(tf, tf.train.maybe_batch([many], many % 3 > 0, 4, enqueue_many=True))

    for each in (body, kept, kept_of_many):
        check_both(each)


def test_shuffle_batch_gives_everything_once(tf: Any) -> None:
    n = tf.train.range_input_producer(50, num_epochs=2).dequeue()
    batches = drain(tf, tf.train.shuffle_batch([n, n * n], 8, 30, 10, num_threads=3, allow_smaller_final_batch=True))
    numbers = np.concatenate([b[0] for b in batches])
    assert sorted(numbers) == sorted([*range(50)] * 2)
    assert np.concatenate([b[1] for b in batches]).tolist() == (numbers**2).tolist()
    assert numbers.tolist() != sorted(numbers)


def test_an_error_in_a_thread_reaches_join(tf: Any) -> None:
    """A file that is missing: the reader's thread fails, the coordinator stops, join raises what happened."""
    names = tf.train.string_input_producer(["/nowhere/at/all"])
    _, line = tf.TextLineReader().read(names)
    batch = tf.train.batch([line], 2)
    with tf.Session() as session:
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coord)
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(batch)
        with pytest.raises(tf.errors.NotFoundError, match="No such file"):
            coord.join(threads)


def _write_examples(path: Path) -> None:
    import scopedjax as tf

    rng = np.random.RandomState(0)
    for part in range(3):
        with tf.python_io.TFRecordWriter(str(path / f"{part}.tfrecord")) as writer:
            for i in range(16):
                x = rng.randn(4).astype(np.float32)
                features = {
                    "x": tf.train.Feature(float_list=tf.train.FloatList(value=x)),
                    "y": tf.train.Feature(int64_list=tf.train.Int64List(value=[int(x.sum() > 0)])),
                    "id": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"%d-%d" % (part, i)])),
                }
                example = tf.train.Example(features=tf.train.Features(feature=features))
                writer.write(example.SerializeToString())


@pytest.mark.parametrize("shuffled", [False, True])
def test_the_classic_program(shuffled: bool, tmp_path: Path) -> None:
    """TFRecord files, a queue of names, a reader, parsing, batches, training until the names are used up."""
    _write_examples(tmp_path)
    files = [str(tmp_path / f"{part}.tfrecord") for part in range(3)]

    def body(tf: Any) -> Any:
        names = tf.train.string_input_producer(files, num_epochs=2, shuffle=shuffled, seed=2)
        _, record = tf.TFRecordReader().read(names)
        spec = {
            "x": tf.FixedLenFeature([4], tf.float32),
            "y": tf.FixedLenFeature([], tf.int64),
            "id": tf.FixedLenFeature([], tf.string),
        }
        example = tf.parse_single_example(record, spec)
        if shuffled:
            # All 96 examples are in the queue before the first batch leaves it, so that the order does not depend on
            # the threads: enqueueing ends, the queue is closed, and only then is there enough.
            batch = tf.train.shuffle_batch(example, 12, 200, 96, seed=8)
        else:
            batch = tf.train.batch(example, 12)
        w = tf.get_variable("w", initializer=tf.zeros([4, 1]))
        logits = tf.squeeze(tf.matmul(batch["x"], w), 1)
        loss = tf.reduce_mean(
            tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.cast(batch["y"], tf.float32), logits=logits)
        )
        step = tf.train.get_or_create_global_step()
        train = tf.train.MomentumOptimizer(0.5, 0.9).minimize(loss, global_step=step)
        results = drain(tf, [train, loss, step, batch["id"], w.value()])
        return [(r[1], list(r[3])) for r in results]

    ours = check_both(body, rtol=1e-4)
    assert len(ours) == 8
    seen = sorted(i for _, ids in ours for i in ids)
    assert seen == sorted([b"%d-%d" % (part, i) for part in range(3) for i in range(16)] * 2)
    assert ours[-1][0] < ours[0][0]


def test_runners_travel_in_a_meta_graph(tmp_path: Path) -> None:
    """A pipeline of either side goes on in the other: the graph file names queues, nodes and errors."""
    from tests import oracle

    def write(tf: Any) -> Any:
        n = tf.train.range_input_producer(8, num_epochs=1, shuffle=False).dequeue()
        tf.train.batch([n], 4, name="out")
        path = str(tmp_path / tf.__name__)
        tf.train.export_meta_graph(path)
        return path

    def read(tf: Any, path: str) -> Any:
        tf.train.import_meta_graph(path)
        found = [
            (r.name, [o.name for o in r.enqueue_ops], r.close_op.name, r.cancel_op.name,
             [t.__name__ for t in r.queue_closed_exception_types])
            for r in tf.get_collection("queue_runners")
        ]  # fmt: skip
        return found, drain(tf, "out:0")

    sides = oracle.real_tf(), oracle.our_tf()
    paths = [oracle.run_body(tf, write) for tf in sides]
    results = [oracle.run_body(tf, read, path) for tf in sides for path in paths]
    assert not isinstance(results[0], oracle.Raised), results[0]
    assert [len(batch) for batch in results[0][1]] == [4, 4]
    for result in results[1:]:
        oracle.assert_same(results[0], result)
