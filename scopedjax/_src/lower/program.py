"""A device stage as one jitted pure function.

    run(donated state, kept state, random rows, arguments) -> (outputs, new state, new random rows)

All four are flat tuples. Updated variables are donated, so XLA writes in place; an output never shares a buffer with a
variable, and two variables never share one. What must be known while tracing (a fed size, which variables have a value)
selects the compiled program and is not an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.lower.plan import Stage
from scopedjax._src.lower.trace import Trace


@dataclass(slots=True)
class Program:
    """A jitted stage for one set of static values and of initialized variables.

    Attributes:
      function: The jitted function.
      donated: Keys of the variables whose buffers it takes over.
      kept: Keys of the variables that it only reads.
      written: Keys of the variables that it gives new values; filled in when the function is traced.
      uses_random: Whether it takes and gives the random rows.
    """

    function: Callable[..., Any]
    donated: tuple[str, ...]
    kept: tuple[str, ...]
    written: list[str]
    uses_random: bool


def compile_stage(
    stage: Stage, platform: str, slots: dict[Any, int], static: Sequence[np.ndarray], present: frozenset[str]
) -> Program:
    """Makes the jitted function of a device stage; XLA compiles it when it is first called with given shapes.

    Args:
      stage: The stage.
      platform: "cpu", "gpu" or "tpu".
      slots: Row of each random node in the array of random rows.
      static: Value of each of `stage.static_inputs`.
      present: Keys of the stage's variables that have a value.
    """
    outgoing = set(stage.variables_out)
    donated = tuple(k for k in stage.variables_in if k in present and k in outgoing)
    kept = tuple(k for k in stage.variables_in if k in present and k not in outgoing)
    written: list[str] = []
    uses_random = bool(stage.random)

    def run(
        donated_values: tuple[Any, ...], kept_values: tuple[Any, ...], rng: Any, arguments: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...], Any]:
        trace = Trace(platform, rng=rng, slots=slots, folded=stage.folded, wants_pullback=stage.pullbacks)
        trace.state.update(zip(donated, donated_values, strict=True))
        trace.state.update(zip(kept, kept_values, strict=True))
        trace.values.update(zip(stage.static_inputs, static, strict=True))
        trace.values.update(zip(stage.inputs, arguments[: len(stage.inputs)], strict=True))
        for op, value in zip(stage.hoisted, arguments[len(stage.inputs) :], strict=True):
            trace.values[op.outputs[0]] = value
        trace.run(stage.ops)
        written[:] = [k for k in stage.variables_out if k in trace.state]
        outputs = [trace.final_value(t) for t in stage.outputs]
        outputs.extend(trace.final_value(t) for t, _ in stage.final_reads)
        new_state = _distinct(
            {k: trace.state[k] for k in written},
            dict(zip(donated, donated_values, strict=True)),
            (*kept_values, *arguments),
        )
        outputs = [jnp.asarray(v) for v in outputs]
        return tuple(outputs), tuple(new_state), trace.advanced_rng() if uses_random else None

    donate = (0, 2) if uses_random else (0,)
    return Program(jax.jit(run, donate_argnums=donate), donated, kept, written, uses_random)


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
