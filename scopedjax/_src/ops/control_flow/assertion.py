"""`Assert`: stops a run, with values in the text, when a condition does not hold.

It runs on the host, except where its inputs depend on constants and static shapes alone: those are known while a
program is traced, so the check is made then, and costs nothing in a step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_rules import no_outputs


def summary_of(value: Any, most: int) -> str:
    """The first `most` elements (all for -1) as TF prints them: `1 2 3...`, `[1 2][3...]...`, text without quotes."""
    array = np.asarray(value)
    limit = array.size if most < 0 else min(most, array.size)
    words = [element_text(v) for v in array.reshape(-1)[:limit]]
    if array.ndim == 0:
        return "".join(words)
    text, _ = _one_axis(array.shape, 0, words, 0)
    return text + ("..." if limit < array.size else "")


def _one_axis(shape: tuple[int, ...], axis: int, words: list[str], at: int) -> tuple[str, int]:
    """The text of one axis, and how many words are used up after it."""
    parts: list[str] = []
    for _ in range(shape[axis]):
        if at >= len(words):
            if axis == len(shape) - 1 and axis:
                parts.append("...")
            break
        if axis == len(shape) - 1:
            parts.append((" " if parts else "") + words[at])
            at += 1
        else:
            inner, at = _one_axis(shape, axis + 1, words, at)
            parts.append(f"[{inner}]")
    return "".join(parts), at


def element_text(value: Any) -> str:
    """One element as TF prints it."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (bool, np.bool_)):
        return "1" if value else "0"
    if not isinstance(value, np.floating):
        return str(value)
    # As many digits as tell the number from its neighbours.
    short, full = (15, 17) if value.dtype.itemsize == 8 else (6, 9)
    text = f"{float(value):.{short}g}"
    return text if type(value)(text) == value or np.isnan(value) else f"{float(value):.{full}g}"


def _is_about_shapes(op: Operation) -> bool:
    """Whether all inputs follow from constants and from the shapes of tensors."""
    stack, seen = list(op.inputs), set[Tensor]()
    while stack:
        tensor = stack.pop()
        if tensor in seen:
            continue
        seen.add(tensor)
        record = tensor.op.record
        if record is None or record.rng or record.stateful or record.structured or record.reads:
            return False
        if record.static_value is not None or record.type == "Const":
            continue
        if record.numpy is None or not tensor.op.inputs:
            return False
        stack.extend(tensor.op.inputs)
    return True


@defop(
    "Assert(condition: bool, data: T...; summarize: int = 3)",
    shape=no_outputs,
    host=lambda op: not _is_about_shapes(op),
    static=lambda op: ("condition", "data") if _is_about_shapes(op) else (),
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _assert(ctx: Any, condition: Any, data: list[Any], *, summarize: int) -> tuple[()]:
    if not bool(condition):
        values = " ".join(f"[{summary_of(value, summarize)}]" for value in data)
        text = f"assertion failed: {values}\n\t [[{{{{node {ctx.op.name}}}}}]]"
        raise InvalidArgumentError(ctx.op.node_def, ctx.op, text)
    return ()


def Assert(condition: Any, data: Any, summarize: int | None = None, name: str | None = None) -> Operation:
    """Returns a node that fails when `condition` is false.

    Args:
      condition: Scalar tensor of bool.
      data: List of tensors whose values go into the text of the error.
      summarize: How many elements of each are shown; 3 by default, all for -1.
      name: Name scope; defaults to "Assert".

    Returns:
      The node. Nothing waits for it by itself: put it into `tf.control_dependencies`.

    Raises:
      InvalidArgumentError: (when run) the condition is false.

    >>> check = tf.Assert(tf.constant(1) > 0, ["must be positive"])
    >>> tf.Session().run(check)
    """
    with stacks.get_default_graph().name_scope(name or "Assert"):
        tensors = [convert_to_tensor(v) for v in data]
        return apply_op("Assert", condition, tensors, summarize=summarize, name="Assert")
