"""Records what TensorFlow 1.15's `contrib.deprecated` makes of the summaries of before 1.0: nodes and bytes.

Run under TensorFlow 1.15: `python tests/golden/former_names.py`; it writes `former_names.json` beside itself.
"""

import base64
import json
import os

import tensorflow as tf


def program(tf, page):
    """The calls; `page` has the functions."""
    page.scalar_summary("loss", tf.constant(1.0))
    page.scalar_summary(["a", "b"], [1.0, 2.0], name="z")
    page.histogram_summary("h", tf.constant([1.0, 2.0]), collections=["mine"])
    page.image_summary("i", tf.zeros([1, 2, 2, 1]), max_images=1)
    page.audio_summary("s", tf.constant([[0.5, -0.5], [0.0, 1.0]]), 8000.0, max_outputs=1, collections=["mine"])
    page.merge_summary([page.scalar_summary("c", 3.0)])
    merged = page.merge_all_summaries()
    nodes = [[o.name, o.type] for o in tf.get_default_graph().get_operations()]
    with tf.Session() as sess:
        return nodes, sess.run([merged] + tf.get_collection("mine"))


if __name__ == "__main__":
    nodes, texts = program(tf, tf.contrib.deprecated)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "former_names.json")
    with open(path, "w") as file:
        json.dump({"nodes": nodes, "texts": [base64.b64encode(t).decode() for t in texts]}, file, indent=1)
