"""Parts of GraphDefs, and graphs without the nodes of training, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.lib.freezing.models import MODELS
from tests.lib.freezing.test_constants import nodes_of
from tests.oracle import both, check_both, check_both_raise, our_tf, run_body

pytestmark = pytest.mark.oracle


def _net(tf: Any) -> Any:
    """A graph with what matters: several outputs, control edges, neighbours, and nodes that only training needs."""
    x = tf.placeholder(tf.float32, [4], name="x")
    parts = tf.split(x, 2, name="parts")
    checked = tf.check_numerics(parts[1], "not finite", name="checked")
    passed = tf.identity(tf.identity(parts[0], name="first"), name="second")
    stopped = tf.stop_gradient(passed, name="stopped")
    with tf.control_dependencies([tf.identity(x, name="waited")]):
        waits = tf.identity(stopped, name="waits")
    with tf.colocate_with(tf.identity(x, name="neighbour")):
        beside = tf.negative(waits, name="beside")
    tf.add(beside, tf.identity(parts[1], name="other"), name="y")
    tf.square(checked, name="z")
    return tf.get_default_graph().as_graph_def()


@pytest.mark.parametrize("names", [["y"], ["z"], ["y", "z"], ["first", "x"], [], ("beside",), ["y", "y"]])
def test_a_part_has_what_it_needs(names: Any) -> None:
    check_both(lambda tf: nodes_of(tf.graph_util.extract_sub_graph(_net(tf), names)))


@pytest.mark.parametrize(
    "graph_def, names, phrase",
    [
        (None, ["y", "nowhere"], "nowhere is not in graph"),
        (None, "y", None),
        (b"bytes", ["y"], None),
        (7, ["y"], None),
    ],
)
def test_what_is_refused(graph_def: Any, names: Any, phrase: str | None) -> None:
    check_both_raise(lambda tf: tf.graph_util.extract_sub_graph(graph_def or _net(tf), names), match=phrase)


def test_a_part_of_a_damaged_graph() -> None:
    def body(tf: Any) -> Any:
        graph_def = _net(tf)
        del graph_def.node[0]
        return tf.graph_util.extract_sub_graph(graph_def, ["y"])

    check_both_raise(body, match="x")


def test_the_library_and_the_versions_stay() -> None:
    def body(tf: Any) -> Any:
        graph_def = _net(tf)
        graph_def.library.function.add().signature.name = "f"
        graph_def.versions.producer = 21
        part = tf.graph_util.extract_sub_graph(graph_def, ["y"])
        return part.versions.producer, [f.signature.name for f in part.library.function]

    check_both(body)


def test_branches_and_loops_come_with_their_node() -> None:
    def record(tf: Any) -> None:
        x = tf.placeholder(tf.float32, [], name="x")
        with tf.name_scope("unused"):
            tf.negative(x)
        y = tf.cond(x > 0, lambda: tf.while_loop(lambda a: a < 9.0, lambda a: a * 2.0, [x]), lambda: -x, name="choice")
        tf.identity(y, name="y")

    def body(tf: Any) -> Any:
        record(tf)
        part = tf.graph_util.extract_sub_graph(tf.get_default_graph().as_graph_def(), ["y"])
        assert not any(node.name.startswith("unused") for node in part.node)
        part = tf.graph_util.remove_training_nodes(part, ["y"])
        with tf.Graph().as_default(), tf.Session() as sess:
            (y,) = tf.import_graph_def(part, return_elements=["y:0"], name="")
            return sess.run(y, {"x:0": 2.0}), sess.run(y, {"x:0": -2.0})

    check_both(body)


def test_a_node_inside_a_loop_brings_the_loop() -> None:
    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [], name="x")
        tf.while_loop(lambda a: a < 9.0, lambda a: tf.multiply(a, 2.0, name="twice"), [x], name="loop")
        part = tf.graph_util.extract_sub_graph(tf.get_default_graph().as_graph_def(), ["loop/twice"])
        return "x" in {node.name for node in part.node}

    assert run_body(our_tf(), body) is True


@pytest.mark.parametrize("protected", [None, [], ["first", "checked"], ["second", "stopped", "nowhere"]])
def test_nodes_of_training_are_removed(protected: list[str] | None) -> None:
    check_both(lambda tf: nodes_of(tf.graph_util.remove_training_nodes(_net(tf), protected)))


@pytest.mark.parametrize("model", MODELS)
def test_nodes_of_training_are_removed_from_models(model: Callable[[Any], tuple[dict[str, Any], str]]) -> None:
    def body(tf: Any) -> Any:
        _, output = model(tf)
        part = tf.graph_util.extract_sub_graph(tf.get_default_graph().as_graph_def(), [output])
        return [node[:3] for node in nodes_of(tf.graph_util.remove_training_nodes(part, [output]))]

    check_both(body)


def test_must_run_on_cpu() -> None:
    def body(tf: Any) -> Any:
        v = tf.Variable(1.0, use_resource=False)
        nodes = [tf.constant(value).op for value in (1, 1.0, "a", True)]
        nodes += [tf.cast(tf.constant(1), tf.float32).op, tf.cast(tf.constant(1.0), tf.int32).op, v.op, v.initializer]
        nodes += [tf.dynamic_stitch([[0]], [tf.constant(values)]).op for values in ([1], [1.0])]
        nodes += [tf.random.truncated_normal([1]).op, tf.add(1, 1).op]
        found = [[tf.graph_util.must_run_on_cpu(node, pin) for node in nodes] for pin in (False, True)]
        assert found == [[tf.graph_util.must_run_on_cpu(n.node_def, pin) for n in nodes] for pin in (False, True)]
        return found

    check_both(body)
    check_both_raise(lambda tf: tf.graph_util.must_run_on_cpu("node"), match="")


@pytest.mark.parametrize("name", ["x", "x:0", "parts:1", "nowhere", "x:1"])
def test_shapes_by_name(name: str) -> None:
    def body(tf: Any) -> Any:
        _net(tf)
        return tf.graph_util.tensor_shape_from_node_def_name(tf.get_default_graph(), name).as_list()

    theirs, ours = both(body)
    assert type(theirs) is type(ours)
    assert getattr(theirs, "types", theirs) == getattr(ours, "types", ours)
