"""The values of a session's variables; bundles: many tiny variables in one array.

    init:   b0 [10], b1 [10], ..., b399 [10]          400 results of a program cost a millisecond; one costs nothing
    state:  values["b0"] = Slot(bundle, 0, (10,))     bundle.flat = float32[4000]

A program that overwrites many tiny variables returns them as one flat array a dtype, and the session keeps `Slot`s
in their place. A program that uses a variable of a bundle takes the whole bundle as one argument and, if it changes
one of its variables, gives back the whole bundle. So a bundle stays as it is for the life of a session, and programs
need not be compiled again for it.

Small values that come from the host (a restored checkpoint) stay NumPy arrays until a program uses them: as arguments
of a program that overwrites them they cost a fifth of what a transfer of each costs.

Invariants: a slot never moves; the values of a bundle are changed only by putting another array into `flat`, under the
session's lock; a variable that is assigned from outside (a restored checkpoint) leaves its bundle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import jax
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

    def take_apart(self, flat: Any) -> dict[str, Any]:
        """Returns the value of each member as a slice of `flat`."""
        return {key: slot.cut(flat) for key, slot in self.members.items()}

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

    def cut(self, flat: Any) -> Any:
        """Returns the value, of what the bundle holds."""
        return flat[self.start : self.stop].reshape(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.cut(np.asarray(self.bundle.flat)), dtype=dtype, copy=True)


class Variables(dict[str, Any]):
    """The values of a session's variables: arrays, and slots of bundles.

    `version` tells whether a program that was chosen for what the variables were is still the right one. It does not
    change when a program only gives the same variables new values.

    Attributes:
      version: See above.
      waiting: The variables whose values are still on the host, as arrays that nobody writes to.
      arrivals: How often values came from the host.
    """

    __slots__ = ("arrivals", "version", "waiting")

    def __init__(self) -> None:
        super().__init__()
        self.version = 0
        self.arrivals = 0
        self.waiting: set[str] = set()

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
        self.waiting.clear()
        super().clear()

    def settle(self, keys: Iterable[str], values: Iterable[Any]) -> None:
        """Gives variables values from outside a program; those of a bundle leave it."""
        given = dict(zip(keys, values, strict=True))
        if Slot in set(map(type, map(self.get, given))):
            self.version += 1
        self.waiting.difference_update(given)
        self.renew(given, given.values())

    def hold(self, values: Mapping[str, np.ndarray]) -> None:
        """Gives variables values from the host, which move to the device when a program uses them.

        Args:
          values: Arrays that the caller does not use afterwards.
        """
        self.settle(values, values.values())
        self.arrivals += 1
        self.waiting.update([key for key, value in values.items() if not value.dtype.hasobject])

    def move(self, overwritten: Iterable[str], kept: Iterable[str]) -> None:
        """Makes ready what a program takes: what it only reads moves to the device for good.

        Args:
          overwritten: The variables that the program replaces; NumPy arrays serve it as well.
          kept: Those that it only reads.
        """
        waiting = self.waiting
        waiting.difference_update(overwritten)
        keys = [key for key in kept if key in waiting]
        if keys:
            waiting.difference_update(keys)
            self.renew(keys, jax.device_put([self[key] for key in keys]))

    def renew(self, keys: Iterable[str], values: Iterable[Any]) -> None:
        """Gives variables the values that a program computed."""
        count = len(self)
        super().update(zip(keys, values, strict=True))
        if len(self) != count:
            self.version += 1


def host_arrays(values: Iterable[Any]) -> list[np.ndarray]:
    """Returns values of variables as NumPy arrays, which nobody may change: a bundle is looked at once."""
    flats: dict[Bundle, np.ndarray] = {}
    found: list[np.ndarray] = []
    for value in values:
        if type(value) is not Slot:
            found.append(value if type(value) is np.ndarray else np.asarray(value))
            continue
        flat = flats.get(value.bundle)
        if flat is None:
            flat = flats[value.bundle] = np.asarray(value.bundle.flat)
        found.append(np.ndarray(value.shape, flat.dtype, flat, value.start * flat.itemsize))
    return found


def bundled(values: Mapping[str, Any]) -> list[list[str]]:
    """Returns the groups of keys, one a dtype, that are tiny and many enough to be kept in one array."""
    groups: dict[Any, list[str]] = {}
    for key, value in values.items():
        if value.size <= MOST_ELEMENTS:
            groups.setdefault(value.dtype, []).append(key)
    return [keys for keys in groups.values() if len(keys) >= LEAST_MEMBERS]
