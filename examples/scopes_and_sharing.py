"""Variable scopes, name scopes and sharing: what `tf.Variable` and `tf.get_variable` are called, and who shares what.

    python examples/scopes_and_sharing.py

It prints the names that come out, trains a shared filter for a moment, and writes a list of the variables.
"""

import argparse
import os

import numpy as np

import scopedjax as tf


def image_filter(images):
    with tf.variable_scope("conv1"):
        w = tf.get_variable("w", [3, 3, 1, 4], initializer=tf.truncated_normal_initializer(stddev=0.1))
        return tf.nn.relu(tf.nn.conv2d(images, w, [1, 1, 1, 1], "SAME"))


def show(title, tensors):
    print(f"\n{title}")
    for t in tensors:
        print(f"    {t.name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=50, help="training steps of the shared filter (default: 50)")
    parser.add_argument("--out", default="scopes_out", help="folder for the list of variables (default: scopes_out)")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    tf.set_random_seed(0)

    show("tf.Variable never shares", [tf.Variable(10, name="name1"), tf.Variable(10, name="name1")])

    with tf.name_scope("foo1"):
        v1, v2 = tf.get_variable("v", [1]), tf.Variable(1, name="v2")
    with tf.variable_scope("foo2"):
        v3, v4 = tf.get_variable("v", [1]), tf.Variable(1, name="v2")
    show("name_scope does not move get_variable; variable_scope moves both", [v1, v2, v3, v4])

    image_a = tf.placeholder(tf.float32, [None, 8, 8, 1])
    image_b = tf.placeholder(tf.float32, [None, 8, 8, 1])
    with tf.variable_scope("filter") as scope:
        a = image_filter(image_a)
        try:
            image_filter(image_b)
        except ValueError as error:
            print(f"\nthe second call without sharing:\n    {str(error).splitlines()[0]}")
        scope.reuse_variables()
        b = image_filter(image_b)
    shared = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="filter")
    show("two filters, one set of variables", shared)

    loss = tf.reduce_mean(tf.square(a - b)) + tf.reduce_mean(tf.square(tf.reduce_mean(a) - 1.0))
    train = tf.train.GradientDescentOptimizer(0.2).minimize(loss, var_list=shared)
    rng = np.random.RandomState(0)
    feed = {image_a: rng.rand(16, 8, 8, 1), image_b: rng.rand(16, 8, 8, 1)}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        print()
        for i in range(options.steps + 1):
            if i % max(options.steps // 5, 1) == 0:
                print(f"step {i:3d}  loss of the shared filter {sess.run(loss, feed):.5f}")
            sess.run(train, feed)
    path = os.path.join(options.out, "variables.txt")
    with open(path, "w", encoding="utf-8") as file:
        for v in tf.global_variables():
            file.write(f"{v.op.name}\t{v.shape}\t{v.dtype.base_dtype.name}\n")
    print(f"\n{path} lists all {len(tf.global_variables())} variables")


if __name__ == "__main__":
    main()
