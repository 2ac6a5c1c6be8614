"""Rows of glimpses. What lies outside an image is noise, on both sides: only the inside is compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.engine import Case, In

IMAGES = In((3, 7, 6, 2), -1, 1)
OFFSETS = np.array([[0.0, 0.0], [0.2, -0.3], [-0.4, 0.31]], np.float32)
PIXELS = np.array([[2.0, 1.5], [1.9, 2.2], [3.0, 1.0]], np.float32)


def _glimpse(**options: Any) -> Any:
    return lambda tf, x, at: tf.image.extract_glimpse(x, [3, 2], at, **options)


def _noise(tf: Any, uniform: bool) -> Any:
    """How far the noise strays: for uniform noise never beyond the image's range."""
    image = tf.constant(np.linspace(2, 3, 30, dtype=np.float32).reshape(1, 5, 6, 1))
    seen = tf.image.extract_glimpse(image, [40, 50], [[5.0, 5.0]], uniform_noise=uniform)
    return [tf.reduce_all((seen >= 2) & (seen <= 3)), tf.reduce_max(seen) - tf.reduce_min(seen) > 0.8]


CASES = [
    Case("middle", _glimpse(), [IMAGES, OFFSETS], grad=False),
    Case("corner", _glimpse(centered=False, name="g"), [IMAGES, np.abs(OFFSETS) + np.float32(0.31)], grad=False),
    Case("pixels", _glimpse(centered=False, normalized=False), [IMAGES, PIXELS], grad=False),
    Case("middle_pixels", _glimpse(normalized=False, uniform_noise=False), [IMAGES, PIXELS], grad=False),
    Case(
        "beyond_below", lambda tf, x: tf.image.extract_glimpse(x, [4, 6], [[0.9, 0.0]] * 3)[:, :2], [IMAGES], grad=False
    ),
    Case(
        "beyond_left",
        lambda tf, x: tf.image.extract_glimpse(x, [7, 4], [[0.0, -0.9]] * 3)[:, :, 2:],
        [IMAGES],
        grad=False,
    ),
    Case("noise", lambda tf: _noise(tf, True)),
    Case("sizes", lambda tf, x: tf.image.extract_glimpse(x, [3, 2], OFFSETS[:2]), [IMAGES], grad=False, fails=True),
    Case("rank", lambda tf, x: tf.image.extract_glimpse(x, [3, 2], OFFSETS), [(3, 7, 6)], grad=False, fails=True),
    Case(
        "three_offsets",
        lambda tf, x: tf.image.extract_glimpse(x, [3, 2], [[0.0] * 3] * 3),
        [IMAGES],
        grad=False,
        fails=True,
    ),
]
