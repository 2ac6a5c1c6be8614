"""Gradients of convolutions, pooling, normalization and resizing, for most of which TensorFlow has types."""

from __future__ import annotations

from typing import Final

from scopedjax._src.graph.gradient_recipes.recipe import RECIPES, Recipe, recipe, simple
from scopedjax._src.graph.region_function import INT32, type_attr

_INT: Final = type_attr(INT32)
_WINDOW: Final = "ksize strides padding data_format"
_CONVOLUTION: Final = "T strides padding use_cudnn_on_gpu explicit_paddings data_format dilations"

RECIPES.update(
    {
        "LRN": simple("LRNGrad", ["d0", "x0", "y"], "T depth_radius bias alpha beta", "output"),
        "MaxPool": simple("MaxPoolGrad", ["x0", "y", "d0"], f"T {_WINDOW} explicit_paddings", "output"),
        "MaxPool3D": simple("MaxPool3DGrad", ["x0", "y", "d0"], f"T {_WINDOW}", "output"),
        "ResizeBilinear": simple(
            "ResizeBilinearGrad", ["d0", "x0"], "T align_corners half_pixel_centers", "output", [1]
        ),
        "ResizeBicubic": simple("ResizeBicubicGrad", ["d0", "x0"], "T align_corners half_pixel_centers", "output", [1]),
    }
)


@recipe("BiasAdd", "BiasAddV1")
def _bias(r: Recipe) -> list[str]:
    return ["d0", r.do("BiasAddGrad", "d0", copied="data_format")]


@recipe("AvgPool", "AvgPool3D")
def _mean(r: Recipe) -> list[str]:
    return [r.do(f"{r.forward.type}Grad", r.shape(0), "d0", copied=_WINDOW)]


@recipe("MaxPoolWithArgmax")
def _max_with_places(r: Recipe) -> list[str]:
    copied = "ksize strides padding Targmax include_batch_in_index"
    return [r.do("MaxPoolGradWithArgmax", "x0", "d0", r.y(1), copied=copied)]


@recipe("Conv2D")
def _convolution(r: Recipe) -> list[str]:
    return [
        r.do("Conv2DBackpropInput", r.shape(0), "x1", "d0", copied=_CONVOLUTION),
        r.do("Conv2DBackpropFilter", "x0", r.shape(1), "d0", copied=_CONVOLUTION),
    ]


@recipe("Conv2DBackpropInput")
def _transposed_convolution(r: Recipe) -> list[str]:
    back = r.do("Conv2DBackpropFilter", "d0", r.shape(1), "x2", copied=_CONVOLUTION)
    return [r.zeros(0), back, r.do("Conv2D", "d0", "x1", copied=_CONVOLUTION)]


@recipe("DepthwiseConv2dNative")
def _depthwise(r: Recipe) -> list[str]:
    return [
        r.do("DepthwiseConv2dNativeBackpropInput", r.shape(0), "x1", "d0", copied=_CONVOLUTION),
        r.do("DepthwiseConv2dNativeBackpropFilter", "x0", r.shape(1), "d0", copied=_CONVOLUTION),
    ]


_SPACE: Final = "strides padding data_format dilations"


@recipe("Conv3D")
def _convolution_3d(r: Recipe) -> list[str]:
    return [
        r.do("Conv3DBackpropInputV2", r.shape(0), "x1", "d0", copied=_SPACE, Tshape=_INT),
        r.do("Conv3DBackpropFilterV2", "x0", r.shape(1), "d0", copied=_SPACE),
    ]


@recipe("Conv3DBackpropInputV2")
def _transposed_convolution_3d(r: Recipe) -> list[str]:
    back = r.do("Conv3DBackpropFilterV2", "d0", r.shape(1), "x2", copied=_SPACE)
    return [r.zeros(0), back, r.do("Conv3D", "d0", "x1", copied=_SPACE)]


@recipe("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def _batch_norm(r: Recipe) -> list[str]:
    op_type = r.forward.type
    kept = [r.y(3), r.y(4)] if r.forward.attrs["is_training"] else ["x3", "x4"]
    kept += [r.y(5)] if op_type.endswith("V3") else []
    name = op_type.replace("Norm", "NormGrad")
    r.node("dx", name, ["d0", "x0", "x1", *kept], "T U epsilon data_format is_training")
    return ["dx:x_backprop:0", "dx:scale_backprop:0", "dx:offset_backprop:0", r.zeros(3), r.zeros(4)]


@recipe("ResizeNearestNeighbor")
def _resized(r: Recipe) -> list[str]:
    size = r.ints("StridedSlice", r.shape(0), r.int([1]), r.int([3]), r.int([1]), Index=_INT)
    return [r.do("ResizeNearestNeighborGrad", "d0", size, copied="align_corners half_pixel_centers", out="output"),
            r.zeros(1)]  # fmt: skip


@recipe("CropAndResize")
def _cropped(r: Recipe) -> list[str]:
    image = r.do("CropAndResizeGradImage", "d0", "x1", "x2", r.shape(0), copied="method")
    boxes = r.do("CropAndResizeGradBoxes", "d0", "x0", "x1", "x2", copied="method")
    return [image, boxes, r.zeros(2), r.zeros(3)]
