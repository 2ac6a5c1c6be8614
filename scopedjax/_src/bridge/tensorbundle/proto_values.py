"""The values of a tensor as V1 files hold them: in the typed fields of a TensorProto.

float32 -> float_val (5), packed     int8, uint8, int16, int32, ... -> int_val (7), varints     string -> string_val
complex64 -> scomplex_val (9): real and imaginary part by turns     half -> half_val (13): the bits

The other types (bfloat16, uint32, uint64, qint16, quint16) TensorFlow neither writes nor reads in this format.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from scopedjax._src.bridge.tensorbundle import wire
from scopedjax._src.bridge.tensorbundle.block import put_varint


class _Field(NamedTuple):
    """Where the values of a type are.

    Attributes:
      number: The field of TensorProto.
      kind: How one number is written.
      stored: The NumPy type of one number there.
    """

    number: int
    kind: int
    stored: Any


_INT: Final = _Field(7, wire.VARINT, None)
_FIELDS: Final[dict[str, _Field]] = {
    "float32": _Field(5, wire.FIXED32, "<f4"),
    "float64": _Field(6, wire.FIXED64, "<f8"),
    "complex64": _Field(9, wire.FIXED32, "<c8"),
    "complex128": _Field(12, wire.FIXED64, "<c16"),
    "int64": _Field(10, wire.VARINT, None),
    "bool": _Field(11, wire.VARINT, np.uint8),
    "float16": _Field(13, wire.VARINT, np.uint16),
    **dict.fromkeys(("int8", "uint8", "int16", "uint16", "int32"), _INT),
    **dict.fromkeys(("qint8", "quint8", "qint32"), _INT),
}
_STRINGS: Final = 8


def _plain(kind: np.dtype[Any]) -> np.dtype[Any]:
    """The type itself, of a quantized type the integer."""
    return kind[0] if kind.names else kind


def decode(data: memoryview, type_name: str, kind: np.dtype[Any]) -> np.ndarray:
    """The values in a TensorProto, in one dimension.

    Args:
      data: The message.
      type_name: What TensorFlow calls the type.
      kind: The NumPy type of the array.

    Raises:
      ValueError: It is no TensorProto, or there can be none of this type.
    """
    if type_name == "string":
        items = [bytes(data[start:end]) for field, _, start, end in wire.fields(data) if field == _STRINGS]
        result = np.empty(len(items), object)
        result[:] = items
        return result
    field = _FIELDS.get(type_name)
    if field is None:
        raise ValueError(f"values of type {type_name} have no place in this format")
    found = wire.numbers(data, field.number, field.kind, _stored(field, kind))
    if type_name == "bool":
        return found != 0
    return np.array(found).view(kind)  # a copy, or what is kept would be the whole block


def _stored(field: _Field, kind: np.dtype[Any]) -> Any:
    if field.stored is None:
        return _plain(kind)
    stored = np.dtype(field.stored)
    return stored if stored.kind != "c" or field.kind == wire.VARINT else _plain(kind)


def encode(array: np.ndarray, type_name: str) -> list[Any]:
    """The TensorProto of an array's values, in pieces; `decode` undoes it.

    Args:
      array: The values, in one dimension.
      type_name: What TensorFlow calls their type.

    Raises:
      ValueError: There can be none of this type.
    """
    if type_name == "string":
        tag = put_varint(_STRINGS << 3 | wire.BYTES)
        return [part for item in array.tolist() for part in (tag, put_varint(len(item)), item)]
    field = _FIELDS.get(type_name)
    if field is None:
        raise ValueError(f"values of type {type_name} have no place in this format")
    values: Any = array.view(_plain(array.dtype))
    if field.kind == wire.VARINT:
        values = wire.put_varints(values.view(field.stored) if field.stored is not None else values)
    else:
        values = np.ascontiguousarray(values).view(np.uint8)
    if not len(values):
        return []
    return [put_varint(field.number << 3 | wire.BYTES), put_varint(len(values)), values]
