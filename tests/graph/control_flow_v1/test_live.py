"""Graphs that real TensorFlow writes with TF1's control flow, gradients included, give the same numbers here."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.graph.control_flow_v1.programs import PROGRAMS, X
from tests.oracle import assert_same, our_tf, real_tf, run_body


@contextlib.contextmanager
def first_generation() -> Iterator[Any]:
    """Real TensorFlow with TF1's control flow, whatever is set in this process."""
    tf = real_tf()
    was = tf.control_flow_v2_enabled()
    tf.disable_control_flow_v2()
    try:
        yield tf
    finally:
        if was:
            tf.enable_control_flow_v2()


def written(program: Any) -> tuple[Any, list[str], str, list[dict[str, Any]], list[Any]]:
    """Runs a program in real TensorFlow; returns its GraphDef, names, feeds and what it gave."""
    with first_generation() as tf, tf.Graph().as_default() as graph:
        tf.set_random_seed(1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # tf.nn.rnn_cell says that it is old
            fetches, feeds = program(tf)
        init = tf.global_variables_initializer()
        theirs: list[Any] = []
        with tf.Session() as sess:
            sess.run(init)
            for feed in feeds:
                theirs.append(run_body(tf, lambda _, f=feed: sess.run(fetches, f)))
        named = [{key.name: value for key, value in feed.items()} for feed in feeds]
        return graph.as_graph_def(), [f.name for f in fetches], init.name, named, theirs


def run_here(tf: Any, names: list[str], init: str, feeds: list[dict[str, Any]]) -> list[Any]:
    """Runs an imported graph."""
    graph = tf.get_default_graph()
    with tf.Session() as sess:
        sess.run(graph.as_graph_element(init))
        fetches = [graph.as_graph_element(name) for name in names]
        return [run_body(tf, lambda _, f=feed: sess.run(fetches, f)) for feed in feeds]


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_numbers(name: str) -> None:
    definition, names, init, feeds, theirs = written(PROGRAMS[name])
    before = definition.SerializeToString(deterministic=True)
    tf = our_tf()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        for node in definition.node:
            assert graph.get_operation_by_name(node.name).name == node.name
        ours = run_here(tf, names, init, feeds)
    assert_same(theirs, ours, rtol=2e-4, atol=1e-6)
    assert definition.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize("name", ["branch_in_loop", "recurrent", "arrays"])
def test_written_and_read_again(name: str) -> None:
    """What was raised is written in this package's own form, under any prefix."""
    definition, names, init, feeds, theirs = written(PROGRAMS[name])
    tf = our_tf()
    with tf.Graph().as_default() as first:
        tf.import_graph_def(definition, name="net")
    with tf.Graph().as_default():
        tf.import_graph_def(first.as_graph_def(), name="")
        again = [{f"net/{key}": value for key, value in feed.items()} for feed in feeds]
        ours = run_here(tf, [f"net/{n}" for n in names], f"net/{init}", again)
    assert_same(theirs, ours, rtol=2e-4, atol=1e-6)


def loss_of_loop(tf: Any) -> tuple[Any, Any]:
    x = tf.placeholder(tf.float32, [3], name="x")
    step = lambda z: tf.cond(z[0] > 0, lambda: -tf.tanh(z), lambda: z * z)
    _, z = tf.while_loop(lambda i, z: i < 3, lambda i, z: (i + 1, step(z)), [0, x])
    return x, tf.reduce_sum(z * x, name="loss")


def test_new_gradients_of_raised_loops() -> None:
    with first_generation() as real, real.Graph().as_default() as graph:
        x, loss = loss_of_loop(real)
        definition = graph.as_graph_def()
        with real.Session() as sess:
            theirs = sess.run(real.gradients(loss, x)[0], {x: X})
    tf = our_tf()
    with tf.Graph().as_default():
        x, loss = tf.import_graph_def(definition, return_elements=["x:0", "loss:0"])
        with tf.Session() as sess:
            ours = sess.run(tf.gradients(loss, x)[0], {x: X})
    assert_same(theirs, ours, rtol=1e-5)


def test_new_gradients_of_gradients_in_the_file() -> None:
    """The file's backward loop takes values from stacks; it has derivatives like any loop (TensorFlow refuses them)."""
    with first_generation() as real, real.Graph().as_default() as graph:
        x, loss = loss_of_loop(real)
        slope = real.gradients(loss, x)[0].name
        definition = graph.as_graph_def()
    tf = our_tf()
    with tf.Graph().as_default():
        x, found = tf.import_graph_def(definition, return_elements=["x:0", slope])
        second = tf.gradients(found[0], x)[0]
        with tf.Session() as sess:
            ours = sess.run(second, {x: X})
            step = np.float32([1e-3, 0, 0])
            measured = (sess.run(found, {x: X + step}) - sess.run(found, {x: X - step})) / 2e-3
    assert ours[0] == pytest.approx(measured[0], rel=1e-2)


def test_shapes_and_names() -> None:
    definition, *_ = written(PROGRAMS["changing_shapes"])
    tf = our_tf()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        assert graph.get_tensor_by_name("while/Exit:0").shape.as_list() == []
        assert graph.get_tensor_by_name("while/Exit_1:0").shape.as_list() == [None, 2]
        assert graph.get_operation_by_name("while/NextIteration_1").type == "Identity"
        with tf.Session() as sess, pytest.raises(ValueError, match="marked as not fetchable"):
            sess.run("while/Identity:0")


def test_nodes_inside_branches() -> None:
    """A node of an imported graph that lies in a branch may be fetched where that is taken, in branches of branches."""

    def program(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [3], name="x")
        v = tf.get_variable("v", initializer=tf.constant([1.0, 2.0, 3.0]), use_resource=False)
        inner = lambda: tf.cond(x[1] > 0, lambda: tf.sin(x, name="sine"), lambda: tf.exp(x * v, name="power"))
        y = tf.cond(x[0] > 0, inner, lambda: tf.tanh(x, name="flat") + 1.0)
        tf.while_loop(lambda i: i < 3, lambda i: tf.add(i, 1, name="step"), [0], name="while")
        return [y], [{x: X * np.float32([s, t, 1])} for s in (1, -1) for t in (1, -1)]

    definition, names, init, feeds, _ = written(program)
    inside = ["cond/cond/sine:0", "cond/cond/power:0", "cond/flat:0", "cond/cond/mul:0"]
    results: list[Any] = []
    for tf in (real_tf(), our_tf()):
        found: list[Any] = []
        with tf.Graph().as_default(), tf.Session() as session:
            tf.import_graph_def(definition, name="")
            session.run(init)
            for feed in feeds:
                for name in inside:
                    try:
                        found.append([session.run([names[0], name], feed), session.run(name, feed)])
                    except tf.errors.InvalidArgumentError as error:
                        assert "does not have value" in error.message
                        found.append("dead")
                assert session.run("cond/cond/sine", feed) is None
        results.append(found)
    assert_same(results[0], results[1], rtol=1e-5, atol=1e-6)
    assert "dead" in results[1] and any(found != "dead" for found in results[1])


def test_inner_nodes_with_effects_are_refused() -> None:
    def program(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [], name="x")
        y = tf.cond(x > 0, lambda: tf.random_uniform([], name="drawn", seed=1) * 2.0, lambda: x)
        return [y], [{x: 1.0}]

    definition, *_ = written(program)
    tf = our_tf()
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(definition, name="")
        with pytest.raises(ValueError, match="marked as not fetchable"):
            session.run("cond/mul:0", {"x:0": 1.0})
