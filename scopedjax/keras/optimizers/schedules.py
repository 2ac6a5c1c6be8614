"""`tf.keras.optimizers.schedules`: rates that change with the step."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.schedules import ExponentialDecay as ExponentialDecay
from scopedjax._src.lib.keras.schedules import InverseTimeDecay as InverseTimeDecay
from scopedjax._src.lib.keras.schedules import LearningRateSchedule as LearningRateSchedule
from scopedjax._src.lib.keras.schedules import PiecewiseConstantDecay as PiecewiseConstantDecay
from scopedjax._src.lib.keras.schedules import PolynomialDecay as PolynomialDecay
from scopedjax._src.lib.keras.schedules import deserialize as deserialize
from scopedjax._src.lib.keras.schedules import serialize as serialize

__getattr__ = _absent("keras.optimizers.schedules")
