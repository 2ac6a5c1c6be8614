"""Rows of the image operations: resizing, flips, crops, pads, colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.ops.engine import Case, In

NUMBERS = {"float32": 1e-5}
BATCH, IMAGE = (2, 5, 7, 3), (5, 7, 3)
UNIT = In(IMAGE, 0, 1)
BYTES = In(IMAGE, 0, 255, dtype="uint8")


def image(op: str, *args: Any, **options: Any) -> Callable[..., Any]:
    """`tf.image.<op>` with these arguments behind the image."""
    return lambda tf, x: getattr(tf.image, op)(x, *args, **options)


def failing(label: str, call: Callable[..., Any], shape: Any = IMAGE) -> Case:
    """A row that fails on both sides."""
    return Case(label, call, [shape], fails=True)


SIZES = {"up": [11, 16], "down": [2, 3], "mixed": [3, 15], "one": [1, 1]}

RESIZE = [
    *(
        Case(
            f"{op}_{label}_{how}",
            image(op, size, **options),
            [BATCH],
            tol=2e-5,
            atol=1e-6,
            grad=op != "resize_area",
        )
        for op in ("resize_bilinear", "resize_nearest_neighbor", "resize_bicubic", "resize_area")
        for label, size in SIZES.items()
        for how, options in (
            ("plain", {}),
            ("corners", {"align_corners": True}),
            ("half", {"half_pixel_centers": True}),
        )
        if not (op == "resize_area" and how == "half")
    ),
    *(
        Case(
            f"images_{method}", image("resize_images", [8, 9], method=method), [BATCH], tol=2e-5, grad=False, atol=1e-6
        )
        for method in range(4)
    ),
    Case("images_corners", image("resize_images", [8, 9], align_corners=True), [BATCH], tol=2e-5, atol=1e-6),
    Case("images_single", image("resize_images", [8, 9]), [IMAGE], tol=2e-5, atol=1e-6),
    Case("images_same", image("resize_images", (5, 7)), [BATCH]),
    Case("images_same_single", image("resize_images", (5, 7), name="r"), [IMAGE]),
    Case("images_bytes", image("resize_images", [8, 9]), [BYTES], tol=2e-5),
    Case("images_bytes_nearest", image("resize_images", [8, 9], method=1), [BYTES]),
    Case(
        "images_aspect",
        image("resize_images", [20, 20], preserve_aspect_ratio=True),
        [BATCH],
        tol=2e-5,
        atol=1e-6,
        unknown=("partial",),
    ),
    Case("images_tensor", lambda tf, x: tf.image.resize_images(x, tf.constant([8, 9])), [BATCH], tol=2e-5, atol=1e-6),
    failing("images_rank", image("resize_images", [8, 9]), (5, 7)),
    failing("images_size", image("resize_images", [8])),
    failing("images_method", image("resize_images", [8, 9], method=7)),
    failing("bilinear_rank", image("resize_bilinear", [8, 9])),
]

FLIPS = [
    *(
        Case(f"{op}_{label}", image(op), [shape], unknown=("partial",) if label == "batch" else False)
        for op in ("flip_left_right", "flip_up_down")
        for label, shape in (("single", IMAGE), ("batch", BATCH))
    ),
    *(
        Case(
            f"{op}_{label}_{seed}",
            image(op, seed=seed),
            [shape],
            names=label == "batch",
            unknown=("partial",) if label == "batch" else False,
            graphdef=False,
        )
        for op in ("random_flip_left_right", "random_flip_up_down")
        for label, shape in (("single", IMAGE), ("batch", (6, 3, 4, 2)))
        for seed in (1, 2, 3)
    ),
    Case("flip_bytes", image("random_flip_left_right", seed=4), [In((6, 3, 4, 3), 0, 255, dtype="uint8")]),
    Case("transpose_image", image("transpose_image"), [IMAGE], unknown=False),
    failing("flip_rank", image("flip_left_right"), (5, 7)),
]

CROPS = [
    Case("crop", image("crop_to_bounding_box", 1, 2, 3, 4), [IMAGE], unknown=False),
    Case("crop_batch", image("crop_to_bounding_box", 0, 0, 5, 3), [BATCH], unknown=("partial",)),
    Case("pad", image("pad_to_bounding_box", 1, 2, 8, 9), [IMAGE], unknown=False),
    Case("pad_batch", image("pad_to_bounding_box", 0, 0, 5, 9), [BATCH], unknown=("partial",)),
    *(
        Case(f"crop_or_pad_{h}_{w}", image("resize_image_with_crop_or_pad", h, w), [IMAGE], unknown=False)
        for h, w in ((3, 3), (8, 9), (2, 12), (5, 7), (6, 4))
    ),
    Case("crop_or_pad_batch", image("resize_image_with_crop_or_pad", 8, 4), [BATCH], unknown=("partial",)),
    Case(
        "crop_or_pad_unknown",
        image("resize_image_with_crop_or_pad", 8, 4),
        [BATCH],
        names=False,
        notes={"shapes": "less is known here of the batch"},
        unknown=("unknown",),
    ),
    Case("central_crop", image("central_crop", 0.5), [IMAGE], unknown=False),
    Case("central_crop_whole", image("central_crop", 1.0), [IMAGE], unknown=False),
    failing("crop_wide", image("crop_to_bounding_box", 1, 4, 3, 4)),
    failing("crop_high", image("crop_to_bounding_box", 4, 1, 3, 4)),
    failing("crop_negative", image("crop_to_bounding_box", -1, 1, 3, 4)),
    failing("crop_empty", image("crop_to_bounding_box", 1, 1, 0, 4)),
    failing("pad_small", image("pad_to_bounding_box", 1, 1, 3, 9)),
    failing("crop_rank", image("crop_to_bounding_box", 1, 1, 2, 2), (5, 7)),
    failing("central_range", image("central_crop", 0.0)),
]

COLOURS = [
    Case("to_float", image("convert_image_dtype", "float32"), [BYTES], tol=NUMBERS),
    Case("to_float16", image("convert_image_dtype", "float16"), [BYTES], tol=1e-3),
    Case("to_bytes", image("convert_image_dtype", "uint8"), [UNIT], grad=False),
    Case(
        "to_bytes_saturate",
        image("convert_image_dtype", "uint8", saturate=True, name="c"),
        [In(IMAGE, -1, 2)],
        grad=False,
    ),
    Case("to_double", image("convert_image_dtype", "float64"), [UNIT]),
    Case("to_same", image("convert_image_dtype", "float32"), [UNIT]),
    Case("to_wider", image("convert_image_dtype", "int16"), [BYTES]),
    Case("to_narrower", image("convert_image_dtype", "uint8"), [In(IMAGE, 0, 30000, dtype="int16")]),
    *(
        Case(
            f"{op}_{label}",
            image(op, amount),
            [spec],
            tol=tol,
            atol=1e-6 if label == "float" else 1.1 / 255,
            grad=op == "adjust_brightness",
        )
        for op, amount in (
            ("adjust_brightness", 0.2),
            ("adjust_contrast", 1.7),
            ("adjust_saturation", 0.6),
            ("adjust_hue", 0.3),
            ("adjust_gamma", 2.0),
        )
        for label, spec, tol in (("float", UNIT, 2e-5), ("bytes", BYTES, 0.0))
    ),
    Case("contrast_batch", image("adjust_contrast", 0.5), [BATCH], tol=2e-5, grad=False, atol=1e-6),
    *(
        Case(f"{op}_seeded", image(op, *args, seed=3), [UNIT], tol=2e-5, grad=False, atol=1e-6)
        for op, args in (
            ("random_brightness", (0.4,)),
            ("random_contrast", (0.2, 1.8)),
            ("random_saturation", (0.5, 1.5)),
            ("random_hue", (0.2,)),
        )
    ),
    Case("standardize", image("per_image_standardization"), [IMAGE], tol=1e-4, atol=1e-5, unknown=False),
    Case("standardize_batch", image("per_image_standardization"), [BATCH], tol=1e-4, atol=1e-5, unknown=("partial",)),
    Case("standardize_bytes", image("per_image_standardization"), [BYTES], tol=1e-4, atol=1e-5, unknown=False),
    Case(
        "standardize_flat",
        lambda tf, x: tf.image.per_image_standardization(0 * x + 3.0),
        [IMAGE],
        unknown=False,
        grad=False,
    ),
    Case("grey", image("rgb_to_grayscale"), [UNIT], tol=2e-5, unknown=("partial", "unknown")),
    Case("grey_batch", image("rgb_to_grayscale", name="g"), [BATCH], tol=1e-4, atol=1e-6, unknown=("partial",)),
    Case("grey_bytes", image("rgb_to_grayscale"), [BYTES], unknown=False),
    Case("colour", image("grayscale_to_rgb"), [(5, 7, 1)], unknown=False),
    Case("rgb_to_hsv", image("rgb_to_hsv"), [UNIT], tol=2e-5, grad=False),
    Case("hsv_to_rgb", image("hsv_to_rgb"), [UNIT], tol=2e-5, grad=False, atol=1e-6),
    Case("total_variation", image("total_variation"), [BATCH], tol=2e-5, unknown=("partial",)),
    failing("grey_channels", image("rgb_to_grayscale"), (5, 7, 2)),
    failing("colour_channels", image("grayscale_to_rgb"), (5, 7, 2)),
    failing("hsv_channels", image("rgb_to_hsv"), (5, 7, 2)),
    failing("hue_range", image("random_hue", 0.7)),
    failing("contrast_range", image("random_contrast", 1.0, 0.5)),
]

CASES = [*RESIZE, *FLIPS, *CROPS, *COLOURS]
