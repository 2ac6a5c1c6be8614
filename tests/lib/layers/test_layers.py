"""tf.layers against real TensorFlow: names of nodes and variables, shapes, values from the same seed, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import oracle

pytestmark = pytest.mark.oracle

IMAGES = (2, 8, 7, 3)
SEQUENCE = (2, 8, 3)
VOLUME = (2, 5, 6, 5, 3)


def _value(shape: tuple[int, ...]) -> Any:
    return np.random.RandomState(0).uniform(-1, 1, shape).astype(np.float32)


def _recorded(tf: Any, call: Any, shape: tuple[int, ...], batch: int | None) -> tuple[Any, Any]:
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [batch, *shape[1:]], name="x")
    return x, call(tf, x)


def _graph(tf: Any, call: Any, shape: tuple[int, ...], batch: int | None) -> Any:
    """Names, static shapes and values of a layer, and gradients for its input and its variables."""
    x, y = _recorded(tf, call, shape, batch)
    nodes = oracle.graph_nodes(tf.get_default_graph())
    variables = tf.trainable_variables()
    found = [g for g in tf.gradients(tf.reduce_sum(tf.square(y)), [x, *variables]) if g is not None]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = session.run([y, *variables, *found], {x: _value(shape)})
    described = [(v.name, v.shape.as_list(), v.dtype.name) for v in tf.global_variables()]
    return nodes, y.name, y.shape.as_list(), described, values


LAYERS: list[tuple[str, tuple[int, ...], Any]] = [
    ("dense", (4, 3), lambda tf, x: tf.layers.dense(x, 5)),
    ("dense_relu", (4, 3), lambda tf, x: tf.layers.dense(x, 5, activation=tf.nn.relu, name="fc")),
    ("dense_plain", (4, 3), lambda tf, x: tf.layers.dense(x, 5, use_bias=False)),
    ("dense_three", (2, 4, 3), lambda tf, x: tf.layers.dense(x, 5)),
    ("dense_twice", (4, 3), lambda tf, x: tf.layers.dense(tf.layers.dense(x, 5), 2)),
    (
        "dense_initialized",
        (4, 3),
        lambda tf, x: tf.layers.dense(
            x,
            5,
            kernel_initializer=tf.truncated_normal_initializer(stddev=0.1),
            bias_initializer=tf.constant_initializer(0.1),
        ),
    ),
    ("dense_scoped", (4, 3), lambda tf, x: _in_scope(tf, x)),
    ("conv2d", IMAGES, lambda tf, x: tf.layers.conv2d(x, 4, 3)),
    (
        "conv2d_same",
        IMAGES,
        lambda tf, x: tf.layers.conv2d(x, 4, [5, 3], strides=2, padding="SAME", name="c1", activation=tf.nn.elu),
    ),
    ("conv2d_dilated", IMAGES, lambda tf, x: tf.layers.conv2d(x, 4, 3, dilation_rate=2)),
    ("conv1d", SEQUENCE, lambda tf, x: tf.layers.conv1d(x, 4, 3, activation=tf.tanh)),
    ("conv1d_same", SEQUENCE, lambda tf, x: tf.layers.conv1d(x, 4, 3, strides=2, padding="same", use_bias=False)),
    ("conv3d", VOLUME, lambda tf, x: tf.layers.conv3d(x, 2, 3)),
    ("conv2d_transpose", IMAGES, lambda tf, x: tf.layers.conv2d_transpose(x, 4, 5, strides=2, padding="same")),
    (
        "conv2d_transpose_valid",
        IMAGES,
        lambda tf, x: tf.layers.conv2d_transpose(
            x, 4, [3, 2], strides=(2, 3), use_bias=False, activation=tf.nn.tanh, name="up"
        ),
    ),
    ("separable_conv2d", IMAGES, lambda tf, x: tf.layers.separable_conv2d(x, 4, 3, depth_multiplier=2)),
    ("max_pooling2d", IMAGES, lambda tf, x: tf.layers.max_pooling2d(x, 2, 2)),
    ("max_pooling2d_same", IMAGES, lambda tf, x: tf.layers.max_pooling2d(x, [3, 3], [2, 2], padding="same", name="p")),
    ("average_pooling2d", IMAGES, lambda tf, x: tf.layers.average_pooling2d(x, 2, 2)),
    ("max_pooling1d", SEQUENCE, lambda tf, x: tf.layers.max_pooling1d(x, 2, 2)),
    ("average_pooling1d", SEQUENCE, lambda tf, x: tf.layers.average_pooling1d(x, 3, 2, padding="same")),
    ("max_pooling3d", VOLUME, lambda tf, x: tf.layers.max_pooling3d(x, 2, 2)),
    ("average_pooling3d", VOLUME, lambda tf, x: tf.layers.average_pooling3d(x, 2, 2)),
    ("flatten", IMAGES, lambda tf, x: tf.layers.flatten(x)),
    ("flatten_vector", (4,), lambda tf, x: tf.layers.flatten(x)),
    ("flatten_first", IMAGES, lambda tf, x: tf.layers.flatten(x, data_format="channels_first")),
    ("dropout_off", (4, 3), lambda tf, x: tf.layers.dropout(x, 0.3)),
    ("dropout_on", (4, 30), lambda tf, x: tf.layers.dropout(x, 0.3, training=True)),
    ("dropout_noise", (4, 30), lambda tf, x: tf.layers.dropout(x, 0.3, [None, 1], seed=5, training=True, name="d")),
    ("batch_norm", (6, 3), lambda tf, x: tf.layers.batch_normalization(x)),
    ("batch_norm_training", (6, 3), lambda tf, x: tf.layers.batch_normalization(x, training=True)),
    ("batch_norm_images", IMAGES, lambda tf, x: tf.layers.batch_normalization(x)),
    ("batch_norm_images_training", IMAGES, lambda tf, x: tf.layers.batch_normalization(x, training=True, name="bn")),
    (
        "batch_norm_bare",
        IMAGES,
        lambda tf, x: tf.layers.batch_normalization(x, training=True, fused=False, center=False, scale=False),
    ),
    ("batch_norm_axis", (4, 3, 5), lambda tf, x: tf.layers.batch_normalization(x, axis=1, training=True)),
    (
        "regularized",
        (4, 3),
        lambda tf, x: tf.layers.dense(
            x, 5, kernel_regularizer=lambda w: 0.1 * tf.nn.l2_loss(w), activity_regularizer=tf.nn.l2_loss
        ),
    ),
    ("network", IMAGES, lambda tf, x: _network(tf, x)),
]


def _in_scope(tf: Any, x: Any) -> Any:
    with tf.variable_scope("net", initializer=tf.random_normal_initializer(stddev=0.2)):
        h = tf.layers.dense(x, 5)
        with tf.variable_scope("deep"):
            h = tf.layers.dense(h, 4)
    with tf.variable_scope("net", reuse=True):
        return tf.layers.dense(x, 5) * tf.reduce_sum(h)


def _network(tf: Any, x: Any) -> Any:
    h = tf.layers.conv2d(x, 4, 3, padding="same", activation=tf.nn.relu)
    h = tf.layers.max_pooling2d(h, 2, 2)
    h = tf.layers.conv2d(h, 6, 3, padding="same", activation=tf.nn.relu)
    return tf.layers.dense(tf.layers.flatten(h), 10)


@pytest.mark.parametrize("batch", ["static", "unknown"])
@pytest.mark.parametrize(("shape", "call"), [row[1:] for row in LAYERS], ids=[row[0] for row in LAYERS])
def test_layer(shape: tuple[int, ...], call: Any, batch: str) -> None:
    oracle.check_both(_graph, call, shape, shape[0] if batch == "static" else None, rtol=1e-4, atol=1e-4)


def _objects(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 4])
    first, second, third = tf.layers.Dense(4), tf.layers.Dense(4, name="fc"), tf.layers.Dense(4)
    names = [first.name, second.name, third.name, first.built, len(first.variables)]
    with tf.variable_scope("s"):
        ys = [second(x), third(x), first(x), first.apply(x)]
    again = first(x)
    return (
        names,
        [y.name for y in [*ys, again]],
        [v.name for v in tf.global_variables()],
        [first.scope_name, third.scope_name, first.count_params(), first.built, first.kernel.name, first.bias.name],
        [[v.name for v in group] for group in (first.trainable_weights, first.non_trainable_weights, first.weights)],
    )


def test_objects_keep_their_scope() -> None:
    oracle.check_both(_objects)


def _reuse(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 2])
    ys = [tf.layers.dense(x, 3, name="fc"), tf.layers.dense(x, 3, name="fc", reuse=True)]
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        ys += [tf.layers.dense(x, 3, name="q"), tf.layers.dense(x, 3, name="q")]
    with tf.variable_scope("a", reuse=True):
        ys.append(tf.layers.dense(x, 3, name="q"))
    ys.append(tf.layers.Dense(3)(x, scope="given"))
    return [y.name for y in ys], [v.name for v in tf.global_variables()]


def test_reuse() -> None:
    oracle.check_both(_reuse)


def _custom(tf: Any) -> Any:
    class Bilinear(tf.layers.Layer):
        def build(self, input_shape: Any) -> None:
            size = int(input_shape[-1])
            self.kernel = self.add_variable("kernel", [size, 2], initializer=tf.ones_initializer())
            self.count = self.add_weight("count", [], trainable=False, initializer=tf.zeros_initializer())
            self.built = True

        def call(self, inputs: Any, negate: bool = False) -> Any:
            product = tf.matmul(inputs, self.kernel)
            self.add_loss(tf.reduce_sum(product))
            return -product if negate else product

    layer = Bilinear()
    y = layer(tf.ones([2, 3]), negate=True)
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = session.run([y, losses])
    return (
        [layer.name, y.name, layer.count_params(), len(layer.losses)],
        [v.name for v in layer.variables],
        [v.name for v in tf.trainable_variables()],
        values,
    )


def test_subclass() -> None:
    oracle.check_both(_custom)


def _losses(tf: Any) -> Any:
    layer = tf.layers.Dense(3, kernel_regularizer=tf.nn.l2_loss, activity_regularizer=tf.reduce_sum)
    x = tf.ones([2, 2])
    layer(x)
    layer(x)
    tf.layers.dense(x, 3, name="other", kernel_regularizer=tf.nn.l2_loss)
    tf.layers.dense(x, 3, name="other", kernel_regularizer=tf.nn.l2_loss, reuse=True)
    names = [loss.name for loss in tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)]
    return names, len(layer.losses), len(layer.get_losses_for(x)), len(layer.get_losses_for(None))


def test_losses() -> None:
    oracle.check_both(_losses)


def _trained(tf: Any, shape: tuple[int, ...], fed: bool) -> Any:
    """Three steps of training through a batch normalisation, with the updates, then inference."""
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [None, *shape[1:]])
    training = tf.placeholder(tf.bool, []) if fed else True
    y = tf.layers.batch_normalization(tf.layers.dense(x, 3), training=training, momentum=0.8)
    loss = tf.reduce_mean(tf.square(y - 1.0))
    grads = tf.gradients(loss, tf.trainable_variables())
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.control_dependencies([*updates, *grads]):  # TF1 may else subtract before another gradient was taken
        step = tf.group(*[tf.assign_sub(v, 0.1 * g) for v, g in zip(tf.trainable_variables(), grads, strict=True)])
    found = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(step, {x: _value(shape), **({training: True} if fed else {})})
            found.append(session.run(tf.global_variables()))
        found.append(session.run([y, loss], {x: _value(shape), **({training: False} if fed else {})}))
        if fed:  # outside training the averages stay
            session.run(updates, {x: _value(shape), training: False})
            found.append(session.run(tf.global_variables()))
    return len(updates), found


@pytest.mark.parametrize("fed", [False, True])
@pytest.mark.parametrize("shape", [(6, 4), (2, 3, 4, 4)])
def test_batch_normalization_trains(shape: tuple[int, ...], fed: bool) -> None:
    oracle.check_both(_trained, shape, fed, rtol=2e-3, atol=1e-4)


def _dropped(tf: Any) -> Any:
    tf.set_random_seed(7)
    x, training = tf.ones([4, 50]), tf.placeholder(tf.bool, [])
    y = tf.layers.dropout(x, 0.4, training=training)
    with tf.Session() as session:
        return [session.run(y, {training: on}) for on in (True, False, True)]


def test_dropout_by_placeholder() -> None:
    oracle.check_both(_dropped)


REFUSED = [
    ("Keyword argument not understood", lambda tf, x: tf.layers.Dense(3, foo=1)),
    ("already exists, disallowed", lambda tf, x: [tf.layers.dense(x, 3, name="f"), tf.layers.dense(x, 3, name="f")]),
    ("expected min_ndim=4, found ndim=2", lambda tf, x: tf.layers.conv2d(x, 3, 3)),
    ("expected ndim=4, found ndim=2", lambda tf, x: tf.layers.max_pooling2d(x, 3, 3)),
    ("expected min_ndim=2, found ndim=1", lambda tf, x: tf.layers.dense(tf.zeros([3]), 3)),
    ("expected axis -1 of input shape to have value 4", lambda tf, x: _wrong_width(tf, x)),
    ("should be defined. Found None", lambda tf, x: tf.layers.dense(tf.placeholder(tf.float32, [None, None]), 3)),
    ("channel dimension of the inputs should be defined",
     lambda tf, x: tf.layers.conv2d(tf.placeholder(tf.float32, [2, 5, 5, None]), 3, 3)),
    ("can only be built with a floating-point dtype", lambda tf, x: tf.layers.dense(tf.constant([[1, 2]]), 3)),
    ("The `padding` argument must be", lambda tf, x: tf.layers.conv2d(tf.zeros(IMAGES), 3, 3, padding="x")),
    ("must be a tuple of 2 integers", lambda tf, x: tf.layers.conv2d(tf.zeros(IMAGES), 3, [3, 3, 3])),
    ("The `data_format` argument must be", lambda tf, x: tf.layers.conv2d(tf.zeros(IMAGES), 3, 3, data_format="NHWC")),
    ("Invalid value for `axis` argument", lambda tf, x: tf.layers.batch_normalization(x, axis=3)),
    ("undefined `axis` dimension",
     lambda tf, x: tf.layers.batch_normalization(tf.placeholder(tf.float32, [2, None]))),
]  # fmt: skip


def _wrong_width(tf: Any, x: Any) -> None:
    layer = tf.layers.Dense(3)
    layer(x)
    layer(tf.zeros([2, 5]))


@pytest.mark.parametrize(("phrase", "call"), REFUSED, ids=[row[0].replace(" ", "_") for row in REFUSED])
def test_refused(phrase: str, call: Any) -> None:
    oracle.check_both_raise(lambda tf: call(tf, tf.zeros([2, 4])), match=phrase)
