"""What can be told about a loop before it runs: how it is run, how often, what its variables are for.

    i, x = tf.while_loop(lambda i, x: i < n, lambda i, x: (i + 1, tf.matmul(x, w)), [0, x])

    steering        {i}: what decides how often the body runs, found by walking back from the condition
    count           where i and n are known while a program is traced, the loop is played through with NumPy for its
                    steering variables alone

There are three forms of a loop:

- device: one XLA loop. With a known count a `scan`, else a loop that the data end (`ops.control_flow.open_loop`).
- unrolled: the steps one after the other in one program, each traced on its own. For bodies in which a loop variable
  steers shapes (`x[:i]`, `tf.zeros([i])`), or whose variables change their shape, if the count can be known. The
  steering variables become part of the compilation key then.
- host: each step is a run of its own. For bodies with nodes that run in Python, and where shapes hang on what only
  the loop computes.

The form is a property of the recorded loop, not of its values, so that a plan can be made before anything runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.effects import regions_of
from scopedjax._src.lower.static import is_foldable, is_told, is_told_by_shapes, is_told_element, static_operands
from scopedjax._src.ops.control_flow.array_nodes import STACK, filled_by

MOST_PLAYED = 20_000  # steps of a loop that are played through to learn their number
_KEY = "loop"
_NAMES = frozenset(("Identity", "IdentityN"))
_ADDITIONS = frozenset(("Add", "AddV2"))


@dataclass(slots=True)
class Slice:
    """The part of a loop that some of its values depend on.

    Attributes:
      variables: Indices of the loop variables concerned, in order.
      condition: Nodes of the condition that are needed, in order.
      body: Nodes of the body that are needed, in order.
      captured: Tensors from outside that these nodes take.
      pure: Whether NumPy can play it.
    """

    variables: list[int]
    condition: list[Operation]
    body: list[Operation]
    captured: list[Tensor]
    pure: bool


@dataclass(slots=True)
class Loop:
    """What is known about a `WhileLoop` node.

    Attributes:
      form: "device", "unrolled" or "host".
      reason: Why it is not "device".
      steering: The part that decides how often the body runs.
      acts: Whether evaluating the condition advances random streams or changes variables.
      fixed: Indices of loop variables that no step changes.
      written: Indices of TensorArrays that the body only writes.
      writes: The nodes in the body that write TensorArrays of dynamic size, by loop variable; under -1 those of which
        the variable is not known.
      resized: Indices of lists that a step gives another length, or writes beyond their end.
      counters: The integer variables to which every step adds the same, by index, with the node that adds.
      pushes: How often a step pushes on each list (or stack of a file's loop) that it makes longer; -1 where that is
        not known.
      indices: The part that the indices of these writes depend on, or None where it cannot be played.
      told: What has to be known while a program is traced so that the size of these arrays can be told before the
        loop runs; None where it cannot be, and a `LoopBound` node has to find it.
    """

    steering: Slice
    form: str = "device"
    reason: str = ""
    acts: bool = False
    fixed: set[int] = field(default_factory=set)
    written: set[int] = field(default_factory=set)
    writes: dict[int, list[Operation]] = field(default_factory=dict)
    resized: set[int] = field(default_factory=set)
    counters: dict[int, Operation] = field(default_factory=dict)
    pushes: dict[int, int] = field(default_factory=dict)
    indices: Slice | None = None
    told: list[Tensor] | None = None


def is_loop(op: Operation) -> bool:
    """Whether a node is a loop with a condition."""
    return op.type == "WhileLoop" and bool(regions_of(op))


def loop_of(op: Operation) -> Loop:
    """Returns what is known about a loop; found once a node."""
    extra = op._extra
    assert extra is not None
    found = extra.get(_KEY)
    if found is None:
        found = extra[_KEY] = _study(op)
    return found


def variables_of(op: Operation) -> tuple[Tensor, ...]:
    """Returns the tensors that a loop's variables start with."""
    return op.inputs[: len(op.outputs)]


def static_inputs(op: Operation) -> list[Tensor]:
    """Returns the inputs of an unrolled loop whose values must be known while it is traced."""
    if not is_loop(op):
        return []
    loop = loop_of(op)
    bound = list(op.inputs[len(op.outputs) + len(op.attrs["Tin"]) :])
    if loop.form != "unrolled":
        return bound if loop.told is None or not bound else loop.told
    given = variables_of(op)
    bound = bound if loop.told is None else []
    return [*bound, *(given[i] for i in loop.steering.variables), *loop.steering.captured]


# ------------------------------------------------------------------------------------------------------------- study


def _study(op: Operation) -> Loop:
    condition, body = regions_of(op)[:2]
    steering = slice_of(op, condition.results)
    loop = Loop(steering)
    loop.acts = any(o.record is not None and (o.record.rng or o.record.writes) for o in _inner_ops(condition))
    loop.fixed = {i for i, t in enumerate(body.results) if t is body.parameters[i]}
    loop.written = _only_written(op)
    _note_growing_arrays(op, loop)
    loop.pushes = _pushes(op)
    loop.resized = _resized(op)
    loop.counters = _counters(op)
    loop.told = _told(op, loop)
    reason, needs = _host_reason(op)
    if not reason and _changes_shape(op):
        needs, reason = [], "a loop variable changes its shape"
        unrollable = True
    else:
        unrollable = needs is not None
    if not reason and needs == []:
        return loop
    loop.reason = reason
    if unrollable and steering.pure:
        for more in (_array_indices(op), []):  # elements of arrays may then differ in shape
            wider = slice_of(op, [*condition.results, *(body.results[i] for i in needs or ()), *more])
            wider.variables = sorted({*wider.variables, *(needs or ())})
            if wider.pure:
                loop.form, loop.steering = "unrolled", wider
                return loop
    loop.form = "host"
    return loop


def _array_indices(op: Operation) -> list[Tensor]:
    """Returns the indices at which the body reads and writes stacks."""
    _, body = regions_of(op)[:2]
    arrays = [o for o in body.ops if o.record is not None and o.record.array in ("read", "write")]
    return [o.inputs[1] for o in arrays if o.inputs[0].op.attrs.get(STACK)]


def slice_of(op: Operation, targets: Sequence[Tensor]) -> Slice:
    """Returns the part of a loop that `targets`, of its condition or its body, depend on, in this and in all steps."""
    condition, body = regions_of(op)[:2]
    places = {t: i for region in (condition, body) for i, t in enumerate(region.parameters)}
    variables: set[int] = set()
    ops: set[Operation] = set()
    captured: dict[Tensor, None] = {}
    stack = list(targets)
    while stack:
        tensor = stack.pop()
        index = places.get(tensor)
        if index is not None:
            if index not in variables:
                variables.add(index)
                stack.append(body.results[index])
        elif tensor.op.context not in (condition, body):
            captured[tensor] = None
        elif tensor.op not in ops:
            ops.add(tensor.op)
            stack.extend(tensor.op.inputs)
    pure = all(is_foldable(o) and o.record.numpy is not None for o in ops)
    ordered = sorted(ops, key=lambda o: o._id)
    return Slice(
        sorted(variables),
        [o for o in ordered if o.context is condition],
        [o for o in ordered if o.context is body],
        list(captured),
        pure,
    )


def _inner_ops(region: ControlFlowContext) -> Iterable[Operation]:
    for op in region.ops:
        yield op
        for inner in regions_of(op):
            yield from _inner_ops(inner)


def steers_inside(op: Operation) -> tuple[str, list[Tensor]]:
    """Finds operands in a structured node's regions whose values steer shapes and come from inside the regions.

    Returns:
      (why they cannot be known at all, or ""; the parameters of the regions that they are computed from).
    """
    regions = regions_of(op)
    own = {t for region in regions for t in region.parameters}
    found: dict[Tensor, None] = {}
    for region in regions:
        for inner in _inner_ops(region):
            for operand in static_operands(inner):
                for leaf in _leaves(operand):
                    if leaf in own:
                        found[leaf] = None
                    elif any(r.encloses(leaf.op.context) for r in regions) and not _is_inner_parameter(leaf, regions):
                        return f"'{leaf.op.name}' steers a shape of '{inner.name}'", []
    return "", list(found)


def _is_inner_parameter(tensor: Tensor, regions: Sequence[ControlFlowContext]) -> bool:
    context = tensor.op.context
    return context is not None and tensor in context.parameters and context not in regions


def _leaves(operand: Tensor) -> list[Tensor]:
    """What a value is computed from: parameters of regions, and nodes that NumPy cannot compute."""
    leaves: dict[Tensor, None] = {}
    stack, seen = [operand], set()
    while stack:
        tensor = stack.pop()
        if tensor in seen:
            continue
        seen.add(tensor)
        op = tensor.op
        if is_told_element(op):
            continue
        if op.context is not None and tensor in op.context.parameters or not is_foldable(op):
            leaves[tensor] = None
        elif not is_told_by_shapes(op):
            stack.extend(op.inputs)
    return list(leaves)


def _host_reason(op: Operation) -> tuple[str, list[int] | None]:
    """Returns (why the loop cannot be one program, the loop variables that steer shapes; None for any reason)."""
    from scopedjax._src.lower.plan import needs_host

    for region in regions_of(op):
        for inner in region.ops:
            if inner.record is not None and needs_host(inner):
                return f"'{inner.name}' ({inner.type}) runs on the host", None
    reason, parameters = steers_inside(op)
    if reason:
        return reason, None
    places = {t: i for region in regions_of(op) for i, t in enumerate(region.parameters)}
    return "", sorted({places[t] for t in parameters})


def _changes_shape(op: Operation) -> bool:
    """Whether a variable may have another shape after a step than before, tried with made-up sizes."""
    _, body = regions_of(op)[:2]
    suspects = [
        (p, r)
        for p, r in zip(body.parameters, body.results, strict=True)
        if p is not r and p._dims is not None and None in p._dims or p._dims is None and p is not r
    ]
    if not suspects or _goes_back(op):
        return False
    from scopedjax._src.lower.trial import keeps_shapes

    return keeps_shapes(op) is False


def _goes_back(op: Operation) -> bool:
    """Whether a file's loop takes from stacks what loops put there whose variables keep their shapes: so do its own."""
    _, body = regions_of(op)[:2]
    loops = {loop for inner in _inner_ops(body) for loop in filled_by(inner) if loop is not op}
    own = {inner for inner in _inner_ops(body) if is_loop(inner)}
    return bool(loops) and all(loop_of(loop).form == "device" for loop in loops - own)


def _only_written(op: Operation) -> set[int]:
    """Returns the loop variables that the body only writes elements into."""
    condition, body = regions_of(op)[:2]
    users: dict[Tensor, list[Operation]] = {}
    for region in (condition, body):
        for inner in region.ops:
            for tensor in inner.inputs:
                users.setdefault(tensor, []).append(inner)
    found: set[int] = set()
    for i, (parameter, result) in enumerate(zip(body.parameters, body.results, strict=True)):
        if parameter is result or users.get(condition.parameters[i]):
            continue
        tensor = parameter
        while tensor is not result:
            following = users.get(tensor, [])
            if len(following) != 1 or tensor in body.results or not _writes(following[0], tensor):
                break
            tensor = following[0].outputs[0]
        else:
            if not users.get(tensor) and body.results.count(tensor) == 1:
                found.add(i)
    return found


def _writes(op: Operation, flow: Tensor) -> bool:
    kind = op.record.array if op.record is not None else ""
    return kind == "write" and op.inputs[-1] is flow and flow not in op.inputs[:-1]


def _counters(op: Operation) -> dict[int, Operation]:
    """Returns the integer variables to which every step adds a constant."""
    _, body = regions_of(op)[:2]
    found: dict[int, Operation] = {}
    for i, (parameter, result) in enumerate(zip(body.parameters, body.results, strict=True)):
        adds = result.op
        if not parameter.dtype.is_integer or adds.context is not body or adds.type not in _ADDITIONS:
            continue
        others = [t for t in adds.inputs if t is not parameter]
        if len(others) == 1 and not others[0].op.inputs and isinstance(others[0].op.attrs.get("value"), np.ndarray):
            found[i] = adds
    return found


def after_steps(adds: Operation, parameter: Tensor, start: Any, count: int) -> Any:
    """Returns what a counter is after so many steps, or None where that is not known.

    Args:
      adds: The node that adds to it in each step.
      parameter: The counter inside the body.
      start: Its value before the loop.
      count: The number of steps.
    """
    (constant,) = [t for t in adds.inputs if t is not parameter]
    more = constant.op.attrs["value"]
    if not is_known(start) or np.shape(more) != () or np.shape(start) != ():
        return None
    kind = parameter.dtype.as_numpy_dtype
    return np.asarray(np.asarray(start, kind) + np.asarray(more, kind) * kind(count), kind)


def _pushes(op: Operation) -> dict[int, int]:
    """Returns how often a step pushes on each of its lists, by loop variable."""
    _, body = regions_of(op)[:2]
    told = body.extra.get("pushes")
    if told is not None:
        return {i: n for i, n in enumerate(told) if n}
    found = {
        i: _pushes_between(parameter, result)
        for i, (parameter, result) in enumerate(zip(body.parameters, body.results, strict=True))
        if parameter.dtype.name == "variant" and parameter is not result
    }
    return {i: n for i, n in found.items() if n}


def _pushes_between(parameter: Tensor, result: Tensor) -> int:
    """How often a list is pushed on from the start to the end of a step; -1 where other nodes lie on the way."""
    count = 0
    while (result := _behind(result)) is not parameter:
        op = result.op
        kind = "" if op.record is None else op.record.array
        if kind not in ("push", "pop", "write", "resize") or op.context is not parameter.op.context or _is_dynamic(op):
            return -1
        count += kind == "push"
        result = op.inputs[0]
    return count


def _behind(tensor: Tensor) -> Tensor:
    """Returns what a tensor is another name of."""
    while tensor.op.type in _NAMES:
        tensor = tensor.op.inputs[tensor.op.outputs.index(tensor)]
    return tensor


def _resized(op: Operation) -> set[int]:
    """Returns the lists that a step gives another length, perhaps in a branch."""
    _, body = regions_of(op)[:2]
    pairs = enumerate(zip(body.parameters, body.results, strict=True))
    return {i for i, (p, r) in pairs if p.dtype.name == "variant" and p is not r and _is_resized(r, body)}


def _is_resized(result: Tensor, body: ControlFlowContext) -> bool:
    stack, seen = [result], set[Tensor]()
    while stack:
        tensor = _behind(stack.pop())
        op = tensor.op
        if tensor in seen or op.context is None or not body.encloses(op.context) or tensor in op.context.parameters:
            continue
        seen.add(tensor)
        kind = "" if op.record is None else op.record.array
        if kind == "resize" or kind == "write" and op.attrs.get("resize_if_index_out_of_bounds"):
            return True
        if kind in ("write", "push", "pop"):
            stack.append(op.inputs[0])
        elif not is_loop(op):
            stack.extend(region.results[op.outputs.index(tensor)] for region in regions_of(op)[:2])
    return False


def _note_growing_arrays(op: Operation, loop: Loop) -> None:
    """Finds the writes into TensorArrays of dynamic size, and what their indices depend on."""
    _, body = regions_of(op)[:2]
    places = {t: i for i, t in enumerate(body.parameters)}
    indices: list[Tensor] = []
    simple = True
    for inner in _inner_ops(body):
        if inner.record is None or inner.record.array != "write" or not _is_dynamic(inner):
            continue
        flow = _array_of(inner)
        while flow not in places and flow.op.record is not None and flow.op.record.array == "write":
            flow = _array_of(flow.op)
        if flow not in places or inner.context is not body:
            simple = False
            loop.writes.setdefault(-1, []).append(inner)
            continue
        loop.writes.setdefault(places[flow], []).append(inner)
        indices.append(inner.inputs[1])
    if loop.writes and simple:
        found = slice_of(op, indices)
        loop.indices = found if found.pure else None


def _told(op: Operation, loop: Loop) -> list[Tensor] | None:
    """Returns what the size of growing arrays can be told from before anything runs, or None."""
    _, body = regions_of(op)[:2]
    limit = body.extra.get("maximum")
    found: list[Tensor] | None = None
    if loop.steering.pure:
        found = _all_told(op, loop.steering)
    if limit is not None and is_told(limit):
        found = [*(found or ()), limit]
    stacks = body.extra.get("pushes")
    if found is None or stacks is None and min(loop.pushes.values(), default=0) < 0 or not _lists_are_told(body):
        return None
    if not loop.writes or stacks is not None and min(stacks) >= 0:
        return found
    more = None if loop.indices is None else _all_told(op, loop.indices)
    return None if more is None else [*found, *more]


def _lists_are_told(body: ControlFlowContext) -> bool:
    """Whether all loops inside of a body that make lists longer have lengths that are told like this one's."""
    loops = [inner for inner in _inner_ops(body) if is_loop(inner)]
    return all(loop_of(inner).told is not None for inner in loops if _grows_lists(inner))


def _grows_lists(op: Operation) -> bool:
    """Whether a loop makes lists (not TensorArrays) longer."""
    _, body = regions_of(op)[:2]
    return "pushes" not in body.extra and bool(_pushes(op))


def _all_told(op: Operation, part: Slice) -> list[Tensor] | None:
    starts = variables_of(op)
    wanted = [*(starts[i] for i in part.variables), *part.captured]
    return wanted if all(is_told(t) for t in wanted) else None


def _is_dynamic(op: Operation) -> bool:
    maker = op.inputs[0].op
    return bool(maker.attrs.get("dynamic_size") or op.attrs.get("resize_if_index_out_of_bounds"))


def _array_of(op: Operation) -> Tensor:
    """Returns the tensor with the elements that a node writes to: the flow of an array, or a list."""
    return op.inputs[0] if op.inputs[0].dtype.name == "variant" else op.inputs[-1]


# -------------------------------------------------------------------------------------------------------------- play


@dataclass(slots=True)
class Played:
    """What playing a loop found.

    Attributes:
      count: The number of steps.
      largest: The largest value that each wanted tensor took.
      ranges: The smallest and the largest value that each integer variable has in the body.
      taken: The values that each wanted tensor took, step by step.
    """

    count: int
    largest: dict[Tensor, int]
    ranges: dict[int, tuple[int, int]]
    taken: dict[Tensor, list[Any]]


def play(
    op: Operation, part: Slice, known: dict[Tensor, Any], wanted: Sequence[Tensor] = (), most: int | None = None
) -> Played | None:
    """Plays a part of a loop with NumPy.

    Args:
      op: The loop.
      part: What is to be played.
      known: NumPy values of inputs of the loop.
      wanted: Integer tensors of the body whose largest value is wanted.
      most: Plays so many steps, whatever the condition says.

    Returns:
      What was found, or None where a value is not known or the loop is too long.
    """
    if not part.pure:
        return None
    condition, body = regions_of(op)[:2]
    starts = variables_of(op)
    if any(not is_known(known.get(starts[i])) for i in part.variables):
        return None
    if any(not is_known(known.get(t)) for t in part.captured):
        return None
    fixed = {t: np.asarray(known[t]) for t in part.captured}
    now = {i: np.asarray(known[starts[i]]) for i in part.variables}
    largest = dict.fromkeys(wanted, -1)
    ranges: dict[int, tuple[int, int]] = {}
    taken: dict[Tensor, list[Any]] = {t: [] for t in wanted}
    for count in range(MOST_PLAYED if most is None else most + 1):
        if most is None:
            values = _evaluated(part.condition, {**fixed, **{condition.parameters[i]: v for i, v in now.items()}})
            if not bool(values[condition.results[0]]):
                return Played(count, largest, ranges, taken)
        elif count == most:
            return Played(count, largest, ranges, taken)
        _widen(ranges, now)
        values = _evaluated(part.body, {**fixed, **{body.parameters[i]: v for i, v in now.items()}})
        for tensor in wanted:
            taken[tensor].append(values[tensor])
            largest[tensor] = max(largest[tensor], int(np.max(values[tensor], initial=-1)))
        now = {i: values[body.results[i]] for i in part.variables}
    return None


def _widen(ranges: dict[int, tuple[int, int]], values: dict[int, Any]) -> None:
    for i, value in values.items():
        if value.dtype.kind in "iu" and value.size:
            low, high = ranges.get(i, (value.min(), value.max()))
            ranges[i] = (int(min(low, value.min())), int(max(high, value.max())))


def is_known(value: Any) -> bool:
    """Whether a value is there already while a program is traced."""
    return isinstance(value, (np.ndarray, np.generic))


def _evaluated(ops: Sequence[Operation], values: dict[Tensor, Any]) -> dict[Tensor, Any]:
    for op in ops:
        results = op.record.evaluate_numpy(op, [values[t] for t in op.inputs])
        for tensor, result in zip(op.outputs, results or (), strict=True):
            values[tensor] = np.asarray(result, tensor.dtype.as_numpy_dtype)
    return values
