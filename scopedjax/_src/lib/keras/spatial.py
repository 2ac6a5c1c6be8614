"""Keras' pooling, padding and resizing layers."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras.core import layout
from scopedjax._src.lib.keras.layer import Layer
from scopedjax._src.lib.keras.windows import resize_images
from scopedjax._src.lib.layers import pooling
from scopedjax._src.lib.layers.arguments import as_tuple, channels_are_first
from scopedjax._src.lib.layers.base import InputSpec
from scopedjax._src.ops.array.joining import concat, pad, transpose
from scopedjax._src.ops.array.packing import unstack
from scopedjax._src.ops.array.shapes import expand_dims
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.reductions import reduce_max, reduce_mean, reduce_sum


def _pooling(shared: Any, rank: int, what: str) -> Any:
    """The Keras class of a pooling of `tf.layers`: strides are the pool's size by default."""
    size = 2 if rank == 1 else (2,) * rank
    default_format = "channels_last" if rank == 1 else None

    def __init__(
        self: Any, pool_size: Any = size, strides: Any = None, padding: str = "valid",
        data_format: Any = default_format, **kwargs: Any,
    ) -> None:  # fmt: skip
        shared.__init__(
            self, pool_size, pool_size if strides is None else strides, padding, layout(data_format), **kwargs
        )

    name = shared.__name__
    shown, result = [1, *[4] * rank, 3], [1, *[2] * rank, 3]
    doc = f"""Computes the {what} of each window of a {rank}-dimensional input.

    Args:
      pool_size: Size of the window: an integer, or a tuple of {rank}.
      strides: Distance of the windows; the size of the window by default.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.{name}()(tf.zeros({shown})).shape.as_list()
    {result}
    """
    return type(name, (shared, Layer), {"__init__": __init__, "__doc__": doc, "__module__": __name__})


MaxPooling1D = _pooling(pooling.MaxPooling1D, 1, "maximum")
MaxPooling2D = _pooling(pooling.MaxPooling2D, 2, "maximum")
MaxPooling3D = _pooling(pooling.MaxPooling3D, 3, "maximum")
AveragePooling1D = _pooling(pooling.AveragePooling1D, 1, "mean")
AveragePooling2D = _pooling(pooling.AveragePooling2D, 2, "mean")
AveragePooling3D = _pooling(pooling.AveragePooling3D, 3, "mean")


class GlobalPooling(Layer):
    """What poolings over all places share."""

    _rank = 2

    def __init__(self, data_format: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._first = channels_are_first(layout(data_format))
        self.data_format = "channels_first" if self._first else "channels_last"
        self.input_spec = InputSpec(ndim=self._rank + 2)

    @property
    def _axes(self) -> list[int]:
        start = 2 if self._first else 1
        return list(range(start, start + self._rank))


class GlobalAveragePooling1D(GlobalPooling):
    """The mean over all steps; over those that count, where there is a mask.

    Args:
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.GlobalAveragePooling1D()(tf.zeros([2, 5, 3])).shape.as_list()
    [2, 3]
    """

    _rank = 1
    supports_masking = True

    def __init__(self, data_format: Any = "channels_last", **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)

    def call(self, inputs: Any, mask: Any = None) -> Tensor:
        """Takes the mean."""
        axis = self._axes[0]
        if mask is None:
            return reduce_mean(inputs, axis=axis)
        counted = expand_dims(cast(mask, inputs.dtype), 1 if self._first else 2)
        return reduce_sum(inputs * counted, axis=axis) / reduce_sum(counted, axis=axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """There are no steps any more."""
        return None


class GlobalAveragePooling2D(GlobalPooling):
    """The mean over all places of an image.

    Args:
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.GlobalAveragePooling2D()(tf.zeros([2, 5, 5, 3])).shape.as_list()
    [2, 3]
    """

    def call(self, inputs: Any) -> Tensor:
        """Takes the mean."""
        return reduce_mean(inputs, axis=self._axes)


class GlobalMaxPooling1D(GlobalPooling):
    """The maximum over all steps.

    Args:
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.GlobalMaxPooling1D()(tf.zeros([2, 5, 3])).shape.as_list()
    [2, 3]
    """

    _rank = 1

    def __init__(self, data_format: Any = "channels_last", **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)

    def call(self, inputs: Any) -> Tensor:
        """Takes the maximum."""
        return reduce_max(inputs, axis=self._axes[0])


class GlobalMaxPooling2D(GlobalPooling):
    """The maximum over all places of an image.

    Args:
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.GlobalMaxPooling2D()(tf.zeros([2, 5, 5, 3])).shape.as_list()
    [2, 3]
    """

    def call(self, inputs: Any) -> Tensor:
        """Takes the maximum."""
        return reduce_max(inputs, axis=self._axes)


class ZeroPadding1D(Layer):
    """Adds zeros before and after the steps.

    Args:
      padding: How many: an integer, or (before, after).
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.ZeroPadding1D(2)(tf.zeros([1, 4, 3])).shape.as_list()
    [1, 8, 3]
    """

    def __init__(self, padding: Any = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = as_tuple(padding, 2, "padding")
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Tensor:
        """Pads."""
        return pad(inputs, [[0, 0], list(self.padding), [0, 0]])


def _pairs(value: Any, name: str) -> tuple[tuple[int, int], ...]:
    """((top, bottom), (left, right)) from one number, (height, width), or that form itself."""
    if isinstance(value, int):
        return ((value, value), (value, value))
    if len(value) != 2:
        raise ValueError(f"`{name}` should have two elements. Found: {value}")
    return tuple(as_tuple(v, 2, name) for v in value)  # type: ignore[return-value]


class ZeroPadding2D(Layer):
    """Adds zeros around images.

    Args:
      padding: How many: an integer, (height, width), or ((top, bottom), (left, right)).
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.ZeroPadding2D(1)(tf.zeros([1, 4, 4, 3])).shape.as_list()
    [1, 6, 6, 3]
    """

    def __init__(self, padding: Any = (1, 1), data_format: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = layout(data_format)
        self.padding = _pairs(padding, "padding")
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Tensor:
        """Pads."""
        around = [list(p) for p in self.padding]
        if channels_are_first(self.data_format):
            return pad(inputs, [[0, 0], [0, 0], *around])
        return pad(inputs, [[0, 0], *around, [0, 0]])


class Cropping2D(Layer):
    """Cuts the borders of images off.

    Args:
      cropping: How much: an integer, (height, width), or ((top, bottom), (left, right)).
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Cropping2D(1)(tf.zeros([1, 4, 4, 3])).shape.as_list()
    [1, 2, 2, 3]
    """

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = layout(data_format)
        self.cropping = _pairs(cropping, "cropping")
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Tensor:
        """Cuts."""
        rows, columns = (slice(a, -b if b else None) for a, b in self.cropping)
        if channels_are_first(self.data_format):
            return inputs[:, :, rows, columns]
        return inputs[:, rows, columns, :]


class UpSampling1D(Layer):
    """Repeats each step.

    Args:
      size: How many times.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.UpSampling1D(2)(tf.zeros([1, 4, 3])).shape.as_list()
    [1, 8, 3]
    """

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = int(size)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Tensor:
        """Repeats."""
        if inputs.shape.as_list()[1] is None:
            raise ValueError(f"UpSampling1D '{self.name}' needs a known number of steps, got {inputs.shape}")
        steps = unstack(expand_dims(inputs, 2), axis=1)
        return concat([step for step in steps for _ in range(self.size)], axis=1)


class UpSampling2D(Layer):
    """Enlarges images by whole factors.

    Args:
      size: The factors: an integer, or (rows, columns).
      data_format: "channels_last" or "channels_first".
      interpolation: "nearest" or "bilinear".
      **kwargs: As for `Layer`.

    Raises:
      ValueError: another interpolation.

    >>> tf.keras.layers.UpSampling2D()(tf.zeros([1, 4, 4, 3])).shape.as_list()
    [1, 8, 8, 3]
    """

    def __init__(
        self, size: Any = (2, 2), data_format: Any = None, interpolation: str = "nearest", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if interpolation not in ("nearest", "bilinear"):
            raise ValueError('`interpolation` argument should be one of `"nearest"` or `"bilinear"`.')
        self.data_format = layout(data_format)
        self.size = as_tuple(size, 2, "size")
        self.interpolation = interpolation
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Tensor:
        """Enlarges."""
        rows, columns = self.size
        return resize_images(inputs, rows, columns, self.data_format, self.interpolation)
