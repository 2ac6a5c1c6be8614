"""Attributes: `get_attr` and NodeDef say what TensorFlow's say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.graph.files import message_type, plain
from tests.oracle import check_both, check_both_raise, real_tf, run_body

pytestmark = pytest.mark.oracle


def _everything(tf: Any) -> Any:
    """A graph of real TensorFlow with attributes of every kind."""
    x = tf.placeholder(tf.float32, [None, 4, 4, 3], name="x")
    tf.placeholder(tf.int32, name="unknown_rank")
    w = tf.constant(np.ones((2, 2, 3, 5), np.float32), name="w")
    with tf.device("/job:worker/task:1/cpu:0"):
        y = tf.nn.conv2d(x, w, [1, 2, 2, 1], "SAME", name="conv")
    with tf.colocate_with(y), tf.control_dependencies([w]):
        tf.nn.max_pool(y, [1, 2, 2, 1], [1, 2, 2, 1], "VALID", name="pool")
    tf.cast(tf.constant(["a", "bc"], name="text"), tf.string, name="same")
    tf.FIFOQueue(3, [tf.float32, tf.int64], shapes=[[1], [2, None][:1]], name="queue")
    tf.unstack(tf.constant([[1, 2], [3, 4]]), axis=1, name="unstack")
    tf.parse_example(
        tf.placeholder(tf.string, [None], name="serialized"),
        {"a": tf.FixedLenFeature([2], tf.float32, [1.0, 2.0]), "b": tf.VarLenFeature(tf.int64)},
    )
    tf.random_uniform([2], 0, 3, tf.int32, seed=5, name="random")
    tf.Variable([1.0], name="v", use_resource=False)
    return tf.get_default_graph()


def _imported(tf: Any, theirs: Any) -> Any:
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(theirs.as_graph_def(), name="")
    return graph


def test_get_attr_gives_what_tensorflow_gives(tf: Any) -> None:
    theirs = run_body(real_tf(), _everything)
    ours = _imported(tf, theirs)
    compared = 0
    for op in theirs.get_operations():
        same = ours.get_operation_by_name(op.name)
        assert same.colocation_groups() == op.colocation_groups()
        for key in op.node_def.attr:
            if key.startswith("_has_manual"):
                continue
            assert plain(same.get_attr(key)) == plain(op.get_attr(key)), (op.name, key)
            compared += 1
    assert compared > 60


def test_node_def_is_tensorflows(tf: Any) -> None:
    theirs = run_body(real_tf(), _everything)
    ours = _imported(tf, theirs)
    kind = message_type(real_tf(), "GraphDef")
    for op in theirs.get_operations():
        mine = kind()
        mine.node.add().ParseFromString(ours.get_operation_by_name(op.name).node_def.SerializeToString())
        expected = kind()
        expected.node.add().CopyFrom(op.node_def)
        for node in (mine.node[0], expected.node[0]):
            node.attr.pop("_has_manual_control_dependencies", None)
        assert mine == expected, op.name


def test_own_nodes_have_tensorflows_node_defs(tf: Any) -> None:
    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        with tf.control_dependencies([tf.no_op(name="second"), tf.no_op(name="first")]):
            with tf.device("/gpu:1"):
                y = tf.add(x, 1.5, name="y")
        with tf.colocate_with(y, ignore_existing=True):
            z = tf.reshape(y, [-1, 1], name="z")
        tf.cast(z, tf.int32, name="cast")
        tf.expand_dims(tf.constant([True, False]), 0, name="expanded")
        defs = []
        for op in tf.get_default_graph().get_operations():
            node = op.node_def
            node.attr.pop("_has_manual_control_dependencies", None)
            defs.append(plain(node))
        return defs

    check_both(body)


@pytest.mark.parametrize("field", ["s", "i", "f", "b", "type", "shape", "empty", "list", "nothing"])
def test_set_attr(field: str) -> None:
    def body(tf: Any) -> Any:
        values = {
            "s": {"s": b"\xff"},
            "i": {"i": -3},
            "f": {"f": 1.5},
            "b": {"b": True},
            "type": {"type": 9},
            "shape": {"shape": tf.TensorShape([1, None]).as_proto()},
            "empty": {"list": message_type(tf, "AttrValue").ListValue()},
            "list": {"list": message_type(tf, "AttrValue").ListValue(i=[1, 2])},
            "nothing": {},
        }
        op = tf.no_op()
        op._set_attr("_x", message_type(tf, "AttrValue")(**values[field]))
        return plain(op.get_attr("_x"))

    check_both(body)


def test_no_such_attr() -> None:
    check_both_raise(lambda tf: tf.no_op(name="n").get_attr("nope"), match="has no attr named 'nope'.")


def test_colocation_groups_are_sorted() -> None:
    def body(tf: Any) -> Any:
        a, b = tf.no_op(name="z"), tf.no_op(name="b")
        with tf.colocate_with(a), tf.colocate_with(b):
            c = tf.no_op(name="c")
        return c.colocation_groups(), c.get_attr("_class"), a.colocation_groups()

    check_both(body)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ((None, 3), "shape"),
        (None, "shape"),
        ((), "shape"),
        ((1, 2), "list(int)"),
        ((), "list(string)"),
        (((1, None), None, ()), "list(shape)"),
        ((1.5, 2.0), "list(float)"),
        (("a", b"\xff"), "list(string)"),
        ((True, False), "list(bool)"),
        ("text", "string"),
        (-(2**62), "int"),
    ],
)
def test_canonical_forms_come_back(tf: Any, value: Any, kind: str) -> None:
    from scopedjax._src.graph.attributes import from_attr_value, to_attr_value

    assert from_attr_value(to_attr_value(value, kind), kind) == value


def test_canonical_forms_without_a_kind_come_back(tf: Any) -> None:
    from scopedjax._src.graph.attributes import FunctionAttr, from_attr_value, to_attr_value

    for value in (
        tf.TensorShape([None, 3]),
        tf.TensorShape(None),
        (tf.TensorShape([1]), tf.TensorShape(None)),
        (tf.float32, tf.int32_ref if hasattr(tf, "int32_ref") else tf.int32),
        FunctionAttr("f", (("a", 1), ("b", (1.5, 2.5)), ("c", FunctionAttr("g")))),
        (FunctionAttr("f"),),
        (1, 2),
        True,
        "s",
    ):
        assert from_attr_value(to_attr_value(value)) == value


def test_what_is_no_attribute_is_refused(tf: Any) -> None:
    from scopedjax._src.graph.attributes import to_attr_value

    for value in (object(), (1, "a"), {"a": 1}):
        with pytest.raises(TypeError, match="attribute"):
            to_attr_value(value)
    op = tf.no_op(name="n")
    op.attrs["_bad"] = object()
    with pytest.raises(ValueError, match="attribute '_bad' of node 'n'"):
        _ = op.node_def
