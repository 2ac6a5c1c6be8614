"""Rows of the boxes in images: crops, choices, random crops by TensorFlow's stream, drawings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.engine import Case, In

BATCH = (2, 6, 7, 3)
INSIDE = np.array([[0.1, 0.2, 0.7, 0.9], [0.0, 0.0, 1.0, 1.0], [0.9, 0.8, 0.3, 0.1]])
OUTSIDE = np.array([[-0.4, 0.2, 0.7, 1.5], [0.0, 0.3, 1.2, 1.0], [0.5, 0.5, 0.5, 0.5]])
WHICH = np.array([0, 1, 1], np.int32)
SHORT: dict[str, Any] = {"unknown": False, "jit": False, "graphdef": False}
RNG = np.random.RandomState(0)
CORNERS = RNG.rand(30, 2)
BOXES = np.concatenate([CORNERS, CORNERS + 0.2 + 0.3 * RNG.rand(30, 2)], axis=1)
SCORES = np.round(RNG.rand(30), 2)
OBJECTS = np.array([[[0.2, 0.3, 0.6, 0.7]], [[0.5, 0.1, 0.9, 0.4]]], np.float32)


def image(function: str, *args: Any, **options: Any) -> Callable[..., Any]:
    """`tf.image.<function>` with these arguments behind the tensors."""
    return lambda tf, *tensors: getattr(tf.image, function)(*tensors, *args, **options)


def crop(size: list[int], **options: Any) -> Callable[..., Any]:
    """`tf.image.crop_and_resize` to a size."""
    return lambda tf, x, boxes, which: tf.image.crop_and_resize(x, boxes, which, size, **options)


def sample(size: list[int], seed: int, **options: Any) -> Callable[..., Any]:
    """Three crops of an image, by the stream of `seed`."""

    def call(tf: Any, objects: Any) -> Any:
        return [tf.image.sample_distorted_bounding_box(size, objects, seed=seed + i, **options) for i in range(3)]

    return call


def several(tf: Any, boxes: Any, scores: Any) -> Any:
    """Boxes of two images and three classes."""
    boxes = tf.reshape(boxes[:20], [2, 10, 1, 4])
    scores = tf.stack([tf.reshape(scores[:20], [2, 10])] * 2 + [tf.reshape(scores[10:], [2, 10])], axis=2)
    return tf.image.combined_non_max_suppression(boxes, scores, 3, 7, iou_threshold=0.3, score_threshold=0.1)


CASES = [
    Case("crop", crop([4, 5]), [BATCH, INSIDE, WHICH], tol=5e-5),
    Case("crop_outside", crop([3, 4], extrapolation_value=-7.0, name="c"), [BATCH, OUTSIDE, WHICH], tol=5e-5, **SHORT),
    Case("crop_one", crop([1, 1]), [BATCH, INSIDE, WHICH], tol=5e-5, **SHORT),
    Case("crop_nearest", crop([4, 5], method="nearest"), [BATCH, 0.97 * INSIDE, WHICH], grad=(0,), **SHORT),
    Case(
        "crop_bytes",
        crop([4, 5]),
        [np.arange(2 * 6 * 7 * 3).astype(np.uint8).reshape(BATCH), INSIDE, WHICH],
        grad=False,
        tol=5e-5,
        **SHORT,
    ),
    Case("crop_rank", crop([4, 5]), [(6, 7, 3), INSIDE, WHICH], fails=True),
    Case("crop_boxes", crop([4, 5]), [BATCH, INSIDE[:, :3], WHICH], fails=True),
    Case("crop_which", crop([4, 5]), [BATCH, INSIDE, WHICH[:2]], fails=True),
    Case("suppression", image("non_max_suppression", 8, 0.3), [BOXES, SCORES]),
    Case("suppression_score", image("non_max_suppression", 20, 0.6, 0.4, name="n"), [BOXES, SCORES], **SHORT),
    Case("suppression_scores", image("non_max_suppression_with_scores", 9, 0.4), [BOXES, SCORES], grad=False, **SHORT),
    Case("suppression_soft", image("non_max_suppression_with_scores", 9, 0.9, 0.05, 0.5), [BOXES, SCORES], grad=False),
    Case(
        "suppression_overlaps",
        image("non_max_suppression_overlaps", 3, 0.6),
        [In((7, 7), 0, 1), In((7,), 0, 1)],
        grad=False,
    ),
    Case("suppression_combined", several, [BOXES, SCORES], grad=False, unknown=False),
    Case(
        "suppression_padded",
        image("non_max_suppression_padded", 12, 0.3, pad_to_max_output_size=True),
        [BOXES, SCORES],
        names=False,
        notes={"shapes": "TF 2 records a function, which knows the shape of the first result only"},
        **SHORT,
    ),
    Case("suppression_rank", image("non_max_suppression", 8), [(6, 4), (6, 1)], fails=True),
    Case("suppression_columns", image("non_max_suppression", 8), [(6, 3), (6,)], fails=True),
    Case("suppression_count", image("non_max_suppression", 8), [(6, 4), (5,)], fails=True),
    Case("suppression_threshold", image("non_max_suppression", 8, 1.5), [(6, 4), (6,)], fails=True),
    Case("sample", sample([40, 50, 3], 3), [OBJECTS]),
    Case(
        "sample_wide",
        sample([224, 300, 3], 11, min_object_covered=0.9, area_range=[0.3, 0.9], aspect_ratio_range=[0.5, 2.0]),
        [OBJECTS],
        **SHORT,
    ),
    Case(
        "sample_few",
        sample([10, 50, 3], 5, min_object_covered=1.0, max_attempts=2, area_range=[0.1, 0.2]),
        [OBJECTS],
        **SHORT,
    ),
    Case(
        "sample_none",
        sample([64, 64, 3], 8, use_image_if_no_bounding_boxes=True),
        [np.zeros((1, 0, 4), np.float32)],
        **SHORT,
    ),
    Case("sample_no_object", sample([64, 64, 3], 8), [np.zeros((1, 0, 4), np.float32)], fails=True),
    Case("sample_range", sample([64, 64, 3], 8), [3 * OBJECTS], fails=True),
    Case("draw", image("draw_bounding_boxes"), [(2, 12, 15, 3), OBJECTS], grad=False),
    Case(
        "draw_outside",
        image("draw_bounding_boxes"),
        [(3, 9, 8, 4), OUTSIDE[:, None].astype(np.float32)],
        grad=False,
        **SHORT,
    ),
    Case(
        "draw_grey",
        image("draw_bounding_boxes", colors=[[0.5]], name="d"),
        [(2, 12, 15, 1), OBJECTS],
        grad=False,
        **SHORT,
    ),
    Case("draw_boxes", image("draw_bounding_boxes"), [(2, 12, 15, 3), OBJECTS[..., :3]], fails=True),
]
