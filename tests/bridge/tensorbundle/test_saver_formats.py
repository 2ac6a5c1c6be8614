"""`tf.train.Saver` with TensorFlow's files: which format it writes, what it deletes, and training across the two."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopedjax._src.bridge import staging
from tests import oracle

pytestmark = pytest.mark.oracle
OURS = oracle.our_tf()


def _files(folder: Path) -> list[str]:
    staging.settle()
    return sorted(name for name in os.listdir(folder) if not name.endswith(".meta") and name != "checkpoint")


def _variable(tf: Any) -> Any:
    return tf.get_variable("w", initializer=np.arange(3.0))


FILES = {
    "orbax": ["m"],
    "tensorflow": ["m.data-00000-of-00001", "m.index"],
    "tensorflow-v1": ["m"],
}


@pytest.mark.parametrize("setting", [None, "orbax", "tensorflow", "tensorflow-v1"])
@pytest.mark.parametrize("version", [None, 1, 2])
def test_which_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int | None, setting: str | None
) -> None:
    """What the program says, else what the setting says, else Orbax; the graph file keeps what the program said."""
    if setting is not None:
        monkeypatch.setenv("SCOPEDJAX_CHECKPOINT_FORMAT", setting)
    expected = {None: setting or "orbax", 1: "tensorflow-v1", 2: "tensorflow"}[version]
    with OURS.Graph().as_default(), OURS.Session() as session:
        _variable(OURS)
        saver = OURS.train.Saver(**({} if version is None else {"write_version": version}))
        session.run(OURS.global_variables_initializer())
        path = saver.save(session, str(tmp_path / "m"))
        assert _files(tmp_path) == FILES[expected]
        assert os.path.isdir(path) == (expected == "orbax")
        assert OURS.train.checkpoint_exists(path) and OURS.train.latest_checkpoint(str(tmp_path)) == path
        (tmp_path / "nodes").mkdir()
        session.run(saver.saver_def.save_tensor_name, {"save/Const:0": str(tmp_path / "nodes" / "m")})
        assert _files(tmp_path / "nodes") == FILES[expected]
    (tmp_path / "again").mkdir()
    with OURS.Graph().as_default(), OURS.Session() as session:
        saver = OURS.train.import_meta_graph(path + ".meta")
        saver.restore(session, path)
        assert session.run("w:0").tolist() == [0, 1, 2]
        saver.save(session, str(tmp_path / "again" / "m"))
        assert _files(tmp_path / "again") == FILES[expected]
        session.run("w/Assign")
        session.run("save/restore_all", {"save/Const:0": str(tmp_path / "nodes" / "m")})
        assert session.run("w:0").tolist() == [0, 1, 2]


def test_a_setting_that_means_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOPEDJAX_CHECKPOINT_FORMAT", "pickle")
    with OURS.Graph().as_default(), OURS.Session() as session:
        session.run(_variable(OURS).initializer)
        with pytest.raises(ValueError, match="SCOPEDJAX_CHECKPOINT_FORMAT='pickle' is no format"):
            OURS.train.Saver().save(session, str(tmp_path / "m"))


@pytest.mark.parametrize("version", [1, 2])
def test_old_checkpoints_are_deleted(tmp_path: Path, version: int) -> None:
    """The same files stay as with TensorFlow, and the state files say the same."""
    states = {}
    for tf in (oracle.real_tf(), OURS):
        folder = tmp_path / tf.__name__
        folder.mkdir()
        with tf.Graph().as_default(), tf.Session() as session:
            session.run(_variable(tf).initializer)
            saver = tf.train.Saver(
                max_to_keep=2, write_version={1: tf.train.SaverDef.V1, 2: tf.train.SaverDef.V2}[version]
            )
            for step in range(5):
                saver.save(session, str(folder / "m"), global_step=step)
        staging.settle()
        text = (folder / "checkpoint").read_text().replace(str(folder), "")
        states[tf.__name__] = sorted(os.listdir(folder)), text
    assert states["scopedjax"] == states[oracle.real_tf().__name__]


@pytest.mark.parametrize("first", ["orbax", "tensorflow", "tensorflow-v1"])
@pytest.mark.parametrize("second", ["orbax", "tensorflow", "tensorflow-v1"])
def test_the_last_save_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, second: str) -> None:
    """A checkpoint of another format takes the place of one with its name."""
    with OURS.Graph().as_default(), OURS.Session() as session:
        w = _variable(OURS)
        saver = OURS.train.Saver()
        path = str(tmp_path / "m")
        for number, format in enumerate((first, second, first)):
            monkeypatch.setenv("SCOPEDJAX_CHECKPOINT_FORMAT", format)
            w.load([number] * 3, session)
            saver.save(session, path)
            w.load([-1] * 3, session)
            saver.restore(session, path)
            assert session.run(w).tolist() == [number] * 3
            assert OURS.train.load_variable(path, "w").tolist() == [number] * 3


# ------------------------------------------------------------------------------------------------- training across


def _mlp(tf: Any) -> Any:
    rng = np.random.RandomState(0)
    x = tf.constant(rng.randn(8, 5).astype(np.float32))
    hidden = tf.nn.tanh(tf.layers.dense(x, 6, kernel_initializer=tf.constant_initializer(rng.randn(5, 6) * 0.3)))
    out = tf.layers.dense(hidden, 1, kernel_initializer=tf.constant_initializer(rng.randn(6, 1) * 0.3))
    return tf.reduce_mean(tf.square(out - tf.constant(rng.randn(8, 1).astype(np.float32))))


def _embedding(tf: Any) -> Any:
    rng = np.random.RandomState(1)
    table = tf.get_variable(
        "table", [11, 4], initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(3)
    )
    rows = tf.nn.embedding_lookup(table, tf.constant([1, 4, 4, 10, 7]), partition_strategy="div")
    return tf.reduce_sum(tf.square(rows - tf.constant(rng.randn(5, 4).astype(np.float32))))


def _lstm(tf: Any) -> Any:
    rng = np.random.RandomState(2)
    x = tf.constant(rng.randn(3, 4, 2).astype(np.float32))
    cell = tf.nn.rnn_cell.BasicLSTMCell(5)
    with tf.variable_scope("net", initializer=tf.constant_initializer(0.1)):
        outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    return tf.reduce_mean(tf.square(outputs - 0.3))


MODELS = {"mlp": _mlp, "embedding": _embedding, "lstm": _lstm}


def _train(tf: Any, model: str, version: int, start: str | None, save: str | None) -> tuple[list[float], int]:
    """Five steps from `start`, or the beginning; saved in the middle, after two, if asked to."""
    with tf.Graph().as_default(), tf.Session() as session, warnings.catch_warnings():
        if tf is not OURS:  # TensorFlow's own deprecations
            warnings.simplefilter("ignore")
        loss = MODELS[model](tf)
        step = tf.train.get_or_create_global_step()
        train = tf.train.AdamOptimizer(0.05).minimize(loss, global_step=step)
        saver = tf.train.Saver(write_version=version)
        session.run(tf.global_variables_initializer())
        if start is not None:
            saver.restore(session, start)
        losses = []
        for number in range(5):
            losses.append(float(session.run([loss, train])[0]))
            if number == 1 and save is not None:
                saver.save(session, save, global_step=step)
        return losses, int(session.run(step))


@pytest.mark.parametrize("there_first", [True, False], ids=["TensorFlow first", "here first"])
@pytest.mark.parametrize(
    ("model", "version"), [("mlp", 2), ("mlp", 1), ("embedding", 2), ("embedding", 1), ("lstm", 2)]
)
def test_training_goes_on_in_the_other(tmp_path: Path, model: str, version: int, there_first: bool) -> None:
    first, second = (oracle.real_tf(), OURS) if there_first else (OURS, oracle.real_tf())
    losses, _ = _train(first, model, version, None, str(tmp_path / "m"))
    continued, step = _train(second, model, version, str(tmp_path / "m-2"), None)
    np.testing.assert_allclose(continued[:3], losses[2:], rtol=1e-4)
    assert step == 7
    here = second if there_first else first
    assert here.train.load_variable(str(tmp_path / "m-2"), "beta1_power") == pytest.approx(0.9**3, rel=1e-5)


def test_init_from_a_checkpoint_of_tensorflow(tmp_path: Path) -> None:
    tf = oracle.real_tf()
    _train(tf, "embedding", 2, None, str(tmp_path / "m"))
    with OURS.Graph().as_default(), OURS.Session() as session:
        table = OURS.get_variable(
            "new/table", [11, 4], initializer=OURS.zeros_initializer(), partitioner=OURS.fixed_size_partitioner(2)
        )
        OURS.train.init_from_checkpoint(str(tmp_path), {"table": "new/table"})
        session.run(OURS.global_variables_initializer())
        expected = tf.train.load_variable(str(tmp_path), "table")
        assert session.run(OURS.convert_to_tensor(table)).tolist() == expected.tolist()


def test_a_graph_of_tensorflow_restores_and_saves_by_its_own_nodes(tmp_path: Path) -> None:
    """A sharded saver's nodes, as TensorFlow recorded them: SaveV2, ShardedFilename, MergeV2Checkpoints, RestoreV2."""
    tf = oracle.real_tf()
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("a", initializer=np.arange(3.0))
        tf.get_variable("table", initializer=tf.ones([4, 2]), partitioner=None)
        saver = tf.train.Saver(sharded=True)
        session.run(tf.global_variables_initializer())
        path = saver.save(session, str(tmp_path / "theirs"))
    for format in ("tensorflow", "orbax"):
        with OURS.Graph().as_default(), OURS.Session() as session, pytest.MonkeyPatch.context() as patch:
            patch.setenv("SCOPEDJAX_CHECKPOINT_FORMAT", format)
            OURS.train.import_meta_graph(path + ".meta")
            session.run("save/restore_all", {"save/Const:0": path})
            assert session.run("a:0").tolist() == [0, 1, 2]
            session.run("save/Identity:0", {"save/Const:0": str(tmp_path / format)})
            assert OURS.train.load_variable(str(tmp_path / format), "a").tolist() == [0, 1, 2]
    assert tf.train.load_variable(str(tmp_path / "tensorflow"), "table").tolist() == [[1, 1]] * 4
    assert os.path.isdir(tmp_path / "orbax")
