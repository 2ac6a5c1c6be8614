"""`tf.keras.models`: layers as one layer."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.model import Model as Model
from scopedjax._src.lib.keras.model import Sequential as Sequential

__getattr__ = _absent("keras.models")
