"""`Trace`: evaluates nodes with JAX values, inside a jitted function or eagerly.

    values: {Tensor: tracer}      state: {variable key: tracer}      pullbacks: {node: its vjp}

A node is evaluated by its record's lowering. A node whose gradient is taken in the same program is evaluated by
`jax.vjp`; its pullback is kept, and the gradient node calls it, so the forward pass is computed once and XLA sees
the same program as for `jax.grad`. Variables live in `state`: reading gives the value at that moment, writing
replaces it, and what is there at the end is the program's new state. Random streams are rows (next block, seed,
seed2) of one array.

Invariants: `state` is only changed by `write`; a function handed to JAX (a branch, a vjp) never leaks what it wrote,
but returns it; every output has its declared dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.errors import FailedPreconditionError, InternalError, OpError
from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower import array_marks
from scopedjax._src.lower.checks import NOTE, Checks, Site, empty_note, noted
from scopedjax._src.lower.effects import effects_of, is_alias, is_handle, owner, storage_key
from scopedjax._src.lower.loops import Loop, Played, Slice, after_steps, loop_of, play
from scopedjax._src.lower.plan import forward_of, pullbacks_among
from scopedjax._src.lower.prune import NONE, needed_ops
from scopedjax._src.lower.value_ranges import ValueRanges, sites_inside
from scopedjax._src.ops.control_flow.array_cells import (
    Cells,
    inexact_parts,
    map_parts,
    resized,
    with_inexact_parts,
)
from scopedjax._src.ops.registry import Shortcut

_SMALL = 4096


@dataclass(frozen=True, slots=True)
class Ref:
    """A handle to a variable's storage."""

    key: str


@dataclass(slots=True)
class _Pullback:
    primals: list[Any]
    differentiated: list[int]
    float_outputs: list[int]
    outputs: list[Any]
    function: Callable[..., Any]
    state: dict[Any, Any] | None  # before a branch or a loop ran


@dataclass
class Trace:
    """The state of one evaluation.

    Attributes:
      platform: "cpu", "gpu" or "tpu".
      values: Value of each tensor evaluated so far (and of those given).
      state: Value of each variable now; a missing key is an uninitialized variable.
      rng: Array `[n, 3]` uint64 of stream rows (next block, seed, seed2), or None.
      slots: Row of each random node.
      folded: Nodes whose values steer shapes: computed on the host.
      wants_pullback: Nodes to evaluate by `jax.vjp`.
      pullbacks: The pullback of each such node.
      known_inputs: The inputs, as they were before JAX took them over, of nodes that are being differentiated.
      checks: The sites at which the program checks values, or None where it shall check nothing.
      room: How many elements a list that a step of a loop makes may come to hold, where that was counted.
      counting: Whether the lists that loops make are only to count how many elements they come to hold.
      shortcuts: Nodes that are computed in another way than from their inputs.
      ranges: What is known of the values of integer tensors, so that they need no check.
    """

    platform: str
    values: dict[Tensor, Any] = field(default_factory=dict)
    state: dict[Any, Any] = field(default_factory=dict)
    rng: Any = None
    slots: dict[Operation, int] = field(default_factory=dict)
    folded: set[Operation] = field(default_factory=set)
    wants_pullback: set[Operation] = field(default_factory=set)
    pullbacks: dict[Operation, _Pullback] = field(default_factory=dict)
    known_inputs: dict[Operation, list[Any]] = field(default_factory=dict)
    checks: Checks | None = None
    room: int | None = None
    counting: bool = False
    shortcuts: Mapping[Operation, Shortcut] = field(default_factory=lambda: NONE)
    ranges: ValueRanges = field(init=False)

    def __post_init__(self) -> None:
        self.ranges = ValueRanges(self.values)

    # Values ----------------------------------------------------------------------------------------------------------

    def value(self, tensor: Tensor) -> Any:
        """Returns the value of a tensor, a `Ref` for a variable's handle."""
        value = self.values.get(tensor)
        if value is None and is_handle(tensor):
            return Ref(storage_key(owner(tensor)))
        return self.values[tensor]

    def run(self, ops: Sequence[Operation]) -> None:
        """Evaluates nodes in order."""
        values = self.values
        for op in ops:
            outputs = op.outputs
            if outputs and all(t in values for t in outputs):
                continue  # fed, or handed in
            results = self.evaluate(op)
            for tensor, result in zip(outputs, results, strict=True):
                if tensor not in values and not isinstance(result, Ref):
                    values[tensor] = result

    def evaluate(self, op: Operation) -> list[Any]:
        """Returns the outputs of a node; its inputs must have been evaluated."""
        way = self.shortcuts.get(op)
        if way is not None:
            return [_as_declared(way.lower(*(self.value(t) for t in way.inputs)), op.outputs[0])]
        inputs = [self.value(t) for t in op.inputs]
        if is_alias(op):
            return inputs
        inputs = self._dereferenced(op, inputs)
        try:
            if op in self.wants_pullback and forward_of(op) is None:
                return self._evaluate_with_pullback(op, inputs)
            return self.lower(op, inputs)
        except OpError:
            raise
        except Exception as error:
            raise _located(op, error) from error

    def _dereferenced(self, op: Operation, inputs: list[Any]) -> list[Any]:
        """Replaces handles by values where the node wants values."""
        if not any(isinstance(v, Ref) for v in inputs):
            return inputs
        if _root(op).record.structured:
            return [
                self._now(v, t, op) if isinstance(v, Ref) and is_alias(t.op) else v
                for v, t in zip(inputs, op.inputs, strict=True)
            ]
        record = op.record
        names = self._argument_names(op)
        keep = {*record.reads, *record.writes, *record.checks}
        return [
            self._now(v, t, op) if isinstance(v, Ref) and n not in keep else v
            for v, t, n in zip(inputs, op.inputs, names, strict=True)
        ]

    @staticmethod
    def _argument_names(op: Operation) -> list[str]:
        names: list[str] = []
        for arg in op.record.signature.inputs:
            span = 1
            if arg.is_list:
                span = op.attrs[arg.number_attr] if arg.number_attr else len(op.attrs[arg.list_attr])
            names.extend([arg.name] * span)
        return names

    def lower(self, op: Operation, inputs: Sequence[Any]) -> list[Any]:
        """Runs the lowering (or, for known values that steer shapes, the NumPy rule) of a node."""
        record = op.record
        if not (record.array or record.structured) and any(isinstance(v, Cells) for v in inputs):
            return self._lower_parts(op, inputs)
        if record.numpy is not None and all(isinstance(v, (np.ndarray, np.generic)) for v in inputs):
            folds = not inputs or op in self.folded or _is_small_integer(op)
            results = record.evaluate_numpy(op, [np.asarray(v) for v in inputs]) if folds else None
            if results is not None and not any(isinstance(r, jax.Array) for r in results):
                return [np.asarray(r, t.dtype.as_numpy_dtype) for r, t in zip(results, op.outputs, strict=True)]
        # What makes an array, or writes to it, gives no value, though nothing that it takes is unknown.
        gives = record.array in ("", "read", "size")
        if op in self.folded and gives and all(_is_known(v) for v in inputs):
            with jax.ensure_compile_time_eval():
                return [np.asarray(r) for r in record.lower_with(NodeContext(self, op), op, inputs)]
        results = record.lower_with(NodeContext(self, op), op, inputs)
        return [_as_declared(r, t) for r, t in zip(results, op.outputs, strict=True)]

    def _lower_parts(self, op: Operation, inputs: Sequence[Any]) -> list[Any]:
        """Runs a node that knows nothing of TensorArrays (`Identity`, `AddN`) on the arrays that they consist of."""
        if len(op.outputs) == len(inputs) > 1:
            return list(inputs)  # IdentityN
        context = NodeContext(self, op)
        return [map_parts(lambda row: op.record.lower_with(context, op, row)[0], inputs)]

    # Variables and random streams ------------------------------------------------------------------------------------

    def read(self, ref: Ref, op: Operation) -> Any:
        """Returns the value of a variable now.

        Raises:
          FailedPreconditionError: it has none.
        """
        value = self.state.get(ref.key)
        if value is None:
            raise uninitialized(ref.key, op)
        return value

    def _now(self, ref: Ref, tensor: Tensor, op: Operation) -> Any:
        """Returns the value of a variable behind a handle; what an assignment gives hands back no gradient."""
        value = self.read(ref, op)
        while is_alias(tensor.op):
            tensor = tensor.op.inputs[0]
        record = tensor.op.record
        written = record is not None and record.writes and isinstance(value, jax.Array)
        return jax.lax.stop_gradient(value) if written else value

    def write(self, ref: Ref, value: Any) -> None:
        """Gives a variable a new value."""
        self.state[ref.key] = _assigned(self.state.get(ref.key), value) if isinstance(value, jax.Array) else value

    def random_row(self, op: Operation, blocks: Any) -> tuple[Any, Any, Any]:
        """Returns (seed, seed2, first block) of a node's stream and advances the stream."""
        slot = self.slots[op]
        row = self.rng[slot]
        key = ("rng", slot)
        block = self.state.get(key, row[0])
        self.state[key] = block + jnp.asarray(blocks, jnp.uint64)
        return row[1], row[2], block

    def advanced_rng(self) -> Any:
        """Returns the stream rows as they are after what was evaluated."""
        moved = {key[1]: value for key, value in self.state.items() if isinstance(key, tuple)}
        if not moved:
            return self.rng
        slots = np.asarray(list(moved), np.int32)
        return self.rng.at[slots, 0].set(jnp.stack([jnp.asarray(v, jnp.uint64) for v in moved.values()]))

    # Checks ----------------------------------------------------------------------------------------------------------

    def require(self, op: Operation, at: int, value: Any, low: int | None, high: int, words: str) -> None:
        """Checks that the elements of input `at` of a node lie in `[low, high)`; see `checks`."""
        tensor = op.inputs[at]
        if self.checks is None or self.ranges.is_within(tensor, low, high):
            return
        if (source := self.ranges.without_filler(tensor)) is not tensor:
            tensor, value = source, self.values.get(source)
            if value is None:
                return  # of an earlier program, which used it there
        wrong = value >= high if low is None else (value < low) | (value >= high)
        self.refuse(op, wrong, value, words)
        self.ranges.note(tensor, (low, high - 1))

    def require_tuples(self, op: Operation, at: int, value: Any, sizes: tuple[int, ...], words: str) -> None:
        """Checks that input `at` of a node holds, along its last axis, indices into an array of the given sizes."""
        if self.checks is None or not sizes:
            return
        tensor = self.ranges.root(op.inputs[at])
        if (tensor, sizes) in self.ranges.passed or self.ranges.is_within(tensor, 0, min(sizes)):
            return
        wrong = jnp.any((value < 0) | (value >= np.asarray(sizes, np.int64)), axis=-1)
        self.refuse(op, wrong, value, words, len(sizes))
        self.ranges.passed.add((tensor, sizes))

    def refuse(self, op: Operation, wrong: Any, found: Any, words: str, depth: int = 0) -> None:
        """Notes that a node fails where `wrong` is true; see `checks.noted`."""
        if self.checks is None:
            return
        number = self.checks.number(Site(op, words, tuple(wrong.shape), depth))
        note = self.state.get(NOTE)
        self.state[NOTE] = noted(empty_note() if note is None else note, number, wrong, found)

    # Gradients -------------------------------------------------------------------------------------------------------

    def _evaluate_with_pullback(self, op: Operation, inputs: list[Any]) -> list[Any]:
        held = self._held_variables(op, inputs)
        start = dict(self.state) if _root(op).record.structured else None
        wanted = (op._extra or {}).get("wanted") or range(len(inputs))
        differentiated = [i for i, v in enumerate(inputs) if i in wanted and (i in held or inexact_parts(v))]
        float_outputs: list[int] = []
        before = self.state
        outer_known = self.known_inputs
        written: list[Any] = []  # keys of two kinds, which JAX could not sort in a dict
        known: dict[Any, Any] = {}
        gone: list[Any] = []

        def forward(*primals: list[Any]) -> tuple[list[Any], Any]:
            full = list(inputs)
            self.state = dict(before)
            for i, parts in zip(differentiated, primals, strict=True):
                if i in held:
                    self.state[held[i]] = parts[0]
                else:
                    full[i] = with_inexact_parts(full[i], parts)
            given = dict(self.state)
            self.known_inputs = {**outer_known, op: inputs}
            try:
                results = self.lower(op, full)
                left = self.state
            finally:
                self.state, self.known_inputs = before, outer_known
            changed = [k for k, v in left.items() if given.get(k) is not v]
            known.update({k: left[k] for k in changed if isinstance(left[k], np.ndarray)})  # marks of arrays
            gone.extend(k for k in given if k not in left)
            written[:] = [k for k in changed if k not in known]
            float_outputs[:] = [i for i, v in enumerate(results) if inexact_parts(v)]
            return [inexact_parts(results[i]) for i in float_outputs], (results, [left[k] for k in written])

        primals = [
            [before[held[i]]] if i in held else [jnp.asarray(p) for p in inexact_parts(inputs[i])]
            for i in differentiated
        ]
        outputs, function, (results, changed) = jax.vjp(forward, *primals, has_aux=True)
        results = list(results)
        for i, parts in zip(float_outputs, outputs, strict=True):
            results[i] = with_inexact_parts(results[i], parts)
        before.update(zip(written, changed, strict=True))
        before.update(known)
        for key in gone:
            before.pop(key, None)
        self.pullbacks[op] = _Pullback(inputs, differentiated, float_outputs, results, function, start)
        return results

    def _held_variables(self, op: Operation, inputs: Sequence[Any]) -> dict[int, Any]:
        """Returns the keys of variables that regions of a node read by their handles, by input."""
        if not _root(op).record.structured:
            return {}
        found: dict[int, Any] = {}
        for i, value in enumerate(inputs):
            if isinstance(value, Ref) and value.key not in found.values() and inexact_parts(self.state.get(value.key)):
                found[i] = value.key
        return found

    def pullback(self, forward: Operation, inputs: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """Returns the gradient for each input of `forward`, zeros for inputs that have none.

        Args:
          forward: The node whose gradient it is.
          inputs: The values of its inputs.
          cotangents: The gradient for each of its outputs; anything for outputs that are not floating.
        """
        known = self.pullbacks.get(forward)
        if known is None or not _same_values(known.primals, inputs):
            known = self._recompute(forward, list(inputs), None if known is None else known.state)
        given = [_cotangents(cotangents[i], known.outputs[i]) for i in known.float_outputs]
        # TF1's gradient of a complex tensor is the conjugate of JAX's (steepest ascent; JAX keeps the linear map).
        gradients = known.function([[_conjugate(g) for g in parts] for parts in given])
        results: list[Any] = [None] * len(inputs)
        for i, parts in zip(known.differentiated, gradients, strict=True):
            value = parts[0] if isinstance(inputs[i], Ref) else inputs[i]
            results[i] = with_inexact_parts(value, [_conjugate(g) for g in parts])
        return [self._zeros(v) if r is None else r for r, v in zip(results, inputs, strict=True)]

    def _zeros(self, value: Any) -> Any:
        if isinstance(value, Cells):
            return value.zeros()
        return jnp.zeros_like(self.state[value.key] if isinstance(value, Ref) else value)

    def _recompute(self, forward: Operation, inputs: list[Any], start: dict[Any, Any] | None) -> _Pullback:
        """Evaluates a node a second time for its pullback alone: in another stage, or under another derivative.

        Variables have the values and streams the places that they had then (`start`), where that is known; derivatives
        are those of the values now.
        """
        state = dict(self.state if start is None else start)
        for key, value in state.items():
            now = self.state.get(key)
            if now is not value and isinstance(value, jax.Array):
                state[key] = _assigned(now, value)
        inner = Trace(self.platform, dict(self.values), state, self.rng, self.slots, self.folded)
        inner.pullbacks.update(self.pullbacks)
        inner.room = self.room
        inner._evaluate_with_pullback(forward, inputs)
        return inner.pullbacks[forward]

    # Regions ---------------------------------------------------------------------------------------------------------

    def region(self, region: ControlFlowContext, given: dict[Tensor, Any], room: int | None = None) -> list[Any]:
        """Evaluates a region with values for its captures and parameters, and returns its results.

        What the region writes is left in `state`. `room` is what `Trace.room` is inside, where it is told.
        """
        inner = Trace(self.platform, dict(given), self.state, self.rng, self.slots, self.folded, checks=self.checks)
        inner.ranges = self.ranges.inside(inner.values)
        inner.room, inner.counting = self.room if room is None else room, self.counting
        targets = [t.op for t in region.results] + list(region.result_controls)
        ops = needed_ops(targets, given, region)
        if region.kind == "call":  # its gradient lies in another call
            inner.wants_pullback, inner.pullbacks = self.wants_pullback, self.pullbacks
        else:
            inner.wants_pullback = pullbacks_among(ops)
        inner.run(ops)
        return [inner.final_value(t) for t in region.results]

    def final_value(self, tensor: Tensor) -> Any:
        """Returns the value of a tensor; of a variable's handle, the value that the variable has now."""
        value = self.value(tensor)
        return self.read(value, tensor.op) if isinstance(value, Ref) else value


class NodeContext:
    """What a lowering sees of the trace; see `registry.LoweringContext`."""

    __slots__ = ("op", "trace")

    def __init__(self, trace: Trace, op: Operation) -> None:
        self.trace = trace
        self.op = op

    @property
    def platform(self) -> str:
        """The backend."""
        return self.trace.platform

    def handle(self) -> Ref:
        """Returns the handle to the storage that this node owns."""
        return Ref(storage_key(self.op))

    def read(self, ref: Any) -> Any:
        """Returns the value of a variable now."""
        return self.trace.read(ref, self.op) if isinstance(ref, Ref) else ref

    def write(self, ref: Any, value: Any) -> None:
        """Gives a variable a new value."""
        self.trace.write(ref, value)

    def is_initialized(self, ref: Any) -> bool:
        """Whether a variable has a value now."""
        return ref.key in self.trace.state

    def random_row(self, blocks: Any) -> tuple[Any, Any, Any]:
        """Returns (seed, seed2, first block) of this node's stream, and advances it by `blocks`."""
        return self.trace.random_row(self.op, blocks)

    def require(self, at: int, value: Any, high: int, words: str, low: int | None = 0) -> None:
        """Checks, when the program runs, that the elements of input `at` lie in `[low, high)`."""
        self.trace.require(self.op, at, value, low, high, words)

    def require_tuples(self, at: int, value: Any, sizes: Sequence[int], words: str) -> None:
        """Checks, when the program runs, that input `at` holds indices into an array of the given sizes."""
        self.trace.require_tuples(self.op, at, value, tuple(sizes), words)

    def refuse(self, wrong: Any, found: Any, words: str) -> None:
        """Makes the node fail, when the program runs, where `wrong` is true."""
        self.trace.refuse(self.op, wrong, found, words)

    def lies_within(self, tensor: Tensor, low: int, high: int) -> bool:
        """Whether the graph tells that all elements of a tensor lie in `[low, high)`, or nothing is to be checked."""
        return self.trace.checks is None or self.trace.ranges.is_within(tensor, low, high)

    # Marks of TensorArrays

    def begin_marks(self, size: int) -> None:
        """Tells that this node has made an array of fresh elements."""
        if self.trace.checks is not None:
            self.trace.state[array_marks.key_of(self.op)] = np.zeros(size, np.uint8)

    def mark(self, indices: Any, written: bool, room: int) -> None:
        """Marks elements of the array that this node works on; the run fails where that is not allowed.

        Args:
          indices: A scalar or a vector.
          written: Whether they were written; else read.
          room: How many elements the array has room for now: one that grows may have got more.
        """
        maker = self.op.inputs[0].op
        marks = self.trace.state.get(array_marks.key_of(maker))
        if marks is None or self.trace.checks is None:
            return
        new = array_marks.WRITTEN if written else array_marks.READ
        marks = array_marks.with_room(marks, room)
        self.trace.state[array_marks.key_of(maker)] = array_marks.marked(maker, marks, indices, new, self.refuse)

    def close_marks(self) -> None:
        """Tells that the array that this node works on was closed."""
        key = array_marks.key_of(self.op.inputs[0].op)
        marks = self.trace.state.get(key)
        if marks is not None:
            self.trace.state[key] = np.full(marks.shape, array_marks.CLOSED, np.uint8)

    def settle_marks(self, known: dict[Tensor, Any], count: int | None, room: int) -> dict[str, Any]:
        """Takes the marks of arrays out of this loop where it is sure to do nothing wrong; returns those it leaves."""
        return array_marks.settle(self.op, self.trace.state, known, count, room)

    def restore_marks(self, left: dict[str, Any]) -> None:
        """Takes over the marks that a loop left; an array without is not checked from here on."""
        self.trace.state.update({key: marks for key, marks in left.items() if marks is not None})

    def note_range(self, tensor: Tensor, low: int | None, high: int | None) -> None:
        """Tells that the elements of a tensor lie in `[low, high]`."""
        self.trace.ranges.noted[tensor] = (low, high)

    def pullback(self, inputs: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """Returns the gradients for the inputs of the node of which this node is the gradient."""
        forward = forward_of(self.op)
        if forward is None:
            raise InternalError(None, self.op, f"the gradient node '{self.op.name}' has lost its forward node")
        return self.trace.pullback(forward, inputs, cotangents)

    def region(self, index: int, given: dict[Tensor, Any], room: int | None = None) -> list[Any]:
        """Evaluates region `index` of this node; `room` is for lists that it makes."""
        return self.trace.region(self.op._extra["regions"][index], given, room)  # type: ignore[index]

    def list_room(self) -> int | None:
        """Returns how many elements a list made here may come to hold, where a loop around it was counted."""
        return self.trace.room

    def counts_lists(self) -> bool:
        """Whether lists only count their elements."""
        return self.trace.counting

    def counted(self, function: Callable[[], Any]) -> Any:
        """Runs a function in which lists only count, and whose effects are forgotten."""
        before, self.trace.counting = self.trace.counting, True
        try:
            return self.aside(function)
        finally:
            self.trace.counting = before

    def loop(self) -> Loop:
        """Returns what is known about this node, a loop."""
        return loop_of(self.op)

    def given_inputs(self) -> list[Any] | None:
        """Returns this node's inputs as they were before a derivative made tracers of them, or None."""
        return self.trace.known_inputs.get(self.op)

    def of_forward(self) -> NodeContext:
        """Returns the context of the node that this node belongs to."""
        forward = forward_of(self.op)
        assert forward is not None
        return NodeContext(self.trace, forward)

    def trace_state(self) -> dict[Any, Any]:
        """Returns the variables and streams as they are now."""
        return self.trace.state

    def aside(self, function: Callable[[], Any]) -> Any:
        """Runs a function whose effects are forgotten."""
        return self.with_state(self.trace.state, function)[0]

    def play(
        self, part: Slice, known: dict[Tensor, Any], wanted: Sequence[Tensor] = (), most: int | None = None
    ) -> Played | None:
        """Plays a part of this loop with NumPy; see `loops.play`."""
        return play(self.op, part, known, wanted, most)

    @staticmethod
    def after_steps(adds: Operation, parameter: Tensor, start: Any, count: int) -> Any:
        """Returns what a counter of a loop is after so many steps, or None; see `loops.after_steps`."""
        return after_steps(adds, parameter, start, count)

    def touched_state(self) -> tuple[dict[Any, Any], list[Any]]:
        """Returns (what this node's regions may read or write of the state, the keys that they may write)."""
        effects = effects_of(self.op)
        state = self.trace.state
        streams = [("rng", self.trace.slots[op]) for op in effects.random]
        for op, key in zip(effects.random, streams, strict=True):
            if key not in state:
                state[key] = self.trace.rng[self.trace.slots[op]][0]
        written: list[Any] = [*effects.writes, *streams]
        if self.trace.checks is not None and sites_inside(self.op):
            state.setdefault(NOTE, empty_note())
            written.append(NOTE)
            keys_of_marks = [array_marks.key_of(maker) for maker in array_marks.accesses(self.op)]
            written.extend(key for key in keys_of_marks if key in state)
        keys = dict.fromkeys((*effects.reads, *written))
        for key in effects.writes:
            if key not in state:
                raise uninitialized(str(key), self.op)
        return {key: state[key] for key in keys if key in state}, written

    def with_state(self, state: dict[Any, Any], function: Callable[[], Any]) -> tuple[Any, dict[Any, Any]]:
        """Runs `function` with `state` in place of the trace's own; returns (its result, the state it left)."""
        before = self.trace.state
        self.trace.state = dict(state)
        try:
            result = function()
            return result, self.trace.state
        finally:
            self.trace.state = before

    def commit(self, changes: dict[Any, Any]) -> None:
        """Takes over variables and streams that a region left."""
        self.trace.state.update(changes)


def _root(op: Operation) -> Operation:
    """Returns the node whose gradient, or gradient's gradient, a node is; else the node."""
    while (forward := forward_of(op)) is not None:
        op = forward
    return op


def _assigned(before: Any, value: jax.Array) -> jax.Array:
    """Returns the new value of a variable. TF1's assignments hand back no gradient, and whoever reads the variable
    later differentiates by the variable all the same, whatever value it has by then."""
    if isinstance(before, jax.Array) and before.aval == value.aval and jnp.issubdtype(value.dtype, jnp.inexact):
        return _in_place_of(value, before)
    return jax.lax.stop_gradient(value)


@jax.custom_jvp
def _in_place_of(value: jax.Array, before: jax.Array) -> jax.Array:
    return value


@_in_place_of.defjvp
def _derivative_in_place_of(primals: Any, tangents: Any) -> Any:
    return _in_place_of(*primals), tangents[1]


def uninitialized(key: str, op: Operation) -> FailedPreconditionError:
    """Returns TF1's error for a variable that has no value yet."""
    name = key.rpartition("//")[2]
    return FailedPreconditionError(
        None, op,
        f"Attempting to use uninitialized value {name}\n\t [[{{{{node {op.name}}}}}]] (made at {op.site}). "
        "Run tf.global_variables_initializer() (tf.local_variables_initializer() for local variables), or restore a "
        "checkpoint, before the first run that reads it.",
    )  # fmt: skip


def _located(op: Operation, error: Exception) -> Exception:
    """Returns the error with the node and the user's line in it."""
    from scopedjax._src.base.errors import InvalidArgumentError

    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return InvalidArgumentError(None, op, f"{text}\n\t [[{{{{node {op.name}}}}}]] ({op.type}, made at {op.site})")


def _same_values(known: Sequence[Any], given: Sequence[Any]) -> bool:
    return all(a is b or isinstance(a, Ref) or isinstance(b, Ref) for a, b in zip(known, given, strict=True))


def _cotangents(given: Any, output: Any) -> list[Any]:
    """Returns the gradient for an output as one array for each of the output's inexact parts."""
    parts = inexact_parts(output)
    if isinstance(output, Cells):
        own = inexact_parts(given) if isinstance(given, Cells) else []
        if len(own) != len(parts):
            return [jnp.zeros_like(p) for p in parts]
        return [resized(a, p.shape[0]) for a, p in zip(own, parts, strict=True)]
    return [jnp.asarray(given, p.dtype) for p in parts]


def _conjugate(value: Any) -> Any:
    return jnp.conj(value) if jnp.iscomplexobj(value) else value


def _is_small_integer(op: Operation) -> bool:
    for tensor in op.outputs:
        dims = tensor._dims
        if not (tensor.dtype.is_integer or tensor.dtype.is_bool) or dims is None or None in dims:
            return False
        size = 1
        for d in dims:
            size *= d  # type: ignore[operator]
        if size > _SMALL:
            return False
    return True


def _is_known(value: Any) -> bool:
    """Whether a value is no tracer: NumPy's, or a TensorArray of NumPy's."""
    if isinstance(value, Cells):
        return all(isinstance(part, np.ndarray) for part in jax.tree.leaves(value))
    return isinstance(value, (np.ndarray, np.generic))


def _as_declared(value: Any, tensor: Tensor) -> Any:
    """Returns a value in the dtype that its node declares, without JAX's weak type."""
    if isinstance(value, (Ref, np.ndarray, Cells)):
        return value
    if tensor.dtype.name == "resource":
        return value
    dtype = tensor.dtype.base_dtype.as_numpy_dtype
    if getattr(value, "dtype", None) != dtype or getattr(value, "weak_type", False):
        return jax.lax.convert_element_type(value, dtype)
    return value
