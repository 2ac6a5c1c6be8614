"""Names of TensorFlow before 1.0: the page of contents of the package shows them all."""

from scopedjax._src.ops.array.joining import concat as concat_v2
from scopedjax._src.ops.array.packing import stack as pack
from scopedjax._src.ops.array.packing import unstack as unpack
from scopedjax._src.ops.array.selection import setdiff1d as listdiff
from scopedjax._src.ops.math.comparison import where as select
from scopedjax._src.ops.math.elementwise import multiply as mul
from scopedjax._src.ops.math.elementwise import negative as neg
from scopedjax._src.ops.math.elementwise import reciprocal as inv
from scopedjax._src.ops.math.elementwise import subtract as sub
from scopedjax._src.ops.summary.former import audio_summary as audio_summary
from scopedjax._src.ops.summary.former import histogram_summary as histogram_summary
from scopedjax._src.ops.summary.former import image_summary as image_summary
from scopedjax._src.ops.summary.former import merge_all_summaries as merge_all_summaries
from scopedjax._src.ops.summary.former import merge_summary as merge_summary
from scopedjax._src.ops.summary.former import scalar_summary as scalar_summary

__all__ = (
    "audio_summary",
    "concat_v2",
    "histogram_summary",
    "image_summary",
    "inv",
    "listdiff",
    "merge_all_summaries",
    "merge_summary",
    "mul",
    "neg",
    "pack",
    "scalar_summary",
    "select",
    "sub",
    "unpack",
)
