"""`tf.keras.datasets.fashion_mnist`: not here, since it downloads."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.arrays import data_set as _data_set

load_data = _data_set("fashion_mnist", "its four .gz files")

__getattr__ = _absent("keras.datasets.fashion_mnist")
