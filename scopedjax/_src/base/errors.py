"""The exceptions of `tf.errors`: one class for each of TensorFlow's status codes.

Programs catch these by class (`except tf.errors.OutOfRangeError` ends an epoch), read `error_code`, and show
`op.name`. The numbers are gRPC's canonical status codes, which TensorFlow took over; `OK` (0) has no class.

    code 3  <->  InvalidArgumentError(node_def, op, message)
"""

from __future__ import annotations

import traceback as _traceback
import warnings
from typing import Any, Final

OK: Final = 0
CANCELLED: Final = 1
UNKNOWN: Final = 2
INVALID_ARGUMENT: Final = 3
DEADLINE_EXCEEDED: Final = 4
NOT_FOUND: Final = 5
ALREADY_EXISTS: Final = 6
PERMISSION_DENIED: Final = 7
RESOURCE_EXHAUSTED: Final = 8
FAILED_PRECONDITION: Final = 9
ABORTED: Final = 10
OUT_OF_RANGE: Final = 11
UNIMPLEMENTED: Final = 12
INTERNAL: Final = 13
UNAVAILABLE: Final = 14
DATA_LOSS: Final = 15
UNAUTHENTICATED: Final = 16


class OpError(Exception):
    """A failure while a node was made or run; the base class of everything in `tf.errors`.

    Args:
      node_def: `NodeDef` of the node that failed, or `None`.
      op: `Operation` that failed, or `None`. Its creation site is added to the text of the exception.
      message: What happened, as a string.
      error_code: One of the codes of `tf.errors`.
      *args: At most one dict of extra payloads, kept as `experimental_payloads`.

    >>> try:
    ...     raise tf.errors.InvalidArgumentError(None, None, "x must be positive")
    ... except tf.errors.OpError as error:
    ...     print(error.error_code == tf.errors.INVALID_ARGUMENT, error)
    True x must be positive
    """

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int, *args: Any) -> None:
        # No arguments go up: TF's instances have empty `args` too.
        super().__init__()
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = error_code
        self._experimental_payloads: dict[Any, Any] = args[0] if args and isinstance(args[0], dict) else {}

    @property
    def message(self) -> str:
        """What happened, without the creation site."""
        return self._message

    @property
    def op(self) -> Any:
        """The `Operation` that failed, or `None`."""
        return self._op

    @property
    def node_def(self) -> Any:
        """The `NodeDef` of the operation that failed, or `None`."""
        return self._node_def

    @property
    def error_code(self) -> int:
        """The status code, for example `tf.errors.NOT_FOUND`."""
        return self._error_code

    @property
    def experimental_payloads(self) -> dict[Any, Any]:
        """Extra payloads that came with the failure."""
        return self._experimental_payloads

    def __str__(self) -> str:
        if self._op is None:
            return str(self._message)
        site = "".join(_traceback.format_list(self._op.traceback))
        return f"{self._message}\n\nOriginal stack trace for {self._op.name!r}:\n{site}"

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        # An exception travels between processes (a pool's worker, a launcher); the graph of its op does not.
        return type(self), (self._node_def, None, str(self)) + self._reduced_code()

    def _reduced_code(self) -> tuple[int, ...]:
        return (self._error_code,)


class _CodedError(OpError):
    """An `OpError` whose class says its code."""

    _code: int = UNKNOWN

    def __init__(self, node_def: Any, op: Any, message: str, *args: Any) -> None:
        super().__init__(node_def, op, message, self._code, *args)

    def _reduced_code(self) -> tuple[int, ...]:
        return ()


class CancelledError(_CodedError):
    """The operation was cancelled: its queue was closed with pending work cancelled, or its session was closed."""

    _code = CANCELLED


class UnknownError(_CodedError):
    """A failure that has no code of its own; for example an exception raised by a `py_func`.

    Args:
      node_def: `NodeDef` of the node that failed, or `None`.
      op: `Operation` that failed, or `None`.
      message: What happened.
      *args: A code other than `UNKNOWN`, when a code without a class arrived.
    """

    def __init__(self, node_def: Any, op: Any, message: str, *args: Any) -> None:
        super().__init__(node_def, op, message, *args)
        if args and isinstance(args[0], int):
            self._error_code = args[0]

    def _reduced_code(self) -> tuple[int, ...]:
        return () if self._error_code == UNKNOWN else (self._error_code,)


class InvalidArgumentError(_CodedError):
    """An operation received a value or shape it cannot work with."""

    _code = INVALID_ARGUMENT


class DeadlineExceededError(_CodedError):
    """A time limit passed before the operation finished."""

    _code = DEADLINE_EXCEEDED


class NotFoundError(_CodedError):
    """A file, or a key of a checkpoint, does not exist."""

    _code = NOT_FOUND


class AlreadyExistsError(_CodedError):
    """Something that was to be created exists already."""

    _code = ALREADY_EXISTS


class PermissionDeniedError(_CodedError):
    """The caller may not do this, for example write this file."""

    _code = PERMISSION_DENIED


class UnauthenticatedError(_CodedError):
    """The caller did not say who it is, or its credentials are not valid."""

    _code = UNAUTHENTICATED


class ResourceExhaustedError(_CodedError):
    """Something ran out, most often the device's memory."""

    _code = RESOURCE_EXHAUSTED


class FailedPreconditionError(_CodedError):
    """The system is not in the state the operation needs; most often, a variable is read before it was initialised."""

    _code = FAILED_PRECONDITION


class AbortedError(_CodedError):
    """The operation gave way to another one that ran at the same time."""

    _code = ABORTED


class OutOfRangeError(_CodedError):
    """An iteration passed the end of its input: the end of a dataset or of a closed queue."""

    _code = OUT_OF_RANGE


class UnimplementedError(_CodedError):
    """The operation is not implemented for these arguments, or for this device."""

    _code = UNIMPLEMENTED


class InternalError(_CodedError):
    """An invariant of the system is broken."""

    _code = INTERNAL


class UnavailableError(_CodedError):
    """The runtime cannot be reached at the moment."""

    _code = UNAVAILABLE


class DataLossError(_CodedError):
    """Data cannot be recovered: a file is cut off or its checksum is wrong."""

    _code = DATA_LOSS


_TYPE_OF_CODE: Final[dict[int, type[_CodedError]]] = {
    error_type._code: error_type
    for error_type in (
        CancelledError,
        UnknownError,
        InvalidArgumentError,
        DeadlineExceededError,
        NotFoundError,
        AlreadyExistsError,
        PermissionDeniedError,
        ResourceExhaustedError,
        FailedPreconditionError,
        AbortedError,
        OutOfRangeError,
        UnimplementedError,
        InternalError,
        UnavailableError,
        DataLossError,
        UnauthenticatedError,
    )
}
_CODE_OF_TYPE: Final[dict[type[Exception], int]] = {error_type: code for code, error_type in _TYPE_OF_CODE.items()}


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """The exception class of a status code.

    Args:
      error_code: A code other than `OK`.

    Returns:
      The class.

    Raises:
      KeyError: No class has this code.

    >>> tf.errors.exception_type_from_error_code(tf.errors.NOT_FOUND).__name__
    'NotFoundError'
    """
    return _TYPE_OF_CODE[error_code]


def error_code_from_exception_type(cls: type[Exception]) -> int | UnknownError:
    """The status code of an exception class.

    Args:
      cls: A class of `tf.errors`.

    Returns:
      Its code. For any other class TF1 warns and returns an `UnknownError` instance, and so does this.

    >>> tf.errors.error_code_from_exception_type(tf.errors.NotFoundError)
    5
    """
    try:
        return _CODE_OF_TYPE[cls]
    except KeyError:
        warnings.warn("Unknown class exception", stacklevel=2)
        return UnknownError(None, None, f"Unknown class exception: {cls.__name__}")


def exception_from_code(node_def: Any, op: Any, message: str, error_code: int) -> OpError:
    """The exception for a status code that came with a failure; `UnknownError` when no class has the code."""
    error_type = _TYPE_OF_CODE.get(error_code)
    if error_type is None:
        return UnknownError(node_def, op, message, error_code)
    return error_type(node_def, op, message)


class Status:
    """What `raise_exception_on_not_ok_status` hands to the block: a code and a message that the block may set."""

    __slots__ = ("code", "message")

    def __init__(self) -> None:
        self.code: int = OK
        self.message: str = ""


class raise_exception_on_not_ok_status:
    """Context manager: raises the exception of the status that the block leaves behind, unless that is `OK`.

    In TF1 the status is a handle of the C library, filled by a call into it; here it is an object with `code` and
    `message`.

    >>> with tf.errors.raise_exception_on_not_ok_status() as status:
    ...     status.code, status.message = tf.errors.NOT_FOUND, "no such file"
    Traceback (most recent call last):
    ...
    scopedjax._src.base.errors.NotFoundError: no such file
    """

    def __enter__(self) -> Status:
        self.status = Status()
        return self.status

    def __exit__(self, exc_type: Any, exc_value: Any, exc_traceback: Any) -> bool:
        if exc_type is None and self.status.code != OK:
            raise exception_from_code(None, None, self.status.message, self.status.code)
        return False


class OperatorNotAllowedInGraphError(TypeError):
    """A tensor of a graph was asked for its truth, or iterated over."""


class InaccessibleTensorError(ValueError):
    """A tensor was used outside the function, the branch or the loop that computes it."""
