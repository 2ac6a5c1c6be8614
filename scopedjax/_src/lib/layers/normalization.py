"""Batch normalisation with moving averages.

    training    moments of the batch normalise; two updates of the moving averages go into UPDATE_OPS
    inference   the moving averages normalise

    moving -= (1 - momentum) * (moving - batch)

The updates run only if the program asks for them: `with tf.control_dependencies(tf.get_collection(UPDATE_OPS))` around
the train op, as in TF1. Images (rank 4, one axis) take the fused op, whose moving variance is a sample's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.layers.arguments import either, known_condition, read
from scopedjax._src.lib.layers.base import InputSpec, Layer
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.shapes import reshape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.nn.moments import moments
from scopedjax._src.ops.nn.normalization import batch_normalization as nn_batch_normalization
from scopedjax._src.ops.nn.normalization import fused_batch_norm
from scopedjax._src.variables.assignment import assign_sub
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
      renorm: Batch renormalisation: not available.
      renorm_clipping: Not available.
      renorm_momentum: Not used.
      fused: Whether to take the fused op: True, False, or None for where it can be.
      trainable: Whether beta and gamma are for training.
      virtual_batch_size: Not available.
      adjustment: Not available.
      name: Name of the layer.
      **kwargs: As for `Layer`.

    Raises:
      NotImplementedError: `renorm`, `virtual_batch_size` or `adjustment` is asked for.

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
        for option, value in (
            ("renorm", renorm),
            ("virtual_batch_size", virtual_batch_size),
            ("adjustment", adjustment),
        ):
            if value:
                raise NotImplementedError(
                    f"tf.layers.batch_normalization({option}={value!r}) is not available in scopedjax; leave it "
                    "out, or build it from tf.nn.moments and tf.nn.batch_normalization"
                )
        self.axis: Any = list(axis) if isinstance(axis, (list, tuple)) else axis
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = beta_initializer
        self.gamma_initializer = gamma_initializer
        self.moving_mean_initializer = moving_mean_initializer
        self.moving_variance_initializer = moving_variance_initializer
        self.beta_regularizer = beta_regularizer
        self.gamma_regularizer = gamma_regularizer
        self.beta_constraint = beta_constraint
        self.gamma_constraint = gamma_constraint
        self.fused = fused
        self.gamma: Any = None
        self.beta: Any = None
        self.moving_mean: Any = None
        self.moving_variance: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes gamma, beta and the moving averages."""
        shape = TensorShape(input_shape)
        if shape.ndims is None:
            raise ValueError(f"Input has undefined rank. Received: input_shape={shape}.")
        dims = shape.as_list()
        axes = self._positive_axes(dims)
        for axis in axes:
            if dims[axis] is None:
                raise ValueError(
                    "Input has undefined `axis` dimension. Received input with shape "
                    f"{tuple(dims)} and axis={tuple(axes)}"
                )
        if self.fused is None:
            self.fused = len(dims) == 4 and axes in ([1], [3])
        elif self.fused and not (len(dims) == 4 and axes in ([1], [3])):
            raise ValueError(
                "Unsupported axis. The use of `fused=True` is only possible with `axis=1` or `axis=3` for 4D input "
                f"tensors. Received: axis={tuple(axes)}"
            )
        self.axis = axes
        self.input_spec = InputSpec(ndim=len(dims), axes={a: dims[a] for a in axes})
        self._add_variables([dims[a] for a in axes] if len(axes) == 1 else self._broadcast_dims(dims))
        self.built = True

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

    def call(self, inputs: Any, training: Any = False, mask: Any = None) -> Tensor:
        """Normalises; records the updates where `training` may be true. `mask` is not used."""
        if self.fused:
            return self._fused(inputs, training)
        return self._composed(inputs, training)

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
            self.add_update(self._moving_average(self.moving_mean, mean, momentum))
            self.add_update(self._moving_average(self.moving_variance, variance, momentum))
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
            return assign_sub(variable, apply_op("Mul", distance, decay, name="mul"), name=scope).op

    # Node by node --------------------------------------------------------------------------------------------------

    def _composed(self, inputs: Tensor, training: Any) -> Tensor:
        rank = len(inputs.shape.as_list())
        scale, offset = self._spread(self.gamma, inputs), self._spread(self.beta, inputs)
        known = known_condition(training)
        if known is False:
            mean, variance = self.moving_mean, self.moving_variance
        else:
            axes = [i for i in range(rank) if i not in self.axis]
            mean, variance = moments(inputs, axes, keep_dims=len(self.axis) > 1)
            batch = mean, variance
            mean = either(training, lambda: batch[0], lambda: convert_to_tensor(self.moving_mean))
            variance = either(training, lambda: batch[1], lambda: convert_to_tensor(self.moving_variance))
            for variable, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                self.add_update(self._updated(training, variable, value))
        dtype = inputs.dtype.base_dtype
        mean, variance, offset, scale = (
            v if v is None else cast(convert_to_tensor(v), dtype) for v in (mean, variance, offset, scale)
        )
        outputs = nn_batch_normalization(
            inputs, self._spread(mean, inputs), self._spread(variance, inputs), offset, scale, self.epsilon
        )
        outputs.set_shape(inputs.shape)
        return outputs

    def _updated(self, training: Any, variable: Any, value: Tensor) -> Any:
        def advanced() -> Any:
            return self._moving_average(variable, value, self.momentum)

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
      renorm: Not available.
      renorm_clipping: Not available.
      renorm_momentum: Not used.
      fused: Whether to take the fused op; None for where it can be.
      virtual_batch_size: Not available.
      adjustment: Not available.

    Returns:
      Tensor of the shape of `inputs`.

    Raises:
      ValueError: the size of an axis of channels is not known.
      NotImplementedError: `renorm`, `virtual_batch_size` or `adjustment` is asked for.

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
