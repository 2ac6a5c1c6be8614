"""Sparse tensors that wait in a map of the session while a number stands for each of them in a queue.

    sparse tensor --AddSparseToTensorsMap--> 7     the queue holds 7     [7, 9] --TakeMany...--> the two as one tensor

A queue's elements are dense, and a sparse tensor is three tensors of sizes that differ. So `tf.train.batch` puts the
tensors into a map and their handles into the queue, and takes out of the map what leaves the queue. Two nodes share a
map by their `shared_name`; a node without one has a map of its own name.
"""

from __future__ import annotations

import itertools
import threading
from typing import Any

import numpy as np

from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.ops.registry import NO_GRADIENT, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import scalar
from scopedjax._src.ops.sparse.densify import invalid

_OWNER = "container: string = '', shared_name: string = ''"
Parts = tuple[np.ndarray, np.ndarray, np.ndarray]


class SparseMap:
    """The sparse tensors of one map, by handle. Several threads may add and take.

    Args:
      name: Its name, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._held: dict[int, Parts] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def add(self, parts: list[Parts]) -> list[int]:
        """Returns a new handle for each sparse tensor (indices, values, shape)."""
        with self._lock:
            handles = [next(self._numbers) for _ in parts]
            self._held.update(zip(handles, parts, strict=True))
        return handles

    def take(self, handles: list[int]) -> list[Parts]:
        """Returns what stands behind handles; they are forgotten.

        Raises:
          InvalidArgumentError: a handle is not there, or no longer.
        """
        with self._lock:
            for handle in handles:
                if handle not in self._held:
                    raise invalid(f"Unable to find SparseTensor: {handle} in map: {self._name}")
            return [self._held.pop(handle) for handle in handles]


def _map_of(ctx: Any) -> SparseMap:
    op: Operation = ctx.op
    name = op.attrs["shared_name"] or op.name
    container = op.attrs["container"]
    key = f"sparse map {container}//{name}"
    return ctx.shared(key, lambda: SparseMap(name))


def _checked(indices: np.ndarray, values: np.ndarray, sizes: np.ndarray) -> Parts:
    if indices.ndim != 2:
        raise invalid(f"Input indices should be a matrix but received shape {list(indices.shape)}")
    if values.ndim != 1:
        raise invalid(f"Input values should be a vector but received shape {list(values.shape)}")
    if sizes.ndim != 1:
        raise invalid(f"Input shape should be a vector but received shape {list(sizes.shape)}")
    return np.array(indices), np.array(values), np.array(sizes)  # the caller's buffers may be written to


@defop(
    f"AddSparseToTensorsMap(sparse_indices: int64, sparse_values: T, sparse_shape: int64; {_OWNER}) "
    "-> sparse_handle: int64",
    shape=scalar,
    host=True,
    stateful=True,
    gradient=NO_GRADIENT,
)
def _add(ctx: Any, sparse_indices: Any, sparse_values: Any, sparse_shape: Any) -> Any:
    return np.int64(_map_of(ctx).add([_checked(sparse_indices, sparse_values, sparse_shape)])[0])


@defop(
    f"AddManySparseToTensorsMap(sparse_indices: int64, sparse_values: T, sparse_shape: int64; {_OWNER}) "
    "-> sparse_handles: int64",
    shape=lambda c: [(None,)],
    host=True,
    stateful=True,
    gradient=NO_GRADIENT,
)
def _add_many(ctx: Any, sparse_indices: Any, sparse_values: Any, sparse_shape: Any) -> Any:
    indices, values, sizes = _checked(sparse_indices, sparse_values, sparse_shape)
    if len(sizes) < 2:
        raise invalid(f"Rank of input SparseTensor should be > 1, but saw rank: {len(sizes)}")
    rows: list[Parts] = []
    for row in range(int(sizes[0])):
        inside = indices[:, 0] == row
        rows.append((indices[inside][:, 1:], values[inside], sizes[1:]))
    return np.array(_map_of(ctx).add(rows), np.int64)


def _unknown_rank(c: ShapeContext) -> list[Dims]:
    return [(None, None), (None,), (None,)]


@defop(
    f"TakeManySparseFromTensorsMap(sparse_handles: int64; dtype: type, {_OWNER}) "
    "-> sparse_indices: int64, sparse_values: dtype, sparse_shape: int64",
    shape=_unknown_rank,
    host=True,
    stateful=True,
    gradient=NO_GRADIENT,
)
def _take_many(ctx: Any, sparse_handles: Any) -> Any:
    if sparse_handles.ndim != 1:
        raise invalid(f"sparse_handles should be a vector but received shape {list(sparse_handles.shape)}")
    parts = _map_of(ctx).take([int(handle) for handle in sparse_handles])
    if not parts:
        raise invalid("Must have at least 1 serialized SparseTensor, but input matrix has 0 rows")
    dtype = ctx.op.attrs["dtype"]
    _check_alike(parts, dtype.as_numpy_dtype)
    front = [np.full((len(indices), 1), row, np.int64) for row, (indices, _, _) in enumerate(parts)]
    places = [np.concatenate([row, indices], 1) for row, (indices, _, _) in zip(front, parts, strict=True)]
    sizes = np.max([sizes for _, _, sizes in parts], axis=0)
    return (
        np.concatenate(places),
        np.concatenate([values for _, values, _ in parts]),
        np.concatenate([[len(parts)], sizes]).astype(np.int64),
    )


def _check_alike(parts: list[Parts], dtype: Any) -> None:
    rank = len(parts[0][2])
    for number, (_, values, sizes) in enumerate(parts):
        if values.dtype != np.dtype(dtype):
            raise invalid(
                f"Requested SparseTensor of type {np.dtype(dtype)} but SparseTensor[{number}].values.dtype() == "
                f"{values.dtype}"
            )
        if len(sizes) != rank:
            raise invalid(
                f"Inconsistent rank across SparseTensors: rank prior to SparseTensor[{number}] was: {rank + 1} but "
                f"rank of SparseTensor[{number}] is: {len(sizes) + 1}"
            )
