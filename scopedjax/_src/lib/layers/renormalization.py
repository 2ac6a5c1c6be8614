"""Batch renormalisation (Ioffe, 2017): what `tf.layers.batch_normalization(renorm=True)` adds.

    r = stddev / renorm_stddev         d = (mean - renorm_mean) / renorm_stddev        both clipped, without gradient
    outputs = ((x - mean) / stddev * r + d) * gamma + beta

so that while training the outputs are nearly those that the moving averages will give later. `renorm_mean` and
`renorm_stddev` are moving averages of their own, with `renorm_momentum`, read before they are updated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base.dtypes import DType
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.layers.arguments import either
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like, zeros_like
from scopedjax._src.ops.array.identity import identity, stop_gradient
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.elementwise import sqrt

_KEYS = ("rmax", "rmin", "dmax")


def checked_clipping(clipping: Any) -> dict[str, Any]:
    """Returns the bounds of r and d.

    Raises:
      ValueError: another key than rmin, rmax and dmax.
    """
    found = dict(clipping or {})
    if set(found) - set(_KEYS):
        raise ValueError(
            f"Received invalid keys for `renorm_clipping` argument: {found}. Supported values: {list(_KEYS)}."
        )
    return found


def add_variables(layer: Any, shape: Sequence[Any], dtype: DType) -> None:
    """Gives a layer the moving averages that renormalisation keeps besides mean and variance."""

    def root(shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return sqrt(layer.moving_variance_initializer(shape, dtype=dtype))

    layer.moving_stddev = layer.add_weight("moving_stddev", shape, dtype, root, trainable=False)
    layer.renorm_mean = layer.add_weight("renorm_mean", shape, dtype, layer.moving_mean_initializer, trainable=False)
    layer.renorm_stddev = layer.add_weight("renorm_stddev", shape, dtype, root, trainable=False)


def _clipped(value: Tensor, low: Any, high: Any) -> Tensor:
    if low is not None:
        value = apply_op("Maximum", value, low)
    return value if high is None else apply_op("Minimum", value, high)


def correction(layer: Any, mean: Tensor, variance: Tensor, training: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Returns (r, d, mean, variance); the moments come after the update of the moving averages.

    Args:
      layer: The layer, with the variables of `add_variables`.
      mean: Mean of the batch.
      variance: Variance of the batch.
      training: A bool or a scalar bool tensor; while not training r is one and d is zero.
    """
    graph = stacks.get_default_graph()
    stddev = sqrt(variance + layer.epsilon)
    old_mean = convert_to_tensor(layer.renorm_mean)
    old_stddev = apply_op("Maximum", convert_to_tensor(layer.renorm_stddev), float(layer.epsilon) ** 0.5)
    r = stddev / old_stddev
    d = (mean - old_mean) / old_stddev
    with graph.control_dependencies([r, d]):
        mean, stddev = identity(mean), identity(stddev)
    bounds = layer.renorm_clipping
    r = _clipped(r, bounds.get("rmin"), bounds.get("rmax"))
    most = bounds.get("dmax")
    d = _clipped(d, None if most is None else -most, most)
    r = either(training, lambda: r, lambda: ones_like(r))
    d = either(training, lambda: d, lambda: zeros_like(d))
    waited = [
        either(training, lambda v=v, x=x: layer.advance(v, x, layer.renorm_momentum), lambda v=v: identity(v))
        for v, x in ((layer.renorm_mean, mean), (layer.renorm_stddev, stddev))
    ]
    with graph.control_dependencies(waited):
        mean, variance = identity(mean), identity(variance)
    return stop_gradient(r, name="renorm_r"), stop_gradient(d, name="renorm_d"), mean, variance


def composed(scale: Any, offset: Any, then_scale: Any, then_offset: Any) -> tuple[Any, Any]:
    """Two affine functions, one after the other, as one."""
    if then_scale is not None:
        scale, offset = scale * then_scale, offset * then_scale
    if then_offset is not None:
        offset = offset + then_offset
    return scale, offset
