"""Image files: what one side encodes the other decodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import oracle

pytestmark = pytest.mark.oracle


def _smooth(channels: int) -> Any:
    rows, columns = np.mgrid[0:24, 0:32]
    planes = [127 + 100 * np.sin(rows / (5 + c)) * np.cos(columns / (7 + c)) for c in range(channels)]
    return np.stack(planes, -1).astype(np.uint8)


def _encoded(tf: Any, image: Any, kind: str) -> bytes:
    def body(tf: Any) -> Any:
        call = tf.image.encode_png if kind == "png" else tf.image.encode_jpeg
        return tf.Session().run(call(image))

    return oracle.run_body(tf, body)


def _decoded(tf: Any, data: bytes, op: str, options: dict[str, Any]) -> Any:
    options = {k: getattr(tf, v) if k == "dtype" else v for k, v in options.items()}
    y = getattr(tf.image, op)(data, **options)
    return y.op.type, y.shape.as_list() if y.shape.ndims is not None else None, tf.Session().run(y)


@pytest.mark.parametrize("author", ["theirs", "ours"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("op", "options"),
    [
        ("decode_png", {}),
        ("decode_png", {"channels": 3}),
        ("decode_png", {"channels": 4}),
        ("decode_png", {"dtype": "uint16"}),
        ("decode_image", {}),
        ("decode_image", {"channels": 3, "dtype": "float32"}),
        ("decode_image", {"channels": 3, "expand_animations": False}),
        ("decode_jpeg", {"channels": 3}),
    ],
)
def test_png(author: str, channels: int, op: str, options: dict[str, Any]) -> None:
    data = _encoded(oracle.real_tf() if author == "theirs" else oracle.our_tf(), _smooth(channels), "png")
    oracle.check_both(_decoded, data, op, options)


@pytest.mark.parametrize("author", ["theirs", "ours"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("options", [{}, {"channels": 1}, {"channels": 3}, {"channels": 3, "ratio": 2}])
def test_jpeg(author: str, channels: int, options: dict[str, Any]) -> None:
    data = _encoded(oracle.real_tf() if author == "theirs" else oracle.our_tf(), _smooth(channels), "jpeg")
    theirs, ours = oracle.both(_decoded, data, "decode_jpeg", options)
    assert theirs[:2] == ours[:2]
    assert theirs[2].shape == ours[2].shape and theirs[2].dtype == ours[2].dtype
    # TensorFlow's default is a fast transform that is some levels off; scopedjax always takes the accurate one.
    assert np.abs(theirs[2].astype(int) - ours[2].astype(int)).max() <= 8


@pytest.mark.parametrize("author", ["theirs", "ours"])
@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_by_the_accurate_transform(author: str, channels: int) -> None:
    data = _encoded(oracle.real_tf() if author == "theirs" else oracle.our_tf(), _smooth(channels), "jpeg")
    oracle.check_both(_decoded, data, "decode_jpeg", {"dct_method": "INTEGER_ACCURATE"})


def _broken(tf: Any) -> Any:
    return tf.Session().run(tf.image.decode_image(b"no image at all"))


def test_no_image() -> None:
    oracle.check_both_raise(_broken, match="Unknown image file format")
