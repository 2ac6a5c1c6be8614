"""Programs with Keras' recurrent layers, cells and wrappers; see `programs`."""

import json

import numpy as np


def _set(tf, *layers):
    """Gives layers weights that are the same everywhere; all at once, since each run of its own is compiled."""
    pairs = []
    for layer in layers:
        for i, w in enumerate(layer.weights):
            shape = [int(d) for d in w.shape.as_list()]
            pairs.append((w, np.sin(np.arange(np.prod(shape), dtype=np.float32) + i).reshape(shape) * 0.5))
    tf.keras.backend.batch_set_value(pairs)


def _data(*shape):
    return np.cos(np.arange(np.prod(shape), dtype=np.float32)).reshape(shape)


def _describe(layer):
    return [[w.name, [int(d) for d in w.shape.as_list()]] for w in layer.weights]


def _values(tf, tensors, feed=None):
    return [found.tolist() for found in tf.keras.backend.get_session().run(tensors, feed_dict=feed)]


def layers(tf):
    """Weights, static shapes and values of each layer under each of its options."""
    k, found = tf.keras.layers, []
    x = tf.constant(_data(2, 4, 3))
    made = [
        k.SimpleRNN(3),
        k.SimpleRNN(2, activation="relu", use_bias=False, return_sequences=True),
        k.LSTM(3),
        k.LSTM(3, unit_forget_bias=False, implementation=2),
        k.LSTM(2, return_sequences=True, recurrent_activation="sigmoid"),
        k.LSTM(2, return_sequences=True, go_backwards=True, return_state=True),
        k.LSTM(2, unroll=True, return_state=True),
        k.GRU(3),
        k.GRU(2, go_backwards=True),
        k.GRU(2, reset_after=True, recurrent_activation="sigmoid"),
        k.GRU(2, reset_after=True, use_bias=False, implementation=2, unroll=True, return_sequences=True),
    ]
    given = [x] * len(made)
    free = tf.placeholder(tf.float32, [None, None, 3])
    made += [k.LSTM(2, return_sequences=True), k.GRU(2, return_state=True), k.SimpleRNN(2, time_major=True)]
    given += [free] * 3
    outputs = [tf.nest.flatten(layer(inputs)) for layer, inputs in zip(made, given)]
    biases = tf.keras.backend.batch_get_value([layer.weights[2] for layer in made if len(layer.weights) > 2])
    found += [_describe(layer) for layer in made] + [b.tolist() for b in biases]
    _set(tf, *made)
    found += [[[t.shape.as_list() for t in tensors] for tensors in outputs]]
    flat = [t for tensors in outputs for t in tensors]
    return found + [_values(tf, flat, {free: _data(3, length, 3)}) for length in (1, 5)]


class _Minimal:
    """A cell of one's own, for either namespace."""

    def __new__(cls, tf, units):
        class Minimal(tf.keras.layers.Layer):
            def __init__(self, units, **kwargs):
                self.units = units
                self.state_size = units
                super().__init__(**kwargs)

            def build(self, input_shape):
                self.kernel = self.add_weight(shape=(int(input_shape[-1]), self.units), name="kernel")
                self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent_kernel")
                self.built = True

            def call(self, inputs, states):
                output = tf.matmul(inputs, self.kernel) + tf.matmul(states[0], self.recurrent_kernel)
                return output, [output]

        return Minimal(units)


def cells(tf):
    """RNN with each cell, stacks of cells, and a cell of one's own."""
    k, found, outputs = tf.keras.layers, [], []
    x = tf.constant(_data(2, 4, 3))
    made = [
        k.RNN(cell, return_sequences=True, return_state=True)
        for cell in (
            k.SimpleRNNCell(3),
            k.LSTMCell(2),
            k.GRUCell(2),
            _Minimal(tf, 2),
            [k.LSTMCell(2), k.GRUCell(3)],
            k.StackedRNNCells([k.SimpleRNNCell(2), _Minimal(tf, 3)]),
        )
    ]
    for layer in made:
        tensors = tf.nest.flatten(layer(x))
        found += [_describe(layer), [t.shape.as_list() for t in tensors]]
        outputs += tensors
    cell = k.LSTMCell(2)
    output, states = cell(x[:, 0], [tf.ones([2, 2]), tf.ones([2, 2])])
    _set(tf, cell, *made)
    found += [_describe(cell), cell.state_size, cell.output_size, _values(tf, outputs + [output] + list(states))]
    stack = k.StackedRNNCells([k.LSTMCell(2), k.GRUCell(3)])
    found += [tf.nest.flatten(stack.state_size), stack.output_size]
    return found


def states(tf):
    """Initial states as argument, as list with the input, between layers; and those that are kept."""
    k, found = tf.keras.layers, []
    x = tf.constant(_data(2, 4, 3))
    layer = k.LSTM(2)
    y = layer(x, initial_state=[tf.ones([2, 2]), tf.ones([2, 2]) * 0.5])
    z = layer([x, tf.ones([2, 2]), tf.ones([2, 2]) * 0.5])
    inputs, more = tf.keras.Input((4, 3)), tf.keras.Input((5, 3))
    encoder, decoder = k.LSTM(2, return_state=True), k.LSTM(2, return_sequences=True)
    _, h, c = encoder(inputs)
    model = tf.keras.Model([inputs, more], decoder(more, initial_state=[h, c]))
    ends = tf.keras.Model([inputs, more], k.GRU(2)(more, initial_state=k.GRU(2)(inputs)))
    found += [_describe(model), [layer.name for layer in model.layers]]
    _set(tf, layer, model, ends)
    found += _values(tf, [y, z] + model.outputs + ends.outputs, {inputs: _data(2, 4, 3), more: _data(2, 5, 3)})
    for kept in (k.LSTM(2, stateful=True), k.SimpleRNN(2, stateful=True, return_sequences=True)):
        model = tf.keras.Sequential([k.InputLayer(batch_input_shape=(2, 4, 3)), kept])
        _set(tf, model)
        found += [_describe(model), len(model.updates), len(model.state_updates)]
        found += [model.predict(_data(2, 4, 3), batch_size=2).tolist() for _ in range(2)]
        model.reset_states()
        found.append(model.predict(_data(2, 4, 3), batch_size=2).tolist())
        kept.reset_states([np.ones([2, 2], np.float32) for _ in kept.states])
        found.append(model.predict(_data(2, 4, 3), batch_size=2).tolist())
    model.compile("sgd", "mse")
    model.reset_states()
    target = model.predict(_data(2, 4, 3), batch_size=2) * 0
    found += [float(model.train_on_batch(_data(2, 4, 3), target)) for _ in range(2)]
    found += [float(model.evaluate(_data(2, 4, 3), target, batch_size=2, verbose=0)) for _ in range(2)]
    return found


def masks(tf):
    """Masks through embeddings, masking, recurrent layers, wrappers and losses."""
    k, found = tf.keras.layers, []
    words = np.array([[1, 2, 0, 0], [3, 0, 1, 0], [0, 0, 0, 0]])
    inputs = tf.keras.Input((4,), dtype="int32")
    embedded = k.Embedding(5, 3, mask_zero=True)(inputs)
    made = (
        k.LSTM(2),
        k.GRU(2, return_sequences=True),
        k.SimpleRNN(2, go_backwards=True),
        k.LSTM(2, unroll=True, return_sequences=True),
        k.Bidirectional(k.LSTM(2)),
        k.Bidirectional(k.GRU(2, return_sequences=True), merge_mode="sum"),
        k.TimeDistributed(k.Dense(2)),
        k.GlobalAveragePooling1D(),
        k.RNN(_Minimal(tf, 2), return_sequences=True),
    )
    models = [tf.keras.Model(inputs, layer(embedded)) for layer in made]
    _set(tf, *models)
    found += _values(tf, [model.outputs[0] for model in models], {inputs: words})
    x = _data(2, 4, 3)
    x[0, 2:] = 9.0
    model = tf.keras.Sequential(
        [k.Masking(9.0, input_shape=(4, 3)), k.LSTM(2, return_sequences=True), k.Dense(2), k.Activation("tanh")]
    )
    model.compile(tf.keras.optimizers.SGD(0.1), "mse", metrics=["mae"], weighted_metrics=["mse"])
    _set(tf, model)
    found.append(model.predict(x).tolist())
    found += [[float(v) for v in model.train_on_batch(x, _data(2, 4, 2))] for _ in range(3)]
    weights = np.array([1.0, 3.0], np.float32)
    found += [[float(v) for v in model.evaluate(x, _data(2, 4, 2), verbose=0, sample_weight=weights)]]
    return found


def wrappers(tf):
    """TimeDistributed and Bidirectional: names, weights, values, options."""
    k, found, outputs = tf.keras.layers, [], []
    x, images = tf.constant(_data(2, 4, 3)), tf.constant(_data(2, 2, 4, 4, 3))
    free = tf.placeholder(tf.float32, [None, None, 3])
    inner = tf.keras.Sequential([k.Dense(2, input_shape=(3,)), k.Dense(2)])
    rows = (
        (k.TimeDistributed(k.Dense(2)), x),
        (k.TimeDistributed(k.Dense(2, name="inside"), name="outside"), free),
        (k.TimeDistributed(k.Conv2D(2, 3)), images),
        (k.TimeDistributed(k.Flatten()), images),
        (k.TimeDistributed(inner), x),
        (k.TimeDistributed(k.TimeDistributed(k.Dense(2))), images[:, :, :, 0]),
        (k.Bidirectional(k.LSTM(2)), x),
        (k.Bidirectional(k.LSTM(2, name="cell"), merge_mode="sum"), x),
        (k.Bidirectional(k.GRU(2, return_sequences=True), merge_mode="mul"), x),
        (k.Bidirectional(k.SimpleRNN(2, return_sequences=True), merge_mode="ave"), x),
        (k.Bidirectional(k.LSTM(2, return_sequences=True), merge_mode=None), x),
        (k.Bidirectional(k.LSTM(2, return_state=True)), x),
        (k.Bidirectional(k.RNN([k.LSTMCell(2), k.GRUCell(2)])), x),
        (k.Bidirectional(k.LSTM(2), backward_layer=k.GRU(2, go_backwards=True)), x),
    )
    for layer, given in rows:
        y = tf.nest.flatten(layer(given))
        outputs += y
        found += [
            layer.name,
            _describe(layer),
            [t.shape.as_list() for t in y],
            [v.name for v in layer.trainable_weights],
        ]
    both = k.Bidirectional(k.GRU(2))
    outputs.append(both(x, initial_state=[tf.ones([2, 2]), tf.ones([2, 2]) * 0.5]))
    _set(tf, both, *[layer for layer, _ in rows])
    return found + _values(tf, outputs, {free: _data(2, 4, 3)})


def trained(tf):
    """Losses over the steps of a trained model that has all kinds of recurrent layers."""
    k, found = tf.keras.layers, []
    x = tf.keras.Input((4, 2))
    ends = [
        k.LSTM(3, kernel_regularizer="l2", recurrent_regularizer="l1")(x),
        k.GRU(2)(k.GRU(3, return_sequences=True)(x)),
        k.SimpleRNN(3, kernel_constraint="max_norm")(x),
        k.Bidirectional(k.LSTM(2))(x),
        k.RNN(k.LSTMCell(2))(k.TimeDistributed(k.Dense(3))(x)),
    ]
    model = tf.keras.Model(x, k.Dense(1)(k.concatenate(ends)))
    model.compile(tf.keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    _set(tf, model)
    found += [_describe(model), [float(model.train_on_batch(_data(5, 4, 2), _data(5, 1))) for _ in range(5)]]
    return found


def dropped(tf):
    """Dropout in recurrent layers is none outside the learning phase, and one mask for all steps inside it."""
    k, found = tf.keras.layers, []
    made = (
        k.LSTM(3, dropout=0.5, recurrent_dropout=0.5),
        k.GRU(3, dropout=0.5, recurrent_dropout=0.2),
        k.SimpleRNN(3, dropout=0.5),
        k.Bidirectional(k.LSTM(2, dropout=0.3)),
        k.RNN([k.LSTMCell(2, dropout=0.5), k.GRUCell(2, recurrent_dropout=0.5)]),
    )
    outputs = [layer(tf.constant(_data(2, 4, 3))) for layer in made]
    ones = k.SimpleRNN(3, dropout=0.5, use_bias=False, activation=None, return_sequences=True)
    y = ones(tf.ones([2, 6, 3]))
    _set(tf, *made)
    ones.set_weights([np.eye(3, dtype=np.float32), np.zeros([3, 3], np.float32)])
    found += _values(tf, outputs)
    values = tf.keras.backend.get_session().run(y, feed_dict={tf.keras.backend.learning_phase(): True})
    found += [bool((values == values[:, :1]).all()), sorted(set(np.round(values, 4).ravel().tolist()) | {0.0, 2.0})]
    return found


def configs(tf):
    """What layers say of themselves, and that they are made again from it."""
    k, found = tf.keras.layers, []
    for layer in (
        k.LSTM(2, activation="relu", kernel_regularizer="l2"),
        k.GRU(2, return_sequences=True),
        k.SimpleRNN(2),
        k.LSTMCell(2),
        k.GRUCell(2),
        k.SimpleRNNCell(2),
        k.RNN(k.LSTMCell(2)),
        k.RNN([k.LSTMCell(2), k.GRUCell(2)]),
        k.TimeDistributed(k.Dense(2)),
        k.Bidirectional(k.LSTM(2)),
    ):
        config = json.loads(json.dumps(layer.get_config()))
        again = type(layer).from_config(layer.get_config())
        found += [config, json.loads(json.dumps(again.get_config())) == config]
    return found


def errors(tf):
    """What recurrent layers refuse."""
    k, found = tf.keras.layers, []
    for what in (
        lambda: k.LSTM(2)(tf.zeros([2, 3])),
        lambda: k.RNN(3),
        lambda: k.RNN(k.Dense(3)),
        lambda: k.Bidirectional(k.LSTM(3), merge_mode="max"),
        lambda: k.TimeDistributed(tf.nn.relu),
        lambda: k.LSTM(2, stateful=True)(tf.placeholder(tf.float32, [None, 3, 2])),
        lambda: k.LSTM(2).reset_states(),
        lambda: k.LSTM(2, unroll=True)(tf.placeholder(tf.float32, [2, None, 2])),
        lambda: k.LSTM(2)(tf.zeros([2, 3, 2]), initial_state=[tf.zeros([2, 2])]),
        lambda: k.LSTM(2)(tf.zeros([2, 3, 2]), initial_state=[tf.zeros([2, 3])] * 2),
        lambda: k.StackedRNNCells([k.Dense(3)]),
    ):
        try:
            what()
            found.append("no error")
        except Exception as error:
            found.append([type(error).__name__, str(error)[:45]])
    return found


PROGRAMS = {
    f"recurrent_{f.__name__}": f for f in (layers, cells, states, masks, wrappers, trained, dropped, configs, errors)
}
