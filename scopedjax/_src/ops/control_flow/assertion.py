"""`Assert`: stops a run, with values in the text, when a condition does not hold. It runs on the host."""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_rules import no_outputs


def summary_of(value: Any, most: int) -> str:
    """The first elements of a value as TF prints them: `[1 2 3...]`, text without quotes."""
    flat = np.asarray(value).reshape(-1)
    shown = flat if most < 0 else flat[:most]
    words = [v.decode(errors="replace") if isinstance(v, bytes) else _number(v) for v in shown]
    text = " ".join(words) + ("..." if len(shown) < len(flat) else "")
    return text if np.ndim(value) == 0 else f"[{text}]"


def _number(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "1" if value else "0"
    return f"{float(value):.6g}" if isinstance(value, np.floating) else str(value)


@defop(
    "Assert(condition: bool, data: T...; summarize: int = 3)",
    shape=no_outputs,
    host=True,
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _assert(ctx: Any, condition: Any, data: list[Any], *, summarize: int) -> tuple[()]:
    if not bool(condition):
        values = " ".join(summary_of(value, summarize) for value in data)
        raise InvalidArgumentError(ctx.op.node_def, ctx.op, f"assertion failed: {values} (node '{ctx.op.name}')")
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
