"""`tf.keras.backend.rnn`: a step applied along time, with a mask.

    inputs  [batch, time, ...]    turned to [time, batch, ...], run backwards where that is asked for
    loop    output, states = step(inputs[t], states)
    mask    where it is false: the states stay, and the output is the one before (zeros at first)

The step is called once before the loop begins, on the first inputs: what it makes there (variables of a layer that is
called in it, masks of dropout) belongs to no iteration, and its result tells what an output looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.array.arranging import reverse
from scopedjax._src.ops.array.filling import zeros_like
from scopedjax._src.ops.array.joining import transpose
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import expand_dims, squeeze
from scopedjax._src.ops.control_flow.scan import scan
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import where_v2

Step = Callable[[Any, Any], tuple[Any, Any]]


def rnn(
    step_function: Step,
    inputs: Any,
    initial_states: Any,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Any = None,
    unroll: bool = False,
    input_length: Any = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
) -> tuple[Any, Any, Any]:
    """Applies a step along the time axis.

    Args:
      step_function: `(inputs, states) -> (output, new states)` of one step; the states are followed by `constants`.
      inputs: Tensor `[batch, time, ...]`, or a nest of them.
      initial_states: The states before the first step: a list of tensors.
      go_backwards: Whether the last step comes first.
      mask: Bool `[batch, time]` or `[batch, time, 1]`: steps that count.
      constants: Tensors that each step gets after the states.
      unroll: Whether the steps are recorded one by one; the number of steps must be known then.
      input_length: Accepted: the number of steps is that of the inputs.
      time_major: Whether inputs, mask and outputs are `[time, batch, ...]`.
      zero_output_for_mask: Whether the output of a step that does not count is zero.

    Returns:
      (the last output, all outputs, the states after the last step).

    Raises:
      ValueError: `unroll` with an unknown number of steps.

    >>> x = tf.ones([1, 3, 2])
    >>> last, _, _ = tf.keras.backend.rnn(lambda x, states: (x + states[0], [x + states[0]]), x, [tf.zeros([1, 2])])
    >>> tf.Session().run(last).tolist()
    [[3.0, 3.0]]
    """
    del input_length
    flat = [convert_to_tensor(t) for t in nest.flatten(inputs)]
    counted = None if mask is None else _steps_that_count(mask)
    if not time_major:
        flat = [_swapped(t) for t in flat]
        counted = None if counted is None else _swapped(counted)
    if go_backwards:
        flat = [reverse(t, [0]) for t in flat]
        counted = None if counted is None else reverse(counted, [0])
    run = _Run(step_function, inputs, list(initial_states), list(constants or []), zero_output_for_mask)
    outputs, last, states = (run.unrolled if unroll else run.looped)(flat, counted)
    if not time_major:
        outputs = nest.map_structure(_swapped, outputs)
    return last, outputs, states


class _Run:
    """A step with all that stays the same from step to step."""

    def __init__(self, step: Step, inputs: Any, states: list[Any], constants: list[Any], zero: bool) -> None:
        self._step = step
        self._inputs_form = inputs
        self._states_form = states
        self._constants = constants
        self._zero = zero
        self._output_form: Any = None

    def _one(self, inputs: Sequence[Tensor], states: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """(flat output, flat states) of a step, with the static shapes that the states began with."""
        given = nest.pack_sequence_as(self._states_form, list(states))
        output, new = self._step(nest.pack_sequence_as(self._inputs_form, list(inputs)), [*given, *self._constants])
        self._output_form = output
        after = nest.flatten(new)
        for old, tensor in zip(states, after, strict=True):
            tensor.set_shape(old.shape)
        return nest.flatten(output), after

    def _masked(
        self, mask: Tensor, inputs: Sequence[Tensor], states: Sequence[Tensor], before: Sequence[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """A step that counts for some rows only."""
        output, new = self._one(inputs, states)
        held = [zeros_like(t) for t in output] if self._zero else before
        return _chosen(mask, output, held), _chosen(mask, new, states)

    def looped(self, inputs: list[Tensor], mask: Tensor | None) -> tuple[Any, Any, Any]:
        """(outputs, last output, states) of a loop."""
        states = [convert_to_tensor(t) for t in nest.flatten(self._states_form)]
        first, _ = self._one([t[0] for t in inputs], states)
        count = len(states)
        if mask is None:
            final, stacked = scan(lambda _, x, s: self._one(x, s), states, inputs, "while")
            last = [t[-1] for t in stacked]
        else:

            def step(_: Tensor, slices: list[Tensor], state: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
                output, new = self._masked(slices[-1], slices[:-1], state[:count], state[count:])
                return output, [*new, *output]

            begun = [*states, *(zeros_like(t) for t in first)]
            final, stacked = scan(step, begun, [*inputs, mask], "while")
            last = final[count:]
        for tensor, end, one in zip(stacked, last, first, strict=True):
            end.set_shape(one.shape)
            tensor.set_shape([inputs[0].shape.as_list()[0], *one.shape.as_list()])
        return (self._packed(stacked), self._packed(last), nest.pack_sequence_as(self._states_form, final[:count]))

    def _packed(self, outputs: Sequence[Tensor]) -> Any:
        return nest.pack_sequence_as(self._output_form, list(outputs))

    def unrolled(self, inputs: list[Tensor], mask: Tensor | None) -> tuple[Any, Any, Any]:
        """(outputs, last output, states) of steps that are recorded one by one."""
        steps = inputs[0].shape.as_list()[0]
        if steps is None:
            raise ValueError("Unrolling requires a fixed number of timesteps: the inputs have shape "
                             f"{inputs[0].shape}, time first; leave unroll=True out")  # fmt: skip
        states: list[Any] = nest.flatten(self._states_form)
        before: list[Tensor] = []
        found: list[list[Tensor]] = []
        for i in range(steps):
            x = [t[i] for t in inputs]
            if mask is None:
                before, states = self._one(x, states)
            else:
                begun = before or [zeros_like(t) for t in self._one(x, states)[0]]
                before, states = self._masked(mask[i], x, states, begun)
            found.append(before)
        stacked = [stack(list(ts), axis=0) for ts in zip(*found, strict=True)]
        return self._packed(stacked), self._packed(before), nest.pack_sequence_as(self._states_form, states)


def _chosen(mask: Tensor, if_true: Sequence[Tensor], if_false: Sequence[Tensor]) -> list[Tensor]:
    """Row by row one or the other."""
    found = []
    for a, b in zip(if_true, if_false, strict=True):
        wide = mask
        for _ in range(len(a.shape.as_list()) - 1):
            wide = expand_dims(wide, -1)
        chosen = where_v2(wide, a, b)
        chosen.set_shape(a.shape)
        found.append(chosen)
    return found


def _steps_that_count(mask: Any) -> Tensor:
    mask = cast(convert_to_tensor(mask), "bool")
    return squeeze(mask, [2]) if mask.shape.ndims == 3 else mask


def _swapped(tensor: Tensor) -> Tensor:
    """The first two axes the other way round."""
    return transpose(tensor, [1, 0, *range(2, len(tensor.shape.as_list()))])
