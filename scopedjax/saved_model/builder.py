"""`tf.saved_model.builder`: writing SavedModels."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.saved_model.builder import SavedModelBuilder as SavedModelBuilder

__getattr__ = _absent("saved_model.builder")
