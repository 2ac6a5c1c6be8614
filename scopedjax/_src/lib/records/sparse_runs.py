"""How `Session.run` fetches a `SparseTensor` (as a `SparseTensorValue`) and feeds one."""

from __future__ import annotations

from typing import Any

from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor, SparseTensorValue
from scopedjax._src.runtime.fetches import register_session_run_conversion_functions


def _parts(sparse: SparseTensor) -> list[Any]:
    return [sparse.indices, sparse.values, sparse.dense_shape]


register_session_run_conversion_functions(
    SparseTensor,
    lambda sparse: (_parts(sparse), lambda values: SparseTensorValue(*values)),
    lambda sparse, value: list(zip(_parts(sparse), value, strict=True)),
)
