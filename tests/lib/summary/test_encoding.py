"""The bytes of summaries against those of TensorFlow's kernels: equal protos, pixels, samples and messages."""

from __future__ import annotations

import io
import wave
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from PIL import Image
from tensorboard.compat.proto import summary_pb2

from scopedjax._src.base import errors
from scopedjax._src.ops.summary import encoding
from tests import oracle

pytestmark = pytest.mark.oracle


def _kernel(kind: str, /, **arguments: Any) -> bytes:
    """Serialized result of TensorFlow's own kernel."""
    tf = oracle.real_tf()
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(getattr(tf.raw_ops, kind)(**arguments))


def _parsed(data: bytes) -> summary_pb2.Summary:
    return summary_pb2.Summary.FromString(data)


def _same(theirs: bytes, ours: bytes) -> None:
    oracle.COUNTS["comparisons"] += 1
    assert _parsed(ours) == _parsed(theirs)


def _same_refusal(theirs: Any, ours: Any) -> None:
    """Both raise InvalidArgumentError; ours says TensorFlow's sentence."""
    with pytest.raises(oracle.real_tf().errors.InvalidArgumentError) as their_error:
        theirs()
    with pytest.raises(errors.InvalidArgumentError) as our_error:
        ours()
    oracle.assert_same(oracle.Raised.of(their_error.value), oracle.Raised.of(our_error.value))


REAL = [
    "float32",
    "float64",
    "int32",
    "uint8",
    "int16",
    "int8",
    "int64",
    "bfloat16",
    "uint16",
    "float16",
    "uint32",
    "uint64",
]


def _dtype(name: str) -> np.dtype[Any]:
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


@pytest.mark.parametrize("dtype", REAL)
def test_scalar(dtype: str) -> None:
    for number in [0, 1, 117]:
        value = np.array(number).astype(_dtype(dtype))
        _same(_kernel("ScalarSummary", tags="loss", values=value), encoding.scalar("loss", value))


def test_scalar_of_several_tags_and_of_extreme_numbers() -> None:
    tags, values = [["a", "b"], ["c", "é"]], np.array([[1e300, -1e300], [np.inf, 1e-50]])
    _same(_kernel("ScalarSummary", tags=tags, values=values), encoding.scalar(tags, values))


def test_scalar_refuses_shapes_that_differ() -> None:
    for tags, values in [("x", [1.0]), ("x", [1.0, 2.0]), (["x", "y"], [[1.0, 2.0]])]:
        values = np.array(values, np.float32)
        _same_refusal(
            lambda tags=tags, values=values: _kernel("ScalarSummary", tags=tags, values=values),
            lambda tags=tags, values=values: encoding.scalar(tags, values),
        )


@pytest.mark.parametrize("dtype", REAL)
def test_histogram_of_every_dtype(dtype: str) -> None:
    values = (np.random.default_rng(1).normal(size=(50, 7)) * 40).clip(0, 120).astype(_dtype(dtype))
    _same(_kernel("HistogramSummary", tag="h", values=values), encoding.histogram("h", values))


@pytest.mark.parametrize(
    "values",
    [
        [],
        [0.0],
        [-0.0],
        [1.0, 2.0, 3.0],
        [-1.0, 1e30, -1e30],
        [1e-13, -1e-13],
        [1e-12, -1e-12],
        [1e20, 9.920775621859783e19],
        [1e-300, 5e-324],
    ],
)
def test_histogram_at_the_edges(values: list[float]) -> None:
    array = np.array(values, np.float64)
    _same(_kernel("HistogramSummary", tag="h", values=array), encoding.histogram("h", array))


@pytest.mark.parametrize("seed", range(6))
def test_histogram_to_the_last_bit(seed: int) -> None:
    """Sums are compared as doubles without tolerance; sizes are such that the order of addition matters."""
    random = np.random.default_rng(seed)
    values = random.normal(size=30_000) * 10.0 ** random.integers(-15, 21, size=30_000)
    _same(_kernel("HistogramSummary", tag="h", values=values), encoding.histogram("h", values))


def test_every_bucket_limit() -> None:
    """A value on a limit, and the next double below it, tell where each limit is."""
    limits = encoding.bucket_limits()[1:-1]
    below = np.nextafter(limits, -np.inf)
    values = np.concatenate([limits, below[limits != 0]])  # below zero is a denormal, which TF takes for zero
    _same(_kernel("HistogramSummary", tag="h", values=values), encoding.histogram("h", values))


@pytest.mark.parametrize("values", [[1.0, np.nan], [np.inf], [-np.inf], [np.inf, np.nan], [np.nan, np.inf]])
def test_histogram_refuses_what_is_not_finite(values: list[float]) -> None:
    array = np.array(values, np.float32)
    _same_refusal(
        lambda: _kernel("HistogramSummary", tag="h", values=array, name="h"), lambda: encoding.histogram("h", array)
    )


def _pictures(data: bytes) -> list[Any]:
    found = []
    for value in _parsed(data).value:
        image = value.image
        picture = Image.open(io.BytesIO(image.encoded_image_string))
        found.append((value.tag, image.height, image.width, image.colorspace, picture.mode, np.asarray(picture)))
    return found


def _image_cases() -> dict[str, Any]:
    random = np.random.default_rng(0)
    cases: dict[str, Any] = {}
    for channels in (1, 3, 4):
        normal = random.normal(size=(2, 13, 17, channels))
        broken = normal.copy()
        broken[0, 3, 4, 0], broken[0, 5, 5, -1], broken[1, 0, 0, 0] = np.nan, np.inf, -np.inf
        cases[f"signed{channels}"] = normal
        cases[f"positive{channels}"] = abs(normal) * 300
        cases[f"dark{channels}"] = normal * 1e-7
        cases[f"broken{channels}"] = broken
        cases[f"lost{channels}"] = np.full((1, 2, 2, channels), np.nan)
        cases[f"zero{channels}"] = np.zeros((1, 2, 2, channels))
    return cases


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", _image_cases())
def test_image_pixels(name: str, dtype: Any) -> None:
    images = _image_cases()[name].astype(dtype)
    oracle.assert_same(
        _pictures(_kernel("ImageSummary", tag="x", tensor=images)), _pictures(encoding.image("x", images))
    )


@pytest.mark.parametrize("limit", [1, 2, 3, 9])
@pytest.mark.parametrize("shape", [(0, 2, 2, 1), (1, 2, 2, 3), (2, 5, 4, 1), (5, 3, 2, 4)])
def test_image_tags_and_counts(shape: tuple[int, ...], limit: int) -> None:
    images = np.random.default_rng(2).integers(0, 256, size=shape).astype(np.uint8)
    oracle.assert_same(
        _pictures(_kernel("ImageSummary", tag="x", tensor=images, max_images=limit)),
        _pictures(encoding.image("x", images, limit)),
    )


def test_image_bad_color() -> None:
    tf = oracle.real_tf()
    images = np.full((1, 2, 2, 3), np.nan, np.float32)
    color = tf.make_tensor_proto([1, 2, 3], tf.uint8)
    oracle.assert_same(
        _pictures(_kernel("ImageSummary", tag="x", tensor=images, bad_color=color)),
        _pictures(encoding.image("x", images, bad_color=[1, 2, 3])),
    )


@pytest.mark.parametrize("shape", [(5, 2, 2, 2), (2, 2, 1), (1, 0, 2, 1), (1, 2, 0, 3)])
def test_image_refuses_shapes(shape: tuple[int, ...]) -> None:
    images = np.zeros(shape, np.float32)
    _same_refusal(lambda: _kernel("ImageSummary", tag="x", tensor=images), lambda: encoding.image("x", images))


def test_image_refuses_a_bad_color_of_too_few_channels() -> None:
    tf = oracle.real_tf()
    images = np.zeros((1, 2, 2, 3), np.float32)
    color = tf.make_tensor_proto([1], tf.uint8)
    _same_refusal(
        lambda: _kernel("ImageSummary", tag="x", tensor=images, bad_color=color),
        lambda: encoding.image("x", images, bad_color=[1]),
    )


def _sounds(data: bytes) -> list[Any]:
    found = []
    for value in _parsed(data).value:
        audio = value.audio
        with wave.open(io.BytesIO(audio.encoded_audio_string)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            found.append((value.tag, tuple(file.getparams()), samples))
        found.append((audio.sample_rate, audio.num_channels, audio.length_frames, audio.content_type))
    return found


@pytest.mark.parametrize("rate", [0.4, 8000.0, 44100.7, 11025.5, 4e8])
@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("shape", [(2, 500, 2), (1, 300), (4, 10, 1), (0, 3)])
def test_audio_samples(shape: tuple[int, ...], limit: int, rate: float) -> None:
    waves = (np.random.default_rng(3).normal(size=shape) * 0.7).astype(np.float32)
    oracle.assert_same(
        _sounds(_kernel("AudioSummaryV2", tag="a", tensor=waves, sample_rate=rate, max_outputs=limit)),
        _sounds(encoding.audio("a", waves, rate, limit)),
    )


def test_audio_rounding_and_clipping() -> None:
    steps = np.arange(-70_000, 70_000, 7, dtype=np.float32) / np.float32(65536)
    waves = np.concatenate([steps, [np.nan, np.inf, -np.inf]]).astype(np.float32)[None]
    oracle.assert_same(
        _sounds(_kernel("AudioSummaryV2", tag="a", tensor=waves, sample_rate=8000.0)),
        _sounds(encoding.audio("a", waves, 8000.0)),
    )


@pytest.mark.parametrize(
    ("shape", "rate"),
    [((5,), 8000.0), ((1, 2, 3, 4), 8000.0), ((2, 5, 0), 8000.0), ((1, 5), 0.0), ((1, 5), -1.0), ((1, 5), 2.0**40)],
)
def test_audio_refuses(shape: tuple[int, ...], rate: float) -> None:
    waves = np.zeros(shape, np.float32)
    _same_refusal(
        lambda: _kernel("AudioSummaryV2", tag="a", tensor=waves, sample_rate=rate),
        lambda: encoding.audio("a", waves, rate),
    )


@pytest.mark.parametrize(
    "value",
    [
        np.array("hello", object),
        np.array([["a", "b"], ["c", "é"]], object),
        np.float32([[1, 2], [3, 4]]),
        np.int64(7),
        np.array([True, False]),
        np.complex64([1 + 2j]),
        np.zeros((0, 3), np.float16),
        np.array([1.5, 2.5], ml_dtypes.bfloat16),
    ],
    ids=lambda v: f"{v.dtype}{v.shape}",
)
def test_tensor(value: Any) -> None:
    metadata = summary_pb2.SummaryMetadata(display_name="D", summary_description="what it is")
    metadata.plugin_data.plugin_name = "text"
    data = metadata.SerializeToString()
    for given in (data, b""):
        _same(
            _kernel("TensorSummaryV2", tag="t", tensor=value, serialized_summary_metadata=given),
            encoding.tensor("t", value, given),
        )


def test_merge() -> None:
    parts = [encoding.scalar("a", 1.0), encoding.histogram("b", [1.0, 2.0]), encoding.scalar(["c", "d"], [1.0, 2.0])]
    _same(_kernel("MergeSummary", inputs=parts), encoding.merge(parts))


@pytest.mark.parametrize(
    "parts",
    [[b"abc"], [encoding.scalar("x", 1.0)] * 2, [encoding.scalar(["x", "y"], [1.0, 2.0]), encoding.scalar("y", 3.0)]],
)
def test_merge_refuses(parts: list[bytes]) -> None:
    _same_refusal(lambda: _kernel("MergeSummary", inputs=parts), lambda: encoding.merge(parts))


def test_merge_reads_what_tensorflow_wrote() -> None:
    theirs = [_kernel("ScalarSummary", tags="a", values=1.0), _kernel("HistogramSummary", tag="b", values=[1.0])]
    _same(_kernel("MergeSummary", inputs=theirs), encoding.merge(theirs))
