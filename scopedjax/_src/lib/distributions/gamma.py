"""`Gamma`, and `Exponential`, which is a gamma distribution of concentration 1."""

from __future__ import annotations

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
from scopedjax._src.ops.array.shapes import shape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.control_flow.checks import assert_positive
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.random.sampling import random_uniform
from scopedjax._src.ops.random.skewed import random_gamma


class Gamma(Distribution):
    """The gamma distribution: density `x ** (concentration - 1) * exp(-rate * x)`, up to a factor.

    Args:
      concentration: Floating tensor, positive: the shape, often called alpha.
      rate: Floating tensor, positive: the inverse scale, often called beta; broadcasts with `concentration`.
      validate_args: Whether parameters and values are checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    Raises:
      TypeError: the parameters have different dtypes.

    >>> gamma = tf.distributions.Gamma(concentration=3.0, rate=2.0)
    >>> with tf.Session() as sess:
    ...     print(*sess.run([gamma.mean(), gamma.variance(), gamma.mode()]))
    1.5 0.75 1.0
    """

    def __init__(
        self,
        concentration: Any,
        rate: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Gamma",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[concentration, rate]) as scope:
            checks = [assert_positive(concentration), assert_positive(rate)] if validate_args else []
            with control_dependencies(checks):
                self._concentration = identity(concentration, name="concentration")
                self._rate = identity(rate, name="rate")
                given.check_same_float_dtype([self._concentration, self._rate])
        super().__init__(
            self._concentration.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters,
            [self._concentration, self._rate], scope,
        )  # fmt: skip

    @classmethod
    def _param_shapes(cls, sample_shape: Tensor) -> dict[str, Tensor]:
        return {"concentration": convert_to_tensor(sample_shape), "rate": convert_to_tensor(sample_shape)}

    @property
    def concentration(self) -> Tensor:
        """The shape parameter."""
        return self._concentration

    @property
    def rate(self) -> Tensor:
        """The inverse scale."""
        return self._rate

    def _batch_shape(self) -> TensorShape:
        return given.broadcast_shape(self.concentration, self.rate)

    def _batch_shape_tensor(self) -> Tensor:
        return given.broadcast_shape_tensor(self.concentration, self.rate)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], dtype=dtypes.int32)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        return random_gamma(shape=[n], alpha=self.concentration, beta=self.rate, dtype=self.dtype, seed=seed)

    def _checked(self, x: Any) -> Any:
        return given.checked(x, [assert_positive(x)]) if self.validate_args else x

    def _log_prob(self, x: Any) -> Tensor:
        x = self._checked(x)
        factor = apply_op("Lgamma", self.concentration) - self.concentration * apply_op("Log", self.rate)
        return (self.concentration - 1.0) * apply_op("Log", x) - self.rate * x - factor

    def _cdf(self, x: Any) -> Tensor:
        x = self._checked(x)
        # Igamma does not broadcast everywhere; the parameters do.
        return apply_op("Igamma", self.concentration + 0.0 * self.rate * x, self.rate * x + 0.0 * self.concentration)

    def _entropy(self) -> Tensor:
        alpha = self.concentration
        digamma = apply_op("Digamma", alpha)
        return alpha - apply_op("Log", self.rate) + apply_op("Lgamma", alpha) + (1.0 - alpha) * digamma

    def _mean(self) -> Tensor:
        return self.concentration / self.rate

    def _variance(self) -> Tensor:
        return self.concentration / apply_op("Square", self.rate)

    def _stddev(self) -> Tensor:
        return apply_op("Sqrt", self.concentration) / self.rate

    def _mode(self) -> Tensor:
        mode = (self.concentration - 1.0) / self.rate
        if self.allow_nan_stats:
            everywhere = self.concentration * ones_like(self.rate)
            return given.nan_where_not(everywhere > 1.0, mode)
        message = "mode not defined when any concentration <= 1"
        return given.checked(mode, [given.assert_above(self.concentration, 1.0, message)])


@RegisterKL(Gamma, Gamma)
def _kl_gamma_gamma(g0: Gamma, g1: Gamma, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_gamma_gamma", values=[g0.concentration, g0.rate, g1.concentration, g1.rate]):
        a0, a1 = g0.concentration, g1.concentration
        return (
            (a0 - a1) * apply_op("Digamma", a0)
            + apply_op("Lgamma", a1)
            - apply_op("Lgamma", a0)
            + a1 * apply_op("Log", g0.rate)
            - a1 * apply_op("Log", g1.rate)
            + a0 * (g1.rate / g0.rate - 1.0)
        )


class Exponential(Gamma):
    """The exponential distribution: density `rate * exp(-rate * x)` for x above 0.

    Args:
      rate: Floating tensor, positive: the inverse of the mean.
      validate_args: Whether parameters and values are checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    >>> waiting = tf.distributions.Exponential(rate=2.0)
    >>> with tf.Session() as sess:
    ...     print(*sess.run([waiting.mean(), waiting.stddev()]))
    0.5 0.5
    """

    def __init__(
        self, rate: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: str = "Exponential"
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[rate]) as scope:
            rate = convert_to_tensor(rate, name="rate")
        super().__init__(
            concentration=ones_like(rate, name=f"{scope}concentration"),
            rate=rate,
            allow_nan_stats=allow_nan_stats,
            validate_args=validate_args,
            name=scope,
        )
        self._initial_parameters = parameters

    @classmethod
    def _param_shapes(cls, sample_shape: Tensor) -> dict[str, Tensor]:
        return {"rate": convert_to_tensor(sample_shape, dtype=dtypes.int32)}

    def _log_survival_function(self, value: Any) -> Tensor:
        return -self._checked(value) * self.rate

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = given.sample_sizes(n, shape(self.rate))
        smallest = np.finfo(self.dtype.as_numpy_dtype).tiny  # 0 itself would give infinity
        uniform = random_uniform(sizes, minval=smallest, maxval=1.0, seed=seed, dtype=self.dtype)
        return -apply_op("Log", uniform) / self.rate
