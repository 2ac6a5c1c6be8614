"""The form of nodes that TensorFlow can load, where it has no such node: written beside this package's own.

    here                               in a file                                          there
    If, with two regions               If {then_branch, else_branch} + two functions      runs
    WhileLoop                          While {cond, body} + two functions                 runs
    Scan, DistinctRows, GatherGrad     a call of a function that does the same            runs
    SymbolicGradient of MatMul         the same                                           runs: it knows the derivative
    SymbolicGradient of Elu            f is a function that has a GradientDef             runs; see `gradient_functions`
    SymbolicGradient of a loop,        the same                                           loads; running it fails
      OptaxUpdate, and what else       PyFunc that names the type                           by name
      TensorFlow has nothing for

The nodes of regions stay in the file's graph as well, where TensorFlow never runs them, and `_scopedjax_type` keeps the
type and the attributes of a node that was changed. `restored` takes all that back, so a file that was written here and
is imported here gives the same nodes.

Invariants: a changed node keeps its name, inputs, control inputs and number of outputs; generated functions have names
that begin with `PREFIX`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from scopedjax._src.graph import protos
from scopedjax._src.graph.attributes import to_attr_value
from scopedjax._src.graph.gradient_functions import gradient_functions, is_known_there
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.own_functions import own_function
from scopedjax._src.graph.scan_function import add_scan
from scopedjax._src.graph.tensor import Tensor

if TYPE_CHECKING:
    from scopedjax._src.graph.contexts import ControlFlowContext

PREFIX: Final = "scopedjax_"
OWN: Final = "_scopedjax_type"  # of a changed node: a NodeDef with its type and attributes
_GATE: Final = "_scopedjax_gate"  # of a node that only TensorFlow needs, to run things in this package's order
_ABSENT_THERE: Final = frozenset(
    (
        "GatherGrad",
        "RegionGradient",
        "LoopBound",
        "DistinctRows",
        "CheckedLengths",
        "OptaxInit",
        "OptaxUpdate",
        "ResourceOptaxUpdate",
    )
)  # fmt: skip
_CHANGED: Final = _ABSENT_THERE | {"If", "WhileLoop", "Scan"}


class Library:
    """The functions that a GraphDef needs for nodes with regions, made as its nodes are written."""

    def __init__(self, node_def: Callable[[Operation], Any]) -> None:
        self.node_def = node_def
        self.functions: dict[str, Any] = {}
        self.gradients: dict[str, str] = {}
        self.gates: dict[str, list[Any]] = {}
        self.first_gradient: int | None = None

    def add_to(self, graph_def: Any) -> None:
        """Adds the functions, and nodes that updates wait for, to a GraphDef."""
        graph_def.node.extend(node for nodes in self.gates.values() for node in nodes)
        graph_def.library.function.extend(f for f in self.functions.values() if f is not None)
        for function, gradient in self.gradients.items():
            graph_def.library.gradient.add(function_name=function, gradient_func=gradient)

    # Nodes -----------------------------------------------------------------------------------------------------------

    def loadable(self, op: Operation, node: Any) -> Any:
        """Changes a node's NodeDef to a form that TensorFlow can load; returns it."""
        if op.type == "SymbolicGradient":
            self.first_gradient = op._id if self.first_gradient is None else self.first_gradient
            self._give_gradient(op, node)
        elif op.record is not None and op.record.writes and op.inputs:
            self._wait_for_gradients(op, node)
        if op.type not in _CHANGED:
            return node
        regions = () if op._extra is None else op._extra.get("regions", ())
        if op.type in ("If", "WhileLoop", "Scan") and not regions:
            return node  # a node of a file, whose functions the file has
        _keep(node)
        for key in [key for key in node.attr if not key.startswith("_")]:
            del node.attr[key]
        write = {"If": self._if, "WhileLoop": self._while, "Scan": self._scan}.get(op.type, self._own)
        write(op, node, regions)
        return node

    def _if(self, op: Operation, node: Any, regions: Sequence[ControlFlowContext]) -> None:
        captures = op.inputs[1:]
        second = regions[min(1, len(regions) - 1)]
        names = [
            self._region(f"{op.name}_{part}", region, captures, captures)
            for part, region in (("then", regions[0]), ("else", second))
        ]
        node.attr["Tcond"].type = op.inputs[0].dtype.base_dtype.as_datatype_enum
        _set_types(node, "Tin", captures)
        _set_types(node, "Tout", op.outputs)
        for key, name in zip(("then_branch", "else_branch"), names, strict=True):
            node.attr[key].func.name = name
        _set_shapes(node, op.outputs)

    def _while(self, op: Operation, node: Any, regions: Sequence[ControlFlowContext]) -> None:
        node.op = "While"
        count = len(op.outputs)
        rest = op.inputs[count:]
        names = []
        for part, region in zip(("cond", "body"), regions, strict=False):
            arguments = [*region.parameters, *rest]
            results = list(region.results) if part == "cond" else [*region.results, *rest]
            names.append(self._region(f"{op.name}_{part}", region, arguments, op.inputs, results))
        _set_types(node, "T", op.inputs)
        for key, name in zip(("cond", "body"), names, strict=True):
            node.attr[key].func.name = name
        node.attr["output_shapes"].CopyFrom(
            to_attr_value([*(t._dims for t in op.outputs), *(t._dims for t in rest)], "list(shape)")
        )
        if "_output_shapes" in node.attr:
            node.attr["_output_shapes"].CopyFrom(node.attr["output_shapes"])
        node.attr["parallel_iterations"].i = int(op.attrs.get("parallel_iterations", 10))

    # Functions of regions --------------------------------------------------------------------------------------------

    def _region(
        self,
        name: str,
        region: ControlFlowContext,
        arguments: Sequence[Tensor],
        given: Sequence[Tensor],
        results: Sequence[Tensor] | None = None,
    ) -> str:
        """Adds a region's function.

        Args:
          name: What it is called after.
          region: The region.
          arguments: The tensor that each of its arguments stands for inside.
          given: What is given for them, which tells their dtypes.
          results: Its results; the region's by default.
        """
        results = region.results if results is None else results
        function = _Function(self._fresh(name), arguments, given)
        for op in _needed(region, results):
            node = self.loadable(op, self.node_def(op))
            function.add(op, node)
        function.close(results, region.result_controls)
        self.functions[function.name] = function.proto
        return function.name

    def _fresh(self, name: str) -> str:
        text = PREFIX + "".join(c if c.isalnum() else "_" for c in name)
        new, count = text, 0
        while new in self.functions:
            count += 1
            new = f"{text}_{count}"
        self.functions[new] = None
        return new

    def _scan(self, op: Operation, node: Any, regions: Sequence[ControlFlowContext]) -> None:
        node.op = "StatefulPartitionedCall"
        (region,) = regions[:1]
        step = self._region(f"{op.name}_step", region, [*region.parameters, *op.inputs[_first_capture(op):]],
                            _step_inputs(op, region))  # fmt: skip
        name = self._fresh(op.name)
        self.functions.update(add_scan(op, step, name, self._fresh))
        _set_types(node, "Tin", op.inputs)
        _set_types(node, "Tout", op.outputs)
        node.attr["f"].func.name = name

    def _own(self, op: Operation, node: Any, regions: Sequence[ControlFlowContext]) -> None:
        function = own_function(op, self._fresh(op.name))
        if function is None:
            _absent(op, node)
            return
        node.op = "StatefulPartitionedCall"
        if op.type == "DistinctRows":
            node.attr.pop("_output_shapes", None)  # there the rows are fewer than here
        self.functions[function.signature.name] = function
        _set_types(node, "Tin", op.inputs)
        _set_types(node, "Tout", op.outputs)
        node.attr["f"].func.name = function.signature.name

    def _wait_for_gradients(self, op: Operation, node: Any) -> None:
        """Lets an update wait for all outputs of the gradient nodes that read its variable.

        TensorFlow writes SymbolicGradient nodes out before it runs them. Their outputs are then nodes of their own, and
        one that reads the variable could run after the update that another brings about.
        """
        if self.first_gradient is None:
            return
        variable = op.inputs[0].op
        seen: set[Operation] = set()
        stack = [t.op for t in op.inputs[1:]]
        while stack:
            source = stack.pop()
            if source in seen or source._id < self.first_gradient:
                continue
            seen.add(source)
            if source.type != "SymbolicGradient":
                stack.extend(t.op for t in source.inputs)
            elif any(_reads(t.op, variable) for t in source.inputs):
                node.input.extend(f"^{gate.name}" for gate in self._gates(source))

    def _gates(self, gradient: Operation) -> list[Any]:
        """Returns nodes that are done when a gradient node's outputs are."""
        found = self.gates.get(gradient.name)
        if found is None:
            found = self.gates[gradient.name] = []
            for tensor in gradient.outputs:
                if not tensor.dtype.is_floating:
                    continue
                gate = protos.NodeDef(name=f"{gradient.name}/{PREFIX}gate_{tensor.value_index}", op="Identity")
                gate.input.append(tensor._as_node_def_input())
                gate.attr["T"].type = tensor.dtype.base_dtype.as_datatype_enum
                gate.attr[_GATE].b = True
                found.append(gate)
        return found

    def _give_gradient(self, op: Operation, node: Any) -> None:
        """Names a function with a gradient of its own, where TensorFlow has none for the forward node's type."""
        forward = None if op._extra is None else op._extra.get("forward")
        if forward is None or is_known_there(forward):
            return
        found = gradient_functions(forward, node, PREFIX)
        if found is None:
            return
        function, gradient = found
        key = function.signature.name
        if key not in self.functions:
            self.functions[key] = function
            self.functions[gradient.signature.name] = gradient
            self.gradients[key] = gradient.signature.name
        _keep(node)
        node.attr["f"].func.Clear()
        node.attr["f"].func.name = key


class _Function:
    """A FunctionDef while its nodes are added."""

    def __init__(self, name: str, arguments: Sequence[Tensor], given: Sequence[Tensor]) -> None:
        self.name = name
        self.proto = protos.FunctionDef()
        self.proto.signature.name = name
        self.places: dict[Tensor, str] = {}
        for i, (tensor, source) in enumerate(zip(arguments, given, strict=True)):
            self.proto.signature.input_arg.add(name=f"arg_{i}", type=source.dtype.base_dtype.as_datatype_enum)
            self.places.setdefault(tensor, f"arg_{i}")
        self.arguments = set(arguments)

    def add(self, op: Operation, node: Any) -> None:
        """Adds a node."""
        if op.outputs and all(t in self.arguments for t in op.outputs):
            return
        new = self.proto.node_def.add()
        new.CopyFrom(node)
        del new.input[:]
        new.input.extend(self.place(t) for t in op.inputs)
        new.input.extend(f"^{c.name}" for c in op.control_inputs if c.context is op.context)
        for key in ("_class", "_scopedjax_region", "_scopedjax_regions", OWN):
            new.attr.pop(key, None)

    def place(self, tensor: Tensor) -> str:
        """Returns how a function's node names a tensor."""
        if tensor in self.places:
            return self.places[tensor]
        op = tensor.op
        if op.type in _CHANGED:
            return f"{op.name}:output:{tensor.value_index}"
        at = tensor.value_index
        for arg in op.record.signature.outputs if op.record is not None else ():
            count = 1
            if arg.is_list:
                count = op.attrs[arg.number_attr] if arg.number_attr else len(op.attrs[arg.list_attr])
            if at < count:
                return f"{op.name}:{arg.name}:{at}"
            at -= count
        return f"{op.name}:output:{tensor.value_index}"

    def close(self, results: Sequence[Tensor], controls: Iterable[Operation]) -> None:
        """Sets what the function returns."""
        for i, tensor in enumerate(results):
            self.proto.signature.output_arg.add(name=f"out_{i}", type=tensor.dtype.base_dtype.as_datatype_enum)
            self.proto.ret[f"out_{i}"] = self.place(tensor)
        for op in controls:
            if op.context is not None and any(node.name == op.name for node in self.proto.node_def):
                self.proto.control_ret[op.name] = op.name
                self.proto.signature.control_output.append(op.name)
                self.proto.signature.is_stateful = True


def _needed(region: ControlFlowContext, results: Iterable[Tensor]) -> list[Operation]:
    """Returns the nodes of a region that its results and effects need, in order."""
    own = set(region.ops)
    stack = [*(t.op for t in results), *region.result_controls]
    found: set[Operation] = set()
    while stack:
        op = stack.pop()
        if op in own and op not in found:
            found.add(op)
            stack.extend(t.op for t in op.inputs)
            stack.extend(op.control_inputs)
    return [op for op in region.ops if op in found]


def _first_capture(op: Operation) -> int:
    return len(op.attrs["Tstate"]) + len(op.attrs["Tseq"])


def _step_inputs(op: Operation, region: ControlFlowContext) -> list[Tensor]:
    return [*region.parameters, *op.inputs[_first_capture(op) :]]


def _absent(op: Operation, node: Any) -> None:
    """A node that TensorFlow loads, and refuses by name where it is run."""
    node.op = "PyFunc"
    _set_types(node, "Tin", op.inputs)
    _set_types(node, "Tout", op.outputs)
    node.attr["token"].s = f"{op.type} of scopedjax, which TensorFlow has not (node '{op.name}')".encode()


def _reads(op: Operation, variable: Operation) -> bool:
    return op is variable or bool(op.inputs) and op.inputs[0].op is variable


def _keep(node: Any) -> None:
    """Keeps a node's type and attributes in an attribute that TensorFlow reads over."""
    kept = protos.NodeDef(op=node.op)
    for key in [key for key in node.attr if not key.startswith("_") or key == "_output_shapes"]:
        kept.attr[key].CopyFrom(node.attr[key])
    node.attr[OWN].s = kept.SerializeToString(deterministic=True)


def _set_types(node: Any, key: str, tensors: Iterable[Tensor]) -> None:
    node.attr[key].list.SetInParent()
    node.attr[key].list.type.extend(t.dtype.base_dtype.as_datatype_enum for t in tensors)


def _set_shapes(node: Any, tensors: Iterable[Tensor]) -> None:
    node.attr["output_shapes"].CopyFrom(to_attr_value([t._dims for t in tensors], "list(shape)"))


# ---------------------------------------------------------------------------------------------------------- reading


def restored(proto: Any) -> Any:
    """Returns a GraphDef with this package's own nodes in place of what was written for TensorFlow.

    The one given, where there is nothing to take back; it is never changed.
    """
    if not proto.library.function or not any(f.signature.name.startswith(PREFIX) for f in proto.library.function):
        if not any(OWN in node.attr or _GATE in node.attr for node in proto.node):
            return proto
    result = protos.GraphDef()
    result.CopyFrom(proto)
    gates = {f"^{node.name}" for node in result.node if _GATE in node.attr}
    if gates:
        kept = [node for node in result.node if _GATE not in node.attr]
        del result.node[:]
        result.node.extend(kept)
        for node in result.node:
            if not gates.isdisjoint(node.input):
                node.input[:] = [name for name in node.input if name not in gates]
    for node in result.node:
        if OWN not in node.attr:
            continue
        own = protos.parsed(node.attr[OWN].s, "NodeDef")
        for key in [key for key in node.attr if not key.startswith("_")]:
            del node.attr[key]
        del node.attr[OWN]
        node.op = own.op
        for key, value in own.attr.items():
            node.attr[key].CopyFrom(value)
    if result.HasField("library"):
        functions = [f for f in result.library.function if not f.signature.name.startswith(PREFIX)]
        gradients = [g for g in result.library.gradient if not g.function_name.startswith(PREFIX)]
        del result.library.function[:], result.library.gradient[:]
        result.library.function.extend(functions)
        result.library.gradient.extend(gradients)
        if not functions:
            result.ClearField("library")
    return result
