"""A saved `.meta` graph: one program builds, trains and saves; another, without code for the model, goes on from it.

    python examples/restored_graph.py

Both programs run one after the other, each with a graph of its own.
"""

import argparse
import os
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import scopedjax as tf


def build_and_save(x, y, steps, prefix):
    with tf.Graph().as_default():
        tf.set_random_seed(5)
        images = tf.placeholder(tf.float32, [None, 64], name="images")
        labels = tf.placeholder(tf.int64, [None], name="labels")
        w = tf.get_variable("w", [64, 10])
        b = tf.get_variable("b", [10], initializer=tf.zeros_initializer)
        logits = tf.add(tf.matmul(images, w), b, name="logits")
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits), name="loss")
        train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, name="train")
        tf.add_to_collection("train_op", train)
        tf.add_to_collection("loss", loss)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for i in range(steps):
                _, value = sess.run([train, loss], {images: x, labels: y})
                if i % max(steps // 4, 1) == 0:
                    print(f"first program   step {i:3d}  loss {value:.4f}")
            path = tf.train.Saver().save(sess, prefix, global_step=steps)
            print(f"first program   saved {path} and {path}.meta, loss {sess.run(loss, {images: x, labels: y}):.4f}")


def go_on(x, y, steps, folder):
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        path = tf.train.latest_checkpoint(folder)
        assert path is not None, f"the first program left no checkpoint in {folder}"
        saver = tf.train.import_meta_graph(path + ".meta")
        saver.restore(sess, path)
        images = graph.get_tensor_by_name("images:0")  # one way to find a tensor
        labels = graph.get_tensor_by_name("labels:0")
        loss = tf.get_collection("loss")[0]  # the other way
        train = tf.get_collection("train_op")[0]
        print(f"second program  restored {path}, loss {sess.run(loss, {images: x, labels: y}):.4f}")
        for i in range(steps):
            _, value = sess.run([train, loss], {images: x, labels: y})
            if i % max(steps // 4, 1) == 0:
                print(f"second program  step {i:3d}  loss {value:.4f}")
        # New nodes on the old graph.
        accuracy = tf.reduce_mean(
            tf.cast(tf.equal(tf.argmax(graph.get_tensor_by_name("logits:0"), 1), labels), tf.float32)
        )
        print(f"second program  accuracy {sess.run(accuracy, {images: x, labels: y}):.3f}")
        saver.save(sess, os.path.join(folder, "model"), global_step=2 * steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=40, help="training steps of each program (default: 40)")
    parser.add_argument("--out", default="meta_out", help="folder for the files (default: meta_out)")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    digits: Any = load_digits()
    x, y = (digits.data / 16.0).astype(np.float32), digits.target.astype(np.int64)
    build_and_save(x, y, options.steps, os.path.join(options.out, "model"))
    go_on(x, y, options.steps, options.out)


if __name__ == "__main__":
    main()
