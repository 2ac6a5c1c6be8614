"""Signals in overlapping frames: `frame`, `overlap_and_add`, `stft`, `inverse_stft`.

signal  0 1 2 3 4 5 6      frame(4, 2)  ->  [0 1 2 3]       overlap_and_add(2)  ->  0 1 4 6 4 5
                                            [2 3 4 5]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.gathering import gather
from scopedjax._src.ops.array.joining import concat, pad, transpose
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import expand_dims, reshape, shape
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.elementwise import ceil, log, maximum
from scopedjax._src.ops.math.elementwise import pow as tf_pow
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.ops.signal.transforms import irfft, rfft
from scopedjax._src.ops.signal.windows import hann_window


def _number(value: Any, name: str) -> Any:
    """A scalar as a Python integer where it is known, else as a tensor."""
    tensor = convert_to_tensor(value, dtypes.int32, name=name)
    tensor.get_shape().assert_has_rank(0)
    known = constant_value(tensor)
    return tensor if known is None else int(known)


def _largest(a: Any, b: Any) -> Any:
    return maximum(a, b) if isinstance(a, Tensor) or isinstance(b, Tensor) else max(a, b)


def frame(
    signal: Any,
    frame_length: Any,
    frame_step: Any,
    pad_end: bool = False,
    pad_value: Any = 0,
    axis: Any = -1,
    name: str | None = None,
) -> Tensor:
    """Cuts a signal into frames that may overlap.

    Args:
      signal: Tensor `[..., samples, ...]` of known rank.
      frame_length: int32 scalar: samples in a frame.
      frame_step: int32 scalar: distance of two frames.
      pad_end: Whether the signal is padded, so that no sample is left out.
      pad_value: The value of the padding.
      axis: The axis of the samples.
      name: Name scope; defaults to "frame".

    Returns:
      Tensor `[..., frames, frame_length, ...]`.

    Raises:
      ValueError: a rank that is not known, or lengths that are no scalars.

    >>> tf.Session().run(tf.signal.frame([0, 1, 2, 3, 4], 3, 2)).tolist()
    [[0, 1, 2], [2, 3, 4]]
    """
    with stacks.get_default_graph().name_scope(name or "frame"):
        signal = convert_to_tensor(signal, name="signal")
        length, step = _number(frame_length, "frame_length"), _number(frame_step, "frame_step")
        signal.get_shape().with_rank_at_least(1)
        at = int(constant_value(convert_to_tensor(axis, name="axis")))  # type: ignore[arg-type]
        dims = signal.shape.as_list()
        at += len(dims) if at < 0 else 0
        samples = shape(signal)[at] if dims[at] is None else dims[at]
        if pad_end:
            count = -(-samples // step)
            missing = _largest(0, length + step * (count - 1) - samples)
            paddings = [[0, 0]] * at + [[0, missing]] + [[0, 0]] * (len(dims) - at - 1)
            signal = pad(signal, paddings, constant_values=pad_value)
        else:
            count = _largest(0, 1 + (samples - length) // step)
        if isinstance(count, int) and isinstance(length, int) and isinstance(step, int):
            places: Any = np.arange(count, dtype=np.int32)[:, None] * step + np.arange(length, dtype=np.int32)
        else:
            places = expand_dims(tf_range(count) * step, 1) + expand_dims(tf_range(length), 0)
        return gather(signal, places, axis=at)


def overlap_and_add(signal: Any, frame_step: Any, name: str | None = None) -> Tensor:
    """Puts overlapping frames together to a signal, adding where they overlap.

    Args:
      signal: Tensor `[..., frames, frame_length]`.
      frame_step: int32 scalar: distance of two frames.
      name: Name scope; defaults to "overlap_and_add".

    Returns:
      Tensor `[..., (frames - 1) * frame_step + frame_length]`.

    Raises:
      ValueError: `signal` has fewer than two axes, or `frame_step` is no scalar integer.

    >>> tf.Session().run(tf.signal.overlap_and_add([[0, 1, 2], [2, 3, 4]], 2)).tolist()
    [0, 1, 4, 3, 4]
    """
    with stacks.get_default_graph().name_scope(name or "overlap_and_add"):
        signal = convert_to_tensor(signal, name="signal")
        signal.get_shape().with_rank_at_least(2)
        given = convert_to_tensor(frame_step, name="frame_step")
        given.get_shape().assert_has_rank(0)
        if not given.dtype.is_integer:
            raise ValueError(f"frame_step must be an integer. Got {given.dtype}")
        step = _number(given, "frame_step")
        dims = signal.shape.as_list()
        sizes = shape(signal)
        outer = sizes[:-2]
        frames, length = (sizes[i] if dims[i] is None else dims[i] for i in (-2, -1))
        # Each frame is cut into pieces of one step; skewed by one row a piece, what overlaps lies in one column.
        pieces = -(-length // step)
        rest = [[0, 0]] * (len(dims) - 1)
        padded = pad(signal, [*rest, [0, pieces * step - length]])
        cut = reshape(padded, concat([outer, stack([frames, pieces, step])], 0))
        order = list(range(len(dims) - 2))
        last = len(dims) - 2
        cut = transpose(cut, [*order, last + 1, last, last + 2])
        cut = pad(cut, [[0, 0]] * (last + 1) + [[0, pieces], [0, 0]])
        rows = frames + pieces
        flat = reshape(cut, concat([outer, stack([pieces * rows, step])], 0))
        skewed = flat[..., : pieces * (rows - 1), :]
        skewed = reshape(skewed, concat([outer, stack([pieces, rows - 1, step])], 0))
        sums = reduce_sum(skewed, -3)
        result = reshape(sums, concat([outer, stack([(rows - 1) * step])], 0))[..., : (frames - 1) * step + length]
        total = (frames - 1) * step + length
        result.set_shape([*dims[:-2], None if isinstance(total, Tensor) else total])
        return result


def _enclosing_power_of_two(length: Any) -> Any:
    if not isinstance(length, Tensor):
        return int(2 ** np.ceil(np.log2(length)))
    exponent = ceil(log(cast(length, dtypes.float32)) / float(np.log(2.0)))
    return cast(tf_pow(2.0, exponent), length.dtype)


def stft(
    signals: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Callable[..., Any] | None = hann_window,
    pad_end: bool = False,
    name: str | None = None,
) -> Tensor:
    """Computes the short-time Fourier transform: the spectrum of each frame.

    Args:
      signals: float32 or float64 tensor `[..., samples]`.
      frame_length: int32 scalar: samples in a frame.
      frame_step: int32 scalar: distance of two frames.
      fft_length: int32 scalar: length of the transform; the power of two that holds a frame by default.
      window_fn: Function of `(frame_length, dtype)` that gives the weights of a frame, or None.
      pad_end: Whether the signal is padded, so that no sample is left out.
      name: Name scope; defaults to "stft".

    Returns:
      Complex tensor `[..., frames, fft_length // 2 + 1]`.

    Raises:
      ValueError: lengths that are no scalars.

    >>> tf.signal.stft(tf.zeros([2, 1000]), frame_length=400, frame_step=100).shape.as_list()
    [2, 7, 257]
    """
    with stacks.get_default_graph().name_scope(name or "stft"):
        signals = convert_to_tensor(signals, name="signals")
        signals.get_shape().with_rank_at_least(1)
        length, step = _number(frame_length, "frame_length"), _number(frame_step, "frame_step")
        size = _enclosing_power_of_two(length) if fft_length is None else _number(fft_length, "fft_length")
        frames = frame(signals, length, step, pad_end=pad_end)
        if window_fn is not None:
            frames = frames * window_fn(length, dtype=frames.dtype)
        return rfft(frames, stack([size]) if isinstance(size, Tensor) else [size])


def inverse_stft(
    stfts: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Callable[..., Any] | None = hann_window,
    name: str | None = None,
) -> Tensor:
    """Computes the signal whose short-time Fourier transform is given.

    Args:
      stfts: Complex tensor `[..., frames, fft_length // 2 + 1]`.
      frame_length: int32 scalar: samples in a frame.
      frame_step: int32 scalar: distance of two frames.
      fft_length: int32 scalar: length of the transform; the power of two that holds a frame by default.
      window_fn: Function of `(frame_length, dtype)`, or None; see `inverse_stft_window_fn`.
      name: Name scope; defaults to "inverse_stft".

    Returns:
      Real tensor `[..., samples]`.

    Raises:
      ValueError: lengths that are no scalars.

    >>> tf.signal.inverse_stft(tf.zeros([2, 7, 257], tf.complex64), 400, 100).shape.as_list()
    [2, 1000]
    """
    with stacks.get_default_graph().name_scope(name or "inverse_stft"):
        stfts = convert_to_tensor(stfts, name="stfts")
        stfts.get_shape().with_rank_at_least(2)
        length, step = _number(frame_length, "frame_length"), _number(frame_step, "frame_step")
        size = _enclosing_power_of_two(length) if fft_length is None else _number(fft_length, "fft_length")
        frames = irfft(stfts, stack([size]) if isinstance(size, Tensor) else [size])
        if isinstance(size, Tensor) or isinstance(length, Tensor):
            missing = maximum(0, length - shape(frames)[-1])
        else:
            missing = max(0, length - size)
        frames = frames[..., :length]
        if isinstance(missing, Tensor) or missing:
            before = [[0, 0]] * ((frames.ndim or 1) - 1)
            frames = pad(frames, [*before, [0, missing]])
        if window_fn is not None:
            frames = frames * window_fn(length, dtype=frames.dtype)
        return overlap_and_add(frames, step)
