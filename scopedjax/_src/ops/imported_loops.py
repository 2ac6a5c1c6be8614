"""TF1's own control flow in imported graphs: `Switch`, `Merge`, `Enter`, `Exit`, `NextIteration`, `LoopCond`.

    the file: nodes in a flat graph with cycles     here: If and WhileLoop nodes with regions

    while/Enter -> while/Merge -> while/Switch -> while/Exit         while/Enter -> while/WhileLoop -> while/Exit
                       ^              |                                              |- region: while/Merge, while/Less
                       +-NextIteration <- body                                       `- region: while/Switch, the body

TensorFlow runs such a graph by a machine that marks tensors as dead and counts the steps of every frame. XLA wants
structure, and so do gradients, shapes and people. So the structure is found again before anything is recorded, from
the nodes alone (the collections with contexts that a MetaGraphDef may hold are not needed):

1. `raising.dataflow`: the frame of every node, and the predicates that it needs to be alive;
2. `raising.layout`: which nodes make one branch or one body, in which order;
3. `raising.stores`: which nodes mean which stack or TensorArray;
4. `raising.emission`: the same nodes with the same names, in regions.

Gradients that TensorFlow wrote into the graph are nodes like others: the backward loop is a second WhileLoop, and the
stacks by which it gets the values of each step back are arrays that the forward loop fills.

Why no interpreter of dead tensors: it would run everything, but step by step on the host, a hundred times slower, and
nothing could be differentiated. What has no structure (a Merge of two values that both live, loops that never end) is
refused with the name of the node; TensorFlow's own library cannot write it.
"""

from __future__ import annotations

from typing import Any, Final

from scopedjax._src.graph import protos
from scopedjax._src.ops.raising.dataflow import CONTROL_FLOW, Dataflow
from scopedjax._src.ops.raising.emission import Emission
from scopedjax._src.ops.raising.layout import Layout
from scopedjax._src.ops.raising.stores import POPS, PUSHES, STACKS, Stores
from scopedjax._src.ops.raising.types import Types

TYPES: Final[frozenset[str]] = (
    CONTROL_FLOW | {f"Ref{kind}" for kind in CONTROL_FLOW - {"LoopCond"}} | STACKS | PUSHES | POPS
)


def raised(proto: Any) -> Any:
    """Returns a GraphDef in which TF1's control flow is structured.

    Args:
      proto: The GraphDef; it is not changed.

    Raises:
      InvalidArgumentError: its control flow has no structure; the text names a node.
    """
    if not any(node.op in TYPES for node in proto.node):
        return proto
    flow = Dataflow(proto)
    layout = Layout(flow, _taken(proto))
    op_defs = {function.signature.name: function.signature for function in proto.library.function}
    emission = Emission(layout, Stores(layout), Types(flow, op_defs))
    result = protos.GraphDef()
    result.versions.CopyFrom(proto.versions)
    result.library.CopyFrom(proto.library)
    result.node.extend(emission.written())
    return result


def _taken(proto: Any) -> set[str]:
    """Names of nodes, and of the scopes around them."""
    taken: set[str] = set()
    for node in proto.node:
        name = node.name
        while name and name not in taken:
            taken.add(name)
            name = name.rpartition("/")[0]
    return taken
