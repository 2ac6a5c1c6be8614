"""`tf.keras.regularizers`: penalties on weights."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.regularizers import L1L2 as L1L2
from scopedjax._src.lib.keras.regularizers import Regularizer as Regularizer
from scopedjax._src.lib.keras.regularizers import deserialize as deserialize
from scopedjax._src.lib.keras.regularizers import get as get
from scopedjax._src.lib.keras.regularizers import l1 as l1
from scopedjax._src.lib.keras.regularizers import l1_l2 as l1_l2
from scopedjax._src.lib.keras.regularizers import l2 as l2
from scopedjax._src.lib.keras.regularizers import serialize as serialize

__getattr__ = _absent("keras.regularizers")
