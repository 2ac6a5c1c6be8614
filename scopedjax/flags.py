"""tf.flags: command-line flags."""

# lib
from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.platform.flags import *  # noqa: F403 (absl's names, as tf.flags showed all of them)
from scopedjax._src.lib.platform.flags import FLAGS as FLAGS

__getattr__ = _absent("flags")
