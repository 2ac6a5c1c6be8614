"""`tf.saved_model.signature_def_utils`: signatures."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.saved_model.method_names import MethodNameUpdater as MethodNameUpdater
from scopedjax._src.lib.saved_model.signatures import build_signature_def as build_signature_def
from scopedjax._src.lib.saved_model.signatures import classification_signature_def as classification_signature_def
from scopedjax._src.lib.saved_model.signatures import is_valid_signature as is_valid_signature
from scopedjax._src.lib.saved_model.signatures import predict_signature_def as predict_signature_def
from scopedjax._src.lib.saved_model.signatures import regression_signature_def as regression_signature_def

__getattr__ = _absent("saved_model.signature_def_utils")
