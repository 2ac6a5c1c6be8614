"""What a node that takes an element from a list can get: the tensors that were put into it.

    forward loop:   list = TensorListPushBack(list, Shape(x))       backward loop:   TensorListPopBack(list) -> Shape(x)

TensorFlow's loops hand every tensor that the way back needs through a list, and its branches through an Optional, even
a constant. Many steer shapes, so it matters to see through lists before anything runs: a value that hangs on constants
and shapes alone is known while a program is traced, and stays known in the list (`Cells.same`).

    Identity, a call            what goes in                 If               what both regions give
    TensorListPushBack(l, x)    what is in l, and x          WhileLoop        what goes in, and what a step gives
    TensorListPopBack(l)        what is in l; an element: what is in each of the elements

Invariant: a graph is only appended to, and what is found for a list that a loop is done with cannot change.
"""

from __future__ import annotations

from typing import Any, Final
from weakref import WeakKeyDictionary

from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor

_NAMES: Final = frozenset(("Identity", "IdentityN"))
_OWNERS: Final[WeakKeyDictionary[Any, tuple[int, dict[Any, Operation]]]] = WeakKeyDictionary()  # by graph


def taken_from(op: Operation) -> list[Tensor] | None:
    """Returns the tensors of which a node takes one out of a list or an Optional.

    Returns:
      The tensors; None where they cannot be told, or where the node takes no element.
    """
    if op.record is None or op.record.array not in ("pop", "read") or op.inputs[0].dtype.name != "variant":
        return None
    extra = op._extra
    if extra is None or "taken from" not in extra:
        found = _Search(op.graph).inside(op.inputs[0])
        op._extra = extra = {**(extra or {}), "taken from": None if found is None else list(found)}
    return extra["taken from"]


class _Search:
    """One search; `seen` are the lists that it has come across."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.owners = _owners(graph)

    def inside(self, start: Tensor) -> dict[Tensor, None] | None:
        """Returns what was put into a list, or into any of the lists that it may stand for; None for unknown."""
        found: dict[Tensor, None] = {}
        stack, seen = [start], set[Tensor]()
        while stack:
            tensor = stack.pop()
            if tensor in seen:
                continue
            seen.add(tensor)
            lists = self._behind(tensor, found)
            if lists is None:
                return None
            stack.extend(lists)
        return found

    def _behind(self, tensor: Tensor, found: dict[Tensor, None]) -> list[Tensor] | None:
        """Returns the lists that one is made of, and notes what is put into it on the way."""
        op = tensor.op
        at = op.outputs.index(tensor)
        kind = "" if op.record is None else op.record.array
        if op.context is not None and tensor in op.context.parameters:
            return self._behind_parameter(tensor, op.context)
        if op.type in _NAMES:
            return [op.inputs[at]]
        if kind == "push":
            found[op.inputs[1]] = None
            return [op.inputs[0]]
        if kind == "pop" and at == 0:
            return [op.inputs[0]]
        if kind in ("pop", "read"):  # an element that is a list itself
            elements = taken_from(op)
            return None if elements is None else list(elements)
        if op.type == "OptionalFromValue":
            found.update(dict.fromkeys(op.inputs))
            return []
        if kind == "make":
            return [] if op.type in ("EmptyTensorList", "OptionalNone") else None
        regions = (op._extra or {}).get("regions", ())
        if op.type == "If":
            return [region.results[at] for region in regions[:2]]
        return [op.inputs[at], regions[1].results[at]] if op.type == "WhileLoop" else None

    def _behind_parameter(self, tensor: Tensor, context: Any) -> list[Tensor] | None:
        owner = self.owners.get(context)
        if owner is None or owner.type != "WhileLoop":
            return None
        at = context.parameters.index(tensor)
        return [owner.inputs[at], owner._extra["regions"][1].results[at]]  # type: ignore[index]


def _owners(graph: Any) -> dict[Any, Operation]:
    """Returns the node of each region of a graph."""
    known = _OWNERS.get(graph)
    if known is None or known[0] != graph.version:
        ops = graph.get_operations()
        owners = {region: op for op in ops for region in (op._extra or {}).get("regions", ())}
        known = _OWNERS[graph] = (graph.version, owners)
    return known[1]
