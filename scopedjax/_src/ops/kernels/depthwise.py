"""Depthwise convolution: each input channel has filters of its own and is mixed with no other.

XLA's CPU backend treats it as a convolution with as many groups as channels and takes a hundred times what it needs.
As a sum of shifted products it is one elementwise loop:

    y[n, p, c * m] = sum over taps t of x[n, p * stride + t - low, c] * w[t, c, m]

Its gradients are of the same kind: for the input, the products are put back where the tap had read; for the filter,
each tap's product with `dy` is added up over images and positions. As in convolution.py the three functions are closed
under differentiation. On accelerators, and for filters of very many taps, XLA's grouped convolution is used.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

from scopedjax._src.ops.kernels import geometry
from scopedjax._src.ops.kernels.convolution import Spec, all_taps, pad_windows, read_tap, spread_tap
from scopedjax._src.ops.kernels.geometry import Padding

_MANY_TAPS = 169  # a 13 x 13 filter; the program grows with the number of taps
_STRIPS = 16  # filter gradient: strips of rows that are added up in one loop


def depthwise_conv2d(
    input: jax.Array,
    filter: jax.Array,
    strides: Sequence[int],
    padding: Padding,
    data_format: str = "NHWC",
    dilations: Sequence[int] = (1, 1, 1, 1),
    platform: str = "cpu",
) -> jax.Array:
    """Depthwise convolution (TensorFlow's `DepthwiseConv2dNative`).

    Args:
      input: `[batch, height, width, in_channels]`, or `[batch, in_channels, height, width]` for NCHW.
      filter: `[filter_height, filter_width, in_channels, multiplier]`, same dtype.
      strides: Four integers in the order of `data_format`.
      padding: "SAME", "VALID", or explicit pads in the order of `data_format`.
      data_format: "NHWC" or "NCHW".
      dilations: Four integers in the order of `data_format`.
      platform: "cpu", "gpu" or "tpu".

    Returns:
      `[batch, out_height, out_width, in_channels * multiplier]`, in `data_format`.

    Raises:
      ValueError: The filter's channels are not the input's, or a window is longer than the padded input.
    """
    spec = _spec(input.shape, filter.shape, strides, padding, data_format, dilations, platform)
    return _from_last(depthwise(spec, _to_last(input, data_format), filter), data_format)


def depthwise_conv2d_backprop_input(
    input_sizes: Sequence[int],
    filter: jax.Array,
    out_backprop: jax.Array,
    strides: Sequence[int],
    padding: Padding,
    data_format: str = "NHWC",
    dilations: Sequence[int] = (1, 1, 1, 1),
    platform: str = "cpu",
) -> jax.Array:
    """Gradient of `depthwise_conv2d` for its input, of the static shape `input_sizes`."""
    spec = _spec(tuple(input_sizes), filter.shape, strides, padding, data_format, dilations, platform)
    return _from_last(input_grad(spec, filter, _to_last(out_backprop, data_format)), data_format)


def depthwise_conv2d_backprop_filter(
    input: jax.Array,
    filter_sizes: Sequence[int],
    out_backprop: jax.Array,
    strides: Sequence[int],
    padding: Padding,
    data_format: str = "NHWC",
    dilations: Sequence[int] = (1, 1, 1, 1),
    platform: str = "cpu",
) -> jax.Array:
    """Gradient of `depthwise_conv2d` for its filter, of the static shape `filter_sizes`."""
    spec = _spec(input.shape, tuple(filter_sizes), strides, padding, data_format, dilations, platform)
    return filter_grad(spec, _to_last(input, data_format), _to_last(out_backprop, data_format))


def _to_last(x: jax.Array, data_format: str) -> jax.Array:
    return jnp.moveaxis(x, 1, -1) if geometry.channels_first(data_format) else x


def _from_last(x: jax.Array, data_format: str) -> jax.Array:
    return jnp.moveaxis(x, -1, 1) if geometry.channels_first(data_format) else x


def _spec(
    shape: tuple[int, ...],
    filter_shape: tuple[int, ...],
    strides: Sequence[int],
    padding: Padding,
    data_format: str,
    dilations: Sequence[int],
    platform: str,
) -> Spec:
    channels = shape[1 if geometry.channels_first(data_format) else -1]
    if len(shape) != 4 or len(filter_shape) != 4 or channels != filter_shape[2]:
        raise ValueError(
            f"Dimensions must be equal: the input {list(shape)} ({data_format}) has {channels} channels, the depthwise "
            f"filter {list(filter_shape)} must be [height, width, {channels}, multiplier]."
        )
    sizes = [shape[axis] for axis in geometry.spatial_axes(4, data_format)]
    windows = geometry.windows(sizes, filter_shape[:2], strides, padding, data_format, dilations)
    return Spec(windows, platform)


# ------------------------------------------------------------------------------------ the three, closed under gradients


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def depthwise(spec: Spec, x: jax.Array, w: jax.Array) -> jax.Array:
    """Channels-last depthwise convolution."""
    return _conv(spec, x, w) if _shifts(spec) else _lax_conv(spec, x, w)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def input_grad(spec: Spec, w: jax.Array, dy: jax.Array) -> jax.Array:
    """The transpose of `depthwise` in `x`."""
    if _shifts(spec):
        return _input_grad(spec, w, dy)
    like = jax.ShapeDtypeStruct((dy.shape[0], *spec.sizes, w.shape[2]), dy.dtype)
    return jax.linear_transpose(lambda x: _lax_conv(spec, x, w), like)(dy)[0]


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def filter_grad(spec: Spec, x: jax.Array, dy: jax.Array) -> jax.Array:
    """The transpose of `depthwise` in `w`."""
    if _shifts(spec) and dy.size:
        return _filter_grad(spec, x, dy)
    like = jax.ShapeDtypeStruct((*spec.taps, x.shape[-1], dy.shape[-1] // x.shape[-1]), dy.dtype)
    return jax.linear_transpose(lambda w: _lax_conv(spec, x, w), like)(dy)[0]


depthwise.defvjp(
    lambda spec, x, w: (depthwise(spec, x, w), (x, w)),
    lambda spec, kept, dy: (input_grad(spec, kept[1], dy), filter_grad(spec, kept[0], dy)),
)
input_grad.defvjp(
    lambda spec, w, dy: (input_grad(spec, w, dy), (w, dy)),
    lambda spec, kept, g: (filter_grad(spec, g, kept[1]), depthwise(spec, g, kept[0])),
)
filter_grad.defvjp(
    lambda spec, x, dy: (filter_grad(spec, x, dy), (x, dy)),
    lambda spec, kept, g: (input_grad(spec, g, kept[1]), depthwise(spec, kept[0], g)),
)


def _shifts(spec: Spec) -> bool:
    return spec.platform == "cpu" and math.prod(spec.taps) <= _MANY_TAPS


def _lax_conv(spec: Spec, x: jax.Array, w: jax.Array) -> jax.Array:
    return lax.conv_general_dilated(
        x,
        w.reshape(*w.shape[:2], 1, -1),
        spec.strides,
        [(window.low, window.high) for window in spec.windows],
        rhs_dilation=[window.dilation for window in spec.windows],
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=x.shape[-1],
    )


def _sum(terms: Sequence[jax.Array]) -> jax.Array:
    return functools.reduce(jnp.add, terms)


def _widened(x: jax.Array) -> jax.Array:
    """Half precision is added up in float32, and rounded once."""
    return x.astype(jnp.float32) if x.dtype.itemsize == 2 else x


def _conv(spec: Spec, x: jax.Array, w: jax.Array) -> jax.Array:
    padded, wide = pad_windows(spec, _widened(x)), _widened(w)
    terms = []
    for tap in all_taps(spec):
        term = read_tap(spec, padded, tap)[..., None] * wide[tap]
        terms.append(term.reshape(*term.shape[:-2], -1))
    return _sum(terms).astype(x.dtype)


def _by_multiplier(dy: jax.Array, channels: int) -> list[jax.Array]:
    """`dy` as one array for each multiplier: sums over a short last dimension are slow."""
    parts = dy.reshape(*dy.shape[:-1], channels, dy.shape[-1] // channels)
    return list(jnp.moveaxis(parts, -1, 0))


def _input_grad(spec: Spec, w: jax.Array, dy: jax.Array) -> jax.Array:
    wide = _widened(w)
    terms = [
        spread_tap(spec, part * wide[(*tap, slice(None), m)], tap)
        for m, part in enumerate(_by_multiplier(_widened(dy), w.shape[2]))
        for tap in all_taps(spec)
    ]
    return _sum(terms).astype(dy.dtype)


def _filter_grad(spec: Spec, x: jax.Array, dy: jax.Array) -> jax.Array:
    """Products with `dy`, added up image by image, which the processor's cache holds, and in strips of rows.

    XLA reduces shifted operands slowly, but adds them quickly: the sum over strips is elementwise, and what is left of
    it after all images (a strip for each tap) is reduced at the end.
    """
    channels = x.shape[-1]
    padded = pad_windows(spec, _widened(x))
    parts = jnp.stack(_by_multiplier(_widened(dy), channels), axis=1)
    multiplier, rows, columns = parts.shape[1:-1]
    strips = max(n for n in range(1, _STRIPS + 1) if rows % n == 0)
    height = rows // strips

    def add(totals: list[jax.Array], image: tuple[jax.Array, jax.Array]) -> tuple[list[jax.Array], None]:
        read, by = image
        terms = []
        for tap in all_taps(spec):
            part = read_tap(spec, read[None], tap)[0]
            for m in range(multiplier):
                product = [part[i : i + height] * by[m, i : i + height] for i in range(0, rows, height)]
                terms.append(_sum(product))
        return [total + term for total, term in zip(totals, terms)], None

    zero = jnp.zeros((height, columns, channels), padded.dtype)
    totals, _ = lax.scan(add, [zero] * (math.prod(spec.taps) * multiplier), (padded, parts))
    sums = jnp.stack(totals).sum((1, 2)).reshape(*spec.taps, multiplier, channels)
    return jnp.swapaxes(sums, -1, -2).astype(dy.dtype)
