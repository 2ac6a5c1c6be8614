"""GraphDef: a graph as TensorFlow's protocol buffer, with nothing lost.

    Operation 'm' (MatMul, inputs a:0, s:1)    node { name: "m"  op: "MatMul"  input: "a"  input: "s:1"  input: "^init"
      control input 'init', device GPU 0                device: "/device:GPU:0"  attr { T, transpose_a, ... } }

TensorFlow 2 keeps a branch or a loop body in a function; here their nodes lie in the same graph, as in TF1,
and belong to a region (see `contexts`). A file says so by attributes whose names begin with "_", which TensorFlow reads
over:

    cond/add   _scopedjax_region: "cond/If#0"           the region that the node belongs to
    cond/If    _scopedjax_regions: [func "cond/If#0" {kind: "cond_true", results: ["cond/add:0"], ...}, ...]

A gradient node (`SymbolicGradient`) names its forward node in `_forward_op`. Nodes whose shapes cannot be found again
without their region or their forward node carry `_output_shapes`.

So that TensorFlow can load such a file and run it, regions are written a second time, as functions of the library; see
`loadable`.

Invariant: `import_graph_def(graph_def(g), name="")` into an empty graph gives nodes with the same names, types, inputs,
attributes, shapes, regions and forward nodes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from scopedjax._src.base import version
from scopedjax._src.graph import protos
from scopedjax._src.graph.attributes import FunctionAttr, attribute_kind, node_def, to_attr_value
from scopedjax._src.graph.call_functions import body_function, is_call
from scopedjax._src.graph.loadable import CHANGED, Library
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor

if TYPE_CHECKING:
    from scopedjax._src.graph.contexts import ControlFlowContext
    from scopedjax._src.graph.graph import Graph

REGION: Final = "_scopedjax_region"  # of a node: the region that it belongs to
REGIONS: Final = "_scopedjax_regions"  # of a structured node: its regions
FORWARD: Final = "_forward_op"
_MOST_BYTES: Final = (1 << 31) - 1
LIBRARY: Final = "graph_def_library"  # key in Graph.extra of the functions that came with an imported GraphDef


def versions(graph: Graph | None = None) -> Any:
    """Returns the VersionDef that is written into GraphDefs: this package's, or what an import asked for.

    Args:
      graph: The graph, whose imported nodes may need an older reading.
    """
    known = None if graph is None else graph._versions
    if known is not None:
        copy = protos.VersionDef()
        copy.CopyFrom(known)
        return copy
    return protos.VersionDef(
        producer=version.GRAPH_DEF_VERSION,
        min_consumer=version.GRAPH_DEF_VERSION_MIN_CONSUMER,
    )


def graph_def(graph: Graph, from_version: int | None = None, add_shapes: bool = False) -> Any:
    """Returns the GraphDef of a graph.

    Args:
      graph: The graph.
      from_version: If given, only nodes recorded after the graph had this version.
      add_shapes: Whether to add `_output_shapes` to each node.

    Raises:
      ValueError: an attribute cannot be written, or the result would be larger than 2 GB.
    """
    proto = protos.GraphDef()
    proto.versions.CopyFrom(versions(graph))
    if LIBRARY in graph.extra:
        proto.library.CopyFrom(graph.extra[LIBRARY])
    ops = graph.get_operations()
    names = region_names(ops)
    library = Library(ops, lambda op: full_node_def(op, names))
    size = 0
    for op in ops:
        if from_version is not None and op._id < from_version:
            continue
        node = library.loadable(op, full_node_def(op, names, add_shapes))
        size += node.ByteSize()
        if size > _MOST_BYTES:
            raise ValueError(
                f"GraphDef cannot be larger than 2GB.: the limit is passed at node '{op.name}' ({op.type}). "
                "Feed large arrays or keep them in variables, instead of recording them as constants."
            )
        proto.node.append(node)
    library.add_to(proto)
    return proto


def function_def(graph: Any, name: str) -> Any:
    """Returns the FunctionDef of a function's body, as a GraphDef has it.

    Args:
      graph: The `FunctionGraph`.
      name: What the function is called.
    """
    names = region_names(graph.get_operations())
    library = Library([], lambda op: full_node_def(op, names))
    return body_function(library, name, graph, graph.outputs, CHANGED)


def full_node_def(op: Operation, names: dict[ControlFlowContext, str], add_shapes: bool = False) -> Any:
    """Returns a node's NodeDef with all that a file needs to rebuild it: its region, its forward node."""
    forward = None if op._extra is None else op._extra.get("forward")
    regions = () if op._extra is None or is_call(op) else op._extra.get("regions", ())
    node = node_def(op, add_shapes or forward is not None or bool(regions))
    count = len(op.inputs)
    controls = sorted(node.input[count:])
    del node.input[count:]
    node.input.extend(controls)
    if op.context is not None and op.context in names:  # not so in the copy of a region, see `backward_functions`
        node.attr[REGION].CopyFrom(to_attr_value(names[op.context]))
    if regions:
        described = tuple(_region_attr(region, names.get(region) or str(region.name)) for region in regions)
        node.attr[REGIONS].CopyFrom(to_attr_value(described, "list(func)"))
    if forward is not None:
        node.attr[FORWARD].CopyFrom(to_attr_value(forward.name, "string"))
        node.attr["f"].CopyFrom(to_attr_value(function_attr(forward)))
    return node


def function_attr(op: Operation) -> FunctionAttr:
    """Returns a node's type and attributes as the value of a "func" attribute."""
    pairs = [(key, to_attr_value(value, attribute_kind(op, key))) for key, value in sorted(op.attrs.items())]
    return FunctionAttr(op.type, tuple(pairs))


# --------------------------------------------------------------------------------------------------------- regions


def region_names(ops: Iterable[Operation]) -> dict[ControlFlowContext, str]:
    """Returns a name for each region: that of its structured node with the region's index behind "#".

    A region that is still open has no structured node yet and is named by its scope and kind.
    """
    names: dict[ControlFlowContext, str] = {}
    open_regions: dict[ControlFlowContext, None] = {}
    for op in ops:
        for index, region in enumerate(() if op._extra is None else op._extra.get("regions", ())):
            names[region] = f"{op.name}#{index}"
        context = op.context
        while context is not None:
            open_regions.setdefault(context)
            context = context.outer
    for region in open_regions:
        names.setdefault(region, f"{region.name}#{region.kind}")
    return names


def _region_attr(region: ControlFlowContext, name: str) -> FunctionAttr:
    fields: dict[str, Any] = {
        "name": region.name,
        "kind": region.kind,
        "captures": tuple(t.name for t in region.captures),
        "controls": tuple(op.name for op in region.controls),
        "results": tuple(t.name for t in region.results),
        "result_controls": tuple(op.name for op in region.result_controls),
        "parameters": tuple(t.name for t in region.parameters),
    }
    for key, value in region.extra.items():
        try:
            fields[f"extra.{key}"] = to_attr_value(_named(value))
        except TypeError as error:
            raise TypeError(f"'{key}' of the region '{name}' cannot be written: {error}") from None
    return FunctionAttr(name, tuple(fields.items()))


def _named(value: Any) -> Any:
    """What a region keeps besides, with nodes and tensors replaced by their names."""
    if isinstance(value, Tensor):
        return FunctionAttr("tensor", (("name", value.name),))
    if isinstance(value, Operation):
        return FunctionAttr("operation", (("name", value.name),))
    if isinstance(value, (list, tuple)):
        return tuple(_named(item) for item in value)
    return value
