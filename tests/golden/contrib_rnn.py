"""What the cells and wrappers of `tf.contrib.rnn` give under TensorFlow 1.15: contrib_rnn.json.

Run with Python 3.7 and TensorFlow 1.15.0:  python tests/golden/contrib_rnn.py

The test runs the same bodies on scopedjax. Every variable gets a value that follows from its place in the list, so the
two sides start alike, whatever their initializers draw.
"""

import json
import os

import numpy as np

STEPS, BATCH, DEPTH = 4, 3, 2


def given():
    """Inputs [batch, time, depth]."""
    return np.cos(np.arange(BATCH * STEPS * DEPTH) * 0.7).reshape(BATCH, STEPS, DEPTH).astype(np.float32)


def value_of(index, shape):
    """The value of the variable with this place in the list."""
    count = int(np.prod(shape))
    return (0.5 * np.sin(np.arange(count) * 0.37 + index)).reshape(shape).astype(np.float32)


def unrolled(make):
    """A body: a cell over all steps."""

    def body(tf):
        x = tf.constant(given())
        outputs, state = tf.nn.dynamic_rnn(make(tf), x, sequence_length=[4, 2, 0], dtype=tf.float32)
        return [outputs] + list(state if isinstance(state, tuple) else [state])

    return body


def embedded(tf):
    """A body: ids through an EmbeddingWrapper."""
    cell = tf.contrib.rnn.EmbeddingWrapper(tf.nn.rnn_cell.GRUCell(3), 5, 2)
    outputs, state = tf.nn.static_rnn(cell, [tf.constant([0, 4, 2]), tf.constant([1, 1, 3])], dtype=tf.float32)
    return outputs + [state]


def stacked(dynamic):
    """A body: two layers of cells in both directions."""

    def body(tf):
        cells = [[tf.nn.rnn_cell.GRUCell(3), tf.nn.rnn_cell.BasicLSTMCell(2)] for _ in range(2)]
        x = tf.constant(given())
        if dynamic:
            outputs, forward, backward = tf.contrib.rnn.stack_bidirectional_dynamic_rnn(
                cells[0], cells[1], x, dtype=tf.float32, sequence_length=[4, 2, 1]
            )
            outputs = [outputs]
        else:
            outputs, forward, backward = tf.contrib.rnn.stack_bidirectional_rnn(
                cells[0], cells[1], tf.unstack(x, axis=1), dtype=tf.float32
            )
        return list(outputs) + [forward[0], backward[1].c, backward[1].h]

    return body


BODIES = {
    "layer_norm": unrolled(lambda tf: tf.contrib.rnn.LayerNormBasicLSTMCell(3)),
    "layer_norm_gain": unrolled(lambda tf: tf.contrib.rnn.LayerNormBasicLSTMCell(3, forget_bias=0.5, norm_gain=0.2)),
    "layer_norm_off": unrolled(
        lambda tf: tf.contrib.rnn.LayerNormBasicLSTMCell(3, activation=tf.nn.relu, layer_norm=False)
    ),
    "layer_norm_multi": unrolled(
        lambda tf: tf.contrib.rnn.MultiRNNCell([tf.contrib.rnn.LayerNormBasicLSTMCell(3)] * 1)
    ),
    "nas": unrolled(lambda tf: tf.contrib.rnn.NASCell(3)),
    "nas_full": unrolled(lambda tf: tf.contrib.rnn.NASCell(3, num_proj=2, use_bias=True)),
    "input_projection": unrolled(
        lambda tf: tf.contrib.rnn.InputProjectionWrapper(tf.nn.rnn_cell.GRUCell(3), 5, activation=tf.tanh)
    ),
    "output_projection": unrolled(lambda tf: tf.contrib.rnn.OutputProjectionWrapper(tf.nn.rnn_cell.LSTMCell(3), 2)),
    "embedding": embedded,
    "stack_dynamic": stacked(True),
    "stack_static": stacked(False),
}


def flat(items):
    """The tensors of nested states."""
    found = []
    for item in items:
        found += flat(item) if isinstance(item, (tuple, list)) else [item]
    return found


def results(tf, name):
    """What a body gives: names of variables, values, and the gradients of all variables."""
    tensors = flat(BODIES[name](tf))
    variables = tf.trainable_variables()
    loss = tf.add_n([tf.reduce_sum(t * t) for t in tensors])
    gradients = [tf.convert_to_tensor(g) for g in tf.gradients(loss, variables)]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i, variable in enumerate(variables):
            variable.load(value_of(i, variable.get_shape().as_list()), session)
        values, slopes = session.run([tensors, gradients])
    return {
        "variables": [[v.op.name, v.get_shape().as_list()] for v in variables],
        "values": [v.tolist() for v in values],
        "gradients": [g.tolist() for g in slopes],
    }


def main():
    """Runs every body under TensorFlow 1.15 and writes the file."""
    import tensorflow as tf

    assert tf.__version__.startswith("1.15"), tf.__version__
    found = {}
    for name in sorted(BODIES):
        with tf.Graph().as_default():
            found[name] = results(tf, name)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "contrib_rnn.json")
    with open(path, "w") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main()
