"""Hooks that write: checkpoints, summaries, steps per second."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph.stacks import get_default_graph
from scopedjax._src.lib.platform import logging
from scopedjax._src.lib.summary.file_writer import FileWriterCache
from scopedjax._src.lib.train.graph_io import write_graph
from scopedjax._src.lib.train.sessions.basic_hooks import needed_global_step
from scopedjax._src.lib.train.sessions.hook import (
    SecondOrStepTimer,
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)
from scopedjax._src.ops.summary.protos import SessionLog, Summary


class CheckpointSaverListener:
    """Base class of what is told around each saving of a `CheckpointSaverHook`; each method does nothing."""

    def begin(self) -> None:
        """Called once, before the session is made."""

    def before_save(self, session: Any, global_step_value: int) -> None:
        """Called before a checkpoint is written.

        Args:
          session: The session.
          global_step_value: The step.
        """

    def after_save(self, session: Any, global_step_value: int) -> Any:
        """Called after a checkpoint was written.

        Args:
          session: The session.
          global_step_value: The step.

        Returns:
          Whether training shall stop.
        """

    def end(self, session: Any, global_step_value: int) -> None:
        """Called when the session closes.

        Args:
          session: The session.
          global_step_value: The step.
        """


class CheckpointSaverHook(SessionRunHook):
    """Saves a checkpoint when the session begins, every so many steps or seconds, and at the end.

    Args:
      checkpoint_dir: Folder of the checkpoints.
      save_secs: Seconds from one checkpoint to the next.
      save_steps: Steps from one checkpoint to the next.
      saver: The Saver.
      checkpoint_basename: Name of the checkpoints, before the step.
      scaffold: Scaffold whose saver is used.
      listeners: List of `CheckpointSaverListener`.
      save_graph_def: Whether to write the graph too.

    Raises:
      ValueError: both `saver` and `scaffold`, or not exactly one of `save_secs` and `save_steps`, are given.
    """

    def __init__(
        self,
        checkpoint_dir: str,
        save_secs: float | None = None,
        save_steps: int | None = None,
        saver: Any = None,
        checkpoint_basename: str = "model.ckpt",
        scaffold: Any = None,
        listeners: Sequence[CheckpointSaverListener] | None = None,
        save_graph_def: bool = True,
    ) -> None:
        logging.info("Create CheckpointSaverHook.")
        if saver is not None and scaffold is not None:
            raise ValueError("You cannot provide both saver and scaffold.")
        self._saver = saver
        self._scaffold = scaffold
        self._checkpoint_dir = checkpoint_dir
        self._save_path = os.path.join(checkpoint_dir, checkpoint_basename)
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)
        self._listeners = list(listeners or ())
        self._save_graph_def = save_graph_def
        self._global_step: Any = None
        self._writer: Any = None

    def begin(self) -> None:
        """Opens the event file; tells the listeners."""
        self._writer = FileWriterCache.get(self._checkpoint_dir)
        self._global_step = needed_global_step(self)
        for listener in self._listeners:
            listener.begin()

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Writes the graph and the first checkpoint."""
        step = int(session.run(self._global_step))
        if self._save_graph_def:
            graph = get_default_graph()
            write_graph(graph.as_graph_def(add_shapes=True), self._checkpoint_dir, "graph.pbtxt")
            self._writer.add_graph(graph)
        self._save(session, step)
        self._timer.update_last_triggered_step(step)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Asks for the global step."""
        return SessionRunArgs(self._global_step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Saves where it is due."""
        step = int(run_values.results)
        if self._timer.should_trigger_for_step(step):
            self._timer.update_last_triggered_step(step)
            if self._save(run_context.session, step):
                run_context.request_stop()

    def end(self, session: Any) -> None:
        """Saves the last step, unless that was done."""
        step = int(session.run(self._global_step))
        if step != self._timer.last_triggered_step():
            self._save(session, step)
        for listener in self._listeners:
            listener.end(session, step)
        self._writer.flush()

    def _save(self, session: Any, step: int) -> bool:
        """Saves, and returns whether a listener asks for the end."""
        logging.info("Calling checkpoint listeners before saving checkpoint %d...", step)
        for listener in self._listeners:
            listener.before_save(session, step)
        logging.info("Saving checkpoints for %d into %s.", step, self._save_path)
        self._found_saver().save(session, self._save_path, global_step=step, write_meta_graph=self._save_graph_def)
        log = SessionLog(status=SessionLog.CHECKPOINT, checkpoint_path=self._save_path)
        self._writer.add_session_log(log, step)
        logging.info("Calling checkpoint listeners after saving checkpoint %d...", step)
        stop = False
        for listener in self._listeners:
            if listener.after_save(session, step):
                logging.info("A CheckpointSaverListener requested that training be stopped. listener: %s", listener)
                stop = True
        return stop

    def _found_saver(self) -> Any:
        if self._saver is not None:
            return self._saver
        if self._scaffold is not None:
            return self._scaffold.saver
        key = GraphKeys.SAVERS
        savers = get_default_graph().get_collection(key)
        if len(savers) != 1:
            words = "No items" if not savers else "More than one item"
            raise RuntimeError(
                f"{words} in collection {key}. Please add a saver to the collection or provide a saver or scaffold."
            )
        self._saver = savers[0]
        return self._saver


class StepCounterHook(SessionRunHook):
    """Writes and logs how many steps a second are made.

    Args:
      every_n_steps: Steps from one time to the next.
      every_n_secs: Seconds from one time to the next.
      output_dir: Folder of the event file.
      summary_writer: The FileWriter, in place of `output_dir`.

    Raises:
      ValueError: neither or both of `every_n_steps` and `every_n_secs` are given.
    """

    def __init__(
        self,
        every_n_steps: int | None = 100,
        every_n_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
    ) -> None:
        if (every_n_steps is None) == (every_n_secs is None):
            raise ValueError("exactly one of every_n_steps and every_n_secs should be provided.")
        self._timer = SecondOrStepTimer(every_steps=every_n_steps, every_secs=every_n_secs)
        self._output_dir = output_dir
        self._writer = summary_writer
        self._global_step: Any = None
        self._tag = ""

    def begin(self) -> None:
        """Opens the event file."""
        if self._writer is None and self._output_dir:
            self._writer = FileWriterCache.get(self._output_dir)
        self._global_step = needed_global_step(self)
        self._tag = f"{self._global_step.op.name}/sec"

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Asks for the global step."""
        return SessionRunArgs(self._global_step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Writes and logs where it is due."""
        step = int(run_values.results)
        if not self._timer.should_trigger_for_step(step):
            return
        seconds, steps = self._timer.update_last_triggered_step(step)
        if seconds is None or steps is None:
            return
        rate = steps / seconds if seconds else float("inf")
        if self._writer is not None:
            value = Summary.Value(tag=self._tag, simple_value=rate)
            self._writer.add_summary(Summary(value=[value]), step)
        logging.info("%s: %g", self._tag, rate)


class SummarySaverHook(SessionRunHook):
    """Writes summaries every so many steps or seconds.

    Args:
      save_steps: Steps from one time to the next.
      save_secs: Seconds from one time to the next.
      output_dir: Folder of the event file.
      summary_writer: The FileWriter, in place of `output_dir`.
      scaffold: Scaffold whose `summary_op` is run.
      summary_op: The tensor of serialized summaries, or a list of them, in place of `scaffold`.

    Raises:
      ValueError: not exactly one of `scaffold` and `summary_op`, or of `save_steps` and `save_secs`, is given.
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
        scaffold: Any = None,
        summary_op: Any = None,
    ) -> None:
        if (scaffold is None) == (summary_op is None):
            raise ValueError("Exactly one of scaffold or summary_op must be provided.")
        self._summary_op = summary_op
        self._scaffold = scaffold
        self._writer = summary_writer
        self._output_dir = output_dir
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)
        self._next_step: int | None = None
        self._due = False
        self._global_step: Any = None

    def begin(self) -> None:
        """Opens the event file."""
        if self._writer is None and self._output_dir:
            self._writer = FileWriterCache.get(self._output_dir)
        self._next_step = None
        self._global_step = needed_global_step(self)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Asks for the global step, and for the summaries where they are due."""
        self._due = self._next_step is None or self._timer.should_trigger_for_step(self._next_step)
        requests: dict[str, Any] = {"global_step": self._global_step}
        if self._due and (summaries := self._summaries()) is not None:
            requests["summary"] = summaries
        return SessionRunArgs(requests)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Writes the summaries."""
        if self._writer is None:
            return
        step = int(run_values.results["global_step"])
        if self._next_step is None:
            self._writer.add_session_log(SessionLog(status=SessionLog.START), step)
        if self._due:
            self._timer.update_last_triggered_step(step)
            for summary in run_values.results.get("summary", ()):
                self._writer.add_summary(summary, step)
        self._next_step = step + 1

    def end(self, session: Any = None) -> None:
        """Hands all summaries to the operating system."""
        if self._writer is not None:
            self._writer.flush()

    def _summaries(self) -> list[Any] | None:
        found = self._summary_op
        if found is None and self._scaffold is not None:
            found = self._scaffold.summary_op
        if found is None:
            return None
        return list(found) if isinstance(found, (list, tuple)) else [found]
