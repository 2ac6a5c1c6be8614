"""Curves, histograms, images and the graph for TensorBoard.

    python examples/tensorboard_curves.py
    tensorboard --logdir board_out

The first command writes the event files, the second shows them in the browser.
"""

import argparse
import os
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import scopedjax as tf


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300, help="training steps (default: 300)")
    parser.add_argument("--out", default="board_out", help="log folder (default: board_out)")
    options = parser.parse_args()
    digits: Any = load_digits()
    x, y = (digits.data / 16.0).astype(np.float32), digits.target.astype(np.int64)

    tf.set_random_seed(2)
    with tf.name_scope("input"):
        images = tf.placeholder(tf.float32, [None, 64], name="images")
        labels = tf.placeholder(tf.int64, [None], name="labels")
        tf.summary.image("digits", tf.reshape(images, [-1, 8, 8, 1]), max_outputs=4)
    with tf.variable_scope("layer"):
        w = tf.get_variable("w", [64, 10])
        b = tf.get_variable("b", [10], initializer=tf.zeros_initializer)
        logits = tf.matmul(images, w) + b
        tf.summary.histogram("weights", w)
    with tf.name_scope("training"):
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), labels), tf.float32))
        tf.summary.scalar("loss", loss)
        tf.summary.scalar("accuracy", accuracy)
    train = tf.train.AdamOptimizer(5e-3).minimize(loss)
    tf.summary.text("note", tf.constant("softmax regression on 8x8 digits"))
    merged = tf.summary.merge_all()

    rng = np.random.RandomState(0)
    with tf.Session() as sess, tf.summary.FileWriter(options.out, sess.graph) as writer:
        sess.run(tf.global_variables_initializer())
        for i in range(options.steps + 1):
            batch = rng.randint(0, len(x), 64)
            feed = {images: x[batch], labels: y[batch]}
            if i % 10 == 0:
                summary, value, right = sess.run([merged, loss, accuracy], feed)
                writer.add_summary(summary, i)
                if i % max(options.steps // 6, 1) == 0:
                    print(f"step {i:4d}  loss {value:.4f}  accuracy {right:.3f}")
            sess.run(train, feed)
    print(f"now run: tensorboard --logdir {os.path.relpath(options.out)}")


if __name__ == "__main__":
    main()
