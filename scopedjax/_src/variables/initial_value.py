"""Initial values that depend on other variables.

`tf.Variable(w * 2.)` is to be initialized from the initial value of `w`, whether or not `w` was initialized before: TF1
initializes all variables in one run, in no stated order. So the part of the initial value that reads variables is
recorded once more, with each variable replaced by its `initialized_value()`.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import record_node

COLLECTIONS = ("variables", "local_variables")


def guarded(tensor: Tensor, variable_name: str) -> Tensor:
    """Returns `tensor`, or a copy of it that reads initial values where it reads variables.

    Args:
      tensor: An initial value.
      variable_name: Name of the variable that is being made; new nodes are called after it.
    """
    if tensor.op.context is not None or not _reads_variable(tensor.op, {}):
        return tensor
    return _copy(tensor, variable_name, {})


def _owns_storage(op: Operation) -> bool:
    return op.record is not None and op.record.owns_storage


def _reads_variable(op: Operation, known: dict[Operation, bool]) -> bool:
    if op not in known:
        known[op] = False
        known[op] = _owns_storage(op) or any(_reads_variable(t.op, known) for t in op.inputs)
    return known[op]


def _variable_of(op: Operation) -> Any:
    for name in COLLECTIONS:
        for variable in op.graph.get_collection(name):
            if getattr(variable, "op", None) is op:
                return variable
    return None


def _copy(tensor: Tensor, suffix: str, copies: dict[Operation, Operation | Tensor]) -> Tensor:
    op = tensor.op
    if op not in copies:
        copies[op] = _copied_op(op, suffix, copies)
    copied = copies[op]
    return copied if isinstance(copied, Tensor) else copied.outputs[tensor.value_index]


def _copied_op(op: Operation, suffix: str, copies: dict[Operation, Operation | Tensor]) -> Operation | Tensor:
    if _owns_storage(op):
        variable = _variable_of(op)
        return op if variable is None else variable.initialized_value()
    if op.record is None or op.record.structured or not any(_reads_variable(t.op, {}) for t in op.inputs):
        return op
    inputs = tuple(_copy(t, suffix, copies) for t in op.inputs)
    if all(a is b for a, b in zip(inputs, op.inputs, strict=True)):
        return op
    name = f"{op.name}_{suffix}".replace(":", "_")
    graph = op.graph
    with graph.name_scope(None):
        return record_node(graph, op.record, name, inputs, dict(op.attrs))
