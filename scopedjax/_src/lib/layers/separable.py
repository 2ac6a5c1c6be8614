"""Separable convolution layers: each channel by itself, then a mixture of the channels.

depthwise_kernel [taps..., in, multiplier]      pointwise_kernel [1..., in * multiplier, filters]
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import constraints, initializers, regularizers
from scopedjax._src.lib.layers.arguments import op_format
from scopedjax._src.lib.layers.convolutional import ConvolutionLayer
from scopedjax._src.ops.array.shapes import expand_dims, squeeze
from scopedjax._src.ops.nn.bias import bias_add
from scopedjax._src.ops.nn.depthwise import separable_conv2d as nn_separable_conv2d
from scopedjax._src.variables.initializers import Zeros


class _Separable(ConvolutionLayer):
    """A separable convolution of 1 or 2 dimensions."""

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        data_format: Any,
        dilation_rate: Any,
        depth_multiplier: int,
        activation: Any,
        use_bias: bool,
        depthwise_initializer: Any,
        pointwise_initializer: Any,
        bias_initializer: Any,
        depthwise_regularizer: Any,
        pointwise_regularizer: Any,
        bias_regularizer: Any,
        depthwise_constraint: Any,
        pointwise_constraint: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank, filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            bias_initializer, bias_regularizer, bias_constraint, **kwargs,
        )  # fmt: skip
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)
        self.depthwise_kernel: Any = None
        self.pointwise_kernel: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes both kernels and the bias."""
        channels = self.channels_of(input_shape)
        self.depthwise_kernel = self.add_weight(
            "depthwise_kernel",
            shape=[*self.kernel_size, channels, self.depth_multiplier],
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.pointwise_kernel = self.add_weight(
            "pointwise_kernel",
            shape=[*[1] * self.rank, self.depth_multiplier * channels, self.filters],
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self.add_bias()
        self.built = True

    def call(self, inputs: Any) -> Tensor:
        """Convolves, adds the bias, applies the activation; one dimension as two, the other of size 1."""
        depthwise, pointwise = self.depthwise_kernel, self.pointwise_kernel
        steps, rate, at = list(self.strides), list(self.dilation_rate), 2 if self._first else 1
        if self.rank == 1:
            inputs, depthwise, pointwise = expand_dims(inputs, at), expand_dims(depthwise, 0), expand_dims(pointwise, 0)
            steps, rate = steps * 2, [1, *rate]
        moves = [1, 1, *steps] if self._first else [1, *steps, 1]
        outputs = nn_separable_conv2d(
            inputs,
            depthwise,
            pointwise,
            moves,
            self.padding.upper(),
            rate=rate,
            data_format=op_format(self._first, 2),
        )
        if self.rank == 2:
            return self.finished(outputs)
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format=op_format(self._first, 2))
        outputs = squeeze(outputs, [at])
        return self.activation(outputs)


class SeparableConv1D(_Separable):
    """A one-dimensional separable convolution layer.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 1.
      strides: Distance of the windows, likewise.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      dilation_rate: Distance of the taps, likewise; strides must be 1 where it is not.
      depth_multiplier: How many channels the first step makes of each.
      activation: Function of the result, or None.
      use_bias: Whether there is a bias.
      depthwise_initializer: Initializer of the depthwise kernel.
      pointwise_initializer: Initializer of the pointwise kernel.
      bias_initializer: Initializer of the bias.
      depthwise_regularizer: Function of the depthwise kernel whose result is a loss.
      pointwise_regularizer: Function of the pointwise kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      depthwise_constraint: Function of the depthwise kernel, applied after an update.
      pointwise_constraint: Function of the pointwise kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      trainable: Whether the variables are for training.
      name: Name of the layer.
      **kwargs: As for `Layer`.

    Attributes:
      depthwise_kernel: Variable.
      pointwise_kernel: Variable.
      bias: Variable `[filters]`, or None.

    Raises:
      ValueError: an argument is not one of those above.

    >>> layer = tf.layers.SeparableConv1D(5, 3)
    >>> layer(tf.zeros([2, 8, 3])).shape.as_list(), [v.shape.as_list() for v in layer.variables]
    ([2, 6, 5], [[3, 3, 1], [1, 3, 5], [5]])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = Zeros(),
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            1, filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier, activation,
            use_bias, depthwise_initializer, pointwise_initializer, bias_initializer, depthwise_regularizer,
            pointwise_regularizer, bias_regularizer, depthwise_constraint, pointwise_constraint, bias_constraint,
            activity_regularizer=activity_regularizer, trainable=trainable, name=name, **kwargs,
        )  # fmt: skip


def separable_conv1d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = 1,
    depth_multiplier: int = 1,
    activation: Any = None,
    use_bias: bool = True,
    depthwise_initializer: Any = None,
    pointwise_initializer: Any = None,
    bias_initializer: Any = Zeros(),
    depthwise_regularizer: Any = None,
    pointwise_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    depthwise_constraint: Any = None,
    pointwise_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Tensor:
    """Applies a new one-dimensional separable convolution layer.

    Args:
      inputs: Floating tensor of rank 3.
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 1.
      strides: Distance of the windows, likewise.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      dilation_rate: Distance of the taps, likewise; strides must be 1 where it is not.
      depth_multiplier: How many channels the first step makes of each.
      activation: Function of the result, or None.
      use_bias: Whether there is a bias.
      depthwise_initializer: Initializer of the depthwise kernel.
      pointwise_initializer: Initializer of the pointwise kernel.
      bias_initializer: Initializer of the bias.
      depthwise_regularizer: Function of the depthwise kernel whose result is a loss.
      pointwise_regularizer: Function of the pointwise kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      depthwise_constraint: Function of the depthwise kernel, applied after an update.
      pointwise_constraint: Function of the pointwise kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      trainable: Whether the variables are for training.
      name: Name of the layer and of its variable scope.
      reuse: Whether to share the variables of an earlier layer of the same name.

    Returns:
      Tensor of rank 3.

    Raises:
      ValueError: `inputs` does not fit, or an argument is not one of those above.

    >>> tf.layers.separable_conv1d(tf.zeros([2, 8, 3]), 5, 3, name="s").shape.as_list()
    [2, 6, 5]
    """
    layer = SeparableConv1D(
        filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier, activation, use_bias,
        depthwise_initializer, pointwise_initializer, bias_initializer, depthwise_regularizer, pointwise_regularizer,
        bias_regularizer, activity_regularizer, depthwise_constraint, pointwise_constraint, bias_constraint, trainable,
        name, _reuse=reuse, _scope=name,
    )  # fmt: skip
    return layer.apply(inputs)


class SeparableConv2D(_Separable):
    """A two-dimensional separable convolution layer.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 2.
      strides: Distance of the windows, likewise.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      dilation_rate: Distance of the taps, likewise; strides must be 1 where it is not.
      depth_multiplier: How many channels the first step makes of each.
      activation: Function of the result, or None.
      use_bias: Whether there is a bias.
      depthwise_initializer: Initializer of the depthwise kernel.
      pointwise_initializer: Initializer of the pointwise kernel.
      bias_initializer: Initializer of the bias.
      depthwise_regularizer: Function of the depthwise kernel whose result is a loss.
      pointwise_regularizer: Function of the pointwise kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      depthwise_constraint: Function of the depthwise kernel, applied after an update.
      pointwise_constraint: Function of the pointwise kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      trainable: Whether the variables are for training.
      name: Name of the layer.
      **kwargs: As for `Layer`.

    Attributes:
      depthwise_kernel: Variable.
      pointwise_kernel: Variable.
      bias: Variable `[filters]`, or None.

    Raises:
      ValueError: an argument is not one of those above.

    >>> layer = tf.layers.SeparableConv2D(5, 3)
    >>> layer(tf.zeros([2, 8, 8, 3])).shape.as_list(), [v.shape.as_list() for v in layer.variables]
    ([2, 6, 6, 5], [[3, 3, 3, 1], [1, 1, 3, 5], [5]])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = Zeros(),
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            2, filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier, activation,
            use_bias, depthwise_initializer, pointwise_initializer, bias_initializer, depthwise_regularizer,
            pointwise_regularizer, bias_regularizer, depthwise_constraint, pointwise_constraint, bias_constraint,
            activity_regularizer=activity_regularizer, trainable=trainable, name=name, **kwargs,
        )  # fmt: skip


def separable_conv2d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1),
    padding: Any = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = (1, 1),
    depth_multiplier: int = 1,
    activation: Any = None,
    use_bias: bool = True,
    depthwise_initializer: Any = None,
    pointwise_initializer: Any = None,
    bias_initializer: Any = Zeros(),
    depthwise_regularizer: Any = None,
    pointwise_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    depthwise_constraint: Any = None,
    pointwise_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Tensor:
    """Applies a new two-dimensional separable convolution layer.

    Args:
      inputs: Floating tensor of rank 4.
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 2.
      strides: Distance of the windows, likewise.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      dilation_rate: Distance of the taps, likewise; strides must be 1 where it is not.
      depth_multiplier: How many channels the first step makes of each.
      activation: Function of the result, or None.
      use_bias: Whether there is a bias.
      depthwise_initializer: Initializer of the depthwise kernel.
      pointwise_initializer: Initializer of the pointwise kernel.
      bias_initializer: Initializer of the bias.
      depthwise_regularizer: Function of the depthwise kernel whose result is a loss.
      pointwise_regularizer: Function of the pointwise kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      depthwise_constraint: Function of the depthwise kernel, applied after an update.
      pointwise_constraint: Function of the pointwise kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      trainable: Whether the variables are for training.
      name: Name of the layer and of its variable scope.
      reuse: Whether to share the variables of an earlier layer of the same name.

    Returns:
      Tensor of rank 4.

    Raises:
      ValueError: `inputs` does not fit, or an argument is not one of those above.

    >>> tf.layers.separable_conv2d(tf.zeros([2, 8, 8, 3]), 5, 3, name="s").shape.as_list()
    [2, 6, 6, 5]
    """
    layer = SeparableConv2D(
        filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier, activation, use_bias,
        depthwise_initializer, pointwise_initializer, bias_initializer, depthwise_regularizer, pointwise_regularizer,
        bias_regularizer, activity_regularizer, depthwise_constraint, pointwise_constraint, bias_constraint, trainable,
        name, _reuse=reuse, _scope=name,
    )  # fmt: skip
    return layer.apply(inputs)
