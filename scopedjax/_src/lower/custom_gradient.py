"""`tf.custom_gradient`: a function of tensors that brings its own gradient.

    @tf.custom_gradient
    def log1pexp(x):                 x -> Exp -> AddV2 -> Log -> IdentityN -> result
        e = tf.exp(x)                    |                            ^
        def grad(dy):                    +----------------------------+
            return dy * (1 - 1 / (1 + e))
        return tf.log(1 + e), grad

The results pass through one `IdentityN` node together with the arguments, and with the variables that the function
reads. The gradient of that node is `grad`: it hands nothing back to the results, so the walk of `tf.gradients` goes
round the inside of the function, straight to arguments and variables.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor


def custom_gradient(f: Callable[..., Any] | None = None) -> Any:
    """A decorator for a function of tensors that gives its own gradient.

    Args:
      f: `f(*tensors)` returns `(result, grad_fn)`: one tensor or a nest of them, and a function that takes the gradient
        for each tensor of the result and returns the gradient for each argument. If `f` reads variables, `grad_fn`
        takes the keyword `variables` too (a list, sorted by name) and returns
        `(gradients for the arguments, gradients for the variables)`.

    Returns:
      A function with the arguments of `f` that returns the result alone.

    Raises:
      ValueError: it is called with keyword arguments.
      TypeError: `f` reads variables and `grad_fn` does not take `variables`.

    >>> @tf.custom_gradient
    ... def clipped(x):
    ...     return tf.identity(x), lambda dy: tf.clip_by_value(dy, -0.5, 0.5)
    >>> x = tf.constant(3.0)
    >>> tf.Session().run(tf.gradients(clipped(x) * 10.0, x))
    [np.float32(0.5)]
    """
    if f is None:
        return custom_gradient

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise ValueError(
                "The custom_gradient decorator currently supports keywords arguments only when eager execution is "
                f"enabled. Pass {sorted(kwargs)} by position, or bind them with functools.partial."
            )
        return _recorded(f, args)

    return decorated


def grad_pass_through(f: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that computes `f` and has the gradient of the identity.

    Args:
      f: Function of one tensor whose result has the same shape and dtype.

    >>> x = tf.Variable(1.7)
    >>> y = tf.grad_pass_through(tf.round)(x)
    >>> with tf.Session() as sess:
    ...     _ = sess.run(tf.global_variables_initializer())
    ...     print(sess.run([y, tf.gradients(y, x)[0]]))
    [np.float32(2.0), np.float32(1.0)]
    """

    def through(*args: Any, **kwargs: Any) -> tuple[Any, Callable[..., Any]]:
        def grad(*result_grads: Any, **options: Any) -> Any:
            variables = options.get("variables")
            handed_on: Any = result_grads[0] if len(result_grads) == 1 else list(result_grads)
            return (handed_on, [None] * len(variables)) if variables is not None else handed_on

        return f(*args, **kwargs), grad

    return custom_gradient(through)


def _recorded(f: Callable[..., Any], args: Sequence[Any]) -> Any:
    arguments = nest.map_structure(convert_to_tensor, list(args))
    flat_arguments = nest.flatten(arguments)
    answer = f(*arguments)
    if not isinstance(answer, (list, tuple)) or len(answer) != 2 or not callable(answer[1]):
        raise TypeError(f"a function under tf.custom_gradient returns (result, grad_fn), not {answer!r}")
    result, grad_fn = answer
    results = [convert_to_tensor(t) for t in nest.flatten(result)]
    variables = _variables_between(flat_arguments, results)
    if variables and not _takes_variables(grad_fn):
        raise TypeError(
            "@tf.custom_gradient grad_fn must accept keyword argument 'variables', since function uses variables: "
            f"{variables}"
        )
    together = [*results, *flat_arguments, *(v.value() for v in variables)]
    passed = apply_op("IdentityN", together)
    op: Operation = passed[0].op
    op._extra = {**(op._extra or {}), "gradient": _gradient_of(grad_fn, len(results), len(flat_arguments), variables)}
    return nest.pack_sequence_as(result, passed[: len(results)])


def _gradient_of(
    grad_fn: Callable[..., Any], results: int, arguments: int, variables: Sequence[Any]
) -> Callable[..., list[Any]]:
    def gradient(op: Operation, *grads: Any) -> list[Any]:
        given = grads[:results]
        of_variables: Sequence[Any] = ()
        if variables:
            handed, of_variables = grad_fn(*given, variables=list(variables))
            if len(of_variables) != len(variables):
                raise ValueError(
                    "Must return gradient for each variable from @custom_gradient grad_fn: "
                    f"{len(of_variables)} gradients for {len(variables)} variables"
                )
        else:
            handed = grad_fn(*given)
        flat = nest.flatten(handed, expand_composites=False)
        if len(flat) != arguments:
            raise ValueError(
                f"custom_gradient function expected to return {arguments} gradients, but returned {len(flat)} instead "
                f"(made at {op.site})"
            )
        return [*([None] * results), *flat, *of_variables]

    return gradient


def _takes_variables(grad_fn: Callable[..., Any]) -> bool:
    parameters = inspect.signature(grad_fn).parameters.values()
    return any(p.name == "variables" or p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)


def _variables_between(arguments: Sequence[Tensor], results: Sequence[Tensor]) -> list[Any]:
    """Returns the trained variables that results depend on other than through the arguments, sorted by name."""
    if not results:
        return []
    seen = {t.op for t in arguments}
    stack = [t.op for t in results if t.op not in seen]
    found: set[Operation] = set()
    while stack:
        op = stack.pop()
        if op not in seen:
            seen.add(op)
            found.add(op)
            stack.extend(t.op for t in op.inputs)
    graph = results[0].graph
    known = dict.fromkeys(
        (*graph.get_collection(GraphKeys.TRAINABLE_VARIABLES), *graph.get_collection(GraphKeys.GLOBAL_VARIABLES))
    )
    return sorted((v for v in known if v.op in found and v.trainable), key=lambda v: v.name)
