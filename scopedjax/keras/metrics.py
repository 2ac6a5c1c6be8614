"""`tf.keras.metrics`: metrics."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.losses import binary_crossentropy as binary_crossentropy
from scopedjax._src.lib.keras.losses import categorical_crossentropy as categorical_crossentropy
from scopedjax._src.lib.keras.losses import cosine_proximity as cosine_proximity
from scopedjax._src.lib.keras.losses import hinge as hinge
from scopedjax._src.lib.keras.losses import kld as kld
from scopedjax._src.lib.keras.losses import kullback_leibler_divergence as kullback_leibler_divergence
from scopedjax._src.lib.keras.losses import mae as mae
from scopedjax._src.lib.keras.losses import mape as mape
from scopedjax._src.lib.keras.losses import mean_absolute_error as mean_absolute_error
from scopedjax._src.lib.keras.losses import mean_absolute_percentage_error as mean_absolute_percentage_error
from scopedjax._src.lib.keras.losses import mean_squared_error as mean_squared_error
from scopedjax._src.lib.keras.losses import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from scopedjax._src.lib.keras.losses import mse as mse
from scopedjax._src.lib.keras.losses import msle as msle
from scopedjax._src.lib.keras.losses import poisson as poisson
from scopedjax._src.lib.keras.losses import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from scopedjax._src.lib.keras.losses import squared_hinge as squared_hinge
from scopedjax._src.lib.keras.metrics import binary_accuracy as binary_accuracy
from scopedjax._src.lib.keras.metrics import categorical_accuracy as categorical_accuracy
from scopedjax._src.lib.keras.metrics import deserialize as deserialize
from scopedjax._src.lib.keras.metrics import get as get
from scopedjax._src.lib.keras.metrics import serialize as serialize
from scopedjax._src.lib.keras.metrics import sparse_categorical_accuracy as sparse_categorical_accuracy
from scopedjax._src.lib.keras.metrics import sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy
from scopedjax._src.lib.keras.metrics import top_k_categorical_accuracy as top_k_categorical_accuracy

__getattr__ = _absent("keras.metrics")
