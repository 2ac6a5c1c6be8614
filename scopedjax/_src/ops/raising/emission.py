"""`Emission`: writes a laid out graph as a GraphDef with regions (see `graph.graphdef` for their form).

    while/Enter      Enter(x)            -> Identity(x)
    while/Merge      Merge(...)          -> Placeholder, the variable in the condition     region while/WhileLoop#0
    while/LoopCond   LoopCond(c)         -> Identity(c)                                    region while/WhileLoop#0
    while/Switch     Switch(Merge, ...)  -> IdentityN(v, v), v a new Placeholder           region while/WhileLoop#1
    while/Exit       Exit(Switch)        -> Identity(while/WhileLoop)
    cond/x/Switch    Switch(x, p)        -> IdentityN(x, x)
    cond/Merge       Merge(f, t)         -> Identity(cond/If)

Every node of the file keeps its name. One that takes `cond/x/Switch` or an Enter of a constant takes what stands
behind it, as all nodes of a region take what is outside as it is. Nodes that carry the handle of a store become
`NoOp`: stores are values here (see `stores`).

Invariants: a node's inputs belong to its own place or one around it; what a region takes from outside is an input of
its structured node.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.graph import protos
from scopedjax._src.graph.attributes import FunctionAttr, to_attr_value
from scopedjax._src.graph.graphdef import FORWARD, REGION, REGIONS
from scopedjax._src.ops.control_flow.array_nodes import STACK
from scopedjax._src.ops.raising import stores as kinds
from scopedjax._src.ops.raising.dataflow import Node, Source, Variable, literals_of, refused, text_of
from scopedjax._src.ops.raising.layout import Branching, Layout, Looping, Place
from scopedjax._src.ops.raising.store_nodes import StoreNodes
from scopedjax._src.ops.raising.stores import State, Store, Stores, touched
from scopedjax._src.ops.raising.types import Types
from scopedjax._src.ops.raising.wires import BOOL, INT

_FLOW: Final = "TensorArrayFlow"  # a number in the place of flows, which order nothing here
_KEPT: Final = ("_class", "_output_shapes")


class Emission(StoreNodes):
    """Writes one graph."""

    def written(self) -> list[Any]:
        """Returns the NodeDefs."""
        self.place(self.layout.root)
        return self.nodes

    # Places ----------------------------------------------------------------------------------------------------------

    def place(self, place: Place) -> None:
        """Writes what a place holds."""
        for item in place.row:
            if isinstance(item, Branching):
                self._if(item)
            elif isinstance(item, Looping):
                self._loop(item)
            else:
                self._node(item, place)

    def _node(self, node: Node, place: Place) -> None:
        if self.stores.carries_handle(node):
            self.named(node, "NoOp", [], place)
        elif node in self.stores.store_of:
            self._touch(node, place)
        elif node.kind == "Switch":
            text = self.text(node.inputs[0], place)
            dtype = self.dtype(text)
            self.named(node, "IdentityN", [text, text], place, T=to_attr_value([dtype, dtype], "list(type)"))
        elif node.kind == "Exit":
            source = self.behind(node.inputs[0])
            self.named(node, "Identity", [self.text(source, place)], place, T=self.types.of((node, 0)))
        elif node.kind in ("NextIteration", "LoopCond"):
            text = self.text(node.inputs[0], place)
            self.named(node, "Identity", [text], place, T=self.types.of((node, 0)))
        elif node.kind == "Merge":
            return  # its If writes it
        elif node.kind == "ControlTrigger":
            self.named(node, "NoOp", [], place)
        else:
            inputs = [self.text(source, place) for source in node.inputs]
            self.nodes.append(self._copied(node, place, inputs, node.name))

    # Ifs -------------------------------------------------------------------------------------------------------------

    def _if(self, item: Branching) -> None:
        outer = item.outer
        condition = self.text(item.predicate, outer)
        changed = self.changed_in(item.branches)
        for state in changed:
            self.now(state, outer)
        results: list[list[str]] = [[], []]
        absent: list[list[int]] = [[], []]
        for way in (1, 0):
            self.place(item.branches[way])
        merges = [merge for merge in item.merges if not self.stores.carries_handle(merge)]
        dtypes = [self.types.of((merge, 0)) for merge in merges]
        for merge in merges:
            for index, source in enumerate(merge.inputs):
                way = self._way(merge, index)
                results[way].append(self.text(source, item.branches[way]))
        for merge in self._with_index(item):
            dtypes.append(INT)
            for index in (0, 1):
                way = self._way(merge, index)
                results[way].append(self.constant(f"{merge.name}/Index", index, INT, item.branches[way]))
        for source in item.handed_out:
            self._hand_out(source, item, results, absent, dtypes)
        for state in changed:
            dtypes.append(self.state_type(state))
            for way in (0, 1):
                results[way].append(self.now(state, item.branches[way]))
        self._write_if(item, condition, results, absent, dtypes)
        self._write_merges(item, changed)

    def _with_index(self, item: Branching) -> list[Node]:
        return [merge for merge in item.merges if merge in self.types.indexed]

    def _hand_out(
        self, source: Source, item: Branching, results: list[list[str]], absent: list[list[int]], dtypes: list[int]
    ) -> None:
        made = self.layout.place_of[source[0]]
        way = next(w for w in (0, 1) if item.branches[w].holds(made))
        dtype = self.types.of(source)
        for side in (0, 1):
            branch = item.branches[side]
            if side == way:
                results[side].append(self.text(source, branch))
            else:
                absent[side].append(len(results[side]))
                results[side].append(self.constant(f"{item.name}/Absent", 0, dtype % 100, branch))
        dtypes.append(dtype % 100)

    def _write_if(
        self, item: Branching, condition: str, results: list[list[str]], absent: list[list[int]], dtypes: list[int]
    ) -> None:
        for way in (0, 1):
            for text in results[way]:
                self.taken(text, item.branches[way])
        regions = [item.branches[1], item.branches[0]]
        captured = dict.fromkeys(text for region in regions for text in self.captured.get(region, {}))
        given = [self.taken(text, item.outer) for text in captured]
        described = [
            self.region(place, results[way], (), item, {"absent": tuple(absent[way])} if absent[way] else {})
            for place, way in zip(regions, (1, 0), strict=True)
        ]
        self.add(
            "If",
            item.name,
            [condition, *given, *self.outer_controls(regions, item.outer)],
            item.outer,
            Tcond=BOOL,
            Tin=_types([self.dtype(text) for text in captured]),
            Tout=_types([dtype % 100 for dtype in dtypes]),
            then_branch=to_attr_value(FunctionAttr(regions[0].region), "func"),
            else_branch=to_attr_value(FunctionAttr(regions[1].region), "func"),
            output_shapes=to_attr_value([None] * len(dtypes), "list(shape)"),
            **{REGIONS: to_attr_value(described, "list(func)")},
        )
        for i, dtype in enumerate(dtypes):
            self.own(_output(item.name, i), item.outer, dtype % 100)

    def _write_merges(self, item: Branching, changed: list[State]) -> None:
        for merge in item.merges:
            if self.stores.carries_handle(merge):
                self.named(merge, "NoOp", [], item.outer)
        merges = [merge for merge in item.merges if not self.stores.carries_handle(merge)]
        at = len(merges)
        for i, merge in enumerate(merges):
            if merge in self.types.indexed:
                both = [_output(item.name, i), _output(item.name, at)]
                at += 1
                kinds_of_both = to_attr_value([self.types.of((merge, 0)) % 100, INT], "list(type)")
                self.named(merge, "IdentityN", both, item.outer, T=kinds_of_both)
            else:
                self.named(merge, "Identity", [_output(item.name, i)], item.outer, T=self.types.of((merge, 0)) % 100)
        for source in item.handed_out:
            self.handed[source, item.outer] = _output(item.name, at)
            at += 1
        for state in changed:
            self.set(state, _output(item.name, at), item.outer)
            at += 1

    def region(
        self,
        place: Place,
        results: list[str],
        parameters: Iterable[str],
        owner: Branching | Looping,
        extra: dict[str, Any],
    ) -> FunctionAttr:
        """Describes a region."""
        inside = [n.name for n in owner.controls if place.holds(self.layout.place_of[n])]
        own = [name for name in inside if self.layout.place_of[self.layout.flow.nodes[name]] is place]
        deeper = [self._item_in(place, self.layout.flow.nodes[name]) for name in inside if name not in own]
        fields: dict[str, Any] = {
            "name": place.region.rpartition("#")[0] + f"/{place.kind}",
            "kind": place.kind,
            "captures": tuple(_full(text) for text in self.captured.get(place, {})),
            "controls": (),
            "results": tuple(_full(text) for text in results),
            "result_controls": tuple(dict.fromkeys((*own, *deeper))),
            "parameters": tuple(_full(text) for text in parameters),
        }
        for key, value in extra.items():
            fields[f"extra.{key}"] = to_attr_value(value)
        return FunctionAttr(place.region, tuple(fields.items()))

    def _item_in(self, place: Place, node: Node) -> str:
        """The structured node of a place in which a node lies."""
        at = self.layout.place_of[node]
        while at.outer is not place:
            assert at.outer is not None
            at = at.outer
        assert at.owner is not None
        return at.owner.name

    # Loops -----------------------------------------------------------------------------------------------------------

    def _loop(self, item: Looping) -> None:
        from scopedjax._src.ops.raising.loops import write_loop

        for enter in item.frame.enters:
            if self.stores.carries_handle(enter):
                self.named(enter, "NoOp", [], item.outer)
            else:
                text = self.text(enter.inputs[0], item.outer)
                self.named(enter, "Identity", [text], item.outer, T=self.types.of((enter, 0)) % 100)
        write_loop(self, item)


def _output(name: str, index: int) -> str:
    return f"{name}:{index}" if index else name


def _full(text: str) -> str:
    return text if ":" in text else f"{text}:0"


def _types(dtypes: list[int]) -> Any:
    return to_attr_value(dtypes, "list(type)")
