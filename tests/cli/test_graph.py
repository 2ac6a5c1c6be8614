"""`graph`: counts of graphs that real TensorFlow and this package wrote; pictures; event files."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scopedjax._src.cli import picture
from scopedjax._src.cli.graph_files import read_graph
from tests import oracle
from tests.cli.commands import json_output, output, problem, run


def _program(tf: Any, folder: str) -> dict[str, Any]:
    """A small training graph in all kinds of files, and what the graph itself says."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 1], name="x")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    y = tf.layers.conv2d(x, 4, 3, activation=tf.nn.relu, name="conv")
    logits = tf.layers.dense(tf.layers.flatten(y), 10, name="fc")
    with tf.name_scope("loss"):
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    tf.nn.softmax(logits, name="probabilities")
    step = tf.train.get_or_create_global_step()
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, global_step=step)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, folder + "/m.ckpt")
        graph = tf.get_default_graph()
        tf.train.write_graph(graph, folder, "g.pb", as_text=False)
        tf.train.write_graph(graph, folder, "g.pbtxt")
    types: dict[str, int] = {}
    for op in graph.get_operations():
        types[op.type] = types.get(op.type, 0) + 1
    return {
        "ops": types,
        "variables": {v.op.name: (v.shape.as_list(), v.dtype.base_dtype.name) for v in tf.global_variables()},
        "trainable": [v.op.name for v in tf.trainable_variables()],
    }


@pytest.mark.oracle
@pytest.mark.parametrize("whose", ["theirs", "ours"])
def test_census(whose: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tf = oracle.real_tf() if whose == "theirs" else oracle.our_tf()
    truth = oracle.run_body(tf, _program, str(tmp_path))
    for name in ("m.ckpt.meta", "m.ckpt", "g.pb", "g.pbtxt"):
        found = json_output(capsys, "graph", str(tmp_path / name))
        graph = read_graph(str(tmp_path / name)).graph
        inside = Counter(node.op for function in graph.library.function for node in function.node_def)
        # What makes updates wait for the gradients that read their variable, in files of ours.
        inside.update(node.op for node in graph.node if "scopedjax_gate" in node.name)
        assert found["ops"] == Counter(truth["ops"]) + inside and found["nodes"] == sum(found["ops"].values())
        assert {v["name"]: (v["shape"], v["dtype"]) for v in found["variables"]} == truth["variables"]
        assert [(n["name"], n["dtype"]) for n in found["inputs"]] == [("x", "float32"), ("labels", "int64")]
        assert "probabilities" in [n["name"] for n in found["outputs"]]
        assert not [n for n in found["outputs"] if n["name"].startswith("save/")]
        assert found["unknown"] == {}
        if "ckpt" in name:
            assert sorted(v["name"] for v in found["variables"] if v["trainable"]) == sorted(truth["trainable"])
    scopes = found["scopes"]
    prefixes = [node.name for node in read_graph(str(tmp_path / "g.pb")).graph.node]
    assert scopes["conv"]["nodes"] == sum(name.startswith("conv/") for name in prefixes)
    assert scopes["fc"]["elements"] == 2 * (144 * 10 + 10)  # with the momentum
    text = output(capsys, "graph", str(tmp_path / "m.ckpt"))
    assert "trainable: 4" in text and "conv/kernel" in text and "ops that cannot run here: none" in text
    assert "more (--all)" in text and "more (--all)" not in output(capsys, "graph", str(tmp_path / "m.ckpt"), "--all")


@pytest.mark.oracle
def test_a_saved_model_of_tensorflow_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its nodes lie in functions."""
    tf = oracle.real_tf()
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None], name="x")
        y = tf.cond(tf.reduce_sum(x) > 0, lambda: tf.sin(x), lambda: tf.cos(x), name="choice")
        tf.saved_model.simple_save(sess, str(tmp_path / "s"), {"x": x}, {"y": y})
    found = json_output(capsys, "graph", str(tmp_path / "s"), "--tags", "serve")
    assert found["kind"] == "SavedModel" and found["tags"] == ["serve"] and found["ops"]["Sin"] == 1
    said = problem(capsys, "graph", str(tmp_path / "s"), "--tags", "train")
    assert "no graph with the tags train" in said and "serve" in said


def test_unknown_ops_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        'node { name: "a" op: "Placeholder" } node { name: "s/b" op: "MyKernel" input: "a" } node { name: "c" op: "F" }'
    )
    text += ' library { function { signature { name: "F" } node_def { name: "i" op: "Other" } } }'
    (tmp_path / "g.pbtxt").write_text(text)
    assert json_output(capsys, "graph", str(tmp_path / "g.pbtxt"))["unknown"] == {
        "MyKernel": ["s/b"],
        "Other": ["F: i"],
    }
    said = output(capsys, "graph", str(tmp_path / "g.pbtxt"))
    assert "ops that cannot run here (2)" in said and "MyKernel  1 node  s/b" in said


def test_what_is_no_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.pb").write_text("hello")
    (tmp_path / "empty.meta").write_bytes(b"")
    (tmp_path / "noise.pb").write_bytes(bytes(range(256)))
    for name in ("text.pb", "empty.meta", "noise.pb"):
        assert "is no graph, or is damaged" in problem(capsys, "graph", str(tmp_path / name))
    assert "no such file" in problem(capsys, "graph", str(tmp_path / "nowhere.pb"))


# ----------------------------------------------------------------------------------------------------------- pictures


@pytest.fixture
def graph_path(tf: Any, tmp_path: Path) -> str:
    return oracle.run_body(tf, lambda tf: (_program(tf, str(tmp_path)), str(tmp_path / "m.ckpt"))[1])


def test_pictures(graph_path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "")  # without Graphviz
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "dot": b"digraph"}
    for suffix, start in starts.items():
        run("graph", graph_path, "--picture", str(tmp_path / f"p.{suffix}"))
        assert (tmp_path / f"p.{suffix}").read_bytes().startswith(start)
    capsys.readouterr()
    assert b"conv" in (tmp_path / "p.svg").read_bytes() or b"<path" in (tmp_path / "p.svg").read_bytes()
    assert "ends in .png" in problem(capsys, "graph", graph_path, "--picture", str(tmp_path / "p.gif"))


def test_boxes(graph_path: str) -> None:
    graph = read_graph(graph_path).graph
    few, many = picture.collapsed(graph, 7), picture.collapsed(graph, 1000)
    assert len(few.sizes) <= 7 < len(many.sizes)
    assert sum(few.sizes.values()) == sum(many.sizes.values())  # the same nodes, in larger boxes
    assert (
        ("conv", "flatten") in few.edges and "save" not in few.sizes and not any("gradients" in b for b in many.sizes)
    )
    assert all(size == 1 and many.kinds[box] for box, size in many.sizes.items())
    rows = picture.levels(few)
    level = {box: number for number, row in enumerate(rows) for box in row}
    assert sorted(level) == sorted(few.sizes) and level["conv"] < level["flatten"] < level["fc"]


def test_boxes_of_a_cycle() -> None:
    boxes = picture.Boxes(
        {"a": 1, "b": 1, "c": 1}, dict.fromkeys("abc", ""), picture.Counter([("a", "b"), ("b", "c"), ("c", "a")])
    )
    assert picture.levels(boxes) == [["a"], ["b"], ["c"]]


def test_tensorboard(graph_path: str, tf: Any, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    run("graph", graph_path, "--tensorboard", str(logs))
    (name,) = os.listdir(logs)
    events = list(tf.train.summary_iterator(str(logs / name)))
    written = tf.GraphDef.FromString(next(e.graph_def for e in events if e.graph_def))
    assert written == read_graph(graph_path).graph
