"""Transfer learning: restore a part of a trained model, freeze it with `trainable=False`, train the rest.

    python examples/transfer_learning.py

First a network learns to tell the digits 0 to 4 apart and is saved. A second graph holds the same first layers, not
trained, and a new last layer for the digits 5 to 9; only the layers that both share are restored.
"""

import argparse
import os
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import scopedjax as tf


def layer(inputs, size, name, trainable=True):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [inputs.get_shape()[-1], size], trainable=trainable)
        b = tf.get_variable("b", [size], initializer=tf.zeros_initializer, trainable=trainable)
        return tf.matmul(inputs, w) + b


def build(head, trainable):
    images = tf.placeholder(tf.float32, [None, 64])
    labels = tf.placeholder(tf.int32, [None])
    with tf.variable_scope("features"):
        hidden = tf.nn.relu(layer(images, 96, "layer1", trainable))
        hidden = tf.nn.relu(layer(hidden, 48, "layer2", trainable))
    logits = layer(hidden, 5, head)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    accuracy = tf.reduce_mean(tf.to_float(tf.equal(tf.to_int32(tf.argmax(logits, 1)), labels)))
    return images, labels, loss, accuracy, tf.train.AdamOptimizer(2e-3).minimize(loss)


def fit(sess, model, x, y, steps, title):
    images, labels, loss, accuracy, train = model
    rng, curve = np.random.RandomState(0), []
    for i in range(steps):
        batch = rng.randint(0, len(x), 64)
        _, value = sess.run([train, loss], {images: x[batch], labels: y[batch]})
        curve.append(value)
        if i % max(steps // 4, 1) == 0 or i == steps - 1:
            print(f"{title}  step {i:4d}  loss {value:.4f}  accuracy {sess.run(accuracy, {images: x, labels: y}):.3f}")
    return curve


def draw(curves, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(7, 4))
    for name, curve in curves.items():
        axis.plot(curve, label=name)
    axis.set_xlabel("step")
    axis.set_ylabel("loss")
    axis.set_yscale("log")
    axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400, help="training steps of each stage (default: 400)")
    parser.add_argument("--out", default="transfer_out", help="folder for checkpoint and picture")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    digits: Any = load_digits()
    low = digits.target < 5
    x, y = (digits.data / 16.0).astype(np.float32), digits.target.astype(np.int32)

    tf.set_random_seed(3)
    model = build("head_0_to_4", trainable=True)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        curves = {"0 to 4, everything trained": fit(sess, model, x[low], y[low], options.steps, "0-4")}
        path = tf.train.Saver().save(sess, os.path.join(options.out, "first"))

    tf.reset_default_graph()
    tf.set_random_seed(3)
    model = build("head_5_to_9", trainable=False)
    shared = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="features")
    print(f"restored: {[v.op.name for v in shared]}")
    print(f"trained:  {[v.op.name for v in tf.trainable_variables()]}")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver(shared).restore(sess, path)
        before = sess.run(shared)
        curves["5 to 9, restored and frozen"] = fit(sess, model, x[~low], y[~low] - 5, options.steps, "5-9")
        unchanged = all((a == b).all() for a, b in zip(before, sess.run(shared), strict=True))
    print(f"the frozen layers are {'unchanged' if unchanged else 'CHANGED'}")
    picture = os.path.join(options.out, "losses.png")
    draw(curves, picture)
    print(f"{picture} shows both losses")


if __name__ == "__main__":
    main()
