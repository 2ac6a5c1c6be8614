"""`tf.keras.constraints`: what weights must be."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.constraints import Constraint as Constraint
from scopedjax._src.lib.keras.constraints import MaxNorm as MaxNorm
from scopedjax._src.lib.keras.constraints import MaxNorm as max_norm
from scopedjax._src.lib.keras.constraints import MinMaxNorm as MinMaxNorm
from scopedjax._src.lib.keras.constraints import MinMaxNorm as min_max_norm
from scopedjax._src.lib.keras.constraints import NonNeg as NonNeg
from scopedjax._src.lib.keras.constraints import NonNeg as non_neg
from scopedjax._src.lib.keras.constraints import RadialConstraint as RadialConstraint
from scopedjax._src.lib.keras.constraints import RadialConstraint as radial_constraint
from scopedjax._src.lib.keras.constraints import UnitNorm as UnitNorm
from scopedjax._src.lib.keras.constraints import UnitNorm as unit_norm
from scopedjax._src.lib.keras.constraints import deserialize as deserialize
from scopedjax._src.lib.keras.constraints import get as get
from scopedjax._src.lib.keras.constraints import serialize as serialize

__getattr__ = _absent("keras.constraints")
