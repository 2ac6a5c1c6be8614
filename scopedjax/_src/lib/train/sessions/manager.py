"""`SessionManager`: makes a session whose variables have values, from a checkpoint or from initializers.

prepare_session:   checkpoint? -> restore            -> local_init_op -> all ready?
none?       -> init_op, init_fn   -> local_init_op -> all ready?
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from scopedjax._src.base.errors import FailedPreconditionError
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.stacks import get_default_graph
from scopedjax._src.lib.platform import logging
from scopedjax._src.lib.train.checkpoint_state import get_checkpoint_state
from scopedjax._src.runtime.session import Session


class SessionManager:
    """Makes sessions whose variables have values.

    Args:
      local_init_op: Node run in every new session, after restoring too: local variables, tables.
      ready_op: String tensor with the names of the variables that have no value; empty when all is ready.
      ready_for_local_init_op: The same, asked before `local_init_op` is run.
      graph: The graph; the default graph by default.
      recovery_wait_secs: Seconds between two looks, where something is waited for.
      local_init_run_options: RunOptions of the run of `local_init_op`.
      local_init_feed_dict: What is fed then.

    Raises:
      ValueError: `ready_for_local_init_op` is given without `local_init_op`.

    >>> w = tf.get_variable("w", initializer=3.0)
    >>> manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables())
    >>> with manager.prepare_session("", init_op=tf.global_variables_initializer()) as session:
    ...     print(session.run(w))
    3.0
    """

    def __init__(
        self,
        local_init_op: Any = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        graph: Graph | None = None,
        recovery_wait_secs: float = 30,
        local_init_run_options: Any = None,
        local_init_feed_dict: Any = None,
    ) -> None:
        if ready_for_local_init_op is not None and local_init_op is None:
            raise ValueError(
                "If you pass a ready_for_local_init_op you must also pass a local_init_op , ready_for_local_init_op "
                f"[{ready_for_local_init_op}]"
            )
        self._local_init_op = local_init_op
        self._ready_op = ready_op
        self._ready_for_local_init_op = ready_for_local_init_op
        self._graph = graph or get_default_graph()
        self._recovery_wait_secs = recovery_wait_secs
        self._local_init_run_options = local_init_run_options
        self._local_init_feed_dict = local_init_feed_dict

    def prepare_session(
        self,
        master: str,
        init_op: Any = None,
        saver: Any = None,
        checkpoint_dir: str | None = None,
        checkpoint_filename_with_path: str | None = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        config: Any = None,
        init_feed_dict: Any = None,
        init_fn: Any = None,
    ) -> Session:
        """Returns a new session: restored where there is a checkpoint, else initialized.

        Args:
          master: '' only.
          init_op: Node that initializes.
          saver: Saver that restores.
          checkpoint_dir: Folder in which the newest checkpoint is looked for.
          checkpoint_filename_with_path: The checkpoint, in place of `checkpoint_dir`.
          wait_for_checkpoint: Whether to wait until there is one.
          max_wait_secs: How long.
          config: ConfigProto.
          init_feed_dict: What is fed to `init_op`.
          init_fn: Function of the session, called after `init_op`.

        Raises:
          RuntimeError: nothing says how to initialize, or variables are left without a value.
        """
        session, restored = self._restore(
            master, saver, checkpoint_dir, checkpoint_filename_with_path, wait_for_checkpoint, max_wait_secs, config
        )
        if not restored:
            if init_op is None and not init_fn and self._local_init_op is None:
                raise RuntimeError("Model is not initialized and no init_op or init_fn or local_init_op was given")
            if init_op is not None:
                session.run(init_op, feed_dict=init_feed_dict)
            if init_fn:
                init_fn(session)
        named = [str(getattr(op, "name", op)) for op in (init_op, self._local_init_op)]
        words = f"Init op: {named[0]}, init fn: {init_fn}, local_init_op: {named[1]}"
        problem = self._run_local_init(session)
        if problem is not None:
            raise RuntimeError(f"Init operations did not make model ready for local_init.  {words}, error: {problem}")
        problem = missing(self._ready_op, session, "Model not ready: ")
        if problem is not None:
            raise RuntimeError(f"Init operations did not make model ready.  {words}, error: {problem}")
        return session

    def recover_session(
        self,
        master: str,
        saver: Any = None,
        checkpoint_dir: str | None = None,
        checkpoint_filename_with_path: str | None = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        config: Any = None,
    ) -> tuple[Session, bool]:
        """Returns a new session, restored if that can be done, and whether all in it is ready.

        Args:
          master: '' only.
          saver: Saver that restores.
          checkpoint_dir: Folder in which the newest checkpoint is looked for.
          checkpoint_filename_with_path: The checkpoint, in place of `checkpoint_dir`.
          wait_for_checkpoint: Whether to wait until there is one.
          max_wait_secs: How long.
          config: ConfigProto.
        """
        session, restored = self._restore(
            master, saver, checkpoint_dir, checkpoint_filename_with_path, wait_for_checkpoint, max_wait_secs, config
        )
        problem = self._run_local_init(session)
        if problem is not None:
            logging.info("Restoring model from %s did not make model ready for local init: %s",
                         checkpoint_dir or checkpoint_filename_with_path, problem)  # fmt: skip
            return session, False
        problem = missing(self._ready_op, session, "Model not ready: ")
        if problem is not None:
            logging.info("Restoring model from %s did not make model ready: %s",
                         checkpoint_dir or checkpoint_filename_with_path, problem)  # fmt: skip
            return session, False
        if restored:
            logging.info("Restored model from %s", checkpoint_dir or checkpoint_filename_with_path)
        return session, restored

    def wait_for_session(self, master: str, config: Any = None, max_wait_secs: float = float("Inf")) -> Session | None:
        """Returns a session once all is ready in it, for a worker whose chief initializes.

        Sessions of this process do not share variables, so only a model that `local_init_op` alone makes ready can
        become ready.

        Args:
          master: '' only.
          config: ConfigProto.
          max_wait_secs: How long to wait.

        Raises:
          DeadlineExceededError: it took longer.
        """
        from scopedjax._src.base.errors import DeadlineExceededError

        deadline = time.monotonic() + (float("Inf") if max_wait_secs is None else max_wait_secs)
        while True:
            session = Session(master, graph=self._graph, config=config)
            problem = self._run_local_init(session) or missing(self._ready_op, session, "Model not ready: ")
            if problem is None:
                return session
            session.close()
            if time.monotonic() + self._recovery_wait_secs > deadline:
                raise DeadlineExceededError(
                    None, None, f"Session was not ready after waiting {max_wait_secs} secs. {problem}"
                )
            logging.info("Waiting for model to be ready.  %s", problem)
            time.sleep(self._recovery_wait_secs)

    def _restore(
        self,
        master: str,
        saver: Any,
        folder: str | None,
        path: str | None,
        wait: bool,
        max_wait_secs: float,
        config: Any,
    ) -> tuple[Session, bool]:
        """Returns a new session, and whether a checkpoint was restored into it."""
        if folder and path:
            raise ValueError("Can not provide both checkpoint_dir and checkpoint_filename_with_path.")
        session = Session(master, graph=self._graph, config=config)
        if not saver or not (folder or path):
            return session, False
        if path:
            saver.restore(session, path)
            return session, True
        deadline = time.monotonic() + max_wait_secs
        state = get_checkpoint_state(str(folder))
        while not state or not state.model_checkpoint_path:
            if not wait or time.monotonic() > deadline:
                return session, False
            logging.info("Waiting for checkpoint to be available.")
            time.sleep(min(self._recovery_wait_secs, max(0.0, deadline - time.monotonic())))
            state = get_checkpoint_state(str(folder))
        saver.restore(session, state.model_checkpoint_path)
        saver.recover_last_checkpoints(state.all_model_checkpoint_paths)
        return session, True

    def _run_local_init(self, session: Session) -> str | None:
        """Runs `local_init_op`; returns what is missing for it, or None."""
        if self._local_init_op is None:
            return None
        problem = missing(self._ready_for_local_init_op, session, "Model not ready for local init: ")
        if problem is None:
            logging.info("Running local_init_op.")
            session.run(self._local_init_op, self._local_init_feed_dict, self._local_init_run_options)
            logging.info("Done running local_init_op.")
        return problem


def missing(op: Any, session: Session, words: str) -> str | None:
    """Returns which variables have no value, as `op` tells it, or None where all are ready."""
    if op is None:
        return None
    try:
        value = session.run(op)
    except FailedPreconditionError as error:
        if "uninitialized" not in str(error):
            logging.warning("%s : error [%s]", words, error)
            raise
        return str(error)
    # An older ready_op is assert_variables_initialized, which gives no names.
    if value is None or np.asarray(value).dtype == np.int32 or np.asarray(value).size == 0:
        return None
    return "Variables not initialized: " + ", ".join(name.decode() for name in np.asarray(value).ravel().tolist())
