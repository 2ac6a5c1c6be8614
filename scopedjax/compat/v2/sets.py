"""tf.compat.v2.sets: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.sets import difference as difference
from scopedjax.sets import intersection as intersection
from scopedjax.sets import size as size
from scopedjax.sets import union as union

__getattr__ = _absent("compat.v2.sets")
