"""`tf.saved_model.loader`: loading SavedModels."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.saved_model.loader import load as load
from scopedjax._src.lib.saved_model.loader import maybe_saved_model_directory as maybe_saved_model_directory

__getattr__ = _absent("saved_model.loader")
