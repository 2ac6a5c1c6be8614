"""Python's control flow on tensors in a `tf.function`, against real TensorFlow's AutoGraph."""

from __future__ import annotations

from typing import Any

import pytest

import scopedjax as sj
from scopedjax._src.lib.functions import conversion
from tests.oracle import check_both, check_both_raise

# Rewriting looks the name up in the module, as a script has it.
tf: Any = sj


def _helper(z: Any) -> Any:
    if z > 2:
        return z * 100.0
    return z


class _Scaler:
    def __init__(self, by: float) -> None:
        self.by = by

    def __call__(self, z: Any) -> Any:
        return z * self.by if z > 0 else self.positive(z)

    def positive(self, z: Any) -> Any:
        while z < 0:
            z += self.by
        return z


def branch(a: Any) -> Any:
    if a > 2:
        b = a
        kind = 1
    elif a > 0:
        b, kind = a * 10.0, 2
    else:
        b, kind = -a, 3
    return b, kind


def early_return(a: Any) -> Any:
    if a > 2:
        return a * 2.0
    a += 1.0
    if a < 0:
        return a
    return a * 3.0


def only_effects(a: Any) -> Any:
    total = {"sum": a, "parts": [a, a]}
    if a > 2:
        total["sum"] = a + 1.0
        total["parts"] = [a, a * 2.0]
    return total


def loop(a: Any) -> Any:
    steps = 0
    while a < 100:
        a = a * a + 1.0
        last = a
        steps += 1
    return a, last, steps


def breaks(a: Any) -> Any:
    for i in tf.range(10):
        if i == 7:
            break
        if i % 2 == 0:
            continue
        a += tf.cast(i, tf.float32)
    return a


def python_loop(a: Any) -> Any:
    parts = []
    for i in range(3):
        if i != 1:
            parts.append(a * i)
    return parts


def rows(a: Any) -> Any:
    v = tf.stack([a, a * 2.0, a * 3.0])
    t = 0.0
    for e in v:
        t += e * len(v)
    return t, int(a), float(a), abs(-a), max(1, 2)


def loops_in_loops(a: Any) -> Any:
    t = 0.0
    for i in tf.range(4):
        j = 0
        while j < i:
            if tf.equal(tf.math.floormod(i + j, 2), 0):
                t += a
            else:
                t -= 0.5
            j += 1
    return t


def logic(a: Any) -> Any:
    return (a > 2 and a < 5), (a > 5 or a < 4), not a > 2, (1 if a > 2 else 0), 2 < a < 5


def calls(a: Any) -> Any:
    return _helper(a), _Scaler(3.0)(a), (lambda q: q if q > 0 else -q)(a)


FUNCTIONS = [
    branch, early_return, only_effects, loop, breaks, python_loop, rows, loops_in_loops, logic, calls
]  # fmt: skip


@pytest.fixture(autouse=True)
def _as_found() -> Any:
    """The module's `tf` is what the body under test is given."""
    yield
    globals()["tf"] = sj


@pytest.mark.oracle
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_values_and_gradients(function: Any) -> None:
    def body(tf: Any) -> Any:
        globals()["tf"] = tf
        x = tf.placeholder(tf.float32, [])
        y = tf.function(function)(x)
        first = tf.nest.flatten(y)[0]
        gradient = tf.gradients(first, x)[0] if first.dtype.is_floating else first
        with tf.Session() as sess:
            return [sess.run([y, gradient], {x: value}) for value in (3.0, 1.0, -2.5)]

    check_both(body)


def undefined(a: Any) -> Any:
    if a > 2:
        b = a
    return b


def no_return(a: Any) -> Any:
    if a > 2:
        return a


def dtypes(a: Any) -> Any:
    if a > 2:
        b = 1
    else:
        b = 1.5
    return b


def shapes(a: Any) -> Any:
    v = tf.ones([1]) * a
    while tf.size(v) < 5:
        v = tf.concat([v, v], 0)
    return v


def kinds(a: Any) -> Any:
    i = a
    while i < 5.0:
        i = tf.cast(i, tf.int32)
    return i


def asserts(a: Any) -> Any:
    assert a > 5, "too small"
    return a


def append(a: Any) -> Any:
    found = []
    for i in tf.range(3):
        found.append(i)
    return found


WRONG = {
    undefined: "'b' must also be initialized in the else branch",
    no_return: "the else branch must also have a return statement",
    dtypes: "'b' has dtype int32 in the main branch, but dtype float32 in the else branch",
    shapes: "'v' has shape (1,) before the loop, but shape (2,) after one iteration",
    kinds: "'i' has dtype float32 before the loop, but dtype int32 after one iteration",
    asserts: "as a Python `bool` is not allowed",
    append: "out of scope",
}


@pytest.mark.oracle
@pytest.mark.parametrize("function", WRONG, ids=lambda f: f.__name__)
def test_errors(function: Any) -> None:
    def body(tf: Any) -> Any:
        globals()["tf"] = tf
        tf.function(function)(tf.placeholder(tf.float32, []))

    check_both_raise(body, match=WRONG[function])


@pytest.mark.oracle
def test_effects() -> None:
    def body(tf: Any) -> Any:
        v = tf.Variable(0.0, use_resource=True)

        def steps(a: Any) -> Any:
            if a > 2:
                v.assign_add(1.0)
            for _ in tf.range(3):
                v.assign_add(10.0)
            while v < 50.0:
                v.assign_add(5.0)
            return v + 0.0

        y = tf.function(steps)(3.0 * tf.ones([]))
        with tf.Session() as sess:
            sess.run(v.initializer)
            return sess.run(y), sess.run(v)

    check_both(body)


@pytest.mark.oracle
def test_options_of_loops() -> None:
    def body(tf: Any) -> Any:
        def grows(n: Any) -> Any:
            v = tf.ones([1])
            i = 0
            while i < n:
                tf.autograph.experimental.set_loop_options(
                    shape_invariants=[(v, tf.TensorShape([None]))], maximum_iterations=3
                )
                v = tf.concat([v, v * 2.0], 0)
                i += 1
            return v, i

        found = tf.function(grows)(tf.constant(10))
        with tf.Session() as sess:
            return sess.run(found)

    check_both(body)


@pytest.mark.oracle
def test_what_is_not_converted() -> None:
    def body(tf: Any) -> Any:
        @tf.autograph.experimental.do_not_convert
        def as_it_is(z: Any) -> Any:
            return z if z > 2 else -z

        tf.function(lambda a: as_it_is(a) * 2.0)(tf.ones([]))

    check_both_raise(body, match="as a Python `bool` is not allowed")


@pytest.mark.oracle
def test_to_graph() -> None:
    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [])
        y = tf.autograph.to_graph(_helper)(x)
        code = tf.autograph.to_code(_helper)
        with tf.Session() as sess:
            return sess.run(y, {x: 3.0}), sess.run(y, {x: 1.0}), "ag__.if_stmt" in code

    check_both(body)


@pytest.mark.oracle
def test_what_it_tells(capsys: pytest.CaptureFixture[str]) -> None:
    def body(tf: Any) -> Any:
        tf.autograph.set_verbosity(0)
        capsys.readouterr()
        tf.autograph.trace("traced", 3)
        return capsys.readouterr().out

    check_both(body)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "is_installed", lambda: False)
    monkeypatch.setattr("scopedjax._src.lib.functions.polymorphic.is_installed", lambda: False)
    with sj.Graph().as_default():
        x = sj.ones([])
        with pytest.raises(TypeError, match=r"pip install 'scopedjax\[autograph\]'"):
            sj.function(_helper)(x)
        assert sj.function(lambda a: a * 2.0 if a is not None else None)(x).dtype == sj.float32
        with pytest.raises(ImportError, match="diastatic-malt"):
            sj.autograph.to_graph(_helper)


def test_what_needs_no_rewriting_is_left_alone() -> None:
    def straight(a: Any) -> Any:
        return sj.nn.relu(a) + 1.0

    assert conversion.converted(straight) is straight
    assert conversion.converted(_helper) is not _helper
    assert conversion.converted(lambda a: _helper(a)) is not None
    assert conversion._may_branch(calls, set())
