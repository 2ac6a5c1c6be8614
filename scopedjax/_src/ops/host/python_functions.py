"""Python functions as nodes: `tf.py_func`, `tf.numpy_function`, `tf.py_function`.

    PyFunc{token: "pyfunc_3"}  --run-->  function "pyfunc_3" of this process, called with NumPy arrays

A node names its function by a token, since a GraphDef cannot hold one; the graph keeps the function alive. What the
function returns is not cast: TF1 says so when a function gives float64 for a float32 output, and so do we. None of the
three has a gradient of its own. TF1 programs give one with `gradient_override_map({"PyFunc": name})`.
"""

from __future__ import annotations

import itertools
import traceback
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from scopedjax._src.base import errors
from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import make_op
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from scopedjax._src.ops.shape_context import ShapeContext

_KEEP: Final = "python functions"  # key of `Graph.extra`
_CODES: Final[tuple[tuple[type[BaseException], int], ...]] = (
    (ValueError, errors.INVALID_ARGUMENT),
    (TypeError, errors.INVALID_ARGUMENT),
    (StopIteration, errors.OUT_OF_RANGE),
    (MemoryError, errors.RESOURCE_EXHAUSTED),
    (NotImplementedError, errors.UNIMPLEMENTED),
)
_IN_MESSAGES: Final = {"float16": "half", "float32": "float", "float64": "double"}


class _Function:
    """A registered function: what a token stands for."""

    __slots__ = ("__weakref__", "call", "token")

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call
        self.token = f"pyfunc_{next(_numbers)}"


_numbers = itertools.count()
_functions: weakref.WeakValueDictionary[str, _Function] = weakref.WeakValueDictionary()


class Concrete(np.ndarray):
    """A value as the function of a `tf.py_function` gets it: an array that also has `numpy()`."""

    def numpy(self) -> Any:
        """Returns the value as a plain NumPy array, or a scalar of one."""
        return np.asarray(self)[()]


def _find(token: str) -> _Function:
    found = _functions.get(token)
    if found is None:
        raise errors.InvalidArgumentError(
            None, None,
            f"callback {token} is not found: the graph came from another process or its maker is gone; a Python "
            "function is not part of a GraphDef, so build the graph with tf.py_func here",
        )  # fmt: skip
    return found


def _guarded(call: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """Calls the user's function; what it raises becomes an error of `tf.errors`, with the traceback in its text."""
    try:
        return call(*arguments)
    except Exception as error:
        code = next((code for kind, code in _CODES if isinstance(error, kind)), errors.UNKNOWN)
        text = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
        raise errors.exception_from_code(None, None, text, code) from error


def _as_results(token: str, answer: Any, types: Sequence[DType]) -> list[Any]:
    answers = list(answer) if isinstance(answer, (list, tuple)) else [] if answer is None else [answer]
    if not types and not isinstance(answer, (list, tuple)):
        return []
    if len(answers) != len(types):
        raise errors.InvalidArgumentError(
            None, None, f"{token} returns {len(answers)} values, but expects to see {len(types)} values."
        )
    results = [_as_array(item) for item in answers]
    for i, (result, wanted) in enumerate(zip(results, types, strict=True)):
        found = as_dtype(result.dtype)
        if found is not wanted:
            names = [_IN_MESSAGES.get(t.name, t.name) for t in (found, wanted)]
            raise errors.InvalidArgumentError(
                None, None, f"{i}-th value returned by {token} is {names[0]}, but expects {names[1]}"
            )
    return results


def _as_array(value: Any) -> np.ndarray[Any, Any]:
    array = np.asarray(value, order="C")
    if array.dtype.kind not in "USO":
        return array
    result = np.empty(array.shape, object)
    for at, item in np.ndenumerate(array):
        if not isinstance(item, (str, bytes)):
            raise errors.InternalError(None, None, f"Unsupported object type {type(item).__name__}")
        result[at] = item.encode() if isinstance(item, str) else bytes(item)
    return result


def _py_func(ctx: Any, input: list[Any], *, token: str, Tout: tuple[DType, ...]) -> list[Any]:
    # The function may keep or change its arguments, so it gets arrays of its own; scalars arrive as NumPy scalars.
    arguments = [np.array(value)[()] for value in input]
    return _as_results(token, _guarded(_find(token).call, arguments), Tout)


def _eager_py_func(ctx: Any, input: list[Any], *, token: str, Tout: tuple[DType, ...]) -> list[Any]:
    function = _find(token).call
    with Graph().as_default():
        answer = _guarded(function, [np.array(value).view(Concrete) for value in input])
        answers = list(answer) if isinstance(answer, (list, tuple)) else [] if answer is None else [answer]
        symbolic = [item for item in answers if isinstance(item, Tensor)]
        values = iter(ctx.evaluate(symbolic) if symbolic else [])
    given = [next(values) if isinstance(item, Tensor) else item for item in answers]
    if len(given) != len(Tout):
        return _as_results(token, given, Tout)
    # A py_function's results are converted to the dtypes it declares, as constants are.
    return [_declared(value, dtype) for value, dtype in zip(given, Tout, strict=True)]


def _declared(value: Any, dtype: DType) -> np.ndarray[Any, Any]:
    return _as_array(value) if dtype.name == "string" else np.asarray(value, dtype.as_numpy_dtype)


def _unknown_dims(c: ShapeContext) -> list[Dims]:
    return [None] * len(c.attr("Tout"))


for _type in ("PyFunc", "PyFuncStateless"):
    declare(
        f"{_type}(input: Tin...; token: string, Tout: list(type)) -> output: Tout...",
        _py_func,
        shape=_unknown_dims,
        host=True,
        stateful=_type == "PyFunc",
        gradient=NOT_DIFFERENTIABLE,
    )
declare(
    "EagerPyFunc(input: Tin...; token: string, is_async: bool = False, Tout: list(type)) -> output: Tout...",
    _eager_py_func,
    shape=_unknown_dims,
    host=True,
    stateful=True,
    gradient=NO_GRADIENT,
)


def _record(op_type: str, func: Any, inp: Any, Tout: Any, name: str | None) -> Any:
    if not callable(func):
        raise ValueError(f"Expected func to be callable. Received func={func} of type {type(func)}.")
    several = isinstance(Tout, (list, tuple))
    types = [as_dtype(t) for t in (Tout if several else [Tout])]
    function = _Function(func)
    _functions[function.token] = function
    op = make_op(op_type, [list(inp)], {"token": function.token, "Tout": types}, name)
    op.graph.extra.setdefault(_KEEP, []).append(function)
    if not types:
        return op
    return list(op.outputs) if several else op.outputs[0]


def py_func(func: Any, inp: Any, Tout: Any, stateful: bool = True, name: str | None = None) -> Any:
    """Runs a Python function on NumPy values as a node.

    Args:
      func: Called with one NumPy array or scalar for each of `inp` (strings as bytes). Returns an array, or a list of
        them; nothing is cast, so `np.float32(x)` where `Tout` says float32.
      inp: List of tensors.
      Tout: dtype of the result, or a list of dtypes.
      stateful: Whether two equal calls may give different results.
      name: Node name; "PyFunc" or "PyFuncStateless" by default.

    Returns:
      A tensor of unknown shape, or a list of them where `Tout` is a list; the node itself for an empty list. Its
      gradient is None; `graph.gradient_override_map({"PyFunc": "MyGrad"})` gives it another.

    Raises:
      ValueError: `func` cannot be called.
      InvalidArgumentError: when run, if the function returns other dtypes or another number of values. What the
        function raises arrives as InvalidArgumentError (ValueError, TypeError), OutOfRangeError (StopIteration),
        ResourceExhaustedError (MemoryError), UnimplementedError (NotImplementedError) or UnknownError.

    >>> y = tf.py_func(np.sinh, [tf.constant([0.0, 1.0])], tf.float32)
    >>> with tf.Session() as session:
    ...     print(session.run(y))
    [0.        1.1752012]
    """
    return _record("PyFunc" if stateful else "PyFuncStateless", func, inp, Tout, name)


def numpy_function(
    func: Any = None, inp: Any = None, Tout: Any = None, stateful: bool = True, name: str | None = None
) -> Any:
    """Runs a Python function on NumPy values as a node; the newer name of `tf.py_func`.

    Args:
      func: As for `tf.py_func`.
      inp: List of tensors.
      Tout: dtype of the result, or a list of dtypes.
      stateful: Whether two equal calls may give different results.
      name: Node name.

    Returns:
      As `tf.py_func`.

    >>> y = tf.numpy_function(lambda x: x[::-1], [tf.constant([1, 2, 3])], tf.int32)
    >>> with tf.Session() as session:
    ...     print(session.run(y))
    [3 2 1]
    """
    return py_func(func, inp, Tout, stateful, name)


def py_function(func: Any = None, inp: Any = None, Tout: Any = None, name: str | None = None) -> Any:
    """Runs a Python function as a node; its arguments have `numpy()`, and it may use `tf` functions.

    What it computes with `tf` functions is evaluated at once, in a graph of its own. There is no gradient: where one is
    needed, use `tf` functions directly, or `tf.py_func` under `gradient_override_map`.

    Args:
      func: Called with one value for each of `inp`.
      inp: List of tensors.
      Tout: dtype of the result, or a list of dtypes; results are converted to them.
      name: Node name; "EagerPyFunc" by default.

    Returns:
      A tensor of unknown shape, or a list of them.

    Raises:
      ValueError: `func` cannot be called.

    >>> y = tf.py_function(lambda x: tf.square(x) + x.numpy(), [3.0], tf.float32)
    >>> with tf.Session() as session:
    ...     print(session.run(y))
    12.0
    """
    return _record("EagerPyFunc", func, inp, Tout, name)
