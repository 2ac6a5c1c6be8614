"""`tf.sparse`: sparse tensors."""

from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor as SparseTensor
