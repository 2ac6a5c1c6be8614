"""Programs with whole models: configs, files, callbacks, metrics, what `fit` takes, the backend; see `programs`."""

import collections
import contextlib
import io
import json
import os
import re
import tempfile

import numpy as np


def _set(tf, *models):
    """Gives models weights that are the same everywhere."""
    pairs = []
    for model in models:
        for i, w in enumerate(model.weights):
            shape = [int(d) for d in w.shape.as_list()]
            value = np.sin(np.arange(np.prod(shape), dtype=np.float32) + i).reshape(shape) * 0.5
            pairs.append((w, np.abs(value) + 0.1 if "variance" in w.name else value))
    tf.keras.backend.batch_set_value(pairs)


def _data(*shape):
    return np.cos(np.arange(np.prod(shape), dtype=np.float32)).reshape(shape)


def _printed(function):
    """The lines that a function prints, without times."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        function()
    text = re.sub(r" - (ETA|\d+s)[^-\n\r]*(?=-|$)", " - ", out.getvalue().replace("\b", ""), flags=re.M)
    return [line.split("\r")[-1].rstrip() for line in text.split("\n")]


def _dense(tf, *sizes):
    k = tf.keras.layers
    made = [k.Dense(sizes[1], activation="tanh", input_shape=(sizes[0],))]
    return tf.keras.Sequential(made + [k.Dense(size) for size in sizes[2:]])


def _branches(tf):
    """A model with shared layers and two inputs."""
    k = tf.keras.layers
    a, b = tf.keras.Input((3,), name="a"), tf.keras.Input((3,), name="b")
    shared = k.Dense(4, name="shared", activation="relu")
    joined = k.concatenate([shared(a), shared(b)])
    return tf.keras.Model([a, b], k.Dense(1, name="out")(k.BatchNormalization(name="norm")(joined)))


def configs(tf):
    """Configs of all kinds of layers and of models, and models made again from them."""
    k = tf.keras.layers
    image = tf.keras.Input((8, 8, 3))
    h = k.ZeroPadding2D(1)(image)
    h = k.Conv2D(2, 3, padding="same", kernel_regularizer="l2")(h)
    h = k.BatchNormalization(momentum=0.9)(h)
    h = k.Activation("relu")(h)
    h = k.DepthwiseConv2D(3)(h)
    h = k.SeparableConv2D(2, 3, use_bias=False)(h)
    h = k.MaxPooling2D()(h)
    h = k.UpSampling2D()(h)
    h = k.Cropping2D(1)(h)
    h = k.Conv2DTranspose(2, 2)(h)
    h = k.LeakyReLU(0.2)(h)
    h = k.SpatialDropout2D(0.3)(h)
    h = k.GaussianNoise(0.1)(h)
    h = k.add([h, k.AveragePooling2D(1)(h)])
    h = k.Dot(1)([k.Flatten()(h), k.Reshape((50,))(h)])
    h = k.RepeatVector(3)(h)
    h = k.Permute((2, 1))(h)
    h = k.ELU()(h)
    h = k.GlobalAveragePooling1D()(h)
    h = k.Dropout(0.5)(k.Dense(3, kernel_initializer="he_normal", kernel_constraint="non_neg")(h))
    model = tf.keras.Model(image, k.Softmax()(h))
    words = tf.keras.Sequential([k.Embedding(5, 3, input_length=4), k.Masking(), k.LSTM(2), k.Dense(1)])
    several = _branches(tf)
    found = [json.loads(m.to_json()) for m in (model, words, several)]
    for layer in found[0]["config"]["layers"]:  # of these, Keras writes down what they have no use for
        unused = {"SeparableConv2D": ["kernel_initializer", "kernel_regularizer", "kernel_constraint"]}
        unused["SpatialDropout2D"] = ["noise_shape", "seed"]
        for key in unused.get(layer["class_name"], []):
            layer["config"].pop(key, None)
    again = [tf.keras.models.model_from_json(m.to_json()) for m in (model, words, several)]
    clone = tf.keras.models.clone_model(several)
    found += [json.loads(m.to_json()) == f for m, f in list(zip(again, found))[1:]]
    found += [[w.name.split("/")[-1] for w in m.weights] for m in again + [clone]]
    return found


def summaries(tf):
    """What summary prints, and what fit prints."""
    k = tf.keras.layers
    plain = _dense(tf, 4, 3, 2)
    nested = tf.keras.Sequential([plain, k.Dropout(0.5), k.BatchNormalization(), k.Dense(1)])
    nested.compile("sgd", "mse", metrics=["mae"])
    _set(tf, nested)
    found = [_printed(m.summary) for m in (plain, nested, _branches(tf))]
    found.append(_printed(lambda: plain.summary(line_length=50, positions=[0.5, 0.8, 1.0])))
    x, y = _data(6, 4), _data(6, 1)
    nested = plain
    nested.compile("sgd", "mse", metrics=["mae"])
    y = _data(6, 2)
    found.append(_printed(lambda: nested.fit(x, y, epochs=2, batch_size=3, shuffle=False, validation_data=(x, y))))
    found.append(_printed(lambda: nested.fit(x, y, verbose=2, shuffle=False)))
    return found


def saved(tf):
    """Files of weights and of models are read again; a model goes on training where it was."""
    folder, found = tempfile.mkdtemp(), []
    model = _branches(tf)
    model.compile(tf.keras.optimizers.Adam(0.05), "mse", metrics=["mae"])
    _set(tf, model)
    x, y = [_data(4, 3), _data(4, 3) + 1], _data(4, 1)
    for _ in range(2):
        model.train_on_batch(x, y)
    before = model.predict(x)
    model.save_weights(os.path.join(folder, "weights.h5"))
    model.save(os.path.join(folder, "model.h5"))
    going_on = [[float(v) for v in model.train_on_batch(x, y)] for _ in range(2)]
    model.load_weights(os.path.join(folder, "weights.h5"))
    found.append(bool(np.allclose(model.predict(x), before)))
    again = tf.keras.models.load_model(os.path.join(folder, "model.h5"))
    found.append(bool(np.allclose(again.predict(x), before)))
    found += [going_on, [[float(v) for v in again.train_on_batch(x, y)] for _ in range(2)]]
    found += [again.metrics_names, type(again.optimizer).__name__, type(again).__name__]
    with open(os.path.join(folder, "model.h5"), "rb") as file:
        found.append(file.read(4) == b"\x89HDF")
    other = tf.keras.Sequential([tf.keras.layers.Dense(4, name="shared", input_shape=(3,))])
    other.load_weights(os.path.join(folder, "weights.h5"), by_name=True)
    model.load_weights(os.path.join(folder, "weights.h5"))
    found.append(bool((other.get_weights()[0] == model.get_weights()[0]).all()))
    return found


def callbacks(tf):
    """What callbacks do to training, and what they write."""
    page, folder, found = tf.keras.callbacks, tempfile.mkdtemp(), []
    x, y = _data(6, 4), _data(6, 2)
    model = _dense(tf, 4, 3, 2)
    model.compile(tf.keras.optimizers.SGD(0.3), "mse", metrics=["mae"])
    _set(tf, model)
    calls = []
    keeper = page.LambdaCallback(
        on_train_begin=lambda logs: calls.append("begin"),
        on_epoch_end=lambda epoch, logs: calls.append([epoch, sorted(logs)]),
        on_batch_end=lambda batch, logs: calls.append([batch, int(logs["size"])]),
        on_train_end=lambda logs: calls.append("end"),
    )
    csv = os.path.join(folder, "log.csv")
    paths = os.path.join(folder, "{epoch:02d}.h5")
    best = os.path.join(folder, "best.h5")
    own = [
        keeper,
        page.LearningRateScheduler(lambda epoch: 0.3 / (epoch + 1)),
        page.CSVLogger(csv),
        page.ModelCheckpoint(paths, save_weights_only=True),
        page.ModelCheckpoint(best, save_best_only=True, verbose=1, monitor="loss"),
        page.EarlyStopping("loss", min_delta=0.001, patience=1),
        page.TerminateOnNaN(),
    ]
    kept = dict(epochs=4, batch_size=4, shuffle=False, verbose=0, validation_split=0.34)
    lines = _printed(lambda: found.append(model.fit(x, y, callbacks=own, **kept).history))
    found.append(lines[1].replace(folder, ""))
    found[0] = {name: [float(v) for v in values] for name, values in found[0].items()}
    with open(csv) as file:
        rows = [line.split(",") for line in file.read().split()]
    found += [calls, rows[0], [[float(v) for v in row] for row in rows[1:]], sorted(os.listdir(folder))]
    reduce = page.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=10.0, cooldown=1, min_lr=0.01)
    stop = page.EarlyStopping("loss", patience=2, min_delta=10.0, restore_best_weights=True)
    history = model.fit(x, y, callbacks=[reduce], epochs=6, verbose=0, shuffle=False).history
    found += [[float(v) for v in history["lr"]], [float(v) for v in history["loss"]]]
    history = model.fit(x, y, callbacks=[stop], epochs=6, verbose=0, shuffle=False).history
    found += [len(history["loss"]), stop.stopped_epoch]
    model.fit(x, y, callbacks=[page.TensorBoard(folder, write_graph=False)], epochs=2, verbose=0, shuffle=False)
    tags = []
    for name in sorted(os.listdir(folder)):
        if "tfevents" in name:
            for event in tf.train.summary_iterator(os.path.join(folder, name)):
                tags += [[value.tag, int(event.step)] for value in event.summary.value]
    return found + [tags]


def metric_objects(tf):
    """Metrics over several updates, with weights; in compile; of one's own."""
    page, run = tf.keras.metrics, tf.keras.backend.get_session
    truth = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    shares = np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8], [0.3, 0.3, 0.4]], np.float32)
    weights = np.array([[1.0], [2.0], [0.5]], np.float32)
    names = (
        "Accuracy AUC BinaryAccuracy BinaryCrossentropy CategoricalAccuracy CategoricalCrossentropy CategoricalHinge "
        "CosineSimilarity FalseNegatives FalsePositives Hinge KLDivergence LogCoshError MeanAbsoluteError "
        "MeanAbsolutePercentageError MeanSquaredError MeanSquaredLogarithmicError Poisson Precision Recall "
        "RootMeanSquaredError SquaredHinge TopKCategoricalAccuracy TrueNegatives TruePositives"
    ).split()
    made = [getattr(page, name)() for name in names]
    made += [
        page.AUC(curve="PR", num_thresholds=20),
        page.AUC(summation_method="majoring", thresholds=[0.3, 0.5]),
        page.SensitivityAtSpecificity(0.5),
        page.SpecificityAtSensitivity(0.5, num_thresholds=10),
        page.Precision(top_k=1),
        page.Recall(class_id=2),
        page.Precision(thresholds=[0.2, 0.4]),
        page.MeanRelativeError(normalizer=shares + 0.5),
    ]
    plain = [m(tf.constant(truth), tf.constant(shares)) for m in made]
    weighed = [m(tf.constant(truth), tf.constant(shares), sample_weight=tf.constant(weights)) for m in made[:25]]
    sparse = [
        page.SparseCategoricalAccuracy(),
        page.SparseCategoricalCrossentropy(),
        page.SparseTopKCategoricalAccuracy(2),
    ]
    plain += [m(tf.constant([[1], [0], [2]]), tf.constant(shares)) for m in sparse]
    counted = page.MeanIoU(3)
    values = [page.Mean(), page.Sum(), page.MeanTensor()]
    plain += [counted([0, 1, 2, 2], [0, 2, 2, 1])] + [m(tf.constant(shares)) for m in values]
    session = run()
    found = [[m.name for m in made], [np.asarray(v, np.float64).tolist() for v in session.run(plain)]]
    found.append([np.asarray(v, np.float64).tolist() for v in session.run(weighed)])
    found.append([[w.name.split("/")[-1].split("_1")[0] for w in m.weights][:1] for m in made][:3])
    values[0].reset_states()
    found += [float(session.run(values[0].result())), float(session.run(values[1].result()))]
    losses = tf.keras.losses
    kinds = "CategoricalHinge CosineSimilarity KLDivergence LogCosh Poisson SquaredHinge MeanSquaredLogarithmicError"
    objects = [getattr(losses, n)() for n in kinds.split()] + [losses.MeanAbsolutePercentageError(reduction="sum")]
    return found + [[float(v) for v in session.run([f(tf.constant(truth), tf.constant(shares)) for f in objects])]]


class _Batches:
    """Batches by number, for either namespace."""

    def __new__(cls, tf, x, y):
        class Batches(tf.keras.utils.Sequence):
            def __len__(self):
                return 3

            def __getitem__(self, index):
                return x[2 * index : 2 * index + 2], y[2 * index : 2 * index + 2]

        return Batches()


def fitted(tf):
    """What fit, evaluate and predict take: weights, generators, splits, own metrics and losses."""
    found = []
    x, y = _data(6, 4), np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 1]]

    def spread(y_true, y_pred):
        return tf.reduce_mean(tf.abs(y_pred), axis=-1)

    model = tf.keras.Sequential([tf.keras.layers.Dense(3, activation="softmax", input_shape=(4,))])
    model.compile(
        tf.keras.optimizers.SGD(0.2),
        "categorical_crossentropy",
        metrics=["accuracy", spread, tf.keras.metrics.AUC(name="auc")],
        weighted_metrics=["accuracy", "ce"],
    )
    _set(tf, model)

    def told(history):
        return {name: [float(v) for v in values] for name, values in history.history.items()}

    weights = np.array([1, 2, 0, 1, 3, 1], np.float32)
    found.append(model.metrics_names)
    kept = dict(verbose=0, shuffle=False)
    found.append(told(model.fit(x, y, batch_size=4, epochs=2, class_weight={0: 1.0, 1: 2.0, 2: 0.5}, **kept)))
    found.append(told(model.fit(x, y, batch_size=4, sample_weight=weights, validation_data=(x, y, weights), **kept)))
    found.append(told(model.fit(x, y, validation_split=0.5, epochs=3, initial_epoch=1, validation_freq=2, **kept)))
    batches = ((x[i : i + 2], y[i : i + 2]) for i in [0, 2, 4] * 2)
    found.append(told(model.fit_generator(batches, steps_per_epoch=3, epochs=2, verbose=0, validation_data=(x, y))))
    found.append(told(model.fit_generator(_Batches(tf, x, y), verbose=0, shuffle=False)))
    found.append([float(v) for v in model.evaluate_generator(_Batches(tf, x, y))])
    found.append(model.predict_generator(_Batches(tf, x, y)).tolist())
    np.random.seed(3)
    found.append(told(model.fit(x, y, batch_size=2, verbose=0)))
    found.append([float(v) for v in model.test_on_batch(x, y, sample_weight=weights)])
    found.append(model.predict_on_batch(x[:2]).tolist())
    return found


def adversarial(tf):
    """Two models that share layers, one of which is held still in the other."""
    judge, maker = _dense(tf, 2, 3, 1), _dense(tf, 2, 4, 2)
    judge.compile(tf.keras.optimizers.SGD(0.1), "mse")
    judge.trainable = False
    noise = tf.keras.Input((2,))
    both = tf.keras.Model(noise, judge(maker(noise)))
    both.compile(tf.keras.optimizers.SGD(0.1), "mse")
    _set(tf, judge, maker)
    found: list = [[w.name for w in both.trainable_weights], [w.name for w in both.non_trainable_weights]]
    for _ in range(3):
        found.append(float(judge.train_on_batch(_data(4, 2), np.ones((4, 1)))))
        found.append(float(both.train_on_batch(_data(4, 2), np.zeros((4, 1)))))
    return found + [judge.get_weights()[0].tolist(), maker.get_weights()[0].tolist()]


def expressions(tf):
    """Values of the backend's functions."""
    k = tf.keras.backend
    a, b = tf.constant(_data(2, 3)), tf.constant(_data(3, 2))
    c, d = tf.constant(_data(2, 3, 4)), tf.constant(_data(2, 4, 3))
    v, w = k.variable(_data(2)), k.variable(_data(2))
    tensors = [
        k.dot(a, b),
        k.dot(c, tf.constant(_data(4, 2))),
        k.dot(c, d),
        k.batch_dot(c, d),
        k.batch_dot(c, d, axes=(2, 1)),
        k.batch_dot(a, a, axes=1),
        k.batch_dot(a, c, axes=(1, 1)),
        k.concatenate([a, a]),
        k.stack([a, a]),
        k.flatten(c),
        k.batch_flatten(c),
        k.repeat(a, 2),
        k.repeat_elements(a, 2, 1),
        k.tile(a, (1, 2)),

        k.permute_dimensions(c, (2, 0, 1)),
        k.expand_dims(a),
        k.squeeze(k.expand_dims(a, 1), 1),
        k.relu(a, 0.1, 0.5),
        k.relu(a, threshold=0.2),
        k.elu(a),
        k.softmax(a),
        k.softplus(a),
        k.softsign(a),
        k.sigmoid(a),
        k.hard_sigmoid(a),
        k.tanh(a),
        k.l2_normalize(a, 1),
        k.argmax(a),
        k.argmin(a, 0),
        k.cumsum(a, 1),
        k.cumprod(a),
        k.cast(k.any(a, axis=1), "int32"),
        k.mean(a, 0),
        k.std(a),
        k.cast(k.greater(a, 0.1), "int32"),
        k.binary_crossentropy(k.sigmoid(a), k.sigmoid(a + 1.0)),
        k.categorical_crossentropy(k.softmax(a), k.softmax(a * 2.0)),
        k.gather(a, [1]),
        k.one_hot([1, 0], 3),
        k.reverse(a, 1),
        k.temporal_padding(c),
        k.bias_add(c, tf.constant(_data(4))),

        k.switch(k.greater(a, 0.0), a, -a),
        k.in_train_phase(a, a * 2.0),
        k.in_test_phase(a, a * 2.0),
        k.map_fn(lambda t: t * 2.0, a),
        k.foldl(lambda s, t: s + t, a),
        k.gradients(k.sum(k.square(v)), [v])[0],
        k.arange(1, 7, 2),
        k.zeros_like(a),
        k.eye(2),
        k.ones_like(a),
    ]  # fmt: skip
    labels, lengths = np.array([[0, 1], [1, 0]]), np.array([[2], [1]])
    shares = k.softmax(c)
    tensors.append(k.ctc_batch_cost(tf.constant(labels), shares, tf.constant([[3], [2]]), tf.constant(lengths)))
    tensors += k.ctc_decode(shares, tf.constant([3, 2]))[0]
    session = k.get_session()
    found = [np.asarray(value, np.float64).tolist() for value in session.run(tensors)]
    k.get_session().run([k.update(v, [1.0, 2.0]), k.update_add(w, [1.0, 1.0])])
    found += [k.get_value(v).tolist(), k.get_value(w).tolist()]
    average = k.moving_average_update(v, [5.0, 5.0], 0.5)

    def step(inputs, states):
        new = states[0] + inputs
        return new, [new]

    mask = tf.constant([[True, False, True], [True, True, False]])
    last, outputs, ends = k.rnn(step, c, [tf.zeros([2, 4])], mask=mask, go_backwards=True)
    found += [value.tolist() for value in k.get_session().run([last, outputs, ends[0]])]
    k.get_session().run(tf.global_variables_initializer())
    return found + [k.get_session().run(average).tolist() for _ in range(2)]


def texts(tf):
    """Words as numbers."""
    page = tf.keras.preprocessing.text
    read = ["The cat sat on the mat, the end.", "A dog! A DOG?", "cat dog bird"]
    found = [page.text_to_word_sequence(read[0]), page.hashing_trick(read[0], 50, "md5")]
    for kwargs in (
        {},
        {"num_words": 4},
        {"oov_token": "<oov>", "num_words": 5},
        {"char_level": True},
        {"lower": False},
    ):
        tokenizer = page.Tokenizer(**kwargs)
        tokenizer.fit_on_texts(read)
        sequences = tokenizer.texts_to_sequences(read + ["unseen cat"])
        found += [tokenizer.word_index, sequences, tokenizer.sequences_to_texts(sequences), tokenizer.document_count]
        found += [tokenizer.texts_to_matrix(read, mode).tolist() for mode in ("binary", "count", "freq", "tfidf")]
    found += [dict(tokenizer.word_counts), sorted(json.loads(tokenizer.to_json())["config"])]
    found.append(isinstance(tokenizer.word_counts, collections.OrderedDict))
    return found


def errors(tf):
    """What models and layers refuse, in the words that people search for."""
    k, found = tf.keras.layers, []
    x, y = _data(6, 4), _data(6, 2)
    model = _dense(tf, 4, 3, 2)
    model.compile("sgd", "mse")
    model.train_on_batch(x, y)
    free = tf.placeholder(tf.float32)
    fit = dict(verbose=0)
    for what in (
        lambda: k.Dense(2)(tf.zeros([3])),
        lambda: k.Conv2D(2, 2)(tf.zeros([3, 3])),
        lambda: tf.layers.Dense(2)(tf.zeros([3])),
        lambda: k.Dense(2)(free),
        lambda: k.Dense(2)(tf.placeholder(tf.float32, [None, None])),
        lambda: tf.layers.conv2d(tf.placeholder(tf.float32, [None, 3]), 2, 2),
        lambda: model(tf.zeros([2, 5])),
        lambda: k.Add()([tf.zeros([2, 3]), tf.zeros([2, 4])]),
        lambda: k.Concatenate()([tf.zeros([2, 3])]),
        lambda: k.Dense(3).count_params(),
        lambda: k.Dense(3, foo=2),
        lambda: model.layers[0].set_weights([1]),
        lambda: model.fit(_data(3, 5), y[:3], **fit),
        lambda: model.fit(x, y[:3], **fit),
        lambda: model.fit(x, _data(6, 3), **fit),
        lambda: model.predict(_data(3, 4, 4)),
        lambda: tf.keras.Sequential([k.Dense(3)]).fit(x, y),
        lambda: model.compile("foo", "mse"),
        lambda: model.compile("sgd", {"a": "mse"}),
        lambda: model.compile("sgd", ["mse", "mse"]),
        lambda: model.get_layer("foo"),
        lambda: tf.keras.Sequential([k.Dense(3)]).summary(),
        lambda: tf.keras.Sequential([k.Dense(3)]).add(3),
        lambda: tf.keras.Sequential([k.Dense(2)]).get_weights(),
        lambda: model.fit(x, y, foo=2),
        lambda: tf.keras.metrics.AUC(curve="x"),
        lambda: tf.keras.metrics.Precision(thresholds=2.0),
        lambda: tf.keras.callbacks.ReduceLROnPlateau(factor=2.0),
        lambda: tf.keras.models.model_from_config({"class_name": "Foo", "config": {}}),
    ):
        try:
            what()
            found.append("no error")
        except Exception as error:
            words = re.split(r"\.(?: |$)", re.sub(r"(?<=layer )\w+", "L", str(error)))[0]
            found.append([type(error).__name__, words[:35]])
    return found


def rest(tf):
    """The backend's smaller functions, what random ones keep, and layers of volumes."""
    k, page = tf.keras.backend, tf.keras.layers
    a, v = tf.constant(_data(2, 3)), k.variable(_data(2))
    volume, steps = tf.constant(_data(1, 2, 4, 4, 1)), tf.constant(_data(1, 4, 2))
    sparse = k.ctc_label_dense_to_sparse(tf.constant([[1, 2], [3, 0]]), tf.constant([2, 1]))
    compared = [f(a, 0.5) for f in (k.equal, k.not_equal, k.greater_equal, k.less, k.less_equal)]
    tensors = [
        k.cast(t, "int32") for t in compared + [k.all(k.greater(a, -2.0)), k.in_top_k(a, tf.constant([0, 1]), 1)]
    ]
    tensors += [k.constant([1, 2]), k.foldr(lambda s, t: s - t, a), k.ones((2,)), k.zeros((2,)), k.reshape(a, (3, 2))]
    tensors += [
        k.shape(a),
        k.stop_gradient(a),
        k.to_dense(sparse),
        k.transpose(a),
        k.print_tensor(a),
        k.dropout(a, 0.0),
    ]
    tensors.append(k.sparse_categorical_crossentropy(tf.constant([1, 0]), k.softmax(a)))
    tensors += [
        layer(volume) for layer in (page.GlobalAveragePooling3D(), page.GlobalMaxPool3D(), page.ZeroPadding3D())
    ]
    tensors += [
        page.UpSampling3D()(volume),
        page.Cropping3D(((0, 1), (1, 1), (1, 1)))(volume),
        page.Cropping1D()(steps),
    ]
    tensors += [page.AlphaDropout(0.5)(a), page.GaussianDropout(0.5)(a), page.SpatialDropout3D(0.5)(volume)]
    drawn = [f([50]) for f in (k.random_normal, k.random_uniform, k.truncated_normal)] + [k.random_binomial([50], 1.0)]
    drawn += [k.random_normal_variable((50,), 0.0, 1.0), k.random_uniform_variable((50,), 0.0, 1.0)]
    session = k.get_session()
    found = [np.asarray(value, np.float64).tolist() for value in session.run(tensors)]
    numbers = session.run(drawn)
    found += [[float(n.min() >= 0), float(abs(n).max() < 6), str(n.dtype)] for n in numbers[1:2] + numbers[3:4]]
    session.run(k.update_sub(v, [1.0, 1.0]))
    found += [k.get_value(v).tolist(), k.backend()]
    with k.learning_phase_scope(1), k.name_scope("scope"):
        found += [k.learning_phase(), tf.constant(1.0).name]
    layer = page.deserialize(page.serialize(page.Dense(3)))
    return found + [layer.units, len(tf.keras.preprocessing.text.one_hot("a b a", 9))]


PROGRAMS = {
    f"models_{f.__name__}": f
    for f in (
        configs,
        summaries,
        saved,
        callbacks,
        metric_objects,
        fitted,
        adversarial,
        expressions,
        texts,
        errors,
        rest,
    )
}
