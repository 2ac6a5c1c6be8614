"""Training graphs that TensorFlow 1.15 wrote go on here with the same losses (see tests/golden/loops_of_tf1.py)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.golden import loops_of_tf1
from tests.oracle import assert_same, golden, our_tf


@pytest.mark.parametrize("name", [*loops_of_tf1.PROGRAMS, *loops_of_tf1.FUNCTIONS])
def test_losses(name: str) -> None:
    from tests.graph.files import message_type

    recorded = golden("loops_of_tf1.npz")
    tf: Any = our_tf()
    definition = message_type(tf, "GraphDef")()
    definition.ParseFromString(recorded[name].tobytes())
    with tf.Graph().as_default():
        tf.import_graph_def(definition, name="")
        with tf.Session() as sess:
            sess.run("init")
            losses = [sess.run(["loss:0", "train"], feed)[0] for feed in loops_of_tf1.batches()]
    assert_same(recorded[f"{name}_losses"], np.asarray(losses), rtol=1e-4)
