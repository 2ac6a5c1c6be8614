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

from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.region_function import (
    BOOL,
    INT32,
    VARIANT,
    Body,
    function_name_attr,
    kind_of,
    no_shapes,
    type_attr,
    types_attr,
)


def add_scan(
    op: Operation, step: str, name: str, fresh: Callable[[str], str], kept: Sequence[int] = ()
) -> dict[str, Any]:
    """Returns the functions of a Scan node.

    Args:
      op: The node.
      step: The function of its region: `(t, slices..., state..., captured...) -> state..., outputs...`.
      name: What the function that stands for the node is called.
      fresh: Makes further names.
      kept: Dtypes of what the step returns besides, of which the function returns lists besides.
    """
    states, sequences = len(op.attrs["Tstate"]), len(op.attrs["Tseq"])
    scan = _Scan(op, step, states, sequences, kept)
    condition, body = fresh(f"{op.name}_cond"), fresh(f"{op.name}_body")
    return {
        condition: scan.condition(condition),
        body: scan.body(body),
        name: scan.whole(name, condition, body),
    }


class _Scan:
    def __init__(self, op: Operation, step: str, states: int, sequences: int, kept: Sequence[int]) -> None:
        self.step = step
        self.kept = list(kept)
        inputs = list(op.inputs)
        self.state = inputs[:states]
        self.sequence = inputs[states : states + sequences]
        self.captured = inputs[states + sequences :]
        self.outputs = op.outputs[states:]
        # t, n, state, sequence lists, output lists, captured, lists of what is kept
        lists = [VARIANT] * (sequences + len(self.outputs))
        self.types = [INT32, INT32, *map(kind_of, self.state), *lists, *map(kind_of, self.captured)]
        self.types.extend([VARIANT] * len(self.kept))

    def condition(self, name: str) -> Any:
        body = Body(name, self.types)
        body.node("less", "Less", ["arg_0", "arg_1"], T=type_attr(INT32))
        body.results(["less:z:0"], [BOOL])
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
        kinds = [INT32, *map(kind_of, self.sequence), *map(kind_of, self.state), *map(kind_of, self.captured)]
        found = [*map(kind_of, self.state), *map(kind_of, self.outputs), *self.kept]
        body.node(
            "step",
            "StatefulPartitionedCall",
            given,
            Tin=types_attr(kinds),
            Tout=types_attr(found),
            f=function_name_attr(self.step),
        )
        body.node("next", "AddV2", ["arg_0", body.const("one", 1)], T=type_attr(INT32))
        written = []
        for i, tensor in enumerate(self.outputs):
            value = f"step:output:{len(self.state) + i}"
            body.node(f"set_{i}", "TensorListSetItem", [f"arg_{lists + i}", "arg_0", value],
                      element_dtype=type_attr(kind_of(tensor)))  # fmt: skip
            written.append(f"set_{i}:output_handle:0")
        state = [f"step:output:{i}" for i in range(len(self.state))]
        kept = [f"arg_{first + i}" for i in range(len(self.sequence))]
        for i, kind in enumerate(self.kept):
            place, value = (
                f"arg_{len(self.types) - len(self.kept) + i}",
                f"step:output:{len(found) - len(self.kept) + i}",
            )
            body.node(f"keep_{i}", "TensorListPushBack", [place, value], element_dtype=type_attr(kind))
            captured.append(f"keep_{i}:output_handle:0")
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
        body.node("count", "StridedSlice", ["shape:output:0", *bounds], T=type_attr(INT32), Index=type_attr(INT32),
                  shrink_axis_mask=1)  # fmt: skip
        lists = []
        for i, tensor in enumerate(self.sequence):
            rest = any_shape if tensor._dims is None else body.const(
                f"element_{i}", [-1 if d is None else d for d in tensor._dims[1:]]
            )  # fmt: skip
            body.node(f"list_{i}", "TensorListFromTensor", [sequences[i], rest],
                      element_dtype=type_attr(kind_of(tensor)), shape_type=type_attr(INT32))  # fmt: skip
            lists.append(f"list_{i}:output_handle:0")
        for i, tensor in enumerate(self.outputs):
            body.node(f"made_{i}", "TensorListReserve", [any_shape, "count:output:0"],
                      element_dtype=type_attr(kind_of(tensor)), shape_type=type_attr(INT32))  # fmt: skip
            lists.append(f"made_{i}:handle:0")
        empty = empty_lists(body, self.kept)
        given = [zero, "count:output:0", *states, *lists, *captured, *empty]
        body.node("loop", "While", given, T=types_attr(self.types), cond=function_name_attr(condition),
                  body=function_name_attr(loop), output_shapes=no_shapes(), parallel_iterations=10)  # fmt: skip
        results = [f"loop:output:{2 + i}" for i in range(len(self.state))]
        for i, tensor in enumerate(self.outputs):
            place = f"loop:output:{2 + len(self.state) + len(self.sequence) + i}"
            rest = any_shape if tensor._dims is None else body.const(
                f"row_{i}", [-1 if d is None else d for d in tensor._dims[1:]]
            )  # fmt: skip
            body.node(f"stack_{i}", "TensorListStack", [place, rest], element_dtype=type_attr(kind_of(tensor)),
                      num_elements=-1)  # fmt: skip
            results.append(f"stack_{i}:tensor:0")
        first = len(self.types) - len(self.kept)
        results.extend(f"loop:output:{first + i}" for i in range(len(self.kept)))
        kinds = [*map(kind_of, self.state), *map(kind_of, self.outputs), *([VARIANT] * len(self.kept))]
        body.results(results, kinds)
        return body.proto


def empty_lists(body: Body, kinds: Sequence[int], scope: str = "") -> list[str]:
    """Adds an empty list for elements of each dtype; returns their places."""
    if not kinds:
        return []
    any_shape = body.const(f"{scope}scopedjax_any_shape", -1)
    for i, kind in enumerate(kinds):
        body.node(f"{scope}scopedjax_empty_{i}", "EmptyTensorList", [any_shape, any_shape],
                  element_dtype=type_attr(kind), shape_type=type_attr(INT32))  # fmt: skip
    return [f"{scope}scopedjax_empty_{i}:handle:0" for i in range(len(kinds))]
