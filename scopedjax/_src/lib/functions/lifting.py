"""Variables that a function makes while it is traced.

    @tf.function                                    the graph around it
    def f(x):                                       w (VarHandleOp), w/Assign, w/Read/ReadVariableOp
        w = tf.get_variable("w", [3], ...)          w/Initializer/...
        return x * w                                StatefulPartitionedCall(x, w)

A variable outlives a call, so it belongs to the graph around the function, and so does what computes its initial value.
It is a resource variable, in the collection of global variables and, as in TensorFlow, not in that of trainable ones:
an optimizer is given `var_list`. Only the first trace may make variables; a function that makes one at each call would
need a new graph for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.control_flow.function_call import BodyCopy
from scopedjax._src.ops.control_flow.function_graph import FunctionGraph
from scopedjax._src.variables.creation import create
from scopedjax._src.variables.spec import VariableSpec
from scopedjax._src.variables.variable import Variable

SINGLETON = (
    "tf.function only supports singleton tf.Variables created on the first call. Make sure the tf.Variable is only "
    "created once or created outside tf.function. See https://www.tensorflow.org/guide/function#creating_tfvariables "
    "for more information."
)


@contextmanager
def lifting(graph: FunctionGraph, created: list[Variable] | None) -> Iterator[None]:
    """Makes variables of the block in the graph around a body.

    Args:
      graph: The body.
      created: Gets the variables; None where none may be made.
    """

    def creator(next_creator: Any, **keywords: Any) -> Any:
        if created is None:
            raise ValueError(SINGLETON)
        variable = _made(graph, keywords)
        created.append(variable)
        return variable

    scopes = graph.scopes
    old = scopes.variable_creators
    scopes.variable_creators = (creator,)
    try:
        yield
    finally:
        scopes.variable_creators = old


def around(graph: Graph) -> Graph:
    """Returns the graph around a body, which is no body itself."""
    while isinstance(graph, FunctionGraph):
        graph = graph.outer_graph
    return graph


def _made(graph: FunctionGraph, keywords: dict[str, Any]) -> Variable:
    outer = around(graph)
    scope = graph.scopes.name_stack
    with outer.as_default(), outer.outermost(), outer.name_scope(f"{scope}/" if scope else None):
        initial = keywords["initial_value"]
        if isinstance(initial, Tensor):
            keywords["initial_value"] = _lifted(initial, outer)
        trained = outer.get_collection_ref(GraphKeys.TRAINABLE_VARIABLES)
        before = list(trained)
        variable = create(VariableSpec(**{**keywords, "use_resource": True, "collections": None}))
        trained[:] = before
    return variable


def _lifted(tensor: Tensor, outer: Graph) -> Tensor:
    """Returns a tensor of a body in the graph around it.

    Raises:
      ValueError: it depends on the arguments.
    """
    graph = tensor.op.graph
    if graph is outer:
        return tensor
    assert isinstance(graph, FunctionGraph)
    given: dict[Tensor, Tensor] = {}
    while isinstance(graph, FunctionGraph):
        copy = BodyCopy(graph.outer_graph, {own: t for t, own in graph.captures.items()})
        if any(_depends(tensor, argument) for argument in graph.arguments):
            raise ValueError(
                "Tensor-typed variable initializers must either be wrapped in an init_scope or callable (e.g., "
                "`tf.Variable(lambda : tf.truncated_normal([10, 40]))`) when building functions: the initial value "
                f"'{tensor.name}' depends on the arguments of '{graph.name}'."
            )
        with graph.outer_graph.as_default():
            copy.add([tensor.op])
        given = copy.tensors
        tensor, graph = given[tensor], graph.outer_graph
    return tensor


def _depends(tensor: Tensor, argument: Tensor) -> bool:
    stack, seen = [tensor.op], set()
    while stack:
        op = stack.pop()
        if op is argument.op:
            return True
        if op not in seen:
            seen.add(op)
            stack.extend(t.op for t in op.inputs)
    return False
