"""Linear colour spaces: YIQ and YUV, of analogue television, from and to RGB.

y = 0.299 r + 0.587 g + 0.114 b         luma, ITU-R BT.601
u = (b - y) / 2.03211...                v = (r - y) / 1.13983...
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.linear_algebra import tensordot

# Column j holds what input channel i adds to output channel j.
_TO_YIQ = [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]]
_FROM_YIQ = [[1, 1, 1], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]]
_TO_YUV = [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]]
_FROM_YUV = [[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]]


def _turned(images: Any, matrix: list[list[float]]) -> Tensor:
    images = convert_to_tensor(images, name="images")
    kernel = convert_to_tensor(matrix, dtype=images.dtype, name="kernel")
    return tensordot(images, kernel, axes=[[images.ndim - 1 if images.ndim is not None else -1], [0]])


def rgb_to_yiq(images: Any) -> Tensor:
    """Converts images from RGB to YIQ.

    Args:
      images: Floating tensor `[..., 3]`, between 0 and 1.

    Returns:
      Tensor of the shape and dtype of `images`.

    >>> tf.Session().run(tf.image.rgb_to_yiq(tf.constant([0.0, 1.0, 0.0]))).round(3).tolist()
    [0.5870000123977661, -0.2750000059604645, -0.5230000019073486]
    """
    return _turned(images, _TO_YIQ)


def yiq_to_rgb(images: Any) -> Tensor:
    """Converts images from YIQ to RGB.

    Args:
      images: Floating tensor `[..., 3]`.

    Returns:
      Tensor of the shape and dtype of `images`.

    >>> tf.Session().run(tf.image.yiq_to_rgb(tf.constant([0.5, 0.0, 0.0]))).tolist()
    [0.5, 0.5, 0.5]
    """
    return _turned(images, _FROM_YIQ)


def rgb_to_yuv(images: Any) -> Tensor:
    """Converts images from RGB to YUV.

    Args:
      images: Floating tensor `[..., 3]`, between 0 and 1.

    Returns:
      Tensor of the shape and dtype of `images`.

    >>> tf.Session().run(tf.image.rgb_to_yuv(tf.constant([1.0, 0.0, 0.0]))).round(3).tolist()
    [0.29899999499320984, -0.1469999998807907, 0.6150000095367432]
    """
    return _turned(images, _TO_YUV)


def yuv_to_rgb(images: Any) -> Tensor:
    """Converts images from YUV to RGB.

    Args:
      images: Floating tensor `[..., 3]`.

    Returns:
      Tensor of the shape and dtype of `images`.

    >>> tf.Session().run(tf.image.yuv_to_rgb(tf.constant([0.5, 0.0, 0.0]))).tolist()
    [0.5, 0.5, 0.5]
    """
    return _turned(images, _FROM_YUV)
