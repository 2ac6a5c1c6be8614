"""`tf.sparse`: sparse tensors."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.sparse.densify import sparse_reorder as reorder
from scopedjax._src.ops.sparse.densify import sparse_tensor_to_dense as to_dense
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor as SparseTensor

__getattr__ = _absent("sparse")
