"""`ConvLSTM2D`: a long short-term memory whose state is a picture, and whose products are convolutions.

    gates i, f, c, o:  conv(x, K) + b + conv(h, U)      c = f c + i act(x_c);  h = o act(c)

All gates' kernels lie side by side in one. As for the other cells, the inputs of all steps are convolved at once,
before the loop: one large convolution in the place of four small ones a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import backend, cells, naming, recurrent
from scopedjax._src.lib.keras.core import layout
from scopedjax._src.lib.keras.windows import conv2d
from scopedjax._src.lib.layers.arguments import as_tuple, channels_are_first
from scopedjax._src.lib.layers.base import InputSpec
from scopedjax._src.ops.array.filling import zeros
from scopedjax._src.ops.array.joining import concat, split, tile
from scopedjax._src.ops.array.shapes import reshape
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.nn.bias import bias_add

_WINDOW = ("kernel_size", "strides", "padding", "data_format", "dilation_rate")


class ConvLSTM2DCell(cells.LSTMCell):
    """One step of a convolutional memory; arguments as for `ConvLSTM2D`."""

    _arguments = ("filters", *_WINDOW, *(a for a in cells.LSTMCell._arguments if a not in ("units", "implementation")))

    def __init__(self, filters: int, **given: Any) -> None:
        window = {name: given.pop(name) for name in _WINDOW if name in given}
        super().__init__(filters, implementation=1, **given)
        self.filters = filters
        self.kernel_size = as_tuple(window.get("kernel_size"), 2, "kernel_size")
        self.strides = as_tuple(window.get("strides", 1), 2, "strides")
        self.padding = window.get("padding", "valid").lower()
        self.data_format = layout(window.get("data_format"))
        self.dilation_rate = as_tuple(window.get("dilation_rate", 1), 2, "dilation_rate")

    @property
    def _channel_axis(self) -> int:
        return 1 if channels_are_first(self.data_format) else -1

    def build(self, input_shape: Any) -> None:
        """Makes the kernels and the bias."""
        channels = TensorShape(input_shape).as_list()[self._channel_axis]
        if channels is None:
            raise ValueError("The channel dimension of the inputs should be defined. Found `None`.")
        self.kernel = self._weight("kernel", (*self.kernel_size, channels, 4 * self.filters))
        self.recurrent_kernel = self._weight("recurrent_kernel", (*self.kernel_size, self.filters, 4 * self.filters))
        self.bias: Any = self._weight("bias", (4 * self.filters,)) if self.use_bias else None
        self.built = True

    def _convolved(self, x: Any, kernel: Any, masks: Sequence[Tensor] | None, **window: Any) -> Tensor:
        if masks is None:
            return conv2d(x, kernel, data_format=self.data_format, **window)
        parts = zip(masks, split(kernel, 4, axis=3), strict=True)
        found = [conv2d(x * mask, part, data_format=self.data_format, **window) for mask, part in parts]
        return concat(found, axis=self._channel_axis)

    def project(self, inputs: Any, training: Any = None) -> Tensor:
        """Convolves the input of one step, or of all of them, time first."""
        several = len(inputs.shape.as_list()) == 5
        masks = self.get_dropout_mask_for_cell(inputs[0] if several else inputs, training, self._masks_of_a_step)
        flat = inputs
        if several:
            sizes = shape_of(inputs)
            flat = reshape(inputs, concat([[-1], sizes[2:]], axis=0))
            flat.set_shape([None, *inputs.shape.as_list()[2:]])
            if masks is not None:  # the same ones in each step
                steps = inputs.shape.as_list()[0] or sizes[0]
                masks = [_repeated(mask, steps) for mask in masks]
        gates = self._convolved(
            flat, self.kernel, masks, strides=self.strides, padding=self.padding, dilation_rate=self.dilation_rate
        )
        if self.bias is not None:
            form = "NCHW" if channels_are_first(self.data_format) else "NHWC"
            gates = bias_add(gates, self.bias, data_format=form)
        if not several:
            return gates
        found = reshape(gates, concat([shape_of(inputs)[:2], shape_of(gates)[1:]], axis=0))
        found.set_shape([*inputs.shape.as_list()[:2], *gates.shape.as_list()[1:]])
        return found

    def advance(self, projected: Any, states: Sequence[Any], training: Any = None) -> list[Tensor]:
        """The states after a step: output and memory."""
        h, c = states
        masks = self.get_recurrent_dropout_mask_for_cell(h, training, self._masks_of_a_step)
        recurrent_part = self._convolved(h, self.recurrent_kernel, masks, padding="same")
        i, f, new, o = split(projected + recurrent_part, 4, axis=self._channel_axis)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(new)
        return [gate(o) * self.activation(c), c]

    def state_sizes(self, sizes: Sequence[int | None]) -> list[int | None]:
        """The shape of a state, without the batch, for inputs whose shape without batch and time is `sizes`."""
        first = channels_are_first(self.data_format)
        area = sizes[1:] if first else sizes[:-1]
        found: list[int | None] = []
        for size, window, stride, rate in zip(area, self.kernel_size, self.strides, self.dilation_rate, strict=True):
            reach = 0 if self.padding == "same" else (window - 1) * rate
            found.append(None if size is None else (size - reach + stride - 1) // stride)
        return [self.filters, *found] if first else [*found, self.filters]


def _repeated(mask: Tensor, times: Any) -> Tensor:
    """A mask for each of several steps, one after the other along the batch."""
    return tile(mask, [times, 1, 1, 1])


class ConvLSTM2D(recurrent.OfItsOwn):
    """A convolutional long short-term memory over `[batch, time, rows, columns, channels]`.

    Args:
      filters: Number of channels of the states.
      kernel_size: Size of the window: an integer or a tuple.
      strides: Distance of the windows over the input, likewise.
      padding: "valid" or "same", for the input; the state's convolution is "same".
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      dilation_rate: Distance of the taps over the input.
      activation: Function of the new memory and of the output.
      recurrent_activation: Function of the gates.
      use_bias: Whether there is a bias.
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
      go_backwards: Whether the last step comes first.
      stateful: Whether a batch begins with the states at the end of the one before.
      dropout: Share of the inputs to drop in training, the same ones in all steps.
      recurrent_dropout: Share of the state to drop in training.
      **kwargs: As for `Layer`, and `return_state`.

    >>> layer = tf.keras.layers.ConvLSTM2D(4, 3, padding="same")
    >>> layer(tf.zeros([2, 5, 6, 6, 3])).shape.as_list(), layer.weights[0].shape.as_list()
    ([2, 6, 6, 4], [3, 3, 3, 16])
    """

    _cell = ConvLSTM2DCell

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = (1, 1), padding: str = "valid", data_format: Any = None,
        dilation_rate: Any = (1, 1), activation: Any = "tanh", recurrent_activation: Any = "hard_sigmoid",
        use_bias: bool = True, kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", unit_forget_bias: bool = True, kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
        kernel_constraint: Any = None, recurrent_constraint: Any = None, bias_constraint: Any = None,
        return_sequences: bool = False, go_backwards: bool = False, stateful: bool = False, dropout: float = 0.0,
        recurrent_dropout: float = 0.0, **kwargs: Any,
    ) -> None:  # fmt: skip
        self._made(naming.handed_on(locals()))
        self.input_spec = InputSpec(ndim=5)

    def _begin(self, inputs: Any, given: Any) -> list[Any]:
        """The states before the first step."""
        if given is None:
            given = self._state_variables if self.stateful else self.get_initial_state(inputs)
        begun = [convert_to_tensor(one) for one in given]
        if len(begun) != 2:
            raise ValueError(f"An `initial_state` was passed of {len(begun)} states; however the layer has 2")
        shape = inputs.shape.as_list()
        for tensor in begun:
            tensor.set_shape([shape[0], *self.cell.state_sizes(shape[2:])])
        return begun

    def get_initial_state(self, inputs: Any) -> list[Any]:
        """Returns zeros in the shapes of the states, for inputs of the layer."""
        shape = inputs.shape.as_list()
        sizes = self.cell.state_sizes(shape[2:])
        if any(size is None for size in sizes):
            raise ValueError(f"ConvLSTM2D: the rows and columns of the input are to be known; its shape is {shape}")
        batch = shape_of(inputs)[0] if shape[0] is None else shape[0]
        return [zeros([batch, *sizes], inputs.dtype) for _ in range(2)]

    def build(self, input_shape: Any) -> None:
        """Makes the variables of the cell, and those of the states of a stateful layer."""
        self._of_a_state = self.cell.state_sizes(TensorShape(input_shape).as_list()[2:])
        super().build(input_shape)

    def _make_states(self, batch: int | None) -> None:
        if batch is None or None in self._of_a_state:
            raise ValueError(
                "If a RNN is stateful, it needs to know its batch size. Specify the batch size of your input tensors: "
                "`batch_input_shape` of the first layer of a Sequential model, or `batch_shape` of an Input."
            )
        sizes = [int(size) for size in self._of_a_state if size is not None]
        self._state_variables = [
            backend.variable(np.zeros([batch, *sizes]), dtype=self._dtype) for _ in range(2)
        ]  # fmt: skip
