"""Programs with tf.keras: each takes the namespace, runs on TensorFlow 1.15 and on scopedjax, and returns plain values.

It must run under Python 3.7 too: `tests/golden/keras_answers.py` records there what TensorFlow 1.15 answers.
"""

import numpy as np


def _set(model):
    """Gives a model weights that are the same everywhere."""
    values = [
        np.sin(np.arange(w.size, dtype=np.float32) + i).reshape(w.shape) * 0.5
        for i, w in enumerate(model.get_weights())
    ]
    model.set_weights([np.abs(v) + 0.1 if "variance" in w.name else v for v, w in zip(values, model.weights)])


def _data(*shape):
    return np.cos(np.arange(np.prod(shape), dtype=np.float32)).reshape(shape)


def _describe(layer):
    return [[w.name, [int(d) for d in w.shape.as_list()]] for w in layer.weights]


def names(tf):
    """Names and shapes of weights, names of outputs: sequential, functional, subclassed, nested, in scopes."""
    k = tf.keras.layers
    deferred = tf.keras.Sequential([k.Dense(3, activation="relu"), k.Dropout(0.5), k.Dense(2)])
    y = deferred(tf.placeholder(tf.float32, [None, 4]))
    built = tf.keras.Sequential(
        [k.Dense(3, input_shape=(4,), kernel_regularizer="l2"), k.BatchNormalization(), k.Dense(2)]
    )
    x = tf.placeholder(tf.float32, [None, 4])
    z = built(x)
    found = [
        _describe(deferred),
        y.name,
        _describe(built),
        z.name,
        len(built.updates),
        len(built.get_updates_for(x)),
        [t.name for t in built.losses],
        [t.name for t in built.inputs],
        [t.name for t in built.outputs],
    ]
    image = tf.keras.Input((8, 8, 3))
    h = k.Flatten()(k.MaxPooling2D()(k.Conv2D(4, 3, activation="relu")(image)))
    out = k.Dense(2, activation="softmax", name="out")(h)
    model = tf.keras.Model(image, out)
    found += [_describe(model), model.name, [layer.name for layer in model.layers], model(tf.zeros([1, 8, 8, 3])).name]

    class Own(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.first = k.Dense(3)
            self.others = [k.Dense(2)]

        def call(self, inputs):
            return self.others[0](self.first(inputs))

    class Scale(k.Layer):
        def build(self, shape):
            self.w = self.add_weight("w", (int(shape[-1]), 2), initializer="ones")
            self.inner = k.Dense(2)
            super().build(shape)

        def call(self, inputs):
            return self.inner(tf.matmul(inputs, self.w))

    for thing in (Own(), Scale()):
        found += [thing(tf.zeros([2, 3])).name, _describe(thing), thing.name, thing.count_params()]
    with tf.variable_scope("scope"):
        dense = k.Dense(3)
        found += [dense(tf.zeros([2, 3])).name, dense(tf.zeros([2, 3])).name, _describe(dense)]
    found += [tf.keras.backend.learning_phase().name, [v.name for v in tf.trainable_variables()]]
    return found


def outputs(tf):
    """What layers compute of set weights, in and out of the learning phase."""
    k, session = tf.keras.layers, tf.keras.backend.get_session
    found = []
    cases = [
        (k.Dense(3, activation="tanh"), (2, 4)),
        (k.Conv2D(2, 3, padding="same", strides=2), (2, 5, 5, 3)),
        (k.Conv2DTranspose(2, 3, strides=2), (1, 3, 3, 2)),
        (k.Conv1D(2, 3), (2, 5, 3)),
        (k.SeparableConv2D(2, 3), (1, 5, 5, 2)),
        (k.BatchNormalization(), (4, 3)),
        (k.BatchNormalization(), (2, 3, 3, 2)),
        (k.LayerNormalization(), (2, 5)),
        (k.MaxPooling2D(), (1, 4, 4, 2)),
        (k.AveragePooling2D(3, 1), (1, 4, 4, 2)),
        (k.GlobalAveragePooling2D(), (2, 3, 3, 2)),
        (k.GlobalMaxPooling1D(), (2, 3, 2)),
        (k.ReLU(6.0, 0.1, 0.2), (2, 4)),
        (k.LeakyReLU(), (2, 4)),
        (k.ELU(0.5), (2, 4)),
        (k.PReLU(), (2, 4)),
        (k.Softmax(), (2, 4)),
        (k.Permute((2, 1)), (2, 3, 2)),
        (k.Reshape((3, -1)), (2, 6)),
        (k.RepeatVector(2), (2, 3)),
        (k.ZeroPadding2D((1, 2)), (1, 2, 2, 1)),
        (k.UpSampling2D(2), (1, 2, 2, 1)),
        (k.UpSampling1D(2), (1, 2, 2)),
        (k.Cropping2D(1), (1, 4, 4, 1)),
        (k.Flatten(), (2, 3, 2)),
        (k.Activation("hard_sigmoid"), (2, 4)),
        (k.Lambda(lambda x: x * 2), (2, 2)),
    ]
    for layer, shape in cases:
        x = tf.placeholder(tf.float32, (None,) + shape[1:])
        y = layer(x)
        if layer.weights:
            _set(layer)
        feeds: list = [{x: _data(*shape)}]
        if "batch_norm" in layer.name:
            feeds.append({x: _data(*shape), tf.keras.backend.learning_phase(): True})
        found += [session().run(y, feed_dict=feed).tolist() for feed in feeds]
    a, b = tf.constant(_data(2, 3)), tf.constant(_data(2, 3) + 1)
    for merge in (
        k.Add(),
        k.Subtract(),
        k.Multiply(),
        k.Average(),
        k.Maximum(),
        k.Minimum(),
        k.Concatenate(),
        k.Dot(axes=1),
    ):
        found.append(session().run(merge([a, b])).tolist())
    table = k.Embedding(5, 3)
    rows = table(tf.constant([[1, 4], [0, 2]]))
    _set(table)
    return found + [session().run(rows).tolist()]


def losses(tf):
    """Losses and metrics of fixed arrays."""
    found = []
    shares = np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]], np.float32)
    truth = np.array([[0, 1, 0], [1, 0, 0]], np.float32)
    run = tf.keras.backend.get_session().run
    page = tf.keras.losses
    for name in (
        "mse",
        "mae",
        "mape",
        "msle",
        "hinge",
        "squared_hinge",
        "categorical_hinge",
        "logcosh",
        "binary_crossentropy",
        "categorical_crossentropy",
        "kullback_leibler_divergence",
        "poisson",
        "cosine_similarity",
    ):
        found.append(run(page.get(name)(tf.constant(truth), tf.constant(shares))).tolist())
    found.append(run(page.sparse_categorical_crossentropy(tf.constant([1, 0]), tf.constant(shares))).tolist())
    for name in ("BinaryCrossentropy", "CategoricalCrossentropy", "MeanSquaredError", "Huber"):
        found.append(run(getattr(page, name)()(tf.constant(truth), tf.constant(shares))).tolist())
    for name in ("binary_accuracy", "categorical_accuracy"):
        found.append(run(getattr(tf.keras.metrics, name)(tf.constant(truth), tf.constant(shares))).tolist())
    for constraint in (
        tf.keras.constraints.MaxNorm(0.5),
        tf.keras.constraints.NonNeg(),
        tf.keras.constraints.UnitNorm(),
        tf.keras.constraints.MinMaxNorm(0.2, 0.6, 0.5),
    ):
        found.append(run(constraint(tf.constant(shares - 0.2))).tolist())
    found.append(float(run(tf.keras.regularizers.l1_l2(0.1, 0.2)(tf.constant(shares)))))
    return found


def training(tf):
    """Losses over the steps of compiled models: each optimizer, then batch normalisation with fit and evaluate."""
    page, k = tf.keras.optimizers, tf.keras.layers
    made = [
        page.SGD(0.1),
        page.SGD(0.1, momentum=0.9),
        page.SGD(0.1, momentum=0.9, nesterov=True, decay=0.1),
        page.Adam(0.05),
        page.Adam(0.05, amsgrad=True, clipvalue=0.01),
        page.RMSprop(0.01),
        page.RMSprop(0.01, momentum=0.5, centered=True),
        page.Adagrad(0.1),
        "adam",
        tf.train.GradientDescentOptimizer(0.1),
    ]
    x, y = _data(6, 4), _data(6, 2) * 0.5
    found = []
    for optimizer in made:
        model = tf.keras.Sequential(
            [
                k.Dense(3, activation="tanh", input_shape=(4,), kernel_regularizer="l2"),
                k.Dense(2, kernel_constraint="max_norm"),
            ]
        )
        model.compile(optimizer, "mse", metrics=["mae"])
        _set(model)
        found.append([[float(v) for v in model.train_on_batch(x, y)] for _ in range(4)])
    model = tf.keras.Sequential(
        [
            k.Dense(5, input_shape=(4,), use_bias=False),
            k.BatchNormalization(momentum=0.5),
            k.Activation("relu"),
            k.Dense(3, activation="softmax"),
        ]
    )
    model.compile(tf.keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    _set(model)
    labels = np.array([0, 1, 2, 0, 1, 2])
    fitted = model.fit(x, labels, batch_size=2, epochs=3, shuffle=False, verbose=0, validation_data=(x, labels))
    found.append({name: [float(v) for v in values] for name, values in fitted.history.items()})
    found += [[float(v) for v in model.evaluate(x, labels, verbose=0)], model.predict(x).tolist()]
    found += [w.tolist() for w in model.get_weights()]
    found += [model.metrics_names, [w.name.split("/", 2)[2] for w in model.optimizer.weights][:3]]
    return found


def two_outputs(tf):
    """A model with two inputs and outputs, weights of losses, sample weights, nodes between layers."""
    k = tf.keras.layers
    a, b = tf.keras.Input((3,), name="a"), tf.keras.Input((3,), name="b")
    shared = k.Dense(4, name="shared")
    joined = k.concatenate([shared(a), k.Lambda(lambda t: t * 2)(shared(b))])
    first, second = k.Dense(1, name="first")(joined), k.Dense(2, name="second")(joined)
    model = tf.keras.Model([a, b], [first, second])
    model.compile(
        tf.keras.optimizers.SGD(0.1), {"first": "mse", "second": "mae"}, loss_weights={"first": 1.0, "second": 0.5}
    )
    _set(model)
    x, y = [_data(4, 3), _data(4, 3) + 1], [_data(4, 1), _data(4, 2)]
    found = [model.metrics_names, [layer.name for layer in model.layers], _describe(model)]
    found += [[float(v) for v in model.train_on_batch(x, y)] for _ in range(3)]
    weighed = [np.array([1, 0, 2, 1], np.float32)] * 2
    found.append([float(v) for v in model.train_on_batch(x, y, sample_weight=weighed)])
    return found


PROGRAMS = {f.__name__: f for f in (names, outputs, losses, training, two_outputs)}
