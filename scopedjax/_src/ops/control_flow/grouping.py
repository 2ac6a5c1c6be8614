"""Nodes that only order others: `no_op`, `group`, `tuple`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.registry import NO_GRADIENT, declare
from scopedjax._src.ops.shape_rules import no_outputs

declare("NoOp()", lambda: (), shape=no_outputs, gradient=NO_GRADIENT, numpy=lambda: ())


def no_op(name: str | None = None) -> Operation:
    """Returns a node that does nothing; it can wait for others, and others for it.

    Args:
      name: Node name; defaults to "NoOp".

    >>> tf.no_op(name="train").name
    'train'
    """
    return apply_op("NoOp", name=name)


def _op_of(item: Any) -> Operation:
    if isinstance(item, Operation):
        return item
    if isinstance(item, (Tensor, IndexedSlices)):
        return item.op
    if hasattr(item, "_as_control_input"):
        return item._as_control_input()
    if hasattr(item, "_as_graph_element"):
        element = item._as_graph_element()
        return element.op if isinstance(element, Tensor) else element
    op = getattr(item, "op", None)
    if isinstance(op, Operation):
        return op
    raise TypeError(f"'inputs' should be zero or more (nested) Tensors. Received '{item}' with type '{type(item)}'.")


def group(*inputs: Any, **kwargs: Any) -> Operation:
    """Returns a node that is done when all `inputs` are.

    Args:
      *inputs: Tensors, nodes or variables, nested at will.
      **kwargs: `name`: node name; defaults to "group_deps".

    Raises:
      ValueError: a keyword is not known.
      TypeError: an input is no tensor or node.

    >>> v = tf.Variable(1.0)
    >>> step = tf.group(v.assign(2.0), tf.no_op())
    >>> step.type
    'NoOp'
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise ValueError(f"Unknown keyword arguments: {', '.join(kwargs)}")
    graph = stacks.get_default_graph()
    with graph.name_scope(name or "group_deps") as scope:
        if not inputs:
            return apply_op("NoOp", name=scope)
        by_device: dict[str, list[Operation]] = {}
        for item in nest.flatten(inputs, expand_composites=False):
            op = _op_of(item)
            if op.graph is not graph:
                graph = op.graph
            by_device.setdefault(op.device, []).append(op)
        with graph.as_default():
            return _wait_for(graph, by_device, scope)


def _wait_for(graph: Any, by_device: dict[str, list[Operation]], scope: str) -> Operation:
    if len(by_device) == 1:
        ((device, ops),) = by_device.items()
        return _no_op_after(graph, ops, device, scope)
    parts = [_no_op_after(graph, by_device[device], device, "NoOp") for device in sorted(by_device)]
    return _no_op_after(graph, parts, None, scope)


def _no_op_after(graph: Any, ops: Sequence[Operation], device: str | None, name: str) -> Operation:
    with graph.control_dependencies(ops):
        if not device:
            return apply_op("NoOp", name=name)
        with graph.device(device):
            return apply_op("NoOp", name=name)


def tuple(tensors: Any, name: str | None = None, control_inputs: Any = None) -> list[Any]:
    """Returns tensors that are available only when all of them are.

    Args:
      tensors: Tensors, `IndexedSlices`, nodes, or None.
      name: Name scope; defaults to "tuple".
      control_inputs: Further nodes to wait for.

    Raises:
      ValueError: there is no tensor.
      TypeError: a control input is no tensor or node.

    >>> a, b = tf.tuple([tf.constant(1.0), tf.constant(2.0)])
    >>> a.name, b.name
    ('tuple/control_dependency:0', 'tuple/control_dependency_1:0')
    """
    graph = stacks.get_default_graph()
    with graph.name_scope(name or "tuple"):
        waiting = [_op_of(t) for t in tensors if t is not None]
        for item in control_inputs or ():
            if not isinstance(item, (Tensor, Operation)):
                raise TypeError(f"'control_inputs' must only contain Operation or Tensor. Received: {type(item)}")
            waiting.append(_op_of(item))
        if not waiting:
            raise ValueError(f"'tensors' must have at least one Tensor. Received: {tensors}.")
        gate = group(*dict.fromkeys(waiting))
        return [None if t is None else with_dependencies([gate], t) for t in tensors]


def with_dependencies(dependencies: Sequence[Any], output: Any, name: str | None = None) -> Any:
    """Returns `output` as a tensor that waits for `dependencies` too."""
    graph = stacks.get_default_graph()
    with graph.control_dependencies(dependencies):
        if isinstance(output, Operation):
            return group(output, name=name)
        if isinstance(output, IndexedSlices):
            values = apply_op("Identity", output.values, name=name or "control_dependency")
            return IndexedSlices(values, output.indices, output.dense_shape)
        return apply_op("Identity", output, name=name or "control_dependency")
