"""`tf.profiler`: counts of operations and parameters of a graph."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.profiler import profile as profile
from scopedjax._src.lib.profiler_options import ProfileOptionBuilder as ProfileOptionBuilder

__getattr__ = _absent("profiler")
