"""`tf.version`: which TensorFlow this behaves like."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.base.version import COMPILER_VERSION as COMPILER_VERSION
from scopedjax._src.base.version import GIT_VERSION as GIT_VERSION
from scopedjax._src.base.version import GRAPH_DEF_VERSION as GRAPH_DEF_VERSION
from scopedjax._src.base.version import GRAPH_DEF_VERSION_MIN_CONSUMER as GRAPH_DEF_VERSION_MIN_CONSUMER
from scopedjax._src.base.version import GRAPH_DEF_VERSION_MIN_PRODUCER as GRAPH_DEF_VERSION_MIN_PRODUCER
from scopedjax._src.base.version import VERSION as VERSION

__getattr__ = _absent("version")
