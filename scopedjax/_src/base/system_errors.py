"""What the operating system refuses, said with the class of `tf.errors` that TensorFlow chooses for it.

TF1 programs catch `tf.errors.NotFoundError`, not `FileNotFoundError`. TensorFlow picks the class from `errno`, and its
text is the path and the system's words:

    OSError(ENOENT) on "/d/x"   ->   NotFoundError("/d/x; No such file or directory")

Which class belongs to which errno was found by making each happen under TensorFlow; an errno that is not in the table
is an `UnknownError`.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from typing import Any, Final

from scopedjax._src.base import errors

_BY_CLASS: Final[tuple[tuple[Callable[[Any, Any, str], errors.OpError], tuple[str, ...]], ...]] = (
    (errors.InvalidArgumentError, ("EINVAL", "ENAMETOOLONG", "ELOOP", "ESPIPE", "EDOM", "EILSEQ")),
    (errors.DeadlineExceededError, ("ETIMEDOUT",)),
    (errors.NotFoundError, ("ENODEV", "ENOENT", "ENXIO", "ESRCH")),
    (errors.AlreadyExistsError, ("EEXIST", "EALREADY")),
    (errors.PermissionDeniedError, ("EPERM", "EACCES", "EROFS")),
    (
        errors.FailedPreconditionError,
        ("ENOTEMPTY", "EISDIR", "ENOTDIR", "EBADF", "EBUSY", "ECHILD", "EPIPE", "ETXTBSY"),
    ),
    (
        errors.ResourceExhaustedError,
        ("ENOSPC", "EDQUOT", "EMFILE", "EMLINK", "ENFILE", "ENOBUFS", "ENODATA", "ENOMEM"),
    ),
    (errors.OutOfRangeError, ("EFBIG", "EOVERFLOW", "ERANGE")),
    (errors.UnimplementedError, ("ENOSYS", "ENOTSUP", "EXDEV")),
    (errors.UnavailableError, ("EAGAIN", "EINTR", "ENOLCK", "ENOLINK")),
    (errors.AbortedError, ("EDEADLK", "ESTALE")),
    (errors.CancelledError, ("ECANCELED",)),
)

# Not every platform has every errno.
_BY_ERRNO: Final[dict[int, Callable[[Any, Any, str], errors.OpError]]] = {
    getattr(errno, name): kind for kind, names in _BY_CLASS for name in names if hasattr(errno, name)
}

_CURES: Final[dict[int, str]] = {
    errno.EACCES: "ask for access to it, or choose another folder",
    errno.EPERM: "ask for access to it, or choose another folder",
    errno.EROFS: "the file system is mounted read-only: choose another folder",
    errno.ENOSPC: "the disk is full: free some space; a Saver's max_to_keep limits what is kept",
    errno.EFBIG: "a limit of the process (ulimit -f) or of the file system on the size of a file: raise it, or save a "
    "large variable in parts, by a partitioner",
    errno.EDQUOT: "your disk quota is used up: free some space; a Saver's max_to_keep limits what is kept",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOTDIR: "a part of the path is a file: choose another folder",
}


def translate(error: OSError, path: str) -> errors.OpError:
    """Returns the TensorFlow error for `error`, not raised.

    Args:
      error: What the operating system raised.
      path: The path that the user named.

    Returns:
      An `OpError` of TensorFlow's class, whose text is `PATH; the system's words`, and a cure where one is known.
    """
    number = error.errno or 0
    message = f"{path}; {os.strerror(number) if number else error}"
    if number in _CURES:
        message += f" ({_CURES[number]})"
    return _BY_ERRNO.get(number, errors.UnknownError)(None, None, message)


@contextlib.contextmanager
def as_tensorflow_errors(path: str) -> Iterator[None]:
    """Inside, an `OSError` leaves as the TensorFlow error for it.

    Args:
      path: The path that the user named.
    """
    try:
        yield
    except OSError as error:
        raise translate(error, path) from error
