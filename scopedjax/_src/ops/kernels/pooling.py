"""Maximum and average over windows, any axes, with TensorFlow's ties, padding and gradients.

XLA's gradient of a maximum (select-and-scatter) takes a hundred milliseconds on a CPU where TensorFlow takes three, and
its rule for ties is not TensorFlow's. Here a pooling is an elementwise loop over its taps, the elements at one place of
every window:

    value   y = max over taps of x[tap]          which = the first tap, in scan order, that reached the maximum
    gradient   dx = sum over taps of spread(where(which == tap, dy, 0))       `spread` puts back where the tap had read

TensorFlow gives the whole gradient to the first of equal elements in two dimensions (`ties="first"`), and to each of
them in three (`ties="all"`). A comparison with NaN is false, so a NaN is never the maximum.

Windows of many taps are pooled one axis at a time, the last first. That is exact for the ties too: the first row whose
maximum is the window's, then the first element of that row, is the first in scan order. Averages leave padding out of
the count. Gradients of every order exist, because the gradient itself consists of selections and sums.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from scopedjax._src.ops.kernels import geometry
from scopedjax._src.ops.kernels.geometry import Padding, Window

_MANY_TAPS = 16  # beyond so many taps, one axis at a time
Windows = tuple[Window, ...]  # one for each dimension of the array


def max_pool(
    input: jax.Array,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: Padding,
    data_format: str = "NHWC",
    platform: str = "cpu",
) -> jax.Array:
    """Largest element of each window (TensorFlow's `MaxPool`); the gradient goes to the first of equal elements.

    Args:
      input: Array of rank 3, 4 or 5.
      ksize: Window length in every dimension, in the order of `data_format`; batch and channels may be pooled too.
      strides: Distance of the windows, likewise.
      padding: "SAME", "VALID", or explicit pads in the order of `data_format`; padding is never the maximum.
      data_format: "NHWC", "NCHW" and their kin; says nothing here that `ksize` does not.
      platform: "cpu", "gpu" or "tpu".

    Raises:
      ValueError: A window longer than the padded input, or an unknown `padding`.
    """
    del data_format, platform  # one formulation serves all: XLA fuses it everywhere
    return _max_pool(input, _windows(input, ksize, strides, padding), "first")


def max_pool3d(
    input: jax.Array,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: Padding,
    data_format: str = "NDHWC",
    platform: str = "cpu",
) -> jax.Array:
    """`max_pool` in three dimensions (`MaxPool3D`); each of equal elements receives the whole gradient."""
    del data_format, platform
    return _max_pool(input, _windows(input, ksize, strides, padding), "all")


def avg_pool(
    input: jax.Array,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: Padding,
    data_format: str = "NHWC",
    platform: str = "cpu",
) -> jax.Array:
    """Mean of the elements of each window (`AvgPool`, `AvgPool3D`); padding counts neither as element nor in number.

    Arguments as in `max_pool`.
    """
    del data_format, platform
    windows = _windows(input, ksize, strides, padding)
    total = input.astype(jnp.float32) if input.dtype.itemsize == 2 else input
    if all(window.tiles for window in windows) and math.prod(window.kernel for window in windows) > _MANY_TAPS:
        split = [extent for window in windows for extent in (window.output, window.kernel)]
        total = total.reshape(split).sum(tuple(range(1, 2 * total.ndim, 2)))
    else:
        for axes in _passes(windows):
            total = cast(jax.Array, _add_taps(_only(windows, axes, total.shape), total))
    return (total / jnp.asarray(_counts(windows), total.dtype)).astype(input.dtype)


def max_pool_with_argmax(
    input: jax.Array, ksize: Sequence[int], strides: Sequence[int], padding: Padding, include_batch: bool = False
) -> tuple[jax.Array, jax.Array]:
    """`max_pool` of a channels-last array, and the flat position of each maximum.

    Args:
      input: `[batch, height, width, channels]`.
      ksize: As in `max_pool`, like the rest.
      include_batch: Whether positions count from the start of the batch, not of the image.

    Returns:
      The maxima, and int64 positions `(y * width + x) * channels + channel` of the first element that has it.
    """
    windows = _windows(input, ksize, strides, padding)
    value, which = _first(input, windows)
    shape, position = input.shape, jnp.zeros((), jnp.int64)
    taps = np.array(list(_all_taps(windows)), np.int64)
    for axis in range(0 if include_batch else 1, input.ndim):
        starts = np.arange(windows[axis].output, dtype=np.int64) * windows[axis].stride - windows[axis].low
        starts = starts.reshape([-1 if i == axis else 1 for i in range(input.ndim)])
        place = jnp.asarray(starts) + jnp.asarray(taps[:, axis])[which]
        position = position * shape[axis] + place
    return value, position


# --------------------------------------------------------------------------------------------------------- the windows


def _windows(x: jax.Array, ksize: Sequence[int], strides: Sequence[int], padding: Padding) -> Windows:
    if not len(ksize) == len(strides) == x.ndim:
        raise ValueError(f"ksize {list(ksize)} and strides {list(strides)} must have the rank of the input, {x.ndim}.")
    pads = geometry.axis_paddings(padding, x.ndim)
    return tuple(
        _untouched(size)
        if kernel == stride == 1 and pad in ("SAME", "VALID", (0, 0))
        else geometry.window(size, kernel, stride, pad)
        for size, kernel, stride, pad in zip(x.shape, ksize, strides, pads)
    )


def _untouched(size: int) -> Window:
    """An axis that is not pooled; it may be empty."""
    return Window(size, 1, 1, 1, 0, 0, size)


def _passes(windows: Windows) -> list[tuple[int, ...]]:
    """The axes to pool, together when the taps are few, otherwise one after the other, the last first."""
    axes = [axis for axis, w in enumerate(windows) if w.kernel > 1 or w.stride > 1 or w.low > 0 or w.high > 0]
    if math.prod(window.kernel for window in windows) <= _MANY_TAPS:
        return [tuple(axes)]
    return [(axis,) for axis in reversed(axes)]


def _only(windows: Windows, axes: Sequence[int], shape: Sequence[int]) -> Windows:
    return tuple(w if axis in axes else _untouched(n) for axis, (w, n) in enumerate(zip(windows, shape)))


def _all_taps(windows: Windows) -> itertools.product[tuple[int, ...]]:
    return itertools.product(*(range(window.kernel) for window in windows))


def _reads(x: jax.Array, windows: Windows, fill: jax.Array) -> list[jax.Array]:
    """What each tap reads in all windows."""
    padded = lax.pad(x, fill, [(window.low, window.high, 0) for window in windows])
    parts = []
    for taps in _all_taps(windows):
        reach = [window.reach(tap) for window, tap in zip(windows, taps)]
        starts, stops = [start for start, _ in reach], [stop for _, stop in reach]
        parts.append(lax.slice(padded, starts, stops, [window.stride for window in windows]))
    return parts


def _spread(part: jax.Array, windows: Windows, taps: Sequence[int]) -> jax.Array:
    """Puts `part` back where `taps` had read it, zeros elsewhere."""
    pads = []
    for window, tap in zip(windows, taps):
        start, stop = window.reach(tap)
        pads.append((start - window.low, window.size + window.low - stop, window.stride - 1))
    return lax.pad(part, jnp.zeros((), part.dtype), pads)


def _spread_all(parts: Sequence[jax.Array], windows: Windows) -> jax.Array:
    """The sum of `parts`, one for each tap, each put back where its tap had read."""
    if all(window.tiles for window in windows):
        return functools.reduce(jnp.add, (_spread(p, windows, taps) for p, taps in zip(parts, _all_taps(windows))))
    return _by_phase(dict(zip(_all_taps(windows), parts)), windows, ())


def _by_phase(parts: dict[tuple[int, ...], jax.Array], windows: Windows, phases: tuple[int, ...]) -> jax.Array:
    """`_spread_all` where windows overlap: the elements with equal remainders by the stride, together.

    Element `m * stride + r` was read by tap `t` in window `(m * stride + r + low - t) / stride`, where that is whole;
    for fixed remainders `r` (`phases`, of the first axes) the sum is one of shifted parts, without zeros in between.
    """
    axis = len(phases)
    if axis == len(windows):
        return _one_phase(parts, windows, phases)
    window = windows[axis]
    rows = [_by_phase(parts, windows, (*phases, remainder)) for remainder in range(window.stride)]
    shape = list(rows[0].shape)
    shape[axis] *= window.stride
    return lax.slice_in_dim(jnp.stack(rows, axis + 1).reshape(shape), 0, window.size, axis=axis)


def _one_phase(parts: dict[tuple[int, ...], jax.Array], windows: Windows, phases: tuple[int, ...]) -> jax.Array:
    like = parts[(0,) * len(windows)]
    lengths = [-(-window.size // window.stride) for window in windows]
    total = None
    for taps in itertools.product(
        *(range((r + w.low) % w.stride, w.kernel, w.stride) for w, r in zip(windows, phases))
    ):
        pads = []
        for window, remainder, tap, length in zip(windows, phases, taps, lengths):
            low = (tap - remainder - window.low) // window.stride
            pads.append((low, length - window.output - low, 0))
        part = lax.pad(parts[taps], jnp.zeros((), like.dtype), pads)
        total = part if total is None else total + part
    return jnp.zeros(lengths, like.dtype) if total is None else total


# -------------------------------------------------------------------------------------------------------------- maximum


def _max_pool(x: jax.Array, windows: Windows, ties: str) -> jax.Array:
    for axes in _passes(windows):
        x = _max_taps(_only(windows, axes, x.shape), ties, x)
    return x


def _lowest(dtype: np.dtype) -> jax.Array:
    """What a maximum starts from: TensorFlow begins with the lowest finite number, so -inf is never its result."""
    return jnp.array((jnp.finfo if jnp.issubdtype(dtype, jnp.floating) else jnp.iinfo)(dtype).min, dtype)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _max_taps(windows: Windows, ties: str, x: jax.Array) -> jax.Array:
    lowest = _lowest(x.dtype)
    parts = _reads(x, windows, lowest)
    # A select, not lax.max: the maximum of TensorFlow does not let NaN through.
    return functools.reduce(lambda best, part: jnp.where(part > best, part, best), parts, lowest)


def _max_forward(windows: Windows, ties: str, x: jax.Array) -> tuple[jax.Array, tuple[jax.Array, ...]]:
    if ties == "all":
        value = cast(jax.Array, _max_taps(windows, ties, x))
        return value, (x, value)
    value, which = _first(x, windows)
    return value, (which,)


def _max_backward(windows: Windows, ties: str, kept: tuple[jax.Array, ...], dy: jax.Array) -> tuple[jax.Array]:
    zero = jnp.zeros((), dy.dtype)
    if ties == "all":
        x, value = kept
        hits = [part == value for part in _reads(x, windows, _lowest(x.dtype))]
    else:
        hits = [kept[0] == tap for tap in range(math.prod(window.kernel for window in windows))]
    return (_spread_all([jnp.where(hit, dy, zero) for hit in hits], windows),)


_max_taps.defvjp(_max_forward, _max_backward)


def _first(x: jax.Array, windows: Windows) -> tuple[jax.Array, jax.Array]:
    """The maxima, and the number of the first tap that has it."""
    parts = _reads(x, windows, _lowest(x.dtype))
    narrow = jnp.int8 if len(parts) <= 127 else jnp.int32
    best = jnp.where(parts[0] > _lowest(x.dtype), parts[0], _lowest(x.dtype))
    which, inside = jnp.zeros(best.shape, narrow), _inside(windows)
    for tap, part in enumerate(parts[1:], 1):
        better = part > best
        best = jnp.where(better, part, best)
        if inside is not None:  # never the padding, not even before a window of -inf
            better = (better | ~inside[0]) & inside[tap]
            inside[0] = inside[0] | inside[tap]
        which = jnp.where(better, jnp.array(tap, narrow), which)
    return best, which


def _inside(windows: Windows) -> list[np.ndarray] | None:
    """For each tap, which of its reads are elements, not padding; None when all are."""
    if all(window.low == 0 for window in windows):
        return None
    rows = []
    for taps in _all_taps(windows):
        mask = np.ones((1,) * len(windows), bool)
        for axis, (window, tap) in enumerate(zip(windows, taps)):
            place = np.arange(window.output) * window.stride + tap - window.low
            inside = (place >= 0) & (place < window.size)
            mask = mask & inside.reshape([-1 if i == axis else 1 for i in range(len(windows))])
        rows.append(mask)
    return rows


# -------------------------------------------------------------------------------------------------------------- average


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _add_taps(windows: Windows, x: jax.Array) -> jax.Array:
    return functools.reduce(jnp.add, _reads(x, windows, jnp.zeros((), x.dtype)))


_add_taps.defvjp(
    lambda windows, x: (_add_taps(windows, x), None),
    lambda windows, _, dy: (_spread_sum(windows, dy),),
)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _spread_sum(windows: Windows, dy: jax.Array) -> jax.Array:
    """The transpose of `_add_taps`."""
    return _spread_all([dy] * math.prod(window.kernel for window in windows), windows)


_spread_sum.defvjp(
    lambda windows, dy: (_spread_sum(windows, dy), None),
    lambda windows, _, g: (_add_taps(windows, g),),
)


def _counts(windows: Windows) -> np.ndarray:
    """How many elements each window holds; broadcasts against the result."""
    counts = np.ones((1,) * len(windows))
    for axis, window in enumerate(windows):
        starts = np.arange(window.output) * window.stride - window.low
        held = np.minimum(starts + window.kernel, window.size) - np.maximum(starts, 0)
        counts = counts * held.reshape([-1 if i == axis else 1 for i in range(len(windows))])
    return counts
