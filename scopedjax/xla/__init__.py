"""`tf.xla`: everything is compiled by XLA."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.xla import experimental as experimental

__getattr__ = _absent("xla")
