"""tf.compat.v2.sparse: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.sparse import SparseTensor as SparseTensor
from scopedjax.sparse import expand_dims as expand_dims
from scopedjax.sparse import eye as eye
from scopedjax.sparse import fill_empty_rows as fill_empty_rows
from scopedjax.sparse import from_dense as from_dense
from scopedjax.sparse import mask as mask
from scopedjax.sparse import maximum as maximum
from scopedjax.sparse import minimum as minimum
from scopedjax.sparse import reorder as reorder
from scopedjax.sparse import reset_shape as reset_shape
from scopedjax.sparse import reshape as reshape
from scopedjax.sparse import retain as retain
from scopedjax.sparse import slice as slice
from scopedjax.sparse import softmax as softmax
from scopedjax.sparse import sparse_dense_matmul as sparse_dense_matmul
from scopedjax.sparse import to_dense as to_dense
from scopedjax.sparse import to_indicator as to_indicator
from scopedjax.sparse import transpose as transpose

__getattr__ = _absent("compat.v2.sparse")
