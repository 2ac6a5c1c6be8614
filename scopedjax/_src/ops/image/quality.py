"""How alike two images are: `psnr`, `ssim`, `ssim_multiscale`.

TF1 also records assertions about shapes, which would stop each step on the host; here what is known of the shapes is
checked when the nodes are made, and the ops themselves refuse the rest.

Formulas: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural similarity"
(2004); Wang, Simoncelli, Bovik, "Multiscale structural similarity" (2003).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.joining import concat, pad, tile
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import reshape, shape
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.image.colors import convert_image_dtype
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.elementwise import log, square
from scopedjax._src.ops.math.elementwise import pow as tf_pow
from scopedjax._src.ops.math.reductions import reduce_mean, reduce_prod
from scopedjax._src.ops.nn.activations import relu
from scopedjax._src.ops.nn.depthwise import depthwise_conv2d
from scopedjax._src.ops.nn.pooling import avg_pool
from scopedjax._src.ops.nn.softmax import softmax

_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def _check(first: Tensor, second: Tensor) -> None:
    """Checks what is known of the shapes.

    Raises:
      ValueError: fewer than three axes, or other images.
    """
    a, b = first.dims, second.dims
    if (a is not None and len(a) < 3) or (b is not None and len(b) < 3):
        raise ValueError(f"images must have at least 3 dimensions, got {first.shape} and {second.shape}")
    if a is None or b is None:
        return
    if any(x is not None and y is not None and x != y for x, y in zip(a[-3:], b[-3:], strict=True)):
        raise ValueError(f"Shapes {first.shape} and {second.shape} are not compatible: the images differ in size")


def _floats(a: Any, b: Any, max_val: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Both images as float32 between 0 and 1 where they were integers, and the largest value likewise."""
    first, second = convert_to_tensor(a, name="img1"), convert_to_tensor(b, name="img2")
    _check(first, second)
    largest = convert_image_dtype(cast(max_val, first.dtype), dtypes.float32)
    return convert_image_dtype(first, dtypes.float32), convert_image_dtype(second, dtypes.float32), largest


def psnr(a: Any, b: Any, max_val: Any, name: str | None = None) -> Tensor:
    """Computes the peak signal-to-noise ratio `10 log10(max_val ** 2 / mean((a - b) ** 2))`, in decibels.

    Args:
      a: Images `[..., height, width, channels]`.
      b: Images of the same shape and dtype.
      max_val: The largest value that a pixel can have.
      name: Name scope; defaults to "PSNR".

    Returns:
      float32 tensor `[...]`; infinite for equal images.

    Raises:
      ValueError: the images differ in size.

    >>> float(tf.Session().run(tf.image.psnr(tf.zeros([4, 4, 3]), tf.ones([4, 4, 3]), max_val=1.0)))
    0.0
    """
    with stacks.get_default_graph().name_scope(name or "PSNR"):
        first, second, largest = _floats(a, b, max_val)
        error = reduce_mean(apply_op("SquaredDifference", first, second), [-3, -2, -1])
        peak = 20 * log(largest) / log(10.0)
        return apply_op("Sub", peak, np.float32(10 / np.log(10)) * log(error), name="psnr")


def _gauss(size: int, sigma: float) -> Tensor:
    """A bell of `size x size` whose sum is 1."""
    places = tf_range(size)
    offsets = square(cast(places, dtypes.float32) - (size - 1) / 2.0) * (-0.5 / sigma**2)
    sums = reshape(offsets, [1, -1]) + reshape(offsets, [-1, 1])
    return reshape(softmax(reshape(sums, [1, -1])), [size, size, 1, 1])


def _similarity(
    x: Tensor, y: Tensor, largest: Tensor, size: int, sigma: float, k1: float, k2: float, index_map: bool = False
) -> tuple[Tensor, Tensor]:
    """The structural similarity, and its part without luminance, of each channel `[..., channels]`."""
    for images in (x, y):
        dims = images.dims
        if dims is not None and any(d is not None and d < size for d in dims[-3:-1]):
            raise ValueError(f"images must be at least {size} x {size} for this filter, got {images.shape}")
    channels = shape(x)[-1]
    kernel = tile(_gauss(size, sigma), stack([1, 1, channels, 1]))
    c1, c2 = (k1 * largest) ** 2, (k2 * largest) ** 2

    def blurred(images: Tensor) -> Tensor:
        sizes = shape(images)
        flat = reshape(images, concat([[-1], sizes[-3:]], 0))
        result = depthwise_conv2d(flat, kernel, [1, 1, 1, 1], "VALID")
        return reshape(result, concat([sizes[:-3], shape(result)[1:]], 0))

    mean_x, mean_y = blurred(x), blurred(y)
    products, squares = mean_x * mean_y * 2.0, square(mean_x) + square(mean_y)
    luminance = (products + c1) / (squares + c1)
    covariance = blurred(x * y) * 2.0 - products
    variances = blurred(square(x) + square(y)) - squares
    contrast = (covariance + c2) / (variances + c2)
    if index_map:
        return luminance * contrast, contrast
    return reduce_mean(luminance * contrast, [-3, -2]), reduce_mean(contrast, [-3, -2])


def ssim(
    img1: Any,
    img2: Any,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    return_index_map: bool = False,
) -> Tensor:
    """Computes the structural similarity of images: 1 for equal ones.

    Args:
      img1: Images `[..., height, width, channels]`.
      img2: Images of the same shape and dtype.
      max_val: The largest value that a pixel can have.
      filter_size: Size of the window over which pixels are compared.
      filter_sigma: Its standard deviation.
      k1: Keeps the comparison of means from dividing by zero.
      k2: Keeps the comparison of variances from dividing by zero.
      return_index_map: Whether the similarity at each place is wanted, not the mean.

    Returns:
      float32 tensor `[...]`, or `[..., height - filter_size + 1, width - filter_size + 1]`.

    Raises:
      ValueError: the images differ in size, or are smaller than the window.

    >>> image = tf.random_uniform([16, 16, 3])
    >>> round(float(tf.Session().run(tf.image.ssim(image, image, max_val=1.0))), 3)
    1.0
    """
    with stacks.get_default_graph().name_scope("SSIM"):
        x, y, largest = _floats(img1, img2, max_val)
        found, _ = _similarity(x, y, largest, filter_size, filter_sigma, k1, k2, return_index_map)
        return reduce_mean(found, [-1])


def ssim_multiscale(
    img1: Any,
    img2: Any,
    max_val: Any,
    power_factors: Sequence[float] = _SCALES,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Tensor:
    """Computes the structural similarity over several scales, each half as large as the one before.

    Args:
      img1: Images `[..., height, width, channels]`.
      img2: Images of the same shape and dtype.
      max_val: The largest value that a pixel can have.
      power_factors: The exponent of each scale.
      filter_size: Size of the window over which pixels are compared; the images must be as large at the last scale.
      filter_sigma: Its standard deviation.
      k1: Keeps the comparison of means from dividing by zero.
      k2: Keeps the comparison of variances from dividing by zero.

    Returns:
      float32 tensor `[...]`.

    Raises:
      ValueError: the images differ in size, or are too small.

    >>> image = tf.random_uniform([32, 32, 3])
    >>> round(float(tf.Session().run(tf.image.ssim_multiscale(image, image, 1.0, power_factors=(0.5, 0.5)))), 3)
    1.0
    """
    with stacks.get_default_graph().name_scope("MS-SSIM"):
        x, y, largest = _floats(img1, img2, max_val)
        contrasts: list[Tensor] = []
        found: Tensor | None = None
        for scale in range(len(power_factors)):
            if scale:
                x, y = _halved(x), _halved(y)
            found, contrast = _similarity(x, y, largest, filter_size, filter_sigma, k1, k2)
            contrasts.append(relu(contrast))
        assert found is not None
        all_scales = stack([*contrasts[:-1], relu(found)], axis=-1)
        by_channel = reduce_prod(tf_pow(all_scales, list(power_factors)), [-1])
        return reduce_mean(by_channel, [-1])


def _halved(images: Tensor) -> Tensor:
    """Means of 2 x 2 pixels; an odd last row or column is repeated."""
    sizes = shape(images)
    flat = reshape(images, concat([[-1], sizes[-3:]], 0))
    dims = images.dims
    assert dims is not None
    odd = [0, *((sizes[i] % 2 if dims[i] is None else dims[i] % 2) for i in (-3, -2)), 0]  # type: ignore[operator]
    if any(isinstance(o, Tensor) or o for o in odd):
        flat = pad(flat, [[0, o] for o in odd], mode="SYMMETRIC")
    pooled = avg_pool(flat, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    result = reshape(pooled, concat([sizes[:-3], shape(pooled)[1:]], 0))
    if dims[:-3] and None not in dims[:-3]:
        result.set_shape([*dims[:-3], *result.shape.as_list()[-3:]])
    return result
