"""Windows: the weights with which a piece of a signal is faded in and out.

    hann      0.5  - 0.5  cos(2 pi k / n)        hamming   0.54 - 0.46 cos(2 pi k / n)

A periodic window of even length leaves out the last element that a symmetric one has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.joining import pad, tile
from scopedjax._src.ops.array.shapes import reshape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import equal
from scopedjax._src.ops.math.elementwise import cos, square
from scopedjax._src.ops.math.reductions import reduce_sum


def _raised_cosine(length: Any, periodic: Any, dtype: Any, offset: float, swing: float, scope: str) -> Tensor:
    kind = dtypes.as_dtype(dtype)
    if not kind.is_floating:
        raise ValueError(f"dtype must be a floating point type. Found {kind}")
    with stacks.get_default_graph().name_scope(scope):
        size = convert_to_tensor(length, dtype=dtypes.int32, name="window_length")
        size.get_shape().assert_has_rank(0)
        known = constant_value(size)
        if known is not None and int(known) == 1:
            return ones([1], dtype=kind)
        repeats = cast(convert_to_tensor(periodic, dtype=dtypes.bool, name="periodic"), dtypes.int32)
        even = 1 - apply_op("FloorMod", size, 2, name="mod")
        steps = cast(size + repeats * even - 1, kind)
        places = cast(tf_range(size), kind)
        angles = constant(2 * np.pi, dtype=kind) * places / steps
        if known is not None:
            return offset - swing * cos(angles)
        return cond(equal(size, 1), lambda: ones([size], dtype=kind), lambda: offset - swing * cos(angles))


def hann_window(
    window_length: Any, periodic: Any = True, dtype: Any = dtypes.float32, name: str | None = None
) -> Tensor:
    """Computes Hann's window, `0.5 - 0.5 cos(2 pi k / n)`.

    Args:
      window_length: int32 scalar: number of elements.
      periodic: Whether the window is one period of the cosine, for spectra; else it is symmetric, for filters.
      dtype: Floating dtype.
      name: Name scope; defaults to "hann_window".

    Returns:
      Tensor `[window_length]`.

    Raises:
      ValueError: `dtype` is not a floating one.

    >>> tf.Session().run(tf.signal.hann_window(4)).round(3).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    return _raised_cosine(window_length, periodic, dtype, 0.5, 0.5, name or "hann_window")


def hamming_window(
    window_length: Any, periodic: Any = True, dtype: Any = dtypes.float32, name: str | None = None
) -> Tensor:
    """Computes Hamming's window, `0.54 - 0.46 cos(2 pi k / n)`.

    Args:
      window_length: int32 scalar: number of elements.
      periodic: Whether the window is one period of the cosine, for spectra; else it is symmetric, for filters.
      dtype: Floating dtype.
      name: Name scope; defaults to "hamming_window".

    Returns:
      Tensor `[window_length]`.

    Raises:
      ValueError: `dtype` is not a floating one.

    >>> tf.signal.hamming_window(8).shape.as_list()
    [8]
    """
    return _raised_cosine(window_length, periodic, dtype, 0.54, 0.46, name or "hamming_window")


def inverse_stft_window_fn(
    frame_step: Any, forward_window_fn: Callable[..., Any] = hann_window, name: str | None = None
) -> Callable[..., Tensor]:
    """Returns the window for `inverse_stft` that undoes the window of `stft`.

    The forward window over the sum of the squares of all its copies that overlap (Griffin and Lim, "Signal estimation
    from modified short-time Fourier transform", 1984).

    Args:
      frame_step: How far apart the frames are.
      forward_window_fn: The window that `stft` used.
      name: Name scope; defaults to "inverse_stft_window_fn".

    Returns:
      Function of `(frame_length, dtype)`.

    >>> tf.signal.inverse_stft_window_fn(2)(4, dtype=tf.float32).shape.as_list()
    [4]
    """
    given = name

    def inverse(frame_length: Any, dtype: Any) -> Tensor:
        with stacks.get_default_graph().name_scope(given or "inverse_stft_window_fn"):
            step = convert_to_tensor(frame_step, name="frame_step")
            length = convert_to_tensor(frame_length, name="frame_length")
            forward = forward_window_fn(length, dtype=dtype)
            copies = -(-length // step)
            squares = pad(square(forward), [(0, copies * step - length)])
            sums = reduce_sum(reshape(squares, [copies, step]), 0, keepdims=True)
            repeated = reshape(tile(sums, [copies, 1]), [copies * step])
            return forward / repeated[:length]

    return inverse
