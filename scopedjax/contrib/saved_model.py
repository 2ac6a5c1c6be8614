"""`tf.contrib.saved_model`: a signature by its name."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.saved_model.signatures import get_signature_def_by_key as get_signature_def_by_key

__getattr__ = _absent("contrib.saved_model")
