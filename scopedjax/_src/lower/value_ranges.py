"""What the graph tells about the numbers that an integer tensor can hold, so that indices need no check.

    ids = tf.argmax(scores, 1)      scores [8, 5]       ids lie in [0, 4]
    tf.gather(table, ids)           a table of 5 rows   no check

A range is (lowest, highest), both included, None for an end of which nothing is known. It is found by walking back
over nodes that hand on elements of their inputs or of which the type says something. The walk ends at what is known
(NumPy values, ranges that were noted) and at fed tensors, of which nothing is known whatever node made them.

A check that was made is noted as a range too, at the tensor checked and at those that it only rearranges: the scatter
in which the gradient of a gather ends takes the same indices, in another shape, and is not checked again.

Invariant: a range that is told is never too narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import numpy as np

from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.constant_value import constant_value

Range = tuple[int | None, int | None]
NOTHING: Final[Range] = (None, None)
_MOST_VISITED: Final = 200  # nodes of one walk
_SMALL_KINDS: Final = {"bool": (0, 1), "uint8": (0, 255), "int8": (-128, 127), "uint16": (0, 65535)}

# Nodes whose outputs hold the same elements as their first input, each once.
REARRANGED: Final = frozenset({"Identity", "Reshape", "ExpandDims", "Squeeze", "StopGradient", "PreventGradient"})
# Nodes whose outputs hold only elements of some of their inputs: which ones.
_TAKEN: Final[Mapping[str, slice]] = {
    **dict.fromkeys(REARRANGED, slice(0, 1)),
    **dict.fromkeys(("Transpose", "Tile", "BroadcastTo", "StridedSlice", "Slice", "ReverseV2", "Unpack"), slice(0, 1)),
    **dict.fromkeys(("SplitV", "RandomShuffle", "Roll", "Snapshot", "EnsureShape"), slice(0, 1)),
    "Split": slice(1, 2),
    "GatherV2": slice(0, 1),
    "Gather": slice(0, 1),
    "GatherNd": slice(0, 1),
    "ConcatV2": slice(0, -1),
    "Pack": slice(0, None),
    "Select": slice(1, 3),
    "SelectV2": slice(1, 3),
}


class ValueRanges:
    """The ranges known in one trace.

    Attributes:
      fed: Tensors that got their value from outside, whatever node they belong to.
      noted: Ranges that were found otherwise: of counters, and of what was checked.
      passed: Tensors of index tuples that were checked, with the sizes that they were checked for.
    """

    def __init__(
        self, values: Mapping[Tensor, Any], fed: Collection[Tensor] = (), noted: Mapping[Tensor, Range] | None = None
    ) -> None:
        self._values = values
        self.fed = fed
        self.noted: dict[Tensor, Range] = dict(noted or {})
        self.passed: set[tuple[Tensor, tuple[int, ...]]] = set()

    def inside(self, values: Mapping[Tensor, Any]) -> ValueRanges:
        """Returns the ranges for a region: what is known outside is known inside."""
        inner = ValueRanges(values, self.fed, self.noted)
        inner.passed = set(self.passed)
        return inner

    def is_within(self, tensor: Tensor, low: int | None, high: int) -> bool:
        """Whether all elements of a tensor lie in `[low, high)`; `low` None: whether they lie below `high`."""
        least, most = self.of(tensor)
        return (low is None or least is not None and least >= low) and most is not None and most < high

    def note(self, tensor: Tensor, found: Range) -> None:
        """Notes a range of a tensor, and of the tensors that it only rearranges."""
        self.noted[tensor] = _met(self.noted.get(tensor, NOTHING), found)
        while tensor.op.type in REARRANGED and tensor not in self.fed:
            tensor = tensor.op.inputs[0]
            self.noted[tensor] = _met(self.noted.get(tensor, NOTHING), found)

    def root(self, tensor: Tensor) -> Tensor:
        """Returns the tensor of which a tensor is a copy."""
        while tensor.op.type == "Identity" and tensor not in self.fed:
            tensor = tensor.op.inputs[0]
        return tensor

    def without_filler(self, tensor: Tensor) -> Tensor:
        """Returns the indices that `DistinctRows` got, for what it gave: there places that are not needed hold a number
        outside of every range, which scatters leave out."""
        source = tensor
        while source.op.type in REARRANGED and source not in self.fed:
            source = source.op.inputs[0]
        distinct = source.op.type == "DistinctRows" and source is source.op.outputs[1]
        return source.op.inputs[1] if distinct else tensor

    def of(self, tensor: Tensor) -> Range:
        """Returns the range of a tensor's elements."""
        return self._of(tensor, {})

    def _of(self, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
        if tensor in seen:
            return seen[tensor]
        seen[tensor] = NOTHING
        if len(seen) <= _MOST_VISITED:
            seen[tensor] = self._found(tensor, seen)
        return seen[tensor]

    def _found(self, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
        value = self._values.get(tensor)
        if isinstance(value, (np.ndarray, np.generic)):
            return _of_value(value)
        told = _met(self.noted.get(tensor, NOTHING), _SMALL_KINDS.get(tensor.dtype.base_dtype.name, NOTHING))
        return told if tensor in self.fed else _met(told, self._by_type(tensor, seen))

    def _by_type(self, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
        op = tensor.op
        if not tensor.dtype.is_integer:
            return NOTHING
        taken = _TAKEN.get(op.type)
        if taken is not None:
            return _joined([self._of(t, seen) for t in op.inputs[taken]])
        if op.type == "Const":
            value = op.attrs.get("value")
            return _of_value(value) if isinstance(value, np.ndarray) else NOTHING
        rule = _RULES.get(op.type)
        return NOTHING if rule is None else rule(self, tensor, seen)

    def size(self, tensor: Tensor, axis: int) -> int | None:
        """Returns the size of an axis, as the program sees it or as the graph tells it."""
        dims = getattr(self._values.get(tensor), "shape", tensor._dims)
        return dims[axis] if dims is not None and -len(dims) <= axis < len(dims) else None

    def constant(self, tensor: Tensor) -> int | None:
        """Returns the value of a scalar that is known."""
        value = self._values.get(tensor)
        if not isinstance(value, (np.ndarray, np.generic)):
            value = None if tensor in self.fed else constant_value(tensor)
        return None if value is None or np.size(value) != 1 else int(np.reshape(value, ()))


def _of_value(value: Any) -> Range:
    if value.dtype == object or value.dtype.kind not in "iub":
        return NOTHING
    return (int(value.min()), int(value.max())) if value.size else (0, 0)


def _joined(ranges: list[Range]) -> Range:
    """The range that holds all of some ranges."""
    lows, highs = [r[0] for r in ranges], [r[1] for r in ranges]
    low = None if None in lows or not lows else min(v for v in lows if v is not None)
    return low, None if None in highs or not highs else max(v for v in highs if v is not None)


def _met(a: Range, b: Range) -> Range:
    """The range that lies in two ranges."""
    lows = [v for v in (a[0], b[0]) if v is not None]
    highs = [v for v in (a[1], b[1]) if v is not None]
    return max(lows, default=None), min(highs, default=None)


# Rules of single types ----------------------------------------------------------------------------------------------

_Rule = Callable[[ValueRanges, Tensor, dict[Tensor, Range]], Range]


def _below(size: int | None) -> Range:
    return 0, None if size is None else max(size - 1, 0)


def _extreme_place(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    axis = ranges.constant(tensor.op.inputs[1])
    return _below(None if axis is None else ranges.size(tensor.op.inputs[0], axis))


def _top_k(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    source = tensor.op.inputs[0]
    return _below(ranges.size(source, -1)) if tensor is tensor.op.outputs[1] else ranges._of(source, seen)


def _unique(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    source = tensor.op.inputs[0]
    return ranges._of(source, seen) if tensor is tensor.op.outputs[0] else _below(ranges.size(source, 0))


def _distinct(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    return ranges._of(tensor.op.inputs[1], seen)  # and filler


def _counted(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    (start, _), (_, limit), (step, _) = (ranges._of(t, seen) for t in tensor.op.inputs)
    if step is None or step <= 0:
        return NOTHING
    return start, None if limit is None else limit - 1


def _sampled(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    return _below(tensor.op.attrs["range_max"]) if tensor is tensor.op.outputs[0] else NOTHING


def _drawn(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    (low, _), (_, high) = (ranges._of(t, seen) for t in tensor.op.inputs[1:3])
    return low, None if high is None else high - 1


def _drawn_class(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    return _below(ranges.size(tensor.op.inputs[0], 1))


def _smaller(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    a, b = (ranges._of(t, seen) for t in tensor.op.inputs)
    return _joined([a, b])[0], _met(a, b)[1]


def _larger(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    a, b = (ranges._of(t, seen) for t in tensor.op.inputs)
    return _met(a, b)[0], _joined([a, b])[1]


def _remainder(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    low, high = ranges._of(tensor.op.inputs[1], seen)
    return (0, None if high is None else high - 1) if low is not None and low > 0 else NOTHING


def _quotient(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    (low, high), (least, _) = (ranges._of(t, seen) for t in tensor.op.inputs)
    if low is None or low < 0 or least is None or least < 1:
        return NOTHING
    return 0, None if high is None else high // least


def _fits(tensor: Tensor, found: Range) -> Range:
    """A computed range, where the dtype can hold it: sums that wrap around may be anything."""
    info = np.iinfo(tensor.dtype.base_dtype.as_numpy_dtype)
    low, high = found
    return found if low is not None and high is not None and info.min <= low and high <= info.max else NOTHING


def _sum(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    (a, b), (c, d) = (ranges._of(t, seen) for t in tensor.op.inputs)
    if a is None or b is None or c is None or d is None:
        return NOTHING
    return _fits(tensor, (a + c, b + d))


def _difference(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    (a, b), (c, d) = (ranges._of(t, seen) for t in tensor.op.inputs)
    if a is None or b is None or c is None or d is None:
        return NOTHING
    return _fits(tensor, (a - d, b - c))


def _product(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    (a, b), (c, d) = (ranges._of(t, seen) for t in tensor.op.inputs)
    if a is None or b is None or c is None or d is None:
        return NOTHING
    ends = (a * c, a * d, b * c, b * d)
    return _fits(tensor, (min(ends), max(ends)))


def _cast(ranges: ValueRanges, tensor: Tensor, seen: dict[Tensor, Range]) -> Range:
    source = tensor.op.inputs[0]
    if source.dtype.base_dtype.name != "bool" and not source.dtype.is_integer:
        return NOTHING
    return _fits(tensor, ranges._of(source, seen))


_SAMPLERS = ("UniformCandidateSampler", "LogUniformCandidateSampler", "FixedUnigramCandidateSampler")
_RULES: Final[Mapping[str, _Rule]] = {
    **dict.fromkeys(("ArgMax", "ArgMin"), _extreme_place),
    **dict.fromkeys(("TopKV2", "TopK"), _top_k),
    **dict.fromkeys(("Unique", "UniqueV2", "UniqueWithCounts", "UniqueWithCountsV2"), _unique),
    "DistinctRows": _distinct,
    "Range": _counted,
    **dict.fromkeys((*_SAMPLERS, "LearnedUnigramCandidateSampler", "ThreadUnsafeUnigramCandidateSampler"), _sampled),
    "RandomUniformInt": _drawn,
    "Multinomial": _drawn_class,
    "Minimum": _smaller,
    "Maximum": _larger,
    "FloorMod": _remainder,
    "FloorDiv": _quotient,
    **dict.fromkeys(("Add", "AddV2"), _sum),
    "Sub": _difference,
    "Mul": _product,
    "Cast": _cast,
    **dict.fromkeys(("Shape", "Size", "Rank"), lambda ranges, tensor, seen: (0, None)),
}


def sites_inside(op: Operation) -> bool:
    """Whether a structured node's regions hold nodes that may check something."""
    extra = op._extra
    assert extra is not None
    if "checks" not in extra:
        extra["checks"] = any(_may_check(inner) for region in extra["regions"] for inner in region.ops)
    return extra["checks"]


def _may_check(op: Operation) -> bool:
    if op.record is not None and (op.record.guards or op.record.array in ("read", "write")):
        return True
    return op._extra is not None and "regions" in op._extra and sites_inside(op)
