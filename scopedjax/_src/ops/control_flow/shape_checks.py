"""`tf.debugging.assert_shapes`: the shapes of several tensors, checked against letters that stand for sizes.

    assert_shapes([(x, ("N", "D")), (w, ("D", 4)), (y, ("N",))])

Every letter gets its size where it is met first. What is known of the shapes is checked while the graph is recorded
(ValueError); what is not becomes one Assert node a dimension.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import shape
from scopedjax._src.ops.control_flow.assertion import Assert
from scopedjax._src.ops.control_flow.checks import assert_rank, assert_rank_at_least, assert_rank_in
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.convert import convert_to_tensor

_ANY_SIZE = (None, ".")
_ANY_RANK = (..., "*")


@dataclass
class _Row:
    """One tensor and the entries of its shape, those behind a leading `...` where there is one."""

    value: Any
    entries: list[Any]
    open_ended: bool

    @property
    def name(self) -> str:
        """How errors call the tensor."""
        return self.value.name if isinstance(self.value, Tensor) else str(self.value)

    def static(self) -> list[int | None] | None:
        """The known sizes of the entries; a scalar counts as one element where one entry is wanted."""
        found = self.value.shape
        if found.ndims is None:
            return None
        sizes: list[int | None] = found.as_list() or ([1] if len(self.entries) == 1 else [])
        return sizes[len(sizes) - len(self.entries) :] if self.open_ended else sizes

    def place(self, index: int) -> int:
        """The number by which a dimension is called: from behind after `...`."""
        return index - len(self.entries) if self.open_ended else index

    def dynamic(self, index: int) -> Tensor:
        """The size of one dimension when the graph runs."""
        sizes = self.value.dense_shape if hasattr(self.value, "dense_shape") else shape(self.value)
        if len(self.entries) == 1 and not self.open_ended:
            sizes = concat([sizes, apply_op("OnesLike", apply_op("ExpandDims", apply_op("Size", sizes), 0))], 0)
        return sizes[self.place(index)]


def assert_shapes(
    shapes: Any, data: Any = None, summarize: int | None = None, message: str | None = None, name: str | None = None
) -> Operation:
    """Checks the shapes of tensors, and that sizes called by the same letter are the same.

    Args:
      shapes: List of pairs (tensor, shape), or a dict from tensors to shapes. A shape is a tuple (or a text: one letter
        a dimension) of sizes, of letters that stand for sizes, and of None or "." for any size; `...` or "*" in front
        stands for any number of dimensions. None in the place of a shape checks nothing.
      data: Tensors that the error shows; by default the shape.
      summarize: How many elements of them.
      message: Words in front of the error's own.
      name: Name scope; defaults to "assert_shapes".

    Returns:
      A node that fails where a shape that was not known does not fit.

    Raises:
      ValueError: a known shape does not fit, or a shape is not well formed.

    >>> x = tf.placeholder(tf.float32, [None, 3])
    >>> check = tf.debugging.assert_shapes([(x, ("N", "D")), (tf.zeros([3, 4]), ("D", 4))])
    >>> tf.Session().run(check, {x: [[1.0, 2.0, 3.0]]})
    """
    prefix = f"{message}.  " if message else ""
    pairs = list(shapes.items()) if isinstance(shapes, Mapping) else list(shapes)
    with stacks.get_default_graph().name_scope(name or "assert_shapes"):
        tensors = [(v if hasattr(v, "dense_shape") else convert_to_tensor(v), wanted) for v, wanted in pairs]
        rows = [_row(value, wanted, prefix) for value, wanted in tensors if wanted is not None]
        nodes = [_rank_node(row, data, summarize, message) for row in rows]
        sizes: dict[Any, tuple[Any, Any, str]] = {}
        for row in rows:
            for index, entry in enumerate(row.entries):
                if entry not in _ANY_SIZE:
                    nodes += _size_nodes(row, index, entry, sizes, prefix, data, summarize)
    return group(*nodes)


def _row(value: Any, wanted: Any, prefix: str) -> _Row:
    if not hasattr(wanted, "__iter__") and not hasattr(wanted, "__getitem__"):
        raise ValueError(
            f"{prefix}Tensor {value.name}.  Specified shape must be an iterable.  An iterable has the attribute "
            f"`__iter__` or `__getitem__`.  Received specified shape: {wanted}"
        )
    entries = [_entry(item) for item in wanted]
    for index, entry in enumerate(entries):
        if entry in _ANY_RANK and index > 0:
            raise ValueError(
                f"{prefix}Tensor {value.name} specified shape index {index}.  Symbol `...` or `*` for a variable "
                "number of unspecified dimensions is only allowed as the first entry"
            )
    open_ended = bool(entries) and entries[0] in _ANY_RANK
    return _Row(value, entries[1:] if open_ended else entries, open_ended)


def _entry(item: Any) -> Any:
    """An entry: digits are a size, a Dimension is what it holds."""
    item = getattr(item, "value", item)
    try:
        return int(item)
    except (TypeError, ValueError):
        return item


def _rank_node(row: _Row, data: Any, summarize: Any, message: Any) -> Operation:
    rank = len(row.entries)
    options = {"data": data, "summarize": summarize, "message": message}
    if row.open_ended:
        return assert_rank_at_least(row.value, rank, **options)
    if rank <= 1:
        return assert_rank_in(row.value, [rank, 1 - rank], **options)
    return assert_rank(row.value, rank, **options)


def _size_nodes(
    row: _Row, index: int, entry: Any, sizes: dict[Any, tuple[Any, Any, str]], prefix: str, data: Any, summarize: Any
) -> Sequence[Operation]:
    """Checks one dimension, or notes its size under its letter; the node of a check that must wait."""
    static = row.static()
    known = None if static is None else static[index]
    actual = known if known is not None else row.dynamic(index)
    if isinstance(entry, int):
        wanted, origin = entry, "Specified explicitly"
    elif entry not in sizes:
        sizes[entry] = (actual, row, f"Specified by tensor {row.name} dimension {row.place(index)}")
        return []
    else:
        wanted, _, origin = sizes[entry]
    words = f"{prefix}{origin}.  Tensor {row.name} dimension {row.place(index)} must have size"
    if isinstance(wanted, int) and known is not None:
        if wanted != known:
            raise ValueError(f"{words} {wanted}.  Received size {known}, shape {row.value.shape}")
        return []
    shown = data if data is not None else [words, wanted, "Received size", actual]
    return [Assert(apply_op("Equal", wanted, actual), shown, summarize=summarize)]
