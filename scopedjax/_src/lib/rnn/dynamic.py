"""`dynamic_rnn`: a cell run over the time axis of its inputs, as one loop.

    inputs [batch, time, depth] --transpose--> [time, batch, depth] --Scan(cell)--> outputs --transpose--> [batch, ...]

    sequence_length = [3, 1]        row 0:  o  o  o  0      outputs are zero past a row's end,
                                    row 1:  o  0  0  0      and its state stays what it was there

The number of steps is the size of the time axis when the network runs, so one graph serves batches of all lengths
(each length is compiled once). `Exit_3` in the loop's scope is the first tensor of the final state and `transpose_1`
the output, as in TF1's graphs, where people look them up by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.rnn.cell import assert_like_rnncell, batched_shape
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.arranging import reverse, reverse_sequence
from scopedjax._src.ops.array.filling import range as range_
from scopedjax._src.ops.array.filling import zeros
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.joining import concat, transpose
from scopedjax._src.ops.array.shapes import rank
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.control_flow.scan import scan
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import greater_equal
from scopedjax._src.ops.math.comparison import where as select
from scopedjax._src.ops.registry import defop
from scopedjax._src.ops.shape_rules import like
from scopedjax._src.variables.scope import variable_scope


@defop(
    "CheckedLengths(input: T, batch_size: int32; tensor_name: string) -> output: T",
    shape=like(0),
    static=("batch_size",),
    stateful=True,
)
def _checked_lengths(ctx: Any, input: Any, batch_size: Any, *, tensor_name: str) -> Any:
    # Sizes are known while a program is traced: the check costs nothing when it runs, unlike TF1's Assert node.
    if input.shape[0] != int(batch_size):
        raise InvalidArgumentError(
            ctx.op.node_def,
            ctx.op,
            f"assertion failed: [Expected shape for Tensor {tensor_name} is ] [{int(batch_size)}] [ but saw shape: ] "
            f"[{input.shape[0]}]\n\t [[{{{{node {ctx.op.name}}}}}]]",
        )
    return input


def swapped_batch_and_time(tensor: Any) -> Any:
    """Returns a tensor with its first two axes exchanged; one of a rank below 2 as it is."""
    dims = tensor.dims
    if dims is not None and len(dims) < 2:
        return tensor
    order = concat(([1, 0], range_(2, rank(tensor))), axis=0)
    result = transpose(tensor, order)
    if dims is not None:
        result.set_shape([dims[1], dims[0], *dims[2:]])
    return result


def batch_size_of(tensors: Sequence[Tensor]) -> Any:
    """Returns the size of axis 1: an int where one of the tensors tells it, else a scalar tensor.

    Raises:
      ValueError: a tensor has no such axis.
    """
    for tensor in tensors:
        if tensor.dims is None:
            continue
        if len(tensor.dims) < 2:
            raise ValueError(f"Input tensor should have rank at least 2. Received input={tensor} of rank {tensor.ndim}")
        if tensor.dims[1] is not None:
            return tensor.dims[1]
    return shape_of(tensors[0])[1]


def state_dtype(dtype: Any, state: Any) -> Any:
    """Returns the dtype of the outputs: the given one, else the common one of the state.

    Raises:
      ValueError: the state has several, or no tensor.
    """
    if dtype is not None:
        return dtype
    found = [t.dtype for t in nest.flatten(state)]
    if not found:
        raise ValueError(f"Unable to infer dtype from argument state={state}.")
    if any(d != found[0] for d in found):
        raise ValueError(
            f"Argument state has tensors of different inferred dtypes. Unable to infer a single representative dtype. "
            f"Dtypes received: {found}"
        )
    return found[0]


def checked_lengths(sequence_length: Any) -> Tensor:
    """Returns the lengths as an int32 vector.

    Raises:
      ValueError: not a vector.
    """
    lengths = cast(sequence_length, "int32")
    if lengths.ndim not in (None, 1):
        raise ValueError(
            "Argument sequence_length must be a vector of length batch_size. Received sequence_length="
            f"{sequence_length} of shape: {lengths.shape}"
        )
    return identity(lengths, name="sequence_length")


def initial_state_of(cell: Any, batch_size: Any, dtype: Any) -> Any:
    """Returns a cell's state before the first step.

    Raises:
      ValueError: there is no dtype.
    """
    if not dtype:
        raise ValueError("If no initial_state is provided, argument `dtype` must be specified")
    if getattr(cell, "get_initial_state", None) is not None:
        return cell.get_initial_state(inputs=None, batch_size=batch_size, dtype=dtype)
    return cell.zero_state(batch_size, dtype)


def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """Runs a cell over time.

    Args:
      cell: RNNCell.
      inputs: Tensor `[batch, time, ...]` of a known depth, or a nest of such tensors.
      sequence_length: int vector `[batch]`: number of steps of each row; all by default. Past it the outputs are zero
        and the state is copied.
      initial_state: State before the first step, in the form of `cell.state_size`; zeros by default.
      dtype: Dtype of the state and the outputs; needed where there is no `initial_state`.
      parallel_iterations: Accepted.
      swap_memory: Accepted.
      time_major: Whether inputs and outputs are `[time, batch, ...]`, which saves two transpositions.
      scope: Variable scope or its name; defaults to "rnn".

    Returns:
      (outputs `[batch, time, output_size]`, final state): each in the form that the cell gives.

    Raises:
      TypeError: `cell` is not a cell.
      ValueError: a shape does not fit, or there is neither `initial_state` nor `dtype`.

    >>> cell = tf.nn.rnn_cell.LSTMCell(4)
    >>> outputs, state = tf.nn.dynamic_rnn(cell, tf.placeholder(tf.float32, [2, None, 3]), dtype=tf.float32)
    >>> outputs.shape.as_list(), state.h.shape.as_list()
    ([2, None, 4], [2, 4])
    """
    assert_like_rnncell("cell", cell)
    with variable_scope(scope or "rnn"):
        flat = [convert_to_tensor(t) for t in nest.flatten(inputs)]
        if not time_major:
            flat = [swapped_batch_and_time(t) for t in flat]
        lengths = None if sequence_length is None else checked_lengths(sequence_length)
        batch_size = batch_size_of(flat)
        state = initial_state if initial_state is not None else initial_state_of(cell, batch_size, dtype)
        if lengths is not None:
            lengths = apply_op("CheckedLengths", lengths, batch_size, tensor_name=lengths.name, name="CheckSeqLen")
        outputs, final = _loop(cell, inputs, flat, state, lengths, dtype)
        if not time_major:
            outputs = nest.map_structure(swapped_batch_and_time, outputs)
        return outputs, final


def _check_inputs(flat: Sequence[Tensor]) -> None:
    first: Any = None
    for tensor in flat:
        dims = tensor.shape.with_rank_at_least(3).as_list()
        if None in dims[2:]:
            raise ValueError(
                "Input size (depth of inputs) must be accessible via shape inference, but saw value None for input="
                f"{tensor}."
            )
        first = dims if first is None else first
        if dims[0] != first[0]:
            raise ValueError(
                "Time steps is not the same for all the elements in the input in a batch. Received time steps="
                f"{dims[0]} for input={tensor}."
            )
        if dims[1] != first[1]:
            raise ValueError(
                "Batch_size is not the same for all the elements in the input. Received batch size="
                f"{dims[1]} for input={tensor}."
            )


def _loop(
    cell: Any, inputs: Any, flat: list[Tensor], initial: Any, lengths: Tensor | None, dtype: Any
) -> tuple[Any, Any]:
    """Records the loop over inputs `[time, batch, ...]`."""
    _check_inputs(flat)
    initial = nest.map_structure(convert_to_tensor, initial)
    batch_size = batch_size_of(flat)
    wanted = state_dtype(dtype, initial)
    rows = flat[0].dims[1] if flat[0].dims is not None else None
    zero_output = nest.map_structure(
        lambda size: zeros(batched_shape(batch_size, size), dtype=wanted), cell.output_size
    )

    def step(time: Tensor, slices: list[Tensor], values: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        state = nest.pack_sequence_as(initial, values)
        past_end = None if lengths is None else greater_equal(time, lengths)
        output, new = cell(nest.pack_sequence_as(inputs, slices), state)
        if past_end is not None:
            nest.assert_same_structure(zero_output, output)
            output = _kept(past_end, zero_output, output)
        nest.assert_same_structure(state, new)
        if past_end is not None:
            new = _kept(past_end, state, new)
        return nest.flatten(output), nest.flatten(new)

    final, outputs = scan(step, nest.flatten(initial), flat, "while")
    sizes = nest.flatten(cell.output_size)
    named = [_as_stacked(o, flat[0].dims, rows, size) for o, size in zip(outputs, sizes, strict=True)]
    return nest.pack_sequence_as(cell.output_size, named), nest.pack_sequence_as(initial, final)


def _kept(past_end: Tensor, old: Any, new: Any) -> Any:
    """Takes the old value for rows that are past their end; scalars have no rows."""

    def choose(before: Tensor, after: Tensor) -> Tensor:
        if before.ndim == 0:
            return after
        chosen = select(past_end, before, after)
        chosen.set_shape(before.shape)
        return chosen

    return nest.map_structure(choose, old, new)


def _as_stacked(output: Tensor, input_dims: Any, rows: int | None, size: Any) -> Tensor:
    """Names the outputs of all steps as TF1 named the stacked TensorArray."""
    with stacks.get_default_graph().name_scope("TensorArrayStack"):
        result = identity(output, name="TensorArrayGatherV3")
    if not isinstance(size, Tensor):
        depth = TensorShape(size if isinstance(size, (TensorShape, list, tuple)) else [size]).as_list()
        result.set_shape([None if input_dims is None else input_dims[0], rows, *depth])
    return result


def bidirectional_dynamic_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Runs one cell forward and another backward over time.

    Args:
      cell_fw: RNNCell for the forward direction.
      cell_bw: RNNCell for the backward direction, which starts at each row's end.
      inputs: As for `dynamic_rnn`.
      sequence_length: As for `dynamic_rnn`.
      initial_state_fw: State of `cell_fw` before its first step.
      initial_state_bw: State of `cell_bw` before its first step.
      dtype: As for `dynamic_rnn`.
      parallel_iterations: Accepted.
      swap_memory: Accepted.
      time_major: As for `dynamic_rnn`.
      scope: Variable scope or its name; defaults to "bidirectional_rnn".

    Returns:
      ((outputs forward, outputs backward), (final state forward, final state backward)): the outputs are in the order
      of the inputs.

    Raises:
      TypeError: a cell is not one.

    >>> cells = [tf.nn.rnn_cell.GRUCell(4) for _ in range(2)]
    >>> outputs, states = tf.nn.bidirectional_dynamic_rnn(*cells, tf.zeros([2, 5, 3]), dtype=tf.float32)
    >>> tf.concat(outputs, 2).shape.as_list()
    [2, 5, 8]
    """
    assert_like_rnncell("cell_fw", cell_fw)
    assert_like_rnncell("cell_bw", cell_bw)
    turned = _turning(sequence_length, time_major)
    options: dict[str, Any] = {
        "sequence_length": sequence_length,
        "dtype": dtype,
        "parallel_iterations": parallel_iterations,
        "swap_memory": swap_memory,
        "time_major": time_major,
    }
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as forward:
            output_fw, state_fw = dynamic_rnn(cell_fw, inputs, initial_state=initial_state_fw, scope=forward, **options)
        with variable_scope("bw") as backward:
            reversed_inputs = nest.map_structure(turned, inputs)
            output_bw, state_bw = dynamic_rnn(
                cell_bw, reversed_inputs, initial_state=initial_state_bw, scope=backward, **options
            )
    return (output_fw, nest.map_structure(turned, output_bw)), (state_fw, state_bw)


def _turning(lengths: Any, time_major: bool) -> Callable[[Any], Any]:
    """Returns the function that turns time round, in each row up to its end."""
    time_axis, batch_axis = (0, 1) if time_major else (1, 0)
    if lengths is None:
        return lambda tensor: reverse(tensor, axis=[time_axis])
    return lambda tensor: reverse_sequence(tensor, lengths, seq_axis=time_axis, batch_axis=batch_axis)
