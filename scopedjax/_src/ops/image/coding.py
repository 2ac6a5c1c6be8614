"""Image files: JPEG, PNG, GIF and BMP to arrays and back, on the host, by Pillow.

    decode_jpeg(bytes)  ->  uint8 [height, width, channels]        encode_png(image)  ->  bytes

As in TF1 each decoder takes all of the formats. `channels` 0 keeps what the file has: 1 grey, 2 grey and alpha, 3 RGB,
4 RGB and alpha. JPEG files are decoded by the accurate integer transform (TensorFlow's `dct_method="INTEGER_ACCURATE"`,
the same numbers); TensorFlow's default is a faster one, some levels off. Pillow is imported with the first image.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from scopedjax._src.base import dtypes, errors
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import scalar

if TYPE_CHECKING:
    from PIL import Image

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_FORMATS = ("JPEG", "PNG", "GIF", "BMP")


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


# --------------------------------------------------------------------------------------------------- decoding


def _opened(contents: Any) -> Image.Image:
    from PIL import Image

    data = contents.item() if isinstance(contents, np.ndarray) else contents
    data = data.encode() if isinstance(data, str) else data
    try:
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    except (OSError, SyntaxError, ValueError):
        pass
    raise _invalid("Unknown image file format. One of JPEG, PNG, GIF, BMP required.")


def _own_channels(image: Image.Image) -> int:
    if image.mode in ("1", "L", "I", "I;16", "I;16B", "F"):
        return 1
    if image.mode == "LA":
        return 2
    return 4 if image.mode == "RGBA" or "transparency" in image.info else 3


def _pixels(image: Image.Image, channels: int) -> np.ndarray:
    """uint8 or uint16 `[height, width, channels]`."""
    from PIL import Image

    channels = channels or _own_channels(image)
    try:
        if image.mode.startswith("I") and channels == 1:
            return np.asarray(image).astype(np.uint16)[..., None]
        if image.mode.startswith("I"):  # 16 bits of grey
            image = Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
        array = np.asarray(image.convert(_MODES[channels]))
    except (OSError, SyntaxError, ValueError) as error:
        raise _invalid(f"Invalid image data: {error}") from error
    return array[..., None] if array.ndim == 2 else array


def _as_dtype(pixels: np.ndarray, dtype: Any) -> np.ndarray:
    wide = pixels.dtype == np.uint16
    if dtype is dtypes.uint16:
        return pixels if wide else pixels.astype(np.uint16) * 257
    if dtype is dtypes.float32:
        return (pixels / np.float32(65535 if wide else 255)).astype(np.float32)
    return (pixels >> 8).astype(np.uint8) if wide else pixels


def _decode_jpeg(contents: Any, *, channels: int, ratio: int) -> Any:
    image = _opened(contents)
    if ratio > 1 or channels == 1:
        # The decoder itself gives a smaller or a grey image.
        size = (max(image.width // ratio, 1), max(image.height // ratio, 1))
        image.draft("L" if channels == 1 else image.mode, size)
    return _as_dtype(_pixels(image, channels), dtypes.uint8)


def _decode(contents: Any, *, channels: int, dtype: Any = dtypes.uint8) -> Any:
    return _as_dtype(_pixels(_opened(contents), channels), dtype)


def _frames(contents: Any) -> np.ndarray:
    from PIL import ImageSequence

    image = _opened(contents)
    return np.stack([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)])


def _decode_image(contents: Any, *, channels: int, dtype: Any, expand_animations: bool) -> Any:
    if _opened(contents).format != "GIF":
        return _decode(contents, channels=channels, dtype=dtype)
    if channels in (1, 4):
        raise _invalid(f"channels must be 0 or 3 for GIF, got {channels}")
    frames = _as_dtype(_frames(contents), dtype)
    return frames if expand_animations else frames[0]


def _image_dims(c: ShapeContext) -> list[Dims]:
    if c.dims(0) not in (None, ()):
        raise c.fail(f"Shape must be rank 0 but is rank {len(c.dims(0) or ())}")
    channels = c.attrs.get("channels", 3)
    if channels < 0:
        raise c.fail(f"channels must be non-negative, got {channels}")
    return [(None, None, channels or None)]


_DECODING: dict[str, Any] = {"host": True, "gradient": NOT_DIFFERENTIABLE}
_JPEG_ATTRS = (
    "channels: int = 0, ratio: int = 1, fancy_upscaling: bool = True, try_recover_truncated: bool = False, "
    "acceptable_fraction: float = 1.0, dct_method: string = ''"
)
declare(f"DecodeJpeg(contents: string; {_JPEG_ATTRS}) -> image: uint8", _decode_jpeg, shape=_image_dims, **_DECODING)
declare(
    "DecodePng(contents: string; channels: int = 0, dtype: type = uint8) -> image: dtype",
    _decode,
    shape=_image_dims,
    types={"dtype": (dtypes.uint8, dtypes.uint16)},
    **_DECODING,
)
declare(
    "DecodeBmp(contents: string; channels: int = 0) -> image: uint8",
    lambda contents, *, channels: _decode(contents, channels=channels),
    shape=_image_dims,
    **_DECODING,
)
declare(
    "DecodeGif(contents: string) -> image: uint8",
    lambda contents: _frames(contents),
    shape=lambda c: [(None, None, None, 3)],
    **_DECODING,
)
declare(
    "DecodeImage(contents: string; channels: int = 0, dtype: type = uint8, expand_animations: bool = True) "
    "-> image: dtype",
    _decode_image,
    shape=lambda c: [None if c.attr("expand_animations") else (None, None, c.attr("channels") or None)],
    types={"dtype": (dtypes.uint8, dtypes.uint16, dtypes.float32)},
    **_DECODING,
)

# --------------------------------------------------------------------------------------------------- encoding


def _as_picture(image: np.ndarray, op_type: str, allowed: tuple[int, ...]) -> Image.Image:
    from PIL import Image

    if image.ndim != 3 or image.shape[2] not in allowed:
        raise _invalid(
            f"image must be 3-dimensional with {allowed} channels, got shape {list(image.shape)} ({op_type})"
        )
    if image.dtype == np.uint16 and image.shape[2] != 1:
        raise _invalid("EncodePng of uint16 takes one channel only; convert the image to uint8 first")
    return Image.fromarray(np.ascontiguousarray(image[..., 0] if image.shape[2] == 1 else image))


def _encode_png(image: Any, *, compression: int) -> Any:
    picture, out = _as_picture(image, "EncodePng", (1, 2, 3, 4)), io.BytesIO()
    picture.save(out, "PNG", compress_level=6 if compression < 0 else compression)
    return np.asarray(out.getvalue(), object)


def _encode_jpeg(
    image: Any,
    *,
    format: str,
    quality: int,
    progressive: bool,
    optimize_size: bool,
    chroma_downsampling: bool,
    density_unit: str,
    x_density: int,
    y_density: int,
) -> Any:
    allowed = {"": (1, 3), "grayscale": (1,), "rgb": (3,)}[format]
    picture, out = _as_picture(image, "EncodeJpeg", allowed), io.BytesIO()
    factor = 2.54 if density_unit == "cm" else 1.0
    picture.save(
        out,
        "JPEG",
        quality=quality,
        progressive=progressive,
        optimize=optimize_size,
        subsampling="4:2:0" if chroma_downsampling else "4:4:4",
        dpi=(x_density * factor, y_density * factor),
    )
    return np.asarray(out.getvalue(), object)


declare(
    "EncodePng(image: T; compression: int = -1, T: type = uint8) -> contents: string",
    _encode_png,
    shape=scalar,
    types={"T": (dtypes.uint8, dtypes.uint16)},
    **_DECODING,
)
declare(
    "EncodeJpeg(image: uint8; format: string = '', quality: int = 95, progressive: bool = False, "
    "optimize_size: bool = False, chroma_downsampling: bool = True, density_unit: string = 'in', x_density: int = 300, "
    "y_density: int = 300, xmp_metadata: string = '') -> contents: string",
    _encode_jpeg,
    shape=scalar,
    **_DECODING,
)

# ------------------------------------------------------------------------------------------- public functions


def decode_jpeg(
    contents: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Tensor:
    """Decodes a JPEG file.

    Args:
      contents: Scalar string: the bytes of the file.
      channels: 1 for grey, 3 for RGB, 0 for what the file has.
      ratio: By how much the image is made smaller: 1, 2, 4 or 8.
      fancy_upscaling: Recorded; has no effect.
      try_recover_truncated: Recorded; has no effect.
      acceptable_fraction: Recorded; has no effect.
      dct_method: Recorded; the accurate transform is always taken.
      name: Node name; defaults to "DecodeJpeg".

    Returns:
      uint8 tensor `[height, width, channels]`.

    Raises:
      InvalidArgumentError: (when run) the bytes are no image.

    >>> image = tf.image.decode_jpeg(tf.image.encode_jpeg(tf.zeros([4, 6, 3], tf.uint8)), channels=3)
    >>> image.shape.as_list(), tf.Session().run(image).shape
    ([None, None, 3], (4, 6, 3))
    """
    return apply_op(
        "DecodeJpeg",
        contents,
        channels=channels,
        ratio=ratio,
        fancy_upscaling=fancy_upscaling,
        try_recover_truncated=try_recover_truncated,
        acceptable_fraction=acceptable_fraction,
        dct_method=dct_method,
        name=name,
    )


def decode_png(contents: Any, channels: int = 0, dtype: Any = dtypes.uint8, name: str | None = None) -> Tensor:
    """Decodes a PNG file.

    Args:
      contents: Scalar string: the bytes of the file.
      channels: 1, 2, 3 or 4, or 0 for what the file has.
      dtype: uint8 or uint16.
      name: Node name; defaults to "DecodePng".

    Returns:
      Tensor `[height, width, channels]`.

    Raises:
      InvalidArgumentError: (when run) the bytes are no image.

    >>> image = tf.image.decode_png(tf.image.encode_png(tf.fill([2, 2, 1], tf.constant(7, tf.uint8))))
    >>> tf.Session().run(image).ravel().tolist()
    [7, 7, 7, 7]
    """
    return apply_op("DecodePng", contents, channels=channels, dtype=dtype, name=name)


def decode_bmp(contents: Any, channels: int = 0, name: str | None = None) -> Tensor:
    """Decodes a BMP file.

    Args:
      contents: Scalar string: the bytes of the file.
      channels: 1, 3 or 4, or 0 for what the file has.
      name: Node name; defaults to "DecodeBmp".

    Returns:
      uint8 tensor `[height, width, channels]`.

    >>> tf.image.decode_bmp(tf.placeholder(tf.string, []), channels=3).shape.as_list()
    [None, None, 3]
    """
    return apply_op("DecodeBmp", contents, channels=channels, name=name)


def decode_gif(contents: Any, name: str | None = None) -> Tensor:
    """Decodes all frames of a GIF file.

    Args:
      contents: Scalar string: the bytes of the file.
      name: Node name; defaults to "DecodeGif".

    Returns:
      uint8 tensor `[frames, height, width, 3]`.

    >>> tf.image.decode_gif(tf.placeholder(tf.string, [])).shape.as_list()
    [None, None, None, 3]
    """
    return apply_op("DecodeGif", contents, name=name)


def decode_image(
    contents: Any,
    channels: int | None = None,
    dtype: Any = dtypes.uint8,
    name: str | None = None,
    expand_animations: bool = True,
) -> Tensor:
    """Decodes a JPEG, PNG, GIF or BMP file.

    Args:
      contents: Scalar string: the bytes of the file.
      channels: Number of channels, or None for what the file has.
      dtype: uint8, uint16, or float32 (values between 0 and 1).
      name: Name scope; defaults to "decode_image".
      expand_animations: Whether a GIF gives all of its frames; the first one otherwise.

    Returns:
      Tensor `[height, width, channels]`, or `[frames, height, width, 3]` for a GIF.

    Raises:
      InvalidArgumentError: (when run) the bytes are no image.

    >>> image = tf.image.decode_image(tf.image.encode_png(tf.zeros([2, 3, 3], tf.uint8)))
    >>> tf.Session().run(image).shape
    (2, 3, 3)
    """
    with stacks.get_default_graph().name_scope(name or "decode_image"):
        wanted = dtypes.as_dtype(dtype)
        attrs = {"channels": 0 if channels is None else channels, "expand_animations": expand_animations}
        return apply_op("DecodeImage", contents, dtype=wanted, **attrs)


def encode_png(image: Any, compression: int = -1, name: str | None = None) -> Tensor:
    """Encodes an image as a PNG file.

    Args:
      image: uint8 tensor `[height, width, channels]` with 1 to 4 channels, or uint16 with one.
      compression: From 0 (none) to 9; -1 for the usual.
      name: Node name; defaults to "EncodePng".

    Returns:
      Scalar string: the bytes of the file.

    >>> tf.Session().run(tf.image.encode_png(tf.zeros([2, 2, 3], tf.uint8)))[1:4]
    b'PNG'
    """
    return apply_op("EncodePng", image, compression=compression, name=name)


def encode_jpeg(
    image: Any,
    format: str = "",
    quality: int = 95,
    progressive: bool = False,
    optimize_size: bool = False,
    chroma_downsampling: bool = True,
    density_unit: str = "in",
    x_density: int = 300,
    y_density: int = 300,
    xmp_metadata: str = "",
    name: str | None = None,
) -> Tensor:
    """Encodes an image as a JPEG file.

    Args:
      image: uint8 tensor `[height, width, channels]` with 1 or 3 channels.
      format: "grayscale", "rgb", or "" for what the image has.
      quality: From 0 to 100.
      progressive: Whether the file can be shown while it loads.
      optimize_size: Whether to spend time for a smaller file.
      chroma_downsampling: Whether colours have half the resolution.
      density_unit: "in" or "cm".
      x_density: Pixels per unit.
      y_density: Pixels per unit.
      xmp_metadata: Recorded; not written to the file.
      name: Node name; defaults to "EncodeJpeg".

    Returns:
      Scalar string: the bytes of the file.

    >>> tf.Session().run(tf.image.encode_jpeg(tf.zeros([2, 2, 3], tf.uint8)))[:2] == bytes([0xFF, 0xD8])
    True
    """
    return apply_op(
        "EncodeJpeg",
        image,
        format=format,
        quality=quality,
        progressive=progressive,
        optimize_size=optimize_size,
        chroma_downsampling=chroma_downsampling,
        density_unit=density_unit,
        x_density=x_density,
        y_density=y_density,
        xmp_metadata=xmp_metadata,
        name=name,
    )
