"""`Layer`: an object that makes its variables at its first call, in a variable scope of its own.

    fc = tf.layers.Dense(10)          no variables yet, no scope yet
    y = fc(x)                         scope "dense" (or "dense_1", ...): variables dense/kernel, dense/bias
    z = fc(x2)                        the same variables, nodes in the same name scope: dense/MatMul_1

    scope   -> where variables are:   `scope_name`; by `name`, or by the class, made unique among its siblings
    nodes   -> the name scope that was opened with the variable scope
    reuse   -> as in `tf.get_variable`: inherited from outside, or `reuse=True` of the functional form

A subclass writes `build(input_shape)`, which adds variables and sets `self.built`, and `call(inputs)`. What it is asked
to add goes into TF1's collections: losses of regularizers into REGULARIZATION_LOSSES, updates (the moving averages of
a batch normalisation) into UPDATE_OPS, at the end of the call, and only those of a layer that is for training. Nothing
runs these updates by itself. Activations, initializers, regularizers and constraints may be said by Keras' names.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph import stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import constraints, initializers, naming, regularizers, state
from scopedjax._src.lib.layers.input_spec import InputSpec as InputSpec
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.variables.kinds import VariableAggregation, VariableSynchronization
from scopedjax._src.variables.partitioned import PartitionedVariable
from scopedjax._src.variables.scope import VariableScope, get_variable, variable_scope

_NAMES_KEY = "layer names"
_PACKAGE = __name__.partition(".")[0]
_EVERY_LAYER = ("self", "trainable", "name", "dtype", "kwargs")
_KNOWN_KEYWORDS = {
    "_scope",
    "_reuse",
    "activity_regularizer",
    "input_shape",
    "batch_input_shape",
    "batch_size",
    "weights",
}


class Layer:
    """An object with variables that is applied to tensors.

    Args:
      trainable: Whether its variables are for training.
      name: Name of the layer and of its variable scope; by default the class's name in lower case, made unique.
      dtype: Dtype of the variables; by default that of the first input.
      **kwargs: `activity_regularizer`: function of the output whose result is a loss.

    Raises:
      TypeError: another keyword.

    >>> class Scale(tf.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight("factor", [], initializer=tf.ones_initializer())
    ...         self.built = True
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> y = Scale()(tf.zeros([2]))
    >>> [v.name for v in tf.trainable_variables()]
    ['scale/factor:0']
    """

    supports_masking = False

    def __init__(self, trainable: bool = True, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        unknown = [k for k in kwargs if k not in _KNOWN_KEYWORDS]
        if unknown:
            raise TypeError("Keyword argument not understood:", unknown[0])
        self._trainable = trainable
        self._dtype: DType | None = None if dtype is None else as_dtype(dtype).base_dtype
        self._name, self._base_name = self._named(name)
        self.built = False
        self.input_spec: InputSpec | list[InputSpec] | None = None
        self.stateful = False
        self._activity_regularizer: Callable[..., Any] | None = regularizers.get(kwargs.get("activity_regularizer"))
        self._trainable_weights: list[Any] = []
        self._non_trainable_weights: list[Any] = []
        self._losses: list[tuple[Any, Any]] = []  # added ones, with what they depend on: None for the variables alone
        self._penalized: list[tuple[Any, Any]] = []  # those of regularizers, which come after them
        self._updates: list[tuple[Any, Any]] = []
        self._open_inputs: list[Any] = []  # of the calls that are going on, innermost last
        self._calls: list[tuple[Any, Any]] = []
        self._graph: Graph | None = None
        self._reuse = kwargs.get("_reuse")
        self._current_scope: VariableScope | None = None
        self._scope: VariableScope | None = None
        if kwargs.get("_scope"):
            with variable_scope(kwargs["_scope"]) as captured:
                self._scope = captured

    def _named(self, name: str | None) -> tuple[str, str]:
        """(name of the layer, base of its scope's name)."""
        return _layer_name(type(self).__name__, name)

    # What a subclass writes ----------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Makes the variables for inputs of a shape (a TensorShape); sets `self.built`."""
        self.built = True

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        """Returns the outputs; called with the layer's scope open."""
        return inputs

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Returns the mask of the outputs: none, since `tf.layers` know no masks."""
        return None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the output for an input of a shape, without adding nodes."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its output shape is")

    # Calling -------------------------------------------------------------------------------------------------------

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Applies the layer.

        Args:
          inputs: Tensor, array, or a nest of them.
          *args: Passed to `call`.
          **kwargs: Passed to `call`; `scope` names the variable scope in the place of the layer's name.

        Returns:
          What `call` returned.

        Raises:
          ValueError: the input does not fit the layer, or belongs to another graph.
        """
        self._set_scope(kwargs.pop("scope", None))
        inputs = nest.map_structure(_as_tensor, inputs)
        tensors = [t for t in nest.flatten(inputs) if isinstance(t, Tensor)]
        self._check_graph(tensors)
        reuse = True if self.built else self._reuse
        with variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            with stacks.get_default_graph().name_scope(scope.original_name_scope):
                self._check_input(tensors)
                if not self.built:
                    self._build_for(inputs, tensors)
                    self._check_input(tensors)
                outputs = self._called(inputs, args, kwargs)
                self._regularize_activity(inputs, outputs)
                _add_new(GraphKeys.UPDATE_OPS, self.updates)
        self._calls.append((inputs, outputs))
        return outputs

    def _called(self, inputs: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """What `call` returns, which must not be None."""
        self._open_inputs.append(inputs)
        try:
            outputs = self.call(inputs, *args, **kwargs)
        finally:
            self._open_inputs.pop()
        if outputs is None:
            raise ValueError(
                f"A layer's `call` method should return a Tensor or a list of Tensors, not None (layer: {self.name})."
            )
        return outputs

    def apply(self, *args: Any, **kwargs: Any) -> Any:
        """Applies the layer, as calling it does."""
        return self(*args, **kwargs)

    def _set_scope(self, scope: Any = None) -> None:
        """Settles the variable scope at the first call."""
        if self._scope is not None:
            return
        if self._reuse:
            opened = variable_scope(scope if scope is not None else self._base_name)
        else:
            opened = variable_scope(scope, default_name=self._base_name)
        with opened as captured:
            self._scope = captured

    def _check_graph(self, tensors: Sequence[Tensor]) -> None:
        graph = tensors[0].graph if tensors else stacks.get_default_graph()
        if self._graph is None:
            self._graph = graph
        elif graph is not self._graph:
            raise ValueError("Input graph and Layer graph are not the same: one layer's variables belong to one graph. "
                             f"Make layer '{self.name}' anew for the other graph.")  # fmt: skip

    def _check_input(self, tensors: Sequence[Tensor]) -> None:
        if self.input_spec is None:
            return
        specs = self.input_spec if isinstance(self.input_spec, list) else [self.input_spec]
        if len(specs) != len(tensors):
            raise ValueError(f'Layer "{self.name}" expects {len(specs)} input(s), but it received {len(tensors)}.')
        for position, (spec, tensor) in enumerate(zip(specs, tensors, strict=True)):
            spec.check(tensor, position, self.name)

    def _build_for(self, inputs: Any, tensors: Sequence[Tensor]) -> None:
        if self._dtype is None and tensors:
            self._dtype = tensors[0].dtype.base_dtype
        shapes = nest.map_structure(lambda t: t.shape if isinstance(t, Tensor) else TensorShape(None), inputs)
        self.build(shapes)
        self.built = True

    def _regularize_activity(self, inputs: Any, outputs: Any) -> None:
        if self._activity_regularizer is None:
            return
        for output in nest.flatten(outputs):
            with stacks.get_default_graph().name_scope("ActivityRegularizer"):
                total = self._activity_regularizer(output)
                mean = total / cast(shape_of(output)[0], total.dtype)
            self.add_loss(mean, inputs=inputs)

    # Adding --------------------------------------------------------------------------------------------------------

    def add_weight(
        self,
        name: str,
        shape: Any,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool | None = None,
        constraint: Any = None,
        use_resource: bool | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        partitioner: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Makes a variable in the layer's scope, or shares it as the scope's reuse says.

        Args:
          name: Name below the scope.
          shape: Shape.
          dtype: Dtype; the layer's by default, float32 where it has none.
          initializer: Initializer or its name; by default that of the scope, else Glorot's uniform one.
          regularizer: Function of the variable whose result is a loss.
          trainable: Whether it is for training (True), if the layer is.
          constraint: Function of the value, applied after an update, or its name.
          use_resource: As in `tf.get_variable`.
          synchronization: As in `tf.get_variable`; ON_READ variables are not trained.
          aggregation: As in `tf.get_variable`.
          partitioner: As in `tf.get_variable`.
          **kwargs: None are known.

        Returns:
          The variable.

        Raises:
          ValueError: a trainable variable that is ON_READ.
          TypeError: another keyword.
        """
        unknown = [k for k in kwargs if k not in ("autocast", "experimental_autocast", "caching_device")]
        if unknown:
            raise TypeError("Unknown keyword argument:", unknown[0])
        on_read = synchronization is VariableSynchronization.ON_READ
        if on_read and trainable:
            raise ValueError(
                "Synchronization value can be set to VariableSynchronization.ON_READ only for non-trainable variables. "
                "You have specified trainable=True and synchronization=VariableSynchronization.ON_READ."
            )
        trainable = False if on_read else True if trainable is None else trainable
        self._set_scope()
        graph = stacks.get_default_graph()
        known = len(graph.get_collection_ref(GraphKeys.GLOBAL_VARIABLES))
        reuse = self.built or self._reuse
        with variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            with graph.name_scope(scope.original_name_scope):
                variable = get_variable(
                    name,
                    shape=shape,
                    dtype=as_dtype(dtype or self._dtype or "float32").base_dtype,
                    initializer=initializers.get(initializer),
                    trainable=trainable and self.trainable,
                    partitioner=partitioner,
                    use_resource=use_resource,
                    constraint=constraints.get(constraint),
                    synchronization=synchronization,
                    aggregation=aggregation,
                )
                if regularizer is not None and len(graph.get_collection_ref(GraphKeys.GLOBAL_VARIABLES)) > known:
                    self._penalize(name, variable, regularizer)
        kept = self._trainable_weights if trainable and self.trainable else self._non_trainable_weights
        if not any(variable is v for v in kept):
            kept.append(variable)
        return variable

    def _penalize(self, name: str, variable: Any, regularizer: Any) -> None:
        """Adds the loss of a new variable's regularizer; of a partitioned one, that of each part."""
        for part in variable if isinstance(variable, PartitionedVariable) else [variable]:
            with stacks.get_default_graph().name_scope(name + "/Regularizer"):
                loss = regularizer(part)
            if loss is not None:
                self._penalized.append((loss, None))
                _add_new(GraphKeys.REGULARIZATION_LOSSES, [loss])

    def add_variable(self, *args: Any, **kwargs: Any) -> Any:
        """The older name of `add_weight`."""
        return self.add_weight(*args, **kwargs)

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Adds losses to the layer's and to the collection REGULARIZATION_LOSSES.

        Args:
          losses: Scalar tensor or list.
          inputs: What they depend on; None for losses of the variables alone.
        """
        for given in losses if isinstance(losses, (list, tuple)) else [losses]:
            loss = given() if callable(given) else given
            if loss is None:
                continue
            loss = loss if isinstance(loss, Tensor) else convert_to_tensor(loss)
            self._losses.append((loss, inputs))
            _add_new(GraphKeys.REGULARIZATION_LOSSES, [loss])

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Adds updates to the layer's; at the end of a call they go to the collection UPDATE_OPS.

        Args:
          updates: Operation, tensor, or list of them; or a function that returns one.
          inputs: Accepted: what they depend on is read off the graph.
        """
        for given in updates if isinstance(updates, (list, tuple)) else [updates]:
            update: Any = given() if callable(given) else given
            if not isinstance(update, Operation) and not hasattr(update, "op"):
                update = convert_to_tensor(update)
            op: Any = update if isinstance(update, Operation) else update.op
            self._updates.append((op, self._open_inputs[-1] if self._open_inputs else None))

    # What it has ---------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name of the layer; its scope may be called otherwise (see `scope_name`)."""
        return self._name

    @property
    def scope_name(self) -> str:
        """Name of the variable scope; known after the first call."""
        if self._scope is None:
            raise ValueError(f'No name available for layer scope because the layer "{self._name}" has not been used '
                             "yet. The scope name is determined the first time the layer instance is called. You must "
                             "therefore call the layer before querying `scope_name`.")  # fmt: skip
        return self._scope.name

    @property
    def graph(self) -> Graph | None:
        """The graph of the layer, after the first call."""
        return self._graph

    @property
    def dtype(self) -> Any:
        """Name of the dtype of the variables, or None before the first call."""
        return None if self._dtype is None else self._dtype.name

    @property
    def trainable(self) -> bool:
        """Whether the variables are for training."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = value

    @property
    def activity_regularizer(self) -> Any:
        """The function of the output whose result is a loss."""
        return self._activity_regularizer

    @property
    def trainable_weights(self) -> list[Any]:
        """Variables for training."""
        return list(self._trainable_weights) if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other variables."""
        if self.trainable:
            return list(self._non_trainable_weights)
        return [*self._trainable_weights, *self._non_trainable_weights]

    @property
    def weights(self) -> list[Any]:
        """All variables."""
        return [*self.trainable_weights, *self.non_trainable_weights]

    @property
    def trainable_variables(self) -> list[Any]:
        """Variables for training."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The other variables."""
        return self.non_trainable_weights

    @property
    def variables(self) -> list[Any]:
        """All variables."""
        return self.weights

    @property
    def losses(self) -> list[Any]:
        """Losses of regularizers, and added ones."""
        return [loss for loss, _ in (*self._losses, *self._penalized)]

    @property
    def updates(self) -> list[Any]:
        """Updates that were added; none of a layer that is not for training."""
        return [op for op, _ in self._updates] if self.trainable else []

    def get_losses_for(self, inputs: Any) -> list[Any]:
        """Returns the losses that depend on `inputs`; for None, those that depend on no input."""
        known = [*self._losses, *self._penalized]
        return [x for x, given in known if given is None] if inputs is None else reached(_dependent(known), inputs)

    def get_updates_for(self, inputs: Any) -> list[Any]:
        """Returns the updates that depend on `inputs`; for None, those that depend on no input of a call."""
        known = self._updates if self.trainable else []
        dependent = [op for op, given in known if given is not None and reached([op], given)]
        if inputs is None:
            return [op for op, _ in known if not any(op is d for d in dependent)]
        return reached(dependent, inputs)

    def get_weights(self) -> list[Any]:
        """Returns the values of `weights` as arrays, in the default session or in Keras' own."""
        return state.batch_get_value(self.weights)

    def set_weights(self, weights: Any) -> None:
        """Sets the values of `weights`, in the default session or in Keras' own.

        Args:
          weights: Arrays in the order of `weights`.

        Raises:
          ValueError: another number or other shapes than the layer has.
        """
        params, arrays = self.weights, [np.asarray(w) for w in weights]
        if len(params) != len(arrays):
            raise ValueError(
                f'You called `set_weights(weights)` on layer "{self.name}" with a  weight list of length '
                f"{len(arrays)}, "
                f"but the layer was expecting {len(params)} weights. Provided weights: {str(weights)[:50]}..."
            )
        for param, array in zip(params, arrays, strict=True):
            if tuple(param.get_shape().as_list()) != array.shape:
                raise ValueError(
                    f"Layer weight shape {tuple(param.get_shape().as_list())} not compatible with provided weight "
                    f"shape {array.shape}"
                )
        state.batch_set_value(zip(params, arrays, strict=True))

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the layer from again; its arguments are read off its attributes.

        Raises:
          NotImplementedError: a subclass with arguments of its own does not say them.
        """
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}
        own = [n for n in inspect.signature(type(self).__init__).parameters if n not in _EVERY_LAYER]
        if type(self).get_config is Layer.get_config and own and not type(self).__module__.startswith(_PACKAGE):
            raise NotImplementedError("Layers with arguments in `__init__` must override `get_config`.")
        if type(self).__module__.startswith(_PACKAGE):
            attributes = {n: n if n in self.__dict__ else f"_{n}" for n in own}
            config.update({n: naming.plain(self.__dict__[a]) for n, a in attributes.items() if a in self.__dict__})
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes a layer from what `get_config` returned."""
        return cls(**config)

    def count_params(self) -> int:
        """Returns the number of elements of all variables."""
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on {self.name}, but the layer isn't built. You can build it "
                f"manually via: `{self.name}.build(batch_input_shape)`."
            )
        return sum(int(np.prod(v.get_shape().as_list(), dtype=np.int64)) for v in self.weights)

    # Calls ---------------------------------------------------------------------------------------------------------

    @property
    def inbound_nodes(self) -> list[Any]:
        """Always empty: only models of Keras keep the nodes between layers."""
        return []

    @property
    def outbound_nodes(self) -> list[Any]:
        """Always empty: only models of Keras keep the nodes between layers."""
        return []

    @property
    def input(self) -> Any:
        """The input of the only call."""
        if not self._calls:
            raise AttributeError(f"Layer {self.name} is not connected, no input to return.")
        return self._only_call("input")[0]

    @property
    def output(self) -> Any:
        """The output of the only call."""
        if not self._calls:
            raise AttributeError(f"Layer {self.name} has no inbound nodes.")
        return self._only_call("output")[1]

    @property
    def input_shape(self) -> Any:
        """The input's shape of the only call, as a tuple."""
        return _plain_shapes(self._only_call("input shape")[0])

    @property
    def output_shape(self) -> Any:
        """The output's shape of the only call, as a tuple."""
        return _plain_shapes(self._only_call("output shape")[1])

    def _only_call(self, what: str) -> tuple[Any, Any]:
        if not self._calls:
            raise AttributeError(f"The layer has never been called and thus has no defined {what}.")
        if len(self._calls) > 1:
            raise AttributeError(
                f"The layer {self.name} has multiple inbound nodes, hence the notion of {what} is ill-defined."
            )
        return self._calls[0]

    def get_input_at(self, node_index: int) -> Any:
        """Returns the input of the call `node_index`."""
        return self._call_at(node_index, "input")[0]

    def get_output_at(self, node_index: int) -> Any:
        """Returns the output of the call `node_index`."""
        return self._call_at(node_index, "output")[1]

    def get_input_shape_at(self, node_index: int) -> Any:
        """Returns the input's shape of the call `node_index`."""
        return _plain_shapes(self._call_at(node_index, "input shape")[0])

    def get_output_shape_at(self, node_index: int) -> Any:
        """Returns the output's shape of the call `node_index`."""
        return _plain_shapes(self._call_at(node_index, "output shape")[1])

    def _call_at(self, number: int, what: str) -> tuple[Any, Any]:
        if not self._calls:
            raise RuntimeError(f"The layer has never been called and thus has no defined {what}.")
        if not number < len(self._calls):
            raise ValueError(
                f"Asked to get {what} at node {number}, but the layer has only {len(self._calls)} inbound nodes."
            )
        return self._calls[number]

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} '{self.name}'>"


# ---------------------------------------------------------------------------------------------------- names, values


def _layer_name(class_name: str, name: str | None) -> tuple[str, str]:
    """(name, base of the scope's name): a given name is both; otherwise the class's, counted in each graph."""
    if name:
        return name, name
    base = snake_case(class_name)
    counts = name_counts()
    counts[base] = counts.get(base, 0) + 1
    return f"{base}_{counts[base]}", base


def snake_case(class_name: str) -> str:
    """The name of a class as layers are named after it: "Conv2DTranspose" is "conv2d_transpose"."""
    base = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", class_name)).lower()
    return f"private{base}" if base.startswith("_") else base


def name_counts() -> dict[str, int]:
    """How many layers of the default graph were named after each class; tf.layers and tf.keras count together."""
    counts: dict[str, int] = stacks.get_default_graph().extra.setdefault(_NAMES_KEY, {})
    return counts


def _as_tensor(value: Any) -> Any:
    plain = isinstance(value, (np.ndarray, np.generic, int, float, list, tuple))
    return convert_to_tensor(value) if plain or hasattr(value, "initializer") else value


def _add_new(key: str, values: Iterable[Any]) -> None:
    """Adds to a collection what it does not have."""
    collection = stacks.get_default_graph().get_collection_ref(key)
    collection.extend([v for v in values if not any(v is known for known in collection)])


def _dependent(known: Iterable[tuple[Any, Any]]) -> list[Any]:
    return [x for x, given in known if given is not None]


def reached(items: Sequence[Any], inputs: Any) -> list[Any]:
    """The items (tensors, operations) that depend on one of the inputs."""
    wanted = {t.op for t in nest.flatten(inputs) if isinstance(t, Tensor)}
    return [i for i in items if wanted & ancestors(i)]


def ancestors(item: Any) -> set[Operation]:
    """The operation of an item, and all that it depends on."""
    start = item if isinstance(item, Operation) else getattr(item, "op", None)
    seen: set[Operation] = set()
    pending = [] if start is None else [start]
    while pending:
        op = pending.pop()
        if op in seen:
            continue
        seen.add(op)
        pending.extend(t.op for t in op.inputs)
        pending.extend(op.control_inputs)
    return seen


def _plain_shapes(tensors: Any) -> Any:
    """The shapes of a nest of tensors, as tuples."""
    return nest.map_structure(lambda t: getattr(t, "dims", None), tensors)
