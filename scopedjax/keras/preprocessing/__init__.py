"""`tf.keras.preprocessing`."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.keras.preprocessing import sequence as sequence
from scopedjax.keras.preprocessing import text as text

__getattr__ = _absent("keras.preprocessing")
