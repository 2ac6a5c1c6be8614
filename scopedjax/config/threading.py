"""`tf.config.threading`: numbers of threads."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.runtime.device_settings import get_inter_op_parallelism_threads as get_inter_op_parallelism_threads
from scopedjax._src.runtime.device_settings import get_intra_op_parallelism_threads as get_intra_op_parallelism_threads
from scopedjax._src.runtime.device_settings import set_inter_op_parallelism_threads as set_inter_op_parallelism_threads
from scopedjax._src.runtime.device_settings import set_intra_op_parallelism_threads as set_intra_op_parallelism_threads

__getattr__ = _absent("config.threading")
