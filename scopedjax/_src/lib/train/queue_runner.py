"""`QueueRunner`: threads that run the enqueue nodes of a queue, and `start_queue_runners`.

A reader pipeline adds one runner a queue to `GraphKeys.QUEUE_RUNNERS`; a training script starts them all:

    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coord)        one thread an enqueue node, one that closes the queue
    ...                                                        when the coordinator stops
    coord.request_stop(); coord.join(threads)
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import Any

from scopedjax._src.base.errors import OpError, OutOfRangeError, exception_from_code
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.proto_functions import register_proto_function
from scopedjax._src.graph.scope_names import prepend_name_scope, strip_name_scope
from scopedjax._src.lib.platform.logging import error as log_error
from scopedjax._src.lib.platform.logging import vlog, warning
from scopedjax._src.lib.train.coordinator import Coordinator
from scopedjax._src.lib.train.queue_runner_def import QueueRunnerDef
from scopedjax._src.runtime.session import BaseSession


class QueueRunner:
    """Fills a queue from threads.

    Args:
      queue: The queue: an object with `name` and `close(cancel_pending_enqueues)`.
      enqueue_ops: Nodes that put elements into it, one thread each; a node may stand in the list several times.
      close_op: Node that closes the queue; elements in it stay. Made if not given.
      cancel_op: Node that closes it and ends what waits to enqueue. Made if not given.
      queue_closed_exception_types: Exceptions that mean that the input has ended; default
        `(tf.errors.OutOfRangeError,)`.
      queue_runner_def: QueueRunnerDef that names all of this, in place of it.
      import_scope: Scope that is put in front of its names.

    Raises:
      ValueError: there is no queue or no node.
      TypeError: the exceptions are not a tuple of TensorFlow's error types.
    """

    def __init__(
        self,
        queue: Any = None,
        enqueue_ops: Sequence[Any] | None = None,
        close_op: Any = None,
        cancel_op: Any = None,
        queue_closed_exception_types: tuple[type[OpError], ...] | None = None,
        queue_runner_def: Any = None,
        import_scope: str | None = None,
    ) -> None:
        if queue_runner_def is not None:
            if queue or enqueue_ops:
                raise ValueError("queue_runner_def and queue/enqueue_ops are mutually exclusive.")
            self._read(queue_runner_def, import_scope)
        else:
            if queue is None or not enqueue_ops:
                raise ValueError("Must provide queue and enqueue_ops.")
            self._queue = queue
            self._enqueue_ops = list(enqueue_ops)
            self._closed_types = _closed_types(queue_closed_exception_types)
            self._close_op = queue.close() if close_op is None else close_op
            self._cancel_op = queue.close(cancel_pending_enqueues=True) if cancel_op is None else cancel_op
        self._lock = threading.Lock()
        self._running: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._exceptions: list[BaseException] = []

    def _read(self, definition: Any, import_scope: str | None) -> None:
        """Takes the nodes that a QueueRunnerDef names from the default graph."""
        graph = stacks.get_default_graph()

        def node(name: str) -> Any:
            return graph.as_graph_element(prepend_name_scope(name, import_scope))

        self._queue = node(definition.queue_name)
        self._enqueue_ops = [node(name) for name in definition.enqueue_op_name]
        self._close_op = node(definition.close_op_name)
        self._cancel_op = node(definition.cancel_op_name)
        codes = definition.queue_closed_exception_types
        kinds = [type(exception_from_code(None, None, "", code)) for code in codes]
        self._closed_types = tuple(kinds) or (OutOfRangeError,)

    def to_proto(self, export_scope: str | None = None) -> Any:
        """Returns the QueueRunnerDef of this runner, or None where its queue lies outside `export_scope`.

        Args:
          export_scope: Scope that is taken off the names.
        """
        if export_scope is not None and not self._queue.name.startswith(export_scope):
            return None
        codes = [kind(None, None, "").error_code for kind in self._closed_types]  # type: ignore[call-arg, attr-defined]
        return QueueRunnerDef(
            queue_name=strip_name_scope(self._queue.name, export_scope),
            enqueue_op_name=[strip_name_scope(op.name, export_scope) for op in self._enqueue_ops],
            close_op_name=strip_name_scope(self._close_op.name, export_scope),
            cancel_op_name=strip_name_scope(self._cancel_op.name, export_scope),
            queue_closed_exception_types=codes,
        )

    @staticmethod
    def from_proto(queue_runner_def: Any, import_scope: str | None = None) -> QueueRunner:
        """Returns the runner that a QueueRunnerDef describes, over nodes that the default graph holds.

        Args:
          queue_runner_def: The QueueRunnerDef.
          import_scope: Scope that is put in front of the names.
        """
        return QueueRunner(queue_runner_def=queue_runner_def, import_scope=import_scope)

    @property
    def queue(self) -> Any:
        """The queue."""
        return self._queue

    @property
    def enqueue_ops(self) -> list[Any]:
        """The nodes that fill it."""
        return self._enqueue_ops

    @property
    def close_op(self) -> Any:
        """The node that closes it."""
        return self._close_op

    @property
    def cancel_op(self) -> Any:
        """The node that closes it and ends what waits."""
        return self._cancel_op

    @property
    def queue_closed_exception_types(self) -> tuple[type[BaseException], ...]:
        """The exceptions that mean that the input has ended."""
        return self._closed_types

    @property
    def exceptions_raised(self) -> list[BaseException]:
        """What threads without a coordinator raised."""
        return self._exceptions

    @property
    def name(self) -> str:
        """The name of the queue."""
        return self._queue.name

    def create_threads(
        self, sess: Any, coord: Coordinator | None = None, daemon: bool = False, start: bool = False
    ) -> list[threading.Thread]:
        """Returns the threads that fill the queue in a session; none while those of an earlier call still run.

        Args:
          sess: The session.
          coord: Coordinator that stops them, and that learns of their exceptions.
          daemon: Whether the process may end while they run.
          start: Whether to start them.
        """
        with self._lock:
            if self._running.get(sess, 0) > 0:
                return []
            self._running[sess] = len(self._enqueue_ops)
            self._exceptions = []
        prefix = f"QueueRunnerThread-{self.name}-"
        threads = [
            threading.Thread(target=self._fill, args=(sess, op, coord), name=prefix + op.name, daemon=daemon)
            for op in self._enqueue_ops
        ]
        if coord is not None:
            closing = threading.Thread(
                target=self._close_on_stop, args=(sess, coord), name=prefix + "close_on_stop", daemon=daemon
            )
            threads.append(closing)
        for thread in threads:
            if coord is not None:
                coord.register_thread(thread)
            if start:
                thread.start()
        return threads

    def _fill(self, sess: Any, enqueue_op: Any, coord: Coordinator | None) -> None:
        """Runs one enqueue node until the coordinator stops or the input has ended."""
        ended = False
        try:
            enqueue = sess.make_callable(enqueue_op)
            while coord is None or not coord.should_stop():
                try:
                    enqueue()
                except self._closed_types:
                    ended = True
                    break
        except Exception as error:
            if coord is not None:
                coord.request_stop(error)
                return
            log_error("Exception in QueueRunner: %s", error)
            with self._lock:
                self._exceptions.append(error)
            raise
        finally:
            self._leave(sess, ended)

    def _leave(self, sess: Any, ended: bool) -> None:
        """Counts a thread out; the last one whose input has ended closes the queue."""
        with self._lock:
            self._running[sess] -= 1
            if not ended or self._running[sess] > 0:
                return
        self._run_quietly(sess, self._close_op)

    def _close_on_stop(self, sess: Any, coord: Coordinator) -> None:
        coord.wait_for_stop()
        self._run_quietly(sess, self._cancel_op)

    @staticmethod
    def _run_quietly(sess: Any, op: Any) -> None:
        try:
            sess.run(op)
        except Exception as error:  # the queue may be closed already, and the session too
            vlog(1, "Ignored exception: %s", error)


def _closed_types(given: Any) -> tuple[type[BaseException], ...]:
    if given is None:
        return (OutOfRangeError,)
    if not isinstance(given, tuple) or not given or not all(issubclass(t, OpError) for t in given):
        raise TypeError(
            f"queue_closed_exception_types, when provided, must be a tuple of tf.error types, but saw: {given}"
        )
    return given


register_proto_function(
    GraphKeys.QUEUE_RUNNERS, QueueRunnerDef, to_proto=QueueRunner.to_proto, from_proto=QueueRunner.from_proto
)


def add_queue_runner(qr: QueueRunner, collection: str = GraphKeys.QUEUE_RUNNERS) -> None:
    """Adds a runner to a collection of the default graph.

    Args:
      qr: The runner.
      collection: Key of the collection.
    """
    stacks.get_default_graph().add_to_collection(collection, qr)


def start_queue_runners(
    sess: Any = None,
    coord: Coordinator | None = None,
    daemon: bool = True,
    start: bool = True,
    collection: str = GraphKeys.QUEUE_RUNNERS,
) -> list[threading.Thread]:
    """Starts the threads of all runners in a collection and returns them.

    Args:
      sess: The session; default: the default session.
      coord: Coordinator that stops them.
      daemon: Whether the process may end while they run.
      start: Whether to start them.
      collection: Key of the collection.

    Raises:
      ValueError: there is no session.
      TypeError: `sess` is no session.
    """
    if sess is None:
        sess = stacks.get_default_session()
        if sess is None:
            raise ValueError(
                "Cannot start queue runners: No default session is registered. Use `with sess.as_default()` or pass an "
                "explicit session to tf.start_queue_runners(sess=sess)"
            )
    if not isinstance(sess, BaseSession):
        if type(sess).__name__ in ("MonitoredSession", "SingularMonitoredSession"):
            return []  # it has started them itself
        raise TypeError(f"sess must be a `tf.Session` object. Given class: {type(sess)}")
    runners = stacks.get_default_graph().get_collection(collection)
    if not runners:
        warning(
            "`tf.train.start_queue_runners()` was called when no queue runners were defined. You can safely remove the "
            "call to this deprecated function."
        )
    with sess.graph.as_default():
        return [t for runner in runners for t in runner.create_threads(sess, coord, daemon=daemon, start=start)]
