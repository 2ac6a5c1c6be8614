"""How Keras takes things by name: "relu", {"class_name": "L1L2", "config": {...}}, a class, or the thing itself.

Each page (`activations`, `initializers`, ...) has one `Registry`; `custom_object_scope` adds to all of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_CUSTOM: dict[str, Any] = {}


class Registry:
    """The things of one kind by their names.

    Args:
      what: The kind, for errors.
      named: Name -> function or class.
      makes: Whether a name stands for an object to be made (a class is called), not for the function itself.
    """

    def __init__(self, what: str, named: Mapping[str, Any], makes: bool = False) -> None:
        self.what = what
        self.named = dict(named)
        self._makes = makes

    def get(self, identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Returns what an identifier stands for; None stays None.

        Raises:
          ValueError: a name or a thing that is not known.
        """
        if identifier is None:
            return None
        if isinstance(identifier, str):
            found = self._find(identifier, custom_objects)
            return found() if inspect.isclass(found) else self._made(found)
        if isinstance(identifier, Mapping):
            return self._from_config(identifier, custom_objects)
        if callable(identifier):
            return self._made(identifier)
        raise ValueError(f"Could not interpret {self.what} identifier: {identifier}")

    def _find(self, name: str, custom_objects: Mapping[str, Any] | None) -> Any:
        for known in (custom_objects or {}, _CUSTOM, self.named):
            if name in known:
                return known[name]
        raise ValueError(f"Unknown {self.what}: {name}. Known names: {', '.join(sorted(self.named))}")

    def _from_config(self, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None) -> Any:
        if "class_name" not in config:
            raise ValueError(f"Improper config format: {config}; it needs 'class_name' and 'config'")
        cls = self._find(config["class_name"], custom_objects)
        given = dict(config.get("config") or {})
        return cls.from_config(given) if hasattr(cls, "from_config") else cls(**given)

    def _made(self, found: Any) -> Any:
        return found() if self._makes and (inspect.isclass(found) or found in self.named.values()) else found


def serialized(thing: Any) -> Any:
    """Returns what a registry makes a thing from again: its name, or its class's name and its config."""
    if thing is None:
        return None
    if hasattr(thing, "get_config"):
        return {"class_name": type(thing).__name__, "config": thing.get_config()}
    return thing.__name__


def plain(value: Any) -> Any:
    """An argument as a config says it: functions by name, objects by class and config, all else as it is."""
    if inspect.isroutine(value) or inspect.isclass(value):
        return value.__name__
    if isinstance(value, (list, tuple)):
        return type(value)(plain(v) for v in value)
    return serialized(value) if hasattr(value, "get_config") else value


def handed_on(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a constructor, from its local names: what it hands on to the one that it refines.

    `super().__init__(**handed_on(locals()))` keeps the signature explicit without saying each name three times more.
    Locals that were changed before are handed on as changed, deleted ones not at all.
    """
    own = {k: v for k, v in given.items() if k not in ("self", "__class__", "kwargs")}
    return {**own, **given["kwargs"]}


def get_custom_objects() -> dict[str, Any]:
    """Returns the names that a program added; what is put in here can be said by its name.

    >>> tf.keras.utils.get_custom_objects()
    {}
    """
    return _CUSTOM


@contextmanager
def custom_object_scope(*args: Mapping[str, Any]) -> Iterator[None]:
    """Adds names for the block.

    Args:
      *args: Dicts {name: thing}.

    >>> with tf.keras.utils.custom_object_scope({"twice": lambda x: 2 * x}):
    ...     layer = tf.keras.layers.Activation("twice")
    >>> layer(tf.zeros([1])).op.type
    'Mul'
    """
    old = dict(_CUSTOM)
    for names in args:
        _CUSTOM.update(names)
    try:
        yield
    finally:
        _CUSTOM.clear()
        _CUSTOM.update(old)


def serialize_keras_object(instance: Any) -> Any:
    """Returns what `deserialize_keras_object` makes a thing from again.

    Args:
      instance: Something with `get_config`, a function, or None.

    Returns:
      {"class_name": ..., "config": ...}, a name, or None.

    Raises:
      ValueError: it is none of these.

    >>> tf.keras.utils.serialize_keras_object(tf.keras.constraints.UnitNorm())
    {'class_name': 'UnitNorm', 'config': {'axis': 0}}
    """
    if instance is not None and not hasattr(instance, "get_config") and not hasattr(instance, "__name__"):
        raise ValueError("Cannot serialize", instance)
    return serialized(instance)


def deserialize_keras_object(
    identifier: Any,
    module_objects: Mapping[str, Any] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """Returns the thing that a name or a config stands for.

    Args:
      identifier: A name, a config with "class_name" and "config", a function, or None.
      module_objects: The things that have names here.
      custom_objects: Things of one's own, which come first.
      printable_module_name: Their kind, for errors.

    Raises:
      ValueError: a name that is not known, or something else.

    >>> tf.keras.utils.deserialize_keras_object("UnitNorm", {"UnitNorm": tf.keras.constraints.UnitNorm}).axis
    0
    """
    if identifier is None or inspect.isfunction(identifier):
        return identifier
    if not isinstance(identifier, (str, Mapping)):
        raise ValueError(f"Could not interpret serialized {printable_module_name}: {identifier}")
    known = Registry(printable_module_name, module_objects or {})
    return known.get(identifier, custom_objects)
