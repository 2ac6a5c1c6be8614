"""`Layer`: an object that makes its variables at its first call, in a variable scope of its own.

    fc = tf.layers.Dense(10)          no variables yet, no scope yet
    y = fc(x)                         scope "dense" (or "dense_1", ...): variables dense/kernel, dense/bias
    z = fc(x2)                        the same variables, nodes in the same name scope: dense/MatMul_1

    scope   -> where variables are:   `scope_name`; by `name`, or by the class, made unique among its siblings
    nodes   -> the name scope that was opened with the variable scope
    reuse   -> as in `tf.get_variable`: inherited from outside, or `reuse=True` of the functional form

A subclass writes `build(input_shape)`, which adds variables and sets `self.built`, and `call(inputs)`. What it is asked
to add goes into TF1's collections: losses of regularizers into REGULARIZATION_LOSSES, updates (the moving averages of
a batch normalisation) into UPDATE_OPS. Nothing runs these updates by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
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
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.variables.kinds import VariableAggregation, VariableSynchronization
from scopedjax._src.variables.scope import VariableScope, get_variable, variable_scope

_NAMES_KEY = "layer names"
_KNOWN_KEYWORDS = {
    "_scope",
    "_reuse",
    "activity_regularizer",
    "input_shape",
    "batch_input_shape",
    "batch_size",
    "weights",
}


class InputSpec:
    """What a layer asks of an input: rank, dtype, sizes of axes.

    Args:
      dtype: The dtype, or None for any.
      shape: The shape, with None for free sizes.
      ndim: The rank.
      max_ndim: The largest rank.
      min_ndim: The smallest rank.
      axes: {axis: size}, with None for a free size.
      allow_last_axis_squeeze: Accepted.
      name: Accepted.
      optional: Accepted.

    >>> tf.layers.InputSpec(min_ndim=2, axes={-1: 3}).axes
    {-1: 3}
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else as_dtype(dtype).name
        self.shape = None if shape is None else tuple(TensorShape(shape).as_list())
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def __repr__(self) -> str:
        fields = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        shown = [f"{f}={getattr(self, f)}" for f in fields if getattr(self, f)]
        return f"InputSpec({', '.join(shown)})"

    def check(self, tensor: Tensor, position: int, layer: str) -> None:
        """Checks an input.

        Raises:
          ValueError: it does not fit.
        """
        start = f"Input {position} of layer {layer} is incompatible with the layer: "
        dims = tensor.dims
        if self.dtype is not None and tensor.dtype.base_dtype.name != self.dtype:
            raise ValueError(f"{start}expected dtype={self.dtype}, found dtype={tensor.dtype.base_dtype.name}")
        if dims is None:
            if self.ndim is not None or self.max_ndim is not None or self.min_ndim is not None:
                raise ValueError(f"{start}its rank is undefined, but the layer requires a defined rank.")
            return
        rank, shown = len(dims), f"Full shape received: {list(dims)}"
        if self.ndim is not None and rank != self.ndim:
            raise ValueError(f"{start}expected ndim={self.ndim}, found ndim={rank}. {shown}")
        if self.max_ndim is not None and rank > self.max_ndim:
            raise ValueError(f"{start}expected max_ndim={self.max_ndim}, found ndim={rank}")
        if self.min_ndim is not None and rank < self.min_ndim:
            # The second colon is TensorFlow 1.15's.
            raise ValueError(f"{start}: expected min_ndim={self.min_ndim}, found ndim={rank}. {shown}")
        for axis, value in self.axes.items():
            if value is not None and dims[axis] not in (value, None):
                raise ValueError(
                    f"{start}expected axis {axis} of input shape to have value {value} but received input with shape "
                    f"{list(dims)}"
                )
        if self.shape is not None and any(s is not None and d not in (s, None) for s, d in zip(self.shape, dims)):
            raise ValueError(
                f"Input {position} is incompatible with layer {layer}: expected shape={self.shape}, found "
                f"shape={list(dims)}"
            )


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

    def __init__(self, trainable: bool = True, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        unknown = [k for k in kwargs if k not in _KNOWN_KEYWORDS]
        if unknown:
            raise TypeError("Keyword argument not understood:", unknown[0])
        self._trainable = trainable
        self._dtype: DType | None = None if dtype is None else as_dtype(dtype).base_dtype
        self._name, self._base_name = self._named(name)
        self.built = False
        self.input_spec: InputSpec | list[InputSpec] | None = None
        self._activity_regularizer: Callable[..., Any] | None = kwargs.get("activity_regularizer")
        self._trainable_weights: list[Any] = []
        self._non_trainable_weights: list[Any] = []
        self._losses: list[tuple[Any, Any]] = []
        self._updates: list[tuple[Any, Any]] = []
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
                outputs = self.call(inputs, *args, **kwargs)
                if outputs is None:
                    raise ValueError(
                        f"A layer's `call` method should return a Tensor or a list of Tensors (layer: {self.name})."
                    )
                self._regularize_activity(inputs, outputs)
        self._calls.append((inputs, outputs))
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
          initializer: Initializer; by default that of the scope, else Glorot's uniform one.
          regularizer: Function of the variable whose result is a loss.
          trainable: Whether it is for training (True), if the layer is.
          constraint: Function of the value, applied after an update.
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
        unknown = [
            k
            for k in kwargs
            if k not in ("getter", "collections", "autocast", "experimental_autocast", "caching_device")
        ]
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
        known_losses = len(graph.get_collection(GraphKeys.REGULARIZATION_LOSSES))
        reuse = self.built or self._reuse
        with variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            with graph.name_scope(scope.original_name_scope):
                variable = get_variable(
                    name,
                    shape=shape,
                    dtype=as_dtype(dtype or self._dtype or "float32").base_dtype,
                    initializer=initializer,
                    regularizer=regularizer,
                    trainable=trainable and self.trainable,
                    partitioner=partitioner,
                    use_resource=use_resource,
                    constraint=constraint,
                    synchronization=synchronization,
                    aggregation=aggregation,
                )
        if regularizer is not None:
            made = graph.get_collection(GraphKeys.REGULARIZATION_LOSSES)[known_losses:]
            self._losses.extend((loss, None) for loss in made)
        kept = self._trainable_weights if trainable else self._non_trainable_weights
        if not any(variable is v for v in kept):
            kept.append(variable)
        return variable

    def add_variable(self, *args: Any, **kwargs: Any) -> Any:
        """The older name of `add_weight`."""
        return self.add_weight(*args, **kwargs)

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Adds losses to the layer's and to the collection REGULARIZATION_LOSSES.

        Args:
          losses: Scalar tensor or list.
          inputs: What they depend on; None for losses of the variables alone.
        """
        for loss in losses if isinstance(losses, (list, tuple)) else [losses]:
            loss = loss() if callable(loss) else loss
            self._losses.append((loss, inputs))
            _add_once(GraphKeys.REGULARIZATION_LOSSES, loss)

    def add_update(self, updates: Any) -> None:
        """Adds updates to the layer's and to the collection UPDATE_OPS.

        Args:
          updates: Operation, tensor, or list of them.
        """
        for given in updates if isinstance(updates, (list, tuple)) else [updates]:
            update: Any = given() if callable(given) else given
            op: Any = update if isinstance(update, Operation) else getattr(update, "op")  # noqa: B009
            self._updates.append((op, None))
            _add_once(GraphKeys.UPDATE_OPS, op)

    # What it has ---------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name of the layer; its scope may be called otherwise (see `scope_name`)."""
        return self._name

    @property
    def scope_name(self) -> str:
        """Name of the variable scope; known after the first call."""
        if self._scope is None:
            raise ValueError(f"No name available for layer scope because the layer '{self._name}' has not been used "
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
        return [loss for loss, _ in self._losses]

    @property
    def updates(self) -> list[Any]:
        """Updates that were added; none of a layer that is not for training."""
        return [op for op, _ in self._updates] if self.trainable else []

    def get_losses_for(self, inputs: Any) -> list[Any]:
        """Returns the losses that depend on `inputs`; for None, those that depend on no input."""
        if inputs is None:
            return [loss for loss, given in self._losses if given is None]
        wanted = nest.flatten(inputs)
        return [
            x
            for x, given in self._losses
            if given is not None and any(g is w for g in nest.flatten(given) for w in wanted)
        ]

    def get_updates_for(self, inputs: Any) -> list[Any]:
        """Returns the updates; they are not told apart by input."""
        return self.updates

    def count_params(self) -> int:
        """Returns the number of elements of all variables."""
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer {self.name}, but the layer isn't built. You can build it "
                "manually via: `layer.build(batch_input_shape)`."
            )
        return sum(int(np.prod(v.get_shape().as_list(), dtype=np.int64)) for v in self.weights)

    @property
    def input(self) -> Any:
        """The input of the only call."""
        return self._only_call("input")[0]

    @property
    def output(self) -> Any:
        """The output of the only call."""
        return self._only_call("output")[1]

    @property
    def input_shape(self) -> Any:
        """The input's shape of the only call, as a tuple."""
        return nest.map_structure(_plain_shape, self._only_call("input shape")[0])

    @property
    def output_shape(self) -> Any:
        """The output's shape of the only call, as a tuple."""
        return nest.map_structure(_plain_shape, self._only_call("output shape")[1])

    def _only_call(self, what: str) -> tuple[Any, Any]:
        if not self._calls:
            raise AttributeError(f"The layer has never been called and thus has no defined {what}.")
        if len(self._calls) > 1:
            raise AttributeError(
                f"The layer {self.name} has multiple inbound nodes, hence the notion of {what} is ill-defined."
            )
        return self._calls[0]

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


def _add_once(key: str, value: Any) -> None:
    collection = stacks.get_default_graph().get_collection_ref(key)
    if not any(value is known for known in collection):
        collection.append(value)


def _plain_shape(tensor: Any) -> tuple[int | None, ...] | None:
    dims: tuple[int | None, ...] | None = tensor.dims
    return dims
