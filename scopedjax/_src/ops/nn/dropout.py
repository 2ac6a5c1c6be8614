"""Dropout: elements are set to zero at random, and the others scaled up, so that sums keep their size.

The random numbers are TF1's: element i is dropped where the i-th uniform number of the op's stream is below the rate.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from scopedjax._src.base.shapes import TensorShape, to_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.shapes import renamed_argument, shape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.comparison import where_v2
from scopedjax._src.ops.random.sampling import random_uniform


def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: Any = None,
    name: str | None = None,
    rate: Any = None,
) -> Tensor:
    """Sets elements to zero at random and divides the others by the probability of being kept.

    Args:
      x: Floating tensor.
      keep_prob: Probability that an element is kept: a number in (0, 1], or a scalar tensor.
      noise_shape: Shape that broadcasts to that of `x`: elements that share a random number fall together. None in a
        list stands for the size of `x`.
      seed: Seed of the random numbers; see `tf.set_random_seed`.
      name: Name scope; defaults to "dropout".
      rate: Probability that an element is dropped: `1 - keep_prob`, and given in its place.

    Returns:
      Tensor of the shape and dtype of `x`; `x` itself where nothing is dropped.

    Raises:
      ValueError: neither or both of `keep_prob` and `rate`, or one out of range; `x` is not floating.

    >>> x = tf.ones([1000])
    >>> sorted(set(tf.Session().run(tf.nn.dropout(x, 0.5)).tolist()))
    [0.0, 2.0]
    """
    try:
        complement = None if keep_prob is None else _complement(keep_prob)
    except TypeError:
        raise ValueError(
            f"`keep_prob` must be a floating point number or Tensor. Received: keep_prob={keep_prob}"
        ) from None
    rate = renamed_argument("rate", rate, "keep_prob", complement)
    if rate is None:
        raise ValueError(f"`rate` must be provided. Received: rate={rate}")
    with stacks.get_default_graph().name_scope(name or "dropout"):
        known = isinstance(rate, numbers.Real)
        if known and not 0 <= float(rate) < 1:
            raise ValueError(f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}")
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_floating:
            raise ValueError(
                f"`x.dtype` must be a floating point tensor as `x` will be scaled. Received: x_dtype={x.dtype}"
            )
        if known and rate == 0:
            return x
        return _dropped(x, rate, _scaled(x, rate), noise_shape, seed)


def _complement(keep_prob: Any) -> Any:
    return apply_op("Sub", 1.0, keep_prob, name="sub") if isinstance(keep_prob, Tensor) else 1 - keep_prob


def _scaled(x: Tensor, rate: Any) -> Tensor:
    """`x / (1 - rate)`."""
    if isinstance(rate, numbers.Real):
        return apply_op("Mul", x, constant(1.0 / (1.0 - float(rate)), dtype=x.dtype))
    if not isinstance(rate, Tensor):
        if not hasattr(rate, "dtype"):
            raise ValueError(f"`rate` must be a scalar or scalar tensor. Received: rate={rate}")
        rate = convert_to_tensor(rate)
    if rate.ndim not in (None, 0):
        raise ValueError(f"Shape {rate.shape} must have rank 0")
    if rate.dtype.base_dtype is not x.dtype.base_dtype:
        raise ValueError(
            f"`x.dtype` must be compatible with `rate.dtype`. Received: x.dtype={x.dtype} and rate.dtype={rate.dtype}"
        )
    return apply_op("RealDiv", x, apply_op("Sub", constant(1.0, dtype=x.dtype), rate))


def _dropped(x: Tensor, rate: Any, scaled: Tensor, noise_shape: Any, seed: Any) -> Tensor:
    noise = random_uniform(_noise_shape(x, noise_shape), seed=seed, dtype=x.dtype)
    kept = apply_op("GreaterEqual", noise, rate)
    zero = constant(0, dtype=x.dtype)
    result = where_v2(kept, scaled, zero)
    result.set_shape(x.shape)
    return result


def _noise_shape(x: Tensor, noise_shape: Any) -> Any:
    """The shape of the random numbers, with the gaps filled from that of `x`."""
    if noise_shape is None:
        return shape(x)
    if isinstance(noise_shape, Tensor):
        return noise_shape
    try:
        wanted = to_dims(noise_shape)
    except (TypeError, ValueError):
        return noise_shape  # a list with tensors in it
    dims = x.dims
    if wanted is not None and dims is not None and len(wanted) == len(dims):
        wanted = tuple(d if w is None else w for w, d in zip(wanted, dims, strict=True))
    if wanted is None or None in wanted:
        raise ValueError(f"Cannot convert a partially known TensorShape {TensorShape(wanted)} to a Tensor.")
    return np.asarray(wanted, np.int32) if isinstance(noise_shape, Sequence) else list(wanted)
