"""`tf.saved_model.main_op`: nodes that are run when a SavedModel is loaded."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.saved_model.main_ops import main_op as main_op
from scopedjax._src.lib.saved_model.main_ops import main_op_with_restore as main_op_with_restore

__getattr__ = _absent("saved_model.main_op")
