"""Progress of long work, on the terminal's error output; nothing is said where that is no terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

Advance = Callable[[int], None]

_QUIET: Final = 0.5  # seconds that pass before a bar is shown: what is done sooner needs none


@contextlib.contextmanager
def progress(what: str, total: int) -> Iterator[Advance]:
    """Shows a bar while the block runs.

    Args:
      what: What is done.
      total: How many bytes there are.

    Yields:
      What takes the number of bytes that were dealt with.
    """
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    bar = _Bar(what, total)
    try:
        yield bar.advance
    finally:
        bar.stop()


class _Bar:
    """A bar that appears when the work turns out to be long."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._done = 0
        self._start = time.monotonic()
        self._shown: Callable[[int], None] | None = None
        self._stop: Callable[[], None] | None = None

    def advance(self, count: int) -> None:
        """Counts bytes."""
        self._done += count
        if self._shown is not None:
            self._shown(self._done)
        elif time.monotonic() - self._start > _QUIET:
            self._show()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(True), TransferSpeedColumn())
        bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
        task = bar.add_task(self._what, total=self._total, completed=self._done)
        bar.start()
        self._shown = lambda done: bar.update(task, completed=done)
        self._stop = bar.stop

    def stop(self) -> None:
        """Takes the bar away."""
        if self._stop is not None:
            self._stop()
