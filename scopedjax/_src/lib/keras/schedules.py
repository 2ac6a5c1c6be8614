"""`tf.keras.optimizers.schedules`: rates that change with the step, as objects that a configuration can say.

    rate = ExponentialDecay(0.1, 1000, 0.5)      a function of the step: rate(step) is a tensor
    SGD(rate)                                    asks it at each step with its own counter, `iterations`

The numbers are those of `tf.train.exponential_decay` and its like.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras.naming import Registry, serialized
from scopedjax._src.lib.train import learning_rates
from scopedjax._src.ops.convert import convert_to_tensor


class LearningRateSchedule:
    """A rate that is a function of the step; a subclass writes `__call__(step)` and `get_config()`.

    >>> class Halved(tf.keras.optimizers.schedules.LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 / (1.0 + tf.cast(step, tf.float32))
    >>> tf.Session().run(Halved()(1))
    np.float32(0.05)
    """

    def __call__(self, step: Any) -> Any:
        """Returns the rate at a step."""
        raise NotImplementedError("Learning rate schedule must override __call__")

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes it from again."""
        raise NotImplementedError("Learning rate schedule must override get_config")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes a schedule from what `get_config` returned."""
        return cls(**config)


class _Known(LearningRateSchedule):
    """A schedule whose configuration is its attributes."""

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes it from again."""
        return dict(vars(self))


class _ByRate(_Known):
    """A schedule with a decay rate for each `decay_steps` steps."""

    _decayed: Callable[..., Any]
    _scope: str

    def __init__(
        self, initial_learning_rate: Any, decay_steps: Any, decay_rate: Any, staircase: bool = False,
        name: str | None = None,
    ) -> None:  # fmt: skip
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        """Returns the rate at a step."""
        found: Tensor = self._decayed(
            self.initial_learning_rate, step, self.decay_steps, self.decay_rate, self.staircase,
            self.name or self._scope,
        )  # fmt: skip
        return found


class ExponentialDecay(_ByRate):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
      initial_learning_rate: The rate at step 0.
      decay_steps: After how many steps it is multiplied by `decay_rate` once.
      decay_rate: The factor.
      staircase: Whether `step / decay_steps` is rounded down.
      name: Name scope; "ExponentialDecay" by default.

    >>> tf.Session().run(tf.keras.optimizers.schedules.ExponentialDecay(1.0, 10, 0.25)(5))
    np.float32(0.5)
    """

    _decayed = staticmethod(learning_rates.exponential_decay)
    _scope = "ExponentialDecay"


class InverseTimeDecay(_ByRate):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
      initial_learning_rate: The rate at step 0.
      decay_steps: The unit of the steps.
      decay_rate: How fast it falls.
      staircase: Whether `step / decay_steps` is rounded down.
      name: Name scope; "InverseTimeDecay" by default.

    >>> tf.Session().run(tf.keras.optimizers.schedules.InverseTimeDecay(1.0, 10, 1.0)(10))
    np.float32(0.5)
    """

    _decayed = staticmethod(learning_rates.inverse_time_decay)
    _scope = "InverseTimeDecay"


class PolynomialDecay(_Known):
    """`(initial - end) * (1 - step / decay_steps) ** power + end`; `end` from `decay_steps` on.

    Args:
      initial_learning_rate: The rate at step 0.
      decay_steps: At which step the end is reached.
      end_learning_rate: The rate from then on.
      power: The power; 1 is a straight line.
      cycle: Whether to begin anew, with twice, three times, ... the steps, instead of staying at the end.
      name: Name scope; "PolynomialDecay" by default.

    >>> tf.Session().run(tf.keras.optimizers.schedules.PolynomialDecay(1.0, 10, 0.0)(5))
    np.float32(0.5)
    """

    def __init__(
        self, initial_learning_rate: Any, decay_steps: Any, end_learning_rate: Any = 0.0001, power: Any = 1.0,
        cycle: bool = False, name: str | None = None,
    ) -> None:  # fmt: skip
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        """Returns the rate at a step."""
        found: Tensor = learning_rates.polynomial_decay(
            self.initial_learning_rate, step, self.decay_steps, self.end_learning_rate, self.power, self.cycle,
            self.name or "PolynomialDecay",
        )  # fmt: skip
        return found


class PiecewiseConstantDecay(_Known):
    """`values[0]` up to the first boundary (included), `values[1]` up to the second, and so on.

    Args:
      boundaries: Steps, in order.
      values: Rates: one more than boundaries.
      name: Name scope; "PiecewiseConstant" by default.

    Raises:
      ValueError: the numbers of boundaries and values do not fit.

    >>> rate = tf.keras.optimizers.schedules.PiecewiseConstantDecay([3], [1.0, 0.5])
    >>> tf.Session().run([rate(3), rate(4)])
    [np.float32(1.0), np.float32(0.5)]
    """

    def __init__(self, boundaries: Sequence[Any], values: Sequence[Any], name: str | None = None) -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError("The length of boundaries should be 1 less than the length of values")
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        """Returns the rate at a step."""
        step = convert_to_tensor(step)
        boundaries = [float(b) if step.dtype.is_floating else b for b in self.boundaries]
        found: Tensor = learning_rates.piecewise_constant(
            step, boundaries, list(self.values), self.name or "PiecewiseConstant"
        )
        return found


_NAMED = Registry("decay", {
    "ExponentialDecay": ExponentialDecay, "InverseTimeDecay": InverseTimeDecay, "PolynomialDecay": PolynomialDecay,
    "PiecewiseConstantDecay": PiecewiseConstantDecay,
})  # fmt: skip


def serialize(learning_rate_schedule: Any) -> Any:
    """Returns {"class_name": ..., "config": ...} of a schedule.

    >>> schedules = tf.keras.optimizers.schedules
    >>> schedules.serialize(schedules.ExponentialDecay(1.0, 10, 0.5))["class_name"]
    'ExponentialDecay'
    """
    return serialized(learning_rate_schedule)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Returns the schedule of a config, of `custom_objects` first.

    >>> schedules = tf.keras.optimizers.schedules
    >>> schedules.deserialize(schedules.serialize(schedules.PolynomialDecay(1.0, 10))).decay_steps
    10
    """
    return _NAMED.get(config, custom_objects)
