"""tf.random: random numbers."""

# ops
from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.random.sampling import categorical as categorical
from scopedjax._src.ops.random.sampling import get_seed as get_seed
from scopedjax._src.ops.random.sampling import multinomial as multinomial
from scopedjax._src.ops.random.sampling import random_normal as normal
from scopedjax._src.ops.random.sampling import random_shuffle as shuffle
from scopedjax._src.ops.random.sampling import random_uniform as uniform
from scopedjax._src.ops.random.sampling import set_random_seed as set_random_seed
from scopedjax._src.ops.random.sampling import truncated_normal as truncated_normal

__getattr__ = _absent("random")
