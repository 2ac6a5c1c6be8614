r"""How a variable comes to be: the chain of creators that `tf.variable_creator_scope` lengthens.

    tf.Variable(...)   get_variable(...)
             \          /
              create(spec) -> creator of the innermost block -> ... -> outermost -> default_creator

Each creator may change the keywords, or give something else than a variable in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scopedjax._src.graph import stacks
from scopedjax._src.variables.kinds import default_kind
from scopedjax._src.variables.spec import VariableSpec

if TYPE_CHECKING:
    from scopedjax._src.variables.variable import Variable

Creator = Callable[..., Any]


def default_creator(next_creator: Creator | None = None, **keywords: Any) -> Variable:
    """Makes the variable itself: the end of the chain of creators."""
    return type.__call__(class_for(keywords.get("use_resource")), **keywords)


def class_for(use_resource: bool | None) -> type[Variable]:
    """Returns the class of variable that is asked for; None asks the scope, then the default of the process."""
    if use_resource is None:
        from scopedjax._src.variables.scope import get_variable_scope

        use_resource = get_variable_scope().use_resource
    if use_resource is None:
        use_resource = default_kind.use_resource
    if use_resource:
        from scopedjax._src.variables.resource_variable import ResourceVariable as kind
    else:
        from scopedjax._src.variables.variable import Variable as kind
    return kind


def create(spec: VariableSpec) -> Any:
    """Makes a variable through the creators of the open `tf.variable_creator_scope` blocks."""
    creator: Creator = default_creator
    graph = stacks.get_default_graph()
    for outer in graph.scopes.variable_creators:
        creator = _chained(outer, creator)
    return creator(**spec.keywords())


def _chained(outer: Creator, inner: Creator) -> Creator:
    return lambda **keywords: outer(inner, **keywords)


@contextmanager
def variable_creator_scope(variable_creator: Creator) -> Iterator[None]:
    """Sends the making of variables in the block through `variable_creator(next_creator, **kwargs)`.

    >>> def doubled(next_creator, **kwargs):
    ...     kwargs["initial_value"] = np.float32(2) * kwargs["initial_value"]
    ...     return next_creator(**kwargs)
    >>> with tf.variable_creator_scope(doubled):
    ...     v = tf.Variable(np.float32(3))
    >>> tf.Session().run(v.initial_value)
    np.float32(6.0)
    """
    scopes = stacks.get_default_graph().scopes
    old = scopes.variable_creators
    scopes.variable_creators = (*old, variable_creator)
    try:
        yield
    finally:
        scopes.variable_creators = old
