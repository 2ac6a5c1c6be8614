"""`tf.python`: of TensorFlow's inner modules, those that programs import by their path to freeze and load graphs."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.python import framework as framework
from scopedjax.python import platform as platform
from scopedjax.python import saved_model as saved_model
from scopedjax.python import tools as tools

__getattr__ = _absent("python")
