"""Sparse tensors on an assembly line: what enters the queue in place of one, and what is made of what leaves it.

    SparseTensor --store--> handle [1] -> queue -> handles [batch, 1] --restore--> SparseTensor of one dimension more

Handles are numbers of a map that a session keeps (see `ops.sparse.tensor_maps`). All examples of a `_join` share the
map of the first. A handle is taken out of its map once: so everything that a batch returns waits for all of it, and no
sparse tensor stays behind where a program fetches its dense neighbour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.gathering import gather
from scopedjax._src.ops.array.shapes import expand_dims, squeeze
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.control_flow.grouping import with_dependencies
from scopedjax._src.ops.sparse.arranging import sparse_retain
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor


@dataclass(frozen=True)
class StoredSparse:
    """How to make a sparse tensor of the handles of one component.

    Attributes:
      map_name: Name of the node that owns the map.
      dtype: Dtype of the values.
      rank: Rank of an element, or None where it is not known.
    """

    map_name: str
    dtype: DType
    rank: int | None


Stored = list[StoredSparse | None]


def store(examples: list[list[Any]], keep: Tensor, many: bool) -> tuple[list[list[Tensor]], Stored]:
    """Returns examples in which handles stand for sparse tensors, and what `restore` needs to know.

    Args:
      examples: The components of each example.
      keep: Scalar or vector bool tensor: which examples are kept; only those enter a map.
      many: Whether a component has a first dimension over examples.

    Raises:
      ValueError: a component is sparse in one example and dense, or of another rank, in another.
    """
    kinds = [[_kind(value, many) for value in example] for example in examples]
    for kind, example in zip(kinds[1:], examples[1:], strict=True):
        if not all(map(_agree, kind, kinds[0])):
            raise ValueError(f"Inconsistent SparseTensors list: {examples[0]} vs. {example}")
    known: Stored = [None for _ in examples[0]]
    return [_stored_example(example, known, keep, many) for example in examples], known


def _kind(value: Any, many: bool) -> tuple[bool, int | None]:
    """Returns whether a component is sparse, and the rank of an element where it is and this is known."""
    if not isinstance(value, SparseTensor):
        return False, None
    rank = value.dense_shape.get_shape().with_rank(1)[0].value
    return True, rank - 1 if rank is not None and many else rank


def _agree(kind: tuple[bool, int | None], first: tuple[bool, int | None]) -> bool:
    return kind[0] == first[0] and (kind[1] is None or first[1] is None or kind[1] == first[1])


def _stored_example(example: list[Any], known: Stored, keep: Tensor, many: bool) -> list[Tensor]:
    handles = [_stored(value, known, at, keep, many) for at, value in enumerate(example)]
    # Each handle is an element of its own, of shape [1].
    return [t if info is None else expand_dims(t, -1) for t, info in zip(handles, known, strict=True)]


def _stored(value: Any, known: Stored, at: int, keep: Tensor, many: bool) -> Tensor:
    if not isinstance(value, SparseTensor):
        return value
    if keep.ndim == 1:
        value = sparse_retain(value, gather(keep, value.indices[:, 0]))
    info = known[at]
    added: list[Tensor] = []

    def add() -> Tensor:
        kind = "AddManySparseToTensorsMap" if many else "AddSparseToTensorsMap"
        shared_name = "" if info is None else info.map_name
        added.append(apply_op(kind, value.indices, value.values, value.dense_shape, shared_name=shared_name))
        return added[0]

    def leave_out() -> Tensor:
        return constant(-1, dtypes.int64)

    handle = add() if keep.ndim == 1 else _where_kept(keep, add, leave_out)
    if info is None:
        known[at] = StoredSparse(added[0].op.name if added else "", value.dtype, _kind(value, many)[1])
    return handle


def _where_kept(keep: Tensor, add: Any, leave_out: Any) -> Tensor:
    always = constant_value(keep)
    if always is None:
        return cond(keep, add, leave_out)
    return add() if always else leave_out()


def restore(batch: Any, known: Stored) -> Any:
    """Returns a batch in which sparse tensors stand where `store` had put handles.

    Args:
      batch: What the queue gave: a tensor, or a list of them.
      known: What `store` returned.
    """
    if not any(known):
        return batch
    several = isinstance(batch, Sequence)
    found = [
        tensor if info is None else _restored(tensor, info)
        for tensor, info in zip(batch if several else [batch], known, strict=True)
    ]
    nodes = dict.fromkeys(_first(value).op for value in found)
    waiting = [_after([op for op in nodes if op is not _first(value).op], value) for value in found]
    return waiting if several else found[0]


def _restored(handles: Tensor, info: StoredSparse) -> SparseTensor:
    places, values, sizes = apply_op(
        "TakeManySparseFromTensorsMap", squeeze(handles, [1]), dtype=info.dtype, shared_name=info.map_name
    )
    rank = None if info.rank is None else info.rank + 1
    places.set_shape([None, rank])
    sizes.set_shape([rank])
    return SparseTensor(places, values, sizes)


def _first(value: Any) -> Tensor:
    return value.indices if isinstance(value, SparseTensor) else value


def _after(nodes: list[Any], value: Any) -> Any:
    if isinstance(value, SparseTensor):
        parts = (value.indices, value.values, value.dense_shape)
        return SparseTensor(*[with_dependencies(nodes, part) for part in parts])
    return with_dependencies(nodes, value)
