"""`tf.keras.callbacks`: what fit calls."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.callbacks import Callback as Callback
from scopedjax._src.lib.keras.callbacks import History as History
from scopedjax._src.lib.keras.callbacks import LambdaCallback as LambdaCallback
from scopedjax._src.lib.keras.callbacks import LearningRateScheduler as LearningRateScheduler
from scopedjax._src.lib.keras.callbacks import ProgbarLogger as ProgbarLogger
from scopedjax._src.lib.keras.callbacks import TerminateOnNaN as TerminateOnNaN
from scopedjax._src.lib.keras.reports import CSVLogger as CSVLogger
from scopedjax._src.lib.keras.reports import TensorBoard as TensorBoard
from scopedjax._src.lib.keras.watching import EarlyStopping as EarlyStopping
from scopedjax._src.lib.keras.watching import ModelCheckpoint as ModelCheckpoint
from scopedjax._src.lib.keras.watching import ReduceLROnPlateau as ReduceLROnPlateau

__getattr__ = _absent("keras.callbacks")
