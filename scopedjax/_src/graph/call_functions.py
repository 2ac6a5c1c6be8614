"""Bodies of called functions, as functions of a GraphDef's library.

    StatefulPartitionedCall(x, w/read) {f: "__inference_f_0"}     __inference_f_0(a, matmul_w_read): MatMul, Identity

A call knows its body; see `ops.control_flow.function_call`. Two calls of one trace name one function. A call whose
gradient was taken names one of its own, which gives what the function that goes back needs as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.region_function import Key, RegionFunction, kind_of
from scopedjax._src.graph.tensor import Tensor

SITE: Final = "call site"  # key in Operation._extra of a call: what it knows of its body


class Library(Protocol):
    """What writes nodes and keeps functions."""

    functions: dict[str, Any]
    plans: dict[Operation, Any]

    def add(self, function: RegionFunction, op: Operation) -> None:
        """Adds a node to a function."""
        ...

    def kept_for(self, op: Operation) -> list[Key]:
        """Returns what a gradient node takes besides its inputs in a file."""
        ...

    def plan(self, ops: Iterable[Operation]) -> None:
        """Finds out which loops and branches among nodes keep what their gradients need."""
        ...


def is_call(op: Operation) -> bool:
    """Whether a node calls a function that was recorded here."""
    return op._extra is not None and SITE in op._extra


def add_called(library: Library, op: Operation, node: Any, changed: Iterable[str]) -> None:
    """Adds the function that a call names to a library.

    Args:
      library: The library.
      op: The call.
      node: Its NodeDef, which gets the types of what it takes and gives only in the file.
      changed: Types of nodes that are written as another type.
    """
    site = _site(op)
    for back in site.backs:
        library.plan(back.graph.get_operations())
    taken, given = taken_by(library, op), given_by(library, op)
    node.attr["Tin"].list.type.extend(_kind(library, key) for key in taken)
    node.attr["Tout"].list.type.extend(_kind(library, key) for key in given)
    if site.name not in library.functions:
        library.functions[site.name] = None
        keys = _outside(library, site.graph)
        library.functions[site.name] = body_function(
            library, site.name, site.graph, site.outputs, changed, keys, given
        )  # fmt: skip


def taken_by(library: Library, op: Operation) -> list[Key]:
    """Returns what a call that goes back takes, in a file, besides its inputs: what loops of the way there kept."""
    site = _site(op)
    if site.forward is None:
        return []
    forward = site.forward.op
    first, known = len(forward.outputs), given_by(library, forward)
    return [(forward, first + known.index(key)) for key in _outside(library, site.graph)]


def given_by(library: Library, op: Operation) -> list[Key]:
    """Returns what a call gives, in a file, besides its outputs."""
    found: dict[Key, None] = {}
    for back in _site(op).backs:
        found.update(dict.fromkeys(_outside(library, back.graph)))
    return list(found)


def _outside(library: Library, graph: Any) -> list[Key]:
    """Returns what nodes of a body take of loops in the body of which it is the way back."""
    found: dict[Key, None] = {}
    for op in graph.get_operations():
        if is_call(op):
            keys: Iterable[Key] = taken_by(library, op)
        else:
            keys = library.kept_for(op)
        found.update({key: None for key in keys if isinstance(key, tuple) and key[0].graph is not graph})
    return list(found)


def _kind(library: Library, key: Key) -> int:
    """Returns the dtype of an output that a node has only in the file."""
    assert isinstance(key, tuple)
    op, number = key
    if is_call(op):
        return _kind(library, given_by(library, op)[number - len(op.outputs)])
    plan = library.plans[op]
    return plan.extras[number - plan.first_extra]


def _site(op: Operation) -> Any:
    assert op._extra is not None
    return op._extra[SITE]


def body_function(
    library: Library,
    name: str,
    graph: Any,
    outputs: Sequence[Tensor],
    changed: Iterable[str],
    taken: Sequence[Key] = (),
    given: Sequence[Key] = (),
) -> Any:
    """Returns the FunctionDef of a body.

    Args:
      library: Gets the functions that it calls.
      name: What it is called.
      graph: The `FunctionGraph`.
      outputs: What it returns.
      changed: Types of nodes that are written as another type.
      taken: What it takes besides, behind its arguments.
      given: What it returns besides.
    """
    ops = _needed(graph, outputs)
    library.plan(graph.get_operations())
    inputs = graph.inputs
    kinds = [*map(kind_of, inputs), *(_kind(library, key) for key in taken)]
    function = RegionFunction(name, kinds, inputs, changed)
    names = {op.name for op in ops}
    for argument, tensor in zip(function.proto.signature.input_arg, inputs, strict=False):
        argument.name = function.places[tensor] = _argument_name(tensor.op.name, names)
    for i, key in enumerate(taken):
        argument = function.proto.signature.input_arg[len(inputs) + i]
        argument.name = function.places[key] = _argument_name(f"kept_{i}", names)
    for op in ops:
        library.add(function, op)
    function.end(outputs, [function.place(key) for key in given], [_kind(library, key) for key in given])
    for op in graph.control_outputs:
        function.proto.control_ret[op.name] = op.name
        function.proto.signature.control_output.append(op.name)
    function.proto.signature.is_stateful = is_stateful(ops)
    return function.proto


def _needed(graph: Any, outputs: Sequence[Tensor]) -> list[Operation]:
    """Returns the nodes of a body itself, not of its branches and loops, that are needed, in order."""
    given = {t.op for t in graph.inputs}
    stack = [*(t.op for t in outputs), *graph.control_outputs]
    found: set[Operation] = set()
    while stack:
        op = stack.pop()
        if op not in found and op not in given and op.context is None:
            found.add(op)
            stack.extend(t.op for t in op.inputs)
            stack.extend(op.control_inputs)
    return sorted(found, key=lambda op: op._id)


def _argument_name(name: str, taken: set[str]) -> str:
    """Returns a legal name for an argument, and takes it."""
    base = "".join(c if c.isalnum() else "_" for c in name.lower()).lstrip("_") or "arg"
    base = base if base[0].isalpha() else f"arg_{base}"
    new, count = base, 0
    while new in taken:
        count += 1
        new = f"{base}_{count}"
    taken.add(new)
    return new


def is_stateful(ops: Iterable[Operation]) -> bool:
    """Whether TensorFlow calls a body of these nodes stateful: one has a stateful type, be it a variable's reading."""
    records = [op.record for op in ops if op.record is not None and op.type != "Placeholder"]
    return any(record.reads or record.writes or record.checks or record.op_def().is_stateful for record in records)
