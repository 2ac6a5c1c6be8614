"""`Beta`: a number between 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.distributions import parameters as given
from scopedjax._src.lib.distributions.distribution import FULLY_REPARAMETERIZED, Distribution
from scopedjax._src.lib.distributions.kullback_leibler import RegisterKL
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like
from scopedjax._src.ops.array.shapes import shape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.control_flow.checks import assert_less, assert_positive
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.random.skewed import random_gamma


class Beta(Distribution):
    """The beta distribution: density `x ** (concentration1 - 1) * (1 - x) ** (concentration0 - 1)`, up to a factor.

    Args:
      concentration1: Floating tensor, positive: often called alpha.
      concentration0: Floating tensor, positive: often called beta; broadcasts with the other.
      validate_args: Whether parameters and values are checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    Raises:
      ValueError: the parameters have different dtypes.

    >>> beta = tf.distributions.Beta(3.0, 1.0)
    >>> with tf.Session() as sess:
    ...     print(*sess.run([beta.mean(), beta.cdf(0.5)]))
    0.75 0.125
    """

    def __init__(
        self,
        concentration1: Any = None,
        concentration0: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Beta",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[concentration1, concentration0]) as scope:
            self._concentration1 = self._positive(concentration1, "concentration1", validate_args)
            self._concentration0 = self._positive(concentration0, "concentration0", validate_args)
            given.check_same_float_dtype([self._concentration1, self._concentration0])
            self._total_concentration = self._concentration1 + self._concentration0
        super().__init__(
            self._total_concentration.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters,
            [self._concentration1, self._concentration0, self._total_concentration], scope,
        )  # fmt: skip

    @staticmethod
    def _positive(concentration: Any, name: str, validate_args: bool) -> Tensor:
        concentration = convert_to_tensor(concentration, name=name)
        if not validate_args:
            return concentration
        message = "Concentration parameter must be positive."
        return given.checked(concentration, [assert_positive(concentration, message=message)])

    @classmethod
    def _param_shapes(cls, sample_shape: Tensor) -> dict[str, Tensor]:
        sizes = convert_to_tensor(sample_shape, dtype=dtypes.int32)
        return {"concentration1": sizes, "concentration0": sizes}

    @property
    def concentration1(self) -> Tensor:
        """The concentration at 1."""
        return self._concentration1

    @property
    def concentration0(self) -> Tensor:
        """The concentration at 0."""
        return self._concentration0

    @property
    def total_concentration(self) -> Tensor:
        """The sum of the two concentrations."""
        return self._total_concentration

    def _batch_shape(self) -> TensorShape:
        return self.total_concentration.shape

    def _batch_shape_tensor(self) -> Tensor:
        return shape(self.total_concentration)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], dtype=dtypes.int32)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        ones = ones_like(self.total_concentration, dtype=self.dtype)
        first = random_gamma(shape=[n], alpha=ones * self.concentration1, dtype=self.dtype, seed=seed)
        second_seed = given.derived_seed(seed, "beta")
        second = random_gamma(shape=[n], alpha=ones * self.concentration0, dtype=self.dtype, seed=second_seed)
        return first / (first + second)

    def _checked(self, x: Any) -> Any:
        if not self.validate_args:
            return x
        one = np.ones([], self.dtype.as_numpy_dtype)
        checks = [
            assert_positive(x, message="sample must be positive"),
            assert_less(x, one, message="sample must be less than `1`."),
        ]
        return given.checked(x, checks)

    def _log_factor(self) -> Tensor:
        return (
            apply_op("Lgamma", self.concentration1)
            + apply_op("Lgamma", self.concentration0)
            - apply_op("Lgamma", self.total_concentration)
        )

    def _log_prob(self, x: Any) -> Tensor:
        x = self._checked(x)
        upper = (self.concentration1 - 1.0) * apply_op("Log", x)
        return upper + (self.concentration0 - 1.0) * apply_op("Log1p", -x) - self._log_factor()

    def _cdf(self, x: Any) -> Tensor:
        nothing = 0.0 * (self.total_concentration + x)
        x = self._checked(x)
        return apply_op("Betainc", self.concentration1 + nothing, self.concentration0 + nothing, x + nothing)

    def _entropy(self) -> Tensor:
        a, b, total = self.concentration1, self.concentration0, self.total_concentration
        return (
            self._log_factor()
            - (a - 1.0) * apply_op("Digamma", a)
            - (b - 1.0) * apply_op("Digamma", b)
            + (total - 2.0) * apply_op("Digamma", total)
        )

    def _mean(self) -> Tensor:
        return self.concentration1 / self.total_concentration

    def _variance(self) -> Tensor:
        return self._mean() * (1.0 - self._mean()) / (1.0 + self.total_concentration)

    def _mode(self) -> Tensor:
        mode = (self.concentration1 - 1.0) / (self.total_concentration - 2.0)
        if self.allow_nan_stats:
            ones = ones_like(self.total_concentration)
            inside = apply_op("LogicalAnd", self.concentration1 * ones > 1.0, self.concentration0 * ones > 1.0)
            return given.nan_where_not(inside, mode)
        checks = [
            given.assert_above(self.concentration1, 1.0, "Mode undefined for concentration1 <= 1."),
            given.assert_above(self.concentration0, 1.0, "Mode undefined for concentration0 <= 1."),
        ]
        return given.checked(mode, checks)


@RegisterKL(Beta, Beta)
def _kl_beta_beta(d1: Beta, d2: Beta, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_beta_beta", values=[d1.concentration1, d1.concentration0, d2.concentration1]):
        total = d1.total_concentration
        return (
            d2._log_factor()
            - d1._log_factor()
            - apply_op("Digamma", d1.concentration1) * (d2.concentration1 - d1.concentration1)
            - apply_op("Digamma", d1.concentration0) * (d2.concentration0 - d1.concentration0)
            + apply_op("Digamma", total) * (d2.total_concentration - total)
        )
