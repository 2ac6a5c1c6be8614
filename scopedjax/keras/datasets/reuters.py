"""`tf.keras.datasets.reuters`: not here, since it downloads."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.arrays import data_set as _data_set

load_data = _data_set("reuters", "reuters.npz")

__getattr__ = _absent("keras.datasets.reuters")
