"""Cells made of cells: `MultiRNNCell` puts them on top of each other, the wrappers change what goes in or comes out.

    MultiRNNCell([a, DropoutWrapper(b)])         x --> a --> b --> dropout --> output

A wrapper has no variables and no scope of its own, so a cell has the same variable names with and without it; its
`weights` are empty, as in TF1: ask the cell inside.
"""

from __future__ import annotations

import hashlib
import numbers
from collections.abc import Callable
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph import stacks
from scopedjax._src.graph.recording import device as device_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.layers.base import Layer
from scopedjax._src.lib.rnn.cell import RNNCell, assert_like_rnncell
from scopedjax._src.lib.rnn.cells import LSTMStateTuple
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.slicing import slice_
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.elementwise import div, floor
from scopedjax._src.ops.nn.dropout import dropout
from scopedjax._src.ops.random.sampling import random_uniform
from scopedjax._src.variables.scope import variable_scope


class MultiRNNCell(RNNCell):
    """Cells on top of each other: the output of each is the input of the next.

    Args:
      cells: List of cells, the lowest first.
      state_is_tuple: Whether the state is a tuple with the state of each cell, and not all side by side in one tensor.

    Raises:
      ValueError: there is no cell, or `state_is_tuple` is False and a cell's state is a tuple.
      TypeError: `cells` is not a list.

    >>> cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(n) for n in (8, 4)])
    >>> outputs, state = tf.nn.dynamic_rnn(cell, tf.zeros([2, 5, 3]), dtype=tf.float32)
    >>> tf.trainable_variables()[0].name
    'rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel:0'
    """

    def __init__(self, cells: Any, state_is_tuple: bool = True) -> None:
        super().__init__()
        if not cells:
            raise ValueError("Must specify at least one cell for MultiRNNCell.")
        if not nest.is_nested(cells):
            raise TypeError(f"cells must be a list or tuple, but received: {cells}.")
        for cell in cells:
            assert_like_rnncell("cell", cell)
        self._cells = cells
        self._state_is_tuple = state_is_tuple
        if not state_is_tuple and any(nest.is_nested(c.state_size) for c in cells):
            raise ValueError(
                "Some cells return tuples of states, but the flag state_is_tuple is not set. State sizes are: "
                f"{[c.state_size for c in cells]}"
            )

    @property
    def state_size(self) -> Any:
        """Sizes of the states: a tuple, or the sum."""
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        """Size of the last cell's output."""
        return self._cells[-1].output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Returns the zero states of all cells; see `RNNCell.zero_state`."""
        with stacks.get_default_graph().name_scope(type(self).__name__ + "ZeroState"):
            if self._state_is_tuple:
                return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)
            return super().zero_state(batch_size, dtype)

    @property
    def trainable_weights(self) -> list[Any]:
        """Variables of the cells for training."""
        return [v for c in self._layers() for v in c.trainable_weights] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other variables of the cells."""
        frozen = [] if self.trainable else [v for c in self._layers() for v in c.trainable_weights]
        return frozen + [v for c in self._layers() for v in c.non_trainable_weights]

    def _layers(self) -> list[Layer]:
        return [c for c in self._cells if isinstance(c, Layer)]

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:  # type: ignore[override]
        """Runs one step of all cells."""
        if self._state_is_tuple and not nest.is_nested(state):
            raise ValueError(f"Expected state to be a tuple of length {len(self._cells)}, but received: {state}")
        states: list[Any] = []
        at = 0
        for i, cell in enumerate(self._cells):
            with variable_scope(f"cell_{i}"):
                if self._state_is_tuple:
                    own = state[i]
                else:
                    own = slice_(state, [0, at], [-1, cell.state_size])
                    at += cell.state_size
                inputs, new = cell(inputs, own)
                states.append(new)
        return inputs, tuple(states) if self._state_is_tuple else concat(states, 1)


class _CellWrapper(RNNCell):
    """A cell around a cell."""

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        assert_like_rnncell("cell", cell)
        self.cell = cell

    @property
    def wrapped_cell(self) -> Any:
        """The cell inside."""
        return self.cell

    @property
    def state_size(self) -> Any:
        """As the cell's."""
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        """As the cell's."""
        return self.cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Returns the cell's zero state; see `RNNCell.zero_state`."""
        with stacks.get_default_graph().name_scope(type(self).__name__ + "ZeroState"):
            return self.cell.zero_state(batch_size, dtype)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """Runs one step; see `RNNCell`."""
        return self._wrapped(inputs, state, lambda x, s: self.cell(x, s, scope=scope))

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        """Runs one step without opening scopes."""
        return self._wrapped(inputs, state, self.cell.call)

    def _wrapped(self, inputs: Any, state: Any, step: Callable[[Any, Any], Any]) -> Any:
        raise NotImplementedError(type(self).__name__)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal wrapper; the cell as its class's name and its own arguments."""
        inside = {"class_name": type(self.cell).__name__, "config": self.cell.get_config()}
        return {**super().get_config(), "cell": inside}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Makes a wrapper from what `get_config` returned; `custom_objects` is accepted."""
        return cls(**config)


def _is_dropped_by_default(state: Any) -> Any:
    """All of a state is dropped but the memory of an LSTM."""
    return LSTMStateTuple(c=False, h=True) if isinstance(state, LSTMStateTuple) else True


class DropoutWrapper(_CellWrapper):
    """Dropout of a cell's inputs, outputs and state.

    Args:
      cell: The cell.
      input_keep_prob: Probability that an element of the input is kept: a number or a scalar tensor.
      output_keep_prob: The same of the output.
      state_keep_prob: The same of the state after a step.
      variational_recurrent: Whether all steps (and all rows) drop the same elements (Gal and Ghahramani, 2015).
      input_size: Depth of the inputs: needed where they are dropped and `variational_recurrent` is set.
      dtype: Dtype of inputs, state and outputs: needed where `variational_recurrent` is set.
      seed: Seed of the random numbers.
      dropout_state_filter_visitor: Function that takes a part of the state and returns whether to drop of it, as a
        bool or one for each item; by default all but the memory `c` of an `LSTMStateTuple`.
      **kwargs: As for `RNNCell`.

    Raises:
      TypeError: `cell` is not a cell, or the visitor is not callable.
      ValueError: a probability is not between 0 and 1, or something needed is missing.

    >>> cell = tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(4), output_keep_prob=0.5)
    >>> output, state = cell(tf.zeros([2, 3]), tf.zeros([2, 4]))
    >>> output.op.name
    'dropout/SelectV2'
    """

    def __init__(
        self,
        cell: Any,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, dtype=dtype, **kwargs)
        if dropout_state_filter_visitor is not None and not callable(dropout_state_filter_visitor):
            raise TypeError(f"dropout_state_filter_visitor must be callable. Received: {dropout_state_filter_visitor}")
        self._filter = dropout_state_filter_visitor or _is_dropped_by_default
        with stacks.get_default_graph().name_scope("DropoutWrapperInit"):
            self._input_keep_prob = _probability(input_keep_prob, "input_keep_prob")
            self._state_keep_prob = _probability(state_keep_prob, "state_keep_prob")
            self._output_keep_prob = _probability(output_keep_prob, "output_keep_prob")
        self._variational_recurrent = variational_recurrent
        self._input_size = input_size
        self._seed = seed
        self._noise: dict[str, Any] = {}
        if variational_recurrent:
            self._make_noise(dtype)

    def _make_noise(self, dtype: Any) -> None:
        """Draws the random numbers that all steps share."""
        if dtype is None:
            raise ValueError("When variational_recurrent=True, dtype must be provided")
        if _drops(self._input_keep_prob):
            if self._input_size is None:
                raise ValueError(
                    "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, input_size must be "
                    "provided"
                )
            self._noise["input"] = self._noise_for("input", self._input_size, dtype)
        self._noise["state"] = self._noise_for("state", self.cell.state_size, dtype)
        self._noise["output"] = self._noise_for("output", self.cell.output_size, dtype)

    def _noise_for(self, what: str, sizes: Any, dtype: Any) -> Any:
        def draw(i: int, size: Any) -> Tensor:
            dims = TensorShape(size if isinstance(size, (TensorShape, list, tuple)) else [size]).as_list()
            return random_uniform(concat(([1], dims), 0), seed=self._seed_of(what, i), dtype=dtype)

        return _map_counted(sizes, draw, sizes)

    def _seed_of(self, what: str, index: int) -> int | None:
        """One seed a tensor, the same in every process, as TF1 derives it."""
        if self._seed is None:
            return None
        text = f"{self._seed}{what}_{index}".encode()
        return int(hashlib.md5(text, usedforsecurity=False).hexdigest()[:8], 16) & 0x7FFFFFFF

    def _wrapped(self, inputs: Any, state: Any, step: Callable[[Any, Any], Any]) -> Any:
        if _drops(self._input_keep_prob):
            inputs = self._dropped(inputs, "input", self._input_keep_prob, inputs)
        output, new_state = step(inputs, state)
        if _drops(self._state_keep_prob):
            where = nest.get_traverse_shallow_structure(self._filter, new_state)
            new_state = self._dropped(new_state, "state", self._state_keep_prob, where)
        if _drops(self._output_keep_prob):
            output = self._dropped(output, "output", self._output_keep_prob, output)
        return output, new_state

    def _dropped(self, values: Any, what: str, keep_prob: Any, where: Any) -> Any:
        """Drops of `values` where `where` (a structure as deep or shallower) is not False."""

        def drop(i: int, chosen: Any, value: Any, *noise: Any) -> Any:
            if chosen is False:
                return value
            if noise:
                return _masked(value, noise[0], keep_prob)
            return dropout(value, rate=1.0 - keep_prob, seed=self._seed_of(what, i))

        extra = [self._noise[what]] if self._variational_recurrent else []
        return _map_counted(where, drop, where, values, *extra)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal wrapper."""
        own: dict[str, Any] = {
            "input_keep_prob": self._input_keep_prob,
            "output_keep_prob": self._output_keep_prob,
            "state_keep_prob": self._state_keep_prob,
            "variational_recurrent": self._variational_recurrent,
            "input_size": self._input_size,
            "seed": self._seed,
        }
        if self._filter is not _is_dropped_by_default:
            own["dropout_state_filter_visitor"] = self._filter
        return {**super().get_config(), **own}


def _probability(value: Any, name: str) -> Any:
    """A number where it is known, else a tensor."""
    tensor = convert_to_tensor(value)
    known = constant_value(tensor)
    if known is None:
        return tensor
    if known < 0 or known > 1:
        raise ValueError(f"Parameter {name} must be between 0 and 1. Received {known}")
    return float(known)


def _drops(keep_prob: Any) -> bool:
    return not isinstance(keep_prob, numbers.Real) or keep_prob < 1


def _masked(value: Tensor, noise: Tensor, keep_prob: Any) -> Tensor:
    kept = floor(keep_prob + noise)
    result = div(value, keep_prob) * kept
    result.set_shape(value.shape)
    return result


def _map_counted(shallow: Any, function: Callable[..., Any], *structures: Any) -> Any:
    """Maps a function whose first argument is the number of the leaf."""
    count = iter(range(10**9))
    return nest.map_structure_up_to(shallow, lambda *leaves: function(next(count), *leaves), *structures)


class ResidualWrapper(_CellWrapper):
    """A cell to whose outputs its inputs are added.

    Args:
      cell: The cell; its outputs have the shapes of its inputs.
      residual_fn: Function `(inputs, outputs) -> outputs` in the place of the sum.
      **kwargs: As for `RNNCell`.

    >>> cell = tf.nn.rnn_cell.ResidualWrapper(tf.nn.rnn_cell.GRUCell(3))
    >>> output, state = cell(tf.ones([2, 3]), tf.zeros([2, 3]))
    >>> output.shape.as_list()
    [2, 3]
    """

    def __init__(self, cell: Any, residual_fn: Callable[[Any, Any], Any] | None = None, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn

    def _wrapped(self, inputs: Any, state: Any, step: Callable[[Any, Any], Any]) -> Any:
        outputs, new_state = step(inputs, state)
        return (self._residual_fn or _sum)(inputs, outputs), new_state

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal wrapper."""
        own = {} if self._residual_fn is None else {"residual_fn": self._residual_fn}
        return {**super().get_config(), **own}


def _sum(inputs: Any, outputs: Any) -> Any:
    nest.assert_same_structure(inputs, outputs)
    nest.map_structure(lambda i, o: i.shape.assert_is_compatible_with(o.shape), inputs, outputs)
    return nest.map_structure(lambda i, o: i + o, inputs, outputs)


class DeviceWrapper(_CellWrapper):
    """A cell whose nodes are recorded under `tf.device(device)`.

    Args:
      cell: The cell.
      device: What `tf.device` takes.
      **kwargs: As for `RNNCell`.

    >>> cell = tf.nn.rnn_cell.DeviceWrapper(tf.nn.rnn_cell.GRUCell(3), "/cpu:0")
    >>> output, state = cell(tf.ones([2, 3]), tf.zeros([2, 3]))
    >>> output.device
    '/device:CPU:0'
    """

    def __init__(self, cell: Any, device: Any, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._device = device

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Returns the cell's zero state; see `RNNCell.zero_state`."""
        with stacks.get_default_graph().name_scope(type(self).__name__ + "ZeroState"), device_scope(self._device):
            return self.cell.zero_state(batch_size, dtype)

    def _wrapped(self, inputs: Any, state: Any, step: Callable[[Any, Any], Any]) -> Any:
        with device_scope(self._device):
            return step(inputs, state)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal wrapper."""
        return {**super().get_config(), "device": self._device}
