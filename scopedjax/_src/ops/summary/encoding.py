"""From NumPy values to the bytes of a `Summary`: what TensorFlow's summary kernels compute, as plain functions.

Each function takes a tag and values and returns a serialized `Summary` with what TensorFlow would put there: the same
histogram buckets and sums to the last bit, the same pixels, the same audio samples. TensorBoard's protocol buffers
carry them; Pillow writes PNG and the standard library WAV, so the compressed bytes may differ from TensorFlow's while
what they decode to does not.

    scalar("loss", 0.5)          ->  value { tag: "loss"  simple_value: 0.5 }
    image("x", [2, 8, 8, 1])     ->  value { tag: "x/image/0"  image {...} }  value { tag: "x/image/1"  image {...} }

Errors are those of the kernels, without the node: whoever runs a node adds its name.
"""

from __future__ import annotations

import functools
import io
import wave
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from google.protobuf.message import DecodeError

from scopedjax._src.base import errors
from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.ops.summary.protos import HistogramProto, Summary, TensorProto

_LARGEST: Final = float(np.finfo(np.float64).max)
_DARK: Final = np.float32(1e-6)  # an image that never exceeds this is drawn black instead of as amplified noise
_DEFAULT_BAD_COLOR: Final = (255, 0, 0, 255)


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _shape_text(shape: Sequence[int]) -> str:
    return "[" + ",".join(str(n) for n in shape) + "]"


def scalar(tags: Any, values: Any) -> bytes:
    """One plain number a tag.

    Args:
      tags: Text or bytes, or an array of them.
      values: Real numbers, of the shape of `tags`; stored as float32.

    Returns:
      A serialized `Summary`.

    Raises:
      InvalidArgumentError: the shapes differ.
    """
    tags, values = np.asarray(tags, dtype=object), np.asarray(values)
    if tags.shape != values.shape:
        hint = f" (tag '{_text(tags.item())}')" if tags.size == 1 else ""
        raise _invalid(
            f"tags and values are not the same shape: {_shape_text(tags.shape)} != {_shape_text(values.shape)}{hint}"
        )
    summary = Summary()
    for tag, value in zip(tags.ravel(), values.ravel(), strict=True):
        with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinity, as in TF
            summary.value.add(tag=_text(tag), simple_value=float(np.float32(value)))
    return summary.SerializeToString()


def _text(tag: Any) -> str:
    return tag.decode("utf-8", "replace") if isinstance(tag, bytes) else str(tag)


@functools.cache
def bucket_limits() -> np.ndarray:
    """The upper limits of TensorFlow's histogram buckets, float64, increasing.

    Zero, then 1e-12 growing by 10 % up to 1e20, the same below zero, and the largest double at both ends. The growth is
    a running product: its rounding is part of the result.
    """
    positive = []
    limit = 1e-12
    while limit < 1e20:
        positive.append(limit)
        limit *= 1.1
    positive.append(_LARGEST)
    limits = np.array([*(-x for x in reversed(positive)), 0.0, *positive])
    limits.flags.writeable = False
    return limits


def _running_sum(values: np.ndarray) -> float:
    """The sum, added in order: TF adds one value after the other, NumPy's `sum` pairwise with another last bit."""
    return 0.0 + float(np.add.accumulate(values)[-1]) if values.size else 0.0  # 0.0: the sum of -0.0 is 0.0


def histogram_proto(values: Any) -> Any:
    """A `HistogramProto` of finite numbers.

    Runs of empty buckets are one bucket, as TF writes them.

    Args:
      values: Real numbers of any shape.

    Returns:
      The filled protocol buffer; of an empty array its minimum is the largest double, its maximum the smallest.
    """
    numbers = np.asarray(values).astype(np.float64).ravel()
    limits = bucket_limits()
    # The bucket of x is the first whose limit exceeds x.
    places = np.minimum(np.searchsorted(limits, numbers, side="right"), len(limits) - 1)
    counts = np.bincount(places, minlength=len(limits))
    # A bucket is kept when it is filled, or when it ends a run of empty ones (the next is filled, or there is none).
    filled = counts > 0
    kept = filled | np.append(filled[1:], True)
    return HistogramProto(
        min=float(numbers.min()) if numbers.size else _LARGEST,
        max=float(numbers.max()) if numbers.size else -_LARGEST,
        num=float(numbers.size),
        sum=_running_sum(numbers),
        sum_squares=_running_sum(numbers * numbers),
        bucket_limit=limits[kept],
        bucket=counts[kept].astype(np.float64),
    )


def histogram(tag: Any, values: Any) -> bytes:
    """The distribution of the values.

    Args:
      tag: Text or bytes.
      values: Real numbers of any shape.

    Returns:
      A serialized `Summary`.

    Raises:
      InvalidArgumentError: a value is NaN or infinite.
    """
    values = np.asarray(values)
    numbers = values.astype(np.float64).ravel()
    finite = np.isfinite(numbers)
    if not finite.all():
        first = numbers[~finite][0]
        kind = "Nan in summary histogram" if np.isnan(first) else "Infinity in Histogram"
        raise _invalid(f"{kind} for: {_text(tag)}")
    summary = Summary()
    summary.value.add(tag=_text(tag), histo=histogram_proto(numbers))
    return summary.SerializeToString()


def _scaled_pixels(image: np.ndarray, bad_color: np.ndarray) -> np.ndarray:
    """Maps the numbers of one image to 0..255 as TF does.

    With a negative number among them, 0 becomes 128 and the largest magnitude 1 or 255; otherwise 0 is black and the
    largest is 255. A pixel with a number that is not finite gets `bad_color`. The factor is a float32; the product and
    the sum are made in the image's own type.
    """
    kind = image.dtype.type
    pixels = image.reshape(-1, image.shape[-1])
    good = np.isfinite(pixels).all(axis=1)
    result = np.empty(pixels.shape, np.uint8)
    result[:] = bad_color[: pixels.shape[1]]
    if good.any():
        values = pixels[good]
        with np.errstate(over="ignore"):
            low, high = np.float32(values.min()), np.float32(values.max())
            largest = max(abs(low), abs(high)) if low < 0 else high
            span, offset = (127.0, 128.0) if low < 0 else (255.0, 0.0)
            scale = np.float32(0) if largest < _DARK else np.float32(span) / largest
            result[good] = (values * kind(scale) + kind(offset)).astype(np.uint8)
    return result.reshape(image.shape)


_PNG_MODES: Final = {1: "L", 3: "RGB", 4: "RGBA"}


def _png(pixels: np.ndarray) -> bytes:
    from PIL import Image  # when the first image comes: it takes as long to import as all of absl

    stream = io.BytesIO()
    channels = pixels.shape[-1]
    flat = np.ascontiguousarray(pixels[..., 0] if channels == 1 else pixels)
    picture = Image.frombytes(_PNG_MODES[channels], (pixels.shape[1], pixels.shape[0]), flat.tobytes())
    picture.save(stream, format="PNG")
    return stream.getvalue()


def _child_tags(tag: Any, kind: str, count: int, limit: int) -> Iterable[str]:
    """`tag/image` when only one may be shown, else `tag/image/0`, `tag/image/1`, ..."""
    return (f"{_text(tag)}/{kind}" if limit == 1 else f"{_text(tag)}/{kind}/{i}" for i in range(count))


def _check_images(tensor: np.ndarray, bad_color: np.ndarray) -> None:
    shape = _shape_text(tensor.shape)
    if tensor.ndim != 4 or tensor.shape[3] not in _PNG_MODES:
        raise _invalid(f"Tensor must be 4-D with last dim 1, 3, or 4, not {shape}")
    if tensor.shape[0] and 0 in tensor.shape:
        raise _invalid(f"input tensor must have non-zero dims. Found: {shape.replace(',', ', ')}.")
    if tensor.dtype != np.uint8 and tensor.shape[3] > len(bad_color):
        raise _invalid(
            f"expected depth <= bad_color.size, got depth = {tensor.shape[3]}, bad_color.size = {len(bad_color)}"
        )


def image(tag: Any, tensor: Any, max_images: int = 3, bad_color: Any = _DEFAULT_BAD_COLOR) -> bytes:
    """The first images of a batch as PNG.

    Args:
      tag: Text or bytes; the images are `tag/image/0`, `tag/image/1`, ..., or `tag/image` when `max_images` is 1.
      tensor: `[batch, height, width, channels]` with 1 (grey), 3 (RGB) or 4 (RGBA) channels; uint8 is shown as it is,
        float16, float32 and float64 are scaled, each image by itself.
      max_images: How many images of the batch to keep.
      bad_color: uint8 values, one a channel, of a pixel that is not finite.

    Returns:
      A serialized `Summary`.

    Raises:
      InvalidArgumentError: the shape does not fit.
    """
    tensor = np.asarray(tensor)
    bad = np.asarray(bad_color, dtype=np.uint8).ravel()
    _check_images(tensor, bad)
    summary = Summary()
    count = min(max_images, tensor.shape[0])
    for name, pixels in zip(_child_tags(tag, "image", count, max_images), tensor, strict=False):
        value = summary.value.add(tag=name)
        value.image.height, value.image.width, value.image.colorspace = pixels.shape
        value.image.encoded_image_string = _png(pixels if pixels.dtype == np.uint8 else _scaled_pixels(pixels, bad))
    return summary.SerializeToString()


def _samples(waveform: np.ndarray) -> bytes:
    """-1..1 as 16-bit little-endian numbers: times 32768, halves away from zero, cut to the range; NaN is silence."""
    scaled = np.nan_to_num(waveform.astype(np.float32), nan=0.0, posinf=2.0, neginf=-2.0) * np.float32(32768)
    whole = np.clip(np.trunc(scaled + np.copysign(np.float32(0.5), scaled)), -32768, 32767)
    return whole.astype("<i2").tobytes()


def _wav(waveform: np.ndarray, sample_rate: float) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(waveform.shape[1])
        file.setsampwidth(2)
        # A WAV file knows whole rates only; TF rounds halves up.
        file.setframerate(max(int(np.floor(sample_rate + 0.5)), 1))
        file.writeframes(_samples(waveform))
    return stream.getvalue()


def _check_audio(tensor: np.ndarray, sample_rate: float) -> None:
    if tensor.ndim not in (2, 3):
        raise _invalid(f"Tensor must be 3-D or 2-D, got: {_shape_text(tensor.shape)}")
    if not sample_rate > 0:
        raise _invalid("sample_rate must be > 0")
    if sample_rate >= 2**32:
        raise _invalid(f"sample_rate must be in (0, 2^32), got: {sample_rate:.0f}")
    if tensor.shape[0] and 0 in tensor.shape:
        raise _invalid("audio is null")
    channels = tensor.shape[2] if tensor.ndim == 3 else 1
    if 2 * channels * sample_rate >= 2**32:  # TF writes a wrapped number into the file's header here
        raise _invalid(
            f"sample_rate {sample_rate:.0f} with {channels} channels is more than a WAV file can say: lower it"
        )


def audio(tag: Any, tensor: Any, sample_rate: Any, max_outputs: int = 3) -> bytes:
    """The first sounds of a batch as 16-bit WAV.

    Args:
      tag: Text or bytes; the sounds are `tag/audio/0`, ..., or `tag/audio` when `max_outputs` is 1.
      tensor: float32, `[batch, frames, channels]` or `[batch, frames]`, in -1..1 (what exceeds is cut).
      sample_rate: Frames a second, a positive number.
      max_outputs: How many sounds of the batch to keep.

    Returns:
      A serialized `Summary`.

    Raises:
      InvalidArgumentError: the shape or the rate does not fit.
    """
    tensor, rate = np.asarray(tensor), float(np.float32(sample_rate))
    _check_audio(tensor, rate)
    summary = Summary()
    count = min(max_outputs, tensor.shape[0])
    for name, waveform in zip(_child_tags(tag, "audio", count, max_outputs), tensor, strict=False):
        frames = waveform.reshape(waveform.shape[0], -1)
        value = summary.value.add(tag=name)
        value.audio.sample_rate = rate
        value.audio.length_frames, value.audio.num_channels = frames.shape
        value.audio.encoded_audio_string = _wav(frames, rate)
        value.audio.content_type = "audio/wav"
    return summary.SerializeToString()


def tensor_proto(value: Any) -> Any:
    """A `TensorProto` as TF's kernels write it: strings one by one, anything else as raw little-endian bytes.

    Args:
      value: An array, or what NumPy makes one of; text and bytes are strings.
    """
    array = np.asarray(value)
    is_text = array.dtype.kind in "OSU"
    proto = TensorProto(dtype=7 if is_text else as_dtype(array.dtype).as_datatype_enum)
    proto.tensor_shape.SetInParent()
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if is_text:
        proto.string_val.extend(v.encode() if isinstance(v, str) else bytes(v) for v in array.ravel().tolist())
    else:
        proto.tensor_content = np.ascontiguousarray(array).tobytes()
    return proto


def tensor(tag: Any, value: Any, serialized_summary_metadata: bytes = b"") -> bytes:
    """Any tensor, with the metadata that says which TensorBoard plugin shows it.

    Args:
      tag: Text or bytes.
      value: An array of any dtype.
      serialized_summary_metadata: A serialized `SummaryMetadata`.

    Returns:
      A serialized `Summary`.

    Raises:
      InvalidArgumentError: the metadata cannot be read.
    """
    summary = Summary()
    entry = summary.value.add(tag=_text(tag), tensor=tensor_proto(value))
    try:
        entry.metadata.ParseFromString(bytes(serialized_summary_metadata))
    except DecodeError as error:
        raise _invalid(f"summary '{_text(tag)}': serialized_summary_metadata is not a SummaryMetadata") from error
    entry.metadata.SetInParent()
    return summary.SerializeToString()


def merge(serialized: Iterable[bytes]) -> bytes:
    """All values of several summaries in one.

    Args:
      serialized: Serialized `Summary` messages.

    Returns:
      A serialized `Summary`.

    Raises:
      InvalidArgumentError: an input is not a `Summary`, or a tag occurs twice.
    """
    merged = Summary()
    seen: set[str] = set()
    for item in serialized:
        try:
            part = Summary.FromString(bytes(item))
        except DecodeError as error:
            raise _invalid("Could not parse one of the summary inputs") from error
        for value in part.value:
            if value.tag in seen:
                raise _invalid(f"Duplicate tag {value.tag} found in summary inputs ")
            seen.add(value.tag)
        merged.value.extend(part.value)
    return merged.SerializeToString()
