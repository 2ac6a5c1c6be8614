"""Glimpses: one window of each image, as an attention model looks at it.

    offsets, centred and normalized          window of height h at offset y of an image of height H
         -1          0          1            top = trunc((y + 1) H / 2 - h / 2)
         +-----------+-----------+           (not centred: y H; not normalized: H is left away)
        first      middle      last row

What lies outside the image is noise of the image's own range, so that a model cannot tell a border by its value. The
noise comes from the node's own stream (see `random.philox`): TensorFlow draws it from a generator of the process, so
only what lies inside agrees with it.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.random import distributions
from scopedjax._src.ops.random.philox import Stream
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, LoweringContext, defop
from scopedjax._src.ops.shape_context import ShapeContext


def _dims(c: ShapeContext) -> list[Dims]:
    images, offsets = c.require_rank(0, 4), c.require_rank(2, 2)
    (length,) = c.require_rank(1, 1)
    if length not in (None, 2):
        raise c.fail(f"Dimension must be 2 but is {length}")
    if offsets[1] not in (None, 2):
        raise c.fail(f"Dimension must be 2 but is {offsets[1]}")
    batch = offsets[0] if images[0] is None else images[0]
    if None not in (images[0], offsets[0]) and images[0] != offsets[0]:
        raise c.fail(f"Dimensions must be equal, but are {images[0]} and {offsets[0]}")
    size = c.const(1)
    if size is None:
        return [(batch, None, None, images[3])]
    return [(batch, int(size[0]), int(size[1]), images[3])]


def _corner(offsets: Any, extent: int, window: int, centered: bool, normalized: bool) -> Any:
    """The first row (or column) of each window, int32; negative above the image."""
    at = offsets * np.float32(extent) if normalized else offsets
    if centered:
        at = at / np.float32(2) + np.float32(extent / 2)
    return jnp.trunc(at - np.float32(window / 2)).astype(np.int32)


def _outside(ctx: LoweringContext, images: Any, shape: tuple[int, ...], noise: str) -> Any:
    """What the windows show beyond the images: noise with the range, or the moments, of each image's channels."""
    if noise == "zero":
        return jnp.zeros(shape, np.float32)
    stream = Stream(*ctx.random_row(256 * int(np.prod(shape))))
    if noise == "gaussian":
        mean = jnp.mean(images, axis=(1, 2), keepdims=True)
        spread = jnp.std(images, axis=(1, 2), keepdims=True)
        return mean + spread * distributions.normal(jnp, stream, shape, np.float32)
    low, high = jnp.min(images, axis=(1, 2), keepdims=True), jnp.max(images, axis=(1, 2), keepdims=True)
    return low + (high - low) * distributions.uniform(jnp, stream, shape, np.float32)


@defop(
    "ExtractGlimpse(input: float32, size: int32, offsets: float32; centered: bool = True, normalized: bool = True, "
    "uniform_noise: bool = True, noise: string = 'uniform') -> glimpse: float32",
    shape=_dims,
    static=("size",),
    rng=True,
    gradient=NOT_DIFFERENTIABLE,
)
def _extract(
    ctx: LoweringContext,
    input: Any,
    size: np.ndarray,
    offsets: Any,
    *,
    centered: bool,
    normalized: bool,
    uniform_noise: bool,
    noise: str,
) -> Any:
    images, offsets = jnp.asarray(input), jnp.asarray(offsets)
    batch, height, width, channels = images.shape
    rows, columns = (int(n) for n in size)
    tops = _corner(offsets[:, 0], height, rows, centered, normalized)
    lefts = _corner(offsets[:, 1], width, columns, centered, normalized)
    # TF1 gives its two ways of saying so one meaning: without uniform noise the kind is Gaussian unless it is named.
    kind = "uniform" if uniform_noise else ("gaussian" if noise == "uniform" else noise)

    def window(image: Any, top: Any, left: Any) -> tuple[Any, Any]:
        y, x = top + jnp.arange(rows, dtype=np.int32), left + jnp.arange(columns, dtype=np.int32)
        inside = ((y >= 0) & (y < height))[:, None] & ((x >= 0) & (x < width))[None, :]
        seen = image[jnp.clip(y, 0, height - 1)][:, jnp.clip(x, 0, width - 1)]
        return seen, inside[..., None]

    seen, inside = jax.vmap(window)(images, tops, lefts)
    return jnp.where(inside, seen, _outside(ctx, images, (batch, rows, columns, channels), kind))


def extract_glimpse(
    input: Any,
    size: Any,
    offsets: Any,
    centered: bool = True,
    normalized: bool = True,
    uniform_noise: bool = True,
    name: str | None = None,
) -> Tensor:
    """One window of each image.

    Args:
      input: float32 images `[batch, height, width, channels]`.
      size: int32 `[2]`: height and width of the windows, in pixels.
      offsets: float32 `[batch, 2]`: y and x of each window.
      centered: Whether offset (0, 0) is the middle of the image; otherwise its upper left corner. What lies there is
        the middle of the window, either way (so TF1 1.15 does it, whatever its documentation says).
      normalized: Whether offsets are in units of the image's size (-1 to 1 if centred, else 0 to 1); else in pixels
        (of which a centred offset counts half).
      uniform_noise: Whether the pixels outside the image are evenly distributed over the range of the image's channel;
        otherwise they are normal with its mean and standard deviation.
      name: Node name; "ExtractGlimpse" by default.

    Returns:
      float32 `[batch, size[0], size[1], channels]`.

    Raises:
      ValueError: a shape does not fit.

    >>> image = tf.reshape(tf.range(25.0), [1, 5, 5, 1])
    >>> print(tf.Session().run(tf.image.extract_glimpse(image, [3, 3], [[0.0, 0.0]]))[0, :, :, 0])
    [[ 6.  7.  8.]
     [11. 12. 13.]
     [16. 17. 18.]]
    """
    return apply_op(
        "ExtractGlimpse",
        input,
        size,
        offsets,
        centered=centered,
        normalized=normalized,
        uniform_noise=uniform_noise,
        name=name,
    )
