"""Values that must be known before a program is traced, because they steer shapes.

    n = tf.placeholder(tf.int32, [])          # fed: becomes part of the compilation key
    z = tf.zeros([n, 2])                      # Fill's `dims` is static: walk back  Fill.dims <- Pack <- n
    y = tf.reshape(x, [tf.shape(x)[0], -1])   # Shape needs only the shape of x: nothing to ask for

From each static operand the walk goes back over nodes that can be computed on the host from their inputs. It ends at
constants, at nodes that only look at a shape, and at *sources*: fed tensors and nodes that cannot be computed ahead
(a variable, a random number, a host op). Sources must be concrete when the program is traced.
"""

from __future__ import annotations

from collections.abc import Collection

from scopedjax._src.graph.call_functions import is_call
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.effects import is_handle, regions_of
from scopedjax._src.ops.control_flow.array_nodes import elements_of


def static_operands(op: Operation) -> list[Tensor]:
    """Returns the inputs of a node whose values must be known while it is traced."""
    forward = None if op._extra is None else op._extra.get("forward")
    if forward is not None:  # a gradient node takes its forward node's inputs first, and may evaluate that node again
        wanted = set(static_operands(forward))
        return [own for own, given in zip(op.inputs, forward.inputs, strict=False) if given in wanted]
    if op.record.structured:
        from scopedjax._src.lower.loops import static_inputs

        return static_inputs(op)
    names = op.record.static_names(op)
    if not names:
        return []
    found: list[Tensor] = []
    at = 0
    for arg in op.record.signature.inputs:
        span = 1
        if arg.is_list:
            span = op.attrs[arg.number_attr] if arg.number_attr else len(op.attrs[arg.list_attr])
        if arg.name in names:
            found.extend(op.inputs[at : at + span])
        at += span
    return found


def is_foldable(op: Operation) -> bool:
    """Whether a node is a pure function of its inputs that the host can compute."""
    record = op.record
    if record is None or record.rng or record.stateful or record.structured or record.is_host(op):
        return False
    if any(is_handle(t) for t in op.outputs):
        return False
    # The shape of a variable is there when the program is traced: the rows of a sparse update are made of it.
    return not any(is_handle(t) for t in op.inputs) or is_told_by_shapes(op)


def is_told_by_shapes(op: Operation) -> bool:
    """Whether a node's value needs no values of its inputs: `Shape` only looks at a shape, as `tf.shape(x)[0]` may."""
    record = op.record
    if record.static_value is None:
        return False
    # Shape, Size and Rank see every shape while a program is traced; a part of something is told by shapes or not.
    return not record.static or record.static_value(op) is not None


def is_told(tensor: Tensor) -> bool:
    """Whether a value hangs on constants and static sizes alone, so that it is known while a program is traced."""
    stack, seen = [tensor], set()
    while stack:
        op = stack.pop().op
        if op in seen:
            continue
        seen.add(op)
        if op.context is not None and any(t in op.context.parameters for t in op.outputs):
            return False
        if is_told_element(op):
            continue
        if not is_foldable(op):
            return False
        if not is_told_by_shapes(op):
            stack.extend(op.inputs)
    return True


def is_told_element(op: Operation) -> bool:
    """Whether a node takes a value from a stack (of an imported gradient) on which only such values are pushed."""
    elements = elements_of(op)
    if not elements:
        return False
    extra = (op if op.inputs[0].dtype.name == "variant" else op.inputs[0].op)._extra
    assert extra is not None
    if "told" not in extra:
        extra["told"] = False  # a stack that is filled from itself
        extra["told"] = all(is_told(element) for element in elements)
    return extra["told"]


def static_sources(tensor: Tensor, fed: Collection[Tensor], folded: set[Operation]) -> list[Tensor]:
    """Returns the tensors that must be concrete for `tensor` to be known; adds the nodes on the way to `folded`."""
    sources: dict[Tensor, None] = {}
    stack = [tensor]
    seen: set[Tensor] = set()
    while stack:
        item = stack.pop()
        if item in seen:
            continue
        seen.add(item)
        op = item.op
        if item not in fed and is_told_element(op):
            stack.extend(elements_of(op) or ())
            continue
        inside = None if item in fed else _through_call(item, fed, folded)
        if inside is not None:
            stack.extend(inside)
            continue
        if item in fed or not is_foldable(op):
            sources[item] = None
            continue
        folded.add(op)
        if not is_told_by_shapes(op):
            stack.extend(op.inputs)
    return list(sources)


def called_result(tensor: Tensor) -> Tensor | None:
    """Returns the tensor of a function's body that a call gives as this output, or None for what is no call."""
    if not is_call(tensor.op):
        return None
    return regions_of(tensor.op)[0].results[tensor.value_index]


def _through_call(tensor: Tensor, fed: Collection[Tensor], folded: set[Operation]) -> list[Tensor] | None:
    """Returns what a result of a call is computed from around it; None where the body's own values are needed."""
    result = called_result(tensor)
    if result is None:
        return None
    nodes: set[Operation] = set()
    found = static_sources(result, fed, nodes)
    region = regions_of(tensor.op)[0]
    if any(region.encloses(source.op.context) for source in found):
        return None
    folded.update(nodes)
    return found
