"""Keras' convolution layers: those of `tf.layers`, with things said by name."""

from __future__ import annotations

from typing import Any

from scopedjax._src.lib.keras.core import layout
from scopedjax._src.lib.keras.layer import Layer
from scopedjax._src.lib.keras.naming import handed_on
from scopedjax._src.lib.layers import convolutional, separable, transposed


class Conv1D(convolutional.Conv1D, Layer):
    """A one-dimensional convolution: `activation(convolution(inputs, kernel) + bias)`.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer or a tuple.
      strides: Distance of the windows, likewise.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      dilation_rate: Distance of the taps.
      activation: Function of the result, its name, or None.
      use_bias: Whether there is a bias.
      kernel_initializer: Initializer of the kernel.
      bias_initializer: Initializer of the bias.
      kernel_regularizer: Function of the kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      kernel_constraint: Function of the kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Conv1D(5, 3)(tf.zeros([2, 8, 3])).shape.as_list()
    [2, 6, 5]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: Any = "channels_last",
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        data_format = layout(data_format)
        super().__init__(**handed_on(locals()))


class Conv2D(convolutional.Conv2D, Layer):
    """A two-dimensional convolution: `activation(convolution(inputs, kernel) + bias)`.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer or a tuple.
      strides: Distance of the windows, likewise.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      dilation_rate: Distance of the taps.
      activation: Function of the result, its name, or None.
      use_bias: Whether there is a bias.
      kernel_initializer: Initializer of the kernel.
      bias_initializer: Initializer of the bias.
      kernel_regularizer: Function of the kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      kernel_constraint: Function of the kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Conv2D(5, 3)(tf.zeros([2, 8, 8, 3])).shape.as_list()
    [2, 6, 6, 5]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: Any = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        data_format = layout(data_format)
        super().__init__(**handed_on(locals()))


class Conv3D(convolutional.Conv3D, Layer):
    """A three-dimensional convolution: `activation(convolution(inputs, kernel) + bias)`.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer or a tuple.
      strides: Distance of the windows, likewise.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      dilation_rate: Distance of the taps.
      activation: Function of the result, its name, or None.
      use_bias: Whether there is a bias.
      kernel_initializer: Initializer of the kernel.
      bias_initializer: Initializer of the bias.
      kernel_regularizer: Function of the kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      kernel_constraint: Function of the kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Conv3D(5, 3)(tf.zeros([2, 8, 8, 8, 3])).shape.as_list()
    [2, 6, 6, 6, 5]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: Any = "valid",
        data_format: Any = None,
        dilation_rate: Any = (1, 1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        data_format = layout(data_format)
        super().__init__(**handed_on(locals()))


class Conv2DTranspose(transposed.Conv2DTranspose, Layer):
    """A two-dimensional transposed convolution.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer or a tuple.
      strides: Distance of the windows, likewise.
      padding: "valid" or "same".
      output_padding: Must be None.
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      dilation_rate: Must be 1.
      activation: Function of the result, its name, or None.
      use_bias: Whether there is a bias.
      kernel_initializer: Initializer of the kernel.
      bias_initializer: Initializer of the bias.
      kernel_regularizer: Function of the kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      kernel_constraint: Function of the kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Conv2DTranspose(5, 3, 2, "same")(tf.zeros([2, 4, 4, 3])).shape.as_list()
    [2, 8, 8, 5]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        output_padding: Any = None,
        data_format: Any = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self.output_padding = None
        if output_padding is not None or dilation_rate not in (1, (1, 1), [1, 1]):
            raise NotImplementedError(
                "output_padding and dilation_rate are not available in scopedjax; use tf.nn.conv2d_transpose"
            )
        del output_padding, dilation_rate
        data_format = layout(data_format)
        super().__init__(**handed_on(locals()))


class Conv3DTranspose(transposed.Conv3DTranspose, Layer):
    """A three-dimensional transposed convolution.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer or a tuple.
      strides: Distance of the windows, likewise.
      padding: "valid" or "same".
      output_padding: Must be None.
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      activation: Function of the result, its name, or None.
      use_bias: Whether there is a bias.
      kernel_initializer: Initializer of the kernel.
      bias_initializer: Initializer of the bias.
      kernel_regularizer: Function of the kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      kernel_constraint: Function of the kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Conv3DTranspose(5, 3, 2, "same")(tf.zeros([2, 4, 4, 4, 3])).shape.as_list()
    [2, 8, 8, 8, 5]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: Any = "valid",
        output_padding: Any = None,
        data_format: Any = None,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self.output_padding = None
        if output_padding is not None:
            raise NotImplementedError("output_padding is not available in scopedjax; pad or crop the result")
        del output_padding
        data_format = layout(data_format)
        super().__init__(**handed_on(locals()))


class SeparableConv1D(separable.SeparableConv1D, Layer):
    """A one-dimensional convolution of each channel, then one across channels.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer or a tuple.
      strides: Distance of the windows, likewise.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      dilation_rate: Distance of the taps.
      depth_multiplier: Number of channels made of each input channel.
      activation: Function of the result, its name, or None.
      use_bias: Whether there is a bias.
      depthwise_initializer: Initializer of the depthwise.
      pointwise_initializer: Initializer of the pointwise.
      bias_initializer: Initializer of the bias.
      depthwise_regularizer: Function of the depthwise whose result is a loss.
      pointwise_regularizer: Function of the pointwise whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      depthwise_constraint: Function of the depthwise, applied after an update.
      pointwise_constraint: Function of the pointwise, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.SeparableConv1D(5, 3)(tf.zeros([2, 8, 3])).shape.as_list()
    [2, 6, 5]
    """

    _unused = frozenset(("kernel_initializer", "kernel_regularizer", "kernel_constraint"))

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: Any = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        data_format = layout(data_format)
        super().__init__(**handed_on(locals()))


class SeparableConv2D(separable.SeparableConv2D, Layer):
    """A two-dimensional convolution of each channel, then one across channels.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer or a tuple.
      strides: Distance of the windows, likewise.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      dilation_rate: Distance of the taps.
      depth_multiplier: Number of channels made of each input channel.
      activation: Function of the result, its name, or None.
      use_bias: Whether there is a bias.
      depthwise_initializer: Initializer of the depthwise.
      pointwise_initializer: Initializer of the pointwise.
      bias_initializer: Initializer of the bias.
      depthwise_regularizer: Function of the depthwise whose result is a loss.
      pointwise_regularizer: Function of the pointwise whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      depthwise_constraint: Function of the depthwise, applied after an update.
      pointwise_constraint: Function of the pointwise, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.SeparableConv2D(5, 3)(tf.zeros([2, 8, 8, 3])).shape.as_list()
    [2, 6, 6, 5]
    """

    _unused = frozenset(("kernel_initializer", "kernel_regularizer", "kernel_constraint"))

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: Any = None,
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        data_format = layout(data_format)
        super().__init__(**handed_on(locals()))
