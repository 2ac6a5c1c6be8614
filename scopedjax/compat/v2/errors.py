"""tf.compat.v2.errors: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.errors import ABORTED as ABORTED
from scopedjax.errors import ALREADY_EXISTS as ALREADY_EXISTS
from scopedjax.errors import CANCELLED as CANCELLED
from scopedjax.errors import DATA_LOSS as DATA_LOSS
from scopedjax.errors import DEADLINE_EXCEEDED as DEADLINE_EXCEEDED
from scopedjax.errors import FAILED_PRECONDITION as FAILED_PRECONDITION
from scopedjax.errors import INTERNAL as INTERNAL
from scopedjax.errors import INVALID_ARGUMENT as INVALID_ARGUMENT
from scopedjax.errors import NOT_FOUND as NOT_FOUND
from scopedjax.errors import OK as OK
from scopedjax.errors import OUT_OF_RANGE as OUT_OF_RANGE
from scopedjax.errors import PERMISSION_DENIED as PERMISSION_DENIED
from scopedjax.errors import RESOURCE_EXHAUSTED as RESOURCE_EXHAUSTED
from scopedjax.errors import UNAUTHENTICATED as UNAUTHENTICATED
from scopedjax.errors import UNAVAILABLE as UNAVAILABLE
from scopedjax.errors import UNIMPLEMENTED as UNIMPLEMENTED
from scopedjax.errors import UNKNOWN as UNKNOWN
from scopedjax.errors import AbortedError as AbortedError
from scopedjax.errors import AlreadyExistsError as AlreadyExistsError
from scopedjax.errors import CancelledError as CancelledError
from scopedjax.errors import DataLossError as DataLossError
from scopedjax.errors import DeadlineExceededError as DeadlineExceededError
from scopedjax.errors import FailedPreconditionError as FailedPreconditionError
from scopedjax.errors import InternalError as InternalError
from scopedjax.errors import InvalidArgumentError as InvalidArgumentError
from scopedjax.errors import NotFoundError as NotFoundError
from scopedjax.errors import OpError as OpError
from scopedjax.errors import OutOfRangeError as OutOfRangeError
from scopedjax.errors import PermissionDeniedError as PermissionDeniedError
from scopedjax.errors import ResourceExhaustedError as ResourceExhaustedError
from scopedjax.errors import UnauthenticatedError as UnauthenticatedError
from scopedjax.errors import UnavailableError as UnavailableError
from scopedjax.errors import UnimplementedError as UnimplementedError
from scopedjax.errors import UnknownError as UnknownError

__getattr__ = _absent("compat.v2.errors")
