"""`Dirichlet`: positive numbers that sum to 1."""

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
from scopedjax._src.ops.array.shapes import expand_dims, shape
from scopedjax._src.ops.control_flow.checks import assert_near, assert_positive, assert_rank_at_least
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.diagonals import matrix_set_diag
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.math.reductions import reduce_all, reduce_sum
from scopedjax._src.ops.random.skewed import random_gamma


class Dirichlet(Distribution):
    """The Dirichlet distribution of k numbers: density `prod(x ** (concentration - 1))`, up to a factor.

    Args:
      concentration: Floating tensor `[..., k]`, positive, k at least 2.
      validate_args: Whether parameters and values are checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    >>> shares = tf.distributions.Dirichlet([1.0, 3.0])
    >>> with tf.Session() as sess:
    ...     print(sess.run(shares.mean()).tolist())
    [0.25, 0.75]
    """

    def __init__(
        self, concentration: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: str = "Dirichlet"
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[concentration]) as scope:
            self._concentration = convert_to_tensor(concentration, name="concentration")
            if validate_args:
                checks = [
                    assert_positive(self._concentration, message="Concentration parameter must be positive."),
                    assert_rank_at_least(self._concentration, 1, message="Concentration parameter must be a vector."),
                ]
                self._concentration = given.checked(self._concentration, checks)
            self._total_concentration = reduce_sum(self._concentration, -1)
        super().__init__(
            self._concentration.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters,
            [self._concentration, self._total_concentration], scope,
        )  # fmt: skip

    @property
    def concentration(self) -> Tensor:
        """The concentrations, `[..., k]`."""
        return self._concentration

    @property
    def total_concentration(self) -> Tensor:
        """The sums of the concentrations."""
        return self._total_concentration

    def _batch_shape(self) -> TensorShape:
        return self.total_concentration.shape

    def _batch_shape_tensor(self) -> Tensor:
        return shape(self.total_concentration)

    def _event_shape(self) -> TensorShape:
        return self.concentration.shape.with_rank_at_least(1)[-1:]

    def _event_shape_tensor(self) -> Tensor:
        return shape(self.concentration)[-1:]

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        drawn = random_gamma(shape=[n], alpha=self.concentration, dtype=self.dtype, seed=seed)
        return drawn / reduce_sum(drawn, -1, keepdims=True)

    def _log_prob(self, x: Any) -> Tensor:
        if self.validate_args:
            one = np.ones([], self.dtype.as_numpy_dtype)
            checks = [
                assert_positive(x, message="samples must be positive"),
                assert_near(one, reduce_sum(x, -1), message="sample last-dimension must sum to `1`"),
            ]
            x = given.checked(x, checks)
        return reduce_sum((self.concentration - 1.0) * apply_op("Log", x), -1) - given.log_beta(self.concentration)

    def _size(self) -> Tensor:
        return cast(self.event_shape_tensor()[0], self.dtype)

    def _entropy(self) -> Tensor:
        total, alpha = self.total_concentration, self.concentration
        return (
            given.log_beta(alpha)
            + (total - self._size()) * apply_op("Digamma", total)
            - reduce_sum((alpha - 1.0) * apply_op("Digamma", alpha), axis=-1)
        )

    def _mean(self) -> Tensor:
        return self.concentration / expand_dims(self.total_concentration, -1)

    def _spread(self) -> Tensor:
        """The square root of `1 / (1 + total)`, with a last dimension of size 1."""
        return apply_op("Rsqrt", 1.0 + expand_dims(self.total_concentration, -1))

    def _covariance(self) -> Tensor:
        x = self._spread() * self._mean()
        return matrix_set_diag(-matmul(expand_dims(x, -1), expand_dims(x, -2)), self._variance())

    def _variance(self) -> Tensor:
        scale = self._spread()
        x = scale * self._mean()
        return x * (scale - x)

    def _mode(self) -> Tensor:
        mode = (self.concentration - 1.0) / (expand_dims(self.total_concentration, -1) - self._size())
        if self.allow_nan_stats:
            inside = reduce_all(self.concentration > 1.0, axis=-1, keepdims=True)
            everywhere = apply_op("LogicalAnd", inside, ones_like(mode) > 0.0)
            return given.nan_where_not(everywhere, mode)
        message = "Mode undefined when any concentration <= 1"
        return given.checked(mode, [given.assert_above(self.concentration, 1.0, message)])


@RegisterKL(Dirichlet, Dirichlet)
def _kl_dirichlet_dirichlet(d1: Dirichlet, d2: Dirichlet, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_dirichlet_dirichlet", values=[d1.concentration, d2.concentration]):
        sums = apply_op("Digamma", reduce_sum(d1.concentration, axis=-1, keepdims=True))
        digamma = apply_op("Digamma", d1.concentration) - sums
        difference = d1.concentration - d2.concentration
        factors = given.log_beta(d1.concentration) - given.log_beta(d2.concentration)
        return reduce_sum(difference * digamma, axis=-1) - factors
