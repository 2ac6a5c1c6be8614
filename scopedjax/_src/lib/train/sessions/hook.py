"""`SessionRunHook`: what a monitored session calls around each run, and what it hands over.

begin()                          the graph may still be changed
after_create_session(sess, c)    after initialisation or restoring, again after each recovery
before_run(context) -> SessionRunArgs    what to fetch and feed besides what the caller asked for
after_run(context, values)               the values; context.request_stop() ends the loop
end(sess)                        when the session closes without an error
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple


class SessionRunArgs(NamedTuple):
    """What a hook adds to a run.

    Attributes:
      fetches: As for `Session.run`, or None.
      feed_dict: Values to feed, or None.
      options: RunOptions, or None.
    """

    fetches: Any
    feed_dict: Any = None
    options: Any = None


class SessionRunValues(NamedTuple):
    """What a hook gets after a run.

    Attributes:
      results: The values of the fetches that it asked for, in the same structure, or None.
      options: RunOptions of the run.
      run_metadata: RunMetadata of the run.
    """

    results: Any
    options: Any
    run_metadata: Any


class SessionRunContext:
    """A run as hooks see it.

    Args:
      original_args: What the caller asked for.
      session: The session.
    """

    def __init__(self, original_args: Any, session: Any) -> None:
        self._original_args = original_args
        self._session = session
        self._stop_requested = False

    @property
    def original_args(self) -> Any:
        """What the caller of `run` asked for, as `SessionRunArgs`."""
        return self._original_args

    @property
    def session(self) -> Any:
        """The plain session, which a hook may run by itself."""
        return self._session

    @property
    def stop_requested(self) -> bool:
        """Whether a hook asked for the end."""
        return self._stop_requested

    def request_stop(self) -> None:
        """Asks for the end: `should_stop` of the session is true from now on."""
        self._stop_requested = True


class SessionRunHook:
    """Base class of hooks; each method does nothing.

    >>> class Shout(tf.train.SessionRunHook):
    ...     def end(self, session):
    ...         print("done")
    >>> x = tf.constant(1)
    >>> with tf.train.MonitoredSession(hooks=[Shout()]) as session:
    ...     _ = session.run(x)
    done
    """

    def begin(self) -> None:
        """Called once before the session is made; the graph may still be changed."""

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Called when a session was made and its variables have values.

        Args:
          session: The plain session.
          coord: The Coordinator of its threads.
        """

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Called before each run.

        Args:
          run_context: The run.

        Returns:
          What to fetch and feed in addition, or None.
        """
        return None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Called after each run that did not fail.

        Args:
          run_context: The run.
          run_values: What this hook asked for.
        """

    def end(self, session: Any) -> None:
        """Called when the session closes, except after an error.

        Args:
          session: The plain session.
        """


class SecondOrStepTimer:
    """Tells when something is due: every so many seconds, or every so many steps.

    Args:
      every_secs: Seconds from one time to the next.
      every_steps: Steps from one time to the next.

    Raises:
      ValueError: neither or both are given.

    >>> timer = tf.train.SecondOrStepTimer(every_steps=10)
    >>> timer.should_trigger_for_step(3)
    True
    >>> _ = timer.update_last_triggered_step(3)
    >>> timer.should_trigger_for_step(12), timer.should_trigger_for_step(13)
    (False, True)
    """

    def __init__(self, every_secs: float | None = None, every_steps: int | None = None) -> None:
        if every_secs is None and every_steps is None:
            raise ValueError("Either every_secs or every_steps should be provided.")
        if every_secs is not None and every_steps is not None:
            raise ValueError("Can not provide both every_secs and every_steps.")
        self._every_secs = every_secs
        self._every_steps = every_steps
        self.reset()

    def reset(self) -> None:
        """Forgets the last time: the next step is due."""
        self._last_step: int | None = None
        self._last_time: float | None = None

    def should_trigger_for_step(self, step: int) -> bool:
        """Whether it is due at a step; the same step is due once.

        Args:
          step: The step.
        """
        if self._last_step is None or self._last_time is None:
            return True
        if step == self._last_step:
            return False
        if self._every_secs is not None:
            return time.time() >= self._last_time + self._every_secs
        return self._every_steps is not None and step >= self._last_step + self._every_steps

    def update_last_triggered_step(self, step: int) -> tuple[float | None, int | None]:
        """Notes that it was done at a step.

        Args:
          step: The step.

        Returns:
          (seconds, steps) since the time before, or (None, None) the first time.
        """
        now = time.time()
        since: tuple[float | None, int | None] = (None, None)
        if self._last_time is not None and self._last_step is not None:
            since = now - self._last_time, step - self._last_step
        self._last_step, self._last_time = step, now
        return since

    def last_triggered_step(self) -> int | None:
        """Returns the step at which it was last done, or None."""
        return self._last_step
