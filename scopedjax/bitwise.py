"""Bits of integers: `tf.bitwise`."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.math.comparison import bitwise_and as bitwise_and
from scopedjax._src.ops.math.comparison import bitwise_or as bitwise_or
from scopedjax._src.ops.math.comparison import bitwise_xor as bitwise_xor
from scopedjax._src.ops.math.comparison import invert as invert
from scopedjax._src.ops.math.comparison import left_shift as left_shift
from scopedjax._src.ops.math.comparison import right_shift as right_shift

__getattr__ = _absent("bitwise")
