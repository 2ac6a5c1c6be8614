"""`tf.keras.initializers`: how weights start."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.initializers import RandomNormal as RandomNormal
from scopedjax._src.lib.keras.initializers import RandomNormal as normal
from scopedjax._src.lib.keras.initializers import RandomNormal as random_normal
from scopedjax._src.lib.keras.initializers import RandomUniform as RandomUniform
from scopedjax._src.lib.keras.initializers import RandomUniform as random_uniform
from scopedjax._src.lib.keras.initializers import RandomUniform as uniform
from scopedjax._src.lib.keras.initializers import TruncatedNormal as TruncatedNormal
from scopedjax._src.lib.keras.initializers import TruncatedNormal as truncated_normal
from scopedjax._src.lib.keras.initializers import deserialize as deserialize
from scopedjax._src.lib.keras.initializers import get as get
from scopedjax._src.lib.keras.initializers import serialize as serialize
from scopedjax._src.variables.initializers import Constant as Constant
from scopedjax._src.variables.initializers import Constant as constant
from scopedjax._src.variables.initializers import GlorotNormal as glorot_normal
from scopedjax._src.variables.initializers import GlorotUniform as glorot_uniform
from scopedjax._src.variables.initializers import Identity as Identity
from scopedjax._src.variables.initializers import Identity as identity
from scopedjax._src.variables.initializers import Initializer as Initializer
from scopedjax._src.variables.initializers import Ones as Ones
from scopedjax._src.variables.initializers import Ones as ones
from scopedjax._src.variables.initializers import Orthogonal as Orthogonal
from scopedjax._src.variables.initializers import Orthogonal as orthogonal
from scopedjax._src.variables.initializers import VarianceScaling as VarianceScaling
from scopedjax._src.variables.initializers import Zeros as Zeros
from scopedjax._src.variables.initializers import Zeros as zeros
from scopedjax._src.variables.initializers import he_normal as he_normal
from scopedjax._src.variables.initializers import he_uniform as he_uniform
from scopedjax._src.variables.initializers import lecun_normal as lecun_normal
from scopedjax._src.variables.initializers import lecun_uniform as lecun_uniform

__getattr__ = _absent("keras.initializers")
