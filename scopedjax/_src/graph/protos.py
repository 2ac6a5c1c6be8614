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
NAMES: Final = frozenset(_MODULES) | {"ServerDef"}


def __getattr__(name: str) -> Any:
    if name == "ServerDef":
        globals()[name] = message = _server_def()
        return message
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    message = getattr(importlib.import_module(f"tensorboard.compat.proto.{module}_pb2"), name)
    globals()[name] = message
    return message


def _server_def() -> Any:
    """Makes the class of the message `ServerDef`, which the `tensorboard` package lacks; its parts are there."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    parts = {name: __getattr__(name).DESCRIPTOR for name in ("ClusterDef", "ConfigProto")}
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="scopedjax/server.proto",
        package="scopedjax",
        syntax="proto3",
        dependency=sorted(part.file.name for part in parts.values()),
    )
    message = file.message_type.add(name="ServerDef")
    for number, (name, kind) in enumerate(
        {
            "cluster": "ClusterDef", "job_name": field.TYPE_STRING, "task_index": field.TYPE_INT32,
            "default_session_config": "ConfigProto", "protocol": field.TYPE_STRING, "port": field.TYPE_INT32,
        }.items(), 1
    ):  # fmt: skip
        made = message.field.add(name=name, number=number, label=field.LABEL_OPTIONAL)
        if isinstance(kind, str):
            made.type, made.type_name = field.TYPE_MESSAGE, f".{parts[kind].full_name}"
        else:
            made.type = kind
    pool = descriptor_pool.Default()  # that of the parts, since a message and its parts share one
    pool.Add(file)
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName("scopedjax.ServerDef"))
    made.__doc__ = "What a server of a cluster is: the cluster, its job and task, its session's config, its protocol."
    return made


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
