"""A FunctionDef that is made of the nodes of a region.

    region of a loop: parameters Identity, nodes MatMul, Tanh     function: arg_0 ... -> MatMul, Tanh -> out_0 ...

Inside a function TensorFlow calls the output of a node `MatMul:product:0`, and an argument by its name. A function
keeps for each tensor what stands for it there: an argument, the output of a node that was added, or, for the nodes
that keep values for a gradient (see `backward_functions`), an output that the node has only in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from scopedjax._src.graph import protos
from scopedjax._src.graph.attributes import to_attr_value
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.graph.tensor_proto import encode

if TYPE_CHECKING:
    from scopedjax._src.graph.contexts import ControlFlowContext

OWN: Final = "_scopedjax_type"  # of a changed node: a NodeDef with its type and attributes
INT32, BOOL, VARIANT = 3, 10, 21

# A tensor, or an output that a node has only in the file, by its number.
Key = Tensor | tuple[Operation, int]


class Body:
    """A FunctionDef to which nodes are added."""

    def __init__(self, name: str, types: Sequence[int]) -> None:
        self.proto = protos.FunctionDef()
        self.proto.signature.name = name
        for i, kind in enumerate(types):
            self.proto.signature.input_arg.add(name=f"arg_{i}", type=kind)

    @property
    def name(self) -> str:
        """What the function is called."""
        return self.proto.signature.name

    def node(self, name: str, op_type: str, inputs: Sequence[str], **attrs: Any) -> str:
        """Adds a node and returns its name."""
        node = self.proto.node_def.add(name=name, op=op_type)
        node.input.extend(inputs)
        for key, value in attrs.items():
            node.attr[key].CopyFrom(value if hasattr(value, "DESCRIPTOR") else to_attr_value(value))
        return name

    def const(self, name: str, value: Any) -> str:
        """Adds an int32 constant and returns its tensor."""
        tensor = encode(np.asarray(value, np.int32))
        self.node(name, "Const", [], value=protos.AttrValue(tensor=tensor), dtype=type_attr(INT32))
        return f"{name}:output:0"

    def results(self, places: Sequence[str], types: Sequence[int]) -> None:
        """Sets what the function returns."""
        for i, (place, kind) in enumerate(zip(places, types, strict=True)):
            self.proto.signature.output_arg.add(name=f"out_{i}", type=kind)
            self.proto.ret[f"out_{i}"] = place


class RegionFunction(Body):
    """A function while nodes of a region are added to it.

    Args:
      name: What it is called.
      types: The dtypes of its arguments.
      arguments: The tensor that each of the first arguments stands for.
      changed: Types of nodes that are written as another type, whose outputs are one list.
    """

    def __init__(self, name: str, types: Sequence[int], arguments: Sequence[Tensor], changed: Iterable[str]) -> None:
        super().__init__(name, types)
        self.changed = changed
        self.places: dict[Key, str] = {}
        for i, tensor in enumerate(arguments):
            self.places.setdefault(tensor, f"arg_{i}")
        self.given = set(arguments)

    def add(self, op: Operation, node: Any, more: Sequence[str] = ()) -> None:
        """Adds a node.

        Args:
          op: The node.
          node: Its NodeDef, as a graph has it.
          more: Places of inputs that it has only in the file.
        """
        if op.outputs and all(t in self.given for t in op.outputs):
            return
        new = self.proto.node_def.add()
        new.CopyFrom(node)
        del new.input[:]
        new.input.extend([*map(self.place, op.inputs), *more])
        here = {node.name for node in self.proto.node_def} if op._control_inputs else ()
        new.input.extend(f"^{c.name}" for c in op.control_inputs if c.context is op.context and c.name in here)
        for key in ("_class", "_scopedjax_region", "_scopedjax_regions", OWN):
            new.attr.pop(key, None)
        for key in [key for key in new.attr if new.op == op.type and is_default(op, key)]:
            del new.attr[key]

    def put(self, op: Operation, body: Any, more: Sequence[str] = ()) -> None:
        """Puts the nodes of another function in the place of a node.

        Args:
          op: The node; the function's results are its outputs.
          body: The FunctionDef.
          more: Places of arguments that follow its inputs.
        """
        nodes, results = written_out(body, f"{op.name}/", [*map(self.place, op.inputs), *more])
        self.proto.node_def.extend(nodes)
        self.places.update(zip(op.outputs, results, strict=True))

    def place(self, key: Key) -> str:
        """Returns how a function's node names a tensor."""
        if key in self.places:
            return self.places[key]
        if isinstance(key, tuple):
            return f"{key[0].name}:output:{key[1]}"
        return place_of(key, key.op.type in self.changed)

    def end(self, results: Sequence[Tensor], more: Sequence[str] = (), kinds: Sequence[int] = ()) -> None:
        """Sets what the function returns: tensors, and further places with their dtypes."""
        places = [*map(self.place, results), *more]
        self.results(places, [*map(kind_of, results), *kinds])

    def keep(self, controls: Iterable[Operation]) -> None:
        """Lets the function wait for nodes that act."""
        for op in controls:
            if op.context is not None and any(node.name == op.name for node in self.proto.node_def):
                self.proto.control_ret[op.name] = op.name
                self.proto.signature.control_output.append(op.name)
                self.proto.signature.is_stateful = True


def place_of(tensor: Tensor, changed: bool = False, name: str | None = None) -> str:
    """Returns how a node of a function names the output of another.

    Args:
      tensor: The output.
      changed: Whether its node is written as a type whose outputs are one list.
      name: What the node is called there.
    """
    op = tensor.op
    name = op.name if name is None else name
    at = tensor.value_index
    for arg in op.record.signature.outputs if op.record is not None and not changed else ():
        count = 1
        if arg.is_list:
            count = op.attrs[arg.number_attr] if arg.number_attr else len(op.attrs[arg.list_attr])
        if at < count:
            return f"{name}:{arg.name}:{at}"
        at -= count
    return f"{name}:output:{tensor.value_index}"


def is_default(op: Operation, key: str) -> bool:
    """Whether an attribute has its default value.

    Such attributes are left out of functions: an older TensorFlow may not know them, and takes functions as they are.
    """
    known = op.record.signature.attrs.get(key) if op.record is not None else None
    if known is None or key not in op.attrs or known.kind in ("type", "list(type)"):
        return False  # functions must name the dtypes of their nodes
    value = op.attrs[key]
    return type(value) is type(known.default) and not isinstance(value, np.ndarray) and value == known.default


def needed(
    region: ControlFlowContext, results: Iterable[Tensor], controls: Iterable[Operation] = ()
) -> list[Operation]:
    """Returns the nodes of a region that some results and effects need, in order."""
    own = set(region.ops)
    stack = [*(t.op for t in results), *controls]
    found: set[Operation] = set()
    while stack:
        op = stack.pop()
        if op in own and op not in found:
            found.add(op)
            stack.extend(t.op for t in op.inputs)
            stack.extend(op.control_inputs)
    return [op for op in region.ops if op in found]


def kind_of(tensor: Tensor) -> int:
    """Returns the number of a tensor's dtype."""
    return tensor.dtype.base_dtype.as_datatype_enum


def type_attr(kind: int) -> Any:
    """Returns a dtype as an AttrValue."""
    return protos.AttrValue(type=kind)


def types_attr(kinds: Iterable[int]) -> Any:
    """Returns a list of dtypes as an AttrValue."""
    value = protos.AttrValue()
    value.list.SetInParent()
    value.list.type.extend(kinds)
    return value


def function_name_attr(name: str) -> Any:
    """Returns the name of a function as an AttrValue."""
    return protos.AttrValue(func=protos.NameAttrList(name=name))


def no_shapes() -> Any:
    """Returns an empty list of shapes as an AttrValue."""
    value = protos.AttrValue()
    value.list.SetInParent()
    return value


def written_out(body: Any, prefix: str, given: Sequence[str]) -> tuple[list[Any], list[str]]:
    """Returns the nodes of a function under other names, and the places of its results.

    Args:
      body: The FunctionDef.
      prefix: What is put before the names of its nodes.
      given: Places of its arguments.
    """
    places = dict(zip((arg.name for arg in body.signature.input_arg), given, strict=True))

    def moved(text: str) -> str:
        if text in places:
            return places[text]
        return f"^{prefix}{text[1:]}" if text[0] == "^" else f"{prefix}{text}"

    nodes: list[Any] = []
    for node in body.node_def:
        new = protos.NodeDef()
        new.CopyFrom(node)
        new.name = f"{prefix}{node.name}"
        new.input[:] = [moved(text) for text in node.input]
        nodes.append(new)
    return nodes, [moved(body.ret[arg.name]) for arg in body.signature.output_arg]
