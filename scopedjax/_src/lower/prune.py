"""Which nodes a run needs, in the order in which their effects happen."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.registry import Shortcut

NONE: Final[Mapping[Operation, Shortcut]] = MappingProxyType({})


def needed_ops(
    targets: Iterable[Operation],
    fed: Collection[Tensor],
    region: ControlFlowContext | None = None,
    shortcuts: Mapping[Operation, Shortcut] = NONE,
) -> list[Operation]:
    """Returns the nodes that must run so that `targets` do, in order of effects.

    The order is that of dependencies, with ties in the order of creation. A fed tensor ends the walk: what made it is
    not needed for it.

    Args:
      targets: Nodes to run.
      fed: Tensors whose value is given.
      region: If given, only nodes of this region are walked; what lies outside it is captured.
      shortcuts: The nodes that are computed in another way than from their inputs.

    Raises:
      InvalidArgumentError: the nodes depend on each other in a circle.
    """
    needed: set[Operation] = set()
    stack = [op for op in targets if _belongs(op, region)]
    while stack:
        op = stack.pop()
        if op in needed:
            continue
        needed.add(op)
        stack.extend(d for d in _dependencies(op, fed, shortcuts) if d not in needed and _belongs(d, region))
    ordered = sorted(needed, key=lambda op: op._id)
    return ordered if _is_topological(ordered, fed, needed) else _sort(ordered, fed, needed)


def shortcuts_among(ops: Iterable[Operation], fed: Collection[Tensor]) -> dict[Operation, Shortcut]:
    """Returns the nodes that can be computed in another way, with that way."""
    found: dict[Operation, Shortcut] = {}
    for op in ops:
        if op.record is not None and op.record.shortcut is not None:
            way = op.record.shortcut(op)
            if way is not None and not any(t in fed for t in way.between):
                found[op] = way
    return found


def _belongs(op: Operation, region: ControlFlowContext | None) -> bool:
    return region is None or op.context is region


def _dependencies(
    op: Operation, fed: Collection[Tensor], shortcuts: Mapping[Operation, Shortcut] = NONE
) -> list[Operation]:
    inputs = shortcuts[op].inputs if op in shortcuts else op.inputs
    found = [t.op for t in inputs if t not in fed]
    found.extend(op._control_inputs)
    return found


def _is_topological(ordered: list[Operation], fed: Collection[Tensor], needed: set[Operation]) -> bool:
    return all(d._id < op._id for op in ordered for d in _dependencies(op, fed) if d in needed)


def _sort(ordered: list[Operation], fed: Collection[Tensor], needed: set[Operation]) -> list[Operation]:
    waiting = {op: {d for d in _dependencies(op, fed) if d in needed} for op in ordered}
    users: dict[Operation, list[Operation]] = {}
    for op, dependencies in waiting.items():
        for dependency in dependencies:
            users.setdefault(dependency, []).append(op)
    ready = [(op._id, op) for op in ordered if not waiting[op]]
    heapq.heapify(ready)
    result: list[Operation] = []
    while ready:
        _, op = heapq.heappop(ready)
        result.append(op)
        for user in users.get(op, ()):
            waiting[user].discard(op)
            if not waiting[user]:
                heapq.heappush(ready, (user._id, user))
    if len(result) < len(ordered):
        done = set(result)
        names = ", ".join(op.name for op in ordered if op not in done)
        raise InvalidArgumentError(None, None, f"Graph has a cycle through the nodes: {names}")
    return result
