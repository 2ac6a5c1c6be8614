"""Rows of patches, derivatives, turns and paddings of images, colour spaces, measures of likeness, JPEG compression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.engine import Case, In

BATCH = (2, 6, 7, 3)
UNIT = In((2, 14, 15, 2), 0.0, 1.0)
ONES = [1, 1, 1, 1]
SHORT: dict[str, Any] = {"unknown": False, "jit": False, "graphdef": False}
NAMES = {"names": "TF1 records assertions too, each of which would stop a step on the host"}
BYTES = np.arange(16 * 20 * 3).astype(np.uint8).reshape(16, 20, 3)


def image(function: str, *args: Any, **options: Any) -> Callable[..., Any]:
    """`tf.image.<function>` with these arguments behind the tensors."""
    return lambda tf, *tensors: getattr(tf.image, function)(*tensors, *args, **options)


def patches(size: int, step: int, rate: int, padding: str, **options: Any) -> Callable[..., Any]:
    """`tf.image.extract_image_patches` with a square window."""

    def call(tf: Any, x: Any) -> Any:
        window, steps, rates = [1, size, size, 1], [1, step, step, 1], [1, rate, rate, 1]
        return tf.image.extract_image_patches(x, window, steps, rates, padding, **options)

    return call


def volumes(padding: str) -> Callable[..., Any]:
    """`tf.extract_volume_patches`."""
    return lambda tf, x: tf.extract_volume_patches(x, [1, 2, 3, 2, 1], [1, 1, 2, 2, 1], padding)


def jpeg_parts(tf: Any, pixels: Any) -> Any:
    """What can be told of a JPEG file without its pixels, and the shape of a part."""
    file = tf.image.encode_jpeg(pixels)
    part = tf.image.decode_and_crop_jpeg(file, [2, 3, 5, 6])
    return tf.image.is_jpeg(file), tf.image.is_jpeg("GIF8"), tf.image.extract_jpeg_shape(file), tf.shape(part)


CASES = [
    Case("patches", patches(3, 2, 1, "SAME"), [BATCH], ("float32", "float64")),
    Case("patches_valid", patches(2, 1, 2, "VALID", name="p"), [BATCH], **SHORT),
    Case("patches_int", patches(2, 2, 1, "SAME"), [In(BATCH, -9, 9)], ("int32",), **SHORT),
    Case("patches_later", image("extract_patches", [1, 2, 3, 1], ONES, ONES, "SAME"), [BATCH], **SHORT),
    Case("patches_small", patches(9, 1, 1, "VALID"), [BATCH], fails=True),
    Case("patches_padding", patches(2, 1, 1, "sane"), [BATCH], fails=True),
    Case("patches_rank", patches(2, 1, 1, "SAME"), [(6, 7, 3)], fails=True),
    Case("volumes", volumes("SAME"), [(2, 3, 4, 5, 2)], **SHORT),
    Case("volumes_valid", volumes("VALID"), [(2, 3, 4, 5, 2)], unknown=("partial",)),
    Case("sobel", image("sobel_edges"), [BATCH], tol=2e-5, unknown=("partial",)),
    Case("gradients", image("image_gradients"), [BATCH], unknown=("partial",)),
    Case("gradients_rank", image("image_gradients"), [(6, 7, 3)], fails=True),
    *(
        Case(f"rot90_{k}", image("rot90", k), [(2, 4, 5, 3)], names=False, notes={"shapes": "known here"}, **SHORT)
        for k in (0, 1, 2, 3, 7)
    ),
    Case("rot90_single", image("rot90"), [(4, 5, 3)], names=False, notes={"shapes": "known here"}, **SHORT),
    Case("rot90_dynamic", image("rot90"), [(4, 4, 3), np.int32(3)], names=False, **SHORT),
    Case("rot90_rank", image("rot90"), [(4, 5)], fails=True),
    Case("pad_wide", image("resize_image_with_pad", 12, 12), [BATCH], tol=5e-5, notes=NAMES, unknown=("partial",)),
    Case("pad_high", image("resize_image_with_pad", 5, 16), [(6, 7, 3)], tol=5e-5, notes=NAMES, **SHORT),
    Case("pad_nearest", image("resize_image_with_pad", 9, 4, 1), [BATCH], notes=NAMES, **SHORT),
    *(
        Case(name, image(name), [In((2, 3, 4, 3), 0, 1)], ("float32", "float64"), tol={"float32": 3e-5}, **SHORT)
        for name in ("rgb_to_yiq", "yiq_to_rgb", "rgb_to_yuv", "yuv_to_rgb")
    ),
    Case("psnr", image("psnr", 1.0), [UNIT, UNIT], tol=3e-5, notes=NAMES, unknown=("partial",)),
    Case(
        "psnr_bytes", lambda tf, x: tf.image.psnr(x, tf.reverse(x, [0]), 255), [BYTES], tol=3e-5, notes=NAMES, **SHORT
    ),
    Case(
        "ssim",
        image("ssim", 1.0, filter_size=3),
        [UNIT, UNIT],
        tol=3e-4,
        atol=1e-4,
        notes=NAMES,
        unknown=("partial",),
        jit=False,
        graphdef=False,
    ),
    Case(
        "ssim_map",
        image("ssim", 1.0, filter_size=5, return_index_map=True),
        [UNIT, UNIT],
        tol=3e-4,
        atol=1e-4,
        notes=NAMES,
        grad=False,
        **SHORT,
    ),
    Case(
        "ssim_multiscale",
        image("ssim_multiscale", 1.0, (0.3, 0.7), 5),
        [In((2, 13, 15, 2), 0, 1)] * 2,
        tol=3e-4,
        atol=1e-3,
        notes=NAMES,
        grad=False,
        **SHORT,
    ),
    Case("jpeg_parts", jpeg_parts, [BYTES], graphdef=False, unknown=False),
    Case("jpeg_quality", image("adjust_jpeg_quality", 80), [np.full((8, 8, 3), 0.5)], tol=1e-2, grad=False, **SHORT),
    Case(
        "jpeg_random",
        image("random_jpeg_quality", 60, 90, seed=3),
        [np.full((8, 8, 3), 0.5)],
        tol=1e-2,
        grad=False,
        **SHORT,
    ),
    Case("jpeg_range", image("random_jpeg_quality", 60, 30), [(8, 8, 3)], fails=True),
]
