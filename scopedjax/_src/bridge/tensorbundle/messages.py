"""The protocol buffers of TensorFlow's checkpoint files, which the `tensorboard` package lacks, made from a table.

They have TensorFlow's names and field numbers (`tensor_bundle.proto`, `saved_tensor_slice.proto`, `tensor_slice.proto`)
and live in a pool of their own: where real TensorFlow is loaded into the same process, neither side sees the other.
Types of tensors are plain numbers here (`element_types`), because a file may hold any.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS: Final = {
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "fixed32": _Field.TYPE_FIXED32,
    "string": _Field.TYPE_STRING,
    "bool": _Field.TYPE_BOOL,
}

# Message -> its fields (name, number, kind); "*" behind a kind repeats it.
_MESSAGES: Final[dict[str, tuple[tuple[str, int, str], ...]]] = {
    "Dim": (("size", 1, "int64"), ("name", 2, "string")),
    "TensorShapeProto": (("dim", 2, "Dim*"), ("unknown_rank", 3, "bool")),
    "Extent": (("start", 1, "int64"), ("length", 2, "?int64")),
    "TensorSliceProto": (("extent", 1, "Extent*"),),
    "VersionDef": (("producer", 1, "int32"), ("min_consumer", 2, "int32"), ("bad_consumers", 3, "int32*")),
    "BundleHeaderProto": (("num_shards", 1, "int32"), ("endianness", 2, "int32"), ("version", 3, "VersionDef")),
    "BundleEntryProto": (
        ("dtype", 1, "int32"),
        ("shape", 2, "TensorShapeProto"),
        ("shard_id", 3, "int32"),
        ("offset", 4, "int64"),
        ("size", 5, "int64"),
        ("crc32c", 6, "fixed32"),
        ("slices", 7, "TensorSliceProto*"),
    ),
    "SavedSliceMeta": (
        ("name", 1, "string"),
        ("shape", 2, "TensorShapeProto"),
        ("type", 3, "int32"),
        ("slice", 4, "TensorSliceProto*"),
    ),
    "SavedTensorSliceMeta": (("tensor", 1, "SavedSliceMeta*"), ("versions", 2, "VersionDef")),
}


def _add_field(message: Any, name: str, number: int, kind: str) -> None:
    base = kind.strip("?*")
    field = message.field.add(name=name, number=number)
    field.label = _Field.LABEL_REPEATED if kind.endswith("*") else _Field.LABEL_OPTIONAL
    if base in _SCALARS:
        field.type = _SCALARS[base]
    else:
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".tensorflow.{base}"
    if kind.startswith("?"):  # one that tells whether it was given: a choice of one
        message.oneof_decl.add(name=f"has_{name}")
        field.oneof_index = 0


def _classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name="scopedjax/checkpoint_files.proto", package="tensorflow", syntax="proto3"
    )
    for message_name, fields in _MESSAGES.items():
        message = file.message_type.add(name=message_name)
        for field in fields:
            _add_field(message, *field)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tensorflow.{name}")) for name in _MESSAGES
    }


_MADE: Final = _classes()

BundleHeaderProto: Any = _MADE["BundleHeaderProto"]
BundleEntryProto: Any = _MADE["BundleEntryProto"]
SavedTensorSliceMeta: Any = _MADE["SavedTensorSliceMeta"]
TensorSliceProto: Any = _MADE["TensorSliceProto"]
