"""`ConcreteFunction`: one trace of a `tf.function`, for arguments of one form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.graph.tensor_spec import TensorSpec
from scopedjax._src.lib.functions.arguments import Call, as_argument, misfit
from scopedjax._src.lib.functions.lifting import around
from scopedjax._src.ops.control_flow.function_call import record_call
from scopedjax._src.ops.control_flow.function_graph import FunctionGraph
from scopedjax._src.variables.variable import Variable


class ConcreteFunction:
    """A function that was traced for arguments of one form; calling it records a call in the default graph.

    Args:
      graph: The body.
      call: The arguments that it was traced for.
      name: What it is called in a library.
      created: The variables that were made while it was traced.

    >>> f = tf.function(lambda a: a * 2.0)
    >>> double = f.get_concrete_function(tf.TensorSpec([None], tf.float32))
    >>> y = double(tf.constant([1.0, 2.0]))
    >>> tf.Session().run(y).tolist()
    [2.0, 4.0]
    """

    def __init__(self, graph: FunctionGraph, call: Call, name: str, created: Sequence[Variable] = ()) -> None:
        self._graph = graph
        self._call = call
        self._name = name
        self._created = list(created)

    # Describing ------------------------------------------------------------------------------------------------------

    @property
    def name(self) -> bytes:
        """What it is called in a library."""
        return self._name.encode()

    @property
    def graph(self) -> FunctionGraph:
        """The graph of its body."""
        return self._graph

    @property
    def inputs(self) -> list[Tensor]:
        """The placeholders of its arguments and captures."""
        return self._graph.inputs

    @property
    def outputs(self) -> list[Tensor]:
        """The tensors of its body that it returns."""
        return list(self._graph.outputs)

    @property
    def structured_outputs(self) -> Any:
        """The tensors of its body that it returns, in the structure of the Python function's result."""
        return self._graph.structured_outputs

    @property
    def structured_input_signature(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments that it was traced for, with specs in the place of tensors."""
        specs = [
            TensorSpec(own.shape, own.dtype, own.op._attrs.get("_user_specified_name", own.op.name))
            for own in self._graph.arguments
        ]
        return self._call.with_tensors(specs)

    @property
    def captured_inputs(self) -> list[Tensor]:
        """The tensors from outside that it takes besides its arguments."""
        return self._graph.external_captures

    @property
    def output_dtypes(self) -> Any:
        """The dtypes of its results, in their structure."""
        return self._of_outputs(lambda t: t.dtype)

    @property
    def output_shapes(self) -> Any:
        """The static shapes of its results, in their structure."""
        return self._of_outputs(lambda t: t.shape)

    def _of_outputs(self, what: Any) -> DType | TensorShape | Any:
        found = self.structured_outputs
        return None if found is None else nest.map_structure(lambda t: None if t is None else what(t), found)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables that it touches."""
        known = [*self._created, *around(self._graph).get_collection("variables")]
        known.extend(around(self._graph).get_collection("local_variables"))
        handles = set(self._graph.captures)
        found = {id(v): v for v in known if isinstance(v, Variable) and v._storage in handles}
        return tuple(found.values())

    @property
    def trainable_variables(self) -> tuple[Variable, ...]:
        """Those of `variables` that are trained."""
        return tuple(v for v in self.variables if v.trainable)

    @property
    def function_def(self) -> Any:
        """The FunctionDef that a GraphDef has of it."""
        from scopedjax._src.graph.graphdef import function_def

        return function_def(self._graph, self._name)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{t.op.name}: {t.dtype.name}{t.shape}" for t in self._graph.arguments)
        return f"<ConcreteFunction {self._graph.name}({arguments})>"

    # Calling ---------------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Records a call.

        Args:
          *args: The arguments of the Python function, or its tensors alone.
          **kwargs: The same by name.

        Returns:
          The results; the call itself where the Python function returned nothing.

        Raises:
          TypeError: an argument is missing, does not fit, or is one too many.
        """
        given = self._structured(args, kwargs)
        if isinstance(given, str):
            flat = self._flat(args, kwargs)
            if isinstance(flat, str):
                error = misfit(given, args, kwargs, self._shown())
                raise TypeError(f"{error}\nFallback to flat signature also failed due to: {flat}")
            given = flat
        tensors = [as_argument(v, p) for v, p in zip(given, self._graph.arguments, strict=True)]
        return self.call_flat(tensors)

    def _shown(self) -> str:
        specs = (TensorSpec(t.shape, t.dtype) for t in self._graph.arguments)
        pairs = zip(self._graph.arguments, specs, strict=True)
        return f"({', '.join(f'{t.op.name}: {spec}' for t, spec in pairs)})"

    def _structured(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any] | str:
        """Returns the tensors among the Python function's arguments, or why they do not fit."""
        signature = self._call.bound.signature
        try:
            bound = signature.bind_partial(*args, **kwargs)
        except TypeError as error:
            return str(error)
        found: list[Any] = []
        for name, known in self._call.bound.arguments.items():
            wanted = nest.flatten(known, expand_composites=True)
            if name not in bound.arguments:
                if any(isinstance(leaf, (Tensor, TensorSpec)) for leaf in wanted):
                    return f"missing a required argument: '{name}'"
                continue
            value = bound.arguments[name]
            if not nest.is_nested(known) and nest.is_nested(value):
                own = [value]  # a list for a tensor
            else:
                own = nest.flatten(value, expand_composites=True)
            if len(own) != len(wanted):
                return f"the argument '{name}' has another structure than the one it was traced for"
            for leaf, item in zip(wanted, own, strict=True):
                if isinstance(leaf, (Tensor, TensorSpec)):
                    found.append(item)
                elif item is not leaf and item != leaf:
                    return f"Can not cast {item!r} to Literal[{leaf!r}]"
        return found

    def _flat(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any] | str:
        """Returns the tensors given one by one, or why they do not fit."""
        names = [t.op.name for t in self._graph.arguments]
        shown = f"{self._graph.name}({', '.join(names)})"
        if len(args) > len(names):
            return f"{shown} takes {len(names)} positional arguments, got {len(args)}"
        missing = [name for name in names[len(args) :] if name not in kwargs]
        if missing:
            return f"{shown} missing required arguments: {', '.join(missing)}."
        return [*args, *(kwargs[name] for name in names[len(args) :])]

    def call_flat(self, tensors: Sequence[Tensor]) -> Any:
        """Records a call with a tensor for each argument; returns its results."""
        graph = self._graph
        home, current = graph.outer_graph, stacks.get_default_graph()
        if around(current) is not around(home) and graph.captures:
            raise ValueError(
                f"The function '{graph.name}' was traced in another tf.Graph, whose tensors it takes. Trace it under "
                "the same `with graph.as_default():` as its call."
            )
        op = record_call(graph, self._name, tensors)
        if graph.structured_outputs is None:
            return op
        results = iter(op.outputs)
        flat = nest.flatten(graph.structured_outputs, expand_composites=True)
        found = [None if t is None else next(results) for t in flat]
        return nest.pack_sequence_as(graph.structured_outputs, found, expand_composites=True)
