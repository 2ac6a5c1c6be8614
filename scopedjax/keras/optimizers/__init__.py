"""`tf.keras.optimizers`: optimizers."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.adaptive import Adadelta as Adadelta
from scopedjax._src.lib.keras.adaptive import Adamax as Adamax
from scopedjax._src.lib.keras.adaptive import Ftrl as Ftrl
from scopedjax._src.lib.keras.adaptive import Nadam as Nadam
from scopedjax._src.lib.keras.chosen_optimizers import deserialize as deserialize
from scopedjax._src.lib.keras.chosen_optimizers import get as get
from scopedjax._src.lib.keras.chosen_optimizers import serialize as serialize
from scopedjax._src.lib.keras.optimizers import SGD as SGD
from scopedjax._src.lib.keras.optimizers import Adagrad as Adagrad
from scopedjax._src.lib.keras.optimizers import Adam as Adam
from scopedjax._src.lib.keras.optimizers import Optimizer as Optimizer
from scopedjax._src.lib.keras.optimizers import RMSprop as RMSprop
from scopedjax.keras.optimizers import schedules as schedules

__getattr__ = _absent("keras.optimizers")
