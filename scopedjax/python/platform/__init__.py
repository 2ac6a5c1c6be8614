"""`tf.python.platform`: `gfile` and its neighbours under the path by which programs import them."""

from scopedjax import app as app
from scopedjax import flags as flags
from scopedjax import gfile as gfile
from scopedjax._src.base.absence import absent as _absent

__getattr__ = _absent("python.platform")
