"""Quantization proper: floats as integers of a quantized dtype, and back.

    mode           unsigned 8 bits over [-1, 1]                          signed 8 bits
    MIN_COMBINED   -1 -> 0, 1 -> 255                                     -1 -> -128, 1 -> 127
    MIN_FIRST      as above; the range's low end is rounded to a step first
    SCALED         0 -> 0, the range is widened to be symmetric          -m -> -127, m -> 127

XLA has no quantized dtypes (`tf.qint8`, ...), so these nodes run on the host, where NumPy has integers as records of
one field for them. Each mode has formulas of its own, and rounds in its own way: the numbers agree with TensorFlow's to
the last step.
`quantize_and_dequantize` goes there and back in floats, so that a graph can be trained with the loss that the steps
cause; its gradient passes as if it did nothing.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes, errors
from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.registry import NO_GRADIENT, Gradient, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like

_INTEGER: Final = {"qint8": np.int8, "quint8": np.uint8, "qint16": np.int16, "quint16": np.uint16, "qint32": np.int32}
_MODES: Final = ("MIN_COMBINED", "MIN_FIRST", "SCALED")
_HUGE: Final = np.finfo(np.float32).max


def half_away(xp: Any, x: Any) -> Any:
    """Rounds to the nearest integer, halves away from zero; `xp` is `numpy` or `jax.numpy`."""
    whole = xp.trunc(x)
    return whole + xp.where(xp.abs(x - whole) >= 0.5, xp.sign(x), xp.zeros((), x.dtype))


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _limits(dtype: DType) -> np.iinfo[Any]:
    return np.iinfo(_INTEGER[dtype.name])


def _check_mode(c: ShapeContext) -> None:
    mode = c.attr("mode")
    if mode not in _MODES:
        choices = ", ".join(f'"{m}"' for m in _MODES)
        raise ValueError(f"Attr 'mode' of '{c.record.type}' Op passed string '{mode}' not in: {choices}.")


def _along(ends: Any, axis: int, rank: int) -> Any:
    """The ends of the ranges, shaped to broadcast along `axis`."""
    return ends if axis < 0 else ends.reshape([-1 if i == axis else 1 for i in range(rank)])


# ------------------------------------------------------------------------------------------------------ quantize


def _combined(x: Any, low: Any, high: Any, limits: np.iinfo[Any]) -> Any:
    span = np.float32(float(limits.max) - float(limits.min))
    steps = (np.clip(x, low, high) - low) * (span / (high - low))
    if limits.min == 0:
        return np.trunc(steps + np.float32(0.5))
    return half_away(np, steps - np.float32((span + 1) / 2))


def _min_first(x: Any, low: Any, high: Any, limits: np.iinfo[Any]) -> Any:
    steps = 2.0**limits.bits
    scale = steps / ((high - low).astype(np.float64) * (steps / (steps - 1)))
    # TensorFlow multiplies the inputs in single precision and the range's end in double.
    found = (
        half_away(np, x * scale.astype(np.float32))
        - half_away(np, low * scale).astype(np.float32)
        + np.float32(limits.min)
    )
    return np.clip(found, np.float32(limits.min), np.float32(limits.max))


def _scaled_ends(low: Any, high: Any, limits: np.iinfo[Any], narrow: bool) -> tuple[Any, Any, Any]:
    """(scale, low, high): the range widened so that zero is step zero."""
    first, last = np.float32(limits.min + (1 if narrow else 0)), np.float32(limits.max)
    from_low = np.where(first * low > 0, first / low, _HUGE)
    from_high = np.where(last * high > 0, last / high, _HUGE)
    scale = np.minimum(from_low, from_high)
    return scale, first / scale, last / scale


def _quantize_dims(c: ShapeContext) -> list[Dims]:
    _check_mode(c)
    axis = c.attr("axis")
    if axis < 0:
        c.require_rank(1, 0)
        c.require_rank(2, 0)
        return [c.dims(0), (), ()]
    dims = c.dims(0)
    ends: Dims = (None,) if dims is None else (dims[axis],)
    for index in (1, 2):
        ends = merge_dims(ends, c.dims(index))
    return [dims, ends, ends]


def _dequantize_dims(c: ShapeContext) -> list[Dims]:
    _check_mode(c)
    dims, axis = c.dims(0), c.attr("axis")
    if dims is not None and axis >= len(dims):
        raise c.fail(f"Axis must be less than input dimension({len(dims)}), got {axis}")
    return [dims]


@defop(
    "QuantizeV2(input: float32, min_range: float32, max_range: float32; T: type, mode: string = 'MIN_COMBINED', "
    "round_mode: string = 'HALF_AWAY_FROM_ZERO', narrow_range: bool = False, axis: int = -1, "
    "ensure_minimum_range: float = 0.009999999776482582) -> output: T, output_min: float32, output_max: float32",
    shape=_quantize_dims,
    types={"T": dtypes.QUANTIZED},
    gradient=NO_GRADIENT,
    host=True,
)
def _quantize(
    input: Any,
    min_range: Any,
    max_range: Any,
    *,
    T: DType,
    mode: str,
    round_mode: str,
    narrow_range: bool,
    axis: int,
    ensure_minimum_range: float,
) -> Any:
    if round_mode not in ("HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN"):
        raise _invalid(f"Round mode string must be 'HALF_AWAY_FROM_ZERO' or 'HALF_TO_EVEN', is '{round_mode}'")
    if round_mode == "HALF_TO_EVEN" and mode != "SCALED":
        raise _invalid(f"Round mode 'HALF_TO_EVEN' only supported for mode 'SCALED', but mode is '{mode}'.")
    if np.any(min_range > max_range):
        raise _invalid(
            f"input_max_range must be larger than input_min_range. Got {max_range} and {min_range}; swap them"
        )
    limits = _limits(T)
    least = np.maximum(np.float32(1), np.maximum(np.abs(min_range), np.abs(max_range)))
    low = np.minimum(np.float32(0), min_range)
    high = np.maximum(np.float32(0), np.maximum(max_range, low + least * np.float32(ensure_minimum_range)))
    x = input
    low, high = (_along(np.asarray(v, np.float32), axis, x.ndim) for v in (low, high))
    if mode == "MIN_COMBINED":
        found = _combined(x, low, high, limits)
    elif mode == "MIN_FIRST":
        found = _min_first(x, low, high, limits)
    else:
        scale, low, high = _scaled_ends(low, high, limits, narrow_range)
        steps = np.clip(x, low, high) * scale
        found = half_away(np, steps) if round_mode == "HALF_AWAY_FROM_ZERO" else np.rint(steps)
    flat = () if axis < 0 else (-1,)
    return found.astype(_INTEGER[T.name]).view(T.as_numpy_dtype), low.reshape(flat), high.reshape(flat)


# ---------------------------------------------------------------------------------------------------- dequantize


@defop(
    "Dequantize(input: T, min_range: float32, max_range: float32; mode: string = 'MIN_COMBINED', "
    "narrow_range: bool = False, axis: int = -1, dtype: type = float32) -> output: dtype",
    shape=_dequantize_dims,
    types={"T": dtypes.QUANTIZED, "dtype": (dtypes.bfloat16, dtypes.float32)},
    gradient=NO_GRADIENT,
    host=True,
)
def _dequantize(
    input: Any, min_range: Any, max_range: Any, *, T: DType, mode: str, narrow_range: bool, axis: int, dtype: DType
) -> Any:
    limits = _limits(T)
    steps = _plain(input)
    low, high = (_along(v, axis, steps.ndim) for v in (min_range, max_range))
    if mode == "MIN_COMBINED":
        span = np.float32(float(limits.max) - float(limits.min))
        half = np.float32((span + 1) / 2 if limits.min else 0)
        found = (steps.astype(np.float32) + half) * ((high - low) / span) + low
    elif mode == "MIN_FIRST":
        count = 2.0**limits.bits
        scale = (high - low) * np.float32(count / (count - 1)) / np.float32(count)
        start = np.where(high == low, low, half_away(np, low / scale) * scale)
        found = start + (steps.astype(np.float32) - np.float32(limits.min)) * scale
    else:
        first, last = np.float32(limits.min + (1 if narrow_range else 0)), np.float32(limits.max)
        scale = high / last if limits.min == 0 else np.maximum(low / first, high / last)
        found = steps.astype(np.float32) * scale
    return found.astype(dtype.as_numpy_dtype)


def _plain(value: Any) -> Any:
    """The integers of a quantized array: NumPy has them as records of one field."""
    return value[value.dtype.names[0]] if value.dtype.names else value


# -------------------------------------------------------------------------------------- there and back in floats


def _passes(op: Any, gradient: Any) -> Any:
    return gradient, None, None


@defop(
    "QuantizeAndDequantizeV2(input: T, input_min: T, input_max: T; signed_input: bool = True, num_bits: int = 8, "
    "range_given: bool = False, round_mode: string = 'HALF_TO_EVEN', narrow_range: bool = False, axis: int = -1) "
    "-> output: T",
    shape=like(0),
    types={"T": dtypes.FLOATING},
    gradient=Gradient("function", _passes),
)
def _there_and_back(
    input: Any,
    input_min: Any,
    input_max: Any,
    *,
    signed_input: bool,
    num_bits: int,
    range_given: bool,
    round_mode: str,
    narrow_range: bool,
    axis: int,
) -> Any:
    if not (1 if signed_input else 0) <= num_bits - (0 if signed_input else 1) <= 62:
        raise _invalid(f"num_bits is out of range: {num_bits} with signed_input_ {int(signed_input)}")
    x = jnp.asarray(input)
    kind = x.dtype.type
    if range_given:
        low, high = (_along(jnp.asarray(v), axis, x.ndim) for v in (input_min, input_max))
    else:
        others = tuple(i for i in range(x.ndim) if i != axis) if axis >= 0 else None
        low = jnp.min(x, axis=others, keepdims=axis >= 0)
        high = jnp.max(x, axis=others, keepdims=axis >= 0)
    first = -(2 ** (num_bits - 1)) + (1 if narrow_range else 0) if signed_input else 0
    last = kind(2 ** (num_bits - 1) - 1 if signed_input else 2**num_bits - 1)
    first, huge = kind(first), jnp.finfo(x.dtype).max
    from_low = jnp.where(first * low > 0, first / low, huge)
    from_high = jnp.where(last * high > 0, last / high, huge)
    by_low = from_low < from_high
    inverse = jnp.where(by_low, low / (first if first else kind(1)), high / last)
    scale = jnp.where(by_low, from_low, from_high)
    low, high = jnp.where(by_low, low, first * inverse), jnp.where(by_low, last * inverse, high)
    steps = (jnp.clip(x, low, high) if range_given else x) * scale
    whole = jnp.rint(steps) if round_mode == "HALF_TO_EVEN" else jnp.floor(steps + kind(0.5))
    return whole * inverse


# ---------------------------------------------------------------------------------------------- public functions


class _Quantized(NamedTuple):
    output: Tensor
    output_min: Tensor
    output_max: Tensor


def quantize(
    input: Any,
    min_range: Any,
    max_range: Any,
    T: Any,
    mode: str = "MIN_COMBINED",
    round_mode: str = "HALF_AWAY_FROM_ZERO",
    name: str | None = None,
    narrow_range: bool = False,
    axis: int | None = None,
    ensure_minimum_range: float = 0.01,
) -> _Quantized:
    """Floats as integers of a quantized dtype.

    Args:
      input: float32 tensor.
      min_range: float32 scalar: what the lowest integer stands for; with `axis` one for each slice.
      max_range: float32 scalar: what the highest stands for; likewise.
      T: `tf.qint8`, `tf.quint8`, `tf.qint16`, `tf.quint16` or `tf.qint32`.
      mode: "MIN_COMBINED", "MIN_FIRST" or "SCALED".
      round_mode: "HALF_AWAY_FROM_ZERO", or with "SCALED" also "HALF_TO_EVEN".
      name: Node name; "QuantizeV2" by default.
      narrow_range: With "SCALED", whether the lowest integer is left out.
      axis: The dimension whose slices have a range each; None for one range.
      ensure_minimum_range: The least width of the range, in units of its larger end.

    Returns:
      (output, output_min, output_max): the integers, of the shape of `input`, and the range that they stand for.

    Raises:
      TypeError: `T` is no quantized dtype.
      InvalidArgumentError: when run, if a range is empty or a mode is unknown.

    >>> steps = tf.quantize([-1.0, 0.0, 1.0], -1.0, 1.0, tf.quint8).output
    >>> tf.Session().run(steps).tolist()
    [(0,), (128,), (255,)]
    """
    kind = as_dtype(T)
    if kind not in dtypes.QUANTIZED:
        raise TypeError(
            f"Value passed to parameter 'T' has DataType {kind.name} not in list of allowed values: qint8, quint8, "
            "qint32, qint16, quint16"
        )
    return _Quantized(
        *apply_op(
            "QuantizeV2",
            input,
            min_range,
            max_range,
            T=kind,
            mode=mode,
            round_mode=round_mode,
            narrow_range=narrow_range,
            axis=-1 if axis is None else axis,
            ensure_minimum_range=ensure_minimum_range,
            name=name,
        )
    )


def quantize_v2(
    input: Any,
    min_range: Any,
    max_range: Any,
    T: Any,
    mode: str = "MIN_COMBINED",
    name: str | None = None,
    round_mode: str = "HALF_AWAY_FROM_ZERO",
    narrow_range: bool = False,
    axis: int | None = None,
    ensure_minimum_range: float = 0.01,
) -> _Quantized:
    """`tf.quantize` with its arguments in another order.

    Args:
      input: float32 tensor.
      min_range: As in `tf.quantize`.
      max_range: As there.
      T: As there.
      mode: As there.
      name: Node name; "QuantizeV2" by default.
      round_mode: As there.
      narrow_range: As there.
      axis: As there.
      ensure_minimum_range: As there.

    Returns:
      (output, output_min, output_max).
    """
    return quantize(input, min_range, max_range, T, mode, round_mode, name, narrow_range, axis, ensure_minimum_range)


def dequantize(
    input: Any,
    min_range: Any,
    max_range: Any,
    mode: str = "MIN_COMBINED",
    name: str | None = None,
    axis: int | None = None,
    narrow_range: bool = False,
    dtype: Any = dtypes.float32,
) -> Tensor:
    """Integers of a quantized dtype as the floats that they stand for.

    Args:
      input: Tensor of a quantized dtype.
      min_range: float32 scalar: what the lowest integer stands for; with `axis` one for each slice.
      max_range: float32 scalar: what the highest stands for; likewise.
      mode: The mode of `tf.quantize` that made them.
      name: Node name; "Dequantize" by default.
      axis: The dimension whose slices have a range each; None for one range.
      narrow_range: As it was in `tf.quantize`.
      dtype: float32 or bfloat16.

    Returns:
      Tensor of `dtype` and of the shape of `input`.

    Raises:
      TypeError: `input` is not quantized, or `dtype` is another.
      InvalidArgumentError: when run, if the mode is unknown.
    """
    return apply_op(
        "Dequantize",
        input,
        min_range,
        max_range,
        mode=mode,
        axis=-1 if axis is None else axis,
        narrow_range=narrow_range,
        dtype=as_dtype(dtype),
        name=name,
    )


def quantize_and_dequantize(
    input: Any,
    input_min: Any,
    input_max: Any,
    signed_input: bool = True,
    num_bits: int = 8,
    range_given: bool = False,
    round_mode: str = "HALF_TO_EVEN",
    name: str | None = None,
    narrow_range: bool = False,
    axis: int | None = None,
) -> Tensor:
    """Rounds floats to the steps that integers have, in the range of the values or in a given one.

    The gradient passes as if nothing happened.

    Args:
      input: Floating tensor.
      input_min: Scalar of its dtype: the lower end, where `range_given`; with `axis` one for each slice.
      input_max: The upper end; likewise.
      signed_input: Whether integers below zero are used.
      num_bits: Number of bits.
      range_given: Whether the range is given; otherwise it is that of the values.
      round_mode: "HALF_TO_EVEN" or "HALF_UP".
      name: Node name; "QuantizeAndDequantizeV2" by default.
      narrow_range: Whether the lowest integer is left out.
      axis: The dimension whose slices have a range each; None for one range.

    Returns:
      Tensor of the dtype and shape of `input`.

    Raises:
      InvalidArgumentError: when run, if the number of bits is out of range.

    >>> print(tf.Session().run(tf.quantization.quantize_and_dequantize([-1.0, 0.3, 1.0], 0.0, 0.0, num_bits=3)))
    [-1.       0.33333334  1.        ]
    """
    return apply_op(
        "QuantizeAndDequantizeV2",
        input,
        input_min,
        input_max,
        signed_input=signed_input,
        num_bits=num_bits,
        range_given=range_given,
        round_mode=round_mode,
        narrow_range=narrow_range,
        axis=-1 if axis is None else axis,
        name=name,
    )
