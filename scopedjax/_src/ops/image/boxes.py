"""Boxes in images: crops of them resized, random ones, and drawing them.

Boxes are `[y1, x1, y2, x2]` with 0 for the first row or column and 1 for the last.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.shapes import renamed_argument
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.kernels import boxes as kernels
from scopedjax._src.ops.kernels.candidates import Words
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, LoweringContext, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like

_HALF_OR_FLOAT = (dtypes.float16, dtypes.float32)

# ----------------------------------------------------------------------------------------------- crop and resize


def _crop_dims(c: ShapeContext) -> list[Dims]:
    image, boxes = c.require_rank(0, 4), c.require_rank(1, 2)
    indices = c.require_rank(2, 1)
    if boxes[1] not in (None, 4):
        raise c.fail(f"Dimension must be 4 but is {boxes[1]}")
    if boxes[0] is not None and indices[0] is not None and boxes[0] != indices[0]:
        raise c.fail(f"Dimensions must be equal, but are {boxes[0]} and {indices[0]}")
    sizes = c.shape_value(3)
    if sizes is not None and len(sizes) != 2:
        raise c.fail(f"Dimension must be 2 but is {len(sizes)}")
    height, width = (None, None) if sizes is None else sizes
    return [(boxes[0] if indices[0] is None else indices[0], height, width, image[3])]


def _points(first: Any, last: Any, count: int, size: int) -> Any:
    """Where `count` points from `first` to `last` lie on an axis of `size` pixels, `[boxes, count]`."""
    scale = jnp.float32(size - 1)
    if count <= 1:
        return (0.5 * (first + last) * scale)[:, None]
    step = (last - first) * scale / (count - 1)
    return first[:, None] * scale + jnp.arange(count, dtype=jnp.float32) * step[:, None]


@defop(
    "CropAndResize(image: T, boxes: float32, box_ind: int32, crop_size: int32; method: string = 'bilinear', "
    "extrapolation_value: float = 0.0) -> crops: float32",
    shape=_crop_dims,
    static=("crop_size",),
    types={"T": tuple(t for t in dtypes.REAL if t not in (dtypes.bfloat16, dtypes.uint32, dtypes.uint64))},
)
def _crop_and_resize(
    image: Any, boxes: Any, box_ind: Any, crop_size: np.ndarray, *, method: str, extrapolation_value: float
) -> Any:
    image, boxes = jnp.asarray(image).astype(jnp.float32), jnp.asarray(boxes)
    height, width = (int(n) for n in crop_size)
    ys = _points(boxes[:, 0], boxes[:, 2], height, image.shape[1])
    xs = _points(boxes[:, 1], boxes[:, 3], width, image.shape[2])
    inside_y = (ys >= 0) & (ys <= image.shape[1] - 1)
    inside_x = (xs >= 0) & (xs <= image.shape[2] - 1)
    inside = inside_y[:, :, None] & inside_x[:, None, :]
    ys, xs = jnp.where(inside_y, ys, 0), jnp.where(inside_x, xs, 0)
    number = jnp.asarray(box_ind)[:, None, None]

    def pixels(y: Any, x: Any) -> Any:
        return image[number, y.astype(jnp.int32)[:, :, None], x.astype(jnp.int32)[:, None, :]]

    if method == "nearest":
        found = pixels(_away_from_zero(ys), _away_from_zero(xs))
    else:
        top, left = jax.lax.stop_gradient(jnp.floor(ys)), jax.lax.stop_gradient(jnp.floor(xs))
        bottom, right = jax.lax.stop_gradient(jnp.ceil(ys)), jax.lax.stop_gradient(jnp.ceil(xs))
        across, down = (xs - left)[:, None, :, None], (ys - top)[:, :, None, None]
        above = pixels(top, left) + (pixels(top, right) - pixels(top, left)) * across
        below = pixels(bottom, left) + (pixels(bottom, right) - pixels(bottom, left)) * across
        found = above + (below - above) * down
    return jnp.where(inside[..., None], found, jnp.float32(extrapolation_value))


def _away_from_zero(x: Any) -> Any:
    """The nearest integer, of two the one farther from zero (coordinates are not negative here)."""
    return jnp.floor(x + 0.5)


def crop_and_resize(
    image: Any,
    boxes: Any,
    box_ind: Any = None,
    crop_size: Any = None,
    method: str = "bilinear",
    extrapolation_value: float = 0,
    name: str | None = None,
    box_indices: Any = None,
) -> Tensor:
    """Cuts boxes out of images and resizes all to one size.

    Args:
      image: Tensor of numbers `[batch, height, width, channels]`.
      boxes: float32 tensor `[n, 4]`: `[y1, x1, y2, x2]`, 0 to 1 from the first pixel to the last; `y1 > y2` turns the
        crop upside down, and a box may leave the image.
      box_ind: int32 tensor `[n]`: the image that each box is cut from.
      crop_size: int32 tensor or list `[2]`: height and width of the crops.
      method: "bilinear" or "nearest".
      extrapolation_value: What is outside the image.
      name: Node name; defaults to "CropAndResize".
      box_indices: The later name of `box_ind`.

    Returns:
      float32 tensor `[n, crop_height, crop_width, channels]`.

    Raises:
      ValueError: the shapes do not fit.

    >>> image = tf.reshape(tf.range(9.0), [1, 3, 3, 1])
    >>> crop = tf.image.crop_and_resize(image, [[0.0, 0.0, 0.5, 0.5]], [0], [2, 2])
    >>> tf.Session().run(crop).ravel().tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    indices = renamed_argument("box_indices", box_indices, "box_ind", box_ind)
    return apply_op(
        "CropAndResize",
        image,
        boxes,
        indices,
        crop_size,
        method=method,
        extrapolation_value=extrapolation_value,
        name=name,
    )


# ------------------------------------------------------------------------------------------------- random boxes


@defop(
    "SampleDistortedBoundingBoxV2(image_size: T, bounding_boxes: float32, min_object_covered: float32; seed: int = 0, "
    "seed2: int = 0, aspect_ratio_range: list(float) = [0.75, 1.33], area_range: list(float) = [0.05, 1.0], "
    "max_attempts: int = 100, use_image_if_no_bounding_boxes: bool = False) -> begin: T, size: T, bboxes: float32",
    shape=lambda c: [(3,), (3,), (1, 1, 4)],
    types={"T": (dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64)},
    rng=True,
    stateful=True,
    host=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _sample_box(
    ctx: LoweringContext,
    image_size: Any,
    bounding_boxes: Any,
    min_object_covered: Any,
    *,
    aspect_ratio_range: tuple[float, ...],
    area_range: tuple[float, ...],
    max_attempts: int,
    use_image_if_no_bounding_boxes: bool,
) -> Any:
    height, width = int(image_size[0]), int(image_size[1])
    objects = _in_pixels(ctx, bounding_boxes, height, width)
    if not len(objects):
        if not use_image_if_no_bounding_boxes:
            message = (
                "No bounding boxes provided as input. One must enable use_image_if_no_bounding_boxes if you wish to "
                "not provide any bounding boxes."
            )
            raise InvalidArgumentError(None, ctx.op, message)
        objects = np.asarray([[0, 0, height, width]])
    words = Words(ctx.random_row(max_attempts))
    low, high = (np.float32(r) for r in aspect_ratio_range)
    crop = (0, 0, height, width)
    for _ in range(max_attempts):
        ratio = np.float32(words.fraction() * (high - low) + low)
        found = kernels.random_crop(words, (height, width), ratio, (area_range[0], area_range[1]))
        if found is not None and kernels.covers(found, objects, float(min_object_covered)):
            crop = found
            break
    y, x, rows, columns = crop
    corners = np.asarray([y, x, y + rows, x + columns], np.float32)
    box = corners / np.asarray([height, width, height, width], np.float32)
    kind = image_size.dtype
    return np.asarray([y, x, 0], kind), np.asarray([rows, columns, -1], kind), box.reshape(1, 1, 4)


def _in_pixels(ctx: LoweringContext, boxes: np.ndarray, height: int, width: int) -> np.ndarray:
    """The boxes in whole pixels.

    Raises:
      InvalidArgumentError: a coordinate outside [0, 1], or corners in the wrong order.
    """
    flat = boxes.reshape(-1, 4)
    if boxes.ndim != 3 or boxes.shape[2] != 4:
        message = f"input boxes must be 3-dimensional [batch, num_boxes, coords] but got {list(boxes.shape)}"
        raise InvalidArgumentError(None, ctx.op, message)
    outside = flat[(flat < 0) | (flat > 1)]
    if outside.size:
        message = f"All bounding box coordinates must be in [0.0, 1.0]: {outside[0]:.6g}"
        raise InvalidArgumentError(None, ctx.op, message)
    if (flat[:, :2] > flat[:, 2:]).any():
        raise InvalidArgumentError(None, ctx.op, "Bounding box coordinates must be ordered: y_min <= y_max")
    return (flat * np.asarray([height, width, height, width], np.float32)).astype(np.int64)


_Sampled = namedtuple("SampleDistortedBoundingBoxV2", ["begin", "size", "bboxes"])


def sample_distorted_bounding_box(
    image_size: Any,
    bounding_boxes: Any,
    seed: int | None = None,
    seed2: int | None = None,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = None,
    area_range: Any = None,
    max_attempts: int | None = None,
    use_image_if_no_bounding_boxes: bool | None = None,
    name: str | None = None,
) -> Any:
    """Draws a crop of an image at random that holds part of an object, for the augmentation of training data.

    Args:
      image_size: Integer tensor `[3]`: height, width, channels.
      bounding_boxes: float32 tensor `[batch, n, 4]`: the objects, `[y1, x1, y2, x2]` from 0 to 1.
      seed: Seed of the node.
      seed2: Second seed; with `seed` they are taken as they are.
      min_object_covered: The part of some object that the crop must hold.
      aspect_ratio_range: Bounds of width over height; [0.75, 1.33] by default.
      area_range: Bounds of the area as part of the image; [0.05, 1] by default.
      max_attempts: After so many tries the whole image is taken; 100 by default.
      use_image_if_no_bounding_boxes: Whether without objects the whole image is the object.
      name: Name scope; defaults to "sample_distorted_bounding_box".

    Returns:
      `(begin, size, bboxes)`: begin and size for `tf.slice`, and the crop as float32 `[1, 1, 4]` for
      `draw_bounding_boxes`.

    Raises:
      InvalidArgumentError: in the run, without objects, or with coordinates outside [0, 1].

    >>> crop = tf.image.sample_distorted_bounding_box([40, 50, 3], [[[0.1, 0.1, 0.9, 0.9]]])
    >>> crop.begin.shape.as_list(), crop.bboxes.shape.as_list()
    ([3], [1, 1, 4])
    """
    given = {
        "aspect_ratio_range": aspect_ratio_range,
        "area_range": area_range,
        "max_attempts": max_attempts,
        "use_image_if_no_bounding_boxes": use_image_if_no_bounding_boxes,
    }
    with stacks.get_default_graph().name_scope(name or "sample_distorted_bounding_box"):
        outputs = apply_op(
            "SampleDistortedBoundingBoxV2",
            image_size,
            bounding_boxes,
            min_object_covered,
            seed=seed or 0,
            seed2=seed2 or 0,
            **given,
        )
        return _Sampled(*outputs)


# ----------------------------------------------------------------------------------------------------- drawing

# Yellow, blue, red, lime, purple, olive, maroon, navy, aqua, fuchsia: box after box.
_COLORS = np.asarray(
    [
        [1, 1, 0, 1],
        [0, 0, 1, 1],
        [1, 0, 0, 1],
        [0, 1, 0, 1],
        [0.5, 0, 0.5, 1],
        [0.5, 0.5, 0, 1],
        [0.5, 0, 0, 1],
        [0, 0, 0.5, 1],
        [0, 1, 1, 1],
        [1, 0, 1, 1],
    ],
    np.float32,
)


def _draw(images: Any, boxes: Any, colors: Any) -> Any:
    images, boxes, colors = jnp.asarray(images), jnp.asarray(boxes), jnp.asarray(colors, jnp.float32)
    _, height, width, channels = images.shape
    colors = jnp.pad(colors, ((0, 0), (0, max(0, channels - colors.shape[1]))))[:, :channels]
    rows, columns = jnp.arange(height)[None, :, None], jnp.arange(width)[None, None, :]

    def one(number: Any, drawn: Any) -> Any:
        box = boxes[:, number]
        corners = jnp.stack([box[:, 0] * (height - 1), box[:, 1] * (width - 1), box[:, 2] * (height - 1),
                             box[:, 3] * (width - 1)])  # fmt: skip
        top, left, bottom, right = (edge[:, None, None] for edge in jnp.trunc(corners).astype(jnp.int32))
        across = (columns >= left) & (columns <= right)
        down = (rows >= top) & (rows <= bottom)
        on = (((rows == top) | (rows == bottom)) & across) | (((columns == left) | (columns == right)) & down)
        real = (top <= bottom) & (left <= right)
        color = colors[number % colors.shape[0]].astype(images.dtype)
        return jnp.where((on & real)[..., None], color, drawn)

    return jax.lax.fori_loop(0, boxes.shape[1], one, images)


def _drawn_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(0, 4)
    boxes = c.require_rank(1, 3)
    if boxes[2] not in (None, 4):
        raise c.fail(f"Dimension must be 4 but is {boxes[2]}")
    return like(0)(c)  # type: ignore[return-value]


_DRAWING: dict[str, Any] = {"shape": _drawn_dims, "types": {"T": _HALF_OR_FLOAT}, "gradient": NO_GRADIENT}


@defop(
    "DrawBoundingBoxes(images: T, boxes: float32; T: type = float32) -> output: T",
    **{**_DRAWING, "gradient": NOT_DIFFERENTIABLE},
)
def _draw_in_ten_colors(images: Any, boxes: Any) -> Any:
    return _draw(images, boxes, np.ones((1, 1)) if images.shape[3] == 1 else _COLORS)


@defop("DrawBoundingBoxesV2(images: T, boxes: float32, colors: float32; T: type = float32) -> output: T", **_DRAWING)
def _draw_in_given_colors(images: Any, boxes: Any, colors: Any) -> Any:
    return _draw(images, boxes, colors if colors.shape[0] else _COLORS)


def draw_bounding_boxes(images: Any, boxes: Any, name: str | None = None, colors: Any = None) -> Tensor:
    """Draws boxes on images.

    Args:
      images: float32 or float16 tensor `[batch, height, width, channels]`.
      boxes: float32 tensor `[batch, n, 4]`: `[y1, x1, y2, x2]` from 0 to 1.
      name: Node name; defaults to "DrawBoundingBoxes".
      colors: float32 tensor `[n_colors, channels]`, taken in turn; ten colours by default.

    Returns:
      Tensor of the shape and dtype of `images`.

    >>> drawn = tf.image.draw_bounding_boxes(tf.zeros([1, 3, 3, 1]), [[[0.0, 0.0, 1.0, 1.0]]])
    >>> tf.Session().run(drawn)[0, :, :, 0].tolist()
    [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]]
    """
    if colors is None:
        return apply_op("DrawBoundingBoxes", images, boxes, name=name)
    return apply_op("DrawBoundingBoxesV2", images, boxes, colors, name=name)
