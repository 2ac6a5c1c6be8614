"""`tf.summary.*` in a graph against TensorFlow: names of nodes, tags, collections, what a run gives, and messages."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tensorboard.compat.proto import summary_pb2

from tests import oracle

pytestmark = pytest.mark.oracle


def _nodes(graph: Any) -> list[Any]:
    return [(op.name, op.type, [t.name for t in op.inputs]) for op in graph.get_operations()]


def _collections(graph: Any) -> dict[str, list[str]]:
    return {key: [t.name for t in graph.get_collection(key)] for key in sorted(graph.get_all_collection_keys())}


def _content(data: bytes) -> Any:
    """A summary as text, images decoded: PNG bytes of equal pictures may differ."""
    summary = summary_pb2.Summary.FromString(data)
    pixels = []
    for value in summary.value:
        if value.HasField("image"):
            pixels.append(np.asarray(Image.open(io.BytesIO(value.image.encoded_image_string))))
            value.image.ClearField("encoded_image_string")
    return str(summary), pixels


def _in_scope(tf: Any, make: Callable[[], Any]) -> Any:
    with tf.name_scope("net"):
        return make()


def _bytes(tf: Any) -> Any:
    return tf.constant(np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1))


def _two(tf: Any) -> list[Any]:
    return [tf.summary.scalar("x", tf.constant(1.0)), tf.summary.scalar("y", tf.constant(2.0))]


BODIES: dict[str, Callable[[Any], Any]] = {
    "scalar": lambda tf: tf.summary.scalar("x", tf.constant(1.5)),
    "scalar number": lambda tf: tf.summary.scalar("x", 3),
    "scalar keywords": lambda tf: tf.summary.scalar(name="x", tensor=tf.constant(2, tf.int64)),
    "illegal name": lambda tf: tf.summary.scalar("my loss:0/x", tf.constant(1.0)),
    "leading slash": lambda tf: tf.summary.scalar("/x", tf.constant(1.0)),
    "family": lambda tf: tf.summary.scalar("x", tf.constant(1.0), family="fam"),
    "illegal family": lambda tf: tf.summary.scalar("x", tf.constant(1.0), family="f m", collections=["q"]),
    "scope": lambda tf: _in_scope(tf, lambda: tf.summary.scalar("x", tf.constant(1.0))),
    "scope and family": lambda tf: _in_scope(tf, lambda: tf.summary.scalar("x", tf.constant(1.0), family="fam")),
    "twice": lambda tf: [tf.summary.scalar("x", tf.constant(1.0)) for _ in range(2)][1],
    "twice in a family": lambda tf: [tf.summary.scalar("x", tf.constant(1.0), family="f") for _ in range(2)][1],
    "no collection": lambda tf: tf.summary.scalar("x", tf.constant(1.0), collections=[]),
    "collections": lambda tf: tf.summary.scalar("x", tf.constant(1.0), ["a", tf.GraphKeys.SUMMARIES]),
    "histogram": lambda tf: tf.summary.histogram("h", tf.constant([1.0, 2.0, -3.0])),
    "histogram numbers": lambda tf: tf.summary.histogram("h", [1, 2], family="f"),
    "image": lambda tf: tf.summary.image("i", tf.constant(np.arange(48, dtype=np.float32).reshape(4, 2, 2, 3))),
    "image bytes": lambda tf: tf.summary.image("i", _bytes(tf), 1, family="f"),
    "audio": lambda tf: tf.summary.audio("a", tf.constant(np.linspace(-1, 1, 8, dtype=np.float32)[None]), 8000),
    "audio tensor rate": lambda tf: tf.summary.audio(
        "a", tf.constant(np.zeros([4, 3, 2], np.float32)), tf.constant(44100.0), 2
    ),
    "text": lambda tf: tf.summary.text("t", tf.constant([["a", "b"]])),
    "tensor": lambda tf: tf.summary.tensor_summary("t", tf.constant([1, 2])),
    "tensor with words": lambda tf: tf.summary.tensor_summary(
        "t", tf.constant(1.0), family="f", display_name="d", summary_description="s", collections=["z"]
    ),
    "tensor with metadata": lambda tf: tf.summary.tensor_summary(
        "t",
        tf.constant(1.0),
        display_name="d",
        summary_metadata=tf.SummaryMetadata(summary_description="s", display_name="other"),
    ),
    "merge": lambda tf: tf.summary.merge(_two(tf)),
    "merge named": lambda tf: tf.summary.merge(_two(tf), name="all"),
    "merge illegal": lambda tf: tf.summary.merge(_two(tf), collections=["k"], name="a b"),
    "merge all": lambda tf: [_two(tf), tf.summary.merge_all()][1],
    "merge all named": lambda tf: [_two(tf), tf.summary.merge_all(name="m")][1],
    "merge all by key": lambda tf: [tf.summary.scalar("x", 1.0, ["mine"]), _two(tf), tf.summary.merge_all("mine")][2],
    "merge all by scope": lambda tf: [_in_scope(tf, lambda: _two(tf)), _two(tf), tf.summary.merge_all(scope="net")][2],
}


@pytest.mark.parametrize("name", BODIES)
def test_nodes_tags_and_bytes(name: str) -> None:
    def body(tf: Any) -> Any:
        summary = BODIES[name](tf)
        graph = tf.get_default_graph()
        with tf.Session() as session:
            content = _content(session.run(summary))
        shape = summary.shape.as_list()
        return summary.name, summary.dtype, shape, _nodes(graph), _collections(graph), content

    oracle.check_both(body)


def test_merge_all_of_nothing_is_none() -> None:
    oracle.check_both(lambda tf: tf.summary.merge_all("no such key"))


REFUSED: dict[str, Callable[[Any], Any]] = {
    "no name": lambda tf: tf.summary.scalar(None, tf.constant(1.0)),
    "number as name": lambda tf: tf.summary.scalar(3, tf.constant(1.0)),
    "no tensor": lambda tf: tf.summary.scalar("x", None),
    "no images": lambda tf: tf.summary.image("i", tf.constant(np.zeros([1, 2, 2, 1], np.float32)), 0),
    "no sounds": lambda tf: tf.summary.audio("a", tf.constant(np.zeros([1, 2], np.float32)), 8000, max_outputs=0),
    "numbers as text": lambda tf: tf.summary.text("t", tf.constant(1.0)),
    "nothing to merge": lambda tf: tf.summary.merge([]),
    "description": lambda tf: tf.summary.get_summary_description(tf.summary.scalar("x", 1.0).op.node_def),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_when_recorded(name: str) -> None:
    oracle.check_both_raise(REFUSED[name], match="None values not supported" if name == "no tensor" else None)


@pytest.mark.parametrize("value", ["text", True, 1j])
def test_only_real_numbers(value: Any) -> None:
    for kind in ("scalar", "histogram"):
        oracle.check_both_raise(
            lambda tf, kind=kind: getattr(tf.summary, kind)("x", tf.constant(value)),
            match="not in list of allowed values",
        )


def test_images_have_four_types() -> None:
    oracle.check_both_raise(
        lambda tf: tf.summary.image("i", tf.constant(np.zeros([1, 2, 2, 1], np.int32))),
        match="has DataType int32 not in list of",
    )


FAILING: dict[str, Callable[[Any], Any]] = {
    "vector": lambda tf: tf.summary.scalar("x", tf.constant([1.0, 2.0])),
    "nan": lambda tf: tf.summary.histogram("h", tf.constant([1.0, np.nan])),
    "infinity": lambda tf: tf.summary.histogram("h", tf.constant([np.inf])),
    "rank": lambda tf: tf.summary.image("i", tf.constant(np.zeros((2, 2, 1), np.float32))),
    "channels": lambda tf: tf.summary.image("i", tf.constant(np.zeros([1, 2, 2, 2], np.float32))),
    "rate": lambda tf: tf.summary.audio("a", tf.constant(np.zeros([1, 2], np.float32)), -1.0),
    "duplicate": lambda tf: tf.summary.merge([tf.summary.scalar("x", 1.0)] * 2),
    "not a summary": lambda tf: tf.summary.merge([tf.constant(b"abc")]),
}


@pytest.mark.parametrize("name", FAILING)
def test_fails_when_run_and_names_the_node(name: str) -> None:
    def body(tf: Any) -> Any:
        summary = FAILING[name](tf)
        with tf.Session() as session:
            return session.run(summary)

    ours = oracle.check_both_raise(body)
    assert "node" in ours.message


def test_get_summary_description() -> None:
    """Of the node type that TensorFlow wrote before 1.4."""

    def body(tf: Any) -> Any:
        node = tf.NodeDef(name="t", op="TensorSummary")
        node.attr["description"].s = b'{"typeHint": "a hint"}'
        return tf.summary.get_summary_description(node).type_hint

    oracle.check_both(body)


def test_a_graph_with_summaries_crosses_over() -> None:
    """Our GraphDef runs in TensorFlow, and TensorFlow's here."""

    def record(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [None, 4, 4, 1], name="x")
        tf.summary.scalar("mean", tf.reduce_mean(x))
        tf.summary.histogram("all", x)
        tf.summary.image("picture", x, 2)
        tf.summary.merge_all(name="merged")
        return tf.get_default_graph().as_graph_def().SerializeToString()

    def play(tf: Any, data: bytes) -> Any:
        tf.import_graph_def(tf.GraphDef.FromString(data), name="")
        feed = np.linspace(0, 1, 48, dtype=np.float32).reshape(3, 4, 4, 1)
        with tf.Session() as session:
            return _content(session.run("merged/merged:0", {"x:0": feed}))

    theirs, ours = oracle.both(record)
    oracle.check_both(play, theirs)
    oracle.check_both(play, ours)


def test_training_with_summaries_keeps_one_program() -> None:
    """A summary beside a training step changes neither its numbers nor what the writer gets at each step."""

    def body(tf: Any) -> Any:
        w = tf.get_variable("w", initializer=tf.constant([3.0, -1.0]))
        loss = tf.reduce_sum(w * w)
        step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        tf.summary.scalar("loss", loss)
        tf.summary.histogram("w", w)
        merged = tf.summary.merge_all()
        found = []
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for _ in range(3):
                session.run(step)
                summary, value = session.run([merged, loss])
                found.append((np.float32(summary_pb2.Summary.FromString(summary).value[0].simple_value), value))
        return found

    oracle.check_both(body)
