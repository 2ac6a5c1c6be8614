"""`tf.keras.activations`: activations by name."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.activations import deserialize as deserialize
from scopedjax._src.lib.keras.activations import elu as elu
from scopedjax._src.lib.keras.activations import exponential as exponential
from scopedjax._src.lib.keras.activations import get as get
from scopedjax._src.lib.keras.activations import hard_sigmoid as hard_sigmoid
from scopedjax._src.lib.keras.activations import linear as linear
from scopedjax._src.lib.keras.activations import relu as relu
from scopedjax._src.lib.keras.activations import selu as selu
from scopedjax._src.lib.keras.activations import serialize as serialize
from scopedjax._src.lib.keras.activations import sigmoid as sigmoid
from scopedjax._src.lib.keras.activations import softmax as softmax
from scopedjax._src.lib.keras.activations import softplus as softplus
from scopedjax._src.lib.keras.activations import softsign as softsign
from scopedjax._src.lib.keras.activations import tanh as tanh

__getattr__ = _absent("keras.activations")
