"""The string ops with which a sharded saver makes the names of its shards: StringJoin and StaticRegexFullMatch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like


def _joined_dims(c: ShapeContext) -> list[Dims]:
    """All inputs have one shape, except that scalars stand for every element."""
    found: Dims = ()
    for dims in c.all_dims():
        if dims is None:
            return [None]
        if dims and found and len(dims) != len(found):
            raise c.fail("Shapes must be equal rank")
        found = dims or found
    return [found]


@defop(
    "StringJoin(inputs: N * string; separator: string = '') -> output: string",
    shape=_joined_dims,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _string_join(inputs: Sequence[Any], *, separator: str) -> np.ndarray:
    arrays = np.broadcast_arrays(*inputs)
    result = np.empty(arrays[0].shape, object)
    flat = result.reshape(-1)
    for number, items in enumerate(zip(*(array.ravel().tolist() for array in arrays), strict=True)):
        flat[number] = separator.encode().join(items)
    return result


@defop(
    "StaticRegexFullMatch(input: string; pattern: string) -> output: bool",
    shape=like(0),
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _static_regex_full_match(input: Any, *, pattern: str) -> np.ndarray:
    compiled = re.compile(pattern.encode())
    items = np.asarray(input).ravel().tolist()
    return np.array([compiled.fullmatch(item) is not None for item in items], bool).reshape(np.shape(input))
