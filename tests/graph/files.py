"""What the tests of files share: messages from text, for either namespace, and nodes as plain values."""

from __future__ import annotations

import importlib
from typing import Any

from google.protobuf import text_format

FLOAT = "attr{key:'dtype' value{type:DT_FLOAT}}"
T_FLOAT = "attr{key:'T' value{type:DT_FLOAT}}"
PLACEHOLDER = f"node{{name:'a' op:'Placeholder' {FLOAT}}}"

_THEIRS = {
    "GraphDef": "framework.graph",
    "TensorProto": "framework.tensor",
    "AttrValue": "framework.attr_value",
    "OpDef": "framework.op_def",
    "MetaGraphDef": "protobuf.meta_graph",
    "VariableDef": "framework.variable",
    "SaverDef": "protobuf.saver",
}


def is_real(tf: Any) -> bool:
    """Whether `tf` is TensorFlow itself."""
    return tf.__name__.startswith("tensorflow")


def message_type(tf: Any, name: str) -> Any:
    """The class of a message in the namespace `tf`."""
    if is_real(tf):
        return getattr(importlib.import_module(f"tensorflow.core.{_THEIRS[name]}_pb2"), name)
    return getattr(importlib.import_module("scopedjax._src.graph.protos"), name)


def message(tf: Any, name: str, text: str) -> Any:
    """A message from its text form."""
    return text_format.Parse(text, message_type(tf, name)())


def graph_def(tf: Any, text: str) -> Any:
    """A GraphDef from its text form."""
    return message(tf, "GraphDef", text)


def plain(value: Any) -> Any:
    """A value in which messages are (name, deterministic bytes) and dtypes, nodes and tensors their names."""
    if hasattr(value, "SerializeToString"):
        return (type(value).__name__, value.SerializeToString(deterministic=True))
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if type(value).__name__ == "DType":
        return ("dtype", value.name)
    if type(value).__name__ in ("Operation", "Tensor", "SymbolicTensor"):
        return value.name
    return value


def nodes(graph: Any) -> list[Any]:
    """All that a graph says of its nodes, as plain values."""
    return [
        {
            "name": op.name,
            "type": op.type,
            "inputs": [t.name for t in op.inputs],
            "controls": [c.name for c in op.control_inputs],
            "device": op.device,
            "colocation": op.colocation_groups(),
            "outputs": [(t.dtype.name, t.shape.as_list() if t.shape.rank is not None else None) for t in op.outputs],
        }
        for op in graph.get_operations()
    ]
