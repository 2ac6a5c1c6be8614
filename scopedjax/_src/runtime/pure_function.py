"""The road out: a part of a graph as a plain JAX function of its parameters.

    fn, params = scopedjax.pure_function(logits, [x], session)
    jax.jit(fn)(params, images)        jax.grad(lambda p, x: fn(p, x).sum())(params, images)

`params` is a nested dict made of the scoped names: 'conv1/w' is `params["conv1"]["w"]`. A variable whose name is the
start of another's ('w' beside 'w/Adam') is the entry "value" of its own dict. The function touches no session: it
reads what it is given and, if asked to, returns what the graph assigns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.stacks import get_default_session
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.bundles import Slot
from scopedjax._src.lower.plan import Plan, Stage, make_plan
from scopedjax._src.lower.trace import Trace, uninitialized
from scopedjax._src.runtime.feeds import feed_tensor
from scopedjax._src.runtime.fetches import FetchMapper

Params = dict[str, Any]


def pure_function(
    fetches: Any, feeds: Any = (), session: Any = None, with_state: bool = False
) -> tuple[Callable[..., Any], Params]:
    """Returns a part of a graph as a pure JAX function, and its parameters.

    Args:
      fetches: What to compute: tensors, variables or their names in any structure.
      feeds: Tensors (or names) that become the function's arguments after the parameters, in order.
      session: The session whose variables are taken; default: the default session.
      with_state: Whether the function returns `(values, new params)`, with what the graph assigns to variables.
      Without it, fetches that
        assign are refused.

    Returns:
      `(fn, params)`: `fn(params, *feeds)` returns the values in the structure of `fetches` (None for nodes);
      `params` is a nested dict of JAX arrays. jit, grad and vmap work on `fn`. Random nodes draw the numbers of the
      session's next run, the same ones at each call.

    Raises:
      ValueError: there is no session; a needed node runs on the host (strings, py_func, files); the fetches assign
      to variables and
        `with_state` is not set; a feed steers shapes.
      FailedPreconditionError: a variable has no value.

    >>> x = tf.placeholder(tf.float32, [None, 2])
    >>> with tf.variable_scope("dense"):
    ...     w = tf.get_variable("kernel", [2, 1], initializer=tf.ones_initializer())
    >>> y = tf.matmul(x, w)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     fn, params = tf.pure_function(y, [x], sess)
    >>> sorted(params), fn(params, np.ones([1, 2], np.float32)).tolist()
    (['dense'], [[2.0]])
    """
    session = session or get_default_session()
    if session is None:
        raise ValueError("pure_function needs a session: pass one, or call it inside `with session.as_default():`")
    graph = session.graph
    mapper = FetchMapper(graph, fetches)
    fed = [feed_tensor(graph, key) for key in (feeds if isinstance(feeds, (list, tuple)) else [feeds])]
    tensors = [e for e in mapper.elements if isinstance(e, Tensor)]
    targets = [e for e in mapper.elements if isinstance(e, Operation)]
    plan = make_plan(tensors, targets, fed)
    stage = _only_stage(plan, with_state)
    state = session.state
    state.ensure_rows(stage.random if stage is not None else [])
    names = list(plan.variables)
    params = _nested({name: _value(state, name, plan) for name in names})
    rows, slots, platform = state.rng, dict(state.slots), state.platform

    def fn(params: Params, *values: Any) -> Any:
        if len(values) != len(fed):
            raise TypeError(f"the function takes {len(fed)} values after the parameters, got {len(values)}")
        with jax.enable_x64(True):
            flat = _flattened(params, names)
            trace = Trace(platform, state=dict(flat), rng=rows, slots=slots)
            for tensor, value in zip(fed, values, strict=True):
                trace.values[tensor] = jnp.asarray(value, tensor.dtype.base_dtype.as_numpy_dtype)
            if stage is not None:
                trace.folded, trace.wants_pullback = stage.folded, stage.pullbacks
                trace.run(stage.ops)
            found = [trace.final_value(e) if isinstance(e, Tensor) else None for e in mapper.elements]
            result = mapper.build([None if v is None else jnp.asarray(v) for v in found])
            return (result, _nested({n: trace.state[n] for n in names})) if with_state else result

    return fn, params


def _only_stage(plan: Plan, with_state: bool) -> Stage | None:
    """Returns the device stage of a plan that has nothing else."""
    host = [op for stage in plan.stages if not stage.device for op in stage.ops]
    if host:
        listed = ", ".join(f"'{op.name}' ({op.type})" for op in host[:5])
        raise ValueError(f"pure_function: these nodes run on the host and have no JAX form: {listed}. Fetch what lies "
                         "before them, or feed their outputs.")  # fmt: skip
    if len(plan.stages) > 1:
        raise ValueError("pure_function: a shape depends on a value that is computed in the same run; feed that value.")
    stage = plan.stages[0] if plan.stages else None
    if stage is not None and stage.static_inputs:
        names = ", ".join(t.name for t in stage.static_inputs)
        raise ValueError(f"pure_function: {names} steers shapes, and a JAX function's shapes are fixed. Record the "
                         "graph with a constant in its place.")  # fmt: skip
    if plan.writes and not with_state:
        raise ValueError("pure_function: the fetches assign to variables. Ask for `with_state=True` to get the new "
                         "values, or fetch what does not assign.")  # fmt: skip
    return stage


def _value(state: Any, name: str, plan: Plan) -> Any:
    value = state.values.get(name)
    if value is None:
        raise uninitialized(name, plan.variables[name])
    if isinstance(value, np.ndarray) and value.dtype == object:
        raise ValueError(f"pure_function: the variable '{name}' holds strings, which JAX has not")
    # A copy: the session gives its own buffer away at its next assignment.
    with jax.enable_x64(True):
        return jnp.array(np.asarray(value) if isinstance(value, Slot) else value, copy=True)


def _paths(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Returns the place of each variable in the nested dict."""
    prefixes = {name[:i] for name in names for i, c in enumerate(name) if c == "/"}
    return {n: (*n.split("/"), "value") if n in prefixes else tuple(n.split("/")) for n in names}


def _nested(flat: dict[str, Any]) -> Params:
    from flax import traverse_util

    paths = _paths(list(flat))
    return traverse_util.unflatten_dict({paths[n]: v for n, v in flat.items()})


def _flattened(params: Params, names: Sequence[str]) -> dict[str, Any]:
    from flax import traverse_util

    flat = traverse_util.flatten_dict(params)
    paths = _paths(names)
    missing = [n for n in names if paths[n] not in flat]
    if missing:
        raise KeyError(f"pure_function: the parameters lack {', '.join(missing)}")
    return {n: flat[paths[n]] for n in names}
