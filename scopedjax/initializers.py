"""tf.initializers: how variables start."""

# variables
from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.variables.initializers import he_normal as he_normal
from scopedjax._src.variables.initializers import he_uniform as he_uniform
from scopedjax._src.variables.initializers import lecun_normal as lecun_normal
from scopedjax._src.variables.initializers import lecun_uniform as lecun_uniform

__getattr__ = _absent("initializers")
