"""How the items of a collection are written into a MetaGraphDef, and read back.

A collection may hold objects that only their own module knows (variables, savers, queue runners). That module
registers, for the collection's name, the message type and two functions; `export_meta_graph` and `import_meta_graph`
look them up. So nobody imports a higher floor to write what belongs to it.

    register_proto_function("queue_runners", QueueRunnerDef, QueueRunner.to_proto, QueueRunner.from_proto)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scopedjax._src.graph import protos


@dataclass(frozen=True, slots=True)
class ProtoFunctions:
    """What is registered for a collection.

    Attributes:
      proto_type: The message class, or its name in `protos`, or None.
      to_proto: `f(item, export_scope=None)`, returning a message, or None for an item that is left out.
      from_proto: `f(message, import_scope=None)`, returning an item.
    """

    proto_type: Any = None
    to_proto: Callable[..., Any] | None = None
    from_proto: Callable[..., Any] | None = None

    def parse(self, content: bytes) -> Any:
        """Returns the message that `content` serializes.

        Raises:
          InvalidArgumentError: the bytes are no such message.
        """
        if isinstance(self.proto_type, str):
            return protos.parsed(content, self.proto_type)
        return protos.parsed_as(content, self.proto_type)


_FUNCTIONS: dict[str, ProtoFunctions] = {}


def register_proto_function(
    collection_name: str,
    proto_type: Any = None,
    to_proto: Callable[..., Any] | None = None,
    from_proto: Callable[..., Any] | None = None,
) -> None:
    """Registers how the items of a collection are written into a MetaGraphDef and read back.

    Args:
      collection_name: The collection's name, mostly one of `tf.GraphKeys`.
      proto_type: The class of the messages, or the name of one of `protos`.
      to_proto: Function that makes a message of an item.
      from_proto: Function that makes an item of a message.

    Raises:
      TypeError: `to_proto` or `from_proto` cannot be called.
      KeyError: the collection has its functions already.
    """
    for name, function in (("to_proto", to_proto), ("from_proto", from_proto)):
        if function is not None and not callable(function):
            raise TypeError(f"{name} must be callable.")
    if collection_name in _FUNCTIONS:
        raise KeyError(f"the proto functions of the collection '{collection_name}' are registered already")
    _FUNCTIONS[collection_name] = ProtoFunctions(proto_type, to_proto, from_proto)


def proto_functions(collection_name: str) -> ProtoFunctions:
    """Returns what is registered for a collection; nothing, for most."""
    return _FUNCTIONS.get(collection_name, ProtoFunctions())
