"""The table engine: one row describes an op, and every property of an op is checked on every row.

    Case("matmul_transposed", lambda tf, a, b: tf.matmul(a, b, transpose_b=True), [(2, 3), (4, 3)], FLOATS)

For each dtype of a row the engine records, on real TensorFlow and on scopedjax alike, one graph with these variants of
the call, and runs it once on each side with the same numbers:

    variant     inputs                               what is compared
    full        placeholders of full static shape    node names and op types, dtypes, static shapes, values,
                                                     gradients d(sum(w * out)) / d(inputs)
    partial     first dimension unknown              static shapes, values
    unknown     all dimensions unknown               static shapes, values
    rankless    nothing known                        static shapes
    constants   tf.constant: plain values are        static shapes, values (what tracing computes == under jit)
                there while an op is lowered

and then moves the graph of `full` as a GraphDef: ours into a new graph of ours, ours into real TensorFlow, TensorFlow's
into ours; all three must give the value of the row. In every variant the static shape must admit the shape of the run.
A call that fails on TensorFlow must fail on scopedjax with the same type of exception and TensorFlow's key phrase.

Only the public interface of compat.v1 is used, so the engine can be held against itself: real TensorFlow on both sides
finds no difference (`test_engine.py`), and a namespace with a planted error must be found out.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

from tests import oracle

FLOATS = ("float32", "float64", "float16")
WIDE_FLOATS = ("float32", "float64")
INTS = ("int32", "int64")
ALL_INTS = ("int8", "int16", "int32", "int64", "uint8", "uint16")
COMPLEX = ("complex64", "complex128")
NUMBERS = (*WIDE_FLOATS, *INTS)

# Gradients accumulate roundings that values do not.
GRADIENT_SLACK = 4.0


def np_dtype(name: str) -> np.dtype[Any]:
    """The NumPy dtype of a TensorFlow dtype's name; strings are object arrays of bytes."""
    return np.dtype({"bfloat16": ml_dtypes.bfloat16, "string": object, "bool": np.bool_}.get(name, name))


@dataclass(frozen=True)
class In:
    """How the numbers of one input are drawn.

    Attributes:
      shape: Static shape and shape of the run.
      low: Lowest value drawn.
      high: Highest value drawn (for integers, one more than the highest).
      dtype: Name of the input's dtype; None for the dtype of the row.
      steps: Draws multiples of `1 / steps` only, so that ties (for max, equal, floor) do occur.
    """

    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0
    dtype: str | None = None
    steps: int | None = None

    def draw(self, dtype: str, rng: np.random.RandomState) -> np.ndarray[Any, Any]:
        """An array of this input for a row's `dtype`."""
        kind = np_dtype(self.dtype or dtype)
        if kind.kind == "b":
            return rng.rand(*self.shape) < 0.5 if self.shape else np.array(rng.rand() < 0.5)
        if kind.kind in "iu":
            low = max(int(self.low), 0) if kind.kind == "u" else int(self.low)
            high = max(int(self.high), low + 1)
            return np.asarray(rng.randint(low, high, size=self.shape)).astype(kind)
        values = rng.uniform(self.low, self.high, size=self.shape)
        if self.steps:
            values = np.round(values * self.steps) / self.steps
        if kind.kind == "c":
            values = values + 1j * rng.uniform(self.low, self.high, size=self.shape)
        return np.asarray(values).astype(kind)


@dataclass(frozen=True)
class Case:
    """One row of a table.

    Attributes:
      id: Name of the row, unique in its file.
      call: `call(tf, *tensors)` builds the op and returns a tensor or a nest of tensors.
      inputs: For each tensor an `In`, a shape (an `In` with its defaults), or an array; an array of floats is cast to
        the row's dtype, one of integers, booleans or strings keeps its own.
      dtypes: The row is run once for each.
      tol: Relative tolerance; None takes `oracle.TOLERANCES`, a dict overrides it for some dtypes.
      atol: Absolute tolerance, in units of the largest magnitude of the expected array.
      grad: Compare gradients with respect to the floating inputs; a tuple names the inputs by index.
      jit: Also run on constants.
      names: Compare names and op types of the nodes.
      unknown: Also record with partly and wholly unknown shapes; a tuple names the variants.
      graphdef: Also move the graph as a GraphDef.
      fails: The call is expected to fail on TensorFlow (at graph time or in the run); otherwise that is an error of
        the row.
      notes: Check -> reason, for checks that are left out on purpose.
    """

    id: str
    call: Callable[..., Any]
    inputs: Sequence[Any] = ()
    dtypes: Sequence[str] = ("float32",)
    tol: float | Mapping[str, float] | None = None
    atol: float | None = None
    grad: bool | tuple[int, ...] = True
    jit: bool = True
    names: bool = True
    unknown: bool | tuple[str, ...] = True
    graphdef: bool = True
    fails: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)

    def arrays(self, dtype: str) -> list[np.ndarray[Any, Any]]:
        """The numbers of the row: the same on every run and in every process."""
        rng = np.random.RandomState(zlib.crc32(f"{self.id}".encode()))
        return [_draw(spec, dtype, rng) for spec in self.inputs]

    def rtol(self, dtype: str) -> float | None:
        """Relative tolerance for the row's `dtype`."""
        return self.tol.get(dtype) if isinstance(self.tol, Mapping) else self.tol

    def variants(self) -> tuple[str, ...]:
        """Names of the variants that the row asks for."""
        if not self.inputs:
            return ("full",)
        chosen = self.unknown if isinstance(self.unknown, tuple) else ("partial", "unknown", "rankless")
        return ("full", *(chosen if self.unknown else ()), *(("constants",) if self.jit else ()))


def _draw(spec: Any, dtype: str, rng: np.random.RandomState) -> np.ndarray[Any, Any]:
    if isinstance(spec, In):
        return spec.draw(dtype, rng)
    if isinstance(spec, np.ndarray | np.generic):
        array = np.asarray(spec)
        return array.astype(np_dtype(dtype)) if array.dtype.kind in "fc" else array
    return In(tuple(spec)).draw(dtype, rng)


# ------------------------------------------------------------------------------------------------------- recording


@dataclass
class Side:
    """What one namespace made of a row: plain values only, so that two sides compare without their namespaces."""

    nodes: Any = None
    shapes: dict[str, Any] = field(default_factory=dict)
    dtypes: Any = None
    values: dict[str, Any] = field(default_factory=dict)
    gradients: Any = None
    graphdef: bytes | None = None
    feeds: dict[str, Any] = field(default_factory=dict)
    fetches: list[str] = field(default_factory=list)


def flatten(tree: Any) -> list[Any]:
    """The tensors of what a call returned, in a fixed order."""
    if isinstance(tree, Mapping):
        return [leaf for key in sorted(tree) for leaf in flatten(tree[key])]
    if isinstance(tree, list | tuple):
        return [leaf for item in tree for leaf in flatten(item)]
    kind = type(tree).__name__
    if kind == "SparseTensor":
        return [tree.indices, tree.values, tree.dense_shape]
    if kind == "IndexedSlices":
        return [leaf for leaf in (tree.values, tree.indices, tree.dense_shape) if leaf is not None]
    return [] if tree is None else [tree]


def static_shape(tensor: Any) -> Any:
    """Static shape as a list with None for what is unknown, or "unknown" where the rank is."""
    shape = tensor.get_shape()
    return "unknown" if shape.ndims is None else shape.as_list()


def _input_tensors(tf: Any, arrays: Sequence[np.ndarray[Any, Any]], variant: str) -> list[Any]:
    tensors = []
    for i, array in enumerate(arrays):
        dtype = tf.string if array.dtype.kind in "OSU" else tf.as_dtype(array.dtype)
        if variant == "constants":
            tensors.append(tf.constant(array, dtype=dtype, name=f"constants_{i}"))
            continue
        shape = {
            "full": list(array.shape),
            "partial": [None, *array.shape[1:]] if array.ndim else [],
            "unknown": [None] * array.ndim,
            "rankless": None,
        }[variant]
        tensors.append(tf.placeholder(dtype, shape, name=f"{variant}_{i}"))
    return tensors


def _differentiable(case: Case, tensors: Sequence[Any]) -> list[Any]:
    if case.grad is False:
        return []
    wanted = range(len(tensors)) if case.grad is True else case.grad
    return [tensors[i] for i in wanted if np_dtype(tensors[i].dtype.base_dtype.name).kind in "fcV"]


def _record_gradients(tf: Any, case: Case, tensors: Sequence[Any], outputs: Sequence[Any]) -> list[Any]:
    sources = _differentiable(case, tensors)
    ys = [y for y in outputs if hasattr(y, "get_shape") and np_dtype(y.dtype.base_dtype.name).kind in "fcV"]
    if not sources or not ys:
        return []
    weights = []
    for i, y in enumerate(ys):
        # A smooth weight of the output's own size, not a constant 1: sums of gradients hide permutations.
        if y.get_shape().is_fully_defined():
            count = np.arange(int(np.prod(y.get_shape().as_list()))).reshape(y.get_shape().as_list())
            weight = tf.constant((np.cos(count * 0.7 + i) + 0.25).astype(np.float32))
        else:
            count = tf.cast(tf.range(tf.size(y)), tf.float32)
            weight = tf.reshape(tf.cos(count * 0.7 + i) + 0.25, tf.shape(y))
        weights.append(tf.cast(weight, y.dtype.base_dtype))
    return tf.gradients(ys, sources, grad_ys=weights)


def record(tf: Any, case: Case, dtype: str) -> Side | oracle.Raised:
    """Records and runs a row on one namespace; a `Raised` when the call itself fails on full shapes."""
    return oracle.run_body(tf, _record, case, dtype)


def _record(tf: Any, case: Case, dtype: str) -> Side:
    side, arrays = Side(), case.arrays(dtype)
    graph = tf.get_default_graph()
    feeds: dict[Any, Any] = {}
    fetches: dict[str, Any] = {}
    gradients: list[Any] = []
    for variant in case.variants():
        tensors = _input_tensors(tf, arrays, variant)
        try:
            outputs = flatten(case.call(tf, *tensors))
        except Exception as error:
            if variant == "full":
                raise
            side.shapes[variant] = oracle.Raised.of(error)  # some ops need a static rank: both sides must say so
            continue
        if variant == "full":
            side.nodes = oracle.graph_nodes(graph)
            side.dtypes = [t.dtype.name for t in outputs if hasattr(t, "dtype")]
            side.graphdef = graph.as_graph_def().SerializeToString()
            side.feeds = {t.name: a for t, a in zip(tensors, arrays, strict=True)}
            side.fetches = [t.name for t in outputs]
            gradients = _record_gradients(tf, case, tensors, outputs)
        side.shapes[variant] = [static_shape(t) for t in outputs if hasattr(t, "get_shape")]
        if variant != "rankless":
            fetches[variant] = outputs
            if variant != "constants":
                feeds.update(zip(tensors, arrays, strict=True))
    present = [g for g in gradients if g is not None]
    with tf.Session() as session:
        if tf.global_variables():
            session.run(tf.global_variables_initializer())
        side.values, values = session.run((fetches, present), feeds)
    rest = iter(values)
    side.gradients = [None if g is None else next(rest) for g in gradients]
    return side


# ------------------------------------------------------------------------------------------------------- comparing


def check(case: Case, dtype: str, theirs: Any = None, ours: Any = None) -> list[str]:
    """All differences of a row between two namespaces (real TensorFlow and scopedjax where none are given)."""
    theirs = oracle.real_tf() if theirs is None else theirs
    ours = oracle.our_tf() if ours is None else ours
    oracle.COUNTS["comparisons"] += 1
    expected, actual = record(theirs, case, dtype), record(ours, case, dtype)
    if case.fails != isinstance(expected, oracle.Raised):
        return [f"the row itself: TensorFlow {'does not fail' if case.fails else f'fails: {expected}'}"]
    if isinstance(actual, oracle.Raised) and not isinstance(expected, oracle.Raised):
        return [f"scopedjax fails: {actual.type}: {actual.message[:1500]}"]
    if isinstance(expected, oracle.Raised) or isinstance(actual, oracle.Raised):
        return list(oracle.differences(expected, actual))
    problems = list(_compare(case, dtype, expected, actual))
    if case.graphdef and dtype == case.dtypes[0] and not problems:
        problems += _check_graphdefs(case, dtype, theirs, ours, expected, actual)
    return problems


def _compare(case: Case, dtype: str, expected: Side, actual: Side) -> Iterator[str]:
    skipped = case.notes
    if case.names and "names" not in skipped:
        yield from _node_differences(expected.nodes, actual.nodes)
    yield from oracle.differences(expected.dtypes, actual.dtypes, where="dtypes")
    if "shapes" not in skipped:
        yield from oracle.differences(expected.shapes, actual.shapes, where="static shape", phrase=False)
    rtol = case.rtol(dtype)
    for variant, values in expected.values.items():
        yield from _value_differences(case, values, actual.values.get(variant), rtol, f"value of {variant}")
    if "gradients" not in skipped:
        slack = None if rtol is None else rtol * GRADIENT_SLACK
        yield from _value_differences(
            case, expected.gradients, actual.gradients, slack, "gradient", default_slack=GRADIENT_SLACK
        )
    for variant, values in actual.values.items():
        yield from _inadmissible(actual.shapes[variant], values, variant)


def _node_differences(theirs: Any, ours: Any) -> Iterator[str]:
    if theirs == ours:
        return
    only_there = [n for n in theirs if n not in ours]
    only_here = [n for n in ours if n not in theirs]
    yield (
        f"nodes: only there {only_there}, only here {only_here}"
        if only_there or only_here
        else (f"nodes are created in another order: {theirs} there, {ours} here")
    )


def _value_differences(
    case: Case, theirs: Any, ours: Any, rtol: float | None, where: str, default_slack: float = 1.0
) -> Iterator[str]:
    if not isinstance(theirs, list) or not isinstance(ours, list) or len(theirs) != len(ours):
        yield from oracle.differences(theirs, ours, where=where)
        return
    for i, (a, b) in enumerate(zip(theirs, ours, strict=True)):
        dtype = getattr(a, "dtype", None)
        usual = oracle.TOLERANCES.get(dtype, 0.0) if dtype is not None else 0.0
        relative = usual * default_slack if rtol is None else rtol
        # An element that cancels to nearly nothing is as exact as its array is, so the floor is relative to that.
        absolute = (relative / 4 if case.atol is None else case.atol) * _magnitude(a)
        yield from oracle.differences(a, b, relative, absolute, f"{where}[{i}]")


def _magnitude(value: Any) -> float:
    array = np.asarray(value) if isinstance(value, np.ndarray | np.generic) else None
    if array is None or array.dtype not in oracle.TOLERANCES or not array.size:
        return 0.0
    finite = np.abs(array.astype(np.complex128 if array.dtype.kind == "c" else np.float64))
    finite = finite[np.isfinite(finite)]
    return float(finite.max()) if finite.size else 0.0


def _inadmissible(shapes: Any, values: Sequence[Any], variant: str) -> Iterator[str]:
    arrays = [np.shape(v) for v in values if v is not None]
    for shape, run in zip(shapes, arrays, strict=False):
        if shape == "unknown":
            continue
        if len(shape) != len(run) or any(s is not None and s != r for s, r in zip(shape, run, strict=True)):
            yield f"static shape {shape} of {variant} does not admit the shape of the run {list(run)}"


# -------------------------------------------------------------------------------------------------------- GraphDefs


def _check_graphdefs(case: Case, dtype: str, theirs: Any, ours: Any, expected: Side, actual: Side) -> Iterator[str]:
    moves = {
        "ours into TensorFlow": (theirs, [actual]),
        "into scopedjax (from ours, from TensorFlow)": (ours, [actual, expected]),
    }
    for move, (tf, sides) in moves.items():
        if move in case.notes:
            continue
        values = oracle.run_body(tf, _run_imported, sides)
        wanted = [expected.values["full"]] * len(sides)
        if isinstance(values, oracle.Raised):
            yield f"GraphDef {move}: {values.type}: {values.message[:1000]}"
            continue
        for side_values, want in zip(values, wanted, strict=True):
            yield from _value_differences(case, want, side_values, case.rtol(dtype), f"GraphDef {move}")


def _run_imported(tf: Any, sides: Sequence[Side]) -> list[Any]:
    fetches, feeds = [], {}
    graph = tf.get_default_graph()
    initializers: list[Any] = []
    for i, side in enumerate(sides):
        tf.import_graph_def(tf.GraphDef.FromString(side.graphdef), name=f"copy{i}")
        get = _getter(graph, i)
        feeds.update({get(name): value for name, value in side.feeds.items()})
        fetches.append([get(name) for name in side.fetches])
        initializers += [op for op in graph.get_operations() if op.type == "Assign" and op.name.endswith("/Assign")]
    with tf.Session() as session:
        if initializers:  # variables of an imported graph are nodes only: their own Assign nodes give them values
            session.run(initializers)
        return session.run(fetches, feeds)


def _getter(graph: Any, copy: int) -> Callable[[str], Any]:
    return lambda name: graph.as_graph_element(f"copy{copy}/{name}")
