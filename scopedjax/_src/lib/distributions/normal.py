"""`Normal`, and the integral of its density in the tails."""

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
from scopedjax._src.lib.distributions.kullback_leibler import RegisterKL
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.control_flow.checks import assert_positive
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.comparison import where
from scopedjax._src.ops.random.sampling import random_normal


class Normal(Distribution):
    """The normal distribution: density `exp(-((x - loc) / scale) ** 2 / 2) / (sqrt(2 pi) * scale)`.

    Args:
      loc: Floating tensor: the mean.
      scale: Floating tensor, positive: the standard deviation; broadcasts with `loc`.
      validate_args: Whether `scale` is checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    Raises:
      TypeError: `loc` and `scale` have different dtypes.

    >>> normal = tf.distributions.Normal(loc=1.0, scale=2.0)
    >>> with tf.Session() as sess:
    ...     print(*sess.run([normal.mean(), normal.stddev(), normal.cdf(1.0)]))
    1.0 2.0 0.5
    """

    def __init__(
        self, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: str = "Normal"
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[loc, scale]) as scope:
            with control_dependencies([assert_positive(scale)] if validate_args else []):
                self._loc = identity(loc, name="loc")
                self._scale = identity(scale, name="scale")
                given.check_same_float_dtype([self._loc, self._scale])
        super().__init__(
            self._scale.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters,
            [self._loc, self._scale], scope,
        )  # fmt: skip

    @classmethod
    def _param_shapes(cls, sample_shape: Tensor) -> dict[str, Tensor]:
        return {"loc": convert_to_tensor(sample_shape), "scale": convert_to_tensor(sample_shape)}

    @property
    def loc(self) -> Tensor:
        """The mean."""
        return self._loc

    @property
    def scale(self) -> Tensor:
        """The standard deviation."""
        return self._scale

    def _batch_shape(self) -> TensorShape:
        return given.broadcast_shape(self.loc, self.scale)

    def _batch_shape_tensor(self) -> Tensor:
        return given.broadcast_shape_tensor(self.loc, self.scale)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], dtype=dtypes.int32)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = given.sample_sizes(n, self.batch_shape_tensor())
        drawn = random_normal(shape=sizes, mean=0.0, stddev=1.0, dtype=self.loc.dtype, seed=seed)
        return drawn * self.scale + self.loc

    def _z(self, x: Any) -> Tensor:
        with name_scope("standardize", values=[x]):
            return (x - self.loc) / self.scale

    def _log_prob(self, x: Any) -> Tensor:
        unnormalized = -0.5 * apply_op("Square", self._z(x))
        return unnormalized - (0.5 * math.log(2.0 * math.pi) + apply_op("Log", self.scale))

    def _log_cdf(self, x: Any) -> Tensor:
        return log_ndtr(self._z(x))

    def _cdf(self, x: Any) -> Tensor:
        return ndtr(self._z(x))

    def _log_survival_function(self, x: Any) -> Tensor:
        return log_ndtr(-self._z(x))

    def _survival_function(self, x: Any) -> Tensor:
        return ndtr(-self._z(x))

    def _quantile(self, p: Any) -> Tensor:
        with name_scope("reconstruct", values=[p]):
            return apply_op("Ndtri", p) * self.scale + self.loc

    def _entropy(self) -> Tensor:
        scale = self.scale * ones_like(self.loc)
        return 0.5 * math.log(2.0 * math.pi * math.e) + apply_op("Log", scale)

    def _mean(self) -> Tensor:
        return self.loc * ones_like(self.scale)

    def _stddev(self) -> Tensor:
        return self.scale * ones_like(self.loc)

    def _mode(self) -> Tensor:
        return self._mean()


@RegisterKL(Normal, Normal)
def _kl_normal_normal(n_a: Normal, n_b: Normal, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_normal_normal", [n_a.loc, n_b.loc]):
        one = constant(1, dtype=n_a.dtype)
        two = constant(2, dtype=n_a.dtype)
        half = constant(0.5, dtype=n_a.dtype)
        variance_a, variance_b = apply_op("Square", n_a.scale), apply_op("Square", n_b.scale)
        ratio = variance_a / variance_b
        distance = apply_op("SquaredDifference", n_a.loc, n_b.loc) / (two * variance_b)
        return distance + half * (ratio - one - apply_op("Log", ratio))


def ndtr(x: Tensor) -> Tensor:
    """The integral of the standard normal density up to `x`, accurate in the lower tail too."""
    with name_scope("ndtr"):
        half_sqrt_2 = np.asarray(0.5 * math.sqrt(2.0), x.dtype.as_numpy_dtype)
        w = x * half_sqrt_2
        z = apply_op("Abs", w)
        tail = apply_op("Erfc", z)
        y = where(z < half_sqrt_2, 1.0 + apply_op("Erf", w), where(w > 0.0, 2.0 - tail, tail))
        return 0.5 * y


def log_ndtr(x: Tensor) -> Tensor:
    """The logarithm of `ndtr`: by the density of the other tail far above, by a series far below.

    Far below, `ndtr(x) = exp(-x ** 2 / 2) / (-x sqrt(2 pi)) * (1 - 1 / x ** 2 + 3 / x ** 4 - 15 / x ** 6 ...)`
    (Abramowitz and Stegun, 26.2.12). Parts that a number is not in get a harmless one, so that gradients are finite.
    """
    double = x.dtype.base_dtype is dtypes.float64
    low, high = (-20.0, 8.0) if double else (-10.0, 5.0)
    low, high = (np.asarray(v, x.dtype.as_numpy_dtype) for v in (low, high))
    with name_scope("log_ndtr"):
        far_up = -ndtr(-x)
        middle = apply_op("Log", ndtr(apply_op("Maximum", x, low)))
        y = apply_op("Minimum", x, low)
        square = apply_op("Square", y)
        series = 1.0 - 1.0 / square * (1.0 - 3.0 / square * (1.0 - 5.0 / square))
        far_down = -0.5 * square - apply_op("Log", -y) - 0.5 * math.log(2.0 * math.pi) + apply_op("Log", series)
        return where(x > high, far_up, where(x > low, middle, far_down))
