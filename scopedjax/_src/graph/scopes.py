"""The stacks that a `with` statement pushes: name scope, control dependencies, devices, colocation, regions.

All of them are fields of one `Scopes` object per graph and thread, so that two threads that record into one graph do
not see each other's scopes, as in TF1. Entering a scope stores the old value and leaving puts it back; nothing is
copied.

    with tf.name_scope("a"):                 scopes.name_stack == "a"
      with tf.control_dependencies([op]):    scopes.controllers == [Controller([op])]
        with tf.device("/cpu:0"):            scopes.devices == ["/cpu:0"]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scopedjax._src.graph.contexts import ControlFlowContext
    from scopedjax._src.graph.operation import Operation


class Controller:
    """One `control_dependencies` block: what to wait for, and which nodes were made inside."""

    __slots__ = ("context", "control_inputs", "fresh", "seen")

    def __init__(self, control_inputs: Sequence[Operation] | None, context: ControlFlowContext | None) -> None:
        self.fresh = control_inputs is None  # control_dependencies(None) forgets the blocks around it
        self.control_inputs = list(control_inputs or ())
        self.seen: set[Operation] = set()
        self.context = context


class Scopes:
    """The state of all scope stacks of one graph in one thread."""

    __slots__ = (
        "attrs",
        "colocation",
        "container",
        "context",
        "controllers",
        "devices",
        "gradient_overrides",
        "name_stack",
        "variable_creators",
    )

    def __init__(self) -> None:
        self.name_stack = ""
        self.controllers: list[Controller] = []
        self.devices: list[str | Callable[[Operation], Any]] = []
        self.colocation: tuple[str, ...] = ()
        self.container = ""
        self.context: ControlFlowContext | None = None
        self.attrs: dict[str, Any] = {}
        self.gradient_overrides: dict[str, str] = {}
        self.variable_creators: tuple[Callable[..., Any], ...] = ()

    def control_inputs_for(self, input_ops: Sequence[Operation]) -> list[Operation]:
        """Returns the control inputs that the open blocks give to a node with these inputs.

        A block adds nothing where one of the inputs was itself made inside the block: the input waits already.
        """
        found: dict[Operation, None] = {}
        for controller in self.controllers:
            seen = controller.seen
            if not any(op in seen for op in input_ops):
                for op in controller.control_inputs:
                    if op not in input_ops:
                        found[op] = None
        return list(found)

    def record_seen(self, op: Operation) -> None:
        """Tells the open blocks that `op` was made inside them."""
        for controller in self.controllers:
            controller.seen.add(op)

    def current_control_inputs(self) -> list[Operation]:
        """Returns what all open blocks wait for."""
        found: dict[Operation, None] = {}
        for controller in self.controllers:
            for op in controller.control_inputs:
                found[op] = None
        return list(found)
