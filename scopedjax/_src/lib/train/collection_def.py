"""CollectionDef: a graph's collection inside a MetaGraphDef.

    [<Tensor 'y:0'>, <Operation 'z'>]   node_list   ["y:0", "z"]
    [<Variable 'v:0'>], "variables"     bytes_list  [VariableDef, serialized]
    [1, 2]                              int64_list        ["a", b"b"]   bytes_list        [1.5]   float_list

The kind is that of the first item; a collection whose items do not agree is left out with TF1's warning. A name that
other modules registered (`graph.proto_functions`) is written as messages. The contexts of TF1's loops and branches are
not restored: here the regions of a graph are in its GraphDef.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.base.values import as_bytes
from scopedjax._src.graph import protos
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.proto_functions import proto_functions, register_proto_function
from scopedjax._src.graph.scope_names import lies_in, prepend_name_scope, strip_name_scope
from scopedjax._src.variables.variable import Variable

_LOG: Final = logging.getLogger("tensorflow")
_CONTEXTS: Final = frozenset((GraphKeys.COND_CONTEXT, GraphKeys.WHILE_CONTEXT))
_VARIABLE_KEYS: Final = (
    GraphKeys.GLOBAL_VARIABLES,
    GraphKeys.TRAINABLE_VARIABLES,
    GraphKeys.MOVING_AVERAGE_VARIABLES,
    GraphKeys.LOCAL_VARIABLES,
    GraphKeys.MODEL_VARIABLES,
    GraphKeys.METRIC_VARIABLES,
    GraphKeys.GLOBAL_STEP,
)

for _key in _VARIABLE_KEYS:
    register_proto_function(_key, "VariableDef", to_proto=Variable.to_proto, from_proto=Variable.from_proto)


# ---------------------------------------------------------------------------------------------------------- writing


def add_collection_def(meta_graph_def: Any, key: Any, items: Sequence[Any], export_scope: str | None = None) -> None:
    """Writes a collection into a MetaGraphDef.

    Args:
      meta_graph_def: The MetaGraphDef.
      key: The collection's name; one that is no text is left out with a warning.
      items: What the collection holds.
      export_scope: Only items below this scope are written, and their names without it.
    """
    if not isinstance(key, (str, bytes)):
        _LOG.warning("Only collections with string type keys will be serialized. This key has %s", type(key))
        return
    name = key.decode() if isinstance(key, bytes) else key
    chosen = [item for item in items if lies_in(item, export_scope)]
    if not chosen or name in _CONTEXTS:
        return
    try:
        kind, values = _values(name, chosen, export_scope)
        getattr(meta_graph_def.collection_def[name], kind).value.extend(values)
    except Exception as error:  # whatever an item's own code raises: the rest of the graph is worth writing
        _LOG.warning(
            "Issue encountered when serializing %s.\nType is unsupported, or the types of the items don't match field "
            "type in CollectionDef. Note this is a warning and probably safe to ignore.\n%s",
            name,
            error,
        )
        meta_graph_def.collection_def.pop(name, None)


def _values(name: str, items: Sequence[Any], export_scope: str | None) -> tuple[str, list[Any]]:
    to_proto = proto_functions(name).to_proto
    if to_proto is not None:
        found = [to_proto(item, export_scope=export_scope) for item in items]
        return "bytes_list", [proto.SerializeToString() for proto in found if proto]
    match items[0]:
        case str() | bytes():
            return "bytes_list", [as_bytes(item) for item in items]
        case int():
            return "int64_list", list(items)
        case float():
            return "float_list", list(items)
        case item if protos.is_message(item, "Any"):
            return "any_list", list(items)
        case _:
            return "node_list", [strip_name_scope(item.name, export_scope) for item in items]


# ---------------------------------------------------------------------------------------------------------- reading


def restore_collection(graph: Graph, key: str, proto: Any, scope: str, known: dict[bytes, Any]) -> None:
    """Adds what a CollectionDef holds to a graph's collection.

    Args:
      graph: The graph, which has the nodes already.
      key: The collection's name.
      proto: The CollectionDef.
      scope: The name scope below which the nodes were imported, or "".
      known: Variables restored so far, by their serialized form: a variable of two collections is one object.

    Raises:
      KeyError: it names a node that the graph does not have.
      InvalidArgumentError: a message in it cannot be read.
    """
    kind = proto.WhichOneof("kind")
    if key in _CONTEXTS:
        return
    if kind is None:
        _LOG.error("Cannot identify data type for collection %s. Skipping.", key)
        return
    functions = proto_functions(key)
    if kind == "bytes_list" and functions.from_proto is not None:
        for content in proto.bytes_list.value:
            graph.add_to_collection(key, _restored(key, content, scope, known))
    elif kind == "node_list":
        for name in proto.node_list.value:
            graph.add_to_collection(key, graph.as_graph_element(prepend_name_scope(name, scope)))
    elif kind == "bytes_list":
        for content in proto.bytes_list.value:
            graph.add_to_collection(key, _scoped_text(content, scope))
    else:
        for value in getattr(proto, kind).value:
            graph.add_to_collection(key, value)


def _scoped_text(content: bytes, scope: str) -> str | bytes:
    """Text is taken for a name, as in TF1: without a scope it stays as it is."""
    if not scope:
        return content
    try:
        return prepend_name_scope(content.decode(), scope)
    except UnicodeDecodeError:
        return content


def _restored(key: str, content: bytes, scope: str, known: dict[bytes, Any]) -> Any:
    functions = proto_functions(key)
    if content in known and key in _VARIABLE_KEYS:
        return known[content]
    assert functions.from_proto is not None
    item = functions.from_proto(functions.parse(content), import_scope=scope.rstrip("/"))
    if key in _VARIABLE_KEYS:
        known[content] = item
    return item
