"""`tf.ConditionalAccumulator` and its sparse kin: gradients of several threads, taken together.

total = tf.ConditionalAccumulator(tf.float32, shape=[2])
put = total.apply_grad(grads, local_step=step)      run by each worker's thread
mean = total.take_grad(4)                           waits for four of them
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.math.casting import cast


class ConditionalAccumulatorBase:
    """What dense and sparse accumulators have in common.

    Args:
      dtype: dtype of the gradients.
      shape: Their shape, or None.
      accumulator_ref: The handle: output of the node that owns the gradients.
    """

    def __init__(self, dtype: Any, shape: Any, accumulator_ref: Any) -> None:
        self._dtype = dtype
        self._shape = TensorShape(None) if shape is None else TensorShape(shape)
        self._accumulator_ref = accumulator_ref
        self._name = accumulator_ref.op.name.split("/")[-1]
        self._prefix = "Resource" if accumulator_ref.dtype is dtypes.resource else ""

    @property
    def accumulator_ref(self) -> Any:
        """The handle."""
        return self._accumulator_ref

    @property
    def name(self) -> str:
        """The name of the node that owns the gradients, without its scope."""
        return self._name

    @property
    def dtype(self) -> Any:
        """The dtype of the gradients."""
        return self._dtype

    def num_accumulated(self, name: str | None = None) -> Tensor:
        """Returns how many gradients there are, as an int32 scalar.

        Args:
          name: Node name.
        """
        name = name or f"{self._name}_NumAccumulated"
        return apply_op(f"{self._prefix}AccumulatorNumAccumulated", self._accumulator_ref, name=name)

    def set_global_step(self, new_global_step: Any, name: str | None = None) -> Operation:
        """Returns a node that sets the current step: gradients of earlier steps are left out.

        Args:
          new_global_step: Integer scalar.
          name: Node name.
        """
        step = cast(convert_to_tensor(new_global_step), dtypes.int64)
        return apply_op(f"{self._prefix}AccumulatorSetGlobalStep", self._accumulator_ref, step, name=name)


class ConditionalAccumulator(ConditionalAccumulatorBase):
    """Adds up dense gradients that are not late, and gives their mean or sum when there are enough.

    Args:
      dtype: dtype of the gradients.
      shape: Their shape, or None.
      shared_name: Name under which several nodes of a session share one accumulator.
      name: Node name.
      reduction_type: "MEAN" or "SUM".

    Raises:
      ValueError: another reduction.

    >>> total = tf.ConditionalAccumulator(tf.float32, shape=[2])
    >>> put, mean = total.apply_grad([1.0, 2.0]), total.take_grad(2)
    >>> with tf.Session() as session:
    ...     session.run(put)
    ...     session.run(put)
    ...     print(session.run(mean).tolist())
    [1.0, 2.0]
    """

    def __init__(
        self,
        dtype: Any,
        shape: Any = None,
        shared_name: str | None = None,
        name: str = "conditional_accumulator",
        reduction_type: str = "MEAN",
    ) -> None:
        ref = apply_op(
            "ResourceConditionalAccumulator", dtype=dtype, shape=TensorShape(shape), shared_name=shared_name or "",
            reduction_type=reduction_type, name=name,
        )  # fmt: skip
        super().__init__(dtypes.as_dtype(dtype), shape, ref)

    def apply_grad(self, grad: Any, local_step: Any = 0, name: str | None = None) -> Operation:
        """Returns a node that adds a gradient, unless it is late.

        Args:
          grad: Tensor of the accumulator's shape.
          local_step: Step of which it is the gradient.
          name: Node name.

        Raises:
          ValueError: another shape.
        """
        gradient = convert_to_tensor(grad, self._dtype)
        gradient.get_shape().assert_is_compatible_with(self._shape)
        step = cast(convert_to_tensor(local_step), dtypes.int64)
        return apply_op(f"{self._prefix}AccumulatorApplyGradient", self._accumulator_ref, step, gradient, name=name)

    def take_grad(self, num_required: Any, name: str | None = None) -> Tensor:
        """Returns the mean (or sum) of the gradients; its run waits for `num_required` of them and starts anew.

        Args:
          num_required: How many: positive int32 scalar.
          name: Node name.
        """
        found = apply_op(
            f"{self._prefix}AccumulatorTakeGradient", self._accumulator_ref, num_required, dtype=self._dtype, name=name
        )
        found.set_shape(self._shape)
        return found


class SparseConditionalAccumulator(ConditionalAccumulatorBase):
    """Adds up gradients that are given as rows with indices; a row's mean is over the gradients that have it.

    Args:
      dtype: dtype of the gradients.
      shape: Their shape, or None.
      shared_name: Name under which several nodes of a session share one accumulator.
      name: Node name.
      reduction_type: "MEAN" or "SUM".

    Raises:
      ValueError: another reduction.

    >>> total = tf.SparseConditionalAccumulator(tf.float32, shape=[4, 1])
    >>> put, mean = total.apply_grad([0, 2], [[1.0], [3.0]]), total.take_indexed_slices_grad(1)
    >>> with tf.Session() as session:
    ...     session.run(put)
    ...     print(session.run(mean.indices).tolist())
    [0, 2]
    """

    def __init__(
        self,
        dtype: Any,
        shape: Any = None,
        shared_name: str | None = None,
        name: str = "sparse_conditional_accumulator",
        reduction_type: str = "MEAN",
    ) -> None:
        ref = apply_op(
            "SparseConditionalAccumulator", dtype=dtype, shape=TensorShape(shape), shared_name=shared_name or "",
            reduction_type=reduction_type, name=name,
        )  # fmt: skip
        super().__init__(dtypes.as_dtype(dtype), shape, ref)

    def apply_indexed_slices_grad(self, grad: IndexedSlices, local_step: Any = 0, name: str | None = None) -> Operation:
        """Returns a node that adds a gradient, unless it is late.

        Args:
          grad: `tf.IndexedSlices`.
          local_step: Step of which it is the gradient.
          name: Node name.
        """
        return self.apply_grad(grad.indices, grad.values, grad.dense_shape, local_step, name)

    def apply_grad(
        self, grad_indices: Any, grad_values: Any, grad_shape: Any = None, local_step: Any = 0, name: str | None = None
    ) -> Operation:
        """Returns a node that adds a gradient given by its parts, unless it is late.

        Args:
          grad_indices: Integer tensor `[k]`, in order.
          grad_values: Tensor `[k, ...]`.
          grad_shape: Shape of the whole, or None.
          local_step: Step of which it is the gradient.
          name: Node name.

        Raises:
          InvalidArgumentError: (when run) the shapes do not fit.
        """
        step = cast(convert_to_tensor(local_step), dtypes.int64)
        indices = cast(grad_indices, dtypes.int64)
        sizes = cast(np.zeros([0], np.float32) if grad_shape is None else grad_shape, dtypes.int64)
        return apply_op(
            "SparseAccumulatorApplyGradient", self._accumulator_ref, step, indices,
            grad_values, sizes, dtype=self._dtype,
            has_known_shape=grad_shape is not None, name=name,
        )  # fmt: skip

    def take_grad(self, num_required: Any, name: str | None = None) -> Any:
        """Returns indices, values and shape of the mean (or sum); its run waits for `num_required` gradients.

        Args:
          num_required: How many: positive int32 scalar.
          name: Node name.
        """
        return apply_op(
            "SparseAccumulatorTakeGradient", self._accumulator_ref, num_required, dtype=self._dtype, name=name
        )

    def take_indexed_slices_grad(self, num_required: Any, name: str | None = None) -> IndexedSlices:
        """Returns the mean (or sum) as `tf.IndexedSlices`; its run waits for `num_required` gradients.

        Args:
          num_required: How many: positive int32 scalar.
          name: Node name.
        """
        indices, values, sizes = self.take_grad(num_required, name)
        return IndexedSlices(indices=indices, values=values, dense_shape=sizes)
