"""`tf.xla.experimental`: asking for XLA, which is there anyway."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.platform.eager_leftovers import jit_scope as jit_scope
from scopedjax._src.lib.platform.eager_leftovers import xla_compile as compile

__getattr__ = _absent("xla.experimental")
