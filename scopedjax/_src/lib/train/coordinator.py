"""`Coordinator`: lets several threads stop together, and hands the first exception to the one that waits.

    coord = tf.train.Coordinator()
    threads = [threading.Thread(target=work, args=(coord,)) for _ in range(4)]
                                                      def work(coord):
    for t in threads: t.start()                           with coord.stop_on_exception():
    coord.join(threads)                                       while not coord.should_stop():
                                                                  ...

The state is one event ("stop") and at most one exception. Invariants: the first exception reported wins, and only
before the stop; the exceptions in `clean_stop_exception_types` (the end of the data) stop without being raised.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from scopedjax._src.base.errors import OutOfRangeError
from scopedjax._src.lib.platform.logging import info

Reported = BaseException | tuple[type[BaseException], BaseException, TracebackType | None] | None


class Coordinator:
    """Coordinates the end of a set of threads.

    Args:
      clean_stop_exception_types: Exceptions that mean an orderly end; default `(tf.errors.OutOfRangeError,)`.

    >>> coord = tf.train.Coordinator()
    >>> with coord.stop_on_exception():
    ...     raise tf.errors.OutOfRangeError(None, None, "no more data")
    >>> coord.should_stop()
    True
    >>> coord.join()
    """

    def __init__(self, clean_stop_exception_types: Sequence[type[BaseException]] | None = None) -> None:
        clean = (OutOfRangeError,) if clean_stop_exception_types is None else clean_stop_exception_types
        self._clean = tuple(clean)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._joined = False
        self._threads: set[threading.Thread] = set()

    def request_stop(self, ex: Reported = None) -> None:
        """Asks all threads to stop.

        Args:
          ex: Why: an exception, or `sys.exc_info()`. The first one is raised again by `join`. After `join` it is
            raised at once.
        """
        error = self._counted(ex)
        with self._lock:
            if self._joined:
                if error is not None:
                    raise error
                return
            if self._stop.is_set():
                return
            if error is not None and self._error is None:
                info("Error reported to Coordinator: %s, %s", type(error), error)
                self._error = error
            self._stop.set()

    def _counted(self, ex: Reported) -> BaseException | None:
        """Returns the exception that was reported, or None where it only marks an orderly end."""
        error = ex[1] if isinstance(ex, tuple) and len(ex) == 3 else ex
        if isinstance(error, self._clean):
            return None
        if error is None or isinstance(error, BaseException):
            return error
        return ValueError(f"ex must be a tuple or sys.exc_info must return the current exception: {ex!r}")

    def clear_stop(self) -> None:
        """Forgets the request to stop and the exception, so that the object can be used again."""
        with self._lock:
            self._joined = False
            self._error = None
            self._stop.clear()

    def should_stop(self) -> bool:
        """Whether a stop was requested."""
        return self._stop.is_set()

    @contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """Requests a stop with the exception that leaves the block, and swallows it: `join` raises it."""
        try:
            yield
        except BaseException:  # a thread that exits by SystemExit stops the others too
            self.request_stop(sys.exc_info())  # type: ignore[arg-type]

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Waits for a stop.

        Args:
          timeout: Seconds to wait at most; None waits for ever.

        Returns:
          Whether a stop was requested.
        """
        return self._stop.wait(timeout)

    def register_thread(self, thread: threading.Thread) -> None:
        """Adds a thread that `join` waits for."""
        with self._lock:
            self._threads.add(thread)

    def join(
        self,
        threads: Iterable[threading.Thread] | None = None,
        stop_grace_period_secs: float = 120,
        ignore_live_threads: bool = False,
    ) -> None:
        """Waits until the threads have ended, or a stop was requested and the grace period is over.

        Args:
          threads: Threads to wait for besides those that were registered.
          stop_grace_period_secs: Seconds that threads have to end once a stop was requested.
          ignore_live_threads: Whether threads that still run then are no error.

        Raises:
          RuntimeError: threads still run after the grace period.
          BaseException: what was reported with the stop.
        """
        with self._lock:
            waiting = [*self._threads.union(threads or ())]
        while any(t.is_alive() for t in waiting) and not self.wait_for_stop(1.0):
            pass
        deadline = time.monotonic() + stop_grace_period_secs
        for thread in waiting:
            while thread.is_alive() and (left := deadline - time.monotonic()) >= 0:
                thread.join(min(left, 1.0))
        self._end([t.name for t in waiting if t.is_alive()], ignore_live_threads)

    def _end(self, stragglers: Sequence[str], ignore: bool) -> None:
        with self._lock:
            self._joined = True
            self._threads = set()
            error = self._error
        if error is not None:
            raise error
        if stragglers:
            message = f"Coordinator stopped with threads still running: {' '.join(stragglers)}"
            if not ignore:
                raise RuntimeError(message)
            info(message)

    @property
    def joined(self) -> bool:
        """Whether `join` has ended since the start or the last `clear_stop`."""
        return self._joined

    def raise_requested_exception(self) -> None:
        """Raises the exception that was reported, if there is one."""
        with self._lock:
            error = self._error
        if error is not None:
            raise error


class LooperThread(threading.Thread):
    """A thread that calls a function again and again until its coordinator stops.

    Subclasses may override `start_loop`, `run_loop` and `stop_loop` instead of giving a target.

    Args:
      coord: The Coordinator.
      timer_interval_secs: Seconds between the starts of two calls, or None for no pause.
      target: Function to call.
      args: Positional arguments of it.
      kwargs: Keyword arguments of it.

    Raises:
      ValueError: `coord` is no Coordinator, or there are arguments and no target.
    """

    def __init__(
        self,
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any] | None = None,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(coord, Coordinator):
            raise ValueError(f"'coord' argument must be a Coordinator: {coord}")
        if target is None and (args or kwargs):
            raise ValueError("'args' and 'kwargs' argument require that you also pass 'target'")
        super().__init__(daemon=True)
        self._coord = coord
        self._interval = timer_interval_secs
        self._call = None if target is None else (target, tuple(args or ()), dict(kwargs or {}))
        coord.register_thread(self)

    @staticmethod
    def loop(
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any],
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> LooperThread:
        """Starts and returns a thread; the arguments are those of the class."""
        thread = LooperThread(coord, timer_interval_secs, target=target, args=args, kwargs=kwargs)
        thread.start()
        return thread

    def run(self) -> None:
        """Runs the loop; an exception in it stops the coordinator."""
        with self._coord.stop_on_exception():
            self.start_loop()
            due = time.monotonic()
            while not self._waited(due):
                due += self._interval or 0.0
                self.run_loop()
            self.stop_loop()

    def _waited(self, due: float) -> bool:
        """Waits for the next call and returns whether there shall be none."""
        if self._interval is None:
            return self._coord.should_stop()
        return self._coord.wait_for_stop(max(0.0, due - time.monotonic()))

    def start_loop(self) -> None:
        """Called once before the first round."""

    def stop_loop(self) -> None:
        """Called once after the last round."""

    def run_loop(self) -> None:
        """One round: calls the target."""
        if self._call is not None:
            target, args, kwargs = self._call
            target(*args, **kwargs)
