"""The node types of accumulators. An accumulator's node owns a `Total` in each session; the others take its handle.

The dense types exist twice, as in TensorFlow: with a `Ref string` handle, and called `Resource...`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.accumulators.totals import DenseTotal, SparseTotal
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import no_outputs, scalar

_OWNER = "container: string = '', shared_name: string = '', reduction_type: string = 'MEAN'"
_HOST: dict[str, Any] = {"host": True, "stateful": True, "reads": ("handle",), "gradient": NO_GRADIENT}
_TYPES = {"dtype": dtypes.REAL + (dtypes.complex64, dtypes.complex128)}


def _make(ctx: Any) -> Any:
    attrs = ctx.op.attrs
    kind = SparseTotal if ctx.op.type.startswith("Sparse") else DenseTotal
    return kind(attrs["dtype"], attrs["shape"], attrs["reduction_type"])


def _handle_dims(c: ShapeContext) -> list[Dims]:
    reduction = c.attr("reduction_type")
    if reduction not in ("MEAN", "SUM"):
        raise ValueError(
            f"Attr 'reduction_type' of '{c.record.type}' Op passed string '{reduction}' not in: \"MEAN\", \"SUM\"."
        )
    return [(2,)]


def _count(ctx: Any, handle: Any) -> Any:
    return np.int32(ctx.resource(0).count())


def _set_step(ctx: Any, handle: Any, new_global_step: Any) -> tuple[()]:
    ctx.resource(0).set_step(int(new_global_step))
    return ()


def _apply(ctx: Any, handle: Any, local_step: Any, gradient: Any) -> tuple[()]:
    ctx.resource(0).apply(np.asarray(gradient), int(local_step))
    return ()


def _take(ctx: Any, handle: Any, num_required: Any) -> Any:
    return ctx.resource(0).take(int(num_required))


def _owner_dims(c: ShapeContext) -> list[Dims]:
    return [c.inputs[0].op.attrs.get("shape")]


for _prefix, _handle in (("", "Ref string"), ("Resource", "resource")):
    declare(
        f"{_prefix}ConditionalAccumulator(; dtype: type, shape: shape, {_OWNER}) -> handle: {_handle}",
        _make, shape=_handle_dims, types=_TYPES, host=True, stateful=True, owns_storage=True,
        gradient=NOT_DIFFERENTIABLE,
    )  # fmt: skip
    declare(
        f"{_prefix}AccumulatorNumAccumulated(handle: {_handle}) -> num_accumulated: int32",
        _count, shape=scalar, **_HOST,
    )  # fmt: skip
    declare(
        f"{_prefix}AccumulatorSetGlobalStep(handle: {_handle}, new_global_step: int64)",
        _set_step, shape=no_outputs, **_HOST,
    )  # fmt: skip
    declare(
        f"{_prefix}AccumulatorApplyGradient(handle: {_handle}, local_step: int64, gradient: dtype; dtype: type)",
        _apply, shape=no_outputs, types=_TYPES, **_HOST,
    )  # fmt: skip
    declare(
        f"{_prefix}AccumulatorTakeGradient(handle: {_handle}, num_required: int32; dtype: type) -> average: dtype",
        _take, shape=_owner_dims, types=_TYPES, **_HOST,
    )  # fmt: skip


def _apply_sparse(
    ctx: Any, handle: Any, local_step: Any, gradient_indices: Any, gradient_values: Any, gradient_shape: Any,
    *, has_known_shape: bool,
) -> tuple[()]:  # fmt: skip
    ctx.resource(0).apply(
        np.asarray(gradient_indices), np.asarray(gradient_values), np.asarray(gradient_shape), int(local_step),
        has_known_shape and np.size(gradient_shape) > 0,
    )  # fmt: skip
    return ()


def _unknown_three(c: ShapeContext) -> list[Dims]:
    return [None, None, None]


declare(
    f"SparseConditionalAccumulator(; dtype: type, shape: shape, {_OWNER}) -> handle: Ref string",
    _make, shape=_handle_dims, types=_TYPES, host=True, stateful=True, owns_storage=True, gradient=NOT_DIFFERENTIABLE,
)  # fmt: skip
declare(
    "SparseAccumulatorApplyGradient(handle: Ref string, local_step: int64, gradient_indices: int64, "
    "gradient_values: dtype, gradient_shape: int64; dtype: type, has_known_shape: bool)",
    _apply_sparse, shape=no_outputs, types=_TYPES, **_HOST,
)  # fmt: skip
declare(
    "SparseAccumulatorTakeGradient(handle: Ref string, num_required: int32; dtype: type) -> indices: int64, "
    "values: dtype, shape: int64",
    _take, shape=_unknown_three, types=_TYPES, **_HOST,
)  # fmt: skip
