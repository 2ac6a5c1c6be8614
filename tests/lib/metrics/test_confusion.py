"""`tf.confusion_matrix` against real TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle

LABELS, PREDICTIONS = [1, 0, 2, 1, 1], [1, 2, 2, 0, 1]


def _run(tf: Any, labels: Any, predictions: Any, **more: Any) -> Any:
    matrix = tf.math.confusion_matrix(labels, predictions, **more)
    with tf.Session() as session:
        return matrix.shape, session.run(matrix)


def test_counts() -> None:
    check_both(lambda tf: _run(tf, LABELS, PREDICTIONS))
    check_both(lambda tf: _run(tf, np.array(LABELS, np.uint8), PREDICTIONS, num_classes=5, dtype=tf.int64))
    check_both(lambda tf: _run(tf, np.array(LABELS)[:, None], PREDICTIONS, num_classes=3))
    check_both(
        lambda tf: _run(tf, LABELS, PREDICTIONS, num_classes=4, weights=[0.5, 1.0, 2.0, 4.0, 8.0], dtype=tf.float32)
    )
    check_both(lambda tf: tf.confusion_matrix([1], [0], name="own").name)


def test_errors() -> None:
    check_both_raise(lambda tf: tf.confusion_matrix([0, 1], [0, 1], weights=[1.0]))
    check_both_raise(lambda tf: _run(tf, [0, -1], [0, 1]), match="`labels` contains negative values")
    check_both_raise(lambda tf: _run(tf, [0, 1], [0, -1]), match="`predictions` contains negative values")
    check_both_raise(lambda tf: _run(tf, [0, 3], [0, 1], num_classes=3), match="`labels` out of bound")
    check_both_raise(lambda tf: _run(tf, [0, 1], [0, 3], num_classes=3), match="`predictions` out of bound")
