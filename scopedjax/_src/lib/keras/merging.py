"""Keras' layers of several inputs: sums, products, joins; shapes may differ as far as they broadcast."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras.layer import Layer
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import expand_dims, squeeze
from scopedjax._src.ops.math.elementwise import maximum as larger
from scopedjax._src.ops.math.elementwise import minimum as smaller
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.ops.nn.normalization import l2_normalize


class _Merge(Layer):
    """What merging layers share; a subclass merges two tensors at a time."""

    supports_masking = True
    _broadcasts = True

    def call(self, inputs: Any) -> Tensor:
        """Merges."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(f"A merge layer should be called on a list of at least 2 inputs. Got {inputs}")
        tensors = list(inputs)
        if self._broadcasts:
            _check([t.shape.as_list()[1:] for t in tensors])
        rank = max(len(t.shape.as_list()) for t in tensors)
        for i, tensor in enumerate(tensors):
            for _ in range(rank - len(tensor.shape.as_list())):
                tensor = expand_dims(tensor, axis=1)
            tensors[i] = tensor
        return self._merged(tensors)

    def _merged(self, tensors: list[Any]) -> Tensor:
        total = tensors[0]
        for tensor in tensors[1:]:
            total = self._pair(total, tensor)
        return total

    def _pair(self, a: Any, b: Any) -> Any:
        raise NotImplementedError(type(self).__name__)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Masks of several inputs are not merged: the output has none."""
        return None


def _check(shapes: list[list[int | None]]) -> None:
    """Refuses shapes (without the batch) that do not broadcast."""
    for i, shape in enumerate(shapes[1:], 1):
        for before in shapes[:i]:
            if any(a not in (b, 1, None) and b not in (1, None) for a, b in zip(before[::-1], shape[::-1])):
                raise ValueError(f"Operands could not be broadcast together with shapes {tuple(before)} {tuple(shape)}")


def _documented(what: str, result: list[float]) -> Any:
    def decorate(cls: Any) -> Any:
        cls.__doc__ = f"""The {what} of a list of tensors, element by element.

    Args:
      **kwargs: As for `Layer`.

    >>> a, b = tf.constant([[1.0, 4.0]]), tf.constant([[3.0, 2.0]])
    >>> tf.Session().run(tf.keras.layers.{cls.__name__}()([a, b])).tolist()
    [{result}]
    """
        return cls

    return decorate


@_documented("sum", [4.0, 6.0])
class Add(_Merge):
    def _pair(self, a: Any, b: Any) -> Any:
        return a + b


@_documented("difference (of two)", [-2.0, 2.0])
class Subtract(_Merge):
    def _merged(self, tensors: list[Any]) -> Tensor:
        if len(tensors) != 2:
            raise ValueError("A `Subtract` layer should be called on exactly 2 inputs")
        return tensors[0] - tensors[1]


@_documented("product", [3.0, 8.0])
class Multiply(_Merge):
    def _pair(self, a: Any, b: Any) -> Any:
        return a * b


@_documented("mean", [2.0, 3.0])
class Average(_Merge):
    def _check(self, shapes: list[list[int | None]]) -> None:
        """Refuses shapes (without the batch) that do not broadcast."""
        for i, shape in enumerate(shapes[1:], 1):
            for before in shapes[:i]:
                if any(a not in (b, 1, None) and b not in (1, None) for a, b in zip(before[::-1], shape[::-1])):
                    raise ValueError(
                        f"Operands could not be broadcast together with shapes {tuple(before)} {tuple(shape)}"
                    )

    def _merged(self, tensors: list[Any]) -> Tensor:
        total = tensors[0]
        for tensor in tensors[1:]:
            total = total + tensor
        return total / float(len(tensors))


@_documented("maximum", [3.0, 4.0])
class Maximum(_Merge):
    def _pair(self, a: Any, b: Any) -> Any:
        return larger(a, b)


@_documented("minimum", [1.0, 2.0])
class Minimum(_Merge):
    def _pair(self, a: Any, b: Any) -> Any:
        return smaller(a, b)


class Concatenate(_Merge):
    """Joins a list of tensors along an axis.

    Args:
      axis: The axis.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Concatenate()([tf.zeros([2, 3]), tf.zeros([2, 4])]).shape.as_list()
    [2, 7]
    """

    _broadcasts = False

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Tensor:
        """Joins."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError("A `Concatenate` layer should be called on a list of at least 2 inputs")
        return concat(list(inputs), axis=self.axis)


class Dot(_Merge):
    """Sums products of two tensors along an axis of each.

    Args:
      axes: The axis, or one for each tensor.
      normalize: Whether to scale to norm one first: the result is the cosine.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.Dot(axes=1)([tf.ones([2, 3]), tf.ones([2, 3])]).shape.as_list()
    [2, 1]
    """

    _broadcasts = False

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axes = axes
        self.normalize = normalize

    def call(self, inputs: Any) -> Tensor:
        """Sums the products."""
        a, b = inputs
        axes = (self.axes, self.axes) if isinstance(self.axes, int) else tuple(self.axes)
        ranks = len(a.shape.as_list()), len(b.shape.as_list())
        at = [axis % rank for axis, rank in zip(axes, ranks, strict=True)]
        if self.normalize:
            a, b = l2_normalize(a, axis=at[0]), l2_normalize(b, axis=at[1])
        if ranks == (2, 2):
            return reduce_sum(a * b, axis=1, keepdims=True)
        a = expand_dims(a, 1 if at[0] == 1 else 2) if ranks[0] == 2 else a
        b = expand_dims(b, 2) if ranks[1] == 2 else b
        if max(ranks) > 3:
            raise NotImplementedError(f"Dot '{self.name}' takes tensors of rank 2 and 3, got {ranks}; use tf.einsum")
        product = matmul(a, b, transpose_a=ranks[0] == 3 and at[0] == 1, transpose_b=ranks[1] == 3 and at[1] == 2)
        if ranks[0] == 2:
            return squeeze(product, [1])
        return squeeze(product, [2]) if ranks[1] == 2 else product


def _function(cls: Any, what: str) -> Any:
    def merged(inputs: Any, **kwargs: Any) -> Tensor:
        return cls(**kwargs)(inputs)

    merged.__name__ = merged.__qualname__ = cls.__name__.lower()
    merged.__doc__ = f"""Returns the {what} of a list of tensors, element by element.

    Args:
      inputs: The tensors.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.{merged.__name__}([tf.zeros([2, 3]), tf.zeros([2, 3])]).shape.as_list()
    [2, 3]
    """
    return merged


add = _function(Add, "sum")
subtract = _function(Subtract, "difference")
multiply = _function(Multiply, "product")
average = _function(Average, "mean")
maximum = _function(Maximum, "maximum")
minimum = _function(Minimum, "minimum")


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Tensor:
    """Joins a list of tensors along an axis.

    Args:
      inputs: The tensors.
      axis: The axis.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.concatenate([tf.zeros([2, 3]), tf.zeros([2, 4])]).shape.as_list()
    [2, 7]
    """
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Any, axes: Any, normalize: bool = False, **kwargs: Any) -> Tensor:
    """Sums products of two tensors along an axis of each.

    Args:
      inputs: The two tensors.
      axes: The axis, or one for each tensor.
      normalize: Whether to scale to norm one first.
      **kwargs: As for `Layer`.

    >>> tf.keras.layers.dot([tf.ones([2, 3]), tf.ones([2, 3])], axes=1).shape.as_list()
    [2, 1]
    """
    return Dot(axes=axes, normalize=normalize, **kwargs)(inputs)
