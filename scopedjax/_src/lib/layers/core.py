"""Fully connected layers, dropout and flattening."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import activations, constraints, initializers, regularizers
from scopedjax._src.lib.layers.arguments import channels_are_first, either
from scopedjax._src.lib.layers.base import InputSpec, Layer
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.array.joining import transpose
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import expand_dims, reshape
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.linear_algebra import matmul, tensordot
from scopedjax._src.ops.nn.bias import bias_add
from scopedjax._src.ops.nn.dropout import dropout as nn_dropout
from scopedjax._src.variables.initializers import Zeros


class Dense(Layer):
    """A fully connected layer: `activation(inputs @ kernel + bias)`.

    Args:
      units: Size of the output.
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
      kernel: Variable `[inputs, units]`.
      bias: Variable `[units]`, or None.

    >>> layer = tf.layers.Dense(4, activation=tf.nn.relu)
    >>> layer(tf.zeros([2, 3])).shape.as_list(), [v.name for v in layer.variables]
    ([2, 4], ['dense/kernel:0', 'dense/bias:0'])
    """

    def __init__(
        self,
        units: int,
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
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs)
        self.units = int(units)
        if self.units < 0:
            raise ValueError(
                f"Received an invalid value for `units`, expected a positive integer. Received: units={units}"
            )
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)
        self.kernel: Any = None
        self.bias: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes the kernel and the bias."""
        input_shape = TensorShape(input_shape)
        if self._dtype is not None and not (self._dtype.is_floating or self._dtype.is_complex):
            raise TypeError(
                f"A Dense layer can only be built with a floating-point dtype. Received: dtype={self._dtype}"
            )
        last = None if input_shape.ndims is None else input_shape.as_list()[-1]
        if last is None:
            raise ValueError(
                "The last dimension of the inputs to a Dense layer should be defined. Found None. Full input shape "
                f"received: {input_shape}"
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: last})
        self.kernel = self.add_weight(
            "kernel",
            shape=[last, self.units],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=[self.units],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def call(self, inputs: Any) -> Tensor:
        """Applies the kernel to the last axis; inputs of another dtype are cast to the layer's."""
        inputs = cast(inputs, self.kernel.dtype)
        rank = inputs.shape.ndims
        if rank is None or rank == 2:
            outputs = matmul(inputs, self.kernel)
        else:
            outputs = tensordot(inputs, self.kernel, [[rank - 1], [0]])
            outputs.set_shape([*inputs.shape.as_list()[:-1], self.units])
        if self.use_bias:
            outputs = bias_add(outputs, self.bias)
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """Returns the input's shape with `units` in the last place."""
        dims = TensorShape(input_shape).with_rank_at_least(2).as_list()
        if dims[-1] is None:
            raise ValueError(f"The innermost dimension of input_shape must be defined, but saw: {dims}")
        return TensorShape([*dims[:-1], self.units])


def dense(
    inputs: Any,
    units: int,
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
    """Applies a new fully connected layer: `activation(inputs @ kernel + bias)`.

    Args:
      inputs: Floating tensor `[batch, ..., size]`.
      units: Size of the output.
      activation: Function of the result, or None.
      use_bias: Whether there is a bias.
      kernel_initializer: Initializer of the kernel.
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
      Tensor `[batch, ..., units]`.

    Raises:
      ValueError: the last size of `inputs` is not known.

    >>> tf.layers.dense(tf.zeros([2, 3]), 4, tf.nn.relu, name="fc").shape.as_list()
    [2, 4]
    """
    layer = Dense(
        units,
        activation=activation,
        use_bias=use_bias,
        kernel_initializer=kernel_initializer,
        bias_initializer=bias_initializer,
        kernel_regularizer=kernel_regularizer,
        bias_regularizer=bias_regularizer,
        activity_regularizer=activity_regularizer,
        kernel_constraint=kernel_constraint,
        bias_constraint=bias_constraint,
        trainable=trainable,
        name=name,
        _scope=name,
        _reuse=reuse,
    )
    return layer.apply(inputs)


class Dropout(Layer):
    """Sets elements to zero at random while training, and scales the others up.

    Args:
      rate: Probability that an element is dropped.
      noise_shape: Shape that broadcasts to the inputs': elements that share a random number fall together.
      seed: Seed of the random numbers.
      name: Name of the layer.
      **kwargs: As for `Layer`.

    >>> tf.layers.Dropout(0.5)(tf.ones([2, 3]), training=True).shape.as_list()
    [2, 3]
    """

    def __init__(
        self, rate: Any = 0.5, noise_shape: Any = None, seed: Any = None, name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        if isinstance(rate, (int, float)) and not 0 <= rate <= 1:
            raise ValueError(f"Invalid value {rate} received for `rate`, expected a value between 0 and 1.")
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed

    def _noise_shape(self, inputs: Tensor) -> Any:
        """The shape of the random numbers, with the inputs' own sizes where it says None."""
        if self.noise_shape is None or isinstance(self.noise_shape, Tensor):
            return self.noise_shape
        sizes = shape_of(inputs)
        return convert_to_tensor([sizes[i] if n is None else n for i, n in enumerate(self.noise_shape)])

    def call(self, inputs: Any, training: Any = False) -> Tensor:
        """Drops elements where `training` is true."""

        def dropped() -> Tensor:
            return nn_dropout(inputs, noise_shape=self._noise_shape(inputs), seed=self.seed, rate=self.rate)

        return either(training, dropped, lambda: identity(inputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the input's shape."""
        return input_shape


def dropout(
    inputs: Any,
    rate: Any = 0.5,
    noise_shape: Any = None,
    seed: Any = None,
    training: Any = False,
    name: str | None = None,
) -> Tensor:
    """Sets elements to zero at random while training, and scales the others up.

    Args:
      inputs: Floating tensor.
      rate: Probability that an element is dropped (not that it is kept, as in `tf.nn.dropout`).
      noise_shape: Shape that broadcasts to the inputs': elements that share a random number fall together.
      seed: Seed of the random numbers.
      training: Whether to drop at all: a bool or a scalar bool tensor.
      name: Name of the layer.

    Returns:
      Tensor of the shape of `inputs`.

    >>> tf.Session().run(tf.layers.dropout(tf.ones([2]), 0.5)).tolist()
    [1.0, 1.0]
    """
    layer = Dropout(rate, noise_shape=noise_shape, seed=seed, name=name)
    return layer.apply(inputs, training=training)


class Flatten(Layer):
    """Makes a vector of each element of the batch.

    Args:
      data_format: "channels_last" or "channels_first"; channels come last in the vector.
      **kwargs: As for `Layer`.

    >>> tf.layers.Flatten()(tf.zeros([2, 3, 4])).shape.as_list()
    [2, 12]
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = "channels_first" if channels_are_first(data_format) else "channels_last"
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Tensor:
        """Puts all axes but the first into one."""
        dims = inputs.dims
        if dims is not None and len(dims) == 1:
            return expand_dims(inputs, 1)
        if dims is not None and self.data_format == "channels_first" and len(dims) > 2:
            inputs = transpose(inputs, [0, *range(2, len(dims)), 1])
            dims = inputs.dims
        rows, size = (None, None) if dims is None else _rows_and_size(dims)
        if rows is not None or size is not None:
            target: Any = constant([-1 if rows is None or size is not None else rows, -1 if size is None else size])
        else:
            target = stack([shape_of(inputs)[0], -1], name="Reshape/shape")
        outputs = reshape(inputs, target)
        outputs.set_shape([rows, size])
        return outputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """Returns [batch, product of the other sizes]."""
        dims = TensorShape(input_shape).as_list()
        return TensorShape([dims[0], _rows_and_size(tuple(dims))[1]])


def _rows_and_size(dims: tuple[int | None, ...]) -> tuple[int | None, int | None]:
    size: int | None = 1
    for d in dims[1:]:
        size = None if size is None or d is None else size * d
    return dims[0], size


def flatten(inputs: Any, name: str | None = None, data_format: str = "channels_last") -> Tensor:
    """Makes a vector of each element of the batch.

    Args:
      inputs: Tensor `[batch, ...]`.
      name: Name of the layer.
      data_format: "channels_last" or "channels_first"; channels come last in the vector.

    Returns:
      Tensor `[batch, size]`.

    >>> tf.layers.flatten(tf.placeholder(tf.float32, [None, 4, 4, 3])).shape.as_list()
    [None, 48]
    """
    return Flatten(name=name, data_format=data_format).apply(inputs)
