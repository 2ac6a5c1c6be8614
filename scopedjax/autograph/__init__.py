"""`tf.autograph`: Python's control flow on tensors."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.functions.conversion import set_verbosity as set_verbosity
from scopedjax._src.lib.functions.conversion import to_code as to_code
from scopedjax._src.lib.functions.conversion import to_graph as to_graph
from scopedjax._src.lib.functions.conversion import trace as trace
from scopedjax.autograph import experimental as experimental

__getattr__ = _absent("autograph")
