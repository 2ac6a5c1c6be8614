"""Programs with the functions and small classes of tf.keras; see programs.py, whose form they have.

They run under Python 3.7 too: `tests/golden/keras_functions.py` records there what TensorFlow 1.15 answers.
"""

import os
import tempfile

import numpy as np


def _data(*shape):
    return np.cos(np.arange(np.prod(shape), dtype=np.float32)).reshape(shape)


def _run(tf, value):
    return np.asarray(tf.keras.backend.get_session().run(value)).tolist()


def activations(tf):
    """Every activation of the same numbers; by its name; and back to its name."""
    a, x = tf.keras.activations, tf.constant(_data(3, 4) * 2)
    found = [
        a.relu(x), a.relu(x, alpha=0.1, max_value=1.0, threshold=0.2), a.elu(x), a.elu(x, 0.5), a.selu(x),
        a.sigmoid(x), a.hard_sigmoid(x), a.tanh(x), a.softmax(x), a.softmax(x, axis=0), a.softplus(x), a.softsign(x),
        a.exponential(x), a.linear(x), a.get("relu")(x), a.get(None)(x), a.deserialize("tanh")(x),
    ]  # fmt: skip
    names = [a.serialize(f) for f in (a.relu, a.tanh, a.linear, a.hard_sigmoid)]
    return [_run(tf, y) for y in found] + names + [a.get(a.selu) is a.selu]


def arithmetic(tf):
    """Functions of the backend that compute."""
    b = tf.keras.backend
    x = b.variable(_data(3, 4) + 1.5, name="x")
    y = b.variable(_data(3, 4) - 0.3)
    found = [
        b.abs(y), b.clip(y, -0.2, 0.5), b.cos(y), b.sin(y), b.exp(y), b.log(x), b.pow(x, 2), b.round(y), b.sign(y),
        b.sqrt(x), b.square(y), b.maximum(x, y), b.minimum(x, y), b.cast(y, "int32"),
        b.mean(y), b.mean(y, axis=1), b.mean(y, axis=[0, 1], keepdims=True), b.mean(y > 0),
        b.sum(y, axis=0), b.sum(y), b.prod(x, axis=1, keepdims=True), b.max(y, axis=-1), b.min(y), b.std(y),
        b.std(y, axis=0), b.var(y, axis=1, keepdims=True), b.var(y > 0, axis=0),
    ]  # fmt: skip
    return [_run(tf, value) for value in found]


def variables(tf):
    """Functions of the backend about variables, values, placeholders and kinds."""
    b = tf.keras.backend
    v, w = b.variable([[1.0, 2.0]], name="v"), b.variable(np.zeros(3), dtype="float64", name="w")
    found = [v.name, w.dtype.name, b.get_value(v).tolist(), b.eval(v * 2).tolist(), b.count_params(v)]
    b.set_value(v, [[5.0, 6.0]])
    found.append([x.tolist() for x in b.batch_get_value([v, w])])
    b.batch_set_value([(v, np.float32([[7.0, 8.0]])), (w, np.ones(3))])
    found.append([x.tolist() for x in b.batch_get_value([v, w])])
    p = b.placeholder((None, 3), name="p")
    q = b.placeholder(ndim=2, dtype="int32")
    found += [p.name, p.shape.as_list(), q.shape.as_list(), b.dtype(q), b.ndim(p), list(b.int_shape(p))]
    found += [b.is_sparse(p), b.is_sparse(tf.SparseTensor([[0, 0]], [1.0], [2, 2])), b.is_sparse(v)]
    double = b.function([p], [p * 2, b.sum(p)])
    found.append([np.asarray(x).tolist() for x in double([np.ones((2, 3))])])
    step = b.function([p], [b.sum(p)], updates=[(v, v + 1)])
    step([np.ones((1, 3))])
    return found + [b.get_value(v).tolist()]


def settings(tf):
    """The settings of the backend; each is put back."""
    b = tf.keras.backend
    found = [b.epsilon(), b.floatx(), b.image_data_format()]
    b.set_epsilon(1e-3)
    b.set_floatx("float64")
    b.set_image_data_format("channels_first")
    x = b.variable([1.0])
    found += [b.epsilon(), b.floatx(), b.image_data_format(), x.dtype.name, b.cast_to_floatx([1, 2]).dtype.name]
    b.set_epsilon(1e-7)
    b.set_floatx("float32")
    b.set_image_data_format("channels_last")
    found += [b.get_uid("a"), b.get_uid("a"), b.get_uid("b")]
    b.reset_uids()
    found.append(b.get_uid("a"))
    b.set_learning_phase(1)
    found.append(int(b.learning_phase()))
    b.set_learning_phase(0)
    b.clear_session()
    found.append(b.learning_phase().name)
    session = tf.Session()
    b.set_session(session)
    found.append(b.get_session() is session)
    b.manual_variable_initialization(True)
    held = b.variable([3.0])
    found.append(_run(tf, tf.is_variable_initialized(held)))
    b.manual_variable_initialization(False)
    return found


def _named(tf, page, names):
    """Objects by their names, what they are written as, and whether that is read back as the same."""
    found = []
    for name in names:
        thing = page.get(name)
        written = page.serialize(thing)
        found += [type(thing).__name__, written]
        again = page.deserialize(written)
        found.append(page.serialize(again) == written)
    return found


def constraints(tf):
    """Constraints by name, written and read; of the user's own."""
    k = tf.keras.constraints
    found = _named(tf, k, ["max_norm", "non_neg", "unit_norm", "min_max_norm"]) + [k.get(None) is None]

    class Half(k.Constraint):
        def __call__(self, w):
            return w * 0.5

    half = Half()
    found.append(type(k.deserialize(k.serialize(k.NonNeg()))).__name__)
    found += [k.get(half) is half, half.get_config(), issubclass(k.MaxNorm, k.Constraint)]
    return found + [_run(tf, half(tf.constant([1.0, 2.0]))), _run(tf, k.get("max_norm")(tf.constant([[3.0], [4.0]])))]


def regularizers(tf):
    """Regularizers: numbers, names, configurations."""
    r, x = tf.keras.regularizers, tf.constant(_data(3, 2))
    made = [r.l1(0.1), r.l2(0.2), r.l1_l2(0.1, 0.2), r.L1L2(l1=0.3), r.get("l2"), r.get("l1"), r.get("l1_l2")]
    found = [_run(tf, f(x)) for f in made] + [r.serialize(made[2]), made[3].get_config(), r.get(None) is None]
    again = r.deserialize(r.serialize(made[3]))
    return found + [_run(tf, again(x)), isinstance(made[0], r.Regularizer)]


def initializers(tf):
    """Initializers: by name, written and read, what seeded ones draw."""
    i = tf.keras.initializers
    tf.set_random_seed(4)
    found = [isinstance(i.get(name), i.Initializer) for name in ("zeros", "glorot_uniform", "he_normal", "ones")]
    for made in (
        i.RandomNormal(0.5, 0.1, seed=3),
        i.RandomUniform(-1.0, 2.0, seed=3),
        i.TruncatedNormal(0.0, 0.2, seed=3),
        i.get({"class_name": "Constant", "config": {"value": 2.5}}),
    ):
        config = made.get_config()
        found += [{key: config[key] for key in sorted(config)}, _run(tf, made([2, 3]))]
    again = i.deserialize(i.serialize(i.RandomUniform(-1.0, 2.0, seed=3)))
    return found + [type(again).__name__, again.seed]


def more_losses(tf):
    """Losses and metrics that programs.py leaves out; as names and back; a loss of one's own."""
    page, metrics = tf.keras.losses, tf.keras.metrics
    truth, guess = tf.constant([[0.0, 1.0], [1.0, 0.0]]), tf.constant([[0.3, 0.6], [0.4, 0.9]])
    labels, shares = tf.constant([[1], [0], [2]]), tf.constant(_data(3, 3) * 0.4 + 0.5)
    hot = tf.one_hot(tf.reshape(labels, [-1]), 3)
    found = [_run(tf, page.Hinge()(truth, guess)), _run(tf, page.MeanAbsoluteError()(truth, guess))]
    found.append(_run(tf, page.SparseCategoricalCrossentropy(from_logits=True)(labels, shares)))
    found.append(_run(tf, page.MeanAbsoluteError()(truth, guess, sample_weight=[1.0, 3.0])))
    for function in (
        metrics.sparse_categorical_accuracy(labels, shares),
        metrics.sparse_top_k_categorical_accuracy(labels, shares, k=2),
        metrics.top_k_categorical_accuracy(hot, shares, k=2),
        metrics.get("binary_accuracy")(truth, guess),
    ):
        found.append(_run(tf, function))
    found += [page.serialize(page.mean_squared_error), page.deserialize("mae") is page.mean_absolute_error]
    found += [metrics.serialize(metrics.categorical_accuracy)]
    found += [metrics.deserialize("categorical_accuracy") is metrics.categorical_accuracy]

    class Cubed(page.Loss):
        def call(self, y_true, y_pred):
            return tf.abs(y_true - y_pred) ** 3

    return found + [_run(tf, Cubed()(truth, guess)), Cubed(name="mine").name]


def optimizers(tf):
    """Optimizers by name, written and read."""
    o = tf.keras.optimizers
    found = []
    for name in ("sgd", "adam", "rmsprop", "adagrad"):
        made = o.get(name)
        written = o.serialize(made)
        again = o.deserialize(written)
        config = {k: round(float(v), 6) if isinstance(v, float) else v for k, v in written["config"].items()}
        found += [type(made).__name__, isinstance(made, o.Optimizer), written["class_name"].lower(), sorted(config)]
        found += [config["learning_rate"], type(again) is type(made)]
    return found


def more_layers(tf):
    """Layers that programs.py leaves out, and merging by functions."""
    k, found = tf.keras.layers, []
    cases = [
        (k.AveragePooling1D(), (2, 4, 3)),
        (k.AveragePooling3D(), (1, 4, 4, 2, 2)),
        (k.MaxPool1D(3, 1), (2, 5, 3)),
        (k.MaxPool3D(), (1, 4, 2, 4, 1)),
        (k.GlobalAveragePooling1D(), (2, 3, 4)),
        (k.GlobalMaxPool2D(), (2, 3, 4, 2)),
        (k.Conv3D(2, 2), (1, 3, 3, 3, 2)),
        (k.Conv3DTranspose(2, 2, strides=2), (1, 2, 2, 2, 2)),
        (k.SeparableConv1D(2, 3), (1, 6, 2)),
        (k.ThresholdedReLU(0.5), (2, 4)),
        (k.ZeroPadding1D((1, 2)), (1, 3, 2)),
        (k.Masking(0.0), (2, 3, 2)),
        (k.GaussianNoise(0.5), (2, 3)),
        (k.SpatialDropout1D(0.5), (2, 3, 4)),
        (k.SpatialDropout2D(0.5), (2, 3, 2, 4)),
        (k.ActivityRegularization(0.1, 0.2), (2, 3)),
    ]
    for layer, shape in cases:
        y = layer(tf.constant(_data(*shape)))
        if layer.weights:
            layer.set_weights([_data(*w.shape) for w in layer.get_weights()])
        found += [layer.name, _run(tf, y), [_run(tf, loss) for loss in layer.losses]]
    entry = k.InputLayer((3,), name="entry")
    found += [entry.name, entry.output.shape.as_list(), entry.output.name]
    a, b = tf.keras.Input((3,)), tf.keras.Input((3,))
    merged = [k.add([a, b]), k.subtract([a, b]), k.multiply([a, b]), k.average([a, b]), k.maximum([a, b]),
              k.minimum([a, b]), k.dot([a, b], axes=1), k.dot([a, b], axes=1, normalize=True)]  # fmt: skip
    model = tf.keras.Model([a, b], merged)
    return found + [y.tolist() for y in model.predict([_data(2, 3), _data(2, 3) + 1])]


def callbacks(tf):
    """What callbacks see and change while a model is fitted."""
    c = tf.keras.callbacks
    seen = []

    class Watch(c.Callback):
        def on_train_begin(self, logs=None):
            seen.append(["begin", sorted(self.params)[:2]])

        def on_epoch_begin(self, epoch, logs=None):
            seen.append(["epoch", epoch])

        def on_batch_end(self, batch, logs=None):
            seen.append(["batch", batch, sorted(logs)])

        def on_epoch_end(self, epoch, logs=None):
            seen.append(["end", epoch, "loss" in logs])

    def model():
        m = tf.keras.Sequential([tf.keras.layers.Dense(1, kernel_initializer="ones", input_shape=(2,))])
        m.compile(tf.keras.optimizers.SGD(0.05), "mse")
        return m

    x, y = _data(4, 2), _data(4, 1)
    told = []
    short = c.LambdaCallback(on_epoch_end=lambda epoch, logs: told.append(epoch))
    rates = c.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    m = model()
    history = m.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0, callbacks=[Watch(), short, rates])
    found = [seen, told, isinstance(history, c.History), history.epoch, "loss" in history.history]
    found += [[float(v) for v in history.history["loss"]], float(tf.keras.backend.get_value(m.optimizer.lr))]
    stopping = c.EarlyStopping(monitor="loss", min_delta=10.0, patience=1)
    stopped = model().fit(x, y, epochs=9, verbose=0, callbacks=[stopping])
    found += [len(stopped.epoch), stopping.stopped_epoch]
    broken = model()
    ended = broken.fit(x * np.nan, y, epochs=3, batch_size=2, verbose=0, callbacks=[c.TerminateOnNaN()])
    return found + [len(ended.epoch), issubclass(c.ProgbarLogger, c.Callback)]


def tools(tf):
    """Functions of tf.keras.utils and preprocessing."""
    u, pad = tf.keras.utils, tf.keras.preprocessing.sequence.pad_sequences
    found = [u.to_categorical([0, 2, 1]).tolist(), u.to_categorical([[1], [0]], num_classes=3, dtype="int32").tolist()]
    found += [u.normalize(_data(2, 3)).tolist(), u.normalize(_data(2, 3), axis=0, order=1).tolist()]
    rows = [[1], [2, 3], [4, 5, 6, 7]]
    found += [pad(rows).tolist(), pad(rows, maxlen=3, padding="post", truncating="post", value=9).tolist()]
    found += [pad(rows, 2, dtype="float32").tolist()]

    def mine(x):
        return x * 3

    with u.CustomObjectScope({"mine": mine}):
        found.append(tf.keras.activations.get("mine") is mine)
    u.get_custom_objects()["kept"] = mine
    found.append(tf.keras.activations.get("kept") is mine)
    u.get_custom_objects().clear()

    class Batches(u.Sequence):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return _data(2, 2) + index, _data(2, 1)

    batches = Batches()
    return found + [len(batches), [float(batches[i][0][0, 0]) for i in range(2)]]


METRICS = {
    "Accuracy": "labels", "BinaryAccuracy": "binary", "CategoricalAccuracy": "hot",
    "SparseCategoricalAccuracy": "class",
    "TopKCategoricalAccuracy": "hot", "SparseTopKCategoricalAccuracy": "class", "AUC": "binary", "Precision": "binary",
    "Recall": "binary", "TruePositives": "binary", "TrueNegatives": "binary", "FalsePositives": "binary",
    "FalseNegatives": "binary", "Hinge": "binary", "SquaredHinge": "binary", "CategoricalHinge": "hot",
    "CosineSimilarity": "hot", "KLDivergence": "hot", "LogCoshError": "hot", "MeanAbsoluteError": "hot",
    "MeanAbsolutePercentageError": "binary", "MeanSquaredError": "hot", "MeanSquaredLogarithmicError": "hot",
    "Poisson": "hot", "RootMeanSquaredError": "hot", "SparseCategoricalCrossentropy": "class",
    "BinaryCrossentropy": "binary", "CategoricalCrossentropy": "hot",
}  # fmt: skip


def metric_objects(tf):
    """Metric objects over two batches, the second one weighted, and after a reset."""
    page, run = tf.keras.metrics, tf.keras.backend.get_session
    pairs = {
        "binary": ([[0.0, 1.0, 1.0]], [[0.3, 0.6, 0.2]]),
        "labels": ([[1.0, 2.0, 3.0]], [[1.0, 0.0, 3.0]]),
        "hot": ([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], [[0.2, 0.7, 0.1], [0.3, 0.6, 0.1]]),
        "class": ([[1.0], [2.0]], [[0.2, 0.7, 0.1], [0.3, 0.6, 0.1]]),
    }
    made = [(getattr(page, name)(), pairs[kind]) for name, kind in sorted(METRICS.items())]
    made += [
        (page.TopKCategoricalAccuracy(k=1), pairs["hot"]),
        (page.MeanIoU(num_classes=4), pairs["labels"]),
        (page.MeanRelativeError(normalizer=np.float32([[1.0, 2.0, 4.0]])), pairs["labels"]),
        (page.SensitivityAtSpecificity(0.5, num_thresholds=9), pairs["binary"]),
        (page.SpecificityAtSensitivity(0.5, num_thresholds=9), pairs["binary"]),
    ]
    found = []
    for metric, (truth, guess) in made:
        steps = [metric.update_state(tf.constant(truth), tf.constant(guess)), metric.result()]
        weight = tf.constant([[2.0, 2.0, 2.0]] if isinstance(metric, page.MeanIoU) else [[2.0]] * len(truth))
        weighted = metric.update_state(tf.constant(truth), tf.constant(guess), sample_weight=weight)
        run().run([v.initializer for v in metric.variables])
        run().run(steps[0])
        first = run().run(steps[1]).tolist()
        run().run(weighted)
        found.append([metric.name, isinstance(metric, page.Metric), first, run().run(steps[1]).tolist()])
    for metric in (page.Mean(), page.Sum(), page.MeanTensor()):
        steps = [metric.update_state(tf.constant([1.0, 4.0])), metric.result()]
        run().run([v.initializer for v in metric.variables])
        found.append([metric.name] + [np.asarray(run().run(step)).tolist() for step in steps[1:]][:0])
        run().run(steps[0])
        found.append(np.asarray(run().run(steps[1])).tolist())
    return found


def loss_classes(tf):
    """Loss objects that the programs above leave out."""
    truth, guess = tf.constant([[0.0, 1.0], [1.0, 0.0]]), tf.constant([[0.3, 0.6], [0.4, 0.9]])
    page = tf.keras.losses
    found = []
    for made in (
        page.CategoricalHinge(), page.CosineSimilarity(), page.KLDivergence(), page.LogCosh(),
        page.MeanAbsolutePercentageError(), page.MeanSquaredLogarithmicError(), page.Poisson(), page.SquaredHinge(),
    ):  # fmt: skip
        found += [made.name, _run(tf, made(truth, guess)), _run(tf, made(truth, guess, sample_weight=[1.0, 3.0]))]
    return found


def models(tf):
    """Models made again from a configuration, by copying, from a file."""
    k, m = tf.keras.layers, tf.keras.models
    inputs = tf.keras.Input((3,), name="i")
    model = tf.keras.Model(inputs, k.Dense(2, activation="tanh", name="d")(inputs), name="net")
    model.set_weights([_data(3, 2), _data(2)])
    copies = [m.clone_model(model), m.model_from_json(model.to_json())]
    copies.append(m.model_from_config({"class_name": "Model", "config": model.get_config()}))
    path = os.path.join(tempfile.mkdtemp(), "model.h5")
    m.save_model(model, path, include_optimizer=False)
    found = [os.path.exists(path)] + [[layer.name for layer in copy.layers] + [copy.name] for copy in copies]
    for copy in copies:
        copy.set_weights(model.get_weights())
    return found + [copy.predict(_data(2, 3)).tolist() for copy in copies]


def recurrences(tf):
    """`backend.rnn`, and the classes that cells and wrappers derive from."""
    k, b = tf.keras.layers, tf.keras.backend
    x = tf.constant(_data(2, 3, 2))
    last, outputs, states = b.rnn(lambda t, s: (t + s[0], [t + s[0] * 0.5]), x, [tf.zeros([2, 2])])
    back = b.rnn(lambda t, s: (t, s), x, [tf.zeros([2, 2])], go_backwards=True)
    found = [_run(tf, last), _run(tf, outputs), _run(tf, states[0]), _run(tf, back[1])]
    return found + [issubclass(k.TimeDistributed, k.Wrapper), issubclass(k.Bidirectional, k.Wrapper)]


def rates(tf):
    """Callbacks that write a table and that lower the rate."""
    c = tf.keras.callbacks
    model = tf.keras.Sequential([tf.keras.layers.Dense(1, kernel_initializer="ones", input_shape=(2,))])
    model.compile(tf.keras.optimizers.SGD(0.05), "mse")
    path = os.path.join(tempfile.mkdtemp(), "log.csv")
    plateau = c.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1, min_delta=10.0)
    model.fit(_data(4, 2), _data(4, 1), epochs=4, verbose=0, shuffle=False, callbacks=[plateau, c.CSVLogger(path)])
    with open(path) as file:
        rows = [line.strip().split(",") for line in file]
    return [
        rows[0],
        [[float(v) for v in row] for row in rows[1:]],
        float(tf.keras.backend.get_value(model.optimizer.lr)),
    ]


PROGRAMS = {
    f.__name__: f
    for f in (activations, arithmetic, variables, settings, constraints, regularizers, initializers, more_losses,
              optimizers, more_layers, callbacks, tools, metric_objects, loss_classes, models,
              recurrences, rates)
}  # fmt: skip
