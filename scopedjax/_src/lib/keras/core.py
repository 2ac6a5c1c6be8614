"""Keras' fully connected layer, dropout, shapes, activations and embedding."""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import activations, constraints, initializers, naming, regularizers, state
from scopedjax._src.lib.keras.layer import Layer
from scopedjax._src.lib.layers import core as shared
from scopedjax._src.lib.layers.arguments import channels_are_first, either
from scopedjax._src.lib.layers.base import InputSpec
from scopedjax._src.ops.array.joining import tile, transpose
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import expand_dims, reshape
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import greater, not_equal
from scopedjax._src.ops.math.reductions import reduce_any
from scopedjax._src.ops.nn import activations as nn
from scopedjax._src.ops.nn.embedding import embedding_lookup
from scopedjax._src.ops.random.sampling import random_normal


def layout(data_format: Any) -> str:
    """A layer's data format: the one given, else that of `image_data_format()`."""
    return state.image_data_format() if data_format is None else str(data_format)


class Dense(shared.Dense, Layer):
    """A fully connected layer: `activation(inputs @ kernel + bias)`.

    Args:
      units: Size of the output.
      activation: Function of the result, its name, or None.
      use_bias: Whether there is a bias.
      kernel_initializer: Initializer of the kernel, or its name.
      bias_initializer: Initializer of the bias, or its name.
      kernel_regularizer: Function of the kernel whose result is a loss.
      bias_regularizer: Function of the bias whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      kernel_constraint: Function of the kernel, applied after an update.
      bias_constraint: Function of the bias, applied after an update.
      **kwargs: As for `Layer`.

    >>> layer = tf.keras.layers.Dense(4, activation="relu")
    >>> layer(tf.zeros([2, 3])).name, [v.name for v in layer.weights]
    ('dense/Relu:0', ['dense/kernel:0', 'dense/bias:0'])
    """

    supports_masking = True

    def __init__(
        self,
        units: int,
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
        super().__init__(**naming.handed_on(locals()))


class Flatten(shared.Flatten, Layer):
    """Makes a vector of each element of the batch.

    Args:
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Flatten()(tf.zeros([2, 3, 4])).shape.as_list()
    [2, 12]
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(layout(data_format), **kwargs)


class Dropout(shared.Dropout, Layer):
    """Sets elements to zero at random in the learning phase, and scales the others up.

    Args:
      rate: Probability that an element is dropped.
      noise_shape: Shape that broadcasts to the inputs': elements that share a random number fall together.
      seed: Seed of the random numbers.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Dropout(0.5)(tf.ones([2, 3]), training=True).shape.as_list()
    [2, 3]
    """

    supports_masking = True

    def __init__(self, rate: Any, noise_shape: Any = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(rate, noise_shape, seed, **kwargs)

    def call(self, inputs: Any, training: Any = None) -> Tensor:
        """Drops elements where `training` is true."""
        return super().call(inputs, training=training)


class SpatialDropout1D(Dropout):
    """Drops whole channels of sequences.

    Args:
      rate: Probability that a channel is dropped.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.SpatialDropout1D(0.5)(tf.ones([2, 3, 4]), training=True).shape.as_list()
    [2, 3, 4]
    """

    _unused = frozenset(("noise_shape", "seed"))

    def __init__(self, rate: Any, **kwargs: Any) -> None:
        super().__init__(rate, (None, 1, None), **kwargs)


class SpatialDropout2D(Dropout):
    """Drops whole channels of images.

    Args:
      rate: Probability that a channel is dropped.
      data_format: "channels_last" or "channels_first".
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.SpatialDropout2D(0.5)(tf.ones([2, 3, 3, 4]), training=True).shape.as_list()
    [2, 3, 3, 4]
    """

    _unused = frozenset(("noise_shape", "seed"))

    def __init__(self, rate: Any, data_format: str | None = None, **kwargs: Any) -> None:
        first = channels_are_first(layout(data_format))
        super().__init__(rate, (None, None, 1, 1) if first else (None, 1, 1, None), **kwargs)


class GaussianNoise(Layer):
    """Adds normal noise in the learning phase.

    Args:
      stddev: Standard deviation.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.GaussianNoise(1.0)(tf.ones([2, 3]), training=True).shape.as_list()
    [2, 3]
    """

    supports_masking = True

    def __init__(self, stddev: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = stddev

    def call(self, inputs: Any, training: Any = None) -> Tensor:
        """Adds the noise where `training` is true."""
        return either(
            training,
            lambda: inputs + random_normal(shape_of(inputs), 0.0, self.stddev, inputs.dtype),
            lambda: inputs + 0.0,
        )


class Activation(Layer):
    """Applies a function.

    Args:
      activation: Function or its name.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Activation("relu")(tf.zeros([2])).name
    'activation/Relu:0'
    """

    supports_masking = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        """Applies the function."""
        return self.activation(inputs)


class Softmax(Layer):
    """Softmax along an axis.

    Args:
      axis: The axis.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Softmax()(tf.zeros([1, 2])).shape.as_list()
    [1, 2]
    """

    supports_masking = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Tensor:
        """Applies softmax."""
        return activations.softmax(inputs, axis=self.axis)


class ReLU(Layer):
    """Rectifies: see `tf.keras.activations.relu`.

    Args:
      max_value: Largest result, or None.
      negative_slope: Slope below the threshold.
      threshold: Where the rise begins.
      **kwargs: As for `Layer`.

    Raises:
      ValueError: a negative ceiling or slope.

    >>> tf.keras.layers.ReLU()(tf.zeros([2])).name
    're_lu/Relu:0'
    """

    supports_masking = True

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0, threshold: float = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if max_value is not None and max_value < 0.0:
            raise ValueError(f"max_value of Relu layer cannot be negative value: {max_value}")
        if negative_slope < 0.0:
            raise ValueError(f"negative_slope of Relu layer cannot be negative value: {negative_slope}")
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs: Any) -> Tensor:
        """Rectifies."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(Layer):
    """x where it is positive, `alpha * x` elsewhere.

    Args:
      alpha: Slope below zero.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.LeakyReLU()(tf.zeros([2])).name
    'leaky_re_lu/LeakyRelu:0'
    """

    supports_masking = True

    def __init__(self, alpha: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Any) -> Tensor:
        """Rectifies."""
        return nn.leaky_relu(inputs, alpha=self.alpha)


class ELU(Layer):
    """x where it is positive, `alpha * (exp(x) - 1)` elsewhere.

    Args:
      alpha: Slope at zero from below.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.ELU()(tf.zeros([2])).shape.as_list()
    [2]
    """

    supports_masking = True

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Any) -> Tensor:
        """Applies the function."""
        return activations.elu(inputs, self.alpha)


class ThresholdedReLU(Layer):
    """x where it is above `theta`, zero elsewhere.

    Args:
      theta: The threshold.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.ThresholdedReLU()(tf.zeros([2])).shape.as_list()
    [2]
    """

    supports_masking = True

    def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.theta = theta

    def call(self, inputs: Any) -> Tensor:
        """Applies the function."""
        return inputs * cast(greater(inputs, self.theta), inputs.dtype)


class PReLU(Layer):
    """x where it is positive, `alpha * x` elsewhere, with a learned alpha for each place.

    Args:
      alpha_initializer: Initializer of the slopes.
      alpha_regularizer: Function of the slopes whose result is a loss.
      alpha_constraint: Function of the slopes, applied after an update.
      shared_axes: Axes (from 1) along which slopes are shared.
      **kwargs: As for `Layer`.

    >>> layer = tf.keras.layers.PReLU()
    >>> layer(tf.zeros([2, 3])).shape.as_list(), layer.alpha.shape.as_list()
    ([2, 3], [3])
    """

    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = None if shared_axes is None else nest.flatten(shared_axes)
        self.alpha: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes the slopes."""
        dims = TensorShape(input_shape).as_list()[1:]
        for axis in self.shared_axes or []:
            dims[axis - 1] = 1
        self.alpha = self.add_weight(
            "alpha", dims, initializer=self.alpha_initializer, regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )  # fmt: skip
        self.built = True

    def call(self, inputs: Any) -> Tensor:
        """Rectifies."""
        return nn.relu(inputs) - self.alpha * nn.relu(-inputs)


class Reshape(Layer):
    """Gives each element of the batch a shape.

    Args:
      target_shape: The shape without the batch; one -1 stands for what is left.
      **kwargs: As for `Layer`.

    Raises:
      ValueError: at a call: the number of elements does not fit.

    >>> tf.keras.layers.Reshape((2, -1))(tf.zeros([5, 6])).shape.as_list()
    [5, 2, 3]
    """

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """Returns [batch, *target]."""
        dims = TensorShape(input_shape).as_list()
        if None in dims[1:]:
            return TensorShape([dims[0], *(None if n == -1 else n for n in self.target_shape)])
        size = int(np.prod([int(d or 0) for d in dims[1:]], dtype=np.int64))
        known = int(np.prod([int(n) for n in self.target_shape if n != -1], dtype=np.int64))
        fits = known and size % known == 0 if -1 in self.target_shape else size == known
        if not fits:
            raise ValueError(
                f"total size of new array must be unchanged: input {tuple(dims[1:])}, target {self.target_shape}"
            )
        return TensorShape([dims[0], *(size // known if n == -1 else n for n in self.target_shape)])

    def call(self, inputs: Any) -> Tensor:
        """Reshapes."""
        wanted = self.compute_output_shape(inputs.shape)
        outputs = reshape(inputs, (shape_of(inputs)[0], *self.target_shape))
        outputs.set_shape(wanted)
        return outputs


class Permute(Layer):
    """Permutes the axes of each element of the batch.

    Args:
      dims: The axes, from 1.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Permute((2, 1))(tf.zeros([5, 2, 3])).shape.as_list()
    [5, 3, 2]
    """

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(dims) != list(range(1, len(dims) + 1)):
            raise ValueError(
                f"Invalid permutation `dims` for Permute Layer: {dims}. The set of indices in `dims` must be "
                "consecutive and start from 1."
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Tensor:
        """Permutes."""
        return transpose(inputs, (0, *self.dims))


class RepeatVector(Layer):
    """Repeats each vector of the batch.

    Args:
      n: How many times.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.RepeatVector(3)(tf.zeros([5, 2])).shape.as_list()
    [5, 3, 2]
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Tensor:
        """Repeats."""
        return tile(expand_dims(inputs, 1), stack([1, self.n, 1]))


class Lambda(Layer):
    """Applies any function of tensors.

    Args:
      function: The function; its first argument is the input.
      output_shape: Accepted: the shape is known from the nodes.
      mask: The mask of the output, or a function that computes it.
      arguments: More keyword arguments of the function.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Lambda(lambda x: x * 2)(tf.zeros([2])).name
    'lambda/mul:0'
    """

    def __init__(
        self, function: Any, output_shape: Any = None, mask: Any = None, arguments: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.function = function
        self.arguments = arguments or {}
        self.output_shape_ = output_shape
        self.mask = mask

    def call(self, inputs: Any) -> Any:
        """Applies the function."""
        return self.function(inputs, **self.arguments)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Returns the mask that was given."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the layer from again: the function by its name.

        Raises:
          NotImplementedError: the function has no name, and code is not written.
        """
        name = getattr(self.function, "__name__", "<lambda>")
        if name == "<lambda>":
            raise NotImplementedError(
                f"Layer '{self.name}' has a lambda, which no config says: give it a function with a name, "
                "and that name in custom_objects when it is read"
            )
        config = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}
        return {**config, "function": name, "function_type": "function", "arguments": dict(self.arguments)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Makes the layer from what `get_config` returned; the function is one of the custom objects.

        Raises:
          NotImplementedError: the config has code, as Keras writes it of lambdas.
        """
        rest = {
            k: v for k, v in config.items() if not k.startswith(("output_shape", "module", "function_type", "mask"))
        }
        if not isinstance(rest["function"], str):
            raise NotImplementedError(
                f"Lambda layer '{config.get('name')}' of the file is code in Python's byte format, which is not run: "
                "make the model by its code, then load_weights"
            )
        known = {**naming.get_custom_objects(), **(custom_objects or {})}
        if rest["function"] not in known:
            raise ValueError(f"Unknown function: {rest['function']}; give it in custom_objects")
        return cls(known[rest.pop("function")], **rest)


class ActivityRegularization(Layer):
    """Passes its input on, and adds a penalty of it to the losses.

    Args:
      l1: Factor of the sum of absolute values.
      l2: Factor of the sum of squares.
      **kwargs: As for `Layer`.

    >>> layer = tf.keras.layers.ActivityRegularization(l1=1.0)
    >>> y = layer(tf.ones([2, 3]))
    >>> tf.Session().run(layer.losses)
    [np.float32(3.0)]
    """

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **kwargs)
        self.l1 = l1
        self.l2 = l2


class Masking(Layer):
    """Marks the steps of sequences whose elements all have one value, for layers behind to skip.

    Args:
      mask_value: The value.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Masking()(tf.zeros([2, 3, 4])).shape.as_list()
    [2, 3, 4]
    """

    supports_masking = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Returns [batch, steps]: whether a step counts."""
        return reduce_any(not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Tensor:
        """Sets the elements of marked steps to zero."""
        kept = reduce_any(not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return inputs * cast(kept, inputs.dtype)


class Embedding(Layer):
    """Looks up a vector for each index.

    Args:
      input_dim: Number of vectors.
      output_dim: Their size.
      embeddings_initializer: Initializer of the table.
      embeddings_regularizer: Function of the table whose result is a loss.
      activity_regularizer: Function of the output whose result is a loss.
      embeddings_constraint: Function of the table, applied after an update.
      mask_zero: Whether index 0 stands for nothing and is skipped by the layers behind.
      input_length: Length of the sequences, where it is fixed.
      **kwargs: As for `Layer`.

    >>> layer = tf.keras.layers.Embedding(7, 5)
    >>> layer(tf.constant([[1, 2]])).shape.as_list(), [v.name for v in layer.weights]
    ([1, 2, 5], ['embedding/embeddings:0'])
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        activity_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        input_length: Any = None,
        **kwargs: Any,
    ) -> None:
        if "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            kwargs["input_shape"] = tuple(nest.flatten(input_length)) if input_length else (None,)
        dtype = kwargs.pop("dtype", state.floatx())
        super().__init__(dtype=dtype, activity_regularizer=activity_regularizer, **kwargs)
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.input_length = input_length
        self.embeddings: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes the table."""
        self.embeddings = self.add_weight(
            "embeddings",
            (self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
        )
        self.built = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Returns where the index is not 0, if that stands for nothing."""
        return not_equal(inputs, 0) if self.mask_zero else None

    def call(self, inputs: Any) -> Tensor:
        """Looks up."""
        if inputs.dtype.base_dtype.name not in ("int32", "int64"):
            inputs = cast(inputs, "int32")
        return embedding_lookup(self.embeddings, inputs)
