"""Attributes of nodes, in their three forms, and `node_def`.

    canonical (op.attrs)        public (op.get_attr)       file (AttrValue)
    tf.float32                  tf.float32                 type: DT_FLOAT
    "SAME"                      b"SAME"                    s: "SAME"
    (None, 3), kind "shape"     TensorShapeProto           shape { dim { size: -1 } dim { size: 3 } }
    (1, 2, 2, 1), "list(int)"   [1, 2, 2, 1]               list { i: 1 i: 2 i: 2 i: 1 }
    ndarray                     TensorProto                tensor { ... }
    FunctionAttr("Relu", ...)   NameAttrList               func { name: "Relu" ... }

The canonical form is what rules and lowerings read, and it is not self-describing: a tuple may be a shape or a list of
integers. The *kind* tells, and the signature of the node's type knows it. An attribute without a kind (one that starts
with "_", or one of a type that is not known here) is guessed from its Python type, and for such an attribute a shape is
kept as a `TensorShape`, so that nothing is lost between reading and writing a file.

Invariant: `from_attr_value(to_attr_value(v, kind), kind) == v` for every canonical `v`, with and without a kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import Dims, TensorShape, to_dims
from scopedjax._src.base.values import as_bytes
from scopedjax._src.graph import protos
from scopedjax._src.graph.tensor_proto import decode, encode

if TYPE_CHECKING:
    from scopedjax._src.graph.operation import Operation


@dataclass(frozen=True, slots=True)
class FunctionAttr:
    """The value of an attribute of kind "func": a function's name and its own attributes.

    Attributes:
      name: The function, or an op type.
      attrs: (key, value) pairs; values in canonical form.
    """

    name: str
    attrs: tuple[tuple[str, Any], ...] = ()


# Kind -> the field of AttrValue (and of AttrValue.ListValue) that holds it.
_FIELD_OF_KIND: Final[dict[str, str]] = {
    "string": "s",
    "int": "i",
    "float": "f",
    "bool": "b",
    "type": "type",
    "shape": "shape",
    "tensor": "tensor",
    "func": "func",
}
_KIND_OF_FIELD: Final[dict[str, str]] = {field: kind for kind, field in _FIELD_OF_KIND.items()}
_KINDS_OF_OWN: Final[dict[str, str]] = {"_class": "list(string)", "_output_shapes": "list(shape)"}


def attribute_kind(op: Operation, name: str) -> str | None:
    """Returns the kind of a node's attribute as its type's signature has it, or None where nothing says it."""
    signature = getattr(op.record, "signature", None)
    attr = signature.attrs.get(name) if signature is not None else None
    return attr.kind if attr is not None else _KINDS_OF_OWN.get(name)


def is_attr_value(value: Any) -> bool:
    """Whether `value` is an AttrValue protocol buffer, of whichever package."""
    return protos.is_message(value, "AttrValue")


# ------------------------------------------------------------------------------------------- canonical -> AttrValue


def guess_kind(value: Any) -> str:
    """Returns the kind that a canonical value most likely has.

    Raises:
      TypeError: no attribute has a value of this Python type.
    """
    match value:
        case DType():
            return "type"
        case bool() | np.bool_():
            return "bool"
        case int() | np.integer():
            return "int"
        case float() | np.floating():
            return "float"
        case str() | bytes():
            return "string"
        case None | TensorShape():
            return "shape"
        case np.ndarray():
            return "tensor"
        case FunctionAttr():
            return "func"
        case tuple() | list():
            return _guess_list_kind(value)
        case _:
            raise TypeError(f"a value of type {type(value).__name__} cannot be a node's attribute: {value!r}")


def _guess_list_kind(items: tuple[Any, ...] | list[Any]) -> str:
    kinds = {guess_kind(item) for item in items}
    if kinds == {"shape", "int"} and not any(isinstance(item, TensorShape) for item in items):
        return "shape"  # (None, 3)
    if kinds == {"int", "float"}:
        return "list(float)"
    if len(kinds) > 1:
        raise TypeError(f"a list attribute has items of one kind, got {', '.join(sorted(kinds))}: {items!r}")
    return f"list({kinds.pop() if kinds else 'int'})"


def to_attr_value(value: Any, kind: str | None = None) -> Any:
    """Returns a canonical value as an AttrValue.

    Args:
      value: The value; an AttrValue is returned as it is.
      kind: Its kind ("type", "list(int)", ...); guessed where it is None.

    Raises:
      TypeError: the value has no such form.
    """
    if is_attr_value(value):
        return value
    kind = kind or guess_kind(value)
    proto = protos.AttrValue()
    if kind.startswith("list("):
        inner = kind[5:-1]
        proto.list.SetInParent()
        field = getattr(proto.list, _FIELD_OF_KIND[inner])
        field.extend([_to_field(item, inner) for item in value])
    elif kind in ("shape", "tensor", "func"):
        getattr(proto, kind).CopyFrom(_to_field(value, kind))
    else:
        setattr(proto, _FIELD_OF_KIND[kind], _to_field(value, kind))
    return proto


def _to_field(value: Any, kind: str) -> Any:
    match kind:
        case "type":
            return as_dtype(value).as_datatype_enum
        case "string":
            return as_bytes(value)
        case "int":
            return int(value)
        case "float":
            return float(value)
        case "bool":
            return bool(value)
        case "shape":
            return TensorShape(value).as_proto()
        case "tensor":
            return value if hasattr(value, "DESCRIPTOR") else encode(np.asarray(value))
        case "func":
            return _to_name_attr_list(value)
        case _:
            raise TypeError(f"{kind!r} is no kind of attribute")


def _to_name_attr_list(value: FunctionAttr | str) -> Any:
    if isinstance(value, str):
        value = FunctionAttr(value)
    proto = protos.NameAttrList(name=value.name)
    for key, item in value.attrs:
        proto.attr[key].CopyFrom(to_attr_value(item))
    return proto


# ------------------------------------------------------------------------------------------- AttrValue -> canonical


def from_attr_value(proto: Any, kind: str | None = None, place: str = "an attribute") -> Any:
    """Returns the canonical form of an AttrValue, perhaps from a stranger's file.

    Args:
      proto: The AttrValue.
      kind: The kind that it must have, or None for what it is.
      place: What it belongs to, for error texts.

    Raises:
      ValueError: it has another kind, or a value that cannot be.
    """
    field = proto.WhichOneof("value")
    wanted = None if kind is None else "list" if kind.startswith("list(") else _FIELD_OF_KIND[kind]
    if field is None:
        if kind is None:
            return ()
        raise ValueError(f"AttrValue missing value with expected type '{kind}'\n\t for {place}")
    if wanted is not None and field != wanted:
        raise ValueError(
            f"AttrValue had value with type '{_found_kind(proto, field)}' when '{kind}' expected\n\t for {place}"
        )
    if field == "list":
        return _list_items(proto.list, kind, place)
    return _from_field(getattr(proto, field), str(_KIND_OF_FIELD.get(field, field)), kind is not None, place)


def _found_kind(proto: Any, field: str) -> str:
    if field != "list":
        return _KIND_OF_FIELD.get(field, field)
    filled = [_KIND_OF_FIELD[f.name] for f, _ in proto.list.ListFields()]
    return f"list({filled[0] if filled else ''})"


def _list_items(proto: Any, kind: str | None, place: str) -> tuple[Any, ...]:
    filled = [(_KIND_OF_FIELD[field.name], values) for field, values in proto.ListFields()]
    if len(filled) > 1:
        raise ValueError(f"a list with items of several kinds ({', '.join(k for k, _ in filled)})\n\t for {place}")
    if not filled:
        return ()
    inner, values = filled[0]
    if kind is not None and kind != f"list({inner})":
        raise ValueError(f"AttrValue had value with type 'list({inner})' when '{kind}' expected\n\t for {place}")
    return tuple(_from_field(value, inner, kind is not None, place) for value in values)


def _from_field(value: Any, kind: str, kind_is_known: bool, place: str) -> Any:
    match kind:
        case "type":
            return _dtype(value, place)
        case "string":
            return _text(value)
        case "shape":
            dims = _dims(value, place)
            return dims if kind_is_known else TensorShape(dims)
        case "tensor":
            return decode(value, place)
        case "func":
            pairs = [(k, from_attr_value(v, None, f"{place}: {value.name}.{k}")) for k, v in sorted(value.attr.items())]
            return FunctionAttr(value.name, tuple(pairs))
        case "placeholder":
            raise ValueError(f"the value is a placeholder ('{value}') for a function's argument\n\t for {place}")
        case _:
            return value


def _dtype(number: int, place: str) -> DType:
    try:
        return as_dtype(number)
    except TypeError:
        raise ValueError(f"AttrValue has invalid DataType {number}\n\t for {place}") from None


def _text(value: bytes) -> str | bytes:
    """Text where it is text; some attributes hold serialized protos."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _dims(proto: Any, place: str) -> Dims:
    if any(dim.size < -1 for dim in proto.dim):
        sizes = [dim.size for dim in proto.dim]
        raise ValueError(f"Shape {sizes} has a dimension below -1\n\t for {place}")
    return to_dims(proto)


# --------------------------------------------------------------------------------------------- canonical -> public


def public_value(value: Any, kind: str | None = None) -> Any:
    """Returns a canonical value as `Operation.get_attr` gives it in TF1.

    Text is `bytes`, a list is a Python list; shapes, tensors and functions are TensorShapeProto, TensorProto and
    NameAttrList.

    Args:
      value: The canonical value.
      kind: Its kind; guessed where it is None.
    """
    if is_attr_value(value):
        kind = None
        value = from_attr_value(value)
    kind = kind or guess_kind(value)
    if kind.startswith("list("):
        return [public_value(item, kind[5:-1]) for item in value]
    if kind == "type":
        return as_dtype(value)
    if kind == "string":
        return as_bytes(value)
    return _to_field(value, kind)


# --------------------------------------------------------------------------------------------------------- NodeDef


def node_def(op: Operation, add_shapes: bool = False) -> Any:
    """Returns the NodeDef of a node.

    Args:
      op: The node.
      add_shapes: Whether to add its static output shapes as `_output_shapes`.

    Raises:
      ValueError: an attribute cannot be written.
    """
    proto = protos.NodeDef(name=op.name, op=op.type, device=op.device)
    proto.input.extend([tensor._as_node_def_input() for tensor in op.inputs])
    proto.input.extend([f"^{control.name}" for control in op._control_inputs])
    for name, value in op.attrs.items():
        try:
            proto.attr[name].CopyFrom(to_attr_value(value, attribute_kind(op, name)))
        except (TypeError, ValueError, AttributeError) as error:
            raise ValueError(
                f"attribute '{name}' of node '{op.name}' ({op.type}) cannot be written: {error}"
            ) from error
    if op._colocation:
        proto.attr["_class"].CopyFrom(to_attr_value(op._colocation, "list(string)"))
    if add_shapes and op.outputs:
        proto.attr["_output_shapes"].CopyFrom(to_attr_value([t._dims for t in op.outputs], "list(shape)"))
    return proto
