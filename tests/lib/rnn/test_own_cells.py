"""Cells of a program's own, of the styles found in public code, in every kind of loop, against real TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests import oracle

pytestmark = pytest.mark.oracle

X = np.linspace(-1, 1, 2 * 3 * 4).reshape(2, 3, 4).astype(np.float32)


def _linear(tf: Any, args: Any, size: int, start: float = 0.0, scope: Any = None) -> Any:
    """The helper that came with every seq2seq program."""
    args = args if isinstance(args, list) else [args]
    total = sum(a.get_shape()[1].value for a in args)
    with tf.variable_scope(scope or "Linear"):
        matrix = tf.get_variable("Matrix", [total, size])
        bias = tf.get_variable("Bias", [size], initializer=tf.constant_initializer(start))
    return tf.matmul(args[0] if len(args) == 1 else tf.concat(args, 1), matrix) + bias


def cells(tf: Any) -> Any:
    """The classes, made for a namespace."""
    rnn = tf.nn.rnn_cell

    class Sized(rnn.RNNCell):
        @property
        def state_size(self) -> Any:
            return self._n

        @property
        def output_size(self) -> Any:
            return self._n

    class OldGRU(Sized):
        """`__call__` with a scope of its own, and no call of the base's `__init__`."""

        def __init__(self, n: int) -> None:
            self._n = n

        def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
            with tf.variable_scope(scope or type(self).__name__):
                with tf.variable_scope("Gates"):
                    r, u = tf.split(tf.sigmoid(_linear(tf, [inputs, state], 2 * self._n, 1.0)), 2, 1)
                with tf.variable_scope("Candidate"):
                    c = tf.tanh(_linear(tf, [inputs, r * state], self._n))
                h = u * state + (1 - u) * c
            return h, h

    class OldLSTM(OldGRU):
        @property
        def state_size(self) -> Any:
            return rnn.LSTMStateTuple(self._n, self._n)

        def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
            with tf.variable_scope(scope or type(self).__name__):
                c, h = state
                i, j, f, o = tf.split(_linear(tf, [inputs, h], 4 * self._n), 4, 1)
                c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
                h = tf.tanh(c) * tf.sigmoid(o)
            return h, rnn.LSTMStateTuple(c, h)

    class Called(Sized):
        """`call` with `tf.get_variable`."""

        def __init__(self, n: int, reuse: Any = None, name: str | None = None) -> None:
            super().__init__(_reuse=reuse, name=name)
            self._n = n

        def call(self, inputs: Any, state: Any) -> Any:
            w = tf.get_variable("w", [inputs.get_shape()[1].value + self._n, self._n])
            h = tf.tanh(tf.matmul(tf.concat([inputs, state], 1), w))
            return h, h

    class Learned(Called):
        """A start of its own that is trained."""

        def zero_state(self, batch_size: Any, dtype: Any) -> Any:
            with tf.variable_scope("init", reuse=tf.AUTO_REUSE):
                return tf.tile(tf.get_variable("s0", [1, self._n]), [batch_size, 1])

    class Built(Sized):
        """`build` with `add_variable`."""

        def __init__(self, n: int, name: str | None = None) -> None:
            super().__init__(name=name)
            self._n = n
            self.input_spec = tf.layers.InputSpec(ndim=2)

        def build(self, shape: Any) -> None:
            self._kernel = self.add_variable("kernel", shape=[int(shape[-1]) + self._n, self._n])
            self._bias = self.add_variable("bias", shape=[self._n], initializer=tf.zeros_initializer(dtype=self.dtype))
            self.built = True

        def call(self, inputs: Any, state: Any) -> Any:
            h = tf.tanh(tf.nn.bias_add(tf.matmul(tf.concat([inputs, state], 1), self._kernel), self._bias))
            return h, h

    class Nested(Sized):
        """A state that is a nest, an output that is a tuple, a layer inside."""

        def __init__(self, n: int) -> None:
            super().__init__()
            self._n = n

        @property
        def state_size(self) -> Any:
            return {"a": self._n, "b": (tf.TensorShape([self._n]), self._n)}

        @property
        def output_size(self) -> Any:
            return (self._n, self._n)

        def call(self, inputs: Any, state: Any) -> Any:
            a = state["a"] + tf.layers.dense(inputs, self._n, name="d")
            first = state["b"][0] * 0.5 + a
            second = tf.tanh(first)
            return (a, second), {"a": a, "b": (first, second)}

    class Wrapper(rnn.RNNCell):
        """An old wrapper: no `__init__` of the base, the scope handed on."""

        def __init__(self, cell: Any) -> None:
            self._cell = cell

        @property
        def state_size(self) -> Any:
            return self._cell.state_size

        @property
        def output_size(self) -> Any:
            return self._cell.output_size

        def zero_state(self, batch_size: Any, dtype: Any) -> Any:
            return self._cell.zero_state(batch_size, dtype)

        def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
            output, state = self._cell(inputs, state, scope)
            return output * 2, state

    class Projected(Wrapper):
        """A new wrapper: `call`, and a layer after the cell."""

        def __init__(self, cell: Any, size: int) -> None:
            rnn.RNNCell.__init__(self)
            self._cell, self._size = cell, size

        @property
        def output_size(self) -> Any:
            return self._size

        __call__ = rnn.RNNCell.__call__

        def call(self, inputs: Any, state: Any) -> Any:
            output, state = self._cell(inputs, state)
            return tf.layers.dense(output, self._size, name="proj"), state

    class Images(rnn.RNNCell):
        """A convolutional LSTM: sizes that are shapes."""

        def __init__(self, shape: list[int], filters: int) -> None:
            super().__init__()
            self._filters, self._size = filters, tf.TensorShape([*shape, filters])

        @property
        def state_size(self) -> Any:
            return rnn.LSTMStateTuple(self._size, self._size)

        @property
        def output_size(self) -> Any:
            return self._size

        def call(self, inputs: Any, state: Any) -> Any:
            c, h = state
            x = tf.concat([inputs, h], 3)
            kernel = tf.get_variable("kernel", [3, 3, x.shape[-1].value, 4 * self._filters])
            i, j, f, o = tf.split(tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME"), 4, axis=3)
            c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
            h = tf.sigmoid(o) * tf.tanh(c)
            return h, rnn.LSTMStateTuple(c, h)

    return SimpleNamespace(rnn=rnn, **{k: v for k, v in locals().items() if isinstance(v, type)})


def _measured(tf: Any, outputs: Any, loss_of: Any = None) -> Any:
    """Names of variables and of forward nodes; outputs and gradients, with weights that are the same everywhere."""
    flat = tf.nest.flatten(outputs)
    nodes = [n.name for n in tf.get_default_graph().as_graph_def().node if n.op in ("MatMul", "Tanh", "Sigmoid")]
    loss = tf.add_n([tf.reduce_sum(tf.square(t)) for t in tf.nest.flatten(outputs if loss_of is None else loss_of)])
    gradients = tf.gradients(loss, tf.trainable_variables())
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i, v in enumerate(tf.global_variables()):
            shape = v.get_shape().as_list()
            v.load((np.sin(np.arange(np.prod(shape)) + i) * 0.5).reshape(shape).astype(np.float32), session)
        return [v.name for v in tf.global_variables()], nodes, session.run([flat, gradients])


def dynamic(tf: Any, make: Any) -> Any:
    return _measured(tf, tf.nn.dynamic_rnn(make(), tf.constant(X), sequence_length=[3, 2], dtype=tf.float32))


def two_scopes(tf: Any, make: Any) -> Any:
    with tf.variable_scope("model"):
        first, _ = tf.nn.dynamic_rnn(make(), tf.constant(X), dtype=tf.float32, scope="enc")
        second, _ = tf.nn.dynamic_rnn(make(), tf.constant(X), dtype=tf.float32, scope="dec")
    return _measured(tf, (first, second))


def static(tf: Any, make: Any) -> Any:
    return _measured(tf, tf.nn.static_rnn(make(), tf.unstack(tf.constant(X), axis=1), dtype=tf.float32))


def by_hand(tf: Any, make: Any) -> Any:
    """The loop of a language model: reuse from the second step on."""
    cell, outputs = make(), []
    state = cell.zero_state(2, tf.float32)
    with tf.variable_scope("loop"):
        for step in range(3):
            if step > 0:
                tf.get_variable_scope().reuse_variables()
            output, state = cell(tf.constant(X[:, step]), state)
            outputs.append(output)
    return _measured(tf, (outputs, state))


def attending(tf: Any, make: Any) -> Any:
    """A decoder of a sequence-to-sequence model: attention by hand, the output fed back."""
    memory, _ = tf.nn.dynamic_rnn(make(), tf.constant(X), dtype=tf.float32, scope="encoder")
    cell, outputs = make(), []
    state, x = cell.zero_state(2, tf.float32), tf.constant(X[:, 0])
    with tf.variable_scope("decoder") as scope:
        for step in range(2):
            if step:
                scope.reuse_variables()
            output, state = cell(x, state)
            score = tf.nn.softmax(tf.reduce_sum(memory * tf.expand_dims(output, 1), 2))
            context = tf.reduce_sum(memory * tf.expand_dims(score, 2), 1)
            x = tf.tanh(_linear(tf, [output, context], 4, scope="Attention"))
            outputs.append(x)
    return _measured(tf, outputs)


def shared(tf: Any, make: Any) -> Any:
    """One cell used twice, and another with its variables."""
    cell, outputs = make(), []
    for reuse, used in ((None, cell), (True, cell), (True, make())):
        with tf.variable_scope("a", reuse=reuse):
            outputs.append(tf.nn.dynamic_rnn(used, tf.constant(X), dtype=tf.float32)[0])
    return _measured(tf, outputs)


def raw(tf: Any, make: Any) -> Any:
    cell = make()
    inputs = tf.TensorArray(tf.float32, 3).unstack(tf.transpose(tf.constant(X), [1, 0, 2]))

    def advance(time: Any, output: Any, state: Any, _: Any) -> Any:
        state = cell.zero_state(2, tf.float32) if output is None else state
        done = time >= 3
        following = tf.cond(done, lambda: tf.zeros([2, 4]), lambda: inputs.read(time))
        return tf.fill([2], done), following, state, output, None

    outputs, state, _ = tf.nn.raw_rnn(cell, advance)
    return _measured(tf, (outputs.stack(), state))


def both_ways(tf: Any, make: Any) -> Any:
    return _measured(tf, tf.nn.bidirectional_dynamic_rnn(make(), make(), tf.constant(X), dtype=tf.float32))


Maker = Callable[[Any], Any]
PROGRAMS: dict[str, tuple[Callable[..., Any], Maker]] = {
    "old style, dynamic": (dynamic, lambda c: c.OldGRU(3)),
    "old style, two scopes": (two_scopes, lambda c: c.OldLSTM(3)),
    "old style, by hand": (by_hand, lambda c: c.OldGRU(3)),
    "old style, attention": (attending, lambda c: c.OldGRU(3)),
    "old style, shared": (shared, lambda c: c.OldLSTM(3)),
    "call, static": (static, lambda c: c.Called(3)),
    "call with a name, by hand": (by_hand, lambda c: c.Called(3, name="my")),
    "call, raw": (raw, lambda c: c.Called(3)),
    "learned start, dynamic": (dynamic, lambda c: c.Learned(3)),
    "build, both ways": (both_ways, lambda c: c.Built(3)),
    "build, shared": (shared, lambda c: c.Built(3)),
    "build, attention": (attending, lambda c: c.Built(3)),
    "nested state, dynamic": (dynamic, lambda c: c.Nested(3)),
    "nested state, by hand": (by_hand, lambda c: c.Nested(3)),
    "old wrapper, static": (static, lambda c: c.Wrapper(c.rnn.BasicLSTMCell(3))),
    "new wrapper, dynamic": (dynamic, lambda c: c.Projected(c.rnn.GRUCell(3), 2)),
    "several, raw": (raw, lambda c: c.rnn.MultiRNNCell([c.OldGRU(3), c.OldLSTM(2)])),
    "several wrapped, both ways": (
        both_ways,
        lambda c: c.rnn.MultiRNNCell([c.rnn.DropoutWrapper(c.Built(3), 1.0), c.rnn.ResidualWrapper(c.OldGRU(3))]),
    ),
    "on a device, shared": (shared, lambda c: c.rnn.DeviceWrapper(c.Called(3), "/cpu:0")),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str) -> None:
    run, make = PROGRAMS[name]

    def body(tf: Any) -> Any:
        classes = cells(tf)
        return run(tf, lambda: make(classes))

    oracle.check_both(body, rtol=2e-4, atol=1e-5)


def test_images() -> None:
    def body(tf: Any) -> Any:
        x = np.linspace(-1, 1, 2 * 3 * 4 * 4).reshape(2, 3, 4, 4, 1).astype(np.float32)
        return _measured(tf, tf.nn.dynamic_rnn(cells(tf).Images([4, 4], 2), tf.constant(x), dtype=tf.float32))

    oracle.check_both(body, rtol=2e-4, atol=1e-5)


def test_what_cells_know() -> None:
    """Names, sizes and weights of cells, used and not."""

    def known(cell: Any) -> Any:
        names = ("name", "built", "trainable", "state_size", "output_size", "losses", "updates")
        lists = ("weights", "trainable_weights", "non_trainable_variables", "variables")
        found = {n: getattr(cell, n) for n in names}
        return {**found, **{n: [v.name for v in getattr(cell, n)] for n in lists}}

    def body(tf: Any) -> Any:
        c = cells(tf)
        used = [c.Called(3), c.Built(2, name="my"), c.Projected(c.rnn.GRUCell(3), 2), c.rnn.MultiRNNCell([c.Built(3)])]
        for number, cell in enumerate(used):
            with tf.variable_scope(f"s{number}"):
                tf.nn.dynamic_rnn(cell, tf.constant(X), dtype=tf.float32)
        return [known(cell) for cell in used], known(c.Built(2)), c.OldGRU(2).zero_state(3, tf.float32).name

    oracle.check_both(body)
    oracle.check_both_raise(lambda tf: tf.nn.rnn_cell.RNNCell().zero_state(2, tf.float32), match="bstract")
    oracle.check_both_raise(lambda tf: tf.nn.dynamic_rnn(lambda x, s: x, tf.constant(X), dtype=tf.float32),
                            match="is not an RNNCell")  # fmt: skip
