"""tf.Print, tf.print, whole files: nodes, and the text on standard error and output, against real TensorFlow."""

from __future__ import annotations

import collections
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import oracle
from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle


def _both_outputs(body: Any, capfd: Any) -> None:
    """What both sides write, and the results of the body, must agree."""
    results, texts = [], []
    for tf in (oracle.real_tf(), oracle.our_tf()):
        capfd.readouterr()
        results.append(oracle.run_body(tf, body))
        sys.stdout.flush()
        sys.stderr.flush()
        texts.append(capfd.readouterr())
    oracle.assert_same(results[0], results[1])
    assert not isinstance(results[0], oracle.Raised), results[0]
    assert texts[0].err == texts[1].err
    assert texts[0].out == texts[1].out
    assert texts[0].err or texts[0].out


def test_print_node(capfd: Any) -> None:
    def body(tf: Any) -> Any:
        x = tf.constant([[1.5, 2, 3], [4, 5, 6]])
        data = [x, tf.constant("s"), tf.constant(True), tf.constant(3)]
        limited = tf.Print(x, data, message="msg: ", first_n=2, summarize=4)
        with tf.Session() as session:
            for _ in range(3):
                session.run(limited)
            values = [
                session.run(tf.Print(x, [x])),
                session.run(tf.Print(x, [tf.range(5)], "m", summarize=-1)),
                session.run(tf.Print(tf.constant(1), [], "empty")),
                session.run(tf.Print(tf.constant("a"), [["a", "b"], 1e-10, np.float64(1 / 3), [[[1, 2], [3, 4]]]])),
            ]
        return values, graph_nodes(tf.get_default_graph())

    _both_outputs(body, capfd)


def test_print_node_has_the_gradient_of_identity(capfd: Any) -> None:
    def body(tf: Any) -> Any:
        w = tf.Variable(3.0)
        loss = tf.square(tf.Print(w * 2.0, [w], "w = "))
        step = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for _ in range(3):
                session.run(step)
            return session.run(w)

    _both_outputs(body, capfd)


def test_print_function(capfd: Any) -> None:
    def body(tf: Any) -> Any:
        x = tf.constant([1.0, 2.0, 3.0])
        table = tf.reshape(tf.range(24), [2, 3, 4])
        many = [
            tf.print("a:", x, {"k": x}, [x, (1, 2)], output_stream=sys.stderr, summarize=1),
            tf.print(tf.range(10)),
            tf.print("x", 1, tf.constant(2), sep="|", end="E\n", output_stream=sys.stdout, name="pp"),
            tf.print("plain"),
            tf.print(tf.constant("just a string")),
            tf.print(tf.constant("s"), tf.constant(["u", "v"]), tf.constant([[1.5, 2], [3, 4]]), None, np.arange(3)),
            tf.print(table, summarize=1),
            tf.print(table, summarize=-1),
            tf.print("{}", x, tf.zeros([0]), tf.constant([True, False]), tf.constant(1 / 3, tf.float64)),
            tf.print(collections.OrderedDict([("b", x), ("a", 1)])),
            tf.print(tf.SparseTensor([[0, 1]], [2.0], [1, 3])),
        ]
        nodes = graph_nodes(tf.get_default_graph())
        with tf.Session() as session:
            for node in many:
                session.run(node)
        return nodes

    _both_outputs(body, capfd)


def test_print_to_a_file(tmp_path: Path) -> None:
    def body(tf: Any) -> Any:
        path = tmp_path / tf.__name__
        node = tf.print("n =", tf.constant([1, 2]), output_stream=f"file://{path}")
        with tf.Session() as session:
            session.run(node)
            session.run(node)
        return path.read_text()

    assert check_both(body) == "n = [1 2]\n" * 2


def test_print_refuses() -> None:
    check_both_raise(lambda tf: tf.print("a", end="", flush=True), match="Unrecognized keyword arguments for tf.print")
    check_both_raise(lambda tf: tf.print("a", output_stream="nowhere"), match="Unsupported output stream")


def test_whole_files(tmp_path: Path) -> None:
    def body(tf: Any) -> Any:
        folder = tmp_path / tf.__name__
        name, text = tf.placeholder(tf.string, []), tf.placeholder(tf.string, [])
        write = tf.write_file(name, text)
        read = tf.read_file(name)
        found = [tf.matching_files(f"{folder}/*.txt"), tf.matching_files([f"{folder}/b/*", f"{folder}/*.txt"])]
        with tf.Session() as session:
            for part, content in (("a.txt", b"one"), ("b/c.txt", b"\x00\xff"), ("b.txt", b""), ("a.txt", b"two")):
                session.run(write, {name: str(folder / part), text: content})
            contents = [session.run(read, {name: str(folder / p)}) for p in ("a.txt", "b/c.txt", "b.txt")]
            names = [[str(f)[2:-1].replace(str(folder), "") for f in fs] for fs in session.run(found)]
        nodes = graph_nodes(tf.get_default_graph())
        return nodes, contents, names, [t.shape for t in (read, *found)]

    check_both(body)


def test_whole_files_that_are_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        check_both_raise(lambda tf, path=path: tf.Session().run(tf.read_file(str(path))))
    check_both_raise(lambda tf: tf.read_file(["a"]), match="rank")
