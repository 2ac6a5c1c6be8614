"""`Distribution`: what all probability distributions have in common.

    d = tf.distributions.Normal(loc=[0.0, 1.0], scale=2.0)      batch_shape [2], event_shape []
    d.sample(5)                                                 [5, 2]: sample_shape + batch_shape + event_shape
    d.log_prob(0.3)                                             [2]: shape of the value without the event, and the batch

One object stands for a batch of distributions of one family. A subclass computes (`_log_prob`, `_sample_n`, ...); the
public methods open the name scope, convert what they are given, and derive what a subclass leaves out: `prob` from
`log_prob` and the other way, `stddev` from `variance`, survival functions from `cdf`. What can be neither computed nor
derived raises NotImplementedError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.distributions import kullback_leibler
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import reshape, shape
from scopedjax._src.ops.constant_value import constant_value, constant_value_as_dims
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.comparison import equal
from scopedjax._src.ops.math.reductions import reduce_prod


class ReparameterizationType:
    """Whether samples are a differentiable function of the parameters and of noise that does not depend on them.

    Args:
      rep_type: Its name.

    >>> tf.distributions.FULLY_REPARAMETERIZED
    <Reparameterization Type: FULLY_REPARAMETERIZED>
    """

    def __init__(self, rep_type: str) -> None:
        self._rep_type = rep_type

    def __repr__(self) -> str:
        return f"<Reparameterization Type: {self._rep_type}>"

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


FULLY_REPARAMETERIZED = ReparameterizationType("FULLY_REPARAMETERIZED")
NOT_REPARAMETERIZED = ReparameterizationType("NOT_REPARAMETERIZED")


class Distribution:
    """A batch of probability distributions of one family; the base of all of them.

    Args:
      dtype: Dtype of the samples.
      reparameterization_type: `FULLY_REPARAMETERIZED` or `NOT_REPARAMETERIZED`.
      validate_args: Whether parameters and values are checked in each run, at some cost.
      allow_nan_stats: Whether a statistic that is not defined is NaN; an error in the run otherwise.
      parameters: The arguments that the object was made with, for `copy`.
      graph_parents: Tensors that the distribution depends on.
      name: Name scope of its nodes; defaults to the name of the class.

    Raises:
      ValueError: `graph_parents` holds something that is no tensor.

    >>> normal = tf.distributions.Normal(0.0, [1.0, 2.0])
    >>> normal.batch_shape.as_list(), normal.event_shape.as_list(), normal.dtype
    ([2], [], tf.float32)
    """

    def __init__(
        self,
        dtype: Any,
        reparameterization_type: ReparameterizationType,
        validate_args: bool,
        allow_nan_stats: bool,
        parameters: dict[str, Any] | None = None,
        graph_parents: Any = None,
        name: str | None = None,
    ) -> None:
        graph_parents = [] if graph_parents is None else graph_parents
        for i, parent in enumerate(graph_parents):
            if parent is None or not isinstance(parent, Tensor):
                raise ValueError(f"Graph parent item {i} is not a Tensor; {parent}.")
        if not name or name[-1] != "/":
            with name_scope(name or type(self).__name__) as scope:
                name = scope
        self._dtype = as_dtype(dtype)
        self._reparameterization_type = reparameterization_type
        self._validate_args = validate_args
        self._allow_nan_stats = allow_nan_stats
        self._initial_parameters = dict(parameters or {})
        self._graph_parents = graph_parents
        self._name = name

    # What it is ------------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name scope, with a slash at its end."""
        return self._name

    @property
    def dtype(self) -> DType:
        """Dtype of the samples."""
        return self._dtype

    @property
    def parameters(self) -> dict[str, Any]:
        """The arguments that the object was made with."""
        hidden = ("self", "__class__", "parameters")
        return {k: v for k, v in self._initial_parameters.items() if k not in hidden and not k.startswith("__")}

    @property
    def reparameterization_type(self) -> ReparameterizationType:
        """Whether gradients flow through samples to the parameters."""
        return self._reparameterization_type

    @property
    def allow_nan_stats(self) -> bool:
        """Whether a statistic that is not defined is NaN."""
        return self._allow_nan_stats

    @property
    def validate_args(self) -> bool:
        """Whether parameters and values are checked in each run."""
        return self._validate_args

    def copy(self, **override_parameters_kwargs: Any) -> Any:
        """Makes a distribution of the same family with some other parameters.

        Args:
          **override_parameters_kwargs: The arguments that differ.

        >>> tf.distributions.Normal(0.0, 1.0).copy(scale=[1.0, 2.0]).batch_shape.as_list()
        [2]
        """
        return type(self)(**{**self.parameters, **override_parameters_kwargs})

    @classmethod
    def _param_shapes(cls, sample_shape: Tensor) -> dict[str, Tensor]:
        raise NotImplementedError("param_shapes not implemented")

    @classmethod
    def param_shapes(cls, sample_shape: Any, name: str = "DistributionParamShapes") -> dict[str, Tensor]:
        """Tells the shapes that parameters must have for one sample to have a shape.

        Args:
          sample_shape: 1-D integer tensor or list.
          name: Name scope.

        Returns:
          Parameter names and their shapes as tensors.
        """
        with name_scope(name, values=[sample_shape]):
            return cls._param_shapes(convert_to_tensor(sample_shape, dtype=dtypes.int32))

    @classmethod
    def param_static_shapes(cls, sample_shape: Any) -> dict[str, TensorShape]:
        """Tells the shapes of `param_shapes` where they are known when the graph is made.

        Args:
          sample_shape: TensorShape, or 1-D integer tensor or list that is known.

        Returns:
          Parameter names and their shapes.

        Raises:
          ValueError: a shape is not known.
        """
        if isinstance(sample_shape, TensorShape):
            if not sample_shape.is_fully_defined():
                raise ValueError("TensorShape sample_shape must be fully defined")
            sample_shape = sample_shape.as_list()
        found = {}
        for name, tensor in cls.param_shapes(sample_shape).items():
            value = constant_value(tensor)
            if value is None:
                raise ValueError("sample_shape must be a fully-defined TensorShape or constant Tensor")
            found[name] = TensorShape(value.tolist())
        return found

    # Shapes ----------------------------------------------------------------------------------------------------------

    def _batch_shape(self) -> TensorShape:
        return TensorShape(None)

    def _batch_shape_tensor(self) -> Tensor:
        self._lacks("batch_shape_tensor")

    def _event_shape(self) -> TensorShape:
        return TensorShape(None)

    def _event_shape_tensor(self) -> Any:
        self._lacks("event_shape_tensor")

    @property
    def batch_shape(self) -> TensorShape:
        """The static shape of the batch of distributions."""
        return self._batch_shape()

    @property
    def event_shape(self) -> TensorShape:
        """The static shape of one draw from one distribution."""
        return self._event_shape()

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Tensor:
        """Returns the shape of the batch as an int32 vector.

        Args:
          name: Name scope.
        """
        return self._shape_tensor(name, self.batch_shape, self._batch_shape_tensor, "batch_shape")

    def event_shape_tensor(self, name: str = "event_shape_tensor") -> Tensor:
        """Returns the shape of one draw from one distribution as an int32 vector.

        Args:
          name: Name scope.
        """
        return self._shape_tensor(name, self.event_shape, self._event_shape_tensor, "event_shape")

    def _shape_tensor(self, name: str, known: TensorShape, compute: Callable[[], Any], tensor_name: str) -> Tensor:
        with self._name_scope(name):
            if known.is_fully_defined():
                return convert_to_tensor(np.asarray(known.as_list(), np.int32), name=tensor_name)
            return identity(compute(), name=tensor_name)

    def is_scalar_event(self, name: str = "is_scalar_event") -> Tensor:
        """Tells whether one draw is a scalar.

        Args:
          name: Name scope.

        Returns:
          Scalar of bool.
        """
        with self._name_scope(name):
            return self._is_scalar(self.event_shape, self.event_shape_tensor)

    def is_scalar_batch(self, name: str = "is_scalar_batch") -> Tensor:
        """Tells whether this is one distribution and not a batch.

        Args:
          name: Name scope.

        Returns:
          Scalar of bool.
        """
        with self._name_scope(name):
            return self._is_scalar(self.batch_shape, self.batch_shape_tensor)

    @staticmethod
    def _is_scalar(known: TensorShape, tensor: Callable[[], Tensor]) -> Tensor:
        if known.ndims is not None:
            return convert_to_tensor(known.ndims == 0, name="is_scalar")
        return equal(shape(tensor())[0], 0, name="is_scalar")

    # Samples ---------------------------------------------------------------------------------------------------------

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        self._lacks("sample_n")

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: str = "sample") -> Tensor:
        """Draws samples.

        Args:
          sample_shape: Integer, or 1-D integer tensor or list: how many.
          seed: Seed of the random node.
          name: Name scope.

        Returns:
          Tensor of shape `sample_shape + batch_shape + event_shape`.

        >>> tf.distributions.Normal(0.0, [1.0, 2.0]).sample([4, 3]).shape.as_list()
        [4, 3, 2]
        """
        with self._name_scope(name):
            wanted = convert_to_tensor(sample_shape, dtype=dtypes.int32, name="sample_shape")
            wanted, n = self._as_vector(wanted)
            drawn = self._sample_n(n, seed)
            rest = shape(drawn)[1:]
            result = reshape(drawn, concat([wanted, rest], 0))
            return self._with_known_shape(result, wanted)

    @staticmethod
    def _as_vector(sample_shape: Tensor) -> tuple[Tensor, Any]:
        """A sample shape as a vector, and the number of samples: known where it can be."""
        value = constant_value(sample_shape)
        if value is None:
            count = reduce_prod(sample_shape)
            return (reshape(sample_shape, [1]) if sample_shape.ndim == 0 else sample_shape), count
        if sample_shape.ndim == 0:
            sample_shape = convert_to_tensor(value.reshape(1), name="sample_shape")
        return sample_shape, np.prod(value, dtype=np.int32)

    def _with_known_shape(self, drawn: Tensor, sample_shape: Tensor) -> Tensor:
        outer = constant_value_as_dims(sample_shape)
        known = TensorShape(outer).concatenate(self.batch_shape).concatenate(self.event_shape)
        drawn.set_shape(known)
        return drawn

    # Densities -------------------------------------------------------------------------------------------------------

    _log_prob: Callable[[Any], Tensor] | None = None
    _prob: Callable[[Any], Tensor] | None = None
    _log_cdf: Callable[[Any], Tensor] | None = None
    _cdf: Callable[[Any], Tensor] | None = None
    _log_survival_function: Callable[[Any], Tensor] | None = None
    _survival_function: Callable[[Any], Tensor] | None = None
    _quantile: Callable[[Any], Tensor] | None = None

    def _of_value(self, name: str, value: Any, *ways: tuple[Callable[[Any], Tensor] | None, Any]) -> Tensor:
        """Computes by the first way that a subclass has, and turns what it gives into what is wanted."""
        with self._name_scope(name):
            value = convert_to_tensor(value, name="value", preferred_dtype=self.dtype)
            for compute, turn in ways:
                if compute is not None:
                    return turn(compute(value)) if turn else compute(value)
            self._lacks(name)

    def log_prob(self, value: Any, name: str = "log_prob") -> Tensor:
        """Computes the logarithm of the probability density, or of the probability for discrete distributions.

        Args:
          value: Tensor.
          name: Name scope.

        Returns:
          Tensor of the shape of `value`, without the event, broadcast with that of the batch.

        >>> round(float(tf.Session().run(tf.distributions.Normal(0.0, 1.0).log_prob(0.0))), 4)
        -0.9189
        """
        return self._of_value(name, value, (self._log_prob, None), (self._prob, _log))

    def prob(self, value: Any, name: str = "prob") -> Tensor:
        """Computes the probability density, or the probability for discrete distributions.

        Args:
          value: Tensor.
          name: Name scope.

        Returns:
          Tensor of the shape of `value`, without the event, broadcast with that of the batch.
        """
        return self._of_value(name, value, (self._prob, None), (self._log_prob, _exp))

    def log_cdf(self, value: Any, name: str = "log_cdf") -> Tensor:
        """Computes the logarithm of the probability of a sample up to `value`.

        Args:
          value: Tensor.
          name: Name scope.

        Returns:
          Tensor of the shape of `value` broadcast with that of the batch.
        """
        return self._of_value(name, value, (self._log_cdf, None), (self._cdf, _log))

    def cdf(self, value: Any, name: str = "cdf") -> Tensor:
        """Computes the probability of a sample up to `value`.

        Args:
          value: Tensor.
          name: Name scope.

        Returns:
          Tensor of the shape of `value` broadcast with that of the batch.
        """
        return self._of_value(name, value, (self._cdf, None), (self._log_cdf, _exp))

    def log_survival_function(self, value: Any, name: str = "log_survival_function") -> Tensor:
        """Computes the logarithm of the probability of a sample above `value`.

        Args:
          value: Tensor.
          name: Name scope.

        Returns:
          Tensor of the shape of `value` broadcast with that of the batch.
        """
        ways = (
            (self._log_survival_function, None),
            (self._cdf, lambda cdf: apply_op("Log1p", -cdf)),
            (self._log_cdf, lambda log_cdf: apply_op("Log1p", -_exp(log_cdf))),
        )
        return self._of_value(name, value, *ways)

    def survival_function(self, value: Any, name: str = "survival_function") -> Tensor:
        """Computes the probability of a sample above `value`.

        Args:
          value: Tensor.
          name: Name scope.

        Returns:
          Tensor of the shape of `value` broadcast with that of the batch.
        """
        ways = (
            (self._survival_function, None),
            (self._cdf, lambda cdf: 1.0 - cdf),
            (self._log_cdf, lambda log_cdf: 1.0 - _exp(log_cdf)),
        )
        return self._of_value(name, value, *ways)

    def quantile(self, value: Any, name: str = "quantile") -> Tensor:
        """Computes the number up to which a sample is with a given probability: the inverse of `cdf`.

        Args:
          value: Tensor between 0 and 1.
          name: Name scope.

        Returns:
          Tensor of the shape of `value` broadcast with that of the batch.
        """
        return self._of_value(name, value, (self._quantile, None))

    # Statistics ------------------------------------------------------------------------------------------------------

    _entropy: Callable[[], Tensor] | None = None
    _mean: Callable[[], Tensor] | None = None
    _variance: Callable[[], Tensor] | None = None
    _stddev: Callable[[], Tensor] | None = None
    _covariance: Callable[[], Tensor] | None = None
    _mode: Callable[[], Tensor] | None = None

    def _statistic(self, name: str, *ways: tuple[Callable[[], Tensor] | None, Any]) -> Tensor:
        with self._name_scope(name):
            for compute, turn in ways:
                if compute is not None:
                    return turn(compute()) if turn else compute()
            self._lacks(name)

    def entropy(self, name: str = "entropy") -> Tensor:
        """Computes the entropy in nats.

        Args:
          name: Name scope.

        Returns:
          Tensor of the shape of the batch.
        """
        return self._statistic(name, (self._entropy, None))

    def mean(self, name: str = "mean") -> Tensor:
        """Computes the mean.

        Args:
          name: Name scope.

        Returns:
          Tensor of shape `batch_shape + event_shape`.
        """
        return self._statistic(name, (self._mean, None))

    def variance(self, name: str = "variance") -> Tensor:
        """Computes the variance of each component.

        Args:
          name: Name scope.

        Returns:
          Tensor of shape `batch_shape + event_shape`.
        """
        return self._statistic(name, (self._variance, None), (self._stddev, lambda x: apply_op("Square", x)))

    def stddev(self, name: str = "stddev") -> Tensor:
        """Computes the standard deviation of each component.

        Args:
          name: Name scope.

        Returns:
          Tensor of shape `batch_shape + event_shape`.
        """
        return self._statistic(name, (self._stddev, None), (self._variance, lambda x: apply_op("Sqrt", x)))

    def covariance(self, name: str = "covariance") -> Tensor:
        """Computes the covariances of the components of one draw.

        Args:
          name: Name scope.

        Returns:
          Tensor of shape `batch_shape + [k, k]`, for events of k components.
        """
        return self._statistic(name, (self._covariance, None))

    def mode(self, name: str = "mode") -> Tensor:
        """Computes the most probable value.

        Args:
          name: Name scope.

        Returns:
          Tensor of shape `batch_shape + event_shape`.
        """
        return self._statistic(name, (self._mode, None))

    def cross_entropy(self, other: Distribution, name: str = "cross_entropy") -> Tensor:
        """Computes the cross entropy of this distribution and another: its entropy and their divergence.

        Args:
          other: Distribution.
          name: Name scope.

        Returns:
          Tensor of the shape of the batch.
        """
        with self._name_scope(name):
            return kullback_leibler.cross_entropy(self, other, allow_nan_stats=self._allow_nan_stats)

    def kl_divergence(self, other: Distribution, name: str = "kl_divergence") -> Tensor:
        """Computes the Kullback-Leibler divergence of another distribution from this one, in nats.

        Args:
          other: Distribution of a family for which a formula is registered.
          name: Name scope.

        Returns:
          Tensor of the shape of the batch.

        >>> a, b = tf.distributions.Normal(0.0, 1.0), tf.distributions.Normal(1.0, 1.0)
        >>> float(tf.Session().run(a.kl_divergence(b)))
        0.5
        """
        with self._name_scope(name):
            return kullback_leibler.kl_divergence(self, other, allow_nan_stats=self._allow_nan_stats)

    # ------------------------------------------------------------------------------------------------------------------

    @contextmanager
    def _name_scope(self, name: str | None = None) -> Iterator[str]:
        with name_scope(self.name), name_scope(name) as scope:
            yield scope

    def _lacks(self, method: str) -> NoReturn:
        raise NotImplementedError(f"{method} is not implemented: {type(self).__name__}")

    def __str__(self) -> str:
        return (
            f'tfp.distributions.{type(self).__name__}("{self.name}", batch_shape={self.batch_shape}, '
            f"event_shape={self.event_shape}, dtype={self.dtype.name})"
        )

    def __repr__(self) -> str:
        return (
            f"<tfp.distributions.{type(self).__name__} '{self.name}' batch_shape={self.batch_shape} "
            f"event_shape={self.event_shape} dtype={self.dtype.name}>"
        )


def _log(x: Tensor) -> Tensor:
    return apply_op("Log", x)


def _exp(x: Tensor) -> Tensor:
    return apply_op("Exp", x)
