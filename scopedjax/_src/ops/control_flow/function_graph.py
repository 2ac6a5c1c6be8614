"""`FunctionGraph`: the nodes of a function's body, in a graph of their own.

    outside (a Graph)               inside (a FunctionGraph)
    x, w/read                       a (Placeholder, the argument)      MatMul/w/read (Placeholder, captured)
                                    MatMul(a, MatMul/w/read) -> Identity

A body has names of its own: nothing in it clashes with the graph around it. A tensor of a graph around it is *captured*
where it is used: a placeholder stands for it, under the name of the node that uses it. Whoever calls the function gives
a value for each argument and each capture; see `function_call`.

Invariants: every input of a node inside is inside; `captures` holds each tensor from outside once, in the order of
first use; what the graph around it shares with it are the variables and their scopes, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import InaccessibleTensorError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.site import Site
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.registry import lookup

CAPTURED: Final = "captured"  # key in Operation._extra of the placeholder of a capture: the tensor outside
_SHARED: Final = ("variables", "local_variables", "trainable_variables", ("__variable_store",), ("__varscope",))


class FunctionGraph(Graph):
    """A graph for the body of a function.

    Args:
      name: What the function is called.
      outer: The graph that is the default one where the function is traced.

    Attributes:
      name: What the function is called.
      outer_graph: The graph around it.
      captures: The placeholder for each tensor from outside.
      arguments: The placeholders of the arguments, in order.
      outputs: What the body returns.
      control_outputs: The nodes with effects, which run whatever is asked for.
      control_captures: The nodes outside that nodes of the body wait for: a call waits for them.
      ways_back: The gradients that were taken of the body, by the outputs that they start from.
      hint: What a tensor says besides that is asked for its truth.
      structured_outputs: The results in the structure that the Python function returned.
    """

    building_function = True

    def __init__(self, name: str, outer: Graph) -> None:
        super().__init__()
        self.name = name
        self.outer_graph = outer
        self.captures: dict[Tensor, Tensor] = {}
        self.arguments: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.control_outputs: list[Operation] = []
        self.control_captures: list[Operation] = []
        self.ways_back: dict[tuple[Tensor, ...], Any] = {}
        self.structured_outputs: Any = None
        self.hint = ""
        self.seed = outer.seed
        for key in _SHARED:
            self._collections[key] = outer.get_collection_ref(key)
        for key in outer.collections:
            if key not in self._collections:
                self._collections[key] = outer.get_collection(key)
        self.scopes.colocation = outer.scopes.colocation

    @property
    def inputs(self) -> list[Tensor]:
        """The placeholders of the arguments, then those of the captures."""
        return [*self.arguments, *self.captures.values()]

    @property
    def external_captures(self) -> list[Tensor]:
        """The captured tensors themselves."""
        return list(self.captures)

    def advice(self) -> str:
        """Returns what to add to the error of a tensor that is asked for its truth."""
        return f" {self.hint}" if self.hint else ""

    def create_node(
        self,
        type: str,
        name: str,
        inputs: tuple[Tensor, ...],
        output_types: Sequence[DType],
        output_dims: Sequence[Dims],
        attrs: dict[str, Any],
        record: Any,
        site: Site | None = None,
    ) -> Operation:
        """Adds a node; inputs from a graph around this one are captured. See `Graph.create_node`."""
        if any(t.op.graph is not self for t in inputs):
            name = name[:-1] if name.endswith("/") else self.unique_name(name)
            _check_mutable(record, type, inputs)
            inputs = tuple(self.inside(t, name) for t in inputs)
            name += "/"
        return super().create_node(type, name, inputs, output_types, output_dims, attrs, record, site)

    def inside(self, tensor: Tensor, scope: str = "") -> Tensor:
        """Returns what stands for a tensor in this graph: itself, or the placeholder of a capture.

        Args:
          tensor: A tensor of this graph or of one around it.
          scope: Name of the node that uses it.

        Raises:
          ValueError: it belongs to another graph.
        """
        if tensor.op.graph is self:
            return tensor
        found = self.captures.get(tensor)
        if found is None:
            found = self.captures[tensor] = self._placeholder(tensor, scope)
        return found

    @contextmanager
    def control_dependencies(self, control_inputs: Any) -> Iterator[None]:
        """Makes the nodes recorded in the block wait; the call waits for those that are outside."""
        inside = control_inputs
        if control_inputs is not None:
            inside = [item for item in control_inputs if not self._waits_outside(item)]
        with super().control_dependencies(inside):
            yield

    def _waits_outside(self, item: Any) -> bool:
        graph = item.graph if isinstance(item, (Tensor, Operation)) else getattr(item, "graph", None)
        if not isinstance(graph, Graph) or graph is self:
            return False
        with graph.as_default():
            outside = graph._as_control_input(item)
        if outside.graph is self:
            return False  # an assignment of a variable from outside
        if outside not in self.control_captures:
            self.control_captures.append(outside)
        return True

    @contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Records that the nodes of the block belong on the device of `op`; nothing for a node outside."""
        graph = getattr(op, "graph", self)
        if graph is not self and op is not None:
            yield
            return
        with super().colocate_with(op, ignore_existing):
            yield

    def _placeholder(self, tensor: Tensor, scope: str) -> Tensor:
        self._check_around(tensor)
        name = f"{scope}/{tensor.op.name}" if scope else tensor.op.name
        dtype = tensor.dtype.base_dtype
        with self.outermost(), self.name_scope(None):
            op = super().create_node(
                "Placeholder", self.unique_name(name) + "/", (), [dtype], [tensor._dims],
                {"dtype": dtype, "shape": tensor._dims}, lookup("Placeholder"),
            )  # fmt: skip
        op._extra = {CAPTURED: tensor}
        return op.outputs[0]

    def _check_around(self, tensor: Tensor) -> None:
        graph: Graph = self
        while isinstance(graph, FunctionGraph):
            graph = graph.outer_graph
            if tensor.op.graph is graph:
                return
        if isinstance(tensor.op.graph, FunctionGraph):
            raise InaccessibleTensorError(
                f"{tensor!r} is out of scope and cannot be used here. It is a tensor inside the function "
                f"'{tensor.op.graph.name}': use return values of that function, or explicit Python locals or "
                "collections, to access it."
            )
        raise ValueError(
            f"Tensor({tensor.name!r}) must be from the same graph as the function '{self.name}' that uses it: it was "
            "recorded in another tf.Graph. Build both under one `with graph.as_default():`."
        )


def _check_mutable(record: Any, op_type: str, inputs: Sequence[Tensor]) -> None:
    """Raises TypeError where a node would assign to a variable that is no resource variable."""
    wants = record is not None and any(arg.ref for arg in record.signature.inputs)
    if wants and any(t.dtype._is_ref_dtype for t in inputs):
        kinds = ", ".join(repr(t.dtype.base_dtype) for t in inputs)
        wanted = ", ".join(repr(t.dtype) for t in inputs)
        raise TypeError(
            f"In op '{op_type}', input types ([{kinds}]) are not compatible with expected types ([{wanted}]): a "
            "function assigns to resource variables only. Make the variable with use_resource=True."
        )
