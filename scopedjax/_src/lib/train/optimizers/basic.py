"""TF1's optimizers of first choice: gradient descent, momentum, Adam, RMSProp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base.dtypes import float32
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.train.optimizers.optimizer import Optimizer, apply_rule, cast_like
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.elementwise import maximum
from scopedjax._src.variables.assignment import assign, assign_sub, scatter_add
from scopedjax._src.variables.initializers import constant_initializer, ones_initializer
from scopedjax._src.variables.resource_variable import ResourceVariable


class GradientDescentOptimizer(Optimizer):
    """`w -= learning_rate * gradient`.

    Args:
      learning_rate: Tensor or number.
      use_locking: Accepted.
      name: Name.

    >>> tf.train.GradientDescentOptimizer(0.1).get_name()
    'GradientDescent'
    """

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent") -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._learning_rate_tensor: Any = None

    @property
    def _lr(self) -> Any:
        return self._learning_rate

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._hyper(self._learning_rate, "learning_rate")

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        rate = cast_like(self._learning_rate_tensor, var)
        return apply_rule("ApplyGradientDescent", var, rate, grad, use_locking=self._use_locking)

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        if isinstance(var, ResourceVariable):
            rate = cast_like(self._learning_rate_tensor, var)
            step = apply_op("Mul", apply_op("Neg", grad.values), rate, name="mul")
            return apply_op("ResourceScatterAdd", var, grad.indices, step)
        scaled = apply_op("Mul", grad.values, cast_like(self._learning_rate_tensor, var), name="mul")
        return apply_op("ScatterSub", var, grad.indices, scaled, use_locking=self._use_locking)


class MomentumOptimizer(Optimizer):
    """`a = momentum * a + gradient; w -= learning_rate * a`.

    Slots: 'momentum' ('w/Momentum').

    Args:
      learning_rate: Tensor or number.
      momentum: Tensor or number.
      use_locking: Accepted.
      name: Name.
      use_nesterov: Whether to step along `gradient + momentum * a` (Sutskever et al., 2013).

    >>> tf.train.MomentumOptimizer(0.1, 0.9).get_name()
    'Momentum'
    """

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov

    @property
    def _lr(self) -> Any:
        return self._learning_rate

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for v in var_list:
            self._zeros_slot(v, "momentum", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._hyper(self._learning_rate, "learning_rate")
        self._momentum_tensor = self._hyper(self._momentum, "momentum")

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        return apply_rule(
            "ApplyMomentum", var, self.get_slot(var, "momentum"), cast_like(self._learning_rate_tensor, var), grad,
            cast_like(self._momentum_tensor, var), use_locking=self._use_locking, use_nesterov=self._use_nesterov,
        )  # fmt: skip

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        return apply_rule(
            "SparseApplyMomentum", var, self.get_slot(var, "momentum"), cast_like(self._learning_rate_tensor, var),
            grad.values, grad.indices, cast_like(self._momentum_tensor, var), use_locking=self._use_locking,
            use_nesterov=self._use_nesterov,
        )  # fmt: skip


class AdamOptimizer(Optimizer):
    """Adam (Kingma and Ba, 2015), in the form in which epsilon stands beside the uncorrected `sqrt(v)`.

    Slots: 'm' ('w/Adam') and 'v' ('w/Adam_1'); besides, `beta1_power` and `beta2_power`.

    Args:
      learning_rate: Tensor or number.
      beta1: Decay of the first moment.
      beta2: Decay of the second moment.
      epsilon: Added to the root of the second moment.
      use_locking: Accepted.
      name: Name.
      use_own_namescope_for_non_slot_vars: Accepted.

    >>> tf.train.AdamOptimizer(1e-3)._lr
    0.001
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-08,
        use_locking: bool = False,
        name: str = "Adam",
        use_own_namescope_for_non_slot_vars: bool = False,
    ) -> None:
        super().__init__(use_locking, name, use_own_namescope_for_non_slot_vars)
        self._lr = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon

    def _get_beta_accumulators(self) -> tuple[Any, Any]:
        graph = self._graph
        return self._get_non_slot_variable("beta1_power", graph), self._get_non_slot_variable("beta2_power", graph)

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        first = min(var_list, key=lambda v: v.name)
        self._graph = first.graph
        self._create_non_slot_variable(self._call_if_callable(self._beta1), "beta1_power", first)
        self._create_non_slot_variable(self._call_if_callable(self._beta2), "beta2_power", first)
        for v in var_list:
            self._zeros_slot(v, "m", self._name)
            self._zeros_slot(v, "v", self._name)

    def _prepare(self) -> None:
        self._lr_t = self._hyper(self._lr, "learning_rate")
        self._beta1_t = self._hyper(self._beta1, "beta1")
        self._beta2_t = self._hyper(self._beta2, "beta2")
        self._epsilon_t = self._hyper(self._epsilon, "epsilon")

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        beta1_power, beta2_power = self._get_beta_accumulators()
        return apply_rule(
            "ApplyAdam", var, self.get_slot(var, "m"), self.get_slot(var, "v"), cast_like(beta1_power, var),
            cast_like(beta2_power, var), cast_like(self._lr_t, var), cast_like(self._beta1_t, var),
            cast_like(self._beta2_t, var), cast_like(self._epsilon_t, var), grad, use_locking=self._use_locking,
        )  # fmt: skip

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        """The moments decay everywhere, and every row moves, as in TF1; only the gradient is sparse."""
        beta1_power, beta2_power = (cast_like(p.value(), var) for p in self._get_beta_accumulators())
        rate, beta1, beta2, epsilon = (
            cast_like(t, var) for t in (self._lr_t, self._beta1_t, self._beta2_t, self._epsilon_t)
        )
        rate = rate * apply_op("Sqrt", 1 - beta2_power) / (1 - beta1_power)
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        first = self._decayed(m, beta1, grad.values * (1 - beta1), grad.indices)
        second = self._decayed(v, beta2, grad.values * grad.values * (1 - beta2), grad.indices)
        root = apply_op("Sqrt", second)
        step = rate * first / (root + epsilon)
        update = assign_sub(var, step, use_locking=self._use_locking)
        return group(update, first, second)

    def _decayed(self, slot: Any, decay: Tensor, rows: Tensor, indices: Tensor) -> Tensor:
        decayed = assign(slot, slot.value() * decay, use_locking=self._use_locking)
        with stacks.recording_graph(slot.graph).control_dependencies([decayed]):
            return convert_to_tensor(scatter_add(slot, indices, rows, use_locking=self._use_locking))

    def _finish(self, update_ops: Sequence[Any], name_scope: str) -> Any:
        beta1_power, beta2_power = self._get_beta_accumulators()
        graph = stacks.recording_graph(beta1_power.graph)
        with graph.control_dependencies(update_ops), graph.colocate_with(beta1_power):
            next1 = beta1_power.assign(beta1_power.value() * self._beta1_t, use_locking=self._use_locking)
            next2 = beta2_power.assign(beta2_power.value() * self._beta2_t, use_locking=self._use_locking)
        return group(*update_ops, next1, next2, name=name_scope)


class RMSPropOptimizer(Optimizer):
    """RMSProp (Tieleman and Hinton, 2012) with momentum; the mean of squares starts at one.

    Slots: 'rms', 'momentum', and 'mg' if centered ('w/RMSProp', 'w/RMSProp_1', ...).

    Args:
      learning_rate: Tensor or number.
      decay: Decay of the means.
      momentum: Tensor or number.
      epsilon: Added inside the square root.
      use_locking: Accepted.
      centered: Whether to divide by the standard deviation rather than the root mean square.
      name: Name.

    >>> tf.train.RMSPropOptimizer(0.1).get_name()
    'RMSProp'
    """

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._decay = decay
        self._momentum = momentum
        self._epsilon = epsilon
        self._centered = centered

    @property
    def _lr(self) -> Any:
        return self._learning_rate

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for v in var_list:
            self._get_or_make_slot_with_initializer(
                v, ones_initializer(), v.get_shape(), v.dtype.base_dtype, "rms", self._name
            )
            if self._centered:
                self._zeros_slot(v, "mg", self._name)
            self._zeros_slot(v, "momentum", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._hyper(self._learning_rate, "learning_rate")
        self._decay_tensor = self._hyper(self._decay, "decay")
        self._momentum_tensor = self._hyper(self._momentum, "momentum")
        self._epsilon_tensor = self._hyper(self._epsilon, "epsilon")

    def _arguments(self, var: Any) -> list[Any]:
        tensors = (self._learning_rate_tensor, self._decay_tensor, self._momentum_tensor, self._epsilon_tensor)
        names = ("mg", "rms", "momentum") if self._centered else ("rms", "momentum")
        return [var, *(self.get_slot(var, n) for n in names), *(cast_like(t, var) for t in tensors)]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        kind = "ApplyCenteredRMSProp" if self._centered else "ApplyRMSProp"
        return apply_rule(kind, *self._arguments(var), grad, use_locking=self._use_locking)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        kind = "SparseApplyCenteredRMSProp" if self._centered else "SparseApplyRMSProp"
        return apply_rule(kind, *self._arguments(var), grad.values, grad.indices, use_locking=self._use_locking)
