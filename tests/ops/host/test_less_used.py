"""Functions of TF1 that few programs use, compared with TensorFlow: sound, compressed strings, checks of graphs."""

from __future__ import annotations

import gzip
import time
import zlib
from typing import Any

import numpy as np
import pytest

from tests import oracle

pytestmark = pytest.mark.oracle

AUDIO = np.array([[0.0, 1.0], [0.5, -1.0], [-0.25, 3.0], [1.2e-4, -7.0], [-1.1e-4, 4.6e-5]], np.float32)


def _run(tf: Any, value: Any, feed: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(value, feed)


@pytest.mark.parametrize("kind", ["", "ZLIB", "GZIP"])
def test_decode_compressed(kind: str) -> None:
    pack = {"": bytes, "ZLIB": zlib.compress, "GZIP": gzip.compress}[kind]
    texts = [pack(b"first"), pack(b""), pack(b"third" * 500)]
    oracle.check_both(lambda tf: _run(tf, [tf.decode_compressed(texts, kind), tf.io.decode_compressed(texts[0], kind)]))


def test_decode_compressed_errors() -> None:
    oracle.check_both_raise(lambda tf: _run(tf, tf.decode_compressed([b"a"], "LZMA")), match="supported")
    theirs, ours = oracle.both(lambda tf: _run(tf, tf.decode_compressed([b"no such bytes"], "ZLIB")))
    assert isinstance(theirs, oracle.Raised)
    assert isinstance(ours, oracle.Raised)
    assert ours.type == "InvalidArgumentError"


def test_wav_there_and_back() -> None:
    def body(tf: Any) -> Any:
        text = tf.audio.encode_wav(AUDIO, 8000)
        sound = tf.audio.decode_wav(text)
        return [text.shape, sound.audio.shape, sound.sample_rate.shape, _run(tf, [text, *sound]), sound.audio.op.name]

    oracle.check_both(body)


@pytest.mark.parametrize(("channels", "samples"), [(1, -1), (2, 2), (-1, 7), (1, 6)])
def test_wav_sizes(channels: int, samples: int) -> None:
    def body(tf: Any) -> Any:
        sound = tf.audio.decode_wav(tf.audio.encode_wav(AUDIO, 100), channels, samples, name="sound")
        return [sound.audio.shape, _run(tf, sound.audio)]

    oracle.check_both(body)


def test_wav_errors() -> None:
    oracle.check_both_raise(lambda tf: _run(tf, tf.audio.decode_wav(b"no file")[0]), match="Header mismatch")
    oracle.check_both_raise(lambda tf: tf.audio.encode_wav([0.0, 1.0], 100))


def test_timestamp() -> None:
    def body(tf: Any) -> Any:
        node = tf.timestamp()
        first, second = _run(tf, node), _run(tf, node)
        return [node.op.type, node.op.name, node.shape, first <= second, abs(first - time.time()) < 1000]

    oracle.check_both(body)


def test_add_check_numerics_ops() -> None:
    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [2], name="x")
        tf.constant(1)
        tf.sqrt(x, name="root")
        check = tf.add_check_numerics_ops()
        return [check.name, oracle.graph_nodes(check.graph), _run(tf, check, {x: [1.0, 2.0]})]

    oracle.check_both(body)


def test_add_check_numerics_ops_finds_the_first() -> None:
    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [2], name="x")
        tf.sqrt(tf.log(x, name="logarithm"), name="root")
        return _run(tf, tf.add_check_numerics_ops(), {x: [0.0, 2.0]})

    oracle.check_both_raise(body, match="logarithm:0 : Tensor had Inf")


def test_assert_same_float_dtype() -> None:
    def body(tf: Any) -> Any:
        x = tf.constant(1.0, tf.float64)
        check = tf.debugging.assert_same_float_dtype
        return [check(), check([x, None]), check([x], tf.float64), check(None, tf.float16), check([])]

    oracle.check_both(body)


@pytest.mark.parametrize("case", range(3))
def test_assert_same_float_dtype_errors(case: int) -> None:
    def body(tf: Any) -> Any:
        x, y, n = tf.constant(1.0), tf.constant(1.0, tf.float64), tf.constant(1)
        return tf.assert_same_float_dtype(*[([x, y],), ([n],), ([x], tf.float64)][case])

    oracle.check_both_raise(body)


def test_names_that_are_others_too() -> None:
    def body(tf: Any) -> Any:
        text = tf.dtypes.as_string([1.5, 2.0], precision=2)
        finite = tf.debugging.assert_all_finite([1.0], "message")
        tables = tf.initializers.tables_initializer()
        return [_run(tf, [text, finite, tables]), tables.name, callable(tf.no_gradient)]

    oracle.check_both(body)
