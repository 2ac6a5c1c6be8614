"""`ImportedNode`: a NodeDef from a file, checked against its type before anything is recorded.

    NodeDef { name: "m" op: "MatMul" input: "a" input: "s:1" input: "^init" attr { T: DT_FLOAT } }
      ->  inputs [("a", 0), ("s", 1)]  controls ["init"]  attrs {T: float32, transpose_a: False, ...}
          input_types [float32, float32]  output_types [float32]

Attributes that the file leaves out get their defaults. One that the type does not have is of a newer TensorFlow;
as there, it is kept and has no effect, with a warning unless it is switched off (false, 0, empty).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.attributes import FunctionAttr, from_attr_value
from scopedjax._src.graph.graphdef import FORWARD, REGION, REGIONS
from scopedjax._src.ops.opdef import op_def, summary, type_text
from scopedjax._src.ops.registry import OpRecord, lookup
from scopedjax._src.ops.signature import MISSING, Arg
from scopedjax._src.ops.unknown import UnknownOpRecord, unknown_record

MOST_ARGUMENTS: Final = 1 << 20  # what a number attribute of a file may ask for
_INPUT: Final = re.compile(r"^(?P<name>.+?)(?::(?P<index>\d{1,9}))?$")


@dataclass(slots=True)
class ImportedNode:
    """What a NodeDef says, in the forms that a graph records.

    Attributes:
      name: Its name in the file.
      type: Its op type.
      device: The device asked for.
      record: What is known about the type.
      inputs: (node, output index) of each data input.
      controls: The nodes that it waits for.
      attrs: Attributes in canonical form, defaults included; those that only files have are in the fields below.
      input_types: The dtype that each input must have, or None where nothing says it.
      output_types: The dtype of each output, or None for a type of which nothing is known.
      colocation: Entries of `_class`.
      output_shapes: Static shapes that the writer knew, or None.
      region: The region that it belongs to, or "".
      regions: Its regions, if it is a structured node.
      forward: The node whose gradient it is, or "".
    """

    name: str
    type: str
    device: str
    record: OpRecord
    inputs: list[tuple[str, int]]
    controls: list[str]
    attrs: dict[str, Any]
    input_types: list[DType] | None = None
    output_types: list[DType] | None = None
    colocation: tuple[str, ...] = ()
    output_shapes: tuple[Dims, ...] | None = None
    region: str = ""
    regions: tuple[FunctionAttr, ...] = ()
    forward: str = ""


def read_node(proto: Any, name: str, op_defs: Mapping[str, Any]) -> ImportedNode:
    """Reads a NodeDef.

    Args:
      proto: The NodeDef, perhaps from a stranger's file.
      name: The node's future name, for error texts.
      op_defs: OpDefs that came with the file, by type.

    Raises:
      ValueError: it does not follow its type's signature.
    """
    inputs, controls = _split_inputs(proto)
    record = _record_of(proto, len(inputs), op_defs)
    node = ImportedNode(proto.name, proto.op, proto.device, record, inputs, controls, {})
    values = _special_attrs(node, proto, name)
    _fill_attrs(node, values, op_defs.get(proto.op), name)
    if not isinstance(record, UnknownOpRecord) or record.definition is not None:
        node.input_types = _argument_types(node, record.signature.inputs, name, len(inputs))
        node.output_types = _argument_types(node, record.signature.outputs, name, None)
        _check_attr_types(node, name)
    return node


def _split_inputs(proto: Any) -> tuple[list[tuple[str, int]], list[str]]:
    inputs: list[tuple[str, int]] = []
    controls: list[str] = []
    for text in proto.input:
        if text.startswith("^"):
            controls.append(text[1:])
            continue
        if controls:
            raise ValueError(f"Node '{proto.name}': Control dependencies must come after regular dependencies")
        match = _INPUT.match(text)
        if match is None:
            raise ValueError(f"Node '{proto.name}': an input has no name")
        inputs.append((match["name"], int(match["index"] or 0)))
    return inputs, controls


def _record_of(proto: Any, inputs: int, op_defs: Mapping[str, Any]) -> OpRecord:
    record = lookup(proto.op)
    if record is None:
        calls = any(value.WhichOneof("value") == "func" for value in proto.attr.values())
        reason = "it calls functions of the GraphDef, which are not run" if calls else ""
        return unknown_record(proto.op, inputs, op_defs.get(proto.op), reason)
    if record.structured and REGIONS not in proto.attr:
        # TensorFlow's own If or While: its branches are functions of the library.
        reason = "its branches are functions of the GraphDef, which are not run"
        return unknown_record(proto.op, inputs, record.op_def(), reason)
    return record


def _special_attrs(node: ImportedNode, proto: Any, name: str) -> dict[str, Any]:
    """Takes out the attributes that only files have; returns the others, as AttrValues."""
    values = dict(proto.attr.items())
    for key, kind in (("_class", "list(string)"), ("_output_shapes", "list(shape)"), (REGION, "string"),
                      (REGIONS, "list(func)"), (FORWARD, "string")):  # fmt: skip
        if key not in values:
            continue
        value = from_attr_value(values.pop(key), kind, _place(key, name))
        if key == "_class":
            node.colocation = value
        elif key == "_output_shapes":
            node.output_shapes = value
        elif key == REGION:
            node.region = value
        elif key == REGIONS:
            node.regions = value
        else:
            node.forward = value
    return values


def _place(attr: str, name: str) -> str:
    return f"attr '{attr}' of node '{name}'"


# TensorFlow 2 writes them on a VarHandleOp; they say nothing that a run would need.
_ABOUT_THE_PRODUCER = frozenset(("allowed_devices", "debug_name"))


def _fill_attrs(node: ImportedNode, values: dict[str, Any], definition: Any, name: str) -> None:
    signature = node.record.signature
    for attr in signature.attrs.values():
        if attr.name in values:
            try:
                node.attrs[attr.name] = from_attr_value(values.pop(attr.name), attr.kind, _place(attr.name, name))
            except TypeError as error:
                raise ValueError(str(error)) from error
        elif attr.default is not MISSING:
            node.attrs[attr.name] = attr.default
    missing = [f"'{key}'" for key in reversed(signature.attrs) if key not in node.attrs]
    if missing:
        raise _misfit(f"NodeDef missing attr{'s' * (len(missing) > 1)} {', '.join(missing)} from", node, name)
    for key in sorted(values):
        known = key.startswith("_") or isinstance(node.record, UnknownOpRecord)
        if not known and _is_producer_default(values[key], key, definition):
            continue
        try:
            value = from_attr_value(values[key], None, _place(key, name))
        except (TypeError, ValueError):
            value = values[key]  # an AttrValue that has no other form is kept as it is
        node.attrs[key] = value
        if not known and value and key not in _ABOUT_THE_PRODUCER:
            warnings.warn(
                f"NodeDef mentions attribute {key} which is not in the op definition: node '{name}' ({node.type}) has "
                f"{key}={value!r}. Unknown attributes are kept and have no effect.",
                UserWarning,
                stacklevel=2,
            )


def _is_producer_default(value: Any, key: str, definition: Any) -> bool:
    for attr in definition.attr if definition is not None else ():
        if attr.name == key:
            return attr.default_value.SerializeToString(deterministic=True) == value.SerializeToString(
                deterministic=True
            )
    return False


def _misfit(message: str, node: ImportedNode, name: str) -> ValueError:
    definition = op_def(node.record.signature, node.record.types)
    return ValueError(f"{message} {summary(definition)}; NodeDef: {{{{node {name}}}}}")


def _argument_types(node: ImportedNode, args: Sequence[Arg], name: str, given: int | None) -> list[DType]:
    """Returns the dtype of each tensor that the arguments stand for; `given` is the number of inputs that there are."""
    types: list[DType] = []
    for arg in args:
        if arg.list_attr:
            found = list(node.attrs[arg.list_attr])
        else:
            dtype = arg.dtype or node.attrs[arg.type_attr]
            count = node.attrs[arg.number_attr] if arg.number_attr else 1
            if not 0 <= count <= MOST_ARGUMENTS:
                raise _misfit(f"attr '{arg.number_attr}' is {count}, which is no number of tensors;", node, name)
            found = [dtype] * count
        types.extend(t._as_ref if arg.ref else t for t in found)
    if given is not None and len(types) != given:
        expected = ", ".join(map(type_text, types[: given + 8]))
        raise _misfit(f"NodeDef expected inputs '{expected}' do not match {given} inputs specified;", node, name)
    return types


def _check_attr_types(node: ImportedNode, name: str) -> None:
    for key, allowed in node.record.types.items():
        value = node.attrs.get(key)
        for dtype in value if isinstance(value, tuple) else (value,):
            if isinstance(dtype, DType) and dtype.base_dtype not in allowed:
                raise ValueError(
                    f"Value for attr '{key}' of {type_text(dtype)} is not in the list of allowed values: "
                    f"{', '.join(map(type_text, allowed))}\n\t; NodeDef: {{{{node {name}}}}}; Op type {node.type}"
                )
