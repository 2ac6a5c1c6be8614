"""GraphDebugInfo: where in the program each node was made, as TensorFlow writes it beside a MetaGraphDef."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.graph import Graph


def graph_debug_info(graph: Graph) -> Any:
    """Returns the GraphDebugInfo of a graph: the user's line of each node, one frame each.

    Args:
      graph: The graph. A node is called "<name>@", the form for nodes outside functions.
    """
    from tensorboard.compat.proto import graph_debug_info_pb2

    messages: Any = graph_debug_info_pb2
    info = messages.GraphDebugInfo()
    index: dict[str, int] = {}
    for op in graph.get_operations():
        place = index.setdefault(op.site.filename, len(index))
        frame = info.traces[f"{op.name}@"].file_line_cols.add()
        frame.file_index, frame.line, frame.func = place, op.site.lineno, op.site.function
    info.files.extend(index)
    return info
