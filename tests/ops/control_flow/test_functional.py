"""`map_fn`, `foldl`, `foldr`, `scan`, `case`, `switch_case` against real TensorFlow."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle
BODIES: list[Callable[[Any], Any]] = []


def body(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Adds a program that must give the same results on both sides."""
    BODIES.append(function)
    return function


@body
def mapped(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 2])
    y = tf.map_fn(lambda v: v * v + 1.0, x)
    pair = tf.map_fn(lambda v: (v[0], v[1]), (x, x), dtype=(tf.float32, tf.float32))
    other = tf.map_fn(lambda v: tf.cast(v[0], tf.int64), x, dtype=tf.int64)
    named = tf.map_fn(lambda d: {"s": d["a"] + d["b"]}, {"a": x, "b": x}, dtype={"s": tf.float32}, name="mine")
    grad = tf.gradients(tf.reduce_sum(y * y) + tf.reduce_sum(named["s"]), x)[0]
    sess = tf.Session()
    values = [sess.run([y, pair, other, named, grad], {x: np.arange(2.0 * n).reshape(n, 2)}) for n in (3, 1)]
    return values, sess.run(y, {x: np.zeros([0, 2])}), y.name, pair[1].name, y.shape.as_list(), other.shape.as_list()


@body
def mapped_on_the_host(tf: Any) -> Any:
    words = tf.map_fn(lambda s: tf.string_join([s, "!"]), tf.constant(["a", "bc"]))
    sums = tf.map_fn(lambda n: tf.reduce_sum(tf.range(n)), tf.constant([1, 2, 5]))
    x = tf.placeholder(tf.float32, [None, 3])
    positive = tf.map_fn(lambda row: tf.reduce_sum(tf.boolean_mask(row, row > 0.0) ** 2), x)
    fed = np.array([[1.0, -1.0, 2.0], [-3.0, -4.0, 0.5]], np.float32)
    return tf.Session().run([words, sums, positive, *tf.gradients(positive, x)], {x: fed})


@body
def mapped_with_variables(tf: Any) -> Any:
    w = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    x = tf.placeholder(tf.float32, [None, 2])
    y = tf.map_fn(lambda v: tf.squeeze(tf.matmul(v[None], w), 0), x)
    step = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(y * y))
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    return [sess.run([y, step], {x: [[1.0, 2.0], [0.5, 1.0]]})[0] for _ in range(2)], sess.run(w)


@body
def folded(tf: Any) -> Any:
    x = tf.constant([1.0, 2.0, 3.0])
    a = tf.foldl(lambda a, v: a * 2 + v, x)
    b = tf.foldr(lambda a, v: a * 2 + v, x)
    c = tf.foldl(lambda a, v: a * v, x, initializer=2.0)
    d = tf.foldr(lambda a, v: a - v[0] * v[1], (x, x), initializer=0.0)
    return tf.Session().run([a, b, c, d, *tf.gradients(a + b + c + d, x)]), [t.name for t in (a, b, c, d)]


@body
def scanned(tf: Any) -> Any:
    x = tf.constant([1.0, 2.0, 3.0])
    a = tf.scan(lambda a, v: a * 2 + v, x)
    b = tf.scan(lambda a, v: a * 2 + v, x, reverse=True)
    c = tf.scan(lambda a, v: (a[0] * v, a[1] + a[0]), x, initializer=(2.0, 1.0))
    d = tf.scan(lambda a, v: a + v, x, initializer=0.0, reverse=True)
    total = tf.reduce_sum(a + b + c[0] * c[1] + d)
    return tf.Session().run([a, b, c, d, *tf.gradients(total, x)]), a.name, c[1].name, a.shape.as_list()


@body
def scan_of_one_and_of_nothing(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None])
    a = tf.scan(lambda a, v: a + v, x)
    b = tf.scan(lambda a, v: a + v, x, initializer=1.0)
    c = tf.foldl(lambda a, v: a + v, x, initializer=1.0)
    sess = tf.Session()
    return sess.run([a, b, c], {x: [4.0]}), sess.run([b, c], {x: []})


@body
def cases(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [])
    a = tf.case([(x < 1.0, lambda: x), (x < 2.0, lambda: x * 2)], default=lambda: x * 3)
    b = tf.case([(x < 1.0, lambda: x), (x < 20.0, lambda: x * 2)])
    c = tf.case({x < 1.0: lambda: x, x >= 1.0: lambda: x * 2}, exclusive=True)
    d = tf.case(collections.OrderedDict([(x < 1.0, lambda: (x, x)), (x < 2.0, lambda: (x, -x))]), lambda: (x, x * x))
    sess = tf.Session()
    values = [sess.run([a, b, c, d, *tf.gradients(a + b + d[1], x)], {x: v}) for v in (0.5, 1.5, 2.5)]
    return values, a.name, b.name, c.name


@body
def switches(tf: Any) -> Any:
    n, y = tf.placeholder(tf.int32, []), tf.constant(2.0)
    a = tf.switch_case(n, {0: lambda: y, 1: lambda: y * 2})
    b = tf.switch_case(n, [lambda: y, lambda: y * 2], default=lambda: y * y)
    c = tf.switch_case(n, [(1, lambda: y), (0, lambda: y * 3)])
    sess = tf.Session()
    return [sess.run([a, b, c, *tf.gradients(b, y)], {n: v}) for v in (0, 1, 7, -1)], a.name


@pytest.mark.parametrize("program", BODIES, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    check_both(program, rtol=1e-5, atol=1e-6)


def _case(tf: Any, value: float, **options: Any) -> Any:
    x = tf.placeholder(tf.float32, [])
    y = tf.case([(x < 1.0, lambda: x), (x < 2.0, lambda: x * 2)], **options)
    return tf.Session().run(y, {x: value})


ERRORS: dict[str, tuple[Callable[[Any], Any], str | bool | None]] = {
    "no_case": (lambda tf: _case(tf, 5.0), None),
    "two_cases": (lambda tf: _case(tf, 0.5, default=lambda: tf.constant(0.0), exclusive=True), None),
    "pairs": (lambda tf: tf.case(1), None),
    "no_pair": (lambda tf: tf.case([(1,)]), None),
    "predicate": (lambda tf: tf.case([(tf.constant(1), lambda: 1)]), "pred must be Tensor of type bool"),
    "action": (lambda tf: tf.case([(tf.constant(True), 1)]), "must be callable"),
    "default": (lambda tf: tf.case([(tf.constant(True), lambda: 1)], default=1), "must be callable"),
    "branches": (lambda tf: tf.switch_case(tf.constant(1), 5), None),
    "no_branch": (lambda tf: tf.switch_case(tf.constant(1), []), None),
    "gap": (lambda tf: tf.switch_case(tf.constant(1), {0: lambda: 1, 2: lambda: 2}), "contiguous"),
    "map_function": (lambda tf: tf.map_fn(np, tf.constant([1])), "callable"),
    "fold_function": (lambda tf: tf.foldl(np, tf.constant([1])), "callable"),
    "map_structure": (lambda tf: tf.map_fn(lambda x: (x, x), tf.constant([1])), "nested structure"),
    "scan_structure": (lambda tf: tf.scan(lambda a, x: (a, x), tf.constant([1])), "nested structure"),
    "map_scalar": (lambda tf: tf.map_fn(lambda x: x, tf.constant(1)), False),
}


@pytest.mark.parametrize("name", list(ERRORS))
def test_error(name: str) -> None:
    program, phrase = ERRORS[name]
    check_both_raise(program, match=phrase)  # type: ignore[arg-type]
