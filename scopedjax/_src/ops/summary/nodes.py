"""The ops of `tf.summary`: scalar, histogram, image, audio, text, any tensor, and merging.

A summary op is a host op that gives the bytes of a `Summary` (see `encoding`); a run fetches them, a `FileWriter`
writes them. Names and tags are TensorFlow's: the node takes the cleaned name under the current scope, and the tag is
the node's name, with the family once more in front if there is one.

    with tf.name_scope("net"):
        tf.summary.scalar("my loss", x)                 node net/my_loss         tag "net/my_loss"
        tf.summary.scalar("loss", x, family="train")    node net/train/loss      tag "train/net/train/loss"
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from google.protobuf import json_format

from scopedjax._src.base import dtypes
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_rules import scalar as scalar_shape
from scopedjax._src.ops.summary import encoding
from scopedjax._src.ops.summary.protos import SummaryDescription, SummaryMetadata

_REAL: Final = (
    dtypes.float32, dtypes.float64, dtypes.int32, dtypes.uint8, dtypes.int16, dtypes.int8, dtypes.int64,
    dtypes.bfloat16, dtypes.uint16, dtypes.float16, dtypes.uint32, dtypes.uint64,
)  # fmt: skip
_IMAGE_TYPES: Final = (dtypes.uint8, dtypes.float32, dtypes.float16, dtypes.float64)
_BAD_COLOR: Final = np.array([255, 0, 0, 255], np.uint8)
_ILLEGAL: Final = re.compile(r"[^-/\w.]")
_PROPERTIES: Final[dict[str, Any]] = {"shape": scalar_shape, "host": True, "gradient": NOT_DIFFERENTIABLE}


@defop("ScalarSummary(tags: string, values: T) -> summary: string", types={"T": _REAL}, **_PROPERTIES)
def _scalar_summary(tags: Any, values: Any) -> bytes:
    return encoding.scalar(tags, values)


@defop(
    "HistogramSummary(tag: string, values: T; T: type = float32) -> summary: string", types={"T": _REAL}, **_PROPERTIES
)
def _histogram_summary(tag: Any, values: Any) -> bytes:
    return encoding.histogram(tag.item(), values)


@defop(
    "ImageSummary(tag: string, tensor: T; max_images: int = 3, T: type = float32, "
    "bad_color: tensor = [255, 0, 0, 255]) -> summary: string",
    types={"T": _IMAGE_TYPES},
    **_PROPERTIES,
)
def _image_summary(tag: Any, tensor: Any, *, max_images: int, bad_color: Any) -> bytes:
    return encoding.image(tag.item(), tensor, max_images, bad_color)


@defop(
    "AudioSummaryV2(tag: string, tensor: float32, sample_rate: float32; max_outputs: int = 3) -> summary: string",
    **_PROPERTIES,
)
def _audio_summary(tag: Any, tensor: Any, sample_rate: Any, *, max_outputs: int) -> bytes:
    return encoding.audio(tag.item(), tensor, sample_rate, max_outputs)


@defop("TensorSummaryV2(tag: string, tensor: T, serialized_summary_metadata: string) -> summary: string", **_PROPERTIES)
def _tensor_summary(tag: Any, tensor: Any, serialized_summary_metadata: Any) -> bytes:
    return encoding.tensor(tag.item(), tensor, serialized_summary_metadata.item())


@defop("MergeSummary(inputs: N * string) -> summary: string", **_PROPERTIES)
def _merge_summary(inputs: Sequence[Any]) -> bytes:
    return encoding.merge(part for value in inputs for part in value.ravel())


def _clean(name: str | None) -> str | None:
    """`name` with what a tag may not have replaced by "_", and no slash in front; says so in the log, as TF1 does."""
    if name is None:
        return None
    cleaned = _ILLEGAL.sub("_", name).lstrip("/")
    if cleaned != name:
        logging.getLogger("tensorflow").info("Summary name %s is illegal; using %s instead.", name, cleaned)
    return cleaned


@contextlib.contextmanager
def _summary_scope(name: str, family: str | None, values: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Opens the scope of a summary op; yields (its tag, its node's name)."""
    cleaned, family = _clean(name), _clean(family)
    with name_scope(f"{family}/{cleaned}" if family else cleaned, values=values) as scope:
        path = scope.rstrip("/")
        yield f"{family}/{path}" if family else path, scope


def _collect(summary: Tensor, collections: Any, default: Sequence[str] = (GraphKeys.SUMMARIES,)) -> Tensor:
    stacks.get_default_graph().add_to_collections(default if collections is None else collections, summary)
    return summary


def scalar(name: str, tensor: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """Records a summary of one number.

    Args:
      name: Name of the node; under it TensorBoard shows the curve.
      tensor: Real tensor with one element and no dimensions.
      collections: Names of graph collections to add the summary to; by default `GraphKeys.SUMMARIES`.
      family: Prefix of the tag, which groups curves in TensorBoard.

    Returns:
      String tensor without dimensions: a serialized `Summary`.

    Raises:
      TypeError: the dtype is not real.
      InvalidArgumentError: when run, if the tensor has dimensions.

    >>> summary = tf.summary.scalar("loss", tf.constant(0.5))
    >>> with tf.Session() as session:
    ...     value = tf.Summary.FromString(session.run(summary)).value[0]
    >>> value.tag, value.simple_value
    ('loss', 0.5)
    """
    with _summary_scope(name, family, [tensor]) as (tag, scope):
        return _collect(apply_op("ScalarSummary", tag, tensor, name=scope), collections)


def histogram(name: str, values: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """Records a summary of how values are distributed.

    Args:
      name: Name of the node; under it TensorBoard shows the histogram.
      values: Real tensor of any shape.
      collections: Names of graph collections to add the summary to; by default `GraphKeys.SUMMARIES`.
      family: Prefix of the tag.

    Returns:
      String tensor without dimensions: a serialized `Summary`.

    Raises:
      TypeError: the dtype is not real.
      InvalidArgumentError: when run, if a value is not finite ("Nan in summary histogram for").

    >>> tf.summary.histogram("weights", tf.constant([1.0, 2.0])).name
    'weights:0'
    """
    with _summary_scope(name, family, [values]) as (tag, scope):
        return _collect(apply_op("HistogramSummary", tag, values, name=scope), collections)


def _check_count(count: int, attr: str, op_type: str) -> None:
    if count < 1:
        raise ValueError(f"Attr '{attr}' of '{op_type}' Op passed {count} less than minimum 1.")


def image(name: str, tensor: Any, max_outputs: int = 3, collections: Any = None, family: str | None = None) -> Tensor:
    """Records a summary of images.

    Numbers that are not uint8 are scaled, each image by itself: so that the largest is 255 if none is negative, and
    so that 0 becomes 128 otherwise. A pixel that is not finite is red.

    Args:
      name: Name of the node; the images are `name/image/0`, `name/image/1`, ..., or `name/image` for `max_outputs=1`.
      tensor: `[batch, height, width, channels]`, uint8, float16, float32 or float64, with 1 (grey), 3 (RGB) or 4
        (RGBA) channels.
      max_outputs: How many images of the batch to keep.
      collections: Names of graph collections to add the summary to; by default `GraphKeys.SUMMARIES`.
      family: Prefix of the tag.

    Returns:
      String tensor without dimensions: a serialized `Summary`.

    Raises:
      TypeError: the dtype is none of those.
      ValueError: `max_outputs` is below 1.
      InvalidArgumentError: when run, if the shape does not fit.

    >>> summary = tf.summary.image("x", tf.zeros([2, 8, 8, 1]))
    >>> with tf.Session() as session:
    ...     [value.tag for value in tf.Summary.FromString(session.run(summary)).value]
    ['x/image/0', 'x/image/1']
    """
    with _summary_scope(name, family, [tensor]) as (tag, scope):
        _check_count(max_outputs, "max_images", "ImageSummary")
        summary = apply_op("ImageSummary", tag, tensor, max_images=max_outputs, bad_color=_BAD_COLOR.copy(), name=scope)
        return _collect(summary, collections)


def audio(
    name: str, tensor: Any, sample_rate: Any, max_outputs: int = 3, collections: Any = None, family: str | None = None
) -> Tensor:
    """Records a summary of sounds.

    Args:
      name: Name of the node; the sounds are `name/audio/0`, `name/audio/1`, ..., or `name/audio` for `max_outputs=1`.
      tensor: float32, `[batch, frames, channels]` or `[batch, frames]`, in -1..1; what exceeds is cut.
      sample_rate: Frames a second: a number, or a float32 tensor.
      max_outputs: How many sounds of the batch to keep.
      collections: Names of graph collections to add the summary to; by default `GraphKeys.SUMMARIES`.
      family: Prefix of the tag.

    Returns:
      String tensor without dimensions: a serialized `Summary`.

    Raises:
      TypeError: the dtype is not float32.
      ValueError: `max_outputs` is below 1.
      InvalidArgumentError: when run, if the shape or the rate does not fit.

    >>> tf.summary.audio("speech", tf.zeros([1, 100]), 16000).op.type
    'AudioSummaryV2'
    """
    with _summary_scope(name, family, [tensor]) as (tag, scope):
        _check_count(max_outputs, "max_outputs", "AudioSummaryV2")
        rate = convert_to_tensor(sample_rate, dtype=dtypes.float32, name="sample_rate")
        summary = apply_op("AudioSummaryV2", tag, tensor, rate, max_outputs=max_outputs, name=scope)
        return _collect(summary, collections)


def tensor_summary(
    name: str,
    tensor: Any,
    summary_description: str | None = None,
    collections: Any = None,
    summary_metadata: Any = None,
    family: str | None = None,
    display_name: str | None = None,
) -> Tensor:
    """Records a summary of any tensor, for a TensorBoard plugin.

    Args:
      name: Name of the node.
      tensor: A tensor of any dtype.
      summary_description: Text that explains the data.
      collections: Names of graph collections to add the summary to; by default `GraphKeys.SUMMARIES`.
      summary_metadata: `tf.SummaryMetadata`, which names the plugin.
      family: Prefix of the tag.
      display_name: Name to show instead of the tag.

    Returns:
      String tensor without dimensions: a serialized `Summary`.

    >>> tf.summary.tensor_summary("t", tf.constant([1, 2])).op.type
    'TensorSummaryV2'
    """
    metadata = SummaryMetadata()
    if summary_metadata is not None:
        metadata.ParseFromString(summary_metadata.SerializeToString())
    if display_name is not None:
        metadata.display_name = display_name
    if summary_description is not None:
        metadata.summary_description = summary_description
    with _summary_scope(name, family, [tensor]) as (tag, scope):
        summary = apply_op("TensorSummaryV2", tag, tensor, metadata.SerializeToString(), name=scope)
        return _collect(summary, collections)


def text(name: str, tensor: Any, collections: Any = None) -> Tensor:
    """Records a summary of text, which TensorBoard shows as Markdown; two dimensions make a table.

    Args:
      name: Name of the node.
      tensor: String tensor.
      collections: Names of graph collections to add the summary to; by default `GraphKeys.SUMMARIES`.

    Returns:
      String tensor without dimensions: a serialized `Summary`.

    Raises:
      ValueError: the tensor is not of strings.

    >>> tf.summary.text("notes", tf.constant("**bold**")).name
    'notes:0'
    """
    if not isinstance(tensor, str | bytes | list | tuple) and tensor.dtype != dtypes.string:
        raise ValueError(f"Expected tensor {tensor.name} to have dtype string, got {tensor.dtype}")
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    return tensor_summary(name, tensor, summary_metadata=metadata, collections=collections)


def merge(inputs: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """Records a summary that holds several.

    Args:
      inputs: List of string tensors: serialized `Summary` messages.
      collections: Names of graph collections to add the summary to; by default none.
      name: Name of the scope and of the node in it.

    Returns:
      String tensor without dimensions: a serialized `Summary`.

    Raises:
      ValueError: `inputs` is empty.
      InvalidArgumentError: when run, if a tag occurs twice ("Duplicate tag").

    >>> parts = [tf.summary.scalar("a", 1.0), tf.summary.scalar("b", 2.0)]
    >>> tf.summary.merge(parts).name
    'Merge/MergeSummary:0'
    """
    name = _clean(name)
    if isinstance(inputs, list | tuple) and not inputs:
        raise ValueError("List argument 'inputs' to 'MergeSummary' Op with length 0 shorter than minimum length 1.")
    with name_scope(name, "Merge", inputs):
        return _collect(apply_op("MergeSummary", inputs, name=name), collections, ())


def merge_all(key: str = GraphKeys.SUMMARIES, scope: str | None = None, name: str | None = None) -> Tensor | None:
    """Records a summary that holds all those of a collection.

    Args:
      key: Name of the collection.
      scope: Regular expression; only summaries whose name it matches are taken.
      name: Name of the scope and of the node in it.

    Returns:
      String tensor without dimensions; None if there are no summaries.

    >>> tf.summary.merge_all() is None
    True
    """
    summaries = stacks.get_default_graph().get_collection(key, scope=scope)
    return merge(summaries, name=name) if summaries else None


def get_summary_description(node_def: Any) -> Any:
    """What a `TensorSummary` node says about its data.

    Args:
      node_def: `NodeDef` of the node, for example from an imported graph.

    Returns:
      A `SummaryDescription`.

    Raises:
      ValueError: the node is of another type.
    """
    if node_def.op != "TensorSummary":
        raise ValueError(f"Can't get_summary_description on {node_def.op}")
    return json_format.Parse(node_def.attr["description"].s, SummaryDescription())
