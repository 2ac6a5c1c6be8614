"""`tf.profiler.profile`: how many floating-point operations and parameters a graph has, as TensorFlow counts them.

    options = tf.profiler.ProfileOptionBuilder.float_operation()
    tf.profiler.profile(graph, options=options).total_float_ops

The counts come from static shapes and the table `_OPERATIONS`; a node of another type, or with a dimension that is not
known, counts as none, in TensorFlow too. A gradient node stands here for the several nodes that TensorFlow records: of
products and convolutions it counts the forward node once for each input with a gradient, of other types as none. Times
and memory of a run are jax.profiler's.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scopedjax._src.base.errors import InvalidArgumentError, UnimplementedError
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.profiler_options import ProfileOptionBuilder

_TRAINABLE = "_trainable_variables"


# ------------------------------------------------------------------------------------------------------- counting


class _Unknown(Exception):
    """A dimension is not known."""


def _sizes(tensor: Tensor) -> list[int]:
    dims = tensor.dims
    if dims is None or None in dims:
        raise _Unknown
    return [int(d) for d in dims if d is not None]


def _count(tensor: Tensor) -> int:
    return math.prod(_sizes(tensor))


def _each_input(times: int) -> Callable[[Operation], int]:
    return lambda op: times * _count(op.inputs[0])


def _each_output(times: int) -> Callable[[Operation], int]:
    return lambda op: times * _count(op.outputs[0])


def _reduction(last: int) -> Callable[[Operation], int]:
    """One operation an element that goes in, and `last` for each that comes out in the place of the first."""
    return lambda op: _count(op.inputs[0]) + (last - 1) * _count(op.outputs[0])


def _product(op: Operation) -> int:
    inner = _sizes(op.inputs[0])[-2 if op.attrs.get("transpose_a") else -1]
    return 2 * inner * _count(op.outputs[0])


def _convolution(taps: int) -> Callable[[Operation], int]:
    """Two operations for each output and each of the filter's first `taps` dimensions."""

    def count(op: Operation) -> int:
        _sizes(op.inputs[0])
        return 2 * _count(op.outputs[0]) * math.prod(_sizes(op.inputs[1])[:taps])

    return count


def _back_to_input(op: Operation) -> int:
    sizes, kernel, strides = _sizes(op.outputs[0]), _sizes(op.inputs[1]), op.attrs["strides"]
    return 2 * math.prod(sizes) * math.prod(kernel) // (sizes[-1] * strides[1] * strides[2])


def _back_to_filter(op: Operation) -> int:
    sizes, kernel, strides = _sizes(op.inputs[0]), _sizes(op.outputs[0]), op.attrs["strides"]
    return 2 * math.prod(sizes) * math.prod(kernel) // (sizes[-1] * strides[1] * strides[2])


def _pool(op: Operation) -> int:
    return math.prod(op.attrs["ksize"]) * _count(op.outputs[0])


_OPERATIONS: dict[str, Callable[[Operation], int]] = {
    **dict.fromkeys(("Reciprocal", "Square", "Log", "Neg", "AssignSub", "AssignAdd", "BiasAdd"), _each_input(1)),
    "Rsqrt": _each_input(2),
    "Softmax": _each_input(5),
    "L2Loss": lambda op: 3 * _count(op.inputs[0]) - 1,
    **dict.fromkeys(
        (
            "Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "Pow", "GreaterEqual", "Greater",
            "LessEqual", "Less", "Equal", "NotEqual",
        ),
        _each_output(1),
    ),
    "SquaredDifference": _each_output(2),
    "RsqrtGrad": _each_output(4),
    **dict.fromkeys(("Sum", "ArgMax", "ArgMin", "BiasAddGrad"), _reduction(0)),
    "Mean": _reduction(1),
    **dict.fromkeys(("AvgPool", "MaxPool"), _pool),
    "AvgPoolGrad": lambda op: 2 * math.prod(op.attrs["ksize"]) * _count(op.inputs[1]),
    "MaxPoolGrad": lambda op: (math.prod(op.attrs["ksize"]) + 1) * _count(op.inputs[1]),
    **dict.fromkeys(("MatMul", "BatchMatMul", "BatchMatMulV2"), _product),
    "AddN": lambda op: _count(op.inputs[0]) * (len(op.inputs) - 1),
    "Conv2D": _convolution(3),
    "Conv3D": _convolution(4),
    "DepthwiseConv2dNative": _convolution(2),
    "Dilation2D": _convolution(2),
    "Conv2DBackpropInput": _back_to_input,
    "Conv2DBackpropFilter": _back_to_filter,
}  # fmt: skip
_PRODUCTS = ("MatMul", "BatchMatMul", "BatchMatMulV2", "Conv2D", "Conv3D", "DepthwiseConv2dNative")


def _float_operations(op: Operation) -> int:
    forward = op._extra.get("forward") if op._extra is not None else None
    try:
        if forward is not None and forward.type in _PRODUCTS:
            return _OPERATIONS[forward.type](forward) * len(op.outputs)
        count = _OPERATIONS.get(op.type)
        return 0 if count is None else count(op)
    except _Unknown:
        return 0


def _parameters(op: Operation) -> int:
    if op.type not in ("Variable", "VariableV2", "VarHandleOp"):
        return 0
    return math.prod(size or 0 for size in op.attrs["shape"] or ())


# ------------------------------------------------------------------------------------------------------ the tree


@dataclass
class GraphNode:
    """A node of a profile's tree: what it counts itself, and with all that is shown below it.

    Attributes:
      name: Name of the node or scope; "_TFProfRoot" at the top.
      float_ops: Floating-point operations.
      total_float_ops: The same with the children's.
      parameters: Elements of a variable.
      total_parameters: The same with the children's.
      children: Nodes below it.
    """

    name: str
    float_ops: int = 0
    total_float_ops: int = 0
    parameters: int = 0
    total_parameters: int = 0
    children: list[GraphNode] = field(default_factory=list)


@dataclass
class _Scope:
    """A node, or a scope, of the graph's tree of names."""

    name: str
    op: Operation | None = None
    below: dict[str, _Scope] = field(default_factory=dict)


def profile(
    graph: Any = None, run_meta: Any = None, op_log: Any = None, cmd: str = "scope", options: Any = 0
) -> GraphNode:
    """Counts floating-point operations and parameters of a graph, and prints them as a tree of names.

    Args:
      graph: The graph; the default one if None.
      run_meta: Not used: what a run took is jax.profiler's to tell.
      op_log: Not used.
      cmd: "scope".
      options: What `tf.profiler.ProfileOptionBuilder` makes.

    Returns:
      The top of the tree, with `total_float_ops`, `total_parameters`, `children`.

    Raises:
      UnimplementedError: another `cmd`, or options that ask for times or memory.

    >>> w = tf.get_variable("w", [10, 4])
    >>> y = tf.matmul(tf.zeros([2, 10]), w, name="y")
    >>> builder = tf.profiler.ProfileOptionBuilder
    >>> options = builder(builder.float_operation()).with_node_names(show_name_regexes=["y"])
    >>> tf.profiler.profile(options=options.with_empty_output().build()).total_float_ops
    160
    >>> tf.profiler.profile(options=builder.trainable_variables_parameter()).total_parameters
    <BLANKLINE>
    node name | # parameters
    _TFProfRoot (--/40 params)
      w (10x4, 40/40 params)
    40
    """
    graph = graph or stacks.get_default_graph()
    if cmd != "scope":
        raise UnimplementedError(
            None, None, f"tf.profiler.profile: cmd={cmd!r} is not here; 'scope' is. For times use jax.profiler."
        )
    chosen = ProfileOptionBuilder().build() if not options else dict(options)
    _refuse_times(chosen)
    trainable = {v.op for v in graph.get_collection(GraphKeys.TRAINABLE_VARIABLES)}
    tree = _tree(graph)
    found = _displayed(tree, chosen, trainable)
    root = found[0] if found and found[0].name == tree.name else GraphNode(tree.name, children=found)
    _add_up(root)
    _print(root, chosen)
    return root


def _refuse_times(options: dict[str, Any]) -> None:
    asked = [word for word in options["select"] if "micros" in word or "bytes" in word]
    if asked and options["select"] != ["micros"]:
        raise UnimplementedError(
            None, None,
            f"tf.profiler.profile: {asked} of nodes cannot be told, since a run is one compiled program; use "
            "jax.profiler.trace around Session.run, or tf.train.ProfilerHook.",
        )  # fmt: skip
    kind = options["output"].split(":")[0]
    if kind in ("timeline", "pprof"):
        raise UnimplementedError(None, None, f"tf.profiler.profile writes no {kind} file; use jax.profiler.trace.")


def _tree(graph: Any) -> _Scope:
    root = _Scope("_TFProfRoot")
    for op in graph.get_operations():
        at, path = root, ""
        for part in op.name.split("/"):
            path = f"{path}/{part}" if path else part
            at = at.below.setdefault(part, _Scope(path))
        at.op = op
    return root


def _displayed(scope: _Scope, options: dict[str, Any], trainable: set[Operation]) -> list[GraphNode]:
    """The node as it is shown, or, where it is not, what is shown below it."""
    children = [node for inner in scope.below.values() for node in _displayed(inner, options, trainable)]
    children.sort(key=lambda node: node.name)
    order = options["order_by"]
    if order in ("float_ops", "params"):
        field_name = {"float_ops": "float_ops", "params": "parameters"}[order]
        for node in children:
            _add_up(node)
        children.sort(key=lambda node: -getattr(node, f"total_{field_name}"))
    op, counted = scope.op, GraphNode(scope.name, children=children)
    if op is not None:
        types = [op.type, *([_TRAINABLE] if op in trainable else [])]
        if any(re.fullmatch(rule, kind) for rule in options["account_type_regexes"] for kind in types):
            counted.float_ops = _float_operations(op)
            counted.parameters = _parameters(op)
            return [counted] if _is_shown(counted, options) else children
    # A scope is shown for what it has below it, where nothing is asked of a node itself.
    return [counted] if children and not options["min_float_ops"] and not options["min_params"] else children


def _is_shown(node: GraphNode, options: dict[str, Any]) -> bool:
    def matches(rules: Any) -> bool:
        return any(re.fullmatch(rule, node.name) for rule in rules)

    enough = node.float_ops >= options["min_float_ops"] and node.parameters >= options["min_params"]
    return enough and matches(options["show_name_regexes"]) and not matches(options["hide_name_regexes"])


def _add_up(node: GraphNode) -> None:
    for child in node.children:
        _add_up(child)
    node.total_float_ops = node.float_ops + sum(child.total_float_ops for child in node.children)
    node.total_parameters = node.parameters + sum(child.total_parameters for child in node.children)


# ------------------------------------------------------------------------------------------------------- printing


def _print(root: GraphNode, options: dict[str, Any]) -> None:
    kind, _, rest = options["output"].partition(":")
    if kind == "none":
        return
    words = [w for s, w in (("params", "# parameters"), ("float_ops", "# float_ops")) if s in options["select"]]
    lines = ["", f"node name | {' | '.join(words)}", *_lines(root, options, 0)]
    text = "\n".join(lines) + "\n"
    if kind == "file":
        path = rest.removeprefix("outfile=")
        try:
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
        except OSError as error:
            raise InvalidArgumentError(None, None, f"cannot write the profile to {path!r}: {error}") from error
    else:
        sys.stdout.write(text)


def _lines(node: GraphNode, options: dict[str, Any], depth: int) -> list[str]:
    shown = []
    if "params" in options["select"]:
        own = _rounded(node.parameters) if node.parameters else "--"
        shape = _shape_of(node)
        shown.append(f"{shape}{own}/{_rounded(node.total_parameters)} params")
    if "float_ops" in options["select"]:
        own = _rounded(node.float_ops) if node.float_ops else "--"
        shown.append(f"{own}/{_rounded(node.total_float_ops)} flops")
    found = [f"{'  ' * depth}{node.name} ({', '.join(shown)})"]
    if depth < options["max_depth"]:
        for child in node.children:
            found += _lines(child, options, depth + 1)
    return found


def _shape_of(node: GraphNode) -> str:
    if not node.parameters:
        return ""
    op = stacks.get_default_graph()._ops.get(node.name)
    sizes = op.attrs.get("shape") if op is not None else None
    return f"{'x'.join(str(size) for size in sizes)}, " if sizes else ""


def _rounded(number: int) -> str:
    for limit, unit in ((10**9, "b"), (10**6, "m"), (10**3, "k")):
        if number > limit:
            return f"{number / limit:.2f}{unit}"
    return str(number)
