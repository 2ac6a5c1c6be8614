"""Transposed convolution layers ("deconvolutions") in two and three dimensions."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.layers.convolutional import ConvTranspose
from scopedjax._src.variables.initializers import Zeros


class Conv2DTranspose(ConvTranspose):
    """A two-dimensional transposed convolution layer: `activation(convolution(inputs, kernel) + bias)`.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 2.
      strides: How many times larger the result is: an integer, or a tuple of 2.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      activation: Function of the result, or None.
      use_bias: Whether there is a bias.
      kernel_initializer: Initializer of the kernel; the scope's, else Glorot's uniform one, by default.
      bias_initializer: Initializer of the bias.
      kernel_regularizer: Function of the kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      kernel_constraint: Function of the kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      trainable: Whether the variables are for training.
      name: Name of the layer.
      **kwargs: As for `Layer`.

    Attributes:
      kernel: Variable.
      bias: Variable `[filters]`, or None.

    Raises:
      ValueError: an argument is not one of those above.

    >>> layer = tf.layers.Conv2DTranspose(5, 3, strides=2, padding="same")
    >>> layer(tf.zeros([2, 8, 8, 3])).shape.as_list(), layer.kernel.shape.as_list()
    ([2, 16, 16, 5], [3, 3, 5, 3])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: str = "channels_last",
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = Zeros(),
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            2, filters, kernel_size, strides, padding, data_format, 1, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, kernel_constraint,
            bias_constraint, activity_regularizer=activity_regularizer, trainable=trainable, name=name, **kwargs,
        )  # fmt: skip


def conv2d_transpose(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1),
    padding: Any = "valid",
    data_format: str = "channels_last",
    activation: Any = None,
    use_bias: bool = True,
    kernel_initializer: Any = None,
    bias_initializer: Any = Zeros(),
    kernel_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    kernel_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Tensor:
    """Applies a new two-dimensional transposed convolution layer.

    Args:
      inputs: Floating tensor of rank 4.
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 2.
      strides: How many times larger the result is: an integer, or a tuple of 2.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      activation: Function of the result, or None.
      use_bias: Whether there is a bias.
      kernel_initializer: Initializer of the kernel; the scope's, else Glorot's uniform one, by default.
      bias_initializer: Initializer of the bias.
      kernel_regularizer: Function of the kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      kernel_constraint: Function of the kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      trainable: Whether the variables are for training.
      name: Name of the layer and of its variable scope.
      reuse: Whether to share the variables of an earlier layer of the same name.

    Returns:
      Tensor of rank 4.

    Raises:
      ValueError: `inputs` does not fit, or an argument is not one of those above.

    >>> tf.layers.conv2d_transpose(tf.zeros([2, 8, 8, 3]), 5, 3, strides=2, padding="same", name="c").shape.as_list()
    [2, 16, 16, 5]
    """
    layer = Conv2DTranspose(
        filters, kernel_size, strides, padding, data_format, activation, use_bias,
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
        kernel_constraint, bias_constraint, trainable, name, _reuse=reuse, _scope=name,
    )  # fmt: skip
    return layer.apply(inputs)


class Conv3DTranspose(ConvTranspose):
    """A three-dimensional transposed convolution layer: `activation(convolution(inputs, kernel) + bias)`.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 3.
      strides: How many times larger the result is: an integer, or a tuple of 3.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      activation: Function of the result, or None.
      use_bias: Whether there is a bias.
      kernel_initializer: Initializer of the kernel; the scope's, else Glorot's uniform one, by default.
      bias_initializer: Initializer of the bias.
      kernel_regularizer: Function of the kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      kernel_constraint: Function of the kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      trainable: Whether the variables are for training.
      name: Name of the layer.
      **kwargs: As for `Layer`.

    Attributes:
      kernel: Variable.
      bias: Variable `[filters]`, or None.

    Raises:
      ValueError: an argument is not one of those above.

    >>> layer = tf.layers.Conv3DTranspose(5, 3, strides=2, padding="same")
    >>> layer(tf.zeros([2, 8, 8, 8, 3])).shape.as_list(), layer.kernel.shape.as_list()
    ([2, 16, 16, 16, 5], [3, 3, 3, 5, 3])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: Any = "valid",
        data_format: str = "channels_last",
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = Zeros(),
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            3, filters, kernel_size, strides, padding, data_format, 1, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, kernel_constraint,
            bias_constraint, activity_regularizer=activity_regularizer, trainable=trainable, name=name, **kwargs,
        )  # fmt: skip


def conv3d_transpose(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1, 1),
    padding: Any = "valid",
    data_format: str = "channels_last",
    activation: Any = None,
    use_bias: bool = True,
    kernel_initializer: Any = None,
    bias_initializer: Any = Zeros(),
    kernel_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    kernel_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Tensor:
    """Applies a new three-dimensional transposed convolution layer.

    Args:
      inputs: Floating tensor of rank 5.
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 3.
      strides: How many times larger the result is: an integer, or a tuple of 3.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      activation: Function of the result, or None.
      use_bias: Whether there is a bias.
      kernel_initializer: Initializer of the kernel; the scope's, else Glorot's uniform one, by default.
      bias_initializer: Initializer of the bias.
      kernel_regularizer: Function of the kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      kernel_constraint: Function of the kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      trainable: Whether the variables are for training.
      name: Name of the layer and of its variable scope.
      reuse: Whether to share the variables of an earlier layer of the same name.

    Returns:
      Tensor of rank 5.

    Raises:
      ValueError: `inputs` does not fit, or an argument is not one of those above.

    >>> tf.layers.conv3d_transpose(tf.zeros([2, 8, 8, 8, 3]), 5, 3, strides=2, padding="same", name="c").shape.as_list()
    [2, 16, 16, 16, 5]
    """
    layer = Conv3DTranspose(
        filters, kernel_size, strides, padding, data_format, activation, use_bias,
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
        kernel_constraint, bias_constraint, trainable, name, _reuse=reuse, _scope=name,
    )  # fmt: skip
    return layer.apply(inputs)
