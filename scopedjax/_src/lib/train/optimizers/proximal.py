"""Optimizers whose step ends in the proximal operator of L1 and L2: weights that do not matter become exact zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base.dtypes import float32
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.train.optimizers.optimizer import Optimizer, apply_rule, cast_like
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.elementwise import maximum
from scopedjax._src.variables.initializers import constant_initializer, ones_initializer


class FtrlOptimizer(Optimizer):
    """FTRL-proximal (McMahan et al., 2013).

    Slots: 'accum' ('w/Ftrl') and 'linear' ('w/Ftrl_1').

    Args:
      learning_rate: Tensor or number.
      learning_rate_power: Zero or negative.
      initial_accumulator_value: Start of the sum of squares; zero or positive.
      l1_regularization_strength: Zero or positive.
      l2_regularization_strength: Zero or positive.
      use_locking: Accepted.
      name: Name.
      accum_name: Name of the first slot.
      linear_name: Name of the second slot.
      l2_shrinkage_regularization_strength: Zero or positive; acts on the magnitude, in the loss.
      beta: The paper's beta; zero by default.

    Raises:
      ValueError: a number is outside its range.

    >>> tf.train.FtrlOptimizer(0.1).get_name()
    'Ftrl'
    """

    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: str | None = None,
        linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float | None = None,
    ) -> None:
        super().__init__(use_locking, name)
        if initial_accumulator_value < 0.0:
            raise ValueError(f"initial_accumulator_value {initial_accumulator_value} needs to be positive or zero")
        if learning_rate_power > 0.0:
            raise ValueError(f"learning_rate_power {learning_rate_power} needs to be negative or zero")
        for text, value in (
            ("l1_regularization_strength", l1_regularization_strength),
            ("l2_regularization_strength", l2_regularization_strength),
            ("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength),
        ):
            if value < 0.0:
                raise ValueError(f"{text} {value} needs to be positive or zero")
        self._learning_rate = learning_rate
        self._learning_rate_power = learning_rate_power
        self._initial_accumulator_value = initial_accumulator_value
        self._l1 = l1_regularization_strength
        self._l2 = l2_regularization_strength
        self._beta = 0.0 if beta is None else beta
        self._l2_shrinkage = l2_shrinkage_regularization_strength
        self._accum_name = accum_name
        self._linear_name = linear_name

    @property
    def _lr(self) -> Any:
        return self._learning_rate

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for v in var_list:
            self._get_or_make_slot_with_initializer(
                v, self._start, v.get_shape(), v.dtype.base_dtype, "accum", self._accum_name or self._name
            )
            self._zeros_slot(v, "linear", self._linear_name or self._name)

    def _prepare(self) -> None:
        self._rate = self._hyper(self._learning_rate, "learning_rate")
        self._l1_t = self._hyper(self._l1, "l1_regularization_strength")
        # The paper's beta acts as an L2 strength of beta / (2 * learning_rate) more.
        more = self._beta / (2.0 * maximum(self._learning_rate, 1e-36))
        self._l2_t = self._hyper(self._l2 + more, "adjusted_l2_regularization_strength")
        self._hyper(self._beta, "beta")
        self._shrinkage_t = self._hyper(self._l2_shrinkage, "l2_shrinkage_regularization_strength")
        self._power_t = self._hyper(self._learning_rate_power, "learning_rate_power")

    def _start(self, shape: Any, dtype: Any = float32, partition_info: Any = None) -> Tensor:
        return ones(shape, dtype) * self._initial_accumulator_value

    def _hypers(self, var: Any) -> list[Tensor]:
        tensors = [self._rate, self._l1_t, self._l2_t]
        if self._l2_shrinkage > 0.0:
            tensors.append(self._shrinkage_t)
        return [cast_like(t, var) for t in (*tensors, self._power_t)]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        kind = "ApplyFtrlV2" if self._l2_shrinkage > 0.0 else "ApplyFtrl"
        slots = (self.get_slot(var, "accum"), self.get_slot(var, "linear"))
        return apply_rule(kind, var, *slots, grad, *self._hypers(var), use_locking=self._use_locking)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        kind = "SparseApplyFtrlV2" if self._l2_shrinkage > 0.0 else "SparseApplyFtrl"
        slots = (self.get_slot(var, "accum"), self.get_slot(var, "linear"))
        return apply_rule(
            kind, var, *slots, grad.values, grad.indices, *self._hypers(var), use_locking=self._use_locking
        )


class ProximalGradientDescentOptimizer(Optimizer):
    """Gradient descent, then the proximal step of L1 and L2 (Duchi and Singer, 2009).

    Args:
      learning_rate: Tensor or number.
      l1_regularization_strength: Zero or positive.
      l2_regularization_strength: Zero or positive.
      use_locking: Accepted.
      name: Name.

    >>> tf.train.ProximalGradientDescentOptimizer(0.1).get_name()
    'ProximalGradientDescent'
    """

    def __init__(
        self,
        learning_rate: Any,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalGradientDescent",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1 = l1_regularization_strength
        self._l2 = l2_regularization_strength

    @property
    def _lr(self) -> Any:
        return self._learning_rate

    def _prepare(self) -> None:
        self._rate = self._hyper(self._learning_rate, "learning_rate")
        self._l1_t = self._hyper(self._l1, "l1_regularization_strength")
        self._l2_t = self._hyper(self._l2, "l2_regularization_strength")

    def _arguments(self, var: Any) -> list[Any]:
        return [var, *(cast_like(t, var) for t in (self._rate, self._l1_t, self._l2_t))]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        return apply_rule("ApplyProximalGradientDescent", *self._arguments(var), grad, use_locking=self._use_locking)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        return apply_rule(
            "SparseApplyProximalGradientDescent", *self._arguments(var), grad.values, grad.indices,
            use_locking=self._use_locking,
        )  # fmt: skip


class ProximalAdagradOptimizer(Optimizer):
    """Adagrad, then the proximal step of L1 and L2.

    Slots: 'accumulator' ('w/ProximalAdagrad').

    Args:
      learning_rate: Tensor or number.
      initial_accumulator_value: Start of the sum of squares; positive.
      l1_regularization_strength: Zero or positive.
      l2_regularization_strength: Zero or positive.
      use_locking: Accepted.
      name: Name.

    Raises:
      ValueError: the start is not positive.

    >>> tf.train.ProximalAdagradOptimizer(0.1).get_name()
    'ProximalAdagrad'
    """

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(f"initial_accumulator_value must be positive: {initial_accumulator_value}")
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value
        self._l1 = l1_regularization_strength
        self._l2 = l2_regularization_strength

    @property
    def _lr(self) -> Any:
        return self._learning_rate

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for v in var_list:
            with v.graph.colocate_with(v):
                start = constant(self._initial_accumulator_value, shape=v.get_shape(), dtype=v.dtype.base_dtype)
            self._get_or_make_slot(v, start, "accumulator", self._name)

    def _prepare(self) -> None:
        self._rate = self._hyper(self._learning_rate, "learning_rate")
        self._l1_t = self._hyper(self._l1, "l1_regularization_strength")
        self._l2_t = self._hyper(self._l2, "l2_regularization_strength")

    def _arguments(self, var: Any) -> list[Any]:
        hyper = (cast_like(t, var) for t in (self._rate, self._l1_t, self._l2_t))
        return [var, self.get_slot(var, "accumulator"), *hyper]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        return apply_rule("ApplyProximalAdagrad", *self._arguments(var), grad, use_locking=self._use_locking)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        return apply_rule(
            "SparseApplyProximalAdagrad",
            *self._arguments(var),
            grad.values,
            grad.indices,
            use_locking=self._use_locking,
        )
