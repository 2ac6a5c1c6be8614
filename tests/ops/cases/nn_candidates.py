"""Rows of the candidate samplers and of the losses that use them: TensorFlow's very numbers, run by seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.engine import Case

TRUE = np.array([[1, 3], [0, 2], [4, 4]])
ONE = np.array([[7], [0], [3], [9]])


def sampler(kind: str, *args: Any, **options: Any) -> Callable[..., Any]:
    """`tf.nn.<kind>_candidate_sampler` of true classes."""
    return lambda tf, true: getattr(tf.nn, f"{kind}_candidate_sampler")(true, *args, **options)


def loss(kind: str, **options: Any) -> Callable[..., Any]:
    """`tf.nn.<kind>` with 12 sampled of 40 classes that do not depend on a node's number."""

    def call(tf: Any, weights: Any, biases: Any, inputs: Any, labels: Any) -> Any:
        values = tf.nn.uniform_candidate_sampler(labels, options.get("num_true", 1), 12, True, 40, seed=5)
        return getattr(tf.nn, kind)(weights, biases, labels, inputs, 12, 40, sampled_values=values, **options)

    return call


def own_sampler(tf: Any, weights: Any, biases: Any, inputs: Any, labels: Any) -> Any:
    """The sampler that the loss makes itself."""
    return tf.nn.sampled_softmax_loss(weights, biases, labels, inputs, 12, 40, seed=8)


SHORT: dict[str, Any] = {"unknown": False, "jit": False, "graphdef": False}
LOSS_INPUTS = [(40, 6), (40,), (4, 6)]
# The gradients of the weights are IndexedSlices, for which the engine wants a tolerance named.
TOL = 1e-5
SHARDS = {"unigrams": [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10], "num_shards": 2, "shard": 1}

CASES = [
    Case("uniform", sampler("uniform", 2, 8, False, 100, seed=7), [TRUE]),
    Case("uniform_unique", sampler("uniform", 2, 8, True, 11, seed=7, name="u"), [TRUE]),
    Case("uniform_unique_all", sampler("uniform", 2, 16, True, 16, seed=3), [TRUE]),
    Case("log_uniform", sampler("log_uniform", 2, 9, False, 50000, seed=1), [TRUE]),
    Case("log_uniform_unique", sampler("log_uniform", 2, 64, True, 50000, seed=1), [TRUE]),
    Case("log_uniform_dense", sampler("log_uniform", 2, 30, True, 32, seed=2), [TRUE]),
    Case("learned", sampler("learned_unigram", 2, 8, False, 6, seed=7), [TRUE]),
    Case("learned_unique", sampler("learned_unigram", 2, 5, True, 6, seed=7), [TRUE]),
    Case("fixed", sampler("fixed_unigram", 2, 8, False, 6, unigrams=[1.0, 2, 3, 4, 5, 6], seed=7), [TRUE]),
    Case("fixed_unique", sampler("fixed_unigram", 2, 5, True, 6, unigrams=[1.0, 0, 3, 4, 5, 6], seed=7), [TRUE]),
    Case(
        "fixed_distorted",
        sampler("fixed_unigram", 2, 8, False, 6, unigrams=[1.0, 2, 9], num_reserved_ids=3, distortion=0.75, seed=7),
        [TRUE],
    ),
    Case("fixed_shard", sampler("fixed_unigram", 2, 4, False, 5, seed=7, **SHARDS), [TRUE]),
    Case("all", sampler("all", 2, 8, True, seed=7), [TRUE]),
    Case(
        "hits",
        lambda tf, true: tf.nn.compute_accidental_hits(true, tf.constant([0, 4, 7, 4], tf.int64), 2),
        [TRUE],
    ),
    Case("too_small", sampler("uniform", 2, 8, True, 5), [TRUE], fails=True),
    Case("columns", sampler("uniform", 1, 8, False, 5), [TRUE], fails=True),
    Case("rank", sampler("uniform", 1, 8, False, 5), [np.array([1, 2])], fails=True),
    Case("range", sampler("log_uniform", 2, 8, False, 0), [TRUE], fails=True),
    Case("outside", sampler("learned_unigram", 2, 8, False, 4), [TRUE], fails=True),
    Case("weights", sampler("fixed_unigram", 2, 8, False, 6, unigrams=[1.0, 2]), [TRUE], fails=True),
    Case("no_weights", sampler("fixed_unigram", 2, 8, False, 6), [TRUE], fails=True),
    Case("nce", loss("nce_loss"), [*LOSS_INPUTS, ONE], tol=TOL),
    Case("nce_two", loss("nce_loss", num_true=2, name="n"), [(40, 6), (40,), (3, 6), TRUE], tol=TOL, **SHORT),
    Case("nce_hits", loss("nce_loss", remove_accidental_hits=True), [*LOSS_INPUTS, ONE], tol=TOL, **SHORT),
    Case("softmax", loss("sampled_softmax_loss"), [*LOSS_INPUTS, ONE], tol=TOL, **SHORT),
    Case(
        "softmax_keeps",
        loss("sampled_softmax_loss", remove_accidental_hits=False),
        [*LOSS_INPUTS, ONE],
        tol=TOL,
        **SHORT,
    ),
    Case("softmax_own", own_sampler, [*LOSS_INPUTS, ONE.astype(np.int32)], tol=TOL),
]
