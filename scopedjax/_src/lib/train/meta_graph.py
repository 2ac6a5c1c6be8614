"""MetaGraphDef: a graph with its collections and its saver, as `tf.train.export_meta_graph` writes it.

    MetaGraphDef
      meta_info_def    versions, tags, the OpDefs of the types that are used
      graph_def        the nodes (see `graph.graphdef`)
      collection_def   variables, train_op, losses, ... (see `collection_def`)
      saver_def        names of the nodes that save and restore

A part of a graph is exported with `export_scope`: names lose the scope, and an input from outside becomes
`$unbound_inputs_<name>`, to be given by `input_map` on import.

The wire format is TensorFlow's; what is written for one graph was compared field by field with what it writes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from scopedjax._src.base import version
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import protos, stacks
from scopedjax._src.graph.attributes import FunctionAttr, from_attr_value, to_attr_value
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.graphdef import FORWARD, REGION, REGIONS
from scopedjax._src.graph.proto_functions import proto_functions
from scopedjax._src.graph.region_function import OWN
from scopedjax._src.graph.scope_names import lies_in, strip_name_scope
from scopedjax._src.lib.train.collection_def import add_collection_def, restore_collection
from scopedjax._src.lib.train.graph_io import read_message, write_message
from scopedjax._src.ops.importer import import_nodes
from scopedjax._src.ops.opdef import stripped_op_list_for_graph
from scopedjax._src.ops.registry import lookup

UNBOUND: Final = "$unbound_inputs_"
_UNBOUND_COLLECTION: Final = "unbound_inputs"
_SAVER_TYPES: Final = frozenset(
    ("Save", "SaveSlices", "SaveV2", "Restore", "RestoreSlice", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename")
)


# -------------------------------------------------------------------------------------------------------- exporting


def export_meta_graph(
    filename: Any = None,
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: Sequence[Any] | None = None,
    as_text: bool = False,
    graph: Graph | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
    **kwargs: Any,
) -> Any:
    """Returns the MetaGraphDef of a graph, and writes it to a file if one is named.

    Args:
      filename: The file to write, or None.
      meta_info_def: MetaInfoDef to start from.
      graph_def: GraphDef to take in place of the graph's own.
      saver_def: SaverDef of the saver that belongs to the graph.
      collection_list: Names of the collections to write; default: all.
      as_text: Whether the file gets the text form.
      graph: The graph; default: the default graph.
      export_scope: Write only the nodes whose names begin with this, and take the scope off the names.
      clear_devices: Whether to leave the devices out.
      clear_extraneous_savers: Whether to leave out the nodes of savers other than the one of `saver_def`.
      strip_default_attrs: Whether to leave out attributes that have their type's default.
      save_debug_info: Whether to write, beside the file, where in the program each node was made (`.debug`).
      **kwargs: `unbound_inputs_col_name`: collection for the inputs from outside `export_scope`, or None for none.

    Returns:
      The MetaGraphDef.

    Raises:
      TypeError: an argument has the wrong type.
      ValueError: the graph cannot be written.

    >>> loss = tf.constant(1.0, name="loss")
    >>> tf.add_to_collection("losses", loss)
    >>> meta = tf.train.export_meta_graph()
    >>> [node.name for node in meta.graph_def.node], list(meta.collection_def["losses"].node_list.value)
    (['loss'], ['loss:0'])
    """
    unbound_collection = _only_option(kwargs, "export_meta_graph", "unbound_inputs_col_name", _UNBOUND_COLLECTION)
    graph = graph or stacks.get_default_graph()
    meta = protos.MetaGraphDef()
    if meta_info_def is not None:
        meta.meta_info_def.CopyFrom(_checked(meta_info_def, "meta_info_def", "MetaInfoDef"))
    if graph_def is not None:
        graph_def = _checked(graph_def, "graph_def", "GraphDef")
    if saver_def is not None:
        saver_def = _checked(saver_def, "saver_def", "SaverDef")
        meta.saver_def.CopyFrom(saver_def)
    source = graph.as_graph_def(add_shapes=True) if graph_def is None else graph_def
    unbound = _copy_nodes(source, meta.graph_def, export_scope, clear_devices)
    if clear_extraneous_savers:
        _remove_other_savers(meta.graph_def, saver_def)
    _fill_info(meta, strip_default_attrs)
    if unbound and unbound_collection:
        meta.collection_def[unbound_collection].bytes_list.value.extend(name.encode() for name in unbound)
    for key in graph.get_all_collection_keys() if collection_list is None else collection_list:
        items = graph.get_collection(key)
        if key == GraphKeys.SAVERS and clear_extraneous_savers:
            items = _own_saver(saver_def)
        add_collection_def(meta, key, items, export_scope)
    if filename is not None:
        _write(meta, graph, os.fspath(filename), as_text, save_debug_info)
    return meta


def _only_option(kwargs: dict[str, Any], function: str, name: str, default: Any) -> Any:
    unknown = sorted(set(kwargs) - {name})
    if unknown:
        raise TypeError(f"{function}() got an unexpected keyword argument '{unknown[0]}'")
    return kwargs.get(name, default)


def _checked(value: Any, argument: str, name: str) -> Any:
    """Returns a message as one of the class used here."""
    if not protos.is_message(value, name):
        raise TypeError(f"{argument} must be of type {name}. Received type: {type(value)}.")
    if name == "MetaInfoDef":
        return protos.parsed_as(value.SerializeToString(), protos.MetaGraphDef.MetaInfoDef)
    return protos.converted(value, name)


def _own_saver(saver_def: Any) -> list[Any]:
    from_proto = proto_functions(GraphKeys.SAVERS).from_proto
    return [from_proto(saver_def)] if saver_def is not None and from_proto is not None else []


def _write(meta: Any, graph: Graph, path: str, as_text: bool, save_debug_info: bool) -> None:
    write_message(meta, path, as_text)
    if save_debug_info:
        from scopedjax._src.lib.train.debug_info import graph_debug_info

        stem = os.path.splitext(path)[0]
        write_message(graph_debug_info(graph), stem + ".debug", as_text=False)


# Nodes ---------------------------------------------------------------------------------------------------------------


def _copy_nodes(source: Any, target: Any, scope: str | None, clear_devices: bool) -> list[str]:
    """Copies what lies in the scope; returns the names of the inputs from outside."""
    unbound: list[str] = []
    target.versions.CopyFrom(source.versions)
    if source.HasField("library"):
        target.library.CopyFrom(source.library)
    for node in source.node:
        if not lies_in(node.name, scope):
            continue
        copy = target.node.add()
        copy.CopyFrom(node)
        if clear_devices:
            copy.device = ""
        if scope:
            _strip_node(copy, scope, unbound)
    return unbound


def _strip_node(node: Any, scope: str, unbound: list[str]) -> None:
    node.name = strip_name_scope(node.name, scope)
    node.input[:] = _stripped_inputs(node.input, scope)
    unbound.extend(name for name in node.input if name.startswith(UNBOUND))
    if OWN in node.attr:  # as it was before it was written for TensorFlow
        own = protos.parsed(node.attr[OWN].s, "NodeDef")
        own.input[:] = _stripped_inputs(own.input, scope)
        node.attr[OWN].s = own.SerializeToString(deterministic=True)
    if "_class" in node.attr:
        groups = node.attr["_class"].list.s
        kept = [g for g in groups if lies_in(g.decode().partition("@")[2], scope)]
        node.attr["_class"].list.s[:] = [strip_name_scope(g.decode(), scope).encode() for g in kept]
    for key in (REGION, FORWARD):
        if key in node.attr:
            node.attr[key].s = strip_name_scope(node.attr[key].s.decode(), scope).encode()
    if REGIONS in node.attr:
        regions = from_attr_value(node.attr[REGIONS], "list(func)")
        stripped = tuple(_strip_names(region, scope) for region in regions)
        node.attr[REGIONS].CopyFrom(to_attr_value(stripped, "list(func)"))


def _stripped_inputs(inputs: Iterable[str], scope: str) -> list[str]:
    found: list[str] = []
    for name in inputs:
        if lies_in(name.lstrip("^"), scope):
            found.append(strip_name_scope(name, scope))
        else:
            found.append(f"^{UNBOUND}{name[1:]}" if name.startswith("^") else UNBOUND + name)
    return found


def _strip_names(value: Any, scope: str) -> Any:
    """Takes the scope off all names in the description of a region."""
    if isinstance(value, str):
        return strip_name_scope(value, scope)
    if isinstance(value, tuple):
        return tuple(_strip_names(item, scope) for item in value)
    if isinstance(value, FunctionAttr):
        return FunctionAttr(
            strip_name_scope(value.name, scope), tuple((k, _strip_names(v, scope)) for k, v in value.attrs)
        )
    return value


def _remove_other_savers(graph_def: Any, saver_def: Any) -> None:
    """Removes the scopes of savers other than the named one, where no node outside them needs their nodes."""
    own = set() if saver_def is None else {_scope_of(saver_def.save_tensor_name), _scope_of(saver_def.restore_op_name)}
    others = {_scope_of(node.name) for node in graph_def.node if node.op in _SAVER_TYPES} - own - {""}
    for scope in sorted(others):
        inside = {node.name for node in graph_def.node if node.name.startswith(scope + "/")}
        used = any(
            name.lstrip("^").partition(":")[0] in inside
            for node in graph_def.node
            if node.name not in inside
            for name in node.input
        )
        if not used:
            kept = [node for node in graph_def.node if node.name not in inside]
            del graph_def.node[:]
            graph_def.node.extend(kept)


def _scope_of(name: str) -> str:
    return name.rpartition("/")[0]


def _fill_info(meta: Any, strip_default_attrs: bool) -> None:
    info = meta.meta_info_def
    if not info.HasField("stripped_op_list"):
        info.stripped_op_list.CopyFrom(stripped_op_list_for_graph(meta.graph_def))
    if strip_default_attrs:
        _strip_defaults(meta.graph_def)
        info.stripped_default_attrs = True
    info.tensorflow_version = version.VERSION
    info.tensorflow_git_version = version.GIT_VERSION


def _strip_defaults(graph_def: Any) -> None:
    for nodes in (graph_def.node, *(function.node_def for function in graph_def.library.function)):
        for node in nodes:
            record = lookup(node.op)
            for attr in record.op_def().attr if record is not None else ():
                if attr.name in node.attr and attr.HasField("default_value"):
                    if node.attr[attr.name] == attr.default_value:
                        del node.attr[attr.name]


# -------------------------------------------------------------------------------------------------------- importing


def read_meta_graph_file(filename: Any) -> Any:
    """Returns the MetaGraphDef that a file holds, in binary or text form.

    Raises:
      OSError: there is no such file.
      InvalidArgumentError: the file holds no MetaGraphDef.
    """
    return read_message(filename, "MetaGraphDef")


def import_meta_graph(
    meta_graph_or_file: Any, clear_devices: bool = False, import_scope: str | None = None, **kwargs: Any
) -> Any:
    """Records the nodes of a MetaGraphDef into the default graph and restores its collections.

    Args:
      meta_graph_or_file: A MetaGraphDef, or a path to a file that holds one.
      clear_devices: Whether to leave the devices out.
      import_scope: Name scope under which the nodes are recorded.
      **kwargs: `input_map`, `return_elements`: as for `tf.import_graph_def`; `restore_collections_predicate`: function
        of a collection's name that says whether to restore it; `unbound_inputs_col_name`.

    Returns:
      A Saver for the imported variables, or None where there are none.

    Raises:
      OSError: there is no such file.
      ValueError: the file is not consistent, or an input from outside is not given.

    >>> v = tf.get_variable("v", [2])
    >>> meta = tf.train.export_meta_graph()
    >>> with tf.Graph().as_default():
    ...     saver = tf.train.import_meta_graph(meta)
    ...     print([variable.name for variable in tf.global_variables()])
    ['v:0']
    """
    saver, _ = import_meta_graph_with_return_elements(meta_graph_or_file, clear_devices, import_scope, **kwargs)
    return saver


def import_meta_graph_with_return_elements(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    return_elements: Sequence[str] | None = None,
    **kwargs: Any,
) -> tuple[Any, list[Any] | None]:
    """Does what `import_meta_graph` does; returns (saver, what `return_elements` names)."""
    meta = meta_graph_or_file
    if not protos.is_message(meta, "MetaGraphDef"):
        meta = read_meta_graph_file(meta)
    meta = protos.converted(meta, "MetaGraphDef")
    variables, found = import_scoped_meta_graph(
        meta, clear_devices, None, import_scope, return_elements=return_elements, **kwargs
    )
    return _saver_for(meta, variables, import_scope), found


def import_scoped_meta_graph(
    meta: Any,
    clear_devices: bool = False,
    graph: Graph | None = None,
    import_scope: str | None = None,
    input_map: Mapping[str, Any] | None = None,
    unbound_inputs_col_name: str | None = _UNBOUND_COLLECTION,
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
    return_elements: Sequence[str] | None = None,
) -> tuple[dict[str, Any], list[Any] | None]:
    """Records a MetaGraphDef under a name scope; returns (variables by their names in the file, returned elements).

    Args:
      meta: The MetaGraphDef.
      clear_devices: Whether to leave the devices out.
      graph: The graph; default: the default graph.
      import_scope: Name scope, made unique.
      input_map: As for `tf.import_graph_def`.
      unbound_inputs_col_name: Collection that names the inputs which `input_map` must give.
      restore_collections_predicate: Says which collections to restore.
      return_elements: As for `tf.import_graph_def`.

    Raises:
      ValueError: an input from outside is not given, or the file is not consistent.
    """
    graph = graph or stacks.get_default_graph()
    _check_unbound(meta, unbound_inputs_col_name, input_map)
    graph_def = meta.graph_def
    if clear_devices:
        graph_def = protos.converted(meta.graph_def, "GraphDef")
        graph_def = protos.parsed(graph_def.SerializeToString(), "GraphDef")
        for node in graph_def.node:
            node.device = ""
    op_list = meta.meta_info_def.stripped_op_list if meta.meta_info_def.HasField("stripped_op_list") else None
    with graph.as_default():
        scope = graph.unique_name(import_scope or "", mark_as_used=False)
        found = import_nodes(graph_def, input_map, return_elements, import_scope or scope, op_list)
        known: dict[bytes, Any] = {}
        for key in sorted(meta.collection_def):
            if key != unbound_inputs_col_name and restore_collections_predicate(key):
                restore_collection(graph, key, meta.collection_def[key], scope, known)
    variables = graph.get_collection(GraphKeys.GLOBAL_VARIABLES, scope=scope)
    return {strip_name_scope(v.name, scope): v for v in variables}, found


def _check_unbound(meta: Any, collection: str | None, input_map: Mapping[str, Any] | None) -> None:
    if not collection or collection not in meta.collection_def:
        return
    names: Iterable[str] = dict.fromkeys(name.decode() for name in meta.collection_def[collection].bytes_list.value)
    given = input_map or {}
    missing = [name for name in names if name not in given and f"{name}:0" not in given]
    if missing:
        raise ValueError(
            f"Graph contains unbound inputs: {','.join(missing)}. Must provide these inputs through input_map."
        )


def _saver_for(meta: Any, variables: dict[str, Any], import_scope: str | None) -> Any:
    graph = stacks.get_default_graph()
    saveable = [
        *graph.get_collection(GraphKeys.GLOBAL_VARIABLES, import_scope),
        *graph.get_collection(GraphKeys.SAVEABLE_OBJECTS, import_scope),
    ]
    if not saveable and not meta.HasField("saver_def"):
        return None
    from scopedjax._src.lib.train.saver import Saver

    if meta.HasField("saver_def"):
        scope = import_scope or ""
        for name, variable in variables.items():
            scope = variable.name[: len(variable.name) - len(name)].rstrip("/")  # the scope may have been made unique
            break
        return Saver(saver_def=meta.saver_def, name=scope)
    return Saver()
