"""`WhileLoop`: the node of a loop with a condition, and how it runs.

    input: variables before the loop --+      region 0, the condition:  parameters Merge, Merge_1...   -> bool
    captured: tensors from outside ----+--->  region 1, the body:       parameters Identity, ...       -> new variables
    bound: see below ------------------+

On the device (see `lower.loops` for the forms of a loop):

- the number of steps is known while tracing: `lax.scan`;
- a variable changes its shape, or steers one, and the number is known: the steps one after the other;
- else `open_loop`, which has derivatives for any number of steps.

Variables of the program that the body assigns, and the streams of its random nodes, travel with the loop variables.
A loop variable that no step changes is a constant of the loop; a TensorArray that the body only writes to is a sum
(in the sense of `open_loop`), of which no step keeps a copy.

A TensorArray of dynamic size needs a capacity before the loop starts. The indices that it is written at are played
through where possible. Where they are not, the input `bound`, a `LoopBound` node, tells: it runs the loop once with
arrays that only count, in a program of its own, and its result, rounded up to a power of two, belongs to the
compilation key.

On the host each step is a run of the regions as plans of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError, UnimplementedError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.control_flow.array_cells import NESTED, NOTHING, Cells, as_traced
from scopedjax._src.ops.control_flow.open_loop import open_loop
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_context import ShapeContext

_LEAST_ROOM = 8  # elements of an array that grows
_ROUNDS = 8  # a step may tell the shape of one array's elements only after another's is known


class _ShapesVary(Exception):
    """A loop variable changes its shape."""


def _shape(c: ShapeContext) -> list[Dims]:
    return list(c.attr("output_shapes"))


@defop(
    "WhileLoop(input: T..., captured: Tin..., bound: Tbound...; cond: func, body: func, "
    "output_shapes: list(shape) = [], parallel_iterations: int = 10) -> output: T...",
    shape=_shape,
    structured=True,
)
def _while(ctx: Any, input: list[Any], captured: list[Any], bound: list[Any]) -> list[Any]:
    captures = ctx.op.inputs[len(input) : len(input) + len(captured)]
    given = dict(zip(captures, captured, strict=True))
    if not hasattr(ctx, "touched_state"):
        return _on_host(ctx, input, given)
    steps = _Steps(ctx, input, given, int(bound[0]) if bound and ctx.loop().told is None else None)
    return steps.results()


@defop(
    "LoopBound(input: T..., captured: Tin...; f: func) -> capacity: int32",
    shape=lambda c: [()],
    gradient=NOT_DIFFERENTIABLE,
    array="count",
    stateful=True,
)
def _loop_bound(ctx: Any, input: list[Any], captured: list[Any]) -> Any:
    if not hasattr(ctx, "touched_state"):
        return np.int32(0)  # step by step the arrays grow as they are written
    inner = ctx.of_forward()
    if inner.loop().told is not None:
        return np.int32(0)
    captures = inner.op.inputs[len(input) : len(input) + len(captured)]
    values = _resizable(input, inner.loop().resized)
    counting = [replace(v, counts=True, buffer=None, items=None) if _grows(v) else v for v in values]
    steps = _Steps(inner, counting, dict(zip(captures, captured, strict=True)), None)
    results = inner.counted(steps.results)
    sizes = [jnp.asarray(r.size, jnp.int32) for r in results if _grows(r)]
    largest = jnp.max(jnp.stack(sizes)) if sizes else jnp.zeros([], jnp.int32)
    largest = jnp.maximum(largest, _LEAST_ROOM)
    return (1 << (32 - jax.lax.clz(largest - 1))).astype(jnp.int32)


def _grows(value: Any) -> bool:
    return isinstance(value, Cells) and value.dynamic


def _resizable(values: list[Any], resized: set[int]) -> list[Any]:
    """Loop variables with the mark that a list may change its length, which it does not tell by itself."""
    return [
        replace(v, dynamic=True, bounded=True, room=v.capacity) if i in resized and isinstance(v, Cells) else v
        for i, v in enumerate(values)
    ]


def _on_host(ctx: Any, values: list[Any], given: dict[Tensor, Any]) -> list[Any]:
    condition, body = ctx.op._extra["regions"][:2]
    known = {t: v for t, v in given.items() if isinstance(v, (np.ndarray, np.generic, jax.Array, Cells))}
    history = ctx.history() if ctx.keeps_steps() else None
    while True:
        (more,) = ctx.region(0, {**known, **dict(zip(condition.parameters, values, strict=True))})
        if not bool(np.asarray(more)):
            return values
        values = _with_room(values, 1)
        streams = None if history is None else ctx.streams()
        new = list(ctx.region(1, {**known, **dict(zip(body.parameters, values, strict=True))}))
        missing = max((_missing(v) for v in new), default=0)
        if missing:  # the step wrote far beyond the end
            values = _with_room(values, missing)
            new = list(ctx.region(1, {**known, **dict(zip(body.parameters, values, strict=True))}))
        if history is not None:
            history.append((values, streams))
        values = [replace(v, size=int(v.size)) if _grows(v) else v for v in new]


def _with_room(values: Sequence[Any], more: int) -> list[Any]:
    """Arrays of dynamic size with room for more elements, in powers of two, so that few programs are compiled."""
    found: list[Any] = []
    for value in values:
        if _grows(value) and value.items is None:
            wanted = max(_LEAST_ROOM, int(value.size) + more, value.capacity if value.buffer is not None else 0)
            with jax.enable_x64(True):  # host nodes run without
                value = as_traced(value.settled(1 << (wanted - 1).bit_length(), None))
        found.append(value)
    return found


def _missing(value: Any) -> int:
    return max(0, int(value.size) - value.capacity) if _grows(value) and value.items is None else 0


class _Steps:
    """One run of a loop in a device stage."""

    def __init__(self, ctx: Any, values: list[Any], given: dict[Tensor, Any], bound: int | None) -> None:
        self.ctx = ctx
        self.loop = ctx.loop()
        self.condition, self.body = ctx.op._extra["regions"][:2]
        self.values = _resizable(values, self.loop.resized)
        self.given = given
        before = ctx.given_inputs() or (*values, *given.values())
        self.known = {
            t: v for t, v in zip(ctx.op.inputs, before, strict=False) if isinstance(v, (np.ndarray, np.generic))
        }
        self.most = self._most()
        self.bound = bound

    def _most(self) -> int | None:
        """The number of steps that `maximum_iterations` allows, where it is known now."""
        tensor = self.body.extra.get("maximum")
        value = self.known.get(tensor) if tensor is not None else None
        return None if value is None else max(0, int(value))

    def results(self) -> list[Any]:
        """Runs the loop and returns its variables."""
        if self.loop.acts:
            return self._looped(None)
        played = self.ctx.play(self.loop.steering, self.known)
        count = None if played is None else played.count
        if self.loop.form == "unrolled" and count is None:
            raise UnimplementedError(
                None, None, f"{self.loop.reason}, and how often the loop runs cannot be told while it is compiled"
            )
        if played is not None and played.count:
            for i, (low, high) in played.ranges.items():
                self.ctx.note_range(self.body.parameters[i], low, high)
        if count is not None and (self.loop.form != "device" or count == 0):
            return self._unrolled(count)
        before = dict(self.ctx.trace_state())
        try:
            return self._looped(count)
        except _ShapesVary as error:
            self.ctx.commit(before)
            if count is not None:
                return self._unrolled(count)
            raise InvalidArgumentError(
                None,
                None,
                f"{error}: a loop whose number of steps the data decide runs as one program only if its variables "
                "keep their shapes. Pass `shape_invariants` that leave the changing size open, and the loop runs step "
                "by step",
            ) from None

    # One step after the other ----------------------------------------------------------------------------------------

    def _unrolled(self, count: int) -> list[Any]:
        values = self.values
        for _ in range(count):
            given = {**self.given, **dict(zip(self.body.parameters, values, strict=True))}
            values = self.ctx.region(1, given, self.bound)
        return list(values)

    # As one loop -----------------------------------------------------------------------------------------------------

    def _looped(self, count: int | None) -> list[Any]:
        loop = self.loop
        every = range(len(self.values))
        self.moving = [i for i in every if i not in loop.fixed and i not in loop.written]
        self.written = [i for i in every if i in loop.written]
        rooms = self._rooms(count)
        left = self.ctx.settle_marks(self.known, count, max(rooms.values(), default=0))
        self.touched, self.changing = self.ctx.touched_state()
        self.constant_state = [k for k in self.touched if k not in self.changing]
        self.constants = [t for t, v in self.given.items() if isinstance(v, (jax.Array, Cells))]
        self.fixed = sorted(loop.fixed)
        consts = (
            [as_traced(self.given[t]) for t in self.constants],
            [as_traced(self.values[i]) for i in self.fixed],
            [self.touched[k] for k in self.constant_state],
        )
        start = self._start(rooms, consts)
        carry, sums = self._run(count, consts, *start)
        values, changing = carry[0], carry[1]
        self.ctx.commit(dict(zip(self.changing, changing, strict=True)))
        self.ctx.restore_marks(left)
        results = list(self.values)
        for i, value in zip((*self.moving, *self.written), (*values, *sums), strict=True):
            results[i] = _as_before(value, self.values[i])
        if count is not None:
            self._count_up(results, count)
        return results

    def _count_up(self, results: list[Any], count: int) -> None:
        """Gives what counts steps the value that is known of it: the way back of a file's loop is as long as that."""
        for i, adds in self.loop.counters.items():
            value = self.ctx.after_steps(adds, self.body.parameters[i], self.values[i], count)
            if value is not None:
                results[i] = value

    def _run(self, count: int | None, consts: Any, carry: Any, sums: Any) -> tuple[Any, Any]:
        if count is not None:
            (carry, sums), _ = jax.lax.scan(
                lambda state, _: (self._step(consts, *state), None), (carry, sums), None, length=count
            )
            return carry, sums
        const_leaves, const_tree = jax.tree_util.tree_flatten(consts)
        carry_leaves, carry_tree = jax.tree_util.tree_flatten(carry)
        sum_leaves, sum_tree = jax.tree_util.tree_flatten(sums)

        def going(c: list[Any], v: list[Any]) -> Any:
            return self._going(const_tree.unflatten(c), carry_tree.unflatten(v))

        def step(c: list[Any], v: list[Any], s: list[Any]) -> tuple[list[Any], list[Any]]:
            new, new_sums = self._step(const_tree.unflatten(c), carry_tree.unflatten(v), sum_tree.unflatten(s))
            return jax.tree_util.tree_leaves(new), jax.tree_util.tree_leaves(new_sums)

        carry_leaves, sum_leaves = open_loop(going, step, const_leaves, carry_leaves, sum_leaves, self.most)
        return carry_tree.unflatten(carry_leaves), sum_tree.unflatten(sum_leaves)

    def _start(self, rooms: dict[int, int], consts: Any) -> tuple[Any, Any]:
        """Returns (carry, sums) before the first step, in the form that they keep."""
        moving = [self.values[i] for i in self.moving]
        written = [self.values[i] for i in self.written]
        state = [as_traced(self.touched[k]) for k in self.changing]
        elements: list[Any] = [None] * len(self.values)
        for _ in range(_ROUNDS):
            values = [_settled(v, rooms.get(i), elements[i]) for i, v in zip(self.moving, moving, strict=True)]
            sums = [_settled(v, rooms.get(i), elements[i]) for i, v in zip(self.written, written, strict=True)]
            carry: Any = (values, state)
            if self.loop.acts:
                carry = self._with_condition(consts, (values, state, None))
            after, sums_after = jax.eval_shape(self._step, consts, carry, sums)
            news = dict(zip((*self.moving, *self.written), (*after[0], *sums_after), strict=True))
            olds = dict(zip((*self.moving, *self.written), (*values, *sums), strict=True))
            if self._note_same(olds, news, moving, written):
                continue
            told = {i: new.element_form() for i, new in news.items() if _tells_form(olds[i], new)}
            if not told:
                for i in (*self.moving, *self.written):
                    self._check_shapes(i, olds[i], news[i])
                return carry, sums
            for i, shape in told.items():
                elements[i] = shape
        raise _ShapesVary("the elements of TensorArrays in a loop do not settle to one shape")

    def _note_same(self, olds: dict[int, Any], news: dict[int, Any], moving: list[Any], written: list[Any]) -> bool:
        """Gives stacks before the loop what a step told of their elements; returns whether anything changed."""
        changed = False
        for places, values in ((self.moving, moving), (self.written, written)):
            for at, i in enumerate(places):
                old, new = olds[i], news[i]
                if isinstance(old, Cells) and isinstance(new, Cells) and old.same != new.same:
                    values[at] = values[at].with_same(new.same if old.same == NOTHING else None)
                    changed = True
        return changed

    def _check_shapes(self, index: int, before: Any, after: Any) -> None:
        old, new = (jax.tree_util.tree_flatten(v) for v in (before, after))
        same = old[1] == new[1] and all(a.shape == b.shape for a, b in zip(old[0], new[0], strict=True))
        if not same:
            shapes = [[list(leaf.shape) for leaf in leaves] for leaves, _ in (old, new)]
            shown = [s[0] if len(s) == 1 else s for s in shapes]
            name = self.ctx.op.inputs[index].name
            raise _ShapesVary(
                f"loop variable {index} ('{name}') has shape {shown[0]} before a step and {shown[1]} after it"
            )

    def _rooms(self, count: int | None) -> dict[int, int]:
        """How many elements each TensorArray of dynamic size may come to hold."""
        writes = self.loop.writes
        most = self.most if count is None else count
        pushes = self.loop.pushes
        if pushes and most is not None and min(pushes.values()) > 0:  # a file's loop, which fills stacks for gradients
            return {i: _height(self.values[i]) + n * most for i, n in pushes.items() if _grows(self.values[i])}
        if writes and self.loop.indices is not None and most is not None:
            wanted = [op.inputs[1] for ops in writes.values() for op in ops]
            played = self.ctx.play(self.loop.indices, self.known, wanted, most)
            if played is not None:
                return {
                    i: max(_capacity(self.values[i]), *(played.largest[op.inputs[1]] + 1 for op in ops))
                    for i, ops in writes.items()
                }
        if self.bound is None:
            return {}
        return {i: max(_capacity(v), self.bound) for i, v in enumerate(self.values) if _grows(v)}

    # The two regions as functions of values --------------------------------------------------------------------------

    def _inside(self, region: Any, consts: Any, values: Sequence[Any], sums: Sequence[Any]) -> dict[Tensor, Any]:
        inside = {**self.given, **dict(zip(self.constants, consts[0], strict=True))}
        parameters = region.parameters
        for indices, found in ((self.fixed, consts[1]), (self.moving, values), (self.written, sums)):
            inside.update({parameters[i]: v for i, v in zip(indices, found, strict=False)})
        return inside

    def _state(self, consts: Any, changing: Sequence[Any]) -> dict[Any, Any]:
        return {
            **dict(zip(self.constant_state, consts[2], strict=True)),
            **dict(zip(self.changing, changing, strict=True)),
        }

    def _going(self, consts: Any, carry: Any) -> Any:
        if self.loop.acts:
            return carry[2]
        inside = self._inside(self.condition, consts, carry[0], ())
        results, _ = self.ctx.with_state(self._state(consts, carry[1]), lambda: self.ctx.region(0, inside))
        return jnp.asarray(results[0], bool).reshape(())

    def _step(self, consts: Any, carry: Any, sums: Any) -> tuple[Any, Any]:
        inside = self._inside(self.body, consts, carry[0], sums)
        results, left = self.ctx.with_state(
            self._state(consts, carry[1]), lambda: [as_traced(v) for v in self.ctx.region(1, inside, self.bound)]
        )
        values = [_like_carried(results[i], old) for i, old in zip(self.moving, carry[0], strict=True)]
        state = [_like_carried(left[k], old) for k, old in zip(self.changing, carry[1], strict=True)]
        new: Any = (values, state)
        if self.loop.acts:
            new = self._with_condition(consts, (values, state, None))
        return new, [results[i] for i in self.written]

    def _with_condition(self, consts: Any, carry: Any) -> Any:
        """Evaluates a condition that changes the state, and puts its result into the carry."""
        inside = self._inside(self.condition, consts, carry[0], ())
        results, left = self.ctx.with_state(self._state(consts, carry[1]), lambda: self.ctx.region(0, inside))
        state = [_like_carried(left[k], old) for k, old in zip(self.changing, carry[1], strict=True)]
        return carry[0], state, jnp.asarray(results[0], bool).reshape(())


def _tells_form(old: Any, new: Any) -> bool:
    """Whether an array after a step tells the form of its elements, which it had not before."""
    if not isinstance(new, Cells) or new.buffer is None:
        return False
    if old.buffer is None or new.kind != NESTED:
        return old.buffer is None
    forms = [jax.tree_util.tree_flatten(v.element_form()) for v in (old, new)]
    return forms[0][1] != forms[1][1] or any(a.shape != b.shape for a, b in zip(*(f[0] for f in forms), strict=True))


def _capacity(value: Any) -> int:
    return value.capacity if isinstance(value, Cells) else 0


def _height(value: Any) -> int:
    """How many elements a stack may hold before a loop."""
    return value.size if isinstance(value.size, int) else value.capacity


def _settled(value: Any, room: int | None, element: Any) -> Any:
    return as_traced(value.settled(room, element)) if isinstance(value, Cells) else jnp.asarray(value)


def _like_carried(value: Any, old: Any) -> Any:
    """A value without JAX's weak type, which would make a loop's carry differ from step to step."""
    value = as_traced(value)
    if isinstance(value, Cells) or not getattr(value, "weak_type", False):
        return value
    return jax.lax.convert_element_type(value, old.dtype)


def _as_before(value: Any, before: Any) -> Any:
    return replace(value, bounded=before.bounded, room=before.room) if isinstance(value, Cells) else value
