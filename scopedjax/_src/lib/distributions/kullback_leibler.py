"""Kullback-Leibler divergences: formulas registered by the families of the two distributions.

@tf.distributions.RegisterKL(Normal, Normal)
def _kl(a, b, name=None): ...

kl_divergence(a, b)     the formula of the nearest pair of ancestors of the two classes
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from scopedjax._src.graph.recording import control_dependencies, name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.control_flow.assertion import Assert
from scopedjax._src.ops.math.comparison import logical_not
from scopedjax._src.ops.math.reductions import reduce_any

_FORMULAS: dict[tuple[type, type], Callable[..., Tensor]] = {}


def _formula(a: type, b: type) -> Callable[..., Tensor] | None:
    """The formula of the pair of ancestors that is fewest steps away."""
    best, formula = None, None
    for far_a, ancestor_a in enumerate(inspect.getmro(a)):
        for far_b, ancestor_b in enumerate(inspect.getmro(b)):
            found = _FORMULAS.get((ancestor_a, ancestor_b))
            if found is not None and (best is None or far_a + far_b < best):
                best, formula = far_a + far_b, found
    return formula


def kl_divergence(
    distribution_a: Any, distribution_b: Any, allow_nan_stats: bool = True, name: str | None = None
) -> Tensor:
    """Computes the Kullback-Leibler divergence `E_a[log a(x) - log b(x)]`, in nats.

    Args:
      distribution_a: Distribution.
      distribution_b: Distribution of a family for which a formula is registered with that of the first.
      allow_nan_stats: Whether a result that is not defined is NaN; an error in the run otherwise.
      name: Name scope.

    Returns:
      Tensor of the shape of the batch.

    Raises:
      NotImplementedError: no formula is registered.

    >>> a, b = tf.distributions.Normal(0.0, 1.0), tf.distributions.Normal(1.0, 1.0)
    >>> float(tf.Session().run(tf.distributions.kl_divergence(a, b)))
    0.5
    """
    formula = _formula(type(distribution_a), type(distribution_b))
    if formula is None:
        raise NotImplementedError(
            f"No KL(distribution_a || distribution_b) registered for distribution_a type "
            f"{type(distribution_a).__name__} and distribution_b type {type(distribution_b).__name__}"
        )
    with name_scope("KullbackLeibler"):
        result = formula(distribution_a, distribution_b, name=name)
        if allow_nan_stats:
            return result
        result = identity(result, name="kl")
        is_defined = logical_not(reduce_any(apply_op("IsNan", result)))
        text = (
            f"KL calculation between {distribution_a.name} and {distribution_b.name} returned NaN values "
            "(and was called with allow_nan_stats=False). Values:"
        )
        with control_dependencies([Assert(is_defined, [text, result])]):
            return identity(result, name="checked_kl")


def cross_entropy(ref: Any, other: Any, allow_nan_stats: bool = True, name: str | None = None) -> Tensor:
    """Computes the cross entropy `-E_ref[log other(x)]`: the entropy of the first and the divergence of the second.

    Args:
      ref: Distribution.
      other: Distribution.
      allow_nan_stats: Whether a result that is not defined is NaN; an error in the run otherwise.
      name: Name scope.
    """
    with name_scope(name, "cross_entropy"):
        return ref.entropy() + kl_divergence(ref, other, allow_nan_stats=allow_nan_stats)


class RegisterKL:
    """Registers a formula for the divergence of two families of distributions; a decorator of it.

    Args:
      dist_cls_a: Class of the first distribution.
      dist_cls_b: Class of the second distribution.

    Raises:
      TypeError: (when called) the formula is not callable.
      ValueError: (when called) the pair has one already.

    >>> class Coin(tf.distributions.Bernoulli):
    ...     pass
    >>> @tf.distributions.RegisterKL(Coin, Coin)
    ... def _coins(a, b, name=None):
    ...     return tf.constant(7.0)
    >>> float(tf.Session().run(tf.distributions.kl_divergence(Coin(probs=0.5), Coin(probs=0.1))))
    7.0
    """

    def __init__(self, dist_cls_a: type, dist_cls_b: type) -> None:
        self._key = (dist_cls_a, dist_cls_b)

    def __call__(self, kl_fn: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """Registers `kl_fn(a, b, name=None)` and returns it."""
        if not callable(kl_fn):
            raise TypeError(f"kl_fn must be callable, received: {kl_fn}")
        if self._key in _FORMULAS:
            a, b = self._key
            raise ValueError(f"KL({a.__name__} || {b.__name__}) has already been registered to: {_FORMULAS[self._key]}")
        _FORMULAS[self._key] = kl_fn
        return kl_fn
