"""py_func, numpy_function, py_function: values, dtypes, errors, gradients by override, against real TensorFlow."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests import oracle
from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle


def test_nodes_values_and_argument_types() -> None:
    def body(tf: Any) -> Any:
        seen = []

        def double(x: Any, text: Any) -> Any:
            seen.append((type(x).__name__, str(np.asarray(x).dtype), type(text).__name__))
            return x * 2

        y = tf.py_func(double, [tf.constant(2.0), tf.constant("ab")], tf.float32)
        z = tf.py_func(double, [np.ones((2,), np.float32), ["a", "b"]], [tf.float32], stateful=False, name="st")
        w = tf.numpy_function(double, [1.0, "a"], tf.float32)
        v = tf.py_function(lambda x: x * 2, [1.0], tf.float32)
        none = tf.py_func(lambda: None, [], [])
        pair = tf.py_func(lambda: (np.int64(3), ["a", "b"]), [], [tf.int64, tf.string])
        with tf.Session() as session:
            values = [session.run(f) for f in (y, z, w, v, none, pair)]
        shapes = [y.shape, z[0].shape, pair[1].shape]
        return graph_nodes(tf.get_default_graph()), values, sorted(seen), shapes

    check_both(body)


@pytest.mark.parametrize(
    ("answer", "types"),
    [
        ((1.0, 2.0), ["float32"]),
        (1.0, "int32"),
        (np.float64(1), "float32"),
        (None, "float32"),
        ([1, 2], "int64"),
        (object(), "float32"),
        (True, "bool"),
        ("abc", "string"),
        (np.array(["a", "be"]), "string"),
        (7, "int64"),
    ],
)
def test_what_functions_return(answer: Any, types: Any) -> None:
    def body(tf: Any) -> Any:
        wanted = [getattr(tf, t) for t in types] if isinstance(types, list) else getattr(tf, types)
        with tf.Session() as session:
            try:
                return session.run(tf.py_func(lambda: answer, [], wanted))
            except tf.errors.OpError as error:
                words = [line for line in error.message.splitlines() if "value" in line or "Unsupported" in line]
                # 'pyfunc_7': a number that counts the functions of a process.
                said = re.sub(r"pyfunc_\d+", "pyfunc", words[0])
                return type(error).__name__, said.split(" ", 3)[2:] if "returned" in said else len(words)

    check_both(body)


ERRORS = [ValueError, TypeError, StopIteration, MemoryError, NotImplementedError, KeyError, ZeroDivisionError]


@pytest.mark.parametrize("kind", ERRORS)
def test_what_functions_raise(kind: type[Exception]) -> None:
    def fail() -> Any:
        raise kind("these words")

    def body(tf: Any) -> Any:
        with tf.Session() as session:
            try:
                session.run(tf.py_func(fail, [], tf.float32))
            except tf.errors.OpError as error:
                return type(error).__name__, f"{kind.__name__}: " in error.message, "these words" in error.message
        return None

    assert check_both(body)[1:] == (True, True)


def test_a_gradient_by_override_and_none_without() -> None:
    def body(tf: Any) -> Any:
        name = "PyFuncGradient" + tf.__name__.replace(".", "")
        with __import__("contextlib").suppress(KeyError):  # both namespaces register once in a process
            tf.RegisterGradient(name)(lambda op, grad: [grad * 2.0 * op.inputs[0]])
        x = tf.constant([1.0, 3.0])
        plain = tf.py_func(lambda a: a * a, [x], tf.float32)
        graph = tf.get_default_graph()
        with graph.gradient_override_map({"PyFunc": name}):
            y = tf.py_func(lambda a: a * a, [x], tf.float32)
        y.set_shape([2])
        loss = tf.reduce_sum(tf.tanh(y / 10.0))
        with tf.Session() as session:
            return tf.gradients(plain, x), session.run([loss, tf.gradients(loss, x)[0]])

    check_both(body)


def test_training_through_a_python_function() -> None:
    """The host step in the middle: two device stages, with a gradient that jumps over it."""

    def body(tf: Any) -> Any:
        w = tf.Variable([2.0, -1.0])
        noise = tf.py_func(lambda a: np.sign(a).astype(np.float32), [w * 3.0], tf.float32)
        noise.set_shape([2])
        loss = tf.reduce_sum(tf.square(w - noise))
        step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return [session.run([step, loss])[1] for _ in range(5)], session.run(w)

    check_both(body)


def test_not_callable() -> None:
    check_both_raise(lambda tf: tf.py_func(3, [], tf.float32), match="Expected func to be callable")


def test_a_python_function_records_and_reads(tf: Any) -> None:
    """tf functions inside a py_function are evaluated at once; its results take the declared dtypes."""
    y = tf.py_function(lambda x: [tf.square(x) + x.numpy(), 1], [[1.0, 3.0]], [tf.float32, tf.int32])
    with tf.Session() as session:
        square, one = session.run(y)
    oracle.assert_same(np.array([2.0, 12.0], np.float32), square)
    assert one == 1
    assert one.dtype == np.int32


def test_inside_cond() -> None:
    def body(tf: Any) -> Any:
        p = tf.placeholder(tf.bool, [])
        calls: list[str] = []

        def note(word: str) -> Any:
            return lambda: np.float32(len(calls.append(word) or calls))  # type: ignore[func-returns-value]

        y = tf.cond(p, lambda: tf.py_func(note("yes"), [], tf.float32), lambda: tf.py_func(note("no"), [], tf.float32))
        with tf.Session() as session:
            return [session.run(y, {p: v}) for v in (True, False, False)], calls

    check_both(body)


def test_an_unknown_token_says_why(tf: Any) -> None:
    definition = tf.GraphDef()
    with tf.Graph().as_default() as graph:
        tf.py_func(lambda: np.float32(1), [], tf.float32, name="f")
        definition.CopyFrom(graph.as_graph_def())
    definition.node[0].attr["token"].s = b"pyfunc_of_another_process"
    tf.import_graph_def(definition, name="")
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="not part of a GraphDef"):
        session.run("f:0")
