"""What decoders and detectors record: GatherTree, NonMaxSuppression and NonMaxSuppressionV2, NthElement, and the
first forms of SampleDistortedBoundingBox and RandomPoisson.
"""

from __future__ import annotations

from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.former import forms
from scopedjax._src.ops.image import boxes as box_types
from scopedjax._src.ops.image import suppression
from scopedjax._src.ops.random import skewed
from scopedjax._src.ops.registry import NO_GRADIENT, defop, lookup
from scopedjax._src.ops.shape_context import ShapeContext

PRESENT: Final = (box_types, suppression, skewed)  # declare what is looked up here


def _tree_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(0, 3)
    c.require_rank(1, 3)
    c.require_rank(2, 1)
    c.require_rank(3, 0)
    return [c.dims(0)]


@defop(
    "GatherTree(step_ids: T, parent_ids: T, max_sequence_lengths: int32, end_token: T) -> beams: T",
    shape=_tree_dims,
    types={"T": (dtypes.int32,)},
    gradient=NO_GRADIENT,
)
def _gather_tree(step_ids: Any, parent_ids: Any, max_sequence_lengths: Any, end_token: Any) -> Any:
    """Follows the beams of a search from their last steps back: `[steps, batch, beams]`."""
    steps, _, width = step_ids.shape
    lasts = jnp.minimum(jnp.asarray(max_sequence_lengths), steps) - 1  # [batch]

    def back(at: Any, given: tuple[Any, Any, Any]) -> tuple[Any, Any]:
        step, ids, parents = given
        chosen = jnp.take_along_axis(ids, at, 1)
        before = jnp.take_along_axis(parents, at, 1)
        runs = (step <= lasts)[:, None]
        return jnp.where(runs, before, at), jnp.where(runs, chosen, end_token)

    start = jnp.broadcast_to(jnp.arange(width), step_ids.shape[1:])
    rows = (jnp.arange(steps), jnp.asarray(step_ids), jnp.asarray(parent_ids))
    _, beams = jax.lax.scan(back, start, rows, reverse=True)
    ended = jnp.cumsum((beams == end_token).astype(jnp.int32), 0) > 0
    return jnp.where(ended, end_token, beams).astype(step_ids.dtype)


_HALF_OR_FLOAT: Final = (dtypes.float16, dtypes.float32)
_V3 = lookup("NonMaxSuppressionV3")
assert _V3 is not None


@defop(
    "NonMaxSuppression(boxes: float32, scores: float32, max_output_size: int32; iou_threshold: float = 0.5) "
    "-> selected_indices: int32",
    shape=_V3.shape,
    host=True,
    gradient=_V3.gradient,
)
def _suppression(ctx: Any, boxes: Any, scores: Any, max_output_size: Any, *, iou_threshold: float) -> Any:
    values = [boxes, scores, max_output_size, iou_threshold, -np.inf]
    return forms.of("NonMaxSuppressionV3", ctx, values)


@defop(
    "NonMaxSuppressionV2(boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold; T: type = float32, "
    "T_threshold: type = float32) -> selected_indices: int32",
    shape=_V3.shape,
    types={"T": _HALF_OR_FLOAT, "T_threshold": _HALF_OR_FLOAT},
    host=True,
    gradient=_V3.gradient,
)
def _suppression_v2(ctx: Any, boxes: Any, scores: Any, max_output_size: Any, iou_threshold: Any) -> Any:
    return forms.of("NonMaxSuppressionV3", ctx, [boxes, scores, max_output_size, iou_threshold, -np.inf])


def _nth_dims(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    c.require_rank(1, 0)
    return [None if dims is None else dims[:-1]]


@defop(
    "NthElement(input: T, n: int32; reverse: bool = False) -> values: T",
    shape=_nth_dims,
    static=("n",),
    types={"T": dtypes.REAL},
)
def _nth(ctx: Any, input: Any, n: Any, *, reverse: bool) -> Any:
    if not 0 <= int(n) < input.shape[-1]:
        raise InvalidArgumentError(None, ctx.op, f"Input must have at least n + 1 = {int(n) + 1} columns")
    at = input.shape[-1] - 1 - int(n) if reverse else int(n)
    return jnp.sort(jnp.asarray(input), axis=-1)[..., at]


# --------------------------------------------------------------------------------------------------------- drawing

_BOX = lookup("SampleDistortedBoundingBoxV2")
assert _BOX is not None


@defop(
    "SampleDistortedBoundingBox(image_size: T, bounding_boxes: float32; seed: int = 0, seed2: int = 0, "
    "min_object_covered: float = 0.1, aspect_ratio_range: list(float) = [0.75, 1.33], "
    "area_range: list(float) = [0.05, 1.0], max_attempts: int = 100, use_image_if_no_bounding_boxes: bool = False) "
    "-> begin: T, size: T, bboxes: float32",
    shape=_BOX.shape,
    types=_BOX.types,
    rng=True,
    stateful=True,
    host=True,
    gradient=_BOX.gradient,
)
def _sample_box(ctx: Any, image_size: Any, bounding_boxes: Any, *, min_object_covered: float) -> Any:
    names = ("aspect_ratio_range", "area_range", "max_attempts", "use_image_if_no_bounding_boxes")
    values = [image_size, bounding_boxes, np.float32(min_object_covered)]
    return forms.of("SampleDistortedBoundingBoxV2", ctx, values, **{n: ctx.op.attrs[n] for n in names})


_POISSON = lookup("RandomPoissonV2")
assert _POISSON is not None


@defop(
    "RandomPoisson(shape: S, rate: dtype; seed: int = 0, seed2: int = 0) -> output: dtype",
    shape=_POISSON.shape,
    types={"S": dtypes.INDEX, "dtype": (dtypes.float16, dtypes.float32, dtypes.float64)},
    static=("shape",),
    rng=True,
    stateful=True,
    gradient=NO_GRADIENT,
)
def _poisson(ctx: Any, shape: Any, rate: Any, *, dtype: DType) -> Any:
    return forms.of("RandomPoissonV2", ctx, [shape, rate], dtype=dtype)
