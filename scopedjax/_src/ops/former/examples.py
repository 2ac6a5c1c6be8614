"""Parsing of `Example`s as TensorFlow 1 records it: ParseExample, ParseSingleExample, ParseSequenceExample,
ParseSingleSequenceExample, DecodePaddedRaw.

They do what ParseExampleV2 and ParseSequenceExampleV2 do; the names of the features come one by one, or as
attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from scopedjax._src.base import dtypes, errors
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.parsing import example_kernel, sequence_kernel
from scopedjax._src.ops.parsing.examples import EXAMPLE_TYPES
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_context import ShapeContext

_HOST: Final[dict[str, Any]] = {"host": True, "gradient": NO_GRADIENT}
_NO_NAMES: Final = np.array([], object)


def _texts(values: Sequence[Any]) -> list[str]:
    """Names as text, from tensors or attributes."""
    found: list[str] = []
    for value in values:
        item = value.item() if isinstance(value, np.ndarray) else value
        found.append(item.decode() if isinstance(item, bytes) else item)
    return found


def _parts(rows: Sequence[tuple[Any, ...]], count: int) -> list[list[Any]]:
    return [[row[i] for row in rows] for i in range(count)]


def _example_dims(c: ShapeContext) -> list[Dims]:
    given: Dims = c.require_rank(0, 0 if c.record.type == "ParseSingleExample" else 1)
    sparse = len(c.attr("sparse_types"))
    assert given is not None
    rank = len(given) + 1
    dense = [None if d is None else (*given, *d) for d in c.attr("dense_shapes")]
    return [*[(None, rank)] * sparse, *[(None,)] * sparse, *[(rank,)] * sparse, *dense]


def _parsed(batch: Any, sparse: Any, sparse_types: Any, dense: Any, shapes: Any, defaults: Any) -> Any:
    made = [batch.sparse(key, dtype) for key, dtype in zip(_texts(sparse), sparse_types, strict=True)]
    values = [
        batch.dense(key, dims, default) for key, dims, default in zip(_texts(dense), shapes, defaults, strict=True)
    ]
    return *_parts(made, 3), values


@defop(
    "ParseExample(serialized: string, names: string, sparse_keys: Nsparse * string, dense_keys: Ndense * string, "
    "dense_defaults: Tdense...; sparse_types: list(type), dense_shapes: list(shape)) -> "
    "sparse_indices: Nsparse * int64, sparse_values: sparse_types..., sparse_shapes: Nsparse * int64, "
    "dense_values: Tdense...",
    shape=_example_dims,
    types={"Tdense": EXAMPLE_TYPES, "sparse_types": EXAMPLE_TYPES},
    **_HOST,
)
def _parse_example(
    serialized: Any, names: Any, sparse_keys: Any, dense_keys: Any, dense_defaults: Any,
    *, sparse_types: tuple[DType, ...], dense_shapes: tuple[Dims, ...],
) -> Any:  # fmt: skip
    batch = example_kernel.Batch.of(serialized, names)
    return _parsed(batch, sparse_keys, sparse_types, dense_keys, dense_shapes, dense_defaults)


@defop(
    "ParseSingleExample(serialized: string, dense_defaults: Tdense...; num_sparse: int, sparse_keys: list(string), "
    "dense_keys: list(string), sparse_types: list(type), dense_shapes: list(shape)) -> "
    "sparse_indices: num_sparse * int64, sparse_values: sparse_types..., sparse_shapes: num_sparse * int64, "
    "dense_values: Tdense...",
    shape=_example_dims,
    types={"Tdense": EXAMPLE_TYPES, "sparse_types": EXAMPLE_TYPES},
    **_HOST,
)
def _parse_single_example(
    serialized: Any, dense_defaults: Any, *, sparse_keys: Any, dense_keys: Any, sparse_types: Any, dense_shapes: Any
) -> Any:
    batch = example_kernel.Batch.of(serialized, _NO_NAMES)
    return _parsed(batch, sparse_keys, sparse_types, dense_keys, dense_shapes, dense_defaults)


# ------------------------------------------------------------------------------------------------ sequence examples

_ATTRS: Final = (
    "Ncontext_sparse: int = 0, Ncontext_dense: int = 0, Nfeature_list_sparse: int = 0, Nfeature_list_dense: int = 0, "
    "context_sparse_types: list(type) = [], Tcontext_dense: list(type) = [], "
    "feature_list_dense_types: list(type) = [], context_dense_shapes: list(shape) = [], "
    "feature_list_sparse_types: list(type) = [], feature_list_dense_shapes: list(shape) = []"
)
_OUTPUTS: Final = (
    "context_sparse_indices: Ncontext_sparse * int64, context_sparse_values: context_sparse_types..., "
    "context_sparse_shapes: Ncontext_sparse * int64, context_dense_values: Tcontext_dense..., "
    "feature_list_sparse_indices: Nfeature_list_sparse * int64, "
    "feature_list_sparse_values: feature_list_sparse_types..., "
    "feature_list_sparse_shapes: Nfeature_list_sparse * int64, feature_list_dense_values: feature_list_dense_types..."
)


def _sequence_dims(c: ShapeContext) -> list[Dims]:
    lengths = c.record.type == "ParseSequenceExample"
    given: Dims = c.require_rank(0, 1 if lengths else 0)
    assert given is not None
    rank = len(given)

    def sparse(count: int, width: int) -> list[Dims]:
        return [*[(None, width)] * count, *[(None,)] * count, *[(width,)] * count]

    def dense(shapes: Any, steps: tuple[None, ...]) -> list[Dims]:
        return [None if d is None else (*given, *steps, *d) for d in shapes]

    return [
        *sparse(c.attr("Ncontext_sparse"), rank + 1),
        *dense(c.attr("context_dense_shapes"), ()),
        *sparse(c.attr("Nfeature_list_sparse"), rank + 2),
        *dense(c.attr("feature_list_dense_shapes"), (None,)),
        *([given] * c.attr("Nfeature_list_dense") if lengths else ()),
    ]


def _sequences(attrs: Any, batch: Any, keys: dict[str, Any], defaults: Any, may_miss: Any) -> Any:
    """The features of a batch, and the lengths of its dense lists; `keys` has the names by kind."""
    context = [
        batch.context_sparse(key, dtype)
        for key, dtype in zip(_texts(keys["context_sparse"]), attrs["context_sparse_types"], strict=True)
    ]
    dense = [
        batch.context_dense(key, dtype, dims, default)
        for key, dtype, dims, default in zip(
            _texts(keys["context_dense"]), attrs["Tcontext_dense"], attrs["context_dense_shapes"], defaults, strict=True
        )
    ]
    lists = [
        batch.list_sparse(key, dtype)
        for key, dtype in zip(_texts(keys["sparse"]), attrs["feature_list_sparse_types"], strict=True)
    ]
    absent = set(_texts(may_miss))
    rows = [
        batch.list_dense(key, dtype, dims, key in absent)
        for key, dtype, dims in zip(
            _texts(keys["dense"]), attrs["feature_list_dense_types"], attrs["feature_list_dense_shapes"], strict=True
        )
    ]
    return *_parts(context, 3), dense, *_parts(lists, 3), *_parts(rows, 2)


@defop(
    "ParseSequenceExample(serialized: string, debug_name: string, context_dense_defaults: Tcontext_dense...; "
    "feature_list_dense_missing_assumed_empty: list(string), context_sparse_keys: list(string), "
    "context_dense_keys: list(string), feature_list_sparse_keys: list(string), feature_list_dense_keys: list(string), "
    f"{_ATTRS}) -> {_OUTPUTS}, feature_list_dense_lengths: Nfeature_list_dense * int64",
    shape=_sequence_dims,
    types={"Tcontext_dense": EXAMPLE_TYPES},
    **_HOST,
)
def _parse_sequence_example(ctx: Any, serialized: Any, debug_name: Any, context_dense_defaults: Any) -> Any:
    attrs = ctx.op.attrs
    keys = {
        "context_sparse": attrs["context_sparse_keys"], "context_dense": attrs["context_dense_keys"],
        "sparse": attrs["feature_list_sparse_keys"], "dense": attrs["feature_list_dense_keys"],
    }  # fmt: skip
    batch = sequence_kernel.Batch.of(serialized, debug_name)
    may_miss = attrs["feature_list_dense_missing_assumed_empty"]
    return _sequences(attrs, batch, keys, context_dense_defaults, may_miss)


@defop(
    "ParseSingleSequenceExample(serialized: string, feature_list_dense_missing_assumed_empty: string, "
    "context_sparse_keys: Ncontext_sparse * string, context_dense_keys: Ncontext_dense * string, "
    "feature_list_sparse_keys: Nfeature_list_sparse * string, feature_list_dense_keys: Nfeature_list_dense * string, "
    f"context_dense_defaults: Tcontext_dense..., debug_name: string; {_ATTRS}) -> {_OUTPUTS}",
    shape=_sequence_dims,
    types={"Tcontext_dense": EXAMPLE_TYPES},
    **_HOST,
)
def _parse_single_sequence_example(
    ctx: Any, serialized: Any, may_miss: Any, context_sparse: Any, context_dense: Any, sparse: Any, dense: Any,
    defaults: Any, debug_name: Any,
) -> Any:  # fmt: skip
    keys = {"context_sparse": context_sparse, "context_dense": context_dense, "sparse": sparse, "dense": dense}
    batch = sequence_kernel.Batch.of(serialized, debug_name)
    return _sequences(ctx.op.attrs, batch, keys, defaults, list(may_miss))[:-1]


# -------------------------------------------------------------------------------------------------------- raw bytes


def _padded_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(1, 0)
    given = c.dims(0)
    length = c.const(1)
    width = None if length is None else int(length) // c.attr("out_type").size
    return [None if given is None else (*given, width)]


@defop(
    "DecodePaddedRaw(input_bytes: string, fixed_length: int32; out_type: type, little_endian: bool = True) "
    "-> output: out_type",
    shape=_padded_dims,
    types={"out_type": tuple(getattr(dtypes, n) for n in (
        "float16", "float32", "float64", "int32", "uint16", "uint8", "int16", "int8", "int64"))},
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)  # fmt: skip
def _decode_padded_raw(input_bytes: Any, fixed_length: Any, *, out_type: DType, little_endian: bool) -> Any:
    length = int(fixed_length)
    if length <= 0:
        raise errors.InvalidArgumentError(None, None, f"fixed_length must be greater than zero, but got {length}")
    if length % out_type.size:
        raise errors.InvalidArgumentError(
            None, None, f"fixed_length ({length}) must be a multiple of the size of out_type ({out_type.size})"
        )
    data = b"".join(bytes(item)[:length].ljust(length, b"\0") for item in input_bytes.ravel())
    kind = np.dtype(out_type.as_numpy_dtype).newbyteorder("<" if little_endian else ">")
    values = np.frombuffer(data, kind).reshape(*input_bytes.shape, length // out_type.size)
    return values.astype(out_type.as_numpy_dtype)
