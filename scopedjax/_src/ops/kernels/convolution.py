"""Convolutions of any spatial rank with TensorFlow's geometry, and both of their gradients, quick on every backend.

A convolution is linear in the input and in the filter, so three functions are closed under differentiation:

    conv(x, w) = y          input_grad(w, dy) = dx          filter_grad(x, dy) = dw
        d/dx -> input_grad      d/dw  -> filter_grad            d/dx  -> input_grad
        d/dw -> filter_grad     d/ddy -> conv                   d/ddy -> conv

The derivative of each is one of the other two, which gives gradients of every order; and the three are TensorFlow's own
ops Conv2D, Conv2DBackpropInput (a transposed convolution) and Conv2DBackpropFilter.

On accelerators all three are `lax.conv_general_dilated` and its transposes. On the CPU, XLA's forward convolution is
good and its gradients are not (measured on 2 cores against TensorFlow with oneDNN; see tests/benchmarks/kernels.py):

- `input_grad` of a strided convolution would run over an input blown up with zeros. The input elements `i`
  with the same remainder `i mod stride` use the same taps, so it is cut into `stride^rank` convolutions of stride one
  (`_by_phase`); with few input channels these are too small, and one convolution yields all phases as channels
  (`_by_depth`); and where filter and channels are tiny, the products of `dy` with each tap are made at once and added
  up (`_by_column`).
- `filter_grad` would be a convolution with a kernel as large as the image. Instead the patches under the windows are
  multiplied with `dy`, over blocks of images that stay in the processor's cache (`_by_block`).
- Windows of a single element, and windows as large as the input, are matrix products.
- Groups are handled one by one (`vmap`), depthwise convolutions in depthwise.py. Half precision is widened to float32
  and rounded once, at the end.

Inside this file arrays are channels-last; `Spec` holds what is static.
"""

from __future__ import annotations

import functools
import itertools
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import lax

from scopedjax._src.ops.kernels import geometry
from scopedjax._src.ops.kernels.geometry import Padding, Window

_COLUMNS = 64  # input_grad: up to so many (tap, channel) pairs, products per tap beat a convolution
_DEPTH = 64  # input_grad: up to so many channels times phases, one convolution beats one per phase
_FEW_POSITIONS = 1024  # filter_grad: below, XLA's own form is as good as any
# filter_grad: bytes of patches in a block. More cores need larger products to share; beyond that, cache counts.
_BLOCK = (1 << 20) * min(max(os.cpu_count() or 1, 2), 16)


@dataclass(frozen=True)
class Spec:
    """What is static in a convolution: its windows (one a spatial axis) and the platform that it is compiled for."""

    windows: tuple[Window, ...]
    platform: str

    @property
    def rank(self) -> int:
        return len(self.windows)

    @property
    def taps(self) -> tuple[int, ...]:
        return tuple(window.kernel for window in self.windows)

    @property
    def outputs(self) -> tuple[int, ...]:
        return tuple(window.output for window in self.windows)

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(window.size for window in self.windows)

    @property
    def strides(self) -> tuple[int, ...]:
        return tuple(window.stride for window in self.windows)

    @property
    def pointwise(self) -> bool:
        """Every window is a single element, none of them padding."""
        return all(w.kernel == 1 and w.low == w.high == 0 for w in self.windows)

    @property
    def whole(self) -> bool:
        """There is one window, and it is the input."""
        return all(w.kernel == w.size and w.dilation == 1 and w.low == w.high == 0 for w in self.windows)


# ------------------------------------------------------------------------------------------------- the three, as ops


def conv2d(
    input: jax.Array,
    filter: jax.Array,
    strides: Sequence[int],
    padding: Padding,
    data_format: str = "NHWC",
    dilations: Sequence[int] = (1, 1, 1, 1),
    platform: str = "cpu",
) -> jax.Array:
    """Two-dimensional convolution (TensorFlow's `Conv2D`: a cross-correlation).

    Args:
      input: `[batch, height, width, in_channels]`, or `[batch, in_channels, height, width]` for NCHW.
      filter: `[filter_height, filter_width, in_channels / groups, out_channels]`, same dtype; the number of groups
        follows from the shapes.
      strides: Four integers in the order of `data_format`.
      padding: "SAME", "VALID", or explicit pads (pairs or flat) in the order of `data_format`.
      data_format: "NHWC" or "NCHW".
      dilations: Four integers in the order of `data_format`.
      platform: "cpu", "gpu" or "tpu"; decides which formulation is compiled, never what the result means.

    Returns:
      `sum(input[n, y * stride + i * dilation - low, ..., c] * filter[i, j, c, o])`, in `data_format`.

    Raises:
      ValueError: Channels that do not divide, or a window longer than the padded input.
    """
    return _convolution(input, filter, strides, padding, data_format, dilations, platform)


def conv3d(
    input: jax.Array,
    filter: jax.Array,
    strides: Sequence[int],
    padding: Padding,
    data_format: str = "NDHWC",
    dilations: Sequence[int] = (1, 1, 1, 1, 1),
    platform: str = "cpu",
) -> jax.Array:
    """Three-dimensional convolution; arguments as in `conv2d`, with five dimensions ("NDHWC" or "NCDHW")."""
    return _convolution(input, filter, strides, padding, data_format, dilations, platform)


def conv2d_backprop_input(
    input_sizes: Sequence[int],
    filter: jax.Array,
    out_backprop: jax.Array,
    strides: Sequence[int],
    padding: Padding,
    data_format: str = "NHWC",
    dilations: Sequence[int] = (1, 1, 1, 1),
    platform: str = "cpu",
) -> jax.Array:
    """Gradient of `conv2d` for its input; with the arguments exchanged in name, `conv2d_transpose`.

    Args:
      input_sizes: Static shape of the result, in `data_format`.
      filter: As in `conv2d`.
      out_backprop: Gradient of (or, for the transposed convolution, the input in place of) `conv2d`'s result.
      strides: As in `conv2d`, like the rest.

    Raises:
      ValueError: `out_backprop` does not have the shape that `conv2d` gives for `input_sizes`.
    """
    return _backprop_input(input_sizes, filter, out_backprop, strides, padding, data_format, dilations, platform)


def conv3d_backprop_input(
    input_sizes: Sequence[int],
    filter: jax.Array,
    out_backprop: jax.Array,
    strides: Sequence[int],
    padding: Padding,
    data_format: str = "NDHWC",
    dilations: Sequence[int] = (1, 1, 1, 1, 1),
    platform: str = "cpu",
) -> jax.Array:
    """`conv2d_backprop_input` in three dimensions (`conv3d_transpose`)."""
    return _backprop_input(input_sizes, filter, out_backprop, strides, padding, data_format, dilations, platform)


def conv2d_backprop_filter(
    input: jax.Array,
    filter_sizes: Sequence[int],
    out_backprop: jax.Array,
    strides: Sequence[int],
    padding: Padding,
    data_format: str = "NHWC",
    dilations: Sequence[int] = (1, 1, 1, 1),
    platform: str = "cpu",
) -> jax.Array:
    """Gradient of `conv2d` for its filter.

    Args:
      input: As in `conv2d`.
      filter_sizes: Static shape of the result, `[filter_height, filter_width, in_channels / groups, out_channels]`.
      out_backprop: Gradient of `conv2d`'s result.
      strides: As in `conv2d`, like the rest.

    Raises:
      ValueError: `out_backprop` does not have the shape that `conv2d` gives.
    """
    return _backprop_filter(input, filter_sizes, out_backprop, strides, padding, data_format, dilations, platform)


def conv3d_backprop_filter(
    input: jax.Array,
    filter_sizes: Sequence[int],
    out_backprop: jax.Array,
    strides: Sequence[int],
    padding: Padding,
    data_format: str = "NDHWC",
    dilations: Sequence[int] = (1, 1, 1, 1, 1),
    platform: str = "cpu",
) -> jax.Array:
    """`conv2d_backprop_filter` in three dimensions."""
    return _backprop_filter(input, filter_sizes, out_backprop, strides, padding, data_format, dilations, platform)


def _convolution(
    x: jax.Array,
    w: jax.Array,
    strides: Sequence[int],
    padding: Padding,
    data_format: str,
    dilations: Sequence[int],
    platform: str,
) -> jax.Array:
    spec = _spec(x.shape, w.shape, strides, padding, data_format, dilations, platform)
    return _from_last(conv(spec, _to_last(x, data_format), w), data_format)


def _backprop_input(
    input_sizes: Sequence[int],
    w: jax.Array,
    dy: jax.Array,
    strides: Sequence[int],
    padding: Padding,
    data_format: str,
    dilations: Sequence[int],
    platform: str,
) -> jax.Array:
    spec = _spec(tuple(input_sizes), w.shape, strides, padding, data_format, dilations, platform)
    dy = _to_last(dy, data_format)
    _check_output(spec, dy.shape, (input_sizes[0], *spec.outputs, w.shape[-1]))
    channels = input_sizes[1 if geometry.channels_first(data_format) else -1]
    return _from_last(input_grad(spec, channels // w.shape[-2], w, dy), data_format)


def _backprop_filter(
    x: jax.Array,
    filter_sizes: Sequence[int],
    dy: jax.Array,
    strides: Sequence[int],
    padding: Padding,
    data_format: str,
    dilations: Sequence[int],
    platform: str,
) -> jax.Array:
    spec = _spec(x.shape, tuple(filter_sizes), strides, padding, data_format, dilations, platform)
    x, dy = _to_last(x, data_format), _to_last(dy, data_format)
    _check_output(spec, dy.shape, (x.shape[0], *spec.outputs, filter_sizes[-1]))
    return filter_grad(spec, x.shape[-1] // filter_sizes[-2], x, dy)


def _spec(
    shape: tuple[int, ...],
    filter_shape: tuple[int, ...],
    strides: Sequence[int],
    padding: Padding,
    data_format: str,
    dilations: Sequence[int],
    platform: str,
) -> Spec:
    if len(shape) != len(filter_shape) or len(shape) != len(data_format):
        raise ValueError(
            f"Input {list(shape)} and filter {list(filter_shape)} must both have rank {len(data_format)} "
            f"for data_format {data_format}."
        )
    channels = shape[1 if geometry.channels_first(data_format) else -1]
    depth, outputs = filter_shape[-2:]
    if depth == 0 or channels % depth or outputs % (channels // depth or 1):
        raise ValueError(
            f"Input channels {channels} must be a multiple of the filter's {depth} (filter {list(filter_shape)}), and "
            f"its {outputs} outputs a multiple of the number of groups. Check data_format ({data_format})."
        )
    sizes = [shape[axis] for axis in geometry.spatial_axes(len(shape), data_format)]
    return Spec(geometry.windows(sizes, filter_shape[:-2], strides, padding, data_format, dilations), platform)


def _check_output(spec: Spec, shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if shape != expected:
        raise ValueError(
            f"Size of out_backprop doesn't match computed: actual {list(shape)}, computed {list(expected)} "
            f"(channels last; windows {spec.windows})."
        )


def _to_last(x: jax.Array, data_format: str) -> jax.Array:
    return jnp.moveaxis(x, 1, -1) if geometry.channels_first(data_format) else x


def _from_last(x: jax.Array, data_format: str) -> jax.Array:
    return jnp.moveaxis(x, -1, 1) if geometry.channels_first(data_format) else x


# ------------------------------------------------------------------------------------ the three, closed under gradients


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def conv(spec: Spec, x: jax.Array, w: jax.Array) -> jax.Array:
    """The convolution of channels-last `x`; groups follow from the channels of `x` and of `w`."""
    groups = x.shape[-1] // w.shape[-2]
    return _wide(spec, lambda a, b: _conv(spec, groups, a, b), x, w)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def input_grad(spec: Spec, groups: int, w: jax.Array, dy: jax.Array) -> jax.Array:
    """The transpose of `conv` in `x`: channels-last, with `groups * w.shape[-2]` channels."""
    return _wide(spec, lambda a, b: _input_grad(spec, groups, a, b), w, dy)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def filter_grad(spec: Spec, groups: int, x: jax.Array, dy: jax.Array) -> jax.Array:
    """The transpose of `conv` in `w`."""
    return _wide(spec, lambda a, b: _filter_grad(spec, groups, a, b), x, dy)


conv.defvjp(
    lambda spec, x, w: (conv(spec, x, w), (x, w)),
    lambda spec, kept, dy: (
        input_grad(spec, kept[0].shape[-1] // kept[1].shape[-2], kept[1], dy),
        filter_grad(spec, kept[0].shape[-1] // kept[1].shape[-2], kept[0], dy),
    ),
)
input_grad.defvjp(
    lambda spec, groups, w, dy: (input_grad(spec, groups, w, dy), (w, dy)),
    lambda spec, groups, kept, g: (filter_grad(spec, groups, g, kept[1]), conv(spec, g, kept[0])),
)
filter_grad.defvjp(
    lambda spec, groups, x, dy: (filter_grad(spec, groups, x, dy), (x, dy)),
    lambda spec, groups, kept, g: (input_grad(spec, groups, g, kept[1]), conv(spec, kept[0], g)),
)


def _wide(spec: Spec, call: Callable[[jax.Array, jax.Array], jax.Array], a: jax.Array, b: jax.Array) -> jax.Array:
    """Runs `call` on float32 where the CPU would add up half-precision numbers one by one."""
    if spec.platform != "cpu" or a.dtype.itemsize != 2:
        return call(a, b)
    return call(a.astype(jnp.float32), b.astype(jnp.float32)).astype(a.dtype)


def _numbers(rank: int) -> tuple[str, str, str]:
    axes = "DHW"[-rank:]
    return f"N{axes}C", f"{axes}IO", f"N{axes}C"


def _lax_conv(spec: Spec, groups: int, x: jax.Array, w: jax.Array) -> jax.Array:
    # The pads behind may exceed what the last window reads; lax takes them all the same.
    return lax.conv_general_dilated(
        x,
        w,
        spec.strides,
        [(window.low, window.high) for window in spec.windows],
        rhs_dilation=[window.dilation for window in spec.windows],
        dimension_numbers=_numbers(spec.rank),
        feature_group_count=groups,
    )


def _conv(spec: Spec, groups: int, x: jax.Array, w: jax.Array) -> jax.Array:
    if groups == 1 and spec.platform == "cpu":
        if spec.whole:
            y = x.reshape(x.shape[0], -1) @ w.reshape(-1, w.shape[-1])
            return y.reshape(x.shape[0], *spec.outputs, w.shape[-1])
        if spec.pointwise:
            return _product(read_tap(spec, x, (0,) * spec.rank), w.reshape(w.shape[-2:]))
    return _lax_conv(spec, groups, x, w)


def _product(x: jax.Array, matrix: jax.Array) -> jax.Array:
    """`x @ matrix` as one product of two matrices, which XLA's CPU backend hands to a library."""
    return (x.reshape(-1, x.shape[-1]) @ matrix).reshape(*x.shape[:-1], matrix.shape[-1])


def zero(x: jax.Array) -> jax.Array:
    return jnp.zeros((), x.dtype)


def pad_windows(spec: Spec, x: jax.Array) -> jax.Array:
    pads = [(0, 0, 0), *((window.low, window.high, 0) for window in spec.windows), (0, 0, 0)]
    return lax.pad(x, zero(x), pads)


def read_tap(spec: Spec, padded: jax.Array, tap: Sequence[int]) -> jax.Array:
    """What `tap` reads in all windows: `[batch, *outputs, channels]`."""
    reach = [window.reach(t) for window, t in zip(spec.windows, tap)]
    return lax.slice(
        padded,
        (0, *(start for start, _ in reach), 0),
        (padded.shape[0], *(stop for _, stop in reach), padded.shape[-1]),
        (1, *spec.strides, 1),
    )


def all_taps(spec: Spec) -> itertools.product[tuple[int, ...]]:
    return itertools.product(*(range(kernel) for kernel in spec.taps))


# ------------------------------------------------------------------------------------------------ gradient of the input


def _input_grad(spec: Spec, groups: int, w: jax.Array, dy: jax.Array) -> jax.Array:
    if spec.platform != "cpu" or 0 in dy.shape:
        return _input_grad_lax(spec, groups, w, dy)
    if groups > 1:
        return _grouped(functools.partial(_input_grad, spec, 1), groups, w, dy)
    channels = w.shape[-2]
    if spec.whole:
        return _product(dy.reshape(dy.shape[0], -1), w.reshape(-1, w.shape[-1]).T).reshape(
            dy.shape[0], *spec.sizes, channels
        )
    strided = max(spec.strides) > 1
    if spec.pointwise or (not strided and math.prod(spec.taps) * channels <= _COLUMNS):
        return _by_column(spec, w, dy)
    plain = all(window.dilation == 1 for window in spec.windows)
    if strided and plain and math.prod(spec.strides) * channels <= _DEPTH:
        return _by_depth(spec, w, dy)
    return _by_phase(spec, w, dy)


def _input_grad_lax(spec: Spec, groups: int, w: jax.Array, dy: jax.Array) -> jax.Array:
    shape = (dy.shape[0], *spec.sizes, groups * w.shape[-2])
    transpose = jax.linear_transpose(lambda x: _lax_conv(spec, groups, x, w), jax.ShapeDtypeStruct(shape, dy.dtype))
    return transpose(dy)[0]


def _grouped(call: Callable[[jax.Array, jax.Array], jax.Array], groups: int, a: jax.Array, b: jax.Array) -> jax.Array:
    """Applies `call` to each group of the last dimension of `a` and `b`, and joins the results in their last one."""

    def split(x: jax.Array) -> jax.Array:
        return jnp.moveaxis(x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups), -2, 0)

    joined = jnp.moveaxis(jax.vmap(call)(split(a), split(b)), 0, -2)
    return joined.reshape(*joined.shape[:-2], -1)


def spread_tap(spec: Spec, part: jax.Array, tap: Sequence[int]) -> jax.Array:
    """The transpose of `read_tap` and padding: puts `part` back where `tap` read it, zeros elsewhere."""
    pads = [(0, 0, 0)]
    for window, t in zip(spec.windows, tap):
        start, stop = window.reach(t)
        pads.append((start - window.low, window.size + window.low - stop, window.stride - 1))
    return lax.pad(part, zero(part), [*pads, (0, 0, 0)])


def _by_column(spec: Spec, w: jax.Array, dy: jax.Array) -> jax.Array:
    """All products of `dy` with a tap in one matrix product, added up where the taps had read."""
    columns = _product(dy, w.reshape(-1, w.shape[-1]).T)
    columns = columns.reshape(*dy.shape[:-1], *w.shape[:-1])
    lead = (slice(None),) * (spec.rank + 1)
    return functools.reduce(jnp.add, (spread_tap(spec, columns[(*lead, *tap)], tap) for tap in all_taps(spec)))


def _by_phase(spec: Spec, w: jax.Array, dy: jax.Array) -> jax.Array:
    """One convolution of stride one for each remainder of the input's position by the stride.

    Element `i = m * stride + r` was read by tap `t` at position `(i + low - t * dilation) / stride`, where that is a
    whole number. With `g = gcd(stride, dilation)` these taps are `first, first + stride / g, ...`, and their
    positions go down by `dilation / g`: a convolution of `dy` with the reversed taps, so dilated.
    """
    axes = [[_phase(window, r) for r in range(min(window.stride, window.size))] for window in spec.windows]
    total = None
    for phases in itertools.product(*([phase for phase in axis if phase is not None] for axis in axes)):
        part = _one_phase(spec, w, dy, phases)
        pads = [
            (
                phase.remainder,
                window.size - phase.remainder - ((phase.length - 1) * window.stride + 1),
                window.stride - 1,
            )
            for phase, window in zip(phases, spec.windows)
        ]
        part = lax.pad(part, zero(part), [(0, 0, 0), *pads, (0, 0, 0)])
        total = part if total is None else total + part
    if total is None:  # no window reads anything
        return jnp.zeros((dy.shape[0], *spec.sizes, w.shape[-2]), dy.dtype)
    return total


@dataclass(frozen=True)
class _Phase:
    """The elements `remainder`, `remainder + stride`, ... of an axis: which taps read them, at which positions."""

    remainder: int
    length: int
    first: int
    step: int
    count: int
    position: int
    dilation: int


def _phase(window: Window, remainder: int) -> _Phase | None:
    common = math.gcd(window.stride, window.dilation)
    step = window.stride // common
    first = next(
        (
            tap
            for tap in range(min(step, window.kernel))
            if (remainder + window.low - tap * window.dilation) % window.stride == 0
        ),
        None,
    )
    if first is None:
        return None
    return _Phase(
        remainder=remainder,
        length=-(-(window.size - remainder) // window.stride),
        first=first,
        step=step,
        count=-(-(window.kernel - first) // step),
        position=(remainder + window.low - first * window.dilation) // window.stride,
        dilation=window.dilation // common,
    )


def _one_phase(spec: Spec, w: jax.Array, dy: jax.Array, phases: Sequence[_Phase]) -> jax.Array:
    taps = lax.slice(
        w,
        (*(phase.first for phase in phases), 0, 0),
        (*(phase.first + (phase.count - 1) * phase.step + 1 for phase in phases), *w.shape[-2:]),
        (*(phase.step for phase in phases), 1, 1),
    )
    taps = jnp.flip(taps, tuple(range(spec.rank)))
    pads = []
    for phase, window in zip(phases, spec.windows):
        # Result m reads positions m + position - (count - 1) * dilation, ..., m + position of dy.
        low = (phase.count - 1) * phase.dilation - phase.position
        pads.append((low, phase.length + (phase.count - 1) * phase.dilation - window.output - low))
    # Large explicit pads leave positions that read nothing but padding; the convolution itself takes no negative pads.
    crop = [(min(low, 0), min(high, 0), 0) for low, high in pads]
    dy = lax.pad(dy, zero(dy), [(0, 0, 0), *crop, (0, 0, 0)])
    pads = [(max(low, 0), max(high, 0)) for low, high in pads]
    numbers = _numbers(spec.rank)
    return lax.conv_general_dilated(
        dy,
        taps,
        (1,) * spec.rank,
        pads,
        rhs_dilation=[phase.dilation for phase in phases],
        dimension_numbers=(numbers[0], numbers[1].replace("IO", "OI"), numbers[2]),
    )


def _by_depth(spec: Spec, w: jax.Array, dy: jax.Array) -> jax.Array:
    """All phases as channels of one convolution of stride one, then interleaved; taps are filled up with zeros."""
    rank, channels = spec.rank, w.shape[-2]
    blocks = [-(-kernel // stride) for kernel, stride in zip(spec.taps, spec.strides)]
    fill = [(0, block * stride - kernel) for block, stride, kernel in zip(blocks, spec.strides, spec.taps)]
    taps = jnp.pad(w, [*fill, (0, 0), (0, 0)])
    split = [extent for pair in zip(blocks, spec.strides) for extent in pair]
    evens, odds = range(0, 2 * rank, 2), range(1, 2 * rank, 2)
    taps = taps.reshape(*split, *w.shape[-2:]).transpose(*evens, *odds, 2 * rank, 2 * rank + 1)
    taps = jnp.flip(taps.reshape(*blocks, -1, w.shape[-1]), tuple(range(rank)))
    numbers = _numbers(rank)
    z = lax.conv_general_dilated(
        dy,
        taps,
        (1,) * rank,
        [(block - 1, block - 1) for block in blocks],
        dimension_numbers=(numbers[0], numbers[1].replace("IO", "OI"), numbers[2]),
    )
    counts = z.shape[1:-1]
    z = z.reshape(z.shape[0], *counts, *spec.strides, channels)
    pairs = [axis for i in range(rank) for axis in (1 + i, 1 + rank + i)]
    z = z.transpose(0, *pairs, 1 + 2 * rank)
    lengths = [count * stride for count, stride in zip(counts, spec.strides)]
    z = z.reshape(z.shape[0], *lengths, channels)
    pads = [(-w_.low, w_.size + w_.low - length, 0) for w_, length in zip(spec.windows, lengths)]
    return lax.pad(z, zero(z), [(0, 0, 0), *pads, (0, 0, 0)])


# ----------------------------------------------------------------------------------------------- gradient of the filter


def _filter_grad(spec: Spec, groups: int, x: jax.Array, dy: jax.Array) -> jax.Array:
    if spec.platform != "cpu" or 0 in dy.shape or 0 in x.shape:
        return _filter_grad_lax(spec, groups, x, dy)
    if groups > 1:
        return _grouped(functools.partial(_filter_grad, spec, 1), groups, x, dy)
    shape = (*spec.taps, x.shape[-1], dy.shape[-1])
    if spec.whole:
        return (x.reshape(x.shape[0], -1).T @ dy.reshape(dy.shape[0], -1)).reshape(shape)
    if spec.pointwise:
        part = read_tap(spec, x, (0,) * spec.rank)
        return (part.reshape(-1, part.shape[-1]).T @ dy.reshape(-1, dy.shape[-1])).reshape(shape)
    if dy.shape[0] * math.prod(spec.outputs) <= _FEW_POSITIONS and max(spec.strides) == 1:
        return _filter_grad_lax(spec, 1, x, dy)
    return _by_block(spec, x, dy).reshape(shape)


def _filter_grad_lax(spec: Spec, groups: int, x: jax.Array, dy: jax.Array) -> jax.Array:
    shape = (*spec.taps, x.shape[-1] // groups, dy.shape[-1])
    transpose = jax.linear_transpose(lambda w: _lax_conv(spec, groups, x, w), jax.ShapeDtypeStruct(shape, dy.dtype))
    return transpose(dy)[0]


def _by_block(spec: Spec, x: jax.Array, dy: jax.Array) -> jax.Array:
    """Patches times `dy`, `[taps * in_channels, out_channels]`, over blocks of images.

    The patches of a whole batch fill memory (80 MB in a small CNN) that is fresh, and slow, on every run.
    """
    images, per_image = x.shape[0], math.prod(spec.outputs) * math.prod(spec.taps) * x.shape[-1] * x.dtype.itemsize
    # A block of few positions would spend its time on adding up results.
    size = max(_BLOCK // per_image, _FEW_POSITIONS // 2 // math.prod(spec.outputs), 1)
    size = images // -(-images // min(size, images))  # blocks of about equal size; fewer images than one block remain
    blocks = images // size
    padded = pad_windows(spec, x)
    whole = size * blocks

    def add(total: jax.Array, block: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        return total + _patches_product(spec, *block), None

    total = _patches_product(spec, padded[whole:], dy[whole:]) if whole < images else None
    if blocks == 1:
        return _patches_product(spec, padded, dy)
    parts = padded[:whole].reshape(blocks, size, *padded.shape[1:]), dy[:whole].reshape(blocks, size, *dy.shape[1:])
    if total is None:
        total = jnp.zeros((math.prod(spec.taps) * x.shape[-1], dy.shape[-1]), dy.dtype)
    return lax.scan(add, total, parts)[0]


def _patches_product(spec: Spec, padded: jax.Array, dy: jax.Array) -> jax.Array:
    # Channels first: the patches then come out transposed, as the matrix product wants them.
    lead = jnp.moveaxis(padded, -1, 0)
    if max(spec.strides) == 1:
        # The last axis before the others: these then copy whole images at a time, not rows.
        lead = jnp.stack([_reads(lead, spec, (tap,), spec.rank - 1) for tap in range(spec.taps[-1])])
        others = itertools.product(*(range(kernel) for kernel in spec.taps[:-1]))
        patches = jnp.stack([_reads(lead, spec, taps, 0) for taps in others])
    else:
        patches = jnp.stack([_reads(lead, spec, taps, 0) for taps in all_taps(spec)])
    return patches.reshape(math.prod(spec.taps) * padded.shape[-1], -1) @ dy.reshape(-1, dy.shape[-1])


def _reads(lead: jax.Array, spec: Spec, taps: Sequence[int], first: int) -> jax.Array:
    """What `taps`, those of the spatial axes from `first` on, read of an array whose last axes are the spatial ones."""
    begin = lead.ndim - spec.rank
    starts, stops, strides = [0] * lead.ndim, list(lead.shape), [1] * lead.ndim
    for axis, tap in enumerate(taps, first):
        window = spec.windows[axis]
        starts[begin + axis], stops[begin + axis] = window.reach(tap)
        strides[begin + axis] = window.stride
    return lax.slice(lead, starts, stops, strides)
