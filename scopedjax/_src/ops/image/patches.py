"""Neighbourhoods of pixels: patches, and the differences of neighbours (`sobel_edges`, `image_gradients`).

extract_image_patches, 2 x 2, step 1    [[0, 1, 2],      patch at (0, 0): [0, 1, 3, 4] along the channels,
                                         [3, 4, 5]]      patch at (0, 1): [1, 2, 4, 5]
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import zeros
from scopedjax._src.ops.array.joining import concat, pad, tile
from scopedjax._src.ops.array.packing import stack, unstack
from scopedjax._src.ops.array.shapes import renamed_argument, reshape, shape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.kernels import geometry
from scopedjax._src.ops.nn.arguments import check_choice
from scopedjax._src.ops.nn.depthwise import depthwise_conv2d
from scopedjax._src.ops.registry import declare
from scopedjax._src.ops.shape_context import ShapeContext


def _extents(sizes: Sequence[int], rates: Sequence[int]) -> list[int]:
    """How far the taps of a window reach, along each axis."""
    return [(size - 1) * rate + 1 for size, rate in zip(sizes, rates, strict=True)]


def _patch_dims(rank: int) -> Callable[[ShapeContext], list[Dims]]:
    def rule(c: ShapeContext) -> list[Dims]:
        check_choice(c, "padding", ("SAME", "VALID"))
        dims = c.require_rank(0, rank)
        sizes, strides = c.attr("ksizes"), c.attr("strides")
        rates = c.attrs.get("rates", (1,) * rank)
        for name, values in (("ksizes", sizes), ("strides", strides), ("rates", rates)):
            if len(values) != rank:
                raise c.fail(
                    f"{c.record.type} requires the {name} attribute to contain {rank} values, but got: {len(values)}"
                )
        windows = zip(dims[1:-1], _extents(sizes, rates)[1:-1], strides[1:-1], strict=True)
        found: list[int | None] = []
        for size, window, step in windows:
            if c.attr("padding") == "VALID" and size is not None and size < window:
                count = (size - window + step) // step
                detail = f"[input_size: {size}, effective_filter_size: {window}, stride: {step}]"
                raise c.fail(f"Computed output size would be negative: {count} {detail}")
            found.append(geometry.conv_output_dim(size, window, step, c.attr("padding")))
        channels = None if dims[-1] is None else dims[-1] * int(np.prod(sizes[1:-1]))
        return [(dims[0], *found, channels)]

    return rule


def _patches(images: Any, ksizes: Any, strides: Any, rates: Any, padding: str) -> Any:
    x = jnp.asarray(images)
    axes = range(1, x.ndim - 1)
    extents = _extents(ksizes, rates)
    counts = [geometry.conv_output_dim(x.shape[a], extents[a], strides[a], padding) or 0 for a in axes]
    if padding == "SAME":
        needed = [max((n - 1) * strides[a] + extents[a] - x.shape[a], 0) for n, a in zip(counts, axes, strict=True)]
        x = jnp.pad(x, [(0, 0), *((n // 2, n - n // 2) for n in needed), (0, 0)])
    parts = []
    for tap in itertools.product(*(range(ksizes[a]) for a in axes)):
        starts = [t * rates[a] for t, a in zip(tap, axes, strict=True)]
        where = [
            slice(start, start + (n - 1) * strides[a] + 1 if n else start, strides[a])
            for start, n, a in zip(starts, counts, axes, strict=True)
        ]
        parts.append(x[(slice(None), *where)])
    return jnp.concatenate(parts, axis=-1)


def _extract_image_patches(images: Any, *, ksizes: Any, strides: Any, rates: Any, padding: str) -> Any:
    return _patches(images, ksizes, strides, rates, padding)


def _extract_volume_patches(input: Any, *, ksizes: Any, strides: Any, padding: str) -> Any:
    return _patches(input, ksizes, strides, (1,) * 5, padding)


declare(
    "ExtractImagePatches(images: T; ksizes: list(int), strides: list(int), rates: list(int), padding: string) "
    "-> patches: T",
    _extract_image_patches,
    shape=_patch_dims(4),
)
declare(
    "ExtractVolumePatches(input: T; ksizes: list(int), strides: list(int), padding: string) -> patches: T",
    _extract_volume_patches,
    shape=_patch_dims(5),
    types={"T": dtypes.REAL},
)


def extract_image_patches(
    images: Any,
    ksizes: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: str | None = None,
    sizes: Any = None,
) -> Tensor:
    """Puts the pixels of each window along the channels.

    Args:
      images: Tensor `[batch, height, width, channels]`.
      ksizes: Size of the window: `[1, rows, columns, 1]`.
      strides: Distance of the windows: `[1, rows, columns, 1]`.
      rates: Distance of the pixels in a window: `[1, rows, columns, 1]`.
      padding: "SAME" or "VALID".
      name: Node name; defaults to "ExtractImagePatches".
      sizes: The later name of `ksizes`.

    Returns:
      Tensor `[batch, out_height, out_width, rows * columns * channels]`.

    Raises:
      ValueError: lists of another length, or a window that does not fit.

    >>> image = tf.reshape(tf.range(6), [1, 2, 3, 1])
    >>> patches = tf.extract_image_patches(image, [1, 2, 2, 1], [1, 1, 1, 1], [1, 1, 1, 1], "VALID")
    >>> tf.Session().run(patches).tolist()
    [[[[0, 1, 3, 4], [1, 2, 4, 5]]]]
    """
    window = renamed_argument("sizes", sizes, "ksizes", ksizes)
    return apply_op(
        "ExtractImagePatches", images, ksizes=window, strides=strides, rates=rates, padding=padding, name=name
    )


def extract_patches(images: Any, sizes: Any, strides: Any, rates: Any, padding: Any, name: str | None = None) -> Tensor:
    """Puts the pixels of each window along the channels; see `extract_image_patches`.

    Args:
      images: Tensor `[batch, height, width, channels]`.
      sizes: Size of the window: `[1, rows, columns, 1]`.
      strides: Distance of the windows: `[1, rows, columns, 1]`.
      rates: Distance of the pixels in a window: `[1, rows, columns, 1]`.
      padding: "SAME" or "VALID".
      name: Node name; defaults to "ExtractImagePatches".

    Returns:
      Tensor `[batch, out_height, out_width, rows * columns * channels]`.

    >>> ones = [1, 1, 1, 1]
    >>> tf.image.extract_patches(tf.zeros([1, 5, 5, 2]), [1, 3, 3, 1], ones, ones, "SAME").shape.as_list()
    [1, 5, 5, 18]
    """
    return apply_op(
        "ExtractImagePatches", images, ksizes=sizes, strides=strides, rates=rates, padding=padding, name=name
    )


def extract_volume_patches(input: Any, ksizes: Any, strides: Any, padding: Any, name: str | None = None) -> Tensor:
    """Puts the elements of each three-dimensional window along the channels.

    Args:
      input: Tensor `[batch, depth, height, width, channels]`.
      ksizes: Size of the window: `[1, planes, rows, columns, 1]`.
      strides: Distance of the windows, likewise.
      padding: "SAME" or "VALID".
      name: Node name; defaults to "ExtractVolumePatches".

    Returns:
      Tensor `[batch, out_depth, out_height, out_width, planes * rows * columns * channels]`.

    >>> two, ones = [1, 2, 2, 2, 1], [1, 1, 1, 1, 1]
    >>> tf.extract_volume_patches(tf.zeros([1, 3, 4, 5, 2]), two, ones, "VALID").shape.as_list()
    [1, 2, 3, 4, 16]
    """
    return apply_op("ExtractVolumePatches", input, ksizes=ksizes, strides=strides, padding=padding, name=name)


def sobel_edges(image: Any) -> Tensor:
    """Computes Sobel's derivatives of images along rows and columns.

    Args:
      image: Floating tensor `[batch, height, width, channels]`.

    Returns:
      Tensor `[batch, height, width, channels, 2]`: the derivatives along y and along x.

    >>> steps = tf.constant([[[[0.0], [1.0], [2.0]]] * 3])
    >>> tf.Session().run(tf.image.sobel_edges(steps))[0, 1, 1, 0].tolist()
    [0.0, 8.0]
    """
    static = image.get_shape()
    sizes = shape(image)
    smooth, slope = np.asarray([1, 2, 1], np.float32), np.asarray([-1, 0, 1], np.float32)
    filters = np.stack([np.outer(slope, smooth), np.outer(smooth, slope)], axis=-1)
    taps = constant(filters[:, :, None, :], dtype=dtypes.float32)
    kernels = tile(taps, [1, 1, sizes[-1], 1], name="sobel_filters")
    padded = pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT")
    edges = depthwise_conv2d(padded, kernels, [1, 1, 1, 1], "VALID")
    result = reshape(edges, concat([sizes, [2]], 0))
    result.set_shape(static.concatenate([2]))
    return result


def image_gradients(image: Any) -> tuple[Tensor, Tensor]:
    """Computes the differences of neighbouring pixels, down and across; zero in the last row and column.

    Args:
      image: Tensor `[batch, height, width, channels]`.

    Returns:
      `(dy, dx)` of the shape of `image`.

    Raises:
      ValueError: another rank.

    >>> dy, dx = tf.image.image_gradients(tf.constant([[[[0.0], [1.0]], [[5.0], [7.0]]]]))
    >>> tf.Session().run(dy).ravel().tolist(), tf.Session().run(dx).ravel().tolist()
    ([5.0, 6.0, 0.0, 0.0], [1.0, 0.0, 2.0, 0.0])
    """
    if image.get_shape().ndims != 4:
        raise ValueError(f"image_gradients expects a 4D tensor [batch_size, h, w, d], not {image.get_shape()}.")
    sizes = shape(image)
    batch, height, width, depth = unstack(sizes)
    dy = image[:, 1:, :, :] - image[:, :-1, :, :]
    dx = image[:, :, 1:, :] - image[:, :, :-1, :]
    last_row = zeros(stack([batch, 1, width, depth]), image.dtype)
    dy = reshape(concat([dy, last_row], 1), sizes)
    last_column = zeros(stack([batch, height, 1, depth]), image.dtype)
    dx = reshape(concat([dx, last_column], 2), sizes)
    return dy, dx
