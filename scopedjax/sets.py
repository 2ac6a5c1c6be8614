"""`tf.sets`: sets along the last dimension of tensors."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.sparse.sets import set_difference as difference
from scopedjax._src.ops.sparse.sets import set_difference as set_difference
from scopedjax._src.ops.sparse.sets import set_intersection as intersection
from scopedjax._src.ops.sparse.sets import set_intersection as set_intersection
from scopedjax._src.ops.sparse.sets import set_size as set_size
from scopedjax._src.ops.sparse.sets import set_size as size
from scopedjax._src.ops.sparse.sets import set_union as set_union
from scopedjax._src.ops.sparse.sets import set_union as union

__getattr__ = _absent("sets")
