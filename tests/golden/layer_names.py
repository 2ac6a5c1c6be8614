"""Names that the same variables have had: layer_names.json.

Run with Python 3.7 and TensorFlow 1.15.0:  python tests/golden/layer_names.py

"cells" is TensorFlow's own list of the names that the cells had before 1.2, each with the one since. "layers" has one
network made with tf.contrib.layers and with tf.layers: the variables of both, which correspond in their order by layer.
"""

import json
import os

import tensorflow as tf
from tensorflow.contrib.rnn.python.tools.checkpoint_convert import RNN_NAME_REPLACEMENTS


def contrib_network(x, named):
    """By tf.contrib.layers."""
    layers = tf.contrib.layers
    scope = (lambda name: {"scope": name}) if named else (lambda name: {})
    x = layers.conv2d(x, 8, 3, **scope("conv1"))
    x = layers.batch_norm(x, scale=True, **scope("bn1"))
    x = layers.conv2d(x, 4, 5, **scope("conv2"))
    x = layers.conv2d_transpose(x, 4, 3, **scope("up"))
    x = layers.flatten(x)
    x = layers.fully_connected(x, 16, **scope("fc6"))
    return layers.fully_connected(x, 10, **scope("fc7"))


def layers_network(x, named):
    """By tf.layers."""
    scope = (lambda name: {"name": name}) if named else (lambda name: {})
    x = tf.layers.conv2d(x, 8, 3, padding="same", **scope("conv1"))
    x = tf.layers.batch_normalization(x, **scope("bn1"))
    x = tf.layers.conv2d(x, 4, 5, padding="same", **scope("conv2"))
    x = tf.layers.conv2d_transpose(x, 4, 3, padding="same", **scope("up"))
    x = tf.layers.flatten(x)
    x = tf.layers.dense(x, 16, **scope("fc6"))
    return tf.layers.dense(x, 10, **scope("fc7"))


def variables(network, named):
    """Name and shape of each variable, with the slots of an optimizer."""
    with tf.Graph().as_default():
        y = network(tf.zeros([1, 8, 8, 3]), named)
        tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(y), global_step=tf.train.create_global_step())
        return [[v.op.name, v.shape.as_list(), v.dtype.base_dtype.name] for v in tf.global_variables()]


if __name__ == "__main__":
    content = {
        "cells": [list(pair) for pair in RNN_NAME_REPLACEMENTS.items()],
        "layers": [
            {"contrib": variables(contrib_network, named), "layers": variables(layers_network, named)}
            for named in (True, False)
        ],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layer_names.json")
    with open(path, "w") as file:
        json.dump(content, file, indent=1)
