"""The cells and their wrappers against TensorFlow's: values, variables, nodes, errors."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scopedjax._src.base import nest
from tests import oracle

CELLS: dict[str, Callable[[Any], Any]] = {
    "rnn": lambda c: c.BasicRNNCell(4),
    "rnn_relu": lambda c: c.BasicRNNCell(4, activation="relu", name="plain"),
    "gru": lambda c: c.GRUCell(4),
    "basic_lstm": lambda c: c.BasicLSTMCell(4, forget_bias=0.5),
    "basic_lstm_joined": lambda c: c.BasicLSTMCell(4, state_is_tuple=False),
    "lstm": lambda c: c.LSTMCell(4),
    "lstm_full": lambda c: c.LSTMCell(
        4, use_peepholes=True, cell_clip=0.3, num_proj=3, proj_clip=0.05, forget_bias=0.2
    ),
    "lstm_joined": lambda c: c.LSTMCell(4, num_proj=2, state_is_tuple=False),
    "lstm_sharded": lambda c: c.LSTMCell(4, num_proj=2, num_unit_shards=2, num_proj_shards=2),
    "multi": lambda c: c.MultiRNNCell([c.LSTMCell(4, num_proj=3), c.GRUCell(2), c.BasicRNNCell(5)]),
    "multi_joined": lambda c: c.MultiRNNCell([c.GRUCell(4), c.GRUCell(2)], state_is_tuple=False),
    "residual": lambda c: c.ResidualWrapper(c.GRUCell(3)),
    "residual_fn": lambda c: c.ResidualWrapper(c.GRUCell(4), residual_fn=lambda i, o: o * 2.0),
    "device": lambda c: c.DeviceWrapper(c.GRUCell(4), "/cpu:0"),
    "nested_wrappers": lambda c: c.MultiRNNCell(
        [c.ResidualWrapper(c.BasicRNNCell(3)), c.DeviceWrapper(c.LSTMCell(2), "/cpu:0")]
    ),
    "dropout": lambda c: c.DropoutWrapper(c.LSTMCell(4), 0.5, 0.6, 0.7, seed=11),
}  # fmt: skip


def make(tf: Any, name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a joined state is deprecated, and says so
        return CELLS[name](tf.nn.rnn_cell)


@pytest.mark.parametrize("name", sorted(CELLS))
def test_one_step(name: str) -> None:
    def body(tf: Any) -> Any:
        tf.set_random_seed(7)
        cell = make(tf, name)
        x = tf.constant(np.random.RandomState(0).randn(2, 3).astype(np.float32))
        first, state = cell(x, cell.zero_state(2, tf.float32))
        second, state = cell(x, state)
        flat = [first, second, *nest.flatten(state)]
        grads = tf.gradients(second, [x, *tf.trainable_variables()])
        nodes = [n for n in oracle.graph_nodes(tf.get_default_graph()) if not n[0].startswith("gradients")]
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            variables = [(v.name, v.shape.as_list()) for v in tf.global_variables()]
            sizes = [nest.flatten(cell.state_size), cell.output_size, [t.shape for t in flat]]
            own = [v.name for v in cell.trainable_weights]
            values = sess.run(flat), sess.run(grads), variables, sizes
            # The nodes that join the slices of a variable are those of variables/, not of the cells.
            return values if name == "lstm_sharded" else (*values, nodes, own)

    oracle.check_both(body, atol=2e-6)


def test_variational_dropout() -> None:
    def body(tf: Any) -> Any:
        tf.set_random_seed(3)
        rnn_cell = tf.nn.rnn_cell
        cell = rnn_cell.DropoutWrapper(
            rnn_cell.LSTMCell(4), 0.5, 0.6, 0.7, variational_recurrent=True, input_size=3, dtype=tf.float32, seed=5
        )
        x = tf.ones([2, 3])
        outputs, state = tf.nn.static_rnn(cell, [x, x], dtype=tf.float32)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run([outputs, state.c, state.h])

    oracle.check_both(body, atol=1e-6)


def test_keep_probability_is_fed() -> None:
    def body(tf: Any) -> Any:
        tf.set_random_seed(3)
        keep = tf.placeholder(tf.float32, [])
        cell = tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(4), output_keep_prob=keep, seed=5)
        output, _ = cell(tf.ones([2, 3]), tf.ones([2, 4]))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run(output, {keep: 0.5}), sess.run(output, {keep: 1.0})

    oracle.check_both(body, atol=1e-6)


def test_users_cell_makes_variables_in_call() -> None:
    def body(tf: Any) -> Any:
        class Cell(tf.nn.rnn_cell.RNNCell):
            @property
            def state_size(self) -> int:
                return 2

            @property
            def output_size(self) -> int:
                return 2

            def call(self, inputs: Any, state: Any) -> Any:
                w = tf.get_variable("w", [3, 2], initializer=tf.ones_initializer())
                new = tf.tanh(tf.matmul(inputs, w) + state)
                return new, new

        cell = Cell()
        outputs, state = tf.nn.dynamic_rnn(cell, tf.ones([2, 4, 3]), dtype=tf.float32)
        again, _ = cell(tf.ones([2, 3]), state)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return (
                sess.run([outputs, again]),
                [v.name for v in tf.trainable_variables()],
                [v.name for v in cell.weights],
            )

    oracle.check_both(body)


def test_reuse_by_name_and_by_scope() -> None:
    def body(tf: Any) -> Any:
        x, h = tf.ones([2, 3]), tf.ones([2, 4])
        with tf.variable_scope("net"):
            tf.nn.rnn_cell.GRUCell(4, name="a")(x, h)
        with tf.variable_scope("net", reuse=True):
            tf.nn.rnn_cell.GRUCell(4, name="a")(x, h)
        with tf.variable_scope("other"):
            tf.nn.rnn_cell.GRUCell(4)(x, h, scope="given")
            tf.nn.rnn_cell.GRUCell(4)(x, h)
            tf.nn.rnn_cell.GRUCell(4)(x, h)
        return [v.name for v in tf.global_variables()]

    oracle.check_both(body)


def test_initial_state_from_inputs() -> None:
    def body(tf: Any) -> Any:
        cell = tf.nn.rnn_cell.LSTMCell(4)
        x = tf.placeholder(tf.float64, [None, 3])
        state = cell.get_initial_state(inputs=x)
        with tf.Session() as sess:
            return state.c.shape, state.dtype, sess.run(state.h, {x: np.zeros([5, 3])})

    oracle.check_both(body)


ERRORS: dict[str, Callable[[Any], Any]] = {
    "no cells": lambda tf: tf.nn.rnn_cell.MultiRNNCell([]),
    "joined tuples": lambda tf: tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.LSTMCell(3)], state_is_tuple=False),
    "probability": lambda tf: tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.LSTMCell(3), 1.5),
    "not a cell": lambda tf: tf.nn.rnn_cell.DropoutWrapper(3),
    "rank": lambda tf: tf.nn.rnn_cell.BasicRNNCell(3)(tf.zeros([2, 3, 4]), tf.zeros([2, 3])),
    "dtype": lambda tf: tf.nn.rnn_cell.BasicRNNCell(3)(tf.zeros([2, 3], tf.int32), tf.zeros([2, 3], tf.int32)),
    "depth": lambda tf: tf.nn.rnn_cell.GRUCell(3)(tf.placeholder(tf.float32, [2, None]), tf.zeros([2, 3])),
    "state": lambda tf: tf.nn.rnn_cell.GRUCell(3)(tf.zeros([2, 3]), tf.zeros([2, 4])),
    "exists": lambda tf: [tf.nn.rnn_cell.GRUCell(3, name="a")(tf.zeros([2, 3]), tf.zeros([2, 3])) for _ in "ab"],
    "no batch": lambda tf: tf.nn.rnn_cell.GRUCell(3).get_initial_state(),
    "variational dtype": lambda tf: tf.nn.rnn_cell.DropoutWrapper(
        tf.nn.rnn_cell.GRUCell(3), variational_recurrent=True
    ),
    "variational size": lambda tf: tf.nn.rnn_cell.DropoutWrapper(
        tf.nn.rnn_cell.GRUCell(3), 0.5, variational_recurrent=True, dtype=tf.float32
    ),
}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_errors(name: str) -> None:
    theirs, ours = oracle.both(ERRORS[name])
    if name == "exists" and not isinstance(theirs, oracle.Raised):  # a given name is made unique among scopes
        assert not isinstance(ours, oracle.Raised), ours
        return
    assert isinstance(theirs, oracle.Raised), theirs
    phrase = "Full shape received" if name == "rank" else None  # then TensorFlow prints Dimension objects
    phrase = "received dtype: " if name == "dtype" else phrase
    oracle.assert_same(theirs, ours, phrase=phrase)


def test_configuration_makes_an_equal_cell() -> None:
    def body(tf: Any) -> Any:
        cell = tf.nn.rnn_cell.LSTMCell(3, use_peepholes=True, num_proj=2, activation="relu")
        return cell.get_config(), tf.nn.rnn_cell.LSTMCell.from_config(cell.get_config()).state_size

    theirs, ours = oracle.both(body)
    oracle.assert_same(theirs, ours)
