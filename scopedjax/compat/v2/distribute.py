"""tf.compat.v2.distribute: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.distribute import ReduceOp as ReduceOp
from scopedjax.distribute import get_replica_context as get_replica_context
from scopedjax.distribute import get_strategy as get_strategy
from scopedjax.distribute import has_strategy as has_strategy
from scopedjax.distribute import in_cross_replica_context as in_cross_replica_context

__getattr__ = _absent("compat.v2.distribute")
