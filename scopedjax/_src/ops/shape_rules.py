"""Static shape rules that many op types share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scopedjax._src.base.shapes import Dims, broadcast_dims, merge_dims
from scopedjax._src.ops.shape_context import ShapeContext

Rule = Callable[[ShapeContext], Sequence[Dims]]


def like(index: int) -> Rule:
    """The one output has the shape of input `index`."""
    return lambda c: [c.inputs[index]._dims]


def scalar(c: ShapeContext) -> list[Dims]:
    """The one output is a scalar."""
    return [()]


def no_outputs(c: ShapeContext) -> list[Dims]:
    """The type has no outputs."""
    return []


def unknown(c: ShapeContext) -> list[Dims]:
    """Nothing is known about the one output."""
    return [None]


def vector(c: ShapeContext) -> list[Dims]:
    """The one output is a vector of unknown length."""
    return [(None,)]


def from_attr(name: str) -> Rule:
    """The one output has the shape that attribute `name` holds."""
    return lambda c: [c.attrs[name]]


def shape_from_input(index: int) -> Rule:
    """The one output has the shape that input `index` holds as its value."""
    return lambda c: [c.shape_value(index)]


def broadcast(c: ShapeContext) -> list[Dims]:
    """The one output has the shape to which inputs 0 and 1 broadcast."""
    a, b = c.inputs[0]._dims, c.inputs[1]._dims
    if a == b and a is not None and None not in a:
        return [a]
    try:
        return [broadcast_dims(a, b)]
    except ValueError as error:
        raise c.fail(str(error)) from None


def merged(*indices: int) -> Rule:
    """The one output has the shape that the inputs `indices` (default: all) have in common."""

    def rule(c: ShapeContext) -> list[Dims]:
        dims: Dims = None
        for i in indices or range(len(c.inputs)):
            try:
                dims = merge_dims(dims, c.inputs[i]._dims)
            except ValueError as error:
                raise c.fail(str(error)) from None
        return [dims]

    return rule
