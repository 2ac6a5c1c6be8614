"""Fetching nodes that lie inside branches of an imported graph.

    cond/mul (in the branch for true)     fetched with cond/pred_id: its value, or "Retval[0] does not have value"

TensorFlow refuses to fetch what a program recorded inside `tf.cond`, but a graph from a file has no branches there,
just nodes that may be dead, and so one may look into the branch that is taken. Nodes of a branch take what is outside
as it is, so they can be computed beside their If; whether their branch was taken is told by the predicates around them.
(A Switch itself gives its value at both outputs here, where TensorFlow has a dead one.)

Only nodes without effects are: one that draws, assigns or acts would do so a second time. What lies in a loop has a
value for each step, and TensorFlow refuses it too.
"""

from __future__ import annotations

from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.effects import effects_of

Condition = tuple[Tensor, bool]  # a predicate, and what it must be


def conditions_of(op: Operation) -> list[Condition] | None:
    """Returns what must hold for a node to have run, from the outside in; None where it cannot be fetched."""
    found: list[Condition] = []
    region = op.context
    while region is not None:
        if not region.from_file or region.kind not in ("cond_true", "cond_false"):
            return None
        owner = _owner(op, region)
        if owner is None:
            return None
        found.append((owner.inputs[0], region.kind == "cond_true"))
        region = region.outer
    return found[::-1] if _is_without_effects(op) else None


def _owner(op: Operation, region: ControlFlowContext) -> Operation | None:
    for node in op.graph.get_operations():
        if node._extra is not None and region in node._extra.get("regions", ()):
            return node
    return None


def _is_without_effects(op: Operation) -> bool:
    """Whether neither a node nor what it needs inside branches does anything but compute."""
    stack, seen = [op], set[Operation]()
    while stack:
        node = stack.pop()
        if node in seen or node.context is None:
            continue
        seen.add(node)
        record = node.record
        if record is None or (record.stateful and not record.reads) or record.rng:
            return False
        effects = effects_of(node)
        if effects.writes or effects.random:
            return False
        stack.extend(tensor.op for tensor in node.inputs)
        stack.extend(node.control_inputs)
    return True


def check_taken(op: Operation, conditions: list[Condition], values: list[object]) -> None:
    """Checks that a node has run.

    Args:
      op: The node.
      conditions: What `conditions_of` told.
      values: The values of the predicates.

    Raises:
      InvalidArgumentError: its branch was not taken.
    """
    for (predicate, wanted), value in zip(conditions, values, strict=True):
        if bool(value) != wanted:
            raise InvalidArgumentError(
                None, op,
                f"Retval[0] does not have value: '{op.name}' lies in a branch that was not taken in this run, as "
                f"'{predicate.name}' is {bool(value)}. Fetch what the cond returns.",
            )  # fmt: skip
