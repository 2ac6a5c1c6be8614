"""LocallyConnected1D/2D and ConvLSTM2D: weights, numbers, gradients and errors, against TensorFlow's Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle


def _data(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


LOCAL: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {
    "1d": (lambda L: L.LocallyConnected1D(4, 3, 2, activation="tanh"), (2, 6, 3)),
    "1d_first": (lambda L: L.LocallyConnected1D(4, 3, data_format="channels_first"), (2, 3, 6)),
    "1d_masked": (lambda L: L.LocallyConnected1D(2, 3, padding="same", implementation=2), (2, 5, 3)),
    "1d_sparse": (lambda L: L.LocallyConnected1D(2, 2, padding="same", implementation=3, use_bias=False), (2, 5, 3)),
    "2d": (lambda L: L.LocallyConnected2D(4, (3, 2), (2, 1)), (2, 5, 6, 3)),
    "2d_first": (lambda L: L.LocallyConnected2D(4, (3, 2), (2, 1), data_format="channels_first"), (2, 3, 5, 6)),
    "2d_masked": (lambda L: L.LocallyConnected2D(3, 2, (2, 1), padding="same", implementation=2), (2, 4, 3, 2)),
    "2d_masked_first": (
        lambda L: L.LocallyConnected2D(3, 2, data_format="channels_first", implementation=2),
        (2, 2, 4, 3),
    ),
    "2d_sparse": (lambda L: L.LocallyConnected2D(3, 2, (2, 1), implementation=3), (2, 4, 3, 2)),
    "2d_sparse_first": (
        lambda L: L.LocallyConnected2D(3, 2, data_format="channels_first", implementation=3),
        (2, 2, 4, 3),
    ),
}


def _answers(tf: Any, layer: Any, inputs: Any, trains: bool = True) -> Any:
    """What a layer with given weights says, and the gradients."""
    found = layer(inputs)
    several = list(found) if isinstance(found, (tuple, list)) else [found]
    shapes = [tuple(w.shape.as_list()) for w in layer.weights]
    names = [w.name for w in layer.weights]
    gradients = tf.gradients(several[0] ** 2, [inputs, *layer.trainable_weights]) if trains else []
    session = tf.keras.backend.get_session()
    layer.set_weights([_data(*shape) * 0.5 for shape in shapes])
    return [names, shapes, [t.shape for t in several], session.run([several, gradients])]


@pytest.fixture(autouse=True)
def _clear() -> Any:
    yield
    from tests.oracle import our_tf, real_tf

    our_tf().keras.backend.clear_session()
    real_tf().keras.backend.clear_session()


@pytest.mark.parametrize("name", LOCAL)
def test_locally_connected(name: str) -> None:
    make, shape = LOCAL[name]

    def body(tf: Any) -> Any:
        return _answers(tf, make(tf.keras.layers), tf.constant(_data(*shape)))

    check_both(body, rtol=2e-4, atol=1e-5)


MEMORIES: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "last": ({}, (2, 3, 5, 6, 2)),
    "same": ({"padding": "same", "return_sequences": True, "strides": 2, "use_bias": False}, (2, 3, 5, 6, 2)),
    "states": ({"return_state": True, "go_backwards": True, "activation": "relu"}, (2, 3, 5, 6, 2)),
    "dilated": ({"dilation_rate": 2, "recurrent_activation": "sigmoid", "return_sequences": True}, (2, 3, 7, 6, 2)),
    "first": ({"data_format": "channels_first", "padding": "same", "return_state": True}, (2, 3, 2, 5, 4)),
}


@pytest.mark.parametrize("name", MEMORIES)
def test_conv_lstm(name: str) -> None:
    options, shape = MEMORIES[name]

    def body(tf: Any) -> Any:
        layer = tf.keras.layers.ConvLSTM2D(4, 3, name="memory", **options)
        return _answers(tf, layer, tf.constant(_data(*shape)), trains=name in ("last", "first"))

    check_both(body, rtol=5e-4, atol=1e-5)


def test_a_memory_goes_on_and_is_made_again() -> None:
    def body(tf: Any) -> Any:
        layers = tf.keras.layers
        layer = layers.ConvLSTM2D(2, (2, 3), stateful=True, padding="same", batch_input_shape=(2, 3, 4, 4, 1))
        model = tf.keras.Sequential([layer, layers.Flatten(), layers.Dense(1)])
        model.set_weights([_data(*w.shape.as_list()) * 0.5 for w in model.weights])
        x = _data(2, 3, 4, 4, 1)
        found = [model.predict(x, batch_size=2), model.predict(x, batch_size=2)]
        layer.reset_states()
        found.append(model.predict(x, batch_size=2))
        config = layer.get_config()
        again = layers.ConvLSTM2D.from_config(config)
        kept = (
            "filters",
            "kernel_size",
            "strides",
            "padding",
            "data_format",
            "unit_forget_bias",
            "stateful",
            "dropout",
        )
        return [*found, [config[key] for key in kept], again.filters, again.kernel_size]

    check_both(body, rtol=2e-4, atol=1e-5)


def test_a_model_of_them_trains() -> None:
    def body(tf: Any) -> Any:
        layers = tf.keras.layers
        model = tf.keras.Sequential(
            [
                layers.LocallyConnected2D(2, 2, input_shape=(4, 4, 1)),
                layers.Reshape((9, 2)),
                layers.LocallyConnected1D(1, 3),
                layers.Flatten(),
            ]
        )
        model.compile("sgd", "mse")
        model.set_weights([_data(*w.shape.as_list()) * 0.5 for w in model.weights])
        losses = [model.train_on_batch(_data(4, 4, 4, 1), _data(4, 7)) for _ in range(3)]
        return np.array(losses, np.float64), model.count_params()

    check_both(body, rtol=2e-3)


def test_dropout_is_one_mask_for_all_steps() -> None:
    """With ones for inputs, what is dropped is seen in each step alike; without training nothing is dropped."""
    from tests.oracle import our_tf

    tf = our_tf()
    with tf.Graph().as_default(), tf.Session() as session:
        layer = tf.keras.layers.ConvLSTM2D(1, 1, dropout=0.5, recurrent_dropout=0.25, return_sequences=True)
        inputs = tf.ones([1, 4, 8, 8, 1])
        training, plain = layer(inputs, training=True), layer(inputs, training=False)
        session.run(tf.global_variables_initializer())
        dropped, whole = session.run([training, plain])
        assert np.ptp(whole[0, 0]) == 0 < np.ptp(dropped[0, 0])
        first, last = dropped[0, 0, ..., 0], dropped[0, -1, ..., 0]
        assert len(np.unique(first)) <= 16  # each of the gates' masks has two values
        assert first.shape == last.shape


MISTAKES: list[Callable[[Any], Any]] = [
    lambda L: L.LocallyConnected1D(2, 3, padding="same"),
    lambda L: L.LocallyConnected2D(2, 3, padding="same"),
]


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes(number: int) -> None:
    check_both_raise(lambda tf: MISTAKES[number](tf.keras.layers), match='only "valid"')


def test_unknown_sizes() -> None:
    from tests.oracle import our_tf

    tf = our_tf()  # TensorFlow fails with a TypeError about None
    with tf.Graph().as_default(), pytest.raises(ValueError, match="should be fully-defined"):
        tf.keras.layers.LocallyConnected1D(2, 3)(tf.placeholder(tf.float32, [None, None, 3]))
