"""The builder: files, messages and refusals as TensorFlow's."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.lib.saved_model.models import record, write
from tests.oracle import check_both, check_both_raise, our_tf, real_tf, run_body

pytestmark = pytest.mark.oracle


@pytest.fixture
def folders(tmp_path: Path) -> Callable[[], str]:
    """A function that returns a new path each time."""
    numbers = iter(range(100))
    return lambda: str(tmp_path / f"model{next(numbers)}")


def parsed(folder: str, name: str = "saved_model.pb") -> Any:
    """The SavedModel of a folder, as TensorFlow reads it."""
    real_tf()
    from google.protobuf import text_format
    from tensorflow.core.protobuf import saved_model_pb2

    content = (Path(folder) / name).read_bytes()
    if name.endswith(".pb"):
        return saved_model_pb2.SavedModel.FromString(content)
    return text_format.Parse(content.decode(), saved_model_pb2.SavedModel())


def described(saved_model: Any) -> Any:
    """What a SavedModel says besides its graphs' nodes."""
    return saved_model.saved_model_schema_version, [
        {
            "tags": list(meta.meta_info_def.tags),
            "stripped": meta.meta_info_def.stripped_default_attrs,
            "nodes": [(node.name, node.op, list(node.input), node.device) for node in meta.graph_def.node],
            "saver": meta.saver_def.SerializeToString(deterministic=True),
            "signatures": {k: s.SerializeToString(deterministic=True) for k, s in meta.signature_def.items()},
            "collections": {k: c.WhichOneof("kind") for k, c in meta.collection_def.items()},
            "assets": _assets(meta),
        }
        for meta in saved_model.meta_graphs
    ]


def _assets(meta: Any) -> list[tuple[str, str, str]]:
    from tensorflow.core.protobuf import meta_graph_pb2

    found = []
    for item in meta.collection_def["saved_model_assets"].any_list.value:
        asset = meta_graph_pb2.AssetFileDef()
        assert item.Unpack(asset)
        found.append((item.type_url, asset.filename, asset.tensor_info.name))
    return found


def files(folder: str) -> list[str]:
    """The files in a folder."""
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


@pytest.mark.parametrize("options", [{}, {"strip_default_attrs": True}, {"clear_devices": True}])
def test_files_and_messages(options: dict[str, Any], folders: Callable[[], str]) -> None:
    def body(tf: Any) -> Any:
        folder = folders()
        write(tf, folder, device="/cpu:0", **options)
        return files(folder), described(parsed(folder))

    check_both(body)


def test_the_text_form_says_the_same(folders: Callable[[], str], tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("one\n")

    def body(tf: Any) -> Any:
        folder = folders()
        x, y = record(tf)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            builder = tf.saved_model.Builder(folder)
            asset = tf.constant(str(tmp_path / "words.txt"))
            builder.add_meta_graph_and_variables(sess, ["serve"], None, [asset])
            paths = builder.save(as_text=True), builder.save()
        assert [Path(path.decode()).name for path in paths] == ["saved_model.pbtxt", "saved_model.pb"]
        text = parsed(folder, "saved_model.pbtxt")
        assert text == parsed(folder)
        return described(text)

    check_both(body)


def test_several_graphs(folders: Callable[[], str]) -> None:
    def body(tf: Any) -> Any:
        folder = folders()
        builder = tf.saved_model.Builder(folder)
        with tf.Graph().as_default(), tf.Session() as sess:
            x, y = record(tf)
            sess.run(tf.global_variables_initializer())
            builder.add_meta_graph_and_variables(sess, ["train"])
        with tf.Graph().as_default():
            x, y = record(tf)
            signature = tf.saved_model.predict_signature_def({"x": x}, {"y": y})
            builder.add_meta_graph(["serve"], {"a": signature, "b": signature}, main_op=tf.no_op(name="init"))
        with tf.Graph().as_default():
            tf.constant(1.0, name="alone")
            builder.add_meta_graph(["none"], legacy_init_op=tf.no_op(name="old"), strip_default_attrs=True)
        builder.save()
        return files(folder), described(parsed(folder))

    check_both(body)


def test_a_given_saver(folders: Callable[[], str]) -> None:
    def body(tf: Any) -> Any:
        folder = folders()
        x, y = record(tf)
        saver = tf.train.Saver([v for v in tf.global_variables() if v.op.name == "b"], name="mine")
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            builder = tf.saved_model.Builder(folder)
            builder.add_meta_graph_and_variables(sess, ["serve"], saver=saver)
            builder.save()
        return tf.train.list_variables(f"{folder}/variables/variables"), described(parsed(folder))

    check_both(body)


def test_a_saver_that_must_be_run(folders: Callable[[], str]) -> None:
    """Its nodes write a checkpoint of the usual kind; that of the model is TensorFlow's all the same."""

    def body(tf: Any) -> Any:
        folder = folders()
        v = tf.Variable([1.0, 2.0], name="v", use_resource=False)
        saver = tf.train.Saver({"kept": v})
        meta = saver.export_meta_graph()
        for node in meta.graph_def.node:
            if node.name == "save/SaveV2/tensor_names":
                node.op = "Placeholder"
                del node.attr["value"], node.attr["_output_shapes"]
        with tf.Graph().as_default(), tf.Session() as sess:
            names = tf.identity(["computed"])
            names = tf.strings.join([names, "name"], "/")
            saver = tf.train.import_meta_graph(meta, input_map={"save/SaveV2/tensor_names": names})
            sess.run(tf.global_variables_initializer())
            tf.saved_model.Builder(folder).add_meta_graph_and_variables(sess, ["serve"], saver=saver)
        return tf.train.load_variable(f"{folder}/variables/variables", "computed/name")

    check_both(body)


def test_assets_of_one_name(folders: Callable[[], str], tmp_path: Path) -> None:
    for name, content in {"a": "one", "b": "two", "c": "one", "d": "three"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "words.txt").write_text(content)
    (tmp_path / "a" / "other.txt").write_text("other")

    def body(tf: Any) -> Any:
        folder = folders()
        paths = ["a/words.txt", "b/words.txt", "c/words.txt", "a/words.txt", "d/words.txt", "a/other.txt"]
        assets = [tf.constant(str(tmp_path / path)) for path in paths]
        with tf.Session() as sess:
            builder = tf.saved_model.Builder(folder)
            builder.add_meta_graph_and_variables(sess, ["serve"], assets_collection=assets)
            builder.save()
        contents = {path.name: path.read_text() for path in (Path(folder) / "assets").iterdir()}
        return contents, described(parsed(folder))

    check_both(body)


def _build(tf: Any, folder: str, **options: Any) -> None:
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.saved_model.Builder(folder).add_meta_graph_and_variables(sess, ["serve"], **options)


def _signature(tf: Any, **changes: Any) -> Any:
    info = tf.saved_model.build_tensor_info(tf.placeholder(tf.float32, name="x"))
    for field, value in changes.items():
        info.ClearField(field) if value is None else setattr(info, field, value)
    return tf.saved_model.build_signature_def({"x": info})


REFUSED: dict[str, tuple[Callable[[Any, str], Any], str | None]] = {
    "no name": (lambda tf, d: _build(tf, d, signature_def_map={"s": _signature(tf, name=None)}), "'encoding' fields"),
    "no dtype": (
        lambda tf, d: _build(tf, d, signature_def_map={"s": _signature(tf, dtype=None)}),
        "must have the dtype field set",
    ),
    "init key": (lambda tf, d: _build(tf, d, signature_def_map={"__saved_model_init_op": _signature(tf)}), None),
    "train key": (lambda tf, d: _build(tf, d, signature_def_map={"__saved_model_train_op": _signature(tf)}), None),
    "graph first": (lambda tf, d: tf.saved_model.Builder(d).add_meta_graph(["serve"]), None),
    "main op": (lambda tf, d: _build(tf, d, main_op=7), "Expected 7 to be an Operation but got type"),
    "main op's name": (lambda tf, d: _build(tf, d, main_op="init"), "Expected init to be an Operation"),
    "two main ops": (
        lambda tf, d: [_build(tf, f"{d}{i}", main_op=tf.no_op(name=f"n{i}")) for i in range(2)],
        None,
    ),
    "old init op": (
        lambda tf, d: [tf.add_to_collection("legacy_init_op", tf.no_op()), _build(tf, d, main_op=tf.no_op())],
        None,
    ),
    "asset text": (lambda tf, d: _build(tf, d, assets_collection=["path"]), "Asset path tensor path must be a Tensor"),
    "asset type": (
        lambda tf, d: _build(tf, d, assets_collection=[tf.placeholder(tf.string)]),
        "must be of type constant",
    ),
    "asset dtype": (lambda tf, d: _build(tf, d, assets_collection=[tf.constant(1)]), "must be of dtype string"),
    "asset shape": (lambda tf, d: _build(tf, d, assets_collection=[tf.constant(["a", "b"])]), "must be a scalar"),
    "empty asset": (lambda tf, d: _build(tf, d, assets_collection=[tf.constant("")]), "in is invalid"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, folders: Callable[[], str]) -> None:
    call, phrase = REFUSED[name]
    check_both_raise(lambda tf: call(tf, folders()), match=phrase)


def test_variables_are_saved_once(folders: Callable[[], str]) -> None:
    def body(tf: Any) -> None:
        with tf.Session() as sess:
            builder = tf.saved_model.Builder(folders())
            for _ in range(2):
                builder.add_meta_graph_and_variables(sess, ["serve"])

    check_both_raise(body)


def test_a_variable_without_a_value(folders: Callable[[], str]) -> None:
    def body(tf: Any) -> None:
        tf.Variable(1.0, name="v")
        with tf.Session() as sess:
            tf.saved_model.Builder(folders()).add_meta_graph_and_variables(sess, ["serve"])

    check_both_raise(body)


def test_a_folder_that_is_not_empty(folders: Callable[[], str], tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    (tmp_path / "empty").mkdir()
    check_both_raise(lambda tf: tf.saved_model.Builder(str(tmp_path / "full")))
    check_both(lambda tf: tf.saved_model.Builder(str(tmp_path / "empty")) is not None)
    check_both(lambda tf: tf.saved_model.Builder(str(tmp_path / "deep" / tf.__name__ / "er")) is not None)


def test_the_image_format_is_not_there(folders: Callable[[], str]) -> None:
    check_both_raise(lambda tf: tf.saved_model.Builder(folders()).save(experimental_image_format=True))


def test_simple_save(folders: Callable[[], str], tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("one\n")

    def body(tf: Any) -> Any:
        folder = folders()
        with tf.device("/cpu:0"):
            x, y = record(tf)
        tf.add_to_collection(tf.GraphKeys.ASSET_FILEPATHS, tf.constant(str(tmp_path / "words.txt")))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            tf.saved_model.simple_save(sess, folder, {"x": x}, {"y": y}, legacy_init_op=tf.no_op(name="init"))
        return files(folder), described(parsed(folder))

    check_both(body)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    """A function that returns what was logged since its last call."""

    def take() -> list[str]:
        found = [record.getMessage() for record in caplog.records]
        caplog.clear()
        return found

    with caplog.at_level(logging.INFO, "tensorflow"):
        yield take


def test_what_is_logged(lines: Callable[[], list[str]], tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("one\n")

    def body(tf: Any, with_assets: bool) -> Any:
        lines()
        folder = tmp_path / f"{tf.__name__}{with_assets}"
        assets = [tf.constant(str(tmp_path / "words.txt"))] if with_assets else None
        with tf.Session() as sess:
            builder = tf.saved_model.Builder(str(folder))
            builder.add_meta_graph_and_variables(sess, ["serve"], assets_collection=assets)
            builder.save()
        return [line.replace(tf.__name__, "") for line in lines() if "deprecated" not in line]

    logger = logging.getLogger("tensorflow")
    for with_assets in (True, False):
        theirs_level = logger.level
        theirs = run_body(real_tf(), lambda tf, flag=with_assets: body(tf, flag))
        logger.setLevel(theirs_level)
        ours = run_body(our_tf(), lambda tf, flag=with_assets: body(tf, flag))
        assert [x for x in theirs if x in ours] == ours, (theirs, ours)
        assert ours[-1].startswith("SavedModel written to: ")
        assert len(ours) == 3


def test_the_signature_map_is_not_changed(folders: Callable[[], str]) -> None:
    def body(tf: Any) -> Any:
        given = {"s": _signature(tf)}
        _build(tf, folders(), signature_def_map=given)
        return list(given)

    assert run_body(our_tf(), body) == ["s"]


def test_values_are_those_of_the_session(folders: Callable[[], str]) -> None:
    def body(tf: Any) -> Any:
        folder = folders()
        write(tf, folder)
        reader = tf.train.NewCheckpointReader(f"{folder}/variables/variables")
        return {name: np.asarray(reader.get_tensor(name)) for name in reader.get_variable_to_shape_map()}

    check_both(body)
