"""Freezing: the same graphs as TensorFlow's, node by node, and what they compute."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.lib.freezing.models import MODELS, controlled, dense, embedded
from tests.oracle import both, check_both, check_both_raise, our_tf, real_tf, run_body

pytestmark = pytest.mark.oracle

_OF_THE_RECORDER = "_has_manual_control_dependencies"  # TensorFlow 2's note to itself

Model = Callable[[Any], tuple[dict[str, Any], str]]


def nodes_of(graph_def: Any) -> list[Any]:
    """Everything that the nodes of a GraphDef say, attributes as deterministic bytes."""
    return [
        (
            node.name,
            node.op,
            list(node.input),
            node.device,
            {k: v.SerializeToString(deterministic=True) for k, v in node.attr.items() if k != _OF_THE_RECORDER},
        )
        for node in graph_def.node
    ]


def _frozen(tf: Any, model: Model, *names: Any) -> tuple[Any, Any, dict[str, Any], str]:
    feeds, output = model(tf)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        value = sess.run(f"{output}:0", feeds)
        graph_def = tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, [output], *names)
    return graph_def, value, feeds, output


def _run(tf: Any, graph_def: Any, feeds: dict[str, Any], output: str) -> Any:
    with tf.Graph().as_default():
        (result,) = tf.import_graph_def(graph_def, return_elements=[f"{output}:0"])
        with tf.Session() as sess:
            return sess.run(result, {f"import/{name}": value for name, value in feeds.items()})


@pytest.mark.parametrize("model", MODELS)
def test_a_frozen_graph_is_tensorflows(model: Model) -> None:
    theirs, ours = both(lambda tf: nodes_of(_frozen(tf, model)[0]))
    assert [node[:4] for node in ours] == [node[:4] for node in theirs]
    for mine, real in zip(ours, theirs, strict=True):
        if mine[0].startswith("embedding_lookup") and mine[1] == "Identity":
            mine[4].pop("_class", None)  # TensorFlow 1.15 places it beside the variable, 2.21 does not
        assert mine == real, mine[0]


@pytest.mark.parametrize("model", MODELS)
def test_a_frozen_graph_computes_what_the_session_did(model: Model) -> None:
    def body(tf: Any) -> Any:
        graph_def, value, feeds, output = _frozen(tf, model)
        np.testing.assert_allclose(_run(tf, graph_def, feeds, output), value, rtol=1e-6)
        return value

    check_both(body)


@pytest.mark.parametrize("model", MODELS)
def test_frozen_graphs_go_to_and_fro(model: Model) -> None:
    for writer, reader in ((real_tf(), our_tf()), (our_tf(), real_tf())):
        graph_def, value, feeds, output = run_body(writer, lambda tf: _frozen(tf, model))
        (target,) = {type(reader.Graph().as_graph_def())}
        copied = target.FromString(graph_def.SerializeToString())
        np.testing.assert_allclose(_run(reader, copied, feeds, output), value, rtol=1e-5)


@pytest.mark.parametrize(
    "names", [(["scale"],), (None, ["scale", "half"]), (["scale", "half"], ["half"]), ([],), (["unknown"],)]
)
def test_some_variables_are_converted(names: tuple[Any, ...]) -> None:
    check_both(lambda tf: [(n.name, n.op) for n in _frozen(tf, controlled, *names)[0].node])


def _branches(tf: Any) -> tuple[dict[str, Any], str]:
    x = tf.placeholder(tf.float32, [2], name="x")
    table = tf.get_variable("table", initializer=[[1.0, 2.0], [3.0, 4.0]], use_resource=True)
    scale = tf.get_variable("scale", initializer=[2.0, 3.0], use_resource=True)
    bias = tf.get_variable("bias", initializer=[5.0, 7.0], use_resource=False)
    y = tf.cond(x[0] > 0, lambda: scale + x, lambda: bias * tf.nn.embedding_lookup(table, 1))
    _, y = tf.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, y * scale + bias), (0, y))
    tf.identity(y, name="out")
    return {"x:0": np.array([1, 2], np.float32)}, "out"


def test_resource_variables_in_branches_and_loops() -> None:
    def body(tf: Any) -> Any:
        graph_def, value, feeds, output = _frozen(tf, _branches)
        assert not {"VariableV2", "VarHandleOp", "ReadVariableOp", "ResourceGather"} & {n.op for n in graph_def.node}
        other = {"x:0": np.array([-1, 2], np.float32)}
        return value, [_run(tf, graph_def, given, output) for given in (feeds, other)]

    check_both(body)


def test_branches_and_loops_go_to_and_fro() -> None:
    for writer, reader in ((real_tf(), our_tf()), (our_tf(), real_tf())):
        graph_def, value, feeds, output = run_body(writer, lambda tf: _frozen(tf, _branches))
        copied = type(reader.Graph().as_graph_def()).FromString(graph_def.SerializeToString())
        np.testing.assert_allclose(_run(reader, copied, feeds, output), value, rtol=1e-5)


def test_what_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tensorflow"):
        run_body(our_tf(), lambda tf: _frozen(tf, embedded))
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["Froze 4 variables.", "Converted 4 variables to const ops."]  # TensorFlow 1.15's lines


def test_a_graph_without_variables() -> None:
    def body(tf: Any) -> Any:
        tf.negative(tf.placeholder(tf.float32, [], name="x"), name="y")
        with tf.Session() as sess:
            return nodes_of(tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, ["y"]))

    check_both(body)


def _dense_session(tf: Any) -> Any:
    dense(tf)
    return tf.Session()


@pytest.mark.parametrize(
    "call",
    [
        lambda tf, sess: tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, ["nowhere"]),
        lambda tf, sess: tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, "logits/BiasAdd"),
    ],
)
def test_errors(call: Callable[[Any, Any], Any]) -> None:
    check_both_raise(lambda tf: call(tf, _dense_session(tf)))


def test_a_variable_without_a_value() -> None:
    def body(tf: Any) -> Any:
        sess = _dense_session(tf)
        return tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, ["logits/BiasAdd"])

    raised = check_both_raise(body, match="Attempting to use uninitialized value")
    assert raised.type == "FailedPreconditionError"


def test_lookups_with_batch_dimensions_are_refused() -> None:
    def body(tf: Any) -> Any:
        table = tf.get_variable("table", initializer=np.ones([2, 3], np.float32), use_resource=True)
        tf.gather(table, [[0], [1]], batch_dims=1, name="out")
        for node in (graph_def := tf.get_default_graph().as_graph_def()).node:
            if node.op == "ResourceGather":
                node.attr["batch_dims"].i = 1
        assert "ResourceGather" in {node.op for node in graph_def.node}
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return tf.graph_util.convert_variables_to_constants(sess, graph_def, ["out"])

    check_both_raise(body)


def test_graph_defs_of_tensorflow_are_taken() -> None:
    theirs = run_body(real_tf(), lambda tf: dense(tf) and tf.get_default_graph().as_graph_def())

    def body(tf: Any) -> Any:
        tf.import_graph_def(theirs, name="")
        with tf.Session() as sess:
            sess.run([op for op in tf.get_default_graph().get_operations() if op.type == "Assign"])
            return tf.graph_util.convert_variables_to_constants(sess, theirs, ["logits/BiasAdd"])

    expected = run_body(real_tf(), lambda tf: _frozen(tf, dense)[0])
    assert nodes_of(run_body(our_tf(), body)) == nodes_of(expected)
