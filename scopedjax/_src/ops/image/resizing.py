"""Resizing: `ResizeBilinear`, `ResizeNearestNeighbor`, `ResizeBicubic`, `ResizeArea`, and `resize_images` over them.

Which point of the input belongs to element i of the output, of n_out from n_in:

    (default)             i * n_in / n_out                     the corners of the elements lie on each other
    align_corners         i * (n_in - 1) / (n_out - 1)         the middles of the outer elements do
    half_pixel_centers    (i + 1/2) * n_in / n_out - 1/2       the edges of the images do

These numbers, the neighbours and their weights depend on sizes alone; they are computed in float32, as TensorFlow does,
when the program is traced. Rows are then gathered and weighted, or (for areas) multiplied with a matrix of weights.
"""

from __future__ import annotations

from collections.abc import Callable
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
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import expand_dims, shape, squeeze
from scopedjax._src.ops.constant_value import constant_value_as_dims
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.elementwise import round as tf_round
from scopedjax._src.ops.registry import NO_GRADIENT, declare
from scopedjax._src.ops.shape_context import ShapeContext

_CUBIC_STEPS = 1024  # TensorFlow tabulates the cubic kernel at so many places between two elements

# --------------------------------------------------------------------------------------------- where and how much


def _scale(size: int, wanted: int, align_corners: bool) -> np.float32:
    if align_corners and wanted > 1:
        return np.float32(size - 1) / np.float32(wanted - 1)
    return np.float32(size) / np.float32(wanted)


def _points(size: int, wanted: int, align_corners: bool, half_pixel: bool) -> np.ndarray:
    """The point of the input that belongs to each element of the output, float32."""
    index, scale = np.arange(wanted, dtype=np.float32), _scale(size, wanted, align_corners)
    if half_pixel:
        return (index + np.float32(0.5)) * scale - np.float32(0.5)
    return index * scale


Taps = list[tuple[np.ndarray, np.ndarray]]  # (index, weight) of each neighbour, for each element of the output


def _linear(size: int, wanted: int, align_corners: bool, half_pixel: bool) -> Taps:
    points = _points(size, wanted, align_corners, half_pixel)
    floor = np.floor(points)
    low = np.maximum(floor, 0).astype(np.int64)
    high = np.minimum(np.ceil(points), size - 1).astype(np.int64)
    share = (points - floor).astype(np.float32)
    return [(np.minimum(low, size - 1), np.float32(1) - share), (high, share)]


def _cubic_kernel(distance: np.ndarray, a: float) -> np.ndarray:
    """Keys' kernel (1981) at a distance of 0 to 2."""
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, far)


def _cubic(size: int, wanted: int, align_corners: bool, half_pixel: bool) -> Taps:
    points = _points(size, wanted, align_corners, half_pixel)
    floor = np.floor(points)
    step = np.rint((points - floor) * np.float32(_CUBIC_STEPS)).astype(np.float64) / _CUBIC_STEPS
    # -0.5 gives Keys' kernel; TensorFlow's older form has -0.75.
    a = -0.5 if half_pixel else -0.75
    wanted_index = [floor.astype(np.int64) + offset for offset in (-1, 0, 1, 2)]
    weights = [_cubic_kernel(d, a).astype(np.float32) for d in (1 + step, step, 1 - step, 2 - step)]
    index = [np.clip(i, 0, size - 1) for i in wanted_index]
    if half_pixel:  # neighbours outside the image do not count
        weights = [
            np.where(i == w, v, 0).astype(np.float32) for i, w, v in zip(index, wanted_index, weights, strict=True)
        ]
        total = np.sum(weights, axis=0)
        weights = [(v / total).astype(np.float32) for v in weights]
    return list(zip(index, weights, strict=True))


def _area(size: int, wanted: int, align_corners: bool) -> np.ndarray:
    """Matrix [wanted, size]: how much of each element lies in each element of the output, as shares."""
    scale = _scale(size, wanted, align_corners)
    matrix = np.zeros((wanted, size), np.float32)
    for i in range(wanted):
        start, end = np.float32(i) * scale, np.float32(i + 1) * scale
        for j in range(int(np.floor(start)), int(np.ceil(end))):
            share = min(np.float32(j + 1), end) - max(np.float32(j), start)
            matrix[i, min(max(j, 0), size - 1)] += share / scale
    return matrix


# ------------------------------------------------------------------------------------------------- lowerings


def _sizes(size: Any) -> tuple[int, int]:
    height, width = (int(n) for n in np.asarray(size))
    if height <= 0 or width <= 0:
        raise InvalidArgumentError(None, None, "output dimensions must be positive")
    return height, width


def _weighted(x: Any, taps: Taps, axis: int) -> Any:
    total = None
    for index, weight in taps:
        part = jnp.take(x, index, axis=axis, mode="clip")
        part = part * jnp.asarray(weight).reshape([-1 if i == axis else 1 for i in range(4)])
        total = part if total is None else total + part
    return total


def _by_taps(find: Callable[..., Taps], width_first: bool) -> Callable[..., Any]:
    def lower(images: Any, size: Any, *, align_corners: bool, half_pixel_centers: bool) -> Any:
        x = jnp.asarray(images).astype(jnp.float32)
        for axis in (2, 1) if width_first else (1, 2):
            taps = find(x.shape[axis], _sizes(size)[axis - 1], align_corners, half_pixel_centers)
            x = _weighted(x, taps, axis)
        return x

    return lower


def _nearest(images: Any, size: Any, *, align_corners: bool, half_pixel_centers: bool) -> Any:
    x = jnp.asarray(images)
    for axis, wanted in zip((1, 2), _sizes(size), strict=True):
        count = x.shape[axis]
        if half_pixel_centers:
            points = (np.arange(wanted, dtype=np.float32) + np.float32(0.5)) * _scale(count, wanted, align_corners)
        else:
            points = _points(count, wanted, align_corners, False)
        points = np.floor(points + np.float32(0.5)) if align_corners else np.floor(points)
        index = np.clip(points.astype(np.int64), 0, count - 1)
        x = jnp.take(x, index, axis=axis, mode="clip")
    return x


def _by_area(images: Any, size: Any, *, align_corners: bool) -> Any:
    x = jnp.asarray(images).astype(jnp.float32)
    rows = _area(x.shape[1], _sizes(size)[0], align_corners)
    columns = _area(x.shape[2], _sizes(size)[1], align_corners)
    return jnp.einsum("ih,bhwc,jw->bijc", rows, x, columns, precision=jax.lax.Precision.HIGHEST)


def _resized_dims(c: ShapeContext) -> list[Dims]:
    dims = c.require_rank(0, 4)
    (count,) = c.require_rank(1, 1)
    if count not in (None, 2):
        raise c.fail(f"Dimension must be 2 but is {count}")
    sizes = c.shape_value(1) or (None, None)
    return [(dims[0], sizes[0], sizes[1], dims[3])]


_TYPES = (
    dtypes.int8, dtypes.uint8, dtypes.int16, dtypes.uint16, dtypes.int32, dtypes.int64, dtypes.float16, dtypes.float32,
    dtypes.float64, dtypes.bfloat16,
)  # fmt: skip
_ATTRS = "align_corners: bool = False, half_pixel_centers: bool = False"
for _type, _lower, _result in (
    ("ResizeBilinear", _by_taps(_linear, True), "float32"),
    ("ResizeBicubic", _by_taps(_cubic, True), "float32"),
    ("ResizeNearestNeighbor", _nearest, "T"),
):
    declare(
        f"{_type}(images: T, size: int32; {_ATTRS}) -> resized_images: {_result}",
        _lower,
        shape=_resized_dims,
        static=("size",),
        types={"T": _TYPES},
    )
declare(
    "ResizeArea(images: T, size: int32; align_corners: bool = False) -> resized_images: float32",
    _by_area,
    shape=_resized_dims,
    static=("size",),
    gradient=NO_GRADIENT,
    types={"T": _TYPES},
)

# ---------------------------------------------------------------------------------------- public functions


class ResizeMethod:
    """How `tf.image.resize_images` interpolates.

    >>> tf.image.ResizeMethod.BICUBIC
    2
    """

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


def _resize(op_type: str, name: str, what: str, half_pixel: bool = True) -> Callable[..., Tensor]:
    """Makes the public function of one resize op, docstring included."""

    def with_centers(
        images: Any, size: Any, align_corners: bool = False, name: str | None = None, half_pixel_centers: bool = False
    ) -> Tensor:
        attrs = {"align_corners": align_corners, "half_pixel_centers": half_pixel_centers}
        return apply_op(op_type, images, size, name=name, **attrs)

    def without_centers(images: Any, size: Any, align_corners: bool = False, name: str | None = None) -> Tensor:
        return apply_op(op_type, images, size, align_corners=align_corners, name=name)

    function: Callable[..., Tensor] = with_centers if half_pixel else without_centers
    function.__name__ = function.__qualname__ = name
    centers = "\n      half_pixel_centers: Whether the edges of both images fall together." if half_pixel else ""
    kind = "of the dtype of `images`" if "Nearest" in op_type else "float32"
    function.__doc__ = f"""Resizes images {what}.

    Args:
      images: Tensor `[batch, height, width, channels]` of numbers.
      size: int32 tensor or list `[new_height, new_width]`.
      align_corners: Whether the middles of the corner elements of both images fall together.
      name: Node name; defaults to "{op_type}".{centers}

    Returns:
      Tensor `[batch, new_height, new_width, channels]`, {kind}.

    >>> tf.image.{name}(tf.zeros([1, 4, 4, 3]), [8, 6]).shape.as_list()
    [1, 8, 6, 3]
    """
    return function


resize_bilinear = _resize("ResizeBilinear", "resize_bilinear", "by weighting the four nearest elements")
resize_bicubic = _resize("ResizeBicubic", "resize_bicubic", "by cubic interpolation over sixteen elements")
resize_nearest_neighbor = _resize("ResizeNearestNeighbor", "resize_nearest_neighbor", "by taking the nearest element")
resize_area = _resize("ResizeArea", "resize_area", "by averaging over areas", half_pixel=False)


def resize_images(
    images: Any,
    size: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: str | None = None,
) -> Tensor:
    """Resizes an image or a batch of images.

    Args:
      images: Tensor `[batch, height, width, channels]` or `[height, width, channels]`.
      size: int32 tensor or list `[new_height, new_width]`.
      method: One of `tf.image.ResizeMethod`.
      align_corners: Whether the middles of the corner elements of both images fall together.
      preserve_aspect_ratio: Whether `size` is a box into which the image is fitted.
      name: Name scope; defaults to "resize".

    Returns:
      Tensor of the rank of `images`: float32, or the dtype of `images` for NEAREST_NEIGHBOR; `images` itself where the
      size is that already.

    Raises:
      ValueError: `images` has another rank, `size` is not two numbers, or an unknown method.

    >>> tf.image.resize_images(tf.zeros([4, 4, 3]), [8, 6]).shape.as_list()
    [8, 6, 3]
    """
    with stacks.get_default_graph().name_scope(name or "resize"):
        images = convert_to_tensor(images, name="images")
        if images.ndim is None:
            raise ValueError("'images' contains no shape.")
        if images.ndim not in (3, 4):
            raise ValueError("'images' must have either 3 or 4 dimensions.")
        single = images.ndim == 3
        if single:
            images = expand_dims(images, 0)
        size = convert_to_tensor(size, dtype="int32", name="size")
        if size.dims is not None and size.dims != (2,):
            raise ValueError("'size' must be a 1-D Tensor of 2 elements: new_height, new_width")
        if preserve_aspect_ratio:
            size = _fitted(images, size)
        resized = _resized(images, size, method, align_corners)
        return squeeze(resized, axis=[0]) if single else resized


resize = resize_images


def _fitted(images: Tensor, size: Tensor) -> Tensor:
    """The largest size of the images' proportions that fits into `size`."""
    dims = images.dims or (None,) * 4
    sizes = None if None not in dims[1:3] else shape(images)
    height, width = (d if d is not None else sizes[i] for i, d in ((1, dims[1]), (2, dims[2])))  # type: ignore[index]
    by_height = cast(size[0], "float32") / cast(height, "float32")
    by_width = cast(size[1], "float32") / cast(width, "float32")
    scale = apply_op("Minimum", by_height, by_width)
    new = [cast(tf_round(scale * cast(n, "float32")), "int32") for n in (height, width)]
    return stack(new, name="size")


def _resized(images: Tensor, size: Tensor, method: Any, align_corners: bool) -> Tensor:
    wanted = constant_value_as_dims(size)
    dims = images.dims
    if wanted is not None and None not in wanted and dims is not None and dims[1:3] == wanted:
        return images
    op_types = ("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "ResizeArea")
    names = {"bilinear": 0, "nearest": 1, "bicubic": 2, "area": 3}
    number = names.get(method, method)
    if number not in (0, 1, 2, 3):
        raise ValueError(f"Resize method is not implemented: {method}")
    return apply_op(op_types[number], images, size, align_corners=align_corners)
