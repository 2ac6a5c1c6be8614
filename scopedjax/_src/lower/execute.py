"""`Executor`: runs a plan on the state of a session.

    executor = Executor(make_plan(fetches, targets, feeds))
    executor.run(state, feed values) -> one value a fetch (JAX arrays, or NumPy from host stages)

Each device stage keeps its compiled programs, selected by what had to be known while tracing. The session's lock is
held from reading the variables to storing their successors, so two threads never donate one buffer; the computation
itself runs on after the lock is given back.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.bundles import Slot, Variables
from scopedjax._src.lower.host import State, run_host_stage
from scopedjax._src.lower.plan import Plan, Stage, make_plan
from scopedjax._src.lower.program import Program, compile_stage
from scopedjax._src.lower.shape_watch import ShapeWatch
from scopedjax._src.ops.control_flow.array_cells import Cells


class _DeviceStage:
    """A device stage with its compiled programs."""

    __slots__ = ("chosen", "constants", "programs", "stage", "version", "watch")

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.programs: dict[Any, Program] = {}
        self.watch = ShapeWatch(stage.inputs, stage.static_inputs)
        self.constants: tuple[Any, ...] | None = None
        self.chosen: Program | None = None
        self.version = -1

    def run(self, state: State, arguments: Sequence[Any], static: Sequence[Any]) -> tuple[Any, ...]:
        """Runs the stage and returns its outputs; the state takes over what it wrote."""
        stage = self.stage
        with state.lock, state.enter_device():
            if stage.random:
                state.ensure_rows(stage.random)
            values = state.values
            if self.version == values.version and not static and self.chosen is not None:
                program = self.chosen
            else:
                program = self._program(state, static)
            if stage.hoisted:
                arguments = (*arguments, *self._constants())
            if program.arrivals != values.arrivals:  # not at each run: slots that inference never uses wait for ever
                values.move(program.donated, program.kept)
                program.arrivals = values.arrivals
            flats = [b.flat for b in program.bundles]
            donated = (*[values[k] for k in program.donated], *flats[: program.changed])
            kept = (*[values[k] for k in program.kept], *flats[program.changed :])
            rng = state.rng if program.uses_random else None
            outputs, new_state, new_rng, note = self._call(program, donated, kept, rng, tuple(arguments))
            if new_state:
                self._store(program, values, new_state)
            if new_rng is not None:
                state.rng = new_rng
            if note is not None:
                state.notes.add(note, program.checks, bool(outputs))
        return outputs

    @staticmethod
    def _call(program: Program, *arguments: Any) -> Any:
        if program.ran:
            return program.function(*arguments)
        with warnings.catch_warnings():
            # A variable that changes its shape cannot be written in place.
            warnings.filterwarnings("ignore", "Some donated buffers were not usable", UserWarning)
            result = program.function(*arguments)
        program.ran = True
        return result

    def _store(self, program: Program, values: Variables, new: Sequence[Any]) -> None:
        count = len(program.written)
        fresh = program.fresh
        if program.leaving:
            values.settle(program.written, new[:count])
            self.programs.clear()  # what is written where was found out by tracing for these shapes
        elif count:
            values.renew(program.written, new[:count])
        for bundle, flat in zip((*fresh, *program.bundles[: program.changed]), new[count:], strict=True):
            bundle.flat = flat
        if fresh and program.placed != values.version:
            for bundle in fresh:
                values.renew(bundle.members, bundle.members.values())
            values.version += 1
            self.version, self.chosen, program.placed = values.version, program, values.version

    def _program(self, state: State, static: Sequence[Any]) -> Program:
        values = state.values
        present = {k: values[k] for k in self.stage.variables_in if k in values}
        held = tuple((k, id(v.bundle)) for k, v in present.items() if isinstance(v, Slot))
        key = (
            len(present) == len(self.stage.variables_in) or tuple(present),
            held,
            tuple(_identity(v) for v in static),
        )
        program = self.programs.get(key)
        if program is None:
            program = compile_stage(self.stage, state.platform, state.slots, static, present, self.watch)
            self.programs[key] = program
        self.version, self.chosen = values.version, None if static else program
        return program

    def _constants(self) -> tuple[Any, ...]:
        if self.constants is None:
            self.constants = tuple(jax.device_put(op.attrs["value"]) for op in self.stage.hoisted)
        return self.constants


class Executor:
    """Runs one plan, again and again."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._stages = [_DeviceStage(s) if s.device else s for s in plan.stages]
        self._regions: dict[tuple[Operation, int], Executor] = {}
        self._single = self._as_single()

    def _as_single(self) -> tuple[_DeviceStage, list[int], list[int]] | None:
        """Returns (stage, order of its outputs, order of feeds) where the plan is one device stage without static
        values."""
        if len(self._stages) != 1 or not isinstance(self._stages[0], _DeviceStage):
            return None
        stage = self._stages[0].stage
        given = [*stage.outputs, *(t for t, _ in stage.final_reads)]
        if stage.static_inputs or any(t not in given for t in self.plan.fetches):
            return None
        return (
            self._stages[0],
            [given.index(t) for t in self.plan.fetches],
            [self.plan.feeds.index(t) for t in stage.inputs],
        )

    def run(self, state: State, feeds: Sequence[Any]) -> list[Any]:
        """Runs the plan.

        Args:
          state: The session's state.
          feeds: A NumPy value for each of `plan.feeds`.

        Returns:
          A value for each of `plan.fetches`: JAX arrays not yet waited for, or NumPy arrays.
        """
        if self._single is not None:
            stage, order, taken = self._single
            outputs = stage.run(state, [feeds[i] for i in taken], ())
            return [outputs[i] for i in order]
        values: dict[Tensor, Any] = dict(zip(self.plan.feeds, feeds, strict=True))
        for stage in self._stages:
            if state.notes:
                _look_before(stage.stage if isinstance(stage, _DeviceStage) else stage, values, state)
            if isinstance(stage, _DeviceStage):
                self._run_device(stage, values, state)
            else:
                run_host_stage(stage.ops, values, state, lambda op, i, given: self._run_region(state, op, i, given))
                for tensor, key in stage.final_reads:
                    values[tensor] = self._final(state, key, tensor)
        return [values[t] for t in self.plan.fetches]

    @staticmethod
    def _final(state: State, key: str, tensor: Tensor) -> Any:
        from scopedjax._src.lower.trace import uninitialized

        if key not in state.values:
            raise uninitialized(key, tensor.op)
        return np.array(state.values[key])

    @staticmethod
    def _run_device(device: _DeviceStage, values: dict[Tensor, Any], state: State) -> None:
        stage = device.stage
        static = [_as_known(values[t]) for t in stage.static_inputs]
        outputs = device.run(state, [values[t] for t in stage.inputs], static)
        values.update(zip(stage.outputs, outputs, strict=False))
        for (tensor, _), value in zip(stage.final_reads, outputs[len(stage.outputs) :], strict=True):
            values[tensor] = value

    def _run_region(self, state: State, op: Operation, index: int, given: dict[Tensor, Any]) -> list[Any]:
        region = op._extra["regions"][index]  # type: ignore[index]
        executor = self._regions.get((op, index))
        if executor is None:
            plan = make_plan(region.results, region.result_controls, given)
            executor = self._regions[op, index] = Executor(plan)
        results = executor.run(state, [_as_feed(given[t]) for t in executor.plan.feeds])
        if state.notes:
            jax.block_until_ready(results)
            state.notes.look(values=True)
        found = dict(zip(executor.plan.fetches, results, strict=True))
        return [found[t] for t in region.results]


def _look_before(stage: Stage, values: dict[Tensor, Any], state: State) -> None:
    """Looks whether what the device computed for a stage is sound, before the host makes use of it."""
    if stage.waits:
        taken = stage.static_inputs if stage.device else [t for op in stage.ops for t in op.inputs]
        jax.block_until_ready([v for t in taken if isinstance(v := values.get(t), (jax.Array, Cells))])
        state.notes.look(values=True)


def _as_known(value: Any) -> Any:
    """A value as NumPy's; a TensorArray (the stack of a file's loop) is known when its parts are."""
    return jax.tree.map(np.asarray, value) if isinstance(value, Cells) else np.asarray(value)


def _identity(value: Any) -> tuple[Any, ...]:
    """What tells one known value from another: its bytes."""
    if isinstance(value, Cells):
        parts, form = jax.tree.flatten(value)
        return form, *(_identity(part) for part in parts)
    return value.dtype.str, value.shape, value.tobytes()


def _as_feed(value: Any) -> Any:
    """What a region's plan takes: arrays that a device made stay where they are."""
    return value if isinstance(value, (Cells, jax.Array)) else np.asarray(value)
