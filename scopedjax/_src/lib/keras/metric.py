"""Metrics that are kept from batch to batch: layers whose variables hold sums, `update_state` and `result`.

    m = Mean();  shown = m(values)      each run adds its values, and gives the mean of all so far
    m.reset_states()                    starts anew (`fit` does so before each epoch)

The variables are in no collection; `get_session` starts them. `MeanMetricWrapper` makes a metric of a function
`(y_true, y_pred)` that gives one number an example: it keeps their mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import initializers, metrics, naming, state
from scopedjax._src.lib.keras.layer import Layer
from scopedjax._src.ops.array.filling import ones_like
from scopedjax._src.ops.array.shapes import expand_dims, size, squeeze
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.elementwise import abs as absolute
from scopedjax._src.ops.math.elementwise import sqrt, squared_difference
from scopedjax._src.ops.math.reductions import reduce_mean, reduce_sum
from scopedjax._src.ops.math.special import div_no_nan
from scopedjax._src.variables.creation import create
from scopedjax._src.variables.kinds import VariableAggregation, VariableSynchronization
from scopedjax._src.variables.spec import VariableSpec


class Metric(Layer):
    """A number that is kept over batches; a subclass says `update_state` and `result`.

    Args:
      name: Name; the class's by default.
      dtype: Dtype of the result; float32 by default.
      **kwargs: As for `Layer`.

    >>> class Largest(tf.keras.metrics.Metric):
    ...     def __init__(self, name="largest", **kwargs):
    ...         super().__init__(name, **kwargs)
    ...         self.value = self.add_weight("value", initializer="zeros")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         return self.value.assign(tf.maximum(self.value, tf.reduce_max(y_pred)))
    ...     def result(self):
    ...         return self.value.read_value()
    >>> float(tf.keras.backend.eval(Largest()(0.0, tf.constant([1.0, 3.0]))))
    3.0
    """

    _is_metric = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if cls.__module__.startswith(__package__ or "") and not cls.__name__.startswith("_"):
            metrics.NAMED.named[cls.__name__] = cls

    def __init__(self, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        self._dtype = as_dtype(dtype or state.floatx()).base_dtype
        self.stateful = True
        self.built = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Adds values, as `update_state` does, and returns the result after that."""
        graph = stacks.get_default_graph()
        with graph.name_scope(self.name):
            update = self.update_state(*args, **kwargs)
            with graph.control_dependencies([update]):
                result = self.result()
        state.state_of(graph).measured[result] = self
        return result

    def update_state(self, *args: Any, **kwargs: Any) -> Operation:
        """Returns the operation that adds values; a subclass says how."""
        raise NotImplementedError("Must be implemented in subclasses.")

    def result(self) -> Any:
        """Returns the number; a subclass says how."""
        raise NotImplementedError("Must be implemented in subclasses.")

    def reset_states(self) -> None:
        """Sets the variables to zero."""
        state.batch_set_value([(v, np.zeros(v.get_shape().as_list())) for v in self.weights])

    def add_weight(
        self,
        name: str | None = None,
        shape: Any = (),
        aggregation: VariableAggregation = VariableAggregation.SUM,
        synchronization: VariableSynchronization = VariableSynchronization.ON_READ,
        initializer: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Makes a variable of the metric, which is not trained and in no collection.

        Args:
          name: Name.
          shape: Shape; a scalar by default.
          aggregation: Accepted.
          synchronization: Accepted.
          initializer: Initializer or its name; zeros by default.
          dtype: Dtype; that of the metric by default.
          **kwargs: Accepted.
        """
        kind = as_dtype(dtype or self._dtype).base_dtype
        make = initializers.get(initializer) or initializers.get("zeros")
        sizes = tuple(shape or ())
        spec = VariableSpec(
            lambda: make(sizes, dtype=kind), name=name, dtype=kind, trainable=False, use_resource=True, collections=[],
        )  # fmt: skip
        with stacks.get_default_graph().outermost():
            made = create(spec)
        self._track(made)
        return made

    @property
    def dtype(self) -> Any:
        """Name of the dtype of the result."""
        return self._dtype.name if self._dtype is not None else None

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the metric from again."""
        return {"name": self.name, "dtype": self.dtype}


def weighed(values: Tensor, sample_weight: Any) -> tuple[Tensor, Tensor]:
    """(values, weights) in one shape: values of examples that have one weight each are meant over."""
    weights = cast(convert_to_tensor(sample_weight), values.dtype)
    rank, wanted = weights.shape.ndims, values.shape.ndims
    if wanted == 0:
        return values, ones_like(values)
    if rank is not None and wanted is not None:
        if rank == wanted + 1:
            weights = squeeze(weights, [-1])
        elif rank and rank == wanted - 1:
            weights = expand_dims(weights, -1)
        elif rank and rank < wanted:
            values = reduce_mean(values, axis=list(range(rank, wanted)))
    return values, weights * ones_like(values)


def comparable(y_true: Any, y_pred: Any, dtype: Any) -> tuple[Tensor, Tensor]:
    """Both in one dtype, without a last axis of size one that the other does not have."""
    y_true, y_pred = cast(convert_to_tensor(y_true), dtype), cast(convert_to_tensor(y_pred), dtype)
    if y_true.shape.ndims is None or y_pred.shape.ndims is None:
        return y_true, y_pred
    more = y_pred.shape.ndims - y_true.shape.ndims
    if more == 1 and y_pred.shape.as_list()[-1] == 1:
        return y_true, squeeze(y_pred, [-1])
    if more == -1 and y_true.shape.as_list()[-1] == 1:
        return squeeze(y_true, [-1]), y_pred
    return y_true, y_pred


class _Reduce(Metric):
    """What sums and means share."""

    _counts = True

    def __init__(self, name: str, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_weight("total")
        self.count: Any = self.add_weight("count") if self._counts else None

    def update_state(self, values: Any, sample_weight: Any = None) -> Operation:
        """Returns the operation that adds values, each times its weight."""
        values = cast(convert_to_tensor(values), self._dtype)
        if sample_weight is None:
            count = cast(size(values), self._dtype)
        else:
            values, weights = weighed(values, sample_weight)
            values, count = values * weights, reduce_sum(weights)
        updates = [self.total.assign_add(reduce_sum(values))]
        if self._counts:
            updates.append(self.count.assign_add(count))
        return group(*[u.op for u in updates])

    def result(self) -> Tensor:
        """Returns the sum, or the mean."""
        total = self.total.read_value()
        return div_no_nan(total, self.count.read_value()) if self._counts else total


class Sum(_Reduce):
    """The sum of all values so far.

    Args:
      name: Name.
      dtype: Dtype of the result.

    >>> float(tf.keras.backend.eval(tf.keras.metrics.Sum()([1.0, 3.0])))
    4.0
    """

    _counts = False

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(name, dtype)


class Mean(_Reduce):
    """The mean of all values so far.

    Args:
      name: Name.
      dtype: Dtype of the result.

    >>> float(tf.keras.backend.eval(tf.keras.metrics.Mean()([1.0, 3.0])))
    2.0
    """

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(name, dtype)


class MeanRelativeError(Mean):
    """The mean of `|y_pred - y_true| / normalizer`.

    Args:
      normalizer: What to divide by, in the shape of the predictions.
      name: Name.
      dtype: Dtype of the result.

    >>> metric = tf.keras.metrics.MeanRelativeError([1.0, 2.0])
    >>> float(tf.keras.backend.eval(metric([1.0, 3.0], [2.0, 5.0])))
    1.0
    """

    def __init__(self, normalizer: Any, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name or "mean_relative_error", dtype)
        self.normalizer = normalizer

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Operation:  # pyright: ignore
        """Returns the operation that adds the errors of predictions."""
        y_true, y_pred = comparable(y_true, y_pred, self._dtype)
        normalizer = cast(convert_to_tensor(self.normalizer), self._dtype)
        return super().update_state(div_no_nan(absolute(y_true - y_pred), normalizer), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the metric from again."""
        return {**super().get_config(), "normalizer": self.normalizer}


class RootMeanSquaredError(Mean):
    """The root of the mean of squared errors.

    Args:
      name: Name.
      dtype: Dtype of the result.

    >>> float(tf.keras.backend.eval(tf.keras.metrics.RootMeanSquaredError()([0.0, 0.0], [3.0, 3.0])))
    3.0
    """

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Operation:  # pyright: ignore
        """Returns the operation that adds the squared errors of predictions."""
        y_true, y_pred = comparable(y_true, y_pred, self._dtype)
        return super().update_state(squared_difference(y_pred, y_true), sample_weight)

    def result(self) -> Tensor:
        """Returns the root of the mean."""
        return sqrt(super().result())


class MeanTensor(Metric):
    """The mean of tensors, element by element.

    Args:
      name: Name.
      dtype: Dtype of the result.

    >>> tf.keras.backend.eval(tf.keras.metrics.MeanTensor()([1.0, 3.0])).tolist()
    [1.0, 3.0]
    """

    def __init__(self, name: str = "mean_tensor", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total: Any = None
        self.count: Any = None

    def update_state(self, values: Any, sample_weight: Any = None) -> Operation:
        """Returns the operation that adds a tensor, whose shape is known."""
        values = cast(convert_to_tensor(values), self._dtype)
        if self.total is None:
            self.total = self.add_weight("total", values.shape.as_list())
            self.count = self.add_weight("count", values.shape.as_list())
        count = ones_like(values)
        if sample_weight is not None:
            values, count = weighed(values, sample_weight)
            values = values * count
        return group(self.total.assign_add(values).op, self.count.assign_add(count).op)

    def result(self) -> Tensor:
        """Returns the means."""
        if self.total is None:
            raise ValueError(
                "MeanTensor does not have any result yet. Please call the MeanTensor instance or use "
                "`.update_state(value)` before retrieving the result."
            )
        return div_no_nan(self.total.read_value(), self.count.read_value())


class MeanMetricWrapper(Mean):
    """The mean of a function `(y_true, y_pred)` that gives one number an example."""

    def __init__(self, fn: Any, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name or fn.__name__, dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Operation:  # pyright: ignore
        """Returns the operation that adds the numbers of predictions."""
        y_true, y_pred = comparable(y_true, y_pred, self._dtype)
        return super().update_state(self._fn(y_true, y_pred, **self._fn_kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the metric from again."""
        return {**super().get_config(), **{k: naming.plain(v) for k, v in self._fn_kwargs.items()}}
