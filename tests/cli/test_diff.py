"""`diff`: what it finds between checkpoints and graphs, and renaming rules that `convert` can follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scopedjax._src.cli import renaming
from scopedjax._src.cli.difference import value_difference
from tests import oracle
from tests.cli.commands import NUMBERS, OTHERS, json_output, output, problem, read, run, write
from tests.oracle import GOLDEN

KERNEL, BIAS = np.ones((3, 2), np.float32), np.zeros(2, np.float32)


def test_equal_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = write(str(tmp_path / "a.npz"), NUMBERS), write(str(tmp_path / "b.orbax"), NUMBERS)
    assert "no differences" in output(capsys, "diff", first, second, "--values")
    assert not json_output(capsys, "diff", first, second)["differ"]
    assert output(capsys, "diff", first, second, "-q") == ""


def test_all_kinds_of_differences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = {"same": KERNEL, "s": np.array([b"a", b"b"], object)}
    first = {"extra": np.int64(1), "shape": KERNEL, "dtype": KERNEL, "value": KERNEL}
    second = {
        "lacking": np.int32(1),
        "shape": KERNEL.T,
        "dtype": KERNEL.astype(np.float64),
        "value": KERNEL + [[0], [0], [3]],
    }
    second["value"] = second["value"].astype(np.float32)
    a = write(str(tmp_path / "a.npz"), common | first)
    b = write(str(tmp_path / "b.npz"), common | second)
    found = json_output(capsys, "diff", a, b, "--values", status=1)
    assert found["missing"] == ["lacking"] and found["unexpected"] == ["extra"]
    assert found["shapes"] == [{"name": "shape", "a": [3, 2], "b": [2, 3]}]
    assert found["dtypes"] == [{"name": "dtype", "a": "float32", "b": "float64"}]
    assert found["values"] == [{"name": "value", "count": 2, "size": 6, "largest": 3.0, "first": [2, 0]}]
    text = output(capsys, "diff", a, b, "--values", status=1)
    for part in (
        "missing in A (1)",
        "unexpected in A (1)",
        "A: [3, 2]",
        "A: float32",
        "2 of 6",
        "by up to 3",
        "[2, 0]",
    ):
        assert part in text
    assert output(capsys, "diff", a, b, "-q", status=1) == ""
    assert not json_output(capsys, "diff", a, b, "--select", "^same$|^s$", "--values")["differ"]


def test_values_and_tolerances() -> None:
    one = np.array([1.0, np.nan, np.inf, 0.0])
    assert value_difference(one, one.copy(), 0, 0) is None
    other = one + [1e-9, 0, 0, 1e-9]
    assert value_difference(one, other, 0, 0).count == 2  # type: ignore[union-attr]
    assert value_difference(one, other, 1e-8, 0).count == 1  # type: ignore[union-attr]
    assert value_difference(one, other, 0, 1e-8) is None
    assert value_difference(one, np.array([1.0, 2.0, np.inf, 0.0]), 1, 1).largest is None  # type: ignore[union-attr]
    for array in (NUMBERS | OTHERS).values():
        assert value_difference(array, array.copy(), 0, 0) is None
    words = np.array([b"a", b"b"], object)
    assert value_difference(words, np.array([b"a", b"c"], object), 1, 1).where == (1,)  # type: ignore[union-attr]
    big = np.array([2**62 + 1])
    assert value_difference(big, big + 1, 0, 0).count == 1  # type: ignore[union-attr]


# ------------------------------------------------------------------------------------------------------ with graphs


def _network(tf: Any, old: bool, scope: str = "net") -> Any:
    """A network whose variables have names of before or after TensorFlow 1.2."""
    with tf.variable_scope(scope):
        with tf.variable_scope("fc"):
            kernel = tf.get_variable("weights" if old else "kernel", [3, 2])
            bias = tf.get_variable("biases" if old else "bias", [2])
        with tf.variable_scope("rnn/basic_lstm_cell"):
            cell = tf.get_variable("weights" if old else "kernel", [4, 8])
    y = tf.reduce_sum(tf.matmul(tf.placeholder(tf.float32, [None, 3], name="x"), kernel) + bias) + tf.reduce_sum(cell)
    return tf.train.AdamOptimizer(0.1).minimize(y, global_step=tf.train.get_or_create_global_step())


def _save(tf: Any, path: str, old: bool, scope: str) -> str:
    _network(tf, old, scope)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return tf.train.Saver().save(sess, path)


@pytest.mark.oracle
def test_from_the_error_to_the_restored_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A checkpoint and a graph of real TensorFlow: `diff` says the rules, `convert` applies them, `diff` is content."""
    theirs = oracle.real_tf()
    old = oracle.run_body(theirs, _save, str(tmp_path / "old.ckpt"), True, "tower_0/net")
    oracle.run_body(theirs, _save, str(tmp_path / "new.ckpt"), False, "net")
    meta, rules, fixed = str(tmp_path / "new.ckpt.meta"), str(tmp_path / "rules"), str(tmp_path / "fixed.npz")
    found = json_output(capsys, "diff", old, meta, "--write-rules", rules, status=1)
    assert len(found["missing"]) == len(found["unexpected"]) == len(found["suggestions"]) == 9
    assert len(found["rules"]) == 3  # weights, biases, the scope: not one for each variable
    assert "beta1_power" not in found["missing"]
    run("convert", old, fixed, "--rules", rules)
    assert not json_output(capsys, "diff", fixed, meta)["differ"]
    values, before = read(fixed), read(old)
    assert values["net/fc/kernel/Adam_1"].tobytes() == before["tower_0/net/fc/weights/Adam_1"].tobytes()


@pytest.mark.oracle
def test_graphs_in_all_their_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = oracle.real_tf()
    path = oracle.run_body(theirs, _save, str(tmp_path / "m.ckpt"), False, "net")
    meta = theirs.train.import_meta_graph  # the same graph as .pb, .pbtxt and SavedModel, written by TensorFlow
    with theirs.Graph().as_default() as graph, theirs.Session() as sess:
        meta(path + ".meta").restore(sess, path)
        theirs.train.write_graph(graph, str(tmp_path), "g.pb", as_text=False)
        theirs.train.write_graph(graph, str(tmp_path), "g.pbtxt")
        y = graph.get_tensor_by_name("x:0")
        theirs.saved_model.simple_save(sess, str(tmp_path / "saved"), {"x": y}, {"y": y})
    for graph_path in (path + ".meta", tmp_path / "g.pb", tmp_path / "g.pbtxt", tmp_path / "saved"):
        assert not json_output(capsys, "diff", path, str(graph_path))["differ"]
        assert not json_output(capsys, "diff", str(graph_path), path)["differ"]  # the two change places
    assert not json_output(capsys, "diff", path, str(tmp_path / "saved" / "variables" / "variables"), "--values")[
        "differ"
    ]


def test_variables_without_a_saver_and_in_parts(tf: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tf.get_variable("emb", [6, 2], partitioner=tf.fixed_size_partitioner(3))
    tf.get_variable("v", [2], use_resource=True)
    for name, saver in (("plain.meta", None), ("saver.meta", tf.train.Saver())):
        tf.train.export_meta_graph(str(tmp_path / name), saver_def=saver and saver.saver_def)
    checkpoint = write(str(tmp_path / "a.npz"), {"emb": np.zeros((6, 2), np.float32), "v": np.zeros(2, np.float32)})
    for name in ("plain.meta", "saver.meta"):
        assert not json_output(capsys, "diff", checkpoint, str(tmp_path / name))["differ"]


def test_values_of_a_graph_are_refused(tf: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tf.get_variable("v", [2])
    tf.train.export_meta_graph(str(tmp_path / "g.meta"))
    checkpoint = write(str(tmp_path / "a.npz"), {"v": np.zeros(2, np.float32)})
    assert "one of these is a graph" in problem(capsys, "diff", checkpoint, str(tmp_path / "g.meta"), "--values")


# ------------------------------------------------------------------------------------------------------------- rules


@pytest.mark.parametrize("case", range(2), ids=["named", "unnamed"])
def test_rules_for_layers_as_recorded(case: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A checkpoint of tf.contrib.layers becomes one of tf.layers, by fewer rules than names."""
    recorded = json.loads((GOLDEN / "layer_names.json").read_text())["layers"][case]
    files = {
        side: write(str(tmp_path / f"{side}.npz"), {name: np.zeros(shape, dtype) for name, shape, dtype in rows})
        for side, rows in recorded.items()
    }
    found = json_output(capsys, "diff", files["contrib"], files["layers"], status=1)
    assert len(found["rules"]) < len(found["suggestions"]) / 2
    rules = [option for rule in found["rules"] for option in ("--rename", rule)]
    run("convert", files["contrib"], str(tmp_path / "c.npz"), *rules)
    assert not json_output(capsys, "diff", str(tmp_path / "c.npz"), files["layers"])["differ"]


def test_rules_that_exchange_names() -> None:
    pairs = {"a": "b", "b": "c", "c": "a", "x+(y)": "d=e", "p": "q", "q": "r"}
    names = [*pairs, "b/b", "other"]
    rules = renaming.rules_for(pairs, names)
    rules = [renaming.parse_rule(rule.text) for rule in rules]  # as they are printed
    assert renaming.renamed(names, rules) == {name: pairs.get(name, name) for name in names}


_words = st.lists(
    st.sampled_from(["a", "b", "weights", "kernel", "W=1", "c.d", "\\1", "-x", "Linear", "Matrix"]),
    min_size=1,
    max_size=4,
)


@settings(max_examples=50)
@given(st.lists(_words.map("/".join), unique=True, max_size=6), st.lists(_words.map("/".join), unique=True, min_size=6))
def test_rules_do_what_they_stand_for(olds: list[str], news: list[str]) -> None:
    pairs = {old: new for old, new in zip(olds, news, strict=False) if old != new}
    names = [*pairs, *(f"kept/{name}" for name in news)]
    rules = [renaming.parse_rule(rule.text) for rule in renaming.rules_for(pairs, names)]
    found = names
    for rule in rules:
        found = [rule.apply(name) for name in found]
    assert found == [pairs.get(name, name) for name in names]
