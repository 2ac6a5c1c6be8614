"""The protocol buffers of TensorFlow's files, by name: `protos.GraphDef`, `protos.AttrValue`, ...

They are the message classes of the `tensorboard` package, which have TensorFlow's field numbers: their bytes and their
text form are TensorFlow's own. They are loaded on first use: importing them takes longer than the rest of this floor.
"""

from __future__ import annotations

import importlib
from typing import Any, Final

from scopedjax._src.base.errors import InvalidArgumentError

_MODULES: Final[dict[str, str]] = {
    "AttrValue": "attr_value",
    "NameAttrList": "attr_value",
    "NodeDef": "node_def",
    "GraphDef": "graph",
    "FunctionDef": "function",
    "FunctionDefLibrary": "function",
    "VersionDef": "versions",
    "OpDef": "op_def",
    "OpList": "op_def",
    "TensorProto": "tensor",
    "TensorShapeProto": "tensor_shape",
    "MetaGraphDef": "meta_graph",
    "CollectionDef": "meta_graph",
    "SignatureDef": "meta_graph",
    "TensorInfo": "meta_graph",
    "AssetFileDef": "meta_graph",
    "VariableDef": "variable",
    "SaveSliceInfoDef": "variable",
    "SaverDef": "saver",
    "ClusterDef": "cluster",
    "JobDef": "cluster",
    "ConfigProto": "config",
    "GPUOptions": "config",
    "GraphOptions": "config",
    "OptimizerOptions": "config",
    "RunMetadata": "config",
    "RunOptions": "config",
    "ThreadPoolOptionProto": "config",
}
NAMES: Final = frozenset(_MODULES)


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    message = getattr(importlib.import_module(f"tensorboard.compat.proto.{module}_pb2"), name)
    globals()[name] = message
    return message


def is_message(value: Any, name: str) -> bool:
    """Whether `value` is a message called `name`, of this or of another package that has TensorFlow's messages."""
    return getattr(getattr(value, "DESCRIPTOR", None), "name", None) == name


def converted(value: Any, name: str) -> Any:
    """Returns a message called `name` as one of the class used here.

    Args:
      value: A message; one of this package's own class is returned as it is.
      name: Its name.

    Raises:
      TypeError: `value` is no such message.
      InvalidArgumentError: its bytes cannot be read.
    """
    own = __getattr__(name)
    if isinstance(value, own):
        return value
    if not is_message(value, name):
        raise TypeError(f"expected a {name} protocol buffer, got {type(value).__name__}")
    return parsed(value.SerializeToString(), name)


def parsed(content: bytes, name: str) -> Any:
    """Returns the message called `name` that `content` serializes.

    Raises:
      InvalidArgumentError: the bytes are no such message.
    """
    return parsed_as(content, __getattr__(name))


def parsed_as(content: bytes, message_type: Any) -> Any:
    """Returns the message of the class `message_type` that `content` serializes.

    Raises:
      InvalidArgumentError: the bytes are no such message.
    """
    from google.protobuf.message import DecodeError

    message = message_type()
    try:
        message.ParseFromString(content)
    except DecodeError as error:
        name = message_type.DESCRIPTOR.name
        raise InvalidArgumentError(None, None, f"{len(content)} bytes are no {name}: {error}") from error
    return message
