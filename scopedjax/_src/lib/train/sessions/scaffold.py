"""`Scaffold`: the nodes by which a session is initialized, checked, summarized and saved; and who makes sessions.

What is not given is looked for in the graph's collections, and else made when `finalize` is called, just before the
session is. Then the graph is finalized: nothing is added to it while training runs.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any

from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph.stacks import get_default_graph
from scopedjax._src.lib.platform import logging
from scopedjax._src.lib.train.saver import Saver
from scopedjax._src.lib.train.sessions.manager import SessionManager
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.summary.nodes import merge_all
from scopedjax._src.runtime.session import Session
from scopedjax._src.variables.collections import (
    global_variables,
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
)


def default_saver() -> Any:
    """Returns the saver in the graph's collection, else a new one of all variables.

    Raises:
      RuntimeError: there are several.
    """
    graph = get_default_graph()
    found = graph.get_collection(GraphKeys.SAVERS)
    if len(found) > 1:
        raise RuntimeError(
            f"More than one item in collection {GraphKeys.SAVERS}. Please indicate which one to use by passing it to "
            "the constructor."
        )
    if found:
        return found[0]
    saver = Saver(sharded=True, allow_empty=True)
    graph.add_to_collection(GraphKeys.SAVERS, saver)
    return saver


class Scaffold:
    """The nodes that a monitored session needs; what is not given is made.

    Args:
      init_op: Node that initializes; all global variables by default.
      init_feed_dict: What is fed to it.
      init_fn: Function `f(scaffold, session)` called after `init_op`, to load a pretrained model, say.
      ready_op: String tensor with the names of the variables that have no value.
      ready_for_local_init_op: The same, of what must be ready before `local_init_op`.
      local_init_op: Node run in every session; local variables and tables by default.
      summary_op: Tensor of serialized summaries; all of the graph, merged, by default.
      saver: Saver; of all variables by default.
      copy_from_scaffold: Scaffold from which what is not given is taken.
      local_init_feed_dict: What is fed to `local_init_op`.

    >>> w = tf.get_variable("w", initializer=1.0)
    >>> def load(scaffold, session):
    ...     w.load(5.0, session)
    >>> with tf.train.MonitoredTrainingSession(scaffold=tf.train.Scaffold(init_fn=load)) as session:
    ...     print(session.run(w))
    5.0
    """

    def __init__(
        self,
        init_op: Any = None,
        init_feed_dict: Any = None,
        init_fn: Callable[[Any, Any], Any] | None = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        local_init_op: Any = None,
        summary_op: Any = None,
        saver: Any = None,
        copy_from_scaffold: Any = None,
        local_init_feed_dict: Any = None,
    ) -> None:
        if copy_from_scaffold is not None and not isinstance(copy_from_scaffold, Scaffold):
            raise TypeError("copy_from_scaffold is not a Scaffold instance.")

        def given(value: Any, name: str) -> Any:
            taken = copy_from_scaffold is not None and value is None
            return getattr(copy_from_scaffold, name) if taken else value

        self._init_op = given(init_op, "init_op")
        self._init_feed_dict = given(init_feed_dict, "init_feed_dict")
        self._init_fn: Any
        if init_fn is not None:
            function = init_fn
            self._init_fn = lambda session: function(self, session)
        else:
            self._init_fn = given(None, "init_fn")
        self._ready_op = given(ready_op, "ready_op")
        self._ready_for_local_init_op = given(ready_for_local_init_op, "ready_for_local_init_op")
        self._local_init_op = given(local_init_op, "local_init_op")
        self._local_init_feed_dict = given(local_init_feed_dict, "local_init_feed_dict")
        self._summary_op = given(summary_op, "summary_op")
        self._saver = given(saver, "saver")

    def finalize(self) -> Scaffold:
        """Makes what was not given, and finalizes the graph."""
        default = Scaffold.get_or_default
        if self._init_op is None:
            self._init_op = default("init_op", GraphKeys.INIT_OP, lambda: group(global_variables_initializer()))
        if self._ready_op is None:
            self._ready_op = default("ready_op", GraphKeys.READY_OP, report_uninitialized_variables)
        if self._ready_for_local_init_op is None:
            self._ready_for_local_init_op = default(
                "ready_for_local_init_op",
                GraphKeys.READY_FOR_LOCAL_INIT_OP,
                lambda: report_uninitialized_variables(global_variables()),
            )
        if self._local_init_op is None:
            self._local_init_op = default("local_init_op", GraphKeys.LOCAL_INIT_OP, Scaffold.default_local_init_op)
        if self._summary_op is None:
            self._summary_op = default("summary_op", GraphKeys.SUMMARY_OP, merge_all)
        if self._saver is None:
            self._saver = default_saver()
        self._saver.build()
        get_default_graph().finalize()
        logging.info("Graph was finalized.")
        return self

    @property
    def init_fn(self) -> Any:
        """Function of the session that is called after `init_op`."""
        return self._init_fn

    @property
    def init_op(self) -> Any:
        """The node that initializes."""
        return self._init_op

    @property
    def ready_op(self) -> Any:
        """The tensor that tells which variables have no value."""
        return self._ready_op

    @property
    def ready_for_local_init_op(self) -> Any:
        """The tensor that tells what is missing for `local_init_op`."""
        return self._ready_for_local_init_op

    @property
    def local_init_op(self) -> Any:
        """The node that is run in every session."""
        return self._local_init_op

    @property
    def local_init_feed_dict(self) -> Any:
        """What is fed to it."""
        return self._local_init_feed_dict

    @property
    def summary_op(self) -> Any:
        """The tensor of serialized summaries."""
        return self._summary_op

    @property
    def saver(self) -> Any:
        """The saver."""
        return self._saver

    @property
    def init_feed_dict(self) -> Any:
        """What is fed to `init_op`."""
        return self._init_feed_dict

    @staticmethod
    def get_or_default(arg_name: str, collection_key: str, default_constructor: Callable[[], Any]) -> Any:
        """Returns the one item of a collection, or makes it and adds it.

        Args:
          arg_name: Name of the argument, for the message.
          collection_key: The collection.
          default_constructor: Makes it.

        Raises:
          RuntimeError: the collection has several.
        """
        graph = get_default_graph()
        found = graph.get_collection(collection_key)
        if len(found) > 1:
            raise RuntimeError(
                f"More than one item in the collection {collection_key!r}. Please indicate which one to use by passing "
                f"it to the tf.Scaffold constructor as:  tf.Scaffold({arg_name}=item to use)"
            )
        if found:
            return found[0]
        made = default_constructor()
        if made is not None:
            graph.add_to_collection(collection_key, made)
        return made

    @staticmethod
    def default_local_init_op() -> Any:
        """Returns a node that initializes local variables and tables."""
        tables = get_default_graph().get_collection(GraphKeys.TABLE_INITIALIZERS)
        return group(local_variables_initializer(), *tables)


class SessionCreator(abc.ABC):
    """Base class of what makes sessions."""

    @abc.abstractmethod
    def create_session(self) -> Any:
        """Returns a new session."""
        raise NotImplementedError("create_session is not implemented for SessionCreator.")


class ChiefSessionCreator(SessionCreator):
    """Makes sessions that are initialized, or restored from the newest checkpoint.

    Args:
      scaffold: The Scaffold; a plain one by default.
      master: '' only.
      config: ConfigProto.
      checkpoint_dir: Folder of the checkpoints.
      checkpoint_filename_with_path: A checkpoint, in place of the newest one of a folder.
    """

    def __init__(
        self,
        scaffold: Scaffold | None = None,
        master: str = "",
        config: Any = None,
        checkpoint_dir: str | None = None,
        checkpoint_filename_with_path: str | None = None,
    ) -> None:
        self._scaffold = scaffold or Scaffold()
        self._master = master
        self._config = config
        self._checkpoint_dir = checkpoint_dir
        self._checkpoint_path = checkpoint_filename_with_path
        self._manager: SessionManager | None = None

    def create_session(self) -> Session:
        """Finalizes the scaffold and returns a new session."""
        scaffold = self._scaffold.finalize()
        if self._manager is None:
            self._manager = _manager_of(scaffold)
        return self._manager.prepare_session(
            self._master,
            saver=scaffold.saver,
            checkpoint_dir=self._checkpoint_dir,
            checkpoint_filename_with_path=self._checkpoint_path,
            config=self._config,
            init_op=scaffold.init_op,
            init_feed_dict=scaffold.init_feed_dict,
            init_fn=scaffold.init_fn,
        )


class WorkerSessionCreator(SessionCreator):
    """Makes sessions that wait until a chief has initialized the model; see `SessionManager.wait_for_session`.

    Args:
      scaffold: The Scaffold; a plain one by default.
      master: '' only.
      config: ConfigProto.
      max_wait_secs: How long to wait.
    """

    def __init__(
        self, scaffold: Scaffold | None = None, master: str = "", config: Any = None, max_wait_secs: float = 30 * 60
    ) -> None:
        self._scaffold = scaffold or Scaffold()
        self._master = master
        self._config = config
        self._max_wait_secs = max_wait_secs
        self._manager: SessionManager | None = None

    def create_session(self) -> Session | None:
        """Finalizes the scaffold and returns a session once the model is ready."""
        scaffold = self._scaffold.finalize()
        if self._manager is None:
            self._manager = _manager_of(scaffold)
        return self._manager.wait_for_session(self._master, config=self._config, max_wait_secs=self._max_wait_secs)


def _manager_of(scaffold: Scaffold) -> SessionManager:
    return SessionManager(
        local_init_op=scaffold.local_init_op,
        local_init_feed_dict=scaffold.local_init_feed_dict,
        ready_op=scaffold.ready_op,
        ready_for_local_init_op=scaffold.ready_for_local_init_op,
        graph=get_default_graph(),
    )
