"""Learning rates that change with the global step.

    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.1, step, 1000, 0.96)       a scalar tensor
    train = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=step)

A schedule is ordinary nodes; it is computed anew in each run from the value of the step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.dtypes import DType, int32, int64
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import equal
from scopedjax._src.ops.math.elementwise import (
    add,
    ceil,
    cos,
    divide,
    exp,
    floor,
    log,
    minimum,
    multiply,
    negative,
    sqrt,
)
from scopedjax._src.ops.math.elementwise import pow as power_of
from scopedjax._src.ops.random.sampling import random_normal


@contextmanager
def _schedule(kind: str, name: str | None, learning_rate: Any, global_step: Any) -> Iterator[tuple[str, Tensor, DType]]:
    """Opens the name scope of a schedule; gives (the scope, the rate to start from, its dtype)."""
    if global_step is None:
        raise ValueError(f"global_step is required for {kind}: pass the variable that counts the training steps")
    with stacks.get_default_graph().name_scope(name or kind) as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        yield scope, rate, rate.dtype.base_dtype


def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """Returns `learning_rate * decay_rate ^ (global_step / decay_steps)`.

    Args:
      learning_rate: The rate at step 0: float, tensor or number.
      global_step: Integer scalar.
      decay_steps: Number of steps after which the rate was multiplied by `decay_rate` once.
      decay_rate: Factor.
      staircase: Whether the exponent is rounded down, so that the rate falls in steps.
      name: Node name; defaults to "ExponentialDecay".

    >>> tf.Session().run(tf.train.exponential_decay(1.0, 20, 10, 0.5))
    np.float32(0.25)
    """
    with _schedule("ExponentialDecay", name, learning_rate, global_step) as (scope, rate, dtype):
        exponent, factor = _progress(global_step, decay_steps, decay_rate, staircase, dtype)
        return multiply(rate, power_of(factor, exponent), name=scope)


def _progress(
    global_step: Any, decay_steps: Any, decay_rate: Any, staircase: bool, dtype: DType
) -> tuple[Tensor, Tensor]:
    """Returns (how many times `decay_steps` has passed, the decay rate)."""
    steps, factor = cast(decay_steps, dtype), cast(decay_rate, dtype)
    passed = cast(global_step, dtype) / steps
    return (floor(passed) if staircase else passed), factor


def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """Returns `learning_rate * exp(-decay_rate * global_step / decay_steps)`.

    Args:
      learning_rate: The rate at step 0: float, tensor or number.
      global_step: Integer scalar.
      decay_steps: How often decay is applied, in steps.
      decay_rate: Decay rate.
      staircase: Whether `global_step / decay_steps` is rounded down.
      name: Node name; defaults to "ExponentialDecay".

    >>> tf.Session().run(tf.train.natural_exp_decay(1.0, 2, 1, 0.5)).round(4)
    np.float32(0.3679)
    """
    return exponential_decay(learning_rate, global_step, decay_steps, exp(negative(decay_rate)), staircase, name)


def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """Returns `learning_rate / (1 + decay_rate * global_step / decay_steps)`.

    Args:
      learning_rate: The rate at step 0: float, tensor or number.
      global_step: Integer scalar.
      decay_steps: How often decay is applied, in steps.
      decay_rate: Decay rate.
      staircase: Whether `global_step / decay_steps` is rounded down.
      name: Node name; defaults to "InverseTimeDecay".

    >>> tf.Session().run(tf.train.inverse_time_decay(1.0, 2, 1, 0.5))
    np.float32(0.5)
    """
    with _schedule("InverseTimeDecay", name, learning_rate, global_step) as (scope, rate, dtype):
        passed, factor = _progress(global_step, decay_steps, decay_rate, staircase, dtype)
        one = cast(constant(1), dtype)
        return divide(rate, add(one, multiply(factor, passed)), name=scope)


def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Tensor:
    """Returns `(learning_rate - end) * (1 - step / decay_steps) ^ power + end`, and `end` after `decay_steps`.

    Args:
      learning_rate: The rate at step 0: float, tensor or number.
      global_step: Integer scalar.
      decay_steps: Number of steps until `end_learning_rate` is reached.
      end_learning_rate: The rate at the end.
      power: Exponent; 1 makes a straight line.
      cycle: Whether to start anew over the first multiple of `decay_steps` that lies beyond the step.
      name: Node name; defaults to "PolynomialDecay".

    >>> tf.Session().run(tf.train.polynomial_decay(1.0, 5, 10, 0.0))
    np.float32(0.5)
    """
    with _schedule("PolynomialDecay", name, learning_rate, global_step) as (scope, rate, dtype):
        end, exponent = cast(end_learning_rate, dtype), cast(power, dtype)
        step, steps = cast(global_step, dtype), cast(decay_steps, dtype)
        if cycle:
            steps = multiply(steps, _rounds(step, decay_steps))
        else:
            step = minimum(step, steps)
        passed = divide(step, steps)
        return add(multiply(rate - end, power_of(1 - passed, exponent)), end, name=scope)


def _rounds(step: Tensor, decay_steps: Any) -> Tensor:
    """Returns how many rounds of `decay_steps` have begun; the first one begins with step 0."""
    first = equal(step, 0)
    return apply_op("SelectV2", first, 1.0, ceil(step / decay_steps))


def cosine_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, alpha: Any = 0.0, name: str | None = None
) -> Tensor:
    """Returns a rate that falls along half a cosine: Loshchilov and Hutter, "SGDR", ICLR 2017.

    `learning_rate * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha)`

    Args:
      learning_rate: The rate at step 0: float, tensor or number.
      global_step: Integer scalar.
      decay_steps: Number of steps until the end.
      alpha: The rate at the end as a fraction of `learning_rate`.
      name: Name scope; defaults to "CosineDecay".

    >>> tf.Session().run(tf.train.cosine_decay(1.0, 5, 10)).round(4)
    np.float32(0.5)
    """
    with _schedule("CosineDecay", name, learning_rate, global_step) as (_, rate, dtype):
        steps = cast(decay_steps, dtype)
        passed = minimum(cast(global_step, dtype), steps) / steps
        cosine = 0.5 * (1.0 + cos(constant(math.pi, dtype) * passed))
        return multiply(rate, (1 - alpha) * cosine + alpha)


def cosine_decay_restarts(
    learning_rate: Any,
    global_step: Any,
    first_decay_steps: Any,
    t_mul: Any = 2.0,
    m_mul: Any = 1.0,
    alpha: Any = 0.0,
    name: str | None = None,
) -> Tensor:
    """Returns a rate that falls along half a cosine and then starts again: "SGDR", ICLR 2017.

    Args:
      learning_rate: The rate at step 0: float, tensor or number.
      global_step: Integer scalar.
      first_decay_steps: Number of steps of the first period.
      t_mul: Length of a period as a multiple of the one before.
      m_mul: Rate at the start of a period as a multiple of that of the one before.
      alpha: The rate at the end of a period as a fraction of `learning_rate`.
      name: Node name; defaults to "SGDRDecay".

    >>> tf.Session().run(tf.train.cosine_decay_restarts(1.0, 10, 10))
    np.float32(1.0)
    """
    with _schedule("SGDRDecay", name, learning_rate, global_step) as (scope, rate, dtype):
        steps, least, longer, lower = (cast(v, dtype) for v in (first_decay_steps, alpha, t_mul, m_mul))
        passed = cast(global_step, dtype) / steps
        restarts, within = cond(
            equal(longer, 1.0), lambda: _equal_periods(passed), lambda: _growing_periods(passed, longer)
        )
        height = lower**restarts
        cosine = 0.5 * height * (1.0 + cos(constant(math.pi, dtype) * within))
        return multiply(rate, (1 - least) * cosine + least, name=scope)


def _equal_periods(passed: Tensor) -> tuple[Tensor, Tensor]:
    """Returns (number of restarts, part of the period that has passed) for periods of length one."""
    restarts = floor(passed)
    return restarts, passed - restarts


def _growing_periods(passed: Tensor, longer: Tensor) -> tuple[Tensor, Tensor]:
    """The same for periods of lengths 1, q, q^2, ...: the first n take (1 - q^n) / (1 - q)."""
    restarts = floor(log(1.0 - passed * (1.0 - longer)) / log(longer))
    before = (1.0 - longer**restarts) / (1.0 - longer)
    return restarts, (passed - before) / longer**restarts


def linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    num_periods: Any = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> Tensor:
    """Returns a cosine that falls along a line: Bello et al., "Neural Optimizer Search", ICML 2017.

    `learning_rate * ((alpha + 1 - t) * (1 + cos(2 pi num_periods t)) / 2 + beta)` with `t = step / decay_steps`.

    Args:
      learning_rate: The rate at step 0: float, tensor or number.
      global_step: Integer scalar.
      decay_steps: Number of steps until the end.
      num_periods: Number of periods of the cosine.
      alpha: See above.
      beta: See above.
      name: Node name; defaults to "LinearCosineDecay".

    >>> tf.Session().run(tf.train.linear_cosine_decay(1.0, 10, 10)).round(4)
    np.float32(0.001)
    """
    with _schedule("LinearCosineDecay", name, learning_rate, global_step) as (scope, rate, dtype):
        steps, periods, a, b = (cast(v, dtype) for v in (decay_steps, num_periods, alpha, beta))
        step = minimum(cast(global_step, dtype), steps)
        line = (steps - step) / steps
        return multiply(rate, _waves(line, step, steps, periods, a, b), name=scope)


def _waves(line: Tensor, step: Tensor, steps: Tensor, periods: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    passed = step / steps
    phase = 2.0 * periods * passed
    cosine = 0.5 * (1.0 + cos(constant(math.pi, line.dtype) * phase))
    return (alpha + line) * cosine + beta


def noisy_linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    initial_variance: Any = 1.0,
    variance_decay: Any = 0.55,
    num_periods: Any = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> Tensor:
    """Returns `linear_cosine_decay` with noise on the line, of variance `initial_variance / (1 + step)^variance_decay`.

    Args:
      learning_rate: The rate at step 0: float, tensor or number.
      global_step: Integer scalar.
      decay_steps: Number of steps until the end.
      initial_variance: Variance of the noise at step 0.
      variance_decay: How fast it falls.
      num_periods: Number of periods of the cosine.
      alpha: As for `linear_cosine_decay`.
      beta: As for `linear_cosine_decay`.
      name: Node name; defaults to "NoisyLinearCosineDecay".
    """
    with _schedule("NoisyLinearCosineDecay", name, learning_rate, global_step) as (scope, rate, dtype):
        given = (decay_steps, initial_variance, variance_decay, num_periods, alpha, beta)
        steps, variance, falling, periods, a, b = (cast(v, dtype) for v in given)
        step = minimum(cast(global_step, dtype), steps)
        line = (steps - step) / steps
        spread = sqrt(variance / power_of(1.0 + step, falling))
        noisy = line + random_normal(line.shape, stddev=spread, dtype=dtype)
        return multiply(rate, _waves(noisy, step, steps, periods, a, b), name=scope)


def piecewise_constant(x: Any, boundaries: Any, values: Any, name: str | None = None) -> Tensor:
    """Returns `values[i]` where `boundaries[i - 1] < x <= boundaries[i]`.

    Args:
      x: Scalar, mostly the global step.
      boundaries: Increasing numbers or tensors of the dtype of `x`.
      values: One more than the boundaries, all of one dtype.
      name: Name scope; defaults to "PiecewiseConstant".

    Raises:
      ValueError: dtypes differ, or there are not as many values as pieces.

    >>> tf.Session().run(tf.train.piecewise_constant(150, [100, 200], [0.1, 0.01, 0.001])).round(4)
    np.float32(0.01)
    """
    bounds = [convert_to_tensor(b) for b in nest.flatten(boundaries)]
    pieces = [convert_to_tensor(v) for v in nest.flatten(values)]
    place = convert_to_tensor(x)
    dtype = place.dtype.base_dtype
    for i, bound in enumerate(bounds):
        found = bound.dtype.base_dtype
        if found is int32 and dtype is int64:
            bounds[i] = cast(bound, dtype)
        elif found is not dtype:
            raise ValueError(f"`boundaries` ({found!r}) must have the same dtype as x ({dtype!r}).")
    kinds = {v.dtype.base_dtype for v in pieces}
    if len(kinds) > 1:
        raise ValueError(f"`values` must have elements all with the same dtype ({', '.join(map(repr, kinds))}).")
    if len(pieces) != len(bounds) + 1:
        raise ValueError(
            f"The length of boundaries should be 1 less than the length of values: {len(bounds)} boundaries make "
            f"{len(bounds) + 1} pieces, and there are {len(pieces)} values"
        )
    with stacks.get_default_graph().name_scope(name or "PiecewiseConstant"):
        return _choose(place, bounds, pieces)


def _choose(place: Tensor, bounds: list[Tensor], pieces: list[Tensor]) -> Tensor:
    """Returns the value of the piece that holds `place`.

    TF1 records nested conditionals here. The values are computed in any case, so a chain of selections does the same
    for less; the result stands under TF1's name for it.
    """
    below = [place <= bound for bound in bounds]
    graph = place.graph
    with graph.name_scope("case"), graph.name_scope("cond"):
        chosen = pieces[-1]
        for is_below, piece in zip(reversed(below), reversed(pieces[:-1]), strict=True):
            chosen = apply_op("SelectV2", is_below, piece, chosen)
        return apply_op("Identity", chosen, name="Merge")
