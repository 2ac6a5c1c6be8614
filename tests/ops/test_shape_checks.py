"""`tf.debugging.assert_shapes` against TensorFlow: what passes, what fails while recording, what fails in a run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle


def _x(tf: Any, shape: Any, name: str = "x") -> Any:
    return tf.placeholder(tf.float32, shape, name=name)


@pytest.mark.parametrize(
    "rows",
    [
        lambda tf: {_x(tf, [1, 2]): ("N", "M"), _x(tf, [1], "y"): ("N",)},
        lambda tf: [(_x(tf, [3, 4, 5]), (..., 5))],
        lambda tf: [(_x(tf, [3, 4, 5]), ("*", "A", 5)), (_x(tf, [4], "y"), ["A"])],
        lambda tf: [(_x(tf, []), ()), (_x(tf, [3], "y"), "Q"), (_x(tf, [9, 9], "z"), (None, "."))],
        lambda tf: [(_x(tf, [3]), None)],
        lambda tf: [(_x(tf, [2, 3]), tf.TensorShape([2, 3]).as_list())],
    ],
)
def test_fits(rows: Any) -> None:
    def body(tf: Any) -> Any:
        check = tf.debugging.assert_shapes(rows(tf))
        return check.type, tf.Session().run(check)

    check_both(body)


@pytest.mark.parametrize(
    "rows",
    [
        lambda tf: [(_x(tf, [1, 2]), ("N", 3))],
        lambda tf: [(_x(tf, [1, 2]), ("N", 3, 1))],
        lambda tf: [(_x(tf, [3, 4]), ("N", "N"))],
        lambda tf: [(_x(tf, [3, 4, 5]), ("N", ...))],
        lambda tf: [(_x(tf, [3, 4, 5]), (..., ".", 6))],
        lambda tf: [(_x(tf, [3]), 5)],
        lambda tf: [(_x(tf, [3]), ("B",)), (_x(tf, [4, 4], "y"), ("*", "B"))],
    ],
)
def test_does_not_fit(rows: Any) -> None:
    check_both_raise(lambda tf: tf.debugging.assert_shapes(rows(tf)))
    check_both_raise(lambda tf: tf.debugging.assert_shapes(rows(tf), message="Words"))


@pytest.mark.parametrize(("sizes", "good"), [((2, 2), True), ((2, 3), False)])
@pytest.mark.parametrize("dims", [[None, 5], None])
def test_what_a_run_tells(dims: Any, sizes: tuple[int, int], good: bool) -> None:
    def body(tf: Any) -> Any:
        x, y = _x(tf, dims), _x(tf, None if dims is None else [None], "y")
        check = tf.debugging.assert_shapes([(x, ("N", 5)), (y, ("N",))])
        return tf.Session().run(check, {x: [[0.0] * 5] * sizes[0], y: [0.0] * sizes[1]})

    if good:
        check_both(body)
    else:
        check_both_raise(body, match="must have size")


def test_a_scalar_counts_as_one_element() -> None:
    def body(tf: Any) -> Any:
        x = _x(tf, None)
        check = tf.debugging.assert_shapes([(x, (1,))])
        return tf.Session().run(check, {x: 3.0}), tf.Session().run(check, {x: [3.0]})

    check_both(body)


def test_an_assertion_about_shapes_that_is_run_alone() -> None:
    """It is checked while its stage is traced, so a stage without any other purpose must not be left out."""

    def body(tf: Any) -> Any:
        x, y = _x(tf, [None]), _x(tf, [None], "y")
        check = tf.group(tf.Assert(tf.equal(tf.shape(x)[0], tf.shape(y)[0]), ["sizes differ"]))
        with tf.Session() as session:
            session.run(check, {x: [1.0], y: [2.0]})
            session.run([check, x], {x: [1.0], y: [2.0, 3.0]})

    check_both_raise(body, match="sizes differ")
