"""Keras' cells: one step of a recurrent layer. Weights `kernel`, `recurrent_kernel`, `bias` hold all gates.

    SimpleRNNCell   h = act(x K + h U + b)
    LSTMCell        gates i, f, c, o:  c = f c + i act(x_c);  h = o act(c)
    GRUCell         gates z, r, h:     h = z h + (1 - z) act(x_h + (r h) U_h)      (`reset_after`: r (h U_h))

A step has two parts, `project` (what depends on the input alone: `x K + b`) and `advance` (the rest). A layer projects
all steps in one product before its loop, which is faster than one product a step and gives the same numbers. Dropout
has one mask for all steps; it is made when it is first asked for and kept until it is reset, so that a layer asks for
it before its loop begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import activations, constraints, initializers, naming, regularizers, state
from scopedjax._src.lib.keras.layer import LAYERS, Layer
from scopedjax._src.lib.layers.arguments import either
from scopedjax._src.ops.array.filling import ones, ones_like, zeros
from scopedjax._src.ops.array.joining import concat, split
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.math.linear_algebra import matmul, tensordot
from scopedjax._src.ops.nn.dropout import dropout as dropped

_FUNCTIONS = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}

_SHARED = ("activation", "recurrent_activation", "use_bias", "kernel_initializer", "recurrent_initializer",
           "bias_initializer", "kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "kernel_constraint",
           "recurrent_constraint", "bias_constraint", "dropout", "recurrent_dropout", "implementation")  # fmt: skip
_OPTIONS = (*_SHARED, "unit_forget_bias", "reset_after")


class AbstractRNNCell(Layer):
    """What a cell of one's own may begin with: it says `state_size`, `output_size`, and `call(inputs, states)`.

    >>> class Sum(tf.keras.layers.AbstractRNNCell):
    ...     state_size = output_size = 3
    ...     def call(self, inputs, states):
    ...         return inputs + states[0], [inputs + states[0]]
    >>> tf.Session().run(tf.keras.layers.RNN(Sum())(tf.ones([1, 4, 3]))).tolist()
    [[4.0, 4.0, 4.0]]
    """

    @property
    def state_size(self) -> Any:
        """Sizes of the states."""
        raise NotImplementedError("Abstract method: a cell says its state_size")

    @property
    def output_size(self) -> Any:
        """Size of the output."""
        raise NotImplementedError("Abstract method: a cell says its output_size")

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """Returns zeros in the shapes of the states."""
        return initial_state(self, inputs, batch_size, dtype)


def initial_state(cell: Any, inputs: Any, batch_size: Any, dtype: Any) -> Any:
    """Zeros in the shapes of a cell's states; the batch is that of the inputs, where there are inputs."""
    if inputs is not None:
        batch_size, dtype = shape_of(inputs)[0], inputs.dtype
    if batch_size is None or dtype is None:
        raise ValueError(
            "batch_size and dtype cannot be None while constructing initial state: "
            f"batch_size={batch_size}, dtype={dtype}"
        )

    def empty(size: Any) -> Tensor:
        sizes = TensorShape(size).as_list() if isinstance(size, (TensorShape, tuple, list)) else [size]
        return zeros(stack([batch_size, *sizes]), dtype)

    sizes = cell.state_size
    return [empty(s) for s in sizes] if isinstance(sizes, (list, tuple)) else empty(sizes)


class GatedCell(Layer):
    """What the three cells share."""

    _gates = 1
    _arguments: tuple[str, ...] = ("units", *_SHARED)

    def __init__(self, units: int, **given: Any) -> None:
        options = {name: given.pop(name) for name in _OPTIONS if name in given}
        super().__init__(**given)
        self.units = int(units)
        self.state_size: Any = self.units
        self.output_size = self.units
        for name, value in options.items():
            page = activations if name.endswith("activation") else _FUNCTIONS.get(name.rpartition("_")[2])
            setattr(self, name, value if page is None else page.get(value))
        self.dropout = min(1.0, max(0.0, options.get("dropout", 0.0)))
        self.recurrent_dropout = min(1.0, max(0.0, options.get("recurrent_dropout", 0.0)))
        self._masks: dict[str, list[Tensor]] = {}

    def __getattr__(self, name: str) -> Any:  # the options, which `__init__` sets by their names
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def build(self, input_shape: Any) -> None:
        """Makes the kernels and the bias."""
        size, width = TensorShape(input_shape).as_list()[-1], self.units * self._gates
        self.kernel = self._weight("kernel", (size, width))
        self.recurrent_kernel = self._weight("recurrent_kernel", (self.units, width))
        self.bias: Any = self._weight("bias", self._bias_shape(width)) if self.use_bias else None
        self.built = True

    def _weight(self, name: str, shape: tuple[int | None, ...]) -> Any:
        kind = name.removesuffix("_kernel")
        return self.add_weight(
            name, shape, initializer=self._first_bias if name == "bias" else getattr(self, f"{kind}_initializer"),
            regularizer=getattr(self, f"{kind}_regularizer"), constraint=getattr(self, f"{kind}_constraint"),
        )  # fmt: skip

    def _bias_shape(self, width: int) -> tuple[int, ...]:
        return (width,)

    def _first_bias(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        return self.bias_initializer(shape, dtype=dtype)

    # Dropout ---------------------------------------------------------------------------------------------------------

    def reset_dropout_mask(self) -> None:
        """Forgets the mask of the input; the next step makes another."""
        self._masks.pop("input", None)

    def reset_recurrent_dropout_mask(self) -> None:
        """Forgets the mask of the state; the next step makes another."""
        self._masks.pop("state", None)

    def get_dropout_mask_for_cell(self, inputs: Any, training: Any, count: int = 1) -> list[Tensor] | None:
        """Returns `count` masks of the input, or None without dropout; the same ones until they are reset."""
        return self._mask("input", self.dropout, inputs, training, count)

    def get_recurrent_dropout_mask_for_cell(self, inputs: Any, training: Any, count: int = 1) -> list[Tensor] | None:
        """Returns `count` masks of the state, or None without dropout; the same ones until they are reset."""
        return self._mask("state", self.recurrent_dropout, inputs, training, count)

    def _mask(self, kind: str, rate: float, like: Any, training: Any, count: int) -> list[Tensor] | None:
        if rate == 0:
            return None
        if kind not in self._masks:
            training = state.learning_phase() if training is None else training
            whole = ones_like(like)
            self._masks[kind] = [
                either(training, lambda: dropped(whole, rate=rate), lambda: whole) for _ in range(count)
            ]
        return self._masks[kind]

    def make_masks(self, inputs: Any, states: Sequence[Any], training: Any) -> None:
        """Makes new masks, before the loop of a layer begins."""
        self._masks.clear()
        self.get_dropout_mask_for_cell(inputs, training, self._masks_of_a_step)
        self.get_recurrent_dropout_mask_for_cell(states[0], training, self._masks_of_a_step)

    @property
    def _masks_of_a_step(self) -> int:
        return self._gates if getattr(self, "implementation", 2) == 1 else 1

    def _times(self, x: Any, kernel: Any, masks: Sequence[Tensor] | None) -> Tensor:
        """`x @ kernel`, each gate's part with a mask of its own where there are several."""
        if masks is None or len(masks) == 1:
            return _product(x if masks is None else x * masks[0], kernel)
        parts = split(kernel, len(masks), axis=1)
        return concat([_product(x * m, part) for m, part in zip(masks, parts, strict=True)], axis=-1)

    # Steps -----------------------------------------------------------------------------------------------------------

    def project(self, inputs: Any, training: Any = None) -> Tensor:
        """What a step needs of its input: `[..., units * gates]`; for one step or for all of them, time first."""
        first = inputs if inputs.shape.ndims == 2 else inputs[0]
        masks = self.get_dropout_mask_for_cell(first, training, self._masks_of_a_step)
        gates = self._times(inputs, self.kernel, masks)
        bias = self._input_bias()
        return gates if bias is None else gates + bias

    def _input_bias(self) -> Any:
        return self.bias

    def advance(self, projected: Any, states: Sequence[Any], training: Any = None) -> list[Tensor]:
        """The states after a step; the first is the output."""
        raise NotImplementedError(type(self).__name__)

    def _recurrent(self, h: Any, kernel: Any, training: Any) -> Tensor:
        """`h @ kernel`, with the state's dropout."""
        masks = self.get_recurrent_dropout_mask_for_cell(h, training, self._masks_of_a_step)
        return self._times(h, kernel, masks)

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
        """Takes one step: (output, new states)."""
        new = self.advance(self.project(inputs, training), nest.flatten(states), training)
        return new[0], new

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """Returns zeros in the shapes of the states."""
        return initial_state(self, inputs, batch_size, dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the cell from again."""
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable, "dtype": None}
        for name in self._arguments:
            if name in self.__dict__:
                config[name] = naming.plain(self.__dict__[name])
        return config


def _product(x: Any, kernel: Any) -> Tensor:
    return matmul(x, kernel) if x.shape.ndims == 2 else tensordot(x, kernel, [[x.shape.ndims - 1], [0]])


class SimpleRNNCell(GatedCell):
    """A fully connected step: `activation(inputs @ kernel + state @ recurrent_kernel + bias)`.

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
      kernel_constraint: Function of the kernel, applied after an update.
      recurrent_constraint: Function of the recurrent kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      dropout: Share of the inputs to drop in training.
      recurrent_dropout: Share of the state to drop in training.
      **kwargs: As for `Layer`.

    >>> output, states = tf.keras.layers.SimpleRNNCell(4)(tf.zeros([2, 3]), [tf.zeros([2, 4])])
    >>> output.shape.as_list(), len(states)
    ([2, 4], 1)
    """

    def __init__(
        self, units: int, activation: Any = "tanh", use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None, bias_regularizer: Any = None, kernel_constraint: Any = None,
        recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0,
        recurrent_dropout: float = 0.0, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**naming.handed_on(locals()))

    def advance(self, projected: Any, states: Sequence[Any], training: Any = None) -> list[Tensor]:
        """The state after a step."""
        return [self.activation(projected + self._recurrent(states[0], self.recurrent_kernel, training))]


class LSTMCell(GatedCell):
    """One step of a long short-term memory.

    Args:
      units: Size of each of the two states.
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
      kernel_constraint: Function of the kernel, applied after an update.
      recurrent_constraint: Function of the recurrent kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      dropout: Share of the inputs to drop in training.
      recurrent_dropout: Share of the state to drop in training.
      implementation: 1 for a dropout mask of its own for each gate, 2 for one mask.
      **kwargs: As for `Layer`.

    >>> output, (h, c) = tf.keras.layers.LSTMCell(4)(tf.zeros([2, 3]), [tf.zeros([2, 4])] * 2)
    >>> output.shape.as_list(), c.shape.as_list()
    ([2, 4], [2, 4])
    """

    _gates = 4
    _arguments = (*GatedCell._arguments, "unit_forget_bias")

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "hard_sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", unit_forget_bias: bool = True, kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None, bias_regularizer: Any = None, kernel_constraint: Any = None,
        recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0,
        recurrent_dropout: float = 0.0, implementation: int = 1, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**naming.handed_on(locals()))
        self.state_size = [self.units, self.units]

    def _first_bias(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        if not self.unit_forget_bias:
            return super()._first_bias(shape, dtype)
        n, make = self.units, self.bias_initializer
        return concat([make([n], dtype=dtype), ones([n], dtype), make([2 * n], dtype=dtype)], axis=0)

    def advance(self, projected: Any, states: Sequence[Any], training: Any = None) -> list[Tensor]:
        """The states after a step: output and memory."""
        h, c = states
        i, f, new, o = split(projected + self._recurrent(h, self.recurrent_kernel, training), 4, axis=1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(new)
        return [gate(o) * self.activation(c), c]


class GRUCell(GatedCell):
    """One step of a gated recurrent unit.

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
      kernel_constraint: Function of the kernel, applied after an update.
      recurrent_constraint: Function of the recurrent kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      dropout: Share of the inputs to drop in training.
      recurrent_dropout: Share of the state to drop in training.
      implementation: 1 for a dropout mask of its own for each gate, 2 for one mask.
      reset_after: Whether the reset gate follows the product (as in cuDNN, with a bias of its own) or precedes it.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.GRUCell(4)(tf.zeros([2, 3]), [tf.zeros([2, 4])])[0].shape.as_list()
    [2, 4]
    """

    _gates = 3
    _arguments = (*GatedCell._arguments, "reset_after")

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "hard_sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
        bias_regularizer: Any = None, kernel_constraint: Any = None, recurrent_constraint: Any = None,
        bias_constraint: Any = None, dropout: float = 0.0, recurrent_dropout: float = 0.0, implementation: int = 1,
        reset_after: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**naming.handed_on(locals()))

    def _bias_shape(self, width: int) -> tuple[int, ...]:
        return (2, width) if self.reset_after else (width,)

    def _input_bias(self) -> Any:
        return self.bias[0] if self.reset_after and self.bias is not None else self.bias

    def _state_bias(self) -> Any:
        return self.bias[1]

    def advance(self, projected: Any, states: Sequence[Any], training: Any = None) -> list[Tensor]:
        """The state after a step."""
        h, n = states[0], self.units
        gates, candidate = split(projected, [2 * n, n], axis=1)
        if self.reset_after:
            product = self._recurrent(h, self.recurrent_kernel, training)
            product = product if self.bias is None else product + self._state_bias()
            gated, rest = split(product, [2 * n, n], axis=1)
            z, r = split(self.recurrent_activation(gates + gated), 2, axis=1)
            candidate = self.activation(candidate + r * rest)
            return [z * h + (1.0 - z) * candidate]
        masks = self.get_recurrent_dropout_mask_for_cell(h, training, self._masks_of_a_step)
        two = masks if masks is None or len(masks) == 1 else masks[:2]
        last = masks if masks is None else masks[-1:]
        gated = self._times(h, self.recurrent_kernel[:, : 2 * n], two)
        z, r = split(self.recurrent_activation(gates + gated), 2, axis=1)
        reset = self._times(r * h, self.recurrent_kernel[:, 2 * n :], last)
        return [z * h + (1.0 - z) * self.activation(candidate + reset)]


class StackedRNNCells(Layer):
    """Cells as one cell: the output of each is the input of the next.

    Args:
      cells: The cells.
      **kwargs: As for `Layer`; `reverse_state_order`: whether the states stand last cell first.

    Raises:
      ValueError: a cell has no `call`, or no `state_size`.

    >>> cell = tf.keras.layers.StackedRNNCells([tf.keras.layers.LSTMCell(4), tf.keras.layers.GRUCell(3)])
    >>> cell.state_size, tf.keras.layers.RNN(cell)(tf.zeros([2, 5, 6])).shape.as_list()
    (([4, 4], 3), [2, 3])
    """

    def __init__(self, cells: Any, **kwargs: Any) -> None:
        for cell in cells:
            if not hasattr(cell, "call"):
                raise ValueError("All cells must have a `call` method. received cells:", cells)
            if not hasattr(cell, "state_size"):
                raise ValueError("All cells must have a `state_size` attribute. received cells:", cells)
        self.reverse_state_order = kwargs.pop("reverse_state_order", False)
        super().__init__(**kwargs)
        self.cells = list(cells)

    @property
    def _ordered(self) -> list[Any]:
        return self.cells[::-1] if self.reverse_state_order else self.cells

    @property
    def state_size(self) -> Any:
        """Sizes of the states of each cell."""
        return tuple(cell.state_size for cell in self._ordered)

    @property
    def output_size(self) -> Any:
        """Size of the last cell's output."""
        return size_of_output(self.cells[-1])

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """Returns zeros in the shapes of the states."""
        return tuple(initial_state(cell, inputs, batch_size, dtype) for cell in self._ordered)

    def build(self, input_shape: Any) -> None:
        """Makes the variables of each cell."""
        shape = TensorShape(input_shape).as_list()
        for cell in self.cells:
            if not getattr(cell, "built", True):
                cell._dtype = cell._dtype or self._dtype
                cell.build(TensorShape(shape))
                cell.built = True
            shape = [shape[0], size_of_output(cell)]
        self.built = True

    def make_masks(self, inputs: Any, states: Sequence[Any], training: Any) -> None:
        """Makes new masks of dropout in each cell, before the loop of a layer begins."""
        for cell, own in zip(self.cells, self._split(states), strict=True):
            if hasattr(cell, "make_masks"):
                cell.make_masks(inputs, own, training)
            inputs = own[0]

    def _split(self, states: Sequence[Any]) -> list[list[Any]]:
        """The flat states, for each cell in its order."""
        flat, parts = nest.flatten(states), []
        for cell in self._ordered:
            count = len(nest.flatten(cell.state_size))
            parts.append(flat[:count])
            flat = flat[count:]
        return parts[::-1] if self.reverse_state_order else parts

    def call(self, inputs: Any, states: Any, constants: Any = None, **kwargs: Any) -> Any:
        """Takes one step of each cell: (output, new states)."""
        new = []
        for cell, own in zip(self.cells, self._split(states), strict=True):
            given = {k: v for k, v in kwargs.items() if k in cell._call_parameters}
            if constants and "constants" in cell._call_parameters:
                given["constants"] = constants
            inputs, after = cell.call(inputs, own, **given)
            new.append(after)
        return inputs, tuple(new[::-1] if self.reverse_state_order else new)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the cell from again."""
        config = {"name": self.name, "trainable": self.trainable, "dtype": None}
        return {**config, "cells": [naming.serialized(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Makes the cell from what `get_config` returned."""
        rest = dict(config)
        return cls([LAYERS.get(c, custom_objects) for c in rest.pop("cells")], **rest)


def size_of_output(cell: Any) -> Any:
    """Size of a cell's output: what it says, or that of its first state."""
    try:
        size = cell.output_size
    except AttributeError:
        size = None
    if size is not None:
        return size
    sizes = cell.state_size
    return sizes[0] if isinstance(sizes, (list, tuple)) else sizes
