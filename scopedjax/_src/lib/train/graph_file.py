"""The `.meta` file beside a checkpoint, written again and again while the graph stays as it is.

A training loop saves every few minutes and its graph does not change, but making a MetaGraphDef of it takes most of the
time of a small save (*measured*: 1,000 variables 250 ms of 270). So the bytes are kept, with all that tells whether
they are still right: how many nodes were recorded, how often nodes were changed, and what the collections hold. A
collection whose items are written as messages of their own (queue runners) is compared by those messages.

What is not noticed: a static shape that `set_shape` makes more exact after the first save. The file then has the
former, coarser shape.
"""

from __future__ import annotations

import os
from typing import Any, Final

from scopedjax._src.base.system_errors import as_tensorflow_errors
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.proto_functions import proto_functions
from scopedjax._src.variables.variable import Variable

_MOST_KEPT: Final = 1 << 25  # bytes; a larger graph has its weights in constants, and making it again takes as long


class GraphFile:
    """Writes the MetaGraphDef of one saver."""

    def __init__(self) -> None:
        self._state: Any = None
        self._items: Any = None
        self._content = b""

    def write(self, path: str, graph: Graph, options: Any, make: Any) -> None:
        """Writes the file, in one step.

        Args:
          path: The file; folders on the way are made.
          graph: The graph.
          options: What else the content depends on.
          make: Returns the MetaGraphDef.

        Raises:
          tf.errors.OpError: It cannot be written.
        """
        state, items = _state_of(graph)
        if not self._content or self._state != (options, state):
            self._content = make().SerializeToString()
            self._state, self._items = (options, state), items
        content = self._content
        if len(content) > _MOST_KEPT:
            self._content, self._state, self._items = b"", None, None
        from scopedjax._src.bridge.staging import write_file

        with as_tensorflow_errors(path):
            folder = os.path.dirname(path)
            if folder:
                os.makedirs(folder, exist_ok=True)
            write_file(path, content)


def _state_of(graph: Graph) -> tuple[Any, Any]:
    """Returns what tells whether a graph has changed, and what must be kept alive for that."""
    found: list[Any] = [id(graph), graph.version, graph.mutation_count]
    kept: list[Any] = [graph]
    for key in graph.get_all_collection_keys():
        items = graph.get_collection(key)
        functions = proto_functions(key) if isinstance(key, str) else None
        if functions is None or functions.to_proto is None or all(type(item) is Variable for item in items):
            # Objects that are kept alive are told apart by their identity; a variable's nodes are those of the graph.
            found.append((key, tuple(map(_identity, items))))
            kept += items
        else:
            found.append((key, tuple(_message(functions.to_proto, item) for item in items)))
    return tuple(found), kept


def _identity(item: Any) -> Any:
    return item if isinstance(item, (str, bytes, int, float, type(None))) else id(item)


def _message(to_proto: Any, item: Any) -> bytes | None:
    message = to_proto(item)
    return message.SerializeToString() if message else None
