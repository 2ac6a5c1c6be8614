"""SparseSegmentSumGrad, SparseSegmentMeanGrad, SparseSegmentSqrtNGrad: of rows that were picked and added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.registry import NO_GRADIENT, declare
from scopedjax._src.ops.shape_context import ShapeContext


def _dims(c: ShapeContext) -> Sequence[Dims]:
    dims, count = c.dims(0), c.const(3)
    return [None if dims is None else (None if count is None else int(count), *dims[1:])]


def _lowering(how: str) -> Callable[..., Any]:
    def lower(grad: Any, indices: Any, segment_ids: Any, output_dim0: Any) -> Any:
        grad, ids = jnp.asarray(grad), jnp.asarray(segment_ids)
        rows = grad[ids]
        if how != "Sum":
            sizes = jnp.zeros(grad.shape[:1], grad.dtype).at[ids].add(1)
            sizes = jnp.sqrt(sizes) if how == "SqrtN" else sizes
            rows = rows / sizes[ids].reshape(-1, *[1] * (grad.ndim - 1))
        found = jnp.zeros((int(np.asarray(output_dim0)), *grad.shape[1:]), grad.dtype)
        return found.at[jnp.asarray(indices)].add(rows)

    return lower


for _how in ("Sum", "Mean", "SqrtN"):
    declare(
        f"SparseSegment{_how}Grad(grad: T, indices: Tidx, segment_ids: Tsegmentids, output_dim0: int32; "
        "Tidx: type = int32, Tsegmentids: type = int32) -> output: T",
        _lowering(_how),
        shape=_dims,
        static=("output_dim0",),
        gradient=NO_GRADIENT,
        types={"T": dtypes.FLOATING, "Tidx": dtypes.INDEX, "Tsegmentids": dtypes.INDEX},
    )
