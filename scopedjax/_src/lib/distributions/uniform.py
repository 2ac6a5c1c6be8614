"""`Uniform`: evenly between two numbers."""

from __future__ import annotations

import math
from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.recording import control_dependencies, name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.distributions import parameters as given
from scopedjax._src.lib.distributions.distribution import FULLY_REPARAMETERIZED, Distribution
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like, zeros_like
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.shapes import shape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.control_flow.checks import assert_less
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.comparison import where
from scopedjax._src.ops.random.sampling import random_uniform


class Uniform(Distribution):
    """The uniform distribution: density `1 / (high - low)` from `low` on and below `high`.

    Args:
      low: Floating tensor.
      high: Floating tensor, greater than `low`; broadcasts with it.
      validate_args: Whether `low < high` is checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    Raises:
      InvalidArgumentError: (when run, with `validate_args`) `low` is not below `high`.

    >>> uniform = tf.distributions.Uniform(low=1.0, high=5.0)
    >>> with tf.Session() as sess:
    ...     print(*sess.run([uniform.mean(), uniform.prob(2.0), uniform.cdf(2.0)]))
    3.0 0.25 0.25
    """

    def __init__(
        self,
        low: Any = 0.0,
        high: Any = 1.0,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Uniform",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[low, high]) as scope:
            message = "uniform not defined when low >= high."
            with control_dependencies([assert_less(low, high, message=message)] if validate_args else []):
                self._low = identity(low, name="low")
                self._high = identity(high, name="high")
                given.check_same_float_dtype([self._low, self._high])
        super().__init__(
            self._low.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters,
            [self._low, self._high], scope,
        )  # fmt: skip

    @classmethod
    def _param_shapes(cls, sample_shape: Tensor) -> dict[str, Tensor]:
        return {"low": convert_to_tensor(sample_shape), "high": convert_to_tensor(sample_shape)}

    @property
    def low(self) -> Tensor:
        """The lower bound, included."""
        return self._low

    @property
    def high(self) -> Tensor:
        """The upper bound, excluded."""
        return self._high

    def range(self, name: str = "range") -> Tensor:
        """Computes `high - low`.

        Args:
          name: Name scope.
        """
        with self._name_scope(name):
            return self.high - self.low

    def _batch_shape(self) -> TensorShape:
        return given.broadcast_shape(self.low, self.high)

    def _batch_shape_tensor(self) -> Tensor:
        return given.broadcast_shape_tensor(self.low, self.high)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], dtype=dtypes.int32)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = given.sample_sizes(n, self.batch_shape_tensor())
        drawn = random_uniform(shape=sizes, dtype=self.dtype, seed=seed)
        return self.low + self.range() * drawn

    def _prob(self, x: Any) -> Tensor:
        everywhere = x * ones_like(self.low * self.high)
        outside = apply_op("LogicalOr", everywhere < self.low, everywhere >= self.high)
        density = ones_like(everywhere) / self.range()
        return where(apply_op("IsNan", everywhere), everywhere, where(outside, zeros_like(everywhere), density))

    def _cdf(self, x: Any) -> Tensor:
        sizes = given.broadcast_dynamic_shape(shape(x), self.batch_shape_tensor())
        ones = given.ones_of(sizes, self.low)
        zeros = zeros_like(ones)
        everywhere = x * ones
        share = (everywhere - self.low) / self.range()
        return where(x * ones < self.low * ones, zeros, where(everywhere >= self.high * ones, ones, share))

    def _entropy(self) -> Tensor:
        return apply_op("Log", self.range())

    def _mean(self) -> Tensor:
        return (self.low + self.high) / 2.0

    def _variance(self) -> Tensor:
        return apply_op("Square", self.range()) / 12.0

    def _stddev(self) -> Tensor:
        return self.range() / math.sqrt(12.0)
