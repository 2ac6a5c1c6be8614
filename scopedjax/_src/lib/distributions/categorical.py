"""`Categorical`: one of several classes."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape, dimension_value
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.distributions import parameters as given
from scopedjax._src.lib.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from scopedjax._src.lib.distributions.kullback_leibler import RegisterKL
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like, zeros_like
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.joining import transpose
from scopedjax._src.ops.array.selection import sequence_mask
from scopedjax._src.ops.array.shapes import expand_dims, reshape, shape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import where
from scopedjax._src.ops.math.reductions import argmax, reduce_sum
from scopedjax._src.ops.nn.cross_entropy import sparse_softmax_cross_entropy_with_logits
from scopedjax._src.ops.nn.softmax import log_softmax, softmax
from scopedjax._src.ops.random.sampling import multinomial


class Categorical(Distribution):
    """The distribution of one of several classes: `k` with probability `probs[k]`.

    Args:
      logits: Floating tensor `[..., classes]`: unnormalised log-probabilities. Give this or `probs`.
      probs: Floating tensor `[..., classes]` that sums to 1.
      dtype: Dtype of the samples.
      validate_args: Whether `probs` is checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    Raises:
      ValueError: both `logits` and `probs` are given, or none.

    >>> die = tf.distributions.Categorical(probs=[0.25, 0.5, 0.25])
    >>> with tf.Session() as sess:
    ...     print(*sess.run([die.mode(), die.prob(1)]))
    1 0.5
    """

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = dtypes.int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Categorical",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[logits, probs]) as scope:
            self._logits, self._probs = given.logits_and_probs(
                logits, probs, multidimensional=True, validate_args=validate_args
            )
            static = self._logits.shape
            if static.ndims is not None:
                self._batch_rank = convert_to_tensor(static.ndims - 1, dtype=dtypes.int32, name="batch_rank")
            else:
                with name_scope("batch_rank"):
                    self._batch_rank = apply_op("Rank", self._logits) - 1
            sizes = shape(self._logits, name="logits_shape")
            last = None if static.ndims is None else dimension_value(static[-1])
            if last is not None:
                self._event_size = convert_to_tensor(last, dtype=dtypes.int32, name="event_size")
            else:
                with name_scope("event_size"):
                    self._event_size = sizes[self._batch_rank]
            if static[:-1].is_fully_defined():
                self._batch_sizes = constant(static[:-1].as_list(), dtype=dtypes.int32, name="batch_shape")
            else:
                with name_scope("batch_shape"):
                    self._batch_sizes = sizes[:-1]
        super().__init__(
            dtype, NOT_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, [self._logits, self._probs], scope
        )

    @classmethod
    def _param_shapes(cls, sample_shape: Tensor) -> dict[str, Tensor]:
        return {"logits": convert_to_tensor(sample_shape, dtype=dtypes.int32)}

    @property
    def event_size(self) -> Tensor:
        """The number of classes, an int32 scalar."""
        return self._event_size

    @property
    def logits(self) -> Tensor:
        """The unnormalised log-probabilities."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """The probabilities of the classes."""
        return self._probs

    def _batch_shape(self) -> TensorShape:
        return self.logits.shape[:-1]

    def _batch_shape_tensor(self) -> Tensor:
        return identity(self._batch_sizes)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], dtype=dtypes.int32)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        rows = self.logits if self.logits.shape.ndims == 2 else reshape(self.logits, [-1, self.event_size])
        wide = dtypes.int64 if self.dtype.size > 4 else dtypes.int32
        drawn = transpose(multinomial(rows, n, seed=seed, output_dtype=wide))
        drawn = reshape(drawn, given.sample_sizes(n, self.batch_shape_tensor()))
        return cast(drawn, self.dtype)

    def _together(self, k: Any, params: Tensor) -> tuple[Tensor, Tensor]:
        """Classes and parameters with one batch shape."""
        if not k.dtype.is_integer:
            k = cast(k, dtypes.int32)
        static_k, static = k.shape, params.shape[:-1]
        if static_k.is_fully_defined() and static.is_fully_defined() and static_k.as_list() == static.as_list():
            return k, params
        params = params * expand_dims(ones_like(k, dtype=params.dtype), -1)
        k = k * ones_like(params[..., 0], dtype=k.dtype)
        return k, params

    def _log_prob(self, k: Any) -> Tensor:
        k, logits = self._together(convert_to_tensor(k, name="k"), self.logits)
        return -sparse_softmax_cross_entropy_with_logits(labels=k, logits=logits)

    def _cdf(self, k: Any) -> Tensor:
        # TF1 sums the classes below k, without k itself.
        k, probs = self._together(convert_to_tensor(k, name="k"), self.probs)
        below = sequence_mask(k, maxlen=self.event_size)
        return reduce_sum(where(below, probs, zeros_like(probs)), axis=-1)

    def _entropy(self) -> Tensor:
        return -reduce_sum(log_softmax(self.logits) * self.probs, axis=-1)

    def _mode(self) -> Tensor:
        return cast(argmax(self.logits, axis=self._batch_rank), self.dtype)


@RegisterKL(Categorical, Categorical)
def _kl_categorical_categorical(a: Categorical, b: Categorical, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_categorical_categorical", values=[a.logits, b.logits]):
        difference = log_softmax(a.logits) - log_softmax(b.logits)
        return reduce_sum(softmax(a.logits) * difference, axis=-1)
