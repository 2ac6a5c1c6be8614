"""`tf.logging`: Python's logger called "tensorflow" under TF1's function names.

The logger gets its handler when something is first logged or asked, not on import: a program that never logs keeps its
logging as it was. As in TF1 the handler writes `LEVEL:tensorflow:message` to standard error (standard output in an
interactive shell, where INFO is shown too), and none is added where the program has set up the root logger itself.
"""

from __future__ import annotations

import itertools
import logging as _logging
import sys
import threading
from collections.abc import Iterator
from typing import Any, Final

DEBUG: Final = _logging.DEBUG
ERROR: Final = _logging.ERROR
FATAL: Final = _logging.FATAL
INFO: Final = _logging.INFO
WARN: Final = _logging.WARNING

_lock: Final = threading.Lock()
_logger: _logging.Logger | None = None
_calls: dict[tuple[str, int], Iterator[int]] = {}


def get_logger() -> _logging.Logger:
    """The logger behind `tf.logging`.

    Returns:
      `logging.getLogger("tensorflow")`, with a handler if the program has set up none.
    """
    global _logger
    with _lock:
        if _logger is None:
            _logger = _logging.getLogger("tensorflow")
            if not _logging.getLogger().handlers and not _logger.handlers:
                _add_handler(_logger)
        return _logger


def _add_handler(logger: _logging.Logger) -> None:
    interactive = bool(getattr(sys, "ps1", None) or sys.flags.interactive)
    if interactive:
        logger.setLevel(INFO)
    handler = _logging.StreamHandler(sys.stdout if interactive else sys.stderr)
    handler.setFormatter(_logging.Formatter(_logging.BASIC_FORMAT))
    logger.addHandler(handler)


def _log(level: int, msg: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    # Level 3 of the stack is who called the public function, whose file and line a formatter shows.
    options.setdefault("stacklevel", 3)
    get_logger().log(level, msg, *args, **options)


def log(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs a message.

    Args:
      level: One of the levels of this module, such as `tf.logging.INFO`.
      msg: Text; "%" formats of it take `args`.
      *args: What to put into it.
      **kwargs: Options of `logging.Logger.log`.
    """
    _log(level, msg, args, kwargs)


def debug(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs at level DEBUG.

    Args:
      msg: Text; "%" formats of it take `args`.
      *args: What to put into it.
      **kwargs: Options of `logging.Logger.debug`.
    """
    _log(DEBUG, msg, args, kwargs)


def info(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs at level INFO.

    Args:
      msg: Text; "%" formats of it take `args`.
      *args: What to put into it.
      **kwargs: Options of `logging.Logger.info`.
    """
    _log(INFO, msg, args, kwargs)


def warning(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs at level WARN.

    Args:
      msg: Text; "%" formats of it take `args`.
      *args: What to put into it.
      **kwargs: Options of `logging.Logger.warning`.
    """
    _log(WARN, msg, args, kwargs)


def warn(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs at level WARN; another name of `warning`.

    Args:
      msg: Text; "%" formats of it take `args`.
      *args: What to put into it.
      **kwargs: Options of `logging.Logger.warning`.
    """
    _log(WARN, msg, args, kwargs)


def error(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs at level ERROR.

    Args:
      msg: Text; "%" formats of it take `args`.
      *args: What to put into it.
      **kwargs: Options of `logging.Logger.error`.
    """
    _log(ERROR, msg, args, kwargs)


def fatal(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs at level FATAL; the program goes on, as in TF1.

    Args:
      msg: Text; "%" formats of it take `args`.
      *args: What to put into it.
      **kwargs: Options of `logging.Logger.fatal`.
    """
    _log(FATAL, msg, args, kwargs)


def vlog(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs at a level of Python's `logging`; another name of `log`.

    Args:
      level: The level.
      msg: Text; "%" formats of it take `args`.
      *args: What to put into it.
      **kwargs: Options of `logging.Logger.log`.
    """
    _log(level, msg, args, kwargs)


def TaskLevelStatusMessage(msg: Any) -> None:
    """Logs a message for whoever watches the task, at level ERROR.

    Args:
      msg: Text.
    """
    _log(ERROR, msg, (), {})


def flush() -> None:
    """Raises: TF1 declares this function and does not implement it.

    Raises:
      NotImplementedError: always.
    """
    raise NotImplementedError


def log_if(level: int, msg: Any, condition: Any, *args: Any) -> None:
    """Logs where a condition holds.

    Args:
      level: The level.
      msg: Text; "%" formats of it take `args`.
      condition: Whether to log.
      *args: What to put into `msg`.
    """
    if condition:
        _log(level, msg, args, {})


def _times_called() -> int:
    """How often the line that called the public function has come here before."""
    caller = sys._getframe(2)
    with _lock:
        return next(_calls.setdefault((caller.f_code.co_filename, caller.f_lineno), itertools.count()))


def log_every_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Logs at the first time that this line of the program runs, and at each n-th after it.

    Args:
      level: The level.
      msg: Text; "%" formats of it take `args`.
      n: How many times make one message.
      *args: What to put into `msg`.
    """
    if _times_called() % n == 0:
        _log(level, msg, args, {})


def log_first_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Logs the first n times that this line of the program runs.

    Args:
      level: The level.
      msg: Text; "%" formats of it take `args`.
      n: How many messages at most.
      *args: What to put into `msg`.
    """
    if _times_called() < n:
        _log(level, msg, args, {})


def get_verbosity() -> int:
    """The level below which nothing is shown.

    >>> tf.logging.set_verbosity(tf.logging.ERROR)
    >>> tf.logging.get_verbosity() == tf.logging.ERROR
    True
    """
    return get_logger().getEffectiveLevel()


def set_verbosity(v: Any) -> None:
    """Sets the level below which nothing is shown.

    Args:
      v: A level such as `tf.logging.INFO`, or its name.

    Raises:
      ValueError: there is no level of this name.
    """
    get_logger().setLevel(v)
