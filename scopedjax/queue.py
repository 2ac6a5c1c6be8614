"""`tf.queue`: queues of tensors."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.queues.queue import FIFOQueue as FIFOQueue
from scopedjax._src.ops.queues.queue import PaddingFIFOQueue as PaddingFIFOQueue
from scopedjax._src.ops.queues.queue import PriorityQueue as PriorityQueue
from scopedjax._src.ops.queues.queue import QueueBase as QueueBase
from scopedjax._src.ops.queues.queue import RandomShuffleQueue as RandomShuffleQueue

__getattr__ = _absent("queue")
