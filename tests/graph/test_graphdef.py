"""GraphDefs travel: TensorFlow -> here -> TensorFlow, and here -> TensorFlow, with the same nodes and numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.graph.files import message_type, nodes, plain
from tests.oracle import assert_same, check_both, our_tf, real_tf, run_body

pytestmark = pytest.mark.oracle


def _mlp(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    with tf.name_scope("layer"):
        w = tf.constant(np.linspace(-1, 1, 12).reshape(3, 4), tf.float32, name="w")
        h = tf.tanh(tf.matmul(x, w) + 0.5, name="h")
    return {"x": np.arange(6, dtype=np.float32).reshape(2, 3)}, tf.reduce_sum(h, axis=1, name="y")


def _shapes(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    n = tf.shape(x)[0]
    y = tf.reshape(tf.transpose(x), [2, -1])
    z = tf.concat([y, tf.zeros([2, 1])], axis=1)
    return {"x": np.arange(8, dtype=np.float32).reshape(2, 4)}, tf.tile(z, [1, n], name="y")


def _slices(tf: Any) -> Any:
    x = tf.placeholder(tf.int64, [5, 3], name="x")
    a, b = tf.split(x, [2, 3], axis=0)
    y = tf.stack(tf.unstack(b, axis=0)[::-1])
    return {"x": np.arange(15).reshape(5, 3)}, tf.add(tf.expand_dims(a[1, ::-1], 0), y[:, 0:3], name="y")


def _choices(tf: Any) -> Any:
    x = tf.placeholder(tf.float64, [4], name="x")
    y = tf.where(tf.greater(x, 0.0), tf.sqrt(tf.abs(x)), tf.fill(tf.shape(x), tf.constant(-1.0, tf.float64)))
    return {"x": np.array([-1.0, 4.0, 9.0, -16.0])}, tf.gather(y, [3, 0, 1], name="y")


PROGRAMS: dict[str, Callable[[Any], Any]] = {"mlp": _mlp, "shapes": _shapes, "slices": _slices, "choices": _choices}


def _recorded(tf: Any, program: Callable[[Any], Any]) -> tuple[Any, Any, Any]:
    """(GraphDef, feeds, value) of a program."""
    graph = tf.Graph()
    with graph.as_default(), tf.Session() as sess:
        feeds, y = program(tf)
        return graph.as_graph_def(add_shapes=True), feeds, sess.run(y, {f"{k}:0": v for k, v in feeds.items()})


def _run_import(tf: Any, graph_def: Any, feeds: Any) -> Any:
    graph = tf.Graph()
    own = message_type(tf, "GraphDef").FromString(graph_def.SerializeToString())
    with graph.as_default(), tf.Session() as sess:
        tf.import_graph_def(own, name="net")
        return nodes(graph), sess.run("net/y:0", {f"net/{k}:0": v for k, v in feeds.items()})


@pytest.mark.parametrize("name", PROGRAMS)
def test_tensorflows_graphs_run_here(name: str) -> None:
    graph_def, feeds, value = _recorded(real_tf(), PROGRAMS[name])
    their_nodes, _ = _run_import(real_tf(), graph_def, feeds)
    our_nodes, ours = _run_import(our_tf(), graph_def, feeds)
    assert_same(value, ours)
    assert their_nodes == our_nodes


@pytest.mark.parametrize("name", PROGRAMS)
def test_our_graphs_run_in_tensorflow(name: str) -> None:
    graph_def, feeds, value = _recorded(our_tf(), PROGRAMS[name])
    their_nodes, theirs = _run_import(real_tf(), graph_def, feeds)
    our_nodes, ours = _run_import(our_tf(), graph_def, feeds)
    assert_same(theirs, value)
    assert_same(theirs, ours)
    assert their_nodes == our_nodes


def _comparable(graph_def: Any) -> Any:
    """A GraphDef as real TensorFlow's message, without what is only TensorFlow's own note."""
    copy = message_type(real_tf(), "GraphDef").FromString(graph_def.SerializeToString())
    for node in copy.node:
        node.attr.pop("_has_manual_control_dependencies", None)
        node.ClearField("experimental_type")  # what TensorFlow 2 inferred
    copy.ClearField("versions")
    if not copy.library.function:
        copy.ClearField("library")
    return copy


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_changes_on_the_way(name: str) -> None:
    """TensorFlow's GraphDef, read and written here, is the same message; and so is ours for the same program."""
    theirs, _, _ = _recorded(real_tf(), PROGRAMS[name])
    tf = our_tf()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(theirs, name="")
        back = graph.as_graph_def(add_shapes=True)
    assert sorted(_comparable(back).node, key=lambda n: n.name) == sorted(
        _comparable(theirs).node, key=lambda n: n.name
    )
    assert back.versions.producer == tf.Graph().as_graph_def().versions.producer


def test_types_that_are_not_known_travel_too() -> None:
    """A training graph of real TensorFlow with a Saver: whatever is not known here is written back as it was read."""

    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        with tf.variable_scope("net"):
            w = tf.get_variable("w", [3, 2], use_resource=False)
            r = tf.get_variable("r", [2], use_resource=True)
        loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + r))
        tf.train.AdamOptimizer(0.1).minimize(loss)
        tf.summary.scalar("loss", loss)
        tf.train.Saver([w])
        return tf.get_default_graph().as_graph_def(add_shapes=True)

    theirs = run_body(real_tf(), body)
    tf = our_tf()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(theirs, name="")
        back = graph.as_graph_def(add_shapes=True)
    expected = {n.name: n for n in _comparable(theirs).node}
    found = {n.name: n for n in _comparable(back).node}
    assert sorted(found) == sorted(expected)
    for name, node in expected.items():
        for side in (node, found[name]):
            side.attr.pop("_output_shapes", None)  # what a type that is not known gives is known in part only
        assert found[name] == node, name
    with real_tf().Graph().as_default():
        real_tf().import_graph_def(_comparable(back), name="")


def test_tensorflows_functions_are_kept() -> None:
    """A cond in TensorFlow 2's form: its branches are functions, which are run here and carried along."""
    real, tf = real_tf(), our_tf()

    def body(tf: Any) -> Any:
        tf.enable_control_flow_v2()
        try:
            p = tf.placeholder(tf.bool, [], name="p")
            tf.identity(tf.cond(p, lambda: tf.constant(1.0), lambda: tf.constant(2.0)), name="y")
            return tf.get_default_graph().as_graph_def()
        finally:
            tf.disable_control_flow_v2()

    theirs = run_body(real, body)
    assert len(theirs.library.function) == 2
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.import_graph_def(theirs, name="")
        back = graph.as_graph_def()
        assert [sess.run("y:0", {"p:0": p}) for p in (True, False)] == [1.0, 2.0]
    own = {function.signature.name: function for function in _comparable(back).library.function}
    for function in _comparable(theirs).library.function:
        assert own[function.signature.name] == function
    with real.Graph().as_default(), real.Session() as sess:
        real.import_graph_def(_comparable(back), name="")
        assert sess.run("y:0", {"p:0": True}) == 1.0


# ------------------------------------------------------------------------------------------------- regions, gradients


def _round_trip(tf: Any, graph: Any, prefix: str = "") -> Any:
    other = tf.Graph()
    text = graph.as_graph_def().SerializeToString()
    with other.as_default():
        tf.import_graph_def(message_type(tf, "GraphDef").FromString(text), name=prefix)
    return other


@pytest.mark.parametrize("prefix", ["", "net"])
def test_branches_come_back(tf: Any, prefix: str) -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [], name="x")
        k = tf.constant(3.0, name="k")

        def inner() -> Any:
            return tf.cond(x > 10.0, lambda: x * k, lambda: x + k)

        y = tf.identity(tf.cond(x > 0.0, inner, lambda: -x), name="y")
        feeds = (-2.0, 5.0, 20.0)
        with tf.Session() as sess:
            expected = [sess.run(y, {x: v}) for v in feeds]
    assert expected == [2.0, 8.0, 60.0]
    other = _round_trip(tf, graph, prefix)
    lead = prefix + "/" if prefix else ""
    with tf.Session(graph=other) as sess:
        assert [sess.run(f"{lead}y:0", {f"{lead}x:0": v}) for v in feeds] == expected
    assert len(other.get_operations()) == len(graph.get_operations())
    for op in graph.get_operations():
        twin = other.get_operation_by_name(lead + op.name)
        assert (op.context is None) == (twin.context is None), op.name
        if op.context is not None:
            assert _region(twin.context, lead) == _region(op.context, "")
            assert twin in twin.context.ops
    again = _round_trip(tf, other)
    assert plain(again.as_graph_def()) == plain(other.as_graph_def())


def _region(region: Any, lead: str) -> Any:
    def cut(name: str) -> str:
        assert name.startswith(lead)
        return name[len(lead) :]

    return {
        "name": cut(region.name),
        "kind": region.kind,
        "outer": None if region.outer is None else cut(region.outer.name),
        "captures": [cut(t.name) for t in region.captures],
        "controls": [cut(o.name) for o in region.controls],
        "results": [cut(t.name) for t in region.results],
        "result_controls": [cut(o.name) for o in region.result_controls],
        "parameters": [cut(t.name) for t in region.parameters],
        "ops": sorted(cut(o.name) for o in region.ops),
    }


def test_what_a_region_keeps_besides_comes_back(tf: Any) -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [], name="x")
        tf.cond(x > 0.0, lambda: tf.sin(x, name="inside"), lambda: x, name="c")
        region = graph.get_operation_by_name("c/inside").context
        inside = region.results[0]
        region.parameters = [inside]
        region.extra = {"n": 3, "flag": True, "name": "s", "tensor": inside, "ops": [inside.op], "mixed": (1.5, 2.5)}
    other = _round_trip(tf, graph, "net")
    twin = other.get_tensor_by_name("net/c/inside:0")
    back = twin.op.context
    assert back.parameters == [twin]
    assert back.extra == {"n": 3, "flag": True, "name": "s", "tensor": twin, "ops": (twin.op,), "mixed": (1.5, 2.5)}
    region.extra["bad"] = object()
    with pytest.raises(TypeError, match="'bad' of the region 'c/If#0' cannot be written"):
        graph.as_graph_def()


def test_damaged_regions_are_refused(tf: Any) -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [], name="x")
        tf.cond(x > 0.0, lambda: tf.sin(x, name="inside"), lambda: x, name="c")
    proto = graph.as_graph_def()
    for node in proto.node:
        if node.op == "If":
            node.attr["_scopedjax_regions"].list.func[0].attr["results"].list.s[0] = b"nowhere:0"
    with tf.Graph().as_default() as other, pytest.raises(ValueError, match="refers to the tensor 'nowhere:0'"):
        tf.import_graph_def(proto)
    assert not other.get_operations()


def test_a_region_inside_itself_is_refused(tf: Any) -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [], name="x")
        tf.cond(x > 0.0, lambda: tf.sin(x), lambda: x, name="c")
    proto = graph.as_graph_def()
    branch = next(node for node in proto.node if node.op == "If")
    branch.attr["_scopedjax_region"].s = b"c/If#0"
    with tf.Graph().as_default(), pytest.raises(ValueError, match="the region 'c/If#0' lies inside itself"):
        tf.import_graph_def(proto)
    branch.attr.pop("_scopedjax_region")
    proto.node.add().CopyFrom(branch)
    proto.node[-1].name = "twin"
    with tf.Graph().as_default(), pytest.raises(ValueError, match="belongs to another node too"):
        tf.import_graph_def(proto)


@pytest.mark.parametrize("prefix", ["", "net"])
def test_gradients_come_back(tf: Any, prefix: str) -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [2], name="x")
        y = tf.reduce_sum(tf.sin(x) * x)
        (g,) = tf.gradients(y, x)
        (h,) = tf.gradients(tf.reduce_sum(g), x)
        tf.identity(g, name="g")
        tf.identity(h, name="h")
        with tf.Session() as sess:
            expected = sess.run(["g:0", "h:0"], {x: [0.5, 2.0]})
    other = _round_trip(tf, graph, prefix)
    lead = prefix + "/" if prefix else ""
    with tf.Session(graph=other) as sess:
        found = sess.run([f"{lead}g:0", f"{lead}h:0"], {f"{lead}x:0": [0.5, 2.0]})
    assert_same(expected, found)
    made = [op for op in other.get_operations() if op.type == "SymbolicGradient"]
    assert made
    for op in made:
        assert op._extra["forward"].name == op.attrs["_forward_op"]
        assert op._extra["forward"].graph is other


def test_graphs_with_gradients_and_branches_enter_tensorflow(tf: Any) -> None:
    """TensorFlow reads over what only this package writes, and runs the rest of the graph."""
    real = real_tf()
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [2], name="x")
        y = tf.reduce_sum(tf.sin(x) * x, name="y")
        tf.gradients(y, x)
    proto = message_type(real, "GraphDef").FromString(graph.as_graph_def().SerializeToString())
    with real.Graph().as_default(), real.Session() as sess:
        real.import_graph_def(proto, name="")
        theirs = sess.run("y:0", {"x:0": [0.5, 2.0]})
    with tf.Session(graph=graph) as sess:
        assert_same(theirs, sess.run("y:0", {"x:0": [0.5, 2.0]}))


# ------------------------------------------------------------------------------------------------------ as_graph_def


def test_as_graph_def() -> None:
    def body(tf: Any) -> Any:
        graph = tf.get_default_graph()
        tf.constant([[1.5]], name="a")
        with tf.control_dependencies([tf.no_op(name="z"), tf.no_op(name="b")]):
            tf.placeholder(tf.float32, [None, 2], name="p")
        found = []
        for options in ({}, {"add_shapes": True}, {"from_version": 0}):
            copy = _comparable(graph.as_graph_def(**options))
            found.append([(n.name, list(n.input), plain(n)) for n in copy.node])
        return found

    check_both(body)


def test_nodes_after_a_version(tf: Any) -> None:
    """As documented; the two TensorFlows at hand return all nodes."""
    with tf.Graph().as_default() as graph:
        tf.constant(1.0, name="a")
        version = graph.version
        tf.no_op(name="b")
        assert [n.name for n in graph.as_graph_def(from_version=version).node] == ["b"]
        assert not graph.as_graph_def(from_version=graph.version).node


def test_too_large(tf: Any) -> None:
    """A graph beyond 2 GB cannot be a protocol buffer; TensorFlow says so too."""
    big = np.broadcast_to(np.float32(1.0), (30000, 20000))
    with tf.Graph().as_default() as graph:
        op = tf.constant(1.0, name="big").op
        op.attrs["value"] = np.lib.stride_tricks.as_strided(np.zeros(30000 * 20000 // 2 + 1, "f4"), big.shape, (0, 4))
        with pytest.raises(ValueError, match="larger than 2GB"):
            graph.as_graph_def()
