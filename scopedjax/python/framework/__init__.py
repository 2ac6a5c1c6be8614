"""`tf.python.framework`: `graph_util` under the path by which programs import it."""

from scopedjax import errors as errors
from scopedjax import graph_util as graph_util
from scopedjax._src.base.absence import absent as _absent

__getattr__ = _absent("python.framework")
