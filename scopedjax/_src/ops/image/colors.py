"""Colours and values of images: dtypes, brightness, contrast, hue, saturation, greys, standardisation.

Images of integers are taken as fractions of their largest value: they are converted to float32 between 0 and 1, worked
on, and converted back. Hue, saturation and value (H, S, V) lie between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.joining import concat, tile
from scopedjax._src.ops.array.shapes import expand_dims, rank, shape
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.image.geometry import checked_image
from scopedjax._src.ops.math.casting import cast, saturate_cast
from scopedjax._src.ops.math.linear_algebra import tensordot
from scopedjax._src.ops.math.reductions import reduce_mean, reduce_prod, reduce_std, reduce_sum
from scopedjax._src.ops.random.sampling import random_uniform
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from scopedjax._src.ops.shape_context import ShapeContext

_GREY = [0.2989, 0.5870, 0.1140]  # luma of ITU-R BT.601

# ------------------------------------------------------------------------------------------------- lowerings


def _hsv(rgb: Any) -> tuple[Any, Any, Any]:
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    value = jnp.max(rgb, axis=-1)
    spread = value - jnp.min(rgb, axis=-1)
    saturation = jnp.where(value > 0, spread / jnp.where(value > 0, value, 1), 0)
    norm = 1 / (6 * jnp.where(spread > 0, spread, 1))
    hue = jnp.where(
        red == value,
        norm * (green - blue),
        jnp.where(green == value, norm * (blue - red) + 2 / 6, norm * (red - green) + 4 / 6),
    )
    hue = jnp.where(spread > 0, hue, 0)
    return jnp.where(hue < 0, hue + 1, hue), saturation, value


def _rgb(hue: Any, saturation: Any, value: Any) -> Any:
    sixth = hue * 6
    parts = jnp.stack([jnp.abs(sixth - 3) - 1, 2 - jnp.abs(sixth - 2), 2 - jnp.abs(sixth - 4)], axis=-1)
    parts = jnp.clip(parts, 0, 1)
    s, v = saturation[..., None], value[..., None]
    return ((1 - s) + s * parts) * v


def _wide(x: Any) -> Any:
    return jnp.asarray(x, jnp.float32) if x.dtype.itemsize == 2 else jnp.asarray(x)


def _to_hsv(images: Any) -> Any:
    return jnp.stack(_hsv(_wide(images)), axis=-1).astype(images.dtype)


def _to_rgb(images: Any) -> Any:
    wide = _wide(images)
    return _rgb(wide[..., 0], wide[..., 1], wide[..., 2]).astype(images.dtype)


def _saturated(images: Any, scale: Any) -> Any:
    hue, saturation, value = _hsv(_wide(images))
    return _rgb(hue, jnp.clip(saturation * scale, 0, 1), value).astype(images.dtype)


def _turned(images: Any, delta: Any) -> Any:
    hue, saturation, value = _hsv(_wide(images))
    return _rgb(jnp.mod(hue + delta, 1), saturation, value).astype(images.dtype)


def _contrasted(images: Any, contrast_factor: Any) -> Any:
    wide = _wide(images)
    mean = jnp.mean(wide, axis=(-3, -2), keepdims=True)
    return ((wide - mean) * contrast_factor.astype(wide.dtype) + mean).astype(images.dtype)


def _at_least(rank_wanted: int, three: bool) -> Callable[[ShapeContext], list[Dims]]:
    def rule(c: ShapeContext) -> list[Dims]:
        dims = c.dims(0)
        if dims is None:
            return [None]
        if len(dims) < rank_wanted:
            raise c.fail(f"Shape must be at least rank {rank_wanted} but is rank {len(dims)}")
        if three and dims[-1] not in (None, 3):
            raise c.fail(f"Dimension must be 3 but is {dims[-1]}")
        return [(*dims[:-1], 3) if three else dims]

    return rule


_F = dtypes.FLOATING
declare("RGBToHSV(images: T; T: type = float32) -> output: T", _to_hsv, shape=_at_least(1, True), types={"T": _F})
declare(
    "HSVToRGB(images: T; T: type = float32) -> output: T",
    _to_rgb,
    shape=_at_least(1, True),
    gradient=NOT_DIFFERENTIABLE,
    types={"T": _F},
)
for _type, _argument, _lower, _rank in (
    ("AdjustContrastv2", "contrast_factor", _contrasted, 3),
    ("AdjustSaturation", "scale", _saturated, 3),
    ("AdjustHue", "delta", _turned, 3),
):
    declare(
        f"{_type}(images: T, {_argument}: float32; T: type = float32) -> output: T",
        _lower,
        shape=_at_least(_rank, False),
        gradient=NO_GRADIENT,
        types={"T": (dtypes.float16, dtypes.float32)},
    )

# --------------------------------------------------------------------------------------------------- values


def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False, name: str | None = None) -> Tensor:
    """Converts an image to another dtype, scaling it: integers are fractions of their largest value.

    Args:
      image: Tensor of numbers.
      dtype: The dtype wanted.
      saturate: Whether values that do not fit become the nearest that do.
      name: Node name; defaults to "convert_image".

    Returns:
      Tensor of the shape of `image`.

    >>> tf.Session().run(tf.image.convert_image_dtype(tf.constant([255], tf.uint8), tf.float32)).tolist()
    [1.0]
    """
    image = convert_to_tensor(image, name="image")
    wanted = dtypes.as_dtype(dtype).base_dtype
    given = image.dtype.base_dtype
    if wanted is given:
        return identity(image, name=name)
    with stacks.get_default_graph().name_scope(name or "convert_image") as scope:
        convert = saturate_cast if saturate else cast
        if given.is_integer and wanted.is_integer:
            return _between_integers(image, given, wanted, saturate, scope)
        if given.is_floating and wanted.is_floating:
            return cast(image, wanted, name=scope)
        if given.is_integer:
            return apply_op("Mul", cast(image, wanted), 1.0 / given.max, name=scope)
        scale = wanted.max + 0.5  # so that 1.0 is the largest integer after truncation
        return convert(apply_op("Mul", image, scale), wanted, name=scope)


def _between_integers(image: Tensor, given: Any, wanted: Any, saturate: bool, scope: str) -> Tensor:
    largest_in, largest_out = int(given.max), int(wanted.max)
    if largest_in > largest_out:
        scaled = apply_op("FloorDiv", image, (largest_in + 1) // (largest_out + 1), name="floordiv")
        return (saturate_cast if saturate else cast)(scaled, wanted, name=scope)
    widened = saturate_cast(image, wanted) if saturate else cast(image, wanted)
    return apply_op("Mul", widened, (largest_out + 1) // (largest_in + 1), name=scope)


def _as_float(image: Any, name: str) -> tuple[Tensor, Any]:
    """An image as float (half precision stays), and its own dtype."""
    image = convert_to_tensor(image, name=name)
    own = image.dtype.base_dtype
    if own in (dtypes.float16, dtypes.float32):
        return image, own
    return convert_image_dtype(image, dtypes.float32), own


def adjust_brightness(image: Any, delta: Any) -> Tensor:
    """Adds a number to all values of an image.

    Args:
      image: Tensor of numbers; integers count as fractions of their largest value.
      delta: What is added; a scalar.

    Returns:
      Tensor of the shape and dtype of `image`.

    >>> tf.Session().run(tf.image.adjust_brightness([0.25, 0.5], 0.25)).tolist()
    [0.5, 0.75]
    """
    with stacks.get_default_graph().name_scope("adjust_brightness") as scope:
        image, own = _as_float(image, "image")
        adjusted = apply_op("AddV2", image, cast(delta, image.dtype), name=scope)
        return convert_image_dtype(adjusted, own, saturate=True)


def adjust_contrast(images: Any, contrast_factor: Any) -> Tensor:
    """Multiplies the distance of values from their channel's mean.

    Args:
      images: Tensor `[..., height, width, channels]` of numbers.
      contrast_factor: The factor; a float scalar.

    Returns:
      Tensor of the shape and dtype of `images`: `(x - mean) * factor + mean`.

    >>> tf.Session().run(tf.image.adjust_contrast([[[1.0], [3.0]]], 2.0)).ravel().tolist()
    [0.0, 4.0]
    """
    with stacks.get_default_graph().name_scope("adjust_contrast") as scope:
        images, own = _as_float(images, "images")
        adjusted = apply_op("AdjustContrastv2", images, contrast_factor, name=scope)
        return convert_image_dtype(adjusted, own, saturate=True)


def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Tensor:
    """Computes `gain * image ** gamma`.

    Args:
      image: Tensor of numbers; integers count as fractions of their largest value.
      gamma: The exponent, not negative.
      gain: The factor.

    Returns:
      Tensor of the shape and dtype of `image`.

    Raises:
      ValueError: a negative exponent.

    >>> tf.Session().run(tf.image.adjust_gamma([0.5], gamma=2)).tolist()
    [0.25]
    """
    with stacks.get_default_graph().name_scope("adjust_gamma"):
        image, own = _as_float(image, "image")
        if not isinstance(gamma, Tensor) and gamma < 0:
            raise ValueError("Gamma should be a non-negative real number.")
        return convert_image_dtype(gain * image**gamma, own, saturate=True)


def per_image_standardization(image: Any) -> Tensor:
    """Gives each image mean 0 and deviation 1.

    Args:
      image: Tensor `[..., height, width, channels]` of numbers.

    Returns:
      float32 tensor (or the float dtype of `image`): `(x - mean) / max(deviation, 1 / sqrt(number of elements))`.

    Raises:
      ValueError: the rank is below 3.

    >>> tf.Session().run(tf.image.per_image_standardization([[[1.0], [3.0]]])).ravel().tolist()
    [-1.0, 1.0]
    """
    with stacks.get_default_graph().name_scope("per_image_standardization") as scope:
        image = checked_image(image)
        if image.dtype.base_dtype not in (dtypes.float16, dtypes.float32):
            image = cast(image, dtypes.float32)
        count = reduce_prod(shape(image)[-3:])
        axes = [-1, -2, -3]
        mean = reduce_mean(image, axis=axes, keepdims=True)
        deviation = reduce_std(image, axis=axes, keepdims=True)
        least = apply_op("Rsqrt", cast(count, image.dtype))
        divisor = apply_op("Maximum", deviation, least)
        return apply_op("RealDiv", image - mean, divisor, name=scope)


# --------------------------------------------------------------------------------------------------- colours


def rgb_to_grayscale(images: Any, name: str | None = None) -> Tensor:
    """Makes greys of colours: 0.2989 R + 0.5870 G + 0.1140 B.

    Args:
      images: Tensor `[..., 3]` of numbers.
      name: Node name; defaults to "rgb_to_grayscale".

    Returns:
      Tensor `[..., 1]` of the dtype of `images`.

    Raises:
      ValueError: the last size is not 3.

    >>> tf.image.rgb_to_grayscale(tf.zeros([8, 8, 3])).shape.as_list()
    [8, 8, 1]
    """
    with stacks.get_default_graph().name_scope(name or "rgb_to_grayscale") as scope:
        images = convert_to_tensor(images, name="images")
        own = images.dtype.base_dtype
        grey = tensordot(convert_image_dtype(images, dtypes.float32), _GREY, [[-1], [-1]])
        return convert_image_dtype(expand_dims(grey, -1), own, name=scope)


def grayscale_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """Repeats one channel three times.

    Args:
      images: Tensor `[..., 1]`.
      name: Node name; defaults to "grayscale_to_rgb".

    Returns:
      Tensor `[..., 3]`.

    Raises:
      ValueError: the last size is not 1.

    >>> tf.image.grayscale_to_rgb(tf.zeros([8, 8, 1])).shape.as_list()
    [8, 8, 3]
    """
    with stacks.get_default_graph().name_scope(name or "grayscale_to_rgb") as scope:
        images = convert_to_tensor(images, name="images")
        if images.ndim is not None and (images.ndim < 2 or images.shape.as_list()[-1] not in (None, 1)):
            raise ValueError("Last dimension of a grayscale image should be size 1.")
        images = identity(images, name="control_dependency")
        before = expand_dims(rank(images) - 1, 0)
        multiples = concat([ones(before, dtype=dtypes.int32), expand_dims(3, 0)], 0)
        colored = tile(images, multiples, name=scope)
        if images.ndim is not None:
            colored.set_shape([*images.shape.as_list()[:-1], 3])
        return colored


def rgb_to_hsv(images: Any, name: str | None = None) -> Tensor:
    """Converts red, green and blue to hue, saturation and value.

    Args:
      images: Floating tensor `[..., 3]`, values between 0 and 1.
      name: Node name; defaults to "RGBToHSV".

    Returns:
      Tensor of the shape and dtype of `images`.

    >>> tf.Session().run(tf.image.rgb_to_hsv([1.0, 0.0, 0.0])).tolist()
    [0.0, 1.0, 1.0]
    """
    return apply_op("RGBToHSV", images, name=name)


def hsv_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """Converts hue, saturation and value to red, green and blue.

    Args:
      images: Floating tensor `[..., 3]`, values between 0 and 1.
      name: Node name; defaults to "HSVToRGB".

    Returns:
      Tensor of the shape and dtype of `images`.

    >>> tf.Session().run(tf.image.hsv_to_rgb([0.0, 1.0, 1.0])).tolist()
    [1.0, 0.0, 0.0]
    """
    return apply_op("HSVToRGB", images, name=name)


def _adjusted(image: Any, op_type: str, amount: Any, name: str) -> Tensor:
    with stacks.get_default_graph().name_scope(name):
        image, own = _as_float(image, "image")
        return convert_image_dtype(apply_op(op_type, image, amount), own)


def adjust_saturation(image: Any, saturation_factor: Any, name: str | None = None) -> Tensor:
    """Multiplies the saturation of colours.

    Args:
      image: Tensor `[..., height, width, 3]` of numbers.
      saturation_factor: The factor; a float scalar.
      name: Name scope; defaults to "adjust_saturation".

    Returns:
      Tensor of the shape and dtype of `image`.

    >>> tf.Session().run(tf.image.adjust_saturation([[[1.0, 0.5, 0.5]]], 0.0)).ravel().tolist()
    [1.0, 1.0, 1.0]
    """
    return _adjusted(image, "AdjustSaturation", saturation_factor, name or "adjust_saturation")


def adjust_hue(image: Any, delta: Any, name: str | None = None) -> Tensor:
    """Turns the hue of colours.

    Args:
      image: Tensor `[..., height, width, 3]` of numbers.
      delta: Part of a full turn, in [-1, 1]; a float scalar.
      name: Name scope; defaults to "adjust_hue".

    Returns:
      Tensor of the shape and dtype of `image`.

    >>> tf.Session().run(tf.image.adjust_hue([[[1.0, 0.0, 0.0]]], 0.5)).ravel().tolist()
    [0.0, 1.0, 1.0]
    """
    return _adjusted(image, "AdjustHue", delta, name or "adjust_hue")


# --------------------------------------------------------------------------------------------------- at random


def random_brightness(image: Any, max_delta: float, seed: Any = None) -> Tensor:
    """Adds a random number between `-max_delta` and `max_delta` to all values.

    Args:
      image: Tensor of numbers.
      max_delta: The bound, not negative.
      seed: Seed of the random number; see `tf.set_random_seed`.

    Returns:
      Tensor of the shape and dtype of `image`.

    Raises:
      ValueError: a negative bound.

    >>> tf.image.random_brightness(tf.zeros([4, 4, 3]), 0.2).shape.as_list()
    [4, 4, 3]
    """
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_brightness(image, random_uniform([], -max_delta, max_delta, seed=seed))


def _check_range(lower: float, upper: float) -> None:
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")


def random_contrast(image: Any, lower: float, upper: float, seed: Any = None) -> Tensor:
    """Adjusts the contrast by a random factor; see `adjust_contrast`.

    Args:
      image: Tensor `[..., height, width, channels]` of numbers.
      lower: Smallest factor.
      upper: Largest factor.
      seed: Seed of the random number; see `tf.set_random_seed`.

    Returns:
      Tensor of the shape and dtype of `image`.

    Raises:
      ValueError: the factors are not in order, or negative.

    >>> tf.image.random_contrast(tf.zeros([4, 4, 3]), 0.5, 1.5).shape.as_list()
    [4, 4, 3]
    """
    _check_range(lower, upper)
    return adjust_contrast(image, random_uniform([], lower, upper, seed=seed))


def random_saturation(image: Any, lower: float, upper: float, seed: Any = None) -> Tensor:
    """Adjusts the saturation by a random factor; see `adjust_saturation`.

    Args:
      image: Tensor `[..., height, width, 3]` of numbers.
      lower: Smallest factor.
      upper: Largest factor.
      seed: Seed of the random number; see `tf.set_random_seed`.

    Returns:
      Tensor of the shape and dtype of `image`.

    Raises:
      ValueError: the factors are not in order, or negative.

    >>> tf.image.random_saturation(tf.zeros([4, 4, 3]), 0.5, 1.5).shape.as_list()
    [4, 4, 3]
    """
    _check_range(lower, upper)
    return adjust_saturation(image, random_uniform([], lower, upper, seed=seed))


def random_hue(image: Any, max_delta: float, seed: Any = None) -> Tensor:
    """Turns the hue by a random part; see `adjust_hue`.

    Args:
      image: Tensor `[..., height, width, 3]` of numbers.
      max_delta: Largest part of a full turn either way, in [0, 0.5].
      seed: Seed of the random number; see `tf.set_random_seed`.

    Returns:
      Tensor of the shape and dtype of `image`.

    Raises:
      ValueError: a bound out of range.

    >>> tf.image.random_hue(tf.zeros([4, 4, 3]), 0.1).shape.as_list()
    [4, 4, 3]
    """
    if max_delta > 0.5:
        raise ValueError("max_delta must be <= 0.5.")
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_hue(image, random_uniform([], -max_delta, max_delta, seed=seed))


def total_variation(images: Any, name: str | None = None) -> Tensor:
    """Adds up the absolute differences of neighbouring elements.

    Args:
      images: Tensor `[height, width, channels]` or `[batch, height, width, channels]`.
      name: Name scope; defaults to "total_variation".

    Returns:
      Scalar, or `[batch]`.

    Raises:
      ValueError: `images` has another rank.

    >>> float(tf.Session().run(tf.image.total_variation([[[1.0], [3.0]]])))
    2.0
    """
    with stacks.get_default_graph().name_scope(name or "total_variation"):
        images = convert_to_tensor(images)
        if images.ndim == 3:
            down, right, axes = images[1:, :, :] - images[:-1, :, :], images[:, 1:, :] - images[:, :-1, :], None
        elif images.ndim == 4:
            down, right = images[:, 1:, :, :] - images[:, :-1, :, :], images[:, :, 1:, :] - images[:, :, :-1, :]
            axes = [1, 2, 3]
        else:
            raise ValueError("'images' must be either 3 or 4-dimensional.")
        return reduce_sum(apply_op("Abs", down), axis=axes) + reduce_sum(apply_op("Abs", right), axis=axes)
