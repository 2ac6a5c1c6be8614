"""Which variables a node reads and writes, and which random streams it uses.

A variable's own tensor (`v:0`, of a reference type) is not a value but a handle. A type that declares a `Ref` input
reads or writes through it; any other node that takes such a tensor reads the variable at the moment at which it
runs. The handle can pass through nodes (`tf.assign` returns it), so it is followed back to the node that owns the
storage.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor


@dataclass(slots=True)
class Effects:
    """What running a node does besides giving its outputs, in order of first mention."""

    reads: dict[str, None] = field(default_factory=dict)
    writes: dict[str, None] = field(default_factory=dict)
    overwrites: dict[str, None] = field(default_factory=dict)  # written without being read first
    checks: dict[str, None] = field(default_factory=dict)  # asked for being initialized
    random: dict[Operation, None] = field(default_factory=dict)


def storage_key(op: Operation) -> str:
    """Returns the name under which a session keeps the storage that a variable node owns."""
    name = op.attrs.get("shared_name") or op.name
    container = op.attrs.get("container")
    return f"{container}//{name}" if container else name


def is_handle(tensor: Tensor) -> bool:
    """Whether a tensor stands for a variable's storage rather than for a value."""
    dtype = tensor.dtype
    if dtype.name == "resource":
        record = tensor.op.record
        return record is None or not record.array
    return dtype._is_ref_dtype or is_alias(tensor.op)


def is_alias(op: Operation) -> bool:
    """Whether a node is a variable's own 'w/read': TF1 hands on the storage there, not a copy.

    What takes it sees the value of the moment at which it runs itself, so that `tf.identity(w)` under control
    dependencies gives the new value. A read that was asked for under control dependencies happens where it stands.
    """
    record = op.record
    return record is not None and record.aliases and not op._control_inputs and op.inputs[0].dtype._is_ref_dtype


def owner(tensor: Tensor) -> Operation:
    """Returns the node that owns the storage behind a handle."""
    op = tensor.op
    while True:
        handle = next((t for t in op.inputs if is_handle(t)), None)
        if handle is None and op._extra is not None:
            handle = op._extra.get("captured")  # a placeholder in a function's body
        if handle is None:
            return op
        op = handle.op


def effects_of(op: Operation) -> Effects:
    """Returns the effects of a node, those of its regions included."""
    found = Effects()
    _add(op, found)
    return found


def regions_of(op: Operation) -> tuple[ControlFlowContext, ...]:
    """Returns the regions that a structured node runs."""
    return op._extra["regions"] if op._extra is not None and "regions" in op._extra else ()


def _add(op: Operation, found: Effects) -> None:
    record = op.record
    if record is None:
        return
    if record.rng:
        found.random[op] = None
    for arg, index in _handle_arguments(op):
        key = storage_key(owner(op.inputs[index]))
        if arg in record.writes:
            found.writes[key] = None
            if arg not in record.reads:
                found.overwrites[key] = None
            else:
                found.reads[key] = None
        elif arg in record.checks:
            found.checks[key] = None
        elif not record.structured or is_alias(op.inputs[index].op):
            found.reads[key] = None
    forward = op._extra.get("forward") if op._extra is not None else None
    if forward is not None and forward.record is not None and forward.record.structured:
        again = effects_of(forward)  # where the forward node is not run itself, its gradient traces it once more
        found.reads.update({**again.reads, **again.writes})
        found.random.update(again.random)
    for region in regions_of(op):
        for inner in region.ops:
            inside = Effects()
            _add(inner, inside)
            found.reads.update(inside.reads)
            found.writes.update(inside.writes)
            found.reads.update(inside.overwrites)  # a branch may leave the variable as it was
            found.checks.update(inside.checks)
            found.random.update(inside.random)


def _handle_arguments(op: Operation) -> list[tuple[str, int]]:
    """Returns (argument name, input index) of each handle among the inputs."""
    if not any(is_handle(t) for t in op.inputs):
        return []
    found: list[tuple[str, int]] = []
    at = 0
    for arg in op.record.signature.inputs:
        span = 1
        if arg.is_list:
            span = op.attrs[arg.number_attr] if arg.number_attr else len(op.attrs[arg.list_attr])
        found.extend((arg.name, i) for i in range(at, at + span) if is_handle(op.inputs[i]))
        at += span
    return found
