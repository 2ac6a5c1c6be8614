"""What the operating system refuses, said with the error class that TensorFlow 1 uses for it.

TF1 programs catch `tf.errors.PermissionDeniedError`, not `PermissionError`. The table below says which class
TensorFlow chooses for an errno (asked of TensorFlow by making each happen); the message is TensorFlow's too, `PATH; No
such file or directory`.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from typing import Any, Final

from scopedjax._src.base import errors

_CLASSES: Final[dict[int, Callable[[Any, Any, str], errors.OpError]]] = {
    errno.EINVAL: errors.InvalidArgumentError,
    errno.ENAMETOOLONG: errors.InvalidArgumentError,
    errno.ENOENT: errors.NotFoundError,
    errno.ENODEV: errors.NotFoundError,
    errno.ENXIO: errors.NotFoundError,
    errno.EEXIST: errors.AlreadyExistsError,
    errno.EPERM: errors.PermissionDeniedError,
    errno.EACCES: errors.PermissionDeniedError,
    errno.EROFS: errors.PermissionDeniedError,
    errno.ENOTEMPTY: errors.FailedPreconditionError,
    errno.EISDIR: errors.FailedPreconditionError,
    errno.ENOTDIR: errors.FailedPreconditionError,
    errno.EBUSY: errors.FailedPreconditionError,
    errno.ETXTBSY: errors.FailedPreconditionError,
    errno.ENOSPC: errors.ResourceExhaustedError,
    errno.EDQUOT: errors.ResourceExhaustedError,
    errno.EMFILE: errors.ResourceExhaustedError,
    errno.ENFILE: errors.ResourceExhaustedError,
    errno.EMLINK: errors.ResourceExhaustedError,
    errno.ENOMEM: errors.ResourceExhaustedError,
    errno.EFBIG: errors.OutOfRangeError,
    errno.EOVERFLOW: errors.OutOfRangeError,
}

_CURES: Final[dict[int, str]] = {
    errno.EACCES: "ask for write access to the folder, or choose another one",
    errno.EPERM: "ask for write access to the folder, or choose another one",
    errno.EROFS: "the file system is mounted read-only: choose another folder",
    errno.ENOSPC: "the disk is full: free some space, or lower max_to_keep",
    errno.EDQUOT: "your disk quota is used up: free some space, or lower max_to_keep",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOTDIR: "a part of the path is a file: choose another folder",
}


def translate(error: OSError, path: str) -> errors.OpError:
    """The TensorFlow error for `error`, which happened on the way to `path`.

    Args:
      error: What the operating system raised.
      path: The path that the user named; told when the error itself names none.

    Returns:
      An `OpError` of TensorFlow's class (`UnknownError` for an errno that the table lacks), not raised.
    """
    number = error.errno or 0
    place = error.filename if isinstance(error.filename, str) else path
    message = f"{place}; {os.strerror(number) if number else error}"
    if number in _CURES:
        message += f" ({_CURES[number]})"
    return _CLASSES.get(number, errors.UnknownError)(None, None, message)


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
