"""Optimizers with a rate for each weight, from the sum or the mean of its squared gradients."""

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


class AdagradOptimizer(Optimizer):
    """Adagrad (Duchi, Hazan and Singer, 2011): `s += g^2; w -= learning_rate * g / sqrt(s)`.

    Slots: 'accumulator' ('w/Adagrad').

    Args:
      learning_rate: Tensor or number.
      initial_accumulator_value: Start of the sum of squares; positive.
      use_locking: Accepted.
      name: Name.

    Raises:
      ValueError: the start is not positive.

    >>> tf.train.AdagradOptimizer(0.1).get_name()
    'Adagrad'
    """

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(f"initial_accumulator_value must be positive: {initial_accumulator_value}")
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value

    @property
    def _lr(self) -> Any:
        return self._learning_rate

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for v in var_list:
            self._get_or_make_slot_with_initializer(
                v, constant_initializer(self._initial_accumulator_value), v.get_shape(), v.dtype.base_dtype,
                "accumulator", self._name,
            )  # fmt: skip

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._hyper(self._learning_rate, "learning_rate")

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        rate = cast_like(self._learning_rate_tensor, var)
        return apply_rule(
            "ApplyAdagrad", var, self.get_slot(var, "accumulator"), rate, grad, use_locking=self._use_locking
        )

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        return apply_rule(
            "SparseApplyAdagrad", var, self.get_slot(var, "accumulator"), cast_like(self._learning_rate_tensor, var),
            grad.values, grad.indices, use_locking=self._use_locking,
        )  # fmt: skip


class AdadeltaOptimizer(Optimizer):
    """Adadelta (Zeiler, 2012).

    Slots: 'accum' ('w/Adadelta') and 'accum_update' ('w/Adadelta_1').

    Args:
      learning_rate: Tensor or number; 1.0 for the paper's form.
      rho: Decay.
      epsilon: Added inside the square roots.
      use_locking: Accepted.
      name: Name.

    >>> tf.train.AdadeltaOptimizer().get_name()
    'Adadelta'
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Any = 0.95,
        epsilon: Any = 1e-08,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._rho = rho
        self._epsilon = epsilon

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for v in var_list:
            self._zeros_slot(v, "accum", self._name)
            self._zeros_slot(v, "accum_update", self._name)

    def _prepare(self) -> None:
        self._lr_t = self._hyper(self._lr, "lr")
        self._rho_t = self._hyper(self._rho, "rho")
        self._epsilon_t = self._hyper(self._epsilon, "epsilon")

    def _arguments(self, var: Any) -> list[Any]:
        hyper = (cast_like(t, var) for t in (self._lr_t, self._rho_t, self._epsilon_t))
        return [var, self.get_slot(var, "accum"), self.get_slot(var, "accum_update"), *hyper]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        return apply_rule("ApplyAdadelta", *self._arguments(var), grad, use_locking=self._use_locking)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        return apply_rule(
            "SparseApplyAdadelta", *self._arguments(var), grad.values, grad.indices, use_locking=self._use_locking
        )


class AdagradDAOptimizer(Optimizer):
    """Adagrad by dual averaging (Duchi, Hazan and Singer, 2011).

    Slots: 'gradient_accumulator' ('w/AdagradDA') and 'gradient_squared_accumulator' ('w/AdagradDA_1').

    Args:
      learning_rate: Tensor or number.
      global_step: The int64 variable that counts steps.
      initial_gradient_squared_accumulator_value: Start of the sum of squares; positive.
      l1_regularization_strength: Zero or positive.
      l2_regularization_strength: Zero or positive.
      use_locking: Accepted.
      name: Name.

    Raises:
      ValueError: the start is not positive.
    """

    def __init__(
        self,
        learning_rate: Any,
        global_step: Any,
        initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "AdagradDA",
    ) -> None:
        if initial_gradient_squared_accumulator_value <= 0.0:
            raise ValueError(
                "initial_gradient_squared_accumulator_value must be positive: "
                f"{initial_gradient_squared_accumulator_value}"
            )
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._start = initial_gradient_squared_accumulator_value
        self._l1 = l1_regularization_strength
        self._l2 = l2_regularization_strength
        self._global_step = global_step

    @property
    def _lr(self) -> Any:
        return self._learning_rate

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for v in var_list:
            with v.graph.colocate_with(v):
                zero = constant(0.0, shape=v.get_shape(), dtype=v.dtype.base_dtype)
                start = constant(self._start, shape=v.get_shape(), dtype=v.dtype.base_dtype)
            self._get_or_make_slot(v, zero, "gradient_accumulator", self._name)
            self._get_or_make_slot(v, start, "gradient_squared_accumulator", self._name)

    def _prepare(self) -> None:
        self._rate = self._hyper(self._learning_rate, "learning_rate")
        with self._rate.graph.colocate_with(self._rate):
            # Steps count from one. AddV2 by name: `self._global_step` may be a variable, a tensor or a number.
            self._step = apply_op("AddV2", apply_op("Identity", self._global_step), 1, name="add")

    def _arguments(self, var: Any) -> tuple[list[Any], list[Any]]:
        step = apply_op("Identity", self._step)
        before = [var, self.get_slot(var, "gradient_accumulator"), self.get_slot(var, "gradient_squared_accumulator")]
        dtype = var.dtype.base_dtype
        return before, [cast(self._rate, dtype), cast(self._l1, dtype), cast(self._l2, dtype), step]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        before, after = self._arguments(var)
        return apply_rule("ApplyAdagradDA", *before, grad, *after, use_locking=self._use_locking)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        before, after = self._arguments(var)
        return apply_rule(
            "SparseApplyAdagradDA", *before, grad.values, grad.indices, *after, use_locking=self._use_locking
        )
