"""Cells and wrappers of `tf.contrib.rnn` against what TensorFlow 1.15 gave (tests/golden/contrib_rnn.py)."""

from __future__ import annotations

import numpy as np
import pytest

import scopedjax as tf
from tests.golden import contrib_rnn
from tests.oracle import golden


@pytest.mark.parametrize("name", sorted(contrib_rnn.BODIES))
def test_as_recorded(name):
    expected = golden("contrib_rnn")[name]
    with tf.Graph().as_default():
        found = contrib_rnn.results(tf, name)
    assert found["variables"] == expected["variables"]
    for what in ("values", "gradients"):
        assert len(found[what]) == len(expected[what])
        for a, b in zip(found[what], expected[what], strict=True):
            np.testing.assert_allclose(a, b, rtol=3e-5, atol=3e-6)


def test_dropout_of_the_candidate_is_seeded():
    def run(seed, keep):
        with tf.Graph().as_default():
            cell = tf.contrib.rnn.LayerNormBasicLSTMCell(3, dropout_keep_prob=keep, dropout_prob_seed=seed)
            outputs, _ = tf.nn.dynamic_rnn(cell, tf.constant(contrib_rnn.given()), dtype=tf.float32)
            with tf.Session() as session:
                session.run(tf.global_variables_initializer())
                for i, variable in enumerate(tf.trainable_variables()):
                    variable.load(contrib_rnn.value_of(i, variable.shape.as_list()), session)
                return session.run(outputs)

    assert np.array_equal(run(3, 0.5), run(3, 0.5))
    assert not np.array_equal(run(3, 0.5), run(4, 0.5))
    assert not np.array_equal(run(3, 0.5), run(3, 1.0))


def test_errors():
    cell = tf.nn.rnn_cell.GRUCell(3)
    x = tf.zeros([2, 4, 1])
    with pytest.raises(ValueError, match="Parameter output_size must be > 0: 0"):
        tf.contrib.rnn.OutputProjectionWrapper(cell, 0)
    with pytest.raises(ValueError, match="Both embedding_classes and embedding_size must be > 0"):
        tf.contrib.rnn.EmbeddingWrapper(cell, 0, 1)
    with pytest.raises(ValueError, match="Forward and Backward cells must have the same depth"):
        tf.contrib.rnn.stack_bidirectional_dynamic_rnn([cell], [cell, cell], x, dtype=tf.float32)
    with pytest.raises(ValueError, match="cells_fw must be a list of RNNCells"):
        tf.contrib.rnn.stack_bidirectional_dynamic_rnn((cell,), [cell], x, dtype=tf.float32)
    with pytest.raises(ValueError, match="initial_states_bw must be a list"):
        tf.contrib.rnn.stack_bidirectional_dynamic_rnn([cell], [cell], x, initial_states_bw=[], dtype=tf.float32)
    with pytest.raises(TypeError, match="not an RNNCell"):
        tf.contrib.rnn.InputProjectionWrapper(7, 3)
