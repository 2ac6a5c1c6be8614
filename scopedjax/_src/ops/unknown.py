"""Nodes whose op type is not known here: they are recorded, written back, and refused only when a run needs them.

A file from elsewhere may hold types that this package does not have: a reader that nobody runs any more, a custom
kernel, a Saver's nodes. TensorFlow refuses such a file; here the rest of its graph is usable, and feeding the output of
an unknown node runs what comes after it.

Its outputs are taken from the OpDef that came with the file (a MetaGraphDef has them), else from its use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scopedjax._src.base.dtypes import DType, variant
from scopedjax._src.base.errors import NotFoundError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.ops.registry import NO_GRADIENT, OpRecord
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.signature import Arg, Signature

_MOST_SHOWN = 5  # nodes of one type, and users of one node


@dataclass(eq=False)
class UnknownOpRecord(OpRecord):
    """The record of a type that is not in the registry.

    Attributes:
      definition: The type's OpDef, if the file had it.
      reason: Why a node of it cannot run.
    """

    definition: Any = None
    reason: str = ""

    def op_def(self) -> Any:
        """Returns the OpDef that came with the file, or None."""
        return self.definition


def unknown_record(op_type: str, inputs: int, definition: Any = None, reason: str = "") -> UnknownOpRecord:
    """Returns a record for a node of a type that cannot run here.

    Args:
      op_type: TensorFlow's name of the type.
      inputs: The number of inputs that the node has.
      definition: Its OpDef, or None.
      reason: Why it cannot run, if not because it is unknown.

    Raises:
      ValueError: the OpDef is not well formed.
    """
    signature = Signature(op_type, tuple(Arg(f"input_{i}", dtype=variant) for i in range(inputs)), (), {})
    types: Mapping[str, Sequence[DType]] = {}
    if definition is not None:
        from scopedjax._src.ops.opdef import signature_of

        signature, types = signature_of(definition)
    record = UnknownOpRecord(
        signature, _refuse, shape=_unknown_shapes, gradient=NO_GRADIENT, host=True, stateful=True, wants_ctx=True,
        types={name: tuple(allowed) for name, allowed in types.items()}, definition=definition, reason=reason,
    )  # fmt: skip
    return record


def _unknown_shapes(c: ShapeContext) -> list[Dims]:
    from scopedjax._src.ops.apply import output_dtypes

    return [None] * len(output_dtypes(c.record, c.attrs))


def _refuse(ctx: Any, *values: Any) -> Any:
    del values
    op: Operation = ctx.op
    record = op.record
    reason = (
        record.reason if isinstance(record, UnknownOpRecord) and record.reason else "it came with an imported GraphDef"
    )
    raise NotFoundError(
        op.node_def,
        op,
        f"Op type not registered '{op.type}': node '{op.name}' cannot run here ({reason}). Feed its outputs, fetch "
        "something that does not need it, or register the type; tf.import_graph_def's input_map can put another tensor "
        f"in its place. {_all_of(op.graph)}",
    )


def _all_of(graph: Graph) -> str:
    """Lists all nodes of a graph that cannot run, by type, with the nodes that need them: they are met one by one."""
    users: dict[Operation, list[str]] = {op: [] for op in unknown_ops(graph)}
    for op in graph.get_operations():
        for source in dict.fromkeys((*(t.op for t in op.inputs), *op.control_inputs)):
            if source in users:
                users[source].append(op.name)
    types: dict[str, list[str]] = {}
    for op, names in users.items():
        needed = f" (needed by {_some(names)})" if names else ""
        types.setdefault(op.type, []).append(f"'{op.name}'{needed}")
    return "Of types not known here the graph has: " + "; ".join(f"{t}: {_some(n, '')}" for t, n in types.items())


def _some(names: Sequence[str], quote: str = "'") -> str:
    shown = ", ".join(f"{quote}{name}{quote}" for name in names[:_MOST_SHOWN])
    return shown + (f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else "")


def unknown_ops(graph: Graph) -> list[Operation]:
    """Returns the nodes of a graph that cannot run here, in the order in which they were recorded."""
    return [op for op in graph.get_operations() if op.record is None or isinstance(op.record, UnknownOpRecord)]
