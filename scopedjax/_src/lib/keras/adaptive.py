"""More of `tf.keras.optimizers`: Adadelta, Adamax, Nadam and Ftrl, as TensorFlow 1.15 computes them.

With gradients of gathered rows Adadelta, Adamax and Ftrl move these rows alone; Nadam moves the moments of all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.lib.keras import schedules, state
from scopedjax._src.lib.keras.optimizers import Optimizer, _set, _variable
from scopedjax._src.ops.array.filling import zeros_like
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math import elementwise as el
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import greater, where_v2


class Adadelta(Optimizer):
    """Adadelta (Zeiler 2012): the step has the size of past steps over that of past gradients.

    `s = rho s + (1 - rho) g^2; d = g sqrt(u + epsilon) / sqrt(s + epsilon); u = rho u + (1 - rho) d^2; w -= rate d`

    Args:
      learning_rate: The rate; the paper has 1.
      rho: Decay of both means of squares.
      epsilon: Added below the roots.
      name: Name.
      **kwargs: As for `Optimizer`.

    >>> tf.keras.optimizers.Adadelta().get_slot_names()
    ['accum_grad', 'accum_var']
    """

    _slot_names = ("accum_grad", "accum_var")
    _settings = ("epsilon",)
    _rows_alone = True

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, name: str = "Adadelta",
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", learning_rate)
        self._set_hyper("rho", rho)
        self.epsilon = epsilon or state.epsilon()

    def _update(self, grad: Any, variable: Any, dtype: Any) -> list[Any]:
        rho = self._number("rho", dtype)
        past_gradients, past_steps = (self.get_slot(variable, name) for name in self._slot_names)
        squares = rho * past_gradients + (1.0 - rho) * el.square(grad)
        step = el.sqrt(past_steps + self.epsilon) * el.rsqrt(squares + self.epsilon) * grad
        return [
            (past_gradients, squares),
            (past_steps, rho * past_steps + (1.0 - rho) * el.square(step)),
            (variable, variable - self._rate(dtype) * step),
        ]


class Adamax(Optimizer):
    """Adamax (Kingma and Ba 2015): Adam with the largest past gradient, which fades, in the place of the root.

    `m = beta_1 m + (1 - beta_1) g; v = max(beta_2 v, |g|); w -= rate / (1 - beta_1^t) m / (v + epsilon)`

    Args:
      learning_rate: The rate.
      beta_1: Decay of the first moment.
      beta_2: Decay of the largest gradient.
      epsilon: Added to the divisor.
      name: Name.
      **kwargs: As for `Optimizer`.

    >>> tf.keras.optimizers.Adamax().get_slot_names()
    ['m', 'v']
    """

    _slot_names = ("m", "v")
    _settings = ("epsilon",)
    _rows_alone = True

    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
        name: str = "Adamax", **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", learning_rate)
        self._set_hyper("beta_1", beta_1)
        self._set_hyper("beta_2", beta_2)
        self.epsilon = epsilon or state.epsilon()

    def _update(self, grad: Any, variable: Any, dtype: Any) -> list[Any]:
        b1, b2 = self._number("beta_1", dtype), self._number("beta_2", dtype)
        m, v = self.get_slot(variable, "m"), self.get_slot(variable, "v")
        new_m, new_v = b1 * m + (1.0 - b1) * grad, el.maximum(b2 * v, el.abs(grad))
        rate = self._rate(dtype) / (1.0 - el.pow(b1, cast(self.iterations + 1, dtype)))
        return [(m, new_m), (v, new_v), (variable, variable - rate * new_m / (new_v + self.epsilon))]


class Nadam(Optimizer):
    """Adam with Nesterov's momentum (Dozat 2016), whose decay follows a schedule: `beta_1 (1 - 0.96^(t / 250) / 2)`.

    Args:
      learning_rate: The rate.
      beta_1: Decay of the first moment.
      beta_2: Decay of the second moment.
      epsilon: Added to the root.
      name: Name.
      **kwargs: As for `Optimizer`; `schedule_decay` (0.004) is the exponent of 0.96 a step.

    Raises:
      ValueError: the rate is a schedule.

    >>> tf.keras.optimizers.Nadam().get_slot_names()
    ['m', 'v']
    """

    _slot_names = ("m", "v")
    _settings = ("epsilon",)

    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
        name: str = "Nadam", **kwargs: Any,
    ) -> None:  # fmt: skip
        kwargs["decay"] = kwargs.pop("schedule_decay", 0.004)
        if isinstance(kwargs.get("lr", learning_rate), schedules.LearningRateSchedule):
            raise ValueError("The Nadam optimizer does not support tf.keras.optimizers.LearningRateSchedules as the "
                             "learning rate.")  # fmt: skip
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", learning_rate)
        self._set_hyper("beta_1", beta_1)
        self._set_hyper("beta_2", beta_2)
        self.epsilon = epsilon or state.epsilon()
        self._product: Any = None  # of the schedule's momenta so far
        self._products: tuple[Any, Any] = (None, None)  # with that of this step, and with that of the next one too

    def _momentum_of(self, step: Any, dtype: Any) -> Any:
        fall = el.pow(cast(convert_to_tensor(0.96), dtype), self._number("decay", dtype) * cast(step, dtype))
        return self._number("beta_1", dtype) * (1.0 - 0.5 * fall)

    def _create_hypers(self) -> None:
        super()._create_hypers()
        if self._product is None:
            self._product = _variable("momentum_cache", lambda: convert_to_tensor(1.0, "float32"), None)

    def _begin_step(self) -> None:
        kind = self._product.dtype.base_dtype
        now = self._product * self._momentum_of(self.iterations + 1, kind)
        with self._product.graph.control_dependencies([_set(self._product, now)]):
            self._products = now + 0.0, now * self._momentum_of(self.iterations + 2, kind)

    def _update(self, grad: Any, variable: Any, dtype: Any) -> list[Any]:
        b1, b2 = self._number("beta_1", dtype), self._number("beta_2", dtype)
        now, following = (cast(p, dtype) for p in self._products)
        this, coming = (self._momentum_of(self.iterations + ahead, dtype) for ahead in (1, 2))
        m, v = self.get_slot(variable, "m"), self.get_slot(variable, "v")
        new_m, new_v = b1 * m + (1.0 - b1) * grad, b2 * v + (1.0 - b2) * el.square(grad)
        second = new_v / (1.0 - el.pow(b2, cast(self.iterations + 1, dtype)))
        first = (1.0 - this) * grad / (1.0 - now) + coming * new_m / (1.0 - following)
        step = self._number("learning_rate", dtype) * first / (el.sqrt(second) + self.epsilon)
        return [_set(m, new_m), _set(v, new_v), variable.assign_sub(step, read_value=False)]

    @property
    def weights(self) -> list[Any]:
        """The step counter, the product of the momenta, and the slots."""
        counter, *slots = super().weights or [None]
        return [v for v in (counter, self._product, *slots) if v is not None]


class Ftrl(Optimizer):
    """Follow the regularized leader (McMahan et al. 2013), with online L2 and with shrinkage.

    `n' = n + g^2; z += g + 2 shrinkage w - (n'^-p - n^-p) w / rate;`
    `w = (sign(z) l1 - z) / (n'^-p / rate + 2 l2)` where `|z| > l1`, else 0

    Args:
      learning_rate: The rate.
      learning_rate_power: p, at most 0; -0.5 is a rate that falls as Adagrad's does.
      initial_accumulator_value: Start of n.
      l1_regularization_strength: l1.
      l2_regularization_strength: l2.
      name: Name.
      l2_shrinkage_regularization_strength: A penalty on the size of the weights that is added to the gradient.
      **kwargs: As for `Optimizer`.

    Raises:
      ValueError: a strength below 0, or a power above it.

    >>> tf.keras.optimizers.Ftrl().get_slot_names()
    ['accumulator', 'linear']
    """

    _slot_names = ("accumulator", "linear")
    _settings = ("initial_accumulator_value", "l2_shrinkage_regularization_strength")
    _rows_alone = True

    def __init__(
        self, learning_rate: Any = 0.001, learning_rate_power: float = -0.5, initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0, name: str = "Ftrl",
        l2_shrinkage_regularization_strength: float = 0.0, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(name, **kwargs)
        strengths = {
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
        }
        for key, value in strengths.items():
            if value < 0.0:
                raise ValueError(f"{key} {value:f} needs to be greater than or equal to zero (positive or zero)")
        if learning_rate_power > 0.0:
            raise ValueError(f"learning_rate_power {learning_rate_power:f} needs to be negative or zero")
        self._set_hyper("learning_rate", learning_rate)
        self._set_hyper("learning_rate_power", learning_rate_power)
        self._set_hyper("l1_regularization_strength", l1_regularization_strength)
        self._set_hyper("l2_regularization_strength", l2_regularization_strength)
        self.initial_accumulator_value = initial_accumulator_value
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength

    def _slot_initializer(self, slot_name: str) -> Any:
        start = self.initial_accumulator_value if slot_name == "accumulator" else 0.0
        return {"class_name": "Constant", "config": {"value": start}}

    def _create_slots(self, variables: Sequence[Any]) -> None:  # both of a variable together: so `weights` has them
        for variable in variables:
            super()._create_slots([variable])

    def _update(self, grad: Any, variable: Any, dtype: Any) -> list[Any]:
        rate, power = self._rate(dtype), -self._number("learning_rate_power", dtype)
        l1, l2 = (self._number(f"{kind}_regularization_strength", dtype) for kind in ("l1", "l2"))
        n, z = self.get_slot(variable, "accumulator"), self.get_slot(variable, "linear")
        new_n = n + el.square(grad)
        shrunk = grad + 2.0 * self.l2_shrinkage_regularization_strength * variable
        new_z = z + shrunk - (el.pow(new_n, power) - el.pow(n, power)) / rate * variable
        far = (el.sign(new_z) * l1 - new_z) / (el.pow(new_n, power) / rate + 2.0 * l2)
        return [(n, new_n), (z, new_z), (variable, where_v2(greater(el.abs(new_z), l1), far, zeros_like(far)))]
