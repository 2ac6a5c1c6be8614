"""`tf.while_loop`: records the condition and the body of a loop as two regions of a `WhileLoop` node.

    i, x = tf.while_loop(lambda i, x: i < 9, lambda i, x: (i + 1, x * 2.), [0, x0])

    while/Const                     the first variable, made from 0
    while/Merge, while/Merge_1      the variables as the condition sees them      while/Less ... the condition
    while/Identity, Identity_1      the variables as the body sees them           while/add, while/mul  the body
    while/WhileLoop                 the node, with everything from outside that the regions use as inputs
    while/Exit, while/Exit_1        the variables after the loop

The names are those of TF1's loops, in which people look up tensors. TF1's nodes Enter, Switch, NextIteration and
LoopCond have no counterpart. See `while_node` for how a loop runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.shapes import Dims, TensorShape, as_shape
from scopedjax._src.graph import stacks
from scopedjax._src.graph.attributes import FunctionAttr
from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op, record_node
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.control_flow.region_gradient import ON_HOST
from scopedjax._src.ops.control_flow.tensor_array import TensorArray
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.gradient_node import link_forward
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.registry import lookup


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """Repeats `body` while `cond` is true.

    Args:
      cond: Function of the loop variables that returns a bool scalar.
      body: Function of the loop variables that returns their new values in the same structure.
      loop_vars: List or tuple of tensors, TensorArrays, or nests of such: the values before the first step.
      shape_invariants: Shapes that the variables keep in every step, in the structure of `loop_vars`; sizes that
        change are None. By default a variable keeps the shape that it starts with.
      parallel_iterations: Accepted.
      back_prop: Accepted: gradients cost nothing where none is asked for.
      swap_memory: Accepted.
      name: Name scope; defaults to "while".
      maximum_iterations: Stops the loop after so many steps.
      return_same_structure: Whether a single variable is returned in a list, as it was given.

    Returns:
      The loop variables after the last step.

    Raises:
      TypeError: `cond` or `body` cannot be called, `cond` returns no bool, or the structure changes.
      ValueError: there are no loop variables, or a variable changes its shape or dtype.

    >>> i, power = tf.while_loop(lambda i, p: p < 1000, lambda i, p: (i + 1, p * 3), [0, 1])
    >>> tf.Session().run([i, power])
    [np.int32(7), np.int32(2187)]
    """
    del back_prop, swap_memory
    if not callable(cond):
        raise TypeError("'cond' must be callable.")
    if not callable(body):
        raise TypeError("'body' must be callable.")
    if not isinstance(parallel_iterations, int) or parallel_iterations < 1:
        raise TypeError("'parallel_iterations' must be a positive integer.")
    with stacks.get_default_graph().name_scope(name or "while") as scope:
        if not loop_vars:
            raise ValueError("'loop_vars' must be provided.")
        packs = len(loop_vars) == 1 and not return_same_structure
        bound: Tensor | None = None
        if maximum_iterations is not None:
            bound, counter = _counter(maximum_iterations)
            cond, body, loop_vars = _counted(cond, body, loop_vars, bound, counter, packs)
            packs = False
            if shape_invariants is not None:
                given = shape_invariants[0] if len(shape_invariants) == 1 and len(loop_vars[1:]) == 1 else None
                own = given if given is not None and not nest.is_nested(loop_vars[1]) else shape_invariants
                shape_invariants = [TensorShape([]), own]
        recording = _Recording(scope, loop_vars, shape_invariants, parallel_iterations)
        result = recording.record(cond, body, packs, bound)
        return result[1] if bound is not None else result


def _counter(maximum_iterations: Any) -> tuple[Tensor, Tensor]:
    """Returns (the number of steps allowed, the counter before the first)."""
    bound = convert_to_tensor(maximum_iterations, name="maximum_iterations")
    if bound.shape.ndims != 0:
        raise ValueError(f"'maximum_iterations' must be a scalar. Received shape: {bound.shape}")
    return bound, constant(0, dtype=bound.dtype.base_dtype, name="iteration_counter")


def _counted(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, bound: Tensor, counter: Tensor, packs: bool
) -> tuple[Callable[..., Any], Callable[..., Any], Any]:
    """Adds a counter to a loop, as its first variable."""

    def both(i: Tensor, values: Any) -> Any:
        more = apply_op("Less", i, bound)
        return apply_op("LogicalAnd", more, cond(values) if packs else cond(*values))

    def next_values(i: Tensor, values: Any) -> Any:
        return apply_op("AddV2", i, 1, name="add"), body(values) if packs else body(*values)

    return both, next_values, (counter, loop_vars[0] if packs else loop_vars)


def _is_array(value: Any) -> bool:
    return isinstance(value, TensorArray)


def _to_flow(value: Any) -> Any:
    return value.flow if isinstance(value, TensorArray) else value


def _from_flow(template: Any, flow: Any) -> Any:
    return template._with_flow(flow) if isinstance(template, TensorArray) else flow


class _Recording:
    """One call of `tf.while_loop`."""

    def __init__(self, scope: str, loop_vars: Any, shape_invariants: Any, parallel_iterations: int) -> None:
        self.scope = scope
        self.parallel_iterations = parallel_iterations
        self.loop_vars = loop_vars
        self.flat_vars = nest.flatten(loop_vars, expand_composites=True)
        self.starts = [_converted(v) for v in self.flat_vars]
        if shape_invariants is not None:
            self._check_same_structure(loop_vars, shape_invariants)
            given = [as_shape(s) for s in nest.flatten(shape_invariants, expand_composites=True)]
            self.dims = [_invariant(t, s) for t, s in zip(self.starts, given, strict=True)]
        else:
            self.dims = [t._dims for t in self.starts]
        self.graph = stacks.get_default_graph()

    @staticmethod
    def _check_same_structure(loop_vars: Any, shapes: Any) -> None:
        nest.assert_same_structure(list(loop_vars), list(shapes), check_types=False, expand_composites=False)

    def record(self, cond: Callable[..., Any], body: Callable[..., Any], packs: bool, bound: Tensor | None) -> Any:
        """Records the loop and returns its variables in the structure that the body returned."""
        condition = self._region("cond")
        with self.graph.context(condition):
            condition.parameters = self._parameters("Merge")
            values = self._packed(condition.parameters)
            more = convert_to_tensor(cond(*values))
            self._check_condition(more)
            condition.capture(more)
            condition.results = [more]
        condition.close()
        region = self._region("body")
        with self.graph.context(region):
            region.parameters = self._parameters("Identity")
            values = self._packed(region.parameters)
            result = body(*values)
            original = result
            if not nest.is_nested(result):
                result = [result]
            nest.assert_same_structure(list(values), list(result), expand_composites=True)
            flat = nest.flatten(result, expand_composites=True)
            region.results = [_converted(v, t) for v, t in zip(flat, self.starts, strict=True)]
            for tensor in region.results:
                region.capture(tensor)
        region.close()
        for start, dims, after in zip(self.starts, self.dims, region.results, strict=True):
            _check_invariant(start, dims, after)
        if bound is not None:
            region.extra["maximum"] = bound
        outputs = self._node(condition, region)
        exits = [apply_op("Identity", t, name="Exit") for t in outputs]
        for template, tensor in zip(flat, exits, strict=True):
            if isinstance(template, TensorArray) and template.dtype.name == "string":
                tensor.op._attrs[ON_HOST] = True
        found = [_from_flow(template, t) for template, t in zip(flat, exits, strict=True)]
        packed = nest.pack_sequence_as(original, found, expand_composites=True)
        if packs:
            return found[0] if len(found) == 1 else packed
        return packed if nest.is_nested(original) else [packed] if len(found) == 1 else packed

    def _region(self, part: str) -> ControlFlowContext:
        name = f"{self.scope}{part}"
        return ControlFlowContext(name, "while" if part == "body" else "while_cond", self.graph.scopes.context)

    def _parameters(self, name: str) -> list[Tensor]:
        return [
            apply_op("Placeholder", dtype=t.dtype.base_dtype, shape=d, name=name)
            for t, d in zip(self.starts, self.dims, strict=True)
        ]

    def _packed(self, parameters: Sequence[Tensor]) -> Any:
        found = [_from_flow(v, t) for v, t in zip(self.flat_vars, parameters, strict=True)]
        return nest.pack_sequence_as(self.loop_vars, found, expand_composites=True)

    def _check_condition(self, more: Tensor) -> None:
        if more.dtype.base_dtype.name != "bool":
            raise TypeError(
                f"Input 'input' of 'LoopCond' Op has type {more.dtype.base_dtype.name} that does not match expected "
                "type of bool."
            )
        if more.shape.ndims not in (None, 0):
            raise ValueError(
                f"Shape must be rank 0 but is rank {more.shape.ndims} for '{self.scope}LoopCond': the condition of a "
                f"loop is one bool, and {more.name} is none"
            )

    def _node(self, condition: ControlFlowContext, body: ControlFlowContext) -> list[Tensor]:
        graph = self.graph
        captures = tuple(dict.fromkeys((*condition.captures, *body.captures)))
        controls = dict.fromkeys((*condition.controls, *body.controls))
        limit = body.extra.get("maximum")
        if limit is not None and limit not in captures:
            captures = (*captures, limit)
        types = {
            "T": tuple(t.dtype.base_dtype for t in self.starts),
            "Tin": tuple(t.dtype.base_dtype for t in captures),
        }
        with graph.control_dependencies(list(controls)):
            bounds = self._bounds(body, captures, types)
            attrs = {
                **types,
                "Tbound": tuple(t.dtype.base_dtype for t in bounds),
                "cond": FunctionAttr(condition.name, ()),
                "body": FunctionAttr(body.name, ()),
                "output_shapes": tuple(self.dims),
                "parallel_iterations": self.parallel_iterations,
            }
            op = _recorded("WhileLoop", graph, (*self.starts, *captures, *bounds), attrs)
        op._extra = {**(op._extra or {}), "regions": (condition, body)}
        for tensor in bounds:
            link_forward(tensor.op, op)
            tensor.op.attrs["_forward_op"] = op.name
        return list(op.outputs)

    def _bounds(self, body: ControlFlowContext, captures: Sequence[Tensor], types: dict[str, Any]) -> list[Tensor]:
        """Records what tells the capacity of TensorArrays that the body makes larger, if there are any."""
        if not _grows(body, self.graph.scopes.context):
            return []
        attrs = {**types, "f": FunctionAttr("WhileLoop", ())}
        return list(_recorded("LoopBound", self.graph, (*self.starts, *captures), attrs).outputs)


def _recorded(op_type: str, graph: Any, inputs: tuple[Tensor, ...], attrs: dict[str, Any]) -> Operation:
    record = lookup(op_type)
    assert record is not None
    return record_node(graph, record, op_type, inputs, attrs)


def _grows(body: ControlFlowContext, around: ControlFlowContext | None) -> bool:
    """Whether the body, or a region in it, writes a TensorArray of dynamic size from outside.

    One that comes from outside the loop around is the business of that loop.
    """
    loop = around
    while loop is not None and not loop.kind.startswith("while"):
        loop = loop.outer
    graph_ops = list(body.ops)
    while graph_ops:
        op = graph_ops.pop()
        for region in () if op._extra is None else op._extra.get("regions", ()):
            graph_ops.extend(region.ops)
        if op.record is not None and op.record.array == "write":
            maker = op.inputs[0].op
            own = loop is None or loop.encloses(maker.context)
            if maker.attrs.get("dynamic_size") and own and not body.encloses(maker.context):
                return True
    return False


def _converted(value: Any, like: Tensor | None = None) -> Tensor:
    if _is_array(value):
        return value.flow
    if isinstance(value, IndexedSlices):
        return convert_to_tensor(value)
    if isinstance(value, Tensor):
        return convert_to_tensor(value)
    return convert_to_tensor(value, preferred_dtype=None if like is None else like.dtype.base_dtype)


def _invariant(start: Tensor, shape: TensorShape) -> Dims:
    """Returns the dims that a variable keeps.

    Raises:
      ValueError: it does not start with them.
    """
    dims = None if shape.ndims is None else tuple(shape.as_list())
    if not _is_within(start._dims, dims):
        raise ValueError(
            f"The shape invariant specified for {start.name} is not compatible with the initial shape of the loop "
            f"variable. It enters the loop with shape {start.shape}, but the specified shape invariant is {shape}."
        )
    return dims


def _is_within(dims: Dims, wider: Dims) -> bool:
    if wider is None:
        return True
    if dims is None or len(dims) != len(wider):
        return False
    return all(w is None or d == w for d, w in zip(dims, wider, strict=True))


def _check_invariant(start: Tensor, dims: Dims, after: Tensor) -> None:
    if start.dtype.base_dtype is not after.dtype.base_dtype:
        raise TypeError(
            f"Input tensor '{start.name}' enters the loop with type {start.dtype.base_dtype.name}, but has type "
            f"{after.dtype.base_dtype.name} after one iteration: a loop keeps the dtypes of its variables"
        )
    if not _is_within(after._dims, dims):
        raise ValueError(
            f"Input tensor '{start.name}' enters the loop with shape {TensorShape(dims)}, but has shape {after.shape} "
            "after one iteration. To allow the shape to vary across iterations, use the `shape_invariants` argument "
            "of tf.while_loop to specify a less-specific shape."
        )
