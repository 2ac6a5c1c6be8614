"""What `tf.contrib.distributions` and `tf.contrib.metrics` give under TensorFlow 1.15: contrib_probability.json.

Run with Python 3.7 and TensorFlow 1.15.0:  python tests/golden/contrib_probability.py

The test runs the same bodies on scopedjax. Every random node has a seed, so samples compare too.
"""

import json
import os

import numpy as np

VALUES = np.array([[0.5, 1.5], [-1.0, 0.0], [2.0, 3.0]], np.float32)
LABELS = np.array([0, 1, 1, 0, 1, 1])
GUESSES = np.array([0, 1, 0, 1, 1, 1])
SCORES = np.array([0.1, 0.7, 0.35, 0.4, 0.9, 0.6], np.float32)
WEIGHTS = np.array([1.0, 2.0, 0.0, 1.0, 0.5, 1.0], np.float32)


def statistics(tf, d, other=None):
    """All that a distribution can tell, and samples."""
    found = [d.log_prob(VALUES), d.prob(VALUES), d.entropy(), d.mean(), d.mode(), d.stddev(), d.variance()]
    found += [d.sample(3, seed=1), d.sample([2, 2], seed=5)]
    if other is not None:
        found += [d.covariance(), d.kl_divergence(other)]
    with tf.Session() as session:
        return session.run(found) + [np.array(d.batch_shape.as_list()), np.array(d.event_shape.as_list())]


def streamed(tf, metric, first, second, **more):
    """A metric over two batches."""
    value, update = metric(tf.constant(first), tf.constant(second), **more)
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        found = [session.run(update), session.run(update), session.run(value)]
        return found + session.run(tf.local_variables())


def _diag(*args, **kwargs):
    def body(tf):
        c = tf.contrib.distributions
        other = c.MultivariateNormalDiag([1.0, 1.0], [1.0, 2.0])
        return statistics(tf, c.MultivariateNormalDiag(*args, **kwargs), other)

    return body


def _streaming(name, guesses=GUESSES, labels=LABELS, **more):
    return lambda tf: streamed(tf, getattr(tf.contrib.metrics, name), guesses, labels, **more)


BODIES = {
    "diag": _diag([0.0, 1.0], [2.0, 3.0]),
    "diag of location": _diag([0.0, 1.0]),
    "diag of scale": _diag(scale_diag=[2.0, -3.0]),
    "diag of multiplier": _diag([0.0, 1.0], scale_identity_multiplier=2.0),
    "diag of both": _diag([0.0, 1.0], [2.0, 3.0], 0.5),
    "diag of a batch": _diag([[0.0, 1.0], [1.0, 1.0], [0.5, 2.0]], [2.0, 3.0]),
    "softplus diag": lambda tf: statistics(
        tf, tf.contrib.distributions.MultivariateNormalDiagWithSoftplusScale([0.0, 1.0], [0.5, -1.0])
    ),
    "softplus normal": lambda tf: statistics(tf, tf.contrib.distributions.NormalWithSoftplusScale(0.5, [0.5, -1.0])),
    "softplus laplace": lambda tf: statistics(tf, tf.contrib.distributions.LaplaceWithSoftplusScale(0.5, [0.5, -1.0])),
    "streaming_accuracy": _streaming("streaming_accuracy"),
    "streaming_precision": _streaming("streaming_precision", weights=WEIGHTS),
    "streaming_recall": _streaming("streaming_recall"),
    "streaming_auc": _streaming("streaming_auc", SCORES, weights=WEIGHTS, num_thresholds=10),
    "streaming_mean_absolute_error": _streaming("streaming_mean_absolute_error", SCORES, WEIGHTS, weights=WEIGHTS),
    "streaming_mean_squared_error": _streaming("streaming_mean_squared_error", SCORES, WEIGHTS),
    "streaming_root_mean_squared_error": _streaming(
        "streaming_root_mean_squared_error", SCORES, WEIGHTS, weights=WEIGHTS
    ),
    "streaming_true_positives": _streaming("streaming_true_positives", weights=WEIGHTS),
    "streaming_true_negatives": _streaming("streaming_true_negatives"),
    "streaming_false_positives": _streaming("streaming_false_positives"),
    "streaming_false_negatives": _streaming("streaming_false_negatives", weights=WEIGHTS),
    "streaming_mean": lambda tf: streamed(
        tf, lambda a, b: tf.contrib.metrics.streaming_mean(a, weights=b), SCORES, WEIGHTS
    ),
    "reparameterization": lambda tf: (
        [
            isinstance(kind, tf.distributions.ReparameterizationType)
            for kind in (tf.distributions.FULLY_REPARAMETERIZED, tf.distributions.NOT_REPARAMETERIZED)
        ]
        + [
            tf.distributions.Normal(0.0, 1.0).reparameterization_type == tf.distributions.FULLY_REPARAMETERIZED,
            tf.distributions.Bernoulli(0.5).reparameterization_type == tf.distributions.FULLY_REPARAMETERIZED,
        ]
    ),
    "f1_score": lambda tf: streamed(tf, tf.contrib.metrics.f1_score, LABELS, SCORES, num_thresholds=20),
    "accuracy": lambda tf: [
        tf.Session().run(tf.contrib.metrics.accuracy(tf.constant(GUESSES), tf.constant(LABELS), weights))
        for weights in (None, WEIGHTS)
    ],
}


def main():
    """Runs every body under TensorFlow 1.15 and writes the file."""
    import tensorflow as tf

    assert tf.__version__.startswith("1.15"), tf.__version__
    found = {}
    for name in sorted(BODIES):
        with tf.Graph().as_default():
            found[name] = [np.asarray(value).tolist() for value in BODIES[name](tf)]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "contrib_probability.json")
    with open(path, "w") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main()
