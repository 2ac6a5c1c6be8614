"""Control-flow regions: which nodes belong to a branch of a `cond`, or to the body of a loop.

    pred ----> If (cond/Merge) <---- captured: x
                |-- region "true":   cond/add   = x + 1
                `-- region "false":  cond/mul   = x * 2

Nodes of a region live in the same graph as all others, under TF1's names, and carry their region as `op.context`. The
structured node (`If`, `WhileLoop`) takes every outside tensor that its regions use as an explicit input (a *capture*),
so pruning and gradients see ordinary edges. Invariants: a node outside a region never takes a node inside it as an
input; a region's nodes run only when its structured node runs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scopedjax._src.graph.operation import Operation
    from scopedjax._src.graph.tensor import Tensor


class ControlFlowContext:
    """One region of nodes.

    Attributes:
      name: The scope under which the region was recorded.
      outer: The enclosing region, or None.
      kind: "cond_true", "cond_false", "while_cond", "while", or "view": a region without nodes of its own, which yields
        other values that nodes of another region compute.
      captures: Tensors from outside that nodes in the region use, in order of first use.
      controls: Nodes from outside that nodes in the region wait for.
      ops: The nodes of the region itself (not of regions inside it), in order of creation.
      results: What the region yields; set when it is closed.
      parameters: Nodes of the region that stand for values handed in (loop variables).
      from_file: Whether it came with an imported graph.
    """

    def __init__(self, name: str, kind: str, outer: ControlFlowContext | None) -> None:
        self.name = name
        self.kind = kind
        self.outer = outer
        self.captures: dict[Tensor, None] = {}
        self.controls: dict[Operation, None] = {}
        self.ops: list[Operation] = []
        self.results: list[Tensor] = []
        self.result_controls: list[Operation] = []
        self.parameters: list[Tensor] = []
        self.extra: dict[str, Any] = {}
        self.from_file = False

    def encloses(self, context: ControlFlowContext | None) -> bool:
        """Whether `context` is this region or lies inside it."""
        while context is not None:
            if context is self:
                return True
            context = context.outer
        return False

    def add_op(self, op: Operation) -> None:
        """Takes a new node into the region and notes what it uses from outside, here and in every region around."""
        self.ops.append(op)
        region: ControlFlowContext | None = self
        while region is not None:
            for tensor in op.inputs:
                if not region.encloses(tensor.op.context):
                    region.captures.setdefault(tensor)
            for control in op.control_inputs:
                if not region.encloses(control.context):
                    region.controls.setdefault(control)
            region = region.outer

    def capture(self, tensor: Tensor) -> None:
        """Notes that the region hands out a tensor from outside."""
        region: ControlFlowContext | None = self
        while region is not None:
            if not region.encloses(tensor.op.context):
                region.captures.setdefault(tensor)
            region = region.outer

    def close(self) -> None:
        """Leaves out nodes that nothing of what the region yields needs: they never run, and what they take does not
        count as taken. In the body of a function nodes with effects run whether they are needed or not."""
        if self.ops and self.ops[0].graph.building_function:
            return
        needed: set[Operation] = set()
        taken: set[Tensor] = set(self.results)
        waited: set[Operation] = set(self.result_controls)
        stack = [*(t.op for t in self.results), *self.result_controls]
        while stack:
            op = stack.pop()
            if op.context is not self or op in needed:
                continue
            needed.add(op)
            taken.update(op.inputs)
            waited.update(op.control_inputs)
            stack.extend(t.op for t in op.inputs)
            stack.extend(op.control_inputs)
        needed.update(t.op for t in self.parameters)
        self.ops = [op for op in self.ops if op in needed]
        self.captures = {t: None for t in self.captures if t in taken}
        self.controls = {op: None for op in self.controls if op in waited}

    def __repr__(self) -> str:
        return f"<ControlFlowContext {self.kind} '{self.name}'>"
