"""`tf.keras.backend`: variables and their updates, what depends on the learning phase, gradients, scopes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import backend as parts
from scopedjax._src.lib.keras import state
from scopedjax._src.lib.layers.arguments import either, known_condition
from scopedjax._src.lib.train.moving_averages import assign_moving_average
from scopedjax._src.lower.gradients import gradients as new_gradients
from scopedjax._src.ops.array import filling
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.host.printing import Print
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import where_v2
from scopedjax._src.ops.random import sampling
from scopedjax._src.ops.sparse.densify import sparse_tensor_to_dense
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor


def backend() -> str:
    """Returns what Keras runs on.

    >>> tf.keras.backend.backend()
    'tensorflow'
    """
    return "tensorflow"


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Returns a variable of zeros.

    Args:
      shape: Its shape.
      dtype: Dtype; `floatx()` by default.
      name: Its name.

    >>> tf.keras.backend.eval(tf.keras.backend.zeros([2])).tolist()
    [0.0, 0.0]
    """
    return parts.variable(filling.zeros(shape, dtype or state.floatx()), dtype=dtype, name=name)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Returns a variable of ones.

    Args:
      shape: Its shape.
      dtype: Dtype; `floatx()` by default.
      name: Its name.

    >>> tf.keras.backend.eval(tf.keras.backend.ones([2])).tolist()
    [1.0, 1.0]
    """
    return parts.variable(filling.ones(shape, dtype or state.floatx()), dtype=dtype, name=name)


def eye(size: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Returns a variable with the identity matrix.

    Args:
      size: Number of rows.
      dtype: Dtype; `floatx()` by default.
      name: Its name.

    >>> tf.keras.backend.eval(tf.keras.backend.eye(2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return parts.variable(filling.eye(size, dtype=dtype or state.floatx()), dtype=dtype, name=name)


def random_uniform_variable(
    shape: Any, low: Any, high: Any, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Any:
    """Returns a variable of numbers drawn evenly.

    Args:
      shape: Its shape.
      low: Lower bound.
      high: Upper bound.
      dtype: Dtype; `floatx()` by default.
      name: Its name.
      seed: Seed of the random numbers.

    >>> tf.keras.backend.random_uniform_variable([2], 0.0, 1.0).shape.as_list()
    [2]
    """
    numbers = sampling.random_uniform(shape, low, high, dtype or state.floatx(), seed)
    return parts.variable(numbers, dtype=dtype, name=name)


def random_normal_variable(
    shape: Any, mean: Any, scale: Any, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Any:
    """Returns a variable of numbers from a normal distribution.

    Args:
      shape: Its shape.
      mean: Mean.
      scale: Standard deviation.
      dtype: Dtype; `floatx()` by default.
      name: Its name.
      seed: Seed of the random numbers.

    >>> tf.keras.backend.random_normal_variable([2], 0.0, 1.0).shape.as_list()
    [2]
    """
    numbers = sampling.random_normal(shape, mean, scale, dtype or state.floatx(), seed)
    return parts.variable(numbers, dtype=dtype, name=name)


def update(x: Any, new_x: Any) -> Any:
    """Returns the assignment of a new value to a variable.

    Args:
      x: Variable.
      new_x: Its new value.

    >>> v = tf.keras.backend.variable(1.0)
    >>> float(tf.keras.backend.eval(tf.keras.backend.update(v, 3.0)))
    3.0
    """
    return x.assign(new_x)


def update_add(x: Any, increment: Any) -> Any:
    """Returns the assignment that adds to a variable.

    Args:
      x: Variable.
      increment: What to add.

    >>> v = tf.keras.backend.variable(1.0)
    >>> float(tf.keras.backend.eval(tf.keras.backend.update_add(v, 3.0)))
    4.0
    """
    return x.assign_add(increment)


def update_sub(x: Any, decrement: Any) -> Any:
    """Returns the assignment that subtracts from a variable.

    Args:
      x: Variable.
      decrement: What to subtract.

    >>> v = tf.keras.backend.variable(1.0)
    >>> float(tf.keras.backend.eval(tf.keras.backend.update_sub(v, 3.0)))
    -2.0
    """
    return x.assign_sub(decrement)


def moving_average_update(x: Any, value: Any, momentum: Any) -> Any:
    """Returns the assignment of the moving average `momentum * average + (1 - momentum) * value` to a variable.

    The average starts at zero, and what it lacks at first for that is made up for: after one step it is the value.

    Args:
      x: Variable.
      value: New value, of which a part is taken.
      momentum: Share of the old average that stays.

    >>> v = tf.keras.backend.variable(1.0)
    >>> step = tf.keras.backend.moving_average_update(v, 3.0, 0.5)
    >>> sess = tf.Session()
    >>> _ = sess.run(tf.global_variables_initializer())
    >>> float(sess.run(step))
    3.0
    """
    return assign_moving_average(x, convert_to_tensor(value, dtype=x.dtype.base_dtype), momentum, zero_debias=True)


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """Returns `x` in training and `alt` otherwise.

    Args:
      x: Tensor, or function that returns one.
      alt: Likewise.
      training: Whether it is training; the learning phase by default.

    >>> float(tf.keras.backend.eval(tf.keras.backend.in_train_phase(tf.constant(1.0), tf.constant(2.0))))
    2.0
    """
    training = state.learning_phase() if training is None else training
    return either(training, _maker(x), _maker(alt)) if known_condition(training) is None else (
        _maker(x)() if known_condition(training) else _maker(alt)()
    )  # fmt: skip


def _maker(value: Any) -> Any:
    return value if callable(value) else lambda: value


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """Returns `alt` in training and `x` otherwise; args as for `in_train_phase`.

    Args:
      x: Tensor, or function that returns one.
      alt: Likewise.
      training: Whether it is training; the learning phase by default.

    >>> float(tf.keras.backend.eval(tf.keras.backend.in_test_phase(tf.constant(1.0), tf.constant(2.0))))
    1.0
    """
    return in_train_phase(alt, x, training)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """Returns one of two tensors: as a whole for a scalar condition, element by element for another.

    Args:
      condition: Bool or number.
      then_expression: Tensor, or function that returns one.
      else_expression: Likewise.

    >>> float(tf.keras.backend.eval(tf.keras.backend.switch(tf.constant(True), tf.constant(1.0), tf.constant(2.0))))
    1.0
    """
    condition = cast(convert_to_tensor(condition), "bool")
    first, second = _maker(then_expression), _maker(else_expression)
    if condition.shape.ndims == 0:
        return cond(condition, lambda: convert_to_tensor(first()) + 0, lambda: convert_to_tensor(second()) + 0)
    yes, no = convert_to_tensor(first()), convert_to_tensor(second())
    for _ in range(len(yes.shape.as_list()) - len(condition.shape.as_list())):
        condition = condition[..., None]
    return where_v2(condition, yes, no)


@contextmanager
def learning_phase_scope(value: Any) -> Iterator[None]:
    """Fixes the learning phase for the block.

    Args:
      value: 0 (not training) or 1 (training).

    >>> with tf.keras.backend.learning_phase_scope(1):
    ...     print(tf.keras.backend.learning_phase())
    1
    """
    known = state.state_of()
    before = known.learning_phase
    state.set_learning_phase(value)
    try:
        yield
    finally:
        known.learning_phase = before


def gradients(loss: Any, variables: Any) -> list[Any]:
    """Returns the gradients of a loss.

    Args:
      loss: Scalar tensor.
      variables: Variables or tensors.

    >>> x = tf.constant(3.0)
    >>> float(tf.keras.backend.eval(tf.keras.backend.gradients(x * x, [x])[0]))
    6.0
    """
    return new_gradients(loss, variables)


def name_scope(name: str | None, default_name: str | None = None, values: Any = None) -> Any:
    """Opens a name scope for a block.

    Args:
      name: Its name.
      default_name: Its name where there is no other.
      values: Accepted.

    >>> with tf.keras.backend.name_scope("a"):
    ...     print(tf.constant(1.0).name)
    a/Const:0
    """
    return stacks.get_default_graph().name_scope(name if name is not None else default_name)


def print_tensor(x: Any, message: str = "") -> Tensor:
    """Returns x; when it is computed, it is printed to the error output.

    Args:
      x: Tensor.
      message: Text before it.

    >>> tf.keras.backend.print_tensor(tf.constant(1.0), "x = ").op.type
    'Print'
    """
    return Print(x, [x], message)


def to_dense(tensor: Any) -> Any:
    """Returns a sparse tensor as a dense one; another as it is.

    Args:
      tensor: Tensor or SparseTensor.

    >>> float(tf.keras.backend.eval(tf.keras.backend.to_dense(tf.constant(1.0))))
    1.0
    """
    return sparse_tensor_to_dense(tensor) if isinstance(tensor, SparseTensor) else tensor
