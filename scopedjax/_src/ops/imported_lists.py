"""TensorLists in a file's functions: which of them loops make longer, and nobody says how long.

    list = EmptyTensorList(max_num_elements=-1)      body: TensorListPushBack(list, x)          one element each step
    list = TensorListReserve(0)                      body: TensorListSetItem(list, i, x)        as long as its index
                                                     (TensorFlow 1.15: an If with a TensorListResize before it)

A compiled loop needs to know how much room there must be. So the import (`imported_functions`) gives such a loop a node
that counts (`LoopBound`), and what stacks a list of which a loop settles the length asks for that first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

BRANCHES: Final = frozenset(("If", "StatelessIf"))
CASES: Final = frozenset(("Case", "StatelessCase"))
LOOPS: Final = frozenset(("While", "StatelessWhile"))
_RESIZES: Final = "resize_if_index_out_of_bounds"


def branch_names(node: Any) -> list[str]:
    """Returns the functions that a structured node chooses from."""
    if node.op in BRANCHES:
        return [node.attr[key].func.name for key in ("then_branch", "else_branch")]
    if node.op in LOOPS:
        return [node.attr[key].func.name for key in ("cond", "body")]
    if node.op in CASES:
        return [f.name for f in node.attr["branches"].list.func]
    return []


class Lists:
    """What is known of the lists of one GraphDef while its functions are written out.

    Args:
      proto: The file's GraphDef.
      result: The one that is being written.
      functions: The functions of the library, by name.
      wired: Returns the tensor that a tensor of the file stands for.

    Attributes:
      resized: The lists whose length a loop settles.
    """

    def __init__(self, proto: Any, result: Any, functions: Mapping[str, Any], wired: Callable[[str], str]) -> None:
        self.proto = proto
        self.result = result
        self.functions = functions
        self.wired = wired
        self.resized: set[str] = set()
        self._makers: dict[str, Any] = {}  # the nodes of the file, and of `result` as far as `_indexed`
        self._indexed = 0
        self._resizing: dict[str, bool] = {}

    def grow_in(self, body: Any, given: Sequence[str]) -> bool:
        """Whether a loop with a body is given a list that may become as long as nobody says."""
        resizes = self.are_resized_by(body)
        for maker in map(self._maker, given):
            if maker is not None and maker.op == "EmptyTensorList" and self._is_unlimited(maker):
                return True
            if maker is not None and maker.op == "TensorListReserve" and resizes:
                return True
        return False

    def are_resized_by(self, function: Any, around: tuple[str, ...] = ()) -> bool:
        """Whether a function, or one that it calls, makes lists longer by writing to them."""
        name = function.signature.name
        if name not in self._resizing:
            inside = (*around, name)
            self._resizing[name] = any(self._resizes(node, inside) for node in function.node_def)
        return self._resizing[name]

    def _resizes(self, node: Any, around: tuple[str, ...]) -> bool:
        if node.op == "TensorListResize" or _RESIZES in node.attr and node.attr[_RESIZES].b:
            return True
        called = [name for name in (*branch_names(node), node.op) if name in self.functions and name not in around]
        return any(self.are_resized_by(self.functions[name], around) for name in called)

    def _is_unlimited(self, maker: Any) -> bool:
        limit = self._maker(maker.input[1])
        if limit is None or limit.op != "Const":
            return limit is not None and limit.op == "Placeholder"  # a loop variable: nobody knows it beforehand
        from scopedjax._src.graph.tensor_proto import decode

        return int(decode(limit.attr["value"].tensor, "max_num_elements")) < 0

    def is_resized(self, stack: Any) -> bool:
        """Whether a TensorListStack takes a list whose length a loop has settled."""
        if "num_elements" in stack.attr and stack.attr["num_elements"].i >= 0:
            return False
        tensor = self.wired(stack.input[0])
        while (maker := self._maker(tensor)) is not None and maker.op in ("Identity", "IdentityN"):
            tensor = self.wired(maker.input[int(tensor.partition(":")[2] or 0)])
        return tensor in self.resized

    def _maker(self, tensor: str) -> Any:
        """Returns the node that makes a tensor."""
        if not self._makers:
            self._makers.update((node.name, node) for node in self.proto.node)
        for node in self.result.node[self._indexed :]:
            self._makers.setdefault(node.name, node)
        self._indexed = len(self.result.node)
        return self._makers.get(self.wired(tensor).partition(":")[0])
