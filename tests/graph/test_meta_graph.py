"""MetaGraphDefs: collections, scopes, savers and files as TensorFlow writes and reads them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.graph.files import graph_def, message_type, nodes, plain
from tests.oracle import Raised, assert_same, check_both, check_both_raise, our_tf, real_tf, run_body

pytestmark = pytest.mark.oracle


def _net(tf: Any) -> None:
    """Nodes inside and outside the scope "s", which is also the beginning of other names."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    parts = tf.split(x, 2, 1, name="sp")
    done = tf.no_op(name="n")
    with tf.name_scope("s"), tf.control_dependencies([done]):
        y = tf.add(parts[0], parts[1], name="y")
        with tf.colocate_with(x), tf.device(None):
            tf.negative(parts[1], name="z")
        with tf.colocate_with(y), tf.colocate_with(x):
            tf.negative(x, name="both")
        with tf.device("/gpu:1"):
            z = tf.negative(y, name="placed")
    with tf.name_scope("st"):
        tf.no_op(name="q")
    for name, items in {
        "tensors": [y, z.op, x, "y"][:3],
        "ints": [1, 2],
        "floats": [1.5],
        "mixed numbers": [1.5, 2],
        "texts": ["s/k", b"d", "other"],
        "bytes": [b"s/d"],
        "numbers, then text": [1, "a"],
        "text, then tensor": ["a", y],
        "integer, then float": [2, 2.5],
        "object": [object()],
        "bool": [True],
        "none": [None],
        "too big": [1 << 70],
        "dict": [{"a": 1}],
        "numpy": [np.float32(2)],
        "emptied": [y],
    }.items():
        for item in items:
            tf.add_to_collection(name, item)
    tf.get_collection_ref("emptied").clear()
    tf.add_to_collection(("not", "text"), 1)


def _described(meta: Any) -> Any:
    """What a MetaGraphDef says, apart from the writer's version and signatures."""
    return {
        "nodes": [
            (
                n.name,
                n.op,
                list(n.input),
                n.device,
                list(n.attr["_class"].list.s),
                sorted(set(n.attr) - {"_class"} - _NOTES),
            )
            for n in meta.graph_def.node
        ],
        "collections": {k: (c.WhichOneof("kind"), plain(c)) for k, c in sorted(meta.collection_def.items())},
        "ops": [op.name for op in meta.meta_info_def.stripped_op_list.op],
        "stripped": meta.meta_info_def.stripped_default_attrs,
        "tags": list(meta.meta_info_def.tags),
        "saver": plain(meta.saver_def) if meta.HasField("saver_def") else None,
    }


_NOTES = {"_has_manual_control_dependencies"}

EXPORTS: dict[str, dict[str, Any]] = {
    "all": {},
    "a scope": {"export_scope": "s"},
    "a scope with a slash": {"export_scope": "s/"},
    "no such scope": {"export_scope": "nowhere"},
    "without devices": {"clear_devices": True},
    "some collections": {"collection_list": ["ints", "tensors", "nothing"]},
    "without defaults": {"strip_default_attrs": True},
    "another collection for what is not bound": {"export_scope": "s", "unbound_inputs_col_name": "open"},
    "no collection for what is not bound": {"export_scope": "s", "unbound_inputs_col_name": None},
}


@pytest.mark.parametrize("case", EXPORTS)
def test_export(case: str) -> None:
    def body(tf: Any) -> Any:
        _net(tf)
        return _described(tf.train.export_meta_graph(**EXPORTS[case]))

    check_both(body)


def test_export_takes_what_it_is_given() -> None:
    def body(tf: Any) -> Any:
        kind = message_type(tf, "MetaGraphDef")
        _net(tf)
        graph = tf.get_default_graph().as_graph_def()
        del graph.node[3:]
        info = kind.MetaInfoDef(meta_graph_version="7", tags=["train"])
        saver = message_type(tf, "SaverDef")(save_tensor_name="save/x:0", max_to_keep=3)
        meta = tf.train.export_meta_graph(graph_def=graph, meta_info_def=info, saver_def=saver)
        return _described(meta), meta.meta_info_def.meta_graph_version, meta.saver_def.max_to_keep

    check_both(body)


WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "meta_info_def": (
        lambda tf: tf.train.export_meta_graph(meta_info_def=1),
        "meta_info_def must be of type MetaInfoDef.",
    ),
    "graph_def": (lambda tf: tf.train.export_meta_graph(graph_def=1), "graph_def must be of type GraphDef."),
    "saver_def": (lambda tf: tf.train.export_meta_graph(saver_def=1), "saver_def must be of type SaverDef."),
    "keyword": (lambda tf: tf.train.export_meta_graph(foo=1), "got an unexpected keyword argument 'foo'"),
    "import keyword": (
        lambda tf: tf.train.import_meta_graph(message_type(tf, "MetaGraphDef")(), foo=1),
        "got an unexpected keyword argument 'foo'",
    ),
    "no file": (lambda tf: tf.train.import_meta_graph("/nonexistent/x.meta"), "File does not exist"),
    "a number for a file": (lambda tf: tf.train.import_meta_graph(3), "Expected binary or unicode string, got 3"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments(case: str) -> None:
    check_both_raise(WRONG[case][0], match=WRONG[case][1])


def test_what_cannot_be_written_is_said(tf: Any, caplog: pytest.LogCaptureFixture) -> None:
    _net(tf)
    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        tf.train.export_meta_graph(collection_list=["object", ("not", "text")])
    assert "Issue encountered when serializing object.\nType is unsupported" in caplog.text
    assert "Only collections with string type keys will be serialized. This key has <class 'tuple'>" in caplog.text


# --------------------------------------------------------------------------------------------------------------- import


def _loaded(tf: Any, options: dict[str, Any], export: dict[str, Any]) -> Any:
    with tf.Graph().as_default():
        _net(tf)
        tf.get_collection_ref("mixed numbers").clear()
        meta = tf.train.export_meta_graph(**export)
    saver = tf.train.import_meta_graph(meta, **options)
    graph = tf.get_default_graph()
    tf.no_op(name="after")
    collections = {k: plain(graph.get_collection(k)) for k in sorted(graph.get_all_collection_keys())}
    return saver, nodes(graph), collections


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"import_scope": "net"},
        {"import_scope": "net", "clear_devices": True},
        {"restore_collections_predicate": lambda key: key == "ints"},
    ],
    ids=lambda options: "+".join(options) or "none",
)
def test_import(options: dict[str, Any]) -> None:
    check_both(lambda tf: _loaded(tf, options, {}))


def test_import_twice() -> None:
    check_both(lambda tf: (_loaded(tf, {"import_scope": "net"}, {}), _loaded(tf, {"import_scope": "net"}, {})))


def test_import_under_an_open_scope() -> None:
    def body(tf: Any) -> Any:
        with tf.name_scope("outer"):
            return _loaded(tf, {}, {})

    check_both(body)


def test_inputs_from_outside_must_be_given() -> None:
    check_both_raise(
        lambda tf: _loaded(tf, {"import_scope": "net"}, {"export_scope": "s"}), match="Graph contains unbound inputs"
    )


def test_inputs_from_outside_are_given() -> None:
    def body(tf: Any) -> Any:
        with tf.Graph().as_default():
            x = tf.placeholder(tf.float32, [2], name="x")
            done = tf.no_op(name="n")
            with tf.name_scope("s"), tf.control_dependencies([done]):
                tf.multiply(x, 3.0, name="y")
            meta = tf.train.export_meta_graph(export_scope="s")
        mine = tf.constant([1.0, 2.0], name="mine")
        given = {"$unbound_inputs_x": mine, "^$unbound_inputs_n": mine}
        try:
            tf.train.import_meta_graph(meta, import_scope="net", input_map=given)
        except ValueError:  # TensorFlow wants the map to hold no more than the data inputs
            del given["^$unbound_inputs_n"]
            for node in meta.graph_def.node:
                node.input[:] = [i for i in node.input if not i.startswith("^")]
            tf.train.import_meta_graph(meta, import_scope="net", input_map=given)
        with tf.Session() as sess:
            return sess.run("net/y:0")

    check_both(body)


# ------------------------------------------------------------------------------------------------------------ variables


def _variables(tf: Any) -> None:
    with tf.variable_scope("net"):
        v = tf.get_variable("v", [2, 3], initializer=tf.zeros_initializer(), use_resource=False)
        tf.get_variable("frozen", [2], trainable=False, use_resource=False)
    w = tf.Variable(1.0, name="w", use_resource=False)
    tf.add_to_collection("mine", v)
    tf.add_to_collection(tf.GraphKeys.MODEL_VARIABLES, v)
    tf.add_to_collection(tf.GraphKeys.WEIGHTS, w)
    tf.Variable(0, name="step", trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES], use_resource=False)


@pytest.mark.parametrize("scope", [None, "net"])
def test_variables_are_written_as_tensorflow_writes_them(scope: str | None) -> None:
    def body(tf: Any) -> Any:
        _variables(tf)
        meta = tf.train.export_meta_graph(export_scope=scope)
        return {k: (c.WhichOneof("kind"), plain(c)) for k, c in sorted(meta.collection_def.items())}

    check_both(body)


@pytest.mark.parametrize("scope", [None, "p", "elsewhere"])
def test_options_of_variables_are_written(scope: str | None) -> None:
    def body(tf: Any) -> Any:
        how = {"synchronization": tf.VariableSynchronization.ON_READ, "aggregation": tf.VariableAggregation.MEAN}
        v = tf.get_variable("v", [2], use_resource=False, **how)
        parts = tf.get_variable("p", [4, 2], use_resource=False, partitioner=tf.fixed_size_partitioner(2))
        return [plain(u.to_proto(scope)) for u in (v, *parts)]

    check_both(body)


def _described_variables(tf: Any) -> Any:
    found = {}
    for key in sorted(tf.get_default_graph().get_all_collection_keys()):
        found[key] = [v.name for v in tf.get_collection(key)]
    v = tf.get_collection("model_variables")[0]
    same = v is [u for u in tf.global_variables() if u.name == v.name][0]
    return found, same, v.op.name, v.initializer.name, v.initial_value.name, v.dtype.name, v.shape.as_list()


@pytest.mark.parametrize("options", [{}, {"import_scope": "again"}], ids=str)
def test_variables_come_back(options: dict[str, Any]) -> None:
    def body(tf: Any) -> Any:
        with tf.Graph().as_default():
            _variables(tf)
            meta = tf.train.export_meta_graph()
        saver = tf.train.import_meta_graph(meta, **options)
        with tf.Session() as sess:
            sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            values = sess.run([v for v in tf.global_variables() if "frozen" not in v.name])
        return type(saver).__name__, _described_variables(tf), values

    check_both(body)


@pytest.mark.parametrize("source", ["theirs", "ours"])
def test_files_are_exchanged(source: str, tmp_path: Any) -> None:
    """A training graph written by one and read by the other starts from the same collections and runs."""
    writer, reader = (real_tf(), our_tf()) if source == "theirs" else (our_tf(), real_tf())
    path = str(tmp_path / "model.meta")

    def write(tf: Any) -> Any:
        _variables(tf)
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        y = tf.matmul(x, tf.global_variables()[0] + 1.0, name="y")
        tf.add_to_collection("y", y)
        tf.train.export_meta_graph(path)
        with tf.Session() as sess:
            sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            return sess.run(y, {x: [[1.0, 2.0]]}), _described_variables(tf)[0]

    def read(tf: Any) -> Any:
        tf.train.import_meta_graph(path)
        with tf.Session() as sess:
            sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            return sess.run(tf.get_collection("y")[0], {"x:0": [[1.0, 2.0]]}), _described_variables(tf)[0]

    assert_same(run_body(writer, write), run_body(reader, read))


# ---------------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("as_text", [False, True])
def test_files_in_both_forms(as_text: bool, tmp_path: Any) -> None:
    def body(tf: Any) -> Any:
        path = str(tmp_path / "deep" / f"{tf.__name__}.meta")
        os.makedirs(tmp_path / "deep", exist_ok=True)
        with tf.Graph().as_default():
            _net(tf)
            meta = tf.train.export_meta_graph(path, as_text=as_text, collection_list=["ints"])
        tf.train.import_meta_graph(path)
        content = Path(path).read_bytes()
        again = message_type(tf, "MetaGraphDef")()
        if not as_text:
            again.ParseFromString(content)
            assert again == meta
        return [o.name for o in tf.get_default_graph().get_operations()], tf.get_collection("ints"), content[:1] == b"m"

    check_both(body)


def test_write_graph(tmp_path: Any) -> None:
    def body(tf: Any) -> Any:
        from google.protobuf import text_format

        tf.no_op(name="a")
        graph = tf.get_default_graph()
        folder = str(tmp_path / tf.__name__ / "deep")
        text = tf.train.write_graph(graph, folder, "g.pbtxt")
        binary = tf.io.write_graph(graph.as_graph_def(), folder, "g.pb", as_text=False)
        kind = message_type(tf, "GraphDef")
        assert text_format.Parse(Path(text).read_text(), kind()) == kind.FromString(Path(binary).read_bytes())
        return os.path.relpath(text, folder), os.path.relpath(binary, folder), sorted(os.listdir(folder))

    check_both(body)


def test_read_graph_def(tf: Any, tmp_path: Any) -> None:
    from scopedjax._src.lib.train.graph_io import read_graph_def

    tf.no_op(name="a")
    graph = tf.get_default_graph()
    for name, as_text in (("g.pbtxt", True), ("g.pb", False)):
        path = tf.train.write_graph(graph, str(tmp_path), name, as_text)
        assert read_graph_def(path) == graph.as_graph_def()
    with pytest.raises(tf.OpError, match="nowhere"):
        read_graph_def(tmp_path / "nowhere.pb")


@pytest.mark.parametrize(
    "content", [b"hello this is garbage \xff\xfe", b"graph_def { nod }", b"\x0a\xff\xff\xff\xff\x0f"]
)
def test_damaged_files_are_named(tf: Any, content: bytes, tmp_path: Any) -> None:
    path = tmp_path / "bad.meta"
    path.write_bytes(content)
    with pytest.raises(tf.OpError, match=r"bad\.meta as a MetaGraphDef"):
        tf.train.import_meta_graph(str(path))
    theirs = run_body(real_tf(), lambda tf: tf.train.import_meta_graph(str(path)))
    assert isinstance(theirs, Raised)


def test_a_failed_write_leaves_the_old_file(tf: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "g.meta")
    tf.no_op(name="old")
    tf.train.export_meta_graph(path)
    before = Path(path).read_bytes()
    tf.no_op(name="new")
    monkeypatch.setattr(os, "replace", lambda *a: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(tf.OpError, match="No space left on device"):
        tf.train.export_meta_graph(path)
    monkeypatch.undo()
    assert Path(path).read_bytes() == before
    assert os.listdir(tmp_path) == ["g.meta"]


def test_debug_info(tf: Any, tmp_path: Any) -> None:
    from tensorboard.compat.proto import graph_debug_info_pb2

    tf.no_op(name="here")
    tf.train.export_meta_graph(str(tmp_path / "g.meta"), save_debug_info=True)
    info = graph_debug_info_pb2.GraphDebugInfo.FromString((tmp_path / "g.debug").read_bytes())
    (frame,) = info.traces["here@"].file_line_cols
    assert info.files[frame.file_index] == __file__
    assert frame.func == "test_debug_info"


# --------------------------------------------------------------------------------------------------------------- savers


def test_other_savers_are_left_out() -> None:
    text = """
        node{name:'v' op:'NoOp'} node{name:'save/SaveV2' op:'SaveV2'}
        node{name:'save/done' op:'NoOp' input:'^save/SaveV2'}
        node{name:'other/SaveV2' op:'SaveV2'} node{name:'other/done' op:'NoOp' input:'^other/SaveV2'}"""
    used = "node{name:'used/SaveV2' op:'SaveV2'} node{name:'user' op:'NoOp' input:'^used/SaveV2'}"

    def body(tf: Any, text: str) -> Any:
        saver = message_type(tf, "SaverDef")(save_tensor_name="save/done:0", restore_op_name="save/all")
        meta = tf.train.export_meta_graph(graph_def=graph_def(tf, text), saver_def=saver, clear_extraneous_savers=True)
        return [n.name for n in meta.graph_def.node]

    check_both(body, text)
    # A saver that something else waits for stays; TensorFlow removes it and leaves an input without a node.
    assert run_body(our_tf(), body, text + used) == ["v", "save/SaveV2", "save/done", "used/SaveV2", "user"]


def test_names_below_scopes(tf: Any) -> None:
    import importlib

    from scopedjax._src.graph.scope_names import prepend_name_scope, strip_name_scope

    real_tf()
    theirs = importlib.import_module("tensorflow.python.framework.ops")
    for name in ("s/w:0", "^s/init", "loc:@s/w", "st/w", "w", "a/s/w", "^a", "loc:@a"):
        for scope in ("s", "s/", "a/s", "", None):
            assert strip_name_scope(name, scope) == theirs.strip_name_scope(name, scope)
            assert prepend_name_scope(name, scope) == theirs.prepend_name_scope(name, scope)
