"""`tf.GradientTape` and `tf.TensorSpec` in graphs, against real TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle


def _watched_late(tf: Any) -> Any:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        before = x * x
        tape.watch(x)
        y = x * before
    return tape.gradient(y, x)


def _stopped(tf: Any) -> Any:
    x = tf.constant(3.0)
    outside = x * 2
    with tf.GradientTape() as tape:
        tape.watch(x)
        b = outside * x
        with tape.stop_recording():
            c = b * x
        d = b * c
    return tape.gradient(d, x), d


def _second(tf: Any) -> Any:
    x = tf.constant([3.0, 1.0])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        first = inner.gradient(y, x)
    return first, outer.gradient(first, x)


def _reset(tf: Any) -> Any:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        tape.reset()
        tape.watch(x)
        z = y * x
    return tape.gradient(z, x)


def _several(tf: Any) -> Any:
    x, y = tf.constant([1.0, 2.0]), tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        z = {"a": x * y, "b": tf.exp(y)}
        while_recording = tape.gradient(z["a"], x)
    found = tape.gradient(z, {"x": x, "y": y})
    outer = tape.gradient([z["a"], z["b"]], [x], output_gradients=[tf.constant([2.0, 3.0]), tf.constant(1.0)])
    return found, outer, while_recording, tape.gradient(z["b"], x, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def _resource(tf: Any) -> Any:
    v = tf.get_variable("v", initializer=3.0, use_resource=True)
    w = tf.get_variable("w", initializer=2.0, use_resource=True)
    n = tf.get_variable("n", initializer=5.0, use_resource=True, trainable=False)
    with tf.GradientTape(persistent=True) as tape:
        y = v * v * w * n
        later = y * 2.0
    after = later * v
    with tf.GradientTape(watch_accessed_variables=False) as other:
        other.watch(v)
        z = v * w
    names = [x.name for x in tape.watched_variables()], [x.name for x in other.watched_variables()]
    nothing = [tape.gradient(y, n) is None, tape.gradient(after, v) is None]
    gradients = other.gradient(z, [v, w])
    return names, nothing, gradients[1] is None, tape.gradient(later, [v, w]), gradients[0]


BODIES: dict[str, Callable[[Any], Any]] = {
    f.__name__.strip("_"): f for f in (_watched_late, _stopped, _second, _reset, _several, _resource)
}


@pytest.mark.parametrize("name", BODIES)
def test_tape(name: str) -> None:
    def body(tf: Any) -> Any:
        result = tf.nest.flatten(BODIES[name](tf))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return [sess.run(x) if isinstance(x, tf.Tensor) else x for x in result]

    check_both(body)


def test_nothing_to_derive() -> None:
    def body(tf: Any) -> Any:
        x = tf.constant(3.0)
        with tf.GradientTape(persistent=True) as tape:
            y = x * x
        return tape.gradient(y, x), tape.gradient(y, [x, y]) == [None, None]

    check_both(body)


def _twice(tf: Any) -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    tape.gradient(y, x)
    tape.gradient(y, x)


def _reentered(tf: Any) -> None:
    with tf.GradientTape() as tape, tape:
        pass


@pytest.mark.parametrize("body", [_twice, _reentered, lambda tf: tf.GradientTape().watch(3.0)])
def test_refused(body: Any) -> None:
    check_both_raise(body)


def test_reference_variables(tf: Any) -> None:
    """TensorFlow fails on these by accident; here they are watched as resource variables are."""
    v = tf.get_variable("v", initializer=3.0)
    with tf.GradientTape() as tape:
        y = v * v
    slope = tape.gradient(y, v)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(slope) == 6.0


def test_tensor_spec() -> None:
    def body(tf: Any) -> Any:
        spec = tf.TensorSpec([None, 3], tf.float32, name="s")
        others = [
            tf.TensorSpec([None, 3]), tf.TensorSpec([None, 3], name="s"), tf.TensorSpec([2, 3]), tf.TensorSpec(None),
            tf.TensorSpec([2, 3], tf.int32), tf.TensorSpec([]),
        ]  # fmt: skip
        tensor = tf.zeros([2, 3], name="z")
        return (
            [spec == other for other in others],
            [spec.is_compatible_with(other) for other in [*others, tensor]],
            [repr(x) for x in [spec, *others, tf.TensorSpec.from_tensor(tensor), tf.TensorSpec.from_spec(spec, "n")]],
            (spec.shape, spec.dtype, spec.name, hash(others[0]) == hash(tf.TensorSpec([None, 3]))),
        )

    check_both(body)
    check_both_raise(lambda tf: tf.TensorSpec.from_tensor(3))
