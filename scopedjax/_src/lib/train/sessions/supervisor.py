"""`Supervisor`: what trained before there were monitored sessions; threads save, summarize and count steps.

sv = tf.train.Supervisor(logdir="d")
with sv.managed_session() as sess:                 restored or initialized; the threads run
while not sv.should_stop():
sess.run(train_op)

every save_model_secs: checkpoint        every save_summaries_secs: summaries, steps per second
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from scopedjax._src.base.errors import AbortedError
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.stacks import get_default_graph
from scopedjax._src.lib.platform import logging
from scopedjax._src.lib.summary.file_writer import FileWriter
from scopedjax._src.lib.train.coordinator import Coordinator, LooperThread
from scopedjax._src.lib.train.global_step import global_step as global_step_value
from scopedjax._src.lib.train.graph_io import write_graph
from scopedjax._src.lib.train.saver import Saver
from scopedjax._src.lib.train.sessions.manager import SessionManager
from scopedjax._src.lib.train.sessions.scaffold import Scaffold
from scopedjax._src.ops.summary.nodes import merge_all
from scopedjax._src.ops.summary.protos import SessionLog, Summary
from scopedjax._src.variables.collections import (
    global_variables_initializer,
    report_uninitialized_variables,
)


class _SummaryThread(LooperThread):
    """Writes the summaries."""

    def __init__(self, sv: Supervisor, sess: Any) -> None:
        super().__init__(sv.coord, sv.save_summaries_secs)
        self._sv, self._sess = sv, sess

    def run_loop(self) -> None:
        sv = self._sv
        if sv.global_step is None:
            summaries, step = self._sess.run(sv.summary_op), None
        else:
            summaries, step = self._sess.run([sv.summary_op, sv.global_step])
            logging.info("Recording summary at step %s.", step)
        if sv.summary_writer is not None:
            sv.summary_writer.add_summary(summaries, step)


class _StepCounterThread(LooperThread):
    """Writes and logs how many steps a second are made."""

    def __init__(self, sv: Supervisor, sess: Any) -> None:
        super().__init__(sv.coord, sv.save_summaries_secs)
        self._sv, self._sess = sv, sess
        self._tag = f"{sv.global_step.op.name}/sec"
        self._last = (0.0, 0)

    def start_loop(self) -> None:
        self._last = time.time(), global_step_value(self._sess, self._sv.global_step)

    def run_loop(self) -> None:
        now, step = time.time(), global_step_value(self._sess, self._sv.global_step)
        elapsed = now - self._last[0]
        rate = (step - self._last[1]) / elapsed if elapsed > 0 else float("inf")
        self._last = now, step
        if self._sv.summary_writer is not None:
            value = Summary.Value(tag=self._tag, simple_value=rate)
            self._sv.summary_writer.add_summary(Summary(value=[value]), step)
        logging.log_first_n(logging.INFO, "%s: %g", 10, self._tag, rate)


class _CheckpointThread(LooperThread):
    """Saves checkpoints."""

    def __init__(self, sv: Supervisor, sess: Any) -> None:
        super().__init__(sv.coord, sv.save_model_secs)
        self._sv, self._sess = sv, sess

    def run_loop(self) -> None:
        sv = self._sv
        logging.info("Saving checkpoint to path %s", sv.save_path)
        sv.saver.save(self._sess, sv.save_path, global_step=sv.global_step)
        if sv.summary_writer is not None and sv.global_step is not None:
            step = global_step_value(self._sess, sv.global_step)
            log = SessionLog(status=SessionLog.CHECKPOINT, checkpoint_path=sv.save_path)
            sv.summary_writer.add_session_log(log, step)


class Supervisor:
    """Makes a session that is restored or initialized, and runs threads that save and summarize.

    It finalizes the graph. `tf.train.MonitoredTrainingSession` does the same without threads of its own.

    Args:
      graph: The graph; the default graph by default.
      ready_op: Tensor with the names of variables without a value; made by default.
      ready_for_local_init_op: The same, asked before `local_init_op`; nothing by default.
      is_chief: Whether this process initializes and saves.
      init_op: Node that initializes; all global variables by default.
      init_feed_dict: What is fed to it.
      local_init_op: Node run in every session; local variables and tables by default.
      logdir: Folder of checkpoints and summaries; None for neither.
      summary_op: Tensor of serialized summaries; all of the graph by default; None for no summaries.
      saver: The Saver; of all variables by default; None for no checkpoints.
      global_step: The global step; the graph's by default.
      save_summaries_secs: Seconds from one summary to the next; 0 for none.
      save_model_secs: Seconds from one checkpoint to the next; 0 for none.
      recovery_wait_secs: Seconds between two looks, where something is waited for.
      stop_grace_secs: Seconds that threads have to end.
      checkpoint_basename: Name of the checkpoints, before the step.
      session_manager: The SessionManager; made by default.
      summary_writer: The FileWriter; made by default; None for none.
      init_fn: Function of the session, called after `init_op`.
      local_init_run_options: RunOptions of the run of `local_init_op`.

    Raises:
      ValueError: this is not the chief, and a variable has no device.

    >>> step = tf.train.create_global_step()
    >>> count = tf.assign_add(step, 1)
    >>> sv = tf.train.Supervisor()
    >>> with sv.managed_session() as session:
    ...     while not sv.should_stop():
    ...         if session.run(count) == 3:
    ...             sv.request_stop()
    ...     print(session.run(step))
    3
    """

    USE_DEFAULT: ClassVar[Any] = 0

    def __init__(
        self,
        graph: Graph | None = None,
        ready_op: Any = USE_DEFAULT,
        ready_for_local_init_op: Any = USE_DEFAULT,
        is_chief: bool = True,
        init_op: Any = USE_DEFAULT,
        init_feed_dict: Any = None,
        local_init_op: Any = USE_DEFAULT,
        logdir: str | None = None,
        summary_op: Any = USE_DEFAULT,
        saver: Any = USE_DEFAULT,
        global_step: Any = USE_DEFAULT,
        save_summaries_secs: float = 120,
        save_model_secs: float = 600,
        recovery_wait_secs: float = 30,
        stop_grace_secs: float = 120,
        checkpoint_basename: str = "model.ckpt",
        session_manager: SessionManager | None = None,
        summary_writer: Any = USE_DEFAULT,
        init_fn: Any = None,
        local_init_run_options: Any = None,
    ) -> None:
        self._graph = graph = graph or get_default_graph()
        with graph.as_default():
            self._ready_op = _chosen(ready_op, GraphKeys.READY_OP, report_uninitialized_variables)
            self._ready_for_local_init_op = _chosen(
                ready_for_local_init_op, GraphKeys.READY_FOR_LOCAL_INIT_OP, lambda: None
            )
            self._init_op = _chosen(init_op, GraphKeys.INIT_OP, global_variables_initializer)
            self._local_init_op = _chosen(local_init_op, GraphKeys.LOCAL_INIT_OP, Scaffold.default_local_init_op)
            self._saver = _chosen(
                saver, GraphKeys.SAVERS, lambda: Saver() if graph.get_collection(GraphKeys.GLOBAL_VARIABLES) else None
            )
            self._summary_op = _chosen(summary_op, GraphKeys.SUMMARY_OP, merge_all)
            self._global_step = _chosen(global_step, GraphKeys.GLOBAL_STEP, _named_global_step)
        self._init_feed_dict = init_feed_dict
        self._init_fn = init_fn
        self._is_chief = is_chief
        self._coord = Coordinator()
        self._stop_grace_secs = stop_grace_secs
        self._logdir = logdir if is_chief else None
        self._save_summaries_secs = save_summaries_secs if is_chief else None
        self._save_model_secs = save_model_secs if is_chief else None
        self._save_path = os.path.join(self._logdir, checkpoint_basename) if self._logdir else None
        self._summary_writer: Any = None
        self._graph_written = False
        if is_chief:
            default = summary_writer is Supervisor.USE_DEFAULT
            made = FileWriter(self._logdir) if default and self._logdir else None
            self._summary_writer = made if default else summary_writer
        self._session_manager = session_manager or SessionManager(
            local_init_op=self._local_init_op,
            ready_op=self._ready_op,
            ready_for_local_init_op=self._ready_for_local_init_op,
            graph=graph,
            recovery_wait_secs=recovery_wait_secs,
            local_init_run_options=local_init_run_options,
        )
        if not is_chief:
            self._check_devices()
        graph.finalize()

    def _check_devices(self) -> None:
        """A variable without a device would be one of the worker's own, which no chief initializes."""
        for op in self._graph.get_operations():
            if op.type in ("Variable", "VariableV2") and not op.device:
                raise ValueError(f"When using replicas, all Variables must have their device set: {op.node_def}")

    # What it is made of ---------------------------------------------------------------------------------------------

    @property
    def is_chief(self) -> bool:
        """Whether it initializes and saves."""
        return self._is_chief

    @property
    def session_manager(self) -> SessionManager:
        """The SessionManager."""
        return self._session_manager

    @property
    def coord(self) -> Coordinator:
        """The Coordinator of the threads."""
        return self._coord

    @property
    def init_op(self) -> Any:
        """The node that initializes."""
        return self._init_op

    @property
    def init_feed_dict(self) -> Any:
        """What is fed to it."""
        return self._init_feed_dict

    @property
    def ready_op(self) -> Any:
        """The tensor that tells which variables have no value."""
        return self._ready_op

    @property
    def ready_for_local_init_op(self) -> Any:
        """The tensor that tells what is missing for the local initialization."""
        return self._ready_for_local_init_op

    @property
    def summary_writer(self) -> Any:
        """The FileWriter, or None."""
        return self._summary_writer

    @property
    def summary_op(self) -> Any:
        """The tensor of serialized summaries, or None."""
        return self._summary_op

    @property
    def save_summaries_secs(self) -> Any:
        """Seconds from one summary to the next."""
        return self._save_summaries_secs

    @property
    def global_step(self) -> Any:
        """The global step, or None."""
        return self._global_step

    @property
    def saver(self) -> Any:
        """The saver, or None."""
        return self._saver

    @property
    def save_model_secs(self) -> Any:
        """Seconds from one checkpoint to the next."""
        return self._save_model_secs

    @property
    def save_path(self) -> str | None:
        """Where checkpoints are saved, before the step."""
        return self._save_path

    # Sessions and threads -------------------------------------------------------------------------------------------

    @contextmanager
    def managed_session(
        self,
        master: str = "",
        config: Any = None,
        start_standard_services: bool = True,
        close_summary_writer: bool = True,
    ) -> Iterator[Any]:
        """Context manager: a session that is ready; at its end the threads stop, and their errors are raised.

        Args:
          master: '' only.
          config: ConfigProto.
          start_standard_services: Whether to start the threads that save and summarize, and the queue runners.
          close_summary_writer: Whether to close the event file at the end.
        """
        try:
            session = self.prepare_or_wait_for_session(
                master=master, config=config, start_standard_services=start_standard_services
            )
            yield session
        except Exception as error:
            self.request_stop(error)
        finally:
            try:
                # The user's block is left, whatever a thread is waiting for: the session is closed below.
                self.stop(close_summary_writer=close_summary_writer, ignore_live_threads=True)
            finally:
                if "session" in locals():
                    session.close()

    def prepare_or_wait_for_session(
        self,
        master: str = "",
        config: Any = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        start_standard_services: bool = True,
    ) -> Any:
        """Returns a session that is ready: restored or initialized by the chief, waited for by others.

        Args:
          master: '' only.
          config: ConfigProto.
          wait_for_checkpoint: Whether to wait until there is a checkpoint.
          max_wait_secs: How long to wait.
          start_standard_services: Whether to start the threads, and the queue runners.
        """
        self._coord.clear_stop()
        if self._summary_writer is not None:
            self._summary_writer.reopen()
        if self._is_chief:
            session = self._session_manager.prepare_session(
                master,
                init_op=self._init_op,
                saver=self._saver,
                checkpoint_dir=self._logdir,
                wait_for_checkpoint=wait_for_checkpoint,
                max_wait_secs=max_wait_secs,
                config=config,
                init_feed_dict=self._init_feed_dict,
                init_fn=self._init_fn,
            )
            self._write_graph()
            if start_standard_services:
                logging.info("Starting standard services.")
                self.start_standard_services(session)
        else:
            session = self._session_manager.wait_for_session(master, config=config, max_wait_secs=max_wait_secs)
        if start_standard_services:
            logging.info("Starting queue runners.")
            self.start_queue_runners(session)
        return session

    def _write_graph(self) -> None:
        if self._logdir:
            write_graph(self._graph.as_graph_def(add_shapes=True), self._logdir, "graph.pbtxt")
        if self._summary_writer is not None and not self._graph_written:
            self._summary_writer.add_graph(self._graph)
            self._graph_written = True

    def start_standard_services(self, sess: Any) -> list[LooperThread] | None:
        """Starts the threads that save and summarize.

        Args:
          sess: The session.

        Returns:
          The threads; None without a `logdir`.

        Raises:
          RuntimeError: this is not the chief.
          ValueError: there is no `logdir` though threads need one.
        """
        if not self._is_chief:
            raise RuntimeError("Only chief supervisor can start standard services. Because only chief supervisors can "
                               "write events.")  # fmt: skip
        if not self._logdir:
            logging.warning("Standard services need a 'logdir' passed to the SessionManager")
            return None
        if self._global_step is not None and self._summary_writer is not None:
            step = global_step_value(sess, self._global_step)
            self._summary_writer.add_session_log(SessionLog(status=SessionLog.START), step)
        threads: list[LooperThread] = []
        if self._save_summaries_secs and self._summary_writer is not None:
            if self._summary_op is not None:
                threads.append(_SummaryThread(self, sess))
            if self._global_step is not None:
                threads.append(_StepCounterThread(self, sess))
        if self._saver and self._save_model_secs:
            threads.append(_CheckpointThread(self, sess))
        for thread in threads:
            thread.start()
        return threads

    def start_queue_runners(self, sess: Any, queue_runners: Sequence[Any] | None = None) -> list[Any]:
        """Starts queue runners and returns their threads.

        Args:
          sess: The session.
          queue_runners: The runners; all of the graph by default.
        """
        if queue_runners is None:
            queue_runners = self._graph.get_collection(GraphKeys.QUEUE_RUNNERS)
        return [t for r in queue_runners for t in r.create_threads(sess, coord=self._coord, daemon=True, start=True)]

    def loop(self, timer_interval_secs: float | None, target: Any, args: Any = None, kwargs: Any = None) -> Any:
        """Starts a thread that calls a function every so many seconds until the supervisor stops.

        Args:
          timer_interval_secs: Seconds from call to call; None for no pause.
          target: The function.
          args: Its positional arguments.
          kwargs: Its keyword arguments.
        """
        thread = LooperThread(self._coord, timer_interval_secs, target=target, args=args, kwargs=kwargs)
        thread.start()
        return thread

    def stop(self, threads: Any = None, close_summary_writer: bool = True, ignore_live_threads: bool = False) -> None:
        """Stops the threads and waits for them; raises what one of them reported.

        Args:
          threads: Further threads to wait for.
          close_summary_writer: Whether to close the event file.
          ignore_live_threads: Whether threads that do not end are no error.
        """
        self._coord.request_stop()
        try:
            self._coord.join(
                threads, stop_grace_period_secs=self._stop_grace_secs, ignore_live_threads=ignore_live_threads
            )
        finally:
            if close_summary_writer and self._summary_writer is not None:
                self._summary_writer.add_session_log(SessionLog(status=SessionLog.STOP))
                self._summary_writer.close()
                self._graph_written = False

    def request_stop(self, ex: Any = None) -> None:
        """Asks the threads to stop.

        Args:
          ex: Why: an exception that `stop` raises.
        """
        self._coord.request_stop(ex=ex)

    def should_stop(self) -> bool:
        """Whether the loop shall end."""
        return self._coord.should_stop()

    def stop_on_exception(self) -> Any:
        """Returns a context manager that stops all at an exception; see `Coordinator.stop_on_exception`."""
        return self._coord.stop_on_exception()

    def wait_for_stop(self) -> None:
        """Waits until a stop is asked for."""
        self._coord.wait_for_stop()

    def summary_computed(self, sess: Any, summary: Any, global_step: Any = None) -> None:
        """Writes a summary.

        Args:
          sess: The session, for the step.
          summary: The summary, a proto or serialized.
          global_step: The step; that of the session by default.

        Raises:
          TypeError: there is no session.
          RuntimeError: there is no event file.
        """
        if not self._summary_writer:
            raise RuntimeError("Writing a summary requires a summary writer.")
        if global_step is None and self._global_step is not None:
            global_step = global_step_value(sess, self._global_step)
        self._summary_writer.add_summary(summary, global_step)

    # Names from before 1.0.
    PrepareSession = prepare_or_wait_for_session
    StartQueueRunners = start_queue_runners
    StartStandardServices = start_standard_services
    Stop = stop
    RequestStop = request_stop
    Loop = loop
    ShouldStop = should_stop
    StopOnException = stop_on_exception
    WaitForStop = wait_for_stop
    SummaryComputed = summary_computed


def _chosen(given: Any, key: str, make: Any) -> Any:
    """Returns what was given; by default the first item of a collection, else what `make` makes, added to it."""
    if given is not Supervisor.USE_DEFAULT:
        return given
    graph = get_default_graph()
    found = graph.get_collection(key)
    if found:
        return found[0]
    made = make()
    if made is not None:
        graph.add_to_collection(key, made)
    return made


def _named_global_step() -> Any:
    try:
        step = get_default_graph().get_tensor_by_name("global_step:0")
    except KeyError:
        return None
    if step.dtype.base_dtype.is_integer:
        return step
    logging.warning("Found 'global_step' is not an int type: %s", step.dtype)
    return None


def basic_train_loop(
    supervisor: Supervisor, train_step_fn: Any, args: Any = None, kwargs: Any = None, master: str = ""
) -> None:
    """Calls a function of the session until a supervisor stops; after an AbortedError with a new session.

    Args:
      supervisor: The Supervisor.
      train_step_fn: Function `f(session, *args, **kwargs)`.
      args: Positional arguments of it.
      kwargs: Keyword arguments of it.
      master: '' only.

    >>> step = tf.train.create_global_step()
    >>> count = tf.assign_add(step, 1)
    >>> sv = tf.train.Supervisor()
    >>> def train(session):
    ...     if session.run(count) == 2:
    ...         sv.request_stop()
    >>> tf.train.basic_train_loop(sv, train)
    """
    again = True
    while again:
        again = False
        try:
            with supervisor.managed_session(master) as session:
                while not supervisor.should_stop():
                    train_step_fn(session, *(args or ()), **(kwargs or {}))
        except AbortedError:
            again = True
