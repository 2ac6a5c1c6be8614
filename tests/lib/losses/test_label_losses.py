"""`tf.nn.ctc_loss_v2` against TensorFlow: values and gradients for padded and sparse labels, any blank."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle
LOGITS = np.random.RandomState(0).randn(6, 2, 5).astype(np.float32)
LABELS = np.array([[1, 3, 3, 0], [3, 0, 0, 0]], np.int32)


def _sparse(tf: Any) -> Any:
    return tf.SparseTensor([[0, 0], [0, 1], [0, 2], [1, 0]], np.array([1, 3, 3, 3], np.int32), [2, 4])


@pytest.mark.parametrize("blank", [None, 0, 2, 4, -1])
@pytest.mark.parametrize("sparse", [False, True])
def test_values_and_gradients(sparse: bool, blank: int | None) -> None:
    def body(tf: Any) -> Any:
        x = tf.constant(LOGITS)
        if sparse:
            loss = tf.nn.ctc_loss_v2(_sparse(tf), x, None, [6, 5], blank_index=blank)
        else:
            loss = tf.nn.ctc_loss_v2(LABELS, x, [3, 1], [6, 5], blank_index=blank)
        return tf.Session().run([loss, tf.gradients(loss, x)[0]]), loss.shape

    if sparse and blank is None:
        check_both_raise(body)
    else:
        check_both(body, rtol=1e-4, atol=1e-5)


def test_other_orders_and_unique_labels() -> None:
    def body(tf: Any) -> Any:
        unique = tf.nn.ctc_unique_labels(LABELS)
        losses = [
            tf.nn.ctc_loss_v2(LABELS, np.transpose(LOGITS, [1, 0, 2]), [3, 1], [6, 5], False, None, 0),
            tf.nn.ctc_loss_v2(LABELS, LOGITS, [3, 1], [6, 5], unique=unique, blank_index=0),
        ]
        return tf.Session().run(losses)

    check_both(body, rtol=1e-4)


@pytest.mark.parametrize("blank", [0, 2, -1])
def test_sizes_that_a_run_tells(blank: int) -> None:
    import scopedjax as tf

    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, None, None])
        losses = [tf.nn.ctc_loss_v2(LABELS, y, [3, 1], [6, 5], blank_index=blank) for y in (x, tf.constant(LOGITS))]
        unknown, known = session.run(losses, {x: LOGITS})
    np.testing.assert_allclose(unknown, known, rtol=1e-6)
