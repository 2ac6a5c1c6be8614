"""`RNNCell`: what one time step of a recurrent network is.

    output, new state = cell(inputs, state)

    inputs  [batch, depth]            or a nest of such tensors
    state   [batch, state_size]       `state_size` is an int, a TensorShape, or a nest of them: the state has its form
    output  [batch, output_size]

A cell of a user's own is a subclass that says its sizes and writes `call(inputs, state)`; it may make its variables
there with `tf.get_variable`. The cells of this package make theirs in `build`, as layers do, and so can be called
again and again, in any scope, with the same variables.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.layers.base import Layer
from scopedjax._src.ops.array.filling import zeros
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import expand_dims
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.variables.collections import trainable_variables
from scopedjax._src.variables.partitioned import PartitionedVariable
from scopedjax._src.variables.scope import get_variable_scope, variable_scope


class RNNCell(Layer):
    """Base of all cells: a subclass defines `state_size`, `output_size` and `call`.

    Args:
      trainable: Whether its variables are for training.
      name: Name of the cell and of its variable scope; by default the class's name in lower case.
      dtype: Dtype of the variables; by default that of the first input.
      **kwargs: As for `tf.layers.Layer`.

    >>> class Counter(tf.nn.rnn_cell.RNNCell):
    ...     state_size = output_size = 1
    ...     def call(self, inputs, state):
    ...         return state, state + 1.0
    >>> outputs, state = tf.nn.dynamic_rnn(Counter(), tf.zeros([1, 3, 2]), dtype=tf.float32)
    >>> tf.Session().run(outputs).reshape(-1).tolist()
    [0.0, 1.0, 2.0]
    """

    def __init__(self, trainable: bool = True, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:  # type: ignore[override]
        """Runs one step.

        Args:
          inputs: Tensor `[batch, depth]`, or a nest of tensors.
          state: The state before the step, in the form of `state_size`.
          scope: Variable scope for the variables; by default named after the cell.

        Returns:
          (output, state after the step).
        """
        if scope is not None:
            with variable_scope(scope, custom_getter=self._noting_getter) as entered:
                return super().__call__(inputs, state, scope=entered)
        outer = getattr(self, "_outer_scope", None)
        if outer is None:  # later calls share the variables of the first one, wherever they are made
            outer = self._outer_scope = variable_scope(get_variable_scope(), custom_getter=self._noting_getter)
        with outer:
            return super().__call__(inputs, state)

    def _noting_getter(self, getter: Any, *args: Any, **kwargs: Any) -> Any:
        """Makes variables of `call` known as the cell's own."""
        variable = getter(*args, **kwargs)
        first = next(iter(variable)) if isinstance(variable, PartitionedVariable) else variable
        trained = any(first is v for v in trainable_variables())
        kept = self._trainable_weights if trained else self._non_trainable_weights
        if all(variable is not v for v in kept):
            kept.append(variable)
        return variable

    @property
    def state_size(self) -> Any:
        """Sizes of the state: an int, a TensorShape, or a nest of them."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        """Size of the output: an int, a TensorShape, or a nest of them."""
        raise NotImplementedError("Abstract method")

    def build(self, input_shape: Any) -> None:
        """Does nothing: `call` may make the variables. `built` becomes true after it, so later calls share them."""

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        """Returns (output, new state); what a subclass writes."""
        raise NotImplementedError(f"{type(self).__name__} does not define `call`")

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """Returns zeros for the state before the first step.

        Args:
          inputs: Tensor `[batch, ...]` that tells the batch size and the dtype, in the place of the other two.
          batch_size: Number of rows: an int or a scalar tensor.
          dtype: Dtype of the state.

        Raises:
          ValueError: neither is known, or they contradict each other.
        """
        if inputs is not None:
            inputs = convert_to_tensor(inputs, name="inputs")
            rows = inputs.shape.as_list()[0]
            wanted = constant_value(batch_size) if isinstance(batch_size, Tensor) else batch_size
            if batch_size is not None and rows != wanted:
                raise ValueError(
                    "batch size from input tensor is different from the input param. Input tensor batch: "
                    f"{rows}, batch_size: {batch_size}"
                )
            if dtype is not None and inputs.dtype != as_dtype(dtype):
                raise ValueError(
                    "dtype from input tensor is different from the input param. Input tensor dtype: "
                    f"{inputs.dtype}, dtype: {dtype}"
                )
            batch_size = rows if rows is not None else shape_of(inputs)[0]
            dtype = inputs.dtype
        if batch_size is None or dtype is None:
            raise ValueError(
                f"batch_size and dtype cannot be None while constructing initial state: batch_size={batch_size}, "
                f"dtype={dtype}"
            )
        return self.zero_state(batch_size, dtype)

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Returns zeros in the form of `state_size`.

        Args:
          batch_size: Number of rows: an int or a scalar tensor.
          dtype: Dtype of the state.

        >>> state = tf.nn.rnn_cell.BasicLSTMCell(3).zero_state(2, tf.float32)
        >>> state.c.shape.as_list()
        [2, 3]
        """
        with stacks.get_default_graph().name_scope(type(self).__name__ + "ZeroState"):
            return nest.map_structure(lambda size: _zeros(batch_size, size, dtype), self.state_size)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal cell."""
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes a cell from what `get_config` returned."""
        return cls(**config)


class LayerRNNCell(RNNCell):
    """A cell that makes its variables in `build`, and so needs no scope to find them again."""

    def __call__(self, inputs: Any, state: Any, scope: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Runs one step; see `RNNCell`."""
        return Layer.__call__(self, inputs, state, *args, scope=scope, **kwargs)


def _zeros(batch_size: Any, size: Any, dtype: Any) -> Tensor:
    result = zeros(batched_shape(batch_size, size), dtype=dtype)
    (_, rows), (_, rest) = _as_vector(batch_size, "prefix"), _as_vector(size, "suffix")  # TF1 records them twice
    result.set_shape(rows.concatenate(rest))
    return result


def batched_shape(batch_size: Any, size: Any) -> Tensor:
    """Returns the shape `[batch_size, *size]` as a tensor.

    Args:
      batch_size: An int or a scalar tensor.
      size: An int, a TensorShape, or a tensor.

    Raises:
      ValueError: a size is not known.
    """
    vectors = [_as_vector(batch_size, "prefix")[0], _as_vector(size, "suffix")[0]]
    if any(vector is None for vector in vectors):
        raise ValueError(f"Provided a prefix or suffix of None: {batch_size} and {size}")
    return concat(vectors, 0)


def _as_vector(value: Any, what: str) -> tuple[Tensor | None, TensorShape]:
    if isinstance(value, Tensor):
        known = constant_value(value)
        if value.ndim == 0:
            return expand_dims(value, 0), TensorShape([None if known is None else int(known)])
        if value.ndim != 1:
            raise ValueError(f"{what} tensor must be either a scalar or vector, but saw tensor: {value}")
        return value, TensorShape(None) if known is None else TensorShape(known.tolist())
    shape = value if isinstance(value, TensorShape) else TensorShape(value if _is_listed(value) else [value])
    if not shape.is_fully_defined():
        return None, shape
    return constant(shape.as_list(), dtype="int32"), shape


def _is_listed(value: Any) -> bool:
    return value is None or isinstance(value, (list, tuple))


def assert_like_rnncell(name: str, cell: Any) -> None:
    """Checks that an object can be used as a cell.

    Raises:
      TypeError: it lacks something; the text says what.
    """
    missing = [f"'{p}' property is missing" for p in ("output_size", "state_size") if not _has(cell, p)]
    if not (_has(cell, "get_initial_state") or _has(cell, "zero_state")):
        missing.append("either 'zero_state' or 'get_initial_state' method is required")
    if not callable(cell):
        missing.append("is not callable")
    if missing:
        raise TypeError(f"The argument {name!r} ({cell}) is not an RNNCell: {', '.join(missing)}.")


def _has(value: Any, name: str) -> bool:
    try:
        getattr(value, name)
    except AttributeError:
        return False
    return True


def check_dtypes(*values: Any) -> None:
    """Checks that inputs and states, or dtypes, are floating.

    Raises:
      ValueError: one is not.
    """
    for value in nest.flatten(values):
        if value is None:
            continue
        is_value = isinstance(value, Tensor) or hasattr(value, "op")  # a variable is a state too
        dtype = as_dtype(value.dtype if is_value else value).base_dtype
        if not (dtype.is_floating or dtype.is_complex):
            raise ValueError(f"RNN cell only supports floating point inputs, but received dtype: {dtype!r}")
