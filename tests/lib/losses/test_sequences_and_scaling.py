"""Losses scaled for a batch, runs of labels, raw op functions: each compared with TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import oracle

pytestmark = pytest.mark.oracle

LABELS = np.array([[1, 1, 2, 2, 1], [3, 3, 3, 3, 3], [4, 5, 4, 4, 0]], np.int64)


def _run(tf: Any, value: Any) -> Any:
    with tf.Session() as session:
        return session.run(value)


def test_compute_average_loss() -> None:
    def body(tf: Any) -> Any:
        average = tf.nn.compute_average_loss
        x = tf.constant([1.0, 2.0, 6.0], tf.float64)
        return _run(
            tf,
            [
                average(x),
                average(x, global_batch_size=12),
                average(x, sample_weight=[1.0, 0.0, 0.5], global_batch_size=4),
                average(tf.zeros([0])),
                tf.gradients(average(x, global_batch_size=2), x)[0],
                tf.nn.scale_regularization_loss(x),
            ],
        )

    oracle.check_both(body)


def test_compute_average_loss_errors() -> None:
    oracle.check_both_raise(lambda tf: tf.nn.compute_average_loss([1.0], global_batch_size=1.5), match="integer")


@pytest.mark.parametrize("lengths", [[5, 5, 5], [3, 2, 4], [0, 1, 5]])
def test_collapse_repeated(lengths: list[int]) -> None:
    oracle.check_both(lambda tf: [_run(tf, list(tf.nn.collapse_repeated(LABELS, lengths)))])


def test_unique_labels() -> None:
    oracle.check_both(lambda tf: [_run(tf, list(tf.nn.ctc_unique_labels(LABELS)))])


def test_raw_ops() -> None:
    def body(tf: Any) -> Any:
        x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
        product = tf.raw_ops.MatMul(a=x, b=x, transpose_b=True, name="product")
        found = tf.raw_ops.TopKV2(input=x, k=1)
        joined = tf.raw_ops.ConcatV2(values=[x, x], axis=0)
        nodes = oracle.graph_nodes(x.graph)
        return [nodes, _run(tf, [product, found.values, found.indices, joined, tf.raw_ops.Cast(x=x, DstT=tf.int32)])]

    oracle.check_both(body)


@pytest.mark.parametrize(("arguments", "phrase"), [({"a": [[1.0]]}, "missing"), ({"c": 1}, "argument")])
def test_raw_ops_errors(arguments: Any, phrase: str) -> None:
    theirs, ours = oracle.both(lambda tf: tf.raw_ops.MatMul(**arguments))
    assert isinstance(theirs, oracle.Raised)
    assert isinstance(ours, oracle.Raised)
    assert ours.type == theirs.type == "TypeError"
    assert phrase in ours.message


def test_raw_ops_absent() -> None:
    theirs, ours = oracle.both(lambda tf: tf.raw_ops.NoSuchOp)
    assert isinstance(theirs, oracle.Raised)
    assert isinstance(ours, oracle.Raised)
    assert ours.type == theirs.type == "AttributeError"
