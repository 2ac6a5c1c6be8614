"""`tf.cond`: a structured `If` node with two regions, of which a run computes one.

    z = tf.cond(p, lambda: x + 1., lambda: y * 2.)

    cond/pred_id = Identity(p)        cond/add, cond/mul: nodes of the two regions
    cond/If      = If(pred_id, x, y)  its inputs are the predicate and every outside tensor that a region uses
    cond/Merge   = Identity(If:0)     the result, under the name that TF1 gives it

On the device it becomes `lax.cond`; a predicate that is known while tracing, or on the host, runs the one region
directly. What a region assigns is handed out of the branch, so a variable assigned in one region only keeps its
value in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.attributes import FunctionAttr
from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op, record_node
from scopedjax._src.ops.control_flow.array_cells import Cells, as_traced
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.registry import defop, lookup
from scopedjax._src.ops.shape_context import ShapeContext


def _shape(c: ShapeContext) -> list[Dims]:
    return list(c.attr("output_shapes"))


@defop(
    "If(cond: Tcond, input: Tin...; Tout: list(type), then_branch: func, else_branch: func, "
    "output_shapes: list(shape) = []) -> output: Tout...",
    shape=_shape,
    structured=True,
)
def _if(ctx: Any, cond: Any, values: list[Any]) -> Any:
    captures = ctx.op.inputs[1:]
    given = dict(zip(captures, values, strict=True))
    if not hasattr(ctx, "touched_state"):  # a host stage
        if ctx.keeps_steps():
            ctx.history().append(ctx.streams())
        return ctx.region(0 if bool(cond) else 1, given)
    if isinstance(cond, (np.ndarray, np.generic)):
        return _known_branch(ctx, 0 if bool(cond) else 1, given)
    return _branch_on_device(ctx, cond, given)


def _known_branch(ctx: Any, index: int, given: dict[Tensor, Any]) -> list[Any]:
    """Computes the branch that is taken; what is absent in it gets the form that it has in the other one."""
    results = ctx.region(index, given)
    absent = ctx.op._extra["regions"][index].extra.get("absent", ())
    if absent:
        forms = jax.eval_shape(lambda: ctx.aside(lambda: [as_traced(v) for v in ctx.region(1 - index, given)]))
        for i in absent:
            results[i] = jax.tree_util.tree_map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), forms[i])
    return results


def _branch_on_device(ctx: Any, cond: Any, given: dict[Tensor, Any]) -> list[Any]:
    moving = [t for t, v in given.items() if isinstance(v, jax.Array)]
    state, written = ctx.touched_state()
    keys = list(state)

    def branch(index: int) -> Callable[..., Any]:
        def run(operands: Sequence[Any], values: Sequence[Any]) -> Any:
            inside = {**given, **dict(zip(moving, operands, strict=True))}
            results, left = ctx.with_state(
                dict(zip(keys, values, strict=True)), lambda: [as_traced(v) for v in ctx.region(index, inside)]
            )
            return results, [left[key] for key in written]

        return run

    operands = ([given[t] for t in moving], list(state.values()))
    branches = _alike(ctx.op, [branch(0), branch(1)], operands)
    results, changes = jax.lax.cond(jnp.asarray(cond, bool), *branches, *operands)
    ctx.commit(dict(zip(written, changes, strict=True)))
    return results


def _alike(op: Operation, branches: list[Callable[..., Any]], operands: Sequence[Any]) -> list[Callable[..., Any]]:
    """Gives results of two branches one form where only one of them knows it.

    A result may be absent in a branch (of a file, where a later branch of the same predicate uses what this one
    computed); and a TensorArray has no buffer yet in the branch that does not write it.
    """
    regions = op._extra["regions"][:2]  # type: ignore[index]
    absent = [set(region.extra.get("absent", ())) for region in regions]
    flows = any(t.dtype.name == "variant" or t.dtype.name == "float32" and t._dims == () for t in op.outputs)
    if not flows and not any(absent):
        return branches
    forms = [jax.eval_shape(branch, *operands)[0] for branch in branches]

    def completed(index: int) -> Callable[..., Any]:
        def run(*operands: Any) -> Any:
            results, changes = branches[index](*operands)
            for i, other in enumerate(forms[1 - index]):
                if i in absent[index]:
                    results[i] = jax.tree_util.tree_map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), other)
                elif isinstance(other, Cells):
                    results[i] = results[i].in_form_of(other)
            return results, changes

        return run

    return [completed(0), completed(1)]


def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Callable[[], Any] | None = None,
    fn2: Callable[[], Any] | None = None,
) -> Any:
    """Returns `true_fn()` where `pred` is true and `false_fn()` where it is not; only that one is computed.

    Nodes that a function uses but does not make are computed in either case, as in TF1.

    Args:
      pred: Scalar bool tensor.
      true_fn: Function without arguments that returns tensors in any structure.
      false_fn: The same, with the same structure and dtypes.
      strict: Whether a list of one result stays a list.
      name: Name scope of the nodes.
      fn1: Former name of `true_fn`.
      fn2: Former name of `false_fn`.

    Returns:
      Tensors in the structure that the functions return.

    Raises:
      TypeError: `pred` is a Python bool, or a function is not callable.
      ValueError: the functions return different structures or dtypes.

    >>> x = tf.placeholder(tf.float32, [])
    >>> y = tf.cond(x > 0, lambda: tf.sqrt(x), lambda: -x)
    >>> with tf.Session() as sess:
    ...     print(sess.run(y, {x: 4.0}), sess.run(y, {x: -3.0}))
    2.0 3.0
    """
    true_fn = _either("true_fn", true_fn, "fn1", fn1)
    false_fn = _either("false_fn", false_fn, "fn2", fn2)
    if isinstance(pred, bool):
        raise TypeError("'pred' must not be a Python bool.")
    graph = stacks.get_default_graph()
    with graph.name_scope(name or "cond") as scope:
        pred = convert_to_tensor(pred, name="pred")
        if pred.dtype.base_dtype.name != "bool":
            raise TypeError(
                f"Input 'pred' of 'Switch' Op has type {pred.dtype.base_dtype.name} that does not match expected "
                f"type of bool: {pred!r}"
            )
        pred_id = apply_op("Identity", pred, name="pred_id")
        true, true_result = _build(scope + "true", "cond_true", true_fn, pred_id)
        false, false_result = _build(scope + "false", "cond_false", false_fn, pred_id)
        if not strict:
            true_result, false_result = _unpacked(true_result), _unpacked(false_result)
        return _merge(pred_id, (true, false), true_result, false_result)


def _either(new: str, value: Any, old: str, former: Any) -> Callable[[], Any]:
    if former is not None and value is not None:
        raise TypeError(f"cond(): '{old}' is the former name of '{new}'; give one of them")
    value = former if value is None else value
    if value is None:
        raise TypeError(f"cond(): '{new}' argument required")
    if not callable(value):
        raise TypeError(f"'{new}' must be callable.")
    return value


def _build(name: str, kind: str, function: Callable[[], Any], pred: Tensor) -> tuple[ControlFlowContext, Any]:
    """Records what `function` records into a new region and returns the region and the function's result."""
    graph = stacks.get_default_graph()
    region = ControlFlowContext(name, kind, graph.scopes.context)
    with graph.context(region):
        result = function()
        if result is None:
            raise ValueError(f"'{kind.removeprefix('cond_')}_fn' must have a return value.")
        result = nest.map_structure(lambda item: _as_result(item, pred), result)
    flat = _flat(result)
    for item in flat:
        region.capture(item)
    region.results = flat
    region.close()
    return region, result


def _as_result(value: Any, pred: Tensor) -> Any:
    if value is None or isinstance(value, IndexedSlices):
        return value
    if isinstance(value, Operation):  # TF1 gives the predicate, once the node has run
        with pred.graph.control_dependencies([value]):
            return apply_op("Identity", pred, name="control_dependency")
    return convert_to_tensor(value)


def _flat(result: Any) -> list[Tensor]:
    found: list[Tensor] = []
    for item in nest.flatten(result):
        if isinstance(item, IndexedSlices):
            found.extend([item.values, item.indices] + ([] if item.dense_shape is None else [item.dense_shape]))
        elif isinstance(item, Tensor):
            found.append(item)
    return found


def _unpacked(result: Any) -> Any:
    if isinstance(result, (list, tuple)) and len(result) == 1 and not hasattr(result, "_fields"):
        return result[0]
    return result


def _merge(pred: Tensor, regions: tuple[ControlFlowContext, ControlFlowContext], true: Any, false: Any) -> Any:
    nest.assert_same_structure(true, false, expand_composites=False)
    for i, (a, b) in enumerate(zip(regions[0].results, regions[1].results, strict=True)):
        if a.dtype.base_dtype is not b.dtype.base_dtype:
            raise ValueError(
                "Outputs of 'true_fn' and 'false_fn' must have the same type(s). Received "
                f"{a.dtype.base_dtype.name} from 'true_fn' and {b.dtype.base_dtype.name} from 'false_fn': "
                f"output {i} is {a.name} and {b.name}"
            )
    op = _if_node(pred, regions)
    outputs = iter([apply_op("Identity", t, name="Merge") for t in op.outputs])
    return nest.map_structure(lambda item: _restored(item, outputs), true)


def _restored(item: Any, outputs: Any) -> Any:
    if isinstance(item, IndexedSlices):
        return IndexedSlices(next(outputs), next(outputs), None if item.dense_shape is None else next(outputs))
    return next(outputs) if isinstance(item, Tensor) else item


def _if_node(pred: Tensor, regions: tuple[ControlFlowContext, ControlFlowContext]) -> Operation:
    record = lookup("If")
    assert record is not None
    captures = dict.fromkeys((*regions[0].captures, *regions[1].captures))
    shapes = [_common(a._dims, b._dims) for a, b in zip(regions[0].results, regions[1].results, strict=True)]
    attrs = {
        "Tcond": pred.dtype.base_dtype,
        "Tin": tuple(t.dtype.base_dtype for t in captures),
        "Tout": tuple(t.dtype.base_dtype for t in regions[0].results),
        "then_branch": FunctionAttr(regions[0].name, ()),
        "else_branch": FunctionAttr(regions[1].name, ()),
        "output_shapes": tuple(shapes),
    }
    graph = pred.graph
    controls = dict.fromkeys((*regions[0].controls, *regions[1].controls))
    with graph.control_dependencies(list(controls)):
        op = record_node(graph, record, "If", (pred, *captures), attrs)
    op._extra = {**(op._extra or {}), "regions": regions}
    return op


def _common(a: Dims, b: Dims) -> Dims:
    """Returns what two shapes have in common."""
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(x if x == y else None for x, y in zip(a, b, strict=True))
