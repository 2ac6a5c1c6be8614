"""`tf.train.checkpoints_iterator`: the checkpoints of a folder as they appear, for a process that evaluates."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from scopedjax._src.lib.platform import logging
from scopedjax._src.lib.train.checkpoint_state import latest_checkpoint


def _wait_for_another(folder: str, last: str | None, timeout: float | None) -> str | None:
    """Returns the newest checkpoint once it is another one than `last`, or None after `timeout` seconds."""
    logging.info("Waiting for new checkpoint at %s", folder)
    deadline = None if timeout is None else time.time() + timeout
    while True:
        path = latest_checkpoint(folder)
        if path is not None and path != last:
            logging.info("Found new checkpoint at %s", path)
            return path
        if deadline is not None and time.time() + 1 > deadline:
            return None
        time.sleep(1)


def checkpoints_iterator(
    checkpoint_dir: str,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Callable[[], bool] | None = None,
) -> Iterator[str]:
    """Yields the newest checkpoint of a folder, again when there is a newer one.

    A checkpoint that is followed by another while the caller is busy is left out.

    Args:
      checkpoint_dir: The folder.
      min_interval_secs: Seconds at least from one checkpoint to the next.
      timeout: Seconds to wait for one; None for ever.
      timeout_fn: Called then, and after each checkpoint; True ends the iteration. Without it the iteration ends when
        the time is over.

    Yields:
      Paths of checkpoints.

    >>> import tempfile
    >>> list(tf.train.checkpoints_iterator(tempfile.mkdtemp(), timeout=0))
    []
    """
    path = None
    while True:
        found = _wait_for_another(checkpoint_dir, path, timeout)
        if found is not None:
            path = found
            started = time.time()
            yield path
            time.sleep(max(0.0, started + min_interval_secs - time.time()))
        elif timeout_fn is None:
            logging.info("Timed-out waiting for a checkpoint (without timeout_fn).")
            return
        # It is asked after a checkpoint too: training may have ended with that one.
        if timeout_fn is not None and timeout_fn():
            logging.info("Done. No new checkpoints will be generated.")
            return
