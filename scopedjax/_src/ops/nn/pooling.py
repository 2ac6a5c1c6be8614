"""Poolings: the largest or the mean element of each window, in one, two and three dimensions.

    MaxPool    the gradient goes to the first of equal elements      MaxPool3D    to each of them
    AvgPool    padding counts neither as an element nor in the number

The arithmetic is in `kernels.pooling`; here are shapes, attributes and public functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.shapes import expand_dims, renamed_argument, squeeze
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.kernels import geometry, pooling
from scopedjax._src.ops.nn.arguments import check_window_attrs, kernel_padding, op_padding, per_dimension
from scopedjax._src.ops.nn.dilated import with_space_to_batch
from scopedjax._src.ops.registry import LoweringContext, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext

# ------------------------------------------------------------------------------------------------- records


def _pool_dims(rank: int) -> Callable[[ShapeContext], list[Dims]]:
    def rule(c: ShapeContext) -> list[Dims]:
        padding = check_window_attrs(c, rank)
        dims = c.require_rank(0, rank)
        sizes, strides = c.attr("ksize"), c.attr("strides")
        for name, value in (("ksize", sizes), ("strides", strides)):
            if len(value) != rank:
                raise c.fail(f"{c.record.type} requires {name} to have {rank} elements, but got: {len(value)}")
        try:
            pads = geometry.axis_paddings(padding, rank)
            found = [geometry.conv_output_dim(*each) for each in zip(dims, sizes, strides, pads, strict=True)]
        except ValueError as error:
            raise c.fail(str(error).split(": the window")[0]) from None
        return [(dims[0], *found[1:])]

    return rule


def _lowering(kernel: Callable[..., Any]) -> Callable[..., Any]:
    def lower(
        ctx: LoweringContext,
        input: Any,
        *,
        ksize: Any,
        strides: Any,
        padding: str,
        explicit_paddings: Any = (),
        data_format: str,
    ) -> Any:
        pads = kernel_padding(padding, explicit_paddings)
        return kernel(jnp.asarray(input), ksize, strides, pads, data_format, platform=ctx.platform)

    return lower


# TensorFlow has no kernels for the wider unsigned integers.
_POOLED = tuple(t for t in dtypes.REAL if t not in (dtypes.uint32, dtypes.uint64))
_WINDOW = "ksize: list(int), strides: list(int), padding: string"
_EXPLICIT = "explicit_paddings: list(int) = []"
_2D, _3D = "data_format: string = 'NHWC'", "data_format: string = 'NDHWC'"

declare(
    f"MaxPool(input: T; T: type = float32, {_WINDOW}, {_EXPLICIT}, {_2D}) -> output: T",
    _lowering(pooling.max_pool),
    shape=_pool_dims(4),
    types={"T": _POOLED},
)
declare(
    f"AvgPool(value: T; {_WINDOW}, {_2D}) -> output: T",
    _lowering(pooling.avg_pool),
    shape=_pool_dims(4),
    types={"T": dtypes.FLOATING},
)
declare(
    f"MaxPool3D(input: T; {_WINDOW}, {_3D}) -> output: T",
    _lowering(pooling.max_pool3d),
    shape=_pool_dims(5),
    types={"T": (dtypes.float16, dtypes.bfloat16, dtypes.float32)},
)
declare(
    f"AvgPool3D(input: T; {_WINDOW}, {_3D}) -> output: T",
    _lowering(pooling.avg_pool),
    shape=_pool_dims(5),
    types={"T": dtypes.FLOATING},
)


@defop(
    f"MaxPoolWithArgmax(input: T; {_WINDOW}, Targmax: type = int64, include_batch_in_index: bool = False) "
    "-> output: T, argmax: Targmax",
    shape=lambda c: _pool_dims(4)(c) * 2,
    types={"T": dtypes.REAL, "Targmax": dtypes.INDEX},
)
def _max_pool_with_argmax(
    input: Any, *, ksize: Any, strides: Any, padding: str, include_batch_in_index: bool, Targmax: Any
) -> Any:
    found = pooling.max_pool_with_argmax(jnp.asarray(input), ksize, strides, padding, include_batch_in_index)
    return found[0], found[1].astype(Targmax.as_numpy_dtype)


# ---------------------------------------------------------------------------------------- two dimensions


def _pooled(
    op_type: str, value: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None, name: str | None
) -> Tensor:
    """Records a pooling of two or three dimensions; explicit pads only where the op has them."""
    spatial = 3 if op_type.endswith("3D") else 2
    data_format = data_format or ("NDHWC" if spatial == 3 else "NHWC")
    first = data_format.startswith("NC")
    attrs: dict[str, Any] = {"padding": padding}
    if op_type == "MaxPool":
        attrs["padding"], attrs["explicit_paddings"] = op_padding(padding)
    return apply_op(
        op_type,
        value,
        ksize=per_dimension(ksize, spatial, first, "ksize"),
        strides=per_dimension(strides, spatial, first, "strides"),
        data_format=data_format,
        name=name,
        **attrs,
    )


def max_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """Computes the largest element of each window.

    Args:
      value: Tensor `[batch, height, width, channels]`, or with channels first for NCHW.
      ksize: Size of the window: an integer, or a list of 1, 2 or 4 in the order of `data_format`.
      strides: Distance of the windows, likewise.
      padding: "SAME", "VALID", or pairs; padding is never the largest.
      data_format: "NHWC" or "NCHW".
      name: Node name; defaults to "MaxPool".
      input: The later name of `value`.

    Returns:
      Tensor of the rank of `value`.

    Raises:
      ValueError: a window that does not fit.

    >>> tf.nn.max_pool(tf.zeros([1, 28, 28, 8]), [1, 2, 2, 1], [1, 2, 2, 1], "SAME").shape.as_list()
    [1, 14, 14, 8]
    """
    value = renamed_argument("input", input, "value", value)
    with stacks.get_default_graph().name_scope(name or "MaxPool") as scope:
        return _pooled("MaxPool", value, ksize, strides, padding, data_format, scope)


def max_pool2d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str = "NHWC", name: str | None = None
) -> Tensor:
    """Computes the largest element of each window; see `max_pool`.

    Args:
      input: Tensor `[batch, height, width, channels]`, or with channels first for NCHW.
      ksize: Size of the window: an integer, or a list of 1, 2 or 4.
      strides: Distance of the windows, likewise.
      padding: "SAME", "VALID", or pairs.
      data_format: "NHWC" or "NCHW".
      name: Node name; defaults to "MaxPool2d".

    Returns:
      Tensor of rank 4.

    >>> tf.nn.max_pool2d(tf.zeros([1, 28, 28, 8]), 2, 2, "VALID").shape.as_list()
    [1, 14, 14, 8]
    """
    with stacks.get_default_graph().name_scope(name or "MaxPool2d") as scope:
        return _pooled("MaxPool", input, ksize, strides, padding, data_format, scope)


def avg_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """Computes the mean of each window; padding does not count.

    Args:
      value: Floating tensor `[batch, height, width, channels]`, or with channels first for NCHW.
      ksize: Size of the window: an integer, or a list of 1, 2 or 4 in the order of `data_format`.
      strides: Distance of the windows, likewise.
      padding: "SAME" or "VALID".
      data_format: "NHWC" or "NCHW".
      name: Node name; defaults to "AvgPool".
      input: The later name of `value`.

    Returns:
      Tensor of the rank of `value`.

    Raises:
      ValueError: a window that does not fit.

    >>> tf.nn.avg_pool(tf.zeros([1, 28, 28, 8]), [1, 2, 2, 1], [1, 2, 2, 1], "SAME").shape.as_list()
    [1, 14, 14, 8]
    """
    value = renamed_argument("input", input, "value", value)
    with stacks.get_default_graph().name_scope(name or "AvgPool") as scope:
        return _pooled("AvgPool", value, ksize, strides, padding, data_format, scope)


avg_pool2d = avg_pool


def max_pool_with_argmax(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    Targmax: Any = None,
    name: str | None = None,
    output_dtype: Any = None,
    include_batch_in_index: bool = False,
) -> tuple[Tensor, Tensor]:
    """Computes the largest element of each window, and where it is.

    Args:
      input: Tensor `[batch, height, width, channels]`.
      ksize: Size of the window: 4 integers.
      strides: Distance of the windows: 4 integers.
      padding: "SAME" or "VALID".
      data_format: "NHWC".
      Targmax: Dtype of the positions: int64 (default) or int32.
      name: Node name; defaults to "MaxPoolWithArgmax".
      output_dtype: Another name of `Targmax`.
      include_batch_in_index: Whether positions count from the start of the batch, not of the image.

    Returns:
      `(maxima, positions)`; a position is `(y * width + x) * channels + channel`.

    Raises:
      ValueError: another `data_format`.

    >>> image = tf.constant([[[[1.0], [3.0]], [[2.0], [0.0]]]])
    >>> largest, where = tf.nn.max_pool_with_argmax(image, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    >>> int(tf.Session().run(where)[0, 0, 0, 0])
    1
    """
    if data_format != "NHWC":
        raise ValueError(
            f"`data_format` values other than 'NHWC' are not supported. Received: data_format={data_format}"
        )
    kind = renamed_argument("output_dtype", output_dtype, "Targmax", Targmax)
    return apply_op(
        "MaxPoolWithArgmax",
        input,
        ksize=ksize,
        strides=strides,
        padding=padding,
        Targmax=kind,
        include_batch_in_index=include_batch_in_index,
        name=name,
    )


# --------------------------------------------------------------------------------- one and three dimensions


def max_pool3d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str = "NDHWC", name: str | None = None
) -> Tensor:
    """Computes the largest element of each three-dimensional window.

    Args:
      input: Floating tensor `[batch, depth, height, width, channels]`, or with channels first for NCDHW.
      ksize: Size of the window: an integer, or a list of 1, 3 or 5.
      strides: Distance of the windows, likewise.
      padding: "SAME" or "VALID".
      data_format: "NDHWC" or "NCDHW".
      name: Node name; defaults to "MaxPool3D".

    Returns:
      Tensor of rank 5.

    >>> tf.nn.max_pool3d(tf.zeros([1, 4, 4, 4, 2]), 2, 2, "VALID").shape.as_list()
    [1, 2, 2, 2, 2]
    """
    with stacks.get_default_graph().name_scope(name or "MaxPool3D") as scope:
        return _pooled("MaxPool3D", input, ksize, strides, padding, data_format, scope)


def avg_pool3d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str = "NDHWC", name: str | None = None
) -> Tensor:
    """Computes the mean of each three-dimensional window.

    Args:
      input: Floating tensor `[batch, depth, height, width, channels]`, or with channels first for NCDHW.
      ksize: Size of the window: an integer, or a list of 1, 3 or 5.
      strides: Distance of the windows, likewise.
      padding: "SAME" or "VALID".
      data_format: "NDHWC" or "NCDHW".
      name: Node name; defaults to "AvgPool3D".

    Returns:
      Tensor of rank 5.

    >>> tf.nn.avg_pool3d(tf.zeros([1, 4, 4, 4, 2]), 2, 2, "VALID").shape.as_list()
    [1, 2, 2, 2, 2]
    """
    with stacks.get_default_graph().name_scope(name or "AvgPool3D") as scope:
        return _pooled("AvgPool3D", input, ksize, strides, padding, data_format, scope)


def _pooled_1d(
    op_type: str, input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None, name: str
) -> Tensor:
    """A pooling of one dimension as one of height 1."""
    data_format = data_format or "NWC"
    at = 2 if data_format.startswith("NC") else 1
    sizes = per_dimension(ksize, 1, at == 2, "ksize")
    steps = per_dimension(strides, 1, at == 2, "strides")
    if isinstance(padding, (list, tuple)):
        padding = [*padding[:at], [0, 0], *padding[at:]]
    images = expand_dims(input, at)
    sizes, steps = [*sizes[:at], 1, *sizes[at:]], [*steps[:at], 1, *steps[at:]]
    result = _pooled(op_type, images, sizes, steps, padding, "NCHW" if at == 2 else "NHWC", name)
    return squeeze(result, [at])


def max_pool1d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str = "NWC", name: str | None = None
) -> Tensor:
    """Computes the largest element of each one-dimensional window.

    Args:
      input: Tensor `[batch, width, channels]`, or `[batch, channels, width]` for NCW.
      ksize: Size of the window: an integer, or a list of 1 or 3.
      strides: Distance of the windows, likewise.
      padding: "SAME", "VALID" or pairs.
      data_format: "NWC" or "NCW".
      name: Node name; defaults to "MaxPool1d".

    Returns:
      Tensor of rank 3.

    >>> tf.nn.max_pool1d(tf.zeros([2, 8, 3]), 2, 2, "VALID").shape.as_list()
    [2, 4, 3]
    """
    with stacks.get_default_graph().name_scope(name or "MaxPool1d") as scope:
        return _pooled_1d("MaxPool", input, ksize, strides, padding, data_format, scope)


def avg_pool1d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str = "NWC", name: str | None = None
) -> Tensor:
    """Computes the mean of each one-dimensional window.

    Args:
      input: Floating tensor `[batch, width, channels]`, or `[batch, channels, width]` for NCW.
      ksize: Size of the window: an integer, or a list of 1 or 3.
      strides: Distance of the windows, likewise.
      padding: "SAME" or "VALID".
      data_format: "NWC" or "NCW".
      name: Node name; defaults to "AvgPool1D".

    Returns:
      Tensor of rank 3.

    >>> tf.nn.avg_pool1d(tf.zeros([2, 8, 3]), 2, 2, "VALID").shape.as_list()
    [2, 4, 3]
    """
    with stacks.get_default_graph().name_scope(name or "AvgPool1D") as scope:
        return _pooled_1d("AvgPool", input, ksize, strides, padding, data_format, scope)


# ---------------------------------------------------------------------------------------- any dimensions


def max_pool_v2(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """Computes the largest element of each window, in as many dimensions as `input` has between batch and channels.

    Args:
      input: Tensor of rank 3, 4 or 5.
      ksize: Size of the window: an integer, or a list.
      strides: Distance of the windows, likewise.
      padding: "SAME", "VALID" or pairs.
      data_format: "NWC", "NHWC", "NDHWC" or with channels first.
      name: Node name; defaults to "MaxPool1d", "MaxPool2d" or "MaxPool3D".

    Returns:
      Tensor of the rank of `input`.

    >>> tf.nn.max_pool_v2(tf.zeros([2, 8, 3]), 2, 2, "VALID").shape.as_list()
    [2, 4, 3]
    """
    pool = _by_rank(input, data_format, (max_pool1d, max_pool2d, max_pool3d))
    return pool(input, ksize, strides, padding, data_format, name)


def avg_pool_v2(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """Computes the mean of each window, in as many dimensions as `input` has between batch and channels.

    Args:
      input: Floating tensor of rank 3, 4 or 5.
      ksize: Size of the window: an integer, or a list.
      strides: Distance of the windows, likewise.
      padding: "SAME" or "VALID".
      data_format: "NWC", "NHWC", "NDHWC" or with channels first.
      name: Node name; defaults to "AvgPool1D", "AvgPool" or "AvgPool3D".

    Returns:
      Tensor of the rank of `input`.

    >>> tf.nn.avg_pool_v2(tf.zeros([2, 8, 3]), 2, 2, "VALID").shape.as_list()
    [2, 4, 3]
    """
    pool = _by_rank(input, data_format, (avg_pool1d, avg_pool, avg_pool3d))
    return pool(input, ksize, strides, padding, data_format, name)


def _by_rank(input: Any, data_format: str | None, pools: Sequence[Callable[..., Tensor]]) -> Callable[..., Tensor]:
    rank = len(data_format) if data_format else convert_to_tensor(input).ndim
    if rank is None or not 3 <= rank <= 5:
        raise ValueError(f"`input.shape.rank` must be 3, 4 or 5. Received: input.shape={getattr(input, 'shape', None)}")
    return pools[rank - 3]


def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    padding: Any,
    dilation_rate: Any = None,
    strides: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """Pools in one, two or three dimensions, strided or dilated.

    Args:
      input: Tensor of rank N + 2, channels last, or first when `data_format` begins with "NC".
      window_shape: N integers.
      pooling_type: "MAX" or "AVG".
      padding: "SAME" or "VALID"; "VALID" with dilation.
      dilation_rate: N integers; ones by default.
      strides: N integers; ones by default.
      name: Node name; defaults to "max_pool" or "avg_pool".
      data_format: "NWC", "NHWC", "NDHWC" (default by N), or with channels first.
      dilations: Another name of `dilation_rate`.

    Returns:
      Tensor of the rank of `input`.

    Raises:
      ValueError: another pooling, SAME with dilation, strides with dilation.

    >>> tf.nn.pool(tf.zeros([1, 8, 8, 3]), [2, 2], "MAX", "SAME", strides=[2, 2]).shape.as_list()
    [1, 4, 4, 3]
    """
    rate = renamed_argument("dilations", dilations, "dilation_rate", dilation_rate)
    count = len(window_shape)
    steps = [1] * count if strides is None else [int(s) for s in strides]
    rates = [1] * count if rate is None else [int(r) for r in rate]
    if max(steps) > 1 and max(rates) > 1:
        raise ValueError(
            "`strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: "
            f"strides={np.asarray(steps)} and dilation_rate={np.asarray(rates)}"
        )
    with stacks.get_default_graph().name_scope(name or f"{pooling_type.lower()}_pool") as scope:
        input = convert_to_tensor(input, name="input")
        if padding == "SAME" and max(rates) > 1:
            raise ValueError(
                "pooling with 'SAME' padding is not implemented for `dilation_rate` > 1. Received: "
                f"padding={padding} and dilation_rate={np.asarray(rates)}"
            )
        op_type = {"MAX": "MaxPool", "AVG": "AvgPool"}.get(pooling_type)
        if op_type is None or not 1 <= count <= 3:
            raise ValueError(f"{count}-D {pooling_type} pooling is not supported.")

        def apply(images: Tensor, pads: Any, dilations: Any = None) -> Tensor:
            if dilations is not None:
                raise ValueError(f"dilated pooling needs the static size of {input.name}, which is {input.shape}")
            if count == 1:
                return _pooled_1d(op_type, images, window_shape, steps, pads, data_format, scope)
            kind = op_type + "3D" if count == 3 else op_type
            return _pooled(kind, images, window_shape, steps, pads, data_format, scope)

        return with_space_to_batch(input, rates, padding, apply, None, data_format, tuple(window_shape))
