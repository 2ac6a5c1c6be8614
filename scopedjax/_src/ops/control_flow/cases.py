"""`tf.case` and `tf.switch_case`: one of several branches, as conditions inside conditions.

tf.case([(p, f), (q, g)], default=h)   ->   cond(p, f, lambda: cond(q, g, h))
"""

from __future__ import annotations

import collections
import contextlib
import functools
from collections.abc import Callable
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.identity import identity
from scopedjax._src.ops.control_flow.assertion import Assert
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.convert import convert_to_tensor

Branch = Callable[[], Any]


def case(
    pred_fn_pairs: Any, default: Branch | None = None, exclusive: bool = False, strict: bool = False, name: str = "case"
) -> Any:
    """Returns what the first function gives whose predicate is true; only that one is computed.

    Args:
      pred_fn_pairs: List of pairs (bool scalar, function without arguments), or a dict of such.
      default: Function for the case that no predicate is true. Without it the run fails then.
      exclusive: Whether the run fails when several predicates are true.
      strict: Whether a list of one result stays a list.
      name: Name scope; defaults to "case".

    Returns:
      Tensors in the structure that the functions return.

    Raises:
      TypeError: `pred_fn_pairs` is no list or dict of pairs, a predicate is no bool, or a function cannot be called.
      InvalidArgumentError: (when run) no predicate, or with `exclusive` more than one, is true.

    >>> x = tf.placeholder(tf.int32, [])
    >>> size = tf.case([(x < 10, lambda: 1), (x < 100, lambda: 2)], default=lambda: 3)
    >>> [int(tf.Session().run(size, {x: v})) for v in (5, 50, 500)]
    [1, 2, 3]
    """
    pairs = _checked_pairs(pred_fn_pairs)
    if default is not None and not callable(default):
        raise TypeError("default must be callable.")
    with stacks.get_default_graph().name_scope(name):
        predicates = [p for p, _ in pairs]
        checks: list[Any] = []
        if default is None:
            checks.append(_at_least_one(predicates))
            default = pairs[-1][1]
            pairs = pairs[:-1]
        if exclusive:
            checks.append(_at_most_one(predicates))
        function = default
        for predicate, action in reversed(pairs):
            function = functools.partial(cond, predicate, action, function, strict)
        graph = stacks.get_default_graph()
        with graph.control_dependencies(checks) if checks else contextlib.nullcontext():
            result = function()
            if not pairs:
                result = nest.map_structure(convert_to_tensor, result)
            return result


def _checked_pairs(pairs: Any) -> list[tuple[Tensor, Branch]]:
    if not isinstance(pairs, (list, tuple, dict)):
        raise TypeError(f"'pred_fn_pairs' must be a list, tuple, or dict. Received: {type(pairs)}")
    if isinstance(pairs, collections.OrderedDict):
        pairs = list(pairs.items())
    elif isinstance(pairs, dict):
        pairs = sorted(pairs.items(), key=lambda item: item[0].name)
    if not pairs:
        raise ValueError("'pred_fn_pairs' must have at least one pair")
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"Each entry in 'pred_fn_pairs' must be a 2-tuple. Received {pair}.")
        predicate, action = pair
        if isinstance(predicate, Tensor) and predicate.dtype.base_dtype.name != "bool":
            raise TypeError(f"pred must be Tensor of type bool: {predicate.name}")
        if not isinstance(predicate, Tensor):
            raise TypeError(f"pred must be a Tensor, got: {predicate}")
        if not callable(action):
            raise TypeError(f"fn for pred {predicate.name} must be callable.")
    return list(pairs)


def _count(predicates: list[Tensor]) -> Tensor:
    packed = apply_op("Pack", predicates, name="preds_c")
    return apply_op("Sum", apply_op("Cast", packed, DstT="int32"), [0], name="num_true_conds")


def _at_least_one(predicates: list[Tensor]) -> Any:
    text = "Input error: None of conditions evaluated as True:"
    enough = apply_op("Greater", _count(predicates), 0)
    return Assert(enough, [text, apply_op("Pack", predicates)], summarize=len(predicates))


def _at_most_one(predicates: list[Tensor]) -> Any:
    names = ", ".join(p.name for p in predicates)
    text = f"Input error: exclusive=True: more than 1 conditions ({names}) evaluated as True:"
    few = apply_op("LessEqual", _count(predicates), 1)
    return Assert(few, [text, apply_op("Pack", predicates)], summarize=len(predicates))


def switch_case(branch_index: Any, branch_fns: Any, default: Branch | None = None, name: str = "switch_case") -> Any:
    """Returns what function number `branch_index` gives; only that one is computed.

    Args:
      branch_index: int32 scalar.
      branch_fns: List of functions without arguments, or a dict (or a list of pairs) from int to function.
      default: Function for other numbers; the one with the largest number by default.
      name: Name scope; defaults to "switch_case".

    Returns:
      Tensors in the structure that the functions return.

    Raises:
      TypeError: `branch_fns` is no list or dict of functions.
      ValueError: there are no functions, or the numbers are not 0, 1, 2...

    >>> n = tf.placeholder(tf.int32, [])
    >>> word = tf.switch_case(n, [lambda: 10, lambda: 20], default=lambda: -1)
    >>> [int(tf.Session().run(word, {n: v})) for v in (0, 1, 7)]
    [10, 20, -1]
    """
    branches = _checked_branches(branch_fns, default)
    graph = stacks.get_default_graph()
    with graph.name_scope(name):
        index = convert_to_tensor(branch_index, name="branch_index")
        if index.dtype.base_dtype.name != "int32":
            raise TypeError(f"'branch_index' must be a Tensor of int32, got {index.dtype.base_dtype.name}")
        function = default if default is not None else branches[-1]
        with graph.name_scope("indexed_case"):
            for number, action in reversed(list(enumerate(branches if default is not None else branches[:-1]))):
                function = functools.partial(_cond_on, index, number, action, function)
            return nest.map_structure(lambda t: identity(t, name="Identity"), function())


def _cond_on(index: Tensor, number: int, action: Branch, otherwise: Branch) -> Any:
    return cond(apply_op("Equal", index, number), action, otherwise)


def _checked_branches(branch_fns: Any, default: Branch | None) -> list[Branch]:
    if isinstance(branch_fns, dict):
        branch_fns = list(branch_fns.items())
    if not isinstance(branch_fns, (list, tuple)):
        raise TypeError(f"'branch_fns' must be a list, tuple, or dict. Received: {type(branch_fns)}")
    pairs = list(branch_fns)
    if not pairs:
        raise ValueError("Must provide at least one item in 'branch_fns'")
    if all(callable(fn) for fn in pairs):
        pairs = list(enumerate(pairs))
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"Each entry in 'branch_fns' must be a 2-tuple. Received: {pair}.")
        if not isinstance(pair[0], int):
            raise TypeError(f"key must be a Python `int`, got {type(pair[0])}")
        if not callable(pair[1]):
            raise TypeError(f"fn for key {pair[0]} must be callable.")
    pairs.sort(key=lambda pair: pair[0])
    if [key for key, _ in pairs] != list(range(len(pairs))):
        raise ValueError(
            f"branch indices must form contiguous range of [0 to {len(pairs)}) but found "
            f"{{{','.join(str(key) for key, _ in pairs)}}}"
        )
    if default is not None and not callable(default):
        raise TypeError("'default' must be callable.")
    return [fn for _, fn in pairs]
