"""`tf.keras.utils`: helpers."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.arrays import normalize as normalize
from scopedjax._src.lib.keras.arrays import to_categorical as to_categorical
from scopedjax._src.lib.keras.callbacks import Progbar as Progbar
from scopedjax._src.lib.keras.callbacks import Sequence as Sequence
from scopedjax._src.lib.keras.naming import custom_object_scope as CustomObjectScope
from scopedjax._src.lib.keras.naming import custom_object_scope as custom_object_scope
from scopedjax._src.lib.keras.naming import deserialize_keras_object as deserialize_keras_object
from scopedjax._src.lib.keras.naming import get_custom_objects as get_custom_objects
from scopedjax._src.lib.keras.naming import serialize_keras_object as serialize_keras_object

__getattr__ = _absent("keras.utils")
