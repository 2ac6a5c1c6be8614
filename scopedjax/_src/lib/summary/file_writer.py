"""`tf.summary.FileWriter`: puts summaries, graphs and session logs into an event file.

writer = tf.summary.FileWriter(logdir, session.graph)
writer.add_summary(session.run(merged), global_step=step)
(shell) tensorboard --logdir logdir
"""

from __future__ import annotations

import os
import threading
import time
import warnings
from typing import Any, ClassVar

from scopedjax._src.base import version
from scopedjax._src.base.values import as_text
from scopedjax._src.graph import protos
from scopedjax._src.lib.summary.event_file import EventFile
from scopedjax._src.ops.summary.protos import Event, RunMetadata, SessionLog, Summary, TaggedRunMetadata


def _as_message(kind: Any, value: Any, refusal: str) -> Any:
    """`value` as a message of our class; one of real TensorFlow's classes is taken over by its bytes."""
    if isinstance(value, kind):
        return value
    descriptor = getattr(value, "DESCRIPTOR", None)
    # TensorBoard's copies of the messages are in a package of another name.
    if descriptor is None or descriptor.name != kind.DESCRIPTOR.name:
        raise TypeError(refusal)
    return kind.FromString(value.SerializeToString())


class FileWriter:
    """Writes an event file for TensorBoard; also a context manager, which closes it.

    A closed writer warns and drops what it is given, until `reopen`. Several threads may use one writer.

    Args:
      logdir: Folder of the event file; made if need be.
      graph: `Graph` to write at once, such as `session.graph`.
      max_queue: How many events may wait in memory before they are handed to the operating system.
      flush_secs: Seconds after which a new event flushes those before it.
      graph_def: Deprecated in TF1: a `GraphDef` instead of a graph.
      filename_suffix: Appended to the name of the event file.
      session: Accepted; TensorFlow uses it to share one file between several writers of a session.

    Raises:
      FailedPreconditionError: `logdir` is a file, or below one; other kinds of `tf.errors` for what else is refused.
      TypeError: `graph` is not a graph.
      ValueError: both `graph` and `graph_def` are given.

    >>> with tf.summary.FileWriter("logs") as writer:
    ...     value = tf.Summary.Value(tag="loss", simple_value=0.5)
    ...     writer.add_summary(tf.Summary(value=[value]), global_step=7)
    >>> [e.step for e in tf.train.summary_iterator(tf.gfile.Glob("logs/*tfevents*")[0])]
    [0, 7]
    """

    def __init__(
        self,
        logdir: Any,
        graph: Any = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        graph_def: Any = None,
        filename_suffix: str | None = None,
        session: Any = None,
    ) -> None:
        del session
        self._logdir = logdir
        self._max_queue = max_queue
        self._flush_secs = flush_secs
        self._suffix = filename_suffix or ""
        self._seen_tags: set[str] = set()
        self._run_tags: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._file = self._new_file()
        if graph is not None or graph_def is not None:
            self.add_graph(graph=graph, graph_def=graph_def)
            definition = graph.as_graph_def(add_shapes=True) if graph is not None else graph_def
            self.add_meta_graph(_plain_meta_graph(definition))

    def _new_file(self) -> EventFile:
        return EventFile(as_text(os.fspath(self._logdir)), self._flush_secs, self._suffix, self._max_queue)

    def get_logdir(self) -> Any:
        """The folder, as it was given."""
        return self._logdir

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Writes a summary.

        The metadata of a tag (which plugin shows it) are written with its first value only, as in TF.

        Args:
          summary: What a summary op gave (bytes), or a `tf.Summary`.
          global_step: The step to show it at; None for none.

        Raises:
          DecodeError: the bytes are not a `Summary`.
          TypeError: it is neither bytes nor a `Summary`.
        """
        message = Summary()
        if isinstance(summary, bytes):
            message.ParseFromString(summary)
        else:
            refusal = f"add_summary() takes bytes (what a summary op gave) or a tf.Summary, not {type(summary)}."
            message.CopyFrom(_as_message(Summary, summary, refusal))
        with self._lock:
            for value in message.value:
                if value.tag in self._seen_tags:
                    value.ClearField("metadata")
                self._seen_tags.add(value.tag)
        self._add(Event(summary=message), global_step)

    def add_session_log(self, session_log: Any, global_step: Any = None) -> None:
        """Writes that a session began, saved or stopped.

        Args:
          session_log: A `tf.SessionLog`.
          global_step: The step, or None.

        Raises:
          TypeError: it is no `SessionLog`.
        """
        refusal = f"add_session_log() takes a tf.SessionLog, not {type(session_log).__name__}."
        self._add(Event(session_log=_as_message(SessionLog, session_log, refusal)), global_step)

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Writes a graph for TensorBoard's graph page.

        Args:
          graph: A `Graph`, or a `GraphDef` (deprecated in TF1).
          global_step: The step, or None.
          graph_def: Deprecated in TF1: a `GraphDef` instead of a graph.

        Raises:
          TypeError: it is neither.
          ValueError: both are given.
        """
        if graph is not None and graph_def is not None:
            raise ValueError("Please pass only graph, or graph_def (deprecated), but not both.")
        given: Any = graph if graph is not None else graph_def
        if hasattr(given, "as_graph_def"):
            given = given.as_graph_def(add_shapes=True)
        refusal = "The passed graph must be an instance of `Graph` or the deprecated `GraphDef`"
        definition = _as_message(protos.GraphDef, given, refusal)
        self._add(Event(graph_def=definition.SerializeToString()), global_step)

    def add_meta_graph(self, meta_graph_def: Any, global_step: Any = None) -> None:
        """Writes a graph with its collections.

        Args:
          meta_graph_def: A `MetaGraphDef`, for example from `tf.train.export_meta_graph`.
          global_step: The step, or None.

        Raises:
          TypeError: it is no `MetaGraphDef`.
        """
        refusal = f"meta_graph_def must be type MetaGraphDef, saw type: {type(meta_graph_def)}"
        message = _as_message(protos.MetaGraphDef, meta_graph_def, refusal)
        self._add(Event(meta_graph_def=message.SerializeToString()), global_step)

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Writes what one run cost (times, memory).

        Args:
          run_metadata: A `tf.RunMetadata`.
          tag: Name to show it under; may be used once.
          global_step: The step, or None.

        Raises:
          TypeError: it is no `RunMetadata`.
          ValueError: the tag was used before.
        """
        if tag in self._run_tags:
            raise ValueError("The provided tag was already used for this event type")
        refusal = f"add_run_metadata() takes a tf.RunMetadata, not {type(run_metadata).__name__}."
        message = _as_message(RunMetadata, run_metadata, refusal)
        self._run_tags[tag] = run_metadata
        tagged = TaggedRunMetadata(tag=tag, run_metadata=message.SerializeToString())
        self._add(Event(tagged_run_metadata=tagged), global_step)

    def add_event(self, event: Any) -> None:
        """Writes an event as it is, time and step included.

        Args:
          event: A `tf.Event`.

        Raises:
          TypeError: it is no `Event`.
        """
        refusal = f"add_event() takes a tf.Event, not {type(event).__name__}: {event!r} is not a valid proto."
        message = _as_message(Event, event, refusal)
        if not self._warn_if_closed():
            self._file.add(message)

    def flush(self) -> None:
        """Hands all events to the operating system, so that TensorBoard sees them."""
        if not self._warn_if_closed():
            self._file.flush()

    def close(self) -> None:
        """Writes what is left and closes the file; doing so again does nothing."""
        if not self._closed:
            self._closed = True
            self._file.close()

    def reopen(self) -> None:
        """Begins a new event file in the same folder after `close`; does nothing to an open writer."""
        if self._closed:
            self._file = self._new_file()
            self._closed = False

    def _add(self, event: Any, step: Any) -> None:
        event.wall_time = time.time()
        if step is not None:
            event.step = int(step)
        self.add_event(event)

    def _warn_if_closed(self) -> bool:
        if self._closed:
            warnings.warn(
                "Attempting to use a closed FileWriter. The operation will be a noop unless the FileWriter is "
                "explicitly reopened.",
                stacklevel=3,
            )
        return self._closed

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()


def _plain_meta_graph(graph_def: Any) -> Any:
    """A `MetaGraphDef` with the graph alone, which TF writes beside a writer's first graph."""
    message = protos.MetaGraphDef()
    message.meta_info_def.tensorflow_version = version.VERSION
    message.meta_info_def.tensorflow_git_version = version.GIT_VERSION
    message.graph_def.ParseFromString(graph_def.SerializeToString())
    return message


class FileWriterCache:
    """One `FileWriter` for each folder, shared by all who ask.

    >>> tf.summary.FileWriterCache.get("logs") is tf.summary.FileWriterCache.get("logs")
    True
    >>> tf.summary.FileWriterCache.clear()
    """

    _cache: ClassVar[dict[Any, FileWriter]] = {}
    _lock: ClassVar[threading.RLock] = threading.RLock()

    @staticmethod
    def clear() -> None:
        """Forgets all writers; those that nobody else holds are closed."""
        with FileWriterCache._lock:
            FileWriterCache._cache = {}

    @staticmethod
    def get(logdir: Any) -> FileWriter:
        """The writer of a folder.

        Args:
          logdir: The folder; made if need be.

        Returns:
          The same `FileWriter` for the same folder.
        """
        with FileWriterCache._lock:
            if logdir not in FileWriterCache._cache:
                FileWriterCache._cache[logdir] = FileWriter(logdir)
            return FileWriterCache._cache[logdir]
