"""`tf.python.saved_model`: the pages of `tf.saved_model` under the path by which programs import them."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.saved_model import builder as builder
from scopedjax.saved_model import constants as constants
from scopedjax.saved_model import loader as loader
from scopedjax.saved_model import main_op as main_op
from scopedjax.saved_model import signature_constants as signature_constants
from scopedjax.saved_model import signature_def_utils as signature_def_utils
from scopedjax.saved_model import simple_save as simple_save
from scopedjax.saved_model import tag_constants as tag_constants
from scopedjax.saved_model import utils as utils

__getattr__ = _absent("python.saved_model")
