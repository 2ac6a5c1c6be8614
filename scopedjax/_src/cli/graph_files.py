"""Files that hold a graph: `.meta`, `.pb`, `.pbtxt`, SavedModel; and what their nodes say about variables.

A file is only parsed: nothing is recorded or run, so that a graph can be looked at whose ops are unknown here. Protocol
buffers do not say which message they are. A file is taken for the kind that its name tells, else for the first kind as
which it makes sense: all nodes have a name and a type that is written as types are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scopedjax._src.base import dtypes, errors
from scopedjax._src.cli.tensor_files import CommandError
from scopedjax._src.graph import protos, tensor_proto
from scopedjax._src.lib.saved_model.messages import saved_model_class
from scopedjax._src.lib.train import graph_io
from scopedjax._src.lib.train.rename_suggestions import Shape
from scopedjax._src.ops.files.slices import parse_slice

VARIABLE_TYPES: Final = frozenset(("Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"))
_READING: Final = frozenset(("Identity", "ReadVariableOp"))
_SAVING: Final = {"SaveV2": ("dtypes", 3, 2), "SaveSlices": ("T", 3, 2), "Save": ("T", 2, None)}
# type -> (attribute with the dtypes, first input that is a tensor to save, input with the slices)
_OP_TYPE: Final = re.compile(r"[A-Za-z_.>][A-Za-z0-9_.>/\-]*")
_SAVED_MODEL: Final = re.compile(r"^saved_model\.(pb|pbtxt)$")
_GRAPH_SUFFIX: Final = re.compile(r"\.(meta|pb|pbtxt|prototxt|graphdef)$")
_MOST_BYTES: Final = (1 << 31) - 1  # a protocol buffer holds no more


@dataclass(frozen=True)
class GraphFile:
    """A graph as it lies in a file.

    Attributes:
      path: The file.
      kind: What it is: "GraphDef", "MetaGraphDef" or "SavedModel".
      graph: The GraphDef.
      meta: The MetaGraphDef around it, or None.
      tags: For a SavedModel the tags of the graph that was taken.
    """

    path: str
    kind: str
    graph: Any
    meta: Any = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A variable of a graph.

    Attributes:
      name: Its node.
      dtype: Name of its dtype.
      shape: Its shape.
    """

    name: str
    dtype: str
    shape: Shape

    @property
    def count(self) -> int | None:
        """How many elements it has; None where the shape does not tell."""
        if self.shape is None:
            return None
        count = 1
        for size in self.shape:
            if size is None:
                return None
            count *= size
        return count

    @property
    def nbytes(self) -> int | None:
        """How many bytes its elements take."""
        count = self.count
        size = dtypes.as_dtype(self.dtype).size
        return None if count is None or not size else count * size


def is_graph(path: str) -> bool:
    """Whether a path names a graph rather than a file of tensors."""
    if os.path.isdir(path):
        return any(os.path.isfile(os.path.join(path, name)) for name in ("saved_model.pb", "saved_model.pbtxt"))
    return _GRAPH_SUFFIX.search(path) is not None


def read_graph(path: str, tags: Sequence[str] = ()) -> GraphFile:
    """Reads a graph.

    Args:
      path: `.meta`, `.pb`, `.pbtxt`, the folder of a SavedModel, or a checkpoint with a `.meta` file beside it.
      tags: Of a SavedModel the tags of the graph to take; default: its first.

    Raises:
      CommandError: There is no graph at `path`.
    """
    if os.path.isdir(path):
        inside = [os.path.join(path, name) for name in ("saved_model.pb", "saved_model.pbtxt")]
        found = next(filter(os.path.isfile, inside), None)
        if found is not None:
            path = found
    if not os.path.isfile(path):
        if not os.path.isfile(path + ".meta"):
            raise CommandError(
                f"{path}: there is no graph: no such file, no `.meta` file beside it, no SavedModel in it"
            )
        path += ".meta"
    if os.path.getsize(path) > _MOST_BYTES:
        raise CommandError(f"{path} has {os.path.getsize(path)} bytes; no graph has more than 2 GB")
    return _parsed(path, tags)


def _parsed(path: str, tags: Sequence[str]) -> GraphFile:
    kinds = ["GraphDef", "MetaGraphDef", "SavedModel"]
    if path.endswith(".meta"):
        kinds = ["MetaGraphDef", "GraphDef"]
    elif _SAVED_MODEL.match(os.path.basename(path)):
        kinds = ["SavedModel"]
    problem = ""
    for kind in kinds:
        try:
            found = _as_kind(path, kind, tags)
        except errors.InvalidArgumentError as error:
            problem = problem or error.message
            continue
        if _makes_sense(found.graph):
            return found
        problem = problem or f"{path} holds no nodes with names and types"
    raise CommandError(f"{path} is no graph, or is damaged: {' '.join(problem.split())}")


def _as_kind(path: str, kind: str, tags: Sequence[str]) -> GraphFile:
    if kind == "SavedModel":
        meta = _meta_graph_of(path, graph_io.read_message_as(path, saved_model_class()), tags)
        return GraphFile(path, kind, meta.graph_def, meta, tuple(meta.meta_info_def.tags))
    message = graph_io.read_message(path, kind)
    if kind == "GraphDef":
        return GraphFile(path, kind, message)
    return GraphFile(path, kind, message.graph_def, message)


def _meta_graph_of(path: str, saved_model: Any, tags: Sequence[str]) -> Any:
    known = [set(meta.meta_info_def.tags) for meta in saved_model.meta_graphs]
    if not known:
        raise errors.InvalidArgumentError(None, None, f"{path} is no SavedModel: it holds no graph")
    if not tags:
        return saved_model.meta_graphs[0]
    if set(tags) not in known:
        sets = "; ".join(",".join(sorted(each)) for each in known)
        raise CommandError(f"{path} has no graph with the tags {','.join(tags)}; it has: {sets}")
    return saved_model.meta_graphs[known.index(set(tags))]


def _makes_sense(graph: Any) -> bool:
    return bool(graph.node) and all(node.name and _OP_TYPE.fullmatch(node.op) for node in graph.node)


# --------------------------------------------------------------------------------------------------------- variables


def source_node(text: str) -> str:
    """The node that an input names: `a:1` and `^a` are of `a`."""
    return text.removeprefix("^").partition(":")[0]


def parameters(graph: Any) -> list[Parameter]:
    """The variables of a GraphDef, in the order of the file."""
    return [_parameter(node) for node in graph.node if node.op in VARIABLE_TYPES]


def _parameter(node: Any) -> Parameter:
    return Parameter(node.name, _dtype_name(node.attr["dtype"].type), _shape(node.attr["shape"].shape))


def _dtype_name(number: int) -> str:
    try:
        return dtypes.as_dtype(number).base_dtype.name
    except TypeError:
        raise CommandError(f"the graph has a variable of the unknown type number {number}") from None


def _shape(proto: Any) -> Shape:
    if proto.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else int(dim.size) for dim in proto.dim)


def saved_tensors(file: GraphFile) -> dict[str, tuple[str, Shape]]:
    """What a graph keeps in its checkpoints: for each name the dtype and the shape.

    That is what the nodes of its saver say; a graph without a saver keeps its variables under their own names.
    """
    found: dict[str, tuple[str, Shape]] = {}
    for nodes, saving in _saving_nodes(file):
        for name, dtype, shape in _saved_by(nodes, saving):
            if name not in found or found[name][1] is None:
                found[name] = dtype, shape
    return found or _variables_by_key(file)


def _saving_nodes(file: GraphFile) -> Iterator[tuple[dict[str, Any], Any]]:
    """The nodes that save, each with the nodes around it by name: those of the file's saver, else all."""
    nodes = {node.name: node for node in file.graph.node}
    start = source_node(file.meta.saver_def.save_tensor_name) if file.meta is not None else ""
    wanted = _ancestors(nodes, start) if start in nodes else nodes.keys()
    any_found = False
    for name in wanted:
        if nodes[name].op in _SAVING:
            any_found = True
            yield nodes, nodes[name]
    if any_found:
        return
    for function in file.graph.library.function:  # TensorFlow 2 saves in a function
        inner = {node.name: node for node in function.node_def}
        for node in inner.values():
            if node.op in _SAVING:
                yield inner, node


def _ancestors(nodes: dict[str, Any], start: str) -> list[str]:
    seen = {start: None}
    todo = [start]
    while todo:
        for text in nodes[todo.pop()].input:
            name = source_node(text)
            if name in nodes and name not in seen:
                seen[name] = None
                todo.append(name)
    return list(seen)


def _saved_by(nodes: dict[str, Any], saving: Any) -> Iterator[tuple[str, str, Shape]]:
    attribute, first, slices_input = _SAVING[saving.op]
    data = [text for text in saving.input if not text.startswith("^")]
    names = _strings(nodes, data[1]) if len(data) > 1 else None
    if names is None:
        return
    specs = _strings(nodes, data[slices_input]) if slices_input is not None and len(data) > slices_input else None
    types = saving.attr[attribute].list.type
    for number, name in enumerate(names):
        if number >= len(types) or first + number >= len(data):
            return
        try:
            box = parse_slice(specs[number]) if specs is not None and number < len(specs) else None
        except errors.InvalidArgumentError as error:
            raise CommandError(f"the node {saving.name} of the graph: {error.message}") from error
        shape = box.full if box is not None else _shape_of_saved(nodes, data[first + number])
        yield name, _dtype_name(types[number]), shape


def _strings(nodes: dict[str, Any], text: str) -> list[str] | None:
    node = nodes.get(source_node(text))
    while node is not None and node.op == "Identity" and node.input:
        node = nodes.get(source_node(node.input[0]))
    if node is None or node.op != "Const":
        return None
    try:
        values = tensor_proto.decode(node.attr["value"].tensor, f"the node {node.name}")
    except (TypeError, ValueError) as error:
        raise CommandError(str(error)) from error
    items = values.reshape(-1).tolist()
    return [item.decode("utf-8", "backslashreplace") for item in items if isinstance(item, bytes)]


def _shape_of_saved(nodes: dict[str, Any], text: str) -> Shape:
    """The shape of a tensor that is saved: that of the variable which it is the value of."""
    node = nodes.get(source_node(text))
    for _ in range(len(nodes)):
        if node is None:
            return None
        if node.op in VARIABLE_TYPES:
            return _shape(node.attr["shape"].shape)
        if node.op not in _READING or not node.input:
            break
        node = nodes.get(source_node(node.input[0]))
    shapes = node.attr["_output_shapes"].list.shape if node is not None and "_output_shapes" in node.attr else ()
    return _shape(shapes[0]) if len(shapes) == 1 else None


def _variables_by_key(file: GraphFile) -> dict[str, tuple[str, Shape]]:
    """The variables under the names that a saver of all of them would give them."""
    slices = _partitions(file.meta)
    found: dict[str, tuple[str, Shape]] = {}
    for node in file.graph.node:
        if node.op not in VARIABLE_TYPES:
            continue
        parameter = _parameter(node)
        name, shape = slices.get(node.name, (_key(node), parameter.shape))
        found[name] = parameter.dtype, shape
    return found


def _key(node: Any) -> str:
    shared = node.attr["shared_name"].s.decode("utf-8", "backslashreplace") if node.op == "VarHandleOp" else ""
    return shared or node.name


def _partitions(meta: Any) -> dict[str, tuple[str, Shape]]:
    """For each slice of a partitioned variable, by its node: the name and shape of the whole."""
    found: dict[str, tuple[str, Shape]] = {}
    if meta is None:
        return found
    for content in meta.collection_def["variables"].bytes_list.value if "variables" in meta.collection_def else ():
        try:
            variable = protos.parsed(content, "VariableDef")
        except errors.InvalidArgumentError as error:
            raise CommandError(f"the collection `variables` of the graph: {error.message}") from error
        if variable.HasField("save_slice_info_def"):
            info = variable.save_slice_info_def
            found[source_node(variable.variable_name)] = info.full_name, tuple(map(int, info.full_shape))
    return found
