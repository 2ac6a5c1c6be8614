"""Queues: nodes, values, order, waiting, closing, errors, against real TensorFlow."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from tests import oracle
from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle


def outcome(tf: Any, session: Any, fetch: Any, feed: Any = None) -> Any:
    """The value of a run, or its error: class, and the words without the queue's number."""
    try:
        return session.run(fetch, feed)
    except tf.errors.OpError as error:
        words = [line for line in error.message.splitlines() if line and "[[{{" not in line]
        last = words[-1]
        head, mark, tail = last.partition("'_")
        return type(error).__name__, head + mark + tail.lstrip("0123456789")


def test_fifo_queue() -> None:
    def body(tf: Any) -> Any:
        q = tf.FIFOQueue(3, [tf.int32, tf.string], shapes=[[], [2]])
        one = q.enqueue((1, ["a", "b"]))
        two = q.enqueue_many(([1, 2], [["a", "b"], ["c", "d"]]))
        take, many, some = q.dequeue(), q.dequeue_many(2), q.dequeue_up_to(2)
        size, closed, close, cancel = q.size(), q.is_closed(), q.close(), q.close(cancel_pending_enqueues=True)
        nodes = [(o.name, o.type, o.device) for o in tf.get_default_graph().get_operations()]
        shapes = [t.shape for t in (*take, *many, *some, size, closed)]
        found = []
        with tf.Session() as session:
            for fetch in (one, two, [size, closed], take, many, one, close, [size, closed], one, close, cancel, many,
                          some, take, some, many):  # fmt: skip
                found.append(outcome(tf, session, fetch))
        return nodes, shapes, found, q.name, q.dtypes, q.shapes, q.names

    check_both(body)


def test_components_with_names() -> None:
    def body(tf: Any) -> Any:
        q = tf.FIFOQueue(3, [tf.int32, tf.float32], shapes=[[], []], names=["a", "b"], name="nq")
        put, take, many = q.enqueue({"b": 2.0, "a": 1}), q.dequeue(), q.dequeue_many(1)
        with tf.Session() as session:
            session.run(put)
            session.run(put)
            return session.run(take), session.run(many), graph_nodes(tf.get_default_graph())

    check_both(body)


def test_elements_of_any_shape() -> None:
    def body(tf: Any) -> Any:
        q = tf.FIFOQueue(3, tf.int32)
        x = tf.placeholder(tf.int32)
        put, take = q.enqueue([x]), q.dequeue()
        with tf.Session() as session:
            session.run(put, {x: [[1, 2]]})
            session.run(put, {x: 3})
            values = session.run(take), session.run(take)
            return values, take.shape, outcome(tf, session, q.dequeue_many(1))

    check_both(body)


def test_enqueue_keeps_its_own_copy(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2])
    q = tf.FIFOQueue(3, tf.float32, shapes=[[2]])
    value = np.ones(2, np.float32)
    with tf.Session() as session:
        session.run(q.enqueue(x), {x: value})
        value[:] = 5
        assert session.run(q.dequeue()).tolist() == [1, 1]


MISTAKES: list[Any] = [
    lambda tf: tf.FIFOQueue(3, [tf.int32], names=["a", "b"]),
    lambda tf: tf.FIFOQueue(3, [tf.int32], shapes=[[], []]),
    lambda tf: tf.FIFOQueue(3, [tf.int32], shapes=[[None]]),
    lambda tf: tf.PaddingFIFOQueue(5, [tf.int32], shapes=None),
    lambda tf: tf.PaddingFIFOQueue(5, [tf.int32], shapes=[None]),
    lambda tf: tf.FIFOQueue(3, [tf.int32], shapes=[[2]]).enqueue([[1]]),
    lambda tf: tf.FIFOQueue(3, [tf.int32]).enqueue({"a": 1}),
    lambda tf: tf.FIFOQueue(3, [tf.int32], names=["a"]).enqueue([1]),
    lambda tf: tf.FIFOQueue(3, [tf.int32], names=["a"]).enqueue({"b": 1}),
    lambda tf: tf.FIFOQueue(3, [tf.int32], shapes=[[]]).enqueue_many([3]),
    lambda tf: tf.FIFOQueue(3, [tf.int32, tf.int32], shapes=[[], []]).enqueue_many([[1, 2], [1]]),
    lambda tf: tf.PaddingFIFOQueue(5, [tf.int32], shapes=[[None]]).enqueue([[[1]]]),
    lambda tf: tf.PriorityQueue(5, [tf.int32], shapes=[[]]).enqueue(([1, 2], 3)),
    lambda tf: tf.QueueBase.from_list(0, []),
    lambda tf: tf.QueueBase.from_list(0, [tf.FIFOQueue(1, tf.int32), tf.FIFOQueue(1, tf.float32)]),
]


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes_while_recording(number: int) -> None:
    check_both_raise(MISTAKES[number])


def test_mistakes_while_running() -> None:
    def body(tf: Any) -> Any:
        x, y = tf.placeholder(tf.int32), tf.placeholder(tf.string)
        q = tf.FIFOQueue(10, [tf.int32, tf.string], shapes=[[], [2]])
        padding = tf.PaddingFIFOQueue(5, [tf.int32], shapes=[[None]])
        with tf.Session() as session:
            return [
                outcome(tf, session, q.enqueue((x, y)), {x: [1], y: ["a", "b"]}),
                outcome(tf, session, q.enqueue_many((x, y)), {x: [1], y: [["a", "b"]] * 2}),
                outcome(tf, session, q.enqueue_many((x, y)), {x: [], y: np.zeros((0, 2), object)}),
                outcome(tf, session, padding.enqueue([x]), {x: [[1]]}),
                outcome(tf, session, tf.RandomShuffleQueue(2, 5, [tf.int32]).size()),
                session.run(q.size()),
            ]

    check_both(body)


def test_padding() -> None:
    def body(tf: Any) -> Any:
        q = tf.PaddingFIFOQueue(5, [tf.int32, tf.string, tf.float32], shapes=[[None], [None], [None, 2]])
        x, s, f = tf.placeholder(tf.int32), tf.placeholder(tf.string), tf.placeholder(tf.float32)
        put, many, one = q.enqueue((x, s, f)), q.dequeue_many(3), q.dequeue()
        with tf.Session() as session:
            for count in (1, 3, 0, 2):
                feed = {x: np.arange(count) + 1, s: ["w"] * count, f: np.ones((count, 2))}
                session.run(put, feed)
            return session.run(many), session.run(one), [t.shape for t in (*many, *one)]

    check_both(body)


@pytest.mark.parametrize(("graph_seed", "seed"), [(None, 7), (3, None), (3, 7)])
def test_random_order_is_tensorflows(graph_seed: int | None, seed: int | None) -> None:
    def body(tf: Any) -> Any:
        if graph_seed is not None:
            tf.set_random_seed(graph_seed)
        q = tf.RandomShuffleQueue(400, 2, [tf.int32, tf.float32], shapes=[[], []], seed=seed)
        fill = q.enqueue_many((tf.range(300), tf.cast(tf.range(300), tf.float32)))
        take, many, some = q.dequeue(), q.dequeue_many(250), q.dequeue_up_to(100)
        with tf.Session() as session:
            session.run(fill)
            found = [session.run(take) for _ in range(5)] + [session.run(many)]
            session.run(q.close())
            found += [outcome(tf, session, q.dequeue_many(100)), session.run(some), outcome(tf, session, take)]
        seeds = [q.queue_ref.op.get_attr(name) for name in ("seed", "seed2")]
        shared = tf.RandomShuffleQueue(9, 2, [tf.int32], shared_name="of several", seed=seed).queue_ref.op
        return found, seeds, [shared.get_attr(name) for name in ("seed", "seed2")]

    check_both(body)


def test_some_elements_stay_for_the_mixture(tf: Any) -> None:
    q = tf.RandomShuffleQueue(20, 5, tf.int32, shapes=[[]])
    with tf.Session() as session:
        session.run(q.enqueue_many([tf.range(8)]))
        session.run(q.dequeue_many(3))
        options = tf.RunOptions(timeout_in_ms=50)
        with pytest.raises(tf.errors.DeadlineExceededError):
            session.run(q.dequeue(), options=options)
        assert session.run(q.size()) == 5
        session.run(q.close())
        assert len(session.run(q.dequeue_many(5))) == 5


def test_priorities() -> None:
    def body(tf: Any) -> Any:
        q = tf.PriorityQueue(10, [tf.string], shapes=[[]])
        fill = q.enqueue_many(([3, 1, -2, 7], ["c", "a", "b", "d"]))
        take, many = q.dequeue(), q.dequeue_many(3)
        with tf.Session() as session:
            session.run(fill)
            found = session.run(take), session.run(many)
        return found, graph_nodes(tf.get_default_graph()), q.dtypes, q.shapes

    check_both(body)


def in_thread(results: list[Any], function: Any) -> threading.Thread:
    thread = threading.Thread(target=lambda: results.append(function()), daemon=True)
    thread.start()
    time.sleep(0.1)
    return thread


def test_waiting_and_closing() -> None:
    """More elements than places, a close that waits for enqueues, and one that cancels them."""

    def body(tf: Any) -> Any:
        found: list[Any] = []
        late: list[Any] = []
        with tf.Session() as session:
            for cancel in (False, True):
                q = tf.FIFOQueue(2, tf.int32, shapes=[])
                fill, many, some, size = (
                    q.enqueue_many([[1, 2, 3, 4, 5]]),
                    q.dequeue_many(4),
                    q.dequeue_up_to(9),
                    q.size(),
                )
                close = q.close(cancel_pending_enqueues=cancel)
                threads = [in_thread(late, lambda fill=fill: outcome(tf, session, fill))]
                while session.run(size) < 2:
                    time.sleep(0.01)
                found.append(session.run(size))
                threads.append(in_thread(late, lambda close=close: outcome(tf, session, close)))
                while cancel and len(late) < 4:  # the cancelled enqueue and the close, besides what came before
                    time.sleep(0.01)
                found += [outcome(tf, session, many), outcome(tf, session, some), outcome(tf, session, many)]
                for thread in threads:
                    thread.join(10)
        return found, sorted(map(repr, late))

    check_both(body)


def test_closing_the_session_ends_what_waits() -> None:
    def body(tf: Any) -> Any:
        late: list[Any] = []
        q = tf.FIFOQueue(2, tf.int32, shapes=[])
        full = tf.FIFOQueue(1, tf.int32, shapes=[])
        take, fill = q.dequeue_many(5), full.enqueue_many([[1, 2]])
        session = tf.Session()
        size = full.size()
        threads = [in_thread(late, lambda fetch=fetch: outcome(tf, session, fetch)) for fetch in (take, fill)]
        while session.run(size) < 1:  # on a busy machine a thread may take long to get there
            time.sleep(0.1)
        session.close()
        for thread in threads:
            thread.join(10)
        return sorted(late)

    assert len(check_both(body)) == 2


def test_deadlines() -> None:
    def body(tf: Any) -> Any:
        take = tf.FIFOQueue(2, tf.int32, shapes=[]).dequeue_many(2)
        with tf.Session() as session:
            try:
                session.run(take, options=tf.RunOptions(timeout_in_ms=60))
            except tf.errors.DeadlineExceededError as error:
                first = "Timed out waiting" in error.message
        with tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=60)) as session:
            return first, outcome(tf, session, take)[0]

    check_both(body)


def test_sessions_have_their_own_elements_and_shared_names_share() -> None:
    def body(tf: Any) -> Any:
        a = tf.FIFOQueue(3, [tf.float32], shapes=[[]], shared_name="s")
        b = tf.FIFOQueue(3, [tf.float32], shapes=[[]], shared_name="s")
        others = [
            tf.FIFOQueue(3, [tf.int32], shapes=[[]], shared_name="s"),
            tf.FIFOQueue(4, [tf.float32], shapes=[[]], shared_name="s"),
            tf.FIFOQueue(3, [tf.float32], shapes=[[1]], shared_name="s"),
        ]
        with tf.Session() as session, tf.Session() as second:
            session.run(a.enqueue(1.0))
            found = [session.run([a.size(), b.size()]), second.run(b.size()), session.run(b.dequeue())]
            return found + [outcome(tf, session, q.size()) for q in others]

    check_both(body)


def test_a_queue_behind_a_choice() -> None:
    """tf.cond takes from one of two queues; the other one is not touched."""

    def body(tf: Any) -> Any:
        train, test = (tf.FIFOQueue(5, tf.float32, shapes=[[]], name=n) for n in ("train", "test"))
        which = tf.placeholder(tf.bool, [])
        x = tf.cond(which, train.dequeue, test.dequeue)
        with tf.Session() as session:
            session.run([train.enqueue_many([[1.0, 2.0]]), test.enqueue(9.0)])
            values = [session.run(x * 2.0, {which: w}) for w in (True, False, True)]
            return values, session.run([train.size(), test.size()])

    check_both(body)


def test_a_model_between_two_queues() -> None:
    """Device work between host steps: dequeue, compute, enqueue, in one run."""

    def body(tf: Any) -> Any:
        source = tf.FIFOQueue(10, tf.float32, shapes=[[2]])
        sink = tf.FIFOQueue(10, tf.float32, shapes=[[]])
        w = tf.Variable([[1.0], [2.0]])
        put = sink.enqueue(tf.reduce_sum(tf.matmul(source.dequeue()[tf.newaxis], w)))
        step = tf.assign_add(w, [[1.0], [1.0]])
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            session.run(source.enqueue_many([[[1.0, 2.0], [3.0, 4.0]]]))
            session.run(put)
            session.run(step)
            session.run(put)
            return session.run(sink.dequeue_many(2))

    check_both(body)


def test_many_threads_lose_nothing(tf: Any) -> None:
    q = tf.FIFOQueue(7, tf.int32, shapes=[[]])
    x = tf.placeholder(tf.int32, [None])
    put, take = q.enqueue_many([x]), q.dequeue_many(5)
    taken: list[int] = []
    with tf.Session() as session:

        def produce(first: int) -> None:
            for at in range(first, first + 40, 10):
                session.run(put, {x: np.arange(at, at + 10)})

        def consume() -> None:
            for _ in range(8):
                taken.extend(session.run(take))

        threads = [threading.Thread(target=produce, args=(100 * i,)) for i in range(4)]
        threads += [threading.Thread(target=consume) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert sorted(taken) == [100 * i + j for i in range(4) for j in range(40)]


def test_graph_def_round_trip() -> None:
    """A graph of real TensorFlow with queues runs here; shapes follow from the queue's node."""
    theirs = oracle.real_tf()
    with theirs.Graph().as_default() as graph:
        q = theirs.FIFOQueue(3, [theirs.int32], shapes=[[2]])
        q.enqueue([[1, 2]], name="put")
        q.dequeue_many(1, name="take")
        data = graph.as_graph_def().SerializeToString()
    tf = oracle.our_tf()
    with tf.Graph().as_default() as graph:
        definition = tf.GraphDef()
        definition.ParseFromString(data)
        tf.import_graph_def(definition, name="")
        with tf.Session() as session:
            session.run("put")
            assert session.run("take:0").tolist() == [[1, 2]]
        assert graph.get_tensor_by_name("take:0").shape.as_list() == [1, 2]
