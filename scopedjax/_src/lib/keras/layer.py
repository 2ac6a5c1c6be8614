"""`tf.keras.layers.Layer`: a layer whose variables are resource variables named after the open name scopes.

    dense = tf.keras.layers.Dense(3)     name "dense"; the next one is "dense_1"
    y = dense(x)                         nodes dense/MatMul, variables dense/kernel:0, dense/bias:0
    z = dense(x2)                        the same variables, nodes in a scope of their own: dense_1/MatMul

It is a `tf.layers.Layer` in all but three things: no variable scope is opened (so nothing is shared by name), losses
and updates stay with the layer and go to no collection, and layers or variables that are assigned to an attribute
belong to it. Each call is written down (`Call`), so that a `Model` can find its way from outputs back to inputs.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import initializers, regularizers, state
from scopedjax._src.lib.keras.naming import Registry, plain
from scopedjax._src.lib.layers import base
from scopedjax._src.lib.layers.base import InputSpec as InputSpec
from scopedjax._src.lib.layers.base import ancestors as ancestors
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.variables.creation import create
from scopedjax._src.variables.kinds import VariableAggregation, VariableSynchronization
from scopedjax._src.variables.spec import VariableSpec
from scopedjax._src.variables.variable import Variable

# Every layer of this package by the name of its class: what configs say.
LAYERS = Registry("layer", {})

_KEYWORDS = ("input_shape", "batch_input_shape", "batch_size", "weights", "activity_regularizer", "autocast")


@dataclass(eq=False)
class Call:
    """One call of a layer: what it got and what it gave."""

    layer: Any
    inputs: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: Any


class _Inside(threading.local):
    """The calls that are open in a thread: innermost last."""

    def __init__(self) -> None:
        self.training: list[Any] = []


_INSIDE = _Inside()


class Layer(base.Layer):
    """An object with variables that is applied to tensors.

    Args:
      trainable: Whether its variables are for training.
      name: Name; by default the class's in lower case, counted in the graph: "dense", "dense_1".
      dtype: Dtype of the variables; by default that of the first input.
      dynamic: Must be False: there is no eager mode.
      **kwargs: `input_shape`, `batch_input_shape`, `input_dim`, `batch_size` (for a first layer of `Sequential`),
        `weights` (initial arrays), `activity_regularizer`.

    Raises:
      TypeError: another keyword.

    >>> class Scale(tf.keras.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight("factor", [], initializer="ones")
    ...         super().build(input_shape)
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> layer = Scale()
    >>> y = layer(tf.zeros([2]))
    >>> [v.name for v in layer.weights]
    ['scale/factor:0']
    """

    # What Keras writes into the config of a layer that has no use for it.
    _unused: frozenset[str] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith(__package__ or "") and not cls.__name__.startswith("_"):
            LAYERS.named[cls.__name__] = cls

    def __init__(
        self, trainable: bool = True, name: str | None = None, dtype: Any = None, dynamic: bool = False, **kwargs: Any
    ) -> None:
        if dynamic:
            raise NotImplementedError("dynamic=True asks for eager mode, which TensorFlow 1's graphs do not have")
        self._layers: list[Any] = []
        self._regularized: list[tuple[Any, Any]] = []
        self._penalties: dict[Any, Any] = {}
        self._metrics_added: list[tuple[str, Any, str | None]] = []
        self.supports_masking = getattr(type(self), "supports_masking", False)
        if "input_dim" in kwargs and "input_shape" not in kwargs:
            kwargs["input_shape"] = (kwargs["input_dim"],)
        kwargs.pop("input_dim", None)
        unknown = [k for k in kwargs if k not in _KEYWORDS]
        if unknown:
            raise TypeError("Keyword argument not understood:", unknown[0])
        self._batch_input_shape = _batch_shape(kwargs)
        self._initial_weights = kwargs.get("weights")
        regularizer = kwargs.get("activity_regularizer")
        super().__init__(trainable=trainable, name=name, dtype=dtype, activity_regularizer=regularizer)
        self._call_parameters = frozenset(inspect.signature(self.call).parameters)

    def _named(self, name: str | None) -> tuple[str, str]:
        if name:
            return name, name
        kind = base.snake_case(type(self).__name__)
        counts = base.name_counts()
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        return (f"{kind}_{number}" if number else kind), kind

    # What belongs to it ----------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if "_layers" in self.__dict__ and name not in self.__dict__.get("_untracked", _OWN):
            for item in nest.flatten(value) if isinstance(value, (list, tuple, dict)) else [value]:
                self._track(item)
        elif isinstance(value, Layer) and "_layers" not in self.__dict__:
            raise RuntimeError("It looks like you are subclassing `Model` and you forgot to call "
                               "`super(YourClass, self).__init__()`. Always start with this line.")  # fmt: skip
        super().__setattr__(name, value)

    def _track(self, item: Any) -> None:
        if isinstance(item, base.Layer):
            if not getattr(item, "_is_metric", False) and not any(item is known for known in self._layers):
                self._layers.append(item)
        elif isinstance(item, Variable):
            kept = self._trainable_weights if item.trainable else self._non_trainable_weights
            if not any(item is known for known in (*self._trainable_weights, *self._non_trainable_weights)):
                kept.append(item)
                if hasattr(item, "_is_initialized_op"):
                    state.state_of(item.graph).variables.append(item)

    # Calling -------------------------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Makes the variables for inputs of a shape; a subclass calls this at the end of its own."""
        self.built = True

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Applies the layer.

        Args:
          inputs: Tensor, array, or a nest of them.
          *args: Passed to `call`.
          **kwargs: Passed to `call`; where `call` takes `training` and it is not given, the caller's or the learning
            phase counts.

        Returns:
          What `call` returned.

        Raises:
          ValueError: the input does not fit the layer, or belongs to another graph.
        """
        inputs = nest.map_structure(_as_tensor, inputs)
        tensors = [t for t in nest.flatten(inputs) if isinstance(t, Tensor)]
        self._check_graph(tensors)
        given = dict(kwargs)
        self._inherit(inputs, kwargs)
        with stacks.get_default_graph().name_scope(self._name):
            self._check_input(tensors)
            if not self.built:
                self._build_for(inputs, tensors)
                self._check_input(tensors)
            with _training(kwargs.get("training")):
                outputs = self._called(inputs, args, kwargs)
            self._regularize_activity(inputs, outputs)
            outputs = self._recorded(inputs, outputs, args, given)
        return outputs

    def apply(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Applies the layer, as calling it does."""
        return self(inputs, *args, **kwargs)

    def _inherit(self, inputs: Any, kwargs: dict[str, Any]) -> None:
        """Adds the arguments that a call takes from around it: `training` and `mask`."""
        if "training" in self._call_parameters and kwargs.get("training") is None:
            outer = next((t for t in reversed(_INSIDE.training) if t is not None), None)
            kwargs["training"] = state.learning_phase() if outer is None else outer
        if "mask" in self._call_parameters and kwargs.get("mask") is None:
            masks = nest.map_structure(mask_of, inputs)
            if any(m is not None for m in nest.flatten(masks)):
                kwargs["mask"] = masks

    def _recorded(self, inputs: Any, outputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Writes the call down, with the masks of its outputs; an output that was an input gets a node of its own."""
        known = nest.flatten(inputs)
        outputs = nest.map_structure(
            lambda t: identity(t) if isinstance(t, Tensor) and any(t is k for k in known) else t, outputs
        )
        call = Call(self, inputs, args, kwargs, outputs)
        self._calls.append((inputs, outputs))
        history = state.state_of().history
        for place, tensor in enumerate(nest.flatten(outputs)):
            if isinstance(tensor, Tensor):
                history[tensor] = (call, place)
        masks = nest.map_structure(mask_of, inputs)
        if any(m is not None for m in nest.flatten(masks)) or type(self).compute_mask is not Layer.compute_mask:
            made = self.compute_mask(inputs, masks)
            for tensor, mask in zip(nest.flatten(outputs), nest.flatten(made), strict=False):
                if mask is not None and isinstance(tensor, Tensor):
                    state.state_of().masks[tensor] = mask
        return outputs

    def _build_for(self, inputs: Any, tensors: Sequence[Tensor]) -> None:
        if self._dtype is None and tensors and tensors[0].dtype.base_dtype.is_floating:
            self._dtype = tensors[0].dtype.base_dtype
        shapes = nest.map_structure(lambda t: t.shape if isinstance(t, Tensor) else TensorShape(None), inputs)
        self.build(shapes)
        self.built = True
        if self._initial_weights is not None:
            self.set_weights(self._initial_weights)
            self._initial_weights = None

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Returns the mask of the outputs: that of the inputs, where the layer supports masking.

        Raises:
          TypeError: there is a mask, and the layer does not support it.
        """
        if not self.supports_masking:
            if any(m is not None for m in nest.flatten(mask)):
                raise TypeError(f"Layer {self.name} does not support masking, but was passed an input_mask: {mask}")
            return None
        return mask

    # Adding --------------------------------------------------------------------------------------------------------

    def add_weight(
        self,
        name: str | None = None,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool | None = None,
        constraint: Any = None,
        partitioner: Any = None,
        use_resource: bool | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        **kwargs: Any,
    ) -> Any:
        """Makes a variable under the open name scope.

        Args:
          name: Name below the scope.
          shape: Shape; a scalar by default.
          dtype: Dtype; the layer's by default, `floatx()` where it has none.
          initializer: Initializer or its name; Glorot's uniform one by default, zeros for integers.
          regularizer: Function of the variable whose result is a loss, or its name.
          trainable: Whether it is for training (True).
          constraint: Function of the value, applied after an update.
          partitioner: Not available: a layer's variable is whole.
          use_resource: Resource variables by default.
          synchronization: ON_READ variables are not trained.
          aggregation: Accepted.
          **kwargs: `getter`, `collections`, `experimental_autocast`: accepted.

        Raises:
          ValueError: a trainable variable that is ON_READ, or a dtype that has no default initializer.
          TypeError: another keyword.
        """
        unknown = [k for k in kwargs if k not in ("getter", "collections", "experimental_autocast", "autocast")]
        if unknown:
            raise TypeError("Unknown keyword argument:", unknown[0])
        on_read = synchronization is VariableSynchronization.ON_READ
        if on_read and trainable:
            raise ValueError(
                "Synchronization value can be set to VariableSynchronization.ON_READ only for non-trainable variables. "
                "You have specified trainable=True and synchronization=VariableSynchronization.ON_READ."
            )
        kind = as_dtype(dtype or self._dtype or state.floatx()).base_dtype
        make = initializers.get(initializer) or _default_initializer(name, kind)
        sizes = TensorShape([] if shape is None else shape)
        for_training = not on_read and trainable is not False
        variable = create(
            VariableSpec(
                lambda: make(sizes, dtype=kind), name=name, dtype=kind, trainable=for_training, constraint=constraint,
                use_resource=True if use_resource is None else use_resource, synchronization=synchronization,
                aggregation=aggregation,
            )
        )  # fmt: skip
        self._track(variable)
        if regularizer is not None:
            self._regularized.append((variable, regularizers.get(regularizer)))
        return variable

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Adds losses of this layer: scalar tensors, or functions without arguments that return one.

        Args:
          losses: One or a list.
          inputs: What they depend on; True for the inputs of the layer.
        """
        for loss in losses if isinstance(losses, (list, tuple)) else [losses]:
            loss = loss() if callable(loss) else loss
            self._losses.append((loss, inputs))

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Adds updates (operations, tensors, or functions that return one) that `fit` runs with each step.

        Args:
          updates: One or a list.
          inputs: What they depend on.
        """
        for given in updates if isinstance(updates, (list, tuple)) else [updates]:
            update: Any = given() if callable(given) else given
            op: Any = update if isinstance(update, Operation) else getattr(update, "op")  # noqa: B009
            self._updates.append((op, inputs))

    def add_metric(self, value: Any, aggregation: str | None = None, name: str | None = None) -> None:
        """Adds a scalar that `fit` shows.

        Args:
          value: Tensor, whose mean is shown.
          aggregation: "mean" or None.
          name: Name under which it is shown.
        """
        self._metrics_added.append((name or f"metric_{len(self._metrics_added)}", value, aggregation))

    # What it has ---------------------------------------------------------------------------------------------------

    @property
    def trainable(self) -> bool:
        """Whether the variables are for training."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = value
        for layer in self.__dict__.get("_layers", ()):
            layer.trainable = value

    @property
    def trainable_weights(self) -> list[Any]:
        """Variables for training: its own, then those of its layers."""
        if not self.trainable:
            return []
        return unique([*self._trainable_weights, *(v for layer in self._layers for v in layer.trainable_weights)])

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other variables."""
        nested = [v for layer in self._layers for v in layer.non_trainable_weights]
        if self.trainable:
            return unique([*self._non_trainable_weights, *nested])
        inner = [v for layer in self._layers for v in layer.weights]
        return unique([*self._trainable_weights, *self._non_trainable_weights, *inner])

    @property
    def losses(self) -> list[Any]:
        """Added losses, and those of regularizers: its own and its layers'."""
        found = [loss for loss, _ in self._losses]
        found += [self._penalty(variable, regularizer) for variable, regularizer in self._regularized]
        return found + [loss for layer in self._layers for loss in layer.losses]

    def _penalty(self, variable: Any, regularizer: Any) -> Any:
        if variable.op.name not in self._penalties:
            graph = variable.graph
            with graph.outermost(), graph.name_scope(variable.op.name + "/Regularizer"):
                self._penalties[variable.op.name] = regularizer(variable)
        return self._penalties[variable.op.name]

    @property
    def updates(self) -> list[Any]:
        """Updates, its own and its layers'; none of a layer that is not for training."""
        if not self.trainable and not self.stateful:
            return []
        return [op for op, _ in self._updates] + [op for layer in self._layers for op in layer.updates]

    def get_losses_for(self, inputs: Any) -> list[Any]:
        """Returns the losses that depend on `inputs`; for None, those that depend on no placeholder."""
        return _reached(self.losses, inputs)

    def get_updates_for(self, inputs: Any) -> list[Any]:
        """Returns the updates that depend on `inputs`; for None, those that depend on no placeholder."""
        return _reached(self.updates, inputs)

    @property
    def inbound_nodes(self) -> list[Any]:
        """What it was called with, and what came of it, call by call."""
        return list(self._calls)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the layer from again; its arguments are read off its attributes."""
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        if self._batch_input_shape is not None:
            config["batch_input_shape"] = self._batch_input_shape
        config["dtype"] = None if self._dtype is None else self._dtype.name
        for name in list(inspect.signature(type(self).__init__).parameters)[1:]:
            for attribute in (name, f"_{name}"):
                if attribute in self.__dict__ and name not in config:
                    config[name] = plain(self.__dict__[attribute])
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes a layer from what `get_config` returned, here or in a later Keras."""
        known = inspect.signature(cls.__init__).parameters
        later = [k for k, v in _LATER.items() if k not in known and config.get(k, v) == v]
        return cls(**{k: v for k, v in config.items() if k not in cls._unused and k not in later})


# Arguments of later versions of Keras, with the values that mean what there is here.
_LATER = {"groups": 1, "seed": None, "keepdims": False}

_OWN = frozenset(("_layers", "_regularized", "_calls", "_losses", "_updates", "_trainable_weights", "_penalties",
                  "_non_trainable_weights", "_graph", "_metrics_added"))  # fmt: skip


def unique(items: Sequence[Any]) -> list[Any]:
    """The items without repeats, by identity."""
    seen: dict[int, Any] = {id(item): item for item in items}
    return list(seen.values())


def mask_of(tensor: Any) -> Any:
    """The mask of a tensor that a layer made, or None."""
    return state.state_of(tensor.graph).masks.get(tensor) if isinstance(tensor, Tensor) else None


@contextmanager
def _training(value: Any) -> Iterator[None]:
    _INSIDE.training.append(value)
    try:
        yield
    finally:
        _INSIDE.training.pop()


def _batch_shape(kwargs: dict[str, Any]) -> tuple[int | None, ...] | None:
    if "batch_input_shape" in kwargs:
        return tuple(kwargs["batch_input_shape"])
    if "input_shape" in kwargs:
        return (kwargs.get("batch_size"), *TensorShape(kwargs["input_shape"]).as_list())
    return None


def _default_initializer(name: str | None, dtype: Any) -> Any:
    if dtype.is_floating:
        return initializers.get("glorot_uniform")
    if dtype.is_integer or dtype.name == "bool":
        return initializers.get("zeros")
    raise ValueError(f"An initializer for variable {name} of type {dtype} is required")


def _as_tensor(value: Any) -> Any:
    return base._as_tensor(value)


def _reached(items: Sequence[Any], inputs: Any) -> list[Any]:
    """The items that depend on one of the inputs; for None, those that depend on nothing that is fed."""
    if inputs is None:
        return [i for i in items if not any(op.type == "Placeholder" for op in ancestors(i))]
    return base.reached(items, inputs)
