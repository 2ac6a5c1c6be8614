"""`tf.create_partitioned_variables` against TensorFlow: names, slices, values, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle
VALUES = np.arange(8, dtype=np.float32).reshape(4, 2)


@pytest.mark.parametrize(
    "arguments",
    [
        {"shape": [4, 2], "slicing": [2, 1], "initializer": VALUES, "name": "table"},
        {"shape": [4, 2], "slicing": [1, 2], "initializer": VALUES},
        {"shape": [4, 2], "slicing": [3, 1], "initializer": VALUES, "trainable": False, "collections": ["mine"]},
    ],
)
def test_slices(arguments: Any) -> None:
    def body(tf: Any) -> Any:
        given = {**arguments, "initializer": tf.constant(arguments["initializer"])}
        with tf.variable_scope("outer"):
            found = tf.create_partitioned_variables(**given)
        collections = [len(tf.get_collection(key)) for key in ("variables", "trainable_variables", "mine")]
        with tf.Session() as session:
            session.run([v.initializer for v in found])
            return [v.name for v in found], session.run(found), collections

    check_both(body)


def test_reuse() -> None:
    def body(tf: Any) -> Any:
        first = tf.create_partitioned_variables([4, 2], [2, 1], tf.zeros_initializer(), name="t")
        again = tf.create_partitioned_variables([4, 2], [2, 1], tf.zeros_initializer(), name="t", reuse=True)
        return [a is b for a, b in zip(first, again, strict=True)]

    check_both(body)


@pytest.mark.parametrize("slicing", [[2], [2, 2], [0, 1]])
def test_errors(slicing: Any) -> None:
    check_both_raise(lambda tf: tf.create_partitioned_variables([4, 2], slicing, tf.zeros_initializer()))
