"""What the neural network ops refuse, where TensorFlow's message holds more than its key phrase."""

from __future__ import annotations

from typing import Any

import pytest

from tests import oracle

pytestmark = pytest.mark.oracle

DTYPES = "not in list of allowed values"
REFUSED = [
    ("Received: labels=None", lambda tf: tf.nn.softmax_cross_entropy_with_logits(labels=None, logits=[[1.0]])),
    ("None values not supported", lambda tf: tf.nn.softmax_cross_entropy_with_logits_v2(labels=[[1.0]], logits=None)),
    ("must be provided for", lambda tf: tf.nn.sigmoid_cross_entropy_with_logits(labels=None, logits=[1.0])),
    ("must be provided for", lambda tf: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=None, logits=[[1.0]])),
    (DTYPES, lambda tf: tf.nn.relu(tf.constant([True]))),
    (DTYPES, lambda tf: tf.nn.softmax(tf.constant([1, 2]))),
    (DTYPES, lambda tf: tf.nn.l2_loss(tf.constant([1, 2]))),
    (DTYPES, lambda tf: tf.nn.elu(tf.constant([1, 2]))),
    (DTYPES, lambda tf: tf.nn.avg_pool(tf.zeros([1, 4, 4, 1], tf.int32), 2, 2, "SAME")),
]


@pytest.mark.parametrize(("phrase", "call"), REFUSED)
def test_refused(phrase: str, call: Any) -> None:
    oracle.check_both_raise(call, match=phrase)


def test_transposed_size() -> None:
    def body(tf: Any) -> Any:
        y = tf.nn.conv2d_transpose(tf.zeros([2, 4, 5, 3]), tf.zeros([3, 3, 4, 3]), [2, 20, 10, 4], 2)
        return tf.Session().run(y)

    oracle.check_both_raise(body, match="Size of out_backprop doesn't match computed")
