"""The node types of queues. A queue's node owns a `Buffer` in each session; the others take its handle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.base.dtypes import int64
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.ops.queues.buffers import Buffer, FirstInFirstOut, Padding, Priority, RandomShuffle
from scopedjax._src.ops.random import philox
from scopedjax._src.ops.random.seeds import is_drawn_anew, random_seeds
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, declare, declare_former, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import no_outputs, scalar

_WORDS = 256  # random words made at a time
_OWNER = "capacity: int = -1, container: string = '', shared_name: string = ''"


def _arguments(op: Operation) -> tuple[Any, ...]:
    """Returns what a `Buffer` is made of."""
    attrs = op.attrs
    types, shapes = attrs["component_types"], attrs["shapes"]
    if op.type.removesuffix("V2") == "PriorityQueue":
        types, shapes = (int64, *types), ((), *shapes)
    return op.name, attrs["shared_name"], attrs["capacity"], types, shapes


def _random_words(seed: int, seed2: int) -> Callable[[], int]:
    """Returns a function that gives the words of a random stream one after the other."""
    if is_drawn_anew(seed, seed2):
        seed, seed2 = random_seeds()
    block, ready = 0, iter(())

    def draw() -> int:
        nonlocal block, ready
        word = next(ready, None)
        if word is None:
            ready = iter(philox.words(np, seed, seed2, block, _WORDS).tolist())
            block += _WORDS // 4
            word = next(ready)
        return word

    return draw


def _random_shuffle(op: Operation) -> RandomShuffle:
    attrs = op.attrs
    least, capacity = attrs["min_after_dequeue"], attrs["capacity"]
    if least < 0 or 0 <= capacity <= least:
        raise InvalidArgumentError(
            None, op,
            f"min_after_dequeue {least} must be {'>= 0' if least < 0 else f'< capacity {capacity}'}\n\t "
            f"[[{{{{node {op.name}}}}}]]",
        )  # fmt: skip
    return RandomShuffle(*_arguments(op), least=least, draw=_random_words(attrs["seed"], attrs["seed2"]))


_MAKERS: dict[str, Callable[[Operation], Buffer]] = {
    "FIFOQueueV2": lambda op: FirstInFirstOut(*_arguments(op)),
    "PaddingFIFOQueueV2": lambda op: Padding(*_arguments(op)),
    "PriorityQueueV2": lambda op: Priority(*_arguments(op)),
    "RandomShuffleQueueV2": _random_shuffle,
}


def _make(ctx: Any) -> Buffer:
    return _MAKERS[_newer(ctx.op.type)](ctx.op)


def _newer(op_type: str) -> str:
    """The type with a resource handle that stands for one with a `Ref string` handle."""
    return op_type if op_type.endswith("V2") else f"{op_type}V2"


for _signature in (
    f"FIFOQueueV2(; component_types: list(type), shapes: list(shape) = [], {_OWNER}) -> handle: resource",
    f"PaddingFIFOQueueV2(; component_types: list(type), shapes: list(shape) = [], {_OWNER}) -> handle: resource",
    f"PriorityQueueV2(; component_types: list(type) = [], shapes: list(shape), {_OWNER}) -> handle: resource",
    "RandomShuffleQueueV2(; component_types: list(type), shapes: list(shape) = [], capacity: int = -1, "
    "min_after_dequeue: int = 0, seed: int = 0, seed2: int = 0, container: string = '', shared_name: string = '') "
    "-> handle: resource",
):
    declare(_signature, _make, shape=scalar, host=True, stateful=True, owns_storage=True, gradient=NOT_DIFFERENTIABLE)


def buffer_of(ctx: Any, index: int = 0) -> Buffer:
    """Returns the buffer behind the handle at input `index` of the node that runs."""
    found = ctx.resource(index)
    op = ctx.op.inputs[index].op
    if op.attrs.get("shared_name"):
        kind = op.type.removesuffix("V2")
        _, _, capacity, types, shapes = _arguments(op)
        found.check_shared(kind, capacity, types, shapes)
    return found


def _element_dims(c: ShapeContext) -> list[Dims]:
    count = len(c.attr("component_types"))
    op = c.inputs[0].op
    shapes = _arguments(op)[4] if _newer(op.type) in _MAKERS else ()
    return list(shapes) if len(shapes) == count else [None] * count


def _batch_dims(c: ShapeContext) -> list[Dims]:
    count = c.const(1)
    if count is not None and count < 0:
        raise ValueError(f"Input 'n' must be >= 0, but is {count} for '{c.name}' (op: '{c.record.type}')")
    rows = None if count is None or _newer(c.record.type) != "QueueDequeueManyV2" else int(count)
    return [None if dims is None else (rows, *dims) for dims in _element_dims(c)]


_HOST: dict[str, Any] = {
    "host": True,
    "stateful": True,
    "reads": ("handle",),
    "gradient": NO_GRADIENT,
}


@defop("QueueEnqueueV2(handle: resource, components: Tcomponents...; timeout_ms: int = -1)", shape=no_outputs, **_HOST)
def _enqueue(ctx: Any, handle: Any, components: list[Any]) -> tuple[()]:
    buffer_of(ctx).enqueue(components)
    return ()


@defop(
    "QueueEnqueueManyV2(handle: resource, components: Tcomponents...; timeout_ms: int = -1)", shape=no_outputs, **_HOST
)
def _enqueue_many(ctx: Any, handle: Any, components: list[Any]) -> tuple[()]:
    buffer_of(ctx).enqueue_many(components)
    return ()


@defop(
    "QueueDequeueV2(handle: resource; component_types: list(type), timeout_ms: int = -1) "
    "-> components: component_types...",
    shape=_element_dims,
    **_HOST,
)
def _dequeue(ctx: Any, handle: Any) -> list[Any]:
    return list(buffer_of(ctx).dequeue())


@defop(
    "QueueDequeueManyV2(handle: resource, n: int32; component_types: list(type), timeout_ms: int = -1) "
    "-> components: component_types...",
    shape=_batch_dims,
    **_HOST,
)
def _dequeue_many(ctx: Any, handle: Any, n: Any) -> list[Any]:
    return list(buffer_of(ctx).dequeue_many(int(n)))


@defop(
    "QueueDequeueUpToV2(handle: resource, n: int32; component_types: list(type), timeout_ms: int = -1) "
    "-> components: component_types...",
    shape=_batch_dims,
    **_HOST,
)
def _dequeue_up_to(ctx: Any, handle: Any, n: Any) -> list[Any]:
    return list(buffer_of(ctx).dequeue_many(int(n), partly=True))


@defop("QueueCloseV2(handle: resource; cancel_pending_enqueues: bool = False)", shape=no_outputs, **_HOST)
def _close(ctx: Any, handle: Any, *, cancel_pending_enqueues: bool) -> tuple[()]:
    buffer_of(ctx).close(cancel_pending_enqueues)
    return ()


@defop("QueueSizeV2(handle: resource) -> size: int32", shape=scalar, **_HOST)
def _size(ctx: Any, handle: Any) -> Any:
    return np.int32(buffer_of(ctx).count())


@defop("QueueIsClosedV2(handle: resource) -> is_closed: bool", shape=scalar, **_HOST)
def _is_closed(ctx: Any, handle: Any) -> Any:
    return np.bool_(buffer_of(ctx).closed)


# Graphs of TensorFlow before 1.0 have these types with handles of another kind.
for _type in (
    *_MAKERS, "QueueEnqueueV2", "QueueEnqueueManyV2", "QueueDequeueV2", "QueueDequeueManyV2", "QueueDequeueUpToV2",
    "QueueCloseV2", "QueueSizeV2", "QueueIsClosedV2",
):  # fmt: skip
    _former = declare_former(_type)
    if _type not in _MAKERS and _type != "QueueIsClosedV2":
        _former.gradient = NOT_DIFFERENTIABLE  # which TensorFlow says of the older forms alone
