"""Non-maximum suppression: of boxes that overlap, those with the highest scores.

Boxes are `[y1, x1, y2, x2]` in any unit. How many are picked is known in the run alone, so this runs on the host.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.kernels import boxes as kernels
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, LoweringContext, defop
from scopedjax._src.ops.shape_context import ShapeContext

_HALF_OR_FLOAT = (dtypes.float16, dtypes.float32)


def _check_boxes(ctx: LoweringContext, boxes: Any, scores: Any) -> None:
    if len(boxes) != len(scores):
        raise InvalidArgumentError(None, ctx.op, "scores has incompatible shape")


def _chosen(
    ctx: LoweringContext,
    boxes: np.ndarray,
    scores: np.ndarray,
    count: Any,
    threshold: Any,
    score_threshold: Any = -np.inf,
    sigma: Any = 0.0,
) -> tuple[list[int], list[Any]]:
    _check_boxes(ctx, boxes, scores)
    if not 0 <= threshold <= 1:
        raise InvalidArgumentError(None, ctx.op, "iou_threshold must be in [0, 1]")
    wide = boxes.astype(np.float32)
    return kernels.suppress(
        scores.astype(np.float32),
        lambda i, j: kernels.overlap(wide[i], wide[j]),
        int(count),
        float(threshold),
        float(score_threshold),
        float(sigma),
    )


def _check_box_dims(c: ShapeContext) -> None:
    boxes, scores = c.require_rank(0, 2), c.require_rank(1, 1)
    for index in range(2, len(c.inputs)):
        c.require_rank(index, 0)
    if boxes[0] is not None and scores[0] is not None and boxes[0] != scores[0]:
        raise c.fail(f"Dimensions must be equal, but are {boxes[0]} and {scores[0]}")
    if boxes[1] not in (None, 4) and c.record.type != "NonMaxSuppressionWithOverlaps":
        raise c.fail(f"Dimension must be 4 but is {boxes[1]}")


def _selected_dims(c: ShapeContext) -> list[Dims]:
    _check_box_dims(c)
    return [(None,)]


def _padded_dims(c: ShapeContext) -> list[Dims]:
    _check_box_dims(c)
    count = c.const(2)
    size = (int(count) if c.attr("pad_to_max_output_size") and count is not None else None,)
    return [size, ()] if len(c.record.signature.outputs) == 2 else [size, size, ()]


_HOST: dict[str, Any] = {"host": True, "gradient": NOT_DIFFERENTIABLE}


@defop(
    "NonMaxSuppressionV3(boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold, score_threshold: "
    "T_threshold; T: type = float32, T_threshold: type = float32) -> selected_indices: int32",
    shape=_selected_dims,
    types={"T": _HALF_OR_FLOAT, "T_threshold": _HALF_OR_FLOAT},
    **_HOST,
)
def _suppression_v3(ctx: LoweringContext, boxes: Any, scores: Any, count: Any, iou: Any, least: Any) -> Any:
    return np.asarray(_chosen(ctx, boxes, scores, count, iou, least)[0], np.int32)


def _padded(values: list[Any], count: int, pad: bool, dtype: Any) -> np.ndarray:
    return np.asarray(values + [0] * (count - len(values) if pad else 0), dtype)


@defop(
    "NonMaxSuppressionV4(boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold, score_threshold: "
    "T_threshold; T: type = float32, T_threshold: type = float32, pad_to_max_output_size: bool = False) "
    "-> selected_indices: int32, valid_outputs: int32",
    shape=_padded_dims,
    types={"T": _HALF_OR_FLOAT, "T_threshold": _HALF_OR_FLOAT},
    **_HOST,
)
def _suppression_v4(
    ctx: LoweringContext, boxes: Any, scores: Any, count: Any, iou: Any, least: Any, *, pad_to_max_output_size: bool
) -> Any:
    found, _ = _chosen(ctx, boxes, scores, count, iou, least)
    return _padded(found, int(count), pad_to_max_output_size, np.int32), np.int32(len(found))


@defop(
    "NonMaxSuppressionV5(boxes: T, scores: T, max_output_size: int32, iou_threshold: T, score_threshold: T, "
    "soft_nms_sigma: T; T: type = float32, pad_to_max_output_size: bool = False) "
    "-> selected_indices: int32, selected_scores: T, valid_outputs: int32",
    shape=_padded_dims,
    types={"T": _HALF_OR_FLOAT},
    host=True,
    gradient=NO_GRADIENT,
)
def _suppression_v5(
    ctx: LoweringContext,
    boxes: Any,
    scores: Any,
    count: Any,
    iou: Any,
    least: Any,
    sigma: Any,
    *,
    pad_to_max_output_size: bool,
) -> Any:
    found, values = _chosen(ctx, boxes, scores, count, iou, least, sigma)
    pad = pad_to_max_output_size
    return (
        _padded(found, int(count), pad, np.int32),
        _padded(values, int(count), pad, scores.dtype),
        np.int32(len(found)),
    )


@defop(
    "NonMaxSuppressionWithOverlaps(overlaps: float32, scores: float32, max_output_size: int32, overlap_threshold: "
    "float32, score_threshold: float32) -> selected_indices: int32",
    shape=_selected_dims,
    **_HOST,
)
def _suppression_by_overlaps(
    ctx: LoweringContext, overlaps: Any, scores: Any, count: Any, most: Any, least: Any
) -> Any:
    _check_boxes(ctx, overlaps, scores)
    found, _ = kernels.suppress(scores, lambda i, j: overlaps[i, j], int(count), float(most), float(least))
    return np.asarray(found, np.int32)


def _combined_dims(c: ShapeContext) -> list[Dims]:
    boxes, scores = c.require_rank(0, 4), c.require_rank(1, 3)
    per_class, total = c.const(2), c.const(3)
    size = None if total is None else int(total)
    if c.attr("pad_per_class") and size is not None:
        classes = scores[2]
        size = None if per_class is None or classes is None else min(size, int(per_class) * classes)
    return [(boxes[0], size, 4), (boxes[0], size), (boxes[0], size), (boxes[0],)]


@defop(
    "CombinedNonMaxSuppression(boxes: float32, scores: float32, max_output_size_per_class: int32, max_total_size: "
    "int32, iou_threshold: float32, score_threshold: float32; pad_per_class: bool = False, clip_boxes: bool = True) "
    "-> nmsed_boxes: float32, nmsed_scores: float32, nmsed_classes: float32, valid_detections: int32",
    shape=_combined_dims,
    host=True,
    gradient=NO_GRADIENT,
)
def _combined(
    ctx: LoweringContext,
    boxes: Any,
    scores: Any,
    per_class: Any,
    total: Any,
    iou: Any,
    least: Any,
    *,
    pad_per_class: bool,
    clip_boxes: bool,
) -> Any:
    batch, _, classes = scores.shape
    size = min(int(total), int(per_class) * classes) if pad_per_class else int(total)
    found_boxes = np.zeros((batch, size, 4), np.float32)
    found_scores, found_classes = np.zeros((batch, size), np.float32), np.zeros((batch, size), np.float32)
    valid = np.zeros(batch, np.int32)
    for row in range(batch):
        candidates: list[tuple[Any, int, int]] = []
        for kind in range(classes):
            own = boxes[row, :, kind if boxes.shape[2] > 1 else 0]
            picked, values = _chosen(ctx, own, scores[row, :, kind], per_class, iou, least)
            candidates += [(score, kind, box) for box, score in zip(picked, values, strict=True)]
        candidates.sort(key=lambda each: -each[0])
        for i, (score, kind, box) in enumerate(candidates[:size]):
            found_boxes[row, i] = boxes[row, box, kind if boxes.shape[2] > 1 else 0]
            found_scores[row, i], found_classes[row, i] = score, kind
        valid[row] = min(len(candidates), size)
    return np.clip(found_boxes, 0, 1) if clip_boxes else found_boxes, found_scores, found_classes, valid


def non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    name: str | None = None,
) -> Tensor:
    """Picks boxes by falling score, leaving out those that overlap with one picked before.

    Args:
      boxes: Floating tensor `[n, 4]`: `[y1, x1, y2, x2]` in any unit.
      scores: Tensor `[n]` of the same dtype.
      max_output_size: int32 scalar: the most that are picked.
      iou_threshold: Boxes whose intersection is more than this part of their union are not both picked.
      score_threshold: Boxes with this score or less are not picked.
      name: Name scope; defaults to "non_max_suppression".

    Returns:
      int32 tensor `[m]`: the boxes picked.

    Raises:
      ValueError: the shapes do not fit.

    >>> boxes = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.1], [2.0, 2.0, 3.0, 3.0]]
    >>> tf.Session().run(tf.image.non_max_suppression(boxes, [0.5, 0.9, 0.3], 3)).tolist()
    [1, 2]
    """
    with stacks.get_default_graph().name_scope(name or "non_max_suppression"):
        iou = convert_to_tensor(iou_threshold, name="iou_threshold")
        least = convert_to_tensor(score_threshold, name="score_threshold")
        return apply_op("NonMaxSuppressionV3", boxes, scores, max_output_size, iou, least)


def non_max_suppression_with_scores(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    soft_nms_sigma: Any = 0.0,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Picks boxes as `non_max_suppression`, and tells their scores; overlapping ones may stay with a lower score.

    Args:
      boxes: Floating tensor `[n, 4]`: `[y1, x1, y2, x2]` in any unit.
      scores: Tensor `[n]` of the same dtype.
      max_output_size: int32 scalar: the most that are picked.
      iou_threshold: Boxes whose intersection is more than this part of their union are not both picked.
      score_threshold: Boxes with this score or less are not picked.
      soft_nms_sigma: Where positive, scores fall by `exp(-iou ** 2 / (2 sigma))` instead.
      name: Name scope; defaults to "non_max_suppression_with_scores".

    Returns:
      `(indices, scores)`: int32 `[m]`, and `[m]`.

    >>> boxes = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.1], [2.0, 2.0, 3.0, 3.0]]
    >>> picked, scores = tf.image.non_max_suppression_with_scores(boxes, [0.5, 1.0, 0.25], 3)
    >>> tf.Session().run(scores).tolist()
    [1.0, 0.25]
    """
    with stacks.get_default_graph().name_scope(name or "non_max_suppression_with_scores"):
        iou = convert_to_tensor(iou_threshold, name="iou_threshold")
        least = convert_to_tensor(score_threshold, name="score_threshold")
        sigma = convert_to_tensor(soft_nms_sigma, name="soft_nms_sigma")
        picked, values, _ = apply_op(
            "NonMaxSuppressionV5", boxes, scores, max_output_size, iou, least, sigma, pad_to_max_output_size=False
        )
        return picked, values


def non_max_suppression_padded(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    pad_to_max_output_size: bool = False,
    name: str | None = None,
    sorted_input: bool = False,
    canonicalized_coordinates: bool = False,
    tile_size: int = 512,
) -> tuple[Tensor, Tensor]:
    """Picks boxes as `non_max_suppression`, with the result filled up with zeros to a fixed size.

    The node is TensorFlow 1's `NonMaxSuppressionV4`; TensorFlow 2 records a function here.

    Args:
      boxes: Floating tensor `[n, 4]`: `[y1, x1, y2, x2]` in any unit.
      scores: Tensor `[n]` of the same dtype.
      max_output_size: int32 scalar: the most that are picked.
      iou_threshold: Boxes whose intersection is more than this part of their union are not both picked.
      score_threshold: Boxes with this score or less are not picked.
      pad_to_max_output_size: Whether the result has `max_output_size` elements.
      name: Name scope; defaults to "non_max_suppression_padded".
      sorted_input: Not used.
      canonicalized_coordinates: Not used.
      tile_size: Not used.

    Returns:
      `(indices, count)`: int32 `[m]`, and the number of boxes picked.

    >>> boxes, scores = [[0.0, 0.0, 1.0, 1.0]], [1.0]
    >>> picked, count = tf.image.non_max_suppression_padded(boxes, scores, 3, pad_to_max_output_size=True)
    >>> tf.Session().run(picked).tolist(), int(tf.Session().run(count))
    ([0, 0, 0], 1)
    """
    with stacks.get_default_graph().name_scope(name or "non_max_suppression_padded"):
        iou = convert_to_tensor(iou_threshold, name="iou_threshold")
        least = convert_to_tensor(score_threshold, name="score_threshold")
        return tuple(
            apply_op(
                "NonMaxSuppressionV4",
                boxes,
                scores,
                max_output_size,
                iou,
                least,
                pad_to_max_output_size=pad_to_max_output_size,
            )
        )


def non_max_suppression_overlaps(
    overlaps: Any,
    scores: Any,
    max_output_size: Any,
    overlap_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    name: str | None = None,
) -> Tensor:
    """Picks things by falling score, leaving out those too like one picked before.

    Args:
      overlaps: float32 tensor `[n, n]`: how alike each two are.
      scores: float32 tensor `[n]`.
      max_output_size: int32 scalar: the most that are picked.
      overlap_threshold: Two that are more alike than this are not both picked.
      score_threshold: Those with this score or less are not picked.
      name: Name scope; defaults to "non_max_suppression_overlaps".

    Returns:
      int32 tensor `[m]`: what was picked.

    >>> overlaps = [[1.0, 0.9], [0.9, 1.0]]
    >>> tf.Session().run(tf.image.non_max_suppression_overlaps(overlaps, [0.1, 0.2], 2)).tolist()
    [1]
    """
    with stacks.get_default_graph().name_scope(name or "non_max_suppression_overlaps"):
        most = convert_to_tensor(overlap_threshold, name="overlap_threshold")
        return apply_op("NonMaxSuppressionWithOverlaps", overlaps, scores, max_output_size, most, score_threshold)


_Combined = namedtuple(
    "CombinedNonMaxSuppression", ["nmsed_boxes", "nmsed_scores", "nmsed_classes", "valid_detections"]
)


def combined_non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size_per_class: Any,
    max_total_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    pad_per_class: bool = False,
    clip_boxes: bool = True,
    name: str | None = None,
) -> Any:
    """Picks boxes of several classes in each image of a batch.

    Args:
      boxes: float32 tensor `[batch, n, q, 4]` with q the number of classes, or 1 for boxes that all classes share.
      scores: float32 tensor `[batch, n, classes]`.
      max_output_size_per_class: int32 scalar: the most that are picked of a class.
      max_total_size: int32 scalar: the most that are picked in an image.
      iou_threshold: As in `non_max_suppression`.
      score_threshold: As in `non_max_suppression`.
      pad_per_class: Whether the result has `max_output_size_per_class * classes` elements, if that is less.
      clip_boxes: Whether boxes are cut at 0 and 1.
      name: Name scope; defaults to "combined_non_max_suppression".

    Returns:
      `(nmsed_boxes, nmsed_scores, nmsed_classes, valid_detections)`, by falling score and filled up with zeros.

    >>> boxes, scores = tf.zeros([1, 1, 1, 4]), tf.ones([1, 1, 2])
    >>> tf.Session().run(tf.image.combined_non_max_suppression(boxes, scores, 1, 3)).nmsed_classes.tolist()
    [[0.0, 1.0, 0.0]]
    """
    with stacks.get_default_graph().name_scope(name or "combined_non_max_suppression"):
        iou = convert_to_tensor(iou_threshold, dtype=dtypes.float32, name="iou_threshold")
        least = convert_to_tensor(score_threshold, dtype=dtypes.float32, name="score_threshold")
        total = convert_to_tensor(max_total_size)
        outputs = apply_op(
            "CombinedNonMaxSuppression",
            boxes,
            scores,
            max_output_size_per_class,
            total,
            iou,
            least,
            pad_per_class=pad_per_class,
            clip_boxes=clip_boxes,
        )
        return _Combined(*outputs)
