"""Sound files: WAV with 16 bits a sample, read and written by Python's `wave` module.

samples    -32768 ... 32767    <->    floats   -1.0 ... 0.99997 (divided by 32768)
"""

from __future__ import annotations

import io
import wave
from typing import Any, Final, NamedTuple

import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims, format_dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.math.quantized_steps import half_away
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, LoweringContext, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import scalar

_LARGEST: Final = 32767


class _DecodeWav(NamedTuple):
    audio: Tensor
    sample_rate: Tensor


def _decoded_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(0, 0)
    for name in ("desired_channels", "desired_samples"):
        if c.attr(name) < -1 or (name == "desired_channels" and c.attr(name) == 0):
            label = "channels" if name == "desired_channels" else "samples"
            raise c.fail(f"{label} must be non-negative, got {c.attr(name)}")
    samples, channels = c.attr("desired_samples"), c.attr("desired_channels")
    return [(None if samples == -1 else samples, None if channels == -1 else channels), ()]


@defop(
    "DecodeWav(contents: string; desired_channels: int = -1, desired_samples: int = -1) "
    "-> audio: float32, sample_rate: int32",
    shape=_decoded_dims,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _decode_wav(ctx: LoweringContext, contents: Any, *, desired_channels: int, desired_samples: int) -> Any:
    try:
        with wave.open(io.BytesIO(contents.item()), "rb") as sound:
            channels, width, rate = sound.getnchannels(), sound.getsampwidth(), sound.getframerate()
            data = sound.readframes(sound.getnframes())
    except (wave.Error, EOFError) as error:
        raise InvalidArgumentError(
            None, ctx.op, f"Header mismatch: Expected RIFF and WAVE (decode_wav: {error})"
        ) from error
    if width != 2:
        raise InvalidArgumentError(None, ctx.op, f"Can only read 16-bit WAV files, but received {8 * width}")
    audio = np.frombuffer(data, "<i2").reshape(-1, channels).astype(np.float32) / np.float32(32768)
    audio = _with_samples(audio, desired_samples)
    return _with_channels(audio, desired_channels), np.int32(rate)


def _with_samples(audio: np.ndarray, count: int) -> np.ndarray:
    if count == -1:
        return audio
    return np.pad(audio[:count], ((0, max(0, count - len(audio))), (0, 0)))


def _with_channels(audio: np.ndarray, count: int) -> np.ndarray:
    """The first channels; where more are wanted, the last once more."""
    channels = audio.shape[1]
    if count in (-1, channels):
        return audio
    return audio[:, np.minimum(np.arange(count), channels - 1)]


def decode_wav(
    contents: Any, desired_channels: int = -1, desired_samples: int = -1, name: str | None = None
) -> _DecodeWav:
    """The sound of a WAV file with 16 bits a sample.

    Args:
      contents: String scalar: the file.
      desired_channels: How many channels to give: the first ones, or the last repeated; -1 for those of the file.
      desired_samples: How many samples to give: the first ones, or silence after the last; -1 for those of the file.
      name: Node name; "DecodeWav" by default.

    Returns:
      (audio, sample_rate): float32 `[samples, channels]` from -1 to 1, and samples a second, an int32 scalar.

    Raises:
      InvalidArgumentError: when run, if the file is none such.

    >>> wav = tf.audio.encode_wav([[0.0], [0.5]], 8000)
    >>> tf.Session().run(tf.audio.decode_wav(wav).sample_rate)
    np.int32(8000)
    """
    return _DecodeWav(
        *apply_op("DecodeWav", contents, desired_channels=desired_channels, desired_samples=desired_samples, name=name)
    )


def _encoded_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(0, 2)
    c.require_rank(1, 0)
    return scalar(c)


@defop(
    "EncodeWav(audio: float32, sample_rate: int32) -> contents: string",
    shape=_encoded_dims,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _encode_wav(ctx: LoweringContext, audio: Any, sample_rate: Any) -> bytes:
    if audio.ndim != 2:
        raise InvalidArgumentError(None, ctx.op, f"audio must be 2-dimensional but got {format_dims(audio.shape)}")
    samples = np.clip(half_away(np, audio * np.float32(32768)), -32768, _LARGEST).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(audio.shape[1])
        sound.setsampwidth(2)
        sound.setframerate(int(sample_rate))
        sound.writeframes(samples.tobytes())
    return file.getvalue()


def encode_wav(audio: Any, sample_rate: Any, name: str | None = None) -> Tensor:
    """Sound as a WAV file with 16 bits a sample.

    Args:
      audio: float32 tensor `[samples, channels]` from -1 to 1; what lies beyond is cut off.
      sample_rate: int32 scalar tensor: samples a second.
      name: Node name; "EncodeWav" by default.

    Returns:
      String scalar tensor: the file.

    Raises:
      ValueError: `audio` is not of rank 2.
    """
    return apply_op("EncodeWav", audio, sample_rate, name=name)
