"""The messages of event files under TF1's names: TensorBoard's classes, which have TensorFlow's fields."""

from __future__ import annotations

from typing import Any

from tensorboard.compat.proto import config_pb2, event_pb2, histogram_pb2, summary_pb2, tensor_pb2

# The generated modules make their classes when they are loaded, where type checkers do not see them.
_config: Any = config_pb2
_event: Any = event_pb2
_histogram: Any = histogram_pb2
_summary: Any = summary_pb2
_tensor: Any = tensor_pb2

Event: Any = _event.Event
HistogramProto: Any = _histogram.HistogramProto
LogMessage: Any = _event.LogMessage
RunMetadata: Any = _config.RunMetadata
SessionLog: Any = _event.SessionLog
Summary: Any = _summary.Summary
SummaryDescription: Any = _summary.SummaryDescription
SummaryMetadata: Any = _summary.SummaryMetadata
TaggedRunMetadata: Any = _event.TaggedRunMetadata
TensorProto: Any = _tensor.TensorProto
