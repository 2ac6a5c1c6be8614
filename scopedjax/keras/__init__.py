"""`tf.keras` as session programs use it: layers, models and a training loop in graph mode (Keras 2.2.4-tf)."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.model import Model as Model
from scopedjax._src.lib.keras.model import Sequential as Sequential
from scopedjax._src.lib.keras.network import Input as Input
from scopedjax.keras import activations as activations
from scopedjax.keras import backend as backend
from scopedjax.keras import callbacks as callbacks
from scopedjax.keras import constraints as constraints
from scopedjax.keras import datasets as datasets
from scopedjax.keras import initializers as initializers
from scopedjax.keras import layers as layers
from scopedjax.keras import losses as losses
from scopedjax.keras import metrics as metrics
from scopedjax.keras import models as models
from scopedjax.keras import optimizers as optimizers
from scopedjax.keras import preprocessing as preprocessing
from scopedjax.keras import regularizers as regularizers
from scopedjax.keras import utils as utils

__version__ = "2.2.4-tf"

__getattr__ = _absent("keras")
