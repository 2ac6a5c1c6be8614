"""Models that both namespaces record: each returns its inputs, by name, and the name of its output node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def dense(tf: Any) -> tuple[dict[str, Any], str]:
    """Two dense layers over variables of TF1's kind."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    hidden = tf.layers.dense(x, 4, tf.nn.relu, name="hidden", kernel_initializer=tf.ones_initializer())
    tf.layers.dense(hidden, 2, name="logits", kernel_initializer=tf.constant_initializer(0.5))
    return {"x:0": np.arange(6, dtype=np.float32).reshape(2, 3)}, "logits/BiasAdd"


def convolutional(tf: Any) -> tuple[dict[str, Any], str]:
    """A convolution with batch normalisation and pooling."""
    x = tf.placeholder(tf.float32, [1, 4, 4, 1], name="x")
    y = tf.layers.conv2d(x, 2, 3, padding="same", kernel_initializer=tf.ones_initializer(), name="conv")
    y = tf.layers.batch_normalization(y, training=False, name="norm")
    y = tf.nn.max_pool(tf.nn.relu(y), [1, 2, 2, 1], [1, 2, 2, 1], "VALID", name="pool")
    tf.reshape(y, [1, -1], name="out")
    return {"x:0": np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)}, "out"


def embedded(tf: Any) -> tuple[dict[str, Any], str]:
    """Lookups in a resource variable, in one of TF1's kind, and in a partitioned one."""
    ids = tf.placeholder(tf.int64, [2], name="ids")
    resource = tf.get_variable("resource", initializer=np.eye(4, dtype=np.float32), use_resource=True)
    plain = tf.get_variable("plain", initializer=2 * np.eye(4, dtype=np.float32), use_resource=False)
    parts = tf.get_variable(
        "parts", [4, 4], initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(2), use_resource=False
    )
    found = [tf.nn.embedding_lookup(table, ids) for table in (resource, plain, parts)]
    pairs = tf.gather_nd(plain, tf.constant([[0, 0], [1, 2]]), name="pairs")
    tf.add(tf.add_n(found), tf.reduce_sum(pairs), name="out")
    return {"ids:0": np.array([1, 3])}, "out"


def controlled(tf: Any) -> tuple[dict[str, Any], str]:
    """Control edges, text and half-width values in variables, constants of several types."""
    x = tf.placeholder(tf.float32, [], name="x")
    scale = tf.Variable(3.0, name="scale", use_resource=False)
    half = tf.Variable(np.float16(0.5), name="half", use_resource=True)
    flags = tf.Variable([True, False], name="flags", use_resource=False)
    count = tf.Variable(np.int64(7), name="count", use_resource=True)
    with tf.control_dependencies([tf.identity(x, name="first")]):
        y = tf.multiply(scale, x)
    for value in (half, count):
        y += tf.cast(value, tf.float32)
    tf.add(y, tf.reduce_sum(tf.cast(flags, tf.float32)), name="out")
    return {"x:0": np.float32(2)}, "out"


MODELS: list[Callable[[Any], tuple[dict[str, Any], str]]] = [dense, convolutional, embedded, controlled]
