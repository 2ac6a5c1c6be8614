"""`tf.saved_model.utils`: TensorInfos."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.saved_model.tensor_info import build_tensor_info as build_tensor_info
from scopedjax._src.lib.saved_model.tensor_info import get_tensor_from_tensor_info as get_tensor_from_tensor_info

__getattr__ = _absent("saved_model.utils")
