"""`tf.app`: flags and the main function."""

from scopedjax import flags as flags
from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.platform.app import run as run

__getattr__ = _absent("app")
