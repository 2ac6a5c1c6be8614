"""`tf.config.optimizer`: settings of the compiler."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.runtime.device_settings import get_experimental_options as get_experimental_options
from scopedjax._src.runtime.device_settings import get_jit as get_jit
from scopedjax._src.runtime.device_settings import set_experimental_options as set_experimental_options
from scopedjax._src.runtime.device_settings import set_jit as set_jit

__getattr__ = _absent("config.optimizer")
