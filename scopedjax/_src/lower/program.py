"""A device stage as one jitted pure function.

    run(donated state, kept state, random rows, arguments) -> (outputs, new state, new random rows, note)

States, arguments and outputs are flat tuples. The note tells of what was checked (see `checks`); it is None where
nothing is. Updated variables are donated, so XLA writes in place; an output never shares a buffer with a variable, and
two variables never share one. What must be known while tracing (a fed size, which variables have a value) selects the
compiled program and is not an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp

from scopedjax._src.lower.bundles import Bundle, Slot, bundled
from scopedjax._src.lower.checks import NOTE, Checks, are_wanted
from scopedjax._src.lower.plan import Stage
from scopedjax._src.lower.shape_watch import ShapeWatch
from scopedjax._src.lower.trace import Trace
from scopedjax._src.ops.control_flow.array_cells import as_traced


@dataclass(slots=True)
class Program:
    """A jitted stage for one set of static values and of initialized variables.

    Attributes:
      function: The jitted function.
      donated: Keys of the variables whose buffers it takes over.
      kept: Keys of the variables that it only reads.
      bundles: Bundles that hold variables which it uses; those that it changes come first.
      changed: How many of the bundles it changes.
      uses_random: Whether it takes and gives the random rows.
      written: Keys of the variables that it gives new values, those in bundles left out; filled in by tracing.
      leaving: Those among them that had a place in a bundle, which is for another shape; filled in by tracing.
      fresh: New bundles of variables that it overwrites; filled in by tracing.
      placed: At which version of the variables they held the slots of `fresh`.
      checks: The sites at which it checks values; filled in by tracing.
      ran: Whether it was called.
      arrivals: Up to which arrival of values from the host its variables have been moved to the device.
    """

    function: Callable[..., Any]
    donated: tuple[str, ...]
    kept: tuple[str, ...]
    bundles: tuple[Bundle, ...]
    changed: int
    uses_random: bool
    written: list[str] = field(default_factory=list)
    leaving: list[str] = field(default_factory=list)
    fresh: list[Bundle] = field(default_factory=list)
    placed: int = -1
    checks: Checks = field(default_factory=Checks)
    ran: bool = False
    arrivals: int = 0


def compile_stage(
    stage: Stage,
    platform: str,
    slots: dict[Any, int],
    static: Sequence[Any],
    present: Mapping[str, Any],
    watch: ShapeWatch,
) -> Program:
    """Makes the jitted function of a device stage; XLA compiles it when it is first called with given shapes.

    Args:
      stage: The stage.
      platform: "cpu", "gpu" or "tpu".
      slots: Row of each random node in the array of random rows.
      static: Value of each of `stage.static_inputs`.
      present: The stage's variables that have a value, with it.
      watch: Is told of each compilation.
    """
    outgoing = set(stage.variables_out)
    reused = outgoing - stage.unshaped  # a buffer is no use for another shape, and JAX warns
    held = {k: v.bundle for k, v in present.items() if isinstance(v, Slot)}
    changed = dict.fromkeys(b for k, b in held.items() if k in outgoing)
    bundles = (*changed, *(b for b in dict.fromkeys(held.values()) if b not in changed))
    program = Program(
        lambda: None,
        tuple(k for k in present if k in reused and k not in held),
        tuple(k for k in present if k not in reused and k not in held),
        bundles,
        len(changed),
        bool(stage.random),
    )

    checked = are_wanted()

    def run(
        donated_values: tuple[Any, ...], kept_values: tuple[Any, ...], rng: Any, arguments: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...], Any, Any]:
        watch.note(arguments, static)
        trace = Trace(platform, rng=rng, slots=slots, folded=stage.folded, wants_pullback=stage.pullbacks)
        trace.checks, trace.shortcuts = program.checks if checked else None, stage.shortcuts
        trace.ranges.fed, program.checks.used = stage.fed, False
        single, flats = donated_values[: len(program.donated)], donated_values[len(program.donated) :]
        trace.state.update(zip(program.donated, single, strict=True))
        trace.state.update(zip(program.kept, kept_values[: len(program.kept)], strict=True))
        whole = [b.take_apart(f) for b, f in zip(bundles, (*flats, *kept_values[len(program.kept) :]), strict=True)]
        for parts in whole:
            trace.state.update({k: v for k, v in parts.items() if k in held})
        trace.values.update(zip(stage.static_inputs, static, strict=True))
        trace.values.update(zip(stage.inputs, arguments[: len(stage.inputs)], strict=True))
        for op, value in zip(stage.hoisted, arguments[len(stage.inputs) :], strict=True):
            trace.values[op.outputs[0]] = value
        trace.run(stage.ops)
        outputs = [trace.final_value(t) for t in stage.outputs]
        outputs.extend(trace.final_value(t) for t, _ in stage.final_reads)
        # JAX pairs donated buffers and results of one shape in order: a variable is to come back in its own buffer.
        ordered = dict.fromkeys((*program.donated, *stage.variables_out))
        new = {k: trace.state[k] for k in ordered if k in trace.state}
        program.leaving[:] = [k for k, v in new.items() if k in held and jnp.shape(v) != present[k].shape]
        staying = {k: v for k, v in new.items() if k in held and k not in program.leaving}
        back = [
            bundle.put_together({**parts, **{k: v for k, v in staying.items() if held[k] is bundle}})
            for bundle, parts in zip(changed, whole, strict=False)
        ]
        new = {k: jnp.asarray(v) for k, v in new.items() if k not in staying}
        shared = (*kept_values, *arguments)
        packed = _pack(program, {k: v for k, v in new.items() if k not in present})
        program.written[:] = [k for k in new if not any(k in b.members for b in program.fresh)]
        single_state = _distinct(
            {k: new[k] for k in program.written}, dict(zip(program.donated, single, strict=True)), shared
        )
        outputs = [as_traced(v) for v in outputs]
        new_rng = trace.advanced_rng() if program.uses_random else None
        note = trace.state.get(NOTE) if program.checks.used else None
        return tuple(outputs), (*single_state, *packed, *back), new_rng, note

    program.function = jax.jit(run, donate_argnums=(0, 2) if program.uses_random else (0,))
    return program


def _pack(program: Program, overwritten: dict[str, Any]) -> list[Any]:
    """Puts the tiny ones of the overwritten variables into new bundles; returns the bundles' arrays."""
    groups = bundled(overwritten)
    shapes = [{k: tuple(overwritten[k].shape) for k in keys} for keys in groups]
    if [{k: s.shape for k, s in b.members.items()} for b in program.fresh] != shapes:
        program.fresh[:] = [Bundle(s) for s in shapes]
    return [b.put_together(overwritten) for b in program.fresh]


def _distinct(new: dict[str, Any], donated: dict[str, Any], shared: Sequence[Any]) -> list[Any]:
    """Returns the new values, with a copy of each that is an argument of the program or occurs twice.

    A donated buffer may come back as it is only for the variable that it came from.
    """
    seen = {id(v) for v in shared}
    origin = {id(v): k for k, v in donated.items()}
    result: list[Any] = []
    for key, value in new.items():
        value = jnp.asarray(value)
        if id(value) in seen or origin.get(id(value), key) != key:
            value = jnp.copy(value)
        seen.add(id(value))
        result.append(value)
    return result
