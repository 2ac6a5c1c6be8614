"""Loading SavedModels: written there and loaded here, written here and loaded there, and what cannot be loaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.lib.saved_model.models import INPUT, read, record, write
from tests.oracle import Raised, assert_same, both, check_both, check_both_raise, our_tf, real_tf, run_body

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel of TensorFlow."""
    folder = tmp_path_factory.mktemp("theirs") / "model"
    run_body(real_tf(), lambda tf: write(tf, folder))
    return folder


@pytest.mark.parametrize("as_text", [False, True])
def test_to_and_fro(tmp_path: Path, as_text: bool) -> None:
    for writer in (real_tf(), our_tf()):
        folder = tmp_path / writer.__name__
        value = run_body(writer, lambda tf, at=folder: write(tf, at, as_text))
        for reader in (real_tf(), our_tf()):
            np.testing.assert_allclose(read(reader, folder), value, rtol=1e-6)
            np.testing.assert_allclose(read(reader, folder, "scope"), value, rtol=1e-6)


def test_what_is_loaded(model: Path) -> None:
    def body(tf: Any) -> Any:
        with tf.Session(graph=tf.Graph()) as sess:
            meta = tf.saved_model.load(sess, {"serve", "small"}, str(model))
            variables = sess.graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
            return (
                [(op.name, op.type) for op in sess.graph.get_operations()],
                [v.name for v in variables],
                sess.run(variables),
                sorted(meta.signature_def),
                list(meta.meta_info_def.tags),
            )

    check_both(body)


def test_into_a_graph_that_has_nodes(model: Path) -> None:
    def body(tf: Any) -> Any:
        with tf.Session(graph=tf.Graph()) as sess:
            with sess.graph.as_default():
                tf.constant(1.0, name="x")
                mine = tf.placeholder(tf.float32, [None, 3], name="mine")
            meta = tf.saved_model.load(sess, ["serve", "small"], str(model), import_scope="net", input_map={"x": mine})
            output = meta.signature_def["serving_default"].outputs["out"]
            with sess.graph.as_default():
                y = tf.saved_model.get_tensor_from_tensor_info(output, import_scope="net")
            return y.name, sess.run(y, {mine: INPUT})

    check_both(body)


def test_training_goes_on(model: Path) -> None:
    def body(tf: Any) -> Any:
        with tf.Session(graph=tf.Graph()) as sess:
            meta = tf.saved_model.load(sess, ["serve", "small"], str(model))
            output = meta.signature_def["serving_default"].outputs["out"].name
            with sess.graph.as_default():
                loss = tf.reduce_mean(tf.square(sess.graph.get_tensor_by_name(output)))
                step = tf.train.GradientDescentOptimizer(1e-3).minimize(loss)
            losses = []
            for _ in range(3):
                losses.append(sess.run([loss, step], {"x:0": INPUT})[0])
            return losses

    check_both(body, rtol=1e-4)


def test_assets_and_init_ops(tmp_path: Path) -> None:
    """A table is filled from the copy of its file, though the folder was moved and the file is gone."""
    for writer in (real_tf(), our_tf()):
        folder = tmp_path / writer.__name__
        words = tmp_path / "words.txt"
        words.write_text("zero\none\ntwo\n")

        def body(tf: Any, at: Path = folder, file: Path = words) -> None:
            table = tf.lookup.StaticHashTable(
                tf.lookup.TextFileInitializer(
                    str(file),
                    tf.string,
                    tf.lookup.TextFileIndex.WHOLE_LINE,
                    tf.int64,
                    tf.lookup.TextFileIndex.LINE_NUMBER,
                ),
                -1,
            )
            x = tf.placeholder(tf.string, [None], name="x")
            y = tf.identity(table.lookup(x), name="y")
            with tf.Session() as sess:
                sess.run(tf.tables_initializer())
                tf.saved_model.simple_save(sess, str(at), {"x": x}, {"y": y}, legacy_init_op=tf.tables_initializer())

        assert run_body(writer, body) is None
        words.unlink()
        moved = tmp_path / f"{writer.__name__} moved"
        shutil.move(folder, moved)

        def lookup(tf: Any, at: Path = moved) -> Any:
            with tf.Session() as sess:
                tf.saved_model.load(sess, ["serve"], str(at))
                return sess.run("y:0", {"x:0": ["two", "three", "zero"]})

        def scoped(tf: Any, at: Path = moved) -> Any:
            with tf.Session() as sess:
                tf.saved_model.load(sess, ["serve"], str(at), import_scope="in")
                return sess.run("in/y:0", {"in/x:0": ["one"]})

        check_both(lookup)
        check_both(scoped)


@pytest.mark.parametrize("key", ["legacy_init_op", "saved_model_main_op"])
@pytest.mark.parametrize("count", [1, 2])
def test_init_ops_of_collections(tmp_path: Path, key: str, count: int) -> None:
    folder = tmp_path / "model"

    def record_and_write(tf: Any) -> None:
        v = tf.Variable(1.0, name="v")
        for i in range(count):
            tf.add_to_collection(key, tf.assign_add(v, 10.0 + i).op)
        with tf.Session() as sess:
            sess.run(v.initializer)
            builder = tf.saved_model.Builder(str(folder))
            builder.add_meta_graph_and_variables(sess, ["serve"])
            builder.save()

    run_body(our_tf(), record_and_write)

    def body(tf: Any) -> Any:
        with tf.Session() as sess:
            tf.saved_model.load(sess, ["serve"], str(folder))
            return sess.run("v:0")

    if count == 1:
        assert check_both(body) == 11.0
    else:
        check_both_raise(body, match="Expected exactly one SavedModel init op. Found 2")


def test_main_op(tmp_path: Path) -> None:
    def body(tf: Any) -> Any:
        folder = str(tmp_path / tf.__name__)
        v = tf.Variable(1.0, name="v")
        local = tf.Variable(5.0, name="local", collections=[tf.GraphKeys.LOCAL_VARIABLES])
        with tf.Session() as sess:
            sess.run(v.assign(2.0))
            builder = tf.saved_model.Builder(folder)
            builder.add_meta_graph_and_variables(sess, ["serve"], main_op=tf.saved_model.main_op.main_op())
            builder.save()
        with tf.Session(graph=tf.Graph()) as sess:
            tf.saved_model.load(sess, ["serve"], folder)
            return sess.run(["v:0", local.name])

    check_both(body)


def test_main_op_with_restore() -> None:
    """The node waits for both; which of them is first, TensorFlow leaves open."""

    def body(tf: Any) -> Any:
        v = tf.Variable(1.0, name="v")
        op = tf.saved_model.main_op_with_restore(tf.assign(v, 3.0).op)
        nodes = [
            (node.name, node.type, sorted(c.name for c in node.control_inputs)) for node in v.graph.get_operations()
        ]
        with tf.Session() as sess:
            sess.run(op)
            return nodes, op.name, sess.run(v) in (1.0, 3.0)

    check_both(body)


def test_no_variables(tmp_path: Path) -> None:
    for writer in (real_tf(), our_tf()):
        folder = str(tmp_path / writer.__name__)

        def body(tf: Any, at: str = folder) -> None:
            x = tf.placeholder(tf.float32, [], name="x")
            tf.saved_model.simple_save(tf.Session(), at, {"x": x}, {"y": tf.negative(x, name="y")})

        run_body(writer, body)
        assert os.listdir(os.path.join(folder, "variables")) == []

        def load(tf: Any, at: str = folder) -> Any:
            with tf.Session() as sess:
                tf.saved_model.load(sess, ["serve"], at)
                return sess.run("y:0", {"x:0": 2.0})

        check_both(load)


@pytest.mark.parametrize("tags", [["serve"], [], ["serve", "small", "gpu"], ("train",), {"serve"}])
def test_tags_that_are_not_there(model: Path, tags: Any) -> None:
    def body(tf: Any) -> Any:
        with tf.Session() as sess:
            return tf.saved_model.load(sess, tags, str(model))

    theirs, ours = both(body)
    assert isinstance(theirs, Raised) and isinstance(ours, Raised)
    assert ours.type == theirs.type == "RuntimeError"
    # The order of a set of tags is not the same everywhere.
    assert "".join(sorted(ours.message)) == "".join(sorted(theirs.message))


def _damaged(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:-7])
    return path


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "nothing there": shutil.rmtree,
    "no file": lambda folder: (folder / "saved_model.pb").unlink(),
    "cut off": lambda folder: _damaged(folder / "saved_model.pb"),
    "no text": lambda folder: (
        (folder / "saved_model.pb").unlink(),
        (folder / "saved_model.pbtxt").write_text("meta_graphs { nonsense }"),
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_models(model: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(model, folder)
    DAMAGES[name](folder)

    def body(tf: Any) -> Any:
        with tf.Session() as sess:
            return tf.saved_model.load(sess, ["serve", "small"], str(folder))

    theirs, ours = both(body)
    assert isinstance(theirs, Raised) and isinstance(ours, Raised)
    assert "OSError" in theirs.types and "OSError" in ours.types
    words = "does not exist at" if "does not exist" in theirs.message else "Cannot parse file"
    assert words in ours.message and words in theirs.message


def test_missing_variables(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(model, folder)
    (folder / "variables" / "variables.index").unlink()

    def body(tf: Any) -> Any:
        with tf.Session() as sess:
            return tf.saved_model.load(sess, ["serve", "small"], str(folder))

    check_both_raise(body, match="The passed save_path is not a valid checkpoint")


def test_assets_stay_in_their_folder(tmp_path: Path) -> None:
    from scopedjax._src.lib.saved_model.messages import packed_asset

    def body(tf: Any) -> Any:
        folder = str(tmp_path / "model")
        tf.constant("words.txt", name="path")
        tf.add_to_collection("saved_model_assets", packed_asset("../../secret", "path:0"))
        with tf.Session() as sess:
            builder = tf.saved_model.Builder(folder)
            builder.add_meta_graph_and_variables(sess, ["serve"], main_op=tf.no_op(name="init"))
            builder.save()
        with tf.Session(graph=tf.Graph()) as sess:
            return tf.saved_model.load(sess, ["serve"], folder)

    raised = run_body(our_tf(), body)
    assert raised.type == "InvalidArgumentError" and "outside its folder" in raised.message


def test_whether_there_is_a_model(model: Path, tmp_path: Path) -> None:
    (tmp_path / "saved_model.pbtxt").touch()

    def body(tf: Any) -> Any:
        folders = [str(model), str(tmp_path), str(model.parent), "/nowhere"]
        names = (tf.saved_model.contains_saved_model, tf.saved_model.loader.maybe_saved_model_directory)
        return [[function(folder) for folder in folders] for function in names]

    check_both(body)


@pytest.mark.parametrize("tags", [None, "serve", ["small", "serve"]])
def test_method_names_are_changed(model: Path, tmp_path: Path, tags: Any) -> None:
    def body(tf: Any) -> Any:
        folder = tmp_path / tf.__name__
        shutil.copytree(model, folder)
        updater = tf.saved_model.signature_def_utils.MethodNameUpdater(str(folder))
        updater.replace_method_name("serving_default", "some/method", tags)
        updater.save()
        with tf.Session() as sess:
            return (
                tf.saved_model.load(sess, ["serve", "small"], str(folder)).signature_def["serving_default"].method_name
            )

    theirs, ours = both(body)
    if isinstance(theirs, Raised):
        assert_same(theirs, ours, phrase="could not be found in")
    else:
        assert_same(theirs, ours)


@pytest.mark.parametrize("arguments", [("", "m"), ("serving_default", ""), ("unknown", "m")])
def test_method_names_that_are_refused(model: Path, arguments: tuple[str, str]) -> None:
    def body(tf: Any) -> Any:
        tf.saved_model.signature_def_utils.MethodNameUpdater(str(model)).replace_method_name(*arguments)

    theirs, ours = both(body)
    assert isinstance(theirs, Raised) and isinstance(ours, Raised) and ours.type == theirs.type
    assert ours.message.split(". ")[0] == theirs.message.split(". ")[0]


def test_the_models_graph_is_the_programs(model: Path) -> None:
    """The program that made the model restores its variables by a Saver of its own."""

    def body(tf: Any) -> Any:
        _, y = record(tf)
        with tf.Session() as sess:
            tf.train.Saver().restore(sess, str(model / "variables" / "variables"))
            return sess.run(y, {"x:0": INPUT})

    check_both(body)


def test_the_saver_of_a_model(model: Path) -> None:
    """A model's MetaGraphDef is one like any other: imported again, its saver restores the model's variables."""

    def body(tf: Any) -> Any:
        with tf.Session(graph=tf.Graph()) as sess:
            meta = tf.saved_model.load(sess, ["serve", "small"], str(model))
        with tf.Session(graph=tf.Graph()) as sess, sess.graph.as_default():
            saver = tf.train.import_meta_graph(meta, import_scope="again")
            saver.restore(sess, str(model / "variables" / "variables"))
            return sess.run("again/y:0", {"again/x:0": INPUT})

    check_both(body)
