"""`tf.autograph.experimental`."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.functions.conversion import do_not_convert as do_not_convert
from scopedjax._src.lib.functions.conversion import set_loop_options as set_loop_options

__getattr__ = _absent("autograph.experimental")
