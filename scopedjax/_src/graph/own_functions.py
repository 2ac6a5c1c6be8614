"""Functions of TensorFlow's nodes that do what node types of this package's own do, for files that TensorFlow loads.

DistinctRows      Unique and UnsortedSegmentSum: the rows are as many as there are distinct indices
CheckedLengths    a Reshape, which fails where the sizes differ
LoopBound         nothing: arrays there need no room beforehand
GatherGrad        UnsortedSegmentSum along the axis that was gathered from
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scopedjax._src.graph.attributes import to_attr_value
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.region_function import Body, kind_of, type_attr

_INT32: Final = 3
Writer = Callable[[Body, Operation], list[str]]


def own_function(op: Operation, name: str) -> Any:
    """Returns a FunctionDef that does what a node does, or None for a type that has none.

    Args:
      op: The node.
      name: The function's name.
    """
    write = _WRITERS.get(op.type)
    if write is None or op.attrs.get("batch_dims"):
        return None
    body = Body(name, [kind_of(t) for t in op.inputs])
    body.results(write(body, op), [kind_of(t) for t in op.outputs])
    return body.proto


def _distinct_rows(body: Body, op: Operation) -> list[str]:
    values, indices = (type_attr(kind_of(t)) for t in op.inputs)
    # Not known beforehand, even if the indices are: the static shapes of what follows are those of the rows here.
    shape = to_attr_value((None,), "shape")
    body.node("given", "PlaceholderWithDefault", ["arg_1"], dtype=indices, shape=shape)
    body.node("unique", "Unique", ["given:output:0"], T=indices, out_idx=type_attr(_INT32))
    body.node("count", "Size", ["unique:y:0"], T=indices, out_type=type_attr(_INT32))
    body.node("sums", "UnsortedSegmentSum", ["arg_0", "unique:idx:0", "count:output:0"], T=values,
              Tindices=type_attr(_INT32), Tnumsegments=type_attr(_INT32))  # fmt: skip
    return ["sums:output:0", "unique:y:0"]


def _loop_bound(body: Body, op: Operation) -> list[str]:
    return [body.const("none", 0)]  # an array there grows as it is written


def _checked_lengths(body: Body, op: Operation) -> list[str]:
    body.node("sizes", "Pack", ["arg_1"], T=type_attr(_INT32), N=1, axis=0)
    body.node("checked", "Reshape", ["arg_0", "sizes:output:0"], T=type_attr(kind_of(op.inputs[0])),
              Tshape=type_attr(_INT32))  # fmt: skip
    return ["checked:output:0"]


def _gather_grad(body: Body, op: Operation) -> list[str]:
    """The gradient `[outer, picked, inner]` is added up along its second axis, which is brought to the front."""
    kind, indices = type_attr(kind_of(op.inputs[3])), type_attr(kind_of(op.inputs[1]))
    int32 = type_attr(_INT32)
    body.node("axis", "Cast", ["arg_2"], SrcT=type_attr(kind_of(op.inputs[2])), DstT=int32)
    body.node("rank", "Size", ["arg_0"], T=int32, out_type=int32)
    body.node("wrapped", "FloorMod", ["axis:y:0", "rank:output:0"], T=int32)
    zero, one, any_size = body.const("zero", [0]), body.const("one", 1), body.const("any_size", [-1])
    body.node("at", "Reshape", ["wrapped:z:0", any_size], T=int32, Tshape=int32)
    body.node("after", "AddV2", ["at:output:0", one], T=int32)
    parts = {"outer": (zero, "at:output:0"), "size": ("at:output:0", one), "inner": ("after:z:0", any_size)}
    for name, (begin, length) in parts.items():
        if name == "size":
            length = body.const("one_of_them", [1])
        body.node(f"{name}_part", "Slice", ["arg_0", begin, length], T=int32, Index=int32)
        body.node(name, "Prod", [f"{name}_part:output:0", zero], T=int32, Tidx=int32)
    body.node("three", "Pack", ["outer:output:0", body.const("any", -1), "inner:output:0"], T=int32, N=3, axis=0)
    body.node("flat", "Reshape", ["arg_3", "three:output:0"], T=kind, Tshape=int32)
    swap = body.const("swap", [1, 0, 2])
    body.node("front", "Transpose", ["flat:output:0", swap], T=kind, Tperm=int32)
    body.node("picked", "Reshape", ["arg_1", any_size], T=indices, Tshape=int32)
    body.node("sums", "UnsortedSegmentSum", ["front:y:0", "picked:output:0", "size:output:0"], T=kind,
              Tindices=indices, Tnumsegments=int32)  # fmt: skip
    body.node("back", "Transpose", ["sums:output:0", swap], T=kind, Tperm=int32)
    body.node("result", "Reshape", ["back:y:0", "arg_0"], T=kind, Tshape=int32)
    return ["result:output:0"]


_WRITERS: Final[dict[str, Writer]] = {
    "DistinctRows": _distinct_rows,
    "CheckedLengths": _checked_lengths,
    "LoopBound": _loop_bound,
    "GatherGrad": _gather_grad,
}
