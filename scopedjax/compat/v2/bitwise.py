"""tf.compat.v2.bitwise: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.bitwise import bitwise_and as bitwise_and
from scopedjax.bitwise import bitwise_or as bitwise_or
from scopedjax.bitwise import bitwise_xor as bitwise_xor
from scopedjax.bitwise import invert as invert
from scopedjax.bitwise import left_shift as left_shift
from scopedjax.bitwise import right_shift as right_shift

__getattr__ = _absent("compat.v2.bitwise")
