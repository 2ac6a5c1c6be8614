"""The summary functions of TensorFlow before 1.0, which scripts of 2016 call: the tag is an argument of its own.

    tf.scalar_summary("loss", loss)          1.0 and later: tf.summary.scalar("loss", loss)

There the name of the node is its tag; here the tag may be any text, or a tensor, and the node is called by its type.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.summary.nodes import merge, merge_all


def _collected(summary: Tensor, collections: Any) -> Tensor:
    keys = [GraphKeys.SUMMARIES] if collections is None else collections
    stacks.get_default_graph().add_to_collections(list(keys), summary)
    return summary


def scalar_summary(tags: Any, values: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """Records a summary of numbers, each with its tag.

    Args:
      tags: String tensor: the tags.
      values: Real tensor of the same shape.
      collections: Names of graph collections to add the summary to; by default `GraphKeys.SUMMARIES`.
      name: Node name; defaults to "ScalarSummary".

    Returns:
      String tensor without dimensions: a serialized `Summary`.

    >>> tf.scalar_summary(["a", "b"], [1.0, 2.0]).name
    'ScalarSummary:0'
    """
    return _collected(apply_op("ScalarSummary", tags, values, name=name), collections)


def histogram_summary(tag: str, values: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """Records a summary of how values are distributed; args as for `tf.scalar_summary`, with one tag.

    >>> tf.histogram_summary("weights", [1.0, 2.0]).op.type
    'HistogramSummary'
    """
    return _collected(apply_op("HistogramSummary", tag, values, name=name), collections)


def image_summary(
    tag: str, tensor: Any, max_images: int = 3, collections: Any = None, name: str | None = None
) -> Tensor:
    """Records a summary of images `[batch, height, width, channels]`; args as for `tf.scalar_summary`, with one tag.

    >>> tf.image_summary("digits", tf.zeros([1, 2, 2, 1])).op.type
    'ImageSummary'
    """
    return _collected(apply_op("ImageSummary", tag, tensor, max_images=max_images, name=name), collections)


def audio_summary(
    tag: str, tensor: Any, sample_rate: Any, max_outputs: int = 3, collections: Any = None, name: str | None = None
) -> Tensor:
    """Records a summary of sounds `[batch, frames]` or `[batch, frames, channels]`; args as for `tf.scalar_summary`.

    >>> tf.audio_summary("voice", tf.zeros([1, 8]), 8000.0).op.type
    'AudioSummaryV2'
    """
    with name_scope(name, "AudioSummary", [tensor]) as scope:
        rate = convert_to_tensor(sample_rate, dtype=dtypes.float32, name="sample_rate")
        node = apply_op("AudioSummaryV2", tag, tensor, rate, max_outputs=max_outputs, name=scope)
    return _collected(node, collections)


def merge_summary(inputs: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """Joins summaries into one: the former name of `tf.summary.merge`.

    >>> tf.merge_summary([tf.scalar_summary("a", 1.0)]).op.type
    'MergeSummary'
    """
    return merge(inputs, collections, name or "MergeSummary")


def merge_all_summaries(key: str = GraphKeys.SUMMARIES) -> Tensor | None:
    """Joins all summaries of the graph: the former name of `tf.summary.merge_all`.

    >>> tf.merge_all_summaries() is None
    True
    """
    return merge_all(key, name="MergeSummary")
