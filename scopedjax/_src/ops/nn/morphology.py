"""Grey-scale morphology: `dilation2d` takes the largest of each window, `erosion2d` the smallest, weights added.

    dilation  out[y, x, c] = max over (i, j) of in[y * s + i * r, x * s + j * r, c] + filter[i, j, c]

Outside the image lies minus infinity. The gradient goes to the first of equal elements.
"""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.arranging import reverse
from scopedjax._src.ops.array.shapes import renamed_argument
from scopedjax._src.ops.kernels import geometry
from scopedjax._src.ops.math.elementwise import negative
from scopedjax._src.ops.nn.arguments import check_choice
from scopedjax._src.ops.registry import defop
from scopedjax._src.ops.shape_context import ShapeContext


def _dims(c: ShapeContext) -> list[Dims]:
    check_choice(c, "padding", ("SAME", "VALID"))
    dims, taps = c.require_rank(0, 4), c.require_rank(1, 3)
    strides, rates = c.attr("strides"), c.attr("rates")
    for name, values in (("strides", strides), ("rates", rates)):
        if len(values) != 4:
            raise c.fail(f"Dilation2D requires the {name} attribute to contain 4 values, but got: {len(values)}")
    if dims[3] is not None and taps[2] is not None and dims[3] != taps[2]:
        raise c.fail(f"Dimensions must be equal, but are {dims[3]} and {taps[2]}")
    found: list[int | None] = []
    for axis in (1, 2):
        reach = None if taps[axis - 1] is None else (int(taps[axis - 1] or 1) - 1) * rates[axis] + 1
        try:
            found.append(geometry.conv_output_dim(dims[axis], reach, strides[axis], c.attr("padding")))
        except ValueError as error:
            raise c.fail(str(error).split(": the window")[0]) from None
    return [(dims[0], *found, taps[2] if dims[3] is None else dims[3])]


@defop(
    "Dilation2D(input: T, filter: T; strides: list(int), rates: list(int), padding: string) -> output: T",
    shape=_dims,
    types={"T": dtypes.REAL},
)
def _dilation(input: Any, filter: Any, *, strides: Any, rates: Any, padding: str) -> Any:
    x, taps = jnp.asarray(input), jnp.asarray(filter)
    low = -np.inf if np.issubdtype(x.dtype, np.floating) else np.iinfo(x.dtype).min
    reach = [(taps.shape[i] - 1) * rates[i + 1] + 1 for i in (0, 1)]
    counts = [geometry.conv_output_dim(x.shape[i + 1], reach[i], strides[i + 1], padding) or 0 for i in (0, 1)]
    pads = [(0, 0)] * 4
    if padding == "SAME":
        for i in (0, 1):
            needed = max((counts[i] - 1) * strides[i + 1] + reach[i] - x.shape[i + 1], 0)
            pads[i + 1] = (needed // 2, needed - needed // 2)
    x = jnp.pad(x, pads, constant_values=low)
    sums = []
    for i, j in itertools.product(range(taps.shape[0]), range(taps.shape[1])):
        rows = slice(i * rates[1], i * rates[1] + (counts[0] - 1) * strides[1] + 1, strides[1])
        columns = slice(j * rates[2], j * rates[2] + (counts[1] - 1) * strides[2] + 1, strides[2])
        sums.append(x[:, rows, columns] + taps[i, j])
    stacked = jnp.stack(sums)
    if not np.issubdtype(x.dtype, np.floating):
        return stacked.max(axis=0)
    first = jax.lax.stop_gradient(jnp.argmax(stacked, axis=0))
    return jnp.take_along_axis(stacked, first[None], axis=0)[0]


def dilation2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Computes the largest sum of element and weight in each window.

    Args:
      input: Tensor of numbers `[batch, height, width, depth]`.
      filter: Tensor `[filter_height, filter_width, depth]` of the same dtype.
      strides: Distance of the windows, 4 integers.
      rates: Distance of the taps, 4 integers.
      padding: "SAME" or "VALID".
      name: Node name; defaults to "Dilation2D".
      filters: The later name of `filter`.
      dilations: The later name of `rates`.

    Returns:
      Tensor `[batch, out_height, out_width, depth]`.

    Raises:
      ValueError: the shapes do not fit.

    >>> ones = [1, 1, 1, 1]
    >>> tf.nn.dilation2d(tf.zeros([1, 5, 5, 2]), tf.zeros([3, 3, 2]), ones, ones, "VALID").shape.as_list()
    [1, 3, 3, 2]
    """
    taps = renamed_argument("filters", filters, "filter", filter)
    spread = renamed_argument("dilations", dilations, "rates", rates)
    return apply_op("Dilation2D", input, taps, strides=strides, rates=spread, padding=padding, name=name)


def erosion2d(value: Any, kernel: Any, strides: Any, rates: Any, padding: Any, name: str | None = None) -> Tensor:
    """Computes the smallest difference of element and weight in each window.

    Args:
      value: Tensor of numbers `[batch, height, width, depth]`.
      kernel: Tensor `[kernel_height, kernel_width, depth]` of the same dtype.
      strides: Distance of the windows, 4 integers.
      rates: Distance of the taps, 4 integers.
      padding: "SAME" or "VALID".
      name: Node name; defaults to "erosion2d".

    Returns:
      Tensor `[batch, out_height, out_width, depth]`.

    Raises:
      ValueError: the shapes do not fit.

    >>> ones = [1, 1, 1, 1]
    >>> tf.nn.erosion2d(tf.zeros([1, 5, 5, 2]), tf.zeros([3, 3, 2]), ones, ones, "SAME").shape.as_list()
    [1, 5, 5, 2]
    """
    with stacks.get_default_graph().name_scope(name or "erosion2d") as scope:
        dilated = apply_op(
            "Dilation2D",
            negative(value),
            reverse(kernel, [0, 1]),
            strides=strides,
            rates=rates,
            padding=padding,
            name=scope,
        )
        return negative(dilated)
