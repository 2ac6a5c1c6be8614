"""Models in the styles that people published go on here as TensorFlow 1.15 goes on with them, from its own files.

What is compared is in tests/golden/models_of_tf1.py: a .meta is imported, a checkpoint restored, one step of inference
and some of training are run, and the numbers are those that TensorFlow gave. Estimators: the checkpoint of a training,
with its scaffold's nodes and an iterator whose outputs are fed, and the export for serving, which parses examples.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.oracle import assert_same, golden, our_tf

STEPS = 3
FEWER = {"translator": 1, "speech": 1, "detector": 1, "resnet": 1, "transformer": 2}  # these take long
PROGRAMS = ("detector", "translator", "transformer", "resnet", "gan", "word2vec", "speech", "dqn", "iterators")


def _unpacked(recorded: Any, name: str, folder: Path) -> Path:
    lead = f"{name}/file/"
    for key in recorded:
        if key.startswith(lead):
            path = folder / key.removeprefix(lead)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(recorded[key].tobytes())
    return folder / "model"


def _feeds(recorded: Any, name: str) -> list[dict[str, Any]]:
    leads = [f"{name}/feed/{i}/" for i in range(STEPS)]
    return [{k.removeprefix(lead): recorded[k] for k in recorded if k.startswith(lead)} for lead in leads]


def _like_recorded(recorded: Any, key: str, value: Any) -> None:
    wanted = recorded[key]
    found = np.asarray(value)
    if found.dtype == object:
        found = found.astype("S")
    assert found.shape == wanted.shape, key
    if wanted.dtype.kind == "f":
        assert_same(wanted, found, rtol=2e-4, atol=1e-5)
    else:
        assert (wanted == found).all(), key


@pytest.mark.parametrize("name", PROGRAMS)
def test_goes_on(name: str, tmp_path: Path) -> None:
    recorded = golden("models_of_tf1.npz")
    tf: Any = our_tf()
    path = str(_unpacked(recorded, name, tmp_path))
    told = {key: [str(n) for n in recorded[f"{name}/told/{key}"]] for key in ("train", "and", "infer")}
    feeds = _feeds(recorded, name)
    with tf.Graph().as_default():
        saver = tf.train.import_meta_graph(path + ".meta", clear_devices=True)
        with tf.Session() as session:
            saver.restore(session, path)
            for fetch, value in zip(told["infer"], session.run(told["infer"], feeds[0]), strict=True):
                _like_recorded(recorded, f"{name}/value/infer/{fetch}", value)
            for step in range(FEWER.get(name, STEPS)):
                for key in ("train", "and"):
                    values = session.run(told[key], feeds[step]) if told[key] else ()
                    for fetch, value in zip(told[key], values, strict=True):
                        if value is not None:
                            _like_recorded(recorded, f"{name}/value/{step}/{fetch}", value)


@pytest.mark.parametrize("name", ["estimator", "linear"])
def test_estimator_goes_on(name: str, tmp_path: Path) -> None:
    recorded = golden("models_of_tf1.npz")
    tf: Any = our_tf()
    path = str(_unpacked(recorded, name, tmp_path))
    with tf.Graph().as_default() as graph, tf.Session() as session:
        saver = tf.train.import_meta_graph(path + ".meta")
        saver.restore(session, path)
        session.run(graph.get_collection(tf.GraphKeys.LOCAL_INIT_OP)[0])
        _like_recorded(recorded, f"{name}/value/missing", session.run(graph.get_collection(tf.GraphKeys.READY_OP)[0]))
        train, loss = graph.get_collection("train_op")[0], str(recorded[f"{name}/told/loss"])
        for step, feed in enumerate(_feeds(recorded, name)):
            _like_recorded(recorded, f"{name}/value/{step}/loss", session.run([loss, train], feed)[0])
        _like_recorded(recorded, f"{name}/value/step", session.run("global_step:0"))
        text = session.run(graph.get_collection(tf.GraphKeys.SUMMARY_OP)[0], _feeds(recorded, name)[0])
        assert tf.Summary.FromString(text).value


@pytest.mark.parametrize("name", ["estimator", "linear"])
def test_estimator_serves(name: str, tmp_path: Path) -> None:
    recorded = golden("models_of_tf1.npz")
    tf: Any = our_tf()
    _unpacked(recorded, name, tmp_path)
    asked = recorded[f"{name}/asked"].astype(object)
    with tf.Graph().as_default(), tf.Session() as session:
        loaded = tf.saved_model.loader.load(session, [tf.saved_model.tag_constants.SERVING], str(tmp_path / "export"))
        assert "serving_default" in loaded.signature_def
        for key, signature in loaded.signature_def.items():
            given = {info.name: asked for info in signature.inputs.values()}
            found = session.run({k: info.name for k, info in signature.outputs.items()}, given)
            for output, value in found.items():
                _like_recorded(recorded, f"{name}/value/served/{key}/{output}", value)
