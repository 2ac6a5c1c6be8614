"""Small compositions: the logarithm of the beta function, bins of histograms, indices from places, checked tensors."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.identity import check_numerics
from scopedjax._src.ops.array.module import is_known, module_of
from scopedjax._src.ops.array.shapes import renamed_argument, reshape, shape
from scopedjax._src.ops.control_flow.grouping import with_dependencies
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.clipping import clip_by_value
from scopedjax._src.ops.math.elementwise import floor
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.ops.math.special import lgamma
from scopedjax._src.ops.registry import NO_GRADIENT, LoweringContext, defop
from scopedjax._src.ops.shape_context import ShapeContext


def lbeta(x: Any, name: str | None = None) -> Tensor:
    """Computes the logarithm of the beta function over the last axis, `sum lgamma(x) - lgamma(sum x)`.

    Args:
      x: Floating tensor `[..., n]`.
      name: Name scope; defaults to "lbeta".

    Returns:
      Tensor `[...]`.

    >>> round(float(tf.Session().run(tf.lbeta([2.0, 3.0]))), 4)  # log(1 / 12)
    -2.4849
    """
    with stacks.get_default_graph().name_scope(name or "lbeta"):
        x = convert_to_tensor(x, name="x")
        numerator = reduce_sum(lgamma(x), [-1])
        return numerator - lgamma(reduce_sum(x, [-1]))


def histogram_fixed_width_bins(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = dtypes.int32, name: str | None = None
) -> Tensor:
    """Finds the bin of each value in a histogram with bins of equal width.

    Args:
      values: Tensor of numbers.
      value_range: Tensor `[2]` of the same dtype: where the first bin begins and the last one ends. Values outside
        belong to the first or the last.
      nbins: int32 scalar: number of bins.
      dtype: Not used, as in TensorFlow.
      name: Name scope; defaults to "histogram_fixed_width_bins".

    Returns:
      int32 tensor of the shape of `values`.

    >>> tf.Session().run(tf.histogram_fixed_width_bins([-1.0, 0.1, 0.6, 9.0], [0.0, 1.0], 4)).tolist()
    [0, 0, 2, 3]
    """
    with stacks.get_default_graph().name_scope(name or "histogram_fixed_width_bins"):
        values = convert_to_tensor(values, name="values")
        sizes = shape(values)
        flat = reshape(values, [-1])
        ends = convert_to_tensor(value_range, name="value_range")
        count = cast(convert_to_tensor(nbins, dtype=dtypes.int32, name="nbins"), flat.dtype)
        scaled = apply_op("RealDiv", flat - ends[0], ends[1] - ends[0], name="scaled_values")
        indices = floor(count * scaled, name="indices")
        return reshape(cast(clip_by_value(indices, 0, count - 1), dtypes.int32), sizes)


def _unraveled_dims(c: ShapeContext) -> list[Dims]:
    indices, dims = c.dims(0), c.require_rank(1, 1)
    if indices is None:
        return [None]
    return [(dims[0],)] if indices == () else [(dims[0], None if None in indices else int(np.prod(indices)))]  # type: ignore[arg-type]


def _unravel(ctx: LoweringContext, indices: Any, dims: Any) -> Any:
    if is_known(indices, dims) and ((indices < 0).any() or (indices >= np.prod(dims)).any()):
        raise InvalidArgumentError(None, ctx.op, "index is out of bound as with dims")
    xp = module_of(indices, dims)
    strides = xp.concatenate([xp.cumprod(dims[:0:-1])[::-1], xp.ones(1, dims.dtype)]).astype(dims.dtype)
    if indices.ndim == 0:
        return (indices // strides) % dims
    flat = indices.reshape(1, -1)
    return (flat // strides[:, None]) % dims[:, None]


@defop(
    "UnravelIndex(indices: Tidx, dims: Tidx; Tidx: type = int32) -> output: Tidx",
    shape=_unraveled_dims,
    gradient=NO_GRADIENT,
    types={"Tidx": dtypes.INDEX},
)
def _unravel_index(ctx: LoweringContext, indices: Any, dims: Any) -> Any:
    return jnp.asarray(_unravel(ctx, indices, dims))


def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Tensor:
    """Turns places in a flattened tensor into indices along its axes.

    Args:
      indices: Integer tensor, a scalar or a vector: places.
      dims: Integer tensor `[n]`: the shape of the tensor.
      name: Node name; defaults to "UnravelIndex".

    Returns:
      Tensor `[n]` for a scalar, else `[n, places]`.

    >>> tf.Session().run(tf.unravel_index([5, 7], [3, 4])).tolist()
    [[1, 1], [1, 3]]
    """
    return apply_op("UnravelIndex", indices, dims, name=name)


def verify_tensor_all_finite(
    t: Any = None, msg: Any = None, name: str | None = None, x: Any = None, message: Any = None
) -> Tensor:
    """Passes a tensor on and fails in the run when an element is infinite or not a number.

    Args:
      t: Floating tensor.
      msg: Text of the error.
      name: Name scope; defaults to "VerifyFinite".
      x: The later name of `t`.
      message: The later name of `msg`.

    Returns:
      Tensor equal to `t`.

    Raises:
      InvalidArgumentError: in the run, with the text.

    >>> tf.Session().run(tf.verify_tensor_all_finite([1.0, 2.0], "not finite")).tolist()
    [1.0, 2.0]
    """
    x = renamed_argument("x", x, "t", t)
    message = renamed_argument("message", message, "msg", msg)
    with stacks.get_default_graph().name_scope(name or "VerifyFinite"):
        x = convert_to_tensor(x, name="x")
        with stacks.get_default_graph().colocate_with(x.op):
            checked = check_numerics(x, message=message)
            return with_dependencies([checked], x)
