"""`tf.saved_model.constants`: names of files and collections of SavedModels."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.saved_model.names import ASSETS_DIRECTORY as ASSETS_DIRECTORY
from scopedjax._src.lib.saved_model.names import ASSETS_KEY as ASSETS_KEY
from scopedjax._src.lib.saved_model.names import DEBUG_DIRECTORY as DEBUG_DIRECTORY
from scopedjax._src.lib.saved_model.names import DEBUG_INFO_FILENAME_PB as DEBUG_INFO_FILENAME_PB
from scopedjax._src.lib.saved_model.names import LEGACY_INIT_OP_KEY as LEGACY_INIT_OP_KEY
from scopedjax._src.lib.saved_model.names import MAIN_OP_KEY as MAIN_OP_KEY
from scopedjax._src.lib.saved_model.names import SAVED_MODEL_FILENAME_PB as SAVED_MODEL_FILENAME_PB
from scopedjax._src.lib.saved_model.names import SAVED_MODEL_FILENAME_PBTXT as SAVED_MODEL_FILENAME_PBTXT
from scopedjax._src.lib.saved_model.names import SAVED_MODEL_SCHEMA_VERSION as SAVED_MODEL_SCHEMA_VERSION
from scopedjax._src.lib.saved_model.names import VARIABLES_DIRECTORY as VARIABLES_DIRECTORY
from scopedjax._src.lib.saved_model.names import VARIABLES_FILENAME as VARIABLES_FILENAME

__getattr__ = _absent("saved_model.constants")
