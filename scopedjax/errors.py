"""tf.errors: what a run can fail with."""

# base
from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.base.errors import ABORTED as ABORTED
from scopedjax._src.base.errors import ALREADY_EXISTS as ALREADY_EXISTS
from scopedjax._src.base.errors import CANCELLED as CANCELLED
from scopedjax._src.base.errors import DATA_LOSS as DATA_LOSS
from scopedjax._src.base.errors import DEADLINE_EXCEEDED as DEADLINE_EXCEEDED
from scopedjax._src.base.errors import FAILED_PRECONDITION as FAILED_PRECONDITION
from scopedjax._src.base.errors import INTERNAL as INTERNAL
from scopedjax._src.base.errors import INVALID_ARGUMENT as INVALID_ARGUMENT
from scopedjax._src.base.errors import NOT_FOUND as NOT_FOUND
from scopedjax._src.base.errors import OK as OK
from scopedjax._src.base.errors import OUT_OF_RANGE as OUT_OF_RANGE
from scopedjax._src.base.errors import PERMISSION_DENIED as PERMISSION_DENIED
from scopedjax._src.base.errors import RESOURCE_EXHAUSTED as RESOURCE_EXHAUSTED
from scopedjax._src.base.errors import UNAUTHENTICATED as UNAUTHENTICATED
from scopedjax._src.base.errors import UNAVAILABLE as UNAVAILABLE
from scopedjax._src.base.errors import UNIMPLEMENTED as UNIMPLEMENTED
from scopedjax._src.base.errors import UNKNOWN as UNKNOWN
from scopedjax._src.base.errors import AbortedError as AbortedError
from scopedjax._src.base.errors import AlreadyExistsError as AlreadyExistsError
from scopedjax._src.base.errors import CancelledError as CancelledError
from scopedjax._src.base.errors import DataLossError as DataLossError
from scopedjax._src.base.errors import DeadlineExceededError as DeadlineExceededError
from scopedjax._src.base.errors import FailedPreconditionError as FailedPreconditionError
from scopedjax._src.base.errors import InternalError as InternalError
from scopedjax._src.base.errors import InvalidArgumentError as InvalidArgumentError
from scopedjax._src.base.errors import NotFoundError as NotFoundError
from scopedjax._src.base.errors import OpError as OpError
from scopedjax._src.base.errors import OutOfRangeError as OutOfRangeError
from scopedjax._src.base.errors import PermissionDeniedError as PermissionDeniedError
from scopedjax._src.base.errors import ResourceExhaustedError as ResourceExhaustedError
from scopedjax._src.base.errors import UnauthenticatedError as UnauthenticatedError
from scopedjax._src.base.errors import UnavailableError as UnavailableError
from scopedjax._src.base.errors import UnimplementedError as UnimplementedError
from scopedjax._src.base.errors import UnknownError as UnknownError
from scopedjax._src.base.errors import error_code_from_exception_type as error_code_from_exception_type
from scopedjax._src.base.errors import exception_type_from_error_code as exception_type_from_error_code
from scopedjax._src.base.errors import raise_exception_on_not_ok_status as raise_exception_on_not_ok_status

__getattr__ = _absent("errors")
