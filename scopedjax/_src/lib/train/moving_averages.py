"""Moving averages of variables and tensors, kept in shadow variables.

    ema = tf.train.ExponentialMovingAverage(0.99)
    with tf.control_dependencies([train_step]):
        average_step = ema.apply([w])              w/ExponentialMovingAverage: the shadow of w

    shadow -= (1 - decay) * (shadow - value)

The shadow of a variable starts at its initial value, that of a tensor at zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base.dtypes import bfloat16, float16, float32, float64
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.train import slots
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.elementwise import divide, minimum, pow, truediv
from scopedjax._src.variables import collections
from scopedjax._src.variables.assignment import assign, assign_add, assign_sub
from scopedjax._src.variables.initializers import zeros_initializer
from scopedjax._src.variables.scope import get_variable, get_variable_scope, variable_scope
from scopedjax._src.variables.variable import Variable

_FLOATING = (bfloat16, float16, float32, float64)


def assign_moving_average(
    variable: Any, value: Any, decay: Any, zero_debias: bool = True, name: str | None = None
) -> Tensor:
    """Moves a variable towards a value: `variable -= (1 - decay) * (variable - value)`.

    Args:
      variable: The variable that holds the average.
      value: Tensor of its shape and dtype.
      decay: Float, tensor or number: how much of the average stays.
      zero_debias: Whether the variable shall hold the average divided by `1 - decay^t`, as for one that starts at zero
        (Kingma and Ba, "Adam", 2015, section 3). The undivided average and `t` are kept in the variables 'biased' and
        'local_step' beside it.
      name: Node name; defaults to "AssignMovingAvg".

    Returns:
      Tensor: the variable after the update.
    """
    graph = stacks.get_default_graph()
    with graph.name_scope(name or "AssignMovingAvg") as scope:
        rate = convert_to_tensor(1.0 - decay, name="decay")
        rate = cast(rate, variable.dtype.base_dtype)
        if not zero_debias:
            with graph.colocate_with(variable):
                return assign_sub(variable, (variable - value) * rate, name=scope)
        biased, local_step = _debias_variables(variable, value, rate)
        with graph.colocate_with(variable):
            moved = assign_sub(biased, (biased - value) * rate)
            counted = assign_add(local_step, 1)
            factor = 1 - pow(1.0 - rate, counted)
            return assign(variable, moved / factor, name=scope)


def _debias_variables(variable: Any, value: Any, rate: Tensor) -> tuple[Any, Any]:
    with variable_scope(variable.op.name, values=[variable, value, rate]):
        with variable.graph.colocate_with(variable):
            biased = get_variable(
                _free_name("biased"), variable.get_shape(), variable.dtype, zeros_initializer(), trainable=False
            )
            local_step = get_variable(
                _free_name("local_step"), [], variable.dtype, zeros_initializer(), trainable=False
            )  # fmt: skip
    return biased, local_step


def _free_name(name: str) -> str:
    """Returns a name that no variable of the open scope has, unless the scope shares its variables."""
    scope = get_variable_scope()
    if scope.reuse:
        return name
    taken = {v.op.name for v in scope.global_variables()}
    found, count = name, 0
    while f"{scope.name}/{found}" in taken:
        count += 1
        found = f"{name}_{count}"
    return found


def weighted_moving_average(
    value: Any, decay: Any, weight: Any, truediv: bool = True, collections: Any = None, name: str | None = None
) -> Tensor:
    """Returns the moving average of `value * weight` over that of `weight`.

    Args:
      value: Numeric tensor.
      decay: How much of the averages stays.
      weight: Tensor of the shape of `value`, or of one that broadcasts to it.
      truediv: Accepted: floats are divided alike.
      collections: Collections of the two variables; default `[GraphKeys.GLOBAL_VARIABLES]`.
      name: Name of the variable scope; defaults to "WeightedMovingAvg".
    """
    keys = [GraphKeys.GLOBAL_VARIABLES] if collections is None else collections
    with variable_scope(name, "WeightedMovingAvg", [value, weight, decay]) as scope:
        variables = [
            get_variable(n, t.get_shape(), t.dtype, zeros_initializer(), trainable=False, collections=keys)
            for n, t in (("value_x_weight", value), ("weight", weight))
        ]
        numerator = assign_moving_average(variables[0], value * weight, decay, zero_debias=False)
        denominator = assign_moving_average(variables[1], weight, decay, zero_debias=False)
        return (_truediv if truediv else divide)(numerator, denominator, name=scope.name)


_truediv = truediv


class ExponentialMovingAverage:
    """Keeps moving averages of variables and tensors.

    Args:
      decay: How much of an average stays at each step; close to 1.
      num_updates: Number of updates so far, a tensor or number; with it the decay is
        `min(decay, (1 + num_updates) / (10 + num_updates))`, so that the first steps count for more.
      zero_debias: Whether averages of tensors are corrected for their start at zero.
      name: Name of the shadow variables below that of the variable.

    >>> w = tf.Variable(4.0, name="w")
    >>> ema = tf.train.ExponentialMovingAverage(0.75)
    >>> step = ema.apply([w])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     w.load(8.0)
    ...     sess.run(step)
    ...     print(ema.average(w).name, sess.run(ema.average(w)))
    w/ExponentialMovingAverage:0 5.0
    """

    def __init__(
        self,
        decay: Any,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        self._decay = decay
        self._num_updates = num_updates
        self._zero_debias = zero_debias
        self._name = name
        self._averages: dict[Any, Variable] = {}

    @property
    def name(self) -> str:
        """The name of the shadow variables."""
        return self._name

    def apply(self, var_list: Sequence[Any] | None = None) -> Operation:
        """Returns a node that updates the averages, and makes the shadow variables.

        Args:
          var_list: Variables and tensors; by default the trainable variables.

        Raises:
          TypeError: one of them is not floating.
        """
        watched = collections.trainable_variables() if var_list is None else list(var_list)
        debiased: set[Any] = set()
        for var in watched:
            if var.dtype.base_dtype not in _FLOATING:
                raise TypeError(f"The variables must be half, float, or double: {var.name}")
            if var not in self._averages:
                self._averages[var] = self._shadow(var)
                if self._zero_debias and not isinstance(var, Variable):
                    debiased.add(var)
        with stacks.get_default_graph().name_scope(self._name) as scope:
            decay = self._decay_now()
            updates = [assign_moving_average(self._averages[v], v, decay, v in debiased) for v in watched]
            return group(*updates, name=scope)

    def _shadow(self, var: Any) -> Variable:
        graph = var.graph
        with graph.outermost():
            if not isinstance(var, Variable):
                return slots.create_zeros_slot(var, self._name, colocate_with_primary=False)
            with graph.device(var.device or None):
                start = var.initialized_value()
            shadow = slots.create_slot(var, start, self._name)
            graph.add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, var)
            return shadow

    def _decay_now(self) -> Tensor:
        decay = convert_to_tensor(self._decay, dtype=float32, name="decay")
        if self._num_updates is None:
            return decay
        updates = cast(self._num_updates, float32, name="num_updates")
        return minimum(decay, (1.0 + updates) / (10.0 + updates))

    def average(self, var: Any) -> Variable | None:
        """Returns the shadow variable of `var`, or None where it is not averaged."""
        return self._averages.get(var)

    def average_name(self, var: Any) -> str:
        """Returns the name that the shadow variable of `var` has, or would get: the key in a checkpoint."""
        if var in self._averages:
            return self._averages[var].op.name
        return stacks.get_default_graph().unique_name(f"{var.op.name}/{self._name}", mark_as_used=False)

    def variables_to_restore(self, moving_avg_variables: Sequence[Any] | None = None) -> dict[str, Any]:
        """Returns a `var_list` for `tf.train.Saver` that restores averages into the variables themselves.

        Args:
          moving_avg_variables: Variables to take averages for; by default the trainable and the averaged ones.

        Returns:
          {key in the checkpoint: variable}; variables that are not averaged stand under their own names.

        >>> w = tf.Variable(1.0, name="w")
        >>> sorted(tf.train.ExponentialMovingAverage(0.9).variables_to_restore())
        ['w/ExponentialMovingAverage']
        """
        if moving_avg_variables is None:
            moving_avg_variables = [*collections.trainable_variables(), *collections.moving_average_variables()]
        averaged = dict.fromkeys(moving_avg_variables)
        found = {self.average_name(v): v for v in averaged}
        names = {v.name for v in averaged}
        for v in collections.global_variables():
            if v.name not in names:
                found.setdefault(v.op.name, v)
        return found
