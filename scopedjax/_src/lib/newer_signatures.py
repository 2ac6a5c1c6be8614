"""Functions of `tf.compat.v2` whose arguments differ from TensorFlow 1's: the same nodes, called as TensorFlow 2 does.

What is not here is either the same function in both, and stands on the pages of `tf.compat.v2` as it is, or absent.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph.recording import name_scope as _name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops import constant as constants
from scopedjax._src.ops import convert
from scopedjax._src.ops.array import filling, joining, shapes
from scopedjax._src.ops.control_flow import cond as branches
from scopedjax._src.ops.math import linear_algebra, reductions
from scopedjax._src.ops.nn import convolutions, cross_entropy, depthwise, pooling
from scopedjax._src.ops.nn import dropout as dropouts
from scopedjax._src.ops.nn import softmax as softmaxes


def reduce_sum(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Returns the sum along axes; see `tf.reduce_sum`."""
    return reductions.reduce_sum(input_tensor, axis, keepdims, name)


def reduce_mean(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Returns the mean along axes; see `tf.reduce_mean`."""
    return reductions.reduce_mean(input_tensor, axis, keepdims, name)


def reduce_max(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Returns the largest along axes; see `tf.reduce_max`."""
    return reductions.reduce_max(input_tensor, axis, keepdims, name)


def reduce_min(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Returns the smallest along axes; see `tf.reduce_min`."""
    return reductions.reduce_min(input_tensor, axis, keepdims, name)


def reduce_prod(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Returns the product along axes; see `tf.reduce_prod`."""
    return reductions.reduce_prod(input_tensor, axis, keepdims, name)


def reduce_all(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Returns whether all are true along axes; see `tf.reduce_all`."""
    return reductions.reduce_all(input_tensor, axis, keepdims, name)


def reduce_any(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Returns whether any is true along axes; see `tf.reduce_any`."""
    return reductions.reduce_any(input_tensor, axis, keepdims, name)


def argmax(input: Any, axis: Any = None, output_type: Any = dtypes.int64, name: str | None = None) -> Tensor:
    """Returns the index of the largest along an axis, the first by default; see `tf.argmax`."""
    return reductions.argmax(input, 0 if axis is None else axis, name=name, output_type=output_type)


def argmin(input: Any, axis: Any = None, output_type: Any = dtypes.int64, name: str | None = None) -> Tensor:
    """Returns the index of the smallest along an axis, the first by default; see `tf.argmin`."""
    return reductions.argmin(input, 0 if axis is None else axis, name=name, output_type=output_type)


def expand_dims(input: Any, axis: Any, name: str | None = None) -> Tensor:
    """Inserts a dimension of size one; see `tf.expand_dims`."""
    return shapes.expand_dims(input, axis, name)


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """Removes dimensions of size one; see `tf.squeeze`."""
    return shapes.squeeze(input, axis, name)


def shape(input: Any, out_type: Any = None, name: str | None = None) -> Tensor:
    """Returns the shape as a tensor, int32 by default; see `tf.shape`."""
    return shapes.shape(input, name, out_type)


def size(input: Any, out_type: Any = None, name: str | None = None) -> Tensor:
    """Returns the number of elements, int32 by default; see `tf.size`."""
    return shapes.size(input, name, out_type)


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str = "transpose") -> Tensor:
    """Permutes dimensions; see `tf.transpose`."""
    return joining.transpose(a, perm, name, conjugate)


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None) -> Any:
    """Pads a tensor; see `tf.pad`."""
    return joining.pad(tensor, paddings, mode, name, constant_values)


def zeros_like(input: Any, dtype: Any = None, name: str | None = None, layout: Any = None) -> Tensor:
    """Returns zeros of the same shape; see `tf.zeros_like`."""
    return filling.zeros_like(input, dtype, name)


def ones_like(input: Any, dtype: Any = None, name: str | None = None, layout: Any = None) -> Tensor:
    """Returns ones of the same shape; see `tf.ones_like`."""
    return filling.ones_like(input, dtype, name)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Tensor:
    """Returns a constant; a value of one element fills the shape. See `tf.constant`."""
    return constants.constant(value, dtype, shape, name)


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Tensor:
    """Returns a value as a tensor; see `tf.convert_to_tensor`."""
    return convert.convert_to_tensor(value, dtype, name, dtype_hint)


def norm(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool | None = None, name: str | None = None
) -> Tensor:
    """Returns the norm of vectors or matrices; see `tf.norm`."""
    return linear_algebra.norm(tensor, ord, axis, keepdims, name)


def cond(pred: Any, true_fn: Any = None, false_fn: Any = None, name: str | None = None) -> Any:
    """Calls one of two functions; a single result is no list. See `tf.cond`."""
    return branches.cond(pred, true_fn, false_fn, name=name)


class name_scope(_name_scope):
    """Opens a name scope.

    Args:
      name: Its name.
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise ValueError("name for name_scope must be a string.")
        super().__init__(name)

    @property
    def name(self) -> str:
        """The name that was given."""
        return str(self._name)


# ------------------------------------------------------------------------------------------------- neural networks


def softmax(logits: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """Returns probabilities, along the last axis by default; see `tf.nn.softmax`."""
    return softmaxes.softmax(logits, -1 if axis is None else axis, name)


def log_softmax(logits: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """Returns logarithms of probabilities, along the last axis by default; see `tf.nn.log_softmax`."""
    return softmaxes.log_softmax(logits, -1 if axis is None else axis, name)


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1, name: str | None = None) -> Tensor:
    """Returns cross entropies, with a gradient for the labels too; see `softmax_cross_entropy_with_logits_v2`."""
    return cross_entropy.softmax_cross_entropy_with_logits_v2(labels, logits, axis, name)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Tensor:
    """Returns cross entropies of classes; see `tf.nn.sparse_softmax_cross_entropy_with_logits`."""
    return cross_entropy.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name=name)


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Tensor:
    """Returns cross entropies of independent classes; see `tf.nn.sigmoid_cross_entropy_with_logits`."""
    return cross_entropy.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name=name)


def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: int | None = None, name: str | None = None) -> Tensor:
    """Sets a part of the elements to zero, and scales the others; see `tf.nn.dropout`."""
    return dropouts.dropout(x, rate=rate, noise_shape=noise_shape, seed=seed, name=name)


def max_pool(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """Returns the largest element of each window; see `tf.nn.max_pool_v2`."""
    return pooling.max_pool_v2(input, ksize, strides, padding, data_format, name)


def avg_pool(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """Returns the mean of each window; see `tf.nn.avg_pool_v2`."""
    return pooling.avg_pool_v2(input, ksize, strides, padding, data_format, name)


def conv2d(
    input: Any,
    filters: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Convolves images; see `tf.nn.conv2d`."""
    return convolutions.conv2d(
        input, filters, strides, padding, data_format=data_format, dilations=[1, 1, 1, 1] if dilations is None
        else dilations, name=name,
    )  # fmt: skip


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Convolves each channel by itself; see `tf.nn.depthwise_conv2d`."""
    return depthwise.depthwise_conv2d(
        input, filter, strides, padding, rate=dilations, name=name, data_format=data_format
    )
