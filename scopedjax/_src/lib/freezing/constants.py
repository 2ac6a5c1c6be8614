"""Freezing: the variables of a session become constants of a GraphDef, so that one file holds the whole model.

    v (VariableV2) - v/read (Identity) - MatMul         v (Const) - v/read (Identity) - MatMul
    r (VarHandleOp) - ReadVariableOp   - Add            r (Const) - ReadVariableOp (Identity) - Add
    e (VarHandleOp) - ResourceGather   - ...            e (Const) - ResourceGather (GatherV2, with ResourceGather/axis)

A variable's value flows from its node through nodes that only pass it on (`Identity`, `Switch`, `Enter`...), into
branches and loop bodies, to where it is read. On this way types change: a resource becomes the value's own type. What
is changed and how is TensorFlow's: the graphs are equal node by node.

Invariant: fetching an output from the frozen graph gives what the session gives now.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.graph import protos
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.graphdef import REGION
from scopedjax._src.graph.loadable import restored
from scopedjax._src.graph.tensor_proto import make_tensor_proto
from scopedjax._src.lib.freezing.sub_graphs import extract_sub_graph
from scopedjax._src.lower.effects import storage_key
from scopedjax._src.lower.trace import uninitialized
from scopedjax._src.ops.importer import import_graph_def
from scopedjax._src.ops.registry import lookup

_LOG: Final = logging.getLogger("tensorflow")
_VARIABLES: Final = frozenset(("Variable", "VariableV2", "VarHandleOp"))
_RESOURCE: Final = dtypes.resource.as_datatype_enum
_SHAPES: Final = "_output_shapes"
_PLACE: Final = ("_class", REGION)  # attributes that say where a node is, not what it does

# The types that pass a value on: for the input of this index, the outputs that have it.
_PASSING: Final[dict[str, tuple[int, ...]]] = {
    **dict.fromkeys(("Enter", "Exit", "Identity", "NextIteration", "Merge"), (0,)),
    "Switch": (0, 1),
}


def convert_variables_to_constants(
    sess: Any,
    input_graph_def: Any,
    output_node_names: Sequence[str],
    variable_names_whitelist: Collection[str] | None = None,
    variable_names_blacklist: Collection[str] | None = None,
) -> Any:
    """Returns the part of a GraphDef that some nodes need, with constants in place of variables.

    Args:
      sess: The session that has the values.
      input_graph_def: The GraphDef, mostly `sess.graph.as_graph_def()`.
      output_node_names: Names of the nodes that the result is to compute.
      variable_names_whitelist: Names of the variables to convert; default: all.
      variable_names_blacklist: Names of variables that stay.

    Returns:
      A GraphDef.

    Raises:
      TypeError: An argument has the wrong type.
      AssertionError: A name is not in the graph ("x is not in graph").
      FailedPreconditionError: A variable has no value.
      ValueError: A lookup in a resource variable has `batch_dims`.

    >>> w = tf.get_variable("w", initializer=2.0)
    >>> y = tf.multiply(w, tf.placeholder(tf.float32, [], name="x"), name="y")
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, ["y"])
    >>> [(node.name, node.op) for node in frozen.node]
    [('w', 'Const'), ('w/read', 'Identity'), ('x', 'Placeholder'), ('y', 'Mul')]
    """
    graph_def = extract_sub_graph(input_graph_def, output_node_names)
    has_functions = bool(graph_def.library.function)
    if has_functions:
        graph_def = extract_sub_graph(_without_functions(graph_def), output_node_names)
    chosen = [
        node
        for node in graph_def.node
        if node.op in _VARIABLES
        and (variable_names_whitelist is None or node.name in variable_names_whitelist)
        and (variable_names_blacklist is None or node.name not in variable_names_blacklist)
    ]
    values = dict(zip((node.name for node in chosen), _values(sess, chosen), strict=True))
    _LOG.info("Froze %d variables.", len(values))
    _Freezing(graph_def).convert(values)
    _LOG.info("Converted %d variables to const ops.", len(values))
    return _recorded(graph_def).as_graph_def() if has_functions else graph_def


def _without_functions(graph_def: Any) -> Any:
    """The same graph with the nodes of its functions in it (of branches, loops, calls), where types can be changed."""
    return restored(_recorded(graph_def).as_graph_def())


def _recorded(graph_def: Any) -> Graph:
    with Graph().as_default() as graph:
        import_graph_def(graph_def, name="")
    return graph


def _values(sess: Any, nodes: Sequence[Any]) -> list[np.ndarray]:
    """The values of variables, all of one moment."""
    if not nodes:
        return []
    names = [_reading(sess.graph, node) for node in nodes]
    found = iter(sess.run([name for name in names if name is not None]))
    return [_stored(sess, node) if name is None else next(found) for node, name in zip(nodes, names, strict=True)]


def _reading(graph: Any, node: Any) -> str | None:
    """The tensor whose value is the variable's."""
    if node.op != "VarHandleOp":
        return f"{node.name}:0"
    name = f"{node.name}/Read/ReadVariableOp"
    try:
        graph.get_operation_by_name(name)
    except KeyError:
        return None  # of TensorFlow 2, which records a reading node where it needs one
    return f"{name}:0"


def _stored(sess: Any, node: Any) -> np.ndarray:
    op = sess.graph.get_operation_by_name(node.name)
    state = sess.state
    with state.lock:
        value = state.values.get(storage_key(op))
        if value is None:
            raise uninitialized(storage_key(op), op)
        return np.asarray(value)


class _Freezing:
    """A GraphDef on its way to constants."""

    def __init__(self, graph_def: Any) -> None:
        self.graph_def = graph_def
        self.nodes = {node.name: node for node in graph_def.node}
        self.users: dict[str, list[tuple[str, int]]] = {}
        for node in graph_def.node:
            for index, reference in enumerate(node.input):
                if not reference.startswith("^"):
                    self.users.setdefault(_output(reference), []).append((node.name, index))
        self.original = {node.name: _copied(node) for node in graph_def.node}

    def convert(self, values: dict[str, np.ndarray]) -> None:
        """Puts constants in the place of variables and follows their values."""
        todo: list[tuple[str, int]] = []
        for name, value in values.items():
            node = self.nodes[name]
            enum = node.attr["dtype"].type
            proto = make_tensor_proto(value, dtypes.as_dtype(enum), value.shape)
            _cleared(node, "Const", place=(REGION,))
            node.attr["dtype"].type = enum
            node.attr["value"].tensor.CopyFrom(proto)
            todo.append((f"{name}:0", enum))
        seen = set(todo)
        while todo:
            output, enum = todo.pop()
            for name, index in self.users.get(output, ()):
                for found in self._change(name, index, enum):
                    if (found, enum) not in seen:
                        seen.add((found, enum))
                        todo.append((found, enum))

    def _change(self, name: str, index: int, enum: int) -> Iterator[str]:
        """Changes a node whose input `index` is a value of the type `enum` now; yields the outputs that are, too."""
        node, original = self.nodes[name], self.original[name]
        if original.op in _PASSING:
            node.attr["T"].type = enum
            node.attr.pop(_SHAPES, None)  # of a resource; and TensorFlow drops those of values, too
            yield from (f"{name}:{output}" for output in _PASSING[original.op])
        elif original.op == "ReadVariableOp":
            _cleared(node, "Identity", original.input[:1], T=original.attr["dtype"])
        elif original.op == "ResourceGather":
            self._gather(node, original)
        elif original.op == "ResourceGatherNd":
            types = {"Tparams": original.attr["dtype"], "Tindices": original.attr["Tindices"]}
            _cleared(node, "GatherNd", original.input[:2], **types)
        else:
            _retyped(node, index, enum)

    def _gather(self, node: Any, original: Any) -> None:
        if original.attr["batch_dims"].i:
            raise ValueError(
                f"batch_dims must be 0 for freeze_graph, but got node({original.name}).attr('batch_dims') = "
                f"{original.attr['batch_dims'].i}."
            )
        axis = f"{original.name}/axis"
        indices = original.attr["Tindices"]
        if axis not in self.nodes:
            constant = self.nodes[axis] = self.graph_def.node.add(name=axis, op="Const")
            dtype = dtypes.as_dtype(indices.type)
            constant.attr["dtype"].CopyFrom(indices)
            constant.attr["value"].tensor.CopyFrom(make_tensor_proto(np.array(0), dtype, ()))
            if REGION in original.attr:
                constant.attr[REGION].CopyFrom(original.attr[REGION])
        types = {"Tparams": original.attr["dtype"], "Tindices": indices, "Taxis": indices}
        _cleared(node, "GatherV2", [*original.input[:2], axis], **types)


def _retyped(node: Any, index: int, enum: int) -> None:
    """Writes the type of an input that was a resource into the list attribute that has it (of If, While...)."""
    record = lookup(node.op)
    at = 0
    for arg in record.signature.inputs if record is not None else ():
        if not arg.list_attr:
            at += node.attr[arg.number_attr].i if arg.number_attr else 1
            continue
        types = node.attr[arg.list_attr].list.type
        if 0 <= index - at < len(types) and types[index - at] == _RESOURCE:
            types[index - at] = enum
            return
        at += len(types)


def _output(reference: str) -> str:
    return reference if ":" in reference else f"{reference}:0"


def _copied(node: Any) -> Any:
    copy = protos.NodeDef()
    copy.CopyFrom(node)
    return copy


def _cleared(node: Any, op: str, inputs: Sequence[str] = (), place: Sequence[str] = _PLACE, **attrs: Any) -> None:
    """Makes a node one of another type; of its attributes only those in `place` stay."""
    name = node.name
    kept = [*attrs.items(), *((key, _copied_attr(node.attr[key])) for key in place if key in node.attr)]
    node.Clear()
    node.name, node.op = name, op
    node.input.extend(inputs)
    for key, value in kept:
        node.attr[key].CopyFrom(value)


def _copied_attr(value: Any) -> Any:
    copy = protos.AttrValue()
    copy.CopyFrom(value)
    return copy
