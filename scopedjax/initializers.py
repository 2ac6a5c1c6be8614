"""tf.initializers: how variables start."""

# variables
from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.lookup.initializers import tables_initializer as tables_initializer
from scopedjax._src.variables.collections import global_variables_initializer as global_variables
from scopedjax._src.variables.collections import local_variables_initializer as local_variables
from scopedjax._src.variables.collections import variables_initializer as variables
from scopedjax._src.variables.initializers import Constant as constant
from scopedjax._src.variables.initializers import GlorotNormal as glorot_normal
from scopedjax._src.variables.initializers import GlorotUniform as glorot_uniform
from scopedjax._src.variables.initializers import Identity as identity
from scopedjax._src.variables.initializers import Ones as ones
from scopedjax._src.variables.initializers import Orthogonal as orthogonal
from scopedjax._src.variables.initializers import RandomNormal as random_normal
from scopedjax._src.variables.initializers import RandomUniform as random_uniform
from scopedjax._src.variables.initializers import TruncatedNormal as truncated_normal
from scopedjax._src.variables.initializers import UniformUnitScaling as uniform_unit_scaling
from scopedjax._src.variables.initializers import VarianceScaling as variance_scaling
from scopedjax._src.variables.initializers import Zeros as zeros
from scopedjax._src.variables.initializers import he_normal as he_normal
from scopedjax._src.variables.initializers import he_uniform as he_uniform
from scopedjax._src.variables.initializers import lecun_normal as lecun_normal
from scopedjax._src.variables.initializers import lecun_uniform as lecun_uniform

__getattr__ = _absent("initializers")
