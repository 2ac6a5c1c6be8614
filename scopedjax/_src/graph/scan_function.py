"""A `Scan` node as functions that TensorFlow runs: a While over its steps, with the outputs in TensorLists.

scan(state..., sequence..., captured...) -> final..., output...
  n = Shape(sequence)[0]       lists of the sequences: TensorListFromTensor      of the outputs: TensorListReserve(n)
  While(t, n, state..., sequence lists..., output lists..., captured...)
    cond: t < n
    body: step(t, sequence[t]..., state..., captured...) -> state..., output...
  TensorListStack of the outputs
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scopedjax._src.graph import protos
from scopedjax._src.graph.attributes import to_attr_value
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.graph.tensor_proto import encode

_INT32, _VARIANT, _BOOL = 3, 21, 10


class Body:
    """A FunctionDef to which nodes are added."""

    def __init__(self, name: str, types: Sequence[int]) -> None:
        self.proto = protos.FunctionDef()
        self.proto.signature.name = name
        for i, kind in enumerate(types):
            self.proto.signature.input_arg.add(name=f"arg_{i}", type=kind)

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
        self.node(name, "Const", [], value=protos.AttrValue(tensor=tensor), dtype=type_attr(_INT32))
        return f"{name}:output:0"

    def results(self, places: Sequence[str], types: Sequence[int]) -> None:
        """Sets what the function returns."""
        for i, (place, kind) in enumerate(zip(places, types, strict=True)):
            self.proto.signature.output_arg.add(name=f"out_{i}", type=kind)
            self.proto.ret[f"out_{i}"] = place


def add_scan(op: Operation, step: str, name: str, fresh: Callable[[str], str]) -> dict[str, Any]:
    """Returns the functions of a Scan node.

    Args:
      op: The node.
      step: The function of its region: `(t, slices..., state..., captured...) -> state..., outputs...`.
      name: What the function that stands for the node is called.
      fresh: Makes further names.
    """
    states, sequences = len(op.attrs["Tstate"]), len(op.attrs["Tseq"])
    scan = _Scan(op, step, states, sequences)
    condition, body = fresh(f"{op.name}_cond"), fresh(f"{op.name}_body")
    return {
        condition: scan.condition(condition),
        body: scan.body(body),
        name: scan.whole(name, condition, body),
    }


class _Scan:
    def __init__(self, op: Operation, step: str, states: int, sequences: int) -> None:
        self.step = step
        inputs = list(op.inputs)
        self.state = inputs[:states]
        self.sequence = inputs[states : states + sequences]
        self.captured = inputs[states + sequences :]
        self.outputs = op.outputs[states:]
        # t, n, state, sequence lists, output lists, captured
        lists = [_VARIANT] * (sequences + len(self.outputs))
        self.types = [_INT32, _INT32, *map(kind_of, self.state), *lists, *map(kind_of, self.captured)]

    def condition(self, name: str) -> Any:
        body = Body(name, self.types)
        body.node("less", "Less", ["arg_0", "arg_1"], T=type_attr(_INT32))
        body.results(["less:z:0"], [_BOOL])
        return body.proto

    def body(self, name: str) -> Any:
        body = Body(name, self.types)
        any_shape = body.const("any_shape", -1)
        first = 2 + len(self.state)
        slices = []
        for i, tensor in enumerate(self.sequence):
            body.node(f"slice_{i}", "TensorListGetItem", [f"arg_{first + i}", "arg_0", any_shape],
                      element_dtype=type_attr(kind_of(tensor)))  # fmt: skip
            slices.append(f"slice_{i}:item:0")
        lists = first + len(self.sequence)
        captured = [f"arg_{lists + len(self.outputs) + i}" for i in range(len(self.captured))]
        given = ["arg_0", *slices, *(f"arg_{2 + i}" for i in range(len(self.state))), *captured]
        kinds = [_INT32, *map(kind_of, self.sequence), *map(kind_of, self.state), *map(kind_of, self.captured)]
        found = [*map(kind_of, self.state), *map(kind_of, self.outputs)]
        body.node(
            "step", "StatefulPartitionedCall", given, Tin=_types(kinds), Tout=_types(found), f=_function(self.step)
        )
        body.node("next", "AddV2", ["arg_0", body.const("one", 1)], T=type_attr(_INT32))
        written = []
        for i, tensor in enumerate(self.outputs):
            value = f"step:output:{len(self.state) + i}"
            body.node(f"set_{i}", "TensorListSetItem", [f"arg_{lists + i}", "arg_0", value],
                      element_dtype=type_attr(kind_of(tensor)))  # fmt: skip
            written.append(f"set_{i}:output_handle:0")
        state = [f"step:output:{i}" for i in range(len(self.state))]
        kept = [f"arg_{first + i}" for i in range(len(self.sequence))]
        body.results(["next:z:0", "arg_1", *state, *kept, *written, *captured], self.types)
        return body.proto

    def whole(self, name: str, condition: str, loop: str) -> Any:
        inputs = [*self.state, *self.sequence, *self.captured]
        body = Body(name, [kind_of(t) for t in inputs])
        states = [f"arg_{i}" for i in range(len(self.state))]
        sequences = [f"arg_{len(self.state) + i}" for i in range(len(self.sequence))]
        captured = [f"arg_{len(self.state) + len(self.sequence) + i}" for i in range(len(self.captured))]
        any_shape, zero = body.const("any_shape", -1), body.const("zero", 0)
        body.node("shape", "Shape", [sequences[0]], T=type_attr(kind_of(self.sequence[0])))
        bounds = [body.const("begin", [0]), body.const("end", [1]), body.const("strides", [1])]
        body.node("count", "StridedSlice", ["shape:output:0", *bounds], T=type_attr(_INT32), Index=type_attr(_INT32),
                  shrink_axis_mask=1)  # fmt: skip
        lists = []
        for i, tensor in enumerate(self.sequence):
            rest = any_shape if tensor._dims is None else body.const(
                f"element_{i}", [-1 if d is None else d for d in tensor._dims[1:]]
            )  # fmt: skip
            body.node(f"list_{i}", "TensorListFromTensor", [sequences[i], rest],
                      element_dtype=type_attr(kind_of(tensor)), shape_type=type_attr(_INT32))  # fmt: skip
            lists.append(f"list_{i}:output_handle:0")
        for i, tensor in enumerate(self.outputs):
            body.node(f"made_{i}", "TensorListReserve", [any_shape, "count:output:0"],
                      element_dtype=type_attr(kind_of(tensor)), shape_type=type_attr(_INT32))  # fmt: skip
            lists.append(f"made_{i}:handle:0")
        body.node("loop", "While", [zero, "count:output:0", *states, *lists, *captured], T=_types(self.types),
                  cond=_function(condition), body=_function(loop), output_shapes=_no_shapes(),
                  parallel_iterations=10)  # fmt: skip
        results = [f"loop:output:{2 + i}" for i in range(len(self.state))]
        for i, tensor in enumerate(self.outputs):
            place = f"loop:output:{2 + len(self.state) + len(self.sequence) + i}"
            rest = any_shape if tensor._dims is None else body.const(
                f"row_{i}", [-1 if d is None else d for d in tensor._dims[1:]]
            )  # fmt: skip
            body.node(f"stack_{i}", "TensorListStack", [place, rest], element_dtype=type_attr(kind_of(tensor)),
                      num_elements=-1)  # fmt: skip
            results.append(f"stack_{i}:tensor:0")
        body.results(results, [*map(kind_of, self.state), *map(kind_of, self.outputs)])
        return body.proto


def kind_of(tensor: Tensor) -> int:
    """Returns the number of a tensor's dtype."""
    return tensor.dtype.base_dtype.as_datatype_enum


def type_attr(kind: int) -> Any:
    """Returns a dtype as an AttrValue."""
    return protos.AttrValue(type=kind)


def _types(kinds: Sequence[int]) -> Any:
    value = protos.AttrValue()
    value.list.SetInParent()
    value.list.type.extend(kinds)
    return value


def _function(name: str) -> Any:
    return protos.AttrValue(func=protos.NameAttrList(name=name))


def _no_shapes() -> Any:
    value = protos.AttrValue()
    value.list.SetInParent()
    return value
