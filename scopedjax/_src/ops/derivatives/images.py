"""The derivatives of resizing, cropping, dilation and mirrored padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.derivatives.pullback import pulled_back
from scopedjax._src.ops.registry import LoweringContext, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like

_CENTERS: Final = "align_corners: bool = False, half_pixel_centers: bool = False"


# --------------------------------------------------------------------------------------------------------- resizing


def _declare_resizing(op_type: str, forward: str, types: tuple[DType, ...]) -> None:
    def lower(
        ctx: LoweringContext, grads: Any, original_image: Any, *, align_corners: bool, half_pixel_centers: bool
    ) -> Any:
        size = np.asarray(np.shape(grads)[1:3], np.int32)
        attrs = {"align_corners": align_corners, "half_pixel_centers": half_pixel_centers}
        return pulled_back(ctx, forward, [original_image, size], [0], [grads], **attrs)[0]

    declare(
        f"{op_type}(grads: float32, original_image: T; {_CENTERS}) -> output: T",
        lower,
        shape=like(1),
        types={"T": types},
    )


_declare_resizing("ResizeBilinearGrad", "ResizeBilinear", dtypes.FLOATING)
_declare_resizing("ResizeBicubicGrad", "ResizeBicubic", (dtypes.float32, dtypes.float64))


def _nearest_dims(c: ShapeContext) -> Sequence[Dims]:
    dims, sizes = c.require_rank(0, 4), c.shape_value(1) or (None, None)
    return [(dims[0], sizes[0], sizes[1], dims[3])]


@defop(
    f"ResizeNearestNeighborGrad(grads: T, size: int32; {_CENTERS}) -> output: T",
    shape=_nearest_dims,
    static=("size",),
    types={"T": (*dtypes.FLOATING, dtypes.uint8, dtypes.int8, dtypes.int32)},
)
def _nearest(ctx: LoweringContext, grads: Any, size: Any, *, align_corners: bool, half_pixel_centers: bool) -> Any:
    grads = jnp.asarray(grads)
    kind = grads.dtype if jnp.issubdtype(grads.dtype, jnp.floating) else jnp.dtype(np.float64)
    height, width = (int(n) for n in np.asarray(size))
    image = jnp.zeros((grads.shape[0], height, width, grads.shape[3]), kind)
    target = np.asarray(grads.shape[1:3], np.int32)
    attrs = {"align_corners": align_corners, "half_pixel_centers": half_pixel_centers}
    return pulled_back(ctx, "ResizeNearestNeighbor", [image, target], [0], [grads], **attrs)[0].astype(grads.dtype)


# --------------------------------------------------------------------------------------------------------- cropping


@defop(
    "CropAndResizeGradImage(grads: float32, boxes: float32, box_ind: int32, image_size: int32; T: type, "
    "method: string = 'bilinear') -> output: T",
    shape=lambda c: [c.shape_value(3) or (None,) * 4],
    static=("image_size",),
    types={"T": (dtypes.float16, dtypes.float32, dtypes.float64)},
)
def _crop_image(
    ctx: LoweringContext, grads: Any, boxes: Any, box_ind: Any, image_size: Any, *, T: DType, method: str
) -> Any:
    image = jnp.zeros(tuple(int(n) for n in np.asarray(image_size)), T.as_numpy_dtype)
    size = np.asarray(np.shape(grads)[1:3], np.int32)
    return pulled_back(ctx, "CropAndResize", [image, boxes, box_ind, size], [0], [grads], method=method)[0]


@defop(
    "CropAndResizeGradBoxes(grads: float32, image: T, boxes: float32, box_ind: int32; method: string = 'bilinear') "
    "-> output: float32",
    shape=like(2),
    types={"T": tuple(t for t in dtypes.REAL if t not in (dtypes.bfloat16, dtypes.uint32, dtypes.uint64))},
)
def _crop_boxes(ctx: LoweringContext, grads: Any, image: Any, boxes: Any, box_ind: Any, *, method: str) -> Any:
    size = np.asarray(np.shape(grads)[1:3], np.int32)
    return pulled_back(ctx, "CropAndResize", [image, boxes, box_ind, size], [1], [grads], method=method)[0]


# --------------------------------------------------------------------------------------------- dilation and padding


def _declare_dilation(argument: str, wanted: int) -> None:
    def lower(
        ctx: LoweringContext, input: Any, filter: Any, out_backprop: Any, *, strides: Any, rates: Any, padding: str
    ) -> Any:
        attrs = {"strides": strides, "rates": rates, "padding": padding}
        return pulled_back(ctx, "Dilation2D", [input, filter], [wanted], [out_backprop], **attrs)[0]

    name, output = ("Input", "in_backprop") if argument == "input" else ("Filter", "filter_backprop")
    declare(
        f"Dilation2DBackprop{name}(input: T, filter: T, out_backprop: T; strides: list(int), rates: list(int), "
        f"padding: string) -> {output}: T",
        lower,
        shape=like(wanted),
        types={"T": dtypes.FLOATING},
    )


_declare_dilation("input", 0)
_declare_dilation("filter", 1)


def _unpadded_dims(c: ShapeContext) -> Sequence[Dims]:
    dims, pads = c.dims(0), c.const(1)
    if dims is None or pads is None:
        return [None if dims is None else (None,) * len(dims)]
    return [tuple(None if d is None else d - int(p.sum()) for d, p in zip(dims, pads, strict=True))]


@defop(
    "MirrorPadGrad(input: T, paddings: Tpaddings; Tpaddings: type = int32, mode: string) -> output: T",
    shape=_unpadded_dims,
    static=("paddings",),
    types={"T": dtypes.FLOATING + dtypes.COMPLEX, "Tpaddings": dtypes.INDEX},
)
def _mirror_pad(ctx: LoweringContext, input: Any, paddings: Any, *, mode: str) -> Any:
    grads = jnp.asarray(input)
    pads = np.asarray(paddings)
    inner = jnp.zeros(tuple(d - int(p.sum()) for d, p in zip(grads.shape, pads, strict=True)), grads.dtype)
    return pulled_back(ctx, "MirrorPad", [inner, pads], [0], [grads], mode=mode)[0]
