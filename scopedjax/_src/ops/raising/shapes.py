"""Static shapes of raised loops, found when their nodes have been recorded.

A file says nothing about the shapes of loop variables. TensorFlow infers them: a variable has the shape that it
enters with, unless the body makes another one of it; then what differs is unknown.

    z: enters [1, 2], body concat([z, z], 0) -> [2, 2]         z is [?, 2] in the loop and behind it

So the nodes are gone through once more, in order; the body of a loop again, until its variables stay as they are. What
a file says itself (`_output_shapes`) is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from scopedjax._src.base.errors import OpError
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.shape_context import ShapeContext, infer_dims
from scopedjax._src.ops.unknown import UnknownOpRecord

_ROUNDS: Final = 4


def settle_shapes(ops: Iterable[Operation]) -> None:
    """Finds the shapes of loop variables, and of all that depends on them.

    Args:
      ops: Nodes that have been recorded together, those of regions included.
    """
    every = list(ops)
    _Settling(every).run([op for op in every if op.context is None or op.context not in _regions(every)])


def _regions(ops: Iterable[Operation]) -> set[ControlFlowContext]:
    return {region for op in ops for region in _regions_of(op)}


def _regions_of(op: Operation) -> Sequence[ControlFlowContext]:
    return () if op._extra is None else op._extra.get("regions", ())


class _Settling:
    def __init__(self, ops: Sequence[Operation]) -> None:
        self.told = {t: t._dims for op in ops for t in op.outputs}  # what holds whatever the variables' shapes are

    def run(self, ops: Iterable[Operation]) -> None:
        """Goes through nodes of one place."""
        for op in sorted(ops, key=lambda op: op._id):
            regions = _regions_of(op)
            if not regions:
                self._infer(op)
            elif regions[0].kind == "while_cond":
                self._loop(op, regions[0], regions[1])
            elif regions[0].kind == "cond_true":
                self._branches(op, regions)

    def _infer(self, op: Operation) -> None:
        if op.record is None or isinstance(op.record, UnknownOpRecord) or not op.inputs:
            return  # an unknown node's outputs were guessed from their use; its record does not know them
        try:
            found = infer_dims(op.record, ShapeContext(op.record, op.name, op.inputs, op.attrs), len(op.outputs))
        except (ValueError, TypeError, OpError):
            return  # the import has checked the node; what is known of it stays
        self._set(op.outputs, found)

    def _set(self, tensors: Sequence[Tensor], found: Sequence[Dims]) -> None:
        for tensor, dims in zip(tensors, found, strict=True):
            told = self.told.get(tensor)
            try:
                tensor._dims = merge_dims(told, dims)
            except ValueError:
                tensor._dims = told

    def _branches(self, op: Operation, regions: Sequence[ControlFlowContext]) -> None:
        for region in regions:
            self.run(region.ops)
        absent = [set(region.extra.get("absent", ())) for region in regions[:2]]
        found: list[Dims] = []
        for i, (a, b) in enumerate(zip(regions[0].results, regions[1].results, strict=True)):
            found.append(b._dims if i in absent[0] else a._dims if i in absent[1] else common_dims(a._dims, b._dims))
        self._note(op, found)

    def _loop(self, op: Operation, condition: ControlFlowContext, body: ControlFlowContext) -> None:
        starts = op.inputs[: len(op.outputs)]
        known = [self.told.get(p) for p in body.parameters]
        dims = [start._dims if own is None else own for start, own in zip(starts, known, strict=True)]
        for round_ in range(_ROUNDS + 1):
            for region in (condition, body):
                for parameter, own in zip(region.parameters, dims, strict=True):
                    _give(parameter, own)
                self.run(op for op in region.ops if not set(op.outputs) & set(region.parameters))
            after = [result._dims for result in body.results]
            new = [common_dims(a, b) if a != b else a for a, b in zip(dims, after, strict=True)]
            new = [own if own is not None else n for own, n in zip(known, new, strict=True)]
            if new == dims:
                break
            dims = (
                new if round_ < _ROUNDS - 1 else [own if own == n else None for own, n in zip(dims, new, strict=True)]
            )
        self._note(op, dims)

    def _note(self, op: Operation, dims: Sequence[Dims]) -> None:
        self._set(op.outputs, dims)
        op._attrs["output_shapes"] = tuple(t._dims for t in op.outputs)


def _give(parameter: Tensor, dims: Dims) -> None:
    parameter._dims = dims
    parameter.op._attrs["shape"] = dims


def common_dims(a: Dims, b: Dims) -> Dims:
    """Returns what two shapes have in common."""
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(x if x == y else None for x, y in zip(a, b, strict=True))
