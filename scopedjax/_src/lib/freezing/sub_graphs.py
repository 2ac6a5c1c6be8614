"""Parts of GraphDefs: what some nodes need, and a graph without the nodes that only training uses.

    x --- CheckNumerics --- Identity --- y        extract_sub_graph(g, ["y"])    the four nodes, and nothing else
           |                                      remove_training_nodes(g)       x --- y
    x --- loss --- train

A node needs its inputs, the nodes that it is placed beside and, here, what its regions name (see `graph.graphdef`): the
nodes of a branch or of a loop's body are no inputs of the structured node, which would be nothing without them.

GraphDefs of TensorFlow itself are taken as well as this package's; what is returned is this package's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph import protos
from scopedjax._src.graph.attributes import FunctionAttr, from_attr_value
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.graphdef import FORWARD, REGION, REGIONS
from scopedjax._src.graph.operation import Operation

# What TensorFlow counts as a node of a variable here.
_ABOUT_VARIABLES: Final = frozenset(
    """Assign AssignAdd AssignSub Queue ScatterAdd ScatterSub ScatterUpdate TruncatedNormal Variable
    VariableV2""".split()
)
_COLOCATED: Final = b"loc:@"
_REMOVED: Final = frozenset(("CheckNumerics",))
_SPLICED: Final = frozenset(("Identity", "StopGradient"))
# Small integers steer shapes: TensorFlow keeps them on the host.
_INTEGERS_ON_CPU: Final = {"DynamicStitch": "T", "ParallelDynamicStitch": "T", "Cast": "SrcT"}


# ---------------------------------------------------------------------------------------------------------- references


def node_of(reference: str) -> str:
    """Returns the name of the node that an input ("a", "a:1", "^a") comes from."""
    return reference[1:] if reference.startswith("^") else reference.partition(":")[0]


def _colocated(node: Any) -> list[str]:
    groups = node.attr["_class"].list.s if "_class" in node.attr else ()
    return [group.removeprefix(_COLOCATED).decode() for group in groups]


def _regions(node: Any) -> tuple[FunctionAttr, ...]:
    return from_attr_value(node.attr[REGIONS], "list(func)", f"node '{node.name}'") if REGIONS in node.attr else ()


def _named(value: Any) -> Iterator[str]:
    """The names of nodes and tensors in a part of a region's description."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, FunctionAttr):
        yield from _named(dict(value.attrs).get("name", ()))
    elif isinstance(value, tuple):
        for item in value:
            yield from _named(item)


def _of_regions(node: Any) -> list[str]:
    """The nodes that a node's regions name."""
    found: list[str] = []
    for region in _regions(node):
        for key, value in region.attrs:
            if key not in ("name", "kind"):
                found += map(node_of, _named(value))
    return found


def _needs(node: Any, owners: dict[str, str]) -> list[str]:
    found = [*map(node_of, node.input), *_colocated(node)]
    if FORWARD in node.attr:
        found.append(node.attr[FORWARD].s.decode())
    if REGION in node.attr:
        found += filter(None, [owners.get(node.attr[REGION].s.decode())])
    return found + _of_regions(node)


# ----------------------------------------------------------------------------------------------------------- extracting


def extract_sub_graph(graph_def: Any, dest_nodes: Iterable[str]) -> Any:
    """Returns the part of a GraphDef that some nodes need.

    Args:
      graph_def: The GraphDef.
      dest_nodes: Names of the nodes.

    Returns:
      A GraphDef with these nodes and all that they depend on, in the order of `graph_def`.

    Raises:
      TypeError: `graph_def` is no GraphDef, or `dest_nodes` is one name.
      AssertionError: A name is not in the graph ("x is not in graph").
      KeyError: A node depends on one that is not in the graph.

    >>> x = tf.placeholder(tf.float32, [], name="x")
    >>> y, other = tf.negative(x, name="y"), tf.square(x, name="other")
    >>> part = tf.graph_util.extract_sub_graph(tf.get_default_graph().as_graph_def(), ["y"])
    >>> [node.name for node in part.node]
    ['x', 'y']
    """
    if not protos.is_message(graph_def, "GraphDef"):
        raise TypeError(f"graph_def must be a graph_pb2.GraphDef proto, but got type {type(graph_def)}.")
    if isinstance(dest_nodes, str):
        raise TypeError(f"dest_nodes must be an iterable of strings, but got type {type(dest_nodes)}.")
    graph_def = protos.converted(graph_def, "GraphDef")
    wanted = list(dest_nodes)
    nodes = {node_of(node.name): node for node in graph_def.node}
    for name in wanted:
        assert name in nodes, f"{name} is not in graph"
    kept = _reachable(nodes, wanted)
    part = protos.GraphDef()
    part.node.extend(node for name, node in nodes.items() if name in kept)
    part.library.CopyFrom(graph_def.library)
    part.versions.CopyFrom(graph_def.versions)
    return part


def _reachable(nodes: dict[str, Any], wanted: Sequence[str]) -> set[str]:
    owners = {region.name: name for name, node in nodes.items() for region in _regions(node)}
    todo, found = list(wanted), set(wanted)
    while todo:
        node = todo.pop()
        for name in _needs(nodes[node], owners):
            if name in found:
                continue
            if name not in nodes:
                raise KeyError(f"node '{node}' depends on '{name}', which is not in the GraphDef")
            found.add(name)
            todo.append(name)
    return found


# -------------------------------------------------------------------------------------------------- nodes of training


def remove_training_nodes(input_graph: Any, protected_nodes: Sequence[str] | None = None) -> Any:
    """Returns a GraphDef without the nodes that change nothing when a model is only run.

    CheckNumerics is removed with the edges to it; Identity and StopGradient are passed over, so that what used them
    uses their input, unless a control edge begins or ends there or another node is placed beside them.

    Args:
      input_graph: The GraphDef.
      protected_nodes: Names of nodes to keep in any case, such as outputs.

    Returns:
      A GraphDef.

    >>> x = tf.placeholder(tf.float32, [], name="x")
    >>> y = tf.negative(tf.identity(x, name="i"), name="y")
    >>> small = tf.graph_util.remove_training_nodes(tf.get_default_graph().as_graph_def())
    >>> [(node.name, list(node.input)) for node in small.node]
    [('x', []), ('y', ['x'])]
    """
    source = protos.converted(input_graph, "GraphDef")
    protected = set(protected_nodes or ())
    removed = {node.name for node in source.node if node.op in _REMOVED and node.name not in protected}
    kept = [_rewired(node, removed, {}) for node in source.node if node.name not in removed]
    passed = _passed_over(kept, protected)
    result = protos.GraphDef()
    result.node.extend(_rewired(node, set(), passed) for node in kept if node.name not in passed)
    if source.library.function:  # without them the nodes that call them mean nothing
        result.library.CopyFrom(source.library)
    return result


def _rewired(node: Any, removed: set[str], passed: dict[str, str]) -> Any:
    copy = protos.NodeDef()
    copy.CopyFrom(node)
    del copy.input[:]
    for reference in node.input:
        name = reference.removeprefix("^")
        if name in removed:
            continue
        while name in passed:
            reference = passed[name]
            name = reference.removeprefix("^")
        copy.input.append(reference)
    return copy


def _passed_over(nodes: Sequence[Any], protected: set[str]) -> dict[str, str]:
    """The nodes that can be passed over, each with its input."""
    needed = set(protected)
    for node in nodes:
        controls = [reference.removeprefix("^") for reference in node.input if reference.startswith("^")]
        needed.update(controls, _colocated(node), _of_regions(node), [node.name] if controls else [])
    return {node.name: node.input[0] for node in nodes if node.op in _SPLICED and node.name not in needed}


# ----------------------------------------------------------------------------------------------------------- questions


def must_run_on_cpu(node: Any, pin_variables_on_cpu: bool = False) -> bool:
    """Returns whether TensorFlow keeps a node on the CPU: text and int32 constants, and int32 that steers shapes.

    Args:
      node: An Operation or a NodeDef.
      pin_variables_on_cpu: Whether nodes of variables are kept there, too.

    Raises:
      AssertionError: `node` is neither.

    >>> tf.graph_util.must_run_on_cpu(tf.constant(1).op), tf.graph_util.must_run_on_cpu(tf.constant(1.0).op)
    (True, False)
    """
    proto = node.node_def if isinstance(node, Operation) else node
    assert protos.is_message(proto, "NodeDef"), f"node must be an Operation or a NodeDef, got {type(node).__name__}"
    if pin_variables_on_cpu and proto.op in _ABOUT_VARIABLES:
        return True
    if proto.op == "Const":
        return proto.attr["dtype"].type in (dtypes.string.as_datatype_enum, dtypes.int32.as_datatype_enum)
    attr = _INTEGERS_ON_CPU.get(proto.op)
    return attr is not None and proto.attr[attr].type == dtypes.int32.as_datatype_enum


def tensor_shape_from_node_def_name(graph: Graph, input_name: str) -> TensorShape:
    """Returns the static shape of the tensor that an input of a NodeDef names.

    Args:
      graph: The graph.
      input_name: "node:1", or "node" for its first output.

    Raises:
      KeyError: The graph has no such tensor.

    >>> x = tf.placeholder(tf.float32, [None, 3], name="x")
    >>> tf.graph_util.tensor_shape_from_node_def_name(tf.get_default_graph(), "x").as_list()
    [None, 3]
    """
    return graph.get_tensor_by_name(input_name if ":" in input_name else f"{input_name}:0").get_shape()
