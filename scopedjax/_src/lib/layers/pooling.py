"""Pooling layers in one, two and three dimensions. They have no variables."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.layers.arguments import as_tuple, channels_are_first, op_format, padding_name, window_length
from scopedjax._src.lib.layers.base import InputSpec, Layer
from scopedjax._src.ops.array.shapes import expand_dims, squeeze
from scopedjax._src.ops.nn.pooling import avg_pool, avg_pool3d, max_pool, max_pool3d


class _Pooling(Layer):
    """What all poolings share; a subclass says its rank and function."""

    _rank = 2
    _function: Any = None

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if strides is None:
            raise ValueError("Argument `strides` must not be None.")
        super().__init__(name=name, **kwargs)
        rank = self._rank
        self._sizes = as_tuple(pool_size, rank, "pool_size")
        self._steps = as_tuple(strides, rank, "strides")
        self.pool_size = self._sizes[0] if rank == 1 else self._sizes
        self.strides = self._steps[0] if rank == 1 else self._steps
        self.padding = padding_name(padding)
        self._first = channels_are_first(data_format)
        self.data_format = "channels_first" if self._first else "channels_last"
        self.input_spec = InputSpec(ndim=rank + 2)

    def call(self, inputs: Any) -> Tensor:
        """Pools; one dimension as two, the other of size 1."""
        sizes, steps, rank = list(self._sizes), list(self._steps), self._rank
        at = 3 if self._first else 2
        if rank == 1:
            inputs, sizes, steps, rank = expand_dims(inputs, at), [*sizes, 1], [*steps, 1], 2
        if self._first:
            window, moves = [1, 1, *sizes], [1, 1, *steps]
        else:
            window, moves = [1, *sizes, 1], [1, *steps, 1]
        layout = op_format(self._first, rank)
        outputs = type(self)._function(inputs, window, moves, self.padding.upper(), data_format=layout)
        return squeeze(outputs, [at]) if self._rank == 1 else outputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """Returns the shape of the pooled input."""
        dims = TensorShape(input_shape).as_list()
        start = 2 if self._first else 1
        spatial = [
            window_length(dims[start + i], self._sizes[i], self.padding, self._steps[i]) for i in range(self._rank)
        ]
        return TensorShape([*dims[:start], *spatial, *dims[start + self._rank :]])


_ARGUMENTS = """
    Args:
      pool_size: Size of the window: an integer, or a tuple of {rank}.
      strides: Distance of the windows, likewise.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first".
      name: Name of the layer.
      **kwargs: As for `Layer`.

    >>> tf.layers.{name}(2, 2)(tf.zeros({shape})).shape.as_list()
    {result}
    """


def _documented(what: str, rank: int) -> Any:
    """Gives a pooling class its docstring."""

    def decorate(cls: type[_Pooling]) -> type[_Pooling]:
        cls.__doc__ = f"Computes the {what} of each window of a {rank}-dimensional input.\n" + _ARGUMENTS.format(
            rank=rank, name=cls.__name__, shape=[1, *[4] * rank, 3], result=[1, *[2] * rank, 3]
        )
        return cls

    return decorate


@_documented("largest element", 1)
class MaxPooling1D(_Pooling):
    _rank, _function = 1, max_pool


@_documented("largest element", 2)
class MaxPooling2D(_Pooling):
    _rank, _function = 2, max_pool


@_documented("largest element", 3)
class MaxPooling3D(_Pooling):
    _rank, _function = 3, max_pool3d


@_documented("mean", 1)
class AveragePooling1D(_Pooling):
    _rank, _function = 1, avg_pool


@_documented("mean", 2)
class AveragePooling2D(_Pooling):
    _rank, _function = 2, avg_pool


@_documented("mean", 3)
class AveragePooling3D(_Pooling):
    _rank, _function = 3, avg_pool3d


def _functional(cls: type[_Pooling], name: str, what: str) -> Any:
    """Makes the function that applies a new layer of a class, docstring included."""

    def function(
        inputs: Any,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
    ) -> Tensor:
        return cls(pool_size, strides, padding=padding, data_format=data_format, name=name).apply(inputs)

    rank = cls._rank
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Computes the {what} of each window of a {rank}-dimensional input.

    Args:
      inputs: Floating tensor of rank {rank + 2}.
      pool_size: Size of the window: an integer, or a tuple of {rank}.
      strides: Distance of the windows, likewise.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first".
      name: Name of the layer.

    Returns:
      Tensor of rank {rank + 2}.

    Raises:
      ValueError: `inputs` has another rank, or an argument is not one of those above.

    >>> tf.layers.{name}(tf.zeros({[1, *[4] * rank, 3]}), 2, 2).shape.as_list()
    {[1, *[2] * rank, 3]}
    """
    return function


max_pooling1d = _functional(MaxPooling1D, "max_pooling1d", "largest element")
max_pooling2d = _functional(MaxPooling2D, "max_pooling2d", "largest element")
max_pooling3d = _functional(MaxPooling3D, "max_pooling3d", "largest element")
average_pooling1d = _functional(AveragePooling1D, "average_pooling1d", "mean")
average_pooling2d = _functional(AveragePooling2D, "average_pooling2d", "mean")
average_pooling3d = _functional(AveragePooling3D, "average_pooling3d", "mean")
