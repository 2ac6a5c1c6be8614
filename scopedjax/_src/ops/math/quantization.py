"""Fake quantization: floats rounded to what few bits can hold, with the gradients that train through it.

    range [min, max], 8 bits          nudged so that 0 is one of the steps         x -> nearest step

    min      0               max      min'     0               max'
     |-------|----------------|   ->   |-+-+-+-+-+-+-+-+-+-+-+-+|                 gradient: 1 inside, 0 outside

The three types differ in where the range comes from: attributes (`Args`), scalars (`Vars`), one pair a channel of the
last dimension (`VarsPerChannel`). Outside the range the gradient goes to `min` or `max`, where those are tensors.
A range of zeros lets zeros through, and all of the gradient.

The range is nudged and the steps are counted as in Jacob et al., "Quantization and Training of Neural Networks for
Efficient Integer-Arithmetic-Only Inference" (CVPR 2018), section 3.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes, errors
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.math.quantized_steps import half_away
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, Gradient, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like, merged


class _Steps(NamedTuple):
    """The nudged range and the distance of two steps, float32 (scalars, or one a channel)."""

    low: Any
    high: Any
    scale: Any


def _check_bits(num_bits: int) -> None:
    if not 2 <= num_bits <= 16:
        raise errors.InvalidArgumentError(
            None, None, f"num_bits must be between 2 and 16, inclusive (fake_quant: num_bits={num_bits})"
        )


def _check_range(low: float, high: float) -> None:
    if low >= high:
        raise errors.InvalidArgumentError(
            None, None, f"min has to be smaller than max, was: {low:g} >= {high:g} (fake_quant_with_min_max_args)"
        )


def _nudged(low: Any, high: Any, num_bits: int, narrow_range: bool) -> _Steps:
    first, last = np.float32(1 if narrow_range else 0), np.float32(2**num_bits - 1)
    scale = (high - low) / (last - first)
    zero = first - low / scale
    zero = jnp.where(zero < first, first, jnp.where(zero > last, last, half_away(jnp, zero)))
    return _Steps((first - zero) * scale, (last - zero) * scale, scale)


def _quantized(inputs: Any, steps: _Steps) -> Any:
    inverse = np.float32(1) / steps.scale
    zero = jnp.floor(-steps.low * inverse + np.float32(0.5))
    shifted = jnp.clip(inputs, steps.low, steps.high) - steps.low
    return jnp.floor(shifted * inverse - zero + np.float32(0.5)) * steps.scale


def _fake(inputs: Any, low: Any, high: Any, num_bits: int, narrow_range: bool) -> Any:
    """The rounded inputs; zeros where the range is [0, 0]."""
    inputs, low, high = _arrays(inputs, low, high)
    empty = (low == 0) & (high == 0)
    steps = _nudged(low, jnp.where(empty, np.float32(1), high), num_bits, narrow_range)
    return jnp.where(empty, np.float32(0), _quantized(inputs, steps))


def _fake_gradients(
    gradients: Any, inputs: Any, low: Any, high: Any, num_bits: int, narrow_range: bool
) -> tuple[Any, Any, Any]:
    """The gradients of inputs, min and max; those of min and max have the shape of the inputs still."""
    gradients, inputs, low, high = _arrays(gradients, inputs, low, high)
    empty = (low == 0) & (high == 0)
    steps = _nudged(low, jnp.where(empty, np.float32(1), high), num_bits, narrow_range)
    below, above = (inputs < steps.low) & ~empty, (inputs > steps.high) & ~empty
    nothing = jnp.zeros((), np.float32)
    return (
        jnp.where(below | above, nothing, gradients),
        jnp.where(below, gradients, nothing),
        jnp.where(above, gradients, nothing),
    )


def _per_channel(array: Any) -> Any:
    return jnp.sum(array, axis=tuple(range(array.ndim - 1)))


def _arrays(*values: Any) -> list[Any]:
    return [jnp.asarray(v, np.float32) for v in values]


# ------------------------------------------------------------------------------------------------------ records


def _args_gradient(op: Any, gradient: Any) -> Any:
    return apply_op(
        "FakeQuantWithMinMaxArgsGradient",
        gradient,
        op.inputs[0],
        **{name: op.get_attr(name) for name in ("min", "max", "num_bits", "narrow_range")},
    )


def _vars_gradient(op: Any, gradient: Any) -> Any:
    return apply_op(
        f"{op.type}Gradient",
        gradient,
        *op.inputs,
        num_bits=op.get_attr("num_bits"),
        narrow_range=op.get_attr("narrow_range"),
    )


def _vars_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(1, 0)
    c.require_rank(2, 0)
    return [c.dims(0)]


def _channel_dims(c: ShapeContext, first: int = 0) -> list[Dims]:
    dims = c.dims(first)
    if dims is not None and not dims:
        raise c.fail("Shape must be at least rank 1 but is rank 0")
    last = None if dims is None else dims[-1]
    for index in (first + 1, first + 2):
        (size,) = c.require_rank(index, 1)
        if None not in (last, size) and last != size:
            raise c.fail(f"Dimensions must be equal, but are {last} and {size}")
        last = size if last is None else last
    return [None if dims is None else (*dims[:-1], last)]


_ARGS = "min: float = -6.0, max: float = 6.0, num_bits: int = 8, narrow_range: bool = False"
_VARS = "num_bits: int = 8, narrow_range: bool = False"
_RANGE = "min: float32, max: float32"


@defop(
    f"FakeQuantWithMinMaxArgs(inputs: float32; {_ARGS}) -> outputs: float32",
    shape=like(0),
    gradient=Gradient("function", _args_gradient),
)
def _fake_args(inputs: Any, *, min: float, max: float, num_bits: int, narrow_range: bool) -> Any:
    _check_bits(num_bits)
    _check_range(min, max)
    steps = _nudged(np.float32(min), np.float32(max), num_bits, narrow_range)
    return _quantized(jnp.asarray(inputs), steps)


@defop(
    f"FakeQuantWithMinMaxArgsGradient(gradients: float32, inputs: float32; {_ARGS}) -> backprops: float32",
    shape=merged(),
    gradient=NOT_DIFFERENTIABLE,
)
def _fake_args_gradient(
    gradients: Any, inputs: Any, *, min: float, max: float, num_bits: int, narrow_range: bool
) -> Any:
    _check_bits(num_bits)
    _check_range(min, max)
    return _fake_gradients(gradients, inputs, min, max, num_bits, narrow_range)[0]


@defop(
    f"FakeQuantWithMinMaxVars(inputs: float32, {_RANGE}; {_VARS}) -> outputs: float32",
    shape=_vars_dims,
    gradient=Gradient("function", _vars_gradient),
)
def _fake_vars(inputs: Any, min: Any, max: Any, *, num_bits: int, narrow_range: bool) -> Any:
    _check_bits(num_bits)
    return _fake(inputs, min, max, num_bits, narrow_range)


def _vars_gradient_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(2, 0)
    c.require_rank(3, 0)
    try:
        return [merge_dims(c.dims(0), c.dims(1)), (), ()]
    except ValueError as error:
        raise c.fail(str(error)) from None


@defop(
    f"FakeQuantWithMinMaxVarsGradient(gradients: float32, inputs: float32, {_RANGE}; {_VARS}) "
    "-> backprops_wrt_input: float32, backprop_wrt_min: float32, backprop_wrt_max: float32",
    shape=_vars_gradient_dims,
    gradient=NOT_DIFFERENTIABLE,
)
def _fake_vars_gradient(gradients: Any, inputs: Any, min: Any, max: Any, *, num_bits: int, narrow_range: bool) -> Any:
    _check_bits(num_bits)
    inside, below, above = _fake_gradients(gradients, inputs, min, max, num_bits, narrow_range)
    return inside, jnp.sum(below), jnp.sum(above)


@defop(
    f"FakeQuantWithMinMaxVarsPerChannel(inputs: float32, {_RANGE}; {_VARS}) -> outputs: float32",
    shape=_channel_dims,
    gradient=Gradient("function", _vars_gradient),
)
def _fake_channels(inputs: Any, min: Any, max: Any, *, num_bits: int, narrow_range: bool) -> Any:
    _check_bits(num_bits)
    return _fake(inputs, min, max, num_bits, narrow_range)


def _channel_gradient_dims(c: ShapeContext) -> list[Dims]:
    (dims,) = _channel_dims(c, first=1)
    try:
        dims = merge_dims(c.dims(0), dims)
    except ValueError as error:
        raise c.fail(str(error)) from None
    last: Dims = (None,) if dims is None else (dims[-1],)
    return [dims, last, last]


@defop(
    f"FakeQuantWithMinMaxVarsPerChannelGradient(gradients: float32, inputs: float32, {_RANGE}; {_VARS}) "
    "-> backprops_wrt_input: float32, backprop_wrt_min: float32, backprop_wrt_max: float32",
    shape=_channel_gradient_dims,
    gradient=NOT_DIFFERENTIABLE,
)
def _fake_channels_gradient(
    gradients: Any, inputs: Any, min: Any, max: Any, *, num_bits: int, narrow_range: bool
) -> Any:
    _check_bits(num_bits)
    inside, below, above = _fake_gradients(gradients, inputs, min, max, num_bits, narrow_range)
    return inside, _per_channel(below), _per_channel(above)


# ---------------------------------------------------------------------------------------------- public functions


class _VarsGradients(NamedTuple):
    backprops_wrt_input: Tensor
    backprop_wrt_min: Tensor
    backprop_wrt_max: Tensor


def fake_quant_with_min_max_args(
    inputs: Any, min: float = -6, max: float = 6, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Tensor:
    """Rounds to the steps that `num_bits` bits have between two fixed ends.

    The ends are moved a little so that 0 is a step. The gradient passes inside the range and vanishes outside.

    Args:
      inputs: float32 tensor.
      min: Lower end of the range.
      max: Upper end; greater than `min`.
      num_bits: Number of bits, 2 to 16.
      narrow_range: Whether the lowest step is left out, so that as many lie below as above the middle.
      name: Node name; "FakeQuantWithMinMaxArgs" by default.

    Returns:
      float32 tensor of the shape of `inputs`.

    Raises:
      InvalidArgumentError: when run, if the range is empty or the number of bits is another.

    >>> print(tf.Session().run(tf.fake_quant_with_min_max_args([-9.0, 0.1, 2.0], min=0, max=3, num_bits=2)))
    [0. 0. 2.]
    """
    return apply_op(
        "FakeQuantWithMinMaxArgs", inputs, min=min, max=max, num_bits=num_bits, narrow_range=narrow_range, name=name
    )


def fake_quant_with_min_max_args_gradient(
    gradients: Any,
    inputs: Any,
    min: float = -6,
    max: float = 6,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> Tensor:
    """The gradient of `fake_quant_with_min_max_args`: what arrives, where the input lies in the range, else 0.

    Args:
      gradients: float32 tensor: the gradient of what the forward node gave.
      inputs: float32 tensor: what the forward node took.
      min: As there.
      max: As there.
      num_bits: As there.
      narrow_range: As there.
      name: Node name; "FakeQuantWithMinMaxArgsGradient" by default.

    Returns:
      float32 tensor of the shape of `inputs`.

    Raises:
      InvalidArgumentError: when run, if the range is empty or the number of bits is another.
    """
    return apply_op(
        "FakeQuantWithMinMaxArgsGradient",
        gradients,
        inputs,
        min=min,
        max=max,
        num_bits=num_bits,
        narrow_range=narrow_range,
        name=name,
    )


def fake_quant_with_min_max_vars(
    inputs: Any, min: Any, max: Any, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Tensor:
    """Rounds to the steps that `num_bits` bits have between two ends that can be trained.

    Args:
      inputs: float32 tensor.
      min: float32 scalar tensor: the lower end. It gets the gradients of the inputs below the range.
      max: float32 scalar tensor: the upper end. It gets those of the inputs above.
      num_bits: Number of bits, 2 to 16.
      narrow_range: Whether the lowest step is left out.
      name: Node name; "FakeQuantWithMinMaxVars" by default.

    Returns:
      float32 tensor of the shape of `inputs`; zeros when both ends are 0.

    Raises:
      ValueError: an end is no scalar.
      InvalidArgumentError: when run, if the number of bits is another.

    >>> print(tf.Session().run(tf.fake_quant_with_min_max_vars([-9.0, 0.1, 2.0], 0.0, 3.0, num_bits=2)))
    [0. 0. 2.]
    """
    return apply_op(
        "FakeQuantWithMinMaxVars", inputs, min, max, num_bits=num_bits, narrow_range=narrow_range, name=name
    )


def fake_quant_with_min_max_vars_gradient(
    gradients: Any,
    inputs: Any,
    min: Any,
    max: Any,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> _VarsGradients:
    """The gradients of `fake_quant_with_min_max_vars`.

    Args:
      gradients: float32 tensor: the gradient of what the forward node gave.
      inputs: float32 tensor: what the forward node took.
      min: As there.
      max: As there.
      num_bits: As there.
      narrow_range: As there.
      name: Node name; "FakeQuantWithMinMaxVarsGradient" by default.

    Returns:
      (backprops_wrt_input, backprop_wrt_min, backprop_wrt_max): the gradients of the inputs, of their shape, and of
      the two ends, scalars.
    """
    return _VarsGradients(
        *apply_op(
            "FakeQuantWithMinMaxVarsGradient",
            gradients,
            inputs,
            min,
            max,
            num_bits=num_bits,
            narrow_range=narrow_range,
            name=name,
        )
    )


def fake_quant_with_min_max_vars_per_channel(
    inputs: Any, min: Any, max: Any, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Tensor:
    """Rounds as `fake_quant_with_min_max_vars`, with two ends for each channel.

    Args:
      inputs: float32 tensor `[..., channels]`.
      min: float32 tensor `[channels]`: the lower ends.
      max: float32 tensor `[channels]`: the upper ends.
      num_bits: Number of bits, 2 to 16.
      narrow_range: Whether the lowest step is left out.
      name: Node name; "FakeQuantWithMinMaxVarsPerChannel" by default.

    Returns:
      float32 tensor of the shape of `inputs`.

    Raises:
      ValueError: the number of channels differs.
    """
    return apply_op(
        "FakeQuantWithMinMaxVarsPerChannel", inputs, min, max, num_bits=num_bits, narrow_range=narrow_range, name=name
    )


def fake_quant_with_min_max_vars_per_channel_gradient(
    gradients: Any,
    inputs: Any,
    min: Any,
    max: Any,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> _VarsGradients:
    """The gradients of `fake_quant_with_min_max_vars_per_channel`.

    Args:
      gradients: float32 tensor: the gradient of what the forward node gave.
      inputs: float32 tensor `[..., channels]`: what the forward node took.
      min: As there.
      max: As there.
      num_bits: As there.
      narrow_range: As there.
      name: Node name; "FakeQuantWithMinMaxVarsPerChannelGradient" by default.

    Returns:
      (backprops_wrt_input, backprop_wrt_min, backprop_wrt_max): the gradients of the inputs, of their shape, and of
      the ends, `[channels]`.
    """
    return _VarsGradients(
        *apply_op(
            "FakeQuantWithMinMaxVarsPerChannelGradient",
            gradients,
            inputs,
            min,
            max,
            num_bits=num_bits,
            narrow_range=narrow_range,
            name=name,
        )
    )
