"""Files from strangers: damaged GraphDefs are refused with an error that a program can catch, and leave nothing."""

from __future__ import annotations

import functools
import warnings
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graph.files import message_type
from tests.oracle import our_tf


@functools.cache
def _good() -> bytes:
    """A GraphDef with constants, lists, text, control inputs, colocation, regions and gradients."""
    tf = our_tf()
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        w = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="w")
        with tf.control_dependencies([tf.no_op(name="n")]), tf.device("/cpu:0"):
            y = tf.matmul(x, w, name="y")
        with tf.colocate_with(y):
            parts = tf.unstack(tf.constant(["a", "b"], name="text"), name="parts")
        z = tf.cond(tf.size(y) > 3, lambda: tf.sin(y), lambda: y, name="c")
        tf.gradients(z, x)
        tf.identity(parts[1])
        return graph.as_graph_def(add_shapes=True).SerializeToString(deterministic=True)


def _import(content: bytes) -> None:
    tf = our_tf()
    allowed = (ValueError, TypeError, tf.OpError)
    with tf.Graph().as_default() as graph, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # attributes of a newer TensorFlow
        proto = message_type(tf, "GraphDef")()
        try:
            proto.ParseFromString(content)
        except Exception:
            return  # no GraphDef at all
        try:
            tf.import_graph_def(proto, name="")
        except allowed:
            assert not graph.get_operations()
            return
        # Nodes that only TensorFlow needs are not taken over.
        assert len(graph.get_operations()) == sum("_scopedjax_gate" not in node.attr for node in proto.node)
        graph.as_graph_def(add_shapes=True)


def test_the_undamaged_file_is_read() -> None:
    tf = our_tf()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(message_type(tf, "GraphDef").FromString(_good()), name="")
        assert graph.as_graph_def(add_shapes=True).SerializeToString(deterministic=True) == _good()


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes(changes: list[tuple[float, int]]) -> None:
    content = bytearray(_good())
    for place, value in changes:
        content[int(place * len(content))] = value
    _import(bytes(content))


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_missing_bytes(start: float, length: float) -> None:
    content = _good()
    at = int(start * len(content))
    _import(content[:at] + content[at + int(length * (len(content) - at)) :])


_EDITS: list[Any] = [
    lambda node: node.ClearField("op"),
    lambda node: node.input.append("x"),
    lambda node: node.input.append("^x"),
    lambda node: node.input.append(""),
    lambda node: node.input.append("x:7"),
    lambda node: node.input.append("x:99999999999999999999"),
    lambda node: node.input.append(":0"),
    lambda node: node.input.append("^"),
    lambda node: node.input.pop() if node.input else None,
    lambda node: node.attr.clear(),
    lambda node: node.attr["T"].CopyFrom(type(node.attr["T"])(type=7)),
    lambda node: node.attr["T"].CopyFrom(type(node.attr["T"])(type=999)),
    lambda node: node.attr["N"].CopyFrom(type(node.attr["N"])(i=2**62)),
    lambda node: node.attr["num"].CopyFrom(type(node.attr["N"])(i=2**62)),
    lambda node: node.attr["dtype"].CopyFrom(type(node.attr["N"])(type=101)),
    lambda node: node.attr["_class"].CopyFrom(type(node.attr["N"])(i=1)),
    lambda node: node.attr["_output_shapes"].CopyFrom(type(node.attr["N"])(s=b"1")),
    lambda node: node.attr["_scopedjax_region"].CopyFrom(type(node.attr["N"])(s=b"c/If#0")),
    lambda node: node.attr.pop("_scopedjax_regions", None),
    lambda node: node.attr["_forward_op"].CopyFrom(type(node.attr["N"])(s=b"nowhere")),
    lambda node: setattr(node, "device", "//::\xff"),
    lambda node: setattr(node, "name", "x"),
    lambda node: setattr(node, "op", "NextIteration"),
    lambda node: setattr(node, "op", "MatMul"),
    lambda node: setattr(node, "op", "If"),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(_EDITS)), min_size=1, max_size=3))
def test_forged_nodes(edits: list[tuple[int, Any]]) -> None:
    proto = message_type(our_tf(), "GraphDef").FromString(_good())
    for index, edit in edits:
        edit(proto.node[index % len(proto.node)])
    _import(proto.SerializeToString())
