"""Parameters of distributions: conversion, checks, the two forms of probabilities, derived seeds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import broadcast_dynamic_shape, broadcast_static_shape, shape
from scopedjax._src.ops.control_flow.checks import (
    assert_less,
    assert_less_equal,
    assert_near,
    assert_non_negative,
    assert_rank_at_least,
)
from scopedjax._src.ops.control_flow.grouping import with_dependencies
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.comparison import where
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.ops.nn.softmax import softmax


def derived_seed(seed: int | None, salt: str) -> int | None:
    """Returns another seed made from a seed and a word, as TF1 makes it; None from None."""
    if seed is None:
        return None
    digest = hashlib.md5(f"{seed}{salt}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) & 0x7FFFFFFF


def check_same_float_dtype(tensors: Sequence[Tensor]) -> None:
    """Checks that tensors have one floating dtype.

    Raises:
      ValueError: they do not.
    """
    first = tensors[0]
    for tensor in tensors:
        if tensor.dtype.base_dtype is not first.dtype.base_dtype:
            raise ValueError(
                f"Tensor conversion requested dtype {first.dtype.base_dtype.name} for Tensor with dtype "
                f"{tensor.dtype.base_dtype.name}: {tensor}, {first} must be of the same type."
            )
        if not tensor.dtype.is_floating:
            raise ValueError(f"Expected floating point type, got {tensor.dtype.base_dtype.name}.")


def checked(x: Any, checks: Sequence[Any]) -> Tensor:
    """Returns a tensor that waits for checks."""
    return with_dependencies(checks, x) if checks else x


def logits_and_probs(
    logits: Any, probs: Any, multidimensional: bool = False, validate_args: bool = False
) -> tuple[Tensor, Tensor]:
    """Returns log-odds (or unnormalised log-probabilities) and probabilities, given one of the two.

    Args:
      logits: Tensor or None.
      probs: Tensor or None.
      multidimensional: Whether the last dimension holds the probabilities of classes.
      validate_args: Whether probabilities are checked in each run.

    Raises:
      ValueError: both are given, or none.
    """
    if (probs is None) == (logits is None):
        raise ValueError("Must pass probs or logits, but not both.")
    if probs is None:
        logits = convert_to_tensor(logits, name="logits")
        if not logits.dtype.is_floating:
            raise TypeError(f"logits must having floating type. Got {logits.dtype}")
        if multidimensional:
            if validate_args:
                logits = checked(logits, [assert_rank_at_least(logits, 1)])
            return logits, softmax(logits, name="probs")
        return logits, apply_op("Sigmoid", logits, name="probs")
    probs = convert_to_tensor(probs, name="probs")
    if not probs.dtype.is_floating:
        raise TypeError(f"probs must having floating type. Got {probs.dtype}")
    if validate_args:
        probs = _checked_probs(probs, multidimensional)
    with name_scope("logits"):
        logarithm = apply_op("Log", probs)
        return (logarithm if multidimensional else logarithm - apply_op("Log1p", -1.0 * probs)), probs


def _checked_probs(probs: Tensor, multidimensional: bool) -> Tensor:
    checks = [assert_non_negative(probs, message="probs has components less than 0.")]
    if multidimensional:
        total = reduce_sum(probs, -1)
        checks.append(assert_near(total, np.ones([], probs.dtype.as_numpy_dtype), message="probs does not sum to 1."))
    else:
        one = np.ones([], probs.dtype.as_numpy_dtype)
        checks.append(assert_less_equal(probs, one, message="probs has components greater than 1."))
    return checked(probs, checks)


def broadcast_shape(a: Tensor, b: Tensor) -> TensorShape:
    """The static shape that two tensors broadcast to."""
    return broadcast_static_shape(a.shape, b.shape)


def broadcast_shape_tensor(a: Tensor, b: Tensor) -> Tensor:
    """The shape that two tensors broadcast to, as a tensor."""
    return broadcast_dynamic_shape(shape(a), shape(b))


def ones_of(sizes: Tensor, like: Tensor) -> Tensor:
    """Ones of a shape, of the dtype of another tensor."""
    return ones(sizes, dtype=like.dtype.base_dtype)


def sample_sizes(n: Any, *parts: Any) -> Tensor:
    """The shape `[n, *parts]`."""
    return concat([[n], *parts], 0)


def nan_where_not(defined: Tensor, value: Tensor) -> Tensor:
    """A statistic with NaN where it is not defined."""
    nan = apply_op("Fill", shape(value), np.array(np.nan, value.dtype.as_numpy_dtype))
    return where(defined, value, nan)


def log_combinations(n: Tensor, counts: Tensor) -> Tensor:
    """The logarithm of the number of orders of `n` draws that give these counts (in the last dimension)."""
    total = apply_op("Lgamma", n + 1.0)
    return total - reduce_sum(apply_op("Lgamma", counts + 1.0), axis=[-1])


def log_beta(x: Tensor) -> Tensor:
    """The logarithm of the multivariate beta function of the last dimension."""
    return reduce_sum(apply_op("Lgamma", x), axis=[-1]) - apply_op("Lgamma", reduce_sum(x, axis=[-1]))


def assert_above(x: Tensor, bound: float, message: str) -> Any:
    """Returns a check that all elements are above a bound."""
    return assert_less(np.asarray(bound, x.dtype.as_numpy_dtype), x, message=message)
