"""Normalisation: by a batch's moments (composed, or fused into one op), by the norm, by neighbouring channels.

batch_normalization     nodes:  x * (scale / sqrt(variance + eps)) + (offset - mean * ...)
fused_batch_norm        one op, which computes the moments too; `tf.layers` uses it for images
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.shapes import renamed_argument, size
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.kernels import fused_batch_norm as fused
from scopedjax._src.ops.kernels import lrn as lrn_kernel
from scopedjax._src.ops.math.casting import cast, imag, real
from scopedjax._src.ops.math.casting import complex as complex_
from scopedjax._src.ops.math.reductions import count_nonzero, reduce_sum
from scopedjax._src.ops.nn.arguments import check_choice
from scopedjax._src.ops.registry import LoweringContext, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext

# ------------------------------------------------------------------------------------------------- records

_FORMATS = ("NHWC", "NCHW", "NDHWC", "NCDHW")


def _fused_dims(outputs: int) -> Any:
    def rule(c: ShapeContext) -> list[Dims]:
        check_choice(c, "data_format", _FORMATS if outputs == 6 else _FORMATS[:2])
        rank = len(c.attr("data_format"))
        dims = list(c.require_rank(0, rank))
        axis = 1 if c.attr("data_format").startswith("NC") else rank - 1
        vectors = range(1, 3) if c.attr("is_training") else range(1, 5)
        for index in vectors:
            (found,) = c.require_rank(index, 1)
            if found is not None and dims[axis] is not None and found != dims[axis]:
                raise c.fail(f"Dimensions must be equal, but are {dims[axis]} and {found}")
            dims[axis] = found if dims[axis] is None else dims[axis]
        vector = (dims[axis],)
        more: list[Dims] = [None] if outputs == 6 else []
        return [tuple(dims), vector, vector, vector, vector, *more]

    return rule


def _fused(
    ctx: LoweringContext,
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any,
    variance: Any,
    *,
    epsilon: float,
    exponential_avg_factor: float,
    data_format: str,
    is_training: bool,
) -> Any:
    outputs = fused.fused_batch_norm(
        *(jnp.asarray(v) for v in (x, scale, offset, mean, variance)),
        epsilon=epsilon,
        exponential_avg_factor=exponential_avg_factor,
        data_format=data_format,
        is_training=is_training,
        platform=ctx.platform,
    )
    return tuple(outputs)[: len(ctx.op.outputs)]


_ATTRS = (
    "epsilon: float = 9.999999747378752e-05, exponential_avg_factor: float = 1.0, data_format: string = 'NHWC', "
    "is_training: bool = True"
)
_HALF = (dtypes.float16, dtypes.bfloat16, dtypes.float32)
for _type, _kind, _types in (
    ("FusedBatchNorm", "T", {"T": (dtypes.float32,)}),
    ("FusedBatchNormV2", "U", {"T": _HALF, "U": (dtypes.float32,)}),
    ("FusedBatchNormV3", "U", {"T": _HALF, "U": (dtypes.bfloat16, dtypes.float32)}),
):
    _more = f", reserve_space_3: {_kind}" if _type.endswith("V3") else ""
    declare(
        f"{_type}(x: T, scale: {_kind}, offset: {_kind}, mean: {_kind}, variance: {_kind}; {_ATTRS}) -> y: T, "
        f"batch_mean: {_kind}, batch_variance: {_kind}, reserve_space_1: {_kind}, reserve_space_2: {_kind}{_more}",
        _fused,
        shape=_fused_dims(6 if _more else 5),
        types=_types,
    )


@defop(
    "LRN(input: T; depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5, "
    "T: type = float32) -> output: T",
    shape=lambda c: [c.require_rank(0, 4)],
    types={"T": _HALF},
)
def _lrn(ctx: LoweringContext, input: Any, *, depth_radius: int, bias: float, alpha: float, beta: float) -> Any:
    return lrn_kernel.local_response_normalization(
        jnp.asarray(input), depth_radius, bias, alpha, beta, platform=ctx.platform
    )


# ---------------------------------------------------------------------------------------- public functions


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: Any, name: str | None = None
) -> Tensor:
    """Computes `scale * (x - mean) / sqrt(variance + variance_epsilon) + offset` (Ioffe and Szegedy 2015).

    Args:
      x: Floating tensor.
      mean: Tensor that broadcasts with `x`, as the other three.
      variance: Tensor.
      offset: Tensor ("beta"), or None.
      scale: Tensor ("gamma"), or None.
      variance_epsilon: Small number that avoids division by zero.
      name: Name scope; defaults to "batchnorm".

    Returns:
      Tensor of the shape and dtype of `x`.

    >>> y = tf.nn.batch_normalization(tf.constant([3.0]), [1.0], [4.0], [0.5], [1.0], 0.0)
    >>> tf.Session().run(y).tolist()
    [1.5]
    """
    with stacks.get_default_graph().name_scope(name or "batchnorm"):
        variance = convert_to_tensor(variance)
        x = convert_to_tensor(x)
        factor = apply_op("Rsqrt", apply_op("AddV2", variance, variance_epsilon, name="add"))
        if scale is not None:
            factor = apply_op("Mul", factor, scale, name="mul")
        scaled = apply_op("Mul", x, cast(factor, x.dtype), name="mul")
        if offset is None:
            shift = apply_op("Mul", apply_op("Neg", mean), factor, name="mul")
        else:
            shift = apply_op("Sub", offset, apply_op("Mul", mean, factor, name="mul"), name="sub")
        return apply_op("AddV2", scaled, cast(shift, x.dtype), name="add")


def batch_norm_with_global_normalization(
    t: Any = None,
    m: Any = None,
    v: Any = None,
    beta: Any = None,
    gamma: Any = None,
    variance_epsilon: Any = None,
    scale_after_normalization: Any = None,
    name: str | None = None,
    input: Any = None,
    mean: Any = None,
    variance: Any = None,
) -> Tensor:
    """Normalises as `batch_normalization` does; the older form of it.

    Args:
      t: Floating tensor `[batch, height, width, channels]`.
      m: Mean, `[channels]`.
      v: Variance, `[channels]`.
      beta: Offset, `[channels]`.
      gamma: Scale, `[channels]`, used where `scale_after_normalization` is true.
      variance_epsilon: Small number that avoids division by zero.
      scale_after_normalization: Whether to multiply by `gamma`.
      name: Name scope; defaults to "batchnorm".
      input: The later name of `t`.
      mean: The later name of `m`.
      variance: The later name of `v`.

    Returns:
      Tensor of the shape of `t`.

    >>> one = tf.ones([1])
    >>> y = tf.nn.batch_norm_with_global_normalization(tf.ones([1, 1, 1, 1]), one, one, one, one, 0.0, False)
    >>> tf.Session().run(y).tolist()
    [[[[1.0]]]]
    """
    t = renamed_argument("input", input, "t", t)
    m = renamed_argument("mean", mean, "m", m)
    v = renamed_argument("variance", variance, "v", v)
    return batch_normalization(t, m, v, beta, gamma if scale_after_normalization else None, variance_epsilon, name)


def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
    exponential_avg_factor: float = 1.0,
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalises images by their own moments or by given ones, in one op.

    Args:
      x: Floating tensor `[batch, height, width, channels]`, or with channels first for NCHW; rank 5 with "NDHWC".
      scale: Tensor `[channels]` ("gamma").
      offset: Tensor `[channels]` ("beta").
      mean: Tensor `[channels]`: what normalises when `is_training` is false; the moving average to be advanced when
        `exponential_avg_factor` is not 1.
      variance: As `mean`.
      epsilon: Added to the variance; at least 1.001e-5.
      data_format: "NHWC", "NCHW", "NDHWC" or "NCDHW".
      is_training: Whether the batch's own moments normalise.
      name: Node name; defaults to "FusedBatchNormV3".
      exponential_avg_factor: Share of the batch in the moments that are returned.

    Returns:
      `(y, mean, variance)`: the normalised images, and the batch's mean and variance (of a sample: divided by count
      minus one), or what was given when `is_training` is false.

    Raises:
      ValueError: `mean` or `variance` is missing where it is needed.

    >>> y, mean, _ = tf.nn.fused_batch_norm(tf.ones([2, 4, 4, 3]), tf.ones([3]), tf.zeros([3]))
    >>> y.shape.as_list(), mean.shape.as_list()
    ([2, 4, 4, 3], [3])
    """
    if (not is_training or exponential_avg_factor != 1.0) and (mean is None or variance is None):
        raise ValueError(
            "Both `mean` and `variance` must be a 1D tensor when `is_training` is False or `exponential_avg_factor` != "
            f"1.0. Received: `mean` {mean!r} and `variance` {variance!r}"
        )
    x = convert_to_tensor(x, name="input")
    scale = convert_to_tensor(scale, name="scale")
    offset = convert_to_tensor(offset, name="offset")
    mean = constant([], dtype=scale.dtype) if mean is None else mean
    variance = constant([], dtype=scale.dtype) if variance is None else variance
    y, batch_mean, batch_variance, *_ = apply_op(
        "FusedBatchNormV3",
        x,
        scale,
        offset,
        mean,
        variance,
        epsilon=max(epsilon, 1.001e-5),  # cuDNN takes no less
        exponential_avg_factor=exponential_avg_factor,
        data_format=data_format,
        is_training=is_training,
        name=name,
    )
    return y, batch_mean, batch_variance


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None) -> Tensor:
    """Computes `x / sqrt(max(sum(x ** 2), epsilon))` over axes.

    Args:
      x: Floating or complex tensor.
      axis: Axis or list of axes of the sum; all by default.
      epsilon: Lower bound of the sum of squares.
      name: Node name; defaults to "l2_normalize".
      dim: The older name of `axis`.

    Returns:
      Tensor of the shape and dtype of `x`.

    >>> tf.Session().run(tf.nn.l2_normalize([3.0, 4.0], 0)).round(3).tolist()
    [0.6..., 0.8...]
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    with stacks.get_default_graph().name_scope(name or "l2_normalize") as scope:
        x = convert_to_tensor(x, name="x")
        if x.dtype.is_complex:
            squares = apply_op("AddV2", apply_op("Square", real(x)), apply_op("Square", imag(x)), name="add")
            length = apply_op("Rsqrt", apply_op("Maximum", real(reduce_sum(squares, axis, keepdims=True)), epsilon))
            parts = apply_op("Mul", real(x), length), apply_op("Mul", imag(x), length)
            return complex_(*parts, name=scope)
        total = reduce_sum(apply_op("Square", x), axis, keepdims=True)
        return apply_op("Mul", x, apply_op("Rsqrt", apply_op("Maximum", total, epsilon)), name=scope)


def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1,
    alpha: float = 1,
    beta: float = 0.5,
    name: str | None = None,
) -> Tensor:
    """Divides each channel by a power of the squares of its neighbours (Krizhevsky et al. 2012, section 3.3).

    Args:
      input: Floating tensor `[batch, height, width, channels]`.
      depth_radius: How many neighbours on either side count.
      bias: Offset of the sum.
      alpha: Factor of the sum.
      beta: Exponent.
      name: Node name; defaults to "LRN".

    Returns:
      Tensor of the shape of `input`: `x / (bias + alpha * sum of squares) ** beta`.

    >>> tf.Session().run(tf.nn.lrn([[[[2.0]]]], bias=0.0)).tolist()
    [[[[1.0]]]]
    """
    return apply_op("LRN", input, depth_radius=depth_radius, bias=bias, alpha=alpha, beta=beta, name=name)


lrn = local_response_normalization


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """Computes which part of the elements is zero.

    Args:
      value: Tensor of numbers.
      name: Name scope; defaults to "zero_fraction".

    Returns:
      float32 scalar; NaN for a tensor without elements.

    >>> float(tf.Session().run(tf.nn.zero_fraction([0.0, 2.0, 0.0, 1.0])))
    0.5
    """
    with stacks.get_default_graph().name_scope(name or "zero_fraction"):
        value = convert_to_tensor(value, name="value")
        count = size(value, out_type=dtypes.int64)
        zeros = apply_op("Sub", count, count_nonzero(value, dtype=dtypes.int64), name="sub")
        return apply_op("RealDiv", cast(zeros, dtypes.float32), cast(count, dtypes.float32), name="fraction")
