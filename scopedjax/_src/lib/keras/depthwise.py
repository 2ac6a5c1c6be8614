"""`DepthwiseConv2D`: a convolution of each channel with filters of its own."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import activations, constraints, initializers, regularizers
from scopedjax._src.lib.keras.core import layout
from scopedjax._src.lib.keras.layer import Layer
from scopedjax._src.lib.layers.arguments import as_tuple, channels_are_first
from scopedjax._src.lib.layers.base import InputSpec
from scopedjax._src.ops.nn.bias import bias_add
from scopedjax._src.ops.nn.depthwise import depthwise_conv2d_native


class DepthwiseConv2D(Layer):
    """A two-dimensional convolution of each channel with filters of its own.

    Args:
      kernel_size: Size of the window: an integer or a tuple.
      strides: Distance of the windows, the same in both directions.
      padding: "valid" or "same".
      depth_multiplier: Number of channels made of each input channel.
      data_format: "channels_last" or "channels_first"; `image_data_format()` by default.
      activation: Function of the result, its name, or None.
      use_bias: Whether there is a bias.
      depthwise_initializer: Initializer of the kernel.
      bias_initializer: Initializer of the bias.
      depthwise_regularizer: Function of the kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      depthwise_constraint: Function of the kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      **kwargs: As for `Layer`; `dilation_rate`: distance of the taps.

    >>> layer = tf.keras.layers.DepthwiseConv2D(3, depth_multiplier=2)
    >>> layer(tf.zeros([2, 8, 8, 3])).shape.as_list(), layer.weights[0].name
    ([2, 6, 6, 6], 'depthwise_conv2d/depthwise_kernel:0')
    """

    def __init__(
        self, kernel_size: Any, strides: Any = (1, 1), padding: str = "valid", depth_multiplier: int = 1,
        data_format: Any = None, activation: Any = None, use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
        depthwise_constraint: Any = None, bias_constraint: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        self.dilation_rate = as_tuple(kwargs.pop("dilation_rate", 1), 2, "dilation_rate")
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.kernel_size = as_tuple(kernel_size, 2, "kernel_size")
        self.strides = as_tuple(strides, 2, "strides")
        self.padding = padding.lower()
        self.depth_multiplier = depth_multiplier
        self.data_format = layout(data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(ndim=4)

    def build(self, input_shape: Any) -> None:
        """Makes the kernel and the bias."""
        axis = 1 if channels_are_first(self.data_format) else 3
        channels = TensorShape(input_shape).as_list()[axis]
        if channels is None:
            raise ValueError("The channel dimension of the inputs to `DepthwiseConv2D` should be defined: None")
        self.depthwise_kernel = self.add_weight(
            "depthwise_kernel", (*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer, regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )  # fmt: skip
        self.bias: Any = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias", (channels * self.depth_multiplier,), initializer=self.bias_initializer,
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip
        self.input_spec = InputSpec(ndim=4, axes={axis: channels})
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the layer from again."""
        return {**super().get_config(), "dilation_rate": self.dilation_rate}

    def call(self, inputs: Any, training: Any = None) -> Tensor:
        """Convolves."""
        first = channels_are_first(self.data_format)
        form, (rows, columns) = ("NCHW" if first else "NHWC"), self.strides
        strides = [1, 1, rows, columns] if first else [1, rows, columns, 1]
        taps = [1, 1, *self.dilation_rate] if first else [1, *self.dilation_rate, 1]
        outputs = depthwise_conv2d_native(
            inputs, self.depthwise_kernel, strides, self.padding.upper(), data_format=form, dilations=taps
        )
        outputs = outputs if self.bias is None else bias_add(outputs, self.bias, data_format=form)
        return outputs if self.activation is None else self.activation(outputs)
