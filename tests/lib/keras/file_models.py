"""Models whose files are exchanged with real Keras: each takes the namespace; weights are the same everywhere.

They run under Python 3.7 too: `tests/golden/keras_files.py` has TensorFlow 1.15 write the files.
"""

import numpy as np


def sequential(tf):
    """Dense, normalisation, an optimizer with slots."""
    k = tf.keras.layers
    return tf.keras.Sequential([
        k.Dense(3, activation="relu", input_shape=(4,), kernel_regularizer=tf.keras.regularizers.l2(0.01), name="a"),
        k.BatchNormalization(name="b"), k.Dropout(0.5, name="c"), k.Dense(2, activation="softmax", name="d"),
    ], name="s")  # fmt: skip


def functional(tf):
    """Convolutions, pooling, branches that join, a nested model."""
    k = tf.keras.layers
    x = tf.keras.Input((6, 6, 2), name="x")
    a = k.Conv2D(3, 3, padding="same", activation="relu", name="conv")(x)
    b = k.SeparableConv2D(3, 3, padding="same", name="separable")(x)
    h = k.Add(name="add")([a, b])
    h = k.MaxPooling2D(name="pool")(h)
    h = k.DepthwiseConv2D(2, name="depthwise")(h)
    h = k.Flatten(name="flat")(h)
    inner = tf.keras.Sequential([k.Dense(4, activation="tanh", input_shape=(12,), name="inner_dense")], name="inner")
    return tf.keras.Model(x, k.Dense(2, name="out")(inner(h)), name="f")


def recurrent(tf):
    """An embedding with a mask, both ways, every cell."""
    k = tf.keras.layers
    return tf.keras.Sequential([
        k.Embedding(7, 4, mask_zero=True, input_length=5, name="e"),
        k.Bidirectional(k.LSTM(3, return_sequences=True, name="l"), name="both"),
        k.GRU(3, return_sequences=True, name="g"), k.SimpleRNN(2, name="r"),
        k.Dense(1, activation="sigmoid", name="o"),
    ], name="r")  # fmt: skip


MODELS = {m.__name__: m for m in (sequential, functional, recurrent)}


def data(name):
    if name == "recurrent":
        return np.array([[1, 2, 3, 0, 0], [4, 5, 6, 1, 2]], np.int32)
    shape = {"sequential": (3, 4), "functional": (2, 6, 6, 2)}[name]
    return np.cos(np.arange(np.prod(shape), dtype=np.float32)).reshape(shape)


def made(tf, name):
    """A model with its weights set, compiled, and trained for a step so that the optimizer has slots."""
    model = MODELS[name](tf)
    model.compile(tf.keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    x = data(name)
    model.train_on_batch(x, np.zeros((len(x), model.output_shape[-1]), np.float32))
    model.set_weights([
        np.abs(np.sin(np.arange(w.size, dtype=np.float32) + i)).reshape(w.shape) * 0.3 + 0.05
        for i, w in enumerate(model.get_weights())
    ])  # fmt: skip
    return model
