"""Keras' layers that are random in training beside `Dropout`."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras.core import Dropout, layout
from scopedjax._src.lib.keras.layer import Layer
from scopedjax._src.lib.layers.arguments import channels_are_first, either
from scopedjax._src.lib.layers.base import InputSpec
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.random.sampling import random_normal, random_uniform


class SpatialDropout3D(Dropout):
    """Drops whole channels of volumes.

    Args:
      rate: Probability that a channel is dropped.
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.SpatialDropout3D(0.5)(tf.ones([2, 3, 3, 3, 4]), training=True).shape.as_list()
    [2, 3, 3, 3, 4]
    """

    _unused = frozenset(("noise_shape", "seed"))

    def __init__(self, rate: Any, data_format: Any = None, **kwargs: Any) -> None:
        self.data_format = layout(data_format)
        free = (None, None, 1, 1, 1) if channels_are_first(self.data_format) else (None, 1, 1, 1, None)
        super().__init__(rate, free, **kwargs)
        self.input_spec = InputSpec(ndim=5)


class GaussianDropout(Layer):
    """Multiplies by normal noise around one in the learning phase.

    Args:
      rate: As of `Dropout`: the deviation is `sqrt(rate / (1 - rate))`.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.GaussianDropout(0.5)(tf.ones([2, 3]), training=True).shape.as_list()
    [2, 3]
    """

    supports_masking = True

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs: Any, training: Any = None) -> Tensor:
        """Multiplies where `training` is true."""
        if not 0 < self.rate < 1:
            return inputs
        deviation = (self.rate / (1.0 - self.rate)) ** 0.5
        return either(
            training,
            lambda: inputs * random_normal(shape_of(inputs), 1.0, deviation, inputs.dtype),
            lambda: identity(inputs),
        )


class AlphaDropout(Layer):
    """Drops elements to the value that SELU has far below zero, and keeps mean and variance (Klambauer et al. 2017).

    Args:
      rate: Probability that an element is dropped.
      noise_shape: Shape that broadcasts to the inputs': elements that share a random number fall together.
      seed: Seed of the random numbers.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.AlphaDropout(0.5)(tf.ones([2, 3]), training=True).shape.as_list()
    [2, 3]
    """

    supports_masking = True

    def __init__(self, rate: float, noise_shape: Any = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed

    def call(self, inputs: Any, training: Any = None) -> Tensor:
        """Drops elements where `training` is true."""
        if not 0 < self.rate < 1:
            return inputs
        return either(training, lambda: self._dropped(inputs), lambda: identity(inputs))

    def _dropped(self, inputs: Any) -> Tensor:
        low = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946  # SELU's limit: -alpha * scale
        kept = 1.0 - self.rate
        shape = shape_of(inputs) if self.noise_shape is None else self.noise_shape
        keep = cast(random_uniform(shape, seed=self.seed) >= self.rate, inputs.dtype)
        scale = (kept * (1.0 + self.rate * low**2)) ** -0.5
        return scale * (inputs * keep + low * (1.0 - keep)) - scale * low * self.rate
