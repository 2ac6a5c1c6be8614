"""The message `SavedModel`, which the `tensorboard` package lacks, and the file that holds it.

    saved_model.pb:  SavedModel { saved_model_schema_version: 1, meta_graphs: [MetaGraphDef { tags, signatures, ... }] }

The message is made from its two fields; its parts are the classes of `graph.protos`. What lies in an `Any` (assets, in
a collection) names its type by TensorFlow's package, so for the text form a pool of descriptors under that name is
needed; it is a copy of its own, and real TensorFlow in the same process does not see it.
"""

from __future__ import annotations

import functools
import os
from typing import Any, Final

from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.paths import local_path
from scopedjax._src.base.system_errors import as_tensorflow_errors
from scopedjax._src.graph import protos
from scopedjax._src.lib.saved_model import names

_OURS: Final = "tensorboard"
_THEIRS: Final = "tensorflow"
_FILE: Final = "scopedjax/saved_model.proto"


@functools.cache
def saved_model_class() -> Any:
    """Returns the class of the message `SavedModel`."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    part = protos.MetaGraphDef.DESCRIPTOR
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name=_FILE, package="scopedjax", syntax="proto3", dependency=[part.file.name]
    )
    message = file.message_type.add(name="SavedModel")
    message.field.add(name="saved_model_schema_version", number=1, type=field.TYPE_INT64, label=field.LABEL_OPTIONAL)
    message.field.add(
        name="meta_graphs",
        number=2,
        type=field.TYPE_MESSAGE,
        type_name=f".{part.full_name}",
        label=field.LABEL_REPEATED,
    )
    pool = descriptor_pool.Default()  # that of the MetaGraphDef, since a message and its parts share one
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("scopedjax.SavedModel"))


@functools.cache
def _tensorflow_pool() -> Any:
    """Descriptors of the same messages under TensorFlow's package."""
    from google.protobuf import descriptor_pb2, descriptor_pool

    pool = descriptor_pool.DescriptorPool()
    added: set[str] = set()

    def add(file: Any) -> None:
        if file.name in added:
            return
        added.add(file.name)
        for dependency in file.dependencies:
            add(dependency)
        proto = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(proto)
        if proto.package == _OURS:
            _rename(proto)
        pool.Add(proto)

    add(protos.MetaGraphDef.DESCRIPTOR.file)
    return pool


def _rename(file: Any) -> None:
    """Puts the messages of a file, and what their fields refer to, into TensorFlow's package."""
    file.package = _THEIRS
    lead = f".{_OURS}."
    todo = list(file.message_type)
    while todo:
        message = todo.pop()
        todo += message.nested_type
        for field in message.field:
            if field.type_name.startswith(lead):
                field.type_name = f".{_THEIRS}.{field.type_name[len(lead) :]}"


# --------------------------------------------------------------------------------------------------------------- assets


def packed_asset(filename: str, tensor_name: str) -> Any:
    """Returns an `Any` with the AssetFileDef of a file and the tensor that gets its path."""
    from google.protobuf import any_pb2

    asset = protos.AssetFileDef(filename=filename)
    asset.tensor_info.name = tensor_name
    return any_pb2.Any(type_url="type.googleapis.com/tensorflow.AssetFileDef", value=asset.SerializeToString())


def unpacked_asset(packed: Any) -> Any:
    """Returns the AssetFileDef that an `Any` holds.

    Raises:
      InvalidArgumentError: it holds something else.
    """
    return protos.parsed(packed.value, "AssetFileDef")


# --------------------------------------------------------------------------------------------------------------- files


def as_text(saved_model: Any) -> str:
    """Returns the text form of a SavedModel."""
    from google.protobuf import text_format

    return text_format.MessageToString(saved_model, descriptor_pool=_tensorflow_pool())


def write_saved_model(saved_model: Any, export_dir: Any, text: bool) -> str:
    """Writes the file of a SavedModel, in one step; returns its path."""
    from scopedjax._src.bridge.staging import write_file

    folder = local_path(export_dir)
    path = os.path.join(folder, names.SAVED_MODEL_FILENAME_PBTXT if text else names.SAVED_MODEL_FILENAME_PB)
    content = as_text(saved_model).encode() if text else saved_model.SerializeToString(deterministic=True)
    with as_tensorflow_errors(path):
        os.makedirs(folder, exist_ok=True)
        write_file(path, content)
    return path


def read_saved_model(export_dir: Any) -> Any:
    """Returns the SavedModel of a folder, from its binary or its text file.

    Raises:
      OSError: there is no such file, or it holds no SavedModel.
    """
    folder = local_path(export_dir)
    binary, text, pieces = (
        os.path.join(folder, name)
        for name in (names.SAVED_MODEL_FILENAME_PB, names.SAVED_MODEL_FILENAME_PBTXT, names.SAVED_MODEL_FILENAME_CPB)
    )
    if os.path.isfile(binary):
        try:
            return protos.parsed_as(_content(binary), saved_model_class())
        except InvalidArgumentError as error:
            raise OSError(f"Cannot parse file {binary}: {error.message}.") from error
    if os.path.isfile(text):
        return _from_text(text)
    if os.path.isfile(pieces):
        raise OSError(
            f"Cannot parse file {pieces}: a SavedModel in pieces is not read here; save it again without "
            "experimental_image_format."
        )
    raise OSError(
        f"SavedModel file does not exist at: {os.fspath(export_dir)}{os.path.sep}"
        f"{{{names.SAVED_MODEL_FILENAME_PBTXT}|{names.SAVED_MODEL_FILENAME_PB}}}"
    )


def _content(path: str) -> bytes:
    with as_tensorflow_errors(path), open(path, "rb") as file:
        return file.read()


def _from_text(path: str) -> Any:
    from google.protobuf import text_format

    message = saved_model_class()()
    try:
        text_format.Parse(_content(path).decode(), message, descriptor_pool=_tensorflow_pool())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise OSError(f"Cannot parse file {path}: {error}.") from error
    return message
