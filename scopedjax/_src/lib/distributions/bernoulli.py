"""`Bernoulli`: one with a probability, else zero."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.distributions import parameters as given
from scopedjax._src.lib.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from scopedjax._src.lib.distributions.kullback_leibler import RegisterKL
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.shapes import shape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.nn.activations import softplus
from scopedjax._src.ops.nn.cross_entropy import sigmoid_cross_entropy_with_logits
from scopedjax._src.ops.random.sampling import random_uniform


class Bernoulli(Distribution):
    """The Bernoulli distribution: 1 with probability `probs`, else 0.

    Args:
      logits: Floating tensor: log-odds, `log(p / (1 - p))`. Give this or `probs`.
      probs: Floating tensor between 0 and 1.
      dtype: Dtype of the samples.
      validate_args: Whether `probs` is checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    Raises:
      ValueError: both `logits` and `probs` are given, or none.

    >>> coin = tf.distributions.Bernoulli(probs=[0.25, 0.5])
    >>> with tf.Session() as sess:
    ...     print(sess.run([coin.mean(), coin.prob(1)])[0].tolist())
    [0.25, 0.5]
    """

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = dtypes.int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Bernoulli",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name) as scope:
            self._logits, self._probs = given.logits_and_probs(logits, probs, validate_args=validate_args)
        super().__init__(
            dtype, NOT_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, [self._logits, self._probs], scope
        )

    @classmethod
    def _param_shapes(cls, sample_shape: Tensor) -> dict[str, Tensor]:
        return {"logits": convert_to_tensor(sample_shape, dtype=dtypes.int32)}

    @property
    def logits(self) -> Tensor:
        """The log-odds."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """The probability of a 1."""
        return self._probs

    def _batch_shape(self) -> TensorShape:
        return self._logits.shape

    def _batch_shape_tensor(self) -> Tensor:
        return shape(self._logits)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], dtype=dtypes.int32)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = given.sample_sizes(n, self.batch_shape_tensor())
        uniform = random_uniform(sizes, seed=seed, dtype=self.probs.dtype)
        return cast(apply_op("Less", uniform, self.probs), self.dtype)

    def _log_prob(self, event: Any) -> Tensor:
        event = cast(event, self.logits.dtype)
        logits = self.logits
        if event.shape.ndims is None or logits.shape.ndims is None or event.shape.as_list() != logits.shape.as_list():
            logits, event = ones_like(event) * logits, ones_like(logits) * event
        return -sigmoid_cross_entropy_with_logits(labels=event, logits=logits)

    def _entropy(self) -> Tensor:
        return -self.logits * (apply_op("Sigmoid", self.logits) - 1.0) + softplus(-self.logits)

    def _mean(self) -> Tensor:
        return identity(self.probs)

    def _variance(self) -> Tensor:
        mean = self._mean()
        return mean * (1.0 - self.probs)

    def _mode(self) -> Tensor:
        return cast(self.probs > 0.5, self.dtype)


@RegisterKL(Bernoulli, Bernoulli)
def _kl_bernoulli_bernoulli(a: Bernoulli, b: Bernoulli, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_bernoulli_bernoulli", values=[a.logits, b.logits]):
        zeros = softplus(-b.logits) - softplus(-a.logits)
        ones = softplus(b.logits) - softplus(a.logits)
        return apply_op("Sigmoid", a.logits) * zeros + apply_op("Sigmoid", -a.logits) * ones
