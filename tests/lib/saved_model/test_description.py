"""What is said about a SavedModel is what `saved_model_cli show` says."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from scopedjax._src.lib.saved_model.description import Endpoint, describe
from tests.oracle import our_tf, real_tf, run_body

pytestmark = pytest.mark.oracle


def _write(tf: Any, folder: Path) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    text = tf.placeholder(tf.string, name="text")
    sparse = tf.sparse_placeholder(tf.int64, [None, 5], name="sparse")
    (folder.parent / "words.txt").write_text("one\n")
    asset = tf.constant(str(folder.parent / "words.txt"))
    first = tf.saved_model.predict_signature_def({"x": x, "a": text}, {"y": tf.reduce_sum(x), "n": tf.constant([7])})
    second = tf.saved_model.predict_signature_def({"s": sparse}, {"x": x})
    with tf.Session() as sess:
        builder = tf.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(sess, ["serve", "gpu"], {"second": first, "first": first}, [asset])
        builder.add_meta_graph(["train"], {"sparse": second})
        builder.save()


@pytest.mark.parametrize("writer", ["theirs", "ours"])
def test_a_model_is_described(tmp_path: Path, writer: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "model"
    run_body(real_tf() if writer == "theirs" else our_tf(), lambda tf: _write(tf, folder))
    serving, training = describe(folder)
    assert serving.tags == ("gpu", "serve") and training.tags == ("train",)
    assert serving.assets == ("words.txt",) and serving.nodes > 5

    tool = importlib.import_module("tensorflow.python.tools.saved_model_cli")
    for key in ("first", "second"):
        capsys.readouterr()
        tool._show_inputs_outputs(str(folder), "serve,gpu", key, indent=1)
        shown = capsys.readouterr().out
        (mine,) = (s for s in serving.signatures if s.key == key)
        assert "\n".join(mine.lines()[1:]) == shown.rstrip("\n")

    (sparse,) = training.signatures
    assert sparse.inputs == (Endpoint("s", "sparse/values:0, sparse/indices:0, sparse/shape:0", "int64", (None, 5)),)
    assert sparse.outputs == (Endpoint("x", "x:0", "float32", (None, 3)),)


def test_the_whole_text(tmp_path: Path) -> None:
    run_body(our_tf(), lambda tf: _write(tf, tmp_path / "model"))
    text = describe(str(tmp_path / "model"))[0].text()
    assert text.startswith(
        "MetaGraphDef with tag-set: 'gpu, serve' contains the following SignatureDefs:\n\nsignature_"
    )
    assert text.count("Method name is: tensorflow/serving/predict") == 2
