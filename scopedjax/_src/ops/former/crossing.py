"""What `tf.estimator`'s feature columns and `tf.sparse.cross` record: Bucketize, SparseCross.

    crossed_column(["colour", "size"], 100)    SparseCross: each colour with each size of an example, as one number

A cross is hashed by FarmHash's Fingerprint64 and a mixing step of MurmurHash, one feature after the other; so a
vocabulary of crosses that TensorFlow trained on has the same rows here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.ops.registry import NO_GRADIENT, declare, defop
from scopedjax._src.ops.shape_rules import like
from scopedjax._src.ops.strings.elementwise import invalid
from scopedjax._src.ops.strings.hashing import fingerprint64

_MASK: Final = (1 << 64) - 1
_FACTOR: Final = 0xC6A4A7935BD1E995
_LARGEST: Final = (1 << 63) - 1


@defop(
    "Bucketize(input: T; boundaries: list(float)) -> output: int32",
    shape=like(0),
    types={"T": (dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64)},
    gradient=NO_GRADIENT,
)
def _bucketize(input: Any, *, boundaries: tuple[float, ...]) -> Any:
    limits = np.asarray(boundaries, np.float32)
    wide = jnp.asarray(input).astype(jnp.float64) if input.dtype != np.float32 else jnp.asarray(input)
    return jnp.searchsorted(limits.astype(wide.dtype), wide, side="right").astype(jnp.int32)


def joined_fingerprints(first: int, second: int) -> int:
    """Returns one 64-bit number for two."""
    mixed = second * _FACTOR & _MASK
    mixed = (mixed ^ mixed >> 47) * _FACTOR & _MASK
    result = ((first ^ _FACTOR) ^ mixed) * _FACTOR & _MASK
    result = (result ^ result >> 47) * _FACTOR & _MASK
    return result ^ result >> 47


def _columns(indices: Sequence[Any], values: Sequence[Any], shapes: Sequence[Any], dense: Sequence[Any]) -> list[Any]:
    """For each feature a list of each example's values, the sparse features first."""
    found: list[list[list[Any]]] = []
    for at, given, shape in zip(indices, values, shapes, strict=True):
        rows: list[list[Any]] = [[] for _ in range(int(shape[0]))]
        for row, value in zip(at[:, 0].tolist(), given, strict=True):
            rows[row].append(value)
        found.append(rows)
    found.extend([list(row) for row in matrix] for matrix in dense)
    return found


def _as_number(value: Any) -> int:
    return fingerprint64(value) if isinstance(value, bytes) else int(value) & _MASK


def _as_text(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(int(value)).encode()


def _crossed(columns: Sequence[list[Any]], combine: Callable[[Sequence[Any]], Any], kind: Any) -> Any:
    count = len(columns[0]) if columns else 0
    rows = [[combine(parts) for parts in itertools.product(*(column[i] for column in columns))] for i in range(count)]
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    flat = [value for row in rows for value in row]
    values = np.empty(len(flat), kind)
    values[:] = flat
    widest = max((len(row) for row in rows), default=0)
    return np.asarray(places, np.int64).reshape(-1, 2), values, np.asarray([count, widest], np.int64)


def _check_batch(columns: Sequence[list[Any]], sparse: int) -> None:
    for number, column in enumerate(columns):
        if len(column) != len(columns[0]):
            kind, at = ("sparse", number) if number < sparse else ("dense", number - sparse)
            raise invalid(f"Expected batch size {len(columns[0])} got {len(column)} at {kind} tensor {at}")


def _sparse_cross(
    indices: Any, values: Any, shapes: Any, dense_inputs: Any,
    *, hashed_output: bool, num_buckets: int, hash_key: int, out_type: DType,
) -> Any:  # fmt: skip
    columns = _columns(indices, values, shapes, dense_inputs)
    _check_batch(columns, len(indices))
    if not hashed_output:
        return _crossed(columns, lambda parts: b"_X_".join(map(_as_text, parts)), object)

    def combine(parts: Sequence[Any]) -> int:
        state = hash_key & _MASK
        for part in parts:
            state = joined_fingerprints(state, _as_number(part))
        return state % (num_buckets if num_buckets > 0 else _LARGEST)

    return _crossed(columns, combine, out_type.as_numpy_dtype)


for _type, _dense in (("SparseCross", "dense_inputs"), ("SparseFeatureCrossV2", "dense")):
    declare(
        f"{_type}(indices: N * int64, values: sparse_types..., shapes: N * int64, {_dense}: dense_types...; "
        "hashed_output: bool, num_buckets: int, hash_key: int, out_type: type, internal_type: type) -> "
        "output_indices: int64, output_values: out_type, output_shape: int64",
        _sparse_cross,
        shape=lambda c: [(None, 2), (None,), (2,)],
        types={name: (dtypes.int64, dtypes.string) for name in ("sparse_types", "dense_types", "out_type")},
        host=True,
        gradient=NO_GRADIENT,
    )


def _text_cross(indices: Any, values: Any, shapes: Any, dense_inputs: Any, sep: Any) -> Any:
    columns = _columns(indices, values, shapes, dense_inputs)
    _check_batch(columns, len(indices))
    joint = np.asarray(sep).item()
    return _crossed(columns, lambda parts: joint.join(map(_as_text, parts)), object)


# TensorFlow 2's type for the crosses of texts.
declare(
    "SparseCrossV2(indices: N * int64, values: sparse_types..., shapes: N * int64, dense_inputs: dense_types..., "
    "sep: string) -> output_indices: int64, output_values: string, output_shape: int64",
    _text_cross,
    shape=lambda c: [(None, 2), (None,), (2,)],
    types={name: (dtypes.int64, dtypes.string) for name in ("sparse_types", "dense_types")},
    host=True,
    gradient=NO_GRADIENT,
)
