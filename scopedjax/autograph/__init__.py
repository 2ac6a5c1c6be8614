"""`tf.autograph`: graph code is not transformed; what asks for that to be left out is here."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.autograph import experimental as experimental
from scopedjax._src.lib.platform.eager_leftovers import set_verbosity as set_verbosity

__getattr__ = _absent("autograph")
