"""`tf.gradients`: adds to the graph the nodes that compute derivatives, as TF1 does.

    loss <- Mean <- Square <- Sub <- MatMul <- x, w        gradients(loss, [w])

walks back from the ys over the nodes that lie between them and the xs. A node of which several nodes use the output
gets the sum of what they hand back (`AddN`). What a node hands back comes from, in this order: the gradient that
`gradient_override_map` names, a function registered with `tf.RegisterGradient`, the graph-level rule of its record
(a gather gives `IndexedSlices`), or a `SymbolicGradient` node, for which JAX supplies the rule when the program is
traced.

Invariants: a tensor that no path leads to has the gradient None; only floating and complex tensors carry gradients;
the nodes stand under the name scope `gradients/`, one scope a forward node.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.graph import stacks
from scopedjax._src.graph.backward_functions import register_recorder
from scopedjax._src.graph.call_functions import is_call
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.call_gradients import call_gradient
from scopedjax._src.lower.gradient_options import AggregationMethod, UnconnectedGradients
from scopedjax._src.lower.gradient_paths import GradientPaths, is_opened
from scopedjax._src.lower.region_gradients import needs_regions, region_gradient, region_view
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import as_tensor, convert_to_tensor, graph_of
from scopedjax._src.ops.gradient_node import gradient_node
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.registry import lookup
from scopedjax._src.ops.state.handles import is_resource, stored_dtype

GradientFunction = Callable[..., Any]
_REGISTERED: dict[str, GradientFunction | None] = {}


class RegisterGradient:
    """A decorator that registers a gradient function for an op type or for a name used in `gradient_override_map`.

    The function gets the Operation and one gradient an output (zeros where nothing depends on it, None where it is no
    floating tensor), and returns one gradient (or None) an input.

    >>> @tf.RegisterGradient("ClippedIdentity")
    ... def _clipped(op, grad):
    ...     return tf.clip_by_value(grad, -0.1, 0.1)
    >>> g = tf.Graph()
    >>> with g.as_default(), g.gradient_override_map({"Identity": "ClippedIdentity"}):
    ...     x = tf.constant(2.0)
    ...     y = tf.identity(x) * 3.0
    >>> tf.Session(graph=g).run(tf.gradients(y, x))
    [np.float32(0.1)]
    """

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, f: GradientFunction) -> GradientFunction:
        """Registers `f` and returns it."""
        if self._op_type in _REGISTERED:
            earlier = getattr(_REGISTERED[self._op_type], "__module__", None)
            raise KeyError(
                f"Registering two gradient with name '{self._op_type}'! (Previous registration was in {earlier})"
            )
        _REGISTERED[self._op_type] = f
        return f


def NotDifferentiable(op_type: str) -> None:
    """Declares that ops of a type have no gradient: `tf.gradients` gives None through them."""
    if not isinstance(op_type, str):
        raise TypeError("op_type must be a string")
    _REGISTERED[op_type] = None


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: Any = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = UnconnectedGradients.NONE,
) -> list[Any]:
    """Adds the derivatives of the sum of `ys` with respect to each of `xs` to the graph.

    Args:
      ys: A Tensor or a list of Tensors.
      xs: A Tensor or variable, or a list of such.
      grad_ys: Gradients to start from, one a y (None: ones).
      name: Name scope of the new nodes.
      colocate_gradients_with_ops: Accepted; XLA places the whole program.
      gate_gradients: Accepted; a run is one program.
      aggregation_method: Accepted; sums are left to XLA.
      stop_gradients: Tensors to be taken as constants.
      unconnected_gradients: `tf.UnconnectedGradients`: what is returned for an x that no y depends on.

    Returns:
      A gradient for each x: a Tensor, `IndexedSlices` for a variable that is only gathered from, or None.

    Raises:
      LookupError: a node on the way has no gradient.
      ValueError: a gradient function returned the wrong number of gradients, or `grad_ys` does not fit `ys`.
      TypeError: a y is complex or no number, and has no `grad_ys`.

    >>> x = tf.constant(3.0)
    >>> tf.Session().run(tf.gradients(x * x, [x]))
    [np.float32(6.0)]
    """
    ys = _as_list(ys)
    xs = _as_list(xs)
    grad_ys = [None] * len(ys) if grad_ys is None else _as_list(grad_ys)
    wants_zeros = UnconnectedGradients.wants_zeros(unconnected_gradients)
    AggregationMethod.check(aggregation_method)
    if len(grad_ys) != len(ys):
        raise ValueError(
            f"Length mismatch. Passed {len(grad_ys)} grad_ys for {len(ys)} ys: `grad_ys` needs one item a y (None for "
            "ones)."
        )
    graph = _recorded_in((*ys, *xs))
    with graph.as_default(), graph.name_scope(name or "gradients") as scope:
        y_tensors = [_as_source(y) for y in ys]
        x_tensors = [_as_source(x, as_ref=True) for x in xs]
        if graph.building_function and y_tensors:
            x_tensors = [y_tensors[0].op.graph.inside(x) for x in x_tensors]
        stops = {_as_source(s, as_ref=True).op for s in _as_list([] if stop_gradients is None else stop_gradients)}
        starts = [_start(y, g, i) for i, (y, g) in enumerate(zip(y_tensors, grad_ys, strict=True))]
        found = _Backward(y_tensors, x_tensors, stops).run(starts, scope)
    results = [found.get(x) for x in x_tensors]
    if wants_zeros:
        with graph.as_default():
            results = [apply_op("ZerosLike", x) if r is None else r for r, x in zip(results, xs, strict=True)]
    return results


def _recorded_in(values: Sequence[Any]) -> Graph:
    """Returns the graph that gradients are recorded in: that of the tensors, or the body that is being traced."""
    default = stacks.get_default_graph()
    if default.building_function:
        return default
    return next((g for v in values if (g := graph_of(v)) is not None), default)


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _as_source(value: Any, as_ref: bool = False) -> Tensor:
    if isinstance(value, IndexedSlices):
        return value.values
    return as_tensor(value, as_ref=as_ref)


def _carries_gradient(tensor: Tensor) -> bool:
    dtype = stored_dtype(tensor) if is_resource(tensor) else tensor.dtype.base_dtype
    if dtype is None:
        return False
    return dtype.is_floating or dtype.is_complex


def _start(y: Tensor, given: Any, index: int) -> Any:
    """Returns the gradient that the walk starts with at a y."""
    dtype = y.dtype.base_dtype
    if given is None:
        if dtype.is_complex:
            raise TypeError(f"Gradients of complex tensors ({y}) must set grad_ys (y.dtype = {dtype.name})")
        if dtype.name == "string":
            raise TypeError(f"Tensor {y} with type string must be numeric to obtain a default gradient")
        return _ones_like(y, f"grad_ys_{index}")
    if isinstance(given, IndexedSlices):
        return given
    # A Python number takes the dtype of y; TF1 makes it a float32 and then fails for a float64 y.
    wanted = None if graph_of(given) is not None else dtype
    tensor = convert_to_tensor(given, dtype=wanted, name=f"grad_y_{index}")
    found = tensor.dtype.base_dtype
    if found is not dtype:
        raise TypeError(
            f"Gradient type {found.name} generated for tensor {y} with type {dtype.name}: they must be equal"
        )
    return apply_op("Identity", _of_shape(tensor, y, index), name=f"grad_ys_{index}")


def _of_shape(tensor: Tensor, y: Tensor, index: int) -> Tensor:
    """Returns a gradient in the shape of its y: TF1 lets a scalar stand for all elements."""
    if tensor.shape.is_compatible_with(y.shape):
        return tensor
    dims = y._dims
    assert dims is not None
    if tensor._dims is not None and len(tensor._dims) <= len(dims):
        fits = zip(reversed(tensor._dims), reversed(dims), strict=False)
        if all(own in (1, None, wanted) or wanted is None for own, wanted in fits):
            return apply_op("BroadcastTo", tensor, _shape_of(y))
    raise ValueError(f"grad_ys[{index}] has shape {tensor.shape}, which does not fit y {y.name} of shape {y.shape}")


def _shape_of(y: Tensor) -> Tensor:
    dims = y._dims
    if dims is not None and None not in dims:
        return convert_to_tensor(np.asarray(dims, np.int32), dtype=as_dtype("int32"), name="Shape")
    return apply_op("Shape", y)


def _ones_like(y: Tensor, name: str) -> Tensor:
    shape = _shape_of(y)
    with stacks.recording_graph(y.graph).name_scope(name) as scope:
        one = convert_to_tensor(y.dtype.base_dtype.as_numpy_dtype(1), name="Const")
        return apply_op("Fill", shape, one, name=scope)


class _Backward:
    """One walk from ys back to xs."""

    def __init__(self, ys: Sequence[Tensor], xs: Sequence[Tensor], stops: set[Operation]) -> None:
        self.ys = ys
        self.xs = set(xs)
        self.paths = GradientPaths(_carries_gradient, _hands_back)
        self.reached = self._reached_from_xs(xs)
        self.stops = stops | self._first_ops()
        self.followed: dict[Operation, set[int]] = {}
        self.between, self.waiting = self._between()
        self.grads: dict[Tensor, list[Any]] = {}

    def _reached_from_xs(self, xs: Sequence[Tensor]) -> set[Operation]:
        """Returns the nodes that depend on an x through tensors that carry gradients, those that make an x included."""
        if not self.ys or not xs:
            return set()
        graph = self.ys[0].graph
        reached = {x.op for x in xs}
        first = min(op._id for op in reached)
        self.paths.carried.update(t for x in xs for t in x.op.outputs)
        for op in graph._ops.values():
            if op._id <= first or op in reached:
                continue
            if self.paths.spread(op):
                reached.add(op)
        return reached

    def _between(self) -> tuple[set[Operation], dict[Operation, int]]:
        """Returns the nodes on a path from an x to a y, and how many users of each have still to hand back
        gradients."""
        wanted: dict[Operation, set[Tensor]] = {}
        stack = [y for y in self.ys if y.op in self.reached]
        while stack:
            tensor = stack.pop()
            op = tensor.op
            known = wanted.setdefault(op, set())
            if tensor in known or known and not is_opened(op):
                continue  # a plain node leads to all of its outputs
            known.add(tensor)
            self.followed[op] = set() if op in self.stops else self.paths.inputs_on_path(op, known)
            stack.extend(op.inputs[i] for i in self.followed[op])
        waiting: dict[Operation, int] = {}
        for op in wanted:
            for tensor in self._inputs(op):
                waiting[tensor.op] = waiting.get(tensor.op, 0) + 1
        return set(wanted), waiting

    def _inputs(self, op: Operation) -> list[Tensor]:
        """Returns the inputs of a node that the walk follows."""
        return [op.inputs[i] for i in sorted(self.followed.get(op, ()))]

    def _first_ops(self) -> set[Operation]:
        """Returns the nodes that make an x and have no other x before them: nothing below them is wanted."""
        return {op for op in {x.op for x in self.xs} if not any(t.op in self.reached for t in op.inputs)}

    def run(self, starts: Sequence[Any], scope: str) -> dict[Tensor, Any]:
        """Walks back and returns the gradient of each x that was reached."""
        for y, grad in zip(self.ys, starts, strict=True):
            self.grads.setdefault(y, []).append(grad)
        # A y may also lie before another y: it is ready only when its users are done.
        ready = deque(dict.fromkeys(y.op for y in self.ys if not self.waiting.get(y.op)))
        results: dict[Tensor, Any] = {}
        for x in self.xs:
            if x.op not in self.between and x in self.grads:
                results[x] = self._total(x)
        while ready:  # first in, first out, as in TF1: it decides in which order gradients are added
            op = ready.popleft()
            for x in op.outputs:
                if x in self.xs and x in self.grads:
                    results[x] = self._total(x)
            if op in self.between:
                self._step(op, ready)
        return results

    def _step(self, op: Operation, ready: deque[Operation]) -> None:
        inputs = self._inputs(op)
        if inputs:
            totals = [self._total(t) if _carries_gradient(t) else None for t in op.outputs]
            if any(t is not None for t in totals):
                for tensor, grad in zip(op.inputs, self._given_grads(op, totals), strict=True):
                    if grad is not None and _carries_gradient(tensor):
                        self.grads.setdefault(tensor, []).append(grad)
        for tensor in inputs:
            self.waiting[tensor.op] -= 1
            if self.waiting[tensor.op] == 0:
                ready.append(tensor.op)

    def _total(self, tensor: Tensor) -> Any:
        """Returns the sum of what was handed back to a tensor, or None."""
        parts = self.grads.get(tensor)
        if not parts:
            return None
        if len(parts) > 1:
            with stacks.recording_graph(tensor.graph).colocate_with(tensor.op, ignore_existing=True):
                parts[:] = [_sum(parts)]
        return parts[0]

    def _given_grads(self, op: Operation, totals: list[Any]) -> list[Any]:
        """Returns the gradient for each input, None for those of a branch or a loop that are handed none back."""
        if not is_opened(op):
            return self._input_grads(op, totals)
        given = self.paths.inputs_given(op, [t for t, g in zip(op.outputs, totals, strict=True) if g is not None])
        if not given:
            return [None] * len(op.inputs)
        op._extra = {**(op._extra or {}), "wanted": given | (op._extra or {}).get("wanted", set())}
        return [g if i in given else None for i, g in enumerate(self._input_grads(op, totals))]

    def _input_grads(self, op: Operation, totals: list[Any]) -> list[Any]:
        kind, function = _rule(op)
        if kind == "none":
            return [None] * len(op.inputs)
        with stacks.recording_graph(op.graph).name_scope(op.name + "_grad"):
            if kind == "call":
                return call_gradient(op, totals, gradients, _carries_gradient)
            if kind == "jax":
                return self._by_jax(op, totals)
            if kind == "regions":
                return region_gradient(op, self._cotangents(op, totals), gradients)
            assert function is not None
            if kind == "registered":
                totals = self._without_gaps(op, totals)
            grads = function(op, *totals)
        grads = list(grads) if isinstance(grads, (list, tuple)) else [grads]
        if len(grads) != len(op.inputs):
            raise ValueError(
                f"Num gradients {len(grads)} generated for op {op.name} ({op.type}, made at {op.site}) do not match "
                f"num inputs {len(op.inputs)}: a gradient function returns one gradient (or None) for each input"
            )
        return [g if g is None or isinstance(g, IndexedSlices) else convert_to_tensor(g) for g in grads]

    @staticmethod
    def _without_gaps(op: Operation, totals: list[Any]) -> list[Any]:
        """Returns zeros in place of None for outputs that carry gradients: users' functions count on tensors."""
        return [
            apply_op("ZerosLike", t) if g is None and _carries_gradient(t) else g
            for g, t in zip(totals, op.outputs, strict=True)
        ]

    @staticmethod
    def _by_jax(op: Operation, totals: list[Any]) -> list[Any]:
        cotangents = _Backward._cotangents(op, totals)
        return list(
            gradient_node(op, cotangents, stacks.recording_graph(op.graph).unique_name("SymbolicGradient") + "/")
        )

    @staticmethod
    def _cotangents(op: Operation, totals: list[Any]) -> list[Tensor]:
        return [apply_op("ZerosLike", t) if g is None else _dense(g) for g, t in zip(totals, op.outputs, strict=True)]


def _dense(grad: Any) -> Tensor:
    return convert_to_tensor(grad) if isinstance(grad, IndexedSlices) else grad


def _rule(op: Operation) -> tuple[str, GradientFunction | None]:
    """Returns how a node hands back gradients: (kind, the function): "jax", "regions", "none", "function",
    "registered"."""
    override = op.attrs.get("_gradient_op_type")
    if override is not None:
        name = override.decode() if isinstance(override, bytes) else override
        if name not in _REGISTERED:
            raise LookupError(
                f"No gradient defined for operation '{op.name}' (op type: {op.type}): '{name}', which "
                "gradient_override_map names, was not registered with tf.RegisterGradient."
            )
        function = _REGISTERED[name]
        return ("none", None) if function is None else ("registered", function)
    if op._extra is not None and "gradient" in op._extra:
        return "registered", op._extra["gradient"]
    if op.type in _REGISTERED:
        function = _REGISTERED[op.type]
        return ("none", None) if function is None else ("registered", function)
    record = op.record
    kind = "missing" if record is None else record.gradient.kind
    if is_call(op):
        return "call", None
    if kind == "jax" and needs_regions(op, _has_own_rule):
        return "regions", None
    if record is None or kind == "missing" or kind == "jax" and record.is_host(op):
        raise LookupError(
            f"No gradient defined for operation '{op.name}' (op type: {op.type}), made at {op.site}. In general every "
            "operation on the way from ys to xs must have one; cut the way with tf.stop_gradient, or register one with "
            "tf.RegisterGradient."
        )
    if kind == "function":
        return "function", record.gradient.function
    return kind, None


def _hands_back(op: Operation) -> bool:
    """Whether a node hands back gradients; one that has none in spite of being asked says so when it is asked."""
    try:
        return _rule(op)[0] != "none"
    except LookupError:
        return True


def _has_own_rule(op: Operation) -> bool:
    """Whether a user gave a node's gradient."""
    if "_gradient_op_type" in op.attrs or op.type in _REGISTERED:
        return True
    return op._extra is not None and "gradient" in op._extra


def _sum(parts: Sequence[Any]) -> Any:
    """Adds gradients: dense ones with `AddN`, indexed slices by putting them one after the other."""
    if all(isinstance(p, IndexedSlices) for p in parts):
        values = apply_op("ConcatV2", [p.values for p in parts], 0)
        wide = any(p.indices.dtype.base_dtype.name == "int64" for p in parts)
        indices = [_widened(p.indices) if wide else p.indices for p in parts]
        return IndexedSlices(values, apply_op("ConcatV2", indices, 0), parts[0].dense_shape)
    return apply_op("AddN", [_dense(p) for p in parts])


def _widened(indices: Tensor) -> Tensor:
    if indices.dtype.base_dtype.name == "int64":
        return indices
    return apply_op("Cast", indices, DstT=as_dtype("int64"))


def hessians(
    ys: Any,
    xs: Any,
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: Any = None,
) -> list[Tensor]:
    """Adds the matrices of second derivatives of the sum of `ys` with respect to each of `xs`.

    Args:
      ys: A Tensor or a list of Tensors.
      xs: A Tensor or a list of Tensors with fully defined shapes.
      name: Name scope of the new nodes.
      colocate_gradients_with_ops: As for `gradients`.
      gate_gradients: As for `gradients`.
      aggregation_method: As for `gradients`.

    Returns:
      A Tensor of shape `x.shape + x.shape` for each x.

    >>> x = tf.constant([1.0, 2.0])
    >>> tf.Session().run(tf.hessians(tf.reduce_sum(x * x * x), x))[0].tolist()
    [[6.0, 0.0], [0.0, 12.0]]
    """
    found: list[Tensor] = []
    for x in _as_list(xs):
        x = convert_to_tensor(x)
        grad = gradients(ys, x, name=name)[0]
        dims = x._dims
        if dims is None or None in dims:
            raise ValueError(f"tf.hessians needs the static shape of {x.name}, which is {x.shape}")
        size = 1
        for d in dims:
            size *= d  # type: ignore[operator]
        flat = apply_op("Reshape", grad, [-1])
        rows: list[Any] = []
        for i in range(size):
            row = gradients(apply_op("StridedSlice", flat, [i], [i + 1], [1], shrink_axis_mask=1), x)[0]
            rows.append(apply_op("ZerosLike", x) if row is None else row)
        found.append(apply_op("Reshape", apply_op("Pack", rows), [*dims, *dims]))
    return found


# A GraphDef for TensorFlow has the way back through loops and branches written out.
register_recorder(lambda region, wanted: region_view(region, gradients, wanted), lambda: lookup("Placeholder"))
