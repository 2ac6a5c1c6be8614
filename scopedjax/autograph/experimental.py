"""`tf.autograph.experimental`."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.platform.eager_leftovers import do_not_convert as do_not_convert

__getattr__ = _absent("autograph.experimental")
