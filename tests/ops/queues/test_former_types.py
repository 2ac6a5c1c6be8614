"""Queues and readers of graphs from before TensorFlow 1.0, whose types have no "V2": they import and run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, real_tf

pytestmark = pytest.mark.oracle


OLDER = ("FIFO", "Random", "Padding", "Queue", "TFRecord", "Reader", "WholeFile", "Text")


def _older(graph_def: Any) -> Any:
    """The same graph with the older types."""
    for node in graph_def.node:
        if node.op.startswith(OLDER):
            node.op = node.op.removesuffix("V2")
    graph_def.versions.producer = 20  # later ones may not have them
    return graph_def


def _queue_graph(kind: str) -> bytes:
    tf = real_tf()
    with tf.Graph().as_default() as graph:
        queue = {
            "fifo": lambda: tf.FIFOQueue(10, [tf.int64, tf.float32], shapes=[[], [2]], name="q"),
            "shuffle": lambda: tf.RandomShuffleQueue(10, 1, [tf.int64, tf.float32], [[], [2]], seed=3, name="q"),
            "padding": lambda: tf.PaddingFIFOQueue(10, [tf.int64, tf.float32], [[], [None]], name="q"),
        }[kind]()
        values = [np.array([3, 1, 2]), np.arange(6, dtype=np.float32).reshape(3, 2)]
        queue.enqueue_many(values, name="many")
        queue.enqueue([np.int64(0), np.ones(2, np.float32)], name="one")
        queue.dequeue_many(2, name="two")
        queue.dequeue(name="next")
        queue.dequeue_up_to(5, name="rest")
        queue.size(name="size")
        queue.is_closed(name="closed")
        queue.close(name="close")
        return _older(graph.as_graph_def()).SerializeToString()


@pytest.mark.parametrize("kind", ["fifo", "shuffle", "padding"])
def test_queues(kind: str) -> None:
    content = _queue_graph(kind)

    def body(tf: Any) -> Any:
        definition = tf.GraphDef()
        definition.ParseFromString(content)
        tf.import_graph_def(definition, name="")
        found: list[Any] = [tf.get_default_graph().get_operation_by_name("q").type]
        with tf.Session() as session:
            session.run("many")
            session.run("one")
            found.append(session.run("size:0"))
            found.append(session.run(["two:0", "two:1"]))
            found.append(session.run(["next:0", "next:1"]))
            session.run("close")
            found.append(session.run(["rest:0", "rest:1"]))
            found.append(session.run(["closed:0", "size:0"]))
        return found

    check_both(body)


@pytest.mark.parametrize("kind", ["text", "records", "whole"])
def test_readers(kind: str, tmp_path: Path) -> None:
    tf = real_tf()
    path = str(tmp_path / "file")
    if kind == "records":
        with tf.python_io.TFRecordWriter(path) as writer:
            for word in (b"one", b"two"):
                writer.write(word)
    else:
        Path(path).write_text("one\ntwo\n")
    with tf.Graph().as_default() as graph:
        names = tf.FIFOQueue(3, [tf.string], shapes=[[]], name="names")
        names.enqueue([path], name="put")
        reader = {"text": tf.TextLineReader, "records": tf.TFRecordReader, "whole": tf.WholeFileReader}[kind](name="r")
        reader.read(names, name="read")
        reader.num_records_produced(name="count")
        content = _older(graph.as_graph_def()).SerializeToString()

    def body(tf: Any) -> Any:
        definition = tf.GraphDef()
        definition.ParseFromString(content)
        tf.import_graph_def(definition, name="")
        with tf.Session() as session:
            session.run("put")
            types = [tf.get_default_graph().get_operation_by_name(name).type for name in ("r", "read")]
            return types, session.run(["read:0", "read:1"]), session.run("count:0")

    check_both(body)
