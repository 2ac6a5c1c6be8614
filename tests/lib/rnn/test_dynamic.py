"""`dynamic_rnn` and its relatives against TensorFlow's: values, gradients, names, static shapes, training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scopedjax._src.base import nest
from tests import oracle
from tests.lib.rnn.test_cells import make

LENGTHS = {"all": None, "some": [5, 0, 2], "none": [0, 0, 0]}


def inputs(rows: int = 3, steps: int = 5, depth: int = 3) -> np.ndarray:
    return np.random.RandomState(0).randn(rows, steps, depth).astype(np.float32)


@pytest.mark.parametrize("lengths", sorted(LENGTHS))
@pytest.mark.parametrize(
    "cell_name", ["rnn", "gru", "basic_lstm", "basic_lstm_joined", "lstm_full", "multi", "residual"]
)
def test_dynamic_rnn(cell_name: str, lengths: str) -> None:
    def body(tf: Any) -> Any:
        tf.set_random_seed(1)
        x = tf.placeholder(tf.float32, [None, None, 3], name="x")
        given = LENGTHS[lengths]
        length = None if given is None else tf.placeholder(tf.int64, [None], name="length")
        outputs, state = tf.nn.dynamic_rnn(make(tf, cell_name), x, sequence_length=length, dtype=tf.float32)
        flat = nest.flatten(state)
        weighted = tf.reduce_sum(outputs * outputs) + tf.add_n([tf.reduce_sum(tf.sin(t)) for t in flat])
        grads = tf.gradients(weighted, [x, *tf.trainable_variables()])
        names = [outputs.name, *(t.name for t in flat), *(v.name for v in tf.global_variables())]
        feeds = {x: inputs()} if length is None else {x: inputs(), length: given}
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run([outputs, flat, grads], feeds), names, outputs.shape, [t.shape for t in flat]

    oracle.check_both(body, rtol=2e-5, atol=2e-6)


def test_lengths_of_many_sizes_through_one_graph() -> None:
    def body(tf: Any) -> Any:
        tf.set_random_seed(1)
        x = tf.placeholder(tf.float32, [None, None, 3])
        outputs, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4), x, dtype=tf.float32)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sizes = [(2, 3), (1, 7), (4, 1)]
            return [sess.run([outputs, state], {x: inputs(*size)}) for size in sizes]

    theirs, ours = oracle.both(body)
    oracle.assert_same(theirs, ours, atol=1e-6)


def test_no_steps_at_all() -> None:
    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [2, None, 3])  # TensorFlow stacks no steps only where the rows are known
        outputs, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4), x, dtype=tf.float32)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run([outputs, state], {x: inputs(2, 0)})

    oracle.check_both(body)


def test_time_major_initial_state_and_float64() -> None:
    def body(tf: Any) -> Any:
        tf.set_random_seed(1)
        x = tf.constant(inputs().astype(np.float64))
        cell = tf.nn.rnn_cell.LSTMCell(4, initializer=tf.random_uniform_initializer(-0.5, 0.5))
        start = tf.nn.rnn_cell.LSTMStateTuple(tf.ones([5, 4], tf.float64), tf.zeros([5, 4], tf.float64))
        outputs, state = tf.nn.dynamic_rnn(
            cell, x, initial_state=start, time_major=True, swap_memory=True, parallel_iterations=8, scope="enc"
        )
        grads = tf.gradients(outputs, [x, start.c, *tf.trainable_variables()])
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run([outputs, state.c, state.h, grads]), outputs.name, outputs.shape, state.h.name

    oracle.check_both(body)


def test_nested_inputs() -> None:
    def body(tf: Any) -> Any:
        class Pair(tf.nn.rnn_cell.RNNCell):
            @property
            def state_size(self) -> Any:
                return {"sum": tf.TensorShape([3]), "count": tf.TensorShape([])}

            @property
            def output_size(self) -> Any:
                return (3, tf.TensorShape([2, 2]))

            def call(self, inputs: Any, state: Any) -> Any:
                a, b = inputs
                total = state["sum"] + a + tf.reduce_sum(b, [1, 2])[:, None]
                return (total, b * 2.0), {"sum": total, "count": state["count"] + 1.0}

        a, b = tf.constant(inputs()), tf.ones([3, 5, 2, 2])
        outputs, state = tf.nn.dynamic_rnn(Pair(), (a, b), sequence_length=[1, 5, 3], dtype=tf.float32)
        with tf.Session() as sess:
            return sess.run([outputs[0], outputs[1], state]), outputs[0].shape, outputs[1].shape

    oracle.check_both(body, rtol=1e-4)


@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("lengths", [None, "some"])
def test_bidirectional(lengths: str | None, time_major: bool) -> None:
    def body(tf: Any) -> Any:
        tf.set_random_seed(2)
        x = tf.constant(inputs(3, 5) if not time_major else inputs(5, 3))
        cells = [tf.nn.rnn_cell.GRUCell(4), tf.nn.rnn_cell.LSTMCell(2)]
        length = None if lengths is None else LENGTHS[lengths]
        outputs, states = tf.nn.bidirectional_dynamic_rnn(
            *cells, x, sequence_length=length, dtype=tf.float32, time_major=time_major
        )
        flat = [*outputs, states[0], *states[1]]
        grads = tf.gradients([outputs[0] * 2.0, outputs[1]], [x, *tf.trainable_variables()])
        names = [t.name for t in (*flat, *tf.global_variables())]
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run([flat, grads]), names, [t.shape for t in flat]

    oracle.check_both(body, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("lengths", [None, "some"])
def test_static(lengths: str | None) -> None:
    def body(tf: Any) -> Any:
        tf.set_random_seed(2)
        x = tf.placeholder(tf.float32, [None, 5, 3])
        length = None if lengths is None else LENGTHS[lengths]
        cell = tf.nn.rnn_cell.BasicLSTMCell(4)
        outputs, state = tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32, sequence_length=length)
        both, fw, bw = tf.nn.static_bidirectional_rnn(
            tf.nn.rnn_cell.GRUCell(2), tf.nn.rnn_cell.GRUCell(2), outputs, dtype=tf.float32, sequence_length=length
        )
        grads = tf.gradients([both[0], both[-1], state.c], [x, *tf.trainable_variables()])
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            names = [v.name for v in tf.global_variables()]
            return sess.run([outputs, both, fw, bw, state.c, grads], {x: inputs()}), names

    oracle.check_both(body, rtol=2e-5, atol=2e-6)


def test_training_with_the_adam_optimizer() -> None:
    def body(tf: Any) -> Any:
        tf.set_random_seed(3)
        x, y = tf.placeholder(tf.float32, [None, 6, 3]), tf.placeholder(tf.int32, [None])
        outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(8, use_peepholes=True), x, dtype=tf.float32)
        w = tf.get_variable("w", [8, 2])
        logits = tf.matmul(outputs[:, -1], w)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
        train = tf.train.AdamOptimizer(0.01).minimize(loss)
        rng = np.random.RandomState(1)
        losses = []
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(10):
                data = rng.randn(8, 6, 3)
                losses.append(sess.run([loss, train], {x: data, y: (data.sum((1, 2)) > 0).astype(int)})[0])
            return losses, sess.run(tf.trainable_variables())

    oracle.check_both(body, rtol=1e-3, atol=1e-5)


ERRORS: dict[str, Callable[[Any, Any], Any]] = {
    "rank": lambda tf, cell: tf.nn.dynamic_rnn(cell, tf.zeros([2, 3]), dtype=tf.float32),
    "depth": lambda tf, cell: tf.nn.dynamic_rnn(cell, tf.placeholder(tf.float32, [2, 5, None]), dtype=tf.float32),
    "no dtype": lambda tf, cell: tf.nn.dynamic_rnn(cell, tf.zeros([2, 5, 3])),
    "no cell": lambda tf, cell: tf.nn.dynamic_rnn(3, tf.zeros([2, 5, 3]), dtype=tf.float32),
    "lengths rank": lambda tf, cell: tf.nn.dynamic_rnn(
        cell, tf.zeros([2, 5, 3]), sequence_length=[[1]], dtype=tf.float32
    ),
    "lengths size": lambda tf, cell: tf.nn.dynamic_rnn(
        cell, tf.zeros([2, 5, 3]), sequence_length=[1, 2, 3], dtype=tf.float32
    ),
    "state size": lambda tf, cell: tf.nn.dynamic_rnn(cell, tf.zeros([2, 5, 3]), initial_state=tf.zeros([2, 5])),
    "state dtype": lambda tf, cell: tf.nn.dynamic_rnn(
        cell, tf.zeros([2, 5, 3]), initial_state=tf.zeros([2, 4], tf.float64)
    ),
    "times differ": lambda tf, cell: tf.nn.dynamic_rnn(
        cell, (tf.zeros([2, 5, 3]), tf.zeros([2, 4, 3])), dtype=tf.float32
    ),
    "rows differ": lambda tf, cell: tf.nn.dynamic_rnn(
        cell, (tf.zeros([2, 5, 3]), tf.zeros([3, 5, 3])), dtype=tf.float32
    ),
    "static no list": lambda tf, cell: tf.nn.static_rnn(cell, tf.zeros([2, 5]), dtype=tf.float32),
    "static empty": lambda tf, cell: tf.nn.static_rnn(cell, [], dtype=tf.float32),
}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_errors(name: str) -> None:
    # Names of tensors in the middle of a message may differ: the part before them must agree.
    phrases = {
        "depth": "saw value None",
        "lengths rank": "must be a vector of length batch_size",
    }
    phrases["static no list"] = "must be a sequence"
    phrases["lengths size"] = "must be equal, but are 3 and 2"
    oracle.check_both_raise(lambda tf: ERRORS[name](tf, tf.nn.rnn_cell.GRUCell(4)), match=phrases.get(name))


def test_wrong_number_of_lengths_when_run() -> None:
    def body(tf: Any) -> Any:
        x, length = tf.placeholder(tf.float32, [None, 5, 3]), tf.placeholder(tf.int32, [None])
        outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4), x, sequence_length=length, dtype=tf.float32)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run(outputs, {x: inputs(), length: [1, 2]})

    oracle.check_both_raise(
        body, match="Expected shape for Tensor rnn/sequence_length:0 is ] [3] [ but saw shape: ] [2]"
    )


@pytest.mark.parametrize("tupled", [False, True])
def test_states_are_saved_by_an_object(tupled: bool) -> None:
    def body(tf: Any) -> Any:
        class Saver:
            def __init__(self) -> None:
                self.kept = {
                    name: tf.Variable(np.full((2, 3), start, np.float32), name=name)
                    for name, start in (("c", 0.1), ("h", 0.2))
                }

            def state(self, name: str) -> Any:
                return self.kept[name]

            def save_state(self, name: str, value: Any) -> Any:
                return tf.assign(self.kept[name], value)

        saver = Saver()
        cell = tf.nn.rnn_cell.BasicLSTMCell(3) if tupled else tf.nn.rnn_cell.BasicRNNCell(3)
        x = [tf.constant(np.random.RandomState(i).randn(2, 4).astype(np.float32)) for i in range(3)]
        outputs, state = tf.nn.static_state_saving_rnn(cell, x, saver, ("c", "h") if tupled else "h")
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for i, variable in enumerate(tf.trainable_variables()[2:]):
                variable.load(np.sin(np.arange(variable.shape.num_elements()) + i).reshape(variable.shape), sess)
            found = [sess.run([outputs[-1], state]) for _ in range(2)]
            return [nest.flatten(f) for f in found], sess.run(list(saver.kept.values()))

    oracle.check_both(body, rtol=1e-4)


def test_names_of_saved_states_must_fit() -> None:
    def body(tf: Any) -> Any:
        cell = tf.nn.rnn_cell.BasicLSTMCell(3)
        return tf.nn.static_state_saving_rnn(cell, [tf.zeros([2, 4])], None, "h")

    oracle.check_both_raise(body, match="Argument `state_name` should be the same type as `cell.state_size`")
