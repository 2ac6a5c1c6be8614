"""`tf.keras.backend`: Keras' names of operations that make, join and rearrange tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import state
from scopedjax._src.ops.array import arranging, filling, joining, packing, shapes
from scopedjax._src.ops.array.gathering import gather as new_gather
from scopedjax._src.ops.constant import constant as new_constant
from scopedjax._src.ops.control_flow import functional
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.linear_algebra import matmul, tensordot
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.ops.nn.bias import bias_add as new_bias_add
from scopedjax._src.ops.random import sampling


def _range(start: Any, stop: Any, step: Any, dtype: Any) -> Tensor:
    if stop is None:
        start, stop = 0, start
    return cast(filling.range(start, limit=stop, delta=step), dtype)


def _product(x: Tensor) -> Any:
    sizes = x.shape.as_list()[1:]
    known = [s for s in sizes if s is not None]
    return int(np.prod(known)) if len(known) == len(sizes) else _size_of_rest(x)


def _size_of_rest(x: Tensor) -> Tensor:
    return shapes.size(x) // shapes.shape(x)[0]


def _repeated(x: Tensor, rep: int, axis: int) -> Tensor:
    if x.shape.as_list()[axis] is None:
        rank = len(x.shape.as_list())
        axis %= rank
        wide = joining.tile(shapes.expand_dims(x, axis + 1), [rep if i == axis + 1 else 1 for i in range(rank + 1)])
        return shapes.reshape(wide, [shapes.shape(x)[i] * (rep if i == axis else 1) for i in range(rank)])
    return joining.concat([s for s in joining.split(x, x.shape.as_list()[axis], axis) for _ in range(rep)], axis=axis)


def _gathered(reference: Any, indices: Any) -> Tensor:
    return new_gather(reference, indices)


def _dot(x: Tensor, y: Tensor) -> Tensor:
    if x.shape.ndims == 2 and y.shape.ndims == 2:
        return matmul(x, y)
    return tensordot(x, y, [[len(x.shape.as_list()) - 1], [max(len(y.shape.as_list()) - 2, 0)]])


def _batch_dot(x: Tensor, y: Tensor, axes: Any) -> Tensor:
    ranks = len(x.shape.as_list()), len(y.shape.as_list())
    if axes is None:
        axes = [ranks[0] - 1, max(ranks[1] - 2, 1)]
    first, second = (axes, axes) if isinstance(axes, int) else axes
    first, second = first % ranks[0], second % ranks[1]
    if ranks == (2, 2):
        return reduce_sum(x * y, axis=1, keepdims=True)
    x = joining.transpose(x, [i for i in range(ranks[0]) if i != first] + [first])
    y = joining.transpose(y, [0, second] + [i for i in range(1, ranks[1]) if i != second])
    if ranks[0] == 2:
        return shapes.squeeze(matmul(shapes.expand_dims(x, 1), y), [1])
    if ranks[1] == 2:
        return shapes.squeeze(matmul(x, shapes.expand_dims(y, 2)), [-1])
    return matmul(x, y)


def _biased(x: Any, bias: Any, data_format: Any) -> Tensor:
    first = (data_format or state.image_data_format()) == "channels_first"
    return new_bias_add(x, bias, data_format="NCHW" if first else "NHWC")


def _binomial(shape: Any, p: float, dtype: Any, seed: Any) -> Tensor:
    return cast(sampling.random_uniform(shape, dtype=dtype, seed=seed) < p, dtype)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    """Returns a constant.

    Args:
      value: The value.
      dtype: Dtype of the result.
      shape: Shape of the result.
      name: Name of the node.

    >>> tf.keras.backend.eval(tf.keras.backend.constant([1, 2])).tolist()
    [1.0, 2.0]
    """
    return new_constant(value, dtype=dtype or state.floatx(), shape=shape, name=name)


def zeros_like(x: Any, dtype: Any = None, name: Any = None) -> Any:
    """Returns zeros in the shape of x.

    Args:
      x: Tensor or array.
      dtype: Dtype of the result.
      name: Name of the node.

    >>> tf.keras.backend.eval(tf.keras.backend.zeros_like([1.0])).tolist()
    [0.0]
    """
    return filling.zeros_like(x, dtype=dtype, name=name)


def ones_like(x: Any, dtype: Any = None, name: Any = None) -> Any:
    """Returns ones in the shape of x.

    Args:
      x: Tensor or array.
      dtype: Dtype of the result.
      name: Name of the node.

    >>> tf.keras.backend.eval(tf.keras.backend.ones_like([2.0])).tolist()
    [1.0]
    """
    return filling.ones_like(x, dtype=dtype, name=name)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Any:
    """Returns numbers in steps.

    Args:
      start: First number; the end where there is no `stop`.
      stop: Where the numbers end.
      step: Distance of the numbers.
      dtype: Dtype of the result.

    >>> tf.keras.backend.eval(tf.keras.backend.arange(3)).tolist()
    [0, 1, 2]
    """
    return _range(start, stop, step, dtype)


def shape(x: Any) -> Any:
    """Returns the sizes of the axes, as a tensor.

    Args:
      x: Tensor or array.

    >>> tf.keras.backend.eval(tf.keras.backend.shape([[1.0, 2.0]])).tolist()
    [1, 2]
    """
    return shapes.shape(x)


def reshape(x: Any, shape: Any) -> Any:
    """Returns x in another shape.

    Args:
      x: Tensor or array.
      shape: Shape of the result.

    >>> tf.keras.backend.eval(tf.keras.backend.reshape([[1, 2]], (2,))).tolist()
    [1, 2]
    """
    return shapes.reshape(x, shape)


def flatten(x: Any) -> Any:
    """Returns x as a vector.

    Args:
      x: Tensor or array.

    >>> tf.keras.backend.eval(tf.keras.backend.flatten([[1, 2]])).tolist()
    [1, 2]
    """
    return shapes.reshape(x, [-1])


def batch_flatten(x: Any) -> Any:
    """Returns each element of the batch as a vector.

    Args:
      x: Tensor or array.

    >>> tf.keras.backend.eval(tf.keras.backend.batch_flatten([[[1, 2], [3, 4]]])).tolist()
    [[1, 2, 3, 4]]
    """
    return shapes.reshape(x, [-1, _product(convert_to_tensor(x))])


def expand_dims(x: Any, axis: Any = -1) -> Any:
    """Returns x with an axis of size one more.

    Args:
      x: Tensor or array.
      axis: The axis, or axes.

    >>> tf.keras.backend.eval(tf.keras.backend.expand_dims([1])).tolist()
    [[1]]
    """
    return shapes.expand_dims(x, axis)


def squeeze(x: Any, axis: Any) -> Any:
    """Returns x without an axis of size one.

    Args:
      x: Tensor or array.
      axis: The axis, or axes.

    >>> tf.keras.backend.eval(tf.keras.backend.squeeze([[1]], 1)).tolist()
    [1]
    """
    return shapes.squeeze(x, [axis])


def transpose(x: Any) -> Any:
    """Returns x with its axes in the other order.

    Args:
      x: Tensor or array.

    >>> tf.keras.backend.eval(tf.keras.backend.transpose([[1, 2]])).tolist()
    [[1], [2]]
    """
    return joining.transpose(x)


def permute_dimensions(x: Any, pattern: Any) -> Any:
    """Returns x with its axes in another order.

    Args:
      x: Tensor or array.
      pattern: The axes in their new order.

    >>> tf.keras.backend.eval(tf.keras.backend.permute_dimensions([[1, 2]], (1, 0))).tolist()
    [[1], [2]]
    """
    return joining.transpose(x, perm=pattern)


def concatenate(tensors: Any, axis: Any = -1) -> Any:
    """Returns tensors joined along an axis.

    Args:
      tensors: List of tensors.
      axis: The axis, or axes.

    >>> tf.keras.backend.eval(tf.keras.backend.concatenate([[1], [2]])).tolist()
    [1, 2]
    """
    return joining.concat(tensors, axis=axis)


def stack(x: Any, axis: Any = 0) -> Any:
    """Returns tensors joined along a new axis.

    Args:
      x: Tensor or array.
      axis: The axis, or axes.

    >>> tf.keras.backend.eval(tf.keras.backend.stack([1, 2])).tolist()
    [1, 2]
    """
    return packing.stack(x, axis=axis)


def repeat(x: Any, n: Any) -> Any:
    """Returns each row of `[batch, size]` n times: `[batch, n, size]`.

    Args:
      x: Tensor or array.
      n: How many times.

    >>> tf.keras.backend.eval(tf.keras.backend.repeat([[1]], 2)).tolist()
    [[[1], [1]]]
    """
    return joining.tile(shapes.expand_dims(x, 1), [1, n, 1])


def repeat_elements(x: Any, rep: Any, axis: Any) -> Any:
    """Returns each slice along an axis `rep` times.

    Args:
      x: Tensor or array.
      rep: How many times.
      axis: The axis, or axes.

    >>> tf.keras.backend.eval(tf.keras.backend.repeat_elements([1, 2], 2, 0)).tolist()
    [1, 1, 2, 2]
    """
    return _repeated(convert_to_tensor(x), rep, axis)


def tile(x: Any, n: Any) -> Any:
    """Returns x repeated n times along each axis.

    Args:
      x: Tensor or array.
      n: How many times.

    >>> tf.keras.backend.eval(tf.keras.backend.tile([1, 2], 2)).tolist()
    [1, 2, 1, 2]
    """
    return joining.tile(x, [n] if isinstance(n, int) else n)


def reverse(x: Any, axes: Any) -> Any:
    """Returns x the other way round along axes.

    Args:
      x: Tensor or array.
      axes: The axis, or axes.

    >>> tf.keras.backend.eval(tf.keras.backend.reverse([1, 2], 0)).tolist()
    [2, 1]
    """
    return arranging.reverse(x, [axes] if isinstance(axes, int) else axes)


def gather(reference: Any, indices: Any) -> Any:
    """Returns rows by their numbers.

    Args:
      reference: Tensor.
      indices: Numbers.

    >>> tf.keras.backend.eval(tf.keras.backend.gather([5, 6], [1])).tolist()
    [6]
    """
    return _gathered(reference, indices)


def one_hot(indices: Any, num_classes: Any) -> Any:
    """Returns rows of zeros with a one at each class number.

    Args:
      indices: Numbers.
      num_classes: Number of classes.

    >>> tf.keras.backend.eval(tf.keras.backend.one_hot([1], 2)).tolist()
    [[0.0, 1.0]]
    """
    return filling.one_hot(indices, depth=num_classes, axis=-1)


def temporal_padding(x: Any, padding: Any = (1, 1)) -> Any:
    """Returns `[batch, time, size]` with zeros before and after.

    Args:
      x: Tensor or array.
      padding: How many zeros before and after.

    >>> tf.keras.backend.eval(tf.keras.backend.temporal_padding([[[1.0]]])).tolist()
    [[[0.0], [1.0], [0.0]]]
    """
    return joining.pad(x, [[0, 0], list(padding), [0, 0]])


def dot(x: Any, y: Any) -> Any:
    """Returns products over the last axis of x and the last but one of y.

    Args:
      x: Tensor or array.
      y: The other tensor.

    >>> tf.keras.backend.eval(tf.keras.backend.dot([[1.0, 2.0]], [[3.0], [4.0]])).tolist()
    [[11.0]]
    """
    return _dot(convert_to_tensor(x), convert_to_tensor(y))


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """Returns products over an axis of each, example by example.

    Args:
      x: Tensor or array.
      y: The other tensor.
      axes: The axis, or axes.

    >>> tf.keras.backend.eval(tf.keras.backend.batch_dot([[1.0, 2.0]], [[3.0, 4.0]], axes=1)).tolist()
    [[11.0]]
    """
    return _batch_dot(convert_to_tensor(x), convert_to_tensor(y), axes)


def bias_add(x: Any, bias: Any, data_format: Any = None) -> Any:
    """Returns x plus a bias for each channel.

    Args:
      x: Tensor or array.
      bias: Vector with a number for each channel.
      data_format: "channels_last" or "channels_first".

    >>> tf.keras.backend.eval(tf.keras.backend.bias_add([[1.0, 2.0]], [1.0, 0.0])).tolist()
    [[2.0, 2.0]]
    """
    return _biased(x, bias, data_format)


def random_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Returns numbers from a normal distribution.

    Args:
      shape: Shape of the result.
      mean: Mean.
      stddev: Standard deviation.
      dtype: Dtype of the result.
      seed: Seed of the random numbers.

    >>> tf.keras.backend.eval(tf.keras.backend.random_normal([1], 2.0, 0.0)).tolist()
    [2.0]
    """
    return sampling.random_normal(shape, mean, stddev, dtype or state.floatx(), seed)


def random_uniform(shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Returns numbers drawn evenly.

    Args:
      shape: Shape of the result.
      minval: Lower bound.
      maxval: Upper bound.
      dtype: Dtype of the result.
      seed: Seed of the random numbers.

    >>> tf.keras.backend.eval(tf.keras.backend.random_uniform([0])).tolist()
    []
    """
    return sampling.random_uniform(shape, minval, maxval, dtype or state.floatx(), seed)


def random_binomial(shape: Any, p: Any = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """Returns ones with probability `p`, zeros otherwise.

    Args:
      shape: Shape of the result.
      p: The probability.
      dtype: Dtype of the result.
      seed: Seed of the random numbers.

    >>> tf.keras.backend.eval(tf.keras.backend.random_binomial([1], 0.0)).tolist()
    [0.0]
    """
    return _binomial(shape, p, dtype or state.floatx(), seed)


def truncated_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Returns numbers from a normal distribution within two deviations.

    Args:
      shape: Shape of the result.
      mean: Mean.
      stddev: Standard deviation.
      dtype: Dtype of the result.
      seed: Seed of the random numbers.

    >>> tf.keras.backend.eval(tf.keras.backend.truncated_normal([1], 2.0, 0.0)).tolist()
    [2.0]
    """
    return sampling.truncated_normal(shape, mean, stddev, dtype or state.floatx(), seed)


def map_fn(fn: Any, elems: Any, name: Any = None, dtype: Any = None) -> Any:
    """Returns a function of each slice along axis 0.

    Args:
      fn: The function.
      elems: Tensor `[n, ...]`, or a nest of them.
      name: Name of the node.
      dtype: Dtype of the result.

    >>> tf.keras.backend.eval(tf.keras.backend.map_fn(lambda x: x * x, tf.constant([1, 2]))).tolist()
    [1, 4]
    """
    return functional.map_fn(fn, elems, dtype=dtype, name=name)


def foldl(fn: Any, elems: Any, initializer: Any = None, name: Any = None) -> Any:
    """Returns slices combined from first to last.

    Args:
      fn: The function.
      elems: Tensor `[n, ...]`, or a nest of them.
      initializer: What to start with; the first slice by default.
      name: Name of the node.

    >>> tf.keras.backend.eval(tf.keras.backend.foldl(lambda a, x: a - x, tf.constant([3, 1]))).tolist()
    2
    """
    return functional.foldl(fn, elems, initializer=initializer, name=name)


def foldr(fn: Any, elems: Any, initializer: Any = None, name: Any = None) -> Any:
    """Returns slices combined from last to first.

    Args:
      fn: The function.
      elems: Tensor `[n, ...]`, or a nest of them.
      initializer: What to start with; the first slice by default.
      name: Name of the node.

    >>> tf.keras.backend.eval(tf.keras.backend.foldr(lambda a, x: a - x, tf.constant([3, 1]))).tolist()
    -2
    """
    return functional.foldr(fn, elems, initializer=initializer, name=name)
