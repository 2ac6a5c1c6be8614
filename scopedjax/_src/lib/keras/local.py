"""`LocallyConnected1D` and `LocallyConnected2D`: convolutions of which each window has a kernel of its own.

The window at one place of a picture of faces sees other things than that at another: nothing is shared. Keras knows
three ways to keep and apply the kernels (`implementation`), with weights of different shapes:

    1   kernel [windows, window * channels, filters]           each window is cut out and multiplied with its kernel
    2   kernel [in..., channels, out..., filters], masked      one product of the whole input with the whole output
    3   kernel [entries that are not zero]                     the same product, of a sparse matrix
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import activations, constraints, initializers, regularizers
from scopedjax._src.lib.keras.core import layout
from scopedjax._src.lib.keras.layer import Layer
from scopedjax._src.lib.keras.windows import local_conv1d, local_conv2d
from scopedjax._src.lib.layers.arguments import as_tuple, channels_are_first
from scopedjax._src.lib.layers.base import InputSpec
from scopedjax._src.ops.array.joining import transpose
from scopedjax._src.ops.array.shapes import reshape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.sparse.products import sparse_tensor_dense_matmul
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor


class _LocallyConnected(Layer):
    """What both layers share; `_rank` is the number of directions."""

    _rank = 1

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any, padding: str, data_format: Any, activation: Any,
        use_bias: bool, implementation: int, kernel: dict[str, Any], bias: dict[str, Any], **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        name = type(self).__name__
        self.filters = filters
        self.kernel_size = as_tuple(kernel_size, self._rank, "kernel_size")
        self.strides = as_tuple(strides, self._rank, "strides")
        self.padding = padding.lower()
        if self.padding != "valid" and implementation == 1:
            raise ValueError(
                f'Invalid border mode for {name} (only "valid" is supported if implementation is 1): {padding}'
            )
        self.data_format = layout(data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel["initializer"])
        self.bias_initializer = initializers.get(bias["initializer"])
        self.kernel_regularizer = regularizers.get(kernel["regularizer"])
        self.bias_regularizer = regularizers.get(bias["regularizer"])
        self.kernel_constraint = constraints.get(kernel["constraint"])
        self.bias_constraint = constraints.get(bias["constraint"])
        self.implementation = implementation
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def build(self, input_shape: Any) -> None:
        """Makes the kernels and the biases, one for each window."""
        first = channels_are_first(self.data_format)
        dims = TensorShape(input_shape).as_list()
        sizes, channels = (dims[2:], dims[1]) if first else (dims[1:-1], dims[-1])
        known = tuple(size for size in sizes if size is not None)
        if len(known) < self._rank or channels is None:
            raise ValueError(
                f"The spatial dimensions of the inputs to a {type(self).__name__} layer should be fully-defined, but "
                f"layer received the inputs shape {dims}"
            )
        self._sizes: tuple[int, ...] = known
        self._channels: int = channels
        self._windows = tuple(map(self._count, self._sizes, self.kernel_size, self.strides))
        self.kernel = self.add_weight(
            "kernel", self._kernel_shape(), initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint,
        )  # fmt: skip
        self.bias: Any = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias", (*self._windows, self.filters), initializer=self.bias_initializer,
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip
        self.input_spec = InputSpec(ndim=self._rank + 2, axes={1 if first else -1: channels})
        self.built = True

    def _count(self, size: int, window: int, stride: int) -> int:
        reach = size if self.padding == "same" else size - window + 1
        return (reach + stride - 1) // stride

    def _kernel_shape(self) -> tuple[int, ...]:
        if self.implementation == 1:
            taps = int(np.prod(self.kernel_size)) * self._channels
            return (int(np.prod(self._windows)), taps, self.filters)
        if self.implementation == 2:
            if channels_are_first(self.data_format):
                return (self._channels, *self._sizes, self.filters, *self._windows)
            return (*self._sizes, self._channels, *self._windows, self.filters)
        if self.implementation == 3:
            self._places = sorted(self._entries())
            return (len(self._places),)
        raise ValueError(f"Unrecognized implementation mode: {self.implementation}.")

    def _connected(self) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
        """(place of the input, place of the output) of all that are connected."""
        starts = []
        for size, window, stride, count in zip(self._sizes, self.kernel_size, self.strides, self._windows, strict=True):
            before = 0
            if self.padding == "same":  # as Keras cuts windows of the `same` kind here: its middle on the place
                before = window // 2
            starts.append([(place * stride - before, size, window) for place in range(count)])
        for output in itertools.product(*(range(count) for count in self._windows)):
            reaches = []
            for axis, place in enumerate(output):
                start, size, window = starts[axis][place]
                reaches.append(range(max(start, 0), min(start + window, size)))
            for at in itertools.product(*reaches):
                yield at, output

    def _entries(self) -> Iterator[tuple[int, int]]:
        """(output, input), counted flat, of the entries of the matrix between them that are not zero."""
        shape_in, shape_out = self._whole_shapes()
        first = channels_are_first(self.data_format)
        for (at, output), channel, number in itertools.product(
            list(self._connected()), range(self._channels), range(self.filters)
        ):
            row = (number, *output) if first else (*output, number)
            column = (channel, *at) if first else (*at, channel)
            yield int(np.ravel_multi_index(row, shape_out)), int(np.ravel_multi_index(column, shape_in))

    def _whole_shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        if channels_are_first(self.data_format):
            return (self._channels, *self._sizes), (self.filters, *self._windows)
        return (*self._sizes, self._channels), (*self._windows, self.filters)

    def call(self, inputs: Any) -> Tensor:
        """Multiplies each window with its kernel."""
        outputs = self._products(inputs)
        if self.bias is not None:
            # Where the channels come first the numbers of the bias are counted in that order, as in Keras.
            first = channels_are_first(self.data_format)
            shape = (self.filters, *self._windows) if first else (*self._windows, self.filters)
            outputs = outputs + reshape(self.bias, [1, *shape])
        return outputs if self.activation is None else self.activation(outputs)

    def _products(self, inputs: Any) -> Tensor:
        if self.implementation == 1:
            if self._rank == 1:
                return local_conv1d(inputs, self.kernel, self.kernel_size, self.strides, self.data_format)
            return local_conv2d(
                inputs, self.kernel, self.kernel_size, self.strides, self._windows, self.data_format
            )  # fmt: skip
        shape_in, shape_out = self._whole_shapes()
        size_in, size_out = int(np.prod(shape_in)), int(np.prod(shape_out))
        flat = reshape(inputs, [-1, size_in])
        if self.implementation == 2:
            mask = np.zeros((size_out, size_in), self.kernel.dtype.as_numpy_dtype)
            mask[tuple(np.array(list(self._entries()), np.int64).T)] = 1
            found = matmul(flat, reshape(self.kernel, [size_in, size_out]) * constant(mask.T.copy()))
        else:
            matrix = SparseTensor(np.array(self._places, np.int64), self.kernel, [size_out, size_in])
            found = transpose(sparse_tensor_dense_matmul(matrix, flat, adjoint_b=True))
        return reshape(found, [-1, *shape_out])


class LocallyConnected1D(_LocallyConnected):
    """A one-dimensional convolution of which each window has a kernel and a bias of its own.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer or a tuple.
      strides: Distance of the windows, likewise.
      padding: "valid"; with another `implementation` also "same".
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
      implementation: 1 cuts the windows out; 2 multiplies with a masked matrix, which is quick for large windows; 3
        with a sparse one, for few of them. The weights' shapes differ.
      **kwargs: As for `Layer`.

    Raises:
      ValueError: "same" with the first implementation, or sizes of the input that are not known.

    >>> tf.keras.layers.LocallyConnected1D(5, 3)(tf.zeros([2, 6, 3])).shape.as_list()
    [2, 4, 5]
    """

    _rank = 1

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid", data_format: Any = None,
        activation: Any = None, use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros", kernel_regularizer: Any = None, bias_regularizer: Any = None,
        activity_regularizer: Any = None, kernel_constraint: Any = None, bias_constraint: Any = None,
        implementation: int = 1, **kwargs: Any,
    ) -> None:  # fmt: skip
        kernel = {"initializer": kernel_initializer, "regularizer": kernel_regularizer, "constraint": kernel_constraint}
        bias = {"initializer": bias_initializer, "regularizer": bias_regularizer, "constraint": bias_constraint}
        super().__init__(
            filters, kernel_size, strides, padding, data_format, activation, use_bias, implementation, kernel, bias,
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip


class LocallyConnected2D(_LocallyConnected):
    """A two-dimensional convolution of which each window has a kernel and a bias of its own.

    Args:
      filters: Number of channels of the result.
      kernel_size: Size of the window: an integer or a tuple.
      strides: Distance of the windows, likewise.
      padding: "valid"; with another `implementation` also "same".
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
      implementation: 1 cuts the windows out; 2 multiplies with a masked matrix, which is quick for large windows; 3
        with a sparse one, for few of them. The weights' shapes differ.
      **kwargs: As for `Layer`.

    Raises:
      ValueError: "same" with the first implementation, or sizes of the input that are not known.

    >>> tf.keras.layers.LocallyConnected2D(5, 3)(tf.zeros([2, 6, 7, 3])).shape.as_list()
    [2, 4, 5, 5]
    """

    _rank = 2

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = (1, 1), padding: str = "valid", data_format: Any = None,
        activation: Any = None, use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros", kernel_regularizer: Any = None, bias_regularizer: Any = None,
        activity_regularizer: Any = None, kernel_constraint: Any = None, bias_constraint: Any = None,
        implementation: int = 1, **kwargs: Any,
    ) -> None:  # fmt: skip
        kernel = {"initializer": kernel_initializer, "regularizer": kernel_regularizer, "constraint": kernel_constraint}
        bias = {"initializer": bias_initializer, "regularizer": bias_regularizer, "constraint": bias_constraint}
        super().__init__(
            filters, kernel_size, strides, padding, data_format, activation, use_bias, implementation, kernel, bias,
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip
