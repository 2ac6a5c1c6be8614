"""`tf.manip`: rearranging tensors."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.array.arranging import batch_to_space_nd as batch_to_space_nd
from scopedjax._src.ops.array.arranging import reverse as reverse
from scopedjax._src.ops.array.arranging import roll as roll
from scopedjax._src.ops.array.arranging import space_to_batch_nd as space_to_batch_nd
from scopedjax._src.ops.array.gathering import gather_nd as gather_nd
from scopedjax._src.ops.array.gathering import scatter_nd as scatter_nd
from scopedjax._src.ops.array.joining import tile as tile
from scopedjax._src.ops.array.shapes import reshape as reshape

__getattr__ = _absent("manip")
