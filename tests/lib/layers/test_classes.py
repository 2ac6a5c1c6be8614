"""The classes of tf.layers against real TensorFlow: made by hand, called twice; variables and values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests import oracle

pytestmark = pytest.mark.oracle

IMAGES, SEQUENCE, VOLUME = (2, 6, 5, 3), (2, 8, 3), (1, 4, 5, 4, 2)
Made = Callable[[Any], Any]

CLASSES: dict[str, tuple[tuple[int, ...], Made]] = {
    "Conv1D": (SEQUENCE, lambda tf: tf.layers.Conv1D(4, 3, padding="same", activation=tf.nn.relu)),
    "Conv2D": (IMAGES, lambda tf: tf.layers.Conv2D(4, 3, strides=2, name="c")),
    "Conv3D": (VOLUME, lambda tf: tf.layers.Conv3D(2, 2, use_bias=False)),
    "Conv2DTranspose": (IMAGES, lambda tf: tf.layers.Conv2DTranspose(2, 3, 2, padding="same")),
    "Conv3DTranspose": (VOLUME, lambda tf: tf.layers.Conv3DTranspose(2, 2, 2)),
    "SeparableConv1D": (SEQUENCE, lambda tf: tf.layers.SeparableConv1D(4, 3, depth_multiplier=2)),
    "SeparableConv2D": (IMAGES, lambda tf: tf.layers.SeparableConv2D(4, 3, name="s")),
    "AveragePooling1D": (SEQUENCE, lambda tf: tf.layers.AveragePooling1D(2, 2)),
    "AveragePooling2D": (IMAGES, lambda tf: tf.layers.AveragePooling2D(2, 2, padding="same")),
    "AveragePooling3D": (VOLUME, lambda tf: tf.layers.AveragePooling3D(2, 2)),
    "MaxPooling1D": (SEQUENCE, lambda tf: tf.layers.MaxPooling1D(3, 2)),
    "MaxPooling2D": (IMAGES, lambda tf: tf.layers.MaxPooling2D(2, 2, name="m")),
    "MaxPooling3D": (VOLUME, lambda tf: tf.layers.MaxPooling3D(2, 2)),
    "Flatten": (IMAGES, lambda tf: tf.layers.Flatten()),
    "Dropout": (IMAGES, lambda tf: tf.layers.Dropout(0.4, seed=3)),
    "BatchNormalization": (IMAGES, lambda tf: tf.layers.BatchNormalization(momentum=0.8)),
}
FUNCTIONS: dict[str, tuple[tuple[int, ...], Callable[[Any, Any], Any]]] = {
    "conv3d_transpose": (VOLUME, lambda tf, x: tf.layers.conv3d_transpose(x, 2, 3, 2, padding="same")),
    "separable_conv1d": (SEQUENCE, lambda tf, x: tf.layers.separable_conv1d(x, 4, 3, strides=2, dilation_rate=1)),
}


def _value(shape: tuple[int, ...]) -> Any:
    return np.random.RandomState(0).uniform(-1, 1, shape).astype(np.float32)


def _called_twice(tf: Any, shape: tuple[int, ...], make: Made) -> Any:
    tf.set_random_seed(3)
    layer = make(tf)
    x = tf.placeholder(tf.float32, [None, *shape[1:]], name="x")
    first = layer(x)
    second = layer.apply(x + 1.0, **({"training": True} if layer.name in ("dropout", "batch_normalization") else {}))
    nodes = oracle.graph_nodes(tf.get_default_graph())
    described = [
        layer.name,
        layer.built,
        layer.trainable,
        layer.dtype,
        first.name,
        second.shape.as_list(),
        [d for d in layer.compute_output_shape([None, *shape[1:]])],
        [(v.name, v.shape.as_list()) for v in layer.variables],
        [v.name for v in layer.trainable_variables],
        len(layer.updates),
        len(layer.losses),
        layer.input_spec is None,
    ]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return nodes, described, session.run([first, second, *layer.variables], {x: _value(shape)})


@pytest.mark.parametrize("name", CLASSES)
def test_class(name: str) -> None:
    oracle.check_both(_called_twice, *CLASSES[name], rtol=1e-4, atol=1e-5)


def _function(tf: Any, shape: tuple[int, ...], call: Callable[[Any, Any], Any]) -> Any:
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [None, *shape[1:]], name="x")
    y = call(tf, x)
    gradients = tf.gradients(tf.reduce_sum(tf.square(y)), [x, *tf.trainable_variables()])
    names = [v.name for v in tf.global_variables()]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return names, y.name, y.shape.as_list(), session.run([y, *gradients], {x: _value(shape)})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name: str) -> None:
    oracle.check_both(_function, *FUNCTIONS[name], rtol=1e-4, atol=1e-5)


def _specified(tf: Any) -> Any:
    class Pair(tf.layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="pair")
            self.input_spec = tf.layers.InputSpec(ndim=2, axes={-1: 3}, dtype=None)

        def call(self, inputs: Any) -> Any:
            return inputs * 2

    layer = Pair()
    spec = tf.layers.InputSpec(shape=[None, 3], max_ndim=4, min_ndim=1)
    return [layer(tf.zeros([2, 3])).name, spec.ndim, spec.shape, spec.max_ndim, spec.min_ndim, spec.axes], layer


def test_input_spec() -> None:
    oracle.check_both(lambda tf: _specified(tf)[0])
    oracle.check_both_raise(lambda tf: _specified(tf)[1](tf.zeros([2, 3, 1])), match="expected ndim=2, found ndim=3")
