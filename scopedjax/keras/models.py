"""`tf.keras.models`: layers as one layer."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.configs import clone_model as clone_model
from scopedjax._src.lib.keras.configs import model_from_config as model_from_config
from scopedjax._src.lib.keras.configs import model_from_json as model_from_json
from scopedjax._src.lib.keras.configs import model_from_yaml as model_from_yaml
from scopedjax._src.lib.keras.files import load_model as load_model
from scopedjax._src.lib.keras.files import save_model as save_model
from scopedjax._src.lib.keras.model import Model as Model
from scopedjax._src.lib.keras.model import Sequential as Sequential

__getattr__ = _absent("keras.models")
