"""Flips, crops and pads of images `[height, width, channels]` and batches `[batch, height, width, channels]`.

The sizes may be unknown while the graph is recorded; what is known is checked then. TF1 also records assertions about
the unknown ones, which would stop each step on the host; here the ops themselves refuse what does not fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.arranging import reverse
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.joining import pad, transpose
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import expand_dims, reshape, shape, squeeze
from scopedjax._src.ops.array.slicing import slice_
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.elementwise import round as tf_round
from scopedjax._src.ops.random.sampling import random_uniform


def checked_image(image: Any, checked: bool = True) -> Tensor:
    """`image` as a tensor of rank 3 or 4, behind the node that TF1 hangs its checks on.

    Raises:
      ValueError: another rank, or an axis without elements.
    """
    image = convert_to_tensor(image, name="image")
    dims = image.dims
    if dims is not None and len(dims) < 3:
        raise ValueError(f"'image' (shape {image.shape}) must be at least three-dimensional.")
    if dims is not None and 0 in dims[-3:]:
        raise ValueError(f"inner 3 dims of 'image.shape' must be > 0: {image.shape}")
    return identity(image, name="control_dependency") if checked else image


def _rank_of(image: Tensor) -> int | None:
    if image.ndim is not None and image.ndim not in (3, 4):
        raise ValueError(f"'image' (shape {image.shape}) must have either 3 or 4 dimensions.")
    return image.ndim


# ------------------------------------------------------------------------------------------------------ flips


def _flip(image: Any, axis: int, scope: str) -> Tensor:
    with stacks.get_default_graph().name_scope(scope):
        image = checked_image(image)
        rank = _rank_of(image)
        # Counted from the end the axis is the same for one image and for a batch.
        at = axis - 3 if rank is None else axis + (rank == 4)
        result = reverse(image, [at])
        result.set_shape(image.shape)
        return result


def flip_left_right(image: Any) -> Tensor:
    """Mirrors an image, or each of a batch, left to right.

    Args:
      image: Tensor `[height, width, channels]` or `[batch, height, width, channels]`.

    Returns:
      Tensor of the shape and dtype of `image`.

    Raises:
      ValueError: `image` has another rank.

    >>> tf.Session().run(tf.image.flip_left_right([[[1], [2], [3]]])).ravel().tolist()
    [3, 2, 1]
    """
    return _flip(image, 1, "flip_left_right")


def flip_up_down(image: Any) -> Tensor:
    """Mirrors an image, or each of a batch, upside down.

    Args:
      image: Tensor `[height, width, channels]` or `[batch, height, width, channels]`.

    Returns:
      Tensor of the shape and dtype of `image`.

    Raises:
      ValueError: `image` has another rank.

    >>> tf.Session().run(tf.image.flip_up_down([[[1]], [[2]]])).ravel().tolist()
    [2, 1]
    """
    return _flip(image, 0, "flip_up_down")


def _random_flip(image: Any, axis: int, seed: Any, scope: str) -> Tensor:
    with stacks.get_default_graph().name_scope(scope) as opened:
        image = checked_image(image)
        if _rank_of(image) == 4:
            return _random_flips(image, axis, seed)
        at = axis - 3 if image.ndim is None else axis
        chance = random_uniform([], 0, 1.0, seed=seed)
        result = cond(chance < 0.5, lambda: reverse(image, [at]), lambda: image, name=opened)
        result.set_shape(image.shape)
        return result


def _random_flips(images: Tensor, axis: int, seed: Any) -> Tensor:
    """Each image of a batch by a chance of its own."""
    count = shape(images)[0]
    chances = random_uniform([count], 0, 1.0, seed=seed)
    flips = cast(tf_round(reshape(chances, [count, 1, 1, 1])), images.dtype)
    flipped = reverse(images, [axis + 1])
    return flips * flipped + (1 - flips) * images


def random_flip_left_right(image: Any, seed: Any = None) -> Tensor:
    """Mirrors an image left to right with a chance of one half; of a batch, each image by itself.

    Args:
      image: Tensor `[height, width, channels]` or `[batch, height, width, channels]`.
      seed: Seed of the random number; see `tf.set_random_seed`.

    Returns:
      Tensor of the shape and dtype of `image`.

    Raises:
      ValueError: `image` has another rank.

    >>> tf.image.random_flip_left_right(tf.zeros([4, 4, 3]), seed=1).shape.as_list()
    [4, 4, 3]
    """
    return _random_flip(image, 1, seed, "random_flip_left_right")


def random_flip_up_down(image: Any, seed: Any = None) -> Tensor:
    """Mirrors an image upside down with a chance of one half; of a batch, each image by itself.

    Args:
      image: Tensor `[height, width, channels]` or `[batch, height, width, channels]`.
      seed: Seed of the random number; see `tf.set_random_seed`.

    Returns:
      Tensor of the shape and dtype of `image`.

    Raises:
      ValueError: `image` has another rank.

    >>> tf.image.random_flip_up_down(tf.zeros([4, 4, 3]), seed=1).shape.as_list()
    [4, 4, 3]
    """
    return _random_flip(image, 0, seed, "random_flip_up_down")


def transpose_image(image: Any, name: str | None = None) -> Tensor:
    """Exchanges rows and columns of an image, or of each of a batch.

    Args:
      image: Tensor `[height, width, channels]` or `[batch, height, width, channels]`.
      name: Name scope; defaults to "transpose".

    Returns:
      Tensor with height and width exchanged.

    Raises:
      ValueError: `image` has another rank, or an unknown one.

    >>> tf.image.transpose_image(tf.zeros([4, 6, 3])).shape.as_list()
    [6, 4, 3]
    """
    with stacks.get_default_graph().name_scope(name or "transpose"):
        image = checked_image(image)
        rank = _rank_of(image)
        if rank is None:
            raise ValueError("tf.image.transpose needs the static rank of the image; use set_shape")
        return transpose(image, [1, 0, 2] if rank == 3 else [0, 2, 1, 3], name="transpose")


# ------------------------------------------------------------------------------------------------ crops, pads

Size = Any  # an int where it is known, else a scalar tensor


def _as_batch(image: Any) -> tuple[Tensor, bool]:
    """The image as a batch, and whether it was a single one."""
    image = convert_to_tensor(image, name="image")
    rank = _rank_of(image)
    if rank is None:
        raise ValueError("the rank of the image must be known (3 or 4); use set_shape")
    return (expand_dims(image, 0), True) if rank == 3 else (image, False)


def _height_and_width(images: Tensor) -> tuple[Size, Size]:
    dims = images.dims
    assert dims is not None
    if None not in dims[1:3]:
        return dims[1], dims[2]
    sizes = shape(images)
    height, width = (sizes[i] if dims[i] is None else dims[i] for i in (1, 2))
    return height, width


def _require(holds: Callable[[], Any], message: str, *values: Any) -> None:
    """Raises ValueError when all values are known and the condition does not hold."""
    if not any(isinstance(v, Tensor) for v in values) and not holds():
        raise ValueError(message)


def _static(value: Any) -> int | None:
    return None if isinstance(value, Tensor) else int(value)


def crop_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """Cuts a rectangle out of an image, or out of each of a batch.

    Args:
      image: Tensor `[height, width, channels]` or `[batch, height, width, channels]`.
      offset_height: First row.
      offset_width: First column.
      target_height: Number of rows.
      target_width: Number of columns.

    Returns:
      Tensor with `target_height` rows and `target_width` columns.

    Raises:
      ValueError: the rectangle does not lie in the image.

    >>> tf.image.crop_to_bounding_box(tf.zeros([8, 8, 3]), 2, 2, 4, 5).shape.as_list()
    [4, 5, 3]
    """
    with stacks.get_default_graph().name_scope("crop_to_bounding_box"):
        images, single = _as_batch(image)
        height, width = _height_and_width(images)
        _require(lambda: offset_width >= 0, "offset_width must be >= 0.", offset_width)
        _require(lambda: offset_height >= 0, "offset_height must be >= 0.", offset_height)
        _require(lambda: target_width > 0, "target_width must be > 0.", target_width)
        _require(lambda: target_height > 0, "target_height must be > 0.", target_height)
        fits = "{} must be >= target + offset."
        _require(lambda: width >= target_width + offset_width, fits.format("width"), width, target_width, offset_width)
        _require(
            lambda: height >= target_height + offset_height, fits.format("height"), height, target_height, offset_height
        )
        images = checked_image(images)
        begin = stack([0, offset_height, offset_width, 0])
        wanted = stack([shape(images)[0], target_height, target_width, shape(images)[3]])
        cropped = slice_(images, begin, wanted)
        dims = images.shape.as_list()
        cropped.set_shape([dims[0], _static(target_height), _static(target_width), dims[3]])
        return squeeze(cropped, axis=[0]) if single else cropped


def pad_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """Puts an image, or each of a batch, into a larger one of zeros.

    Args:
      image: Tensor `[height, width, channels]` or `[batch, height, width, channels]`.
      offset_height: Rows of zeros above.
      offset_width: Columns of zeros on the left.
      target_height: Rows of the result.
      target_width: Columns of the result.

    Returns:
      Tensor with `target_height` rows and `target_width` columns.

    Raises:
      ValueError: the image does not fit in.

    >>> tf.image.pad_to_bounding_box(tf.zeros([4, 4, 3]), 1, 1, 8, 6).shape.as_list()
    [8, 6, 3]
    """
    with stacks.get_default_graph().name_scope("pad_to_bounding_box"):
        images, single = _as_batch(image)
        height, width = _height_and_width(images)
        below = target_height - offset_height - height
        right = target_width - offset_width - width
        _require(lambda: offset_height >= 0, "offset_height must be >= 0", offset_height)
        _require(lambda: offset_width >= 0, "offset_width must be >= 0", offset_width)
        _require(lambda: right >= 0, "width must be <= target - offset", right)
        _require(lambda: below >= 0, "height must be <= target - offset", below)
        images = checked_image(images)
        paddings = reshape(stack([0, 0, offset_height, below, offset_width, right, 0, 0]), [4, 2])
        padded = pad(images, paddings)
        dims = images.shape.as_list()
        padded.set_shape([dims[0], _static(target_height), _static(target_width), dims[3]])
        return squeeze(padded, axis=[0]) if single else padded


def resize_image_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Tensor:
    """Gives an image, or each of a batch, a size by cutting or padding on both sides alike.

    Args:
      image: Tensor `[height, width, channels]` or `[batch, height, width, channels]`.
      target_height: Rows of the result.
      target_width: Columns of the result.

    Returns:
      Tensor with `target_height` rows and `target_width` columns.

    Raises:
      ValueError: a size that is not positive.

    >>> tf.image.resize_image_with_crop_or_pad(tf.zeros([4, 9, 3]), 6, 6).shape.as_list()
    [6, 6, 3]
    """
    with stacks.get_default_graph().name_scope("resize_image_with_crop_or_pad"):
        images, single = _as_batch(image)
        _require(lambda: target_width > 0, "target_width must be > 0.", target_width)
        _require(lambda: target_height > 0, "target_height must be > 0.", target_height)
        images = checked_image(images)
        height, width = _height_and_width(images)
        width_off, height_off = target_width - width, target_height - height
        cropped = crop_to_bounding_box(
            images,
            _largest(-height_off // 2, 0),
            _largest(-width_off // 2, 0),
            _smallest(target_height, height),
            _smallest(target_width, width),
        )
        resized = pad_to_bounding_box(
            cropped, _largest(height_off // 2, 0), _largest(width_off // 2, 0), target_height, target_width
        )
        resized = identity(resized, name="control_dependency")
        return squeeze(resized, axis=[0]) if single else resized


def _largest(x: Size, y: Size) -> Size:
    known = not isinstance(x, Tensor) and not isinstance(y, Tensor)
    return max(x, y) if known else apply_op("Maximum", x, y)


def _smallest(x: Size, y: Size) -> Size:
    known = not isinstance(x, Tensor) and not isinstance(y, Tensor)
    return min(x, y) if known else apply_op("Minimum", x, y)


def central_crop(image: Any, central_fraction: float) -> Tensor:
    """Cuts out the middle of an image, or of each of a batch.

    Args:
      image: Tensor `[height, width, channels]` or `[batch, height, width, channels]`.
      central_fraction: Which part of either size is kept, in (0, 1].

    Returns:
      Tensor; `image` itself for 1.

    Raises:
      ValueError: a fraction out of range.

    >>> tf.image.central_crop(tf.zeros([8, 8, 3]), 0.5).shape.as_list()
    [4, 4, 3]
    """
    with stacks.get_default_graph().name_scope("central_crop"):
        image = convert_to_tensor(image, name="image")
        if not 0.0 < central_fraction <= 1.0:
            raise ValueError("central_fraction must be within (0, 1]")
        if central_fraction == 1.0:
            return image
        rank = _rank_of(image)
        image = checked_image(image)
        dims = image.shape.as_list()
        at = 1 if rank == 4 else 0
        if None in dims[at : at + 2]:
            raise ValueError(f"tf.image.central_crop needs the static size of the image, which is {image.shape}")
        starts = [int((d - d * central_fraction) / 2) for d in dims[at : at + 2]]
        sizes = [d - 2 * s for d, s in zip(dims[at : at + 2], starts, strict=True)]
        begin, wanted = stack([*[0] * at, *starts, 0]), stack([*[-1] * at, *sizes, -1])
        return slice_(image, begin, wanted)


resize_with_crop_or_pad = resize_image_with_crop_or_pad
