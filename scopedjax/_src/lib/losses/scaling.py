"""Losses as one of several replicas sees them: `tf.nn.compute_average_loss`, `scale_regularization_loss`.

A session runs one replica, so the sums are divided by the whole batch and by one.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.dtypes import float32
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.array.shapes import shape
from scopedjax._src.ops.control_flow.checks import assert_integer, assert_non_negative, assert_scalar
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.elementwise import multiply
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.ops.math.special import div_no_nan


def compute_average_loss(per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None) -> Tensor:
    """The sum of the losses of examples, divided by the size of the batch.

    Args:
      per_example_loss: Floating tensor: one loss an example.
      sample_weight: Weights that the losses are multiplied by, of the same shape, or None.
      global_batch_size: Integer scalar: how many examples there are; that of `per_example_loss` by default.

    Returns:
      Scalar tensor; 0 for an empty batch.

    Raises:
      ValueError: the losses are no tensor of at least one dimension, or the size is no scalar.
      TypeError: the size is no integer.
      InvalidArgumentError: the size is negative.

    >>> print(tf.Session().run(tf.nn.compute_average_loss([1.0, 3.0], global_batch_size=4)))
    1.0
    """
    losses = convert_to_tensor(per_example_loss)
    given = losses.dtype
    if global_batch_size is not None:
        assert_scalar(global_batch_size, message="global_batch_size must be scalar.")
        assert_integer(global_batch_size, message="global_batch_size must be an integer.")
        assert_non_negative(global_batch_size, message="global_batch_size must be non-negative.")
    if not given.is_floating:
        losses = cast(losses, float32)
    if sample_weight is not None:
        losses = multiply(losses, cast(convert_to_tensor(sample_weight), losses.dtype))
    if global_batch_size is None:
        if losses.dims is not None and not losses.dims:
            raise ValueError("Invalid value passed for `per_example_loss`. Expected a tensor with at least rank 1.")
        global_batch_size = shape(losses)[0]
    average = div_no_nan(reduce_sum(losses), cast(global_batch_size, losses.dtype))
    return average if given.is_floating else cast(average, given)


def scale_regularization_loss(regularization_loss: Any) -> Tensor:
    """The sum of regularization losses, divided by the number of replicas, which is one.

    Args:
      regularization_loss: Tensor of losses.

    Returns:
      Scalar tensor.

    >>> print(tf.Session().run(tf.nn.scale_regularization_loss([1.0, 3.0])))
    4.0
    """
    return reduce_sum(regularization_loss) / 1.0
