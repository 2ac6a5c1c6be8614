"""Summaries and names of TensorFlow before 1.0, by the records of TensorFlow 1.15's `contrib.deprecated`."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from tests.oracle import golden

GOLDEN = golden("former_names")


def test_summaries(tf: Any) -> None:
    tf.scalar_summary("loss", tf.constant(1.0))
    tf.scalar_summary(["a", "b"], [1.0, 2.0], name="z")
    tf.histogram_summary("h", tf.constant([1.0, 2.0]), collections=["mine"])
    tf.image_summary("i", tf.zeros([1, 2, 2, 1]), max_images=1)
    tf.audio_summary("s", tf.constant([[0.5, -0.5], [0.0, 1.0]]), 8000.0, max_outputs=1, collections=["mine"])
    tf.merge_summary([tf.scalar_summary("c", 3.0)])
    merged = tf.merge_all_summaries()
    assert [[o.name, o.type] for o in tf.get_default_graph().get_operations()] == GOLDEN["nodes"]
    found = tf.Session().run([merged, *tf.get_collection("mine")])
    for text, recorded in zip(found, GOLDEN["texts"], strict=True):
        ours, theirs = (tf.Summary.FromString(t) for t in (text, base64.b64decode(recorded)))
        for a, b in zip(ours.value, theirs.value, strict=True):
            if a.HasField("image"):  # PNG: two encoders
                assert (a.tag, a.image.height, a.image.width) == (b.tag, b.image.height, b.image.width)
            else:
                assert a == b


@pytest.mark.parametrize(
    ("former", "now"),
    [("sub", "subtract"), ("mul", "multiply"), ("neg", "negative"), ("inv", "reciprocal"), ("pack", "stack"),
     ("unpack", "unstack"), ("select", "where"), ("listdiff", "setdiff1d"), ("concat_v2", "concat")],
)  # fmt: skip
def test_other_names(tf: Any, former: str, now: str) -> None:
    assert getattr(tf, former) is getattr(tf, now)
    assert np.allclose(tf.Session().run(tf.mul(2.0, tf.sub(3.0, 1.0))), 4.0)
