"""Python's statements on tensors: what a converted function calls in the place of `if`, `while`, `for`, `and`, `len`.

    if x > 0:                   if_stmt(x > 0, body, orelse, get_state, set_state, ("y",), 1)
        y = x                   a tensor: tf.cond of both, whose results become y
    else:                       anything else: one of them is called
        y = -x

The functions `body` and `orelse` change the variables of the function that they stand in; `get_state` and `set_state`
read and write those that either may change. A variable that has no value yet is `malt`'s Undefined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.base.dtypes import float32, int32
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import zeros
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.control_flow.cond import cond as tf_cond
from scopedjax._src.ops.control_flow.function_graph import FunctionGraph
from scopedjax._src.ops.control_flow.while_loop import while_loop
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.variables.variable import Variable

State = tuple[Any, ...]
_OPTIONS: ContextVar[dict[str, Any] | None] = ContextVar("loop options", default=None)


class FunctionScope:
    """The body of a rewritten function.

    Args:
      function_name: The function's name.
      scope_name: What the scope is called in it.
      options: How functions that it calls are rewritten.
    """

    def __init__(self, function_name: str, scope_name: str, options: Any) -> None:
        self.name = scope_name
        self.options = options
        self.callopts = options.call_options()

    def __enter__(self) -> FunctionScope:
        return self

    def __exit__(self, *error: Any) -> None:
        return None

    def ret(self, value: Any, did_return: Any) -> Any:
        """Returns what the function returns."""
        return None if _is_undefined(value) else value


def with_function_scope(thunk: Callable[[Any], Any], scope_name: str, options: Any) -> Any:
    """Calls a rewritten lambda."""
    with FunctionScope("lambda_", scope_name, options) as scope:
        return thunk(scope)


def is_symbolic(value: Any) -> bool:
    """Whether a value is known only when the graph runs."""
    return isinstance(value, (Tensor, Variable))


def _is_undefined(value: Any) -> bool:
    return type(value).__name__ in ("Undefined", "UndefinedReturnValue")


def _is_plain(leaf: Any) -> bool:
    """Whether a leaf of the state is kept as it is, instead of becoming a tensor."""
    numbers = (bool, int, float, complex, np.ndarray, np.generic)
    return not (is_symbolic(leaf) or isinstance(leaf, numbers))


# -------------------------------------------------------------------------------------------------------------- if


def if_stmt(
    cond: Any,
    body: Callable[[], Any],
    orelse: Callable[[], Any],
    get_state: Callable[[], State],
    set_state: Callable[[State], None],
    symbol_names: Sequence[str],
    nouts: int,
) -> None:
    """Stands for an `if`.

    Raises:
      ValueError: on a tensor, a variable gets a value in one branch only, or one branch returns and the other not.
      TypeError: on a tensor, a variable gets other dtypes or other structures in the two branches.
    """
    if not is_symbolic(cond):
        body() if cond else orelse()
        return
    before = get_state()
    found: list[tuple[State, list[Any]]] = []

    def branch(statements: Callable[[], Any]) -> Callable[[], list[Tensor]]:
        def run() -> list[Tensor]:
            set_state(before)
            statements()
            state = tuple(get_state()[:nouts])
            leaves = [leaf for value in state for leaf in nest.flatten(value, expand_composites=True)]
            tensors = [None if _is_plain(leaf) else convert_to_tensor(leaf) for leaf in leaves]
            found.append((state, tensors))
            if len(found) == 2:
                _check_branches(symbol_names, *found)
            return [t for t in tensors if t is not None] or [convert_to_tensor(np.int32(0))]

        return run

    results = iter(tf_cond(convert_to_tensor(cond), branch(body), branch(orelse), strict=True))
    set_state((*(_refilled(found[0][0], results)), *before[nouts:]))


def _refilled(state: State, results: Any) -> list[Any]:
    def put(leaf: Any) -> Any:
        return leaf if _is_plain(leaf) else next(results)

    return [_mapped(put, value) for value in state]


def _mapped(function: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, (list, tuple, dict)) and not value:
        return value
    return nest.map_structure(function, value, expand_composites=True)


def _check_branches(names: Sequence[str], main: tuple[State, list[Any]], other: tuple[State, list[Any]]) -> None:
    for name, a, b in zip(names, main[0], other[0], strict=False):
        for value, part in ((a, "main"), (b, "else")):
            if _is_undefined(value) and not (_is_undefined(a) and _is_undefined(b)):
                if "retval" in name:
                    raise ValueError(
                        f"the {part} branch must also have a return statement. A value must also be returned from the "
                        f"{part} branch. If a value is returned from one branch of a conditional a value must be "
                        "returned from all branches."
                    )
                raise ValueError(f"'{name}' must also be initialized in the {part} branch")
        try:
            nest.assert_same_structure(a, b, expand_composites=True)
        except (TypeError, ValueError) as error:
            raise TypeError(f"'{name}' does not have the same nested structure in the two branches. {error}") from None
        for x, y in zip(nest.flatten(a, expand_composites=True), nest.flatten(b, expand_composites=True), strict=True):
            _check_leaf(name, x, y)


def _is_same(a: Any, b: Any) -> bool:
    """Whether two leaves that are no tensors are the same."""
    if a is b or _is_undefined(a) and _is_undefined(b):
        return True
    return _is_plain(a) and _is_plain(b) and a == b


def _check_leaf(name: str, a: Any, b: Any) -> None:
    if _is_plain(a) or _is_plain(b):
        if not _is_same(a, b):
            if a is None or b is None:
                part = "main" if a is None else "else"
                raise TypeError(f"'{name}' is None at the end of the {part} branch, and not at that of the other one.")
            raise TypeError(f"'{name}' is {a!r} in the main branch, but {b!r} in the else branch, and no tensor")
        return
    x, y = (convert_to_tensor(v).dtype.base_dtype for v in (a, b))
    if x is not y:
        raise TypeError(f"'{name}' has dtype {x.name} in the main branch, but dtype {y.name} in the else branch")


def if_exp(cond: Any, if_true: Callable[[], Any], if_false: Callable[[], Any], expr_repr: str) -> Any:
    """Stands for `a if cond else b`."""
    if is_symbolic(cond):
        return tf_cond(convert_to_tensor(cond), if_true, if_false)
    return if_true() if cond else if_false()


# ------------------------------------------------------------------------------------------------------------ loops


def while_stmt(
    test: Callable[[], Any],
    body: Callable[[], Any],
    get_state: Callable[[], State],
    set_state: Callable[[State], None],
    symbol_names: Sequence[str],
    opts: dict[str, Any],
) -> None:
    """Stands for a `while`; one whose condition is a tensor becomes a `tf.while_loop`."""
    while True:
        state = get_state()
        with _aside():
            condition = test()
        set_state(state)
        if is_symbolic(condition):
            break
        if not condition:
            return
        body()
    _symbolic_loop(test, body, get_state, set_state, symbol_names, opts)


def for_stmt(
    iter_: Any,
    extra_test: Callable[[], Any] | None,
    body: Callable[[Any], Any],
    get_state: Callable[[], State],
    set_state: Callable[[State], None],
    symbol_names: Sequence[str],
    opts: dict[str, Any],
) -> None:
    """Stands for a `for`; one over a tensor becomes a `tf.while_loop` over its first axis."""
    if not is_symbolic(iter_):
        if extra_test is None:
            for target in iter_:
                body(target)
            return
        for target in iter_:
            if not extra_test():
                break
            body(target)
        return
    items = convert_to_tensor(iter_)
    if items._dims is not None and not items._dims:
        raise ValueError("for: cannot iterate over a scalar tensor")
    rows = items._dims[0] if items._dims is not None else None
    count = convert_to_tensor(np.int32(rows)) if rows is not None else shape_of(items)[0]
    at: list[Any] = [convert_to_tensor(np.int32(0))]

    def test() -> Any:
        more = at[0] < count
        return more if extra_test is None else and_(lambda: more, extra_test)

    def step() -> None:
        target = items[at[0]]
        at[0] = at[0] + 1
        body(target)

    def get() -> State:
        return (*get_state(), at[0])

    def put(state: State) -> None:
        set_state(state[:-1])
        at[0] = state[-1]

    options = {**opts}
    if rows is not None:
        options.setdefault("maximum_iterations", rows)
    _symbolic_loop(test, step, get, put, (*symbol_names, "iterate"), options)


class _aside:
    """Records the nodes of the block into a graph that is thrown away."""

    def __enter__(self) -> FunctionGraph:
        self._graph = FunctionGraph("aside", stacks.get_default_graph())
        self._block = self._graph.as_default()
        self._block.__enter__()
        return self._graph

    def __exit__(self, *error: Any) -> None:
        self._block.__exit__(*error)


def _symbolic_loop(
    test: Callable[[], Any],
    body: Callable[[], Any],
    get_state: Callable[[], State],
    set_state: Callable[[State], None],
    names: Sequence[str],
    opts: dict[str, Any],
) -> None:
    before, more = _started(body, get_state, set_state, names)
    first = [nest.flatten(value, expand_composites=True) for value in before]
    starts = [convert_to_tensor(leaf) for leaves in first for leaf in leaves if not _is_plain(leaf)]

    def enter(variables: Sequence[Tensor]) -> None:
        set_state(tuple(_refilled(before, iter(variables))))

    def condition(*variables: Tensor) -> Any:
        enter(variables)
        return convert_to_tensor(test())

    def turn(*variables: Tensor) -> list[Any]:
        enter(variables)
        body()
        return _after(names, before, get_state(), variables, "shape_invariants" not in more)

    known = ("maximum_iterations", "parallel_iterations", "swap_memory")
    options = {k: v for k, v in {**opts, **more}.items() if k in known}
    if "shape_invariants" in more:
        options["shape_invariants"] = [
            shape_of_leaf if shape_of_leaf is not None else start.shape
            for shape_of_leaf, start in zip(more["shape_invariants"], starts, strict=True)
        ]
    if not starts:  # a loop needs a variable
        starts = [convert_to_tensor(np.int32(0))]
        found = while_loop(
            lambda _: condition(), lambda i: [*turn(), i], starts, return_same_structure=True, **options
        )  # fmt: skip
    else:
        found = while_loop(condition, turn, starts, return_same_structure=True, **options)
    enter(found)


def _started(
    body: Callable[[], Any],
    get_state: Callable[[], State],
    set_state: Callable[[State], None],
    names: Sequence[str],
) -> tuple[State, dict[str, Any]]:
    """Returns the state before a loop, and the options that its body sets.

    A variable that only the body defines starts with zeros.
    """
    before = get_state()
    missing = [i for i, value in enumerate(before) if _is_undefined(value)]
    if not missing and not _sets_options(body):
        return before, {}
    options: dict[str, Any] = {}
    token = _OPTIONS.set(options)
    with _aside() as graph:

        def shown(leaf: Any) -> Any:
            return leaf if _is_plain(leaf) else graph.inside(convert_to_tensor(leaf))

        inside = tuple(_mapped(shown, value) for value in before)
        set_state(inside)
        try:
            body()
        finally:
            _OPTIONS.reset(token)
        after = get_state()
    pairs = {id(tensor): shape for tensor, shape in options.pop("shape_invariants", ())}
    if pairs:
        leaves = [leaf for value in inside for leaf in nest.flatten(value, expand_composites=True)]
        options["shape_invariants"] = [pairs.get(id(leaf)) for leaf in leaves if not _is_plain(leaf)]
    started = list(before)
    for i in missing:
        name = names[i]
        if not _is_undefined(after[i]):
            started[i] = _mapped(lambda leaf, name=name: _like(leaf, name), after[i])
    set_state(tuple(started))
    return tuple(started), options


def _sets_options(body: Any) -> bool:
    stack = [body.__code__]
    while stack:
        code = stack.pop()
        if "set_loop_options" in code.co_names:
            return True
        stack.extend(inner for inner in code.co_consts if hasattr(inner, "co_names"))
        if "body" in code.co_freevars:  # of a `for`
            cell = dict(zip(body.__code__.co_freevars, body.__closure__ or (), strict=False)).get("body")
            if code is body.__code__ and cell is not None and hasattr(cell.cell_contents, "__code__"):
                stack.append(cell.cell_contents.__code__)
    return False


def note_loop_options(options: dict[str, Any]) -> None:
    """Sets options of the loop whose body is being tried."""
    found = _OPTIONS.get()
    if found is not None:
        found.update(options)


def _like(leaf: Any, name: str) -> Any:
    if _is_plain(leaf):
        return leaf
    with _aside():
        tensor = convert_to_tensor(leaf)
    if tensor._dims is None or None in tensor._dims:
        raise ValueError(
            f"'{name}' must be defined before the loop: it has the shape {tensor.shape} after one iteration, which "
            "does not tell what it would start with."
        )
    return zeros(tensor._dims, tensor.dtype.base_dtype)


def _after(
    names: Sequence[str], before: State, after: State, variables: Sequence[Tensor], keeps_shapes: bool
) -> list[Tensor]:
    """Returns the tensors of the state after a step.

    Raises:
      TypeError: a variable has another dtype or structure than before.
    """
    found: list[Tensor] = []
    for name, old, new in zip(names, before, after, strict=True):
        try:
            nest.assert_same_structure(old, new, expand_composites=True)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"'{name}' does not have the same nested structure after one iteration.\n\n{error}"
            ) from None
        pairs = zip(nest.flatten(old, expand_composites=True), nest.flatten(new, expand_composites=True), strict=True)
        for a, b in pairs:
            if _is_plain(a):
                if not _is_same(a, b):
                    what = "None" if a is None else repr(a)
                    raise TypeError(f"'{name}' is {what} before the loop, and another value after one iteration")
                continue
            tensor, start = convert_to_tensor(b), variables[len(found)]
            if tensor.dtype.base_dtype is not start.dtype.base_dtype:
                raise TypeError(
                    f"'{name}' has dtype {start.dtype.base_dtype.name} before the loop, but dtype "
                    f"{tensor.dtype.base_dtype.name} after one iteration"
                )
            if keeps_shapes:  # else the loop checks them
                _check_shape(name, start, tensor)
            found.append(tensor)
    return found


def _check_shape(name: str, start: Tensor, tensor: Tensor) -> None:
    old, new = start._dims, tensor._dims
    if old is None:
        return
    if new is None or len(old) != len(new) or any(a is not None and a != b for a, b in zip(old, new, strict=True)):
        raise ValueError(
            f"'{name}' has shape {start.shape} before the loop, but shape {tensor.shape} after one iteration. Use "
            "tf.autograph.experimental.set_loop_options to set shape invariants."
        )


# ------------------------------------------------------------------------------------------------------------ logic


def and_(a: Callable[[], Any], b: Callable[[], Any]) -> Any:
    """Stands for `a and b`."""
    first = a()
    return tf_cond(convert_to_tensor(first), b, lambda: first) if is_symbolic(first) else first and b()


def or_(a: Callable[[], Any], b: Callable[[], Any]) -> Any:
    """Stands for `a or b`."""
    first = a()
    return tf_cond(convert_to_tensor(first), lambda: first, b) if is_symbolic(first) else first or b()


def not_(a: Any) -> Any:
    """Stands for `not a`."""
    return apply_op("LogicalNot", a) if is_symbolic(a) else not a


# ---------------------------------------------------------------------------------------------------------- builtins


def _range(*arguments: Any) -> Any:
    from scopedjax._src.ops.array.filling import range as tf_range

    return tf_range(*arguments) if any(map(is_symbolic, arguments)) else range(*arguments)


def _len(items: Any) -> Any:
    if not is_symbolic(items):
        return len(items)
    dims = items.shape.dims
    if dims is not None and not dims:
        raise ValueError("len requires a non-scalar tensor, got one of shape ()")
    known = None if dims is None else items.shape.as_list()[0]
    return known if known is not None else shape_of(items)[0]


def _int(value: Any = 0, *base: Any) -> Any:
    return apply_op("Cast", value, DstT=int32) if is_symbolic(value) else int(value, *base)


def _float(value: Any = 0) -> Any:
    return apply_op("Cast", value, DstT=float32) if is_symbolic(value) else float(value)


BUILTINS: dict[Any, Callable[..., Any]] = {range: _range, len: _len, int: _int, float: _float}
