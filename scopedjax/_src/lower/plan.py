"""`Plan`: what one combination of fetches and feeds runs, as a short list of stages.

    fetches: [train_op, summary]       feeds: [x]

    stage 0  host     Const("loss/tag")
    stage 1  device   MatMul ... SymbolicGradient ... ApplyAdam        one jitted pure function
    stage 2  host     ScalarSummary(tag, loss)

Even stages run on the host, odd ones on the device. A node goes into the earliest stage that its inputs, its control
inputs and the variables that it touches allow, so a graph without host ops is exactly one device stage.

Invariants: the stages hold every needed node once; inside a stage the nodes keep the order of effects; two nodes of
which one writes a variable that the other touches stay in that order over stages too; a value that a stage takes
comes from a feed or an earlier stage.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from scopedjax._src.base.errors import UnimplementedError
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.effects import Effects, effects_of, is_handle, owner, regions_of, storage_key
from scopedjax._src.lower.loops import is_loop, loop_of, steers_inside
from scopedjax._src.lower.prune import NONE, needed_ops, shortcuts_among
from scopedjax._src.lower.static import called_result, is_foldable, is_told_by_shapes, static_operands, static_sources
from scopedjax._src.ops.control_flow.region_gradient import ON_HOST
from scopedjax._src.ops.registry import Shortcut
from scopedjax._src.ops.state.handles import stored_dims

HOISTED_BYTES = 16384  # a larger constant is an argument of the program, not a literal in it


@dataclass(slots=True)
class Stage:
    """Nodes that run together: one jitted function (`device`), or one after the other on the host.

    `unshaped` are variables that may get values of other shapes. `waits` says that it needs values on the host that the
    device computes; `fed` are the plan's feeds; `shortcuts` are the nodes that are computed in another way than from
    their inputs.
    """

    device: bool
    ops: list[Operation] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    static_inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    hoisted: list[Operation] = field(default_factory=list)
    folded: set[Operation] = field(default_factory=set)
    pullbacks: set[Operation] = field(default_factory=set)
    variables_in: list[str] = field(default_factory=list)
    variables_out: list[str] = field(default_factory=list)
    unshaped: set[str] = field(default_factory=set)
    random: list[Operation] = field(default_factory=list)
    final_reads: list[tuple[Tensor, str]] = field(default_factory=list)
    fed: Collection[Tensor] = ()
    shortcuts: Mapping[Operation, Shortcut] = field(default_factory=lambda: NONE)
    waits: bool = False

    def inputs_of(self, op: Operation) -> Sequence[Tensor]:
        """Returns what a node of the stage is computed from."""
        return self.shortcuts[op].inputs if op in self.shortcuts else op.inputs


@dataclass(slots=True)
class Plan:
    """The stages of a run and what it takes and gives.

    Attributes:
      fetches: Tensors whose values the run returns, each once.
      feeds: Fed tensors.
      stages: In order of execution.
      variables: Keys of all variables that the run touches, with a node that touches each (for error texts).
    """

    fetches: tuple[Tensor, ...]
    feeds: tuple[Tensor, ...]
    stages: list[Stage]
    variables: dict[str, Operation]
    writes: bool


class _Staging:
    """Assigns a stage number to each node."""

    def __init__(
        self, ops: Sequence[Operation], fed: Collection[Tensor], shortcuts: Mapping[Operation, Shortcut]
    ) -> None:
        self.ops = ops
        self.fed = fed
        self.shortcuts = shortcuts
        self.number: dict[Operation, int] = {}
        self.effects: dict[Operation, Effects] = {}
        self.static: dict[Operation, list[Tensor]] = {}
        self.folded: set[Operation] = set()
        self._last_write: dict[str, int] = {}
        self._last_access: dict[str, int] = {}
        for op in ops:
            self._place(op)

    def _place(self, op: Operation) -> None:
        if op.record is None:
            raise UnimplementedError(
                op.node_def, op,
                f"Op type not registered '{op.type}': scopedjax cannot run the node '{op.name}' (made at {op.site}).",
            )  # fmt: skip
        effects = self.effects[op] = effects_of(op)
        way = self.shortcuts.get(op)
        parity = 0 if way is None and runs_on_host(op) else 1
        sources = self.static[op] = self._static_sources(op) if way is None else []
        at = parity
        for tensor in op.inputs if way is None else way.inputs:
            if tensor not in self.fed:
                at = max(at, self.number.get(tensor.op, 0))
        for control in op._control_inputs:
            at = max(at, self.number.get(control, 0))
        for source in sources:
            if source not in self.fed and source.op in self.number:
                made = self.number[source.op]
                at = max(at, made + 1 if made % 2 else made)  # a device value must have been computed by then
        for key in (*effects.reads, *effects.checks):
            at = max(at, self._last_write.get(key, 0))
        for key in effects.writes:
            at = max(at, self._last_access.get(key, 0))
        at += (at - parity) % 2
        self.number[op] = at
        for key in (*effects.reads, *effects.checks, *effects.writes):
            self._last_access[key] = max(at, self._last_access.get(key, 0))
        for key in effects.writes:
            self._last_write[key] = max(at, self._last_write.get(key, 0))

    def _static_sources(self, op: Operation) -> list[Tensor]:
        found: dict[Tensor, None] = {}
        for inner in with_region_ops(op):
            for operand in static_operands(inner):
                found.update(dict.fromkeys(static_sources(operand, self.fed, self.folded)))
        return list(found)


def with_region_ops(op: Operation) -> Iterable[Operation]:
    """Yields a node and, for a structured one, the nodes of its regions."""
    yield op
    for region in regions_of(op):
        for inner in region.ops:
            yield from with_region_ops(inner)


def runs_on_host(op: Operation) -> bool:
    """Whether a node has to run on the host: it says so itself, or its regions cannot be part of one program."""
    record = op.record
    if record is None:
        return False
    if op._attrs.get(ON_HOST):
        return True
    if record.array == "count":
        loop = forward_of(op)
        return loop is not None and runs_on_host(loop)
    if not record.structured or not regions_of(op):
        return record.is_host(op)
    if is_loop(op):
        return loop_of(op).form == "host"
    extra = op._extra
    assert extra is not None
    if "on host" not in extra:
        inside = any(needs_host(inner) for region in regions_of(op) for inner in region.ops)
        why, parameters = steers_inside(op)
        extra["on host"] = inside or bool(why) or bool(parameters)
    return extra["on host"]


def needs_host(op: Operation) -> bool:
    """Whether a node of a region keeps that from being part of a program; a constant text does not, as it is known."""
    constant = not op.inputs and op.record is not None and op.record.numpy is not None and not op.record.stateful
    return not constant and runs_on_host(op)


def make_plan(fetches: Iterable[Tensor], targets: Iterable[Operation], feeds: Iterable[Tensor]) -> Plan:
    """Plans a run.

    Args:
      fetches: Tensors whose values are wanted.
      targets: Nodes that must run, besides those that the fetches need.
      feeds: Tensors whose values will be given.

    Raises:
      UnimplementedError: a needed node is of a type that nothing here can run.
      InvalidArgumentError: the graph has a cycle.
    """
    fetched = tuple(dict.fromkeys(fetches))
    fed = dict.fromkeys(feeds)
    wanted = [t.op for t in fetched if t not in fed]
    targets = [*wanted, *targets]
    ops = needed_ops(targets, fed)
    shortcuts = shortcuts_among(ops, fed)
    if shortcuts:
        ops = needed_ops(targets, fed, shortcuts=shortcuts)
    ops = [op for op in ops if not _only_owns_storage(op) and not _is_fed(op, fed)]
    staging = _Staging(ops, fed, shortcuts)
    count = max(staging.number.values(), default=-1) + 1
    stages = [Stage(device=bool(i % 2), shortcuts=shortcuts) for i in range(count)]
    for op in ops:
        stages[staging.number[op]].ops.append(op)
    for tensor in fetched:
        if is_handle(tensor) and tensor not in fed:
            _fetch_handle(tensor, staging, stages)
    _connect(stages, staging, fetched, fed)
    for stage in stages:
        if stage.device:
            _describe_effects(stage, staging)
    variables: dict[str, Operation] = {}
    for op in ops:
        for key in (*staging.effects[op].reads, *staging.effects[op].writes):
            variables.setdefault(key, op)
    writes = any(staging.effects[op].writes for op in ops)
    for tensor in fetched:
        if is_handle(tensor):
            variables.setdefault(storage_key(owner(tensor)), tensor.op)
    return Plan(fetched, tuple(fed), [s for s in stages if _has_effect(s)], variables, writes)


def _is_fed(op: Operation, fed: Collection[Tensor]) -> bool:
    """Whether nothing is left to compute of a node, though others may wait for it."""
    return bool(op.outputs) and all(t in fed for t in op.outputs)


def _only_owns_storage(op: Operation) -> bool:
    return op.record is not None and op.record.owns_storage


def _may_fail(op: Operation) -> bool:
    """Whether a node is there for its failure alone: an Assert about shapes, which is checked by tracing it."""
    return not op.outputs and op.record is not None and op.record.stateful


def _has_effect(stage: Stage) -> bool:
    if stage.device:
        seen = stage.outputs or stage.variables_out or stage.random or stage.final_reads
        return bool(seen) or any(_may_fail(op) for op in stage.ops)
    return bool(stage.ops or stage.final_reads)


def _fetch_handle(tensor: Tensor, staging: _Staging, stages: list[Stage]) -> None:
    """Arranges that a fetched variable gives its value at the end of the run."""
    key = storage_key(owner(tensor))
    at = max(staging.number.get(tensor.op, 0), staging._last_write.get(key, 0))
    parity = 0 if tensor.dtype.base_dtype.name in ("string", "variant") else 1
    at += (at - parity) % 2
    while len(stages) <= at:
        stages.append(Stage(device=bool(len(stages) % 2)))
    stages[at].final_reads.append((tensor, key))


def _connect(stages: list[Stage], staging: _Staging, fetched: Sequence[Tensor], fed: Collection[Tensor]) -> None:
    """Finds what each stage takes from feeds and earlier stages, and what it must hand on."""
    made_in: dict[Tensor, int] = {}
    for i, stage in enumerate(stages):
        for op in stage.ops:
            for tensor in op.outputs:
                made_in[tensor] = i
    handed: set[Tensor] = set()
    for i, stage in enumerate(stages):
        taken: dict[Tensor, None] = {}
        static: dict[Tensor, None] = {}
        for op in stage.ops:
            for tensor in stage.inputs_of(op):
                if made_in.get(tensor) != i or tensor in fed:
                    taken[tensor] = None
            for source in staging.static[op]:
                if source in fed or source in made_in and made_in[source] != i:
                    static[source] = None
            for inner in () if op in stage.shortcuts else with_region_ops(op):
                for operand in static_operands(inner):
                    static.update(dict.fromkeys(_made_before(operand, i, made_in, fed)))
        if stage.device:
            stage.hoisted = [op for op in stage.ops if _is_large_constant(op)]
            stage.folded = staging.folded
            stage.pullbacks = pullbacks_among(stage.ops)
            stage.fed = fed
        needed = static if stage.device else (*taken, *static)
        stage.waits = any(stages[made_in[t]].device for t in needed if made_in.get(t, i) != i)
        stage.inputs = [t for t in taken if t not in static and not (is_handle(t) and t not in fed)]
        stage.static_inputs = list(static)
        handed.update(t for t in (*stage.inputs, *stage.static_inputs) if t not in fed)
    final = {tensor for stage in stages for tensor, _ in stage.final_reads}
    handed.update(t for t in fetched if t not in fed and t not in final)
    for i, stage in enumerate(stages):
        stage.outputs = [t for op in stage.ops for t in op.outputs if t in handed and made_in[t] == i]


def _made_before(operand: Tensor, stage: int, made_in: dict[Tensor, int], fed: Collection[Tensor]) -> list[Tensor]:
    """Returns what a static operand is computed from that an earlier stage hands over, a constant it shares, say."""
    found: list[Tensor] = []
    stack = [operand]
    seen: set[Tensor] = set()
    while stack:
        tensor = stack.pop()
        if tensor in seen or tensor in fed:
            continue
        seen.add(tensor)
        result = called_result(tensor)
        if made_in.get(tensor, stage) != stage:
            found.append(tensor)
        elif result is not None:
            stack.append(result)
        elif (
            (tensor in made_in or tensor.op.context is not None)
            and is_foldable(tensor.op)
            and not is_told_by_shapes(tensor.op)
        ):
            stack.extend(tensor.op.inputs)
    return found


def _is_large_constant(op: Operation) -> bool:
    value = op.attrs.get("value")
    return not op.inputs and isinstance(value, np.ndarray) and value.nbytes > HOISTED_BYTES


def pullbacks_among(ops: Iterable[Operation]) -> set[Operation]:
    """Returns the nodes whose gradient is taken by another of the nodes; those of the bodies of calls count too."""
    inside = {inner for op in ops for inner in with_called(op)}
    pairs = [(op, forward) for op in inside if (forward := forward_of(op)) is not None]
    return {forward for op, forward in pairs if forward in inside and op.record.array != "count"}


def with_called(op: Operation) -> Iterable[Operation]:
    """Yields a node and, for a call, the nodes of its body that it runs itself, outside branches and loops."""
    yield op
    for region in regions_of(op):
        if region.kind == "call":
            for inner in region.ops:
                yield from with_called(inner)


def forward_of(op: Operation) -> Operation | None:
    """Returns the node of which a gradient node is the gradient, else None."""
    return None if op._extra is None else op._extra.get("forward")


def _has_shape(handle: Tensor) -> bool:
    """Whether what a handle names keeps its shape."""
    dims = stored_dims(handle)
    return dims is not None and None not in dims


def _describe_effects(stage: Stage, staging: _Staging) -> None:
    inputs: dict[str, None] = {}
    outputs: dict[str, None] = {}
    random: dict[Operation, None] = {}
    for op in stage.ops:
        effects = staging.effects[op]
        for key in effects.reads:
            if key not in outputs:
                inputs[key] = None
        for key in effects.checks:
            inputs.setdefault(key)
        for key in effects.writes:
            if key not in effects.overwrites and key not in outputs:
                inputs[key] = None
            outputs[key] = None
        if effects.writes and any(is_handle(t) and not _has_shape(t) for t in op.inputs):
            stage.unshaped.update(effects.writes)
        random.update(effects.random)
    for _, key in stage.final_reads:
        if key not in outputs:
            inputs[key] = None
    stage.variables_in, stage.variables_out, stage.random = list(inputs), list(outputs), list(random)
