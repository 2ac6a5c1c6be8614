"""`tf.keras.optimizers`: their numbers are variables (`learning_rate`, `decay`, ...), so callbacks can change them.

    training/Adam/iter, .../beta_1, .../learning_rate       the optimizer's own, made at the first `get_updates`
    training/Adam/dense/kernel/m, .../v                     slots

A subclass says its hyper-parameters, its slots, and what an update is (`_update`). The rate of a step is
`learning_rate / (1 + decay * iterations)`. Gradients of gathered rows are made dense; where a rule moves these rows
alone (`_rows_alone`), the others keep their values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base.dtypes import int64
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import initializers, schedules, state
from scopedjax._src.lib.keras.naming import Registry
from scopedjax._src.lib.train.optimizers.optimizer import Optimizer as TrainOptimizer
from scopedjax._src.lower.gradients import gradients
from scopedjax._src.ops.array.filling import ones_like
from scopedjax._src.ops.array.shapes import reshape
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.math import elementwise as el
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.clipping import clip_by_norm, clip_by_value
from scopedjax._src.ops.math.comparison import greater, where_v2
from scopedjax._src.ops.math.segments import unsorted_segment_sum
from scopedjax._src.variables.creation import create
from scopedjax._src.variables.spec import VariableSpec


class Optimizer:
    """What all optimizers share.

    Args:
      name: Name.
      **kwargs: `clipnorm`, `clipvalue`, `lr` (the older name of `learning_rate`), `decay`.

    Raises:
      TypeError: another keyword.

    >>> tf.keras.optimizers.Adam(lr=0.1).get_config()["learning_rate"]
    0.1
    """

    _slot_names: tuple[str, ...] = ()
    _settings: tuple[str, ...] = ()  # what a configuration has besides the numbers
    _rows_alone = False  # whether a gradient of gathered rows moves these rows alone

    def __init__(self, name: str, **kwargs: Any) -> None:
        for keyword, value in kwargs.items():
            if keyword not in ("clipnorm", "clipvalue", "lr", "decay"):
                raise TypeError(f"Unexpected keyword argument passed to optimizer: {keyword}")
            if value is not None and keyword != "lr" and value < 0:
                raise ValueError(f"Expected {keyword} >= 0, received: {value}")
        self._name = name
        self._given: dict[str, Any] = {"decay": kwargs.get("decay", 0.0)}
        self._hyper: dict[str, Any] = {}
        self._slots: dict[tuple[str, str], Any] = {}
        self._iterations: Any = None
        self._lr = kwargs.get("lr")
        self.clipnorm = kwargs.get("clipnorm")
        self.clipvalue = kwargs.get("clipvalue")

    def _set_hyper(self, name: str, value: Any) -> None:
        if name == "learning_rate" and isinstance(value, dict):
            value = schedules.deserialize(value)
        self._given[name] = self._lr if name == "learning_rate" and self._lr is not None else value

    def __getattr__(self, name: str) -> Any:
        if name == "lr":
            name = "learning_rate"
        given = self.__dict__.get("_given", {})
        if name not in given:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return self._hyper.get(name, given[name])

    def __setattr__(self, name: str, value: Any) -> None:
        name = "learning_rate" if name == "lr" else name
        if name not in self.__dict__.get("_given", {}):
            super().__setattr__(name, value)
        elif name in self._hyper:
            state.set_value(self._hyper[name], value)
        else:
            self._given[name] = value

    @property
    def iterations(self) -> Any:
        """The int64 variable that counts steps."""
        if self._iterations is None:
            self._iterations = _variable("iter", lambda: convert_to_tensor(0, dtype=int64), int64)
        return self._iterations

    def _create_hypers(self) -> None:
        for name in sorted(self._given):
            value: Any = self._given[name]
            if name in self._hyper or isinstance(value, schedules.LearningRateSchedule):
                continue
            value = value() if callable(value) else value
            if isinstance(value, Tensor):  # the program's own rate
                self._hyper[name] = value
                continue
            self._hyper[name] = _variable(name, lambda value=value: convert_to_tensor(float(value), "float32"), None)

    def _rate(self, dtype: Any) -> Any:
        """The rate of this step, in a dtype."""
        given = self._given["learning_rate"]
        if isinstance(given, schedules.LearningRateSchedule):
            rate = cast(given(cast(self.iterations, dtype)), dtype)
        else:
            rate = self._number("learning_rate", dtype)
        if self._given["decay"] > 0:
            rate = rate / (1.0 + self._number("decay", dtype) * cast(self.iterations, dtype))
        return rate

    def _number(self, name: str, dtype: Any) -> Any:
        return cast(convert_to_tensor(self._hyper[name]), dtype)

    def add_slot(self, var: Any, slot_name: str, initializer: Any = "zeros") -> Any:
        """Makes a slot of a variable, or returns it."""
        key = (var.op.name, slot_name)
        if key not in self._slots:
            make = initializers.get(initializer)
            shape, dtype = var.get_shape(), var.dtype.base_dtype
            self._slots[key] = _variable(f"{var.op.name}/{slot_name}", lambda: make(shape, dtype=dtype), dtype)
        return self._slots[key]

    def get_slot(self, var: Any, slot_name: str) -> Any:
        """Returns a slot of a variable."""
        return self._slots[var.op.name, slot_name]

    def get_slot_names(self) -> list[str]:
        """Returns the names of the slots."""
        return list(self._slot_names)

    def _slot_initializer(self, slot_name: str) -> Any:
        return "zeros"

    # Steps -----------------------------------------------------------------------------------------------------------

    def get_gradients(self, loss: Any, params: Any) -> list[Any]:
        """Returns the gradients of a loss, clipped as the optimizer was told.

        Raises:
          ValueError: the loss does not depend on a parameter.
        """
        found = gradients(loss, list(params))
        for grad, param in zip(found, params, strict=True):
            if grad is None:
                raise ValueError(
                    f"Variable {param} has `None` for gradient. Please make sure that all of your ops have a gradient "
                    "defined (i.e. are differentiable). Common ops without gradient: K.argmax, K.round, K.eval."
                )
        return self._clipped(found)

    def _clipped(self, grads: Sequence[Any]) -> list[Any]:
        if self.clipnorm is not None:
            grads = [clip_by_norm(g, self.clipnorm) for g in grads]
        if self.clipvalue is not None:
            grads = [clip_by_value(g, -self.clipvalue, self.clipvalue) for g in grads]
        return list(grads)

    def get_updates(self, loss: Any, params: Any) -> list[Any]:
        """Returns the operations that take one step."""
        return [self.apply_gradients(zip(self.get_gradients(loss, params), params, strict=True))]

    def minimize(self, loss: Any, var_list: Any, grad_loss: Any = None, name: str | None = None) -> Any:
        """Returns the operation that takes one step.

        Args:
          loss: Tensor, or a function that returns one.
          var_list: Variables, or a function that returns them.
          grad_loss: Gradient of the loss to start from.
          name: Name of the operation.
        """
        loss = loss() if callable(loss) else loss
        found: Any = var_list() if callable(var_list) else var_list
        variables = list(found)
        grads = self._clipped([g for g in gradients(loss, variables, grad_ys=grad_loss)])
        return self.apply_gradients(zip(grads, variables, strict=True), name=name)

    def apply_gradients(self, grads_and_vars: Any, name: str | None = None) -> Any:
        """Returns the operation that applies gradients to variables.

        Args:
          grads_and_vars: [(gradient, variable), ...].
          name: Name of the operation.

        Raises:
          ValueError: there is no gradient.
        """
        pairs = [(g, v) for g, v in grads_and_vars if g is not None]
        if not pairs:
            raise ValueError("No gradients provided for any variable.")
        graph = stacks.get_default_graph()
        with graph.name_scope(self._name):
            step = self.iterations
            self._create_hypers()
            self._create_slots([v for _, v in pairs])
            self._begin_step()
            updates = []
            with graph.name_scope(name or self._name):
                for grad, variable in pairs:
                    with graph.name_scope("update_" + variable.op.name):
                        updates.append(self._one(grad, variable))
                with graph.control_dependencies(updates):
                    return step.assign_add(1, read_value=False)

    def _create_slots(self, variables: Sequence[Any]) -> None:
        for slot_name in self._slot_names:
            for variable in variables:
                self.add_slot(variable, slot_name, self._slot_initializer(slot_name))

    def _begin_step(self) -> None:
        """What is done once a step, before the variables are updated."""

    def _one(self, grad: Any, variable: Any) -> Any:
        touched = None
        if isinstance(grad, IndexedSlices):
            touched = _touched(grad, variable) if self._rows_alone else None
            grad = convert_to_tensor(grad)
        made = self._update(grad, variable, variable.dtype.base_dtype)
        return self._held(variable, group(*(_settled(update, variable, touched) for update in made)))

    def _held(self, variable: Any, done: Any) -> Any:
        """The end of an update: the variable's constraint comes after it."""
        constraint = getattr(variable, "constraint", None)
        if constraint is None:
            return done
        with variable.graph.control_dependencies([done]):
            return _set(variable, constraint(variable))

    def _update(self, grad: Any, variable: Any, dtype: Any) -> list[Any]:
        """What updates one variable and its slots: operations, or pairs (variable, its new value)."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it updates a variable")

    # What it has -----------------------------------------------------------------------------------------------------

    @property
    def weights(self) -> list[Any]:
        """The step counter and the slots."""
        counter = [] if self._iterations is None else [self._iterations]
        return [*counter, *self._slots.values()]

    def variables(self) -> list[Any]:
        """Returns the step counter and the slots."""
        return self.weights

    def get_weights(self) -> list[Any]:
        """Returns the values of `weights`."""
        return state.batch_get_value(self.weights)

    def set_weights(self, weights: Any) -> None:
        """Sets the values of `weights`."""
        values = list(weights)
        if len(values) != len(self.weights):
            raise ValueError(
                f"You called `set_weights(weights)` on optimizer {self._name} with a  weight list of length "
                f"{len(values)}, but the optimizer was expecting {len(self.weights)} weights."
            )
        state.batch_set_value(zip(self.weights, values, strict=True))

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes it from again."""
        numbers = {n: self._said(n) for n in self._given}
        clips = {name: getattr(self, name) for name in ("clipnorm", "clipvalue") if getattr(self, name) is not None}
        return {"name": self._name, **clips, **numbers, **{name: getattr(self, name) for name in self._settings}}

    def _said(self, name: str) -> Any:
        """A number as a configuration has it."""
        value = self._given[name]
        if isinstance(value, schedules.LearningRateSchedule):
            return schedules.serialize(value)
        return state.get_value(self._hyper[name]) if name in self._hyper else value() if callable(value) else value

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes an optimizer from what `get_config` returned, here or in a later Keras."""
        later = {"is_legacy_optimizer": True, "beta": 0.0}  # these values mean what there is here
        return cls(**{k: v for k, v in config.items() if k not in later or v != later[k]})


def _variable(name: str, initial: Any, dtype: Any) -> Any:
    made = create(VariableSpec(initial, name=name, dtype=dtype, trainable=False, use_resource=True))
    state.state_of(made.graph).variables.append(made)
    return made


def _set(variable: Any, value: Any) -> Any:
    return variable.assign(value).op


def _touched(grad: IndexedSlices, variable: Any) -> Any:
    """Which rows of a variable a gradient of gathered rows has, in a form that broadcasts against the variable."""
    shape = variable.get_shape().as_list()
    indices = convert_to_tensor(grad.indices)
    counts = unsorted_segment_sum(ones_like(indices), indices, shape[0])
    return reshape(greater(counts, 0), [shape[0]] + [1] * (len(shape) - 1))


def _settled(update: Any, variable: Any, touched: Any) -> Any:
    """The operation of an update; a pair (variable, value) is an assignment, of the touched rows alone."""
    if not isinstance(update, tuple):
        return update
    target, value = update
    like_it = target.get_shape().as_list() == variable.get_shape().as_list()
    return _set(target, value if touched is None or not like_it else where_v2(touched, value, target))


class SGD(Optimizer):
    """Gradient descent: `w -= rate * g`; with momentum `v = momentum v - rate g; w += v`.

    Args:
      learning_rate: The rate.
      momentum: Share of the last move that is kept.
      nesterov: Whether to look ahead: `w += momentum v - rate g`.
      name: Name.
      **kwargs: As for `Optimizer`.

    >>> w = tf.Variable(1.0, use_resource=True)
    >>> step = tf.keras.optimizers.SGD(0.5).minimize(w * w, [w])
    >>> sess = tf.Session()
    >>> _ = sess.run(tf.global_variables_initializer()), sess.run(step)
    >>> sess.run(w)
    np.float32(0.0)
    """

    _settings = ("nesterov",)

    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, name: str = "SGD", **kwargs: Any
    ) -> None:
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", learning_rate)
        if isinstance(momentum, (int, float)) and not 0 <= momentum <= 1:
            raise ValueError("`momentum` must be between [0, 1].")
        self._momentum = bool(momentum)
        self._set_hyper("momentum", momentum)
        self._slot_names = ("momentum",) if momentum else ()
        self._rows_alone = self._momentum
        self.nesterov = nesterov

    def _update(self, grad: Any, variable: Any, dtype: Any) -> list[Any]:
        move = self._rate(dtype) * grad
        if not self._momentum:
            return [variable.assign_sub(move, read_value=False)]
        slot, share = self.get_slot(variable, "momentum"), self._number("momentum", dtype)
        velocity = share * slot - move
        step = share * velocity - move if self.nesterov else velocity
        return [(slot, velocity), (variable, variable + step)]


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015), with epsilon added to the uncorrected root as in TF1.

    Args:
      learning_rate: The rate.
      beta_1: Decay of the first moment.
      beta_2: Decay of the second moment.
      epsilon: Added to the root.
      amsgrad: Whether to keep the largest second moment (Reddi, Kale and Kumar 2018).
      name: Name.
      **kwargs: As for `Optimizer`.

    >>> tf.keras.optimizers.Adam().get_slot_names()
    ['m', 'v']
    """

    _settings = ("epsilon", "amsgrad")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        name: str = "Adam",
        **kwargs: Any,
    ) -> None:
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", learning_rate)
        self._set_hyper("beta_1", beta_1)
        self._set_hyper("beta_2", beta_2)
        self.epsilon = epsilon or state.epsilon()
        self.amsgrad = amsgrad
        self._slot_names = ("m", "v", "vhat") if amsgrad else ("m", "v")

    def _update(self, grad: Any, variable: Any, dtype: Any) -> list[Any]:
        b1, b2 = self._number("beta_1", dtype), self._number("beta_2", dtype)
        count = cast(self.iterations + 1, dtype)
        rate = self._rate(dtype) * el.sqrt(1.0 - el.pow(b2, count)) / (1.0 - el.pow(b1, count))
        m, v = self.get_slot(variable, "m"), self.get_slot(variable, "v")
        new_m, new_v = b1 * m + (1.0 - b1) * grad, b2 * v + (1.0 - b2) * grad * grad
        updates, second = [_set(m, new_m), _set(v, new_v)], new_v
        if self.amsgrad:
            largest = self.get_slot(variable, "vhat")
            second = el.maximum(largest, new_v)
            updates.append(_set(largest, second))
        return [*updates, variable.assign_sub(rate * new_m / (el.sqrt(second) + self.epsilon), read_value=False)]


class RMSprop(Optimizer):
    """RMSProp: `s = rho s + (1 - rho) g^2; w -= rate g / (sqrt(s) + epsilon)`.

    Args:
      learning_rate: The rate.
      rho: Decay of the mean square.
      momentum: Share of the last move that is kept; then epsilon stands inside the root.
      epsilon: Added to the root.
      centered: Whether to subtract the square of the mean.
      name: Name.
      **kwargs: As for `Optimizer`.

    >>> tf.keras.optimizers.RMSprop().get_slot_names()
    ['rms']
    """

    _settings = ("epsilon", "centered")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        name: str = "RMSprop",
        **kwargs: Any,
    ) -> None:
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", learning_rate)
        self._set_hyper("rho", rho)
        self._set_hyper("momentum", momentum)
        self._momentum = bool(momentum)
        self.epsilon = epsilon or state.epsilon()
        self.centered = centered
        self._slot_names = ("rms", *(("momentum",) if momentum else ()), *(("mg",) if centered else ()))

    def _update(self, grad: Any, variable: Any, dtype: Any) -> list[Any]:
        rho, rate = self._number("rho", dtype), self._rate(dtype)
        rms = self.get_slot(variable, "rms")
        spread = rho * rms + (1.0 - rho) * el.square(grad)
        updates = [_set(rms, spread)]
        if self.centered:
            mean = self.get_slot(variable, "mg")
            new_mean = rho * mean + (1.0 - rho) * grad
            updates.append(_set(mean, new_mean))
            spread = spread - el.square(new_mean)
        if not self._momentum:
            move = rate * grad / (el.sqrt(spread) + self.epsilon)
        else:
            last = self.get_slot(variable, "momentum")
            move = self._number("momentum", dtype) * last + rate * grad / el.sqrt(spread + self.epsilon)
            updates.append(_set(last, move))
        return [*updates, variable.assign_sub(move, read_value=False)]


class Adagrad(Optimizer):
    """Adagrad: `s += g^2; w -= rate g / (sqrt(s) + epsilon)`.

    Args:
      learning_rate: The rate.
      initial_accumulator_value: Start of the sum of squares.
      epsilon: Added to the root.
      name: Name.
      **kwargs: As for `Optimizer`.

    >>> tf.keras.optimizers.Adagrad().get_slot_names()
    ['accumulator']
    """

    _slot_names = ("accumulator",)

    _settings = ("epsilon", "initial_accumulator_value")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        name: str = "Adagrad",
        **kwargs: Any,
    ) -> None:
        if initial_accumulator_value < 0.0:
            raise ValueError(f"initial_accumulator_value must be non-negative: {initial_accumulator_value}")
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", learning_rate)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon or state.epsilon()

    def _slot_initializer(self, slot_name: str) -> Any:
        return {"class_name": "Constant", "config": {"value": self.initial_accumulator_value}}

    def _update(self, grad: Any, variable: Any, dtype: Any) -> list[Any]:
        total = self.get_slot(variable, "accumulator")
        new_total = total + el.square(grad)
        move = self._rate(dtype) * grad / (el.sqrt(new_total) + self.epsilon)
        return [_set(total, new_total), variable.assign_sub(move, read_value=False)]
