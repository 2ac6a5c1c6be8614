"""Layers of a program's own against real TensorFlow: what they make, what they know of themselves, what they add."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import oracle

pytestmark = pytest.mark.oracle

FACTS = (
    "name", "built", "trainable", "dtype", "stateful", "supports_masking", "weights", "variables", "trainable_weights",
    "trainable_variables", "non_trainable_weights", "non_trainable_variables", "updates", "scope_name", "input_spec",
    "activity_regularizer", "inbound_nodes", "outbound_nodes",
)  # fmt: skip


def _shown(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_shown(v) for v in value]
    return value.name if hasattr(value, "name") else value


def _tried(ask: Any) -> Any:
    try:
        return _shown(ask())
    except Exception as error:
        return [type(error).__name__, str(error)[:40]]


def _facts(layer: Any) -> Any:
    return {name: _tried(lambda name=name: getattr(layer, name)) for name in FACTS}


def _collections(tf: Any) -> Any:
    keys = ("variables", "trainable_variables", "regularization_losses", "update_ops")
    return {key: _shown(tf.get_collection(key)) for key in keys}


def _counting(tf: Any, **options: Any) -> Any:
    """A layer with a penalized weight, a counter that it updates, and a loss of its activity."""

    class Counting(tf.layers.Layer):
        def build(self, shape: Any) -> None:
            size = int(shape[-1])
            self.w = self.add_weight("w", shape=[size, 2], regularizer=lambda v: tf.reduce_sum(v * v))
            self.b = self.add_variable(
                name="b", shape=[2], initializer=tf.zeros_initializer(), trainable=False, use_resource=False
            )
            super().build(shape)

        def call(self, x: Any) -> Any:
            y = tf.matmul(x, self.w) + self.b
            self.add_update(tf.assign_add(self.b, tf.reduce_mean(y, 0)))
            self.add_loss(tf.reduce_mean(y), inputs=x)
            return y

        def compute_output_shape(self, shape: Any) -> Any:
            return tf.TensorShape([shape[0], 2])

    return Counting(**options)


def _life(tf: Any, **options: Any) -> Any:
    layer = _counting(tf, **options)
    found = [_facts(layer), _tried(layer.count_params)]
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    layer(x)
    z = layer.apply(x * 2.0)
    found += [_facts(layer), layer.count_params(), _collections(tf), z.name, layer.compute_output_shape([None, 3])]
    found += [
        len(layer.losses), _shown(layer.get_losses_for(x)), len(layer.get_losses_for(None)),
        _shown(layer.get_updates_for(x)), _shown(layer.get_updates_for(None)), layer.compute_mask(x, None),
    ]  # fmt: skip
    layer.trainable = not layer.trainable
    return [*found, _facts(layer)]


@pytest.mark.parametrize("options", [{}, {"trainable": False, "name": "held"}, {"dtype": "float32"}], ids=str)
def test_life(options: dict[str, Any]) -> None:
    """Before it is called, after two calls, and with `trainable` turned."""
    oracle.check_both(lambda tf: _life(tf, **options))


def test_scopes() -> None:
    def body(tf: Any) -> Any:
        x = tf.ones([2, 3])

        def of(**options: Any) -> Any:
            scope = options.pop("scope", None)

            def made() -> Any:
                layer = _counting(tf, **options)
                y = layer(x) if scope is None else layer(x, scope=scope)
                return [y.name, layer.name, layer.scope_name, *_shown(layer.weights)]

            return _tried(made)

        found = []
        with tf.variable_scope("outer"):
            found += [of(), of(name="named"), of(scope="given"), of(name="a/b")]
        with tf.variable_scope("other"):
            found += [of(name="named")]
        with tf.variable_scope("outer", reuse=True):
            found += [of(), of(name="named"), of(name="absent")]
        with tf.variable_scope("outer", reuse=tf.AUTO_REUSE):
            found += [of(name="named"), of(name="new"), of(name="new")]
        with tf.variable_scope("outer"):
            found += [of(name="named"), of(name="named", _reuse=True), of(name="q", _scope="named", _reuse=True)]
            found += [of(name="q", _scope=tf.get_variable_scope())]
        with tf.name_scope("nodes"):
            found += [of(), of(name="named")]
        return found, _collections(tf)

    oracle.check_both(body)


WEIGHTS: list[dict[str, Any]] = [
    {},
    {"dtype": "float64"},
    {"trainable": False},
    {"use_resource": True},
    {"initializer": "ones"},
    {"initializer": "he_normal", "shape": [2, 3]},
    {"initializer": "nothing like it"},
    {"regularizer": "l2"},
    {"constraint": "non_neg"},
    {"collections": ["mine"]},
    {"getter": None},
    {"no_such": 1},
]


@pytest.mark.parametrize("options", WEIGHTS, ids=str)
def test_add_weight(options: dict[str, Any]) -> None:
    """Every argument; initializers, regularizers and constraints may be names."""

    def body(tf: Any) -> Any:
        class Holder(tf.layers.Layer):
            def build(self, shape: Any) -> None:
                self.v = self.add_weight("v", **{"shape": [2], **options})
                self.built = True

        layer = Holder()
        layer(tf.ones([2, 3]))
        described = [layer.v.name, layer.v.dtype.name, layer.v.constraint is None, len(layer.losses)]
        return described, _shown(layer.trainable_weights), len(tf.get_collection("regularization_losses"))

    theirs, ours = oracle.both(body)
    oracle.assert_same(theirs, ours, phrase="initializer" if "nothing" in str(options) else None)


def test_said_by_name() -> None:
    """Activations and the rest by Keras' names, in the functions and in the classes."""

    def body(tf: Any) -> Any:
        x = tf.constant(np.linspace(-1, 1, 2 * 4 * 4 * 3).reshape(2, 4, 4, 3).astype(np.float32))
        c = tf.layers.conv2d(x, 2, 3, activation="relu", kernel_initializer="ones", kernel_regularizer="l2")
        n = tf.layers.batch_normalization(c, gamma_initializer="ones", gamma_constraint="NonNeg")
        d = tf.layers.dense(
            tf.layers.flatten(n),
            3,
            activation="softmax",
            kernel_initializer="zeros",
            bias_initializer=tf.ones_initializer,
        )
        s = tf.layers.separable_conv2d(x, 2, 3, activation="tanh", depthwise_initializer="ones",
                                       pointwise_initializer="ones")  # fmt: skip
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            losses = session.run(tf.get_collection("regularization_losses"))
            return [c.name, n.name, d.name, s.name], session.run([c, n, d, s]), losses

    oracle.check_both(body, rtol=1e-4, atol=1e-6)
    for options in ({"activation": "no such"}, {"kernel_regularizer": "no such"}, {"kernel_constraint": "no such"}):
        oracle.check_both_raise(lambda tf, o=options: tf.layers.Dense(2, **o), match="Unknown")
    oracle.check_both_raise(lambda tf: tf.layers.Dense(2, kernel_initializer=0.5), match="Could not interpret init")


def test_dense_casts_its_inputs() -> None:
    def body(tf: Any) -> Any:
        layer = tf.layers.Dense(2, dtype=tf.float64, kernel_initializer="ones")
        found = [layer(tf.ones([2, 3])), layer(tf.ones([2, 3], tf.int32))]
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return session.run(found)

    oracle.check_both(body)


def test_added_outside_a_call() -> None:
    """Losses of all kinds; updates, which a collection gets at the next call."""

    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [None, 3], name="x")

        class Twice(tf.layers.Layer):
            def call(self, a: Any) -> Any:
                return a * 2.0

        layer = Twice(activity_regularizer=tf.reduce_sum)
        y = layer(x)
        for loss in (tf.reduce_sum(y), [tf.constant(1.0)], 3.0, None):
            layer.add_loss(loss, **({"inputs": x} if loss is not None and hasattr(loss, "op") else {}))
        layer.add_update(tf.no_op("up"))
        layer.add_update([tf.assign(tf.Variable(1.0, use_resource=False), tf.reduce_sum(x))])
        before = _collections(tf)
        layer(x)
        known = [len(layer.get_losses_for(x)), len(layer.get_losses_for(None)), _shown(layer.get_updates_for(x))]
        return before, _collections(tf), known, _shown(layer.get_updates_for(None)), len(layer.losses)

    oracle.check_both(body)


def test_weights_from_and_to_arrays() -> None:
    def body(tf: Any) -> Any:
        layer = tf.layers.Dense(2, name="d")
        layer(tf.ones([1, 2]))
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            layer.set_weights([np.ones([2, 2]), np.zeros(2)])
            return layer.get_weights(), session.run(layer.kernel), _tried(lambda: layer.set_weights([1.0]))

    oracle.check_both(body)


def test_config() -> None:
    """Built-in layers say their arguments; a layer with arguments of its own must say them itself."""

    def body(tf: Any) -> Any:
        layers = [
            tf.layers.Dense(2, activation="relu", kernel_regularizer="l2", name="d"), tf.layers.Conv2D(2, 3, name="c"),
            tf.layers.BatchNormalization(name="b"), tf.layers.Dropout(0.3, name="o"), tf.layers.Flatten(name="f"),
            tf.layers.MaxPooling2D(2, 2, name="m"),
        ]  # fmt: skip
        again = [type(layer).from_config(layer.get_config()) for layer in layers]
        shared = ("name", "trainable", "units", "activation", "filters", "kernel_size", "padding", "strides",
                  "momentum", "epsilon", "rate", "pool_size", "data_format", "use_bias")  # fmt: skip
        says = [{k: v for k, v in layer.get_config().items() if k in shared} for layer in layers]

        class Own(tf.layers.Layer):
            def __init__(self, size: int) -> None:
                super().__init__(name="own")

        return says, [layer.name for layer in again], _tried(Own(2).get_config)

    oracle.check_both(body)
