"""JPEG files beyond decoding: `is_jpeg`, their size, a part of one, and what compression does to an image."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes, errors
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.image.coding import decode_jpeg
from scopedjax._src.ops.image.colors import convert_image_dtype
from scopedjax._src.ops.math.comparison import equal
from scopedjax._src.ops.random.sampling import random_uniform
from scopedjax._src.ops.registry import NO_GRADIENT, LoweringContext, defop, lookup
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import scalar
from scopedjax._src.ops.strings.texts import substr

_JPEG_ATTRS = (
    "channels: int = 0, ratio: int = 1, fancy_upscaling: bool = True, try_recover_truncated: bool = False, "
    "acceptable_fraction: float = 1.0, dct_method: string = ''"
)


def _decoded(contents: Any, channels: int, ratio: int) -> np.ndarray:
    record = lookup("DecodeJpeg")
    assert record is not None
    return record.lower(contents, channels=channels, ratio=ratio)


def _window_dims(c: ShapeContext) -> list[Dims]:
    window, channels = c.const(1), c.attr("channels") or None
    if window is None:
        return [(None, None, channels)]
    return [(int(window[2]), int(window[3]), channels)]


@defop(
    f"DecodeAndCropJpeg(contents: string, crop_window: int32; {_JPEG_ATTRS}) -> image: uint8",
    shape=_window_dims,
    host=True,
    gradient=NO_GRADIENT,
)
def _decode_and_crop(
    ctx: LoweringContext, contents: Any, crop_window: np.ndarray, *, channels: int, ratio: int
) -> np.ndarray:
    pixels = _decoded(contents, channels, ratio)
    y, x, height, width = (int(n) for n in crop_window)
    inside = y >= 0 and x >= 0 and y + height <= pixels.shape[0] and x + width <= pixels.shape[1]
    if not inside or height <= 0 or width <= 0:
        message = f"Invalid JPEG data or crop window {crop_window.tolist()} of an image {list(pixels.shape[:2])}"
        raise errors.InvalidArgumentError(None, ctx.op, message)
    return pixels[y : y + height, x : x + width]


@defop(
    "ExtractJpegShape(contents: string; output_type: type = int32) -> image_shape: output_type",
    shape=lambda c: [(3,)],
    host=True,
    gradient=NO_GRADIENT,
    types={"output_type": dtypes.INDEX},
)
def _jpeg_shape(ctx: LoweringContext, contents: Any, *, output_type: Any) -> np.ndarray:
    from PIL import Image

    data = contents.item() if isinstance(contents, np.ndarray) else contents
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG",))
    except (OSError, SyntaxError, ValueError):
        raise errors.InvalidArgumentError(None, ctx.op, "Invalid JPEG data, size " + str(len(data))) from None
    return np.asarray([image.height, image.width, len(image.getbands())], output_type.as_numpy_dtype)


@defop(
    "EncodeJpegVariableQuality(images: uint8, quality: int32) -> contents: string",
    shape=scalar,
    host=True,
    gradient=NO_GRADIENT,
)
def _encode(ctx: LoweringContext, images: Any, quality: Any) -> Any:
    if not 0 <= quality <= 100:
        raise errors.InvalidArgumentError(None, ctx.op, f"quality must be in [0,100], got {int(quality)}")
    record = lookup("EncodeJpeg")
    assert record is not None
    given = {name: attr.default for name, attr in record.signature.attrs.items() if name in record.wanted_attrs}
    return record.lower(images, **{**given, "quality": int(quality)})


def is_jpeg(contents: Any, name: str | None = None) -> Tensor:
    """Tells whether a file is a JPEG, by its first bytes.

    Args:
      contents: String scalar: the file.
      name: Name scope; defaults to "is_jpeg".

    Returns:
      Scalar of bool.

    >>> bool(tf.Session().run(tf.image.is_jpeg(b"GIF89a")))
    False
    """
    with stacks.get_default_graph().name_scope(name or "is_jpeg"):
        return equal(substr(contents, 0, 3), b"\xff\xd8\xff")


def extract_jpeg_shape(contents: Any, output_type: Any = dtypes.int32, name: str | None = None) -> Tensor:
    """Reads the shape of a JPEG file without decoding its pixels.

    Args:
      contents: String scalar: the file.
      output_type: tf.int32 or tf.int64.
      name: Node name; defaults to "ExtractJpegShape".

    Returns:
      Integer tensor `[3]`: height, width, channels.

    >>> file = tf.image.encode_jpeg(tf.zeros([4, 6, 3], tf.uint8))
    >>> tf.Session().run(tf.image.extract_jpeg_shape(file)).tolist()
    [4, 6, 3]
    """
    return apply_op("ExtractJpegShape", contents, output_type=output_type, name=name)


def decode_and_crop_jpeg(
    contents: Any,
    crop_window: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Tensor:
    """Decodes a part of a JPEG file.

    Args:
      contents: String scalar: the file.
      crop_window: int32 tensor `[4]`: first row, first column, rows, columns.
      channels: 0 for those of the file, 1 for grey, 3 for RGB.
      ratio: The image is made smaller by this before the crop: 1, 2, 4 or 8.
      fancy_upscaling: Recorded.
      try_recover_truncated: Recorded.
      acceptable_fraction: Recorded.
      dct_method: Recorded.
      name: Node name; defaults to "DecodeAndCropJpeg".

    Returns:
      uint8 tensor `[rows, columns, channels]`.

    >>> file = tf.image.encode_jpeg(tf.zeros([8, 8, 3], tf.uint8))
    >>> tf.image.decode_and_crop_jpeg(file, [1, 2, 4, 5], channels=3).shape.as_list()
    [4, 5, 3]
    """
    return apply_op(
        "DecodeAndCropJpeg",
        contents,
        crop_window,
        channels=channels,
        ratio=ratio,
        fancy_upscaling=fancy_upscaling,
        try_recover_truncated=try_recover_truncated,
        acceptable_fraction=acceptable_fraction,
        dct_method=dct_method,
        name=name,
    )


def adjust_jpeg_quality(image: Any, jpeg_quality: Any, dct_method: str = "", name: str | None = None) -> Tensor:
    """Gives an image the traces of JPEG compression: it is encoded and decoded again.

    Args:
      image: Tensor `[height, width, channels]` with 1 or 3 channels; floats between 0 and 1.
      jpeg_quality: int32 scalar from 0 to 100.
      dct_method: Recorded.
      name: Name scope; defaults to "adjust_jpeg_quality".

    Returns:
      Tensor of the shape and dtype of `image`.

    >>> tf.Session().run(tf.image.adjust_jpeg_quality(tf.zeros([8, 8, 3]), 50)).shape
    (8, 8, 3)
    """
    with stacks.get_default_graph().name_scope(name or "adjust_jpeg_quality"):
        image = convert_to_tensor(image, name="image")
        channels = image.shape.as_list()[-1]
        kind = image.dtype
        pixels = convert_image_dtype(image, dtypes.uint8, saturate=True)
        quality = convert_to_tensor(jpeg_quality, dtype=dtypes.int32)
        file = apply_op("EncodeJpegVariableQuality", pixels, quality)
        decoded = decode_jpeg(file, channels=channels, dct_method=dct_method)
        return convert_image_dtype(decoded, kind, saturate=True)


def random_jpeg_quality(image: Any, min_jpeg_quality: Any, max_jpeg_quality: Any, seed: Any = None) -> Tensor:
    """Compresses an image as `adjust_jpeg_quality`, with a quality drawn at random.

    Args:
      image: Tensor `[height, width, channels]` with 1 or 3 channels; floats between 0 and 1.
      min_jpeg_quality: Lowest quality, from 0 on.
      max_jpeg_quality: Quality below which the drawn one stays; at most 100.
      seed: Seed of the random number.

    Returns:
      Tensor of the shape and dtype of `image`.

    Raises:
      ValueError: bounds outside [0, 100], or in the wrong order.

    >>> tf.Session().run(tf.image.random_jpeg_quality(tf.zeros([8, 8, 3]), 50, 70)).shape
    (8, 8, 3)
    """
    if min_jpeg_quality < 0 or max_jpeg_quality < 0 or min_jpeg_quality > 100 or max_jpeg_quality > 100:
        raise ValueError("jpeg encoding range must be between 0 and 100.")
    if min_jpeg_quality >= max_jpeg_quality:
        raise ValueError("`min_jpeg_quality` must be less than `max_jpeg_quality`.")
    quality = random_uniform([], min_jpeg_quality, max_jpeg_quality, seed=seed, dtype=dtypes.int32)
    return adjust_jpeg_quality(image, quality)
