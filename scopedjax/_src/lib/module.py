"""`tf.Module`: an object that finds the variables in its attributes, and a name scope of its own."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scopedjax._src.graph.recording import name_scope
from scopedjax._src.variables.variable import Variable

_IDENTIFIER = re.compile(r"^[a-zA-Z_]([a-zA-Z0-9_])*$")


class Module:
    """Base class of objects that hold variables.

    Args:
      name: Name of its scope; by default that of the class in lower case with underscores.

    Raises:
      ValueError: the name is no identifier.

    >>> class Dense(tf.Module):
    ...     def __init__(self, rows, columns):
    ...         super().__init__()
    ...         with self.name_scope:
    ...             self.w = tf.Variable(tf.zeros([rows, columns]), name="w")
    >>> [v.name for v in Dense(2, 3).variables]
    ['dense/w:0']
    """

    def __init__(self, name: str | None = None) -> None:
        chosen = _snake_case(type(self).__name__) if name is None else name
        if not _IDENTIFIER.match(chosen):
            raise ValueError(
                f"{chosen!r} is not a valid module name. Module names must be valid Python identifiers (e.g. a valid "
                "class name)."
            )
        self._name = chosen
        with name_scope(chosen) as scope:
            self._scope_name = scope

    @property
    def name(self) -> str:
        """The name that it was given."""
        return self._name

    @property
    def name_scope(self) -> Any:
        """The module's name scope, a context manager that can be entered again and again."""
        return name_scope(self._scope_name)

    @property
    def variables(self) -> tuple[Any, ...]:
        """The variables of the module and of those in it, by the names of the attributes."""
        return tuple(self._found(Variable))

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """Those of `variables` that optimizers train."""
        return tuple(v for v in self._found(Variable) if v.trainable)

    @property
    def non_trainable_variables(self) -> tuple[Any, ...]:
        """Those of `variables` that optimizers do not train."""
        return tuple(v for v in self._found(Variable) if not v.trainable)

    @property
    def submodules(self) -> tuple[Module, ...]:
        """The modules in the attributes, and those in them."""
        return tuple(self._found(Module))

    @classmethod
    def with_name_scope(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        """Returns the method so that its nodes are recorded in the module's name scope; a decorator.

        Args:
          method: A method of a module.
        """

        @functools.wraps(method)
        def scoped(self: Module, *args: Any, **kwargs: Any) -> Any:
            with self.name_scope:
                return method(self, *args, **kwargs)

        return scoped

    def _found(self, kind: type) -> list[Any]:
        """Objects of a kind, each once: those of this module before those of the modules in it."""
        found: dict[int, Any] = {}
        seen = {id(self)}
        waiting = [self]
        while waiting:
            inner: list[Module] = []
            for leaf in waiting.pop(0)._leaves():
                if isinstance(leaf, kind):
                    found.setdefault(id(leaf), leaf)
                if isinstance(leaf, Module) and id(leaf) not in seen:
                    seen.add(id(leaf))
                    inner.append(leaf)
            waiting = inner + waiting
        found.pop(id(self), None)
        return list(found.values())

    def _leaves(self) -> Iterator[Any]:
        for attribute in sorted(vars(self)):
            if attribute not in ("_scope_name", "_name"):
                yield from _flat(vars(self)[attribute])


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from _flat(value[key])
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _snake_case(name: str) -> str:
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", spaced).lower()
