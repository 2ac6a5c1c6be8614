"""Batch renormalisation, virtual batches and adjustments against TensorFlow, over several training steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle

CLIPPED = {"rmin": 0.7, "rmax": 1.3, "dmax": 0.2}
OPTIONS: dict[str, dict[str, Any]] = {
    "renorm": {"renorm": True},
    "clipped": {"renorm": True, "renorm_clipping": CLIPPED, "renorm_momentum": 0.6, "momentum": 0.8},
    "no_scale": {"renorm": True, "scale": False, "renorm_clipping": {"dmax": 0.1}},
    "no_center": {"renorm": True, "center": False, "epsilon": 0.01},
    "virtual": {"virtual_batch_size": 2, "momentum": 0.7, "fused": True},
    "virtual_renorm": {"virtual_batch_size": 3, "renorm": True, "renorm_clipping": CLIPPED},
    "adjusted": {"adjustment": lambda shape: (shape[-1:] * 0 + 2, shape[-1:] * 0 + 1)},
}


def options(tf: Any, name: str) -> dict[str, Any]:
    given = dict(OPTIONS[name])
    if "adjustment" in given:
        whole = given["adjustment"]
        given["adjustment"] = lambda shape: tuple(tf.cast(part, tf.float32) * 0.7 for part in whole(shape))
    return given


def steps(tf: Any, name: str, shape: tuple[int, ...], axis: int, training: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, *shape[1:]])
    mode = tf.placeholder(tf.bool, []) if training == "fed" else training
    scaled = x * tf.get_variable("w", [], initializer=tf.ones_initializer())
    y = tf.layers.batch_normalization(scaled, axis=axis, training=mode, **options(tf, name))
    weight = np.cos(np.arange(np.prod(shape)) * 0.7).reshape(shape).astype(np.float32)
    loss = tf.reduce_sum(tf.square(y) * weight)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
    found = [y.shape, [(v.name, v.shape.as_list(), v in tf.trainable_variables()) for v in tf.global_variables()]]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for step in range(3):
            feed = {x: np.random.RandomState(step).randn(*shape).astype(np.float32) * 2 + 1}
            if training == "fed":
                feed[mode] = step != 1
            found.append(session.run([y, loss], feed))
            session.run(train, feed)
            found.append(session.run(tf.global_variables()))
    return found


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_steps(name: str) -> None:
    check_both(steps, name, (6, 3), -1, True, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", ["clipped", "virtual"])
def test_images(name: str) -> None:
    check_both(steps, name, (6, 2, 2, 3), -1, True, rtol=2e-4, atol=2e-5)


def test_channels_in_front() -> None:
    check_both(steps, "clipped", (6, 3, 2, 2), 1, True, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", ["clipped", "adjusted"])
def test_training_is_fed(name: str) -> None:
    check_both(steps, name, (6, 3), -1, "fed", rtol=2e-4, atol=2e-5)


def test_not_training() -> None:
    check_both(steps, "renorm", (6, 3), -1, False, rtol=2e-4, atol=2e-5)


ERRORS: dict[str, dict[str, Any]] = {
    "keys": {"renorm": True, "renorm_clipping": {"rmax": 1.0, "foo": 2.0}},
    "no_part": {"virtual_batch_size": -1},
    "batch_axis": {"virtual_batch_size": 2, "axis": 0},
    "both": {"virtual_batch_size": 2, "adjustment": lambda shape: shape},
}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_errors(name: str) -> None:
    phrase = {"keys": "invalid keys for"}.get(name)
    check_both_raise(lambda tf: tf.layers.batch_normalization(tf.zeros([4, 2, 2, 2]), **ERRORS[name]), match=phrase)
