"""Keras' recurrent layers: one scan over the steps; weights `kernel`, `recurrent_kernel`, `bias` hold all gates.

LSTM    gates i, f, c, o:  c = f c + i act(x_c);  h = o act(c)
GRU     gates z, r, h:     h = z h + (1 - z) act(x_h + (r h) U_h)
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.lib.keras import activations, initializers, regularizers
from scopedjax._src.lib.keras.layer import Layer
from scopedjax._src.lib.layers.base import InputSpec
from scopedjax._src.ops.array.arranging import reverse
from scopedjax._src.ops.array.filling import ones, zeros
from scopedjax._src.ops.array.joining import concat, split, transpose
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.control_flow.functional import scan
from scopedjax._src.ops.math.linear_algebra import matmul

_ARGUMENTS = (
    "activation", "recurrent_activation", "kernel_initializer", "recurrent_initializer", "bias_initializer",
    "kernel_regularizer", "recurrent_regularizer", "bias_regularizer",
)  # fmt: skip


class _Recurrent(Layer):
    """What the layers share; a subclass says its gates and its step."""

    _gates = 1
    _states = 1

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "hard_sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", return_sequences: bool = False, return_state: bool = False,
        go_backwards: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        options = {n: regularizers.get(kwargs.pop(n, None)) for n in _ARGUMENTS if n.endswith("regularizer")}
        for name in ("dropout", "recurrent_dropout", "stateful", "reset_after", "kernel_constraint",
                     "recurrent_constraint", "bias_constraint"):  # fmt: skip
            if kwargs.pop(name, None):
                raise NotImplementedError(f"keras.layers.{type(self).__name__}({name}) is not available in scopedjax; "
                                          "use tf.nn.dynamic_rnn with cells and wrappers")  # fmt: skip
        kwargs.pop("unroll", None)
        super().__init__(**kwargs)
        self.units = units
        self.activation = activations.get(activation)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.regularizers = options
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape: Any) -> None:
        """Makes the kernels and the bias."""
        size, width = TensorShape(input_shape).as_list()[-1], self.units * self._gates
        self.kernel = self.add_weight(
            "kernel", (size, width), initializer=self.kernel_initializer,
            regularizer=self.regularizers["kernel_regularizer"],
        )  # fmt: skip
        self.recurrent_kernel = self.add_weight(
            "recurrent_kernel", (self.units, width), initializer=self.recurrent_initializer,
            regularizer=self.regularizers["recurrent_regularizer"],
        )  # fmt: skip
        self.bias: Any = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias", (width,), initializer=self._first_bias, regularizer=self.regularizers["bias_regularizer"]
            )
        self.built = True

    def _first_bias(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        return self.bias_initializer(shape, dtype=dtype)

    def call(self, inputs: Any, initial_state: Any = None) -> Any:
        """Runs over the steps."""
        steps = transpose(inputs, [1, 0, 2])
        if self.go_backwards:
            steps = reverse(steps, [0])
        batch = shape_of(inputs)[0]
        if initial_state is None:
            start = [zeros(stack([batch, self.units]), inputs.dtype) for _ in range(self._states)]
        else:
            start = list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        for state in start:
            state.set_shape([inputs.shape.as_list()[0], self.units])
        all_states = scan(lambda states, x: tuple(self._step(x, *states)), steps, initializer=tuple(start))
        last = [s[-1] for s in all_states]
        output = transpose(all_states[0], [1, 0, 2]) if self.return_sequences else last[0]
        dims = inputs.shape.as_list()
        output.set_shape([dims[0], dims[1], self.units] if self.return_sequences else [dims[0], self.units])
        return [output, *last] if self.return_state else output

    def _step(self, x: Any, *states: Any) -> list[Any]:
        """The states after a step; the first is the output."""
        raise NotImplementedError(type(self).__name__)

    def _projected(self, x: Any) -> Any:
        gates = matmul(x, self.kernel)
        return gates if self.bias is None else gates + self.bias


class LSTM(_Recurrent):
    """Long short-term memory over `[batch, steps, size]`.

    Args:
      units: Size of the state.
      **kwargs: `activation`, `recurrent_activation`, `use_bias`, `unit_forget_bias`, initializers, regularizers,
        `return_sequences`, `return_state`, `go_backwards`, and those of `Layer`.

    >>> layer = tf.keras.layers.LSTM(5)
    >>> layer(tf.zeros([2, 3, 4])).shape.as_list(), [v.name for v in layer.weights]
    ([2, 5], ['lstm/kernel:0', 'lstm/recurrent_kernel:0', 'lstm/bias:0'])
    """

    _gates = 4
    _states = 2

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._forgets_little = kwargs.pop("unit_forget_bias", True)
        super().__init__(*args, **kwargs)

    def _first_bias(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        if not self._forgets_little:
            return super()._first_bias(shape, dtype)
        n = self.units
        rest = [self.bias_initializer([n], dtype=dtype), ones([n], dtype), self.bias_initializer([2 * n], dtype=dtype)]
        return concat(rest, axis=0)

    def _step(self, x: Any, *states: Any) -> list[Any]:
        h, c = states
        i, f, new, o = split(self._projected(x) + matmul(h, self.recurrent_kernel), 4, axis=1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(new)
        return [gate(o) * self.activation(c), c]


class GRU(_Recurrent):
    """Gated recurrent units over `[batch, steps, size]`, the reset gate before the product (`reset_after=False`).

    Args:
      units: Size of the state.
      **kwargs: As for `LSTM`.

    >>> tf.keras.layers.GRU(5, return_sequences=True)(tf.zeros([2, 3, 4])).shape.as_list()
    [2, 3, 5]
    """

    _gates = 3

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def _step(self, x: Any, *states: Any) -> list[Any]:
        (h,) = states
        n = self.units
        kernel = self.recurrent_kernel[:, : 2 * n], self.recurrent_kernel[:, 2 * n :]
        gates, candidate = split(self._projected(x), [2 * n, n], axis=1)
        z, r = split(self.recurrent_activation(gates + matmul(h, kernel[0])), 2, axis=1)
        return [z * h + (1.0 - z) * self.activation(candidate + matmul(r * h, kernel[1]))]
