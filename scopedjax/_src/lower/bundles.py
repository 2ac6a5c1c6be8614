"""Bundles: many tiny variables in one array.

    init:   b0 [10], b1 [10], ..., b399 [10]          400 results of a program cost a millisecond; one costs nothing
    state:  values["b0"] = Slot(bundle, 0, (10,))     bundle.flat = float32[4000]

A program that overwrites many tiny variables returns them as one flat array a dtype, and the session keeps `Slot`s
in their place. A program that uses a variable of a bundle takes the whole bundle as one argument and, if it changes
one of its variables, gives back the whole bundle. So a bundle stays as it is for the life of a session, and programs
need not be compiled again for it.

Invariants: a slot never moves; the values of a bundle are changed only by putting another array into `flat`, under the
session's lock; a variable that is assigned from outside (a restored checkpoint) leaves its bundle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

MOST_ELEMENTS = 64  # of a variable; a larger one is its own array
LEAST_MEMBERS = 32  # of a bundle


class Bundle:
    """One array that holds several variables."""

    __slots__ = ("flat", "members", "size")

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.flat: Any = None
        self.members: dict[str, Slot] = {}
        at = 0
        for key, shape in shapes.items():
            self.members[key] = Slot(self, at, shape)
            at += math.prod(shape)
        self.size = at

    def is_held(self, values: Mapping[str, Any]) -> bool:
        """Whether a session's variables hold this bundle's slots (they are put there all at once)."""
        key, slot = next(iter(self.members.items()))
        return values.get(key) is slot

    def take_apart(self, flat: Any) -> dict[str, Any]:
        """Returns the value of each member as a slice of `flat`."""
        return {key: flat[s.start : s.stop].reshape(s.shape) for key, s in self.members.items()}

    def put_together(self, values: Mapping[str, Any]) -> Any:
        """Returns the array that holds the members' values."""
        return jnp.concatenate([jnp.ravel(values[key]) for key in self.members])


class Slot:
    """The place of a variable in a bundle; NumPy sees the value."""

    __slots__ = ("bundle", "shape", "start", "stop")

    def __init__(self, bundle: Bundle, start: int, shape: tuple[int, ...]) -> None:
        self.bundle = bundle
        self.start = start
        self.stop = start + math.prod(shape)
        self.shape = shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the value."""
        return self.bundle.flat.dtype

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        value = np.asarray(self.bundle.flat)[self.start : self.stop].reshape(self.shape)
        return np.array(value, dtype=dtype, copy=True)


class Variables(dict[str, Any]):
    """The values of a session's variables: arrays, and slots of bundles.

    `version` tells whether a program that was chosen for what the variables were is still the right one. It does not
    change when a program only gives the same variables new values.
    """

    __slots__ = ("version",)

    def __init__(self) -> None:
        super().__init__()
        self.version = 0

    def __setitem__(self, key: str, value: Any) -> None:
        self.version += 1
        super().__setitem__(key, value)

    def update(self, *args: Any, **keywords: Any) -> None:
        """Gives variables values from outside a program."""
        self.version += 1
        super().update(*args, **keywords)

    def clear(self) -> None:
        """Forgets all variables."""
        self.version += 1
        super().clear()

    def renew(self, keys: Iterable[str], values: Iterable[Any]) -> None:
        """Gives variables the values that a program computed."""
        count = len(self)
        super().update(zip(keys, values, strict=True))
        if len(self) != count:
            self.version += 1


def bundled(values: Mapping[str, Any]) -> list[list[str]]:
    """Returns the groups of keys, one a dtype, that are tiny and many enough to be kept in one array."""
    groups: dict[Any, list[str]] = {}
    for key, value in values.items():
        if value.size <= MOST_ELEMENTS:
            groups.setdefault(value.dtype, []).append(key)
    return [keys for keys in groups.values() if len(keys) >= LEAST_MEMBERS]
