"""`tf.python.tools`: `freeze_graph`."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.freezing import freeze_graph as freeze_graph

__getattr__ = _absent("python.tools")
