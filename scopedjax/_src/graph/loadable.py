"""The form of nodes that TensorFlow can load, where it has no such node: written beside this package's own.

    here                               in a file                                          there
    If, with two regions               If {then_branch, else_branch} + two functions      runs
    WhileLoop                          While {cond, body} + two functions                 runs
    Scan, DistinctRows, GatherGrad     a call of a function that does the same            runs
    SymbolicGradient of MatMul         the same                                           runs: it knows the derivative
    SymbolicGradient of Elu            f is a function that has a GradientDef             runs; see `gradient_functions`
    SymbolicGradient of a loop or      a call of a function that goes back over what      runs; see
      a branch, RegionGradient         the loop kept                                      `backward_functions`
    OptaxUpdate, second derivatives,   PyFunc that names the type                         loads; running it fails
      what else TensorFlow has                                                            by name
      nothing for

The nodes of regions stay in the file's graph as well, where TensorFlow never runs them, and `_scopedjax_type` keeps the
type and the attributes of a node that was changed. `restored` takes all that back, so a file that was written here and
is imported here gives the same nodes.

Invariants: a changed node keeps its name, its inputs and outputs (further ones come behind them) and its control
inputs; generated functions have names that begin with `PREFIX`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from scopedjax._src.graph import protos
from scopedjax._src.graph.backward_functions import GRADIENTS, NoWayBack, Plan, fits, plan_of, structured_forward
from scopedjax._src.graph.backward_writing import BackwardWriter
from scopedjax._src.graph.call_functions import add_called, is_call, taken_by
from scopedjax._src.graph.forward_functions import ForwardWriter
from scopedjax._src.graph.gradient_functions import gradient_functions, is_known_there
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.own_functions import own_function
from scopedjax._src.graph.region_function import OWN, Body, Key, RegionFunction, kind_of, types_attr, written_out
from scopedjax._src.graph.tensor import Tensor

PREFIX: Final = "scopedjax_"
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
_VALIDATES: Final = "validate_shape"  # of AssignVariableOp: not every TensorFlow 1.x knows it
CHANGED: Final = _ABSENT_THERE | {"If", "WhileLoop", "Scan"}


class Library:
    """The functions that a GraphDef needs for nodes with regions, made as its nodes are written.

    Args:
      ops: The nodes of the graph.
      node_def: Makes the NodeDef of a node.
    """

    def __init__(self, ops: Iterable[Operation], node_def: Callable[[Operation], Any]) -> None:
        ops = list(ops)
        self.graph = ops[0].graph if ops else None
        self.node_def = node_def
        self.forward_writer = ForwardWriter(self)
        self.backward_writer = BackwardWriter(self)
        self.functions: dict[str, Any] = {}
        self.gradients: dict[str, str] = {}
        self.gates: dict[str, list[Any]] = {}
        self.helpers: dict[str, list[Any]] = {}
        self.first_gradient: int | None = None
        self.source = ""
        self.plans: dict[Operation, Plan] = {}
        self.refused: dict[Operation, str] = {}
        self.plan(ops)

    def plan(self, ops: Iterable[Operation]) -> None:
        """Finds out which loops and branches among nodes keep what their gradients need."""
        for op in ops:
            forward = structured_forward(op)
            if forward is not None:
                self._plan(op, forward)

    def _plan(self, op: Operation, forward: Operation) -> None:
        try:
            if not fits(op, forward):
                raise NoWayBack("it does not fit its forward node")
            plan_of(forward, self.plans)
        except NoWayBack as error:
            self.refused[op] = str(error)

    def add_to(self, graph_def: Any) -> None:
        """Adds the functions, and nodes that updates wait for, to a GraphDef."""
        for made in (self.gates, self.helpers):
            graph_def.node.extend(node for nodes in made.values() for node in nodes)
        graph_def.library.function.extend(f for f in self.functions.values() if f is not None)
        for function, gradient in self.gradients.items():
            graph_def.library.gradient.add(function_name=function, gradient_func=gradient)

    # Nodes -----------------------------------------------------------------------------------------------------------

    def loadable(self, op: Operation, node: Any) -> Any:
        """Changes a node's NodeDef to a form that TensorFlow can load; returns it."""
        if op.type in GRADIENTS:
            if self.first_gradient is None and op.graph is self.graph:
                self.first_gradient = op._id
            with self._from(op):
                return self._gradient(op, node)
        if op.record is not None and op.record.writes and op.inputs and op.graph is self.graph:
            self._wait_for_gradients(op, node)
        if op.type == "AssignVariableOp" and op.attrs.get(_VALIDATES) and _restores(op):
            _keep(node)
            del node.attr[_VALIDATES]
        if is_call(op):
            add_called(self, op, node, CHANGED)
            if op.graph is self.graph:
                count = len(op.inputs)
                given = [f"{source.name}:{i}" for source, i in taken_by(self, op)]
                node.input[:] = [*node.input[:count], *given, *node.input[count:]]
        if op.type not in CHANGED:
            return node
        regions = () if op._extra is None else op._extra.get("regions", ())
        if op.type in ("If", "WhileLoop", "Scan") and not regions:
            return node  # a node of a file, whose functions the file has
        _keep(node, inputs=op in self.plans)
        _clear(node)
        if regions:
            self.forward_writer.write(op, node, self.plans.get(op))
            self._start(op, node)
        else:
            self._own(op, node)
        return node

    def kept_for(self, op: Operation) -> list[Key]:
        """Returns what a gradient node takes besides its inputs in a file: what its loop or branch keeps."""
        forward = structured_forward(op)
        plan = None if forward is None else self.plans.get(forward)
        if forward is None or plan is None:
            return []
        return [(forward, plan.first_extra + i) for i in range(len(plan.extras))]

    # Functions -------------------------------------------------------------------------------------------------------

    def fresh(self, name: str) -> str:
        """Returns a name that no function has yet."""
        text = PREFIX + "".join(c if c.isalnum() else "_" for c in name)
        new, count = text, 0
        while new in self.functions:
            count += 1
            new = f"{text}_{count}"
        self.functions[new] = None
        return new

    def function(self, name: str, kinds: Sequence[int], arguments: Sequence[Tensor]) -> RegionFunction:
        """Returns a new function.

        Args:
          name: What it is called after.
          kinds: The dtypes of its arguments.
          arguments: The tensor that each of the first arguments stands for inside.
        """
        return RegionFunction(self.fresh(name), kinds, arguments, CHANGED)

    def add(self, function: RegionFunction, op: Operation) -> None:
        """Adds a node to a function."""
        if op.type in GRADIENTS:
            with self._from(op):
                body = self._gradient_body(op)
            if body is not None:
                function.put(op, body, [function.place(key) for key in self.kept_for(op)])
                return
        node = self.loadable(op, self.node_def(op))
        if is_call(op):
            function.add(op, node, [function.place(key) for key in taken_by(self, op)])
        else:
            function.add(op, node, self.forward_writer.starts(function, op, self.plans.get(op)))

    def _gradient_body(self, op: Operation) -> Any:
        """Returns a function that does what a gradient node does, or None where there is none."""
        forward = None if op._extra is None else op._extra.get("forward")
        if forward is None:
            return None
        if structured_forward(op) is not None:
            plan = None if op in self.refused else self.plans.get(forward)
            return None if plan is None else self.backward_writer.body(op, plan)
        found = gradient_functions(forward, PREFIX, self.source)
        return None if found is None else found.gradient

    def _own(self, op: Operation, node: Any) -> None:
        function = own_function(op, self.fresh(op.name))
        if function is None:
            _absent(op, node)
            return
        node.op = "StatefulPartitionedCall"
        if op.type == "DistinctRows":
            node.attr.pop("_output_shapes", None)  # there the rows are fewer than here
        self.functions[function.signature.name] = function
        node.attr["Tin"].CopyFrom(types_attr(map(kind_of, op.inputs)))
        node.attr["Tout"].CopyFrom(types_attr(map(kind_of, op.outputs)))
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

    # Gradients -------------------------------------------------------------------------------------------------------

    @contextmanager
    def _from(self, op: Operation) -> Iterator[None]:
        """Notes of which call of `tf.gradients` the nodes that are written are part."""
        outer = self.source
        self.source = outer or _source(op.name)
        try:
            yield
        finally:
            self.source = outer

    def _gradient(self, op: Operation, node: Any) -> Any:
        forward = None if op._extra is None else op._extra.get("forward")
        if forward is None:
            return node
        plan = self.plans.get(forward) if structured_forward(op) is not None else None
        if plan is not None and op not in self.refused:
            self._go_back(op, node, plan)
        elif structured_forward(op) is not None or forward.type in GRADIENTS:
            _keep(node)
            _clear(node)
            _absent(op, node, self.refused.get(op, "a second derivative"))
        elif not is_known_there(forward):
            self._give_gradient(forward, node)
        return node

    def _give_gradient(self, forward: Operation, node: Any) -> None:
        """Names a function with a gradient of its own, where TensorFlow does not know that of the forward node."""
        found = gradient_functions(forward, PREFIX, self.source)
        if found is None:
            return
        name = found.forward.signature.name
        self.functions.setdefault(name, found.forward)
        self.functions.setdefault(found.gradient.signature.name, found.gradient)
        self.gradients[name] = found.gradient.signature.name
        _keep(node)
        node.attr["f"].func.Clear()
        node.attr["f"].func.name = name

    def _go_back(self, op: Operation, node: Any, plan: Plan) -> None:
        """Writes the gradient of a loop or a branch: an IdentityN of what nodes that only TensorFlow needs compute."""
        _keep(node, inputs=True)
        _clear(node)
        count = len(op.inputs)
        kept = [f"{source.name}:{i}" for source, i in self.kept_for(op)]  # type: ignore[misc]
        nodes, results = written_out(
            self.backward_writer.body(op, plan), f"{op.name}/{PREFIX}", [*node.input[:count], *kept]
        )
        self._put(op, nodes)
        node.op = "IdentityN"
        node.attr["T"].CopyFrom(types_attr(map(kind_of, op.outputs)))
        # What is taken out of the file with this node takes its own inputs along.
        sources = dict.fromkeys(f"^{t.op.name}" for t in op.inputs)
        controls = dict.fromkeys((*sources, *node.input[count:]))
        node.input[:] = [*map(_in_graph, results), *controls]

    def _start(self, op: Operation, node: Any) -> None:
        """Gives a loop at the root of the graph the empty lists that it starts with."""
        body = Body("", [])
        starts = self.forward_writer.starts(body, op, self.plans.get(op))
        if starts and op.graph is self.graph:
            self._put(op, list(body.proto.node_def))
            count = len(op.inputs)
            node.input[:] = [*node.input[:count], *map(_in_graph, starts), *node.input[count:]]

    def _put(self, op: Operation, nodes: Sequence[Any]) -> None:
        """Adds nodes that only TensorFlow needs to the graph."""
        for node in nodes:
            node.input[:] = [_in_graph(text) for text in node.input]
            node.attr[_GATE].b = True
        self.helpers.setdefault(op.name, list(nodes))


def _in_graph(text: str) -> str:
    """Returns how a graph names an input that a function calls `node:output:1`."""
    parts = text.split(":")
    return text if len(parts) < 3 else parts[0] if parts[2] == "0" else f"{parts[0]}:{parts[2]}"


def _source(name: str) -> str:
    """Returns the scope of the call of `tf.gradients` that a node belongs to: `a/gradients_1` of `a/gradients_1/b`."""
    parts = name.split("/")
    places = [i for i, part in enumerate(parts) if part.startswith("gradients")]
    return "/".join(parts[: places[0] + 1]) if places else "gradients"


def _absent(op: Operation, node: Any, what: str = "") -> None:
    """A node that TensorFlow loads, and refuses by name where it is run."""
    node.op = "PyFunc"
    node.attr["Tin"].CopyFrom(types_attr(map(kind_of, op.inputs)))
    node.attr["Tout"].CopyFrom(types_attr(map(kind_of, op.outputs)))
    node.attr["token"].s = f"{what or op.type} of scopedjax, which TensorFlow has not (node '{op.name}')".encode()


def _reads(op: Operation, variable: Operation) -> bool:
    return op is variable or bool(op.inputs) and op.inputs[0].op is variable


def _restores(op: Operation) -> bool:
    """Whether an assignment takes its value from a checkpoint."""
    source = op.inputs[1].op
    while source.type == "Identity":
        source = source.inputs[0].op
    return source.type.startswith("Restore")


def _keep(node: Any, inputs: bool = False) -> None:
    """Keeps a node's type and attributes in an attribute that TensorFlow reads over.

    Args:
      node: The NodeDef.
      inputs: Whether to keep its inputs too.
    """
    kept = protos.NodeDef(op=node.op)
    if inputs:
        kept.input.extend(node.input)
    for key in [key for key in node.attr if not key.startswith("_") or key == "_output_shapes"]:
        kept.attr[key].CopyFrom(node.attr[key])
    node.attr[OWN].s = kept.SerializeToString(deterministic=True)


def _clear(node: Any) -> None:
    """Takes a node's attributes away."""
    for key in [key for key in node.attr if not key.startswith("_")]:
        del node.attr[key]


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
        if own.input:
            node.input[:] = [name for name in own.input if name not in gates]
        for key, value in own.attr.items():
            node.attr[key].CopyFrom(value)
    if result.HasField("library"):
        used = _used(result.library.function)
        functions = [f for f in result.library.function if f.signature.name in used]
        gradients = [g for g in result.library.gradient if g.function_name in used]
        del result.library.function[:], result.library.gradient[:]
        result.library.function.extend(functions)
        result.library.gradient.extend(gradients)
        if not functions:
            result.ClearField("library")
    return result


def _used(functions: Iterable[Any]) -> set[str]:
    """Returns the names of the functions that were not generated for nodes of the graph, and of those that they use."""
    known = {f.signature.name: f for f in functions}
    stack = [name for name in known if not name.startswith(PREFIX)]
    found: set[str] = set()
    while stack:
        name = stack.pop()
        if name not in known or name in found:
            continue
        found.add(name)
        for node in known[name].node_def:
            stack.append(node.op)
            for value in node.attr.values():
                stack.extend(f.name for f in (value.func, *value.list.func) if f.name)
    return found
