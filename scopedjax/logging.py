"""`tf.logging`: the logger "tensorflow"."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.platform.logging import DEBUG as DEBUG
from scopedjax._src.lib.platform.logging import ERROR as ERROR
from scopedjax._src.lib.platform.logging import FATAL as FATAL
from scopedjax._src.lib.platform.logging import INFO as INFO
from scopedjax._src.lib.platform.logging import WARN as WARN
from scopedjax._src.lib.platform.logging import TaskLevelStatusMessage as TaskLevelStatusMessage
from scopedjax._src.lib.platform.logging import debug as debug
from scopedjax._src.lib.platform.logging import error as error
from scopedjax._src.lib.platform.logging import fatal as fatal
from scopedjax._src.lib.platform.logging import flush as flush
from scopedjax._src.lib.platform.logging import get_verbosity as get_verbosity
from scopedjax._src.lib.platform.logging import info as info
from scopedjax._src.lib.platform.logging import log as log
from scopedjax._src.lib.platform.logging import log_every_n as log_every_n
from scopedjax._src.lib.platform.logging import log_first_n as log_first_n
from scopedjax._src.lib.platform.logging import log_if as log_if
from scopedjax._src.lib.platform.logging import set_verbosity as set_verbosity
from scopedjax._src.lib.platform.logging import vlog as vlog
from scopedjax._src.lib.platform.logging import warn as warn
from scopedjax._src.lib.platform.logging import warning as warning

__getattr__ = _absent("logging")
