"""Training graphs with loops and branches as TensorFlow 1.15 writes them, and their losses: loops_of_tf1.npz.

Run with Python 3.7 and TensorFlow 1.15.0:  python tests/golden/loops_of_tf1.py
"""

import os

import numpy as np


def lstm(tf):
    """A recurrent network over sequences of differing lengths, trained with clipped gradients by Adam."""
    x = tf.placeholder(tf.float32, [None, None, 3], name="x")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    y = tf.placeholder(tf.int32, [None], name="y")
    cell = tf.nn.rnn_cell.BasicLSTMCell(4)
    outputs, state = tf.nn.dynamic_rnn(cell, x, sequence_length=lengths, dtype=tf.float32)
    logits = tf.layers.dense(state.h, 2) + tf.reduce_mean(outputs)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits), name="loss")
    optimizer = tf.train.AdamOptimizer(0.05)
    pairs = optimizer.compute_gradients(loss)
    clipped, _ = tf.clip_by_global_norm([g for g, _ in pairs], 1.0)
    optimizer.apply_gradients(zip(clipped, [v for _, v in pairs]), name="train")


def while_loop(tf):
    """Attention by hand: a loop with a branch and a TensorArray in it, trained with momentum."""
    x = tf.placeholder(tf.float32, [None, None, 3], name="x")
    tf.placeholder(tf.int32, [None], name="lengths")
    y = tf.placeholder(tf.int32, [None], name="y")
    w = tf.get_variable("w", [3, 3])
    steps = tf.shape(x)[1]

    def body(i, h, kept):
        step = tf.tanh(tf.matmul(h + x[:, i], w))
        h = tf.cond(tf.equal(i % 2, 0), lambda: step * 2.0, lambda: h + step)
        return i + 1, h, kept.write(i, h)

    kept = tf.TensorArray(tf.float32, steps)
    start = tf.zeros([tf.shape(x)[0], 3])
    shapes = [tf.TensorShape([]), tf.TensorShape([None, 3]), tf.TensorShape(None)]
    _, h, kept = tf.while_loop(lambda i, *_: i < steps, body, [0, start, kept], shape_invariants=shapes)
    logits = tf.layers.dense(h, 2) + tf.reduce_mean(kept.stack())
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits), name="loss")
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, name="train")


def maps(tf):
    """`map_fn` inside `scan`, behind a `cond`, trained by gradient descent."""
    x = tf.placeholder(tf.float32, [None, None, 3], name="x")
    tf.placeholder(tf.int32, [None], name="lengths")
    y = tf.placeholder(tf.int32, [None], name="y")
    w = tf.get_variable("w", [3], initializer=tf.ones_initializer())
    rows = tf.transpose(x, [1, 0, 2])
    start = tf.zeros([tf.shape(x)[0], 3])
    found = tf.scan(lambda a, e: tf.map_fn(lambda row: tf.sin(row * w), a + e), rows, initializer=start)
    h = tf.cond(tf.reduce_sum(w) > 2.9, lambda: found[-1], lambda: tf.reduce_mean(found, 0) * w)
    logits = tf.layers.dense(h, 2)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits), name="loss")
    tf.train.GradientDescentOptimizer(0.5).minimize(loss, name="train")


def nested(tf):
    """A branch and a loop inside a loop, both with resource variables, and an array that grows."""
    x = tf.placeholder(tf.float32, [None, None, 3], name="x")
    tf.placeholder(tf.int32, [None], name="lengths")
    y = tf.placeholder(tf.int32, [None], name="y")
    with tf.variable_scope("net", use_resource=True):
        w, u = tf.get_variable("w", [3, 3]), tf.get_variable("u", [3])
    steps = tf.shape(x)[1]

    def body(i, h, kept):
        h = tf.cond(tf.equal(i % 2, 0), lambda: tf.tanh(tf.matmul(h, w)), lambda: h * u)
        _, h = tf.while_loop(lambda j, _: j < i, lambda j, h: (j + 1, h + tf.sin(h) * u), [0, h])
        return i + 1, h, kept.write(i, h)

    kept = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[None, 3])
    _, h, kept = tf.while_loop(lambda i, *_: i < steps, body, [0, x[:, 0], kept])
    logits = tf.layers.dense(h, 2) + tf.reduce_mean(kept.stack())
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits), name="loss")
    tf.train.AdamOptimizer(0.05).minimize(loss, name="train")


PROGRAMS = {"lstm": lstm, "while_loop": while_loop, "maps": maps}
# As `tf.enable_control_flow_v2()` has them written: loops and branches are functions.
FUNCTIONS = {"while_loop_v2": while_loop, "nested_v2": nested}


def batches():
    """What the programs are trained with."""
    random = np.random.RandomState(3)
    found = []
    for steps in (5, 3, 5):
        found.append(
            {
                "x:0": random.randn(4, steps, 3).astype("f"),
                "lengths:0": random.randint(1, steps + 1, [4]).astype("i"),
                "y:0": random.randint(0, 2, [4]).astype("i"),
            }
        )
    return found


def main():
    """Writes loops_of_tf1.npz."""
    import tensorflow as tf

    results = {}
    for name, program in [*PROGRAMS.items(), *FUNCTIONS.items()]:
        (tf.enable_control_flow_v2 if name in FUNCTIONS else tf.disable_control_flow_v2)()
        with tf.Graph().as_default() as graph:
            tf.set_random_seed(5)
            program(tf)
            tf.global_variables_initializer()
            definition = graph.as_graph_def()
            results[name] = np.frombuffer(definition.SerializeToString(), np.uint8)
            with tf.Session() as session:
                session.run("init")
                losses = [session.run(["loss:0", "train"], feed)[0] for feed in batches()]
            results[name + "_losses"] = np.asarray(losses)
    here = os.path.dirname(os.path.abspath(__file__))
    np.savez_compressed(os.path.join(here, "loops_of_tf1.npz"), **results)
    print({key: value for key, value in results.items() if key.endswith("losses")})


if __name__ == "__main__":
    main()
