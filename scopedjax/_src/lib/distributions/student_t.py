"""`StudentT`: like a normal distribution, with heavier tails."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.recording import control_dependencies, name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.distributions import parameters as given
from scopedjax._src.lib.distributions.distribution import FULLY_REPARAMETERIZED, Distribution
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import zeros
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.shapes import broadcast_dynamic_shape, broadcast_static_shape, shape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.control_flow.checks import assert_positive
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.comparison import where
from scopedjax._src.ops.random.sampling import random_normal
from scopedjax._src.ops.random.skewed import random_gamma


class StudentT(Distribution):
    """Student's t-distribution: with `y = (x - loc) / scale`, density `(1 + y ** 2 / df) ** (-(df + 1) / 2) / c`.

    Args:
      df: Floating tensor, positive: the degrees of freedom.
      loc: Floating tensor: the middle.
      scale: Floating tensor, positive; the three broadcast.
      validate_args: Whether `df` is checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    Raises:
      ValueError: the parameters have different dtypes.

    >>> heavy = tf.distributions.StudentT(df=3.0, loc=1.0, scale=1.0)
    >>> with tf.Session() as sess:
    ...     print(*sess.run([heavy.mean(), heavy.variance(), heavy.cdf(1.0)]))
    1.0 3.0 0.5
    """

    def __init__(
        self,
        df: Any,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "StudentT",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[df, loc, scale]) as scope:
            with control_dependencies([assert_positive(df)] if validate_args else []):
                self._df = identity(df, name="df")
                self._loc = identity(loc, name="loc")
                self._scale = identity(scale, name="scale")
                given.check_same_float_dtype((self._df, self._loc, self._scale))
        super().__init__(
            self._scale.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters,
            [self._df, self._loc, self._scale], scope,
        )  # fmt: skip

    @classmethod
    def _param_shapes(cls, sample_shape: Tensor) -> dict[str, Tensor]:
        return {name: convert_to_tensor(sample_shape, dtype=dtypes.int32) for name in ("df", "loc", "scale")}

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self._df

    @property
    def loc(self) -> Tensor:
        """The middle."""
        return self._loc

    @property
    def scale(self) -> Tensor:
        """The scale."""
        return self._scale

    def _batch_shape(self) -> TensorShape:
        return broadcast_static_shape(broadcast_static_shape(self.df.shape, self.loc.shape), self.scale.shape)

    def _batch_shape_tensor(self) -> Tensor:
        return broadcast_dynamic_shape(shape(self.df), broadcast_dynamic_shape(shape(self.loc), shape(self.scale)))

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], dtype=dtypes.int32)

    def _everywhere(self, x: Tensor) -> Tensor:
        return x + zeros(self.batch_shape_tensor(), dtype=self.dtype)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = given.sample_sizes(n, self.batch_shape_tensor())
        normal = random_normal(sizes, dtype=self.dtype, seed=seed)
        halves = self._everywhere(self.df) * 0.5
        gamma_seed = given.derived_seed(seed, "student_t")
        gamma = random_gamma([n], halves, beta=0.5, dtype=self.dtype, seed=gamma_seed)
        return normal * apply_op("Rsqrt", gamma / self.df) * self.scale + self.loc

    def _log_prob(self, x: Any) -> Tensor:
        y = (x - self.loc) / self.scale
        unnormalized = -0.5 * (self.df + 1.0) * apply_op("Log1p", apply_op("Square", y) / self.df)
        return unnormalized - (
            apply_op("Log", apply_op("Abs", self.scale))
            + 0.5 * apply_op("Log", self.df)
            + 0.5 * math.log(math.pi)
            + apply_op("Lgamma", 0.5 * self.df)
            - apply_op("Lgamma", 0.5 * (self.df + 1.0))
        )

    def _cdf(self, x: Any) -> Tensor:
        y = (x - self.loc) / apply_op("Abs", self.scale)
        share = self.df / (apply_op("Square", y) + self.df)
        nothing = 0.0 * share
        half = np.asarray(0.5, self.dtype.as_numpy_dtype)
        lower = 0.5 * apply_op("Betainc", 0.5 * self.df + nothing, half + nothing, share)
        return where(y + nothing < 0.0, lower, 1.0 - lower)

    def _entropy(self) -> Tensor:
        half, more = 0.5 * self._everywhere(self.df), 0.5 * (self._everywhere(self.df) + 1.0)
        log_beta = apply_op("Lgamma", half) + math.lgamma(0.5) - apply_op("Lgamma", more)
        return (
            apply_op("Log", apply_op("Abs", self.scale))
            + 0.5 * apply_op("Log", self.df)
            + log_beta
            + more * (apply_op("Digamma", more) - apply_op("Digamma", half))
        )

    def _mean(self) -> Tensor:
        mean = self._everywhere(self.loc)
        if self.allow_nan_stats:
            return given.nan_where_not(self._everywhere(self.df) > 1.0, mean)
        return given.checked(mean, [given.assert_above(self.df, 1.0, "mean not defined for components of df <= 1")])

    def _variance(self) -> Tensor:
        df = self._everywhere(self.df)
        two = np.asarray(2.0, self.dtype.as_numpy_dtype)
        is_finite = df > two
        divisor = where(is_finite, df - two, df / df)
        finite = self._everywhere(apply_op("Square", self.scale)) * df / divisor
        infinite = apply_op("Fill", shape(finite), np.asarray(np.inf, self.dtype.as_numpy_dtype))
        variance = where(is_finite, finite, infinite)
        if self.allow_nan_stats:
            return given.nan_where_not(df > 1.0, variance)
        message = "variance not defined for components of df <= 1"
        return given.checked(variance, [given.assert_above(self.df, 1.0, message)])

    def _mode(self) -> Tensor:
        return self._everywhere(self.loc)
