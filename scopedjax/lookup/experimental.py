"""`tf.lookup.experimental`: a table that a program fills."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.lookup.mutable import DenseHashTable as DenseHashTable

__getattr__ = _absent("lookup.experimental")
