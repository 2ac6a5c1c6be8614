"""Batch normalisation as TensorFlow's `FusedBatchNorm` family has it: which variance, which outputs, which gradients.

    training    y = scale * (x - mean) / sqrt(var + epsilon) + offset        mean, var of the batch, per channel
    inference   the same with the mean and variance that are handed in

The *population* variance (divided by the count `n`) normalises; the one handed out for the moving average is Bessel
corrected (times `n / (n - 1)`). With `exponential_avg_factor` f below one, what is handed out is already the new
moving average, `(1 - f) * old + f * batch`. The reserve spaces are the batch's mean and population variance. As in
TensorFlow, the outputs other than `y` have no gradient, and neither do the `mean` and `variance` handed in.
(Ioffe and Szegedy, "Batch Normalization", 2015, algorithm 1 and the formulas that follow it.)
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
from jax import lax

from scopedjax._src.ops.kernels import geometry


class FusedBatchNorm(NamedTuple):
    """The outputs of `FusedBatchNormV3`; all but `y` have shape `[channels]` and the dtype of `scale`."""

    y: jax.Array
    batch_mean: jax.Array
    batch_variance: jax.Array
    reserve_space_1: jax.Array
    reserve_space_2: jax.Array
    reserve_space_3: jax.Array


def fused_batch_norm(
    x: jax.Array,
    scale: jax.Array,
    offset: jax.Array,
    mean: jax.Array,
    variance: jax.Array,
    epsilon: float = 1e-4,
    exponential_avg_factor: float = 1.0,
    data_format: str = "NHWC",
    is_training: bool = True,
    platform: str = "cpu",
) -> FusedBatchNorm:
    """TensorFlow's `FusedBatchNormV3` (and V1, V2, which lack the last output).

    Args:
      x: Rank 4 or 5 in `data_format`; float32, or half precision, which is worked in float32.
      scale: `[channels]`, float32.
      offset: `[channels]`, float32.
      mean: `[channels]`; used in inference and when `exponential_avg_factor` is not one, otherwise may be empty.
      variance: As `mean`.
      epsilon: Added to the variance.
      exponential_avg_factor: Weight of the batch in the mean and variance that are handed out.
      data_format: "NHWC", "NCHW", "NDHWC" or "NCDHW".
      is_training: Whether the batch's own mean and variance normalise.
      platform: "cpu", "gpu" or "tpu"; all are served alike.

    Returns:
      A `FusedBatchNorm`; in inference `batch_mean` and `batch_variance` are what was handed in.
    """
    del platform
    axis = 1 if geometry.channels_first(data_format) else x.ndim - 1
    if not is_training:
        y = cast(jax.Array, _normalize(axis, float(epsilon), x, scale, offset, mean, variance))
        empty = jnp.zeros((), scale.dtype)
        return FusedBatchNorm(y, mean, variance, mean, variance, empty)
    outputs = _train(axis, float(epsilon), x, scale, offset)
    y, batch_mean, batch_variance = cast(tuple[jax.Array, jax.Array, jax.Array], outputs)
    batch_mean, batch_variance = lax.stop_gradient((batch_mean, batch_variance))
    count = x.size // x.shape[axis] if x.shape[axis] else 0
    new_mean, new_variance = batch_mean, batch_variance * (count / max(count - 1, 1))
    if exponential_avg_factor != 1.0:
        keep = 1.0 - exponential_avg_factor
        new_mean = keep * mean + exponential_avg_factor * new_mean
        new_variance = keep * variance + exponential_avg_factor * new_variance
    new_mean, new_variance = lax.stop_gradient((new_mean, new_variance))
    return FusedBatchNorm(y, new_mean, new_variance, batch_mean, batch_variance, jnp.zeros((), scale.dtype))


def fused_batch_norm_grad(
    y_backprop: jax.Array,
    x: jax.Array,
    scale: jax.Array,
    reserve_space_1: jax.Array,
    reserve_space_2: jax.Array,
    epsilon: float = 1e-4,
    data_format: str = "NHWC",
    is_training: bool = True,
    platform: str = "cpu",
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """TensorFlow's `FusedBatchNormGradV3`: the gradients of `x`, `scale` and `offset`.

    Args:
      y_backprop: Gradient of `y`.
      x: As in `fused_batch_norm`, like the rest.
      reserve_space_1: The batch's mean in training, the moving mean in inference.
      reserve_space_2: The population variance likewise.
    """
    del platform
    axis = 1 if geometry.channels_first(data_format) else x.ndim - 1
    if is_training:
        return _train_gradient(axis, float(epsilon), x, scale, reserve_space_1, reserve_space_2, y_backprop)
    pullback = functools.partial(_inference_gradient, axis, float(epsilon))
    return pullback(x, scale, reserve_space_1, reserve_space_2, y_backprop)


def _row(vector: jax.Array, axis: int, rank: int) -> jax.Array:
    """A vector of channels, ready to broadcast."""
    return vector.reshape([-1 if i == axis else 1 for i in range(rank)])


def _sum(x: jax.Array, axis: int) -> jax.Array:
    return x.sum(tuple(i for i in range(x.ndim) if i != axis))


def _wide(x: jax.Array) -> jax.Array:
    return x.astype(jnp.float32) if x.dtype.itemsize == 2 else x


# ------------------------------------------------------------------------------------------------------------- training


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _train(axis: int, epsilon: float, x: jax.Array, scale: jax.Array, offset: jax.Array) -> tuple[jax.Array, ...]:
    """`y`, and the mean and population variance of the batch."""
    wide, rank = _wide(x), x.ndim
    count = math.prod(x.shape) // x.shape[axis] if x.shape[axis] else 0
    share = 1.0 / count if count else math.nan
    mean = _sum(wide, axis) * share
    centred = wide - _row(mean, axis, rank)
    variance = _sum(centred * centred, axis) * share
    factor = lax.rsqrt(variance + epsilon) * scale
    y = centred * _row(factor, axis, rank) + _row(offset, axis, rank)
    return y.astype(x.dtype), mean, variance


def _train_forward(axis: int, epsilon: float, x: jax.Array, scale: jax.Array, offset: jax.Array):
    return _train(axis, epsilon, x, scale, offset), (x, scale)


def _train_backward(axis: int, epsilon: float, kept: tuple[jax.Array, ...], cotangents: tuple[jax.Array, ...]):
    x, scale = kept
    # Mean and variance are made again from x: a second derivative must see that they depend on it.
    wide = _wide(x)
    share = x.shape[axis] / max(x.size, 1)
    mean = _sum(wide, axis) * share
    centred = wide - _row(mean, axis, x.ndim)
    variance = _sum(centred * centred, axis) * share
    return _train_gradient(axis, epsilon, x, scale, mean, variance, cotangents[0])


_train.defvjp(_train_forward, _train_backward)


def _train_gradient(
    axis: int,
    epsilon: float,
    x: jax.Array,
    scale: jax.Array,
    mean: jax.Array,
    variance: jax.Array,
    dy: jax.Array,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    rank, wide, g = x.ndim, _wide(x), _wide(dy)
    inverse = lax.rsqrt(variance + epsilon)
    hat = (wide - _row(mean, axis, rank)) * _row(inverse, axis, rank)
    doffset = _sum(g, axis)
    dscale = _sum(g * hat, axis)
    share = x.shape[axis] / max(x.size, 1)
    dx = _row(scale * inverse, axis, rank) * (
        g - _row(doffset * share, axis, rank) - hat * _row(dscale * share, axis, rank)
    )
    return dx.astype(x.dtype), dscale, doffset


# ------------------------------------------------------------------------------------------------------------ inference


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _normalize(
    axis: int,
    epsilon: float,
    x: jax.Array,
    scale: jax.Array,
    offset: jax.Array,
    mean: jax.Array,
    variance: jax.Array,
) -> jax.Array:
    factor = lax.rsqrt(variance + epsilon) * scale
    y = (_wide(x) - _row(mean, axis, x.ndim)) * _row(factor, axis, x.ndim) + _row(offset, axis, x.ndim)
    return y.astype(x.dtype)


def _normalize_backward(axis: int, epsilon: float, kept: tuple[jax.Array, ...], dy: jax.Array):
    x, scale, mean, variance = kept
    gradients = _inference_gradient(axis, epsilon, x, scale, mean, variance, dy)
    return (*gradients, jnp.zeros_like(mean), jnp.zeros_like(variance))


_normalize.defvjp(
    lambda axis, epsilon, x, scale, offset, mean, variance: (
        _normalize(axis, epsilon, x, scale, offset, mean, variance),
        (x, scale, mean, variance),
    ),
    _normalize_backward,
)


def _inference_gradient(
    axis: int,
    epsilon: float,
    x: jax.Array,
    scale: jax.Array,
    mean: jax.Array,
    variance: jax.Array,
    dy: jax.Array,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    g, rank = _wide(dy), x.ndim
    inverse = lax.rsqrt(variance + epsilon)
    dx = g * _row(inverse * scale, axis, rank)
    dscale = _sum(g * (_wide(x) - _row(mean, axis, rank)), axis) * inverse
    return dx.astype(x.dtype), dscale, _sum(g, axis)
