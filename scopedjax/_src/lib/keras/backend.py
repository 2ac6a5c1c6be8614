"""`tf.keras.backend`: Keras' names of ops, variables, placeholders, and functions that run them."""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import state
from scopedjax._src.ops.array.identity import placeholder as new_placeholder
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math import elementwise, reductions
from scopedjax._src.ops.math.casting import cast as cast_to
from scopedjax._src.ops.math.clipping import clip_by_value
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor
from scopedjax._src.variables.creation import create
from scopedjax._src.variables.spec import VariableSpec


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Any:
    """Returns a variable that `get_session` starts.

    Args:
      value: Its first value.
      dtype: Dtype; `floatx()` by default.
      name: Name.
      constraint: Function of the value, applied after an update.

    >>> tf.keras.backend.variable([1.0, 2.0], name="v").name
    'v:0'
    """
    made = create(
        VariableSpec(value, dtype=dtype or state.floatx(), name=name, constraint=constraint, use_resource=True)
    )
    state.state_of(made.graph).variables.append(made)
    return made


def placeholder(
    shape: Any = None,
    ndim: int | None = None,
    dtype: Any = None,
    sparse: bool = False,
    name: str | None = None,
    ragged: bool = False,
) -> Tensor:
    """Returns a placeholder.

    Args:
      shape: Shape, with None for free sizes.
      ndim: The rank, where there is no shape.
      dtype: Dtype; `floatx()` by default.
      sparse: Must be false.
      name: Name.
      ragged: Must be false.

    >>> tf.keras.backend.placeholder((None, 2)).shape.as_list()
    [None, 2]
    """
    if sparse or ragged:
        raise NotImplementedError("keras.backend.placeholder is dense here; use tf.sparse_placeholder")
    dims = [None] * ndim if shape is None and ndim else shape
    return new_placeholder(dtype or state.floatx(), dims, name=name)


class _Function:
    """Runs tensors on arrays."""

    def __init__(self, inputs: Any, outputs: Any, updates: Any, name: str | None) -> None:
        self.inputs = list(inputs)
        self.outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        self.updates = [u[0].assign(u[1]).op if isinstance(u, tuple) else u for u in updates or []]
        self.name = name
        self._step = group(*self.updates) if self.updates else None

    def __call__(self, inputs: Any) -> list[Any]:
        """Returns the outputs for arrays, after the updates."""
        given = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        feed: dict[Any, Any] = dict(zip(self.inputs, given, strict=True))
        session = state.get_session([t for t in self.inputs if isinstance(t, Tensor)])
        fetched = session.run([list(self.outputs), *([] if self._step is None else [self._step])], feed_dict=feed)
        return fetched[0]


def function(inputs: Any, outputs: Any, updates: Any = None, name: str | None = None, **kwargs: Any) -> Any:
    """Returns a function of arrays.

    Args:
      inputs: Placeholders (the learning phase among them, if it matters).
      outputs: Tensors.
      updates: Operations, or (variable, new value), to run too.
      name: Name.
      **kwargs: Accepted.

    >>> x = tf.keras.backend.placeholder((None, 2))
    >>> tf.keras.backend.function([x], [x * 2.0])([np.ones((1, 2))])[0].tolist()
    [[2.0, 2.0]]
    """
    return _Function(inputs, outputs, updates, name)


def eval(x: Any) -> Any:
    """Returns the value of a tensor or variable as NumPy.

    >>> tf.keras.backend.eval(tf.constant(1.0) + 1.0)
    np.float32(2.0)
    """
    return state.get_value(x)


def int_shape(x: Any) -> tuple[int | None, ...] | None:
    """Returns the static shape as a tuple, or None where the rank is not known.

    >>> tf.keras.backend.int_shape(tf.zeros([2, 3]))
    (2, 3)
    """
    shape = x.get_shape()
    return None if shape.ndims is None else tuple(shape.as_list())


def ndim(x: Any) -> int | None:
    """Returns the rank.

    >>> tf.keras.backend.ndim(tf.zeros([2, 3]))
    2
    """
    rank: int | None = x.get_shape().ndims
    return rank


def dtype(x: Any) -> str:
    """Returns the name of the dtype.

    >>> tf.keras.backend.dtype(tf.zeros([2]))
    'float32'
    """
    return str(x.dtype.base_dtype.name)


def count_params(x: Any) -> int:
    """Returns the number of elements.

    >>> tf.keras.backend.count_params(tf.zeros([2, 3]))
    6
    """
    return int(np.prod(x.get_shape().as_list()))


def is_sparse(tensor: Any) -> bool:
    """Whether a tensor is sparse.

    >>> tf.keras.backend.is_sparse(tf.zeros([2]))
    False
    """
    return isinstance(tensor, SparseTensor)


def cast(x: Any, dtype: Any) -> Tensor:
    """Returns a tensor in another dtype.

    >>> tf.keras.backend.cast(tf.constant([1]), "float32").dtype.name
    'float32'
    """
    return cast_to(x, dtype)


def cast_to_floatx(x: Any) -> Any:
    """Returns an array or tensor in `floatx()`.

    >>> tf.keras.backend.cast_to_floatx(np.array([1.0])).dtype.name
    'float32'
    """
    return cast_to(x, state.floatx()) if isinstance(x, Tensor) else np.asarray(x, dtype=state.floatx())


def clip(x: Any, min_value: Any, max_value: Any) -> Tensor:
    """Returns x kept between two values.

    >>> tf.keras.backend.eval(tf.keras.backend.clip(tf.constant([5.0]), 0.0, 1.0)).tolist()
    [1.0]
    """
    return clip_by_value(x, min_value, max_value)


def _floats(x: Any) -> Any:
    x = convert_to_tensor(x)
    return cast_to(x, state.floatx()) if x.dtype.base_dtype.name == "bool" else x


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Returns the mean along axes; booleans count as 0 and 1.

    >>> tf.keras.backend.eval(tf.keras.backend.mean(tf.constant([1.0, 3.0])))
    np.float32(2.0)
    """
    return reductions.reduce_mean(_floats(x), axis, keepdims)


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Returns the variance along axes.

    >>> tf.keras.backend.eval(tf.keras.backend.var(tf.constant([1.0, 3.0])))
    np.float32(1.0)
    """
    return reductions.reduce_variance(_floats(x), axis, keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Returns the standard deviation along axes.

    >>> tf.keras.backend.eval(tf.keras.backend.std(tf.constant([1.0, 3.0])))
    np.float32(1.0)
    """
    return reductions.reduce_std(_floats(x), axis, keepdims)


def _reduction(name: str, op: Any, what: str) -> Any:
    def reduced(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
        return op(x, axis, keepdims)

    reduced.__name__ = reduced.__qualname__ = name
    reduced.__doc__ = f"""Returns the {what} along axes.

    >>> tf.keras.backend.{name}(tf.ones([2, 3]) {"> 0" if name in ("any", "all") else "* 2"}, axis=1).shape.as_list()
    [2]
    """
    return reduced


sum = _reduction("sum", reductions.reduce_sum, "sum")
prod = _reduction("prod", reductions.reduce_prod, "product")
max = _reduction("max", reductions.reduce_max, "maximum")
min = _reduction("min", reductions.reduce_min, "minimum")


def _unary(name: str) -> Any:
    op = getattr(elementwise, name)

    def applied(x: Any) -> Tensor:
        return op(x)

    applied.__name__ = applied.__qualname__ = name
    applied.__doc__ = f"""Returns `{name}(x)`, element by element.

    >>> tf.keras.backend.{name}(tf.ones([2])).shape.as_list()
    [2]
    """
    return applied


square = _unary("square")
abs = _unary("abs")
exp = _unary("exp")
log = _unary("log")
sign = _unary("sign")
sin = _unary("sin")
cos = _unary("cos")
round = _unary("round")


def sqrt(x: Any) -> Tensor:
    """Returns the root, zero for negative numbers.

    >>> tf.keras.backend.eval(tf.keras.backend.sqrt(tf.constant([4.0, -1.0]))).tolist()
    [2.0, 0.0]
    """
    x = convert_to_tensor(x)
    return elementwise.sqrt(clip_by_value(x, cast_to(0.0, x.dtype), cast_to(np.inf, x.dtype)))


def pow(x: Any, a: Any) -> Tensor:
    """Returns x to the power a.

    >>> tf.keras.backend.eval(tf.keras.backend.pow(tf.constant([3.0]), 2)).tolist()
    [9.0]
    """
    return elementwise.pow(x, a)


def maximum(x: Any, y: Any) -> Tensor:
    """Returns the larger, element by element.

    >>> tf.keras.backend.eval(tf.keras.backend.maximum(tf.constant([1.0]), tf.constant([2.0]))).tolist()
    [2.0]
    """
    return elementwise.maximum(x, y)


def minimum(x: Any, y: Any) -> Tensor:
    """Returns the smaller, element by element.

    >>> tf.keras.backend.eval(tf.keras.backend.minimum(tf.constant([1.0]), tf.constant([2.0]))).tolist()
    [1.0]
    """
    return elementwise.minimum(x, y)
