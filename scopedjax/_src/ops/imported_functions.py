"""Functions of a GraphDef's library, written out as nodes: a pass from GraphDef to GraphDef before it is imported.

    y = StatefulPartitionedCall(x) {f: "layer"}        y/MatMul = MatMul(x, y/ReadVariableOp)   the body's nodes
                                                       y = IdentityN(y/MatMul)                  its results
    z = If(p, a, b) {then_branch, else_branch}         z/then/..., z/else/...                   nodes of two regions
                                                       z = If(p, a, b)                          with these regions
    w = While(i, h, kernel) {cond, body}               w/WhileLoop = WhileLoop(i, h, kernel)    only `i` and `h` vary
                                                       w = IdentityN(...)

TensorFlow 2 keeps calls, branches and loops as functions; here the nodes of a region lie in the graph itself (see
`graph.contexts`), so that plans, gradients and names see them. What is passed to a function stands for itself inside:
a variable's handle that is handed through five functions is still that variable's.

A call's node keeps its name and outputs, as an IdentityN. Who takes them is wired to the results themselves, unless
the call has effects that must come first. A loop variable that the body hands on as it got it is no variable here.
A SymbolicGradient of a function, which is how TensorFlow 1 differentiates a `Defun`, becomes the gradient of a node
that runs the function's body as its one region.

Invariants: every node of the file keeps its name and its number of outputs; the GraphDef given is not changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.graph import protos
from scopedjax._src.graph.attributes import FunctionAttr, to_attr_value
from scopedjax._src.graph.graphdef import FORWARD, REGION, REGIONS
from scopedjax._src.graph.loadable import restored
from scopedjax._src.ops.imported_lists import BRANCHES, CASES, LOOPS, Lists, branch_names
from scopedjax._src.ops.opdef import signature_of
from scopedjax._src.ops.registry import lookup
from scopedjax._src.ops.signature import MISSING, Arg, Signature

CALLS: Final = frozenset(("PartitionedCall", "StatefulPartitionedCall"))
_MOST_DEPTH: Final = 100
_HANDLES: Final = frozenset((as_dtype("resource").as_datatype_enum, as_dtype("variant").as_datatype_enum))


def expanded(proto: Any) -> Any:
    """Returns a GraphDef without calls of its library's functions; the one given, where there are none.

    Raises:
      ValueError: a function is not well formed, or calls itself.
    """
    proto = restored(proto)
    if not proto.library.function:
        return proto
    work = _Expansion(proto)
    if not any(work.is_call(node) for node in proto.node):
        return proto
    return work.run()


@dataclass(slots=True)
class _Body:
    """A function's body where it was written out."""

    results: list[str]
    effects: list[str] = field(default_factory=list)


class _Expansion:
    """One GraphDef, and what becomes of it."""

    def __init__(self, proto: Any) -> None:
        self.proto = proto
        self.functions = {f.signature.name: f for f in proto.library.function if lookup(f.signature.name) is None}
        self.gradients = {g.function_name: g.gradient_func for g in proto.library.gradient}
        self.names = {node.name for node in proto.node}
        self.rewired: dict[str, str] = {}
        self.result = protos.GraphDef()
        self.lists = Lists(self.proto, self.result, self.functions, self._wired)
        self.depth = 0
        self.loops: list[bool] = []  # of the loops around, whether lists grow in them

    def run(self) -> Any:
        """Returns the GraphDef with everything written out."""
        result = self.result
        result.versions.CopyFrom(self.proto.versions)
        result.library.CopyFrom(self.proto.library)
        for node in self.proto.node:
            self.emit(node)
        for node in result.node:
            self._rewire(node)
        return result

    def is_call(self, node: Any) -> bool:
        """Whether a node runs functions of the library."""
        if node.op in self.functions:
            return True
        if REGIONS in node.attr or FORWARD in node.attr:
            return False
        if node.op in CALLS or node.op == "SymbolicGradient":
            return node.attr["f"].func.name in self.functions
        names = branch_names(node)
        return bool(names) and all(name in self.functions for name in names)

    def emit(self, node: Any) -> bool:
        """Writes a node out; returns whether running it has effects."""
        if node.op == "TensorListStack" and self.lists.is_resized(node):
            self._stack_resized(node)
            return False
        if not self.is_call(node):
            self.result.node.add().CopyFrom(node)
            record = lookup(node.op)
            return record is not None and bool(record.writes or record.stateful and not record.rng)
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise ValueError(f"Node '{node.name}': functions of the GraphDef call each other without end")
        try:
            return self._emit_call(node)
        finally:
            self.depth -= 1

    def _emit_call(self, node: Any) -> bool:
        if node.op in BRANCHES:
            return self._branch(node, branch_names(node))
        if node.op in CASES:
            return self._case(node)
        if node.op in LOOPS:
            return self._loop(node)
        function = node.op if node.op in self.functions else node.attr["f"].func.name
        attrs = node.attr if node.op in self.functions else node.attr["f"].func.attr
        if node.op == "SymbolicGradient":
            if function not in self.gradients:
                return self._gradient(node, function)
            function = self.gradients[function]
        return self._call(node, self.functions[function], attrs)

    # Calls -----------------------------------------------------------------------------------------------------------

    def _call(self, node: Any, function: Any, attrs: Mapping[str, Any]) -> bool:
        data, controls = _split(node)
        region = node.attr[REGION].s.decode() if REGION in node.attr else ""
        body = self.write(function, attrs, data, node.name, region, controls)
        types = _types_of(function.signature.output_arg, attrs)
        self._results(node, body.results, types, body.effects, region)
        return bool(body.effects)

    def _results(
        self, node: Any, results: Sequence[str], types: Sequence[int], effects: Iterable[str], region: str
    ) -> None:
        """Writes the node that stands for a call, and wires its users to the results where nothing must come first."""
        effects = list(effects)
        new = self.result.node.add(name=node.name, op="IdentityN" if results else "NoOp", device=node.device)
        new.input.extend(results)
        _, controls = _split(node)
        new.input.extend(f"^{name}" for name in dict.fromkeys((*controls, *effects)))
        if results:
            new.attr["T"].list.type.extend(types)
        for key in (REGION, "_class", "_output_shapes"):
            if key in node.attr:
                new.attr[key].CopyFrom(node.attr[key])
        if region:
            new.attr[REGION].s = region.encode()
        for i, (result, kind) in enumerate(zip(results, types, strict=True)):
            if not effects or kind in _HANDLES:
                self.rewired[f"{node.name}:{i}"] = result

    def write(
        self,
        function: Any,
        attrs: Mapping[str, Any],
        given: Sequence[str],
        prefix: str,
        region: str,
        controls: Sequence[str] = (),
    ) -> _Body:
        """Writes a function's nodes out.

        Args:
          function: The FunctionDef.
          attrs: What its attributes stand for, as AttrValues.
          given: The tensor for each of its inputs.
          prefix: Scope of the names of its nodes.
          region: The region that they belong to, or "".
          controls: Nodes that whatever has effects waits for.
        """
        place = _Place(self, function, attrs, given, prefix)
        body = _Body([])
        effects: set[str] = set()
        for node in function.node_def:
            new = place.copied(node, region)
            record = lookup(new.op)
            if controls and (record is None or record.reads or record.writes or record.checks or record.rng
                             or record.stateful or record.structured or bool(record.host)):  # fmt: skip
                present = set(new.input)
                new.input.extend(f"^{c}" for c in controls if f"^{c}" not in present)
            if self.emit(new):
                effects.add(new.name)
        wanted = {place.names[name] for name in function.control_ret.values() if name in place.names}
        body.effects = sorted(effects | wanted)
        for arg in function.signature.output_arg:
            body.results.extend(place.tensors(function.ret[arg.name], _count(arg, attrs)))
        return body

    def fresh(self, name: str) -> str:
        """Returns a name that no node has, and takes it."""
        new, count = name, 0
        while new in self.names:
            count += 1
            new = f"{name}_{count}"
        self.names.add(new)
        return new

    # Branches --------------------------------------------------------------------------------------------------------

    def _branch(self, node: Any, names: Sequence[str]) -> bool:
        data, controls = _split(node)
        bodies = [
            self.write(self.functions[name], {}, data[1:], f"{node.name}/{part}", f"{node.name}#{i}")
            for i, (name, part) in enumerate(zip(names, ("then", "else"), strict=True))
        ]
        kinds = ("cond_true", "cond_false")
        regions = [
            _region(f"{node.name}#{i}", f"{node.name}/{part}", kind, data[1:], body)
            for i, (body, part, kind) in enumerate(zip(bodies, ("then", "else"), kinds, strict=True))
        ]
        captures = dict(zip(data[1:], node.attr["Tin"].list.type, strict=True))
        new = self._structured(node, "If", [data[0], *captures], controls, regions)
        new.attr["Tcond"].CopyFrom(node.attr["Tcond"])
        new.attr["Tin"].list.SetInParent()
        new.attr["Tin"].list.type.extend(captures.values())
        new.attr["Tout"].CopyFrom(node.attr["Tout"])
        for key, name in zip(("then_branch", "else_branch"), names, strict=True):
            new.attr[key].func.name = name
        _set_shapes(new, node, len(node.attr["Tout"].list.type))
        return any(body.effects for body in bodies)

    def _case(self, node: Any) -> bool:
        """A choice among several is a choice between the first and the others, among which there is a choice..."""
        branches = branch_names(node)
        if len(branches) == 1:
            data, _ = _split(node)
            function = self.functions[branches[0]]
            call = protos.NodeDef(name=node.name, op=branches[0])
            call.input.extend(name for name in node.input if name != data[0])
            for key in (REGION, "_class", "_output_shapes"):
                if key in node.attr:
                    call.attr[key].CopyFrom(node.attr[key])
            return self._call(call, function, {})
        return self._choice(node, branches, 0)

    def _choice(self, node: Any, branches: Sequence[str], first: int) -> bool:
        data, controls = _split(node)
        around = node.attr[REGION].s.decode() if REGION in node.attr else ""
        number = self._constant(f"{node.name}/branch_{first}", first, around)
        test = self.result.node.add(name=self.fresh(f"{node.name}/is_{first}"), op="Equal" if first else "LessEqual")
        if not first:  # an index below zero is out of range, and out of range means the last
            test.op = "Equal"
        test.input.extend([data[0], number])
        test.attr["T"].type = as_dtype("int32").as_datatype_enum
        if around:
            test.attr[REGION].s = around.encode()
        inner = [f"{node.name}#0", f"{node.name}#1"]
        then = self.write(self.functions[branches[0]], {}, data[1:], f"{node.name}/then", inner[0])
        if len(branches) == 2:
            other = self.write(self.functions[branches[1]], {}, data[1:], f"{node.name}/else", inner[1])
        else:
            rest = protos.NodeDef()
            rest.CopyFrom(node)
            rest.name = self.fresh(f"{node.name}/else")
            del rest.input[:]
            rest.input.extend(data)
            rest.attr[REGION].s = inner[1].encode()
            acts = self._choice(rest, branches[1:], first + 1)
            count = len(node.attr["Tout"].list.type)
            other = _Body([f"{rest.name}:{i}" for i in range(count)], [rest.name] if acts else [])
        regions = [
            _region(name, f"{node.name}/{part}", kind, data, body)
            for name, part, kind, body in zip(
                inner, ("then", "else"), ("cond_true", "cond_false"), (then, other), strict=True
            )
        ]
        int32 = as_dtype("int32").as_datatype_enum
        captures = {data[0]: int32, **dict(zip(data[1:], node.attr["Tin"].list.type, strict=True))}
        new = self._structured(node, "If", [test.name, *captures], controls, regions)
        new.attr["Tcond"].type = as_dtype("bool").as_datatype_enum
        new.attr["Tin"].list.type.extend(captures.values())
        new.attr["Tout"].CopyFrom(node.attr["Tout"])
        for key, name in zip(("then_branch", "else_branch"), branches, strict=False):
            new.attr[key].func.name = name
        _set_shapes(new, node, len(node.attr["Tout"].list.type))
        return bool(then.effects or other.effects)

    def _constant(self, name: str, value: Any, region: str) -> str:
        import numpy as np

        from scopedjax._src.graph.tensor_proto import encode

        array = np.asarray(value, np.bool_ if isinstance(value, bool) else np.int32)
        new = self.result.node.add(name=self.fresh(name), op="Const")
        new.attr["value"].tensor.CopyFrom(encode(array))
        new.attr["dtype"].type = as_dtype(array.dtype).as_datatype_enum
        if region:
            new.attr[REGION].s = region.encode()
        return new.name

    def _structured(
        self, node: Any, op_type: str, inputs: Iterable[str], controls: Iterable[str], regions: Sequence[FunctionAttr]
    ) -> Any:
        new = self.result.node.add(name=node.name, op=op_type, device=node.device)
        new.input.extend(inputs)
        new.input.extend(f"^{name}" for name in controls)
        for key in (REGION, "_class", "_output_shapes"):
            if key in node.attr:
                new.attr[key].CopyFrom(node.attr[key])
        new.attr[REGIONS].CopyFrom(to_attr_value(tuple(regions), "list(func)"))
        return new

    # Loops -----------------------------------------------------------------------------------------------------------

    def _loop(self, node: Any) -> bool:
        data, _ = _split(node)
        condition, body = (self.functions[name] for name in branch_names(node))
        types = list(node.attr["T"].list.type)
        handed_on = [
            body.ret[out.name] == arg.name
            for arg, out in zip(body.signature.input_arg, body.signature.output_arg, strict=True)
        ]
        moving = [i for i, same in enumerate(handed_on) if not same]
        captures = {data[i]: types[i] for i, same in enumerate(handed_on) if same}
        region = node.attr[REGION].s.decode() if REGION in node.attr else ""
        name = self.fresh(f"{node.name}/WhileLoop")
        shapes = list(node.attr["output_shapes"].list.shape)
        described, bodies = [], []
        self.loops.append(self.lists.grow_in(body, [data[i] for i in moving]))
        for i, (part, function) in enumerate((("cond", condition), ("body", body))):
            inside = f"{name}#{i}"
            scope = f"{node.name}/{part}"
            parameters = {
                at: self._parameter(f"{scope}/{function.signature.input_arg[at].name}", types[at],
                                    shapes[at] if shapes else None, inside)
                for at in moving
            }  # fmt: skip
            given = [parameters.get(at, tensor) for at, tensor in enumerate(data)]
            written = self.write(function, {}, given, scope, inside)
            results = written.results if part == "cond" else [written.results[at] for at in moving]
            written = _Body(results, written.effects)
            described.append(
                _region(
                    inside,
                    scope,
                    "while_cond" if part == "cond" else "while",
                    captures,
                    written,
                    [parameters[at] for at in moving],
                )  # fmt: skip
            )
            bodies.append(written)
        new = protos.NodeDef(name=name, op="WhileLoop", device=node.device)
        new.input.extend([*(data[i] for i in moving), *captures])
        for key, found in (("T", [types[i] for i in moving]), ("Tin", list(captures.values()))):
            new.attr[key].list.SetInParent()
            new.attr[key].list.type.extend(found)
        grows = self.loops.pop()
        if self.loops:  # the loop around all is counted, and with it what its steps do
            self.loops[-1] = self.loops[-1] or grows
        bounds = [self._bound(new, region)] if grows and not self.loops else []
        self._close_loop(new, node, bounds, [shapes[i] if shapes else None for i in moving], described)
        results = [f"{name}:{moving.index(i)}" if i in moving else data[i] for i in range(len(data))]
        self._results(node, results, types, (), region)
        if grows and self.lists.are_resized_by(body):
            variant = as_dtype("variant").as_datatype_enum
            self.lists.resized.update(result for i, result in enumerate(results) if types[i] == variant and i in moving)
        return any(b.effects for b in bodies)

    def _close_loop(
        self, new: Any, node: Any, bounds: Sequence[str], shapes: Sequence[Any], described: Sequence[FunctionAttr]
    ) -> None:
        """Gives the node of a loop all but its variables and captures, and adds it."""
        new.attr["Tbound"].list.SetInParent()
        new.attr["Tbound"].list.type.extend([as_dtype("int32").as_datatype_enum] * len(bounds))
        new.input.extend(bounds)
        new.input.extend(f"^{c}" for c in _split(node)[1])
        for key, function in zip(("cond", "body"), branch_names(node), strict=True):
            new.attr[key].func.name = function
        new.attr["output_shapes"].CopyFrom(
            to_attr_value(tuple(None if shape is None else _dims(shape) for shape in shapes), "list(shape)")
        )
        new.attr[REGIONS].CopyFrom(to_attr_value(tuple(described), "list(func)"))
        if REGION in node.attr:
            new.attr[REGION].CopyFrom(node.attr[REGION])
        self.result.node.append(new)

    def _parameter(self, name: str, kind: int, shape: Any, region: str) -> str:
        new = self.result.node.add(name=self.fresh(name), op="Placeholder")
        new.attr["dtype"].type = kind
        if shape is None:
            new.attr["shape"].shape.unknown_rank = True
        else:
            new.attr["shape"].shape.CopyFrom(shape)
        new.attr[REGION].s = region.encode()
        return new.name

    def _bound(self, loop: Any, region: str) -> str:
        """Writes the node that counts a loop's steps, for lists that grow with them and have no announced end."""
        new = self.result.node.add(name=self.fresh(f"{loop.name}/LoopBound"), op="LoopBound")
        new.input.extend(loop.input)
        for key in ("T", "Tin"):
            new.attr[key].CopyFrom(loop.attr[key])
        new.attr["f"].func.name = "WhileLoop"
        new.attr[FORWARD].s = loop.name.encode()
        if region:
            new.attr[REGION].s = region.encode()
        return new.name

    def _stack_resized(self, node: Any) -> None:
        """Writes a TensorListStack as TensorListGather: how many elements there are is known when the loop is over."""
        region = node.attr[REGION].s.decode() if REGION in node.attr else ""
        int32 = as_dtype("int32").as_datatype_enum
        _, controls = _split(node)
        length = self.result.node.add(name=self.fresh(f"{node.name}/Length"), op="TensorListLength")
        length.input.append(node.input[0])
        ends = [self._constant(f"{node.name}/{part}", value, region) for part, value in (("First", 0), ("Step", 1))]
        places = self.result.node.add(name=self.fresh(f"{node.name}/Range"), op="Range")
        places.input.extend([ends[0], length.name, ends[1]])
        places.attr["Tidx"].type = int32
        new = self.result.node.add(name=node.name, op="TensorListGather", device=node.device)
        new.input.extend([node.input[0], places.name, node.input[1], *(f"^{c}" for c in controls)])
        for key in ("element_dtype", REGION, "_class", "_output_shapes"):
            if key in node.attr:
                new.attr[key].CopyFrom(node.attr[key])
        if region:
            for made in (length, places):
                made.attr[REGION].s = region.encode()

    # Gradients of functions ------------------------------------------------------------------------------------------

    def _gradient(self, node: Any, name: str) -> bool:
        data, controls = _split(node)
        function, attrs = self.functions[name], node.attr["f"].func.attr
        count = len(_types_of(function.signature.input_arg, attrs))
        region = node.attr[REGION].s.decode() if REGION in node.attr else ""
        forward = self.fresh(f"{node.name}/forward")
        body = self.write(function, attrs, data[:count], forward, f"{forward}#0")
        captures = dict(zip(data[:count], _types_of(function.signature.input_arg, attrs), strict=True))
        outputs = _types_of(function.signature.output_arg, attrs)
        predicate = self._constant(f"{forward}/always", True, region)
        template = protos.NodeDef(name=forward, device=node.device)
        if region:
            template.attr[REGION].s = region.encode()
        described = [_region(f"{forward}#0", forward, "cond_true", captures, body)]
        new = self._structured(template, "If", [predicate, *captures], controls, described)
        boolean = as_dtype("bool").as_datatype_enum
        new.attr["Tcond"].type = boolean
        new.attr["Tin"].list.type.extend(captures.values())
        new.attr["Tout"].list.type.extend(outputs)
        for key in ("then_branch", "else_branch"):
            new.attr[key].func.name = name
        _set_shapes(new, node, len(outputs))
        gradient = self.result.node.add(name=self.fresh(f"{node.name}/SymbolicGradient"), op="SymbolicGradient")
        gradient.input.extend([predicate, *captures, *data[count:]])
        gradient.attr["Tin"].list.type.extend([boolean, *captures.values(), *outputs])
        gradient.attr["Tout"].list.type.extend([boolean, *captures.values()])
        gradient.attr["f"].func.name = "If"
        gradient.attr[FORWARD].s = forward.encode()
        if region:
            gradient.attr[REGION].s = region.encode()
        at = {tensor: i + 1 for i, tensor in enumerate(captures)}
        results = [f"{gradient.name}:{at[tensor]}" for tensor in data[:count]]
        self._results(node, results, list(node.attr["Tout"].list.type), (), region)
        return False

    # Wires -----------------------------------------------------------------------------------------------------------

    def _rewire(self, node: Any) -> None:
        if not self.rewired:
            return
        for i, name in enumerate(node.input):
            if not name.startswith("^"):
                node.input[i] = self._wired(name)
        if REGIONS in node.attr:
            for description in node.attr[REGIONS].list.func:
                for key in ("captures", "results", "parameters"):
                    texts = description.attr[key].list.s
                    texts[:] = [self._wired(text.decode()).encode() for text in texts]

    def _wired(self, name: str) -> str:
        seen = 0
        key = name if ":" in name else f"{name}:0"
        while key in self.rewired and seen <= len(self.rewired):
            name = self.rewired[key]
            key = name if ":" in name else f"{name}:0"
            seen += 1
        return name


class _Place:
    """A function's names at the place where it is written out."""

    def __init__(
        self, work: _Expansion, function: Any, attrs: Mapping[str, Any], given: Sequence[str], prefix: str
    ) -> None:
        self.work = work
        self.function = function
        self.attrs = attrs
        self.given: dict[str, list[str]] = {}
        at = 0
        for arg in function.signature.input_arg:
            count = _count(arg, attrs)
            self.given[arg.name] = list(given[at : at + count])
            at += count
        if at != len(given):
            raise ValueError(
                f"Node '{prefix}': the function '{function.signature.name}' takes {at} inputs and is given {len(given)}"
            )
        self.nodes = {node.name: node for node in function.node_def}
        self.names = {name: work.fresh(f"{prefix}/{name}") for name in self.nodes}

    def copied(self, node: Any, region: str) -> Any:
        """Returns a node of the body with the names that it has outside."""
        new = protos.NodeDef(name=self.names[node.name], op=node.op, device=node.device)
        controls = []
        for text in node.input:
            if text.startswith("^"):
                controls.append(f"^{self._control(text[1:])}")
            else:
                new.input.extend(self.tensors(text))
        new.input.extend(dict.fromkeys(controls))
        for key, value in node.attr.items():
            if key != "_class":
                new.attr[key].CopyFrom(self._attr(value))
        if region:
            new.attr[REGION].s = region.encode()
        return new

    def _control(self, name: str) -> str:
        if name in self.names:
            return self.names[name]
        if self.given.get(name):
            return self.given[name][0].partition(":")[0]
        raise ValueError(f"the function '{self.function.signature.name}' has no node '{name}'")

    def _attr(self, value: Any) -> Any:
        """Returns an AttrValue with what the function's own attributes stand for."""
        if value.WhichOneof("value") == "placeholder":
            found = self.attrs.get(value.placeholder)
            if found is None:
                raise ValueError(
                    f"the function '{self.function.signature.name}' is called without its attribute "
                    f"'{value.placeholder}'"
                )
            return found
        if value.WhichOneof("value") == "func" and value.func.attr:
            copy = protos.AttrValue()
            copy.CopyFrom(value)
            for key, inner in value.func.attr.items():
                copy.func.attr[key].CopyFrom(self._attr(inner))
            return copy
        return value

    def tensors(self, text: str, count: int = 1) -> list[str]:
        """Returns the tensors that "argument", "argument:1" or "node:output:0" stands for."""
        parts = text.split(":")
        if parts[0] in self.given:
            found = self.given[parts[0]]
            return found if len(parts) == 1 else [found[int(parts[1])]]
        node = self.nodes.get(parts[0])
        if node is None:
            raise ValueError(f"the function '{self.function.signature.name}' has no node or argument '{parts[0]}'")
        first, length = self._outputs(node, parts[1]) if len(parts) > 1 else (0, 1)
        name = self.names[parts[0]]
        if len(parts) == 3:
            first, length = first + int(parts[2]), 1
        return [f"{name}:{first + i}" if first + i else name for i in range(max(length, count if length else 0))]

    def _outputs(self, node: Any, output: str) -> tuple[int, int]:
        """Returns (first number, how many) of the tensors of one of a node's outputs."""
        signature = self._signature(node.op)
        at = 0
        if signature is None:
            return 0, 1  # it has one output, most likely
        for arg in signature.outputs:
            length = _length(arg, node.attr, signature, self.attrs)
            if arg.name == output:
                return at, length
            at += length
        raise ValueError(
            f"{node.op} has no output '{output}', which the function '{self.function.signature.name}' takes"
        )

    def _signature(self, op_type: str) -> Signature | None:
        record = lookup(op_type)
        if record is not None:
            return record.signature
        function = self.work.functions.get(op_type)
        if function is not None:
            return signature_of(function.signature)[0]
        return _GENERAL.get(op_type)


def _general(op_type: str, attr: str) -> Signature:
    return Signature(op_type, (), (Arg("output", list_attr=attr),), {})


# The types that only functions are called by, whose outputs a list of dtypes tells.
_GENERAL: Final = {
    **{name: _general(name, "Tout") for name in (*CALLS, *BRANCHES, *CASES)},
    **{name: _general(name, "T") for name in LOOPS},
}


# ------------------------------------------------------------------------------------------------------------ parts


def _split(node: Any) -> tuple[list[str], list[str]]:
    data = [name for name in node.input if not name.startswith("^")]
    return data, [name[1:] for name in node.input if name.startswith("^")]


def _count(arg: Any, attrs: Mapping[str, Any]) -> int:
    """Returns how many tensors an argument of a function stands for."""
    if arg.number_attr:
        return attrs[arg.number_attr].i
    return len(attrs[arg.type_list_attr].list.type) if arg.type_list_attr else 1


def _types_of(args: Iterable[Any], attrs: Mapping[str, Any]) -> list[int]:
    found: list[int] = []
    for arg in args:
        if arg.type_list_attr:
            found.extend(attrs[arg.type_list_attr].list.type)
        else:
            found.extend([arg.type or attrs[arg.type_attr].type] * _count(arg, attrs))
    return found


def _length(arg: Arg, attrs: Any, signature: Signature, outer: Mapping[str, Any]) -> int:
    name = arg.number_attr or arg.list_attr
    if not name:
        return 1
    if name in attrs:
        value = attrs[name]
        if value.WhichOneof("value") == "placeholder":
            value = outer[value.placeholder]
        return value.i if arg.number_attr else len(value.list.type)
    default: Any = signature.attrs[name].default if name in signature.attrs else MISSING
    if default is MISSING:
        return 1
    return default if arg.number_attr else len(default)


def _region(
    name: str, scope: str, kind: str, captures: Iterable[str], body: _Body, parameters: Sequence[str] = ()
) -> FunctionAttr:
    """Describes a region as a file does; see `graph.graphdef`."""
    fields = {
        "name": scope,
        "kind": kind,
        "captures": tuple(dict.fromkeys(captures)),
        "controls": (),
        "results": tuple(body.results),
        "result_controls": tuple(body.effects),
        "parameters": tuple(parameters),
    }
    kinds = {key: "string" if isinstance(value, str) else "list(string)" for key, value in fields.items()}
    return FunctionAttr(name, tuple((key, to_attr_value(value, kinds[key])) for key, value in fields.items()))


def _set_shapes(new: Any, node: Any, count: int) -> None:
    if len(node.attr["output_shapes"].list.shape) == count:
        new.attr["output_shapes"].CopyFrom(node.attr["output_shapes"])
    else:
        new.attr["output_shapes"].CopyFrom(to_attr_value((None,) * count, "list(shape)"))


def _dims(shape: Any) -> Any:
    return None if shape.unknown_rank else tuple(None if d.size < 0 else d.size for d in shape.dim)
