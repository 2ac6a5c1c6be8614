"""The moment at which a run that waits (for an element of a queue, say) gives up: one for each thread.

    with deadlines.within(0.2):        what RunOptions(timeout_in_ms=200) asks for
        ...
        event.wait(deadlines.remaining())

Outside such a block a thread waits for ever.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class _Deadline(threading.local):
    at: float | None = None


_deadline = _Deadline()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Inside, what waits gives up after so many seconds."""
    before = _deadline.at
    _deadline.at = time.monotonic() + seconds
    try:
        yield
    finally:
        _deadline.at = before


def remaining() -> float | None:
    """Returns the seconds left to this thread, at least 0, or None where it may wait for ever."""
    at = _deadline.at
    return None if at is None else max(0.0, at - time.monotonic())
