"""Keras' padding, cropping and pooling of sequences and volumes: what `spatial` does for images."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras.core import layout
from scopedjax._src.lib.keras.layer import Layer
from scopedjax._src.lib.keras.spatial import GlobalPooling
from scopedjax._src.lib.layers.arguments import as_tuple, channels_are_first
from scopedjax._src.lib.layers.base import InputSpec
from scopedjax._src.ops.array.joining import concat, pad, split
from scopedjax._src.ops.math.reductions import reduce_max, reduce_mean


class GlobalAveragePooling3D(GlobalPooling):
    """The mean over all places of a volume.

    Args:
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.GlobalAveragePooling3D()(tf.zeros([2, 5, 5, 5, 3])).shape.as_list()
    [2, 3]
    """

    _rank = 3

    def call(self, inputs: Any) -> Tensor:
        """Takes the mean."""
        return reduce_mean(inputs, axis=self._axes)


class GlobalMaxPooling3D(GlobalPooling):
    """The maximum over all places of a volume.

    Args:
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.GlobalMaxPooling3D()(tf.zeros([2, 5, 5, 5, 3])).shape.as_list()
    [2, 3]
    """

    _rank = 3

    def call(self, inputs: Any) -> Tensor:
        """Takes the maximum."""
        return reduce_max(inputs, axis=self._axes)


class Cropping1D(Layer):
    """Cuts steps off at both ends.

    Args:
      cropping: How many: an integer, or (before, after).
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Cropping1D(1)(tf.zeros([1, 4, 3])).shape.as_list()
    [1, 2, 3]
    """

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping = as_tuple(cropping, 2, "cropping")
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Tensor:
        """Cuts."""
        before, after = self.cropping
        return inputs[:, before : -after if after else None]


def _three(value: Any, name: str) -> tuple[tuple[int, ...], ...]:
    """A pair for each of three axes: from one number, three numbers, or three pairs."""
    if isinstance(value, int):
        return ((value, value),) * 3
    if len(value) != 3:
        raise ValueError(f"`{name}` should have 3 elements. Found: {value}")
    return tuple(as_tuple(v, 2, name) for v in value)


class ZeroPadding3D(Layer):
    """Adds zeros around volumes.

    Args:
      padding: How many: an integer, three, or three pairs (before, after).
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.ZeroPadding3D(1)(tf.zeros([1, 4, 4, 4, 3])).shape.as_list()
    [1, 6, 6, 6, 3]
    """

    def __init__(self, padding: Any = (1, 1, 1), data_format: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = layout(data_format)
        self.padding = _three(padding, "padding")
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Any) -> Tensor:
        """Pads."""
        around, none = [list(p) for p in self.padding], [0, 0]
        return pad(inputs, [none, none, *around] if channels_are_first(self.data_format) else [none, *around, none])


class Cropping3D(Layer):
    """Cuts the borders of volumes off.

    Args:
      cropping: How much: an integer, three, or three pairs (before, after).
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Cropping3D(1)(tf.zeros([1, 4, 4, 4, 3])).shape.as_list()
    [1, 2, 2, 2, 3]
    """

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = layout(data_format)
        self.cropping = _three(cropping, "cropping")
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Any) -> Tensor:
        """Cuts."""
        a, b, c = (slice(before, -after if after else None) for before, after in self.cropping)
        return inputs[:, :, a, b, c] if channels_are_first(self.data_format) else inputs[:, a, b, c]


class UpSampling3D(Layer):
    """Repeats each place of volumes.

    Args:
      size: How many times: an integer, or three.
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.UpSampling3D(2)(tf.zeros([1, 2, 2, 2, 3])).shape.as_list()
    [1, 4, 4, 4, 3]
    """

    def __init__(self, size: Any = (2, 2, 2), data_format: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = layout(data_format)
        self.size = as_tuple(size, 3, "size")
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Any) -> Tensor:
        """Repeats."""
        start = 2 if channels_are_first(self.data_format) else 1
        for axis, times in enumerate(self.size, start):
            count = inputs.shape.as_list()[axis]
            if count is None:
                raise ValueError(f"UpSampling3D '{self.name}' needs a known shape, got {inputs.shape}")
            inputs = concat([s for s in split(inputs, count, axis) for _ in range(times)], axis=axis)
        return inputs
