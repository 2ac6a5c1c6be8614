"""`graph`: what is in a graph: ops, inputs, outputs, parameters, scopes, what cannot run here; and a picture of it.

A graph is only parsed, so that one with unknown ops can be looked at too.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scopedjax._src.cli.graph_files import VARIABLE_TYPES, GraphFile, Parameter, parameters, read_graph, source_node
from scopedjax._src.cli.tables import bytes_text, counted, shape_text, table, visible
from scopedjax._src.cli.tensor_files import CommandError

EXAMPLES = """\
examples:
  python -m scopedjax graph model-7.meta                          ops, inputs, outputs, parameters, scopes
  python -m scopedjax graph frozen_inference_graph.pb --depth 3
  python -m scopedjax graph saved_model_folder --tags serve
  python -m scopedjax graph model-7.meta --picture model.png      boxes are scopes; .png, .svg, .pdf or .dot
  python -m scopedjax graph model-7.meta --tensorboard logs && tensorboard --logdir logs
  python -m scopedjax graph frozen.pb --json | jq .unknown
"""

_PLACEHOLDERS: Final = frozenset(("Placeholder", "PlaceholderV2", "PlaceholderWithDefault"))
_SHOWN: Final = 20
_TYPE_ATTRIBUTES: Final = ("dtype", "T", "Tout", "out_type", "DstT", "output_type")
_SAVERS: Final = frozenset(("SaveV2", "RestoreV2", "SaveSlices", "Save", "Restore", "RestoreSlice"))
# Kinds of nodes that end a graph without being a result of it.
_SINKS: Final = frozenset(
    (
        *("NoOp", "Assign", "AssignAdd", "AssignSub", "AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"),
        *("SaveV2", "SaveSlices", "Save", "MergeV2Checkpoints", "Assert", "Print", "PrintV2", "VarIsInitializedOp"),
        *("IsVariableInitialized", "Const", "Placeholder", "WriteSummary"),
    )
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("file", help=".meta, .pb, .pbtxt, SavedModel, or a checkpoint with a .meta file beside it")
    parser.add_argument("--tags", metavar="TAG,TAG", help="of a SavedModel: which graph; default the first")
    parser.add_argument("--depth", type=int, default=2, help="levels of scopes to list, default 2")
    parser.add_argument("--all", action="store_true", help=f"list everything, not the first {_SHOWN} of each")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--picture", metavar="FILE", help="draw the graph, scopes as boxes: .png, .svg, .pdf or .dot")
    parser.add_argument("--boxes", type=int, default=40, help="most boxes in the picture, default 40")
    parser.add_argument("--tensorboard", metavar="LOGDIR", help="write an event file for TensorBoard's graph page")


def run(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    file = read_graph(options.file, options.tags.split(",") if options.tags else ())
    census = take_census(file)
    print(_as_json(file, census) if options.json else _as_text(file, census, options.depth, options.all))
    if options.picture is not None:
        from scopedjax._src.cli import picture

        picture.draw(file.graph, options.picture, options.boxes)
    if options.tensorboard is not None:
        _write_events(file, options.tensorboard)
    return 0


@dataclass
class Scope:
    """What is below a scope.

    Attributes:
      nodes: Nodes.
      elements: Elements of its variables.
      nbytes: Bytes of its variables.
    """

    nodes: int = 0
    elements: int = 0
    nbytes: int = 0


@dataclass
class Census:
    """What is in a graph."""

    ops: Counter[str] = field(default_factory=Counter)
    functions: int = 0
    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    trainable: set[str] = field(default_factory=set)
    constants: int = 0
    constant_bytes: int = 0
    scopes: dict[str, Scope] = field(default_factory=dict)
    unknown: dict[str, list[str]] = field(default_factory=dict)


def take_census(file: GraphFile) -> Census:
    """Counts what is in a graph."""
    graph = file.graph
    known_functions = {function.signature.name for function in graph.library.function}
    census = Census(functions=len(known_functions))
    used = {source_node(text) for node in graph.node for text in node.input}
    for node, where in _all_nodes(graph):
        census.ops[node.op] += 1
        if node.op not in known_functions and not _is_known(node.op):
            census.unknown.setdefault(node.op, []).append(where)
        if node.op == "Const":
            census.constants += 1
            census.constant_bytes += node.attr["value"].tensor.ByteSize()
    proper = _proper_nodes(graph)
    census.inputs = [node for node in proper if node.op in _PLACEHOLDERS]
    census.outputs = [node for node in proper if node.name not in used and node.op not in _SINKS]
    census.parameters = parameters(graph)
    census.trainable = _trainable(file)
    census.scopes = _scopes(graph, census.parameters)
    return census


def _all_nodes(graph: Any) -> Iterator[tuple[Any, str]]:
    """The nodes of the graph and of its functions, each with a name for people."""
    for node in graph.node:
        yield node, node.name
    for function in graph.library.function:
        for node in function.node_def:
            yield node, f"{function.signature.name}: {node.name}"


def _proper_nodes(graph: Any) -> list[Any]:
    """The nodes that are no part of a saver, and do not just read a variable."""
    nodes = {node.name: node for node in graph.node}
    savers = tuple({node.name.rpartition("/")[0] + "/" for node in graph.node if node.op in _SAVERS} - {"/"})

    def reads(node: Any) -> bool:
        source = (
            nodes.get(source_node(node.input[0])) if node.op in ("Identity", "ReadVariableOp") and node.input else None
        )
        return source is not None and source.op in VARIABLE_TYPES

    return [node for node in graph.node if not node.name.startswith(savers) and not reads(node)]


def _is_known(op_type: str) -> bool:
    from scopedjax._src.ops import families, registry

    del families  # imported so that all types are registered
    return registry.lookup(op_type) is not None or op_type in ("_Arg", "_Retval", *_raised_types())


def _raised_types() -> Iterable[str]:
    """TF1's control flow, which becomes structured on import."""
    return (
        *("Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit"),
        *("NextIteration", "RefNextIteration", "LoopCond", "ControlTrigger"),
    )


def _trainable(file: GraphFile) -> set[str]:
    """The nodes of the variables in the collection of those that are trained."""
    from scopedjax._src.base.errors import InvalidArgumentError
    from scopedjax._src.graph import protos

    found: set[str] = set()
    if file.meta is None or "trainable_variables" not in file.meta.collection_def:
        return found
    for content in file.meta.collection_def["trainable_variables"].bytes_list.value:
        try:
            found.add(source_node(protos.parsed(content, "VariableDef").variable_name))
        except InvalidArgumentError as error:
            raise CommandError(f"the collection `trainable_variables`: {error.message}") from error
    return found


def _scopes(graph: Any, variables: Sequence[Parameter]) -> dict[str, Scope]:
    """For each scope (and "" for all) what is below it."""
    found: dict[str, Scope] = defaultdict(Scope)
    sizes = {variable.name: variable for variable in variables}
    for node in graph.node:
        variable = sizes.get(node.name)
        for scope in ("", *_enclosing(node.name)):
            entry = found[scope]
            entry.nodes += 1
            if variable is not None:
                entry.elements += variable.count or 0
                entry.nbytes += variable.nbytes or 0
    return dict(found)


def _enclosing(name: str) -> Iterator[str]:
    at = name.find("/")
    while at >= 0:
        yield name[:at]
        at = name.find("/", at + 1)


# --------------------------------------------------------------------------------------------------------------- text


def _as_text(file: GraphFile, census: Census, depth: int, everything: bool) -> str:
    most = None if everything else _SHOWN
    nodes = sum(census.ops.values())
    head = f"{visible(file.path)}: {file.kind}{_written_by(file)}"
    size = f"{counted(nodes, 'node')}, {counted(len(census.ops), 'op type')}"
    if census.functions:
        size += f", {counted(census.functions, 'function')}"
    if file.tags:
        size += f", tags {visible(','.join(file.tags))}"
    lines = [head, size, ""]
    lines += _list("inputs", [_node_row(node) for node in census.inputs], most)
    lines += _list("outputs (values that no node uses)", [_node_row(node) for node in census.outputs], most)
    lines += _parameter_lines(census, most)
    lines += _list("ops", [[str(count), op] for op, count in census.ops.most_common()], most, right=(0,))
    lines += _scope_lines(census, depth, most)
    lines += _unknown_lines(census, most)
    return "\n".join(lines).rstrip()


def _written_by(file: GraphFile) -> str:
    version = file.meta.meta_info_def.tensorflow_version if file.meta is not None else ""
    producer = file.graph.versions.producer
    parts = [f"written by {visible(version)}"] if version else []
    parts += [f"GraphDef version {producer}"] if producer else []
    return f" ({', '.join(parts)})" if parts else ""


def _list(title: str, rows: Sequence[Sequence[str]], most: int | None, right: Sequence[int] = ()) -> list[str]:
    if not rows:
        return [f"{title}: none", ""]
    shown = rows[:most]
    lines = [f"{title} ({len(rows)}):", table(shown, right, indent="  ")]
    if len(shown) < len(rows):
        lines.append(f"  ... and {len(rows) - len(shown)} more (--all)")
    return [*lines, ""]


def _node_row(node: Any) -> list[str]:
    return [visible(node.name), node.op, _node_dtype(node), _node_shape(node)]


def _node_dtype(node: Any) -> str:
    from scopedjax._src.base import dtypes

    for name in _TYPE_ATTRIBUTES:
        if name in node.attr and node.attr[name].type:
            try:
                return dtypes.as_dtype(int(node.attr[name].type)).base_dtype.name
            except TypeError:
                return f"type {node.attr[name].type}"
    return ""


def _node_shape(node: Any) -> str:
    if "shape" in node.attr and node.attr["shape"].HasField("shape"):
        proto = node.attr["shape"].shape
    elif "_output_shapes" in node.attr and node.attr["_output_shapes"].list.shape:
        proto = node.attr["_output_shapes"].list.shape[0]
    else:
        return ""
    return shape_text(None if proto.unknown_rank else [None if dim.size < 0 else dim.size for dim in proto.dim])


def _parameter_lines(census: Census, most: int | None) -> list[str]:
    total = sum(p.count or 0 for p in census.parameters)
    size = sum(p.nbytes or 0 for p in census.parameters)
    lines: list[str] = []
    if census.parameters:
        rows = [
            [
                visible(p.name),
                p.dtype,
                shape_text(p.shape),
                "?" if p.nbytes is None else f"{p.nbytes:,}",
                "trainable" if p.name in census.trainable else "",
            ]
            for p in census.parameters
        ]
        lines += _list("variables", rows, most, right=(3,))[:-1]
        lines.append(f"  {counted(len(rows), 'variable')}, {counted(total, 'element')}, {bytes_text(size)}")
        trained = [p for p in census.parameters if p.name in census.trainable]
        if trained:
            lines[-1] += f"; trainable: {len(trained)}, {counted(sum(p.count or 0 for p in trained), 'element')}"
    else:
        lines.append("variables: none")
    lines.append(f"  {counted(census.constants, 'constant')}, {bytes_text(census.constant_bytes)} in the file")
    return [*lines, ""]


def _scope_lines(census: Census, depth: int, most: int | None) -> list[str]:
    chosen = [name for name in census.scopes if name and name.count("/") < depth]
    rows = [
        [
            "  " * name.count("/") + visible(name.rpartition("/")[2]) + "/",
            counted(census.scopes[name].nodes, "node"),
            counted(census.scopes[name].elements, "element") if census.scopes[name].elements else "",
        ]
        for name in sorted(chosen, key=lambda name: name.split("/"))
    ]
    return _list("scopes", rows, most, right=(1, 2))


def _unknown_lines(census: Census, most: int | None) -> list[str]:
    rows = [
        [op, counted(len(nodes), "node"), ", ".join(map(visible, nodes[:3])) + (", ..." if len(nodes) > 3 else "")]
        for op, nodes in sorted(census.unknown.items())
    ]
    return _list("ops that cannot run here", rows, most)


def _as_json(file: GraphFile, census: Census) -> str:
    def node(one: Any) -> dict[str, str]:
        return {"name": one.name, "op": one.op, "dtype": _node_dtype(one), "shape": _node_shape(one)}

    return json.dumps(
        {
            "path": file.path,
            "kind": file.kind,
            "tags": list(file.tags),
            "producer": file.graph.versions.producer,
            "nodes": sum(census.ops.values()),
            "functions": census.functions,
            "ops": dict(census.ops.most_common()),
            "inputs": [node(one) for one in census.inputs],
            "outputs": [node(one) for one in census.outputs],
            "variables": [
                {"name": p.name, "dtype": p.dtype, "shape": p.shape, "bytes": p.nbytes, "trainable": t}
                for p, t in ((p, p.name in census.trainable) for p in census.parameters)
            ],
            "constants": {"count": census.constants, "bytes": census.constant_bytes},
            "scopes": {name: vars(scope) for name, scope in census.scopes.items() if name},
            "unknown": census.unknown,
        },
        indent=2,
    )


def _write_events(file: GraphFile, logdir: str) -> None:
    from scopedjax._src.lib.summary.file_writer import FileWriter

    writer = FileWriter(logdir)
    try:
        writer.add_graph(file.graph)
        if file.meta is not None:
            writer.add_meta_graph(file.meta)
    finally:
        writer.close()
    print(f"\n{logdir}: see it with `tensorboard --logdir {logdir}`")
