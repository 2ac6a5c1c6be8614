"""Automatic control flow: Python's `if`, `while`, `for`, `and`, `or`, `not` on tensors.

    def f(x):                                def f(x):
        if x > 0:            --malt-->           def body(): nonlocal y; y = x
            y = x                                def orelse(): nonlocal y; y = -x
        else: y = -x                             if_stmt(x > 0, body, orelse, ...)     of `statements`
        return y                                 return y

The rewriting is that of the package `diastatic-malt`, which the extra `scopedjax[autograph]` installs; what the
rewritten code calls is in `statements`. It is imported when a function is traced in which something may have to be
rewritten: one that branches, or that calls a user's function that does. Functions that are called are rewritten in
turn, those of libraries (NumPy, JAX, this package) are not. Without the package functions are traced as they are, and a
tensor that Python asks for its truth raises an error which says so.

A transpiler of our own holds the rewritten functions, so nothing of the package is changed for others who use it.
"""

from __future__ import annotations

import builtins
import dis
import functools
import importlib.machinery
import importlib.util
import inspect
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, cast

MARK: Final = "_scopedjax_as_it_is"  # of a function that shall not be converted
MISSING: Final = (
    "Python's if, while, for, and, or, not on tensors are rewritten by the package diastatic-malt, which is not "
    "installed: pip install 'scopedjax[autograph]'"
)
_LIBRARIES: Final = frozenset(
    ("scopedjax", "numpy", "jax", "jaxlib", "optax", "flax", "orbax", "malt", "PIL", "absl", "matplotlib", "pandas",
     "tensorflow", "tensorboard", "keras", "pytest", "_pytest")
)  # fmt: skip
_UNSPECIFIED: Final = object()
_enabled: ContextVar[bool] = ContextVar("converts", default=True)
_verbosity: list[int] = [0]


def is_installed() -> bool:
    """Whether the package that rewrites functions is there."""
    return importlib.util.find_spec("malt") is not None


def converted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that may branch on tensors; the function itself where nothing of it would be rewritten."""
    if not _enabled.get() or not _may_branch(function, set()) or not is_installed():
        return function
    return lambda *args, **kwargs: _call(function, args, kwargs)


@contextmanager
def switched_off() -> Iterator[None]:
    """Leaves functions that are called in the block as they are."""
    token = _enabled.set(False)
    try:
        yield
    finally:
        _enabled.reset(token)


# --------------------------------------------------------------------------------------------------------- what of it


def _may_branch(function: Any, seen: set[Any]) -> bool:
    """Whether a function, or one of the user's that it may call, branches."""
    function = _plain(function)
    code = getattr(function, "__code__", None)
    if code is None or code in seen or _is_of_library(function) or hasattr(function, MARK):
        return False
    seen.add(code)
    if _branches(code):
        return True
    return any(_may_branch(other, seen) for other in _mentioned(function, code))


def _plain(function: Any) -> Any:
    """Returns the function behind a method, a partial application or a callable object."""
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif inspect.ismethod(function):
            function = function.__func__
        elif hasattr(function, "instance") and hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif not hasattr(function, "__code__") and not inspect.isclass(function):
            inner = getattr(type(function), "__call__", None)  # noqa: B004  (the method itself is wanted)
            return inner if hasattr(inner, "__code__") else function
        else:
            return function


def _branches(code: types.CodeType) -> bool:
    for instruction in dis.get_instructions(code):
        name = instruction.opname
        if "JUMP" in name and name not in ("JUMP_FORWARD", "JUMP_BACKWARD") or name in ("FOR_ITER", "UNARY_NOT"):
            return True
    return any(_branches(inner) for inner in code.co_consts if isinstance(inner, types.CodeType))


def _mentioned(function: Any, code: types.CodeType) -> Iterator[Any]:
    """Yields the functions that a function's names stand for, as far as that can be told."""
    known = getattr(function, "__globals__", {})
    names = {name for inner in _codes(code) for name in inner.co_names}
    for name in names:
        if name in known:
            yield known[name]
    for cell in getattr(function, "__closure__", None) or ():
        try:
            content = cell.cell_contents
        except ValueError:
            continue
        yield content
        yield from _methods(content, names)
    for owner in list(known.values()):
        if inspect.isclass(owner) and owner.__module__ == getattr(function, "__module__", None):
            yield from _methods(owner, names)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _codes(inner)


def _methods(owner: Any, names: set[str]) -> Iterator[Any]:
    kind = owner if inspect.isclass(owner) else type(owner)
    if kind.__module__ in ("builtins",) or kind.__module__.partition(".")[0] in _LIBRARIES:
        return
    for name in names if inspect.isclass(owner) else (*names, "__call__"):
        found = inspect.getattr_static(kind, name, None)
        if inspect.isfunction(found):
            yield found


def _is_of_library(function: Any) -> bool:
    top = (getattr(function, "__module__", None) or "").partition(".")[0]
    return top in _LIBRARIES or top in sys.stdlib_module_names and top != "__main__"


# ----------------------------------------------------------------------------------------------------------- calling


def _call(function: Any, args: Any, kwargs: Any, scope: Any = None, options: Any = None) -> Any:
    """Calls a function in the place where rewritten code calls it, rewritten too if it is a user's."""
    args, kwargs = tuple(args), dict(kwargs or {})
    if isinstance(function, functools.partial):
        return _call(function.func, (*function.args, *args), {**function.keywords, **kwargs}, scope, options)
    if inspect.isbuiltin(function) or inspect.isclass(function):
        return _call_builtin(function, args, kwargs, scope)
    if hasattr(function, "instance") and hasattr(function, "__wrapped__"):  # the method of a `tf.function`
        return _call(function.__wrapped__, (function.instance(), *args), kwargs, scope, options)
    target, given = function, args
    if inspect.ismethod(function):
        target, given = function.__func__, (function.__self__, *args)
    elif not hasattr(function, "__code__"):
        target, given = type(function).__call__, (function, *args)
    if not _is_convertible(target):
        if hasattr(target, MARK):
            with switched_off():
                return function(*args, **kwargs)
        return function(*args, **kwargs)
    rewritten = _rewritten(target)
    return function(*args, **kwargs) if rewritten is None else rewritten(*given, **kwargs)


def _is_convertible(target: Any) -> bool:
    if not _enabled.get() or not inspect.isfunction(target) or hasattr(target, MARK) or _is_of_library(target):
        return False
    if hasattr(target, "ag_module") or inspect.isgeneratorfunction(target) or inspect.iscoroutinefunction(target):
        return False
    return target.__code__.co_filename != "<string>"


def _call_builtin(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], scope: Any) -> Any:
    from scopedjax._src.lib.functions.statements import BUILTINS

    if scope is not None and function in (eval, super, globals, locals):
        from malt.operators import py_builtins

        if function is eval:
            return py_builtins.eval_in_original_context(function, args, scope)
        if function is super:
            return py_builtins.super_in_original_context(function, args, scope)
        if function is globals:
            return py_builtins.globals_in_original_context(scope)
        return py_builtins.locals_in_original_context(scope)
    try:
        replacement = BUILTINS.get(function)
    except TypeError:
        replacement = None
    return (replacement or function)(*args, **kwargs)


def _rewritten(target: Any) -> Any:
    """Returns a function rewritten, or None where it cannot be (its source is not to be had, say)."""
    from malt.core import converter

    options = converter.ConversionOptions(recursive=True, user_requested=True, optional_features=cast(Any, ()))
    try:
        function, module, source_map = _transpiler().transform(target, converter.ProgramContext(options=options))
    except Exception as error:
        warnings.warn(
            f"AutoGraph could not transform {target} and will run it as-is. Cause: {error}. To silence this warning, "
            "decorate the function with @tf.autograph.experimental.do_not_convert",
            UserWarning,
            stacklevel=4,
        )
        setattr(target, MARK, True)
        return None
    function.ag_module, function.ag_source_map = module, source_map
    return function


@functools.cache
def _transpiler() -> Any:
    """Returns the transpiler whose rewritten functions call what is in `statements`."""
    from malt import operators
    from malt.core import converter
    from malt.impl import api
    from malt.lang import special_functions

    from scopedjax._src.lib.functions import statements

    namespace = importlib.util.module_from_spec(importlib.machinery.ModuleSpec("scopedjax_statements", None))
    known = vars(namespace)
    known.update({k: v for k, v in vars(special_functions).items() if not k.startswith("__")})
    known.update({k: v for k, v in vars(operators).items() if not k.startswith("__")})
    known.update({k: vars(converter)[k] for k in ("ConversionOptions", "Feature")}, STD=converter.STANDARD_OPTIONS)
    for name in ("if_stmt", "while_stmt", "for_stmt", "if_exp", "and_", "or_", "not_", "FunctionScope",
                 "with_function_scope"):  # fmt: skip
        known[name] = getattr(statements, name)
    known["converted_call"] = _call
    known["autograph_artifact"] = _kept

    class Transpiler(api.PyToPy):
        """The package's transpiler with another namespace."""

        def get_extra_locals(self) -> dict[str, Any]:
            """Returns what rewritten code finds under `ag__`."""
            return {"ag__": namespace}

    return Transpiler()


def _kept(function: Any, extras: Any = None) -> Any:
    """Marks a function that is part of rewritten code."""
    function.ag_module = None
    return function


# ----------------------------------------------------------------------------------------------------- tf.autograph


def do_not_convert(func: Any = None) -> Any:
    """Leaves a function, and those that it calls, as they are: Python's control flow in it looks at Python values.

    Args:
      func: The function; or None, to be used as `@tf.autograph.experimental.do_not_convert()`.

    >>> @tf.autograph.experimental.do_not_convert
    ... def double(x):
    ...     return 2 * x
    >>> double(3)
    6
    """
    if func is None:
        return do_not_convert

    @functools.wraps(func)
    def as_it_is(*args: Any, **kwargs: Any) -> Any:
        with switched_off():
            return func(*args, **kwargs)

    setattr(as_it_is, MARK, True)
    return as_it_is


def to_graph(
    entity: Any,
    recursive: bool = True,
    arg_values: Any = None,
    arg_types: Any = None,
    experimental_optional_features: Any = None,
) -> Any:
    """Returns a function whose Python control flow may look at tensors.

    Args:
      entity: A Python function.
      recursive: Whether functions that it calls are rewritten too.
      arg_values: Accepted.
      arg_types: Accepted.
      experimental_optional_features: Accepted.

    Raises:
      ImportError: the extra `scopedjax[autograph]` is not installed.
      ValueError: the function cannot be rewritten.

    >>> def positive(x):
    ...     return x if x > 0 else -x
    >>> f = tf.autograph.to_graph(positive)
    >>> float(tf.Session().run(f(tf.constant(-2.0))))
    2.0
    """
    rewritten = _checked(entity)
    if recursive:
        return rewritten

    @functools.wraps(entity)
    def alone(*args: Any, **kwargs: Any) -> Any:
        with switched_off():
            return rewritten(*args, **kwargs)

    return alone


def to_code(
    entity: Any,
    recursive: bool = True,
    arg_values: Any = None,
    arg_types: Any = None,
    indentation: str = "  ",
    experimental_optional_features: Any = None,
) -> str:
    """Returns the source of what `to_graph` makes.

    Args:
      entity: A Python function.
      recursive: As for `to_graph`.
      arg_values: Accepted.
      arg_types: Accepted.
      indentation: Accepted.
      experimental_optional_features: Accepted.

    Raises:
      ImportError: the extra `scopedjax[autograph]` is not installed.
      ValueError: the function cannot be rewritten.

    >>> def positive(x):
    ...     return x if x > 0 else -x
    >>> "if_exp" in tf.autograph.to_code(positive)
    True
    """
    import textwrap

    return textwrap.dedent(inspect.getsource(_checked(entity)))


def _checked(entity: Any) -> Any:
    if not is_installed():
        raise ImportError(MISSING)
    target = _plain(entity)
    if not inspect.isfunction(target):
        raise ValueError(f"tf.autograph takes a Python function, not {entity!r}; of a tf.function, its python_function")
    rewritten = _rewritten(target)
    if rewritten is None:
        raise ValueError(f"{target} could not be rewritten: is its source to be had?")
    return functools.partial(rewritten, entity.__self__) if inspect.ismethod(entity) else rewritten


def set_loop_options(
    parallel_iterations: Any = _UNSPECIFIED,
    swap_memory: Any = _UNSPECIFIED,
    maximum_iterations: Any = _UNSPECIFIED,
    shape_invariants: Any = _UNSPECIFIED,
) -> None:
    """Sets options of the loop in whose body it is called first; see `tf.while_loop`.

    Args:
      parallel_iterations: Accepted.
      swap_memory: Accepted.
      maximum_iterations: The most steps that are made.
      shape_invariants: Pairs of a loop variable and its shape, where that changes from step to step.

    >>> @tf.function
    ... def first(n):
    ...     i = 0
    ...     while i < n:
    ...         tf.autograph.experimental.set_loop_options(maximum_iterations=3)
    ...         i += 1
    ...     return i
    >>> int(tf.Session().run(first(tf.constant(10))))
    3
    """
    from scopedjax._src.lib.functions.statements import note_loop_options

    given = {
        "parallel_iterations": parallel_iterations,
        "swap_memory": swap_memory,
        "maximum_iterations": maximum_iterations,
        "shape_invariants": shape_invariants,
    }
    note_loop_options({key: value for key, value in given.items() if value is not _UNSPECIFIED})


def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """Sets how much the rewriting of functions tells.

    Args:
      level: 0 for nothing, up to 10.
      alsologtostdout: Whether on standard output too.

    >>> tf.autograph.set_verbosity(0)
    """
    _verbosity[0] = int(level)
    if is_installed():
        from malt.utils import ag_logging

        ag_logging.set_verbosity(int(level), alsologtostdout)


def trace(*args: Any) -> None:
    """Prints its arguments when a function is traced.

    Args:
      *args: Anything.

    >>> tf.autograph.trace("traced", 3)
    traced 3
    """
    builtins.print(*args)
