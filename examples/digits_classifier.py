"""A convolutional network for handwritten digits, written as for TensorFlow 1: train, save, be killed, resume.

    python examples/digits_classifier.py                 trains, saves every 100 steps, draws what it learned
    python examples/digits_classifier.py --steps 1200    goes on from the newest checkpoint

Run it, stop it with Ctrl-C at any moment, run it again: it restores the newest checkpoint and continues.
"""

import argparse
import os
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import scopedjax as tf


def conv_relu(inputs, kernel_shape, name):
    with tf.variable_scope(name):
        weights = tf.get_variable("weights", kernel_shape, initializer=tf.truncated_normal_initializer(stddev=0.1))
        biases = tf.get_variable("biases", kernel_shape[-1:], initializer=tf.constant_initializer(0.1))
        conv = tf.nn.conv2d(inputs, weights, strides=[1, 1, 1, 1], padding="SAME")
        return tf.nn.relu(tf.nn.bias_add(conv, biases))


def fully_connected(inputs, size, name):
    with tf.variable_scope(name):
        weights = tf.get_variable("weights", [inputs.get_shape()[-1], size])
        biases = tf.get_variable("biases", [size], initializer=tf.zeros_initializer)
        return tf.matmul(inputs, weights) + biases


def build():
    images = tf.placeholder(tf.float32, [None, 8, 8, 1], name="images")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    keep = tf.placeholder_with_default(1.0, [], name="keep")
    hidden = tf.nn.max_pool(conv_relu(images, [3, 3, 1, 16], "conv1"), [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    hidden = tf.nn.max_pool(conv_relu(hidden, [3, 3, 16, 32], "conv2"), [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    hidden = tf.nn.relu(fully_connected(tf.reshape(hidden, [-1, 2 * 2 * 32]), 64, "hidden"))
    logits = fully_connected(tf.nn.dropout(hidden, keep), 10, "logits")
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), labels), tf.float32))
    step = tf.train.get_or_create_global_step()
    train = tf.train.AdamOptimizer(1e-3).minimize(loss, global_step=step)
    return images, labels, keep, logits, loss, accuracy, step, train


def draw(images, truth, predicted, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(4, 10, figsize=(10, 4.6))
    for axis, image, label, guess in zip(axes.ravel(), images, truth, predicted, strict=False):
        axis.imshow(image[..., 0], cmap="gray_r")
        axis.set_title(str(guess), color="black" if guess == label else "red", fontsize=9)
        axis.axis("off")
    figure.suptitle("predictions on unseen digits (wrong ones in red)")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=600, help="training steps in all, over all runs (default: 600)")
    parser.add_argument("--out", default="digits_out", help="folder for checkpoints and pictures (default: digits_out)")
    parser.add_argument("--batch", type=int, default=64, help="batch size (default: 64)")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)

    digits: Any = load_digits()
    data = (digits.images[..., None] / 16.0).astype(np.float32)
    order = np.random.RandomState(0).permutation(len(data))
    data, target = data[order], digits.target[order].astype(np.int64)
    train_x, train_y, test_x, test_y = data[:1400], target[:1400], data[1400:], target[1400:]

    tf.set_random_seed(1)
    images, labels, keep, logits, loss, accuracy, step, train = build()
    saver = tf.train.Saver(max_to_keep=3)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        newest = tf.train.latest_checkpoint(options.out)
        if newest:
            saver.restore(sess, newest)
            print(f"restored {newest}")
        done = sess.run(step)
        rng = np.random.RandomState(done)
        while done < options.steps:
            batch = rng.randint(0, len(train_x), options.batch)
            _, value, done = sess.run([train, loss, step], {images: train_x[batch], labels: train_y[batch], keep: 0.75})
            if done % 100 == 0 or done == options.steps:
                right = sess.run(accuracy, {images: test_x, labels: test_y})
                where = saver.save(sess, os.path.join(options.out, "model"), global_step=step)
                print(f"step {done:5d}  loss {value:.4f}  test accuracy {right:.3f}  saved {where}")
        predicted = sess.run(tf.argmax(logits, 1), {images: test_x[:40]})
        right = sess.run(accuracy, {images: test_x, labels: test_y})
    picture = os.path.join(options.out, "predictions.png")
    draw(test_x[:40], test_y[:40], predicted, picture)
    print(f"test accuracy {right:.3f} after {done} steps; {picture} shows 40 predictions")


if __name__ == "__main__":
    main()
