"""`Multinomial` and `DirichletMultinomial`: how often each class comes up in a number of draws.

The draws of all samples are made by one node, as many for each as the greatest count asks for; those beyond the count
of a distribution are left out. For one distribution these are TensorFlow's numbers; TensorFlow draws a batch of several
one after the other, in a loop, so its numbers differ there, though not their distribution.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.distributions import parameters as given
from scopedjax._src.lib.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import one_hot, ones_like
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.joining import concat, transpose
from scopedjax._src.ops.array.selection import sequence_mask
from scopedjax._src.ops.array.shapes import expand_dims, reshape, shape
from scopedjax._src.ops.control_flow.checks import (
    assert_equal,
    assert_non_negative,
    assert_positive,
    assert_rank_at_least,
)
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.diagonals import matrix_set_diag
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.math.reductions import reduce_max, reduce_sum
from scopedjax._src.ops.nn.softmax import log_softmax
from scopedjax._src.ops.random.sampling import multinomial
from scopedjax._src.ops.random.skewed import random_gamma


def _checked_counts(counts: Any, total_count: Tensor, validate_args: bool) -> Any:
    if not validate_args:
        return counts
    checks = [
        assert_non_negative(counts, message="counts must be non-negative."),
        assert_equal(total_count, reduce_sum(counts, -1), message="counts must sum to `self.total_count`"),
    ]
    return given.checked(counts, checks)


class Multinomial(Distribution):
    """The multinomial distribution: the counts of k classes in `total_count` independent draws.

    Args:
      total_count: Floating tensor: the number of draws of each distribution.
      logits: Floating tensor `[..., k]`: unnormalised log-probabilities. Give this or `probs`.
      probs: Floating tensor `[..., k]` that sums to 1.
      validate_args: Whether parameters and values are checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    Raises:
      ValueError: both `logits` and `probs` are given, or none.

    >>> dice = tf.distributions.Multinomial(total_count=4.0, probs=[0.25, 0.75])
    >>> with tf.Session() as sess:
    ...     print(sess.run(dice.mean()).tolist(), sess.run(dice.sample(5)).sum(-1).tolist())
    [1.0, 3.0] [4.0, 4.0, 4.0, 4.0, 4.0]
    """

    def __init__(
        self,
        total_count: Any,
        logits: Any = None,
        probs: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Multinomial",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[total_count, logits, probs]) as scope:
            self._total_count = convert_to_tensor(total_count, name="total_count")
            if validate_args:
                self._total_count = given.checked(self._total_count, [assert_non_negative(self._total_count)])
            self._logits, self._probs = given.logits_and_probs(
                logits, probs, multidimensional=True, validate_args=validate_args
            )
            self._mean_val = expand_dims(self._total_count, -1) * self._probs
        super().__init__(
            self._probs.dtype, NOT_REPARAMETERIZED, validate_args, allow_nan_stats, parameters,
            [self._total_count, self._logits, self._probs], scope,
        )  # fmt: skip

    @property
    def total_count(self) -> Tensor:
        """The number of draws."""
        return self._total_count

    @property
    def logits(self) -> Tensor:
        """The unnormalised log-probabilities."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """The probabilities of the classes."""
        return self._probs

    def _batch_shape(self) -> TensorShape:
        return self._mean_val.shape.with_rank_at_least(1)[:-1]

    def _batch_shape_tensor(self) -> Tensor:
        return shape(self._mean_val)[:-1]

    def _event_shape(self) -> TensorShape:
        return self._mean_val.shape.with_rank_at_least(1)[-1:]

    def _event_shape_tensor(self) -> Tensor:
        return shape(self._mean_val)[-1:]

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        classes = self.event_shape_tensor()[0]
        everywhere = ones_like(self._mean_val)
        rows = reshape(self.logits * everywhere, [-1, classes])
        counts = reshape(cast(self.total_count * everywhere[..., 0], dtypes.int32), [-1])
        most = reduce_max(counts)
        drawn = reshape(multinomial(rows, n * most, seed=seed), [-1, n, most])
        wanted = expand_dims(expand_dims(sequence_mask(counts, most, dtype=self.dtype), 1), -1)
        found = reduce_sum(one_hot(drawn, depth=classes, dtype=self.dtype) * wanted, axis=-2)
        return reshape(transpose(found, perm=[1, 0, 2]), given.sample_sizes(n, shape(self._mean_val)))

    def _log_prob(self, counts: Any) -> Tensor:
        counts = _checked_counts(counts, self.total_count, self.validate_args)
        unnormalized = reduce_sum(counts * log_softmax(self.logits), -1)
        return unnormalized + given.log_combinations(self.total_count, counts)

    def _mean(self) -> Tensor:
        return identity(self._mean_val)

    def _covariance(self) -> Tensor:
        p = self.probs * expand_dims(ones_like(self.total_count), -1)
        outer = matmul(expand_dims(self._mean_val, -1), expand_dims(p, -2))
        return matrix_set_diag(-outer, self._variance())

    def _variance(self) -> Tensor:
        p = self.probs * expand_dims(ones_like(self.total_count), -1)
        return self._mean_val - self._mean_val * p


class DirichletMultinomial(Distribution):
    """Counts of k classes in `total_count` draws, whose probabilities are drawn from a Dirichlet distribution first.

    Args:
      total_count: Floating tensor: the number of draws of each distribution; a scalar where samples are drawn.
      concentration: Floating tensor `[..., k]`, positive, k at least 2.
      validate_args: Whether parameters and values are checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    >>> counts = tf.distributions.DirichletMultinomial(total_count=4.0, concentration=[1.0, 3.0])
    >>> with tf.Session() as sess:
    ...     print(sess.run(counts.mean()).tolist(), sess.run(counts.sample(3)).sum(-1).tolist())
    [1.0, 3.0] [4.0, 4.0, 4.0]
    """

    def __init__(
        self,
        total_count: Any,
        concentration: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "DirichletMultinomial",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[total_count, concentration]) as scope:
            self._total_count = convert_to_tensor(total_count, name="total_count")
            self._concentration = convert_to_tensor(concentration, name="concentration")
            if validate_args:
                self._total_count = given.checked(self._total_count, [assert_non_negative(self._total_count)])
                checks = [
                    assert_positive(self._concentration, message="Concentration parameter must be positive."),
                    assert_rank_at_least(self._concentration, 1, message="Concentration parameter must be a vector."),
                ]
                self._concentration = given.checked(self._concentration, checks)
            self._total_concentration = reduce_sum(self._concentration, -1)
        super().__init__(
            self._concentration.dtype, NOT_REPARAMETERIZED, validate_args, allow_nan_stats, parameters,
            [self._total_count, self._concentration], scope,
        )  # fmt: skip

    @property
    def total_count(self) -> Tensor:
        """The number of draws."""
        return self._total_count

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
        draws = cast(self.total_count, dtypes.int32)
        classes = self.event_shape_tensor()[0]
        shares = random_gamma(shape=[n], alpha=self.concentration, dtype=self.dtype, seed=seed)
        rows = reshape(apply_op("Log", shares), [-1, classes])
        drawn = multinomial(rows, draws, seed=given.derived_seed(seed, "dirichlet_multinomial"))
        found = reduce_sum(one_hot(drawn, depth=classes), -2)
        sizes = concat([[n], self.batch_shape_tensor(), [classes]], 0)
        return cast(reshape(found, sizes), self.dtype)

    def _log_prob(self, counts: Any) -> Tensor:
        counts = _checked_counts(counts, self.total_count, self.validate_args)
        ordered = given.log_beta(self.concentration + counts) - given.log_beta(self.concentration)
        return ordered + given.log_combinations(self.total_count, counts)

    def _mean(self) -> Tensor:
        shares = self.concentration / expand_dims(self.total_concentration, -1)
        return expand_dims(self.total_count, -1) * shares

    def _spread(self) -> Tensor:
        """The square root of `(1 + total / n) / (1 + total)`, with a last dimension of size 1."""
        total = expand_dims(self.total_concentration, -1)
        return apply_op("Sqrt", (1.0 + total / expand_dims(self.total_count, -1)) / (1.0 + total))

    def _covariance(self) -> Tensor:
        x = self._spread() * self._mean()
        return matrix_set_diag(-matmul(expand_dims(x, -1), expand_dims(x, -2)), self._variance())

    def _variance(self) -> Tensor:
        scale = self._spread()
        x = scale * self._mean()
        return x * (expand_dims(self.total_count, -1) * scale - x)
