"""`tf.keras.preprocessing.sequence`: sequences."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.arrays import pad_sequences as pad_sequences

__getattr__ = _absent("keras.preprocessing.sequence")
