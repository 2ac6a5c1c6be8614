"""`freeze_graph` on files of either side, against TensorFlow's, and the snippets by which frozen graphs are used."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.lib.freezing.models import controlled, dense, embedded
from tests.lib.freezing.test_constants import nodes_of
from tests.oracle import Raised, both, check_both, our_tf, real_tf, run_body

pytestmark = pytest.mark.oracle

Model = Callable[[Any], tuple[dict[str, Any], str]]


def _tool(tf: Any) -> Any:
    theirs = tf.__name__.startswith("tensorflow")
    return importlib.import_module("tensorflow.python.tools.freeze_graph") if theirs else tf.python.tools.freeze_graph


def _write(tf: Any, model: Model, folder: Path) -> tuple[Any, dict[str, Any], str]:
    """Writes a model in every form; returns its value, feeds and output."""
    feeds, output = model(tf)
    saver = tf.train.Saver()
    (folder / "saver.pb").write_bytes(saver.as_saver_def().SerializeToString())
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run([v.assign_add(tf.ones_like(v)) for v in tf.trainable_variables() if v.dtype.base_dtype == tf.float32])
        saver.save(sess, str(folder / "model"))
        for name in ("graph.pb", "graph.pbtxt"):
            tf.train.write_graph(sess.graph_def, str(folder), name, as_text=name.endswith("txt"))
        inputs = {"x": next(iter(feeds))}
        tensors = {name: sess.graph.get_tensor_by_name(tensor) for name, tensor in inputs.items()}
        tf.saved_model.simple_save(
            sess, str(folder / "saved"), tensors, {"y": sess.graph.get_tensor_by_name(f"{output}:0")}
        )
        return sess.run(f"{output}:0", feeds), feeds, output


def _freeze(tf: Any, folder: Path, output: str, **arguments: Any) -> Any:
    given: dict[str, Any] = {
        "input_graph": "",
        "input_saver": "",
        "input_binary": True,
        "input_checkpoint": str(folder / "model"),
        "output_node_names": output,
        "restore_op_name": "save/restore_all",
        "filename_tensor_name": "save/Const:0",
        "output_graph": str(folder / "frozen.pb"),
        "clear_devices": True,
        "initializer_nodes": "",
    }
    given.update({k: str(folder / v) if k.startswith("input_") and v else v for k, v in arguments.items()})
    given["input_binary"] = not str(given["input_graph"]).endswith("txt")
    with tf.Graph().as_default():
        return _tool(tf).freeze_graph(**given)


FORMS: dict[str, dict[str, Any]] = {
    "graph": {"input_graph": "graph.pb"},
    "text": {"input_graph": "graph.pbtxt"},
    "saver": {"input_graph": "graph.pb", "input_saver": "saver.pb"},
    "meta graph": {"input_meta_graph": "model.meta"},
    "saved model": {"input_saved_model_dir": "saved", "input_checkpoint": ""},
}


# TensorFlow restores neither resource nor partitioned variables by their names alone.
_CASES = [(form, dense) for form in FORMS] + [(form, embedded) for form in ("saver", "meta graph", "saved model")]


@pytest.mark.parametrize("form, model", _CASES)
def test_files_of_tensorflow(tmp_path: Path, form: str, model: Model) -> None:
    """The frozen graph is the one that TensorFlow's tool makes, and computes the same."""
    value, feeds, output = run_body(real_tf(), lambda tf: _write(tf, model, tmp_path))
    theirs, ours = (_freeze(tf, tmp_path, output, **FORMS[form]) for tf in (real_tf(), our_tf()))
    assert nodes_of(ours) == nodes_of(theirs)
    with (tmp_path / "frozen.pb").open("rb") as file:
        assert file.read() == ours.SerializeToString()
    assert _loaded(our_tf(), tmp_path / "frozen.pb", feeds, output) == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize("form", ["graph", "saver", "meta graph", "saved model"])
def test_files_of_our_own(tmp_path: Path, form: str) -> None:
    value, feeds, output = run_body(our_tf(), lambda tf: _write(tf, controlled, tmp_path))
    _freeze(our_tf(), tmp_path, output, **FORMS[form])
    for tf in (real_tf(), our_tf()):
        assert _loaded(tf, tmp_path / "frozen.pb", feeds, output) == pytest.approx(value, rel=1e-5)


def _loaded(tf: Any, path: Path, feeds: dict[str, Any], output: str) -> Any:
    """The snippet by which a frozen graph is used."""
    with tf.gfile.GFile(str(path), "rb") as f:
        graph_def = tf.GraphDef()
        graph_def.ParseFromString(f.read())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(
            graph_def, input_map=None, return_elements=None, name="prefix", op_dict=None, producer_op_list=None
        )
    inputs = {graph.get_tensor_by_name(f"prefix/{name}"): value for name, value in feeds.items()}
    with tf.Session(graph=graph) as sess:
        return sess.run(graph.get_tensor_by_name(f"prefix/{output}:0"), feed_dict=inputs)


@pytest.mark.parametrize(
    "changes",
    [
        {"input_checkpoint": "nowhere"},
        {"output_node_names": ""},
        {"output_node_names": "nowhere"},
        {"input_graph": "nowhere.pb"},
        {"input_graph": "", "input_meta_graph": "nowhere.meta"},
        {"input_saver": "nowhere.pb"},
        {"input_graph": "frozen.pb"},
        {"input_graph": "", "input_saved_model_dir": "saved", "saved_model_tags": "train"},
    ],
)
def test_what_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    _, _, output = run_body(real_tf(), lambda tf: _write(tf, dense, tmp_path))
    _freeze(real_tf(), tmp_path, output, input_graph="graph.pb")
    given = {"input_graph": "graph.pb", "output_node_names": output, **changes}
    theirs, ours = both(lambda tf: _freeze(tf, tmp_path, output, **given))
    assert isinstance(theirs, Raised) and isinstance(ours, Raised)
    assert theirs.type in ours.types
    if "tags" not in str(changes):
        assert ours.message.split(".")[0] == theirs.message.split(".")[0]


def test_partitioned_variables_need_a_saver(tmp_path: Path) -> None:
    _, _, output = run_body(our_tf(), lambda tf: _write(tf, embedded, tmp_path))
    raised = run_body(our_tf(), lambda tf: _freeze(tf, tmp_path, output, input_graph="graph.pb"))
    assert raised.type == "ValueError" and "Models containing partition variables" in raised.message


def test_the_snippet_that_freezes(tmp_path: Path) -> None:
    """The script that most programs copied: from a checkpoint's meta graph to a frozen file."""

    def body(tf: Any) -> Any:
        folder = tmp_path / tf.__name__
        folder.mkdir()
        feeds, output = dense(tf)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            tf.train.Saver().save(sess, str(folder / "model.ckpt"), global_step=3)
        checkpoint = tf.train.get_checkpoint_state(str(folder))
        input_checkpoint = checkpoint.model_checkpoint_path
        absolute_model_dir = "/".join(input_checkpoint.split("/")[:-1])
        output_graph = absolute_model_dir + "/frozen_model.pb"
        with tf.Session(graph=tf.Graph()) as sess:
            saver = tf.train.import_meta_graph(input_checkpoint + ".meta", clear_devices=True)
            saver.restore(sess, input_checkpoint)
            output_graph_def = tf.graph_util.convert_variables_to_constants(
                sess, tf.get_default_graph().as_graph_def(), output.split(",")
            )
            with tf.gfile.GFile(output_graph, "wb") as f:
                f.write(output_graph_def.SerializeToString())
        return len(output_graph_def.node), _loaded(tf, Path(output_graph), feeds, output)

    check_both(body)


def test_the_script_that_labels_images(tmp_path: Path) -> None:
    """A frozen graph with decoded images, fetched by operation names and ranked, as TensorFlow's example does it."""

    def body(tf: Any) -> Any:
        path = tmp_path / f"{tf.__name__}.pb"
        with tf.Graph().as_default(), tf.Session() as sess:
            image = tf.placeholder(tf.float32, [1, 4, 4, 3], name="Mul")
            weights = tf.get_variable("w", [48, 3], initializer=tf.random_uniform_initializer(seed=7))
            tf.nn.softmax(tf.matmul(tf.reshape(image, [1, 48]), weights), name="final_result")
            sess.run(tf.global_variables_initializer())
            frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, ["final_result"])
            with tf.gfile.FastGFile(str(path), "wb") as f:
                f.write(frozen.SerializeToString())

        graph, graph_def = tf.Graph(), tf.GraphDef()
        with tf.gfile.FastGFile(str(path), "rb") as f:
            graph_def.ParseFromString(f.read())
        with graph.as_default():
            tf.import_graph_def(graph_def)
            picture = tf.constant(np.arange(75, dtype=np.uint8).reshape(5, 5, 3))
            resized = tf.image.resize_bilinear(tf.expand_dims(tf.cast(picture, tf.float32), 0), [4, 4])
            normalized = tf.divide(tf.subtract(resized, [128]), [64])
        input_operation = graph.get_operation_by_name("import/Mul")
        output_operation = graph.get_operation_by_name("import/final_result")
        with tf.Session(graph=graph) as sess:
            feeds = {input_operation.outputs[0]: sess.run(normalized)}
            results = np.squeeze(sess.run(output_operation.outputs[0], feeds))
        return results.argsort()[-2:][::-1].tolist(), results

    check_both(body)


def test_a_part_is_put_elsewhere(tmp_path: Path) -> None:
    """A frozen graph with another input, and only one of its nodes returned."""

    def body(tf: Any) -> Any:
        feeds, output = dense(tf)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, [output])
        with tf.Graph().as_default() as graph:
            mine = tf.constant(feeds["x:0"]) * 2
            y, op = tf.import_graph_def(frozen, {"x:0": mine}, ["hidden/Relu:0", output], name="part")
            with tf.Session() as sess:
                return op.name, graph.get_tensor_by_name("part/hidden/Relu:0") is y, sess.run([y, op.outputs[0]])

    check_both(body)


def test_the_tool_under_tensorflows_name() -> None:
    """Programs import it by its path."""
    ours = our_tf()
    assert ours.python.tools.freeze_graph.freeze_graph.__module__.startswith("scopedjax.")
    assert ours.python.framework.graph_util is ours.graph_util
    assert ours.python.platform.gfile is ours.gfile
    assert ours.python.saved_model.tag_constants is ours.saved_model.tag_constants


def test_programs_import_it_by_its_path() -> None:
    script = """
import scopedjax
scopedjax.install()
import tensorflow as tf
from tensorflow.python.framework import graph_util
from tensorflow.python.platform import gfile
from tensorflow.python.saved_model import tag_constants, signature_constants, loader
from tensorflow.python.saved_model import builder as saved_model_builder
from tensorflow.python.tools import freeze_graph
from tensorflow.python.tools.freeze_graph import freeze_graph as tool
import tensorflow.python.saved_model.tag_constants as tags
assert graph_util is tf.graph_util and gfile is tf.gfile and freeze_graph.freeze_graph is tool
assert saved_model_builder.SavedModelBuilder is tf.saved_model.Builder and tags.SERVING == "serve"
"""
    subprocess.run([sys.executable, "-c", script], check=True)
