"""`tf.train.init_from_checkpoint` against TensorFlow's: nodes, values, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import oracle
from tests.lib.train.test_saver import in_folder

pytestmark = pytest.mark.oracle


def _save(tf: Any, folder: str) -> None:
    def filled(values: Any) -> Any:
        return tf.constant_initializer(values)

    with tf.Graph().as_default():
        with tf.variable_scope("a"):
            tf.get_variable("w", [2, 3], initializer=filled([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
            tf.get_variable("b", [3], initializer=filled(7.0))
        tf.get_variable("g", [], tf.int64, initializer=filled(9))
        slices = tf.fixed_size_partitioner(2)
        tf.get_variable("p", [5, 3], initializer=tf.random_uniform_initializer(seed=3), partitioner=slices)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            tf.train.Saver().save(sess, folder + "/m")


def _in_scope(tf: Any) -> Any:
    zeros = tf.zeros_initializer()
    with tf.variable_scope("x"):
        return [tf.get_variable("w", [2, 3], initializer=zeros), tf.get_variable("b", [3], initializer=zeros)]


def _partitioned(tf: Any) -> Any:
    with tf.variable_scope("x"):
        return tf.get_variable(
            "p", [5, 3], initializer=tf.zeros_initializer(), partitioner=tf.fixed_size_partitioner(2)
        )  # fmt: skip


def _other_slices(tf: Any) -> Any:
    with tf.variable_scope("x"):
        return tf.get_variable(
            "p", [5, 3], initializer=tf.zeros_initializer(), partitioner=tf.fixed_size_partitioner(3)
        )  # fmt: skip


def _number(tf: Any) -> Any:
    with tf.variable_scope("x"):
        return tf.get_variable("g", [], tf.int64, initializer=tf.zeros_initializer())


def _at_the_top(tf: Any) -> Any:
    return tf.get_variable("w", [2, 3], initializer=tf.zeros_initializer())


def _on_a_device(tf: Any) -> Any:
    with tf.device("/cpu:0"):
        return tf.get_variable("y", [2, 3], initializer=tf.zeros_initializer())


def _float(tf: Any) -> Any:
    return tf.get_variable("y", [], initializer=tf.zeros_initializer())


Case = tuple[Callable[[Any], Any], Callable[[Any], Any]]

GOOD: dict[str, Case] = {
    "scope": (_in_scope, lambda made: {"a/": "x/"}),
    "top to scope": (_number, lambda made: {"/": "x/"}),
    "scope to top": (_at_the_top, lambda made: {"a/": "/"}),
    "names": (_in_scope, lambda made: {"a/w": "x/w", "a/b": "x/b"}),
    "one name": (_in_scope, lambda made: {"a/b": "x/b"}),
    "variable": (_in_scope, lambda made: {"a/w": made[0]}),
    "pairs": (_in_scope, lambda made: [("a/w", made[0]), ("a/b", "x/b")]),
    "nothing": (_in_scope, lambda made: {}),
    "slices by name": (_partitioned, lambda made: {"p": "x/p"}),
    "slices by scope": (_partitioned, lambda made: {"/": "x/"}),
    "list of slices": (_partitioned, lambda made: {"p": list(made)}),
    "other slices": (_other_slices, lambda made: {"p": "x/p"}),
    "device": (_on_a_device, lambda made: {"a/w": made}),
}


@pytest.mark.parametrize("case", GOOD)
def test_initial_values(case: str) -> None:
    make, choose = GOOD[case]

    def body(tf: Any, folder: str) -> Any:
        _save(tf, folder)
        made = make(tf)
        before = len(tf.get_default_graph().get_operations())
        tf.train.init_from_checkpoint(folder, choose(made))
        nodes = [
            (
                op.name,
                op.type,
                [t.name for t in op.inputs],
                op.device,
                [g for g in op.colocation_groups() if g != f"loc:@{op.name}".encode()],
                [t.shape for t in op.outputs],
            )
            for op in tf.get_default_graph().get_operations()[before:]
        ]
        variables = tf.global_variables()
        dependent = tf.Variable(variables[0].initialized_value() * 2, name="dependent")
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            values = sess.run([*variables, dependent])
        return nodes, values, [v.initial_value.name for v in variables]

    oracle.check_both(in_folder(body))


BAD: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], str | bool]] = {
    "scope without slash": (_in_scope, lambda made: {"a/": "x"}, "Tensor a//b (/b in a/) is not found in"),
    "both without slash": (
        _in_scope,
        lambda made: {"a": "x"},
        "Assignment map with scope only name  should map to scope only a. Should be 'scope/': 'other_scope/'.",
    ),
    "no such tensor": (_in_scope, lambda made: {"nope": "x/w"}, "Tensor nope is not found in"),
    "no such scope": (_in_scope, lambda made: {"nope/": "x/"}, "Tensor nope/b (b in nope/) is not found in"),
    "no such variable": (
        _in_scope,
        lambda made: {"a/w": "x/zz"},
        "Assignment map with scope only name x should map to scope only a/w.",
    ),
    "top to top": (_number, lambda made: {"/": "/"}, "is not found in"),
    "shape": (
        _in_scope,
        lambda made: {"a/w": made[1]},
        "Shape of variable x/b:0 ((3,)) doesn't match with shape of tensor a/w ([2, 3]) from checkpoint reader.",
    ),
    "number": (_in_scope, lambda made: {"a/w": 3}, False),
}


@pytest.mark.parametrize("case", BAD)
def test_errors(case: str) -> None:
    make, choose, words = BAD[case]

    def body(tf: Any, folder: str) -> Any:
        _save(tf, folder)
        return tf.train.init_from_checkpoint(folder, choose(make(tf)))

    theirs, ours = oracle.both(in_folder(body))
    assert isinstance(theirs, oracle.Raised)
    oracle.assert_same(theirs, ours, phrase=words)


def test_dtype_is_checked_when_it_runs() -> None:
    def body(tf: Any, folder: str) -> Any:
        _save(tf, folder)
        variable = _float(tf)
        tf.train.init_from_checkpoint(folder + "/m", {"g": variable})
        with tf.Session() as sess:
            return sess.run(variable.initializer)

    oracle.check_both_raise(in_folder(body), match="expected dtype float does not equal original dtype int64")


def test_no_checkpoint() -> None:
    def body(tf: Any, folder: str) -> Any:
        return tf.train.init_from_checkpoint("nothing", {"a/": "b/"})

    oracle.check_both_raise(in_folder(body), match="Failed to find any matching files for nothing")


def test_loading_a_variable_afterwards(tf: Any, tmp_path: Any) -> None:
    """`Variable.load` feeds the initializer's value, whichever the initializer is."""
    _save(tf, str(tmp_path))
    w = _in_scope(tf)[0]
    tf.train.init_from_checkpoint(str(tmp_path), {"a/": "x/"})
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        w.load([[9.0] * 3] * 2, sess)
        assert sess.run(w).min() == 9.0
