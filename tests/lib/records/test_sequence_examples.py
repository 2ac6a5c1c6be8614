"""Sequence examples against TensorFlow: context and feature lists, one example and batches, errors."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle


def ints(tf, *values):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def floats(tf, *values):
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def texts(tf, *values):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def record(tf, context, lists):
    made = {key: tf.train.FeatureList(feature=steps) for key, steps in lists.items()}
    return tf.train.SequenceExample(
        context=tf.train.Features(feature=context), feature_lists=tf.train.FeatureLists(feature_list=made)
    ).SerializeToString()


def first(tf):
    return record(
        tf,
        {"n": ints(tf, 3), "t": texts(tf, b"x", b"y")},
        {
            "a": [ints(tf, 1), ints(tf, 2), ints(tf, 3)],
            "v": [floats(tf, 1, 2), floats(tf, 3)],
            "w": [texts(tf, b"q")],
            "p": [floats(tf, 1, 2, 3, 4), floats(tf, 5, 6, 7, 8)],
        },
    )


def second(tf):
    return record(tf, {"n": ints(tf, 5)}, {"a": [ints(tf, 7)], "v": [floats(tf), floats(tf, 9)], "p": []})


def context(tf):
    return {"n": tf.FixedLenFeature([], tf.int64), "t": tf.VarLenFeature(tf.string)}


def lists(tf):
    return {
        "a": tf.FixedLenSequenceFeature([], tf.int64),
        "v": tf.VarLenFeature(tf.float32),
        "p": tf.FixedLenSequenceFeature([2, 2], tf.float32),
    }


def tensors(parsed):
    found = []
    for part in parsed:
        for key in sorted(part):
            item = part[key]
            found += [item.indices, item.values, item.dense_shape] if hasattr(item, "indices") else [item]
    return found


def run(tf, parsed, feed=None):
    found = tensors(parsed)
    nodes = graph_nodes(tf.get_default_graph())
    with tf.Session() as session:
        return nodes, [t.shape for t in found], session.run(found, feed)


SINGLE = {
    "all": lambda tf: tf.parse_single_sequence_example(first(tf), context(tf), lists(tf)),
    "named": lambda tf: tf.io.parse_single_sequence_example(second(tf), context(tf), lists(tf), "ex", "nm"),
    "context": lambda tf: tf.parse_single_sequence_example(first(tf), context(tf)),
    "lists": lambda tf: tf.parse_single_sequence_example(first(tf), None, lists(tf)),
    "default": lambda tf: tf.parse_single_sequence_example(first(tf), {"z": tf.FixedLenFeature([2], tf.int64, [4, 5])}),
    "absent": lambda tf: tf.parse_single_sequence_example(
        first(tf), None, {"z": tf.FixedLenSequenceFeature([2], tf.int64, allow_missing=True)}
    ),
    "a_step_without_values": lambda tf: tf.parse_single_sequence_example(
        record(tf, {}, {"a": [tf.train.Feature(), ints(tf, 2)]}), None, {"a": tf.VarLenFeature(tf.int64)}
    ),
    "batch": lambda tf: tf.io.parse_sequence_example([first(tf), second(tf)], context(tf), lists(tf)),
    "batch_named": lambda tf: tf.io.parse_sequence_example([second(tf)], context(tf), lists(tf), ["p"], "nm"),
    "batch_texts": lambda tf: tf.io.parse_sequence_example(
        [first(tf), second(tf)], None, {"w": tf.FixedLenSequenceFeature([], tf.string, allow_missing=True)}
    ),
    "batch_absent": lambda tf: tf.io.parse_sequence_example(
        [first(tf), second(tf)], None, {"z": tf.VarLenFeature(tf.int64)}
    ),
}


@pytest.mark.parametrize("case", SINGLE)
def test_values(case):
    check_both(lambda tf: run(tf, SINGLE[case](tf)))


def test_a_placeholder():
    def body(tf):
        given = tf.placeholder(tf.string, [None])
        return run(tf, tf.io.parse_sequence_example(given, context(tf), lists(tf)), {given: [first(tf), second(tf)]})

    check_both(body)


def test_a_batch_of_none():
    features = {"a": "sequence"}

    def body(tf):
        wanted = {key: tf.VarLenFeature(tf.int64) for key in features}
        return run(tf, tf.io.parse_sequence_example(tf.constant([], tf.string), None, wanted))

    check_both(body)


def one(tf, context=None, lists=None):
    return run(tf, tf.parse_single_sequence_example(first(tf), context, lists))


ERRORS = {
    "nothing": lambda tf: one(tf),
    "no_list": lambda tf: one(tf, None, {"z": tf.FixedLenSequenceFeature([], tf.int64)}),
    "no_context": lambda tf: one(tf, {"z": tf.FixedLenFeature([], tf.int64)}),
    "list_type": lambda tf: one(tf, None, {"a": tf.FixedLenSequenceFeature([], tf.float32)}),
    "sparse_list_type": lambda tf: one(tf, None, {"a": tf.VarLenFeature(tf.float32)}),
    "context_type": lambda tf: one(tf, {"n": tf.FixedLenFeature([], tf.float32)}),
    "sparse_context_type": lambda tf: one(tf, {"t": tf.VarLenFeature(tf.int64)}),
    "list_count": lambda tf: one(tf, None, {"v": tf.FixedLenSequenceFeature([2], tf.float32)}),
    "context_count": lambda tf: one(tf, {"t": tf.FixedLenFeature([], tf.string)}),
    "list_default": lambda tf: one(tf, None, {"a": tf.FixedLenSequenceFeature([], tf.int64, default_value=3)}),
    "kind_of_list": lambda tf: one(tf, None, {"a": tf.FixedLenFeature([], tf.int64)}),
    "kind_of_context": lambda tf: one(tf, {"n": tf.FixedLenSequenceFeature([], tf.int64)}),
    "vector": lambda tf: tf.parse_single_sequence_example([first(tf)], context(tf)),
    "bytes": lambda tf: run(tf, tf.parse_single_sequence_example(b"\xff\xff", context(tf))),
    "batch_named": lambda tf: run(
        tf,
        tf.io.parse_sequence_example(
            [first(tf), second(tf)], None, {"w": tf.FixedLenSequenceFeature([], tf.string)}, ["p", "q"]
        ),
    ),
    "step": lambda tf: run(
        tf,
        tf.parse_single_sequence_example(
            record(tf, {}, {"a": [tf.train.Feature(), ints(tf, 2)]}),
            None,
            {"a": tf.FixedLenSequenceFeature([], tf.int64)},
        ),
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case):
    check_both_raise(ERRORS[case])


def test_sequences_feed_a_network():
    """Parsed tokens, padded, through an embedding and a recurrent network of their own lengths."""

    def body(tf):
        _, sequences, lengths = tf.io.parse_sequence_example([first(tf), second(tf)], None, lists(tf))
        table = tf.constant(np.linspace(-1, 1, 24).reshape(8, 3), tf.float32)
        rows = tf.nn.embedding_lookup(table, sequences["a"])
        mask = tf.sequence_mask(lengths["a"], dtype=tf.float32)
        return tf.Session().run(tf.reduce_sum(rows * mask[:, :, None], [1, 2]))

    check_both(body)
