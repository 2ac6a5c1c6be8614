"""Which graph and which session are the default ones, per thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scopedjax._src.graph.graph import Graph


class _DefaultStack(threading.local):
    """A stack of defaults, one per thread."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.enforce_nesting = True

    @contextmanager
    def pushed(self, item: Any) -> Iterator[Any]:
        self.items.append(item)
        try:
            yield item
        finally:
            if self.enforce_nesting:
                if not self.items or self.items[-1] is not item:
                    raise AssertionError(
                        f"Nesting violated for default stack of {type(item)} objects: a `with` block around a default "
                        "graph or session was left while another one, opened later, was still open."
                    )
                self.items.pop()
            elif item in self.items:
                self.items.remove(item)


class _GlobalGraph:
    graph: Graph | None = None


graphs = _DefaultStack()
sessions = _DefaultStack()
_global = _GlobalGraph()
_lock = threading.Lock()


def get_default_graph() -> Graph:
    """Returns the innermost graph made the default in this thread, else the process's own graph.

    >>> with tf.Graph().as_default() as g:
    ...     tf.get_default_graph() is g
    True
    """
    items = graphs.items
    if items:
        return items[-1]
    graph = _global.graph
    if graph is None:
        from scopedjax._src.graph.graph import Graph

        with _lock:
            if _global.graph is None:
                _global.graph = Graph()
            graph = _global.graph
    return graph


def recording_graph(graph: Graph) -> Graph:
    """Returns where nodes that belong with some of `graph` are recorded: there, or in the body that is being traced."""
    default = get_default_graph()
    return default if default.building_function else graph


def has_default_graph() -> bool:
    """Whether a graph was made the default with `as_default` in this thread."""
    return bool(graphs.items)


def reset_default_graph() -> None:
    """Clears the default graph stack and makes a new process-wide graph.

    Raises:
      AssertionError: called inside `with graph.as_default():`.
    """
    if graphs.items:
        raise AssertionError(
            "Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared graph, exit the nesting "
            "and create a new graph."
        )
    _global.graph = None


def get_default_session() -> Any:
    """Returns the session whose `with` block is open in this thread, or None."""
    items = sessions.items
    return items[-1] if items else None
