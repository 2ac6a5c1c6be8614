"""`CuDNNLSTM` and `CuDNNGRU`: LSTM and GRU in cuDNN's layout of weights, computed as the others are, on every device.

There is a bias for the input and one for the state. cuDNN reads the numbers of each gate's kernel, which has the shape
`[size, units]` here, as a matrix `[units, size]`: `kernel.reshape(units, size).T` is what multiplies the input. So
files of weights fit.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import cells
from scopedjax._src.lib.keras.naming import handed_on
from scopedjax._src.lib.keras.recurrent import OfItsOwn
from scopedjax._src.ops.array.filling import ones
from scopedjax._src.ops.array.joining import concat, split, transpose
from scopedjax._src.ops.array.shapes import reshape


class _Read:
    """Kernels as cuDNN reads them."""

    units: int
    _gates: int

    def _times(self, x: Any, kernel: Any, masks: Any) -> Tensor:
        size = kernel.shape.as_list()[0]
        parts = [transpose(reshape(k, [self.units, size])) for k in split(kernel, self._gates, axis=1)]
        return super()._times(x, concat(parts, axis=1), masks)  # type: ignore[misc]


class _LSTMCell(_Read, cells.LSTMCell):
    """The bias is `[8 * units]`: that of the input, then that of the state; only their sum counts."""

    _arguments = ("units", "kernel_initializer", "recurrent_initializer", "bias_initializer", "unit_forget_bias",
                  "kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "kernel_constraint",
                  "recurrent_constraint", "bias_constraint")  # fmt: skip

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, recurrent_activation="sigmoid", **kwargs)

    def _bias_shape(self, width: int) -> tuple[int, ...]:
        return (2 * width,)

    def _first_bias(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer(shape, dtype=dtype)
        n, make = self.units, self.bias_initializer
        return concat([make([5 * n], dtype=dtype), ones([n], dtype), make([2 * n], dtype=dtype)], axis=0)

    def _input_bias(self) -> Any:
        width = self.units * self._gates
        return self.bias[:width] + self.bias[width:]


class _GRUCell(_Read, cells.GRUCell):
    """The bias is `[6 * units]`: that of the input, then that of the state, which the reset gate scales."""

    _arguments = tuple(name for name in _LSTMCell._arguments if name != "unit_forget_bias")

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, recurrent_activation="sigmoid", reset_after=True, **kwargs)

    def _bias_shape(self, width: int) -> tuple[int, ...]:
        return (2 * width,)

    def _input_bias(self) -> Any:
        return self.bias[: self.units * self._gates]

    def _state_bias(self) -> Any:
        return self.bias[self.units * self._gates :]


class CuDNNLSTM(OfItsOwn):
    """Long short-term memory in cuDNN's layout: sigmoid gates, tanh, a bias of `[8 * units]`.

    Args:
      units: Size of each state.
      kernel_initializer: Initializer of the kernel.
      recurrent_initializer: Initializer of the recurrent kernel.
      bias_initializer: Initializer of the bias.
      unit_forget_bias: Whether the bias of the forget gate starts at one.
      kernel_regularizer: Function of the kernel whose result is a loss.
      recurrent_regularizer: Function of the recurrent kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      kernel_constraint: Function of the kernel, applied after an update.
      recurrent_constraint: Function of the recurrent kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      return_sequences: Whether the outputs of all steps are returned, or the last one.
      return_state: Whether the last states are returned too: `[output, *states]`.
      go_backwards: Whether the last step comes first.
      stateful: Whether a batch begins with the states at the end of the one before.
      **kwargs: As for `Layer`, and `time_major`.

    >>> layer = tf.keras.layers.CuDNNLSTM(5)
    >>> layer(tf.zeros([2, 3, 4])).shape.as_list(), layer.weights[2].name, layer.weights[2].shape.as_list()
    ([2, 5], 'cu_dnnlstm/bias:0', [40])
    """

    _cell = _LSTMCell

    def __init__(
        self, units: int, kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", unit_forget_bias: bool = True, kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
        kernel_constraint: Any = None, recurrent_constraint: Any = None, bias_constraint: Any = None,
        return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False, stateful: bool = False,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        self._made(handed_on(locals()))


class CuDNNGRU(OfItsOwn):
    """Gated recurrent units in cuDNN's layout: sigmoid gates, tanh, reset after the product, a bias of `[6 * units]`.

    Args:
      units: Size of the state.
      kernel_initializer: Initializer of the kernel.
      recurrent_initializer: Initializer of the recurrent kernel.
      bias_initializer: Initializer of the bias.
      kernel_regularizer: Function of the kernel whose result is a loss.
      recurrent_regularizer: Function of the recurrent kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      kernel_constraint: Function of the kernel, applied after an update.
      recurrent_constraint: Function of the recurrent kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      return_sequences: Whether the outputs of all steps are returned, or the last one.
      return_state: Whether the last states are returned too: `[output, *states]`.
      go_backwards: Whether the last step comes first.
      stateful: Whether a batch begins with the states at the end of the one before.
      **kwargs: As for `Layer`, and `time_major`.

    >>> layer = tf.keras.layers.CuDNNGRU(5)
    >>> layer(tf.zeros([2, 3, 4])).shape.as_list(), layer.weights[2].name, layer.weights[2].shape.as_list()
    ([2, 5], 'cu_dnngru/bias:0', [30])
    """

    _cell = _GRUCell

    def __init__(
        self, units: int, kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
        bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
        recurrent_constraint: Any = None, bias_constraint: Any = None, return_sequences: bool = False,
        return_state: bool = False, go_backwards: bool = False, stateful: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        self._made(handed_on(locals()))
