"""Gradients of branches and loops that JAX does not differentiate as a whole; see `ops.control_flow.region_gradient`.

They are needed where a node runs on the host, and where a node inside has a gradient of its own, which JAX, looking
at the lowered program, would pass over. Such a node runs on the host from then on, so that its steps can be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any

from scopedjax._src.graph import stacks
from scopedjax._src.graph.attributes import FunctionAttr
from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.effects import regions_of
from scopedjax._src.lower.plan import runs_on_host, with_region_ops
from scopedjax._src.ops.apply import apply_op, record_node
from scopedjax._src.ops.control_flow.region_gradient import ON_HOST
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.gradient_node import link_forward
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.registry import lookup
from scopedjax._src.ops.state.handles import is_resource, stored_dtype

Gradients = Callable[..., list[Any]]


def needs_regions(op: Operation, has_own_rule: Callable[[Operation], bool]) -> bool:
    """Whether the gradient of a node has to be recorded into its regions."""
    if not regions_of(op):
        return False
    return runs_on_host(op) or any(has_own_rule(inner) for inner in with_region_ops(op) if inner is not op)


def region_gradient(op: Operation, cotangents: Sequence[Tensor], gradients: Gradients) -> list[Tensor]:
    """Records the gradient of a structured node.

    Args:
      op: The node.
      cotangents: The gradient for each of its outputs.
      gradients: `tf.gradients`.

    Returns:
      The gradient for each of its inputs.
    """
    graph = op.graph
    if not runs_on_host(op):
        op._attrs[ON_HOST] = True
        graph.mutated()
    assert op._extra is not None
    regions = regions_of(op)
    if not any(region.kind == "view" for region in regions):
        bodies = [region for region in regions if region.kind != "while_cond"]
        op._extra["regions"] = (*regions, *(region_view(region, gradients) for region in bodies))
    record = lookup("RegionGradient")
    assert record is not None
    inputs = (*op.inputs, *cotangents)
    attrs = {
        "Tin": tuple(t.dtype.base_dtype for t in inputs),
        "Tout": tuple((stored_dtype(t) if is_resource(t) else None) or t.dtype.base_dtype for t in op.inputs),
        "f": FunctionAttr(op.type, ()),
        "_forward_op": op.name,
    }
    graph = stacks.recording_graph(graph)
    node = record_node(graph, record, graph.unique_name("RegionGradient") + "/", inputs, attrs)
    link_forward(node, op)
    return node.outputs


def region_view(
    region: ControlFlowContext, gradients: Gradients, wanted: Container[Tensor] | None = None
) -> ControlFlowContext:
    """Records the gradient of a region's results into it.

    Args:
      region: The region.
      gradients: `tf.gradients`.
      wanted: Of the tensors that it takes from outside, those whose gradients are asked for; all by default.

    Returns:
      A region that yields the gradients.
    """
    view = ControlFlowContext(region.name, "view", region.outer)
    outer = [t for t in region.captures if wanted is None or t in wanted]
    sources = [t for t in (*region.parameters, *outer) if _carries(t)]
    carries = [_carries(t) for t in region.results]
    ys = [t for t, use in zip(region.results, carries, strict=True) if use]
    view.extra["carries"] = tuple(carries)
    view.extra["sources"] = []
    if not ys or not sources:
        return view
    graph = ys[0].graph
    with graph.as_default(), graph.control_dependencies(None), graph.context(region):
        given = [apply_op("Placeholder", dtype=t.dtype.base_dtype, shape=t._dims, name="grad_in") for t in ys]
        found = gradients(ys, sources, grad_ys=given, stop_gradients=sources, name="region_gradients")
        found = [convert_to_tensor(g) if isinstance(g, IndexedSlices) else g for g in found]
    pairs = [(t, g) for t, g in zip(sources, found, strict=True) if g is not None]
    view.parameters = given
    view.extra["sources"] = [t for t, _ in pairs]
    view.results = [g for _, g in pairs]
    return view


def _carries(tensor: Tensor) -> bool:
    if tensor.dtype._is_ref_dtype:
        return False  # what reads it does so through the variable's own 'read'
    dtype = stored_dtype(tensor) if is_resource(tensor) else tensor.dtype.base_dtype
    return dtype is not None and (dtype.is_floating or dtype.is_complex)
