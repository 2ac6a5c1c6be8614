"""Tracing: a Python function is called once on placeholders, and what it records becomes the body of a function.

    def f(a): v.assign_add(a); return v * 2.     a, v (Placeholders), AssignAddVariableOp, ReadVariableOp, Mul, Identity
                                                 NoOp ^AssignAddVariableOp ^ReadVariableOp      Identity ^NoOp

In a function, unlike in the graph around it, nodes with effects run in the order in which they were recorded, whether
anything takes their outputs or not: each waits for the one before it that touches the same variable, those that print
or call Python wait for each other, and the results wait for all of them.

A variable that is made while a function is traced belongs to the graph around it; see `lifting`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.errors import InaccessibleTensorError
from scopedjax._src.graph import stacks
from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.graph.tensor_spec import TensorSpec
from scopedjax._src.lib.functions.arguments import Call, Shapes
from scopedjax._src.lib.functions.lifting import lifting
from scopedjax._src.lower.effects import effects_of
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.control_flow.function_call import regions
from scopedjax._src.ops.control_flow.function_graph import FunctionGraph
from scopedjax._src.ops.control_flow.grouping import no_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.variables.variable import Variable


def trace(
    function: Callable[..., Any], name: str, call: Call, shapes: Shapes, created: list[Variable] | None, hint: str = ""
) -> FunctionGraph:
    """Returns the body of a function.

    Args:
      function: The Python function.
      name: What it is called.
      call: The arguments.
      shapes: The static shapes of the tensors among them.
      created: Gets the variables that are made meanwhile; None where that is not allowed.
      hint: What a tensor says besides that is asked for its truth.

    Raises:
      TypeError: the function returns something that is no tensor.
      ValueError: it makes variables, where that is not allowed.
    """
    outer = stacks.get_default_graph()
    graph = FunctionGraph(name, outer)
    graph.hint = hint
    with graph.as_default(), lifting(graph, created):
        for tensor, own_name, dims in zip(call.tensors, call.names, shapes, strict=True):
            wanted = tensor.name if isinstance(tensor, TensorSpec) and tensor.name else own_name
            placeholder = apply_op("Placeholder", dtype=tensor.dtype.base_dtype, shape=dims, name=_legal(wanted))
            placeholder.op._attrs["_user_specified_name"] = wanted
            graph.arguments.append(placeholder)
        args, kwargs = call.with_tensors(graph.arguments)
        finish(graph, function(*args, **kwargs), function)
    return graph


def _legal(name: str) -> str:
    text = "".join(c if c.isalnum() or c in "_.-/" else "_" for c in name)
    return text if text[:1].isalnum() else f"arg{text}"


def finish(graph: FunctionGraph, result: Any, function: Any) -> None:
    """Gives a body its results, and its effects their order."""
    flat = [] if result is None else nest.flatten(result, expand_composites=True)
    found = [None if item is None else _as_result(graph, item, function) for item in flat]
    effects = in_order(graph)
    last: list[Operation] = []
    if effects:
        with graph.outermost(), graph.control_dependencies(effects):
            last = [no_op()]
    with graph.outermost(), graph.control_dependencies(last):
        outputs = [None if t is None else apply_op("Identity", t) for t in found]
    graph.outputs = [t for t in outputs if t is not None]
    graph.control_outputs = effects
    graph.structured_outputs = None
    if result is not None:
        graph.structured_outputs = nest.pack_sequence_as(result, outputs, expand_composites=True)


def _as_result(graph: FunctionGraph, item: Any, function: Any) -> Tensor:
    if isinstance(item, Operation):
        found: Any = None
    else:
        try:
            found = convert_to_tensor(item)
        except (TypeError, ValueError):
            found = None
    if found is None:
        raise TypeError(
            "To be compatible with tf.function, Python functions must return zero or more Tensors or ExtensionTypes or "
            f"None values; in compilation of {function!r}, found return value of type {type(item).__name__}, which is "
            "not a Tensor or ExtensionType."
        )
    if found.op.context is not None:
        raise InaccessibleTensorError(
            f"The tensor {found!r} cannot be accessed from the function '{graph.name}', because it was defined in a "
            "branch or in the body of a loop, which is out of scope: let the branch return it, or make it a loop "
            "variable."
        )
    return graph.inside(found)


# ---------------------------------------------------------------------------------------------------------- effects


def acts(op: Operation) -> bool:
    """Whether a node does more than compute its outputs; drawing random numbers is no effect."""
    record = op.record
    if record is None or record.rng or record.owns_storage or op.type in ("Placeholder", "PlaceholderWithDefault"):
        return False
    if regions(op):
        return any(acts(inner) for region in regions(op) for inner in region.ops)
    return bool(record.writes or record.reads or record.op_def().is_stateful)


def in_order(graph: FunctionGraph) -> list[Operation]:
    """Lets the nodes with effects run in order; returns those of the body itself, outside its branches and loops."""
    _order_regions(graph.get_operations())
    found = [op for op in graph.get_operations() if op.context is None and acts(op)]
    _chain(found)
    return found


def _order_regions(ops: Sequence[Operation]) -> None:
    """Lets branches and the bodies of loops run all their effects."""
    for op in ops:
        for region in regions(op):
            if region.kind in ("cond_true", "cond_false", "while"):
                _keep_effects(region)


def _keep_effects(region: ControlFlowContext) -> None:
    found = [op for op in region.ops if acts(op)]
    _chain(found)
    region.result_controls = list(dict.fromkeys((*region.result_controls, *found)))


def _chain(ops: Sequence[Operation]) -> None:
    """Lets each node wait for the last one before it that its effects must follow."""
    wrote: dict[str, Operation] = {}
    read: dict[str, list[Operation]] = {}
    last: Operation | None = None
    for op in ops:
        effects = effects_of(op)
        before: dict[Operation, None] = {}
        touched = {*effects.reads, *effects.checks, *effects.writes}
        for key in touched:
            if key in wrote:
                before[wrote[key]] = None
            if key in effects.writes:
                before.update(dict.fromkeys(read.get(key, ())))
        if not touched or _acts_outside(op):
            if last is not None:
                before[last] = None
            last = op
        for key in touched:
            if key in effects.writes:
                wrote[key], read[key] = op, []
            else:
                read.setdefault(key, []).append(op)
        sources = _needed_by(op) if before else set()
        controls = [b for b in before if b is not op and b not in sources]
        if controls:
            op._add_control_inputs(controls)


def _needed_by(op: Operation) -> set[Operation]:
    return {t.op for t in op.inputs}


def _acts_outside(op: Operation) -> bool:
    """Whether a node with regions also prints, or calls Python, inside."""
    for region in regions(op):
        for inner in region.ops:
            effects = effects_of(inner)
            if acts(inner) and (not (effects.reads or effects.writes) or _acts_outside(inner)):
                return True
    return False
