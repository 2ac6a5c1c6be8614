"""`tf.keras.optimizers`: optimizers."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.optimizers import SGD as SGD
from scopedjax._src.lib.keras.optimizers import Adagrad as Adagrad
from scopedjax._src.lib.keras.optimizers import Adam as Adam
from scopedjax._src.lib.keras.optimizers import Optimizer as Optimizer
from scopedjax._src.lib.keras.optimizers import RMSprop as RMSprop
from scopedjax._src.lib.keras.optimizers import deserialize as deserialize
from scopedjax._src.lib.keras.optimizers import get as get
from scopedjax._src.lib.keras.optimizers import serialize as serialize

__getattr__ = _absent("keras.optimizers")
