"""What happened to the elements of TensorArrays: written, read, cleared. TF1 stops a run that writes one twice.

    a = tf.TensorArray(tf.float32, 3)     marks of 'TensorArray':  [fresh, fresh, fresh]
    a = a.write(1, x)                                              [fresh, written, fresh]
    y = a.read(1)                                                  [fresh, read, fresh]       the element is gone

TF1 keeps them behind the handle, so that reading changes them though it hands on no new flow. Here they are values of
the trace's state, by the node that made the array: NumPy arrays as long as all indices are known, else values of the
program, which loops and branches carry as they carry variables. What is wrong goes into the note of `checks`.

Most loops do nothing wrong for reasons that can be seen before they run, and then carry no marks:

- the number of steps is known, and the indices can be played through: the marks are those that the play leaves;
- an array is touched by one node, at an index that grows in every step.

Invariants: there are marks only in programs that check anything; an array without marks is not checked. Those are
arrays of gradients and of strings, stacks of imported gradients, and an array in any program but the one that made it
(a loop that runs step by step on the host).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.effects import regions_of
from scopedjax._src.lower.loops import play, slice_of
from scopedjax._src.ops.constant_value import constant_value

FRESH: Final = 0
WRITTEN: Final = 1
READ: Final = 2
CLOSED: Final = 3

_TWICE: Final = (
    "Could not read index {found} twice because it was cleared after a previous read (perhaps try setting "
    "clear_after_read = false?)."
)
_REWRITTEN: Final = "Could not write to TensorArray index {found} because it has already been written to."
_TOO_LATE: Final = "Could not write to TensorArray index {found} because it has already been read."
_GONE: Final = "has already been closed."
Refuse = Callable[[Any, Any, str], None]


def key_of(maker: Operation) -> str:
    """Returns the key in a trace's state under which the marks of an array are."""
    return f"marks of {maker.name}"


def with_room(marks: Any, room: int) -> Any:
    """Returns marks for at least so many elements."""
    missing = room - marks.shape[0]
    if missing <= 0:
        return marks
    return (np if isinstance(marks, np.ndarray) else jnp).pad(marks, (0, missing))


def _words(maker: Operation, text: str) -> str:
    name = maker.attrs.get("tensor_array_name") or maker.name
    name = name.decode() if isinstance(name, bytes) else name
    return f"TensorArray {name}{' ' if text is _GONE else ': '}{text}"


def _wrong_states(maker: Operation, new: int) -> dict[int, str]:
    """The states in which an element cannot be read or written, with what is said then."""
    if new == WRITTEN:
        return {WRITTEN: _REWRITTEN, READ: _TOO_LATE}
    return {READ: _TWICE} if maker.attrs.get("clear_after_read", True) else {}


def marked(maker: Operation, marks: Any, indices: Any, new: int, refuse: Refuse) -> Any:
    """Returns the marks after elements were read or written.

    Args:
      maker: The node that made the array.
      marks: Its marks, `[size]`.
      indices: A scalar or a vector; those out of range are left out.
      new: `WRITTEN` or `READ`.
      refuse: Is called with (where it is wrong, index, words) for each way to be wrong.
    """
    if isinstance(marks, np.ndarray) and isinstance(indices, (int, np.ndarray, np.generic)):
        return _marked_now(maker, marks, np.atleast_1d(np.asarray(indices, np.int64)), new, refuse)
    marks, indices = jnp.asarray(marks), jnp.asarray(indices)
    if not marks.size:
        return marks
    states = marks.at[indices].get(mode="fill", fill_value=FRESH)
    wrong = _wrong_states(maker, new)
    for state, text in wrong.items():
        refuse(states == state, indices, _words(maker, text))
    if indices.ndim and wrong:
        times = jnp.zeros(marks.shape, jnp.int32).at[indices].add(1, mode="drop")
        again = times.at[indices].get(mode="fill", fill_value=0) > 1
        refuse(again, indices, _words(maker, wrong[min(wrong)]))
    return marks.at[indices].set(np.uint8(new), mode="drop")


def _marked_now(maker: Operation, marks: np.ndarray, indices: np.ndarray, new: int, refuse: Refuse) -> np.ndarray:
    inside = indices[(indices >= 0) & (indices < len(marks))]
    states = marks[inside]
    wrong = _wrong_states(maker, new)
    if (states == CLOSED).any():
        refuse(np.asarray(True), np.asarray(0), _words(maker, _GONE))
    for state, text in wrong.items():
        if (states == state).any():
            refuse(states == state, inside, _words(maker, text))
    found, times = np.unique(inside, return_counts=True)
    if wrong and (times > 1).any():
        refuse(times > 1, found, _words(maker, wrong[min(wrong)]))
    result = marks.copy()
    result[inside] = new
    return result


# --------------------------------------------------------------------------------------------------- arrays in loops


def accesses(op: Operation) -> dict[Operation, list[Operation]]:
    """Returns, for each array from outside of a structured node, the nodes in its regions that touch it."""
    extra = op._extra
    assert extra is not None
    found: dict[Operation, list[Operation]] | None = extra.get("array accesses")
    if found is None:
        found = {}
        inside: set[Operation] = set()
        _gather_accesses(op, found, inside)
        found = extra["array accesses"] = {m: ops for m, ops in found.items() if m not in inside}
    return found


def _gather_accesses(op: Operation, found: dict[Operation, list[Operation]], inside: set[Operation]) -> None:
    for region in regions_of(op):
        for inner in region.ops:
            kind = "" if inner.record is None else inner.record.array
            if kind == "make":
                inside.add(inner)
            elif kind in ("read", "write", "close") and inner.inputs:
                found.setdefault(inner.inputs[0].op, []).append(inner)
            _gather_accesses(inner, found, inside)


def _indices(op: Operation, ops: Sequence[Operation]) -> list[Tensor] | None:
    """Returns the index that each node uses, or None where a node does not stand in the body, or names no index."""
    _, body = regions_of(op)[:2]
    if any(o.context is not body or len(o.inputs) < 3 or o.type in ("TensorArraySplitV3",) for o in ops):
        return None
    return [o.inputs[1] for o in ops]


def _is_growing(op: Operation, index: Tensor) -> bool:
    """Whether a tensor is a variable of a loop to which every step adds a positive constant."""
    _, body = regions_of(op)[:2]
    while index.op.type == "Identity" and index not in body.parameters:
        index = index.op.inputs[0]
    if index not in body.parameters:
        return False
    result = body.results[body.parameters.index(index)]
    while result.op.type == "Identity" and result not in body.parameters:
        result = result.op.inputs[0]
    if result.op.type not in ("Add", "AddV2"):
        return False
    for own, other in (result.op.inputs, result.op.inputs[::-1]):
        if own is index:
            step = constant_value(other)
            return step is not None and np.size(step) == 1 and int(np.reshape(step, ())) > 0
    return False


def settle(
    op: Operation, state: dict[Any, Any], known: dict[Tensor, Any], count: int | None, room: int
) -> dict[str, Any]:
    """Takes out of the state the marks of arrays with which a loop is sure to do nothing wrong.

    Args:
      op: The loop.
      state: Holds the marks before the loop; those that the loop has to carry stay.
      known: NumPy values of inputs of the loop.
      count: The number of steps, where it is known.
      room: How many elements arrays that grow may come to hold; 0 where that is not known.

    Returns:
      The marks that the loop leaves of those that were taken out, None where nothing is known of them.
    """
    left: dict[str, Any] = {}
    for maker, ops in accesses(op).items():
        key = key_of(maker)
        marks = state.get(key)
        if marks is None:
            continue
        if maker.attrs.get("dynamic_size"):  # what is carried keeps its size
            marks = state[key] = with_room(marks, room)
        found = _left(op, ops, marks, known, count)
        if found is not None or _is_harmless(op, ops, marks) or maker.attrs.get("dynamic_size") and not room:
            left[key] = found
            del state[key]
    return left


def _left(
    op: Operation, ops: Sequence[Operation], marks: Any, known: dict[Tensor, Any], count: int | None
) -> np.ndarray | None:
    """Returns the marks that a loop leaves where it can be played and no step goes wrong, else None."""
    indices = _indices(op, ops)
    if indices is None or count is None or not isinstance(marks, np.ndarray):
        return None
    played = play(op, slice_of(op, indices), known, indices, count)
    if played is None:
        return None
    failed: list[bool] = []
    for step in range(count):
        for access, index in zip(ops, indices, strict=True):
            at = played.taken[index][step]
            if np.size(at) and (np.min(at) < 0 or np.max(at) >= len(marks)):
                return None
            new = WRITTEN if access.record.array == "write" else READ
            marks = marked(access.inputs[0].op, marks, at, new, lambda *_: failed.append(True))
            if failed:
                return None
    return marks


def _is_harmless(op: Operation, ops: Sequence[Operation], marks: Any) -> bool:
    """Whether a loop touches only fresh elements (or reads only unread ones), each at most once."""
    indices = _indices(op, ops)
    if indices is None or len(ops) != 1 or not isinstance(marks, np.ndarray):
        return False
    wrong = _wrong_states(ops[0].inputs[0].op, WRITTEN if ops[0].record.array == "write" else READ)
    if not wrong and not (marks == CLOSED).any():
        return True
    return not np.isin(marks, [*wrong, CLOSED]).any() and _is_growing(op, indices[0])
