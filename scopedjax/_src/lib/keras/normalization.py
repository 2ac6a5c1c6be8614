"""Keras' batch and layer normalisation."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import constraints, initializers, regularizers
from scopedjax._src.lib.keras.layer import Layer
from scopedjax._src.lib.layers import normalization as shared
from scopedjax._src.ops.array.shapes import reshape
from scopedjax._src.ops.nn.moments import moments
from scopedjax._src.ops.nn.normalization import batch_normalization


class BatchNormalization(shared.BatchNormalization, Layer):
    """Normalises by the moments of the batch in the learning phase, else by their moving averages.

    Args:
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
      renorm: Not available.
      renorm_clipping: Not available.
      renorm_momentum: Not used.
      fused: Whether to take the fused op: True, False, or None for where it can be.
      trainable: Whether beta and gamma are for training.
      virtual_batch_size: Not available.
      adjustment: Not available.
      name: Name of the layer.
      **kwargs: As for `Layer`.

    >>> layer = tf.keras.layers.BatchNormalization()
    >>> y = layer(tf.zeros([2, 3]))
    >>> [v.name[20:] for v in layer.weights]
    ['gamma:0', 'beta:0', 'moving_mean:0', 'moving_variance:0']
    """

    supports_masking = True

    def __init__(
        self,
        axis: Any = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
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
        super().__init__(
            axis, momentum, epsilon, center, scale, initializers.get(beta_initializer),
            initializers.get(gamma_initializer), initializers.get(moving_mean_initializer),
            initializers.get(moving_variance_initializer), regularizers.get(beta_regularizer),
            regularizers.get(gamma_regularizer), constraints.get(beta_constraint), constraints.get(gamma_constraint),
            renorm, renorm_clipping, renorm_momentum, fused, trainable, virtual_batch_size, adjustment, name, **kwargs,
        )  # fmt: skip

    def call(self, inputs: Any, training: Any = None) -> Tensor:
        """Normalises; records the updates where `training` may be true."""
        return super().call(inputs, training=training)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the layer from again."""
        config = super().get_config()
        left_out = ["fused", "virtual_batch_size", "adjustment"]
        if not config.get("renorm"):
            left_out += ["renorm", "renorm_clipping", "renorm_momentum"]
        return {k: v for k, v in config.items() if k not in left_out}


class LayerNormalization(Layer):
    """Normalises each element of the batch by its own moments (Ba, Kiros and Hinton 2016).

    Args:
      axis: Axis or axes over which moments are taken, and that beta and gamma have.
      epsilon: Added to the variance.
      center: Whether to add `beta`.
      scale: Whether to multiply by `gamma`.
      beta_initializer: Initializer of beta.
      gamma_initializer: Initializer of gamma.
      beta_regularizer: Function of beta whose result is a loss.
      gamma_regularizer: Function of gamma whose result is a loss.
      beta_constraint: Function of beta, applied after an update.
      gamma_constraint: Function of gamma, applied after an update.
      trainable: Whether beta and gamma are for training.
      name: Name of the layer.
      **kwargs: As for `Layer`.

    >>> layer = tf.keras.layers.LayerNormalization()
    >>> layer(tf.zeros([2, 3])).shape.as_list(), [v.name for v in layer.weights]
    ([2, 3], ['layer_normalization/gamma:0', 'layer_normalization/beta:0'])
    """

    supports_masking = True

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        self.axis: Any = list(axis) if isinstance(axis, (list, tuple)) else axis
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma: Any = None
        self.beta: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes gamma and beta."""
        dims = TensorShape(input_shape).as_list()
        self.axis = [a % len(dims) for a in nest.flatten(self.axis)]
        shape = [dims[a] for a in self.axis]
        if self.scale:
            self.gamma = self.add_weight(
                "gamma", shape, initializer=self.gamma_initializer, regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )  # fmt: skip
        if self.center:
            self.beta = self.add_weight(
                "beta", shape, initializer=self.beta_initializer, regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )  # fmt: skip
        self.built = True

    def call(self, inputs: Any) -> Tensor:
        """Normalises."""
        mean, variance = moments(inputs, self.axis, keep_dims=True)
        offset, scale = self._spread(self.beta, inputs), self._spread(self.gamma, inputs)
        outputs = batch_normalization(inputs, mean, variance, offset, scale, self.epsilon)
        outputs.set_shape(inputs.shape)
        return outputs

    def _spread(self, vector: Any, inputs: Any) -> Any:
        dims = inputs.shape.as_list()
        if vector is None or self.axis == [len(dims) - 1]:
            return vector
        return reshape(vector, [d if i in self.axis else 1 for i, d in enumerate(dims)])
