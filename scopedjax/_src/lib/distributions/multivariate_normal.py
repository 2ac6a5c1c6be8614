"""`MultivariateNormalDiag` of contrib: independent normal components, taken as one event.

The covariance is diagonal, so all is a sum over the components of what one normal distribution gives.
"""

from __future__ import annotations

import math
from typing import Any

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.distributions import parameters as given
from scopedjax._src.lib.distributions.distribution import FULLY_REPARAMETERIZED, Distribution
from scopedjax._src.lib.distributions.kullback_leibler import RegisterKL
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones, ones_like, zeros_like
from scopedjax._src.ops.array.shapes import expand_dims, shape
from scopedjax._src.ops.control_flow.checks import assert_none_equal
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.diagonals import matrix_diag
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.ops.nn.activations import softplus
from scopedjax._src.ops.random.sampling import random_normal


class MultivariateNormalDiag(Distribution):
    """The normal distribution of k independent components: `loc + scale * noise`.

    The scale of each component is `scale_diag + scale_identity_multiplier`, or 1 where neither is given.

    Args:
      loc: Floating tensor `[..., k]`: the means; zeros by default.
      scale_diag: Floating tensor `[..., k]` without zeros: the scales.
      scale_identity_multiplier: Floating tensor `[...]`: one number for all components.
      validate_args: Whether the scales are checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    Raises:
      ValueError: nothing tells how many components there are.

    >>> normal = tf.contrib.distributions.MultivariateNormalDiag(loc=[1.0, 2.0], scale_diag=[1.0, 3.0])
    >>> with tf.Session() as sess:
    ...     print(sess.run(normal.covariance()).tolist(), normal.sample(5).shape.as_list())
    [[1.0, 0.0], [0.0, 9.0]] [5, 2]
    """

    def __init__(
        self,
        loc: Any = None,
        scale_diag: Any = None,
        scale_identity_multiplier: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalDiag",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[loc, scale_diag, scale_identity_multiplier]) as scope:
            location = None if loc is None else convert_to_tensor(loc, name="loc")
            scale = _scale(location, scale_diag, scale_identity_multiplier)
            if validate_args:
                zero = zeros_like(scale)
                scale = given.checked(
                    scale, [assert_none_equal(scale, zero, message="scale has a zero on its diagonal")]
                )
            self._own_scale = scale  # spreads have its shape, as in TF1
            # Both in the shape of a batch of events.
            self._loc = zeros_like(scale) if location is None else location + zeros_like(scale)
            self._scale_diag = scale + zeros_like(self._loc)
        super().__init__(
            self._loc.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters,
            [self._loc, self._scale_diag], scope,
        )  # fmt: skip

    @property
    def loc(self) -> Tensor:
        """The means, `[..., k]`."""
        return self._loc

    @property
    def scale_diag(self) -> Tensor:
        """The scales, `[..., k]`."""
        return self._scale_diag

    def _batch_shape(self) -> TensorShape:
        return self.loc.shape[:-1]

    def _batch_shape_tensor(self) -> Tensor:
        return shape(self.loc)[:-1]

    def _event_shape(self) -> TensorShape:
        return self.loc.shape.with_rank_at_least(1)[-1:]

    def _event_shape_tensor(self) -> Tensor:
        return shape(self.loc)[-1:]

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = given.sample_sizes(n, shape(self.loc))
        noise = random_normal(sizes, dtype=self.dtype, seed=seed)
        return noise * self._scale_diag + self.loc

    def _log_prob(self, x: Any) -> Tensor:
        z = (x - self.loc) / self._scale_diag
        each = -0.5 * apply_op("Square", z) - 0.5 * math.log(2.0 * math.pi) - self._log_scale()
        return reduce_sum(each, axis=-1)

    def _log_scale(self) -> Tensor:
        return apply_op("Log", apply_op("Abs", self._scale_diag))

    def _entropy(self) -> Tensor:
        return reduce_sum(0.5 * math.log(2.0 * math.pi * math.e) + self._log_scale(), axis=-1)

    def _mean(self) -> Tensor:
        return self.loc + zeros_like(self.loc)

    def _mode(self) -> Tensor:
        return self._mean()

    def _stddev(self) -> Tensor:
        return apply_op("Abs", self._own_scale)

    def _variance(self) -> Tensor:
        return apply_op("Square", self._own_scale)

    def _covariance(self) -> Tensor:
        return matrix_diag(self._variance())


def _scale(loc: Tensor | None, diag: Any, multiplier: Any) -> Tensor:
    if multiplier is not None:
        multiplier = convert_to_tensor(multiplier, name="scale_identity_multiplier")
    if diag is not None:
        diag = convert_to_tensor(diag, name="scale_diag")
        return diag if multiplier is None else diag + expand_dims(multiplier, -1)
    if loc is None:
        raise ValueError(
            "Cannot infer `event_shape` unless `loc` or `scale_diag` is specified: "
            "MultivariateNormalDiag must know how many components there are"
        )
    if multiplier is None:
        return ones_like(loc)
    return expand_dims(multiplier, -1) * ones(shape(loc)[-1:], dtype=loc.dtype)


@RegisterKL(MultivariateNormalDiag, MultivariateNormalDiag)
def _kl_diag_diag(a: MultivariateNormalDiag, b: MultivariateNormalDiag, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_mvn", values=[a.loc, a.scale_diag, b.loc, b.scale_diag]):
        ratio = apply_op("Square", a.scale_diag / b.scale_diag)
        distance = apply_op("Square", (b.loc - a.loc) / b.scale_diag)
        return 0.5 * reduce_sum(ratio + distance - 1.0 - apply_op("Log", ratio), axis=-1)


class MultivariateNormalDiagWithSoftplusScale(MultivariateNormalDiag):
    """`MultivariateNormalDiag` whose scales are `softplus(scale_diag)`.

    Args:
      loc: Floating tensor `[..., k]`: the means.
      scale_diag: Floating tensor `[..., k]`: the scales before the softplus.
      validate_args: Whether the scales are checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    >>> normal = tf.contrib.distributions.MultivariateNormalDiagWithSoftplusScale([0.0], [0.0])
    >>> round(float(tf.Session().run(normal.stddev())[0]), 4)
    0.6931
    """

    def __init__(
        self,
        loc: Any,
        scale_diag: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalDiagWithSoftplusScale",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[scale_diag]) as scope:
            scale = softplus(convert_to_tensor(scale_diag, name="scale_diag"))
        super().__init__(loc, scale, None, validate_args, allow_nan_stats, scope)
        self._initial_parameters = parameters
