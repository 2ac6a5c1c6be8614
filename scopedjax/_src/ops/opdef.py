"""OpDef: what an op type looks like, in TensorFlow's own form.

    "MatMul(a: T, b: T; transpose_a: bool = False) -> product: T"
        <->  name: "MatMul"  input_arg { name: "a" type_attr: "T" } ...  attr { name: "T" type: "type" ... }

Programs read it as `op.op_def`; a MetaGraphDef carries the OpDefs of its types, so that a reader with other
defaults, or without the type, can still make sense of the nodes. `summary` writes one as TensorFlow's errors do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.graph import protos
from scopedjax._src.graph.attributes import from_attr_value, to_attr_value
from scopedjax._src.ops.registry import lookup
from scopedjax._src.ops.signature import MISSING, Arg, Attr, Signature

_FLAGS: Final = ("is_commutative", "is_aggregate", "is_stateful", "allows_uninitialized_input")


def op_def(signature: Signature, types: Mapping[str, Sequence[DType]], stateful: bool | None = None) -> Any:
    """Returns the OpDef of a type.

    Args:
      signature: The type's signature.
      types: The dtypes that each type attribute may have; one that is not named may have any.
      stateful: Whether two equal nodes may differ in effect; default: what the registry says.
    """
    if stateful is None:
        record = lookup(signature.type)
        stateful = record is not None and (record.stateful or record.rng)
    proto = protos.OpDef(name=signature.type, is_stateful=stateful)
    for arg in signature.inputs:
        proto.input_arg.append(_arg_def(arg))
    for arg in signature.outputs:
        proto.output_arg.append(_arg_def(arg))
    for attr in signature.attrs.values():
        entry = proto.attr.add(name=attr.name, type=attr.kind)
        if attr.default is not MISSING:
            entry.default_value.CopyFrom(to_attr_value(attr.default, attr.kind))
        if types.get(attr.name):
            entry.allowed_values.CopyFrom(to_attr_value(types[attr.name], "list(type)"))
    return proto


def _arg_def(arg: Arg) -> Any:
    proto = protos.OpDef.ArgDef(name=arg.name, is_ref=arg.ref)
    if arg.list_attr:
        proto.type_list_attr = arg.list_attr
        return proto
    proto.number_attr = arg.number_attr
    if arg.dtype is not None:
        proto.type = arg.dtype.as_datatype_enum
    else:
        proto.type_attr = arg.type_attr
    return proto


def signature_of(proto: Any) -> tuple[Signature, dict[str, tuple[DType, ...]]]:
    """Returns (signature, allowed dtypes) of an OpDef that came with a file.

    Raises:
      ValueError: it is not well formed.
    """
    place = f"the OpDef of '{proto.name}'"
    attrs: dict[str, Attr] = {}
    types: dict[str, tuple[DType, ...]] = {}
    for entry in proto.attr:
        default: Any = MISSING
        if entry.HasField("default_value"):
            default = from_attr_value(entry.default_value, entry.type, f"{place}, attr '{entry.name}'")
        attrs[entry.name] = Attr(entry.name, entry.type, default)
        if entry.allowed_values.list.type:
            types[entry.name] = from_attr_value(entry.allowed_values, "list(type)", f"{place}, attr '{entry.name}'")
    inputs = tuple(_arg(entry, attrs, place) for entry in proto.input_arg)
    outputs = tuple(_arg(entry, attrs, place) for entry in proto.output_arg)
    return Signature(proto.name, inputs, outputs, attrs), types


def _arg(entry: Any, attrs: Mapping[str, Attr], place: str) -> Arg:
    for named, kind in ((entry.type_attr, "type"), (entry.number_attr, "int"), (entry.type_list_attr, "list(type)")):
        if named and (named not in attrs or attrs[named].kind != kind):
            raise ValueError(
                f"{place}: argument '{entry.name}' refers to '{named}', which is no attribute of kind {kind}"
            )
    dtype: DType | None = None
    if entry.type:
        try:
            dtype = as_dtype(entry.type)
        except TypeError:
            raise ValueError(f"{place}: argument '{entry.name}' has the unknown dtype {entry.type}") from None
    elif not entry.type_attr and not entry.type_list_attr:
        raise ValueError(f"{place}: argument '{entry.name}' has no type")
    return Arg(entry.name, dtype, entry.type_attr, entry.number_attr, entry.type_list_attr, entry.is_ref)


# ------------------------------------------------------------------------------------------------------ error texts


def type_text(dtype: DType) -> str:
    """Returns a dtype's name as TensorFlow's errors write it: `float`, `double`, `half`, `int32`, `float_ref`.

    >>> type_text(tf.float32)
    'float'
    """
    base = {"float32": "float", "float64": "double", "float16": "half"}.get(
        dtype.base_dtype.name, dtype.base_dtype.name
    )
    return f"{base}_ref" if dtype._is_ref_dtype else base


def enum_text(dtype: DType) -> str:
    """Returns a dtype's name in the enumeration `DataType`: `DT_FLOAT`."""
    return f"DT_{type_text(dtype).upper()}"


def summary(proto: Any) -> str:
    """Returns one line that describes an OpDef, in the form of TensorFlow's errors."""
    inputs = ", ".join(_arg_text(a) for a in proto.input_arg)
    outputs = ", ".join(_arg_text(a) for a in proto.output_arg)
    attrs = "".join(f"; attr={_attr_text(a)}" for a in proto.attr)
    flags = "".join(f"; {flag}=true" for flag in _FLAGS if getattr(proto, flag))
    return f"Op<name={proto.name}; signature={inputs} -> {outputs}{attrs}{flags}>"


def _arg_text(arg: Any) -> str:
    number = f"{arg.number_attr}*" if arg.number_attr else ""
    kind = arg.type_attr or arg.type_list_attr or type_text(as_dtype(arg.type))
    return f"{arg.name}:{f'Ref({number}{kind})' if arg.is_ref else number + kind}"


def _attr_text(attr: Any) -> str:
    text = f"{attr.name}:{attr.type}"
    if attr.HasField("default_value"):
        text += f",default={_value_text(attr.default_value)}"
    if attr.has_minimum:
        text += f",min={attr.minimum}"
    if attr.HasField("allowed_values"):
        text += f",allowed={_value_text(attr.allowed_values)}"
    return text


def _value_text(proto: Any) -> str:
    value = from_attr_value(proto)
    return f"[{', '.join(map(_item_text, value))}]" if isinstance(value, tuple) else _item_text(value)


def _item_text(value: Any) -> str:
    if isinstance(value, DType):
        return enum_text(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, (str, bytes)) else str(value)


# ------------------------------------------------------------------------------------------------------ whole graphs


def stripped_op_list_for_graph(graph_def: Any) -> Any:
    """Returns the OpDefs of the types that a GraphDef uses, without their descriptions.

    Args:
      graph_def: The GraphDef; the types in its functions count too.

    Returns:
      An OpList, sorted by name. Types that are not known here are left out.
    """
    types = {node.op for node in graph_def.node}
    own = {function.signature.name for function in graph_def.library.function}
    for function in graph_def.library.function:
        types.update(node.op for node in function.node_def)
    found = protos.OpList()
    for name in sorted(types - own):
        record = lookup(name)
        if record is not None:
            found.op.append(record.op_def())
    return found
