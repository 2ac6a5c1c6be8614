"""Convolution layers in one, two and three dimensions, and the transposed ones.

    Conv2D            kernel [h, w, in, filters]    nodes: name/Conv2D, name/BiasAdd
    Conv2DTranspose   kernel [h, w, filters, in]    nodes: name/conv2d_transpose, name/BiasAdd

The public transposed layers are in `transposed`, separable ones in `separable`.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import activations, constraints, initializers, regularizers
from scopedjax._src.lib.layers.arguments import as_tuple, channels_are_first, op_format, padding_name, window_length
from scopedjax._src.lib.layers.base import InputSpec, Layer
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.kernels.geometry import deconv_output_dim
from scopedjax._src.ops.nn.bias import bias_add
from scopedjax._src.ops.nn.convolutions import conv2d_transpose as nn_conv2d_transpose
from scopedjax._src.ops.nn.convolutions import conv3d_transpose as nn_conv3d_transpose
from scopedjax._src.ops.nn.dilated import convolution
from scopedjax._src.variables.initializers import Zeros


class ConvolutionLayer(Layer):
    """What all convolution layers share: arguments, kernel and bias."""

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        data_format: Any,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rank = rank
        self.filters = None if filters is None else int(filters)
        self.kernel_size = as_tuple(kernel_size, rank, "kernel_size")
        self.strides = as_tuple(strides, rank, "strides")
        self.padding = padding_name(padding)
        self._first = channels_are_first(data_format)
        self.data_format = "channels_first" if self._first else "channels_last"
        self.dilation_rate = as_tuple(dilation_rate, rank, "dilation_rate")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "`strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: "
                f"strides={self.strides} and dilation_rate={self.dilation_rate}"
            )
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=rank + 2)
        self.kernel: Any = None
        self.bias: Any = None

    def channels_of(self, input_shape: Any) -> int:
        """The number of channels of the input; from then on it is required.

        Raises:
          ValueError: it is not known.
        """
        dims = TensorShape(input_shape).as_list()
        axis = 1 if self._first else -1
        channels = dims[axis]
        if channels is None:
            raise ValueError(
                "The channel dimension of the inputs should be defined. The input_shape received is "
                f"{TensorShape(dims)}, where axis {axis} (0-based) is the channel dimension, which found to be `None`."
            )
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={axis: channels})
        return int(channels)

    def add_bias(self) -> None:
        """Makes the bias, if there is to be one."""
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=(self.filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def finished(self, outputs: Tensor) -> Tensor:
        """Adds the bias and applies the activation."""
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format=op_format(self._first, self.rank))
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """Returns the shape of the result for an input of a shape."""
        dims = TensorShape(input_shape).as_list()
        start = 2 if self._first else 1
        spatial = [
            window_length(dims[start + i], self.kernel_size[i], self.padding, self.strides[i], self.dilation_rate[i])
            for i in range(self.rank)
        ]
        ends = [self.filters, *spatial] if self._first else [*spatial, self.filters]
        return TensorShape([dims[0], *ends])


class _Conv(ConvolutionLayer):
    """A convolution of `rank` dimensions."""

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        data_format: Any,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank, filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            bias_initializer, bias_regularizer, bias_constraint, **kwargs,
        )  # fmt: skip
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def _kernel_shape(self, channels: int) -> list[int]:
        return [*self.kernel_size, channels, int(self.filters or 0)]

    def build(self, input_shape: Any) -> None:
        """Makes the kernel and the bias."""
        self.kernel = self.add_weight(
            "kernel",
            shape=self._kernel_shape(self.channels_of(input_shape)),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.add_bias()
        self.built = True

    def call(self, inputs: Any) -> Tensor:
        """Convolves, adds the bias, applies the activation."""
        outputs = convolution(
            inputs,
            self.kernel,
            self.padding.upper(),
            strides=list(self.strides),
            dilation_rate=list(self.dilation_rate),
            data_format=op_format(self._first, self.rank),
            name=f"Conv{self.rank}D",
        )
        return self.finished(outputs)


class ConvTranspose(_Conv):
    """A transposed convolution of 2 or 3 dimensions."""

    def _kernel_shape(self, channels: int) -> list[int]:
        return [*self.kernel_size, int(self.filters or 0), channels]

    def call(self, inputs: Any) -> Tensor:
        """Convolves backwards, adds the bias, applies the activation."""
        sizes = shape_of(inputs)
        batch = sizes[0]
        start = 2 if self._first else 1
        if self.rank == 2:
            dims = inputs.shape.as_list()
            spatial = [self._output_size(sizes, dims[start + i], start + i, i) for i in range(2)]
        else:  # TF1 computes these sizes in the graph, known or not, and takes them apart first
            spatial = [self._grown(size, i) for i, size in enumerate([sizes[start + i] for i in range(self.rank)])]
        wanted = [batch, self.filters, *spatial] if self._first else [batch, *spatial, self.filters]
        target = stack(wanted)
        steps = [1, 1, *self.strides] if self._first else [1, *self.strides, 1]
        deconvolve = nn_conv2d_transpose if self.rank == 2 else nn_conv3d_transpose
        layout = op_format(self._first, self.rank)
        if self.rank == 2:
            target[0]  # TF1 records this slice too; names that follow count it
        outputs = deconvolve(inputs, self.kernel, target, steps, self.padding.upper(), layout)
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return self.finished(outputs)

    def _output_size(self, sizes: Tensor, dim: int | None, axis: int, i: int) -> Any:
        if dim is not None:
            return deconv_output_dim(dim, self.kernel_size[i], self.strides[i], self.padding.upper())
        return self._grown(sizes[axis], i)

    def _grown(self, size: Any, i: int) -> Any:
        grown = size * self.strides[i]
        surplus = max(self.kernel_size[i] - self.strides[i], 0)
        return grown + surplus if self.padding == "valid" else grown

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """Returns the shape of the result for an input of a shape."""
        dims = TensorShape(input_shape).as_list()
        start = 2 if self._first else 1
        spatial = [
            deconv_output_dim(dims[start + i], self.kernel_size[i], self.strides[i], self.padding.upper())
            for i in range(self.rank)
        ]
        ends = [self.filters, *spatial] if self._first else [*spatial, self.filters]
        return TensorShape([dims[0], *ends])


class Conv1D(_Conv):
    """A one-dimensional convolution layer: `activation(convolution(inputs, kernel) + bias)`.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 1.
      strides: Distance of the windows: an integer, or a tuple of 1.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      dilation_rate: Distance of the taps, likewise; strides must be 1 where it is not.
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

    >>> layer = tf.layers.Conv1D(5, 3, strides=2, padding="same")
    >>> layer(tf.zeros([2, 8, 3])).shape.as_list(), layer.kernel.shape.as_list()
    ([2, 4, 5], [3, 3, 5])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
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
            1, filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, kernel_constraint,
            bias_constraint, activity_regularizer=activity_regularizer, trainable=trainable, name=name, **kwargs,
        )  # fmt: skip


def conv1d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = 1,
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
    """Applies a new one-dimensional convolution layer.

    Args:
      inputs: Floating tensor of rank 3.
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 1.
      strides: Distance of the windows: an integer, or a tuple of 1.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      dilation_rate: Distance of the taps, likewise; strides must be 1 where it is not.
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
      Tensor of rank 3.

    Raises:
      ValueError: `inputs` does not fit, or an argument is not one of those above.

    >>> tf.layers.conv1d(tf.zeros([2, 8, 3]), 5, 3, strides=2, padding="same", name="c").shape.as_list()
    [2, 4, 5]
    """
    layer = Conv1D(
        filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
        kernel_constraint, bias_constraint, trainable, name, _reuse=reuse, _scope=name,
    )  # fmt: skip
    return layer.apply(inputs)


class Conv2D(_Conv):
    """A two-dimensional convolution layer: `activation(convolution(inputs, kernel) + bias)`.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 2.
      strides: Distance of the windows: an integer, or a tuple of 2.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      dilation_rate: Distance of the taps, likewise; strides must be 1 where it is not.
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

    >>> layer = tf.layers.Conv2D(5, 3, strides=2, padding="same")
    >>> layer(tf.zeros([2, 8, 8, 3])).shape.as_list(), layer.kernel.shape.as_list()
    ([2, 4, 4, 5], [3, 3, 3, 5])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = (1, 1),
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
            2, filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, kernel_constraint,
            bias_constraint, activity_regularizer=activity_regularizer, trainable=trainable, name=name, **kwargs,
        )  # fmt: skip


def conv2d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1),
    padding: Any = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = (1, 1),
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
    """Applies a new two-dimensional convolution layer.

    Args:
      inputs: Floating tensor of rank 4.
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 2.
      strides: Distance of the windows: an integer, or a tuple of 2.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      dilation_rate: Distance of the taps, likewise; strides must be 1 where it is not.
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

    >>> tf.layers.conv2d(tf.zeros([2, 8, 8, 3]), 5, 3, strides=2, padding="same", name="c").shape.as_list()
    [2, 4, 4, 5]
    """
    layer = Conv2D(
        filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
        kernel_constraint, bias_constraint, trainable, name, _reuse=reuse, _scope=name,
    )  # fmt: skip
    return layer.apply(inputs)


class Conv3D(_Conv):
    """A three-dimensional convolution layer: `activation(convolution(inputs, kernel) + bias)`.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 3.
      strides: Distance of the windows: an integer, or a tuple of 3.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      dilation_rate: Distance of the taps, likewise; strides must be 1 where it is not.
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

    >>> layer = tf.layers.Conv3D(5, 3, strides=2, padding="same")
    >>> layer(tf.zeros([2, 8, 8, 8, 3])).shape.as_list(), layer.kernel.shape.as_list()
    ([2, 4, 4, 4, 5], [3, 3, 3, 3, 5])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: Any = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = (1, 1, 1),
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
            3, filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, kernel_constraint,
            bias_constraint, activity_regularizer=activity_regularizer, trainable=trainable, name=name, **kwargs,
        )  # fmt: skip


def conv3d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1, 1),
    padding: Any = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = (1, 1, 1),
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
    """Applies a new three-dimensional convolution layer.

    Args:
      inputs: Floating tensor of rank 5.
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer, or a tuple of 3.
      strides: Distance of the windows: an integer, or a tuple of 3.
      padding: "valid" or "same".
      data_format: "channels_last" (`[batch, ..., channels]`) or "channels_first".
      dilation_rate: Distance of the taps, likewise; strides must be 1 where it is not.
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

    >>> tf.layers.conv3d(tf.zeros([2, 8, 8, 8, 3]), 5, 3, strides=2, padding="same", name="c").shape.as_list()
    [2, 4, 4, 4, 5]
    """
    layer = Conv3D(
        filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
        kernel_constraint, bias_constraint, trainable, name, _reuse=reuse, _scope=name,
    )  # fmt: skip
    return layer.apply(inputs)
