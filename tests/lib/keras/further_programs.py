"""More programs with tf.keras: optimizers and their schedules, attention, local convolutions, the backend's networks.

They run under Python 3.7 too: `tests/golden/keras_further.py` records what TensorFlow 1.15 answers.
"""

import numpy as np


def _data(*shape):
    return np.cos(np.arange(np.prod(shape), dtype=np.float32)).reshape(shape)


def _set(*layers):
    """Gives layers weights that are the same everywhere."""
    for layer in layers:
        values = [
            np.sin(np.arange(w.size, dtype=np.float32) + i).reshape(w.shape) * 0.5
            for i, w in enumerate(layer.get_weights())
        ]
        layer.set_weights(values)


def _lists(values):
    return [np.asarray(v, np.float64).ravel().tolist() for v in values]


def _tried(function):
    try:
        return function()
    except Exception as error:
        return type(error).__name__


def _optimizers(tf):
    o, s = tf.keras.optimizers, tf.keras.optimizers.schedules
    return [
        o.Adadelta(1.0), o.Adadelta(lr=0.5, rho=0.8, decay=0.1), o.Adamax(0.1),
        o.Adamax(0.1, beta_1=0.7, clipvalue=0.1), o.Nadam(0.1), o.Nadam(0.1, schedule_decay=0.5), o.Ftrl(0.5),
        o.Ftrl(0.5, l1_regularization_strength=0.05, l2_regularization_strength=0.1),
        o.Ftrl(0.5, learning_rate_power=-0.3, l2_shrinkage_regularization_strength=0.2, initial_accumulator_value=0.5),
        o.SGD(s.ExponentialDecay(0.5, 2, 0.5)), o.Adam(s.PolynomialDecay(0.5, 3, 0.1), clipnorm=0.5),
        o.RMSprop(s.InverseTimeDecay(0.1, 1, 0.5, staircase=True), decay=0.2), o.SGD(lambda: 0.25),
        o.Adagrad(s.PiecewiseConstantDecay([1, 2], [0.5, 0.25, 0.1])), o.SGD(tf.constant(0.125)), o.SGD(0.1, 0.9),
    ]  # fmt: skip


def optimizers(tf):
    """Four steps of each on a dense variable and on gathered rows; slots and configurations."""
    found = []
    for number in range(len(_optimizers(tf))):
        tf.keras.backend.clear_session()
        optimizer = _optimizers(tf)[number]
        w = tf.Variable(_data(2, 3), use_resource=True, name="w")
        table = tf.Variable(_data(4, 2), use_resource=True, name="table")
        loss = tf.reduce_sum(tf.square(w - 0.3)) + tf.reduce_sum(tf.square(tf.gather(table, [1, 3, 1])))
        step = optimizer.get_updates(loss, [w, table])
        with tf.Session() as session:
            tf.keras.backend.set_session(session)
            session.run(tf.global_variables_initializer())
            values = []
            for _ in range(4):
                session.run(step)
                values.append(_lists(session.run([w, table])))
            config = {
                k: v if isinstance(v, (str, bool, dict)) else "number" if v is not None else None
                for k, v in optimizer.get_config().items()
            }
            found.append([values, _lists(session.run(optimizer.weights)), [v.name for v in optimizer.weights], config])
    return found


def schedules(tf):
    """The rates over steps, configurations there and back, errors."""
    s = tf.keras.optimizers.schedules
    rates = [
        s.ExponentialDecay(0.5, 3, 0.5), s.ExponentialDecay(0.5, 3, 0.5, staircase=True),
        s.InverseTimeDecay(0.5, 2, 0.3), s.InverseTimeDecay(0.5, 2, 0.3, True), s.PolynomialDecay(0.5, 4, 0.1, 2.0),
        s.PolynomialDecay(0.5, 3, cycle=True),
        s.PiecewiseConstantDecay([2, 4], [1.0, 0.5, 0.25], name="p"),
    ]  # fmt: skip
    found = []
    with tf.Session() as session:
        for rate in rates:
            again = s.deserialize(s.serialize(rate))
            found.append([
                [float(session.run(rate(step))) for step in range(7)], float(session.run(again(5))), rate.get_config(),
                s.serialize(rate)["class_name"],
            ])  # fmt: skip

    class Halved(s.LearningRateSchedule):
        def __call__(self, step):
            return 0.1 / (1.0 + tf.cast(step, tf.float32))

    found.append([float(tf.Session().run(Halved()(3))), _tried(Halved().get_config)])
    found.append(_tried(lambda: s.PiecewiseConstantDecay([1], [1.0])))
    found.append(_tried(lambda: tf.keras.optimizers.Nadam(s.ExponentialDecay(0.5, 3, 0.5))))
    found.append(_tried(lambda: tf.keras.optimizers.Ftrl(learning_rate_power=1.0)))
    found.append(_tried(lambda: tf.keras.optimizers.Ftrl(l1_regularization_strength=-1.0)))
    found.append([type(tf.keras.optimizers.get(n)).__name__ for n in ("adadelta", "adamax", "nadam", "ftrl")])
    made = tf.keras.optimizers.deserialize(tf.keras.optimizers.serialize(tf.keras.optimizers.SGD(rates[0])))
    return [*found, type(made.get_config()["learning_rate"]).__name__]


def attention(tf):
    """Both kinds, with and without factors, keys, masks and causality; weights, gradients, configurations."""
    k = tf.keras.layers
    query, value, key = (tf.constant(_data(2, t, 3) * f) for t, f in ((4, 1.0), (5, 0.7), (5, 1.3)))
    of_query = tf.constant([[True, True, False, True], [True, False, True, True]])
    of_value = tf.constant([[True, False, True, True, True], [True, True, True, False, False]])
    found = []
    for layer, inputs, mask in (
        (k.Attention(), [query, value], None),
        (k.Attention(use_scale=True), [query, value, key], [of_query, of_value]),
        (k.Attention(causal=True), [query, value], [None, of_value]),
        (k.AdditiveAttention(), [query, value], None),
        (k.AdditiveAttention(use_scale=False), [query, value, key], [of_query, None]),
        (k.AdditiveAttention(causal=True, name="mine"), [query, value, key], [of_query, of_value]),
    ):
        y = layer(inputs, mask=mask)
        _set(layer)
        gradients = tf.gradients(tf.reduce_sum(y * y), inputs + layer.weights)
        values = tf.keras.backend.get_session().run([y] + gradients)
        says = {n: layer.get_config()[n] for n in ("use_scale", "causal", "name")}
        found.append([_lists(values), [w.name for w in layer.weights], says, y.shape.as_list()])
    ids = tf.keras.Input((4,), dtype="int32")
    embedded = k.Embedding(5, 3, mask_zero=True, embeddings_initializer="ones")(ids)
    model = tf.keras.Model(ids, k.Attention()([embedded, embedded]))
    found.append(model.predict(np.array([[1, 2, 0, 0]])).ravel().tolist())
    return [*found, _tried(lambda: k.Attention()(query)), _tried(lambda: k.Attention()([query]))]


def radial(tf):
    """Kernels of odd sizes, made symmetric, and what is none."""
    c = tf.keras.constraints
    kernels = [_data(3, 3, 1, 2), _data(5, 5, 2, 1)]
    session = tf.keras.backend.get_session()
    found = [session.run(c.RadialConstraint()(tf.constant(k))).ravel().tolist() for k in kernels]
    return [*found, _tried(lambda: c.radial_constraint()(tf.zeros([3, 3]))), c.serialize(c.get("radial_constraint"))]


def objects(tf):
    """Things by their names and configurations, and back."""
    u, c, relu = tf.keras.utils, tf.keras.constraints, tf.keras.activations.relu
    make = u.deserialize_keras_object
    return [
        u.serialize_keras_object(relu), u.serialize_keras_object(None), u.serialize_keras_object(c.UnitNorm()),
        make("relu", {"relu": relu}) is relu, make(None), make("foo", {}, {"foo": 3}),
        make({"class_name": "UnitNorm", "config": {"axis": 1}}, {"UnitNorm": c.UnitNorm}).axis,
        make("UnitNorm", {"UnitNorm": c.UnitNorm}).axis, _tried(lambda: u.serialize_keras_object(3)),
        _tried(lambda: make("x", {}, printable_module_name="thing")), _tried(lambda: make({"a": 1}, {})),
        _tried(lambda: make({"class_name": "X", "config": {}}, {})),
    ]  # fmt: skip


def yaml_texts(tf):
    """Models as YAML: the text, and what is made of it again."""
    k = tf.keras.layers
    inputs = tf.keras.Input((8, 8, 3), name="in")
    own = {"strides": [1, 1], "dilation_rate": [1, 1]}  # a text says where two things are one
    first, second = k.Conv2D(2, 3, name="a", **own), k.Conv2D(1, 3, activation="relu", name="b", **own)
    joined = k.concatenate([first(inputs), second(inputs)])
    models = [
        tf.keras.Sequential(
            [k.Conv2D(2, 3, strides=(2, 1), input_shape=(8, 8, 3), name="d"), k.Flatten(name="f")], "m"
        ),
        tf.keras.Model(inputs, k.GlobalMaxPooling2D(name="g")(joined), name="functional"),
    ]
    # Where an empty dict stands twice, TensorFlow's text says that both are one.
    texts = [model.to_yaml().replace("&id001 ", "").replace("*id001", "{}") for model in models]
    again = [tf.keras.models.model_from_yaml(text) for text in texts]
    shapes = [[w.shape for w in model.get_weights()] for model in again]
    same = [a.get_config() == b.get_config() for a, b in zip(models, again)]
    return [texts, [m.name for m in again], [[list(s) for s in of] for of in shapes], same]


PROGRAMS = {p.__name__: p for p in (optimizers, schedules, attention, radial, objects, yaml_texts)}
