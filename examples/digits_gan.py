"""A generative adversarial network on digits: two networks, two losses, two optimizers with a `var_list` each.

    python examples/digits_gan.py        trains, draws samples before, between and after

The discriminator is applied twice, to real and to made digits, with the same variables (`reuse=tf.AUTO_REUSE`).
"""

import argparse
import os
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import scopedjax as tf


def dense(inputs, size, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [inputs.get_shape()[-1], size], initializer=tf.glorot_normal_initializer())
        b = tf.get_variable("b", [size], initializer=tf.zeros_initializer())
        return tf.matmul(inputs, w) + b


def generator(noise):
    with tf.variable_scope("generator"):
        hidden = tf.nn.relu(dense(noise, 128, "hidden1"))
        hidden = tf.nn.relu(dense(hidden, 128, "hidden2"))
        return tf.nn.sigmoid(dense(hidden, 64, "pixels"))


def discriminator(images):
    with tf.variable_scope("discriminator", reuse=tf.AUTO_REUSE):
        hidden = tf.nn.leaky_relu(dense(images, 128, "hidden1"))
        hidden = tf.nn.leaky_relu(dense(hidden, 64, "hidden2"))
        return dense(hidden, 1, "logit")


def scope_variables(name):
    return tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope=name)


def cross_entropy(logits, is_real):
    labels = tf.ones_like(logits) if is_real else tf.zeros_like(logits)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))


def draw(rows, titles, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(len(rows), 10, figsize=(10, 1.2 * len(rows)), squeeze=False)
    for axis_row, row, title in zip(axes, rows, titles, strict=True):
        for axis, image in zip(axis_row, row, strict=False):
            axis.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
            axis.set_xticks([])
            axis.set_yticks([])
        axis_row[0].set_ylabel(title, fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=6000, help="training steps (default: 6000)")
    parser.add_argument("--out", default="gan_out", help="folder for the pictures (default: gan_out)")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)

    digits: Any = load_digits()
    real_images = (digits.data / 16.0).astype(np.float32)
    tf.set_random_seed(7)
    noise = tf.placeholder(tf.float32, [None, 16], name="noise")
    real = tf.placeholder(tf.float32, [None, 64], name="real")
    fake = generator(noise)
    on_real, on_fake = discriminator(real), discriminator(fake)
    d_loss = cross_entropy(on_real, True) + cross_entropy(on_fake, False)
    g_loss = cross_entropy(on_fake, True)
    d_variables, g_variables = scope_variables("discriminator"), scope_variables("generator")
    train_d = tf.train.AdamOptimizer(1e-3, beta1=0.5).minimize(d_loss, var_list=d_variables)
    train_g = tf.train.AdamOptimizer(1e-3, beta1=0.5).minimize(g_loss, var_list=g_variables)
    print(f"discriminator: {[v.name for v in d_variables]}")
    print(f"generator:     {[v.name for v in g_variables]}")

    rng = np.random.RandomState(0)
    shown = rng.randn(10, 16)
    rows, titles = [real_images[:10]], ["real"]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for i in range(options.steps + 1):
            if i in (0, options.steps // 4, options.steps):
                rows.append(sess.run(fake, {noise: shown}))
                titles.append(f"step {i}")
            batch = real_images[rng.randint(0, len(real_images), 64)]
            _, d = sess.run([train_d, d_loss], {real: batch, noise: rng.randn(64, 16)})
            _, g = sess.run([train_g, g_loss], {noise: rng.randn(64, 16)})
            if i % max(options.steps // 10, 1) == 0:
                print(f"step {i:5d}  discriminator {d:.3f}  generator {g:.3f}")
    picture = os.path.join(options.out, "samples.png")
    draw(rows, titles, picture)
    print(f"{picture} shows digits that were made at the beginning, between and at the end")


if __name__ == "__main__":
    main()
