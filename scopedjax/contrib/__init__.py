"""`tf.contrib`: the parts of TensorFlow 1's contrib that are here, each on its own page."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.contrib import lookup as lookup
from scopedjax.contrib import distributions as distributions
from scopedjax.contrib import metrics as metrics
from scopedjax.contrib import rnn as rnn
from scopedjax.contrib import saved_model as saved_model

__getattr__ = _absent("contrib")
