"""`static_rnn`: a cell recorded once for each time step; the number of steps is the length of a Python list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.rnn.cell import assert_like_rnncell, batched_shape
from scopedjax._src.lib.rnn.dynamic import checked_lengths, initial_state_of, state_dtype
from scopedjax._src.ops.array.arranging import reverse_sequence
from scopedjax._src.ops.array.filling import zeros
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.packing import stack, unstack
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.comparison import less_equal
from scopedjax._src.ops.math.comparison import where as select
from scopedjax._src.variables.scope import variable_scope


def static_rnn(
    cell: Any,
    inputs: Any,
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """Runs a cell over a list of inputs, one for each time step.

    Args:
      cell: RNNCell.
      inputs: List of tensors `[batch, depth]`, or of nests of such tensors.
      initial_state: State before the first step; zeros by default.
      dtype: Dtype of the state; needed where there is no `initial_state`.
      sequence_length: int vector `[batch]`: number of steps of each row. Past it the outputs are zero and the state is
        copied.
      scope: Variable scope or its name; defaults to "rnn".

    Returns:
      (list of outputs, final state).

    Raises:
      TypeError: `cell` is not a cell, or `inputs` is not a list.
      ValueError: `inputs` is empty, or a depth is not known.

    >>> cell = tf.nn.rnn_cell.BasicRNNCell(4)
    >>> outputs, state = tf.nn.static_rnn(cell, [tf.zeros([2, 3])] * 5, dtype=tf.float32)
    >>> len(outputs), outputs[0].shape.as_list()
    (5, [2, 4])
    """
    assert_like_rnncell("cell", cell)
    if not nest.is_nested(inputs):
        raise TypeError(f"Argument `inputs` must be a sequence. Received: {inputs}")
    if not inputs:
        raise ValueError("Argument `inputs` must not be empty.")
    outputs: list[Any] = []
    with variable_scope(scope or "rnn") as entered:
        batch_size = _batch_size(inputs)
        state = initial_state if initial_state is not None else initial_state_of(cell, batch_size, dtype)
        lengths = zero_output = None
        if sequence_length is not None:
            lengths = checked_lengths(sequence_length)
            wanted = state_dtype(dtype, state)
            zero_output = nest.map_structure(
                lambda size: zeros(batched_shape(batch_size, size), dtype=wanted), cell.output_size
            )
        for time, given in enumerate(inputs):
            if time > 0:
                entered.reuse_variables()
            output, new = cell(given, state)
            if lengths is not None:
                past_end = less_equal(lengths, time)
                output, new = _kept(past_end, zero_output, output), _kept(past_end, state, new)
            state = new
            outputs.append(output)
    return outputs, state


def _kept(past_end: Tensor, old: Any, new: Any) -> Any:
    nest.assert_same_structure(old, new)
    return nest.map_structure(lambda a, b: b if b.ndim == 0 else select(past_end, a, b), old, new)


def _batch_size(inputs: Sequence[Any]) -> Any:
    """Returns the number of rows: an int where an input tells it, else a scalar tensor.

    Raises:
      ValueError: a depth is not known.
    """
    first = [convert_to_tensor(t) for t in nest.flatten(inputs[0])]
    for tensor in first:
        dims = tensor.dims
        if dims is not None and (not dims or None in dims[1:]):
            raise ValueError(
                "Input size (dimension 1 of argument `inputs`) must be accessible via shape inference, but saw value "
                f"None: {tensor}"
            )
    for tensor in first:
        if tensor.dims is not None and tensor.dims[0] is not None:
            return tensor.dims[0]
    return shape_of(first[0])[0]


def static_state_saving_rnn(
    cell: Any,
    inputs: Any,
    state_saver: Any,
    state_name: Any,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """`static_rnn` that takes its first state from an object and gives it the last one.

    Args:
      cell: RNNCell.
      inputs: List of tensors `[batch, depth]`.
      state_saver: Object with `state(name)`, which returns a tensor, and `save_state(name, tensor)`, which returns a
        node that the outputs wait for.
      state_name: Name of the state, or a tuple of names where the state is a tuple.
      sequence_length: int vector `[batch]`: number of steps of each row.
      scope: Variable scope or its name; defaults to "rnn".

    Returns:
      (list of outputs, final state).

    Raises:
      TypeError: `cell` is not a cell, or `inputs` is not a list.
      ValueError: `inputs` is empty, or there are more or fewer names than states.
    """
    size = cell.state_size
    if nest.is_nested(size) != nest.is_nested(state_name):
        raise ValueError(
            "Argument `state_name` should be the same type as `cell.state_size`. Received: "
            f"state_name={state_name!s}, cell.state_size={size!s}."
        )
    names = nest.flatten(state_name)
    if len(names) != len(nest.flatten(size)):
        raise ValueError(
            "Number of elements in argument `state_name` and `cell.state_size` are mismatched. Received "
            f"state_name={state_name} with {len(names)} elements and cell.state_size={size} with "
            f"{len(nest.flatten(size))} elements."
        )
    first = nest.pack_sequence_as(size, [state_saver.state(name) for name in names])
    outputs, state = static_rnn(cell, inputs, initial_state=first, sequence_length=sequence_length, scope=scope)
    saved = [state_saver.save_state(name, part) for name, part in zip(names, nest.flatten(state), strict=True)]
    with stacks.get_default_graph().control_dependencies(saved):
        outputs[-1] = nest.map_structure(identity, outputs[-1])
        state = nest.map_structure(identity, state)
    return outputs, state


def static_bidirectional_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any, Any]:
    """Runs one cell forward and another backward over a list of inputs.

    Args:
      cell_fw: RNNCell for the forward direction.
      cell_bw: RNNCell for the backward direction, which starts at each row's end.
      inputs: List of tensors `[batch, depth]`.
      initial_state_fw: State of `cell_fw` before its first step.
      initial_state_bw: State of `cell_bw` before its first step.
      dtype: As for `static_rnn`.
      sequence_length: As for `static_rnn`.
      scope: Variable scope or its name; defaults to "bidirectional_rnn".

    Returns:
      (list of outputs, forward and backward side by side; final state forward; final state backward).

    Raises:
      TypeError: a cell is not one, or `inputs` is not a list.
      ValueError: `inputs` is empty.

    >>> cells = [tf.nn.rnn_cell.GRUCell(4) for _ in range(2)]
    >>> outputs, fw, bw = tf.nn.static_bidirectional_rnn(*cells, [tf.zeros([2, 3])] * 5, dtype=tf.float32)
    >>> outputs[0].shape.as_list()
    [2, 8]
    """
    assert_like_rnncell("cell_fw", cell_fw)
    assert_like_rnncell("cell_bw", cell_bw)
    if not nest.is_nested(inputs):
        raise TypeError(f"Argument `inputs` must be a sequence. Received: {inputs}")
    if not inputs:
        raise ValueError("Argument `inputs` must not be empty.")
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as forward:
            output_fw, state_fw = static_rnn(cell_fw, inputs, initial_state_fw, dtype, sequence_length, scope=forward)
        with variable_scope("bw") as backward:
            turned = _turned(inputs, sequence_length)
            output_bw, state_bw = static_rnn(cell_bw, turned, initial_state_bw, dtype, sequence_length, scope=backward)
    output_bw = _turned(output_bw, sequence_length)
    joined = [
        nest.pack_sequence_as(fw, [concat([a, b], 1) for a, b in zip(nest.flatten(fw), nest.flatten(bw), strict=True)])
        for fw, bw in zip(output_fw, output_bw, strict=True)
    ]
    return joined, state_fw, state_bw


def _turned(steps: Sequence[Any], lengths: Any) -> list[Any]:
    """Turns a list of time steps round, in each row up to its end."""
    if lengths is None:
        return list(reversed(steps))
    columns = zip(*(nest.flatten(step) for step in steps), strict=True)
    turned = [unstack(reverse_sequence(stack(c), lengths, seq_axis=0, batch_axis=1)) for c in columns]
    return [nest.pack_sequence_as(step, list(row)) for step, row in zip(steps, zip(*turned, strict=True), strict=True)]
