"""What a static shape rule sees of the node that is being made, and how its errors read.

A rule is a function of a `ShapeContext` that returns one dims tuple (or None for an unknown rank) an output. A type
without a rule is evaluated abstractly: its lowering is traced by JAX with the known sizes (see `abstract`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scopedjax._src.base.shapes import Dims, format_dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.registry import OpRecord


class ShapeContext:
    """Inputs and attributes of a node whose output shapes are wanted."""

    __slots__ = ("attrs", "inputs", "name", "record")

    def __init__(self, record: OpRecord, name: str, inputs: Sequence[Tensor], attrs: dict[str, Any]) -> None:
        self.record = record
        self.name = name
        self.inputs = inputs
        self.attrs = attrs

    def dims(self, index: int) -> Dims:
        """Returns the static shape of an input."""
        return self.inputs[index]._dims

    def all_dims(self) -> list[Dims]:
        """Returns the static shapes of all inputs."""
        return [t._dims for t in self.inputs]

    def attr(self, name: str) -> Any:
        """Returns an attribute in canonical form."""
        return self.attrs[name]

    def const(self, index: int) -> np.ndarray | None:
        """Returns the value of an input where it can be told now, else None."""
        from scopedjax._src.ops.constant_value import constant_value

        return constant_value(self.inputs[index])

    def shape_value(self, index: int) -> Dims:
        """Returns an input that holds a shape, as far as it can be told now, as dims."""
        from scopedjax._src.ops.constant_value import constant_value_as_dims

        return constant_value_as_dims(self.inputs[index])

    def fail(self, message: str) -> ValueError:
        """Returns the error for shapes that do not fit, in TF1's form."""
        shapes = ", ".join(format_dims(t._dims) for t in self.inputs)
        return ValueError(f"{message} for '{self.name}' (op: '{self.record.type}') with input shapes: {shapes}.")

    def require_rank(self, index: int, rank: int) -> tuple[int | None, ...]:
        """Returns the dims of an input that must have `rank` dimensions; unknown ones where the rank is unknown.

        Raises:
          ValueError: the rank is another.
        """
        dims = self.dims(index)
        if dims is None:
            return (None,) * rank
        if len(dims) != rank:
            raise self.fail(f"Shape must be rank {rank} but is rank {len(dims)}")
        return dims


def infer_dims(record: OpRecord, context: ShapeContext, count: int) -> list[Dims]:
    """Returns the static shape of each output of a node that is being made.

    Raises:
      ValueError: the inputs' shapes do not fit.
    """
    if count == 0 and record.shape is None:
        return []
    if record.shape is None:
        from scopedjax._src.ops.abstract import abstract_dims

        return abstract_dims(record, context, count)
    found = list(record.shape(context))
    if len(found) != count:
        raise AssertionError(f"the shape rule of {record.type} gave {len(found)} shapes for {count} outputs")
    return found
