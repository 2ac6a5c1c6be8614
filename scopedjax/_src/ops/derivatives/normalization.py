"""FusedBatchNormGrad, FusedBatchNormGradV2, FusedBatchNormGradV3, LRNGrad.

In training, TensorFlow hands the mean and the variance of the batch on in the reserved outputs; here they are computed
from the batch again, which XLA merges with the forward node's. Otherwise the reserved inputs are the averages
themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.derivatives.pullback import pulled_back
from scopedjax._src.ops.registry import LoweringContext, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import merged

_HALF: Final = (dtypes.float16, dtypes.bfloat16, dtypes.float32)
_ATTRS: Final = "epsilon: float = 9.999999747378752e-05, data_format: string = 'NHWC', is_training: bool = True"


class _Quiet:
    """The lowering context that the forward type asks for: its platform, and a node of which one output is wanted."""

    def __init__(self, ctx: LoweringContext) -> None:
        self.platform = ctx.platform
        self.op = self

    outputs: Final = (None,)


def _fused_dims(c: ShapeContext) -> Sequence[Dims]:
    dims = c.dims(1)
    axis = 1 if c.attr("data_format").startswith("NC") else -1
    vector: Dims = (None,) if dims is None else (dims[axis],)
    unused: Dims = (0,) if c.attr("is_training") else (None,)  # TensorFlow 1.15 says the number of channels there
    return [dims, vector, vector, unused, unused]


def _fused(
    ctx: LoweringContext,
    y_backprop: Any,
    x: Any,
    scale: Any,
    reserve_space_1: Any,
    reserve_space_2: Any,
    reserve_space_3: Any = None,
    *,
    epsilon: float,
    data_format: str,
    is_training: bool,
) -> Any:
    scale = jnp.asarray(scale)
    empty = jnp.zeros(0, scale.dtype)
    averages = (empty, empty) if is_training else (reserve_space_1, reserve_space_2)
    inputs = [x, scale, jnp.zeros_like(scale), *averages]
    found = pulled_back(
        _Quiet(ctx), "FusedBatchNormV3", inputs, [0, 1, 2], [y_backprop], epsilon=epsilon, data_format=data_format,
        is_training=is_training,
    )  # fmt: skip
    unused = np.zeros(0, scale.dtype)
    return (*found, unused, unused)


for _type, _kind, _scale in (
    ("FusedBatchNormGrad", "T", "T"),
    ("FusedBatchNormGradV2", "U", "float32"),
    ("FusedBatchNormGradV3", "U", "float32"),
):
    _third = f", reserve_space_3: {_kind}" if _type.endswith("V3") else ""
    _first = 4 if _third else 3
    declare(
        f"{_type}(y_backprop: T, x: T, scale: {_scale}, reserve_space_1: {_kind}, reserve_space_2: {_kind}{_third}; "
        f"{_ATTRS}) -> x_backprop: T, scale_backprop: {_kind}, offset_backprop: {_kind}, "
        f"reserve_space_{_first}: {_kind}, reserve_space_{_first + 1}: {_kind}",
        _fused,
        shape=_fused_dims,
        types={"T": (dtypes.float32,)} if _kind == "T" else {"T": _HALF, "U": (dtypes.float32,)},
    )


@defop(
    "LRNGrad(input_grads: T, input_image: T, output_image: T; depth_radius: int = 5, bias: float = 1.0, "
    "alpha: float = 1.0, beta: float = 0.5, T: type = float32) -> output: T",
    shape=merged(),
    types={"T": _HALF},
)
def _lrn(
    ctx: LoweringContext,
    input_grads: Any,
    input_image: Any,
    output_image: Any,
    *,
    depth_radius: int,
    bias: float,
    alpha: float,
    beta: float,
) -> Any:
    attrs = {"depth_radius": depth_radius, "bias": bias, "alpha": alpha, "beta": beta}
    return pulled_back(ctx, "LRN", [input_image], [0], [input_grads], **attrs)[0]
