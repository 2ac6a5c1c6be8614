"""Models that both namespaces write as SavedModels and read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

INPUT = np.array([[1, 2, 3], [-1, 0, 2]], np.float32)


def record(tf: Any) -> tuple[Any, Any]:
    """A small net over variables of both kinds, a partitioned one and one of integers; returns input and output."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    with tf.variable_scope("net", use_resource=False):
        w = tf.get_variable("w", [3, 2], initializer=tf.random_normal_initializer(seed=3))
        parts = tf.get_variable(
            "parts", [4, 2], initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(2)
        )
    b = tf.get_variable("b", initializer=[1.0, -2.0], use_resource=True)
    steps = tf.get_variable("steps", initializer=np.int64(7), trainable=False, use_resource=False)
    hidden = tf.matmul(x, w) + b + tf.reduce_sum(tf.convert_to_tensor(parts), 0)
    return x, tf.multiply(hidden, tf.cast(steps, tf.float32), name="y")


def write(tf: Any, folder: str | Path, as_text: bool = False, device: str | None = None, **options: Any) -> np.ndarray:
    """Writes the net with the tags "serve" and "small"; returns what it computes of `INPUT`."""
    with tf.Graph().as_default(), tf.Session() as sess:
        with tf.device(device):
            x, y = record(tf)
        sess.run(tf.global_variables_initializer())
        builder = tf.saved_model.Builder(str(folder))
        signature = tf.saved_model.predict_signature_def({"in": x}, {"out": y})
        builder.add_meta_graph_and_variables(sess, ["serve", "small"], {"serving_default": signature}, **options)
        builder.save(as_text)
        return sess.run(y, {x: INPUT})


def read(tf: Any, folder: str | Path, scope: str | None = None, **options: Any) -> np.ndarray:
    """Loads the net and returns what it computes of `INPUT`."""
    with tf.Session(graph=tf.Graph()) as sess:
        meta = tf.saved_model.load(sess, ["small", "serve"], str(folder), scope, **options)
        signature = meta.signature_def["serving_default"]
        lead = f"{scope}/" if scope else ""
        return sess.run(lead + signature.outputs["out"].name, {lead + signature.inputs["in"].name: INPUT})
