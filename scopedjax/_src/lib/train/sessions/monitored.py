"""`MonitoredSession`: a session that initializes or restores, starts threads, calls hooks, and stops cleanly.

    with tf.train.MonitoredTrainingSession(checkpoint_dir="d", hooks=[tf.train.StopAtStepHook(last_step=1000)]) as sess:
        while not sess.should_stop():
            sess.run(train_op)

    hooks' begin -> Scaffold.finalize -> restore or initialize -> queue runners -> hooks' after_create_session
    each run: hooks' before_run -> one Session.run of the caller's fetches and theirs -> hooks' after_run
    close: hooks' end -> coordinator stops the threads -> session closes

OutOfRangeError ends the `with` block without an error: the data is used up. After AbortedError or UnavailableError a
`MonitoredSession` makes a new session from the newest checkpoint and goes on.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from scopedjax._src.base.errors import AbortedError, OutOfRangeError, UnavailableError
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.protos import RunOptions
from scopedjax._src.graph.stacks import get_default_graph
from scopedjax._src.lib.platform import logging
from scopedjax._src.lib.train.coordinator import Coordinator
from scopedjax._src.lib.train.queue_runner import start_queue_runners
from scopedjax._src.lib.train.sessions.hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)
from scopedjax._src.lib.train.sessions.saving_hooks import CheckpointSaverHook, StepCounterHook, SummarySaverHook
from scopedjax._src.lib.train.sessions.scaffold import (
    ChiefSessionCreator,
    Scaffold,
    SessionCreator,
    WorkerSessionCreator,
)
from scopedjax._src.ops.summary.protos import RunMetadata

_RECOVERABLE = (AbortedError, UnavailableError)


USE_DEFAULT: Any = object()


class StepContext:
    """What the function of `run_step_fn` gets.

    Args:
      session: The plain session.
      run_with_hooks_fn: Runs fetches with the hooks.
    """

    def __init__(self, session: Any, run_with_hooks_fn: Callable[..., Any]) -> None:
        self._session = session
        self._run_with_hooks_fn = run_with_hooks_fn

    @property
    def session(self) -> Any:
        """The plain session; its runs do not call hooks."""
        return self._session

    def run_with_hooks(self, *args: Any, **kwargs: Any) -> Any:
        """Runs as `MonitoredSession.run` does, with the hooks."""
        return self._run_with_hooks_fn(*args, **kwargs)

    def request_stop(self) -> None:
        """Leaves the function, and the session's `with` block, by a StopIteration."""
        raise StopIteration("step_fn has requested the iterations to stop.")


class _Running:
    """A session with its hooks and its coordinator."""

    def __init__(self, creator: SessionCreator, hooks: Sequence[SessionRunHook], grace: float) -> None:
        self.session: Any = creator.create_session()
        self._hooks = hooks
        self._grace = grace
        self._stop = False
        self.coord = Coordinator(clean_stop_exception_types=())
        if get_default_graph().get_collection(GraphKeys.QUEUE_RUNNERS):
            start_queue_runners(sess=self.session, coord=self.coord)
        for hook in hooks:
            hook.after_create_session(self.session, self.coord)

    def should_stop(self) -> bool:
        return self._stop or self.coord.should_stop()

    def run(self, fetches: Any, feed_dict: Any, options: Any, run_metadata: Any) -> Any:
        if self._stop:
            raise RuntimeError("Run called even after should_stop requested.")
        try:
            return self._run_with_hooks(fetches, feed_dict, options, run_metadata)
        except _RECOVERABLE:
            raise
        except Exception as error:
            self._raise_cause(error)
            raise

    def _raise_cause(self, error: Exception) -> None:
        """Raises what a thread reported, if it is the cause: a queue closes when its thread fails."""
        try:
            self.coord.raise_requested_exception()
        except _RECOVERABLE:
            raise
        except Exception as cause:
            if cause is not error:
                raise error from cause

    def _run_with_hooks(self, fetches: Any, feed_dict: Any, options: Any, run_metadata: Any) -> Any:
        context = SessionRunContext(SessionRunArgs(fetches, feed_dict), self.session)
        options = RunOptions() if options is None else options
        run_metadata = RunMetadata() if run_metadata is None else run_metadata
        wanted: list[Any] = [fetches]
        position: dict[int, int] = {}
        feeds: dict[Any, Any] = {}
        for number, hook in enumerate(self._hooks):
            request = hook.before_run(context)
            if request is None:
                continue
            if request.fetches is not None:
                position[number] = len(wanted)
                wanted.append(request.fetches)
            if request.feed_dict:
                _refuse_common(feeds, request.feed_dict, "Same tensor is fed by two hooks.")
                feeds.update(request.feed_dict)
            if request.options:
                options.MergeFrom(request.options)
        if feeds:
            _refuse_common(feeds, feed_dict or {}, "Same tensor is fed by a SessionRunHook and user.")
            feeds.update(feed_dict or {})
        values = self.session.run(tuple(wanted), feeds or feed_dict, options, run_metadata)
        for number, hook in enumerate(self._hooks):
            found = values[position[number]] if number in position else None
            hook.after_run(context, SessionRunValues(found, options, run_metadata))
        self._stop = self._stop or context.stop_requested
        return values[0]

    def close(self) -> None:
        """Stops the threads and closes the session; raises what a thread reported."""
        self.coord.request_stop()
        try:
            self.coord.join(stop_grace_period_secs=self._grace, ignore_live_threads=True)
        finally:
            self.session.close()


def _refuse_common(ours: Any, theirs: Any, message: str) -> None:
    common = [key for key in theirs if key in ours]
    if common:
        raise RuntimeError(f"{message} Conflict(s): {common}")


class _Monitored:
    """What `MonitoredSession` and `SingularMonitoredSession` share."""

    _recovers = True

    def __init__(
        self, session_creator: SessionCreator | None, hooks: Sequence[SessionRunHook] | None, grace: float
    ) -> None:
        graph = get_default_graph()
        self._graph_was_finalized = graph.finalized
        self._own_graph = graph
        self._hooks = list(hooks or ())
        for hook in self._hooks:
            hook.begin()
        self._creator = session_creator or ChiefSessionCreator()
        self._grace = grace
        self._running: _Running | None = None
        self._running = self._start()

    def _start(self) -> _Running:
        while True:
            try:
                return _Running(self._creator, self._hooks, self._grace)
            except _RECOVERABLE as error:
                if not self._recovers:
                    raise
                logging.info("An error was raised while a session was being created. A new session will be made. "
                             "Error: %s", error)  # fmt: skip

    @property
    def graph(self) -> Graph | None:
        """The graph; None after `close`."""
        return None if self._running is None else self._running.session.graph

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Runs as `tf.Session.run` does, with the hooks.

        Args:
          fetches: As for `tf.Session.run`.
          feed_dict: As for `tf.Session.run`.
          options: As for `tf.Session.run`.
          run_metadata: As for `tf.Session.run`.

        Raises:
          RuntimeError: the session is closed, or a hook has asked for the end.
        """
        return self._call(lambda running: running.run(fetches, feed_dict, options, run_metadata))

    def _call(self, action: Callable[[_Running], Any]) -> Any:
        while True:
            running = self._running
            if running is None:
                raise RuntimeError("Attempted to use a closed Session.")
            try:
                return action(running)
            except _RECOVERABLE as error:
                if not self._recovers:
                    raise
                logging.info("An error was raised. This may be due to a preemption in a connected worker or parameter "
                             "server. The current session will be closed and a new session will be created. Error: %s",
                             error)  # fmt: skip
                try:
                    running.close()
                except Exception as other:
                    logging.info("Ignored while closing the session: %s", other)
                self._running = self._start()

    def run_step_fn(self, step_fn: Callable[..., Any]) -> Any:
        """Calls a function that may run several things in turn, with or without hooks.

        Args:
          step_fn: Function of a `StepContext`.

        Returns:
          What it returns.

        Raises:
          ValueError: the function does not take `step_context` alone.
          StopIteration: it asked for the end; the session's `with` block ends well with it.
        """
        arguments = list(inspect.signature(step_fn).parameters)
        if arguments not in (["step_context"], ["self", "step_context"]):
            raise ValueError(
                "`step_fn` may either have one `step_context` argument, or two arguments `self` and `step_context` if "
                f"it's an instance method. Got {arguments} instead."
            )

        def call(running: _Running) -> Any:
            return step_fn(StepContext(running.session, lambda *args, **kwargs: self._in_step(running, args, kwargs)))

        return self._call(call)

    @staticmethod
    def _in_step(running: _Running, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        names = ("fetches", "feed_dict", "options", "run_metadata")
        given = dict(zip(names, args, strict=False)) | kwargs
        return running.run(*(given.get(name) for name in names))

    def should_stop(self) -> bool:
        """Whether the loop shall end: a hook or a thread asked for it, or the session is closed."""
        return self._running is None or self._running.should_stop()

    def close(self) -> None:
        """Calls the hooks' `end`, stops the threads and closes the session."""
        self._close(ended_well=True)

    def _close(self, ended_well: bool) -> None:
        running = self._running
        if running is None:
            raise RuntimeError("Session is already closed.")
        try:
            if ended_well:
                for hook in self._hooks:
                    hook.end(running.session)
        finally:
            try:
                running.close()
            finally:
                self._running = None
                if not self._graph_was_finalized:
                    self._own_graph._unsafe_unfinalize()

    def _is_closed(self) -> bool:
        return self._running is None

    def _tf_sess(self) -> Any:
        return None if self._running is None else self._running.session

    def __enter__(self) -> Any:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        ended_well = kind is None or issubclass(kind, (OutOfRangeError, StopIteration))
        self._close(ended_well)
        return ended_well


class MonitoredSession(_Monitored):
    """A session that initializes or restores, starts the queue runners, calls hooks, and recovers.

    Args:
      session_creator: Makes the sessions; a `ChiefSessionCreator` by default.
      hooks: List of `SessionRunHook`.
      stop_grace_period_secs: Seconds that threads have to end when the session closes.

    >>> step = tf.train.create_global_step()
    >>> count = tf.assign_add(step, 1)
    >>> with tf.train.MonitoredSession(hooks=[tf.train.StopAtStepHook(num_steps=3)]) as session:
    ...     while not session.should_stop():
    ...         print(session.run(count))
    1
    2
    3
    """

    StepContext = StepContext

    def __init__(
        self,
        session_creator: SessionCreator | None = None,
        hooks: Sequence[SessionRunHook] | None = None,
        stop_grace_period_secs: float = 120,
    ) -> None:
        super().__init__(session_creator, hooks, stop_grace_period_secs)


class SingularMonitoredSession(_Monitored):
    """A monitored session that does not recover, and whose plain session can be had.

    Args:
      hooks: List of `SessionRunHook`.
      scaffold: The Scaffold; a plain one by default.
      master: '' only.
      config: ConfigProto.
      checkpoint_dir: Folder whose newest checkpoint is restored.
      stop_grace_period_secs: Seconds that threads have to end when the session closes.
      checkpoint_filename_with_path: A checkpoint, in place of `checkpoint_dir`.

    >>> w = tf.get_variable("w", initializer=2.0)
    >>> with tf.train.SingularMonitoredSession() as session:
    ...     print(session.run(w), type(session.raw_session()).__name__)
    2.0 Session
    """

    StepContext = StepContext
    _recovers = False

    def __init__(
        self,
        hooks: Sequence[SessionRunHook] | None = None,
        scaffold: Scaffold | None = None,
        master: str = "",
        config: Any = None,
        checkpoint_dir: str | None = None,
        stop_grace_period_secs: float = 120,
        checkpoint_filename_with_path: str | None = None,
    ) -> None:
        creator = ChiefSessionCreator(scaffold, master, config, checkpoint_dir, checkpoint_filename_with_path)
        super().__init__(creator, hooks, stop_grace_period_secs)

    def raw_session(self) -> Any:
        """Returns the plain session."""
        return self._tf_sess()


def MonitoredTrainingSession(
    master: str = "",
    is_chief: bool = True,
    checkpoint_dir: str | None = None,
    scaffold: Scaffold | None = None,
    hooks: Sequence[SessionRunHook] | None = None,
    chief_only_hooks: Sequence[SessionRunHook] | None = None,
    save_checkpoint_secs: Any = USE_DEFAULT,
    save_summaries_steps: Any = USE_DEFAULT,
    save_summaries_secs: Any = USE_DEFAULT,
    config: Any = None,
    stop_grace_period_secs: float = 120,
    log_step_count_steps: int | None = 100,
    max_wait_secs: float = 7200,
    save_checkpoint_steps: Any = USE_DEFAULT,
    summary_dir: str | None = None,
    save_graph_def: bool = True,
) -> MonitoredSession:
    """Returns a `MonitoredSession` for training: it restores, saves, writes summaries and counts steps by itself.

    Args:
      master: '' only.
      is_chief: Whether this process initializes, saves and writes.
      checkpoint_dir: Folder of checkpoints: the newest one is restored, new ones are saved there.
      scaffold: The Scaffold; a plain one by default.
      hooks: List of `SessionRunHook`.
      chief_only_hooks: Further ones for the chief.
      save_checkpoint_secs: Seconds from one checkpoint to the next; 600 by default, None for none.
      save_summaries_steps: Steps from one summary to the next; 100 by default, None for none.
      save_summaries_secs: Seconds from one summary to the next, in place of `save_summaries_steps`.
      config: ConfigProto.
      stop_grace_period_secs: Seconds that threads have to end when the session closes.
      log_step_count_steps: Steps from one count of the steps per second to the next; None for none.
      max_wait_secs: How long a worker waits for the chief.
      save_checkpoint_steps: Steps from one checkpoint to the next, in place of `save_checkpoint_secs`.
      summary_dir: Folder of summaries; `checkpoint_dir` by default.
      save_graph_def: Whether checkpoints come with their graph.

    >>> import tempfile
    >>> step = tf.train.create_global_step()
    >>> count = tf.assign_add(step, 1)
    >>> folder = tempfile.mkdtemp()
    >>> for last in (2, 4):
    ...     hooks = [tf.train.StopAtStepHook(last_step=last)]
    ...     with tf.train.MonitoredTrainingSession(checkpoint_dir=folder, hooks=hooks) as session:
    ...         while not session.should_stop():
    ...             print(session.run(count))
    1
    2
    3
    4
    """
    summaries = _rhythm(save_summaries_steps, save_summaries_secs, (100, None))
    checkpoints = _rhythm(save_checkpoint_steps, save_checkpoint_secs, (None, 600))
    scaffold = scaffold or Scaffold()
    if not is_chief:
        worker = WorkerSessionCreator(scaffold, master, config, max_wait_secs)
        return MonitoredSession(worker, hooks or [], stop_grace_period_secs)
    every = list(chief_only_hooks or ())
    summary_dir = summary_dir or checkpoint_dir
    if summary_dir:
        if log_step_count_steps and log_step_count_steps > 0:
            every.append(StepCounterHook(output_dir=summary_dir, every_n_steps=log_step_count_steps))
        if any(n and n > 0 for n in summaries):
            every.append(SummarySaverHook(summaries[0], summaries[1], output_dir=summary_dir, scaffold=scaffold))
    if checkpoint_dir and any(n and n > 0 for n in checkpoints):
        every.append(
            CheckpointSaverHook(
                checkpoint_dir, checkpoints[1], checkpoints[0], scaffold=scaffold, save_graph_def=save_graph_def
            )
        )
    every.extend(hooks or ())
    chief = ChiefSessionCreator(scaffold, master, config, checkpoint_dir)
    return MonitoredSession(chief, every, stop_grace_period_secs)


def _rhythm(steps: Any, secs: Any, default: tuple[int | None, int | None]) -> tuple[Any, Any]:
    """Returns (steps, seconds), where what was not given is the default, or nothing if the other was given."""
    if steps is USE_DEFAULT and secs is USE_DEFAULT:
        return default
    return None if steps is USE_DEFAULT else steps, None if secs is USE_DEFAULT else secs
