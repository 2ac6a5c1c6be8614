"""Hooks that watch: stop at a step, log values, stop at NaN, wait for a step, feed, run something at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.base.errors import OutOfRangeError
from scopedjax._src.graph.stacks import get_default_graph
from scopedjax._src.lib.platform import logging
from scopedjax._src.lib.train.global_step import get_global_step
from scopedjax._src.lib.train.sessions.hook import (
    SecondOrStepTimer,
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)


def needed_global_step(hook: SessionRunHook) -> Any:
    """Returns the global step of the default graph.

    A hook that fetches it gets the value at the end of the run, the step that the run has completed.

    Raises:
      RuntimeError: there is none.
    """
    step = get_global_step()
    if step is None:
        raise RuntimeError(f"Global step should be created to use {type(hook).__name__}.")
    return step


def graph_element(item: Any) -> Any:
    """Returns what a hook was told to watch: a tensor, or a node or tensor by name, as an element of the graph."""
    graph = get_default_graph()
    if isinstance(item, str) and ":" not in item:
        return graph.as_graph_element(f"{item}:0")
    element = graph.as_graph_element(item)
    if element is None:
        raise ValueError(f"Passed {item} should have graph attribute that is equal to current graph {graph}.")
    return element


class LoggingTensorHook(SessionRunHook):
    """Logs tensors every so many runs or seconds, at level INFO: `name = value, name = value (0.123 sec)`.

    Args:
      tensors: Dict from a name to a tensor (or a name of one), or a list of tensors or their names.
      every_n_iter: Log each so many runs.
      every_n_secs: Log each so many seconds.
      at_end: Whether to log when the session closes.
      formatter: Function from a dict of values to the text.

    Raises:
      ValueError: not exactly one of `every_n_iter` and `every_n_secs`, and not `at_end` alone.
    """

    def __init__(
        self,
        tensors: Any,
        every_n_iter: int | None = None,
        every_n_secs: float | None = None,
        at_end: bool = False,
        formatter: Callable[[dict[Any, Any]], str] | None = None,
    ) -> None:
        only_at_end = at_end and every_n_iter is None and every_n_secs is None
        if not only_at_end and (every_n_iter is None) == (every_n_secs is None):
            raise ValueError("either at_end and/or exactly one of every_n_iter and every_n_secs must be provided.")
        if every_n_iter is not None and every_n_iter <= 0:
            raise ValueError(f"invalid every_n_iter={every_n_iter}.")
        self._tensors = dict(tensors) if isinstance(tensors, dict) else {item: item for item in tensors}
        self._order = sorted(self._tensors) if isinstance(tensors, dict) else list(tensors)
        self._formatter = formatter
        self._timer = None if only_at_end else SecondOrStepTimer(every_secs=every_n_secs, every_steps=every_n_iter)
        self._at_end = at_end
        self._current: dict[Any, Any] = {}
        self._count = 0
        self._due = False

    def begin(self) -> None:
        """Finds the tensors."""
        if self._timer is not None:
            self._timer.reset()
        self._count = 0
        self._current = {tag: graph_element(tensor) for tag, tensor in self._tensors.items()}

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Asks for the tensors where they are due."""
        self._due = self._timer is not None and self._timer.should_trigger_for_step(self._count)
        return SessionRunArgs(self._current) if self._due else None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Logs them."""
        if self._due:
            self._log(run_values.results)
        self._count += 1

    def end(self, session: Any) -> None:
        """Logs them a last time, where that was asked for."""
        if self._at_end:
            self._log(session.run(self._current))

    def _log(self, values: dict[Any, Any]) -> None:
        elapsed = None
        if self._timer is not None:
            elapsed, _ = self._timer.update_last_triggered_step(self._count)
        with np.printoptions(suppress=True):
            if self._formatter is not None:
                logging.info(self._formatter(values))
                return
            text = ", ".join(f"{tag} = {values[tag]!s}" for tag in self._order)
        if elapsed is None:
            logging.info("%s", text)
        else:
            logging.info("%s (%.3f sec)", text, elapsed)


class StopAtStepHook(SessionRunHook):
    """Asks for the end at a global step.

    Args:
      num_steps: How many steps to make in this session.
      last_step: The step after which to stop.

    Raises:
      ValueError: neither or both are given.
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None) -> None:
        if num_steps is None and last_step is None:
            raise ValueError("One of num_steps or last_step must be specified.")
        if num_steps is not None and last_step is not None:
            raise ValueError("Only one of num_steps or last_step can be specified.")
        self._num_steps = num_steps
        self._last_step = last_step
        self._global_step: Any = None

    def begin(self) -> None:
        """Finds the global step."""
        self._global_step = needed_global_step(self)

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Computes the last step from the step at which the session begins."""
        if self._last_step is None:
            self._last_step = int(session.run(self._global_step)) + (self._num_steps or 0)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Asks for the global step."""
        return SessionRunArgs(self._global_step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Asks for the end where the step is reached."""
        if self._last_step is not None and int(run_values.results) >= self._last_step:
            run_context.request_stop()


class NanLossDuringTrainingError(RuntimeError):
    """The loss became NaN."""

    def __str__(self) -> str:
        return "NaN loss during training."


class NanTensorHook(SessionRunHook):
    """Stops when a loss is NaN.

    Args:
      loss_tensor: The loss.
      fail_on_nan_loss: Whether to raise `NanLossDuringTrainingError`; else the end is asked for.
    """

    def __init__(self, loss_tensor: Any, fail_on_nan_loss: bool = True) -> None:
        self._loss = loss_tensor
        self._fail = fail_on_nan_loss

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Asks for the loss."""
        return SessionRunArgs(self._loss)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Raises, or asks for the end, where the loss is NaN."""
        if not np.isnan(run_values.results):
            return
        message = "Model diverged with loss = NaN."
        if self._fail:
            logging.error(message)
            raise NanLossDuringTrainingError
        logging.warning(message)
        run_context.request_stop()


class GlobalStepWaiterHook(SessionRunHook):
    """Delays the first run until the global step has reached a value; another thread must move it.

    Args:
      wait_until_step: The step to wait for.
    """

    def __init__(self, wait_until_step: int) -> None:
        self._wait_until_step = wait_until_step
        self._global_step: Any = None
        self._started = False

    def begin(self) -> None:
        """Finds the global step."""
        self._started = False
        self._global_step = get_global_step()
        if self._global_step is None:
            raise RuntimeError("Global step should be created to use _GlobalStepWaiterHook.")

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Waits, the first time."""
        if self._started:
            return None
        self._started = True
        if self._wait_until_step <= 0:
            return None
        logging.info("Waiting for global step %d before starting training.", self._wait_until_step)
        told = time.monotonic()
        while (step := int(run_context.session.run(self._global_step))) < self._wait_until_step:
            if time.monotonic() - told > 20:
                told = time.monotonic()
                logging.info(
                    "Waiting for global step %d before starting training. Current step is %d.",
                    self._wait_until_step, step,
                )  # fmt: skip
            time.sleep(0.5)
        logging.info("Done waiting.")
        return None


class FinalOpsHook(SessionRunHook):
    """Runs something when the session closes, and keeps its values.

    Args:
      final_ops: What to run: tensors and nodes in any structure, or None.
      final_ops_feed_dict: Values to feed then.
    """

    def __init__(self, final_ops: Any, final_ops_feed_dict: Any = None) -> None:
        self._final_ops = final_ops
        self._feed_dict = final_ops_feed_dict
        self._values: Any = None

    @property
    def final_ops_values(self) -> Any:
        """What the last run gave; None before it."""
        return self._values

    def end(self, session: Any) -> None:
        """Runs it."""
        if self._final_ops is None:
            return
        try:
            self._values = session.run(self._final_ops, feed_dict=self._feed_dict)
        except (OutOfRangeError, StopIteration) as error:
            logging.warning(
                "FinalOpsHook: its run ended with %s. What runs at the end must not read the input, which is used up "
                "by then: let it read variables only, as the value of a metric does.", type(error).__name__,
            )  # fmt: skip
            raise


class FeedFnHook(SessionRunHook):
    """Feeds what a function returns, in each run.

    Args:
      feed_fn: Function without arguments that returns a feed_dict.
    """

    def __init__(self, feed_fn: Callable[[], Any]) -> None:
        self.feed_fn = feed_fn

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Asks for the feeds."""
        return SessionRunArgs(fetches=None, feed_dict=self.feed_fn())
