"""TensorArrays that are written twice, read after they were cleared, or indexed out of range: errors as TF1's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scopedjax
from tests.oracle import check_both, check_both_raise

Body = Callable[[Any, Any], Any]  # of the namespace and a fed number
THREE = [1.0, 2.0, 3.0]


def run(tf: Any, build: Body, fed: int) -> Any:
    number = tf.placeholder(tf.int32, [])
    fetches = build(tf, number)
    with tf.Session() as sess:
        return sess.run(fetches, {number: fed})


def array(tf: Any, size: Any = 3, **options: Any) -> Any:
    return tf.TensorArray(tf.float32, size, **options)


def full(tf: Any, **options: Any) -> Any:
    return array(tf, **options).unstack(THREE)


def writing(tf: Any, count: Any, index: Callable[[Any], Any], made: Any) -> Any:
    """Writes `1.` at `index(i)` for i = 0, 1, ..., count - 1."""
    return tf.while_loop(lambda i, a: i < count, lambda i, a: (i + 1, a.write(index(i), 1.0)), [0, made])[1]


def reading(tf: Any, count: Any, index: Callable[[Any], Any], made: Any) -> Any:
    """Adds up what is at `index(i)` for i = 0, 1, ..., count - 1."""
    return tf.while_loop(lambda i, s: i < count, lambda i, s: (i + 1, s + made.read(index(i))), [0, 0.0])[1]


def after(tf: Any, first: Any, then: Callable[[], Any]) -> Any:
    with tf.control_dependencies([first]):
        return then()


def _twice(tf: Any, made: Any, index: Any) -> Any:
    first = made.read(index)
    return after(tf, first, lambda: first + made.read(index))


def _read_and_write(tf: Any, made: Any) -> Any:
    return after(tf, made.read(0), lambda: made.write(0, 2.0).read(1))


def _branch(tf: Any, n: Any) -> Any:
    made = array(tf).write(1, 1.0)
    return tf.TensorArray.read(
        array(tf, None, flow=tf.cond(n > 0, lambda: made.write(1, 2.0).flow, lambda: made.flow), handle=made.handle), 1
    )


def _nested(tf: Any, n: Any) -> Any:
    def outer(i: Any, a: Any) -> Any:
        return i + 1, tf.while_loop(lambda j, b: j < 2, lambda j, b: (j + 1, b.write(i + j, 1.0)), [0, a])[1]

    return tf.while_loop(lambda i, a: i < n, outer, [0, array(tf, 5)])[1].stack()


def _gradient(tf: Any, n: Any) -> Any:
    x = tf.constant(THREE)
    total = reading(tf, n, lambda i: i * 0, array(tf).unstack(x))
    return [total, tf.gradients(total, x)]


WRONG: dict[str, tuple[Body, int, str]] = {
    "written twice": (
        lambda tf, n: array(tf).write(1, 1.0).write(1, 2.0).read(1),
        0,
        "index 1 because it has already been written to.",
    ),
    "written twice, fed": (
        lambda tf, n: array(tf).write(n, 1.0).write(n, 2.0).read(1),
        1,
        "index 1 because it has already been written to.",
    ),
    "written twice in a loop": (
        lambda tf, n: writing(tf, n, lambda i: 1 + i * 0, array(tf)).read(1),
        2,
        "index 1 because it has already been written to.",
    ),
    "written twice in a loop of known length": (
        lambda tf, n: writing(tf, 3, lambda i: i // 2, array(tf)).read(1),
        0,
        "index 0 because it has already been written to.",
    ),
    "written before and in a loop": (
        lambda tf, n: writing(tf, n, lambda i: i, array(tf).write(1, 1.0)).read(1),
        3,
        "index 1 because it has already been written to.",
    ),
    "written twice in nested loops": (_nested, 2, "index 1 because it has already been written to."),
    "written twice in a branch": (_branch, 1, "index 1 because it has already been written to."),
    "written beyond the end": (
        lambda tf, n: writing(tf, n, lambda i: i, array(tf)).stack(),
        4,
        "Tried to write to index 3 but array is not resizeable and size is: 3",
    ),
    "written beyond the end, known": (
        lambda tf, n: writing(tf, 4, lambda i: i, array(tf)).stack(),
        0,
        "Tried to write to index 3 but array is not resizeable and size is: 3",
    ),
    "written before the start": (
        lambda tf, n: writing(tf, n, lambda i: i - 1, array(tf)).stack(),
        2,
        "Tried to write to index -1 but array is not resizeable and size is: 3",
    ),
    "written before the start, growing": (
        lambda tf, n: writing(tf, n, lambda i: i - 1, array(tf, dynamic_size=True)).stack(),
        2,
        "Tried to write to index -1",
    ),
    "read beyond the end": (lambda tf, n: full(tf).read(n), 5, "Tried to read from index 5 but array size is: 3"),
    "read beyond the end in a loop": (
        lambda tf, n: reading(tf, n, lambda i: i, full(tf)),
        4,
        "Tried to read from index 3 but array size is: 3",
    ),
    "read twice": (
        lambda tf, n: _twice(tf, full(tf), 1),
        0,
        "Could not read index 1 twice because it was cleared after a previous read",
    ),
    "read twice, fed": (
        lambda tf, n: _twice(tf, full(tf), n),
        1,
        "Could not read index 1 twice because it was cleared after a previous read",
    ),
    "read twice in a loop": (
        lambda tf, n: reading(tf, n, lambda i: i * 0, full(tf)),
        2,
        "Could not read index 0 twice",
    ),
    "read twice in a loop of known length": (
        lambda tf, n: reading(tf, 3, lambda i: i * 0, full(tf)),
        0,
        "Could not read index 0 twice",
    ),
    "stacked twice": (
        lambda tf, n: (lambda a: a.stack() + a.stack())(full(tf)),
        0,
        "twice because it was cleared after a previous read",
    ),
    "read, then written": (
        lambda tf, n: _read_and_write(tf, full(tf)),
        0,
        "Could not write to TensorArray index 0 because it has already been read.",
    ),
    "read, then written, kept": (
        lambda tf, n: _read_and_write(tf, full(tf, clear_after_read=False)),
        0,
        "Could not write to TensorArray index 0 because it has already been read.",
    ),
    "gathered twice": (lambda tf, n: full(tf).gather([1, 1]), 0, "Could not read index 1 twice because it was cleared"),
    "gathered beyond the end": (
        lambda tf, n: full(tf).gather(tf.stack([1, n])),
        4,
        "Tried to read from index 4 but array size is: 3",
    ),
    "scattered beyond the end": (
        lambda tf, n: array(tf).scatter(tf.stack([1, n]), [1.0, 2.0]).read(1),
        4,
        "Max scatter index must be < array size (4 vs. 3)",
    ),
    "scattered twice": (
        lambda tf, n: array(tf).scatter(tf.stack([1, n]), [1.0, 2.0]).read(1),
        1,
        "index 1 because it has already been written to.",
    ),
    "unstacked twice": (
        lambda tf, n: full(tf).unstack(THREE).read(1),
        0,
        "index 0 because it has already been written to.",
    ),
    "unstacked too many": (
        lambda tf, n: array(tf, 2).unstack(THREE).read(1),
        0,
        "Max scatter index must be < array size (2 vs. 2)",
    ),
    "of another shape": (
        lambda tf, n: array(tf, element_shape=[3]).write(0, tf.placeholder_with_default([1.0], [None])).read(0),
        0,
        "the value shape is [1] which is incompatible with the TensorArray's inferred element shape: [3]",
    ),
    "of another shape than before": (
        lambda tf, n: (
            array(tf)
            .write(0, tf.placeholder_with_default([1.0], [None]))
            .write(1, tf.placeholder_with_default([1.0, 2.0], [None]))
            .read(1)
        ),
        0,
        "because the value shape is [2] which is incompatible with the TensorArray's inferred element shape: [1]",
    ),
    "nothing to stack": (
        lambda tf, n: array(tf).stack(),
        0,
        "Could not read from TensorArray index 0.  Furthermore, the element shape is not fully defined: <unknown>.",
    ),
    "of size zero": (
        lambda tf, n: array(tf, 0).stack(),
        0,
        "TensorArray has size zero, but element shape <unknown> is not fully defined",
    ),
    "gradient of a second read": (
        _gradient,
        2,
        "Could not read index 0 twice because it was cleared after a previous read",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_raises_as_tensorflow(name: str) -> None:
    body, fed, words = WRONG[name]
    check_both_raise(run, body, fed, match=words)


RIGHT: dict[str, tuple[Body, int]] = {
    "never written": (lambda tf, n: array(tf).write(0, 1.0).read(n), 1),
    "written in part": (lambda tf, n: writing(tf, n, lambda i: i, array(tf)).stack(), 2),
    "written backwards": (lambda tf, n: writing(tf, n, lambda i: n - 1 - i, array(tf)).stack(), 3),
    "written in two loops": (
        lambda tf, n: writing(tf, 3, lambda i: i + 1, writing(tf, 1, lambda i: i, array(tf, 4))).stack(),
        0,
    ),
    "read twice, kept": (lambda tf, n: _twice(tf, full(tf, clear_after_read=False), n), 1),
    "read in a loop, kept": (lambda tf, n: reading(tf, n, lambda i: i * 0, full(tf, clear_after_read=False)), 3),
    "read in a loop": (lambda tf, n: reading(tf, n, lambda i: i, full(tf)), 3),
    "branch not taken": (_branch, 0),
    "nested": (_nested, 1),
    "gradient": (_gradient, 1),
    "growing": (lambda tf, n: writing(tf, n, lambda i: i, array(tf, 0, dynamic_size=True)).stack(), 4),
    "growing, known": (lambda tf, n: writing(tf, 4, lambda i: i, array(tf, 0, dynamic_size=True)).stack(), 0),
    "no steps": (lambda tf, n: writing(tf, n, lambda i: i, array(tf, element_shape=[])).stack(), 0),
}


@pytest.mark.parametrize("name", RIGHT)
def test_is_as_in_tensorflow(name: str) -> None:
    body, fed = RIGHT[name]
    check_both(run, body, fed)


@pytest.mark.parametrize(
    ("count", "index"), [(3, lambda i: i), (3, lambda i: 2 - i), (None, lambda i: i)], ids=["up", "down", "not known"]
)
def test_loops_that_do_nothing_wrong_carry_no_marks(count: int | None, index: Callable[[Any], Any]) -> None:
    """The compiled loop holds no array of bytes; of known length, it checks nothing at all."""
    from scopedjax._src.lower.execute import Executor
    from scopedjax._src.lower.plan import make_plan

    tf = scopedjax
    with tf.Graph().as_default(), tf.Session() as sess:
        n = tf.placeholder(tf.int32, [])
        fetch = writing(tf, n if count is None else count, index, array(tf)).stack()
        executor = Executor(make_plan([fetch], [], [n] if count is None else []))
        executor.run(sess.state, [np.int32(3)] if count is None else [])
        stage: Any = executor._stages[-1]
        (program,) = stage.programs.values()
        words = [site.words for site in program.checks.sites]
        assert not any("already" in w for w in words)
        if count is not None:
            assert not words
