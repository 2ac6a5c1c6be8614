"""Static shapes by abstract evaluation: the lowering itself, traced by JAX without data.

A size that is not known is tried with two different numbers: an output size that differs between the two is unknown.
Results are remembered by type, attributes, input shapes and dtypes (a first evaluation costs about half a millisecond,
a remembered one some microseconds). This is also the oracle for rules written by hand.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.registry import OpRecord
from scopedjax._src.ops.shape_context import ShapeContext

_SIZES = (12, 24)  # both have many divisors, so that rules about divisibility seldom fail on them
_KNOWN: dict[Any, list[Dims] | Exception] = {}


class _AbstractContext:
    """Stands in for the lowering context: variables and random rows have shapes only."""

    platform = "cpu"

    def __init__(self, op: Any) -> None:
        self.op = op

    def read(self, ref: Any) -> Any:
        return ref

    def write(self, ref: Any, value: Any) -> None:
        return None

    def is_initialized(self, ref: Any) -> bool:
        return True

    def random_row(self, blocks: Any) -> tuple[Any, Any, Any]:
        return np.uint64(1), np.uint64(1), np.uint64(0)

    def require(self, at: int, value: Any, high: int, words: str, low: int | None = 0) -> None:
        return None

    def require_tuples(self, at: int, value: Any, sizes: Any, words: str) -> None:
        return None

    def lies_within(self, tensor: Any, low: int, high: int) -> bool:
        return True

    def refuse(self, wrong: Any, found: Any, words: str) -> None:
        return None


class _AbstractOp:
    """As much of an Operation as a lowering may look at before the node exists."""

    def __init__(self, context: ShapeContext) -> None:
        self.attrs = context.attrs
        self.name = context.name
        self.type = context.record.type
        self.inputs = tuple(context.inputs)
        self.record = context.record


def abstract_dims(record: OpRecord, context: ShapeContext, count: int) -> list[Dims]:
    """Returns the static shapes of a node's outputs by evaluating its lowering without data.

    Raises:
      ValueError: all input shapes are known and the lowering refuses them.
    """
    if any(t._dims is None for t in context.inputs) or _is_opaque(record, context):
        return [None] * count
    static = _static_values(record, context)
    if static is None:
        return [None] * count
    key = _key(record, context, static)
    known = _KNOWN.get(key)
    if known is None:
        known = _KNOWN[key] = _evaluate(record, context, static)
    if isinstance(known, Exception):
        if any(None in t._dims for t in context.inputs if t._dims):
            return [None] * count
        raise context.fail(str(known).splitlines()[0]) from known
    return known


def _is_opaque(record: OpRecord, context: ShapeContext) -> bool:
    op: Any = _AbstractOp(context)
    return bool(record.is_host(op)) or any(not _has_array_type(t.dtype.base_dtype) for t in context.inputs)


def _has_array_type(dtype: DType) -> bool:
    return dtype.name not in ("string", "resource", "variant")


def _static_values(record: OpRecord, context: ShapeContext) -> dict[int, np.ndarray] | None:
    values: dict[int, np.ndarray] = {}
    op: Any = _AbstractOp(context)
    names = record.static_names(op)
    at = 0
    for arg in record.signature.inputs:
        span = 1
        if arg.is_list:
            span = context.attrs[arg.number_attr] if arg.number_attr else len(context.attrs[arg.list_attr])
        if arg.name in names:
            for i in range(at, at + span):
                value = context.const(i)
                if value is None:
                    return None
                values[i] = value
        at += span
    return values


def _freeze(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    return value


def _key(record: OpRecord, context: ShapeContext, static: dict[int, np.ndarray]) -> Any:
    attrs = tuple((k, _freeze(v)) for k, v in sorted(context.attrs.items()))
    inputs = tuple((t.dtype.base_dtype, t._dims) for t in context.inputs)
    return record.type, attrs, inputs, tuple((i, _freeze(v)) for i, v in static.items())


def _evaluate(record: OpRecord, context: ShapeContext, static: dict[int, np.ndarray]) -> list[Dims] | Exception:
    op: Any = _AbstractOp(context)
    unknown = any(None in t._dims for t in context.inputs if t._dims)
    results: list[list[tuple[int, ...]]] = []
    try:
        with jax.enable_x64(True):
            for size in _SIZES if unknown else _SIZES[:1]:
                results.append(_shapes_at(record, op, context, static, size))
    except Exception as error:
        return error
    if len(results) == 1:
        return list(results[0])
    return [
        None if len(a) != len(b) else tuple(x if x == y else None for x, y in zip(a, b, strict=True))
        for a, b in zip(*results, strict=True)
    ]


def _shapes_at(
    record: OpRecord, op: Any, context: ShapeContext, static: dict[int, np.ndarray], size: int
) -> list[tuple[int, ...]]:
    structs = [
        jax.ShapeDtypeStruct(tuple(size if d is None else d for d in t._dims or ()), t.dtype.base_dtype.as_numpy_dtype)
        for t in context.inputs
    ]

    def run(dynamic: list[Any]) -> list[Any]:
        values = [static.get(i, v) for i, v in enumerate(dynamic)]
        return [jax.numpy.asarray(v) for v in record.lower_with(_AbstractContext(op), op, values)]

    return [tuple(out.shape) for out in jax.eval_shape(run, structs)]
