"""`tf.keras.losses`: losses."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.losses import BinaryCrossentropy as BinaryCrossentropy
from scopedjax._src.lib.keras.losses import CategoricalCrossentropy as CategoricalCrossentropy
from scopedjax._src.lib.keras.losses import Hinge as Hinge
from scopedjax._src.lib.keras.losses import Huber as Huber
from scopedjax._src.lib.keras.losses import Loss as Loss
from scopedjax._src.lib.keras.losses import MeanAbsoluteError as MeanAbsoluteError
from scopedjax._src.lib.keras.losses import MeanSquaredError as MeanSquaredError
from scopedjax._src.lib.keras.losses import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from scopedjax._src.lib.keras.losses import binary_crossentropy as binary_crossentropy
from scopedjax._src.lib.keras.losses import categorical_crossentropy as categorical_crossentropy
from scopedjax._src.lib.keras.losses import categorical_hinge as categorical_hinge
from scopedjax._src.lib.keras.losses import cosine_proximity as cosine_proximity
from scopedjax._src.lib.keras.losses import cosine_similarity as cosine
from scopedjax._src.lib.keras.losses import cosine_similarity as cosine_similarity
from scopedjax._src.lib.keras.losses import deserialize as deserialize
from scopedjax._src.lib.keras.losses import get as get
from scopedjax._src.lib.keras.losses import hinge as hinge
from scopedjax._src.lib.keras.losses import kld as KLD
from scopedjax._src.lib.keras.losses import kld as kld
from scopedjax._src.lib.keras.losses import kullback_leibler_divergence as kullback_leibler_divergence
from scopedjax._src.lib.keras.losses import logcosh as logcosh
from scopedjax._src.lib.keras.losses import mae as MAE
from scopedjax._src.lib.keras.losses import mae as mae
from scopedjax._src.lib.keras.losses import mape as MAPE
from scopedjax._src.lib.keras.losses import mape as mape
from scopedjax._src.lib.keras.losses import mean_absolute_error as mean_absolute_error
from scopedjax._src.lib.keras.losses import mean_absolute_percentage_error as mean_absolute_percentage_error
from scopedjax._src.lib.keras.losses import mean_squared_error as mean_squared_error
from scopedjax._src.lib.keras.losses import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from scopedjax._src.lib.keras.losses import mse as MSE
from scopedjax._src.lib.keras.losses import mse as mse
from scopedjax._src.lib.keras.losses import msle as MSLE
from scopedjax._src.lib.keras.losses import msle as msle
from scopedjax._src.lib.keras.losses import poisson as poisson
from scopedjax._src.lib.keras.losses import serialize as serialize
from scopedjax._src.lib.keras.losses import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from scopedjax._src.lib.keras.losses import squared_hinge as squared_hinge

__getattr__ = _absent("keras.losses")
