"""Batch normalisation with moving averages.

    training    moments of the batch normalise; two updates of the moving averages go into UPDATE_OPS
    inference   the moving averages normalise

    moving -= (1 - momentum) * (moving - batch)

The updates run only if the program asks for them: `with tf.control_dependencies(tf.get_collection(UPDATE_OPS))` around
the train op, as in TF1. Images (rank 4, one axis) take the fused op, whose moving variance is a sample's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import constraints, initializers, regularizers
from scopedjax._src.lib.layers.arguments import either, known_condition, read
from scopedjax._src.lib.layers.base import InputSpec, Layer
from scopedjax._src.lib.layers.renormalization import add_variables, checked_clipping, composed, correction
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like, zeros_like
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import reshape
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.elementwise import sqrt
from scopedjax._src.ops.math.reductions import reduce_mean
from scopedjax._src.ops.nn.activations import relu
from scopedjax._src.ops.nn.moments import moments
from scopedjax._src.ops.nn.normalization import batch_normalization as nn_batch_normalization
from scopedjax._src.ops.nn.normalization import fused_batch_norm
from scopedjax._src.variables.assignment import assign, assign_sub
from scopedjax._src.variables.initializers import Ones, Zeros


class BatchNormalization(Layer):
    """Normalises by the moments of the batch, or by their moving averages (Ioffe and Szegedy 2015).

    Args:
      axis: Axis (or axes) of the channels, which have moments of their own.
      momentum: Share of the old moving average in the new.
      epsilon: Added to the variance.
      center: Whether to add `beta`.
      scale: Whether to multiply by `gamma`.
      beta_initializer: Initializer of beta.
      gamma_initializer: Initializer of gamma.
      moving_mean_initializer: Initializer of the moving mean.
      moving_variance_initializer: Initializer of the moving variance.
      beta_regularizer: Function of beta whose result is a loss.
      gamma_regularizer: Function of gamma whose result is a loss.
      beta_constraint: Function of beta, applied after an update.
      gamma_constraint: Function of gamma, applied after an update.
      renorm: Whether to renormalise (Ioffe, 2017).
      renorm_clipping: Dict of the bounds "rmin", "rmax" and "dmax" of the correction.
      renorm_momentum: Share of the old in the new moving averages of renormalisation.
      fused: Whether to take the fused op: True, False, or None for where it can be.
      trainable: Whether beta and gamma are for training.
      virtual_batch_size: Size of the parts of a batch of which each has its own moments while training.
      adjustment: Function of the inputs' shape that returns (scale, bias), applied while training, before gamma and
        beta.
      name: Name of the layer.
      **kwargs: As for `Layer`.

    Raises:
      ValueError: options contradict each other, or the size of an axis of channels is not known.

    >>> layer = tf.layers.BatchNormalization()
    >>> layer(tf.zeros([2, 3]), training=True).shape.as_list(), [v.name for v in layer.trainable_variables]
    ([2, 3], ['batch_normalization/gamma:0', 'batch_normalization/beta:0'])
    """

    def __init__(
        self,
        axis: Any = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = Zeros(),
        gamma_initializer: Any = Ones(),
        moving_mean_initializer: Any = Zeros(),
        moving_variance_initializer: Any = Ones(),
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: Any = None,
        adjustment: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        self.renorm = renorm
        self.renorm_clipping = checked_clipping(renorm_clipping)
        self.renorm_momentum = renorm_momentum
        self.virtual_batch_size = virtual_batch_size
        self.adjustment = adjustment
        self.axis: Any = list(axis) if isinstance(axis, (list, tuple)) else axis
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        # The fused op can do none of these; TF1 passes over `fused=True` then.
        self.fused: bool | None = False if renorm or virtual_batch_size or adjustment else fused
        self.gamma: Any = None
        self.beta: Any = None
        self.moving_mean: Any = None
        self.moving_variance: Any = None
        self.moving_stddev: Any = None
        self.renorm_mean: Any = None
        self.renorm_stddev: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes gamma, beta and the moving averages."""
        given = TensorShape(input_shape)
        if given.ndims is None:
            raise ValueError(f"Input has undefined rank. Received: input_shape={given}.")
        dims = given.as_list()
        axes = self._positive_axes(dims)
        for axis in axes:
            if dims[axis] is None:
                raise ValueError(
                    "Input has undefined `axis` dimension. Received input with shape "
                    f"{tuple(dims)} and axis={tuple(axes)}"
                )
        self._check_virtual(axes)
        if self.fused is None:
            self.fused = len(dims) == 4 and axes in ([1], [3])
        elif self.fused and not (len(dims) == 4 and axes in ([1], [3])):
            raise ValueError(
                "Unsupported axis. The use of `fused=True` is only possible with `axis=1` or `axis=3` for 4D input "
                f"tensors. Received: axis={tuple(axes)}"
            )
        self.axis = axes
        self.input_spec = InputSpec(ndim=len(dims), axes={a: dims[a] for a in axes})
        shape = [dims[a] for a in axes] if len(axes) == 1 else self._broadcast_dims(dims)
        if self.virtual_batch_size is not None:
            shape = self._broadcast_dims(dims)
            shape.insert(1, 1)
            self.axis = [a + 1 for a in axes]  # behind the axis of the parts
        self._add_variables(shape)
        self.built = True

    def _check_virtual(self, axes: Sequence[int]) -> None:
        if self.virtual_batch_size is None:
            return
        if self.virtual_batch_size <= 0:
            raise ValueError(
                "`virtual_batch_size` must be a positive integer that divides the true batch size of the input tensor. "
                f"Received: virtual_batch_size={self.virtual_batch_size}"
            )
        if 0 in axes:
            raise ValueError(
                "When using `virtual_batch_size`, the batch dimension must be 0 and thus axis cannot include 0. "
                f"Received axis={list(axes)}"
            )
        if self.adjustment is not None:
            raise ValueError("When using `virtual_batch_size`, adjustment cannot be specified")

    def _positive_axes(self, dims: Sequence[Any]) -> list[int]:
        given = self.axis if isinstance(self.axis, list) else [self.axis]
        axes = [a + len(dims) if a < 0 else a for a in given]
        if any(not 0 <= a < len(dims) for a in axes):
            raise ValueError(
                "Invalid value for `axis` argument. Expected 0 <= axis < inputs.rank (with "
                f"inputs.rank={len(dims)}). Received: axis={tuple(axes)}"
            )
        if len(set(axes)) != len(axes):
            raise ValueError(f"Duplicate axis: {tuple(axes)}")
        return axes

    def _broadcast_dims(self, dims: Sequence[Any]) -> list[Any]:
        return [d if i in self.axis else 1 for i, d in enumerate(dims)]

    def _add_variables(self, shape: Sequence[Any]) -> None:
        half = self._dtype in (dtypes.float16, dtypes.bfloat16)
        dtype = dtypes.float32 if half or self._dtype is None else self._dtype
        if self.scale:
            self.gamma = self.add_weight(
                "gamma", shape, dtype, self.gamma_initializer, self.gamma_regularizer, constraint=self.gamma_constraint
            )
        if self.center:
            self.beta = self.add_weight(
                "beta", shape, dtype, self.beta_initializer, self.beta_regularizer, constraint=self.beta_constraint
            )
        # A scope's partitioner cuts kernels, not the vectors that an update must find whole.
        self.moving_mean = self.add_weight("moving_mean", shape, dtype, self.moving_mean_initializer, trainable=False)
        self.moving_variance = self.add_weight(
            "moving_variance", shape, dtype, self.moving_variance_initializer, trainable=False
        )
        if self.renorm:
            add_variables(self, shape, dtype)

    def call(self, inputs: Any, training: Any = False, mask: Any = None) -> Tensor:
        """Normalises; records the updates where `training` may be true. `mask` is not used."""
        if self.fused:
            return self._fused(inputs, training)
        if self.virtual_batch_size is None:
            return self._composed(inputs, training)
        whole = concat([constant([-1]), shape_of(inputs)[1:]], 0)
        parts = concat([constant([self.virtual_batch_size, -1]), whole[1:]], 0)
        rest = inputs.shape.as_list()[1:]
        parted = reshape(inputs, parts)
        parted.set_shape([self.virtual_batch_size, None, *rest])
        outputs = reshape(self._composed(parted, training), whole)
        outputs.set_shape(inputs.shape)
        return outputs

    # The fused op --------------------------------------------------------------------------------------------------

    def _fused(self, inputs: Tensor, training: Any) -> Tensor:
        dtype = self.moving_mean.dtype.base_dtype
        width = [self.moving_mean.get_shape().as_list()[0]]
        layout = "NCHW" if self.axis == [1] else "NHWC"
        scale = self.gamma if self.scale else constant(1.0, dtype=dtype, shape=width)
        offset = self.beta if self.center else constant(0.0, dtype=dtype, shape=width)

        def normalized(in_training: bool) -> list[Tensor]:
            outputs = fused_batch_norm(
                inputs,
                scale,
                offset,
                mean=self.moving_mean,
                variance=self.moving_variance,
                epsilon=self.epsilon,
                is_training=in_training,
                data_format=layout,
            )
            return list(outputs)

        output, mean, variance = either(training, lambda: normalized(True), lambda: normalized(False))
        known = known_condition(training)
        if known is None or known:
            momentum = self._momentum_when(training)
            self.add_update(self._moving_average(self.moving_mean, mean, momentum).op)
            self.add_update(self._moving_average(self.moving_variance, variance, momentum).op)
        return output

    def _momentum_when(self, training: Any) -> Tensor:
        """The momentum; one, which leaves the averages alone, while not training."""
        return either(training, lambda: constant(self.momentum), lambda: constant(1.0))

    def _moving_average(self, variable: Any, value: Tensor, momentum: Any) -> Any:
        with stacks.get_default_graph().name_scope("AssignMovingAvg") as scope:
            if isinstance(momentum, Tensor):
                decay: Any = apply_op("Sub", 1.0, momentum, name="sub")
                if decay.dtype.base_dtype is not variable.dtype.base_dtype:
                    decay = cast(decay, variable.dtype.base_dtype)
            else:
                decay = convert_to_tensor(1.0 - momentum, name="decay", dtype=variable.dtype.base_dtype)
            distance = apply_op("Sub", variable, cast(value, variable.dtype.base_dtype), name="sub")
            return assign_sub(variable, apply_op("Mul", distance, decay, name="mul"), name=scope)

    # Node by node --------------------------------------------------------------------------------------------------

    def _composed(self, inputs: Tensor, training: Any) -> Tensor:
        scale, offset = self._spread(self.gamma, inputs), self._spread(self.beta, inputs)
        if known_condition(training) is False:
            mean, variance = self.moving_mean, self.moving_variance
        else:
            mean, variance, scale, offset = self._trained(inputs, training, scale, offset)
        dtype = inputs.dtype.base_dtype
        mean, variance, offset, scale = (
            v if v is None else cast(convert_to_tensor(v), dtype) for v in (mean, variance, offset, scale)
        )
        outputs = nn_batch_normalization(
            inputs, self._spread(mean, inputs), self._spread(variance, inputs), offset, scale, self.epsilon
        )
        outputs.set_shape(inputs.shape)
        return outputs

    def _trained(self, inputs: Tensor, training: Any, scale: Any, offset: Any) -> tuple[Any, Any, Any, Any]:
        """Moments, scale and offset where the batch's own moments may normalise; adds the updates."""
        virtual = self.virtual_batch_size is not None
        if self.adjustment is not None:
            more = self.adjustment(shape_of(inputs))
            first = either(training, lambda: more[0], lambda: ones_like(more[0]))
            second = either(training, lambda: more[1], lambda: zeros_like(more[1]))
            scale, offset = composed(first, second, scale, offset)
        axes = [i for i in range(len(inputs.shape.as_list())) if i not in self.axis]
        if virtual:
            del axes[1]  # each part has moments of its own
        batch = moments(inputs, axes, keep_dims=virtual or len(self.axis) > 1)
        mean = either(training, lambda: batch[0], lambda: convert_to_tensor(self.moving_mean))
        variance = either(training, lambda: batch[1], lambda: convert_to_tensor(self.moving_variance))
        new_mean, new_variance = mean, variance
        if virtual:
            new_mean, new_variance = (reduce_mean(v, 1, keepdims=True) for v in (mean, variance))
        if self.renorm:
            r, d, new_mean, new_variance = correction(self, new_mean, new_variance, training)
            scale, offset = composed(self._spread(r, inputs), self._spread(d, inputs), scale, offset)
        self.add_update(self._updated(training, new_mean, lambda: self.advance(self.moving_mean, new_mean).op))
        self.add_update(self._updated(training, new_variance, lambda: self._advance_variance(new_variance)))
        return mean, variance, scale, offset

    def _advance_variance(self, value: Tensor) -> Any:
        if not self.renorm:
            return self.advance(self.moving_variance, value).op
        stddev = self.advance(self.moving_stddev, sqrt(value + self.epsilon))
        return assign(self.moving_variance, relu(stddev * stddev - self.epsilon)).op

    def advance(self, variable: Any, value: Tensor, momentum: Any = None) -> Any:
        """Records the step of a moving average; returns the variable afterwards."""
        return self._moving_average(variable, value, self.momentum if momentum is None else momentum)

    def _updated(self, training: Any, value: Tensor, advanced: Callable[[], Any]) -> Any:
        if known_condition(training):
            return advanced()
        graph = stacks.get_default_graph()

        def in_branch() -> Tensor:
            with graph.control_dependencies([advanced()]):
                return read(value)

        return either(training, in_branch, lambda: read(value)).op

    def _spread(self, vector: Any, inputs: Tensor) -> Any:
        """A vector of channels in the shape that broadcasts with the inputs."""
        dims = inputs.shape.as_list()
        last = self.axis == [len(dims) - 1]
        if vector is None or last or len(vector.get_shape().as_list()) == len(dims):
            return vector
        return reshape(vector, self._broadcast_dims(dims))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the input's shape."""
        return input_shape


def batch_normalization(
    inputs: Any,
    axis: Any = -1,
    momentum: float = 0.99,
    epsilon: float = 0.001,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = Zeros(),
    gamma_initializer: Any = Ones(),
    moving_mean_initializer: Any = Zeros(),
    moving_variance_initializer: Any = Ones(),
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: Any = False,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_momentum: float = 0.99,
    fused: bool | None = None,
    virtual_batch_size: Any = None,
    adjustment: Any = None,
) -> Tensor:
    """Applies a new batch normalisation; its updates of the moving averages wait in UPDATE_OPS.

    Args:
      inputs: Floating tensor.
      axis: Axis (or axes) of the channels.
      momentum: Share of the old moving average in the new.
      epsilon: Added to the variance.
      center: Whether to add `beta`.
      scale: Whether to multiply by `gamma`.
      beta_initializer: Initializer of beta.
      gamma_initializer: Initializer of gamma.
      moving_mean_initializer: Initializer of the moving mean.
      moving_variance_initializer: Initializer of the moving variance.
      beta_regularizer: Function of beta whose result is a loss.
      gamma_regularizer: Function of gamma whose result is a loss.
      beta_constraint: Function of beta, applied after an update.
      gamma_constraint: Function of gamma, applied after an update.
      training: Whether the batch's own moments normalise: a bool or a scalar bool tensor.
      trainable: Whether beta and gamma are for training.
      name: Name of the layer and of its variable scope.
      reuse: Whether to share the variables of an earlier layer of the same name.
      renorm: Whether to renormalise (Ioffe, 2017).
      renorm_clipping: Dict of the bounds "rmin", "rmax" and "dmax" of the correction.
      renorm_momentum: Share of the old in the new moving averages of renormalisation.
      fused: Whether to take the fused op; None for where it can be.
      virtual_batch_size: Size of the parts of a batch of which each has its own moments while training.
      adjustment: Function of the inputs' shape that returns (scale, bias), applied while training, before gamma and
        beta.

    Returns:
      Tensor of the shape of `inputs`.

    Raises:
      ValueError: options contradict each other, or the size of an axis of channels is not known.

    >>> y = tf.layers.batch_normalization(tf.zeros([2, 3]), training=True)
    >>> [op.name for op in tf.get_collection(tf.GraphKeys.UPDATE_OPS)]
    ['batch_normalization/AssignMovingAvg', 'batch_normalization/AssignMovingAvg_1']
    """
    layer = BatchNormalization(
        axis, momentum, epsilon, center, scale, beta_initializer, gamma_initializer, moving_mean_initializer,
        moving_variance_initializer, beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint, renorm,
        renorm_clipping, renorm_momentum, fused, trainable, virtual_batch_size, adjustment, name=name, _reuse=reuse,
        _scope=name,
    )  # fmt: skip
    return layer.apply(inputs, training=training)
