"""Pairs of words and windows over time series, against TensorFlow's Keras; Python's and NumPy's streams are seeded."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle
WORDS = [3, 1, 0, 2, 5, 4, 1, 2]


def test_sampling_table() -> None:
    check_both(lambda tf: [tf.keras.preprocessing.sequence.make_sampling_table(*a) for a in ((20,), (7, 1e-2))])


@pytest.mark.parametrize(
    "options",
    [{}, {"window_size": 1, "shuffle": False}, {"categorical": True, "seed": 3}, {"negative_samples": 0.0, "seed": 1},
     {"negative_samples": 2.5, "shuffle": False}, {"sampling_table": [0.1, 0.5, 0.9, 0.2, 0.7, 1.0], "seed": 5}],
)  # fmt: skip
def test_skipgrams(options: dict[str, Any]) -> None:
    def body(tf: Any) -> Any:
        random.seed(11)
        return list(tf.keras.preprocessing.sequence.skipgrams(WORDS, 6, **options))

    check_both(body)


@pytest.mark.parametrize(
    "options",
    [{"length": 3}, {"length": 4, "sampling_rate": 2, "stride": 3, "batch_size": 2, "reverse": True},
     {"length": 2, "start_index": 3, "end_index": 12, "batch_size": 4},
     {"length": 2, "shuffle": True, "batch_size": 3}],
)  # fmt: skip
def test_windows(options: dict[str, Any]) -> None:
    data = np.arange(40.0).reshape(20, 2)

    def body(tf: Any) -> Any:
        windows = tf.keras.preprocessing.sequence.TimeseriesGenerator(data, data[:, 0] * 2, **options)
        np.random.seed(4)
        found = [list(windows[i]) for i in range(len(windows))]
        return [found, windows.get_config(), windows.to_json()]

    check_both(body)


def test_mistakes() -> None:
    check_both_raise(lambda tf: tf.keras.preprocessing.sequence.TimeseriesGenerator([1, 2], [1], 1))
    check_both_raise(lambda tf: tf.keras.preprocessing.sequence.TimeseriesGenerator([1, 2], [1, 2], 3))
