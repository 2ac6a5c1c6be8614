"""Distributions of contrib that take a parameter of any sign: its softplus is the scale."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.recording import name_scope
from scopedjax._src.lib.distributions.laplace import Laplace
from scopedjax._src.lib.distributions.normal import Normal
from scopedjax._src.ops.nn.activations import softplus


class NormalWithSoftplusScale(Normal):
    """`Normal` whose scale is `softplus(scale)`.

    Args:
      loc: Floating tensor: the mean.
      scale: Floating tensor: the scale before the softplus.
      validate_args: Whether the scale is checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    >>> normal = tf.contrib.distributions.NormalWithSoftplusScale(0.0, 0.0)
    >>> round(float(tf.Session().run(normal.stddev())), 4)
    0.6931
    """

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "NormalWithSoftplusScale",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[scale]) as scope:
            scale = softplus(scale, name="softplus_scale")
        super().__init__(loc, scale, validate_args, allow_nan_stats, scope)
        self._initial_parameters = parameters


class LaplaceWithSoftplusScale(Laplace):
    """`Laplace` whose scale is `softplus(scale)`.

    Args:
      loc: Floating tensor: the mean.
      scale: Floating tensor: the scale before the softplus.
      validate_args: Whether the scale is checked in each run.
      allow_nan_stats: Whether a statistic that is not defined is NaN.
      name: Name scope.

    >>> laplace = tf.contrib.distributions.LaplaceWithSoftplusScale(0.0, 0.0)
    >>> round(float(tf.Session().run(laplace.scale)), 4)
    0.6931
    """

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "LaplaceWithSoftplusScale",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, values=[scale]) as scope:
            scale = softplus(scale, name="softplus_scale")
        super().__init__(loc, scale, validate_args, allow_nan_stats, scope)
        self._initial_parameters = parameters
