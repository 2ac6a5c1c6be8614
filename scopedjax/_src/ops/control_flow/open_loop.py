"""`open_loop`: a loop whose number of steps only the data tell, with derivatives of every order.

    carry_0 -> step -> carry_1 -> step -> ... -> carry_n       until going(carry_n) is false

`lax.while_loop` runs it and has no reverse derivative, since nobody knows how many intermediate values to keep. Here,
when a derivative is asked for, the loop keeps a *trail*: a fixed number C of slots, filled with the carry of every
step at first; when they are full every other one is dropped and the spacing doubles:

    C = 4, after 4 steps:   0 1 2 3         spacing 1
           after 8 steps:   0 2 4 6         spacing 2
           after 11 steps:  0 4 8           spacing 4

The way back takes the stretches between two slots from last to first, runs each one again from its slot, keeping its
carries in a second set of C slots, and then applies the pullback of one step after the other. So n steps cost one
more forward pass while n < C * C, the memory is bounded, and nothing is ever cut short or guessed.

The way back is made of open loops itself, which gives the second derivative and all others.

Terms: `carry` is what a step needs of the step before; `sums` are values that a step only adds to or overwrites in
part (TensorArrays that are written, gradients that are added up): the derivative of a step does not depend on their
values, so they are never kept in the trail. `consts` are the same in every step. All three are flat lists of arrays.

Invariant: `step` and `going` take everything that they use as arguments (what they close over is not differentiated).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Arrays = list[Any]
Going = Callable[[Arrays, Arrays], Any]
Step = Callable[[Arrays, Arrays, Arrays], tuple[Arrays, Arrays]]

_TRAIL_BYTES = 1 << 26
_MOST_SLOTS = 1024
_LEAST_SLOTS = 8


def open_loop(
    going: Going, step: Step, consts: Arrays, carry: Arrays, sums: Arrays, most: int | None = None
) -> tuple[Arrays, Arrays]:
    """Runs a loop while `going(consts, carry)` is true.

    Args:
      going: Function `(consts, carry) -> scalar bool`.
      step: Function `(consts, carry, sums) -> (carry, sums)` that keeps shapes and dtypes.
      consts: Arrays that do not change.
      carry: Arrays before the first step.
      sums: Arrays before the first step on whose values the derivative of a step does not depend.
      most: A number of steps that is never exceeded, where one is known.

    Returns:
      (carry, sums) after the last step.
    """

    @jax.custom_vjp
    def loop(consts: Arrays, carry: Arrays, sums: Arrays) -> tuple[Arrays, Arrays]:
        return jax.lax.while_loop(
            lambda state: going(consts, state[0]), lambda state: step(consts, *state), (carry, sums)
        )

    def forward(consts: Arrays, carry: Arrays, sums: Arrays) -> Any:
        # Only consts that a derivative is asked for get one. What the pullback is to know about it, it has to read from
        # the structure of what is kept.
        asked = [() if c.perturbed else None for c in consts]
        consts, carry, sums = ([v.value for v in values] for values in (consts, carry, sums))
        slots = _slots(carry, most)
        result, trail = _run_with_trail(going, step, consts, carry, sums, slots)
        return result, (consts, trail, sums, asked)

    def backward(kept: Any, cotangents: Any) -> Any:
        consts, trail, sums, asked = kept
        empty = [jnp.zeros_like(s) for s in sums]
        return _way_back(step, consts, trail, empty, cotangents, [a is not None for a in asked])

    loop.defvjp(forward, backward, symbolic_zeros=True)
    return loop(list(consts), list(carry), list(sums))


def _slots(carry: Arrays, most: int | None) -> int:
    """How many carries the trail keeps: an even number."""
    each = max(1, sum(np.dtype(c.dtype).itemsize * int(np.prod(c.shape)) for c in carry))
    wanted = max(_LEAST_SLOTS, min(_MOST_SLOTS, _TRAIL_BYTES // each))
    if most is not None:
        wanted = min(wanted, max(2, most))
    return wanted + wanted % 2


# A trail is (slots of each carry, spacing, number of steps).


def _run_with_trail(
    going: Going, step: Step, consts: Arrays, carry: Arrays, sums: Arrays, slots: int
) -> tuple[tuple[Arrays, Arrays], tuple[Arrays, Any, Any]]:
    count = len(sums)

    def keeps_going(consts: Arrays, carry: Arrays) -> Any:
        at, spacing, *values = carry
        return (at < spacing * slots) & going(consts, values)

    def kept_step(consts: Arrays, carry: Arrays, sums: Arrays) -> tuple[Arrays, Arrays]:
        at, spacing, *values = carry
        stores = _stored(sums[count:], values, jnp.where(at % spacing == 0, at // spacing, slots))
        new, new_sums = step(consts, values, sums[:count])
        return [at + 1, spacing, *new], [*new_sums, *stores]

    def stretch(consts: Arrays, carry: Arrays, sums: Arrays) -> tuple[Arrays, Arrays]:
        carry, sums = open_loop(keeps_going, kept_step, consts, carry, sums)
        at, spacing, *values = carry
        more = going(consts, values)
        stores = jax.lax.cond(more, _thinned, lambda s: s, sums[count:])
        return [at, jnp.where(more, 2 * spacing, spacing), *values], [*sums[:count], *stores]

    stores = [jnp.zeros((slots, *c.shape), c.dtype) for c in carry]
    start = [jnp.zeros([], jnp.int32), jnp.ones([], jnp.int32), *carry]
    done, left = open_loop(lambda c, s: going(c, s[2:]), stretch, consts, start, [*sums, *stores])
    at, spacing, *values = done
    return (values, left[:count]), (left[count:], spacing, at)


def _stored(stores: Arrays, values: Arrays, slot: Any) -> Arrays:
    return [s.at[slot].set(v, mode="drop") for s, v in zip(stores, values, strict=True)]


def _taken(stores: Arrays, slot: Any) -> Arrays:
    return [jax.lax.dynamic_index_in_dim(s, slot, keepdims=False) for s in stores]


def _thinned(stores: Arrays) -> Arrays:
    """Every other slot, and as many free ones."""
    return [jnp.concatenate([s[::2], jnp.zeros_like(s[1::2])]) for s in stores]


def _way_back(
    step: Step, consts: Arrays, trail: tuple[Arrays, Any, Any], empty: Arrays, cotangents: Any, asked: list[bool]
) -> Any:
    stores, spacing, count = trail
    carry_like = [s[0] for s in stores]
    back = _Pullback(step, consts, carry_like, empty)
    back.const_floats = [f and a for f, a in zip(back.const_floats, asked, strict=True)]
    given = [[c for c, f in zip(part, floats, strict=True) if f] for part, floats in
             zip(cotangents, (back.carry_floats, back.sum_floats), strict=True)]  # fmt: skip
    given = [[_as_array(c) for c in part] for part in given]
    totals = [jnp.zeros_like(c) for c, f in zip(consts, back.const_floats, strict=True) if f]
    width, sums_width, asked_for = len(stores), len(empty), len(totals)

    def stretch(fixed: Arrays, carry: Arrays, sums: Arrays) -> tuple[Arrays, Arrays]:
        number, *ways = carry
        totals, second = sums[:asked_for], sums[asked_for:]
        stores, (spacing, count) = fixed[:width], fixed[width : width + 2]
        empty, consts = fixed[width + 2 : width + 2 + sums_width], fixed[width + 2 + sums_width :]
        number = number - 1
        length = jnp.minimum(spacing, count - number * spacing)
        again = _carries_again(step, consts, _taken(stores, number), empty, length, second)
        ways, totals = _steps_back(back, consts, again, empty, length, ways, totals)
        return [number, *ways], [*totals, *again[0]]

    stretches = (count + spacing - 1) // spacing
    fixed = [*stores, spacing, count, *empty, *consts]
    second = [jnp.zeros_like(s) for s in stores]  # made once: a stretch overwrites what the one before left
    (_, *ways), left = open_loop(
        lambda _, carry: carry[0] > 0, stretch, fixed, [stretches, *given[0], *given[1]], [*totals, *second]
    )
    totals = left[:asked_for]
    split = len(given[0])
    return (
        _spread(totals, back.const_floats),
        _spread(ways[:split], back.carry_floats),
        _spread(ways[split:], back.sum_floats),
    )


def _carries_again(
    step: Step, consts: Arrays, first: Arrays, empty: Arrays, length: Any, stores: Arrays
) -> tuple[Arrays, Any]:
    """Runs a stretch again; returns (slots with its carries, spacing of the slots)."""
    slots = stores[0].shape[0] if stores else _LEAST_SLOTS
    spacing = (length + slots - 1) // slots
    stores = [s.at[0].set(c) for s, c in zip(stores, first, strict=True)]
    count = len(empty)

    def again(fixed: Arrays, carry: Arrays, stores: Arrays) -> tuple[Arrays, Arrays]:
        at, *values = carry
        new, _ = step(fixed[count + 2 :], values, fixed[2 : 2 + count])
        at = at + 1
        return [at, *new], _stored(stores, new, jnp.where(at % fixed[0] == 0, at // fixed[0], slots))

    fixed = [spacing, length, *empty, *consts]
    _, stores = open_loop(
        lambda fixed, carry: carry[0] + 1 < fixed[1], again, fixed, [jnp.zeros([], jnp.int32), *first], stores
    )
    return stores, spacing


def _steps_back(
    back: _Pullback,
    consts: Arrays,
    again: tuple[Arrays, Any],
    empty: Arrays,
    length: Any,
    ways: Arrays,
    totals: Arrays,
) -> tuple[Arrays, Arrays]:
    """Applies the pullbacks of a stretch's steps from last to first."""
    stores, spacing = again
    width, count = len(stores), len(empty)

    def step_back(fixed: Arrays, carry: Arrays, totals: Arrays) -> tuple[Arrays, Arrays]:
        at, *ways = carry
        stores, spacing, empty, consts = (
            fixed[:width], fixed[width], fixed[width + 1 : width + 1 + count], fixed[width + 1 + count :],
        )  # fmt: skip
        at = at - 1
        values = _advanced(back.step, consts, _taken(stores, at // spacing), empty, at % spacing)
        ways, more = back.apply(consts, values, empty, ways)
        return [at, *ways], [t + m for t, m in zip(totals, more, strict=True)]

    fixed = [*stores, spacing, *empty, *consts]
    (_, *ways), totals = open_loop(lambda _, carry: carry[0] > 0, step_back, fixed, [length, *ways], totals)
    return ways, totals


def _advanced(step: Step, consts: Arrays, values: Arrays, empty: Arrays, count: Any) -> Arrays:
    """Returns the carry `count` steps on; none where the second trail kept every step."""
    width = len(empty)

    def on(fixed: Arrays, carry: Arrays, sums: Arrays) -> tuple[Arrays, Arrays]:
        new, _ = step(fixed[width:], carry[1:], fixed[:width])
        return [carry[0] - 1, *new], sums

    (_, *values), _ = open_loop(lambda _, carry: carry[0] > 0, on, [*empty, *consts], [count, *values], [])
    return values


class _Pullback:
    """The pullback of one step, over flat lists of arrays of which only some are differentiated."""

    def __init__(self, step: Step, consts: Arrays, carry: Arrays, sums: Arrays) -> None:
        self.step = step
        self.const_floats = _floats(consts)
        self.carry_floats = _floats(carry)
        self.sum_floats = _floats(sums)

    def apply(self, consts: Arrays, carry: Arrays, sums: Arrays, ways: Arrays) -> tuple[Arrays, Arrays]:
        """Returns (cotangents of carry and sums before the step, cotangents of the consts)."""

        def floats_of_step(c: Arrays, v: Arrays, s: Arrays) -> tuple[Arrays, Arrays]:
            new, new_sums = self.step(
                _merged(consts, c, self.const_floats),
                _merged(carry, v, self.carry_floats),
                _merged(sums, s, self.sum_floats),
            )
            return _chosen(new, self.carry_floats), _chosen(new_sums, self.sum_floats)

        _, pull = jax.vjp(
            floats_of_step,
            _chosen(consts, self.const_floats),
            _chosen(carry, self.carry_floats),
            _chosen(sums, self.sum_floats),
        )
        split = sum(self.carry_floats)
        of_consts, of_carry, of_sums = pull((ways[:split], ways[split:]))
        return [*of_carry, *of_sums], of_consts


def _as_array(cotangent: Any) -> Any:
    if isinstance(cotangent, jax.custom_derivatives.SymbolicZero):
        known: Any = cotangent
        return jnp.zeros(known.shape, known.dtype)
    return jnp.asarray(cotangent)


def _floats(values: Sequence[Any]) -> list[bool]:
    return [bool(jnp.issubdtype(v.dtype, jnp.inexact)) for v in values]


def _chosen(values: Sequence[Any], mask: Sequence[bool]) -> Arrays:
    return [v for v, wanted in zip(values, mask, strict=True) if wanted]


def _merged(values: Sequence[Any], chosen: Sequence[Any], mask: Sequence[bool]) -> Arrays:
    given = iter(chosen)
    return [next(given) if wanted else v for v, wanted in zip(values, mask, strict=True)]


def _spread(chosen: Sequence[Any], mask: Sequence[bool]) -> list[Any]:
    given = iter(chosen)
    return [next(given) if wanted else None for wanted in mask]
