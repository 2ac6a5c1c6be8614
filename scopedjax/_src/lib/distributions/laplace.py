"""`Laplace`: two exponentials, back to back."""

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
from scopedjax._src.ops.array.filling import zeros_like
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.control_flow.checks import assert_positive
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.comparison import where
from scopedjax._src.ops.random.sampling import random_uniform


class Laplace(Distribution):
    """The Laplace distribution: density `exp(-|x - loc| / scale) / (2 * scale)`.

    Args:
      loc: Floating tensor: the mean.
      scale: Floating tensor, positive; broadcasts with `loc`.
      validate_args: Whether `scale` is checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    Raises:
      TypeError: `loc` and `scale` have different dtypes.

    >>> laplace = tf.distributions.Laplace(loc=1.0, scale=2.0)
    >>> with tf.Session() as sess:
    ...     print(*sess.run([laplace.mean(), laplace.prob(1.0), laplace.cdf(1.0)]))
    1.0 0.25 0.5
    """

    def __init__(
        self, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: str = "Laplace"
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[loc, scale]) as scope:
            with control_dependencies([assert_positive(scale)] if validate_args else []):
                self._loc = identity(loc, name="loc")
                self._scale = identity(scale, name="scale")
                given.check_same_float_dtype([self._loc, self._scale])
        super().__init__(
            self._loc.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters,
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
        """The mean distance from the mean."""
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
        kind = self.dtype.as_numpy_dtype
        above = np.nextafter(kind(-1.0), kind(0.0))  # -1 itself would give infinity
        u = random_uniform(shape=sizes, minval=above, maxval=1.0, dtype=self.dtype, seed=seed)
        return self.loc - self.scale * apply_op("Sign", u) * apply_op("Log1p", -apply_op("Abs", u))

    def _z(self, x: Any) -> Tensor:
        return (x - self.loc) / self.scale

    def _log_prob(self, x: Any) -> Tensor:
        return -apply_op("Abs", self._z(x)) - (math.log(2.0) + apply_op("Log", self.scale))

    def _prob(self, x: Any) -> Tensor:
        return 0.5 * apply_op("Exp", -apply_op("Abs", self._z(x))) / self.scale

    def _cdf(self, x: Any) -> Tensor:
        z = self._z(x)
        return 0.5 + 0.5 * apply_op("Sign", z) * (1.0 - apply_op("Exp", -apply_op("Abs", z)))

    def _log_cdf(self, x: Any) -> Tensor:
        return _log_half_or_less(self._z(x))

    def _log_survival_function(self, x: Any) -> Tensor:
        return _log_half_or_less(-self._z(x))

    def _entropy(self) -> Tensor:
        scale = self.scale + zeros_like(self.loc)
        return math.log(2.0) + 1.0 + apply_op("Log", scale)

    def _mean(self) -> Tensor:
        return self.loc + zeros_like(self.scale)

    def _stddev(self) -> Tensor:
        return math.sqrt(2.0) * self.scale + zeros_like(self.loc)

    def _mode(self) -> Tensor:
        return self._mean()


def _log_half_or_less(z: Tensor) -> Tensor:
    """The logarithm of the standard cdf: `exp(z) / 2` below 0, `1 - exp(-z) / 2` above."""
    lower = -math.log(2.0) + z
    upper = apply_op("Log1p", -0.5 * apply_op("Exp", -apply_op("Abs", z)))
    return where(z < 0.0, lower, upper)
