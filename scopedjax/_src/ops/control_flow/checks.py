"""Checks that a program makes of its tensors: `assert_equal`, `assert_rank`, `assert_positive`, ...

What can be told while the graph is recorded is told then: the check becomes a NoOp, or fails at once. What cannot
becomes an `Assert` node, which fails when the program runs:

    tf.assert_less(x, y)  ->  assert_less/Less, assert_less/All, assert_less/Assert/Assert("Condition x < y did not...")
"""

from __future__ import annotations

import collections.abc
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.shapes import shape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.control_flow.assertion import Assert
from scopedjax._src.ops.control_flow.grouping import no_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.reductions import reduce_all


def _scope(name: str) -> Any:
    return stacks.get_default_graph().name_scope(name)


def _prefix(message: str | None) -> str:
    return f"{message}.  " if message else ""


def _described(tensor: Tensor, label: str) -> list[Any]:
    return [f"{label} ({tensor.name}) = ", tensor]


def _assert_all(condition: Tensor, known: bool | None, data: Sequence[Any], summarize: int | None) -> Operation:
    """An Assert node; fails at once where the condition is known to be false."""
    if known is not None and not known:
        words = [str(constant_value(d)) if isinstance(d, Tensor) else str(d) for d in data]
        raise InvalidArgumentError(None, None, "\n".join(words))
    return Assert(reduce_all(condition), data, summarize=summarize)


def _compared(
    op_type: str,
    symbol: str,
    test: Callable[..., Any],
    x: Any,
    y: Any,
    data: Any,
    summarize: Any,
    message: Any,
    name: str,
) -> Operation:
    with _scope(name):
        x, y = convert_to_tensor(x, name="x"), _like(x, y, "y")
        if data is None:
            data = [f"Condition x {symbol} y did not hold element-wise:", *_described(x, "x"), *_described(y, "y")]
        if message is not None:
            data = [message, *data]
        condition = apply_op(op_type, x, y)
        values = constant_value(x), constant_value(y)
        known = None if any(v is None for v in values) else bool(np.all(test(*values)))
        return _assert_all(condition, known, data, summarize)


def _like(x: Any, y: Any, name: str) -> Tensor:
    """`y` as a tensor, a plain number in the dtype of `x`."""
    kind = x.dtype.base_dtype if isinstance(x, Tensor) else None
    return convert_to_tensor(y, dtype=None if isinstance(y, Tensor) else kind, name=name)


def _comparison(name: str, op_type: str, symbol: str, test: Callable[..., Any]) -> Callable[..., Any]:
    def function(
        x: Any,
        y: Any,
        data: Any = None,
        summarize: int | None = None,
        message: str | None = None,
        name: str | None = None,
    ) -> Any:
        chosen = name or default_name
        if op_type == "Equal":
            with _scope(chosen):
                if x is y:
                    return no_op()
        return _compared(op_type, symbol, test, x, y, data, summarize, message, chosen)

    default_name = name
    example = "1, 1" if "=" in symbol and symbol != "!=" else "2, 1" if symbol in (">", "!=") else "1, 2"
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Checks that x {symbol} y for every pair of elements.

    Args:
      x: Tensor of numbers.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      data: List of tensors to show in the error; `x` and `y` by default.
      summarize: How many elements of each are shown.
      message: First words of the error.
      name: Name scope; defaults to "{name}".

    Returns:
      A node that fails where the condition does not hold; put it into `tf.control_dependencies`.

    Raises:
      InvalidArgumentError: at once where both values are known, else when run.

    >>> tf.Session().run(tf.{name}({example}))
    """
    return function


assert_equal = _comparison("assert_equal", "Equal", "==", np.equal)
assert_none_equal = _comparison("assert_none_equal", "NotEqual", "!=", np.not_equal)
assert_less = _comparison("assert_less", "Less", "<", np.less)
assert_less_equal = _comparison("assert_less_equal", "LessEqual", "<=", np.less_equal)
assert_greater = _comparison("assert_greater", "Greater", ">", np.greater)
assert_greater_equal = _comparison("assert_greater_equal", "GreaterEqual", ">=", np.greater_equal)


def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Checks that |x - y| < atol + rtol * |y| for every pair of elements.

    Args:
      x: Floating tensor.
      y: Tensor of the same dtype, whose shape broadcasts with that of `x`.
      rtol: Relative tolerance; ten times the dtype's epsilon by default.
      atol: Absolute tolerance; ten times the dtype's epsilon by default.
      data: List of tensors to show in the error; `x` and `y` by default.
      summarize: How many elements of each are shown.
      message: First words of the error.
      name: Name scope; defaults to "assert_near".

    Returns:
      A node that fails where the condition does not hold.

    >>> tf.Session().run(tf.assert_near(1.0, 1.0 + 1e-7))
    """
    with _scope(name or "assert_near"):
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, dtype=None if isinstance(y, Tensor) else x.dtype.base_dtype, name="y")
        eps = np.finfo(x.dtype.base_dtype.real_dtype.as_numpy_dtype).eps
        kind = x.dtype.base_dtype.real_dtype
        rtol = convert_to_tensor(10 * eps if rtol is None else rtol, dtype=kind, name="rtol")
        atol = convert_to_tensor(10 * eps if atol is None else atol, dtype=kind, name="atol")
        if data is None:
            text = f"x and y not equal to tolerance rtol = {rtol}, atol = {atol}"
            data = [_prefix(message), text, *_described(x, "x"), *_described(y, "y")]
        from scopedjax._src.ops.math.elementwise import abs as absolute

        limit = apply_op("AddV2", atol, apply_op("Mul", rtol, absolute(y), name="mul"), name="add")
        distance = absolute(apply_op("Sub", x, y, name="sub"))
        return Assert(reduce_all(apply_op("Less", distance, limit)), data, summarize=summarize)


def _against_zero(name: str, compare: Callable[..., Any], symbol: str, zero_first: bool) -> Callable[..., Any]:
    def function(
        x: Any, data: Any = None, summarize: int | None = None, message: str | None = None, name: str | None = None
    ) -> Any:
        with _scope(name or default_name):
            x = convert_to_tensor(x, name="x")
            if data is None:
                words = [f"Condition x {symbol} 0 did not hold element-wise:", *_described(x, "x")]
                if symbol == "<=":
                    words[:2] = [words[0] + words[1]]  # as TF1 runs the two together
                data = [_prefix(message), *words]
            zero = constant(0, dtype=x.dtype.base_dtype)
            pair = (zero, x) if zero_first else (x, zero)
            return compare(*pair, data=data, summarize=summarize)

    default_name = name
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Checks that x {symbol} 0 for every element.

    Args:
      x: Tensor of numbers.
      data: List of tensors to show in the error; `x` by default.
      summarize: How many elements of each are shown.
      message: First words of the error.
      name: Name scope; defaults to "{name}".

    Returns:
      A node that fails where the condition does not hold.

    Raises:
      InvalidArgumentError: at once where the value is known, else when run.

    >>> tf.Session().run(tf.{name}([{"1.0" if ">" in symbol else "-1.0"}]))
    """
    return function


assert_positive = _against_zero("assert_positive", assert_less, ">", True)
assert_negative = _against_zero("assert_negative", assert_less, "<", False)
assert_non_negative = _against_zero("assert_non_negative", assert_less_equal, ">=", True)
assert_non_positive = _against_zero("assert_non_positive", assert_less_equal, "<=", False)

# ----------------------------------------------------------------------------------------------- ranks and types


def _rank_check(
    x: Any, ranks: Sequence[Any], test: Callable[[int, list[int]], bool], words: str, op_type: str, data: Any,
    summarize: Any, message: Any, name: str,
) -> Operation:  # fmt: skip
    with _scope(name):
        x = convert_to_tensor(x, name="x") if not hasattr(x, "dense_shape") else x
        wanted = [convert_to_tensor(r, name="rank") for r in ranks]
        if data is None:
            text = f"Tensor {x.name} must have rank{words}"
            data = [_prefix(message), text, *wanted, "Received shape: ", shape(x)]
        for tensor in wanted:
            assert_type(tensor, dtypes.int32)
        known = [constant_value(r) for r in wanted]
        rank = x.shape.ndims
        if rank is not None and all(k is not None for k in known):
            numbers = [int(k) for k in known if k is not None]
            if test(rank, numbers):
                return no_op(name="static_checks_determined_all_ok")
            shown = f"{tuple(numbers)}" if words == " in" else str(numbers[0])
            raise ValueError(
                f"{_prefix(message)}Tensor {x.name} must have rank{words} {shown}.  "
                f"Received rank {rank}, shape {x.shape}"
            )
        actual = apply_op("Rank", x)
        conditions = [apply_op(op_type, actual, r) for r in wanted]
        condition = conditions[0]
        for other in conditions[1:]:
            condition = apply_op("LogicalOr", condition, other)
        return Assert(condition, data, summarize=summarize)


def assert_rank(
    x: Any,
    rank: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Checks that a tensor has a rank.

    Args:
      x: Tensor.
      rank: Integer scalar.
      data: List of tensors to show in the error.
      summarize: How many elements of each are shown.
      message: First words of the error.
      name: Name scope; defaults to "assert_rank".

    Returns:
      A node that fails where the rank is another.

    Raises:
      ValueError: at once where the static rank is another.

    >>> tf.assert_rank(tf.zeros([2, 3]), 2).type
    'NoOp'
    """
    return _rank_check(x, [rank], lambda r, w: r == w[0], "", "Equal", data, summarize, message, name or "assert_rank")


def assert_rank_at_least(
    x: Any,
    rank: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Checks that a tensor has at least a rank.

    Args:
      x: Tensor.
      rank: Integer scalar.
      data: List of tensors to show in the error.
      summarize: How many elements of each are shown.
      message: First words of the error.
      name: Name scope; defaults to "assert_rank_at_least".

    Returns:
      A node that fails where the rank is lower.

    Raises:
      ValueError: at once where the static rank is lower.

    >>> tf.assert_rank_at_least(tf.zeros([2, 3]), 1).type
    'NoOp'
    """
    chosen = name or "assert_rank_at_least"
    return _rank_check(x, [rank], lambda r, w: r >= w[0], " at least", "GreaterEqual", data, summarize, message, chosen)


def assert_rank_in(
    x: Any,
    ranks: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Checks that a tensor has one of several ranks.

    Args:
      x: Tensor.
      ranks: List of integer scalars.
      data: List of tensors to show in the error.
      summarize: How many elements of each are shown.
      message: First words of the error.
      name: Name scope; defaults to "assert_rank_in".

    Returns:
      A node that fails where the rank is none of them.

    Raises:
      ValueError: at once where the static rank is none of them.

    >>> tf.assert_rank_in(tf.zeros([2, 3]), (1, 2)).type
    'NoOp'
    """
    chosen = name or "assert_rank_in"
    return _rank_check(x, list(ranks), lambda r, w: r in w, " in", "Equal", data, summarize, message, chosen)


def assert_type(tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None) -> Operation:
    """Checks the dtype of a tensor, at once.

    Args:
      tensor: Tensor.
      tf_type: The dtype it must have.
      message: First words of the error.
      name: Name scope; defaults to "assert_type".

    Returns:
      A node that does nothing.

    Raises:
      TypeError: the dtype is another.

    >>> tf.assert_type(tf.zeros([2]), tf.float32).type
    'NoOp'
    """
    wanted = dtypes.as_dtype(tf_type)
    with _scope(name or "assert_type"):
        tensor = convert_to_tensor(tensor, name="tensor")
        if tensor.dtype.base_dtype is not wanted:
            raise TypeError(f"{_prefix(message)}{tensor.name} must be of type {wanted!r}; got {tensor.dtype!r}")
        return no_op(name="statically_determined_correct_type")


def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> Operation:
    """Checks that a tensor holds integers, at once.

    Args:
      x: Tensor.
      message: First words of the error.
      name: Name scope; defaults to "assert_integer".

    Returns:
      A node that does nothing.

    Raises:
      TypeError: it does not.

    >>> tf.assert_integer(tf.constant(1)).type
    'NoOp'
    """
    with _scope(name or "assert_integer"):
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_integer:
            raise TypeError(f'{_prefix(message)}Expected "x" to be integer type.  Found: {x.name} of dtype {x.dtype}')
        return no_op(name="statically_determined_was_integer")


def assert_scalar(tensor: Any, name: str | None = None, message: str | None = None) -> Tensor:
    """Checks that a tensor is a scalar, at once, and returns it.

    Args:
      tensor: Tensor of known rank.
      name: Name scope; defaults to "assert_scalar".
      message: First words of the error.

    Returns:
      The tensor.

    Raises:
      ValueError: it has axes.

    >>> tf.assert_scalar(tf.constant(1)).shape.as_list()
    []
    """
    with _scope(name or "assert_scalar") as scope:
        tensor = convert_to_tensor(tensor, name=f"{scope}tensor")
        if tensor.ndim != 0:
            raise ValueError(f"{_prefix(message)}Expected scalar shape for {tensor.name}, saw shape: {tensor.shape}.")
        return tensor


def assert_proper_iterable(values: Any) -> None:
    """Checks that `values` is an iterable of things, not one thing that happens to be iterable.

    Args:
      values: List or tuple.

    Raises:
      TypeError: it is a tensor, an array, a text, or no iterable at all.

    >>> tf.assert_proper_iterable([1, 2])
    """
    if isinstance(values, Tensor | np.ndarray | bytes | str):
        raise TypeError(f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}')
    if not isinstance(values, collections.abc.Iterable):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor, a variable, or another element of a graph that stands for values.

    Args:
      x: Anything.

    Returns:
      bool.

    >>> tf.is_tensor(tf.constant(1)), tf.is_tensor([1])
    (True, False)
    """
    if isinstance(x, Tensor) or type(x).__name__ in ("SparseTensor", "IndexedSlices", "RaggedTensor"):
        return True
    return hasattr(x, "_as_graph_element") and hasattr(x, "dtype")


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether `tensor` is a tensor of numbers.

    Args:
      tensor: Anything.

    Returns:
      bool.

    >>> tf.is_numeric_tensor(tf.constant("a"))
    False
    """
    return isinstance(tensor, Tensor) and tensor.dtype.base_dtype.is_numeric


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """Returns the value of a tensor where it can be told without running anything.

    Args:
      tensor: Tensor.
      partial: Has no effect.

    Returns:
      NumPy array, or None.

    >>> tf.get_static_value(tf.constant([1, 2])).tolist()
    [1, 2]
    """
    return constant_value(tensor) if isinstance(tensor, Tensor) else None


def _differences(x: Any) -> Tensor:
    flat = apply_op("Reshape", x, [-1])
    return apply_op("Sub", apply_op("StridedSlice", flat, [1], [0], [1], end_mask=1),
                    apply_op("StridedSlice", flat, [0], [-1], [1], begin_mask=1))  # fmt: skip


def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Tells whether the elements, in order, never get smaller.

    Args:
      x: Tensor of numbers.
      name: Name scope; defaults to "is_non_decreasing".

    Returns:
      Scalar of bool.

    >>> tf.Session().run(tf.is_non_decreasing([1, 1, 2])).item()
    True
    """
    with _scope(name or "is_non_decreasing"):
        steps = _differences(convert_to_tensor(x))
        return reduce_all(apply_op("LessEqual", constant(0, dtype=steps.dtype.base_dtype), steps))


def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Tells whether each element is larger than the one before it.

    Args:
      x: Tensor of numbers.
      name: Name scope; defaults to "is_strictly_increasing".

    Returns:
      Scalar of bool.

    >>> tf.Session().run(tf.is_strictly_increasing([1, 1, 2])).item()
    False
    """
    with _scope(name or "is_strictly_increasing"):
        steps = _differences(convert_to_tensor(x))
        return reduce_all(apply_op("Less", constant(0, dtype=steps.dtype.base_dtype), steps))
