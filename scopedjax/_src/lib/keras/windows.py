"""`tf.keras.backend`: Keras' names of operations on pictures: windows that slide, padding, resizing, normalization.

Convolutions and pooling take the channels last: where they come first, the tensor is turned before and after.
"""

from __future__ import annotations

from typing import Any, Final

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import state
from scopedjax._src.lib.keras.arrangements import repeat_elements, temporal_padding
from scopedjax._src.ops.array.filling import ones_like, zeros_like
from scopedjax._src.ops.array.joining import pad, transpose
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import reshape
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.image.patches import extract_image_patches
from scopedjax._src.ops.image.resizing import resize_bilinear, resize_nearest_neighbor
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.nn import convolutions, pooling
from scopedjax._src.ops.nn.depthwise import separable_conv2d as separable
from scopedjax._src.ops.nn.dilated import atrous_conv2d_transpose, convolution
from scopedjax._src.ops.nn.moments import moments
from scopedjax._src.ops.nn.normalization import batch_normalization as normalized
from scopedjax._src.ops.nn.normalization import fused_batch_norm

_LEAST_EPSILON: Final = 1.001e-5  # of the fused normalization, as TensorFlow sets it


def _is_first(data_format: Any, words: str = "Unknown data_format: {}") -> bool:
    """Whether the channels come first; the format of `image_data_format()` where none is given."""
    form = state.image_data_format() if data_format is None else data_format
    if form not in ("channels_first", "channels_last"):
        raise ValueError(words.format(form))
    return form == "channels_first"


def _padding(padding: Any) -> str:
    if padding not in ("same", "valid"):
        raise ValueError(f"Invalid padding: {padding}")
    return padding.upper()


def _pair(value: Any, count: int, name: str) -> tuple[int, ...]:
    if len(value) != count:
        raise ValueError(f"`{name}` must be a tuple of {count} integers.")
    return tuple(value)


def _rank(x: Any) -> int:
    return len(x.shape.as_list())


def _last(x: Tensor, first: bool) -> Tensor:
    """A tensor with its channels last."""
    return transpose(x, [0, *range(2, _rank(x)), 1]) if first else x


def _back(x: Tensor, first: bool) -> Tensor:
    return transpose(x, [0, _rank(x) - 1, *range(1, _rank(x) - 1)]) if first else x


def _convolved(x: Any, kernel: Any, strides: Any, padding: str, first: bool, rate: Any) -> Tensor:
    return _back(convolution(_last(x, first), kernel, padding, strides=strides, dilation_rate=rate), first)


def conv1d(
    x: Any, kernel: Any, strides: Any = 1, padding: str = "valid", data_format: Any = None, dilation_rate: Any = 1
) -> Any:
    """Returns a one-dimensional convolution.

    Args:
      x: Tensor `[batch, steps, channels]`.
      kernel: Tensor `[window, channels, filters]`.
      strides: Distance of the windows.
      padding: "valid", "same", or "causal" (a result depends on earlier steps only).
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      dilation_rate: Distance of the taps.

    Raises:
      ValueError: another padding or format.

    >>> tf.keras.backend.conv1d(tf.zeros([2, 8, 3]), tf.zeros([3, 3, 5]), padding="causal").shape.as_list()
    [2, 8, 5]
    """
    first = _is_first(data_format)
    if padding == "causal":
        x = temporal_padding(x, (dilation_rate * (kernel.shape.as_list()[0] - 1), 0))
        padding = "valid"
    steps = strides if isinstance(strides, (tuple, list)) else (strides,)
    rate = dilation_rate if isinstance(dilation_rate, (tuple, list)) else (dilation_rate,)
    return _convolved(x, kernel, tuple(steps), _padding(padding), first, tuple(rate))


def conv2d(
    x: Any,
    kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """Returns a two-dimensional convolution.

    Args:
      x: Tensor `[batch, rows, columns, channels]`.
      kernel: Tensor `[rows, columns, channels, filters]`.
      strides: Distances of the windows.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      dilation_rate: Distances of the taps.

    Raises:
      ValueError: another padding or format.
    """
    return _convolved(x, kernel, strides, _padding(padding), _is_first(data_format), dilation_rate)


def conv3d(
    x: Any,
    kernel: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = (1, 1, 1),
) -> Any:
    """Returns a three-dimensional convolution; args as for `conv2d`, with one dimension more.

    Raises:
      ValueError: another padding or format.
    """
    return _convolved(x, kernel, strides, _padding(padding), _is_first(data_format), dilation_rate)


def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """Returns the transpose of a two-dimensional convolution.

    Args:
      x: Tensor `[batch, rows, columns, channels]`.
      kernel: Tensor `[rows, columns, filters, channels]`.
      output_shape: Shape of the result; sizes may be tensors.
      strides: Distances of the windows.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      dilation_rate: Distances of the taps, the same in both directions.

    Raises:
      ValueError: another padding or format.
    """
    first = _is_first(data_format)
    sizes = list(output_shape) if isinstance(output_shape, (tuple, list)) else output_shape
    if first:
        sizes = [sizes[0], sizes[2], sizes[3], sizes[1]]
    if isinstance(sizes, list):
        sizes = stack(sizes)
    x = _last(x, first)
    if tuple(dilation_rate) == (1, 1):
        found = convolutions.conv2d_transpose(x, kernel, sizes, [1, *strides, 1], padding=_padding(padding))
    else:
        found = atrous_conv2d_transpose(x, kernel, sizes, rate=dilation_rate[0], padding=_padding(padding))
    return _back(found, first)


def separable_conv2d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """Returns a convolution of each channel, and then one over the channels.

    Args:
      x: Tensor `[batch, rows, columns, channels]`.
      depthwise_kernel: Tensor `[rows, columns, channels, multiplier]`.
      pointwise_kernel: Tensor `[1, 1, channels * multiplier, filters]`.
      strides: Distances of the windows.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      dilation_rate: Distances of the taps.

    Raises:
      ValueError: another padding or format.
    """
    first = _is_first(data_format)
    steps = [1, *_pair(strides, 2, "strides"), 1]
    found = separable(
        _last(x, first), depthwise_kernel, pointwise_kernel, steps, _padding(padding), rate=list(dilation_rate)
    )
    return _back(found, first)


def _pooled(x: Any, size: Any, strides: Any, padding: str, first: bool, kinds: dict[str, Any], mode: str) -> Tensor:
    form = _padding(padding)
    x = _last(x, first)
    if mode not in kinds:
        raise ValueError(f"Invalid pooling mode: {mode}")
    return _back(kinds[mode](x, [1, *size, 1], [1, *strides, 1], padding=form), first)


def pool2d(
    x: Any,
    pool_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: Any = None,
    pool_mode: str = "max",
) -> Any:
    """Returns the largest or mean number of each window.

    Args:
      x: Tensor `[batch, rows, columns, channels]`.
      pool_size: Size of a window.
      strides: Distances of the windows.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      pool_mode: "max" or "avg".

    Raises:
      ValueError: another padding, format or mode.

    >>> tf.keras.backend.pool2d(tf.zeros([1, 4, 4, 1]), (2, 2), (2, 2)).shape.as_list()
    [1, 2, 2, 1]
    """
    first = _is_first(data_format)
    size, steps = _pair(pool_size, 2, "pool_size"), _pair(strides, 2, "strides")
    return _pooled(x, size, steps, padding, first, {"max": pooling.max_pool, "avg": pooling.avg_pool}, pool_mode)


def pool3d(
    x: Any,
    pool_size: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    data_format: Any = None,
    pool_mode: str = "max",
) -> Any:
    """Returns the largest or mean number of each window; args as for `pool2d`, with one dimension more.

    Raises:
      ValueError: another padding, format or mode.
    """
    kinds = {"max": pooling.max_pool3d, "avg": pooling.avg_pool3d}
    return _pooled(x, pool_size, strides, padding, _is_first(data_format), kinds, pool_mode)


def local_conv1d(inputs: Any, kernel: Any, kernel_size: Any, strides: Any, data_format: Any = None) -> Any:
    """Returns a convolution of which each window has a kernel of its own.

    Args:
      inputs: Tensor `[batch, steps, channels]`.
      kernel: Tensor `[windows, window * channels, filters]`.
      kernel_size: Size of a window, as a tuple.
      strides: Distance of the windows, as a tuple.
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.

    Returns:
      Tensor `[batch, windows, filters]`.
    """
    first = _is_first(data_format)
    windows = kernel.shape.as_list()[0]
    return _local(inputs, kernel, kernel_size, strides, (windows,), first)


def local_conv2d(
    inputs: Any, kernel: Any, kernel_size: Any, strides: Any, output_shape: Any, data_format: Any = None
) -> Any:
    """Returns a two-dimensional convolution of which each window has a kernel of its own.

    Args:
      inputs: Tensor `[batch, rows, columns, channels]`.
      kernel: Tensor `[rows * columns of the result, window's size * channels, filters]`.
      kernel_size: Size of a window.
      strides: Distances of the windows.
      output_shape: Rows and columns of the result.
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.

    Returns:
      Tensor `[batch, rows, columns, filters]`.
    """
    return _local(inputs, kernel, kernel_size, strides, tuple(output_shape), _is_first(data_format))


def _local(inputs: Any, kernel: Any, size: Any, strides: Any, windows: tuple[int, ...], first: bool) -> Tensor:
    """Every window as a row, times the kernel of its place.

    The windows are cut by one node, where Keras records a slice for each; the numbers are the same.
    """
    channels = inputs.shape.as_list()[1 if first else -1]
    flat = len(windows) == 1
    picture = transpose(inputs, [0, *range(2, _rank(inputs)), 1], name="channels_last") if first else inputs
    if flat:
        picture = reshape(picture, [-1, 1, picture.shape.as_list()[1], channels], name="rows")
    area, steps = ([1, size[0]], [1, strides[0]]) if flat else (list(size), list(strides))
    patches = extract_image_patches(picture, [1, *area, 1], [1, *steps, 1], [1, 1, 1, 1], "VALID", name="patches")
    count = kernel.shape.as_list()[0]
    taps = area[0] * area[1]
    if first:  # there a row of the kernel has the channels outside
        patches = reshape(patches, [-1, count, taps, channels], name="taps")
        rows = transpose(patches, [1, 0, 3, 2], name="by_window")
    else:
        rows = transpose(reshape(patches, [-1, count, taps * channels], name="taps"), [1, 0, 2], name="by_window")
    found = matmul(reshape(rows, [count, -1, taps * channels], name="flat"), kernel)
    found = reshape(found, [*windows, -1, kernel.shape.as_list()[-1]])
    places = list(range(len(windows)))
    order = [len(windows), len(windows) + 1, *places] if first else [len(windows), *places, len(windows) + 1]
    return transpose(found, order)


def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """Returns `gamma * (x - mean) / sqrt(var + epsilon) + beta`.

    Args:
      x: Tensor.
      mean: Means, of the size of the normalized axis.
      var: Variances, likewise.
      beta: What is added, or None.
      gamma: What is multiplied, or None.
      axis: The axis of the features; it matters where `x` has four dimensions.
      epsilon: Added to the variances.
    """
    if _rank(x) == 4 and axis in (1, -3, 3, -1):
        mean, var, beta, gamma = (_flat(value) for value in (mean, var, beta, gamma))
        beta = zeros_like(mean) if beta is None else beta
        gamma = ones_like(mean) if gamma is None else gamma
        form = "NCHW" if axis in (1, -3) else "NHWC"
        return fused_batch_norm(x, gamma, beta, mean, var, epsilon, form, is_training=False)[0]
    return normalized(x, mean, var, beta, gamma, epsilon)


def _flat(value: Any) -> Any:
    return reshape(value, [-1]) if value is not None and _rank(value) > 1 else value


def normalize_batch_in_training(x: Any, gamma: Any, beta: Any, reduction_axes: Any, epsilon: float = 1e-3) -> Any:
    """Returns a batch normalized by its own statistics, its means, and its variances.

    Args:
      x: Tensor.
      gamma: What is multiplied, or None.
      beta: What is added, or None.
      reduction_axes: The axes over which means and variances are taken.
      epsilon: Added to the variances.
    """
    axes = list(reduction_axes)
    if _rank(x) == 4 and axes in ([0, 1, 2], [0, 2, 3]):
        return _fused(x, gamma, beta, axes == [0, 2, 3], epsilon)
    mean, var = moments(x, axes, keep_dims=False)
    if sorted(axes) == list(range(_rank(x)))[:-1]:
        return normalized(x, mean, var, beta, gamma, epsilon), mean, var
    shape = stack([1 if axis in axes else shape_of(x)[axis] for axis in range(_rank(x))])
    wide = [None if value is None else reshape(value, shape) for value in (mean, var, gamma, beta)]
    return normalized(x, wide[0], wide[1], wide[3], wide[2], epsilon), mean, var


def _fused(x: Any, gamma: Any, beta: Any, first: bool, epsilon: float) -> tuple[Any, Any, Any]:
    size = [x.shape.as_list()[1 if first else 3]]
    gamma = constant(1.0, dtype=x.dtype, shape=size) if gamma is None else gamma
    beta = constant(0.0, dtype=x.dtype, shape=size) if beta is None else beta
    form = "NCHW" if first else "NHWC"
    return fused_batch_norm(x, gamma, beta, epsilon=max(epsilon, _LEAST_EPSILON), data_format=form)


def resize_images(
    x: Any, height_factor: int, width_factor: int, data_format: str, interpolation: str = "nearest"
) -> Any:
    """Returns pictures that are larger by whole factors.

    Args:
      x: Tensor `[batch, rows, columns, channels]`.
      height_factor: How many times as high.
      width_factor: How many times as wide.
      data_format: "channels_last" or "channels_first".
      interpolation: "nearest" or "bilinear".

    Raises:
      ValueError: another format or interpolation.

    >>> tf.keras.backend.resize_images(tf.zeros([1, 2, 3, 1]), 2, 3, "channels_last").shape.as_list()
    [1, 4, 9, 1]
    """
    first = _is_first(data_format, "Invalid `data_format` argument: {}")
    resize = {"nearest": resize_nearest_neighbor, "bilinear": resize_bilinear}.get(interpolation)
    if resize is None:
        raise ValueError('interpolation should be one of "nearest" or "bilinear".')
    sizes = shape_of(x)[2:4] if first else shape_of(x)[1:3]
    sizes = sizes * constant([height_factor, width_factor], dtype="int32")
    name = "resize/ResizeNearestNeighbor" if interpolation == "nearest" else "resize/ResizeBilinear"
    return _back(resize(_last(x, first), sizes, half_pixel_centers=True, name=name), first)


def resize_volumes(x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str) -> Any:
    """Returns volumes of which every element is repeated in three directions.

    Args:
      x: Tensor `[batch, depth, rows, columns, channels]`.
      depth_factor: How many times as deep.
      height_factor: How many times as high.
      width_factor: How many times as wide.
      data_format: "channels_last" or "channels_first".

    Raises:
      ValueError: another format.
    """
    first = _is_first(data_format, "Invalid data_format: {}")
    for axis, factor in enumerate((depth_factor, height_factor, width_factor), 2 if first else 1):
        x = repeat_elements(x, factor, axis=axis)
    return x


def _padded(x: Any, padding: Any, first: bool) -> Tensor:
    around = [list(pair) for pair in padding]
    return pad(x, [[0, 0], [0, 0], *around] if first else [[0, 0], *around, [0, 0]])


def spatial_2d_padding(x: Any, padding: Any = ((1, 1), (1, 1)), data_format: Any = None) -> Any:
    """Returns pictures with zeros around them.

    Args:
      x: Tensor `[batch, rows, columns, channels]`.
      padding: Zeros before and after, for rows and columns.
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.

    Raises:
      ValueError: another format.
    """
    return _padded(x, padding, _is_first(data_format))


def spatial_3d_padding(x: Any, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: Any = None) -> Any:
    """Returns volumes with zeros around them.

    Args:
      x: Tensor `[batch, depth, rows, columns, channels]`.
      padding: Zeros before and after, for each direction.
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.

    Raises:
      ValueError: another format.
    """
    return _padded(x, padding, _is_first(data_format))
