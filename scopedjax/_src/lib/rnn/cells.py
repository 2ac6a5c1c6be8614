"""The cells that TF1 comes with: `BasicRNNCell`, `GRUCell`, `BasicLSTMCell`, `LSTMCell`.

    [x, h] --- kernel, bias ---> i, j, f, o          c' = sigmoid(f + forget_bias) c + sigmoid(i) tanh(j)
                                                     h' = sigmoid(o) tanh(c')

Each keeps the weights for the inputs and for the state in one matrix (first the rows for the inputs), and those of
the gates side by side, in the order that TF1's checkpoints have.
"""

from __future__ import annotations

import warnings
from collections import namedtuple
from typing import Any

from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.layers.base import InputSpec
from scopedjax._src.lib.rnn.cell import LayerRNNCell, check_dtypes
from scopedjax._src.lib.rnn.named_functions import activation as activation_of
from scopedjax._src.lib.rnn.named_functions import activation_name
from scopedjax._src.lib.rnn.named_functions import initializer as initializer_of
from scopedjax._src.ops.array.joining import concat, split
from scopedjax._src.ops.array.slicing import slice_
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.math.clipping import clip_by_value
from scopedjax._src.ops.math.elementwise import add, multiply, sigmoid
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.nn.bias import bias_add
from scopedjax._src.variables.initializers import Constant, Zeros
from scopedjax._src.variables.partitioners import fixed_size_partitioner


class LSTMStateTuple(namedtuple("LSTMStateTuple", ("c", "h"))):
    """State of an LSTM: `c` is what it remembers, `h` what it gave out.

    >>> tf.nn.rnn_cell.LSTMStateTuple(1, 2).h
    2
    """

    __slots__ = ()

    @property
    def dtype(self) -> Any:
        """The dtype of both."""
        c, h = self
        if c.dtype != h.dtype:
            raise TypeError(f"Inconsistent dtypes for internal state: {c.dtype} vs {h.dtype}")
        return c.dtype


class _GatedCell(LayerRNNCell):
    """What the cells of this file share: units, an activation, and how they make their matrices."""

    def __init__(
        self, num_units: int, activation: Any, reuse: bool | None, name: str | None, dtype: Any, **kwargs: Any
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_dtypes(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation_of(activation)

    @property
    def state_size(self) -> Any:
        """Size of the state."""
        return self._num_units

    @property
    def output_size(self) -> Any:
        """Number of units."""
        return self._num_units

    def _depth(self, input_shape: Any) -> int:
        depth = TensorShape(input_shape).as_list()[-1]
        if depth is None:
            raise ValueError(
                f"Expected inputs.shape[-1] to be known, received shape: {tuple(TensorShape(input_shape).as_list())}"
            )
        check_dtypes(self.dtype)
        return depth

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal cell."""
        config = {"num_units": self._num_units, "activation": activation_name(self._activation), "reuse": self._reuse}
        return {**super().get_config(), **config}


class BasicRNNCell(_GatedCell):
    """The plain recurrent cell: `output = state = activation([inputs, state] kernel + bias)`.

    Args:
      num_units: Number of units.
      activation: Function or its name; tanh by default.
      reuse: Whether to share variables that exist in the scope.
      name: Name of the cell; cells of one name share their variables where reuse allows it.
      dtype: Dtype of the variables; by default that of the first input.
      **kwargs: As for `tf.layers.Layer`.

    >>> cell = tf.nn.rnn_cell.BasicRNNCell(4)
    >>> output, state = cell(tf.zeros([2, 3]), tf.zeros([2, 4]))
    >>> cell.weights[0].name, cell.weights[0].shape.as_list()
    ('basic_rnn_cell/kernel:0', [7, 4])
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Makes the variables."""
        depth = self._depth(input_shape)
        self._kernel = self.add_weight("kernel", [depth + self._num_units, self._num_units])
        self._bias = self.add_weight("bias", [self._num_units], initializer=Zeros())
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Runs one step."""
        check_dtypes(inputs, state)
        output = self._activation(bias_add(matmul(concat([inputs, state], 1), self._kernel), self._bias))
        return output, output


class GRUCell(_GatedCell):
    """Gated recurrent unit (Cho et al., 2014): `state' = u state + (1 - u) candidate`.

    Args:
      num_units: Number of units.
      activation: Function of the candidate, or its name; tanh by default.
      reuse: Whether to share variables that exist in the scope.
      kernel_initializer: Initializer of both matrices.
      bias_initializer: Initializer of both biases; by default ones for the gates, zeros for the candidate.
      name: Name of the cell.
      dtype: Dtype of the variables; by default that of the first input.
      **kwargs: As for `tf.layers.Layer`.

    >>> cell = tf.nn.rnn_cell.GRUCell(4)
    >>> output, state = cell(tf.zeros([2, 3]), tf.zeros([2, 4]))
    >>> [v.op.name for v in cell.weights][::2]
    ['gru_cell/gates/kernel', 'gru_cell/candidate/kernel']
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: bool | None = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._kernel_initializer = initializer_of(kernel_initializer)
        self._bias_initializer = initializer_of(bias_initializer)

    def build(self, input_shape: Any) -> None:
        """Makes the variables."""
        rows, units = self._depth(input_shape) + self._num_units, self._num_units
        kernel, bias = self._kernel_initializer, self._bias_initializer
        # Gates that begin open: the state is kept until training finds what to forget.
        self._gate_kernel = self.add_weight("gates/kernel", [rows, 2 * units], initializer=kernel)
        self._gate_bias = self.add_weight(
            "gates/bias", [2 * units], initializer=Constant(1.0) if bias is None else bias
        )
        self._candidate_kernel = self.add_weight("candidate/kernel", [rows, units], initializer=kernel)
        self._candidate_bias = self.add_weight("candidate/bias", [units], initializer=Zeros() if bias is None else bias)
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Runs one step."""
        check_dtypes(inputs, state)
        gates = sigmoid(bias_add(matmul(concat([inputs, state], 1), self._gate_kernel), self._gate_bias))
        reset, update = split(gates, 2, axis=1)
        remembered = concat([inputs, reset * state], 1)
        candidate = self._activation(bias_add(matmul(remembered, self._candidate_kernel), self._candidate_bias))
        new = update * state + (1 - update) * candidate
        return new, new

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal cell."""
        own = {"kernel_initializer": self._kernel_initializer, "bias_initializer": self._bias_initializer}
        return {**super().get_config(), **own}


def _warn_of_joined_state(cell: Any) -> None:
    warnings.warn(
        f"{cell}: Using a concatenated state is slower and will soon be deprecated. Use state_is_tuple=True.",
        stacklevel=4,
    )


class BasicLSTMCell(_GatedCell):
    """Long short-term memory without peepholes, clipping or projection (Zaremba et al., 2014).

    Args:
      num_units: Number of units.
      forget_bias: Added to the forget gate, so that a new network remembers.
      state_is_tuple: Whether the state is an `LSTMStateTuple`, and not both tensors side by side in one.
      activation: Function or its name; tanh by default.
      reuse: Whether to share variables that exist in the scope.
      name: Name of the cell.
      dtype: Dtype of the variables; by default that of the first input.
      **kwargs: As for `tf.layers.Layer`.

    >>> cell = tf.nn.rnn_cell.BasicLSTMCell(4)
    >>> outputs, state = tf.nn.dynamic_rnn(cell, tf.zeros([2, 5, 3]), dtype=tf.float32)
    >>> outputs.shape.as_list(), state.c.shape.as_list(), cell.weights[0].name
    ([2, 5, 4], [2, 4], 'rnn/basic_lstm_cell/kernel:0')
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        if not state_is_tuple:
            _warn_of_joined_state(self)
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple

    @property
    def state_size(self) -> Any:
        """Sizes of `c` and `h`, or their sum."""
        units = self._num_units
        return LSTMStateTuple(units, units) if self._state_is_tuple else 2 * units

    def build(self, input_shape: Any) -> None:
        """Makes the variables."""
        depth = self._depth(input_shape)
        self._kernel = self.add_weight("kernel", [depth + self._num_units, 4 * self._num_units])
        self._bias = self.add_weight("bias", [4 * self._num_units], initializer=Zeros())
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Any]:  # type: ignore[override]
        """Runs one step."""
        check_dtypes(inputs, state)
        axis = constant(1, dtype="int32")
        c, h = state if self._state_is_tuple else split(state, 2, axis=axis)
        gates = bias_add(matmul(concat([inputs, h], 1), self._kernel), self._bias)
        i, j, f, o = split(gates, 4, axis=axis)
        forget_bias = constant(self._forget_bias, dtype=f.dtype)
        kept = multiply(c, sigmoid(add(f, forget_bias)))
        new_c = add(kept, multiply(sigmoid(i), self._activation(j)))
        new_h = multiply(self._activation(new_c), sigmoid(o))
        return new_h, LSTMStateTuple(new_c, new_h) if self._state_is_tuple else concat([new_c, new_h], 1)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal cell."""
        own = {"forget_bias": self._forget_bias, "state_is_tuple": self._state_is_tuple}
        return {**super().get_config(), **own}


class LSTMCell(_GatedCell):
    """Long short-term memory with all that Sak et al. (2014) add: peepholes, clipping, projection.

    Args:
      num_units: Number of units of the memory `c`.
      use_peepholes: Whether the gates see the memory.
      cell_clip: Bound of the memory's absolute value.
      initializer: Initializer of the matrices and of the peepholes.
      num_proj: Number of outputs: the output is a product of the units with a matrix of this many columns.
      proj_clip: Bound of the projected output's absolute value.
      num_unit_shards: Number of slices of the kernel.
      num_proj_shards: Number of slices of the projection.
      forget_bias: Added to the forget gate.
      state_is_tuple: Whether the state is an `LSTMStateTuple`, and not both tensors side by side in one.
      activation: Function or its name; tanh by default.
      reuse: Whether to share variables that exist in the scope.
      name: Name of the cell.
      dtype: Dtype of the variables; by default that of the first input.
      **kwargs: As for `tf.layers.Layer`.

    >>> cell = tf.nn.rnn_cell.LSTMCell(8, use_peepholes=True, num_proj=4)
    >>> cell.state_size
    LSTMStateTuple(c=8, h=4)
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        if not state_is_tuple:
            _warn_of_joined_state(self)
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer_of(initializer)
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple

    @property
    def state_size(self) -> Any:
        """Sizes of `c` and `h`, or their sum."""
        sizes = LSTMStateTuple(self._num_units, self.output_size)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        """Number of units, or of projected outputs."""
        return self._num_proj or self._num_units

    def build(self, input_shape: Any) -> None:
        """Makes the variables."""
        units, outputs = self._num_units, self.output_size
        self._kernel = self.add_weight(
            "kernel",
            [self._depth(input_shape) + outputs, 4 * units],
            initializer=self._initializer,
            partitioner=_sharded(self._num_unit_shards),
        )
        self._bias = self.add_weight("bias", [4 * units], initializer=Zeros())
        if self._use_peepholes:
            self._forget_peephole, self._input_peephole, self._output_peephole = (
                self.add_weight(name, [units], initializer=self._initializer)
                for name in ("w_f_diag", "w_i_diag", "w_o_diag")
            )
        if self._num_proj is not None:
            self._projection = self.add_weight(
                "projection/kernel",
                [units, self._num_proj],
                initializer=self._initializer,
                partitioner=_sharded(self._num_proj_shards),
            )
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Any]:  # type: ignore[override]
        """Runs one step."""
        check_dtypes(inputs, state)
        if self._state_is_tuple:
            c, h = state
        else:
            c = slice_(state, [0, 0], [-1, self._num_units])
            h = slice_(state, [0, self._num_units], [-1, self.output_size])
        gates = bias_add(matmul(concat([inputs, h], 1), self._kernel), self._bias)
        i, j, f, o = split(gates, 4, axis=1)
        c = self._remembered(c, i, j, f)
        if self._use_peepholes:
            o = o + self._output_peephole * c
        h = self._projected(sigmoid(o) * self._activation(c))
        return h, LSTMStateTuple(c, h) if self._state_is_tuple else concat([c, h], 1)

    def _remembered(self, c: Any, i: Any, j: Any, f: Any) -> Any:
        f = f + self._forget_bias
        if self._use_peepholes:
            kept = sigmoid(f + self._forget_peephole * c) * c
            new = kept + sigmoid(i + self._input_peephole * c) * self._activation(j)
        else:
            new = sigmoid(f) * c + sigmoid(i) * self._activation(j)
        return new if self._cell_clip is None else clip_by_value(new, -self._cell_clip, self._cell_clip)

    def _projected(self, h: Any) -> Any:
        if self._num_proj is None:
            return h
        h = matmul(h, self._projection)
        return h if self._proj_clip is None else clip_by_value(h, -self._proj_clip, self._proj_clip)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal cell."""
        own = {
            "use_peepholes": self._use_peepholes,
            "cell_clip": self._cell_clip,
            "initializer": self._initializer,
            "num_proj": self._num_proj,
            "proj_clip": self._proj_clip,
            "num_unit_shards": self._num_unit_shards,
            "num_proj_shards": self._num_proj_shards,
            "forget_bias": self._forget_bias,
            "state_is_tuple": self._state_is_tuple,
        }
        return {**super().get_config(), **own}


def _sharded(count: int | None) -> Any:
    return None if count is None else fixed_size_partitioner(count)
