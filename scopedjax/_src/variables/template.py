"""`tf.make_template`: a function that makes its variables at the first call and shares them at every other."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.variables.scope import variable_scope


class Template:
    """A function with variables of its own; see `make_template`."""

    def __init__(
        self, name: str, func: Callable[..., Any], create_scope_now: bool, unique_name: str | None, custom_getter: Any
    ) -> None:
        self._func = func
        self._name = name
        self._unique_name = unique_name
        self._custom_getter = custom_getter
        self._called = False
        self._scope: Any = None
        if create_scope_now:
            with variable_scope(unique_name, name, custom_getter=custom_getter) as scope:
                self._scope = scope

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function in its own variable scope."""
        if self._scope is None:
            with variable_scope(self._unique_name, self._name, custom_getter=self._custom_getter) as scope:
                self._scope = scope
                return self._run(args, kwargs)
        with variable_scope(self._scope, reuse=self._called or None):
            return self._run(args, kwargs)

    def _run(self, args: Any, kwargs: Any) -> Any:
        graph = stacks.get_default_graph()
        before = len(graph.get_collection_ref(GraphKeys.TRAINABLE_VARIABLES))
        result = self._func(*args, **kwargs)
        made = len(graph.get_collection_ref(GraphKeys.TRAINABLE_VARIABLES)) - before
        if self._called and made:
            raise ValueError(
                "Trainable variable created when calling a template after the first time, perhaps you used tf.Variable "
                f"when you meant tf.get_variable: {graph.get_collection_ref(GraphKeys.TRAINABLE_VARIABLES)[-made:]}"
            )
        self._called = True
        return result

    @property
    def name(self) -> str:
        """The name given."""
        return self._name

    @property
    def func(self) -> Callable[..., Any]:
        """The function given."""
        return self._func

    @property
    def variable_scope(self) -> Any:
        """The variable scope, once it was opened."""
        return self._scope

    @property
    def variable_scope_name(self) -> str | None:
        """The full name of the variable scope with a trailing '/', or None before it was opened."""
        name = None if self._scope is None else self._scope.name
        return f"{name}/" if name and not name.endswith("/") else name

    def _in_scope(self, key: str) -> list[Any]:
        if self._scope is None:
            return []
        return stacks.get_default_graph().get_collection(key, self._scope.name + "/")

    @property
    def trainable_variables(self) -> list[Any]:
        """The trainable variables made by the function."""
        return self._in_scope(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def global_variables(self) -> list[Any]:
        """The global variables made by the function."""
        return self._in_scope(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Any]:
        """The local variables made by the function."""
        return self._in_scope(GraphKeys.LOCAL_VARIABLES)

    @property
    def variables(self) -> list[Any]:
        """All variables made by the function."""
        return self.global_variables + self.local_variables

    @property
    def weights(self) -> list[Any]:
        """The same as `variables`."""
        return self.variables

    @property
    def trainable_weights(self) -> list[Any]:
        """The same as `trainable_variables`."""
        return self.trainable_variables

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The variables that are not trained."""
        trained = set(self.trainable_variables)
        return [v for v in self.variables if v not in trained]


def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Any = None,
    **kwargs: Any,
) -> Template:
    """Returns `func_` with its variables made once and shared by all calls.

    Args:
      name_: Name of the variable scope, made unique.
      func_: Function that makes its variables with `tf.get_variable`.
      create_scope_now_: Whether to fix the scope's name now, not at the first call.
      unique_name_: A name that is taken as it is.
      custom_getter_: Custom getter of the scope.
      **kwargs: Arguments of every call.

    >>> scale = tf.make_template("scale", lambda x: x * tf.get_variable("w", initializer=2.0))
    >>> a, b = scale(tf.constant(1.0)), scale(tf.constant(2.0))
    >>> [v.name for v in tf.global_variables()]
    ['scale/w:0']
    """
    if kwargs:
        func_ = functools.partial(func_, **kwargs)
    return Template(name_, func_, create_scope_now_, unique_name_, custom_getter_)
