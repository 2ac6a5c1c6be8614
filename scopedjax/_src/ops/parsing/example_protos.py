"""`tf.train.Example` and its parts, made from a table: no package that scopedjax depends on ships them.

The messages are TensorFlow's on the wire: package `tensorflow`, the same field names and numbers, so a serialized
`Example` of either is read by the other, and text format and JSON agree too. They live in a descriptor pool of their
own: where real TensorFlow is loaded into the same process, its own descriptors of the same names are in the default
pool, and neither side sees the other.

    Example { features: Features { feature: {"name": Feature { float_list: FloatList { value: [1.5] } } } } }
    SequenceExample { context: Features, feature_lists: FeatureLists { feature_list: {"name": FeatureList { feature:
    [...] } } } }

Facts from TensorFlow's `feature.proto` and `example.proto`.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE: Final = "tensorflow"
_Field = descriptor_pb2.FieldDescriptorProto

# Message -> its fields: (name, number, kind). Kinds: a scalar type that repeats ("bytes*"), a message ("Feature"), a
# repeated message ("Feature*"), one of a choice ("?BytesList"), and a map from text to a message ("<Feature>").
_FEATURE_MESSAGES: Final[dict[str, tuple[tuple[str, int, str], ...]]] = {
    "BytesList": (("value", 1, "bytes*"),),
    "FloatList": (("value", 1, "float*"),),
    "Int64List": (("value", 1, "int64*"),),
    "Feature": (("bytes_list", 1, "?BytesList"), ("float_list", 2, "?FloatList"), ("int64_list", 3, "?Int64List")),
    "Features": (("feature", 1, "<Feature>"),),
    "FeatureList": (("feature", 1, "Feature*"),),
    "FeatureLists": (("feature_list", 1, "<FeatureList>"),),
}
_EXAMPLE_MESSAGES: Final[dict[str, tuple[tuple[str, int, str], ...]]] = {
    "Example": (("features", 1, "Features"),),
    "SequenceExample": (("context", 1, "Features"), ("feature_lists", 2, "FeatureLists")),
}
_SCALARS: Final = {"bytes": _Field.TYPE_BYTES, "float": _Field.TYPE_FLOAT, "int64": _Field.TYPE_INT64}


def _type_name(name: str) -> str:
    return f".{_PACKAGE}.{name}"


def _add_map(message: Any, name: str, number: int, value_type: str) -> None:
    """A map field, which protocol buffers spell as a repeated message of keys and values."""
    entry_name = "".join(part.capitalize() for part in name.split("_")) + "Entry"
    entry = message.nested_type.add(name=entry_name)
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL)
    entry.field.add(
        name="value",
        number=2,
        type=_Field.TYPE_MESSAGE,
        type_name=_type_name(value_type),
        label=_Field.LABEL_OPTIONAL,
    )
    full_name = _type_name(f"{message.name}.{entry_name}")
    message.field.add(
        name=name, number=number, type=_Field.TYPE_MESSAGE, type_name=full_name, label=_Field.LABEL_REPEATED
    )


def _add_field(message: Any, name: str, number: int, kind: str) -> None:
    if kind.startswith("<"):
        _add_map(message, name, number, kind.strip("<>"))
        return
    base = kind.strip("?*")
    field = message.field.add(name=name, number=number)
    field.label = _Field.LABEL_REPEATED if kind.endswith("*") else _Field.LABEL_OPTIONAL
    if base in _SCALARS:
        field.type = _SCALARS[base]
        if base != "bytes":
            field.options.packed = True
    else:
        field.type, field.type_name = _Field.TYPE_MESSAGE, _type_name(base)
    if kind.startswith("?"):
        if not message.oneof_decl:
            message.oneof_decl.add(name="kind")
        field.oneof_index = 0


def _file(name: str, messages: Any, dependencies: tuple[str, ...] = ()) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name=name, package=_PACKAGE, syntax="proto3", dependency=list(dependencies)
    )
    for message_name, fields in messages.items():
        message = file.message_type.add(name=message_name)
        for field_name, number, kind in fields:
            _add_field(message, field_name, number, kind)
    return file


def _classes() -> dict[str, Any]:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file("tensorflow/core/example/feature.proto", _FEATURE_MESSAGES))
    pool.Add(
        _file("tensorflow/core/example/example.proto", _EXAMPLE_MESSAGES, ("tensorflow/core/example/feature.proto",))
    )
    names = (*_FEATURE_MESSAGES, *_EXAMPLE_MESSAGES)
    found = {n: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{n}")) for n in names}
    for name, message_class in found.items():
        message_class.__doc__ = _DOCS[name]
    return found


_DOCS: Final = {
    "BytesList": "A list of byte strings: `tf.train.BytesList(value=[b'a', b'b'])`.",
    "FloatList": "A list of float32 numbers: `tf.train.FloatList(value=[1.5])`.",
    "Int64List": "A list of int64 numbers: `tf.train.Int64List(value=[7])`.",
    "Feature": "One of `bytes_list`, `float_list` and `int64_list`.",
    "Features": "Features by name: `tf.train.Features(feature={'label': tf.train.Feature(...)})`.",
    "FeatureList": "A sequence of features, one a step.",
    "FeatureLists": "Feature lists by name.",
    "Example": "A record of named features; what most TFRecord files hold, one a record.",
    "SequenceExample": "A record with features of its own (`context`) and sequences of them (`feature_lists`).",
}

_MADE: Final = _classes()

BytesList: Any = _MADE["BytesList"]
FloatList: Any = _MADE["FloatList"]
Int64List: Any = _MADE["Int64List"]
Feature: Any = _MADE["Feature"]
Features: Any = _MADE["Features"]
FeatureList: Any = _MADE["FeatureList"]
FeatureLists: Any = _MADE["FeatureLists"]
Example: Any = _MADE["Example"]
SequenceExample: Any = _MADE["SequenceExample"]
