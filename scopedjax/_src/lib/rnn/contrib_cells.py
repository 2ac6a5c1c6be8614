"""Cells that TensorFlow 1 kept in `tf.contrib.rnn`: layer normalization inside an LSTM, and the NAS cell.

    LayerNormBasicLSTMCell    i, j, f, o = norm([x, h] kernel)      c' = norm(sigmoid(f + forget_bias) c + ...)
    NASCell                   eight gates in a tree that a search found (Zoph and Le, 2017)

Variables have the names that TensorFlow 1.15 gives them, so its checkpoints can be read.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.rnn.cell import LayerRNNCell, RNNCell
from scopedjax._src.lib.rnn.cells import LSTMStateTuple
from scopedjax._src.ops.array.joining import concat, split
from scopedjax._src.ops.math.elementwise import sigmoid, tanh
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.nn.activations import relu
from scopedjax._src.ops.nn.bias import bias_add
from scopedjax._src.ops.nn.dropout import dropout
from scopedjax._src.ops.nn.moments import moments
from scopedjax._src.ops.nn.normalization import batch_normalization
from scopedjax._src.variables.initializers import Constant, Zeros
from scopedjax._src.variables.scope import get_variable, variable_scope


class LayerNormBasicLSTMCell(RNNCell):
    """LSTM with layer normalization (Ba et al., 2016) and dropout of what is added to the state.

    Args:
      num_units: Number of units.
      forget_bias: Added to the forget gate.
      input_size: Not used.
      activation: Function of the candidate and of the state.
      layer_norm: Whether to normalize.
      norm_gain: What the gains of the normalization start at.
      norm_shift: What the shifts of the normalization start at.
      dropout_keep_prob: Share of the candidate that is kept: a number or a scalar tensor.
      dropout_prob_seed: Seed of the dropout.
      reuse: Whether to share variables that exist in the scope.

    >>> cell = tf.contrib.rnn.LayerNormBasicLSTMCell(4)
    >>> output, state = cell(tf.zeros([2, 3]), cell.zero_state(2, tf.float32))
    >>> [v.op.name for v in tf.trainable_variables()][:2]
    ['layer_norm_basic_lstm_cell/kernel', 'layer_norm_basic_lstm_cell/input/gamma']
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        activation: Any = tanh,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        dropout_prob_seed: int | None = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._activation = activation
        self._forget_bias = forget_bias
        self._keep_prob = dropout_keep_prob
        self._seed = dropout_prob_seed
        self._layer_norm = layer_norm
        self._gain, self._shift = norm_gain, norm_shift

    @property
    def state_size(self) -> LSTMStateTuple:
        """Sizes of `c` and `h`."""
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> int:
        """Number of units."""
        return self._num_units

    def _normalized(self, values: Tensor, scope: str) -> Tensor:
        """Each row with mean 0 and variance 1, times a gain, plus a shift."""
        dtype, width = values.dtype.base_dtype, values.shape.as_list()[-1:]
        with variable_scope(scope):
            gamma = get_variable("gamma", shape=width, initializer=Constant(self._gain), dtype=dtype)
            beta = get_variable("beta", shape=width, initializer=Constant(self._shift), dtype=dtype)
            mean, variance = moments(values, [1], keep_dims=True)
            # contrib's layer_norm divides by the root of the variance alone; this only keeps zero away.
            epsilon = 1e-3 if dtype.name == "float16" else 1e-12
            return batch_normalization(values, mean, variance, beta, gamma, epsilon)

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, LSTMStateTuple]:  # type: ignore[override]
        """Runs one step."""
        c, h = state
        joined = concat([inputs, h], 1)
        dtype, units = joined.dtype.base_dtype, self._num_units
        kernel = get_variable("kernel", [joined.shape.as_list()[-1], 4 * units], dtype=dtype)
        gates = matmul(joined, kernel)
        if not self._layer_norm:
            gates = bias_add(gates, get_variable("bias", [4 * units], dtype=dtype))
        i, j, f, o = split(value=gates, num_or_size_splits=4, axis=1)
        if self._layer_norm:
            i, j = self._normalized(i, "input"), self._normalized(j, "transform")
            f, o = self._normalized(f, "forget"), self._normalized(o, "output")
        candidate = self._activation(j)
        if not isinstance(self._keep_prob, float) or self._keep_prob < 1:
            candidate = dropout(candidate, self._keep_prob, seed=self._seed)
        new_c = c * sigmoid(f + self._forget_bias) + sigmoid(i) * candidate
        if self._layer_norm:
            new_c = self._normalized(new_c, "state")
        new_h = self._activation(new_c) * sigmoid(o)
        return new_h, LSTMStateTuple(new_c, new_h)


class NASCell(LayerRNNCell):
    """The recurrent cell that Neural Architecture Search found (Zoph and Le, 2017).

    Args:
      num_units: Number of units.
      num_proj: Depth of the output, made from the units by a matrix; as many as units, without a matrix, by default.
      use_bias: Whether there is a bias.
      reuse: Whether to share variables that exist in the scope.
      **kwargs: As for `tf.layers.Layer`.

    >>> cell = tf.contrib.rnn.NASCell(4, num_proj=3)
    >>> output, state = cell(tf.zeros([2, 5]), cell.zero_state(2, tf.float32))
    >>> output.shape.as_list(), state.c.shape.as_list()
    ([2, 3], [2, 4])
    """

    def __init__(
        self,
        num_units: int,
        num_proj: int | None = None,
        use_bias: bool = False,
        reuse: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, **kwargs)
        self._num_units, self._num_proj, self._use_bias = num_units, num_proj, use_bias

    @property
    def state_size(self) -> LSTMStateTuple:
        """Sizes of `c` and `h`."""
        return LSTMStateTuple(self._num_units, self.output_size)

    @property
    def output_size(self) -> int:
        """Depth of the output."""
        return self._num_units if self._num_proj is None else self._num_proj

    def build(self, input_shape: Any) -> None:
        """Makes the variables.

        Raises:
          ValueError: the depth of the inputs is not known.
        """
        depth = TensorShape(input_shape).with_rank(2).as_list()[1]
        if depth is None:
            raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
        self._recurrent = self.add_weight("recurrent_kernel", [self.output_size, 8 * self._num_units])
        self._kernel = self.add_weight("kernel", [depth, 8 * self._num_units])
        if self._use_bias:
            self._bias = self.add_weight("bias", [8 * self._num_units], initializer=Zeros())
        if self._num_proj is not None:
            self._projection = self.add_weight("projection_weights", [self._num_units, self._num_proj])
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, LSTMStateTuple]:  # type: ignore[override]
        """Runs one step."""
        c, m = state
        remembered = matmul(m, self._recurrent)
        given = matmul(inputs, self._kernel)
        if self._use_bias:
            remembered = bias_add(remembered, self._bias)
        a = split(axis=1, num_or_size_splits=8, value=given)
        b = split(axis=1, num_or_size_splits=8, value=remembered)
        left = tanh(sigmoid(a[0] + b[0]) * relu(a[1] + b[1]))
        second = tanh(sigmoid(a[2] + b[2]) + relu(a[3] * b[3]))
        third = tanh(tanh(a[4] + b[4]) * sigmoid(a[5] + b[5]))
        right = sigmoid(tanh(a[6] + b[6]) + sigmoid(a[7] + b[7]))
        new_c = tanh(left + c) * second
        output = tanh(new_c * tanh(third + right))
        if self._num_proj is not None:
            output = matmul(output, self._projection)
        return output, LSTMStateTuple(new_c, output)
