"""`tf.sparse`: sparse tensors."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.accumulators.accumulator import SparseConditionalAccumulator as SparseConditionalAccumulator
from scopedjax._src.ops.math.segments import sparse_segment_mean as segment_mean
from scopedjax._src.ops.math.segments import sparse_segment_sqrt_n as segment_sqrt_n
from scopedjax._src.ops.math.segments import sparse_segment_sum as segment_sum
from scopedjax._src.ops.sparse.arranging import from_dense as from_dense
from scopedjax._src.ops.sparse.arranging import sparse_expand_dims as expand_dims
from scopedjax._src.ops.sparse.arranging import sparse_eye as eye
from scopedjax._src.ops.sparse.arranging import sparse_mask as mask
from scopedjax._src.ops.sparse.arranging import sparse_merge as merge
from scopedjax._src.ops.sparse.arranging import sparse_placeholder as placeholder
from scopedjax._src.ops.sparse.arranging import sparse_reorder as reorder
from scopedjax._src.ops.sparse.arranging import sparse_reset_shape as reset_shape
from scopedjax._src.ops.sparse.arranging import sparse_reshape as reshape
from scopedjax._src.ops.sparse.arranging import sparse_retain as retain
from scopedjax._src.ops.sparse.arranging import sparse_to_indicator as to_indicator
from scopedjax._src.ops.sparse.arranging import sparse_transpose as transpose
from scopedjax._src.ops.sparse.crosses import sparse_cross as cross
from scopedjax._src.ops.sparse.crosses import sparse_cross_hashed as cross_hashed
from scopedjax._src.ops.sparse.densify import sparse_tensor_to_dense as to_dense
from scopedjax._src.ops.sparse.elementwise import sparse_maximum as maximum
from scopedjax._src.ops.sparse.elementwise import sparse_minimum as minimum
from scopedjax._src.ops.sparse.elementwise import sparse_softmax as softmax
from scopedjax._src.ops.sparse.joining import sparse_add as add
from scopedjax._src.ops.sparse.joining import sparse_concat as concat
from scopedjax._src.ops.sparse.joining import sparse_fill_empty_rows as fill_empty_rows
from scopedjax._src.ops.sparse.joining import sparse_slice as slice
from scopedjax._src.ops.sparse.joining import sparse_split as split
from scopedjax._src.ops.sparse.products import sparse_tensor_dense_matmul as matmul
from scopedjax._src.ops.sparse.products import sparse_tensor_dense_matmul as sparse_dense_matmul
from scopedjax._src.ops.sparse.reductions import sparse_reduce_max as reduce_max
from scopedjax._src.ops.sparse.reductions import sparse_reduce_max_sparse as reduce_max_sparse
from scopedjax._src.ops.sparse.reductions import sparse_reduce_sum as reduce_sum
from scopedjax._src.ops.sparse.reductions import sparse_reduce_sum_sparse as reduce_sum_sparse
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor as SparseTensor

__getattr__ = _absent("sparse")
