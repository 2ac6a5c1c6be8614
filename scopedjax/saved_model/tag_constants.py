"""`tf.saved_model.tag_constants`: tags of the graphs of SavedModels."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.saved_model.names import GPU as GPU
from scopedjax._src.lib.saved_model.names import SERVING as SERVING
from scopedjax._src.lib.saved_model.names import TPU as TPU
from scopedjax._src.lib.saved_model.names import TRAINING as TRAINING

__getattr__ = _absent("saved_model.tag_constants")
