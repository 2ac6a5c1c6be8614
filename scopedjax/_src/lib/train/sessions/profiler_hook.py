"""`tf.train.ProfilerHook`: a profile of some of the runs, taken by JAX's own profiler."""

from __future__ import annotations

from typing import Any

import jax

from scopedjax._src.lib.platform import logging
from scopedjax._src.lib.train.sessions.basic_hooks import needed_global_step
from scopedjax._src.lib.train.sessions.hook import (
    SecondOrStepTimer,
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)


class ProfilerHook(SessionRunHook):
    """Takes a profile of one run every so many steps or seconds.

    A run is one compiled program, so its profile is JAX's: below `output_dir`, in `plugins/profile`, where the profile
    page of TensorBoard and Perfetto (`*.trace.json.gz`) find it. TensorFlow writes `timeline-STEP.json` there instead.

    Args:
      save_steps: Steps from one profile to the next.
      save_secs: Seconds from one profile to the next.
      output_dir: Folder of the profiles.
      show_dataflow: Has no effect.
      show_memory: Has no effect.

    Raises:
      ValueError: not exactly one of `save_steps` and `save_secs`.

    >>> hook = tf.train.ProfilerHook(save_steps=1000, output_dir="profiles")
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str = "",
        show_dataflow: bool = True,
        show_memory: bool = False,
    ) -> None:
        self._output_dir = output_dir or "."
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)
        self._global_step: Any = None
        self._step: int | None = None
        self._running = False

    def begin(self) -> None:
        """Finds the global step.

        Raises:
          RuntimeError: there is none.
        """
        self._step = None
        self._global_step = needed_global_step(self)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Starts the profiler where a profile is due; never for the first run, which compiles."""
        if self._step is not None and self._timer.should_trigger_for_step(self._step):
            jax.profiler.start_trace(self._output_dir)
            self._running = True
        return SessionRunArgs(self._global_step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Writes the profile."""
        step = int(run_values.results)
        if self._step is None:
            self._timer.update_last_triggered_step(step)  # the first run only shows where the count stands
        if self._running:
            self._stop()
            self._timer.update_last_triggered_step(step)
            logging.info("Saved a profile of step %d into '%s'.", step, self._output_dir)
        self._step = step + 1

    def end(self, session: Any) -> None:
        """Ends a profile that an error left open."""
        self._stop()

    def _stop(self) -> None:
        if self._running:
            self._running = False
            jax.profiler.stop_trace()
