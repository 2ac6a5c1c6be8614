"""Boxes in images, on the host: overlaps, the choice among boxes that overlap, and random crops.

Boxes are `[y1, x1, y2, x2]`. All numbers are float32, as in TensorFlow, because a choice between boxes that overlap by
nearly the threshold hangs on the last bit.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.ops.kernels.candidates import Words


def overlap(a: np.ndarray, b: np.ndarray) -> np.float32:
    """Area of the intersection over that of the union, of two boxes whose corners may come in any order."""
    low_a, high_a = np.minimum(a[:2], a[2:]), np.maximum(a[:2], a[2:])
    low_b, high_b = np.minimum(b[:2], b[2:]), np.maximum(b[:2], b[2:])
    area_a = (high_a - low_a).prod(dtype=np.float32)
    area_b = (high_b - low_b).prod(dtype=np.float32)
    if area_a <= 0 or area_b <= 0:
        return np.float32(0)
    common = np.maximum(np.minimum(high_a, high_b) - np.maximum(low_a, low_b), 0).prod(dtype=np.float32)
    return np.float32(common / (area_a + area_b - common))


def suppress(
    scores: np.ndarray,
    similarity: Callable[[int, int], Any],
    count: int,
    threshold: float,
    score_threshold: float,
    sigma: float = 0.0,
) -> tuple[list[int], list[Any]]:
    """Picks boxes by falling score, none that is too like one picked before.

    Args:
      scores: float32 `[n]`.
      similarity: How alike boxes `i` and `j` are.
      count: The most that may be picked.
      threshold: Boxes more alike than that are not both picked.
      score_threshold: Only boxes with more than this score.
      sigma: Where positive, a box that is like a picked one is not dropped: its score falls by
        `exp(-similarity**2 / (2 sigma))` (Bodla et al., "Soft-NMS", ICCV 2017).

    Returns:
      The picked boxes, and their scores then.
    """
    # (minus score, box, how many picked boxes it has been compared with): of equal scores the first box comes first.
    queue = [(-score, i, 0) for i, score in enumerate(scores) if score > score_threshold]
    heapq.heapify(queue)
    factor = np.float32(-0.5) / np.float32(sigma) if sigma > 0 else np.float32(0)
    picked: list[int] = []
    their_scores: list[Any] = []
    while queue and len(picked) < count:
        negative, box, compared = heapq.heappop(queue)
        score, before = -negative, -negative
        dropped = False
        for other in reversed(picked[compared:]):
            alike = np.float32(similarity(box, other))
            score = score * (np.exp(factor * alike * alike) if alike <= threshold else np.float32(0))
            dropped = sigma <= 0 and bool(alike > threshold)
            if dropped or score <= score_threshold:
                break
        if dropped:
            continue
        if score == before:
            picked.append(box)
            their_scores.append(score)
        elif score > score_threshold:
            heapq.heappush(queue, (-score, box, len(picked)))
    return picked, their_scores


def _rounded(x: Any) -> int:
    return int(np.rint(np.float32(x)))


def random_crop(
    words: Words, size: tuple[int, int], ratio: np.float32, areas: tuple[float, float]
) -> tuple[int, int, int, int] | None:
    """One try at a rectangle of a given ratio of width to height and of an area within bounds.

    Args:
      words: The random stream.
      size: Height and width of the image.
      ratio: Width over height.
      areas: Smallest and largest area as fractions of the image's.

    Returns:
      `(y, x, height, width)`, or None.
    """
    whole_height, whole_width = size
    if areas[1] <= 0 or ratio <= 0 or whole_height <= 0 or whole_width <= 0 or areas[0] > areas[1]:
        return None
    least, most = (np.float32(np.float32(area) * np.float32(whole_width) * np.float32(whole_height)) for area in areas)
    height = _rounded(np.sqrt(least / ratio))
    highest = _rounded(np.sqrt(most / ratio))
    if _rounded(highest * ratio) > whole_width:
        highest = int((whole_width + 0.5 - 1e-7) / float(ratio))
        highest -= _rounded(highest * ratio) > whole_width
    highest = min(highest, whole_height)
    height = min(height, highest)
    if height < highest:
        height += words.below(highest - height + 1)
    width = _rounded(height * ratio)
    # A rounding may have left the bounds: one row more or less may lead back.
    if width * height < least:
        height += 1
        width = _rounded(height * ratio)
    if width * height > most:
        height -= 1
        width = _rounded(height * ratio)
    inside = 0 < width <= whole_width and 0 < height <= whole_height
    if not inside or not least <= width * height <= most:
        return None
    y = words.below(whole_height - height) if height < whole_height else 0
    x = words.below(whole_width - width) if width < whole_width else 0
    return y, x, height, width


def covers(crop: tuple[int, int, int, int], objects: np.ndarray, share: float) -> bool:
    """Whether a crop `(y, x, height, width)` holds at least `share` of one of the boxes, which are in pixels."""
    y, x, height, width = crop
    for top, left, bottom, right in objects.tolist():
        area = np.float32(max(bottom - top, 0) * max(right - left, 0))
        if area < 1:
            continue
        rows = max(min(bottom, y + height) - max(top, y), 0)
        columns = max(min(right, x + width) - max(left, x), 0)
        if np.float32(rows * columns) / area >= np.float32(share):
            return True
    return False
