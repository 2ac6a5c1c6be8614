"""Keras' recurrent layers: a cell (see `cells`) applied along time (see `recurrence`).

    RNN(cell)              any cell, or a list of cells; SimpleRNN, LSTM and GRU are RNNs with their own
    return_sequences       outputs of all steps `[batch, time, units]` instead of the last one
    return_state           [output, *states]
    stateful               the states stay in variables from one batch to the next, until `reset_states`

Weights stand under the layer's name, whatever the cell is called: `lstm/kernel`, `rnn/kernel`, `rnn/kernel_1`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import backend, cells, naming, state
from scopedjax._src.lib.keras.layer import LAYERS, Layer
from scopedjax._src.lib.keras.recurrence import rnn
from scopedjax._src.lib.layers.base import InputSpec
from scopedjax._src.ops.array.joining import transpose
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.convert import convert_to_tensor

_FLAGS = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "time_major")


class RNN(Layer):
    """A cell applied along time, over `[batch, time, size]`.

    Args:
      cell: Layer with `call(inputs, states) -> (output, new states)` and `state_size`; or a list of cells.
      return_sequences: Whether the outputs of all steps are returned, or the last one.
      return_state: Whether the last states are returned too: `[output, *states]`.
      go_backwards: Whether the last step comes first.
      stateful: Whether a batch begins with the states at the end of the one before.
      unroll: Whether the steps are recorded one by one.
      time_major: Whether inputs and outputs are `[time, batch, size]`.
      **kwargs: As for `Layer`.

    Raises:
      ValueError: the cell has no `call`, or no `state_size`.

    >>> layer = tf.keras.layers.RNN([tf.keras.layers.LSTMCell(4), tf.keras.layers.GRUCell(3)])
    >>> layer(tf.zeros([2, 5, 6])).shape.as_list(), [v.name for v in layer.weights][::3]
    ([2, 3], ['rnn/kernel:0', 'rnn/kernel_1:0'])
    """

    supports_masking = True

    def __init__(
        self, cell: Any, return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False,
        stateful: bool = False, unroll: bool = False, time_major: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        cell = cells.StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cell
        if not hasattr(cell, "call"):
            raise ValueError("`cell` should have a `call` method. The RNN was passed:", cell)
        if not hasattr(cell, "state_size"):
            raise ValueError("The RNN cell should have an attribute `state_size` (tuple of integers, one integer per "
                             f"RNN state): {cell}")  # fmt: skip
        self.zero_output_for_mask = kwargs.pop("zero_output_for_mask", False)
        if "input_dim" in kwargs or "input_length" in kwargs:
            kwargs["input_shape"] = (kwargs.pop("input_length", None), kwargs.pop("input_dim", None))
        super().__init__(**kwargs)
        self.cell: Any = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.time_major = time_major
        self._state_variables: Any = None  # of a stateful layer: not among its weights, as in Keras

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_state_variables":
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)

    # Calling ---------------------------------------------------------------------------------------------------------

    def __call__(self, inputs: Any, initial_state: Any = None, constants: Any = None, **kwargs: Any) -> Any:
        """Applies the layer.

        Args:
          inputs: Tensor `[batch, time, size]`, or a list: the tensor followed by the initial states.
          initial_state: States before the first step; zeros by default.
          constants: Tensors that each step of the cell gets as `constants`.
          **kwargs: `mask` (`[batch, time]`, steps that count), `training`.

        Returns:
          The output, or `[output, *states]`.

        Raises:
          ValueError: the states do not fit the cell, or the input does not fit the layer.
        """
        if isinstance(inputs, (list, tuple)) and initial_state is None:
            inputs, *rest = inputs
            initial_state = rest or None
        for name, value in (("initial_state", initial_state), ("constants", constants)):
            if value is not None:
                several = list(value) if isinstance(value, (list, tuple)) else [value]
                kwargs[name] = nest.map_structure(convert_to_tensor, several)
        return super().__call__(inputs, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Makes the variables of the cell, and those of the states of a stateful layer."""
        shape = TensorShape(input_shape).as_list()
        batch, size = shape[1 if self.time_major else 0], shape[2:]
        self.input_spec = InputSpec(shape=[batch if self.stateful else None, None, *size])
        if self.time_major:
            self.input_spec = InputSpec(shape=[None, batch if self.stateful else None, *size])
        if not getattr(self.cell, "built", True):
            self.cell._dtype = self.cell._dtype or self._dtype
            self.cell.build(TensorShape([batch, *size]))
            self.cell.built = True
        if self.stateful:
            self._make_states(batch)
        self.built = True

    def call(
        self, inputs: Any, mask: Any = None, training: Any = None, initial_state: Any = None, constants: Any = None
    ) -> Any:
        """Runs over the steps."""
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        begun = self._begin(inputs, initial_state)
        steps = inputs.shape.as_list()[0 if self.time_major else 1]
        if self.unroll and steps is None:
            raise ValueError("Cannot unroll a RNN if the time dimension is undefined. \n- Give the first layer a whole "
                             "`input_shape`, or the `Input` a whole `shape`, or leave unroll=True out.")  # fmt: skip
        if not self.time_major:
            inputs = _swapped(inputs)
            mask = None if mask is None else _swapped(convert_to_tensor(mask))
        step, inputs = self._step(inputs, begun, training, constants)
        last, outputs, ends = rnn(
            step, inputs, begun, go_backwards=self.go_backwards, mask=mask, unroll=self.unroll, time_major=True,
            zero_output_for_mask=self.zero_output_for_mask,
        )  # fmt: skip
        if self.stateful:
            self._keep(ends)
        output = last
        if self.return_sequences:
            output = nest.map_structure(lambda t: t if self.time_major else _swapped(t), outputs)
        elif mask is None and isinstance(self.cell, cells.GatedCell):
            output = ends[0]  # the same number; then nobody needs the outputs of the other steps
        return [output, *ends] if self.return_state else output

    def _step(self, inputs: Any, begun: Any, training: Any, constants: Any) -> tuple[Any, Any]:
        """The step and what it takes: of a cell of Keras' own, inputs that are projected before the loop."""
        cell = self.cell
        if hasattr(cell, "make_masks"):
            cell.make_masks(inputs[0], begun, training)
        if isinstance(cell, cells.GatedCell):

            def advance(x: Any, states: Any) -> tuple[Any, Any]:
                new = cell.advance(x, states, training)
                return new[0], new

            return advance, cell.project(inputs, training)
        takes = getattr(cell, "_call_parameters", frozenset())
        given = {"training": training} if "training" in takes else {}
        if constants is not None:
            given["constants"] = constants
        single = len(begun) == 1 and not isinstance(begun[0], (list, tuple))

        def step(x: Any, states: Any) -> tuple[Any, Any]:
            output, new = cell.call(x, states, **given)
            return output, [new] if single and isinstance(new, Tensor) else list(new)

        return step, inputs

    # States ----------------------------------------------------------------------------------------------------------

    def _sizes(self) -> list[Any]:
        sizes = self.cell.state_size
        return list(sizes) if isinstance(sizes, (list, tuple)) else [sizes]

    def _begin(self, inputs: Any, given: Any) -> list[Any]:
        """The states before the first step."""
        if given is None:
            given = self._state_variables if self.stateful else self.get_initial_state(inputs)
        begun = nest.map_structure(convert_to_tensor, list(given))
        wanted = nest.flatten(self._sizes())
        flat = nest.flatten(begun)
        sizes = [TensorShape(s).as_list()[-1] if isinstance(s, TensorShape) else s for s in wanted]
        if len(flat) != len(sizes) or any(
            t.shape.ndims and t.shape.as_list()[-1] not in (None, s) for t, s in zip(flat, sizes, strict=True)
        ):
            raise ValueError(
                "An `initial_state` was passed that is not compatible with `cell.state_size`. Received shapes "
                f"{[t.shape.as_list() for t in flat]}; however `cell.state_size` is {self.cell.state_size}"
            )
        batch = inputs.shape.as_list()[1 if self.time_major else 0]
        for tensor, size in zip(flat, sizes, strict=True):
            if tensor.shape.ndims in (None, 2):
                tensor.set_shape([batch, size])
        return begun

    def get_initial_state(self, inputs: Any) -> list[Any]:
        """Returns what the cell begins with, for inputs of the layer."""
        batch = shape_of(inputs)[1 if self.time_major else 0]
        make = getattr(self.cell, "get_initial_state", None)
        if make is None:
            made = cells.initial_state(self.cell, None, batch, inputs.dtype)
        else:
            made = make(inputs=None, batch_size=batch, dtype=inputs.dtype)
        return list(made) if isinstance(made, (list, tuple)) else [made]

    @property
    def states(self) -> list[Any]:
        """The variables of the states of a stateful layer; None for each state otherwise."""
        return list(self._state_variables or [None] * len(self._sizes()))

    def _make_states(self, batch: int | None) -> None:
        if batch is None:
            raise ValueError(
                "If a RNN is stateful, it needs to know its batch size. Specify the batch size of your input tensors: "
                "`batch_input_shape` of the first layer of a Sequential model, or `batch_shape` of an Input."
            )
        self._state_variables = nest.map_structure(
            lambda size: backend.variable(np.zeros([batch, size]), dtype=self._dtype), self._sizes()
        )

    def _keep(self, ends: Any) -> None:
        for variable, value in zip(nest.flatten(self._state_variables), nest.flatten(ends), strict=True):
            self.add_update(variable.assign(value).op)

    def reset_states(self, states: Any = None) -> None:
        """Sets the states of a stateful layer.

        Args:
          states: Arrays; zeros by default.

        Raises:
          AttributeError: the layer is not stateful.
          ValueError: it has no states yet, or they are others in number or shape.
        """
        if not self.stateful:
            raise AttributeError("Layer must be stateful.")
        if self._state_variables is None:
            raise ValueError(
                "If a RNN is stateful, it needs to know its batch size: call the layer before reset_states"
            )
        variables = nest.flatten(self._state_variables)
        shapes = [tuple(v.get_shape().as_list()) for v in variables]
        values = [np.zeros(s) for s in shapes] if states is None else [np.asarray(s) for s in nest.flatten(states)]
        if len(values) != len(variables):
            raise ValueError(
                f"Layer {self.name} expects {len(variables)} states, but it received {len(values)} state values. "
                f"Input received: {states}"
            )
        for i, (value, shape) in enumerate(zip(values, shapes, strict=True)):
            if value.shape != shape:
                raise ValueError(
                    f"State {i} is incompatible with layer {self.name}: expected shape={shape}, found "
                    f"shape={value.shape}"
                )
        state.batch_set_value(zip(variables, values, strict=True))

    # What it says ----------------------------------------------------------------------------------------------------

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the inputs, where all steps are returned; the states have none."""
        mask = nest.flatten(mask)[0] if isinstance(mask, (list, tuple)) else mask
        mask = mask if self.return_sequences else None
        return [mask, *(None for _ in self._sizes())] if self.return_state else mask

    def _base_config(self) -> dict[str, Any]:
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        if self._batch_input_shape is not None:
            config["batch_input_shape"] = self._batch_input_shape
        config["dtype"] = None if self._dtype is None else self._dtype.name
        config.update({name: getattr(self, name) for name in _FLAGS})
        return {**config, **({"zero_output_for_mask": True} if self.zero_output_for_mask else {})}

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the layer from again."""
        return {**self._base_config(), "cell": naming.serialized(self.cell)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Makes the layer from what `get_config` returned."""
        rest = dict(config)
        if "cell" in rest:
            rest["cell"] = LAYERS.get(rest["cell"], custom_objects)
        return cls(**rest)


def _swapped(tensor: Any) -> Any:
    return transpose(tensor, [1, 0, *range(2, tensor.shape.ndims)])


class OfItsOwn(RNN):
    """A layer whose cell is made of the layer's arguments, which can be read off the layer too."""

    _cell: Any = None

    def _made(self, given: dict[str, Any]) -> None:
        """Makes the cell and the layer of the arguments that a subclass hands on."""
        own = {name: given.pop(name) for name in self._cell._arguments if name in given}
        own.update({name: given[name] for name in ("dtype", "trainable") if name in given})
        RNN.__init__(self, self._cell(**own), **given)
        self.input_spec = InputSpec(ndim=3)

    def __getattr__(self, name: str) -> Any:
        cell = self.__dict__.get("cell")
        if cell is not None and name in cell._arguments:
            return getattr(cell, name)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def call(
        self, inputs: Any, mask: Any = None, training: Any = None, initial_state: Any = None, constants: Any = None
    ) -> Any:
        """Runs over the steps."""
        return super().call(inputs, mask=mask, training=training, initial_state=initial_state)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the layer from again."""
        config = self._base_config()
        own = {k: v for k, v in self.cell.get_config().items() if k not in ("name", "trainable", "dtype")}
        return {**config, **own, "activity_regularizer": naming.plain(self._activity_regularizer)}


class SimpleRNN(OfItsOwn):
    """A fully connected recurrence over `[batch, time, size]`.

    Args:
      units: Size of the state.
      activation: Function of the result, its name, or None.
      use_bias: Whether there is a bias.
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
      dropout: Share of the inputs to drop in training, the same ones in all steps.
      recurrent_dropout: Share of the state to drop in training.
      return_sequences: Whether the outputs of all steps are returned, or the last one.
      return_state: Whether the last states are returned too: `[output, *states]`.
      go_backwards: Whether the last step comes first.
      stateful: Whether a batch begins with the states at the end of the one before.
      unroll: Whether the steps are recorded one by one.
      **kwargs: As for `Layer`, and `time_major`.

    >>> layer = tf.keras.layers.SimpleRNN(5)
    >>> layer(tf.zeros([2, 3, 4])).shape.as_list(), layer.weights[0].name
    ([2, 5], 'simple_rnn/kernel:0')
    """

    _cell = cells.SimpleRNNCell

    def __init__(
        self, units: int, activation: Any = "tanh", use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
        kernel_constraint: Any = None, recurrent_constraint: Any = None, bias_constraint: Any = None,
        dropout: float = 0.0, recurrent_dropout: float = 0.0, return_sequences: bool = False,
        return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        self._made(naming.handed_on(locals()))


class LSTM(OfItsOwn):
    """Long short-term memory over `[batch, time, size]`; the states are output and memory.

    Args:
      units: Size of each state.
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
      dropout: Share of the inputs to drop in training, the same ones in all steps.
      recurrent_dropout: Share of the state to drop in training.
      implementation: 1 for a dropout mask of its own for each gate, 2 for one mask.
      return_sequences: Whether the outputs of all steps are returned, or the last one.
      return_state: Whether the last states are returned too: `[output, *states]`.
      go_backwards: Whether the last step comes first.
      stateful: Whether a batch begins with the states at the end of the one before.
      unroll: Whether the steps are recorded one by one.
      **kwargs: As for `Layer`, and `time_major`.

    >>> layer = tf.keras.layers.LSTM(5)
    >>> layer(tf.zeros([2, 3, 4])).shape.as_list(), [v.name for v in layer.weights]
    ([2, 5], ['lstm/kernel:0', 'lstm/recurrent_kernel:0', 'lstm/bias:0'])
    """

    _cell = cells.LSTMCell

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "hard_sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", unit_forget_bias: bool = True, kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
        kernel_constraint: Any = None, recurrent_constraint: Any = None, bias_constraint: Any = None,
        dropout: float = 0.0, recurrent_dropout: float = 0.0, implementation: int = 1, return_sequences: bool = False,
        return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        self._made(naming.handed_on(locals()))


class GRU(OfItsOwn):
    """Gated recurrent units over `[batch, time, size]`.

    Args:
      units: Size of the state.
      activation: Function of the candidate.
      recurrent_activation: Function of the gates.
      use_bias: Whether there is a bias.
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
      dropout: Share of the inputs to drop in training, the same ones in all steps.
      recurrent_dropout: Share of the state to drop in training.
      implementation: 1 for a dropout mask of its own for each gate, 2 for one mask.
      return_sequences: Whether the outputs of all steps are returned, or the last one.
      return_state: Whether the last states are returned too: `[output, *states]`.
      go_backwards: Whether the last step comes first.
      stateful: Whether a batch begins with the states at the end of the one before.
      unroll: Whether the steps are recorded one by one.
      reset_after: Whether the reset gate follows the product (as in cuDNN) or precedes it.
      **kwargs: As for `Layer`, and `time_major`.

    >>> tf.keras.layers.GRU(5, return_sequences=True)(tf.zeros([2, 3, 4])).shape.as_list()
    [2, 3, 5]
    """

    _cell = cells.GRUCell

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "hard_sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
        bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
        recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0,
        recurrent_dropout: float = 0.0, implementation: int = 1, return_sequences: bool = False,
        return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False,
        reset_after: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        self._made(naming.handed_on(locals()))
