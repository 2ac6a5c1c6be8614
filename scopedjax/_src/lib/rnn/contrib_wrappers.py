"""Wrappers and stacks that TensorFlow 1 kept in `tf.contrib.rnn`: projections, embeddings, two directions in layers."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.rnn.cell import RNNCell, assert_like_rnncell
from scopedjax._src.lib.rnn.dynamic import bidirectional_dynamic_rnn
from scopedjax._src.lib.rnn.static import static_bidirectional_rnn
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import reshape
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.nn.bias import bias_add
from scopedjax._src.ops.nn.embedding import embedding_lookup
from scopedjax._src.variables.initializers import RandomUniform, Zeros
from scopedjax._src.variables.scope import get_variable, get_variable_scope, variable_scope


def _linear(values: Tensor, size: int) -> Tensor:
    """A matrix product with a bias, in the scope that is open."""
    depth = values.shape.as_list()[1]
    kernel = get_variable("kernel", [depth, size], dtype=values.dtype.base_dtype)
    bias = get_variable("bias", [size], dtype=values.dtype.base_dtype, initializer=Zeros())
    return bias_add(matmul(values, kernel), bias)


class InputProjectionWrapper(RNNCell):
    """A cell whose inputs pass through a matrix first.

    Args:
      cell: RNNCell.
      num_proj: Depth of what the cell gets.
      activation: Function of the projection.
      input_size: Not used.
      reuse: Whether to share variables that exist in the scope.

    Raises:
      TypeError: `cell` is not a cell.

    >>> cell = tf.contrib.rnn.InputProjectionWrapper(tf.nn.rnn_cell.GRUCell(4), 6)
    >>> cell(tf.zeros([2, 3]), tf.zeros([2, 4]))[0].shape.as_list()
    [2, 4]
    """

    def __init__(
        self, cell: Any, num_proj: int, activation: Any = None, input_size: Any = None, reuse: bool | None = None
    ) -> None:
        super().__init__(_reuse=reuse)
        assert_like_rnncell("cell", cell)
        self._cell, self._num_proj, self._activation = cell, num_proj, activation

    @property
    def state_size(self) -> Any:
        """Size of the cell's state."""
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        """Depth of the cell's output."""
        return self._cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Returns the cell's state before the first step."""
        return self._cell.zero_state(batch_size, dtype)

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        """Runs one step."""
        projected = _linear(inputs, self._num_proj)
        return self._cell(projected if self._activation is None else self._activation(projected), state)


class OutputProjectionWrapper(RNNCell):
    """A cell whose outputs pass through a matrix afterwards.

    Args:
      cell: RNNCell.
      output_size: Depth of the output.
      activation: Function of the projection.
      reuse: Whether to share variables that exist in the scope.

    Raises:
      TypeError: `cell` is not a cell.
      ValueError: `output_size` is less than 1.

    >>> cell = tf.contrib.rnn.OutputProjectionWrapper(tf.nn.rnn_cell.GRUCell(4), 6)
    >>> cell(tf.zeros([2, 3]), tf.zeros([2, 4]))[0].shape.as_list()
    [2, 6]
    """

    def __init__(self, cell: Any, output_size: int, activation: Any = None, reuse: bool | None = None) -> None:
        super().__init__(_reuse=reuse)
        assert_like_rnncell("cell", cell)
        if output_size < 1:
            raise ValueError(f"Parameter output_size must be > 0: {output_size}.")
        self._cell, self._output_size, self._activation = cell, output_size, activation

    @property
    def state_size(self) -> Any:
        """Size of the cell's state."""
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        """Depth of the output."""
        return self._output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Returns the cell's state before the first step."""
        return self._cell.zero_state(batch_size, dtype)

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        """Runs one step."""
        output, state = self._cell(inputs, state)
        projected = _linear(output, self._output_size)
        return projected if self._activation is None else self._activation(projected), state


class EmbeddingWrapper(RNNCell):
    """A cell that takes ids and looks them up in a table of its own.

    Args:
      cell: RNNCell.
      embedding_classes: How many ids there are.
      embedding_size: Depth of a row of the table.
      initializer: Initializer of the table; uniform between -sqrt(3) and sqrt(3) by default.
      reuse: Whether to share variables that exist in the scope.

    Raises:
      TypeError: `cell` is not a cell.
      ValueError: a size is less than 1.

    >>> cell = tf.contrib.rnn.EmbeddingWrapper(tf.nn.rnn_cell.GRUCell(4), 10, 3)
    >>> cell(tf.constant([7, 8]), tf.zeros([2, 4]))[0].shape.as_list()
    [2, 4]
    """

    def __init__(
        self,
        cell: Any,
        embedding_classes: int,
        embedding_size: int,
        initializer: Any = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        assert_like_rnncell("cell", cell)
        if embedding_classes <= 0 or embedding_size <= 0:
            raise ValueError(
                f"Both embedding_classes and embedding_size must be > 0: {embedding_classes}, {embedding_size}."
            )
        self._cell, self._initializer = cell, initializer
        self._sizes = [embedding_classes, embedding_size]

    @property
    def state_size(self) -> Any:
        """Size of the cell's state."""
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        """Depth of the cell's output."""
        return self._cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Returns the cell's state before the first step."""
        return self._cell.zero_state(batch_size, dtype)

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        """Runs one step."""
        initializer = self._initializer or get_variable_scope().initializer
        if initializer is None:
            bound = 3.0**0.5  # rows of variance one
            initializer = RandomUniform(-bound, bound)
        first = state[0] if isinstance(state, tuple) else state
        table = get_variable("embedding", self._sizes, initializer=initializer, dtype=first.dtype.base_dtype)
        return self._cell(embedding_lookup(table, reshape(inputs, [-1])), state)


def _check_stack(cells_fw: Any, cells_bw: Any, states_fw: Any, states_bw: Any) -> None:
    for word, cells in (("fw", cells_fw), ("bw", cells_bw)):
        if not cells:
            raise ValueError(f"Must specify at least one {word} cell for BidirectionalRNN.")
        if not isinstance(cells, list):
            raise ValueError(f"cells_{word} must be a list of RNNCells (one per layer).")
    if len(cells_fw) != len(cells_bw):
        raise ValueError("Forward and Backward cells must have the same depth.")
    for word, states in (("fw", states_fw), ("bw", states_bw)):
        if states is not None and (not isinstance(states, list) or len(states) != len(cells_fw)):
            raise ValueError(f"initial_states_{word} must be a list of state tensors (one per layer).")


def stack_bidirectional_dynamic_rnn(
    cells_fw: Any,
    cells_bw: Any,
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: Any = None,
    swap_memory: bool = False,
) -> tuple[Tensor, tuple[Any, ...], tuple[Any, ...]]:
    """Layers of cells in both directions; each layer gets the outputs of both directions of the one below.

    Args:
      cells_fw: List of cells, one a layer.
      cells_bw: List of as many cells for the other direction.
      inputs: Tensor `[batch, time, depth]`, or `[time, batch, depth]` where `time_major`.
      initial_states_fw: List of states, one a layer; zeros by default.
      initial_states_bw: List of states, one a layer; zeros by default.
      dtype: Dtype of the states; needed where there are no initial ones.
      sequence_length: int vector `[batch]`: number of steps of each row.
      parallel_iterations: Accepted.
      time_major: Whether the first axis of `inputs` is time.
      scope: Variable scope or its name; defaults to "stack_bidirectional_rnn".
      swap_memory: Accepted.

    Returns:
      (outputs `[batch, time, forward + backward]`, final states forward, final states backward).

    Raises:
      ValueError: the lists do not fit.

    >>> cells = [[tf.nn.rnn_cell.GRUCell(4)], [tf.nn.rnn_cell.GRUCell(3)]]
    >>> outputs, _, _ = tf.contrib.rnn.stack_bidirectional_dynamic_rnn(*cells, tf.zeros([2, 5, 1]), dtype=tf.float32)
    >>> outputs.shape.as_list()
    [2, 5, 7]
    """
    _check_stack(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    ends_fw: list[Any] = []
    ends_bw: list[Any] = []
    layer = inputs
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for i, (forward, backward) in enumerate(zip(cells_fw, cells_bw, strict=True)):
            with variable_scope(f"cell_{i}"):
                outputs, (end_fw, end_bw) = bidirectional_dynamic_rnn(
                    forward,
                    backward,
                    layer,
                    initial_state_fw=initial_states_fw[i] if initial_states_fw else None,
                    initial_state_bw=initial_states_bw[i] if initial_states_bw else None,
                    sequence_length=sequence_length,
                    parallel_iterations=parallel_iterations,
                    dtype=dtype,
                    swap_memory=swap_memory,
                    time_major=time_major,
                )
                layer = concat(outputs, 2)
            ends_fw.append(end_fw)
            ends_bw.append(end_bw)
    return layer, tuple(ends_fw), tuple(ends_bw)


def stack_bidirectional_rnn(
    cells_fw: Any,
    cells_bw: Any,
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], tuple[Any, ...], tuple[Any, ...]]:
    """`stack_bidirectional_dynamic_rnn` over a list of inputs, one for each time step.

    Args:
      cells_fw: List of cells, one a layer.
      cells_bw: List of as many cells for the other direction.
      inputs: List of tensors `[batch, depth]`.
      initial_states_fw: List of states, one a layer; zeros by default.
      initial_states_bw: List of states, one a layer; zeros by default.
      dtype: Dtype of the states; needed where there are no initial ones.
      sequence_length: int vector `[batch]`: number of steps of each row.
      scope: Variable scope or its name; defaults to "stack_bidirectional_rnn".

    Returns:
      (list of outputs `[batch, forward + backward]`, final states forward, final states backward).

    Raises:
      ValueError: the lists do not fit.
    """
    _check_stack(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    ends_fw: list[Any] = []
    ends_bw: list[Any] = []
    layer = inputs
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for i, (forward, backward) in enumerate(zip(cells_fw, cells_bw, strict=True)):
            with variable_scope(f"cell_{i}") as entered:
                layer, end_fw, end_bw = static_bidirectional_rnn(
                    forward,
                    backward,
                    layer,
                    initial_state_fw=initial_states_fw[i] if initial_states_fw else None,
                    initial_state_bw=initial_states_bw[i] if initial_states_bw else None,
                    sequence_length=sequence_length,
                    dtype=dtype,
                    scope=entered,
                )
            ends_fw.append(end_fw)
            ends_bw.append(end_bw)
    return layer, tuple(ends_fw), tuple(ends_bw)
