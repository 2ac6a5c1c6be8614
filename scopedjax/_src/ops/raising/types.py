"""`Types`: the dtypes of a file's tensors, as far as raising has to know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scopedjax._src.ops.imported_node import read_node
from scopedjax._src.ops.raising.dataflow import Dataflow, Node, Source
from scopedjax._src.ops.registry import lookup

_FLOAT, _INT, _BOOL, _RESOURCE, _VARIANT = 1, 3, 10, 20, 21
_REFERENCE = 100  # what a reference's number is above that of its dtype
_OWN = frozenset(("Switch", "Merge", "Enter", "Exit", "NextIteration", "StackPush", "StackPushV2"))


class Types:
    """Dtypes, as the numbers that files have for them.

    Args:
      flow: The graph.
      op_defs: OpDefs that came with the file, by type.

    Attributes:
      known: Dtypes by the name of a tensor.
      indexed: Merges of whose two results the second one is used, too.
    """

    def __init__(self, flow: Dataflow, op_defs: Mapping[str, Any]) -> None:
        self._op_defs = op_defs
        self._of: dict[Node, list[int]] = {}
        self.known: dict[str, int] = {}
        self.indexed = {
            source
            for node in flow.nodes.values()
            for source, index in node.inputs
            if source.kind == "Merge" and index == 1 and source.variable is None
        }

    def of(self, source: Source) -> int:
        """Returns the dtype of a tensor, without its being a reference."""
        node, index = source
        types = self.all_of(node)
        return types[index] if index < len(types) else self._guessed(node)

    def all_of(self, node: Node) -> list[int]:
        """Returns the dtypes of a node's outputs."""
        found = self._of.get(node)
        if found is None:
            found = self._of[node] = [number % _REFERENCE for number in self._found(node)]
        return found

    @staticmethod
    def is_pure(node: Node) -> bool:
        """Whether a node may be computed a second time."""
        record = lookup(node.kind)
        return record is not None and not (record.stateful or record.rng or record.writes or record.structured)

    def _found(self, node: Node) -> list[int]:
        if node.kind in _OWN:
            own = node.proto.attr["T"].type
            return [own, _INT] if node.kind == "Merge" else [own, own]
        if node.kind == "LoopCond":
            return [_BOOL]
        if node.kind in ("StackPop", "StackPopV2"):
            return [node.proto.attr["elem_type"].type]
        if not node.kind or node.kind in ("Stack", "StackV2"):
            return [_RESOURCE]
        read = read_node(node.proto, node.name, self._op_defs)
        if read.output_types is None:
            return [self._guessed(node)]
        return [dtype.as_datatype_enum for dtype in read.output_types]

    @staticmethod
    def _guessed(node: Node) -> int:
        """The dtype of an output of an unknown node."""
        for key in ("dtype", "T", "Tout", "out_type", "output_type", "DstT"):
            if node.proto is not None and key in node.proto.attr and node.proto.attr[key].type:
                return node.proto.attr[key].type % _REFERENCE
        return _VARIANT
