"""Turns of images by quarters (`rot90`), and resizing with the ratio kept and the rest padded."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.arranging import reverse
from scopedjax._src.ops.array.joining import transpose
from scopedjax._src.ops.array.shapes import expand_dims, squeeze
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.image.geometry import checked_image, pad_to_bounding_box
from scopedjax._src.ops.image.resizing import ResizeMethod, resize_images
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import equal
from scopedjax._src.ops.math.elementwise import floor, maximum


def rot90(image: Any, k: Any = 1, name: str | None = None) -> Tensor:
    """Turns images by quarters of a circle, against the clock.

    Args:
      image: Tensor `[height, width, channels]` or `[batch, height, width, channels]`.
      k: How many quarters: integer or int32 scalar.
      name: Name scope; defaults to "rot90".

    Returns:
      Tensor with height and width exchanged for odd `k`.

    Raises:
      ValueError: `image` has another rank, or `k` is no scalar.

    >>> tf.Session().run(tf.image.rot90([[[1], [2]]])).ravel().tolist()
    [2, 1]
    """
    with stacks.get_default_graph().name_scope(name or "rot90") as scope:
        image = checked_image(image)
        if image.ndim not in (3, 4):
            raise ValueError(f"'image' (shape {image.shape}) must have either 3 or 4 dimensions.")
        quarters = convert_to_tensor(k, dtype=dtypes.int32, name="k")
        quarters.get_shape().assert_has_rank(0)
        first = image.ndim - 3
        order = list(range(image.ndim))
        order[first], order[first + 1] = first + 1, first
        turns = (
            lambda: image,
            lambda: transpose(reverse(image, [first + 1]), order),
            lambda: reverse(image, [first, first + 1]),
            lambda: reverse(transpose(image, order), [first + 1]),
        )
        known = constant_value(quarters)
        if known is not None:  # TF1 records all four behind conditions, and does not know the shape then
            return turns[int(known) % 4]()
        rest = apply_op("FloorMod", quarters, 4, name="mod")
        result = cond(equal(rest, 2), turns[2], turns[0])
        for number in (3, 1):
            result = cond(equal(rest, number), turns[number], _as_it_is(result))
        result.set_shape([*image.shape.as_list()[:first], None, None, image.shape.as_list()[-1]])
        del scope
        return result


def _as_it_is(tensor: Tensor) -> Any:
    return lambda: tensor


def resize_image_with_pad(
    image: Any,
    target_height: Any,
    target_width: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
) -> Tensor:
    """Resizes images with the ratio of their sides kept, and pads what is left with zeros on both sides.

    Args:
      image: Tensor `[height, width, channels]` or `[batch, height, width, channels]`.
      target_height: Rows of the result.
      target_width: Columns of the result.
      method: A `ResizeMethod`.
      align_corners: As in `resize_images`.

    Returns:
      Tensor with `target_height` rows and `target_width` columns; float32, but for the nearest neighbour.

    Raises:
      ValueError: `image` has another rank.

    >>> tf.image.resize_image_with_pad(tf.zeros([4, 9, 3]), 6, 6).shape.as_list()
    [6, 6, 3]
    """
    with stacks.get_default_graph().name_scope("resize_image_with_pad"):
        images = convert_to_tensor(image, name="image")
        if images.ndim not in (3, 4):
            raise ValueError(f"'image' (shape {images.shape}) must have either 3 or 4 dimensions.")
        single = images.ndim == 3
        images = checked_image(expand_dims(images, 0) if single else images)
        sizes = [apply_op("Shape", images)[i] if d is None else d for i, d in enumerate(images.shape.as_list())]
        height, width = cast(sizes[1], dtypes.float32), cast(sizes[2], dtypes.float32)
        rows, columns = cast(target_height, dtypes.float32), cast(target_width, dtypes.float32)
        ratio = maximum(width / columns, height / rows)
        new_height, new_width = height / ratio, width / ratio
        resized_rows, resized_columns = cast(floor(new_height), dtypes.int32), cast(floor(new_width), dtypes.int32)
        above, left = floor((rows - new_height) / 2), floor((columns - new_width) / 2)
        above, left = maximum(0, cast(above, dtypes.int32)), maximum(0, cast(left, dtypes.int32))
        resized = resize_images(images, [resized_rows, resized_columns], method, align_corners=align_corners)
        padded = pad_to_bounding_box(resized, above, left, target_height, target_width)
        return squeeze(padded, axis=[0]) if single else padded
