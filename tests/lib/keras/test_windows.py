"""The functions of tf.keras.backend on pictures: numbers, gradients, names and errors, against TensorFlow's Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise

pytestmark = pytest.mark.oracle


def _data(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).normal(size=shape).astype(np.float32)


ROWS, PICTURE, FIRST, VOLUME = (2, 5, 3), (2, 5, 6, 3), (2, 3, 5, 6), (2, 5, 6, 4, 3)

# A call, and the shapes of its tensors.
CALLS: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "causal": (lambda tf, x, k: tf.keras.backend.conv1d(x, k, padding="causal", dilation_rate=2), [ROWS, (2, 3, 4)]),
    "conv1d": (lambda tf, x, k: tf.keras.backend.conv1d(x, k, 2, "same"), [ROWS, (2, 3, 4)]),
    "conv2d": (lambda tf, x, k: tf.keras.backend.conv2d(x, k, (2, 2), "same"), [PICTURE, (3, 3, 3, 4)]),
    "conv2d_first": (
        lambda tf, x, k: tf.keras.backend.conv2d(x, k, (2, 1), "valid", "channels_first"),
        [FIRST, (3, 3, 3, 4)],
    ),
    "conv3d": (lambda tf, x, k: tf.keras.backend.conv3d(x, k), [VOLUME, (3, 3, 2, 3, 4)]),
    "transposed": (
        lambda tf, x, k: tf.keras.backend.conv2d_transpose(x, k, (2, 10, 12, 4), (2, 2), "same"),
        [PICTURE, (3, 3, 4, 3)],
    ),
    "transposed_first": (
        lambda tf, x, k: tf.keras.backend.conv2d_transpose(x, k, (2, 4, 10, 12), (2, 2), "same", "channels_first"),
        [FIRST, (3, 3, 4, 3)],
    ),
    "separable": (
        lambda tf, x, d, p: tf.keras.backend.separable_conv2d(x, d, p, padding="same", dilation_rate=(2, 2)),
        [PICTURE, (3, 3, 3, 2), (1, 1, 6, 4)],
    ),
    "pool2d": (lambda tf, x: tf.keras.backend.pool2d(x, (2, 2)), [PICTURE]),
    "pool2d_mean": (lambda tf, x: tf.keras.backend.pool2d(x, (2, 2), (2, 1), "same", pool_mode="avg"), [PICTURE]),
    "pool2d_first": (lambda tf, x: tf.keras.backend.pool2d(x, (2, 2), data_format="channels_first"), [FIRST]),
    "pool3d": (lambda tf, x: tf.keras.backend.pool3d(x, (2, 2, 2), (1, 2, 1)), [VOLUME]),
    "pool3d_first": (
        lambda tf, x: tf.keras.backend.pool3d(x, (2, 2, 2), (2, 2, 2), "same", "channels_first", "avg"),
        [(2, 3, 4, 5, 6)],
    ),
    "normalized": (
        lambda tf, x, m, v, b, g: tf.keras.backend.batch_normalization(x, m, v * v, b, g),
        [PICTURE, (3,), (3,), (3,), (3,)],
    ),
    "normalized_matrix": (
        lambda tf, x, m, v: tf.keras.backend.batch_normalization(x, m, v * v, None, None),
        [(4, 3), (3,), (3,)],
    ),
    "by_itself": (
        lambda tf, x, g, b: tf.keras.backend.normalize_batch_in_training(x, g, b, [0, 1, 2]),
        [PICTURE, (3,), (3,)],
    ),
    "by_itself_plain": (
        lambda tf, x: tf.keras.backend.normalize_batch_in_training(x, None, None, [0, 1, 2]),
        [PICTURE],
    ),
    "by_itself_rows": (
        lambda tf, x, g, b: tf.keras.backend.normalize_batch_in_training(x, g, b, [0, 1]),
        [ROWS, (3,), (3,)],
    ),
    "by_itself_wide": (
        lambda tf, x, g, b: tf.keras.backend.normalize_batch_in_training(x, g, b, [0, 1, 3]),
        [PICTURE, (6,), (6,)],
    ),
    "larger": (lambda tf, x: tf.keras.backend.resize_images(x, 2, 3, "channels_last"), [PICTURE]),
    "larger_bilinear": (lambda tf, x: tf.keras.backend.resize_images(x, 2, 3, "channels_last", "bilinear"), [PICTURE]),
    "larger_first": (lambda tf, x: tf.keras.backend.resize_images(x, 2, 3, "channels_first"), [FIRST]),
    "larger_volume": (lambda tf, x: tf.keras.backend.resize_volumes(x, 2, 1, 3, "channels_last"), [VOLUME]),
    "larger_volume_first": (lambda tf, x: tf.keras.backend.resize_volumes(x, 2, 1, 3, "channels_first"), [VOLUME]),
    "around": (lambda tf, x: tf.keras.backend.spatial_2d_padding(x, ((1, 0), (2, 1))), [PICTURE]),
    "around_volume": (
        lambda tf, x: tf.keras.backend.spatial_3d_padding(x, ((1, 0), (2, 1), (0, 1)), "channels_first"),
        [VOLUME],
    ),
    "local1d": (lambda tf, x, k: tf.keras.backend.local_conv1d(x, k, (2,), (1,)), [ROWS, (4, 6, 7)]),
    "local1d_first": (
        lambda tf, x, k: tf.keras.backend.local_conv1d(x, k, (2,), (1,), "channels_first"),
        [ROWS, (2, 10, 7)],
    ),
    "local2d": (lambda tf, x, k: tf.keras.backend.local_conv2d(x, k, (2, 3), (1, 2), (4, 2)), [PICTURE, (8, 18, 7)]),
    "local2d_first": (
        lambda tf, x, k: tf.keras.backend.local_conv2d(x, k, (2, 3), (1, 2), (4, 2), "channels_first"),
        [FIRST, (8, 18, 7)],
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_numbers(name: str) -> None:
    call, shapes = CALLS[name]

    def body(tf: Any) -> Any:
        inputs = [tf.constant(_data(*shape)) for shape in shapes]
        found = call(tf, *inputs)
        several = list(found) if isinstance(found, (tuple, list)) else [found]
        gradients = tf.gradients(several[0] * tf.constant(0.5), [inputs[0], inputs[-1]])
        with tf.Session() as session:
            return [t.shape for t in several], session.run([several, gradients])

    check_both(body, rtol=2e-4, atol=2e-5)


def _names(found: Any) -> list[str]:
    return [t.name for t in (found if isinstance(found, (tuple, list)) else [found])]


@pytest.mark.parametrize("name", [n for n in CALLS if not n.startswith("by_itself")])
def test_names(name: str) -> None:
    call, shapes = CALLS[name]

    def body(tf: Any) -> Any:
        return _names(call(tf, *[tf.placeholder(tf.float32, shape) for shape in shapes]))

    check_both(body)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_the_layer_that_enlarges(interpolation: str) -> None:
    def body(tf: Any) -> Any:
        found = [
            tf.keras.layers.UpSampling2D((2, 3), form, interpolation)(tf.constant(_data(*shape)))
            for form, shape in (("channels_last", PICTURE), ("channels_first", FIRST))
        ]
        with tf.Session() as session:
            return [(t.name, t.shape) for t in found], session.run(found)

    check_both(body, rtol=1e-4, atol=1e-6)


MISTAKES: list[Callable[[Any, Any], Any]] = [
    lambda tf, x: tf.keras.backend.conv2d(x, x, padding="x"),
    lambda tf, x: tf.keras.backend.conv2d(x, x, data_format="x"),
    lambda tf, x: tf.keras.backend.pool2d(x, (2,)),
    lambda tf, x: tf.keras.backend.pool2d(x, (2, 2), pool_mode="x"),
    lambda tf, x: tf.keras.backend.separable_conv2d(x, x, x, strides=(1, 2, 3)),
    lambda tf, x: tf.keras.backend.resize_images(x, 2, 3, "x"),
    lambda tf, x: tf.keras.backend.resize_images(x, 2, 3, "channels_last", "x"),
    lambda tf, x: tf.keras.backend.resize_volumes(x, 1, 1, 1, "x"),
    lambda tf, x: tf.keras.backend.spatial_2d_padding(x, data_format="x"),
]


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes(number: int) -> None:
    match = "interpolation" if number == 6 else None  # the later Keras names more ways to interpolate
    check_both_raise(lambda tf: MISTAKES[number](tf, tf.placeholder(tf.float32, PICTURE)), match=match)
