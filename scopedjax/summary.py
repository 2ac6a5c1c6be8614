"""`tf.summary`: what TensorBoard shows."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.summary.file_writer import FileWriter as FileWriter
from scopedjax._src.lib.summary.file_writer import FileWriterCache as FileWriterCache
from scopedjax._src.ops.summary.nodes import audio as audio
from scopedjax._src.ops.summary.nodes import get_summary_description as get_summary_description
from scopedjax._src.ops.summary.nodes import histogram as histogram
from scopedjax._src.ops.summary.nodes import image as image
from scopedjax._src.ops.summary.nodes import merge as merge
from scopedjax._src.ops.summary.nodes import merge_all as merge_all
from scopedjax._src.ops.summary.nodes import scalar as scalar
from scopedjax._src.ops.summary.nodes import tensor_summary as tensor_summary
from scopedjax._src.ops.summary.nodes import text as text
from scopedjax._src.ops.summary.protos import Event as Event
from scopedjax._src.ops.summary.protos import SessionLog as SessionLog
from scopedjax._src.ops.summary.protos import Summary as Summary
from scopedjax._src.ops.summary.protos import SummaryDescription as SummaryDescription
from scopedjax._src.ops.summary.protos import TaggedRunMetadata as TaggedRunMetadata

__getattr__ = _absent("summary")
