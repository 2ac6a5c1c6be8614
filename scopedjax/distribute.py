"""`tf.distribute`: the default strategy, one replica."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.train.default_strategy import ReduceOp as ReduceOp
from scopedjax._src.lib.train.default_strategy import ReplicaContext as ReplicaContext
from scopedjax._src.lib.train.default_strategy import Strategy as Strategy
from scopedjax._src.lib.train.default_strategy import get_loss_reduction as get_loss_reduction
from scopedjax._src.lib.train.default_strategy import get_replica_context as get_replica_context
from scopedjax._src.lib.train.default_strategy import get_strategy as get_strategy
from scopedjax._src.lib.train.default_strategy import has_strategy as has_strategy
from scopedjax._src.lib.train.default_strategy import in_cross_replica_context as in_cross_replica_context

__getattr__ = _absent("distribute")
