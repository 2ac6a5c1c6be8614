"""`raw_rnn`: a recurrent network whose inputs, outputs and end a function of the user's decides.

    loop_fn(0, None, None, None)          -> finished, input, state, form of what is emitted, loop state
    cell(input, state)                    -> output, state                       \\ while not all are finished
    loop_fn(time, output, state, ...)     -> finished, input, state, emit, ...   /

Rows that are finished keep their state and emit zeros. The number of steps is known only when the network runs, so
what is emitted goes into TensorArrays of dynamic size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.rnn.cell import assert_like_rnncell
from scopedjax._src.ops.array.filling import zeros
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.control_flow.tensor_array import TensorArray
from scopedjax._src.ops.control_flow.while_loop import while_loop
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.comparison import logical_not, logical_or
from scopedjax._src.ops.math.comparison import where as select
from scopedjax._src.ops.math.reductions import reduce_all
from scopedjax._src.variables.scope import variable_scope


def raw_rnn(
    cell: Any,
    loop_fn: Callable[..., Any],
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[Any, Any, Any]:
    """Runs a cell for as long as a function says, on inputs that the function makes.

    Args:
      cell: RNNCell.
      loop_fn: `loop_fn(time, cell_output, cell_state, loop_state)` returns
        `(finished, next_input, next_cell_state, emit_output, next_loop_state)`: `finished` is a bool vector `[batch]`.
        It is first called with None for all but the time; then it gives the first input and state, and for
        `emit_output` the form of what will be emitted (tensors without the batch axis), or None for the cell's output.
        `loop_state` is anything that the function wants to hand on, or None.
      parallel_iterations: Accepted.
      swap_memory: Accepted.
      scope: Variable scope or its name; defaults to "rnn".

    Returns:
      (TensorArrays of what was emitted, final state, final loop state).

    Raises:
      TypeError: `cell` is not a cell, or `loop_fn` cannot be called.
      ValueError: the depth of the input is not known.

    >>> cell = tf.nn.rnn_cell.GRUCell(4)
    >>> def loop_fn(time, output, state, loop_state):
    ...     state = cell.zero_state(2, tf.float32) if output is None else state
    ...     return tf.fill([2], time >= 3), tf.ones([2, 5]), state, output, None
    >>> emitted, state, _ = tf.nn.raw_rnn(cell, loop_fn)
    >>> emitted.stack().shape.as_list()
    [None, 2, 4]
    """
    del swap_memory
    assert_like_rnncell("Raw rnn cell", cell)
    if not callable(loop_fn):
        raise TypeError(f"Argument `loop_fn` must be a callable. Received: loop_fn={loop_fn}")
    with variable_scope(scope or "rnn"):
        time = constant(0, dtype="int32")
        finished, first, state, emitted, loop_state = loop_fn(time, None, None, None)
        inputs = [convert_to_tensor(t) for t in nest.flatten(first)]
        first = nest.pack_sequence_as(first, inputs)
        nest.assert_same_structure(state, cell.state_size)
        state = nest.map_structure(convert_to_tensor, state)
        emits = _Emits(cell, emitted, state, inputs)

        def body(time: Tensor, finished: Any, current: Any, arrays: Any, state: Any, kept: Any) -> tuple[Any, ...]:
            output, new = cell(current, state)
            nest.assert_same_structure(state, new)
            result = loop_fn(time + 1, output, new, None if loop_state is None else kept)
            done, following, new, emit, next_kept = result
            nest.assert_same_structure(state, new)
            nest.assert_same_structure(first, following)
            emit = emits.chosen(finished, emit)
            new = nest.map_structure(lambda old, value: _kept(finished, old, value), state, new)
            arrays = nest.map_structure(lambda array, value: array.write(time, value), arrays, emit)
            if loop_state is None:
                next_kept = kept
            return time + 1, logical_or(done, finished), following, arrays, new, next_kept

        _, _, _, arrays, final, kept = while_loop(
            lambda time, finished, *_: logical_not(reduce_all(finished)),
            body,
            (time, finished, first, emits.arrays(), state, constant(0, "int32") if loop_state is None else loop_state),
            parallel_iterations=parallel_iterations or 32,
        )
        return arrays, final, None if loop_state is None else kept


class _Emits:
    """What a network emits in each step."""

    def __init__(self, cell: Any, emitted: Any, state: Any, inputs: Sequence[Tensor]) -> None:
        rows = next((t.dims[0] for t in inputs if t.dims is not None and t.dims[0] is not None), None)
        batch = shape_of(inputs[0])[0] if rows is None else rows
        tensors: list[Tensor] = []
        if emitted is None:
            self.structure = cell.output_size
            sizes = [TensorShape(s if isinstance(s, (TensorShape, list, tuple)) else [s])
                     for s in nest.flatten(cell.output_size)]  # fmt: skip
            dtypes = [nest.flatten(state)[0].dtype] * len(sizes)
        else:
            self.structure = emitted
            tensors = [convert_to_tensor(t) for t in nest.flatten(emitted)]
            sizes = [t.shape for t in tensors]
            dtypes = [t.dtype for t in tensors]
        self.dtypes = [d.base_dtype for d in dtypes]
        self.sizes = [_as_dims(s) for s in sizes]
        self.rows = rows
        self.zeros: list[Tensor] = []
        for i, (dims, dtype) in enumerate(zip(self.sizes, self.dtypes, strict=True)):
            known = dims is not None and None not in dims
            tail = list(dims or ()) if known else shape_of(tensors[i])
            self.zeros.append(zeros(concat([[batch], tail], 0) if not known or rows is None else [batch, *tail], dtype))

    def arrays(self) -> Any:
        """Returns empty TensorArrays in the structure of what is emitted."""
        found = [
            TensorArray(
                dtype,
                size=0,
                dynamic_size=True,
                element_shape=None if dims is None else [self.rows, *dims],
                name=f"rnn_output_{i}",
            )
            for i, (dims, dtype) in enumerate(zip(self.sizes, self.dtypes, strict=True))
        ]
        return nest.pack_sequence_as(self.structure, found)

    def chosen(self, finished: Tensor, emit: Any) -> Any:
        """Returns what is emitted, zeros for rows that are finished."""
        nest.assert_same_structure(self.structure, emit)
        values = [_kept(finished, z, convert_to_tensor(e)) for z, e in zip(self.zeros, nest.flatten(emit), strict=True)]
        return nest.pack_sequence_as(self.structure, values)


def _as_dims(shape: TensorShape) -> list[int | None] | None:
    return None if shape.ndims is None else shape.as_list()


def _kept(finished: Tensor, old: Any, new: Any) -> Any:
    """Takes the old value for rows that are finished; scalars and TensorArrays have no rows."""
    if isinstance(new, TensorArray):
        return new
    new = convert_to_tensor(new)
    if new.shape.ndims == 0:
        return new
    chosen = select(finished, old, new)
    chosen.set_shape(old.shape)
    return chosen
