"""Local response normalisation: each channel divided by a power of the squares of its neighbours.

    y[c] = x[c] / (bias + alpha * sum of x[c'] ** 2 over |c' - c| <= depth_radius) ** beta

(Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", section 3.3.) The
sum over neighbours is a product with a band matrix where that is cheap, and a sum of shifted arrays otherwise; both are
symmetric, so the gradient uses the same sum again.
"""

from __future__ import annotations

import functools
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

_BAND_CHANNELS = 128  # up to so many channels, the product with the band matrix is quicker than shifts on a CPU


def local_response_normalization(
    input: jax.Array,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
    platform: str = "cpu",
) -> jax.Array:
    """TensorFlow's `LRN`.

    Args:
      input: `[batch, height, width, channels]`, a floating dtype.
      depth_radius: How many neighbours on either side count.
      bias: Offset of the sum; positive, so that nothing is divided by zero.
      alpha: Factor of the sum.
      beta: Exponent.
      platform: "cpu", "gpu" or "tpu".

    Returns:
      Array of the shape and dtype of `input`; half precision is worked in float32.
    """
    x = input.astype(jnp.float32) if input.dtype.itemsize == 2 else input
    y = cast(jax.Array, _normalize((depth_radius, float(bias), float(alpha), float(beta), platform), x))
    return y.astype(input.dtype)


_Settings = tuple[int, float, float, float, str]


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _normalize(settings: _Settings, x: jax.Array) -> jax.Array:
    return x * _scale(settings, x)[1]


def _scale(settings: _Settings, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The norm, and its power `-beta`."""
    radius, bias, alpha, beta, platform = settings
    norm = bias + alpha * _neighbours(x * x, radius, platform)
    return norm, _negative_power(norm, beta)


def _negative_power(x: jax.Array, beta: float) -> jax.Array:
    # The exponents in use have roots for an answer, which a CPU finds many times sooner than a power.
    if beta == 0.5:
        return lax.rsqrt(x)
    if beta == 0.75:
        root = lax.rsqrt(x)
        return root * jnp.sqrt(root)
    if beta == 1.0:
        return 1 / x
    return x**-beta


def _neighbours(x: jax.Array, radius: int, platform: str) -> jax.Array:
    """Sum over the channels at most `radius` away."""
    channels = x.shape[-1]
    if platform != "cpu" or channels <= _BAND_CHANNELS:
        place = np.arange(channels)
        band = jnp.asarray(abs(place[:, None] - place) <= radius, x.dtype)
        flat = jnp.matmul(x.reshape(-1, channels), band, precision=lax.Precision.HIGHEST)
        return flat.reshape(x.shape)
    radius = min(radius, channels - 1)
    padded = lax.pad(x, jnp.zeros((), x.dtype), [*[(0, 0, 0)] * (x.ndim - 1), (radius, radius, 0)])
    return functools.reduce(
        jnp.add, (lax.slice_in_dim(padded, i, i + channels, axis=-1) for i in range(2 * radius + 1))
    )


def _backward(settings: _Settings, x: jax.Array, dy: jax.Array) -> tuple[jax.Array]:
    radius, _, alpha, beta, platform = settings
    norm, power = _scale(settings, x)
    pulled = _neighbours(dy * x * power / norm, radius, platform)
    return (dy * power - 2 * alpha * beta * x * pulled,)


_normalize.defvjp(lambda settings, x: (_normalize(settings, x), x), _backward)
